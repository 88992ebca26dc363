#include "study/train_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "study/run.h"

static const option_spec options_table[] = {
    {"output", 'o', OPTION_TEXT, "RUN", NULL, NULL, 0, 0, "run directory to make (or to go on with)"},
    {"networks", 'n', OPTION_COUNT, "N", "100", NULL, 1, 10000000, "networks in the ensemble"},
    {"hidden", 0, OPTION_COUNTS, "WIDTHS", "10,10,10", NULL, 1, 1048576, "widths of the hidden layers; \"\" for none"},
    {"epochs", 'e', OPTION_COUNT, "E", "10", NULL, 0, 1000000, "passes over the training set"},
    {"batch", 'b', OPTION_COUNT, "B", "100", NULL, 1, 1048576, "samples in a batch"},
    {"init", 0, OPTION_TEXT, "LAW", "normal(gain=1,fan=in)", NULL, 0, 0,
     "law of the initial weights, for example torch-default, or of the variances of hidden nodes: beta(eta=1,b=0.5)"},
    {"init-from", 0, OPTION_TEXT, "FIT.json", NULL, NULL, 0, 0,
     "output of fit --json: what it covers is drawn from the fitted law, the rest from --init"},
    {"train-scales", 0, OPTION_CHOICE, "YES|NO", "yes", "yes|no", 0, 0,
     "no: node variances stay as drawn, and training changes V in the weights sqrt(lambda) V"},
    {"activation", 0, OPTION_CHOICE, "NAME", "relu", "relu|leaky-relu|tanh|erf|gelu|sin|linear", 0, 0,
     "nonlinearity of the hidden layers"},
    {"biases", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "layers have biases"},
    {"loss", 0, OPTION_CHOICE, "NAME", "cross-entropy", "cross-entropy|mse", 0, 0,
     "softmax cross-entropy, or mean squared error to one-hot labels"},
    {"optimizer", 0, OPTION_CHOICE, "NAME", "adam", "sgd|adam|adamw", 0, 0,
     "optimiser, with PyTorch's meaning of its parameters"},
    {"lr", 0, OPTION_REAL, "RATE", "0.001", NULL, 0, 1e6, "learning rate"},
    {"momentum", 0, OPTION_REAL, "M", "0", NULL, 0, 1, "momentum of sgd"},
    {"beta1", 0, OPTION_REAL, "B1", "0.9", NULL, 0, 1, "decay of the first moment (adam, adamw)"},
    {"beta2", 0, OPTION_REAL, "B2", "0.999", NULL, 0, 1, "decay of the second moment (adam, adamw)"},
    {"epsilon", 0, OPTION_REAL, "EPS", "1e-8", NULL, 0, 1, "added to the root of the second moment"},
    {"weight-decay", 0, OPTION_REAL, "WD", "0", NULL, 0, 1e6,
     "L2 term of the gradient (sgd, adam), decoupled decay (adamw)"},
    {"schedule", 0, OPTION_CHOICE, "NAME", "constant", "constant|step|cosine", 0, 0,
     "learning rate over epochs; cosine ends at 0"},
    {"step-epochs", 0, OPTION_COUNT, "K", "10", NULL, 1, 1000000, "schedule step: epochs between cuts"},
    {"step-factor", 0, OPTION_REAL, "F", "0.1", NULL, 0, 1, "schedule step: factor of each cut"},
    {"parameterization", 0, OPTION_CHOICE, "NAME", "standard", "standard|ntk", 0, 0,
     "ntk: layers scaled by 1/sqrt(fan in), parameters of order 1"},
    {"order", 0, OPTION_CHOICE, "NAME", "independent", "independent|shared", 0, 0,
     "each network shuffles for itself, or one order for all (faster; networks then share gradient noise)"},
    {"snapshots", 0, OPTION_TEXT, "EPOCHS", "all", NULL, 0, 0,
     "epochs to keep weights of: all, or a list such as 0-10,20,50"},
    {"snapshot-layers", 0, OPTION_TEXT, "LAYERS", "all", NULL, 0, 0,
     "layers that snapshots hold: all, or a list such as 2,3"},
    {"pixel-range", 0, OPTION_CHOICE, "LOW,HIGH", "-1,1", "-1,1|0,1", 0, 0, "where the pixel values 0 and 255 go"},
    {"standardize", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "scale each feature to mean 0 and variance 1 over the training set"},
    {"synthetic-features", 0, OPTION_COUNT, "D", "64", NULL, 1, 65536, "DATA synthetic: inputs"},
    {"synthetic-classes", 0, OPTION_COUNT, "C", "10", NULL, 2, 256, "DATA synthetic: classes"},
    {"synthetic-train", 0, OPTION_COUNT, "N", "10000", NULL, 1, 100000000, "DATA synthetic: training samples"},
    {"synthetic-test", 0, OPTION_COUNT, "N", "2000", NULL, 1, 100000000, "DATA synthetic: test samples"},
    {"resume", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "the operand is a run directory: go on where it stopped"},
    {"save-every", 0, OPTION_REAL, "SECONDS", "60", NULL, 0, 1e9, "seconds of work that a kill may cost at most"},
    {"cache", 0, OPTION_TEXT, "FOLDER", NULL, NULL, 0, 0, "where fetched data sets live"},
};

