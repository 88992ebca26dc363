/* Laws of outputs: table 1 of Lee et al. 2023 made explicit, and everything beyond it against series, quadrature and
 * the densities against the moments. */
#include "limit/max_weight.h"
#include "limit/networks.h"
#include "limit/output_density.h"
#include "limit/output_law.h"
#include "math/quadrature.h"
#include "support/alloc_fail.h"

static const double PI = 3.14159265358979323846;

static output_law law_at(const limit_network *network, double variance) {
  output_law law;
  wlaw_output_law(&law, network, variance);
  return law;
}

static output_density *density_of(const limit_network *network, double variance) {
  wlaw_error *err = wlaw_error_new();
  output_density *density;
  const char *reason;
  check_ok(wlaw_output_density_new(&density, &reason, network, variance, err));
  if (!density) fail_msg("%s", reason);
  wlaw_error_free(err);
  return density;
}

static double density_at(const output_density *density, double z) {
  double value, cdf;
  wlaw_output_density_at(density, z, &value, &cdf);
  return value;
}

static double cdf_at(const output_density *density, double z) {
  double value, cdf;
  wlaw_output_density_at(density, z, &value, &cdf);
  return cdf;
}

typedef struct table_row {
  const char *laws[5];
  double kurtosis, correlation, zero, index;
  const char *name;
} table_row;

