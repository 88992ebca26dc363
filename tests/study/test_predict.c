/* The verb predict: files and data sets against the arc-cosine kernel and a solver written out here, and against
 * published accuracies on Fashion-MNIST. */
#include "core/memory.h"
#include "study/study.h"

#include "support/alloc_fail.h"

extern const command_spec wlaw_command_predict;

enum { N = 30, M = 12, FEATURES = 4, CLASSES = 3 };

typedef struct toy {
  double x[N * FEATURES], test_x[M * FEATURES];
  double y[N * CLASSES], test_y[M * CLASSES]; /* one-hot less 1 / CLASSES */
  int64_t label[N], test_label[M];
  char train[4096], test[4096]; /* files with labels */
} toy;

/* y: [n, width] numbers, or NULL: labels [n] as i64; neither: no y */
static void write_file(char *path, const char *name, const double *x, size_t n, const double *y, size_t width,
                       const int64_t *labels) {
  tensor_spec specs[2] = {{"x", WLAW_F64, 2, {n, FEATURES}},
                          {"y", y ? WLAW_F64 : WLAW_I64, width > 1 ? 2 : 1, {n, width}}};
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, 4096, "%s", test_scratch(name));
  check_ok(wlaw_writer_open(&writer, path, specs, y || labels ? 2 : 1, NULL, err));
  check_ok(wlaw_writer_add(writer, x, n * FEATURES * sizeof *x, err));
  if (y) check_ok(wlaw_writer_add(writer, y, n * width * sizeof *y, err));
  else if (labels) check_ok(wlaw_writer_add(writer, labels, n * sizeof *labels, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
}

static void label(int64_t *labels, double *y, const double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double *row = x + i * FEATURES;
    labels[i] = row[0] > 0 ? 0 : row[1] * row[2] > 0 ? 1 : 2;
    for (int c = 0; c < CLASSES; c++) y[i * CLASSES + (size_t)c] = (labels[i] == c) - 1.0 / CLASSES;
  }
}

static void make_toy(toy *t) {
  wlaw_stream stream = wlaw_stream_start(81, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, t->x, N * FEATURES);
  wlaw_stream_normals(&stream, t->test_x, M * FEATURES);
  label(t->label, t->y, t->x, N);
  label(t->test_label, t->test_y, t->test_x, M);
  write_file(t->train, "train.npz", t->x, N, NULL, 1, t->label);
  write_file(t->test, "test.npz", t->test_x, M, NULL, 1, t->test_label);
}

/* One hidden layer of relu, variance 2 of weights, no bias: Cho and Saul (2009), equations 3 and 6. */
static double arc_cosine(const double *x, const double *y) {
  double xx = 0, yy = 0, xy = 0;
  for (int f = 0; f < FEATURES; f++) {
    xx += x[f] * x[f] * 2 / FEATURES;
    yy += y[f] * y[f] * 2 / FEATURES;
    xy += x[f] * y[f] * 2 / FEATURES;
  }
  const double pi = 3.14159265358979323846, angle = acos(fmin(xy / sqrt(xx * yy), 1.0));
  return sqrt(xx * yy) * (sin(angle) + (pi - angle) * cos(angle)) / pi;
}

/* Its tangent kernel: the same plus x.y times E phi'(u) phi'(v) = (pi - angle) / (2 pi), each times the variance 2. */
static double tangent(const double *x, const double *y) {
  double xx = 0, yy = 0, xy = 0;
  for (int f = 0; f < FEATURES; f++) {
    xx += x[f] * x[f] * 2 / FEATURES;
    yy += y[f] * y[f] * 2 / FEATURES;
    xy += x[f] * y[f] * 2 / FEATURES;
  }
  const double pi = 3.14159265358979323846;
  return arc_cosine(x, y) + xy * (pi - acos(fmin(xy / sqrt(xx * yy), 1.0))) / pi;
}

/* a x = b in place by Gaussian elimination; fine for kernels with a ridge. */
static void solve(double *a, double *b, size_t n, size_t columns) {
  for (size_t c = 0; c < n; c++)
    for (size_t i = 0; i < n; i++) {
      if (i == c) continue;
      const double factor = a[i * n + c] / a[c * n + c];
      for (size_t j = c; j < n; j++) a[i * n + j] -= factor * a[c * n + j];
      for (size_t j = 0; j < columns; j++) b[i * columns + j] -= factor * b[c * columns + j];
    }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < columns; j++) b[i * columns + j] /= a[i * n + i];
}

