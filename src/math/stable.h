/* The symmetric alpha-stable law of scale 1: characteristic function exp(-|t|^alpha). alpha = 2 is the normal law of
 * variance 2, alpha = 1 Cauchy's.
 *
 * Both integrals of the inversion formula,
 *     f(x) = Re integral exp(i x t - t^alpha) dt / pi,    F(x) = 1/2 + Im integral exp(i x t - t^alpha) dt / (pi t),
 * are taken from 0 along a ray in the first quadrant, where the integrand decays for every x >= 0, by the trapezoidal
 * rule after t ~ exp(u - exp(-u)) (Takahasi and Mori 1974, DOI 10.2977/prims/1195192451): at most 180 nodes, error
 * below 1e-11 of the maximum (1e-13 for alpha >= 1/2). Far out the series in x^-alpha of Bergstrom 1952 (DOI
 * 10.1007/BF02591503) keeps relative accuracy. */
#ifndef WLAW_MATH_STABLE_H
#define WLAW_MATH_STABLE_H

#include <stddef.h>

#define STABLE_LEAST_ALPHA 0.2

/* One point at a time, 0.2 <= alpha <= 2, a few microseconds; NaN outside. */
double wlaw_stable_density(double alpha, double x);
double wlaw_stable_cdf(double alpha, double x);

/* Density f, and the derivatives a fit needs: _x by x (x >= 0), _a by alpha. upper: 1 - F(x). */
typedef struct stable_jet {
  double upper, f, f_x, f_xx, f_a, f_ax, f_aa;
} stable_jet;

/* For many points at one alpha: quintic Hermite interpolation on 32 intervals an octave, error below 1e-9 of the
 * maximum. The grid is for 0.5 <= alpha <= 2 - 1e-6. */
#define STABLE_TABLE_LEAST 0.5
#define STABLE_TABLE_MOST  (2.0 - 1e-6)
enum { STABLE_STEPS = 32, STABLE_BLOCKS = 8, STABLE_INTERVALS = STABLE_STEPS * STABLE_BLOCKS, STABLE_TERMS = 60 };

typedef struct stable_table {
  double alpha;
  double grid[STABLE_INTERVALS][4][6]; /* polynomials of F, f, f_a, f_aa in the place inside the interval, 0 .. 1 */
  double step[STABLE_BLOCKS];
  /* term k of the series is size * sine * x^(-alpha k - 1) */
  double size[STABLE_TERMS], psi[STABLE_TERMS], psi1[STABLE_TERMS], sine[STABLE_TERMS], cosine[STABLE_TERMS];
} stable_table;

void wlaw_stable_table(stable_table *table, double alpha);
void wlaw_stable_at(stable_jet *out, const stable_table *table, double x); /* x >= 0 */

#endif
