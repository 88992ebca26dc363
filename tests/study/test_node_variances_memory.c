/* Every allocation of a fit of node variances, and of its extrapolation, is refused in turn: WLAW_MEMORY, nothing lost.
 */
#include "limit/node_estimate.h"
#include "study/study.h"

#include "support/alloc_fail.h"

enum { NETWORKS = 2, OUTPUTS = 2, WIDTH = 2, POINTS = 3 };

static wlaw_status fit(void *context, wlaw_error *err) {
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_fit, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "law", "node-variances", err);
  if (status == WLAW_OK) status = wlaw_fit_array(&result, context, NETWORKS, OUTPUTS, WIDTH, options, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

/* Weights of one sign have a mean, which is taken out: that path allocates too. */
static void node_variances(void **state) {
  (void)state;
  double weights[NETWORKS * OUTPUTS * WIDTH];
  wlaw_stream stream = wlaw_stream_start(83, STREAM_TEST, 0, 0);
  for (size_t e = 0; e < NETWORKS * OUTPUTS * WIDTH; e++) weights[e] = 1 + 0.1 * wlaw_stream_uniform(&stream);
  alloc_fail_each(fit, weights);
}

static wlaw_status extrapolate(void *context, wlaw_error *err) {
  node_limit limit;
  const wlaw_status status = wlaw_node_extrapolate(&limit, context, 3, err);
  if (status == WLAW_OK) wlaw_node_limit_free(&limit);
  return status;
}

static void extrapolation(void **state) {
  (void)state;
  double x[POINTS] = {1, 2, 4}, value[POINTS] = {1, 1, 1}, se[POINTS] = {0.1, 0.1, 0.1};
  node_estimate at[3];
  for (size_t w = 0; w < 3; w++)
    at[w] = (node_estimate){.width = (size_t)10 << w,
                            .total = 1,
                            .se_total = 0.1,
                            .dominance = 0.5,
                            .se_dominance = 0.01,
                            .hill = NAN,
                            .tail = {POINTS, x, value, se},
                            .truncated = {POINTS, x, value, se}};
  alloc_fail_each(extrapolate, at);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(node_variances), cmocka_unit_test(extrapolation)};
  return cmocka_run_group_tests_name("study.node_variances_memory", tests, NULL, NULL);
}
