/* Estimates of node variances: samples drawn from node laws whose limit is known, each statistic by a second route. */
#include "limit/node_estimate.h"

#include "core/stream.h"
#include "law/node.h"
#include "limit/node_parts.h"
#include "support/test.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOWER = 8 };
#else
enum { SLOWER = 1 };
#endif

enum { OUTPUTS = 10 };

typedef struct plan {
  const char *law;
  size_t networks, width, outputs;
  uint64_t seed;
  double common, own; /* standard deviation of a mean weight of all networks and of each, in units of 1/sqrt(width) */
  size_t rank;        /* weights lie in the first `rank` outputs; 0: in all */
} plan;

static void weights_of(double *weights, const plan *from, const wlaw_law *law, size_t k, double *lambda) {
  const size_t p = from->width, m = from->outputs;
  wlaw_stream stream = wlaw_stream_start(from->seed, STREAM_TEST, (uint32_t)k, (uint32_t)p),
              shared = wlaw_stream_start(from->seed, STREAM_TEST, UINT32_MAX, 0);
  double mean[2];
  wlaw_node_draw(law, lambda, p, &stream);
  wlaw_stream_normals(&stream, weights, p * m);
  for (size_t i = 0; i < m; i++) {
    wlaw_stream_normals(&shared, mean, 1);
    wlaw_stream_normals(&stream, mean + 1, 1);
    const double shift = (from->common * mean[0] + from->own * mean[1]) / sqrt((double)p);
    for (size_t j = 0; j < p; j++) {
      double *w = &weights[i * p + j];
      *w = (from->rank && i >= from->rank ? 0.0 : *w * sqrt(lambda[j])) + shift;
    }
  }
}

static void draw_sample(node_sample *sample, const plan *from) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  bool again = false;
  check_ok(wlaw_law_parse(&law, from->law, err));
  check_ok(wlaw_node_sample_new(sample, from->networks, from->width, from->outputs, err));
  double *weights = malloc(from->width * from->outputs * sizeof *weights),
         *scratch = malloc(wlaw_node_sample_scratch(from->width) * sizeof *scratch),
         *lambda = malloc(from->width * sizeof *lambda);
  for (int pass = 0; pass < 1 + again; pass++) {
    for (size_t k = 0; k < from->networks; k++) {
      weights_of(weights, from, law, k, lambda);
      wlaw_node_sample_add(sample, k, weights, scratch);
    }
    if (pass == 0) check_ok(wlaw_node_sample_centre(sample, &again, err));
  }
  wlaw_node_sample_finish(sample);
  free(weights);
  free(scratch);
  free(lambda);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void estimate(node_estimate *out, const node_sample *sample, const double *x, size_t n, unsigned threads) {
  wlaw_error *err = wlaw_error_new();
  const node_settings settings = {.x = x, .n = n, .seed = 5, .which = (uint32_t)sample->width, .threads = threads};
  check_ok(wlaw_node_estimate(out, sample, &settings, NULL, err));
  wlaw_error_free(err);
}

/* Sums of a 2x3 matrix by hand; with a centre, about it. */
static void measures_columns(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const double weights[] = {1, -2, 3, 2, 0, 4}, centre[] = {1, 2};
  double scratch[16];
  node_sample sample;
  assert_true(wlaw_node_sample_scratch(3) <= 16);
  check_ok(wlaw_node_sample_new(&sample, 1, 3, 2, err));
  wlaw_node_sample_add(&sample, 0, weights, scratch);
  const double squares[] = {2.5, 2, 12.5}, about[] = {0, 6.5, 4};
  for (size_t j = 0; j < 3; j++) check_near(sample.mean_square[j], squares[j], 0);
  check_near(sample.row_sum[0], 2, 0);
  check_near(sample.row_sum[1], 6, 0);
  sample.centre = malloc(sizeof centre);
  memcpy(sample.centre, centre, sizeof centre);
  wlaw_node_sample_add(&sample, 0, weights, scratch);
  for (size_t j = 0; j < 3; j++) check_near(sample.mean_square[j], about[j], 0);
  wlaw_node_sample_free(&sample);
  wlaw_error_free(err);
}

