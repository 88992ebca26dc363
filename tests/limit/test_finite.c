/* Networks of finite width: against exact moments at their width, and at width 2000 against the laws of infinite width.
 */
#include "core/parallel.h"
#include "limit/finite.h"
#include "limit/max_weight.h"
#include "limit/networks.h"
#include "limit/output_density.h"
#include "limit/output_law.h"
#include "math/special.h"
#include "support/alloc_fail.h"

#if defined(__SANITIZE_ADDRESS__)
enum { MANY = 4000, WIDE_SHARE = 20 };
#else
enum { MANY = 40000, WIDE_SHARE = 1 };
#endif

/* As in test_random_kernel.c: 1 of 16 000 for each mean, with fixed seeds. */
static const double Z_LIMIT = 4;

typedef struct batch {
  const finite_network *finite;
  size_t n, outputs, n_epsilons;
  double *z, *pruned, *largest, *scratch;
  size_t scratch_size;
} batch;

static wlaw_status draw_one(void *context, size_t k, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)stop;
  batch *b = context;
  const size_t size = b->outputs * b->n;
  return wlaw_finite_draw(b->finite, b->z + k * size, b->outputs, b->pruned + k * b->n_epsilons * size, b->largest + k,
                          11, k, b->scratch + worker * b->scratch_size, err);
}

static batch draw(const limit_network *network, const double *gram, size_t n, size_t width, const double *epsilon,
                  size_t n_epsilons, size_t outputs, size_t draws) {
  wlaw_error *err = wlaw_error_new();
  finite_network *finite;
  check_ok(wlaw_finite_new(&finite, network, gram, n, width, epsilon, n_epsilons, err));
  batch b = {finite,
             n,
             outputs,
             n_epsilons,
             doubles(draws * outputs * n),
             doubles(draws * n_epsilons * outputs * n),
             doubles(draws),
             NULL,
             wlaw_finite_scratch(finite)};
  b.scratch = doubles(2 * b.scratch_size);
  check_ok(wlaw_parallel(draws, 2, draw_one, &b, NULL, err));
  free(b.scratch);
  wlaw_finite_free(finite);
  wlaw_error_free(err);
  return b;
}

static void batch_free(batch *b) {
  free(b->z);
  free(b->pruned);
  free(b->largest);
}

static void check_sample(const double *x, size_t n, double want, const char *what) {
  double sum = 0, squares = 0;
  for (size_t k = 0; k < n; k++) sum += x[k] / (double)n;
  for (size_t k = 0; k < n; k++) squares += (x[k] - sum) * (x[k] - sum);
  const double error = sqrt(squares) / (double)n;
  if (!(fabs(sum - want) <= Z_LIMIT * error + 1e-12 * fabs(want)))
    fail_msg("%s: mean %.6g, expected %.6g +- %.2g", what, sum, want, error);
}

static double law_cdf(double z, const void *context) {
  double density, cdf;
  wlaw_output_density_at(context, z, &density, &cdf);
  return cdf;
}

/* Kolmogorov and Smirnov at the level 1e-3, relu, width 2000: normal, Cauchy, an atom e^-1 among mixtures, K0. The
 * distance of the laws themselves is about 1 / width, far below what these samples see. Beta nodes cost most. */
