/* Departures from fitted laws, end to end: z-scores of draws are standard normal, planted departures are found with the
 * size theory gives, the simulated null holds its level, and documents hold what they promise at any size. */
#include "study/departure_study.h"
#include "study/study.h"

#include "math/multiple.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOWER = 8 };
#else
enum { SLOWER = 1 };
#endif

static double *draws(const char *text, size_t n, size_t rows, size_t cols, uint64_t seed) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  double *out = calloc(n, rows * cols * sizeof *out);
  assert_non_null(out);
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_law_draw(law, out, n, rows, cols, seed, 0, err));
  wlaw_law_free(law);
  wlaw_error_free(err);
  return out;
}

static json_t *document_of(const double *weights, size_t networks, size_t rows, size_t cols, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  for (; *pairs; pairs += 2) check_ok(wlaw_options_set(options, pairs[0], pairs[1], err));
  check_ok(wlaw_fit_array(&result, weights, networks, rows, cols, options, err));
  json_t *document = json_incref(result->document);
  wlaw_result_free(result);
  wlaw_options_free(options);
  wlaw_error_free(err);
  return document;
}

static double real_at(const json_t *object, const char *key) {
  double value = NAN;
  const json_t *item = json_object_get(object, key);
  if (!item) fail_msg("no key %s", key);
  return wlaw_json_number(item, &value) ? value : NAN;
}

static const json_t *invariant_of(const json_t *fit, const char *formula) {
  const json_t *list = json_object_get(fit, "invariants");
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *one = json_array_get(list, k);
    if (strcmp(json_string_value(json_object_get(one, "formula")), formula) == 0) return one;
  }
  fail_msg("no invariant %s", formula);
  return NULL;
}

static bool says(const json_t *fit, const char *key, const char *words) {
  const json_t *sentences = json_object_get(fit, key);
  for (size_t k = 0; k < json_array_size(sentences); k++)
    if (strstr(json_string_value(json_array_get(sentences, k)), words)) return true;
  return false;
}

/* ---- z-scores of draws ---- */

typedef struct null_case {
  const char *text;
  size_t rows, cols, degree;
  uint64_t seed;
} null_case;

static matrix_gaussian fit_of(const double *weights, size_t networks, const null_case *c, const invariant_set *set,
                              invariant_moments *observed) {
  matrix_gaussian out;
  matrix_moments moments;
  matrix_fit fit;
  ensemble *source = NULL;
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_ensemble_array(&source, weights, networks, c->rows, c->cols, err));
  check_ok(wlaw_ensemble_measure_invariants(&moments, observed, set->plan, source, 0, 0, NULL, err));
  check_ok(wlaw_law_parse(&law, c->text, err));
  check_ok(wlaw_matrix_fit(&fit, law->ops, &moments, err));
  out = fit.gaussian;
  wlaw_law_free(law);
  wlaw_ensemble_close(source);
  wlaw_error_free(err);
  return out;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* sup |F_n - Phi| sqrt(n). */
static double kolmogorov_smirnov(double *z, size_t n) {
  double most = 0;
  qsort(z, n, sizeof *z, ascending);
  for (size_t k = 0; k < n; k++) {
    const double F = 0.5 * erfc(-z[k] / sqrt(2.0));
    most = fmax(most, fmax(F - (double)k / (double)n, (double)(k + 1) / (double)n - F));
  }
  return most * sqrt((double)n);
}

/* `ensembles` of `networks` draws: every invariant that is not fitted has z-scores that pass for standard normal. Not
 * exactly so: a mean over N networks of a variable of skewness g has, by Edgeworth's expansion, a distribution within
 * phi(0) g / (6 sqrt N) of Phi, and the most skewed one here is the fourth Hermite polynomial of one number of a
 * network, g = 14.7 (E He_4^3 = 1728 over 24^(3/2)). With N = 2000 that is .022, which adds .022 sqrt(150) = .27 to the
 * statistic. Without it the largest of some 350 statistics, were they independent, passes 2.53 once in a thousand times
 * (2 exp(-2 x^2) = 1e-3 / 350). */
