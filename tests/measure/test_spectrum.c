/* Spectra against a singular value decomposition by one-sided Jacobi rotations in long double, and against closed
 * forms; what is not finite, too large, without rank, or refused. */
#include "support/test.h"

#include <float.h>

#include "core/stream.h"
#include "measure/lanczos.h"
#include "measure/spectrum.h"
#include "support/alloc_fail.h"

static weight_source in_memory(const void *values, wlaw_dtype dtype, uint64_t rows, uint64_t cols) {
  weight_source source;
  wlaw_source_memory(&source, values, dtype, rows, cols);
  return source;
}

static double *normals(size_t n, uint32_t major) {
  double *values = malloc(n * sizeof *values);
  assert_non_null(values);
  wlaw_stream stream = wlaw_stream_start(31, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, values, n);
  return values;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Squared singular values, ascending: columns are rotated until they are orthogonal (Hestenes 1958). */
static void jacobi(double *out, const double *w, size_t rows, size_t cols) {
  const bool tall = rows >= cols;
  const size_t m = tall ? rows : cols, n = tall ? cols : rows;
  long double *a = malloc(m * n * sizeof *a);
  assert_non_null(a);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < m; i++) a[k * m + i] = tall ? w[i * cols + k] : w[k * cols + i];
  for (int sweep = 0; sweep < 30; sweep++)
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++) {
        long double pp = 0, qq = 0, pq = 0;
        for (size_t i = 0; i < m; i++) {
          pp += a[p * m + i] * a[p * m + i];
          qq += a[q * m + i] * a[q * m + i];
          pq += a[p * m + i] * a[q * m + i];
        }
        if (pq * pq <= 1e-36L * pp * qq) continue;
        const long double zeta = (qq - pp) / (2 * pq), t = copysignl(1, zeta) / (fabsl(zeta) + sqrtl(1 + zeta * zeta)),
                          c = 1 / sqrtl(1 + t * t);
        for (size_t i = 0; i < m; i++) {
          const long double x = a[p * m + i], y = a[q * m + i];
          a[p * m + i] = c * x - c * t * y;
          a[q * m + i] = c * t * x + c * y;
        }
      }
  for (size_t k = 0; k < n; k++) {
    long double square = 0;
    for (size_t i = 0; i < m; i++) square += a[k * m + i] * a[k * m + i];
    out[k] = (double)square;
  }
  free(a);
  qsort(out, n, sizeof *out, compare);
}

static void against_jacobi(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 3}, {12, 12}, {20, 33}, {40, 17}, {64, 63}};
  wlaw_error *err = wlaw_error_new();
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int single = 0; single < 2; single++) {
      const size_t rows = shapes[s][0], cols = shapes[s][1], n = rows < cols ? rows : cols;
      double *w = normals(rows * cols, (uint32_t)s), want[64];
      long double trace = 0;
      float *narrow = malloc(rows * cols * sizeof *narrow);
      assert_non_null(narrow);
      for (size_t i = 0; i < rows * cols; i++) {
        narrow[i] = (float)w[i];
        if (single) w[i] = (double)narrow[i];
        trace += (long double)w[i] * w[i];
      }
      jacobi(want, w, rows, cols);
      const weight_source source =
          single ? in_memory(narrow, WLAW_F32, rows, cols) : in_memory(w, WLAW_F64, rows, cols);
      weight_spectrum spectrum;
      check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err));
      assert_int_equal(spectrum.n, n);
      assert_false(spectrum.approximate);
      assert_null(spectrum.weights);
      check_near(spectrum.trace, (double)trace, 10 * DBL_EPSILON * (double)trace);
      /* rounding of the product and of the solver: some eps times the largest (observed: below 4) */
      for (size_t k = 0; k < n; k++) check_near(spectrum.eigenvalues[k], want[k], 10 * DBL_EPSILON * want[n - 1]);
      wlaw_weight_spectrum_free(&spectrum);
      free(narrow);
      free(w);
    }
  wlaw_error_free(err);
}

/* w_ij = u_i v_j + (i == j): through read, long sides of several blocks. Its product on the short side is known. */
typedef struct pattern {
  double scale;
  uint64_t odd_row, odd_column; /* where one weight is infinite; UINT64_MAX: nowhere */
} pattern;

static double pattern_value(const pattern *p, uint64_t row, uint64_t column) {
  if (row == p->odd_row && column == p->odd_column) return (double)INFINITY;
  return p->scale * (1.0 + (double)(row % 3) + (double)(column % 2) + (row == column ? 7.0 : 0.0));
}

