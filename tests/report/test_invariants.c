/* The invariants through training: values and changes against plain loops over the matrices, variances under the
 * initial law against sums over all fourth moments. */
#include "support/test.h"

#include "core/stream.h"
#include "report/read.h"

/* I1 ... I13 of one matrix, from their definitions. */
static void invariants(double out[REPORT_INVARIANTS], const double *m, size_t D) {
  double r[8] = {0}, c[8] = {0}, t = 0, s = 0;
  for (size_t k = 0; k < REPORT_INVARIANTS; k++) out[k] = 0;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      r[i] += m[i * D + j];
      c[j] += m[i * D + j];
      s += m[i * D + j];
      if (i == j) t += m[i * D + j];
      out[2] += m[i * D + j] * m[i * D + j];
      out[3] += m[i * D + j] * m[j * D + i];
    }
  for (size_t i = 0; i < D; i++) {
    const double d = m[i * D + i];
    out[4] += d * r[i];
    out[5] += d * c[i];
    out[6] += r[i] * r[i];
    out[7] += c[i] * c[i];
    out[8] += r[i] * c[i];
    out[10] += d * d;
  }
  out[0] = t;
  out[1] = s;
  out[9] = s * s;
  out[11] = t * t;
  out[12] = t * s;
}

static void fill(double *values, size_t n, uint32_t which, double mean) {
  wlaw_stream stream = wlaw_stream_start(7, STREAM_TEST, which, 0);
  wlaw_stream_normals(&stream, values, n);
  for (size_t i = 0; i < n; i++) values[i] = mean + 0.5 * values[i];
}

enum { NETWORKS = 70, SIZE = 4, EPOCHS = 3 };

typedef struct epochs_read {
  double weights[EPOCHS][NETWORKS * SIZE * SIZE];
  invariant_rows rows[EPOCHS];
  const invariant_rows *all[EPOCHS];
} epochs_read;

static void read_epochs(epochs_read *out, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  for (size_t e = 0; e < EPOCHS; e++) {
    ensemble *source = NULL;
    fill(out->weights[e], NETWORKS * SIZE * SIZE, (uint32_t)e, 0.3 * (double)e);
    check_ok(wlaw_ensemble_array(&source, out->weights[e], NETWORKS, SIZE, SIZE, err));
    check_ok(wlaw_read_invariants(&out->rows[e], source, 0, err));
    wlaw_ensemble_close(source);
    out->all[e] = &out->rows[e];
  }
}

static void epochs_free(epochs_read *out) {
  for (size_t e = 0; e < EPOCHS; e++) wlaw_invariant_rows_free(&out->rows[e]);
}

/* Sums of up to 16 products of numbers below 10, by two routes: 1e-12 is 30 roundings of the largest, (16 * 3)^2. */
static void values_of_each_network(void **state) {
  (void)state;
  static epochs_read read;
  wlaw_error *err = wlaw_error_new();
  read_epochs(&read, err);
  for (size_t e = 0; e < EPOCHS; e++) {
    assert_int_equal(read.rows[e].n, NETWORKS);
    for (size_t k = 0; k < NETWORKS; k++) {
      double want[REPORT_INVARIANTS];
      invariants(want, read.weights[e] + k * SIZE * SIZE, SIZE);
      assert_int_equal(read.rows[e].networks[k], k);
      for (size_t i = 0; i < REPORT_INVARIANTS; i++) check_near(read.rows[e].values[k][i], want[i], 2e-11);
    }
  }
  epochs_free(&read);
  wlaw_error_free(err);
}

