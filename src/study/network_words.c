/* What a fit to whole networks says in sentences: which law, which correlations, what not to trust. */
#include <math.h>
#include <string.h>

#include "study/network_study.h"
#include "study/sentence.h"

static const double level = 0.05;   /* of all tests in words */
enum { SENTENCES = 5, WORDS = 96 }; /* correlations told one by one */

/* ---- which law */

static void say_choice(bool *failed, json_t *summary, const network_study *study) {
  const network_fit *best = &study->fits[study->by_bic];
  double lead = INFINITY;
  if (isnan(best->bic)) {
    SENTENCE(failed, summary, "No law can be chosen: %s.", best->reason);
    return;
  }
  for (size_t k = 0; k <= NETWORK_WHOLE; k++)
    if (k != study->by_bic && study->fits[k].bic - best->bic < lead) lead = study->fits[k].bic - best->bic;
  if (isinf(lead))
    SENTENCE(failed, summary, "%s is the only law these data can judge: the likelihood of a wider one is unbounded.",
             wlaw_network_nesting_name(best->nesting));
  else
    SENTENCE(failed, summary, "The data want the law %s: its BIC is the smallest, by %.3g.",
             wlaw_network_nesting_name(best->nesting), lead);
}

static void say_tests(bool *failed, json_t *summary, const network_study *study) {
  for (size_t k = 0; k < study->n_tests; k++) {
    const network_test *test = &study->tests[k];
    const char *null = wlaw_network_nesting_name(test->null), *wider = wlaw_network_nesting_name(test->alternative);
    if (isnan(test->p_value))
      SENTENCE(failed, summary, "%s against %s cannot be tested: %s.", null, wider, test->reason);
    else
      SENTENCE(
          failed, summary,
          "The likelihood-ratio test %s %s in favour of %s (%.4g, after Bartlett's correction %.4g, on %zu degrees of "
          "freedom, p %s %.2g).",
          test->p_value < level ? "rejects" : "does not reject", null, wider, test->statistic, test->corrected,
          test->df, P_VALUE(test->p_value));
  }
}

/* ---- correlations */

static void set_words(char *out, size_t capacity, const network_layout *layout, size_t s, bool few) {
  const size_t k = layout->sets[s].set;
  if (k == 0) snprintf(out, capacity, few ? "inputs" : "Inputs");
  else if (k == layout->shape.layers) snprintf(out, capacity, few ? "outputs" : "Outputs");
  else snprintf(out, capacity, "%s %zu", few ? "hidden layer" : "Nodes of hidden layer", k);
}

static void copy_words(char *out, size_t capacity, const network_layout *layout, size_t s, size_t c) {
  char key[32];
  wlaw_network_copy_key(key, sizeof key, layout, s, c);
  if (strcmp(key, "rows") == 0) snprintf(out, capacity, "incoming sums");
  else if (strcmp(key, "columns") == 0) snprintf(out, capacity, "outgoing sums");
  else if (strcmp(key, "bias") == 0) snprintf(out, capacity, "biases");
  else snprintf(out, capacity, "weights %s %s", strncmp(key, "input", 5) == 0 ? "from" : "to", key);
}

/* A labelled bias, or a weight with labels on both sides, is itself, not a sum. */
static const char *sum_words(const network_layout *layout, size_t i, const char *sum, const char *itself) {
  const network_tensor *tensor = &layout->tensors[wlaw_network_trivial_tensor(layout, i)];
  return tensor->n_trivial < tensor->rows * tensor->cols ? sum : itself;
}

static void say_correlation(bool *failed, json_t *summary, const network_study *study, const network_correlation *one) {
  char a[NETWORK_NAME], b[NETWORK_NAME], set[WORDS];
  const char *size = one->value > 0.0 ? "large" : "small";
  if (one->kind == CORRELATION_TRIVIAL) {
    wlaw_network_sides(a, b, study, one);
    SENTENCE(failed, summary, "Networks where %s %s have a %s %s%s: correlation %.3f ± %.3f (z = %.3g).", a,
             sum_words(&study->layout, one->a, "has a large sum", "is large"), size,
             sum_words(&study->layout, one->b, "sum of ", ""), b, one->value, one->standard_error, one->z);
    return;
  }
  set_words(set, sizeof set, &study->layout, one->set, false);
  copy_words(a, sizeof a, &study->layout, one->set, one->a);
  copy_words(b, sizeof b, &study->layout, one->set, one->b);
  SENTENCE(failed, summary, "%s with large %s have %s %s: correlation %.3f ± %.3f (z = %.3g).", set, a, size, b,
           one->value, one->standard_error, one->z);
}

static void say_correlations(bool *failed, json_t *summary, const network_study *study) {
  size_t significant = 0, asked = 0;
  for (size_t k = 0; k < study->n_correlations; k++) {
    if (!isnan(study->adjusted[k])) asked++;
    if (!(study->adjusted[k] < level)) continue;
    if (significant++ < SENTENCES) say_correlation(failed, summary, study, &study->correlations[k]);
  }
  if (significant > SENTENCES)
    SENTENCE(failed, summary,
             "%zu of %zu correlations between tensors are beyond chance (5 %%, Holm); these are the "
             "largest in standard errors.",
             significant, asked);
  if (significant == 0 && asked > 0)
    SENTENCE(failed, summary,
             "None of %zu correlations between tensors is beyond chance (5 %%, Holm); the largest has z = %.3g.", asked,
             study->correlations[0].z);
}

