/* Maximum likelihood by the constrained Newton method (Wang 2007, DOI 10.1111/j.1467-9868.2007.00583.x): atoms are
 * added where the likelihood grows most, then all weights move to the maximum of its quadratic approximation. */
#include "limit/node_deconvolve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/node_quadratic.h"
#include "math/special.h"

enum { RATIO = 3, MOST_BINS = 1 << 14, MOST_ROUNDS = 200 };
static const double negligible = 1e-20;

wlaw_status wlaw_node_kernel_new(node_kernel *out, double degrees, double least, double largest, wlaw_error *err) {
  /* Atoms a third of the noise's standard deviation apart: a finer grid moves the likelihood by less than 1e-3 a node's
   * share; at most 17 %, so that curves are smooth, at least 4 %. */
  const double spacing = fmin(0.16, fmax(0.04, sqrt(wlaw_trigamma(0.5 * degrees)) / 3.0)), step = spacing / RATIO;
  const double cells = ceil(log(largest / least) / spacing);
  *out = (node_kernel){.low = log(least), .step = step};
  if (!(cells >= 1.0 && cells * RATIO < MOST_BINS))
    return wlaw_fail(err, WLAW_LIMIT, "node variances from %.3g to %.3g make no grid", least, largest);
  out->grid = (size_t)cells;
  out->bins = out->grid * RATIO + 1;
  out->chance = wlaw_array(2 * out->bins, sizeof *out->chance);
  out->below = wlaw_array(out->grid, sizeof *out->below);
  if (!out->chance || !out->below) {
    wlaw_node_kernel_free(out);
    return wlaw_fail_memory(err, 3 * out->bins, sizeof *out->chance);
  }
  const double shape = 0.5 * degrees;
  for (size_t d = 0; d < 2 * out->bins; d++) {
    const double at = (double)d - (double)out->bins, low = shape * exp((at - 0.5) * step),
                 high = shape * exp((at + 0.5) * step);
    out->chance[d] = at < 0.0 ? wlaw_gamma_lower(shape, high) - wlaw_gamma_lower(shape, low)
                              : wlaw_gamma_upper(shape, low) - wlaw_gamma_upper(shape, high);
    if (!(out->chance[d] >= negligible)) continue;
    if (at < 0.0 && -at > (double)out->left) out->left = (size_t)-at;
    if (at > 0.0) out->right = (size_t)at;
  }
  for (size_t g = 0; g < out->grid; g++)
    out->below[g] = wlaw_gamma_lower(shape, shape * exp(-((double)(RATIO * g) + 0.5 * RATIO) * step));
  return WLAW_OK;
}

void wlaw_node_kernel_free(node_kernel *kernel) {
  free(kernel->chance);
  free(kernel->below);
  *kernel = (node_kernel){0};
}

size_t wlaw_node_kernel_bin(const node_kernel *kernel, double y) {
  const double at = y > 0.0 ? floor((log(y) - kernel->low) / kernel->step) + 1.0 : 0.0;
  return at < 1.0 ? 0 : at < (double)kernel->bins ? (size_t)at : kernel->bins - 1;
}

/* The bin in whose middle atom g stands. */
static size_t own_bin(size_t g) { return RATIO * g + RATIO / 2 + 1; }

/* Bins that atom g reaches, [*first, *end), and the chances of these. The atom of 0 reaches bin 0 alone. */
static const double *reach(size_t *first, size_t *end, const node_kernel *kernel, size_t g) {
  const size_t own = own_bin(g);
  *first = own > kernel->left + 1 ? own - kernel->left : 1;
  *end = own + kernel->right + 1 < kernel->bins ? own + kernel->right + 1 : kernel->bins;
  return kernel->chance + kernel->bins + *first - own;
}

struct node_room {
  double *density;  /* [bins]: chance of each bin under the weights */
  double *trial;    /* [bins] */
  double *ratio;    /* [bins]: counts / density */
  double *gradient; /* [grid + 1] */
  double *next;     /* [grid + 1] */
  size_t *atoms;    /* [grid + 1]: those that may have weight */
  double *columns;  /* [QUADRATIC_MOST, bins]: chances over density, times the root of counts */
  quadratic problem;
};

wlaw_status wlaw_node_room_new(node_room **out, const node_kernel *kernel, wlaw_error *err) {
  node_room *room = wlaw_array(1, sizeof *room);
  const size_t n = kernel->bins, g = kernel->grid + 1;
  *out = room;
  if (!room) return wlaw_fail_memory(err, 1, sizeof *room);
  room->density = wlaw_array(3 * n + 2 * g, sizeof(double));
  room->atoms = wlaw_array(g, sizeof *room->atoms);
  room->columns = wlaw_array(QUADRATIC_MOST * n, sizeof(double));
  if (!room->density || !room->atoms || !room->columns) {
    wlaw_node_room_free(room);
    *out = NULL;
    return wlaw_fail_memory(err, QUADRATIC_MOST * n, sizeof(double));
  }
  room->trial = room->density + n;
  room->ratio = room->trial + n;
  room->gradient = room->ratio + n;
  room->next = room->gradient + g;
  return WLAW_OK;
}

