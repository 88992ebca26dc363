/* The verb `draw`: an ensemble of matrices from a law, block by block into a file, so that memory holds one block. Of
 * whole networks: network_draw.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/parallel.h"
#include "core/result.h"
#include "study/law_operand.h"
#include "study/network_study.h"
#include "tensor/dtype.h"
#include "tensor/writer.h"

extern const command_spec wlaw_command_draw;

static const option_spec options_table[] = {
    {"output", 'o', OPTION_TEXT, "FILE", NULL, NULL, 0, 0, "file to write: .npy, .npz or .safetensors"},
    {"shape", 's', OPTION_COUNTS, "N,ROWS,COLS", NULL, NULL, 1, 4294967295.0,
     "shape of the array; ROWS,COLS alone is one matrix, and a fit knows its own"},
    {"networks", 'n', OPTION_COUNT, "N", NULL, NULL, 1, 4294967295.0,
     "matrices or networks to draw, where --shape does not say; default for a fit: as many as were fitted"},
    {"dtype", 0, OPTION_CHOICE, "TYPE", "f64", "f64|f32", 0, 0,
     "f64: the numbers as drawn; f32: rounded to what most frameworks store"},
    {"name", 0, OPTION_TEXT, "TENSOR", NULL, NULL, 0, 0,
     "tensor name in .npz and .safetensors; default: the fit's, else weight"},
};

static const char examples[] =
    "weightlaw draw 'normal(gain=1,fan=in)' --shape 500,10,10 -o weights.npy\n"
    "    500 initial weight matrices as an array [500, 10, 10]\n"
    "weightlaw fit RUN --tensor layer2.weight --json > fit.json\n"
    "weightlaw draw @fit.json -o again.safetensors\n"
    "    an ensemble from the law that a fit found, of the size and number of the fit\n"
    "weightlaw draw @fits.json#layer3.weight --networks 100000 --dtype f32 -o many.npy\n"
    "    one of several fits in a file, and more matrices than were ever trained\n"
    "weightlaw fit RUN --law network --json > net.json\n"
    "weightlaw draw @net.json --networks 1000 --dtype f32 -o nets.safetensors\n"
    "    whole networks: all layers that the fit covers, each stacked as in a run directory\n";

static const char details[] =
    "LAW is a law with its numbers, name(parameter=value, ...), or @FILE, the output of weightlaw fit --json "
    "(@FILE#TENSOR where it holds several fits). A fit of one network leaves parameters of most laws open: nothing "
    "can be drawn from it then.\n"
    "\n"
    "From a fit of the law network whole networks are drawn, weights [networks, out, in] and biases [networks, out] "
    "under "
    "the names of the fit; what it does not cover (a first weight that was omitted) is not in the file.\n"
    "\n"
    "Matrix or network k of a seed is the same for any number of them and of threads. They are drawn and written in "
    "blocks: memory holds one block (16 MiB, or one of them where that is more). The file appears whole or not at "
    "all.";

enum {
  BLOCK_ENTRIES = 1 << 21, /* in memory at a time: 16 MiB of doubles */
  UNIT_ENTRIES = 1 << 15   /* one piece of parallel work: about a millisecond */
};

typedef struct job {
  law_operand operand;
  size_t shape[3]; /* networks, rows, cols */
  bool single;     /* one matrix, written [rows, cols] */
  wlaw_dtype dtype;
  uint64_t seed;
  unsigned threads;
  const char *path, *name;
  wlaw_monitor monitor;
  size_t first, count, per_unit; /* the block in hand, and its matrices in a unit */
  double *values;                /* [count, rows, cols] */
  float *rounded;                /* the same as f32; NULL for f64 */
} job;

static wlaw_status fail_shape(const char *text, wlaw_error *err) {
  return wlaw_fail(err, WLAW_ARGUMENT, "option --shape takes N,ROWS,COLS or ROWS,COLS, not '%s'", text);
}

