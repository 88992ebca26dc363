#include "law/chaos.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

/* ---- one edge through the covariance ---- */

/* Of the 15 diagrams some give the same partition when an index of the edge ends with it (it is summed at once): only
 * the different ones are walked, with the sum of their coefficients. Which ones are the same depends on whether the
 * edge is a loop and on which of its two blocks have other ends. */
enum { EDGE_SHAPES = 8 };

typedef struct edge_outcomes {
  size_t count;
  size_t diagram[DELTA_COVARIANCES];
  double *coefficient[DELTA_COVARIANCES]; /* [laws] */
} edge_outcomes;

typedef struct state_list {
  partition_map map;
  double *values; /* [map.room, laws] */
  size_t room;
} state_list;

typedef struct chaos_walk {
  const class_table *table;
  const delta_law *laws;
  size_t n;
  double *coefficients; /* [EDGE_SHAPES, 15, laws] */
  edge_outcomes outcomes[EDGE_SHAPES];
  state_list states[2];
  class_table ends; /* classes the walks end in */
  double *sums;     /* [ends, laws]: of one walk */
  size_t sums_room;
  double *powers[2]; /* sizes to the power 0 ... 2m */
} chaos_walk;

static size_t edge_shape(partition p, size_t n_edges, size_t e) {
  const unsigned from = p >> (8 * e) & 15, to = p >> (8 * e + 4) & 15;
  bool from_shared = false, to_shared = false;
  for (size_t end = 0; end < 2 * n_edges; end++) {
    const unsigned block = p >> (4 * end) & 15;
    if (end / 2 == e) continue;
    from_shared |= block == from;
    to_shared |= block == to;
  }
  return (from == to) + 2u * from_shared + 4u * to_shared;
}

static double power(double base, size_t exponent) {
  double product = 1.0;
  for (size_t k = 0; k < exponent; k++) product *= base;
  return product;
}

/* Tells the outcomes apart on a small example of each shape: edge 0, and edge 1 that shares the indices it should. */
static void list_outcomes(chaos_walk *walk) {
  for (size_t shape = 0; shape < EDGE_SHAPES; shape++) {
    const partition from = 0, to = shape & 1 ? 0 : 1, own = 3;
    const partition example = from | to << 4 | (shape & 2 ? from : own - 1) << 8 | (shape & 4 ? to : own) << 12;
    edge_outcomes *outcomes = &walk->outcomes[shape];
    partition results[DELTA_COVARIANCES];
    outcomes->count = 0;
    for (size_t d = 0; d < DELTA_COVARIANCES; d++) {
      uint8_t closed[2];
      bool any = false;
      for (size_t l = 0; l < walk->n; l++) any |= walk->laws[l].covariance[d] != 0.0;
      if (!any) continue;
      const partition result = wlaw_partition_pass(example, 2, 0, d, closed);
      size_t k = 0;
      while (k < outcomes->count && results[k] != result) k++;
      if (k == outcomes->count) {
        results[k] = result;
        outcomes->diagram[k] = d;
        outcomes->coefficient[k] = walk->coefficients + (shape * DELTA_COVARIANCES + k) * walk->n;
        outcomes->count++;
      }
      for (size_t l = 0; l < walk->n; l++)
        outcomes->coefficient[k][l] += walk->laws[l].covariance[d] * power(walk->laws[l].sizes[0], closed[0]) *
                                       power(walk->laws[l].sizes[1], closed[1]);
    }
  }
}

/* The values of p in a list; NULL: out of memory. */
static double *state_values(state_list *list, partition p, size_t n) {
  const size_t before = list->map.count;
  size_t place;
  if (!wlaw_partition_map_place(&place, &list->map, p)) return NULL;
  if (list->room < list->map.room) {
    double *wider = wlaw_array(list->map.room, n * sizeof *wider);
    if (!wider) return NULL;
    if (before) memcpy(wider, list->values, before * n * sizeof *wider);
    free(list->values);
    list->values = wider;
    list->room = list->map.room;
  }
  if (place == before) memset(list->values + place * n, 0, n * sizeof *list->values);
  return list->values + place * n;
}

