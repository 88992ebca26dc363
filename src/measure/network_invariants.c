#include "measure/network_invariants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

/* ---- which there are ---- */

typedef struct invariant_list {
  const network_layout *layout;
  network_invariant *items;
  size_t n, room, left_out;
  bool failed;
} invariant_list;

/* Room for one more, zeroed; NULL: out of memory. */
static network_invariant *add(invariant_list *list) {
  if (list->n == list->room) {
    const size_t room = list->room ? 2 * list->room : 32;
    network_invariant *wider = wlaw_array(room, sizeof *wider);
    if (!wider) {
      list->failed = true;
      return NULL;
    }
    if (list->n) memcpy(wider, list->items, list->n * sizeof *wider);
    free(list->items);
    list->items = wider;
    list->room = room;
  }
  list->items[list->n] = (network_invariant){0};
  return &list->items[list->n++];
}

static uint8_t add_node(network_invariant *to, size_t width) {
  to->width[to->n_nodes] = width;
  return (uint8_t)to->n_nodes++;
}

static void add_edge(network_invariant *to, size_t tensor, uint8_t row, uint8_t column, uint8_t label) {
  to->edges[to->n_edges++] = (network_edge){tensor, row, column, label};
}

/* The tensors that meet in a set; NETWORK_NONE where there is none to use. */
typedef struct set_tensors {
  size_t in, bias, out;
} set_tensors;

static set_tensors tensors_of(const network_layout *layout, size_t s) {
  set_tensors found = {NETWORK_NONE, NETWORK_NONE, NETWORK_NONE};
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    if (tensor->column_set == s) found.out = t;
    else if (tensor->row_set == s && tensor->is_bias) found.bias = t;
    else if (tensor->row_set == s && !tensor->cols_labelled) found.in = t;
  }
  return found;
}

enum { POWERS = NETWORK_DEGREE - 1, PARTITIONS = 3 }; /* of one side of a star: degree 0 to 3 */
static const uint8_t partitions[POWERS + 1][PARTITIONS][NETWORK_DEGREE] = {
    {{0}}, {{1}}, {{2}, {1, 1}}, {{3}, {2, 1}, {1, 1, 1}}};
static const size_t n_partitions[POWERS + 1] = {1, 1, 2, 3};

static void add_groups(network_invariant *star, const network_layout *layout, size_t t, const uint8_t *powers,
                       bool incoming) {
  const network_tensor *tensor = &layout->tensors[t];
  for (size_t g = 0; powers[g]; g++) {
    const uint8_t far =
        !incoming && tensor->rows_labelled ? NODE_NONE : add_node(star, incoming ? tensor->cols : tensor->rows);
    for (size_t p = 0; p < powers[g]; p++)
      add_edge(star, t, incoming ? 0 : far, incoming ? far : 0, far == NODE_NONE && powers[g] > 1);
  }
}

static void add_star(invariant_list *list, size_t s, const set_tensors *of, const uint8_t *in, size_t bias,
                     const uint8_t *out) {
  if (out[0] > 1 && list->layout->tensors[of->out].rows_labelled &&
      list->layout->tensors[of->out].rows > NETWORK_LABELS_MOST) {
    list->left_out++;
    return;
  }
  network_invariant *star = add(list);
  if (!star) return;
  star->kind = NETWORK_STAR;
  star->set = s;
  star->bias = (uint8_t)bias;
  memcpy(star->in, in, sizeof star->in);
  memcpy(star->out, out, sizeof star->out);
  add_node(star, list->layout->sets[s].width);
  if (in[0]) add_groups(star, list->layout, of->in, in, true);
  for (size_t p = 0; p < bias; p++) add_edge(star, of->bias, 0, NODE_NONE, 0);
  if (out[0]) add_groups(star, list->layout, of->out, out, false);
}

static void add_stars(invariant_list *list, size_t s, size_t degree) {
  const set_tensors of = tensors_of(list->layout, s);
  for (size_t in = degree + 1; in-- > 0;)
    for (size_t out = degree - in + 1; out-- > 0;) {
      const size_t bias = degree - in - out;
      if ((in && of.in == NETWORK_NONE) || (out && of.out == NETWORK_NONE) || (bias && of.bias == NETWORK_NONE))
        continue;
      if (bias == 0 && (in == 0 || out == 0)) continue;
      for (size_t a = 0; a < n_partitions[in]; a++)
        for (size_t b = 0; b < n_partitions[out]; b++)
          add_star(list, s, &of, partitions[in][a], bias, partitions[out][b]);
    }
}

