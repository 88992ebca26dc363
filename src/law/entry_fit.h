/* An entry law fitted to weights, and the choice between laws. */
#ifndef WLAW_LAW_ENTRY_FIT_H
#define WLAW_LAW_ENTRY_FIT_H

#include "law/law.h"
#include "math/newton.h"
#include "measure/entry_cells.h"

/* By maximum likelihood, all weights taken as independent; a cell counts as `count` weights at its mean. */
typedef struct entry_fit {
  wlaw_law law;                              /* every parameter set */
  double standard_error[LAW_MAX_PARAMETERS]; /* in the order of the table; NaN: fixed or not determined */
  double log_likelihood;                     /* natural logarithm, over all cells */
  size_t free_parameters;
  bool converged;
  unsigned iterations;
  const char *stop_reason; /* a constant */
} entry_fit;

/* sum of count * log_density over the cells. */
double wlaw_entry_log_likelihood(const wlaw_law *law, const entry_cells *cells);

/* ---- what fits share */

/* The law `ops` with no parameter set, nothing determined. */
void wlaw_entry_fit_start(entry_fit *fit, const law_ops *ops);
/* Sets parameter i (its number in the table) and its standard error (NaN: fixed or not determined). */
void wlaw_entry_fit_set(entry_fit *fit, size_t i, double value, double standard_error);
/* How the search ended, and the log-likelihood of the finished law. */
void wlaw_entry_fit_finish(entry_fit *fit, const newton_maximum *maximum, size_t free_parameters,
                           const entry_cells *cells);
/* The same where the maximum is known in closed form. */
void wlaw_entry_fit_finish_closed(entry_fit *fit, size_t free_parameters, const entry_cells *cells);

/* Magnitudes in units of `unit`, their geometric mean, ascending: for laws that are symmetric about 0. Cells w and -w
 * are one. Caller frees with wlaw_entry_magnitudes_free. WLAW_VALUE where there are no weights other than 0. */
typedef struct entry_magnitudes {
  size_t n;
  double *log;   /* [n] ln(|w| / unit) */
  double *share; /* [n] of all weights; sums to 1 */
  double unit, total;
} entry_magnitudes;
wlaw_status wlaw_entry_magnitudes(entry_magnitudes *out, const entry_cells *cells, wlaw_error *err);
void wlaw_entry_magnitudes_free(entry_magnitudes *magnitudes); /* safe on a zeroed struct */

/* ln of the mean of m^power (m = |w| / unit), and mean and mean square of ln m when weights count in proportion to
 * m^power: what likelihoods with a term in |w|^power need. */
typedef struct entry_power {
  double log_mean, first, second;
} entry_power;
entry_power wlaw_entry_power(const entry_magnitudes *magnitudes, double power);

/* Log-densities and distribution function at n points (either may be NULL). */
void wlaw_entry_evaluate(const wlaw_law *law, const double *x, size_t n, double *log_density, double *cdf);

/* ---- the choice */

/* sup |F - G| over the ends of the cells, both sides of a step, and W1 = integral |F - G| (infinite where F has no
 * mean), G of the cells: their weights are equal, or lie evenly in a cell of some width. */
wlaw_status wlaw_entry_distance(double *sup, double *wasserstein, const wlaw_law *law, const entry_cells *cells,
                                wlaw_error *err);

/* One row of the choice. A law that has no meaning for the cells (a scale of 0, say) has a reason and NaN. */
typedef struct entry_candidate {
  entry_fit fit;
  double held_out;     /* mean log-density of a held-out weight, nats */
  double sup_distance; /* wlaw_entry_distance to all weights */
  double wasserstein;  /* in units of the weights */
  const char *reason;  /* NULL, or why it was not fitted (a constant) */
} entry_candidate;

enum { ENTRY_CANDIDATES_MOST = 24 };

typedef struct entry_choice {
  entry_candidate candidates[ENTRY_CANDIDATES_MOST]; /* every law of the registry that fits entries, in its order */
  size_t n;
  int best; /* -1: none could be fitted */
} entry_choice;

/* Fits every law to `fitted` and judges it by `held_out` (other rows of the same tensor); the reported parameters and
 * distances are those of a fit to both together. Best is the simplest law (fewest free parameters, then the order of
 * the registry) among those that weights held out do not tell from the one they find most likely: the sum of paired
 * differences is within two nats or, for fewer parameters, two of its standard errors (in which a weight counts for one
 * nat at most). Cells: signed, without zeros. */
wlaw_status wlaw_entry_choose(entry_choice *out, const entry_cells *fitted, const entry_cells *held_out,
                              wlaw_error *err);

#endif
