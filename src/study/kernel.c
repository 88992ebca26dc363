/* The verb `kernel`: the kernel matrix of many inputs, tile by tile into a file, so that memory holds the inputs and
 * one tile a thread, and an interruption costs seconds. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/result.h"
#include "study/inputs.h"
#include "study/matrix_file.h"
#include "study/train_plan.h"
#include "tensor/dtype.h"

extern const command_spec wlaw_command_kernel;

static const option_spec options_table[] = {
    {"output", 'o', OPTION_TEXT, "FILE", NULL, NULL, 0, 0, "file to write: .npy, [n, n] or [n, m]"},
    INPUTS_KERNEL_OPTIONS,
    {"samples", 'n', OPTION_COUNT, "N", "0", NULL, 0, 4294967295.0, "the first N inputs; 0: all"},
    {"part", 0, OPTION_CHOICE, "PART", "train", "train|test", 0, 0, "of a data set: which part"},
    {"cross", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "of a data set: rows are training inputs, columns test inputs"},
    {"cross-samples", 0, OPTION_COUNT, "M", "0", NULL, 0, 4294967295.0,
     "the first M columns of a cross kernel; 0: all"},
    {"dtype", 0, OPTION_CHOICE, "TYPE", "f64", "f64|f32", 0, 0, "numbers in the file; all are made in double"},
    {"save-every", 0, OPTION_REAL, "SECONDS", "30", NULL, 0, 1e9, "seconds of work that a kill may cost at most"},
    INPUTS_DATA_OPTIONS,
};

static const char examples[] =
    "weightlaw kernel fashion-mnist -o nngp.npy --samples 10000\n"
    "    the NNGP kernel of 10,000 images for three hidden layers of ReLU\n"
    "weightlaw kernel mnist -o ntk.npy --kernel ntk --activation erf --depth 2 --bias-variance 0.1\n"
    "    the tangent kernel of all training images, 28.8 GB; the same command goes on after an interruption\n"
    "weightlaw kernel train.npy test.npy -o cross.npy\n"
    "    between two sets of inputs of one's own, [n, features] each\n";

static const char details[] =
    "DATA is a data set as for train (a name or a folder; pixels go to [0, 1]), or a tensor file whose tensor x, or "
    "only tensor, is [n, features]; a second file gives the columns. Kernels are those of infinitely wide "
    "multilayer perceptrons in the NTK parameterisation, K1 = bias variance + weight variance x.x' / features.\n"
    "\n"
    "The matrix is written tile by tile to FILE.partial, with FILE.journal beside it; interrupted by Ctrl-C, a kill or "
    "a power failure, the same command goes on and ends in the same bytes. The bytes do not depend on the number of "
    "threads. Inputs that stand twice are listed: they make a kernel singular.";

enum { TILE = 512 };

typedef struct kernel_job {
  kernel_spec spec;
  const char *activation;
  labelled_inputs rows, cols;   /* cols.n = 0: those of the rows, a symmetric matrix */
  kernel_inputs a, b;           /* the same */
  const kernel_inputs *columns; /* &b, or &a */
  wlaw_dtype dtype;             /* of the file */
  matrix_file file;
  double low, high; /* of the diagonals */
  size_t stripe;    /* in hand: rows stripe * TILE ... */
  size_t tiles, tiles_made;
  double *scratch; /* [threads, per_thread] */
  size_t per_thread;
  unsigned threads;
  wlaw_monitor monitor;
} kernel_job;

static size_t tiles_of(size_t n) { return (n + TILE - 1) / TILE; }
static size_t tile_size(size_t n, size_t tile) { return n - tile * TILE < TILE ? n - tile * TILE : TILE; }
static bool is_symmetric(const kernel_job *job) { return job->columns == &job->a; }

/* Tiles of a stripe: of a symmetric matrix those from the diagonal on, which their mirror images go with. */
static size_t stripe_tiles(const kernel_job *job, size_t stripe) {
  return tiles_of(job->columns->n) - (is_symmetric(job) ? stripe : 0);
}

/* ---- inputs */

