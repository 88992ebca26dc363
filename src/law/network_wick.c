#include "law/network_wick.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

/* Two copies of an invariant. */
enum { EDGES = 2 * NETWORK_DEGREE, NODES = 2 * NETWORK_GRAPH_NODES, ORDERS = NETWORK_DEGREE + 1, DIAGRAMS = 4 };

/* ---- the law in the basis of Kronecker deltas ---- */

/* An edge as coordinates of the layout: those of its label, or the sum over all labels. */
typedef struct edge_place {
  const network_tensor *tensor;
  uint8_t node[2];      /* of rows, of columns; NODE_NONE */
  size_t first, count;  /* labels */
  double unit, half[2]; /* an entry's share of a trivial coordinate; of a copy over rows, over columns */
} edge_place;

static edge_place place_edge(const network_layout *layout, const network_edge *edge, size_t label, size_t shift) {
  const network_tensor *t = &layout->tensors[edge->tensor];
  edge_place out = {.tensor = t, .node = {NODE_NONE, NODE_NONE}, .count = edge->label ? 1 : t->n_trivial};
  if (edge->label) out.first = label;
  if (edge->row != NODE_NONE) out.node[0] = (uint8_t)(edge->row + shift);
  if (edge->column != NODE_NONE) out.node[1] = (uint8_t)(edge->column + shift);
  out.half[0] = out.node[1] == NODE_NONE ? 1.0 : 1.0 / sqrt((double)t->cols);
  out.half[1] = out.node[0] == NODE_NONE ? 1.0 : 1.0 / sqrt((double)t->rows);
  out.unit = out.half[0] * out.half[1];
  return out;
}

static double block_sum(const double *covariance, size_t stride, size_t row, size_t n_rows, size_t col, size_t n_cols) {
  double sum = 0.0;
  for (size_t a = row; a < row + n_rows; a++)
    for (size_t b = col; b < col + n_cols; b++) sum += covariance[a * stride + b];
  return sum;
}

/* Covariance of the copies of edge e over its end x and of f over its end y, of one set, as a factor of delta - 1/width
 * of the two indices; 0 where the set has one node. */
static double copy_covariance(const network_gaussian *law, const edge_place *e, size_t x, const edge_place *f,
                              size_t y) {
  const size_t s = x ? e->tensor->column_set : e->tensor->row_set;
  const network_set *set = &law->layout.sets[s];
  if (set->width == 1) return 0.0;
  const size_t a = x ? e->tensor->column_copy : e->tensor->row_copy,
               b = y ? f->tensor->column_copy : f->tensor->row_copy;
  return e->half[x] * f->half[y] * block_sum(law->sets[s], set->copies, a + e->first, e->count, b + f->first, f->count);
}

/* A term of the covariance of two edges: coefficient times deltas that make nodes equal. */
typedef struct delta_diagram {
  double coefficient;
  size_t joins;
  uint8_t a[2], b[2];
} delta_diagram;

typedef struct edge_pair {
  size_t n;
  delta_diagram diagrams[DIAGRAMS];
} edge_pair;

/* Below the rounding of its parts a coefficient is zero, and `parts` is the sum of their sizes: the law has no such
 * term, as the iid law has none with one delta. */
static void add_diagram(edge_pair *pair, delta_diagram diagram, double parts) {
  static const double rounding = 64.0 * 0x1p-53;
  if (fabs(diagram.coefficient) <= rounding * parts) return;
  pair->diagrams[pair->n++] = diagram;
}

