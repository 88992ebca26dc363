/* The verb `limit`: its options, and the order of the work. */
#include "study/limit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/result.h"

static const option_spec options_table[] = {
    {"law", 'l', OPTION_TEXT, "LAW", NULL, NULL, 0, 0,
     "law of the node variances: one for all hidden layers, or one a layer with ';' between"},
    {"depth", 'd', OPTION_COUNT, "L", NULL, NULL, 1, LIMIT_MOST_LAYERS,
     "hidden layers; default: as many as there are laws"},
    {"activation", 'a', OPTION_TEXT, "NAME", "relu", NULL, 0, 0,
     "of the hidden layers: relu, leaky-relu(slope=0.1), abs, erf, gelu, tanh, ...; a name that is none lists them "
     "all"},
    {"weight-variance", 0, OPTION_REAL, "V", "1", NULL, 1e-12, 1e12,
     "variance of the weights' normal part, and of the first layer times its inputs"},
    {"bias-variance", 0, OPTION_REAL, "V", "0", NULL, 0, 1e12, "variance of the biases"},
    {"inputs", 'n', OPTION_COUNT, "K", NULL, NULL, 1, 65536, "inputs to draw, standard normal; default: one"},
    {"features", 0, OPTION_COUNT, "D", "10", NULL, 1, 16777216, "features of the inputs that --inputs draws"},
    {"tensor", 't', OPTION_TEXT, "NAME", NULL, NULL, 0, 0, "tensor of FILE, where it holds several"},
    {"variance", 0, OPTION_REAL, "V", NULL, NULL, 1e-12, 1e12,
     "of the first layer's outputs for the one input there is without FILE and --inputs; default: as for one whose "
     "features have the mean square 1"},
    {"draws", 0, OPTION_COUNT, "N", NULL, NULL, 100, 1000000000.0,
     "networks of infinite width to draw; default: none, or 5000 where --width or --output asks for some"},
    {"outputs", 0, OPTION_COUNT, "K", "2", NULL, 1, 65536, "outputs of a drawn network"},
    {"output", 'o', OPTION_TEXT, "FILE", NULL, NULL, 0, 0,
     "write the draws [draws, outputs, inputs]: .npy, .npz or .safetensors"},
    {"width", 'w', OPTION_COUNTS, "P,...", NULL, NULL, 1, 16777216,
     "widths of finite networks to draw beside the limit, as many as --draws"},
    {"epsilon", 'e', OPTION_REALS, "E,...", "0.0001,0.001,0.01,0.1,1", NULL, 1e-300, 1e300,
     "node variances below which pruning removes nodes"},
    {"fraction", 0, OPTION_REALS, "F,...", NULL, NULL, 0, 1,
     "what is lost with these fractions of the nodes, at each --width (default 2000)"},
    {"tolerance", 0, OPTION_REAL, "V", "0.0001", NULL, 0, 1,
     "error in law of the draws: jumps too small to matter more are replaced by their mean; 0: none (finite measures)"},
    {"jumps", 0, OPTION_COUNT, "N", "100000", NULL, 1, 16777216, "most jumps of a layer to keep in a draw"},
    {"table", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "instead of all this: five models side by side, table 1 of Lee et al. (2023), every cell computed"},
};

static const char examples[] =
    "weightlaw limit --law 'beta(eta=1,b=0.5)'\n"
    "    regime, law of the outputs, active nodes, pruning error at infinite width, in closed form\n"
    "weightlaw limit --law 'horseshoe(c=1)' --depth 3 --draws 20000\n"
    "    the same for three hidden layers, with 20,000 exact draws\n"
    "weightlaw limit --law 'bernoulli(c=2)' --width 100,500,2000\n"
    "    finite networks beside the limit, with z-scores\n"
    "weightlaw limit --law 'gamma(eta=1,rate=1); constant(c=1)' inputs.npy --draws 1000 -o outputs.npy\n"
    "    a law for each of two layers, inputs [n, features] from a file, the drawn outputs into another\n"
    "weightlaw limit --table\n"
    "    Gaussian, sparse and heavy-tailed models side by side\n";

static const char details[] =
    "Node j of a hidden layer sends out the weights sqrt(lambda_j) V_jk, V normal, and the variances lambda_j follow "
    "the "
    "law. At infinite width a layer is a number a and a Levy measure (Lee, Ayed, Jung, Lee, Yang and Caron 2023). "
    "Without jumps the network is a Gaussian process; with jumps it is a mixture of Gaussian processes, whose outputs "
    "depend on each other.\n"
    "\n"
    "Where a closed form exists it is given. --draws takes networks from the limit itself: jumps above a threshold one "
    "by one, those below it by their mean (--tolerance). --width draws finite networks beside it; z-scores only where "
    "the quantity has a finite variance at that width, and a reason elsewhere. Statistics are of the first input. Draw "
    "k of a seed is the same for any number of draws and threads.\n"
    "\n"
    "Conventions: kurtosis is Pearson's (normal = 3); a tail index t means P(abs Z > z) ~ C z^-t. docs/limit.md tells "
    "every key of --json.";

