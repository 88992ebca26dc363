#include "measure/lanczos.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/stream.h"
#include "math/blas.h"
#include "math/eigen.h"
#include "measure/weight_doubles.h"

enum { LANCZOS_BLOCK = 1 << 17, LANCZOS_DEPTH_LEAST = 64, LANCZOS_GROUPS = 16, LANCZOS_CHECK_EVERY = 8 };

/* Groups of blocks of the long side are the units of work: each adds up its part of the product. */
typedef struct lanczos {
  const weight_source *source;
  const lanczos_request *request;
  size_t n, starts, steps;
  bool tall;
  uint64_t longer;
  size_t depth, groups, doubles; /* of the long side in one block; groups; of a block and its image */
  double *blocks;                /* [workers, doubles] */
  double *parts;                 /* [groups, starts, n] */
  double *squares;               /* [groups]: sums of squared weights */
  double *now;                   /* [starts, n]: the vectors multiplied in this step */
  double *basis;                 /* [starts, steps, n] */
  double *diagonal, *below;      /* [starts, steps] */
  size_t *length;                /* [starts]: steps taken */
  bool *done;                    /* [starts]: the Krylov space is exhausted */
  double *small, *vectors;       /* [2, steps] and [steps, steps]: for the tridiagonal problem */
} lanczos;

static double dot(const double *a, const double *b, size_t n) {
  wlaw_blas_begin();
  const double sum = cblas_ddot((blasint)n, a, 1, b, 1);
  wlaw_blas_end();
  return sum;
}

/* part [starts, n] += (now B') B for a block B of the long side. */
static void add_block(const lanczos *run, double *part, const double *block, double *image, size_t depth) {
  const blasint n = (blasint)run->n, d = (blasint)depth, p = (blasint)run->starts, ld = run->tall ? n : d;
  const CBLAS_TRANSPOSE first = run->tall ? CblasTrans : CblasNoTrans, second = run->tall ? CblasNoTrans : CblasTrans;
  const blasint rows = run->tall ? d : n, cols = run->tall ? n : d;
  wlaw_blas_begin();
  if (p == 1) { /* matrix times vector, for which dgemm is slow */
    cblas_dgemv(CblasRowMajor, second, rows, cols, 1.0, block, ld, run->now, 1, 0.0, image, 1);
    cblas_dgemv(CblasRowMajor, first, rows, cols, 1.0, block, ld, image, 1, 1.0, part, 1);
  } else {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, first, p, d, n, 1.0, run->now, n, block, ld, 0.0, image, d);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, second, p, n, d, 1.0, image, d, block, ld, 1.0, part, n);
  }
  wlaw_blas_end();
}

static wlaw_status multiply_group(void *context, size_t group, unsigned worker, const atomic_bool *stop,
                                  wlaw_error *err) {
  lanczos *run = context;
  const uint64_t blocks = (run->longer - 1) / run->depth + 1;
  double *values = run->blocks + worker * run->doubles, *image = values + run->depth * run->n;
  double *part = run->parts + group * run->starts * run->n;
  memset(part, 0, run->starts * run->n * sizeof *part);
  for (uint64_t b = blocks * group / run->groups; b < blocks * (group + 1) / run->groups; b++) {
    const uint64_t at = b * run->depth;
    const size_t depth = run->longer - at < run->depth ? (size_t)(run->longer - at) : run->depth;
    if (atomic_load(stop)) return WLAW_CANCELLED;
    if (run->tall)
      WLAW_TRY(wlaw_weight_doubles(values, run->n, run->source, at, depth, 0, run->n, run->request->scale, err));
    else WLAW_TRY(wlaw_weight_doubles(values, depth, run->source, 0, run->n, at, depth, run->request->scale, err));
    if (run->length[0] == 0) run->squares[group] += dot(values, values, depth * run->n); /* first pass */
    add_block(run, part, values, image, depth);
  }
  return WLAW_OK;
}

/* next [n] minus its projection on the basis so far, twice (Giraud, Langou and Rozloznik 2005: twice is enough). */
static void orthogonalise(const lanczos *run, size_t start, double *next, double *coefficients) {
  const double *basis = run->basis + start * run->steps * run->n;
  const blasint k = (blasint)run->length[start], n = (blasint)run->n;
  wlaw_blas_begin();
  for (int twice = 0; twice < 2; twice++) {
    cblas_dgemv(CblasRowMajor, CblasNoTrans, k, n, 1.0, basis, n, next, 1, 0.0, coefficients, 1);
    cblas_dgemv(CblasRowMajor, CblasTrans, k, n, -1.0, basis, n, coefficients, 1, 1.0, next, 1);
  }
  wlaw_blas_end();
}

