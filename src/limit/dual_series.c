/* Duals without a closed form, by Hermite polynomials (Mehler 1866; Daniely, Frostig and Singer 2016, section 3). With
 * u = s N of variance s^2, the coefficients e_k = E phi'(sN) h_k(N), h_k orthonormal, give those of phi itself (s e_k-1
 * / sqrt k), hence duals of phi and phi' for any correlation.
 *
 * The expectations are integrals by Gauss and Legendre's rule over panels that end at 0, where elu has a kink: the
 * Gauss-Hermite rule of as many nodes errs by 1e-3 there, and for tanh of variance 10. What the DUAL_ORDERS - 1 first
 * coefficients leave of E phi^2 and E phi'^2 is given to two more terms, orders DUAL_ORDERS and four times that: so the
 * dual is right at correlation 0 and 1, and its distance and slope at near duplicates. Accuracy: docs/kernels.md. */
#include <math.h>
#include <string.h>

#include "limit/constants.h"
#include "limit/dual_function.h"

enum { POINTS = 20, PANELS = 8, NODES = POINTS * PANELS };
static const double edges[PANELS + 1] = {0.0, 0.25, 0.75, 1.75, 3.25, 5.0, 7.0, 9.5, 12.5};

/* Nodes and weights on [-1, 1]: roots of the Legendre polynomial by Newton's method. */
static void legendre_rule(double nodes[POINTS], double weights[POINTS]) {
  for (int i = 0; i < POINTS; i++) {
    double x = cos(WLAW_PI * (i + 0.75) / (POINTS + 0.5)), slope = 1.0;
    for (int round = 0; round < 8; round++) {
      double below = 1.0, value = x;
      for (int k = 2; k <= POINTS; k++) {
        const double next = ((2 * k - 1) * x * value - (k - 1) * below) / k;
        below = value;
        value = next;
      }
      slope = POINTS * (below - x * value) / (1.0 - x * x);
      x -= value / slope;
    }
    nodes[i] = x;
    weights[i] = 2.0 / ((1.0 - x * x) * slope * slope);
  }
}

/* Positive half of the rule for E f(N); weights hold the density. */
static void normal_rule(double nodes[NODES], double weights[NODES]) {
  double x[POINTS], w[POINTS];
  legendre_rule(x, w);
  for (int p = 0; p < PANELS; p++)
    for (int i = 0; i < POINTS; i++) {
      const double middle = 0.5 * (edges[p + 1] + edges[p]), half = 0.5 * (edges[p + 1] - edges[p]);
      const double at = middle + half * x[i];
      nodes[p * POINTS + i] = at;
      weights[p * POINTS + i] = half * w[i] * exp(-0.5 * at * at) / WLAW_ROOT_TWO_PI;
    }
}

/* h_0 .. h_(DUAL_ORDERS - 1) at x: h_k+1 = (x h_k - sqrt(k) h_k-1) / sqrt(k + 1); inverse[k] = 1/sqrt(k). */
static void polynomials(double h[DUAL_ORDERS], double x, const double inverse[DUAL_ORDERS + 1]) {
  h[0] = 1.0;
  h[1] = x;
  for (size_t k = 1; k + 1 < DUAL_ORDERS; k++)
    h[k + 1] = (x * h[k] - (double)k * inverse[k] * h[k - 1]) * inverse[k + 1];
}

/* Inputs from `first` on, at most CHUNK, and their sums over nodes so far. */
enum { CHUNK = 64 };
typedef struct chunk {
  const dual_activation *activation;
  dual_side *side;
  size_t first, n; /* n: whole blocks */
  double mean[CHUNK], square[CHUNK], slope_square[CHUNK];
} chunk;

static void add_node(chunk *c, double x, double weight, const double *h) {
  const dual_function *f = c->activation->function;
  const double *p = c->activation->parameters;
  double even[CHUNK], odd[CHUNK];
  for (size_t j = 0; j < c->n; j++) {
    const double z = c->side->root[c->first + j] * x, up = f->value(p, z), down = f->value(p, -z);
    const double up_slope = f->derivative(p, z), down_slope = f->derivative(p, -z);
    c->mean[j] += weight * (up + down);
    c->square[j] += weight * (up * up + down * down);
    c->slope_square[j] += weight * (up_slope * up_slope + down_slope * down_slope);
    even[j] = weight * (up_slope + down_slope);
    odd[j] = weight * (up_slope - down_slope);
  }
  wlaw_dual_kernels()->coefficients(c->side->series + c->first, c->side->stride, c->n, h, even, odd);
}

/* The two last coefficients of input i of the chunk, from what is missing: weights w1 + w2 = rest of E phi^2 and
 * K w1 + 4K w2 = s^2 rest of E phi'^2, neither below 0. (Coefficients of a kink fall as k^-7/4, of a corner as k^-5/4:
 * their rest is centred at order 5K/3 and 3K.) */
static void complete(const chunk *c, size_t i) {
  enum { K = DUAL_ORDERS };
  const size_t stride = c->side->stride;
  const double s2 = c->side->variance[c->first + i];
  double *e = c->side->series + c->first + i, rest = c->square[i] - c->mean[i] * c->mean[i];
  double slope_rest = c->slope_square[i];
  for (size_t k = 0; k + 1 < K; k++) {
    const double e2 = e[k * stride] * e[k * stride];
    rest -= s2 * e2 / (double)(k + 1);
    slope_rest -= e2;
  }
  rest = fmax(rest, 0.0);
  const double second = fmin(fmax((s2 * slope_rest / K - rest) / 3.0, 0.0), rest);
  e[(K - 1) * stride] = s2 > 0.0 ? sqrt(K * (rest - second) / s2) : 0.0;
  e[K * stride] = s2 > 0.0 ? sqrt(4 * K * second / s2) : 0.0;
}

void wlaw_dual_series_prepare(const dual_activation *activation, dual_side *side) {
  double nodes[NODES], weights[NODES], inverse[DUAL_ORDERS + 1], h[DUAL_ORDERS];
  normal_rule(nodes, weights);
  for (size_t k = 1; k <= DUAL_ORDERS; k++) inverse[k] = 1.0 / sqrt((double)k);
  memset(side->series, 0, (DUAL_ORDERS + 1) * side->stride * sizeof *side->series);
  for (size_t j = 0; j < side->stride; j++) side->root[j] = sqrt(side->variance[j]);
  for (size_t first = 0; first < side->stride; first += CHUNK) {
    chunk c = {activation, side, first, side->stride - first < CHUNK ? side->stride - first : CHUNK, {0}, {0}, {0}};
    for (size_t i = 0; i < NODES; i++) {
      polynomials(h, nodes[i], inverse);
      add_node(&c, nodes[i], weights[i], h);
    }
    for (size_t i = 0; i < c.n; i++) {
      side->angle[first + i] = c.mean[i];
      side->square[first + i] = c.square[i];
      complete(&c, i);
    }
  }
}

double wlaw_dual_series_diagonal(const dual_activation *activation, double variance) {
  const dual_function *f = activation->function;
  double nodes[NODES], weights[NODES], sum = 0.0;
  normal_rule(nodes, weights);
  for (size_t i = 0; i < NODES; i++) {
    const double z = sqrt(variance) * nodes[i], up = f->value(activation->parameters, z),
                 down = f->value(activation->parameters, -z);
    sum += weights[i] * (up * up + down * down);
  }
  return sum;
}