/* Cov of the two edges: T u u' + sum over shared ends of V (delta - 1/d) + e (delta - 1/rows) (delta - 1/cols). */
static void set_pair(edge_pair *pair, const network_gaussian *law, const edge_place *e, const edge_place *f) {
  const network_tensor *t = e->tensor;
  const double trivial = e->unit * f->unit *
                         block_sum(law->trivial, law->layout.trivial, t->trivial + e->first, e->count,
                                   f->tensor->trivial + f->first, f->count);
  const bool has_entries = t == f->tensor && t->entries != NETWORK_NONE && t->rows > 1 && t->cols > 1;
  const double entries = has_entries ? law->entries[t->entries] : 0.0;
  const double area = (double)t->rows * (double)t->cols;
  double none = trivial + entries / area, none_parts = fabs(none);
  *pair = (edge_pair){0};
  for (size_t x = 0; x < 2; x++)
    for (size_t y = 0; y < 2; y++) {
      if (e->node[x] == NODE_NONE || f->node[y] == NODE_NONE) continue;
      if ((x ? t->column_set : t->row_set) != (y ? f->tensor->column_set : f->tensor->row_set)) continue;
      const double copies = copy_covariance(law, e, x, f, y), width = (double)(x ? t->cols : t->rows),
                   left = entries * width / area;
      none -= copies / width;
      none_parts += fabs(copies) / width;
      add_diagram(pair, (delta_diagram){copies - left, 1, {e->node[x]}, {f->node[y]}}, fabs(copies) + fabs(left));
    }
  if (has_entries)
    add_diagram(pair, (delta_diagram){entries, 2, {e->node[0], e->node[1]}, {f->node[0], f->node[1]}}, 0.0);
  add_diagram(pair, (delta_diagram){.coefficient = none}, none_parts);
}

static double edge_mean(const network_gaussian *law, const edge_place *e) {
  double sum = 0.0;
  for (size_t i = 0; i < e->count; i++) sum += law->mean[e->tensor->trivial + e->first + i];
  return sum * e->unit;
}

/* ---- sums over diagrams ---- */

typedef struct wick_walk {
  size_t n_edges, half; /* edges of both copies; of the first */
  edge_pair pairs[EDGES][EDGES];
  double mean[EDGES];
  double width[NODES];                  /* of a node's set */
  double sum[ORDERS], absolute[ORDERS]; /* by the number of pairs of an edge of either copy */
} wick_walk;

/* Nodes made equal share a block, whose sum over the set is one factor less. */
static double join(uint8_t block[NODES], const double *width, const delta_diagram *diagram) {
  double factor = 1.0;
  for (size_t k = 0; k < diagram->joins; k++) {
    const uint8_t a = block[diagram->a[k]], b = block[diagram->b[k]];
    if (a == b) continue;
    factor /= width[a];
    for (size_t v = 0; v < NODES; v++) block[v] = block[v] == b ? a : block[v];
  }
  return factor;
}

/* The first edge left is its mean, or one of a pair with a later one. */
static void walk_edges(wick_walk *walk, unsigned used, const uint8_t *block, double term, size_t across) {
  size_t e = 0;
  while (used >> e & 1) e++;
  if (e == walk->n_edges) {
    walk->sum[across] += term;
    walk->absolute[across] += fabs(term);
    return;
  }
  used |= 1u << e;
  if (walk->mean[e] != 0.0) walk_edges(walk, used, block, term * walk->mean[e], across);
  for (size_t f = e + 1; f < walk->n_edges; f++) {
    const edge_pair *pair = &walk->pairs[e][f];
    if (used >> f & 1) continue;
    for (size_t d = 0; d < pair->n; d++) {
      const delta_diagram *diagram = &pair->diagrams[d];
      uint8_t joined[NODES];
      memcpy(joined, block, sizeof joined);
      const double factor = join(joined, walk->width, diagram);
      walk_edges(walk, used | 1u << f, joined, term * factor * diagram->coefficient,
                 across + (e < walk->half && f >= walk->half));
    }
  }
}

