/* The statistics by their definitions, at every size, instruction set and pivot; merging, moving, removing. */
#include "core/error.h"
#include "core/stream.h"
#include "measure/moments.h"
#include "support/test.h"

static void sample(double *out, size_t n, double level, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(21, STREAM_TEST, major, (uint32_t)n);
  wlaw_stream_normals(&stream, out, n);
  for (size_t i = 0; i < n; i++) out[i] = level + out[i] + 0.3 * out[i] * out[i];
}

/* q from the formulas in long double; P2 and P3 as norms of what is left after the other components are taken off. */
static void square_by_definition(double *q, const double *M, size_t D, const double pivot[2]) {
  const long double n = (long double)D;
  long double *A = calloc(D * D, sizeof *A), *x = calloc(3 * D, sizeof *x), *y = x + D, *w = y + D, s = 0, t = 0;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      A[i * D + j] = (long double)M[i * D + j] - pivot[0] - (i == j ? pivot[1] : 0);
      x[j] += A[i * D + j];
      y[i] += A[i * D + j];
      s += A[i * D + j];
      t += i == j ? A[i * D + j] : 0;
    }
  const long double S1 = s / n, S2 = (t - s / n) / sqrtl(n - 1);
  long double gram[6] = {0}, even = 0, odd = 0;
  for (size_t i = 0; i < D; i++) {
    x[i] -= s / n;
    y[i] -= s / n;
    w[i] = A[i * D + i] - t / n - x[i] / n - y[i] / n; /* (z - x/D - y/D) */
    const long double v[3] = {x[i] / sqrtl(n), y[i] / sqrtl(n), D > 2 ? sqrtl(n / (n - 2)) * w[i] : 0};
    for (size_t a = 0, k = 0; a < 3; a++)
      for (size_t b = a; b < 3; b++, k++) gram[k] += v[a] * v[b];
  }
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      const long double wi = D > 2 ? n / (n - 2) * w[i] : 0, wj = D > 2 ? n / (n - 2) * w[j] : 0;
      A[i * D + j] -=
          S1 / n + S2 * ((i == j) - 1 / n) / sqrtl(n - 1) + (x[j] + y[i]) / n + (i == j ? wi : 0) - (wi + wj) / n;
    }
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      even += (A[i * D + j] + A[j * D + i]) * (A[i * D + j] + A[j * D + i]) / 4;
      odd += (A[i * D + j] - A[j * D + i]) * (A[i * D + j] - A[j * D + i]) / 4;
    }
  const long double all[MOMENTS_SQUARE] = {S1,      S2,      S1 * S1, S1 * S2, S2 * S2, gram[0], gram[1],
                                           gram[2], gram[3], gram[4], gram[5], even,    odd};
  for (size_t k = 0; k < MOMENTS_SQUARE; k++) q[k] = (double)all[k];
  free(A);
  free(x);
}

static void square_statistics(void **state) {
  (void)state;
  static const size_t sizes[] = {2, 3, 4, 5, 7, 8, 10, 31, 32, 33, 40, 64, 65, 96, 127};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
    for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++)
      for (int with_pivot = 0; with_pivot < 2; with_pivot++) {
        const size_t D = sizes[k], networks = D < 40 ? 11 : 2;
        double *M = malloc(networks * D * D * sizeof *M), q[11 * MOMENTS_SQUARE], want[MOMENTS_SQUARE];
        const double pivot[2] = {with_pivot ? 0.4 : 0, with_pivot ? -0.2 : 0};
        matrix_moments moments;
        sample(M, networks * D * D, 0.3, (uint32_t)D);
        wlaw_moments_start(&moments, D, D, pivot);
        assert_int_equal(wlaw_moments_measure(q, &moments, M, networks, (cpu_level)level, NULL), WLAW_OK);
        for (size_t i = 0; i < networks; i++) {
          square_by_definition(want, M + i * D * D, D, pivot);
          /* Sums of D^2 terms of order 1: rounding D eps each way, |M|^2 about 2 D^2; observed below 4e-15 D^2. */
          for (size_t a = 0; a < MOMENTS_SQUARE; a++)
            check_near(q[i * MOMENTS_SQUARE + a], want[a], 1e-14 * (double)(D * D));
        }
        free(M);
      }
}

