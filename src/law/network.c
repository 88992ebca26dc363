#include "law/network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

_Static_assert(1 + NETWORK_SETS + NETWORK_LAYERS <= BLOCKS_MOST, "every block of a network has its place");

const char *wlaw_network_nesting_name(network_nesting nesting) {
  static const char *const names[] = {"iid", "bipartite", "network"};
  return names[nesting];
}

wlaw_status wlaw_network_gaussian_new(network_gaussian **out, const network_layout *layout, wlaw_error *err) {
  const size_t T = layout->trivial;
  size_t numbers = T + T * T + layout->n_entries; /* the layout has checked these squares */
  for (size_t s = 0; s < layout->n_sets; s++) numbers += layout->sets[s].copies * layout->sets[s].copies;
  network_gaussian *made = wlaw_array(1, sizeof *made);
  double *data = wlaw_array(numbers, sizeof *data);
  if (!made || !data) {
    free(made);
    free(data);
    return wlaw_fail_memory(err, numbers, sizeof *data);
  }
  made->layout = *layout;
  made->data = made->mean = data;
  made->trivial = data + T;
  made->entries = made->trivial + T * T;
  double *at = made->entries + layout->n_entries;
  for (size_t s = 0; s < layout->n_sets; s++) {
    made->sets[s] = at;
    at += layout->sets[s].copies * layout->sets[s].copies;
  }
  *out = made;
  return WLAW_OK;
}

void wlaw_network_gaussian_free(network_gaussian *gaussian) {
  if (gaussian) free(gaussian->data);
  free(gaussian);
}

/* Rows and columns first .. first + n of a [size, size] covariance: this variance on the diagonal, 0 elsewhere. */
static void set_diagonal(double *covariance, size_t size, size_t first, size_t n, double variance) {
  for (size_t i = first; i < first + n; i++) {
    for (size_t j = 0; j < size; j++) covariance[i * size + j] = covariance[j * size + i] = 0.0;
    covariance[i * size + i] = variance;
  }
}

void wlaw_network_set_iid(network_gaussian *gaussian, size_t t, double mean, double variance) {
  const network_layout *layout = &gaussian->layout;
  const network_tensor *tensor = &layout->tensors[t];
  for (size_t i = 0; i < tensor->n_trivial; i++)
    gaussian->mean[tensor->trivial + i] = mean * wlaw_network_unit(layout, t);
  set_diagonal(gaussian->trivial, layout->trivial, tensor->trivial, tensor->n_trivial, variance);
  if (tensor->n_row_copies > 0)
    set_diagonal(gaussian->sets[tensor->row_set], layout->sets[tensor->row_set].copies, tensor->row_copy,
                 tensor->n_row_copies, variance);
  if (tensor->n_column_copies > 0)
    set_diagonal(gaussian->sets[tensor->column_set], layout->sets[tensor->column_set].copies, tensor->column_copy,
                 tensor->n_column_copies, variance);
  if (tensor->entries != NETWORK_NONE) gaussian->entries[tensor->entries] = variance;
}

/* Entry (i, j) of `along` the direction (1, ..., 1) of n, `across` all others. */
static double exchangeable(double along, double across, size_t i, size_t j, size_t n) {
  return (along - across) / (double)n + (i == j ? across : 0.0);
}

