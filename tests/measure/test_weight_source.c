/* Reading and walking matrices of weights: every weight once, in any selection, from files that may change. */
#include "measure/weight_source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/error.h"
#include "measure/weights.h"
#include "tensor/writer.h"

static wlaw_error *err;

/* ---- walks */

typedef struct coverage {
  const weight_source *source;
  unsigned char *copy; /* [rows, cols] of the source's type */
  atomic_uchar *seen;
  size_t next_number;
  uint64_t next_row, next_column, merged;
  bool pieces;
} coverage;

static wlaw_status cover(void *context, const weight_block *block, unsigned worker, wlaw_error *e) {
  (void)worker, (void)e;
  coverage *c = context;
  const size_t size = wlaw_dtype_size(c->source->dtype);
  assert_true(block->n_rows > 0 && block->n_cols > 0 && block->n_rows * block->n_cols * size <= WEIGHT_BLOCK_BYTES);
  assert_true(block->number < wlaw_source_blocks(c->source));
  assert_true(block->n_rows <= wlaw_source_block_rows(c->source));
  assert_true(block->n_cols <= wlaw_source_block_columns(c->source));
  for (uint64_t r = 0; r < block->n_rows; r++)
    for (uint64_t k = 0; k < block->n_cols; k++) {
      const uint64_t i = (block->row + r) * c->source->cols + block->column + k;
      atomic_fetch_add(&c->seen[i], 1);
      memcpy(c->copy + i * size, (const unsigned char *)block->values + (r * block->n_cols + k) * size, size);
    }
  return WLAW_OK;
}

/* Groups come in order and cover everything. */
static void merge(void *context, const weight_block *group, unsigned worker) {
  (void)worker;
  coverage *c = context;
  assert_true(group->row == c->next_row && group->column == c->next_column);
  c->merged += group->n_rows * group->n_cols;
  c->next_column = (group->column + group->n_cols) % c->source->cols;
  if (c->next_column == 0) c->next_row += group->n_rows;
}

static void check_walk(const weight_source *source, const void *want, unsigned threads) {
  const size_t size = wlaw_dtype_size(source->dtype), count = (size_t)(source->rows * source->cols);
  coverage c = {.source = source, .copy = calloc(count + 1, size), .seen = calloc(count + 1, 1)};
  assert_true(c.copy && c.seen);
  check_ok(wlaw_source_walk_merging(source, threads, cover, merge, &c, NULL, err));
  for (size_t i = 0; i < count; i++) assert_int_equal(c.seen[i], 1);
  assert_memory_equal(c.copy, want, count * size);
  assert_int_equal(c.merged, count);
  check_ok(wlaw_source_walk(source, threads, cover, &c, NULL, err));
  for (size_t i = 0; i < count; i++) assert_int_equal(c.seen[i], 2);
  free(c.copy);
  free(c.seen);
}

static void walks_cover(void **state) {
  (void)state;
  /* f32 blocks have 131,072 weights: rows that fit, that fit exactly, that do not; tall and flat ones */
  static const uint64_t shapes[][2] = {{1, 1},      {3, 131072}, {3, 131073}, {2, 300000}, {5000, 70},
                                       {40, 10000}, {300000, 2}, {1, 400001}, {0, 3},      {3, 0}};
  float *values = calloc(600001, sizeof *values);
  assert_non_null(values);
  draw_weights(values, NULL, WLAW_F32, MIX_NORMAL, 1, 600001, 1);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (unsigned threads = 1; threads <= 7; threads += 3) {
      weight_source source;
      wlaw_source_memory(&source, values, WLAW_F32, shapes[s][0], shapes[s][1]);
      check_walk(&source, values, threads);
    }
  free(values);
}

static wlaw_status fail_late(void *context, const weight_block *block, unsigned worker, wlaw_error *e) {
  (void)worker;
  const uint64_t *row = context;
  if (block->row < *row) return WLAW_OK;
  return wlaw_fail(e, WLAW_NUMERIC, "block %zu", block->number);
}

static void no_merge(void *context, const weight_block *group, unsigned worker) {
  (void)worker;
  assert_true(group->row < *(const uint64_t *)context); /* nothing from the failed group on is merged */
}

