/* Which departures say the same. Invariants overlap: sum M_ij^2 M_ik holds every term of sum M_ij^3, and a skewed entry
 * moves both. To first order a departure in the direction of one invariant moves another by their regression under the
 * null; the replicates of the simulated null know it. So the largest departure leads, what the regression on it
 * explains is taken off the others (Gram-Schmidt with pivots), and those with nothing significant left follow it. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/multiple.h"
#include "study/departure_study.h"

static const double level = 0.05;

double wlaw_departure_p(const departure *one) {
  return isnan(one->p_simulated_adjusted) ? one->p_adjusted : one->p_simulated_adjusted;
}

size_t wlaw_departures_significant(const departure *departures, size_t n) {
  size_t significant = 0;
  for (size_t k = 0; k < n; k++) significant += wlaw_departure_p(&departures[k]) < level;
  return significant;
}

typedef struct candidate {
  size_t place;
  bool grouped;
  double z;       /* of what is left */
  double *column; /* [replicates]: the null of what is left, centred */
  double length;  /* of the whole column */
} candidate;

typedef struct grouping {
  size_t n, replicates, tested;
  candidate *candidates;
  double *columns;
} grouping;

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static void take_column(candidate *one, const departure_test *test, size_t n) {
  double mean = 0.0;
  for (size_t r = 0; r < test->replicates; r++) mean += test->z[r * n + one->place] / (double)test->replicates;
  for (size_t r = 0; r < test->replicates; r++) one->column[r] = test->z[r * n + one->place] - mean;
  one->length = sqrt(dot(one->column, one->column, test->replicates));
}

/* |z| of what is left, over its own fluctuation; 0 where nothing is left. */
static double remaining(const grouping *all, const candidate *one) {
  if (all->replicates == 0) return fabs(one->z);
  static const double nothing = 0.05; /* of the column: the noise of a regression on 200 or more replicates */
  const double length = sqrt(dot(one->column, one->column, all->replicates));
  return length > nothing * one->length ? fabs(one->z) * sqrt((double)all->replicates) / length : 0.0;
}

static size_t take_leader(grouping *all) {
  size_t best = all->n;
  double most = 0.0;
  for (size_t k = 0; k < all->n; k++) {
    const double z = all->candidates[k].grouped ? NAN : remaining(all, &all->candidates[k]);
    if (isnan(z) || (best < all->n && z <= most)) continue;
    best = k;
    most = z;
  }
  if (best < all->n) all->candidates[best].grouped = true;
  return best;
}

/* Takes the leader off all others; how many follow it. */
static size_t take_followers(grouping *all, const candidate *leader) {
  const double norm = dot(leader->column, leader->column, all->replicates);
  size_t followers = 0;
  for (size_t k = 0; k < all->n; k++) {
    candidate *one = &all->candidates[k];
    if (one->grouped) continue;
    const double slope = norm > 0.0 ? dot(leader->column, one->column, all->replicates) / norm : 0.0;
    for (size_t r = 0; r < all->replicates; r++) one->column[r] -= slope * leader->column[r];
    one->z -= slope * leader->z;
    one->grouped = wlaw_normal_two_sided(remaining(all, one)) * (double)all->tested >= level;
    followers += one->grouped;
  }
  return followers;
}

static wlaw_status start(grouping *all, const departure *departures, const departure_test *test, size_t n,
                         wlaw_error *err) {
  all->candidates = wlaw_array(n, sizeof *all->candidates);
  if (!all->candidates) return wlaw_fail_memory(err, n, sizeof *all->candidates);
  for (size_t k = 0; k < n; k++)
    if (wlaw_departure_p(&departures[k]) < level)
      all->candidates[all->n++] = (candidate){.place = k, .z = departures[k].deviation_se};
  all->columns = wlaw_array(all->n, test->replicates * sizeof *all->columns);
  if (!all->columns) return wlaw_fail_memory(err, all->n, test->replicates * sizeof *all->columns);
  for (size_t k = 0; k < all->n && test->replicates > 0; k++) {
    all->candidates[k].column = all->columns + k * test->replicates;
    take_column(&all->candidates[k], test, n);
  }
  return WLAW_OK;
}

wlaw_status wlaw_departures_group(departure_group groups[DEPARTURE_GROUPS], size_t *n_groups, size_t *left,
                                  const departure *departures, const departure_test *test, size_t n, wlaw_error *err) {
  grouping all = {.replicates = test->replicates, .tested = test->tested};
  *n_groups = *left = 0;
  const wlaw_status status = start(&all, departures, test, n, err);
  while (status == WLAW_OK && *n_groups < DEPARTURE_GROUPS) {
    const size_t leader = take_leader(&all);
    if (leader == all.n) break;
    departure_group *group = &groups[(*n_groups)++];
    group->leader = all.candidates[leader].place;
    group->followers = all.replicates > 0 ? take_followers(&all, &all.candidates[leader]) : 0;
  }
  for (size_t k = 0; status == WLAW_OK && k < all.n; k++) *left += !all.candidates[k].grouped;
  free(all.columns);
  free(all.candidates);
  return status;
}
