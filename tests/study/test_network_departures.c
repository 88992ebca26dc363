/* Departures of whole networks: z-scores of draws are standard normal, what a single matrix says of a weight is what
 * the network's study says of it, a mixture of node scales is found and named, and documents hold what they promise. */
#include "study.h"
#include "study/network_departures.h"
#include "study/network_study.h"

#include "law/random_network.h"
#include "measure/networks.h"
#include "study/network_file.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOWER = 8 };
#else
enum { SLOWER = 1 };
#endif

static some_networks room_for(const network_layout *layout, size_t n) {
  some_networks all = {.layout = *layout, .n = n};
  for (size_t t = 0; t < layout->n_tensors; t++) {
    all.whole[t] = calloc(n * layout->tensors[t].rows * layout->tensors[t].cols, sizeof(double));
    assert_non_null(all.whole[t]);
  }
  return all;
}

static void draw_networks(some_networks *all, const network_sampler *sampler, uint64_t seed) {
  for (size_t k = 0; k < all->n; k++) {
    double *tensors[NETWORK_TENSORS];
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEST, 0, (uint32_t)k);
    for (size_t t = 0; t < all->layout.n_tensors; t++)
      tensors[t] = all->whole[t] + k * all->layout.tensors[t].rows * all->layout.tensors[t].cols;
    assert_int_equal(wlaw_network_draw(tensors, sampler, &stream, NULL), WLAW_OK);
  }
}

/* The maximum of the likelihood. */
static network_gaussian *fit_of(const some_networks *all) {
  network_gaussian *law;
  network_moments *moments;
  network_scratch *scratch;
  double pivot[NETWORK_TENSORS];
  wlaw_error *err = wlaw_error_new();
  const network_block block = block_of(all, false, 0);
  wlaw_network_pivot(pivot, &all->layout, &block);
  check_ok(wlaw_network_moments_new(&moments, &all->layout, pivot, false, err));
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  assert_int_equal(wlaw_network_moments_add(moments, scratch, &block, all->n, wlaw_cpu_level()), all->n);
  check_ok(wlaw_network_gaussian_new(&law, &all->layout, err));
  wlaw_network_estimate(law, moments, NETWORK_WHOLE);
  wlaw_network_scratch_free(scratch);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  return law;
}

static network_departures judged(const some_networks *all, size_t degree) {
  network_departures out;
  network_gaussian *law = fit_of(all);
  wlaw_error *err = wlaw_error_new();
  const network_block block = block_of(all, false, 0);
  check_ok(wlaw_network_departures_choose(&out, &all->layout, degree, err));
  check_ok(wlaw_network_departures_measure(&out.observed, &out, &block, all->n, err));
  check_ok(wlaw_network_departures_judge(&out, law, 1, NULL, err));
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
  return out;
}

static size_t find(const network_departures *all, const char *formula) {
  for (size_t k = 0; k < all->n; k++) {
    char own[DEPARTURE_FORMULA];
    wlaw_network_departure_formula(own, sizeof own, all, k);
    if (strcmp(own, formula) == 0) return k;
  }
  fail_msg("no invariant %s", formula);
  return 0;
}

/* ---- z-scores of draws ---- */

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

/* `ensembles` of `networks` draws, each fitted: every invariant that is not fitted has z-scores that pass for standard
 * normal. As in test_departures.c: the most skewed is the fourth Hermite polynomial of one number of a network, which
 * with 2000 networks adds .27 to the statistic of 150; the largest of 400, were they independent, passes 2.55 once in a
 * thousand times (2 exp(-2 x^2) = 1e-3 / 400). */
