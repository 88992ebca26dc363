/* Balanced matrices and influence sums against loops over the weights. */
#include "core/cpu.h"
#include "measure/weight_summary.h"
#include "measure/weights.h"

static wlaw_error *err;

typedef struct matrix {
  size_t rows, cols;
  wlaw_dtype dtype;
  void *bytes;
  double *x;
  weight_source source;
  weight_summary summary;
} matrix;

static matrix make(size_t rows, size_t cols, wlaw_dtype dtype, weight_mix mix) {
  matrix m = {.rows = rows, .cols = cols, .dtype = dtype};
  m.bytes = calloc(rows * cols + 1, sizeof(double));
  m.x = calloc(rows * cols + 1, sizeof(double));
  assert_true(m.bytes && m.x);
  draw_weights(m.bytes, m.x, dtype, mix, rows, cols, 31);
  wlaw_source_memory(&m.source, m.bytes, dtype, rows, cols);
  check_ok(wlaw_weight_summary(&m.summary, &m.source, 2, NULL, err));
  return m;
}

static void discard(matrix *m) {
  wlaw_weight_summary_free(&m->summary);
  free(m->bytes);
  free(m->x);
}

/* Balanced magnitudes other than 0 by the definition, ascending. */
static size_t by_definition(double *out, const matrix *m, const weight_balance *balance) {
  size_t kept = 0;
  for (size_t i = 0; i < m->rows * m->cols; i++) {
    const double r = balance->rows ? balance->rows[i / m->cols] : 1.0;
    const double c = balance->columns ? balance->columns[i % m->cols] : 1.0;
    if (!isfinite(m->x[i]) || m->x[i] == 0.0 || r == 0.0 || c == 0.0) continue;
    const double balanced = fabs(m->x[i]) / r / c;
    if (balanced > 1e-300) out[kept++] = balanced; /* 1e-320 may underflow */
  }
  qsort(out, kept, sizeof *out, compare_doubles);
  return kept;
}

/* Each of two divisions and multiplications by an inverse rounds: 8 * 2^-53. Counted ones are rounded to f32. */
static void check_cells(const matrix *m, const weight_balance *balance, unsigned threads) {
  double *want = calloc(m->rows * m->cols + 1, sizeof *want);
  assert_non_null(want);
  const size_t n = by_definition(want, m, balance);
  entry_cells cells;
  check_ok(wlaw_balanced_cells(&cells, &m->source, balance, threads, NULL, err));
  size_t at = 0, first = 0;
  for (; first < cells.n && cells.value[first] <= 1e-300; first++) cells.total -= cells.count[first];
  assert_int_equal(cells.total, n);
  for (size_t k = first; k < cells.n; k++) {
    long double sum = 0.0L;
    const bool counted = m->rows * m->cols >= SUMMARY_SORT_BELOW;
    if (!counted) assert_true(cells.width[k] == 0.0);
    for (size_t i = 0; i < cells.count[k]; i++) sum += want[at++];
    /* near a cell's border one weight may be rounded into the next: by less than the cell's width over its count */
    const double tolerance = counted ? (1e-7 + 0x1p-6 / (double)cells.count[k]) : 8 * 0x1p-53;
    const double mean = (double)(sum / (long double)cells.count[k]);
    check_near(cells.value[k], mean, tolerance * mean);
  }
  wlaw_cells_free(&cells);
  free(want);
}

static bool is_dead(const matrix *m, size_t first, size_t n, size_t step) {
  double largest = 0.0;
  for (size_t k = 0; k < n; k++)
    if (isfinite(m->x[first + k * step])) largest = fmax(largest, fabs(m->x[first + k * step]));
  return largest < 1e-12;
}

/* Mean square of a balanced row (column), over the columns (rows) that live where both are balanced. */
static double mean_square(const matrix *m, const weight_balance *b, bool column, size_t which) {
  const size_t n = column ? m->rows : m->cols, step = column ? m->cols : 1, first = column ? which : which * m->cols;
  const double *other = column ? b->rows : b->columns, own = column ? b->columns[which] : b->rows[which];
  double alive = 0.0, sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    const double w = m->x[first + k * step], by = other ? other[k] : 1.0;
    if (by == 0.0) continue;
    alive += 1.0;
    if (isfinite(w)) sum += w * w / (by * by) / (own * own);
  }
  return sum / alive;
}

