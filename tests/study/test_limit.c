/* The verb limit: its document beside published numbers and closed forms, draws and finite networks beside each other,
 * what it refuses, threads, cancelling, memory. */
#include "core/option.h"
#include "support/alloc_fail.h"
#include "support/test.h"
#include "tensor/writer.h"

extern const command_spec wlaw_command_limit;

typedef const char *setting[2];

static wlaw_status call(wlaw_result **result, const char *file, const setting *settings, size_t n, wlaw_error *err) {
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_limit, err);
  for (size_t i = 0; i < n && status == WLAW_OK; i++)
    status = wlaw_options_set(options, settings[i][0], settings[i][1], err);
  if (status == WLAW_OK) status = wlaw_limit(result, &file, file ? 1 : 0, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static wlaw_result *run(const setting *settings, size_t n) {
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_ok(call(&result, NULL, settings, n, err));
  wlaw_error_free(err);
  return result;
}

#define RUN(...) run((const setting[]){__VA_ARGS__}, sizeof((const setting[]){__VA_ARGS__}) / sizeof(setting))

static double number(const wlaw_result *result, const char *path) {
  double value = NAN;
  size_t n = 0;
  if (wlaw_result_get(result, path, &value, 1, &n, NULL) != WLAW_OK || n != 1) fail_msg("no number at %s", path);
  return value;
}

/* Caller frees. */
static char *json_of(const wlaw_result *result) {
  size_t n = 0;
  assert_int_equal(wlaw_result_json(result, NULL, 0, &n, NULL), WLAW_OK);
  char *text = malloc(n);
  assert_non_null(text);
  assert_int_equal(wlaw_result_json(result, text, n, NULL, NULL), WLAW_OK);
  return text;
}

static void check_says(const wlaw_result *result, const char *words) {
  char *text = json_of(result);
  if (!strstr(text, words)) fail_msg("the document does not say '%s': %.3000s", words, text);
  free(text);
}

/* Kurtosis, correlation and P(Z = 0) of Lee et al. (2023), table 1 made explicit; deep networks by homogeneity. */
static void closed_forms(void **state) {
  (void)state;
  static const struct {
    const char *law, *depth;
    double kurtosis, correlation, zero, mean;
  } cases[] = {
      {"constant(c=2)", "1", 3, 0, 0, 2},
      {"inverse-gamma(shape=2,scale=2)", "1", 3, 0, 0, 2},
      {"bernoulli(c=2)", "1", 12, 3.0 / 11.0, 0.36787944117144233, 2},
      {"beta(eta=1,b=0.5)", "1", 9, 0.25, 0, 2},
      {"beta(eta=0.5,b=0.5)", "1", 15, 2.0 / 7.0, 0, 1}, /* the scaling of the published experiments */
      {"bernoulli(c=1)", "1", 21, 0.3, 0.60653065971263342, 1},
      {"beta(eta=1,b=0.5)", "3", 81, 0.325, 0, 2},
      {"bernoulli(c=2)", "3", 192, 189.0 / 573.0, 0.74741955, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_result *result = RUN({"law", cases[i].law}, {"depth", cases[i].depth});
    check_near(number(result, "outputs.kurtosis"), cases[i].kurtosis, 1e-10 * cases[i].kurtosis);
    /* (kurtosis - 3) / (3 kurtosis - 3): Var S / (3 E S^2 - (E S)^2) with kurtosis 3 E S^2 / (E S)^2 */
    const double correlation = (cases[i].kurtosis - 3.0) / (3.0 * cases[i].kurtosis - 3.0);
    check_near(number(result, "outputs.square_correlation"), correlation, 1e-10);
    check_near(correlation, cases[i].correlation, 1e-15);
    check_near(number(result, "outputs.probability_zero"), cases[i].zero, 1e-8);
    check_near(number(result, "levy.mean"), cases[i].mean, 1e-12);
    wlaw_result_free(result);
  }
}

/* Laplace transforms of sums, heaviest laws, pruning: published numbers to the digits given. */
static void numbers_of_layers(void **state) {
  (void)state;
  double laplace[6], slope;
  size_t n = 0;
  wlaw_result *beta = RUN({"law", "beta(eta=1,b=0.5)"}, {"epsilon", "0.01"});
  assert_int_equal(wlaw_result_get(beta, "levy.laplace.value", laplace, 6, &n, NULL), WLAW_OK);
  assert_int_equal(n, 6);
  check_near(laplace[2], 0.4260, 5e-5); /* s = .5, 1, 3 */
  check_near(laplace[3], 0.2279, 5e-5);
  check_near(laplace[5], 0.0590, 5e-5);
  const double error = 1.0 - sqrt(1.0 - 0.01); /* E max(0, N)^2 t(eps), t = 2 (1 - sqrt(1 - eps)) */
  check_near(number(beta, "truncation.error"), error, 1e-13);
  check_near(number(beta, "active_nodes.0.expected"), 2.0 * atanh(sqrt(1.0 - 0.01)), 1e-12);
  wlaw_result_free(beta);
  wlaw_result *horseshoe = RUN({"law", "horseshoe(c=3.141592653589793)"});
  assert_int_equal(wlaw_result_get(horseshoe, "levy.laplace.value", laplace, 6, &n, NULL), WLAW_OK);
  check_near(laplace[0], 0.4526, 5e-5); /* s = .05, .5, 2 */
  check_near(laplace[2], 0.0815, 5e-5);
  check_near(laplace[4], 0.00665, 5e-6);
  check_says(horseshoe, "Cauchy");
  double largest[6]; /* P(max abs W <= w) = exp(-2 sqrt(2 / pi) / w) */
  assert_int_equal(wlaw_result_get(horseshoe, "max_weight.quantile", largest, 6, &n, NULL), WLAW_OK);
  check_near(largest[2], 2.0 * sqrt(2.0 / acos(-1.0)) / log(2.0), 1e-9);
  wlaw_result_free(horseshoe);
  /* slopes of the published truncation experiment, exact at its thresholds below 1 */
  static const char thresholds[] =
      "1e-5,3.5938e-5,1.29155e-4,4.64159e-4,1.66810e-3,5.99484e-3,0.0215443,0.0774264,0.278256";
  static const struct {
    const char *law;
    double slope;
  } slopes[] = {{"gbfry(alpha=0.1,tau=5,c=0.8163265306122449)", 0.890},
                {"gbfry(alpha=0.3,tau=5,c=0.851063829787234)", 0.692},
                {"gbfry(alpha=0.5,tau=5,c=0.8888888888888888)", 0.494}};
  for (size_t i = 0; i < 3; i++) {
    wlaw_result *result = RUN({"law", slopes[i].law}, {"epsilon", thresholds});
    check_near(number(result, "levy.mean"), 1.0, 1e-12);
    check_near(number(result, "truncation.fitted_slope"), slopes[i].slope, 0.0015); /* published to three digits */
    assert_int_equal(wlaw_result_get(result, "truncation.slope", &slope, 1, &n, NULL), WLAW_OK);
    check_near(slope, 0.9 - 0.2 * (double)i, 1e-12);
    wlaw_result_free(result);
  }
}

/* Draws of the limit and finite networks beside it, published experiment (relu, one input, two outputs, sums near 1;
 * fixed seed). z-limit 4; mutual information within .04 of what was published for 5000 draws at width 2000, which
 * docs/VALIDATION.md has: here width 300 is near enough. */

static void notebook(void **state) {
  (void)state;
  static const struct {
    const char *law;
    double information;
  } cases[] = {{"constant(c=1)", 0.049},
               {"inverse-gamma(shape=2,scale=1)", 0.052},
               {"beta(eta=0.5,b=0.5)", 0.327},
               {"bernoulli(c=1)", 0.505},
               {"horseshoe(c=1.5707963267948966)", 0.384},
               {"gbfry(alpha=0.5,tau=2,c=0.6666666666666666)", 0.163}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_result *result = RUN({"law", cases[i].law}, {"width", "300"}, {"draws", "5000"}, {"epsilon", ""});
    char path[64];
    check_near(number(result, "finite.0.mutual_information.plug_in"), cases[i].information, 0.04);
    check_near(number(result, "draws.mutual_information.plug_in"), cases[i].information, 0.04);
    assert_true(number(result, "draws.mutual_information.corrected") <
                number(result, "draws.mutual_information.plug_in"));
    size_t scores = 0;
    for (size_t q = 0; q < 7; q++) {
      snprintf(path, sizeof path, "finite.0.comparisons.%zu.z", q);
      const double z = number(result, path);
      if (!isnan(z)) scores++;
      if (fabs(z) > 4.0) fail_msg("%s: comparison %zu has z = %g", cases[i].law, q, z);
    }
    assert_true(scores >= 3); /* quantiles are always there */
    assert_true(number(result, "finite.0.ks.p_value") > 1e-3);
    assert_true(number(result, "draws.ks.p_value") > 1e-3);
    if (strncmp(cases[i].law, "inverse", 7) == 0) { /* a normal limit, and no fourth moment at any width */
      assert_true(isnan(number(result, "finite.0.kurtosis")));
      check_near(number(result, "outputs.kurtosis"), 3, 1e-12);
      check_says(result, "compare quantiles");
    }
    wlaw_result_free(result);
  }
}

/* One layer: what pruning costs at infinite width is what finite networks lose. z-limit 4 for four thresholds. */
static void pruned_networks(void **state) {
  (void)state;
  wlaw_result *result = RUN({"law", "gamma(eta=2,rate=1)"}, {"width", "500"}, {"draws", "4000"},
                            {"epsilon", "0.01,0.1,0.5,2"}, {"fraction", "0,0.5,1"});
  double z[4];
  size_t n = 0;
  assert_int_equal(wlaw_result_get(result, "finite.0.truncation.z", z, 4, &n, NULL), WLAW_OK);
  assert_int_equal(n, 4);
  for (size_t e = 0; e < 4; e++)
    if (!(fabs(z[e]) <= 4.0)) fail_msg("pruning at threshold %zu: z = %g", e, z[e]);
  assert_true(number(result, "finite.0.max_weight.ks.p_value") > 1e-3);
  check_near(number(result, "fractions.0.share"), 0, 0);
  check_near(number(result, "fractions.2.share"), 1, 1e-12);
  wlaw_result_free(result);
}

static void deep_networks(void **state) {
  (void)state;
  wlaw_result *result = RUN({"law", "beta(eta=1,b=0.5);bernoulli(c=2);constant(c=2)"}, {"draws", "20000"},
                            {"width", "200"}, {"epsilon", "0.01"});
  check_near(number(result, "depth"), 3, 0);
  /* E S^2 / (E S)^2 = 3, 4 and 1 */
  check_near(number(result, "outputs.kurtosis"), 36, 1e-9);
  check_near(number(result, "outputs.probability_zero"), exp(-1.0), 1e-12);
  const double zero = number(result, "draws.probability_zero");
  check_near(zero, exp(-1.0), 4.0 * sqrt(exp(-1.0) * (1.0 - exp(-1.0)) / 20000.0));
  check_near(number(result, "draws.mean_square"), 1.0, 4.0 * number(result, "draws.se_mean_square"));
  assert_true(number(result, "finite.0.truncation.error") <=
              number(result, "truncation.bound") + 4.0 * number(result, "finite.0.truncation.standard_error"));
  assert_true(isnan(number(result, "truncation.error")));
  wlaw_result_free(result);
  wlaw_result *heavy = RUN({"law", "horseshoe(c=1)"}, {"depth", "2"}, {"epsilon", "0.01"}, {"draws", "1000"});
  assert_true(isinf(number(heavy, "truncation.bound")));
  assert_true(isnan(number(heavy, "draws.kurtosis")));
  check_says(heavy, "infinite mean");
  wlaw_result_free(heavy);
}

/* Every cell of table 1 against the closed forms of the paper. */
static void table(void **state) {
  (void)state;
  wlaw_result *result = RUN({"table", "true"});
  static const struct {
    double a, mean, variance, laplace, rate, median, kurtosis, correlation, tail;
  } rows[] = {
      {2, 2, 0, 0.1353352832366127, NAN, 0, 3, 0, INFINITY},
      {2, 2, 0, 0.1353352832366127, NAN, 0, 3, 0, INFINITY},
      {0, 2, 2, 0.2824535248360457, NAN, NAN, 12, 3.0 / 11.0, INFINITY}, /* exp(-2 (1 - 1/e)) */
      {0, 2, 4.0 / 3.0, 0.2279, 1, NAN, 9, 0.25, INFINITY},
      {0, INFINITY, INFINITY, 0.028873, 2, 2.3022082, INFINITY, NAN, 1}, /* exp(-2 sqrt pi), 2 sqrt(2/pi) / ln 2 */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char path[64];
    const struct {
      const char *key;
      double want, tolerance;
    } cells[] = {{"a", rows[i].a, 0},
                 {"levy.mean", rows[i].mean, 1e-12},
                 {"levy.variance", rows[i].variance, 1e-12},
                 {"laplace", rows[i].laplace, 5e-5},
                 {"jumps.rate", rows[i].rate, 1e-9},
                 {"max_weight.median", rows[i].median, 1e-6},
                 {"kurtosis", rows[i].kurtosis, 1e-9},
                 {"square_correlation", rows[i].correlation, 1e-12},
                 {"tail_index", rows[i].tail, 1e-12}};
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
      snprintf(path, sizeof path, "rows.%zu.%s", i, cells[c].key);
      const double got = number(result, path), want = cells[c].want;
      if (isnan(want) || isinf(want)) {
        if (isinf(want) && !isinf(got)) fail_msg("%s is %g", path, got);
        continue;
      }
      if (!(fabs(got - want) <= cells[c].tolerance)) fail_msg("%s is %.12g, not %.12g", path, got, want);
    }
  }
  static const char *const words[] = {"\"normal\"", "\"normal product\"", "\"Cauchy\"", "\"O(j^-2)\"", "\"finite\""};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) check_says(result, words[i]);
  wlaw_result_free(result);
}

