/* The sentences about laws and their parameters. */
#include <math.h>

#include "core/text.h"
#include "law/space.h"
#include "report/number.h"
#include "report/story_parts.h"

static const double SURE = 3.5; /* standard errors: the largest of some 40 changes by chance is about 2.5 */

/* "layer2.weight wants the iid law; ...": which law each matrix wants, matrices that agree taken together. */
static void list_wanted(text_buffer *text, const report_series *series, size_t e) {
  size_t keys[STORY_KEYS_MOST];
  const char *between = "";
  for (size_t t = 0; t < series->n_tensors; t++) {
    const int best = wlaw_point_best_bic(&series->tensors[t].points[e]);
    keys[t] = best < 0 ? STORY_NO_KEY : (size_t)best;
  }
  for (size_t k = 0; k < REPORT_NESTED; k++) {
    char names[STORY_NAMES];
    const size_t members = wlaw_story_group(names, sizeof names, series, keys, k);
    if (!members) continue;
    wlaw_text_add(text, "%s%s want%s the %s law", between, names, members == 1 ? "s" : "",
                  wlaw_report_law_name((report_law)k));
    between = "; ";
  }
}

static void tell_laws(sentence_list *story, const report_series *series) {
  text_buffer before = {0}, now = {0};
  if (series->n_tensors > STORY_KEYS_MOST) return;
  if (series->n_epochs > 1 && series->epochs[0] == 0) list_wanted(&before, series, 0);
  list_wanted(&now, series, series->n_epochs - 1);
  if (before.length && now.length)
    wlaw_sentence_add(story, "By BIC, before training %s; at the last snapshot %s.", wlaw_text_string(&before),
                      wlaw_text_string(&now));
  else if (now.length) wlaw_sentence_add(story, "By BIC, %s.", wlaw_text_string(&now));
  story->failed |= before.failed || now.failed;
  wlaw_text_free(&before);
  wlaw_text_free(&now);
}

/* First snapshot from which iid is rejected at 1 % for good; n_epochs: never. */
static size_t departure_epoch(const report_series *series, size_t t) {
  size_t from = series->n_epochs;
  for (size_t e = series->n_epochs; e-- > 0;) {
    const law_test *test = &series->tensors[t].points[e].tests[REPORT_BIPARTITE];
    if (!test->present || !(test->p_value < 0.01)) break;
    from = e;
  }
  return from;
}

static void tell_departure(sentence_list *story, const report_series *series) {
  size_t keys[STORY_KEYS_MOST];
  text_buffer text = {0};
  if (series->n_epochs < 2 || series->n_tensors > STORY_KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) keys[t] = departure_epoch(series, t);
  for (size_t e = 0; e < series->n_epochs; e++) {
    char names[STORY_NAMES];
    if (wlaw_story_group(names, sizeof names, series, keys, e))
      wlaw_text_add(&text, "%s%s from epoch %.0f", text.length ? ", " : "", names, series->epochs[e]);
  }
  if (text.length)
    wlaw_sentence_add(story,
                      "The likelihood-ratio test rejects independent, identically distributed weights (at 1 %% "
                      "and ever after) for %s on.",
                      wlaw_text_string(&text));
  story->failed |= text.failed;
  wlaw_text_free(&text);
}

/* Whether the 13-parameter law has anything to say beyond the exact symmetry of a hidden layer. */
static void tell_permutation(sentence_list *story, const report_series *series) {
  const size_t last = series->n_epochs - 1;
  size_t tested = 0, rejected = 0, worst = 0;
  double least = INFINITY;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const law_test *test = &wlaw_story_last(series, t)->tests[REPORT_PERMUTATION];
    const bool outer = series->tensors[t].is_first || series->tensors[t].is_last; /* the test is not valid there */
    if (outer || !test->present || !isfinite(test->p_value)) continue;
    tested++;
    rejected += test->p_value < 0.01;
    if (test->p_value < least) {
      least = test->p_value;
      worst = t;
    }
  }
  if (!tested) return;
  const char *kind = series->is_run ? "hidden " : "", *plural = tested == 1 ? "matrix" : "matrices";
  if (!rejected)
    wlaw_sentence_add(story,
                      "The further parameters of the permutation law are needed nowhere%s (smallest p = %s of %zu "
                      "%s%s): rows and columns are exchangeable independently%s.",
                      wlaw_story_epoch(series, last).s, wlaw_number_p(least).s, tested, kind, plural,
                      series->is_run ? ", as theory has it for hidden layers" : "");
  else
    wlaw_sentence_add(story,
                      "The further parameters of the permutation law are needed%s for %zu of %zu %s%s, most for %s (p "
                      "%s%s).",
                      wlaw_story_epoch(series, last).s, rejected, tested, kind, plural,
                      wlaw_story_name(&series->tensors[worst]), least > 0 ? "= " : "", wlaw_number_p(least).s);
}

