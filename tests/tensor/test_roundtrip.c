/* What is written is read back: every format and type, any range; column-major and big-endian storage; mappings. */
#include "support/test.h"

#include <signal.h>
#include <sys/resource.h>

#include "tensor/make_files.h"
#include "tensor/view.h"
#include "tensor/writer.h"

/* Element k of any type: bytes from an LCG, so that floats of all kinds come. Bools stay 0 or 1. */
static void fill(unsigned char *bytes, size_t n, wlaw_dtype dtype) {
  uint32_t mixed = 12345;
  for (size_t k = 0; k < n; k++) {
    mixed = mixed * 1664525u + 1013904223u;
    bytes[k] = (unsigned char)(mixed >> 24);
    if (dtype == WLAW_BOOL) bytes[k] &= 1;
  }
}

static bool same(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b)); }

static void write_file(const char *path, const tensor_spec *specs, size_t n, const unsigned char *bytes, size_t n_bytes,
                       size_t piece, wlaw_error *err) {
  static const char *const metadata[] = {"written by", "the test of weightlaw \xc3\xa9", NULL};
  tensor_writer *writer;
  check_ok(wlaw_writer_open(&writer, path, specs, n, metadata, err));
  for (size_t at = 0; at < n_bytes; at += piece)
    check_ok(wlaw_writer_add(writer, bytes + at, n_bytes - at < piece ? n_bytes - at : piece, err));
  check_ok(wlaw_writer_commit(writer, err));
}

/* The same tensors, growing side by side by `piece` bytes in turns, the last one first. */
static void write_in_turns(const char *path, const tensor_spec *specs, size_t n, const unsigned char *bytes,
                           const size_t *sizes, size_t piece, wlaw_error *err) {
  static const char *const metadata[] = {"written by", "the test of weightlaw \xc3\xa9", NULL};
  tensor_writer *writer;
  check_ok(wlaw_writer_open(&writer, path, specs, n, metadata, err));
  check_ok(wlaw_writer_interleave(writer, err));
  bool more = true;
  for (size_t turn = 0; more; turn++) {
    more = false;
    for (size_t i = n, begin; i-- > 0;) {
      begin = 0;
      for (size_t k = 0; k < i; k++) begin += sizes[k];
      const size_t at = turn * piece, rest = at < sizes[i] ? sizes[i] - at : 0;
      check_ok(wlaw_writer_add_to(writer, i, bytes + (rest ? begin + at : 0), rest < piece ? rest : piece, err));
      more = more || rest > piece;
    }
  }
  check_status(wlaw_writer_add_to(writer, 0, bytes, 1, err), WLAW_ARGUMENT);
  check_ok(wlaw_writer_commit(writer, err));
}

enum { ROWS = 7, COLS = 11, COUNT = ROWS * COLS };

static void check_ranges(wlaw_tensors *tensors, size_t i, const double *want, wlaw_error *err) {
  double got[COUNT];
  for (size_t first = 0; first <= COUNT; first += 5)
    for (size_t count = 0; count <= COUNT - first; count++) {
      check_ok(wlaw_tensors_read(tensors, i, first, count, got, err));
      for (size_t k = 0; k < count; k++)
        if (!same(got[k], want[first + k]))
          fail_msg("%s: element %zu is %.17g, expected %.17g", wlaw_dtype_text(wlaw_tensors_dtype(tensors, i)),
                   first + k, got[k], want[first + k]);
    }
}

static void one_type(const char *path, wlaw_dtype dtype, wlaw_error *err) {
  const size_t size = wlaw_dtype_size(dtype);
  unsigned char bytes[COUNT * 8], stored[COUNT * 8];
  double want[COUNT];
  fill(bytes, COUNT * size, dtype);
  wlaw_dtype_to_double(want, bytes, dtype, COUNT);
  const tensor_spec spec = {"w", dtype, 2, {ROWS, COLS}};
  write_file(path, &spec, 1, bytes, COUNT * size, 13, err);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(wlaw_tensors_count(tensors), 1);
  assert_int_equal(wlaw_tensors_dtype(tensors, 0), dtype);
  assert_int_equal(wlaw_tensors_rank(tensors, 0), 2);
  assert_memory_equal(wlaw_tensors_shape(tensors, 0), spec.shape, 2 * sizeof(uint64_t));
  check_ranges(tensors, 0, want, err);
  check_ok(wlaw_tensors_read_stored(tensors, 0, 1, COUNT - 1, stored, err));
  assert_memory_equal(stored, bytes + size, (COUNT - 1) * size);
  const void *map;
  size_t n;
  if (strcmp(wlaw_tensors_format(tensors), "npz") == 0) {
    check_status(wlaw_tensors_map(tensors, 0, &map, &n, err), WLAW_UNSUPPORTED);
  } else {
    check_ok(wlaw_tensors_map(tensors, 0, &map, &n, err));
    assert_int_equal(n, COUNT * size);
    assert_memory_equal(map, bytes, n);
  }
  wlaw_tensors_close(tensors);
}

