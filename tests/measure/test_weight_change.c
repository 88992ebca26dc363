/* Two matrices of one shape, entry by entry: against plain loops over all of it. */
#include "support/test.h"

#include "core/memory.h"
#include "core/stream.h"
#include "measure/entry_distance.h"
#include "measure/weight_change.h"
#include "measure/weight_summary.h"
#include "support/alloc_fail.h"

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* W1 of two samples of one size: mean distance of their order statistics. */
static double sample_distance(const float *a, const float *b, size_t n) {
  double *x[2] = {malloc(n * sizeof(double)), malloc(n * sizeof(double))}, sum = 0;
  for (size_t i = 0; i < n; i++) x[0][i] = (double)a[i], x[1][i] = (double)b[i];
  for (size_t s = 0; s < 2; s++) qsort(x[s], n, sizeof(double), ascending);
  for (size_t i = 0; i < n; i++) sum += fabs(x[0][i] - x[1][i]);
  for (size_t s = 0; s < 2; s++) free(x[s]);
  return sum / (double)n;
}

static void draw(float *out, size_t n, uint32_t which, double scale) {
  wlaw_stream stream = wlaw_stream_start(20260101, STREAM_TEST, which, 0);
  double *normals = malloc(n * sizeof *normals);
  wlaw_stream_normals(&stream, normals, n);
  for (size_t i = 0; i < n; i++) out[i] = (float)(scale * normals[i]);
  free(normals);
}

/* Checks all but the distance by plain loops. Tolerances: n roundings of 2^-53 each in sums of positive terms; the
 * product's terms have both signs, so its error is measured against the norms. */
static void check_against_loops(const weight_change *got, const float *a, const float *b, size_t rows, size_t cols) {
  long double aa = 0, bb = 0, ab = 0, dd = 0;
  double largest = 0;
  size_t at = 0, dead_rows = 0, dead_columns = 0;
  for (size_t i = 0; i < rows * cols; i++) {
    const double x = (double)a[i], y = (double)b[i];
    aa += (long double)x * x, bb += (long double)y * y, ab += (long double)x * y, dd += (long double)(y - x) * (y - x);
    if (fabs(y - x) > fabs(largest)) largest = y - x, at = i;
  }
  for (size_t r = 0; r < rows; r++) {
    size_t alive[2] = {0, 0};
    for (size_t c = 0; c < cols; c++) {
      alive[0] += fabsf(a[r * cols + c]) >= 1e-12f;
      alive[1] += fabsf(b[r * cols + c]) >= 1e-12f;
    }
    dead_rows += alive[0] && !alive[1];
  }
  for (size_t c = 0; c < cols; c++) {
    size_t alive[2] = {0, 0};
    for (size_t r = 0; r < rows; r++) {
      alive[0] += fabsf(a[r * cols + c]) >= 1e-12f;
      alive[1] += fabsf(b[r * cols + c]) >= 1e-12f;
    }
    dead_columns += alive[0] && !alive[1];
  }
  const double tolerance = (double)(rows * cols) * 0x1p-53;
  check_near(got->norm_a, sqrt((double)aa), tolerance * got->norm_a);
  check_near(got->norm_b, sqrt((double)bb), tolerance * got->norm_b);
  check_near(got->norm, sqrt((double)dd), tolerance * got->norm);
  check_near(got->relative, sqrt((double)(dd / aa)), 2 * tolerance * got->relative);
  check_near(got->cosine, (double)(ab / sqrtl(aa * bb)), 3 * tolerance);
  check_near(got->largest.value, largest, 0);
  assert_int_equal(got->largest.row, at / cols);
  assert_int_equal(got->largest.column, at % cols);
  assert_int_equal(got->new_dead_rows, dead_rows);
  assert_int_equal(got->new_dead_columns, dead_columns);
  assert_int_equal(got->new_nonfinite, 0);
  assert_false(got->identical);
}

static weight_change change_of(const float *a, const float *b, size_t rows, size_t cols, unsigned threads) {
  weight_source sources[2];
  weight_change change;
  wlaw_error *err = wlaw_error_new();
  wlaw_source_memory(&sources[0], a, WLAW_F32, rows, cols);
  wlaw_source_memory(&sources[1], b, WLAW_F32, rows, cols);
  check_ok(wlaw_weight_change(&change, &sources[0], &sources[1], threads, NULL, err));
  wlaw_error_free(err);
  return change;
}

