/* What to keep in mind: rules, assumptions, and where the numbers should not be trusted. */
#include <math.h>
#include <stdio.h>

#include "report/number.h"
#include "report/story_parts.h"

enum { ENOUGH_NETWORKS = 50 };

static const double RATIO_LIMIT = 1.2;

double wlaw_error_ratio(const law_fit *fit, size_t parameter) {
  const double exact = fit->error[parameter], robust = fit->robust[parameter];
  return fit->present && exact > 0 && robust > 0 ? robust / exact : NAN;
}

size_t wlaw_error_disagreements(const law_fit *fit, report_law law, size_t *known) {
  size_t outside = 0;
  *known = 0;
  for (size_t p = 0; p < wlaw_report_law_size(law); p++) {
    const double ratio = wlaw_error_ratio(fit, p);
    if (isnan(ratio)) continue;
    ++*known;
    outside += !(ratio <= RATIO_LIMIT && ratio >= 1 / RATIO_LIMIT);
  }
  return outside;
}

static double most_excluded(const report_series *series) {
  double most = NAN;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++) most = fmax(most, series->tensors[t].points[e].excluded);
  return most;
}

static double fewest_networks(const report_series *series) {
  double fewest = NAN;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++) fewest = fmin(fewest, series->tensors[t].points[e].networks);
  return fewest;
}

static double dead_at_last(const report_series *series) {
  const report_metrics *metrics = series->metrics;
  return metrics && metrics->n > 0 ? metrics->constant[metrics->n - 1] + metrics->nonfinite[metrics->n - 1] : 0;
}

static void note_excluded(sentence_list *notes, const report_series *series) {
  const double most = most_excluded(series), dead = dead_at_last(series);
  if (series->exclusion)
    wlaw_sentence_add(notes,
                      "Networks left out of the fits: %s%s. Rule: %.200s. Networks are never left out for low "
                      "accuracy, which would condition on the outcome.",
                      isfinite(most) ? wlaw_number_fixed(most, 0).s : "not known",
                      most > 0 ? " at the epoch with the most" : "", series->exclusion);
  else if (dead > 0)
    wlaw_sentence_add(notes,
                      "%.0f network%s dead by the last epoch (constant output, or a number that is not finite) "
                      "and part of all fits and histograms; a report made with --exclude dead leaves such "
                      "networks out, never for low accuracy, which would condition on the outcome.",
                      dead, dead == 1 ? " is" : "s are");
}

static void note_order(sentence_list *notes, const report_series *series) {
  if (series->shared_order)
    wlaw_sentence_add(notes,
                      "All networks saw the samples in one shared order, so they share gradient noise: they are "
                      "independent draws given that order, and error bars do not cover its effect.");
}

/* The outer matrices of a network lack a symmetry that the laws assume (labelled inputs, labelled outputs). */
static void note_outer(sentence_list *notes, const report_series *series) {
  static const char *const advice =
      "The fit describes the symmetrised law only: errors exact under the law are too small, likelihood-ratio tests "
      "are not valid; read the robust errors.";
  for (size_t t = 0; t < series->n_tensors; t++) {
    const report_tensor *tensor = &series->tensors[t];
    const char *name = wlaw_story_name(tensor);
    if (tensor->is_first)
      wlaw_sentence_add(notes,
                        "%.60s is the first matrix: its columns belong to inputs, which have names and are not "
                        "exchangeable. %s",
                        name, advice);
    if (tensor->is_last)
      wlaw_sentence_add(notes,
                        "%.60s is the last matrix: its rows belong to classes, which have names and are not "
                        "exchangeable. %s",
                        name, advice);
  }
}

static void note_errors(sentence_list *notes, const report_series *series) {
  if (series->n_epochs == 0) return;
  size_t known = 0, outside = 0;
  double most = 1;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (int k = REPORT_BIPARTITE; k < REPORT_LAWS; k++) {
      const law_fit *fit = &series->tensors[t].points[series->n_epochs - 1].fits[k];
      size_t here = 0;
      outside += wlaw_error_disagreements(fit, (report_law)k, &here);
      known += here;
      for (size_t p = 0; p < wlaw_report_law_size((report_law)k); p++) {
        const double ratio = wlaw_error_ratio(fit, p), away = fmax(ratio, 1 / ratio);
        if (away > most) most = away;
      }
    }
  if (!known) return;
  if (outside)
    wlaw_sentence_add(notes,
                      "Two errors are given: exact if the Gaussian law holds (Wishart), and robust, from the "
                      "spread over networks. At the last epoch they differ by more than a factor of 1.2 for %zu "
                      "of %zu parameters, at most by a factor of %s: there trust the robust one.",
                      outside, known, wlaw_number(most, 2).s);
  else
    wlaw_sentence_add(notes,
                      "Two errors are given: exact if the Gaussian law holds (Wishart), and robust, from the "
                      "spread over networks. At the last epoch they agree within a factor of 1.2 for all %zu "
                      "parameters.",
                      known);
}

