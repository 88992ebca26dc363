/* Distances of laws from weights by brute force and closed forms, cells put together, and the choice between laws. */
#include "support/alloc_fail.h"
#include "support/test.h"

#include "law/entry_fit.h"
#include "measure/cell_statistics.h"

static wlaw_law *parse(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double *draws(const char *text, size_t n, uint64_t seed) {
  wlaw_law *law = parse(text);
  wlaw_error *err = wlaw_error_new();
  double *x = malloc(n * sizeof *x);
  check_ok(wlaw_law_draw(law, x, 1, 1, n, seed, 0, err));
  wlaw_law_free(law);
  wlaw_error_free(err);
  return x;
}

/* As they come (width 0), or by the leading bits of f32 values. */
static entry_cells gathered(double *x, size_t n, bool wide) {
  wlaw_error *err = wlaw_error_new();
  entry_cells cells;
  if (wide) {
    entry_table *table = calloc(1, sizeof *table);
    *table = (entry_table){.kind = ENTRY_KEY_F32, .cells_wide = 1};
    for (size_t i = 0; i < n; i++) {
      const float value = (float)x[i];
      uint32_t bits;
      memcpy(&bits, &value, sizeof bits);
      table->count[bits >> 31][bits >> 16 & 0x7FFF]++;
      table->low[bits >> 31][bits >> 16 & 0x7FFF] += bits & 0xFFFF;
    }
    check_ok(wlaw_cells_signed(&cells, table, NULL, err));
    free(table);
  } else {
    qsort(x, n, sizeof *x, compare_doubles);
    check_ok(wlaw_cells_sorted(&cells, x, n, err));
  }
  wlaw_error_free(err);
  return cells;
}

/* W1 = integral over u of |Q(u) - x(u)|, the quantile function by bisection: another route than integrating over x.
 * The midpoint rule on 100 u in each of 200 steps: the error is that of the tails' last half step. */
static void distance_by_quantiles(void **state) {
  (void)state;
  static const char *const laws[] = {"normal(mean=0.2,sd=1)",      "laplace(scale=0.7)",
                                     "uniform(bound=2)",           "student(scale=0.8,df=4)",
                                     "lognormal(mu=-1,sigma=0.6)", "mixture(scale=0.5,ratio=4,share=0.3)"};
  enum { N = 200, STEPS = 100 };
  double *x = draws("normal(sd=1)", N, 3);
  entry_cells cells = gathered(x, N, false);
  wlaw_error *err = wlaw_error_new();
  for (size_t t = 0; t < sizeof laws / sizeof *laws; t++) {
    wlaw_law *law = parse(laws[t]);
    double sup, w1, sum = 0, most = 0;
    check_ok(wlaw_entry_distance(&sup, &w1, law, &cells, err));
    for (int i = 0; i < N; i++) {
      const double f = law->ops->entry->cdf(law->values, x[i]);
      most = fmax(most, fmax(fabs(f - (double)i / N), fabs(f - (i + 1.0) / N)));
      for (int k = 0; k < STEPS; k++) {
        const double u = (i + (k + 0.5) / STEPS) / N;
        double low = -1e4, high = 1e4;
        for (int halving = 0; halving < 34; halving++) {
          const double middle = 0.5 * (low + high);
          if (law->ops->entry->cdf(law->values, middle) < u) low = middle;
          else high = middle;
        }
        sum += fabs(low - x[i]) / (N * STEPS);
      }
    }
    check_near(sup, most, 1e-12);
    /* the heavier the tail, the more a midpoint rule leaves at u = 0 and 1: df = 4: (1/20000)^(3/4) = 6e-4 */
    check_near(w1, sum, 1e-3);
    wlaw_law_free(law);
  }
  wlaw_cells_free(&cells);
  free(x);
  wlaw_error_free(err);
}

/* Half of the weights at a, half at -a, a small: W1 = E|X| - a + 2 f(0) a^2 to third order. What it tests is the tails,
 * up to the last panel; E|X| is infinite where the index is 1 or less. */
static void tails_in_closed_form(void **state) {
  (void)state;
  const double pi = acos(-1.0), a = 1e-3;
  const double df = 1.5, t_mean = 2 * sqrt(df) * tgamma(0.5 * (df + 1)) / (sqrt(pi) * tgamma(0.5 * df) * (df - 1));
  const struct {
    const char *text;
    double mean, tolerance;
  } cases[] = {
      {"normal(sd=1)", sqrt(2 / pi), 1e-8},
      {"laplace(scale=1)", 1, 1e-8},
      {"student(scale=1,df=1.5)", t_mean, 1e-4}, /* a geometric series in place of 2^-k/2 panels with corrections */
      {"stable(alpha=1.5)", 2 * tgamma(1 - 1 / 1.5) / pi, 1e-4},
      {"stable(alpha=1.1)", 2 * tgamma(1 - 1 / 1.1) / pi, 1e-3},
      {"student(scale=1,df=1)", INFINITY, 0},
      {"stable(alpha=0.9)", INFINITY, 0},
  };
  const double values[2] = {-a, a};
  entry_cells cells;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_cells_sorted(&cells, values, 2, err));
  for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
    wlaw_law *law = parse(cases[t].text);
    double sup, w1;
    check_ok(wlaw_entry_distance(&sup, &w1, law, &cells, err));
    if (isinf(cases[t].mean)) assert_true(isinf(w1) && w1 > 0);
    else
      check_near(w1, cases[t].mean - a + 2 * exp(law->ops->entry->log_density(law->values, 0)) * a * a,
                 cases[t].tolerance);
    wlaw_law_free(law);
  }
  check_status(wlaw_entry_distance(&(double){0}, &(double){0}, NULL, &(entry_cells){0}, err), WLAW_VALUE);
  wlaw_cells_free(&cells);
  wlaw_error_free(err);
}