static size_t find_tensor(const network_layout *layout, size_t layer, bool bias) {
  for (size_t t = 0; t < layout->n_tensors; t++)
    if (layout->tensors[t].layer == layer && layout->tensors[t].is_bias == bias) return t;
  return NETWORK_NONE;
}

/* From a layer's weight, or its bias, through the weights of the next `degree` - 1 layers. */
static void add_path(invariant_list *list, size_t layer, bool bias, size_t degree) {
  const network_layout *layout = list->layout;
  const size_t first = find_tensor(layout, layer, bias);
  if (layer + degree > layout->shape.layers || first == NETWORK_NONE || layout->tensors[first].cols_labelled) return;
  network_invariant *path = add(list);
  if (!path) return;
  path->kind = NETWORK_PATH;
  uint8_t at = bias ? NODE_NONE : add_node(path, layout->tensors[first].cols);
  for (size_t k = 0; k < degree; k++) {
    const size_t t = k == 0 ? first : find_tensor(layout, layer + k, false);
    const uint8_t next = layout->tensors[t].rows_labelled ? NODE_NONE : add_node(path, layout->tensors[t].rows);
    add_edge(path, t, next, at, 0);
    at = next;
  }
}

wlaw_status wlaw_network_invariants(network_invariant **out, size_t *n, size_t *left_out, const network_layout *layout,
                                    size_t degree, wlaw_error *err) {
  invariant_list list = {.layout = layout};
  for (size_t d = 2; d <= degree && d <= NETWORK_DEGREE; d++) {
    for (size_t s = 0; s < layout->n_sets; s++) add_stars(&list, s, d);
    for (size_t l = 0; d > 2 && l < layout->shape.layers; l++)
      for (int bias = 0; bias < 2; bias++) add_path(&list, l, bias, d);
  }
  if (list.failed) {
    free(list.items);
    return wlaw_fail_memory(err, 2 * list.room, sizeof *list.items);
  }
  *out = list.items;
  *n = list.n;
  *left_out = list.left_out;
  return WLAW_OK;
}

/* ---- their values ---- */

/* One network as doubles, and its power sums. */
typedef struct power_sums {
  double *values[NETWORK_TENSORS];  /* [rows, cols]; NULL where a tensor takes no part */
  double *rows[NETWORK_TENSORS];    /* [POWERS, rows]: sums over columns of powers 1, 2, 3 */
  double *columns[NETWORK_TENSORS]; /* [POWERS, cols]: over rows */
  double *path;                     /* [2, widest set] */
  double *data;
} power_sums;

static bool takes_part(const network_tensor *tensor) { return !tensor->cols_labelled; }

static wlaw_status power_sums_new(power_sums *out, const network_layout *layout, wlaw_error *err) {
  size_t widest = 0, total = 0;
  for (size_t k = 0; k <= layout->shape.layers; k++)
    widest = layout->shape.width[k] > widest ? layout->shape.width[k] : widest;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    total += takes_part(tensor) ? tensor->rows * tensor->cols + POWERS * (tensor->rows + tensor->cols) : 0;
  }
  *out = (power_sums){.data = wlaw_array(total + 2 * widest, sizeof(double))};
  if (!out->data) return wlaw_fail_memory(err, total + 2 * widest, sizeof(double));
  double *at = out->data;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    if (!takes_part(tensor)) continue;
    out->values[t] = at;
    out->rows[t] = at += tensor->rows * tensor->cols;
    out->columns[t] = at += POWERS * tensor->rows;
    at += POWERS * tensor->cols;
  }
  out->path = at;
  return WLAW_OK;
}

static void take_values(double *out, const network_tensor *tensor, const network_block *block, size_t t,
                        size_t network) {
  const size_t n = tensor->rows * tensor->cols;
  if (block->single) {
    const float *from = (const float *)block->tensors[t] + network * n;
    for (size_t i = 0; i < n; i++) out[i] = (double)from[i];
  } else memcpy(out, (const double *)block->tensors[t] + network * n, n * sizeof *out);
}

static void add_powers(double *rows, double *columns, const double *values, size_t n_rows, size_t n_cols) {
  memset(columns, 0, POWERS * n_cols * sizeof *columns);
  for (size_t r = 0; r < n_rows; r++) {
    double sum = 0.0, square = 0.0, cube = 0.0;
    for (size_t c = 0; c < n_cols; c++) {
      const double x = values[r * n_cols + c], x2 = x * x, x3 = x2 * x;
      sum += x;
      square += x2;
      cube += x3;
      columns[c] += x;
      columns[n_cols + c] += x2;
      columns[2 * n_cols + c] += x3;
    }
    rows[r] = sum;
    rows[n_rows + r] = square;
    rows[2 * n_rows + r] = cube;
  }
}