static void wide_networks_follow_the_limit(void **state) {
  (void)state;
  static const struct {
    const char *law;
    size_t draws;
  } cases[] = {{"constant", 20000}, {"horseshoe", 20000}, {"bernoulli", 20000}, {"beta", 4000}};
  wlaw_error *err = wlaw_error_new();
  const double gram = 1;
  for (size_t i = 0; i < 4; i++) {
    const size_t draws = cases[i].draws / WIDE_SHARE;
    limit_network network = NETWORK("relu", 1, 0, cases[i].law);
    output_density *law;
    const char *reason;
    check_ok(wlaw_output_density_new(&law, &reason, &network, 1, err));
    batch b = draw(&network, &gram, 1, 2000, NULL, 0, 1, draws);
    const double quantile = wlaw_max_weight_quantile(network.laws[0], 1, 0.75);
    size_t zeros = 0, below = 0;
    for (size_t k = 0; k < draws; k++) {
      zeros += b.z[k] == 0;
      below += b.largest[k] <= quantile;
    }
    const double p = ks_p_value(ks_distance(b.z, draws, law_cdf, law), (double)draws), n = (double)draws;
    if (!(p > 1e-3)) fail_msg("%s: p = %.2g", cases[i].law, p);
    const double atom = i == 2 ? exp(-1) : 0;
    check_near((double)zeros / n, atom, Z_LIMIT * sqrt(atom * (1 - atom) / n));
    if (i > 0) check_near((double)below / n, 0.75, Z_LIMIT * sqrt(0.1875 / n) + 1e-3); /* 1e-3: the width's */
    batch_free(&b);
    wlaw_output_density_free(law);
    network_free(&network);
  }
  wlaw_error_free(err);
}

/* E Z^2 and the kurtosis known for a width. */
static void kurtosis_is_exact_at_small_width(void **state) {
  (void)state;
  static const struct {
    const char *laws[3];
    double bias;
  } cases[] = {{{"constant"}, 0},
               {{"constant", "constant"}, 0.2},
               {{"bernoulli"}, 0},
               {{"beta(b=3)"}, 0.5},
               {{"gamma(eta=5)"}, 0},
               {{"inverse-gamma(shape=9)"}, 0.1},
               {{"powerlaw"}, 0},
               {{"powerlaw(s=0.5)", "gamma(eta=9)"}, 0.1},
               {{"regularised-horseshoe"}, 0.1}};
  enum { WIDTH = 12 };
  const double gram = 1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    limit_network network = network_of(cases[i].laws, "relu", 1, cases[i].bias);
    const char *reason;
    const double kurtosis = wlaw_output_kurtosis_finite(&reason, &network, 1 + cases[i].bias, WIDTH);
    double mean = 1 + cases[i].bias;
    for (size_t l = 0; l < network.depth; l++)
      mean = cases[i].bias + mean * 0.5 * WIDTH * network.laws[l]->ops->node->finite_moment(network.laws[l], 1, WIDTH);
    batch b = draw(&network, &gram, 1, WIDTH, NULL, 0, 1, MANY);
    for (size_t k = 0; k < MANY; k++) b.z[k] *= b.z[k];
    check_sample(b.z, MANY, mean, cases[i].laws[0]);
    for (size_t k = 0; k < MANY; k++) b.z[k] *= b.z[k];
    check_sample(b.z, MANY, kurtosis * mean * mean, cases[i].laws[0]);
    batch_free(&b);
    network_free(&network);
  }
}

/* E lambda and E lambda^2 of every law that has them, by draws of single nodes. */
static void moments_of_nodes(void **state) {
  (void)state;
  static const char *const laws[] = {"constant",
                                     "inverse-gamma(shape=7)",
                                     "bernoulli",
                                     "beta(eta=3,b=2)",
                                     "gamma(eta=9)",
                                     "regularised-horseshoe",
                                     "ggp(alpha=0.4,beta=2,mean=3)",
                                     "gbfry(alpha=0.3,tau=9)"};
  enum { WIDTH = 15 };
  double *x = doubles(MANY);
  for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
    wlaw_law *law = law_of(laws[i]);
    wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, 0, (uint32_t)i);
    law->ops->node->draw_log(law, x, 0, MANY, WIDTH, &stream);
    for (size_t k = 0; k < MANY; k++) x[k] = exp(x[k]);
    check_sample(x, MANY, law->ops->node->finite_moment(law, 1, WIDTH), laws[i]);
    for (size_t k = 0; k < MANY; k++) x[k] *= x[k];
    check_sample(x, MANY, law->ops->node->finite_moment(law, 2, WIDTH), laws[i]);
    wlaw_law_free(law);
  }
  static const char *const heavy[] = {"horseshoe", "positive-stable", "inverse-gamma(shape=2)",
                                      "gbfry(alpha=0.3,tau=1.5)"};
  for (size_t i = 0; i < 4; i++) {
    wlaw_law *law = law_of(heavy[i]);
    assert_true(isinf(law->ops->node->finite_moment(law, 2, WIDTH)));
    assert_true(isinf(law->ops->node->finite_moment(law, 1, WIDTH)) == (i < 2));
    wlaw_law_free(law);
  }
  free(x);
}