/* Means that are there are found and taken out, and the total is what it is without them (4 standard errors). */
static void removes_means(void **state) {
  (void)state;
  const plan plans[] = {{"constant(c=2)", 100, 64, OUTPUTS, 11, 0, 0, 0},
                        {"constant(c=2)", 100, 64, OUTPUTS, 12, 0.4, 0, 0},
                        {"constant(c=2)", 100, 64, OUTPUTS, 13, 0, 2, 0},
                        {"beta", 100, 64, OUTPUTS, 14, 1, 2, 0}};
  for (size_t i = 0; i < 4; i++) {
    node_sample sample;
    draw_sample(&sample, &plans[i]);
    if (plans[i].own == 0) assert_int_equal(sample.common, plans[i].common > 0);
    assert_int_equal(sample.own, plans[i].own > 0);
    double total = 0, squares = 0;
    for (size_t k = 0; k < 100; k++) {
      const double one = wlaw_node_shares(sample.mean_square + k * 64, 64).total;
      total += one / 100;
      squares += one * one / 100;
    }
    const double expected = i == 3 ? 2.0 / (1 + 2.0 / 64) : 2; /* of beta: p (1/p) / (1/p + 1/2) */
    check_near(total, expected, 4 * sqrt((squares - total * total) / 99));
    wlaw_node_sample_free(&sample);
  }
}

/* Without a mean both tests reject at most as often as they say, 1 %, for equal and for heavy-tailed variances: of 300
 * ensembles more than 9 have a chance of 1e-3 (binomial). */
static void tests_of_means_hold_their_level(void **state) {
  (void)state;
  static const char *const laws[] = {"constant", "horseshoe", "beta"};
  const size_t ensembles = 300 / SLOWER;
  for (size_t l = 0; l < 3; l++) {
    size_t common = 0, own = 0;
    for (size_t r = 0; r < ensembles; r++) {
      node_sample sample;
      const plan from = {laws[l], 12, 32, OUTPUTS, 1000 + r, 0, 0, 0};
      draw_sample(&sample, &from);
      common += sample.p_common < 0.01;
      own += sample.p_own < 0.01;
      wlaw_node_sample_free(&sample);
    }
    if (common > 9 || own > 9) fail_msg("%s: %zu and %zu of %zu", laws[l], common, own, ensembles);
  }
}

/* Weights in 5 of 10 outputs have the noise of 5. E cos^2 over 250 pairs a network, 40 networks: its inverse has the
 * error 25 sqrt(2 * 4 / (25 * 7) / 10^4) = .053; 4 of these. */
static void counts_directions(void **state) {
  (void)state;
  node_sample sample;
  plan from = {"constant", 40, 64, OUTPUTS, 21, 0, 0, 5};
  draw_sample(&sample, &from);
  check_near(sample.directions, 5, 0.22);
  wlaw_node_sample_free(&sample);
  from.rank = 0;
  draw_sample(&sample, &from);
  check_near(sample.directions, OUTPUTS, 0);
  wlaw_node_sample_free(&sample);
}

/* Equal variances: p-values uniform (Kolmogorov and Smirnov at 1e-3: 1.95 / sqrt(n)), the largest share that of the
 * null; beta's are told from them at once. Simulated p-values come from 1000 null networks, 12 of which are picked: the
 * mean null is known to sd/sqrt(1000), .11 of the error of 12 networks, which moves p by at most .045; 3 of these. */
static void tests_equality(void **state) {
  (void)state;
  enum { ENSEMBLES = 60 / SLOWER };
  const double x[] = {0.1, 1};
  double p[ENSEMBLES], distance = 0;
  node_sample sample;
  node_estimate out;
  for (size_t r = 0; r < ENSEMBLES; r++) {
    const plan from = {"constant", 12, 16, OUTPUTS, 3000 + r, 0, 0, 0};
    draw_sample(&sample, &from);
    sample.directions = OUTPUTS;
    estimate(&out, &sample, x, 2, 0);
    p[r] = out.p_equal;
    check_near(out.p_equal_simulated, out.p_equal, 0.135);
    wlaw_node_estimate_free(&out);
    wlaw_node_sample_free(&sample);
  }
  for (size_t r = 0; r < ENSEMBLES; r++) {
    double below = 0, at = 0;
    for (size_t s = 0; s < ENSEMBLES; s++) {
      below += p[s] < p[r];
      at += p[s] <= p[r];
    }
    distance = fmax(distance, fmax(fabs(below / ENSEMBLES - p[r]), fabs(at / ENSEMBLES - p[r])));
  }
  check_near(distance, 0, 1.95 / sqrt(ENSEMBLES));
  const plan other = {"beta", 12, 16, OUTPUTS, 7, 0, 0, 0};
  draw_sample(&sample, &other);
  estimate(&out, &sample, x, 2, 0);
  check_near(out.p_equal, 0, 1e-10);
  check_near(out.p_equal_simulated, 0, 2e-3);
  wlaw_node_estimate_free(&out);
  wlaw_node_sample_free(&sample);
}

