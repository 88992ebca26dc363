/* Node laws with gamma functions: gamma, ggp, gbfry. The density of rho is taken as the definition; rhobar, its
 * inverse, moments, exponents and the nodes of finite width are checked against integrals of it. */
#include "support/test.h"

#include <float.h>

#include "law/bfry.h"
#include "law/node.h"
#include "math/incomplete_gamma.h"
#include "math/quadrature.h"
#include "math/special.h"

static const char *const texts[] = {
    "gamma(eta=1,rate=1)",
    "gamma(eta=0.02,rate=30)",
    "ggp(alpha=0.5,beta=1,mean=1)",
    "ggp(alpha=0.05,beta=0.2,mean=3)",
    "ggp(alpha=0.95,beta=20,mean=0.5)",
    "gbfry(alpha=0.5,tau=2,c=1)",
    "gbfry(alpha=0.2,tau=5,c=0.8333333333333334)",
    "gbfry(alpha=0.5,tau=1,c=2)",
    "gbfry(alpha=0.8,tau=1.5,c=0.1)",
    "gbfry(alpha=0.7,tau=0.8,c=3)",
    "gbfry(alpha=0.1,tau=40,c=1)",
};
enum { LAWS = sizeof texts / sizeof *texts };

static wlaw_law *parse(const char *text) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

static void check_ratio(const char *what, double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance * fabs(want))) fail_msg("%s: %.17g, not %.17g", what, got, want);
}

/* What is integrated against rho: x^power, or (power < 0) 1 - e^(-s x). */
typedef struct integrand {
  const wlaw_law *law;
  int power;
  double s;
} integrand;

static double at_log(double u, const void *context) {
  const integrand *in = context;
  const double x = exp(u), density = in->law->ops->node->density(in->law, x);
  if (density < 1e-290) return 0.0; /* subnormal numbers are too coarse to converge */
  return x * density * (in->power < 0 ? -expm1(-in->s * x) : pow(x, in->power));
}

/* Over x in (low, high) in panels of length 1 in ln x, in which these integrands are smooth: 61 points give them to
 * rounding. high = INFINITY: until a panel adds nothing. */
static double integral(const integrand *in, double low, double high) {
  double sum = 0.0, u = log(low);
  const double end = fmin(log(high), 700.0);
  while (u < end) {
    const double next = fmin(u + 1.0, end), part = wlaw_integrate(at_log, in, u, next, 1e-11, NULL);
    sum += part;
    u = next;
    if (isinf(high) && part <= 1e-17 * sum) break;
  }
  return sum;
}

static void tails_are_integrals(void **state) {
  (void)state;
  for (size_t i = 0; i < LAWS; i++) {
    wlaw_law *law = parse(texts[i]);
    const node_ops *node = law->ops->node;
    const integrand in = {.law = law, .power = 0};
    for (double x = 1e-9; x < 200.0 && node->tail(law, x) > 1e-250; x *= 7.3)
      check_ratio(texts[i], node->tail(law, x), integral(&in, x, INFINITY), 1e-12);
    assert_true(node->tail(law, 0.0) == INFINITY && node->tail(law, INFINITY) == 0.0);
    wlaw_law_free(law);
  }
}

/* x moved by a rounding moves rhobar by that times its slope x rho / rhobar; rhobar itself is good to 2e-14. */
static void jumps_invert_tails(void **state) {
  (void)state;
  for (size_t i = 0; i < LAWS; i++) {
    wlaw_law *law = parse(texts[i]);
    const node_ops *node = law->ops->node;
    double before = INFINITY;
    for (double t = 1e-300; t < 1e12; t *= 13.7) {
      const double x = node->jump(law, t);
      assert_true(x >= 0.0 && x <= before);
      before = x;
      if (x < 1e-305 || isinf(x)) continue; /* a gamma process has e^-t, a power 0.8 has 1e375 */
      const double slope = x * node->density(law, x) / node->tail(law, x);
      check_ratio(texts[i], node->tail(law, x), t, 2e-14 + slope * DBL_EPSILON);
    }
    assert_true(before < 1e-9);
    wlaw_law_free(law);
  }
}

