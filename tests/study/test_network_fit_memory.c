/* Every allocation of a fit to whole networks, and of reading one back, is refused in turn: WLAW_MEMORY, nothing lost.
 */
#include "study/study.h"

#include "study/network_study.h"
#include "support/alloc_fail.h"

enum { N = 12 };

static const char *write_networks(void) {
  static double values[3][N * 9];
  const double *pointers[3] = {values[0], values[1], values[2]};
  const tensor_spec specs[3] = {{"layer1.weight", WLAW_F64, 3, {N, 3, 2}},
                                {"layer1.bias", WLAW_F64, 2, {N, 3}},
                                {"layer2.weight", WLAW_F64, 3, {N, 2, 3}}};
  for (uint32_t t = 0; t < 3; t++) {
    wlaw_stream stream = wlaw_stream_start(95, STREAM_TEST, t, 0);
    wlaw_stream_normals(&stream, values[t], N * 9);
  }
  const char *path = test_scratch("refused.safetensors");
  write_tensors(path, specs, 3, pointers);
  return path;
}

static wlaw_status fit(void *context, wlaw_error *err) {
  const char *path = context;
  static const char *const pairs[][2] = {{"law", "network"}, {"threads", "1"}, {"input", "labelled"}};
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_fit, err);
  for (size_t i = 0; i < 3 && status == WLAW_OK; i++) status = wlaw_options_set(options, pairs[i][0], pairs[i][1], err);
  if (status == WLAW_OK) status = wlaw_fit(&result, &path, 1, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

/* Of a document in hand: Jansson may shorten a text it reads without a word when memory is refused. */
static wlaw_status parse(void *context, wlaw_error *err) {
  network_operand operand;
  const wlaw_status status = wlaw_network_operand_parse(&operand, context, err);
  wlaw_network_operand_release(&operand);
  return status;
}

static void fits_and_reads(void **state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s", write_networks());
  alloc_fail_each(fit, path);
  const char *input = path;
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_fit, &input, 1, (const char *const[]){"law", "network", NULL}, err));
  wlaw_error_free(err);
  alloc_fail_each(parse, result->document);
  wlaw_result_free(result);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fits_and_reads)};
  return cmocka_run_group_tests_name("study.network_fit_memory", tests, NULL, NULL);
}
