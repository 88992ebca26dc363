/* Every allocation of a scan is refused in turn: WLAW_MEMORY, nothing lost. */
#include "study/scan_support.h"

#include "study/verb_case.h"
#include "support/alloc_fail.h"

static wlaw_status scan_with_rules(void *context, wlaw_error *err) {
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  const char *path = context;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_scan, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "check", "nonfinite==0,dense:weibull.k in 1..2", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "quick", "true", err);
  if (status == WLAW_OK) status = wlaw_scan(&result, &path, 1, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void scans(void **state) {
  (void)state;
  char path[4096];
  double *values = normals_of(120, 1, 30, false);
  const made_tensor tensors[] = {{{"layer1.weight", WLAW_F32, 2, {12, 10}}, values},
                                 {{"steps", WLAW_I64, 1, {3}}, values}};
  snprintf(path, sizeof path, "%s", test_scratch("refused.safetensors"));
  write_checkpoint(path, tensors, 2);
  alloc_fail_each(scan_with_rules, path);
#ifndef __SANITIZE_ADDRESS__ /* a minute there */
  verb_case whole = {&wlaw_command_scan, {path}, 1};
  alloc_fail_each(run_verb, &whole);
#endif
  free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(scans)};
  return cmocka_run_group_tests_name("study.scan_memory", tests, NULL, NULL);
}
