#include "measure/moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/moments_kernels.h"

static bool is_square(size_t rows, size_t cols) { return rows == cols && rows >= 2; }

void wlaw_moments_pivot(double pivot[2], const double *matrix, size_t rows, size_t cols) {
  double all = 0.0, diagonal = 0.0;
  for (size_t e = 0; e < rows * cols; e++) all += matrix[e];
  pivot[0] = all / (double)(rows * cols);
  pivot[1] = 0.0;
  if (is_square(rows, cols)) {
    const double D = (double)rows;
    for (size_t i = 0; i < rows; i++) diagonal += matrix[i * cols + i];
    pivot[0] = (all - diagonal) / (D * (D - 1.0));
    pivot[1] = diagonal / D - pivot[0];
  }
  if (!isfinite(pivot[0]) || !isfinite(pivot[1])) pivot[0] = pivot[1] = 0.0;
}

void wlaw_moments_start(matrix_moments *state, size_t rows, size_t cols, const double pivot[2]) {
  memset(state, 0, sizeof *state);
  memcpy(state->name, MOMENTS_NAME, sizeof MOMENTS_NAME);
  state->rows = rows;
  state->cols = cols;
  state->length = is_square(rows, cols) ? MOMENTS_SQUARE : MOMENTS_RECTANGLE;
  if (!pivot) return;
  state->pivot[0] = pivot[0];
  if (state->length == MOMENTS_SQUARE) state->pivot[1] = pivot[1];
}

static const moments_kernels *kernels_of(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_moments_kernels_v4;
  if (level == CPU_V3) return &wlaw_moments_kernels_v3;
#endif
  (void)level;
  return &wlaw_moments_kernels_baseline;
}

/* Doubles the kernels work in; false when the number does not fit. */
static bool scratch_doubles(size_t *out, size_t rows, size_t cols) {
  size_t entries, sides;
  if (__builtin_mul_overflow(rows, cols, &entries) || __builtin_add_overflow(rows, cols, &sides)) return false;
  if (entries > MOMENTS_SMALL) entries = 0;
  /* square, small: M, r, c, d in lanes; large: r, c, d in lanes and alone; rectangles need less */
  const size_t parts[] = {entries, sides, sides, sides, MOMENTS_TILE, MOMENTS_TILE};
  size_t all = 0;
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
    if (__builtin_add_overflow(all, parts[k], &all)) return false;
  return !__builtin_mul_overflow(all, (size_t)MOMENTS_LANES, out);
}

wlaw_status wlaw_moments_measure(double *q, const matrix_moments *state, const double *matrices, size_t n,
                                 cpu_level level, wlaw_error *err) {
  const size_t rows = state->rows, cols = state->cols, entries = rows * cols, length = state->length;
  const moments_kernels *kernels = kernels_of(level);
  size_t doubles;
  double *scratch = scratch_doubles(&doubles, rows, cols) ? wlaw_array(doubles, sizeof *scratch) : NULL;
  if (!scratch) return wlaw_fail_memory(err, rows + cols, sizeof *scratch);
  const bool square = length == MOMENTS_SQUARE;
  if (entries <= MOMENTS_SMALL) {
    if (square) kernels->square_small(q, matrices, n, rows, state->pivot, scratch);
    else kernels->rectangle_small(q, matrices, n, rows, cols, state->pivot, scratch);
  } else {
    for (size_t k = 0; k < n; k++)
      if (square) kernels->square_large(q + k * length, matrices + k * entries, rows, state->pivot, scratch);
      else kernels->rectangle_large(q + k * length, matrices + k * entries, rows, cols, state->pivot, scratch);
  }
  free(scratch);
  return WLAW_OK;
}

/* into += a group of the same pivot: count, mean, comoments [., stride] (Chan et al. 1983, eq. 2.1). */
static void merge_group(matrix_moments *into, double count, const double *mean, const double *comoment, size_t stride) {
  const size_t K = into->length;
  const double have = (double)into->count, total = have + count;
  double delta[MOMENTS_MOST];
  if (count <= 0.0) return;
  for (size_t a = 0; a < K; a++) delta[a] = mean[a] - into->mean[a];
  for (size_t a = 0; a < K; a++)
    for (size_t b = 0; b < K; b++)
      into->comoment[a][b] += comoment[a * stride + b] + delta[a] * delta[b] * (have * count / total);
  for (size_t a = 0; a < K; a++) into->mean[a] += delta[a] * (count / total);
  into->count += (uint64_t)count;
}

void wlaw_moments_add(matrix_moments *state, const double *q, size_t n) {
  double mean[MOMENTS_MOST], comoment[MOMENTS_MOST * MOMENTS_MOST];
  if (n == 0) return;
  kernels_of(wlaw_cpu_level())->spread(mean, comoment, q, n, state->length);
  merge_group(state, (double)n, mean, comoment, state->length);
}

