/* Draws of random kernels against exact means, transforms and laws, singular kernels, and what is refused. */
#include "limit/dual.h"
#include "limit/networks.h"
#include "limit/output_density.h"
#include "limit/sum_exponent.h"
#include "support/alloc_fail.h"

#if defined(__SANITIZE_ADDRESS__)
enum { DRAWS = 2000 };
#else
enum { DRAWS = 20000 };
#endif

/* A sample mean is within Z_LIMIT standard errors of its mean in all but 1 of 16 000 correct programs; the seeds are
 * fixed, so that here it either is or is not. */
static const double Z_LIMIT = 4;

typedef struct draws {
  double *z;      /* [DRAWS, outputs, n] */
  double *kernel; /* [DRAWS, n, n] */
} draws;

static draws draw(const limit_network *network, const double *gram, size_t n, double tolerance, size_t most,
                  size_t outputs) {
  wlaw_error *err = wlaw_error_new();
  random_kernel *kernel;
  check_ok(wlaw_random_kernel_new(&kernel, network, gram, n, tolerance, most, err));
  double *scratch = doubles(wlaw_random_kernel_scratch(kernel));
  draws out = {doubles(DRAWS * outputs * n), doubles(DRAWS * n * n)};
  for (size_t k = 0; k < DRAWS; k++)
    check_ok(
        wlaw_random_kernel_draw(kernel, out.z + k * outputs * n, outputs, out.kernel + k * n * n, 7, k, scratch, err));
  free(scratch);
  wlaw_random_kernel_free(kernel);
  wlaw_error_free(err);
  return out;
}

static void draws_free(draws *d) {
  free(d->z);
  free(d->kernel);
}

/* Of every step-th number. */
static void check_mean(const double *x, size_t step, double (*f)(double), double want, const char *what) {
  double sum = 0, squares = 0;
  for (size_t k = 0; k < DRAWS; k++) {
    const double y = f ? f(x[k * step]) : x[k * step];
    sum += y;
    squares += y * y;
  }
  const double mean = sum / DRAWS, error = sqrt((squares / DRAWS - mean * mean) / DRAWS);
  if (!(fabs(mean - want) <= Z_LIMIT * error + 1e-12 * fabs(want)))
    fail_msg("%s: mean %.6g, expected %.6g +- %.2g", what, mean, want, error);
}

static double half_exponential(double x) { return exp(-0.5 * x); }

/* linear: K = sum lambda_j N_j^2 has the mean E Lambda whatever the threshold; peeking at the first jump below it, and
 * taking that for the threshold, gives 2.50, 2.27 and 2.11 instead of 2. */
static void mean_does_not_depend_on_threshold(void **state) {
  (void)state;
  limit_network network = NETWORK("linear", 1, 0, "beta");
  const double one = 1;
  static const double tolerances[] = {2e-2, 2e-3, 2e-4, 1e-5};
  for (size_t i = 0; i < 4; i++) {
    draws d = draw(&network, &one, 1, tolerances[i], SIZE_MAX, 1);
    check_mean(d.kernel, 1, NULL, 2, "E K");
    draws_free(&d);
  }
  network_free(&network);
}

/* E exp(-K / 2) against the exact exponent. 10 jumps of a horseshoe and the mean of the rest err by less than 1e-4 (the
 * variance left out is 16 / (3 J^3), an eighth of it times E is the error); the plain sum of 10 jumps by 1.6e-2. */
static void few_jumps_and_a_mean_are_enough(void **state) {
  (void)state;
  limit_network network = NETWORK("linear", 1, 0, "horseshoe");
  const double one = 1;
  sum_nodes nodes;
  wlaw_sum_nodes(&nodes, &network.activation, 1);
  draws d = draw(&network, &one, 1, 1e-9, 10, 1);
  check_mean(d.kernel, 1, half_exponential, exp(-wlaw_sum_exponent(network.laws[0], &nodes, 0.5)), "10 jumps");
  draws_free(&d);
  network_free(&network);
}

static double law_cdf(double z, const void *context) {
  double density, cdf;
  wlaw_output_density_at(context, z, &density, &cdf);
  return cdf;
}

