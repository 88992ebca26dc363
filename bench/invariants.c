/* Seconds a matrix for the invariants of all graphs of degree 1 to 4 (361) and their accumulation, one thread, and of
 * one D x D x D dgemm, in turn: `invariants D NETWORKS SECONDS [LEVEL]`. Prints both medians over repetitions that fill
 * SECONDS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "core/monitor.h"
#include "core/stream.h"
#include "math/blas.h"
#include "measure/invariants.h"

enum { CHUNK = 64, MOST_RUNS = 100000, MOST_GRAPHS = 512 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static invariant_plan *plan_of_all(size_t *n) {
  static graph all[MOST_GRAPHS];
  invariant_plan *plan;
  *n = 0;
  for (size_t degree = 1; degree <= 4; degree++) {
    graph *some;
    size_t more;
    if (wlaw_graph_list(&some, &more, GRAPH_DIRECTED, degree, NULL) != WLAW_OK || *n + more > MOST_GRAPHS) exit(6);
    memcpy(all + *n, some, more * sizeof *all);
    *n += more;
    free(some);
  }
  if (wlaw_invariant_plan_new(&plan, all, *n, false, NULL) != WLAW_OK) exit(6);
  return plan;
}

/* As a fit does it: chunks of 64 networks, merged in order. */
static double one_run(invariant_moments *all, const invariant_plan *plan, const double *matrices, size_t networks,
                      size_t D, double *values, cpu_level level) {
  static double mean[MOST_GRAPHS], squares[MOST_GRAPHS];
  const uint64_t start = wlaw_clock_ns();
  for (size_t k = 0; k < networks; k += CHUNK) {
    const size_t n = networks - k < CHUNK ? networks - k : CHUNK;
    invariant_moments chunk = {all->length, 0, mean, squares};
    memset(mean, 0, sizeof mean);
    memset(squares, 0, sizeof squares);
    if (wlaw_invariants_measure(values, plan, matrices + k * D * D, n, D, D, level, NULL) != WLAW_OK) exit(6);
    wlaw_invariant_moments_add(&chunk, values, n);
    wlaw_invariant_moments_merge(all, &chunk);
  }
  return (double)(wlaw_clock_ns() - start) * 1e-9 / (double)networks;
}

static double one_dgemm(const double *matrix, double *product, size_t D) {
  const int n = (int)D;
  const uint64_t start = wlaw_clock_ns();
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, matrix, n, matrix, n, 0.0, product, n);
  wlaw_blas_end();
  return (double)(wlaw_clock_ns() - start) * 1e-9;
}

int main(int argc, char **argv) {
  static double times[MOST_RUNS], gemm[MOST_RUNS], mean[MOST_GRAPHS], squares[MOST_GRAPHS], values[CHUNK * MOST_GRAPHS];
  const size_t D = argc > 1 ? strtoul(argv[1], NULL, 10) : 10, networks = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024;
  const double seconds = argc > 3 ? strtod(argv[3], NULL) : 1.0;
  cpu_level level = wlaw_cpu_level();
  for (int l = 0; argc > 4 && l <= (int)wlaw_cpu_level(); l++)
    if (strcmp(argv[4], wlaw_cpu_level_name((cpu_level)l)) == 0) level = (cpu_level)l;
  size_t n_graphs, runs = 0;
  invariant_plan *plan = plan_of_all(&n_graphs);
  double *matrices = malloc(networks * D * D * sizeof *matrices), *product = malloc(D * D * sizeof *product);
  if (!matrices || !product) return 6;
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, matrices, networks * D * D);
  invariant_moments all = {n_graphs, 0, mean, squares};
  const uint64_t end = wlaw_clock_ns() + (uint64_t)(seconds * 1e9);
  while (runs < MOST_RUNS && (runs < 3 || wlaw_clock_ns() < end)) {
    gemm[runs] = one_dgemm(matrices, product, D);
    times[runs++] = one_run(&all, plan, matrices, networks, D, values, level);
  }
  qsort(times, runs, sizeof *times, compare);
  qsort(gemm, runs, sizeof *gemm, compare);
  printf("%.9g %.9g %s %zu %.3g\n", times[runs / 2], gemm[runs / 2], wlaw_cpu_level_name(level), runs, mean[1]);
  wlaw_invariant_plan_free(plan);
  free(matrices);
  free(product);
  return 0;
}