static void check_dead(const matrix *m, const weight_balance *b) {
  for (size_t r = 0; b->rows && r < m->rows; r++)
    assert_true(is_dead(m, r * m->cols, m->cols, 1) == (b->rows[r] == 0.0));
  for (size_t c = 0; b->columns && c < m->cols; c++)
    assert_true(is_dead(m, c, m->rows, m->cols) == (b->columns[c] == 0.0));
}

static void check_balance(const matrix *m, const weight_balance *b, double tolerance) {
  for (size_t r = 0; b->rows && r < m->rows; r++)
    if (b->rows[r] > 0.0) check_near(mean_square(m, b, false, r), 1.0, tolerance);
  for (size_t c = 0; b->columns && c < m->cols; c++)
    if (b->columns[c] > 0.0) check_near(mean_square(m, b, true, c), 1.0, tolerance);
}

static void balances(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 40}, {40, 1}, {60, 37}, {70, 900}, {4, 140000}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++)
      for (int health = 0; health < 2; health++)
        for (balance_kind kind = BALANCE_ROWS; kind <= BALANCE_BOTH; kind++) {
          if (shapes[s][1] > 100000 && weight_types[t] != WLAW_F32) continue; /* rows in pieces: once is enough */
          matrix m = make(shapes[s][0], shapes[s][1], weight_types[t], health ? MIX_HEALTH : MIX_NORMAL);
          weight_balance b;
          check_ok(wlaw_balance(&b, kind, &m.source, &m.summary, 2, NULL, err));
          assert_true(b.rounds <= BALANCE_ROUNDS && (kind == BALANCE_BOTH ? b.rounds > 0 : b.rounds == 0));
          /* dense ones converge; the change of a scale is half that of its square, in rows and in columns */
          if (!health) assert_true(b.converged);
          assert_true((b.rows != NULL) == (kind != BALANCE_COLUMNS));
          assert_true((b.columns != NULL) == (kind != BALANCE_ROWS));
          check_dead(&m, &b);
          if (b.converged) check_balance(&m, &b, kind == BALANCE_BOTH ? 8e-6 : 1e-12);
          else assert_true(b.change > 1e-6);
          check_cells(&m, &b, 2);
          wlaw_balance_free(&b);
          discard(&m);
        }
}

/* Above the size that is sorted; a product of row and column scales is found again in one round and one more. */
static void large_and_separable(void **state) {
  (void)state;
  const size_t rows = 1200, cols = 1000;
  for (size_t t = 0; t < WEIGHT_TYPES; t++) {
    matrix m = make(rows, cols, weight_types[t], MIX_NORMAL);
    weight_balance b, same;
    check_ok(wlaw_balance(&b, BALANCE_BOTH, &m.source, &m.summary, 1, NULL, err));
    check_ok(wlaw_balance(&same, BALANCE_BOTH, &m.source, &m.summary, 7, NULL, err));
    assert_int_equal(b.rounds, same.rounds);
    assert_memory_equal(b.rows, same.rows, rows * sizeof *b.rows);
    assert_memory_equal(b.columns, same.columns, cols * sizeof *b.columns);
    check_balance(&m, &b, 8e-6);
    check_cells(&m, &b, 1);
    check_cells(&m, &b, 7);
    wlaw_balance_free(&b);
    wlaw_balance_free(&same);
    discard(&m);
  }
  const size_t small = 50;
  matrix m = make(small, small, WLAW_F64, MIX_NORMAL);
  for (size_t i = 0; i < small * small; i++)
    m.x[i] = (double)(1 + i / small) * (double)(1 + i % small * (i % small)) * (i % 3 ? 1.0 : -1.0);
  wlaw_weight_summary_free(&m.summary);
  wlaw_source_memory(&m.source, m.x, WLAW_F64, small, small);
  check_ok(wlaw_weight_summary(&m.summary, &m.source, 1, NULL, err));
  weight_balance b;
  check_ok(wlaw_balance(&b, BALANCE_BOTH, &m.source, &m.summary, 1, NULL, err));
  assert_true(b.converged && b.rounds == 2);
  entry_cells cells;
  check_ok(wlaw_balanced_cells(&cells, &m.source, &b, 1, NULL, err));
  check_near(cells.value[0], 1.0, 1e-14);
  check_near(cells.value[cells.n - 1], 1.0, 1e-14);
  wlaw_cells_free(&cells);
  wlaw_balance_free(&b);
  discard(&m);
}

