/* A law made of a number a and atoms: every answer against a loop over the atoms as they were given, and its nodes of
 * finite width against the limit. */
#include "support/alloc_fail.h"
#include "support/test.h"

#include "law/node.h"

/* In no order, two at one place, one of no weight. */
static double places[] = {0.5, 0.02, 3.0, 0.5, 1e-6, 0.1, 0.7};
static double weights[] = {0.25, 4.0, 0.125, 0.5, 30.0, 1.5, 0.0};
static double errors[] = {0.03, 0.1, NAN, 0.04, 1.0, 0.2, 0.0};
enum { ATOMS = sizeof places / sizeof *places };
static char label[] = "@nodes.npy,threshold=0.1";
static const node_measure measure = {label, 0.4, 0.05, ATOMS, places, weights, errors};

static wlaw_law *make(const node_measure *from) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_empirical_make(&law, from, err));
  check_ok(wlaw_node_require(law, err));
  wlaw_error_free(err);
  return law;
}

static double tail_of(double x) {
  double sum = 0.0;
  for (size_t i = 0; i < ATOMS; i++) sum += places[i] > x ? weights[i] : 0.0;
  return sum;
}

/* Sums of a handful of numbers, in another order: a few roundings. */
static void sums_over_atoms(void **state) {
  (void)state;
  wlaw_law *law = make(&measure);
  for (double x = 1e-8; x < 10.0; x *= 1.1) {
    double first = 0.0, second = 0.0, exponent = measure.a / x;
    for (size_t i = 0; i < ATOMS; i++) {
      first += places[i] <= x ? weights[i] * places[i] : 0.0;
      second += places[i] <= x ? weights[i] * places[i] * places[i] : 0.0;
      exponent += weights[i] * (1.0 - exp(-places[i] / x));
    }
    check_near(wlaw_node_tail(law, x), tail_of(x), 1e-14);
    check_near(wlaw_node_moment(law, 1, x), first, 1e-14);
    check_near(wlaw_node_moment(law, 2, x), second, 1e-14);
    check_near(wlaw_node_exponent(law, 1.0 / x), exponent, 1e-14 * exponent + 1e-13);
  }
  for (size_t i = 0; i < ATOMS; i++) { /* at an atom: (x, inf) leaves it out, (0, x] has it */
    check_near(wlaw_node_tail(law, places[i]), tail_of(places[i]), 1e-14);
    check_near(wlaw_node_moment(law, 1, places[i]) - wlaw_node_moment(law, 1, places[i] * 0.999999),
               places[i] * (tail_of(places[i] * 0.999999) - tail_of(places[i])), 1e-14);
  }
  check_near(wlaw_node_mean(law), measure.a + wlaw_node_moment(law, 1, 100.0), 1e-15);
  check_near(wlaw_node_location(law), measure.a, 0.0);
  assert_int_equal(wlaw_node_regime(law), NODE_MOGP);
  assert_true(wlaw_node_at_zero(law).index == 0.0 && isinf(wlaw_node_at_infinity(law).index));
  wlaw_law_free(law);
}

/* inf{x >= 0: rhobar(x) <= t}: rhobar there is at most t, and above t at any smaller x. */
static void jumps_invert_tails(void **state) {
  (void)state;
  wlaw_law *law = make(&measure);
  for (double t = 1e-3; t < 60.0; t += 0.0625) {
    const double x = wlaw_node_jump(law, t);
    assert_true(tail_of(x) <= t);
    assert_true(x == 0.0 || tail_of(x * (1 - 1e-15)) > t);
  }
  check_near(wlaw_node_jump(law, 0.125), 0.5, 0.0); /* the whole weight of the largest */
  check_near(wlaw_node_jump(law, tail_of(0.0)), 0.0, 0.0);
  wlaw_law_free(law);
}

static void atoms_are_collected(void **state) {
  (void)state;
  wlaw_law *law = make(&measure);
  const node_measure *own = wlaw_law_empirical_measure(law);
  assert_int_equal(own->n, 5);
  for (size_t i = 1; i < own->n; i++) assert_true(own->x[i - 1] < own->x[i]);
  check_near(own->weight[3], 0.75, 1e-16);
  check_near(own->se[3], 0.05, 1e-16);
  assert_true(isnan(own->se[4]));
  check_near(own->se_a, 0.05, 0.0);
  char text[64];
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_text(law, text, sizeof text, NULL, err));
  assert_string_equal(text, "empirical(@nodes.npy,threshold=0.1)");
  wlaw_law *other = NULL;
  check_ok(wlaw_law_parse(&other, "gamma", err));
  assert_null(wlaw_law_empirical_measure(other));
  wlaw_law_free(other);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* 4000 layers of 100 nodes: each atom's count is binomial; the mean of the sum is the limit's at every width, and its
 * Laplace transform tends to the limit's: at width p the exponent is -p ln(1 - sum of w (1 - e^(-s x)) / p) + a s,
 * which is larger by W^2 / 2p at most. Fixed seed, 4.5 standard errors. */
