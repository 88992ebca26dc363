/* The verb `compare`: what A and B name, which matrices go together, and the document. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/result.h"
#include "law/space.h"
#include "study/changes.h"
#include "study/compare_json.h"
#include "study/ensemble.h"
#include "study/fit.h"
#include "study/initial.h"
#include "study/kept_networks.h"
#include "study/law_operand.h"
#include "study/network_study.h"

extern const command_spec wlaw_command_compare;

static const option_spec options_table[] = {
    {"law", 'l', OPTION_TEXT, "LAW", "auto", NULL, 0, 0,
     "iid, bipartite, permutation, symmetric, symmetric-zero-diagonal, zero-diagonal or antisymmetric; auto: one of "
     "the "
     "last four where both sides are so, else permutation for square matrices and bipartite for others; network: of "
     "all "
     "weights and biases at once; given, laws are compared even of two checkpoints"},
    {"tensor", 't', OPTION_TEXT, "NAME", NULL, NULL, 0, 0,
     "one tensor, such as layer2.weight; of checkpoints also a pattern with * and ?; default: every matrix"},
    {"epoch", 'e', OPTION_COUNT, "E", NULL, NULL, 0, 4294967295.0,
     "epoch of a run named without @; default: the last snapshot"},
    {"exclude", 0, OPTION_CHOICE, "WHICH", "none", "none|dead", 0, 0,
     "networks of a run to leave out; dead: outputs constant or not finite at that epoch"},
    {"paired", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "A and B hold the same networks in the same order (known by itself for two epochs of one run)"},
    NETWORK_OPTIONS,
    {"heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536,
     "of checkpoints: attention heads, to split fused tensors; default: as the file or config.json beside it says"},
    {"kv-heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536,
     "of checkpoints: heads of keys and values; default: likewise, or --heads"},
};

static const char examples[] =
    "weightlaw compare RUN@10 init --tensor layer2.weight\n"
    "    how far training has moved the law of the second matrix from the law it was drawn from\n"
    "weightlaw compare RUN@10 RUN@0\n"
    "    two epochs of the same networks: a paired comparison, matrix by matrix\n"
    "weightlaw compare @fit.json RUN@10\n"
    "    the law that fit --json wrote down, and the same matrix of a run at another epoch\n"
    "weightlaw compare weights.npy 'iid(mean=0,variance=0.1)'\n"
    "    an array [networks, rows, cols] against a law given in numbers\n"
    "weightlaw compare RUN@10 RUN@0 --law network\n"
    "    whole networks: which layers, nodes and correlations between layers have moved\n"
    "weightlaw compare before.safetensors after.safetensors\n"
    "    two checkpoints, tensor by tensor: how far each has moved, and whether anything broke\n";

static const char details[] =
    "A and B are runs (RUN, RUN@EPOCH), tensor files as for fit, laws with their numbers, @FIT.json (what fit --json "
    "wrote; @FIT.json#TENSOR for one of several), or init: the law the other side's run was initialised with (its mean "
    "and variance, exactly). The distance is Wasserstein-2 between the two "
    "Gaussian laws; W2 and its square are both given.\n"
    "\n"
    "A fit of finitely many networks is away from the truth, so W2 of two fits is never 0. The noise floor says by how "
    "much, and the debiased value is W2 squared less the floor. Two independent fits add their floors; two epochs of "
    "one run share their networks, and the bias is taken by the jackknife over networks (paired).\n"
    "\n"
    "Two tensor files of single networks (no run, and no matrices stacked [networks, rows, cols]) are compared as "
    "checkpoints instead, unless --law, --epoch, --exclude or --paired is given: tensors of one name and shape, entry "
    "by "
    "entry. Wasserstein is then W1 between the distributions of entries, and changes of k, lambda and shape are in "
    "standard errors as if both fits were independent.";

typedef struct side {
  const char *text;
  char *run_path;   /* RUN of RUN@epoch; NULL otherwise */
  ensemble *source; /* NULL: a law */
  law_operand law;
  bool is_init;
} side;

static void side_release(side *s) {
  free(s->run_path);
  wlaw_ensemble_close(s->source);
  wlaw_law_operand_release(&s->law);
}

