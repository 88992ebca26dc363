/* The verb draw and laws read from fits: every format holds what the law draws, the same bytes however the work is cut,
 * and a fit written down is the fit. */
#include "law/matrix.h"
#include "study/fit.h"
#include "study/law_operand.h"
#include "study/study.h"

#include "support/alloc_fail.h"

extern const command_spec wlaw_command_draw;

static const char thirteen[] =
    "permutation(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.2,0.3,2,-0.4,0.2,-0.4,0.8],V2=0.6,V3=1.7)";
static const char even[] = "symmetric(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.3,2],V2=0.6)";
static const char hollow[] = "zero-diagonal(mean=-0.5,V0=2,H=[1,-0.4,-0.4,0.8],V2=0.6,V3=1.7)";
static const char five[] = "bipartite(mean=0.5,s0=3,rows=0.5,columns=2,entries=1.5)";

static void drawn(double *out, const char *text, size_t n, size_t rows, size_t cols, uint64_t seed, uint64_t first) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_law_draw(law, out, n, rows, cols, seed, first, err));
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void check_draw(const char *law, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_draw, &law, 1, pairs, err));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* Every format and type holds the numbers of wlaw_law_draw, under the name and with the shape asked for. */
static void every_format_holds_the_draw(void **state) {
  (void)state;
  static const char *const files[] = {"drawn.npy", "drawn.npz", "drawn.safetensors"};
  double want[4 * 15], got[4 * 15];
  wlaw_error *err = wlaw_error_new();
  drawn(want, five, 4, 3, 5, 9, 0);
  for (int f = 0; f < 3; f++)
    for (int single = 0; single < 2; single++)
      for (int narrow = 0; narrow < 2; narrow++) {
        const char *path = test_scratch(files[f]);
        const char *const pairs[] = {"output", path,         "shape", single ? "3,5" : "4,3,5",
                                     "seed",   "9",          "dtype", narrow ? "f32" : "f64",
                                     "name",   "fc2.weight", "force", "true",
                                     NULL};
        check_draw(five, pairs);
        wlaw_tensors *tensors = NULL;
        check_ok(wlaw_tensors_open(&tensors, path, err));
        assert_int_equal(wlaw_tensors_count(tensors), 1);
        assert_string_equal(wlaw_tensors_name(tensors, 0), f == 0 ? "" : "fc2.weight");
        assert_int_equal(wlaw_tensors_dtype(tensors, 0), narrow ? WLAW_F32 : WLAW_F64);
        assert_int_equal(wlaw_tensors_rank(tensors, 0), single ? 2 : 3);
        const uint64_t *shape = wlaw_tensors_shape(tensors, 0);
        if (!single) assert_int_equal(shape[0], 4);
        assert_true(shape[single ? 0 : 1] == 3 && shape[single ? 1 : 2] == 5);
        const size_t n = single ? 15 : 60;
        check_ok(wlaw_tensors_read(tensors, 0, 0, n, got, err));
        for (size_t e = 0; e < n; e++) assert_true(got[e] == (narrow ? (double)(float)want[e] : want[e]));
        wlaw_tensors_close(tensors);
      }
  wlaw_error_free(err);
}

/* 530 matrices of 64x64 are two blocks of the verb; matrix k is the same on any number of threads, in a shorter file
 * and in a call of the library that begins elsewhere. */
static void bytes_do_not_depend_on_the_cut(void **state) {
  (void)state;
  enum { NETWORKS = 530, D = 64, FEW = 515 };
  static const char *const threads[] = {"1", "2", "7"};
  char *bytes[4];
  size_t n[4];
  wlaw_error *err = wlaw_error_new();
  for (int k = 0; k < 4; k++) {
    const char *path = test_scratch("cut.npy");
    const char *const pairs[] = {
        "output", path, "shape", k < 3 ? "530,64,64" : "515,64,64", "threads", threads[k % 3], "force", "true", NULL};
    check_draw("iid(variance=2)", pairs);
    check_ok(wlaw_input_whole(&bytes[k], &n[k], path, 1 << 26, err));
  }
  for (int k = 1; k < 3; k++) assert_true(n[k] == n[0] && memcmp(bytes[k], bytes[0], n[0]) == 0);
  const size_t header = n[0] - sizeof(double) * NETWORKS * D * D, most = sizeof(double) * FEW * D * D;
  assert_int_equal(n[3], header + most);
  assert_memory_equal(bytes[0] + header, bytes[3] + header, most);
  static double rest[(NETWORKS - FEW) * D * D];
  drawn(rest, "iid(variance=2)", NETWORKS - FEW, D, D, 1, FEW);
  assert_memory_equal(bytes[0] + header + most, rest, sizeof rest);
  for (int k = 0; k < 4; k++) free(bytes[k]);
  wlaw_error_free(err);
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)fraction;
  (void)what;
  ++*(int *)user;
  return 1;
}

