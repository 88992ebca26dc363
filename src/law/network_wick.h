/* What the law `network` predicts for invariants that join tensors (measure/network_invariants.h): expectation,
 * variance, and the standard error of observed minus predicted when the law was fitted to the same networks. As
 * law/wick.h does for one matrix, by Wick's theorem over delta diagrams; the graphs are small, so that their terms are
 * walked one by one. */
#ifndef WLAW_LAW_NETWORK_WICK_H
#define WLAW_LAW_NETWORK_WICK_H

#include "law/network.h"
#include "law/wick.h"
#include "measure/network_invariants.h"

/* One invariant. An invariant is a polynomial, and its parts of Wick-ordered degree 1 and 2 are linear and quadratic
 * forms that no permutation changes: statistics the law fits. So the residual is the parts of degree 3 and more.
 * WLAW_VALUE where variances overflow or vanish. At degree 4 some 60,000 terms, and as many for each pair of labels. */
wlaw_status wlaw_network_wick(graph_prediction *out, const network_invariant *invariant, const network_gaussian *law,
                              wlaw_error *err);

#endif
