/* The probability plot against sums over every order statistic, against integrals over the quantile functions of
 * standard laws, against published values; its errors against double integrals and simulation; its influence functions
 * against weights that are added. */
#include "support/test.h"

#include <jansson.h>

#include "core/stream.h"
#include "law/weibull_plot.h"
#include "math/special.h"

/* ---- standard laws of the magnitude by their quantile functions, scale 1 */

static double bisect(double (*cdf)(double), double u, double most) {
  double low = 0, high = most;
  for (int i = 0; i < 80; i++) {
    const double middle = 0.5 * (low + high);
    if (cdf(middle) < u) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

static double normal_cdf(double x) { return erf(x * sqrt(0.5)); }
static double cut2_cdf(double x) { return erf(x * sqrt(0.5)) / erf(2 * sqrt(0.5)); }
static double cut3_cdf(double x) { return erf(x * sqrt(0.5)) / erf(3 * sqrt(0.5)); }
static double t3_cdf(double x) {
  const double a = x / sqrt(3);
  return 2 / 3.14159265358979323846 * (atan(a) + a / (1 + a * a));
}
static double t5_cdf(double x) {
  const double a = x / sqrt(5), c = 1 / (1 + a * a);
  return 2 / 3.14159265358979323846 * (atan(a) + a * c * (1 + 2.0 / 3 * c));
}
static double ggd_half_cdf(double x) { return -expm1(-sqrt(x)) - sqrt(x) * exp(-sqrt(x)); }

static double normal_quantile(double u) { return bisect(normal_cdf, u, 20); }
static double cut2_quantile(double u) { return bisect(cut2_cdf, u, 2); }
static double cut3_quantile(double u) { return bisect(cut3_cdf, u, 3); }
static double t3_quantile(double u) { return bisect(t3_cdf, u, 1e3); }
static double t5_quantile(double u) { return bisect(t5_cdf, u, 1e3); }
static double ggd_half_quantile(double u) { return bisect(ggd_half_cdf, u, 1e3); }
static double uniform_quantile(double u) { return u; }
static double laplace_quantile(double u) { return -log1p(-u); }
static double logistic_quantile(double u) { return 2 * atanh(u); }

typedef struct standard_law {
  const char *name; /* as in reference/anchors_exact.json */
  double (*quantile)(double u);
} standard_law;

static const standard_law laws[] = {
    {"half-normal (sigma=1)", normal_quantile},
    {"uniform |w|~U(0,1) (rms=1/sqrt3)", uniform_quantile},
    {"trunc-normal +-2 sigma (underlying sigma=1)", cut2_quantile},
    {"trunc-normal +-3 sigma (underlying sigma=1)", cut3_quantile},
    {"Laplace (b=1, rms=sqrt2) = exponential", laplace_quantile},
    {"logistic (s=1)", logistic_quantile},
    {"GGD nu=0.5", ggd_half_quantile},
    {"Student t nu=3", t3_quantile},
    {"Student t nu=5", t5_quantile},
};
enum { LAWS = sizeof laws / sizeof *laws };

/* ---- plots by sums over everything */

typedef struct line {
  long double w, x, y, xx, xy, yy;
} line;

static void line_add(line *s, double w, double x, double y) {
  s->w += w;
  s->x += (long double)w * x;
  s->y += (long double)w * y;
  s->xx += (long double)w * x * x;
  s->xy += (long double)w * x * y;
  s->yy += (long double)w * y * y;
}

static weibull_plot line_plot(const line *s) {
  const long double mx = s->x / s->w, my = s->y / s->w, vx = s->xx / s->w - mx * mx, vy = s->yy / s->w - my * my;
  const long double cov = s->xy / s->w - mx * my, k = cov / vx;
  return (weibull_plot){.k = (double)k, .lambda = (double)expl(mx - my / k), .r2 = (double)(cov * cov / (vx * vy))};
}

static weibull_plot plot_of_all(const double *sorted, size_t n) {
  line sums = {0};
  for (size_t i = 1; i <= n; i++) {
    const double f = ((double)i - 0.5) / (double)n;
    if (f >= 0.1 && f <= 0.9) line_add(&sums, 1, log(sorted[i - 1]), log(-log1p(-f)));
  }
  return line_plot(&sums);
}

/* Simpson's rule in u with 2000 intervals on [0.1, 0.9]: errors h^4 / 180 f'''' = 2.6e-14 / 180 * 1e6 = 1e-10. */
static weibull_plot plot_of_quantiles(double (*quantile)(double)) {
  enum { N = 2000 };
  line sums = {0};
  for (int i = 0; i <= N; i++) {
    const double u = 0.1 + 0.8 * i / N;
    line_add(&sums, i == 0 || i == N ? 1 : i % 2 ? 4 : 2, log(quantile(u)), log(-log1p(-u)));
  }
  return line_plot(&sums);
}

static void check_same(const weibull_plot *got, const weibull_plot *want, double tolerance) {
  check_near(got->k / want->k, 1, tolerance);
  check_near(got->lambda / want->lambda, 1, tolerance);
  check_near(got->r2, want->r2, tolerance);
}

static double *draw_sorted(size_t n, uint32_t seed) {
  double *x = malloc(n * sizeof *x), *scratch = malloc(n * sizeof *x);
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, x, n);
  for (size_t i = 0; i < n; i++) x[i] = 0.02 * fabs(x[i]) + 1e-9;
  wlaw_sort_magnitudes(x, scratch, n);
  free(scratch);
  return x;
}

static entry_cells cells_of(const double *sorted, size_t n) {
  entry_cells cells;
  assert_int_equal(wlaw_cells_sorted(&cells, sorted, n, NULL), WLAW_OK);
  return cells;
}

/* As a table of f32 weights with the means of its cells would give. */
static entry_cells table_of(const double *sorted, size_t n) {
  entry_table *table = calloc(1, sizeof *table);
  table->kind = ENTRY_KEY_F32;
  table->cells_wide = 1;
  for (size_t i = 0; i < n; i++) {
    const float value = (float)sorted[i];
    uint32_t bits;
    memcpy(&bits, &value, 4);
    table->count[0][bits >> 16]++;
    table->low[0][bits >> 16] += bits & 0xFFFF;
  }
  entry_cells cells;
  assert_int_equal(wlaw_cells_magnitudes(&cells, table, NULL, NULL), WLAW_OK);
  free(table);
  return cells;
}

/* f32 weights of standard deviation 0.02 or so at the quantiles (i - 1/2) / n: every 16th is solved for, those between
 * lie on the cubic through four neighbours (relative error of the step's 4th power: 1e-13 in the middle 80 %, where
 * alone it counts). */
static void grid(double *x, size_t n, double (*quantile)(double)) {
  enum { STEP = 16 };
  const size_t knots = n / STEP + 4;
  double *q = malloc(knots * sizeof *q);
  /* knot j at (16 (j - 1) + 1/2) / n; beyond the ends the value there */
  for (size_t j = 0; j < knots; j++)
    q[j] = quantile(fmin(fmax(((double)j - 1) * STEP + 0.5, 0.5), (double)n - 0.5) / (double)n);
  for (size_t i = 0; i < n; i++) {
    const size_t j = i / STEP + 1;
    const double t = (double)(i % STEP) / STEP;
    const double cubic = -t * (t - 1) * (t - 2) / 6 * q[j - 1] + (t * t - 1) * (t - 2) / 2 * q[j] -
                         t * (t + 1) * (t - 2) / 2 * q[j + 1] + t * (t * t - 1) / 6 * q[j + 2];
    const bool inside = i > n / 20 && i < n - n / 20;
    x[i] = (float)(0.02 * (inside ? cubic : (1 - t) * q[j] + t * q[j + 1]));
  }
  free(q);
}

/* ---- tests */

/* Every n from 100 to 420 (each way the middle 80 % can end), then larger; distinct, in ties of every size. Rounding
 * alone: y and ln w are good to 1e-16 relative to spreads of order 1, sums of 1e5 random roundings to 1e-13. */
static void cells_are_the_order_statistics(void **state) {
  (void)state;
  for (size_t n = 100; n < 200000; n = n < 420 ? n + 1 : n * 3) {
    double *x = draw_sorted(n, (uint32_t)n);
    for (int ties = 0; ties < 4; ties++) {
      static const double grain[] = {0, 1e-5, 1e-3, 4e-3}; /* the last: about 15 levels in all */
      for (size_t i = 0; i < n && ties; i++) x[i] = grain[ties] * ceil(x[i] / grain[ties]);
      const weibull_plot want = plot_of_all(x, n);
      weibull_plot got;
      entry_cells cells = cells_of(x, n);
      wlaw_weibull_plot(&got, &cells);
      assert_null(got.reason);
      assert_true(got.n == n);
      check_same(&got, &want, 1e-12);
      wlaw_weibull_plot_sorted(&got, x, n);
      check_same(&got, &want, 1e-12);
      wlaw_cells_free(&cells);
    }
    free(x);
  }
}

/* Var of the sum over u of g(u) L(u) for an empirical quantile function: the double integral of g(u) g(v) (min(u, v) -
 * u v) dL(u) dL(v), by sums over 1000 steps of L. The plot's own nodes are
 * 1/8192 of the ranks apart, or 1/300 in cells of f32; an error in an error of 5e-4 is of no account. */
static double spread(const double *g, const double *dl, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      const double u = 0.1 + 0.8 * ((double)i + 0.5) / (double)n, v = 0.1 + 0.8 * ((double)j + 0.5) / (double)n;
      sum += g[i] * g[j] * (fmin(u, v) - u * v) * dl[i] * dl[j];
    }
  return sum;
}