/* One width, many networks: total, its variance and the concentration against their exact values, by their errors. A
 * beta layer's total is a sum of p Beta(1/p, 1/2); of constant variances there is nothing but noise. */
static void estimates_totals(void **state) {
  (void)state;
  const double x[] = {0.01, 0.1, 1}, p = 64;
  node_sample sample;
  node_estimate out;
  const plan constant = {"constant(c=2)", 200, 64, OUTPUTS, 31, 0, 0, 0};
  draw_sample(&sample, &constant);
  estimate(&out, &sample, x, 3, 0);
  check_near(out.total, 2, 4 * out.se_total);
  check_near(out.total_variance, 0, 4 * out.se_total_variance);
  check_near(out.concentration, 1 / p, 4 * out.se_concentration);
  check_near(out.dominance, 1 / p, 4 * out.se_dominance + 0.5 / (p * p)); /* exact to O(1/p^2) */
  check_near(out.share_largest, out.share_null, 4 * out.se_share_largest);
  assert_true(out.se_concentration < 1e-4 && out.se_total < 0.02);
  check_near(out.second_moment_check, 1, 0.02);
  assert_true(isnan(out.hill));
  wlaw_node_estimate_free(&out);
  wlaw_node_sample_free(&sample);
  const plan beta = {"beta", 400, 64, OUTPUTS, 32, 0, 0, 0};
  draw_sample(&sample, &beta);
  estimate(&out, &sample, x, 3, 0);
  const double a = 1 / p, b = 0.5, variance = p * a * b / ((a + b) * (a + b) * (a + b + 1));
  check_near(out.total, p * a / (a + b), 4 * out.se_total);
  check_near(out.total_variance, variance, 4 * out.se_total_variance);
  assert_true(out.se_total_variance < 0.3 * variance);
  wlaw_node_estimate_free(&out);
  wlaw_node_sample_free(&sample);
}

/* The tail index of the horseshoe is 1/2. */
static void estimates_tail_index(void **state) {
  (void)state;
  const double x[] = {0.01, 0.1, 1};
  node_sample sample;
  node_estimate out;
  const plan from = {"horseshoe(c=3)", 100, 128, OUTPUTS, 41, 0, 0, 0};
  draw_sample(&sample, &from);
  estimate(&out, &sample, x, 3, 0);
  check_near(out.hill, 0.5, 4 * out.se_hill);
  assert_true(out.se_hill < 0.06 && out.hill_nodes > 50);
  wlaw_node_estimate_free(&out);
  wlaw_node_sample_free(&sample);
}

/* Deconvolved curves of beta at width 64 against the truth, which is rhobar up to O(1/p), by their errors. Over R
 * ensembles mean z lies within 4/sqrt(R) and the width's own bias, below .3; mean z^2 is at most 1.2^2 and its error
 * sqrt(2/R), 3.5 times. With the noise left in, tail(1.5) would be .26 and its z about 8. */
static void curves_and_their_errors(void **state) {
  (void)state;
  enum { R = 16 / SLOWER + 1, POINTS = 4 };
  const double x[POINTS] = {0.03, 0.12, 0.4, 1.5};
  double mean[2 * POINTS] = {0}, square[2 * POINTS] = {0};
  for (size_t r = 0; r < R; r++) {
    node_sample sample;
    node_estimate out;
    const plan from = {"beta", 60, 64, OUTPUTS, 500 + r, 0, 0, 0};
    draw_sample(&sample, &from);
    estimate(&out, &sample, x, POINTS, 0);
    for (size_t i = 0; i < POINTS; i++) {
      const double root = sqrt(fmax(0, 1 - x[i])), tail = x[i] < 1 ? 2 * atanh(root) : 0, truncated = 2 * (1 - root);
      const double z[] = {(out.tail.value[i] - tail) / out.tail.se[i],
                          (out.truncated.value[i] - truncated) / out.truncated.se[i]};
      for (size_t c = 0; c < 2; c++) {
        mean[2 * i + c] += z[c] / R;
        square[2 * i + c] += z[c] * z[c] / R;
      }
    }
    wlaw_node_estimate_free(&out);
    wlaw_node_sample_free(&sample);
  }
  for (size_t i = 0; i < 2 * POINTS; i++) {
    if (!(fabs(mean[i]) <= 4 / sqrt(R) + 0.3)) fail_msg("curve %zu at %g: mean z %g", i % 2, x[i / 2], mean[i]);
    if (!(square[i] <= 1.2 * 1.2 * (1 + 3.5 * sqrt(2.0 / R))))
      fail_msg("curve %zu at %g: mean z^2 %g", i % 2, x[i / 2], square[i]);
  }
}

