#include "limit/output_density.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/kernel_moments.h"
#include "limit/sum_exponent.h"

/* |Z| = sigma |N| sqrt(S_1) ... sqrt(S_m) with independent S_l: ln |Z| is a sum, and its characteristic function a
 * product. That of ln S follows from the Laplace exponent of S: with E exponential of mean 1 and independent of S,
 *     P(E / S > s) = E exp(-s S) = exp(-Psi(s)),   E (E / S)^(i t) = Gamma(1 + i t) E S^(-i t),
 * so that what is transformed are chances of intervals of u = ln(E / S). Characteristic functions are inverted as by
 * Gil-Pelaez 1951 (DOI 10.1093/biomet/38.3-4.481) with the midpoint rule of Davies 1973 (DOI 10.1093/biomet/60.2.415).
 * All functions here are analytic in a strip, where these rules converge exponentially. */

#define PI        3.14159265358979323846
#define STEP      0.125  /* of u */
#define HIGHEST   40.0   /* frequency of ln |Z|: |Gamma((1 + i t) / 2)| is below 1e-13 from there on */
#define LEAST     1e-17  /* chances below this are left out */
#define LOWEST_U  3000.0 /* -u at most */
#define HIGHEST_U 600.0  /* what doubles hold of s, with room for the square of an activation */

struct output_density {
  double low, high;    /* ln |Z| lies between, but for chances of about LEAST */
  double zero;         /* P(Z = 0) */
  double at_zero;      /* density */
  double gap;          /* frequencies are gap / 2, 3 gap / 2, ... */
  size_t n;            /* of them */
  double complex *phi; /* [n] E |Z|^(i t) 1{Z != 0} */
};

/* ln Gamma(z) for Re z > 0: Stirling's series at z + 9 (DLMF 5.11.1). */
static double complex log_gamma(double complex z) {
  double complex product = 1.0;
  for (int k = 0; k < 9; k++) product *= z + k;
  const double complex w = z + 9.0, r = 1.0 / w, rr = r * r;
  const double complex series = r * (1.0 / 12.0 - rr * (1.0 / 360.0 - rr * (1.0 / 1260.0 - rr / 1680.0)));
  return (w - 0.5) * clog(w) - w + 0.5 * log(2.0 * PI) + series - clog(product);
}

/* One of the S: the chances of the cells of u between low and low + n STEP. */
typedef struct factor {
  const wlaw_law *law;
  double low, zero; /* zero: P(S = 0) */
  size_t n, count;  /* count: so many of them, iid */
  double *chance;   /* [n] */
} factor;

typedef struct exponent {
  exponent_table table;
  sum_nodes nodes;
  double log_factor, drift; /* Psi(s) = drift s + Psi_S(factor s) */
} exponent;

static double exponent_at(const exponent *e, double u) {
  return e->drift * exp(u) + wlaw_exponent_table_sum(&e->table, &e->nodes, u + e->log_factor);
}

/* Walks from `from` in steps until exp(-Psi) is as near to its end as doubles tell. */
static double walk(const exponent *e, double from, double step, double zero) {
  double u = from;
  for (;;) {
    const double psi = exponent_at(e, u);
    if (step < 0.0 ? psi < LEAST : exp(-psi) - zero < LEAST) return u;
    if (u < -LOWEST_U || u > HIGHEST_U) return u;
    u += step;
  }
}

static wlaw_status cut_cells(factor *out, const exponent *e, wlaw_error *err) {
  const double start = STEP * floor(e->table.start / STEP) + 120.0 - e->log_factor;
  out->low = walk(e, start, -8.0 * STEP, out->zero);
  const double high = walk(e, start, 8.0 * STEP, out->zero);
  out->n = (size_t)((high - out->low) / STEP + 0.5);
  out->chance = wlaw_array(out->n, sizeof *out->chance);
  if (!out->chance) return wlaw_fail_memory(err, out->n, sizeof *out->chance);
  double before = exponent_at(e, out->low);
  for (size_t j = 0; j < out->n; j++) {
    const double psi = exponent_at(e, out->low + STEP * (double)(j + 1));
    out->chance[j] = exp(-before) * -expm1(before - psi);
    before = psi;
  }
  return WLAW_OK;
}

static double mass(const factor *f) {
  double sum = 0.0;
  for (size_t j = 0; j < f->n; j++) sum += f->chance[j];
  return sum;
}

/* E S^(-i t) 1{S > 0}. A chance is the integral of a density over its cell: what that takes from the transform is given
 * back. */
