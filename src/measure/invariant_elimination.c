/* A node with one neighbour turns into a vector on it (a matrix-vector product), one with two into a matrix between
 * them (a matrix product), the last one into a number. Only the six edges of a clique of four, where every node has
 * three, leave no such node: graphs without it have treewidth at most 2 (Bodlaender 1998,
 * DOI 10.1016/S0304-3975(97)00228-4). */
#include "measure/invariant_elimination.h"

#include <float.h>
#include <string.h>

enum {
  NODES = GRAPH_EDGES + 1, /* of a connected graph */
  ROOM = 256               /* more than one order of elimination adds: 7 nodes, up to 20 for each */
};

/* A matrix (as a reference) between two nodes, or a vector on one (row == col). */
typedef struct factor {
  uint8_t row, col;
  uint32_t what;
} factor;

/* A graph some of whose nodes are eliminated. There are never more factors than edges at the start. */
typedef struct remainder {
  size_t n;
  unsigned alive; /* bit per node */
  factor factors[GRAPH_EDGES];
} remainder;

typedef struct search {
  expression_table *table;
  size_t length, n_nodes;
  uint8_t order[NODES], best[NODES];
  double best_cost;
} search;

static bool touches(const factor *f, size_t node) { return f->row == node || f->col == node; }
static bool joins(const factor *f, size_t u, size_t v) {
  return (f->row == u && f->col == v) || (f->row == v && f->col == u);
}

static unsigned neighbours_of(const remainder *left, size_t node) {
  unsigned neighbours = 0;
  for (size_t k = 0; k < left->n; k++)
    if (touches(&left->factors[k], node)) neighbours |= 1u << left->factors[k].row | 1u << left->factors[k].col;
  return neighbours & ~(1u << node);
}

static void sort_numbers(uint32_t *numbers, size_t n) {
  for (size_t i = 1; i < n; i++)
    for (size_t k = i; k > 0 && numbers[k] < numbers[k - 1]; k--) {
      const uint32_t swap = numbers[k];
      numbers[k] = numbers[k - 1];
      numbers[k - 1] = swap;
    }
}

/* Elementwise product of sorted vectors, halves first: pairs are what others share. */
static uint32_t vector_product(expression_table *table, const uint32_t *vectors, size_t n) {
  if (n == 1) return vectors[0];
  const uint32_t a = vector_product(table, vectors, n / 2), b = vector_product(table, vectors + n / 2, n - n / 2);
  return wlaw_expression(table, VECTOR_PRODUCT, a, b);
}

static size_t vectors_on(uint32_t vectors[GRAPH_EDGES], const remainder *left, size_t node) {
  size_t n = 0;
  for (size_t k = 0; k < left->n; k++)
    if (left->factors[k].row == node && left->factors[k].col == node) vectors[n++] = left->factors[k].what;
  sort_numbers(vectors, n);
  return n;
}

/* The product of all factors between two nodes, by rows with u the row. */
static uint32_t matrix_between(expression_table *table, const remainder *left, size_t u, size_t v) {
  uint32_t matrices[GRAPH_EDGES] = {0};
  size_t n = 0;
  for (size_t k = 0; k < left->n; k++) {
    const factor *f = &left->factors[k];
    if (!joins(f, u, v)) continue;
    const uint32_t reference = f->row == u ? f->what : wlaw_reference_transposed(table, f->what);
    matrices[n++] = wlaw_reference_rows(table, reference);
  }
  sort_numbers(matrices, n);
  uint32_t all = matrices[0];
  for (size_t k = 1; k < n; k++) all = wlaw_expression(table, MATRIX_COMPOSITE, all, matrices[k]);
  return all;
}

static size_t count_between(const remainder *left, size_t u, size_t v) {
  size_t n = 0;
  for (size_t k = 0; k < left->n; k++) n += joins(&left->factors[k], u, v);
  return n;
}

/* The vectors of a node as one: ones where there are none. side: of the node. */
static uint32_t vector_at(expression_table *table, const remainder *left, size_t node, uint32_t side) {
  uint32_t vectors[GRAPH_EDGES];
  const size_t n = vectors_on(vectors, left, node);
  return n ? vector_product(table, vectors, n) : wlaw_expression(table, VECTOR_ONES, side, side);
}

static uint32_t node_to_number(expression_table *table, const remainder *left, size_t node) {
  uint32_t vectors[GRAPH_EDGES];
  const size_t n = vectors_on(vectors, left, node);
  if (n > 1) {
    const uint32_t a = vector_product(table, vectors, n / 2), b = vector_product(table, vectors + n / 2, n - n / 2);
    return wlaw_expression(table, NUMBER_DOT, a, b);
  }
  const uint32_t side = table->all[vectors[0]].sides[0];
  return wlaw_expression(table, NUMBER_DOT, vectors[0], wlaw_expression(table, VECTOR_ONES, side, side));
}

static factor node_to_vector(expression_table *table, const remainder *left, size_t node, size_t u) {
  const uint32_t matrix = matrix_between(table, left, u, node);
  const uint32_t x = vector_at(table, left, node, table->all[matrix].sides[1]);
  return (factor){(uint8_t)u, (uint8_t)u, wlaw_expression(table, VECTOR_APPLIED, matrix, x)};
}