/* The first failing block's error is the answer at any number of threads, and nobody waits for ever. */
static void a_failure_ends_the_walk(void **state) {
  (void)state;
  float *values = calloc(4000 * 1000, sizeof *values);
  assert_non_null(values);
  weight_source source;
  wlaw_source_memory(&source, values, WLAW_F32, 4000, 1000);
  for (unsigned threads = 1; threads <= 7; threads++)
    for (uint64_t row = 0; row < 4000; row += 393) {
      check_status(wlaw_source_walk_merging(&source, threads, fail_late, no_merge, &row, NULL, err), WLAW_NUMERIC);
      char want[32];
      const uint64_t block_rows = wlaw_source_block_rows(&source);
      snprintf(want, sizeof want, "block %zu", (size_t)((row + block_rows - 1) / block_rows));
      assert_non_null(strstr(wlaw_error_message(err), want));
    }
  free(values);
}

/* ---- files */

static void write_tensor(const char *path, wlaw_dtype dtype, uint64_t rows, uint64_t cols, const void *bytes) {
  const tensor_spec spec = {"w", dtype, 2, {rows, cols}};
  tensor_writer *writer;
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, bytes, (size_t)(rows * cols) * wlaw_dtype_size(dtype), err));
  check_ok(wlaw_writer_commit(writer, err));
}

static void check_selection(wlaw_tensors *file, const double *values, uint64_t rows, uint64_t cols,
                            const weight_selection *selection) {
  const size_t count = (size_t)(selection->rows * selection->cols);
  double *want = calloc(count + 1, sizeof *want);
  assert_non_null(want);
  for (uint64_t r = 0; r < selection->rows; r++)
    for (uint64_t c = 0; c < selection->cols; c++) {
      const uint64_t stored = selection->first_row + r / selection->run * selection->period + r % selection->run;
      want[r * selection->cols + c] = values[stored * cols + selection->first_column + c];
    }
  for (int hold = 0; hold < 2; hold++) {
    weight_source source;
    check_ok(wlaw_source_tensor(&source, file, 0, rows, cols, selection, err));
    if (source.dtype == WLAW_F64 && selection->rows > 3) { /* from the midst of a run on */
      double *part = calloc(count, sizeof *part);
      assert_non_null(part);
      check_ok(source.read(&source, 3, selection->rows - 3, 1, selection->cols - 1, part, err));
      for (uint64_t r = 3; r < selection->rows; r++)
        assert_memory_equal(part + (r - 3) * (selection->cols - 1), want + r * selection->cols + 1,
                            (selection->cols - 1) * sizeof *part);
      check_ok(source.read(&source, 3, selection->rows - 3, 0, selection->cols, part, err));
      assert_memory_equal(part, want + 3 * selection->cols,
                          (size_t)((selection->rows - 3) * selection->cols) * sizeof *part);
      free(part);
    }
    if (hold) {
      check_ok(wlaw_source_hold(&source, count * 8 - (count > 0), 2, NULL, err));
      if (source.dtype == WLAW_F64 && count) assert_null(source.memory); /* one byte short */
      check_ok(wlaw_source_hold(&source, count * 8, 2, NULL, err));
      assert_non_null(source.memory);
    }
    if (source.dtype == WLAW_F64) check_walk(&source, want, 2);
    else {
      float *single = calloc(count + 1, sizeof *single);
      assert_non_null(single);
      for (size_t i = 0; i < count; i++) single[i] = (float)want[i];
      check_walk(&source, single, 3);
      free(single);
    }
    wlaw_source_free(&source);
  }
  free(want);
}