static wlaw_status read_set(kernel_job *job, const char *what, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_kernel;
  const size_t samples = (size_t)wlaw_option_count(options, command, "samples");
  const bool cross = wlaw_option_flag(options, command, "cross");
  const bool test = wlaw_option_choice(options, command, "part") == 1;
  wlaw_dataset *dataset = NULL;
  if (cross && wlaw_option_is_set(options, command, "part"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--part and --cross exclude each other: a cross kernel has both parts");
  WLAW_TRY(wlaw_inputs_dataset(&dataset, what, options, command, &job->monitor, err));
  wlaw_status status =
      wlaw_inputs_of_set(&job->rows, dataset, test && !cross ? &dataset->test : &dataset->train, samples, err);
  if (status == WLAW_OK && cross)
    status = wlaw_inputs_of_set(&job->cols, dataset, &dataset->test,
                                (size_t)wlaw_option_count(options, command, "cross-samples"), err);
  wlaw_dataset_free(dataset);
  return status;
}

static wlaw_status read_files(kernel_job *job, const char *const *inputs, size_t n, const wlaw_options *options,
                              wlaw_error *err) {
  const command_spec *command = &wlaw_command_kernel;
  const size_t samples = (size_t)wlaw_option_count(options, command, "samples");
  const size_t columns = (size_t)wlaw_option_count(options, command, "cross-samples");
  if (wlaw_option_is_set(options, command, "cross") || wlaw_option_is_set(options, command, "part"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--cross and --part are of data sets: a second file gives the columns");
  WLAW_TRY(wlaw_inputs_of_file(&job->rows, inputs[0], samples, err));
  if (n == 1) return WLAW_OK;
  WLAW_TRY(wlaw_inputs_of_file(&job->cols, inputs[1], columns, err));
  if (job->rows.features == job->cols.features) return WLAW_OK;
  wlaw_fail(err, WLAW_SHAPE, "its inputs have %zu features and those of the rows %zu", job->cols.features,
            job->rows.features);
  return wlaw_error_in_file(err, WLAW_SHAPE, inputs[1]);
}

static wlaw_status read_inputs(kernel_job *job, const char *const *inputs, size_t n, const wlaw_options *options,
                               wlaw_error *err) {
  job->monitor.what = "reading the data";
  if (wlaw_inputs_is_file(inputs[0])) WLAW_TRY(read_files(job, inputs, n, options, err));
  else if (n == 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "two inputs are two tensor files; of a data set --cross has two parts");
  else WLAW_TRY(read_set(job, inputs[0], options, err));
  job->columns = job->cols.n ? &job->b : &job->a;
  if (is_symmetric(job) && wlaw_option_is_set(options, &wlaw_command_kernel, "cross-samples"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--cross-samples is of a cross kernel, which is not asked for");
  wlaw_status status = wlaw_kernel_inputs_new(&job->a, job->rows.x, job->rows.n, job->rows.features, err);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, inputs[0]);
  if (is_symmetric(job)) return WLAW_OK;
  status = wlaw_kernel_inputs_new(&job->b, job->cols.x, job->cols.n, job->cols.features, err);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, inputs[n - 1]);
}

static json_t *inputs_hash(const labelled_inputs *inputs) {
  char hex[65];
  if (inputs->n == 0) return json_null();
  return wlaw_hash_bytes(hex, inputs->x, inputs->n * inputs->features * sizeof *inputs->x, NULL) == WLAW_OK
             ? json_string(hex)
             : NULL;
}

/* All that the bytes of the matrix depend on. */
static json_t *made_from(const kernel_job *job) {
  bool failed = false;
  json_t *object = json_object();
  wlaw_inputs_put_kernel(&failed, object, &job->spec, job->activation);
  wlaw_json_put(&failed, object, "rows", wlaw_json_count(job->a.n));
  wlaw_json_put(&failed, object, "cols", wlaw_json_count(job->columns->n));
  wlaw_json_put(&failed, object, "features", wlaw_json_count(job->a.features));
  wlaw_json_put(&failed, object, "inputs", inputs_hash(&job->rows));
  wlaw_json_put(&failed, object, "columns", inputs_hash(&job->cols));
  wlaw_json_put(&failed, object, "dtype", json_string(wlaw_dtype_text(job->dtype)));
  wlaw_json_put(&failed, object, "build", wlaw_plan_build_json());
  if (!failed) return object;
  json_decref(object);
  return NULL;
}

/* Of the kernel's diagonal. No entry is larger than the diagonal's largest: a kernel is positive semidefinite. */
static wlaw_status find_range(kernel_job *job, const kernel_inputs *inputs, wlaw_error *err) {
  double *diagonal = wlaw_array(inputs->n, sizeof *diagonal);
  if (!diagonal) return wlaw_fail_memory(err, inputs->n, sizeof *diagonal);
  const bool ntk = job->spec.ntk;
  wlaw_status status = wlaw_kernel_diagonal(ntk ? NULL : diagonal, ntk ? diagonal : NULL, &job->spec, inputs, err);
  for (size_t i = 0; i < inputs->n && status == WLAW_OK; i++) {
    job->low = fmin(job->low, diagonal[i]);
    job->high = fmax(job->high, diagonal[i]);
    if (job->dtype == WLAW_F32 && diagonal[i] > (double)FLT_MAX)
      status =
          wlaw_fail(err, WLAW_NUMERIC, "the kernel of input %zu with itself, %g, is too large for f32", i, diagonal[i]);
  }
  free(diagonal);
  return status;
}

/* ---- tiles */

static wlaw_status make_tile(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  kernel_job *job = context;
  (void)stop; /* a tile is a few milliseconds */
  const size_t across = unit + (is_symmetric(job) ? job->stripe : 0), row = job->stripe * TILE, col = across * TILE;
  const size_t rows = tile_size(job->a.n, job->stripe), cols = tile_size(job->columns->n, across);
  double *tile = job->scratch + worker * job->per_thread, *mirror = tile + TILE * TILE;
  float *narrow = job->dtype == WLAW_F32 ? (float *)(void *)(mirror + TILE * TILE) : NULL;
  double *work = mirror + TILE * TILE + TILE;
  wlaw_kernel_block(&job->spec, &job->a, row, rows, job->columns, col, cols, job->spec.ntk ? NULL : tile,
                    job->spec.ntk ? tile : NULL, TILE, work);
  WLAW_TRY(wlaw_matrix_file_put(&job->file, row, col, rows, cols, tile, TILE, narrow, err));
  if (!is_symmetric(job) || across == job->stripe) return WLAW_OK;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) mirror[j * TILE + i] = tile[i * TILE + j];
  return wlaw_matrix_file_put(&job->file, col, row, cols, rows, mirror, TILE, narrow, err);
}

/* Interrupted, or the disk is full: complete stripes are saved. */
static wlaw_status stop_early(const kernel_job *job, wlaw_status status, wlaw_error *err) {
  if (wlaw_matrix_file_save(&job->file, job->stripe, NULL) == WLAW_OK)
    wlaw_error_add_hint(err, status, "the same command goes on where it stopped");
  return status;
}

/* Stripe after stripe, saved every so often; `done` stripes are in the file already. */
static wlaw_status make_stripes(kernel_job *job, size_t done, double save_seconds, wlaw_error *err) {
  uint64_t saved = wlaw_clock_ns();
  size_t before = 0;
  for (size_t s = 0; s < done; s++) before += stripe_tiles(job, s);
  job->monitor.what = "kernel";
  for (job->stripe = done; job->stripe < tiles_of(job->a.n); job->stripe++) {
    const size_t tiles = stripe_tiles(job, job->stripe);
    job->monitor.from = (double)(before + job->tiles_made) / (double)job->tiles;
    job->monitor.span = (double)tiles / (double)job->tiles;
    const wlaw_status status = wlaw_parallel(tiles, job->threads, make_tile, job, &job->monitor, err);
    if (status != WLAW_OK) return stop_early(job, status, err);
    job->tiles_made += tiles;
    if ((double)(wlaw_clock_ns() - saved) < save_seconds * 1e9) continue;
    WLAW_TRY(wlaw_matrix_file_save(&job->file, job->stripe + 1, err));
    saved = wlaw_clock_ns();
  }
  return WLAW_OK;
}

static wlaw_status make_matrix(kernel_job *job, size_t done, double save_seconds, wlaw_error *err) {
  const unsigned threads = wlaw_threads_for(job->threads, tiles_of(job->columns->n));
  for (size_t s = 0; s < tiles_of(job->a.n); s++) job->tiles += stripe_tiles(job, s);
  job->per_thread = 2 * TILE * TILE + TILE + wlaw_kernel_scratch();
  job->per_thread = (job->per_thread + 7) / 8 * 8; /* each on cache lines of its own */
  job->scratch = wlaw_array(threads * job->per_thread, sizeof *job->scratch);
  if (!job->scratch) return wlaw_fail_memory(err, threads * job->per_thread, sizeof *job->scratch);
  return make_stripes(job, done, save_seconds, err);
}

/* ---- the result */

static wlaw_status describe(wlaw_result **result, const kernel_job *job, const char *path, const char *const *inputs,
                            size_t n, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object(), *diagonal = json_object(), *duplicates = NULL;
  wlaw_status status = wlaw_inputs_duplicates(&duplicates, &job->rows, err);
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.kernel/1"));
  wlaw_json_put(&failed, document, "data", wlaw_json_text(inputs[0]));
  wlaw_json_put(&failed, document, "columns", n == 2 ? wlaw_json_text(inputs[1]) : json_null());
  wlaw_inputs_put_kernel(&failed, document, &job->spec, job->activation);
  wlaw_json_put(&failed, document, "n", wlaw_json_count(job->a.n));
  wlaw_json_put(&failed, document, "m", wlaw_json_count(job->columns->n));
  wlaw_json_put(&failed, document, "features", wlaw_json_count(job->a.features));
  wlaw_json_put(&failed, document, "dtype", json_string(wlaw_dtype_text(job->dtype)));
  wlaw_json_put(&failed, document, "tiles", wlaw_json_count(job->tiles));
  wlaw_json_put(&failed, document, "tiles_made", wlaw_json_count(job->tiles_made));
  wlaw_json_put(&failed, document, "output", wlaw_json_text(path));
  wlaw_json_put(&failed, document, "duplicates", duplicates);
  wlaw_json_put(&failed, diagonal, "min", wlaw_json_real(job->low));
  wlaw_json_put(&failed, diagonal, "max", wlaw_json_real(job->high));
  wlaw_json_put(&failed, document, "diagonal", diagonal);
  if (status == WLAW_OK) return wlaw_result_wrap(result, document, failed, err);
  json_decref(document);
  return status;
}

static wlaw_status kernel_file(wlaw_result **result, kernel_job *job, const char *const *inputs, size_t n,
                               const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_kernel;
  const char *path = wlaw_option_text(options, command, "output");
  if (!path || !*path) return wlaw_fail(err, WLAW_ARGUMENT, "kernel needs --output FILE, the .npy file to write to");
  if (strlen(path) < 4 || strcmp(path + strlen(path) - 4, ".npy") != 0)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "kernels are written as .npy"), path);
  job->dtype = wlaw_option_choice(options, command, "dtype") == 1 ? WLAW_F32 : WLAW_F64;
  WLAW_TRY(wlaw_output_check(path, wlaw_option_flag(options, command, "force"), err));
  WLAW_TRY(wlaw_inputs_kernel(&job->spec, options, command, err));
  WLAW_TRY(read_inputs(job, inputs, n, options, err));
  WLAW_TRY(find_range(job, &job->a, err));
  if (!is_symmetric(job)) WLAW_TRY(find_range(job, &job->b, err));
  size_t stripes = tiles_of(job->a.n);
  WLAW_TRY(wlaw_matrix_file_open(&job->file, &stripes, path, job->dtype, job->a.n, job->columns->n, made_from(job),
                                 wlaw_option_flag(options, command, "force"), err));
  WLAW_TRY(make_matrix(job, stripes, wlaw_option_real(options, command, "save-every"), err));
  WLAW_TRY(wlaw_matrix_file_commit(&job->file, err));
  return describe(result, job, path, inputs, n, err);
}

wlaw_status wlaw_kernel(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                        wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_kernel;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs != 1 && n_inputs != 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "kernel takes a data set or one or two tensor files, not %zu inputs",
                     n_inputs);
  kernel_job job = {.activation = wlaw_option_text(options, command, "activation"),
                    .threads = (unsigned)wlaw_option_count(options, command, "threads"),
                    .low = INFINITY,
                    .high = -INFINITY,
                    .monitor = {.call = progress, .user = user}};
  const wlaw_status status = kernel_file(result, &job, inputs, n_inputs, options, err);
  wlaw_matrix_file_close(&job.file);
  wlaw_kernel_inputs_free(&job.a);
  wlaw_kernel_inputs_free(&job.b);
  wlaw_inputs_free(&job.rows);
  wlaw_inputs_free(&job.cols);
  free(job.scratch);
  return status;
}

const command_spec wlaw_command_kernel = {
    .name = "kernel",
    .summary = "write the NNGP or tangent kernel of many inputs",
    .operands = "DATA [COLUMNS]",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_kernel,
};
