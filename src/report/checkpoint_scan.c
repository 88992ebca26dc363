/* Sections of a scan: the heat map of all tensors, laws by kind and block, distributions. */
#include "report/document_page.h"
#include "report/html.h"

static const checkpoint_measure measures[] = {
    {"nonfinite", "not finite", 4, MEASURE_COUNT},
    {"dead_rows", "dead rows", 4, MEASURE_COUNT},
    {"dead_columns", "dead cols", 4, MEASURE_COUNT},
    {"zeros", "zeros", 4, MEASURE_COUNT},
    {"weibull.k", "k", 4, MEASURE_SPREAD},
    {"weibull.k_both", "k balanced", 4, MEASURE_SPREAD},
    {"weibull.lambda", "\xce\xbb", 3, MEASURE_SPREAD},
    {"weibull.r2", "R\xc2\xb2", 4, MEASURE_SPREAD},
    {"ggd.shape", "ggd shape", 3, MEASURE_SPREAD},
    {"kurtosis", "kurtosis", 3, MEASURE_SPREAD},
    {"max_ratio", "max/q99.9", 3, MEASURE_SPREAD},
    {"row_spread", "H rows", 3, MEASURE_SPREAD},
    {"column_spread", "H cols", 3, MEASURE_SPREAD},
    {"bits.entropy", "bits", 3, MEASURE_SPREAD},
    {"spectrum.alpha", "\xce\xb1", 3, MEASURE_SPREAD},
    {"spectrum.stable_rank", "stable rank", 3, MEASURE_SPREAD},
    {"spectrum.spikes", "spikes", 3, MEASURE_SPREAD},
    /* of the table alone */
    {"rows", "rows", 9, MEASURE_SPREAD},
    {"columns", "columns", 9, MEASURE_SPREAD},
    {"mean", "mean", 4, MEASURE_SPREAD},
    {"std", "sd", 4, MEASURE_SPREAD},
    {"min", "least", 4, MEASURE_SPREAD},
    {"max", "largest", 4, MEASURE_SPREAD},
    {"weibull.se_k", "se k", 2, MEASURE_SPREAD},
    {"weibull.se_k_rows", "se k, rows", 2, MEASURE_SPREAD},
    {"weibull.se_k_columns", "se k, columns", 2, MEASURE_SPREAD},
    {"spectrum.se_alpha", "se \xce\xb1", 2, MEASURE_SPREAD},
    {"spectrum.spectral_norm", "spectral norm", 4, MEASURE_SPREAD},
};
enum { MEASURES = sizeof measures / sizeof *measures, OF_TABLE_ALONE = 11 };

static void overview(text_buffer *out, const json_t *tensors) {
  wlaw_html_section_open(out, "overview", "All tensors",
                         "k is the shape of the Weibull law of the magnitudes (1.205 for normal weights), balanced: "
                         "after every row and column is scaled alike. H is how much the scales of rows and columns "
                         "differ.");
  wlaw_html_figure_open(out, "wide", "Tensors by measures");
  wlaw_checkpoint_heat(out, "overview-map", tensors, measures, MEASURES - OF_TABLE_ALONE);
  wlaw_html_caption(out,
                    "Counts are coloured when they are not 0. Other cells are coloured by their distance from the "
                    "median of the tensors of the same kind (of all tensors, where there are fewer than five), in "
                    "median absolute deviations scaled to a normal law: from 2, 3.5, 6, 10, 20 on. Point at a cell for "
                    "the digits.");
  wlaw_checkpoint_table(out, tensors, measures, MEASURES);
  wlaw_html_figure_close(out);
  wlaw_html_section_close(out);
}

void wlaw_checkpoint_scan(text_buffer *out, const json_t *document) {
  const json_t *tensors = wlaw_document_list(document, "tensors");
  if (json_array_size(tensors) == 0) return;
  overview(out, tensors);
  wlaw_checkpoint_kinds(out, document);
  wlaw_checkpoint_tensors(out, document);
}
