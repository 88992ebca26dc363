/* Statistics and fits of matrices in memory, [networks, rows, cols], the way the verbs make them. */
#ifndef TESTS_SUPPORT_MOMENTS_H
#define TESTS_SUPPORT_MOMENTS_H

#include "support/test.h"

#include "law/matrix.h"

/* q: [networks, MOMENTS_MOST] room for the rows, or NULL. */
static inline matrix_moments measured(double *q, const double *matrices, size_t networks, size_t rows, size_t cols) {
  double pivot[2], *own = q ? NULL : calloc(networks, MOMENTS_MOST * sizeof *own), *to = q ? q : own;
  matrix_moments state;
  assert_non_null(to);
  wlaw_moments_pivot(pivot, matrices, rows, cols);
  wlaw_moments_start(&state, rows, cols, pivot);
  assert_int_equal(wlaw_moments_measure(to, &state, matrices, networks, wlaw_cpu_level(), NULL), WLAW_OK);
  wlaw_moments_add(&state, to, networks);
  free(own);
  return state;
}

static inline matrix_fit fitted(const law_ops *law, const double *matrices, size_t networks, size_t rows, size_t cols) {
  matrix_fit fit;
  const matrix_moments state = measured(NULL, matrices, networks, rows, cols);
  assert_int_equal(wlaw_matrix_fit(&fit, law, &state, NULL), WLAW_OK);
  return fit;
}

#endif
