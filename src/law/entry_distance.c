/* How far a law is from the weights: sup |F - G| and W1 = integral |F - G| (Vallender 1974, DOI 10.1137/1118101).
 *
 * G jumps at cells whose weights are equal and rises evenly across cells of some width. Between two neighbouring knots
 * it is a straight line, F is smooth, and Simpson's rule, halved where it has to be, does the rest. */
#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/entry_fit.h"
#include "measure/cell_statistics.h"

enum { DEEPEST = 24, TAIL_PANELS = 40, TAIL_NODES = 6 };
/* Where Simpson's and the trapezoidal rule differ by more on a piece (in distances of the quartiles, and of the piece's
 * integral), it is halved. Simpson's error is then about the square of the relative difference. */
static const double AGREEMENT = 1e-7, RELATIVE_AGREEMENT = 1e-3;

typedef struct knot_list {
  size_t n;
  double *x;            /* [n] ascending */
  double *left, *right; /* [n] G just before and at x */
  double *at, *cdf;     /* [2 n - 1] knots and the middles between them; F there */
  double spread;        /* distance of the quartiles, or the range where that is 0 */
} knot_list;

static void knots_free(knot_list *knots) {
  free(knots->x);
  free(knots->left);
  free(knots->right);
  free(knots->at);
  free(knots->cdf);
}

static void add_knot(knot_list *knots, double x, double left, double right) {
  if (knots->n && !(x > knots->x[knots->n - 1])) { /* cells that touch share a knot */
    knots->right[knots->n - 1] = right;
    return;
  }
  knots->x[knots->n] = x;
  knots->left[knots->n] = left;
  knots->right[knots->n++] = right;
}

static void add_knots(knot_list *knots, const entry_cells *cells) {
  uint64_t below = 0;
  for (size_t i = 0; i < cells->n; i++) {
    const double before = (double)below / (double)cells->total;
    below += cells->count[i];
    const double after = (double)below / (double)cells->total;
    if (cells->width[i] > 0.0) {
      add_knot(knots, cells->low[i], before, before);
      add_knot(knots, cells->low[i] + cells->width[i], after, after);
    } else {
      add_knot(knots, cells->value[i], before, after);
    }
  }
  for (size_t i = 0; i < knots->n; i++) {
    knots->at[2 * i] = knots->x[i];
    if (i + 1 < knots->n) knots->at[2 * i + 1] = 0.5 * (knots->x[i] + knots->x[i + 1]);
  }
  knots->spread = wlaw_cells_quantile(cells, 0.75) - wlaw_cells_quantile(cells, 0.25);
  if (!(knots->spread > 0.0)) knots->spread = knots->x[knots->n - 1] - knots->x[0];
}

static wlaw_status knots_allocate(knot_list *knots, size_t most, wlaw_error *err) {
  *knots = (knot_list){.x = wlaw_array(most, sizeof(double)),
                       .left = wlaw_array(most, sizeof(double)),
                       .right = wlaw_array(most, sizeof(double)),
                       .at = wlaw_array(2 * most, sizeof(double)),
                       .cdf = wlaw_array(2 * most, sizeof(double))};
  if (knots->x && knots->left && knots->right && knots->at && knots->cdf) return WLAW_OK;
  knots_free(knots);
  return wlaw_fail_memory(err, most, 7 * sizeof(double));
}

/* Integral of |d| over a piece of this length, d straight from a to b. */
static double straight(double length, double a, double b) {
  if (a * b >= 0.0) return 0.5 * length * fabs(a + b);
  return 0.5 * length * (a * a + b * b) / (fabs(a) + fabs(b));
}

typedef struct knot_piece {
  double x0, x1, g0, g1; /* G is straight between them */
  double d0, dm, d1;     /* F - G at x0, in the middle, at x1 */
} knot_piece;