/* ---- inputs */

static const char *write_inputs(const char *name, const double *x, size_t rank, const uint64_t *shape) {
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch(name);
  tensor_spec spec = {.name = "x", .dtype = WLAW_F64, .rank = rank};
  tensor_writer *writer = NULL;
  size_t n = 1;
  for (size_t i = 0; i < rank; i++) n *= (size_t)(spec.shape[i] = shape[i]);
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, x, n * sizeof *x, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return path;
}

static void inputs_from_a_file(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  const double x[] = {2, 0, 1, 1, 1, 1, 0, 0}; /* inputs 1 and 2 coincide, input 3 is 0 */
  const char *path = write_inputs("inputs.npy", x, 2, (const uint64_t[]){4, 2});
  const char *out = test_scratch("limit-outputs.npy");
  const setting settings[] = {{"law", "bernoulli(c=2)"}, {"draws", "300"},  {"output", out},
                              {"outputs", "3"},          {"force", "true"}, {"weight-variance", "3"}};
  check_ok(call(&result, path, settings, sizeof settings / sizeof *settings, err));
  check_near(number(result, "inputs"), 4, 0);
  check_near(number(result, "variance"), 6, 1e-15); /* 3 * 4 / 2 */
  /* of the first input, not of the others: E Z^2 = 3 E Lambda E max(0, N(0, 6))^2 */
  check_near(number(result, "outputs.mean_square"), 18, 1e-12);
  check_near(number(result, "draws.mean_square"), 18, 4.0 * number(result, "draws.se_mean_square"));
  assert_true(number(result, "draws.se_mean_square") < 4.0);
  check_says(result, "Inputs 1 and 2 coincide");
  check_says(result, "Features of input 3 are all 0");
  wlaw_result_free(result);
  wlaw_tensors *tensors = NULL;
  double z[300 * 3 * 4];
  check_ok(wlaw_tensors_open(&tensors, out, err));
  assert_int_equal(wlaw_tensors_rank(tensors, 0), 3);
  check_ok(wlaw_tensors_read(tensors, 0, 0, sizeof z / sizeof *z, z, err));
  wlaw_tensors_close(tensors);
  for (size_t i = 0; i < 900; i++) {
    check_near(z[4 * i + 3], 0, 0);
    check_near(z[4 * i + 1], z[4 * i + 2], 1e-6 * (1.0 + fabs(z[4 * i + 1])));
  }
  wlaw_error_free(err);
}

