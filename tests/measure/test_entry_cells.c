/* Keys, cells out of tables, and the sort, against direct computation. */
#include "measure/entry_cells.h"

#include "measure/entry_counter.h"
#include "measure/weights.h"

static wlaw_error *err;

static void keys_are_the_formats(void **state) {
  (void)state;
  for (unsigned key = 0; key < ENTRY_KEYS; key++) {
    const uint16_t bits = (uint16_t)key;
    for (int f16 = 0; f16 < 2; f16++) {
      const entry_key_kind kind = f16 ? ENTRY_KEY_F16 : ENTRY_KEY_F32;
      double want, next;
      wlaw_dtype_to_double(&want, &bits, f16 ? WLAW_F16 : WLAW_BF16, 1);
      const double got = wlaw_entry_key_value(kind, key);
      if (!isfinite(want)) {
        assert_true(isnan(got));
        continue;
      }
      assert_true(got == want);
      assert_int_equal(wlaw_entry_key(kind, want), key);
      const double width = wlaw_entry_key_width(kind, key);
      next = wlaw_entry_key_value(kind, key + 1);
      if (isnan(next)) next = f16 ? 0x1p16 : 0x1p128;
      assert_true(want + width == next);
      /* the last f32 of the cell */
      if (!f16) assert_int_equal(wlaw_entry_key(kind, want + width * (1.0 - 0x1p-16)), key);
      else assert_int_equal(wlaw_entry_key(kind, want + width * 0.999), key);
    }
  }
  assert_int_equal(wlaw_entry_key(ENTRY_KEY_F32, INFINITY), 0x7F80);
  assert_int_equal(wlaw_entry_key(ENTRY_KEY_F32, 1e300), 0x7F7F);
  assert_int_equal(wlaw_entry_key(ENTRY_KEY_F16, 1e300), 0x7BFF);
  assert_int_equal(wlaw_entry_key(ENTRY_KEY_F32, NAN), ENTRY_KEYS - 1);
}

/* A table by its definition. */
static void table_by_definition(entry_table *table, const double *values, size_t n, wlaw_dtype dtype) {
  memset(table, 0, sizeof *table);
  table->kind = dtype == WLAW_F16 ? ENTRY_KEY_F16 : ENTRY_KEY_F32;
  table->cells_wide = dtype == WLAW_F32 || dtype == WLAW_F64;
  for (size_t i = 0; i < n; i++) {
    const double value = counted_weight(values[i], dtype);
    const unsigned sign = signbit(value) != 0;
    if (value == 0.0) {
      table->zeros++;
      continue;
    }
    if (isnan(value)) continue; /* their key has payload bits */
    const unsigned key = wlaw_entry_key((entry_key_kind)table->kind, fabs(value));
    table->count[sign][key]++;
    if (!table->cells_wide || isinf(value)) continue;
    const double end = wlaw_entry_key_value(ENTRY_KEY_F32, key), width = wlaw_entry_key_width(ENTRY_KEY_F32, key);
    table->low[sign][key] += (uint64_t)((fabs(value) - end) / width * 65536.0);
  }
}

static void check_cells(const entry_cells *cells, const double *ascending, size_t n, bool wide) {
  size_t at = 0;
  assert_int_equal(cells->total, n);
  for (size_t k = 0; k < cells->n; k++) {
    assert_true(cells->count[k] >= 1 && at + cells->count[k] <= n);
    long double sum = 0.0L;
    for (size_t i = at; i < at + cells->count[k]; i++) {
      sum += ascending[i];
      assert_true(ascending[i] >= cells->low[k] && ascending[i] <= cells->low[k] + cells->width[k]);
      if (cells->width[k] == 0.0) assert_true(ascending[i] == cells->value[k]);
    }
    const double mean = (double)(sum / (long double)cells->count[k]);
    /* three roundings of numbers below the magnitude; a subnormal mean is one of 2^-149 / count apart: exact in double
     */
    check_near(cells->value[k], mean, 4e-16 * fabs(mean));
    if (k) assert_true(cells->value[k] > cells->value[k - 1]);
    if (!wide) assert_true(cells->width[k] == 0.0);
    at += cells->count[k];
  }
  assert_int_equal(at, n);
}

static size_t ascending_of(double *out, const double *values, size_t n, wlaw_dtype dtype, bool magnitudes) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    const double value = counted_weight(values[i], dtype);
    if (isfinite(value) && value != 0.0) out[kept++] = magnitudes ? fabs(value) : value;
  }
  qsort(out, kept, sizeof *out, compare_doubles);
  return kept;
}

static void tables_become_cells(void **state) {
  (void)state;
  enum { N = 30000, FIRST = 17001 };
  double *values = calloc(N, sizeof *values), *ascending = calloc(N, sizeof *ascending);
  void *bytes = calloc(N, sizeof(double));
  entry_table *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
  assert_true(values && ascending && bytes && a && b);
  for (size_t t = 0; t < WEIGHT_TYPES; t++)
    for (weight_mix mix = 0; mix < MIX_COUNT; mix++) {
      const wlaw_dtype dtype = weight_types[t];
      const bool wide = dtype == WLAW_F32 || dtype == WLAW_F64;
      entry_cells cells;
      draw_weights(bytes, values, dtype, mix, 1, N, 3);
      table_by_definition(a, values, FIRST, dtype);
      table_by_definition(b, values + FIRST, N - FIRST, dtype);
      for (int magnitudes = 0; magnitudes < 2; magnitudes++) {
        size_t n = ascending_of(ascending, values, N, dtype, magnitudes);
        check_ok(magnitudes ? wlaw_cells_magnitudes(&cells, a, b, err) : wlaw_cells_signed(&cells, a, b, err));
        check_cells(&cells, ascending, n, wide);
        wlaw_cells_free(&cells);
        n = ascending_of(ascending, values, FIRST, dtype, magnitudes);
        check_ok(magnitudes ? wlaw_cells_magnitudes(&cells, a, NULL, err) : wlaw_cells_signed(&cells, a, NULL, err));
        check_cells(&cells, ascending, n, wide);
        wlaw_cells_free(&cells);
      }
    }
  free(values);
  free(ascending);
  free(bytes);
  free(a);
  free(b);
}

