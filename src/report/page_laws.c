/* Section: which law the weights want at each epoch: BIC, and the likelihood-ratio tests between the nested laws. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_laws(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      if (wlaw_point_best_bic(&series->tensors[t].points[e]) >= 0) return true;
  return false;
}

static const char *const law_brief[REPORT_NESTED] = {"iid", "bip.", "perm."};

/* Strength of evidence in six steps. A p-value that is not known has no step. */
static int p_step(double p) {
  static const double limits[] = {0.05, 1e-2, 1e-4, 1e-10, 1e-50};
  if (!(p >= 0)) return -1;
  int step = 0;
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) step += p < limits[i];
  return step;
}

static const char *const p_words[] = {"p \xe2\x89\xa5 0.05",
                                      "< 0.05",
                                      "< 0.01",
                                      "< 10\xe2\x81\xbb\xe2\x81\xb4",
                                      "< 10\xe2\x81\xbb\xc2\xb9\xe2\x81\xb0",
                                      "< 10\xe2\x81\xbb\xe2\x81\xb5\xe2\x81\xb0"};
static const char *const p_classes[] = {"h0", "h1", "h2", "h3", "h4", "h5"};
static const char *const law_classes[REPORT_NESTED] = {"l0", "l1", "l2"};

/* Distance of the best law's BIC to the next best one; NaN with fewer than two. */
static double bic_lead(const tensor_point *point, int best) {
  double lead = NAN;
  for (int k = 0; k < REPORT_NESTED; k++) {
    const double gap = point->fits[k].bic - point->fits[best].bic;
    if (k != best && point->fits[k].present && isfinite(gap) && !(gap >= lead)) lead = gap;
  }
  return lead;
}

typedef struct cell_text {
  char text[48], under[48], note[224];
} cell_text;

static strip_cell law_cell(cell_text *text, const report_series *series, const report_tensor *tensor, size_t e) {
  const tensor_point *point = &tensor->points[e];
  const int best = wlaw_point_best_bic(point);
  if (best < 0) return (strip_cell){"none", NULL, NULL, NULL, "not determined"};
  const double lead = bic_lead(point, best);
  snprintf(text->under, sizeof text->under, "%s", isfinite(lead) ? wlaw_number(lead, lead < 10 ? 2 : 3).s : "");
  snprintf(text->note, sizeof text->note, "epoch %.0f: %s, BIC lower than the next law's by %s", series->epochs[e],
           wlaw_report_law_name((report_law)best), wlaw_number(lead, 3).s);
  return (strip_cell){law_classes[best], wlaw_report_law_name((report_law)best), law_brief[best],
                      text->under[0] ? text->under : NULL, text->note};
}

static strip_cell test_cell(cell_text *text, const report_series *series, const law_test *test, size_t e) {
  const int step = test->present ? p_step(test->p_value) : -1;
  if (step < 0) return (strip_cell){"none", NULL, NULL, NULL, "not determined"};
  snprintf(text->text, sizeof text->text, "%s", wlaw_number_p(test->p_value).s);
  snprintf(text->note, sizeof text->note, "epoch %.0f: likelihood ratio %s on %s degrees, p = %s", series->epochs[e],
           wlaw_number(test->statistic, 4).s, wlaw_number_fixed(test->degrees, 0).s, wlaw_number_p(test->p_value).s);
  return (strip_cell){p_classes[step], text->text, NULL, NULL, text->note};
}

#define TESTS_CAPTION                                                                                                  \
  "The stronger the colour, the more clearly the first law of its row is rejected in favour of the second; a cell "    \
  "that fades into the background says that the smaller law is enough. p-values are for one look each, not "           \
  "corrected for the number of cells."
#define DAGGER "\xe2\x80\xa0" /* beside matrices for which the tests are not valid */
enum { STRIP_WIDTH = 1080 };

