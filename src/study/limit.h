/* The verb `limit`: what a network of infinite width follows, in closed form, by draws, and beside finite widths. */
#ifndef WLAW_STUDY_LIMIT_H
#define WLAW_STUDY_LIMIT_H

#include "core/json.h"
#include "core/monitor.h"
#include "core/option.h"
#include "limit/draw_statistics.h"
#include "limit/output_density.h"
#include "limit/output_law.h"
#include "limit/truncation.h"
#include "study/law_operand.h"

extern const command_spec wlaw_command_limit;

/* The inputs x: [n, features] as far as a network sees them. */
typedef struct limit_inputs {
  size_t n;
  double *gram;    /* [n, n], x x' / features */
  double variance; /* K^(1) of the first */
  size_t zeros, twins;
  size_t zero, twin[2]; /* the first such input, the first two that coincide */
} limit_inputs;

enum { LIMIT_GRID = 60 };

typedef struct limit_job {
  law_operand laws[LIMIT_MOST_LAYERS]; /* one, or one a layer */
  size_t n_laws;
  char *law; /* written out, "; " between layers */
  limit_network network;
  limit_inputs inputs;
  double *epsilon, *fractions;
  size_t n_epsilon, n_fractions;
  uint64_t *widths;
  size_t n_widths;
  size_t draws, outputs, most_jumps;
  double tolerance;
  const char *path; /* of the draws, or NULL */
  uint64_t seed;
  unsigned threads;
  wlaw_monitor monitor;
  output_law output;       /* of the first input */
  output_density *density; /* likewise; NULL: no closed form, for this reason */
  const char *reason_density;
  double grid[LIMIT_GRID]; /* where densities are told, ascending and positive: they are symmetric */
  bool has_grid;           /* false: no scale is known */
} limit_job;

/* limit_inputs.c: from the file, or drawn, or one of the variance asked for. */
wlaw_status wlaw_limit_inputs_read(limit_job *job, const char *const *paths, size_t n_paths,
                                   const wlaw_options *options, wlaw_error *err);

/* Draws of the outputs at infinite width, or at a finite one. */
typedef struct limit_sample {
  size_t draws, outputs, width; /* width 0: infinite */
  double *z;                    /* [draws, outputs], of the first input */
  double *sorted, *sorted_abs;  /* [draws], of output 1 */
  double *largest;              /* [draws], sorted: largest |W| into output 1; NULL at infinite width */
  double *pruned;               /* [draws, n_epsilon], mean over outputs of (z - z_pruned)^2; NULL likewise */
  double tail_index;            /* of |Z|: moments below it exist. NaN: not known */
  draw_moments moments;         /* NaN where they do not exist */
  draw_information information;
} limit_sample;
/* limit_draws.c */
wlaw_status wlaw_limit_draws(limit_sample *out, limit_job *job, wlaw_error *err);
/* From z: sorted, moments, information. */
wlaw_status wlaw_limit_sample_measure(limit_sample *sample, wlaw_error *err);
void wlaw_limit_sample_free(limit_sample *sample);
void wlaw_limit_sample_put(bool *failed, json_t *object, const limit_sample *sample, const limit_job *job);
json_t *wlaw_limit_ks_json(bool *failed, draw_ks ks);
/* limit_finite.c */
wlaw_status wlaw_limit_finite(limit_sample *out, limit_job *job, size_t width, wlaw_error *err);
json_t *wlaw_limit_finite_json(bool *failed, const limit_sample *finite, const limit_sample *limit,
                               const limit_job *job);

/* limit_grid.c: quantile of Z by its closed form, NaN where there is none; and the points z >= 0 at which densities are
 * given, by the closed form or, where there is none, by the sample (NULL: not drawn yet). */
double wlaw_limit_quantile(const limit_job *job, double probability);
void wlaw_limit_grid_set(limit_job *job, const limit_sample *sample);

/* limit_json.c */
wlaw_status wlaw_limit_put(bool *failed, json_t *document, const limit_job *job, wlaw_error *err);
json_t *wlaw_limit_levy_json(bool *failed, const wlaw_law *law);
/* {z, value} of a symmetric density at the grid's points and their mirror images. */
json_t *wlaw_limit_curve_json(bool *failed, const limit_job *job, const double *density);
/* Least squares of ln y on ln x where both are positive and finite; NaN for fewer than two such points. */
double wlaw_limit_slope(const double *x, const double *y, size_t n);
void wlaw_limit_real(bool *failed, json_t *object, const char *key, double value); /* NaN: null */
/* limit_findings.c: adds the findings to the document, which is finished but for them. */
void wlaw_limit_findings(bool *failed, json_t *document, const limit_job *job);

/* limit_table.c: weightlaw.limit-table/1. */
wlaw_status wlaw_limit_table(wlaw_result **result, wlaw_error *err);

#endif
