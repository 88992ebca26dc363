/* The verb `redraw`: networks drawn from laws of a run's networks, evaluated and trained, beside ordinary ones. */
#include "study/redraw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/result.h"

enum { MOST_EPOCHS = 1000 };

static const option_spec options_table[] = {
    {"epochs", 'e', OPTION_COUNTS, "LIST", NULL, NULL, 0, 4294967295.0,
     "epochs of the run whose networks laws are fitted to; default: the first snapshot, the next, one between and the "
     "last"},
    {"train", 't', OPTION_COUNTS, "LIST", "1,2,5", NULL, 1, MOST_EPOCHS,
     "epochs of training after which networks are evaluated again; \"\" for none"},
    {"networks", 'n', OPTION_COUNT, "N", NULL, NULL, 2, 16777216,
     "networks to draw from each law; default: as many as are fitted, at most 200"},
    {"laws", 0, OPTION_TEXT, "LIST", "all", NULL, 0, 0,
     "all, or a list of: iid, bipartite, permutation, network, network-outputs, bipartite-labelled, network-labelled"},
    {"exclude", 0, OPTION_CHOICE, "WHICH", "none", "none|dead", 0, 0,
     "dead: fit without the networks whose outputs are constant or not finite at that epoch"},
    {"cache", 0, OPTION_TEXT, "FOLDER", NULL, NULL, 0, 0, "where fetched data sets live"},
};

extern const command_spec wlaw_command_redraw;
const command_spec wlaw_command_redraw = {
    .name = "redraw",
    .summary = "draw networks from the laws of a run, and train them: what a law knows",
    .operands = "RUN [DATA]",
    .examples =
        "weightlaw redraw run\n"
        "    every law at up to four epochs, 200 networks each, as drawn and after 1, 2 and 5 epochs of training\n"
        "weightlaw redraw run --epochs 0,1,2,5,10 --json > redraw.json\n"
        "    the document; weightlaw report redraw.json draws its page\n"
        "weightlaw redraw run --epochs 10 --laws bipartite-labelled,network-labelled --train 1\n"
        "    do correlations between layers tell more than means and covariances of each layer?\n",
    .details =
        "At each epoch each law is fitted to all layers of the run's networks, and new networks are drawn from it:\n"
        "iid (each tensor one mean and variance), bipartite (tensors independent, rows and columns exchangeable),\n"
        "permutation (square weights between hidden layers from the law of 13 parameters, the others bipartite) and\n"
        "network (all tensors at once); with inputs and outputs exchangeable, with labelled outputs\n"
        "(network-outputs), or with labelled inputs and outputs (bipartite-labelled, network-labelled). Drawn\n"
        "networks are evaluated on the whole test set, and again after epochs of training with the run's optimiser in\n"
        "a fresh state. Beside them stand networks of the run's initial law, drawn anew and trained alike (ordinary),\n"
        "and the run's own networks of that epoch, trained on (continued).\n"
        "\n"
        "Where outputs are exchangeable the accuracy of networks as drawn is 1 / classes on average, whatever was\n"
        "fitted: these cells check the program. Errors are over networks; a difference counts where its p-value,\n"
        "times the number of differences looked at, is below 0.0027 (z = 3).\n"
        "\n"
        "The networks are drawn and their samples shuffled by streams of --seed, not by those of the run. Time: the\n"
        "default trains 33 times 200 networks for 5 epochs, some 4 minutes for 784-10-10-10-10 on two cores;\n"
        "--networks, --train, --laws and --epochs shorten it in proportion.",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_redraw,
};

/* ---- what was asked for */

static wlaw_status check_growing(const uint64_t *list, size_t n, const char *option, wlaw_error *err) {
  for (size_t i = 1; i < n; i++)
    if (list[i] <= list[i - 1])
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s takes growing numbers, and %llu comes after %llu", option,
                       (unsigned long long)list[i], (unsigned long long)list[i - 1]);
  return WLAW_OK;
}

static wlaw_status choose_after(redraw *work, const wlaw_options *options, wlaw_error *err) {
  uint64_t *list = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_option_counts(options, &wlaw_command_redraw, "train", &list, &n, err));
  wlaw_status status = check_growing(list, n, "train", err);
  if (status == WLAW_OK && !(work->after = wlaw_array(n + 1, sizeof *work->after)))
    status = wlaw_fail_memory(err, n + 1, sizeof *work->after);
  for (size_t i = 0; status == WLAW_OK && i < n; i++) work->after[i + 1] = list[i];
  work->n_after = n + 1;
  free(list);
  return status;
}

