#include "measure/weight_extremes.h"

#include <math.h>

bool wlaw_extremes_want(const weight_extremes *extremes, double magnitude) {
  if (!(magnitude > 0.0)) return false;
  return extremes->n < WEIGHT_EXTREMES || magnitude > fabs(extremes->entry[WEIGHT_EXTREMES - 1].value);
}

static bool comes_before(const weight_extreme *a, const weight_extreme *b) {
  if (fabs(a->value) != fabs(b->value)) return fabs(a->value) > fabs(b->value);
  if (a->row != b->row) return a->row < b->row;
  return a->column < b->column;
}

void wlaw_extremes_add(weight_extremes *extremes, const weight_extreme *entry) {
  size_t at = extremes->n;
  while (at > 0 && comes_before(entry, &extremes->entry[at - 1])) at--;
  if (at == WEIGHT_EXTREMES) return;
  if (extremes->n < WEIGHT_EXTREMES) extremes->n++;
  for (size_t k = extremes->n - 1; k > at; k--) extremes->entry[k] = extremes->entry[k - 1];
  extremes->entry[at] = *entry;
}

void wlaw_extremes_merge(weight_extremes *into, const weight_extremes *from) {
  for (size_t k = 0; k < from->n; k++) wlaw_extremes_add(into, &from->entry[k]);
}
