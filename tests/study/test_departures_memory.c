/* Every allocation of a fit that judges and simulates invariants is refused in turn: WLAW_MEMORY, nothing lost. */
#include "study/study.h"

#include "support/alloc_fail.h"

enum { NETWORKS = 40 };

static wlaw_status judge(void *context, wlaw_error *err) {
  static const char *const pairs[][2] = {
      {"threads", "1"}, {"law", "iid"}, {"degree", "2"}, {"graph", "0-1,0-1,0-1"}, {"replicates", "39"}};
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_fit, err);
  for (size_t i = 0; status == WLAW_OK && i < sizeof pairs / sizeof *pairs; i++)
    status = wlaw_options_set(options, pairs[i][0], pairs[i][1], err);
  if (status == WLAW_OK) status = wlaw_fit_array(&result, context, NETWORKS, 2, 3, options, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void departures(void **state) {
  (void)state;
  double weights[NETWORKS * 6];
  wlaw_stream stream = wlaw_stream_start(82, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, weights, NETWORKS * 6);
  for (size_t e = 0; e < NETWORKS * 6; e++) weights[e] *= weights[e]; /* skewed: the departures are grouped */
  alloc_fail_each(judge, weights);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(departures)};
  return cmocka_run_group_tests_name("study.departures_memory", tests, NULL, NULL);
}
