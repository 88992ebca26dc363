/* Parts of node_estimate.c that are ideas of their own. */
#ifndef WLAW_LIMIT_NODE_PARTS_H
#define WLAW_LIMIT_NODE_PARTS_H

#include "limit/node_estimate.h"

/* Sums over the nodes of one network. NaN shares: every weight is 0. */
typedef struct node_shares {
  double total, square; /* of mean squares, and of their squares */
  double largest;       /* share of the largest */
  double dispersion;    /* sum of squared shares: 1/width if all are equal */
  double half_power;    /* sum of shares to the power 3/2 */
} node_shares;
node_shares wlaw_node_shares(const double *mean_square, size_t width);

/* node_equal.c: fills share_null, p_equal and p_equal_simulated, and makes `null`, [*n], mean squares of networks whose
 * lambda are all 1: noise alone. Caller frees. */
wlaw_status wlaw_node_test_equal(node_estimate *out, double **null, size_t *n, const node_sample *sample,
                                 const node_shares *shares, const node_settings *settings, wlaw_error *err);

/* node_hill.c: fills hill, se_hill, hill_nodes, hill_reason. null: [n_null], sorted in place. */
wlaw_status wlaw_node_hill(node_estimate *out, const node_sample *sample, double *null, size_t n_null, wlaw_error *err);

#endif
