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

const dual_function wlaw_dual_erf[] = {
    {.name = "erf", .way = DUAL_ERF, .value = erf_value, .diagonal = erf_diagonal, .lipschitz = erf_lipschitz}, {0}};
