#include "study/scan_findings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "study/published.h"
#include "study/sentence.h"

/* Where a finding begins. The ratio of the largest of n normal magnitudes to their 99.9 % quantile is 1.7 at n = 10^8,
 * that of Laplace's law 2.7: 10 is no tail of these. A normal law has k = 1.2054. */
#define MANY_TINY   0.01
#define MANY_ZEROS  0.5
#define FAR_OUT     10.0
#define STRAIGHT    0.95 /* R2 that the published classes ask for */
#define NORMAL_K    1.2054343190
#define NEAR_NORMAL 0.03
#define FAR_NORMAL  0.05
#define AT_NORMAL   0.002
#define VERDICT     3.0 /* standard errors */

typedef struct finding_list {
  bool *failed;
  json_t *sentences;
  scan_severity worst;
} finding_list;

#define FIND(list, severity, ...)                                                                                      \
  do {                                                                                                                 \
    if ((list)->worst < (severity)) (list)->worst = (severity);                                                        \
    SENTENCE((list)->failed, (list)->sentences, __VA_ARGS__);                                                          \
  } while (0)

typedef unsigned long long count_t;

static double share(uint64_t part, uint64_t whole) { return whole ? (double)part / (double)whole : 0.0; }
static bool is_matrix(const part_scan *scan) { return scan->rows > 1 && scan->columns > 1; }
static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

/* Biases begin at 0, as does the second of a low-rank pair: all zeros there are no fault. */
static bool may_be_zero(tensor_kind kind) {
  return kind == TENSOR_BIAS || kind == TENSOR_LORA_B || kind == TENSOR_LORA || kind == TENSOR_BUFFER;
}

static bool all_zero(const part_scan *scan) {
  return scan->summary.count > 0 && scan->summary.zeros + scan->summary.tiny == scan->summary.count;
}

static void find_nonfinite(finding_list *list, const part_scan *scan) {
  const weight_summary *summary = &scan->summary;
  const uint64_t n = summary->nan + summary->infinite;
  if (n == 0) return;
  FIND(list, SCAN_BROKEN,
       "%llu of %llu weights %s not finite (%llu NaN, %llu infinite): what is computed with %s is lost.", (count_t)n,
       (count_t)summary->count, n == 1 ? "is" : "are", (count_t)summary->nan, (count_t)summary->infinite,
       n == 1 ? "it" : "them");
}

static void find_dead(finding_list *list, const part_scan *scan) {
  const weight_summary *summary = &scan->summary;
  const tensor_kind kind = scan->part->role.kind;
  if (!is_matrix(scan) || may_be_zero(kind)) return;
  if (all_zero(scan)) {
    FIND(list, SCAN_SUSPICIOUS, "Every weight is %s: the matrix passes nothing on.",
         summary->tiny ? "below 1e-12 in magnitude" : "0");
    return;
  }
  /* rows of an embedding that no text uses are common */
  const scan_severity severity = kind == TENSOR_EMBED || kind == TENSOR_HEAD ? SCAN_UNUSUAL : SCAN_SUSPICIOUS;
  if (summary->dead_rows > 0 && kind == TENSOR_EMBED)
    FIND(list, severity,
         "%llu of %llu rows %s dead: all magnitudes are below 1e-12, as those of tokens never met may be.",
         (count_t)summary->dead_rows, (count_t)scan->rows, summary->dead_rows == 1 ? "is" : "are");
  else if (summary->dead_rows > 0)
    FIND(list, severity, "%llu of %llu rows %s dead: all magnitudes are below 1e-12, so the output%s never change%s.",
         (count_t)summary->dead_rows, (count_t)scan->rows, summary->dead_rows == 1 ? "is" : "are",
         plural(summary->dead_rows), summary->dead_rows == 1 ? "s" : "");
  if (summary->dead_columns > 0)
    FIND(list, severity, "%llu of %llu columns %s dead: all magnitudes are below 1e-12, so the input%s %s ignored.",
         (count_t)summary->dead_columns, (count_t)scan->columns, summary->dead_columns == 1 ? "is" : "are",
         plural(summary->dead_columns), summary->dead_columns == 1 ? "is" : "are");
}

static void find_small(finding_list *list, const part_scan *scan) {
  const weight_summary *summary = &scan->summary;
  if (all_zero(scan) || scan->part->role.kind == TENSOR_BUFFER) return;
  if (share(summary->tiny, summary->count) > MANY_TINY)
    FIND(list, SCAN_SUSPICIOUS,
         "%.3g %% of the weights are below 1e-12 in magnitude without being 0: they act as zeros but do not count as "
         "such.",
         100.0 * share(summary->tiny, summary->count));
  if (share(summary->zeros, summary->count) > MANY_ZEROS)
    FIND(list, SCAN_UNUSUAL, "%.3g %% of the weights are 0: the tensor is sparse, or pruned.",
         100.0 * share(summary->zeros, summary->count));
}