void wlaw_node_room_free(node_room *room) {
  if (!room) return;
  free(room->density);
  free(room->atoms);
  free(room->columns);
  free(room);
}

static void add_atom(double *density, const node_kernel *kernel, size_t g, double weight) {
  size_t first, end;
  if (g == kernel->grid) {
    density[0] += weight;
    return;
  }
  const double *chance = reach(&first, &end, kernel, g);
  density[0] += weight * kernel->below[g];
  for (size_t b = first; b < end; b++) density[b] += weight * chance[b - first];
}

static void mix(double *density, const node_kernel *kernel, const double *weights) {
  memset(density, 0, kernel->bins * sizeof *density);
  for (size_t g = 0; g <= kernel->grid; g++)
    if (weights[g] > 0.0) add_atom(density, kernel, g, weights[g]);
}

static double log_likelihood(const double *density, const double *counts, size_t bins) {
  double sum = 0.0;
  for (size_t b = 0; b < bins; b++)
    if (counts[b] > 0.0) sum += counts[b] * log(density[b]);
  return sum;
}

/* What a unit of weight at each atom is worth, less what it costs: at most 0 at the maximum. Returns the largest. */
static double find_gradient(node_room *room, const node_kernel *kernel, const double *counts, double total) {
  double most = -INFINITY;
  for (size_t b = 0; b < kernel->bins; b++) room->ratio[b] = counts[b] > 0.0 ? counts[b] / room->density[b] : 0.0;
  for (size_t g = 0; g < kernel->grid; g++) {
    size_t first, end;
    const double *chance = reach(&first, &end, kernel, g);
    double sum = kernel->below[g] * room->ratio[0];
    for (size_t b = first; b < end; b++) sum += chance[b - first] * room->ratio[b];
    room->gradient[g] = sum - total;
    most = fmax(most, room->gradient[g]);
  }
  room->gradient[kernel->grid] = room->ratio[0] - total;
  return fmax(most, room->gradient[kernel->grid]);
}

/* Atoms with weight, and peaks of the gradient. */
static size_t choose_atoms(node_room *room, const node_kernel *kernel, const double *weights) {
  const size_t last = kernel->grid;
  size_t n = 0;
  for (size_t g = 0; g <= last && n < QUADRATIC_MOST; g++) {
    const double at = room->gradient[g];
    const bool peak =
        at > 0.0 &&
        (g == last || ((g == 0 || at >= room->gradient[g - 1]) && (g + 1 == last || at > room->gradient[g + 1])));
    if (weights[g] > 0.0 || peak) room->atoms[n++] = g;
  }
  return n;
}

/* Where the quadratic approximation has its maximum over weights >= 0. A sum of 1 need not be asked for: the likelihood
 * less total * (sum of weights) has its maximum there. */
static void find_next(node_room *room, const node_kernel *kernel, const double *counts, const double *weights,
                      double total) {
  const size_t n = choose_atoms(room, kernel, weights), bins = kernel->bins;
  quadratic *problem = &room->problem;
  problem->n = n;
  for (size_t i = 0; i < n; i++) {
    double *column = room->columns + i * bins, sum = 0.0;
    memset(column, 0, bins * sizeof *column);
    add_atom(column, kernel, room->atoms[i], 1.0);
    for (size_t b = 0; b < bins; b++) {
      column[b] = counts[b] > 0.0 ? column[b] / room->density[b] * sqrt(counts[b]) : 0.0;
      sum += column[b] * sqrt(counts[b]);
    }
    problem->b[i] = 2.0 * sum - total;
    problem->x[i] = weights[room->atoms[i]];
  }
  for (size_t i = 0; i < n; i++) {
    size_t first = bins, end;
    if (room->atoms[i] < kernel->grid) reach(&first, &end, kernel, room->atoms[i]);
    for (size_t j = 0; j <= i; j++) { /* atom j is the smaller: it reaches no further */
      const double *x = room->columns + i * bins, *y = room->columns + j * bins;
      size_t other, last = bins;
      if (room->atoms[j] < kernel->grid) reach(&other, &last, kernel, room->atoms[j]);
      double sum = x[0] * y[0];
      for (size_t b = first; b < last; b++) sum += x[b] * y[b];
      problem->a[i * QUADRATIC_MOST + j] = problem->a[j * QUADRATIC_MOST + i] = sum;
    }
  }
  wlaw_quadratic_solve(problem);
  memset(room->next, 0, (kernel->grid + 1) * sizeof *room->next);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += problem->x[i];
  for (size_t i = 0; i < n && sum > 0.0; i++) room->next[room->atoms[i]] = problem->x[i] / sum;
}

