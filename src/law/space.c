#include "law/space.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

/* Orthonormal rows that pick the copies of a space out of the permutation law's, at one size. */
typedef struct restriction {
  size_t trivial, standard;             /* copies at this size */
  double of_trivial[2][MATRIX_COPIES];  /* over (sum, trace) */
  double of_standard[2][MATRIX_COPIES]; /* over (columns, rows, diagonal) */
} restriction;

static void add_standard(restriction *r, double columns, double rows, double diagonal) {
  double *row = r->of_standard[r->standard++];
  row[0] = columns;
  row[1] = rows;
  row[2] = diagonal;
}

/* Zero diagonal: t = 0 leaves S2 = -S1 / sqrt(D-1), and z = 0 leaves v3 = -(v1 + v2) / sqrt(D-2); the rows below are
 * the directions of (S1, S2) and (v1, v2, v3) along which that is so. */
static restriction restrict_to(const matrix_space *space, size_t D) {
  const double n = (double)D, half = sqrt(0.5);
  restriction r = {0};
  if (space->parity != PARITY_ODD && !space->zero_diagonal) {
    r.trivial = D == 1 ? 1 : 2;
    r.of_trivial[0][0] = r.of_trivial[1][1] = 1.0;
    if (D > 1) add_standard(&r, half, half, 0.0);
    if (D > 2) add_standard(&r, 0.0, 0.0, 1.0);
  } else if (space->parity != PARITY_ODD && D > 1) {
    r.trivial = 1;
    r.of_trivial[0][0] = sqrt((n - 1.0) / n);
    r.of_trivial[0][1] = -sqrt(1.0 / n);
    const double sums = sqrt((n - 2.0) / (2.0 * n));
    if (D > 2) add_standard(&r, sums, sums, -sqrt(2.0 / n));
  }
  if (space->parity != PARITY_EVEN && D > 1) add_standard(&r, -half, half, 0.0);
  return r;
}

/* Copies of large matrices. */
static size_t most_trivial(const matrix_space *space) { return !space->trivial ? 0 : space->zero_diagonal ? 1 : 2; }
static size_t most_standard(const matrix_space *space) {
  return space->parity == PARITY_NONE || (space->parity == PARITY_EVEN && !space->zero_diagonal) ? 2 : 1;
}

/* The permutation law of D x D matrices, empty. */
static matrix_gaussian whole_of(size_t D) {
  matrix_gaussian whole = {.law = &wlaw_law_permutation};
  (void)wlaw_law_permutation.matrix->layout(&whole.layout, D, D, NULL); /* square: cannot fail */
  return whole;
}

wlaw_status wlaw_space_layout(matrix_layout *out, const law_ops *law, size_t rows, size_t cols, wlaw_error *err) {
  const matrix_space *space = law->matrix->space;
  if (rows != cols) {
    wlaw_fail(err, WLAW_SHAPE, "the law %s needs square matrices, not %zux%zu", law->name, rows, cols);
    return wlaw_error_add_hint(err, WLAW_SHAPE, "the law bipartite takes any shape");
  }
  const restriction r = restrict_to(space, rows);
  if (r.trivial + r.standard == 0)
    return wlaw_fail(err, WLAW_SHAPE, "the law %s has no meaning for a matrix of %zux%zu, whose one entry is zero",
                     law->name, rows, cols);
  const matrix_gaussian whole = whole_of(rows);
  const matrix_block *blocks = whole.layout.blocks;
  *out = (matrix_layout){.rows = rows, .cols = cols, .means = r.trivial, .mean_unit = 1.0};
  if (space->trivial)
    out->blocks[out->n_blocks++] = (matrix_block){space->trivial, r.trivial, 1, most_trivial(space) > 1};
  out->blocks[out->n_blocks++] = (matrix_block){space->standard, r.standard > 0 ? r.standard : 1,
                                                r.standard > 0 ? blocks[1].dimension : 0, most_standard(space) > 1};
  if (space->symmetric_rest)
    out->blocks[out->n_blocks++] = (matrix_block){space->symmetric_rest, 1, blocks[2].dimension, false};
  if (space->antisymmetric_rest)
    out->blocks[out->n_blocks++] = (matrix_block){space->antisymmetric_rest, 1, blocks[3].dimension, false};
  return WLAW_OK;
}

/* out = A V A', A: [k, p of MATRIX_COPIES], V: [p, p]. */
static void project(double *out, const double A[][MATRIX_COPIES], size_t k, const double *V, size_t p) {
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++) {
      out[i * k + j] = 0.0;
      for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++) out[i * k + j] += A[i][a] * V[a * p + b] * A[j][b];
    }
}

/* out = A' V A: [p, p], V: [k, k]. */
static void put_back(double *out, const double A[][MATRIX_COPIES], size_t k, const double *V, size_t p) {
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) {
      out[a * p + b] = 0.0;
      for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) out[a * p + b] += A[i][a] * V[i * k + j] * A[j][b];
    }
}

void wlaw_space_estimate(matrix_gaussian *out, const matrix_moments *statistics) {
  const matrix_space *space = out->law->matrix->space;
  const restriction r = restrict_to(space, out->layout.rows);
  matrix_gaussian whole = whole_of(out->layout.rows);
  const matrix_block *blocks = whole.layout.blocks;
  wlaw_law_permutation.matrix->estimate(&whole, statistics);
  for (size_t i = 0; i < r.trivial; i++)
    for (size_t a = 0; a < blocks[0].copies; a++) out->mean[i] += r.of_trivial[i][a] * whole.mean[a];
  size_t b = 0;
  if (space->trivial) project(out->covariance[b++], r.of_trivial, r.trivial, whole.covariance[0], blocks[0].copies);
  project(out->covariance[b++], r.of_standard, r.standard, whole.covariance[1], blocks[1].copies);
  if (space->symmetric_rest) out->covariance[b++][0] = whole.covariance[2][0];
  if (space->antisymmetric_rest) out->covariance[b++][0] = whole.covariance[3][0];
}