static void interrupted_draw_leaves_nothing(void **state) {
  (void)state;
  int calls = 0;
  char path[4096], partial[4200];
  const char *law = "iid(variance=1)";
  wlaw_options *options = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s", test_scratch("stopped.npy"));
  snprintf(partial, sizeof partial, "%s.partial", path);
  check_ok(wlaw_options_make(&options, &wlaw_command_draw, err));
  check_ok(wlaw_options_set(options, "shape", "100000,100,100", err)); /* 8 GB: not to be waited for */
  check_ok(wlaw_options_set(options, "output", path, err));
  check_status(wlaw_draw(NULL, &law, 1, options, stop_at_once, &calls, err), WLAW_CANCELLED);
  assert_true(calls > 0);
  assert_false(wlaw_path_exists(path) || wlaw_path_exists(partial));
  wlaw_options_free(options);
  wlaw_error_free(err);
}

/* The document of a fit, also written to a file. */
static json_t *fit_to_file(const char *path, const double *weights, size_t n, size_t rows, size_t cols,
                           const char *law) {
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", law, err));
  check_ok(wlaw_fit_array(&result, weights, n, rows, cols, options, err));
  char *bytes = result_bytes(result);
  write_text(path, bytes);
  json_t *document = json_incref(result->document);
  free(bytes);
  wlaw_result_free(result);
  wlaw_options_free(options);
  wlaw_error_free(err);
  return document;
}

/* A fit, its document, the law read from it, that law written out and parsed: the same numbers to the last bit. At
 * small sizes the blocks there are. */
static void fit_written_down_is_the_fit(void **state) {
  (void)state;
  static const struct {
    const char *name, *text;
    size_t rows, cols;
  } cases[] = {{"iid", "iid(mean=0.3,variance=2)", 3, 5},
               {"iid", "iid(variance=2)", 1, 1},
               {"bipartite", five, 3, 5},
               {"bipartite", five, 1, 4},
               {"bipartite", five, 4, 1},
               {"bipartite", five, 1, 1},
               {"permutation", thirteen, 1, 1},
               {"permutation", thirteen, 2, 2},
               {"permutation", thirteen, 3, 3},
               {"permutation", thirteen, 4, 4},
               {"permutation", thirteen, 7, 7},
               {"symmetric", even, 1, 1},
               {"symmetric", even, 2, 2},
               {"symmetric", even, 5, 5},
               {"symmetric-zero-diagonal", "symmetric-zero-diagonal(mean=0.5,a0=2,aH=0.4,a2=1.3)", 2, 2},
               {"symmetric-zero-diagonal", "symmetric-zero-diagonal(mean=0.5,a0=2,aH=0.4,a2=1.3)", 5, 5},
               {"zero-diagonal", hollow, 2, 2},
               {"zero-diagonal", hollow, 3, 3},
               {"zero-diagonal", hollow, 5, 5},
               {"antisymmetric", "antisymmetric(VH=0.7,V3=1.9)", 2, 2},
               {"antisymmetric", "antisymmetric(VH=0.7,V3=1.9)", 5, 5}};
  enum { NETWORKS = 12 };
  wlaw_error *err = wlaw_error_new();
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const size_t rows = cases[c].rows, cols = cases[c].cols;
    double weights[NETWORKS * 49], first[MATRIX_PARAMETERS], second[MATRIX_PARAMETERS];
    char at[4200];
    snprintf(at, sizeof at, "@%s", test_scratch("round.json"));
    drawn(weights, cases[c].text, NETWORKS, rows, cols, 3, 0);
    json_t *document = fit_to_file(at + 1, weights, NETWORKS, rows, cols, cases[c].name);
    law_operand operand;
    check_ok(wlaw_law_operand_read(&operand, at, err));
    assert_true(operand.rows == rows && operand.cols == cols && operand.networks == NETWORKS);
    char *written = wlaw_law_written(operand.law);
    wlaw_law *again = NULL;
    check_ok(wlaw_law_parse(&again, written, err));
    matrix_gaussian gaussian[2];
    check_ok(wlaw_matrix_gaussian(&gaussian[0], operand.law, rows, cols, err));
    check_ok(wlaw_matrix_gaussian(&gaussian[1], again, rows, cols, err));
    wlaw_matrix_pack(first, &gaussian[0]);
    wlaw_matrix_pack(second, &gaussian[1]);
    assert_memory_equal(first, second, wlaw_matrix_parameters(&gaussian[0].layout) * sizeof *first);
    bool failed = false;
    json_t *parameters = wlaw_matrix_json(&failed, &gaussian[1], NULL);
    if (!json_equal(parameters, json_object_get(document, "parameters")))
      fail_msg("%s at %zux%zu is not what was fitted", written, rows, cols);
    json_decref(parameters);
    json_decref(document);
    free(written);
    wlaw_law_free(again);
    wlaw_law_operand_release(&operand);
  }
  wlaw_error_free(err);
}

