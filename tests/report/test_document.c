/* Pages of documents: well-formed, the same bytes every time, hostile text escaped, and no document, with
 * keys missing or of another type, can break them. */
#include "support/test.h"

#include "core/json.h"
#include "report/document_page.h"
#include "report/pages.h"

#include "report/infinite.h"
#include "report/markup.h"
#include "report/networks.h"

/* Documents like those of the verbs, with everything that a page reads. */
static json_t *tensor_document(size_t i, const char *kind) {
  json_t *p = json_array(), *value = json_array(), *counts = json_array();
  for (int q = 0; q < 21; q++) {
    json_array_append_new(p, json_real((q + 0.5) / 21));
    json_array_append_new(value, json_real(0.01 * (q + 1)));
    json_array_append_new(counts, json_integer(100 - (q - 10) * (q - 10)));
  }
  char name[64];
  snprintf(name, sizeof name, "model.layers.%zu.self_attn.%s_proj.weight", i, kind);
  return json_pack(
      "{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:f, s:i, s:{s:f, s:f, s:f, s:f, s:f}, s:{s:f, s:f}, s:s,"
      " s:[{s:s, s:{s:f, s:f}}, {s:s, s:{s:f, s:f}}], s:{s:O, s:O}, s:{s:f, s:f, s:o, s:i, s:i},"
      " s:{s:f, s:f, s:f}, s:{s:f, s:f, s:i, s:i, s:f, s:{s:o, s:o}}, s:n, s:f, s:f, s:[f, f], s:f}",
      "name", name, "kind", kind, "block", (int)i, "rows", 8, "columns", 8, "zeros", (int)i, "nonfinite",
      i == 2 ? 1 : 0, "kurtosis", 3.1, "severity", i == 2 ? 3 : 0, "weibull", "k", 1.2 - 0.01 * (double)i, "lambda",
      0.1, "r2", 0.99, "se_k", 0.01, "k_both", 1.2, "ggd", "shape", 1.9, "se_shape", 0.1, "best_law", "normal", "laws",
      "law", "normal", "parameters", "mean", 0.0, "sd", 0.1, "law", "uniform", "parameters", "low", -0.2, "high", 0.2,
      "quantiles", "p", p, "value", value, "histogram", "low", -0.3, "width", 0.03, "counts", counts, "below", 0,
      "above", 1, "published", "k_low", 1.1, "k_median", 1.15, "k_high", 1.19, "spectrum", "alpha", 3.2, "xmin", 0.05,
      "n_tail", 15, "n", 21, "mp_edge", 0.1, "eigenvalues", "p", p, "value", value, "reason", "relative_change", 0.02,
      "change_k", -4.0, "k", 1.2, 1.1, "cosine", 0.99);
}

static json_t *scan_document(void) {
  json_t *tensors = json_array();
  for (size_t i = 0; i < 12; i++) json_array_append_new(tensors, tensor_document(i / 2, i % 2 ? "q" : "v"));
  return json_pack("{s:s, s:s, s:s, s:o, s:[s], s:[{s:s, s:s, s:s}]}", "schema", "weightlaw.scan/1", "file",
                   "model.safetensors", "format", "safetensors", "tensors", tensors, "findings",
                   "One weight is broken.", "skipped", "name", "ids", "dtype", "i64", "reason", "integers");
}

static json_t *track_document(void) {
  json_t *tensors = json_array(), *points = json_array();
  for (int e = 0; e < 4; e++)
    json_array_append_new(points, json_pack("{s:s, s:i}", "file", "epoch.pt", "epoch", 100 * e));
  for (int t = 0; t < 10; t++) {
    json_t *series = json_array();
    for (int e = 0; e < 4; e++)
      json_array_append_new(series, e == 2 && t == 3
                                        ? json_null()
                                        : json_pack("{s:f, s:f, s:f, s:f}", "k", 1.2 + 0.01 * e * t, "se_k", 0.01,
                                                    "distance", 0.1 * e, "drift_k", 0.7 * e * t));
    char name[32];
    snprintf(name, sizeof name, "layer%d.weight", t);
    json_array_append_new(tensors, json_pack("{s:s, s:s, s:o}", "name", name, "kind", "dense", "points", series));
  }
  return json_pack("{s:s, s:o, s:o, s:[]}", "schema", "weightlaw.track/1", "points", points, "tensors", tensors,
                   "findings");
}

