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

/* "a gain of 5.10 +- 0.40 points (z = 12.7)" */
static void add_difference(text_buffer *text, const redraw_test *test) {
  if (isnan(test->z)) {
    wlaw_text_add(text, "a difference of %.2f points without an error", 100.0 * test->difference);
    return;
  }
  const char *const kind = !counts(test) ? "no difference that counts:" : test->z > 0 ? "a gain of" : "a loss of";
  wlaw_text_add(text, "%s %.2f +- %.2f points (z = %.1f)", kind,
                100.0 * (counts(test) ? fabs(test->difference) : test->difference), 100.0 * test->standard_error,
                test->z);
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
             "all %zu cells (largest |z| %.1f).",
             chance, checks, largest);
}

/* A law that labels outputs, untrained: the part of the function that is in the law. */
static void say_drawn(bool *failed, json_t *list, const redraw *work, const redraw_test *test) {
  const redraw_mean mean = wlaw_redraw_mean(work, test->group, test->at);
  const redraw_epoch *epoch = &work->epochs[test->group->epoch];
  text_buffer text = {0};
  wlaw_text_add(&text, "Drawn from %s at epoch %llu and not trained, networks ", test->group->law->words,
                (unsigned long long)epoch->epoch);
  add_shape(&text, &work->recalled.plan.config.mlp);
  wlaw_text_add(&text, " reach ");
  add_percent(&text, mean.accuracy, mean.accuracy_error);
  wlaw_text_add(&text, ", where chance is %.4g %% and the run has ",
                100.0 / (double)work->recalled.dataset->classes);
  if (isnan(epoch->accuracy)) wlaw_text_add(&text, "no accuracy recorded");
  else add_percent(&text, epoch->accuracy, epoch->standard_error);
  wlaw_text_add(&text, ": over chance ");
  add_difference(&text, test);
  finish(failed, list, &text);
}

/* A law against ordinary initial weights, after each training. */
static void say_gains(bool *failed, json_t *list, const redraw *work, const redraw_group *group,
                      const redraw_test *tests, size_t n) {
  text_buffer text = {0};
  wlaw_text_add(&text, "Drawn from %s at epoch %llu and trained: ", group->law->words, epoch_of(work, group));
  for (size_t at = 1; at < work->n_after; at++) {
    const redraw_mean mean = wlaw_redraw_mean(work, group, at), ordinary = wlaw_redraw_mean(work, work->groups, at);
    wlaw_text_add(&text, "%safter %llu epoch%s ", at > 1 ? "; " : "", (unsigned long long)work->after[at],
                  work->after[at] == 1 ? "" : "s");
    add_percent(&text, mean.accuracy, mean.accuracy_error);
    wlaw_text_add(&text, ", ordinary networks ");
    add_percent(&text, ordinary.accuracy, ordinary.accuracy_error);
    wlaw_text_add(&text, ", ");
    add_difference(&text, wlaw_redraw_find_test(tests, n, REDRAW_GAIN, group, at));
  }
  finish(failed, list, &text);
}

static void say_correlations(bool *failed, json_t *list, const redraw *work, const redraw_group *group,
                             const redraw_test *tests, size_t n) {
  text_buffer text = {0};
  bool any = false;
  wlaw_text_add(&text, "Correlations between tensors, %s at epoch %llu beside the bipartite one of the same sides: ",
                group->law->words, epoch_of(work, group));
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_test *test = wlaw_redraw_find_test(tests, n, REDRAW_CORRELATIONS, group, at);
    if (!test) continue;
    if (at == 0) wlaw_text_add(&text, "as drawn ");
    else
      wlaw_text_add(&text, "%safter %llu epoch%s ", any ? "; " : "", (unsigned long long)work->after[at],
                    work->after[at] == 1 ? "" : "s");
    add_difference(&text, test);
    any = true;
  }
  if (any) finish(failed, list, &text);
  else wlaw_text_free(&text);
}

static void say_continued(bool *failed, json_t *list, const redraw *work, const redraw_group *group) {
  text_buffer text = {0};
  wlaw_text_add(&text, "The run's own networks of epoch %llu, trained on from a fresh state of the optimiser: ",
                epoch_of(work, group));
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_mean mean = wlaw_redraw_mean(work, group, at);
    if (at > 0)
      wlaw_text_add(&text, ", after %llu epoch%s ", (unsigned long long)work->after[at],
                    work->after[at] == 1 ? "" : "s");
    add_percent(&text, mean.accuracy, mean.accuracy_error);
  }
  finish(failed, list, &text);
}

void wlaw_redraw_findings(bool *failed, json_t *findings, const redraw *work, const redraw_test *tests, size_t n) {
  const size_t last = work->n_epochs - 1;
  size_t judged = 0, held = 0;
  say_checks(failed, findings, work, tests, n);
  for (size_t t = 0; t < n; t++) {
    if (tests[t].question == REDRAW_DRAWN && tests[t].group->epoch == last)
      say_drawn(failed, findings, work, &tests[t]);
    if (tests[t].question == REDRAW_CHECK) continue;
    if (!isnan(tests[t].z)) judged++;
    if (counts(&tests[t])) held++;
  }
  for (size_t i = 1; i < work->n_groups && work->n_after > 1; i++)
    if (work->groups[i].law && work->groups[i].epoch == last)
      say_gains(failed, findings, work, &work->groups[i], tests, n);
  for (size_t i = 1; i < work->n_groups; i++)
    if (work->groups[i].law && work->groups[i].epoch == last)
      say_correlations(failed, findings, work, &work->groups[i], tests, n);
  if (work->n_after > 1) say_continued(failed, findings, work, &work->groups[work->n_groups - 1]);
  if (judged > 0)
    SENTENCE(failed, findings,
             "Over all epochs %zu of %zu differences count: their p-value times %zu, the number of tests, is below %g.",
             held, judged, n, REDRAW_COUNTS);
}

static void note_group(bool *failed, json_t *notes, const redraw *work, const redraw_group *group) {
  const size_t fitted = work->epochs[group->epoch].fitted;
  if (group->law && group->trivial >= fitted)
    SENTENCE(failed, notes,
             "%zu networks at epoch %llu give the covariance of %zu trivial numbers a rank of at most %zu: %s draws "
             "these from the span of the networks it was fitted to.",
             fitted, epoch_of(work, group), group->trivial, fitted - 1, group->law->words);
  if (group->continued && group->networks < work->networks)
    SENTENCE(failed, notes, "%zu networks of the run are trained on at epoch %llu: there are no more.",
             group->networks, epoch_of(work, group));
  for (size_t at = 0; at < work->n_after; at++) {
    const redraw_mean mean = wlaw_redraw_mean(work, group, at);
    if (mean.nonfinite > 0)
      SENTENCE(failed, notes, "%zu of %zu networks (%s) have outputs that are not finite after %llu epochs and are left "
               "out of the means.", mean.nonfinite, group->networks,
               group->law ? group->law->name : group->continued ? "continued" : "ordinary",
               (unsigned long long)work->after[at]);
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
  for (size_t i = 0; i < work->n_groups; i++) note_group(failed, notes, work, &work->groups[i]);
}
