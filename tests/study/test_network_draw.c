/* draw @FIT.json of whole networks: the law in it, the same bytes however the work is cut, in every format. */
#include "study/network_fits.h"
#include "study/network_operand.h"
#include "tensor/tensor.h"

extern const command_spec wlaw_command_draw;

static wlaw_status draw(const char *fit, const char *path, const char *const *more, wlaw_result **result,
                        wlaw_error *err) {
  char law[4200];
  const char *input = law, *pairs[24] = {"output", path, "force", "true"};
  snprintf(law, sizeof law, "@%s", fit);
  for (size_t i = 0; more && more[i]; i++) pairs[4 + i] = more[i];
  return call_verb(result, &wlaw_command_draw, &input, 1, pairs, err);
}

static void check_draw(const char *fit, const char *path, const char *const *more) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(draw(fit, path, more, &result, err));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* A fit to 3000 networks drawn from a fit finds the same numbers. */
static void a_fit_of_draws_is_the_fit(void **state) {
  (void)state;
  static const char *const many[] = {"networks", "3000", NULL};
  for (size_t c = 0; c < NETWORK_CASES; c++) {
    const network_case *sides = &network_cases[c];
    char fit[4096], drawn[4096];
    snprintf(fit, sizeof fit, "%s", test_scratch("law.json"));
    snprintf(drawn, sizeof drawn, "%s", test_scratch("drawn.safetensors"));
    wlaw_result *law = make_network_fit(fit, sides);
    check_draw(fit, drawn, many);
    wlaw_result *again = fit_networks(drawn, NULL, sides->input_of_draws, sides->output);
    check_same_law(law, again, sides->name);
    wlaw_result_free(law);
    wlaw_result_free(again);
  }
}

static size_t read_tensor(double **values, const char *path, const char *name, size_t *rank, uint64_t *shape) {
  wlaw_tensors *tensors = NULL;
  wlaw_error *err = wlaw_error_new();
  size_t i;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  check_ok(wlaw_tensors_find(&i, tensors, name, err));
  const size_t count = (size_t)tensors->info[i].count;
  *rank = tensors->info[i].rank;
  memcpy(shape, tensors->info[i].shape, *rank * sizeof *shape);
  *values = malloc(count * sizeof **values);
  check_ok(wlaw_tensors_read(tensors, i, 0, count, *values, err));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  return count;
}

static const char *const names[] = {"layer1.weight", "layer2.weight", "layer3.weight",
                                    "layer1.bias",   "layer2.bias",   "layer3.bias"};
static const uint64_t sizes[][2] = {{6, 8}, {5, 6}, {4, 5}, {6, 0}, {5, 0}, {4, 0}};

/* Network k of a seed, straight from the sampler: the first and the last of each block. */
static void check_networks(const char *fit, const char *path) {
  static const size_t numbers[] = {0, 18557, 18558, 19999};
  char law[4200];
  network_operand operand;
  network_sampler *sampler = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(law, sizeof law, "@%s", fit);
  check_ok(wlaw_network_operand_read(&operand, law, err));
  check_ok(wlaw_network_sampler_new(&sampler, operand.gaussian, err));
  double want[6][48], *tensors[6], *got;
  for (size_t t = 0; t < 6; t++) tensors[t] = want[t];
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
    wlaw_stream stream = wlaw_stream_start(9, STREAM_DRAW, 0, (uint32_t)numbers[k]);
    check_ok(wlaw_network_draw(tensors, sampler, &stream, err));
    for (size_t t = 0; t < 6; t++) {
      size_t rank;
      uint64_t shape[WLAW_MAX_RANK];
      const size_t size = read_tensor(&got, path, names[t], &rank, shape) / 20000;
      assert_memory_equal(got + numbers[k] * size, want[t], size * sizeof *got);
      free(got);
    }
  }
  wlaw_network_sampler_free(sampler);
  wlaw_network_operand_release(&operand);
  wlaw_error_free(err);
}

/* A network has 113 numbers: 20000 of them are two blocks. Formats, types, threads and a larger number of networks say
 * the same of each network. */