/* limits.md a.4: K^(1) = 1, relu, sigma_v = 1, sum of variances 2. e^-1 = .3679, 1 - (1 - e^-1)^3 = .7474. */
static void table_1(void **state) {
  (void)state;
  static const table_row rows[] = {
      {{"constant"}, 3, 0, 0, INFINITY, "normal"},
      {{"inverse-gamma"}, 3, 0, 0, INFINITY, "normal"},
      {{"bernoulli"}, 12, 3. / 11, 0.36787944117144233, INFINITY, NULL},
      {{"beta"}, 9, 0.25, 0, INFINITY, "normal product"},
      {{"horseshoe"}, INFINITY, NAN, 0, 1, "Cauchy"},
      {{"beta", "beta"}, 27, 8. / 26, 0, INFINITY, "normal product"},
      {{"beta", "beta", "beta"}, 81, 26. / 80, 0, INFINITY, "normal product"},
      {{"bernoulli", "bernoulli", "bernoulli"}, 192, 63. / 191, 0.74741954, INFINITY, NULL},
      {{"constant", "beta", "constant"}, 9, 0.25, 0, INFINITY, "normal product"},
      {{"beta(eta=0.5)"}, 15, 2. / 7, 0, INFINITY, "variance gamma"}, /* the scaling of the published code */
      {{"bernoulli(c=1)"}, 21, 0.3, 0.60653065971263342, INFINITY, NULL},
      {{"positive-stable(alpha=0.7)"}, INFINITY, NAN, 0, 1.4, "symmetric stable"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const table_row *want = &rows[i];
    limit_network network = network_of(want->laws, "relu", 1, 0);
    const output_law got = law_at(&network, 1);
    if (isinf(want->kurtosis)) assert_true(isinf(got.kurtosis) && isinf(got.mean_square));
    else check_near(got.kurtosis, want->kurtosis, 1e-9 * want->kurtosis);
    if (isnan(want->correlation)) assert_true(isnan(got.square_correlation) && got.reason_moments);
    else check_near(got.square_correlation, want->correlation, 1e-9);
    check_near(got.probability_zero, want->zero, 1e-8);
    if (isinf(want->index)) assert_true(isinf(got.tail_index) && isnan(got.tail_constant) && got.reason_tail);
    else check_near(got.tail_index, want->index, 1e-12);
    if (want->name) assert_string_equal(got.name, want->name);
    else assert_null(got.name);
    network_free(&network);
  }
}

/* relu with biases, three layers, by hand: m = E Lambda / 2 is a layer's factor of K on average, q = m^2 + Var Lambda's
 * 3/2 integral of x^2 rho that of K^2. For beta(eta, 1/2): E Lambda = 2 eta, integral of x^2 rho = 4 eta / 3. */
static void biases_at_any_depth(void **state) {
  (void)state;
  const double eta = 0.8, bias = 0.3, unit = 1.4;
  limit_network network = NETWORK("relu", unit, bias, "beta(eta=0.8)", "beta(eta=0.8)", "beta(eta=0.8)");
  const double m = unit * eta, q = m * m + unit * unit * 1.5 * 4 * eta / 3;
  double mean = 1.7, square = mean * mean;
  for (int l = 0; l < 3; l++) {
    square = bias * bias + 2 * bias * m * mean + q * square;
    mean = bias + m * mean;
  }
  const output_law law = law_at(&network, 1.7);
  check_near(law.mean_square, mean, 1e-12 * mean);
  check_near(law.kurtosis, 3 * square / (mean * mean), 1e-11);
  check_near(law.square_correlation, (square - mean * mean) / (3 * square - mean * mean), 1e-12);
  assert_true(law.probability_zero == 0);
  network_free(&network);
}

static void what_is_not_known_has_a_reason(void **state) {
  (void)state;
  limit_network network = NETWORK("erf", 1, 0, "beta", "beta");
  output_law law = law_at(&network, 1);
  assert_true(isnan(law.mean_square) && isnan(law.kurtosis) && law.reason_moments);
  assert_true(law.probability_zero == 0 && isinf(law.tail_index));
  network_free(&network);
  network = NETWORK("relu", 1, 0, "horseshoe", "horseshoe");
  law = law_at(&network, 1);
  assert_true(law.tail_index == 1 && isnan(law.tail_constant));
  assert_non_null(strstr(law.reason_tail, "ln z"));
  network_free(&network);
  network = NETWORK("relu", 1, 0, "bernoulli");
  law = law_at(&network, 0); /* input 0 */
  assert_true(law.mean_square == 0 && law.probability_zero == 1 && isnan(law.kurtosis) && law.reason_moments);
  network_free(&network);
  network = NETWORK("relu", 1, 0, "powerlaw");
  law = law_at(&network, 1); /* fixed jumps: only what nodes compute is random */
  const double fourth = wlaw_node_moment(network.laws[0], 2, INFINITY);
  check_near(law.kurtosis, 3 * (1 + fourth * (1.5 - 0.25) / 1), 1e-12);
  network_free(&network);
}

/* Cauchy: exact. gbfry: tails at z = 6 and 12 within 25 %, and 1 % far out; two layers, the heavier decides, with E S
 * of the lighter where the index of S is 1. */
static void tails(void **state) {
  (void)state;
  static const struct {
    const char *laws[4];
    double index, far, near;
  } cases[] = {
      {{"horseshoe"}, 1, 300, 12},
      {{"gbfry(alpha=0.2,tau=1.5)"}, 3, 300, 12},
      {{"gbfry(alpha=0.5,tau=2)"}, 4, 100, 12},
      {{"positive-stable(alpha=0.3)"}, 0.6, 1e6, INFINITY},
      {{"constant", "horseshoe", "constant"}, 1, 300, 12},
      {{"beta(eta=0.6)", "gbfry(alpha=0.3,tau=1)"}, 2, 1e3, 100},
      {{"gbfry(alpha=0.3,tau=1)", "beta(eta=0.6)"}, 2, 1e3, 100},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    limit_network network = network_of(cases[i].laws, "relu", 1, 0);
    const output_law law = law_at(&network, 1);
    output_density *density = density_of(&network, 1);
    check_near(law.tail_index, cases[i].index, 1e-12);
    const double at[] = {0.5 * cases[i].near, cases[i].near, cases[i].far}, slack[] = {0.25, 0.25, 0.01};
    for (int k = 0; k < 3; k++) {
      if (isinf(at[k])) continue;
      const double theory = law.tail_constant * pow(at[k], -law.tail_index), exact = 2 * cdf_at(density, -at[k]);
      if (!(fabs(theory / exact - 1) <= slack[k] + 1e-11 / exact))
        fail_msg("%s at %g: %g, exact %g", cases[i].laws[0], at[k], theory, exact);
    }
    wlaw_output_density_free(density);
    network_free(&network);
  }
}

/* K_0(z) = integral of e^(-z cosh t). */
static double bessel_integrand(double t, const void *z) { return exp(-*(const double *)z * cosh(t)); }
static double bessel_k0(double z) { return wlaw_integrate(bessel_integrand, &z, 0, 30, 1e-13, NULL); }

static double product_integrand(double u, const void *z) {
  const double n = exp(u), ratio = *(const double *)z / n;
  return 2 * exp(-0.5 * n * n) / sqrt(2 * PI) * bessel_k0(ratio) / PI;
}

static void densities_with_names(void **state) {
  (void)state;
  limit_network normal = NETWORK("erf", 1, 0.2, "constant"), product = NETWORK("relu", 1, 0, "beta"),
                cauchy = NETWORK("relu", 1, 0, "horseshoe"), laplace = NETWORK("relu", 1, 0, "beta(eta=2)"),
                three = NETWORK("relu", 1, 0, "beta", "beta");
  const double s = 1.3, variance = s * s;
  output_density *n = density_of(&normal, variance), *p = density_of(&product, variance),
                 *c = density_of(&cauchy, variance), *l = density_of(&laplace, variance),
                 *t = density_of(&three, variance);
  const double sd = sqrt(law_at(&normal, variance).mean_square);
  for (double z = 1e-3; z < 20; z *= 1.9) {
    const double x = z / s;
    check_near(z * density_at(n, z), z * exp(-0.5 * z * z / (sd * sd)) / (sd * sqrt(2 * PI)), 1e-11);
    check_near(cdf_at(n, z), 0.5 * erfc(-z / (sd * sqrt(2))), 1e-11);
    check_near(z * density_at(p, z), x * bessel_k0(x) / PI, 1e-11);
    check_near(z * density_at(c, z), x / (PI * (1 + x * x)), 1e-11);
    check_near(cdf_at(c, -z), 0.5 - atan(x) / PI, 1e-11);
    check_near(z * density_at(l, z), x * 0.5 * exp(-x), 1e-11); /* S exponential */
    check_near(cdf_at(l, z), 1 - 0.5 * exp(-x), 1e-11);
    check_near(z * density_at(t, z), x * wlaw_integrate(product_integrand, &x, -25, 3, 1e-11, NULL), 1e-9);
  }
  assert_true(isinf(density_at(p, 0)) && isinf(density_at(t, 0)));
  check_near(density_at(c, 0), 1 / (PI * s), 1e-7);
  check_near(density_at(n, 0), 1 / (sd * sqrt(2 * PI)), 1e-7);
  check_near(cdf_at(p, 0), 0.5, 1e-12);
  output_density *const all[] = {n, p, c, l, t};
  for (int i = 0; i < 5; i++) wlaw_output_density_free(all[i]);
  limit_network *const networks[] = {&normal, &product, &cauchy, &laplace, &three};
  for (int i = 0; i < 5; i++) network_free(networks[i]);
}

typedef struct scaled {
  double z;
  int k;
} scaled;

/* Density of sqrt(chi^2_k) N at z, over y = ln of the chi-squared variable. */
static double chi_integrand(double y, const void *context) {
  const scaled *of = context;
  const double x = exp(y), half = 0.5 * of->k;
  return exp(half * (y - log(2)) - 0.5 * x - lgamma(half) - 0.5 * of->z * of->z / x) / sqrt(2 * PI * x);
}

/* Bernoulli nodes: sqrt(S) N with S of chi-squared, as many degrees of freedom as active nodes, Poisson(1). */
static void atoms_make_a_mixture(void **state) {
  (void)state;
  limit_network network = NETWORK("relu", 1, 0, "bernoulli");
  output_density *density = density_of(&network, 1);
  for (double z = 0.01; z < 12; z *= 2.3) {
    double sum = 0, chance = exp(-1);
    for (int k = 1; k < 25; k++) {
      chance /= k;
      const scaled of = {z, k};
      sum += chance * wlaw_integrate(chi_integrand, &of, -40, 7, 1e-12, NULL);
    }
    check_near(density_at(density, z), sum, 1e-10 / z);
  }
  check_near(cdf_at(density, 0), 0.5 + 0.5 * exp(-1), 1e-12);
  check_near(cdf_at(density, -1e-14), 0.5 - 0.5 * exp(-1), 1e-9);
  wlaw_output_density_free(density);
  network_free(&network);
}

static double moment_integrand(double y, const void *context) {
  const double z = exp(y);
  double value, cdf;
  wlaw_output_density_at(context, z, &value, &cdf);
  return 2 * z * z * z * value;
}

/* Where there is no name: the density's mean square, and its mass, are those of the moments. */
static void densities_have_their_moments(void **state) {
  (void)state;
  static const struct {
    const char *laws[3], *activation;
    double bias;
  } cases[] = {{{"ggp"}, "relu", 0},
               {{"gamma(eta=2)"}, "erf", 0.3},
               {{"regularised-horseshoe"}, "leaky-relu", 0.1},
               {{"beta(eta=0.7,b=3)", "bernoulli"}, "abs", 0},
               {{"constant", "beta"}, "erf", 0.1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    limit_network network = network_of(cases[i].laws, cases[i].activation, 1, cases[i].bias);
    const output_law law = law_at(&network, 1.2);
    output_density *density = density_of(&network, 1.2);
    const double square = wlaw_integrate(moment_integrand, density, -12, 4.5, 1e-9, NULL);
    check_near(square, law.mean_square, 1e-6 * law.mean_square);
    check_near(cdf_at(density, 1e9), 1, 1e-11);
    check_near(cdf_at(density, -1e9), 0, 1e-11);
    check_near(2 * cdf_at(density, 0) - 1, law.probability_zero, 1e-12);
    wlaw_output_density_free(density);
    network_free(&network);
  }
}

static void densities_known_by_draws_only(void **state) {
  (void)state;
  static const struct {
    const char *laws[3], *activation;
    double variance;
  } cases[] = {
      {{"beta", "beta"}, "erf", 1}, {{"powerlaw"}, "relu", 1}, {{"gamma(eta=0.01)"}, "relu", 1}, {{"beta"}, "relu", 0}};
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    limit_network network = network_of(cases[i].laws, cases[i].activation, 1, 0);
    output_density *density;
    const char *reason;
    check_ok(wlaw_output_density_new(&density, &reason, &network, cases[i].variance, err));
    assert_null(density);
    assert_non_null(reason);
    network_free(&network);
  }
  wlaw_error_free(err);
}

/* P(max |W| <= w): exp(-2 sqrt(2 / pi) / w) for the horseshoe; for Bernoulli nodes P(|N| <= w)^K, K Poisson(2); for
 * the law of fixed jumps a product. */
static void largest_weights(void **state) {
  (void)state;
  wlaw_law *horseshoe = law_of("horseshoe"), *bernoulli = law_of("bernoulli"), *fixed = law_of("powerlaw(s=3)"),
           *constant = law_of("constant"), *beta = law_of("beta");
  for (double w = 0.05; w < 50; w *= 1.7) {
    check_near(wlaw_max_weight_cdf(horseshoe, 1, w), exp(-2 * sqrt(2 / PI) / w), 1e-10);
    check_near(wlaw_max_weight_cdf(horseshoe, 4, 2 * w), exp(-2 * sqrt(2 / PI) / w), 1e-10);
    check_near(wlaw_max_weight_cdf(bernoulli, 1, w), exp(-2 * erfc(w / sqrt(2))), 1e-10);
    double product = 1;
    for (size_t j = 1; j < 2000; j++) product *= erf(w / sqrt(2 * fixed->ops->node->fixed_jump(fixed, j)));
    check_near(wlaw_max_weight_cdf(fixed, 1, w), product, 1e-12);
    assert_true(wlaw_max_weight_cdf(constant, 1, w) == 1);
  }
  check_near(wlaw_max_weight_cdf(bernoulli, 1, 0), exp(-2), 1e-15);
  /* measured atoms: each jump x has Poisson(weight) copies */
  double x[] = {0.1, 0.5, 2}, weight[] = {3, 0.7, 0.2}, se[] = {NAN, NAN, NAN};
  char name[] = "@atoms";
  const node_measure measure = {.name = name, .a = 0.4, .se_a = NAN, .n = 3, .x = x, .weight = weight, .se = se};
  wlaw_law *atoms;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_empirical_make(&atoms, &measure, err));
  double above = 0;
  for (int i = 0; i < 3; i++) above += weight[i] * erfc(0.8 / sqrt(2 * x[i]));
  check_near(wlaw_max_weight_cdf(atoms, 1, 0.8), exp(-above), 1e-14);
  wlaw_law_free(atoms);
  wlaw_error_free(err);
  wlaw_law *const laws[] = {horseshoe, beta, bernoulli, fixed};
  for (int i = 0; i < 4; i++)
    for (double p = 0.2; p < 1; p += 0.2) {
      const double w = wlaw_max_weight_quantile(laws[i], 2, p);
      check_near(wlaw_max_weight_cdf(laws[i], 2, w), p, 1e-9);
    }
  assert_true(wlaw_max_weight_quantile(bernoulli, 1, 0.1) == 0); /* below P(no node) = e^-2 */
  assert_true(wlaw_max_weight_quantile(constant, 1, 0.5) == 0);
  wlaw_law *const all[] = {horseshoe, bernoulli, fixed, constant, beta};
  for (int i = 0; i < 5; i++) wlaw_law_free(all[i]);
}