static void check_errors(const weibull_plot *got, const weibull_plot *want, double (*quantile)(double)) {
  enum { N = 1000 };
  double g[N], h[N], dl[N], x[N], y[N], mx = 0, my = 0, vx = 0;
  for (int i = 0; i < N; i++) {
    const double u = 0.1 + 0.8 * (i + 0.5) / N;
    x[i] = log(quantile(u)), y[i] = log(-log1p(-u));
    dl[i] = log(quantile(0.1 + 0.8 * (i + 1) / N)) - log(quantile(0.1 + 0.8 * i / N));
    mx += x[i] / N, my += y[i] / N;
  }
  for (int i = 0; i < N; i++) vx += (x[i] - mx) * (x[i] - mx) / N;
  for (int i = 0; i < N; i++) {
    g[i] = (y[i] - my - 2 * want->k * (x[i] - mx)) / (0.8 * vx);
    h[i] = 1.25 + my / (want->k * want->k) * g[i];
  }
  check_near(got->se_k * sqrt((double)got->n) / sqrt(spread(g, dl, N)), 1, 5e-4);
  check_near(got->se_lambda * sqrt((double)got->n) / (want->lambda * sqrt(spread(h, dl, N))), 1, 5e-4);
}

/* Weights on the grid of quantiles at (i - 1/2) / n: the plot differs from the integral by the midpoint rule's 1 / (24
 * n^2) of the slopes at the ends and, f32 weights being rounded, by 6e-8 / sqrt(n); in cells that are wide, by what a
 * linear density leaves out: the square of a width of 2^-7 times its 1/100 slope's change, spread over 300 cells of
 * either sign, and measured at 3e-9. Published to 10 digits: reference/anchors_exact.json. */