/* Draw, fit, draw from the fit, fit again: the two fits differ by the second one's errors; and their distance is that
 * of two samples of one law, of which the noise floors are the mean. With 13 parameters in units of their errors, the
 * squared distance has a coefficient of variation of at most sqrt(2/2) (were two of them alone to count), so 8 floors
 * are far outside. Fixed seeds. */
static void draw_from_the_fit_has_its_law(void **state) {
  (void)state;
  enum { NETWORKS = 300, D = 6 };
  static double weights[NETWORKS * D * D];
  char at[4200], other[4200], array[4200];
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  snprintf(at, sizeof at, "@%s", test_scratch("first.json"));
  snprintf(array, sizeof array, "%s", test_scratch("second.safetensors"));
  drawn(weights, thirteen, NETWORKS, D, D, 3, 0);
  json_t *document = fit_to_file(at + 1, weights, NETWORKS, D, D, "permutation");
  const char *const pairs[] = {"output", array, "seed", "4", "force", "true", NULL};
  check_draw(at, pairs);
  const char *const inputs[] = {at, array};
  check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, NULL, err));
  assert_int_equal((int)number_at(result, "networks_a"), NETWORKS);
  assert_int_equal((int)number_at(result, "networks_b"), NETWORKS);
  assert_string_equal(text_at(result, "reference"), "fitted");
  const double squared = number_at(result, "wasserstein_squared"), floors = number_at(result, "noise_floor_squared");
  assert_true(squared > 0 && squared <= 8 * floors);
  /* the floor of a fit read from its file is the floor of its networks: here both fits have nearly the same */
  matrix_gaussian gaussian;
  law_operand operand;
  check_ok(wlaw_law_operand_read(&operand, at, err));
  check_ok(wlaw_matrix_gaussian(&gaussian, operand.law, D, D, err));
  check_near(floors / (2 * wlaw_matrix_noise_floor(&gaussian, NETWORKS)), 1, 0.2);
  wlaw_law_operand_release(&operand);
  wlaw_result_free(result);
  /* two fits and no weights: the jackknife has nothing to leave out */
  snprintf(other, sizeof other, "%s", at);
  const char *const fits[] = {at, other};
  check_ok(call_verb(&result, &wlaw_command_compare, fits, 2, NULL, err));
  check_near(number_at(result, "wasserstein_squared"), 0, 0);
  assert_true(isnan(number_at(result, "standard_error")));
  assert_non_null(
      strstr(json_string_value(json_object_get(json_object_get(result->document, "reasons"), "standard_error")),
             "A is their fit"));
  wlaw_result_free(result);
  json_decref(document);
  wlaw_error_free(err);
}

/* One of several fits by name; without a name the error lists them. */
static void one_of_several_fits(void **state) {
  (void)state;
  double weights[20 * 16];
  char at[4300], name[4400];
  wlaw_error *err = wlaw_error_new();
  law_operand operand;
  snprintf(at, sizeof at, "@%s", test_scratch("several#2.json")); /* a '#' of the file's own */
  drawn(weights, thirteen, 20, 4, 4, 3, 0);
  json_t *a = fit_to_file(at + 1, weights, 20, 4, 4, "permutation"), *b = json_deep_copy(a);
  json_object_set_new(a, "tensor", json_string("layer2.weight"));
  json_object_set_new(b, "tensor", json_string("layer3.weight"));
  json_object_set_new(b, "networks", json_integer(77));
  json_t *document = json_pack("{s:s, s:[o,o]}", "schema", "weightlaw.fits/1", "fits", a, b);
  assert_int_equal(json_dump_file(document, at + 1, 0), 0);
  json_decref(document);
  snprintf(name, sizeof name, "%s#layer3.weight", at);
  check_ok(wlaw_law_operand_read(&operand, name, err));
  assert_int_equal(operand.networks, 77);
  assert_string_equal(operand.tensor, "layer3.weight");
  wlaw_law_operand_release(&operand);
  check_status(wlaw_law_operand_read(&operand, at, err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "layer2.weight, layer3.weight"));
  snprintf(name, sizeof name, "%s#layer9.weight", at);
  check_status(wlaw_law_operand_read(&operand, name, err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "no fit of a tensor 'layer9.weight'"));
  wlaw_error_free(err);
}

