/* Departures in words: the global test, which ones matter, what they say about the weights. */
#include <math.h>
#include <stdio.h>

#include "core/error.h"
#include "study/departure_study.h"
#include "study/graph_meaning.h"
#include "study/sentence.h"

/* Below, the tails of the heavier invariants (a fourth power of the total has a third moment of 15 standard deviations
 * cubed, over the root of the networks) are far from normal. */
enum { NORMAL_NETWORKS = 200, NORMAL_ENTRIES = 5000 };

/* Whether nothing can be judged because all is fitted, and not because rounding hides it. */
static bool all_fitted(const departure_study *study) {
  for (size_t k = 0; k < study->set.n; k++)
    if (!study->departures[k].fitted) return false;
  return true;
}

void wlaw_departures_why_not_simulated(char *out, size_t capacity, const departure_study *study) {
  if (study->test.tested == 0)
    snprintf(out, capacity, "%s",
             all_fitted(study) ? "the fit determines every invariant looked at"
                               : "each is determined by the fit, or varies less than its value is rounded");
  else if (study->seconds > 0.0)
    snprintf(out, capacity, "199 replicates would take about %.2g s of one core; --patience %.0f or --replicates N",
             study->seconds, ceil(1.5 * study->seconds));
  else snprintf(out, capacity, "no replicates were asked for");
}

/* A wider law with a parameter for every invariant of degree 1 and 2; NULL: the fitted one has them. */
static const law_ops *widest(const departure_study *study) {
  const law_ops *law = study->rows == study->cols ? &wlaw_law_permutation : &wlaw_law_bipartite;
  return study->law->matrix->space || study->law == law ? NULL : law;
}

static void say_wider(bool *failed, json_t *summary, const departure_study *study) {
  const law_ops *law = widest(study);
  size_t quadratic = 0;
  for (size_t k = 0; k < study->set.n; k++)
    quadratic += study->set.graphs[k].n_edges <= 2 && wlaw_departures_significant(&study->departures[k], 1) == 1;
  if (law && quadratic > 0)
    SENTENCE(failed, summary, "%zu of them %s of degree 1 or 2, which the law %s fits: --law %s.", quadratic,
             quadratic == 1 ? "is" : "are", law->name, law->name);
}

static void say_global(bool *failed, json_t *summary, const departure_study *study) {
  const departure_test *test = &study->test;
  char formula[64], reason[160];
  const char *law = study->law->name;
  if (test->tested == 0) {
    wlaw_departures_why_not_simulated(reason, sizeof reason, study);
    SENTENCE(failed, summary, "No invariant looked at can depart from the law %s: %s.", law, reason);
    return;
  }
  wlaw_graph_formula(formula, sizeof formula, &study->set.graphs[test->worst]);
  const size_t significant = wlaw_departures_significant(study->departures, study->set.n);
  char found[64] = "none";
  if (significant > 0) snprintf(found, sizeof found, "%zu", significant);
  const char *depart = significant > 1 ? "depart" : "departs", *many = test->tested == 1 ? "" : "s";
  if (test->replicates == 0) {
    wlaw_departures_why_not_simulated(reason, sizeof reason, study);
    SENTENCE(
        failed, summary,
        "Of %zu invariant%s not fitted, %s %s from the law %s at 5 %% by normal p-values adjusted for their number "
        "(Holm); %s is furthest, by %.3g standard errors. The global test was not simulated: %s.",
        test->tested, many, found, depart, law, formula, test->max_z, reason);
  } else if (test->p_value < 0.05)
    SENTENCE(failed, summary,
             "The global test rejects the law %s (p = %.2g%s from %zu simulated ensembles): of %zu invariant%s not "
             "fitted, %s %s from it at 5 %%, adjusted for their number, and %s is furthest, by %.3g standard errors.",
             law, test->p_value, test->p_value * (double)(test->replicates + 1) < 1.5 ? ", the least possible" : "",
             test->replicates, test->tested, many, found, depart, formula, test->max_z);
  else
    SENTENCE(failed, summary,
             "The global test does not reject the law %s (p = %.2g from %zu simulated ensembles): of %zu invariant%s "
             "not fitted, none departs from it beyond chance, and %s, the furthest, only by %.3g standard errors.",
             law, test->p_value, test->replicates, test->tested, many, formula, test->max_z);
}

static void say_group(bool *failed, json_t *summary, const departure_study *study, const departure_group *group) {
  const departure *one = &study->departures[group->leader];
  const graph *g = &study->set.graphs[group->leader];
  char meaning[GRAPH_MEANING], formula[64], sd[64] = "", others[80] = "";
  wlaw_graph_meaning(meaning, sizeof meaning, g, study->set.family);
  wlaw_graph_formula(formula, sizeof formula, g);
  if (!isnan(one->deviation_sd)) snprintf(sd, sizeof sd, ", %+.2g standard deviations of a network", one->deviation_sd);
  if (group->followers > 0)
    snprintf(others, sizeof others, " %zu more departure%s from it.", group->followers,
             group->followers == 1 ? " follows" : "s follow");
  SENTENCE(failed, summary, "%s departs from the law %s by %+.3g standard errors%s (adjusted p %s %.2g): %s.%s",
           formula, study->law->name, one->deviation_se, sd, P_VALUE(wlaw_departure_p(one)), meaning, others);
}

/* Normal p-values hold for sums of many independent terms. */
static void warn_of_tails(bool *failed, json_t *warnings, const departure_study *study) {
  const double networks = (double)study->observed.count, entries = networks * (double)study->rows * (double)study->cols;
  if (study->test.tested == 0 || (networks >= NORMAL_NETWORKS && entries >= NORMAL_ENTRIES)) return;
  SENTENCE(failed, warnings,
           "With %.0f network%s of %zux%zu the normal p-values of the invariants are approximate: %s.", networks,
           networks > 1.0 ? "s" : "", study->rows, study->cols,
           study->test.replicates > 0 ? "trust the simulated ones" : "ask for simulated ones with --replicates");
}

static void say_groups(bool *failed, json_t *summary, const departure_study *study) {
  departure_group groups[DEPARTURE_GROUPS];
  size_t n, left;
  if (wlaw_departures_group(groups, &n, &left, study->departures, &study->test, study->set.n, NULL) != WLAW_OK) {
    *failed = true;
    return;
  }
  for (size_t k = 0; k < n; k++) say_group(failed, summary, study, &groups[k]);
  if (left > 0)
    SENTENCE(failed, summary, "%zu further invariant%s significantly from the law.", left,
             left == 1 ? " departs" : "s depart");
}

void wlaw_departures_put(bool *failed, json_t *document, json_t *summary, json_t *warnings,
                         const departure_study *study) {
  wlaw_json_put(failed, document, "departures", wlaw_departures_json(failed, study));
  say_global(failed, summary, study);
  say_wider(failed, summary, study);
  say_groups(failed, summary, study);
  warn_of_tails(failed, warnings, study);
}