/* Near 0 the density is a power, C x^(-1 - alpha): the moment up to there is in closed form, the rest an integral. */
static void check_moment(const char *text, int power) {
  wlaw_law *law = parse(text);
  const node_ops *node = law->ops->node;
  const integrand in = {.law = law, .power = power};
  const node_tail zero = wlaw_node_at_zero(law), infinity = wlaw_node_at_infinity(law);
  const double start = 1e-17, order = power - zero.index;
  const double constant = zero.index > 0.0 ? zero.index * zero.constant : law->values[0];
  double before = start, sum = constant * pow(start, order) / order;
  check_ratio(text, node->moment(law, power, start), sum, 1e-12);
  for (double eps = 1e-9; eps < 1e4; eps *= 5.9) {
    sum += integral(&in, before, eps);
    before = eps;
    check_ratio(text, node->moment(law, power, eps), sum, 1e-11);
  }
  const double all = node->moment(law, power, INFINITY);
  if (infinity.index <= power) assert_true(all == INFINITY);
  else if (infinity.index > power + 0.1) check_ratio(text, all, sum + integral(&in, before, INFINITY), 1e-11);
  wlaw_law_free(law);
}

/* Also where tau is near the power, at which the formula by parts divides by nothing: tau = 1 is not clipped. */
static void moments_are_integrals(void **state) {
  (void)state;
  for (size_t i = 0; i < LAWS; i++)
    for (int power = 1; power <= 2; power++) check_moment(texts[i], power);
  static const double offsets[] = {0.0, 1e-13, -1e-9, 1e-5, -0.124, 0.124, 0.126, -0.126};
  for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++)
    for (int power = 1; power <= 2; power++) {
      char text[80];
      snprintf(text, sizeof text, "gbfry(alpha=0.6,tau=%.17g,c=0.5)", power + offsets[k]);
      check_moment(text, power);
    }
}

/* 1 - e^(-s x) is s x below 1e-17. */
static void exponents_are_integrals(void **state) {
  (void)state;
  for (size_t i = 0; i < LAWS; i++) {
    wlaw_law *law = parse(texts[i]);
    for (double s = 1e-3; s < 1e4; s *= 31.0) {
      const integrand in = {.law = law, .power = -1, .s = s};
      const double want = s * law->ops->node->moment(law, 1, 1e-17) + integral(&in, 1e-17, INFINITY);
      check_ratio(texts[i], wlaw_node_exponent(law, s), want, 1e-11);
    }
    assert_true(wlaw_node_exponent(law, 0.0) == 0.0);
    wlaw_law_free(law);
  }
}

/* The next term is smaller by x^alpha (x for tau) at an end: alpha is at least 0.05 here, tau - alpha at least 0.1. */
static void ends_are_powers(void **state) {
  (void)state;
  for (size_t i = 2; i < LAWS; i++) {
    wlaw_law *law = parse(texts[i]);
    const node_tail zero = wlaw_node_at_zero(law), infinity = wlaw_node_at_infinity(law);
    const double small = 1e-290, large = 1e7;
    check_ratio(texts[i], law->ops->node->tail(law, small), zero.constant * pow(small, -zero.index), 1e-10);
    if (isfinite(infinity.index))
      check_ratio(texts[i], law->ops->node->tail(law, large), infinity.constant * pow(large, -infinity.index), 1e-10);
    else assert_true(isnan(infinity.constant));
    wlaw_law_free(law);
  }
}

/* Log-log slope of the mean left below eps, at ten places from 10^low to 10^high. */
static double truncation_slope(const wlaw_law *law, double low, double high) {
  double xx = 0.0, xy = 0.0;
  for (int k = 0; k < 10; k++) {
    const double x = (k - 4.5) / 9.0 * (high - low);
    xx += x * x;
    xy += x * log10(wlaw_node_truncated_mean(law, pow(10.0, x + 0.5 * (low + high))));
  }
  return xy / xx;
}

/* rhobar of gbfry laws of mean 1 by another program, in four digits; the mean itself (the published density of alpha
 * lacks its factor 1 / c: it would integrate to c); and the slopes of the truncated mean: those over 10^-5 .. 1, in
 * three digits at mean 2.5, and 1 - alpha where eps is small: the next term is smaller by eps. */
