/* Matrices with zero diagonal over one index set: round-robin data, directed graphs without loops. The same seven
 * numbers as the Social Relations Model of psychology (Warner, Kenny and Stoto 1979, DOI 10.1037/0022-3514.37.10.1742),
 * without its constraints. With x, y the centred column and row sums: mean and variance V0 of s / sqrt(D (D - 1)), H
 * the covariance of (s, a) = ((x + y) / sqrt(2 (D - 2)), (y - x) / sqrt(2 D)), V2 and V3 of the symmetric and the
 * antisymmetric rest: 7 parameters. D = 3 has no V2, D = 2 only a in H and no V3. */
#include <math.h>

#include "law/space.h"

#define VARIANCE(name, doc)                                                                                            \
  { name, PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, doc }

static const law_parameter parameters[] = {
    {"mean", PARAMETER_REAL, 1, "0", NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "mean of the sum of entries / sqrt(D(D-1))"},
    VARIANCE("V0", "variance of the sum of entries / sqrt(D(D-1))"),
    {"H", PARAMETER_LIST, 4, NULL, NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "covariance of (row + column, row - column), 2x2 row by row"},
    VARIANCE("V2", "variance of the symmetric rest"),
    VARIANCE("V3", "variance of the antisymmetric rest"),
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  return wlaw_space_layout(out, &wlaw_law_zero_diagonal, rows, cols, err);
}

static const matrix_space space = {
    .zero_diagonal = true, .trivial = "V0", .standard = "H", .symmetric_rest = "V2", .antisymmetric_rest = "V3"};
static const matrix_ops matrix = SPACE_MATRIX_OPS(layout, &space, GRAPH_LOOPLESS);

const law_ops wlaw_law_zero_diagonal = {
    .name = "zero-diagonal",
    .alias = "social-relations",
    .summary = "matrices with zero diagonal, permuted together, normal (Social Relations Model): 7 parameters",
    .source = "Warner, Kenny and Stoto (1979), DOI 10.1037/0022-3514.37.10.1742",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .check = wlaw_matrix_check,
    .draw = wlaw_space_draw,
    .matrix = &matrix,
};