const command_spec wlaw_command_train = {
    .name = "train",
    .summary = "train an ensemble of networks and keep their weights through training",
    .operands = "DATA",
    .examples =
        "weightlaw train fashion-mnist -o run\n"
        "    100 networks 784-10-10-10-10, Adam, 10 epochs, weights kept at every epoch\n"
        "weightlaw train mnist -o run --networks 1000 --epochs 50 --init 'uniform(gain=0.5773502691896258)'\n"
        "    the published experiment with uniform initial weights\n"
        "weightlaw train synthetic -o run --hidden 32,32 --optimizer sgd --lr 0.1 --momentum 0.9\n"
        "    no data needed: Gaussian inputs labelled by a random teacher\n"
        "weightlaw train fashion-mnist -o run --hidden 500,500 --init 'horseshoe(c=1)' --train-scales no\n"
        "    every hidden node with a variance of its own, kept fixed: nodes learn at their own rates\n"
        "weightlaw fit run --law network --epoch 10 --input labelled --json > net.json\n"
        "weightlaw train mnist -o again --init-from net.json\n"
        "    networks that begin where the law found at epoch 10 says, correlations between layers included\n"
        "weightlaw train --resume run\n"
        "    go on after an interruption; ends in the same bytes as if never stopped\n",
    .details =
        "DATA is a folder of IDX files, a cifar-10-batches-bin folder, or a name: fashion-mnist, mnist, synthetic.\n"
        "The run directory holds run.json, metrics.csv, epoch-NNNN.safetensors (each layer stacked over networks,\n"
        "layerK.weight [networks, out, in]), timings.csv (the one file that differs between repetitions) and, until "
        "the\n"
        "run is complete, state.safetensors. Same seed, same bytes, at any number of threads. The same command given\n"
        "again goes on with an interrupted run. Ctrl-C saves the state and says how to go on.\n"
        "\n"
        "FIT.json of --init-from is what weightlaw fit --json wrote: of the law network, whose networks have the\n"
        "layers of this one (and need --biases where they have biases), or fits of tensors layerK.weight to laws of\n"
        "matrices. What it does not cover is drawn from --init: a first weight that was omitted, layers without a "
        "fit,\n"
        "biases of fits that have none. The run keeps a copy, initial.json, and goes on without the file.\n"
        "\n"
        "A law of node variances as --init: weights into hidden layer 1 are normal(gain=1,fan=in), node j of a hidden\n"
        "layer sends out the weights sqrt(lambda_j) V_kj, V standard normal, lambda drawn for each network and layer "
        "at\n"
        "the layer's width; biases start at 0. What is trained is the weight, or with --train-scales no V alone: the\n"
        "optimiser, its weight decay included, then acts on V, and with sgd node j learns at the rate lr lambda_j.\n"
        "Snapshots hold weights in either case, and layerK.node_variance [networks, in] at epoch 0, with "
        "--train-scales\n"
        "no at every epoch.",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_train,
};

