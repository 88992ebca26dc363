#include "study/fit.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/result.h"
#include "law/law.h"
#include "law/space.h"
#include "study/departure_study.h"
#include "study/network_study.h"
#include "study/node_variances.h"

extern const command_spec wlaw_command_fit;

static const option_spec options_table[] = {
    {"law", 'l', OPTION_TEXT, "LAW", "auto", NULL, 0, 0,
     "iid, bipartite, permutation, symmetric, symmetric-zero-diagonal, zero-diagonal or antisymmetric; auto: the last "
     "four where the matrices are so, else the one with the smallest BIC; network: of all weights and biases at once; "
     "node-variances: of the nodes of each layer"},
    {"tensor", 't', OPTION_TEXT, "NAME", NULL, NULL, 0, 0, "one tensor, such as layer2.weight; default: every matrix"},
    {"epoch", 'e', OPTION_COUNT, "E", NULL, NULL, 0, 4294967295.0, "epoch of a run; default: the last snapshot"},
    {"exclude", 0, OPTION_CHOICE, "WHICH", "none", "none|dead", 0, 0,
     "networks of a run to leave out; dead: outputs constant or not finite at that epoch"},
    NETWORK_OPTIONS,
    {"degree", 'd', OPTION_COUNT, "K", NULL, NULL, 1, DEPARTURE_DEGREE,
     "test the fit by every invariant of degree 1 to K (0-1,1-2,2-0 is sum M_ij M_jk M_ki, of degree 3)"},
    {"graph", 'g', OPTION_TEXT, "EDGES", NULL, NULL, 0, 0,
     "test it by named invariants, such as \"0-1,1-2,2-0;0-1,0-1,0-1\", of degree at most 6"},
    {"replicates", 0, OPTION_COUNT, "R", NULL, NULL, 0, 1e6,
     "ensembles to simulate for the global test; default: 999, 499 or 199, as --patience allows; 0: none"},
    {"patience", 0, OPTION_REAL, "S", "20", NULL, 0, 1e9,
     "seconds of one core that a named graph or the simulation may take, by estimate"},
};

static const char examples[] =
    "weightlaw fit RUN --epoch 10 --tensor layer2.weight\n"
    "    which law the second matrix of the run follows at epoch 10, with errors and tests\n"
    "weightlaw fit weights.npy --law permutation\n"
    "    the 13-parameter law of an array [networks, D, D]\n"
    "weightlaw fit a.safetensors b.safetensors c.safetensors --tensor fc2.weight\n"
    "    three checkpoints as an ensemble of three\n"
    "weightlaw fit RUN --tensor layer3.weight --degree 4\n"
    "    what the law misses: all 361 invariants up to degree 4, observed and predicted, and a global test\n"
    "weightlaw fit RUN --law network\n"
    "    the law of whole networks: how layers depend on each other\n"
    "weightlaw fit RUN-64 RUN-128 RUN-256 --law node-variances\n"
    "    the variances of nodes at three widths, and which infinite width they go to\n";

static const char details[] =
    "Fits by maximum likelihood, in closed form, in one pass over the data. Standard errors come twice: exact if the "
    "law is true, and robust, from the spread over networks; a warning says where they disagree.\n"
    "\n"
    "The laws are nested: iid in bipartite in permutation. Likelihood-ratio tests between neighbours use chi-squared "
    "from 50 networks on, and below that the null simulated (--seed). A first matrix has labelled inputs, a last one "
    "labelled outputs: the result says what that means for the fit.\n"
    "\n"
    "Symmetric, antisymmetric and zero-diagonal matrices have laws of their own, on the space of such matrices: there "
    "the other laws have no density, and nothing is tested against them. Such a law asked for by name refuses "
    "matrices that are not so.\n"
    "\n"
    "--degree and --graph test the fit by what it does not fit. A graph stands for a sum over all indices: each edge "
    "a-b is a factor M_ab. Deviations are given in standard errors, in standard deviations over networks, and "
    "relative; "
    "p-values are adjusted for the number of invariants (Holm; Benjamini and Yekutieli), and one global test takes the "
    "largest deviation of all against ensembles drawn from the fitted law and fitted again. What the law fits by "
    "construction says so.\n"
    "\n"
    "network is the law of all weights and biases of a multilayer perceptron, with the symmetry that permutes the "
    "nodes "
    "of each hidden layer: it sees correlations between layers. It is tested against layers that are independent "
    "(bipartite) and entries that are (iid), lists the correlations, and its --json is drawn from by draw and train "
    "(docs/network.md). --input and --output say what is exchangeable; --degree 2 to 4 tests it by the invariants of "
    "networks.\n"
    "\n"
    "node-variances takes one run or several and looks at the outgoing weights of each node. At three widths or more "
    "it says whether the limit is a Gaussian process or a mixture (docs/node-variances.md), and empirical(@FILE) of "
    "its --json is a law for the other verbs.\n"
    "\n"
    "The input is a run directory, a tensor file (.safetensors, .npz, .npy, .pt, .onnx, .gguf, .h5) with arrays "
    "[networks, rows, cols] (or [rows, cols]: one network), or several files with one network each.";

