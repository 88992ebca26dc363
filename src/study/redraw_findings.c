/* What came out of `redraw`, in sentences. */
#include <math.h>

#include "study/redraw.h"
#include "study/sentence.h"

static bool counts(const redraw_test *test) { return test && test->p_adjusted < REDRAW_COUNTS; }

static unsigned long long epoch_of(const redraw *work, const redraw_group *group) {
  return (unsigned long long)work->epochs[group->epoch].epoch;
}

/* "784-10-10-10-10" */
static void add_shape(text_buffer *text, const mlp *net) {
  for (size_t k = 0; k <= net->layers; k++) wlaw_text_add(text, "%s%zu", k ? "-" : "", net->width[k]);
}

static void add_percent(text_buffer *text, double value, double error) {
  wlaw_text_add(text, "%.2f", 100.0 * value);
  if (!isnan(error)) wlaw_text_add(text, " +- %.2f", 100.0 * error);
  wlaw_text_add(text, " %%");
}

static void add_epochs(text_buffer *text, uint64_t n) {
  wlaw_text_add(text, "after %llu epoch%s ", (unsigned long long)n, n == 1 ? "" : "s");
}

/* "a gain of 5.10 +- 0.40 points, z = 12.7" */
static void add_difference(text_buffer *text, const redraw_test *test, const char *from) {
  if (isnan(test->z)) {
    wlaw_text_add(text, "%+.2f points from %s, without an error", 100.0 * test->difference, from);
    return;
  }
  if (!counts(test)) wlaw_text_add(text, "not told apart from %s: %+.2f", from, 100.0 * test->difference);
  else wlaw_text_add(text, "a %s of %.2f", test->z > 0 ? "gain" : "loss", 100.0 * fabs(test->difference));
  wlaw_text_add(text, " +- %.2f points, z = %.1f", 100.0 * test->standard_error, test->z);
}

static void finish(bool *failed, json_t *list, text_buffer *text) {
  wlaw_text_add(text, ".");
  *failed |= text->failed;
  wlaw_json_append(failed, list, wlaw_json_text(wlaw_text_string(text)));
  wlaw_text_free(text);
}

static void say_checks(bool *failed, json_t *list, const redraw *work, const redraw_test *tests, size_t n) {
  const double chance = 100.0 / (double)work->recalled.dataset->classes;
  size_t checks = 0, broken = 0;
  double largest = 0.0;
  for (size_t t = 0; t < n; t++) {
    if (tests[t].question != REDRAW_CHECK) continue;
    if (!isnan(tests[t].z)) checks++;
    largest = fmax(largest, fabs(tests[t].z));
    if (!counts(&tests[t])) continue;
    broken++;
    SENTENCE(failed, list,
             "A check fails: networks drawn from %s of epoch %llu differ from the %.4g %% that exchangeable outputs "
             "give on average by %.2f +- %.2f points (z = %.1f): this is a fault of the program.",
             tests[t].group->law->words, epoch_of(work, tests[t].group), chance, 100.0 * tests[t].difference,
             100.0 * tests[t].standard_error, tests[t].z);
  }
  if (checks > 0 && broken == 0)
    SENTENCE(failed, list,
             "Networks as drawn with exchangeable outputs have an accuracy of %.4g %%, as they must, within errors in "
             "%s%zu cell%s (largest |z| %.1f).",
             chance, checks > 1 ? "all " : "", checks, checks > 1 ? "s" : "", largest);
}

