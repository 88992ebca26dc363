#include "law/marchenko_pastur.h"

#include <math.h>

#define PI 3.14159265358979323846

enum { MP_LEAST = 8 }; /* eigenvalues */

static double clamp(double x, double low, double high) { return fmin(fmax(x, low), high); }

/* The density sqrt((b - x)(x - a)) / (2 pi ratio x) between the edges a and b = (1 -+ sqrt(ratio))^2, integrated. */
double wlaw_mp_cdf(double x, double ratio) {
  const double root = sqrt(ratio), a = (1.0 - root) * (1.0 - root), b = (1.0 + root) * (1.0 + root);
  if (isnan(x) || !(ratio > 0.0 && ratio <= 1.0)) return (double)NAN;
  if (x <= a) return 0.0;
  if (x >= b) return 1.0;
  const double half_pi = 0.5 * PI, width = b - a;
  const double middle = asin(clamp((2.0 * x - a - b) / width, -1.0, 1.0)) + half_pi;
  const double inverse = asin(clamp(((a + b) * x - 2.0 * a * b) / (x * width), -1.0, 1.0)) + half_pi;
  const double sum = sqrt((b - x) * (x - a)) + (1.0 + ratio) * middle - (1.0 - ratio) * inverse;
  return clamp(sum / (2.0 * PI * ratio), 0.0, 1.0);
}

double wlaw_mp_quantile(double p, double ratio) {
  const double root = sqrt(ratio);
  double low = (1.0 - root) * (1.0 - root), high = (1.0 + root) * (1.0 + root);
  if (!(p >= 0.0 && p <= 1.0) || !(ratio > 0.0 && ratio <= 1.0)) return (double)NAN;
  for (int k = 0; k < 100; k++) {
    const double middle = 0.5 * (low + high);
    if (wlaw_mp_cdf(middle, ratio) < p) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/* Johnstone 2001, eqs. 1.3 and 1.4, for variance 1. */
static double largest_of_noise(double longer, double shorter) {
  const double n = sqrt(longer - 1.0), p = sqrt(shorter);
  return (n + p) * (n + p) + MP_TRACY_WIDOM_99 * (n + p) * cbrt(1.0 / n + 1.0 / p);
}

static double median_of(const double *ascending, size_t n) {
  return n % 2 ? ascending[n / 2] : 0.5 * (ascending[n / 2 - 1] + ascending[n / 2]);
}

static size_t count_above(const double *ascending, size_t n, double level) {
  size_t above = 0;
  while (above < n && ascending[n - 1 - above] > level) above++;
  return above;
}

static double sup_distance(const double *ascending, size_t n, double unit, double ratio) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double f = wlaw_mp_cdf(ascending[i] / unit, ratio);
    most = fmax(most, fmax(fabs(f - (double)i / (double)n), fabs(f - (double)(i + 1) / (double)n)));
  }
  return most;
}

static void fit_positive(mp_bulk *out, const double *ascending, size_t n, double longer) {
  const double shorter = (double)n, ratio = shorter / longer, noise = largest_of_noise(longer, shorter),
               law_median = longer * wlaw_mp_quantile(0.5, ratio);
  /* the edge only falls as spikes are taken out, so that this ends */
  size_t spikes = 0, before;
  do {
    before = spikes;
    out->variance = median_of(ascending, n - spikes) / law_median;
    spikes = count_above(ascending, n, out->variance * noise);
  } while (spikes > before && spikes < n);
  out->spikes = spikes;
  out->edge = out->variance * noise;
  out->lower = out->variance * (sqrt(longer) - sqrt(shorter)) * (sqrt(longer) - sqrt(shorter));
  out->upper = out->variance * (sqrt(longer) + sqrt(shorter)) * (sqrt(longer) + sqrt(shorter));
  out->distance = sup_distance(ascending, n - spikes, out->variance * longer, ratio);
}

static const char *why_not(const weight_spectrum *spectrum, size_t positive, double longer) {
  if (spectrum->weights) return "the spectrum is approximate";
  if (positive < MP_LEAST) return "fewer than 8 positive eigenvalues";
  if (2 * positive < spectrum->n) return "more than half of the eigenvalues are 0";
  return longer < 2.0 ? "one row or column" : NULL;
}

void wlaw_mp_fit(mp_bulk *out, const weight_spectrum *spectrum, uint64_t rows, uint64_t cols, double null_largest) {
  const double nothing = (double)NAN;
  const double *values = spectrum->eigenvalues;
  const size_t n = spectrum->n, positive = count_above(values, n, 0.0);
  const double longer = fmax((double)(rows > cols ? rows : cols), (double)positive); /* "dead" rows may be tiny ones */
  *out = (mp_bulk){.variance = nothing,
                   .lower = nothing,
                   .upper = nothing,
                   .edge = nothing,
                   .distance = nothing,
                   .spikes_null = SIZE_MAX,
                   .reason = why_not(spectrum, positive, longer)};
  if (!spectrum->weights && !isnan(null_largest)) out->spikes_null = count_above(values, n, null_largest);
  if (!out->reason) fit_positive(out, values + (n - positive), positive, longer);
}