static json_t *changes_document(void) {
  json_t *scan = scan_document();
  json_t *document = json_pack("{s:s, s:s, s:s, s:O, s:[s], s:[], s:[s]}", "schema", "weightlaw.changes/1", "a", "x.pt",
                               "b", "y.pt", "tensors", json_object_get(scan, "tensors"), "only_a", "head.weight",
                               "only_b", "different_shape", "embed.weight");
  json_decref(scan);
  return document;
}

typedef json_t *(*make_document)(void);
static const make_document makers[] = {scan_document,  track_document, changes_document, limit_document,
                                       prune_document, nodes_document, network_document, redraw_document};
enum { MAKERS = sizeof makers / sizeof *makers };

static markup check_page(const json_t *document) {
  text_buffer page = {0}, again = {0};
  wlaw_document_page(&page, document, NULL, "2026-01-02");
  wlaw_document_page(&again, document, NULL, "2026-01-02");
  assert_false(page.failed);
  assert_int_equal(page.length, again.length);
  assert_memory_equal(page.bytes, again.bytes, page.length);
  const markup counts = markup_check(page.bytes);
  wlaw_text_free(&page);
  wlaw_text_free(&again);
  return counts;
}

static void whole_documents(void **state) {
  (void)state;
  json_t *document[MAKERS];
  for (size_t m = 0; m < MAKERS; m++) assert_non_null(document[m] = makers[m]());
  /* scan: heat map, k and alpha of two kinds, three plots and one key (normal alone has a density) for each tensor */
  assert_int_equal(check_page(document[0]).n_svg, 1 + 2 + 2 + 12 * (3 + 1));
  /* track: distance and k have numbers, and the drift */
  assert_int_equal(check_page(document[1]).n_svg, 3);
  assert_int_equal(check_page(document[2]).n_svg, 2);
  /* limit: densities, a cloud for each of three widths and the limit, active nodes, pruning */
  assert_int_equal(check_page(document[3]).n_svg, 1 + 4 + 2);
  assert_int_equal(check_page(document[4]).n_svg, 2);
  /* node variances: the second layer has no curves */
  assert_int_equal(check_page(document[5]).n_svg, 2);
  /* network: two node sets and the totals; redraw: training of the last epoch's, and three numbers of epochs */
  assert_int_equal(check_page(document[6]).n_svg, 3);
  assert_int_equal(check_page(document[7]).n_svg, 1 + 3);
  for (size_t m = 0; m < MAKERS; m++) json_decref(document[m]);
}

/* redraw: the laws of the last epoch in a table that is open, with a star where a difference counts; one epoch is no
 * line over epochs. */
static void redraw_at_a_glance(void **state) {
  (void)state;
  json_t *document = redraw_document(), *cells = json_object_get(document, "cells"), *cell;
  for (int single = 0; single < 2; single++) {
    text_buffer page = {0};
    for (size_t i = json_array_size(cells); i-- > 0;) {
      cell = json_array_get(cells, i);
      const bool last = json_integer_value(json_object_get(cell, "epoch")) == 3;
      if (single && !last) json_array_remove(cells, i);
      else
        json_object_set_new(cell, "p_adjusted",
                            json_real(last && strcmp(json_string_value(json_object_get(cell, "law")), "iid") == 0 &&
                                              json_integer_value(json_object_get(cell, "after")) == 2
                                          ? 0.001
                                          : 0.003));
    }
    wlaw_document_page(&page, document, NULL, NULL);
    assert_int_equal(markup_check(page.bytes).n_svg, single ? 1 : 4);
    const char *table = strstr(wlaw_text_string(&page), "Laws of epoch 3: accuracy in %");
    assert_non_null(table);
    const char *row = strstr(table, "iid</th>"), *star = strstr(table, " *</td>");
    assert_true(row && star && row < star && star < strstr(row, "</tr>")); /* the last cell, */
    assert_true(strstr(star, "</tr>") == star + strlen(" *</td>"));
    assert_null(strstr(star + 1, " *</td>")); /* and no other */
    wlaw_text_free(&page);
  }
  json_decref(document);
}

