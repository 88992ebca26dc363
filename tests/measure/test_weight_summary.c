/* The one-pass summary against loops over the weights in long double. */
#include "measure/weight_summary.h"

#include "measure/weights.h"

static wlaw_error *err;

static double smallest_normal(wlaw_dtype dtype) {
  return dtype == WLAW_F16 ? 0x1p-14 : dtype == WLAW_F64 ? 0x1p-1022 : 0x1p-126;
}

static void check_health(const weight_summary *got, const double *x, size_t n, wlaw_dtype dtype) {
  uint64_t zeros = 0, subnormal = 0, nan = 0, infinite = 0, tiny = 0;
  for (size_t i = 0; i < n; i++) {
    const double m = fabs(x[i]);
    zeros += m == 0.0;
    subnormal += m > 0.0 && m < smallest_normal(dtype);
    tiny += m > 0.0 && m < 1e-12;
    nan += isnan(m) != 0;
    infinite += isinf(m) != 0;
  }
  assert_int_equal(got->count, n);
  assert_int_equal(got->zeros, zeros);
  assert_int_equal(got->subnormal, subnormal);
  assert_int_equal(got->tiny, tiny);
  assert_int_equal(got->nan, nan);
  assert_int_equal(got->infinite, infinite);
}

/* Sums of n terms err by less than n 2^-53 of the sum of magnitudes, and by far less with many partial sums; a central
 * moment of order p inherits the mean's error p times. 1e-12 of the moment of magnitudes covers n < 10^6. */
static void check_moments(const weight_summary *got, const double *x, size_t n) {
  long double sum = 0, magnitudes = 0, m2 = 0, m3 = 0, m4 = 0, size = 0;
  double min = INFINITY, max = -INFINITY;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) {
      size++;
      sum += x[i];
      magnitudes += fabsl(x[i]);
      min = fmin(min, x[i]);
      max = fmax(max, x[i]);
    }
  if (size == 0) {
    assert_true(isnan(got->mean) && isnan(got->sd) && isnan(got->min) && isnan(got->kurtosis));
    return;
  }
  if (magnitudes > 0x1p1000L) return; /* doubles of any exponent: their sum overflows */
  const long double mean = sum / size;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) {
      const long double d = x[i] - mean;
      m2 += d * d / size;
      m3 += d * d * d / size;
      m4 += d * d * d * d / size;
    }
  const double scale = (double)(magnitudes / size), sd = (double)sqrtl(m2);
  assert_true(got->min == min && got->max == max);
  check_near(got->mean, (double)mean, 1e-12 * scale);
  check_near(got->mean_magnitude, scale, 1e-12 * scale);
  if (!isfinite((double)(m4))) return; /* doubles of any exponent: squares overflow */
  check_near(got->sd, sd, 1e-12 * (sd + scale));
  check_near(got->rms, (double)sqrtl(m2 + mean * mean), 1e-12 * (sd + scale));
  if (min == max) {
    assert_true(got->sd == 0.0 && isnan(got->skewness) && isnan(got->kurtosis));
    return;
  }
  check_near(got->kurtosis, (double)(m4 / (m2 * m2)), 1e-11 * (double)(m4 / (m2 * m2)));
  check_near(got->skewness, (double)(m3 / powl(m2, 1.5L)), 1e-11 * (1.0 + (double)(m4 / (m2 * m2))));
}

static void check_side(const double *squares, const double *largest, uint64_t got_dead, const double *x, size_t n,
                       size_t stride, size_t length, size_t step) {
  uint64_t want_dead = 0;
  for (size_t i = 0; i < n; i++) {
    long double sum = 0;
    double most = 0.0;
    bool dead = true;
    for (size_t k = 0; k < length; k++) {
      const double w = x[i * stride + k * step];
      dead = dead && fabs(w) < 1e-12; /* false for NaN */
      if (!isfinite(w)) continue;
      sum += (long double)w * w;
      most = fmax(most, fabs(w));
    }
    if (isfinite((double)sum)) check_near(squares[i], (double)sum, 1e-13 * (double)sum);
    assert_true(largest[i] == most);
    want_dead += dead;
  }
  assert_int_equal(got_dead, want_dead);
}

static void check_largest(const weight_summary *got, const double *x, size_t rows, size_t cols) {
  bool *taken = calloc(rows * cols + 1, sizeof *taken);
  assert_non_null(taken);
  for (size_t k = 0; k < SUMMARY_LARGEST; k++) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < rows * cols; i++)
      if (!taken[i] && fabs(x[i]) > (best == SIZE_MAX ? 0.0 : fabs(x[best]))) best = i;
    if (best == SIZE_MAX) {
      assert_int_equal(got->n_largest, k);
      break;
    }
    taken[best] = true;
    assert_true(got->n_largest > k && got->largest[k].value == x[best]);
    assert_int_equal(got->largest[k].row, best / cols);
    assert_int_equal(got->largest[k].column, best % cols);
  }
  free(taken);
}