/* All weight where the likelihood grows most: slow, but never wrong. */
static void point_next(node_room *room, const node_kernel *kernel) {
  size_t most = kernel->grid;
  for (size_t g = 0; g < kernel->grid; g++)
    if (room->gradient[g] > room->gradient[most]) most = g;
  memset(room->next, 0, (kernel->grid + 1) * sizeof *room->next);
  room->next[most] = 1.0;
}

/* Towards `next`, as far as the likelihood grows (Armijo's rule). false: it does not. */
static bool step(double *weights, const node_kernel *kernel, const double *counts, node_room *room) {
  const double before = log_likelihood(room->density, counts, kernel->bins);
  double slope = 0.0;
  mix(room->trial, kernel, room->next);
  for (size_t b = 0; b < kernel->bins; b++) slope += room->ratio[b] * (room->trial[b] - room->density[b]);
  if (!(slope > 0.0)) return false;
  for (double length = 1.0; length > 1e-12; length *= 0.5) {
    double after = 0.0;
    for (size_t b = 0; b < kernel->bins; b++)
      if (counts[b] > 0.0) after += counts[b] * log(room->density[b] + length * (room->trial[b] - room->density[b]));
    if (!(after >= before + 1e-3 * length * slope)) continue;
    for (size_t g = 0; g <= kernel->grid; g++) {
      weights[g] += length * (room->next[g] - weights[g]);
      if (weights[g] < 1e-15) weights[g] = 0.0;
    }
    return true;
  }
  return false;
}

/* An atom for every third cell that has counts, so that no count has chance 0. */
static void start(double *weights, const node_kernel *kernel, const double *counts, double total) {
  const size_t apart = kernel->grid / (QUADRATIC_MOST / 2) + 3;
  weights[kernel->grid] = counts[0] / total;
  for (size_t g = 0; g < kernel->grid; g++) {
    const size_t at = g - g % apart + apart / 2;
    for (size_t i = 0; i < RATIO; i++)
      weights[at < kernel->grid ? at : kernel->grid - 1] += counts[RATIO * g + 1 + i] / total;
  }
}

bool wlaw_node_npmle(double *weights, const node_kernel *kernel, const double *counts, double tolerance,
                     node_room *room) {
  double total = 0.0, sum = 0.0;
  for (size_t b = 0; b < kernel->bins; b++) total += counts[b];
  for (size_t g = 0; g <= kernel->grid; g++) sum += weights[g];
  if (!(sum > 0.0)) start(weights, kernel, counts, total);
  for (unsigned round = 0; round < MOST_ROUNDS; round++) {
    mix(room->density, kernel, weights);
    for (size_t b = 0; b < kernel->bins; b++) /* no count may be impossible, however far from every atom */
      if (counts[b] > 0.0) room->density[b] = fmax(room->density[b], 1e-290);
    if (find_gradient(room, kernel, counts, total) <= tolerance) return true;
    find_next(room, kernel, counts, weights, total);
    if (step(weights, kernel, counts, room)) continue;
    point_next(room, kernel);                              /* neighbours so alike that the quadratic step is rounding */
    if (!step(weights, kernel, counts, room)) return true; /* what is left to gain is rounding of the sum */
  }
  return false;
}

void wlaw_node_curves(double *tail, double *truncated, const node_kernel *kernel, const double *weights,
                      const double *x, size_t n) {
  const double cell = RATIO * kernel->step;
  memset(tail, 0, n * sizeof *tail);
  memset(truncated, 0, n * sizeof *truncated);
  for (size_t g = 0; g < kernel->grid; g++) {
    if (!(weights[g] > 0.0)) continue;
    const double low = kernel->low + (double)g * cell, value = exp(low + 0.5 * cell);
    for (size_t i = 0; i < n; i++) {
      const double inside = fmin(fmax((log(x[i]) - low) / cell, 0.0), 1.0);
      tail[i] += weights[g] * (1.0 - inside);
      truncated[i] += weights[g] * value * expm1(inside * cell) / expm1(cell);
    }
  }
}

double wlaw_node_square(const node_kernel *kernel, const double *weights) {
  double sum = 0.0;
  for (size_t g = 0; g < kernel->grid; g++)
    sum += weights[g] * exp(2.0 * (kernel->low + ((double)g + 0.5) * RATIO * kernel->step));
  return sum;
}
