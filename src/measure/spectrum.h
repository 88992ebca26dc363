/* Eigenvalues of W'W (or WW', whichever is smaller): the squared singular values of a matrix of weights. */
#ifndef WLAW_MEASURE_SPECTRUM_H
#define WLAW_MEASURE_SPECTRUM_H

#include "measure/weight_source.h"

enum { SPECTRUM_MOST = 16384 }; /* longest short side that is solved exactly */

typedef struct weight_spectrum {
  size_t n;            /* eigenvalues: min(rows, cols), or fewer where approximate */
  double *eigenvalues; /* [n] ascending, >= 0 */
  double *weights;     /* NULL, or [n]: how many eigenvalues each stands for (stochastic Lanczos quadrature) */
  double trace;        /* squared Frobenius norm */
  bool approximate;
} weight_spectrum;

/* Gram product on the short side and a symmetric eigen-solver; beyond SPECTRUM_MOST, Lanczos with full
 * reorthogonalisation from seeded vectors. A weight that is not finite is WLAW_VALUE. Caller frees. */
wlaw_status wlaw_weight_spectrum(weight_spectrum *out, const weight_source *source, uint64_t seed, unsigned threads,
                                 wlaw_monitor *monitor, wlaw_error *err);
void wlaw_weight_spectrum_free(weight_spectrum *spectrum);

/* Norms and shape of the spectrum. */
typedef struct spectrum_measures {
  double spectral_norm, frobenius_norm, log_spectral_norm; /* log10 of the largest eigenvalue */
  double stable_rank;                                      /* |W|_F^2 / |W|_2^2 */
  double entropy;                                          /* of eigenvalues / trace, over ln n: in [0, 1] */
  double soft_rank;                                        /* upper Marchenko-Pastur edge over the largest eigenvalue */
} spectrum_measures;

/* Largest eigenvalue after the entries are put in random order (seeded Fisher-Yates over the whole matrix): what a
 * matrix of the same entries without structure would have. */
wlaw_status wlaw_spectrum_null(double *largest, const weight_source *source, uint64_t seed, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err);

#endif