static void find_extremes(finding_list *list, const part_scan *scan) {
  const weight_summary *summary = &scan->summary;
  const weight_extreme *largest = NULL;
  for (size_t i = 0; i < summary->n_largest && !largest; i++)
    if (isfinite(summary->largest[i].value)) largest = &summary->largest[i];
  if (is_matrix(scan) && summary->count > 1 && summary->sd == 0.0 && !all_zero(scan))
    FIND(list, SCAN_UNUSUAL, "Every weight is %.6g: nothing was drawn or learnt here.", summary->mean);
  if (scan->unfitted || !(scan->max_ratio >= FAR_OUT) || !largest) return;
  FIND(list, SCAN_UNUSUAL,
       "The largest weight, %.4g in row %llu and column %llu, is %.3g times the magnitude that 99.9 %% stay below.",
       largest->value, (count_t)largest->row, (count_t)largest->column, scan->max_ratio);
}

/* Weights on a lattice were codes once; where the file says so itself, that is no news. Rounding to few levels moves k
 * by as much as kinds differ: 4-bit codes of normal weights have 1.59. */
static bool is_coded(const part_scan *scan) { return scan->info->encoding || scan->lattice.found; }

static void find_lattice(finding_list *list, const part_scan *scan) {
  const weight_lattice *lattice = &scan->lattice;
  if (scan->info->encoding)
    FIND(list, SCAN_FINE, "The weights are stored as %s: rounding moves k, which is not held against published values.",
         scan->info->encoding);
  if (scan->info->encoding || !lattice->found) return;
  char steps[64] = "";
  if (lattice->group)
    snprintf(steps, sizeof steps, ", another in every %llu weights of a row", (count_t)lattice->group);
  else if (lattice->by_row) snprintf(steps, sizeof steps, ", another in every row");
  FIND(
      list, SCAN_UNUSUAL,
      "The weights lie on a lattice of %u bit%s (step %.4g%s): they come from integer codes, and k is not held against "
      "published values.",
      lattice->bits, plural(lattice->bits), lattice->step, steps);
}

/* ---- k, where its errors allow a verdict */

static double largest_error(const scan_weibull *weibull) {
  return fmax(weibull->plot.se_k, fmax(weibull->se_k.rows, weibull->se_k.columns)); /* fmax passes over NaN */
}

/* Do different scales of rows and columns make k what it is? Then it is that of a normal law once they are divided out.
 */
static bool is_explained(const scan_weibull *weibull) {
  const double left = fabs(weibull->balanced_k[BALANCE_BOTH] - NORMAL_K);
  return left < NEAR_NORMAL && left < fabs(weibull->plot.k - NORMAL_K) / 3.0;
}

static void explain(char *out, size_t capacity, const part_scan *scan) {
  *out = '\0';
  if (is_explained(&scan->weibull))
    snprintf(
        out, capacity,
        " Rows and columns of different scales explain it (H %.2g and %.2g): balanced, k = %.4g, as a normal law has "
        "it.",
        scan->row_spread, scan->column_spread, scan->weibull.balanced_k[BALANCE_BOTH]);
}

const char *wlaw_published_verdict(const part_scan *scan) {
  const weibull_plot *plot = &scan->weibull.plot;
  const published_band band = wlaw_published_k(scan->part->role.kind);
  const double margin = VERDICT * largest_error(&scan->weibull);
  if (band.n == 0 || is_coded(scan) || !(plot->r2 >= STRAIGHT) || isnan(margin)) return NULL;
  return plot->k - margin > band.high ? "above" : plot->k + margin < band.low ? "below" : "within";
}

