/* Steps, powers and polynomials. With g = sqrt(ab), h = sin^2(angle / 2) and unit inputs of correlation r = 1 - 2h:
 *     monomial    E u^n v^n = g^n P_n(r),                       P_n(1) = (2n - 1)!!
 *     rectified   E u_+^n v_+^n = g^n J_n / (2 pi),             J_n(0) = pi P_n(1)     (Cho and Saul 2009)
 *     hermite     E He_n(u) He_n(v) / n! = sum_j n!/((n - 2j)! j!^2) c^(n - 2j) ((a - 1)(b - 1)/4)^j. */
#include <math.h>

#include "limit/constants.h"
#include "limit/dual_function.h"
#include "math/special.h"

enum { MOST_DEGREE = 16 };

typedef struct angle {
  double x, y, e, g, h, other; /* sqrt a, sqrt b, their difference; other = 1 - h */
} angle;

static angle angle_of(const dual_pair *pair) {
  angle t = {.x = sqrt(pair->a), .y = sqrt(pair->b)};
  const double sum = t.x + t.y;
  t.e = sum > 0.0 ? (pair->a - pair->b) / sum : 0.0;
  t.g = t.x * t.y;
  if (t.g > 0.0) {
    t.h = fmin(fmax((pair->d - t.e * t.e) / (4.0 * t.g), 0.0), 1.0);
    t.other = fmin(fmax((sum * sum - pair->d) / (4.0 * t.g), 0.0), 1.0);
  } else {
    t.h = t.other = 0.5;
  }
  return t;
}

static double power(double x, int n) {
  double product = 1.0;
  while (n-- > 0) product *= x;
  return product;
}
/* x^n - y^n from x - y, and 1 - r^n from h. */
static double power_difference(double x, double y, double difference, int n) {
  double sum = 0.0;
  for (int k = 0; k < n; k++) sum = sum * x + power(y, k);
  return difference * sum;
}

/* E N^2n */
static double double_factorial(int n) {
  double product = 1.0;
  for (int k = 1; k <= n; k++) product *= 2.0 * k - 1.0;
  return product;
}
/* Coefficient of r^(n - 2j) in P_n: n!^2 / ((n - 2j)! (2^j j!)^2), from that of j - 1. */
static double next_coefficient(double last, int n, int j) {
  const double pairs = (n - 2.0 * j + 2.0) * (n - 2.0 * j + 1.0);
  return last * pairs / (4.0 * j * j);
}
static double leading(int n) {
  double product = 1.0;
  for (int k = 2; k <= n; k++) product *= k;
  return product;
}
static double polynomial(int n, double r) {
  double sum = 0.0, coefficient = leading(n);
  for (int j = 0; 2 * j <= n; j++) {
    if (j) coefficient = next_coefficient(coefficient, n, j);
    sum += coefficient * power(r, n - 2 * j);
  }
  return sum;
}
/* P_n(1) - P_n(r) */
static double polynomial_fall(int n, const angle *t) {
  const double r = t->other - t->h;
  double sum = 0.0, coefficient = leading(n);
  for (int j = 0; 2 * j <= n; j++) {
    if (j) coefficient = next_coefficient(coefficient, n, j);
    sum += coefficient * power_difference(1.0, r, 2.0 * t->h, n - 2 * j);
  }
  return sum;
}

/* Z_0 = angle, Z_n = -n^2 times the integral of sin Z_(n-1) from 0: J_n = pi P_n - Z_n. With sin dt = 2 dh and
 * angle = 2 sum c_k h^(k + 1/2), asin's coefficients, term by term; h <= 1/2. */
