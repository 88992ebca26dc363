/* The named sets: published counts and moments of the real ones, the synthetic teacher, tiny CIFAR batches. */
#include "data/idx_support.h"

#include "data/source.h"

/* Mean and standard deviation of all training pixels over 255. */
static void pixel_moments(const wlaw_dataset *data, double *mean, double *sd) {
  const size_t n = data->train.n * data->features;
  double sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) sum += data->train.bytes[i];
  *mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) square += (data->train.bytes[i] - *mean) * (data->train.bytes[i] - *mean);
  *sd = sqrt(square / (double)n) / 255;
  *mean /= 255;
}

static void count_labels(const sample_set *set, size_t counts[10]) {
  memset(counts, 0, 10 * sizeof *counts);
  for (size_t i = 0; i < set->n; i++) {
    assert_true(set->labels[i] < 10);
    counts[set->labels[i]]++;
  }
}

static void mnist(void **state) {
  (void)state;
  static const size_t train[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
                      test[10] = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
  const char *folder = test_data("mnist");
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  check_ok(open_folder(&data, folder, err));
  assert_int_equal(data->features, 784);
  assert_int_equal(data->classes, 10);
  size_t counts[10];
  count_labels(&data->train, counts);
  assert_memory_equal(counts, train, sizeof counts);
  count_labels(&data->test, counts);
  assert_memory_equal(counts, test, sizeof counts);
  double mean, sd;
  pixel_moments(data, &mean, &sd);
  check_near(mean, 0.130660, 5e-7); /* six published digits */
  check_near(sd, 0.308108, 5e-7);
  const dataset_source *source = wlaw_dataset_source("mnist");
  const json_t *read = json_object_get(data->description, "sources");
  for (size_t i = 0; i < 4; i++) {
    const json_t *file = json_array_get(read, i);
    assert_string_equal(json_string_value(json_object_get(file, "file")), source->files[i].name);
    assert_string_equal(json_string_value(json_object_get(file, "sha256")), source->files[i].sha256);
    assert_int_equal(json_integer_value(json_object_get(file, "bytes")), source->files[i].bytes);
  }
  wlaw_dataset_free(data);
  wlaw_error_free(err);
}

static void fashion_mnist(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const dataset_request request = {.what = "fashion-mnist"};
  const wlaw_status status = wlaw_dataset_open(&data, &request, NULL, err);
  if (status == WLAW_IO) {
    assert_non_null(strstr(wlaw_error_hint(err), "apt install dataset-fashion-mnist"));
    wlaw_error_free(err);
    print_message("skipped: no package dataset-fashion-mnist\n");
    skip();
  }
  check_ok(status);
  size_t counts[10];
  count_labels(&data->train, counts);
  for (int c = 0; c < 10; c++) assert_int_equal(counts[c], 6000);
  count_labels(&data->test, counts);
  for (int c = 0; c < 10; c++) assert_int_equal(counts[c], 1000);
  double mean, sd;
  pixel_moments(data, &mean, &sd);
  check_near(mean, 0.2860, 5e-5); /* the four digits everybody normalises with */
  check_near(sd, 0.3530, 5e-5);
  wlaw_dataset_free(data);
  wlaw_error_free(err);
}

static void sets_that_are_not_there(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const char *cache = idx_folder("empty-cache");
  const dataset_request requests[] = {
      {.what = "mnist"}, {.what = "mnist", .cache = cache}, {.what = "cifar-10", .cache = cache}};
  const char *const says[] = {"weightlaw data fetch mnist", "weightlaw data fetch mnist", "cifar-10-binary.tar.gz"};
  for (int i = 0; i < 3; i++) {
    check_status(wlaw_dataset_open(&data, &requests[i], NULL, err), WLAW_IO);
    assert_non_null(strstr(wlaw_error_message(err), says[i]));
  }
  /* something else under the name of a published set */
  char folder[600];
  snprintf(folder, sizeof folder, "%s/mnist", cache);
  assert_int_equal(wlaw_folder_make(folder, NULL), WLAW_OK);
  tiny_write(folder, ".gz");
  check_status(wlaw_dataset_open(&data, &requests[1], NULL, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "is not the published one"));
  wlaw_error_free(err);
}

/* Batches of 1 and 2 records; record r of batch b has label and pixels that say so. */
static void write_batch(const char *folder, const char *name, size_t records, unsigned char mark, size_t extra) {
  static unsigned char bytes[3 * 3073];
  memset(bytes, mark, sizeof bytes);
  for (size_t r = 0; r < records; r++) bytes[r * 3073] = (unsigned char)(mark % 10);
  bytes[3072] = 77; /* last pixel of the first record */
  char path[700];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(wlaw_output_whole(path, bytes, records * 3073 + extra, NULL), WLAW_OK);
}

static void cifar_10(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const char *cache = idx_folder("cifar-cache");
  char folder[600], name[40];
  snprintf(folder, sizeof folder, "%s/cifar-10-batches-bin", cache);
  assert_int_equal(wlaw_folder_make(folder, NULL), WLAW_OK);
  for (unsigned char b = 1; b <= 5; b++) {
    snprintf(name, sizeof name, "data_batch_%d.bin", b);
    write_batch(folder, name, b == 3 ? 2 : 1, b, 0);
  }
  check_status(open_folder(&data, folder, err), WLAW_IO); /* no test batch */
  assert_non_null(strstr(wlaw_error_file(err), "test_batch.bin"));
  write_batch(folder, "test_batch.bin", 1, 9, 0);
  check_ok(open_folder(&data, folder, err));
  assert_int_equal(data->features, 3072);
  assert_int_equal(data->classes, 10);
  assert_int_equal(data->image_shape[0] * data->image_shape[1] * data->image_shape[2], 3072);
  assert_int_equal(data->train.n, 6);
  assert_int_equal(data->test.n, 1);
  const unsigned char labels[6] = {1, 2, 3, 3, 4, 5};
  assert_memory_equal(data->train.labels, labels, 6);
  assert_int_equal(data->train.bytes[2 * 3072], 3);
  assert_int_equal(data->train.bytes[3 * 3072 - 1], 77);
  assert_int_equal(data->train.bytes[4 * 3072 - 1], 3);
  wlaw_dataset_free(data);
  const dataset_request cached = {.what = "cifar-10", .cache = cache};
  check_ok(wlaw_dataset_open(&data, &cached, NULL, err));
  assert_string_equal(data->name, "cifar-10");
  wlaw_dataset_free(data);

  write_batch(folder, "test_batch.bin", 2, 10 + 9, 5);
  check_status(open_folder(&data, folder, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "6151 bytes are not a whole number of records"));
  write_batch(folder, "test_batch.bin", 0, 1, 0);
  check_status(open_folder(&data, folder, err), WLAW_FORMAT);
  write_batch(folder, "test_batch.bin", 2, 1, 0);
  char path[700];
  snprintf(path, sizeof path, "%s/test_batch.bin", folder);
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  fseek(file, 3073, SEEK_SET);
  fputc(10, file);
  fclose(file);
  check_status(open_folder(&data, folder, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "test_batch.bin: label number 1 is 10, but labels go from 0 to 9"));
  wlaw_error_free(err);
}

static wlaw_dataset *synthetic(size_t features, size_t classes, size_t train, size_t test, uint64_t seed) {
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const dataset_request request = {.what = "synthetic",
                                   .seed = seed,
                                   .synthetic_features = features,
                                   .synthetic_classes = classes,
                                   .synthetic_train = train,
                                   .synthetic_test = test};
  check_ok(wlaw_dataset_open(&data, &request, NULL, err));
  wlaw_error_free(err);
  return data;
}

static void synthetic_is_reproducible(void **state) {
  (void)state;
  wlaw_dataset *a = synthetic(8, 4, 300, 50, 3), *b = synthetic(8, 4, 300, 50, 3),
               *longer = synthetic(8, 4, 400, 50, 3), *other = synthetic(8, 4, 300, 50, 4);
  const size_t bytes = 300 * 8 * sizeof(float);
  assert_memory_equal(a->train.values, b->train.values, bytes);
  assert_memory_equal(a->train.labels, b->train.labels, 300);
  assert_true(json_equal(a->description, b->description));
  assert_memory_equal(a->train.values, longer->train.values, bytes);
  assert_memory_equal(a->train.labels, longer->train.labels, 300);
  assert_memory_equal(a->test.values, longer->test.values, 50 * 8 * sizeof(float));
  assert_false(json_equal(a->description, longer->description));
  assert_memory_not_equal(a->train.values, other->train.values, bytes);
  assert_memory_not_equal(a->train.values, a->test.values, 50 * 8 * sizeof(float));
  wlaw_dataset_free(a);
  wlaw_dataset_free(b);
  wlaw_dataset_free(longer);
  wlaw_dataset_free(other);
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const dataset_request crowded = {.what = "synthetic", .synthetic_classes = 257};
  check_status(wlaw_dataset_open(&data, &crowded, NULL, err), WLAW_ARGUMENT);
  const dataset_request huge = {.what = "synthetic", .synthetic_features = SIZE_MAX / 16, .synthetic_train = 1000};
  check_status(wlaw_dataset_open(&data, &huge, NULL, err), WLAW_MEMORY);
  wlaw_error_free(err);
}

/* Inputs are standard normal (mean, variance within 4.5 standard errors); every class has a fair share; and the labels
 * can be learnt: the nearest class mean, a weak rule, is right far more often than chance (0.1). */
static void synthetic_can_be_learnt(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    wlaw_dataset *data = synthetic(0, 0, 0, 0, seed);
    const size_t d = data->features, n = data->train.n;
    assert_int_equal(d, 64);
    assert_int_equal(n, 10000);
    assert_int_equal(data->test.n, 2000);
    assert_int_equal(data->classes, 10);
    double sum = 0, square = 0;
    for (size_t i = 0; i < n * d; i++) {
      sum += data->train.values[i];
      square += (double)data->train.values[i] * data->train.values[i];
    }
    const double all = (double)(n * d);
    check_near(sum / sqrt(all), 0.0, 4.5);
    check_near((square / all - 1) / sqrt(2 / all), 0.0, 4.5);
    size_t counts[10];
    count_labels(&data->train, counts);
    for (int c = 0; c < 10; c++) assert_true(counts[c] > n / 40 && counts[c] < n / 4);

    double(*mean)[64] = calloc(10, sizeof *mean);
    for (size_t i = 0; i < n; i++)
      for (size_t f = 0; f < d; f++) mean[data->train.labels[i]][f] += data->train.values[i * d + f];
    size_t right = 0;
    for (size_t i = 0; i < data->test.n; i++) {
      double best = INFINITY;
      int label = 0;
      for (int c = 0; c < 10; c++) {
        double distance = 0;
        for (size_t f = 0; f < d; f++)
          distance += pow(data->test.values[i * d + f] - mean[c][f] / (double)counts[c], 2);
        if (distance < best) best = distance, label = c;
      }
      right += data->test.labels[i] == label;
    }
    free(mean);
    print_message("synthetic, seed %d: nearest class mean is right for %.1f %%\n", (int)seed,
                  100.0 * (double)right / (double)data->test.n);
    assert_true((double)right / (double)data->test.n > 0.5);
    wlaw_dataset_free(data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mnist),
      cmocka_unit_test(fashion_mnist),
      cmocka_unit_test(cifar_10),
      cmocka_unit_test(synthetic_is_reproducible),
      cmocka_unit_test(synthetic_can_be_learnt),
      cmocka_unit_test(sets_that_are_not_there),
  };
  return cmocka_run_group_tests_name("data.sources", tests, NULL, NULL);
}
