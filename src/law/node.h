/* Node laws: laws of per-node variances lambda_1 .. lambda_p at width p, and their infinite width. Node j of a hidden
 * layer sends out the weights sqrt(lambda_j) V_kj, V_kj standard normal: column j of the next [out, in] matrix. As p
 * grows the lambda_j become a number a >= 0 and the points of a Poisson process with Levy measure rho (Lee, Ayed, Jung,
 * Lee, Yang and Caron 2023, JMLR 24(289), equations 1 to 6):
 *     E exp(-s sum_j lambda_j) -> exp(-a s - integral of (1 - e^(-s x)) rho(dx)).
 * Where rho = 0 the network becomes a Gaussian process, otherwise a mixture of Gaussian processes. */
#ifndef WLAW_LAW_NODE_H
#define WLAW_LAW_NODE_H

#include "law/law.h"

/* A row of a parameter table: a positive number of a size whose square is a double. */
#define NODE_POSITIVE_ROW(NAME, PRESET, DOC)                                                                           \
  { .name = NAME, .kind = PARAMETER_REAL, .length = 1, .preset = PRESET, .low = 1e-100, .high = 1e100, .doc = DOC }

/* What x^-index at an end of (0, inf) means: rhobar(x) ~ constant x^-index. index 0: slower than any power (log, finite
 * mass); INFINITY: faster than any power. */
typedef struct node_tail {
  double index, constant; /* constant NaN where index is 0 or INFINITY */
} node_tail;

/* A law of node variances; rhobar(x) = rho((x, inf)), x > 0. Numbers that are infinite are INFINITY, never NaN. */
typedef struct node_ops {
  const char *kind; /* of the Levy measure, for people and JSON: "none", "stable", "beta", "gamma", "atoms", ... */
  /* ln lambda of n of the nodes of a layer of `width` (iid; -INFINITY for 0). Deterministic laws: nodes first ..
   * first + n - 1. Logs because shapes of order 1/width leave the range of doubles. */
  void (*draw_log)(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width, wlaw_stream *stream);
  double (*location)(const wlaw_law *law); /* a; NULL: 0 */
  /* The rest is NULL where rho = 0 whatever the parameters. */
  double (*tail)(const wlaw_law *law, double x);    /* rhobar, x >= 0; 0 everywhere: rho = 0 */
  double (*jump)(const wlaw_law *law, double t);    /* inf{x >= 0: rhobar(x) <= t}, t > 0 */
  double (*density)(const wlaw_law *law, double x); /* of rho; NULL: rho has atoms */
  /* Integral of x^power over (0, eps] against rho, power 1 or 2, eps > 0; INFINITY: of the whole measure. NULL: by
   * quadrature. */
  double (*moment)(const wlaw_law *law, int power, double eps);
  node_tail (*at_zero)(const wlaw_law *law);         /* NULL: index 0 */
  node_tail (*at_infinity)(const wlaw_law *law);     /* NULL: index INFINITY */
  double (*exponent)(const wlaw_law *law, double s); /* a s + integral of (1 - e^(-s x)) rho(dx); NULL: by quadrature */
  /* Jumps are no Poisson process but the same in every network (powerlaw with s > 1): jump j = 1, 2, ... NULL: Poisson.
   * tail then counts jumps above x, moment sums over them. 0 when there are fewer. */
  double (*fixed_jump)(const wlaw_law *law, size_t j);
  /* Moments of lambda exist at a finite width below this order; NULL: below the index of at_infinity. */
  double (*finite_index)(const wlaw_law *law);
  double (*least_width)(const wlaw_law *law); /* fewer nodes than this cannot have the law; NULL: 1 */
  /* Of one of the nodes at a width: E lambda^power, power 1 or 2 (deterministic laws: the mean over nodes). INFINITY
   * where it does not exist; NULL: not known. */
  double (*finite_moment)(const wlaw_law *law, int power, size_t width);
  bool is_scaled; /* lambda = X / width with the same X > 0 at every width */
} node_ops;

typedef enum node_regime { NODE_GP, NODE_MOGP } node_regime;

