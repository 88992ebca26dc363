/* Documents like those of limit, prune and the fit of node variances, with everything that a page reads. */
#ifndef TESTS_REPORT_INFINITE_H
#define TESTS_REPORT_INFINITE_H

#include "core/json.h"

/* n numbers first, first * ratio, ... */
static json_t *ladder(double first, double ratio, int n) {
  json_t *list = json_array();
  for (int i = 0; i < n; i++) json_array_append_new(list, json_real(first * pow(ratio, i)));
  return list;
}

static json_t *density_json(void) {
  json_t *z = json_array(), *value = json_array();
  for (int i = -20; i <= 20; i++) {
    json_array_append_new(z, json_real(0.2 * i));
    json_array_append_new(value, i == 0 ? json_string("inf") : json_real(exp(-0.2 * abs(i))));
  }
  return json_pack("{s:o, s:o}", "z", z, "value", value);
}

static json_t *scatter_json(void) {
  json_t *list = json_array();
  for (int i = 0; i < 50; i++) json_array_append_new(list, json_pack("[f, f]", sin(i), cos(1.7 * i)));
  return list;
}

static json_t *limit_document(void) {
  json_t *finite = json_array(), *active = json_array();
  for (int w = 0; w < 3; w++)
    json_array_append_new(finite, json_pack("{s:i, s:o, s:o, s:{s:o, s:o, s:o}, s:[{s:s, s:f, s:f, s:f, s:f}]}",
                                            "width", 100 << w, "density", density_json(), "scatter", scatter_json(),
                                            "truncation", "epsilon", ladder(1e-4, 10, 4), "error", ladder(1e-4, 9, 4),
                                            "standard_error", ladder(1e-5, 10, 4), "comparisons", "quantity",
                                            "kurtosis", "finite", 9.1, "standard_error", 0.2, "limit", 9.0, "z", 0.5));
  for (int i = 0; i < 5; i++)
    json_array_append_new(active, json_pack("{s:f, s:[f, f], s:f}", "epsilon", pow(10, -i), "expected", 1.0 + i,
                                            2.0 + i, "empty_probability", 0.1));
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:f, s:{s:s, s:f, s:f}}, {s:s}], s:{s:f, s:f, s:n, s:o},"
      " s:{s:f, s:f, s:o, s:o}, s:o, s:o, s:{s:o, s:o}, s:{s:o, s:o, s:o}, s:[s]}",
      "schema", "weightlaw.limit/1", "law", "beta(eta=2,b=0.5)", "regime", "mogp", "why", "a = 0 in every layer",
      "layers", "law", "beta(eta=2,b=0.5)", "regime", "mogp", "a", 0.0, "levy", "kind", "beta", "mean", 2.0, "variance",
      1.33, "law", "constant(c=2)", "outputs", "kurtosis", 9.0, "mean_square", 1.0, "tail_constant", "density",
      density_json(), "draws", "kurtosis", 8.9, "se_kurtosis", 0.3, "density", density_json(), "scatter",
      scatter_json(), "finite", finite, "active_nodes", active, "max_weight", "probability", ladder(0.1, 2, 3),
      "quantile", ladder(0.3, 2, 3), "truncation", "epsilon", ladder(1e-4, 10, 4), "error", ladder(1e-4, 10, 4),
      "bound", ladder(2e-4, 10, 4), "findings", "The limit is a mixture.");
}

static json_t *prune_document(void) {
  json_t *rows = json_array();
  for (int i = 1; i < 5; i++)
    json_array_append_new(rows, json_pack("{s:f, s:f, s:f, s:f, s:f, s:{s:f, s:f}}", "fraction", 0.2 * i, "accuracy",
                                          0.9 - 0.1 * i, "standard_error", 0.01, "output_error", 0.01 * i,
                                          "se_output_error", 0.001, "theory", "share", 0.01, "bound", 0.02));
  return json_pack("{s:s, s:s, s:{s:f, s:f}, s:o, s:[]}", "schema", "weightlaw.prune/1", "run", "runs/wide", "unpruned",
                   "accuracy", 0.9, "standard_error", 0.01, "pruned", rows, "findings");
}

static json_t *nodes_document(void) {
  json_t *widths = json_array();
  for (int w = 0; w < 3; w++)
    json_array_append_new(
        widths, json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:{s:o, s:o, s:o}, s:{s:o, s:o, s:o}}", "width", 64 << w,
                          "total", 2.0, "standard_error", 0.1, "share_largest", 0.3, "p_value_equal", 1e-9, "hill", 1.5,
                          "se_hill", 0.1, "tail", "x", ladder(1e-3, 10, 4), "value", ladder(30, 0.1, 4), "se",
                          ladder(3, 0.1, 4), "truncated", "x", ladder(1e-3, 10, 4), "value", ladder(0.2, 1.5, 4), "se",
                          ladder(0.01, 1, 4)));
  return json_pack("{s:s, s:[{s:s, s:o, s:{s:s, s:f, s:f, s:f}}, {s:s, s:{s:s, s:s}}], s:[s]}", "schema",
                   "weightlaw.node-variances/1", "layers", "name", "layer2.weight", "widths", widths, "limit",
                   "verdict", "mogp", "a", 0.1, "se_a", 0.01, "p_value", 0.4, "name", "layer3.weight", "limit",
                   "verdict", "undetermined", "reason", "one width", "findings", "Two layers.");
}

#endif