static wlaw_status read_pattern(const weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                                uint64_t n_cols, void *out, wlaw_error *err) {
  (void)err;
  float *values = out;
  for (uint64_t r = 0; r < n_rows; r++)
    for (uint64_t c = 0; c < n_cols; c++)
      values[r * n_cols + c] = (float)pattern_value(source->context, row + r, column + c);
  return WLAW_OK;
}

static void long_sides(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { SHORT = 3, LONG = 1500000 }; /* more than one block of 2^22 doubles */
  for (int tall = 0; tall < 2; tall++) {
    pattern p = {.scale = 0.5, .odd_row = UINT64_MAX};
    const uint64_t rows = tall ? LONG : SHORT, cols = tall ? SHORT : LONG;
    const weight_source source = {.rows = rows, .cols = cols, .dtype = WLAW_F32, .read = read_pattern, .context = &p};
    long double product[SHORT][SHORT] = {{0}}, trace = 0, squares = 0, determinant;
    for (uint64_t k = 0; k < LONG; k++)
      for (uint64_t i = 0; i < SHORT; i++)
        for (uint64_t j = 0; j < SHORT; j++)
          product[i][j] += (long double)(tall ? pattern_value(&p, k, i) * pattern_value(&p, k, j)
                                              : pattern_value(&p, i, k) * pattern_value(&p, j, k));
    for (int i = 0; i < SHORT; i++) {
      trace += product[i][i];
      for (int j = 0; j < SHORT; j++) squares += product[i][j] * product[i][j];
    }
    const long double(*g)[SHORT] = (const long double(*)[SHORT])product;
    determinant = g[0][0] * (g[1][1] * g[2][2] - g[1][2] * g[2][1]) -
                  g[0][1] * (g[1][0] * g[2][2] - g[1][2] * g[2][0]) + g[0][2] * (g[1][0] * g[2][1] - g[1][1] * g[2][0]);
    weight_spectrum spectrum;
    check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err));
    const double *e = spectrum.eigenvalues, size = (double)trace;
    /* all sums are of multiples of 1/4 below 2^53: exact; the solver's eps of the largest remains */
    check_near(spectrum.trace, size, 0.0);
    check_near(e[0] + e[1] + e[2], size, 10 * DBL_EPSILON * size);
    check_near(e[0] * e[0] + e[1] * e[1] + e[2] * e[2], (double)squares, 20 * DBL_EPSILON * size * size);
    check_near(e[0] * e[1] * e[2], (double)determinant,
               20 * DBL_EPSILON * size * e[1] * e[2] + 1e-12 * (double)determinant);
    wlaw_weight_spectrum_free(&spectrum);
  }
  wlaw_error_free(err);
}

static void odd_weights_are_named(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  pattern p = {.scale = 1, .odd_row = 300, .odd_column = 41};
  const weight_source source = {.rows = 500, .cols = 60, .dtype = WLAW_F32, .read = read_pattern, .context = &p};
  weight_spectrum spectrum;
  check_status(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "row 300, column 41"));
  assert_null(spectrum.eigenvalues);
  double *w = normals(500, 1);
  w[203] = (double)NAN;
  const weight_source memory = in_memory(w, WLAW_F64, 10, 50);
  wlaw_error_clear(err);
  check_status(wlaw_weight_spectrum(&spectrum, &memory, 1, 1, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "row 4, column 3"));
  double largest;
  wlaw_error_clear(err);
  check_status(wlaw_spectrum_null(&largest, &memory, 1, 1, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "row 4, column 3"));
  /* eigenvalues that no double holds: neither infinite nor taken for 0 */
  for (size_t i = 0; i < 500; i++) w[i] = 1e200;
  wlaw_error_clear(err);
  check_status(wlaw_weight_spectrum(&spectrum, &memory, 1, 1, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "so large"));
  for (size_t i = 0; i < 500; i++) w[i] = 1e-200 * (double)(i % 7 + 1);
  wlaw_error_clear(err);
  check_status(wlaw_weight_spectrum(&spectrum, &memory, 1, 1, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "so small"));
  assert_null(spectrum.eigenvalues);
  free(w);
  wlaw_error_free(err);
}

