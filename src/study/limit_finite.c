/* Networks of finite width drawn beside the limit: the same statistics, and how far they are from it. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "limit/finite.h"
#include "limit/max_weight.h"
#include "study/limit.h"

enum { UNIT_DRAWS = 8 };

typedef struct finite_loop {
  const limit_job *job;
  limit_sample *sample;
  const finite_network *network;
  double *scratch;
  size_t per_worker, pruned; /* pruned: where in a worker's scratch the outputs of pruned networks go */
} finite_loop;

static wlaw_status draw_one(finite_loop *loop, size_t k, double *scratch, wlaw_error *err) {
  const limit_job *job = loop->job;
  limit_sample *sample = loop->sample;
  const size_t outputs = job->outputs;
  double *z = sample->z + k * outputs, *z_pruned = scratch + loop->pruned;
  WLAW_TRY(wlaw_finite_draw(loop->network, z, outputs, z_pruned, &sample->largest[k], job->seed, k, scratch, err));
  for (size_t o = 0; o < outputs; o++)
    if (isnan(z[o])) return wlaw_fail(err, WLAW_NUMERIC, "output %zu of draw %zu leaves the range of doubles", o, k);
  for (size_t e = 0; e < job->n_epsilon; e++) {
    double sum = 0, all = 0;
    for (size_t o = 0; o < outputs; o++) {
      const double difference = z[o] - z_pruned[e * outputs + o];
      sum += difference * difference;
      all += z[o] * z[o];
    }
    /* where no node went the two sums differ by their rounding */
    sample->pruned[k * job->n_epsilon + e] = sum > 1e-24 * all ? sum / (double)outputs : 0.0;
  }
  return WLAW_OK;
}

static wlaw_status draw_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  finite_loop *loop = context;
  const size_t from = unit * UNIT_DRAWS, left = loop->sample->draws - from, n = left < UNIT_DRAWS ? left : UNIT_DRAWS;
  for (size_t i = 0; i < n; i++) {
    if (atomic_load(stop)) return wlaw_fail_cancelled(err);
    WLAW_TRY(draw_one(loop, from + i, loop->scratch + worker * loop->per_worker, err));
  }
  return WLAW_OK;
}

static wlaw_status draw_all(limit_sample *sample, const finite_network *network, limit_job *job, wlaw_error *err) {
  const size_t units = (sample->draws + UNIT_DRAWS - 1) / UNIT_DRAWS;
  const unsigned workers = wlaw_threads_for(job->threads, units);
  finite_loop loop = {.job = job, .sample = sample, .network = network};
  loop.pruned = wlaw_finite_scratch(network);
  loop.per_worker = (loop.pruned + job->n_epsilon * job->outputs + 7) / 8 * 8; /* no cache line of two workers */
  loop.scratch = wlaw_array(workers * loop.per_worker, sizeof *loop.scratch);
  if (!loop.scratch) return wlaw_fail_memory(err, workers * loop.per_worker, sizeof *loop.scratch);
  const wlaw_status status = wlaw_parallel(units, job->threads, draw_unit, &loop, &job->monitor, err);
  free(loop.scratch);
  return status;
}

/* Moments of |Z| of a finite network exist below this: given lambda outputs are normal, so that twice the heaviest tail
 * of the lambda decides, whatever they become at infinite width. Activations that grow faster than linearly have
 * heavier tails of their own: not known. */
static double finite_tail_index(const limit_network *network) {
  double index = INFINITY;
  for (size_t l = 0; l < network->depth; l++) index = fmin(index, 2.0 * wlaw_node_finite_index(network->laws[l]));
  return isinf(wlaw_dual_lipschitz(&network->activation)) ? NAN : index;
}