/* mean [M, CLASSES], variance [M] */
static void by_hand(double *mean, double *variance, const toy *t, double ridge) {
  static double k[N * N], right[N * (CLASSES + M)];
  double trace = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) k[i * N + j] = arc_cosine(t->x + i * FEATURES, t->x + j * FEATURES);
  for (size_t i = 0; i < N; i++) trace += k[i * (N + 1)];
  for (size_t i = 0; i < N; i++) k[i * (N + 1)] += ridge * trace / N;
  for (size_t i = 0; i < N; i++) {
    for (size_t c = 0; c < CLASSES; c++) right[i * (CLASSES + M) + c] = t->y[i * CLASSES + c];
    for (size_t m = 0; m < M; m++)
      right[i * (CLASSES + M) + CLASSES + m] = arc_cosine(t->x + i * FEATURES, t->test_x + m * FEATURES);
  }
  solve(k, right, N, CLASSES + M);
  for (size_t m = 0; m < M; m++) {
    const double *x = t->test_x + m * FEATURES;
    variance[m] = arc_cosine(x, x);
    for (size_t c = 0; c < CLASSES; c++) mean[m * CLASSES + c] = 0.0;
    for (size_t i = 0; i < N; i++) {
      const double cross = arc_cosine(t->x + i * FEATURES, x);
      variance[m] -= cross * right[i * (CLASSES + M) + CLASSES + m];
      for (size_t c = 0; c < CLASSES; c++) mean[m * CLASSES + c] += cross * right[i * (CLASSES + M) + c];
    }
  }
}

static wlaw_result *predict(const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_predict, NULL, 0, pairs, err));
  wlaw_error_free(err);
  return result;
}

static void read_tensor(double *out, const char *path, const char *name, size_t count) {
  wlaw_tensors *tensors = NULL;
  size_t i = 0;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_tensors_open(&tensors, path, err));
  check_ok(wlaw_tensors_find(&i, tensors, name, err));
  check_ok(wlaw_tensors_read(tensors, i, 0, count, out, err));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* Condition numbers up to 1e4, rounding 1e-16, kernels by acos: 1e-10 is far from both. */
static void check_close(const double *got, const double *want, size_t n) {
  for (size_t i = 0; i < n; i++) check_near(got[i], want[i], 1e-10);
}

static void files_are_predicted(void **state) {
  (void)state;
  static toy t;
  double mean[2][M * CLASSES], variance[2][M], got_mean[2 * M * CLASSES], got_variance[2 * M];
  char output[4096], train[4096], test[4096];
  make_toy(&t);
  snprintf(output, sizeof output, "%s", test_scratch("out.npz"));
  by_hand(mean[0], variance[0], &t, 0.1);
  by_hand(mean[1], variance[1], &t, 0.001);
  const char *labelled[] = {"train",     t.train,  "test", t.test,  "depth", "1", "ridge",
                            "0.1,0.001", "output", output, "force", "true",  NULL};
  wlaw_result *result = predict(labelled);
  read_tensor(got_mean, output, "mean", 2 * M * CLASSES);
  read_tensor(got_variance, output, "variance", 2 * M);
  check_close(got_mean, mean[0], 2 * M * CLASSES);
  check_close(got_variance, variance[0], 2 * M);
  for (int s = 0; s < 2; s++) {
    double right = 0, square = 0, spread = 0;
    char path[64];
    for (size_t m = 0; m < M; m++) {
      size_t best = 0;
      for (size_t c = 0; c < CLASSES; c++) {
        if (mean[s][m * CLASSES + c] > mean[s][m * CLASSES + best]) best = c;
        square += pow(mean[s][m * CLASSES + c] - t.test_y[m * CLASSES + c], 2) / (M * CLASSES);
      }
      right += best == (size_t)t.test_label[m];
      spread += variance[s][m] / M;
    }
    snprintf(path, sizeof path, "results.%d.accuracy", s);
    check_near(number_at(result, path), right / M, 1e-15);
    snprintf(path, sizeof path, "results.%d.mean_squared_error", s);
    check_near(number_at(result, path), square, 1e-10);
    snprintf(path, sizeof path, "results.%d.mean_variance", s);
    check_near(number_at(result, path), spread, 1e-10);
  }
  wlaw_result_free(result);
  /* the same targets as numbers, the same predictions, and no accuracy; without targets no error either */
  write_file(train, "numbers.npz", t.x, N, t.y, CLASSES, NULL);
  write_file(test, "none.npz", t.test_x, M, NULL, 1, NULL);
  labelled[1] = train;
  labelled[3] = test;
  result = predict(labelled);
  assert_true(isnan(number_at(result, "results.0.accuracy")) &&
              isnan(number_at(result, "results.0.mean_squared_error")));
  read_tensor(got_mean, output, "mean", 2 * M * CLASSES);
  check_close(got_mean, mean[0], 2 * M * CLASSES);
  wlaw_result_free(result);
}