static void check_tables(const weight_summary *got, const double *x, size_t rows, size_t cols, wlaw_dtype dtype) {
  uint64_t counts[2] = {0}, zeros[2] = {0};
  long double sums[2] = {0};
  for (size_t i = 0; i < rows * cols; i++) {
    const size_t s = (rows < SUMMARY_HELD_OUT ? i : i / cols) % SUMMARY_HELD_OUT == SUMMARY_HELD_OUT - 1;
    if (!isfinite(x[i])) continue;
    zeros[s] += x[i] == 0.0;
    counts[s] += x[i] != 0.0;
    sums[s] += x[i] != 0.0 ? fabs(counted_weight(x[i], dtype)) : 0.0;
  }
  for (size_t s = 0; s < 2; s++) {
    entry_cells cells;
    assert_int_equal(got->table[s]->zeros, zeros[s]);
    check_ok(wlaw_cells_magnitudes(&cells, got->table[s], NULL, err));
    assert_int_equal(cells.total, counts[s]);
    long double sum = 0;
    for (size_t k = 0; k < cells.n; k++) sum += (long double)cells.value[k] * (long double)cells.count[k];
    if (isfinite((double)sums[s])) check_near((double)sum, (double)sums[s], 1e-13 * (double)sums[s]);
    wlaw_cells_free(&cells);
  }
}

static void check_sorted(const weight_summary *got, const double *x, size_t n) {
  double *want = calloc(n + 1, sizeof *want);
  size_t kept = 0;
  assert_true(want && got->sorted);
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i]) && x[i] != 0.0) want[kept++] = fabs(x[i]);
  qsort(want, kept, sizeof *want, compare_doubles);
  assert_int_equal(got->n_sorted, kept);
  assert_memory_equal(got->sorted, want, kept * sizeof *want);
  if (kept) {
    assert_true(wlaw_magnitude_quantile(got, 0.5) == want[(kept - 1) / 2]);
    assert_true(wlaw_magnitude_quantile(got, 1.0) == want[kept - 1]);
    assert_true(wlaw_magnitude_quantile(got, 0.0) == want[0]);
  } else assert_true(isnan(wlaw_magnitude_quantile(got, 0.5)));
  free(want);
}

static void check_all(const void *bytes, const double *x, wlaw_dtype dtype, size_t rows, size_t cols) {
  weight_source source;
  weight_summary got;
  wlaw_source_memory(&source, bytes, dtype, rows, cols);
  check_ok(wlaw_weight_summary(&got, &source, 2, NULL, err));
  check_health(&got, x, rows * cols, dtype);
  check_moments(&got, x, rows * cols);
  check_side(got.row_squares, got.row_largest, got.dead_rows, x, rows, cols, cols, 1);
  check_side(got.column_squares, got.column_largest, got.dead_columns, x, cols, 1, rows, cols);
  check_largest(&got, x, rows, cols);
  check_tables(&got, x, rows, cols, dtype);
  check_sorted(&got, x, rows * cols);
  wlaw_weight_summary_free(&got);
}

static void every_shape_type_and_mix(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 7}, {7, 1}, {4, 9}, {5, 8}, {23, 67}, {600, 3}, {3, 1500}, {130, 513}};
  double *x = calloc(130 * 513, sizeof *x);
  void *bytes = calloc(130 * 513, sizeof(double));
  assert_true(x && bytes);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++)
      for (weight_mix mix = 0; mix < MIX_COUNT; mix++) {
        draw_weights(bytes, x, weight_types[t], mix, shapes[s][0], shapes[s][1], 11);
        check_all(bytes, x, weight_types[t], shapes[s][0], shapes[s][1]);
      }
  free(x);
  free(bytes);
}

/* A row longer than a block comes in pieces; still below the size that is sorted. */
static void long_rows(void **state) {
  (void)state;
  const size_t rows = 6, cols = 150001;
  double *x = calloc(rows * cols, sizeof *x);
  void *bytes = calloc(rows * cols, sizeof(double));
  assert_true(x && bytes);
  for (size_t t = 2; t < WEIGHT_TYPES; t++) {
    draw_weights(bytes, x, weight_types[t], MIX_HEALTH, rows, cols, 12);
    check_all(bytes, x, weight_types[t], rows, cols);
  }
  free(x);
  free(bytes);
}

