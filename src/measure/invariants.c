#include "measure/invariants.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/blas.h"
#include "measure/invariant_plan.h"
#include "measure/invariants_kernels.h"

enum {
  SMALL = 4096,       /* most entries of a matrix that goes side by side with others */
  ROWS_TOGETHER = 128 /* lane vectors in the rows that a pass takes at once: some of each matrix stay in L1 */
};

/* A plan at work on matrices of one shape: where each expression lies. */
typedef struct invariant_run {
  const invariant_plan *plan;
  const invariants_kernels *kernels;
  const invariants_layout *ops;
  invariant_layout layout;
  size_t lanes;
  size_t sizes[2];  /* rows, cols of M */
  size_t widths[2]; /* lane vectors of a vector along rows, columns */
  size_t element;   /* doubles of one number of a vector */
  double *memory, **places, *buffers[PLAN_DEPTH + 1];
  const double **numbers; /* [n_graphs] */
} invariant_run;

const invariants_kernels *wlaw_invariants_kernels(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_invariants_kernels_v4;
  if (level == CPU_V3) return &wlaw_invariants_kernels_v3;
#endif
  (void)level;
  return &wlaw_invariants_kernels_baseline;
}

/* Rows of a stored matrix along a side: alone, in whole blocks. */
static size_t stored_rows(const invariant_run *run, size_t side) {
  return run->layout == LAYOUT_ALONE ? run->widths[side] * run->lanes : run->sizes[side];
}

static size_t rows_together(const invariant_run *run) {
  const size_t width = run->widths[0] > run->widths[1] ? run->widths[0] : run->widths[1];
  return width < ROWS_TOGETHER ? ROWS_TOGETHER / width : 1;
}

/* Doubles an expression takes; false when that overflows. */
static bool expression_doubles(size_t *out, const invariant_run *run, const expression *e) {
  const bool clique = e->kind == NUMBER_CLIQUE;
  size_t count = 1;
  if (e->kind == MATRIX_COMPOSITE) count = 0;
  else if (is_vector(e)) count = run->widths[e->sides[0]];
  else if ((is_matrix(e) || clique) &&
           __builtin_mul_overflow(stored_rows(run, e->sides[0]), run->widths[e->sides[1]], &count))
    return false;
  /* a clique works in two matrices, a vector and a number, beside its value */
  if (clique &&
      (__builtin_mul_overflow(count, (size_t)2, &count) || __builtin_add_overflow(count, run->widths[0] + 2, &count)))
    return false;
  return !__builtin_mul_overflow(count, run->lanes, out);
}

static bool total_doubles(size_t *out, const invariant_run *run, size_t buffer) {
  size_t all = PLAN_DEPTH * buffer, one;
  for (size_t k = 0; k < run->plan->n_expressions; k++)
    if (!expression_doubles(&one, run, &run->plan->expressions[k]) || __builtin_add_overflow(all, one, &all))
      return false;
  *out = all;
  return true;
}

static void run_free(invariant_run *run) {
  free(run->memory);
  free(run->places);
  free(run->numbers);
}

static void fill_ones(const invariant_run *run, size_t number) {
  const size_t side = run->plan->expressions[number].sides[0];
  for (size_t k = 0; k < run->sizes[side] * run->element; k++) run->places[number][k] = 1.0;
}