/* The same bytes on one thread and three. */
static void does_not_depend_on_threads(void **state) {
  (void)state;
  const double x[] = {0.01, 0.1, 1};
  node_sample sample;
  node_estimate one, three;
  const plan from = {"beta", 12, 32, OUTPUTS, 51, 0, 0, 0};
  draw_sample(&sample, &from);
  estimate(&one, &sample, x, 3, 1);
  estimate(&three, &sample, x, 3, 3);
  assert_memory_equal(one.tail.x, three.tail.x, 18 * sizeof(double));
  check_near(one.se_total, three.se_total, 0);
  wlaw_node_estimate_free(&one);
  wlaw_node_estimate_free(&three);
  wlaw_node_sample_free(&sample);
}

static void limit_of(node_limit *out, const char *law, size_t networks, size_t n, size_t outputs, uint64_t seed) {
  wlaw_error *err = wlaw_error_new();
  node_sample samples[5];
  node_estimate estimates[5];
  double *x;
  size_t points;
  for (size_t w = 0; w < n; w++) {
    const plan from = {law, networks, (size_t)64 << w, outputs, seed, 0, 0, 0};
    draw_sample(&samples[w], &from);
  }
  check_ok(wlaw_node_grid(&x, &points, samples, n, err));
  for (size_t w = 0; w < n; w++) estimate(&estimates[w], &samples[w], x, points, 0);
  check_ok(wlaw_node_extrapolate(out, estimates, n, err));
  for (size_t w = 0; w < n; w++) {
    wlaw_node_estimate_free(&estimates[w]);
    wlaw_node_sample_free(&samples[w]);
  }
  free(x);
  wlaw_error_free(err);
}

/* Widths 64 to 512, 40 networks, 10 outputs: each law is called what it is. */
static void tells_regimes_apart(void **state) {
  (void)state;
  static const struct {
    const char *law;
    node_verdict verdict;
  } cases[] = {{"constant(c=2)", NODE_IS_GP},   {"inverse-gamma(shape=4,scale=6)", NODE_IS_GP},
               {"beta", NODE_IS_MOGP},          {"bernoulli(c=2)", NODE_IS_MOGP},
               {"gamma(eta=2)", NODE_IS_MOGP},  {"ggp(alpha=0.3,beta=1,mean=2)", NODE_IS_MOGP},
               {"horseshoe(c=3)", NODE_IS_MOGP}};
  for (size_t i = 0; i<sizeof cases / sizeof *cases; i += SLOWER> 1 ? 3 : 1) {
    node_limit limit;
    limit_of(&limit, cases[i].law, 40, 4, OUTPUTS, 61);
    if (limit.verdict != cases[i].verdict)
      fail_msg("%s: %s (%s), dominance %g +- %g, exponent %g +- %g", cases[i].law,
               wlaw_node_verdict_name(limit.verdict), limit.reason ? limit.reason : "", limit.dominance.limit,
               limit.dominance.se_limit, limit.dominance.exponent, limit.dominance.se_exponent);
    if (limit.verdict == NODE_IS_GP) check_near(limit.a, 2, 4 * limit.se_a);
    wlaw_node_limit_free(&limit);
  }
}

/* (a, rho) at infinite width. Bernoulli has a = 0, rho = 2 delta_1. The horseshoe has rhobar = (6/pi) x^-1/2 and no
 * mean; with 120 outputs the curves are those of the mean squares, and noise of 1/60 moves x^-1/2 by .6 %. */
static void reads_the_limit(void **state) {
  (void)state;
  node_limit limit;
  limit_of(&limit, "bernoulli(c=2)", 60, 3, OUTPUTS, 71);
  assert_int_equal(limit.verdict, NODE_IS_MOGP);
  check_near(limit.a, 0, 4 * limit.se_a);
  check_near(limit.residual, 0, 4 * limit.se_residual);
  check_near(limit.total, 2, 4 * limit.se_total);
  assert_true(limit.tail.n > 5 && limit.threshold < 0.3);
  for (size_t i = 0; i < limit.tail.n; i++) {
    const double x = limit.tail.x[i];
    if (x > 0.5 && x < 2) continue; /* the atom at 1 is known to the noise's width */
    check_near(limit.tail.value[i], x < 1 ? 2 : 0, 4 * limit.tail.se[i]);
  }
  wlaw_node_limit_free(&limit);
  limit_of(&limit, "horseshoe(c=3)", 60, 3, 120, 72);
  assert_int_equal(limit.verdict, NODE_IS_MOGP);
  assert_true(isnan(limit.total));
  for (size_t i = 0; i < limit.tail.n; i++) {
    const double rhobar = 6 / acos(-1) / sqrt(limit.tail.x[i]);
    check_near(limit.tail.value[i], rhobar, 4.5 * limit.tail.se[i]);
  }
  wlaw_node_limit_free(&limit);
}