static wlaw_status add_law(redraw *work, const char *name, size_t length, wlaw_error *err) {
  for (size_t i = 0; i < REDRAW_LAWS; i++) {
    const redraw_law *law = &wlaw_redraw_laws[i];
    if (strlen(law->name) != length || strncmp(law->name, name, length) != 0) continue;
    for (size_t j = 0; j < work->n_laws; j++)
      if (work->laws[j] == law) return wlaw_fail(err, WLAW_ARGUMENT, "option --laws names %s twice", law->name);
    work->laws[work->n_laws++] = law;
    return WLAW_OK;
  }
  wlaw_fail(err, WLAW_NAME, "option --laws: there is no law '%.*s' to draw networks from", (int)length, name);
  return wlaw_error_add_hint(err, WLAW_NAME,
                             "there are iid, bipartite, permutation, network, network-outputs, bipartite-labelled and "
                             "network-labelled");
}

static int by_place(const void *a, const void *b) {
  const redraw_law *const *x = a, *const *y = b;
  return (*x > *y) - (*x < *y);
}

/* In the order of the table, whatever order they are asked for in: those of one pair of sides share a measurement. */
static wlaw_status choose_laws(redraw *work, const wlaw_options *options, wlaw_error *err) {
  const char *text = wlaw_option_text(options, &wlaw_command_redraw, "laws");
  if (strcmp(text, "all") == 0) {
    for (size_t i = 0; i < REDRAW_LAWS; i++) work->laws[i] = &wlaw_redraw_laws[i];
    work->n_laws = REDRAW_LAWS;
    return WLAW_OK;
  }
  for (const char *at = text;; at++) {
    const size_t length = strcspn(at, ",");
    WLAW_TRY(add_law(work, at, length, err));
    at += length;
    if (!*at) break;
  }
  qsort(work->laws, work->n_laws, sizeof *work->laws, by_place);
  return WLAW_OK;
}

/* The first snapshot, the next, the one nearest to the geometric mean of first and last, and the last. */
static size_t usual_epochs(uint64_t out[4], const run_directory *run) {
  const size_t last = run->n_epochs - 1;
  const double low = (double)run->epochs[0], high = (double)run->epochs[last];
  const double middle = low + sqrt(high - low);
  size_t nearest = 0, n = 0;
  for (size_t i = 1; i <= last; i++)
    if (fabs((double)run->epochs[i] - middle) < fabs((double)run->epochs[nearest] - middle)) nearest = i;
  const size_t places[4] = {0, 1, nearest, last};
  for (size_t i = 0; i < 4; i++)
    if (places[i] <= last && (n == 0 || run->epochs[places[i]] > out[n - 1])) out[n++] = run->epochs[places[i]];
  return n;
}

static bool has_snapshot(const run_directory *run, uint64_t epoch) {
  for (size_t i = 0; i < run->n_epochs; i++)
    if (run->epochs[i] == epoch) return true;
  return false;
}

static wlaw_status take_epochs(redraw *work, const uint64_t *list, size_t n, wlaw_error *err) {
  if (!(work->epochs = wlaw_array(n, sizeof *work->epochs))) return wlaw_fail_memory(err, n, sizeof *work->epochs);
  work->n_epochs = n;
  for (size_t e = 0; e < n; e++) {
    work->epochs[e].epoch = list[e];
    if (has_snapshot(work->run, list[e])) continue;
    wlaw_fail(err, WLAW_ARGUMENT, "there is no snapshot of epoch %llu", (unsigned long long)list[e]);
    return wlaw_error_in_file(err, WLAW_ARGUMENT, work->run->path);
  }
  return WLAW_OK;
}

static wlaw_status choose_epochs(redraw *work, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_redraw;
  uint64_t usual[4], *list = NULL;
  size_t n = 0;
  if (work->run->n_epochs == 0)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_VALUE, "the run has no snapshots"), work->run->path);
  if (!wlaw_option_is_set(options, command, "epochs"))
    return take_epochs(work, usual, usual_epochs(usual, work->run), err);
  WLAW_TRY(wlaw_option_counts(options, command, "epochs", &list, &n, err));
  wlaw_status status =
      n > 0 ? check_growing(list, n, "epochs", err) : wlaw_fail(err, WLAW_ARGUMENT, "option --epochs names no epoch");
  if (status == WLAW_OK) status = take_epochs(work, list, n, err);
  free(list);
  return status;
}