/* What laws are held against, at the last epoch: ordinary networks, and the run's own. */
static void say_references(bool *failed, json_t *list, const redraw *work) {
  const redraw_group *own = &work->groups[work->n_groups - 1];
  const redraw_epoch *epoch = &work->epochs[work->n_epochs - 1];
  text_buffer text = {0};
  wlaw_text_add(&text, "Ordinary networks ");
  add_shape(&text, &work->recalled.plan.config.mlp);
  for (int which = 0; which < 2; which++) {
    if (which == 1) wlaw_text_add(&text, "; the run's own of epoch %llu", (unsigned long long)epoch->epoch);
    for (size_t at = 0; at < work->n_after; at++) {
      const redraw_mean mean = wlaw_redraw_mean(work, which == 0 ? work->groups : own, at);
      wlaw_text_add(&text, at ? ", " : which ? " have " : " reach ");
      if (at > 0) add_epochs(&text, work->after[at]);
      add_percent(&text, mean.accuracy, mean.accuracy_error);
      if (at == 0) wlaw_text_add(&text, " as they are");
    }
  }
  wlaw_text_add(&text, " of further training");
  finish(failed, list, &text);
}

/* One law at the last epoch. As drawn it is held against chance (where outputs are labelled: otherwise that is a check,
 * and told apart), trained against ordinary networks. */
static void say_law(bool *failed, json_t *list, const redraw *work, const redraw_group *group, const redraw_test *tests,
                    size_t n) {
  text_buffer text = {0};
  bool any = false;
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_mean mean = wlaw_redraw_mean(work, group, at);
    const redraw_test *test = wlaw_redraw_find_test(tests, n, at == 0 ? REDRAW_DRAWN : REDRAW_GAIN, group, at);
    if (!test) continue;
    if (any) wlaw_text_add(&text, "; ");
    else wlaw_text_add(&text, "Networks drawn from %s at epoch %llu: ", group->law->words, epoch_of(work, group));
    if (at > 0) add_epochs(&text, work->after[at]);
    else wlaw_text_add(&text, "untrained ");
    add_percent(&text, mean.accuracy, mean.accuracy_error);
    wlaw_text_add(&text, " (");
    add_difference(&text, test, at == 0 ? "chance" : "ordinary");
    wlaw_text_add(&text, ")");
    any = true;
  }
  if (any) finish(failed, list, &text);
}

static void say_correlations(bool *failed, json_t *list, const redraw *work, const redraw_group *group,
                             const redraw_test *tests, size_t n) {
  text_buffer text = {0};
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_test *test = wlaw_redraw_find_test(tests, n, REDRAW_CORRELATIONS, group, at);
    if (!test) continue;
    if (text.length > 0) wlaw_text_add(&text, "; ");
    else
      wlaw_text_add(&text, "What correlations between tensors add, %s at epoch %llu beside %s: ", group->law->words,
                    epoch_of(work, group), test->other->law->words);
    if (at == 0) wlaw_text_add(&text, "untrained ");
    else add_epochs(&text, work->after[at]);
    add_difference(&text, test, "it");
  }
  if (text.length > 0) finish(failed, list, &text);
}

/* "gains of network-labelled at epochs 5, 10" */
static size_t add_where(text_buffer *text, const redraw *work, const redraw_test *tests, size_t n,
                        const redraw_law *law, bool gain, bool first) {
  size_t found = 0, last = work->n_epochs;
  for (size_t t = 0; t < n; t++) {
    const redraw_test *test = &tests[t];
    if (test->question != REDRAW_GAIN || test->group->law != law || !counts(test) || (test->z > 0) != gain) continue;
    if (test->group->epoch == last) continue;
    if (found++ == 0)
      wlaw_text_add(text, "%s%s of %s at epoch ", first ? ": " : ", ", gain ? "gains" : "losses", law->name);
    else wlaw_text_add(text, " and ");
    wlaw_text_add(text, "%llu", epoch_of(work, test->group));
    last = test->group->epoch;
  }
  return found;
}