static void check_null(size_t layers, const size_t *width, bool bias, network_side input, network_side output,
                       size_t degree, uint32_t seed) {
  enum { ENSEMBLES = 150, NETWORKS = 2000 };
  const size_t ensembles = ENSEMBLES / (SLOWER > 1 ? 5 : 1);
  const network_layout layout = layout_of(shape_of(layers, width, bias, input, output));
  network_gaussian *law = random_network(&layout, seed);
  network_sampler *sampler;
  some_networks all = room_for(&layout, NETWORKS);
  assert_int_equal(wlaw_network_sampler_new(&sampler, law, NULL), WLAW_OK);
  network_departures *each = calloc(ensembles, sizeof *each);
  for (size_t e = 0; e < ensembles; e++) {
    draw_networks(&all, sampler, 1000 * seed + e);
    each[e] = judged(&all, degree);
  }
  size_t tested = 0;
  double z[ENSEMBLES];
  for (size_t k = 0; k < each[0].n; k++) {
    char formula[DEPARTURE_FORMULA];
    wlaw_network_departure_formula(formula, sizeof formula, &each[0], k);
    for (size_t e = 0; e < ensembles; e++) {
      z[e] = each[e].departures[k].deviation_se;
      if (each[e].departures[k].fitted != each[0].departures[k].fitted) fail_msg("%s: fitted, or not", formula);
    }
    if (each[0].departures[k].fitted) continue;
    tested++;
    const double statistic = kolmogorov_smirnov(z, ensembles);
    if (!(statistic < 2.55 + 0.27)) fail_msg("%s: KS %.3g", formula, statistic);
  }
  assert_true(tested > each[0].n / 2);
  for (size_t e = 0; e < ensembles; e++) wlaw_network_departures_free(&each[e]);
  free(each);
  some_networks_free(&all);
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(law);
}

static void scores_of_draws_are_normal(void **state) {
  (void)state;
  check_null(3, (size_t[]){2, 3, 4, 2}, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE, 3, 1);
  check_null(4, (size_t[]){5, 3, 2, 3, 3}, false, SIDE_OMITTED, SIDE_LABELLED, 4, 2);
  check_null(3, (size_t[]){3, 3, 2, 4}, false, SIDE_EXCHANGEABLE, SIDE_LABELLED, 4, 3);
}

/* ---- within a weight ---- */

/* The same weight as a matrix of its own under the law bipartite: the same numbers. */
static void a_weight_by_itself(void **state) {
  (void)state;
  enum { N = 60 };
  const network_layout layout = layout_of(shape_of(3, (size_t[]){2, 4, 3, 2}, true, SIDE_OMITTED, SIDE_LABELLED));
  some_networks all = some_networks_new(layout, N, 0.2, 1, 7);
  network_departures departures = judged(&all, 4);
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", "bipartite", err));
  check_ok(wlaw_options_set(options, "degree", "4", err));
  check_ok(wlaw_options_set(options, "replicates", "0", err));
  check_ok(wlaw_fit_array(&result, all.whole[0], N, 3, 4, options, err));
  const json_t *list = json_object_get(result->document, "invariants");
  assert_int_equal(json_array_size(list), 48);
  assert_int_equal(departures.n_weights, 1);
  for (size_t k = 0; k < 48; k++) {
    const json_t *one = json_array_get(list, k);
    const departure *own = &departures.departures[k];
    double observed, predicted, error;
    wlaw_json_number(json_object_get(one, "observed"), &observed);
    wlaw_json_number(json_object_get(one, "predicted"), &predicted);
    wlaw_json_number(json_object_get(one, "standard_error"), &error);
    const double scale = 1e-10 * (fabs(observed) + own->sd);
    check_near(own->observed, observed, scale);
    check_near(own->predicted, predicted, scale);
    check_near(own->standard_error, error, 1e-9 * error);
    assert_int_equal(own->fitted, json_is_true(json_object_get(one, "fitted")));
  }
  wlaw_result_free(result);
  wlaw_options_free(options);
  wlaw_error_free(err);
  wlaw_network_departures_free(&departures);
  some_networks_free(&all);
}

/* ---- a mixture ---- */

static const char *const names[] = {"layer1.weight", "layer2.weight", "layer3.weight", "layer4.weight"};

