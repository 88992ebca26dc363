/* Seconds of one network-epoch, by the library's own calls: training networks on images, one after the other on each
 * thread, as `weightlaw train` does between two snapshots.
 *
 *   train [--shared] [--networks N] [--epochs E] [--threads T] [--level baseline|v3|v4] [--widths 784,10,10,10,10]
 *         [--activation NAME] [--data FOLDER] [--sgemm]
 *
 * --sgemm: also the rate of 2000 x 2000 x 2000 sgemm on as many threads, right before and after, the core OpenBLAS took
 * itself for, and the share of that rate which training reaches.
 * Prints one line: seconds of a network-epoch (wall time / networks / epochs; processor time likewise), flop rate, mean
 * test accuracy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "core/memory.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "math/blas.h"
#include "net/train.h"

static const char default_folder[] = "/usr/share/datasets/fashion-mnist";

static uint8_t *read_idx(const char *folder, const char *name, size_t header, size_t bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  gzFile file = gzopen(path, "rb");
  uint8_t skip[16], *values = wlaw_array(bytes, 1);
  if (!file || !values || gzread(file, skip, (unsigned)header) != (int)header ||
      gzread(file, values, (unsigned)bytes) != (int)bytes) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(4);
  }
  gzclose(file);
  return values;
}

static wlaw_dataset read_images(const char *folder) {
  enum { TRAIN = 60000, TEST = 10000, PIXELS = 784 };
  static float scale[PIXELS], shift[PIXELS];
  for (int f = 0; f < PIXELS; f++) {
    scale[f] = 2.0f / 255.0f;
    shift[f] = -1.0f;
  }
  static char name[] = "images";
  return (wlaw_dataset){.name = name,
                        .image_shape = {1, 28, 28},
                        .features = PIXELS,
                        .classes = 10,
                        .scale = scale,
                        .shift = shift,
                        .train = {.n = TRAIN,
                                  .bytes = read_idx(folder, "train-images-idx3-ubyte.gz", 16, (size_t)TRAIN * PIXELS),
                                  .labels = read_idx(folder, "train-labels-idx1-ubyte.gz", 8, TRAIN)},
                        .test = {.n = TEST,
                                 .bytes = read_idx(folder, "t10k-images-idx3-ubyte.gz", 16, (size_t)TEST * PIXELS),
                                 .labels = read_idx(folder, "t10k-labels-idx1-ubyte.gz", 8, TEST)}};
}

typedef struct job {
  trainer *trainer;
  train_scratch **scratch;
  network_state *states;
  evaluation *scores;
  size_t networks, units;
  uint32_t epochs;
} job;

static wlaw_status run_group(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  job *j = context;
  const size_t first = unit * j->networks / j->units, n = (unit + 1) * j->networks / j->units - first;
  for (uint32_t epoch = 1; epoch <= j->epochs; epoch++) {
    const wlaw_status status =
        wlaw_train_epoch(j->trainer, j->scratch[worker], j->states + first, (uint32_t)first, n, epoch, stop, err);
    if (status != WLAW_OK) return status;
    for (size_t k = first; k < first + n; k++)
      wlaw_train_evaluate(j->trainer, j->scratch[worker], j->states[k].weights, &j->scores[k]);
  }
  return WLAW_OK;
}

enum { ORDER = 2000 };

static wlaw_status multiply(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)unit, (void)stop, (void)err;
  float *a = ((float **)context)[worker];
  const size_t n = ORDER;
  wlaw_sgemm(false, false, n, n, n, 1.0f, a, n, a + n * n, n, 0.0f, a + 2 * n * n, n);
  return WLAW_OK;
}

/* Flops a second of one sgemm on each thread, the best of three rounds. */
static double sgemm_rate(unsigned threads) {
  float **matrices = calloc(threads, sizeof *matrices);
  for (unsigned t = 0; t < threads; t++) {
    matrices[t] = wlaw_array((size_t)3 * ORDER * ORDER, sizeof(float));
    for (size_t i = 0; i < (size_t)2 * ORDER * ORDER; i++) matrices[t][i] = (float)(i % 7) - 3.0f;
  }
  double best = 0;
  for (int round = 0; round < 3; round++) {
    const uint64_t begin = wlaw_clock_ns();
    if (wlaw_parallel(threads, threads, multiply, matrices, NULL, NULL) != WLAW_OK) exit(6);
    const double rate = 2.0 * ORDER * ORDER * ORDER * threads / (1e-9 * (double)(wlaw_clock_ns() - begin));
    if (rate > best) best = rate;
  }
  for (unsigned t = 0; t < threads; t++) free(matrices[t]);
  free(matrices);
  return best;
}

static void must(wlaw_status status, const wlaw_error *err) {
  if (status == WLAW_OK) return;
  fprintf(stderr, "%s\n", wlaw_error_message(err));
  exit(wlaw_status_exit_code(status));
}

static mlp parse_widths(const char *text) {
  mlp net = {0};
  size_t n = 0;
  for (char *end; *text && n <= MLP_MAX_LAYERS; text = *end ? end + 1 : end) net.width[n++] = strtoull(text, &end, 10);
  net.layers = n - 1;
  return net;
}