static double complex transform(const factor *f, double t) {
  const double complex turn = cexp(I * t * STEP);
  double complex sum = 0.0, at = 0.0;
  for (size_t j = 0; j < f->n; j++) {
    if (j % 64 == 0) at = cexp(I * t * (f->low + STEP * ((double)j + 0.5)));
    sum += f->chance[j] * at;
    at *= turn;
  }
  const double half = 0.5 * t * STEP;
  return sum * (half / sin(half)) * cexp(-log_gamma(1.0 + I * t));
}

/* E S^(-1/2) 1{S > 0}, the same at t = -i / 2. Chances above u that fall like e^(-r u) do so from 1e-7 to 1e-10, where
 * they still have digits; beyond, terms fall like e^((1/2 - r) u), and for r <= 1/2 their sum is infinite. */
static double inverse_root(const factor *f) {
  double sum = 0.0, above = 0.0, term = 0.0;
  size_t first = f->n, last = f->n;
  while (first > 0 && above < 1e-7) {
    above += f->chance[--first];
    if (above < 1e-10) last = first;
  }
  for (size_t j = 0; j < last; j++) {
    term = f->chance[j] * exp(0.5 * (f->low + STEP * ((double)j + 0.5)));
    sum += term;
  }
  const double rate = log(1e3) / (STEP * (double)(last - first)), ratio = exp(STEP * (0.5 - rate));
  if (rate < 0.505) return INFINITY;
  return (sum + term * ratio / (1.0 - ratio)) * (0.25 * STEP / sinh(0.25 * STEP)) / (0.5 * sqrt(PI));
}

typedef struct factors {
  factor all[LIMIT_MOST_LAYERS];
  size_t n;
  double variance; /* of N */
} factors;

static const char *const TOO_NEAR_ZERO = "part of the law lies nearer to 0 than doubles tell: known by draws only";

/* The factor S of a layer: sigma_v^2 sum + sigma_b^2 (`bias`), nodes with zeta of this variance. *reason is set where
 * it has none that could be used. */
static wlaw_status add_factor(factors *out, const char **reason, const limit_network *network, const wlaw_law *law,
                              double variance, double bias, wlaw_error *err) {
  if (law->ops->node->fixed_jump) {
    *reason = "the jumps are the same in every network: known by draws only";
    return WLAW_OK;
  }
  limit_network plain = *network;
  plain.bias_variance = bias;
  const kernel_moments one =
      wlaw_kernel_moments_next(wlaw_kernel_moments_first(variance), &plain, wlaw_lambda_sums_limit(law));
  factor *to = &out->all[out->n];
  *to = (factor){.law = law, .zero = one.zero, .count = 1};
  if (isnan(one.zero)) {
    *reason = "where the activation is 0 depends on the size of its input: known by draws only";
    return WLAW_OK;
  }
  exponent e = {.log_factor = log(network->weight_variance), .drift = bias};
  wlaw_sum_nodes(&e.nodes, &network->activation, variance);
  wlaw_status status = wlaw_exponent_table_new(&e.table, law, NULL); /* out of range: a reason here, no failure */
  if (status == WLAW_MEMORY) status = wlaw_fail_memory(err, 1, sizeof e.table);
  if (status == WLAW_NUMERIC) {
    *reason = "the Laplace exponent of the node variances leaves the range of doubles: known by draws only";
    wlaw_exponent_table_free(&e.table);
    return WLAW_OK;
  }
  if (status == WLAW_OK) {
    out->n++;
    status = cut_cells(to, &e, err);
  }
  if (status == WLAW_OK && !(fabs(mass(to) - (1.0 - to->zero)) <= 1e-12)) *reason = TOO_NEAR_ZERO;
  wlaw_exponent_table_free(&e.table);
  return status;
}

/* Layers of one law have the same factor, which need not be made again. */
static bool factor_again(factors *out, const wlaw_law *law) {
  for (size_t l = 0; l < out->n; l++) {
    if (out->all[l].law != law) continue;
    out->all[l].count++;
    return true;
  }
  return false;
}

static wlaw_status add_layers(factors *out, const char **reason, const limit_network *network, limit_tail tail,
                              wlaw_error *err) {
  const bool last_only = tail.from + 1 >= network->depth;
  if (last_only) {
    out->variance = 1.0;
    return add_factor(out, reason, network, network->laws[network->depth - 1], tail.variance, network->bias_variance,
                      err);
  }
  if (wlaw_dual_homogeneity(&network->activation) != 1.0 || network->bias_variance > 0.0) {
    *reason =
        "two or more layers are random, and not by mere factors (no biases, an activation of degree 1): known by "
        "draws only";
    return WLAW_OK;
  }
  for (size_t l = tail.from; l < network->depth && !*reason; l++) {
    const wlaw_law *law = network->laws[l];
    if (factor_again(out, law)) continue;
    if (wlaw_node_regime(law) == NODE_GP)
      out->variance *=
          network->weight_variance * wlaw_node_location(law) * wlaw_dual_diagonal(&network->activation, 1.0);
    else WLAW_TRY(add_factor(out, reason, network, law, 1.0, 0.0, err));
  }
  return WLAW_OK;
}