static wlaw_status check_output(const limit_job *job, bool force, wlaw_error *err) {
  if (!job->path || force || !wlaw_path_exists(job->path)) return WLAW_OK;
  wlaw_error_in_file(err, wlaw_fail(err, WLAW_EXISTS, "the file exists already"), job->path);
  return wlaw_error_add_hint(err, WLAW_EXISTS, "--force replaces it");
}

/* ---- laws */

static wlaw_status read_law(limit_job *job, const char *text, size_t n, wlaw_error *err) {
  while (n && isspace((unsigned char)*text)) text++, n--;
  while (n && isspace((unsigned char)text[n - 1])) n--;
  if (n == 0) return wlaw_fail(err, WLAW_ARGUMENT, "--law has no law for hidden layer %zu", job->n_laws + 1);
  if (job->n_laws == LIMIT_MOST_LAYERS)
    return wlaw_fail(err, WLAW_LIMIT, "--law names more than %d layers", LIMIT_MOST_LAYERS);
  char *copy = wlaw_text_duplicate(text, n);
  if (!copy) return wlaw_fail_memory(err, n, 1);
  law_operand *operand = &job->laws[job->n_laws];
  wlaw_status status = wlaw_law_operand_read(operand, copy, err);
  free(copy);
  if (status == WLAW_OK) job->n_laws++; /* from here on the job releases it */
  return status == WLAW_OK ? wlaw_node_require(operand->law, err) : status;
}

static wlaw_status read_laws(limit_job *job, const char *text, wlaw_error *err) {
  text_buffer written = {0};
  if (!text || !*text) {
    wlaw_fail(err, WLAW_ARGUMENT, "limit needs --law LAW, the law of the node variances");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "write --law 'beta(eta=1,b=0.5)', or --table for five at once");
  }
  for (;;) {
    const size_t n = strcspn(text, ";");
    WLAW_TRY(read_law(job, text, n, err));
    if (!text[n]) break;
    text += n + 1;
  }
  for (size_t l = 0; l < job->n_laws; l++) {
    char *law = wlaw_law_written(job->laws[l].law);
    if (law) wlaw_text_add(&written, "%s%s", l ? "; " : "", law);
    else written.failed = true;
    free(law);
  }
  if (!written.failed) job->law = wlaw_text_duplicate(wlaw_text_string(&written), written.length);
  wlaw_text_free(&written);
  return job->law ? WLAW_OK : wlaw_fail_memory(err, written.length, 1);
}

static wlaw_status read_network(limit_job *job, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_limit;
  limit_network *network = &job->network;
  WLAW_TRY(read_laws(job, wlaw_option_text(options, command, "law"), err));
  WLAW_TRY(wlaw_dual_parse(&network->activation, wlaw_option_text(options, command, "activation"), err));
  network->depth = job->n_laws;
  if (wlaw_option_is_set(options, command, "depth")) network->depth = wlaw_option_count(options, command, "depth");
  if (job->n_laws > 1 && network->depth != job->n_laws)
    return wlaw_fail(err, WLAW_ARGUMENT, "--law names %zu layers and --depth says %zu", job->n_laws, network->depth);
  for (size_t l = 0; l < network->depth; l++) network->laws[l] = job->laws[job->n_laws > 1 ? l : 0].law;
  network->weight_variance = wlaw_option_real(options, command, "weight-variance");
  network->bias_variance = wlaw_option_real(options, command, "bias-variance");
  return WLAW_OK;
}

/* Now, not after the draws of the limit. */
static wlaw_status check_widths(const limit_job *job, wlaw_error *err) {
  for (size_t l = 0; l < job->n_laws; l++)
    for (size_t i = 0; i < job->n_widths; i++)
      WLAW_TRY(wlaw_node_check_width(job->laws[l].law, (size_t)job->widths[i], err));
  return WLAW_OK;
}

static wlaw_status read_numbers(limit_job *job, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_limit;
  WLAW_TRY(wlaw_option_reals(options, command, "epsilon", &job->epsilon, &job->n_epsilon, err));
  WLAW_TRY(wlaw_option_reals(options, command, "fraction", &job->fractions, &job->n_fractions, err));
  WLAW_TRY(wlaw_option_counts(options, command, "width", &job->widths, &job->n_widths, err));
  job->path = wlaw_option_text(options, command, "output");
  job->draws = wlaw_option_count(options, command, "draws");
  if (!job->draws && (job->n_widths || job->path)) job->draws = 5000;
  job->outputs = wlaw_option_count(options, command, "outputs");
  job->tolerance = wlaw_option_real(options, command, "tolerance");
  job->most_jumps = wlaw_option_count(options, command, "jumps");
  job->seed = wlaw_option_count(options, command, "seed");
  job->threads = (unsigned)wlaw_option_count(options, command, "threads");
  WLAW_TRY(check_widths(job, err));
  return check_output(job, wlaw_option_flag(options, command, "force"), err);
}

