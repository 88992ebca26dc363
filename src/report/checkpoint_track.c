/* Sections of a track: measures over the points in time, drift of every tensor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

enum { LINES_MOST = CHART_COLOURS, ROWS_MOST = 200, STEPS = 6 };

typedef struct track_panel {
  const char *key, *error, *heading; /* error: NULL, or the key of the standard error */
  scale_kind scale;
} track_panel;

static const track_panel panels[] = {
    {"distance", NULL, "Relative distance from the first point", SCALE_LINEAR},
    {"k", "se_k", "Weibull k", SCALE_LINEAR},
    {"lambda", "se_lambda", "Weibull \xce\xbb", SCALE_LINEAR},
    {"scale", NULL, "Root mean square", SCALE_LINEAR},
    {"shape", NULL, "Generalised Gaussian shape (log scale)", SCALE_LOG},
    {"alpha", "se_alpha", "Power-law exponent \xce\xb1", SCALE_LINEAR},
};

/* Number `key` of a tensor at each point: [n]. */
static void read_points(double *out, const json_t *tensor, const char *key, size_t n) {
  const json_t *points = json_object_get(tensor, "points");
  for (size_t i = 0; i < n; i++) out[i] = key ? wlaw_read_number(json_array_get(points, i), key) : NAN;
}

/* Epochs where every point has one and they ascend, else 1, 2, 3, ... */
static bool read_places(double *place, const json_t *points, size_t n) {
  bool epochs = true;
  for (size_t i = 0; i < n; i++) {
    place[i] = wlaw_read_number(json_array_get(points, i), "epoch");
    epochs = epochs && isfinite(place[i]) && (i == 0 || place[i] > place[i - 1]);
  }
  for (size_t i = 0; !epochs && i < n; i++) place[i] = (double)(i + 1);
  return epochs;
}

/* The tensors that moved most by the last point, at most LINES_MOST, in the order of the file. */
static size_t choose(size_t list[LINES_MOST], const json_t *tensors, size_t n_points) {
  double moved[LINES_MOST];
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *points = json_object_get(json_array_get(tensors, i), "points");
    double distance = wlaw_read_number(json_array_get(points, n_points - 1), "distance");
    if (isnan(distance)) distance = -1;
    if (n == LINES_MOST) {
      size_t least = 0;
      for (size_t j = 1; j < n; j++)
        if (moved[j] < moved[least]) least = j;
      if (!(distance > moved[least])) continue;
      for (size_t j = least; j + 1 < n; j++) {
        moved[j] = moved[j + 1];
        list[j] = list[j + 1];
      }
      n--;
    }
    moved[n] = distance;
    list[n++] = i;
  }
  return n;
}

/* memory: [2 * LINES_MOST * n_points] */
static void panel(text_buffer *out, const track_panel *of, const json_t *tensors, const double *place, size_t n_points,
                  bool epochs, double *memory) {
  size_t list[LINES_MOST];
  const size_t n = choose(list, tensors, n_points);
  chart_line lines[LINES_MOST];
  checkpoint_name names[LINES_MOST];
  bool any = false;
  for (size_t l = 0; l < n; l++) {
    double *values = memory + 2 * l * n_points, *errors = values + n_points;
    const json_t *tensor = json_array_get(tensors, list[l]);
    read_points(values, tensor, of->key, n_points);
    read_points(errors, tensor, of->error, n_points);
    for (size_t i = 0; i < n_points; i++) any = any || isfinite(values[i]);
    names[l] = wlaw_checkpoint_name(tensor);
    lines[l] =
        (chart_line){.label = names[l].s, .y = values, .error = of->error ? errors : NULL, .colour = (unsigned)l};
  }
  if (!any) return;
  char id[32];
  snprintf(id, sizeof id, "track-%s", of->key);
  const line_chart chart = {.head = {.id = id,
                                     .title = of->heading,
                                     .description = "One line a tensor, over the points in time.",
                                     .width = 620,
                                     .height = 300,
                                     .x_label = epochs ? "epoch" : "point"},
                            .x = place,
                            .n = n_points,
                            .y_kind = of->scale,
                            .y_range = RANGE_EMPTY,
                            .lines = lines,
                            .n_lines = n};
  wlaw_html_figure_open(out, "", of->heading);
  wlaw_chart_line(out, &chart);
  wlaw_html_figure_close(out);
}

/* ---- drift of k of all tensors: a strip */

typedef struct drift_text {
  char text[64], note[160];
} drift_text;

static strip_cell drift_cell(drift_text *text, const json_t *point, const char *name) {
  static const double limits[STEPS - 1] = {2, 3.5, 10, 30, 100};
  static const char *const classes[STEPS] = {"h0", "h1", "h2", "h3", "h4", "h5"};
  const double drift = wlaw_read_number(point, "drift_k");
  size_t step = 0;
  snprintf(text->note, sizeof text->note, "%s: k %s", name,
           wlaw_number_error(wlaw_read_number(point, "k"), wlaw_read_number(point, "se_k")).s);
  if (isnan(drift)) return (strip_cell){"none", NULL, NULL, NULL, text->note};
  for (size_t i = 0; i + 1 < STEPS; i++) step += fabs(drift) >= limits[i];
  snprintf(text->text, sizeof text->text, "%s%s", drift > 0 ? "+" : "",
           wlaw_number_fixed(drift, fabs(drift) < 9.95 ? 1 : 0).s);
  return (strip_cell){classes[step], text->text, drift > 0 ? "+" : "\xe2\x88\x92", NULL, text->note};
}

