/* Laws of matrices that are symmetric, antisymmetric or zero on the diagonal: the permutation law (law/permutation.c)
 * on a space of its own. Each is that law with the copies that survive there: combinations, by orthonormal rows, of
 * (sum, trace) and of (columns, rows, diagonal), and whichever rest is left. So the maximum of the likelihood is the
 * permutation law's estimate projected, and the law written as permutation is its blocks put back.
 *
 *   symmetric                 2 trivial (sum, trace); standard: sums (columns + rows) / sqrt 2, diagonal; V2
 *   symmetric, zero diagonal  1 trivial; 1 standard; V2
 *   zero diagonal             1 trivial; standard: symmetric s, antisymmetric a; V2, V3
 *   antisymmetric             1 standard (a); V3
 *
 * For off-diagonal column and row sums x, y: s = (x + y) / sqrt(2 (D - 2)), a = (y - x) / sqrt(2 D). */
#ifndef WLAW_LAW_SPACE_H
#define WLAW_LAW_SPACE_H

#include "law/matrix.h"

/* ---- the entries of matrix_ops, for a law that has a space ---- */

wlaw_status wlaw_space_layout(matrix_layout *out, const law_ops *law, size_t rows, size_t cols, wlaw_error *err);
void wlaw_space_estimate(matrix_gaussian *out, const matrix_moments *statistics);
void wlaw_space_influence(double *jacobian, const matrix_gaussian *fit, const matrix_moments *statistics);
void wlaw_space_values(matrix_gaussian *out, const wlaw_law *law);
void wlaw_space_widen(matrix_gaussian *out, const matrix_gaussian *in);
/* For law_ops.draw: exactly symmetric, exactly zero on the diagonal. */
wlaw_status wlaw_space_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                            wlaw_error *err);

/* ---- are data of the space? (space_check.c) ---- */

/* WLAW_VALUE saying what is not symmetric, or not zero, and by how much. Rounding to 32 bits and sums of ten thousand
 * products at that precision pass. A law without a space takes everything. */
wlaw_status wlaw_space_check(const law_ops *law, const matrix_moments *moments, wlaw_error *err);
/* The law whose space, the smallest, the data lie in; NULL: none but that of all matrices, or weights that are all
 * alike, which lie in every space. */
const law_ops *wlaw_space_find(const matrix_moments *moments);
/* "symmetric", "symmetric with zero diagonal", "antisymmetric", "zero on the diagonal". */
const char *wlaw_space_words(const matrix_space *space);
/* Whether every diagonal entry is one number other than zero, to rounding, while the others vary: correlations. */
bool wlaw_space_constant_diagonal(const matrix_moments *moments);

/* The matrix table of such a law: all but its space and its graphs is derived. layout: of the law's own name. */
#define SPACE_MATRIX_OPS(law_layout, law_space, law_family)                                                            \
  {                                                                                                                    \
    .layout = law_layout, .length = MOMENTS_SQUARE, .estimate = wlaw_space_estimate,                                   \
    .influence = wlaw_space_influence, .values = wlaw_space_values, .wider = &wlaw_law_permutation,                    \
    .widen = wlaw_space_widen, .space = law_space, .family = law_family                                                \
  }

#endif
