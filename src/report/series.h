/* Everything a report shows, free of where it came from: charts and sentences read this and nothing else. Numbers not
 * known are NaN and become gaps. */
#ifndef WLAW_REPORT_SERIES_H
#define WLAW_REPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "study/departures.h"
#include "weightlaw.h"

/* ---- laws: the three nested ones of all matrices, smallest first, then those of matrices that have a space of their
 * own (law/space.h), where that law stands alone: the others have no density there */

typedef enum report_law {
  REPORT_IID,
  REPORT_BIPARTITE,
  REPORT_PERMUTATION,
  REPORT_NESTED,
  REPORT_SYMMETRIC = REPORT_NESTED,
  REPORT_SYMMETRIC_ZERO_DIAGONAL,
  REPORT_ZERO_DIAGONAL,
  REPORT_ANTISYMMETRIC,
  REPORT_LAWS
} report_law;

enum { REPORT_PARAMETERS_MOST = 13 };

/* One parameter of a law: where the fit's JSON has it ("VH.0.1") and what people call it. */
typedef struct report_parameter {
  const char *path, *symbol, *label;
} report_parameter;

/* Names, sizes and parameter tables (law_table.c). */
const char *wlaw_report_law_name(report_law law); /* "bipartite" */
const law_ops *wlaw_report_law_ops(report_law law);
bool wlaw_report_no_diagonal(int law);                        /* its matrices have none but zeros there; false for -1 */
bool wlaw_report_law_find(report_law *law, const char *name); /* false: none of the page's */
size_t wlaw_report_law_size(report_law law);                  /* with components: 2, 5, 13, ... */
/* Whether it is no parameter but a component of variance made of them, without a robust error. */
bool wlaw_report_is_component(report_law law, size_t parameter);
const report_parameter *wlaw_report_law_parameters(report_law law); /* [size] */

/* ---- fits and distances of one tensor at one epoch */

typedef struct law_fit {
  bool present;
  double value[REPORT_PARAMETERS_MOST];
  double error[REPORT_PARAMETERS_MOST];  /* exact if the law holds */
  double robust[REPORT_PARAMETERS_MOST]; /* from the spread over networks */
  double log_likelihood, aic, bic;
} law_fit;

typedef struct law_test {
  bool present, simulated; /* simulated: p from replicates of the null law, not from chi-squared */
  double statistic, degrees, p_value;
} law_test;

/* Shares of W2 squared; a law's own names for them. */
enum { REPORT_BLOCKS_MOST = 8 };

typedef struct law_distance {
  bool present;
  double wasserstein, squared, floor_squared, debiased_squared, standard_error, kl_ab, kl_ba;
  double share[REPORT_BLOCKS_MOST];
} law_distance;

/* The 13 linear and quadratic invariants of a square matrix, I1 ... I13, at one epoch. */
enum { REPORT_INVARIANTS = 13 };

typedef struct invariant_change {
  double mean, sd;                 /* over networks */
  double deviation_se;             /* of the mean from its reference, in standard errors */
  double relative, relative_error; /* change since the first snapshot, network by network, in units of what the
                                      reference has: the mean, for the linear I1 and I2 the standard deviation */
} invariant_change;

/* What the invariants are held against: the exact initial law, or, where the initial law has no formula, the same
 * networks at the first snapshot. */
typedef enum invariant_reference {
  INVARIANTS_NONE,
  INVARIANTS_INITIAL_LAW,
  INVARIANTS_FIRST_SNAPSHOT
} invariant_reference;

enum { HISTOGRAM_BINS = 72 };

typedef struct weight_histogram {
  double low, bin_width;         /* of the bins */
  double counts[HISTOGRAM_BINS]; /* below and above hold what falls outside */
  double count, below, above, nonfinite;
  double mean, sd, skewness, kurtosis, least, largest; /* Pearson's kurtosis: normal = 3 */
} weight_histogram;

/* Departures of the invariants of degree 1 to 4 from one law's fit, in numbers: over those that the law does not fit.
 */
enum { QUANTILE_5, QUANTILE_25, QUANTILE_50, QUANTILE_75, QUANTILE_95, QUANTILES };

/* Sizes |x| of a quantity over invariants. */
typedef struct size_spread {
  double most, quantile[QUANTILES];
} size_spread;

/* The units of a deviation: standard errors, standard deviations over networks, the prediction. */
typedef enum deviation_unit { IN_ERRORS, IN_SDS, RELATIVE, DEVIATION_UNITS } deviation_unit;

typedef struct departure_summary {
  size_t tested, beyond; /* beyond: adjusted p (Holm) below 5 % */
  size_t worst;          /* the largest |z|; only where tested > 0 */
  size_spread sizes[DEVIATION_UNITS];
} departure_summary;

/* A graph that departs, and how many others depart because of it. */
enum { REPORT_LEADERS = 3 };
typedef struct departure_leader {
  size_t graph, followers;
} departure_leader;

typedef struct tensor_point {
  law_fit fits[REPORT_LAWS];
  law_test tests[REPORT_NESTED]; /* [k]: law k-1 in law k; [0] unused */
  int chosen;                    /* the law the fit chose, or -1 */
  double networks, excluded;     /* networks fitted and left out */
  law_distance distance;         /* to the reference law */
  law_distance step;             /* from the snapshot before, the same networks */
  invariant_change invariants[REPORT_INVARIANTS];
  departure *departures[REPORT_LAWS]; /* [n_graphs]; NULL: not made */
  double global_p[REPORT_LAWS];       /* of the largest |z|, simulated; NaN: not simulated */
  weight_histogram *histogram;        /* NULL: not made for this epoch */
  char *why_no_fit;                   /* sentence, or NULL */
  char *why_no_distance;
  char *why_no_choice; /* of a law, where parameters could be fitted but no likelihood exists */
} tensor_point;