wlaw_status wlaw_study_law(const law_ops **out, const char *name, wlaw_error *err) {
  const law_ops *law = NULL;
  if (strchr(name, '('))
    return wlaw_fail(err, WLAW_ARGUMENT, "option --law takes the name of a law without numbers, not '%.80s'", name);
  WLAW_TRY(wlaw_law_find(&law, name, err));
  if (!law->matrix) return wlaw_law_cannot(law, "fit", err);
  *out = law;
  return WLAW_OK;
}

/* Narrowest first; a law with no more parameters than the one before (small sizes) is the same law and left out. A law
 * of a space of its own stands alone. */
static wlaw_status fit_chain(matrix_study *out, const matrix_moments *moments, const law_ops *widest, wlaw_error *err) {
  if (widest && widest->matrix->space) {
    out->n_fits = 1;
    return wlaw_matrix_fit(&out->fits[0], widest, moments, err);
  }
  for (const law_ops *law = &wlaw_law_iid; law; law = law == widest ? NULL : law->matrix->wider) {
    matrix_layout layout;
    if (law->matrix->layout(&layout, moments->rows, moments->cols, law == widest ? err : NULL) != WLAW_OK) {
      if (law == widest) return WLAW_SHAPE;
      break;
    }
    matrix_fit *fit = &out->fits[out->n_fits];
    WLAW_TRY(wlaw_matrix_fit(fit, law, moments, err));
    const bool same = out->n_fits > 0 && fit->parameters == fit[-1].parameters;
    if (!same) out->n_fits++;
    else if (law == widest) fit[-1] = *fit;
  }
  return WLAW_OK;
}

wlaw_status wlaw_study_fit(matrix_study *out, const matrix_moments *moments, const law_ops *widest, uint64_t seed,
                           wlaw_error *err) {
  memset(out, 0, sizeof *out);
  out->own = wlaw_space_find(moments);
  out->constant_diagonal = wlaw_space_constant_diagonal(moments);
  WLAW_TRY(fit_chain(out, moments, widest ? widest : out->own, err));
  for (size_t k = 1; k < out->n_fits; k++) {
    nested_test *test = &out->tests[out->n_tests];
    if (!wlaw_nested_test(test, out->fits[k - 1].gaussian.law, out->fits[k].gaussian.law, moments, seed)) continue;
    out->n_tests++;
    if (test->p_value < 0.05) out->by_test = k;
  }
  for (size_t k = 1; k < out->n_fits; k++)
    if (out->fits[k].bic < out->fits[out->by_bic].bic) out->by_bic = k;
  return WLAW_OK;
}

typedef struct fit_settings {
  const law_ops *law; /* NULL: auto */
  uint64_t seed;
  unsigned threads;
  const char *rule;
  departure_settings departures;
} fit_settings;

static bool judges(const departure_settings *settings) { return settings->degree > 0 || settings->graphs; }

/* WLAW_ARGUMENT for the first of these options that the caller has set: "option --NAME has no meaning WHERE". */
static wlaw_status refuse(const wlaw_options *options, const char *const *names, size_t n, const char *where,
                          wlaw_error *err) {
  for (size_t i = 0; i < n; i++)
    if (wlaw_option_is_set(options, &wlaw_command_fit, names[i]))
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s has no meaning %s", names[i], where);
  return WLAW_OK;
}

