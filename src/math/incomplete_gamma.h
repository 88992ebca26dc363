/* Incomplete gamma functions that Boost.Math does not have: of negative order, and scaled by a power. */
#ifndef WLAW_MATH_INCOMPLETE_GAMMA_H
#define WLAW_MATH_INCOMPLETE_GAMMA_H

/* Gamma(-alpha, x) = integral of t^(-alpha - 1) e^-t over (x, inf), 0 < alpha < 1, x >= 0 (INFINITY at 0); NaN outside.
 * Relative error below 1e-14 wherever the value is a normal number. */
double wlaw_gamma_upper_negative(double alpha, double x);

/* x^power times the integral of v^(s - 1) e^(-x v) over (0, 1): x^(power - s) times the lower incomplete gamma function
 * of order s, also where that power or that function is out of range. s > 0, x > 0. */
double wlaw_gamma_lower_scaled(double s, double x, double power);

#endif
