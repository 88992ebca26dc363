/* Steps are ordered by stage: an expression's stage is the number of passes that must be over before it can be taken.
 * Within a pass rows are taken in the order of the elementwise products they belong to, so that products share their
 * beginnings. */
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/invariant_plan.h"

/* A matrix-vector product by the composite it reads: chain[0] is a stored matrix, chain[k] the product of the first
 * k + 1 factors. */
typedef struct application {
  uint32_t number, depth;
  uint32_t chain[PLAN_DEPTH + 1];
} application;

static uint32_t most(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* stage: [n]. Returns the last stage. */
static uint32_t find_stages(uint32_t *stage, const expression *all, size_t n) {
  uint32_t last = 0;
  for (size_t k = 0; k < n; k++) {
    const expression *e = &all[k];
    switch ((expression_kind)e->kind) {
      case MATRIX_GIVEN:
      case VECTOR_ONES:
      case NUMBER_CLIQUE: stage[k] = 0; break;
      case MATRIX_PRODUCT: stage[k] = most(stage[reference_matrix(e->a)], stage[reference_matrix(e->b)]); break;
      case VECTOR_APPLIED: stage[k] = most(stage[e->a], stage[e->b]) + 1; break;
      default: stage[k] = most(stage[e->a], stage[e->b]); break;
    }
    last = most(last, stage[k]);
  }
  return last;
}

static application describe(const expression *all, uint32_t number) {
  application out = {.number = number};
  uint32_t k = all[number].a;
  for (; all[k].kind == MATRIX_COMPOSITE; k = all[k].a) out.depth++;
  k = all[number].a;
  for (size_t d = out.depth; d > 0; d--, k = all[k].a) out.chain[d] = k;
  out.chain[0] = k;
  return out;
}

static int compare(const void *a, const void *b) {
  const application *x = a, *y = b;
  for (size_t d = 0; d <= PLAN_DEPTH; d++)
    if (x->chain[d] != y->chain[d]) return x->chain[d] < y->chain[d] ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

/* Adds the row steps of n sorted matrix-vector products. */
static void add_pass(invariant_plan *plan, const application *sorted, size_t n) {
  const expression *all = plan->expressions;
  uint32_t held[PLAN_DEPTH + 1] = {0}; /* composite whose rows each buffer holds; none is expression 0 */
  plan_step *pass = &plan->steps[plan->n_steps++];
  *pass = (plan_step){.is_pass = true, .number = sorted[0].chain[0], .first = plan->n_row_steps};
  for (size_t k = 0; k < n; k++) {
    const application *now = &sorted[k];
    for (uint8_t d = 1; d <= now->depth; d++) {
      if (held[d] == now->chain[d]) continue;
      held[d] = now->chain[d];
      plan->row_steps[plan->n_row_steps++] =
          (row_step){.from = (uint8_t)(d - 1), .to = d, .matrix = now->chain[0], .factor = all[now->chain[d]].b};
    }
    row_step *step = plan->n_row_steps > pass->first ? &plan->row_steps[plan->n_row_steps - 1] : NULL;
    const bool same = k > 0 && all[sorted[k - 1].number].a == all[now->number].a;
    if (!same || !step || step->n_vectors == PLAN_VECTORS) {
      step = &plan->row_steps[plan->n_row_steps++];
      *step = (row_step){.from = (uint8_t)now->depth, .matrix = now->chain[0]};
    }
    step->x[step->n_vectors] = all[now->number].b;
    step->y[step->n_vectors++] = now->number;
  }
  pass->last = plan->n_row_steps;
}

static bool is_step(const expression *e) {
  return e->kind != MATRIX_GIVEN && e->kind != MATRIX_COMPOSITE && e->kind != VECTOR_ONES && e->kind != VECTOR_APPLIED;
}

static void add_stage(invariant_plan *plan, const uint32_t *stage, uint32_t now, application *scratch) {
  const expression *all = plan->expressions;
  for (uint32_t k = 0; k < plan->n_expressions; k++)
    if (stage[k] == now && is_step(&all[k])) plan->steps[plan->n_steps++] = (plan_step){.number = k};
  for (unsigned side = 0; side < 2; side++) {
    size_t n = 0;
    for (uint32_t k = 0; k < plan->n_expressions; k++)
      if (stage[k] == now + 1 && all[k].kind == VECTOR_APPLIED && all[k].sides[0] == side)
        scratch[n++] = describe(all, k);
    qsort(scratch, n, sizeof *scratch, compare);
    if (n > 0) add_pass(plan, scratch, n);
  }
}

wlaw_status wlaw_plan_schedule(invariant_plan *plan, wlaw_error *err) {
  const size_t n = plan->n_expressions;
  uint32_t *stage = wlaw_array(n, sizeof *stage);
  application *scratch = wlaw_array(n, sizeof *scratch);
  plan->steps = wlaw_array(2 * n, sizeof *plan->steps);                        /* a pass has at least one expression */
  plan->row_steps = wlaw_array((PLAN_DEPTH + 1) * n, sizeof *plan->row_steps); /* its factors and itself */
  const bool enough = stage && scratch && plan->steps && plan->row_steps;
  if (enough) {
    const uint32_t last = find_stages(stage, plan->expressions, n);
    for (uint32_t now = 0; now <= last; now++) add_stage(plan, stage, now, scratch);
  }
  free(stage);
  free(scratch);
  return enough ? WLAW_OK : wlaw_fail_memory(err, n, sizeof *plan->row_steps);
}
