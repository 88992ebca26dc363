#include "measure/network_layout.h"

#include <stdio.h>
#include <string.h>

#include "core/error.h"

/* The place in layout->sets of node set k, which gets its row there on first sight. */
static size_t place_of(network_layout *layout, size_t k) {
  for (size_t s = 0; s < layout->n_sets; s++)
    if (layout->sets[s].set == k) return s;
  layout->sets[layout->n_sets] = (network_set){.set = k, .width = layout->shape.width[k]};
  return layout->n_sets++;
}

static bool is_labelled(const network_shape *shape, size_t set) {
  return (set == 0 && shape->input == SIDE_LABELLED) || (set == shape->layers && shape->output == SIDE_LABELLED);
}

static bool is_covered(const network_shape *shape, size_t layer, bool bias) {
  return bias ? shape->bias[layer] : layer > 0 || shape->input != SIDE_OMITTED;
}

static void add_tensor(network_layout *layout, size_t layer, bool bias) {
  const network_shape *shape = &layout->shape;
  network_tensor *t = &layout->tensors[layout->n_tensors++];
  *t = (network_tensor){.layer = layer,
                        .is_bias = bias,
                        .rows = shape->width[layer + 1],
                        .cols = bias ? 1 : shape->width[layer],
                        .rows_labelled = is_labelled(shape, layer + 1),
                        .cols_labelled = !bias && is_labelled(shape, layer),
                        .trivial = layout->trivial,
                        .row_set = NETWORK_NONE,
                        .row_copy = NETWORK_NONE,
                        .column_set = NETWORK_NONE,
                        .column_copy = NETWORK_NONE,
                        .entries = NETWORK_NONE};
  t->n_trivial = (t->rows_labelled ? t->rows : 1) * (t->cols_labelled ? t->cols : 1);
  layout->trivial += t->n_trivial;
  if (!bias && !t->rows_labelled && !t->cols_labelled) t->entries = layout->n_entries++;
}

/* Copies of one set in their order: the rows of the layer below, its bias, the columns of the layer above. */
static void add_copies(network_layout *layout, size_t set) {
  for (int part = 0; part < 3; part++)
    for (size_t i = 0; i < layout->n_tensors; i++) {
      network_tensor *t = &layout->tensors[i];
      const bool columns = part == 2;
      if (t->is_bias != (part == 1) || t->layer + !columns != set) continue;
      if (columns ? t->cols_labelled : t->rows_labelled) continue;
      const size_t s = place_of(layout, set);
      const size_t n = columns ? (t->rows_labelled ? t->rows : 1) : (t->cols_labelled ? t->cols : 1);
      *(columns ? &t->column_set : &t->row_set) = s;
      *(columns ? &t->column_copy : &t->row_copy) = layout->sets[s].copies;
      *(columns ? &t->n_column_copies : &t->n_row_copies) = n;
      layout->sets[s].copies += n;
    }
}

/* Covariances of n copies, and a few arrays like them, must be countable in bytes. */
static wlaw_status check_size(size_t n, wlaw_error *err) {
  size_t bytes;
  if (__builtin_mul_overflow(n, n, &bytes) || __builtin_mul_overflow(bytes, (size_t)64, &bytes) || bytes > PTRDIFF_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "a covariance of %zu x %zu numbers cannot be in memory", n, n);
  return WLAW_OK;
}

/* So must be the weights, and a few arrays like them with rows padded (measure/network_coordinates.c). */
static wlaw_status check_weights(const network_shape *shape, wlaw_error *err) {
  size_t all = 0, one;
  for (size_t l = 0; l < shape->layers; l++)
    if (shape->width[l] == SIZE_MAX || __builtin_mul_overflow(shape->width[l] + 1, shape->width[l + 1], &one) ||
        __builtin_add_overflow(all, one, &all) || all > PTRDIFF_MAX / 1024)
      return wlaw_fail(err, WLAW_LIMIT, "%zu x %zu weights cannot be in memory", shape->width[l + 1], shape->width[l]);
  return WLAW_OK;
}

wlaw_status wlaw_network_layout(network_layout *out, const network_shape *shape, wlaw_error *err) {
  if (shape->layers == 0 || shape->layers > NETWORK_LAYERS)
    return wlaw_fail(err, WLAW_SHAPE, "a network of %zu layers is not one of 1 to %d", shape->layers, NETWORK_LAYERS);
  for (size_t k = 0; k <= shape->layers; k++)
    if (shape->width[k] == 0) return wlaw_fail(err, WLAW_SHAPE, "the network has no nodes in set %zu", k);
  WLAW_TRY(check_weights(shape, err));
  memset(out, 0, sizeof *out);
  out->shape = *shape;
  for (int bias = 0; bias < 2; bias++)
    for (size_t l = 0; l < shape->layers; l++)
      if (is_covered(shape, l, bias)) add_tensor(out, l, bias);
  for (size_t k = 0; k <= shape->layers; k++) add_copies(out, k);
  if (out->n_tensors == 0) {
    wlaw_fail(err, WLAW_SHAPE, "without its inputs a network of one layer and no bias has nothing to describe");
    return wlaw_error_add_hint(err, WLAW_SHAPE, "--input labelled or exchangeable keeps the first matrix");
  }
  WLAW_TRY(check_size(out->trivial, err));
  for (size_t s = 0; s < out->n_sets; s++) WLAW_TRY(check_size(out->sets[s].copies, err));
  return WLAW_OK;
}

