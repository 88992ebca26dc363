/* The work of `redraw`: for each group its networks are drawn, evaluated, trained and evaluated again, a few at a time,
 * so that memory does not grow with their number. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "net/optimizer.h"
#include "study/ensemble.h"
#include "study/redraw.h"

/* What one thread works in. */
typedef struct redraw_scratch {
  train_scratch *train;
  float *blocks;  /* [networks of a unit, 1 + moments, floats] */
  double *values; /* all weights and biases of a network */
  float *rounded; /* the same */
  float *outputs; /* [classes, test samples] */
} redraw_scratch;

/* A group in hand. */
typedef struct group_work {
  const redraw *work;
  redraw_group *group;
  network_layout layout;  /* of all tensors */
  const redraw_fit *fit;  /* of group->law */
  const networks *source; /* where the group is the run's own networks */
  size_t units;
  redraw_scratch *scratch; /* [threads] */
} group_work;

static size_t moments_of(const redraw *work) { return (size_t)wlaw_optimizer_moments(&work->recalled.plan.config); }

/* ---- one network */

static void pack(const group_work *g, const redraw_scratch *scratch, float *block) {
  const redraw *work = g->work;
  const mlp *net = &work->recalled.plan.config.mlp;
  const float *weight = scratch->rounded, *bias = weight;
  for (size_t l = 0; l < net->layers; l++) bias += net->width[l] * net->width[l + 1];
  for (size_t l = 0; l < net->layers; l++) {
    wlaw_mlp_pack(net, l, block, work->recalled.dataset->place, weight, net->biases ? bias : NULL);
    weight += net->width[l] * net->width[l + 1];
    bias += net->width[l + 1];
  }
}

static wlaw_status draw_network(const group_work *g, redraw_scratch *scratch, size_t k, float *block, wlaw_error *err) {
  const redraw_group *group = g->group;
  const uint32_t which = (uint32_t)g->work->epochs[group->epoch].epoch * 16 + (uint32_t)(group->law - wlaw_redraw_laws);
  wlaw_stream stream = wlaw_stream_start(g->work->seed, STREAM_REDRAW, (uint32_t)k, which);
  double *tensors[NETWORK_TENSORS], *next = scratch->values;
  for (size_t t = 0; t < g->layout.n_tensors; t++) {
    tensors[t] = next;
    next += g->layout.tensors[t].rows * g->layout.tensors[t].cols;
  }
  WLAW_TRY(wlaw_redraw_draw(tensors, g->fit, &stream, err));
  for (size_t i = 0; i < (size_t)(next - scratch->values); i++) scratch->rounded[i] = (float)scratch->values[i];
  pack(g, scratch, block);
  return WLAW_OK;
}

static wlaw_status read_network(const group_work *g, redraw_scratch *scratch, size_t k, float *block, wlaw_error *err) {
  network_block read;
  float *next = scratch->rounded;
  WLAW_TRY(wlaw_networks_read(&read, scratch->values, g->source, &g->layout, k, 1, err));
  for (size_t t = 0; t < g->layout.n_tensors; t++) {
    const size_t n = g->layout.tensors[t].rows * g->layout.tensors[t].cols;
    const float *single = read.tensors[t];
    const double *whole = read.tensors[t];
    for (size_t i = 0; i < n; i++) *next++ = read.single ? single[i] : (float)whole[i];
  }
  pack(g, scratch, block);
  return WLAW_OK;
}

/* Accuracy where outputs that are equally large share: 1/m for the label among m of them. With exchangeable outputs its
 * expectation is 1 / classes, also of networks whose nodes are all dead. outputs: [classes, n]. */
static double shared_accuracy(const float *outputs, const uint8_t *labels, size_t classes, size_t n) {
  double sum = 0.0;
  for (size_t s = 0; s < n; s++) {
    const float own = outputs[labels[s] * n + s];
    size_t equal = 0, larger = 0;
    for (size_t c = 0; c < classes; c++) {
      equal += outputs[c * n + s] == own;
      larger += outputs[c * n + s] > own;
    }
    if (larger == 0 && equal > 0) sum += 1.0 / (double)equal;
  }
  return sum / (double)n;
}

