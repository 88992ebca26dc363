/* Section: distributions of single tensors: histogram with fitted densities, Weibull probability plot, spectrum. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "law/law.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

enum { FIGURES_MOST = 16, BINS_MOST = 512, POINTS_MOST = 256, CURVES = 3 };

/* ---- which tensors: the gravest, then of each kind the one with the middle k */

static double severity_of(const json_t *tensor) {
  const double severity = wlaw_read_number(tensor, "severity");
  return isnan(severity) ? 0 : severity;
}

static bool has_histogram(const json_t *tensor) {
  return json_array_size(json_object_get(json_object_get(tensor, "histogram"), "counts")) > 0;
}

/* How many tensors of the kind of tensor i have a smaller k: 0 for the smallest. */
static size_t rank_of_k(const json_t *tensors, size_t i, size_t *of_kind) {
  const json_t *tensor = json_array_get(tensors, i);
  const char *kind = wlaw_document_text(tensor, "kind");
  const double k = wlaw_read_number(tensor, "weibull.k");
  size_t below = 0;
  *of_kind = 0;
  for (size_t j = 0; j < json_array_size(tensors); j++) {
    const json_t *other = json_array_get(tensors, j);
    const double theirs = wlaw_read_number(other, "weibull.k");
    if (strcmp(wlaw_document_text(other, "kind"), kind) != 0 || isnan(theirs)) continue;
    ++*of_kind;
    below += theirs < k || (theirs == k && j < i);
  }
  return below;
}

static void add(size_t *list, size_t *n, size_t i) {
  for (size_t j = 0; j < *n; j++)
    if (list[j] == i) return;
  if (*n < FIGURES_MOST) list[(*n)++] = i;
}

static size_t choose(size_t list[FIGURES_MOST], const json_t *tensors) {
  size_t n = 0;
  const size_t all = json_array_size(tensors);
  for (int severity = 3; severity >= 2; severity--)
    for (size_t i = 0; i < all && n < FIGURES_MOST / 2; i++)
      if (severity_of(json_array_get(tensors, i)) == severity && has_histogram(json_array_get(tensors, i)))
        add(list, &n, i);
  for (size_t i = 0; i < all; i++) {
    const json_t *tensor = json_array_get(tensors, i);
    size_t of_kind;
    if (!has_histogram(tensor) || isnan(wlaw_read_number(tensor, "weibull.k"))) continue;
    const size_t rank = rank_of_k(tensors, i, &of_kind);
    if (all <= FIGURES_MOST || rank == of_kind / 2) add(list, &n, i);
  }
  return n;
}

/* ---- densities */

/* A law of the document: `name` with its parameters; NULL where they do not make one. Caller frees. */
static wlaw_law *law_of(const json_t *tensor, const char *name) {
  const json_t *laws = json_object_get(tensor, "laws");
  json_t *parameters = NULL;
  for (size_t i = 0; i < json_array_size(laws); i++)
    if (strcmp(wlaw_document_text(json_array_get(laws, i), "law"), name) == 0)
      parameters = json_object_get(json_array_get(laws, i), "parameters");
  if (!json_is_object(parameters)) return NULL;
  text_buffer text = {0};
  const char *key;
  json_t *value;
  bool first = true;
  wlaw_text_add(&text, "%s(", name);
  json_object_foreach(parameters, key, value) {
    double number;
    if (!wlaw_json_number(value, &number) || !isfinite(number)) continue;
    wlaw_text_add(&text, "%s%s=%.17g", first ? "" : ",", key, number);
    first = false;
  }
  wlaw_text_add(&text, ")");
  wlaw_law *law = NULL;
  if (text.failed || wlaw_law_parse(&law, wlaw_text_string(&text), NULL) != WLAW_OK) law = NULL;
  wlaw_text_free(&text);
  if (law && !(law->ops->entry && law->ops->entry->log_density)) {
    wlaw_law_free(law);
    law = NULL;
  }
  return law;
}

static double density_at(const void *context, double x) {
  const wlaw_law *law = context;
  return exp(law->ops->entry->log_density(law->values, x));
}

static size_t read_numbers(double *out, size_t most, const json_t *array) {
  size_t n = 0;
  for (; n < json_array_size(array) && n < most; n++)
    if (!wlaw_json_number(json_array_get(array, n), &out[n])) out[n] = NAN;
  return n;
}