static void nodes_of_finite_width(void **state) {
  (void)state;
  enum { WIDTH = 100, LAYERS = 4000 };
  static double lambda[WIDTH];
  const double s = 0.8, rest = measure.a / WIDTH;
  double counts[ATOMS] = {0}, total = 0.0, square = 0.0, laplace = 0.0, laplace_square = 0.0, gap = 0.0;
  wlaw_law *law = make(&measure);
  for (uint32_t layer = 0; layer < LAYERS; layer++) {
    wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, layer, 0);
    double sum = 0.0;
    wlaw_node_draw(law, lambda, WIDTH, &stream);
    for (size_t j = 0; j < WIDTH; j++) {
      for (size_t i = 0; i < ATOMS; i++) counts[i] += fabs(lambda[j] - rest - places[i]) < 1e-9;
      sum += lambda[j];
    }
    total += sum;
    square += sum * sum;
    laplace += exp(-s * sum);
    laplace_square += exp(-2.0 * s * sum);
  }
  for (size_t i = 0; i < ATOMS; i++) {
    const double weight = places[i] == 0.5 ? 0.75 : weights[i];
    check_near(counts[i] / LAYERS, weight, 4.5 * sqrt(weight / LAYERS));
    gap += weights[i] * -expm1(-s * places[i]);
  }
  const double mean = total / LAYERS, transform = laplace / LAYERS;
  check_near(mean, wlaw_node_mean(law), 4.5 * sqrt((square / LAYERS - mean * mean) / LAYERS));
  const double exact = exp(WIDTH * log1p(-gap / WIDTH) - measure.a * s);
  const double se = sqrt((laplace_square / LAYERS - transform * transform) / LAYERS);
  check_near(transform, exact, 4.5 * se);
  check_near(log(exact), -wlaw_node_exponent(law, s), 0.51 * gap * gap / WIDTH);
  double mean_weight, variance;
  assert_true(law->ops->moments(law, 3, WIDTH, &mean_weight, &variance));
  check_near(variance, wlaw_node_mean(law) / WIDTH, 1e-16);
  wlaw_law_free(law);
}

/* Jumps of the limit above 0.05: Poisson counts of each atom, the mean of the rest. */
static void draws_of_the_limit(void **state) {
  (void)state;
  enum { DRAWS = 4000 };
  double n = 0.0, sum = 0.0, square = 0.0;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = make(&measure);
  node_jumps jumps = {0};
  for (uint32_t d = 0; d < DRAWS; d++) {
    wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, d, 0);
    check_ok(wlaw_node_jumps_draw(&jumps, law, 0.05, 1000, &stream, err));
    double total = jumps.residual;
    n += (double)jumps.n;
    for (size_t j = 0; j < jumps.n; j++) total += jumps.values[j];
    sum += total;
    square += total * total;
  }
  const double expected = tail_of(0.05), mean = sum / DRAWS;
  check_near(n / DRAWS, expected, 4.5 * sqrt(expected / DRAWS));
  check_near(mean, wlaw_node_mean(law), 4.5 * sqrt((square / DRAWS - mean * mean) / DRAWS));
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void without_atoms_it_is_gaussian(void **state) {
  (void)state;
  double none[] = {0.0, 0.0, 0.0}, lambda[7];
  const node_measure bare[] = {{label, 2.0, NAN, 0, NULL, NULL, NULL}, {label, 2.0, NAN, 3, places, none, errors}};
  for (int k = 0; k < 2; k++) {
    wlaw_law *law = make(&bare[k]);
    wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
    assert_int_equal(wlaw_node_regime(law), NODE_GP);
    check_near(wlaw_node_mean(law), 2.0, 0.0);
    check_near(wlaw_node_exponent(law, 3.0), 6.0, 0.0);
    assert_true(wlaw_node_tail(law, 1e-300) == 0.0 && wlaw_node_jump(law, 1e-300) == 0.0);
    wlaw_node_draw(law, lambda, 7, &stream);
    for (int j = 0; j < 7; j++) check_near(lambda[j], 2.0 / 7, 1e-16);
    wlaw_law_free(law);
  }
}

static void refusals(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_status(wlaw_law_parse(&law, "empirical", err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "is measured and cannot be written out"));
  check_status(wlaw_law_parse(&law, "empirical(@file.npy)", err), WLAW_ARGUMENT);
  double x[] = {1.0, 2.0}, w[] = {1.0, 1.0}, se[] = {0.1, 0.1};
  static const double bad[] = {-1.0, INFINITY, NAN};
  for (int k = 0; k < 3; k++) {
    const node_measure a = {label, bad[k], NAN, 2, x, w, se};
    check_status(wlaw_law_empirical_make(&law, &a, err), WLAW_VALUE);
    for (int which = 0; which < 2; which++) {
      double *const of = which ? w : x, kept = of[1];
      const node_measure atoms = {label, 1.0, NAN, 2, x, w, se};
      of[1] = bad[k];
      check_status(wlaw_law_empirical_make(&law, &atoms, err), WLAW_VALUE);
      assert_non_null(strstr(wlaw_error_message(err), "atom 1 lies at"));
      of[1] = kept;
    }
  }
  assert_null(law);
  law = make(&measure); /* weights of 36.375 in all */
  check_ok(wlaw_node_check_width(law, 37, err));
  check_status(wlaw_node_check_width(law, 36, err), WLAW_ARGUMENT);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static wlaw_status make_and_free(void *context, wlaw_error *err) {
  (void)context;
  wlaw_law *law = NULL;
  const wlaw_status status = wlaw_law_empirical_make(&law, &measure, err);
  wlaw_law_free(law);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  alloc_fail_each(make_and_free, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_over_atoms),
      cmocka_unit_test(jumps_invert_tails),
      cmocka_unit_test(atoms_are_collected),
      cmocka_unit_test(nodes_of_finite_width),
      cmocka_unit_test(draws_of_the_limit),
      cmocka_unit_test(without_atoms_it_is_gaussian),
      cmocka_unit_test(refusals),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests_name("law.empirical", tests, NULL, NULL);
}