/* Against a run, a fit is compared with its own matrix. Run and fit hold the same networks, so nothing is between them.
 */
static void fit_of_one_matrix_of_a_run(void **state) {
  (void)state;
  char at[4200], run[4096], epoch[4110];
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(run, sizeof run, "%s", write_run("fitted-run", 0.1, "standard"));
  snprintf(epoch, sizeof epoch, "%s@0", run);
  snprintf(at, sizeof at, "@%s", test_scratch("of-run.json"));
  const char *inputs[] = {run, at};
  const char *const of[] = {"tensor", "layer2.weight", "epoch", "0", "law", "permutation", NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, inputs, 1, of, err));
  char *bytes = result_bytes(result);
  write_text(at + 1, bytes);
  free(bytes);
  wlaw_result_free(result);
  inputs[0] = epoch;
  for (int turn = 0; turn < 2; turn++) {
    check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, NULL, err));
    assert_string_equal(text_at(result, "tensor"), "layer2.weight");
    check_near(number_at(result, "wasserstein_squared"), 0, 0);
    wlaw_result_free(result);
    inputs[0] = at;
    inputs[1] = epoch;
  }
  const char *const other[] = {"tensor", "layer1.weight", NULL};
  check_status(call_verb(&result, &wlaw_command_compare, inputs, 2, other, err), WLAW_SHAPE);
  wlaw_error_free(err);
}

#define HEAD                                                                                                           \
  "{\"schema\":\"weightlaw.fit/1\",\"law\":\"bipartite\",\"rows\":2,\"cols\":3,\"networks\":9,\"parameters\":{"
#define REST "\"rows\":1,\"columns\":1,\"entries\":1}}"
#define SQUARE                                                                                                         \
  "{\"schema\":\"weightlaw.fit/1\",\"law\":\"permutation\",\"networks\":9,\"rows\":4,\"cols\":4,\"parameters\":{"

static void damaged_fits_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    wlaw_status status;
    const char *words;
  } cases[] = {
      {"", WLAW_FORMAT, "not valid JSON"},
      {"[1]", WLAW_FORMAT, "no schema"},
      {"{\"schema\":3}", WLAW_FORMAT, "no schema"},
      {"{\"schema\":\"weightlaw.scan/1\"}", WLAW_FORMAT, "'weightlaw.scan/1', not weightlaw.fit/1"},
      {"{\"schema\":\"weightlaw.fits/1\"}", WLAW_NAME, "0 fits"},
      {"{\"schema\":\"weightlaw.fit/1\"}", WLAW_FORMAT, "no law"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"bipartide\"}", WLAW_NAME, "did you mean 'bipartite'"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"normal\"}", WLAW_ARGUMENT, "has no 'fit'"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"iid\",\"cols\":3}", WLAW_FORMAT, "'rows' is not"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"iid\",\"rows\":2,\"cols\":-3}", WLAW_FORMAT, "'cols' is not"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"iid\",\"rows\":2,\"cols\":3}", WLAW_FORMAT, "'networks' is not"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"permutation\",\"rows\":2,\"cols\":3,\"networks\":1}", WLAW_SHAPE,
       "square"},
      {HEAD "\"mean\":0," REST, WLAW_FORMAT, "parameter s0 is not"},
      {HEAD "\"mean\":0,\"s0\":[1]," REST, WLAW_FORMAT, "parameter s0 is not"},
      {HEAD "\"mean\":\"x\",\"s0\":1," REST, WLAW_FORMAT, "parameter mean is not"},
      {HEAD "\"mean\":null,\"s0\":null," REST, WLAW_VALUE, "does not determine mean, s0 of the law bipartite"},
      {HEAD "\"mean\":0,\"s0\":-1," REST, WLAW_ARGUMENT, "s0 must be at least 0"},
      {HEAD "\"mean\":\"inf\",\"s0\":1," REST, WLAW_ARGUMENT, "finite"},
      {SQUARE "\"mean\":[0]}}", WLAW_FORMAT, "parameter mean is not what the law permutation has at 4x4"},
      {SQUARE "\"mean\":[0,0],\"V0\":[[1,0],[0]]}}", WLAW_FORMAT, "parameter V0"},
      {SQUARE "\"mean\":[0,0],\"V0\":[1,0,0,1]}}", WLAW_FORMAT, "parameter V0"},
      {SQUARE "\"mean\":[0,0],\"V0\":[[1,2],[2,1]],\"VH\":[[1,0,0],[0,1,0],[0,0,1]],\"V2\":1,\"V3\":1}}", WLAW_ARGUMENT,
       "V0 is not a covariance"},
      {SQUARE "\"mean\":[null,null],\"V0\":[[null,null],[null,null]],\"VH\":[[1,0,0],[0,1,0],[0,0,1]],\"V2\":null,"
              "\"V3\":1}}",
       WLAW_VALUE, "does not determine mean, V0, V2"},
  };
  char at[4200];
  law_operand operand;
  wlaw_error *err = wlaw_error_new();
  snprintf(at, sizeof at, "@%s", test_scratch("damaged.json"));
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    write_text(at + 1, cases[c].text);
    check_status(wlaw_law_operand_read(&operand, at, err), cases[c].status);
    if (!strstr(wlaw_error_message(err), cases[c].words) || !strstr(wlaw_error_message(err), "damaged.json"))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[c].words);
  }
  wlaw_error_free(err);
}