/* Every instruction set, every type, odd pieces and an address that is not aligned. */
static void counters_count(void **state) {
  (void)state;
  enum { N = 20011 };
  double *values = calloc(N, sizeof *values);
  unsigned char *bytes = calloc(N + 1, sizeof(double));
  entry_table *want = calloc(1, sizeof *want);
  assert_true(values && bytes && want);
  for (size_t t = 0; t < WEIGHT_TYPES; t++)
    for (weight_mix mix = 0; mix < MIX_COUNT; mix++)
      for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++) {
        const wlaw_dtype dtype = weight_types[t];
        const size_t size = wlaw_dtype_size(dtype);
        draw_weights(bytes + 1, values, dtype, mix, 1, N, 5);
        table_by_definition(want, values, N, dtype);
        shared_table shared;
        entry_counter counter;
        wlaw_shared_table_start(&shared, dtype);
        assert_non_null(shared.table);
        assert_true(wlaw_counter_start(&counter, &shared, dtype, wlaw_weight_kernels(level)));
        for (size_t done = 0, piece = 1; done < N; done += piece, piece = piece * 3 % 1021) {
          if (piece > N - done) piece = N - done;
          wlaw_counter_add(&counter, bytes + 1 + done * size, piece);
          if (piece % 2) wlaw_counter_empty(&counter);
        }
        wlaw_counter_empty(&counter);
        wlaw_counter_empty(&counter);
        assert_int_equal(shared.table->zeros, want->zeros);
        const unsigned finite = dtype == WLAW_F16 ? 0x7C00 : 0x7F80;
        for (unsigned key = 0; key < finite; key++)
          for (int sign = 0; sign < 2; sign++) {
            assert_int_equal(shared.table->count[sign][key], want->count[sign][key]);
            assert_int_equal(shared.table->low[sign][key], want->low[sign][key]);
          }
        wlaw_counter_free(&counter);
        wlaw_shared_table_free(&shared);
      }
  free(values);
  free(bytes);
  free(want);
}

/* More equal weights than a packed counter holds (2^24 - 1), with all their low bits set. */
static void counters_do_not_overflow(void **state) {
  (void)state;
  enum { PIECE = 1 << 16, PIECES = 520 };
  uint32_t *bits = calloc(PIECE, sizeof *bits);
  assert_non_null(bits);
  for (size_t i = 0; i < PIECE; i++) bits[i] = 0xBF80FFFFu;
  shared_table shared;
  entry_counter counter;
  wlaw_shared_table_start(&shared, WLAW_F32);
  assert_true(wlaw_counter_start(&counter, &shared, WLAW_F32, wlaw_weight_kernels(wlaw_cpu_level())));
  for (size_t k = 0; k < PIECES; k++) wlaw_counter_add(&counter, bits, PIECE);
  wlaw_counter_empty(&counter);
  assert_int_equal(shared.table->count[1][0x3F80], (uint64_t)PIECE * PIECES);
  assert_int_equal(shared.table->low[1][0x3F80], (uint64_t)PIECE * PIECES * 0xFFFF);
  assert_int_equal(shared.table->count[0][0x3F80] + shared.table->count[1][0x3F7F] + shared.table->count[1][0x3F81], 0);
  wlaw_counter_free(&counter);
  wlaw_shared_table_free(&shared);
  free(bits);
}

static void sorts(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 47, 48, 1000, 40000};
  double *values = calloc(40000, sizeof *values), *want = calloc(40000, sizeof *want);
  double *scratch = calloc(40000, sizeof *scratch);
  assert_true(values && want && scratch);
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++)
      for (weight_mix mix = 0; mix < MIX_COUNT; mix++) {
        const size_t n = sizes[s];
        draw_weights(scratch, values, weight_types[t], mix, 1, n, 7);
        for (size_t i = 0; i < n; i++) want[i] = values[i] = isnan(values[i]) ? 0.0 : fabs(values[i]);
        qsort(want, n, sizeof *want, compare_doubles);
        wlaw_sort_magnitudes(values, scratch, n);
        assert_memory_equal(values, want, n * sizeof *want);
      }
  const double tied[] = {0.5, 0.5, 0.75, 1.0, 1.0, 1.0};
  entry_cells cells;
  check_ok(wlaw_cells_sorted(&cells, tied, 6, err));
  check_cells(&cells, tied, 6, false);
  assert_int_equal(cells.n, 3);
  wlaw_cells_free(&cells);
  check_ok(wlaw_cells_sorted(&cells, tied, 0, err));
  assert_int_equal(cells.n + cells.total, 0);
  wlaw_cells_free(&cells);
  free(values);
  free(want);
  free(scratch);
}

int main(void) {
  err = wlaw_error_new();
  const struct CMUnitTest tests[] = {cmocka_unit_test(keys_are_the_formats), cmocka_unit_test(tables_become_cells),
                                     cmocka_unit_test(counters_count), cmocka_unit_test(counters_do_not_overflow),
                                     cmocka_unit_test(sorts)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  wlaw_error_free(err);
  return failed;
}