/* Kolmogorov and Smirnov at the level 1e-3 for each; with fixed seeds this is a number, not a chance. */
static void outputs_follow_their_laws(void **state) {
  (void)state;
  static const struct {
    const char *laws[4], *activation;
    double weight, bias;
  } cases[] = {
      {{"constant"}, "relu", 1, 0.2},
      {{"bernoulli"}, "relu", 1, 0},
      {{"beta"}, "relu", 1, 0},
      {{"beta(eta=1,b=2)"}, "erf", 2, 0.3},
      {{"horseshoe"}, "relu", 0.7, 0},
      {{"regularised-horseshoe"}, "abs", 1, 0.1},
      {{"gamma(eta=2,rate=1)"}, "relu", 1, 0},
      {{"ggp"}, "relu", 1, 0},
      {{"gbfry(alpha=0.3,tau=1.5)"}, "relu", 1, 0.1},
      {{"positive-stable(alpha=0.4)"}, "relu", 1, 0},
      {{"bernoulli", "bernoulli", "bernoulli"}, "relu", 1, 0},
      {{"beta", "constant", "horseshoe"}, "leaky-relu", 1, 0},
      {{"constant", "inverse-gamma", "beta"}, "erf", 1.5, 0.4},
      {{"bernoulli"}, "tanh", 1, 0},
      {{"beta"}, "sin(phase=0.5)", 1, 0.1},
      {{"bernoulli", "gamma"}, "sign", 1, 0.1},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    limit_network network = network_of(cases[i].laws, cases[i].activation, cases[i].weight, cases[i].bias);
    const double gram = 1.3, variance = cases[i].bias + cases[i].weight * gram;
    output_density *law;
    const char *reason;
    check_ok(wlaw_output_density_new(&law, &reason, &network, variance, err));
    if (!law) fail_msg("%s: %s", cases[i].laws[0], reason);
    draws d = draw(&network, &gram, 1, 1e-5, SIZE_MAX, 1);
    const double distance = ks_distance(d.z, DRAWS, law_cdf, law), p = ks_p_value(distance, DRAWS);
    if (!(p > 1e-3)) fail_msg("%s %s: D = %.4g, p = %.2g", cases[i].laws[0], cases[i].activation, distance, p);
    draws_free(&d);
    wlaw_output_density_free(law);
    network_free(&network);
  }
  wlaw_error_free(err);
}

/* Two layers and biases: the law is not known, its first two moments are: see test_output_law. Here E K of two inputs,
 * for relu: E K'(x, y) = sigma_b^2 + sigma_v^2 E Lambda E dual(K), E dual = dual(E K) only where K is a number, so that
 * the first layer is a Gaussian process. */
static void many_inputs_have_the_mean_kernel(void **state) {
  (void)state;
  enum { N = 4 };
  static const char *const laws[] = {"beta", "bernoulli", "ggp"};
  const double gram[N * N] = {1, .6, -.3, .1, .6, 2, .2, .4, -.3, .2, .5, 0, .1, .4, 0, .8};
  for (size_t l = 0; l < 3; l++) {
    limit_network network = NETWORK("relu", 1.2, 0.1, "constant(c=1.5)", laws[l]);
    draws d = draw(&network, gram, N, 1e-3, SIZE_MAX, 1);
    for (size_t i = 0; i < N; i++) {
      for (size_t j = 0; j < N; j++) {
        dual_pair pair = {0.1 + 1.2 * gram[i * N + i], 0.1 + 1.2 * gram[j * N + j],
                          1.2 * (gram[i * N + i] + gram[j * N + j] - 2 * gram[i * N + j])};
        for (size_t layer = 0; layer < 2; layer++) {
          const double unit = 1.2 * wlaw_node_mean(network.laws[layer]);
          dual_pair next;
          wlaw_dual_pair(&network.activation, pair, &next, NULL);
          pair = (dual_pair){0.1 + unit * next.a, 0.1 + unit * next.b, unit * next.d};
        }
        check_mean(d.kernel + i * N + j, N * N, NULL, 0.5 * (pair.a + pair.b - pair.d), laws[l]);
      }
    }
    draws_free(&d);
    network_free(&network);
  }
}