static bool pass_edge(chaos_walk *walk, state_list *to, const state_list *from, size_t e) {
  const size_t m = walk->table->n_edges, n = walk->n;
  uint8_t closed[2];
  wlaw_partition_map_clear(&to->map);
  for (size_t s = 0; s < from->map.count; s++) {
    const partition p = from->map.keys[s];
    const edge_outcomes *outcomes = &walk->outcomes[edge_shape(p, m, e)];
    for (size_t k = 0; k < outcomes->count; k++) {
      double *sum = state_values(to, wlaw_partition_pass(p, m, e, outcomes->diagram[k], closed), n);
      if (!sum) return false;
      const double *coefficient = outcomes->coefficient[k], *value = from->values + s * n;
      for (size_t l = 0; l < n; l++) sum[l] += coefficient[l] * value[l];
    }
  }
  return true;
}

/* Adds up the last states by class. */
static bool sum_classes(chaos_walk *walk, const state_list *states) {
  const size_t n = walk->n;
  size_t class;
  if (walk->sums) memset(walk->sums, 0, walk->sums_room * n * sizeof *walk->sums);
  for (size_t s = 0; s < states->map.count; s++) {
    if (!wlaw_class_find(&class, &walk->ends, states->map.keys[s])) return false;
    if (walk->sums_room < walk->ends.room) {
      double *wider = wlaw_array(walk->ends.room, n * sizeof *wider);
      if (!wider) return false;
      if (walk->sums_room) memcpy(wider, walk->sums, walk->sums_room * n * sizeof *wider);
      free(walk->sums);
      walk->sums = wider;
      walk->sums_room = walk->ends.room;
    }
    for (size_t l = 0; l < n; l++) walk->sums[class * n + l] += states->values[s * n + l];
  }
  return true;
}

static bool walk_from(chaos_walk *walk, partition p) {
  state_list *from = &walk->states[0], *to = &walk->states[1];
  wlaw_partition_map_clear(&from->map);
  double *one = state_values(from, p, walk->n);
  if (!one) return false;
  for (size_t l = 0; l < walk->n; l++) one[l] = 1.0;
  for (size_t e = 0; e < walk->table->n_edges; e++) {
    if (!pass_edge(walk, to, from, e)) return false;
    state_list *held = from;
    from = to;
    to = held;
  }
  return sum_classes(walk, from);
}

/* ---- contraction with the other graph ---- */

/* Sum over the m! orders of H's edges of what the sums over indices give when G's and H's edges carry the same ones. */
static double overlap(const chaos_walk *walk, partition end, size_t class) {
  const size_t m = walk->table->n_edges;
  const partition_class *orbit = &walk->table->classes[class];
  double sum = 0.0, orders = 1.0;
  for (size_t k = 0; k < orbit->orbit; k++) {
    uint8_t blocks[2];
    wlaw_partition_join(end, walk->table->map.keys[orbit->first + k], m, blocks);
    sum += walk->powers[0][blocks[0]] * walk->powers[1][blocks[1]];
  }
  for (size_t k = 2; k <= m; k++) orders *= (double)k;
  return sum * orders / (double)orbit->orbit;
}

/* Overlaps with one class, computed when first met. */
typedef struct overlap_row {
  double *values;
  size_t room;
} overlap_row;

static bool contract(double *out, chaos_walk *walk, overlap_row *row, size_t class) {
  const size_t n = walk->n, ends = walk->ends.count;
  if (row->room < ends) {
    double *wider = wlaw_array(walk->ends.room, sizeof *wider);
    if (!wider) return false;
    for (size_t k = 0; k < walk->ends.room; k++) wider[k] = k < row->room ? row->values[k] : NAN;
    free(row->values);
    *row = (overlap_row){.values = wider, .room = walk->ends.room};
  }
  memset(out, 0, n * sizeof *out);
  for (size_t k = 0; k < ends; k++) {
    const double *sum = walk->sums + k * n;
    bool any = false;
    for (size_t l = 0; l < n; l++) any |= sum[l] != 0.0;
    if (!any) continue;
    if (isnan(row->values[k])) row->values[k] = overlap(walk, walk->ends.map.keys[walk->ends.classes[k].first], class);
    for (size_t l = 0; l < n; l++) out[l] += sum[l] * row->values[k];
  }
  return true;
}

