/* The part of a polynomial's fluctuation that a fit of the law explains, and the part it does not (score test, Rao
 * 1948, DOI 10.1017/S0305004100023987): the Wick-ordered parts of degree 1 and 2 live on the parameters of the widest
 * law of the symmetry, where the law's own parameters span a subspace. */
#ifndef WLAW_LAW_SCORE_H
#define WLAW_LAW_SCORE_H

#include "law/matrix.h"

enum { SCORE_COORDINATES = MATRIX_BLOCKS * MATRIX_COPIES * MATRIX_COPIES + MATRIX_MEANS };

typedef struct score_space {
  matrix_gaussian wide;                                      /* the law as the widest of its symmetry */
  double root[MATRIX_BLOCKS][MATRIX_COPIES * MATRIX_COPIES]; /* of its covariances */
  size_t dimension;                                          /* of the law's own tangent space */
  double tangent[MATRIX_PARAMETERS][SCORE_COORDINATES];      /* orthonormal */
} score_space;

/* The widest law of a symmetry. */
const law_ops *wlaw_score_law(bool bipartite);
/* The law with one parameter 1, the others 0, in the order of parameters: means, then upper triangles of the blocks
 * there are. k < wlaw_matrix_parameters. */
void wlaw_score_unit(matrix_gaussian *out, const matrix_gaussian *like, size_t k);

wlaw_status wlaw_score_space(score_space *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err);
/* The variance of the parts of degree 1 and 2 that the fit leaves. gradient: of E[O] in the parameters of `wide`. */
double wlaw_score_left(const score_space *space, const double *gradient);

#endif
