/* Node laws: the functions of (a, rho) against each other and against numbers found otherwise. */
#include "math/quadrature.h"
#include "nodes.h"

/* Up to the rounding of rhobar, and what it changes by when x does by a few roundings. */
static void jumps_invert_tails(void **state) {
  (void)state;
  for (size_t i = 0; i < CONTINUOUS_LAWS; i++) {
    wlaw_law *law = law_of(continuous_laws[i]);
    double before = INFINITY;
    for (double t = 1e-6; t < 1e3; t *= 1.7) {
      const double x = wlaw_node_jump(law, t);
      assert_true(x <= before);
      before = x;
      if (x < 1e-300) break;
      const double back = wlaw_node_tail(law, x);
      const double slack = 1e-13 * t + wlaw_node_tail(law, x * (1 - 2e-15)) - wlaw_node_tail(law, x * (1 + 2e-15));
      if (!(fabs(back - t) <= slack))
        fail_msg("%s: rhobar(jump(%g)) = %.17g, x = %.17g", continuous_laws[i], t, back, x);
    }
    wlaw_law_free(law);
  }
}

/* rho = - d rhobar / dx: differences over +-h of ln x have an error of h^2/6 times a third logarithmic derivative,
 * which away from the ends of the support is of the order of 10 rhobar at most; and of the rounding, 1e-14 rhobar / h.
 */
static void density_is_slope_of_tail(void **state) {
  (void)state;
  const double h = 1e-4;
  for (size_t i = 0; i < CONTINUOUS_LAWS; i++) {
    wlaw_law *law = law_of(continuous_laws[i]);
    for (double t = 0.01; t < 30; t *= 2) {
      const double x = wlaw_node_jump(law, t);
      if (x < 1e-250 || wlaw_node_tail(law, 1.01 * x) == 0) continue;
      const double slope = (wlaw_node_tail(law, x * exp(-h)) - wlaw_node_tail(law, x * exp(h))) / (2 * h);
      const double density = law->ops->node->density(law, x) * x;
      if (!(fabs(slope - density) <= 1e-5 * (density + 0.01 * t)))
        fail_msg("%s: rho(%g) x = %g, slope %g", continuous_laws[i], x, density, slope);
    }
    wlaw_law_free(law);
  }
}

typedef struct moment_of {
  const wlaw_law *law;
  int power;
} moment_of;

static double moment_density(double u, const void *context) {
  const moment_of *of = context;
  const double x = exp(u);
  return x > 1e-150 ? pow(x, of->power + 1) * of->law->ops->node->density(of->law, x) : 0;
}

static void moments_are_integrals_of_density(void **state) {
  (void)state;
  static const double eps[] = {1e-8, 1e-3, 0.1, 0.45, 0.9, 7};
  for (size_t i = 0; i < CONTINUOUS_LAWS; i++) {
    wlaw_law *law = law_of(continuous_laws[i]);
    for (size_t e = 0; e < sizeof eps / sizeof *eps; e++)
      for (int power = 1; power <= 2; power++) {
        const moment_of of = {law, power};
        /* neither the pole at an end of the support (see means below) nor one at 0 that needs more than doubles */
        if (wlaw_node_tail(law, eps[e]) == 0 || wlaw_node_at_zero(law).index > 0.95) continue;
        const double want = wlaw_integrate(moment_density, &of, -INFINITY, log(eps[e]), 1e-11, NULL);
        const double got = wlaw_node_moment(law, power, eps[e]);
        if (!(fabs(got - want) <= 1e-9 * want))
          fail_msg("%s: moment %d to %g is %.12g, by quadrature %.12g", continuous_laws[i], power, eps[e], got, want);
      }
    wlaw_law_free(law);
  }
}

/* The same laws with the closed forms taken away: quadrature asks for 1e-12 of the integral. Where one atom makes
 * rhobar jump inside an interval it stops halving after 15 rounds. */
