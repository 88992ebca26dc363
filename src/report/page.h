/* The report's page, section by section, drawn from a report_series. */
#ifndef WLAW_REPORT_PAGE_H
#define WLAW_REPORT_PAGE_H

#include "core/text.h"
#include "report/series.h"
#include "report/story.h"

/* The whole page. Memory failures set out->failed. */
void wlaw_page_write(text_buffer *out, const report_series *series, const sentence_list *story,
                     const sentence_list *notes);

/* Sections (page_*.c). Each writes nothing when the series has nothing for it, and says so beforehand: */
bool wlaw_page_has_training(const report_series *series);
void wlaw_page_training(text_buffer *out, const report_series *series);
bool wlaw_page_has_distance(const report_series *series);
void wlaw_page_distance(text_buffer *out, const report_series *series);
bool wlaw_page_has_invariants(const report_series *series);
void wlaw_page_invariants(text_buffer *out, const report_series *series);
bool wlaw_page_has_laws(const report_series *series);
void wlaw_page_laws(text_buffer *out, const report_series *series);
bool wlaw_page_has_parameters(const report_series *series);
void wlaw_page_parameters(text_buffer *out, const report_series *series);
bool wlaw_page_has_departures(const report_series *series);
void wlaw_page_departures(text_buffer *out, const report_series *series);
bool wlaw_page_has_nodes(const report_series *series);
void wlaw_page_nodes(text_buffer *out, const report_series *series);
bool wlaw_page_has_weights(const report_series *series);
void wlaw_page_weights(text_buffer *out, const report_series *series);

/* The furthest departures of one tensor at one epoch, drawn (page_graphs.c). */
void wlaw_page_graphs(text_buffer *out, const report_series *series, size_t t, size_t e);

/* "layer2.weight (10 × 10)", cut to fit. */
typedef struct tensor_label {
  char s[128];
} tensor_label;
tensor_label wlaw_page_tensor_label(const report_tensor *tensor);
/* The name alone, cut to fit a chart's margin. */
tensor_label wlaw_page_tensor_name(const report_tensor *tensor);
/* Grid class for n figures: rows of three or of two, whichever leaves fewer holes. */
const char *wlaw_page_grid(size_t n);

#endif