static double arc(int n, double h) {
  double term = 2.0 * power(h, n) * sqrt(h), sum = 0.0;
  for (int m = 1; m <= n; m++) term *= -2.0 * m * m / (m + 0.5);
  for (int k = 0; k < 64 && fabs(term) > 1e-17 * fabs(sum); k++) {
    sum += term;
    term *= h * (2.0 * k + 1.0) * (2.0 * k + 1.0) / ((2.0 * k + 2.0) * (2.0 * k + 2.0 * n + 3.0));
  }
  return sum;
}
/* J_n, and J_n(0) - J_n; the arc at pi - t turns round the sign of odd degrees. */
static double rectified_arc(int n, const angle *t) {
  if (t->h <= 0.5) return WLAW_PI * polynomial(n, t->other - t->h) - arc(n, t->h);
  return (n % 2 ? -1.0 : 1.0) * arc(n, t->other);
}
static double rectified_fall(int n, const angle *t) {
  if (t->h <= 0.5) return WLAW_PI * polynomial_fall(n, t) + arc(n, t->h);
  return WLAW_PI * double_factorial(n) - rectified_arc(n, t);
}

static int degree_of(const double *p) { return (int)p[0]; }
static double homogeneity(const double *p) { return p[0]; }
static double first_only(const double *p) { return p[0] == 1.0 ? 1.0 : INFINITY; }
/* E |N|^r v^(r/2) */
static double normal_moment(double v, double r) {
  return exp(0.5 * r * log(2.0 * v) + wlaw_log_gamma(0.5 * (r + 1.0))) / WLAW_ROOT_PI;
}

static double sign_value(const double *p, double x) {
  (void)p;
  return (double)((x > 0.0) - (x < 0.0));
}
static double sign_diagonal(const double *p, double v) {
  (void)p;
  return v > 0.0 ? 1.0 : 0.0;
}
static void sign_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  (void)p;
  const angle t = angle_of(pair);
  next->d = t.g > 0.0 ? 8.0 / WLAW_PI * atan2(sqrt(t.h), sqrt(t.other)) : (double)((pair->a > 0.0) != (pair->b > 0.0));
  if (slope) *slope = 1.0 / (WLAW_PI * t.g * sqrt(t.h * t.other)); /* infinite at duplicates */
}
static double sign_moment(const double *p, double v, double r) {
  (void)r;
  return sign_diagonal(p, v);
}
static double sign_lipschitz(const double *p) {
  (void)p;
  return INFINITY;
}
static double sign_homogeneity(const double *p) {
  (void)p;
  return 0.0;
}

static double monomial_value(const double *p, double x) { return power(x, degree_of(p)); }
static double monomial_diagonal(const double *p, double v) {
  return double_factorial(degree_of(p)) * power(v, degree_of(p));
}
static void monomial_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  const int n = degree_of(p);
  angle t = angle_of(pair);
  const double scale = n * n * power(t.g, n - 1) * polynomial(n - 1, t.other - t.h);
  if (slope) *slope = n == 1 ? 1.0 : scale;
  if (n % 2 == 0 && t.h > 0.5) t.h = t.other, t.other = 1.0 - t.h; /* even powers do not see the sign */
  const double e = power_difference(t.x, t.y, t.e, n);
  next->d = double_factorial(n) * e * e + 2.0 * power(t.g, n) * polynomial_fall(n, &t);
}
static double monomial_moment(const double *p, double v, double r) { return normal_moment(v, r * p[0]); }

static double rectified_value(const double *p, double x) { return x > 0.0 ? power(x, degree_of(p)) : 0.0; }
static double rectified_diagonal(const double *p, double v) {
  return degree_of(p) == 0 ? 0.5 * sign_diagonal(p, v) : 0.5 * monomial_diagonal(p, v);
}
static void rectified_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  const int n = degree_of(p);
  const angle t = angle_of(pair);
  const double e = power_difference(t.x, t.y, t.e, n);
  next->d = 0.5 * double_factorial(n) * e * e + power(t.g, n) * rectified_fall(n, &t) / WLAW_PI;
  if (slope) *slope = n * n * power(t.g, n - 1) * rectified_arc(n - 1, &t) / (2.0 * WLAW_PI);
}
static double rectified_moment(const double *p, double v, double r) { return 0.5 * monomial_moment(p, v, r); }

