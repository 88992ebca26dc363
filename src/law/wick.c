#include "law/wick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/chaos.h"
#include "law/contraction.h"
#include "law/score.h"

struct wick_plan {
  contraction_plan contractions;
};

wlaw_status wlaw_wick_plan_new(wick_plan **out, const graph *graphs, size_t n, bool bipartite, wlaw_error *err) {
  wick_plan *plan = wlaw_array(1, sizeof *plan);
  if (!plan) return wlaw_fail_memory(err, 1, sizeof *plan);
  const wlaw_status status = wlaw_contraction_plan(&plan->contractions, graphs, n, bipartite, err);
  if (status != WLAW_OK) {
    free(plan);
    return status;
  }
  *out = plan;
  return WLAW_OK;
}

void wlaw_wick_plan_free(wick_plan *plan) {
  if (plan) wlaw_contraction_plan_free(&plan->contractions);
  free(plan);
}

wlaw_status wlaw_wick_means(double *means, const wick_plan *plan, const matrix_gaussian *law, wlaw_error *err) {
  const contraction_plan *contractions = &plan->contractions;
  delta_law delta;
  double factors[FACTORS];
  WLAW_TRY(wlaw_delta_law(&delta, law, contractions->bipartite, err));
  const size_t n = contractions->start[contractions->degree + 1];
  double *values = wlaw_array(n, sizeof *values);
  if (!values) return wlaw_fail_memory(err, n, sizeof *values);
  wlaw_contraction_factors(factors, &delta);
  wlaw_contraction_means(values, contractions, factors, contractions->degree);
  for (size_t g = 0; g < contractions->n_graphs; g++) means[g] = values[contractions->class_of[g]];
  free(values);
  return WLAW_OK;
}

/* ---- variances and residuals ---- */

/* Laws walked together: what a walk holds grows with degree (up to 4,140 states at degree 4, 4.2 million at 6). */
static size_t laws_together(size_t degree) { return degree <= 4 ? 64 : degree == 5 ? 8 : 1; }

/* A sum of signed terms is known to rounding times the sum of their absolute values. The same sum is made with the
 * absolute values of all coefficients beside it, as if of one more law; below this times it a variance is zero. Terms
 * pass through at most about 1,000 roundings one after another: 1,000 x 2^-53 is 1.1e-13. */
static const double ZERO_TO_ROUNDING = 1e-12;

typedef struct wick_task {
  const contraction_plan *plan;
  size_t n, n_classes;  /* laws; classes of all levels */
  delta_law *deltas;    /* [2n]: laws, and with absolute values */
  double *factors;      /* [2n, FACTORS] */
  bool *wanted, *mixed; /* [n_classes]: some graph needs it; as part of a larger graph */
  chaos_kernel kernels[GRAPH_EDGES + 1];
  double *means;       /* [n_classes] */
  double *parts;       /* [n_classes, largest level] */
  double *chaos;       /* [2n, GRAPH_EDGES, n_classes] */
  size_t n_parameters; /* of the widest law */
  double *units;       /* [n_parameters, classes of up to two edges]: expectations under wlaw_score_unit */
  double *gradients;   /* [n_classes, MATRIX_PARAMETERS] */
} wick_task;

static void absolute(delta_law *law) {
  for (size_t d = 0; d < DELTA_MEANS; d++) law->mean[d] = fabs(law->mean[d]);
  for (size_t d = 0; d < DELTA_COVARIANCES; d++) law->covariance[d] = fabs(law->covariance[d]);
}

/* Which classes have a part in a graph under some law: most are cut off where the law has few diagrams. */
static void mark_classes(wick_task *task) {
  const contraction_plan *plan = task->plan;
  bool used[FACTORS] = {false};
  for (size_t l = 0; l < task->n; l++)
    for (size_t f = 0; f < FACTORS; f++) used[f] |= task->factors[l * FACTORS + f] != 0.0;
  for (size_t g = 0; g < plan->n_graphs; g++) task->wanted[plan->class_of[g]] = true;
  for (size_t c = task->n_classes; c-- > 0;)
    for (size_t t = plan->first[c]; task->wanted[c] && t < plan->first[c + 1]; t++)
      if (used[plan->terms[t].factor]) task->wanted[plan->terms[t].target] = task->mixed[plan->terms[t].target] = true;
}

