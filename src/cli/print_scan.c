/* weightlaw.scan/1 and weightlaw.scans/1: tensors, the worst first, kinds beside published values, findings, rules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print_tensors.h"

enum { MOST_FINDINGS = 12, LONGEST_NOTE = 26 };

static const char *const headings[TENSOR_CELLS] = {"tensor", "kind", "shape", "k", "R2", "law", "alpha", "notes"};

static double at(const json_t *tensor, const char *group, const char *key) {
  return wlaw_print_real(group ? json_object_get(tensor, group) : tensor, key);
}

/* ---- one row */

#define NOTE(notes, ...)                                                                                               \
  do {                                                                                                                 \
    if ((notes)->length) wlaw_text_add((notes), ", ");                                                                 \
    wlaw_text_add((notes), __VA_ARGS__);                                                                               \
  } while (0)

static void write_notes(char *out, size_t capacity, const json_t *tensor) {
  text_buffer notes = {0};
  const bool told = wlaw_tensor_severity(tensor) > 0;
  const double nonfinite = at(tensor, NULL, "nonfinite"), tiny = at(tensor, NULL, "tiny") / at(tensor, NULL, "count");
  const double rows = at(tensor, NULL, "dead_rows"), columns = at(tensor, NULL, "dead_columns");
  const bool zero = at(tensor, NULL, "min") == 0.0 && at(tensor, NULL, "max") == 0.0;
  const double ratio = at(tensor, NULL, "max_ratio"), bits = at(tensor, "lattice", "bits");
  const double k = at(tensor, "weibull", "k");
  if (nonfinite > 0) NOTE(&notes, "%.0f not finite", nonfinite);
  if (told && zero) NOTE(&notes, "all zero");
  else if (told && rows > 0) NOTE(&notes, "%.0f dead row%s", rows, rows == 1.0 ? "" : "s");
  if (told && columns > 0 && !zero) NOTE(&notes, "%.0f dead column%s", columns, columns == 1.0 ? "" : "s");
  if (told && tiny > 0.01 && !zero) NOTE(&notes, "%.3g %% tiny", 100.0 * tiny);
  if (told && ratio >= 10.0) NOTE(&notes, "outlier x%.3g", ratio);
  if (bits > 0) NOTE(&notes, "%.0f-bit codes", bits);
  else if (told && k > at(tensor, "published", "k_high")) NOTE(&notes, "k high");
  else if (told && k < at(tensor, "published", "k_low")) NOTE(&notes, "k low");
  wlaw_text_printable(out, capacity, wlaw_text_string(&notes));
  wlaw_text_free(&notes);
  if (strlen(out) <= LONGEST_NOTE) return;
  size_t end = LONGEST_NOTE - 4; /* the sentences below the table tell all */
  while (end > 0 && out[end] != ',') end--;
  snprintf(out + end, capacity - end, ", ..");
}

static void write_shape(char *out, const json_t *shape) {
  size_t used = 0;
  *out = '\0';
  for (size_t d = 0; d < json_array_size(shape) && used + 24 < TENSOR_CELL_BYTES; d++)
    used += (size_t)snprintf(out + used, TENSOR_CELL_BYTES - used, "%s%lld", d ? "x" : "",
                             (long long)json_integer_value(json_array_get(shape, d)));
}

static void fill_row(tensor_row *row, const json_t *tensor) {
  row->name = wlaw_print_string(tensor, "name");
  row->severity = wlaw_tensor_severity(tensor);
  snprintf(row->cell[1], TENSOR_CELL_BYTES, "%s", wlaw_print_string(tensor, "kind"));
  write_shape(row->cell[2], json_object_get(tensor, "shape"));
  wlaw_cell_number(row->cell[3], 4, at(tensor, "weibull", "k"));
  wlaw_cell_number(row->cell[4], 3, at(tensor, "weibull", "r2"));
  snprintf(row->cell[5], TENSOR_CELL_BYTES, "%s", wlaw_print_string(tensor, "best_law"));
  wlaw_cell_number(row->cell[6], 2, at(tensor, "spectrum", "alpha"));
  write_notes(row->cell[7], TENSOR_CELL_BYTES, tensor);
}

/* ---- the table of tensors */

/* The worst first, else in the order of the file. */
static size_t worst_first(const json_t **out, size_t most, const json_t *tensors) {
  size_t n = 0;
  for (int severity = 9; severity >= 0; severity--)
    for (size_t i = 0; i < json_array_size(tensors) && n < most; i++)
      if (wlaw_tensor_severity(json_array_get(tensors, i)) == severity) out[n++] = json_array_get(tensors, i);
  return n;
}

static void print_tensors(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const json_t *shown[TENSOR_ROWS];
  const size_t n = worst_first(shown, TENSOR_ROWS, tensors), all = json_array_size(tensors);
  tensor_row *rows = calloc(n + 1, sizeof *rows);
  if (!rows) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) fill_row(&rows[i], shown[i]);
  wlaw_print_tensor_rows(out, screen, headings, "00011010", rows, n);
  free(rows);
  if (all > n) wlaw_text_add(out, "  and %zu more with nothing graver; --csv and --json list them all\n", all - n);
}

