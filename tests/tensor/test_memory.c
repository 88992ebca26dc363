/* Every allocation of writing, opening and reading each format is refused in turn. */
#include "support/test.h"

#include "support/alloc_fail.h"
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
    status = wlaw_tensors_read(tensors, i, 1, 1, &value, err);
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

static void put_bytes(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

/* IDX: 2 bytes 7, 9; and the same gzipped. Column-major .npy of shape (2, 2). */
static void idx_and_column_major(void **state) {
  (void)state;
  static const unsigned char plain[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
  static const unsigned char gzipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                          0x63, 0x60, 0xe0, 0x60, 0x64, 0x60, 0x60, 0x60, 0x62, 0xe7,
                                          0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00};
  (void)gzipped;
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory-idx"));
  put_bytes(path, plain, sizeof plain);
  alloc_fail_each(read_back, path);
  snprintf(path, sizeof path, "%s", test_scratch("memory-column.npy"));
  static const char head[] = "\x93NUMPY\1\0\x3e\0{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }\n\1\2\3\4";
  put_bytes(path, head, sizeof head - 1);
  alloc_fail_each(read_back, path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(safetensors),
      cmocka_unit_test(npz),
      cmocka_unit_test(npy),
      cmocka_unit_test(idx_and_column_major),
  };
  return cmocka_run_group_tests_name("tensor.memory", tests, NULL, NULL);
}
