/* Symmetric matrices over one index set: correlation matrices, kernels, adjacency matrices of undirected graphs. The
 * permutation law among them: two means, V0 of (sum, trace), VH of (sums, diagonal) with sums = (columns + rows) / sqrt
 * 2, and V2: 9 parameters. D = 2 has no diagonal in VH and no V2, D = 3 no V2, D = 1 one mean and one variance. */
#include <math.h>

#include "law/space.h"

static const law_parameter parameters[] = {
    {"mean", PARAMETER_LIST, 2, "[0,0]", NULL, -HUGE_VAL, HUGE_VAL, true, true, "means of sum and trace components"},
    {"V0", PARAMETER_LIST, 4, NULL, NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "covariance of (sum, trace), 2x2 row by row"},
    {"VH", PARAMETER_LIST, 4, NULL, NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "covariance of (sums, diagonal), 2x2 row by row"},
    {"V2", PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, "variance of the rest"},
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  return wlaw_space_layout(out, &wlaw_law_symmetric, rows, cols, err);
}

static const matrix_space space = {.parity = PARITY_EVEN, .trivial = "V0", .standard = "VH", .symmetric_rest = "V2"};
static const matrix_ops matrix = SPACE_MATRIX_OPS(layout, &space, GRAPH_UNDIRECTED);

const law_ops wlaw_law_symmetric = {
    .name = "symmetric",
    .summary = "symmetric matrices, rows and columns permuted together, normal: 9 parameters",
    .source = "the permutation law (Ramgoolam 2019, DOI 10.1016/j.nuclphysb.2019.114682) of symmetric matrices",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .check = wlaw_matrix_check,
    .draw = wlaw_space_draw,
    .matrix = &matrix,
};