/* Tails that fall off well beyond the weights' quartiles: a panel of the tail is much shorter than the law's scale, so
 * that it may be longer than the one before all the way to where 1 - F has no digits. W1 of the logistic law is known
 * in closed form: its integral is ln(1 + e^x). */
static void tails_far_out(void **state) {
  (void)state;
  const double a = 1e-3, crossing = log(9); /* F = 0.9, G = 0.9 from a to the end */
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse("logistic(scale=1)");
  for (double end = 5; end < 40; end += 0.25) {
    const double values[10] = {-end, -a, -a, -a, -a, a, a, a, a, end};
    entry_cells cells;
    double sup, w1;
    check_ok(wlaw_cells_sorted(&cells, values, 10, err));
    check_ok(wlaw_entry_distance(&sup, &w1, law, &cells, err));
    const double to_a = log1p(exp(a)) - log(2) - 0.5 * a;
    const double below = 0.9 * (crossing - a) - (log1p(exp(crossing)) - log1p(exp(a)));
    const double above = log1p(exp(end)) - log1p(exp(crossing)) - 0.9 * (end - crossing);
    /* one long piece without weights: Simpson and the trapezoidal rule agree to 1e-3, the former is a tenth of that off
     */
    const double expected = 2 * (to_a + below + above + log1p(exp(-end)));
    check_near(w1, expected, 1e-4 * expected);
    wlaw_cells_free(&cells);
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* Cells 2^-8 wide, weights even in them, against the weights one by one: inside a cell of n weights the two G differ
 * as a uniform sample's does, by about 1/sqrt(n) of its share. 20000 weights, about 40 in a cell near the scale. */
static void wide_cells_are_nearly_the_weights(void **state) {
  (void)state;
  enum { N = 20000 };
  double *x = draws("normal(sd=1)", N, 4);
  entry_cells wide = gathered(x, N, true), single = gathered(x, N, false);
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse("laplace(scale=0.9)");
  double sup[2], w1[2], quantile[2];
  assert_true(wide.n < single.n / 4);
  check_ok(wlaw_entry_distance(&sup[0], &w1[0], law, &wide, err));
  check_ok(wlaw_entry_distance(&sup[1], &w1[1], law, &single, err));
  check_near(sup[0], sup[1], 1e-3);
  check_near(w1[0] / w1[1], 1.0, 2e-3);
  for (double p = 0.05; p < 1; p += 0.05) {
    quantile[0] = wlaw_cells_quantile(&wide, p);
    quantile[1] = wlaw_cells_quantile(&single, p);
    check_near(quantile[0], quantile[1], 2e-3 * fabs(quantile[1]) + 1e-4);
  }
  double low, high;
  wlaw_cells_reach(&low, &high, &wide);
  check_near(low, x[0], 1e-2);
  check_near(high, x[N - 1], 1e-2);
  wlaw_law_free(law);
  wlaw_cells_free(&wide);
  wlaw_cells_free(&single);
  free(x);
  wlaw_error_free(err);
}

static void cells_merge(void **state) {
  (void)state;
  enum { N = 3000 };
  wlaw_error *err = wlaw_error_new();
  for (int wide = 0; wide < 2; wide++) {
    double *x = draws("normal(sd=1)", N, 9);
    for (size_t i = 0; i < N; i += 7) x[i] = x[i / 2 + 1]; /* some are equal */
    entry_cells a = gathered(x, N / 3, wide), b = gathered(x + N / 3, N - N / 3, wide), both;
    check_ok(wlaw_cells_merge(&both, &a, &b, err));
    entry_cells all = gathered(x, N, wide);
    assert_int_equal(both.total, N);
    double mean[2], variance[2];
    wlaw_cells_moments(&mean[0], &variance[0], &both);
    wlaw_cells_moments(&mean[1], &variance[1], &all);
    check_near(mean[0], mean[1], 1e-14);
    check_near(variance[0], variance[1], 1e-14);
    if (!wide) assert_int_equal(both.n, all.n);
    for (size_t i = 0; i < both.n; i++) assert_true(i == 0 || both.low[i] >= both.low[i - 1]);
    wlaw_cells_free(&a);
    wlaw_cells_free(&b);
    wlaw_cells_free(&both);
    wlaw_cells_free(&all);
    free(x);
  }
  wlaw_error_free(err);
}

/* Every law is found in its own draws, and its parameters are those drawn from, within 4.5 errors. */
static void choice_finds_the_law(void **state) {
  (void)state;
  static const char *const texts[] = {
      "normal(mean=0,sd=0.02)",    "uniform(bound=0.05)",           "truncated-normal(mean=0,scale=0.02,cut=2)",
      "laplace(scale=0.01)",       "logistic(scale=0.01)",          "student(scale=0.02,df=4)",
      "stable(scale=1,alpha=1.5)", "lognormal(mu=-4,sigma=1)",      "mixture(scale=0.01,ratio=5,share=0.2)",
      "ggd(shape=1.4,scale=0.03)", "weibull(shape=1.5,scale=0.02)", "stable(scale=0.01,alpha=0.8)",
  };
  wlaw_error *err = wlaw_error_new();
  entry_choice *choice = malloc(sizeof *choice);
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
    for (int wide = 0; wide < 2; wide++) {
      const size_t N = wide ? 60000 : 8000;
      wlaw_law *law = parse(texts[t]);
      double *x = draws(texts[t], 2 * N, 40 + t);
      entry_cells a = gathered(x, N, wide), b = gathered(x + N, N, wide);
      check_ok(wlaw_entry_choose(choice, &a, &b, err));
      assert_true(choice->n >= 9 && choice->best >= 0);
      const entry_candidate *best = &choice->candidates[choice->best];
      if (strcmp(best->fit.law.ops->name, law->ops->name) != 0)
        fail_msg("%s (%s cells): %s", texts[t], wide ? "wide" : "single", best->fit.law.ops->name);
      for (size_t i = 0; i < law->ops->n_parameters; i++)
        if (law->counts[i] && !isnan(best->fit.standard_error[i]))
          check_near((best->fit.law.values[i] - law->values[i]) / best->fit.standard_error[i], 0.0,
                     strcmp(law->ops->name, "uniform") == 0 ? 200.0 : 4.5);
      /* sqrt(n) D of a law whose parameters were fitted is below that of the true law: 2.2 is 1.3e-4 */
      check_near(sqrt(2.0 * (double)N) * best->sup_distance, 0.0, 2.2);
      for (size_t i = 0; i < choice->n; i++) {
        const entry_candidate *other = &choice->candidates[i];
        assert_true(other->reason || other->wasserstein >= 0);
        assert_true(!(other->held_out > best->held_out + 1e-3));
      }
      wlaw_cells_free(&a);
      wlaw_cells_free(&b);
      free(x);
      wlaw_law_free(law);
    }
  free(choice);
  wlaw_error_free(err);
}

/* Rows of two very different scales, in other proportions where they are held out: thin rows are thousands of nats
 * likelier under a law with a narrow part, though the normal law of all is the better one for most of the weights. */
static void strong_evidence_counts_in_full(void **state) {
  (void)state;
  enum { THIN = 6000, WIDE = 4000, HELD_THIN = 500, HELD_WIDE = 1500 };
  double *thin = draws("normal(sd=0.001)", THIN + HELD_THIN, 21), *wide = draws("normal(sd=0.2)", WIDE + HELD_WIDE, 22);
  double *both = malloc((THIN + WIDE) * sizeof *both);
  memcpy(both, thin, THIN * sizeof *both);
  memcpy(both + THIN, wide, WIDE * sizeof *both);
  entry_cells fitted = gathered(both, THIN + WIDE, true);
  memcpy(both, thin + THIN, HELD_THIN * sizeof *both);
  memcpy(both + HELD_THIN, wide + WIDE, HELD_WIDE * sizeof *both);
  entry_cells held_out = gathered(both, HELD_THIN + HELD_WIDE, true);
  wlaw_error *err = wlaw_error_new();
  entry_choice *choice = malloc(sizeof *choice);
  check_ok(wlaw_entry_choose(choice, &fitted, &held_out, err));
  assert_string_equal(choice->candidates[choice->best].fit.law.ops->name, "mixture");
  wlaw_cells_free(&fitted);
  wlaw_cells_free(&held_out);
  free(choice);
  free(thin);
  free(wide);
  free(both);
  wlaw_error_free(err);
}

static void too_little_to_choose_by(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  entry_choice *choice = malloc(sizeof *choice);
  double *x = draws("normal(sd=1)", 4000, 5);
  entry_cells few = gathered(x, 30, false), many = gathered(x + 30, 3000, false), none = {0};
  const entry_cells *sides[][2] = {{&few, &many}, {&many, &few}, {&many, &none}, {&none, &many}, {&none, &none}};
  for (size_t k = 0; k < 5; k++) {
    check_ok(wlaw_entry_choose(choice, sides[k][0], sides[k][1], err));
    assert_int_equal(choice->best, -1);
    for (size_t i = 0; i < choice->n; i++) {
      assert_non_null(strstr(choice->candidates[i].reason, "too few weights"));
      assert_true(isnan(choice->candidates[i].held_out) && isnan(choice->candidates[i].wasserstein));
      assert_ptr_equal(choice->candidates[i].fit.law.ops->entry->fit == NULL, 0);
    }
  }
  double lattice[400];
  for (int i = 0; i < 400; i++) lattice[i] = (i % 15 - 7.5) / 8;
  entry_cells codes = gathered(lattice, 400, false);
  check_ok(wlaw_entry_choose(choice, &codes, &codes, err));
  assert_int_equal(choice->best, -1);
  assert_non_null(strstr(choice->candidates[0].reason, "too few different values"));
  /* an outlier no normal is cut at: that law alone has a reason */
  double *with = draws("normal(sd=1)", 3000, 6);
  with[100] = 1e6;
  entry_cells outlier = gathered(with, 3000, false);
  check_ok(wlaw_entry_choose(choice, &outlier, &many, err));
  for (size_t i = 0; i < choice->n; i++)
    if (strcmp(choice->candidates[i].fit.law.ops->name, "truncated-normal") == 0)
      assert_non_null(choice->candidates[i].reason);
  assert_true(choice->best >= 0);
  wlaw_cells_free(&outlier);
  wlaw_cells_free(&codes);
  wlaw_cells_free(&few);
  wlaw_cells_free(&many);
  free(with);
  free(x);
  free(choice);
  wlaw_error_free(err);
}

static wlaw_status choose(void *context, wlaw_error *err) {
  entry_choice *choice = malloc(sizeof *choice);
  if (!choice) return WLAW_MEMORY;
  const wlaw_status status = wlaw_entry_choose(choice, context, context, err);
  free(choice);
  return status;
}

static void refused_memory(void **state) {
  (void)state;
  double *x = draws("normal(sd=1)", 80, 6);
  entry_cells cells = gathered(x, 80, false);
  alloc_fail_each(choose, &cells);
  wlaw_cells_free(&cells);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distance_by_quantiles),
      cmocka_unit_test(tails_in_closed_form),
      cmocka_unit_test(tails_far_out),
      cmocka_unit_test(wide_cells_are_nearly_the_weights),
      cmocka_unit_test(cells_merge),
      cmocka_unit_test(choice_finds_the_law),
      cmocka_unit_test(strong_evidence_counts_in_full),
      cmocka_unit_test(too_little_to_choose_by),
      cmocka_unit_test(refused_memory),
  };
  return cmocka_run_group_tests_name("law.entry_choice", tests, NULL, NULL);
}
