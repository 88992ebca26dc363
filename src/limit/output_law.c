#include "limit/output_law.h"

#include <math.h>

#include "limit/kernel_moments.h"
#include "limit/sum_exponent.h"
#include "math/special.h"

static const char *const NOT_HOMOGENEOUS =
    "two or more layers are random and the activation is not homogeneous: known by draws only";

static void set_moments(output_law *out, kernel_moments last) {
  const double mean = last.mean, square = last.square;
  out->mean_square = mean;
  out->kurtosis = isfinite(square) && mean > 0.0 ? 3.0 * square / (mean * mean) : isinf(square) ? INFINITY : NAN;
  out->square_correlation =
      isfinite(square) && mean > 0.0 ? fmax(square - mean * mean, 0.0) / (3.0 * square - mean * mean) : NAN;
  out->probability_zero = last.zero;
  if (isnan(mean)) out->reason_moments = NOT_HOMOGENEOUS;
  else if (isinf(mean)) out->reason_moments = "no mean square exists: the jumps are too heavy-tailed";
  else if (isinf(square)) out->reason_moments = "no fourth moment exists: the jumps are too heavy-tailed";
  else if (mean == 0.0) out->reason_moments = "every output is 0";
  else if (isnan(last.zero)) out->reason_moments = "where the activation is 0 depends on the random kernel's size";
}

/* phi(x) ~ |x|^growth for large |x|; INFINITY: faster than any power. Wholes, as activations have. */
static double growth_of(const dual_activation *activation) {
  const double degree = wlaw_dual_homogeneity(activation), at[] = {1e3, -1e3, 1e6, -1e6};
  if (!isnan(degree)) return degree;
  double value[4];
  wlaw_dual_apply(activation, value, at, 4);
  const double near = fmax(fabs(value[0]), fabs(value[1])), far = fmax(fabs(value[2]), fabs(value[3]));
  if (isinf(far)) return INFINITY;
  return near > 0.0 && far > 0.0 ? fmax(round(log(far / near) / log(1e3)), 0.0) : 0.0;
}

/* P(K > x) ~ constant x^-index; lower moments of K that may be known. */
typedef struct kernel_tail {
  double index, constant;
  const char *reason;
} kernel_tail;

/* E K^power: of a number, or a moment that is known; NaN otherwise. */
static double power_moment(kernel_moments k, double power) {
  if (!k.random) return pow(k.mean, power);
  return power == 1.0 ? k.mean : power == 2.0 ? k.square : NAN;
}

static const char *const OTHER_MOMENTS = "it holds a moment of other layers' random kernels that has no closed form";

/* Breiman 1965 (DOI 10.1137/1110037): the heavier factor of a product of independent ones makes its tail, times a
 * moment of the other. */
static kernel_tail next_tail(kernel_tail tail, kernel_moments now, const limit_network *network, const wlaw_law *law) {
  const dual_activation *activation = &network->activation;
  const double growth = growth_of(activation), degree = wlaw_dual_homogeneity(activation);
  const node_tail jumps = wlaw_node_at_infinity(law);
  const double before = growth > 0.0 ? tail.index / growth : INFINITY, unit = now.random ? 1.0 : now.mean;
  if (tail.reason && isnan(tail.index)) return tail;
  if (now.random && isinf(growth))
    return (kernel_tail){NAN, NAN, "the activation grows faster than any power of a random kernel"};
  if (isinf(before) && isinf(jumps.index)) return (kernel_tail){INFINITY, NAN, NULL};
  if (before == jumps.index)
    return (kernel_tail){before, NAN, "several layers share the smallest index: powers of ln z multiply the tail"};
  kernel_tail next = {.index = fmin(before, jumps.index)};
  if (now.random && isnan(degree)) {
    next.constant = NAN;
    next.reason = "several layers are random and the activation is not homogeneous";
  } else if (jumps.index < before) {
    const double moment = !now.random ? 1.0 : degree == 0.0 ? 1.0 - now.zero : power_moment(now, jumps.index * degree);
    next.constant = jumps.constant * pow(network->weight_variance, jumps.index) *
                    wlaw_dual_moment(activation, unit, 2.0 * jumps.index) * moment;
  } else {
    limit_network plain = *network;
    plain.bias_variance = 0.0;
    const kernel_moments sum =
        wlaw_kernel_moments_next(wlaw_kernel_moments_first(1.0), &plain, wlaw_lambda_sums_limit(law));
    next.constant = tail.constant * power_moment(sum, before);
    if (tail.reason) next.reason = tail.reason;
  }
  if (isnan(next.constant) && !next.reason) next.reason = OTHER_MOMENTS;
  return next;
}

/* E |N|^t */
static double normal_moment(double t) {
  return exp(0.5 * t * log(2.0) + wlaw_log_gamma(0.5 * (t + 1.0)) - wlaw_log_gamma(0.5));
}