/* Of several inputs each follows the law of one; the last of two outputs too. */
static void each_input_follows_the_law_of_one(void **state) {
  (void)state;
  enum { N = 3 };
  const double gram[N * N] = {1, .9, 0, .9, 1, -.2, 0, -.2, 2};
  limit_network network = NETWORK("relu", 1, 0, "beta", "horseshoe");
  wlaw_error *err = wlaw_error_new();
  draws d = draw(&network, gram, N, 1e-5, SIZE_MAX, 2);
  double *z = doubles(DRAWS);
  for (size_t i = 0; i < N; i++) {
    output_density *law;
    const char *reason;
    check_ok(wlaw_output_density_new(&law, &reason, &network, gram[i * N + i], err));
    assert_non_null(law);
    for (size_t k = 0; k < DRAWS; k++) z[k] = d.z[k * 2 * N + N + i];
    const double p = ks_p_value(ks_distance(z, DRAWS, law_cdf, law), DRAWS);
    if (!(p > 1e-3)) fail_msg("input %zu: p = %.2g", i, p);
    wlaw_output_density_free(law);
  }
  free(z);
  draws_free(&d);
  wlaw_error_free(err);
  network_free(&network);
}

/* Inputs 0 and 1 coincide, 2 is twice 0, 3 is 0: with relu and no biases outputs are equal, twice as large and 0, to
 * the square root of the rounding of kernels; with Bernoulli nodes the rank is at most the number of ones. */
static void singular_kernels(void **state) {
  (void)state;
  enum { N = 5 };
  static const char *const laws[] = {"constant", "beta", "bernoulli", "horseshoe"};
  const double gram[N * N] = {1, 1, 2, 0, .5, 1, 1, 2, 0, .5, 2, 2, 4, 0, 1, 0, 0, 0, 0, 0, .5, .5, 1, 0, 1};
  for (size_t l = 0; l < 4; l++) {
    limit_network network = NETWORK("relu", 1, 0, laws[l], laws[l]);
    draws d = draw(&network, gram, N, 1e-3, SIZE_MAX, 1);
    for (size_t k = 0; k < DRAWS; k++) {
      const double *z = d.z + k * N, slack = 1e-7 * (fabs(z[0]) + sqrt(d.kernel[k * N * N]));
      check_near(z[1], z[0], slack);
      check_near(z[2], 2 * z[0], 2 * slack);
      check_near(z[3], 0, slack);
    }
    draws_free(&d);
    network_free(&network);
  }
}

/* Beside an input of size 1 one of size 1e-9, orthogonal to it, has 1e-18 of its kernel, which is no rounding error. */
static void small_inputs(void **state) {
  (void)state;
  const double gram[] = {1e-18, 0, 0, 1};
  limit_network network = NETWORK("relu", 1, 0, "beta");
  draws d = draw(&network, gram, 2, 1e-4, 1000, 1);
  double small = 0, large = 0;
  for (size_t k = 0; k < DRAWS; k++) {
    small += d.z[2 * k] * d.z[2 * k] / DRAWS;
    large += d.z[2 * k + 1] * d.z[2 * k + 1] / DRAWS;
  }
  const double error = sqrt(8.0 / DRAWS); /* E Z^2 = 1 of kurtosis 9 */
  check_near(large, 1, Z_LIMIT * error);
  check_near(small * 1e18, 1, Z_LIMIT * error);
  draws_free(&d);
  network_free(&network);
}

static void draws_are_functions_of_seed_and_number(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  limit_network network = NETWORK("relu", 1, 0.1, "beta", "gamma");
  const double gram[4] = {1, .5, .5, 1};
  random_kernel *kernel;
  check_ok(wlaw_random_kernel_new(&kernel, &network, gram, 2, 1e-3, SIZE_MAX, err));
  double *scratch = doubles(wlaw_random_kernel_scratch(kernel)), a[200], b[200], c[200];
  check_ok(wlaw_random_kernel_draw(kernel, a, 100, NULL, 3, 1ull << 33, scratch, err));
  check_ok(wlaw_random_kernel_draw(kernel, c, 100, NULL, 3, 0, scratch, err));
  check_ok(wlaw_random_kernel_draw(kernel, b, 100, NULL, 3, 1ull << 33, scratch, err));
  assert_memory_equal(a, b, sizeof a);
  assert_true(a[0] != c[0]);
  check_ok(wlaw_random_kernel_draw(kernel, b, 100, NULL, 4, 1ull << 33, scratch, err));
  assert_true(a[0] != b[0]);
  free(scratch);
  wlaw_random_kernel_free(kernel);
  wlaw_error_free(err);
  network_free(&network);
}