/* The shape asked for, completed by what a fit knows. */
static wlaw_status read_shape(job *work, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_draw;
  const law_operand *operand = &work->operand;
  const bool counted = wlaw_option_is_set(options, command, "networks");
  uint64_t *sizes = NULL;
  size_t n;
  WLAW_TRY(wlaw_option_counts(options, command, "shape", &sizes, &n, err));
  for (size_t i = 0; i < n && n <= 3; i++) work->shape[3 - n + i] = (size_t)sizes[i];
  free(sizes);
  if (n == 0 && operand->rows == 0)
    return wlaw_fail(err, WLAW_ARGUMENT, "draw needs --shape N,ROWS,COLS: a law in text has no size");
  if (n != 0 && n != 2 && n != 3) return fail_shape(wlaw_option_text(options, command, "shape"), err);
  if (n == 3 && counted)
    return wlaw_fail(err, WLAW_ARGUMENT, "--shape %s and --networks both say how many matrices",
                     wlaw_option_text(options, command, "shape"));
  if (n == 0) {
    work->shape[1] = operand->rows;
    work->shape[2] = operand->cols;
  }
  work->single = n == 2 && !counted;
  if (n < 3) work->shape[0] = counted ? (size_t)wlaw_option_count(options, command, "networks") : 1;
  if (n == 0 && !counted) work->shape[0] = operand->networks;
  return wlaw_law_operand_check(operand, work->shape[1], work->shape[2], err);
}

static wlaw_status check_output(const char *path, bool force, wlaw_error *err) {
  if (!path || !*path) return wlaw_fail(err, WLAW_ARGUMENT, "draw needs --output FILE, the file to write to");
  return wlaw_output_check(path, force, err);
}

static wlaw_status round_entries(const job *work, size_t from, size_t matrices, wlaw_error *err) {
  const size_t entries = work->shape[1] * work->shape[2];
  for (size_t e = from * entries; e < (from + matrices) * entries; e++) {
    const double value = work->values[e];
    if (work->rounded) work->rounded[e] = (float)value;
    if (isfinite(work->rounded ? (double)work->rounded[e] : value)) continue;
    return wlaw_fail(err, WLAW_VALUE, "matrix %zu has an entry (%g) that %s cannot hold", work->first + e / entries,
                     value, wlaw_dtype_text(work->dtype));
  }
  return WLAW_OK;
}

static wlaw_status draw_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  job *work = context;
  const size_t rows = work->shape[1], cols = work->shape[2], from = unit * work->per_unit;
  const size_t n = work->count - from < work->per_unit ? work->count - from : work->per_unit;
  (void)worker;
  (void)stop; /* a unit is short, or one matrix */
  WLAW_TRY(wlaw_law_draw(work->operand.law, work->values + from * rows * cols, n, rows, cols, work->seed,
                         work->first + from, err));
  return round_entries(work, from, n, err);
}

static wlaw_status draw_blocks(job *work, tensor_writer *writer, size_t block, wlaw_error *err) {
  const size_t all = work->shape[0], entries = work->shape[1] * work->shape[2];
  work->per_unit = entries < UNIT_ENTRIES ? UNIT_ENTRIES / entries : 1;
  work->monitor.what = "drawing";
  for (work->first = 0; work->first < all; work->first += work->count) {
    work->count = all - work->first < block ? all - work->first : block;
    work->monitor.from = (double)work->first / (double)all;
    work->monitor.span = (double)work->count / (double)all;
    WLAW_TRY(wlaw_parallel((work->count + work->per_unit - 1) / work->per_unit, work->threads, draw_unit, work,
                           &work->monitor, err));
    const void *bytes = work->rounded ? (const void *)work->rounded : work->values;
    WLAW_TRY(wlaw_writer_add(writer, bytes, work->count * entries * wlaw_dtype_size(work->dtype), err));
  }
  return WLAW_OK;
}

/* What safetensors files say about themselves: "format" is what PyTorch's own loaders look for. */
static wlaw_status open_writer(tensor_writer **out, const job *work, wlaw_error *err) {
  char seed[24];
  char *law = wlaw_law_written(work->operand.law);
  if (!law) return wlaw_fail_memory(err, 1, 1);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)work->seed);
  const char *const metadata[] = {"format", "pt", "law", law, "seed", seed, NULL};
  tensor_spec spec = {.name = work->name, .dtype = work->dtype, .rank = work->single ? 2 : 3};
  for (size_t i = 0; i < spec.rank; i++) spec.shape[i] = work->shape[3 - spec.rank + i];
  const wlaw_status status = wlaw_writer_open(out, work->path, &spec, 1, metadata, err);
  free(law);
  return status;
}