/* Options of one law are refused for others. */
static wlaw_status refuse_networks(const wlaw_options *options, wlaw_error *err) {
  static const char *const of_networks[] = {"input", "output", "layers"};
  return refuse(options, of_networks, sizeof of_networks / sizeof *of_networks, "without --law network", err);
}

static wlaw_status read_departures(departure_settings *out, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  static const char *const of_departures[] = {"replicates", "patience"};
  *out = (departure_settings){
      .degree = wlaw_option_count(options, command, "degree"),
      .graphs = wlaw_option_text(options, command, "graph"),
      .says_replicates = wlaw_option_is_set(options, command, "replicates"),
      .replicates = wlaw_option_count(options, command, "replicates"),
      .patience = wlaw_option_real(options, command, "patience"),
      .seed = wlaw_option_count(options, command, "seed"),
      .threads = (unsigned)wlaw_option_count(options, command, "threads"),
  };
  if (judges(out)) return WLAW_OK;
  return refuse(options, of_departures, sizeof of_departures / sizeof *of_departures, "without --degree or --graph",
                err);
}

static wlaw_status read_settings(fit_settings *out, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  const char *law = wlaw_option_text(options, command, "law");
  memset(out, 0, sizeof *out);
  out->seed = wlaw_option_count(options, command, "seed");
  out->threads = (unsigned)wlaw_option_count(options, command, "threads");
  WLAW_TRY(refuse_networks(options, err));
  WLAW_TRY(read_departures(&out->departures, options, err));
  if (strcmp(law, "auto") == 0) return WLAW_OK;
  const wlaw_status status = wlaw_study_law(&out->law, law, err);
  if (status == WLAW_OK) return WLAW_OK;
  static const char *const words[] = {"auto", "network", NODE_VARIANCES};
  const char *nearest = status == WLAW_NAME ? wlaw_text_nearest(law, words, sizeof words / sizeof *words) : NULL;
  if (!nearest) return wlaw_error_add_hint(err, status, "or auto, network, or " NODE_VARIANCES);
  return wlaw_error_add_hint(err, wlaw_fail(err, WLAW_NAME, "there is no law '%s'", law), "did you mean '%s'?",
                             nearest);
}

static wlaw_status takes(const law_ops *law, const ensemble_matrix *matrix, wlaw_error *err) {
  matrix_layout layout;
  return law->matrix->layout(&layout, matrix->rows, matrix->cols, err);
}

wlaw_status wlaw_study_leaves_out(bool *leaves, bool *failed, json_t *notes, const law_ops *law, const ensemble *source,
                                  size_t i, wlaw_error *err) {
  const ensemble_matrix *matrix = &source->matrices[i];
  *leaves = law && takes(law, matrix, NULL) != WLAW_OK;
  if (!*leaves) return WLAW_OK;
  bool any = false;
  for (size_t k = 0; k < source->n_matrices; k++) any |= takes(law, &source->matrices[k], NULL) == WLAW_OK;
  if (!any) return wlaw_error_in_tensor(err, takes(law, matrix, err), matrix->name);
  text_buffer text = {0};
  wlaw_text_add(&text, "%s is left out: the law %s has no meaning for a matrix of %zux%zu.", matrix->name, law->name,
                matrix->rows, matrix->cols);
  *failed |= text.failed;
  wlaw_json_append(failed, notes, wlaw_json_text(wlaw_text_string(&text)));
  wlaw_text_free(&text);
  return WLAW_OK;
}

/* Judges the chosen fit. A law chosen for the space of the matrices has graphs of its own, which are measured now. */
static wlaw_status judge(departure_study *departures, const matrix_gaussian *chosen, matrix_moments *moments,
                         ensemble *source, size_t matrix, const fit_settings *settings, wlaw_monitor *monitor,
                         wlaw_error *err) {
  if (wlaw_departure_family(chosen->law, moments->rows, moments->cols) != departures->set.family) {
    wlaw_departure_study_free(departures);
    WLAW_TRY(wlaw_departure_study_measure(departures, moments, &settings->departures, chosen->law, source, matrix,
                                          monitor, err));
  }
  return wlaw_departure_study_judge(departures, chosen, monitor, err);
}