static void rectangle_statistics(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {3, 5}, {5, 3}, {10, 17}, {33, 40}, {10, 784}, {784, 10}};
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
    for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++) {
      const size_t m = shapes[k][0], n = shapes[k][1], networks = 9;
      double *M = malloc(networks * m * n * sizeof *M), q[9 * MOMENTS_RECTANGLE];
      const double pivot[2] = {0.25, 7.0}; /* the second is for diagonals: not used */
      matrix_moments moments;
      sample(M, networks * m * n, 0.3, (uint32_t)(1000 + k));
      wlaw_moments_start(&moments, m, n, pivot);
      assert_int_equal(wlaw_moments_measure(q, &moments, M, networks, (cpu_level)level, NULL), WLAW_OK);
      for (size_t l = 0; l < networks; l++) {
        long double s = 0, rows = 0, columns = 0, all = 0;
        const double *A = M + l * m * n;
        for (size_t e = 0; e < m * n; e++) s += A[e] - 0.25L;
        for (size_t i = 0; i < m; i++) {
          long double r = 0;
          for (size_t j = 0; j < n; j++) r += A[i * n + j] - 0.25L;
          rows += (r - s / (long double)m) * (r - s / (long double)m) / (long double)n;
        }
        for (size_t j = 0; j < n; j++) {
          long double c = 0;
          for (size_t i = 0; i < m; i++) c += A[i * n + j] - 0.25L;
          columns += (c - s / (long double)n) * (c - s / (long double)n) / (long double)m;
        }
        for (size_t e = 0; e < m * n; e++) all += (A[e] - 0.25L) * (A[e] - 0.25L);
        const long double S = s / sqrtl((long double)(m * n));
        const long double want[] = {S, S * S, rows, columns, all - S * S - rows - columns};
        for (size_t a = 0; a < MOMENTS_RECTANGLE; a++)
          check_near(q[l * MOMENTS_RECTANGLE + a], (double)want[a], 1e-14 * (double)(m * n));
      }
      free(M);
    }
}

/* A matrix's numbers do not depend on which others it is measured with. */
static void place_does_not_matter(void **state) {
  (void)state;
  enum { D = 9, NETWORKS = 19 };
  double M[NETWORKS * D * D], together[NETWORKS * MOMENTS_SQUARE], alone[MOMENTS_SQUARE];
  matrix_moments moments;
  sample(M, NETWORKS * D * D, 0, 5);
  wlaw_moments_start(&moments, D, D, NULL);
  assert_int_equal(wlaw_moments_measure(together, &moments, M, NETWORKS, wlaw_cpu_level(), NULL), WLAW_OK);
  for (size_t k = 0; k < NETWORKS; k++) {
    assert_int_equal(wlaw_moments_measure(alone, &moments, M + k * D * D, 1, wlaw_cpu_level(), NULL), WLAW_OK);
    assert_memory_equal(alone, together + k * MOMENTS_SQUARE, sizeof alone);
  }
}

static void check_same(const matrix_moments *a, const matrix_moments *b, double relative) {
  assert_int_equal(a->count, b->count);
  for (size_t i = 0; i < a->length; i++) {
    const double si = sqrt(b->comoment[i][i] / (double)b->count) + fabs(b->mean[i]);
    check_near(a->mean[i], b->mean[i], relative * si);
    for (size_t j = 0; j < a->length; j++) {
      const double sj = sqrt(b->comoment[j][j] / (double)b->count) + fabs(b->mean[j]);
      check_near(a->comoment[i][j], b->comoment[i][j], relative * si * sj * (double)b->count);
    }
  }
}

static void measure_into(matrix_moments *out, const double *M, size_t networks, size_t rows, size_t cols,
                         const double pivot[2]) {
  double *q = malloc(networks * MOMENTS_MOST * sizeof *q);
  wlaw_moments_start(out, rows, cols, pivot);
  assert_int_equal(wlaw_moments_measure(q, out, M, networks, wlaw_cpu_level(), NULL), WLAW_OK);
  wlaw_moments_add(out, q, networks);
  free(q);
}