/* Shapes of one block, of many blocks in a group, of rows longer than a block; below and above the size that is sorted.
 */
static void agrees_with_plain_loops(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {7, 5}, {300, 513}, {1500, 800}, {3, 400000}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t rows = shapes[s][0], cols = shapes[s][1], n = rows * cols;
    float *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    draw(a, n, 1, 1.0);
    draw(b, n, 2, .1);
    for (size_t i = 0; i < n; i++) b[i] = a[i] + b[i];
    if (rows > 2 && cols > 4) {
      for (size_t c = 0; c < cols; c++) b[cols + c] = c % 2 ? 1e-13f : 0.0f; /* dies */
      for (size_t r = 0; r < rows; r++) b[r * cols + 4] = 0.0f;
      for (size_t c = 0; c < cols; c++) a[2 * cols + c] = 0.0f; /* was dead, wakes */
    }
    const weight_change one = change_of(a, b, rows, cols, 1), three = change_of(a, b, rows, cols, 3);
    assert_memory_equal(&one, &three, sizeof one);
    check_against_loops(&one, a, b, rows, cols);
    /* sorted: exact. Cells: a weight is off by a share of its cell, at most 2^-7 of it, and signs cancel */
    const double want = sample_distance(a, b, n);
    assert_int_equal(one.exact, n < SUMMARY_SORT_BELOW);
    check_near(one.wasserstein, want, one.exact ? 1e-13 : .02 * want);
    free(a);
    free(b);
  }
}

/* The other side may have another type, and come in pieces. */
static wlaw_status read_floats(const weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                               uint64_t n_cols, void *out, wlaw_error *err) {
  (void)err;
  const float *values = source->context;
  for (uint64_t r = 0; r < n_rows; r++)
    memcpy((float *)out + r * n_cols, values + (row + r) * source->cols + column, (size_t)n_cols * sizeof(float));
  return WLAW_OK;
}

static void types_may_differ(void **state) {
  (void)state;
  enum { ROWS = 1100, COLS = 1000, N = ROWS * COLS };
  wlaw_error *err = wlaw_error_new();
  float *a = malloc(N * sizeof *a), *rounded = malloc(N * sizeof *rounded);
  uint16_t *bf16 = malloc(N * sizeof *bf16);
  draw(a, N, 3, .02);
  for (size_t i = 0; i < N; i++) {
    uint32_t bits;
    memcpy(&bits, &a[i], sizeof bits);
    bits &= 0xFFFF0000u; /* towards 0 */
    bf16[i] = (uint16_t)(bits >> 16);
    memcpy(&rounded[i], &bits, sizeof bits);
  }
  weight_source f32 = {.rows = ROWS, .cols = COLS, .dtype = WLAW_F32, .read = read_floats, .context = a}, half;
  wlaw_source_memory(&half, bf16, WLAW_BF16, ROWS, COLS);
  for (int turn = 0; turn < 2; turn++) {
    weight_change got;
    check_ok(wlaw_weight_change(&got, turn ? &half : &f32, turn ? &f32 : &half, 2, NULL, err));
    check_against_loops(&got, turn ? rounded : a, turn ? a : rounded, ROWS, COLS);
    /* each weight moves to the end of its own cell: here what is kept of cells is their mean alone, as even spreading
     */
    check_near(got.wasserstein, sample_distance(a, rounded, N), .02 * got.wasserstein);
  }
  free(a);
  free(rounded);
  free(bf16);
  wlaw_error_free(err);
}

static void what_is_not_finite_is_set_aside(void **state) {
  (void)state;
  const float a[] = {1, 2, NAN, 4, INFINITY, 0}, b[] = {1, NAN, NAN, 5, INFINITY, 0},
              c[] = {1, 2, NAN, 4, INFINITY, -0.0f};
  weight_change got = change_of(a, b, 2, 3, 1);
  assert_int_equal(got.new_nonfinite, 1);
  assert_false(got.identical);
  check_near(got.norm_a, sqrt(17.0), 1e-15);
  check_near(got.norm, 1.0, 0);
  assert_int_equal(got.largest.row, 1);
  assert_int_equal(got.largest.column, 0);
  assert_int_equal(got.new_dead_rows + got.new_dead_columns, 0);
  /* quantiles: 0 to 1/4 against 0; to 1/3 1 against 0; to 1/2 1 : 1; to 2/3 2 : 1; to 3/4 2 : 5; to 1 4 : 5 */
  check_near(got.wasserstein, 1.0 / 12 + 0 + 1.0 / 6 + 3.0 / 12 + 1.0 / 4, 1e-15);
  got = change_of(a, c, 2, 3, 1);
  assert_true(got.identical);
  check_near(got.wasserstein, 0, 0);
  check_near(got.cosine, 1, 1e-15);
  const float zero[6] = {0};
  got = change_of(zero, a, 2, 3, 1);
  assert_true(isnan(got.relative) && isnan(got.cosine));
  const float gone[] = {NAN, NAN, NAN, NAN, NAN, NAN};
  got = change_of(a, gone, 2, 3, 1);
  assert_true(isnan(got.wasserstein));
  assert_int_equal(got.new_nonfinite, 4);
  assert_int_equal(got.new_dead_rows, 0);
}

