/* Checks that every law of symmetric entries has to pass, whatever its formulas. */
#ifndef TESTS_LAW_ENTRY_CHECKS_H
#define TESTS_LAW_ENTRY_CHECKS_H

#include "support/test.h"

#include "core/stream.h"
#include "law/entry_fit.h"

static inline wlaw_law *parse_law(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

/* The density's integral against the cdf, the moments and the kurtosis, by Simpson's rule in ln x on [1e-60, 1e12]
 * times the scale s for x > 0 (the law is symmetric): 40000 steps of h = 0.0042; the integrand's fourth derivative is
 * of order shape^4 of itself, so that shapes up to 8 give errors of h^4 / 180 * 8^4 = 7e-9, and shapes up to 2 of
 * 3e-11. */
static inline void check_density(const char *text, double s, double tolerance) {
  enum { N = 40000 };
  wlaw_law *law = parse_law(text);
  wlaw_law_fix_scale(law, 30, 40);
  const entry_ops *entry = law->ops->entry;
  const double low = log(1e-60 * s), h = (log(1e12 * s) - low) / N;
  double mass = entry->cdf(law->values, 1e-60 * s) - 0.5, second = 0, fourth = 0, mean, variance;
  for (int i = 0; i <= N; i++) {
    const double x = exp(low + i * h), weight = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * h / 3;
    const double f = weight * x * exp(entry->log_density(law->values, x));
    assert_true(entry->log_density(law->values, -x) == entry->log_density(law->values, x));
    mass += f;
    second += 2 * f * x * x;
    fourth += 2 * f * x * x * x * x;
    if (i % 500 == 0 && i > 0 && i < N) {
      check_near(mass - 0.5 * f, entry->cdf(law->values, x) - 0.5, tolerance);
      check_near(entry->cdf(law->values, x) + entry->cdf(law->values, -x), 1, 1e-15);
    }
  }
  check_near(mass, 0.5, tolerance);
  assert_true(isnan(entry->log_density(law->values, NAN)) && isnan(entry->cdf(law->values, NAN)));
  if (law->ops->moments(law, 30, 40, &mean, &variance)) {
    check_near(mean, 0, 0);
    check_near(second / variance, 1, 4 * tolerance);
    const double kurtosis = law->ops->kurtosis(law);
    if (isfinite(kurtosis)) check_near(fourth / (variance * variance) / kurtosis, 1, 16 * tolerance);
  }
  wlaw_law_free(law);
}

static inline int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* 200,000 draws: sqrt(n) sup |F_n - F| below 2.2 (once in 8000 seeds). */
static inline void check_draws(const char *text, uint64_t seed) {
  enum { ROWS = 200, COLS = 1000, N = ROWS * COLS };
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse_law(text);
  double *x = malloc(N * sizeof *x), distance = 0;
  check_ok(wlaw_law_draw(law, x, 1, ROWS, COLS, seed, 0, err));
  wlaw_law_fix_scale(law, ROWS, COLS);
  qsort(x, N, sizeof *x, compare_doubles);
  for (int i = 0; i < N; i++) {
    const double f = law->ops->entry->cdf(law->values, x[i]);
    distance = fmax(distance, fmax(fabs(f - (double)i / N), fabs(f - (i + 1.0) / N)));
  }
  if (!(sqrt(N) * distance <= 2.2)) fail_msg("%s: sqrt(n) D = %g", text, sqrt(N) * distance);
  free(x);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static inline entry_cells draw_cells(const wlaw_law *law, size_t n, uint64_t seed, uint64_t number) {
  wlaw_error *err = wlaw_error_new();
  double *x = malloc(n * sizeof *x);
  entry_cells cells;
  check_ok(wlaw_law_draw(law, x, 1, 1, n, seed, number, err));
  qsort(x, n, sizeof *x, compare_doubles);
  check_ok(wlaw_cells_sorted(&cells, x, n, err));
  free(x);
  wlaw_error_free(err);
  return cells;
}

/* No law of the family near the fitted one is likelier: each free parameter moved by +-0.3 and +-1 standard errors. */
static inline void check_maximum(const entry_fit *fit, const entry_cells *cells) {
  for (size_t i = 0; i < fit->law.ops->n_parameters; i++) {
    if (!fit->law.counts[i] || isnan(fit->standard_error[i])) continue;
    for (int side = -1; side <= 1; side += 2)
      for (double step = 0.3; step < 1.1; step += 0.7) {
        wlaw_law moved = fit->law;
        double *value = &moved.values[wlaw_law_offset(moved.ops, i)];
        *value = fmax(*value + side * step * fit->standard_error[i], moved.ops->parameters[i].low);
        assert_true(wlaw_entry_log_likelihood(&moved, cells) < fit->log_likelihood);
      }
  }
}

/* Fits of 200 samples of n from the law, their first few parameters: means of the estimates within 4.5 of their errors
 * of the truth (to a bias of order 1/n: 0.2 standard errors are granted), their spread as the standard errors say,
 * known to 1 / sqrt(400) = 5 %.
 */
static inline void check_fit_errors(const char *text, size_t parameters, size_t n, uint64_t seed) {
  enum { TIMES = 200 };
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse_law(text);
  double sum[LAW_MAX_PARAMETERS] = {0}, square[LAW_MAX_PARAMETERS] = {0}, error[LAW_MAX_PARAMETERS] = {0};
  for (uint64_t t = 0; t < TIMES; t++) {
    entry_cells cells = draw_cells(law, n, seed, t);
    entry_fit fit;
    check_ok(law->ops->entry->fit(&fit, &cells, err));
    if (!fit.converged) fail_msg("%s, sample %u: %s", text, (unsigned)t, fit.stop_reason);
    check_near(wlaw_entry_log_likelihood(&fit.law, &cells), fit.log_likelihood, 0);
    if (t == 0) check_maximum(&fit, &cells);
    for (size_t i = 0; i < parameters; i++) {
      const double off = fit.law.values[i] - law->values[i];
      sum[i] += off;
      square[i] += off * off;
      error[i] += fit.standard_error[i] / TIMES;
    }
    wlaw_cells_free(&cells);
  }
  for (size_t i = 0; i < parameters; i++) {
    if (isnan(error[i])) continue;
    const double mean = sum[i] / TIMES, sd = sqrt((square[i] - sum[i] * mean) / (TIMES - 1));
    if (!(fabs(mean) <= (4.5 / sqrt(TIMES) + 0.2) * sd) || !(fabs(sd / error[i] - 1) <= 4.5 / sqrt(2.0 * TIMES)))
      fail_msg("%s, %s: bias %g, spread %g, standard error %g", text, law->ops->parameters[i].name, mean, sd, error[i]);
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
}

#endif
