/* An invented run for the report's tests: numbers of the size a real one has, made by formulas, nothing measured. */
#ifndef TESTS_REPORT_INVENTED_H
#define TESTS_REPORT_INVENTED_H

#include "support/test.h"

#include "core/memory.h"
#include "report/series.h"

enum { INVENTED_EPOCHS = 11, INVENTED_TENSORS = 4, INVENTED_NETWORKS = 500 };

static inline void invented_fit(law_fit *fit, report_law law, double grown, double variance) {
  static const double permutation[] = {1.6, 0.02, 3.1, 0.02, 0.9, 2.4, 0.05, -0.03, 1.7, 0.02, 1.1, 0.8, 0.8};
  static const double bipartite[] = {1.6, 3.1, 1.7, 2.4, 0.8};
  fit->present = true;
  for (size_t p = 0; p < wlaw_report_law_size(law); p++) {
    const double scale = law == REPORT_PERMUTATION ? permutation[p] : law == REPORT_BIPARTITE ? bipartite[p] : 1.0;
    const char *path = wlaw_report_law_parameters(law)[p].path;
    const bool mean = strncmp(path, "mean", 4) == 0;
    const bool covariance = law == REPORT_PERMUTATION && (p == 3 || p == 6 || p == 7 || p == 9);
    fit->value[p] = mean         ? 0.4 * scale * grown
                    : covariance ? scale * grown * variance
                                 : variance * (1 + (scale - 0.7) * grown);
    fit->error[p] = 0.02 * variance * (1 + grown);
    fit->robust[p] = fit->error[p] * (1 + 0.4 * grown);
  }
  fit->log_likelihood = -1000 + 300 * grown * (int)law - (int)law;
  fit->bic = -2 * fit->log_likelihood + 6.2 * (double)wlaw_report_law_size(law);
  fit->aic = -2 * fit->log_likelihood + 2 * (double)wlaw_report_law_size(law);
}

static inline void invented_distance(law_distance *d, size_t n_blocks, double grown, double size, double floor2) {
  static const double six[] = {0.16, 0.12, 0.55, 0.10, 0.07};
  d->present = true;
  d->floor_squared = floor2;
  d->squared = floor2 * 1.05 + size * grown;
  d->wasserstein = sqrt(d->squared);
  d->debiased_squared = d->squared - floor2;
  d->standard_error = 0.1 * floor2 + 0.02 * d->squared;
  d->kl_ab = 12 * d->squared;
  d->kl_ba = 9 * d->squared;
  for (size_t b = 0; b < n_blocks; b++) d->share[b] = six[b] + (b == 2 ? 0.1 : -0.025) * (1 - grown);
}

static inline void invented_invariants(report_tensor *tensor, size_t e, double grown, double variance) {
  tensor->invariants_against = INVARIANTS_INITIAL_LAW;
  for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
    const double mean = k < 2 ? 0 : 10 * variance, sd = 10 * variance;
    tensor->initial_mean[k] = mean;
    tensor->initial_sd[k] = sd;
    tensor->points[e].invariants[k] = (invariant_change){.mean = mean + sd * grown,
                                                         .sd = sd,
                                                         .deviation_se = sqrt(500.0) * grown * ((double)k - 4),
                                                         .relative = grown * ((double)k - 4),
                                                         .relative_error = 0.05 * grown};
  }
}

/* z of an invariant: its place among the graphs, growing with the epochs, less for wider laws. */
static inline void invented_departures(report_tensor *tensor, size_t e, double grown) {
  for (size_t k = 0; k < (tensor->family == GRAPH_DIRECTED ? REPORT_NESTED : REPORT_PERMUTATION); k++) {
    departure *departures = wlaw_array(tensor->n_graphs, sizeof *departures);
    assert_non_null(departures);
    tensor->points[e].departures[k] = departures;
    for (size_t g = 0; g < tensor->n_graphs; g++) {
      const double sign = g % 2 ? -1 : 1, size = (double)g / (double)(tensor->n_graphs - 1) * (0.2 + grown);
      departures[g] = (departure){.observed = 1 + size,
                                  .predicted = 1,
                                  .sd = 2,
                                  .standard_error = 0.1,
                                  .fitted = g < 2,
                                  .deviation_se = g < 2 ? NAN : sign * size * 20 / (double)(k + 1),
                                  .deviation_sd = g < 2 ? NAN : sign * size / 2 / (double)(k + 1),
                                  .relative = sign * size,
                                  .p_value = g < 2 ? NAN : exp(-20 * size),
                                  .p_adjusted = g < 2 ? NAN : fmin(1, 300 * exp(-20 * size)),
                                  .p_simulated_adjusted = NAN};
    }
  }
}

