/* Maxima of smooth functions of one to three unknowns in a box: what maximum likelihood needs. */
#ifndef WLAW_MATH_NEWTON_H
#define WLAW_MATH_NEWTON_H

#include <stdbool.h>
#include <stddef.h>

#include "math/small.h"

enum { NEWTON_MOST = SMALL_MOST };

/* Value, gradient [n] and Hessian [n, n] (NULL: not wanted) at `at`; false where the function is not defined. */
typedef bool (*newton_function)(double *value, double *gradient, double *hessian, const double *at,
                                const void *context);

typedef struct newton_problem {
  size_t n; /* unknowns, of order 1 each: logarithms of scales and shapes */
  newton_function function;
  bool differences; /* the function leaves the Hessian alone: it is taken from differences of the gradient */
  const void *context;
  double low[NEWTON_MOST], high[NEWTON_MOST];
} newton_problem;

typedef struct newton_maximum {
  double at[NEWTON_MOST], value;
  double hessian[NEWTON_MOST * NEWTON_MOST];
  bool at_bound[NEWTON_MOST]; /* the function still grows across the end of this unknown's range */
  bool converged;
  unsigned iterations;
  const char *stop_reason; /* a constant */
} newton_maximum;

/* From `start` (inside the box): Newton steps with the Hessian's eigenvalues made negative, at most 1 long in any
 * unknown, halved until the function grows (Nocedal and Wright 2006, Numerical Optimization, sections 3.4 and 16.7). */
void wlaw_newton_maximize(newton_maximum *out, const newton_problem *problem, const double *start);

/* exp of unknown i, kept in [low, high], whose logarithms bounded it: exactly an end where it is at one. */
double wlaw_newton_exp(const newton_maximum *maximum, size_t i, double low, double high);

/* Inverse of -n times the Hessian over the unknowns that are not at a bound: the covariance of estimates when the
 * function is the mean log-likelihood of n samples. NaN in rows and columns that are not determined. */
void wlaw_newton_covariance(double *covariance, const newton_maximum *maximum, size_t unknowns, double n);

#endif