static void every_type(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *const endings[] = {".safetensors", ".npy", ".npz"};
  for (int f = 0; f < 3; f++)
    for (int d = 0; d < WLAW_DTYPE_COUNT; d++) {
      char name[64];
      snprintf(name, sizeof name, "type-%s%s", wlaw_dtype_text((wlaw_dtype)d), endings[f]);
      if (f > 0 && d == WLAW_BF16) { /* NumPy has no such type */
        const tensor_spec spec = {"w", WLAW_BF16, 0, {0}};
        tensor_writer *writer;
        check_status(wlaw_writer_open(&writer, test_scratch(name), &spec, 1, NULL, err), WLAW_UNSUPPORTED);
        assert_int_not_equal(access(test_scratch(name), F_OK), 0);
      } else {
        one_type(test_scratch(name), (wlaw_dtype)d, err);
      }
    }
  wlaw_error_free(err);
}

/* Several tensors, empty ones and scalars among them, names that need escapes; and the same bytes twice. */
static void several_tensors(void **state) {
  (void)state;
  const tensor_spec specs[] = {
      {"layer1.weight", WLAW_F64, 3, {2, 3, 4}},
      {"empty", WLAW_F32, 2, {0, 5}},
      {"../\"\\\n\xe2\x88\x91", WLAW_F32, 0, {0}},
      {"last", WLAW_U8, 1, {3}},
      {"none", WLAW_I16, 1, {0}},
  };
  static const size_t sizes[] = {2 * 3 * 4 * 8, 0, 4, 3, 0};
  unsigned char bytes[2 * 3 * 4 * 8 + 4 + 3];
  fill(bytes, sizeof bytes, WLAW_U8);
  wlaw_error *err = wlaw_error_new();
  const char *const names[] = {"several.safetensors", "several.npz"}, *const again[] = {"again.safetensors",
                                                                                        "again.npz"};
  for (int f = 0; f < 2; f++) {
    write_file(test_scratch(names[f]), specs, 5, bytes, sizeof bytes, sizeof bytes, err);
    write_file(test_scratch(again[f]), specs, 5, bytes, sizeof bytes, 1, err);
    char *first, *second;
    size_t n, m;
    check_ok(wlaw_input_whole(&first, &n, test_scratch(names[f]), 1 << 20, err));
    check_ok(wlaw_input_whole(&second, &m, test_scratch(again[f]), 1 << 20, err));
    assert_int_equal(n, m);
    assert_memory_equal(first, second, n);
    free(second);
    for (size_t piece = 1; piece < sizeof bytes; piece *= 6) {
      write_in_turns(test_scratch(again[f]), specs, 5, bytes, sizes, piece, err);
      check_ok(wlaw_input_whole(&second, &m, test_scratch(again[f]), 1 << 20, err));
      assert_int_equal(n, m);
      assert_memory_equal(first, second, n);
      free(second);
    }
    free(first);
    wlaw_tensors *tensors;
    check_ok(wlaw_tensors_open(&tensors, test_scratch(names[f]), err));
    assert_int_equal(wlaw_tensors_count(tensors), 5);
    size_t i, at = 0;
    for (size_t k = 0; k < 5; k++) {
      check_ok(wlaw_tensors_find(&i, tensors, specs[k].name, err));
      const tensor_info *info = &tensors->info[i];
      assert_int_equal(info->rank, specs[k].rank);
      assert_memory_equal(info->shape, specs[k].shape, specs[k].rank * sizeof(uint64_t));
      unsigned char stored[sizeof bytes];
      check_ok(wlaw_tensors_read_stored(tensors, i, 0, info->count, stored, err));
      assert_memory_equal(stored, bytes + at, info->bytes);
      at += info->bytes;
      if (f == 0 && k == 0) assert_int_equal(info->offset % 8, 0);
    }
    assert_int_equal(at, sizeof bytes);
    wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

/* Shape (4, 3, 5), element (i, j, k) = 100 i + 10 j + k, stored with i fastest, in either byte order; also packed. */
static void column_major(void **state) {
  (void)state;
  enum { A = 4, B = 3, C = 5, N = A * B * C };
  int16_t columns[N], swapped[N];
  double want[N], got[N];
  for (int i = 0; i < A; i++)
    for (int j = 0; j < B; j++)
      for (int k = 0; k < C; k++) {
        const int16_t value = (int16_t)(100 * i + 10 * j + k);
        want[(i * B + j) * C + k] = value;
        columns[(k * B + j) * A + i] = value;
        swapped[(k * B + j) * A + i] = (int16_t)__builtin_bswap16((uint16_t)value);
      }
  const char *const little = "{'descr': '<i2', 'fortran_order': True, 'shape': (4, 3, 5), }";
  const char *const big = "{'descr': '>i2', 'fortran_order': True, 'shape': (4, 3, 5), }";
  put_npy(test_scratch("columns.npy"), 1, little, columns, sizeof columns);
  put_npy(test_scratch("swapped.npy"), 1, big, swapped, sizeof swapped);
  size_t n;
  unsigned char *array = make_npy(&n, 1, big, swapped, sizeof swapped);
  put_zip(test_scratch("columns.npz"), "w.npy", array, n, ZIP_CM_DEFLATE);
  wlaw_error *err = wlaw_error_new();
  const char *const names[] = {"columns.npy", "swapped.npy", "columns.npz"};
  for (int f = 0; f < 3; f++) {
    wlaw_tensors *tensors;
    check_ok(wlaw_tensors_open(&tensors, test_scratch(names[f]), err));
    for (size_t first = 0; first <= N; first++)
      for (size_t count = 0; count <= N - first; count++) {
        check_ok(wlaw_tensors_read(tensors, 0, first, count, got, err));
        for (size_t k = 0; k < count; k++) assert_true(got[k] == want[first + k]);
      }
    const void *map;
    check_status(wlaw_tensors_map(tensors, 0, &map, &n, err), WLAW_UNSUPPORTED);
    tensor_view view;
    if (f == 0) {
      check_ok(wlaw_view_tensor(&view, tensors, 0, err));
      check_ok(wlaw_view_read(&view, 0, N, got, err));
      for (size_t k = 0; k < N; k++) assert_true(got[k] == want[k]);
    } else {
      check_status(wlaw_view_tensor(&view, tensors, 0, err), WLAW_UNSUPPORTED);
    }
    wlaw_tensors_close(tensors);
  }
  free(array);
  wlaw_error_free(err);
}

/* Large enough that runs are read one by one (gaps) and that the window is filled several times. */
static void column_major_large(void **state) {
  (void)state;
  enum { A = 30000, B = 40 };
  float *columns = malloc(sizeof(float) * A * B);
  double *got = malloc(sizeof(double) * A * B);
  assert_true(columns && got);
  for (int j = 0; j < B; j++)
    for (int i = 0; i < A; i++) columns[j * A + i] = (float)(i * B + j);
  put_npy(test_scratch("large.npy"), 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (30000, 40), }", columns,
          sizeof(float) * A * B);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_scratch("large.npy"), err));
  const size_t ranges[][2] = {{0, A * B}, {7, 90}, {123456, 400017}, {A * B - 1, 1}, {3, A * B - 9}};
  for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
    check_ok(wlaw_tensors_read(tensors, 0, ranges[r][0], ranges[r][1], got, err));
    for (size_t k = 0; k < ranges[r][1]; k++) assert_true(got[k] == (double)(ranges[r][0] + k)); /* below 2^24: exact */
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  free(columns);
  free(got);
}