/* of_fit: the tensor that a fit on the other side is of; of a run that matrix alone is meant. */
static wlaw_status open_side(side *s, const ensemble_request *wanted, const char *of_fit, wlaw_error *err) {
  ensemble_request request = *wanted;
  request.paths = &s->text;
  request.n_paths = 1;
  if (*s->text == '@') return wlaw_law_operand_read(&s->law, s->text, err);
  if (!wanted->tensor && of_fit && *of_fit) request.tensor = of_fit;
  if (wlaw_run_is(s->text)) return wlaw_ensemble_open(&s->source, &request, err);
  WLAW_TRY(wlaw_run_split(&s->run_path, &request.epoch, s->text, err));
  if (s->run_path) {
    request.paths = (const char *const *)&s->run_path;
    request.has_epoch = true;
    return wlaw_ensemble_open(&s->source, &request, err);
  }
  if (wlaw_path_exists(s->text)) {
    request.has_epoch = request.exclude_dead = false;
    request.tensor = wanted->tensor;
    return wlaw_ensemble_open(&s->source, &request, err);
  }
  s->is_init = strcmp(s->text, "init") == 0;
  if (s->is_init) return WLAW_OK;
  const wlaw_status status = wlaw_law_operand_read(&s->law, s->text, err);
  if (status == WLAW_NAME && !strchr(s->text, '(') && strpbrk(s->text, "./")) { /* no law has such a name */
    input_file missing;
    wlaw_error_clear(err);
    return wlaw_input_open(&missing, s->text, err);
  }
  if (status == WLAW_NAME && !strchr(s->text, '('))
    return wlaw_error_add_hint(err, status, "and no file or run of that name");
  return status;
}

static wlaw_status check_init(const side *s, const side *other, wlaw_error *err) {
  if (!s->is_init || (other->source && other->source->run)) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "'init' is the initial law of a run, and the other side is not a run");
}

static bool same_run(const side *a, const side *b) {
  return a->source && b->source && a->source->run && b->source->run && wlaw_run_same(a->source->run, b->source->run);
}

/* Leaves out of each side what the other leaves out. */
static wlaw_status same_networks(ensemble *a, ensemble *b, wlaw_error *err) {
  for (int turn = 0; turn < 2; turn++) {
    ensemble *from = turn ? b : a, *other = turn ? a : b;
    uint64_t *missing = NULL;
    size_t n_missing = 0;
    WLAW_TRY(wlaw_kept_missing(&missing, &n_missing, from->kept, from->matrices[0].networks, other->kept,
                               other->matrices[0].networks, err));
    const wlaw_status status = n_missing ? wlaw_ensemble_exclude(from, missing, n_missing, err) : WLAW_OK;
    free(missing);
    WLAW_TRY(status);
  }
  return WLAW_OK;
}

/* The matrix of `in` that goes with `matrix`: the same name, or the only one there is on both sides. */
static wlaw_status partner(size_t *index, const ensemble *in, const ensemble *of, size_t matrix, wlaw_error *err) {
  const char *name = of->matrices[matrix].name;
  *index = 0;
  if (in->n_matrices == 1 && of->n_matrices == 1) return WLAW_OK;
  for (size_t i = 0; i < in->n_matrices; i++)
    if (strcmp(in->matrices[i].name, name) == 0) {
      *index = i;
      return WLAW_OK;
    }
  wlaw_fail(err, WLAW_NAME, "it has no matrix called '%s', which the other side has", name);
  return wlaw_error_in_file(err, WLAW_NAME, in->label);
}

/* One side's numbers for one matrix. */
typedef struct side_numbers {
  matrix_moments moments;
  double *q;
  matrix_gaussian exact;
  distance_side view;
} side_numbers;

static wlaw_status measure_side(side_numbers *out, const side *s, const side *other, size_t matrix, size_t rows,
                                size_t cols, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  if (s->source) {
    const size_t n = s->source->matrices[matrix].networks;
    out->q = wlaw_array(n * MOMENTS_MOST, sizeof *out->q);
    if (!out->q) return wlaw_fail_memory(err, n, MOMENTS_MOST * sizeof *out->q);
    WLAW_TRY(wlaw_ensemble_measure(&out->moments, out->q, s->source, matrix, threads, monitor, err));
    out->view = (distance_side){.moments = &out->moments, .q = out->q};
    return WLAW_OK;
  }
  if (s->is_init) {
    WLAW_TRY(
        wlaw_initial_law(&out->exact, NULL, other->source->run, other->source->matrices[matrix].name, rows, cols, err));
  } else {
    WLAW_TRY(wlaw_law_operand_check(&s->law, rows, cols, err));
    WLAW_TRY(wlaw_matrix_gaussian(&out->exact, s->law.law, rows, cols, err));
  }
  out->view = (distance_side){.law = &out->exact, .fitted = s->law.networks};
  return WLAW_OK;
}

/* The law the distance is taken in where none was named: that of the space both sides lie in, else the widest. */
static const law_ops *suitable(const side_numbers numbers[2], const ensemble_matrix *shape) {
  const law_ops *of[2];
  for (int k = 0; k < 2; k++) {
    const law_ops *exact = numbers[k].exact.law;
    of[k] = numbers[k].view.moments ? wlaw_space_find(&numbers[k].moments) : exact->matrix->space ? exact : NULL;
  }
  if (of[0] && of[0] == of[1]) return of[0];
  return shape->rows == shape->cols ? &wlaw_law_permutation : &wlaw_law_bipartite;
}