static void check_null(const null_case *c) {
  enum { ENSEMBLES = 150, NETWORKS = 2000 };
  const size_t ensembles = ENSEMBLES / (SLOWER > 1 ? 3 : 1), networks = NETWORKS;
  const double limit = 2.53 + 0.27;
  wlaw_error *err = wlaw_error_new();
  invariant_set set;
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, c->text, err));
  check_ok(wlaw_invariant_set_make(&set, wlaw_departure_family(law->ops, c->rows, c->cols), c->degree, NULL, err));
  wlaw_law_free(law);
  matrix_gaussian *laws = calloc(ensembles, sizeof *laws);
  graph_prediction *predicted = calloc(ensembles * set.n, sizeof *predicted);
  double *numbers = calloc(ensembles * 2 * set.n, sizeof *numbers), *z = calloc(ensembles, sizeof *z);
  departure *judged = calloc(ensembles * set.n, sizeof *judged);
  for (size_t e = 0; e < ensembles; e++) {
    double *weights = draws(c->text, networks, c->rows, c->cols, c->seed + e), *own = numbers + 2 * e * set.n;
    invariant_moments observed = {.length = set.n, .mean = own, .squares = own + set.n};
    laws[e] = fit_of(weights, networks, c, &set, &observed);
    free(weights);
  }
  check_ok(wlaw_wick_predict(predicted, set.wick, laws, ensembles, err));
  for (size_t e = 0; e < ensembles; e++) {
    double *own = numbers + 2 * e * set.n;
    const invariant_moments observed = {set.n, networks, own, own + set.n};
    check_ok(wlaw_departures_judge(judged + e * set.n, &observed, predicted + e * set.n, err));
  }
  size_t tested = 0;
  for (size_t k = 0; k < set.n; k++) {
    char formula[64];
    wlaw_graph_formula(formula, sizeof formula, &set.graphs[k]);
    for (size_t e = 0; e < ensembles; e++) {
      z[e] = judged[e * set.n + k].deviation_se;
      if (judged[e * set.n + k].fitted != judged[k].fitted) fail_msg("%s: fitted, or not", formula);
    }
    if (judged[k].fitted) continue;
    tested++;
    const double statistic = kolmogorov_smirnov(z, ensembles);
    if (!(statistic < limit)) fail_msg("%s, %s: KS %.3g", c->text, formula, statistic);
  }
  assert_true(tested > set.n / 2);
  free(judged);
  free(numbers);
  free(z);
  free(laws);
  free(predicted);
  wlaw_invariant_set_free(&set);
  wlaw_error_free(err);
}

static void scores_of_draws_are_normal(void **state) {
  (void)state;
  static const null_case cases[] = {
      {"iid(mean=0.05,variance=0.1)", 5, 5, 3, 100},
      {"bipartite(mean=0.3,s0=0.2,rows=0.3,columns=0.15,entries=0.1)", 5, 5, 3, 1100},
      {"bipartite(mean=0.3,s0=0.2,rows=0.3,columns=0.15,entries=0.1)", 4, 7, 4, 2100},
      {"iid(mean=0,variance=0.1)", 3, 8, 4, 3100},
      {"permutation(mean=[0.3,-0.2],V0=[0.2,0.05,0.05,0.3],VH=[0.3,0.1,-0.05,0.1,0.2,0.04,-0.05,0.04,0.25],V2=0.1,"
       "V3=0.2)",
       5, 5, 4, 4100},
      {"symmetric(mean=[0.3,-0.2],V0=[0.2,0.05,0.05,0.3],VH=[0.3,0.1,0.1,0.2],V2=0.1)", 5, 5, 3, 5100},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) check_null(&cases[c]);
}

/* ---- departures of known size ---- */

/* Entries uniform on (-1, 1), variance 1/3, E x^4 = 1/5: sum M^4 is D^2 (1/5 - 3/9) off the iid law, -2/15 D^2. Its
 * standard deviation over networks is D sqrt(1/9 - 1/25) = 4/15 D, so -D/2 standard deviations; what the fit leaves of
 * it is sum of He_4, of variance 24 D^2 / 81 under the law, so the standard error is sqrt(24 / N) D / 9. The deviation
 * itself fluctuates: per entry x^4 - 2 x^2 (to first order, for the variance is fitted: d(3 v^2) = 6 v dv), variance
 * 1/9 + 4/5 - 4/7 - (1/5 - 2/3)^2, and 4 of its standard deviations are allowed. */
