/* Bad files of our own making, one fault each, and what the error must say. Needs no shared data. */
#include "support/test.h"

#include <fcntl.h>

#include "tensor/make_files.h"
#include "tensor/tensor.h"

/* Opens and reads the first element of every tensor; the first failure. */
static wlaw_status try_file(const char *path, wlaw_error *err) {
  wlaw_tensors *tensors;
  wlaw_status status = wlaw_tensors_open(&tensors, path, err);
  if (status != WLAW_OK) return status;
  double value;
  for (size_t i = 0; i < wlaw_tensors_count(tensors) && status == WLAW_OK; i++)
    if (tensors->info[i].count && !tensors->info[i].note) status = wlaw_tensors_read(tensors, i, 0, 1, &value, err);
  wlaw_tensors_close(tensors);
  return status;
}

/* The file is refused with this status, in words that hold `says`, naming the file. */
static void check_refused(const char *path, wlaw_status want, const char *says) {
  wlaw_error *err = wlaw_error_new();
  const wlaw_status got = try_file(path, err);
  if (got != want || !strstr(wlaw_error_message(err), says) || strcmp(wlaw_error_file(err), path) != 0)
    fail_msg("%s: %s '%s', expected %s with '%s'", path, wlaw_status_name(got), wlaw_error_message(err),
             wlaw_status_name(want), says);
  wlaw_error_free(err);
}

static void check_accepted(const char *path) {
  wlaw_error *err = wlaw_error_new();
  check_ok(try_file(path, err));
  wlaw_error_free(err);
}

