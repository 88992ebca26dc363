/* Adjusted p-values: an adjusted p is at most alpha exactly when the procedure, carried out as its paper words it,
 * rejects at alpha. */
#include "support/test.h"

#include "core/stream.h"
#include "math/multiple.h"

enum { MOST = 12 };

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The largest p that Holm's procedure rejects at alpha, -1 if none: from the smallest on, stop at the first with
 * p_(i) > alpha / (m - i + 1). */
static double holm_rejects(const double *sorted, size_t m, double alpha) {
  double last = -1;
  for (size_t i = 0; i < m && sorted[i] <= alpha / (double)(m - i); i++) last = sorted[i];
  return last;
}

/* Benjamini and Yekutieli: the largest i with p_(i) <= i alpha / (m sum 1/k). */
static double by_rejects(const double *sorted, size_t m, double alpha) {
  double last = -1, harmonic = 0;
  for (size_t i = 1; i <= m; i++) harmonic += 1.0 / (double)i;
  for (size_t i = 0; i < m; i++)
    if (sorted[i] <= (double)(i + 1) * alpha / ((double)m * harmonic)) last = sorted[i];
  return last;
}

/* alpha off the adjusted values themselves, where rounding decides. */
static void check_alpha(const double *p, const double *adjusted, size_t n, double alpha, double last) {
  for (size_t k = 0; k < n; k++) {
    if (isnan(p[k])) assert_true(isnan(adjusted[k]));
    else if (!(fabs(adjusted[k] - alpha) <= 1e-12) && alpha < 1) assert_int_equal(adjusted[k] <= alpha, p[k] <= last);
  }
}

static void procedures(void **state) {
  (void)state;
  wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, 0, 0);
  for (int round = 0; round < 300; round++) {
    double p[MOST], holm[MOST], by[MOST], sorted[MOST];
    const size_t n = wlaw_stream_below(&stream, MOST + 1);
    size_t m = 0;
    for (size_t k = 0; k < n; k++) {
      p[k] = pow(wlaw_stream_open(&stream), 4);
      if (k > 0 && wlaw_stream_below(&stream, 4) == 0) p[k] = p[k - 1]; /* ties */
      if (wlaw_stream_below(&stream, 5) == 0) p[k] = NAN;
      if (!isnan(p[k])) sorted[m++] = p[k];
    }
    qsort(sorted, m, sizeof *sorted, ascending);
    assert_int_equal(wlaw_multiple_adjust(holm, by, p, n, NULL), WLAW_OK);
    for (size_t k = 0; k < n; k++) assert_true(isnan(p[k]) || (holm[k] >= p[k] && holm[k] <= 1 && by[k] <= 1));
    for (double alpha = 0.0007; alpha < 1; alpha += 0.0131) {
      check_alpha(p, holm, n, alpha, holm_rejects(sorted, m, alpha));
      check_alpha(p, by, n, alpha, by_rejects(sorted, m, alpha));
    }
  }
}

static void known_values(void **state) {
  (void)state;
  /* by hand: Holm .01*3, max(.03, .02*2), max(.04, .03*1); BY with 1 + 1/2 + 1/3 = 11/6: 3*11/6*min(...)*/
  const double p[3] = {0.03, 0.01, 0.02};
  double holm[3], by[3];
  assert_int_equal(wlaw_multiple_adjust(holm, by, p, 3, NULL), WLAW_OK);
  check_near(holm[0], 0.04, 1e-15);
  check_near(holm[1], 0.03, 1e-15);
  check_near(holm[2], 0.04, 1e-15);
  for (size_t k = 0; k < 3; k++) check_near(by[k], 0.055, 1e-15);
  check_near(wlaw_normal_two_sided(-1.959963984540054), 0.05, 1e-15);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(procedures), cmocka_unit_test(known_values)};
  return cmocka_run_group_tests_name("math.multiple", tests, NULL, NULL);
}
