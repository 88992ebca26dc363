/* Sections of a comparison of two checkpoints: tensor by tensor, and what only one of them has. */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

static const checkpoint_measure measures[] = {
    {"relative_change", "change", 3, MEASURE_SIZE},
    {"wasserstein_scaled", "W1 / sd", 3, MEASURE_SIZE},
    {"change_k", "k, in se", 3, MEASURE_ERRORS},
    {"change_lambda", "\xce\xbb, in se", 3, MEASURE_ERRORS},
    {"change_shape", "shape, in se", 3, MEASURE_ERRORS},
    {"new_dead_rows", "new dead rows", 4, MEASURE_COUNT},
    {"new_dead_columns", "new dead cols", 4, MEASURE_COUNT},
    {"new_nonfinite", "new not finite", 4, MEASURE_COUNT},
    /* of the table alone */
    {"cosine", "cosine", 5, MEASURE_SPREAD},
    {"wasserstein", "W1", 4, MEASURE_SPREAD},
    {"k.0", "k in A", 5, MEASURE_SPREAD},
    {"k.1", "k in B", 5, MEASURE_SPREAD},
    {"lambda.0", "\xce\xbb in A", 5, MEASURE_SPREAD},
    {"lambda.1", "\xce\xbb in B", 5, MEASURE_SPREAD},
    {"shape.0", "shape in A", 4, MEASURE_SPREAD},
    {"shape.1", "shape in B", 4, MEASURE_SPREAD},
    {"largest_change.value", "largest change", 4, MEASURE_SPREAD},
    {"largest_change.row", "row", 9, MEASURE_SPREAD},
    {"largest_change.column", "column", 9, MEASURE_SPREAD},
};
enum { MEASURES = sizeof measures / sizeof *measures, OF_TABLE_ALONE = 11 };

/* Relative changes in the order of the file. */
static void profile(text_buffer *out, const json_t *tensors) {
  const size_t n = json_array_size(tensors);
  double *place = wlaw_array(3 * n, sizeof *place), *change = place + n, *distance = place + 2 * n;
  if (!place) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    place[i] = (double)(i + 1);
    change[i] = wlaw_read_number(json_array_get(tensors, i), "relative_change");
    distance[i] = wlaw_read_number(json_array_get(tensors, i), "wasserstein_scaled");
  }
  const chart_line lines[] = {{.label = "weights", .y = change, .colour = 0},
                              {.label = "distribution", .y = distance, .colour = 1}};
  const line_chart chart = {
      .head = {.id = "profile",
               .title = "Relative change by tensor",
               .description = "Change of the weights and of their distribution, tensor by tensor.",
               .width = 1080,
               .height = 260,
               .x_label = "place in the file",
               .y_label = "relative change (log scale)"},
      .x = place,
      .n = n,
      .y_kind = SCALE_LOG,
      .y_range = RANGE_EMPTY,
      .lines = lines,
      .n_lines = 2};
  wlaw_html_figure_open(out, "wide", "How much the weights changed, and how much their distribution");
  wlaw_chart_line(out, &chart);
  wlaw_html_caption(out,
                    "Weights: Frobenius norm of the difference over that of A. Distribution: Wasserstein distance of "
                    "the entries, wherever they stand, over their standard deviation in A.");
  wlaw_html_figure_close(out);
  free(place);
}

static void names(text_buffer *out, const json_t *document, const char *key, const char *heading) {
  const json_t *list = wlaw_document_list(document, key);
  static const char *const columns[] = {"tensor"};
  if (json_array_size(list) == 0) return;
  wlaw_html_table_open(out, json_array_size(list) <= 20, heading, columns, 1);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    wlaw_html_row_open(out, name ? name : "");
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

void wlaw_checkpoint_changes(text_buffer *out, const json_t *document) {
  const json_t *tensors = wlaw_document_list(document, "tensors");
  wlaw_html_section_open(out, "changes", "Tensor by tensor", NULL);
  if (json_array_size(tensors) > 0) {
    profile(out, tensors);
    wlaw_html_figure_open(out, "wide", "Tensors by measures");
    wlaw_checkpoint_heat(out, "changes-map", tensors, measures, MEASURES - OF_TABLE_ALONE);
    wlaw_html_caption(out,
                      "Changes are coloured from 0.001, 0.01, 0.1, 0.3, 1 on; numbers of standard errors (of two "
                      "independent tensors) from 2, 3.5, 10, 30, 100 on; counts when they are not 0.");
    wlaw_checkpoint_table(out, tensors, measures, MEASURES);
    wlaw_html_figure_close(out);
  }
  names(out, document, "only_a", "Only in A");
  names(out, document, "only_b", "Only in B");
  names(out, document, "different_shape", "Of another shape");
  wlaw_html_section_close(out);
}