/* Compressed members read in any order, backwards too. */
static void packed_in_any_order(void **state) {
  (void)state;
  enum { N = 300000 };
  unsigned char *data = malloc(N);
  assert_non_null(data);
  fill(data, N, WLAW_U8);
  size_t n;
  unsigned char *array = make_npy(&n, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (300000,), }", data, N);
  put_zip(test_scratch("order.npz"), "a.npy", array, n, ZIP_CM_DEFLATE);
  put_zip(test_scratch("order.npz"), "b.npy", array, n, ZIP_CM_STORE);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_scratch("order.npz"), err));
  const size_t starts[] = {N - 1000, 0, 1000, 150000, 149000, N - 1000, 5};
  double got[1000];
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
    for (size_t i = 0; i < 2; i++) {
      check_ok(wlaw_tensors_read(tensors, i, starts[s], 1000, got, err));
      for (size_t k = 0; k < 1000; k++) assert_true(got[k] == data[starts[s] + k]);
    }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  free(array);
  free(data);
}

/* More members than the 16-bit count of a zip archive holds: its zip64 end is written, and read back. */
static void many_members(void **state) {
  (void)state;
  enum { N = 66000 };
  tensor_spec *specs = calloc(N, sizeof *specs);
  char(*names)[8] = calloc(N, sizeof *names);
  assert_true(specs && names);
  for (int i = 0; i < N; i++) {
    snprintf(names[i], sizeof names[i], "t%d", i);
    specs[i] = (tensor_spec){names[i], WLAW_U8, 1, {i == N - 1}};
  }
  wlaw_error *err = wlaw_error_new();
  write_file(test_scratch("many.npz"), specs, N, (const unsigned char[]){42}, 1, 1, err);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_scratch("many.npz"), err));
  assert_int_equal(wlaw_tensors_count(tensors), N);
  double value;
  check_ok(wlaw_tensors_read(tensors, N - 1, 0, 1, &value, err));
  assert_true(value == 42);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  free(names);
  free(specs);
}