static activation parse_activation(const char *text) {
  static const char *const names[] = {"relu", "leaky-relu", "tanh", "erf", "gelu", "sin", "linear"};
  for (int k = 0; k < 7; k++)
    if (!strcmp(text, names[k])) return (activation)k;
  fprintf(stderr, "unknown activation %s\n", text);
  exit(2);
}

/* Multiply-adds of one sample: forward and weight gradient of every layer, input gradient of all but the first. */
static double multiply_adds(const mlp *net) {
  double total = 0;
  for (size_t l = 0; l < net->layers; l++) total += (l ? 3.0 : 2.0) * (double)net->width[l] * (double)net->width[l + 1];
  return total;
}

int main(int argc, char **argv) {
  const char *folder = default_folder, *widths = "784,10,10,10,10", *kind = "relu", *level_name = NULL;
  size_t networks = 8;
  unsigned threads = 0;
  bool sgemm = false;
  train_config config = {.optimizer = OPTIMIZER_ADAM,
                         .lr = 1e-3,
                         .beta1 = 0.9,
                         .beta2 = 0.999,
                         .epsilon = 1e-8,
                         .batch = 100,
                         .epochs = 1,
                         .seed = 1};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--shared")) config.shared_order = true;
    else if (!strcmp(argv[i], "--sgemm")) sgemm = true;
    else if (!strcmp(argv[i], "--networks")) networks = strtoull(value, NULL, 10), i++;
    else if (!strcmp(argv[i], "--epochs")) config.epochs = (uint32_t)strtoul(value, NULL, 10), i++;
    else if (!strcmp(argv[i], "--threads")) threads = (unsigned)strtoul(value, NULL, 10), i++;
    else if (!strcmp(argv[i], "--level")) level_name = value, i++;
    else if (!strcmp(argv[i], "--widths")) widths = value, i++;
    else if (!strcmp(argv[i], "--activation")) kind = value, i++;
    else if (!strcmp(argv[i], "--data")) folder = value, i++;
    else return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
  }
  config.mlp = parse_widths(widths);
  config.mlp.activation = parse_activation(kind);
  cpu_level level = CPU_LEVELS;
  if (level_name) level = !strcmp(level_name, "v4") ? CPU_V4 : !strcmp(level_name, "v3") ? CPU_V3 : CPU_BASELINE;
  wlaw_dataset data = read_images(folder);
  wlaw_error *err = wlaw_error_new();
  must(wlaw_dataset_tile(&data, err), err);
  job j = {.networks = networks, .epochs = config.epochs};
  must(wlaw_trainer_new(&j.trainer, &config, &data, level, err), err);
  const size_t floats = wlaw_train_floats(j.trainer);
  threads = wlaw_threads_for(threads, networks);
  j.units = wlaw_train_units(j.trainer, networks, threads);
  j.scratch = calloc(threads, sizeof(void *));
  for (unsigned t = 0; t < threads; t++) must(wlaw_scratch_new(&j.scratch[t], j.trainer, err), err);
  j.states = calloc(networks, sizeof *j.states);
  j.scores = calloc(networks, sizeof *j.scores);
  wlaw_law *law;
  must(wlaw_law_parse(&law, "torch-default", err), err);
  for (size_t k = 0; k < networks; k++) {
    j.states[k] = (network_state){.weights = wlaw_array(floats, sizeof(float)),
                                  .first = wlaw_array(floats, sizeof(float)),
                                  .second = wlaw_array(floats, sizeof(float))};
    must(wlaw_train_init(j.trainer, law, (uint32_t)k, j.states[k].weights, err), err);
  }

  const double rate_before = sgemm ? sgemm_rate(threads) : 0;
  const uint64_t begin = wlaw_clock_ns();
  const clock_t work_begin = clock();
  must(wlaw_parallel(j.units, threads, run_group, &j, NULL, err), err);
  const double seconds = 1e-9 * (double)(wlaw_clock_ns() - begin) / (double)networks / (double)config.epochs;
  const double core = (double)(clock() - work_begin) / CLOCKS_PER_SEC / (double)networks / (double)config.epochs;
  double accuracy = 0;
  for (size_t k = 0; k < networks; k++) accuracy += j.scores[k].accuracy / (double)networks;
  const double flops = 2.0 * multiply_adds(&config.mlp) * (double)data.train.n / seconds;
  printf(
      "%s seconds_per_network_epoch %.6f core_seconds %.6f gflops %.1f accuracy %.4f networks %zu epochs %u threads "
      "%u\n",
      config.shared_order ? "shared" : "independent", seconds, core, 1e-9 * flops, accuracy, networks, config.epochs,
      threads);
  if (sgemm) {
    const double rate_after = sgemm_rate(threads), rate = rate_before > rate_after ? rate_before : rate_after;
    printf("sgemm-share %.1f %.1f %.2f\n# GFLOP/s of training and of sgemm on %u threads (OpenBLAS core %s)\n",
           1e-9 * flops, 1e-9 * rate, flops / rate, threads, wlaw_blas_core());
  }
  return 0;
}
