/* Seconds a matrix for the 13 statistics and their accumulation, one thread: `moments D NETWORKS SECONDS [LEVEL]`.
 * Prints the median over repetitions that fill SECONDS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/monitor.h"
#include "core/stream.h"
#include "measure/moments.h"

enum { CHUNK = 64, MOST_RUNS = 100000 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* As a fit does it: chunks of 64 networks, merged in order. */
static double one_run(const double *matrices, size_t networks, size_t D, cpu_level level, double *sink) {
  double q[CHUNK * MOMENTS_MOST], pivot[2];
  matrix_moments all, chunk;
  const uint64_t start = wlaw_clock_ns();
  wlaw_moments_pivot(pivot, matrices, D, D);
  wlaw_moments_start(&all, D, D, pivot);
  for (size_t k = 0; k < networks; k += CHUNK) {
    const size_t n = networks - k < CHUNK ? networks - k : CHUNK;
    wlaw_moments_start(&chunk, D, D, pivot);
    if (wlaw_moments_measure(q, &chunk, matrices + k * D * D, n, level, NULL) != WLAW_OK) exit(6);
    wlaw_moments_add(&chunk, q, n);
    wlaw_moments_merge(&all, &chunk);
  }
  *sink += all.mean[Q_P2];
  return (double)(wlaw_clock_ns() - start) * 1e-9 / (double)networks;
}

int main(int argc, char **argv) {
  static double times[MOST_RUNS];
  const size_t D = argc > 1 ? strtoul(argv[1], NULL, 10) : 10, networks = argc > 2 ? strtoul(argv[2], NULL, 10) : 4096;
  const double seconds = argc > 3 ? strtod(argv[3], NULL) : 1.0;
  cpu_level level = wlaw_cpu_level();
  for (int l = 0; argc > 4 && l <= (int)wlaw_cpu_level(); l++)
    if (strcmp(argv[4], wlaw_cpu_level_name((cpu_level)l)) == 0) level = (cpu_level)l;
  double *matrices = malloc(networks * D * D * sizeof *matrices), sink = 0;
  if (!matrices) return 6;
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, matrices, networks * D * D);
  const uint64_t end = wlaw_clock_ns() + (uint64_t)(seconds * 1e9);
  size_t runs = 0;
  while (runs < MOST_RUNS && (runs < 3 || wlaw_clock_ns() < end))
    times[runs++] = one_run(matrices, networks, D, level, &sink);
  qsort(times, runs, sizeof *times, compare);
  printf("%.9g %s %zu %.3g\n", times[runs / 2], wlaw_cpu_level_name(level), runs, sink);
  free(matrices);
  return 0;
}