static wlaw_status invert(output_density *out, const factors *from, wlaw_error *err) {
  const double shift = 0.5 * log(from->variance);
  double alive = 1.0;
  out->low = shift - 39.0;
  out->high = shift + 2.2; /* of ln |N| */
  out->at_zero = 1.0 / sqrt(2.0 * PI * from->variance);
  for (size_t l = 0; l < from->n; l++) {
    const factor *f = &from->all[l];
    const double count = (double)f->count;
    out->low -= 0.5 * count * (f->low + STEP * (double)f->n);
    out->high -= 0.5 * count * (f->low - 4.0);
    out->at_zero *= pow(inverse_root(f), count);
    alive *= pow(1.0 - f->zero, count);
  }
  out->zero = 1.0 - alive;
  out->gap = 2.0 * PI / (out->high - out->low + 2.0);
  out->n = (size_t)(HIGHEST / out->gap);
  out->phi = wlaw_array(out->n, sizeof *out->phi);
  if (!out->phi) return wlaw_fail_memory(err, out->n, sizeof *out->phi);
  for (size_t m = 0; m < out->n; m++) {
    const double t = out->gap * ((double)m + 0.5);
    double complex value = cexp(I * t * (shift + 0.5 * log(2.0)) + log_gamma(0.5 + 0.5 * I * t)) / sqrt(PI);
    for (size_t l = 0; l < from->n; l++) {
      const double complex one = conj(transform(&from->all[l], 0.5 * t));
      for (size_t k = 0; k < from->all[l].count; k++) value *= one;
    }
    out->phi[m] = value;
  }
  return WLAW_OK;
}

wlaw_status wlaw_output_density_new(output_density **out, const char **reason, const limit_network *network,
                                    double variance, wlaw_error *err) {
  const limit_tail tail = wlaw_limit_tail(network, variance);
  *out = NULL;
  *reason = NULL;
  if (!(tail.variance > 0.0)) {
    *reason = "the kernel of this input is 0";
    return WLAW_OK;
  }
  factors *all = wlaw_array(1, sizeof *all);
  output_density *density = wlaw_array(1, sizeof *density);
  wlaw_status status = all && density ? WLAW_OK : wlaw_fail_memory(err, 1, sizeof *all);
  if (status == WLAW_OK) {
    all->variance = tail.variance;
    if (tail.from < network->depth) status = add_layers(all, reason, network, tail, err);
  }
  if (status == WLAW_OK && !*reason && !(all->variance > 0.0 && isfinite(all->variance)))
    *reason = "the kernel leaves the range of doubles";
  if (status == WLAW_OK && !*reason) status = invert(density, all, err);
  for (size_t l = 0; all && l < all->n; l++) free(all->all[l].chance);
  free(all);
  if (status == WLAW_OK && !*reason) *out = density;
  else wlaw_output_density_free(density);
  return status;
}

void wlaw_output_density_free(output_density *density) {
  if (!density) return;
  free(density->phi);
  free(density);
}

/* Density of ln |Z| at y, and P(0 < |Z| <= e^y). */
static void at_log(const output_density *density, double y, double *value, double *below) {
  const double alive = 1.0 - density->zero;
  double sum = 0.0, area = 0.0;
  for (size_t m = 0; m < density->n; m++) {
    const double t = density->gap * ((double)m + 0.5);
    const double complex wave = density->phi[m] * cexp(-I * t * y);
    sum += creal(wave);
    area += cimag(wave) / t;
  }
  *value = fmax(sum * density->gap / PI, 0.0);
  *below = fmin(fmax(0.5 * alive - area * density->gap / PI, 0.0), alive);
}

void wlaw_output_density_at(const output_density *density, double z, double *value, double *cdf) {
  const double y = log(fabs(z)), alive = 1.0 - density->zero;
  double slope = 0.0, below = z == 0.0 ? 0.0 : alive;
  if (z == 0.0) {
    *value = density->at_zero;
  } else {
    if (y <= density->high) at_log(density, fmax(y, density->low), &slope, &below);
    *value = 0.5 * slope * exp(-fmax(y, density->low));
  }
  *cdf = z < 0.0 ? 0.5 * (alive - below) : 0.5 * (1.0 + density->zero + below);
  if (isnan(z)) *value = *cdf = NAN;
}
