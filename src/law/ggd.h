/* Generalised Gaussian about 0: f(x) = nu / (2 beta Gamma(1/nu)) exp(-(|x| / beta)^nu). */
#ifndef WLAW_LAW_GGD_H
#define WLAW_LAW_GGD_H

#include "law/entry_fit.h"

/* Influence functions of nu and of ln beta (maximum likelihood) at the magnitude of each key; see weibull_plot.h.
 * cells: those that were fitted (their curvature is that of the likelihood whether or not the law is true). */
wlaw_status wlaw_ggd_influence(float *of_shape, float *of_log_scale, const entry_fit *fit, const entry_cells *cells,
                               entry_key_kind kind, wlaw_error *err);

/* The moment rule: nu from rho = n sum w^2 / (sum |w|)^2 = G(1/nu) G(3/nu) / G(2/nu)^2, beta from the mean square
 * (`--compat backslash`). NaN where rho is out of reach. */
typedef struct ggd_moments {
  double rho, shape, scale;
} ggd_moments;
void wlaw_ggd_moment_rule(ggd_moments *out, double mean_magnitude, double mean_square);
double wlaw_ggd_ratio(double shape);                 /* rho of nu */
double wlaw_ggd_entropy(double shape, double scale); /* nats */

#endif
