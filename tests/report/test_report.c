/* The verb from end to end: a tensor file, a run written by hand, runs with parts missing; outputs, errors, memory. */
#include "support/test.h"

#include "support/alloc_fail.h"

#include "report/markup.h"
#include "report/pages.h"

static void run(void **state) {
  (void)state;
  const char *folder = make_run("run", -1);
  char *one = report_page(folder, "one.html", "1"), *three = report_page(folder, "three.html", "3");
  assert_string_equal(one, three);
  markup_check(one);
  static const char *const sections[] = {"departures", "training", "distance", "invariants",   "laws",
                                         "parameters", "weights",  "notes",    "configuration"};
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    char id[64];
    snprintf(id, sizeof id, "<section id=\"%s\"", sections[i]);
    check_holds(one, id);
  }
  check_holds(one, "&lt;b&gt;data&lt;/b&gt;");
  check_holds(one, "layer2.weight (4 \xc3\x97 4)");
  check_holds(one, "1 network is dead by the last epoch");
  check_holds(one, "layer1.weight is the first matrix");
  check_holds(one, "With 12 networks");
  assert_null(strstr(one, "1970"));
  free(one);
  free(three);
}

/* One snapshot cannot be fitted, then not even be read, then it is gone, and the metrics: gaps with their reasons,
 * never a failure. */
static void run_with_gaps(void **state) {
  (void)state;
  const char *folder = make_run("gaps", 1);
  char path[4200];
  char *page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No fit for layer1.weight at 1 epoch, first at epoch 1");
  assert_null(strstr(page, "No law could be fitted")); /* the last epoch is whole */
  free(page);
  snprintf(path, sizeof path, "%s/epoch-0001.safetensors", folder);
  assert_int_equal(truncate(path, 100), 0);
  page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No fit for layer2.weight at 1 epoch");
  free(page);
  snprintf(path, sizeof path, "%s/metrics.csv", folder);
  assert_int_equal(unlink(path), 0);
  snprintf(path, sizeof path, "%s/epoch-0001.safetensors", folder);
  assert_int_equal(unlink(path), 0);
  page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No accuracy and loss");
  assert_null(strstr(page, "No fit for"));
  free(page);
}

/* A run of three layers whose last snapshot has, in hidden layer 2 of network 3, a node with `size` times the weights
 * of others, in and out; of `more` networks likewise. */
static const char *make_scaled(const char *name, float size, size_t more) {
  static const char text[] =
      "{\"schema\": \"weightlaw.run/1\", \"networks\": 12, \"epochs\": 1, \"data\": {\"name\": \"d\"},"
      " \"options\": {\"init\": \"normal(sd=0.5)\", \"order\": \"independent\", \"optimizer\": \"adam\","
      " \"activation\": \"relu\"}, \"init\": \"normal(sd=0.5)\", \"layers\": [{\"name\": \"layer1\", \"rows\": 4,"
      " \"cols\": 6}, {\"name\": \"layer2\", \"rows\": 4, \"cols\": 4}, {\"name\": \"layer3\", \"rows\": 4,"
      " \"cols\": 4}]}\n";
  static const tensor_spec specs[] = {{"layer1.weight", WLAW_F32, 3, {NETWORKS, NARROW, WIDE}},
                                      {"layer2.weight", WLAW_F32, 3, {NETWORKS, NARROW, NARROW}},
                                      {"layer3.weight", WLAW_F32, 3, {NETWORKS, NARROW, NARROW}}};
  static char folder[4096];
  char path[4200];
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  snprintf(folder, sizeof folder, "%s", test_scratch(name));
  check_ok(wlaw_folder_make(folder, err));
  snprintf(path, sizeof path, "%s/run.json", folder);
  write_text(path, text);
  snprintf(path, sizeof path, "%s/epoch-0001.safetensors", folder);
  check_ok(wlaw_writer_open(&writer, path, specs, 3, NULL, err));
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  for (size_t l = 0; l < 3; l++)
    for (size_t k = 0; k < NETWORKS; k++)
      for (size_t i = 0; i < NARROW; i++)
        for (size_t j = 0; j < specs[l].shape[2]; j++) {
          double z;
          wlaw_stream_normals(&stream, &z, 1);
          const bool at = k >= 3 && k <= 3 + more && (l == 1 ? i == 0 : l == 2 && j == 0);
          const float value = at ? copysignf(0.5F * size, (float)z) : (float)(0.5 * z);
          check_ok(wlaw_writer_add(writer, &value, sizeof value, err));
        }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return folder;
}

/* Sums of one network that has blown up correlate, at 12 networks x 3 directions, by nearly 1, 6 standard errors under
 * no correlation; another ensemble has another such network, or none: the robust error is as large as the correlation,
 * and nothing is said. Where nine of twelve have such a node, squared norms correlate and it is said. */