static void safetensors_headers(void **state) {
  (void)state;
  static const struct {
    const char *header;
    size_t data;
    wlaw_status want;
    const char *says;
  } cases[] = {
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, WLAW_OK, ""},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}   ", 8, WLAW_OK, ""},
      {"{\"__metadata__\":{\"k\":\"v\"}}", 0, WLAW_OK, ""},
      {"{\"a\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}", 2, WLAW_OK, ""},
      {"{\"a\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,3]}}", 3, WLAW_OK, ""},
      {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, WLAW_FORMAT, "12 bits"},
      {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, WLAW_FORMAT, "12 bits"},
      {"{\"a\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, WLAW_FORMAT, "24 bits"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} x", 8, WLAW_FORMAT, "JSON"},
      {"[]", 0, WLAW_FORMAT, "JSON"}, /* told by content only with a '{': the ending decides */
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, WLAW_FORMAT, "1 bytes at the end"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, WLAW_FORMAT, "7 bytes of data"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "96 bits"},
      {"{\"a\":{\"dtype\":\"Q17\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "'Q17'"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, WLAW_FORMAT, "keys beside"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, WLAW_FORMAT, "data_offsets"},
      {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "dtype is missing"},
      {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "shape is missing"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "shape[0]"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, WLAW_FORMAT, "shape[0]"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, WLAW_FORMAT, "in order"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8, WLAW_FORMAT, "two integers"},
      {"{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, WLAW_LIMIT, "2^63"},
      {"{\"a\":{\"dtype\":\"F64\",\"shape\":[0,4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, WLAW_LIMIT, "2^63"},
      {"{\"a\":7}", 0, WLAW_FORMAT, "not a JSON object"},
      {"{\"__metadata__\":{\"k\":1}}", 0, WLAW_FORMAT, "__metadata__"},
      {"{\"__metadata__\":[]}", 0, WLAW_FORMAT, "__metadata__"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
       "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
       3, WLAW_FORMAT, "inside another tensor's"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
       "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}",
       5, WLAW_FORMAT, "hole"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, WLAW_FORMAT, "hole"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
       "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
       4, WLAW_FORMAT, "duplicate"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,2]}}", 2, WLAW_FORMAT, "duplicate"},
      {"{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, WLAW_FORMAT, "NUL"},
      {"{\"a\xff\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, WLAW_FORMAT, "decode"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"
       "\"data_offsets\":[0,1]}}",
       1, WLAW_LIMIT, "33 dimensions"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char name[64];
    snprintf(name, sizeof name, "header-%zu.safetensors", k);
    const char *path = test_scratch(name);
    put_safetensors(path, cases[k].header, cases[k].data);
    if (cases[k].want == WLAW_OK) check_accepted(path);
    else check_refused(path, cases[k].want, cases[k].says);
  }
}

static void safetensors_lengths(void **state) {
  (void)state;
  const char *path = test_scratch("length.safetensors");
  static const unsigned char lengths[][9] = {
      {0, 0, 0, 0, 0, 0, 0, 0, '{'}, {2, 0, 0, 0, 0, 0, 0, 0, '{'}, {255, 255, 255, 255, 255, 255, 255, 255, '{'}};
  put_file(path, lengths[0], 7);
  check_refused(path, WLAW_FORMAT, "byte 7");
  put_file(path, lengths[0], 9);
  check_refused(path, WLAW_FORMAT, "JSON");
  put_file(path, lengths[1], 9);
  check_refused(path, WLAW_FORMAT, "2 bytes is stated, 1 follow");
  put_file(path, lengths[2], 9);
  check_refused(path, WLAW_LIMIT, "18446744073709551615");
}

static void npy_headers(void **state) {
  (void)state;
  static const struct {
    int version;
    const char *dict;
    size_t data;
    wlaw_status want;
    const char *says;
  } cases[] = {
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 8, WLAW_OK, ""},
      {3, "{\"shape\":(2,1L),\"fortran_order\":False,\"descr\":\"<f4\"}", 8, WLAW_OK, ""},
      {2, "{'descr': '|u1', 'fortran_order': True, 'shape': (), }", 1, WLAW_OK, ""},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, WLAW_FORMAT, "1 bytes follow"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, WLAW_FORMAT, "7 of the array's 8"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", 8, WLAW_FORMAT, "not a tuple"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': [2], }", 8, WLAW_FORMAT, "not a tuple"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }", 24, WLAW_FORMAT, "comma"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,), }", 8, WLAW_FORMAT, "comma"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 8, WLAW_FORMAT, "no number"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2.,), }", 8, WLAW_FORMAT, "comma"},
      {1, "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", 8, WLAW_FORMAT, "neither True nor False"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, WLAW_FORMAT, "64 bits"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8, WLAW_LIMIT, "2^63"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}", 8, WLAW_FORMAT, "twice"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, WLAW_FORMAT, "not descr"},
      {1, "{'descr': '<f4', 'fortran_order': False}", 8, WLAW_FORMAT, "shape is missing"},
      {1, "{'fortran_order': False, 'shape': (2,)}", 8, WLAW_FORMAT, "descr is missing"},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } import os", 8, WLAW_FORMAT, "follows"},
      {1, "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,), }", 8, WLAW_FORMAT, "escape"},
      {1, "{'descr': '<f4, 'fortran_order': False, 'shape': (2,), }", 8, WLAW_FORMAT, ""},
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), ", 8, WLAW_FORMAT, ""},
      {1, "dict(descr='<f4')", 8, WLAW_FORMAT, "no Python dict"},
      {1, "", 0, WLAW_FORMAT, "no Python dict"},
      {1, "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 8, WLAW_UNSUPPORTED, "unpickling"},
      {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, WLAW_UNSUPPORTED, "complex"},
      {1, "{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", 8, WLAW_UNSUPPORTED, "'<U2'"},
      {1, "{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }", 8, WLAW_UNSUPPORTED, "'|f4'"},
      {1, "{'descr': '', 'fortran_order': False, 'shape': (2,), }", 8, WLAW_UNSUPPORTED, "''"},
      {1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8, WLAW_UNSUPPORTED, "records"},
  };
  static const unsigned char zeros[64];
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char name[64];
    snprintf(name, sizeof name, "header-%zu.npy", k);
    const char *path = test_scratch(name);
    put_npy(path, cases[k].version, cases[k].dict, zeros, cases[k].data);
    if (cases[k].want == WLAW_OK) check_accepted(path);
    else check_refused(path, cases[k].want, cases[k].says);
  }
}

static const char small_dict[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000,), }";

/* An archive of one array of 1000 bytes, then one byte of the file changed or its end cut off. */
static void npz_damage(void **state) {
  (void)state;
  static unsigned char data[1000];
  uint32_t mixed = 1; /* an LCG's high bytes: deflate finds nothing to shorten */
  for (size_t k = 0; k < sizeof data; k++) data[k] = (unsigned char)((mixed = mixed * 1664525u + 1013904223u) >> 24);
  size_t n;
  unsigned char *array = make_npy(&n, 1, small_dict, data, sizeof data);
  const int methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE};
  for (int m = 0; m < 2; m++) {
    char path[4096], *bytes;
    snprintf(path, sizeof path, "%s", test_scratch(m ? "damage-deflated.npz" : "damage-stored.npz"));
    put_zip(path, "w.npy", array, n, methods[m]);
    check_accepted(path);
    size_t size;
    wlaw_error *err = wlaw_error_new();
    check_ok(wlaw_input_whole(&bytes, &size, path, 1 << 20, err));
    bytes[600] ^= 0x10;
    put_file(path, bytes, size);
    check_refused(path, WLAW_FORMAT, "tensor 'w'");
    bytes[600] ^= 0x10;
    put_file(path, bytes, size - 30);
    check_refused(path, WLAW_FORMAT, "central directory");
    free(bytes);
    wlaw_error_free(err);
  }
  free(array);
}

