/* Statistics of weights gathered in cells. */
#ifndef WLAW_MEASURE_CELL_STATISTICS_H
#define WLAW_MEASURE_CELL_STATISTICS_H

#include "measure/entry_cells.h"

/* Of the weights, each at its cell's mean. */
void wlaw_cells_moments(double *mean, double *variance, const entry_cells *cells);
/* The weight below which the share p of all lies; inside a cell of some width they lie evenly. */
double wlaw_cells_quantile(const entry_cells *cells, double p);
/* The smallest and the largest weight. In a cell of some width that ends the support, the weights lie evenly up to it:
 * the outermost of n at mean distance d from the inner end is expected 2 d n / (n + 1) from it. */
void wlaw_cells_reach(double *low, double *high, const entry_cells *cells);
/* Both arguments' weights; a cell of the same place and width in both is one. Caller frees. */
wlaw_status wlaw_cells_merge(entry_cells *out, const entry_cells *a, const entry_cells *b, wlaw_error *err);

#endif