wlaw_status wlaw_limit_finite(limit_sample *out, limit_job *job, size_t width, wlaw_error *err) {
  const size_t n = job->draws;
  *out = (limit_sample){
      .draws = n, .outputs = job->outputs, .width = width, .tail_index = finite_tail_index(&job->network)};
  out->z = wlaw_array(n, job->outputs * sizeof *out->z);
  out->largest = wlaw_array(n, sizeof *out->largest);
  out->pruned = wlaw_array(n, (job->n_epsilon ? job->n_epsilon : 1) * sizeof *out->pruned);
  if (!out->z || !out->largest || !out->pruned)
    return wlaw_fail_memory(err, n, (job->outputs + job->n_epsilon + 1) * sizeof *out->z);
  finite_network *network = NULL; /* of the first input alone: nothing is said of the others */
  WLAW_TRY(wlaw_finite_new(&network, &job->network, job->inputs.gram, 1, width, job->epsilon, job->n_epsilon, err));
  const wlaw_status status = draw_all(out, network, job, err);
  wlaw_finite_free(network);
  WLAW_TRY(status);
  wlaw_draw_sort(out->largest, n);
  return wlaw_limit_sample_measure(out, err);
}

/* ---- beside the limit */

/* 0 where nothing differs, NaN where nothing varies. */
static double ratio(double difference, double se) {
  if (difference == 0.0) return 0.0;
  return se > 0.0 && isfinite(se) ? difference / se : NAN;
}

/* Error of a share of n draws around p, and of the difference from a share of m others (0: p is exact). */
static double share_error(double p, size_t n, size_t m) {
  return sqrt(p * (1.0 - p) * (1.0 / (double)n + (m ? 1.0 / (double)m : 0.0)));
}

static const char *no_z_reason(const limit_sample *finite, double order) {
  if (finite->tail_index <= 2.0 * order) return "its estimate has no variance at this width: compare quantiles";
  if (isnan(finite->tail_index)) return "the tail at this width is not known: its estimate may have no variance";
  return "the limit has no such number, or an estimate no error";
}

typedef struct comparison {
  const char *quantity;
  draw_estimate finite, limit;
  double z, exact; /* exact: at this width */
  const char *reason;
} comparison;

static void add_comparison(bool *failed, json_t *list, comparison of) {
  json_t *row = json_object();
  wlaw_json_put(failed, row, "quantity", json_string(of.quantity));
  wlaw_limit_real(failed, row, "finite", of.finite.value);
  wlaw_limit_real(failed, row, "standard_error", of.finite.se);
  wlaw_limit_real(failed, row, "limit", of.limit.value);
  wlaw_limit_real(failed, row, "limit_standard_error", of.limit.se);
  wlaw_limit_real(failed, row, "exact", of.exact);
  wlaw_limit_real(failed, row, "z", of.z);
  wlaw_json_put(failed, row, "reason", isnan(of.z) ? json_string(of.reason) : json_null());
  wlaw_json_append(failed, list, row);
}

/* The closed form where there is one, else the estimate from draws. */
static draw_estimate limit_value(double closed, draw_estimate drawn) {
  return isnan(closed) ? drawn : (draw_estimate){closed, 0.0};
}

/* Where both have an error: between the two samples, whatever closed form stands beside them (see
 * wlaw_draw_moment_scores). */
static void add_moment(bool *failed, json_t *list, const char *quantity, draw_estimate finite, draw_estimate drawn,
                       double closed, double score, double exact, const char *reason) {
  const bool known = !isnan(finite.se) && !isnan(drawn.se);
  add_comparison(failed, list,
                 (comparison){quantity, finite, limit_value(closed, drawn), known ? score : NAN, exact, reason});
}

static void add_zero(bool *failed, json_t *list, const limit_sample *finite, const limit_sample *limit, double closed) {
  const draw_estimate f = finite->moments.probability_zero, l = limit->moments.probability_zero;
  const bool exact = !isnan(closed);
  const double p = exact ? closed : 0.5 * (f.value + l.value);
  /* a share that cannot differ by chance: by the error of the finite one */
  const double se = share_error(p, finite->draws, exact ? 0 : limit->draws);
  const double z = ratio(f.value - (exact ? closed : l.value), se > 0.0 ? se : f.se);
  add_comparison(failed, list,
                 (comparison){"probability_zero", f, limit_value(closed, l), z, NAN, "no error: all draws agree"});
}