static void uniform_entries(void **state) {
  (void)state;
  enum { N = 500, D = 10 };
  static const char *const options[] = {"law", "iid", "degree", "4", "replicates", "99", NULL};
  double *weights = draws("uniform(sd=0.57735026918962573)", N, D, D, 7);
  json_t *fit = document_of(weights, N, D, D, options);
  const json_t *one = invariant_of(fit, "sum M_ij M_ij M_ij M_ij");
  const double off = real_at(one, "observed") - real_at(one, "predicted");
  const double noise = 4 * D * sqrt((1.0 / 9 + 4.0 / 5 - 4.0 / 7 - pow(1.0 / 5 - 2.0 / 3, 2)) / N);
  check_near(off, -2.0 / 15 * D * D, noise);
  check_near(real_at(one, "deviation_sd"), -D / 2.0, 15 * noise / (4 * D) + 0.1 * D);
  check_near(real_at(one, "standard_error"), sqrt(24.0 / N) * D / 9, 0.03 * sqrt(24.0 / N) * D / 9);
  check_near(real_at(one, "deviation_se"), off / real_at(one, "standard_error"), 1e-9 * fabs(off) * 100);
  check_near(real_at(one, "relative"), off / real_at(one, "predicted"), 1e-12);
  const json_t *departures = json_object_get(fit, "departures");
  assert_string_equal(json_string_value(json_object_get(json_object_get(departures, "worst"), "formula")),
                      "sum M_ij M_ij M_ij M_ij");
  check_near(real_at(departures, "p_value"), 0.01, 1e-15);
  assert_int_equal(json_integer_value(json_object_get(departures, "tested")), 361 - 2);
  assert_true(says(fit, "summary", "The global test rejects the law iid"));
  assert_true(says(fit, "summary", "light-tailed (below) entries"));
  json_decref(fit);
  free(weights);
}

/* A few skewed entries in a small ensemble: (g^2 - 1) mixed into normal ones. The worst is sum M_ij^3, and what
 * overlaps with it follows from it. */
static void skewed_entries(void **state) {
  (void)state;
  enum { N = 200, D = 6 };
  static const char *const options[] = {"law", "permutation", "degree", "3", "replicates", "199", NULL};
  double *weights = draws("iid(mean=0,variance=1)", N, D, D, 8);
  for (size_t i = 0; i < (size_t)N * D * D; i++) weights[i] += 0.12 * (weights[i] * weights[i] - 1);
  json_t *fit = document_of(weights, N, D, D, options);
  const json_t *departures = json_object_get(fit, "departures");
  assert_string_equal(json_string_value(json_object_get(json_object_get(departures, "worst"), "formula")),
                      "sum M_ij M_ij M_ij");
  check_near(real_at(departures, "p_value"), 1.0 / 200, 1e-15);
  assert_true(says(fit, "summary", "sum M_ij M_ij M_ij departs from the law permutation"));
  assert_true(says(fit, "summary", "skewed entries"));
  /* third cumulant 6 c + 8 c^3 of g + c (g^2 - 1), over the entries; its own noise: sd of x^3 about 4, and 4 of those
   */
  const json_t *one = invariant_of(fit, "sum M_ij M_ij M_ij");
  check_near(real_at(one, "observed") - real_at(one, "predicted"), D * D * (6 * 0.12 + 8 * pow(0.12, 3)),
             4 * 4.0 * D / sqrt(N));
  json_decref(fit);
  free(weights);
}

/* ---- the simulated null ---- */

/* Few networks, where normal p-values are wrong: the global p of draws is uniform on k/20. Its mean over 60 ensembles
 * is .525, with standard deviation sqrt((1 - 1/400)/12/60) = .037; 4 of these are allowed. */
static void global_test_holds_its_level(void **state) {
  (void)state;
  enum { ENSEMBLES = 60 };
  double sum = 0;
  for (uint64_t e = 0; e < ENSEMBLES; e++) {
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)(77 + e));
    const char *const options[] = {"law", "bipartite", "degree", "3", "replicates", "19", "seed", seed, NULL};
    double *weights = draws("bipartite(mean=0.1,s0=0.2,rows=0.3,columns=0.15,entries=0.1)", 5, 4, 4, 500 + e);
    json_t *fit = document_of(weights, 5, 4, 4, options);
    sum += real_at(json_object_get(fit, "departures"), "p_value");
    json_decref(fit);
    free(weights);
  }
  check_near(sum / ENSEMBLES, 0.525, 4 * 0.037);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  double *weights = draws("uniform(sd=1)", 150, 5, 5, 9);
  json_t *first = NULL;
  static const char *const threads[] = {"1", "2", "7"};
  for (size_t t = 0; t < 3; t++) {
    const char *const options[] = {"degree", "4", "replicates", "11", "threads", threads[t], NULL};
    json_t *fit = document_of(weights, 150, 5, 5, options);
    text_buffer text = {0};
    wlaw_json_write(&text, fit);
    if (t == 0) first = json_string(wlaw_text_string(&text));
    else assert_string_equal(json_string_value(first), wlaw_text_string(&text));
    wlaw_text_free(&text);
    json_decref(fit);
  }
  json_decref(first);
  free(weights);
}

