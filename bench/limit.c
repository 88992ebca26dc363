/* Seconds a draw of one output of a network with one hidden relu layer: `limit LAW INPUTS WIDTH`. WIDTH 0: of the
 * limit, by the random kernel; otherwise all nodes of that width are simulated. Prints seconds and the error of the law
 * drawn: the largest error of E exp(-s Lambda) over s, computed, not estimated. The limit is drawn with the largest
 * tolerance whose error is below that of LIKE nodes. LAW: beta (eta = 1, b = 1/2) or horseshoe (c = pi). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/monitor.h"
#include "limit/finite.h"
#include "limit/random_kernel.h"
#include "math/quadrature.h"

enum { LIKE = 2000, TRANSFORMS = 41 };

static double transform_at(int i) { return pow(10.0, -2.0 + 0.25 * i); }

/* E exp(-s lambda) of one of p nodes: Kummer's M(a, a + b, -s) for Beta(a, b), e^(s k^2) erfc(k sqrt(s)) for the square
 * of a Cauchy variable of scale k. */
static double finite_transform(bool beta, double p, double s) {
  if (!beta) {
    const double k = 3.14159265358979323846 / p;
    return exp(s * k * k) * erfc(k * sqrt(s));
  }
  if (s > 300.0) /* DLMF 13.7.2 */
    return exp(lgamma(1.0 / p + 0.5) - lgamma(0.5) - log(s) / p) * (1.0 + 0.5 / p / s);
  double sum = 1.0, term = 1.0; /* e^-s M(b, a + b, s): all terms positive */
  for (int k = 0; k < 2000 && term > 1e-18 * sum; k++) {
    term *= (0.5 + k) / (1.0 / p + 0.5 + k) * s / (k + 1);
    sum += term;
  }
  return exp(-s) * sum;
}

typedef struct residual {
  const wlaw_law *law;
  double s;
} residual;

/* What the mean of the points near x leaves out of the exponent. */
static double residual_at(double log_x, const void *context) {
  const residual *of = context;
  const double x = exp(log_x), sx = of->s * x;
  const double gap = sx < 1e-4 ? 0.5 * sx * sx : expm1(-sx) + sx;
  return x * gap * of->law->ops->node->density(of->law, x);
}

static double error_of(const wlaw_law *law, bool beta, double width, double threshold) {
  double most = 0.0;
  for (int i = 0; i < TRANSFORMS; i++) {
    const double s = transform_at(i), exact = exp(-wlaw_node_exponent(law, s));
    const residual of = {law, s};
    const double drawn =
        width > 0.0
            ? exp(width * log(finite_transform(beta, width, s)))
            : exact * exp(-wlaw_integrate(residual_at, &of, log(threshold) - 60.0, log(threshold), 1e-10, NULL));
    most = fmax(most, fabs(drawn - exact));
  }
  return most;
}

static double first_inputs(double *gram, size_t n) {
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  enum { FEATURES = 50 };
  double *x = wlaw_array(n * FEATURES, sizeof *x);
  if (!x) return 1.0;
  wlaw_stream_normals(&stream, x, n * FEATURES);
  for (size_t i = 0; i < n * n; i++) {
    gram[i] = 0.0;
    for (size_t k = 0; k < FEATURES; k++) gram[i] += x[i / n * FEATURES + k] * x[i % n * FEATURES + k] / FEATURES;
  }
  free(x);
  return 0.0;
}

/* Draws for about a second, in a run of its own for each number of the median the caller takes. */
static int measure_limit(const limit_network *network, const double *gram, size_t n, bool beta, double goal) {
  random_kernel *kernel = NULL;
  double tolerance = 0.1, error = INFINITY;
  for (; !(error <= goal); tolerance *= 0.9) {
    wlaw_random_kernel_free(kernel);
    if (wlaw_random_kernel_new(&kernel, network, gram, n, tolerance, SIZE_MAX, NULL) != WLAW_OK) return 2;
    error = error_of(network->laws[0], beta, 0.0, wlaw_random_kernel_threshold(kernel, 0));
  }
  double *z = wlaw_array(n, sizeof *z), *scratch = wlaw_array(wlaw_random_kernel_scratch(kernel), sizeof *scratch);
  if (!z || !scratch) return 6;
  const uint64_t start = wlaw_clock_ns();
  uint64_t k = 0;
  double seconds = 0.0;
  while (seconds < 1.0) {
    for (int i = 0; i < 1000; i++)
      if (wlaw_random_kernel_draw(kernel, z, 1, NULL, 1, k++, scratch, NULL) != WLAW_OK) return 5;
    seconds = (double)(wlaw_clock_ns() - start) * 1e-9;
  }
  printf("%.4g %.2g %.3g\n", seconds / (double)k, error, wlaw_random_kernel_threshold(kernel, 0));
  free(z);
  free(scratch);
  wlaw_random_kernel_free(kernel);
  return 0;
}

static int measure_finite(const limit_network *network, const double *gram, size_t n, size_t width, double error) {
  finite_network *finite;
  if (wlaw_finite_new(&finite, network, gram, n, width, NULL, 0, NULL) != WLAW_OK) return 2;
  double *z = wlaw_array(n, sizeof *z), *scratch = wlaw_array(wlaw_finite_scratch(finite), sizeof *scratch);
  if (!z || !scratch) return 6;
  const uint64_t start = wlaw_clock_ns();
  uint64_t k = 0;
  double seconds = 0.0;
  while (seconds < 1.0) {
    for (int i = 0; i < 20; i++)
      if (wlaw_finite_draw(finite, z, 1, NULL, NULL, 1, k++, scratch, NULL) != WLAW_OK) return 5;
    seconds = (double)(wlaw_clock_ns() - start) * 1e-9;
  }
  printf("%.4g %.2g -\n", seconds / (double)k, error);
  free(z);
  free(scratch);
  wlaw_finite_free(finite);
  return 0;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "beta";
  const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1, width = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
  const bool beta = strcmp(name, "beta") == 0;
  limit_network network = {.depth = 1, .weight_variance = 1.0};
  wlaw_law *law;
  double *gram = wlaw_array(n * n, sizeof *gram);
  if (!gram || wlaw_law_parse(&law, name, NULL) != WLAW_OK ||
      wlaw_dual_parse(&network.activation, "relu", NULL) != WLAW_OK || first_inputs(gram, n) > 0.0)
    return 2;
  network.laws[0] = law;
  const double error = error_of(law, beta, width ? (double)width : LIKE, 0.0);
  const int status =
      width ? measure_finite(&network, gram, n, width, error) : measure_limit(&network, gram, n, beta, error);
  wlaw_law_free(law);
  free(gram);
  return status;
}