/* How many draws lie below the limit's quantile has a binomial law, whatever the density there. */
static void add_quantile(bool *failed, json_t *list, const char *quantity, double p, const limit_sample *finite,
                         const limit_sample *limit, const limit_job *job) {
  const double closed = wlaw_limit_quantile(job, p);
  const draw_estimate value = limit_value(closed, wlaw_draw_quantile(limit->sorted, limit->draws, p));
  const double below = wlaw_draw_share_below(finite->sorted, finite->draws, value.value),
               se = share_error(p, finite->draws, isnan(closed) ? limit->draws : 0);
  add_comparison(failed, list,
                 (comparison){quantity, wlaw_draw_quantile(finite->sorted, finite->draws, p), value,
                              value.value == 0.0 ? NAN : ratio(p - below, se), NAN,
                              "no error: the quantile lies in the atom at 0"});
}

static json_t *comparisons_json(bool *failed, const limit_sample *finite, const limit_sample *limit,
                                const limit_job *job) {
  const output_law *law = &job->output;
  const draw_moments *f = &finite->moments, *l = &limit->moments;
  const draw_scores z = wlaw_draw_moment_scores(finite->z, finite->draws, limit->z, limit->draws, finite->outputs);
  json_t *list = json_array();
  add_moment(failed, list, "mean_square", f->mean_square, l->mean_square, law->mean_square, z.mean_square, NAN,
             no_z_reason(finite, 2.0));
  add_moment(failed, list, "kurtosis", f->kurtosis, l->kurtosis, law->kurtosis, z.kurtosis,
             wlaw_output_kurtosis_finite(NULL, &job->network, job->inputs.variance, finite->width),
             no_z_reason(finite, 4.0));
  if (finite->outputs > 1)
    add_moment(failed, list, "square_correlation", f->square_correlation, l->square_correlation,
               law->square_correlation, z.square_correlation, NAN, no_z_reason(finite, 4.0));
  add_zero(failed, list, finite, limit, law->probability_zero);
  add_quantile(failed, list, "quantile_0.75", 0.75, finite, limit, job);
  add_quantile(failed, list, "quantile_0.9", 0.9, finite, limit, job);
  add_quantile(failed, list, "quantile_0.99", 0.99, finite, limit, job);
  return list;
}

/* ---- pruned networks, and the largest weight */

static draw_estimate pruned_error(const limit_sample *finite, const limit_job *job, size_t e) {
  const double n = (double)finite->draws;
  double mean = 0, squares = 0;
  for (size_t k = 0; k < finite->draws; k++) mean += finite->pruned[k * job->n_epsilon + e] / n;
  for (size_t k = 0; k < finite->draws; k++) {
    const double off = finite->pruned[k * job->n_epsilon + e] - mean;
    squares += off * off;
  }
  return (draw_estimate){mean, sqrt(squares / (n - 1.0) / n)};
}