static double hermite_value(const double *p, double x) {
  double below = 0.0, value = 1.0;
  for (int k = 0; k < degree_of(p); k++) {
    const double next = (x * value - sqrt((double)k) * below) / sqrt(k + 1.0);
    below = value;
    value = next;
  }
  return value;
}
/* Coefficients n!/((n - 2j)! j!^2): as those of monomials, 4^j n!^-1 times. */
static double hermite_dual(int n, double c, double product) {
  double sum = 0.0, coefficient = 1.0;
  for (int j = 0; 2 * j <= n; j++) {
    if (j) coefficient = 4.0 * next_coefficient(coefficient, n, j);
    sum += coefficient * power(c, n - 2 * j) * power(product, j);
  }
  return sum;
}
static double hermite_diagonal(const double *p, double v) {
  return hermite_dual(degree_of(p), v, 0.25 * (v - 1.0) * (v - 1.0));
}
/* a^m A^2j + b^m B^2j - 2 c^m (AB)^j = (x^m A^j - y^m B^j)^2 + 2 (AB)^j (g^m - c^m), A = (a - 1)/2, x = sqrt a */
static void hermite_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  const int n = degree_of(p);
  const angle t = angle_of(pair);
  const double A = 0.5 * (pair->a - 1.0), B = 0.5 * (pair->b - 1.0), c = 0.5 * (pair->a + pair->b - pair->d);
  double coefficient = 1.0;
  next->d = 0.0;
  for (int j = 0; 2 * j <= n; j++) {
    const int m = n - 2 * j;
    if (j) coefficient = 4.0 * next_coefficient(coefficient, n, j);
    const double e = power(t.x, m) * power_difference(A, B, 0.5 * (pair->a - pair->b), j) +
                     power(B, j) * power_difference(t.x, t.y, t.e, m);
    next->d += coefficient * (e * e + 2.0 * power(A * B, j) * power_difference(t.g, c, 2.0 * t.g * t.h, m));
  }
  if (slope) *slope = n == 0 ? 0.0 : n * hermite_dual(n - 1, c, A * B);
}
static double hermite_lipschitz(const double *p) { return p[0] <= 1.0 ? p[0] : INFINITY; }

#define DEGREE(low) .parameters = {{"degree", low, MOST_DEGREE, NAN, true}}
const dual_function wlaw_dual_powers[] = {{.name = "sign",
                                           .way = DUAL_BY_PAIR,
                                           .jumps = true,
                                           .value = sign_value,
                                           .diagonal = sign_diagonal,
                                           .pair = sign_pair,
                                           .moment = sign_moment,
                                           .lipschitz = sign_lipschitz,
                                           .homogeneity = sign_homogeneity},
                                          {.name = "monomial",
                                           .way = DUAL_BY_PAIR,
                                           DEGREE(1),
                                           .value = monomial_value,
                                           .diagonal = monomial_diagonal,
                                           .pair = monomial_pair,
                                           .moment = monomial_moment,
                                           .lipschitz = first_only,
                                           .homogeneity = homogeneity},
                                          {.name = "rectified-monomial",
                                           .way = DUAL_BY_PAIR,
                                           DEGREE(1),
                                           .value = rectified_value,
                                           .diagonal = rectified_diagonal,
                                           .pair = rectified_pair,
                                           .moment = rectified_moment,
                                           .lipschitz = first_only,
                                           .homogeneity = homogeneity},
                                          {.name = "hermite",
                                           .way = DUAL_BY_PAIR,
                                           DEGREE(1),
                                           .value = hermite_value,
                                           .diagonal = hermite_diagonal,
                                           .pair = hermite_pair,
                                           .lipschitz = hermite_lipschitz},
                                          {0}};
