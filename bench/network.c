/* Sums of whole networks from a file in the page cache, as fit --law network makes them:
 * `network PATH NETWORKS SIDE THREADS SECONDS WIDTH WIDTH ...` writes the file where it is not there (f32, normal
 * weights, no biases), SIDE is exchangeable or labelled (inputs; outputs as well). Prints seconds and processor seconds
 * a network, medians over passes that fill SECONDS, and a sum of all squares to compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/monitor.h"
#include "core/stream.h"
#include "study/networks.h"
#include "tensor/writer.h"

enum { MOST_RUNS = 10000, DIFFERENT = 1 << 16 /* normal numbers, again and again from another place */ };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fail(wlaw_error *err) {
  fprintf(stderr, "network: %s\n", wlaw_error_message(err));
  exit(6);
}

static void write_file(const char *path, const network_shape *shape, size_t n_networks, wlaw_error *err) {
  static float numbers[2 * DIFFERENT];
  tensor_spec specs[NETWORK_LAYERS];
  char names[NETWORK_LAYERS][32];
  tensor_writer *writer = NULL;
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  for (size_t i = 0; i < 2 * DIFFERENT; i++) {
    double normal;
    wlaw_stream_normals(&stream, &normal, 1);
    numbers[i] = (float)(0.1 * normal);
  }
  for (size_t l = 0; l < shape->layers; l++) {
    snprintf(names[l], sizeof names[l], "layer%zu.weight", l + 1);
    specs[l] = (tensor_spec){names[l], WLAW_F32, 3, {n_networks, shape->width[l + 1], shape->width[l]}};
  }
  if (wlaw_writer_open(&writer, path, specs, shape->layers, NULL, err) != WLAW_OK) fail(err);
  for (size_t l = 0, turn = 0; l < shape->layers; l++)
    for (size_t left = n_networks * shape->width[l + 1] * shape->width[l], n; left > 0; left -= n) {
      n = left < DIFFERENT ? left : DIFFERENT;
      if (wlaw_writer_add(writer, numbers + turn++ * 7919 % DIFFERENT, n * sizeof *numbers, err) != WLAW_OK) fail(err);
    }
  if (wlaw_writer_commit(writer, err) != WLAW_OK) fail(err);
}

int main(int argc, char **argv) {
  static double wall[MOST_RUNS], processor[MOST_RUNS];
  if (argc < 8 || argc - 7 > NETWORK_LAYERS) return 2;
  const char *path = argv[1];
  const network_side side = strcmp(argv[3], "labelled") == 0 ? SIDE_LABELLED : SIDE_EXCHANGEABLE;
  const size_t n_networks = strtoul(argv[2], NULL, 10);
  const unsigned threads = (unsigned)strtoul(argv[4], NULL, 10);
  const double seconds = strtod(argv[5], NULL);
  wlaw_error *err = wlaw_error_new();
  network_shape shape = {.layers = (size_t)argc - 7};
  for (size_t k = 0; k <= shape.layers; k++) shape.width[k] = strtoul(argv[6 + k], NULL, 10);
  if (access(path, R_OK) != 0) write_file(path, &shape, n_networks, err);
  networks *source = NULL;
  network_layout layout;
  const networks_request request = {.paths = &path, .n_paths = 1, .input = side};
  if (wlaw_networks_open(&source, &request, err) != WLAW_OK) fail(err);
  wlaw_networks_shape(&shape, source, side, side);
  if (wlaw_network_layout(&layout, &shape, err) != WLAW_OK) fail(err);
  const uint64_t end = wlaw_clock_ns() + (uint64_t)(seconds * 1e9);
  size_t runs = 0;
  double squares = 0.0;
  while (runs < MOST_RUNS && (runs < 3 || wlaw_clock_ns() < end)) {
    network_sample sample;
    const uint64_t start = wlaw_clock_ns();
    const double used = processor_seconds();
    if (wlaw_networks_measure(&sample, source, &layout, true, threads, NULL, err) != WLAW_OK) fail(err);
    wall[runs] = (double)(wlaw_clock_ns() - start) * 1e-9 / (double)source->n;
    processor[runs++] = (processor_seconds() - used) / (double)source->n;
    const size_t T = layout.trivial;
    squares = 0.0;
    for (size_t i = 0; i < T; i++) squares += sample.total->trivial_fourth[i * T + i];
    for (size_t s = 0; s < layout.n_sets; s++)
      for (size_t c = 0, n = layout.sets[s].copies; c < n; c++) squares += sample.total->set_squares[s][c * n + c];
    wlaw_network_sample_release(&sample);
  }
  qsort(wall, runs, sizeof *wall, compare);
  qsort(processor, runs, sizeof *processor, compare);
  printf("%.9g %.9g %.9g\n", wall[runs / 2], processor[runs / 2], squares);
  wlaw_networks_close(source);
  wlaw_error_free(err);
  return 0;
}
