/* The sentences about what the fitted laws miss. */
#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "report/number.h"
#include "report/story_parts.h"
#include "study/graph_meaning.h"

/* What one tensor shows at the last epoch under its widest law. */
typedef struct last_look {
  int law;
  const departure *departures;
  departure_summary summary;
} last_look;

static bool look(last_look *out, sentence_list *story, const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  out->law = wlaw_series_widest(tensor, series->n_epochs - 1);
  if (out->law < 0) return false;
  out->departures = wlaw_story_last(series, t)->departures[out->law];
  if (wlaw_departure_summarise(&out->summary, out->departures, tensor->n_graphs, NULL) == WLAW_OK)
    return out->summary.tested > 0;
  story->failed = true;
  return false;
}

/* How many invariants depart, matrix by matrix. */
static void tell_counts(sentence_list *story, const report_series *series) {
  enum { LISTED = 6 };
  text_buffer list = {0};
  size_t told = 0;
  for (size_t t = 0; t < series->n_tensors && told < LISTED; t++) {
    last_look last;
    if (!look(&last, story, series, t)) continue;
    const double p = wlaw_story_last(series, t)->global_p[last.law];
    wlaw_text_add(&list, "%s%s %zu of %zu (%s law%s%s)", told++ ? ", " : "", wlaw_story_name(&series->tensors[t]),
                  last.summary.beyond, last.summary.tested, wlaw_report_law_name((report_law)last.law),
                  isfinite(p) ? ", global p = " : "", isfinite(p) ? wlaw_number_p(p).s : "");
  }
  if (told)
    wlaw_sentence_add(story,
                      "Invariants of degree up to 4 that depart from what the fitted law predicts%s, at 5 %% and "
                      "allowing for their number: %s.",
                      wlaw_story_epoch(series, series->n_epochs - 1).s, wlaw_text_string(&list));
  story->failed |= list.failed;
  wlaw_text_free(&list);
}

/* A departure in all three units and in words. */
static void tell_one(sentence_list *story, const report_series *series, const char *unit, size_t t, size_t place) {
  const report_tensor *tensor = &series->tensors[t];
  const int law = wlaw_series_widest(tensor, series->n_epochs - 1);
  const departure *one = &wlaw_story_last(series, t)->departures[law][place];
  char formula[64], meaning[GRAPH_MEANING];
  wlaw_graph_formula(formula, sizeof formula, &tensor->graphs[place]);
  wlaw_graph_meaning(meaning, sizeof meaning, &tensor->graphs[place], tensor->family);
  wlaw_sentence_add(story,
                    "In standard %s, %s of %s is furthest from its law%s (%s%s): %s%s standard errors, %s%s standard "
                    "deviations of a network, %s%s relative; %s.",
                    unit, formula, wlaw_story_name(tensor), wlaw_story_epoch(series, series->n_epochs - 1).s,
                    wlaw_report_law_name((report_law)law),
                    tensor->is_last ? "; the last matrix, where errors under the law are too small" : "",
                    one->deviation_se > 0 ? "+" : "", wlaw_number(one->deviation_se, 2).s,
                    one->deviation_sd > 0 ? "+" : "", wlaw_number(one->deviation_sd, 2).s, one->relative > 0 ? "+" : "",
                    wlaw_number(one->relative, 2).s, meaning);
}

/* The furthest that depart significantly, in standard errors and in standard deviations. A first matrix, whose columns
 * have names, counts only where there is no other. */
static void tell_furthest(sentence_list *story, const report_series *series) {
  double most[2] = {0, 0};
  size_t tensor[2], place[2];
  for (size_t t = 0; t < series->n_tensors; t++) {
    last_look last;
    if ((series->tensors[t].is_first && series->n_tensors > 1) || !look(&last, story, series, t)) continue;
    for (size_t k = 0; k < series->tensors[t].n_graphs; k++) {
      const departure *one = &last.departures[k];
      const double sizes[2] = {fabs(one->deviation_se), fabs(one->deviation_sd)};
      for (int unit = 0; unit < 2; unit++) {
        if (!(one->p_adjusted < 0.05) || !(sizes[unit] > most[unit]) || isinf(sizes[unit])) continue;
        most[unit] = sizes[unit];
        tensor[unit] = t;
        place[unit] = k;
      }
    }
  }
  if (!(most[0] > 0)) return;
  const bool same = most[1] > 0 && tensor[0] == tensor[1] && place[0] == place[1];
  tell_one(story, series, same ? "errors and standard deviations" : "errors", tensor[0], place[0]);
  if (!same && most[1] > 0) tell_one(story, series, "deviations", tensor[1], place[1]);
}

void wlaw_story_departures(sentence_list *story, const report_series *series) {
  tell_counts(story, series);
  tell_furthest(story, series);
}