static wlaw_status draw_file(job *work, wlaw_error *err) {
  tensor_writer *writer = NULL;
  WLAW_TRY(open_writer(&writer, work, err)); /* sizes that overflow are refused here */
  const size_t entries = work->shape[1] * work->shape[2];
  size_t block = entries < BLOCK_ENTRIES ? BLOCK_ENTRIES / entries : 1;
  if (block > work->shape[0]) block = work->shape[0];
  work->values = wlaw_array(block * entries, sizeof *work->values);
  if (work->dtype == WLAW_F32) work->rounded = wlaw_array(block * entries, sizeof *work->rounded);
  wlaw_status status = WLAW_OK;
  if (!work->values || (work->dtype == WLAW_F32 && !work->rounded))
    status = wlaw_fail_memory(err, block * entries, sizeof *work->values);
  if (status == WLAW_OK) status = draw_blocks(work, writer, block, err);
  free(work->values);
  free(work->rounded);
  if (status == WLAW_OK) return wlaw_writer_commit(writer, err);
  wlaw_writer_discard(writer);
  return status;
}

static wlaw_status describe(wlaw_result **result, const job *work, const char *law, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object(), *shape = json_array();
  char *written = wlaw_law_written(work->operand.law);
  for (size_t i = work->single; i < 3; i++) wlaw_json_append(&failed, shape, wlaw_json_count(work->shape[i]));
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.draw/1"));
  wlaw_json_put(&failed, document, "law", written ? wlaw_json_text(written) : NULL);
  wlaw_json_put(&failed, document, "fit", *law == '@' ? wlaw_json_text(law + 1) : json_null());
  wlaw_json_put(&failed, document, "shape", shape);
  wlaw_json_put(&failed, document, "networks", wlaw_json_count(work->shape[0]));
  wlaw_json_put(&failed, document, "rows", wlaw_json_count(work->shape[1]));
  wlaw_json_put(&failed, document, "cols", wlaw_json_count(work->shape[2]));
  wlaw_json_put(&failed, document, "dtype", json_string(wlaw_dtype_text(work->dtype)));
  wlaw_json_put(&failed, document, "seed", wlaw_json_count(work->seed));
  wlaw_json_put(&failed, document, "output", wlaw_json_text(work->path));
  free(written);
  return wlaw_result_wrap(result, document, failed, err);
}

static wlaw_status draw_job(wlaw_result **result, job *work, const char *law, const wlaw_options *options,
                            wlaw_error *err) {
  const command_spec *command = &wlaw_command_draw;
  const char *name = wlaw_option_text(options, command, "name");
  WLAW_TRY(check_output(work->path, wlaw_option_flag(options, command, "force"), err));
  if (wlaw_network_operand_is(law)) return wlaw_network_draw_verb(result, law, options, &work->monitor, err);
  WLAW_TRY(wlaw_law_operand_read(&work->operand, law, err));
  WLAW_TRY(read_shape(work, options, err));
  const bool named = work->operand.tensor && *work->operand.tensor;
  work->name = name ? name : named ? work->operand.tensor : "weight";
  WLAW_TRY(draw_file(work, err));
  return describe(result, work, law, err);
}

wlaw_status wlaw_draw(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                      wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_draw;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs != 1) return wlaw_fail(err, WLAW_ARGUMENT, "draw takes one law, not %zu", n_inputs);
  job work = {
      .dtype = wlaw_option_choice(options, command, "dtype") == 1 ? WLAW_F32 : WLAW_F64,
      .seed = wlaw_option_count(options, command, "seed"),
      .threads = (unsigned)wlaw_option_count(options, command, "threads"),
      .path = wlaw_option_text(options, command, "output"),
      .monitor = {.call = progress, .user = user},
  };
  const wlaw_status status = draw_job(result, &work, inputs[0], options, err);
  wlaw_law_operand_release(&work.operand);
  return status;
}

const command_spec wlaw_command_draw = {
    .name = "draw",
    .summary = "draw matrices or networks from a law or a fit",
    .operands = "LAW",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_draw,
};