static bool run(chaos_kernel *out, chaos_walk *walk, overlap_row *rows, const bool *wanted, const bool *mixed,
                double *line) {
  const class_table *table = walk->table;
  const size_t n = walk->n;
  for (size_t c = 0; c < table->count; c++) {
    if (!wanted[c]) continue;
    if (!walk_from(walk, table->map.keys[table->classes[c].first])) return false;
    for (size_t d = mixed[c] ? 0 : c; d <= c; d++) {
      if (d < c && !mixed[d]) continue;
      if (!contract(line, walk, &rows[d], d)) return false;
      for (size_t l = 0; l < n; l++) {
        if (c == d) out->own[l * table->count + c] = line[l];
        if (!mixed[c]) continue;
        double *block = out->mixed + l * out->n_mixed * out->n_mixed;
        block[out->place[c] * out->n_mixed + out->place[d]] = line[l];
        block[out->place[d] * out->n_mixed + out->place[c]] = line[l];
      }
    }
    if (!mixed[c]) { /* nobody asks for it again */
      free(rows[c].values);
      rows[c] = (overlap_row){0};
    }
  }
  return true;
}

static bool prepare(chaos_kernel *out, chaos_walk *walk, const bool *mixed) {
  const size_t classes = walk->table->count, m = walk->table->n_edges, n = walk->n;
  out->n_classes = classes;
  out->place = wlaw_array(classes, sizeof *out->place);
  out->own = wlaw_array(n, classes * sizeof *out->own);
  walk->coefficients = wlaw_array(n, EDGE_SHAPES * DELTA_COVARIANCES * sizeof *walk->coefficients);
  walk->powers[0] = wlaw_array(2 * (2 * m + 1), sizeof *walk->powers[0]);
  if (!out->place || !out->own || !walk->coefficients || !walk->powers[0]) return false;
  walk->powers[1] = walk->powers[0] + 2 * m + 1;
  for (size_t side = 0; side < 2; side++)
    for (size_t k = 0; k <= 2 * m; k++) walk->powers[side][k] = power(walk->laws[0].sizes[side], k);
  for (size_t c = 0; c < classes; c++) out->place[c] = mixed[c] ? (uint32_t)out->n_mixed++ : UINT32_MAX;
  out->mixed = wlaw_array(n * out->n_mixed, out->n_mixed * sizeof *out->mixed);
  list_outcomes(walk);
  return out->mixed != NULL;
}

wlaw_status wlaw_chaos_kernel(chaos_kernel *out, const class_table *table, const bool *wanted, const bool *mixed,
                              const delta_law *laws, size_t n, wlaw_error *err) {
  *out = (chaos_kernel){0};
  chaos_walk walk = {.table = table, .laws = laws, .n = n, .ends.n_edges = table->n_edges};
  overlap_row *rows = wlaw_array(table->count, sizeof *rows);
  double *line = wlaw_array(n, sizeof *line);
  const bool ok = rows && line && prepare(out, &walk, mixed) && run(out, &walk, rows, wanted, mixed, line);
  for (size_t c = 0; rows && c < table->count; c++) free(rows[c].values);
  free(rows);
  free(line);
  free(walk.coefficients);
  free(walk.powers[0]);
  free(walk.sums);
  wlaw_class_table_free(&walk.ends);
  for (size_t side = 0; side < 2; side++) {
    wlaw_partition_map_free(&walk.states[side].map);
    free(walk.states[side].values);
  }
  if (ok) return WLAW_OK;
  wlaw_chaos_kernel_free(out);
  return wlaw_fail(err, WLAW_MEMORY, "no memory for the variances of %zu graphs of %zu edges under %zu laws",
                   table->count, table->n_edges, n);
}

void wlaw_chaos_kernel_free(chaos_kernel *kernel) {
  free(kernel->place);
  free(kernel->own);
  free(kernel->mixed);
  *kernel = (chaos_kernel){0};
}
