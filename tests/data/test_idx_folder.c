/* Folders of IDX files: what is read, what is recorded, and what is refused. */
#include "data/idx_support.h"

static void tiny_folder(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  json_t *descriptions[2];
  for (int packed = 0; packed < 2; packed++) {
    const char *folder = idx_folder(packed ? "packed/tiny" : "plain/tiny");
    tiny_write(folder, packed ? ".gz" : "");
    wlaw_dataset *data = NULL;
    check_ok(open_folder(&data, folder, err));
    assert_string_equal(data->name, "tiny");
    assert_int_equal(data->features, 6);
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->train.n, 4);
    assert_int_equal(data->test.n, 2);
    assert_int_equal(data->image_shape[0], 1);
    assert_int_equal(data->image_shape[1], 2);
    assert_int_equal(data->image_shape[2], 3);
    assert_null(data->train.values);
    assert_memory_equal(data->train.bytes, tiny_train, sizeof tiny_train);
    assert_memory_equal(data->test.bytes, tiny_test, sizeof tiny_test);
    assert_memory_equal(data->train.labels, tiny_train_labels, sizeof tiny_train_labels);
    assert_memory_equal(data->test.labels, tiny_test_labels, sizeof tiny_test_labels);
    /* 0 -> -1, 255 -> 1 in single precision: 255 * (2/255) - 1 within two roundings of 2 */
    for (size_t f = 0; f < 6; f++) {
      check_near(data->scale[f] * 0.0f + data->shift[f], -1.0, 0.0);
      check_near(data->scale[f] * 255.0f + data->shift[f], 1.0, 2.4e-7);
    }
    descriptions[packed] = json_incref(data->description);
    wlaw_dataset_free(data);
  }
  /* gzipped or not, the same data are described by the same words, and no path is among them */
  assert_true(json_equal(descriptions[0], descriptions[1]));
  char *text = json_dumps(descriptions[0], 0);
  assert_null(strstr(text, "scratch"));
  assert_non_null(strstr(text, "bytes 0 to 255 linearly to -1 to 1"));
  const json_t *source = json_array_get(json_object_get(descriptions[0], "sources"), 3);
  const idx_bytes labels = idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2);
  char sha256[65];
  check_ok(wlaw_hash_bytes(sha256, labels.bytes, labels.n, err));
  assert_string_equal(json_string_value(json_object_get(source, "sha256")), sha256);
  assert_string_equal(json_string_value(json_object_get(source, "file")), "t10k-labels-idx1-ubyte");
  assert_int_equal(json_integer_value(json_object_get(source, "bytes")), 10);
  free(text);
  json_decref(descriptions[0]);
  json_decref(descriptions[1]);
  wlaw_error_free(err);
}

static void names_and_ranges(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const char *folder = idx_folder("names");
  tiny_write(folder, "");
  tiny_write(folder, ".gz"); /* the twins are not ambiguous */
  check_ok(open_folder(&data, folder, err));
  wlaw_dataset_free(data);

  char path[600];
  snprintf(path, sizeof path, "%s///", folder);
  const dataset_request request = {.what = path, .pixel_range = "0,1"};
  check_ok(wlaw_dataset_open(&data, &request, NULL, err));
  assert_string_equal(data->name, "names");
  check_near(data->scale[5] * 255.0f + data->shift[5], 1.0, 1.2e-7);
  check_near(data->shift[0], 0.0, 0.0);
  wlaw_dataset_free(data);
  const dataset_request other = {.what = path, .pixel_range = "0,2"};
  check_status(wlaw_dataset_open(&data, &other, NULL, err), WLAW_ARGUMENT);

  /* the names some mirrors use */
  folder = idx_folder("variants");
  const idx_bytes images = idx_make(8, 2, (const uint32_t[]){2, 3}, tiny_test, 6),
                  labels = idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2);
  idx_write(folder, "train-images.idx2-ubyte.gz", &images);
  idx_write(folder, "train-labels.idx1-ubyte", &labels);
  idx_write(folder, "test-images-idx2-ubyte", &images);
  idx_write(folder, "test-labels-idx1-ubyte.gz", &labels);
  idx_write(folder, "notes-images-idx2-ubyte", &labels);
  check_ok(open_folder(&data, folder, err));
  assert_int_equal(data->features, 3);
  assert_int_equal(data->image_shape[0], 0);
  wlaw_dataset_free(data);
  wlaw_error_free(err);
}