/* A permutation's support with a corner: no fixed point, said so after the most rounds. */
static void says_where_there_is_no_fixed_point(void **state) {
  (void)state;
  static const double triangle[] = {1.0, 0.0, 1.0, 1.0};
  weight_source source;
  weight_summary summary;
  weight_balance b;
  wlaw_source_memory(&source, triangle, WLAW_F64, 2, 2);
  check_ok(wlaw_weight_summary(&summary, &source, 1, NULL, err));
  check_ok(wlaw_balance(&b, BALANCE_BOTH, &source, &summary, 1, NULL, err));
  assert_true(!b.converged && b.rounds == BALANCE_ROUNDS && b.change > 1e-6);
  wlaw_balance_free(&b);
  wlaw_weight_summary_free(&summary);
}

static void influence(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 900}, {900, 1}, {61, 1100}, {1300, 70}, {3, 300000}};
  float *functions[INFLUENCE_MOST];
  for (size_t f = 0; f < INFLUENCE_MOST; f++) {
    functions[f] = calloc(ENTRY_KEYS, sizeof **functions);
    assert_non_null(functions[f]);
    for (size_t key = 0; key < ENTRY_KEYS; key++) functions[f][key] = (float)sin((double)(key * (f + 1)) + 1.0);
  }
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (size_t t = 0; t < WEIGHT_TYPES; t++)
      for (size_t n = 1; n <= INFLUENCE_MOST; n += 3) {
        if (shapes[s][1] > 100000 && (n > 1 || weight_types[t] == WLAW_BF16)) continue;
        matrix m = make(shapes[s][0], shapes[s][1], weight_types[t], MIX_HEALTH);
        double rows[INFLUENCE_MOST], columns[INFLUENCE_MOST], again[2][INFLUENCE_MOST];
        const float *const *list = (const float *const *)functions;
        check_ok(wlaw_influence_sums(rows, columns, &m.source, list, n, 1, NULL, err));
        check_ok(wlaw_influence_sums(again[0], again[1], &m.source, list, n, 7, NULL, err));
        assert_memory_equal(rows, again[0], sizeof rows);
        assert_memory_equal(columns, again[1], sizeof columns);
        const entry_key_kind kind = wlaw_source_key_kind(&m.source);
        for (size_t f = 0; f < n; f++) {
          long double want_rows = 0, want_columns = 0, *sums = calloc(m.cols, sizeof *sums);
          assert_non_null(sums);
          for (size_t r = 0; r < m.rows; r++) {
            long double sum = 0;
            for (size_t c = 0; c < m.cols; c++) {
              const double w = counted_weight(m.x[r * m.cols + c], m.dtype);
              const unsigned key = isfinite(w) ? wlaw_entry_key(kind, fabs(w)) : 0;
              const double value = key ? functions[f][key] : 0.0;
              sum += value;
              sums[c] += value;
            }
            want_rows += sum * sum;
          }
          for (size_t c = 0; c < m.cols; c++) want_columns += sums[c] * sums[c];
          /* sums of n terms of at most 1: n^2 2^-53 in a row's square */
          const double many = (double)(m.rows * m.cols), longest = (double)(m.rows > m.cols ? m.rows : m.cols);
          check_near(rows[f], (double)want_rows, 1e-15 * many * longest);
          check_near(columns[f], (double)want_columns, 1e-15 * many * longest);
          free(sums);
        }
        discard(&m);
      }
  for (size_t f = 0; f < INFLUENCE_MOST; f++) free(functions[f]);
}

int main(void) {
  err = wlaw_error_new();
  const struct CMUnitTest tests[] = {cmocka_unit_test(balances), cmocka_unit_test(large_and_separable),
                                     cmocka_unit_test(says_where_there_is_no_fixed_point), cmocka_unit_test(influence)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  wlaw_error_free(err);
  return failed;
}