/* ---- kinds beside published medians */

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median_k(const json_t *tensors, const char *kind, double *k, size_t *n) {
  *n = 0;
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    const double value = at(tensor, "weibull", "k");
    if (strcmp(wlaw_print_string(tensor, "kind"), kind) == 0 && !isnan(value)) k[(*n)++] = value;
  }
  if (*n == 0) return NAN;
  qsort(k, *n, sizeof *k, compare_doubles);
  return (k[(*n - 1) / 2] + k[*n / 2]) / 2.0;
}

static void print_kinds(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *bands = json_object_get(document, "published"), *tensors = json_object_get(document, "tensors");
  double *k = calloc(json_array_size(tensors) + 1, sizeof *k);
  text_table table = {.columns = 6, .align = "lrrrrr"};
  static const char *const heading[] = {"kind", "tensors", "k median", "published low", "median", "high"};
  if (!k) out->failed = true;
  if (!k || json_array_size(bands) == 0) {
    free(k);
    return;
  }
  for (size_t c = 0; c < 6; c++) wlaw_table_text(&table, heading[c]);
  for (size_t i = 0; i < json_array_size(bands); i++) {
    const json_t *band = json_array_get(bands, i);
    size_t n = 0;
    const double median = median_k(tensors, wlaw_print_string(band, "kind"), k, &n);
    char cell[32];
    snprintf(cell, sizeof cell, "%zu", n);
    wlaw_table_text(&table, wlaw_print_string(band, "kind"));
    wlaw_table_text(&table, cell);
    const double numbers[] = {median, at(band, NULL, "k_low"), at(band, NULL, "k_median"), at(band, NULL, "k_high")};
    for (size_t c = 0; c < 4; c++) {
      char number[TENSOR_CELL_BYTES];
      wlaw_cell_number(number, 4, numbers[c]);
      wlaw_table_text(&table, number);
    }
  }
  free(k);
  wlaw_text_add(out, "\n");
  wlaw_table_print(out, screen, &table);
}

/* ---- sentences */

/* What is told of single tensors, the gravest first. */
static void print_findings(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const json_t *shown[TENSOR_ROWS];
  const size_t n = worst_first(shown, TENSOR_ROWS, tensors);
  size_t told = 0, left = 0;
  for (size_t i = 0; i < n && wlaw_tensor_severity(shown[i]) > 0; i++) {
    const json_t *findings = json_object_get(shown[i], "findings");
    for (size_t f = 0; f < json_array_size(findings); f++) {
      if (told == MOST_FINDINGS) {
        left++;
        continue;
      }
      if (told++ == 0) wlaw_text_add(out, "\n");
      wlaw_print_named_sentence(out, screen, wlaw_print_string(shown[i], "name"),
                                json_string_value(json_array_get(findings, f)));
    }
  }
  if (left > 0) wlaw_text_add(out, "- and %zu more; --json has them all\n", left);
}

static void print_check(text_buffer *out, const text_screen *screen, const json_t *check) {
  const json_t *rules = json_object_get(check, "rules");
  if (json_array_size(rules) == 0) return;
  wlaw_text_add(out, "\n");
  for (size_t i = 0; i < json_array_size(rules); i++) {
    const json_t *rule = json_array_get(rules, i), *failures = json_object_get(rule, "failures");
    const size_t broken = json_array_size(failures);
    char sentence[1024], value[64] = "";
    if (broken) wlaw_print_value(value, sizeof value, json_object_get(json_array_get(failures, 0), "value"));
    if (broken)
      snprintf(sentence, sizeof sentence, "broken by %zu of %.0f tensors; %.300s has %s", broken,
               wlaw_print_real(rule, "tensors"), wlaw_print_string(json_array_get(failures, 0), "tensor"), value);
    else if (wlaw_print_real(rule, "tensors") > 0)
      snprintf(sentence, sizeof sentence, "kept (tensors: %.0f)", wlaw_print_real(rule, "tensors"));
    else snprintf(sentence, sizeof sentence, "held against no tensor");
    wlaw_print_named_sentence(out, screen, wlaw_print_string(rule, "rule"), sentence);
  }
  wlaw_text_add(out, "check %s\n", json_is_true(json_object_get(check, "passed")) ? "passed" : "failed");
}

void wlaw_print_scan(text_buffer *out, const text_screen *screen, const json_t *document) {
  char heading[512];
  const json_t *tensors = json_object_get(document, "tensors");
  snprintf(heading, sizeof heading, "%s (%s)", wlaw_print_string(document, "file"),
           wlaw_print_string(document, "format"));
  wlaw_print_heading(out, screen, heading);
  if (json_array_size(tensors) > 0) print_tensors(out, screen, tensors);
  print_kinds(out, screen, document);
  wlaw_print_sentences(out, screen, document, "findings");
  print_findings(out, screen, tensors);
  wlaw_print_skipped(out, screen, json_object_get(document, "skipped"));
  print_check(out, screen, json_object_get(document, "check"));
}

void wlaw_print_scans(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *scans = json_object_get(document, "scans");
  for (size_t i = 0; i < json_array_size(scans); i++) wlaw_print_scan(out, screen, json_array_get(scans, i));
}
