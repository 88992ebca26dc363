/* The verb graphs: its document, and every allocation refused in turn. */
#include "core/option.h"
#include "support/alloc_fail.h"
#include "support/test.h"

extern const command_spec wlaw_command_graphs;

static wlaw_result *run(const char *const settings[][2], size_t n) {
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_graphs, err));
  for (size_t i = 0; i < n; i++) check_ok(wlaw_options_set(options, settings[i][0], settings[i][1], err));
  check_ok(wlaw_graphs(&result, NULL, 0, options, NULL, NULL, err));
  wlaw_options_free(options);
  wlaw_error_free(err);
  return result;
}

static double number(const wlaw_result *result, const char *path) {
  double value = NAN;
  size_t n = 0;
  if (wlaw_result_get(result, path, &value, 1, &n, NULL) != WLAW_OK || n != 1) fail_msg("no number at %s", path);
  return value;
}

static void lists(void **state) {
  (void)state;
  static const char *const settings[][2] = {{"degree", "2"}, {"connected", "true"}};
  wlaw_result *result = run(settings, 2);
  check_near(number(result, "count"), 11, 0);
  check_near(number(result, "connected"), 8, 0);
  check_near(number(result, "graphs.7.number"), 9, 0); /* I11: numbers are those of the whole list */
  check_near(number(result, "graphs.7.automorphisms"), 2, 0);
  assert_int_equal(wlaw_result_get(result, "graphs.8.number", NULL, 0, &(size_t){0}, NULL), WLAW_NAME);
  wlaw_result_free(result);
}

static void one_graph(void **state) {
  (void)state;
  static const char *const settings[][2] = {{"graph", "5-9,2-2"}};
  wlaw_result *result = run(settings, 1);
  double edges[4];
  size_t n = 0;
  check_near(number(result, "degree"), 2, 0);
  check_near(number(result, "graphs.0.number"), 11, 0); /* I13: degree 2 has I3 ... I13 */
  check_near(number(result, "graphs.0.nodes"), 3, 0);
  assert_int_equal(wlaw_result_get(result, "graphs.0.edges", edges, 4, &n, NULL), WLAW_OK);
  static const double want[] = {0, 0, 1, 2};
  assert_int_equal(n, 4);
  for (size_t i = 0; i < 4; i++) check_near(edges[i], want[i], 0);
  wlaw_result_free(result);
}

static wlaw_status list_and_free(void *context, wlaw_error *err) {
  (void)context;
  wlaw_result *result = NULL;
  const wlaw_status status = wlaw_graphs(&result, NULL, 0, NULL, NULL, NULL, err);
  wlaw_result_free(result);
  return status;
}

static void memory_may_be_refused(void **state) {
  (void)state;
  alloc_fail_each(list_and_free, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(one_graph),
                                     cmocka_unit_test(memory_may_be_refused)};
  return cmocka_run_group_tests_name("study.graphs", tests, NULL, NULL);
}
