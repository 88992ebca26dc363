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
    FIND(list, SCAN_SUSPICIOUS, "Every weight is 0: the matrix passes nothing on.");
    return;
  }
  /* rows of an embedding that no text uses are common */
  const scan_severity severity = kind == TENSOR_EMBED || kind == TENSOR_HEAD ? SCAN_UNUSUAL : SCAN_SUSPICIOUS;
  if (summary->dead_rows > 0)
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

/* Weights on a lattice were codes once; where the file says so itself, that is no news. */
static void find_lattice(finding_list *list, const part_scan *scan) {
  const weight_lattice *lattice = &scan->lattice;
  if (!lattice->found) return;
  const scan_severity severity = scan->info->encoding ? SCAN_FINE : SCAN_UNUSUAL;
  FIND(
      list, severity,
      "The weights lie on a lattice of %u bit%s (step %.4g%s): they come from integer codes, and k is not held against "
      "published values.",
      lattice->bits, plural(lattice->bits), lattice->step, lattice->by_row ? ", another in every row" : "");
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

static void find_weibull(finding_list *list, const part_scan *scan) {
  const weibull_plot *plot = &scan->weibull.plot;
  const tensor_kind kind = scan->part->role.kind;
  const published_band band = wlaw_published_k(kind);
  const double error = largest_error(&scan->weibull), margin = VERDICT * error;
  char cause[256];
  if (isnan(plot->k) || scan->lattice.found) return;
  if (band.n > 0 && plot->r2 < STRAIGHT && margin < plot->k / 10.0)
    FIND(list, SCAN_UNUSUAL,
         "The Weibull plot is not straight (R2 %.3g, published classes have .95): k says little here.", plot->r2);
  explain(cause, sizeof cause, scan);
  const bool above = plot->k - margin > band.high, below = plot->k + margin < band.low;
  if (band.n > 0 && (above || below))
    FIND(list, SCAN_UNUSUAL, "k = %.4g (standard error %.2g) is %s the %.4g to %.4g of %zu published models.%s",
         plot->k, error, above ? "above" : "below", band.low, band.high, band.n, cause);
  else if (*cause && fabs(plot->k - NORMAL_K) > fmax(margin, FAR_NORMAL))
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
  return number_at(tensor, NULL, "severity") >= SCAN_UNUSUAL && !text_is(tensor, "kind", "bias") &&
         number_at(tensor, NULL, "dead_rows") + number_at(tensor, NULL, "dead_columns") > 0.0;
}
static bool has_tiny(const json_t *tensor) {
  return number_at(tensor, NULL, "severity") >= SCAN_SUSPICIOUS &&
         number_at(tensor, NULL, "tiny") > MANY_TINY * number_at(tensor, NULL, "count");
}
static bool is_far_out(const json_t *tensor) { return number_at(tensor, NULL, "max_ratio") >= FAR_OUT; }
static bool has_lattice(const json_t *tensor) { return json_is_object(json_object_get(tensor, "lattice")); }

static double margin_of(const json_t *tensor) {
  const double rows = number_at(tensor, "weibull", "se_k_rows"), columns = number_at(tensor, "weibull", "se_k_columns");
  return VERDICT * fmax(number_at(tensor, "weibull", "se_k"), fmax(rows, columns));
}

static bool is_outside(const json_t *tensor) {
  const double k = number_at(tensor, "weibull", "k"), margin = margin_of(tensor);
  return !has_lattice(tensor) && (k - margin > number_at(tensor, "published", "k_high") ||
                                  k + margin < number_at(tensor, "published", "k_low"));
}

static bool is_balanced_normal(const json_t *tensor) {
  const double distance = fabs(number_at(tensor, "weibull", "k") - NORMAL_K);
  return !has_lattice(tensor) && distance > FAR_NORMAL && distance > margin_of(tensor) &&
         fabs(number_at(tensor, "weibull", "k_both") - NORMAL_K) < NEAR_NORMAL;
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
    {is_outside, "has a k outside the published range of its kind",
     "have a k outside the published range of their kind"},
    {is_balanced_normal, "owes its k to row and column scales: balanced, it is near the 1.205 of a normal law",
     "owe their k to row and column scales: balanced, it is near the 1.205 of a normal law"},
};

static void tell_trait(bool *failed, json_t *sentences, const json_t *tensors, size_t trait) {
  enum { NAMES = 3 };
  const size_t all = json_array_size(tensors);
  text_buffer names = {0};
  size_t n = 0;
  for (size_t i = 0; i < all; i++) {
    const json_t *tensor = json_array_get(tensors, i);
    if (!traits[trait].holds(tensor)) continue;
    const char *name = json_string_value(json_object_get(tensor, "name"));
    if (++n <= NAMES) wlaw_text_add(&names, "%s%s", n > 1 ? ", " : "", name && *name ? name : "the tensor");
  }
  if (n > NAMES) wlaw_text_add(&names, " and %zu more", n - NAMES);
  if (names.failed) *failed = true;
  if (n > 0)
    SENTENCE(failed, sentences, "%zu of %zu tensors %s: %s.", n, all, n == 1 ? traits[trait].one : traits[trait].many,
             wlaw_text_string(&names));
  wlaw_text_free(&names);
}

json_t *wlaw_scan_findings(bool *failed, const json_t *tensors, const json_t *skipped) {
  json_t *sentences = json_array();
  const size_t n = json_array_size(tensors), left = json_array_size(skipped);
  double worst = 0.0;
  for (size_t i = 0; i < n; i++) worst = fmax(worst, number_at(json_array_get(tensors, i), NULL, "severity"));
  for (size_t t = 0; t < sizeof traits / sizeof *traits; t++) tell_trait(failed, sentences, tensors, t);
  if (n > 0 && worst < SCAN_UNUSUAL)
    SENTENCE(failed, sentences, "Nothing unusual was found in %zu tensor%s.", n, plural(n));
  if (left > 0)
    SENTENCE(failed, sentences, "%zu tensor%s not measured; the list says why.", left, left == 1 ? " was" : "s were");
  return sentences;
}
