/* Which law do the weights follow? Every law is fitted to one part of the weights and judged by the mean log-density it
 * gives to the others (Stone 1974, DOI 10.1111/j.2517-6161.1974.tb00994.x). Where that leaves several, the simplest is
 * named, as after Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees, section 3.4.3: else a
 * normal would be called a truncated normal, cut at its largest weight, half of the time. A p-value would say nothing:
 * from a few thousand weights on every law is rejected. */
#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/entry_fit.h"
#include "measure/cell_statistics.h"

/* With fewer there is nothing to choose by. */
enum { LEAST_WEIGHTS = 50, LEAST_VALUES = 20 };

void wlaw_entry_evaluate(const wlaw_law *law, const double *x, size_t n, double *log_density, double *cdf) {
  const entry_ops *entry = law->ops->entry;
  if (entry->evaluate) {
    entry->evaluate(law->values, x, n, log_density, cdf);
    return;
  }
  for (size_t i = 0; log_density && i < n; i++) log_density[i] = entry->log_density(law->values, x[i]);
  for (size_t i = 0; cdf && i < n; i++) cdf[i] = entry->cdf(law->values, x[i]);
}

typedef struct choice_work {
  const entry_cells *fitted, *held_out;
  entry_cells all;                            /* both */
  double *log_density[ENTRY_CANDIDATES_MOST]; /* of the held-out cells by each candidate */
} choice_work;

static double mean_held_out(const double *log_density, const entry_cells *cells) {
  double sum = 0.0;
  for (size_t i = 0; i < cells->n; i++) sum += (double)cells->count[i] * log_density[i];
  return sum / (double)cells->total;
}

/* In a cell of some width at the end of the weights, a density may end or fall steeply: its mean over the cell counts,
 * not its value at the cell's mean. */
static void average_over(double *log_density, const wlaw_law *law, const entry_cells *cells, size_t i) {
  if (!(cells->width[i] > 0.0)) return;
  const double ends[2] = {cells->low[i], cells->low[i] + cells->width[i]};
  double cdf[2];
  wlaw_entry_evaluate(law, ends, 2, NULL, cdf);
  if (cdf[1] - cdf[0] > 1e-12) log_density[i] = log((cdf[1] - cdf[0]) / cells->width[i]);
}

/* The ends of a bounded support come from all weights. */
static void judge_held_out(double *log_density, const wlaw_law *fitted, const choice_work *work) {
  const entry_cells *cells = work->held_out;
  wlaw_law law = *fitted;
  double low, high;
  wlaw_cells_reach(&low, &high, cells);
  if (law.ops->entry->widen) law.ops->entry->widen(&law, low, high);
  wlaw_entry_evaluate(&law, cells->value, cells->n, log_density, NULL);
  average_over(log_density, &law, cells, 0);
  average_over(log_density, &law, cells, cells->n - 1);
}

/* Fits one law; OK with `reason` set where the law has no fit to these weights. */
static wlaw_status judge(entry_candidate *out, double *log_density, const choice_work *work, wlaw_error *err) {
  const law_ops *ops = out->fit.law.ops;
  wlaw_status status = ops->entry->fit(&out->fit, work->fitted, err);
  if (status == WLAW_OK) {
    judge_held_out(log_density, &out->fit.law, work);
    status = ops->entry->fit(&out->fit, &work->all, err);
  }
  if (status == WLAW_OK)
    status = wlaw_entry_distance(&out->sup_distance, &out->wasserstein, &out->fit.law, &work->all, err);
  if (status == WLAW_OK) out->held_out = mean_held_out(log_density, work->held_out);
  if (status == WLAW_OK || status == WLAW_MEMORY) return status;
  out->reason = "the likelihood of this law has no maximum on these weights";
  return WLAW_OK;
}

static wlaw_status judge_all(entry_choice *out, choice_work *work, wlaw_error *err) {
  const char *reason = NULL;
  if (work->fitted->total < LEAST_WEIGHTS || work->held_out->total < LEAST_WEIGHTS)
    reason = "too few weights to tell laws apart";
  else if (work->all.n < LEAST_VALUES) reason = "the weights take too few different values for a density";
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const law_ops *ops = wlaw_laws[i];
    if (!ops->entry || !ops->entry->fit) continue;
    if (out->n == ENTRY_CANDIDATES_MOST)
      return wlaw_fail(err, WLAW_LIMIT, "more than %d laws can be fitted to entries", ENTRY_CANDIDATES_MOST);
    const size_t k = out->n++;
    entry_candidate *candidate = &out->candidates[k];
    *candidate = (entry_candidate){.held_out = NAN, .sup_distance = NAN, .wasserstein = NAN, .reason = reason};
    wlaw_entry_fit_start(&candidate->fit, ops);
    if (reason) continue;
    work->log_density[k] = wlaw_array(work->held_out->n, sizeof(double));
    if (!work->log_density[k]) return wlaw_fail_memory(err, work->held_out->n, sizeof(double));
    WLAW_TRY(judge(candidate, work->log_density[k], work, err));
  }
  return WLAW_OK;
}

/* Weights held out do not tell law a from b, which they find more likely: the sum of paired differences is within two
 * of its standard errors, or two nats, which a law of a parameter more gains now and then where the simpler one is
 * true. In the error a single weight counts for one nat at most: under a law without heavy tails one outlier is worth
 * thousands, and their standard error would excuse any law. */
static bool not_told_apart(const double *a, const double *b, const entry_cells *cells, bool fewer) {
  double sum = 0.0, square = 0.0;
  for (size_t i = 0; i < cells->n; i++) {
    const double difference = b[i] - a[i], counted = fmin(fmax(difference, -1.0), 1.0);
    sum += (double)cells->count[i] * difference;
    square += (double)cells->count[i] * counted * counted;
  }
  return sum <= fmax(fewer ? 2.0 * sqrt(square) : 0.0, 2.0);
}

static void choose_best(entry_choice *out, const choice_work *work) {
  for (size_t i = 0; i < out->n; i++) {
    const double score = out->candidates[i].held_out;
    if (isfinite(score) && (out->best < 0 || score > out->candidates[out->best].held_out)) out->best = (int)i;
  }
  const int most_likely = out->best;
  for (size_t i = 0; most_likely >= 0 && i < out->n; i++) {
    if (!isfinite(out->candidates[i].held_out)) continue;
    const size_t free_parameters = out->candidates[i].fit.free_parameters;
    const size_t held = out->candidates[out->best].fit.free_parameters;
    const bool simpler = free_parameters < held || (free_parameters == held && (int)i < out->best);
    if (simpler && not_told_apart(work->log_density[i], work->log_density[most_likely], work->held_out,
                                  free_parameters < out->candidates[most_likely].fit.free_parameters))
      out->best = (int)i;
  }
}

wlaw_status wlaw_entry_choose(entry_choice *out, const entry_cells *fitted, const entry_cells *held_out,
                              wlaw_error *err) {
  out->n = 0;
  out->best = -1;
  choice_work work = {.fitted = fitted, .held_out = held_out};
  wlaw_status status = wlaw_cells_merge(&work.all, fitted, held_out, err);
  if (status == WLAW_OK) status = judge_all(out, &work, err);
  if (status == WLAW_OK) choose_best(out, &work);
  for (size_t i = 0; i < ENTRY_CANDIDATES_MOST; i++) free(work.log_density[i]);
  wlaw_cells_free(&work.all);
  return status;
}