/* Features that are not bytes are kept as floats, unscaled; big-endian 1.0f is 3f800000. */
static void float_features(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *folder = idx_folder("floats");
  const unsigned char ones[16] = {0x3f, 0x80, 0, 0, 0xbf, 0x80, 0, 0, 0x40, 0, 0, 0, 0x3f, 0, 0, 0};
  const unsigned char nan[16] = {0x3f, 0x80, 0, 0, 0xbf, 0x80, 0, 0, 0x7f, 0xc0, 0, 0, 0x3f, 0, 0, 0};
  idx_bytes images = idx_make(0x0D, 2, (const uint32_t[]){2, 2}, ones, 16),
            labels = idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2);
  idx_write(folder, "train-images-idx2-float", &images);
  idx_write(folder, "train-labels-idx1-ubyte", &labels);
  idx_write(folder, "test-images-idx2-float", &images);
  idx_write(folder, "test-labels-idx1-ubyte", &labels);
  wlaw_dataset *data = NULL;
  check_ok(open_folder(&data, folder, err));
  assert_null(data->train.bytes);
  const float want[4] = {1.0f, -1.0f, 2.0f, 0.5f};
  for (int i = 0; i < 4; i++) check_near(data->train.values[i], want[i], 0.0);
  check_near(data->scale[1], 1.0, 0.0);
  check_near(data->shift[1], 0.0, 0.0);
  char sha256[65]; /* of the file's bytes, so of big-endian numbers */
  check_ok(wlaw_hash_bytes(sha256, images.bytes, images.n, err));
  const json_t *source = json_array_get(json_object_get(data->description, "sources"), 0);
  assert_string_equal(json_string_value(json_object_get(source, "sha256")), sha256);
  wlaw_dataset_free(data);

  images = idx_make(0x0D, 2, (const uint32_t[]){2, 2}, nan, 16);
  idx_write(folder, "test-images-idx2-float", &images);
  check_status(open_folder(&data, folder, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "test-images-idx2-float: the value nan of sample 1"));
  wlaw_error_free(err);
}

/* One file of a good folder replaced by a bad one: status, and what the sentence names. */
static void bad_folders(void **state) {
  (void)state;
  static const unsigned char high[4] = {0, 1, 0, 3}, zeros[4] = {0, 0, 0, 0};
  static const unsigned char half[8] = {0x3f, 0, 0, 0, 0x3f, 0x80, 0, 0}; /* 0.5, 1 as floats */
  const struct {
    const char *name;
    idx_bytes idx;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"t10k-labels-idx1-ubyte", idx_make(8, 1, (const uint32_t[]){2}, high + 2, 2), WLAW_VALUE,
       "t10k-labels-idx1-ubyte: label number 1 is 3, but the training labels end at 2"},
      {"t10k-labels-idx1-ubyte", idx_make(0x0D, 1, (const uint32_t[]){2}, half, 8), WLAW_VALUE,
       "label number 0 is 0.5: labels are whole numbers"},
      {"train-labels-idx1-ubyte", idx_make(8, 1, (const uint32_t[]){4}, zeros, 4), WLAW_VALUE, "every label is 0"},
      {"train-labels-idx1-ubyte", idx_make(8, 1, (const uint32_t[]){3}, high, 3), WLAW_SHAPE,
       "train-labels-idx1-ubyte: 3 labels for 4 images"},
      {"train-labels-idx1-ubyte", idx_make(8, 2, (const uint32_t[]){4, 1}, high, 4), WLAW_SHAPE, "one dimension"},
      {"train-images-idx3-ubyte", idx_make(8, 3, (const uint32_t[]){0, 2, 3}, NULL, 0), WLAW_VALUE, "no samples"},
      {"train-images-idx3-ubyte", idx_make(8, 3, (const uint32_t[]){4, 0, 3}, NULL, 0), WLAW_VALUE, "no samples"},
      {"train-images-idx3-ubyte", idx_make(8, 1, (const uint32_t[]){4}, zeros, 4), WLAW_SHAPE, "two dimensions"},
      {"t10k-images-idx3-ubyte", idx_make(8, 3, (const uint32_t[]){2, 3, 2}, tiny_test, 12), WLAW_SHAPE,
       "another shape than training"},
      {"t10k-images-idx3-ubyte", idx_make(8, 3, (const uint32_t[]){2, 2, 3}, tiny_test, 11), WLAW_FORMAT,
       "t10k-images-idx3-ubyte"},
      {"t10k-images-idx3-ubyte",
       {.bytes = {0x93, 'N', 'U', 'M', 'P', 'Y'}, .n = 6},
       WLAW_FORMAT,
       "t10k-images-idx3-ubyte"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *folder = idx_folder("bad");
    tiny_write(folder, "");
    idx_write(folder, cases[i].name, &cases[i].idx);
    wlaw_dataset *data = NULL;
    check_status(open_folder(&data, folder, err), cases[i].status);
    assert_null(data);
    if (!strstr(wlaw_error_message(err), cases[i].says))
      fail_msg("case %zu: \"%s\" does not say \"%s\"", i, wlaw_error_message(err), cases[i].says);
    assert_int_equal(open_folder(&data, folder, NULL), cases[i].status);
  }
  wlaw_error_free(err);
}