static void one_network_is_no_correlation(void **state) {
  (void)state;
  char *page = report_page(make_scaled("blown-up", 100, 0), "blown-up.html", "1");
  check_holds(page, "Between layers");
  assert_null(strstr(page, "Over the nodes of hidden layer 2, sums"));
  free(page);
  page = report_page(make_scaled("scales", 4, 8), "scales.html", "1");
  check_holds(page, "Over the nodes of hidden layer 2, squared norms");
  free(page);
}

static void file_of_one_tensor(void **state) {
  (void)state;
  static const tensor_spec networks = {"", WLAW_F32, 3, {60, NARROW, NARROW}},
                           matrix = {"", WLAW_F32, 2, {WIDE, NARROW}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("weights.npy"));
  write_tensors(path, &networks, 1, 0, false);
  char *page = report_page(path, "file.html", "1");
  markup_check(page);
  check_holds(page, "File weights.npy");
  check_holds(page, "<section id=\"weights\"");
  assert_null(strstr(page, "<section id=\"distance\""));
  free(page);
  write_tensors(path, &matrix, 1, 0, false); /* one network: a checkpoint */
  page = report_page(path, "file.html", "1");
  markup_check(page);
  check_holds(page, "<section id=\"overview\"");
  free(page);
}

/* A run whose second layer is symmetric: at every epoch, beside a layer that is not, or at the first epoch alone. */
static void run_of_symmetric_matrices(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (int often = 0; often < 2; often++) {
    const char *folder = make_run(often ? "symmetric" : "mixed", -1);
    for (uint32_t e = 0; e < (often ? EPOCHS : 1); e++) {
      char path[4200];
      tensor_writer *writer = NULL;
      wlaw_stream stream = wlaw_stream_start(2, STREAM_TEST, e, 0);
      float first[NETWORKS][NARROW][WIDE], second[NETWORKS][NARROW][NARROW];
      for (size_t k = 0; k < NETWORKS; k++)
        for (size_t i = 0; i < NARROW; i++) {
          double z[WIDE];
          wlaw_stream_normals(&stream, z, WIDE);
          for (size_t j = 0; j < WIDE; j++) first[k][i][j] = (float)z[j];
          for (size_t j = 0; j <= i; j++) second[k][i][j] = second[k][j][i] = (float)z[j];
        }
      snprintf(path, sizeof path, "%s/epoch-%04u.safetensors", folder, e);
      assert_int_equal(unlink(path), 0);
      check_ok(wlaw_writer_open(&writer, path, layers, 2, NULL, err));
      check_ok(wlaw_writer_add(writer, first, sizeof first, err));
      check_ok(wlaw_writer_add(writer, second, sizeof second, err));
      check_ok(wlaw_writer_commit(writer, err));
    }
    char *one = report_page(folder, "one.html", "1"), *three = report_page(folder, "three.html", "3");
    assert_string_equal(one, three);
    markup_check(one);
    check_holds(one, "Numbers: symmetric law");
    assert_null(strstr(one, "No law could be"));
    assert_true(!strstr(one, "Furthest from the fitted symmetric law at epoch 2") == !often);
    assert_true(!strstr(one, "To rounding, layer2.weight is symmetric") == !often);
    assert_true(!strstr(one, "layer2.weight: its matrices are symmetric at some epochs") == (bool)often);
    const char *laws = strstr(one, "<section id=\"laws\""), *second = strstr(laws, "layer2.weight");
    assert_true(strstr(laws, "layer1.weight") < strstr(laws, "</section>"));
    assert_true((second < strstr(laws, "</section>")) == !often);
    free(one);
    free(three);
  }
  wlaw_error_free(err);
}

/* A file that cannot be fitted: the first lines say so, and claim nothing that is not known. */
static void file_without_a_fit(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F32, 3, {60, NARROW, NARROW}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("broken.npy"));
  write_tensors(path, &spec, 1, 0, true);
  char *page = report_page(path, "broken.html", "1");
  markup_check(page);
  check_holds(page, "broken.npy holds the matrix (4 \xc3\x97 4).");
  check_holds(page, "No law could be fitted to the matrix: ");
  check_holds(page, "No fit for the matrix: ");
  free(page);
}

/* All weights alike: parameters, but no likelihood, and the page says why. */
static void file_without_a_choice(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F64, 3, {3, 2, 2}};
  static const double ones[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  char path[4096];
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  snprintf(path, sizeof path, "%s", test_scratch("constant.npy"));
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, ones, sizeof ones, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  char *page = report_page(path, "constant.html", "1");
  markup_check(page);
  check_holds(page, "No law could be chosen for the matrix: the matrices do not vary");
  check_holds(page, "No choice of a law for the matrix: ");
  free(page);
}

/* 2 x 2 matrices have 8 parameters, not 13. */
static void smallest_matrices(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F32, 3, {60, 2, 2}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("small.npy"));
  write_tensors(path, &spec, 1, 0, false);
  char *page = report_page(path, "small.html", "1");
  markup_check(page);
  check_holds(page, "further parameters of the permutation law are needed");
  assert_null(strstr(page, "8 further parameters"));
  free(page);
}