static void say_all(bool *failed, json_t *list, const redraw *work, const redraw_test *tests, size_t n) {
  size_t judged = 0, held = 0, named = 0;
  text_buffer text = {0};
  for (size_t t = 0; t < n; t++) {
    if (tests[t].question != REDRAW_GAIN || isnan(tests[t].z)) continue;
    judged++;
    if (counts(&tests[t])) held++;
  }
  if (judged == 0) return;
  wlaw_text_add(&text,
                "Over all epochs %zu of %zu differences from ordinary networks count (p-value times %zu, the "
                "number of tests, below %g)",
                held, judged, n, REDRAW_COUNTS);
  for (int gain = 1; gain >= 0; gain--)
    for (size_t i = 0; i < work->n_laws; i++)
      named += add_where(&text, work, tests, n, work->laws[i], gain, named == 0);
  finish(failed, list, &text);
}

void wlaw_redraw_findings(bool *failed, json_t *findings, const redraw *work, const redraw_test *tests, size_t n) {
  const size_t last = work->n_epochs - 1;
  say_checks(failed, findings, work, tests, n);
  say_references(failed, findings, work);
  for (size_t i = 1; i < work->n_groups; i++)
    if (work->groups[i].law && work->groups[i].epoch == last)
      say_law(failed, findings, work, &work->groups[i], tests, n);
  for (size_t i = 1; i < work->n_groups; i++)
    if (work->groups[i].law && work->groups[i].epoch == last)
      say_correlations(failed, findings, work, &work->groups[i], tests, n);
  say_all(failed, findings, work, tests, n);
}

/* Once, of the first law that has it. */
static void note_rank(bool *failed, json_t *notes, const redraw *work) {
  for (size_t i = 0; i < work->n_groups; i++) {
    const redraw_group *group = &work->groups[i];
    const size_t fitted = work->epochs[group->epoch].fitted;
    if (!group->law || group->joint < fitted) continue;
    SENTENCE(failed, notes,
             "%zu networks give a covariance of %zu trivial numbers (%s) a rank of at most %zu: such a law draws "
             "these from the span of the networks it was fitted to.",
             fitted, group->joint, group->law->name, fitted - 1);
    return;
  }
}

static void note_group(bool *failed, json_t *notes, const redraw *work, const redraw_group *group) {
  if (group->continued && group->networks < work->networks)
    SENTENCE(failed, notes, "%zu networks of the run are trained on at epoch %llu: there are no more.", group->networks,
             epoch_of(work, group));
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_mean mean = wlaw_redraw_mean(work, group, at);
    if (mean.nonfinite > 0)
      SENTENCE(failed, notes,
               "%zu of %zu networks (%s) have outputs that are not finite after %llu epoch%s and are left "
               "out of the means.",
               mean.nonfinite, group->networks,
               group->law         ? group->law->name
               : group->continued ? "continued"
                                  : "ordinary",
               (unsigned long long)work->after[at], work->after[at] == 1 ? "" : "s");
  }
}

void wlaw_redraw_notes(bool *failed, json_t *notes, const redraw *work) {
  const train_config *config = &work->recalled.plan.config;
  bool square = false;
  for (size_t l = 1; l + 1 < config->mlp.layers; l++)
    square |= config->mlp.width[l] == config->mlp.width[l + 1] && config->mlp.width[l] > 1;
  for (size_t i = 0; i < work->n_laws; i++)
    if (work->laws[i]->permutation && !square)
      SENTENCE(failed, notes, "No weight between hidden layers is square: permutation is bipartite here.");
  for (size_t e = 0; e < work->n_epochs; e++)
    if (work->epochs[e].excluded > 0)
      SENTENCE(failed, notes,
               "%zu networks whose outputs are constant or not finite at epoch %llu are left out of its fits and of "
               "those trained on; ordinary networks are compared as they come.",
               work->epochs[e].excluded, (unsigned long long)work->epochs[e].epoch);
  if (config->schedule != SCHEDULE_CONSTANT)
    SENTENCE(failed, notes, "The schedule of the learning rate begins anew in every training.");
  note_rank(failed, notes, work);
  for (size_t i = 0; i < work->n_groups; i++) note_group(failed, notes, work, &work->groups[i]);
}
