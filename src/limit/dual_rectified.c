/* phi(x) = A x below 0 and B x above: rectified linear units, their leaky kin, |x| and x. With alpha = (A + B)/2 and
 * beta = (B - A)/2, phi(x) = alpha x + beta |x|: kernels in dual_kernels.c (Cho and Saul 2009,
 * DOI 10.5555/2984093.2984132, for relu; Tsuchida, Roosta-Khorasani and Gallagher 2018 for leaky). */
#include <math.h>

#include "limit/constants.h"
#include "limit/dual_function.h"
#include "math/special.h"

static double value(const double *p, double x) { return x < 0.0 ? p[0] * x : p[1] * x; }
static double diagonal(const double *p, double v) { return 0.5 * (p[0] * p[0] + p[1] * p[1]) * v; }
/* E |N|^r = 2^(r/2) Gamma((r + 1)/2) / sqrt(pi) */
static double moment(const double *p, double v, double power) {
  const double each = exp(0.5 * power * log(2.0 * v) + wlaw_log_gamma(0.5 * (power + 1.0))) / WLAW_ROOT_PI;
  return 0.5 * (pow(fabs(p[0]), power) + pow(fabs(p[1]), power)) * each;
}
static double lipschitz(const double *p) { return fmax(fabs(p[0]), fabs(p[1])); }
static double homogeneity(const double *p) {
  (void)p;
  return 1.0;
}

static void slopes(double *p, double below, double above) {
  p[0] = below;
  p[1] = above;
}
static void relu(double *p) { slopes(p, 0.0, 1.0); }
static void leaky(double *p) { slopes(p, p[0], 1.0); }
static void absolute(double *p) { slopes(p, -1.0, 1.0); }
static void linear(double *p) { slopes(p, 1.0, 1.0); }

#define RECTIFIED                                                                                                      \
  .way = DUAL_RECTIFIED, .value = value, .diagonal = diagonal, .moment = moment, .lipschitz = lipschitz,               \
  .homogeneity = homogeneity
const dual_function wlaw_dual_rectified[] = {
    {.name = "relu", .complete = relu, RECTIFIED},
    {.name = "leaky-relu", .parameters = {{"slope", -1e3, 1e3, 0.01, false}}, .complete = leaky, RECTIFIED},
    {.name = "abrelu", .parameters = {{"a", -1e3, 1e3, NAN, false}, {"b", -1e3, 1e3, NAN, false}}, RECTIFIED},
    {.name = "abs", .complete = absolute, RECTIFIED},
    {.name = "linear", .complete = linear, RECTIFIED},
    {0}};
