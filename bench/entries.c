/* Rates of the entry laws beside that of a plain histogram of the same bytes by 16 bits: the faster of one table and
 * four, of bytes that lie in memory. raw: counts, moments, health, Weibull and generalised Gaussian with the errors of
 * independent weights; balanced: cells and Weibull; influence: the errors of dependent rows and columns. `entries FILE
 * ROWS COLUMNS TYPE [ROUNDS]` writes FILE (safetensors, TYPE bf16, f16 or f32) when it is not there; ours is read from
 * the page cache. Lines `name ours histogram ratio` in GB/s, medians of rounds taken in turn, and `seconds` of raw. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/stream.h"
#include "law/ggd.h"
#include "law/weibull_plot.h"
#include "measure/weight_summary.h"
#include "tensor/writer.h"

enum { MOST_ROUNDS = 99, PIECES = 64, TABLE = 1 << 16 };

static void must(wlaw_status status, wlaw_error *err) {
  if (status == WLAW_OK) return;
  fprintf(stderr, "entries: %s\n", wlaw_error_message(err));
  exit(4);
}

/* Normal weights, rows of different scales. */
static void write_file(const char *path, uint64_t rows, uint64_t cols, wlaw_dtype dtype, wlaw_error *err) {
  const tensor_spec spec = {"model.layers.0.mlp.up_proj.weight", dtype, 2, {rows, cols}};
  const size_t size = wlaw_dtype_size(dtype);
  double *row = malloc(cols * sizeof *row);
  unsigned char *stored = malloc(cols * size);
  if (!row || !stored) exit(6);
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  tensor_writer *writer;
  must(wlaw_writer_open(&writer, path, &spec, 1, NULL, err), err);
  for (uint64_t r = 0; r < rows; r++) {
    wlaw_stream_normals(&stream, row, cols);
    for (uint64_t c = 0; c < cols; c++) {
      const float weight = (float)(row[c] * (0.01 + 0.0001 * (double)(r % 100)));
      uint32_t bits;
      memcpy(&bits, &weight, sizeof bits);
      uint16_t half = (uint16_t)(bits >> 16);
      if (dtype == WLAW_F16)
        half = (uint16_t)(wlaw_entry_key(ENTRY_KEY_F16, fabs((double)weight)) | (weight < 0.0f ? 0x8000u : 0u));
      if (dtype == WLAW_F32) memcpy(stored + c * size, &weight, size);
      else memcpy(stored + c * size, &half, size);
    }
    must(wlaw_writer_add(writer, stored, cols * size, err), err);
  }
  must(wlaw_writer_commit(writer, err), err);
  free(row);
  free(stored);
}

/* ---- the histogram to compare with */

typedef struct histogram {
  const uint16_t *values;
  size_t n;
  int tables;
  size_t halves;    /* 16-bit numbers in a weight */
  uint32_t *counts; /* [workers, 4, TABLE] */
} histogram;

static wlaw_status count_piece(void *context, size_t piece, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)stop, (void)err;
  const histogram *h = context;
  const uint16_t *v = h->values + h->n / PIECES * piece, *end = v + h->n / PIECES;
  uint32_t *t = h->counts + (size_t)worker * 4 * TABLE;
  if (h->tables == 1)
    for (; v < end; v++) t[*v]++;
  else
    for (; v + 4 <= end; v += 4) {
      t[v[0]]++;
      t[TABLE + v[1]]++;
      t[2 * TABLE + v[2]]++;
      t[3 * TABLE + v[3]]++;
    }
  return WLAW_OK;
}

/* ---- what is measured */

typedef struct bench {
  weight_source file, held;
  weight_summary summary;
  weight_balance rows, both;
  histogram histogram;
  float *functions[INFLUENCE_MOST];
  weibull_plot plot;
  entry_fit ggd;
  wlaw_error *err;
} bench;

static void one_table(bench *b) {
  b->histogram.tables = 1;
  must(wlaw_parallel(PIECES, 0, count_piece, &b->histogram, NULL, b->err), b->err);
}

/* The same from the file, read in blocks like every pass of ours. */
static wlaw_status count_block(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  (void)err;
  const histogram *h = context;
  uint32_t *t = h->counts + (size_t)worker * 4 * TABLE;
  const uint16_t *v = block->values; /* blocks are aligned */
  const size_t n = (size_t)(block->n_rows * block->n_cols) * h->halves;
  for (size_t i = 0; i < n; i++) t[v[i]]++;
  return WLAW_OK;
}

static void table_of_file(bench *b) {
  must(wlaw_source_walk(&b->file, 0, count_block, &b->histogram, NULL, b->err), b->err);
}

static void four_tables(bench *b) {
  b->histogram.tables = 4;
  must(wlaw_parallel(PIECES, 0, count_piece, &b->histogram, NULL, b->err), b->err);
}

static void raw_of(bench *b, const weight_source *source) {
  const law_ops *ops;
  entry_cells magnitudes;
  wlaw_weight_summary_free(&b->summary);
  must(wlaw_weight_summary(&b->summary, source, 0, NULL, b->err), b->err);
  must(wlaw_cells_magnitudes(&magnitudes, b->summary.table[0], b->summary.table[1], b->err), b->err);
  wlaw_weibull_plot(&b->plot, &magnitudes);
  must(wlaw_law_find(&ops, "ggd", b->err), b->err);
  must(ops->entry->fit(&b->ggd, &magnitudes, b->err), b->err);
  wlaw_cells_free(&magnitudes);
}

static void raw(bench *b) { raw_of(b, &b->file); }
static void raw_held(bench *b) { raw_of(b, &b->held); }

