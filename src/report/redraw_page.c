/* Sections of redraw: accuracies of networks drawn from the laws of a run, as drawn and after training, beside ordinary
 * initial networks and beside the run's own trained on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/number.h"
#include "report/read.h"

enum { LAWS_MOST = CHART_COLOURS - 1, LABEL = 64, ORDINARY = LAWS_MOST, CONTINUED, LINES, TRAININGS_MOST = 8 };

/* p_adjusted of a difference that counts (docs/redraw.md). */
static const double COUNTS = 0.0027;

/* A law with its declarations, as cells have it: equal texts are one line of a chart. */
static void label_of(char label[LABEL], const json_t *cell) {
  const char *law = wlaw_document_text(cell, "law"), *in = wlaw_document_text(cell, "inputs");
  const bool labelled_in = strcmp(in, "labelled") == 0,
             labelled_out = strcmp(wlaw_document_text(cell, "outputs"), "labelled") == 0;
  snprintf(label, LABEL, "%.30s%s", law,
           labelled_in && labelled_out ? ", labelled"
           : labelled_out              ? ", labelled outputs"
           : labelled_in               ? ", labelled inputs"
                                       : "");
}

typedef struct redraw_lines {
  char labels[LAWS_MOST][LABEL];
  size_t n_laws;
  const json_t *document;
  const json_t *cells, *ordinary, *continued;
} redraw_lines;

static size_t law_number(const redraw_lines *all, const json_t *cell) {
  char label[LABEL];
  label_of(label, cell);
  size_t k = 0;
  while (k < all->n_laws && strcmp(all->labels[k], label) != 0) k++;
  return k;
}

static redraw_lines read_lines(const json_t *document) {
  redraw_lines all = {.document = document,
                      .cells = wlaw_document_list(document, "cells"),
                      .ordinary = wlaw_document_list(document, "ordinary"),
                      .continued = wlaw_document_list(document, "continued")};
  for (size_t i = 0; i < json_array_size(all.cells) && all.n_laws < LAWS_MOST; i++) {
    const json_t *cell = json_array_get(all.cells, i);
    if (law_number(&all, cell) == all.n_laws) label_of(all.labels[all.n_laws++], cell);
  }
  return all;
}

/* Numbers of a line, in a chart's order. */
typedef struct redraw_line {
  double *x, *y, *error;
  size_t n;
} redraw_line;

static void add_point(redraw_line *line, double x, const json_t *cell) {
  line->x[line->n] = x;
  line->y[line->n] = wlaw_read_number(cell, "accuracy");
  line->error[line->n++] = wlaw_read_number(cell, "standard_error");
}

/* Accuracy against `axis` ("epoch" or "after") of the cells whose `key` has this value. */
static void fill(redraw_line lines[LINES], const redraw_lines *all, const char *axis, const char *key, double value) {
  const json_t *const lists[] = {all->cells, all->continued};
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < json_array_size(lists[k]); i++) {
      const json_t *cell = json_array_get(lists[k], i);
      const double is = wlaw_read_number(cell, key);
      const size_t line = k ? (size_t)CONTINUED : law_number(all, cell);
      if (line < LINES && !(is < value) && !(is > value)) add_point(&lines[line], wlaw_read_number(cell, axis), cell);
    }
}

/* Ordinary networks have no epoch: the same number at every epoch shown. */
static void fill_ordinary(redraw_line lines[LINES], const redraw_lines *all, bool by_epoch, double after,
                          const double *epochs, size_t n_epochs) {
  for (size_t i = 0; i < json_array_size(all->ordinary); i++) {
    const json_t *cell = json_array_get(all->ordinary, i);
    const double is = wlaw_read_number(cell, "after");
    if (!by_epoch) add_point(&lines[ORDINARY], is, cell);
    else if (!(is < after) && !(is > after))
      for (size_t e = 0; e < n_epochs; e++) add_point(&lines[ORDINARY], epochs[e], cell);
  }
}