static double quadratic_form(const chaos_kernel *kernel, size_t law, const double *part) {
  const double *block = kernel->mixed + law * kernel->n_mixed * kernel->n_mixed;
  double sum = 0.0;
  for (size_t c = 0; c < kernel->n_classes; c++)
    for (size_t d = 0; part[c] != 0.0 && d < kernel->n_classes; d++)
      if (part[d] != 0.0) sum += part[c] * part[d] * block[kernel->place[c] * kernel->n_mixed + kernel->place[d]];
  return sum;
}

/* Var of the m-edge parts of all wanted classes. */
static void add_chaos(wick_task *task, size_t law, size_t m) {
  const contraction_plan *plan = task->plan;
  const chaos_kernel *kernel = &task->kernels[m];
  double *out = task->chaos + (law * GRAPH_EDGES + m - 1) * task->n_classes;
  const size_t n = plan->levels[m].count;
  for (size_t c = 0; c < n; c++) out[plan->start[m] + c] = kernel->own[law * n + c];
  if (m == plan->degree) return;
  wlaw_contraction_parts(task->parts, plan, task->factors + law * FACTORS, m);
  for (size_t c = plan->start[m + 1]; c < task->n_classes; c++)
    if (task->wanted[c]) out[c] = quadratic_form(kernel, law, task->parts + c * n);
}

/* E[O] changes by the parts of degree 1 and 2, evaluated at the change of mean and covariance. parts: still those of m
 * edges under this law. */
static void add_gradients(wick_task *task, size_t m) {
  const contraction_plan *plan = task->plan;
  const size_t n = plan->levels[m].count;
  for (size_t c = plan->start[m]; c < task->n_classes; c++)
    for (size_t d = 0; task->wanted[c] && d < n; d++) {
      const double part = c < plan->start[m + 1] ? (double)(c - plan->start[m] == d) : task->parts[c * n + d];
      for (size_t k = 0; k < task->n_parameters; k++)
        task->gradients[c * MATRIX_PARAMETERS + k] += part * task->units[k * plan->start[3] + plan->start[m] + d];
    }
}

/* The mean square of an entry, to a factor of the number of parameters. */
static double entry_square(const matrix_gaussian *law) {
  const matrix_layout *layout = &law->layout;
  double sum = 0.0;
  for (size_t a = 0; a < layout->means; a++)
    sum += law->mean[a] * law->mean[a] / ((double)layout->rows * (double)layout->cols);
  for (size_t b = 0; b < layout->n_blocks; b++)
    for (size_t i = 0; i < layout->blocks[b].copies && layout->blocks[b].dimension > 0; i++)
      sum += law->covariance[b][i * (layout->blocks[b].copies + 1)];
  return sum;
}

/* Variances of degree k are of 2k-th powers. Where these vanish, what varies would pass for what the law fits. */
static wlaw_status check_smallest(const matrix_gaussian *law, size_t degree, wlaw_error *err) {
  static const double smallest = 1e-290; /* the rounding of its parts is not yet that of the end of double precision */
  const double square = entry_square(law);
  if (square == 0.0 || !(pow(square, (double)degree) < smallest)) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so small that the variances of invariants of degree %zu vanish", degree);
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}

static wlaw_status set_laws(wick_task *task, const matrix_gaussian *laws, wlaw_error *err) {
  const bool bipartite = task->plan->bipartite;
  for (size_t l = 0; l < task->n; l++) {
    if (laws[l].layout.rows != laws[0].layout.rows || laws[l].layout.cols != laws[0].layout.cols)
      return wlaw_fail(err, WLAW_SHAPE, "laws of %zux%zu and %zux%zu matrices cannot share one prediction",
                       laws[0].layout.rows, laws[0].layout.cols, laws[l].layout.rows, laws[l].layout.cols);
    WLAW_TRY(check_smallest(&laws[l], task->plan->degree, err));
    WLAW_TRY(wlaw_delta_law(&task->deltas[l], &laws[l], bipartite, err));
    task->deltas[task->n + l] = task->deltas[l];
    absolute(&task->deltas[task->n + l]);
  }
  for (size_t l = 0; l < 2 * task->n; l++) wlaw_contraction_factors(task->factors + l * FACTORS, &task->deltas[l]);
  return WLAW_OK;
}