static void merging_moving_removing(void **state) {
  (void)state;
  enum { NETWORKS = 50 };
  static const size_t shapes[][2] = {{6, 6}, {4, 7}, {2, 2}, {1, 1}};
  static double M[NETWORKS * 36];
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t m = shapes[s][0], n = shapes[s][1], size = m * n;
    const double near_mean[2] = {0.6, 0.1}, other[2] = {-1.5, 2.0};
    matrix_moments all, parts[3], merged;
    sample(M, NETWORKS * size, 0.3, (uint32_t)(50 + s));
    measure_into(&all, M, NETWORKS, m, n, near_mean);
    measure_into(&parts[0], M, 7, m, n, near_mean);
    measure_into(&parts[1], M + 7 * size, 30, m, n, other); /* another pivot */
    measure_into(&parts[2], M + 37 * size, 13, m, n, NULL);
    const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
    for (int o = 0; o < 3; o++) {
      wlaw_moments_start(&merged, m, n, near_mean);
      for (int k = 0; k < 3; k++) wlaw_moments_merge(&merged, &parts[orders[o][k]]);
      check_same(&merged, &all, 1e-12);
    }
    matrix_moments moved = all, elsewhere;
    wlaw_moments_move(&moved, other);
    measure_into(&elsewhere, M, NETWORKS, m, n, other);
    check_same(&moved, &elsewhere, 1e-12);

    matrix_moments left = all, without;
    double q[MOMENTS_MOST];
    assert_int_equal(wlaw_moments_measure(q, &all, M + (NETWORKS - 1) * size, 1, wlaw_cpu_level(), NULL), WLAW_OK);
    wlaw_moments_remove(&left, q);
    measure_into(&without, M, NETWORKS - 1, m, n, near_mean);
    check_same(&left, &without, 1e-12);

    matrix_moments back;
    assert_int_equal(wlaw_moments_load(&back, &all, sizeof all, NULL), WLAW_OK);
    assert_memory_equal(&back, &all, sizeof all);
  }
}

/* The five statistics of square matrices, from the thirteen and measured as a rectangle by definition. */
static void thirteen_hold_the_five(void **state) {
  (void)state;
  enum { NETWORKS = 20, D = 5 };
  static double M[NETWORKS * D * D];
  const double pivot[2] = {0.2, 1.5};
  matrix_moments thirteen, five;
  double q[MOMENTS_SQUARE], row[MOMENTS_RECTANGLE];
  sample(M, NETWORKS * D * D, 0.3, 77);
  measure_into(&thirteen, M, NETWORKS, D, D, pivot);
  wlaw_moments_rectangular(&five, &thirteen);
  double mean[MOMENTS_RECTANGLE] = {0};
  for (size_t k = 0; k < NETWORKS; k++) {
    const double *A = M + k * D * D;
    double s = 0, rows = 0, columns = 0, all = 0;
    for (size_t e = 0; e < D * D; e++) s += A[e] - pivot[0];
    for (size_t i = 0; i < D; i++) {
      double r = 0, c = 0;
      for (size_t j = 0; j < D; j++) {
        r += A[i * D + j] - pivot[0];
        c += A[j * D + i] - pivot[0];
        all += (A[i * D + j] - pivot[0]) * (A[i * D + j] - pivot[0]);
      }
      rows += (r - s / D) * (r - s / D) / D;
      columns += (c - s / D) * (c - s / D) / D;
    }
    const double want[] = {s / D, s * s / (D * D), rows, columns, all - s * s / (D * D) - rows - columns};
    assert_int_equal(wlaw_moments_measure(q, &thirteen, A, 1, wlaw_cpu_level(), NULL), WLAW_OK);
    wlaw_moments_rectangular_row(row, &thirteen, q);
    for (size_t a = 0; a < MOMENTS_RECTANGLE; a++) {
      check_near(row[a], want[a], 1e-12 * (1 + fabs(want[a])));
      mean[a] += want[a] / NETWORKS;
    }
  }
  for (size_t a = 0; a < MOMENTS_RECTANGLE; a++) check_near(five.mean[a], mean[a], 1e-12 * (1 + fabs(mean[a])));
}