static void published_numbers(void **state) {
  (void)state;
  static const double tails[][3] = {{0.2, 5, 0.4868}, {0.5, 2, 0.3424}, {0.8, 1.5, 0.1824}, {0.5, 5, 0.3469}};
  static const double slopes[][2] = {{0.1, 0.890}, {0.3, 0.692}, {0.5, 0.494}};
  char text[100];
  for (size_t i = 0; i < 4; i++) {
    const double alpha = tails[i][0], tau = tails[i][1];
    snprintf(text, sizeof text, "gbfry(alpha=%g,tau=%g,c=%.17g)", alpha, tau, (tau - 1) / (tau - alpha));
    wlaw_law *law = parse(text);
    check_near(wlaw_node_tail(law, 0.5), tails[i][2], 0.5e-4);
    check_near(wlaw_node_mean(law), 1.0, 1e-14);
    wlaw_law_free(law);
  }
  for (size_t i = 0; i < 3; i++) {
    const double alpha = slopes[i][0];
    snprintf(text, sizeof text, "gbfry(alpha=%g,tau=5,c=%.17g)", alpha, 2.5 * 4 / (5 - alpha));
    wlaw_law *law = parse(text);
    check_near(truncation_slope(law, -5.0, 0.0), slopes[i][1], 0.5e-3);
    check_near(truncation_slope(law, -20.0, -10.0), 1.0 - alpha, 1e-10);
    wlaw_law_free(law);
  }
}

/* Densities of a node at width p. ggp: rho (1 - e^(-t x)) / p; gbfry: a Pareto variable times such a one, for which the
 * integral over the Pareto variable is a difference of lower incomplete gamma functions. */
typedef double (*node_density)(const wlaw_law *law, size_t width, double x);

static double gamma_node(const wlaw_law *law, size_t width, double x) {
  const double shape = law->values[0] / (double)width, y = law->values[1] * x;
  return exp(shape * log(y) - y - wlaw_log_gamma(shape)) / x;
}

static double ggp_node(const wlaw_law *law, size_t width, double x) {
  const double *p = law->values, mass = p[0] * (double)width / (p[2] * p[1]), t = expm1(log1p(mass) / p[0]);
  return -law->ops->node->density(law, x) * expm1(-t * p[1] * x) / (double)width;
}

static double gbfry_node(const wlaw_law *law, size_t width, double x) {
  const double *p = law->values, s = p[1] - p[0], mass = p[0] * (double)width * p[1] / s, y = x / p[2];
  const double ratio = exp(log1p(mass) / p[0]);                       /* 1 + t */
  const double gap = ratio * y < 1e-8 ? (ratio - 1.0) * y / (s + 1.0) /* where the difference cancels */
                                      : wlaw_gamma_lower_scaled(s, y, 0.0) - wlaw_gamma_lower_scaled(s, ratio * y, 0.0);
  return p[1] * p[0] / (tgamma(1.0 - p[0]) * mass) * pow(y, -p[0]) / x * gap;
}

typedef struct node_of {
  const wlaw_law *law;
  size_t width;
  node_density density;
  int power;
} node_of;

/* Integral of x^power times the density over (e^low, e^high): Simpson's rule of steps of at most 1/64 in ln x. */
static double node_integral(const node_of *of, double low, double high) {
  const int steps = 2 * (int)ceil(32.0 * (high - low));
  const double h = (high - low) / steps;
  double sum = 0.0;
  for (int i = 0; i <= steps; i++) {
    const double u = low + i * h, weight = i == 0 || i == steps ? 1.0 : i % 2 ? 4.0 : 2.0;
    sum += weight * exp((of->power + 1) * u) * of->density(of->law, of->width, exp(u));
  }
  return sum * h / 3.0;
}