/* Whether there are tests between laws, and whether some are simulated. */
static bool any_test(const report_series *series, bool *simulated) {
  bool any = false;
  *simulated = false;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      for (int k = REPORT_BIPARTITE; k < REPORT_NESTED; k++) {
        any |= series->tensors[t].points[e].tests[k].present;
        *simulated |= series->tensors[t].points[e].tests[k].simulated;
      }
  return any;
}

static void note_few(sentence_list *notes, const report_series *series) {
  const double fewest = fewest_networks(series);
  bool simulated;
  if (!(fewest >= 1 && fewest < ENOUGH_NETWORKS)) return;
  if (!any_test(series, &simulated)) {
    wlaw_sentence_add(notes, "Robust errors from so few networks as %.0f are uncertain themselves.", fewest);
    return;
  }
  wlaw_sentence_add(
      notes,
      "With %.0f network%s the \xcf\x87\xc2\xb2 law of the likelihood-ratio test is rough (at a nominal "
      "5\xc2\xa0%% the true size is 26\xc2\xa0%% with 3 networks, 12\xc2\xa0%% with 5, 7\xc2\xa0%% with 10)%s",
      fewest, fewest == 1 ? "" : "s",
      simulated ? ", so p-values come from simulated replicates of the smaller law; robust "
                  "errors from so few networks are uncertain themselves."
                : "; robust errors from so few networks are uncertain themselves.");
}

static void note_gaussian(sentence_list *notes, const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      if (wlaw_point_best_bic(&series->tensors[t].points[e]) >= 0) {
        wlaw_sentence_add(notes,
                          "All laws compared here are Gaussian. BIC and the likelihood-ratio tests choose among "
                          "their symmetries; they do not say that the weights are Gaussian: departures of the "
                          "invariants do.");
        return;
      }
}

static void note_departures(sentence_list *notes, const report_series *series) {
  bool any = false;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const report_tensor *tensor = &series->tensors[t];
    any |= tensor->n_graphs > 0;
    if (tensor->why_no_departures)
      wlaw_sentence_add(notes, "No departures of invariants for %.60s: %.200s", wlaw_story_name(tensor),
                        tensor->why_no_departures);
  }
  if (any)
    wlaw_sentence_add(notes,
                      "p-values of single invariants take their deviation in standard errors as normal, good for "
                      "hundreds of networks; where a global p is given, it and the adjusted p-values of the last "
                      "epoch come from ensembles drawn from the fitted law and refitted. Invariants overlap: one cause "
                      "moves many.");
}

/* One note a reason, for the first point that gives it. */
static void note_gaps(sentence_list *notes, const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (int kind = 0; kind < 3; kind++) {
      static const char *const missing[] = {"fit", "distance", "choice of a law"};
      const char *why = NULL;
      double epoch = NAN;
      size_t count = 0;
      for (size_t e = 0; e < series->n_epochs; e++) {
        const tensor_point *point = &series->tensors[t].points[e];
        const char *const reasons[] = {point->why_no_fit, point->why_no_distance, point->why_no_choice};
        const char *here = reasons[kind];
        if (!here) continue;
        if (!why) epoch = series->epochs[e];
        if (!why) why = here;
        count++;
      }
      if (!why) continue;
      char where[64] = "";
      if (series->is_run)
        snprintf(where, sizeof where, " at %zu epoch%s, first at epoch %.0f", count, count == 1 ? "" : "s", epoch);
      wlaw_sentence_add(notes, "No %s for %.60s%s: %.400s", missing[kind], wlaw_story_name(&series->tensors[t]), where,
                        why);
    }
}

static void note_metrics(sentence_list *notes, const report_series *series) {
  if (series->why_no_metrics) wlaw_sentence_add(notes, "No accuracy and loss: %.400s", series->why_no_metrics);
}

static void note_nodes(sentence_list *notes, const report_series *series) {
  if (series->why_no_nodes) wlaw_sentence_add(notes, "No correlations between layers: %.400s", series->why_no_nodes);
}

void wlaw_notes_tell(sentence_list *notes, const report_series *series) {
  note_excluded(notes, series);
  note_order(notes, series);
  note_outer(notes, series);
  note_errors(notes, series);
  note_few(notes, series);
  note_gaussian(notes, series);
  note_departures(notes, series);
  note_nodes(notes, series);
  note_metrics(notes, series);
  note_gaps(notes, series);
}
