/* exp(-x^2), and Gabor's exp(-x^2) sin x. exp(-u^2 - v^2) times the density of (u, v) is that of a normal pair with
 * covariance K (1 + 2K)^-1, times M^(-1/2), M = det(1 + 2K) = 1 + 2(a + b) + 4 det K. */
#include <math.h>

#include "limit/dual_function.h"

/* What both need of a pair: p = sqrt(1 + 4a), q = sqrt(1 + 4b), root = sqrt(M), excess = M - pq >= 0. */
typedef struct bump {
  double p, q, M, root, det4, excess, c;
} bump;

static bump bump_of(const dual_pair *pair) {
  const double a = pair->a, b = pair->b, d = pair->d;
  bump s = {.p = sqrt(1.0 + 4.0 * a), .q = sqrt(1.0 + 4.0 * b), .c = 0.5 * (a + b - d)};
  s.det4 = fmax(0.0, d * (2.0 * (a + b) - d) - (a - b) * (a - b));
  s.M = 1.0 + 2.0 * (a + b) + s.det4;
  s.root = sqrt(s.M);
  const double difference = 4.0 * (a - b) / (s.p + s.q);
  s.excess = s.det4 + 0.5 * difference * difference;
  return s;
}

/* 1/sqrt(pq) - 1/sqrt(M) */
static double root_difference(const bump *s) {
  const double g = sqrt(s->p * s->q);
  return s->excess / (g * s->root * (s->root + g));
}

static double gaussian_value(const double *p, double x) {
  (void)p;
  return exp(-x * x);
}
static double gaussian_diagonal(const double *p, double v) {
  (void)p;
  return 1.0 / sqrt(1.0 + 4.0 * v);
}
/* 1/p + 1/q - 2/sqrt(M) = (1/sqrt p - 1/sqrt q)^2 + 2 (1/sqrt(pq) - 1/sqrt M) */
static double gaussian_apart(const bump *s, double difference) {
  const double e = difference / ((sqrt(s->p) + sqrt(s->q)) * sqrt(s->p * s->q));
  return e * e + 2.0 * root_difference(s);
}
static void gaussian_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  (void)p;
  const bump s = bump_of(pair);
  next->d = gaussian_apart(&s, 4.0 * (pair->a - pair->b) / (s.p + s.q));
  if (slope) *slope = 4.0 * s.c / (s.M * s.root);
}
static double gaussian_moment(const double *p, double v, double power) {
  (void)p;
  return 1.0 / sqrt(1.0 + 2.0 * power * v);
}
static double gaussian_lipschitz(const double *p) {
  (void)p;
  return sqrt(2.0) * exp(-0.5); /* at 1/sqrt 2 */
}

static double gabor_value(const double *p, double x) {
  (void)p;
  return exp(-x * x) * sin(x);
}
static double gabor_diagonal(const double *p, double v) {
  (void)p;
  return -0.5 * expm1(-2.0 * v / (1.0 + 4.0 * v)) / sqrt(1.0 + 4.0 * v);
}

/* dual = (e^-x - e^-y) / (2 sqrt M), x = (d + det4)/(2M) and y = 1/2 - (1 + d)/(2M) half the variances of u - v and
 * u + v under the tilted law. With G(a) = exp(-2a/p^2)/p, twice the distance squared is
 *     [1/p + 1/q - 2 e^-x / sqrt M] - [G(a) + G(b) - 2 e^-y / sqrt M],
 * both brackets free of cancellation as for the Gaussian. */
static void gabor_pair(const double *parameters, const dual_pair *pair, dual_pair *next, double *slope) {
  (void)parameters;
  const bump s = bump_of(pair);
  const double difference = 4.0 * (pair->a - pair->b) / (s.p + s.q), pq = s.p * s.q;
  const double x = 0.5 * (pair->d + s.det4) / s.M, y = 0.5 - 0.5 * (1.0 + pair->d) / s.M;
  const double first = gaussian_apart(&s, difference) - 2.0 * expm1(-x) / s.root;
  /* y less the mean of 2a/p^2 and 2b/q^2, and the logarithm of sqrt(G(a) / G(b)) */
  const double lag = 0.25 * difference * difference / (pq * pq) + 0.5 * (s.excess / pq - pair->d) / s.M;
  const double logarithm = -0.25 * difference * (s.p + s.q) / (pq * pq) - 0.5 * log1p(difference / s.q);
  const double root_b = exp(-0.25 + 0.25 / (s.q * s.q)) / sqrt(s.q), e = root_b * expm1(logarithm);
  const double mean = exp(-0.5 + 0.25 / (s.p * s.p) + 0.25 / (s.q * s.q));
  const double second = e * e + 2.0 * mean * (root_difference(&s) - expm1(-lag) / s.root);
  next->d = 0.5 * (first - second);
  if (!slope) return;
  const double apart = exp(-x), together = exp(-y);
  const double dx = (-1.0 - 4.0 * s.c + 8.0 * s.c * x) / s.M, dy = (1.0 - 4.0 * s.c + 8.0 * s.c * y) / s.M;
  *slope = 0.5 * (4.0 * s.c * (apart - together) / s.M - dx * apart + dy * together) / s.root;
}
static double gabor_lipschitz(const double *p) {
  (void)p;
  return 1.0; /* at 0 */
}

const dual_function wlaw_dual_bumps[] = {{.name = "gaussian",
                                          .way = DUAL_BY_PAIR,
                                          .value = gaussian_value,
                                          .diagonal = gaussian_diagonal,
                                          .pair = gaussian_pair,
                                          .moment = gaussian_moment,
                                          .lipschitz = gaussian_lipschitz},
                                         {.name = "gabor",
                                          .way = DUAL_BY_PAIR,
                                          .value = gabor_value,
                                          .diagonal = gabor_diagonal,
                                          .pair = gabor_pair,
                                          .lipschitz = gabor_lipschitz},
                                         {0}};