/* Options that do not shape the result are not part of a run's identity. */
static bool shapes_result(const char *name) {
  static const char *const others[] = {"output", "resume",  "save-every", "cache",
                                       "json",   "threads", "progress",   "force"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0) return false;
  return true;
}

static json_t *law_json(const wlaw_law *law) {
  char *text = wlaw_law_written(law);
  json_t *value = text ? wlaw_json_text(text) : NULL;
  free(text);
  return value;
}

/* held: what the options name, read (NULL: they were read before, and are in the form recorded). The law of a fit is
 * recorded with its numbers written out, a document by what it holds: a run must not depend on a file elsewhere. */
static json_t *canonical(const option_spec *row, const wlaw_options *options, const train_plan *held) {
  const char *name = row->name, *given = wlaw_option_text(options, &wlaw_command_train, name);
  char text[32];
  if (held && strcmp(name, "init") == 0 && *given == '@') return law_json(held->init.law);
  if (held && strcmp(name, "init-from") == 0) return json_string(held->from.sha256);
  if (row->kind == OPTION_COUNT)
    snprintf(text, sizeof text, "%llu", (unsigned long long)wlaw_option_count(options, &wlaw_command_train, name));
  else if (row->kind == OPTION_REAL)
    snprintf(text, sizeof text, "%.17g", wlaw_option_real(options, &wlaw_command_train, name));
  else return wlaw_json_text(given ? given : "");
  return json_string(text);
}

/* Row i of the options of train and, behind them, the common ones. */
static const option_spec *option_row(size_t i) {
  const size_t own = wlaw_command_train.n_options;
  return i < own ? &wlaw_command_train.options[i] : &wlaw_common_options[i - own];
}

static wlaw_status canonical_options(json_t **out, const wlaw_options *options, const train_plan *held,
                                     wlaw_error *err) {
  bool failed = false;
  json_t *object = json_object();
  for (size_t i = 0; i < wlaw_command_train.n_options + wlaw_n_common_options; i++) {
    const option_spec *row = option_row(i);
    if (shapes_result(row->name)) wlaw_json_put(&failed, object, row->name, canonical(row, options, held));
  }
  if (!failed) {
    *out = object;
    return WLAW_OK;
  }
  json_decref(object);
  return wlaw_fail_memory(err, 1, sizeof(json_t *));
}

static int choice(const wlaw_options *options, const char *name) {
  return wlaw_option_choice(options, &wlaw_command_train, name);
}

/* "all" or a list of integers in [low, high]: NULL and 0 for all. */
static wlaw_status all_or_counts(uint64_t **values, size_t *n, const wlaw_options *options, const char *name,
                                 uint64_t low, uint64_t high, wlaw_error *err) {
  const char *text = wlaw_option_text(options, &wlaw_command_train, name);
  *values = NULL;
  *n = 0;
  if (strcmp(text, "all") == 0) return WLAW_OK;
  const wlaw_status status = wlaw_counts_parse(values, n, text, low, high, err);
  return status == WLAW_OK ? status : wlaw_error_add_hint(err, status, "option --%s takes 'all' or such a list", name);
}

static wlaw_status plan_layers(train_plan *plan, const wlaw_options *options, wlaw_error *err) {
  uint64_t *hidden = NULL, *kept = NULL;
  size_t n = 0, n_kept = 0;
  mlp *net = &plan->config.mlp;
  WLAW_TRY(wlaw_option_counts(options, &wlaw_command_train, "hidden", &hidden, &n, err));
  wlaw_status status = WLAW_OK;
  if (n + 1 > MLP_MAX_LAYERS)
    status = wlaw_fail(err, WLAW_LIMIT, "%zu hidden layers are more than the %d supported", n, MLP_MAX_LAYERS - 1);
  if (status == WLAW_OK) {
    net->layers = n + 1;
    for (size_t i = 0; i < n; i++) net->width[i + 1] = (size_t)hidden[i];
    status = all_or_counts(&kept, &n_kept, options, "snapshot-layers", 1, net->layers, err);
  }
  if (status == WLAW_OK) {
    for (size_t l = 0; l < net->layers; l++) plan->keep[l] = !kept;
    for (size_t i = 0; i < n_kept; i++) plan->keep[kept[i] - 1] = true;
  }
  free(hidden);
  free(kept);
  return status;
}