/* Takes the memory of a run; the rest of *run is set. */
static wlaw_status run_start(invariant_run *run, wlaw_error *err) {
  const invariant_plan *plan = run->plan;
  const size_t widest = run->widths[0] > run->widths[1] ? run->widths[0] : run->widths[1];
  const size_t buffer = rows_together(run) * widest * run->lanes;
  size_t doubles = 0;
  run->places = wlaw_array(plan->n_expressions, sizeof *run->places);
  run->numbers = wlaw_array(plan->n_graphs, sizeof *run->numbers);
  if (total_doubles(&doubles, run, buffer)) run->memory = wlaw_array(doubles, sizeof *run->memory);
  if (!run->places || !run->numbers || !run->memory) {
    run_free(run);
    return wlaw_fail_memory(err, doubles ? doubles : plan->n_expressions, sizeof *run->memory);
  }
  double *next = run->memory;
  for (size_t d = 1; d <= PLAN_DEPTH; d++, next += buffer) run->buffers[d] = next;
  for (size_t k = 0; k < plan->n_expressions; k++) {
    size_t one = 0;
    (void)expression_doubles(&one, run, &plan->expressions[k]);
    run->places[k] = next;
    next += one;
    if (plan->expressions[k].kind == VECTOR_ONES) fill_ones(run, k);
  }
  for (size_t g = 0; g < plan->n_graphs; g++) run->numbers[g] = run->places[plan->values[g]];
  return WLAW_OK;
}

/* A stored matrix as a product reads it. */
typedef struct stored_matrix {
  const double *data;
  bool transposed;
  const uint8_t *sides; /* as stored */
} stored_matrix;

static stored_matrix stored(const invariant_run *run, uint32_t reference) {
  const uint32_t matrix = reference_matrix(reference);
  return (stored_matrix){run->places[matrix], reference_is_transposed(reference), run->plan->expressions[matrix].sides};
}

/* Side of the rows (which 0) or columns (1) as read. */
static size_t side_of(stored_matrix a, size_t which) { return a.sides[a.transposed ? 1 - which : which]; }

static void blas_product(const invariant_run *run, double *out, stored_matrix a, stored_matrix b, bool symmetric) {
  const size_t rows = side_of(a, 0), cols = side_of(b, 1);
  const blasint m = (blasint)run->sizes[rows], n = (blasint)run->sizes[cols], k = (blasint)run->sizes[side_of(a, 1)];
  const blasint lda = (blasint)(run->widths[a.sides[1]] * run->lanes);
  const blasint ldb = (blasint)(run->widths[b.sides[1]] * run->lanes), ldc = (blasint)(run->widths[cols] * run->lanes);
  const CBLAS_TRANSPOSE ta = a.transposed ? CblasTrans : CblasNoTrans, tb = b.transposed ? CblasTrans : CblasNoTrans;
  wlaw_blas_begin();
  if (symmetric) cblas_dsyrk(CblasRowMajor, CblasUpper, ta, m, k, 1.0, a.data, lda, 0.0, out, ldc);
  else cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a.data, lda, b.data, ldb, 0.0, out, ldc);
  wlaw_blas_end();
  if (symmetric) run->kernels->mirror(out, run->sizes[rows], run->widths[cols]);
}

static product_operand operand(const invariant_run *run, stored_matrix a) {
  const size_t width = run->widths[a.sides[1]];
  return (product_operand){a.data, a.transposed ? 1 : width, a.transposed ? width : 1};
}

/* symmetric: b is a transposed. */
static void run_product(const invariant_run *run, double *out, stored_matrix a, stored_matrix b, bool symmetric) {
  if (run->layout == LAYOUT_ALONE) blas_product(run, out, a, b, symmetric);
  else
    run->kernels->product(out, operand(run, a), operand(run, b), run->sizes[side_of(a, 0)], run->sizes[side_of(a, 1)],
                          run->sizes[side_of(b, 1)], symmetric);
}

static void run_diagonal(const invariant_run *run, double *out, const double *M) {
  const size_t stride = run->widths[0] * run->lanes + run->element, one = run->element;
  for (size_t i = 0; i < run->sizes[0]; i++) memcpy(out + i * one, M + i * stride, one * sizeof *out);
}

/* out = the matrix number `from`, which may be a composite, times x along its rows. */
static void run_scaled(const invariant_run *run, double *out, uint32_t from, const double *x) {
  const expression *all = run->plan->expressions, *e = &all[from];
  const size_t rows = run->sizes[e->sides[0]], width = run->widths[e->sides[1]];
  if (e->kind != MATRIX_COMPOSITE) {
    run->kernels->scale(out, run->places[from], x, rows, width);
    return;
  }
  run_scaled(run, out, e->a, x);
  run->kernels->multiply(out, out, run->places[e->b], rows * width);
}