static double measure_star(const network_invariant *star, const network_layout *layout, const power_sums *of) {
  const set_tensors tensors = tensors_of(layout, star->set);
  const size_t width = layout->sets[star->set].width;
  double sum = 0.0;
  for (size_t i = 0; i < width; i++) {
    double product = 1.0;
    for (size_t g = 0; star->in[g]; g++) product *= of->rows[tensors.in][(star->in[g] - 1u) * width + i];
    for (size_t g = 0; star->out[g]; g++) product *= of->columns[tensors.out][(star->out[g] - 1u) * width + i];
    for (size_t p = 0; p < star->bias; p++) product *= of->values[tensors.bias][i];
    sum += product;
  }
  return sum;
}

/* Row sums of the first (of a bias: itself), through those between, against the column sums of the last. */
static double measure_path(const network_invariant *path, const network_layout *layout, const power_sums *of) {
  const network_edge *last = &path->edges[path->n_edges - 1];
  const double *from = of->rows[path->edges[0].tensor];
  double *to = of->path, sum = 0.0;
  for (size_t e = 1; e + 1 < path->n_edges; e++) {
    const network_tensor *tensor = &layout->tensors[path->edges[e].tensor];
    for (size_t r = 0; r < tensor->rows; r++) {
      double dot = 0.0;
      for (size_t c = 0; c < tensor->cols; c++)
        dot += of->values[path->edges[e].tensor][r * tensor->cols + c] * from[c];
      to[r] = dot;
    }
    from = to;
    to += tensor->rows;
  }
  for (size_t c = 0; c < layout->tensors[last->tensor].cols; c++) sum += of->columns[last->tensor][c] * from[c];
  return sum;
}

wlaw_status wlaw_network_invariants_measure(double *values, const network_invariant *invariants, size_t n,
                                            const network_layout *layout, const network_block *block, size_t count,
                                            wlaw_error *err) {
  power_sums sums;
  WLAW_TRY(power_sums_new(&sums, layout, err));
  for (size_t k = 0; k < count; k++) {
    for (size_t t = 0; t < layout->n_tensors; t++) {
      const network_tensor *tensor = &layout->tensors[t];
      if (!sums.values[t]) continue;
      take_values(sums.values[t], tensor, block, t, k);
      add_powers(sums.rows[t], sums.columns[t], sums.values[t], tensor->rows, tensor->cols);
    }
    for (size_t i = 0; i < n; i++)
      values[k * n + i] = invariants[i].kind == NETWORK_STAR ? measure_star(&invariants[i], layout, &sums)
                                                             : measure_path(&invariants[i], layout, &sums);
  }
  free(sums.data);
  return WLAW_OK;
}

/* ---- their formulas ---- */

/* The same number twice: not the sums over labels that each have a label of their own. */
static bool same_number(const network_edge *a, const network_edge *b, bool is_bias) {
  return a->tensor == b->tensor && a->row == b->row && a->column == b->column && a->label == b->label &&
         (is_bias || a->row != NODE_NONE || a->label > 0);
}

void wlaw_network_invariant_formula(char *out, size_t capacity, const network_invariant *invariant,
                                    const network_layout *layout) {
  static const char node[] = "ijklm", labels[] = "cdefg";
  size_t at = (size_t)snprintf(out, capacity, "sum"), label = 0;
  for (size_t e = 0, power; e < invariant->n_edges && at < capacity; e += power) {
    const network_edge *edge = &invariant->edges[e];
    const network_tensor *tensor = &layout->tensors[edge->tensor];
    for (power = 1; e + power < invariant->n_edges && same_number(edge, edge + power, tensor->is_bias);) power++;
    const char row = edge->row == NODE_NONE ? labels[label++] : node[edge->row];
    at += (size_t)snprintf(out + at, capacity - at, " %c%zu_%c", tensor->is_bias ? 'b' : 'W', tensor->layer + 1, row);
    if (!tensor->is_bias && at < capacity) at += (size_t)snprintf(out + at, capacity - at, "%c", node[edge->column]);
    if (power > 1 && at < capacity) at += (size_t)snprintf(out + at, capacity - at, "^%zu", power);
  }
}
