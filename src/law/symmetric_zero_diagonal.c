/* Symmetric matrices with zero diagonal over one index set: distances, correlations without their ones, undirected
 * graphs without loops. With s the sum of entries, r the row sums and n = D (D - 1): mean and variance a0 of s / sqrt
 * n, aH of sqrt(2 / (D - 2)) (r - s/D) along each of D - 1 directions, and a2 of the rest: 4 parameters (3 at D = 3, 2
 * at D = 2). */
#include <math.h>

#include "law/space.h"

#define VARIANCE(name, doc)                                                                                            \
  { name, PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, doc }

static const law_parameter parameters[] = {
    {"mean", PARAMETER_REAL, 1, "0", NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "mean of the sum of entries / sqrt(D(D-1))"},
    VARIANCE("a0", "variance of the sum of entries / sqrt(D(D-1))"),
    VARIANCE("aH", "variance of sqrt(2/(D-2)) times the centred row sums, along each direction"),
    VARIANCE("a2", "variance of the rest, along each direction"),
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  return wlaw_space_layout(out, &wlaw_law_symmetric_zero_diagonal, rows, cols, err);
}

static const matrix_space space = {
    .parity = PARITY_EVEN, .zero_diagonal = true, .trivial = "a0", .standard = "aH", .symmetric_rest = "a2"};
static const matrix_ops matrix = SPACE_MATRIX_OPS(layout, &space, GRAPH_UNDIRECTED_LOOPLESS);

const law_ops wlaw_law_symmetric_zero_diagonal = {
    .name = "symmetric-zero-diagonal",
    .summary = "symmetric matrices with zero diagonal, permuted together, normal: 4 parameters",
    .source = "the permutation law (Ramgoolam 2019, DOI 10.1016/j.nuclphysb.2019.114682) of such matrices",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .draw = wlaw_space_draw,
    .matrix = &matrix,
};
