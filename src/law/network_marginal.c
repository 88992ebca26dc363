/* One weight of a network alone. */
#include <math.h>

#include "core/error.h"
#include "law/network.h"

/* Rows and columns first, first + step, ... (n of them) of a [size, size] covariance. */
static double sum(const double *covariance, size_t size, size_t first, size_t n, size_t step) {
  double total = 0.0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) total += covariance[(first + i * step) * size + first + j * step];
  return total;
}

static double trace(const double *covariance, size_t size, size_t first, size_t n) {
  double total = 0.0;
  for (size_t i = first; i < first + n; i++) total += covariance[i * size + i];
  return total;
}

static double per(double squares, size_t dimension) { return dimension > 0 ? squares / (double)dimension : 0.0; }

/* Of trivial coordinates, less `off`: E of the sum of their squares, and of the square of their sum / sqrt(n). */
static double squares_of(const network_gaussian *law, size_t first, size_t n, double off) {
  double squares = trace(law->trivial, law->layout.trivial, first, n);
  for (size_t i = first; i < first + n; i++) squares += (law->mean[i] - off) * (law->mean[i] - off);
  return squares;
}

static double sum_squared(const network_gaussian *law, size_t first, size_t n, size_t step, double off) {
  double mean = 0.0;
  for (size_t i = 0; i < n; i++) mean += law->mean[first + i * step] - off;
  return (sum(law->trivial, law->layout.trivial, first, n, step) + mean * mean) / (double)n;
}

enum { S0, ROWS, COLUMNS, ENTRIES };

/* L copies over the nodes of the other side, in a set: their mean over labels, and what is left, of one direction. */
static void split_copies(double *common, double *rest, const network_gaussian *law, size_t set, size_t first,
                         size_t n) {
  const double *covariance = law->sets[set];
  const size_t size = law->layout.sets[set].copies;
  *common = sum(covariance, size, first, n, 1) / (double)n;
  *rest = per(trace(covariance, size, first, n) - *common, n - 1);
}

wlaw_status wlaw_network_marginal(matrix_gaussian *out, const network_gaussian *law, size_t t, wlaw_error *err) {
  const network_tensor *tensor = &law->layout.tensors[t];
  const size_t rows = tensor->rows, cols = tensor->cols, n = tensor->n_trivial, first = tensor->trivial;
  *out = (matrix_gaussian){.law = &wlaw_law_bipartite};
  WLAW_TRY(out->law->matrix->layout(&out->layout, rows, cols, err));
  double variance[ENTRIES + 1] = {0}, mean = 0.0;
  for (size_t i = first; i < first + n; i++) mean += law->mean[i] / (double)n;
  out->mean[0] = mean * sqrt((double)n);
  const double whole = variance[S0] = sum(law->trivial, law->layout.trivial, first, n, 1) / (double)n;
  const double squares = squares_of(law, first, n, mean);
  if (tensor->rows_labelled && tensor->cols_labelled) {
    double down = -whole, across = -whole;
    for (size_t i = 0; i < rows; i++) down += sum_squared(law, first + i * cols, cols, 1, mean);
    for (size_t j = 0; j < cols; j++) across += sum_squared(law, first + j, rows, cols, mean);
    variance[ROWS] = per(down, rows - 1);
    variance[COLUMNS] = per(across, cols - 1);
    variance[ENTRIES] = per(squares - down - across - whole, (rows - 1) * (cols - 1));
  } else if (tensor->rows_labelled) {
    variance[ROWS] = per(squares - whole, rows - 1);
    split_copies(&variance[COLUMNS], &variance[ENTRIES], law, tensor->column_set, tensor->column_copy, rows);
  } else if (tensor->cols_labelled) {
    variance[COLUMNS] = per(squares - whole, cols - 1);
    split_copies(&variance[ROWS], &variance[ENTRIES], law, tensor->row_set, tensor->row_copy, cols);
  } else {
    double none;
    split_copies(&variance[ROWS], &none, law, tensor->row_set, tensor->row_copy, 1);
    split_copies(&variance[COLUMNS], &none, law, tensor->column_set, tensor->column_copy, 1);
    variance[ENTRIES] = law->entries[tensor->entries];
  }
  for (size_t b = 0; b <= ENTRIES; b++)
    if (out->layout.blocks[b].dimension > 0) out->covariance[b][0] = fmax(variance[b], 0.0); /* rounding below 0 */
  return WLAW_OK;
}