static double piece_integral(const wlaw_law *law, const knot_piece *p, double tolerance, int depth) {
  const double length = p->x1 - p->x0;
  const double simpson = length * (p->d0 + 4.0 * p->dm + p->d1) / 6.0, trapezoid = 0.5 * length * (p->d0 + p->d1);
  const bool crosses = p->d0 * p->dm < 0.0 || p->dm * p->d1 < 0.0 || p->d0 * p->d1 < 0.0;
  /* where F crosses G the two halves are taken as straight, which has no such square */
  const double enough = tolerance + (crosses ? 0.0 : RELATIVE_AGREEMENT * fabs(simpson));
  if (depth == 0 || fabs(simpson - trapezoid) <= enough) {
    if (!crosses) return fabs(simpson);
    return straight(0.5 * length, p->d0, p->dm) + straight(0.5 * length, p->dm, p->d1);
  }
  const double x = 0.5 * (p->x0 + p->x1), g = 0.5 * (p->g0 + p->g1);
  const double left = law->ops->entry->cdf(law->values, 0.5 * (p->x0 + x)) - 0.5 * (p->g0 + g);
  const double right = law->ops->entry->cdf(law->values, 0.5 * (x + p->x1)) - 0.5 * (g + p->g1);
  return piece_integral(law, &(knot_piece){p->x0, x, p->g0, g, p->d0, left, p->dm}, tolerance, depth - 1) +
         piece_integral(law, &(knot_piece){x, p->x1, g, p->g1, p->dm, right, p->d1}, tolerance, depth - 1);
}

/* Integral of F below x (side = -1) or of 1 - F above it (side = 1): Gauss's rule on panels twice as long each time,
 * until they shrink, or as far as 1 - F has digits. Under a power law the panels' integrals are a geometric series,
 * which may be infinite. */
static double tail_integral(const wlaw_law *law, double x, int side, double first) {
  static const double node[TAIL_NODES] = {-0.93246951420315203, -0.66120938646626451, -0.23861918608319691,
                                          0.23861918608319691,  0.66120938646626451,  0.93246951420315203};
  static const double weight[TAIL_NODES] = {0.17132449237917035, 0.36076157304813861, 0.46791393457269105,
                                            0.46791393457269105, 0.36076157304813861, 0.17132449237917035};
  double at[TAIL_PANELS * TAIL_NODES], cdf[TAIL_PANELS * TAIL_NODES];
  for (int k = 0; k < TAIL_PANELS; k++) /* panel k is [2^k - 1, 2^(k+1) - 1] times the first's length */
    for (int i = 0; i < TAIL_NODES; i++)
      at[k * TAIL_NODES + i] = x + side * first * (ldexp(1.5 + 0.5 * node[i], k) - 1.0);
  wlaw_entry_evaluate(law, at, TAIL_PANELS * TAIL_NODES, NULL, cdf);
  double sum = 0.0, panel = 0.0, before = 0.0, outside = 1.0;
  for (int k = 0; k < TAIL_PANELS && outside > 1e-15 && (outside > 1e-9 || panel >= before); k++) {
    before = panel;
    panel = 0.0;
    for (int i = 0; i < TAIL_NODES; i++) {
      outside = side > 0 ? 1.0 - cdf[k * TAIL_NODES + i] : cdf[k * TAIL_NODES + i];
      panel += weight[i] * ldexp(0.5 * first, k) * outside;
    }
    sum += panel;
  }
  if (before == 0.0) return sum;
  const double ratio = panel / before;
  if (ratio < 1.0) return sum + panel * ratio / (1.0 - ratio);
  /* of what lies beyond the last digit, an exponential tail is worth no more than this; a power law's panels grow */
  return panel <= 1e-9 * first ? sum : INFINITY;
}

wlaw_status wlaw_entry_distance(double *sup, double *wasserstein, const wlaw_law *law, const entry_cells *cells,
                                wlaw_error *err) {
  if (!cells->n) return wlaw_fail(err, WLAW_VALUE, "there are no weights other than 0 to compare a law with");
  knot_list knots;
  WLAW_TRY(knots_allocate(&knots, 2 * cells->n, err));
  add_knots(&knots, cells);
  const size_t n = knots.n;
  wlaw_entry_evaluate(law, knots.at, 2 * n - 1, NULL, knots.cdf);
  *sup = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double f = knots.cdf[2 * i];
    *sup = fmax(*sup, fmax(fabs(f - knots.left[i]), fabs(f - knots.right[i])));
  }
  const double first = fmax(0.25 * knots.spread, 1e-300);
  *wasserstein = tail_integral(law, knots.x[0], -1, first) + tail_integral(law, knots.x[n - 1], 1, first);
  for (size_t i = 0; i + 1 < n && isfinite(*wasserstein); i++) {
    const double g0 = knots.right[i], g1 = knots.left[i + 1], *f = knots.cdf + 2 * i;
    const knot_piece piece = {knots.x[i], knots.x[i + 1], g0, g1, f[0] - g0, f[1] - 0.5 * (g0 + g1), f[2] - g1};
    *wasserstein += piece_integral(law, &piece, AGREEMENT * knots.spread, DEEPEST);
  }
  knots_free(&knots);
  return WLAW_OK;
}