static void standard_laws_have_their_anchors(void **state) {
  (void)state;
  enum { N = 1100000 };
  double *x = malloc(N * sizeof *x);
  json_t *anchors = json_load_file(test_data("../reference/anchors_exact.json"), 0, NULL);
  assert_non_null(anchors);
  for (size_t l = 0; l < LAWS; l++) {
    grid(x, N, laws[l].quantile);
    const weibull_plot want = plot_of_quantiles(laws[l].quantile);
    const json_t *row, *anchor = NULL;
    size_t at;
    json_array_foreach(anchors, at, row) {
      const char *name = json_string_value(json_object_get(row, "dist"));
      if (name && strcmp(name, laws[l].name) == 0) anchor = json_object_get(row, "sort80");
    }
    assert_non_null(anchor);
    check_near(want.k, json_real_value(json_object_get(anchor, "k")), 1e-9);
    check_near(want.lambda, json_real_value(json_object_get(anchor, "lam")), 1e-8);
    check_near(want.r2, json_real_value(json_object_get(anchor, "R2")), 1e-9);

    weibull_plot sorted, table;
    wlaw_weibull_plot_sorted(&sorted, x, N);
    sorted.lambda /= 0.02, sorted.se_lambda /= 0.02;
    check_same(&sorted, &want, 1e-9);
    entry_cells cells = table_of(x, N);
    wlaw_weibull_plot(&table, &cells);
    table.lambda /= 0.02, table.se_lambda /= 0.02;
    check_same(&table, &want, 1e-8);
    check_errors(&sorted, &want, laws[l].quantile);
    check_errors(&table, &want, laws[l].quantile);
    wlaw_cells_free(&cells);
  }
  json_decref(anchors);
  free(x);
}