/* Powers of two change nothing but the exponent, also where squares would overflow or vanish. */
static void scales(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { ROWS = 30, COLS = 20 };
  static const int powers[] = {-500, -50, 40, 480};
  double *w = normals(ROWS * COLS, 2), *scaled = malloc(ROWS * COLS * sizeof *scaled);
  assert_non_null(scaled);
  weight_spectrum plain, other;
  const weight_source source = in_memory(w, WLAW_F64, ROWS, COLS), again = in_memory(scaled, WLAW_F64, ROWS, COLS);
  check_ok(wlaw_weight_spectrum(&plain, &source, 1, 1, NULL, err));
  for (size_t k = 0; k < sizeof powers / sizeof *powers; k++) {
    for (size_t i = 0; i < ROWS * COLS; i++) scaled[i] = ldexp(w[i], powers[k]);
    check_ok(wlaw_weight_spectrum(&other, &again, 1, 1, NULL, err));
    for (size_t i = 0; i < COLS; i++) assert_true(other.eigenvalues[i] == ldexp(plain.eigenvalues[i], 2 * powers[k]));
    wlaw_weight_spectrum_free(&other);
  }
  wlaw_weight_spectrum_free(&plain);
  free(w);
  free(scaled);
  wlaw_error_free(err);
}

static void without_rank(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { ROWS = 60, COLS = 45, RANK = 7 };
  double *left = normals(ROWS * RANK, 3), *right = normals(RANK * COLS, 4), *w = calloc(ROWS * COLS, sizeof *w);
  assert_non_null(w);
  const weight_source source = in_memory(w, WLAW_F64, ROWS, COLS);
  weight_spectrum spectrum;
  spectrum_measures measures;
  check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err)); /* all 0 */
  for (size_t i = 0; i < COLS; i++) assert_true(spectrum.eigenvalues[i] == 0.0);
  wlaw_spectrum_measures(&measures, &spectrum, 2.0, 1.0);
  assert_true(measures.spectral_norm == 0.0 && measures.frobenius_norm == 0.0);
  assert_true(isnan(measures.stable_rank) && isnan(measures.entropy) && isnan(measures.log_norm));
  wlaw_weight_spectrum_free(&spectrum);
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < COLS; j++)
      for (size_t r = 0; r < RANK; r++) w[i * COLS + j] += left[i * RANK + r] * right[r * COLS + j];
  check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err));
  for (size_t i = 0; i < COLS; i++) assert_true((spectrum.eigenvalues[i] > 0.0) == (i >= COLS - RANK));
  wlaw_weight_spectrum_free(&spectrum);
  const weight_source empty = in_memory(w, WLAW_F64, 0, COLS);
  check_ok(wlaw_weight_spectrum(&spectrum, &empty, 1, 2, NULL, err));
  assert_int_equal(spectrum.n, 0);
  wlaw_weight_spectrum_free(&spectrum);
  free(left);
  free(right);
  free(w);
  wlaw_error_free(err);
}

static void threads_change_nothing(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { ROWS = 700, COLS = 600 };
  double *w = normals(ROWS * COLS, 5);
  const weight_source source = in_memory(w, WLAW_F64, ROWS, COLS);
  weight_spectrum one, many;
  double null_one, null_many;
  check_ok(wlaw_weight_spectrum(&one, &source, 1, 1, NULL, err));
  check_ok(wlaw_weight_spectrum(&many, &source, 2, 5, NULL, err));
  assert_memory_equal(one.eigenvalues, many.eigenvalues, COLS * sizeof(double));
  check_ok(wlaw_spectrum_null(&null_one, &source, 9, 1, NULL, err));
  check_ok(wlaw_spectrum_null(&null_many, &source, 9, 5, NULL, err));
  assert_memory_equal(&null_one, &null_many, sizeof null_one);
  check_ok(wlaw_spectrum_null(&null_many, &source, 10, 5, NULL, err));
  assert_true(null_one != null_many);
  /* independent entries have no order to lose: the edge moves by its own scatter, n^(-2/3) of itself, only */
  check_near(null_one / one.eigenvalues[COLS - 1], 1.0, 0.05);
  wlaw_weight_spectrum_free(&one);
  wlaw_weight_spectrum_free(&many);
  free(w);
  wlaw_error_free(err);
}

