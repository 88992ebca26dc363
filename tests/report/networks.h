/* Documents like those of the fit of the law network and of redraw, with everything that a page reads. */
#ifndef TESTS_REPORT_NETWORKS_H
#define TESTS_REPORT_NETWORKS_H

#include "core/json.h"

static json_t *correlation_json(double value) {
  return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "correlation", value, "standard_error", 0.015,
                   "robust_standard_error", 0.016, "z", value / 0.015, "p_value", 0.01, "p_adjusted", 0.1);
}

static json_t *between_json(const char *a, const char *b, double value) {
  json_t *made = correlation_json(value);
  json_object_set_new(made, "a", json_string(a));
  json_object_set_new(made, "b", json_string(b));
  json_object_set_new(made, "kind", json_string("nodes"));
  json_object_set_new(made, "set", json_integer(1));
  return made;
}

/* Two node sets with a map each, and one of the totals. */
static json_t *network_document(void) {
  json_t *norms = correlation_json(0.127);
  json_object_set_new(norms, "set", json_integer(2));
  json_object_set_new(norms, "sums", correlation_json(-0.012));
  json_t *parameters = json_pack(
      "{s:[f, f], s:[[f, f], [f, f]], s:[{s:i, s:i, s:[s, s], s:[[f, f], [f, f]]}, {s:i, s:i, s:[s, s, s], s:[[f, f, "
      "f], "
      "[f, f, f], [f, f, n]]}], s:[n, f]}",
      "mean", 0.1, 0.2, "trivial", 1.0, 0.1, 0.1, 1.0, "nodes", "set", 1, "width", 10, "copies", "rows", "columns",
      "covariance", 1.0, 0.15, 0.15, 1.2, "set", 2, "width", 10, "copies", "rows", "bias", "columns", "covariance", 1.0,
      0.0, 0.2, 0.0, 1.0, 0.1, 0.2, 0.1, "entries", 0.3);
  return json_pack(
      "{s:s, s:s, s:s, s:i, s:o, s:[s, s], s:[o, o], s:[o], s:[{s:s, s:i, s:f, s:f, s:f}], s:[{s:s, s:s, s:f, s:i, "
      "s:f}], s:[{s:s, s:i, s:f, s:f, s:b, s:f, s:f}, {s:s, s:i, s:f, s:f, s:b}], s:[s], s:[s]}",
      "schema", "weightlaw.fit/1", "law", "network", "input", "runs/mnist", "networks", 500, "parameters", parameters,
      "trivial_names", "layer2.weight", "layer3.weight", "correlations",
      between_json("rows of layer2.weight", "columns of layer3.weight", 0.152),
      between_json("layer2.weight", "layer3.weight", -0.05), "squared_norms", norms, "candidates", "law", "network",
      "free_parameters", 12, "log_likelihood", -1234.5, "aic", 2493.0, "bic", 2540.0, "tests", "null", "bipartite",
      "alternative", "network", "statistic", 100.0, "df", 3, "p_value", 1e-9, "invariants", "name", "norms of layer 2",
      "degree", 4, "observed", 2.0, "predicted", 1.5, "fitted", 0, "deviation_se", 8.0, "p_adjusted", 1e-6, "name",
      "sums", "degree", 2, "observed", 2.0, "predicted", 2.0, "fitted", 1, "summary", "The data want the law network.",
      "warnings", "The robust error differs.");
}

static json_t *cell_json(const char *law, const char *sides, int epoch, int after) {
  json_t *cell = json_pack("{s:i, s:f, s:f, s:f, s:f, s:f}", "after", after, "accuracy", 0.1 + 0.1 * after,
                           "standard_error", 0.01, "loss", 2.3, "loss_standard_error", 0.1, "accuracy_max", 0.9);
  if (epoch >= 0) json_object_set_new(cell, "epoch", json_integer(epoch));
  if (law) json_object_set_new(cell, "law", json_string(law));
  if (sides) json_object_set_new(cell, "inputs", json_string(sides));
  if (sides) json_object_set_new(cell, "outputs", json_string(sides));
  return cell;
}

static json_t *redraw_document(void) {
  static const char *const laws[][2] = {{"iid", NULL}, {"network", "exchangeable"}, {"network", "labelled"}};
  json_t *cells = json_array(), *ordinary = json_array(), *continued = json_array();
  for (int after = 0; after < 3; after++) {
    json_array_append_new(ordinary, cell_json(NULL, NULL, -1, after));
    for (int epoch = 0; epoch < 4; epoch++) {
      json_array_append_new(continued, cell_json(NULL, NULL, epoch, after));
      for (size_t l = 0; l < 3; l++) json_array_append_new(cells, cell_json(laws[l][0], laws[l][1], epoch, after));
    }
  }
  return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:[s]}", "schema", "weightlaw.redraw/1", "run", "runs/mnist",
                   "networks", 100, "fitted", 500, "cells", cells, "ordinary", ordinary, "continued", continued,
                   "findings", "No gain.");
}

#endif