/* --init and --init-from. */
static wlaw_status read_initial(train_plan *plan, const wlaw_options *options, wlaw_error *err) {
  const char *path = wlaw_option_text(options, &wlaw_command_train, "init-from");
  if (path && !*path && wlaw_option_is_set(options, &wlaw_command_train, "init-from"))
    return wlaw_fail(err, WLAW_ARGUMENT, "option --init-from names no file");
  WLAW_TRY(wlaw_law_operand_read(&plan->init, wlaw_option_text(options, &wlaw_command_train, "init"), err));
  return path && *path ? wlaw_init_from_read(&plan->from, path, err) : WLAW_OK;
}

wlaw_status wlaw_plan_make(train_plan *plan, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_train;
  *plan = (train_plan){.networks = (size_t)wlaw_option_count(options, command, "networks"),
                       .save_seconds = wlaw_option_real(options, command, "save-every")};
  train_config *config = &plan->config;
  config->mlp.biases = wlaw_option_flag(options, command, "biases");
  config->mlp.ntk = choice(options, "parameterization") == 1;
  config->mlp.node_scales = choice(options, "train-scales") == 1;
  config->mlp.activation = (activation)choice(options, "activation");
  config->mlp.loss = (loss)choice(options, "loss");
  config->optimizer = (optimizer)choice(options, "optimizer");
  config->lr = wlaw_option_real(options, command, "lr");
  config->momentum = wlaw_option_real(options, command, "momentum");
  config->beta1 = wlaw_option_real(options, command, "beta1");
  config->beta2 = wlaw_option_real(options, command, "beta2");
  config->epsilon = wlaw_option_real(options, command, "epsilon");
  config->weight_decay = wlaw_option_real(options, command, "weight-decay");
  config->schedule = (schedule)choice(options, "schedule");
  config->step_epochs = (uint32_t)wlaw_option_count(options, command, "step-epochs");
  config->step_factor = wlaw_option_real(options, command, "step-factor");
  config->batch = (uint32_t)wlaw_option_count(options, command, "batch");
  config->epochs = (uint32_t)wlaw_option_count(options, command, "epochs");
  config->shared_order = choice(options, "order") == 1;
  config->seed = wlaw_option_count(options, command, "seed");
  wlaw_status status = plan_layers(plan, options, err);
  if (status == WLAW_OK)
    status = all_or_counts(&plan->snapshots, &plan->n_snapshots, options, "snapshots", 0, config->epochs, err);
  if (status == WLAW_OK) status = read_initial(plan, options, err);
  if (status == WLAW_OK) status = wlaw_train_check_init(&config->mlp, plan->init.law, err);
  if (status == WLAW_OK && plan->init.law->data)
    status = wlaw_fail(err, WLAW_ARGUMENT, "a law measured in a file cannot initialise a run: run.json cannot hold it");
  if (status == WLAW_OK) status = wlaw_init_from_check(&plan->from, &config->mlp, plan->init.law, err);
  if (status == WLAW_OK) status = canonical_options(&plan->options, options, plan, err);
  if (status != WLAW_OK) wlaw_plan_release(plan);
  return status;
}

void wlaw_plan_release(train_plan *plan) {
  wlaw_law_operand_release(&plan->init);
  wlaw_init_from_release(&plan->from);
  free(plan->snapshots);
  json_decref(plan->options);
  *plan = (train_plan){0};
}

void wlaw_plan_fit_data(train_plan *plan, const wlaw_dataset *dataset) {
  plan->config.mlp.width[0] = dataset->features;
  plan->config.mlp.width[plan->config.mlp.layers] = dataset->classes;
}