static int order_of(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* sqrt(n) sup |F_n - F|, F integrated from draw to draw, below 2.2 (once in 8000 seeds); the density's integral is 1
 * to 1e-6: Simpson's error is (1/64)^4 / 180 = 3e-10 times fourth derivatives. */
static void check_nodes(const char *text, size_t width, node_density density) {
  enum { N = 2000 };
  static double values[N];
  wlaw_law *law = parse(text);
  const node_of of = {law, width, density, 0};
  wlaw_stream stream = wlaw_stream_start(11, STREAM_TEST, (uint32_t)width, 0);
  law->ops->node->draw_log(law, values, 0, N, width, &stream);
  qsort(values, N, sizeof *values, order_of);
  double distance = 0.0, f = node_integral(&of, -330.0, values[0]);
  for (int i = 0; i < N; i++) {
    if (i) f += node_integral(&of, values[i - 1], values[i]);
    distance = fmax(distance, fmax(fabs(f - (double)i / N), fabs(f - (i + 1.0) / N)));
  }
  if (!(sqrt(N) * distance <= 2.2)) fail_msg("%s at width %zu: sqrt(n) D = %g", text, width, sqrt(N) * distance);
  check_near(f + node_integral(&of, values[N - 1], 60.0), 1.0, 1e-6);
  wlaw_law_free(law);
}

static void nodes_of_finite_width(void **state) {
  (void)state;
  static const size_t widths[] = {1, 30, 2000};
  for (size_t k = 0; k < 3; k++) {
    check_nodes("gamma(eta=120,rate=3)", widths[k], gamma_node);
    check_nodes("ggp(alpha=0.5,beta=1,mean=1)", widths[k], ggp_node);
    check_nodes("ggp(alpha=0.9,beta=5,mean=0.2)", widths[k], ggp_node);
    check_nodes("ggp(alpha=0.05,beta=0.2,mean=3)", widths[k], ggp_node);
    check_nodes("gbfry(alpha=0.5,tau=2,c=1)", widths[k], gbfry_node);
    check_nodes("gbfry(alpha=0.7,tau=0.8,c=3)", widths[k], gbfry_node);
    check_nodes("gbfry(alpha=0.2,tau=5,c=0.1)", widths[k], gbfry_node);
  }
}

/* shape ln lambda of a gamma variable of shape 1e-9 is ln U, to 1e-8: no draw is lost to underflow. */
static void tiny_shapes(void **state) {
  (void)state;
  enum { N = 20000 };
  static double values[N];
  static const double etas[] = {1e-6, 1e-103, 1e-300};
  for (size_t k = 0; k < 3; k++) {
    wlaw_stream stream = wlaw_stream_start(12, STREAM_TEST, (uint32_t)k, 0);
    double distance = 0.0;
    for (size_t j = 0; j < N; j++) values[j] = exp(etas[k] / 1000 * wlaw_gamma_log(etas[k] / 1000, &stream));
    qsort(values, N, sizeof *values, order_of);
    for (int i = 0; i < N; i++)
      distance = fmax(distance, fmax(fabs(values[i] - (double)i / N), fabs(values[i] - (i + 1.0) / N)));
    if (!(sqrt(N) * distance <= 2.2)) fail_msg("shape %g: sqrt(n) D = %g", etas[k], sqrt(N) * distance);
  }
}

/* Width 2000, 200 layers of each law. The nodes above x are binomial with mean near rhobar(x) a layer, the mean of what
 * lies below h is a + moment(1, h), E exp(-s sum) = exp(-exponent(s)), all within 4.5 standard errors and 1e-3 of
 * themselves: the width takes (1 + t)^(alpha - 1) = (1 + mass)^(1 - 1 / alpha) of the mean, 1e-4 for alpha <= 0.4. */
static void check_null_array(const char *text, uint32_t number) {
  enum { WIDTH = 2000, LAYERS = 200 };
  static double lambda[WIDTH];
  static const double places[] = {1e-3, 0.1, 1.0}, s[] = {0.5, 2.0, 10.0};
  double count[3] = {0}, below[3] = {0}, below_square[3] = {0}, laplace[3] = {0}, laplace_square[3] = {0};
  wlaw_law *law = parse(text);
  for (uint32_t layer = 0; layer < LAYERS; layer++) {
    wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, layer, number);
    double sum = 0.0, part[3] = {0};
    wlaw_node_draw(law, lambda, WIDTH, &stream);
    for (size_t j = 0; j < WIDTH; j++) {
      sum += lambda[j];
      for (int k = 0; k < 3; k++) {
        count[k] += lambda[j] > places[k];
        part[k] += lambda[j] <= places[k] ? lambda[j] : 0.0;
      }
    }
    for (int k = 0; k < 3; k++) {
      below[k] += part[k];
      below_square[k] += part[k] * part[k];
      laplace[k] += exp(-s[k] * sum);
      laplace_square[k] += exp(-2.0 * s[k] * sum);
    }
  }
  for (int k = 0; k < 3; k++) {
    const double expected = LAYERS * wlaw_node_tail(law, places[k]), mean = below[k] / LAYERS;
    const double want = wlaw_node_truncated_mean(law, places[k]), transform = laplace[k] / LAYERS;
    const double se_mean = sqrt((below_square[k] / LAYERS - mean * mean) / (LAYERS - 1));
    const double se_transform = sqrt((laplace_square[k] / LAYERS - transform * transform) / (LAYERS - 1));
    check_near(count[k], expected, 4.5 * sqrt(expected) + 1e-3 * expected);
    check_near(mean, want, 4.5 * se_mean + 1e-3 * want);
    check_near(transform, exp(-wlaw_node_exponent(law, s[k])), 4.5 * se_transform + 1e-3);
  }
  wlaw_law_free(law);
}

