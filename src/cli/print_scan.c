/* weightlaw.scan/1 and weightlaw.scans/1: tensors, the worst first, kinds beside published values, findings, rules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print_parts.h"

enum {
  MOST_ROWS = 40,
  MOST_FINDINGS = 12,
  MOST_SKIPPED = 6,
  CELLS = 8,
  SHORTEST_NAME = 16,
  LONGEST_NAME = 48,
  LONGEST_NOTE = 26,
  CELL_BYTES = 256
};

typedef struct scan_row {
  char cell[CELLS][CELL_BYTES];
} scan_row;

static const char *const headings[CELLS] = {"tensor", "kind", "shape", "k", "R2", "law", "alpha", "notes"};

static double at(const json_t *tensor, const char *group, const char *key) {
  return wlaw_print_real(group ? json_object_get(tensor, group) : tensor, key);
}

static int severity_of(const json_t *tensor) {
  const double severity = wlaw_print_real(tensor, "severity");
  return severity > 0.0 && severity < 10.0 ? (int)severity : 0;
}

/* ---- one row */

#define NOTE(notes, ...)                                                                                               \
  do {                                                                                                                 \
    if ((notes)->length) wlaw_text_add((notes), ", ");                                                                 \
    wlaw_text_add((notes), __VA_ARGS__);                                                                               \
  } while (0)

static void write_notes(char *out, size_t capacity, const json_t *tensor) {
  text_buffer notes = {0};
  const bool told = severity_of(tensor) > 0;
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

/* "" for what is not determined. */
static void write_number(char *out, int digits, double value) {
  if (isnan(value)) *out = '\0';
  else snprintf(out, CELL_BYTES, "%.*f", digits, value);
}

static void write_shape(char *out, const json_t *shape) {
  size_t used = 0;
  *out = '\0';
  for (size_t d = 0; d < json_array_size(shape) && used + 24 < CELL_BYTES; d++)
    used += (size_t)snprintf(out + used, CELL_BYTES - used, "%s%lld", d ? "x" : "",
                             (long long)json_integer_value(json_array_get(shape, d)));
}

static void fill_row(scan_row *row, const json_t *tensor) {
  snprintf(row->cell[1], CELL_BYTES, "%s", wlaw_print_string(tensor, "kind"));
  write_shape(row->cell[2], json_object_get(tensor, "shape"));
  write_number(row->cell[3], 4, at(tensor, "weibull", "k"));
  write_number(row->cell[4], 3, at(tensor, "weibull", "r2"));
  snprintf(row->cell[5], CELL_BYTES, "%s", wlaw_print_string(tensor, "best_law"));
  write_number(row->cell[6], 2, at(tensor, "spectrum", "alpha"));
  write_notes(row->cell[7], CELL_BYTES, tensor);
}

/* The first and the last of it with a star between, which is a pattern that --tensor takes; cut between code points. */
static void shorten(char *out, size_t capacity, const char *name, size_t columns) {
  char printable[1024];
  wlaw_text_printable(printable, sizeof printable, name);
  const size_t all = wlaw_screen_columns(printable);
  if (all <= columns) {
    wlaw_text_printable(out, capacity, name);
    return;
  }
  const size_t head = (columns - 1) / 3, tail = columns - 1 - head;
  size_t column = 0, head_bytes = 0, tail_at = 0;
  for (size_t i = 0; printable[i]; i++) {
    if (((unsigned char)printable[i] & 0xC0) == 0x80) continue;
    if (column == head) head_bytes = i;
    if (column == all - tail) tail_at = i;
    column++;
  }
  snprintf(out, capacity, "%.*s*%.*s", (int)head_bytes, printable, (int)(4 * tail), printable + tail_at);
}

/* ---- the table of tensors */

/* The worst first, else in the order of the file. */
static size_t worst_first(const json_t **out, size_t most, const json_t *tensors) {
  size_t n = 0;
  for (int severity = 9; severity >= 0; severity--)
    for (size_t i = 0; i < json_array_size(tensors) && n < most; i++)
      if (severity_of(json_array_get(tensors, i)) == severity) out[n++] = json_array_get(tensors, i);
  return n;
}

static void print_tensors(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const json_t *shown[MOST_ROWS];
  const size_t n = worst_first(shown, MOST_ROWS, tensors), all = json_array_size(tensors);
  scan_row *rows = calloc(n + 1, sizeof *rows);
  bool used[CELLS] = {true};
  size_t width[CELLS] = {0}, taken = 0, columns = 1;
  if (!rows) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) fill_row(&rows[i], shown[i]);
  for (size_t c = 1; c < CELLS; c++) {
    for (size_t i = 0; i < n; i++)
      width[c] = (size_t)fmax((double)width[c], (double)wlaw_screen_columns(rows[i].cell[c]));
    used[c] = width[c] > 0;
    if (!used[c]) continue;
    if (width[c] < strlen(headings[c])) width[c] = strlen(headings[c]);
    taken += width[c] + 2;
    columns++;
  }
  char align[CELLS + 1] = "l";
  size_t a = 1;
  for (size_t c = 1; c < CELLS; c++)
    if (used[c]) align[a++] = c == 3 || c == 4 || c == 6 ? 'r' : 'l';
  const size_t room = screen->width > taken + 2 + SHORTEST_NAME ? screen->width - taken - 2 : SHORTEST_NAME;
  text_table table = {.columns = columns, .align = align};
  for (size_t c = 0; c < CELLS; c++)
    if (used[c]) wlaw_table_text(&table, headings[c]);
  for (size_t i = 0; i < n; i++) {
    shorten(rows[i].cell[0], CELL_BYTES, wlaw_print_string(shown[i], "name"),
            room < LONGEST_NAME ? room : LONGEST_NAME);
    for (size_t c = 0; c < CELLS; c++)
      if (used[c]) wlaw_table_text(&table, rows[i].cell[c]);
    table.alarms += severity_of(shown[i]) >= 3;
    table.warnings += severity_of(shown[i]) == 2;
  }
  free(rows);
  wlaw_table_print(out, screen, &table);
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
      char number[CELL_BYTES];
      write_number(number, 4, numbers[c]);
      wlaw_table_text(&table, number);
    }
  }
  free(k);
  wlaw_text_add(out, "\n");
  wlaw_table_print(out, screen, &table);
}

