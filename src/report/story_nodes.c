/* The sentence about correlations between layers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/number.h"
#include "report/story_parts.h"

enum { LOOKS_Z = 4 }; /* standard errors that a handful of looks does not reach by chance */

static double size_of(double value, double error) { return error > 0 ? fabs(value) / error : 0; }

/* The hidden layer where it is furthest from none at the last epoch; n_nodes: nowhere beyond chance. */
static size_t furthest(const report_series *series, bool norms) {
  size_t best = series->n_nodes;
  double most = LOOKS_Z;
  for (size_t k = 0; k < series->n_nodes; k++) {
    const node_correlation *last = &series->nodes[k].points[series->n_epochs - 1];
    const double size = norms ? size_of(last->norms, last->norms_error) : size_of(last->sums, last->sums_error);
    if (!(size > most)) continue;
    most = size;
    best = k;
  }
  return best;
}

static void tell(sentence_list *story, const report_series *series, size_t k, bool norms) {
  const node_correlation *first = &series->nodes[k].points[0], *last = &series->nodes[k].points[series->n_epochs - 1];
  char before[128] = "";
  if (series->n_epochs > 1)
    snprintf(before, sizeof before, " (%s%s)",
             norms ? wlaw_number_error(first->norms, first->norms_error).s
                   : wlaw_number_error(first->sums, first->sums_error).s,
             wlaw_story_epoch(series, 0).s);
  const bool scales = norms && !(size_of(last->sums, last->sums_error) > LOOKS_Z);
  wlaw_sentence_add(
      story, "Over the nodes of hidden layer %.0f, %s of incoming and outgoing weights correlate by %s%s%s%s.",
      series->nodes[k].set, norms ? "squared norms" : "sums",
      norms ? wlaw_number_error(last->norms, last->norms_error).s : wlaw_number_error(last->sums, last->sums_error).s,
      wlaw_story_epoch(series, series->n_epochs - 1).s, before,
      scales  ? ", where the sums do not: nodes have come to differ in scale, which no Gaussian law of the "
                "weights describes"
      : norms ? ""
              : ": no law of single matrices sees it");
}

void wlaw_story_nodes(sentence_list *story, const report_series *series) {
  if (series->n_nodes == 0 || series->n_epochs == 0) return;
  const size_t from = story->n;
  for (int norms = 0; norms < 2; norms++) {
    const size_t k = furthest(series, norms);
    if (k < series->n_nodes) tell(story, series, k, norms);
  }
  wlaw_sentences_join(story, from);
}
