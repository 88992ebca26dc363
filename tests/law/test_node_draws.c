/* Node variances at finite width: each law's own distribution function, the null-array criterion that defines (a, rho),
 * and the laws of sums and maxima that the limit predicts. Random at fixed seeds; what a comparison may be off by
 * stands in nodes.h. */
#include "math/special.h"
#include "nodes.h"

static wlaw_stream stream_of(uint32_t number) { return wlaw_stream_start(2023, STREAM_TEST, number, 0); }

/* P(lambda <= x) for ln x, of width p; p * values as in the parameter tables. */
typedef double (*distribution)(const double *values, double width, double log_x);

static double inverse_gamma_cdf(const double *v, double p, double log_x) {
  return wlaw_gamma_upper(v[0], v[1] / p * exp(-log_x));
}

/* From its complement near 1, which doubles resolve less well than their logarithms; below the range of doubles x^a /
 * (a B(a, b)), a = eta / p. */
static double beta_cdf(const double *v, double p, double log_x) {
  const double a = v[0] / p, b = v[1];
  if (log_x > -0.1) return 1 - wlaw_beta_lower(b, a, -expm1(log_x));
  if (log_x > -600) return wlaw_beta_lower(a, b, exp(log_x));
  return exp(a * log_x + wlaw_log_gamma(a + b) - wlaw_log_gamma(a + 1) - wlaw_log_gamma(b));
}

static double horseshoe_cdf(const double *v, double p, double log_x) {
  return 2 / acos(-1.0) * atan(exp(0.5 * log_x) * p / v[0]);
}

static double regularised_cdf(const double *v, double p, double log_x) {
  return horseshoe_cdf(v, p, log_x - log1p(-exp(log_x) / v[1]));
}

/* alpha = 1/2: Levy's law, E exp(-s X) = exp(-sqrt(2 scale s)). */
static double levy_cdf(const double *v, double p, double log_x) {
  const double k = v[1] / p, scale = 0.5 * acos(-1.0) * k * k; /* kappa Gamma(1/2) = sqrt(2 scale) */
  return erfc(sqrt(0.5 * scale * exp(-log_x)));
}

static double gamma_cdf(const double *v, double p, double log_x) {
  const double a = v[0] / p, y = log_x + log(v[1]);
  return y > -600 ? wlaw_gamma_lower(a, exp(y)) : exp(a * y - wlaw_log_gamma(a + 1));
}

static void nodes_have_their_law(void **state) {
  (void)state;
  static const struct {
    const char *text;
    distribution cdf;
    size_t width;
  } list[] = {
      {"inverse-gamma", inverse_gamma_cdf, 10},
      {"inverse-gamma(shape=1.1,scale=30)", inverse_gamma_cdf, 2000},
      {"beta", beta_cdf, 1},
      {"beta", beta_cdf, 2000},
      {"beta(eta=3,b=0.02)", beta_cdf, 10},
      {"beta(eta=0.1,b=20)", beta_cdf, 100000},
      {"gamma(eta=2,rate=5)", gamma_cdf, 20000},
      {"horseshoe", horseshoe_cdf, 1},
      {"horseshoe(c=0.2)", horseshoe_cdf, 3000},
      {"regularised-horseshoe(c=5,slab=0.3)", regularised_cdf, 7},
      {"positive-stable", levy_cdf, 1},
      {"positive-stable(alpha=0.5,kappa=0.01)", levy_cdf, 500},
  };
  const size_t n = (size_t)(50000 * EFFORT);
  double *u = malloc(n * sizeof *u);
  assert_non_null(u);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    wlaw_law *law = law_of(list[i].text);
    wlaw_stream stream = stream_of((uint32_t)i);
    law->ops->node->draw_log(law, u, 0, n, list[i].width, &stream);
    for (size_t k = 0; k < n; k++) u[k] = list[i].cdf(law->values, (double)list[i].width, u[k]);
    check_uniform(u, n, 0, list[i].text);
    wlaw_law_free(law);
  }
  free(u);
}