static void summary(bench *b) {
  wlaw_weight_summary_free(&b->summary);
  must(wlaw_weight_summary(&b->summary, &b->file, 0, NULL, b->err), b->err);
}

static void balanced(bench *b, const weight_source *source, const weight_balance *balance) {
  entry_cells cells;
  weibull_plot plot;
  must(wlaw_balanced_cells(&cells, source, balance, 0, NULL, b->err), b->err);
  wlaw_weibull_plot(&plot, &cells);
  wlaw_cells_free(&cells);
}

static void balanced_rows(bench *b) { balanced(b, &b->file, &b->rows); }
static void balanced_both(bench *b) { balanced(b, &b->file, &b->both); }

static void influence(bench *b) {
  double rows[INFLUENCE_MOST], columns[INFLUENCE_MOST];
  const float *const *functions = (const float *const *)b->functions;
  must(wlaw_influence_sums(rows, columns, &b->file, functions, INFLUENCE_MOST, 0, NULL, b->err), b->err);
}

static void fixed_point(bench *b) {
  wlaw_balance_free(&b->both);
  must(wlaw_balance(&b->both, BALANCE_BOTH, &b->held, &b->summary, 0, NULL, b->err), b->err);
}

typedef struct measurement {
  const char *name;
  void (*run)(bench *b);
  double share; /* of the histogram's rate that is asked for; 0: none */
} measurement;

static const measurement measurements[] = {{"one-table", one_table, 0},
                                           {"four-tables", four_tables, 0},
                                           {"one-table-of-the-file", table_of_file, 0},
                                           {"raw", raw, 0.5},
                                           {"summary", summary, 0},
                                           {"raw-in-memory", raw_held, 0},
                                           {"fixed-point-in-memory", fixed_point, 0},
                                           {"balanced-rows", balanced_rows, 0.25},
                                           {"balanced-both", balanced_both, 0.25},
                                           {"influence", influence, 0.25}};
enum { MEASUREMENTS = sizeof measurements / sizeof *measurements, RAW = 3 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *times, size_t n) {
  qsort(times, n, sizeof *times, compare);
  return times[n / 2];
}

static void prepare(bench *b, wlaw_tensors *file, uint64_t rows, uint64_t cols) {
  for (size_t f = 0; f < INFLUENCE_MOST; f++) {
    b->functions[f] = wlaw_array(ENTRY_KEYS, sizeof **b->functions);
    if (!b->functions[f]) exit(6);
    for (size_t key = 0; key < ENTRY_KEYS; key++) b->functions[f][key] = (float)(key * (f + 1));
  }
  must(wlaw_source_tensor(&b->file, file, 0, rows, cols, NULL, b->err), b->err);
  must(wlaw_source_tensor(&b->held, file, 0, rows, cols, NULL, b->err), b->err);
  must(wlaw_source_hold(&b->held, UINT64_MAX, 0, NULL, b->err), b->err);
  raw(b);
  must(wlaw_balance(&b->rows, BALANCE_ROWS, &b->held, &b->summary, 0, NULL, b->err), b->err);
  b->histogram.values = b->held.memory;
  b->histogram.n = (size_t)(rows * cols) * wlaw_dtype_size(b->file.dtype) / 2;
  b->histogram.halves = wlaw_dtype_size(b->file.dtype) / 2;
  b->histogram.counts = wlaw_array((size_t)wlaw_threads_for(0, PIECES) * 4 * TABLE, sizeof *b->histogram.counts);
  if (!b->histogram.counts || !b->held.memory) exit(6);
}

int main(int argc, char **argv) {
  static double times[MEASUREMENTS][MOST_ROUNDS];
  if (argc < 5) {
    fprintf(stderr, "usage: entries FILE ROWS COLUMNS bf16|f16|f32 [ROUNDS]\n");
    return 2;
  }
  const uint64_t rows = strtoull(argv[2], NULL, 10), cols = strtoull(argv[3], NULL, 10);
  const wlaw_dtype dtype = strcmp(argv[4], "bf16") == 0 ? WLAW_BF16 : strcmp(argv[4], "f16") == 0 ? WLAW_F16 : WLAW_F32;
  const size_t rounds = argc > 5 ? strtoul(argv[5], NULL, 10) : 7;
  if (rounds < 1 || rounds > MOST_ROUNDS) return 2;
  bench b = {.err = wlaw_error_new()};
  if (access(argv[1], R_OK) != 0) write_file(argv[1], rows, cols, dtype, b.err);
  wlaw_tensors *file;
  must(wlaw_tensors_open(&file, argv[1], b.err), b.err);
  prepare(&b, file, rows, cols);
  fixed_point(&b);
  for (size_t round = 0; round < rounds; round++)
    for (size_t m = 0; m < MEASUREMENTS; m++) {
      const uint64_t start = wlaw_clock_ns();
      measurements[m].run(&b);
      times[m][round] = (double)(wlaw_clock_ns() - start) * 1e-9;
    }
  const double bytes = (double)(rows * cols * wlaw_dtype_size(dtype)) * 1e-9;
  const double best = fmin(median(times[0], rounds), median(times[1], rounds));
  for (size_t m = 0; m < MEASUREMENTS; m++) {
    const double time = median(times[m], rounds);
    printf("entries-%s-%s %.4g %.4g %.2f", argv[4], measurements[m].name, bytes / time, bytes / best, best / time);
    if (measurements[m].share > 0.0) printf(" wanted %.2f", measurements[m].share);
    printf("\n");
  }
  printf("# k %.9g lambda %.9g ggd converged %d, rounds of the fixed point %u\n", b.plot.k, b.plot.lambda,
         (int)b.ggd.converged, b.both.rounds);
  printf("seconds %.6g\n", median(times[RAW], rounds));
  return 0;
}