/* Exact curves, three widths: the line reads their limits off to rounding, the power its exponent. */
static void extrapolates_exactly(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { N = 3, POINTS = 4 };
  double x[POINTS] = {0.1, 0.2, 0.4, 0.8}, tail[N][POINTS], truncated[N][POINTS], se[POINTS] = {0.01, 0.01, 0.01, 0.01};
  node_estimate at[N];
  for (size_t w = 0; w < N; w++) {
    const double p = (double)(100 << w);
    for (size_t i = 0; i < POINTS; i++) {
      tail[w][i] = 1 / x[i] + (double)i / p;
      truncated[w][i] = 0.5 + x[i] - 2 / p;
    }
    at[w] = (node_estimate){.width = (size_t)p,
                            .networks = 50,
                            .typical = 1 / p,
                            .total = 1.5,
                            .se_total = 0.01,
                            .dominance = 0.3 + 1 / p,
                            .se_dominance = 0.01,
                            .hill = NAN,
                            .tail = {POINTS, x, tail[w], se},
                            .truncated = {POINTS, x, truncated[w], se}};
  }
  node_limit limit;
  check_ok(wlaw_node_extrapolate(&limit, at, N, err));
  assert_int_equal(limit.verdict, NODE_IS_MOGP);
  check_near(limit.dominance.limit, 0.3, 1e-14);
  check_near(limit.threshold, 0.1, 0);
  for (size_t i = 0; i < POINTS; i++) {
    check_near(limit.tail.value[i], 1 / x[i], 1e-12);
    check_near(limit.truncated.value[i], 0.5 + x[i], 1e-13);
  }
  check_near(limit.a, 0.5, 1e-10); /* t(h) = a + h: beta = 1 is among the exponents */
  wlaw_node_limit_free(&limit);
  for (size_t w = 0; w < N; w++) at[w].dominance = pow((double)at[w].width, -0.4);
  check_ok(wlaw_node_extrapolate(&limit, at, N, err));
  assert_int_equal(limit.verdict, NODE_UNDETERMINED);
  check_near(limit.dominance.exponent, 0.4, 1e-13);
  wlaw_node_limit_free(&limit);
  for (size_t w = 0; w < N; w++) at[w].dominance = 1.3 / (double)at[w].width, at[w].se_dominance = 1e-4;
  check_ok(wlaw_node_extrapolate(&limit, at, N, err));
  assert_int_equal(limit.verdict, NODE_IS_GP);
  check_near(limit.dominance.limit, 0, 1e-14);
  wlaw_node_limit_free(&limit);
  at[1].width = 100;
  check_ok(wlaw_node_extrapolate(&limit, at, N, err));
  assert_non_null(strstr(limit.reason, "two widths"));
  check_ok(wlaw_node_extrapolate(&limit, at, 1, err));
  assert_int_equal(limit.verdict, NODE_UNDETERMINED);
  assert_non_null(strstr(limit.reason, "one width"));
  assert_true(isnan(limit.a) && limit.tail.n == 0);
  wlaw_error_free(err);
}

static void refuses_what_has_no_weights(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  node_sample sample;
  node_estimate out;
  double *x;
  size_t n;
  const double one = 1;
  const node_settings settings = {.x = &one, .n = 1};
  check_ok(wlaw_node_sample_new(&sample, 3, 4, 2, err));
  check_status(wlaw_node_grid(&x, &n, &sample, 1, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "every outgoing weight is 0"));
  check_status(wlaw_node_estimate(&out, &sample, &settings, NULL, err), WLAW_VALUE);
  wlaw_node_sample_free(&sample);
  check_status(wlaw_node_sample_new(&sample, SIZE_MAX, 4, 2, err), WLAW_LIMIT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(measures_columns),
      cmocka_unit_test(removes_means),
      cmocka_unit_test(tests_of_means_hold_their_level),
      cmocka_unit_test(counts_directions),
      cmocka_unit_test(tests_equality),
      cmocka_unit_test(estimates_totals),
      cmocka_unit_test(estimates_tail_index),
      cmocka_unit_test(curves_and_their_errors),
      cmocka_unit_test(does_not_depend_on_threads),
      cmocka_unit_test(tells_regimes_apart),
      cmocka_unit_test(reads_the_limit),
      cmocka_unit_test(extrapolates_exactly),
      cmocka_unit_test(refuses_what_has_no_weights),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