static int compare_reals(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The values of a key among the cells, ascending, each once; caller frees. */
static double *values_of(text_buffer *out, size_t *n, const json_t *cells, const char *key) {
  const size_t all = json_array_size(cells);
  double *values = wlaw_array(all + 1, sizeof *values);
  *n = 0;
  if (!values) {
    out->failed = true;
    return NULL;
  }
  for (size_t i = 0; i < all; i++) {
    const double value = wlaw_read_number(json_array_get(cells, i), key);
    if (isfinite(value)) values[(*n)++] = value;
  }
  if (*n > 1) qsort(values, *n, sizeof *values, compare_reals);
  size_t kept = 0;
  for (size_t i = 0; i < *n; i++)
    if (kept == 0 || values[i] > values[kept - 1]) values[kept++] = values[i];
  *n = kept;
  return values;
}

static void draw(text_buffer *out, const redraw_lines *all, const redraw_line lines[LINES], const char *id,
                 const char *heading, const char *x_label, const char *caption) {
  plane_series series[LINES];
  size_t n = 0;
  for (size_t k = 0; k < all->n_laws; k++)
    series[n++] = (plane_series){.label = all->labels[k],
                                 .x = lines[k].x,
                                 .y = lines[k].y,
                                 .error = lines[k].error,
                                 .n = lines[k].n,
                                 .colour = (unsigned)k};
  series[n++] = (plane_series){.label = "ordinary",
                               .x = lines[ORDINARY].x,
                               .y = lines[ORDINARY].y,
                               .error = lines[ORDINARY].error,
                               .n = lines[ORDINARY].n,
                               .colour = 7,
                               .dashed = true};
  series[n++] = (plane_series){.label = "the run's own",
                               .x = lines[CONTINUED].x,
                               .y = lines[CONTINUED].y,
                               .error = lines[CONTINUED].error,
                               .n = lines[CONTINUED].n,
                               .colour = 7};
  const plane_chart chart = {.head = {.id = id,
                                      .title = heading,
                                      .description = "Mean test accuracy, one line a law.",
                                      .width = 620,
                                      .height = 340,
                                      .x_label = x_label,
                                      .y_label = "test accuracy"},
                             .x_range = RANGE_EMPTY,
                             .y_range = RANGE_EMPTY,
                             .series = series,
                             .n_series = n};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_plane(out, &chart);
  wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

/* Room for every line of one chart: three arrays of `most` numbers each. */
static void clear(redraw_line lines[LINES], double *memory, size_t most) {
  for (size_t k = 0; k < LINES; k++)
    lines[k] = (redraw_line){memory + 3 * k * most, memory + (3 * k + 1) * most, memory + (3 * k + 2) * most, 0};
}

static void figures(text_buffer *out, const redraw_lines *all, const double *epochs, size_t n_epochs,
                    const double *afters, size_t n_afters, double *memory, size_t most) {
  redraw_line lines[LINES];
  char id[32], heading[120];
  wlaw_html_grid_open(out, n_epochs > 1 ? "grid2" : "grid2 one");
  if (n_epochs > 0 && n_afters > 1) {
    clear(lines, memory, most);
    fill(lines, all, "after", "epoch", epochs[n_epochs - 1]);
    fill_ordinary(lines, all, false, 0.0, NULL, 0);
    snprintf(heading, sizeof heading, "Laws of epoch %s, trained on", wlaw_number_fixed(epochs[n_epochs - 1], 0).s);
    draw(out, all, lines, "redraw-training", heading, "epochs of training after the draw",
         "Networks drawn from each law of the run's last epoch looked at, then trained with a fresh optimiser, beside "
         "ordinary initial networks and the run's own. Error bars: standard errors over networks.");
  }
  for (size_t a = 0; n_epochs > 1 && a < n_afters; a++) {
    clear(lines, memory, most);
    fill(lines, all, "epoch", "after", afters[a]);
    fill_ordinary(lines, all, true, afters[a], epochs, n_epochs);
    snprintf(id, sizeof id, "redraw-%zu", a);
    if (!(afters[a] > 0)) snprintf(heading, sizeof heading, "As drawn");
    else
      snprintf(heading, sizeof heading, "After %s epoch%s of training", wlaw_number_fixed(afters[a], 0).s,
               afters[a] > 1 ? "s" : "");
    draw(out, all, lines, id, heading, "epoch of the run that the law is of",
         afters[a] > 0
             ? "The same networks after training. The dashed line has no law of the run in it."
             : "Without any training. Where outputs are exchangeable the expected accuracy is exactly chance, "
               "whatever was fitted.");
  }
  wlaw_html_grid_close(out);
}

/* ---- tables */

/* The cell of a law (NULL: any) at an epoch (NaN: any) after so much training; NULL: there is none. */
static const json_t *find(const json_t *list, const char *label, double epoch, double after) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *cell = json_array_get(list, i);
    char own[LABEL];
    label_of(own, cell);
    if (label && strcmp(label, own) != 0) continue;
    if (!isnan(epoch) && wlaw_read_number(cell, "epoch") != epoch) continue;
    if (wlaw_read_number(cell, "after") == after) return cell;
  }
  return NULL;
}

static void summary_row(text_buffer *out, const char *heading, const json_t *list, const char *label, double epoch,
                        const double *afters, size_t n_afters) {
  wlaw_html_row_open(out, heading);
  for (size_t a = 0; a < n_afters; a++) {
    const json_t *cell = find(list, label, epoch, afters[a]);
    char text[64];
    snprintf(
        text, sizeof text, "%s%s",
        wlaw_number_error(100 * wlaw_read_number(cell, "accuracy"), 100 * wlaw_read_number(cell, "standard_error")).s,
        wlaw_read_number(cell, "p_adjusted") < COUNTS ? " *" : "");
    wlaw_html_cell(out, text);
  }
  wlaw_html_row_close(out);
}