/* Errors of independent normal and Laplace weights: entry-law tables give 1.365, 0.765 and 1.021, 1.107 to about three
 * digits. By simulation: the spread of 500 plots of 4000 weights is known to 1 / sqrt(1000) = 3 %, so 4.5 of that. */
static void errors_are_the_spread_of_plots(void **state) {
  (void)state;
  enum { N = 4000, TIMES = 500 };
  double *x = malloc(N * sizeof *x), *scratch = malloc(N * sizeof *x);
  for (int laplace = 0; laplace < 2; laplace++) {
    double k = 0, kk = 0, l = 0, ll = 0, se_k = 0, se_l = 0;
    for (uint32_t t = 0; t < TIMES; t++) {
      wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, t, (uint32_t)laplace);
      wlaw_stream_normals(&stream, x, N);
      for (int i = 0; i < N; i++) x[i] = laplace ? -log(wlaw_stream_open(&stream)) : fabs(x[i]);
      wlaw_sort_magnitudes(x, scratch, N);
      weibull_plot plot;
      wlaw_weibull_plot_sorted(&plot, x, N);
      k += plot.k - 1, kk += (plot.k - 1) * (plot.k - 1);
      l += plot.lambda - 1, ll += (plot.lambda - 1) * (plot.lambda - 1);
      se_k += plot.se_k / TIMES, se_l += plot.se_lambda / TIMES;
    }
    const double sd_k = sqrt((kk - k * k / TIMES) / (TIMES - 1)), sd_l = sqrt((ll - l * l / TIMES) / (TIMES - 1));
    check_near(se_k * sqrt(N), laplace ? 1.021 : 1.365, 0.01);
    check_near(se_l * sqrt(N), laplace ? 1.107 : 0.765, 0.01);
    check_near(sd_k / se_k, 1, 4.5 / sqrt(2.0 * TIMES));
    check_near(sd_l / se_l, 1, 4.5 / sqrt(2.0 * TIMES));
  }
  free(scratch);
  free(x);
}

/* A share e = 1e-3 of weights added at x moves k by e IF(x) to first order; the second order is e^2 times the square of
 * IF over a few, 1e-3 of 10 relative to the largest influence. The tables have no mean over the weights, and their mean
 * square is n se^2. */
