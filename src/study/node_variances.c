/* Reads the layers of runs and asks src/limit what their nodes are. The outgoing weights of a hidden layer are the
 * columns of the next matrix: layer1.weight, whose columns are inputs, has none. */
#include "study/node_variances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"

enum { BLOCK_DOUBLES = 1 << 18 };           /* 2 MiB read at a time, or one matrix */
static const double largest_square = 1e150; /* of which fourth powers of weights do not overflow */

/* ---- reading one layer of one source ---- */

typedef struct reading {
  ensemble *source;
  size_t matrix;
  node_sample *sample;
  double scale; /* of the NTK parameterization, whose weights act divided by sqrt(nodes) */
  size_t step;  /* networks a unit */
  double **rooms;
} reading;

static wlaw_status fail_network(const reading *work, size_t k, size_t node, wlaw_error *err) {
  const ensemble_matrix *matrix = &work->source->matrices[work->matrix];
  const double square = work->sample->mean_square[k * work->sample->width + node];
  wlaw_fail(err, WLAW_VALUE, "network %llu has %s among the outgoing weights of node %zu (counted from 0)",
            (unsigned long long)wlaw_ensemble_network(work->source, k),
            isnan(square) ? "one that is not a number" : "one that is infinite or whose fourth power overflows", node);
  if (*matrix->name) wlaw_error_in_tensor(err, WLAW_VALUE, matrix->name);
  if (!work->source->array) wlaw_error_in_file(err, WLAW_VALUE, work->source->label);
  if (work->source->run) wlaw_error_add_hint(err, WLAW_VALUE, "--exclude dead leaves out networks that broke down");
  return WLAW_VALUE;
}

static wlaw_status read_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  reading *work = context;
  node_sample *sample = work->sample;
  const size_t first = unit * work->step, left = sample->networks - first,
               count = left < work->step ? left : work->step;
  const size_t entries = sample->outputs * sample->width;
  double *weights = work->rooms[worker], *scratch = weights + work->step * entries;
  if (atomic_load(stop)) return WLAW_CANCELLED;
  WLAW_TRY(wlaw_ensemble_read(work->source, work->matrix, first, count, weights, err));
  for (size_t e = 0; work->scale != 1.0 && e < count * entries; e++) weights[e] *= work->scale;
  for (size_t k = 0; k < count; k++) {
    wlaw_node_sample_add(sample, first + k, weights + k * entries, scratch);
    const double *square = sample->mean_square + (first + k) * sample->width;
    for (size_t j = 0; j < sample->width; j++)
      if (!(square[j] <= largest_square)) return fail_network(work, first + k, j, err);
  }
  return WLAW_OK;
}

static wlaw_status read_twice(reading *work, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t units = (work->sample->networks - 1) / work->step + 1;
  bool again = false;
  WLAW_TRY(wlaw_parallel(units, threads, read_unit, work, monitor, err));
  WLAW_TRY(wlaw_node_sample_centre(work->sample, &again, err));
  if (again) WLAW_TRY(wlaw_parallel(units, threads, read_unit, work, monitor, err));
  wlaw_node_sample_finish(work->sample);
  return WLAW_OK;
}

static wlaw_status read_sample(node_sample *sample, ensemble *source, size_t matrix, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err) {
  const ensemble_matrix *of = &source->matrices[matrix];
  const size_t entries = of->rows * of->cols, fit = BLOCK_DOUBLES / entries;
  reading work = {.source = source, .matrix = matrix, .sample = sample, .scale = 1.0, .step = fit ? fit : 1};
  if (source->run && strcmp(wlaw_run_option(source->run->config, "parameterization"), "ntk") == 0)
    work.scale = 1.0 / sqrt((double)of->cols);
  WLAW_TRY(wlaw_node_sample_new(sample, of->networks, of->cols, of->rows, err));
  threads = wlaw_threads_for(threads, (of->networks - 1) / work.step + 1);
  const size_t each = work.step * entries + wlaw_node_sample_scratch(of->cols);
  work.rooms = wlaw_array(threads, sizeof *work.rooms);
  bool got = work.rooms;
  for (unsigned t = 0; got && t < threads; t++) got = (work.rooms[t] = wlaw_array(each, sizeof(double)));
  const wlaw_status status =
      got ? read_twice(&work, threads, monitor, err) : wlaw_fail_memory(err, each, sizeof(double));
  for (unsigned t = 0; work.rooms && t < threads; t++) free(work.rooms[t]);
  free(work.rooms);
  return status;
}