bool wlaw_network_layout_equal(const network_layout *a, const network_layout *b) {
  const network_shape *x = &a->shape, *y = &b->shape;
  if (x->layers != y->layers || x->input != y->input || x->output != y->output) return false;
  for (size_t k = 0; k <= x->layers; k++)
    if (x->width[k] != y->width[k] || (k < x->layers && x->bias[k] != y->bias[k])) return false;
  return true;
}

size_t wlaw_network_dimension(const network_layout *layout) {
  size_t n = 0;
  for (size_t t = 0; t < layout->n_tensors; t++) n += layout->tensors[t].rows * layout->tensors[t].cols;
  return n;
}

size_t wlaw_network_trivial_tensor(const network_layout *layout, size_t i) {
  size_t t = 0;
  while (t + 1 < layout->n_tensors && i >= layout->tensors[t + 1].trivial) t++;
  return t;
}

/* Copies [first, first + n) of place s. */
static bool holds(size_t place, size_t first, size_t n, size_t s, size_t c) {
  return place == s && c >= first && c - first < n;
}

size_t wlaw_network_copy_tensor(const network_layout *layout, size_t s, size_t c) {
  for (size_t i = 0; i < layout->n_tensors; i++) {
    const network_tensor *t = &layout->tensors[i];
    if (holds(t->row_set, t->row_copy, t->n_row_copies, s, c) ||
        holds(t->column_set, t->column_copy, t->n_column_copies, s, c))
      return i;
  }
  return NETWORK_NONE;
}

/* A tensor's own name, or the one of run directories. */
static void add_name(char *out, size_t capacity, const network_layout *layout, const char *const *name, size_t t) {
  const network_tensor *tensor = &layout->tensors[t];
  if (name && name[t]) snprintf(out, capacity, "%s", name[t]);
  else snprintf(out, capacity, "layer%zu.%s", tensor->layer + 1, tensor->is_bias ? "bias" : "weight");
}

void wlaw_network_trivial_name(char *out, size_t capacity, const network_layout *layout, const char *const *name,
                               size_t i) {
  const size_t t = wlaw_network_trivial_tensor(layout, i);
  const network_tensor *tensor = &layout->tensors[t];
  const size_t at = i - tensor->trivial, cols = tensor->cols_labelled ? tensor->cols : 1;
  char own[256];
  add_name(own, sizeof own, layout, name, t);
  if (tensor->rows_labelled && tensor->cols_labelled)
    snprintf(out, capacity, "%s, output %zu, input %zu", own, at / cols, at % cols);
  else if (tensor->rows_labelled) snprintf(out, capacity, "%s, output %zu", own, at);
  else if (tensor->cols_labelled) snprintf(out, capacity, "%s, input %zu", own, at);
  else snprintf(out, capacity, "%s", own);
}

void wlaw_network_copy_key(char *out, size_t capacity, const network_layout *layout, size_t s, size_t c) {
  const network_tensor *t = &layout->tensors[wlaw_network_copy_tensor(layout, s, c)];
  if (t->is_bias) snprintf(out, capacity, "bias");
  else if (holds(t->row_set, t->row_copy, t->n_row_copies, s, c)) {
    if (t->cols_labelled) snprintf(out, capacity, "input %zu", c - t->row_copy);
    else snprintf(out, capacity, "rows");
  } else if (t->rows_labelled) snprintf(out, capacity, "output %zu", c - t->column_copy);
  else snprintf(out, capacity, "columns");
}

void wlaw_network_copy_name(char *out, size_t capacity, const network_layout *layout, const char *const *name, size_t s,
                            size_t c) {
  const size_t t = wlaw_network_copy_tensor(layout, s, c);
  char own[256], key[32];
  add_name(own, sizeof own, layout, name, t);
  wlaw_network_copy_key(key, sizeof key, layout, s, c);
  if (layout->tensors[t].is_bias) snprintf(out, capacity, "%s", own);
  else if (strncmp(key, "input", 5) == 0) snprintf(out, capacity, "%s from %s", own, key);
  else if (strncmp(key, "output", 6) == 0) snprintf(out, capacity, "%s to %s", own, key);
  else snprintf(out, capacity, "%s of %s", key, own);
}