/* Two networks of four nodes: above the threshold an atom each, of weight 1/2 and Poisson error 1/2; the rest, .3 and
 * .4, is a = .35 with the error .05. */
static void measured_laws(void **state) {
  (void)state;
  static const double lambda[] = {1, .1, .1, .1, .1, 2, .2, .1};
  static const tensor_spec spec = {"", WLAW_F64, 2, {2, 4}};
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("lambda.npy");
  tensor_writer *writer = NULL;
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, lambda, sizeof lambda, err));
  check_ok(wlaw_writer_commit(writer, err));
  char law[4200];
  snprintf(law, sizeof law, "empirical(@%s,threshold=0.5)", path);
  wlaw_result *result = RUN({"law", law}, {"epsilon", ""});
  check_near(number(result, "a"), .35, 1e-15);
  check_near(number(result, "levy.mean"), 1.85, 1e-15);
  check_near(number(result, "levy.variance"), 2.5, 1e-15);
  check_near(number(result, "layers.0.measured.se_a"), .05, 1e-15);
  check_near(number(result, "layers.0.measured.se_mean"), sqrt(.05 * .05 + .25 + 1), 1e-15);
  check_near(number(result, "layers.0.measured.se_variance"), sqrt(.25 + 4), 1e-15);
  check_near(number(result, "layers.0.measured.atoms"), 2, 0);
  check_says(result, "The law of layer 1 was measured: a = 0.35 +- 0.05");
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void what_is_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const double zeros[] = {0, 0, 1, 1}, wrong[] = {1, 2, NAN, 4};
  const char *zero = write_inputs("zeros.npy", zeros, 2, (const uint64_t[]){2, 2});
  const char *cube = write_inputs("cube.npy", zeros, 3, (const uint64_t[]){1, 2, 2});
  const char *nan = write_inputs("nan.npy", wrong, 2, (const uint64_t[]){2, 2});
  const struct {
    const char *file, *name, *value, *words;
    wlaw_status status;
  } cases[] = {
      {NULL, "law", "", "needs --law", WLAW_ARGUMENT},
      {NULL, "law", "bta", "did you mean 'beta'", WLAW_NAME},
      {NULL, "law", "permutation", "it has: draw, fit, distance", WLAW_ARGUMENT},
      {NULL, "law", "beta;;beta", "no law for hidden layer 2", WLAW_ARGUMENT},
      {NULL, "law", "positive-stable(alpha=1.5)", "alpha", WLAW_ARGUMENT},
      {NULL, "law", "inverse-gamma(shape=0.5)", "no mean", WLAW_ARGUMENT},
      {NULL, "activation", "rel", "did you mean 'relu'", WLAW_NAME},
      {NULL, "variance", "1e-3", "less than the biases", WLAW_ARGUMENT},
      {zero, "bias-variance", "0", "the first input is 0", WLAW_VALUE},
      {cube, "bias-variance", "0", "3 dimensions", WLAW_SHAPE},
      {nan, "bias-variance", "0", "feature 0 of input 1", WLAW_VALUE},
      {zero, "inputs", "3", "give one", WLAW_ARGUMENT},
      {NULL, "output", "outputs.txt", "must end in", WLAW_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_result *result = NULL;
    const setting settings[] = {{"law", "beta"}, {"bias-variance", "0.1"}, {cases[i].name, cases[i].value}};
    const wlaw_status status = call(&result, cases[i].file, settings, 3, err);
    if (status != cases[i].status || !strstr(wlaw_error_message(err), cases[i].words))
      fail_msg("case %zu: %s: %s", i, wlaw_status_name(status), wlaw_error_message(err));
  }
  wlaw_error_free(err);
}