static void npz_members(void **state) {
  (void)state;
  static const unsigned char data[1000];
  size_t n;
  unsigned char *array = make_npy(&n, 1, small_dict, data, sizeof data);
  const char *path = test_scratch("short.npz");
  put_zip(path, "w.npy", array, n - 1, ZIP_CM_STORE);
  check_refused(path, WLAW_FORMAT, "asks for 1000 bytes of data, the member has 999");
  path = test_scratch("head.npz");
  put_zip(path, "w.npy", array, 20, ZIP_CM_STORE);
  check_refused(path, WLAW_FORMAT, "header does not fit");
  path = test_scratch("none.npz");
  put_zip(path, "archive/notes.txt", array, n, ZIP_CM_STORE);
  check_refused(path, WLAW_UNSUPPORTED, "no .npy array");
  path = test_scratch("bzip.npz");
  put_zip(path, "a.npy", array, n, ZIP_CM_STORE);
  put_zip(path, "a", array, n, ZIP_CM_STORE); /* lists under the name of a.npy */
  check_refused(path, WLAW_FORMAT, "twice");
  free(array);
}

/* A member that claims more than its packed bytes can hold must be refused on opening, before a caller makes room. */
static void npz_claims_too_much(void **state) {
  (void)state;
  static const unsigned char data[1000];
  size_t n;
  unsigned char *array =
      make_npy(&n, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2000000000,), }", data, 1000);
  char path[4096], *bytes;
  snprintf(path, sizeof path, "%s", test_scratch("claim.npz"));
  put_zip(path, "w.npy", array, n, ZIP_CM_DEFLATE);
  wlaw_error *err = wlaw_error_new();
  size_t size;
  check_ok(wlaw_input_whole(&bytes, &size, path, 1 << 20, err));
  const uint32_t claim = (uint32_t)(n - 1000 + 2000000000u), honest = (uint32_t)n;
  for (size_t at = 0; at + 4 <= size; at++)
    if (memcmp(bytes + at, &honest, 4) == 0) memcpy(bytes + at, &claim, 4); /* local and central header */
  put_file(path, bytes, size);
  wlaw_tensors *tensors;
  check_status(wlaw_tensors_open(&tensors, path, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "cannot hold"));
  free(bytes);
  free(array);
  wlaw_error_free(err);
}

/* A member that reaches over the next one: so a small archive would hold any number of large ones. */
static void npz_overlap(void **state) {
  (void)state;
  static const unsigned char data[1000];
  size_t n, size, at = 0;
  unsigned char *array = make_npy(&n, 1, small_dict, data, sizeof data);
  char path[4096], *bytes;
  snprintf(path, sizeof path, "%s", test_scratch("overlap.npz"));
  remove(path);
  put_zip(path, "a.npy", array, n, ZIP_CM_STORE);
  put_zip(path, "b.npy", array, n, ZIP_CM_STORE);
  check_accepted(path);
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_input_whole(&bytes, &size, path, 1 << 20, err));
  while (at + 4 < size && memcmp(bytes + at, "PK\1\2", 4) != 0) at++; /* the first entry of the directory */
  const uint32_t longer = (uint32_t)n + 1;
  memcpy(bytes + at + 20, &longer, 4);
  memcpy(bytes + at + 24, &longer, 4);
  put_file(path, bytes, size);
  check_refused(path, WLAW_FORMAT, "'a.npy' and 'b.npy' overlap");
  free(bytes);
  free(array);
  wlaw_error_free(err);
}

