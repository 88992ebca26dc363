#include "measure/invariant_expression.h"

#include <stdlib.h>
#include <string.h>

void wlaw_expressions_start(expression_table *table, bool bipartite, const double sizes[2]) {
  *table = (expression_table){.bipartite = bipartite, .sizes = {sizes[0], sizes[1]}};
}

bool wlaw_expressions_reserve(expression_table *table, size_t more) {
  if (table->capacity - table->n >= more) return true;
  if (more > UINT32_MAX / 4 || table->n > UINT32_MAX / 4) return false; /* references take one bit more */
  const size_t capacity = 2 * table->n + more;
  expression *all = realloc(table->all, capacity * sizeof *all);
  if (!all) return false;
  table->all = all;
  table->capacity = capacity;
  return true;
}

static uint32_t *bucket_of(expression_table *table, expression_kind kind, uint32_t a, uint32_t b) {
  const uint64_t mixed = ((uint64_t)a * 0x9e3779b97f4a7c15u) ^ ((uint64_t)b * 0xc2b2ae3d27d4eb4fu) ^ (uint64_t)kind;
  return &table->buckets[(mixed ^ (mixed >> 29)) % EXPRESSION_BUCKETS];
}

/* Sides and symmetry of a new expression. */
static void describe(expression *e, const expression_table *table) {
  const expression *all = table->all;
  switch ((expression_kind)e->kind) {
    case MATRIX_GIVEN: e->sides[1] = table->bipartite; break;
    case MATRIX_TRANSPOSED:
      e->sides[0] = all[e->a].sides[1];
      e->sides[1] = all[e->a].sides[0];
      break;
    case MATRIX_PRODUCT:
      e->sides[0] = wlaw_reference_side(all, e->a, 0);
      e->sides[1] = wlaw_reference_side(all, e->b, 1);
      e->symmetric = e->a == wlaw_reference_transposed(table, e->b);
      break;
    case VECTOR_ONES: e->sides[0] = (uint8_t)e->a; break;
    default: memcpy(e->sides, all[e->a].sides, sizeof e->sides); break;
    case NUMBER_PRODUCT:
    case NUMBER_CLIQUE: break;
  }
}

uint32_t wlaw_expression(expression_table *table, expression_kind kind, uint32_t a, uint32_t b) {
  const bool commutes = kind == VECTOR_PRODUCT || kind == NUMBER_DOT || kind == NUMBER_PRODUCT;
  if (commutes && a > b) return wlaw_expression(table, kind, b, a);
  uint32_t *bucket = bucket_of(table, kind, a, b);
  for (uint32_t k = *bucket; k != 0; k = table->all[k].next)
    if (table->all[k].kind == (uint8_t)kind && table->all[k].a == a && table->all[k].b == b) return k;
  const uint32_t number = (uint32_t)table->n++;
  expression *e = &table->all[number];
  *e = (expression){.kind = (uint8_t)kind, .a = a, .b = b, .next = *bucket};
  describe(e, table);
  e->cost = (number ? table->all[number - 1].cost : 0.0) + wlaw_expression_cost(table->all, e, table->sizes);
  *bucket = number;
  return number;
}

void wlaw_expressions_cut(expression_table *table, size_t n) {
  while (table->n > n) {
    const expression *e = &table->all[--table->n];
    *bucket_of(table, (expression_kind)e->kind, e->a, e->b) = e->next;
  }
}

uint32_t wlaw_reference_transposed(const expression_table *table, uint32_t reference) {
  return table->all[reference_matrix(reference)].symmetric ? reference : reference ^ 1u;
}

uint8_t wlaw_reference_side(const expression *all, uint32_t reference, size_t which) {
  return all[reference_matrix(reference)].sides[reference_is_transposed(reference) ? 1 - which : which];
}

uint32_t wlaw_reference_rows(expression_table *table, uint32_t reference) {
  const uint32_t matrix = reference_matrix(reference);
  return reference_is_transposed(reference) ? wlaw_expression(table, MATRIX_TRANSPOSED, matrix, matrix) : matrix;
}

uint32_t wlaw_reference_product(expression_table *table, uint32_t a, uint32_t b) {
  const uint32_t ta = wlaw_reference_transposed(table, a), tb = wlaw_reference_transposed(table, b);
  const bool flip = tb < a || (tb == a && ta < b);
  const uint32_t number =
      flip ? wlaw_expression(table, MATRIX_PRODUCT, tb, ta) : wlaw_expression(table, MATRIX_PRODUCT, a, b);
  return flip ? matrix_reference(number) | 1u : matrix_reference(number);
}

double wlaw_expression_cost(const expression *all, const expression *e, const double sizes[2]) {
  const double rows = sizes[e->sides[0]], cols = sizes[e->sides[1]];
  switch ((expression_kind)e->kind) {
    case MATRIX_GIVEN:
    case VECTOR_ONES: return 0.0;
    case MATRIX_COMPOSITE:
    case MATRIX_TRANSPOSED: return 0.5 * rows * cols; /* no sums to carry */
    case MATRIX_SCALED: return rows * cols;
    case MATRIX_PRODUCT: return (e->symmetric ? 0.5 : 1.0) * rows * cols * sizes[wlaw_reference_side(all, e->a, 1)];
    case VECTOR_DIAGONAL:
    case VECTOR_PRODUCT:
    case NUMBER_DOT: return rows;
    case VECTOR_APPLIED: return rows * cols;
    case NUMBER_PRODUCT: return 1.0;
    case NUMBER_CLIQUE: return rows * rows * rows * rows;
  }
  return 0.0;
}