static void drift(text_buffer *out, const json_t *tensors, const double *place, size_t n_points, bool epochs) {
  const size_t all = json_array_size(tensors), n = all < ROWS_MOST ? all : ROWS_MOST;
  strip_cell *cells = wlaw_array(n * n_points, sizeof *cells);
  drift_text *texts = wlaw_array(n * n_points, sizeof *texts);
  checkpoint_name *names = wlaw_array(n, sizeof *names);
  const char **rows = wlaw_array(n, sizeof *rows);
  if (cells && texts && names && rows) {
    for (size_t t = 0; t < n; t++) {
      const json_t *tensor = json_array_get(tensors, t), *points = json_object_get(tensor, "points");
      names[t] = wlaw_checkpoint_name(tensor);
      rows[t] = names[t].s;
      for (size_t i = 0; i < n_points; i++)
        cells[t * n_points + i] = drift_cell(&texts[t * n_points + i], json_array_get(points, i), names[t].s);
    }
    const strip_chart chart = {.head = {.id = "drift",
                                        .title = "Drift of k in standard errors",
                                        .description = "One row a tensor, one cell a point in time.",
                                        .width = 1080,
                                        .x_label = epochs ? "epoch" : "point"},
                               .x = place,
                               .n_columns = n_points,
                               .rows = rows,
                               .n_rows = n,
                               .row_height = 22,
                               .cells = cells};
    wlaw_html_figure_open(out, "wide", "Drift of k since the first point, in standard errors");
    wlaw_html_grid_open(out, "scroll");
    wlaw_chart_strip(out, &chart);
    wlaw_html_grid_close(out);
    wlaw_html_caption(out,
                      "The change of k over the standard error of the difference of two independent tensors; the "
                      "same network at two times is closer than that, so the number is a cautious one.");
    wlaw_html_figure_close(out);
  } else out->failed = true;
  free(cells);
  free(texts);
  free(names);
  free(rows);
}

static void numbers(text_buffer *out, const json_t *document, const json_t *tensors, const double *place,
                    size_t n_points) {
  static const char *const columns[] = {"tensor",     "point",     "file",        "k",        "se k",
                                        "\xce\xbb",   "rms",       "shape",       "\xce\xb1", "distance",
                                        "not finite", "dead rows", "dead columns"};
  static const char *const keys[] = {"k",     "se_k",     "lambda",    "scale",     "shape",
                                     "alpha", "distance", "nonfinite", "dead_rows", "dead_columns"};
  const json_t *points = wlaw_document_list(document, "points");
  wlaw_html_table_open(out, false, "All numbers", columns, sizeof columns / sizeof *columns);
  for (size_t t = 0; t < json_array_size(tensors); t++)
    for (size_t i = 0; i < n_points; i++) {
      const json_t *tensor = json_array_get(tensors, t);
      const json_t *point = json_array_get(json_object_get(tensor, "points"), i);
      char file[256];
      wlaw_text_printable(file, sizeof file, wlaw_document_text(json_array_get(points, i), "file"));
      wlaw_html_row_open(out, wlaw_checkpoint_name(tensor).s);
      wlaw_html_cell(out, wlaw_number_fixed(place[i], 0).s);
      wlaw_html_cell(out, file);
      for (size_t c = 0; c < sizeof keys / sizeof *keys; c++)
        wlaw_html_cell(out, wlaw_number(wlaw_read_number(point, keys[c]), 5).s);
      wlaw_html_row_close(out);
    }
  wlaw_html_table_close(out);
}

void wlaw_checkpoint_track(text_buffer *out, const json_t *document) {
  const json_t *points = wlaw_document_list(document, "points"), *tensors = wlaw_document_list(document, "tensors");
  const size_t n = json_array_size(points);
  if (n == 0 || json_array_size(tensors) == 0) return;
  double *place = wlaw_array(n, sizeof *place), *memory = wlaw_array(2 * LINES_MOST * n, sizeof *memory);
  if (place && memory) {
    const bool epochs = read_places(place, points, n);
    wlaw_html_section_open(out, "measures", "Through training",
                           json_array_size(tensors) > LINES_MOST
                               ? "The eight tensors that moved furthest by the last point; all are in the table."
                               : NULL);
    wlaw_html_grid_open(out, "grid2");
    for (size_t p = 0; p < sizeof panels / sizeof *panels; p++)
      panel(out, &panels[p], tensors, place, n, epochs, memory);
    wlaw_html_grid_close(out);
    wlaw_html_section_close(out);
    wlaw_html_section_open(out, "drifts", "Drift", NULL);
    drift(out, tensors, place, n, epochs);
    numbers(out, document, tensors, place, n);
    wlaw_html_section_close(out);
  } else out->failed = true;
  free(place);
  free(memory);
}
