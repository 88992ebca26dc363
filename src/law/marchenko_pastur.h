/* The bulk of a spectrum held against Marchenko and Pastur's law of independent entries of one variance. */
#ifndef WLAW_LAW_MARCHENKO_PASTUR_H
#define WLAW_LAW_MARCHENKO_PASTUR_H

#include "measure/spectrum.h"

typedef struct mp_bulk {
  double variance;     /* of an entry, fitted to the bulk */
  double lower, upper; /* edges in units of eigenvalues of W'W: variance (sqrt(longer) -+ sqrt(shorter))^2 */
  double edge;         /* upper + one Tracy-Widom scale: what the largest eigenvalue of such a matrix reaches */
  double distance;     /* sup distance between the bulk and the law */
  size_t spikes;       /* eigenvalues above edge */
  size_t spikes_null;  /* eigenvalues above the largest of the null; SIZE_MAX: no null given */
  const char *reason;  /* NULL, or why nothing is determined */
} mp_bulk;

/* null_largest: of wlaw_spectrum_null, or NaN. */
void wlaw_mp_fit(mp_bulk *out, const weight_spectrum *spectrum, uint64_t rows, uint64_t cols, double null_largest);
/* Distribution function of the law for ratio = shorter / longer in (0, 1] and entries of variance 1 / longer. */
double wlaw_mp_cdf(double x, double ratio);

#endif
