/* The law by quadrature of its density and of its moments; noise without spikes, planted spikes found. */
#include "support/test.h"

#include <float.h>

#include "core/stream.h"
#include "law/marchenko_pastur.h"

static double density(double x, double ratio) {
  const double root = sqrt(ratio), a = (1 - root) * (1 - root), b = (1 + root) * (1 + root);
  return x <= a || x >= b ? 0 : sqrt((b - x) * (x - a)) / (2 * acos(-1.0) * ratio * x);
}

/* Integral of x^power density over [a, upper]: x = a + (b - a) sin^2(t) takes the roots at the edges away, and the
 * trapezium rule of a smooth periodic integrand then converges faster than any power; Simpson's for part of it. */
static double integral(double upper, double ratio, int power) {
  const double root = sqrt(ratio), a = (1 - root) * (1 - root), b = (1 + root) * (1 + root);
  enum { STEPS = 20000 };
  const double end = asin(sqrt(fmin((upper - a) / (b - a), 1.0)));
  double sum = 0;
  for (int i = 0; i <= STEPS; i++) {
    const double t = end * i / STEPS, s = sin(t), c = cos(t), x = a + (b - a) * s * s;
    /* density dx, written out so that a = 0 (ratio 1) does no harm: sqrt((b - x)(x - a)) = (b - a) s c */
    const double over_x = a > 0 ? s * s / x : 1 / (b - a);
    const double f = pow(x, power) * (b - a) * (b - a) * 2 * c * c * over_x / (2 * acos(-1.0) * ratio);
    sum += f * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
  }
  return sum * end / STEPS / 3;
}

static void distribution(void **state) {
  (void)state;
  static const double ratios[] = {0.01, 0.25, 0.5, 0.9, 1.0};
  for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
    const double c = ratios[r], a = (1 - sqrt(c)) * (1 - sqrt(c)), b = (1 + sqrt(c)) * (1 + sqrt(c));
    check_near(integral(b, c, 0), 1, 1e-10);
    check_near(integral(b, c, 1), 1, 1e-10);     /* the mean eigenvalue is the variance */
    check_near(integral(b, c, 2), 1 + c, 1e-10); /* second moment */
    for (int k = 1; k < 20; k++) {
      const double x = a + (b - a) * k / 20;
      check_near(wlaw_mp_cdf(x, c), integral(x, c, 0), 1e-10); /* Simpson's error of 20,000 steps: below 1e-12 */
      /* slope by differences: h^2 f'' / 6 with f'' of order 1 / (b - a)^3 away from the edges */
      const double h = 1e-4 * (b - a);
      if (k > 2)
        check_near((wlaw_mp_cdf(x + h, c) - wlaw_mp_cdf(x - h, c)) / (2 * h), density(x, c), 1e-5 * density(x, c));
      check_near(wlaw_mp_cdf(wlaw_mp_quantile(k / 20.0, c), c), k / 20.0, 1e-12);
    }
    assert_true(wlaw_mp_cdf(a, c) == 0 && wlaw_mp_cdf(b, c) == 1);
    assert_true(wlaw_mp_cdf(-1, c) == 0 && wlaw_mp_cdf(9, c) == 1);
  }
  assert_true(isnan(wlaw_mp_cdf((double)NAN, 0.5)) && isnan(wlaw_mp_cdf(1, 0)) && isnan(wlaw_mp_cdf(1, 1.5)));
  assert_true(isnan(wlaw_mp_quantile(0.5, (double)NAN)) && isnan(wlaw_mp_quantile(1.5, 0.5)));
}

/* rows x cols of independent entries; spike: a rank-one term of that singular value over the noise's bulk edge. */
static mp_bulk fitted(size_t rows, size_t cols, double sd, double strength, size_t spikes, bool uniform, uint32_t seed,
                      bool with_null) {
  double *w = malloc(rows * cols * sizeof *w), *u = malloc((rows + cols) * sizeof *u), null = (double)NAN;
  assert_non_null(w);
  assert_non_null(u);
  wlaw_stream stream = wlaw_stream_start(51, STREAM_TEST, seed, (uint32_t)rows);
  if (uniform)
    for (size_t i = 0; i < rows * cols; i++) w[i] = sd * sqrt(3.0) * (2 * wlaw_stream_uniform(&stream) - 1);
  else {
    wlaw_stream_normals(&stream, w, rows * cols);
    for (size_t i = 0; i < rows * cols; i++) w[i] *= sd;
  }
  for (size_t k = 0; k < spikes; k++) { /* vectors of norm sqrt(rows), sqrt(cols) */
    wlaw_stream_normals(&stream, u, rows + cols);
    const double size = strength * sd * sqrt(sqrt((double)rows * (double)cols)) / sqrt((double)rows * (double)cols);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) w[i * cols + j] += size * u[i] * u[rows + j];
  }
  weight_source source;
  wlaw_source_memory(&source, w, WLAW_F64, rows, cols);
  weight_spectrum spectrum;
  mp_bulk bulk;
  assert_int_equal(wlaw_weight_spectrum(&spectrum, &source, 1, 1, NULL, NULL), WLAW_OK);
  if (with_null) assert_int_equal(wlaw_spectrum_null(&null, &source, seed, 1, NULL, NULL), WLAW_OK);
  wlaw_mp_fit(&bulk, &spectrum, rows, cols, null);
  wlaw_weight_spectrum_free(&spectrum);
  free(w);
  free(u);
  return bulk;
}

