/* weightlaw.track/1: each tensor at its first and last point. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/print_tensors.h"

static const char *const headings[TENSOR_CELLS] = {"tensor", "kind",   "distance", "k",
                                                   "in se",  "lambda", "alpha",    "notes"};

/* The first or last point that has the tensor. */
static const json_t *end_of(const json_t *tensor, bool last) {
  const json_t *points = json_object_get(tensor, "points"), *found = NULL;
  for (size_t i = 0; i < json_array_size(points); i++) {
    const json_t *point = json_array_get(points, i);
    if (json_is_object(point) && (last || !found)) found = point;
  }
  return found;
}

/* decimals < 0: three significant digits. */
static void write_change(char *cell, int decimals, const json_t *first, const json_t *last, const char *key) {
  const double a = wlaw_print_real(first, key), b = wlaw_print_real(last, key);
  if (isnan(a) || isnan(b)) *cell = '\0';
  else if (decimals < 0) snprintf(cell, TENSOR_CELL_BYTES, "%.3g to %.3g", a, b);
  else snprintf(cell, TENSOR_CELL_BYTES, "%.*f to %.*f", decimals, a, decimals, b);
}

static void fill_row(tensor_row *row, const json_t *tensor) {
  const json_t *first = end_of(tensor, false), *last = end_of(tensor, true);
  const double nonfinite = wlaw_print_real(last, "nonfinite"), distance = wlaw_print_real(last, "distance");
  const double died = wlaw_print_real(last, "dead_rows") - wlaw_print_real(first, "dead_rows");
  row->name = wlaw_print_string(tensor, "name");
  row->severity = nonfinite > 0 ? 3 : died > 0 ? 2 : 0;
  snprintf(row->cell[1], TENSOR_CELL_BYTES, "%s", wlaw_print_string(tensor, "kind"));
  if (!isnan(distance)) snprintf(row->cell[2], TENSOR_CELL_BYTES, "%.3g", distance);
  write_change(row->cell[3], 4, first, last, "k");
  wlaw_cell_number(row->cell[4], 1, wlaw_print_real(last, "drift_k"));
  write_change(row->cell[5], -1, first, last, "lambda");
  write_change(row->cell[6], 2, first, last, "alpha");
  if (nonfinite > 0) snprintf(row->cell[7], TENSOR_CELL_BYTES, "%.0f not finite", nonfinite);
  else if (died > 0) snprintf(row->cell[7], TENSOR_CELL_BYTES, "%.0f row%s died", died, died == 1.0 ? "" : "s");
}

/* Broken ones first; where there are more than fit, those that moved most; else as in the files. */
typedef struct ranked_row {
  tensor_row *row;
  double distance;
  size_t place;
  bool by_distance;
} ranked_row;

static int compare_ranks(const void *a, const void *b) {
  const ranked_row *x = a, *y = b;
  if (x->row->severity != y->row->severity) return x->row->severity > y->row->severity ? -1 : 1;
  if (x->by_distance && x->distance != y->distance) return x->distance > y->distance ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

static void print_rows(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const size_t all = json_array_size(tensors), n = all < TENSOR_ROWS ? all : TENSOR_ROWS;
  tensor_row *rows = calloc(all + 1, sizeof *rows), *shown = calloc(n + 1, sizeof *shown);
  ranked_row *ranks = calloc(all + 1, sizeof *ranks);
  if (rows && shown && ranks) {
    for (size_t i = 0; i < all; i++) {
      const json_t *tensor = json_array_get(tensors, i);
      const double distance = wlaw_print_real(end_of(tensor, true), "distance");
      fill_row(&rows[i], tensor);
      ranks[i] = (ranked_row){&rows[i], isnan(distance) ? -1.0 : distance, i, all > n};
    }
    qsort(ranks, all, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < n; i++) shown[i] = *ranks[i].row;
    wlaw_print_tensor_rows(out, screen, headings, "00111110", shown, n);
    if (all > n) wlaw_text_add(out, "  and %zu more that moved less; --json has them all\n", all - n);
  } else {
    out->failed = true;
  }
  free(rows);
  free(shown);
  free(ranks);
}

static void print_points(text_buffer *out, const json_t *points) {
  const size_t n = json_array_size(points);
  char text[64];
  if (n == 0) return;
  const json_t *first = json_array_get(points, 0), *last = json_array_get(points, n - 1);
  wlaw_print_field(out, "from", first, "file");
  wlaw_print_field(out, "to", last, "file");
  const double from = wlaw_print_real(first, "epoch"), to = wlaw_print_real(last, "epoch");
  if (isnan(from)) snprintf(text, sizeof text, "%zu", n);
  else snprintf(text, sizeof text, "%zu, epochs %.0f to %.0f", n, from, to);
  wlaw_print_labelled(out, "points", text);
}

void wlaw_print_track(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *tensors = json_object_get(document, "tensors");
  wlaw_print_heading(out, screen, "weights over time");
  print_points(out, json_object_get(document, "points"));
  wlaw_text_add(out, "\n");
  if (json_array_size(tensors)) print_rows(out, screen, tensors);
  wlaw_print_sentences(out, screen, document, "findings");
  wlaw_print_skipped(out, screen, json_object_get(document, "skipped"));
}