static bool says(const json_t *sentences, const char *words) {
  for (size_t k = 0; k < json_array_size(sentences); k++)
    if (strstr(json_string_value(json_array_get(sentences, k)), words)) return true;
  return false;
}

/* All weights standard normal, but what goes into and out of a node of hidden layer 2 shares a scale s, s^2 one half or
 * three halves: E s^4 = 5/4, so the mean of sum_i |in|^2 |out|^2 is 8^3 5/4, and the law, which fits the means of both
 * norms, says 8^3: 128 less. */
static void a_mixture_of_node_scales(void **state) {
  (void)state;
  enum { N = 400, D = 8 };
  const network_layout layout =
      layout_of(shape_of(4, (size_t[]){D, D, D, D, D}, false, SIDE_EXCHANGEABLE, SIDE_LABELLED));
  some_networks all = room_for(&layout, N);
  for (size_t k = 0; k < N; k++) {
    wlaw_stream stream = wlaw_stream_start(41, STREAM_TEST, 0, (uint32_t)k);
    double scale[D];
    wlaw_stream_normals(&stream, scale, D);
    for (size_t i = 0; i < D; i++) scale[i] = sqrt(scale[i] > 0 ? 1.5 : 0.5);
    for (size_t t = 0; t < 4; t++) {
      double *w = all.whole[t] + k * D * D;
      wlaw_stream_normals(&stream, w, D * D);
      for (size_t e = 0; e < D * D; e++) w[e] *= t == 1 ? scale[e / D] : t == 2 ? scale[e % D] : 1;
    }
  }
  network_departures departures = judged(&all, 4);
  const departure *norms = &departures.departures[find(&departures, "sum W2_ij^2 W3_ki^2")];
  check_near(norms->observed - norms->predicted, 128, 4 * norms->sd / sqrt(N));
  check_near(norms->relative, 0.25, 4 * norms->sd / sqrt(N) / 512);
  assert_true(norms->deviation_se > 20);
  assert_true(norms->p_adjusted < 1e-50);
  assert_true(departures.departures[find(&departures, "sum W1_ij^2 W2_ki^2")].p_adjusted > 0.05);
  assert_true(departures.departures[find(&departures, "sum W3_ij^2 W4_ci^2")].p_adjusted > 0.05);
  json_t *summary = json_array(), *warnings = json_array();
  bool failed = false;
  wlaw_network_departures_say(&failed, summary, warnings, &departures, names);
  assert_false(failed);
  assert_true(says(summary, "sum W2_ij^2 W3_ki^2 departs from the law network by +"));
  assert_true(says(
      summary, "squared norms of incoming and outgoing weights of hidden layer 2 correlate more than the law says"));
  assert_true(says(summary, "Invariants within the last weight, whose outputs are labelled, are left out"));
  assert_false(says(summary, "hidden layer 3"));
  assert_int_equal(json_array_size(warnings), 0);
  json_decref(summary);
  json_decref(warnings);
  wlaw_network_departures_free(&departures);
  some_networks_free(&all);
}

