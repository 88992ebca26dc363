/* empirical(@FILE): node variances as they were measured, read for the law of law/empirical.c. */
#ifndef WLAW_STUDY_EMPIRICAL_OPERAND_H
#define WLAW_STUDY_EMPIRICAL_OPERAND_H

#include <stdbool.h>

#include "weightlaw.h"

/* Whether the text is that of a law read here: empirical(@... */
bool wlaw_empirical_operand(const char *text);

/* empirical(@FILE), empirical(@FILE#LAYER): the `limit` of a document weightlaw.node-variances/1. WLAW_VALUE where that
 * is undetermined.
 * empirical(@FILE,threshold=h), empirical(@FILE#TENSOR,threshold=h): an array [networks, nodes] of node variances;
 * those above h are jumps, each of weight 1 / networks, the others make a. */
wlaw_status wlaw_empirical_operand_read(wlaw_law **out, const char *text, wlaw_error *err);

#endif