static void missing_and_ambiguous(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *data = NULL;
  const char *folder = idx_folder("missing");
  check_status(open_folder(&data, folder, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "has no file train-images-idx3-ubyte[.gz]"));
  tiny_write(folder, "");
  const idx_bytes labels = idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2);
  idx_write(folder, "test-labels-idx1-ubyte", &labels);
  check_status(open_folder(&data, folder, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "'t10k-labels-idx1-ubyte' and 'test-labels-idx1-ubyte'"));

  check_status(open_folder(&data, "no-such-thing-at-all", err), WLAW_NAME);
  check_status(open_folder(&data, "fashion-mnits", err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "did you mean 'fashion-mnist'?"));
  check_status(open_folder(&data, test_scratch("missing/test-labels-idx1-ubyte"), err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "is a file where a folder"));
  wlaw_error_free(err);
}

/* A published-style file with label 10 as the test labels of a ten-class set: refused by file and index. */
static void shared_bad_label(void **state) {
  (void)state;
  const char *bad = test_data("hostile/idx_gen/bad_label_range");
  wlaw_error *err = wlaw_error_new();
  char *bytes = NULL;
  size_t n = 0;
  check_ok(wlaw_input_whole(&bytes, &n, bad, 1000, err));
  assert_int_equal(n, 10); /* two labels */
  idx_bytes hostile = {.n = n};
  memcpy(hostile.bytes, bytes, n);
  free(bytes);
  const char *folder = idx_folder("label10");
  tiny_write(folder, "");
  unsigned char images[10] = {0}, labels[10];
  for (int i = 0; i < 10; i++) labels[i] = (unsigned char)i;
  const idx_bytes train = idx_make(8, 3, (const uint32_t[]){10, 1, 1}, images, 10),
                  train_labels = idx_make(8, 1, (const uint32_t[]){10}, labels, 10),
                  test = idx_make(8, 3, (const uint32_t[]){2, 1, 1}, images, 2);
  idx_write(folder, "train-images-idx3-ubyte", &train);
  idx_write(folder, "train-labels-idx1-ubyte", &train_labels);
  idx_write(folder, "t10k-images-idx3-ubyte", &test);
  idx_write(folder, "t10k-labels-idx1-ubyte", &hostile);
  wlaw_dataset *data = NULL;
  check_status(open_folder(&data, folder, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "is 10, but the training labels end at 9"));
  assert_non_null(strstr(wlaw_error_file(err), "t10k-labels-idx1-ubyte"));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tiny_folder), cmocka_unit_test(names_and_ranges), cmocka_unit_test(float_features),
      cmocka_unit_test(bad_folders), cmocka_unit_test(shared_bad_label), cmocka_unit_test(missing_and_ambiguous),
  };
  return cmocka_run_group_tests_name("data.idx_folder", tests, NULL, NULL);
}
