/* Every allocation of fit and compare on files of arrays is refused in turn: WLAW_MEMORY, nothing lost. (Not on runs:
 * Jansson may shorten a string of run.json without a word when memory is refused.) */
#include "study/study.h"

#include "study/verb_case.h"
#include "support/alloc_fail.h"

static void fits_and_comparisons(void **state) {
  (void)state;
  char array[4096], single[4096];
  double weights[51 * 16];
  wlaw_stream stream = wlaw_stream_start(81, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, weights, 51 * 16);
  snprintf(array, sizeof array, "%s", test_scratch("refused.npy"));
  write_array(array, weights, 51, 4, 4);
  snprintf(single, sizeof single, "%s", test_scratch("single.npy"));
  write_array(single, weights, 1, 4, 4);
  verb_case cases[] = {
      {&wlaw_command_fit, {array}, 1},
      {&wlaw_command_fit, {single, single}, 2},
      {&wlaw_command_compare, {array, array}, 2},
      {&wlaw_command_compare, {array, "iid(variance=1)"}, 2},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) alloc_fail_each(run_verb, &cases[c]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fits_and_comparisons)};
  return cmocka_run_group_tests_name("study.study_memory", tests, NULL, NULL);
}
