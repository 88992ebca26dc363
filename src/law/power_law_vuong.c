/* The likelihood ratio of a power-law tail against a lognormal one. With y = ln(x / xmin) >= 0 they are an exponential
 * and a normal law cut off at 0, and 1 / x is common to both densities. */
#include <math.h>

#include "law/power_law.h"

#define ROOT_2_OVER_PI 0.79788456080286535588
#define ROOT_1_2       0.70710678118654752440

/* For Z standard normal beyond h: mean excess E(Z - h), without the cancellation of hazard - h. */
static double mean_excess(double h) {
  if (h < 5.0) return ROOT_2_OVER_PI * exp(-0.5 * h * h) / erfc(h * ROOT_1_2) - h;
  double tail = h; /* Mills' ratio as the fraction 1/(h + 1/(h + 2/(h + 3/(h + ...)))); this is what follows h in it */
  for (int k = 120; k >= 2; k--) tail = h + (double)k / tail;
  return 1.0 / tail;
}

/* E(Z - h)^2 / (E(Z - h))^2: grows from 1 to 2, the exponential's, as h goes from -inf to inf. */
static double square_ratio(double h) {
  const double mean = mean_excess(h);
  return (1.0 - h * mean) / (mean * mean);
}

/* The cut, in standard deviations from the mean, at which the ratio is that of the sample. The normal law cut off at 0
 * is an exponential family in (y, y^2): its likelihood is largest where these two means are met, and has no largest
 * value when the ratio reaches 2 (del Castillo 1994, DOI 10.1007/BF00773592). */
static double cut_of_ratio(double ratio) {
  double low = -1e6, high = 1e3;
  if (!(ratio < square_ratio(high))) return (double)INFINITY;
  for (int k = 0; k < 200 && low < high; k++) {
    const double middle = 0.5 * (low + high);
    if (square_ratio(middle) < ratio) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/* -ln of the density at u of the standard normal law beyond h, shifted to begin at 0: in each range the form in which
 * nothing large cancels. */
static double normal_cost(double u, double h) {
  if (h < 5.0) return 0.5 * (u + h) * (u + h) + log(erfc(h * ROOT_1_2) / ROOT_2_OVER_PI);
  return u * (0.5 * u + h) - log(h + mean_excess(h));
}

void wlaw_power_law_vuong(power_law *fit, const double *ascending, size_t n) {
  if (fit->reason) return;
  const double *x = ascending + (n - fit->n_tail), m = (double)fit->n_tail, slope = fit->alpha - 1.0;
  double mean = 0.0, square = 0.0;
  for (size_t i = 0; i < fit->n_tail; i++) {
    const double y = log(x[i] / fit->xmin);
    mean += y / m;
    square += y * y / m;
  }
  fit->vuong = 0.0;
  fit->vuong_p = 1.0;
  const double cut = cut_of_ratio(square / (mean * mean));
  if (isinf(cut)) return;
  const double sigma = mean / mean_excess(cut), level = log(slope) + log(sigma);
  double sum = 0.0, sum_squares = 0.0;
  for (size_t i = 0; i < fit->n_tail; i++) {
    const double y = log(x[i] / fit->xmin);
    const double difference = level - slope * y + normal_cost(y / sigma, cut);
    sum += difference;
    sum_squares += difference * difference;
  }
  const double variance = sum_squares / m - (sum / m) * (sum / m);
  if (!(variance > 0.0)) return;
  fit->vuong = sum / sqrt(m * variance);
  fit->vuong_p = erfc(fabs(fit->vuong) * ROOT_1_2);
}