static void in_words(void **state) {
  (void)state;
  static const struct {
    const char *formula;
    double z;
    const char *words;
  } cases[] = {
      {"sum W2_ij W3_ci", 3,
       "sums of incoming and outgoing weights of hidden layer 2 correlate more positively than the law says"},
      {"sum W2_ij^2 W3_ci^2", -3,
       "squared norms of incoming and outgoing weights of hidden layer 2 correlate less than the law says"},
      {"sum W1_ij W1_ik W2_li", -3,
       "squared sums of incoming weights and sums of outgoing weights of hidden layer 1 correlate more negatively than "
       "the "
       "law says"},
      {"sum W2_ij^2 b2_i W3_ci", 3,
       "products, node by node, of squared norms of incoming weights, biases and sums of outgoing weights of hidden "
       "layer "
       "2 are larger on average than the law says"},
      {"sum W2_ij W3_ci^2 W3_di", -3,
       "products, node by node, of sums of incoming weights and squared norms times sums of outgoing weights of hidden "
       "layer 2 are smaller on average than the law says"},
      {"sum W1_ij b1_i^2", NAN, "sums of incoming weights and squared biases of hidden layer 1"},
      {"sum b1_i^2 W2_ji", 3,
       "squared biases and sums of outgoing weights of hidden layer 1 correlate more positively than the law says"},
      {"sum b2_i^3", 3, "skewed biases of hidden layer 2"},
      {"sum W1_ij W2_ki", 3,
       "sums of incoming and outgoing weights of hidden layer 1 correlate more positively than the law says"},
      {"sum W1_ji W2_kj W3_ck", -3,
       "paths through layer1.weight, layer2.weight and layer3.weight, the products of weights one after another, sum "
       "to "
       "less than the law says"},
      {"sum W2_ij W2_ik W2_lj W2_lm", 3,
       "in layer2.weight, rows i and l are alike, or opposed, where i has a large row sum and l has a large row sum"},
      {"sum W1_ij^3", 3, "in layer1.weight, skewed entries: large weights of one sign are commoner than of the other"},
  };
  static const char *const of_tensors[] = {"layer1.weight", "layer2.weight", "layer3.weight",
                                           "layer1.bias",   "layer2.bias",   "layer3.bias"};
  const network_layout layout = layout_of(shape_of(3, (size_t[]){2, 3, 2, 2}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED));
  network_departures departures;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_departures_choose(&departures, &layout, 4, err));
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char meaning[DEPARTURE_MEANING];
    const size_t k = find(&departures, cases[c].formula);
    departures.departures[k].deviation_se = cases[c].z;
    wlaw_network_departure_meaning(meaning, sizeof meaning, &departures, of_tensors, k);
    assert_string_equal(meaning, cases[c].words);
  }
  wlaw_network_departures_free(&departures);
  wlaw_error_free(err);
}

/* ---- documents ---- */

static json_t *document_of(const some_networks *all, const char *path, size_t degree, unsigned threads) {
  networks *source;
  network_gaussian *law = fit_of(all);
  json_t *document = json_object();
  wlaw_error *err = wlaw_error_new();
  const networks_request request = {.paths = &path, .n_paths = 1};
  json_object_set_new(document, "summary", json_array());
  json_object_set_new(document, "warnings", json_array());
  check_ok(wlaw_networks_open(&source, &request, err));
  check_ok(wlaw_network_departures(document, law, source, degree, threads, NULL, err));
  wlaw_networks_close(source);
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
  return document;
}

static void check_keys(const json_t *document, size_t n) {
  static const char *const keys[] = {"kind",
                                     "degree",
                                     "graph",
                                     "set",
                                     "layers",
                                     "edges",
                                     "formula",
                                     "meaning",
                                     "observed",
                                     "predicted",
                                     "sd",
                                     "standard_error",
                                     "fitted",
                                     "deviation_se",
                                     "deviation_sd",
                                     "relative",
                                     "p_value",
                                     "p_adjusted",
                                     "p_benjamini_yekutieli"};
  const json_t *list = json_object_get(document, "invariants"), *departures = json_object_get(document, "departures");
  assert_int_equal(json_array_size(list), n);
  size_t fitted = 0;
  for (size_t k = 0; k < n; k++) {
    const json_t *one = json_array_get(list, k);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
      if (!json_object_get(one, keys[i])) fail_msg("no key %s", keys[i]);
    assert_int_equal(json_array_size(json_object_get(one, "edges")),
                     json_integer_value(json_object_get(one, "degree")));
    fitted += json_is_true(json_object_get(one, "fitted"));
  }
  assert_int_equal(n, fitted + (size_t)json_integer_value(json_object_get(departures, "tested")));
  assert_string_equal(json_string_value(json_object_get(departures, "law")), "network");
}

