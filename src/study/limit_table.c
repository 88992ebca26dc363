/* Table 1 of Lee et al. (2023): five models of node variances at infinite width, one hidden relu layer, one input with
 * |x|^2 / d = 1. Every cell is asked of the law; that they are what the paper prints is for tests to say. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/result.h"
#include "limit/max_weight.h"
#include "study/limit.h"

static const struct {
  const char *name, *law;
} models[] = {
    {"iid", "constant(c=2)"},   {"a", "inverse-gamma(shape=2,scale=2)"}, {"b", "bernoulli(c=2)"},
    {"c", "beta(eta=1,b=0.5)"}, {"d", "horseshoe(c=3.141592653589793)"},
};

/* How lambda_(j) falls in a typical network, where it is jump(j): by which of ln jump against j and against ln j is
 * straight between j = 20, 40 and 80. */
static json_t *decay_json(bool *failed, const wlaw_law *law) {
  json_t *object = json_object();
  const double near = wlaw_node_jump(law, 20.0), middle = wlaw_node_jump(law, 40.0), far = wlaw_node_jump(law, 80.0);
  const char *kind = "none", *text = "no jumps";
  double rate = NAN;
  char line[64];
  if (wlaw_node_regime(law) == NODE_MOGP && !(far > 0.0)) {
    kind = "finite";
    text = "finite";
  } else if (far > 0.0) {
    const double power[] = {log(near / middle) / log(2.0), log(middle / far) / log(2.0)};
    const double exponent[] = {log(near / middle) / 20.0, log(middle / far) / 40.0};
    const bool is_power = fabs(power[1] / power[0] - 1.0) < fabs(exponent[1] / exponent[0] - 1.0);
    kind = is_power ? "power" : "exponential";
    rate = is_power ? power[1] : exponent[1];
    snprintf(line, sizeof line, is_power ? "O(j^-%.3g)" : "O(e^(-%.3g j))", rate);
    text = line;
  }
  wlaw_json_put(failed, object, "kind", json_string(kind));
  wlaw_limit_real(failed, object, "rate", rate);
  wlaw_json_put(failed, object, "text", json_string(text));
  return object;
}

static json_t *largest_json(bool *failed, const wlaw_law *law) {
  json_t *object = json_object();
  wlaw_limit_real(failed, object, "median", wlaw_max_weight_quantile(law, 1.0, 0.5));
  wlaw_limit_real(failed, object, "quantile_99", wlaw_max_weight_quantile(law, 1.0, 0.99));
  return object;
}

static json_t *row_json(bool *failed, const char *name, const wlaw_law *law, const limit_network *network) {
  static const char *const verdicts[] = {"yes", "no", "undetermined"};
  output_law output;
  const char *why;
  char *written = wlaw_law_written(law);
  json_t *row = json_object();
  wlaw_output_law(&output, network, 1.0);
  wlaw_json_put(failed, row, "model", json_string(name));
  wlaw_json_put(failed, row, "law", written ? wlaw_json_text(written) : NULL);
  wlaw_json_put(failed, row, "regime", json_string(wlaw_node_regime(law) == NODE_GP ? "gp" : "mogp"));
  wlaw_limit_real(failed, row, "a", wlaw_node_location(law));
  wlaw_json_put(failed, row, "levy", wlaw_limit_levy_json(failed, law));
  wlaw_limit_real(failed, row, "laplace", exp(-wlaw_node_exponent(law, 1.0)));
  wlaw_json_put(failed, row, "jumps", decay_json(failed, law));
  wlaw_json_put(failed, row, "max_weight", largest_json(failed, law));
  wlaw_json_put(failed, row, "output", output.name ? json_string(output.name) : json_null());
  wlaw_limit_real(failed, row, "mean_square", output.mean_square);
  wlaw_limit_real(failed, row, "kurtosis", output.kurtosis);
  wlaw_limit_real(failed, row, "square_correlation", output.square_correlation);
  wlaw_limit_real(failed, row, "tail_index", output.tail_index);
  wlaw_limit_real(failed, row, "probability_zero", output.probability_zero);
  wlaw_json_put(failed, row, "compressible", json_string(verdicts[wlaw_compressible(&why, network)]));
  free(written);
  return row;
}

wlaw_status wlaw_limit_table(wlaw_result **result, wlaw_error *err) {
  bool failed = false;
  wlaw_status status = WLAW_OK;
  limit_network network = {.depth = 1, .weight_variance = 1.0};
  WLAW_TRY(wlaw_dual_parse(&network.activation, "relu", err));
  json_t *document = json_object(), *rows = json_array();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.limit-table/1"));
  wlaw_json_put(&failed, document, "source",
                json_string("Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289), table 1"));
  for (size_t i = 0; i < sizeof models / sizeof *models && status == WLAW_OK; i++) {
    wlaw_law *law = NULL;
    status = wlaw_law_parse(&law, models[i].law, err);
    if (status == WLAW_OK) status = wlaw_node_require(law, err);
    network.laws[0] = law;
    if (status == WLAW_OK) wlaw_json_append(&failed, rows, row_json(&failed, models[i].name, law, &network));
    wlaw_law_free(law);
  }
  wlaw_json_put(&failed, document, "rows", rows);
  if (status == WLAW_OK) return wlaw_result_wrap(result, document, failed, err);
  json_decref(document);
  return status;
}
