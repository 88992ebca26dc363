#include "measure/entry_distance.h"

#include <math.h>

/* A walk through the quantile function of one side: what is left of the current cell. */
typedef struct quantile_walk {
  const entry_cells *cells;
  uint64_t zeros; /* not walked through yet */
  size_t next;
  double total;       /* weights */
  double left, share; /* of the current cell: the mass that is left, all of it; masses add up to 1 */
  double low, width;
} quantile_walk;

static bool enter_next_cell(quantile_walk *walk) {
  const entry_cells *cells = walk->cells;
  const size_t i = walk->next;
  if (walk->zeros && (i == cells->n || cells->value[i] > 0.0)) {
    walk->low = walk->width = 0.0;
    walk->share = (double)walk->zeros / walk->total;
    walk->zeros = 0;
  } else if (i < cells->n) {
    walk->low = cells->width[i] > 0.0 ? cells->low[i] : cells->value[i];
    walk->width = cells->width[i];
    walk->share = (double)cells->count[i] / walk->total;
    walk->next++;
  } else {
    return false;
  }
  walk->left = walk->share;
  return true;
}

static quantile_walk start_walk(const entry_cells *cells, uint64_t zeros) {
  return (quantile_walk){.cells = cells, .zeros = zeros, .total = (double)cells->total + (double)zeros};
}

static double quantile(const quantile_walk *walk) { return walk->low + walk->width * (1.0 - walk->left / walk->share); }

/* Integral of |d| over a piece of length 1 along which d goes evenly from `from` to `to`. */
static double mean_magnitude(double from, double to) {
  const double a = fabs(from), b = fabs(to);
  if (from * to >= 0.0 || a + b == 0.0) return (a + b) / 2.0;
  return (a * a + b * b) / (2.0 * (a + b));
}

double wlaw_cells_wasserstein(const entry_cells *a, uint64_t zeros_a, const entry_cells *b, uint64_t zeros_b) {
  quantile_walk x = start_walk(a, zeros_a), y = start_walk(b, zeros_b);
  double sum = 0.0;
  if (!(x.total > 0.0) || !(y.total > 0.0)) return NAN;
  while ((x.left > 0.0 || enter_next_cell(&x)) && (y.left > 0.0 || enter_next_cell(&y))) {
    const double step = fmin(x.left, y.left), from = quantile(&x) - quantile(&y);
    x.left -= step; /* one of the two is then exactly 0 */
    y.left -= step;
    sum += step * mean_magnitude(from, quantile(&x) - quantile(&y));
  }
  return sum;
}