void wlaw_moments_merge(matrix_moments *into, const matrix_moments *from) {
  matrix_moments moved = *from;
  if (into->pivot[0] != from->pivot[0] || into->pivot[1] != from->pivot[1]) wlaw_moments_move(&moved, into->pivot);
  merge_group(into, (double)moved.count, moved.mean, moved.comoment[0], MOMENTS_MOST);
}

void wlaw_moments_remove(matrix_moments *state, const double *q) {
  const size_t K = state->length;
  const double n = (double)state->count;
  double delta[MOMENTS_MOST];
  if (state->count <= 1) {
    memset(state->mean, 0, sizeof state->mean);
    memset(state->comoment, 0, sizeof state->comoment);
    state->count = 0;
    return;
  }
  for (size_t a = 0; a < K; a++) delta[a] = q[a] - state->mean[a];
  for (size_t a = 0; a < K; a++)
    for (size_t b = 0; b < K; b++) state->comoment[a][b] -= delta[a] * delta[b] * (n / (n - 1.0));
  for (size_t a = 0; a < K; a++) state->mean[a] -= delta[a] / (n - 1.0);
  state->count--;
}

/* out = the state of map q + shift, map: [length_out, length_in]. */
static void map_state(matrix_moments *state, size_t length, const double map[MOMENTS_MOST][MOMENTS_MOST],
                      const double *shift) {
  const size_t K = state->length;
  double mean[MOMENTS_MOST] = {0}, half[MOMENTS_MOST][MOMENTS_MOST] = {{0}};
  for (size_t a = 0; a < length; a++) {
    mean[a] = shift[a];
    for (size_t b = 0; b < K; b++) {
      mean[a] += map[a][b] * state->mean[b];
      for (size_t c = 0; c < K; c++) half[a][c] += map[a][b] * state->comoment[b][c];
    }
  }
  memcpy(state->mean, mean, sizeof mean);
  memset(state->comoment, 0, sizeof state->comoment);
  for (size_t a = 0; a < length; a++)
    for (size_t b = 0; b < length; b++)
      for (size_t c = 0; c < K; c++) state->comoment[a][b] += half[a][c] * map[b][c];
  state->length = length;
}

void wlaw_moments_offset(double out[2], const matrix_moments *state) {
  const double m = (double)state->rows, n = (double)state->cols;
  out[0] = state->pivot[0] * sqrt(m * n);
  out[1] = 0.0;
  if (state->length != MOMENTS_SQUARE) return;
  out[0] += state->pivot[1];
  out[1] = state->pivot[1] * sqrt(m - 1.0);
}

void wlaw_moments_move(matrix_moments *state, const double pivot[2]) {
  double before[2], after[2], map[MOMENTS_MOST][MOMENTS_MOST] = {{0}}, shift[MOMENTS_MOST] = {0};
  wlaw_moments_offset(before, state);
  const double old[2] = {state->pivot[0], state->pivot[1]};
  state->pivot[0] = pivot[0];
  state->pivot[1] = state->length == MOMENTS_SQUARE ? pivot[1] : 0.0;
  wlaw_moments_offset(after, state);
  const double m = (double)state->rows, n = (double)state->cols;
  /* From the difference of the pivots, not of the offsets: two large close pivots lose no digits. */
  const double by[2] = {(old[0] - state->pivot[0]) * sqrt(m * n) + (old[1] - state->pivot[1]),
                        (old[1] - state->pivot[1]) * sqrt(m > 1.0 ? m - 1.0 : 0.0)};
  for (size_t a = 0; a < state->length; a++) map[a][a] = 1.0;
  if (state->length == MOMENTS_SQUARE) {
    shift[Q_S1] = by[0];
    shift[Q_S2] = by[1];
    shift[Q_S1S1] = by[0] * by[0];
    shift[Q_S1S2] = by[0] * by[1];
    shift[Q_S2S2] = by[1] * by[1];
    map[Q_S1S1][Q_S1] = 2.0 * by[0];
    map[Q_S1S2][Q_S1] = by[1];
    map[Q_S1S2][Q_S2] = by[0];
    map[Q_S2S2][Q_S2] = 2.0 * by[1];
  } else {
    shift[Q_S] = by[0];
    shift[Q_SS] = by[0] * by[0];
    map[Q_SS][Q_S] = 2.0 * by[0];
  }
  map_state(state, state->length, (const double(*)[MOMENTS_MOST])map, shift);
}