/* Bytes do not depend on threads, and a source read in pieces says what one block in memory says. */
static void check_file(const network_layout *layout, size_t n, size_t degree) {
  some_networks all = some_networks_new(*layout, n, 0.1, 1, 8);
  const char *path = write_networks("networks.safetensors", &all);
  network_departures departures = judged(&all, degree);
  text_buffer first = {0};
  for (size_t t = 0; t < 3; t++) {
    json_t *document = document_of(&all, path, degree, (unsigned[]){1, 2, 7}[t]);
    const json_t *list = json_object_get(document, "invariants");
    text_buffer text = {0};
    wlaw_json_write(t == 0 ? &first : &text, document);
    if (t > 0) assert_string_equal(wlaw_text_string(&first), wlaw_text_string(&text));
    check_keys(document, departures.n);
    for (size_t k = 0; k < departures.n; k++) {
      double z;
      const departure *own = &departures.departures[k];
      wlaw_json_number(json_object_get(json_array_get(list, k), "deviation_se"), &z);
      assert_true(isnan(z) == isnan(own->deviation_se));
      if (!isnan(z)) check_near(z, own->deviation_se, 1e-7 * (1 + fabs(z))); /* of means with digits to spare */
    }
    wlaw_text_free(&text);
    json_decref(document);
  }
  wlaw_text_free(&first);
  wlaw_network_departures_free(&departures);
  some_networks_free(&all);
}

static void from_a_file(void **state) {
  (void)state;
  const network_layout some =
      layout_of(shape_of(4, (size_t[]){5, 4, 3, 4, 3}, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  const network_layout tiny = layout_of(shape_of(2, (size_t[]){2, 2, 2}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  check_file(&some, 300, 4);
  check_file(&tiny, 200 * 64 + 100, 3); /* units of more networks than are read at a time */
}

/* Few networks, sets of one node, nothing to look at: sentences, never a number that is none. */
static void smallest(void **state) {
  (void)state;
  static const struct {
    size_t layers, width[5], networks;
    bool bias;
    network_side input, output;
    size_t n; /* invariants of degree up to 3 */
  } cases[] = {
      {2, {2, 1, 2}, 5, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE, 2 * 15 + 5},
      {3, {2, 3, 2, 2}, 1, false, SIDE_OMITTED, SIDE_LABELLED, 15 + 5},
      {2, {1, 1, 1}, 4, true, SIDE_EXCHANGEABLE, SIDE_LABELLED, 15 + 4 + 12},
      {2, {3, 2, 2}, 3, false, SIDE_OMITTED, SIDE_LABELLED, 0},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const network_layout layout =
        layout_of(shape_of(cases[c].layers, cases[c].width, cases[c].bias, cases[c].input, cases[c].output));
    some_networks all = some_networks_new(layout, cases[c].networks, 0.3, 1, 9);
    network_departures departures = judged(&all, 3);
    json_t *summary = json_array(), *warnings = json_array();
    bool failed = false;
    wlaw_network_departures_say(&failed, summary, warnings, &departures, names);
    assert_false(failed);
    assert_int_equal(departures.n, cases[c].n);
    for (size_t k = 0; k < departures.n; k++) {
      const departure *one = &departures.departures[k];
      assert_true(isfinite(one->observed) && isfinite(one->predicted));
      if (one->fitted) check_near(one->observed, one->predicted, 1e-9 * (1 + fabs(one->observed)));
    }
    if (cases[c].n == 0) assert_true(says(summary, "there are none"));
    else assert_true(says(warnings, "approximate") || departures.test.tested == 0);
    json_decref(summary);
    json_decref(warnings);
    wlaw_network_departures_free(&departures);
    some_networks_free(&all);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_of_draws_are_normal),
      cmocka_unit_test(a_weight_by_itself),
      cmocka_unit_test(a_mixture_of_node_scales),
      cmocka_unit_test(in_words),
      cmocka_unit_test(from_a_file),
      cmocka_unit_test(smallest),
  };
  return cmocka_run_group_tests_name("study.network_departures", tests, NULL, NULL);
}