static wlaw_status set_units(wick_task *task, const matrix_gaussian *law, wlaw_error *err) {
  const contraction_plan *plan = task->plan;
  matrix_gaussian wide, unit;
  delta_law delta;
  double factors[FACTORS];
  WLAW_TRY(wlaw_matrix_embed(&wide, law, wlaw_score_law(plan->bipartite), err));
  task->n_parameters = wlaw_matrix_parameters(&wide.layout);
  for (size_t k = 0; k < task->n_parameters; k++) {
    wlaw_score_unit(&unit, &wide, k);
    WLAW_TRY(wlaw_delta_law(&delta, &unit, plan->bipartite, err));
    wlaw_contraction_factors(factors, &delta);
    wlaw_contraction_means(task->means, plan, factors, plan->degree < 2 ? plan->degree : 2);
    /* Linear in the change: products of two means are not. */
    for (size_t c = plan->start[2]; k < wide.layout.means && c < plan->start[3]; c++) task->means[c] = 0.0;
    memcpy(task->units + k * plan->start[3], task->means, plan->start[3] * sizeof *task->units);
  }
  return WLAW_OK;
}

static void zero_to_rounding(double *value, double scale, double tolerance) {
  if (*value <= tolerance * scale) *value = 0.0;
}

/* false: some part of it overflows. */
static bool set_prediction(graph_prediction *out, const wick_task *task, size_t law, size_t class,
                           const score_space *space) {
  *out = (graph_prediction){.mean = task->means[class]};
  double scale = 0.0, all = fabs(out->mean);
  for (size_t m = 0; m < task->plan->degree; m++) {
    const double absolutes = task->chaos[((task->n + law) * GRAPH_EDGES + m) * task->n_classes + class];
    out->chaos[m] = task->chaos[(law * GRAPH_EDGES + m) * task->n_classes + class];
    zero_to_rounding(&out->chaos[m], absolutes, ZERO_TO_ROUNDING);
    out->variance += out->chaos[m];
    all += absolutes;
    if (m < 2) scale += absolutes;
    else out->residual += out->chaos[m];
  }
  /* A square of rounding errors where it is zero. */
  double left = wlaw_score_left(space, task->gradients + class * MATRIX_PARAMETERS);
  zero_to_rounding(&left, scale, ZERO_TO_ROUNDING * ZERO_TO_ROUNDING);
  out->residual += left;
  out->fitted = out->residual == 0.0;
  return isfinite(all + left);
}

/* A law that is not a number has predictions that are none, and nothing is too large. */
static wlaw_status fail_largest(const matrix_gaussian *law, size_t degree, wlaw_error *err) {
  if (isnan(entry_square(law))) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so large that the variances of invariants of degree %zu overflow",
            degree);
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}

static wlaw_status predict(graph_prediction *out, wick_task *task, const matrix_gaussian *laws, wlaw_error *err) {
  const contraction_plan *plan = task->plan;
  score_space space;
  WLAW_TRY(set_laws(task, laws, err));
  WLAW_TRY(set_units(task, &laws[0], err));
  mark_classes(task);
  for (size_t m = 1; m <= plan->degree; m++)
    WLAW_TRY(wlaw_chaos_kernel(&task->kernels[m], &plan->levels[m], task->wanted + plan->start[m],
                               task->mixed + plan->start[m], task->deltas, 2 * task->n, err));
  for (size_t l = 2 * task->n; l-- > 0;) {
    memset(task->gradients, 0, task->n_classes * MATRIX_PARAMETERS * sizeof *task->gradients);
    for (size_t m = 1; m <= plan->degree; m++) {
      add_chaos(task, l, m);
      if (l < task->n && m <= 2) add_gradients(task, m);
    }
    if (l >= task->n) continue;
    wlaw_contraction_means(task->means, plan, task->factors + l * FACTORS, plan->degree);
    WLAW_TRY(wlaw_score_space(&space, &laws[l], plan->bipartite, err));
    for (size_t g = 0; g < plan->n_graphs; g++)
      if (!set_prediction(&out[l * plan->n_graphs + g], task, l, plan->class_of[g], &space))
        WLAW_TRY(fail_largest(&laws[l], plan->degree, err));
  }
  return WLAW_OK;
}