/* ---- documents ---- */

static void keys_and_counts(void **state) {
  (void)state;
  static const char *const keys[] = {"name",           "formula",
                                     "meaning",        "degree",
                                     "nodes",          "connected",
                                     "edges",          "observed",
                                     "predicted",      "sd",
                                     "standard_error", "fitted",
                                     "deviation_se",   "deviation_sd",
                                     "relative",       "p_value",
                                     "p_adjusted",     "p_benjamini_yekutieli",
                                     "p_simulated",    "p_simulated_adjusted"};
  static const char *const degrees[] = {"1", "2", "3", "4"};
  static const size_t square[] = {2, 13, 65, 361}, wide[] = {1, 5, 15, 48};
  double *weights = draws("iid(mean=0,variance=1)", 20, 4, 4, 10);
  for (size_t d = 0; d < 4; d++)
    for (int is_wide = 0; is_wide < 2; is_wide++) {
      const char *const options[] = {"law", "bipartite", "degree", degrees[d], "replicates", "3", NULL};
      json_t *fit = document_of(weights, is_wide ? 40 : 20, is_wide ? 2 : 4, 4, options);
      const json_t *list = json_object_get(fit, "invariants");
      assert_int_equal(json_array_size(list), is_wide ? wide[d] : square[d]);
      size_t fitted = 0;
      for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *one = json_array_get(list, k);
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
          if (!json_object_get(one, keys[i])) fail_msg("no key %s", keys[i]);
        if (!json_is_true(json_object_get(one, "fitted"))) continue;
        fitted++;
        assert_true(json_is_null(json_object_get(one, "p_adjusted")));
        check_near(real_at(one, "observed"), real_at(one, "predicted"), 1e-9 * (1 + fabs(real_at(one, "observed"))));
      }
      if (is_wide) assert_int_equal(fitted, d == 0 ? 1 : 5);
      assert_int_equal(json_array_size(list), fitted + (size_t)json_integer_value(json_object_get(
                                                           json_object_get(fit, "departures"), "tested")));
      json_decref(fit);
    }
  free(weights);
}

/* Without --degree: the observed 13, named as in the literature. */
static void thirteen_by_default(void **state) {
  (void)state;
  static const char *const options[] = {"law", "iid", NULL};
  double *weights = draws("iid(mean=1,variance=1)", 5, 4, 4, 11);
  json_t *fit = document_of(weights, 5, 4, 4, options);
  const json_t *list = json_object_get(fit, "invariants");
  assert_int_equal(json_array_size(list), 13);
  assert_null(json_object_get(fit, "departures"));
  static const struct {
    const char *name, *formula;
  } some[] = {{"I1", "sum M_ii"}, {"I4", "sum M_ij M_ji"}, {"I7", "sum M_ij M_ik"}, {"I13", "sum M_ii M_jk"}};
  for (size_t i = 0; i < 4; i++)
    assert_string_equal(json_string_value(json_object_get(invariant_of(fit, some[i].formula), "name")), some[i].name);
  double cubes = 0, squares = 0, spread = 0, of[5] = {0};
  for (size_t e = 0; e < 5 * 16; e++) squares += weights[e] * weights[e] / 5, of[e / 16] += pow(weights[e], 3);
  for (size_t k = 0; k < 5; k++) cubes += of[k] / 5;
  for (size_t k = 0; k < 5; k++) spread += (of[k] - cubes) * (of[k] - cubes) / 4;
  check_near(real_at(invariant_of(fit, "sum M_ij M_ij"), "observed"), squares, 1e-12 * squares);
  json_decref(fit);
  static const char *const named[] = {"law", "iid", "graph", " 2-5,2-5,2-5 ; 0-1", "replicates", "0", NULL};
  fit = document_of(weights, 5, 4, 4, named);
  assert_int_equal(json_array_size(json_object_get(fit, "invariants")), 2);
  check_near(real_at(invariant_of(fit, "sum M_ij M_ij M_ij"), "observed"), cubes, 1e-12 * cubes);
  check_near(real_at(invariant_of(fit, "sum M_ij M_ij M_ij"), "sd"), sqrt(spread), 1e-12 * cubes);
  assert_true(json_is_true(json_object_get(invariant_of(fit, "sum M_ij"), "fitted")));
  assert_true(says(fit, "warnings", "--replicates"));
  json_decref(fit);
  free(weights);
}