static void outputs(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *folder = make_run("outputs", -1), *path = test_scratch("page.html");
  const char *const plain[] = {"output", path, NULL},
                    *const forced[] = {"output",    path, "force", "true", "title", "A <title>", "source-date-epoch",
                                       "951782400", NULL};
  const char *const nowhere[] = {"output", test_scratch("no/such/folder.html"), NULL};
  wlaw_result *result = NULL;
  check_ok(report_with(folder, plain, &result, err));
  double bytes = 0;
  size_t n = 0;
  check_ok(wlaw_result_get(result, "bytes", &bytes, 1, &n, err));
  char *page = page_of(path);
  check_near(bytes, (double)strlen(page), 0);
  wlaw_result_free(result);
  check_status(report_with(folder, plain, NULL, err), WLAW_EXISTS);
  char *kept = page_of(path);
  assert_string_equal(page, kept);
  check_ok(report_with(folder, forced, NULL, err));
  free(page);
  free(kept);
  page = page_of(path);
  check_holds(page, "<h1>A &lt;title&gt;</h1>");
  check_holds(page, "2000-02-29"); /* 951782400 by `date -u -d @951782400` */
  free(page);
  check_status(report_with(folder, nowhere, NULL, err), WLAW_IO);
  const char *const over_a_folder[] = {"output", folder, NULL};
  check_status(report_with(folder, over_a_folder, NULL, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
}

static void inputs_that_cannot_be(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char path[4200];
  const char *const pairs[] = {"output", test_scratch("never.html"), NULL};
  check_status(report_with(test_scratch("not-there.npy"), pairs, NULL, err), WLAW_IO);
  const char *folder = make_run("no-snapshots", -1);
  for (int e = 0; e < EPOCHS; e++) {
    snprintf(path, sizeof path, "%s/epoch-%04d.safetensors", folder, e);
    assert_int_equal(unlink(path), 0);
  }
  check_status(report_with(folder, pairs, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "no snapshot"));
  snprintf(path, sizeof path, "%s", test_scratch("empty-folder"));
  check_ok(wlaw_folder_make(path, err));
  check_status(report_with(path, pairs, NULL, err), WLAW_IO);
  assert_false(wlaw_path_exists(pairs[1]));
  wlaw_error_free(err);
}

static int refuse(void *user, double fraction, const char *what) {
  (void)user;
  (void)fraction;
  (void)what;
  return 1;
}

static void cancelled(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *folder = make_run("cancelled", -1), *path = test_scratch("cancelled.html");
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_report, err));
  check_ok(wlaw_options_set(options, "output", path, err));
  check_status(wlaw_report(NULL, &folder, 1, options, refuse, NULL, err), WLAW_CANCELLED);
  assert_false(wlaw_path_exists(path));
  wlaw_options_free(options);
  wlaw_error_free(err);
}

typedef struct report_paths {
  char input[4096], output[4096];
} report_paths;

static wlaw_status report_again(void *context, wlaw_error *err) {
  const report_paths *paths = context;
  /* to degree 1, which the widest law fits: the simulated null is refused its memory in report.departures_memory */
  const char *const pairs[] = {"output", paths->output, "force", "true", "threads", "1", "degree", "1", NULL};
  wlaw_result *result = NULL;
  const wlaw_status status = report_with(paths->input, pairs, &result, err);
  wlaw_result_free(result);
  return status;
}

static void memory(void **state) {
  (void)state;
  static report_paths paths;
  const tensor_spec spec = {"w", WLAW_F32, 3, {50, 3, 3}}; /* 50: no simulated tests */
  snprintf(paths.input, sizeof paths.input, "%s", test_scratch("memory.npy"));
  snprintf(paths.output, sizeof paths.output, "%s", test_scratch("memory.html"));
  write_tensors(paths.input, &spec, 1, 0, false);
  alloc_fail_each(report_again, &paths);
  /* with a law of their own: zero on the diagonal */
  float matrices[50][9];
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  for (int i = 0; i < 450; i++) matrices[i / 9][i % 9] = i % 9 % 4 ? (float)(i * i % 23) : 0;
  assert_int_equal(unlink(paths.input), 0);
  check_ok(wlaw_writer_open(&writer, paths.input, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, matrices, sizeof matrices, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  alloc_fail_each(report_again, &paths);
  char *page = page_of(paths.output);
  check_holds(page, "Numbers: zero-diagonal law");
  free(page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run),
      cmocka_unit_test(run_with_gaps),
      cmocka_unit_test(run_of_symmetric_matrices),
      cmocka_unit_test(one_network_is_no_correlation),
      cmocka_unit_test(file_of_one_tensor),
      cmocka_unit_test(file_without_a_fit),
      cmocka_unit_test(file_without_a_choice),
      cmocka_unit_test(smallest_matrices),
      cmocka_unit_test(outputs),
      cmocka_unit_test(inputs_that_cannot_be),
      cmocka_unit_test(cancelled),
      cmocka_unit_test(memory),
  };
  return cmocka_run_group_tests_name("report.report", tests, NULL, NULL);
}