/* One in 100 matrices of noise has an eigenvalue above the edge if it is large; at widths of about 100 the fitted
 * variance's own error makes that 2.7 (and 1.4 at 400). 400 matrices: 11, and four standard deviations more. */
static void pure_noise(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{100, 100}, {60, 150}};
#ifdef __SANITIZE_ADDRESS__
  enum { SEEDS = 50 };
#else
  enum { SEEDS = 200 };
#endif
  size_t found = 0, below = 0;
  for (size_t s = 0; s < 2; s++)
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
      const size_t rows = shapes[s][0], cols = shapes[s][1];
      const mp_bulk bulk = fitted(rows, cols, 0.02, 0, 0, seed % 2, seed, false);
      assert_null(bulk.reason);
      found += bulk.spikes > 0;
      below += bulk.spikes == 0;
      /* the median eigenvalue hardly moves: its scatter is of order 1 / n */
      check_near(bulk.variance / 4e-4, 1, 0.1);
      const double a = sqrt((double)rows), b = sqrt((double)cols);
      check_near(bulk.upper, bulk.variance * (a + b) * (a + b), 1e-12 * bulk.upper);
      check_near(bulk.lower, bulk.variance * (a - b) * (a - b), 1e-12 * bulk.upper);
      assert_true(bulk.edge > bulk.upper);
      assert_true(bulk.distance < 0.1); /* some steps of 1 / n */
      assert_true(bulk.spikes_null == SIZE_MAX);
    }
  print_message("%zu of %zu matrices of noise have an eigenvalue above the edge\n", found, found + below);
  assert_true(found <= 24);
}

/* A rank-one term shows when its singular value is above (rows cols)^(1/4) times the entries' standard deviation (Baik,
 * Ben Arous and Peche 2005; Benaych-Georges and Nadakuditi 2012): strength 1 in these units. */
static void planted_spikes(void **state) {
  (void)state;
  for (uint32_t seed = 0; seed < 5; seed++) {
    const mp_bulk strong = fitted(200, 120, 0.1, 2.5, 3, false, 1000 + seed, true);
    assert_int_equal(strong.spikes, 3);
    assert_true(strong.spikes_null <= 3 && strong.spikes_null >= 1);
    check_near(strong.variance / 0.01, 1, 0.1);
    const mp_bulk weak = fitted(200, 120, 0.1, 0.4, 3, false, 2000 + seed, true);
    assert_int_equal(weak.spikes, 0);
    assert_true(weak.spikes_null <= 1);
  }
}

/* A quarter of all eigenvalues being spikes does not hide the smallest of them: the edge is taken anew. */
static void many_spikes(void **state) {
  (void)state;
  const mp_bulk bulk = fitted(160, 100, 1, 4, 25, false, 3000, false);
  assert_int_equal(bulk.spikes, 25);
  /* the 75 other eigenvalues are those of 135 x 75 noise: the law of 160 x 100 sees less variance, about 135 / 160 */
  check_near(bulk.variance, 135.0 / 160, 0.1);
}

static void undetermined(void **state) {
  (void)state;
  double values[20] = {0}, counts[20] = {0};
  weight_spectrum spectrum = {.n = 20, .eigenvalues = values};
  mp_bulk bulk;
  wlaw_mp_fit(&bulk, &spectrum, 20, 30, (double)NAN);
  assert_string_equal(bulk.reason, "fewer than 8 positive eigenvalues");
  assert_true(isnan(bulk.edge) && isnan(bulk.variance) && bulk.spikes == 0 && bulk.spikes_null == SIZE_MAX);
  for (size_t i = 11; i < 20; i++) values[i] = (double)i;
  wlaw_mp_fit(&bulk, &spectrum, 20, 30, 15.5);
  assert_string_equal(bulk.reason, "more than half of the eigenvalues are 0");
  assert_int_equal(bulk.spikes_null, 4);
  spectrum.weights = counts;
  wlaw_mp_fit(&bulk, &spectrum, 20, 30, 15.5);
  assert_string_equal(bulk.reason, "the spectrum is approximate");
  assert_true(bulk.spikes_null == SIZE_MAX);
  spectrum = (weight_spectrum){0};
  wlaw_mp_fit(&bulk, &spectrum, 0, 30, (double)NAN);
  assert_non_null(bulk.reason);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(distribution), cmocka_unit_test(pure_noise),
                                     cmocka_unit_test(planted_spikes), cmocka_unit_test(many_spikes),
                                     cmocka_unit_test(undetermined)};
  return cmocka_run_group_tests_name("law.marchenko_pastur", tests, NULL, NULL);
}
