/* Lanczos' method on W'W (or WW', whichever is smaller), the matrix of weights streamed once a step. */
#ifndef WLAW_MEASURE_LANCZOS_H
#define WLAW_MEASURE_LANCZOS_H

#include "measure/weight_source.h"

/* Ritz values from several start vectors, all steps with full reorthogonalisation. Caller frees. */
typedef struct lanczos_values {
  size_t n;
  double *value;   /* [n], ascending, of (scale W)'(scale W) */
  double *weight;  /* [n]: squared first component of the Ritz vector over the number of starts; they add up to 1 */
  double trace;    /* exact, by summing squares */
  double residual; /* of the largest value: an eigenvalue lies within it */
  unsigned passes; /* over the matrix */
} lanczos_values;

typedef struct lanczos_request {
  size_t starts;    /* random vectors, uniform on the sphere */
  size_t steps;     /* at most; fewer where the spectrum ends earlier */
  double tolerance; /* > 0: stop when residual <= tolerance * largest (one start only); 0: all steps */
  double scale;     /* of W */
  uint64_t seed;
} lanczos_request;

/* The same bytes at any number of threads. */
wlaw_status wlaw_lanczos(lanczos_values *out, const weight_source *source, const lanczos_request *request,
                         unsigned threads, wlaw_monitor *monitor, wlaw_error *err);
void wlaw_lanczos_free(lanczos_values *values); /* safe on a zeroed struct */

#endif