/* Beside the sums: what the law sees, and what it cannot. */
static void say_norms(bool *failed, json_t *summary, const network_study *study) {
  for (size_t k = 0; k < study->n_norms; k++) {
    const network_correlation *one = &study->norms[k], *sums = wlaw_network_sums(study, one->set);
    char set[WORDS], beside[160] = "";
    if (!(one->p_value * (double)study->n_norms < level)) continue;
    set_words(set, sizeof set, &study->layout, one->set, true);
    if (sums && !isnan(sums->value))
      snprintf(beside, sizeof beside, "; their sums %s (%.3f ± %.3f)", sums->p_value < level ? "do as well" : "do not",
               sums->value, sums->standard_error);
    SENTENCE(
        failed, summary,
        "Squared norms of the incoming and outgoing weights of the nodes of %s correlate: %.3f ± %.3f (z = %.3g)%s.",
        set, one->value, one->standard_error, one->z, beside);
  }
}

void wlaw_network_say(bool *failed, json_t *summary, const network_study *study) {
  say_choice(failed, summary, study);
  say_tests(failed, summary, study);
  say_correlations(failed, summary, study);
  say_norms(failed, summary, study);
}

/* ---- warnings */

typedef struct error_ratios {
  size_t n, beyond; /* numbers with both errors, those whose ratio leaves 1/1.2 ... 1.2 */
  double low, high;
} error_ratios;

static void add_ratio(error_ratios *ratios, double error, double robust) {
  const double ratio = robust / error;
  if (isnan(ratio)) return;
  ratios->n++;
  if (ratio < 1.0 / 1.2 || ratio > 1.2) ratios->beyond++;
  ratios->low = fmin(ratios->low, ratio);
  ratios->high = fmax(ratios->high, ratio);
}

static void add_name(text_buffer *list, const char *name, const error_ratios *ratios) {
  if (ratios->beyond == 0) return;
  wlaw_text_add(list, "%s%s (", list->length ? ", " : "", name);
  if (ratios->n > 1)
    wlaw_text_add(list, "%zu of %zu, %.3g to %.3g)", ratios->beyond, ratios->n, ratios->low, ratios->high);
  else wlaw_text_add(list, "%.3g)", ratios->low);
}

/* The upper triangle of each block counts. */
static error_ratios ratios_of(const double *error, const double *robust, size_t rows, size_t cols) {
  error_ratios ratios = {.low = INFINITY, .high = -INFINITY};
  for (size_t i = 0; i < rows; i++)
    for (size_t j = i; j < cols; j++) add_ratio(&ratios, error[i * cols + j], robust[i * cols + j]);
  return ratios;
}

static void warn_of_ratios(bool *failed, json_t *warnings, const network_fit *fit) {
  const network_layout *layout = &fit->gaussian->layout;
  text_buffer list = {0};
  error_ratios ratios = ratios_of(fit->error->mean, fit->robust->mean, 1, layout->trivial);
  add_name(&list, "mean", &ratios);
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++) {
    const size_t n = wlaw_network_block_copies(layout, b);
    char name[32];
    if (wlaw_network_block_dimension(layout, b) == 0) continue;
    wlaw_network_block_name(name, sizeof name, layout, b);
    ratios = ratios_of(wlaw_network_block(fit->error, b), wlaw_network_block(fit->robust, b), n, n);
    add_name(&list, name, &ratios);
  }
  if (list.length > 0)
    SENTENCE(failed, warnings,
             "The robust error differs from the one under the law, by the factor in brackets, for numbers of %s: %s",
             wlaw_text_string(&list),
             fit->networks < 50
                 ? "with so few networks the robust errors themselves are uncertain."
                 : "the weights are not normal or not as exchangeable as the law says; trust the robust errors.");
  *failed |= list.failed;
  wlaw_text_free(&list);
}

static void warn_of_side(bool *failed, json_t *warnings, const char *nodes, const char *option) {
  SENTENCE(failed, warnings,
           "%s are taken as exchangeable (--%s exchangeable). Where each is itself, as a pixel or a class is, the law "
           "describes networks averaged over permutations of them: standard errors under the law, tests and "
           "likelihoods are not valid there; robust errors are.",
           nodes, option);
}

/* The first file that is given twice: a network that counts twice makes errors too small. */
static void warn_of_repeats(bool *failed, json_t *warnings, const networks *source) {
  for (size_t k = 1; k < source->n_paths; k++)
    for (size_t i = 0; i < k; i++)
      if (strcmp(source->paths[k], source->paths[i]) == 0) {
        SENTENCE(failed, warnings, "%s is given more than once, and its network counts as often: errors are too small.",
                 source->paths[k]);
        return;
      }
}

void wlaw_network_warn(bool *failed, json_t *warnings, const network_study *study) {
  const network_shape *shape = &study->layout.shape;
  if (study->source->n == 1)
    SENTENCE(failed, warnings,
             "One network: the mean and covariance of the trivial numbers are not determined, those of nodes and "
             "entries are, from the spread over its nodes.");
  for (size_t k = 1; k < shape->layers; k++)
    if (shape->width[k] == 1)
      SENTENCE(failed, warnings, "Hidden layer %zu has one node: there are no differences between its nodes.", k);
  if (shape->input == SIDE_EXCHANGEABLE) warn_of_side(failed, warnings, "Inputs", "input");
  if (shape->output == SIDE_EXCHANGEABLE) warn_of_side(failed, warnings, "Outputs", "output");
  warn_of_ratios(failed, warnings, &study->fits[NETWORK_WHOLE]);
  warn_of_repeats(failed, warnings, study->source);
  if (study->source->uncovered) wlaw_json_append(failed, warnings, wlaw_json_text(study->source->uncovered));
  if (study->source->excluded > 0)
    SENTENCE(failed, warnings, "%zu networks are left out (%s).", study->source->excluded, study->rule);
}
