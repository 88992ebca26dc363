/* The likeliest law of node variances: its likelihood beside that of EM, its kernel and curves by their definitions. */
#include "limit/node_deconvolve.h"

#include "core/stream.h"
#include "limit/node_quadratic.h"
#include "support/test.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOWER = 8 };
#else
enum { SLOWER = 1 };
#endif

enum { DEGREES = 10, VALUES = 4000, STEPS = 3000 / SLOWER };

/* P(Gamma(5) <= x) = 1 - e^-x sum over k < 5 of x^k / k! */
static double gamma_cdf(double x) {
  double term = 1, sum = 0;
  for (int k = 0; k < 5; term *= x / ++k) sum += term;
  return -expm1(log(sum) - x);
}

/* chance: [atoms, bins], by definition. */
static void fill_chances(double *chance, const node_kernel *kernel) {
  for (size_t g = 0; g < kernel->grid; g++)
    for (size_t b = 0; b < kernel->bins; b++) {
      const double at = (3 * (double)g + 1.5) * kernel->step, low = 5 * exp(((double)b - 1) * kernel->step - at);
      chance[g * kernel->bins + b] = gamma_cdf(low * exp(kernel->step)) - (b ? gamma_cdf(low) : 0);
      if (b == 0) chance[g * kernel->bins] = gamma_cdf(5 * exp(-at));
    }
  chance[kernel->grid * kernel->bins] = 1;
}

static double likelihood(double *density, const double *weights, const double *chance, const double *counts,
                         const node_kernel *kernel) {
  double sum = 0;
  memset(density, 0, kernel->bins * sizeof *density);
  for (size_t g = 0; g <= kernel->grid; g++)
    for (size_t b = 0; b < kernel->bins; b++) density[b] += weights[g] * chance[g * kernel->bins + b];
  for (size_t b = 0; b < kernel->bins; b++)
    if (counts[b] > 0) sum += counts[b] * log(density[b]);
  return sum;
}

/* No less likely than EM after many steps from everywhere (never more than the tolerance below the maximum), whose
 * own bound on what is left to gain is not far. */
static void finds_the_likeliest_law(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  node_kernel kernel;
  node_room *room;
  check_ok(wlaw_node_kernel_new(&kernel, DEGREES, 1e-3, 20, err));
  check_ok(wlaw_node_room_new(&room, &kernel, err));
  const size_t bins = kernel.bins, atoms = kernel.grid + 1;
  double *counts = calloc(bins, sizeof *counts), *weights = calloc(atoms, sizeof *weights),
         *em = calloc(atoms, sizeof *em), *chance = calloc(bins * atoms, sizeof *chance),
         *density = calloc(bins, sizeof *density);
  wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, 1, 1);
  for (size_t i = 0; i < VALUES; i++) {
    const double lambda = i % 3 ? wlaw_stream_gamma(&stream, 0.7) : i % 2 ? 1 : 0;
    counts[wlaw_node_kernel_bin(&kernel, lambda * wlaw_stream_gamma(&stream, 5) / 5)] += 1;
  }
  assert_true(wlaw_node_npmle(weights, &kernel, counts, 0.01, room));
  fill_chances(chance, &kernel);
  for (size_t g = 0; g < atoms; g++) em[g] = 1.0 / (double)atoms;
  for (size_t step = 0; step < STEPS; step++) {
    likelihood(density, em, chance, counts, &kernel);
    for (size_t g = 0; g < atoms; g++) {
      double gain = 0;
      for (size_t b = 0; b < bins; b++)
        if (counts[b] > 0) gain += counts[b] * chance[g * bins + b] / density[b];
      em[g] *= gain / VALUES;
    }
  }
  const double reached = likelihood(density, em, chance, counts, &kernel),
               mine = likelihood(density, weights, chance, counts, &kernel);
  double sum = 0, most = -INFINITY;
  for (size_t g = 0; g < atoms; g++) { /* no atom gains more than the tolerance: the maximum by its own condition */
    double gain = 0;
    for (size_t b = 0; b < bins; b++)
      if (counts[b] > 0) gain += counts[b] * chance[g * bins + b] / density[b];
    most = fmax(most, gain - VALUES);
    sum += weights[g];
  }
  check_near(sum, 1, 1e-12);
  if (!(most <= 0.011)) fail_msg("an atom gains %g", most);
  if (!(mine >= reached - 0.011)) fail_msg("log-likelihood %.6f, EM %.6f", mine, reached);
  check_near(mine, reached, 2); /* EM is slow, not lost */
  free(counts);
  free(weights);
  free(em);
  free(chance);
  free(density);
  wlaw_node_room_free(room);
  wlaw_node_kernel_free(&kernel);
  wlaw_error_free(err);
}