/* Matrices with a law of their own, those of one law taken together. */
static void tell_own(sentence_list *story, const report_series *series) {
  size_t keys[STORY_KEYS_MOST];
  if (series->n_tensors > STORY_KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const int own = wlaw_series_own_law(&series->tensors[t], series->n_epochs);
    keys[t] = own < 0 ? STORY_NO_KEY : (size_t)own;
  }
  for (size_t k = REPORT_NESTED; k < REPORT_LAWS; k++) {
    char names[STORY_NAMES];
    const size_t members = wlaw_story_group(names, sizeof names, series, keys, k);
    if (!members) continue;
    wlaw_sentence_add(
        story,
        "To rounding, %s %s %s and %s a law of %s own, %s, fitted alone: iid, bipartite and permutation, "
        "laws of all matrices, are not compared.",
        names, members == 1 ? "is" : "are", wlaw_space_words(wlaw_report_law_ops((report_law)k)->matrix->space),
        members == 1 ? "has" : "have", members == 1 ? "its" : "their", wlaw_report_law_name((report_law)k));
  }
}

/* Who gives and who receives: the components of the Social Relations Model at the last snapshot. */
static void tell_components(sentence_list *story, const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++) {
    const law_fit *fit = &wlaw_story_last(series, t)->fits[REPORT_ZERO_DIAGONAL];
    text_buffer list = {0};
    for (size_t p = 0; fit->present && p < wlaw_report_law_size(REPORT_ZERO_DIAGONAL); p++) {
      if (!wlaw_report_is_component(REPORT_ZERO_DIAGONAL, p) || !isfinite(fit->value[p])) continue;
      wlaw_text_add(&list, "%s%s %s", list.length ? "; " : "",
                    wlaw_report_law_parameters(REPORT_ZERO_DIAGONAL)[p].symbol,
                    wlaw_number_error(fit->value[p], fit->error[p]).s);
    }
    if (list.length)
      wlaw_sentence_add(story, "Components of the Social Relations Model of %s%s: %s.",
                        wlaw_story_name(&series->tensors[t]), wlaw_story_epoch(series, series->n_epochs - 1).s,
                        wlaw_text_string(&list));
    story->failed |= list.failed;
    wlaw_text_free(&list);
  }
}

void wlaw_story_laws(sentence_list *story, const report_series *series) {
  tell_own(story, series);
  tell_components(story, series);
  tell_laws(story, series);
  tell_departure(story, series);
  tell_permutation(story, series);
}

/* The invariant furthest from initialisation at the last snapshot, in standard errors, and its relative change. */
void wlaw_story_invariant(sentence_list *story, const report_series *series) {
  const size_t last = series->n_epochs - 1;
  double most = 0;
  size_t tensor = 0, invariant = 0;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
      const double z = fabs(wlaw_story_last(series, t)->invariants[k].deviation_se);
      if (!(z > most) || isinf(z)) continue;
      most = z;
      tensor = t;
      invariant = k;
    }
  if (!(most > 0) || series->n_epochs < 2) return;
  const invariant_change *change = &wlaw_story_last(series, tensor)->invariants[invariant];
  wlaw_sentence_add(story,
                    "Of the 13 linear and quadratic invariants, %s of %s is furthest from initialisation%s: %s%s "
                    "standard errors; relative change since the first snapshot %s.",
                    wlaw_report_invariants[invariant], wlaw_story_name(&series->tensors[tensor]),
                    wlaw_story_epoch(series, last).s, change->deviation_se > 0 ? "+" : "",
                    wlaw_number(change->deviation_se, 2).s,
                    wlaw_number_error(change->relative, change->relative_error).s);
}

/* The parameter that moved furthest, in robust standard errors, between the first and the last snapshot. */
void wlaw_story_parameter(sentence_list *story, const report_series *series) {
  if (series->n_epochs < 2) return;
  const size_t last = series->n_epochs - 1;
  double most = 0, from = NAN, to = NAN, error_to = NAN;
  size_t tensor = 0, parameter = 0;
  report_law law = REPORT_IID;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const tensor_point *a = &series->tensors[t].points[0], *b = &series->tensors[t].points[last];
    report_law k = REPORT_LAWS - 1;
    while (k > REPORT_BIPARTITE && !b->fits[k].present) k--;
    for (size_t p = 0; p < wlaw_report_law_size(k); p++) {
      const law_fit *fit = &b->fits[k];
      const double error = isfinite(fit->robust[p]) ? fit->robust[p] : fit->error[p];
      const double z = fabs(wlaw_point_value(b, k, p) - wlaw_point_value(a, k, p)) / error;
      if (!(z > most) || isinf(z)) continue;
      most = z;
      tensor = t;
      parameter = p;
      law = k;
      from = wlaw_point_value(a, k, p);
      to = wlaw_point_value(b, k, p);
      error_to = error;
    }
  }
  if (!(most > 0)) return;
  if (most < SURE) {
    wlaw_sentence_add(story,
                      "No parameter has changed by more than %s standard errors between the first and the last "
                      "snapshot.",
                      wlaw_number(most, 2).s);
    return;
  }
  wlaw_sentence_add(story, "The surest change is that of %s in %s (%s law): from %s to %s, %s standard errors.",
                    wlaw_report_law_parameters(law)[parameter].symbol, wlaw_story_name(&series->tensors[tensor]),
                    wlaw_report_law_name(law), wlaw_number(from, 3).s, wlaw_number_error(to, error_to).s,
                    wlaw_number(most, 2).s);
}
