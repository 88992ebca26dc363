#include "law/wick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/contraction.h"

struct wick_plan {
  contraction_plan contractions;
};

wlaw_status wlaw_wick_plan_new(wick_plan **out, const graph *graphs, size_t n, bool bipartite, wlaw_error *err) {
  wick_plan *plan = wlaw_array(1, sizeof *plan);
  if (!plan) return wlaw_fail_memory(err, 1, sizeof *plan);
  const wlaw_status status = wlaw_contraction_plan(&plan->contractions, graphs, n, bipartite, err);
  if (status != WLAW_OK) {
    free(plan);
    return status;
  }
  *out = plan;
  return WLAW_OK;
}

void wlaw_wick_plan_free(wick_plan *plan) {
  if (plan) wlaw_contraction_plan_free(&plan->contractions);
  free(plan);
}

wlaw_status wlaw_wick_means(double *means, const wick_plan *plan, const matrix_gaussian *law, wlaw_error *err) {
  const contraction_plan *contractions = &plan->contractions;
  delta_law delta;
  double factors[FACTORS];
  WLAW_TRY(wlaw_delta_law(&delta, law, contractions->bipartite, err));
  const size_t n = contractions->start[contractions->degree + 1];
  double *values = wlaw_array(n, sizeof *values);
  if (!values) return wlaw_fail_memory(err, n, sizeof *values);
  wlaw_contraction_factors(factors, &delta);
  wlaw_contraction_means(values, contractions, factors, contractions->degree);
  for (size_t g = 0; g < contractions->n_graphs; g++) means[g] = values[contractions->class_of[g]];
  free(values);
  return WLAW_OK;
}