static void evaluate(const group_work *g, redraw_scratch *scratch, size_t k, size_t at, const float *block) {
  const redraw *work = g->work;
  const wlaw_dataset *data = work->recalled.dataset;
  const bool judged = g->group->law && work->after[at] == 0;
  evaluation found;
  wlaw_train_outputs(work->trainer, scratch->train, block, &found, judged ? scratch->outputs : NULL);
  g->group->outcomes[k * work->n_after + at] = (redraw_outcome){
      .accuracy = found.accuracy,
      .loss = found.loss,
      .shared = judged ? shared_accuracy(scratch->outputs, data->test.labels, data->classes, data->test.n) : NAN,
      .finite = found.finite,
      .constant = found.constant};
}

/* ---- one group */

static wlaw_status start_network(const group_work *g, redraw_scratch *scratch, size_t k, float *block,
                                 wlaw_error *err) {
  const redraw *work = g->work;
  if (g->group->law) return draw_network(g, scratch, k, block, err);
  if (g->group->continued) return read_network(g, scratch, k, block, err);
  return wlaw_train_init(work->trainer, &work->recalled.plan.laws, (uint32_t)k, block, err);
}

static wlaw_status train_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const group_work *g = context;
  const redraw *work = g->work;
  redraw_scratch *scratch = &g->scratch[worker];
  const size_t first = unit * g->group->networks / g->units, end = (unit + 1) * g->group->networks / g->units;
  const size_t n = end - first, floats = wlaw_train_floats(work->trainer), moments = moments_of(work);
  network_state states[TRAIN_MOST_GROUP];
  memset(scratch->blocks, 0, n * (1 + moments) * floats * sizeof *scratch->blocks);
  for (size_t i = 0; i < n; i++) {
    float *block = scratch->blocks + i * (1 + moments) * floats;
    states[i] = (network_state){.weights = block,
                                .first = moments > 0 ? block + floats : NULL,
                                .second = moments > 1 ? block + 2 * floats : NULL};
    if (atomic_load(stop)) return WLAW_CANCELLED;
    WLAW_TRY(start_network(g, scratch, first + i, block, err));
  }
  for (size_t at = 0, epoch = 0; at < work->n_after; at++) {
    while (epoch < work->after[at])
      WLAW_TRY(
          wlaw_train_epoch(work->trainer, scratch->train, states, (uint32_t)first, n, (uint32_t)++epoch, stop, err));
    for (size_t i = 0; i < n; i++) evaluate(g, scratch, first + i, at, states[i].weights);
  }
  return WLAW_OK;
}

static wlaw_status scratch_new(redraw_scratch *out, const group_work *g, wlaw_error *err) {
  const redraw *work = g->work;
  const wlaw_dataset *data = work->recalled.dataset;
  const size_t floats = wlaw_train_floats(work->trainer), numbers = wlaw_network_dimension(&g->layout);
  const size_t most = work->recalled.plan.config.shared_order ? TRAIN_MOST_GROUP : 1;
  out->blocks = wlaw_array(most * (1 + moments_of(work)), floats * sizeof *out->blocks);
  out->values = wlaw_array(numbers, sizeof *out->values);
  out->rounded = wlaw_array(numbers, sizeof *out->rounded);
  out->outputs = wlaw_array(data->classes, data->test.n * sizeof *out->outputs);
  if (!out->blocks || !out->values || !out->rounded || !out->outputs)
    return wlaw_fail_memory(err, floats, sizeof *out->blocks);
  return wlaw_scratch_new(&out->train, work->trainer, err);
}

static void scratch_free(redraw_scratch *scratch) {
  free(scratch->blocks);
  free(scratch->values);
  free(scratch->rounded);
  free(scratch->outputs);
  wlaw_scratch_free(scratch->train);
}

