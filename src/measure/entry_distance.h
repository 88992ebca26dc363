/* How far two distributions of weights are apart. */
#ifndef WLAW_MEASURE_ENTRY_DISTANCE_H
#define WLAW_MEASURE_ENTRY_DISTANCE_H

#include "measure/entry_cells.h"

/* Wasserstein-1 distance, the integral over u of |A's quantile at u - B's quantile at u|, of weights in ascending cells
 * (signed, without zeros) and so many zeros. Inside a cell of some width the weights lie evenly. NaN where one side is
 * empty. */
double wlaw_cells_wasserstein(const entry_cells *a, uint64_t zeros_a, const entry_cells *b, uint64_t zeros_b);

#endif