/* From all steps, Ritz values are the eigenvalues and the quadrature of 1 and x is exact. */
static void lanczos_to_the_end(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const size_t shapes[][2] = {{300, 40}, {40, 300}, {25, 25}};
  for (size_t s = 0; s < 3; s++) {
    const size_t rows = shapes[s][0], cols = shapes[s][1], n = rows < cols ? rows : cols;
    double *w = normals(rows * cols, 6), total = 0;
    const weight_source source = in_memory(w, WLAW_F64, rows, cols);
    weight_spectrum spectrum;
    check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err));
    const double largest = spectrum.eigenvalues[n - 1];
    const lanczos_request all = {.starts = 3, .steps = n, .scale = 1, .seed = 4},
                          accurate = {.starts = 1, .steps = n, .tolerance = 1e-6, .scale = 1, .seed = 4};
    lanczos_values values;
    check_ok(wlaw_lanczos(&values, &source, &all, 2, NULL, err));
    assert_int_equal(values.n, 3 * n);
    for (size_t i = 0; i < values.n; i++) {
      check_near(values.value[i], spectrum.eigenvalues[i / 3], 1e-12 * largest); /* about n eps */
      total += values.weight[i];
    }
    check_near(total, 1.0, 1e-12);
    check_near(values.trace, spectrum.trace, 1e-13 * spectrum.trace);
    wlaw_lanczos_free(&values);
    check_ok(wlaw_lanczos(&values, &source, &accurate, 2, NULL, err));
    assert_true(values.passes < n || n < 30);
    assert_true(values.residual <= 1e-6 * largest);
    check_near(values.value[values.n - 1], largest, values.residual + 1e-13 * largest);
    wlaw_lanczos_free(&values);
    wlaw_weight_spectrum_free(&spectrum);
    free(w);
  }
  wlaw_error_free(err);
}

/* Few steps: the quadrature's moments are those of the spectrum within the scatter of random vectors. */
static void lanczos_moments(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { ROWS = 600, COLS = 400 };
  double *w = normals(ROWS * COLS, 7), first = 0, second = 0, want = 0;
  const weight_source source = in_memory(w, WLAW_F64, ROWS, COLS);
  weight_spectrum spectrum;
  check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 2, NULL, err));
  const lanczos_request request = {.starts = 8, .steps = 20, .scale = 1, .seed = 4};
  lanczos_values values;
  check_ok(wlaw_lanczos(&values, &source, &request, 2, NULL, err));
  for (size_t i = 0; i < values.n; i++) {
    first += values.weight[i] * values.value[i];
    second += values.weight[i] * values.value[i] * values.value[i];
  }
  for (size_t i = 0; i < COLS; i++) want += spectrum.eigenvalues[i] * spectrum.eigenvalues[i] / COLS;
  /* v'Av of v on the sphere: relative variance below 2 E lambda^2 / (n E(lambda)^2) < 2 * 5/3 / 400, over 8 starts:
   * sd .032; of the squares 2 E lambda^4 / (n (E lambda^2)^2): sd below .06. Four of each. */
  check_near(first * COLS / spectrum.trace, 1.0, 0.13);
  check_near(second / want, 1.0, 0.24);
  wlaw_lanczos_free(&values);
  wlaw_weight_spectrum_free(&spectrum);
  free(w);
  wlaw_error_free(err);
}

/* Beyond the exact solver: a matrix of one value, 16385 x 16390, has one eigenvalue, found in two passes. */
static wlaw_status read_constant(const weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                                 uint64_t n_cols, void *out, wlaw_error *err) {
  uint16_t *values = out;
  (void)source;
  (void)row;
  (void)column;
  (void)err;
  for (uint64_t i = 0; i < n_rows * n_cols; i++) values[i] = 0x3F00; /* bf16 0.5 */
  return WLAW_OK;
}

static void beyond_the_solver(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  skip(); /* half a gigabyte of weights, twice */
#endif
  wlaw_error *err = wlaw_error_new();
  const uint64_t rows = SPECTRUM_MOST + 1, cols = SPECTRUM_MOST + 6;
  const weight_source source = {.rows = rows, .cols = cols, .dtype = WLAW_BF16, .read = read_constant};
  weight_spectrum spectrum;
  spectrum_measures measures;
  const double want = 0.25 * (double)rows * (double)cols;
  check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 0, NULL, err));
  assert_true(spectrum.approximate);
  check_near(spectrum.trace, want, 1e-12 * want);
  check_near(spectrum.eigenvalues[spectrum.n - 1], want, 1e-12 * want);
  double total = 0;
  for (size_t i = 0; i < spectrum.n; i++) total += spectrum.weights[i];
  check_near(total, (double)rows, 1e-9 * (double)rows);
  wlaw_spectrum_measures(&measures, &spectrum, (double)NAN, (double)NAN);
  check_near(measures.stable_rank, 1.0, 1e-11);
  wlaw_weight_spectrum_free(&spectrum);
  double largest;
  check_ok(wlaw_spectrum_null(&largest, &source, 1, 1, NULL, err));
  assert_true(isnan(largest)); /* too many to shuffle */
  wlaw_error_free(err);
}