/* One and two networks, and the sizes where components are missing: null with a reason, never NaN. */
static void smallest_sizes(void **state) {
  (void)state;
  static const char *const laws[] = {"iid", "bipartite", "permutation", "auto"};
  static const size_t shapes[][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {1, 4}, {3, 2}};
  double *weights = draws("iid(mean=0.2,variance=1)", 2, 4, 4, 12);
  for (size_t s = 0; s < 6; s++)
    for (size_t l = 0; l < 4; l++)
      for (size_t networks = 1; networks <= 2; networks++) {
        if (l == 2 && shapes[s][0] != shapes[s][1]) continue;
        const char *const options[] = {"law", laws[l], "degree", "4", "replicates", "5", NULL};
        json_t *fit = document_of(weights, networks, shapes[s][0], shapes[s][1], options);
        const json_t *list = json_object_get(fit, "invariants");
        for (size_t k = 0; k < json_array_size(list); k++) {
          const json_t *one = json_array_get(list, k);
          const bool judged = !json_is_null(json_object_get(one, "deviation_se"));
          if (judged == json_is_true(json_object_get(one, "fitted"))) assert_non_null(json_object_get(one, "reason"));
          if (judged) assert_true(isfinite(real_at(one, "deviation_se")) && isfinite(real_at(one, "p_simulated")));
        }
        text_buffer text = {0};
        wlaw_json_write(&text, fit);
        assert_null(strstr(wlaw_text_string(&text), "nan"));
        wlaw_text_free(&text);
        json_decref(fit);
      }
  free(weights);
}

/* A mean of 10^9 standard deviations leaves nothing of degree 4 above the rounding of its value: not fitted, not
 * judged, and the reason is said. Weights whose squares or eighth powers vanish are refused. */
static void lost_in_rounding(void **state) {
  (void)state;
  static const char *const options[] = {"law", "iid", "graph", "0-1,0-1,1-2,2-0", "replicates", "9", NULL};
  double *weights = draws("iid(mean=1e9,variance=1)", 5, 4, 4, 21);
  json_t *fit = document_of(weights, 5, 4, 4, options);
  const json_t *one = json_array_get(json_object_get(fit, "invariants"), 0),
               *departures = json_object_get(fit, "departures");
  assert_true(json_is_false(json_object_get(one, "fitted")));
  assert_true(json_is_null(json_object_get(one, "deviation_se")));
  assert_non_null(strstr(json_string_value(json_object_get(one, "reason")), "rounding of its value"));
  assert_non_null(strstr(json_string_value(json_object_get(departures, "reason")), "than its value is rounded"));
  json_decref(fit);
  static const double scales[] = {1e-209, 1e-59}; /* of weights near 1e9 */
  wlaw_error *err = wlaw_error_new();
  for (size_t s = 0; s < 2; s++) {
    wlaw_options *given = NULL;
    double scaled[5 * 16];
    for (size_t k = 0; k < 5 * 16; k++) scaled[k] = weights[k] * scales[s];
    check_ok(wlaw_options_make(&given, &wlaw_command_fit, err));
    check_ok(wlaw_options_set(given, "degree", "4", err));
    check_status(wlaw_fit_array(NULL, scaled, 5, 4, 4, given, err), WLAW_VALUE);
    assert_non_null(strstr(wlaw_error_message(err), "vanish"));
    wlaw_options_free(given);
    wlaw_error_clear(err);
  }
  wlaw_error_free(err);
  free(weights);
}

/* Laws with a space of their own: graphs of their family, also where the law is chosen by the data, and replicates that
 * lie in the space. */
