/* Quadrature: adaptive Gauss-Kronrod (Boost.Math), and Gauss-Hermite rules. */
#ifndef WLAW_MATH_QUADRATURE_H
#define WLAW_MATH_QUADRATURE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Integral of f over [low, high] (either may be infinite), 61-point Gauss-Kronrod, halved up to 15 times until the
 * error is below `relative` of the integral of |f|. Ends are not evaluated. Singular ends want a substitution first.
 * error (or NULL): its estimate. */
double wlaw_integrate(double (*f)(double x, const void *context), const void *context, double low, double high,
                      double relative, double *error);

#ifdef __cplusplus
}
#endif

enum { HERMITE_MOST = 256 };

/* Nodes, ascending, and weights of E f(N), N standard normal: sum of w_i f(x_i), exact for polynomials of degree below
 * 2n; n <= HERMITE_MOST (Golub and Welsch 1969). */
void wlaw_hermite_rule(double *nodes, double *weights, size_t n);

#endif
