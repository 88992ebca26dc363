/* Dual activations: for (u, v) centred normal with variances a, b and covariance c, the functions
 *     dual = E phi(u) phi(v)   and   slope = E phi'(u) phi'(v)
 * of (a, b, c) (Cho and Saul 2009; Daniely, Frostig and Singer 2016; Jacot, Gabriel and Hongler 2018). Closed forms
 * where they exist, an expansion in Hermite polynomials otherwise. One row a function in dual.c; docs/kernels.md. */
#ifndef WLAW_LIMIT_DUAL_H
#define WLAW_LIMIT_DUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

/* A pair of inputs of one layer: variances a, b and d = a + b - 2c = E (u - v)^2, which keeps its digits where two
 * inputs nearly coincide and c does not tell them apart. */
typedef struct dual_pair {
  double a, b, d;
} dual_pair;

enum {
  DUAL_MOST_PARAMETERS = 2,
  DUAL_ORDERS = 128, /* Hermite polynomials where there is no closed form */
  DUAL_LANES = 8     /* inputs go by blocks of as many */
};

/* An activation with its parameters: "relu", "leaky-relu(slope=0.1)", "sin(phase=0.5)", "monomial(degree=3)". */
typedef struct dual_function dual_function; /* dual_function.h */
typedef struct dual_activation {
  const dual_function *function;
  double parameters[DUAL_MOST_PARAMETERS];
} dual_activation;

wlaw_status wlaw_dual_parse(dual_activation *out, const char *text, wlaw_error *err);
/* "relu, leaky-relu(slope=0.01), ...": for help. */
const char *wlaw_dual_names(void);
const char *wlaw_dual_name(const dual_activation *activation);
bool wlaw_dual_has_slope(const dual_activation *activation); /* false (jumps): the NTK does not exist */
/* |phi(x) - phi(y)| <= lipschitz |x - y|; INFINITY where there is none. */
double wlaw_dual_lipschitz(const dual_activation *activation);
/* phi(s x) = s^degree phi(x) for s > 0; NaN where it is not homogeneous. */
double wlaw_dual_homogeneity(const dual_activation *activation);

/* phi at n points, in place allowed. */
void wlaw_dual_apply(const dual_activation *activation, double *out, const double *x, size_t n);
/* E |phi(sqrt(variance) N)|^power, power > 0: closed or by quadrature. */
double wlaw_dual_moment(const dual_activation *activation, double variance, double power);
/* E phi(u)^2 = dual at u = v. */
double wlaw_dual_diagonal(const dual_activation *activation, double variance);
/* next: {E phi(u)^2, E phi(v)^2, E (phi(u) - phi(v))^2}; slope (or NULL): E phi'(u) phi'(v). */
void wlaw_dual_pair(const dual_activation *activation, dual_pair pair, dual_pair *next, double *slope);

/* Many inputs at once: what each contributes to its pairs. [stride] numbers each, stride = n rounded up to whole
 * blocks; those after n have variance 0. */
typedef struct dual_side {
  size_t n, stride;
  double *variance, *square; /* of u, and of phi(u): E phi(u)^2 */
  double *root, *angle; /* rectified: sqrt a and its inverse; erf, gelu: see dual_kernels.c; series: sqrt a, E phi */
  double *series;       /* [DUAL_ORDERS + 1, stride] */
} dual_side;
/* A side lives in wlaw_dual_side_size(n) doubles of the caller's. */
size_t wlaw_dual_side_size(size_t n);
void wlaw_dual_side_place(dual_side *side, double *memory, size_t n);
/* Fills the rest when variance [n] is set, square as wlaw_dual_diagonal. */
void wlaw_dual_side_prepare(const dual_activation *activation, dual_side *side);
/* Input i of u with all of v: d [stride of v]: E (u - v)^2 in, E (phi(u) - phi(v))^2 out; slope: [stride] or NULL. */
void wlaw_dual_side_row(const dual_activation *activation, const dual_side *u, size_t i, const dual_side *v, double *d,
                        double *slope);

#endif