/* ---- one layer of all sources ---- */

static void layer_free(node_layer *layer) {
  for (size_t i = 0; i < layer->n; i++) {
    if (layer->samples) wlaw_node_sample_free(&layer->samples[i]);
    if (layer->estimates) wlaw_node_estimate_free(&layer->estimates[i]);
  }
  free(layer->samples);
  free(layer->estimates);
  free(layer->matrix);
  wlaw_node_limit_free(&layer->limit);
}

static wlaw_status layer_new(node_layer *layer, ensemble **sources, size_t n, wlaw_error *err) {
  *layer = (node_layer){.n = n,
                        .sources = sources,
                        .matrix = wlaw_array(n, sizeof *layer->matrix),
                        .samples = wlaw_array(n, sizeof *layer->samples),
                        .estimates = wlaw_array(n, sizeof *layer->estimates)};
  if (layer->matrix && layer->samples && layer->estimates) return WLAW_OK;
  layer_free(layer);
  return wlaw_fail_memory(err, n, sizeof *layer->samples + sizeof *layer->estimates);
}

static wlaw_status estimate_layer(node_layer *layer, const node_request *request, size_t number, wlaw_monitor *monitor,
                                  wlaw_error *err) {
  const monitor_span whole = wlaw_monitor_span(monitor);
  const double n = (double)layer->n;
  double *x = NULL;
  node_settings settings = {.seed = request->seed, .threads = request->threads};
  for (size_t i = 0; i < layer->n; i++) {
    wlaw_monitor_stage(monitor, &whole, 0.5 * (double)i / n, 0.5 * (double)(i + 1) / n);
    WLAW_TRY(read_sample(&layer->samples[i], layer->sources[i], layer->matrix[i], request->threads, monitor, err));
  }
  WLAW_TRY(wlaw_node_grid(&x, &settings.n, layer->samples, layer->n, err));
  settings.x = x;
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < layer->n && status == WLAW_OK; i++) {
    wlaw_monitor_stage(monitor, &whole, 0.5 + 0.5 * (double)i / n, 0.5 + 0.5 * (double)(i + 1) / n);
    settings.which = (uint32_t)(number * layer->n + i);
    status = wlaw_node_estimate(&layer->estimates[i], &layer->samples[i], &settings, monitor, err);
  }
  free(x);
  WLAW_TRY(status);
  wlaw_monitor_stage(monitor, &whole, 0.0, 1.0);
  return wlaw_node_extrapolate(&layer->limit, layer->estimates, layer->n, err);
}

/* ---- which layers ---- */

static bool is_first(const ensemble *source, size_t i) {
  return source->matrices[i].first || strcmp(source->matrices[i].name, "layer1.weight") == 0;
}

/* Matrix number l of those whose columns are nodes; n_matrices: there are fewer. */
static size_t layer_matrix(const ensemble *source, size_t l) {
  size_t i = 0;
  for (; i < source->n_matrices; i++)
    if (!is_first(source, i) && l-- == 0) return i;
  return i;
}

static size_t count_layers(const ensemble *source) {
  size_t n = 0;
  for (size_t i = 0; i < source->n_matrices; i++) n += is_first(source, i) ? 0 : 1;
  return n;
}

static wlaw_status check_layer(const ensemble *first, const ensemble *other, size_t l, bool last, wlaw_error *err) {
  const ensemble_matrix *a = &first->matrices[layer_matrix(first, l)], *b = &other->matrices[layer_matrix(other, l)];
  if (strcmp(a->name, b->name) != 0) {
    wlaw_fail(err, WLAW_SHAPE, "its tensor '%s' has the place of '%s' in %s: the layers are not the same", b->name,
              a->name, first->label);
    return wlaw_error_in_file(err, WLAW_SHAPE, other->label);
  }
  if ((last || a->last) && a->rows != b->rows) {
    wlaw_fail(err, WLAW_SHAPE, "its networks have %zu outputs, those of %s have %zu", b->rows, first->label, a->rows);
    return wlaw_error_in_file(err, WLAW_SHAPE, other->label);
  }
  return WLAW_OK;
}