static void find_weibull(finding_list *list, const part_scan *scan) {
  const weibull_plot *plot = &scan->weibull.plot;
  const published_band band = wlaw_published_k(scan->part->role.kind);
  const double error = largest_error(&scan->weibull), margin = VERDICT * error;
  const double from_normal = fabs(plot->k - NORMAL_K);
  const char *verdict = wlaw_published_verdict(scan);
  char cause[256];
  if (isnan(plot->k) || is_coded(scan)) return;
  if (band.n > 0 && plot->r2 < STRAIGHT) {
    if (margin < plot->k / 10.0)
      FIND(list, SCAN_UNUSUAL,
           "The Weibull plot is not straight (R2 %.3g, published classes have .95): k says little here.", plot->r2);
    return;
  }
  explain(cause, sizeof cause, scan);
  if (verdict && strcmp(verdict, "within") != 0)
    FIND(list, SCAN_UNUSUAL,
         "k = %.4g (standard error %.2g) is %s the medians of %zu published models, %.4g to %.4g.%s%s", plot->k, error,
         verdict, band.n, band.low, band.high, cause,
         from_normal < fmax(margin, AT_NORMAL)
             ? " That agrees with the 1.205 of a normal law, which weights may have before training."
             : "");
  else if (*cause && from_normal > fmax(margin, FAR_NORMAL))
    FIND(list, SCAN_FINE, "k = %.4g (standard error %.2g) is not the 1.205 of a normal law.%s", plot->k, error, cause);
}

scan_severity wlaw_part_findings(bool *failed, json_t *sentences, const part_scan *scan) {
  finding_list list = {failed, sentences, SCAN_FINE};
  find_nonfinite(&list, scan); /* in the order of severity */
  find_dead(&list, scan);
  find_small(&list, scan);
  find_extremes(&list, scan);
  find_lattice(&list, scan);
  find_weibull(&list, scan);
  return list.worst;
}

/* ---- the whole file */

static double number_at(const json_t *tensor, const char *group, const char *key) {
  double value = NAN;
  const json_t *object = group ? json_object_get(tensor, group) : tensor;
  const json_t *item = json_object_get(object, key);
  return item && wlaw_json_number(item, &value) ? value : NAN;
}

static bool text_is(const json_t *tensor, const char *key, const char *text) {
  const char *value = json_string_value(json_object_get(tensor, key));
  return value && strcmp(value, text) == 0;
}

static bool has_nonfinite(const json_t *tensor) { return number_at(tensor, NULL, "nonfinite") > 0.0; }
static bool has_dead(const json_t *tensor) {
  return number_at(tensor, NULL, "severity") >= SCAN_UNUSUAL && number_at(tensor, NULL, "rows") > 1.0 &&
         number_at(tensor, NULL, "columns") > 1.0 &&
         number_at(tensor, NULL, "dead_rows") + number_at(tensor, NULL, "dead_columns") > 0.0;
}
static bool has_tiny(const json_t *tensor) {
  return number_at(tensor, NULL, "severity") >= SCAN_SUSPICIOUS &&
         number_at(tensor, NULL, "tiny") > MANY_TINY * number_at(tensor, NULL, "count");
}
static bool is_far_out(const json_t *tensor) { return number_at(tensor, NULL, "max_ratio") >= FAR_OUT; }
static bool is_stored_as_codes(const json_t *tensor) {
  const char *dtype = json_string_value(json_object_get(tensor, "dtype"));
  return dtype && !text_is(tensor, "encoding", dtype);
}
static bool has_lattice(const json_t *tensor) {
  return json_is_object(json_object_get(tensor, "lattice")) && !is_stored_as_codes(tensor);
}

static double margin_of(const json_t *tensor) {
  const double rows = number_at(tensor, "weibull", "se_k_rows"), columns = number_at(tensor, "weibull", "se_k_columns");
  return VERDICT * fmax(number_at(tensor, "weibull", "se_k"), fmax(rows, columns));
}

static bool is_outside(const json_t *tensor) {
  const json_t *published = json_object_get(tensor, "published");
  return text_is(published, "verdict", "above") || text_is(published, "verdict", "below");
}

/* As find_weibull says it. */
static bool is_balanced_normal(const json_t *tensor) {
  const double distance = fabs(number_at(tensor, "weibull", "k") - NORMAL_K);
  const double left = fabs(number_at(tensor, "weibull", "k_both") - NORMAL_K);
  const bool judged = json_is_object(json_object_get(tensor, "published"));
  return !has_lattice(tensor) && !is_stored_as_codes(tensor) && distance > FAR_NORMAL && distance > margin_of(tensor) &&
         left < NEAR_NORMAL && left < distance / 3.0 && !(judged && number_at(tensor, "weibull", "r2") < STRAIGHT);
}