static void set_tail(output_law *out, kernel_tail tail) {
  out->tail_index = 2.0 * tail.index;
  out->tail_constant = isfinite(tail.index) ? tail.constant * normal_moment(2.0 * tail.index) : NAN;
  out->reason_tail = isinf(tail.index) ? "the tail is lighter than any power" : tail.reason;
}

typedef enum sum_kind { SUM_OTHER, SUM_HALF_GAMMA, SUM_GAMMA, SUM_LEVY, SUM_STABLE } sum_kind;

static bool is_close(double a, double b) { return fabs(a - b) <= 1e-7 * fabs(b); }

/* ln(1 + 10 theta) / ln(1 + theta) = ratio in (1, 10), which falls in theta. */
static double solve_theta(double ratio) {
  double low = -40.0, high = 200.0;
  for (int i = 0; i < 100; i++) {
    const double middle = 0.5 * (low + high), theta = exp(middle);
    if (log1p(10.0 * theta) / log1p(theta) > ratio) low = middle;
    else high = middle;
  }
  return exp(0.5 * (low + high));
}

/* Which law the sum of one layer has, by its Laplace exponent: c s^alpha, or shape ln(1 + theta s), at five places. */
static sum_kind kind_of_sum(const wlaw_law *law, const dual_activation *activation, double variance) {
  if (law->ops->node->fixed_jump) return SUM_OTHER;
  const double unit = 1.0 / (wlaw_node_scale(law) * wlaw_dual_diagonal(activation, variance));
  sum_nodes nodes;
  double psi[5];
  wlaw_sum_nodes(&nodes, activation, variance);
  for (int i = 0; i < 5; i++) psi[i] = wlaw_sum_exponent(law, &nodes, unit * pow(10.0, i - 2));
  const double alpha = log10(psi[3] / psi[2]), theta = solve_theta(psi[3] / psi[2]), shape = psi[2] / log1p(theta);
  bool stable = true, gamma = true;
  for (int i = 0; i < 5; i++) {
    const double s = pow(10.0, i - 2);
    stable = stable && is_close(psi[i], psi[2] * pow(s, alpha));
    gamma = gamma && is_close(psi[i], shape * log1p(theta * s));
  }
  if (stable) return is_close(alpha, 0.5) ? SUM_LEVY : SUM_STABLE;
  if (gamma) return is_close(shape, 0.5) ? SUM_HALF_GAMMA : SUM_GAMMA;
  return SUM_OTHER;
}

static const char *name_of(const limit_network *network, limit_tail tail) {
  if (tail.from == network->depth) return tail.variance > 0.0 ? "normal" : NULL;
  const bool one = tail.from + 1 == network->depth;
  if (network->bias_variance > 0.0 || (!one && wlaw_dual_homogeneity(&network->activation) != 1.0)) return NULL;
  const double variance = one ? tail.variance : 1.0;
  if (!(variance > 0.0)) return NULL;
  sum_kind kind = SUM_OTHER;
  for (size_t l = tail.from; l < network->depth; l++) {
    if (wlaw_node_regime(network->laws[l]) == NODE_GP) continue;
    const sum_kind here = kind_of_sum(network->laws[l], &network->activation, variance);
    /* only products of normals have a name of their own */
    if (here == SUM_OTHER || (here != SUM_HALF_GAMMA && !one)) return NULL;
    kind = here;
  }
  static const char *const names[] = {[SUM_HALF_GAMMA] = "normal product",
                                      [SUM_GAMMA] = "variance gamma",
                                      [SUM_LEVY] = "Cauchy",
                                      [SUM_STABLE] = "symmetric stable"};
  return names[kind];
}

void wlaw_output_law(output_law *out, const limit_network *network, double variance) {
  kernel_moments now = wlaw_kernel_moments_first(variance);
  kernel_tail tail = {.index = INFINITY, .constant = NAN};
  for (size_t l = 0; l < network->depth; l++) {
    tail = next_tail(tail, now, network, network->laws[l]);
    now = wlaw_kernel_moments_next(now, network, wlaw_lambda_sums_limit(network->laws[l]));
  }
  *out = (output_law){.name = name_of(network, wlaw_limit_tail(network, variance))};
  set_moments(out, now);
  set_tail(out, tail);
}

double wlaw_output_kurtosis_finite(const char **reason, const limit_network *network, double variance, size_t width) {
  output_law law = {.name = NULL};
  kernel_moments now = wlaw_kernel_moments_first(variance);
  bool known = true;
  for (size_t l = 0; l < network->depth; l++) {
    const lambda_sums sums = wlaw_lambda_sums_finite(network->laws[l], width);
    known = known && !isnan(sums.mean);
    now = wlaw_kernel_moments_next(now, network, sums);
  }
  set_moments(&law, now);
  if (reason)
    *reason = !isnan(law.kurtosis) ? NULL
              : !known             ? "the law's moments at a finite width are not known"
                                   : law.reason_moments;
  return law.kurtosis;
}