static void influence_is_what_an_added_weight_does(void **state) {
  (void)state;
  enum { N = 100000, ADDED = 100 };
  double *x = draw_sorted(N, 3), *y = malloc((N + ADDED) * sizeof *y), *scratch = malloc((N + ADDED) * sizeof *y);
  float *of_k = malloc(ENTRY_KEYS * sizeof *of_k), *of_l = malloc(ENTRY_KEYS * sizeof *of_l);
  weibull_plot plot, moved;
  entry_cells cells = cells_of(x, N), table = table_of(x, N);
  wlaw_weibull_plot(&plot, &cells);
  for (int wide = 0; wide < 2; wide++) {
    const entry_cells *these = wide ? &table : &cells;
    wlaw_weibull_influence(of_k, of_l, these, ENTRY_KEY_F32);
    double mean_k = 0, mean_l = 0, square_k = 0, square_l = 0;
    for (size_t i = 0; i < these->n; i++) {
      const unsigned key = wlaw_entry_key(ENTRY_KEY_F32, these->value[i]);
      const double share = (double)these->count[i] / N;
      mean_k += share * (double)of_k[key], square_k += share * (double)of_k[key] * (double)of_k[key];
      mean_l += share * (double)of_l[key], square_l += share * (double)of_l[key] * (double)of_l[key];
    }
    check_near(mean_k, 0, 1e-6);
    check_near(mean_l, 0, 1e-6);
    /* within a cell the influence moves by 2^-7 of what it moves by over an e-fold: 1 % at the most, 1e-4 in squares */
    check_near(sqrt(square_k / N) / plot.se_k, 1, 1e-3);
    check_near(sqrt(square_l / N) * plot.lambda / plot.se_lambda, 1, 1e-3);
    assert_true(of_k[0x7F80] == 0 && of_l[ENTRY_KEYS - 1] == 0);
    static const double places[] = {1e-6, 0.001, 0.004, 0.01, 0.02, 0.03, 0.04, 0.2};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
      memcpy(y, x, N * sizeof *x);
      for (int i = 0; i < ADDED; i++) y[N + i] = places[p];
      wlaw_sort_magnitudes(y, scratch, N + ADDED);
      wlaw_weibull_plot_sorted(&moved, y, N + ADDED);
      const unsigned key = wlaw_entry_key(ENTRY_KEY_F32, places[p]);
      check_near((moved.k - plot.k) * N / ADDED, (double)of_k[key], 0.03);
      check_near(log(moved.lambda / plot.lambda) * N / ADDED, (double)of_l[key], 0.03);
    }
  }
  wlaw_cells_free(&cells);
  wlaw_cells_free(&table);
  free(of_k);
  free(of_l);
  free(scratch);
  free(y);
  free(x);
}

/* Fits published for a real checkpoint, both protocols, to the reference's own rounding: 1e-9. The reference's hist
 * takes log10 in single precision, where a weight at a bin's end may fall either way; none does here. */
