#include "limit/max_weight.h"

#include <math.h>

#include "math/quadrature.h"
#include "math/special.h"

#define ROOT_2_OVER_PI 0.79788456080286535588
#define LOG_RANGE      690.0

typedef struct weights {
  const wlaw_law *law;
  double scaled; /* w^2 / weight_variance: a node reaches w where lambda N^2 is larger */
} weights;

static double mean_tail_at(double log_n, const void *context) {
  const weights *of = context;
  const double n = exp(log_n);
  return n * ROOT_2_OVER_PI * exp(-0.5 * n * n) * wlaw_node_tail(of->law, of->scaled / (n * n));
}

/* P(|N| > w / sqrt(sigma_v^2 lambda)) */
static double chance_above(const weights *of, double lambda) { return erfc(sqrt(0.5 * of->scaled / lambda)); }

/* The sum over atoms of rho, from the largest down. */
static double atoms_above(const weights *of) {
  double sum = 0.0, counted = 0.0, x;
  for (double before = INFINITY; (x = wlaw_node_jump(of->law, fmax(counted, 1e-300))) > 0.0 && x < before; before = x) {
    const double all = wlaw_node_tail(of->law, nextafter(x, 0.0));
    sum += (all - counted) * chance_above(of, x);
    counted = all;
  }
  return sum;
}

/* E rhobar(w^2 / (sigma_v^2 N^2)), the mean number of weights above w, over ln |N| from where the largest jump can
 * reach w: a cliff of rhobar at its upper end is no part of the interval. */
static double mean_above(const weights *of) {
  if (!of->law->ops->node->density && isfinite(wlaw_node_tail(of->law, 0.0))) return atoms_above(of);
  const double most = 40.0, largest = wlaw_node_jump(of->law, 1e-300);
  const double from = isfinite(largest) && largest > 0.0 ? 0.5 * log(of->scaled / largest) : -LOG_RANGE;
  const double top = log(most), middle = fmin(fmax(from, -1.0), top);
  if (from >= top) return 0.0;
  return wlaw_integrate(mean_tail_at, of, fmax(from, -LOG_RANGE), middle, 1e-12, NULL) +
         wlaw_integrate(mean_tail_at, of, middle, top, 1e-12, NULL);
}

/* The jumps are the same in every network: product of P(|N| <= w / sqrt(sigma_v^2 lambda_j)). */
static double fixed_cdf(const weights *of) {
  const node_ops *node = of->law->ops->node;
  double log_cdf = 0.0;
  for (size_t j = 1;; j++) {
    const double jump = node->fixed_jump(of->law, j);
    /* what follows falls faster than this: erfc(6.5) is 4e-20 */
    if (!(jump > 0.0) || of->scaled / jump > 2.0 * 6.5 * 6.5 || log_cdf < -LOG_RANGE) return exp(log_cdf);
    log_cdf += log1p(-chance_above(of, jump));
  }
}

double wlaw_max_weight_cdf(const wlaw_law *law, double weight_variance, double w) {
  const weights of = {.law = law, .scaled = w * w / weight_variance};
  if (!(w >= 0.0)) return isnan(w) ? NAN : 0.0;
  if (wlaw_node_regime(law) == NODE_GP) return 1.0;
  /* at 0: no jump at all */
  if (of.scaled == 0.0) return law->ops->node->fixed_jump ? 0.0 : exp(-wlaw_node_tail(law, 0.0));
  return law->ops->node->fixed_jump ? fixed_cdf(&of) : exp(-mean_above(&of));
}

double wlaw_max_weight_quantile(const wlaw_law *law, double weight_variance, double probability) {
  if (!(probability > 0.0 && probability < 1.0)) return NAN;
  if (wlaw_max_weight_cdf(law, weight_variance, 0.0) >= probability) return 0.0;
  double low = -345.0, high = 345.0; /* ln w: squares are doubles */
  for (int i = 0; i < 64; i++) {
    const double middle = 0.5 * (low + high);
    if (wlaw_max_weight_cdf(law, weight_variance, exp(middle)) < probability) low = middle;
    else high = middle;
  }
  return exp(0.5 * (low + high));
}
