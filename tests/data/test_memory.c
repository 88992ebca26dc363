/* Every allocation of opening a data set, listing the sets and drawing from a law, refused in turn. */
#include "data/idx_support.h"

#include "support/alloc_fail.h"

static wlaw_status open_and_free(void *context, wlaw_error *err) {
  wlaw_dataset *data = NULL;
  const wlaw_status status = wlaw_dataset_open(&data, context, NULL, err);
  wlaw_dataset_free(data);
  return status;
}

static void idx_folders(void **state) {
  (void)state;
  for (int packed = 0; packed < 2; packed++) {
    const char *folder = idx_folder(packed ? "memory-gz" : "memory");
    tiny_write(folder, packed ? ".gz" : "");
    dataset_request request = {.what = folder, .standardize = packed};
    alloc_fail_each(open_and_free, &request);
  }
}

static void cifar_10(void **state) {
  (void)state;
  const char *cache = idx_folder("memory-cifar");
  char path[600];
  static const unsigned char record[3073] = {3};
  static const char *const names[] = {"data_batch_1", "data_batch_2", "data_batch_3",
                                      "data_batch_4", "data_batch_5", "test_batch"};
  snprintf(path, sizeof path, "%s/cifar-10-batches-bin", cache);
  assert_int_equal(wlaw_folder_make(path, NULL), WLAW_OK);
  for (int i = 0; i < 6; i++) {
    snprintf(path, sizeof path, "%s/cifar-10-batches-bin/%s.bin", cache, names[i]);
    assert_int_equal(wlaw_output_whole(path, record, sizeof record, NULL), WLAW_OK);
  }
  dataset_request request = {.what = "cifar-10", .cache = cache};
  alloc_fail_each(open_and_free, &request);
}

static void synthetic(void **state) {
  (void)state;
  dataset_request request = {.what = "synthetic", .synthetic_features = 3, .synthetic_train = 20, .synthetic_test = 5};
  alloc_fail_each(open_and_free, &request);
}

static wlaw_status list_and_free(void *context, wlaw_error *err) {
  static const char *const inputs[] = {"list"};
  (void)context;
  wlaw_result *result = NULL;
  const wlaw_status status = wlaw_data(&result, inputs, 1, NULL, NULL, NULL, err);
  wlaw_result_free(result);
  return status;
}

static void list(void **state) {
  (void)state;
  alloc_fail_each(list_and_free, NULL);
}

static wlaw_status parse_and_draw(void *context, wlaw_error *err) {
  double out[2 * 12];
  char text[200];
  wlaw_law *law = NULL;
  wlaw_status status = wlaw_law_parse(&law, context, err);
  if (status == WLAW_OK) status = wlaw_law_text(law, text, sizeof text, NULL, err);
  if (status == WLAW_OK) status = wlaw_law_draw(law, out, 2, 3, 4, 1, 0, err);
  wlaw_law_free(law);
  return status;
}

static void laws(void **state) {
  (void)state;
  char orthogonal[] = "orthogonal(gain=2)", truncated[] = "truncated-normal(scale=1,cut=1.5)";
  alloc_fail_each(parse_and_draw, orthogonal);
  alloc_fail_each(parse_and_draw, truncated);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(idx_folders), cmocka_unit_test(cifar_10), cmocka_unit_test(synthetic),
      cmocka_unit_test(list),        cmocka_unit_test(laws),
  };
  return cmocka_run_group_tests_name("data.memory", tests, NULL, NULL);
}
