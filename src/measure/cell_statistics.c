#include "measure/cell_statistics.h"

#include <math.h>

#include "core/error.h"
#include "core/memory.h"

void wlaw_cells_moments(double *mean, double *variance, const entry_cells *cells) {
  const double n = (double)cells->total, pivot = cells->n ? cells->value[cells->n / 2] : 0.0;
  double first = 0.0, second = 0.0;
  for (size_t i = 0; i < cells->n; i++) first += (double)cells->count[i] * (cells->value[i] - pivot);
  *mean = pivot + first / n;
  for (size_t i = 0; i < cells->n; i++)
    second += (double)cells->count[i] * (cells->value[i] - *mean) * (cells->value[i] - *mean);
  *variance = second / n;
}

double wlaw_cells_quantile(const entry_cells *cells, double p) {
  if (!cells->n) return NAN;
  const double rank = p * (double)cells->total;
  double below = 0.0;
  size_t i = 0;
  while (i + 1 < cells->n && below + (double)cells->count[i] < rank) below += (double)cells->count[i++];
  if (!(cells->width[i] > 0.0)) return cells->value[i];
  return cells->low[i] + cells->width[i] * (rank - below) / (double)cells->count[i];
}

/* From the inner end of cell i outwards; direction: 1 up, -1 down. */
static double outermost(const entry_cells *cells, size_t i, int direction) {
  const double width = cells->width[i], n = (double)cells->count[i];
  if (!(width > 0.0)) return cells->value[i];
  const double inner = direction > 0 ? cells->low[i] : cells->low[i] + width;
  const double distance = fabs(cells->value[i] - inner) * 2.0 * n / (n + 1.0);
  return inner + direction * fmin(distance, width);
}

void wlaw_cells_reach(double *low, double *high, const entry_cells *cells) {
  *low = *high = NAN;
  if (!cells->n) return;
  *low = outermost(cells, 0, -1);
  *high = outermost(cells, cells->n - 1, 1);
}

static void append_cell(entry_cells *out, const entry_cells *from, size_t i) {
  out->total += from->count[i];
  const size_t last = out->n ? out->n - 1 : 0;
  if (out->n && from->low[i] == out->low[last] && from->width[i] == out->width[last]) {
    const double n = (double)out->count[last], more = (double)from->count[i];
    out->value[last] += (from->value[i] - out->value[last]) * (more / (n + more));
    out->count[last] += from->count[i];
    return;
  }
  out->value[out->n] = from->value[i];
  out->low[out->n] = from->low[i];
  out->width[out->n] = from->width[i];
  out->count[out->n++] = from->count[i];
}

static bool comes_first(const entry_cells *a, size_t i, const entry_cells *b, size_t j) {
  if (i == a->n || j == b->n) return i < a->n;
  return a->low[i] < b->low[j] || (a->low[i] == b->low[j] && a->width[i] <= b->width[j]);
}

wlaw_status wlaw_cells_merge(entry_cells *out, const entry_cells *a, const entry_cells *b, wlaw_error *err) {
  const size_t most = a->n + b->n;
  *out = (entry_cells){.value = wlaw_array(most, sizeof *out->value),
                       .low = wlaw_array(most, sizeof *out->low),
                       .width = wlaw_array(most, sizeof *out->width),
                       .count = wlaw_array(most, sizeof *out->count)};
  if (!out->value || !out->low || !out->width || !out->count) {
    wlaw_cells_free(out);
    return wlaw_fail_memory(err, most, 4 * sizeof *out->value);
  }
  for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
    if (comes_first(a, i, b, j)) append_cell(out, a, i++);
    else append_cell(out, b, j++);
  }
  return WLAW_OK;
}
