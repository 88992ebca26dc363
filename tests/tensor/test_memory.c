/* Every allocation of writing, opening and reading each format is refused in turn. */
#include "support/test.h"

#include <jansson.h>

#include "support/alloc_fail.h"
#include "tensor/byte_file.h"
#include "tensor/make_files.h"
#include "tensor/writer.h"

static wlaw_status write_file(const char *path, size_t n, wlaw_error *err) {
  const tensor_spec specs[2] = {{"layer1.weight", WLAW_F32, 2, {3, 4}}, {"layer2.weight", WLAW_F64, 1, {5}}};
  const char *const metadata[] = {"made by", "a test", NULL};
  static const unsigned char bytes[3 * 4 * 4 + 5 * 8] = {1, 2, 3};
  tensor_writer *writer;
  wlaw_status status = wlaw_writer_open(&writer, path, specs, n, metadata, err);
  if (status != WLAW_OK) return status;
  status = wlaw_writer_add(writer, bytes, n == 2 ? sizeof bytes : 3 * 4 * 4, err);
  if (status == WLAW_OK) return wlaw_writer_commit(writer, err);
  wlaw_writer_discard(writer);
  return status;
}

static wlaw_status read_file(const char *path, wlaw_error *err) {
  wlaw_tensors *tensors;
  wlaw_status status = wlaw_tensors_open(&tensors, path, err);
  if (status != WLAW_OK) return status;
  double value;
  for (size_t i = 0; i < wlaw_tensors_count(tensors) && status == WLAW_OK; i++)
    if (!wlaw_tensors_note(tensors, i)[0]) status = wlaw_tensors_read(tensors, i, 1, 1, &value, err);
  size_t i;
  if (status == WLAW_OK && wlaw_tensors_find(&i, tensors, "no such tensor", err) != WLAW_NAME) status = WLAW_FORMAT;
  wlaw_tensors_close(tensors);
  return status;
}

static wlaw_status write_two(void *path, wlaw_error *err) { return write_file(path, 2, err); }
static wlaw_status write_one(void *path, wlaw_error *err) { return write_file(path, 1, err); }
static wlaw_status read_back(void *path, wlaw_error *err) { return read_file(path, err); }

static void each(alloc_fail_action write, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch(name));
  alloc_fail_each(write, path);
  alloc_fail_each(read_back, path);
}

static void safetensors(void **state) {
  (void)state;
  each(write_two, "memory.safetensors");
}

static void npz(void **state) {
  (void)state;
  each(write_two, "memory.npz");
}

static void npy(void **state) {
  (void)state;
  each(write_one, "memory.npy");
}

static void idx_and_column_major(void **state) {
  (void)state;
  static const unsigned char idx[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory-idx"));
  put_file(path, idx, sizeof idx);
  alloc_fail_each(read_back, path);
  put_gzip(path, "wb", idx, sizeof idx);
  alloc_fail_each(read_back, path);
  snprintf(path, sizeof path, "%s", test_scratch("memory-column.npy"));
  put_npy(path, 1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", idx, 4);
  alloc_fail_each(read_back, path);
}

static void deflated(void **state) {
  (void)state;
  static const unsigned char data[400];
  size_t n;
  unsigned char *array = make_npy(&n, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (400,), }", data, 400);
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory-deflated.npz"));
  put_zip(path, "w.npy", array, n, ZIP_CM_DEFLATE);
  free(array);
  alloc_fail_each(read_back, path);
}

static void gguf(void **state) {
  (void)state;
  byte_file file;
  gguf_start(&file, 2, 3);
  gguf_key(&file, "general.architecture", 8);
  gguf_text(&file, "llama");
  gguf_key(&file, "llama.attention.head_count", 4);
  add_integer(&file, 2, 4);
  gguf_key(&file, "x", 0);
  add_integer(&file, 2, 1);
  gguf_tensor(&file, "encoded", 1, (const uint64_t[]){32}, 8, 0);
  gguf_tensor(&file, "listed", 1, (const uint64_t[]){32}, 20, 64);
  add_padding(&file, 32);
  add_integer(&file, 0, 64 + 18);
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory.gguf"));
  put_file(path, file.bytes, file.n);
  alloc_fail_each(read_back, path);
}

/* Numbers that are gathered, a type that is listed, and data in another file. */
static void onnx(void **state) {
  (void)state;
  const uint64_t shape[] = {2};
  byte_file graph = {.n = 0}, model, tensor;
  onnx_start(&tensor, "gathered", 3, 1, shape);
  field_bytes(&tensor, 5, "ab", 2);
  field_bytes(&graph, 5, tensor.bytes, tensor.n);
  onnx_start(&tensor, "listed", 8, 1, shape);
  field_bytes(&graph, 5, tensor.bytes, tensor.n);
  onnx_start(&tensor, "outside", 3, 1, shape);
  onnx_external(&tensor, "location", "memory-outside.bin");
  field_varint(&tensor, 14, 1);
  field_bytes(&graph, 5, tensor.bytes, tensor.n);
  onnx_model(&model, &graph);
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory-outside.bin"));
  put_file(path, "ab", 2);
  snprintf(path, sizeof path, "%s", test_scratch("memory.onnx"));
  put_file(path, model.bytes, model.n);
  alloc_fail_each(read_back, path);
}

static void shards(void **state) {
  (void)state;
  static const char index[] = "{\"weight_map\":{\"a\":\"memory-1.safetensors\",\"b\":\"memory-2.safetensors\"}}";
  char path[4096];
  put_safetensors(test_scratch("memory-1.safetensors"),
                  "{\"a\":{\"dtype\":\"F8_E5M2\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
  put_safetensors(test_scratch("memory-2.safetensors"),
                  "{\"b\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 1);
  snprintf(path, sizeof path, "%s", test_scratch("memory.safetensors.index.json"));
  put_file(path, index, sizeof index - 1);
  alloc_fail_each(read_back, path);
}

/* The refusals reach into shared libraries: without this the tests above would test less than they say. */
static void reaches_libraries(void **state) {
  (void)state;
  alloc_fail_start(1, false);
  json_t *refused = json_object();
  assert_int_equal(alloc_fail_stop(), 1);
  assert_null(refused);
  const long before = alloc_live();
  json_t *made = json_object();
  assert_true(alloc_live() > before);
  json_decref(made);
  assert_int_equal(alloc_live(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reaches_libraries),
      cmocka_unit_test(safetensors),
      cmocka_unit_test(npz),
      cmocka_unit_test(npy),
      cmocka_unit_test(idx_and_column_major),
      cmocka_unit_test(deflated),
      cmocka_unit_test(gguf),
      cmocka_unit_test(onnx),
      cmocka_unit_test(shards),
  };
  return cmocka_run_group_tests_name("tensor.memory", tests, NULL, NULL);
}
