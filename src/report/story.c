/* The findings in words. Each sentence has its own function and says nothing when its numbers are missing. */
#include "report/story.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "report/number.h"
#include "report/story_parts.h"

enum { LISTED = 6 }; /* matrices named one by one in a sentence */

/* "w.npy holds layer1 (200 networks, 10 x 10) and ...". */
static void tell_file(sentence_list *story, const report_series *series) {
  text_buffer list = {0};
  for (size_t t = 0; t < series->n_tensors && t < LISTED && series->n_epochs > 0; t++) {
    const report_tensor *tensor = &series->tensors[t];
    const double networks = tensor->points[0].networks;
    wlaw_text_add(&list, "%s%.40s (", t ? ", " : "", wlaw_story_name(tensor));
    if (isfinite(networks))
      wlaw_text_add(&list, "%s network%s, ", wlaw_number_fixed(networks, 0).s, networks == 1 ? "" : "s");
    wlaw_text_add(&list, "%llu \xc3\x97 %llu)", (unsigned long long)tensor->rows, (unsigned long long)tensor->cols);
  }
  if (list.length)
    wlaw_sentence_add(story, "%.200s holds %s%s.", series->source ? series->source : "The file",
                      wlaw_text_string(&list), series->n_tensors > LISTED ? " and more" : "");
  story->failed |= list.failed;
  wlaw_text_free(&list);
}

static void tell_experiment(sentence_list *story, const report_series *series) {
  if (!series->is_run) {
    tell_file(story, series);
    return;
  }
  char networks[64] = "Networks";
  if (isfinite(series->networks))
    snprintf(networks, sizeof networks, "%.0f network%s", series->networks, series->networks == 1 ? "" : "s");
  wlaw_sentence_add(
      story, "%s%s%s%s%s%s%s%s%s.", networks, series->architecture ? " " : "",
      series->architecture ? series->architecture : "", series->data ? " learned " : " were trained",
      series->data ? series->data : "", series->optimizer ? " with " : "", series->optimizer ? series->optimizer : "",
      series->initial_law ? ", starting from weights drawn from " : "", series->initial_law ? series->initial_law : "");
}

static void tell_accuracy(sentence_list *story, const report_series *series) {
  const report_metrics *metrics = series->metrics;
  if (!metrics || metrics->n == 0) return;
  const metric_spread *last = &metrics->spread[METRIC_ACCURACY][metrics->n - 1];
  if (!isfinite(last->quantile[QUANTILE_50])) return;
  if (metrics->networks == 1) {
    wlaw_sentence_add(story, "After epoch %.0f the network gets %s of the test samples right.",
                      metrics->epochs[metrics->n - 1], wlaw_number_percent_fixed(last->mean, 1).s);
    return;
  }
  wlaw_sentence_add(story,
                    "After epoch %.0f the median network gets %s of the test samples right; half of the networks lie "
                    "between %s and %s, nine in ten between %s and %s (mean %s).",
                    metrics->epochs[metrics->n - 1], wlaw_number_percent_fixed(last->quantile[QUANTILE_50], 1).s,
                    wlaw_number_percent_fixed(last->quantile[QUANTILE_25], 1).s,
                    wlaw_number_percent_fixed(last->quantile[QUANTILE_75], 1).s,
                    wlaw_number_percent_fixed(last->quantile[QUANTILE_5], 1).s,
                    wlaw_number_percent_fixed(last->quantile[QUANTILE_95], 1).s,
                    wlaw_number_percent_fixed(last->mean, 1).s);
}

static void tell_dead(sentence_list *story, const report_series *series) {
  const report_metrics *metrics = series->metrics;
  if (!metrics || metrics->n == 0) return;
  const double constant = metrics->constant[metrics->n - 1], nonfinite = metrics->nonfinite[metrics->n - 1];
  if (!(constant + nonfinite > 0)) {
    wlaw_sentence_add(story,
                      "No network died: none gives the same output for every sample, none has a number that is "
                      "not finite.");
    return;
  }
  wlaw_sentence_add(story,
                    "By the end %.0f network%s died: %.0f with the same output for every sample, %.0f with "
                    "numbers that are not finite.",
                    constant + nonfinite, constant + nonfinite == 1 ? "" : "s", constant, nonfinite);
}

static void tell_distance(sentence_list *story, const report_series *series) {
  text_buffer list = {0};
  double least_floor = INFINITY, most_floor = 0;
  size_t told = 0;
  for (size_t t = 0; t < series->n_tensors && told < LISTED; t++) {
    const law_distance *distance = &wlaw_story_last(series, t)->distance;
    if (!isfinite(distance->squared)) continue;
    wlaw_text_add(&list, "%s%.40s %s", told++ ? ", " : "", wlaw_story_name(&series->tensors[t]),
                  wlaw_number_error(distance->squared, distance->standard_error).s);
    least_floor = fmin(least_floor, distance->floor_squared);
    most_floor = fmax(most_floor, distance->floor_squared);
  }
  story->failed |= list.failed;
  if (told)
    wlaw_sentence_add(story,
                      "Distance of the fitted laws from the initial law%s, as W\xe2\x82\x82\xc2\xb2: %s; a "
                      "law that had not moved would show its noise floor, %s%s%s.",
                      wlaw_story_epoch(series, series->n_epochs - 1).s, wlaw_text_string(&list),
                      wlaw_number(least_floor, 2).s, told > 1 ? " to " : "",
                      told > 1 ? wlaw_number(most_floor, 2).s : "");
  wlaw_text_free(&list);
}