static void a_checkpoint_has_its_published_fits(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_data("checkpoints/stories260K/model-f32.safetensors"), err));
  json_t *reference = json_load_file(test_data("checkpoints/stories260K/reference_fits.json"), 0, NULL);
  assert_non_null(reference);
  size_t at, seen = 0;
  const json_t *row;
  json_array_foreach(json_object_get(reference, "rows"), at, row) {
    const char *name = json_string_value(json_object_get(row, "name"));
    size_t i = 0;
    while (i < wlaw_tensors_count(tensors) && strcmp(wlaw_tensors_name(tensors, i), name) != 0) i++;
    assert_true(i < wlaw_tensors_count(tensors));
    const size_t n = (size_t)json_integer_value(json_object_get(row, "n"));
    double *x = malloc(n * sizeof *x), *scratch = malloc(n * sizeof *x);
    float *w = malloc(n * sizeof *w);
    check_ok(wlaw_tensors_read(tensors, i, 0, n, x, err));
    npm_histogram histogram = {0};
    for (size_t j = 0; j < n; j++) w[j] = (float)x[j], x[j] = fabs(x[j]);
    wlaw_npm_add(&histogram, w, n / 2);
    wlaw_npm_add(&histogram, w + n / 2, n - n / 2);
    wlaw_sort_magnitudes(x, scratch, n);
    weibull_plot got[2];
    wlaw_weibull_plot_sorted(&got[0], x, n);
    wlaw_npm_fit(&got[1], &histogram);
    for (int hist = 0; hist < 2; hist++) {
      static const char *const keys[2][3] = {{"sort_k", "sort_lambda", "sort_R2"},
                                             {"hist_k", "hist_lambda", "hist_R2"}};
      const json_t *k = json_object_get(row, keys[hist][0]);
      if (!json_is_real(k)) {
        assert_non_null(got[hist].reason);
        continue;
      }
      seen++;
      check_near(got[hist].k, json_real_value(k), 1e-9);
      check_near(got[hist].lambda, json_real_value(json_object_get(row, keys[hist][1])), 1e-9);
      check_near(got[hist].r2, json_real_value(json_object_get(row, keys[hist][2])), 1e-9);
    }
    free(w);
    free(scratch);
    free(x);
  }
  assert_true(seen >= 60);
  json_decref(reference);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void says_why_there_is_no_line(void **state) {
  (void)state;
  double x[200];
  float f[200];
  weibull_plot plot;
  for (int i = 0; i < 200; i++) x[i] = 0.5, f[i] = -0.5f;
  wlaw_weibull_plot_sorted(&plot, x, 200);
  assert_string_equal(plot.reason, "the middle 80 % of magnitudes are equal");
  assert_true(isnan(plot.k) && isnan(plot.lambda) && isnan(plot.r2) && isnan(plot.se_k) && isnan(plot.se_lambda));
  x[0] = 0.1; /* outside the middle */
  entry_cells cells = cells_of(x, 200);
  wlaw_weibull_plot(&plot, &cells);
  assert_string_equal(plot.reason, "the middle 80 % of magnitudes are equal");
  float *of_k = malloc(ENTRY_KEYS * sizeof *of_k), *of_l = malloc(ENTRY_KEYS * sizeof *of_l);
  wlaw_weibull_influence(of_k, of_l, &cells, ENTRY_KEY_F16);
  for (int i = 0; i < ENTRY_KEYS; i++) assert_true(of_k[i] == 0 && of_l[i] == 0);
  free(of_k);
  free(of_l);
  wlaw_cells_free(&cells);
  for (int i = 0; i < 200; i++) x[i] = i + 1;
  wlaw_weibull_plot_sorted(&plot, x, 99);
  assert_string_equal(plot.reason, "fewer than 100 weights other than 0");
  assert_true(plot.n == 99);
  cells = (entry_cells){0};
  wlaw_weibull_plot(&plot, &cells);
  assert_non_null(plot.reason);

  npm_histogram histogram = {0};
  wlaw_npm_add(&histogram, f, 200);
  wlaw_npm_fit(&plot, &histogram);
  assert_string_equal(plot.reason, "the middle 80 % of magnitudes fill fewer than 5 bins");
  /* bins take their lower end, the last also its upper one; zeros, infinities and NaN fall out */
  static const float ends[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 9e-13f, 101, 1e-12f, 100, 99.99f};
  histogram = (npm_histogram){0};
  wlaw_npm_add(&histogram, ends, sizeof ends / sizeof *ends);
  assert_true(histogram.count[0] == 1 && histogram.count[NPM_BINS - 1] == 2);
  wlaw_npm_fit(&plot, &histogram);
  assert_string_equal(plot.reason, "fewer than 100 weights of magnitudes 1e-12 to 100");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_are_the_order_statistics),      cmocka_unit_test(standard_laws_have_their_anchors),
      cmocka_unit_test(errors_are_the_spread_of_plots),      cmocka_unit_test(influence_is_what_an_added_weight_does),
      cmocka_unit_test(a_checkpoint_has_its_published_fits), cmocka_unit_test(says_why_there_is_no_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
