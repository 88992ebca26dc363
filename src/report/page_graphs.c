/* The invariants furthest from a law: each graph drawn, with its numbers and what it says of the weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/graph_drawing.h"
#include "report/html.h"
#include "report/number.h"
#include "report/page.h"
#include "study/graph_meaning.h"

enum { CARDS = 6, ROWS = 40 };

typedef struct graph_list {
  size_t places[ROWS]; /* by |z|, largest first */
  size_t n;
} graph_list;

static graph_list furthest(const report_tensor *tensor, const departure *departures) {
  graph_list list = {.n = 0};
  while (list.n < ROWS) {
    size_t best = tensor->n_graphs;
    for (size_t k = 0; k < tensor->n_graphs; k++) {
      const double z = fabs(departures[k].deviation_se);
      bool listed = !isfinite(z);
      for (size_t i = 0; i < list.n && !listed; i++) listed = list.places[i] == k;
      if (listed) continue;
      if (best == tensor->n_graphs || z > fabs(departures[best].deviation_se)) best = k;
    }
    if (best == tensor->n_graphs) break;
    list.places[list.n++] = best;
  }
  return list;
}

/* The adjusted p-value that counts: from replicates where there are some. */
static double adjusted(const departure *one) {
  return isnan(one->p_simulated_adjusted) ? one->p_adjusted : one->p_simulated_adjusted;
}

static number_text with_sign(double value, int digits) {
  number_text text;
  snprintf(text.s, sizeof text.s, "%s%.40s", value > 0 ? "+" : "", wlaw_number(value, digits).s);
  return text;
}

static void fact(text_buffer *out, const char *name, const char *value) {
  wlaw_html_row_open(out, name);
  wlaw_html_cell(out, value);
  wlaw_html_row_close(out);
}

static void card(text_buffer *out, const report_tensor *tensor, size_t t, const departure *one, size_t place,
                 size_t followers) {
  const graph *g = &tensor->graphs[place];
  char id[48], formula[64], meaning[GRAPH_MEANING], caption[GRAPH_MEANING + 96];
  wlaw_graph_formula(formula, sizeof formula, g);
  wlaw_graph_meaning(meaning, sizeof meaning, g, tensor->family);
  snprintf(id, sizeof id, "graph-%zu-%zu", t, place);
  wlaw_html_figure_open(out, "card", formula);
  wlaw_html_grid_open(out, "facts");
  wlaw_graph_drawing(out, id, g, tensor->family);
  wlaw_text_add(out, "<table><tbody>\n");
  fact(out, "observed", wlaw_number(one->observed, 4).s);
  fact(out, "predicted", wlaw_number(one->predicted, 4).s);
  fact(out, "std. errors (z)", with_sign(one->deviation_se, 3).s);
  fact(out, "std. deviations", with_sign(one->deviation_sd, 3).s);
  fact(out, "relative", with_sign(one->relative, 3).s);
  fact(out, "adjusted p", wlaw_number_p(adjusted(one)).s);
  wlaw_text_add(out, "</tbody></table>\n");
  wlaw_html_grid_close(out);
  snprintf(caption, sizeof caption, "%s%s", meaning, followers ? "." : "");
  if (followers)
    snprintf(caption, sizeof caption, "%s. %zu further departure%s from it.", meaning, followers,
             followers == 1 ? " follows" : "s follow");
  wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

/* Those that lead a group, then the furthest others. */
static void cards(text_buffer *out, const report_tensor *tensor, size_t t, const departure *departures,
                  const graph_list *list, bool with_leaders) {
  const size_t n_leaders = with_leaders ? tensor->n_leaders : 0;
  size_t shown = 0;
  wlaw_html_grid_open(out, "grid3");
  for (size_t i = 0; i < n_leaders; i++, shown++) {
    const departure_leader *leader = &tensor->leaders[i];
    card(out, tensor, t, &departures[leader->graph], leader->graph, leader->followers);
  }
  for (size_t i = 0; i < list->n && shown < CARDS; i++) {
    bool led = false;
    for (size_t j = 0; j < n_leaders; j++) led |= tensor->leaders[j].graph == list->places[i];
    if (led) continue;
    card(out, tensor, t, &departures[list->places[i]], list->places[i], 0);
    shown++;
  }
  wlaw_html_grid_close(out);
}

static void table(text_buffer *out, const report_tensor *tensor, const departure *departures, const graph_list *list) {
  static const char *const columns[] = {"invariant",       "observed", "predicted", "sd over networks", "z",
                                        "std. deviations", "relative", "p",         "adjusted p",       "meaning"};
  char summary[96];
  snprintf(summary, sizeof summary, "Numbers: the %zu furthest of %zu", list->n, tensor->n_graphs);
  wlaw_html_table_open(out, false, summary, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < list->n; i++) {
    const departure *one = &departures[list->places[i]];
    const graph *g = &tensor->graphs[list->places[i]];
    char formula[64], meaning[GRAPH_MEANING];
    wlaw_graph_formula(formula, sizeof formula, g);
    wlaw_graph_meaning(meaning, sizeof meaning, g, tensor->family);
    wlaw_html_row_open(out, formula);
    wlaw_html_cell(out, wlaw_number(one->observed, 4).s);
    wlaw_html_cell(out, wlaw_number(one->predicted, 4).s);
    wlaw_html_cell(out, wlaw_number(one->sd, 4).s);
    wlaw_html_cell(out, with_sign(one->deviation_se, 3).s);
    wlaw_html_cell(out, with_sign(one->deviation_sd, 3).s);
    wlaw_html_cell(out, with_sign(one->relative, 3).s);
    wlaw_html_cell(out, wlaw_number_p(one->p_value).s);
    wlaw_html_cell(out, wlaw_number_p(adjusted(one)).s);
    wlaw_html_cell(out, meaning);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

void wlaw_page_graphs(text_buffer *out, const report_series *series, size_t t, size_t e) {
  const report_tensor *tensor = &series->tensors[t];
  const int law = wlaw_series_widest(tensor, e);
  if (law < 0) return;
  const departure *departures = tensor->points[e].departures[law];
  const graph_list list = furthest(tensor, departures);
  const double p = tensor->points[e].global_p[law];
  char intro[400], at[48] = "", global[160] = "";
  if (list.n == 0) return;
  if (series->is_run) snprintf(at, sizeof at, " at epoch %.0f", series->epochs[e]);
  if (isfinite(p))
    snprintf(
        global, sizeof global,
        "; as large a maximum has a chance of p = %s under the law, from simulated ensembles, as have the adjusted p",
        wlaw_number_p(p).s);
  snprintf(intro, sizeof intro, "Furthest from the fitted %s law%s%s. Either sign of a departure is meant.",
           wlaw_report_law_name((report_law)law), at, global);
  wlaw_html_paragraph(out, "small", intro);
  cards(out, tensor, t, departures, &list, e + 1 == series->n_epochs);
  table(out, tensor, departures, &list);
}