/* One step of one start: now -> basis, parts -> next vector. */
static void take_step(lanczos *run, size_t start) {
  const size_t n = run->n, k = run->length[start];
  double *now = run->now + start * n, *diagonal = run->diagonal + start * run->steps,
         *below = run->below + start * run->steps;
  memcpy(run->basis + (start * run->steps + k) * n, now, n * sizeof *now);
  memset(now, 0, n * sizeof *now);
  for (size_t g = 0; g < run->groups; g++) {
    const double *part = run->parts + (g * run->starts + start) * n;
    for (size_t i = 0; i < n; i++) now[i] += part[i];
  }
  diagonal[k] = dot(run->basis + (start * run->steps + k) * n, now, n);
  run->length[start] = k + 1;
  orthogonalise(run, start, now, run->small);
  below[k] = sqrt(dot(now, now, n));
  double norm = 0.0;
  for (size_t i = 0; i <= k; i++) norm = fmax(norm, fabs(diagonal[i]) + below[i]);
  if (!(below[k] > (double)n * DBL_EPSILON * norm)) {
    run->done[start] = true;
    below[k] = 0.0;
    memset(now, 0, n * sizeof *now);
    return;
  }
  for (size_t i = 0; i < n; i++) now[i] /= below[k];
}

/* Eigenvalues and vectors of the tridiagonal matrix of one start: values in small, vectors in rows. */
static wlaw_status solve_small(const lanczos *run, size_t start, wlaw_error *err) {
  const size_t k = run->length[start];
  memcpy(run->small, run->diagonal + start * run->steps, k * sizeof *run->small);
  memcpy(run->small + run->steps, run->below + start * run->steps, k * sizeof *run->small);
  return wlaw_tridiagonal_eigen(run->small, run->small + run->steps, run->vectors, k, err);
}

/* |A y - theta y| = below_k |last component of y in the basis|. */
static double residual_of_largest(const lanczos *run, size_t start) {
  const size_t k = run->length[start];
  return run->below[start * run->steps + k - 1] * fabs(run->vectors[k * k - 1]);
}

static wlaw_status is_accurate(bool *accurate, const lanczos *run, wlaw_error *err) {
  const size_t k = run->length[0];
  *accurate = false;
  if (!(run->request->tolerance > 0.0) || k % LANCZOS_CHECK_EVERY) return WLAW_OK;
  WLAW_TRY(solve_small(run, 0, err));
  *accurate = residual_of_largest(run, 0) <= run->request->tolerance * run->small[k - 1];
  return WLAW_OK;
}

static void start_vectors(lanczos *run) {
  for (size_t s = 0; s < run->starts; s++) {
    double *v = run->now + s * run->n;
    wlaw_stream stream = wlaw_stream_start(run->request->seed, STREAM_SPECTRUM, (uint32_t)s, 0);
    wlaw_stream_normals(&stream, v, run->n);
    const double norm = sqrt(dot(v, v, run->n));
    for (size_t i = 0; i < run->n; i++) v[i] /= norm;
  }
}

static wlaw_status run_steps(lanczos *run, lanczos_values *out, unsigned threads, wlaw_monitor *monitor,
                             wlaw_error *err) {
  start_vectors(run);
  bool going = true, accurate = false;
  for (size_t step = 0; step < run->steps && going && !accurate; step++) {
    if (wlaw_monitor_report(monitor, (double)step / (double)run->steps)) return wlaw_fail_cancelled(err);
    WLAW_TRY(wlaw_parallel(run->groups, threads, multiply_group, run, NULL, err));
    out->passes++;
    if (step == 0)
      for (size_t g = 0; g < run->groups; g++) out->trace += run->squares[g];
    going = false;
    for (size_t s = 0; s < run->starts; s++) {
      if (!run->done[s]) take_step(run, s);
      going = going || !run->done[s];
    }
    WLAW_TRY(is_accurate(&accurate, run, err));
  }
  return WLAW_OK;
}

typedef struct node {
  double value, weight;
} node;

static int compare_nodes(const void *a, const void *b) {
  const node *x = a, *y = b;
  return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                              : (x->weight > y->weight) - (x->weight < y->weight);
}

