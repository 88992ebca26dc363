/* Means over redrawn networks, and which differences between them count. */
#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/special.h"
#include "study/redraw.h"

/* Mean and standard error of one number of the outcomes, over finite networks. */
static void mean_of(double *mean, double *error, const redraw *work, const redraw_group *group, size_t at,
                    size_t offset) {
  double n = 0.0, sum = 0.0, squares = 0.0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < group->networks; k++) {
      const redraw_outcome *outcome = &group->outcomes[k * work->n_after + at];
      const double value = *(const double *)(const void *)((const char *)outcome + offset);
      if (!outcome->finite) continue;
      if (pass == 0) {
        sum += value;
        n++;
      } else squares += (value - sum / n) * (value - sum / n);
    }
  *mean = n > 0.0 ? sum / n : NAN;
  *error = n > 1.0 ? sqrt(squares / (n - 1.0) / n) : NAN;
}

redraw_mean wlaw_redraw_mean(const redraw *work, const redraw_group *group, size_t at) {
  redraw_mean out = {.accuracy_max = NAN};
  for (size_t k = 0; k < group->networks; k++) {
    const redraw_outcome *outcome = &group->outcomes[k * work->n_after + at];
    out.networks += outcome->finite;
    out.nonfinite += !outcome->finite;
    out.constant += outcome->constant;
    if (outcome->finite && !(outcome->accuracy <= out.accuracy_max)) out.accuracy_max = outcome->accuracy;
  }
  mean_of(&out.accuracy, &out.accuracy_error, work, group, at, offsetof(redraw_outcome, accuracy));
  mean_of(&out.loss, &out.loss_error, work, group, at, offsetof(redraw_outcome, loss));
  mean_of(&out.shared, &out.shared_error, work, group, at, offsetof(redraw_outcome, shared));
  return out;
}

/* The test of a mean against another, which has no error where it is known (n 0): Welch (1947), DOI
 * 10.1093/biomet/34.1-2.28. */
static void judge(redraw_test *test, double a, double error_a, size_t n_a, double b, double error_b, size_t n_b) {
  const double va = error_a * error_a, vb = n_b > 0 ? error_b * error_b : 0.0;
  const double freedom =
      (va + vb) * (va + vb) / (va * va / ((double)n_a - 1.0) + (n_b > 0 ? vb * vb / ((double)n_b - 1.0) : 0.0));
  test->difference = a - b;
  test->standard_error = sqrt(va + vb);
  test->z = test->p_value = NAN;
  if (!(test->standard_error > 0.0)) return; /* also where it is not known */
  test->z = test->difference / test->standard_error;
  test->p_value = 2.0 * wlaw_student_cdf(-fabs(test->z), freedom);
}

static void test_against(redraw_test *test, const redraw *work) {
  const redraw_mean mean = wlaw_redraw_mean(work, test->group, test->at);
  if (test->other) {
    const redraw_mean other = wlaw_redraw_mean(work, test->other, test->at);
    judge(test, mean.accuracy, mean.accuracy_error, mean.networks, other.accuracy, other.accuracy_error,
          other.networks);
  } else
    judge(test, mean.shared, mean.shared_error, mean.networks, 1.0 / (double)work->recalled.dataset->classes, 0, 0);
}

/* The bipartite law of the same sides at the same epoch. */
static const redraw_group *without_correlations(const redraw *work, const redraw_group *group) {
  for (size_t i = 0; i < work->n_groups; i++) {
    const redraw_group *other = &work->groups[i];
    if (other->law && other->epoch == group->epoch && other->law->nesting == NETWORK_BIPARTITE &&
        !other->law->permutation && other->law->inputs == group->law->inputs &&
        other->law->outputs == group->law->outputs)
      return other;
  }
  return NULL;
}

static void add(redraw_test *tests, size_t *n, redraw_question question, const redraw_group *group,
                const redraw_group *other, size_t at) {
  tests[(*n)++] = (redraw_test){.question = question, .group = group, .other = other, .at = at};
}

wlaw_status wlaw_redraw_tests(redraw_test **out, size_t *n, const redraw *work, wlaw_error *err) {
  const size_t most = 2 * work->n_groups * work->n_after;
  redraw_test *tests = wlaw_array(most, sizeof *tests);
  if (!tests) return wlaw_fail_memory(err, most, sizeof *tests);
  *n = 0;
  for (size_t i = 0; i < work->n_groups; i++) {
    const redraw_group *group = &work->groups[i];
    if (!group->law) continue;
    const bool labelled = group->law->outputs == SIDE_LABELLED;
    const redraw_group *other = group->law->nesting == NETWORK_WHOLE ? without_correlations(work, group) : NULL;
    for (size_t at = 0; at < work->n_after; at++) {
      if (at == 0) add(tests, n, labelled ? REDRAW_DRAWN : REDRAW_CHECK, group, NULL, at);
      else add(tests, n, REDRAW_GAIN, group, &work->groups[0], at);
      if (other && (labelled || at > 0)) add(tests, n, REDRAW_CORRELATIONS, group, other, at);
    }
  }
  for (size_t t = 0; t < *n; t++) {
    test_against(&tests[t], work);
    tests[t].p_adjusted = isnan(tests[t].p_value) ? NAN : fmin(1.0, tests[t].p_value * (double)*n);
  }
  *out = tests;
  return WLAW_OK;
}

const redraw_test *wlaw_redraw_find_test(const redraw_test *tests, size_t n, redraw_question question,
                                         const redraw_group *group, size_t at) {
  for (size_t t = 0; t < n; t++)
    if (tests[t].question == question && tests[t].group == group && tests[t].at == at) return &tests[t];
  return NULL;
}
