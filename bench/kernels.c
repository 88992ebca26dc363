/* Seconds an entry for the kernel matrix of an infinitely wide network: `kernels FILE N FEATURES ACTIVATION DEPTH KIND
 * [THREADS]`, FILE: N x FEATURES doubles; KIND: nngp, ntk, or cross-nngp (the first half of the inputs with the
 * second). Weight variance 2, no biases. Prints the median of five, and two entries to compare with a peer's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit/kernel.h"

enum { RUNS = 5 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double *read_inputs(const char *path, size_t count) {
  double *x = malloc(count * sizeof *x);
  FILE *file = fopen(path, "rb");
  const bool whole = x && file && fread(x, sizeof *x, count, file) == count;
  if (file) fclose(file);
  if (!whole) exit(4);
  return x;
}

int main(int argc, char **argv) {
  if (argc < 7) return 2;
  const size_t n = strtoul(argv[2], NULL, 10), features = strtoul(argv[3], NULL, 10);
  const bool cross = strcmp(argv[6], "cross-nngp") == 0;
  const size_t rows = cross ? n / 2 : n, cols = cross ? n - n / 2 : n;
  const unsigned threads = argc > 7 ? (unsigned)strtoul(argv[7], NULL, 10) : 0;
  kernel_spec spec = {.depth = strtoul(argv[5], NULL, 10), .weight_variance = 2.0, .ntk = strcmp(argv[6], "ntk") == 0};
  double *x = read_inputs(argv[1], n * features), *out = malloc(rows * cols * sizeof *out), times[RUNS];
  kernel_inputs a, b;
  if (!out || wlaw_dual_parse(&spec.activation, argv[4], NULL) != WLAW_OK) return 6;
  for (int run = 0; run < RUNS; run++) {
    const uint64_t start = wlaw_clock_ns();
    if (wlaw_kernel_inputs_new(&a, x, rows, features, NULL) != WLAW_OK ||
        wlaw_kernel_inputs_new(&b, x + (n - cols) * features, cols, features, NULL) != WLAW_OK ||
        wlaw_kernel_matrix(out, &spec, &a, cross ? &b : &a, threads, NULL, NULL) != WLAW_OK)
      return 6;
    times[run] = (double)(wlaw_clock_ns() - start) * 1e-9 / (double)(rows * cols);
    wlaw_kernel_inputs_free(&a);
    wlaw_kernel_inputs_free(&b);
  }
  qsort(times, RUNS, sizeof *times, compare);
  printf("%.9g %.12g %.12g\n", times[RUNS / 2], out[1], out[(rows - 1) * cols]);
  free(x);
  free(out);
  return 0;
}