static void idx_damage(void **state) {
  (void)state;
  static const unsigned char good[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 99};
  char path[4096], *bytes;
  snprintf(path, sizeof path, "%s", test_scratch("idx"));
  put_file(path, good, 18);
  check_accepted(path);
  put_file(path, good, 19);
  check_refused(path, WLAW_FORMAT, "6 bytes of data, 7 follow");
  put_file(path, good, 17);
  check_refused(path, WLAW_FORMAT, "6 bytes of data, 5 follow");
  put_file(path, good, 10);
  check_refused(path, WLAW_FORMAT, "2 sizes");
  static const unsigned char huge[] = {0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  put_file(path, huge, sizeof huge);
  check_refused(path, WLAW_LIMIT, "2^63");
  static const unsigned char odd[] = {0, 0, 10, 1, 0, 0, 0, 0};
  put_file(path, odd, sizeof odd);
  check_refused(path, WLAW_FORMAT, "not a tensor file");

  put_gzip(path, "wb", good, 18);
  check_accepted(path);
  put_gzip(path, "wb", good, 7); /* members may end anywhere */
  put_gzip(path, "ab", good + 7, 11);
  check_accepted(path);
  put_gzip(path, "ab", good + 18, 1);
  check_refused(path, WLAW_FORMAT, "19 bytes or more, 18 are");
  put_gzip(path, "wb", good, 17);
  check_refused(path, WLAW_FORMAT, "17 bytes, 18 are");
  put_gzip(path, "wb", odd, sizeof odd);
  check_refused(path, WLAW_FORMAT, "no IDX magic");
  static const unsigned char claim[] = {0, 0, 8, 1, 127, 255, 255, 255, 0};
  put_gzip(path, "wb", claim, sizeof claim);
  check_refused(path, WLAW_FORMAT, "can hold");

  put_gzip(path, "wb", good, 18);
  wlaw_error *err = wlaw_error_new();
  size_t n;
  check_ok(wlaw_input_whole(&bytes, &n, path, 1 << 20, err));
  put_file(path, bytes, n - 1);
  check_refused(path, WLAW_FORMAT, "cut off");
  bytes[n - 1] ^= 1; /* ISIZE */
  put_file(path, bytes, n);
  check_refused(path, WLAW_FORMAT, "length check");
  bytes[n - 1] ^= 1;
  bytes[n - 8] ^= 1; /* CRC-32 */
  put_file(path, bytes, n);
  check_refused(path, WLAW_FORMAT, "data check");
  bytes[n - 8] ^= 1;
  bytes[n] = 'x'; /* where wlaw_input_whole put its NUL */
  put_file(path, bytes, n + 1);
  check_refused(path, WLAW_FORMAT, "gzip data");
  free(bytes);
  wlaw_error_free(err);
}

/* A file that becomes shorter between opening and reading is a short read, for a copy and for a mapping. */
static void file_that_shrinks(void **state) {
  (void)state;
  const char *path = test_scratch("shrinks.safetensors");
  const char *header = "{\"layer\":{\"dtype\":\"F32\",\"shape\":[1000],\"data_offsets\":[0,4000]}}";
  put_safetensors(path, header, 4000);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(truncate(path, 2000), 0);
  static double values[1000];
  check_ok(wlaw_tensors_read(tensors, 0, 0, 100, values, err));
  check_status(wlaw_tensors_read(tensors, 0, 0, 1000, values, err), WLAW_FORMAT);
  assert_int_equal(wlaw_error_byte(err), 2000);
  assert_string_equal(wlaw_error_tensor(err), "layer");
  const void *bytes;
  size_t n;
  check_status(wlaw_tensors_map(tensors, 0, &bytes, &n, err), WLAW_FORMAT);
  assert_int_equal(wlaw_error_byte(err), 2000);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void arguments(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_status(wlaw_tensors_open(&tensors, test_scratch("is not there.npy"), err), WLAW_IO);
  check_status(wlaw_tensors_open(&tensors, ".", err), WLAW_IO);
  check_status(wlaw_tensors_open(&tensors, NULL, err), WLAW_ARGUMENT);
  const char *path = test_scratch("arguments.safetensors");
  put_safetensors(path,
                  "{\"layer1.weight\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                  "\"eight\":{\"dtype\":\"F8_E8M0\",\"shape\":[2],\"data_offsets\":[2,4]}}",
                  4);
  check_ok(wlaw_tensors_open(&tensors, path, err));
  double value;
  size_t i;
  check_status(wlaw_tensors_read(tensors, 2, 0, 1, &value, err), WLAW_ARGUMENT);
  check_status(wlaw_tensors_read(tensors, 0, 2, 1, &value, err), WLAW_ARGUMENT);
  check_status(wlaw_tensors_read(tensors, 0, UINT64_MAX, 2, &value, err), WLAW_ARGUMENT);
  check_ok(wlaw_tensors_read(tensors, 0, 2, 0, &value, err));
  check_status(wlaw_tensors_find(&i, tensors, "layer1.wieght", err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "did you mean 'layer1.weight'?"));
  check_ok(wlaw_tensors_find(&i, tensors, "eight", err));
  assert_non_null(strstr(wlaw_tensors_note(tensors, i), "F8_E8M0"));
  check_status(wlaw_tensors_read(tensors, i, 0, 1, &value, err), WLAW_UNSUPPORTED);
  assert_string_equal(wlaw_tensors_name(tensors, 9), "");
  assert_int_equal(wlaw_tensors_dtype(tensors, 9), WLAW_DTYPE_COUNT);
  wlaw_tensors_close(tensors);
  wlaw_tensors_close(NULL);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(safetensors_headers), cmocka_unit_test(safetensors_lengths),
      cmocka_unit_test(npy_headers),         cmocka_unit_test(npz_damage),
      cmocka_unit_test(npz_members),         cmocka_unit_test(npz_claims_too_much),
      cmocka_unit_test(npz_overlap),         cmocka_unit_test(idx_damage),
      cmocka_unit_test(file_that_shrinks),   cmocka_unit_test(arguments),
  };
  return cmocka_run_group_tests_name("tensor.refuse", tests, NULL, NULL);
}