/* ---- threads, cancelling, memory */

static void threads_change_nothing(void **state) {
  (void)state;
  char *before = NULL;
  for (const char *threads = "137"; *threads; threads++) {
    const char count[] = {*threads, '\0'};
    wlaw_result *result =
        RUN({"law", "horseshoe(c=1);beta"}, {"draws", "300"}, {"width", "20,50"}, {"inputs", "3"}, {"threads", count});
    char *text = json_of(result);
    if (before) assert_string_equal(before, text);
    free(before);
    before = text;
    wlaw_result_free(result);
  }
  free(before);
}

static int stop(void *user, double fraction, const char *what) {
  (void)what;
  double *last = user;
  if (fraction < *last) fail_msg("progress went back from %g to %g", *last, fraction);
  *last = fraction;
  return fraction > 0.0;
}

static void cancelling(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  double last = 0;
  check_ok(wlaw_options_make(&options, &wlaw_command_limit, err));
  check_ok(wlaw_options_set(options, "law", "gbfry(alpha=0.8)", err));
  check_ok(wlaw_options_set(options, "draws", "10000000", err));
  check_status(wlaw_limit(&result, NULL, 0, options, stop, &last, err), WLAW_CANCELLED);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

static wlaw_status limit_and_free(wlaw_error *err) {
  wlaw_result *result = NULL;
  const setting settings[] = {{"law", "bernoulli(c=1);constant"},
                              {"draws", "100"},
                              {"width", "3"},
                              {"epsilon", "0.1"},
                              {"threads", "1"},
                              {"inputs", "2"},
                              {"fraction", "0.5"},
                              {"features", "3"}};
  const wlaw_status status = call(&result, NULL, settings, sizeof settings / sizeof *settings, err);
  wlaw_result_free(result);
  return status;
}

static wlaw_status table_and_free(wlaw_error *err) {
  wlaw_result *result = NULL;
  const wlaw_status status = call(&result, NULL, (const setting[]){{"table", "true"}}, 1, err);
  wlaw_result_free(result);
  return status;
}

/* A z-score is one: over 40 seeds of networks wide enough to have the law of their limit, each has a mean square of 1
 * (at most 1 + 4.5 sqrt(2 / 40); at least 0.3, as a mean square of 40 normal numbers has but for a chance of 1e-5), and
 * none is beyond 4.5. By errors estimated from one sample quantiles and kurtosis go beyond 5. */
static void scores_are_scores(void **state) {
  (void)state;
  static const char *const laws[] = {"bernoulli(c=2)", "gamma(eta=1,rate=1)", "horseshoe"};
#if defined(__SANITIZE_ADDRESS__)
  enum { SEEDS = 4 };
#else
  enum { SEEDS = 40 };
#endif
  enum { ROWS = 7 };
  for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
    double squares[ROWS] = {0};
    for (int seed = 0; seed < SEEDS; seed++) {
      char text[16], path[64];
      snprintf(text, sizeof text, "%d", seed);
      wlaw_result *result =
          RUN({"law", laws[i]}, {"width", "100"}, {"draws", "300"}, {"epsilon", "0.1"}, {"seed", text});
      for (size_t q = 0; q < ROWS; q++) {
        snprintf(path, sizeof path, "finite.0.comparisons.%zu.z", q);
        const double z = number(result, path);
        if (fabs(z) > 4.5) fail_msg("%s, seed %d: comparison %zu has z = %g", laws[i], seed, q, z);
        squares[q] += isnan(z) ? 0.0 : z * z / SEEDS;
      }
      wlaw_result_free(result);
    }
    for (size_t q = 0; q < ROWS && SEEDS >= 40; q++)
      if (squares[q] > 2.0 || (squares[q] < 0.3 && squares[q] > 0.0))
        fail_msg("%s: the variance of z %zu is %g", laws[i], q, squares[q]);
  }
}

