/* Eigenvalues of W'W (or WW', whichever is smaller): the squared singular values of a matrix of weights. */
#ifndef WLAW_MEASURE_SPECTRUM_H
#define WLAW_MEASURE_SPECTRUM_H

#include "measure/weight_source.h"

enum {
  SPECTRUM_MOST = 16384,        /* longest short side that is solved exactly: 2 GiB for the product */
  SPECTRUM_STARTS = 8,          /* beyond: start vectors of stochastic Lanczos quadrature ... */
  SPECTRUM_STEPS = 64,          /* ... steps from each, and passes over the matrix */
  SPECTRUM_NULL_MOST = 1 << 28, /* weights that are shuffled in memory */
  SPECTRUM_NULL_STEPS = 400
};
#define SPECTRUM_NULL_TOLERANCE 1e-5

typedef struct weight_spectrum {
  size_t n;            /* eigenvalues: min(rows, cols); where approximate, nodes of a quadrature */
  double *eigenvalues; /* [n] ascending, >= 0; those below n eps times the largest are rounding, and 0 */
  double *weights;     /* NULL, or [n]: how many eigenvalues each stands for; they add up to min(rows, cols) */
  double trace;        /* squared Frobenius norm */
  bool approximate;
} weight_spectrum;

/* Gram product in double on the short side and a symmetric eigen-solver, in n^2 doubles of memory: errors of about
 * n eps times the largest eigenvalue, so that singular values below 1e-7 of the largest are not resolved. Beyond
 * SPECTRUM_MOST, stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017, DOI 10.1137/16M1104974) from seeded vectors,
 * marked approximate: moments and the largest eigenvalues hold, single eigenvalues of the bulk do not. A weight that is
 * not finite is WLAW_VALUE. Caller frees. The same bytes at any number of threads. */
wlaw_status wlaw_weight_spectrum(weight_spectrum *out, const weight_source *source, uint64_t seed, unsigned threads,
                                 wlaw_monitor *monitor, wlaw_error *err);
void wlaw_weight_spectrum_free(weight_spectrum *spectrum); /* safe on a zeroed struct */

/* Norms and shape of a spectrum; NaN where all weights are 0. */
typedef struct spectrum_measures {
  double spectral_norm, frobenius_norm; /* of W */
  double log_norm, log_spectral_norm;   /* log10 of the trace and of the largest eigenvalue */
  double stable_rank;                   /* |W|_F^2 / |W|_2^2 */
  double entropy;                       /* of eigenvalues over the trace, over ln n: in [0, 1] */
  double soft_rank;                     /* bulk_edge over the largest eigenvalue */
  double alpha_weighted;                /* alpha log10(largest eigenvalue) */
  double log_alpha_norm;                /* log10 of sum eigenvalue^alpha */
} spectrum_measures;

/* alpha: of the power law of the tail; bulk_edge: upper Marchenko-Pastur edge; NaN where not known, and then so is what
 * is made from it. (Martin and Mahoney 2021, JMLR 22:165; Martin, Peng and Mahoney 2021, 10.1038/s41467-021-24025-8) */
void wlaw_spectrum_measures(spectrum_measures *out, const weight_spectrum *spectrum, double alpha, double bulk_edge);

/* Largest eigenvalue after the entries are put in random order (seeded Fisher-Yates over the whole matrix): what a
 * matrix of the same entries without structure would have. By Lanczos' method, to SPECTRUM_NULL_TOLERANCE or as
 * SPECTRUM_NULL_STEPS steps leave it. NaN for more than SPECTRUM_NULL_MOST weights, which are not held in memory. */
wlaw_status wlaw_spectrum_null(double *largest, const weight_source *source, uint64_t seed, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err);

#endif