static void run_pass(const invariant_run *run, const plan_step *pass) {
  const expression *all = run->plan->expressions;
  const size_t rows = run->sizes[all[pass->number].sides[0]], together = rows_together(run);
  for (size_t i = 0; i < rows; i += together) {
    const size_t height = rows - i < together ? rows - i : together;
    for (size_t s = pass->first; s < pass->last; s++) {
      const row_step *step = &run->plan->row_steps[s];
      const size_t width = run->widths[all[step->matrix].sides[1]], at = i * width * run->lanes;
      const double *from = step->from ? run->buffers[step->from] : run->places[step->matrix] + at;
      if (step->n_vectors == 0) {
        run->kernels->multiply(run->buffers[step->to], from, run->places[step->factor] + at, height * width);
        continue;
      }
      const double *x[PLAN_VECTORS];
      double *y[PLAN_VECTORS];
      for (size_t v = 0; v < step->n_vectors; v++) {
        x[v] = run->places[step->x[v]];
        y[v] = run->places[step->y[v]] + i * run->element;
      }
      run->ops->apply(y, from, x, step->n_vectors, height, width);
    }
  }
}

/* sum_tuvw X_tu Y_tv Z_tw A_uv B_vw C_uw, each of the six M or its transpose: for each t a product (A Y_t) B. */
static void run_clique(const invariant_run *run, double *out, const expression *e) {
  const size_t rows = run->sizes[0], width = run->widths[0], stride = width * run->lanes;
  double *scaled = out + run->lanes, *product = scaled + stored_rows(run, 0) * stride,
         *y = product + stored_rows(run, 0) * stride, *part = y + stride;
  const double *pair[CLIQUE_PAIRS];
  for (size_t p = 0; p < CLIQUE_PAIRS; p++) pair[p] = run->places[e->a >> p & 1 ? e->b : 0];
  const uint8_t *sides = run->plan->expressions[0].sides;
  memset(out, 0, run->lanes * sizeof *out);
  for (size_t t = 0; t < rows; t++) {
    const size_t row = t * stride;
    run->kernels->scale(scaled, pair[CLIQUE_UV], pair[CLIQUE_TV] + row, rows, width);
    run_product(run, product, (stored_matrix){scaled, false, sides}, (stored_matrix){pair[CLIQUE_VW], false, sides},
                false);
    run->kernels->multiply(product, product, pair[CLIQUE_UW], rows * width);
    run->ops->apply(&y, product, (const double *[]){pair[CLIQUE_TW] + row}, 1, rows, width);
    run->ops->dot(part, y, pair[CLIQUE_TU] + row, width);
    for (size_t l = 0; l < run->element; l++) out[l] += part[l];
  }
}

static void run_transposed(const invariant_run *run, double *out, uint32_t from) {
  const expression *e = &run->plan->expressions[from];
  run->ops->transpose(out, run->places[from], run->sizes[e->sides[0]], run->widths[e->sides[1]]);
}

static void run_expression(const invariant_run *run, uint32_t number) {
  const expression *e = &run->plan->expressions[number];
  double *out = run->places[number], *const *places = run->places;
  const size_t width = run->widths[e->sides[0]];
  switch ((expression_kind)e->kind) {
    case MATRIX_TRANSPOSED: run_transposed(run, out, e->a); break;
    case MATRIX_SCALED: run_scaled(run, out, e->a, places[e->b]); break;
    case MATRIX_PRODUCT: run_product(run, out, stored(run, e->a), stored(run, e->b), e->symmetric); break;
    case VECTOR_DIAGONAL: run_diagonal(run, out, places[e->a]); break;
    case VECTOR_PRODUCT: run->kernels->multiply(out, places[e->a], places[e->b], width); break;
    case NUMBER_DOT: run->ops->dot(out, places[e->a], places[e->b], width); break;
    case NUMBER_PRODUCT: run->kernels->multiply(out, places[e->a], places[e->b], 1); break;
    case NUMBER_CLIQUE: run_clique(run, out, e); break;
    case MATRIX_GIVEN:
    case MATRIX_COMPOSITE:
    case VECTOR_ONES:
    case VECTOR_APPLIED: break; /* not steps of their own */
  }
}