/* A Gaussian process has no active nodes, a sum of infinite mean no error of pruning: sentences, and no empty axes. */
static void nothing_to_draw(void **state) {
  (void)state;
  json_t *document = limit_document(), *cut = json_object_get(document, "truncation"), *row;
  size_t i;
  json_array_foreach(json_object_get(document, "active_nodes"), i, row)
      json_object_set_new(row, "expected", json_pack("[f, f]", 0.0, 0.0));
  json_object_set_new(cut, "error", json_pack("[n, n, n, n]"));
  json_object_set_new(cut, "bound", json_pack("[s, s, s, s]", "inf", "inf", "inf", "inf"));
  json_object_set_new(cut, "reason", json_string("no bound in mean square"));
  json_object_del(document, "finite");
  text_buffer page = {0};
  wlaw_document_page(&page, document, NULL, NULL);
  check_holds(wlaw_text_string(&page), "None: every node variance vanishes");
  check_holds(wlaw_text_string(&page), "no bound in mean square");
  assert_null(strstr(wlaw_text_string(&page), "no data"));
  assert_int_equal(markup_check(page.bytes).n_svg, 1 + 1); /* the density, the cloud of the limit */
  wlaw_text_free(&page);
  json_decref(document);
}

/* prune of some layers, by norm, of networks from a law without node variances: the page says so. */
static void what_was_pruned(void **state) {
  (void)state;
  json_t *document = prune_document(), *row;
  size_t i;
  json_object_set_new(document, "by", json_string("norm"));
  json_object_set_new(document, "layers", json_pack("[{s:i}, {s:i}]", "hidden", 1, "hidden", 3));
  json_array_foreach(json_object_get(document, "pruned"), i, row)
      json_object_set_new(row, "theory", json_pack("{s:n, s:n, s:s}", "share", "bound", "reason", "no variances"));
  text_buffer page = {0};
  wlaw_document_page(&page, document, NULL, NULL);
  check_holds(wlaw_text_string(&page), "In hidden layers 1, 3 the nodes whose incoming weights have the smallest norm");
  check_holds(wlaw_text_string(&page), "on test inputs. No theory: no variances.");
  markup_check(page.bytes);
  wlaw_text_free(&page);
  json_decref(document);
}

/* The value at a key is replaced by values of other types, one after another. */
static void replace(const json_t *root, json_t *object, const char *key, size_t *left) {
  static const char *const others[] = {"null", "\"text\"", "-1e300", "[]", "{}", "[[[1]]]", "\"inf\""};
  json_t *kept = json_incref(json_object_get(object, key));
  const size_t n = sizeof others / sizeof *others - json_is_string(kept); /* "inf" is a number, not a name */
  for (size_t o = 0; o<n && * left> 0; o++) {
    json_object_set_new(object, key, json_loads(others[o], JSON_DECODE_ANY, NULL));
    if (wlaw_document_has_page(root)) check_page(root); /* a fit has one by its law */
    --*left;
  }
  json_object_set_new(object, key, kept);
}

/* Each value of the document in turn, `left` replacements at most. */
static void spoil(const json_t *root, json_t *value, size_t *left) {
  const char *keys[32];
  size_t n = 0;
  for (void *at = json_object_iter(value); at && n < 32; at = json_object_iter_next(value, at))
    keys[n++] = json_object_iter_key(at);
  for (size_t i = 0; i<n && * left> 0; i++) {
    if (strcmp(keys[i], "schema") == 0) continue;
    replace(root, value, keys[i], left);
    spoil(root, json_object_get(value, keys[i]), left);
  }
  for (size_t i = 0; i < json_array_size(value) && i < 2; i++) spoil(root, json_array_get(value, i), left);
}

static void spoiled_documents(void **state) {
  (void)state;
  for (size_t m = 0; m < MAKERS; m++) {
    json_t *document = makers[m]();
    size_t left = 250;
    spoil(document, document, &left);
    json_decref(document);
  }
}