/* Positive stable variables of other indices by their Laplace transform, at every width that of the limit. */
static void stable_sums_at_any_width(void **state) {
  (void)state;
  static const double alphas[] = {0.15, 0.35, 0.7, 0.97}, s[] = {0.01, 0.3, 2, 50};
  static const size_t widths[] = {1, 2, 17};
  double lambda[17];
  for (size_t a = 0; a < 4; a++)
    for (size_t w = 0; w < 3; w++) {
      char text[60];
      tally sums[4] = {{0}};
      snprintf(text, sizeof text, "positive-stable(alpha=%g,kappa=0.8)", alphas[a]);
      wlaw_law *law = law_of(text);
      wlaw_stream stream = stream_of((uint32_t)(100 + 10 * a + w));
      for (size_t k = 0; k < (size_t)(20000 * EFFORT); k++) {
        double sum = 0;
        wlaw_node_draw(law, lambda, widths[w], &stream);
        for (size_t j = 0; j < widths[w]; j++) sum += lambda[j];
        for (size_t i = 0; i < 4; i++) tally_add(&sums[i], exp(-s[i] * sum));
      }
      for (size_t i = 0; i < 4; i++) {
        const double want = exp(-wlaw_node_exponent(law, s[i]));
        if (want > 0.001) check_tally(&sums[i], want, 0, text); /* below, the mean is that of a few draws */
      }
      wlaw_law_free(law);
    }
}

/* With X a node of width p: p P(X > x) -> rhobar(x) and p E[X 1{X <= h}] -> a + integral of x rho to h. At p = 2000
 * both are off by something of the order of a few ln p / p (shapes eta / p) of themselves, less than 1 %; inverse-gamma
 * has p P(X > x) = O(x^-shape p^(1 - shape)), 0.003 and less here, and loses as much / x of the truncated mean. Where
 * rhobar has an index alpha near 1 at 0, the mean of small variances comes no faster than p^-((1 - alpha) / alpha): not
 * asked for here (the Laplace transforms of those sums are checked above). */
static void null_arrays_tend_to_limit(void **state) {
  (void)state;
  enum { WIDTH = 2000, POINTS = 4 };
  static const double points[POINTS] = {0.02, 0.1, 0.4, 0.8};
  const size_t layers = (size_t)(300 * EFFORT);
  double *lambda = malloc(WIDTH * sizeof *lambda);
  assert_non_null(lambda);
  for (size_t i = 0; i < ALL_LAWS; i++) {
    wlaw_law *law = law_of(any_law(i));
    wlaw_stream stream = stream_of((uint32_t)(200 + i));
    tally above[POINTS] = {{0}}, below[POINTS] = {{0}};
    const bool random = !law->ops->node->fixed_jump;
    for (size_t k = 0; k < (random ? layers : 2); k++) {
      double counts[POINTS] = {0}, sums[POINTS] = {0};
      wlaw_node_draw(law, lambda, WIDTH, &stream);
      for (size_t j = 0; j < WIDTH; j++)
        for (size_t x = 0; x < POINTS; x++)
          if (lambda[j] > points[x]) counts[x]++;
          else sums[x] += lambda[j];
      for (size_t x = 0; x < POINTS; x++) {
        tally_add(&above[x], counts[x]);
        tally_add(&below[x], sums[x]);
      }
    }
    for (size_t x = 0; x < POINTS; x++) {
      char what[120];
      snprintf(what, sizeof what, "%s at %g", any_law(i), points[x]);
      const double tail = wlaw_node_tail(law, points[x]), mean = wlaw_node_truncated_mean(law, points[x]);
      /* counts are Poisson's; three more, for those of which hardly one is expected */
      const double error = random ? MOST_Z * sqrt(tail / above[x].n) + 3 / above[x].n : 0;
      check_near(above[x].mean, tail, error + 0.01 * tail + 0.003);
      /* powerlaw: what lies beyond node 2000, 3 zeta(1.5)^-1 / sqrt(2000) of 2, lifts the others by as much */
      if (wlaw_node_at_zero(law).index > 0.8) continue;
      check_tally(&below[x], mean, (random ? 0.01 : 0.03) * mean + 0.003 / points[x], what);
    }
    wlaw_law_free(law);
  }
  free(lambda);
}

