/* Section: one panel a kind of tensor, k over the blocks of the model beside the published medians; and alpha. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

/* Kinds that have a panel, with the published medians' names. */
static const char *const kinds[] = {"q",  "k",    "v",       "o",      "qkv",   "gate",
                                    "up", "down", "gate-up", "expert", "dense", "conv"};
enum { KINDS = sizeof kinds / sizeof *kinds, PANEL_ROWS = 9 };

static bool is_kind(const json_t *tensor, const char *kind) {
  return strcmp(wlaw_document_text(tensor, "kind"), kind) == 0;
}

/* A panel's numbers, [n] each, in ascending place. */
typedef struct kind_panel {
  size_t n;
  bool blocks; /* places are blocks of the model; else places in the file */
  double *place, *k, *error, *balanced, *low, *median, *high, *alpha, *alpha_error;
  double *memory;
} kind_panel;

/* The larger of the errors of independent weights and of weights that depend within rows or columns. */
static double widest_error(const json_t *tensor) {
  double most = wlaw_read_number(tensor, "weibull.se_k");
  most = fmax(most, wlaw_read_number(tensor, "weibull.se_k_rows"));
  return fmax(most, wlaw_read_number(tensor, "weibull.se_k_columns"));
}

static bool read_panel(kind_panel *panel, const json_t *tensors, const char *kind) {
  const size_t all = json_array_size(tensors);
  *panel = (kind_panel){.blocks = true};
  for (size_t i = 0; i < all; i++) {
    const json_t *tensor = json_array_get(tensors, i);
    if (!is_kind(tensor, kind)) continue;
    panel->n++;
    panel->blocks = panel->blocks && wlaw_read_number(tensor, "block") >= 0;
  }
  double *at = panel->memory = wlaw_array(PANEL_ROWS * panel->n + 1, sizeof *at);
  if (!at) return false;
  double **const rows[PANEL_ROWS] = {&panel->place,  &panel->k,    &panel->error, &panel->balanced,   &panel->low,
                                     &panel->median, &panel->high, &panel->alpha, &panel->alpha_error};
  for (size_t r = 0; r < PANEL_ROWS; r++) *rows[r] = at + r * panel->n;
  size_t n = 0;
  for (size_t i = 0; i < all; i++) {
    const json_t *tensor = json_array_get(tensors, i);
    if (!is_kind(tensor, kind)) continue;
    const double place = panel->blocks ? wlaw_read_number(tensor, "block") : (double)(i + 1);
    size_t here = n++;
    for (; here > 0 && panel->place[here - 1] > place; here--) /* files need not be in the order of blocks */
      for (size_t r = 0; r < PANEL_ROWS; r++) (*rows[r])[here] = (*rows[r])[here - 1];
    const double values[PANEL_ROWS] = {place,
                                       wlaw_read_number(tensor, "weibull.k"),
                                       widest_error(tensor),
                                       wlaw_read_number(tensor, "weibull.k_both"),
                                       wlaw_read_number(tensor, "published.k_low"),
                                       wlaw_read_number(tensor, "published.k_median"),
                                       wlaw_read_number(tensor, "published.k_high"),
                                       wlaw_read_number(tensor, "spectrum.alpha"),
                                       wlaw_read_number(tensor, "spectrum.se_alpha")};
    for (size_t r = 0; r < PANEL_ROWS; r++) (*rows[r])[here] = values[r];
  }
  return true;
}

static bool any_finite(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) return true;
  return false;
}

static void draw_k(text_buffer *out, const kind_panel *panel, size_t kind) {
  char id[32], heading[64];
  snprintf(id, sizeof id, "kind-k-%zu", kind);
  snprintf(heading, sizeof heading, "k of %s", kinds[kind]);
  const bool published = any_finite(panel->median, panel->n);
  const chart_line lines[] = {
      {.label = "raw", .y = panel->k, .error = panel->error, .colour = 0},
      {.label = "balanced", .y = panel->balanced, .colour = 1},
      {.label = "published", .y = panel->median, .colour = 7, .dashed = true, .plain = true},
  };
  const chart_band band = {panel->low, panel->high, NULL, NULL, 7, false};
  const line_chart chart = {.head = {.id = id,
                                     .title = heading,
                                     .description = "Weibull shape over the blocks of the model.",
                                     .x_label = panel->blocks ? "block" : "place in the file"},
                            .x = panel->place,
                            .n = panel->n,
                            .y_range = RANGE_EMPTY,
                            .lines = lines,
                            .n_lines = published ? 3 : 2,
                            .bands = &band,
                            .n_bands = published};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_line(out, &chart);
  wlaw_html_figure_close(out);
}

static void draw_alpha(text_buffer *out, const kind_panel *panel, size_t kind) {
  char id[32], heading[64];
  snprintf(id, sizeof id, "kind-alpha-%zu", kind);
  snprintf(heading, sizeof heading, "\xce\xb1 of %s", kinds[kind]);
  const chart_line line = {.y = panel->alpha, .error = panel->alpha_error, .colour = 2};
  const line_chart chart = {.head = {.id = id,
                                     .title = heading,
                                     .description = "Power-law exponent of the spectrum over the blocks of the model.",
                                     .x_label = panel->blocks ? "block" : "place in the file"},
                            .x = panel->place,
                            .n = panel->n,
                            .y_range = {2, 4},
                            .lines = &line,
                            .n_lines = 1};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_line(out, &chart);
  wlaw_html_figure_close(out);
}

typedef bool (*panel_has)(const kind_panel *panel);
static bool has_k(const kind_panel *panel) { return any_finite(panel->k, panel->n); }
static bool has_alpha(const kind_panel *panel) { return any_finite(panel->alpha, panel->n); }

/* The panels of all kinds that have the measure; the grid is opened with the first. */
static void grid(text_buffer *out, const json_t *tensors, panel_has has,
                 void (*draw)(text_buffer *out, const kind_panel *panel, size_t kind), const char *caption) {
  bool open = false;
  for (size_t kind = 0; kind < KINDS; kind++) {
    kind_panel panel;
    if (!read_panel(&panel, tensors, kinds[kind])) {
      out->failed = true;
      return;
    }
    if (has(&panel)) {
      if (!open) wlaw_html_grid_open(out, "grid3");
      open = true;
      draw(out, &panel, kind);
    }
    free(panel.memory);
  }
  if (!open) return;
  wlaw_html_grid_close(out);
  wlaw_html_paragraph(out, "small", caption);
}

void wlaw_checkpoint_kinds(text_buffer *out, const json_t *document) {
  const json_t *tensors = wlaw_document_list(document, "tensors");
  wlaw_html_section_open(out, "kinds", "By kind and block", NULL);
  grid(out, tensors, has_k, draw_k,
       "Bars are one standard error, the largest of three: weights independent, dependent within rows, within columns. "
       "Balanced: rows and columns scaled to one root mean square. Grey: lowest, median and highest published median "
       "of twelve language models (arXiv 2605.18898, CC BY 4.0).");
  grid(out, tensors, has_alpha, draw_alpha,
       "Exponent of the power law fitted to the largest squared singular values (Clauset, Shalizi and Newman 2009), "
       "with its standard error.");
  wlaw_html_section_close(out);
}