/* That the sources are one kind of network at different widths. */
static wlaw_status check_sources(size_t *n_layers, ensemble *const *sources, size_t n, wlaw_error *err) {
  const ensemble *first = sources[0];
  *n_layers = count_layers(first);
  if (*n_layers == 0) {
    wlaw_fail(err, WLAW_SHAPE, "there is no hidden layer: the columns of the first matrix are inputs, not nodes");
    return wlaw_error_in_file(err, WLAW_SHAPE, first->label);
  }
  for (size_t i = 1; i < n; i++) {
    if (count_layers(sources[i]) != *n_layers) {
      wlaw_fail(err, WLAW_SHAPE, "it has %zu layers of nodes, %s has %zu", count_layers(sources[i]), first->label,
                *n_layers);
      return wlaw_error_in_file(err, WLAW_SHAPE, sources[i]->label);
    }
    if (sources[i]->has_epoch && first->has_epoch && sources[i]->epoch != first->epoch) {
      wlaw_fail(err, WLAW_ARGUMENT, "its last snapshot is of epoch %llu, that of %s of epoch %llu",
                (unsigned long long)sources[i]->epoch, first->label, (unsigned long long)first->epoch);
      wlaw_error_in_file(err, WLAW_ARGUMENT, sources[i]->label);
      return wlaw_error_add_hint(err, WLAW_ARGUMENT, "choose one that both have with --epoch");
    }
    for (size_t l = 0; l < *n_layers; l++)
      WLAW_TRY(check_layer(first, sources[i], l, l > 0 && l + 1 == *n_layers, err));
  }
  return WLAW_OK;
}

/* ---- all ---- */

static wlaw_status fit_layer(json_t *layers, json_t *findings, bool *failed, ensemble **sources, size_t n, size_t l,
                             const node_request *request, wlaw_monitor *monitor, wlaw_error *err) {
  node_layer layer;
  WLAW_TRY(layer_new(&layer, sources, n, err));
  for (size_t i = 0; i < n; i++) layer.matrix[i] = layer_matrix(sources[i], l);
  const char *name = sources[0]->matrices[layer.matrix[0]].name;
  if (monitor) monitor->what = *name ? name : "node variances";
  wlaw_status status = estimate_layer(&layer, request, l, monitor, err);
  if (status == WLAW_OK) wlaw_json_append(failed, layers, wlaw_node_layer_json(failed, findings, &layer));
  else if (*name) status = wlaw_error_in_tensor(err, status, name);
  layer_free(&layer);
  return status;
}

static wlaw_status fit_sources(json_t **out, ensemble **sources, size_t n, const node_request *request,
                               wlaw_monitor *monitor, wlaw_error *err) {
  size_t n_layers;
  bool failed = false;
  WLAW_TRY(check_sources(&n_layers, sources, n, err));
  json_t *layers = json_array(), *findings = json_array();
  const monitor_span whole = wlaw_monitor_span(monitor);
  wlaw_status status = WLAW_OK;
  for (size_t l = 0; l < n_layers && status == WLAW_OK; l++) {
    wlaw_monitor_stage(monitor, &whole, (double)l / (double)n_layers, (double)(l + 1) / (double)n_layers);
    status = fit_layer(layers, findings, &failed, sources, n, l, request, monitor, err);
  }
  if (status != WLAW_OK) {
    json_decref(layers);
    json_decref(findings);
    return n > 1 || sources[0]->array ? status : wlaw_error_in_file(err, status, sources[0]->label);
  }
  *out = wlaw_node_document(&failed, sources, n, wlaw_ensemble_rule(&request->matrices), layers, findings);
  if (!failed) return WLAW_OK;
  json_decref(*out);
  *out = NULL;
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

wlaw_status wlaw_node_variances_of(json_t **out, ensemble *source, const node_request *request, wlaw_monitor *monitor,
                                   wlaw_error *err) {
  return fit_sources(out, &source, 1, request, monitor, err);
}

wlaw_status wlaw_node_variances(json_t **out, const node_request *request, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = request->n_paths;
  if (n == 0) return wlaw_fail(err, WLAW_ARGUMENT, "a run directory or a tensor file is needed");
  ensemble **sources = wlaw_array(n, sizeof(ensemble *));
  if (!sources) return wlaw_fail_memory(err, n, sizeof(ensemble *));
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    ensemble_request one = request->matrices;
    one.paths = request->paths + i;
    one.n_paths = 1;
    status = wlaw_ensemble_open(&sources[i], &one, err);
  }
  if (status == WLAW_OK) status = fit_sources(out, sources, n, request, monitor, err);
  for (size_t i = 0; i < n; i++) wlaw_ensemble_close(sources[i]);
  free(sources);
  return status;
}
