/* An entry law fitted to weights, and the choice between laws. */
#ifndef WLAW_LAW_ENTRY_FIT_H
#define WLAW_LAW_ENTRY_FIT_H

#include "law/law.h"
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

/* One row of the choice. A law that has no meaning for the cells (a scale of 0, say) has a reason and NaN. */
typedef struct entry_candidate {
  entry_fit fit;
  double held_out;     /* mean log-density of a held-out weight, nats */
  double sup_distance; /* sup |F - G|, F of the fitted law, G of all weights (both sides of each step) */
  double wasserstein;  /* W1 = integral |F - G|, in units of the weights */
  const char *reason;  /* NULL, or why it was not fitted (a constant) */
} entry_candidate;

enum { ENTRY_CANDIDATES_MOST = 24 };

typedef struct entry_choice {
  entry_candidate candidates[ENTRY_CANDIDATES_MOST]; /* every law of the registry that fits entries, in its order */
  size_t n;
  int best; /* largest held_out; -1: none could be fitted */
} entry_choice;

/* Fits every law to `fitted`, judges it on `held_out` (other rows of the same tensor) and on both together. The
 * reported parameters are those of a fit to both. Cells: signed, without zeros. */
wlaw_status wlaw_entry_choose(entry_choice *out, const entry_cells *fitted, const entry_cells *held_out,
                              wlaw_error *err);

#endif
