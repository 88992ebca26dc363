/* The heat map of tensors by measures, and the same numbers as a table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

enum { STEPS = 6, ROWS_MOST = 300, KIND_FEWEST = 5 };

static const char *const classes[STEPS] = {"h0", "h1", "h2", "h3", "h4", "h5"};

/* From which size on a cell takes the next colour. */
static const double limits[][STEPS - 1] = {
    [MEASURE_SPREAD] = {2, 3.5, 6, 10, 20},
    [MEASURE_COUNT] = {0, 0, 0, 10, 1000},
    [MEASURE_ERRORS] = {2, 3.5, 10, 30, 100},
    [MEASURE_SIZE] = {1e-3, 1e-2, 0.1, 0.3, 1},
};

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median_of(double *values, size_t n) {
  if (n == 0) return NAN;
  qsort(values, n, sizeof *values, compare_doubles);
  return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

/* value: [n_rows] of one measure. The distance of row i from the median of the rows of its kind, where there are enough
 * of them, else of all. */
static double spread(const json_t *tensors, const double *value, size_t n, size_t i, double *scratch) {
  const char *kind = wlaw_document_text(json_array_get(tensors, i), "kind");
  for (int all = 0; all < 2; all++) {
    size_t m = 0;
    for (size_t j = 0; j < n; j++)
      if (isfinite(value[j]) && (all || strcmp(wlaw_document_text(json_array_get(tensors, j), "kind"), kind) == 0))
        scratch[m++] = value[j];
    if (m < KIND_FEWEST) continue;
    const double centre = median_of(scratch, m);
    for (size_t j = 0; j < m; j++) scratch[j] = fabs(scratch[j] - centre);
    /* 1.4826: of a normal law the standard deviation; values that hardly differ are not told apart */
    const double unit = fmax(1.4826 * median_of(scratch, m), 1e-3 * fabs(centre));
    return unit > 0 ? fabs(value[i] - centre) / unit : 0;
  }
  return 0;
}

typedef struct heat_text {
  char text[48], note[200];
} heat_text;

typedef struct heat_map {
  const json_t *tensors;
  const checkpoint_measure *columns[24];
  size_t n_columns, n_rows;
  strip_cell *cells;
  heat_text *texts;
  checkpoint_name *names;
  const char **rows;
  double *value, *scratch;
} heat_map;

static void fill_column(heat_map *map, size_t column) {
  const checkpoint_measure *measure = map->columns[column];
  for (size_t r = 0; r < map->n_rows; r++)
    map->value[r] = wlaw_read_number(json_array_get(map->tensors, r), measure->path);
  for (size_t r = 0; r < map->n_rows; r++) {
    strip_cell *cell = &map->cells[r * map->n_columns + column];
    heat_text *text = &map->texts[r * map->n_columns + column];
    const double value = map->value[r];
    snprintf(text->note, sizeof text->note, "%s: %s %s", map->names[r].s, measure->heading,
             isnan(value) ? "not determined" : wlaw_number(value, 6).s);
    if (isnan(value)) {
      *cell = (strip_cell){"none", NULL, NULL, NULL, text->note};
      continue;
    }
    const double size =
        measure->kind == MEASURE_SPREAD ? spread(map->tensors, map->value, map->n_rows, r, map->scratch) : fabs(value);
    size_t step = 0;
    for (size_t i = 0; i + 1 < STEPS; i++) step += size >= limits[measure->kind][i];
    if (measure->kind == MEASURE_COUNT && value == 0) step = 0;
    snprintf(text->text, sizeof text->text, "%s",
             measure->kind == MEASURE_COUNT ? wlaw_number_fixed(value, 0).s : wlaw_number(value, measure->digits).s);
    *cell = (strip_cell){classes[step], text->text, NULL, NULL, text->note};
  }
}

static bool has_any(const json_t *tensors, const char *path) {
  for (size_t i = 0; i < json_array_size(tensors); i++)
    if (!isnan(wlaw_read_number(json_array_get(tensors, i), path))) return true;
  return false;
}

static void draw(text_buffer *out, const char *id, heat_map *map) {
  const char *headings[24];
  for (size_t c = 0; c < map->n_columns; c++) {
    headings[c] = map->columns[c]->heading;
    fill_column(map, c);
  }
  const strip_chart chart = {.head = {.id = id,
                                      .title = "Tensors by measures",
                                      .description = "One row a tensor, one column a measure; darker is further out.",
                                      .width = 1080},
                             .columns = headings,
                             .n_columns = map->n_columns,
                             .rows = map->rows,
                             .n_rows = map->n_rows,
                             .row_height = 21,
                             .cells = map->cells};
  wlaw_html_grid_open(out, "scroll");
  wlaw_chart_strip(out, &chart);
  wlaw_html_grid_close(out);
}

void wlaw_checkpoint_heat(text_buffer *out, const char *id, const json_t *tensors, const checkpoint_measure *measures,
                          size_t n_measures) {
  heat_map map = {.tensors = tensors};
  const size_t all = json_array_size(tensors);
  map.n_rows = all < ROWS_MOST ? all : ROWS_MOST;
  for (size_t i = 0; i < n_measures && map.n_columns < sizeof map.columns / sizeof *map.columns; i++)
    if (has_any(tensors, measures[i].path)) map.columns[map.n_columns++] = &measures[i];
  if (map.n_rows == 0 || map.n_columns == 0) return;
  map.cells = wlaw_array(map.n_rows * map.n_columns, sizeof *map.cells);
  map.texts = wlaw_array(map.n_rows * map.n_columns, sizeof *map.texts);
  map.names = wlaw_array(map.n_rows, sizeof *map.names);
  map.rows = wlaw_array(map.n_rows, sizeof *map.rows);
  map.value = wlaw_array(2 * map.n_rows, sizeof *map.value);
  if (map.cells && map.texts && map.names && map.rows && map.value) {
    map.scratch = map.value + map.n_rows;
    for (size_t r = 0; r < map.n_rows; r++) {
      map.names[r] = wlaw_checkpoint_name(json_array_get(tensors, r));
      map.rows[r] = map.names[r].s;
    }
    draw(out, id, &map);
  } else out->failed = true;
  if (all > map.n_rows) {
    char more[80];
    snprintf(more, sizeof more, "%zu further tensors stand in the table only.", all - map.n_rows);
    wlaw_html_paragraph(out, "small", more);
  }
  free(map.cells);
  free(map.texts);
  free(map.names);
  free(map.rows);
  free(map.value);
}

void wlaw_checkpoint_table(text_buffer *out, const json_t *tensors, const checkpoint_measure *measures,
                           size_t n_measures) {
  const char *columns[40] = {"tensor", "kind"};
  const checkpoint_measure *shown[38];
  size_t n = 0;
  for (size_t i = 0; i < n_measures && n < sizeof shown / sizeof *shown; i++)
    if (has_any(tensors, measures[i].path)) {
      columns[n + 2] = measures[i].heading;
      shown[n++] = &measures[i];
    }
  wlaw_html_table_open(out, false, "All numbers", columns, n + 2);
  for (size_t r = 0; r < json_array_size(tensors); r++) {
    const json_t *tensor = json_array_get(tensors, r);
    char name[512];
    wlaw_text_printable(name, sizeof name, wlaw_document_text(tensor, "name"));
    wlaw_html_row_open(out, name);
    wlaw_html_cell(out, wlaw_document_text(tensor, "kind"));
    for (size_t i = 0; i < n; i++) wlaw_html_cell(out, wlaw_number(wlaw_read_number(tensor, shown[i]->path), 5).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}
