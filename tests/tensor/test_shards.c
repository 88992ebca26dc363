/* One model in several .safetensors files: the order, the values, and an index that disagrees with its files. */
#include "support/test.h"

#include <sys/stat.h>

#include "tensor/make_files.h"
#include "tensor/tensor.h"

static const char first_shard[] =
    "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
    "\"eight\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[2,4]}}";
static const char second_shard[] =
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]},"
    "\"listed\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}";

#define MAP(entries) "{\"metadata\":{\"total_size\":8},\"weight_map\":{" entries "}}"
#define FIRST        "\"b\":\"x-1.safetensors\",\"eight\":\"x-1.safetensors\""
#define SECOND       "\"a\":\"x-2.safetensors\",\"listed\":\"x-2.safetensors\""

/* The path of an index with this text, in a folder that holds the two shards. */
static const char *put_index(const char *text) {
  static char folder[4096], path[4200];
  snprintf(folder, sizeof folder, "%s", test_scratch("sharded"));
  mkdir(folder, 0777);
  snprintf(path, sizeof path, "%s/x-1.safetensors", folder);
  put_safetensors(path, first_shard, 4);
  snprintf(path, sizeof path, "%s/x-2.safetensors", folder);
  put_safetensors(path, second_shard, 4);
  snprintf(path, sizeof path, "%s/x.npy.safetensors", folder);
  put_npy(path, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", "x", 1);
  snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
  put_file(path, text, strlen(text));
  return path;
}

static void two_shards(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, put_index(MAP(SECOND "," FIRST)), err));
  assert_string_equal(wlaw_tensors_format(tensors), "safetensors-index");
  static const char *const names[] = {"b", "eight", "listed", "a"}; /* shards by name, then by offset */
  static const uint64_t counts[] = {2, 2, 2, 3};
  assert_int_equal(wlaw_tensors_count(tensors), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(wlaw_tensors_name(tensors, i), names[i]);
    assert_int_equal(tensors->info[i].count, counts[i]);
    assert_true(tensors->info[i].concurrent && !tensors->info[i].plain);
  }
  double values[3];
  check_ok(wlaw_tensors_read(tensors, 0, 0, 2, values, err));
  check_near(values[0], 0, 0);
  check_near(values[1], 1, 0);
  check_ok(wlaw_tensors_read(tensors, 1, 1, 1, values, err));
  check_near(values[0], 3 * 0x1p-9, 0); /* the byte 3 as a subnormal of E4M3 */
  assert_string_equal(wlaw_tensors_encoding(tensors, 1), "f8_e4m3");
  check_ok(wlaw_tensors_read(tensors, 3, 0, 3, values, err));
  for (int k = 0; k < 3; k++) check_near(values[k], k + 1, 0);
  check_status(wlaw_tensors_read(tensors, 2, 0, 1, values, err), WLAW_UNSUPPORTED);
  assert_non_null(strstr(wlaw_tensors_note(tensors, 2), "F4"));
  const void *bytes;
  size_t n;
  check_status(wlaw_tensors_map(tensors, 0, &bytes, &n, err), WLAW_UNSUPPORTED);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void disagreements(void **state) {
  (void)state;
  static const struct {
    const char *index, *says;
  } cases[] = {
      {"{", "JSON"},
      {"[]", "weight_map"},
      {"{\"weight_map\":[]}", "weight_map"},
      {MAP(FIRST), NULL},
      {MAP(""), NULL},
      {MAP(FIRST ",\"a\":\"x-2.safetensors\""),
       "tensor 'listed': the shard 'x-2.safetensors' holds it, and weight_map does "
       "not name it"},
      {MAP(FIRST "," SECOND ",\"c\":\"x-2.safetensors\""),
       "tensor 'c': weight_map says it is in the shard 'x-2.safetensors', which does not hold it"},
      {MAP("\"b\":\"x-2.safetensors\",\"eight\":\"x-1.safetensors\"," SECOND),
       "tensor 'b': the shard 'x-1.safetensors' holds it, and weight_map names 'x-2.safetensors'"},
      {MAP(FIRST ",\"c\":\"x-3.safetensors\""), "the shard 'x-3.safetensors' is not in the folder"},
      {MAP(FIRST ",\"c\":\"x.npy.safetensors\""), "no .safetensors file"},
      {MAP("\"b\":7"), "no name of a shard"},
      {MAP("\"b\":\"\""), "no name of a shard"},
      {MAP("\"b\":\"model.safetensors.index.json\""), "no name of a shard"},
      {MAP("\"b\":\"..\""), "no name of a shard"},
      {MAP("\"b\":\"../sharded/x-1.safetensors\""), "no name of a shard"},
      {MAP("\"b\":\"/x-1.safetensors\""), "no name of a shard"},
      {MAP(FIRST "," FIRST), "uplicate"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    wlaw_tensors *tensors;
    const wlaw_status got = wlaw_tensors_open(&tensors, put_index(cases[k].index), err);
    if (got != (cases[k].says ? WLAW_FORMAT : WLAW_OK) ||
        (cases[k].says && !strstr(wlaw_error_message(err), cases[k].says)))
      fail_msg("case %zu: %s '%s', expected '%s'", k, wlaw_status_name(got), wlaw_error_message(err),
               cases[k].says ? cases[k].says : "");
    if (got == WLAW_OK) wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

/* A shard that shrinks after it was opened is named. */
static void shard_that_shrinks(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const char *path = put_index(MAP(FIRST "," SECOND));
  check_ok(wlaw_tensors_open(&tensors, path, err));
  char shard[4300];
  snprintf(shard, sizeof shard, "%.*s/x-2.safetensors", (int)(strrchr(path, '/') - path), path);
  assert_int_equal(truncate(shard, 20), 0);
  double value;
  check_status(wlaw_tensors_read(tensors, 3, 0, 1, &value, err), WLAW_FORMAT);
  assert_string_equal(wlaw_error_file(err), shard);
  assert_string_equal(wlaw_error_tensor(err), "a");
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* A folder is refused with the name of what was meant, where there is one. */
static void folders(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  char folder[4096];
  put_index(MAP(FIRST));
  snprintf(folder, sizeof folder, "%s", test_scratch("sharded"));
  check_status(wlaw_tensors_open(&tensors, folder, err), WLAW_IO);
  assert_non_null(strstr(wlaw_error_hint(err), "sharded/model.safetensors.index.json"));
  char path[4200];
  snprintf(folder, sizeof folder, "%s", test_scratch("folder"));
  mkdir(folder, 0777);
  check_status(wlaw_tensors_open(&tensors, folder, err), WLAW_IO);
  assert_string_equal(wlaw_error_hint(err), "");
  snprintf(path, sizeof path, "%s/one.safetensors", folder);
  put_safetensors(path, first_shard, 4);
  check_status(wlaw_tensors_open(&tensors, folder, err), WLAW_IO);
  assert_non_null(strstr(wlaw_error_hint(err), "folder/one.safetensors"));
  snprintf(path, sizeof path, "%s/two.safetensors", folder);
  put_safetensors(path, first_shard, 4);
  check_status(wlaw_tensors_open(&tensors, folder, err), WLAW_IO);
  assert_string_equal(wlaw_error_hint(err), "");
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_shards),
      cmocka_unit_test(disagreements),
      cmocka_unit_test(shard_that_shrinks),
      cmocka_unit_test(folders),
  };
  return cmocka_run_group_tests_name("tensor.shards", tests, NULL, NULL);
}
