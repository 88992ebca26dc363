/* draw @FIT.json of the law network: whole networks into one file, each tensor stacked over networks. They are drawn in
 * blocks, and the tensors of the file grow side by side, so that memory holds one block and each network is drawn once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/result.h"
#include "study/network_study.h"
#include "tensor/dtype.h"
#include "tensor/writer.h"

extern const command_spec wlaw_command_draw;

enum {
  BLOCK_NUMBERS = 1 << 21, /* in memory at a time */
  UNIT_NUMBERS = 1 << 14   /* one piece of parallel work: about a millisecond */
};

typedef struct job {
  network_operand operand;
  network_sampler *sampler;
  size_t networks;
  wlaw_dtype dtype;
  uint64_t seed;
  unsigned threads;
  const char *path;
  wlaw_monitor *monitor;
  size_t numbers;                /* of a network */
  size_t begin[NETWORK_TENSORS]; /* of tensor t among them */
  size_t room;                   /* networks in a block; tensor t of network k is at begin[t] * room + k * its size */
  size_t first, count, per_unit; /* the block in hand, and its networks in a unit */
  double *values;                /* [room, numbers], if f64 */
  float *rounded;                /* the same, if f32 */
  double *scratch;               /* [threads, numbers]: a network as drawn */
} job;

static size_t size_of(const job *work, size_t t) {
  const network_tensor *tensor = &work->operand.gaussian->layout.tensors[t];
  return tensor->rows * tensor->cols;
}

/* Network number k of the block out of the space it was drawn in. */
static wlaw_status store(const job *work, size_t k, const double *drawn, wlaw_error *err) {
  for (size_t t = 0; t < work->operand.gaussian->layout.n_tensors; t++) {
    const size_t size = size_of(work, t), at = work->begin[t] * work->room + k * size;
    for (size_t e = 0; e < size; e++) {
      const double value = drawn[work->begin[t] + e];
      const double kept = work->rounded ? (double)(float)value : value;
      if (!isfinite(kept)) {
        wlaw_fail(err, WLAW_VALUE, "network %zu has an entry (%g) that %s cannot hold", work->first + k, value,
                  wlaw_dtype_text(work->dtype));
        return wlaw_error_in_tensor(err, WLAW_VALUE, work->operand.names[t]);
      }
      if (work->rounded) work->rounded[at + e] = (float)value;
      else work->values[at + e] = value;
    }
  }
  return WLAW_OK;
}

static wlaw_status draw_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  job *work = context;
  double *const drawn = work->scratch + worker * work->numbers, *tensors[NETWORK_TENSORS];
  (void)stop; /* a unit is short, or one network */
  for (size_t t = 0; t < work->operand.gaussian->layout.n_tensors; t++) tensors[t] = drawn + work->begin[t];
  for (size_t k = unit * work->per_unit; k < (unit + 1) * work->per_unit && k < work->count; k++) {
    const uint64_t number = work->first + k;
    wlaw_stream stream = wlaw_stream_start(work->seed, STREAM_DRAW, (uint32_t)(number >> 32), (uint32_t)number);
    WLAW_TRY(wlaw_network_draw(tensors, work->sampler, &stream, err));
    WLAW_TRY(store(work, k, drawn, err));
  }
  return WLAW_OK;
}

static wlaw_status draw_blocks(job *work, tensor_writer *writer, wlaw_error *err) {
  const size_t size = wlaw_dtype_size(work->dtype);
  work->monitor->what = "drawing";
  for (work->first = 0; work->first < work->networks; work->first += work->count) {
    const size_t left = work->networks - work->first;
    work->count = left < work->room ? left : work->room;
    work->monitor->from = (double)work->first / (double)work->networks;
    work->monitor->span = (double)work->count / (double)work->networks;
    WLAW_TRY(wlaw_parallel((work->count + work->per_unit - 1) / work->per_unit, work->threads, draw_unit, work,
                           work->monitor, err));
    for (size_t t = 0; t < work->operand.gaussian->layout.n_tensors; t++) {
      const size_t at = work->begin[t] * work->room;
      const void *bytes = work->rounded ? (const void *)(work->rounded + at) : work->values + at;
      WLAW_TRY(wlaw_writer_add_to(writer, t, bytes, work->count * size_of(work, t) * size, err));
    }
  }
  return WLAW_OK;
}

static wlaw_status open_writer(tensor_writer **out, const job *work, wlaw_error *err) {
  const network_layout *layout = &work->operand.gaussian->layout;
  tensor_spec *specs = wlaw_array(layout->n_tensors, sizeof *specs);
  char seed[24];
  if (!specs) return wlaw_fail_memory(err, layout->n_tensors, sizeof *specs);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)work->seed);
  const char *const metadata[] = {"format", "pt", "law", wlaw_law_network.name, "seed", seed, NULL};
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    specs[t] = (tensor_spec){.name = work->operand.names[t],
                             .dtype = work->dtype,
                             .rank = tensor->is_bias ? 2 : 3,
                             .shape = {work->networks, tensor->rows, tensor->cols}};
  }
  wlaw_status status = wlaw_writer_open(out, work->path, specs, layout->n_tensors, metadata, err);
  free(specs);
  if (status == WLAW_OK) status = wlaw_writer_interleave(*out, err);
  return status;
}