/* Progress of a group fills [low, high] of the group's own part. */
static void stage(wlaw_monitor *monitor, const monitor_span *whole, const redraw *work, const redraw_group *group,
                  double low, double high) {
  const double place = (double)(group - work->groups), all = (double)work->n_groups;
  wlaw_monitor_stage(monitor, whole, (place + low) / all, (place + high) / all);
}

enum { MEASURING_PERCENT = 3 }; /* of a group's time, roughly; the rest is training */

static wlaw_status run_group(group_work *g, redraw_group *group, wlaw_monitor *monitor, wlaw_error *err) {
  const redraw *work = g->work;
  const monitor_span whole = {0.0, 1.0};
  const unsigned threads = wlaw_threads_for(work->threads, group->networks);
  char what[128];
  if (group->law)
    snprintf(what, sizeof what, "epoch %llu, %s", (unsigned long long)work->epochs[group->epoch].epoch,
             group->law->name);
  else if (group->continued)
    snprintf(what, sizeof what, "epoch %llu, the run's own", (unsigned long long)work->epochs[group->epoch].epoch);
  else snprintf(what, sizeof what, "ordinary networks");
  g->group = group;
  g->units = wlaw_train_units(work->trainer, group->networks, threads);
  stage(monitor, &whole, work, group, group->law ? MEASURING_PERCENT / 100.0 : 0.0, 1.0);
  monitor->what = what;
  const wlaw_status status = wlaw_parallel(g->units, threads, train_unit, g, monitor, err);
  monitor->what = "";
  return status;
}

/* ---- one epoch: laws, then the run's own networks */

/* Statistics of the square weights between hidden layers, each at its layer. */
static wlaw_status measure_squares(matrix_moments *out, const redraw *work, const network_shape *shape, uint64_t epoch,
                                   wlaw_monitor *monitor, wlaw_error *err) {
  const char *const path = work->run->path;
  const ensemble_request request = {
      .paths = &path, .n_paths = 1, .has_epoch = true, .epoch = epoch, .exclude_dead = work->exclude_dead};
  ensemble *source = NULL;
  WLAW_TRY(wlaw_ensemble_open(&source, &request, err));
  wlaw_status status = WLAW_OK;
  for (size_t l = 0; status == WLAW_OK && l < shape->layers; l++) {
    if (!wlaw_redraw_is_square(shape, l)) continue;
    char name[40];
    snprintf(name, sizeof name, "layer%zu.weight", l + 1);
    for (size_t i = 0; status == WLAW_OK && i < source->n_matrices; i++)
      if (strcmp(source->matrices[i].name, name) == 0)
        status = wlaw_ensemble_measure(&out[l], NULL, source, i, work->threads, monitor, err);
    if (status == WLAW_OK && (out[l].rows != shape->width[l + 1] || out[l].cols != shape->width[l])) {
      wlaw_fail(err, WLAW_SHAPE, "there are no matrices %zux%zu of that name", shape->width[l + 1], shape->width[l]);
      wlaw_error_in_file(err, WLAW_SHAPE, work->run->path);
      status = wlaw_error_in_tensor(err, WLAW_SHAPE, name);
    }
  }
  wlaw_ensemble_close(source);
  return status;
}

/* Statistics in hand, of one epoch and one pair of sides. */
typedef struct epoch_statistics {
  const redraw_law *of; /* a law with these sides; NULL: none yet */
  network_sample sample;
  matrix_moments square[MLP_MAX_LAYERS];
} epoch_statistics;

static wlaw_status measure(epoch_statistics *have, const group_work *g, const redraw_law *law, uint64_t epoch,
                           wlaw_monitor *monitor, wlaw_error *err) {
  if (!have->of || have->of->inputs != law->inputs || have->of->outputs != law->outputs) {
    network_shape shape;
    network_layout layout;
    wlaw_network_sample_release(&have->sample);
    have->sample = (network_sample){0};
    have->of = NULL;
    wlaw_networks_shape(&shape, g->source, law->inputs, law->outputs);
    WLAW_TRY(wlaw_network_layout(&layout, &shape, err));
    WLAW_TRY(wlaw_networks_measure(&have->sample, g->source, &layout, false, g->work->threads, monitor, err));
    have->of = law;
  }
  return law->permutation ? measure_squares(have->square, g->work, &g->layout.shape, epoch, monitor, err) : WLAW_OK;
}

