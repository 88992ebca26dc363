#include "math/multiple.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"

double wlaw_normal_two_sided(double z) { return erfc(fabs(z) / sqrt(2.0)); }

typedef struct question {
  double p;
  size_t place;
} question;

static int by_p(const void *a, const void *b) {
  const question *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/* sorted: [m], ascending. */
static void adjust_holm(double *out, const question *sorted, size_t m) {
  double largest = 0.0;
  for (size_t i = 0; i < m; i++) {
    largest = fmax(largest, (double)(m - i) * sorted[i].p);
    out[sorted[i].place] = fmin(largest, 1.0);
  }
}

static void adjust_by(double *out, const question *sorted, size_t m) {
  double harmonic = 0.0, smallest = 1.0;
  for (size_t i = 1; i <= m; i++) harmonic += 1.0 / (double)i;
  for (size_t i = m; i-- > 0;) {
    smallest = fmin(smallest, (double)m * harmonic / (double)(i + 1) * sorted[i].p);
    out[sorted[i].place] = smallest;
  }
}

wlaw_status wlaw_multiple_adjust(double *holm, double *by, const double *p, size_t n, wlaw_error *err) {
  question *sorted = wlaw_array(n, sizeof *sorted);
  size_t m = 0;
  if (!sorted) return wlaw_fail_memory(err, n, sizeof *sorted);
  for (size_t k = 0; k < n; k++) {
    if (holm) holm[k] = NAN;
    if (by) by[k] = NAN;
    if (!isnan(p[k])) sorted[m++] = (question){p[k], k};
  }
  qsort(sorted, m, sizeof *sorted, by_p);
  if (holm) adjust_holm(holm, sorted, m);
  if (by) adjust_by(by, sorted, m);
  free(sorted);
  return WLAW_OK;
}