/* S = S1, S^2 = S1^2, rows = v2.v2, columns = v1.v1, rest = (S2 + offset)^2 + v3.v3 + |P2|^2 + |P3|^2. */
static void rectangular_map(double map[MOMENTS_MOST][MOMENTS_MOST], double shift[MOMENTS_MOST],
                            const matrix_moments *state) {
  double offset[2];
  wlaw_moments_offset(offset, state);
  memset(map, 0, sizeof(double[MOMENTS_MOST][MOMENTS_MOST]));
  memset(shift, 0, sizeof(double[MOMENTS_MOST]));
  map[Q_S][Q_S1] = 1.0;
  map[Q_SS][Q_S1S1] = 1.0;
  /* The pivot on the diagonal stays in the rest, that on all entries in S: move S by the diagonal's share. */
  map[Q_SS][Q_S1] = 2.0 * state->pivot[1];
  shift[Q_S] = state->pivot[1];
  shift[Q_SS] = state->pivot[1] * state->pivot[1];
  map[Q_ROWS][Q_V22] = 1.0;
  map[Q_COLUMNS][Q_V11] = 1.0;
  map[Q_REST][Q_S2S2] = map[Q_REST][Q_V33] = map[Q_REST][Q_P2] = map[Q_REST][Q_P3] = 1.0;
  map[Q_REST][Q_S2] = 2.0 * offset[1];
  shift[Q_REST] = offset[1] * offset[1];
}

void wlaw_moments_rectangular(matrix_moments *out, const matrix_moments *state) {
  double map[MOMENTS_MOST][MOMENTS_MOST], shift[MOMENTS_MOST];
  if (out != state) *out = *state;
  if (state->length != MOMENTS_SQUARE) return;
  rectangular_map(map, shift, state);
  map_state(out, MOMENTS_RECTANGLE, (const double(*)[MOMENTS_MOST])map, shift);
  out->pivot[1] = 0.0;
}

void wlaw_moments_rectangular_row(double out[MOMENTS_RECTANGLE], const matrix_moments *state, const double *q) {
  double map[MOMENTS_MOST][MOMENTS_MOST], shift[MOMENTS_MOST];
  if (state->length != MOMENTS_SQUARE) {
    memcpy(out, q, MOMENTS_RECTANGLE * sizeof *out);
    return;
  }
  rectangular_map(map, shift, state);
  for (size_t a = 0; a < MOMENTS_RECTANGLE; a++) {
    out[a] = shift[a];
    for (size_t b = 0; b < MOMENTS_SQUARE; b++) out[a] += map[a][b] * q[b];
  }
}

bool wlaw_moments_invariants(double out[MOMENTS_SQUARE], const matrix_moments *state) {
  if (state->length != MOMENTS_SQUARE) return false;
  matrix_moments about_zero = *state;
  wlaw_moments_move(&about_zero, (const double[2]){0.0, 0.0});
  const double *q = about_zero.mean, D = (double)state->rows, h = sqrt(D - 1.0), g = sqrt(D - 2.0);
  const double ts = D * (q[Q_S1S1] + h * q[Q_S1S2]);
  const double t2 = q[Q_S1S1] + 2.0 * h * q[Q_S1S2] + (D - 1.0) * q[Q_S2S2];
  out[0] = q[Q_S1] + h * q[Q_S2];
  out[1] = D * q[Q_S1];
  const double symmetric = q[Q_S1S1] + q[Q_S2S2] + q[Q_V33] + q[Q_P2];
  out[2] = symmetric + q[Q_V11] + q[Q_V22] + q[Q_P3];
  out[3] = symmetric + 2.0 * q[Q_V12] - q[Q_P3];
  out[4] = g * q[Q_V23] + q[Q_V12] + q[Q_V22] + ts / D;
  out[5] = g * q[Q_V13] + q[Q_V11] + q[Q_V12] + ts / D;
  out[6] = D * (q[Q_V22] + q[Q_S1S1]);
  out[7] = D * (q[Q_V11] + q[Q_S1S1]);
  out[8] = D * (q[Q_V12] + q[Q_S1S1]);
  out[9] = D * D * q[Q_S1S1];
  out[10] = ((D - 2.0) * q[Q_V33] + 2.0 * g * (q[Q_V13] + q[Q_V23]) + q[Q_V11] + 2.0 * q[Q_V12] + q[Q_V22] + t2) / D;
  out[11] = t2;
  out[12] = ts;
  return true;
}

wlaw_status wlaw_moments_load(matrix_moments *out, const void *bytes, size_t n, wlaw_error *err) {
  if (n != sizeof *out) return wlaw_fail(err, WLAW_FORMAT, "saved moments have %zu bytes, not %zu", n, sizeof *out);
  matrix_moments loaded;
  memcpy(&loaded, bytes, sizeof loaded);
  if (memcmp(loaded.name, MOMENTS_NAME, sizeof MOMENTS_NAME) != 0)
    return wlaw_fail(err, WLAW_FORMAT, "these bytes are not saved moments of the kind " MOMENTS_NAME);
  const size_t length = is_square(loaded.rows, loaded.cols) ? MOMENTS_SQUARE : MOMENTS_RECTANGLE;
  if (loaded.rows == 0 || loaded.cols == 0 || (loaded.length != length && loaded.length != MOMENTS_RECTANGLE))
    return wlaw_fail(err, WLAW_FORMAT, "saved moments name a shape that cannot be");
  *out = loaded;
  return WLAW_OK;
}