static void null_arrays(void **state) {
  (void)state;
  static const char *const laws[] = {"gamma(eta=2,rate=1)",          "gamma(eta=0.3,rate=0.2)",
                                     "ggp(alpha=0.4,beta=1,mean=2)", "ggp(alpha=0.1,beta=0.3,mean=1)",
                                     "gbfry(alpha=0.4,tau=2,c=1)",   "gbfry(alpha=0.3,tau=0.7,c=1)",
                                     "gbfry(alpha=0.2,tau=1,c=0.5)"};
  for (uint32_t i = 0; i < sizeof laws / sizeof *laws; i++) check_null_array(laws[i], i);
}

/* The variance of a weight is E lambda at that width. */
static void weights_have_moments(void **state) {
  (void)state;
  static const struct {
    const char *text;
    node_density density;
  } cases[] = {
      {"gamma(eta=3,rate=2)", gamma_node},
      {"ggp(alpha=0.5,beta=2,mean=1)", ggp_node},
      {"ggp(alpha=0.9,beta=1,mean=4)", ggp_node},
      {"gbfry(alpha=0.5,tau=5,c=2)", gbfry_node},
  };
  double mean, variance;
  for (size_t i = 0; i < 4; i++) {
    wlaw_law *law = parse(cases[i].text);
    const node_of of = {law, 50, cases[i].density, 1};
    assert_true(law->ops->moments(law, 10, 50, &mean, &variance));
    assert_true(mean == 0.0);
    check_ratio(cases[i].text, variance, node_integral(&of, -60.0, 12.0), 1e-6);
    wlaw_law_free(law);
  }
  wlaw_law *heavy = parse("gbfry(alpha=0.5,tau=1,c=1)");
  assert_false(heavy->ops->moments(heavy, 10, 50, &mean, &variance));
  assert_true(wlaw_node_mean(heavy) == INFINITY && wlaw_node_variance(heavy) == INFINITY);
  wlaw_law_free(heavy);
}

static void out_of_range(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"ggp(alpha=1)", "alpha must be above 0 and below 1"},
      {"ggp(alpha=0)", "alpha must be above 0 and below 1"},
      {"ggp(beta=0)", "beta must be at least 1e-100"},
      {"ggp(mean=-1)", "mean must be at least 1e-100"},
      {"gamma(eta=0)", "eta must be at least 1e-100"},
      {"gamma(rate=-2)", "rate must be at least 1e-100"},
      {"gbfry(alpha=1.5,tau=2)", "alpha must be above 0 and below 1"},
      {"gbfry(tau=2000)", "tau must be above 0 and at most 1000"},
      {"gbfry(alpha=0.5,tau=0.5)", "gbfry needs tau above alpha, and 0.5 is not above 0.5"},
      {"gbfry(alpha=0.5,tau=0.4)", "gbfry needs tau above alpha, and 0.4 is not above 0.5"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_law *law = NULL;
    check_status(wlaw_law_parse(&law, cases[i][0], err), WLAW_ARGUMENT);
    if (!strstr(wlaw_error_message(err), cases[i][1])) fail_msg("%s: %s", cases[i][0], wlaw_error_message(err));
  }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tails_are_integrals),   cmocka_unit_test(jumps_invert_tails),
      cmocka_unit_test(moments_are_integrals), cmocka_unit_test(exponents_are_integrals),
      cmocka_unit_test(ends_are_powers),       cmocka_unit_test(published_numbers),
      cmocka_unit_test(nodes_of_finite_width), cmocka_unit_test(tiny_shapes),
      cmocka_unit_test(null_arrays),           cmocka_unit_test(weights_have_moments),
      cmocka_unit_test(out_of_range),
  };
  return cmocka_run_group_tests_name("law.node_powers", tests, NULL, NULL);
}
