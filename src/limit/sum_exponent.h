/* The sum that makes the next layer's kernel, S = a E phi(zeta)^2 + sum_j lambda_j phi(zeta_j)^2, zeta_j ~ N(0,
 * variance), through its Laplace exponent Psi_S(s) = -ln E exp(-s S) = E Psi(s phi(zeta)^2), Psi the exponent of the
 * sum of lambda. Not for laws with fixed jumps. */
#ifndef WLAW_LIMIT_SUM_EXPONENT_H
#define WLAW_LIMIT_SUM_EXPONENT_H

#include "law/node.h"
#include "limit/dual.h"

/* E f(phi(zeta)^2) as a sum over n nodes: the trapezoidal rule in ln |zeta|, on either side of 0. There normal
 * densities, activations with a kink or a zero at 0, and Laplace exponents are all smooth on the scale of 1, however
 * large s is. */
enum { SUM_NODES = 2 * 340 };
typedef struct sum_nodes {
  size_t n;
  double log_square[SUM_NODES], weight[SUM_NODES]; /* ln phi^2 where it is not 0 */
} sum_nodes;
void wlaw_sum_nodes(sum_nodes *out, const dual_activation *activation, double variance);

/* Psi_S at one s. */
double wlaw_sum_exponent(const wlaw_law *law, const sum_nodes *nodes, double s);

/* ln Psi against ln s on a grid, for what asks for it often: interpolated by polynomials of degree 7, beyond the ends
 * by the power law that the last two places make. */
typedef struct exponent_table {
  double start; /* ln s of the first place */
  size_t n;
  double *log_exponent; /* [n] */
} exponent_table;
wlaw_status wlaw_exponent_table_new(exponent_table *out, const wlaw_law *law, wlaw_error *err);
void wlaw_exponent_table_free(exponent_table *table);
/* Psi_S(exp(log_s)). */
double wlaw_exponent_table_sum(const exponent_table *table, const sum_nodes *nodes, double log_s);

#endif