/* Bernoulli nodes of width p, relu: no active node in a layer with chance (1 - c / (2 p))^p, and then 0 for good.
 * Weights into an output: the largest is at most w with chance (1 - (c / p) P(|N| > w))^p. */
static void atoms(void **state) {
  (void)state;
  enum { WIDTH = 25 };
  limit_network network = NETWORK("relu", 1, 0, "bernoulli", "bernoulli", "bernoulli");
  const double gram = 1, none = pow(1 - 1.0 / WIDTH, WIDTH), zero = 1 - pow(1 - none, 3), w = 1.2;
  batch b = draw(&network, &gram, 1, WIDTH, NULL, 0, 1, MANY);
  for (size_t k = 0; k < MANY; k++) {
    b.z[k] = b.z[k] == 0;
    b.largest[k] = b.largest[k] <= w;
  }
  check_sample(b.z, MANY, zero, "P(Z = 0)");
  check_sample(b.largest, MANY, pow(1 - 2.0 / WIDTH * erfc(w / sqrt(2)), WIDTH), "largest weight");
  batch_free(&b);
  network_free(&network);
}

/* E (Z - Z_eps)^2 = E phi^2 p E lambda 1{lambda <= eps}, here p E lambda P(Gamma(shape + 1) <= eps); a threshold below
 * every lambda changes nothing; above every lambda the bias is left. */
static void pruning(void **state) {
  (void)state;
  enum { WIDTH = 20 };
  limit_network network = NETWORK("relu", 1, 0.3, "gamma(eta=4)");
  const double gram = 1, epsilon[] = {0, 0.1, 1, 1e9}, shape = 4.0 / WIDTH;
  batch b = draw(&network, &gram, 1, WIDTH, epsilon, 4, 1, MANY);
  double *x = doubles(MANY);
  for (size_t e = 0; e < 4; e++) {
    for (size_t k = 0; k < MANY; k++) {
      x[k] = pow(b.z[k] - b.pruned[k * 4 + e], 2);
      if (e == 0) check_near(b.pruned[k * 4], b.z[k], 1e-12);
    }
    if (e > 0) check_sample(x, MANY, 0.5 * 1.3 * 4 * wlaw_gamma_lower(shape + 1, epsilon[e]), "error of pruning");
  }
  for (size_t k = 0; k < MANY; k++) x[k] = b.pruned[k * 4 + 3] * b.pruned[k * 4 + 3];
  check_sample(x, MANY, 0.3, "what is left of a network without nodes");
  free(x);
  batch_free(&b);
  network_free(&network);
}

/* E z z' is the kernel, of one layer exactly; inputs that coincide have the same outputs. */
static void many_inputs(void **state) {
  (void)state;
  enum { N = 3, WIDTH = 10 };
  const double gram[N * N] = {1, 1, .4, 1, 1, .4, .4, .4, 2};
  limit_network network = NETWORK("relu", 1.1, 0.1, "gamma(eta=3)", "gamma(eta=3)");
  batch b = draw(&network, gram, N, WIDTH, NULL, 0, 2, MANY);
  double *x = doubles(MANY);
  for (size_t k = 0; k < MANY; k++) {
    check_near(b.z[k * 2 * N], b.z[k * 2 * N + 1], 1e-6 * (1 + fabs(b.z[k * 2 * N])));
    x[k] = b.z[k * 2 * N] * b.z[k * 2 * N + N]; /* two outputs */
  }
  check_sample(x, MANY, 0, "outputs are uncorrelated");
  for (size_t k = 0; k < MANY; k++) x[k] = pow(b.z[k * 2 * N + N + 2], 2);
  double variance = 0.1 + 1.1 * 2;
  for (int l = 0; l < 2; l++) variance = 0.1 + 1.1 * 3 * 0.5 * variance;
  check_sample(x, MANY, variance, "mean square of the third input");
  free(x);
  batch_free(&b);
  network_free(&network);
}