/* Measures, fits, judges, and writes the document. */
static wlaw_status fit_and_judge(json_t **out, departure_study *departures, ensemble *source, size_t matrix,
                                 const fit_settings *settings, wlaw_monitor *monitor, wlaw_error *err) {
  const bool judged = judges(&settings->departures);
  matrix_moments moments;
  matrix_study study;
  bool failed = false;
  WLAW_TRY(judged ? wlaw_departure_study_measure(departures, &moments, &settings->departures, settings->law, source,
                                                 matrix, monitor, err)
                  : wlaw_ensemble_measure(&moments, NULL, source, matrix, settings->threads, monitor, err));
  WLAW_TRY(wlaw_study_fit(&study, &moments, settings->law, settings->seed, err));
  const size_t chosen = settings->law ? study.n_fits - 1 : study.by_bic;
  if (judged)
    WLAW_TRY(judge(departures, &study.fits[chosen].gaussian, &moments, source, matrix, settings, monitor, err));
  const fit_source from = {source, matrix, settings->rule};
  *out = wlaw_fit_document(
      &failed, &from, &study, chosen, !settings->law,
      judged ? wlaw_departures_invariants_json(&failed, departures) : wlaw_invariants_observed_json(&failed, &moments));
  if (judged)
    wlaw_departures_put(&failed, *out, json_object_get(*out, "summary"), json_object_get(*out, "warnings"), departures);
  if (!failed) return WLAW_OK;
  json_decref(*out);
  *out = NULL;
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

static wlaw_status fit_one(json_t **out, ensemble *source, size_t matrix, const fit_settings *settings,
                           wlaw_monitor *monitor, wlaw_error *err) {
  departure_study departures = {0};
  const wlaw_status status = fit_and_judge(out, &departures, source, matrix, settings, monitor, err);
  wlaw_departure_study_free(&departures);
  return status;
}

static wlaw_status fit_all(wlaw_result **result, ensemble *source, const fit_settings *settings, wlaw_monitor *monitor,
                           wlaw_error *err) {
  bool failed = false, leaves;
  json_t *fits = json_array(), *notes = json_array(), *one = NULL;
  for (size_t i = 0; i < source->n_matrices; i++) {
    monitor->what = *source->matrices[i].name ? source->matrices[i].name : "fitting";
    monitor->from = (double)i / (double)source->n_matrices;
    monitor->span = 1.0 / (double)source->n_matrices;
    wlaw_status status = wlaw_study_leaves_out(&leaves, &failed, notes, settings->law, source, i, err);
    if (status == WLAW_OK && leaves) continue;
    if (status == WLAW_OK) status = fit_one(&one, source, i, settings, monitor, err);
    if (status != WLAW_OK) {
      if (*source->matrices[i].name) status = wlaw_error_in_tensor(err, status, source->matrices[i].name);
      json_decref(fits);
      json_decref(notes);
      return source->array ? status : wlaw_error_in_file(err, status, source->label);
    }
    if (source->n_matrices > 1) wlaw_json_append(&failed, fits, one);
  }
  if (source->n_matrices == 1) {
    json_decref(fits);
    json_decref(notes);
    return wlaw_result_wrap(result, one, failed, err);
  }
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.fits/1"));
  wlaw_json_put(&failed, document, "fits", fits);
  wlaw_json_put(&failed, document, "notes", notes);
  return wlaw_result_wrap(result, document, failed, err);
}

static wlaw_status read_node_request(node_request *out, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  static const char *const of_matrices[] = {"degree", "graph", "replicates", "patience"};
  WLAW_TRY(refuse_networks(options, err));
  WLAW_TRY(refuse(options, of_matrices, sizeof of_matrices / sizeof *of_matrices, "for --law " NODE_VARIANCES, err));
  *out = (node_request){.seed = wlaw_option_count(options, command, "seed"),
                        .threads = (unsigned)wlaw_option_count(options, command, "threads")};
  return WLAW_OK;
}

static bool wants(const wlaw_options *options, const char *law) {
  return strcmp(wlaw_option_text(options, &wlaw_command_fit, "law"), law) == 0;
}

static wlaw_status fit_networks(wlaw_result **result, const char *const *inputs, size_t n_inputs,
                                const wlaw_options *options, wlaw_monitor *monitor, wlaw_error *err) {
  static const char *const of_matrices[] = {"tensor", "graph", "replicates", "patience"};
  WLAW_TRY(refuse(options, of_matrices, sizeof of_matrices / sizeof *of_matrices, "for --law network", err));
  return wlaw_network_fit_verb(result, inputs, n_inputs, options, monitor, err);
}

static wlaw_status fit_nodes(wlaw_result **result, const ensemble_request *request, const wlaw_options *options,
                             wlaw_monitor *monitor, wlaw_error *err) {
  node_request nodes;
  json_t *document = NULL;
  WLAW_TRY(read_node_request(&nodes, options, err));
  nodes.paths = request->paths;
  nodes.n_paths = request->n_paths;
  nodes.matrices = *request;
  WLAW_TRY(wlaw_node_variances(&document, &nodes, monitor, err));
  return wlaw_result_wrap(result, document, false, err);
}

static wlaw_status fit_nodes_of(wlaw_result **result, ensemble *source, const wlaw_options *options, wlaw_error *err) {
  node_request nodes;
  json_t *document = NULL;
  WLAW_TRY(read_node_request(&nodes, options, err));
  WLAW_TRY(wlaw_node_variances_of(&document, source, &nodes, NULL, err));
  return wlaw_result_wrap(result, document, false, err);
}

wlaw_status wlaw_fit(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                     wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  fit_settings settings;
  ensemble *source = NULL;
  wlaw_monitor monitor = {.call = progress, .user = user};
  WLAW_TRY(wlaw_options_check(options, command, err));
  const ensemble_request request = {
      .paths = inputs,
      .n_paths = n_inputs,
      .tensor = wlaw_option_text(options, command, "tensor"),
      .has_epoch = wlaw_option_is_set(options, command, "epoch"),
      .epoch = wlaw_option_count(options, command, "epoch"),
      .exclude_dead = strcmp(wlaw_option_text(options, command, "exclude"), "dead") == 0,
  };
  if (wants(options, NODE_VARIANCES)) return fit_nodes(result, &request, options, &monitor, err);
  if (wants(options, "network")) return fit_networks(result, inputs, n_inputs, options, &monitor, err);
  WLAW_TRY(read_settings(&settings, options, err));
  settings.rule = wlaw_ensemble_rule(&request);
  WLAW_TRY(wlaw_ensemble_open(&source, &request, err));
  const wlaw_status status = fit_all(result, source, &settings, &monitor, err);
  wlaw_ensemble_close(source);
  return status;
}

wlaw_status wlaw_fit_array(wlaw_result **result, const double *weights, size_t n_networks, size_t rows, size_t cols,
                           const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  static const char *const of_files[] = {"tensor", "epoch", "exclude"};
  fit_settings settings;
  ensemble *source = NULL;
  wlaw_monitor monitor = {0};
  WLAW_TRY(wlaw_options_check(options, command, err));
  WLAW_TRY(refuse(options, of_files, sizeof of_files / sizeof *of_files, "for an array in memory", err));
  if (wants(options, "network"))
    return wlaw_fail(err, WLAW_ARGUMENT, "the law network is of all layers, and an array in memory is one matrix");
  const bool nodes = wants(options, NODE_VARIANCES);
  if (!nodes) WLAW_TRY(read_settings(&settings, options, err));
  settings.rule = "none";
  WLAW_TRY(wlaw_ensemble_array(&source, weights, n_networks, rows, cols, err));
  const wlaw_status status =
      nodes ? fit_nodes_of(result, source, options, err) : fit_all(result, source, &settings, &monitor, err);
  wlaw_ensemble_close(source);
  return status;
}

const command_spec wlaw_command_fit = {
    .name = "fit",
    .summary = "fit matrix laws to weights and say which one they follow",
    .operands = "RUN|FILE...",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_fit,
};
