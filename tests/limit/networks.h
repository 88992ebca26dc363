/* Networks of infinite width from text. */
#ifndef TESTS_LIMIT_NETWORKS_H
#define TESTS_LIMIT_NETWORKS_H

#include "support/test.h"

#include "law/law.h"
#include "limit/random_kernel.h"

static inline wlaw_law *law_of(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

/* laws: of the hidden layers, NULL at the end; free with network_free. */
static inline limit_network network_of(const char *const *laws, const char *activation, double weight_variance,
                                       double bias_variance) {
  wlaw_error *err = wlaw_error_new();
  limit_network network = {.weight_variance = weight_variance, .bias_variance = bias_variance};
  check_ok(wlaw_dual_parse(&network.activation, activation, err));
  for (; laws[network.depth]; network.depth++) network.laws[network.depth] = law_of(laws[network.depth]);
  wlaw_error_free(err);
  return network;
}
#define NETWORK(activation, weight_variance, bias_variance, ...)                                                       \
  network_of((const char *const[]){__VA_ARGS__, NULL}, activation, weight_variance, bias_variance)

static inline void network_free(limit_network *network) {
  for (size_t l = 0; l < network->depth; l++) {
    union { /* the laws are borrowed by networks, and here owned */
      const wlaw_law *borrowed;
      wlaw_law *owned;
    } law = {network->laws[l]};
    wlaw_law_free(law.owned);
  }
}

static inline double *doubles(size_t n) {
  double *out = calloc(n ? n : 1, sizeof *out);
  assert_non_null(out);
  return out;
}

static inline int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* P(sqrt(n) D > x) of Kolmogorov's law, with Stephens' correction for finite n (1970). */
static inline double ks_p_value(double d, double n) {
  const double x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * d;
  double sum = 0;
  for (int k = 1; k < 100; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
  return x < 0.2 ? 1 : fmin(fmax(sum, 0), 1);
}

/* Kolmogorov's distance of a sample (sorted here) from a distribution function that may jump at 0. */
static inline double ks_distance(double *sample, size_t n, double (*cdf)(double x, const void *context),
                                 const void *context) {
  double most = 0;
  qsort(sample, n, sizeof *sample, compare_doubles);
  for (size_t i = 0, j; i < n; i = j) {
    for (j = i + 1; j < n && sample[j] == sample[i]; j++) {
    }
    const double f = cdf(sample[i], context), below = j > i + 1 ? cdf(nextafter(sample[i], -INFINITY), context) : f;
    most = fmax(most, fmax(fabs((double)j / (double)n - f), fabs((double)i / (double)n - below)));
  }
  return most;
}

#endif