/* Numbers at the ends of doubles: a sentence or a null with its reason, no failure. */
static void ends_of_the_range(void **state) {
  (void)state;
  wlaw_result *result =
      RUN({"law", "powerlaw(s=1,c=1e-100)"}, {"activation", "exp"}, {"bias-variance", "1e12"}, {"epsilon", ""});
  check_says(result, "the kernel leaves the range of doubles");
  wlaw_result_free(result);
  result = RUN({"law", "gamma(eta=1e-3,rate=1e-100)"}, {"draws", "100"});
  check_near(number(result, "outputs.kurtosis"), 18003, 1e-6);
  wlaw_result_free(result);
  result = RUN({"law", "ggp(alpha=1e-12,beta=1e-100,mean=1e97)"}, {"draws", "100"});
  wlaw_result_free(result);
  result = RUN({"law", "gbfry(alpha=0.001,tau=0.001000001,c=1e-12)"});
  check_says(result, "the Laplace exponent of the node variances leaves the range of doubles");
  wlaw_result_free(result);
  wlaw_error *err = wlaw_error_new();
  const setting large[] = {{"law", "horseshoe(c=1e100)"}, {"draws", "100"}};
  check_status(call(&result, NULL, large, 2, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "square is no double"));
  wlaw_error_free(err);
  result = RUN({"law", "bernoulli(c=2)"}, {"width", "500"}, {"draws", "1000"}, {"epsilon", "0.1"});
  check_near(number(result, "finite.0.truncation.error"), 0, 0); /* not 1e-33 */
  check_near(number(result, "finite.0.truncation.z"), 0, 0);
  wlaw_result_free(result);
  result = RUN({"law", "beta; gamma"}, {"width", "5"}, {"draws", "100"}, {"epsilon", "0.1"});
  assert_true(isnan(number(result, "finite.0.truncation.z")));
  check_says(result, "the error is bounded, not known");
  wlaw_result_free(result);
}