static void histogram(text_buffer *out, const json_t *tensor, size_t number) {
  static const unsigned colours[CURVES] = {1, 2, 7};
  const char *best = wlaw_document_text(tensor, "best_law");
  const char *const names[CURVES] = {best, strcmp(best, "ggd") == 0 ? "" : "ggd",
                                     strcmp(best, "normal") == 0 ? "" : "normal"};
  const json_t *from = json_object_get(tensor, "histogram");
  double counts[BINS_MOST], total = 0;
  const size_t n = read_numbers(counts, BINS_MOST, json_object_get(from, "counts"));
  const double outside[] = {wlaw_read_number(from, "below"), wlaw_read_number(from, "above")};
  for (size_t i = 0; i < n; i++) total += counts[i];
  for (size_t i = 0; i < 2; i++) total += isnan(outside[i]) ? 0 : outside[i];
  wlaw_law *laws[CURVES] = {NULL};
  chart_curve curves[CURVES];
  size_t n_curves = 0;
  for (size_t c = 0; c < CURVES; c++) {
    laws[c] = *names[c] ? law_of(tensor, names[c]) : NULL;
    if (laws[c]) curves[n_curves++] = (chart_curve){density_at, laws[c], colours[c]};
  }
  char id[32];
  snprintf(id, sizeof id, "density-%zu", number);
  const histogram_chart chart = {.head = {.id = id,
                                          .title = "Histogram with fitted densities",
                                          .description = "Density of the weights, and of the laws fitted to them.",
                                          .x_label = "weight",
                                          .y_label = "density"},
                                 .low = wlaw_read_number(from, "low"),
                                 .bin_width = wlaw_read_number(from, "width"),
                                 .counts = counts,
                                 .n = n,
                                 .total = total,
                                 .mean = NAN,
                                 .sd = NAN,
                                 .curves = curves,
                                 .n_curves = n_curves};
  wlaw_chart_histogram(out, &chart);
  wlaw_html_key_open(out);
  for (size_t c = 0; c < CURVES; c++) {
    char classes[16], text[64];
    if (!laws[c]) continue;
    snprintf(classes, sizeof classes, "fill c%u", colours[c]);
    snprintf(text, sizeof text, "%.30s%s", names[c], c == 0 ? ", best on held-out rows" : "");
    wlaw_html_key_item(out, classes, text);
  }
  wlaw_html_key_close(out);
  for (size_t c = 0; c < CURVES; c++) wlaw_law_free(laws[c]);
}

/* ---- probability plot: ln(-ln(1 - F)) over ln of the magnitude, a straight line for a Weibull law */

static void probability_plot(text_buffer *out, const json_t *tensor, size_t number) {
  double p[POINTS_MOST], x[POINTS_MOST], y[POINTS_MOST], line[POINTS_MOST], middle[POINTS_MOST];
  const json_t *from = json_object_get(tensor, "quantiles");
  size_t n = read_numbers(p, POINTS_MOST, json_object_get(from, "p")), kept = 0;
  const size_t m = read_numbers(x, POINTS_MOST, json_object_get(from, "value"));
  const double k = wlaw_read_number(tensor, "weibull.k"), lambda = wlaw_read_number(tensor, "weibull.lambda");
  n = n < m ? n : m;
  for (size_t i = 0; i < n; i++) {
    if (!(p[i] > 0 && p[i] < 1 && x[i] > 0) || (kept && log(x[i]) < x[kept - 1])) continue;
    const double share = p[i], magnitude = log(x[i]);
    x[kept] = magnitude;
    y[kept] = log(-log1p(-share));
    line[kept] = k * (magnitude - log(lambda));
    middle[kept] = share >= 0.1 && share <= 0.9 ? y[kept] : NAN;
    kept++;
  }
  char id[32];
  snprintf(id, sizeof id, "plot-%zu", number);
  const chart_line lines[] = {
      {.label = "k, \xce\xbb", .y = line, .colour = 7, .dashed = true, .plain = true},
      {.label = "all", .y = y, .colour = 5, .plain = true},
      {.label = "fitted", .y = middle, .colour = 0},
  };
  const line_chart chart = {.head = {.id = id,
                                     .title = "Weibull probability plot",
                                     .description = "A straight line means a Weibull law of the magnitudes.",
                                     .x_label = "ln |w|",
                                     .y_label = "ln(\xe2\x88\x92ln(1 \xe2\x88\x92 F))"},
                            .x = x,
                            .n = kept,
                            .x_real = true,
                            .y_range = RANGE_EMPTY,
                            .lines = lines,
                            .n_lines = 3};
  wlaw_chart_line(out, &chart);
}

/* ---- spectrum: share of eigenvalues beyond x, on logarithmic axes */

