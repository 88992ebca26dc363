/* The numbers of a multilayer perceptron in coordinates adapted to its symmetry, which permutes the nodes of each
 * hidden layer: the rows of one matrix together with its bias and the columns of the next.
 *
 * Node set k = 0 .. layers has width[k] nodes: inputs, hidden layers, outputs. Layer l = 0 .. layers-1 has a weight
 * [width[l+1], width[l]] from set l to set l+1 and perhaps a bias on set l+1. Hidden sets are exchangeable; inputs and
 * outputs are exchangeable, labelled (each node is itself), or, inputs only, omitted: the first weight is left out, its
 * bias stays.
 *
 * Every tensor splits into orthogonal parts, and all coordinates below are orthonormal:
 *   trivial   what no permutation moves: sum W / sqrt(rows cols); where one side is labelled, one number for each of
 *             its nodes, the sum over the other side / sqrt(its size); where both are, the entries. Of a bias sum /
 *             sqrt(d), of a labelled bias its entries.
 *   copies    vectors over the nodes of an exchangeable set, centred: row sums / sqrt(cols) on the set of the rows,
 *             column sums / sqrt(rows) on that of the columns; where the other side is labelled, one vector for each of
 *             its nodes (a column of W, a row of W); the bias itself.
 *   entries   what is left of a weight with both sides exchangeable: (rows - 1)(cols - 1) coordinates. */
#ifndef WLAW_MEASURE_NETWORK_LAYOUT_H
#define WLAW_MEASURE_NETWORK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

enum { NETWORK_LAYERS = 64, NETWORK_TENSORS = 2 * NETWORK_LAYERS, NETWORK_SETS = NETWORK_LAYERS + 1 };

typedef enum network_side { SIDE_EXCHANGEABLE, SIDE_LABELLED, SIDE_OMITTED } network_side;

typedef struct network_shape {
  size_t layers;
  size_t width[NETWORK_SETS];
  bool bias[NETWORK_LAYERS];
  network_side input, output; /* output is not omitted */
} network_shape;

#define NETWORK_NONE SIZE_MAX

/* A weight or a bias that the law covers. A bias is a column: cols 1, neither exchangeable nor labelled. */
typedef struct network_tensor {
  size_t layer;
  bool is_bias;
  size_t rows, cols;
  bool rows_labelled, cols_labelled;
  size_t trivial, n_trivial; /* place and number of its trivial coordinates: labelled rows, else labelled columns, both
                                row by row */
  size_t row_set, row_copy, n_row_copies; /* over the nodes of its rows: place in layout.sets, first copy there */
  size_t column_set, column_copy, n_column_copies; /* over the nodes of its columns */
  size_t entries;                                  /* place of its residual variance */
} network_tensor;                                  /* NETWORK_NONE, and 0 copies, where there are none */

/* An exchangeable node set with at least one copy, its copies in the order: rows (or inputs 0, 1, ...), bias, columns
 * (or outputs 0, 1, ...). */
typedef struct network_set {
  size_t set;   /* 0 .. layers */
  size_t width; /* nodes; the centred vectors have width - 1 dimensions */
  size_t copies;
} network_set;

/* Tensors: weights by layer, then biases by layer; trivial coordinates, sets and entries in the order of these. */
typedef struct network_layout {
  network_shape shape;
  size_t n_tensors;
  network_tensor tensors[NETWORK_TENSORS];
  size_t trivial;
  size_t n_sets;
  network_set sets[NETWORK_SETS];
  size_t n_entries;
} network_layout;

/* WLAW_SHAPE for no layers, too many, an empty set, or nothing left to describe; WLAW_LIMIT for covariances that cannot
 * be in memory. */
wlaw_status wlaw_network_layout(network_layout *out, const network_shape *shape, wlaw_error *err);
bool wlaw_network_layout_equal(const network_layout *a, const network_layout *b);
/* Dimension of the space the law lives in: the weights and biases covered. */
size_t wlaw_network_dimension(const network_layout *layout);

/* Names for people, of trivial coordinate i and of copy c of set number s: "layer2.weight", "layer4.weight, output 3",
 * "layer2.bias"; "rows of layer2.weight", "bias of layer 2", "columns of layer3.weight", "layer4.weight to output 3",
 * "layer1.weight from input 17". name: of tensors[t] by the caller's names, [n_tensors], or NULL for layerK.weight. */
void wlaw_network_trivial_name(char *out, size_t capacity, const network_layout *layout, const char *const *name,
                               size_t i);
void wlaw_network_copy_name(char *out, size_t capacity, const network_layout *layout, const char *const *name, size_t s,
                            size_t c);
/* The key of a copy in documents: "rows", "bias", "columns", "input 17", "output 3". */
void wlaw_network_copy_key(char *out, size_t capacity, const network_layout *layout, size_t s, size_t c);
/* The tensor that trivial coordinate i, or copy c of set number s, belongs to. */
size_t wlaw_network_trivial_tensor(const network_layout *layout, size_t i);
size_t wlaw_network_copy_tensor(const network_layout *layout, size_t s, size_t c);

#endif
