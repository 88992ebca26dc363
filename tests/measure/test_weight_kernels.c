/* Every instruction set's kernels against loops: all types, lengths that leave a rest, addresses that are not aligned.
 */
#include "measure/weight_kernels.h"

#include "measure/entry_counter.h"
#include "measure/weights.h"

static const size_t lengths[] = {1, 3, 8, 63, 64, 65, 200, WEIGHT_CHUNK};
enum { LENGTHS = 8 };

static double f16_column(wlaw_dtype dtype, int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return dtype == WLAW_F16 ? value * 0x1p112 : value;
}

/* Sums of n terms: n 2^-53 of the sum of magnitudes. */
static void check_row(wlaw_dtype dtype, cpu_level level, weight_mix mix, size_t n) {
  const weight_kernels *kernels = wlaw_weight_kernels(level);
  unsigned char bytes[WEIGHT_CHUNK * 8 + 1];
  double x[WEIGHT_CHUNK], decoded[WEIGHT_CHUNK], handed[WEIGHT_CHUNK], squares[WEIGHT_CHUNK], largest[WEIGHT_CHUNK];
  int32_t bits[WEIGHT_CHUNK] = {0};
  draw_weights(bytes + 1, x, dtype, mix, 1, n, 51);
  for (size_t i = 0; i < n; i++) {
    squares[i] = (double)i;
    largest[i] = 0.0;
  }
  size_t want_bad = 0;
  double sum = 0.0, magnitudes = 0.0, square_sum = 0.0, most = 0.0;
  for (size_t i = 0; i < n; i++) {
    want_bad += isfinite(x[i]) ? 0 : 1;
    if (!isfinite(x[i])) x[i] = 0.0;
    sum += x[i];
    magnitudes += fabs(x[i]);
    square_sum += x[i] * x[i];
    most = fmax(most, fabs(x[i]));
  }
  assert_int_equal(wlaw_weight_decode(kernels, dtype)(decoded, bytes + 1, n), want_bad);
  for (size_t i = 0; i < n; i++) assert_true(decoded[i] == x[i]);
  if (!isfinite(square_sum)) return; /* doubles of any exponent */
  const row_kernel row = wlaw_weight_row(kernels, dtype);
  const row_part part =
      row ? row(NULL, squares, bits, handed, bytes + 1, n) : kernels->row_f64(squares, largest, decoded, n);
  assert_true(!row || (part.bad != 0) == (want_bad > 0));
  check_near(part.sum, sum, 1e-13 * magnitudes);
  check_near(part.squares, square_sum, 1e-13 * square_sum);
  assert_true(part.largest == most);
  for (size_t i = 0; i < n; i++) {
    /* a fused multiply-add rounds once */
    check_near(squares[i], (double)i + x[i] * x[i], 2e-16 * ((double)i + x[i] * x[i]));
    assert_true((row ? f16_column(dtype, bits[i]) : largest[i]) == fabs(x[i]));
    if (row) assert_true(handed[i] == x[i]);
  }
}

static void rows(void **state) {
  (void)state;
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++)
      for (weight_mix mix = 0; mix < MIX_COUNT; mix++)
        for (size_t l = 0; l < LENGTHS; l++) check_row(weight_types[t], level, mix, lengths[l]);
}

/* The counting of the row kernels is that of the counters. */
static void rows_count(void **state) {
  (void)state;
  double squares[WEIGHT_CHUNK];
  int32_t largest[WEIGHT_CHUNK];
  unsigned char bytes[WEIGHT_CHUNK * 4 + 1];
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++) {
      const wlaw_dtype dtype = weight_types[t];
      if (dtype == WLAW_F64) continue;
      shared_table table[2];
      entry_counter counter[2];
      for (size_t k = 0; k < 2; k++) {
        wlaw_shared_table_start(&table[k], dtype);
        assert_non_null(table[k].table);
        assert_true(wlaw_counter_start(&counter[k], &table[k], dtype, wlaw_weight_kernels(level)));
      }
      for (weight_mix mix = 0; mix < MIX_COUNT; mix++)
        for (size_t l = 0; l < LENGTHS; l++) {
          draw_weights(bytes + 1, NULL, dtype, mix, 1, lengths[l], 52);
          wlaw_counter_add(&counter[0], bytes + 1, lengths[l]);
          const row_kernel row = wlaw_weight_row(wlaw_weight_kernels(level), dtype);
          const row_part part =
              row(wlaw_counter_reserve(&counter[1], lengths[l]), squares, largest, NULL, bytes + 1, lengths[l]);
          for (size_t s = 0; s < 2; s++) counter[1].zeros[s] += part.zeros[s];
        }
      for (size_t k = 0; k < 2; k++) wlaw_counter_empty(&counter[k]);
      assert_memory_equal(table[0].table, table[1].table, sizeof *table[0].table);
      for (size_t k = 0; k < 2; k++) {
        wlaw_counter_free(&counter[k]);
        wlaw_shared_table_free(&table[k]);
      }
    }
}

static void moments_and_scales(void **state) {
  (void)state;
  static const double limits[2] = {0x1p-126, 1e-12};
  double x[WEIGHT_CHUNK], columns[WEIGHT_CHUNK], balanced[WEIGHT_CHUNK], added[WEIGHT_CHUNK];
  float rounded[WEIGHT_CHUNK];
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (size_t l = 0; l < LENGTHS; l++) {
      const weight_kernels *kernels = wlaw_weight_kernels(level);
      const size_t n = lengths[l];
      draw_weights(balanced, x, WLAW_F64, MIX_HEALTH, 1, n, 53);
      double want[4] = {0}, row = 0.0;
      uint64_t small[3] = {0};
      for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) x[i] = 0.0;
        const double d = x[i] - 0.25, m = fabs(x[i]);
        const double terms[4] = {m, d * d, d * d * d, d * d * d * d};
        for (size_t k = 0; k < 4; k++) want[k] += terms[k];
        small[0] += m == 0.0;
        small[1] += m > 0.0 && m < limits[0];
        small[2] += m > 0.0 && m < limits[1];
        columns[i] = added[i] = 1.0 + (double)(i % 9);
        row += x[i] * x[i] * columns[i];
      }
      const chunk_moments got = kernels->moments(x, n, 0.25, limits);
      check_near(got.magnitudes, want[0], 1e-13 * want[0]);
      check_near(got.second, want[1], 1e-13 * want[1]);
      check_near(got.third, want[2], 1e-13 * sqrt(want[1] * want[3]));
      check_near(got.fourth, want[3], 1e-13 * want[3]);
      assert_true(got.zeros == small[0] && got.subnormal == small[1] && got.tiny == small[2]);
      check_near(kernels->row_squares(x, columns, n), row, 1e-13 * row);
      kernels->column_squares(added, x, 0.5, n);
      kernels->balance(balanced, x, 0.5, columns, n);
      kernels->balance_32(rounded, x, 0.5, columns, n);
      for (size_t i = 0; i < n; i++) {
        check_near(added[i], columns[i] + 0.5 * x[i] * x[i], 4e-16 * added[i]);
        assert_true(balanced[i] == fabs(x[i]) * 0.5 * columns[i] && rounded[i] == (float)balanced[i]);
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(rows_count),
                                     cmocka_unit_test(moments_and_scales)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