static void invariants(void **state) {
  (void)state;
  enum { NETWORKS = 6 };
  for (size_t D = 2; D <= 6; D++) {
    double M[NETWORKS * 36], got[MOMENTS_SQUARE], want[MOMENTS_SQUARE] = {0};
    matrix_moments moments;
    sample(M, NETWORKS * D * D, 0.3, (uint32_t)(90 + D));
    for (size_t k = 0; k < NETWORKS; k++) {
      const double *A = M + k * D * D;
      double r[6] = {0}, c[6] = {0}, s = 0, t = 0, I[MOMENTS_SQUARE] = {0};
      for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) {
          r[i] += A[i * D + j];
          c[j] += A[i * D + j];
          I[2] += A[i * D + j] * A[i * D + j];
          I[3] += A[i * D + j] * A[j * D + i];
        }
      for (size_t i = 0; i < D; i++) {
        const double d = A[i * D + i];
        s += r[i];
        t += d;
        I[4] += d * r[i];
        I[5] += d * c[i];
        I[6] += r[i] * r[i];
        I[7] += c[i] * c[i];
        I[8] += r[i] * c[i];
        I[10] += d * d;
      }
      I[0] = t;
      I[1] = s;
      I[9] = s * s;
      I[11] = t * t;
      I[12] = t * s;
      for (size_t a = 0; a < MOMENTS_SQUARE; a++) want[a] += I[a] / NETWORKS;
    }
    measure_into(&moments, M, NETWORKS, D, D, (const double[2]){0.5, 0.3});
    assert_true(wlaw_moments_invariants(got, &moments));
    for (size_t a = 0; a < MOMENTS_SQUARE; a++)
      check_near(got[a], want[a], 1e-12 * (double)(D * D) * (1 + fabs(want[a])));
  }
}

/* Symmetric and antisymmetric matrices have nothing of the other kind; NaN and infinity reach q. */
static void special_matrices(void **state) {
  (void)state;
  for (size_t D = 5; D <= 70; D += 65) {
    double *M = malloc(D * D * sizeof *M), q[MOMENTS_SQUARE];
    matrix_moments moments;
    sample(M, D * D, 0, (uint32_t)(300 + D));
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < i; j++) M[i * D + j] = M[j * D + i];
    wlaw_moments_start(&moments, D, D, NULL);
    assert_int_equal(wlaw_moments_measure(q, &moments, M, 1, wlaw_cpu_level(), NULL), WLAW_OK);
    check_near(q[Q_P3], 0, 1e-26 * (double)(D * D));
    for (int bad = 0; bad < 2; bad++) {
      M[D + 1] = bad ? INFINITY : NAN;
      assert_int_equal(wlaw_moments_measure(q, &moments, M, 1, wlaw_cpu_level(), NULL), WLAW_OK);
      bool finite = true;
      for (size_t a = 0; a < MOMENTS_SQUARE; a++) finite = finite && isfinite(q[a]);
      assert_false(finite);
    }
    free(M);
  }
}

static void saved_bytes_are_checked(void **state) {
  (void)state;
  matrix_moments good, out;
  wlaw_error *err = wlaw_error_new();
  wlaw_moments_start(&good, 4, 4, NULL);
  check_status(wlaw_moments_load(&out, &good, sizeof good - 1, err), WLAW_FORMAT);
  matrix_moments bad = good;
  bad.name[0] = 'x';
  check_status(wlaw_moments_load(&out, &bad, sizeof bad, err), WLAW_FORMAT);
  bad = good;
  bad.length = 400;
  check_status(wlaw_moments_load(&out, &bad, sizeof bad, err), WLAW_FORMAT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(square_statistics),      cmocka_unit_test(rectangle_statistics),
      cmocka_unit_test(place_does_not_matter),  cmocka_unit_test(merging_moving_removing),
      cmocka_unit_test(thirteen_hold_the_five), cmocka_unit_test(invariants),
      cmocka_unit_test(special_matrices),       cmocka_unit_test(saved_bytes_are_checked),
  };
  return cmocka_run_group_tests_name("measure.moments", tests, NULL, NULL);
}