static const char *block_words(const char *block) {
  static const char *const words[][2] = {
      {"mean", "the mean"},          {"V0", "the matrix total"},
      {"VH", "row and column sums"}, {"V2", "single entries by themselves"},
      {"s0", "the matrix total"},    {"rows", "row sums"},
      {"columns", "column sums"},    {"entries", "single entries by themselves"},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i][0], block) == 0) return words[i][1];
  return block;
}

static double share_of(const report_series *series, size_t t, const char *block) {
  for (size_t b = 0; b < series->tensors[t].n_blocks; b++)
    if (strcmp(series->tensors[t].blocks[b], block) == 0) return wlaw_story_last(series, t)->distance.share[b];
  return NAN;
}

/* Name and share of the block that makes most of a tensor's distance at the last epoch; NULL: not known. V2 and V3 are
 * both about single entries and count together, as V2. */
static const char *largest_block(double *share, const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  const char *block = NULL;
  *share = 0;
  for (size_t b = 0; b < tensor->n_blocks; b++) {
    double here = share_of(series, t, tensor->blocks[b]);
    if (strcmp(tensor->blocks[b], "V2") == 0) here += fmax(share_of(series, t, "V3"), 0);
    if (!(here > *share)) continue;
    *share = here;
    block = tensor->blocks[b];
  }
  return block;
}

/* "rows for layer1.weight and layer2.weight (52 %, 61 %)" */
static void describe_group(text_buffer *text, const report_series *series, const size_t *keys, size_t key) {
  char names[STORY_NAMES];
  double share;
  const char *block = largest_block(&share, series, key);
  wlaw_story_group(names, sizeof names, series, keys, key);
  wlaw_text_add(text, "%s%s for %s (", text->length ? "; " : "", block_words(block), names);
  for (size_t t = key; t < series->n_tensors; t++) {
    if (keys[t] != key) continue;
    largest_block(&share, series, t);
    wlaw_text_add(text, "%s%s", t > key ? ", " : "", wlaw_number_percent(share).s);
  }
  wlaw_text_add(text, ")");
}

/* A law that could not be fitted or chosen at the end, and why: the first one, the notes have them all. */
static void tell_gap(sentence_list *story, const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++) {
    const tensor_point *point = wlaw_story_last(series, t);
    const char *why = point->why_no_fit ? point->why_no_fit : point->why_no_choice;
    if (!why) continue;
    wlaw_sentence_add(story, "No law could be %s %s%s: %.400s.", point->why_no_fit ? "fitted to" : "chosen for",
                      wlaw_story_name(&series->tensors[t]), wlaw_story_epoch(series, series->n_epochs - 1).s, why);
    return;
  }
}

/* What most of the distance is made of; matrices of which that is the same block taken together. */
static void tell_blocks(sentence_list *story, const report_series *series) {
  size_t keys[STORY_KEYS_MOST];
  text_buffer text = {0};
  double share;
  if (series->n_tensors > STORY_KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const char *block = largest_block(&share, series, t), *other;
    keys[t] = block ? t : STORY_NO_KEY;
    for (size_t u = t; block && u-- > 0;)
      if (keys[u] == u && (other = largest_block(&share, series, u)) &&
          strcmp(block_words(other), block_words(block)) == 0)
        keys[t] = u;
  }
  for (size_t k = 0; k < series->n_tensors; k++)
    if (keys[k] == k) describe_group(&text, series, keys, k);
  if (text.length) wlaw_sentence_add(story, "The largest part of that distance is in %s.", wlaw_text_string(&text));
  story->failed |= text.failed;
  wlaw_text_free(&text);
}

static const weight_histogram *histogram_at(const report_tensor *tensor, size_t n_epochs, bool last) {
  for (size_t i = 0; i < n_epochs; i++) {
    const weight_histogram *h = tensor->points[last ? n_epochs - 1 - i : i].histogram;
    if (h) return h;
  }
  return NULL;
}

/* Where single weights are furthest from normal. */
static void tell_weights(sentence_list *story, const report_series *series) {
  const weight_histogram *worst = NULL;
  size_t tensor = 0;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const weight_histogram *h = histogram_at(&series->tensors[t], series->n_epochs, true);
    if (!h || !isfinite(h->kurtosis)) continue;
    if (!worst || fabs(h->kurtosis - 3) > fabs(worst->kurtosis - 3)) {
      worst = h;
      tensor = t;
    }
  }
  if (!worst) return;
  const weight_histogram *first = histogram_at(&series->tensors[tensor], series->n_epochs, false);
  char before[64] = "";
  if (first != worst) snprintf(before, sizeof before, " (%s at first)", wlaw_number_fixed(first->kurtosis, 2).s);
  wlaw_sentence_add(story,
                    "Single weights are furthest from normal in %s: kurtosis %s%s and skewness %s, where a "
                    "normal law has 3 and 0.",
                    wlaw_story_name(&series->tensors[tensor]), wlaw_number_fixed(worst->kurtosis, 2).s, before,
                    wlaw_number_fixed(worst->skewness, 2).s);
}

void wlaw_story_tell(sentence_list *story, const report_series *series) {
  tell_experiment(story, series);
  size_t from = story->n;
  tell_accuracy(story, series);
  if (series->is_run) tell_dead(story, series);
  wlaw_sentences_join(story, from);
  if (series->n_epochs == 0) return;
  tell_gap(story, series);
  from = story->n;
  tell_distance(story, series);
  tell_blocks(story, series);
  wlaw_sentences_join(story, from);
  wlaw_story_invariant(story, series);
  from = story->n;
  wlaw_story_laws(story, series);
  wlaw_sentences_join(story, from);
  wlaw_story_parameter(story, series);
  wlaw_story_departures(story, series);
  wlaw_story_nodes(story, series);
  tell_weights(story, series);
}