/* What the random order keeps: one value everywhere, or one weight that outweighs all. */
static void nulls(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { ROWS = 50, COLS = 80 };
  float w[ROWS * COLS];
  double largest;
  for (size_t i = 0; i < ROWS * COLS; i++) w[i] = 0.25f;
  const weight_source source = in_memory(w, WLAW_F32, ROWS, COLS);
  check_ok(wlaw_spectrum_null(&largest, &source, 3, 2, NULL, err));
  check_near(largest, 0.0625 * ROWS * COLS, 1e-10);
  for (size_t i = 0; i < ROWS * COLS; i++) w[i] = i == 1234 ? 1000.0f : 0.0f;
  check_ok(wlaw_spectrum_null(&largest, &source, 3, 2, NULL, err));
  check_near(largest, 1e6, 1e-6);
  /* a row of ones: of rank 1, with eigenvalue 80; scattered over the matrix, near 80/50 + 2 sqrt(80) / ... < 8 */
  for (size_t i = 0; i < ROWS * COLS; i++) w[i] = i < COLS ? 1.0f : 0.0f;
  check_ok(wlaw_spectrum_null(&largest, &source, 3, 2, NULL, err));
  assert_true(largest > 1.0 && largest < 10.0);
  wlaw_error_free(err);
}

static void measures_by_hand(void **state) {
  (void)state;
  double values[] = {1, 2, 5, 8}, counts[] = {1, 1, 1, 1};
  weight_spectrum spectrum = {.n = 4, .eigenvalues = values, .trace = 16};
  for (int weighted = 0; weighted < 2; weighted++) {
    spectrum_measures m;
    spectrum.weights = weighted ? counts : NULL;
    wlaw_spectrum_measures(&m, &spectrum, 3.0, 4.0);
    check_near(m.spectral_norm, sqrt(8), 1e-15);
    check_near(m.frobenius_norm, 4, 0);
    check_near(m.log_norm, log10(16), 1e-15);
    check_near(m.log_spectral_norm, log10(8), 1e-15);
    check_near(m.stable_rank, 2, 0);
    check_near(m.soft_rank, 0.5, 0);
    check_near(m.alpha_weighted, 3 * log10(8), 1e-15);
    check_near(m.log_alpha_norm, log10(1 + 8 + 125 + 512), 1e-14);
    const double h = -(log(1. / 16) / 16 + log(1. / 8) / 8 + 5 * log(5. / 16) / 16 + log(.5) / 2) / log(4);
    check_near(m.entropy, h, 1e-15);
  }
  spectrum_measures m;
  wlaw_spectrum_measures(&m, &spectrum, (double)NAN, (double)NAN);
  assert_true(isnan(m.soft_rank) && isnan(m.alpha_weighted) && isnan(m.log_alpha_norm) && !isnan(m.entropy));
}

static wlaw_status everything(void *context, wlaw_error *err) {
  const weight_source *source = context;
  weight_spectrum spectrum;
  double largest;
  wlaw_status status = wlaw_weight_spectrum(&spectrum, source, 1, 2, NULL, err);
  if (status != WLAW_OK) return status;
  wlaw_weight_spectrum_free(&spectrum);
  return wlaw_spectrum_null(&largest, source, 1, 1, NULL, err);
}

static void refused_memory(void **state) {
  (void)state;
  double *w = normals(400, 9);
  weight_source source = in_memory(w, WLAW_F64, 40, 10);
  alloc_fail_each(everything, &source);
  free(w);
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)user;
  (void)fraction;
  (void)what;
  return 1;
}

static void cancelled(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  double *w = normals(400, 9);
  const weight_source source = in_memory(w, WLAW_F64, 40, 10);
  wlaw_monitor monitor = {.call = stop_at_once};
  weight_spectrum spectrum;
  check_status(wlaw_weight_spectrum(&spectrum, &source, 1, 2, &monitor, err), WLAW_CANCELLED);
  assert_true(monitor.cancelled);
  free(w);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_jacobi),
                                     cmocka_unit_test(long_sides),
                                     cmocka_unit_test(odd_weights_are_named),
                                     cmocka_unit_test(scales),
                                     cmocka_unit_test(without_rank),
                                     cmocka_unit_test(threads_change_nothing),
                                     cmocka_unit_test(lanczos_to_the_end),
                                     cmocka_unit_test(lanczos_moments),
                                     cmocka_unit_test(beyond_the_solver),
                                     cmocka_unit_test(nulls),
                                     cmocka_unit_test(measures_by_hand),
                                     cmocka_unit_test(refused_memory),
                                     cmocka_unit_test(cancelled)};
  return cmocka_run_group_tests_name("measure.spectrum", tests, NULL, NULL);
}