/* What stands between u and `node`, rows u, as something a product can read; scaled by the node's vectors if any. */
static uint32_t operand(expression_table *table, const remainder *left, size_t u, size_t node, bool scaled) {
  if (!scaled && count_between(left, u, node) == 1)
    for (size_t k = 0; k < left->n; k++) {
      const factor *f = &left->factors[k];
      if (joins(f, u, node)) return f->row == u ? f->what : wlaw_reference_transposed(table, f->what);
    }
  const uint32_t matrix = matrix_between(table, left, u, node), side = table->all[matrix].sides[1];
  const uint32_t x = scaled ? vector_at(table, left, node, side) : wlaw_expression(table, VECTOR_ONES, side, side);
  return matrix_reference(wlaw_expression(table, MATRIX_SCALED, matrix, x));
}

static factor node_to_matrix(expression_table *table, const remainder *left, size_t node, size_t u, size_t w) {
  uint32_t vectors[GRAPH_EDGES];
  const bool scaled = vectors_on(vectors, left, node) > 0;
  const bool on_w = count_between(left, u, node) == 1 && count_between(left, w, node) > 1; /* is stored anyway */
  const uint32_t a = operand(table, left, u, node, scaled && !on_w);
  const uint32_t b = wlaw_reference_transposed(table, operand(table, left, w, node, scaled && on_w));
  return (factor){(uint8_t)u, (uint8_t)w, wlaw_reference_product(table, a, b)};
}

/* Four nodes, one entry of M for each pair. */
static uint32_t clique(expression_table *table, const remainder *left) {
  static const uint8_t pairs[CLIQUE_PAIRS][2] = {[CLIQUE_TU] = {0, 1}, [CLIQUE_TV] = {0, 2}, [CLIQUE_TW] = {0, 3},
                                                 [CLIQUE_UV] = {1, 2}, [CLIQUE_VW] = {2, 3}, [CLIQUE_UW] = {1, 3}};
  uint32_t reversed = 0;
  for (size_t p = 0; p < CLIQUE_PAIRS; p++)
    for (size_t k = 0; k < left->n; k++)
      if (left->factors[k].row == pairs[p][1] && left->factors[k].col == pairs[p][0]) reversed |= 1u << p;
  return wlaw_expression(table, NUMBER_CLIQUE, reversed, wlaw_expression(table, MATRIX_TRANSPOSED, 0, 0));
}

static bool is_clique(const remainder *left) {
  return left->n == GRAPH_EDGES && left->alive == 15 && neighbours_of(left, 0) == 14 && neighbours_of(left, 1) == 13 &&
         neighbours_of(left, 2) == 11 && neighbours_of(left, 3) == 7;
}

/* Sums over one node with at most two neighbours; returns the value when it was the last. */
static uint32_t eliminate(remainder *left, expression_table *table, size_t node, unsigned neighbours) {
  if (!neighbours) {
    left->alive = 0;
    return node_to_number(table, left, node);
  }
  const size_t u = (size_t)__builtin_ctz(neighbours), w = (size_t)(31 - __builtin_clz(neighbours));
  const factor made = u == w ? node_to_vector(table, left, node, u) : node_to_matrix(table, left, node, u, w);
  size_t n = 0;
  for (size_t k = 0; k < left->n; k++)
    if (!touches(&left->factors[k], node)) left->factors[n++] = left->factors[k];
  left->factors[n++] = made;
  left->n = n;
  left->alive &= ~(1u << node);
  return 0;
}

/* All orders from here. last: the node eliminated before, whose neighbours were `near`; nodes that do not touch each
 * other may change places, so only rising pairs of such are tried. */
static void search_orders(search *s, const remainder *left, size_t last, unsigned near) {
  expression_table *table = s->table;
  const size_t before = table->n;
  for (size_t node = 0; node < NODES; node++) {
    const unsigned neighbours = neighbours_of(left, node);
    if (!(left->alive >> node & 1) || __builtin_popcount(neighbours) > 2) continue;
    if (s->length > 0 && node < last && !(near >> node & 1)) continue;
    remainder next = *left;
    (void)eliminate(&next, table, node, neighbours);
    s->order[s->length++] = (uint8_t)node;
    const double cost = table->all[table->n - 1].cost;
    if (cost < s->best_cost) {
      if (next.alive) search_orders(s, &next, node, neighbours);
      else {
        s->best_cost = cost;
        memcpy(s->best, s->order, sizeof s->best);
      }
    }
    s->length--;
    wlaw_expressions_cut(table, before);
  }
}

bool wlaw_graph_eliminate(uint32_t *value, expression_table *table, const graph *g) {
  if (!wlaw_expressions_reserve(table, ROOM)) return false;
  remainder left = {.n = g->n_edges, .alive = (1u << g->n_nodes) - 1};
  for (size_t k = 0; k < g->n_edges; k++) {
    const graph_edge e = g->edges[k];
    left.factors[k] = (factor){e.from, e.to, e.from == e.to ? wlaw_expression(table, VECTOR_DIAGONAL, 0, 0) : 0};
  }
  if (is_clique(&left)) {
    *value = clique(table, &left);
    return true;
  }
  search s = {.table = table, .best_cost = DBL_MAX};
  search_orders(&s, &left, 0, 0);
  for (size_t k = 0; k < g->n_nodes; k++) *value = eliminate(&left, table, s.best[k], neighbours_of(&left, s.best[k]));
  return true;
}