static wlaw_status draw_again(void *context, wlaw_error *err) {
  const char *law = context;
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_draw, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "force", "true", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "dtype", "f32", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "shape", "5,4,4", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "output", test_scratch("refused.safetensors"), err);
  if (status == WLAW_OK) status = wlaw_draw(&result, &law, 1, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

/* A byte changed, or the end cut off, anywhere: a law or a sentence, never worse (run under the sanitizers). */
static void bytes_may_be_anything(void **state) {
  (void)state;
  enum { DAMAGES = 500 };
  static const char bytes[] = "0123456789-+.eE\"\\[]{},:ntfu #\x01\xff";
  double weights[20 * 16];
  char at[4200], *text = NULL;
  size_t n, laws = 0, refusals = 0;
  law_operand operand;
  wlaw_error *err = wlaw_error_new();
  snprintf(at, sizeof at, "@%s", test_scratch("bytes.json"));
  drawn(weights, thirteen, 20, 4, 4, 3, 0);
  json_decref(fit_to_file(at + 1, weights, 20, 4, 4, "permutation"));
  check_ok(wlaw_input_whole(&text, &n, at + 1, 1 << 20, err));
  wlaw_stream stream = wlaw_stream_start(92, STREAM_TEST, 0, 0);
  for (int d = 0; d < DAMAGES; d++) {
    const uint32_t place = wlaw_stream_below(&stream, (uint32_t)n);
    const bool cut = d % 8 == 0;
    const char held = text[place];
    text[place] = bytes[wlaw_stream_below(&stream, sizeof bytes - 1)];
    FILE *file = fopen(at + 1, "wb"); /* not synced, for speed */
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, cut ? place : n, file), cut ? place : n);
    fclose(file);
    text[place] = held;
    const wlaw_status status = wlaw_law_operand_read(&operand, at, err);
    if (status == WLAW_OK) laws++;
    else if (*wlaw_error_message(err)) refusals++;
    else fail_msg("no sentence for byte %u", place);
    if (status == WLAW_OK) wlaw_law_operand_release(&operand);
  }
  assert_true(laws > DAMAGES / 20 && refusals > DAMAGES / 20);
  free(text);
  wlaw_error_free(err);
}

/* Of a law in text. (Not of one from a fit: Jansson asserts when memory is refused inside a number of 17 digits.) */
static void every_allocation_may_fail(void **state) {
  (void)state;
  char text[sizeof thirteen];
  memcpy(text, thirteen, sizeof text);
  test_scratch(""); /* makes the folder while memory is given */
  alloc_fail_each(draw_again, text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_format_holds_the_draw),     cmocka_unit_test(bytes_do_not_depend_on_the_cut),
      cmocka_unit_test(interrupted_draw_leaves_nothing), cmocka_unit_test(fit_written_down_is_the_fit),
      cmocka_unit_test(draw_from_the_fit_has_its_law),   cmocka_unit_test(one_of_several_fits),
      cmocka_unit_test(fit_of_one_matrix_of_a_run),      cmocka_unit_test(damaged_fits_are_refused),
      cmocka_unit_test(bytes_may_be_anything),           cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("study.draw", tests, NULL, NULL);
}