typedef struct job {
  side sides[2];
  const law_ops *law;     /* NULL: auto */
  ensemble_matrix fitted; /* without any source: the matrix of a fit read from its file */
  bool paired;
  const char *rule;
  unsigned threads;
  wlaw_monitor monitor;
} job;

static wlaw_status compare_matrix(json_t **out, job *work, size_t matrix, wlaw_error *err) {
  const int lead = work->sides[0].source ? 0 : 1;
  const ensemble *source = work->sides[lead].source, *other = work->sides[1 - lead].source;
  const ensemble_matrix *shape = source ? &source->matrices[matrix] : &work->fitted;
  const double from = work->monitor.from, span = work->monitor.span;
  size_t index[2] = {matrix, matrix};
  side_numbers numbers[2] = {{.q = NULL}, {.q = NULL}};
  matrix_distance distance;
  bool failed = false;
  wlaw_status status = other ? partner(&index[1 - lead], other, source, matrix, err) : WLAW_OK;
  for (int k = 0; k < 2 && status == WLAW_OK; k++) {
    work->monitor.from = from + k * span / 2;
    work->monitor.span = span / 2;
    status = measure_side(&numbers[k], &work->sides[k], &work->sides[1 - k], index[k], shape->rows, shape->cols,
                          work->threads, &work->monitor, err);
  }
  if (status == WLAW_OK)
    status = wlaw_study_distance(&distance, work->law ? work->law : suitable(numbers, shape), &numbers[0].view,
                                 &numbers[1].view, work->paired, err);
  for (int k = 0; k < 2; k++) free(numbers[k].q);
  if (status != WLAW_OK) return *shape->name ? wlaw_error_in_tensor(err, status, shape->name) : status;
  const compare_source described = {
      .matrix = shape,
      .input = {work->sides[0].text, work->sides[1].text},
      .source = {work->sides[0].source, work->sides[1].source},
      .rule = work->rule,
  };
  *out = wlaw_compare_document(&failed, &described, &distance);
  if (!failed) return WLAW_OK;
  json_decref(*out);
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

static wlaw_status compare_all(wlaw_result **result, job *work, wlaw_error *err) {
  const ensemble *source = work->sides[0].source ? work->sides[0].source : work->sides[1].source;
  const size_t n = source ? source->n_matrices : 1;
  bool failed = false, leaves = false;
  json_t *list = json_array(), *notes = json_array(), *one = NULL;
  for (size_t i = 0; i < n; i++) {
    work->monitor.what = source && *source->matrices[i].name ? source->matrices[i].name : "comparing";
    work->monitor.from = (double)i / (double)n;
    work->monitor.span = 1.0 / (double)n;
    wlaw_status status = WLAW_OK;
    if (source) status = wlaw_study_leaves_out(&leaves, &failed, notes, work->law, source, i, err);
    if (status == WLAW_OK && leaves) continue;
    if (status == WLAW_OK) status = compare_matrix(&one, work, i, err);
    if (status != WLAW_OK) {
      json_decref(list);
      json_decref(notes);
      return status;
    }
    if (n > 1) wlaw_json_append(&failed, list, one);
  }
  if (n == 1) {
    json_decref(list);
    json_decref(notes);
    return wlaw_result_wrap(result, one, failed, err);
  }
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.compares/1"));
  wlaw_json_put(&failed, document, "comparisons", list);
  wlaw_json_put(&failed, document, "notes", notes);
  return wlaw_result_wrap(result, document, failed, err);
}

static wlaw_status open_sides(job *work, const ensemble_request *request, wlaw_error *err) {
  side *a = &work->sides[0], *b = &work->sides[1];
  side *lead = *b->text == '@' ? b : a, *other = lead == a ? b : a; /* a fit first: it names its matrix */
  WLAW_TRY(open_side(lead, request, NULL, err));
  WLAW_TRY(open_side(other, request, lead->law.tensor, err));
  if (!a->source && !b->source) {
    const law_operand *fit = a->law.rows ? &a->law : &b->law;
    if (fit->rows == 0)
      return wlaw_fail(err, WLAW_ARGUMENT, "two laws have no matrix size; one side must be a run, a file or a fit");
    work->fitted = (ensemble_matrix){.name = fit->tensor, .rows = fit->rows, .cols = fit->cols};
  }
  const bool any_run = (a->source && a->source->run) || (b->source && b->source->run);
  if (!any_run && (request->has_epoch || request->exclude_dead))
    return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs a run directory", request->has_epoch ? "epoch" : "exclude");
  WLAW_TRY(check_init(a, b, err));
  WLAW_TRY(check_init(b, a, err));
  if (same_run(a, b)) work->paired = true;
  if (!work->paired) return WLAW_OK;
  if (!a->source || !b->source)
    return wlaw_fail(err, WLAW_ARGUMENT, "--paired needs networks on both sides, and one is a law");
  return same_networks(a->source, b->source, err);
}

/* Two checkpoints, where these are meant; *done: the answer is there. */
static wlaw_status compare_checkpoints(bool *done, wlaw_result **result, const char *const *inputs,
                                       const wlaw_options *options, wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_compare;
  static const char *const of_laws[] = {"law", "epoch", "exclude", "paired"};
  *done = false;
  for (size_t i = 0; i < sizeof of_laws / sizeof *of_laws; i++)
    if (wlaw_option_is_set(options, command, of_laws[i])) return WLAW_OK;
  WLAW_TRY(wlaw_changes_apply(done, inputs[0], inputs[1], err));
  if (!*done) return WLAW_OK;
  const part_request request = {.only = wlaw_option_text(options, command, "tensor"),
                                .heads = wlaw_option_count(options, command, "heads"),
                                .kv_heads = wlaw_option_count(options, command, "kv-heads")};
  json_t *document = NULL;
  WLAW_TRY(wlaw_changes(&document, inputs[0], inputs[1], &request,
                        (unsigned)wlaw_option_count(options, command, "threads"), monitor, err));
  return wlaw_result_wrap(result, document, false, err);
}

/* WLAW_ARGUMENT for the first of these options that is set, where it says nothing. */
static wlaw_status refuse(const wlaw_options *options, const char *const *names, size_t n, const char *where,
                          wlaw_error *err) {
  for (size_t i = 0; i < n; i++)
    if (wlaw_option_is_set(options, &wlaw_command_compare, names[i]))
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s has no meaning %s", names[i], where);
  return WLAW_OK;
}

static wlaw_status check_options(bool whole, const wlaw_options *options, wlaw_error *err) {
  static const char *const of_networks[] = {"input", "output", "layers"}, *const of_matrices[] = {"tensor"};
  return whole ? refuse(options, of_matrices, 1, "for --law network, which is of all layers", err)
               : refuse(options, of_networks, 3, "without --law network", err);
}

/* The law was asked for, or a fit of it is. */
static bool is_of_networks(const char *const *inputs, const wlaw_options *options) {
  const char *law = wlaw_option_text(options, &wlaw_command_compare, "law");
  if (strcmp(law, "auto") != 0) return strcmp(law, "network") == 0;
  return wlaw_network_operand_is(inputs[0]) || wlaw_network_operand_is(inputs[1]);
}

wlaw_status wlaw_compare(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                         wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_compare;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs != 2) return wlaw_fail(err, WLAW_ARGUMENT, "compare takes two inputs, A and B, not %zu", n_inputs);
  const ensemble_request request = {
      .tensor = wlaw_option_text(options, command, "tensor"),
      .has_epoch = wlaw_option_is_set(options, command, "epoch"),
      .epoch = wlaw_option_count(options, command, "epoch"),
      .exclude_dead = strcmp(wlaw_option_text(options, command, "exclude"), "dead") == 0,
  };
  job work = {.sides = {{.text = inputs[0]}, {.text = inputs[1]}},
              .paired = wlaw_option_flag(options, command, "paired"),
              .rule = wlaw_ensemble_rule(&request),
              .threads = (unsigned)wlaw_option_count(options, command, "threads"),
              .monitor = {.call = progress, .user = user}};
  const bool whole = is_of_networks(inputs, options);
  bool done = false;
  static const char *const of_checkpoints[] = {"heads", "kv-heads"};
  WLAW_TRY(check_options(whole, options, err));
  if (!whole) WLAW_TRY(compare_checkpoints(&done, result, inputs, options, &work.monitor, err));
  if (done) return WLAW_OK;
  WLAW_TRY(refuse(options, of_checkpoints, 2, "where laws are compared", err));
  if (whole) return wlaw_network_compare_verb(result, inputs, options, &work.monitor, err);
  const char *law = wlaw_option_text(options, command, "law");
  if (strcmp(law, "auto") != 0) WLAW_TRY(wlaw_study_law(&work.law, law, err));
  wlaw_status status = open_sides(&work, &request, err);
  if (status == WLAW_OK) status = compare_all(result, &work, err);
  for (int k = 0; k < 2; k++) side_release(&work.sides[k]);
  return status;
}

const command_spec wlaw_command_compare = {
    .name = "compare",
    .summary = "distance between two fits, or a fit and a law; or two checkpoints",
    .operands = "A B",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_compare,
};