/* Of `copies` (1 or 2) of the invariant, with these labels. */
static void walk_copies(wick_walk *walk, const network_invariant *of, const network_gaussian *law, size_t copies,
                        const size_t labels[2]) {
  edge_place places[EDGES];
  uint8_t block[NODES];
  double all = 1.0;
  *walk = (wick_walk){.n_edges = copies * of->n_edges, .half = of->n_edges};
  for (size_t v = 0; v < NODES; v++) block[v] = (uint8_t)v;
  for (size_t c = 0; c < copies; c++) {
    for (size_t v = 0; v < of->n_nodes; v++) all *= walk->width[c * of->n_nodes + v] = (double)of->width[v];
    for (size_t e = 0; e < of->n_edges; e++)
      places[c * of->n_edges + e] = place_edge(&law->layout, &of->edges[e], labels[c], c * of->n_nodes);
  }
  for (size_t e = 0; e < walk->n_edges; e++) {
    walk->mean[e] = edge_mean(law, &places[e]);
    for (size_t f = e + 1; f < walk->n_edges; f++) set_pair(&walk->pairs[e][f], law, &places[e], &places[f]);
  }
  walk_edges(walk, 0, block, all, 0);
}

/* ---- predictions ---- */

/* Each label is a graph of its own where an edge has one. */
static size_t graphs_of(const network_invariant *of, const network_layout *layout) {
  for (size_t e = 0; e < of->n_edges; e++)
    if (of->edges[e].label) return layout->tensors[of->edges[e].tensor].rows;
  return 1;
}

/* A sum of signed terms below this times the sum of their sizes is zero: 60,000 additions round it by sqrt(60,000)
 * 2^-53 = 3e-14 of that. */
static const double ZERO_TO_ROUNDING = 1e-12;

/* Variances are products of the variances, or squared means, of edges: where these vanish all would pass for fitted. */
static bool vanishes(const network_invariant *of, const network_gaussian *law) {
  static const double smallest = 1e-290; /* the rounding of its parts is not yet that of the end of double precision */
  double product = 1.0;
  for (size_t e = 0; e < of->n_edges; e++) {
    const edge_place place = place_edge(&law->layout, &of->edges[e], 0, 0);
    edge_pair own;
    set_pair(&own, law, &place, &place);
    double square = edge_mean(law, &place) * edge_mean(law, &place);
    for (size_t d = 0; d < own.n; d++) square += fabs(own.diagrams[d].coefficient);
    if (square == 0.0) return false;
    product *= square;
  }
  return product < smallest;
}

wlaw_status wlaw_network_wick(graph_prediction *out, const network_invariant *invariant, const network_gaussian *law,
                              wlaw_error *err) {
  const size_t n = graphs_of(invariant, &law->layout);
  double absolute[ORDERS] = {0}, all = 0.0;
  wick_walk walk;
  *out = (graph_prediction){0};
  for (size_t a = 0; a < n; a++) {
    walk_copies(&walk, invariant, law, 1, (size_t[]){a, a});
    out->mean += walk.sum[0];
    for (size_t b = 0; b <= a; b++) {
      walk_copies(&walk, invariant, law, 2, (size_t[]){a, b});
      const double times = a == b ? 1.0 : 2.0;
      for (size_t m = 1; m <= invariant->n_edges; m++) {
        out->chaos[m - 1] += times * walk.sum[m];
        absolute[m] += times * walk.absolute[m];
      }
    }
  }
  for (size_t m = 1; m <= invariant->n_edges; m++) {
    if (out->chaos[m - 1] <= ZERO_TO_ROUNDING * absolute[m]) out->chaos[m - 1] = 0.0;
    out->variance += out->chaos[m - 1];
    if (m > 2) out->residual += out->chaos[m - 1];
    all += absolute[m];
  }
  out->fitted = out->residual == 0.0;
  const bool overflows = !isfinite(out->mean) || !isfinite(all);
  if (!overflows && !vanishes(invariant, law)) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so %s that the variances of invariants of degree %zu %s",
            overflows ? "large" : "small", invariant->n_edges, overflows ? "overflow" : "vanish");
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}