/* ---- the run */

/* Networks that can be drawn whole, and trained from their weights alone. */
static wlaw_status check_plan(const redraw *work, wlaw_error *err) {
  const train_plan *plan = &work->recalled.plan;
  if (plan->config.mlp.node_scales) {
    wlaw_fail(err, WLAW_ARGUMENT,
              "its nodes learn at rates of their own (train --train-scales no), which a law of weights does not know");
    return wlaw_error_in_file(err, WLAW_ARGUMENT, work->run->path);
  }
  for (size_t l = 0; l < plan->config.mlp.layers; l++)
    if (!plan->keep[l]) {
      wlaw_fail(err, WLAW_ARGUMENT,
                "its snapshots hold no layer%zu.weight, and all layers are needed (train --snapshot-layers all)",
                l + 1);
      return wlaw_error_in_file(err, WLAW_ARGUMENT, work->run->path);
    }
  return WLAW_OK;
}

/* Training goes by the run's settings, with a seed of its own; a schedule ends with the longer of both trainings. */
static void set_training(redraw *work) {
  train_config *config = &work->recalled.plan.config;
  wlaw_stream stream = wlaw_stream_start(work->seed, STREAM_REDRAW, STREAM_SHARED, STREAM_SHARED);
  const uint64_t longest = work->after[work->n_after - 1];
  work->train_seed = wlaw_stream_u64(&stream) >> 11; /* 53 bits: exact in JSON readers that have doubles alone */
  config->seed = work->train_seed;
  if (config->epochs < longest) config->epochs = (uint32_t)longest;
}

static wlaw_status open_run(redraw *work, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                            wlaw_monitor *monitor, wlaw_error *err) {
  if (!wlaw_run_is(inputs[0]))
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "redraw needs a run directory"), inputs[0]);
  WLAW_TRY(wlaw_run_open(&work->run, inputs[0], err));
  WLAW_TRY(choose_epochs(work, options, err));
  monitor->what = "reading the data";
  WLAW_TRY(wlaw_recall_open(&work->recalled, work->run, n_inputs > 1 ? inputs[1] : NULL,
                            wlaw_option_text(options, &wlaw_command_redraw, "cache"), monitor, err));
  WLAW_TRY(check_plan(work, err));
  WLAW_TRY(wlaw_plan_initial_laws(&work->recalled.plan, err));
  set_training(work);
  return wlaw_trainer_new(&work->trainer, &work->recalled.plan.config, work->recalled.dataset, CPU_LEVELS, err);
}

static void release(redraw *work) {
  for (size_t i = 0; i < work->n_groups; i++) free(work->groups[i].outcomes);
  free(work->groups);
  free(work->epochs);
  free(work->after);
  wlaw_trainer_free(work->trainer);
  wlaw_recall_close(&work->recalled);
  wlaw_run_close(work->run);
}

wlaw_status wlaw_redraw(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                        wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_redraw;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs < 1 || n_inputs > 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "redraw needs one run directory (and the data, where they moved)");
  wlaw_monitor monitor = {.call = progress, .user = user};
  redraw work = {.exclude_dead = wlaw_option_choice(options, command, "exclude") == 1,
                 .seed = wlaw_option_count(options, command, "seed"),
                 .threads = (unsigned)wlaw_option_count(options, command, "threads"),
                 .networks = (size_t)wlaw_option_count(options, command, "networks")};
  json_t *document = NULL;
  wlaw_status status = choose_after(&work, options, err);
  if (status == WLAW_OK) status = choose_laws(&work, options, err);
  if (status == WLAW_OK) status = open_run(&work, inputs, n_inputs, options, &monitor, err);
  if (status == WLAW_OK) status = wlaw_redraw_networks(&work, &monitor, err);
  if (status == WLAW_OK) status = wlaw_redraw_json(&document, &work, err);
  release(&work);
  return status == WLAW_OK ? wlaw_result_wrap(result, document, false, err) : status;
}
