#include "limit/truncation.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/kernel_moments.h"

/* E phi(Z)^2 where E Z^2 = mean: at most (|phi(0)| + Lip |Z|)^2 on average. */
static double feature_bound(const dual_activation *activation, double mean) {
  double at_zero = 0.0;
  wlaw_dual_apply(activation, &at_zero, &at_zero, 1);
  const double norm = fabs(at_zero) + (mean > 0.0 ? wlaw_dual_lipschitz(activation) * sqrt(mean) : 0.0);
  return norm * norm;
}

/* E phi(Z^(l))^2, exactly where the moments of the next kernel are known: E K' = sigma_b^2 + sigma_v^2 E Lambda times
 * it, asked for with a layer of E Lambda = 1. */
static double feature_square(const limit_network *network, kernel_moments now) {
  limit_network plain = *network;
  plain.bias_variance = 0.0;
  plain.weight_variance = 1.0;
  const lambda_sums one = {.mean = 1.0, .squares = 0.0, .nodes = INFINITY, .poisson = true};
  return wlaw_kernel_moments_next(now, &plain, one).mean;
}

static double times(double a, double b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

/* Z - Z_eps is the output of a network that has the small nodes only, without bias. */
static double square_of(const limit_network *network, double variance, double epsilon) {
  const wlaw_law *law = network->laws[0];
  const double squares = wlaw_node_moment(law, 2, epsilon);
  limit_network plain = *network;
  plain.bias_variance = 0.0;
  const lambda_sums small = {.mean = wlaw_node_truncated_mean(law, epsilon),
                             .squares = squares,
                             .means = law->ops->node->fixed_jump ? squares : 0.0};
  return wlaw_kernel_moments_next(wlaw_kernel_moments_first(variance), &plain, small).square;
}

static const char *reason_for(const truncation *of, const limit_network *network) {
  if (isinf(of->bound) && isinf(wlaw_dual_lipschitz(&network->activation)))
    return "no bound for several layers: the activation is not Lipschitz continuous";
  if (isinf(of->bound)) return "no bound in mean square: E Lambda is infinite, errors are small in probability only";
  if (isnan(of->error)) return "several layers are pruned: the error is bounded, not known";
  return NULL;
}

void wlaw_truncation(truncation *out, const limit_network *network, double variance, double epsilon) {
  const double lipschitz = wlaw_dual_lipschitz(&network->activation), unit = network->weight_variance;
  kernel_moments now = wlaw_kernel_moments_first(variance);
  double mean = variance, bound = 0.0, full = 1.0; /* mean: E K or a bound of it; full: no layer is empty */
  *out = (truncation){.square = network->depth == 1 ? square_of(network, variance, epsilon) : NAN};
  for (size_t l = 0; l < network->depth; l++) {
    const wlaw_law *law = network->laws[l];
    const double cut = wlaw_node_truncated_mean(law, epsilon), all = wlaw_node_mean(law),
                 known = feature_square(network, now);
    const double square = isnan(known) ? feature_bound(&network->activation, mean) : known;
    /* what the layer itself loses is exact; what comes through it is bounded */
    if (bound > 0.0) out->error = NAN;
    else out->error = unit * times(cut, known);
    const double through = bound > 0.0 ? times(fmax(all - cut, 0.0), lipschitz * lipschitz * bound) : 0.0;
    bound = unit * (times(cut, square) + through);
    mean = network->bias_variance + unit * times(all, square);
    now = wlaw_kernel_moments_next(now, network, wlaw_lambda_sums_limit(law));
    out->active[l] = wlaw_node_tail(law, epsilon);
    if (law->ops->node->fixed_jump) full *= out->active[l] > 0.0 ? 1.0 : 0.0;
    else full *= -expm1(-out->active[l]);
  }
  out->bound = isnan(bound) ? INFINITY : bound;
  out->empty = 1.0 - full;
  out->reason = reason_for(out, network);
}

double wlaw_truncation_slope(const wlaw_law *law) {
  if (wlaw_node_location(law) > 0.0) return 0.0;
  if (wlaw_node_regime(law) == NODE_GP) return INFINITY; /* lambda = 0 */
  const double index = wlaw_node_at_zero(law).index;
  if (index == 0.0 && isfinite(wlaw_node_tail(law, 0.0)) && wlaw_node_moment(law, 1, 1e-290) == 0.0) return INFINITY;
  return 1.0 - index;
}

compressible wlaw_compressible(const char **why, const limit_network *network) {
  bool diffuse = false;
  for (size_t l = 0; l < network->depth; l++) {
    const wlaw_law *law = network->laws[l];
    if (!(wlaw_node_location(law) > 0.0)) continue;
    if (law->ops->node->is_scaled) {
      *why =
          "a layer's variances are X/p with X > 0, so that small nodes carry a share of the output that does not "
          "vanish at any width";
      return COMPRESSIBLE_NO;
    }
    diffuse = true;
  }
  if (diffuse) {
    *why =
        "some layer has a > 0, and a alone does not tell whether its variance sits in all nodes or in a vanishing "
        "part of them";
    return COMPRESSIBLE_UNDETERMINED;
  }
  *why = "a = 0 in every layer: nodes with small variances carry a share of the output that vanishes with their size";
  return COMPRESSIBLE_YES;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ln of the sum of exp over ascending logs. */
static double log_sum(const double *logs, size_t n) {
  if (n == 0 || isinf(logs[n - 1])) return n ? logs[n - 1] : -INFINITY;
  double sum = 0.0;
  for (size_t j = 0; j < n; j++) sum += exp(logs[j] - logs[n - 1]);
  return logs[n - 1] + log(sum);
}

/* Of a layer in which every lambda is 0 nothing goes. */
static double one_share(double *logs, size_t width, size_t dropped) {
  qsort(logs, width, sizeof *logs, ascending);
  const double part = log_sum(logs, dropped), all = log_sum(logs, width);
  return isinf(part) && part < 0.0 ? 0.0 : exp(part - all);
}

static void summarise(truncation_share *out, double *shares, size_t n) {
  double mean = 0.0, squares = 0.0;
  for (size_t k = 0; k < n; k++) mean += shares[k] / (double)n;
  for (size_t k = 0; k < n; k++) squares += (shares[k] - mean) * (shares[k] - mean);
  qsort(shares, n, sizeof *shares, ascending);
  out->mean = mean;
  out->standard_error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN;
  out->median = n % 2 ? shares[n / 2] : 0.5 * (shares[n / 2 - 1] + shares[n / 2]);
}

wlaw_status wlaw_truncation_share(truncation_share *out, const wlaw_law *law, double fraction, size_t width,
                                  size_t draws, uint64_t seed, wlaw_error *err) {
  WLAW_TRY(wlaw_node_require(law, err));
  WLAW_TRY(wlaw_node_check_width(law, width, err));
  if (!(fraction >= 0.0 && fraction <= 1.0))
    return wlaw_fail(err, WLAW_ARGUMENT, "the fraction %g of nodes to remove is not in [0, 1]", fraction);
  if (width < 1 || draws < 1 || draws > UINT32_MAX)
    return wlaw_fail(err, WLAW_ARGUMENT, "%zu draws of a layer of %zu nodes cannot be made", draws, width);
  double *logs = wlaw_array(width, sizeof *logs), *shares = wlaw_array(draws, sizeof *shares);
  wlaw_status status = logs && shares ? WLAW_OK : wlaw_fail_memory(err, width + draws, sizeof *logs);
  const size_t dropped = (size_t)(fraction * (double)width + 1e-9);
  for (size_t k = 0; status == WLAW_OK && k < draws; k++) {
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_NULL, (uint32_t)k, 0);
    law->ops->node->draw_log(law, logs, 0, width, width, &stream);
    shares[k] = one_share(logs, width, dropped);
  }
  if (status == WLAW_OK) summarise(out, shares, draws);
  free(logs);
  free(shares);
  return status;
}