typedef struct strip_memory {
  strip_cell *cells;
  cell_text *texts;
  tensor_label *labels;
  const char **rows;
  size_t n_rows;
} strip_memory;

static bool strip_allocate(strip_memory *memory, const report_series *series, size_t rows) {
  const size_t cells = rows * series->n_epochs + 1;
  *memory = (strip_memory){wlaw_array(cells, sizeof(strip_cell)), wlaw_array(cells, sizeof(cell_text)),
                           wlaw_array(rows + 1, sizeof(tensor_label)), wlaw_array(rows + 1, sizeof(char *)), 0};
  return memory->cells && memory->texts && memory->labels && memory->rows;
}

static void strip_free(strip_memory *memory) {
  free(memory->cells);
  free(memory->texts);
  free(memory->labels);
  free(memory->rows);
}

static void draw_strip(text_buffer *out, const report_series *series, const strip_memory *memory, const char *id,
                       const char *title, const char *description) {
  for (size_t r = 0; r < memory->n_rows; r++) memory->rows[r] = memory->labels[r].s;
  const strip_chart chart = {.head = {.id = id,
                                      .title = title,
                                      .description = description,
                                      .width = STRIP_WIDTH,
                                      .x_label = series->is_run ? "epoch" : NULL},
                             .x = series->epochs,
                             .n_columns = series->n_epochs,
                             .rows = memory->rows,
                             .n_rows = memory->n_rows,
                             .cells = memory->cells};
  wlaw_html_grid_open(out, "scroll");
  wlaw_chart_strip(out, &chart);
  wlaw_html_grid_close(out);
}

static void bic_strip(text_buffer *out, const report_series *series) {
  static const char *const laws[REPORT_NESTED] = {
      "iid: every entry alike (2 parameters)",
      "bipartite: rows and columns exchangeable (5)",
      "permutation: rows and columns exchangeable together (13)",
  };
  const size_t n = series->n_epochs;
  strip_memory memory;
  if (strip_allocate(&memory, series, series->n_tensors)) {
    for (size_t t = 0; t < series->n_tensors; t++) {
      if (wlaw_series_own_law(&series->tensors[t], n) >= 0) continue;
      const size_t first = memory.n_rows * n;
      memory.labels[memory.n_rows++] = wlaw_page_tensor_name(&series->tensors[t]);
      for (size_t e = 0; e < n; e++)
        memory.cells[first + e] = law_cell(&memory.texts[first + e], series, &series->tensors[t], e);
    }
    wlaw_html_figure_open(out, "wide", "The law with the smallest BIC");
    wlaw_html_key_open(out);
    for (int k = 0; k < REPORT_NESTED; k++) wlaw_html_key_item(out, law_classes[k], laws[k]);
    wlaw_html_key_close(out);
    draw_strip(out, series, &memory, "bic", "Law with the smallest BIC", "One row a matrix, one cell an epoch.");
    wlaw_html_caption(out,
                      "Each cell names the law that pays best for its parameters; the number is by how much its "
                      "BIC is below the next law's: above 10 leaves no doubt, below 2 decides nothing.");
    wlaw_html_figure_close(out);
  } else out->failed = true;
  strip_free(&memory);
}

static bool tensor_has_test(const report_series *series, const report_tensor *tensor, int k) {
  for (size_t e = 0; e < series->n_epochs; e++)
    if (tensor->points[e].tests[k].present) return true;
  return false;
}

static void add_test_rows(strip_memory *memory, const report_series *series, const report_tensor *tensor) {
  const size_t n = series->n_epochs;
  for (int k = REPORT_BIPARTITE; k < REPORT_NESTED; k++) {
    if (!tensor_has_test(series, tensor, k)) continue;
    const size_t row = memory->n_rows++;
    snprintf(memory->labels[row].s, sizeof memory->labels[row].s, "%.40s%s: %s or %s", wlaw_page_tensor_name(tensor).s,
             tensor->is_first || tensor->is_last ? DAGGER : "", wlaw_report_law_name((report_law)(k - 1)),
             wlaw_report_law_name((report_law)k));
    for (size_t e = 0; e < n; e++)
      memory->cells[row * n + e] = test_cell(&memory->texts[row * n + e], series, &tensor->points[e].tests[k], e);
  }
}

