/* The error function and units made of it: kernels in dual_kernels.c (Williams 1998, DOI 10.1162/089976698300017412,
 * for erf; Tsuchida, Pearce, van der Heide, Roosta and Gallagher 2021 for GELU). */
#include <math.h>

#include "limit/constants.h"
#include "limit/dual_function.h"

static double erf_value(const double *p, double x) {
  (void)p;
  return erf(x);
}
/* (2/pi) asin(2v / (1 + 2v)), as an arctangent because the sine nears 1. */
static double erf_diagonal(const double *p, double v) {
  (void)p;
  return 2.0 / WLAW_PI * atan2(2.0 * v, sqrt(1.0 + 4.0 * v));
}
static double erf_lipschitz(const double *p) {
  (void)p;
  return 2.0 / WLAW_ROOT_PI;
}

/* x times the normal distribution function; erfc keeps the digits of the lower tail. */
static double gelu_value(const double *p, double x) {
  (void)p;
  return 0.5 * x * erfc(-x * 0x1.6a09e667f3bcdp-1);
}
static double gelu_diagonal(const double *p, double v) {
  (void)p;
  const double root = sqrt(1.0 + 2.0 * v);
  return v * ((v / ((1.0 + v) * root) + 0.5 * atan2(v, root)) / WLAW_PI + 0.25);
}
static double gelu_lipschitz(const double *p) {
  (void)p;
  return 1.1289042; /* at sqrt 2, rounded up */
}

const dual_function wlaw_dual_erf[] = {
    {.name = "erf", .way = DUAL_ERF, .value = erf_value, .diagonal = erf_diagonal, .lipschitz = erf_lipschitz},
    {.name = "gelu", .way = DUAL_GELU, .value = gelu_value, .diagonal = gelu_diagonal, .lipschitz = gelu_lipschitz},
    {0}};
