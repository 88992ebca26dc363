/* The law the weights of a run were drawn from. */
#ifndef WLAW_STUDY_INITIAL_H
#define WLAW_STUDY_INITIAL_H

#include "law/matrix.h"
#include "law/network.h"
#include "study/run.h"

/* The law of the initial weights of a tensor [rows, cols], as they are stored: the Gaussian law of their first two
 * moments, and, where kurtosis is not NULL, what these do not say: E(x - mean)^4 / variance^2 of an entry (3 for a
 * Gaussian law, NaN where it is not known or entries depend on each other, as those of a node do that has a variance of
 * its own). */
wlaw_status wlaw_initial_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, const char *tensor,
                             size_t rows, size_t cols, wlaw_error *err);
/* The law of all initial weights and biases. names: of the tensors in the run. Caller frees. WLAW_ARGUMENT where that
 * of a matrix is wider than what a network's symmetry allows. */
wlaw_status wlaw_initial_network(network_gaussian **out, const run_directory *run, const network_layout *layout,
                                 const char *const *names, wlaw_error *err);

#endif