static void writer_refusals(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer;
  const tensor_spec two[] = {{"a", WLAW_F32, 1, {2}}, {"a", WLAW_F32, 1, {2}}};
  const tensor_spec meta = {"__metadata__", WLAW_F32, 1, {2}}, latin = {"\xe9", WLAW_F32, 1, {2}};
  const tensor_spec huge = {"a", WLAW_F64, 2, {1u << 31, 1u << 31}};
  check_status(wlaw_writer_open(&writer, test_scratch("w.bin"), two, 1, NULL, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), ".safetensors"));
  check_status(wlaw_writer_open(&writer, test_scratch("w.npy"), two, 2, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_writer_open(&writer, test_scratch("w.npz"), two, 2, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_writer_open(&writer, test_scratch("w.safetensors"), &meta, 1, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_writer_open(&writer, test_scratch("w.safetensors"), &latin, 1, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_writer_open(&writer, test_scratch("w.npy"), &huge, 1, NULL, err), WLAW_LIMIT);
  check_status(wlaw_writer_open(&writer, "no/such/folder/w.npy", two, 1, NULL, err), WLAW_IO);

  const char *path = test_scratch("w.npy");
  const float values[3] = {1, 2, 3};
  check_ok(wlaw_writer_open(&writer, path, two, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, values, 7, err));
  check_status(wlaw_writer_commit(writer, err), WLAW_ARGUMENT);
  assert_string_equal(wlaw_error_tensor(err), "a");
  check_ok(wlaw_writer_open(&writer, path, two, 1, NULL, err));
  check_status(wlaw_writer_add(writer, values, 12, err), WLAW_ARGUMENT);
  wlaw_writer_discard(writer);
  wlaw_writer_discard(NULL);
  assert_int_not_equal(access(path, F_OK), 0);
  char partial[4200];
  snprintf(partial, sizeof partial, "%s.partial", path);
  assert_int_not_equal(access(partial, F_OK), 0);
  wlaw_error_free(err);
}

/* A limit on file size stands for a full disk: the write fails, and nothing is left behind. */
static void no_room(void **state) {
  (void)state;
  enum { N = 1 << 20 };
  static unsigned char zeros[N];
  const tensor_spec spec = {"w", WLAW_U8, 1, {N}};
  const char *const names[] = {"room.npy", "room.npz", "room.safetensors"};
  struct rlimit old, tight;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  tight = old;
  tight.rlim_cur = N / 2;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  wlaw_error *err = wlaw_error_new();
  for (int f = 0; f < 3; f++) {
    const char *path = test_scratch(names[f]);
    tensor_writer *writer;
    check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const wlaw_status status = wlaw_writer_add(writer, zeros, N, err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, WLAW_IO);
    assert_string_equal(wlaw_error_file(err), path);
    wlaw_writer_discard(writer);
    char partial[4200];
    snprintf(partial, sizeof partial, "%s.partial", path);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(partial, F_OK), 0);
  }
  signal(SIGXFSZ, handler);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type),          cmocka_unit_test(several_tensors),
      cmocka_unit_test(column_major),        cmocka_unit_test(column_major_large),
      cmocka_unit_test(packed_in_any_order), cmocka_unit_test(many_members),
      cmocka_unit_test(writer_refusals),     cmocka_unit_test(no_room),
  };
  return cmocka_run_group_tests_name("tensor.roundtrip", tests, NULL, NULL);
}