static void scale_is_where_the_transform_is_one_over_e(void **state) {
  (void)state;
  static const char *const laws[] = {"constant", "beta", "horseshoe", "gamma", "bernoulli(c=0.5)"};
  for (size_t i = 0; i < 5; i++) {
    wlaw_law *law = law_of(laws[i]);
    const double goal = i == 4 ? 0.25 : 1; /* P(Lambda = 0) = e^-1/2: half way down */
    check_near(wlaw_node_exponent(law, 1 / wlaw_node_scale(law)), goal, 1e-10);
    wlaw_law_free(law);
  }
}

static void faults_are_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  limit_network network = NETWORK("relu", 1, 0, "beta");
  random_kernel *kernel;
  const double gram[4] = {1, 0, 0, 1}, broken[4] = {1, NAN, NAN, 1}, huge[1] = {1e308};
  check_status(wlaw_random_kernel_new(&kernel, &network, gram, 2, 0, SIZE_MAX, err), WLAW_ARGUMENT);
  check_status(wlaw_random_kernel_new(&kernel, &network, gram, 2, -1, SIZE_MAX, err), WLAW_ARGUMENT);
  check_status(wlaw_random_kernel_new(&kernel, &network, gram, 2, NAN, SIZE_MAX, err), WLAW_ARGUMENT);
  check_status(wlaw_random_kernel_new(&kernel, &network, gram, 0, 1e-3, SIZE_MAX, err), WLAW_LIMIT);
  check_status(wlaw_random_kernel_new(&kernel, &network, gram, SIZE_MAX / 2, 1e-3, SIZE_MAX, err), WLAW_LIMIT);
  check_status(wlaw_random_kernel_new(&kernel, &network, broken, 2, 1e-3, SIZE_MAX, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "inputs 0 and 1"));
  limit_network wrong = network;
  wrong.depth = 0;
  check_status(wlaw_random_kernel_new(&kernel, &wrong, gram, 2, 1e-3, SIZE_MAX, err), WLAW_ARGUMENT);
  wrong = network;
  wrong.weight_variance = NAN;
  check_status(wlaw_random_kernel_new(&kernel, &wrong, gram, 2, 1e-3, SIZE_MAX, err), WLAW_ARGUMENT);
  wrong = network;
  wrong.bias_variance = -1;
  check_status(wlaw_random_kernel_new(&kernel, &wrong, gram, 2, 1e-3, SIZE_MAX, err), WLAW_ARGUMENT);
  wlaw_law *normal = law_of("normal");
  wrong = network;
  wrong.laws[0] = normal;
  assert_true(wlaw_random_kernel_new(&kernel, &wrong, gram, 2, 1e-3, SIZE_MAX, err) != WLAW_OK);
  wlaw_law_free(normal);
  wlaw_law *large = law_of("constant(c=1e10)");
  wrong = network;
  wrong.laws[0] = large;
  check_ok(wlaw_random_kernel_new(&kernel, &wrong, huge, 1, 1e-3, SIZE_MAX, err));
  double *scratch = doubles(wlaw_random_kernel_scratch(kernel)), z;
  check_status(wlaw_random_kernel_draw(kernel, &z, 1, NULL, 1, 0, scratch, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "hidden layer 1"));
  free(scratch);
  wlaw_random_kernel_free(kernel);
  wlaw_law_free(large);
  network_free(&network);
  wlaw_error_free(err);
}

static wlaw_status make(void *context, wlaw_error *err) {
  const double gram[4] = {1, 0, 0, 1};
  random_kernel *kernel;
  const wlaw_status status = wlaw_random_kernel_new(&kernel, context, gram, 2, 1e-3, SIZE_MAX, err);
  wlaw_random_kernel_free(kernel);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  limit_network network = NETWORK("relu", 1, 0, "beta", "horseshoe");
  alloc_fail_each(make, &network);
  network_free(&network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mean_does_not_depend_on_threshold),
      cmocka_unit_test(few_jumps_and_a_mean_are_enough),
      cmocka_unit_test(outputs_follow_their_laws),
      cmocka_unit_test(many_inputs_have_the_mean_kernel),
      cmocka_unit_test(each_input_follows_the_law_of_one),
      cmocka_unit_test(singular_kernels),
      cmocka_unit_test(small_inputs),
      cmocka_unit_test(draws_are_functions_of_seed_and_number),
      cmocka_unit_test(scale_is_where_the_transform_is_one_over_e),
      cmocka_unit_test(faults_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