static void shapes_must_agree(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const float a[6] = {0};
  weight_source x, y;
  weight_change change;
  wlaw_source_memory(&x, a, WLAW_F32, 2, 3);
  wlaw_source_memory(&y, a, WLAW_F32, 3, 2);
  check_status(wlaw_weight_change(&change, &x, &y, 1, NULL, err), WLAW_SHAPE);
  wlaw_error_free(err);
}

/* Cells with a width: U(0, 1) in one cell, U(0, 2) in two, and both moved by 1/2; W1 in closed form. */
static void wide_cells_lie_evenly(void **state) {
  (void)state;
  double zero[] = {0, 1}, one[] = {1, 1}, middle[] = {.5, 1.5}, moved[] = {.5, 1};
  uint64_t counts[] = {30, 30};
  const entry_cells narrow = {.n = 1, .value = middle, .low = zero, .width = one, .count = counts, .total = 30};
  const entry_cells wide = {.n = 2, .value = middle, .low = zero, .width = one, .count = counts, .total = 60};
  const entry_cells later = {.n = 1, .value = (double[]){1}, .low = moved, .width = one, .count = counts, .total = 30};
  check_near(wlaw_cells_wasserstein(&narrow, 0, &wide, 0), .5, 1e-15);
  check_near(wlaw_cells_wasserstein(&narrow, 0, &later, 0), .5, 1e-15);
  /* half of the mass at 0: the rest of quantile u lies at 2 u - 1 against u; |u - 2 u + 1| above 1/2, u below */
  check_near(wlaw_cells_wasserstein(&narrow, 0, &narrow, 30), .25, 1e-15);
  /* quantiles that cross: 2 u against u + 1/2 */
  check_near(wlaw_cells_wasserstein(&wide, 0, &later, 0), .25, 1e-15);
  /* that cross inside a piece, off its middle: 2 u against u + 1/4 */
  double two[] = {2}, quarter[] = {.25};
  const entry_cells twice = {.n = 1, .value = one, .low = zero, .width = two, .count = counts, .total = 30};
  const entry_cells soon = {.n = 1, .value = moved, .low = quarter, .width = one, .count = counts, .total = 30};
  check_near(wlaw_cells_wasserstein(&twice, 0, &soon, 0), (.25 * .25 + .75 * .75) / 2, 1e-15);
  const entry_cells none = {0};
  assert_true(isnan(wlaw_cells_wasserstein(&none, 0, &narrow, 0)));
  check_near(wlaw_cells_wasserstein(&none, 3, &narrow, 0), .5, 1e-15);
}

static wlaw_status measure(void *context, wlaw_error *err) {
  weight_source x, y;
  weight_change change;
  const size_t *shape = context;
  wlaw_source_memory(&x, shape + 2, WLAW_BF16, shape[0], shape[1]);
  y = x;
  return wlaw_weight_change(&change, &x, &y, 1, NULL, err);
}

static void memory_may_run_out(void **state) {
  (void)state;
  const size_t n = SUMMARY_SORT_BELOW;
  size_t *context = calloc(1, 2 * sizeof *context + n * 2);
  context[0] = 4;
  context[1] = 5;
  alloc_fail_each(measure, context);
  context[0] = n / 64;
  context[1] = 64;
  alloc_fail_each(measure, context);
  free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_plain_loops),         cmocka_unit_test(types_may_differ),
      cmocka_unit_test(what_is_not_finite_is_set_aside), cmocka_unit_test(shapes_must_agree),
      cmocka_unit_test(wide_cells_lie_evenly),           cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