/* Plain, packed with one reader, and integers that come as doubles. */
static void selections_of_files(void **state) {
  (void)state;
  enum { ROWS = 84, COLS = 1301 };
  static const weight_selection selections[] = {
      {ROWS, COLS, 0, ROWS, ROWS, 0},  /* all */
      {30, COLS, 20, 30, 30, 0},       /* rows in one piece */
      {ROWS, 400, 0, ROWS, ROWS, 800}, /* columns */
      {28, COLS, 7, 7, 21, 0},         /* the second of three parts of each of four heads */
      {28, 100, 14, 7, 21, 1201},      /* both */
      {0, COLS, 3, 1, 1, 0},           /* nothing */
  };
  double *values = calloc(ROWS * COLS, sizeof *values);
  void *bytes = calloc(ROWS * COLS, sizeof(double));
  assert_true(values && bytes);
  static const wlaw_dtype types[] = {WLAW_F32, WLAW_F64, WLAW_I16};
  for (size_t t = 0; t < 3; t++)
    for (int format = 0; format < 3; format++) {
      const char *path = test_scratch(format == 0 ? "s.safetensors" : format == 1 ? "s.npy" : "s.npz");
      if (types[t] == WLAW_I16)
        for (size_t i = 0; i < ROWS * COLS; i++) ((int16_t *)bytes)[i] = (int16_t)(i * 37);
      else draw_weights(bytes, NULL, types[t], MIX_NORMAL, ROWS, COLS, 2);
      wlaw_dtype_to_double(values, bytes, types[t], ROWS * COLS);
      write_tensor(path, types[t], ROWS, COLS, bytes);
      wlaw_tensors *file;
      check_ok(wlaw_tensors_open(&file, path, err));
      for (size_t s = 0; s < sizeof selections / sizeof *selections; s++)
        check_selection(file, values, ROWS, COLS, &selections[s]);
      wlaw_tensors_close(file);
    }
  free(values);
  free(bytes);
}

static void refuses_what_is_not_there(void **state) {
  (void)state;
  static const float values[24];
  static const weight_selection wrong[] = {
      {5, 6, 0, 5, 5, 0}, {4, 6, 1, 4, 4, 0},          {4, 6, 0, 4, 4, 1},          {4, 6, 0, 0, 4, 0},
      {4, 6, 0, 2, 1, 0}, {2, 6, 0, 1, UINT64_MAX, 0}, {4, 6, UINT64_MAX, 4, 4, 0}, {4, UINT64_MAX, 0, 4, 4, 2},
  };
  const char *path = test_scratch("r.safetensors");
  write_tensor(path, WLAW_F32, 4, 6, values);
  wlaw_tensors *file;
  weight_source source;
  check_ok(wlaw_tensors_open(&file, path, err));
  check_status(wlaw_source_tensor(&source, file, 1, 4, 6, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_source_tensor(&source, file, 0, 4, 5, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_source_tensor(&source, file, 0, UINT64_C(1) << 63, UINT64_C(1) << 63, NULL, err), WLAW_ARGUMENT);
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    check_status(wlaw_source_tensor(&source, file, 0, 4, 6, &wrong[k], err), WLAW_ARGUMENT);
    assert_non_null(strstr(wlaw_error_message(err), "r.safetensors"));
    wlaw_source_free(&source);
  }
  wlaw_tensors_close(file);
}

typedef struct shrinking {
  const char *path;
  atomic_bool cut;
} shrinking;

static wlaw_status cut_file(void *context, const weight_block *block, unsigned worker, wlaw_error *e) {
  (void)block, (void)worker, (void)e;
  shrinking *s = context;
  if (!atomic_exchange(&s->cut, true)) assert_int_equal(truncate(s->path, 100000), 0);
  return WLAW_OK;
}

static void a_file_that_shrinks(void **state) {
  (void)state;
  enum { ROWS = 2000, COLS = 1000 };
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("shrinks.safetensors"));
  float *values = calloc(ROWS * COLS, sizeof *values);
  assert_non_null(values);
  for (unsigned threads = 1; threads <= 4; threads++)
    for (int hold = 0; hold < 2; hold++) {
      shrinking s = {.path = path};
      wlaw_tensors *file;
      weight_source source;
      write_tensor(path, WLAW_F32, ROWS, COLS, values);
      check_ok(wlaw_tensors_open(&file, path, err));
      check_ok(wlaw_source_tensor(&source, file, 0, ROWS, COLS, NULL, err));
      check_status(wlaw_source_walk_merging(&source, threads, cut_file, NULL, &s, NULL, err), WLAW_FORMAT);
      if (hold) check_status(wlaw_source_hold(&source, UINT64_MAX, threads, NULL, err), WLAW_FORMAT);
      assert_non_null(strstr(wlaw_error_message(err), "shrinks.safetensors"));
      wlaw_source_free(&source);
      wlaw_tensors_close(file);
    }
  free(values);
}