static inline void invented_graphs(report_tensor *tensor, wlaw_error *err) {
  tensor->family = tensor->rows == tensor->cols ? GRAPH_DIRECTED : GRAPH_BIPARTITE;
  check_ok(wlaw_graph_list(&tensor->graphs, &tensor->n_graphs, tensor->family, 3, err));
}

static inline void invented_histogram(tensor_point *point, double sd, double grown) {
  weight_histogram *h = wlaw_array(1, sizeof *h);
  assert_non_null(h);
  *h = (weight_histogram){.low = -4 * sd,
                          .bin_width = 8 * sd / HISTOGRAM_BINS,
                          .count = 50000,
                          .below = 12,
                          .above = 9,
                          .mean = 0.05 * grown,
                          .sd = sd,
                          .skewness = 0.3 * grown,
                          .kurtosis = 3 + 1.4 * grown,
                          .least = -5 * sd,
                          .largest = 5.5 * sd};
  for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
    const double z = (h->low + ((double)i + 0.5) * h->bin_width - h->mean) / sd;
    const double tails = (1 - 0.25 * grown) * exp(-0.5 * z * z) + 0.25 * grown * exp(-fabs(z) * 1.8) * 1.2;
    h->counts[i] = floor(h->count * 8.0 / HISTOGRAM_BINS * 0.39894 * tails);
  }
  point->histogram = h;
}

static inline void invented_tensor(report_series *series, size_t t, wlaw_error *err) {
  static const char *const square_blocks[] = {"mean", "V0", "VH", "V2", "V3"};
  static const char *const other_blocks[] = {"mean", "s0", "rows", "columns", "entries"};
  report_tensor *tensor = &series->tensors[t];
  char name[48];
  snprintf(name, sizeof name, "layer%zu.weight", t + 1);
  assert_true(wlaw_series_set_text(&tensor->name, name));
  assert_true(wlaw_series_set_text(&tensor->reference, "the initial law"));
  tensor->rows = 10;
  tensor->cols = t == 0 ? 784 : 10;
  tensor->n_blocks = 5;
  for (size_t b = 0; b < 5; b++)
    assert_true(wlaw_series_set_text(&tensor->blocks[b], (t ? square_blocks : other_blocks)[b]));
  invented_graphs(tensor, err);
  size_t shown[3];
  const size_t n_shown = wlaw_series_histogram_epochs(shown, series->n_epochs);
  const double variance = 1.0 / (double)tensor->cols, sizes[] = {0.9, 0.30, 0.94, 1.75};
  for (size_t e = 0; e < series->n_epochs; e++) {
    tensor_point *point = &tensor->points[e];
    const double grown = 1 - exp(-(double)e / 4.0);
    for (int k = 0; k < (t ? REPORT_NESTED : REPORT_PERMUTATION); k++)
      invented_fit(&point->fits[k], (report_law)k, grown * (0.5 + 0.2 * (double)t), variance);
    point->chosen = wlaw_point_best_bic(point);
    point->networks = e > 1 ? 497 : 500;
    point->excluded = 500 - point->networks;
    point->tests[1] = (law_test){true, false, 3 + 600 * grown, 3, e ? exp(-250 * grown * (double)(t + 1)) : 0.37};
    if (t)
      point->tests[2] = (law_test){true, false, 8 + 12 * grown * (double)t, 8, pow(0.43, 1 + grown * (double)(t * t))};
    invented_distance(&point->distance, 5, grown, sizes[t], 0.0015);
    if (e) invented_distance(&point->step, 5, exp(-(double)e), sizes[t], 0.0001);
    invented_departures(tensor, e, grown);
    if (t) invented_invariants(tensor, e, grown, variance);
  }
  for (size_t i = 0; i < n_shown; i++)
    invented_histogram(&tensor->points[shown[i]], sqrt(variance) * (1 + 0.3 * (double)shown[i] / 10),
                       (double)shown[i] / 10);
}