wlaw_status wlaw_plan_initial_laws(train_plan *plan, wlaw_error *err) {
  const mlp *net = &plan->config.mlp;
  plan->laws = (initial_laws){.law = plan->init.law};
  WLAW_TRY(wlaw_init_from_laws(&plan->laws, &plan->from, net, err));
  for (size_t l = 0; l < net->layers; l++) {
    if (wlaw_init_from_covers(&plan->from, l)) continue;
    char name[40];
    snprintf(name, sizeof name, "layer%zu.weight", l + 1);
    const wlaw_status status = wlaw_law_operand_check(&plan->init, net->width[l + 1], net->width[l], err);
    if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, name);
  }
  return WLAW_OK;
}

void wlaw_plan_request(dataset_request *request, const char *data, const wlaw_options *options) {
  const command_spec *command = &wlaw_command_train;
  *request = (dataset_request){
      .what = data,
      .cache = wlaw_option_text(options, command, "cache"),
      .pixel_range = wlaw_option_text(options, command, "pixel-range"),
      .standardize = wlaw_option_flag(options, command, "standardize"),
      .seed = wlaw_option_count(options, command, "seed"),
      .synthetic_features = (size_t)wlaw_option_count(options, command, "synthetic-features"),
      .synthetic_classes = (size_t)wlaw_option_count(options, command, "synthetic-classes"),
      .synthetic_train = (size_t)wlaw_option_count(options, command, "synthetic-train"),
      .synthetic_test = (size_t)wlaw_option_count(options, command, "synthetic-test"),
  };
}

bool wlaw_plan_keeps(const train_plan *plan, uint64_t epoch) {
  for (size_t i = 0; i < plan->n_snapshots; i++)
    if (plan->snapshots[i] == epoch) return true;
  return plan->snapshots == NULL;
}

static json_t *layers_json(bool *failed, const train_plan *plan) {
  const mlp *net = &plan->config.mlp;
  json_t *list = json_array();
  for (size_t l = 0; l < net->layers; l++) {
    char name[32];
    snprintf(name, sizeof name, "layer%zu", l + 1);
    json_t *layer = json_object();
    wlaw_json_put(failed, layer, "name", json_string(name));
    wlaw_json_put(failed, layer, "rows", wlaw_json_count(net->width[l + 1]));
    wlaw_json_put(failed, layer, "cols", wlaw_json_count(net->width[l]));
    wlaw_json_put(failed, layer, "kept", json_boolean(plan->keep[l]));
    wlaw_json_append(failed, list, layer);
  }
  return list;
}

json_t *wlaw_plan_build_json(void) {
  char text[2048]; /* far more than the few lines there are; a longer text would give NULL, that is, out of memory */
  return wlaw_build_info(text, sizeof text, NULL, NULL) == WLAW_OK ? json_string(text) : NULL;
}

wlaw_status wlaw_plan_document(json_t **out, const train_plan *plan, const wlaw_dataset *dataset, const char *data,
                               size_t steps_per_epoch, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.run/1"));
  wlaw_json_put(&failed, document, "version", json_string(wlaw_version()));
  wlaw_json_put(&failed, document, "build", wlaw_plan_build_json());
  wlaw_json_put(&failed, document, "data_argument", wlaw_json_text(data));
  wlaw_json_put(&failed, document, "data", json_deep_copy(dataset->description));
  wlaw_json_put(&failed, document, "options", json_deep_copy(plan->options));
  wlaw_json_put(&failed, document, "init", law_json(plan->init.law));
  wlaw_json_put(&failed, document, "init_from", wlaw_init_from_json(&failed, &plan->from));
  wlaw_json_put(&failed, document, "networks", wlaw_json_count(plan->networks));
  wlaw_json_put(&failed, document, "epochs", wlaw_json_count(plan->config.epochs));
  wlaw_json_put(&failed, document, "seed", wlaw_json_count(plan->config.seed));
  wlaw_json_put(&failed, document, "steps_per_epoch", wlaw_json_count(steps_per_epoch));
  wlaw_json_put(&failed, document, "layers", layers_json(&failed, plan));
  if (!failed) {
    *out = document;
    return WLAW_OK;
  }
  json_decref(document);
  return wlaw_fail_memory(err, 1, sizeof(json_t *));
}