/* values: [count, n_graphs] of `count` matrices, at most as many as there are lanes (alone: one). */
static void run_group(const invariant_run *run, double *values, const double *matrices, size_t count) {
  const invariant_plan *plan = run->plan;
  const size_t rows = run->sizes[0], cols = run->sizes[1], stride = run->widths[1] * run->lanes;
  if (run->layout == LAYOUT_SIDE_BY_SIDE) run->kernels->gather(run->places[0], matrices, count, rows * cols);
  else
    for (size_t i = 0; i < rows; i++) memcpy(run->places[0] + i * stride, matrices + i * cols, cols * sizeof *matrices);
  for (size_t s = 0; s < plan->n_steps; s++)
    if (plan->steps[s].is_pass) run_pass(run, &plan->steps[s]);
    else run_expression(run, plan->steps[s].number);
  run->kernels->scatter(values, run->numbers, plan->n_graphs, count);
}

static wlaw_status check_sizes(const invariant_plan *plan, size_t rows, size_t cols, wlaw_error *err) {
  if (rows == 0 || cols == 0) return wlaw_fail(err, WLAW_SHAPE, "a %zu x %zu matrix has no entries", rows, cols);
  if (!plan->bipartite && rows != cols)
    return wlaw_fail(err, WLAW_SHAPE, "a %zu x %zu matrix has invariants of bipartite graphs only", rows, cols);
  const size_t most = rows > cols ? rows : cols;
  if (!wlaw_blas_size_ok(most) || !wlaw_blas_size_ok(most + INVARIANTS_LANES)) /* padded */
    return wlaw_fail(err, WLAW_LIMIT, "a %zu x %zu matrix is larger than BLAS can count", rows, cols);
  return WLAW_OK;
}

wlaw_status wlaw_invariants_measure_as(double *values, const invariant_plan *plan, const double *matrices, size_t n,
                                       size_t rows, size_t cols, cpu_level level, invariant_layout layout,
                                       wlaw_error *err) {
  WLAW_TRY(check_sizes(plan, rows, cols, err));
  if (rows > cols) plan = plan->tall;
  const invariants_kernels *kernels = wlaw_invariants_kernels(level);
  const bool alone = layout == LAYOUT_ALONE;
  const size_t L = kernels->lanes, group = alone ? 1 : L;
  invariant_run run = {
      .plan = plan,
      .kernels = kernels,
      .ops = &kernels->layouts[layout],
      .layout = layout,
      .lanes = L,
      .sizes = {rows, cols},
      .widths = {alone ? (rows + L - 1) / L : rows, alone ? (cols + L - 1) / L : cols},
      .element = alone ? 1 : L,
  };
  WLAW_TRY(run_start(&run, err));
  for (size_t k = 0; k < n; k += group)
    run_group(&run, values + k * plan->n_graphs, matrices + k * rows * cols, n - k < group ? n - k : group);
  run_free(&run);
  return WLAW_OK;
}

wlaw_status wlaw_invariants_measure(double *values, const invariant_plan *plan, const double *matrices, size_t n,
                                    size_t rows, size_t cols, cpu_level level, wlaw_error *err) {
  const bool small = rows <= SMALL && cols <= SMALL / (rows ? rows : 1);
  return wlaw_invariants_measure_as(values, plan, matrices, n, rows, cols, level,
                                    small ? LAYOUT_SIDE_BY_SIDE : LAYOUT_ALONE, err);
}