/* Training the last layer alone to the end is the posterior; both routes through the verb, at rounding of the small
 * eigenvalues. Before training nothing is known. */
static void flow_ends_in_the_posterior(void **state) {
  (void)state;
  static toy t;
  double variance[2 * M], want_variance[M], mean[2 * M * CLASSES], want[M * CLASSES];
  char output[4096];
  make_toy(&t);
  snprintf(output, sizeof output, "%s", test_scratch("flow.safetensors"));
  by_hand(want, want_variance, &t, 0.0);
  const char *const pairs[] = {"train", t.train, "test",   t.test, "depth", "1",    "kernel", "nngp",
                               "time",  "0,inf", "output", output, "force", "true", NULL};
  wlaw_result *result = predict(pairs);
  read_tensor(mean, output, "mean", 2 * M * CLASSES);
  read_tensor(variance, output, "variance", 2 * M);
  for (size_t m = 0; m < M; m++) {
    const double *x = t.test_x + m * FEATURES;
    check_near(variance[m], arc_cosine(x, x), 1e-12);
    check_near(variance[M + m], want_variance[m], 1e-9);
    for (size_t c = 0; c < CLASSES; c++) {
      assert_true(mean[m * CLASSES + c] == 0.0);
      check_near(mean[(M + m) * CLASSES + c], want[m * CLASSES + c], 1e-9);
    }
  }
  assert_true(isnan(number_at(result, "results.0.log_evidence")));
  wlaw_result_free(result);
}

/* All layers trained to the end: A = T(x, .) T^-1, mean A y, variance K(x, x) - 2 A K(., x) + A K A'. */
static void trained_networks_are_predicted(void **state) {
  (void)state;
  static toy t;
  static double k[N * N], a[N * M], mean[M * CLASSES], variance[M];
  char output[4096];
  make_toy(&t);
  snprintf(output, sizeof output, "%s", test_scratch("trained.npz"));
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < N; j++) k[i * N + j] = tangent(t.x + i * FEATURES, t.x + j * FEATURES);
    for (size_t m = 0; m < M; m++) a[i * M + m] = tangent(t.x + i * FEATURES, t.test_x + m * FEATURES);
  }
  solve(k, a, N, M); /* A' */
  const char *const pairs[] = {"train", t.train,  "test", t.test,  "depth", "1", "time",
                               "inf",   "output", output, "force", "true",  NULL};
  wlaw_result *result = predict(pairs);
  assert_string_equal(text_at(result, "kernel"), "ntk");
  read_tensor(mean, output, "mean", M * CLASSES);
  read_tensor(variance, output, "variance", M);
  for (size_t m = 0; m < M; m++) {
    const double *x = t.test_x + m * FEATURES;
    double want = arc_cosine(x, x);
    for (size_t i = 0; i < N; i++) {
      want -= 2 * a[i * M + m] * arc_cosine(t.x + i * FEATURES, x);
      for (size_t j = 0; j < N; j++)
        want += a[i * M + m] * a[j * M + m] * arc_cosine(t.x + i * FEATURES, t.x + j * FEATURES);
    }
    check_near(variance[m], want, 1e-9);
    for (size_t c = 0; c < CLASSES; c++) {
      double sum = 0.0;
      for (size_t i = 0; i < N; i++) sum += a[i * M + m] * t.y[i * CLASSES + c];
      check_near(mean[m * CLASSES + c], sum, 1e-9);
    }
  }
  wlaw_result_free(result);
}

static void check_refused(const char *train, const char *test, const char *ridge, wlaw_status status,
                          const char *part) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  const char *const pairs[] = {"train", train, "test", test, "ridge", ridge, NULL};
  check_status(call_verb(&result, &wlaw_command_predict, NULL, 0, pairs, err), status);
  if (!strstr(wlaw_error_message(err), part)) fail_msg("'%s' lacks '%s'", wlaw_error_message(err), part);
  wlaw_error_free(err);
}