static wlaw_status make_room(job *work, wlaw_error *err) {
  work->numbers = 0;
  for (size_t t = 0; t < work->operand.gaussian->layout.n_tensors; t++) {
    work->begin[t] = work->numbers;
    work->numbers += size_of(work, t);
  }
  work->room = work->numbers < BLOCK_NUMBERS ? BLOCK_NUMBERS / work->numbers : 1;
  if (work->room > work->networks) work->room = work->networks;
  work->per_unit = work->numbers < UNIT_NUMBERS ? UNIT_NUMBERS / work->numbers : 1;
  work->threads = wlaw_threads_for(work->threads, (work->room + work->per_unit - 1) / work->per_unit);
  const size_t numbers = work->room * work->numbers; /* of one network: in memory once more; else 2^21 */
  if (work->dtype == WLAW_F32) work->rounded = wlaw_array(numbers, sizeof *work->rounded);
  else work->values = wlaw_array(numbers, sizeof *work->values);
  work->scratch = wlaw_array(work->threads, work->numbers * sizeof *work->scratch);
  if (work->scratch && (work->rounded || work->values)) return WLAW_OK;
  return wlaw_fail_memory(err, numbers, sizeof *work->values);
}

static wlaw_status draw_file(job *work, wlaw_error *err) {
  tensor_writer *writer = NULL;
  wlaw_status status = open_writer(&writer, work, err); /* sizes that overflow are refused here */
  if (status == WLAW_OK) status = make_room(work, err);
  if (status == WLAW_OK) status = draw_blocks(work, writer, err);
  if (status == WLAW_OK) return wlaw_writer_commit(writer, err);
  wlaw_writer_discard(writer);
  return status;
}

static json_t *tensors_json(bool *failed, const job *work) {
  const network_layout *layout = &work->operand.gaussian->layout;
  json_t *tensors = json_array();
  for (size_t t = 0; t < layout->n_tensors; t++) {
    json_t *tensor = json_object(), *shape = json_array();
    wlaw_json_append(failed, shape, wlaw_json_count(work->networks));
    wlaw_json_append(failed, shape, wlaw_json_count(layout->tensors[t].rows));
    if (!layout->tensors[t].is_bias) wlaw_json_append(failed, shape, wlaw_json_count(layout->tensors[t].cols));
    wlaw_json_put(failed, tensor, "name", wlaw_json_text(work->operand.names[t]));
    wlaw_json_put(failed, tensor, "shape", shape);
    wlaw_json_append(failed, tensors, tensor);
  }
  return tensors;
}

static wlaw_status describe(wlaw_result **result, const job *work, const char *law, wlaw_error *err) {
  const network_shape *shape = &work->operand.gaussian->layout.shape;
  bool failed = false;
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.draw/1"));
  wlaw_json_put(&failed, document, "law", json_string(wlaw_law_network.name));
  wlaw_json_put(&failed, document, "fit", wlaw_json_text(law + 1));
  wlaw_json_put(&failed, document, "inputs", json_string(wlaw_network_side_name(shape->input)));
  wlaw_json_put(&failed, document, "outputs", json_string(wlaw_network_side_name(shape->output)));
  wlaw_json_put(&failed, document, "networks", wlaw_json_count(work->networks));
  wlaw_json_put(&failed, document, "tensors", tensors_json(&failed, work));
  wlaw_json_put(&failed, document, "dtype", json_string(wlaw_dtype_text(work->dtype)));
  wlaw_json_put(&failed, document, "seed", wlaw_json_count(work->seed));
  wlaw_json_put(&failed, document, "output", wlaw_json_text(work->path));
  return wlaw_result_wrap(result, document, failed, err);
}

static wlaw_status draw_job(wlaw_result **result, job *work, const char *law, const wlaw_options *options,
                            wlaw_error *err) {
  const command_spec *command = &wlaw_command_draw;
  static const char *const senseless[] = {"shape", "name"};
  for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++)
    if (wlaw_option_is_set(options, command, senseless[i]))
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s has no meaning here: a fit of networks has its own tensors",
                       senseless[i]);
  WLAW_TRY(wlaw_network_operand_read(&work->operand, law, err));
  const bool counted = wlaw_option_is_set(options, command, "networks");
  work->networks = counted ? (size_t)wlaw_option_count(options, command, "networks") : work->operand.networks;
  WLAW_TRY(wlaw_network_sampler_new(&work->sampler, work->operand.gaussian, err));
  WLAW_TRY(draw_file(work, err));
  return describe(result, work, law, err);
}

wlaw_status wlaw_network_draw_verb(wlaw_result **result, const char *law, const wlaw_options *options,
                                   wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_draw;
  job work = {
      .dtype = wlaw_option_choice(options, command, "dtype") == 1 ? WLAW_F32 : WLAW_F64,
      .seed = wlaw_option_count(options, command, "seed"),
      .threads = (unsigned)wlaw_option_count(options, command, "threads"),
      .path = wlaw_option_text(options, command, "output"),
      .monitor = monitor,
  };
  const wlaw_status status = draw_job(result, &work, law, options, err);
  wlaw_network_sampler_free(work.sampler);
  wlaw_network_operand_release(&work.operand);
  free(work.values);
  free(work.rounded);
  free(work.scratch);
  return status;
}