static void laws_with_a_space(void **state) {
  (void)state;
  static const struct {
    const char *text, *name, *family;
    size_t n;
  } laws[] = {
      {"symmetric(V0=[1,0.2,0.2,1],VH=[1,0.3,0.3,2],V2=1)", "symmetric", "undirected", 111},
      {"symmetric-zero-diagonal(a0=1,aH=2,a2=1)", "symmetric-zero-diagonal", "undirected-loopless", 35},
      {"zero-diagonal(V0=1,H=[1,0.3,0.3,2],V2=1,V3=2)", "zero-diagonal", "loopless", 161},
      {"antisymmetric(VH=2,V3=1)", "antisymmetric", "antisymmetric", 18},
  };
  static const char *const options[] = {"law", "auto", "degree", "4", "replicates", "39", NULL};
  size_t rejected = 0;
  for (size_t l = 0; l < sizeof laws / sizeof *laws; l++)
    for (size_t D = 2; D <= 5; D++) {
      double *weights = draws(laws[l].text, 30, D, D, 600 + D);
      json_t *fit = document_of(weights, 30, D, D, options);
      const json_t *departures = json_object_get(fit, "departures");
      assert_string_equal(json_string_value(json_object_get(departures, "law")), laws[l].name);
      assert_string_equal(json_string_value(json_object_get(departures, "family")), laws[l].family);
      assert_int_equal(json_array_size(json_object_get(fit, "invariants")), laws[l].n);
      if (json_integer_value(json_object_get(departures, "tested")) > 0)
        rejected += real_at(departures, "p_value") > 1.5 / 40 ? 0 : 1;
      json_decref(fit);
      free(weights);
    }
  assert_true(rejected <= 2); /* of 16 draws, each at 1/40: three or more once in 150 */
}

static void refused_in_words(void **state) {
  (void)state;
  static const struct {
    const char *option, *value;
    wlaw_status status;
    const char *words;
  } cases[] = {
      {"graph", "0-1,1", WLAW_ARGUMENT, ""},
      {"graph", " ; ", WLAW_ARGUMENT, "no graph is named"},
      {"graph", "0-1,0-2,0-3,0-4,0-5,0-6,0-7", WLAW_ARGUMENT, ""},
      {"replicates", "99", WLAW_ARGUMENT, "no meaning without --degree or --graph"},
  };
  wlaw_error *err = wlaw_error_new();
  double *weights = draws("iid(mean=0,variance=1)", 3, 4, 4, 13);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_options *options = NULL;
    check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
    check_ok(wlaw_options_set(options, cases[i].option, cases[i].value, err));
    check_status(wlaw_fit_array(NULL, weights, 3, 4, 4, options, err), cases[i].status);
    assert_non_null(strstr(wlaw_error_message(err), cases[i].words));
    wlaw_options_free(options);
    wlaw_error_clear(err);
  }
  /* a graph that would take longer than patience: the estimate, and how to go on */
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "graph", "0-1,1-2,2-0,0-0", err));
  check_ok(wlaw_options_set(options, "patience", "0", err));
  check_status(wlaw_fit_array(NULL, weights, 3, 4, 4, options, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "would take about"));
  assert_non_null(strstr(wlaw_error_hint(err), "--patience"));
  wlaw_options_free(options);
  /* no patience for a simulation: said, with the estimate */
  static const char *const hasty[] = {"law", "iid", "degree", "3", "patience", "0", NULL};
  json_t *fit = document_of(weights, 3, 4, 4, hasty);
  const json_t *departures = json_object_get(fit, "departures");
  assert_true(json_is_null(json_object_get(departures, "p_value")));
  assert_true(real_at(departures, "estimated_seconds") > 0);
  assert_non_null(strstr(json_string_value(json_object_get(departures, "reason")), "--replicates"));
  json_decref(fit);
  free(weights);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_of_draws_are_normal),
      cmocka_unit_test(uniform_entries),
      cmocka_unit_test(skewed_entries),
      cmocka_unit_test(global_test_holds_its_level),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(keys_and_counts),
      cmocka_unit_test(thirteen_by_default),
      cmocka_unit_test(smallest_sizes),
      cmocka_unit_test(lost_in_rounding),
      cmocka_unit_test(laws_with_a_space),
      cmocka_unit_test(refused_in_words),
  };
  return cmocka_run_group_tests_name("study.departures", tests, NULL, NULL);
}
