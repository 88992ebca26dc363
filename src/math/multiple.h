/* p-values adjusted for the number of questions asked at once. */
#ifndef WLAW_MATH_MULTIPLE_H
#define WLAW_MATH_MULTIPLE_H

#include <stddef.h>

#include "weightlaw.h"

/* Adjusted p-values of n questions, [n]; those whose p is NaN were not asked, and stay NaN. Either may be NULL.
 * holm: the chance of one false rejection or more among all, whatever their dependence (Holm 1979, step down).
 * by: the expected share of false rejections among the rejected, whatever their dependence (Benjamini and Yekutieli
 * 2001, DOI 10.1214/aos/1013699998, theorem 1.3). */
wlaw_status wlaw_multiple_adjust(double *holm, double *by, const double *p, size_t n, wlaw_error *err);

/* P(|Z| >= |z|) for Z standard normal. */
double wlaw_normal_two_sided(double z);

#endif