static void data_that_do_not_fit_are_refused(void **state) {
  (void)state;
  static toy t;
  char path[4096];
  make_toy(&t);
  write_file(path, "unlabelled.npz", t.x, N, NULL, 1, NULL);
  check_refused(path, t.test, "0", WLAW_NAME, "no tensor y");
  write_file(path, "numbers.npz", t.test_x, M, t.test_y, CLASSES, NULL);
  check_refused(t.train, path, "0", WLAW_SHAPE, "its y are numbers and those of training classes");
  t.test_label[5] = CLASSES;
  write_file(path, "label.npz", t.test_x, M, NULL, 1, t.test_label);
  check_refused(t.train, path, "0", WLAW_VALUE, "sample 5 has the label 3");
  t.test_label[5] = -1;
  write_file(path, "label.npz", t.test_x, M, NULL, 1, t.test_label);
  check_refused(t.train, path, "0", WLAW_VALUE, "label of sample 5, -1");
  t.test_x[7] = NAN;
  write_file(path, "nan.npz", t.test_x, M, NULL, 1, NULL);
  check_refused(t.train, path, "0", WLAW_VALUE, "nan.npz: input 1");
  t.y[4] = INFINITY;
  write_file(path, "inf.npz", t.x, N, t.y, CLASSES, NULL);
  check_refused(path, t.test, "0", WLAW_VALUE, "target of sample 1");
  const tensor_spec specs[2] = {{"x", WLAW_F64, 2, {N, FEATURES}}, {"y", WLAW_F64, 1, {N - 1}}};
  const double *const values[2] = {t.x, t.y};
  snprintf(path, sizeof path, "%s", test_scratch("short.npz"));
  write_tensors(path, specs, 2, values);
  check_refused(path, t.test, "0", WLAW_SHAPE, "n = 30");
  for (size_t f = 0; f < FEATURES; f++) t.x[20 * FEATURES + f] = t.x[11 * FEATURES + f];
  write_file(path, "twins.npz", t.x, N, NULL, 1, t.label);
  check_refused(path, t.test, "0", WLAW_NUMERIC, "points 11 and 20 have the same inputs");
  for (size_t i = 0; i < N * FEATURES; i++) t.x[i] *= 1e-200;
  write_file(path, "tiny.npz", t.x, N, NULL, 1, t.label);
  check_refused(path, t.test, "1e-3", WLAW_NUMERIC, "too small: scale them");
}

/* Reference accuracies (an implementation in NumPy): relu, weight variance 2, no bias, the first 1000 training images /
 * 255, all 10,000 test images; .003 is what another order of sums, and images near a boundary, may move. */
static void fashion_mnist_accuracies(void **state) {
  (void)state;
  static const struct {
    const char *depth, *kernel;
    double accuracy[2]; /* ridge 1e-2, 1e-4 */
  } rows[] = {{"1", "nngp", {.8047, .7866}},
              {"1", "ntk", {.8158, .8142}},
              {"3", "nngp", {.8166, .8075}},
              {"3", "ntk", {.8192, .8195}}};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    static const char *input = "fashion-mnist";
    const char *const pairs[] = {"train-samples", "1000",  "depth",     rows[r].depth, "kernel",
                                 rows[r].kernel,  "ridge", "1e-2,1e-4", NULL};
    wlaw_result *result = NULL;
    wlaw_error *err = wlaw_error_new();
    const wlaw_status status = call_verb(&result, &wlaw_command_predict, &input, 1, pairs, err);
    if (status == WLAW_IO) {
      print_message("skipped: %s\n", wlaw_error_message(err));
      wlaw_error_free(err);
      skip();
    }
    check_ok(status);
    check_near(number_at(result, "results.0.accuracy"), rows[r].accuracy[0], .003);
    check_near(number_at(result, "results.1.accuracy"), rows[r].accuracy[1], .003);
    wlaw_result_free(result);
    wlaw_error_free(err);
  }
}

static wlaw_status small_predict(void *context, wlaw_error *err) {
  const toy *t = context;
  char output[4200];
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_predict, err);
  snprintf(output, sizeof output, "%s.out.npz", t->test);
  const char *const pairs[] = {"train",   t->train, "test",   t->test, "depth", "1",    "time", "3,inf",
                               "threads", "1",      "output", output,  "force", "true", NULL};
  for (const char *const *pair = pairs; *pair && status == WLAW_OK; pair += 2)
    status = wlaw_options_set(options, pair[0], pair[1], err);
  if (status == WLAW_OK) status = wlaw_predict(&result, NULL, 0, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  static toy t;
  make_toy(&t);
  alloc_fail_each(small_predict, &t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_are_predicted),
      cmocka_unit_test(flow_ends_in_the_posterior),
      cmocka_unit_test(trained_networks_are_predicted),
      cmocka_unit_test(data_that_do_not_fit_are_refused),
      cmocka_unit_test(fashion_mnist_accuracies),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