typedef struct report_tensor {
  char *name; /* untrusted */
  uint64_t rows, cols, networks;
  bool is_first, is_last;           /* of a run's layers: labelled inputs, labelled outputs */
  char *blocks[REPORT_BLOCKS_MOST]; /* names of the shares; NULL after the last */
  size_t n_blocks;
  char *reference; /* "the initial law", as the comparison names it; may be NULL */
  invariant_reference invariants_against;
  double initial_mean[REPORT_INVARIANTS], initial_sd[REPORT_INVARIANTS]; /* of one network, by that reference */
  graph_family family;
  graph *graphs; /* [n_graphs]: the invariants of degree 1 to 4 */
  size_t n_graphs;
  char *why_no_departures;                  /* sentence, or NULL */
  departure_leader leaders[REPORT_LEADERS]; /* under the widest law at the last epoch, where the null was simulated */
  size_t n_leaders;
  tensor_point *points; /* [n_epochs] */
} report_tensor;

/* ---- between layers */

/* Over the nodes of a hidden layer, the correlation of what goes in with what goes out; standard errors are the
 * larger of that under no correlation and the robust one. */
typedef struct node_correlation {
  double sums, sums_error, norms, norms_error; /* of sums of weights, of squared norms */
} node_correlation;

typedef struct report_nodes {
  double set;               /* 1: the first hidden layer */
  node_correlation *points; /* [n_epochs] */
} report_nodes;

/* ---- metrics over networks */

typedef struct metric_spread {
  double mean, quantile[QUANTILES];
} metric_spread;

typedef enum report_metric { METRIC_ACCURACY, METRIC_TEST_LOSS, METRIC_TRAIN_LOSS, REPORT_METRICS } report_metric;

/* Dead networks that share an epoch and a value: one cross. */
typedef struct dead_mark {
  double epoch, value;
  size_t networks;
} dead_mark;

typedef struct report_metrics {
  double *epochs; /* [n] */
  size_t n, networks;
  metric_spread *spread[REPORT_METRICS]; /* [n] each, over networks that are not dead */
  dead_mark *dead[REPORT_METRICS];
  size_t n_dead[REPORT_METRICS];
  double *constant, *nonfinite; /* [n] networks in that condition */
  double *final_accuracy;       /* [n_final] of the networks at the last epoch */
  size_t n_final;
} report_metrics;

/* Their formulas in the letters of the literature: s total, t trace, r row sums, c column sums, d diagonal. */
extern const char *const wlaw_report_invariants[REPORT_INVARIANTS];

/* ---- the whole */

typedef struct report_setting {
  char *name, *value; /* untrusted */
} report_setting;

typedef struct report_series {
  char *title, *source; /* source: name of the run or file, no folder */
  bool is_run, shared_order;
  double networks;
  char *initial_law;                     /* as given to train; NULL: unknown */
  char *data, *architecture, *optimizer; /* in words; NULL: unknown */
  double *epochs;                        /* [n_epochs] of the snapshots, ascending */
  size_t n_epochs;
  report_tensor *tensors;
  size_t n_tensors;
  report_nodes *nodes; /* [n_nodes] */
  size_t n_nodes;
  char *why_no_nodes;      /* sentence, or NULL */
  report_metrics *metrics; /* NULL: none */
  char *why_no_metrics;    /* sentence, or NULL */
  report_setting *settings;
  size_t n_settings;
  char *exclusion; /* the rule by which networks are left out of fits, in words; NULL: none */
  char *date;      /* "2026-01-31"; NULL: the page has none */
} report_series;

/* A series with n_tensors x n_epochs empty points (all NaN, chosen -1). */
wlaw_status wlaw_series_new(report_series **out, size_t n_epochs, size_t n_tensors, wlaw_error *err);
void wlaw_series_free(report_series *series); /* NULL allowed */
wlaw_status wlaw_series_metrics_new(report_metrics **out, size_t n_epochs, wlaw_error *err);
void wlaw_series_metrics_free(report_metrics *metrics); /* NULL allowed */
/* Room for n hidden layers, all NaN. */
wlaw_status wlaw_series_nodes_new(report_series *series, size_t n, wlaw_error *err);
/* *place becomes a copy of text (the old one freed); false when out of memory. text NULL: NULL. */
bool wlaw_series_set_text(char **place, const char *text);
/* Appends a row to the settings. */
wlaw_status wlaw_series_add_setting(report_series *series, const char *name, const char *value, wlaw_error *err);

/* Epochs whose weights get a histogram: first, middle, last (fewer when there are fewer). Returns how many. */
size_t wlaw_series_histogram_epochs(size_t *index, size_t n_epochs);

/* Over the n invariants of one law at one epoch. */
wlaw_status wlaw_departure_summarise(departure_summary *out, const departure *departures, size_t n, wlaw_error *err);
/* The law of the space that a tensor's matrices keep to, at every epoch with a fit; -1: they keep to none. */
int wlaw_series_own_law(const report_tensor *tensor, size_t n_epochs);
/* The widest law whose departures the tensor has at epoch e, or -1. */
int wlaw_series_widest(const report_tensor *tensor, size_t e);

/* The parameter's value when its law was fitted, else NaN. */
double wlaw_point_value(const tensor_point *point, report_law law, size_t parameter);
/* The law with the smallest BIC; -1 unless two laws have one to compare. */
int wlaw_point_best_bic(const tensor_point *point);

#endif