/* The gravest first. */
static const struct {
  bool (*holds)(const json_t *tensor);
  const char *one, *many;
} traits[] = {
    {has_nonfinite, "holds weights that are not finite", "hold weights that are not finite"},
    {has_dead, "has dead rows or columns", "have dead rows or columns"},
    {has_tiny, "holds many weights below 1e-12 that are not 0", "hold many weights below 1e-12 that are not 0"},
    {is_far_out, "has a weight ten times beyond the 99.9 % quantile",
     "have weights ten times beyond the 99.9 % quantile"},
    {has_lattice, "lies on a lattice of integer codes", "lie on a lattice of integer codes"},
    {is_outside, "has a k outside the published medians of its kind",
     "have a k outside the published medians of their kind"},
    {is_stored_as_codes, "is stored as codes: its k is not held against published values",
     "are stored as codes: their k is not held against published values"},
    {is_balanced_normal, "owes its k to row and column scales: balanced, it is near the 1.205 of a normal law",
     "owe their k to row and column scales: balanced, it is near the 1.205 of a normal law"},
};

/* "a, b, c and 2 more": the tensors that belong. Returns how many they are. */
static size_t name_tensors(text_buffer *out, const json_t *tensors,
                           bool (*belongs)(const json_t *tensor, const void *to), const void *to) {
  enum { NAMES = 3 };
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    if (!belongs(tensor, to)) continue;
    const char *name = json_string_value(json_object_get(tensor, "name"));
    if (++n <= NAMES) wlaw_text_add(out, "%s%s", n > 1 ? ", " : "", name && *name ? name : "the tensor");
  }
  if (n > NAMES) wlaw_text_add(out, " and %zu more", n - NAMES);
  return n;
}

static bool has_trait(const json_t *tensor, const void *trait) { return traits[*(const size_t *)trait].holds(tensor); }

static void tell_trait(bool *failed, json_t *sentences, const json_t *tensors, size_t trait) {
  text_buffer names = {0};
  const size_t n = name_tensors(&names, tensors, has_trait, &trait);
  if (names.failed) *failed = true;
  if (n > 0)
    SENTENCE(failed, sentences, "%zu of %zu tensors %s: %s.", n, json_array_size(tensors),
             n == 1 ? traits[trait].one : traits[trait].many, wlaw_text_string(&names));
  wlaw_text_free(&names);
}

static const char *note_of(const json_t *tensor) { return json_string_value(json_object_get(tensor, "note")); }
static const char *without_k(const json_t *tensor) {
  return json_string_value(json_object_get(json_object_get(tensor, "weibull"), "reason"));
}

/* Tensors of which the same is said. */
typedef struct saying {
  const char *(*text_of)(const json_t *tensor);
  const char *text;
} saying;

static bool is_said(const json_t *tensor, const void *to) {
  const saying *said = to;
  const char *text = said->text_of(tensor);
  return text && strcmp(text, said->text) == 0;
}

/* One sentence for each text that is said of tensors. */
static void tell_sayings(bool *failed, json_t *sentences, const json_t *tensors,
                         const char *(*text_of)(const json_t *tensor)) {
  const size_t all = json_array_size(tensors);
  for (size_t i = 0; i < all; i++) {
    const saying said = {text_of, text_of(json_array_get(tensors, i))};
    size_t first = 0;
    if (!said.text) continue;
    while (!is_said(json_array_get(tensors, first), &said)) first++;
    if (first < i) continue; /* told already */
    text_buffer names = {0};
    const size_t n = name_tensors(&names, tensors, is_said, &said);
    if (names.failed) *failed = true;
    if (text_of == without_k)
      SENTENCE(failed, sentences, "%zu of %zu tensors %s no k: %s.", n, all, n == 1 ? "has" : "have", said.text);
    else SENTENCE(failed, sentences, "%s: %s.", wlaw_text_string(&names), said.text);
    wlaw_text_free(&names);
  }
}

json_t *wlaw_scan_findings(bool *failed, const json_t *tensors, const json_t *skipped) {
  json_t *sentences = json_array();
  const size_t n = json_array_size(tensors), left = json_array_size(skipped);
  double worst = 0.0;
  for (size_t i = 0; i < n; i++) worst = fmax(worst, number_at(json_array_get(tensors, i), NULL, "severity"));
  for (size_t t = 0; t < sizeof traits / sizeof *traits; t++) tell_trait(failed, sentences, tensors, t);
  if (n > 0 && worst < SCAN_UNUSUAL)
    SENTENCE(failed, sentences, "Nothing unusual was found in %zu tensor%s.", n, plural(n));
  tell_sayings(failed, sentences, tensors, note_of);
  tell_sayings(failed, sentences, tensors, without_k);
  if (left > 0)
    SENTENCE(failed, sentences, "%zu tensor%s not measured; the list says why.", left, left == 1 ? " was" : "s were");
  return sentences;
}