static void spectrum(text_buffer *out, const json_t *tensor, size_t number) {
  double p[POINTS_MOST], x[POINTS_MOST], y[POINTS_MOST], tail[POINTS_MOST];
  const json_t *from = json_object_get(json_object_get(tensor, "spectrum"), "eigenvalues");
  size_t n = read_numbers(p, POINTS_MOST, json_object_get(from, "p")), kept = 0;
  const size_t m = read_numbers(x, POINTS_MOST, json_object_get(from, "value"));
  if (n == 0 || m == 0) return;
  const double alpha = wlaw_read_number(tensor, "spectrum.alpha"), xmin = wlaw_read_number(tensor, "spectrum.xmin");
  const double share = wlaw_read_number(tensor, "spectrum.n_tail") / wlaw_read_number(tensor, "spectrum.n");
  const double edge = wlaw_read_number(tensor, "spectrum.mp_edge");
  n = n < m ? n : m;
  for (size_t i = 0; i < n; i++) {
    if (!(p[i] >= 0 && p[i] < 1 && x[i] > 0) || (kept && log10(x[i]) < x[kept - 1])) continue;
    const double value = x[i], beyond = 1 - p[i];
    x[kept] = log10(value);
    y[kept] = beyond;
    tail[kept] = value >= xmin ? share * pow(value / xmin, 1 - alpha) : NAN;
    kept++;
  }
  char id[32], note[96];
  snprintf(id, sizeof id, "spectrum-%zu", number);
  const chart_line lines[] = {
      {.label = "power law", .y = tail, .colour = 1, .dashed = true, .plain = true},
      {.label = "spectrum", .y = y, .colour = 2, .plain = true},
  };
  snprintf(note, sizeof note, "edge of the Marchenko-Pastur law: %s", wlaw_number(edge, 4).s);
  const chart_mark mark = {log10(edge), 1, note};
  const line_chart chart = {.head = {.id = id,
                                     .title = "Spectrum",
                                     .description = "Share of the squared singular values beyond x.",
                                     .x_label = "log10 of the squared singular value",
                                     .y_label = "share beyond"},
                            .x = x,
                            .n = kept,
                            .x_real = true,
                            .y_kind = SCALE_LOG,
                            .y_range = RANGE_EMPTY,
                            .lines = lines,
                            .n_lines = 2,
                            .marks = &mark,
                            .n_marks = edge > 0};
  wlaw_chart_line(out, &chart);
}

/* ---- figures */

static void facts(text_buffer *out, const json_t *tensor) {
  char text[512], best[64];
  wlaw_text_printable(best, sizeof best, wlaw_document_text(tensor, "best_law"));
  snprintf(text, sizeof text,
           "k %s, \xce\xbb %s, R\xc2\xb2 %s; k balanced %s; generalised Gaussian of shape %s; best law on held-out "
           "rows: %s; "
           "%s bits a weight at step 2\xe2\x81\xbb\xc2\xb9\xc2\xb3.",
           wlaw_number_error(wlaw_read_number(tensor, "weibull.k"), wlaw_read_number(tensor, "weibull.se_k")).s,
           wlaw_number(wlaw_read_number(tensor, "weibull.lambda"), 4).s,
           wlaw_number(wlaw_read_number(tensor, "weibull.r2"), 4).s,
           wlaw_number(wlaw_read_number(tensor, "weibull.k_both"), 4).s,
           wlaw_number_error(wlaw_read_number(tensor, "ggd.shape"), wlaw_read_number(tensor, "ggd.se_shape")).s,
           *best ? best : "not determined", wlaw_number(wlaw_read_number(tensor, "bits.entropy"), 3).s);
  wlaw_html_caption(out, text);
}

static void figure(text_buffer *out, const json_t *tensor, size_t number) {
  char heading[640], name[512];
  wlaw_text_printable(name, sizeof name, wlaw_document_text(tensor, "name"));
  snprintf(heading, sizeof heading, "%s (%s \xc3\x97 %s)", name,
           wlaw_number_fixed(wlaw_read_number(tensor, "rows"), 0).s,
           wlaw_number_fixed(wlaw_read_number(tensor, "columns"), 0).s);
  wlaw_html_figure_open(out, "wide", heading);
  wlaw_html_grid_open(out, "grid3");
  wlaw_html_grid_open(out, "");
  histogram(out, tensor, number);
  wlaw_html_grid_close(out);
  wlaw_html_grid_open(out, "");
  probability_plot(out, tensor, number);
  wlaw_html_grid_close(out);
  wlaw_html_grid_open(out, "");
  spectrum(out, tensor, number);
  wlaw_html_grid_close(out);
  wlaw_html_grid_close(out);
  facts(out, tensor);
  wlaw_html_figure_close(out);
}

void wlaw_checkpoint_tensors(text_buffer *out, const json_t *document) {
  const json_t *tensors = wlaw_document_list(document, "tensors");
  size_t list[FIGURES_MOST];
  const size_t n = choose(list, tensors);
  if (n == 0) return;
  wlaw_html_section_open(
      out, "tensors", "Distributions",
      n == json_array_size(tensors)
          ? "Histograms with fitted densities, and the plot k is read from."
          : "Histograms with fitted densities, and the plot k is read from: the gravest tensors, and "
            "of each kind the one with the middle k.");
  for (size_t i = 0; i < n; i++) figure(out, json_array_get(tensors, list[i]), i);
  wlaw_html_section_close(out);
}