/* Most of thousands of allocations are numbers of the document: each of the first twelve is refused, and further on one
 * in so many that each is a twelfth behind the one before. */
static void refuse_some(wlaw_status (*action)(wlaw_error *)) {
  wlaw_error *err = wlaw_error_new();
  size_t refused = 1;
  check_ok(action(err)); /* what libraries keep is there from now on */
  for (size_t nth = 1; refused; nth += 1 + nth / 12) {
    const long live = alloc_live();
    alloc_fail_start(nth, false);
    const wlaw_status status = action(err);
    refused = alloc_fail_stop();
    if (status != WLAW_OK && status != WLAW_MEMORY)
      fail_msg("allocation %zu refused: %s", nth, wlaw_error_message(err));
    if (alloc_live() != live) fail_msg("allocation %zu refused: %ld blocks are left", nth, alloc_live() - live);
  }
  wlaw_error_free(err);
}

static void memory_may_be_refused(void **state) {
  (void)state;
  refuse_some(limit_and_free);
  refuse_some(table_and_free);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms),       cmocka_unit_test(numbers_of_layers),
      cmocka_unit_test(notebook),           cmocka_unit_test(pruned_networks),
      cmocka_unit_test(deep_networks),      cmocka_unit_test(table),
      cmocka_unit_test(inputs_from_a_file), cmocka_unit_test(measured_laws),
      cmocka_unit_test(what_is_refused),    cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(cancelling),         cmocka_unit_test(scores_are_scores),
      cmocka_unit_test(ends_of_the_range),  cmocka_unit_test(memory_may_be_refused),
  };
  return cmocka_run_group_tests_name("study.limit", tests, NULL, NULL);
}