/* A run from before an option was there was made with its default. */
static const char *recorded_option(const json_t *config, const char *name) {
  if (json_object_get(json_object_get(config, "options"), name)) return wlaw_run_option(config, name);
  for (size_t i = 0; i < wlaw_command_train.n_options + wlaw_n_common_options; i++)
    if (strcmp(option_row(i)->name, name) == 0 && option_row(i)->preset) return option_row(i)->preset;
  return "";
}

wlaw_status wlaw_plan_matches(const train_plan *plan, const json_t *config, const char *data, wlaw_error *err) {
  const char *recorded_data = json_string_value(json_object_get(config, "data_argument"));
  const char *name, *differs = NULL, *recorded = "", *asked = "";
  json_t *value;
  json_object_foreach(plan->options, name, value) {
    const char *other = recorded_option(config, name);
    if (!differs && strcmp(other, json_string_value(value)) != 0) {
      differs = name;
      recorded = other;
      asked = json_string_value(value);
    }
  }
  if (differs)
    wlaw_fail(err, WLAW_EXISTS, "a run made with --%s '%s' is there, this one has '%s'", differs, recorded, asked);
  else if (recorded_data && strcmp(recorded_data, data) != 0)
    wlaw_fail(err, WLAW_EXISTS, "a run on '%s' is there, this one is on '%s'", recorded_data, data);
  else return WLAW_OK;
  return wlaw_error_add_hint(err, WLAW_EXISTS, "choose another --output, or --force to replace it");
}

/* A resumed run keeps the options it was begun with; silently ignoring another wish would look like obeying it. */
static wlaw_status check_asked(const wlaw_options *recorded, const wlaw_options *asked, const train_plan *held,
                               wlaw_error *err) {
  for (size_t i = 0; i < wlaw_command_train.n_options + wlaw_n_common_options; i++) {
    const option_spec *row = option_row(i);
    if (!shapes_result(row->name) || !wlaw_option_is_set(asked, &wlaw_command_train, row->name)) continue;
    json_t *one = canonical(row, recorded, NULL), *other = canonical(row, asked, held);
    wlaw_status status = WLAW_OK;
    if (!one || !other) status = wlaw_fail_memory(err, 1, sizeof *one);
    else if (!json_equal(one, other)) {
      wlaw_fail(err, WLAW_ARGUMENT, "the run was begun with --%s '%s' and cannot go on with '%s'", row->name,
                json_string_value(one), json_string_value(other));
      status = wlaw_error_add_hint(err, WLAW_ARGUMENT, "leave the option out, or train a new run");
    }
    json_decref(one);
    json_decref(other);
    WLAW_TRY(status);
  }
  return WLAW_OK;
}

/* --init-from of a run is the copy in its folder, which must be what it was. */
static wlaw_status recall_init_from(wlaw_options *options, const char *folder, wlaw_error *err) {
  const char *recorded = wlaw_option_text(options, &wlaw_command_train, "init-from");
  if (!recorded || !*recorded) return WLAW_OK;
  char *path = wlaw_path_join(folder, INIT_FROM_FILE);
  if (!path) return wlaw_fail_memory(err, strlen(folder), 1);
  wlaw_status status = wlaw_init_from_verify(path, recorded, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "init-from", path, err);
  free(path);
  return status;
}

wlaw_status wlaw_plan_recall(wlaw_options *options, const char *folder, const json_t *config, const wlaw_options *asked,
                             wlaw_error *err) {
  const char *name;
  json_t *value;
  json_t *recorded = json_object_get(config, "options");
  if (!json_is_object(recorded)) return wlaw_fail(err, WLAW_FORMAT, "run.json has no options");
  json_object_foreach(recorded, name, value) {
    if (!json_is_string(value) || !shapes_result(name))
      return wlaw_fail(err, WLAW_FORMAT, "run.json: option '%s' is not usable", name);
    if (strcmp(name, "init-from") == 0 && !*json_string_value(value)) continue; /* it was not given */
    WLAW_TRY(wlaw_options_set(options, name, json_string_value(value), err));
  }
  train_plan held = {0};
  wlaw_status status = read_initial(&held, asked, err);
  if (status == WLAW_OK) status = check_asked(options, asked, &held, err);
  wlaw_plan_release(&held);
  return status == WLAW_OK ? recall_init_from(options, folder, err) : status;
}
