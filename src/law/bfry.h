/* Exponentially tilted BFRY variables: nodes of finite width whose sums tend to processes with a power law at 0 (Lee,
 * James and Choi 2016, Finite-dimensional BFRY priors and variational Bayesian inference for power law models). */
#ifndef WLAW_LAW_BFRY_H
#define WLAW_LAW_BFRY_H

#include "core/stream.h"

/* ln X, where X has the density alpha x^(-alpha - 1) e^-x (1 - e^(-t x)) / (Gamma(1 - alpha) mass), 0 < alpha < 1,
 * mass = (1 + t)^alpha - 1 > 0. Of p nodes with mass = alpha p / m the expected number near x is
 * m x^(-alpha - 1) e^-x / Gamma(1 - alpha) times 1 - e^(-t x): as p grows, t does, and the factor tends to 1. */
double wlaw_bfry_log(double alpha, double mass, wlaw_stream *stream);
/* E X and E X^2: power 1 or 2. */
double wlaw_bfry_moment(double alpha, double mass, int power);

/* ln of a Gamma(shape, 1) variable, shape > 0, also where the variable itself would be 0. */
double wlaw_gamma_log(double shape, wlaw_stream *stream);

/* ln(1 + s / rate), where the quotient leaves the range of doubles too. */
double wlaw_log_growth(double s, double rate);

#endif