/* Three atoms by hand: curves count what lies above and below; a cell is spread evenly in ln lambda. */
static void reads_curves(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  node_kernel kernel;
  check_ok(wlaw_node_kernel_new(&kernel, DEGREES, 1e-2, 10, err));
  double *weights = calloc(kernel.grid + 1, sizeof *weights), tail[3], truncated[3];
  const double cell = 3 * kernel.step, low = exp(kernel.low + 4.5 * cell), high = exp(kernel.low + 20.5 * cell);
  const double x[] = {exp(kernel.low + 4 * cell), low, 0.5 * high};
  weights[4] = weights[kernel.grid] = 0.25;
  weights[20] = 0.5;
  wlaw_node_curves(tail, truncated, &kernel, weights, x, 3);
  const double above[] = {0.75, 0.625, 0.5}, below[] = {0, 0.25 * low * expm1(0.5 * cell) / expm1(cell), 0.25 * low};
  for (size_t i = 0; i < 3; i++) {
    check_near(tail[i], above[i], 1e-12);
    check_near(truncated[i], below[i], 1e-12);
  }
  check_near(wlaw_node_square(&kernel, weights), 0.25 * low * low + 0.5 * high * high, 1e-12);
  free(weights);
  wlaw_node_kernel_free(&kernel);
  wlaw_error_free(err);
}

/* Karush, Kuhn and Tucker's conditions of random problems, to the ridge's 1e-10. */
static void solves_quadratic_problems(void **state) {
  (void)state;
  quadratic *problem = calloc(1, sizeof *problem);
  for (uint32_t r = 0; r < 50; r++) {
    wlaw_stream stream = wlaw_stream_start(9, STREAM_TEST, r, 0);
    double g[12][12];
    const size_t n = 2 + r % 11;
    wlaw_stream_normals(&stream, &g[0][0], 144);
    problem->n = n;
    for (size_t i = 0; i < n; i++) {
      problem->x[i] = r % 2 ? 0 : fabs(g[i][0]);
      wlaw_stream_normals(&stream, &problem->b[i], 1);
      for (size_t j = 0; j < n; j++) {
        problem->a[i * QUADRATIC_MOST + j] = 0;
        for (size_t k = 0; k < 12; k++) problem->a[i * QUADRATIC_MOST + j] += g[i][k] * g[j][k];
      }
    }
    wlaw_quadratic_solve(problem);
    for (size_t i = 0; i < n; i++) {
      double slope = problem->b[i];
      for (size_t j = 0; j < n; j++) slope -= problem->a[i * QUADRATIC_MOST + j] * problem->x[j];
      assert_true(problem->x[i] >= 0);
      if (problem->x[i] > 0) check_near(slope, 0, 1e-6);
      else assert_true(slope <= 1e-6);
    }
  }
  free(problem);
}

static void refuses_ranges_without_grid(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  node_kernel kernel;
  check_status(wlaw_node_kernel_new(&kernel, DEGREES, 0, 1, err), WLAW_LIMIT);
  check_status(wlaw_node_kernel_new(&kernel, DEGREES, 1, 1, err), WLAW_LIMIT);
  check_status(wlaw_node_kernel_new(&kernel, DEGREES, 1, NAN, err), WLAW_LIMIT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_likeliest_law),
      cmocka_unit_test(reads_curves),
      cmocka_unit_test(solves_quadratic_problems),
      cmocka_unit_test(refuses_ranges_without_grid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