/* Gauss quadrature from each start (Golub and Welsch 1969), averaged. */
static wlaw_status gather(lanczos_values *out, const lanczos *run, wlaw_error *err) {
  size_t n = 0, at = 0;
  for (size_t s = 0; s < run->starts; s++) n += run->length[s];
  node *nodes = wlaw_array(n, sizeof *nodes);
  out->value = wlaw_array(n, sizeof *out->value);
  out->weight = wlaw_array(n, sizeof *out->weight);
  wlaw_status status = nodes && out->value && out->weight ? WLAW_OK : wlaw_fail_memory(err, n, sizeof *nodes);
  double largest = -1.0;
  for (size_t s = 0; s < run->starts && status == WLAW_OK; s++) {
    const size_t k = run->length[s];
    status = solve_small(run, s, err);
    for (size_t i = 0; i < k && status == WLAW_OK; i++) {
      const double first = run->vectors[i * k];
      nodes[at++] = (node){fmax(run->small[i], 0.0), first * first / (double)run->starts};
    }
    if (status == WLAW_OK && run->small[k - 1] > largest) {
      largest = run->small[k - 1];
      out->residual = residual_of_largest(run, s);
    }
  }
  if (status == WLAW_OK) {
    qsort(nodes, n, sizeof *nodes, compare_nodes);
    out->n = n;
    for (size_t i = 0; i < n; i++) {
      out->value[i] = nodes[i].value;
      out->weight[i] = nodes[i].weight;
    }
  }
  free(nodes);
  return status;
}

static void release(lanczos *run) {
  void *const all[] = {run->blocks, run->parts,  run->squares, run->now,   run->basis,  run->diagonal,
                       run->below,  run->length, run->done,    run->small, run->vectors};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static wlaw_status prepare(lanczos *run, unsigned threads, wlaw_error *err) {
  const size_t p = run->starts, n = run->n, k = run->steps;
  run->depth = LANCZOS_BLOCK / n > LANCZOS_DEPTH_LEAST ? LANCZOS_BLOCK / n : LANCZOS_DEPTH_LEAST;
  if (run->depth > run->longer) run->depth = (size_t)run->longer;
  const uint64_t blocks = (run->longer - 1) / run->depth + 1;
  run->groups = blocks < LANCZOS_GROUPS ? (size_t)blocks : LANCZOS_GROUPS;
  run->doubles = run->depth * (n + p);
  const size_t basis[] = {p, k, n}, parts[] = {run->groups, p, n};
  size_t n_basis, n_parts;
  if (!wlaw_blas_size_ok(run->depth * n) || !wlaw_product(&n_basis, basis, 3) || !wlaw_product(&n_parts, parts, 3))
    return wlaw_fail(err, WLAW_LIMIT, "vectors of %zu numbers are too long for Lanczos' method", n);
  run->blocks = wlaw_array(wlaw_threads_for(threads, run->groups) * run->doubles, sizeof(double));
  run->parts = wlaw_array(n_parts, sizeof(double));
  run->squares = wlaw_array(run->groups, sizeof(double));
  run->now = wlaw_array(p * n, sizeof(double));
  run->basis = wlaw_array(n_basis, sizeof(double));
  run->diagonal = wlaw_array(p * k, sizeof(double));
  run->below = wlaw_array(p * k, sizeof(double));
  run->length = wlaw_array(p, sizeof *run->length);
  run->done = wlaw_array(p, sizeof *run->done);
  run->small = wlaw_array(2 * k, sizeof(double));
  run->vectors = wlaw_array(k * k, sizeof(double));
  const bool all = run->blocks && run->parts && run->squares && run->now && run->basis && run->diagonal && run->below &&
                   run->length && run->done && run->small && run->vectors;
  return all ? WLAW_OK : wlaw_fail_memory(err, n_basis, sizeof(double));
}

wlaw_status wlaw_lanczos(lanczos_values *out, const weight_source *source, const lanczos_request *request,
                         unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  *out = (lanczos_values){0};
  const bool tall = source->rows >= source->cols;
  const uint64_t shorter = tall ? source->cols : source->rows;
  if (shorter == 0) return WLAW_OK;
  lanczos run = {.source = source, .request = request, .n = (size_t)shorter, .starts = request->starts, .tall = tall};
  run.longer = tall ? source->rows : source->cols;
  run.steps = request->steps < shorter ? request->steps : (size_t)shorter;
  wlaw_status status = prepare(&run, threads, err);
  if (status == WLAW_OK) status = run_steps(&run, out, threads, monitor, err);
  if (status == WLAW_OK) status = gather(out, &run, err);
  release(&run);
  return status;
}

void wlaw_lanczos_free(lanczos_values *values) {
  free(values->value);
  free(values->weight);
  *values = (lanczos_values){0};
}
