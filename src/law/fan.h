/* The scale parameters that initialising laws share: sd, or gain and fan. */
#ifndef WLAW_LAW_FAN_H
#define WLAW_LAW_FAN_H

#include "law/law.h"

/* Scales outside this range would overflow or vanish when squared. */
#define LAW_LEAST_SCALE 1e-100
#define LAW_MOST_SCALE  1e100

/* Three rows of a parameter table, next to each other. */
#define LAW_SCALE_ROWS                                                                                                 \
  {.name = "sd",                                                                                                       \
   .kind = PARAMETER_REAL,                                                                                             \
   .length = 1,                                                                                                        \
   .low = LAW_LEAST_SCALE,                                                                                             \
   .high = LAW_MOST_SCALE,                                                                                             \
   .doc = "standard deviation of an entry"},                                                                           \
      {.name = "gain",                                                                                                 \
       .kind = PARAMETER_REAL,                                                                                         \
       .length = 1,                                                                                                    \
       .low = LAW_LEAST_SCALE,                                                                                         \
       .high = LAW_MOST_SCALE,                                                                                         \
       .doc = "in place of sd: the standard deviation is gain / sqrt(fan); 1 when no scale is given"},                 \
  {                                                                                                                    \
    .name = "fan", .kind = PARAMETER_CHOICE, .length = 1, .choices = "in|out|average",                                 \
    .doc = "with gain: number of inputs, of outputs, or their mean; in when not given"                                 \
  }

/* Positions among the three. All functions take `at`, the parameter number of sd. */
enum { SCALE_SD, SCALE_GAIN, SCALE_FAN, SCALE_ROWS };

/* gain = 1 and fan = in where nothing says otherwise. other_given: the law has its scale from a parameter of its own.
 */
void wlaw_scale_complete(wlaw_law *law, size_t at, bool other_given);
/* At most one of sd, gain, and `other` (a parameter's number, or SIZE_MAX) is given. */
wlaw_status wlaw_scale_check(const wlaw_law *law, size_t at, size_t other, wlaw_error *err);
/* Standard deviation of the entries of a [rows, cols] matrix. */
double wlaw_scale_sd(const wlaw_law *law, size_t at, size_t rows, size_t cols);

#endif