/* ---- sentences */

static void print_line(text_buffer *out, const text_screen *screen, const char *name, const char *sentence) {
  char printable[2048];
  text_buffer text = {0};
  wlaw_text_add(&text, "%s%s%s", name, *name ? ": " : "", sentence);
  wlaw_text_printable(printable, sizeof printable, wlaw_text_string(&text));
  wlaw_text_add(out, "- ");
  wlaw_screen_wrap(out, printable, 2, 2, screen->width);
  if (text.failed) out->failed = true;
  wlaw_text_free(&text);
}

/* What is told of single tensors, the gravest first. */
static void print_findings(text_buffer *out, const text_screen *screen, const json_t *tensors) {
  const json_t *shown[MOST_ROWS];
  const size_t n = worst_first(shown, MOST_ROWS, tensors);
  size_t told = 0, left = 0;
  for (size_t i = 0; i < n && severity_of(shown[i]) > 0; i++) {
    const json_t *findings = json_object_get(shown[i], "findings");
    for (size_t f = 0; f < json_array_size(findings); f++) {
      if (told == MOST_FINDINGS) {
        left++;
        continue;
      }
      if (told++ == 0) wlaw_text_add(out, "\n");
      print_line(out, screen, wlaw_print_string(shown[i], "name"), json_string_value(json_array_get(findings, f)));
    }
  }
  if (left > 0) wlaw_text_add(out, "- and %zu more; --json has them all\n", left);
}

static void print_skipped(text_buffer *out, const text_screen *screen, const json_t *skipped) {
  const size_t n = json_array_size(skipped);
  if (n == 0) return;
  wlaw_text_add(out, "\nnot measured\n");
  for (size_t i = 0; i < n && i < MOST_SKIPPED; i++)
    print_line(out, screen, wlaw_print_string(json_array_get(skipped, i), "name"),
               wlaw_print_string(json_array_get(skipped, i), "reason"));
  if (n > MOST_SKIPPED) wlaw_text_add(out, "- and %zu more; --json lists them all\n", n - MOST_SKIPPED);
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
    print_line(out, screen, wlaw_print_string(rule, "rule"), sentence);
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
  print_skipped(out, screen, json_object_get(document, "skipped"));
  print_check(out, screen, json_object_get(document, "check"));
}

void wlaw_print_scans(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *scans = json_object_get(document, "scans");
  for (size_t i = 0; i < json_array_size(scans); i++) wlaw_print_scan(out, screen, json_array_get(scans, i));
}