static void quadrature_replaces_closed_forms(void **state) {
  (void)state;
  static const double eps[] = {1e-6, 0.01, 0.3, 3, INFINITY}, s[] = {1e-6, 1e-2, 0.5, 3, 100, 1e6};
  for (size_t i = 0; i < CONTINUOUS_LAWS + 1; i++) {
    const bool atom = i == CONTINUOUS_LAWS;
    const char *text = atom ? "bernoulli" : continuous_laws[i];
    wlaw_law *law = law_of(text), bare = *law;
    node_ops node = *law->ops->node;
    law_ops ops = *law->ops;
    node.moment = NULL;
    node.exponent = NULL;
    ops.node = &node;
    bare.ops = &ops;
    const double tolerance = atom ? 1e-6 : 1e-10;
    for (size_t e = 0; e < sizeof eps / sizeof *eps; e++)
      for (int power = 1; power <= 2; power++) {
        const double want = wlaw_node_moment(law, power, eps[e]), got = wlaw_node_moment(&bare, power, eps[e]);
        if (!(fabs(got - want) <= tolerance * want || (isinf(got) && got == want)))
          fail_msg("%s: moment %d to %g is %.12g, by quadrature %.12g", text, power, eps[e], want, got);
      }
    for (size_t k = 0; k < sizeof s / sizeof *s; k++) {
      const double want = wlaw_node_exponent(law, s[k]), got = wlaw_node_exponent(&bare, s[k]);
      if (!(fabs(got - want) <= tolerance * want))
        fail_msg("%s: exponent at %g is %.12g, by quadrature %.12g", text, s[k], want, got);
    }
    wlaw_law_free(law);
  }
}

/* e^-v (I_0(v) + I_1(v)) by the series of the Bessel functions. */
static double bessel_sum(double v) {
  double sum = 0, term = 1; /* (v/2)^(2k) / k!^2 */
  for (int k = 0; k < 200; k++, term *= v * v / 4 / k / k) sum += term * (1 + 0.5 * v / (k + 1));
  return exp(-v) * sum;
}

/* Laplace transforms E exp(-s Lambda) = exp(-exponent(s)) as published or known: Lee et al. (2023) with eta = 1, b =
 * 1/2 and with c = pi to four digits; the regularised horseshoe c sqrt(slab) s e^-v (I_0(v) + I_1(v)), v = s slab / 2.
 */
static void exponents_known(void **state) {
  (void)state;
  static const double s[] = {0.5, 1, 3, 0.05, 0.5, 2}, want[] = {0.4260, 0.2279, 0.0590, 0.4526, 0.0815, 0.00665};
  wlaw_law *beta = law_of("beta"), *horseshoe = law_of("horseshoe"), *one = law_of("constant"),
           *atom = law_of("bernoulli");
  for (size_t k = 0; k < 6; k++)
    check_near(exp(-wlaw_node_exponent(k < 3 ? beta : horseshoe, s[k])), want[k], k == 5 ? 5e-6 : 5e-5);
  check_near(wlaw_node_exponent(one, 3), 6, 1e-15);
  check_near(wlaw_node_exponent(atom, 3), 2 * (1 - exp(-3)), 1e-15);
  wlaw_law_free(beta);
  wlaw_law_free(horseshoe);
  wlaw_law_free(one);
  wlaw_law_free(atom);
  wlaw_law *law = law_of("regularised-horseshoe(c=2,slab=0.5)");
  for (double x = 0.001; x < 100; x *= 3)
    check_near(wlaw_node_exponent(law, x) / (2 * sqrt(0.5) * x * bessel_sum(0.25 * x)), 1, 1e-13);
  /* far out that of the horseshoe, c s^(1/2) 2 / pi^(1/2), times 1 - 1 / (8 v) - 15 / (128 v^2) / 2 ... */
  for (double x = 1e4; x < 1e300; x *= 1e4)
    check_near(wlaw_node_exponent(law, x) / (4 * sqrt(x / 3.14159265358979323846)) + 0.5 / x, 1, 2 / (x * x) + 1e-14);
  wlaw_law_free(law);
  law = law_of("regularised-horseshoe(c=2,slab=1e100)");
  check_near(wlaw_node_exponent(law, 1e280) / (4 * sqrt(1e280 / 3.14159265358979323846)), 1, 1e-14);
  wlaw_law_free(law);
}

typedef struct known {
  const char *text;
  node_regime regime;
  double mean, variance;
} known;