/* Stored column by column, which is held by one reading; whole, and without its first rows. */
static void columns_first(void **state) {
  (void)state;
  enum { TALL = 50, WIDE = 30, HEADER = 128 };
  char header[HEADER + 1], path[4096];
  double stored[WIDE][TALL], values[TALL * WIDE];
  for (size_t r = 0; r < TALL; r++)
    for (size_t c = 0; c < WIDE; c++) stored[c][r] = values[r * WIDE + c] = (double)(1000 * r + c);
  snprintf(path, sizeof path, "%s", test_scratch("columns.npy"));
  const int n =
      snprintf(header, sizeof header,
               "\x93NUMPY\x01%c\x76%c{'descr': '<f8', 'fortran_order': True, 'shape': (%d, %d), }", 0, 0, TALL, WIDE);
  memset(header + n, ' ', (size_t)(HEADER - n));
  header[HEADER - 1] = '\n';
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  assert_int_equal(fwrite(header, 1, HEADER, out), HEADER);
  assert_int_equal(fwrite(stored, 1, sizeof stored, out), sizeof stored);
  assert_int_equal(fclose(out), 0);
  wlaw_tensors *file;
  check_ok(wlaw_tensors_open(&file, path, err));
  const weight_selection whole = {TALL, WIDE, 0, TALL, TALL, 0}, later = {TALL - 7, WIDE, 7, TALL - 7, TALL - 7, 0};
  check_selection(file, values, TALL, WIDE, &whole);
  check_selection(file, values, TALL, WIDE, &later);
  wlaw_tensors_close(file);
}

/* 2^32 weights in 8 GiB, a hole but for the last row. */
static void more_than_two_to_the_32(void **state) {
  (void)state;
  const uint64_t rows = UINT64_C(1) << 20, cols = 4096, bytes = 2 * rows * cols;
  char path[4096], header[256];
  snprintf(path, sizeof path, "%s", test_scratch("large.safetensors"));
  const int n =
      snprintf(header, sizeof header, "{\"w\":{\"dtype\":\"BF16\",\"shape\":[%llu,%llu],\"data_offsets\":[0,%llu]}}",
               (unsigned long long)rows, (unsigned long long)cols, (unsigned long long)bytes);
  uint16_t last[4096];
  for (size_t c = 0; c < cols; c++) last[c] = (uint16_t)(0x3C00 + c);
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  for (int k = 0; k < 8; k++) fputc((int)((uint64_t)n >> 8 * k & 255), out);
  assert_int_equal(fwrite(header, 1, (size_t)n, out), n);
  const off_t end = (off_t)(8 + (uint64_t)n + bytes);
  const bool fits =
      fseeko(out, end - (off_t)sizeof last, SEEK_SET) == 0 && fwrite(last, 1, sizeof last, out) == sizeof last;
  assert_int_equal(fclose(out), 0);
  if (!fits) {
    print_message("skipped: no file of 8 GiB with a hole can be made here\n");
    remove(path);
    skip();
  }
  wlaw_tensors *file;
  weight_source source;
  check_ok(wlaw_tensors_open(&file, path, err));
  check_ok(wlaw_source_tensor(&source, file, 0, rows, cols, NULL, err));
  assert_int_equal(wlaw_source_blocks(&source), bytes / WEIGHT_BLOCK_BYTES);
  uint16_t got[4096] = {0};
  check_ok(source.read(&source, rows - 1, 1, 0, cols, got, err));
  assert_memory_equal(got, last, sizeof last);
  wlaw_source_free(&source);
  uint16_t *want = calloc(70 * cols, sizeof *want);
  assert_non_null(want);
  memcpy(want + 69 * cols, last, sizeof last);
  const weight_selection tail = {70, cols, rows - 70, 70, 70, 0};
  check_ok(wlaw_source_tensor(&source, file, 0, rows, cols, &tail, err));
  check_walk(&source, want, 2);
  wlaw_source_free(&source);
  free(want);
  wlaw_tensors_close(file);
  remove(path);
}

int main(void) {
  err = wlaw_error_new();
  const struct CMUnitTest tests[] = {cmocka_unit_test(walks_cover),
                                     cmocka_unit_test(a_failure_ends_the_walk),
                                     cmocka_unit_test(selections_of_files),
                                     cmocka_unit_test(refuses_what_is_not_there),
                                     cmocka_unit_test(columns_first),
                                     cmocka_unit_test(a_file_that_shrinks),
                                     cmocka_unit_test(more_than_two_to_the_32)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  wlaw_error_free(err);
  return failed;
}