static void hostile_text(void **state) {
  (void)state;
  static const char evil[] = "</title></svg></style><script>alert(1)</script>\"'&lt;\x01 onload=\"x\" \xe2\x82\xac";
  for (size_t m = 0; m < MAKERS; m++) {
    json_t *document = makers[m](), *tensors = json_object_get(document, "tensors");
    static const char *const keys[] = {"file", "format", "a", "b", "law", "run", "why"}, *const of_tensor[] = {
                                                                                             "name", "kind",
                                                                                             "best_law"};
    json_t *law = json_incref(json_object_get(document, "law"));
    for (size_t k = 0; k < 7; k++) json_object_set_new(document, keys[k], json_string(evil));
    if (!wlaw_document_has_page(document)) json_object_set(document, "law", law);
    json_decref(law);
    for (size_t k = 0; k < 3 && tensors; k++)
      json_object_set_new(json_array_get(tensors, 0), of_tensor[k], json_string(evil));
    json_object_set_new(document, "findings", json_pack("[s]", evil));
    json_object_set_new(document, "only_a", json_pack("[s]", evil));
    json_object_set_new(document, "summary", json_pack("[s]", evil));
    json_object_set_new(document, "trivial_names", json_pack("[s, s]", evil, evil));
    if (json_object_get(document, "cells"))
      json_object_set_new(json_array_get(json_object_get(document, "cells"), 0), "law", json_string(evil));
    check_page(document);
    json_decref(document);
  }
}

/* Through the verb: a document in a file becomes a page; another JSON file is no tensor file. */
static void through_the_verb(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  json_t *document = scan_document();
  char *text = json_dumps(document, 0);
  const char *input = test_scratch("scan.json");
  write_text(input, text);
  char *page = report_page(input, "scan.html", "1");
  check_holds(page, "The weights of model.safetensors");
  check_holds(page, "One weight is broken.");
  free(page);
  const char *other = test_scratch("other.json"), *pairs[] = {"output", test_scratch("other.html"), NULL};
  write_text(other, "{\"schema\": \"weightlaw.fit/1\"}");
  check_status(report_with(other, pairs, NULL, err), WLAW_FORMAT);
  check_holds(wlaw_error_message(err), "weightlaw.fit/1");
  write_text(other, "{\"schema\": ");
  check_status(report_with(other, pairs, NULL, err), WLAW_FORMAT);
  check_status(report_with("bta(eta=1)", pairs, NULL, err), WLAW_NAME);
  check_holds(wlaw_error_message(err), "did you mean 'beta'?");
  check_status(report_with("normal(sd=1)", pairs, NULL, err), WLAW_ARGUMENT);
  check_status(report_with("beta; bta(eta=1)", pairs, NULL, err), WLAW_NAME);
  check_status(report_with("weights (1).npy", pairs, NULL, err), WLAW_IO);
  check_status(report_with("beta(eta=1,b=-1)", pairs, NULL, err), WLAW_ARGUMENT);
  free(text);
  json_decref(document);
  wlaw_error_free(err);
}

/* A file of one network is scanned first. */
static void checkpoint_file(void **state) {
  (void)state;
  static const tensor_spec one[] = {{"fc1.weight", WLAW_F32, 2, {40, 30}}, {"fc1.bias", WLAW_F32, 1, {40}}};
  const char *input = test_scratch("one.safetensors");
  write_tensors(input, one, 2, 0, false);
  char *page = report_page(input, "one.html", "1");
  markup_check(page);
  check_holds(page, "The weights of one.safetensors");
  check_holds(page, "Weibull probability plot");
  check_holds(page, "best on held-out rows");
  free(page);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whole_documents),   cmocka_unit_test(redraw_at_a_glance),
                                     cmocka_unit_test(nothing_to_draw),   cmocka_unit_test(what_was_pruned),
                                     cmocka_unit_test(spoiled_documents), cmocka_unit_test(hostile_text),
                                     cmocka_unit_test(through_the_verb),  cmocka_unit_test(checkpoint_file)};
  return cmocka_run_group_tests_name("report.document", tests, NULL, NULL);
}