static void empty_matrices(void **state) {
  (void)state;
  static const uint64_t shapes[][2] = {{0, 0}, {0, 5}, {5, 0}};
  for (size_t s = 0; s < 3; s++) {
    weight_source source;
    weight_summary got;
    wlaw_source_memory(&source, "", WLAW_F32, shapes[s][0], shapes[s][1]);
    check_ok(wlaw_weight_summary(&got, &source, 2, NULL, err));
    assert_int_equal(got.count + got.zeros + got.n_largest + got.n_sorted, 0);
    assert_true(isnan(got.mean) && isnan(got.sd) && isnan(wlaw_magnitude_quantile(&got, 0.5)));
    wlaw_weight_summary_free(&got);
  }
}

/* A summary's numbers, byte by byte. */
static void check_same(const weight_summary *a, const weight_summary *b) {
  const size_t head = offsetof(weight_summary, row_squares);
  assert_memory_equal(a, b, head);
  assert_memory_equal(a->row_squares, b->row_squares, a->rows * sizeof(double));
  assert_memory_equal(a->row_largest, b->row_largest, a->rows * sizeof(double));
  assert_memory_equal(a->column_squares, b->column_squares, a->cols * sizeof(double));
  assert_memory_equal(a->column_largest, b->column_largest, a->cols * sizeof(double));
  for (size_t s = 0; s < 2; s++) assert_memory_equal(a->table[s], b->table[s], sizeof *a->table[s]);
  assert_int_equal(a->n_sorted, b->n_sorted);
}

/* Above the size that is sorted, so that quantiles come from the cells; several groups. */
static void threads_change_nothing(void **state) {
  (void)state;
  const size_t rows = 1300, cols = 900;
  double *x = calloc(rows * cols, sizeof *x), *sorted = calloc(rows * cols, sizeof *sorted);
  void *bytes = calloc(rows * cols, sizeof(double));
  assert_true(x && sorted && bytes);
  for (size_t t = 0; t < WEIGHT_TYPES; t++) {
    static const unsigned threads[] = {1, 2, 7};
    weight_summary got[3];
    weight_source source;
    draw_weights(bytes, x, weight_types[t], MIX_HEALTH, rows, cols, 13);
    wlaw_source_memory(&source, bytes, weight_types[t], rows, cols);
    for (size_t k = 0; k < 3; k++) check_ok(wlaw_weight_summary(&got[k], &source, threads[k], NULL, err));
    check_same(&got[0], &got[1]);
    check_same(&got[0], &got[2]);
    check_health(&got[0], x, rows * cols, weight_types[t]);
    check_moments(&got[0], x, rows * cols);
    assert_null(got[0].sorted);
    size_t kept = 0;
    for (size_t i = 0; i < rows * cols; i++)
      if (isfinite(x[i]) && x[i] != 0.0) sorted[kept++] = fabs(x[i]);
    qsort(sorted, kept, sizeof *sorted, compare_doubles);
    for (double p = 0.05; p < 1.0; p += 0.05) {
      const double want = sorted[(size_t)(p * (double)kept)];
      /* within the cell: 2^-7 of it for wide cells; of f16 and bf16 the very weight, or its neighbour where the share
       * is met to the last weight */
      check_near(wlaw_magnitude_quantile(&got[0], p), want, 0x1p-7 * want);
    }
    for (size_t k = 0; k < 3; k++) wlaw_weight_summary_free(&got[k]);
  }
  free(x);
  free(sorted);
  free(bytes);
}

static void spread_of_scales(void **state) {
  (void)state;
  /* root mean squares e^0, e^1, e^3 and a dead one: mean 4/3, variance (16/9 + 1/9 + 25/9) / 3 = 14/9 */
  const double squares[] = {1.0, exp(2.0), 1e-30, exp(6.0)}, largest[] = {1.0, 1.0, 1e-15, 1.0};
  check_near(wlaw_scale_spread(squares, largest, 4), sqrt(14.0 / 9.0), 1e-15);
  assert_true(isnan(wlaw_scale_spread(squares, largest, 1)));
  assert_true(isnan(wlaw_scale_spread(NULL, NULL, 4)));
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)fraction, (void)what;
  return ++*(int *)user > 0;
}

static void obeys_a_cancel(void **state) {
  (void)state;
  int calls = 0;
  float weights[64] = {0};
  wlaw_monitor monitor = {.call = stop_at_once, .user = &calls};
  weight_source source;
  weight_summary got;
  wlaw_source_memory(&source, weights, WLAW_F32, 8, 8);
  check_status(wlaw_weight_summary(&got, &source, 2, &monitor, err), WLAW_CANCELLED);
  wlaw_weight_summary_free(&got);
  assert_true(calls > 0);
}

int main(void) {
  err = wlaw_error_new();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_shape_type_and_mix), cmocka_unit_test(long_rows),        cmocka_unit_test(empty_matrices),
      cmocka_unit_test(threads_change_nothing),   cmocka_unit_test(spread_of_scales), cmocka_unit_test(obeys_a_cancel)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  wlaw_error_free(err);
  return failed;
}