/* The law's fit, and networks from it. */
static wlaw_status run_law(group_work *g, redraw_group *group, epoch_statistics *have, wlaw_monitor *monitor,
                           wlaw_error *err) {
  const monitor_span whole = {0.0, 1.0};
  redraw_fit fit = {0};
  stage(monitor, &whole, g->work, group, 0.0, MEASURING_PERCENT / 100.0);
  monitor->what = "fitting";
  wlaw_status status = measure(have, g, group->law, g->work->epochs[group->epoch].epoch, monitor, err);
  if (status == WLAW_OK) status = wlaw_redraw_fit(&fit, group->law, have->sample.total, have->square, err);
  if (status == WLAW_OK) {
    group->joint = wlaw_redraw_joint(group->law, &fit.layout);
    g->fit = &fit;
    status = run_group(g, group, monitor, err);
  }
  wlaw_redraw_fit_release(&fit);
  return status;
}

/* Mean test accuracy of the run's networks that are fitted, as metrics.csv has it. */
static void run_accuracy(redraw_epoch *epoch, const run_metrics *metrics, const networks *source) {
  epoch->accuracy = epoch->standard_error = NAN;
  if (epoch->epoch >= metrics->n_epochs) return;
  const double *row = metrics->test_accuracy + epoch->epoch * metrics->networks, n = (double)source->n;
  double sum = 0.0, squares = 0.0;
  for (size_t k = 0; k < source->n; k++) sum += row[wlaw_networks_number(source, k)];
  for (size_t k = 0; k < source->n; k++) squares += pow(row[wlaw_networks_number(source, k)] - sum / n, 2.0);
  epoch->accuracy = sum / n;
  epoch->standard_error = sqrt(squares / (n - 1.0) / n);
}

static wlaw_status open_epoch(networks **out, const redraw *work, size_t e, wlaw_error *err) {
  const char *const path = work->run->path;
  const networks_request request = {.paths = &path,
                                    .n_paths = 1,
                                    .has_epoch = true,
                                    .epoch = work->epochs[e].epoch,
                                    .exclude_dead = work->exclude_dead};
  return wlaw_networks_open(out, &request, err);
}

static wlaw_status check_networks(const group_work *g, const networks *source, uint64_t epoch, wlaw_error *err) {
  network_shape shape;
  network_layout layout;
  wlaw_networks_shape(&shape, source, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE);
  wlaw_status status = wlaw_network_layout(&layout, &shape, err);
  if (status == WLAW_OK && !wlaw_network_layout_equal(&layout, &g->layout))
    status = wlaw_fail(err, WLAW_SHAPE, "the networks at epoch %llu are not of the shape run.json says",
                       (unsigned long long)epoch);
  if (status == WLAW_OK && source->n < 2)
    status = wlaw_fail(err, WLAW_VALUE, "%zu network%s at epoch %llu, and a law is fitted to 2 or more", source->n,
                       source->n == 1 ? "" : "s", (unsigned long long)epoch);
  return status == WLAW_OK ? status : wlaw_error_in_file(err, status, g->work->run->path);
}

/* Looks at every epoch before any network is trained. */
static wlaw_status look_at_epochs(redraw *work, const group_work *g, wlaw_error *err) {
  run_metrics *metrics = NULL;
  WLAW_TRY(wlaw_run_metrics_read(&metrics, work->run, err));
  wlaw_status status = WLAW_OK;
  for (size_t e = 0; status == WLAW_OK && e < work->n_epochs; e++) {
    redraw_epoch *epoch = &work->epochs[e];
    networks *source = NULL;
    if ((status = open_epoch(&source, work, e, err)) != WLAW_OK) break;
    epoch->fitted = source->n;
    epoch->excluded = source->excluded;
    status = check_networks(g, source, epoch->epoch, err);
    if (status == WLAW_OK) run_accuracy(epoch, metrics, source);
    wlaw_networks_close(source);
  }
  wlaw_run_metrics_free(metrics);
  return status;
}

