/* Every allocation of the core refused in turn: out of memory is an error that leaks nothing and writes nothing. */
#include "support/test.h"

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/parallel.h"
#include "core/result.h"
#include "support/alloc_fail.h"

#if defined(__has_feature)
#define UNDER_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#else
#define UNDER_ADDRESS_SANITIZER 0
#endif

static const option_spec rows[] = {{"list", 0, OPTION_COUNTS, "L", "1-40", NULL, 0, 100, "x"},
                                   {"reals", 0, OPTION_REALS, "R", "1,2,3", NULL, 0, 100, "x"},
                                   {"text", 0, OPTION_TEXT, "T", NULL, NULL, 0, 0, "x"}};
static const command_spec command = {.name = "test", .options = rows, .n_options = 3};

static wlaw_status use_options(void *context, wlaw_error *err) {
  (void)context;
  wlaw_options *options = NULL;
  WLAW_TRY(wlaw_options_make(&options, &command, err));
  uint64_t *values = NULL;
  size_t n = 0;
  wlaw_status status = wlaw_options_set(options, "text", "something", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "text", "something else", err);
  if (status == WLAW_OK) status = wlaw_option_counts(options, &command, "list", &values, &n, err);
  if (status == WLAW_OK) assert_int_equal(n, 40);
  free(values);
  double *reals = NULL;
  if (status == WLAW_OK) status = wlaw_option_reals(options, &command, "reals", &reals, &n, err);
  if (status == WLAW_OK) assert_int_equal(n, 3);
  free(reals);
  wlaw_options_free(options);
  return status;
}

static wlaw_status use_results(void *context, wlaw_error *err) {
  (void)context;
  bool failed = false;
  const double values[] = {1, NAN, 3, 4};
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "matrix", wlaw_json_matrix(values, 2, 2));
  wlaw_json_put(&failed, document, "name", wlaw_json_text("layer\xff"));
  wlaw_json_put(&failed, document, "count", wlaw_json_count(7));
  wlaw_result *result = NULL;
  WLAW_TRY(wlaw_result_wrap(&result, document, failed, err));
  char text[500];
  json_t *again = NULL;
  wlaw_status status = wlaw_result_json(result, text, sizeof text, NULL, err);
  if (status == WLAW_OK) status = wlaw_json_parse(&again, text, strlen(text), err);
  if (status == WLAW_OK) assert_true(json_equal(again, result->document));
  json_decref(again);
  wlaw_result_free(result);
  return status;
}

static wlaw_status use_files(void *context, wlaw_error *err) {
  const char *path = context;
  output_file out;
  WLAW_TRY(wlaw_output_open(&out, path, err));
  const wlaw_status wrote = wlaw_output_write(&out, "new", 3, err);
  if (wrote != WLAW_OK) {
    wlaw_output_discard(&out);
    return wrote;
  }
  WLAW_TRY(wlaw_output_commit(&out, err));
  char *bytes = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, path, 100, err));
  assert_string_equal(bytes, "new");
  free(bytes);
  char *joined = wlaw_path_join(path, "x");
  if (!joined) return wlaw_fail_memory(err, 1, 1);
  free(joined);
  return wlaw_folder_make(".", err);
}

static wlaw_status work(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  (void)stop;
  double *out = context, *scratch = wlaw_array(10, sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, 10, sizeof *scratch);
  out[unit] = (double)unit + scratch[9];
  free(scratch);
  return WLAW_OK;
}

/* With too little memory for threads the loop still runs, with fewer. */
static wlaw_status use_loop(void *context, wlaw_error *err) {
  double out[20] = {0};
  WLAW_TRY(wlaw_parallel(20, *(const unsigned *)context, work, out, NULL, err));
  for (size_t i = 0; i < 20; i++) check_near(out[i], (double)i, 0);
  return WLAW_OK;
}

static void options(void **state) {
  (void)state;
  alloc_fail_each(use_options, NULL);
}

static void results(void **state) {
  (void)state;
  alloc_fail_each(use_results, NULL);
}

static void files(void **state) {
  (void)state;
  char path[4200];
  snprintf(path, sizeof path, "%s", test_scratch("refused"));
  alloc_fail_each(use_files, path);
}

static void loops(void **state) {
  (void)state;
#if UNDER_ADDRESS_SANITIZER
  print_message("skipped: AddressSanitizer allocates in each new thread and ends the process where that is refused\n");
  skip();
#endif
  for (unsigned threads = 1; threads <= 3; threads += 2) alloc_fail_each(use_loop, &threads);
}

/* What a caller without an error object gets: the status. */
static void no_error_object(void **state) {
  (void)state;
  alloc_fail_start(1, true);
  wlaw_error *err = wlaw_error_new();
  wlaw_options *made = NULL;
  const wlaw_status status = wlaw_options_make(&made, &command, err);
  alloc_fail_stop();
  assert_null(err);
  assert_int_equal(status, WLAW_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options), cmocka_unit_test(results),         cmocka_unit_test(files),
      cmocka_unit_test(loops),   cmocka_unit_test(no_error_object),
  };
  return cmocka_run_group_tests_name("core.refusals", tests, NULL, NULL);
}
