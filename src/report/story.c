/* The findings in words. Each sentence has its own function and says nothing when its numbers are missing. */
#include "report/story.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "report/number.h"

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

static const char *name_of(const report_tensor *tensor) { return tensor->name ? tensor->name : "the matrix"; }

static const tensor_point *last_point(const report_series *series, size_t t) {
  return &series->tensors[t].points[series->n_epochs - 1];
}

/* " at epoch 10", or nothing for a file. */
typedef struct moment_text {
  char s[48];
} moment_text;

static moment_text at_epoch(const report_series *series, size_t e) {
  moment_text text = {""};
  if (series->is_run) snprintf(text.s, sizeof text.s, " at epoch %.0f", series->epochs[e]);
  return text;
}

static void tell_experiment(sentence_list *story, const report_series *series) {
  if (!series->is_run) return;
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

/* W2 over the root of the number of weights: what matrices of different sizes can be compared by. */
static double shift_per_weight(const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  return last_point(series, t)->distance.wasserstein / sqrt((double)tensor->rows * (double)tensor->cols);
}

enum { LISTED = 6 /* matrices named one by one in a sentence */ };

static void tell_distance(sentence_list *story, const report_series *series) {
  text_buffer list = {0};
  double least_floor = INFINITY, most_floor = 0;
  size_t told = 0;
  for (size_t t = 0; t < series->n_tensors && told < LISTED; t++) {
    const law_distance *distance = &last_point(series, t)->distance;
    if (!isfinite(distance->squared)) continue;
    wlaw_text_add(&list, "%s%.40s %s", told++ ? ", " : "", name_of(&series->tensors[t]),
                  wlaw_number_error(distance->squared, distance->standard_error).s);
    least_floor = fmin(least_floor, distance->floor_squared);
    most_floor = fmax(most_floor, distance->floor_squared);
  }
  story->failed |= list.failed;
  if (told)
    wlaw_sentence_add(story,
                      "Distance of the fitted laws from the initial law%s, as W\xe2\x82\x82\xc2\xb2: %s; a "
                      "law that had not moved would show its noise floor, %s to %s.",
                      at_epoch(series, series->n_epochs - 1).s, wlaw_text_string(&list), wlaw_number(least_floor, 2).s,
                      wlaw_number(most_floor, 2).s);
  wlaw_text_free(&list);
}

static void tell_shift(sentence_list *story, const report_series *series) {
  const size_t none = series->n_tensors;
  size_t most = none, least = none;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const double shift = shift_per_weight(series, t);
    if (!isfinite(shift)) continue;
    if (most == none || shift > shift_per_weight(series, most)) most = t;
    if (least == none || shift < shift_per_weight(series, least)) least = t;
  }
  if (most == least) return;
  wlaw_sentence_add(story, "Weight for weight %s has moved most (root mean square %s) and %s least (%s).",
                    name_of(&series->tensors[most]), wlaw_number(shift_per_weight(series, most), 2).s,
                    name_of(&series->tensors[least]), wlaw_number(shift_per_weight(series, least), 2).s);
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

/* "all matrices", or "layer1.weight, layer2.weight and layer3.weight": the tensors whose key is `key`. Returns how
 * many. keys: [n_tensors] */
static size_t group_names(char *out, size_t capacity, const report_series *series, const size_t *keys, size_t key) {
  size_t members = 0, told = 0, used = 0;
  for (size_t t = 0; t < series->n_tensors; t++) members += keys[t] == key;
  out[0] = '\0';
  if (members == series->n_tensors && members > 1) snprintf(out, capacity, "all matrices");
  if (members == series->n_tensors && members > 1) return members;
  for (size_t t = 0; t < series->n_tensors; t++) {
    if (keys[t] != key) continue;
    const char *join = told == 0 ? "" : told + 1 == members ? " and " : ", ";
    const int n = snprintf(out + used, capacity - used, "%s%.40s", join, name_of(&series->tensors[t]));
    if (n < 0 || (size_t)n >= capacity - used) break;
    used += (size_t)n;
    told++;
  }
  return members;
}

enum { NAMES = 480, KEYS_MOST = 256, NO_KEY = 100000000 };

static double share_of(const report_series *series, size_t t, const char *block) {
  for (size_t b = 0; b < series->tensors[t].n_blocks; b++)
    if (strcmp(series->tensors[t].blocks[b], block) == 0) return last_point(series, t)->distance.share[b];
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
  char names[NAMES];
  double share;
  const char *block = largest_block(&share, series, key);
  group_names(names, sizeof names, series, keys, key);
  wlaw_text_add(text, "%s%s for %s (", text->length ? "; " : "", block_words(block), names);
  for (size_t t = key; t < series->n_tensors; t++) {
    if (keys[t] != key) continue;
    largest_block(&share, series, t);
    wlaw_text_add(text, "%s%s", t > key ? ", " : "", wlaw_number_percent(share).s);
  }
  wlaw_text_add(text, ")");
}

/* What most of the distance is made of; matrices of which that is the same block taken together. */
static void tell_blocks(sentence_list *story, const report_series *series) {
  size_t keys[KEYS_MOST];
  text_buffer text = {0};
  double share;
  if (series->n_tensors > KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const char *block = largest_block(&share, series, t), *other;
    keys[t] = block ? t : NO_KEY;
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

/* Which law each matrix wants, matrices that agree taken together. */
static void tell_laws_at(sentence_list *story, const report_series *series, size_t e, bool first) {
  size_t keys[KEYS_MOST];
  text_buffer text = {0};
  if (series->n_tensors > KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const int best = wlaw_point_best_bic(&series->tensors[t].points[e]);
    keys[t] = best < 0 ? NO_KEY : (size_t)best;
  }
  for (size_t k = 0; k < REPORT_LAWS; k++) {
    char names[NAMES];
    const size_t members = group_names(names, sizeof names, series, keys, k);
    if (members)
      wlaw_text_add(&text, "%s%s want%s the %s law", text.length ? "; " : "", names, members == 1 ? "s" : "",
                    wlaw_report_law_name((report_law)k));
  }
  if (text.length)
    wlaw_sentence_add(story, "%s, by BIC: %s.",
                      !series->is_run ? "Which law"
                      : first         ? "Before training"
                                      : "At the last epoch",
                      wlaw_text_string(&text));
  story->failed |= text.failed;
  wlaw_text_free(&text);
}

static void tell_laws(sentence_list *story, const report_series *series) {
  if (series->n_epochs > 1 && series->epochs[0] == 0) tell_laws_at(story, series, 0, true);
  tell_laws_at(story, series, series->n_epochs - 1, false);
}

/* First snapshot from which iid is rejected at 1 % for good; n_epochs: never. */
static size_t departure(const report_series *series, size_t t) {
  size_t from = series->n_epochs;
  for (size_t e = series->n_epochs; e-- > 0;) {
    const law_test *test = &series->tensors[t].points[e].tests[REPORT_BIPARTITE];
    if (!test->present || !(test->p_value < 0.01)) break;
    from = e;
  }
  return from;
}

static void tell_departure(sentence_list *story, const report_series *series) {
  size_t keys[KEYS_MOST];
  text_buffer text = {0};
  if (series->n_epochs < 2 || series->n_tensors > KEYS_MOST) return;
  for (size_t t = 0; t < series->n_tensors; t++) keys[t] = departure(series, t);
  for (size_t e = 0; e < series->n_epochs; e++) {
    char names[NAMES];
    if (group_names(names, sizeof names, series, keys, e))
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
    const law_test *test = &last_point(series, t)->tests[REPORT_PERMUTATION];
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
  const char *matrices = series->is_run ? "hidden matrices" : "matrices";
  if (!rejected)
    wlaw_sentence_add(story,
                      "The 8 further parameters of the permutation law are needed nowhere%s (smallest p = %s of %zu "
                      "%s): rows and columns are exchangeable independently%s.",
                      at_epoch(series, last).s, wlaw_number_p(least).s, tested, matrices,
                      series->is_run ? ", as theory has it for hidden layers" : "");
  else
    wlaw_sentence_add(story,
                      "The 8 further parameters of the permutation law are needed%s for %zu of %zu %s, most for %s (p "
                      "%s%s).",
                      at_epoch(series, last).s, rejected, tested, matrices, name_of(&series->tensors[worst]),
                      least > 0 ? "= " : "", wlaw_number_p(least).s);
}

/* The parameter that moved furthest, in robust standard errors, between the first and the last snapshot. */
static void tell_parameter(sentence_list *story, const report_series *series) {
  if (series->n_epochs < 2) return;
  const size_t last = series->n_epochs - 1;
  double most = 0, from = NAN, to = NAN, error_to = NAN;
  size_t tensor = 0, parameter = 0;
  report_law law = REPORT_IID;
  for (size_t t = 0; t < series->n_tensors; t++) {
    const tensor_point *a = &series->tensors[t].points[0], *b = &series->tensors[t].points[last];
    const report_law k = b->fits[REPORT_PERMUTATION].present ? REPORT_PERMUTATION : REPORT_BIPARTITE;
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
  wlaw_sentence_add(story, "The surest change is that of %s in %s (%s law): from %s to %s, %s standard errors.",
                    wlaw_report_law_parameters(law)[parameter].symbol, name_of(&series->tensors[tensor]),
                    wlaw_report_law_name(law), wlaw_number(from, 3).s, wlaw_number_error(to, error_to).s,
                    wlaw_number(most, 2).s);
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
                    name_of(&series->tensors[tensor]), wlaw_number_fixed(worst->kurtosis, 2).s, before,
                    wlaw_number_fixed(worst->skewness, 2).s);
}

void wlaw_story_tell(sentence_list *story, const report_series *series) {
  tell_experiment(story, series);
  tell_accuracy(story, series);
  if (series->is_run) tell_dead(story, series);
  if (series->n_epochs == 0) return;
  tell_distance(story, series);
  tell_shift(story, series);
  tell_blocks(story, series);
  tell_laws(story, series);
  tell_departure(story, series);
  tell_permutation(story, series);
  tell_parameter(story, series);
  tell_weights(story, series);
}