static wlaw_status add_group(redraw *work, bool continued, const redraw_law *law, size_t epoch, size_t n,
                             wlaw_error *err) {
  redraw_group *group = &work->groups[work->n_groups++];
  *group = (redraw_group){.continued = continued, .law = law, .epoch = epoch, .networks = n};
  group->outcomes = wlaw_array(n, work->n_after * sizeof *group->outcomes);
  return group->outcomes ? WLAW_OK : wlaw_fail_memory(err, n, work->n_after * sizeof *group->outcomes);
}

static wlaw_status make_groups(redraw *work, const group_work *g, wlaw_error *err) {
  enum { MOST = 200 };
  size_t most = 0;
  WLAW_TRY(look_at_epochs(work, g, err));
  for (size_t e = 0; e < work->n_epochs; e++)
    if (work->epochs[e].fitted > most) most = work->epochs[e].fitted;
  if (work->networks == 0) work->networks = most < MOST ? most : MOST;
  const size_t n = 1 + work->n_epochs * (work->n_laws + 1);
  if (!(work->groups = wlaw_array(n, sizeof *work->groups))) return wlaw_fail_memory(err, n, sizeof *work->groups);
  WLAW_TRY(add_group(work, false, NULL, 0, work->networks, err));
  for (size_t e = 0; e < work->n_epochs; e++) {
    const size_t own = work->epochs[e].fitted < work->networks ? work->epochs[e].fitted : work->networks;
    for (size_t i = 0; i < work->n_laws; i++) WLAW_TRY(add_group(work, false, work->laws[i], e, work->networks, err));
    WLAW_TRY(add_group(work, true, NULL, e, own, err));
  }
  return WLAW_OK;
}

static wlaw_status run_epoch(group_work *g, size_t e, wlaw_monitor *monitor, wlaw_error *err) {
  const redraw *work = g->work;
  epoch_statistics *have = wlaw_array(1, sizeof *have);
  networks *source = NULL;
  wlaw_status status = have ? open_epoch(&source, work, e, err) : wlaw_fail_memory(err, 1, sizeof *have);
  g->source = source;
  for (size_t i = 1; status == WLAW_OK && i < work->n_groups; i++) {
    redraw_group *group = &work->groups[i];
    if (group->epoch != e) continue;
    status = group->law ? run_law(g, group, have, monitor, err) : run_group(g, group, monitor, err);
  }
  if (have) wlaw_network_sample_release(&have->sample);
  free(have);
  wlaw_networks_close(source);
  return status;
}

wlaw_status wlaw_redraw_networks(redraw *work, wlaw_monitor *monitor, wlaw_error *err) {
  const mlp *net = &work->recalled.plan.config.mlp;
  group_work g = {.work = work};
  network_shape shape = {.layers = net->layers};
  for (size_t k = 0; k <= net->layers; k++) shape.width[k] = net->width[k];
  for (size_t l = 0; l < net->layers; l++) shape.bias[l] = net->biases;
  WLAW_TRY(wlaw_network_layout(&g.layout, &shape, err));
  WLAW_TRY(make_groups(work, &g, err));
  const unsigned threads = wlaw_threads_for(work->threads, work->networks);
  g.scratch = wlaw_array(threads, sizeof *g.scratch);
  wlaw_status status = g.scratch ? WLAW_OK : wlaw_fail_memory(err, threads, sizeof *g.scratch);
  for (unsigned t = 0; t < threads && status == WLAW_OK; t++) status = scratch_new(&g.scratch[t], &g, err);
  if (status == WLAW_OK) status = run_group(&g, &work->groups[0], monitor, err);
  for (size_t e = 0; status == WLAW_OK && e < work->n_epochs; e++) status = run_epoch(&g, e, monitor, err);
  for (unsigned t = 0; g.scratch && t < threads; t++) scratch_free(&g.scratch[t]);
  free(g.scratch);
  return status;
}
