/* weightlaw.changes/1: tensors of two checkpoints, those that changed most first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/print_tensors.h"

static const char *const headings[TENSOR_CELLS] = {"tensor", "kind", "change", "cosine",
                                                   "W1/sd",  "k",    "in se",  "notes"};

/* What the order goes by: graver first, then what moved more, then as in the file. */
typedef struct changed_tensor {
  const json_t *tensor;
  int severity;
  double change;
  size_t place;
} changed_tensor;

static int compare_changes(const void *a, const void *b) {
  const changed_tensor *x = a, *y = b;
  if (x->severity != y->severity) return x->severity > y->severity ? -1 : 1;
  if (x->change != y->change) return x->change > y->change ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

static void write_notes(char *cell, const json_t *tensor) {
  const double nonfinite = wlaw_print_real(tensor, "new_nonfinite"), rows = wlaw_print_real(tensor, "new_dead_rows");
  const double columns = wlaw_print_real(tensor, "new_dead_columns");
  text_buffer notes = {0};
  if (json_is_true(json_object_get(tensor, "identical"))) wlaw_text_add(&notes, ", identical");
  if (nonfinite > 0) wlaw_text_add(&notes, ", %.0f no longer finite", nonfinite);
  if (rows > 0) wlaw_text_add(&notes, ", %.0f row%s died", rows, rows == 1.0 ? "" : "s");
  if (columns > 0) wlaw_text_add(&notes, ", %.0f column%s died", columns, columns == 1.0 ? "" : "s");
  if (wlaw_tensor_severity(tensor) == 1) wlaw_text_add(&notes, ", unrelated");
  snprintf(cell, TENSOR_CELL_BYTES, "%s", notes.length ? wlaw_text_string(&notes) + 2 : "");
  wlaw_text_free(&notes);
}

static void write_pair(char *cell, const json_t *pair) {
  double a = NAN, b = NAN;
  wlaw_json_number(json_array_get(pair, 0), &a);
  wlaw_json_number(json_array_get(pair, 1), &b);
  if (isnan(a) || isnan(b)) *cell = '\0';
  else snprintf(cell, TENSOR_CELL_BYTES, "%.4f to %.4f", a, b);
}

static void write_share(char *cell, double value) {
  if (isnan(value)) *cell = '\0';
  else snprintf(cell, TENSOR_CELL_BYTES, "%.3g", value);
}

static void fill_row(tensor_row *row, const json_t *tensor) {
  row->name = wlaw_print_string(tensor, "name");
  row->severity = wlaw_tensor_severity(tensor);
  snprintf(row->cell[1], TENSOR_CELL_BYTES, "%s", wlaw_print_string(tensor, "kind"));
  write_notes(row->cell[7], tensor);
  if (json_is_true(json_object_get(tensor, "identical"))) return;
  write_share(row->cell[2], wlaw_print_real(tensor, "relative_change"));
  wlaw_cell_number(row->cell[3], 4, wlaw_print_real(tensor, "cosine"));
  write_share(row->cell[4], wlaw_print_real(tensor, "wasserstein_scaled"));
  write_pair(row->cell[5], json_object_get(tensor, "k"));
  wlaw_cell_number(row->cell[6], 1, wlaw_print_real(tensor, "change_k"));
}

static void print_rows(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const size_t all = json_array_size(tensors), n = all < TENSOR_ROWS ? all : TENSOR_ROWS;
  changed_tensor *order = calloc(all + 1, sizeof *order);
  tensor_row *rows = calloc(n + 1, sizeof *rows);
  if (order && rows) {
    for (size_t i = 0; i < all; i++) {
      const json_t *tensor = json_array_get(tensors, i);
      const double change = wlaw_print_real(tensor, "relative_change");
      order[i] = (changed_tensor){tensor, wlaw_tensor_severity(tensor), isnan(change) ? -1.0 : change, i};
    }
    qsort(order, all, sizeof *order, compare_changes);
    for (size_t i = 0; i < n; i++) fill_row(&rows[i], order[i].tensor);
    wlaw_print_tensor_rows(out, screen, headings, "00111110", rows, n);
    if (all > n) wlaw_text_add(out, "  and %zu more that changed less; --csv and --json list them all\n", all - n);
  } else {
    out->failed = true;
  }
  free(order);
  free(rows);
}

static void print_names(text_buffer *out, const json_t *document, const char *key, const char *label) {
  enum { MOST_NAMES = 3 };
  const json_t *names = json_object_get(document, key);
  const size_t n = json_array_size(names);
  if (n == 0) return;
  text_buffer list = {0};
  for (size_t i = 0; i < n && i < MOST_NAMES; i++) {
    char name[200];
    wlaw_text_printable(name, sizeof name, json_string_value(json_array_get(names, i)));
    wlaw_text_add(&list, "%s%s", i ? ", " : "", name);
  }
  if (n > MOST_NAMES) wlaw_text_add(&list, " and %zu more", n - MOST_NAMES);
  wlaw_print_labelled(out, label, wlaw_text_string(&list));
  out->failed |= list.failed;
  wlaw_text_free(&list);
}

void wlaw_print_changes(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *tensors = json_object_get(document, "tensors");
  wlaw_print_heading(out, screen, "changes from A to B");
  wlaw_print_field(out, "A", document, "a");
  wlaw_print_field(out, "B", document, "b");
  print_names(out, document, "only_a", "in A alone");
  print_names(out, document, "only_b", "in B alone");
  print_names(out, document, "different_shape", "of other shapes");
  wlaw_text_add(out, "\n");
  if (json_array_size(tensors)) print_rows(out, screen, tensors);
  wlaw_print_sentences(out, screen, document, "findings");
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i), *findings = json_object_get(tensor, "findings");
    if (wlaw_tensor_severity(tensor) >= 2)
      wlaw_print_named_sentence(out, screen, wlaw_print_string(tensor, "name"),
                                json_string_value(json_array_get(findings, json_array_size(findings) - 1)));
  }
  wlaw_print_skipped(out, screen, json_object_get(document, "skipped"));
}
