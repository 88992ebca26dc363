/* What the symmetric laws x = location + scale * z share: five rows of their tables, and the start of their fits. */
#ifndef WLAW_LAW_LOCATION_SCALE_H
#define WLAW_LAW_LOCATION_SCALE_H

#include "law/entry_fit.h"
#include "law/fan.h"

#define LAW_LOCATION_ROW                                                                                               \
  {                                                                                                                    \
    .name = "location", .kind = PARAMETER_REAL, .length = 1, .preset = "0", .low = -LAW_MOST_SCALE,                    \
    .high = LAW_MOST_SCALE, .doc = "centre of symmetry"                                                                \
  }

/* location, scale, sd, gain, fan: the first rows of the table. what: of `scale`. */
#define LAW_LOCATION_SCALE_ROWS(what)                                                                                  \
  LAW_LOCATION_ROW,                                                                                                    \
      {.name = "scale",                                                                                                \
       .kind = PARAMETER_REAL,                                                                                         \
       .length = 1,                                                                                                    \
       .low = LAW_LEAST_SCALE,                                                                                         \
       .high = LAW_MOST_SCALE,                                                                                         \
       .doc = what ", in place of sd"},                                                                                \
      LAW_SCALE_ROWS

enum { LAW_LOCATION, LAW_SCALE, LAW_SD, LOCATION_SCALE_ROWS = LAW_SD + SCALE_ROWS };

void wlaw_location_scale_complete(wlaw_law *law);
wlaw_status wlaw_location_scale_check(const wlaw_law *law, wlaw_error *err);
/* scale, from sd where that is given; unit_sd: the standard deviation at scale 1. */
double wlaw_location_scale(const double *p, double unit_sd);
/* The same with gain and fan of a [rows, cols] matrix. */
double wlaw_location_scale_for(const wlaw_law *law, double unit_sd, size_t rows, size_t cols);

/* Distances from the median, which stands for the location of a symmetric law: information about location and about
 * scale or shape is orthogonal, so the errors of the others are those of maximum likelihood to first order. */
typedef struct entry_residuals {
  size_t n;
  double *size;  /* [n] |w - location| / unit */
  double *share; /* [n] of all weights; sums to 1 */
  double location, unit, total;
} entry_residuals;

/* unit: half the distance between the quartiles, or the mean distance where that is 0. WLAW_VALUE where all weights
 * are equal. Caller frees with wlaw_entry_residuals_free. */
wlaw_status wlaw_entry_residuals(entry_residuals *out, const entry_cells *cells, wlaw_error *err);
void wlaw_entry_residuals_free(entry_residuals *residuals); /* safe on a zeroed struct */
/* Sets location with the standard error of a median, 1 / (2 f(location) sqrt(n)); density_there: f at scale 1. */
void wlaw_entry_set_median(entry_fit *fit, const entry_residuals *residuals, double scale, double density_there);

#endif