static void other_shapes_have_none(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const double weights[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  ensemble *source = NULL;
  invariant_rows rows = {0};
  check_ok(wlaw_ensemble_array(&source, weights, 2, 2, 3, err));
  check_ok(wlaw_read_invariants(&rows, source, 0, err));
  assert_int_equal(rows.n, 0);
  wlaw_ensemble_close(source);
  wlaw_error_free(err);
}

/* Epoch 1 lacks network 5, epoch 2 network 0: changes are over the networks that both ends have. */
static void changes_are_paired(void **state) {
  (void)state;
  static epochs_read read;
  wlaw_error *err = wlaw_error_new();
  report_series *series = NULL;
  check_ok(wlaw_series_new(&series, EPOCHS, 1, err));
  report_tensor *tensor = &series->tensors[0];
  tensor->rows = tensor->cols = SIZE;
  read_epochs(&read, err);
  static const size_t gone[EPOCHS] = {NETWORKS, 5, 0};
  for (size_t e = 1; e < EPOCHS; e++) {
    invariant_rows *rows = &read.rows[e];
    rows->n--;
    memmove(rows->networks + gone[e], rows->networks + gone[e] + 1, (rows->n - gone[e]) * sizeof *rows->networks);
    memmove(rows->values + gone[e], rows->values + gone[e] + 1, (rows->n - gone[e]) * sizeof *rows->values);
  }
  for (int known = 0; known < 2; known++) {
    const initial_moments initial = {0, known ? 0.25 : NAN, 3};
    wlaw_read_changes(tensor, read.all, EPOCHS, &initial);
    assert_int_equal(tensor->invariants_against, known ? INVARIANTS_INITIAL_LAW : INVARIANTS_FIRST_SNAPSHOT);
    for (size_t e = 0; e < EPOCHS; e++)
      for (size_t i = 0; i < REPORT_INVARIANTS; i++) {
        double sum = 0, change = 0, square = 0, n = 0;
        for (size_t k = 0; k < NETWORKS; k++) {
          double now[REPORT_INVARIANTS], then[REPORT_INVARIANTS];
          invariants(now, read.weights[e] + k * SIZE * SIZE, SIZE);
          invariants(then, read.weights[0] + k * SIZE * SIZE, SIZE);
          if (k == gone[e]) continue;
          n++;
          sum += now[i];
          change += now[i] - then[i];
          square += (now[i] - then[i]) * (now[i] - then[i]);
        }
        const invariant_change *got = &tensor->points[e].invariants[i];
        const double unit = i < 2 ? tensor->initial_sd[i] : fabs(tensor->initial_mean[i]);
        const double error = sqrt((square - change * change / n) / (n - 1) / n);
        check_near(got->mean, sum / n, 1e-11);
        check_near(got->relative, change / n / unit, 1e-11);
        check_near(got->relative_error, error / unit, 1e-10);
        if (known)
          check_near(got->deviation_se, (sum / n - tensor->initial_mean[i]) * sqrt(n) / tensor->initial_sd[i], 1e-10);
        else if (e) check_near(got->deviation_se, change / n / error, 1e-9);
        else assert_true(isnan(got->deviation_se));
      }
  }
  epochs_free(&read);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

/* E x_a x_b x_c x_d of independent weights with moments w2, w4. */
static double fourth_moment(size_t a, size_t b, size_t c, size_t d, double w2, double w4) {
  if (a == b && b == c && c == d) return w4;
  return w2 * w2 * ((a == b && c == d) + (a == c && b == d) + (a == d && b == c));
}

/* Second route to mean and variance of x'Ax: A from the values at unit matrices, then all D^8 terms one by one. Terms
 * are sums of integers times w2^2 and w4; 1e-12 relative is far above their rounding. */
static void spread_under_the_initial_law(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const double kurtosis[] = {3, 1.8, 2.2};
  for (size_t D = 2; D <= 3; D++)
    for (size_t law = 0; law < 3; law++) {
      enum { MOST = 9 };
      const size_t n = D * D;
      const double w2 = 0.7, w4 = kurtosis[law] * w2 * w2;
      report_series *series = NULL;
      check_ok(wlaw_series_new(&series, 1, 1, err));
      report_tensor *tensor = &series->tensors[0];
      tensor->rows = tensor->cols = D;
      uint64_t network = 0;
      double zero[1][REPORT_INVARIANTS] = {{0}};
      const invariant_rows rows = {1, &network, zero}, *all = &rows;
      wlaw_read_changes(tensor, &all, 1, &(initial_moments){0, w2, kurtosis[law]});
      double at[MOST][MOST][REPORT_INVARIANTS]; /* of the sum of two unit matrices */
      for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
          double m[MOST] = {0};
          m[a] += 1;
          m[b] += 1;
          invariants(at[a][b], m, D);
        }
      for (size_t i = 0; i < REPORT_INVARIANTS; i++) {
        double A[MOST][MOST], mean = 0, square = 0;
        for (size_t a = 0; a < n; a++)
          for (size_t b = 0; b < n; b++) A[a][b] = 0.5 * (at[a][b][i] - 0.25 * (at[a][a][i] + at[b][b][i]));
        for (size_t a = 0; i < 2 && a < n; a++) square += 0.25 * at[a][a][i] * at[a][a][i] * w2;
        for (size_t a = 0; i >= 2 && a < n; a++) mean += A[a][a] * w2;
        for (size_t a = 0; i >= 2 && a < n; a++)
          for (size_t b = 0; b < n; b++)
            for (size_t c = 0; c < n; c++)
              for (size_t d = 0; d < n; d++) square += A[a][b] * A[c][d] * fourth_moment(a, b, c, d, w2, w4);
        check_near(tensor->initial_mean[i], mean, 1e-12 * (1 + mean));
        check_near(tensor->initial_sd[i], sqrt(square - mean * mean), 1e-12 * sqrt(square));
      }
      wlaw_series_free(series);
    }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_of_each_network),
      cmocka_unit_test(other_shapes_have_none),
      cmocka_unit_test(changes_are_paired),
      cmocka_unit_test(spread_under_the_initial_law),
  };
  return cmocka_run_group_tests_name("report.invariants", tests, NULL, NULL);
}
