/* Laws: one descriptor for all kinds. A new law is one file defining `const law_ops wlaw_law_NAME` and one row in
 * registry.c. A law has a parameter table, and whichever of draw, moments, entry and matrix it can do. */
#ifndef WLAW_LAW_LAW_H
#define WLAW_LAW_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stream.h"
#include "weightlaw.h"

typedef enum law_parameter_kind { PARAMETER_REAL, PARAMETER_CHOICE, PARAMETER_LIST } law_parameter_kind;

typedef struct law_parameter {
  const char *name;
  law_parameter_kind kind;
  size_t length;       /* numbers it may hold: 1, or the longest list */
  const char *preset;  /* default as text; NULL: unset (NaN) unless given or filled by law_ops.complete */
  const char *choices; /* "in|out|average"; the value is the index */
  double low, high;    /* closed range of each number; excluded ends by the flags */
  bool open_low, open_high;
  const char *doc;
} law_parameter;

enum { LAW_MAX_PARAMETERS = 16, LAW_MAX_VALUES = 64 };

struct law_ops;

struct wlaw_law {
  const struct law_ops *ops;
  double values[LAW_MAX_VALUES];     /* packed in the order of the table, `length` places each; NaN: unset */
  size_t counts[LAW_MAX_PARAMETERS]; /* numbers given (0: unset) */
  void *data;                        /* of laws made from samples, freed by ops->release; NULL otherwise */
};

struct matrix_ops; /* law/matrix.h */
struct node_ops;   /* law/node.h */

struct entry_fit; /* law/entry_fit.h */
struct entry_cells;

/* A law of single weights. x is the weight; p = law->values. A law of |w| gives either sign the same chance. */
typedef struct entry_ops {
  double (*log_density)(const double *p, double x);
  double (*cdf)(const double *p, double x);
  /* Both at n points, where that is much faster than one by one; either output may be NULL. NULL: it is not. */
  void (*evaluate)(const double *p, const double *x, size_t n, double *log_density, double *cdf);
  /* Maximum likelihood of the cells (signed, without zeros). NULL: not fitted to entries. */
  wlaw_status (*fit)(struct entry_fit *fit, const struct entry_cells *cells, wlaw_error *err);
  /* Moves the ends of a bounded support out to [low, high]: a fit knows them to 1/n only, which is not held against the
   * law when it is judged on other weights. NULL: the support has no ends. */
  void (*widen)(wlaw_law *law, double low, double high);
} entry_ops;

typedef struct law_ops {
  const char *name, *alias; /* alias may be NULL */
  const char *summary;      /* one line for help */
  const char *source;       /* paper, equation or DOI */
  const law_parameter *parameters;
  size_t n_parameters;
  /* Joint constraints (each number's own range is already checked). May be NULL. */
  wlaw_status (*check)(const wlaw_law *law, wlaw_error *err);
  /* One matrix [rows, cols] = [out, in]. May be NULL. */
  wlaw_status (*draw)(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream, wlaw_error *err);
  /* The bias vector [rows] that goes with a matrix [rows, cols], of the same `moments` as its entries; NULL: zeros. */
  wlaw_status (*draw_bias)(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                           wlaw_error *err);
  /* Mean and variance of an entry of a [rows, cols] matrix; false: they do not exist. May be NULL. */
  bool (*moments)(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance);
  /* Fourth central moment of an entry over its squared variance (normal: 3), of independent entries that are all alike.
   * NULL: not known, or they are not. */
  double (*kurtosis)(const wlaw_law *law);
  const entry_ops *entry;
  const struct node_ops *node;
  const struct matrix_ops *matrix;
  bool of_networks; /* of whole networks (law/network.h): fitted, compared and drawn as these, not as matrices */
  void (*release)(wlaw_law *law); /* frees law->data. NULL: there is none */
  /* What the law's text has in its parentheses, where that is not the parameters: "@FILE". NULL: it is. */
  const char *(*argument)(const wlaw_law *law);
  /* Fills defaults that depend on which other parameters were given; runs before check. May be NULL. */
  void (*complete)(wlaw_law *law);
} law_ops;

extern const law_ops *const wlaw_laws[];
extern const size_t wlaw_n_laws;

/* By name or alias; WLAW_NAME with the nearest name otherwise. */
wlaw_status wlaw_law_find(const law_ops **ops, const char *name, wlaw_error *err);
/* First place in values of parameter i. */
size_t wlaw_law_offset(const law_ops *ops, size_t i);
/* WLAW_ARGUMENT naming every parameter that is unset: for uses that need them all (drawing from a matrix law). */
wlaw_status wlaw_law_require(const wlaw_law *law, wlaw_error *err);
/* WLAW_ARGUMENT naming what the law has instead of `capability`. */
wlaw_status wlaw_law_cannot(const law_ops *ops, const char *capability, wlaw_error *err);

/* The scale an initialiser gives the entries of a [rows, cols] matrix: the standard deviation `sd` if set, else
 * gain / sqrt(fan), fan = cols (in), rows (out) or their mean (average; Glorot and Bengio 2010).            */
typedef enum law_fan { FAN_IN, FAN_OUT, FAN_AVERAGE } law_fan;
double wlaw_law_scale(double sd, double gain, law_fan fan, size_t rows, size_t cols);

/* Replaces gain and fan by the standard deviation they give a [rows, cols] matrix, so that entry->log_density and
 * entry->cdf have a scale (they return NaN without one). Laws without these parameters stay as they are. */
void wlaw_law_fix_scale(wlaw_law *law, size_t rows, size_t cols);

#endif