/* What one layer of WIDTH nodes gives: sum, largest, and largest |W| into one output. */
typedef struct layers {
  size_t n;
  double *sum, *largest, *weight;
} layers;

enum { WIDTH = 2000 };

static layers draw_layers(const wlaw_law *law, size_t n, uint32_t number) {
  layers made = {n, malloc(n * sizeof(double)), malloc(n * sizeof(double)), malloc(n * sizeof(double))};
  double lambda[WIDTH], v[WIDTH];
  wlaw_stream stream = stream_of(number);
  for (size_t k = 0; k < n; k++) {
    double sum = 0, largest = 0, weight = 0;
    wlaw_node_draw(law, lambda, WIDTH, &stream);
    wlaw_stream_normals(&stream, v, WIDTH);
    for (size_t j = 0; j < WIDTH; j++) {
      sum += lambda[j];
      if (lambda[j] > largest) largest = lambda[j];
      if (lambda[j] * v[j] * v[j] > weight) weight = lambda[j] * v[j] * v[j];
    }
    made.sum[k] = sum;
    made.largest[k] = largest;
    made.weight[k] = sqrt(weight);
  }
  return made;
}

static void layers_free(layers *made) {
  free(made->sum);
  free(made->largest);
  free(made->weight);
}

static void check_transforms(const layers *made, const wlaw_law *law, const double *s, size_t n_s, double slack,
                             const char *what) {
  for (size_t i = 0; i < n_s; i++) {
    tally mean = {0};
    for (size_t k = 0; k < made->n; k++) tally_add(&mean, exp(-s[i] * made->sum[k]));
    check_tally(&mean, exp(-wlaw_node_exponent(law, s[i])), slack, what);
  }
}

/* Slack: p nodes in place of infinitely many change the transforms by 1/p in order, here 5/p. */
static void beta_layers(void **state) {
  (void)state;
  static const double s[] = {0.5, 1, 3};
  wlaw_law *law = law_of("beta");
  layers made = draw_layers(law, (size_t)(3000 * EFFORT), 300);
  check_transforms(&made, law, s, 3, 0.0025, "sum of beta nodes");
  for (size_t k = 0; k < made.n; k++) made.largest[k] = exp(-2 * atanh(sqrt(1 - made.largest[k])));
  check_uniform(made.largest, made.n, 0.005, "largest beta node");
  layers_free(&made);
  wlaw_law_free(law);
}

/* Sum: Levy's law of scale 2 pi; largest variance: exp(-2 / sqrt x); largest |W|: exp(-2 sqrt(2 / pi) / w). The tail of
 * the sum is that of rhobar, 2 x^(-1/2), within 10 % from x = 10 on (erf(sqrt(pi / x)) exactly). */
static void horseshoe_layers(void **state) {
  (void)state;
  static const double s[] = {0.05, 0.5, 2};
  const double pi = acos(-1.0);
  wlaw_law *law = law_of("horseshoe");
  layers made = draw_layers(law, (size_t)(5000 * EFFORT), 301);
  check_transforms(&made, law, s, 3, 0.0025, "sum of horseshoe nodes");
  for (double x = 10; x < 101; x *= sqrt(10)) {
    tally beyond = {0};
    for (size_t k = 0; k < made.n; k++) tally_add(&beyond, made.sum[k] > x);
    check_tally(&beyond, wlaw_node_tail(law, x), 0.1 * wlaw_node_tail(law, x), "tail of the sum");
  }
  for (size_t k = 0; k < made.n; k++) {
    made.sum[k] = erfc(sqrt(pi / made.sum[k]));
    made.largest[k] = exp(-2 / sqrt(made.largest[k]));
    made.weight[k] = exp(-2 * sqrt(2 / pi) / made.weight[k]);
  }
  check_uniform(made.sum, made.n, 0.0025, "sum of horseshoe nodes");
  check_uniform(made.largest, made.n, 0.0025, "largest horseshoe node");
  check_uniform(made.weight, made.n, 0.0025, "largest horseshoe weight");
  layers_free(&made);
  wlaw_law_free(law);
}