/* 3 (1 + 5 / p)^depth; Beta and Bernoulli nodes from E lambda and E lambda^2; inverse-gamma(2): infinite. */
static void kurtosis_at_finite_width(void **state) {
  (void)state;
  limit_network iid = NETWORK("relu", 1, 0, "constant", "constant", "constant"), beta = NETWORK("relu", 1, 0, "beta"),
                heavy = NETWORK("relu", 1, 0, "inverse-gamma"), bernoulli = NETWORK("relu", 1, 0, "bernoulli");
  const char *reason;
  for (size_t p = 10; p < 5000; p *= 3) {
    const double w = (double)p;
    check_near(wlaw_output_kurtosis_finite(&reason, &iid, 1, p), 3 * pow(1 + 5 / w, 3), 1e-10);
    assert_null(reason);
    const double a = 1 / w, mean = a / (a + 0.5), square = mean * (a + 1) / (a + 1.5);
    check_near(wlaw_output_kurtosis_finite(&reason, &beta, 1, p), 3 * (1 + (6 * square / (mean * mean) - 1) / w), 1e-9);
    check_near(wlaw_output_kurtosis_finite(&reason, &bernoulli, 1, p), 3 * (1 + (6 * w / 2 - 1) / w), 1e-9);
    assert_true(isinf(wlaw_output_kurtosis_finite(&reason, &heavy, 1, p)));
  }
  limit_network *const all[] = {&iid, &beta, &heavy, &bernoulli};
  for (int i = 0; i < 4; i++) network_free(all[i]);
}

static wlaw_status make(void *context, wlaw_error *err) {
  output_density *density;
  const char *reason;
  const wlaw_status status = wlaw_output_density_new(&density, &reason, context, 1, err);
  wlaw_output_density_free(density);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  limit_network network = NETWORK("relu", 1, 0, "horseshoe", "horseshoe");
  alloc_fail_each(make, &network);
  network_free(&network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(table_1),
      cmocka_unit_test(biases_at_any_depth),
      cmocka_unit_test(what_is_not_known_has_a_reason),
      cmocka_unit_test(tails),
      cmocka_unit_test(densities_with_names),
      cmocka_unit_test(atoms_make_a_mixture),
      cmocka_unit_test(densities_have_their_moments),
      cmocka_unit_test(densities_known_by_draws_only),
      cmocka_unit_test(largest_weights),
      cmocka_unit_test(kurtosis_at_finite_width),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
