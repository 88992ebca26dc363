/* Sufficient statistics of the laws of whole networks (law/network.h), one additive accumulator. In the orthonormal
 * coordinates of measure/network_layout.h each network has trivial numbers t, vectors u_a over the nodes of each set,
 * and a residual sum of squares for each weight; the state holds sums over networks of
 *     t, t t', u_a . u_b of each set, residual squares
 * and, for errors that do not believe the law (sandwich), of
 *     t_a^2 t_b, t_a^2 t_b^2, (u_a . u_b)^2, squared residual squares.
 * It holds besides, for each set with weights on both sides, what the correlation of squared norms needs: with p_i and
 * q_i the squared norms of the incoming and outgoing weights of node i, centred over the nodes of the network, sums of
 * (p.p, p.q, q.q) and of the products of these three.
 *
 * All coordinates are taken of the weights minus a pivot (one number a tensor, the mean of the first network), and the
 * trivial numbers minus an origin (those of the first network), for labelled nodes have means of their own. This moves
 * the trivial numbers alone, keeps the digits of weights whose mean is many standard deviations, and leaves exactly 0
 * where networks are equal; sums about one pivot and origin add and subtract. Squared norms are of the weights
 * themselves. */
#ifndef WLAW_MEASURE_NETWORK_MOMENTS_H
#define WLAW_MEASURE_NETWORK_MOMENTS_H

#include "core/cpu.h"
#include "measure/network_layout.h"

enum { NORM_PP, NORM_PQ, NORM_QQ, NORM_SUMS };

typedef struct network_moments {
  network_layout layout;
  uint64_t count; /* networks */
  double pivot[NETWORK_TENSORS];
  double *origin; /* [T], of the weights minus the pivot: zeros unless they were set */
  bool robust;    /* holds the second line of sums */
  /* views into data, all sums over networks */
  double *trivial;                    /* [T] */
  double *trivial_products;           /* [T, T] */
  double *set_products[NETWORK_SETS]; /* [copies, copies] of each of layout.sets */
  double *entries;                    /* [n_entries] */
  double *norms;                      /* [n_sets, 3]: NORM_PP, NORM_PQ, NORM_QQ; zeros where a side is missing */
  double *norm_products;              /* [n_sets, 3, 3] */
  double *trivial_third;              /* [T, T]: t_a^2 t_b; NULL unless robust, as the three below */
  double *trivial_fourth;             /* [T, T]: t_a^2 t_b^2 */
  double *set_squares[NETWORK_SETS];  /* [copies, copies] */
  double *entry_squares;              /* [n_entries] */
  double *data;                       /* behind the origin */
  size_t length;                      /* doubles in data */
} network_moments;

/* Several networks, tensor by tensor: tensors[t] is [n, rows, cols] of layout.tensors[t], all float (single) or all
 * double. */
typedef struct network_block {
  const void *tensors[NETWORK_TENSORS];
  bool single;
} network_block;

/* Means of the tensors of the first network of a block, as a pivot. Zeros where they are not finite. */
void wlaw_network_pivot(double pivot[NETWORK_TENSORS], const network_layout *layout, const network_block *block);
/* An empty state. Caller frees. */
wlaw_status wlaw_network_moments_new(network_moments **out, const network_layout *layout,
                                     const double pivot[NETWORK_TENSORS], bool robust, wlaw_error *err);
/* An empty state with the pivot and origin of another. Caller frees. */
wlaw_status wlaw_network_moments_like(network_moments **out, const network_moments *of, bool robust, wlaw_error *err);
void wlaw_network_moments_free(network_moments *state); /* NULL allowed */
/* Gives up the sums for robust errors, and their memory. */
void wlaw_network_moments_trim(network_moments *state);

/* Space to work in, for one thread and one layout. */
typedef struct network_scratch network_scratch;
wlaw_status wlaw_network_scratch_new(network_scratch **out, const network_layout *layout, wlaw_error *err);
void wlaw_network_scratch_free(network_scratch *scratch); /* NULL allowed */

/* Makes the first network of a block the origin of an empty state; left as it is where a weight is not finite. */
void wlaw_network_moments_set_origin(network_moments *state, network_scratch *scratch, const network_block *block,
                                     cpu_level level);
/* Adds n networks and returns n; or the first network with a weight that is not finite or whose squares overflow: then
 * the state is of no use. The bytes of a state do not depend on how its networks were cut into calls, nor (beyond
 * rounding) on level. */
size_t wlaw_network_moments_add(network_moments *state, network_scratch *scratch, const network_block *block, size_t n,
                                cpu_level level);
/* into += sign * from, of one layout, pivot and origin; into may lack the sums that are for robust errors. */
void wlaw_network_moments_merge(network_moments *into, const network_moments *from, int sign);

/* The adapted coordinates of one network (n = 1 of a block), the pivot not subtracted: trivial [T]; copies: of each
 * set one after another [copies, width]; residual: of each weight with entries, [rows, cols], one after another (may be
 * NULL). For tests and for what looks at single networks. */
wlaw_status wlaw_network_coordinates(double *trivial, double *copies, double *residual, const network_layout *layout,
                                     const network_block *block, wlaw_error *err);

#endif
