/* The part of a fit that says what the law misses: the furthest invariants and the global test. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/print_parts.h"

enum { ROWS_SHOWN = 20 };

static bool is_fitted(const json_t *invariant) { return json_is_true(json_object_get(invariant, "fitted")); }

typedef struct judged {
  const json_t *invariant;
  double z;     /* |z|; -1 without one */
  size_t place; /* in the document */
} judged;

/* Largest |z| first; then what has none, in the order of the document. */
static int by_deviation(const void *a, const void *b) {
  const judged *x = a, *y = b;
  if (x->z != y->z) return x->z < y->z ? 1 : -1;
  return (x->place > y->place) - (x->place < y->place);
}

/* An empty cell where the key holds no number. */
#define ADD_NUMBER(table, invariant, key, format)                                                                      \
  do {                                                                                                                 \
    char cell_[32] = "";                                                                                               \
    const double value_ = wlaw_print_real(invariant, key);                                                             \
    if (!isnan(value_)) snprintf(cell_, sizeof cell_, format, value_);                                                 \
    wlaw_table_text(table, cell_);                                                                                     \
  } while (0)

static void add_row(text_table *table, const json_t *invariant, const char *p_key) {
  wlaw_table_text(table, wlaw_print_formula(invariant));
  ADD_NUMBER(table, invariant, "observed", "%.4g");
  ADD_NUMBER(table, invariant, "predicted", "%.4g");
  ADD_NUMBER(table, invariant, "relative", "%+.2g");
  if (is_fitted(invariant)) wlaw_table_text(table, "fitted");
  else ADD_NUMBER(table, invariant, "deviation_se", "%+.2f");
  ADD_NUMBER(table, invariant, "deviation_sd", "%+.2f");
  wlaw_table_p_value(table, wlaw_print_real(invariant, p_key));
}

static void print_table(text_buffer *out, const text_screen *screen, const judged *sorted, size_t n, bool simulated) {
  static const char *const heading[] = {"sum of", "observed", "predicted", "relative", "z", "in sd", "p"};
  const char *p_key = simulated ? "p_simulated_adjusted" : "p_adjusted";
  text_table table = {.columns = 7, .align = "lrrrrrr"};
  for (size_t i = 0; i < 7; i++) wlaw_table_text(&table, heading[i]);
  for (size_t k = 0; k < n; k++) add_row(&table, sorted[k].invariant, p_key);
  wlaw_table_print(out, screen, &table);
}

void wlaw_print_departures(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *departures = json_object_get(fit, "departures"), *invariants = json_object_get(fit, "invariants");
  const size_t n = json_array_size(invariants);
  if (!departures || n == 0) return;
  judged *sorted = malloc(n * sizeof *sorted);
  if (!sorted) {
    out->failed = true;
    return;
  }
  for (size_t k = 0; k < n; k++) {
    const json_t *invariant = json_array_get(invariants, k);
    const double z = fabs(wlaw_print_real(invariant, "deviation_se"));
    sorted[k] = (judged){invariant, isnan(z) ? -1.0 : z, k};
  }
  qsort(sorted, n, sizeof *sorted, by_deviation);
  const size_t shown = n < ROWS_SHOWN ? n : ROWS_SHOWN;
  const double replicates = wlaw_print_real(departures, "replicates");
  wlaw_text_add(out, "\n");
  print_table(out, screen, sorted, shown, replicates > 0.0);
  free(sorted);
  wlaw_text_add(out, "  ");
  text_buffer note = {0};
  if (shown < n) wlaw_text_add(&note, "The %zu furthest of %zu invariants (--json lists all). ", shown, n);
  if (wlaw_print_real(departures, "tested") > 0.0)
    wlaw_text_add(&note,
                  "relative is observed/predicted - 1, z in standard errors, sd over networks; p is adjusted for the "
                  "number of invariants (%s).",
                  replicates > 0.0 ? "simulated, largest |z|" : "normal, Holm");
  else wlaw_text_add(&note, "fitted: the law's own statistics, equal by construction.");
  wlaw_screen_wrap(out, wlaw_text_string(&note), 2, 2, screen->width);
  if (note.failed) out->failed = true;
  wlaw_text_free(&note);
}
