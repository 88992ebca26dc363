/* The table row of an activation, filled by the files dual_*.c. p: its parameters. */
#ifndef WLAW_LIMIT_DUAL_FUNCTION_H
#define WLAW_LIMIT_DUAL_FUNCTION_H

#include "limit/dual.h"
#include "limit/dual_kernels.h"

typedef struct dual_parameter {
  const char *name;
  double low, high; /* closed */
  double preset;    /* NaN: must be given */
  bool whole;       /* a whole number */
} dual_parameter;

/* Which way the pairs go: one by one through `pair`, or by rows through the kernels. */
typedef enum dual_way { DUAL_BY_PAIR, DUAL_RECTIFIED, DUAL_ERF, DUAL_GELU, DUAL_BY_SERIES } dual_way;

struct dual_function {
  const char *name;
  dual_way way;
  bool jumps; /* no slope */
  dual_parameter parameters[DUAL_MOST_PARAMETERS];
  void (*complete)(double *p); /* to the parameters the functions below take; NULL: as given */
  double (*value)(const double *p, double x);
  double (*derivative)(const double *p, double x);                                      /* DUAL_BY_SERIES only */
  double (*diagonal)(const double *p, double v);                                        /* all but DUAL_BY_SERIES */
  void (*pair)(const double *p, const dual_pair *pair, dual_pair *next, double *slope); /* DUAL_BY_PAIR only; next->d */
  double (*moment)(const double *p, double v, double power);                            /* NULL: by quadrature */
  double (*lipschitz)(const double *p);
  double (*homogeneity)(const double *p); /* NULL: none */
};

extern const dual_function wlaw_dual_rectified[], wlaw_dual_erf[], wlaw_dual_waves[], wlaw_dual_bumps[],
    wlaw_dual_powers[], wlaw_dual_numeric[]; /* each ends with a row without a name */

/* dual_series.c: fills a side; E phi(u)^2 alone. */
void wlaw_dual_series_prepare(const dual_activation *activation, dual_side *side);
double wlaw_dual_series_diagonal(const dual_activation *activation, double variance);

#endif