static void test_strip(text_buffer *out, const report_series *series) {
  strip_memory memory;
  if (strip_allocate(&memory, series, (REPORT_NESTED - 1) * series->n_tensors)) {
    for (size_t t = 0; t < series->n_tensors; t++) add_test_rows(&memory, series, &series->tensors[t]);
    if (memory.n_rows > 0) {
      wlaw_html_figure_open(out, "wide", "Likelihood-ratio tests between the nested laws: p-values");
      wlaw_html_key_open(out);
      for (size_t i = 0; i < sizeof p_words / sizeof *p_words; i++) wlaw_html_key_item(out, p_classes[i], p_words[i]);
      wlaw_html_key_close(out);
      draw_strip(out, series, &memory, "tests", "Likelihood-ratio tests",
                 "Two rows a matrix, one cell an epoch: p-values.");
      wlaw_html_caption(out, series->is_run ? TESTS_CAPTION
                                 " " DAGGER " first or last matrix of a network: the tests are not valid there."
                                            : TESTS_CAPTION);
      wlaw_html_figure_close(out);
    }
  } else out->failed = true;
  strip_free(&memory);
}

static void tensor_rows(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  for (size_t e = 0; e < series->n_epochs; e++) {
    const tensor_point *point = &tensor->points[e];
    const int best = wlaw_point_best_bic(point);
    wlaw_html_row_open(out, wlaw_page_tensor_name(tensor).s);
    wlaw_html_cell(out, wlaw_number_fixed(series->epochs[e], 0).s);
    wlaw_html_cell(out, wlaw_number_fixed(point->networks, 0).s);
    for (int k = 0; k < REPORT_NESTED; k++) {
      const double least = best >= 0 ? point->fits[best].bic : NAN;
      wlaw_html_cell(out, wlaw_number(point->fits[k].log_likelihood, 7).s);
      wlaw_html_cell(out, wlaw_number(point->fits[k].bic - least, 3).s);
    }
    for (int k = REPORT_BIPARTITE; k < REPORT_NESTED; k++) {
      wlaw_html_cell(out, wlaw_number(point->tests[k].statistic, 4).s);
      wlaw_html_cell(out, wlaw_number_p(point->tests[k].p_value).s);
    }
    wlaw_html_row_close(out);
  }
}

static void table(text_buffer *out, const report_series *series) {
  static const char *const columns[] = {"matrix",
                                        "epoch",
                                        "networks",
                                        "log L iid",
                                        "\xce\x94"
                                        "BIC iid",
                                        "log L bipartite",
                                        "\xce\x94"
                                        "BIC bipartite",
                                        "log L permutation",
                                        "\xce\x94"
                                        "BIC permutation",
                                        "iid or bipartite: LR",
                                        "p",
                                        "bipartite or permutation: LR",
                                        "p"};
  wlaw_html_table_open(out, false,
                       "Numbers: likelihoods, \xce\x94"
                       "BIC and tests",
                       columns, sizeof columns / sizeof *columns);
  for (size_t t = 0; t < series->n_tensors; t++)
    if (wlaw_series_own_law(&series->tensors[t], series->n_epochs) < 0) tensor_rows(out, series, &series->tensors[t]);
  wlaw_html_table_close(out);
}

void wlaw_page_laws(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(out, "laws", "Which law the data want",
                         "The three laws are nested: each is the next with some of its variances equal. A larger law "
                         "always fits better; BIC and the likelihood-ratio test say whether by more than chance.");
  bic_strip(out, series);
  test_strip(out, series);
  table(out, series);
  wlaw_html_section_close(out);
}