static void release(limit_job *job) {
  for (size_t l = 0; l < job->n_laws; l++) wlaw_law_operand_release(&job->laws[l]);
  wlaw_output_density_free(job->density);
  free(job->law);
  free(job->inputs.gram);
  free(job->epsilon);
  free(job->fractions);
  free(job->widths);
}

/* ---- the work */

/* Progress: the limit first, then each width; shares by the cost of a draw, a width's about its nodes. */
static void progress_share(limit_job *job, size_t step) {
  const double cost_of_limit = 50.0;
  double before = step ? cost_of_limit : 0.0, own = step ? 0.0 : cost_of_limit, all = cost_of_limit;
  for (size_t i = 0; i < job->n_widths; i++) {
    all += (double)job->widths[i];
    if (i + 1 < step) before += (double)job->widths[i];
    if (i + 1 == step) own = (double)job->widths[i];
  }
  const monitor_span whole = {0.0, 1.0};
  wlaw_monitor_stage(&job->monitor, &whole, before / all, (before + own) / all);
}

static wlaw_status add_widths(json_t *document, limit_job *job, const limit_sample *limit, bool *failed,
                              wlaw_error *err) {
  json_t *list = json_array();
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < job->n_widths && status == WLAW_OK; i++) {
    limit_sample finite = {0};
    progress_share(job, i + 1);
    job->monitor.what = "drawing finite networks";
    status = wlaw_limit_finite(&finite, job, (size_t)job->widths[i], err);
    if (status == WLAW_OK) wlaw_json_append(failed, list, wlaw_limit_finite_json(failed, &finite, limit, job));
    wlaw_limit_sample_free(&finite);
  }
  wlaw_json_put(failed, document, "finite", list);
  return status;
}

static wlaw_status add_draws(json_t *document, limit_job *job, limit_sample *limit, bool *failed, wlaw_error *err) {
  progress_share(job, 0);
  job->monitor.what = "drawing the limit";
  WLAW_TRY(wlaw_limit_draws(limit, job, err));
  wlaw_limit_grid_set(job, limit);
  json_t *object = json_object();
  wlaw_limit_sample_put(failed, object, limit, job);
  wlaw_json_put(failed, object, "output", job->path ? wlaw_json_text(job->path) : json_null());
  wlaw_json_put(failed, document, "draws", object);
  return WLAW_OK;
}

static wlaw_status describe(json_t *document, limit_job *job, bool *failed, wlaw_error *err) {
  limit_sample limit = {0};
  wlaw_status status = WLAW_OK;
  wlaw_limit_grid_set(job, NULL);
  WLAW_TRY(wlaw_limit_put(failed, document, job, err));
  if (job->draws) status = add_draws(document, job, &limit, failed, err);
  if (status == WLAW_OK && job->n_widths) status = add_widths(document, job, &limit, failed, err);
  if (status == WLAW_OK) wlaw_limit_findings(failed, document, job);
  wlaw_limit_sample_free(&limit);
  return status;
}

static wlaw_status limit_job_run(wlaw_result **result, limit_job *job, const char *const *inputs, size_t n_inputs,
                                 const wlaw_options *options, wlaw_error *err) {
  WLAW_TRY(read_network(job, options, err));
  WLAW_TRY(read_numbers(job, options, err));
  WLAW_TRY(wlaw_limit_inputs_read(job, inputs, n_inputs, options, err));
  const char *reason;
  WLAW_TRY(wlaw_limit_network_check(&job->network, err));
  wlaw_output_law(&job->output, &job->network, job->inputs.variance);
  WLAW_TRY(wlaw_output_density_new(&job->density, &reason, &job->network, job->inputs.variance, err));
  job->reason_density = job->density ? NULL : reason;
  bool failed = false;
  json_t *document = json_object();
  const wlaw_status status = describe(document, job, &failed, err);
  if (status == WLAW_OK) return wlaw_result_wrap(result, document, failed, err);
  json_decref(document);
  return status;
}

wlaw_status wlaw_limit(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                       wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_limit;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (wlaw_option_flag(options, command, "table")) {
    if (n_inputs) return wlaw_fail(err, WLAW_ARGUMENT, "--table takes no inputs: its models have one of variance 1");
    return wlaw_limit_table(result, err);
  }
  limit_job *job = calloc(1, sizeof *job);
  if (!job) return wlaw_fail_memory(err, 1, sizeof *job);
  job->monitor = (wlaw_monitor){.call = progress, .user = user};
  const wlaw_status status = limit_job_run(result, job, inputs, n_inputs, options, err);
  release(job);
  free(job);
  return status;
}

const command_spec wlaw_command_limit = {
    .name = "limit",
    .summary = "say what networks become at infinite width",
    .operands = "--law LAW [FILE] | --table",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_limit,
};