/* With one hidden layer the nodes that go have lambda <= epsilon: their share has all moments, at any width. */
static json_t *pruned_json(bool *failed, const limit_sample *finite, const limit_job *job) {
  const bool bounded = job->network.depth == 1 && !isinf(wlaw_dual_lipschitz(&job->network.activation));
  const char *reason = NULL;
  json_t *object = json_object(), *errors = json_array(), *ses = json_array(), *limits = json_array(),
         *zs = json_array();
  double *mean = wlaw_array(job->n_epsilon, sizeof *mean);
  *failed |= !mean;
  for (size_t e = 0; mean && e < job->n_epsilon; e++) {
    truncation cut;
    wlaw_truncation(&cut, &job->network, job->inputs.variance, job->epsilon[e]);
    draw_estimate found = pruned_error(finite, job, e);
    if (!bounded && !(finite->tail_index > 2.0)) found = (draw_estimate){NAN, NAN};
    if (!bounded && !(finite->tail_index > 4.0)) found.se = NAN;
    /* given the kernel the `outputs` differences are iid normal */
    const double outputs = (double)finite->outputs,
                 variance = cut.square * (1.0 + 2.0 / outputs) - cut.error * cut.error,
                 z = ratio(found.value - cut.error, sqrt(fmax(variance, 0.0) / (double)finite->draws));
    if (isnan(z)) reason = cut.reason ? cut.reason : "the limit has no variance there";
    wlaw_json_append(failed, errors, isnan(found.value) ? json_null() : wlaw_json_real(found.value));
    wlaw_json_append(failed, ses, isnan(found.se) ? json_null() : wlaw_json_real(found.se));
    wlaw_json_append(failed, limits, isnan(cut.error) ? json_null() : wlaw_json_real(cut.error));
    wlaw_json_append(failed, zs, isnan(z) ? json_null() : wlaw_json_real(z));
    mean[e] = found.value;
  }
  wlaw_json_put(failed, object, "epsilon", wlaw_json_reals(job->epsilon, job->n_epsilon));
  wlaw_json_put(failed, object, "error", errors);
  wlaw_json_put(failed, object, "standard_error", ses);
  wlaw_json_put(failed, object, "limit", limits);
  wlaw_json_put(failed, object, "z", zs);
  wlaw_json_put(failed, object, "reason", reason ? json_string(reason) : json_null());
  wlaw_limit_real(failed, object, "fitted_slope", mean ? wlaw_limit_slope(job->epsilon, mean, job->n_epsilon) : NAN);
  free(mean);
  return object;
}

static bool largest_cdf(const void *context, double w, double *value) {
  const limit_job *job = context;
  const wlaw_law *last = job->network.laws[job->network.depth - 1];
  *value = w < 0.0 ? 0.0 : wlaw_max_weight_cdf(last, job->network.weight_variance, fmax(w, DBL_MIN));
  return !isnan(*value);
}

static json_t *largest_json(bool *failed, const limit_sample *finite, const limit_job *job) {
  static const double p[] = {0.1, 0.25, 0.5, 0.75, 0.9, 0.99};
  enum { N = sizeof p / sizeof *p };
  double quantile[N];
  draw_ks ks;
  json_t *object = json_object();
  for (size_t i = 0; i < N; i++) quantile[i] = wlaw_draw_quantile(finite->largest, finite->draws, p[i]).value;
  wlaw_json_put(failed, object, "probability", wlaw_json_reals(p, N));
  wlaw_json_put(failed, object, "quantile", wlaw_json_reals(quantile, N));
  const bool jumps = wlaw_node_regime(job->network.laws[job->network.depth - 1]) == NODE_MOGP;
  const bool known = jumps && wlaw_draw_ks(&ks, finite->largest, finite->draws, largest_cdf, job);
  wlaw_json_put(failed, object, "ks", known ? wlaw_limit_ks_json(failed, ks) : json_null());
  wlaw_json_put(failed, object, "reason",
                known ? json_null() : json_string("without jumps the largest weight is 0 at infinite width"));
  return object;
}

json_t *wlaw_limit_finite_json(bool *failed, const limit_sample *finite, const limit_sample *limit,
                               const limit_job *job) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "width", wlaw_json_count(finite->width));
  wlaw_limit_sample_put(failed, object, finite, job);
  wlaw_json_put(failed, object, "comparisons", comparisons_json(failed, finite, limit, job));
  wlaw_json_put(
      failed, object, "ks",
      wlaw_limit_ks_json(failed, wlaw_draw_ks_two(finite->sorted, finite->draws, limit->sorted, limit->draws)));
  wlaw_json_put(failed, object, "truncation", pruned_json(failed, finite, job));
  wlaw_json_put(failed, object, "max_weight", largest_json(failed, finite, job));
  return object;
}
