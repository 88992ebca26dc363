/* The verb `prune`: hidden nodes removed from the networks of a run, and what that costs them. */
#include "study/prune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/result.h"

static const option_spec options_table[] = {
    {"epoch", 'e', OPTION_COUNT, "E", NULL, NULL, 0, 4294967295.0, "epoch of the run; default: the last snapshot"},
    {"fraction", 'f', OPTION_REALS, "LIST", "0.5,0.8,0.9,0.95,0.98,0.99", NULL, 0, 1,
     "fractions of the nodes of each layer to remove, below 1; rounded down to whole nodes, so that one stays"},
    {"by", 0, OPTION_CHOICE, "WHAT", "lambda", "lambda|norm", 0, 0,
     "remove the nodes of smallest variance lambda (the run's, else the mean square of outgoing weights), or of "
     "smallest norm of incoming weights"},
    {"layers", 0, OPTION_TEXT, "LAYERS", "all", NULL, 0, 0,
     "hidden layers to prune: all, or a list such as 1,3, counted from 1"},
    {"cache", 0, OPTION_TEXT, "FOLDER", NULL, NULL, 0, 0, "where fetched data sets live"},
};

extern const command_spec wlaw_command_prune;
const command_spec wlaw_command_prune = {
    .name = "prune",
    .summary = "remove hidden nodes from the networks of a run",
    .operands = "RUN [DATA]",
    .examples =
        "weightlaw prune run\n"
        "    from half to 99 of 100 nodes of every hidden layer, smallest variances first, at the last epoch\n"
        "weightlaw prune run --epoch 0 --fraction 0.1,0.5,0.9\n"
        "    the networks as they were drawn, where theory speaks of them\n"
        "weightlaw prune run --by norm --layers 1 --csv\n"
        "    only the first hidden layer, by the norm of incoming weights, as comma-separated values\n",
    .details =
        "Evaluates on the test set, which is opened as the run recorded it; DATA says where it is when it moved.\n"
        "Removing a node sets its outgoing weights to 0. The output error is the mean square of what the outputs\n"
        "change over the mean square of the outputs, on test inputs; means and standard errors are over networks.\n"
        "Networks whose outputs are not finite are left out.\n"
        "\n"
        "Theory is of the law of node variances the run was drawn from, before training: with one hidden layer the\n"
        "output error is the share of the sum of lambda that goes, at this width; with several hidden layers it is\n"
        "bounded (Lee et al. 2023, JMLR 24(289)). The share that went is printed for every layer.",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_prune,
};

static wlaw_status choose_fractions(pruning *work, const wlaw_options *options, wlaw_error *err) {
  WLAW_TRY(wlaw_option_reals(options, &wlaw_command_prune, "fraction", &work->fractions, &work->n_fractions, err));
  if (work->n_fractions == 0) return wlaw_fail(err, WLAW_ARGUMENT, "option --fraction names no fraction");
  for (size_t f = 0; f < work->n_fractions; f++) {
    if (!(work->fractions[f] < 1.0))
      return wlaw_fail(err, WLAW_ARGUMENT, "a fraction of 1 removes every node and leaves no network");
    if (f > 0 && !(work->fractions[f] > work->fractions[f - 1]))
      return wlaw_fail(err, WLAW_ARGUMENT, "option --fraction takes growing fractions, and %g comes after %g",
                       work->fractions[f], work->fractions[f - 1]);
  }
  return WLAW_OK;
}

static wlaw_status choose_layers(pruning *work, const wlaw_options *options, wlaw_error *err) {
  const size_t hidden = work->recalled.plan.config.mlp.layers - 1;
  const char *text = wlaw_option_text(options, &wlaw_command_prune, "layers");
  if (hidden == 0)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "the networks of this run have no hidden nodes"),
                              work->source->run->path);
  if (strcmp(text, "all") == 0) {
    for (size_t l = 1; l <= hidden; l++) work->chosen[l] = true;
    return WLAW_OK;
  }
  uint64_t *list = NULL;
  size_t n = 0;
  const wlaw_status status = wlaw_counts_parse(&list, &n, text, 1, hidden, err);
  for (size_t i = 0; status == WLAW_OK && i < n; i++) work->chosen[list[i]] = true;
  free(list);
  if (status == WLAW_OK && n == 0) return wlaw_fail(err, WLAW_ARGUMENT, "option --layers names no layer");
  return status == WLAW_OK ? status : wlaw_error_add_hint(err, status, "option --layers takes 'all' or such a list");
}