static void the_same_networks_however_drawn(void **state) {
  (void)state;
  static const struct {
    const char *file, *networks, *threads, *dtype;
  } cases[] = {{"one.safetensors", "20000", "1", "f64"},
               {"two.npz", "20000", "2", "f64"},
               {"seven.safetensors", "20000", "7", "f64"},
               {"few.safetensors", "777", "3", "f64"},
               {"narrow.npz", "20000", "2", "f32"}};
  char fit[4096], paths[5][4096];
  snprintf(fit, sizeof fit, "%s", test_scratch("cut.json"));
  wlaw_result_free(make_network_fit(fit, &network_cases[1]));
  for (size_t k = 0; k < 5; k++) {
    snprintf(paths[k], sizeof paths[k], "%s", test_scratch(cases[k].file));
    const char *const more[] = {
        "networks", cases[k].networks, "threads", cases[k].threads, "dtype", cases[k].dtype, "seed", "9", NULL};
    check_draw(fit, paths[k], more);
  }
  char *bytes[2];
  size_t n[2];
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_input_whole(&bytes[0], &n[0], paths[0], 1 << 26, err));
  check_ok(wlaw_input_whole(&bytes[1], &n[1], paths[2], 1 << 26, err));
  assert_true(n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0);
  free(bytes[0]);
  free(bytes[1]);
  wlaw_error_free(err);
  check_networks(fit, paths[0]);
  for (size_t t = 0; t < sizeof names / sizeof *names; t++) {
    double *want, *got;
    size_t rank;
    uint64_t shape[WLAW_MAX_RANK];
    const size_t all = read_tensor(&want, paths[0], names[t], &rank, shape);
    assert_true(shape[0] == 20000 && shape[1] == sizes[t][0] && rank == (sizes[t][1] ? 3 : 2));
    if (rank == 3) assert_true(shape[2] == sizes[t][1]);
    for (size_t k = 1; k < 5; k++) {
      const size_t count = read_tensor(&got, paths[k], names[t], &rank, shape);
      assert_int_equal(count, k == 3 ? all / 20000 * 777 : all);
      for (size_t e = 0; e < count; e++) assert_true(got[e] == (k == 4 ? (double)(float)want[e] : want[e]));
      free(got);
    }
    free(want);
  }
}

static void what_the_document_says(void **state) {
  (void)state;
  char fit[4096], path[4096];
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(fit, sizeof fit, "%s", test_scratch("said.json"));
  snprintf(path, sizeof path, "%s", test_scratch("said.npz"));
  wlaw_result_free(make_network_fit(fit, &network_cases[0]));
  check_ok(draw(fit, path, NULL, &result, err));
  assert_string_equal(text_at(result, "schema"), "weightlaw.draw/1");
  assert_string_equal(text_at(result, "law"), "network");
  assert_string_equal(text_at(result, "inputs"), "omit");
  assert_true(number_at(result, "networks") == 40); /* as many as were fitted */
  const json_t *tensors = json_object_get(result->document, "tensors");
  assert_int_equal(json_array_size(tensors), 2); /* the first weight was omitted */
  for (size_t t = 0; t < 2; t++)
    assert_string_equal(json_string_value(json_object_get(json_array_get(tensors, t), "name")), names[1 + t]);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)fraction;
  (void)what;
  ++*(int *)user;
  return 1;
}

static void what_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *file, *option, *value;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"no.npz", "shape", "3,4", WLAW_ARGUMENT, "--shape"},
      {"no.npz", "name", "w", WLAW_ARGUMENT, "--name"},
      {"no.npy", "seed", "1", WLAW_ARGUMENT, ".npz or .safetensors"},
      {"no.txt", "seed", "1", WLAW_ARGUMENT, ".safetensors"},
  };
  char fit[4096], law[4200], path[4096], partial[4200];
  const char *input = law;
  wlaw_error *err = wlaw_error_new();
  snprintf(fit, sizeof fit, "%s", test_scratch("refused.json"));
  snprintf(law, sizeof law, "@%s", fit);
  wlaw_result_free(make_network_fit(fit, &network_cases[0]));
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const char *const more[] = {cases[c].option, cases[c].value, NULL};
    wlaw_result *result = NULL;
    snprintf(path, sizeof path, "%s", test_scratch(cases[c].file));
    check_status(draw(fit, path, more, &result, err), cases[c].status);
    if (!strstr(wlaw_error_message(err), cases[c].says))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[c].says);
    assert_false(wlaw_path_exists(path));
  }
  /* interrupted: nothing is left */
  wlaw_options *options = NULL;
  int calls = 0;
  snprintf(path, sizeof path, "%s", test_scratch("stopped.safetensors"));
  snprintf(partial, sizeof partial, "%s.partial", path);
  check_ok(wlaw_options_make(&options, &wlaw_command_draw, err));
  check_ok(wlaw_options_set(options, "networks", "10000000", err)); /* 5 GB: not to be waited for */
  check_ok(wlaw_options_set(options, "output", path, err));
  check_status(wlaw_draw(NULL, &input, 1, options, stop_at_once, &calls, err), WLAW_CANCELLED);
  assert_true(calls > 0);
  assert_false(wlaw_path_exists(path) || wlaw_path_exists(partial));
  wlaw_options_free(options);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fit_of_draws_is_the_fit),
      cmocka_unit_test(the_same_networks_however_drawn),
      cmocka_unit_test(what_the_document_says),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("study.network_draw", tests, NULL, NULL);
}
