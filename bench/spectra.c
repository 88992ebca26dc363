/* Seconds for the spectrum of a ROWS x COLS matrix of f32 normal weights: `spectra ROWS COLS REPEATS [THREADS]`.
 * Prints the median, and the largest singular value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/monitor.h"
#include "core/stream.h"
#include "measure/spectrum.h"

enum { MOST_RUNS = 1000 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static double times[MOST_RUNS];
  const size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024, cols = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024;
  size_t runs = argc > 3 ? strtoul(argv[3], NULL, 10) : 3;
  const unsigned threads = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
  float *weights = malloc(rows * cols * sizeof *weights);
  if (!weights || runs < 1 || runs > MOST_RUNS) return 2;
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  for (size_t i = 0; i < rows * cols; i++) {
    double normal;
    wlaw_stream_normals(&stream, &normal, 1);
    weights[i] = (float)normal;
  }
  const weight_source source = {.rows = rows, .cols = cols, .dtype = WLAW_F32, .memory = weights};
  double largest = 0.0;
  for (size_t r = 0; r < runs; r++) {
    weight_spectrum spectrum;
    const uint64_t start = wlaw_clock_ns();
    if (wlaw_weight_spectrum(&spectrum, &source, 1, threads, NULL, NULL) != WLAW_OK) return 6;
    times[r] = (double)(wlaw_clock_ns() - start) * 1e-9;
    largest = sqrt(spectrum.eigenvalues[spectrum.n - 1]);
    wlaw_weight_spectrum_free(&spectrum);
  }
  qsort(times, runs, sizeof *times, compare);
  printf("%.9g %.9g\n", times[runs / 2], largest);
  free(weights);
  return 0;
}