void wlaw_space_widen(matrix_gaussian *out, const matrix_gaussian *in) {
  const matrix_space *space = in->law->matrix->space;
  const restriction r = restrict_to(space, in->layout.rows);
  const matrix_block *blocks = out->layout.blocks;
  for (size_t a = 0; a < blocks[0].copies; a++)
    for (size_t i = 0; i < r.trivial; i++) out->mean[a] += r.of_trivial[i][a] * in->mean[i];
  size_t b = 0;
  if (space->trivial) put_back(out->covariance[0], r.of_trivial, r.trivial, in->covariance[b++], blocks[0].copies);
  put_back(out->covariance[1], r.of_standard, r.standard, in->covariance[b++], blocks[1].copies);
  if (space->symmetric_rest) out->covariance[2][0] = in->covariance[b++][0];
  if (space->antisymmetric_rest) out->covariance[3][0] = in->covariance[b++][0];
}

/* out += weight * row, [MOMENTS_MOST]. */
static void add_row(double *out, double weight, const double *row) {
  for (size_t q = 0; q < MOMENTS_MOST; q++) out[q] += weight * row[q];
}

/* The upper triangle of A V A' from that of V: rows of a jacobian. Returns the rows after those of V, and moves *out
 * behind its own. */
static const double *project_rows(double **out, const double A[][MATRIX_COPIES], size_t k, const double *V, size_t p) {
  for (size_t i = 0; i < k; i++)
    for (size_t j = i; j < k; j++, *out += MOMENTS_MOST)
      for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++) {
          const size_t low = a < b ? a : b, high = a < b ? b : a;
          add_row(*out, A[i][a] * A[j][b], V + (low * p - low * (low + 1) / 2 + high) * MOMENTS_MOST);
        }
  return V + p * (p + 1) / 2 * MOMENTS_MOST;
}

void wlaw_space_influence(double *jacobian, const matrix_gaussian *fit, const matrix_moments *statistics) {
  const matrix_space *space = fit->law->matrix->space;
  const restriction r = restrict_to(space, fit->layout.rows);
  const matrix_gaussian whole = whole_of(fit->layout.rows);
  const matrix_block *blocks = whole.layout.blocks;
  double of_whole[MATRIX_PARAMETERS * MOMENTS_MOST] = {0}, *out = jacobian;
  const double *from = of_whole;
  wlaw_law_permutation.matrix->influence(of_whole, &whole, statistics);
  for (size_t i = 0; i < r.trivial; i++, out += MOMENTS_MOST)
    for (size_t a = 0; a < blocks[0].copies; a++) add_row(out, r.of_trivial[i][a], from + a * MOMENTS_MOST);
  from = project_rows(&out, r.of_trivial, r.trivial, from + blocks[0].copies * MOMENTS_MOST, blocks[0].copies);
  if (blocks[1].dimension == 0) return;
  from = project_rows(&out, r.of_standard, r.standard, from, blocks[1].copies);
  const bool keeps[] = {space->symmetric_rest != NULL, space->antisymmetric_rest != NULL};
  for (size_t b = 0; b < 2; b++) {
    if (blocks[2 + b].dimension == 0) continue;
    if (keeps[b]) {
      add_row(out, 1.0, from);
      out += MOMENTS_MOST;
    }
    from += MOMENTS_MOST;
  }
}

/* The text always has the numbers of large matrices; smaller sizes use the leading ones of a list. */
void wlaw_space_values(matrix_gaussian *out, const wlaw_law *law) {
  const matrix_space *space = law->ops->matrix->space;
  const restriction r = restrict_to(space, out->layout.rows);
  const size_t trivial = most_trivial(space), standard = most_standard(space);
  const double *value = law->values;
  size_t b = 0;
  for (size_t a = 0; a < r.trivial; a++) out->mean[a] = value[a];
  value += trivial;
  if (space->trivial) {
    for (size_t i = 0; i < r.trivial; i++)
      for (size_t j = 0; j < r.trivial; j++) out->covariance[b][i * r.trivial + j] = value[i * trivial + j];
    value += trivial * trivial;
    b++;
  }
  for (size_t i = 0; i < r.standard; i++)
    for (size_t j = 0; j < r.standard; j++) out->covariance[b][i * r.standard + j] = value[i * standard + j];
  value += standard * standard;
  for (b++; b < out->layout.n_blocks; b++) out->covariance[b][0] = *value++;
}

wlaw_status wlaw_space_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                            wlaw_error *err) {
  const matrix_space *space = law->ops->matrix->space;
  matrix_gaussian own, whole;
  WLAW_TRY(wlaw_matrix_gaussian(&own, law, rows, cols, err));
  WLAW_TRY(wlaw_matrix_embed(&whole, &own, &wlaw_law_permutation, err));
  WLAW_TRY(wlaw_permutation_draw(&whole, out, stream, err));
  /* What rounding left outside the space goes. */
  const double sign = space->parity == PARITY_ODD ? -1.0 : 1.0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < i && space->parity != PARITY_NONE; j++) {
      out[i * cols + j] = 0.5 * (out[i * cols + j] + sign * out[j * cols + i]);
      out[j * cols + i] = sign * out[i * cols + j];
    }
    if (space->zero_diagonal || space->parity == PARITY_ODD) out[i * cols + i] = 0.0;
  }
  return WLAW_OK;
}
