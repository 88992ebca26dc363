/* Polynomial invariants of a whole network that join its tensors: stars at a node set and paths through layers, up to
 * degree 4. An edge stands for a weight W_rc or a bias b_r, a node for an index that is summed over its set; the side
 * of a weight that is labelled is summed over its labels. Invariants within one weight are those of
 * measure/invariants.h.
 *
 *   star  all edges touch one node i: sum over i of the power sums of what comes in, sum_j W_ij^a, of its bias b_i^p,
 *         and of the power sums of what goes out, sum_k V_ki^b; of two of the three at least, or of the bias alone
 *   path  one weight after another: sum of all entries of W_l ... W_(k+1) W_k, or of W_l ... W_(k+1) b_k; from degree 3
 *         on, for a path of two edges is a star */
#ifndef WLAW_MEASURE_NETWORK_INVARIANTS_H
#define WLAW_MEASURE_NETWORK_INVARIANTS_H

#include "measure/network_moments.h"

enum { NETWORK_DEGREE = 4, NETWORK_GRAPH_NODES = 2 * NETWORK_DEGREE, NETWORK_LABELS_MOST = 64 };
enum { NODE_NONE = UINT8_MAX }; /* an end that is none: of a bias, of a labelled side */

typedef struct network_edge {
  size_t tensor;       /* of the layout */
  uint8_t row, column; /* nodes, or NODE_NONE */
  uint8_t label;       /* edges of one weight with one number have the same label; 0: each has a sum of its own */
} network_edge;

typedef enum network_invariant_kind { NETWORK_STAR, NETWORK_PATH } network_invariant_kind;

typedef struct network_invariant {
  network_invariant_kind kind;
  size_t set; /* star: place in layout.sets of its node, which is node 0 */
  /* star: powers, descending, zeros behind */
  uint8_t in[NETWORK_DEGREE], out[NETWORK_DEGREE], bias;
  size_t n_edges, n_nodes;
  network_edge edges[NETWORK_DEGREE]; /* star: in, bias, out; path: in the order of the layers */
  size_t width[NETWORK_GRAPH_NODES];  /* numbers a node runs over */
} network_invariant;

/* Every invariant of degree 2 to `degree` (at most NETWORK_DEGREE) of a layout, by degree, then by set, stars before
 * paths. Weights with labelled inputs take no part. Powers above 1 of a weight to more than NETWORK_LABELS_MOST
 * labelled outputs are left out, and *left_out counts them: what a law predicts for them takes the square of the
 * labels. Caller frees *out. */
wlaw_status wlaw_network_invariants(network_invariant **out, size_t *n, size_t *left_out, const network_layout *layout,
                                    size_t degree, wlaw_error *err);

/* values: [count, n] of the networks of a block. Not finite where they overflow, or where weights are not. */
wlaw_status wlaw_network_invariants_measure(double *values, const network_invariant *invariants, size_t n,
                                            const network_layout *layout, const network_block *block, size_t count,
                                            wlaw_error *err);

/* "sum W3_ij^2 W4_ki^2", layers counted from 1, c a label; capacity 64 always holds it. */
void wlaw_network_invariant_formula(char *out, size_t capacity, const network_invariant *invariant,
                                    const network_layout *layout);

#endif
