/* Antisymmetric matrices over one index set: differences, flows, win minus loss. No number is left fixed by all
 * permutations, so there is no mean: VH, of (y - x) / sqrt(2 D) = sqrt(2 / D) times the row sums, and V3 of the rest:
 * 2 parameters (1 at D = 2, nothing at D = 1). */
#include <math.h>

#include "law/space.h"

#define VARIANCE(name, doc)                                                                                            \
  { name, PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, doc }

static const law_parameter parameters[] = {
    VARIANCE("VH", "variance of sqrt(2/D) times the row sums, along each direction"),
    VARIANCE("V3", "variance of the rest, along each direction"),
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  return wlaw_space_layout(out, &wlaw_law_antisymmetric, rows, cols, err);
}

static const matrix_space space = {.parity = PARITY_ODD, .standard = "VH", .antisymmetric_rest = "V3"};
static const matrix_ops matrix = SPACE_MATRIX_OPS(layout, &space, GRAPH_ANTISYMMETRIC);

const law_ops wlaw_law_antisymmetric = {
    .name = "antisymmetric",
    .summary = "antisymmetric matrices, permuted together, normal: 2 parameters",
    .source = "the permutation law (Ramgoolam 2019, DOI 10.1016/j.nuclphysb.2019.114682) of antisymmetric matrices",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .draw = wlaw_space_draw,
    .matrix = &matrix,
};