static wlaw_status predict_together(graph_prediction *out, const contraction_plan *plan, const matrix_gaussian *laws,
                                    size_t n, wlaw_error *err) {
  const size_t classes = plan->start[plan->degree + 1];
  size_t widest = 0;
  for (size_t m = 1; m < plan->degree; m++) widest = plan->levels[m].count > widest ? plan->levels[m].count : widest;
  wick_task task = {.plan = plan,
                    .n = n,
                    .n_classes = classes,
                    .deltas = wlaw_array(2 * n, sizeof *task.deltas),
                    .factors = wlaw_array(2 * n, FACTORS * sizeof *task.factors),
                    .wanted = wlaw_array(classes, sizeof *task.wanted),
                    .mixed = wlaw_array(classes, sizeof *task.mixed),
                    .means = wlaw_array(classes, sizeof *task.means),
                    .parts = wlaw_array(classes, widest * sizeof *task.parts),
                    .chaos = wlaw_array(2 * n * GRAPH_EDGES, classes * sizeof *task.chaos),
                    .units = wlaw_array(MATRIX_PARAMETERS, plan->start[3] * sizeof *task.units),
                    .gradients = wlaw_array(classes, MATRIX_PARAMETERS * sizeof *task.gradients)};
  wlaw_status status = task.deltas && task.factors && task.wanted && task.mixed && task.means && task.parts &&
                               task.chaos && task.units && task.gradients
                           ? predict(out, &task, laws, err)
                           : wlaw_fail_memory(err, 2 * n * GRAPH_EDGES, classes * sizeof *task.chaos);
  for (size_t m = 1; m <= GRAPH_EDGES; m++) wlaw_chaos_kernel_free(&task.kernels[m]);
  free(task.deltas);
  free(task.factors);
  free(task.wanted);
  free(task.mixed);
  free(task.means);
  free(task.parts);
  free(task.chaos);
  free(task.units);
  free(task.gradients);
  return status;
}

wlaw_status wlaw_wick_predict(graph_prediction *out, const wick_plan *plan, const matrix_gaussian *laws, size_t n,
                              wlaw_error *err) {
  const contraction_plan *contractions = &plan->contractions;
  const size_t together = laws_together(contractions->degree);
  for (size_t l = 0; l < n; l += together)
    WLAW_TRY(predict_together(out + l * contractions->n_graphs, contractions, laws + l,
                              n - l < together ? n - l : together, err));
  return WLAW_OK;
}

double wlaw_graph_predict_cost(const graph *g, bool bipartite) {
  static const double bell[GRAPH_EDGES + 1] = {1, 2, 15, 203, 4140, 115975, 4213597}; /* partitions of 2m ends */
  const double one_end = bipartite ? 2.0 : 5.0, two_ends = bipartite ? 4.0 : 15.0, no_end = bipartite ? 1.0 : 2.0;
  unsigned ends[GRAPH_NODES] = {0};
  double states = 1.0, steps = 0.0;
  for (size_t e = 0; e < g->n_edges; e++) {
    ends[g->edges[e].from]++;
    ends[g->edges[e].to]++;
  }
  for (size_t e = 0; e < g->n_edges; e++) {
    const unsigned from = g->edges[e].from, to = g->edges[e].to;
    const double shared = from == to ? ends[from] > 2 : (ends[from] > 1) + (ends[to] > 1);
    states *= shared > 1 ? two_ends : shared > 0 ? one_end : no_end;
    steps += states;
    states = fmin(states, bell[g->n_edges]);
  }
  return steps;
}

wlaw_status wlaw_graph_predict(graph_prediction *out, const graph *g, const matrix_gaussian *laws, size_t n,
                               bool bipartite, bool errors, wlaw_error *err) {
  wick_plan *plan;
  WLAW_TRY(wlaw_wick_plan_new(&plan, g, 1, bipartite, err));
  wlaw_status status = errors ? wlaw_wick_predict(out, plan, laws, n, err) : WLAW_OK;
  for (size_t l = 0; l < n && !errors && status == WLAW_OK; l++) {
    out[l] = (graph_prediction){.variance = NAN, .residual = NAN};
    for (size_t m = 0; m < GRAPH_EDGES; m++) out[l].chaos[m] = NAN;
    status = wlaw_wick_means(&out[l].mean, plan, &laws[l], err);
  }
  wlaw_wick_plan_free(plan);
  return status;
}
