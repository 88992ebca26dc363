/* What the printers of results are made of. A key that is absent is left out: printers never fail. */
#ifndef WLAW_CLI_PRINT_PARTS_H
#define WLAW_CLI_PRINT_PARTS_H

#include "cli/screen.h"
#include "cli/table.h"
#include "core/json.h"

/* One for each schema (print_fit.c and so on), and one for a document of any shape. */
void wlaw_print_fit(text_buffer *out, const text_screen *screen, const json_t *document);
/* The invariants of a fit that were judged; nothing where none were. */
void wlaw_print_departures(text_buffer *out, const text_screen *screen, const json_t *fit);
/* What only the law of whole networks has (print_network.c); nothing in other fits. */
void wlaw_print_layers(text_buffer *out, const json_t *fit);
void wlaw_print_network_parameters(text_buffer *out, const text_screen *screen, const json_t *fit);
void wlaw_print_correlations(text_buffer *out, const text_screen *screen, const json_t *fit);
void wlaw_print_fits(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_compare(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_train(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_limit(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_limit_table(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_draw(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_report(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_data(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_graphs(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_scan(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_scans(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_track(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_node_variances(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_changes(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_kernel(text_buffer *out, const text_screen *screen, const json_t *document);
/* The inputs that stand twice; nothing where none do. */
void wlaw_print_duplicates(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_predict(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_prune(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_redraw(text_buffer *out, const text_screen *screen, const json_t *document);
void wlaw_print_document(text_buffer *out, const text_screen *screen, const json_t *document);

/* The text or number at a key; "" and NaN where there is none. */
const char *wlaw_print_string(const json_t *document, const char *key);
double wlaw_print_real(const json_t *document, const char *key);
/* "M_ij M_jk M_ki" of an invariant whose formula is "sum M_ij M_jk M_ki": tables say "sum of" above. */
const char *wlaw_print_formula(const json_t *invariant);
/* A scalar as text: escaped, "%.6g", yes or no, "not determined" for null. */
void wlaw_print_value(char *out, size_t capacity, const json_t *value);

/* "  label   value" */
void wlaw_print_labelled(text_buffer *out, const char *label, const char *value);
/* The same, when the key holds a scalar. */
void wlaw_print_field(text_buffer *out, const char *label, const json_t *document, const char *key);
/* Bold, with a blank line in front unless it is the first line. */
void wlaw_print_heading(text_buffer *out, const text_screen *screen, const char *heading);
/* A text as a paragraph, or an array of texts as a list, broken at the screen's width. */
void wlaw_print_sentences(text_buffer *out, const text_screen *screen, const json_t *document, const char *key);

#endif
