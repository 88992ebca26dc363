/* The distance between two fits, or a fit and a law, with its noise floor and its jackknife error. No files here. */
#ifndef WLAW_STUDY_DISTANCE_H
#define WLAW_STUDY_DISTANCE_H

#include "law/matrix.h"

/* One side: statistics of an ensemble, with each network's row (q: [networks, moments->length]), or a law (then moments
 * is NULL), of any matrix law no wider than the one compared under: known exactly, or the fit of so many networks,
 * which themselves are not at hand. */
typedef struct distance_side {
  const matrix_moments *moments;
  const double *q;
  const matrix_gaussian *law;
  size_t fitted; /* with law: networks it is a fit of; 0: exact */
} distance_side;

/* What a comparison of two laws gives, whatever they are laws of. */
typedef struct distance_numbers {
  size_t networks_a, networks_b; /* 0: exact */
  bool paired;                   /* the same networks on both sides */
  double squared;                /* Wasserstein-2 distance, squared */
  double floor;                  /* what sampling alone would give, squared; NaN with `floor_reason` */
  double debiased;               /* squared - floor */
  double standard_error;         /* of squared; NaN with `error_reason` */
  double kl_ab, kl_ba;           /* nats; NaN with `kl_reason` */
  char floor_reason[256], error_reason[128], kl_reason[256];
} distance_numbers;

typedef struct matrix_distance {
  matrix_gaussian a, b; /* both as the law compared under */
  distance_numbers numbers;
  double parts[1 + MATRIX_BLOCKS]; /* of the mean and each block; they add up to squared */
} matrix_distance;

/* paired needs two ensembles of the same networks in the same order: then the noise is shared, the two floors do not
 * add, and the bias comes from the jackknife over networks (Efron and Stein 1981, DOI 10.1214/aos/1176345462); so do
 * the standard errors always. */
wlaw_status wlaw_study_distance(matrix_distance *out, const law_ops *law, const distance_side *a,
                                const distance_side *b, bool paired, wlaw_error *err);

#endif
