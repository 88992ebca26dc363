/* The bulk of a spectrum held against Marchenko and Pastur's law of independent entries of one variance
 * (Marchenko and Pastur 1967, DOI 10.1070/SM1967v001n04ABEH001994). */
#ifndef WLAW_LAW_MARCHENKO_PASTUR_H
#define WLAW_LAW_MARCHENKO_PASTUR_H

#include "measure/spectrum.h"

/* 99 % quantile of the Tracy-Widom law of real matrices (beta = 1): mean -1.2065, standard deviation 1.268. */
#define MP_TRACY_WIDOM_99 2.0234

typedef struct mp_bulk {
  double variance;     /* of an entry, fitted to the bulk */
  double lower, upper; /* edges in units of eigenvalues of W'W: variance (sqrt(longer) -+ sqrt(shorter))^2 */
  double edge;     /* what the largest eigenvalue of such a matrix exceeds once in 100 times (2.7 at a width of 100) */
  double distance; /* sup distance between the bulk's distribution and the law's */
  size_t spikes;   /* eigenvalues above edge */
  size_t spikes_null; /* eigenvalues above the largest of the null; SIZE_MAX: no null given */
  const char *reason; /* NULL, or why nothing is determined (then all numbers but spikes_null are NaN or 0) */
} mp_bulk;

/* null_largest: of wlaw_spectrum_null, or NaN. The variance is the bulk's median over the law's (Gavish and Donoho
 * 2014, DOI 10.1109/TIT.2014.2323359), so that spikes hardly move it, and is taken anew without the eigenvalues above
 * the edge until there are no more of these. The edge is Johnstone's centring and scale of the largest eigenvalue
 * (2001, DOI 10.1214/aos/1009210544; entries need not be normal: Peche 2009, DOI 10.1007/s00440-007-0133-9) at the 99 %
 * quantile of Tracy and Widom's law. rows, cols: those that are not dead, which make no noise; eigenvalues of 0 narrow
 * the shorter side. */
void wlaw_mp_fit(mp_bulk *out, const weight_spectrum *spectrum, uint64_t rows, uint64_t cols, double null_largest);

/* Distribution function, and its inverse, of the law for ratio = shorter / longer in (0, 1] and entries of variance
 * 1 / longer. */
double wlaw_mp_cdf(double x, double ratio);
double wlaw_mp_quantile(double p, double ratio);

#endif