static void means_variances_regimes(void **state) {
  (void)state;
  static const known list[] = {
      {"constant(c=3)", NODE_GP, 3, 0},
      {"inverse-gamma", NODE_GP, 2, 0},
      {"inverse-gamma(shape=4,scale=6)", NODE_GP, 2, 0},
      {"powerlaw(s=1,c=5)", NODE_GP, 5, 0},
      {"powerlaw(s=1.001,c=5)", NODE_MOGP, 5, 0},
      {"bernoulli(c=0.7)", NODE_MOGP, 0.7, 0.7},
      {"beta", NODE_MOGP, 2, 4.0 / 3},
      {"beta(eta=3,b=4)", NODE_MOGP, 0.75, 3.0 / 20},
      {"horseshoe", NODE_MOGP, INFINITY, INFINITY},
      {"positive-stable(alpha=0.99)", NODE_MOGP, INFINITY, INFINITY},
      {"regularised-horseshoe(c=2,slab=9)", NODE_MOGP, 6, 27},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    wlaw_law *law = law_of(list[i].text);
    const double mean = wlaw_node_mean(law), variance = wlaw_node_variance(law);
    assert_int_equal(wlaw_node_regime(law), list[i].regime);
    if (!(fabs(mean - list[i].mean) <= 1e-13 * mean || mean == list[i].mean) ||
        !(fabs(variance - list[i].variance) <= 1e-13 * variance || variance == list[i].variance))
      fail_msg("%s: mean %.17g, variance %.17g", list[i].text, mean, variance);
    if (list[i].regime == NODE_GP) {
      assert_true(wlaw_node_location(law) == list[i].mean);
      assert_true(wlaw_node_tail(law, 1e-9) == 0 && wlaw_node_jump(law, 0.1) == 0);
      assert_true(wlaw_node_truncated_mean(law, 1e-9) == list[i].mean);
    }
    wlaw_law_free(law);
  }
}

/* rhobar(x) x^index -> constant: at 1e-100 what is left is of the order x^(1 - index) or smaller; at 1e100 likewise. */
static void ends_are_powers(void **state) {
  (void)state;
  for (size_t i = 0; i < ALL_LAWS; i++) {
    wlaw_law *law = law_of(any_law(i));
    const node_tail zero = wlaw_node_at_zero(law), infinity = wlaw_node_at_infinity(law);
    const double x = 1e-60, y = 1e60;
    if (zero.index > 0) check_near(wlaw_node_tail(law, x) * pow(x, zero.index) / zero.constant, 1, 1e-6);
    else assert_true(wlaw_node_tail(law, x) * pow(x, 0.2) < 1e-6); /* slower than any power */
    if (isfinite(infinity.index))
      check_near(wlaw_node_tail(law, y) * pow(y, infinity.index) / infinity.constant, 1, 1e-6);
    else assert_true(wlaw_node_tail(law, y) == 0);
    wlaw_law_free(law);
  }
}

static void thresholds_hold_their_variance(void **state) {
  (void)state;
  for (size_t i = 0; i < CONTINUOUS_LAWS; i++) {
    wlaw_law *law = law_of(continuous_laws[i]);
    for (double variance = 1e-8; variance < 1; variance *= 10) {
      const double x = wlaw_node_threshold(law, variance);
      if (variance >= wlaw_node_variance(law)) assert_true(isinf(x));
      else check_near(wlaw_node_moment(law, 2, x), variance, 1e-11 * variance);
    }
    wlaw_law_free(law);
  }
  wlaw_law *atom = law_of("bernoulli(c=2)"), *one = law_of("constant");
  const double below = wlaw_node_threshold(atom, 1.9);
  assert_true(below < 1 && below > 1 - 1e-12 && isinf(wlaw_node_threshold(atom, 2)));
  assert_true(isinf(wlaw_node_threshold(one, 0)));
  wlaw_law_free(atom);
  wlaw_law_free(one);
}

/* powerlaw by brute force: sums over 1e6 jumps and the integral of the rest, from half a jump on (error of the order
 * j^-s-1 s / 24). */
static void powerlaw_sums(void **state) {
  (void)state;
  static const double powers[] = {1.2, 2, 7.5};
  for (size_t k = 0; k < 3; k++) {
    char text[40];
    snprintf(text, sizeof text, "powerlaw(s=%g,c=3)", powers[k]);
    wlaw_law *law = law_of(text);
    const node_ops *node = law->ops->node;
    const double s = powers[k], n = 1e6;
    double zeta = pow(n + 0.5, 1 - s) / (s - 1);
    for (double j = n; j >= 1; j--) zeta += pow(j, -s);
    for (size_t j = 1; j <= 100000; j = 3 * j + 1) {
      const double jump = node->fixed_jump(law, j);
      check_near(jump / (3 / zeta * pow((double)j, -s)), 1, 1e-12);
      assert_true(wlaw_node_tail(law, jump) == (double)(j - 1));
      assert_true(wlaw_node_tail(law, jump * (1 - 1e-9)) == (double)j);
      assert_true(wlaw_node_jump(law, (double)j - 0.5) == jump && wlaw_node_jump(law, (double)j - 1) == jump);
    }
    for (int power = 1; power <= 2; power++) {
      double rest = pow(n + 0.5, 1 - power * s) / (power * s - 1), want;
      for (double j = n; j > 10; j--) rest += pow(j, -power * s);
      want = pow(3 / zeta, power) * rest;
      check_near(wlaw_node_moment(law, power, node->fixed_jump(law, 11)) / want, 1, 1e-11);
    }
    assert_true(wlaw_node_exponent(law, 2) == 2 * wlaw_node_mean(law)); /* nothing is random */
    wlaw_law_free(law);
  }
}

