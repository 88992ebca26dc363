/* The protocol "hist" of npm-weibull-py 0.4 (arXiv 2605.18898), to its last bin: what is decided in single precision
 * there is decided in single precision here. */
#include <math.h>

#include "law/weibull_plot.h"

/* Bin ends -12 + 7 i / 512 are exact in double. The last bin holds its upper end too, as in numpy.histogram. */
static double bin_end(size_t i) { return -12.0 + (double)i * (7.0 / 512.0); }

void wlaw_npm_add(npm_histogram *histogram, const float *weights, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double level = (double)(float)log10((double)fabsf(weights[i]));
    if (!(level >= bin_end(0) && level <= bin_end(NPM_BINS))) continue;
    size_t bin = (size_t)((level + 12.0) * (512.0 / 7.0));
    if (bin < NPM_BINS && level >= bin_end(bin + 1)) bin++;
    if (bin > 0 && level < bin_end(bin)) bin--;
    histogram->count[bin < NPM_BINS ? bin : NPM_BINS - 1]++;
  }
}

void wlaw_npm_fit(weibull_plot *out, const npm_histogram *histogram) {
  double total = 0.0, before = 0.0, w = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0, yy = 0.0;
  size_t bins = 0;
  for (size_t i = 0; i < NPM_BINS; i++) total += (double)histogram->count[i];
  *out = (weibull_plot){
      .k = NAN, .lambda = NAN, .r2 = NAN, .se_k = NAN, .se_lambda = NAN, .n = (uint64_t)total, .reason = NULL};
  for (size_t i = 0; i < NPM_BINS; i++) {
    const double count = (double)histogram->count[i], after = before + count;
    const double f = 0.5 * (after / total + before / total);
    before = after;
    /* the published margin, (1 - 80 / 100) / 2, lies a rounding below 0.1 */
    if (count == 0.0 || !(f >= 0.5 * (1.0 - 0.8) && f <= 1.0 - 0.5 * (1.0 - 0.8))) continue;
    const double px = 0.5 * (bin_end(i) + bin_end(i + 1)) * 2.30258509299404568402, py = log(-log(1.0 - f + 1e-12));
    bins++;
    /* about (0, 0): magnitudes of 1 and y = 0 are where the data are, so that little cancels */
    w += count;
    x += count * px;
    y += count * py;
    xx += count * px * px;
    xy += count * px * py;
    yy += count * py * py;
  }
  if (total < WEIBULL_LEAST || bins < 5) {
    out->reason = total < WEIBULL_LEAST ? "fewer than 100 weights of magnitudes 1e-12 to 100"
                                        : "the middle 80 % of magnitudes fill fewer than 5 bins";
    return;
  }
  const double vx = xx / w - x / w * (x / w), vy = yy / w - y / w * (y / w), cov = xy / w - x / w * (y / w);
  out->k = cov / vx;
  out->lambda = exp(x / w - y / w / out->k);
  out->r2 = cov * cov / (vx * vy);
}