static inline void invented_metrics(report_series *series, wlaw_error *err) {
  report_metrics *m = NULL;
  check_ok(wlaw_series_metrics_new(&m, series->n_epochs, err));
  series->metrics = m;
  m->networks = INVENTED_NETWORKS;
  for (size_t e = 0; e < m->n; e++) {
    const double learnt = 1 - exp(-(double)e * 1.3), z[QUANTILES] = {-1.64, -0.67, 0, 0.67, 1.64};
    m->epochs[e] = (double)e;
    for (size_t q = 0; q < QUANTILES; q++) {
      m->spread[METRIC_ACCURACY][e].quantile[q] = 0.1 + 0.76 * learnt + z[q] * (0.04 - 0.026 * learnt);
      m->spread[METRIC_TEST_LOSS][e].quantile[q] = 2.35 - 1.93 * learnt + z[q] * (0.06 - 0.04 * learnt);
      m->spread[METRIC_TRAIN_LOSS][e].quantile[q] = e ? 2.2 - 1.82 * learnt + z[q] * 0.02 : NAN;
    }
    for (int k = 0; k < REPORT_METRICS; k++) m->spread[k][e].mean = m->spread[k][e].quantile[QUANTILE_50];
    m->constant[e] = e > 1 ? 3 : 0;
  }
  for (int k = 0; k < REPORT_METRICS; k++) {
    m->dead[k] = wlaw_array(m->n, sizeof(dead_mark));
    assert_non_null(m->dead[k]);
    for (size_t e = 2; e < m->n; e++)
      m->dead[k][m->n_dead[k]++] = (dead_mark){(double)e, k == METRIC_ACCURACY ? 0.1 : 2.303, 3};
  }
  m->final_accuracy = wlaw_array(INVENTED_NETWORKS, sizeof(double));
  assert_non_null(m->final_accuracy);
  m->n_final = INVENTED_NETWORKS;
  for (size_t i = 0; i < m->n_final; i++)
    m->final_accuracy[i] = i < 3 ? 0.1 : 0.84 + 0.04 * sin((double)i) * sin(1.7 * (double)i);
}

/* Two hidden layers: sums correlate in the first, norms in the second. */
static inline void invented_nodes(report_series *series, wlaw_error *err) {
  check_ok(wlaw_series_nodes_new(series, 2, err));
  for (size_t k = 0; k < 2; k++)
    for (size_t e = 0; e < series->n_epochs; e++) {
      const double grown = (double)e / (double)(series->n_epochs > 1 ? series->n_epochs - 1 : 1);
      series->nodes[k].set = (double)(k + 1);
      series->nodes[k].points[e] = (node_correlation){k ? 0.01 : 0.15 * grown, 0.015, k ? 0.13 * grown : 0.02, 0.015};
    }
}

static inline report_series *invented_series(wlaw_error *err) {
  report_series *series = NULL;
  check_ok(wlaw_series_new(&series, INVENTED_EPOCHS, INVENTED_TENSORS, err));
  series->is_run = true;
  series->networks = INVENTED_NETWORKS;
  for (size_t e = 0; e < series->n_epochs; e++) series->epochs[e] = (double)e;
  assert_true(wlaw_series_set_text(&series->title, "Weights of 500 networks through training"));
  assert_true(wlaw_series_set_text(&series->source, "invented-run"));
  assert_true(wlaw_series_set_text(&series->initial_law, "normal(gain=1, fan=in)"));
  assert_true(wlaw_series_set_text(&series->data, "fashion-mnist"));
  assert_true(wlaw_series_set_text(&series->architecture, "of shape 784-10-10-10-10 (relu, no biases)"));
  assert_true(wlaw_series_set_text(&series->optimizer, "adam"));
  assert_true(wlaw_series_set_text(&series->exclusion, "constant output or a number that is not finite"));
  for (size_t t = 0; t < series->n_tensors; t++) invented_tensor(series, t, err);
  invented_nodes(series, err);
  invented_metrics(series, err);
  check_ok(wlaw_series_add_setting(series, "networks", "500", err));
  check_ok(wlaw_series_add_setting(series, "optimizer.lr", "0.001", err));
  return series;
}

#endif
