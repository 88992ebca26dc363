/* Special functions: Boost.Math behind extern "C". Arguments outside a function's domain give NaN. */
#ifndef WLAW_MATH_SPECIAL_H
#define WLAW_MATH_SPECIAL_H

#ifdef __cplusplus
extern "C" {
#endif

/* P(X > x) for X chi-squared with df > 0 degrees of freedom. */
double wlaw_chi_squared_upper(double x, double df);
/* P(X <= x) for X Student's t with df > 0 degrees of freedom. */
double wlaw_student_cdf(double x, double df);
/* ln Gamma and its first two derivatives, x > 0. */
double wlaw_log_gamma(double x);
double wlaw_digamma(double x);
double wlaw_trigamma(double x);
/* P(X <= x) and P(X > x) for X Gamma(shape, 1), shape > 0. */
double wlaw_gamma_lower(double shape, double x);
double wlaw_gamma_upper(double shape, double x);
/* P(X <= x) for X Beta(a, b), a, b > 0. */
double wlaw_beta_lower(double a, double b, double x);
/* Gamma(1 + x) - 1 without cancellation near 0, x > -1. */
double wlaw_gamma1pm1(double x);
/* E1(x) = integral of e^-t / t over (x, inf), x >= 0. */
double wlaw_exponential_integral(double x);

#ifdef __cplusplus
}
#endif
#endif