/* Distance in total variation from Poisson(2): 3e-4 for the binomial counts of width 2000, and on average
 * sum of sqrt(P(k) / n) sqrt(2 / pi) / 2 = 1.0 / sqrt(n) for n counts; twice that is allowed. */
static void bernoulli_layers(void **state) {
  (void)state;
  wlaw_law *law = law_of("bernoulli");
  layers made = draw_layers(law, (size_t)(4000 * EFFORT), 302);
  double counts[2000] = {0}, distance = 0, poisson = exp(-2);
  for (size_t k = 0; k < made.n; k++) {
    assert_true(made.sum[k] == rint(made.sum[k]) && (made.largest[k] == 1 || made.sum[k] == 0));
    counts[(size_t)made.sum[k]] += 1 / (double)made.n;
  }
  for (size_t k = 0; k < 2000; k++, poisson *= 2 / (double)k) distance += 0.5 * fabs(counts[k] - poisson);
  if (!(distance <= 3e-4 + 2 / sqrt((double)made.n))) fail_msg("distance from Poisson(2): %g", distance);
  layers_free(&made);
  wlaw_law_free(law);
}

/* The weights sqrt(lambda_j) V_kj: the normals of the stream after lambda's, column by column scaled. */
static void matrices_have_columns_of_one_variance(void **state) {
  (void)state;
  enum { ROWS = 7, COLS = 30 };
  double out[ROWS * COLS], again[ROWS * COLS], lambda[COLS], v[ROWS * COLS];
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < ALL_LAWS; i++) {
    wlaw_law *law = law_of(any_law(i));
    wlaw_stream stream = wlaw_stream_start(5, STREAM_DRAW, 0, 3);
    check_ok(wlaw_law_draw(law, out, 1, ROWS, COLS, 5, 3, err));
    check_ok(wlaw_law_draw(law, again, 1, ROWS, COLS, 5, 3, err));
    assert_memory_equal(out, again, sizeof out);
    wlaw_node_draw(law, lambda, COLS, &stream);
    wlaw_stream_normals(&stream, v, ROWS * COLS);
    for (size_t k = 0; k < ROWS * COLS; k++) {
      const double want = sqrt(lambda[k % COLS]) * v[k];
      check_near(out[k], want, 1e-12 * fabs(want) + 1e-150);
    }
    wlaw_law_free(law);
  }
  wlaw_law *law = law_of("bernoulli(c=31)");
  check_status(wlaw_law_draw(law, out, 1, ROWS, COLS, 5, 3, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "at least 31 nodes, not 30"));
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* Mean and variance of an entry against draws, of laws whose fourth moments exist. */
static void matrix_moments_are_right(void **state) {
  (void)state;
  static const char *const texts[] = {"constant(c=3)",     "inverse-gamma(shape=6,scale=5)",    "bernoulli(c=1.5)",
                                      "beta(eta=4,b=0.5)", "regularised-horseshoe(c=4,slab=2)", "powerlaw(s=1.5,c=2)"};
  enum { COLS = 12 };
  double out[COLS];
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    wlaw_law *law = law_of(texts[i]);
    double mean, variance;
    tally squares = {0};
    assert_true(law->ops->moments(law, 1, COLS, &mean, &variance));
    assert_true(mean == 0);
    for (uint64_t k = 0; k < (uint64_t)(20000 * EFFORT); k++) {
      double sum = 0;
      check_ok(wlaw_law_draw(law, out, 1, 1, COLS, 9, k, err));
      for (size_t j = 0; j < COLS; j++) sum += out[j] * out[j] / COLS;
      tally_add(&squares, sum);
    }
    check_tally(&squares, variance, 0, texts[i]);
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_have_their_law),
      cmocka_unit_test(stable_sums_at_any_width),
      cmocka_unit_test(null_arrays_tend_to_limit),
      cmocka_unit_test(beta_layers),
      cmocka_unit_test(horseshoe_layers),
      cmocka_unit_test(bernoulli_layers),
      cmocka_unit_test(matrices_have_columns_of_one_variance),
      cmocka_unit_test(matrix_moments_are_right),
  };
  return cmocka_run_group_tests_name("law.node_draws", tests, NULL, NULL);
}