/* Nothing is NaN or negative, whatever is asked. */
static void nothing_is_nan(void **state) {
  (void)state;
  static const char *const extremes[] = {"beta(eta=1e-100,b=0.001)",
                                         "beta(eta=1e100,b=1e6)",
                                         "horseshoe(c=1e100)",
                                         "regularised-horseshoe(c=1e-100,slab=1e100)",
                                         "positive-stable(alpha=0.1,kappa=1e6)",
                                         "positive-stable(alpha=0.999999,kappa=1e-20)",
                                         "powerlaw(s=100,c=1e100)",
                                         "powerlaw(s=1.0000001,c=1e-100)",
                                         "bernoulli(c=1e-100)"};
  static const double points[] = {0, 1e-320, 1e-300, 1e-9, 0.3, 1, 1e9, 1e300, INFINITY};
  for (size_t i = 0; i < ALL_LAWS + sizeof extremes / sizeof *extremes; i++) {
    const char *text = i < ALL_LAWS ? any_law(i) : extremes[i - ALL_LAWS];
    wlaw_law *law = law_of(text);
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
      const double x = points[k];
      const double values[] = {wlaw_node_tail(law, x),
                               x > 0 ? wlaw_node_jump(law, x) : 0,
                               wlaw_node_moment(law, 1, x),
                               wlaw_node_moment(law, 2, x),
                               wlaw_node_truncated_mean(law, x),
                               wlaw_node_threshold(law, x),
                               isinf(x) ? 0 : wlaw_node_exponent(law, x)};
      for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        if (!(values[v] >= 0)) fail_msg("%s: value %zu at %g is %g", text, v, x, values[v]);
    }
    wlaw_law_free(law);
  }
}

static void check_refused(const char *text, const char *words) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_law_parse(&law, text, err), WLAW_ARGUMENT);
  if (!strstr(wlaw_error_message(err), words)) fail_msg("%s: %s", text, wlaw_error_message(err));
  wlaw_error_free(err);
}

static void parameters_out_of_range(void **state) {
  (void)state;
  check_refused("positive-stable(alpha=1)", "alpha must be at least 0.1 and below 1");
  check_refused("positive-stable(alpha=0)", "alpha must be at least 0.1 and below 1");
  check_refused("positive-stable(alpha=0.1,kappa=1e9)", "kappa^(1/alpha)");
  check_refused("beta(b=0)", "b must be at least");
  check_refused("beta(b=-1)", "b must be at least");
  check_refused("beta(eta=0)", "eta must be at least");
  check_refused("inverse-gamma(shape=1)", "no mean at shape=1");
  check_refused("horseshoe(c=-1)", "c must be at least");
  check_refused("regularised-horseshoe(slab=0)", "slab must be at least");
  check_refused("powerlaw(s=-0.1)", "s must be at least 0");
  wlaw_error *err = wlaw_error_new();
  wlaw_law *normal = NULL, *atoms = law_of("bernoulli(c=20)");
  check_ok(wlaw_law_parse(&normal, "normal", err));
  check_status(wlaw_node_require(normal, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "no 'limit'"));
  check_status(wlaw_node_check_width(atoms, 19, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "at least 20 nodes"));
  check_ok(wlaw_node_check_width(atoms, 20, err));
  wlaw_law_free(normal);
  wlaw_law_free(atoms);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jumps_invert_tails),
      cmocka_unit_test(density_is_slope_of_tail),
      cmocka_unit_test(moments_are_integrals_of_density),
      cmocka_unit_test(quadrature_replaces_closed_forms),
      cmocka_unit_test(exponents_known),
      cmocka_unit_test(means_variances_regimes),
      cmocka_unit_test(ends_are_powers),
      cmocka_unit_test(thresholds_hold_their_variance),
      cmocka_unit_test(powerlaw_sums),
      cmocka_unit_test(nothing_is_nan),
      cmocka_unit_test(parameters_out_of_range),
  };
  return cmocka_run_group_tests_name("law.node", tests, NULL, NULL);
}