/* The laws of the last epoch, a column for each training. */
static void summary(text_buffer *out, const redraw_lines *all, double epoch, const double *afters, size_t n_afters) {
  char names[TRAININGS_MOST][48], heading[200];
  const char *columns[1 + TRAININGS_MOST] = {"networks from"};
  const size_t n = n_afters < TRAININGS_MOST ? n_afters : TRAININGS_MOST;
  for (size_t a = 0; a < n; a++) {
    snprintf(names[a], sizeof names[a], afters[a] > 0 ? "after %s epoch%s" : "as drawn",
             wlaw_number_fixed(afters[a], 0).s, afters[a] > 1 ? "s" : "");
    columns[1 + a] = names[a];
  }
  snprintf(heading, sizeof heading,
           "Laws of epoch %s: accuracy in %%; * differs from chance (as drawn) or from ordinary networks (trained)",
           wlaw_number_fixed(epoch, 0).s);
  wlaw_html_table_open(out, true, heading, columns, 1 + n);
  summary_row(out, "ordinary initialisation", all->ordinary, NULL, NAN, afters, n);
  for (size_t k = 0; k < all->n_laws; k++)
    summary_row(out, all->labels[k], all->cells, all->labels[k], epoch, afters, n);
  summary_row(out, "the run itself", all->continued, NULL, epoch, afters, n);
  wlaw_html_table_close(out);
}

static void row(text_buffer *out, const char *heading, const json_t *cell) {
  const double epoch = wlaw_read_number(cell, "epoch");
  wlaw_html_row_open(out, heading);
  wlaw_html_cell(out, isnan(epoch) ? "" : wlaw_number_fixed(epoch, 0).s);
  wlaw_html_cell(out, wlaw_number_fixed(wlaw_read_number(cell, "after"), 0).s);
  wlaw_html_cell(out,
                 wlaw_number_error(wlaw_read_number(cell, "accuracy"), wlaw_read_number(cell, "standard_error")).s);
  wlaw_html_cell(out, wlaw_number(wlaw_read_number(cell, "accuracy_max"), 3).s);
  wlaw_html_cell(out,
                 wlaw_number_error(wlaw_read_number(cell, "loss"), wlaw_read_number(cell, "loss_standard_error")).s);
  wlaw_html_row_close(out);
}

static void table(text_buffer *out, const redraw_lines *all) {
  static const char *const columns[] = {"networks from", "epoch of the law", "epochs of training",
                                        "accuracy",      "best network",     "loss"};
  wlaw_html_table_open(out, false, "All numbers", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < json_array_size(all->ordinary); i++)
    row(out, "ordinary initialisation", json_array_get(all->ordinary, i));
  for (size_t i = 0; i < json_array_size(all->continued); i++)
    row(out, "the run itself", json_array_get(all->continued, i));
  for (size_t i = 0; i < json_array_size(all->cells); i++) {
    char label[LABEL];
    label_of(label, json_array_get(all->cells, i));
    row(out, label, json_array_get(all->cells, i));
  }
  wlaw_html_table_close(out);
}

void wlaw_redraw_page(text_buffer *out, const json_t *document) {
  const redraw_lines all = read_lines(document);
  size_t n_epochs, n_afters;
  double *epochs = values_of(out, &n_epochs, all.cells, "epoch");
  double *afters = values_of(out, &n_afters, all.cells, "after");
  const size_t most = json_array_size(all.cells) + json_array_size(all.continued) +
                      (1 + n_epochs) * (1 + json_array_size(all.ordinary));
  double *memory = wlaw_array(3 * (size_t)LINES * most, sizeof *memory);
  if (epochs && afters && memory) {
    char intro[400];
    snprintf(intro, sizeof intro,
             "From each law, fitted to %s networks of the run, %s new networks are drawn and evaluated on the whole "
             "test set. What the law knows of the task, the drawn networks know.",
             wlaw_number_fixed(wlaw_read_number(document, "fitted"), 0).s,
             wlaw_number_fixed(wlaw_read_number(document, "networks"), 0).s);
    wlaw_html_section_open(out, "accuracy", "Accuracy of networks drawn anew", intro);
    figures(out, &all, epochs, n_epochs, afters, n_afters, memory, most);
    if (n_epochs > 0) summary(out, &all, epochs[n_epochs - 1], afters, n_afters);
    table(out, &all);
    wlaw_html_section_close(out);
  } else out->failed = true;
  free(epochs);
  free(afters);
  free(memory);
}