static void draws_are_functions_of_seed_and_number(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  limit_network network = NETWORK("relu", 1, 0.1, "beta", "gamma");
  const double gram[4] = {1, .5, .5, 1}, epsilon = 0.1;
  finite_network *plain, *pruned;
  check_ok(wlaw_finite_new(&plain, &network, gram, 2, 30, NULL, 0, err));
  check_ok(wlaw_finite_new(&pruned, &network, gram, 2, 30, &epsilon, 1, err));
  double *scratch = doubles(wlaw_finite_scratch(pruned)), a[6], b[6], c[6], less[6], largest;
  check_ok(wlaw_finite_draw(pruned, a, 3, less, &largest, 3, 5, scratch, err));
  check_ok(wlaw_finite_draw(pruned, c, 3, NULL, NULL, 3, 6, scratch, err));
  check_ok(wlaw_finite_draw(pruned, b, 3, NULL, NULL, 3, 5, scratch, err));
  assert_memory_equal(a, b, sizeof a);
  assert_true(a[0] != c[0] && a[0] != less[0] && largest > 0);
  free(scratch);
  wlaw_finite_free(plain);
  wlaw_finite_free(pruned);
  network_free(&network);
  wlaw_error_free(err);
}

static void faults_are_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  limit_network network = NETWORK("relu", 1, 0, "bernoulli(c=5)");
  finite_network *finite;
  const double gram = 1;
  check_status(wlaw_finite_new(&finite, &network, &gram, 1, 4, NULL, 0, err), WLAW_ARGUMENT); /* a chance of 5/4 */
  check_status(wlaw_finite_new(&finite, &network, &gram, 0, 40, NULL, 0, err), WLAW_LIMIT);
  check_status(wlaw_finite_new(&finite, &network, &gram, SIZE_MAX, 40, NULL, 0, err), WLAW_LIMIT);
  check_status(wlaw_finite_new(&finite, &network, &gram, 1, SIZE_MAX, NULL, 0, err), WLAW_LIMIT);
  check_status(wlaw_finite_new(&finite, &network, &gram, 1, 40, NULL, SIZE_MAX, err), WLAW_LIMIT);
  network.bias_variance = NAN;
  check_status(wlaw_finite_new(&finite, &network, &gram, 1, 40, NULL, 0, err), WLAW_ARGUMENT);
  network.bias_variance = 0;
  network_free(&network);
  network = NETWORK("linear", 1, 0, "constant(c=1e30)", "constant(c=1e30)");
  const double huge = 1e290;
  check_ok(wlaw_finite_new(&finite, &network, &huge, 1, 3, NULL, 0, err));
  double *scratch = doubles(wlaw_finite_scratch(finite)), z;
  check_status(wlaw_finite_draw(finite, &z, 1, NULL, NULL, 1, 0, scratch, err), WLAW_NUMERIC);
  free(scratch);
  wlaw_finite_free(finite);
  network_free(&network);
  wlaw_error_free(err);
}

static wlaw_status make(void *context, wlaw_error *err) {
  const double gram = 1, epsilon = 0.1;
  finite_network *finite;
  const wlaw_status status = wlaw_finite_new(&finite, context, &gram, 1, 10, &epsilon, 1, err);
  wlaw_finite_free(finite);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  limit_network network = NETWORK("relu", 1, 0, "beta");
  alloc_fail_each(make, &network);
  network_free(&network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wide_networks_follow_the_limit),
      cmocka_unit_test(kurtosis_is_exact_at_small_width),
      cmocka_unit_test(moments_of_nodes),
      cmocka_unit_test(atoms),
      cmocka_unit_test(pruning),
      cmocka_unit_test(many_inputs),
      cmocka_unit_test(draws_are_functions_of_seed_and_number),
      cmocka_unit_test(faults_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