/* What the verbs ask of any node law; each also works where the law has the closed form and where it does not.
 * All take a law with ops->node != NULL (wlaw_node_require says so to the user). */
wlaw_status wlaw_node_require(const wlaw_law *law, wlaw_error *err);
node_regime wlaw_node_regime(const wlaw_law *law);
double wlaw_node_location(const wlaw_law *law);
double wlaw_node_tail(const wlaw_law *law, double x);                /* 0 where rho = 0 */
double wlaw_node_jump(const wlaw_law *law, double t);                /* 0 where rho = 0 or t >= rho(0, inf) */
double wlaw_node_moment(const wlaw_law *law, int power, double eps); /* without a */
double wlaw_node_truncated_mean(const wlaw_law *law, double eps);    /* t(eps) = a + moment(1, eps) */
double wlaw_node_mean(const wlaw_law *law);                          /* E Lambda, INFINITY where it does not exist */
double wlaw_node_variance(const wlaw_law *law);                      /* Var Lambda */
double wlaw_node_exponent(const wlaw_law *law, double s);            /* -ln E exp(-s Lambda) */
/* The size of Lambda: 1 / s where E exp(-s Lambda) = 1/e, which exists for heavy tails too (where P(Lambda = 0) does
 * not allow that: half way down). 0 where Lambda = 0. */
double wlaw_node_scale(const wlaw_law *law);
node_tail wlaw_node_at_zero(const wlaw_law *law), wlaw_node_at_infinity(const wlaw_law *law);
double wlaw_node_finite_index(const wlaw_law *law); /* E lambda^q at a finite width is finite for q below it */
/* The threshold x* with moment(2, x*) = variance: what lies below is replaced by its mean. INFINITY where the whole
 * measure has less. */
double wlaw_node_threshold(const wlaw_law *law, double variance);

/* One draw of the limit: the jumps above `threshold` (0: all, for finite measures), `most` >= 1 of them at most,
 * decreasing; by Ferguson and Klass (1972, DOI 10.1214/aoms/1177692531): jump j = rhobar^-1(Gamma_j), Gamma_j the
 * arrivals of a unit Poisson process. */
typedef struct node_jumps {
  double *values;
  size_t n, capacity;
  double residual; /* a + integral of x rho over (0, last cut]: what the rest has on average */
  double cut;      /* threshold, or the last jump kept where `most` came first */
} node_jumps;
wlaw_status wlaw_node_jumps_draw(node_jumps *jumps, const wlaw_law *law, double threshold, size_t most,
                                 wlaw_stream *stream, wlaw_error *err);
void wlaw_node_jumps_free(node_jumps *jumps); /* safe on a zeroed struct */

/* WLAW_ARGUMENT where a layer of `width` nodes cannot have the law (bernoulli(c) with c above the width). */
wlaw_status wlaw_node_check_width(const wlaw_law *law, size_t width, wlaw_error *err);
/* lambda of a whole layer: [width], exp of draw_log. */
void wlaw_node_draw(const wlaw_law *law, double *lambda, size_t width, wlaw_stream *stream);
/* law_ops.draw of every node law: the weights sqrt(lambda_j) V_kj of a matrix [rows, cols], j a column. */
wlaw_status wlaw_node_matrix_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                  wlaw_error *err);

/* law_ops.moments of them: of an entry of such a matrix, from node_ops.finite_moment. */
bool wlaw_node_matrix_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance);

/* law/empirical.c: (a, rho) measured from samples. Atoms x > 0 in any order, weights (expected number of nodes there)
 * and their standard errors; a and its error. name: what stands in the parentheses of the law's text, "@FILE". */
typedef struct node_measure {
  char *name;
  double a, se_a; /* se NaN: not known */
  size_t n;
  double *x, *weight, *se; /* [n] */
} node_measure;
/* The law owns sorted copies, atoms of one place joined. */
wlaw_status wlaw_law_empirical_make(wlaw_law **out, const node_measure *measure, wlaw_error *err);
/* These, for an empirical law; NULL for others. */
const node_measure *wlaw_law_empirical_measure(const wlaw_law *law);

#endif