/* A side that is not labelled has the direction (1, ..., 1) alone, as if it had one node. */
void wlaw_network_set_bipartite(network_gaussian *gaussian, size_t t, double mean, double total, double rows,
                                double columns, double rest) {
  const network_layout *layout = &gaussian->layout;
  const network_tensor *tensor = &layout->tensors[t];
  const size_t R = tensor->rows_labelled ? tensor->rows : 1, C = tensor->cols_labelled ? tensor->cols : 1;
  wlaw_network_set_iid(gaussian, t, mean, rest);
  double *const trivial = gaussian->trivial + tensor->trivial * (layout->trivial + 1);
  for (size_t i = 0; i < R * C; i++)
    for (size_t j = 0; j < R * C; j++)
      trivial[i * layout->trivial + j] = exchangeable(exchangeable(total, rows, i / C, j / C, R),
                                                      exchangeable(columns, rest, i / C, j / C, R), i % C, j % C, C);
  for (size_t i = 0; i < tensor->n_row_copies; i++)
    for (size_t j = 0; j < tensor->n_row_copies; j++) {
      const size_t n = layout->sets[tensor->row_set].copies, at = tensor->row_copy;
      gaussian->sets[tensor->row_set][(at + i) * n + at + j] = exchangeable(rows, rest, i, j, C);
    }
  for (size_t i = 0; i < tensor->n_column_copies; i++)
    for (size_t j = 0; j < tensor->n_column_copies; j++) {
      const size_t n = layout->sets[tensor->column_set].copies, at = tensor->column_copy;
      gaussian->sets[tensor->column_set][(at + i) * n + at + j] = exchangeable(columns, rest, i, j, R);
    }
}

double wlaw_network_unit(const network_layout *layout, size_t t) {
  const network_tensor *tensor = &layout->tensors[t];
  return sqrt((double)tensor->rows * (double)tensor->cols / (double)tensor->n_trivial);
}

/* ---- blocks */

/* The weight whose entries have place e. */
static const network_tensor *tensor_of_entries(const network_layout *layout, size_t e) {
  size_t t = 0;
  while (layout->tensors[t].entries != e) t++;
  return &layout->tensors[t];
}

size_t wlaw_network_blocks(const network_layout *layout) { return 1 + layout->n_sets + layout->n_entries; }

size_t wlaw_network_block_copies(const network_layout *layout, size_t b) {
  if (b == 0) return layout->trivial;
  return b <= layout->n_sets ? layout->sets[b - 1].copies : 1;
}

size_t wlaw_network_block_dimension(const network_layout *layout, size_t b) {
  if (b == 0) return 1;
  if (b <= layout->n_sets) return layout->sets[b - 1].width - 1;
  const network_tensor *tensor = tensor_of_entries(layout, b - 1 - layout->n_sets);
  return (tensor->rows - 1) * (tensor->cols - 1);
}

double *wlaw_network_block(const network_gaussian *gaussian, size_t b) {
  const size_t n_sets = gaussian->layout.n_sets;
  if (b == 0) return gaussian->trivial;
  return b <= n_sets ? gaussian->sets[b - 1] : gaussian->entries + (b - 1 - n_sets);
}

void wlaw_network_block_name(char *out, size_t capacity, const network_layout *layout, size_t b) {
  if (b == 0) snprintf(out, capacity, "trivial");
  else if (b <= layout->n_sets) snprintf(out, capacity, "nodes%zu", layout->sets[b - 1].set);
  else snprintf(out, capacity, "entries%zu", tensor_of_entries(layout, b - 1 - layout->n_sets)->layer + 1);
}

void wlaw_network_view(law_block blocks[BLOCKS_MOST], const network_gaussian *gaussian) {
  const network_layout *layout = &gaussian->layout;
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++)
    blocks[b] = (law_block){.copies = wlaw_network_block_copies(layout, b),
                            .dimension = wlaw_network_block_dimension(layout, b),
                            .mean = b == 0 ? gaussian->mean : NULL,
                            .covariance = wlaw_network_block(gaussian, b)};
}

/* ---- the registry's row: a law without parameters in its text, whose numbers come from a fit */

static wlaw_status draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                        wlaw_error *err) {
  (void)law;
  (void)out;
  (void)rows;
  (void)cols;
  (void)stream;
  wlaw_fail(err, WLAW_ARGUMENT, "the law network draws whole networks and has its numbers from a fit, not from text");
  return wlaw_error_add_hint(err, WLAW_ARGUMENT,
                             "`fit RUN --law network --json` prints a fit; @FIT.json stands for it");
}

const law_ops wlaw_law_network = {
    .name = "network",
    .summary = "whole networks, hidden nodes exchangeable across their layers, normal",
    .source = "docs/laws/network.md",
    .draw = draw,
    .of_networks = true,
};