/* The tensor layerK.WHAT [networks, n]; SIZE_MAX where there is none. */
static wlaw_status find_row(size_t *out, const pruning *work, size_t layer, const char *what, size_t n,
                            wlaw_error *err) {
  const wlaw_tensors *tensors = work->source->tensors;
  char name[48];
  snprintf(name, sizeof name, "layer%zu.%s", layer + 1, what);
  *out = SIZE_MAX;
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++)
    if (strcmp(wlaw_tensors_name(tensors, i), name) == 0) *out = i;
  if (*out == SIZE_MAX) return WLAW_OK;
  const uint64_t *shape = wlaw_tensors_shape(tensors, *out);
  if (!*wlaw_tensors_note(tensors, *out) && wlaw_tensors_rank(tensors, *out) == 2 &&
      shape[0] == work->source->run->networks && shape[1] == n)
    return WLAW_OK;
  wlaw_fail(err, WLAW_SHAPE, "it is not [%zu networks, %zu]", work->source->run->networks, n);
  wlaw_error_in_file(err, WLAW_SHAPE, tensors->file.path);
  return wlaw_error_in_tensor(err, WLAW_SHAPE, name);
}

static wlaw_status find_layer(pruning *work, size_t l, wlaw_error *err) {
  const mlp *net = &work->recalled.plan.config.mlp;
  const ensemble *source = work->source;
  char name[48];
  snprintf(name, sizeof name, "layer%zu.weight", l + 1);
  size_t i = 0;
  while (i < source->n_matrices && strcmp(source->matrices[i].name, name) != 0) i++;
  if (i == source->n_matrices) {
    wlaw_fail(err, WLAW_ARGUMENT, "its snapshots hold no %s, and all layers are needed (train --snapshot-layers all)",
              name);
    return wlaw_error_in_file(err, WLAW_ARGUMENT, source->run->path);
  }
  if (source->matrices[i].rows != net->width[l + 1] || source->matrices[i].cols != net->width[l]) {
    wlaw_fail(err, WLAW_SHAPE, "it is %zux%zu, and run.json says %zux%zu", source->matrices[i].rows,
              source->matrices[i].cols, net->width[l + 1], net->width[l]);
    wlaw_error_in_file(err, WLAW_SHAPE, source->tensors->file.path);
    return wlaw_error_in_tensor(err, WLAW_SHAPE, name);
  }
  work->weight[l] = i;
  WLAW_TRY(find_row(&work->variance[l], work, l, "node_variance", net->width[l], err));
  WLAW_TRY(find_row(&work->bias[l], work, l, "bias", net->width[l + 1], err));
  if (!net->biases || work->bias[l] != SIZE_MAX) return WLAW_OK;
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "it holds no layer%zu.bias", l + 1),
                            source->tensors->file.path);
}

static wlaw_status open_run(pruning *work, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                            wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_prune;
  if (!wlaw_run_is(inputs[0]))
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "prune needs a run directory"), inputs[0]);
  const ensemble_request request = {.paths = inputs,
                                    .n_paths = 1,
                                    .has_epoch = wlaw_option_is_set(options, command, "epoch"),
                                    .epoch = wlaw_option_count(options, command, "epoch")};
  WLAW_TRY(wlaw_ensemble_open(&work->source, &request, err));
  monitor->what = "reading the data";
  WLAW_TRY(wlaw_recall_open(&work->recalled, work->source->run, n_inputs > 1 ? inputs[1] : NULL,
                            wlaw_option_text(options, command, "cache"), monitor, err));
  train_config *config = &work->recalled.plan.config;
  config->mlp.node_scales = false; /* snapshots hold weights */
  WLAW_TRY(choose_layers(work, options, err));
  for (size_t l = 0; l < config->mlp.layers; l++) WLAW_TRY(find_layer(work, l, err));
  return wlaw_trainer_new(&work->trainer, config, work->recalled.dataset, CPU_LEVELS, err);
}

static void release(pruning *work) {
  free(work->outcomes);
  free(work->finite);
  free(work->removed);
  free(work->fractions);
  wlaw_trainer_free(work->trainer);
  wlaw_recall_close(&work->recalled);
  wlaw_ensemble_close(work->source);
}

wlaw_status wlaw_prune(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                       wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_prune;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs < 1 || n_inputs > 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "prune needs one run directory (and the data, where they moved)");
  wlaw_monitor monitor = {.call = progress, .user = user};
  pruning work = {.by = (prune_by)wlaw_option_choice(options, command, "by"),
                  .threads = (unsigned)wlaw_option_count(options, command, "threads")};
  json_t *document = NULL;
  wlaw_status status = choose_fractions(&work, options, err);
  if (status == WLAW_OK) status = open_run(&work, inputs, n_inputs, options, &monitor, err);
  monitor.what = "pruning";
  if (status == WLAW_OK) status = wlaw_prune_networks(&work, &monitor, err);
  if (status == WLAW_OK) status = wlaw_prune_json(&document, &work, wlaw_option_count(options, command, "seed"), err);
  release(&work);
  return status == WLAW_OK ? wlaw_result_wrap(result, document, false, err) : status;
}
