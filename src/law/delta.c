#include "law/delta.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

const unsigned char wlaw_delta_diagrams[DELTA_COVARIANCES][4] = {
    {0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, 1, 1}, {0, 0, 1, 2}, {0, 1, 0, 0}, {0, 1, 0, 1}, {0, 1, 0, 2},
    {0, 1, 1, 0}, {0, 1, 1, 1}, {0, 1, 1, 2}, {0, 1, 2, 0}, {0, 1, 2, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}};

/* Sums over m of products of F_am = delta_am - 1/D, written out: where a size has fewer indices than a pattern asks
 * for, this continues the polynomial, and sums over the indices there are come out the same. */
static double centred2(double D, int a, int b) { return (a == b) - 1.0 / D; }

static double centred3(double D, int a, int b, int c) {
  return (a == b && b == c) - ((a == b) + (b == c) + (a == c)) / D + 2.0 / (D * D);
}

static double centred4(double D, int a, int b, int c, int d) {
  const int triples = (a == b && b == c) + (a == b && b == d) + (a == c && c == d) + (b == c && c == d);
  const int pairs = (a == b) + (a == c) + (a == d) + (b == c) + (b == d) + (c == d);
  return (a == b && b == c && c == d) - triples / D + pairs / (D * D) - 3.0 / (D * D * D);
}

/* Cov(M_ij, M_kl): each block's projector, on the indices. Blocks a small size does not have add nothing. */
static double covariance_at(const matrix_gaussian *law, int i, int j, int k, int l) {
  const matrix_block *blocks = law->layout.blocks;
  const double D = (double)law->layout.rows, *V0 = law->covariance[0], *VH = law->covariance[1];
  double sum = V0[0] / (D * D);
  if (blocks[1].dimension == 0) return sum;
  const double ij = centred2(D, i, j), kl = centred2(D, k, l), ik = centred2(D, i, k), jl = centred2(D, j, l),
               il = centred2(D, i, l), jk = centred2(D, j, k), q = sqrt(D - 1.0);
  const size_t p = blocks[1].copies;
  sum += V0[3] * ij * kl / (D - 1.0) + V0[1] * (ij + kl) / (D * q);
  sum += (VH[0] * jl + VH[p + 1] * ik + VH[1] * (jk + il)) / D;
  if (p < 3) return sum;
  const double diagonal = D / (D - 2.0) * (centred4(D, i, j, k, l) - ij * kl / D);
  sum += VH[8] * diagonal;
  sum += VH[2] * (centred3(D, j, k, l) + centred3(D, i, j, l)) / sqrt(D - 2.0);
  sum += VH[5] * (centred3(D, i, k, l) + centred3(D, i, j, k)) / sqrt(D - 2.0);
  if (blocks[2].dimension > 0)
    sum += law->covariance[2][0] * ((ik * jl + il * jk) / 2.0 - diagonal - ij * kl / (D - 1.0));
  if (blocks[3].dimension > 0) sum += law->covariance[3][0] * (ik * jl - il * jk) / 2.0;
  return sum;
}

/* Whether every equality of a holds in b. */
static bool refines(const unsigned char *a, const unsigned char *b) {
  for (size_t x = 0; x < 4; x++)
    for (size_t y = 0; y < x; y++)
      if (a[x] == a[y] && b[x] != b[y]) return false;
  return true;
}

static int blocks_of(const unsigned char *a) {
  int most = 0;
  for (size_t x = 0; x < 4; x++) most = a[x] > most ? a[x] : most;
  return most + 1;
}

/* The value at a pattern of equal indices is the sum of the coefficients of all finer diagrams: Moebius inversion over
 * the lattice of set partitions, finest first. */
static void expand(double *out, const matrix_gaussian *law) {
  for (int blocks = 4; blocks >= 1; blocks--)
    for (size_t a = 0; a < DELTA_COVARIANCES; a++) {
      const unsigned char *x = wlaw_delta_diagrams[a];
      if (blocks_of(x) != blocks) continue;
      out[a] = covariance_at(law, x[0], x[1], x[2], x[3]);
      for (size_t b = 0; b < DELTA_COVARIANCES; b++)
        if (b != a && refines(wlaw_delta_diagrams[b], x)) out[a] -= out[b];
    }
}

static void expand_bipartite(delta_law *out, const matrix_gaussian *law) {
  const double m = out->sizes[0], n = out->sizes[1], s0 = law->covariance[0][0], rows = law->covariance[1][0],
               columns = law->covariance[2][0], entries = law->covariance[3][0];
  out->mean[0] = law->mean[0] / sqrt(m * n);
  out->covariance[DELTA_ONE] = ((s0 - rows) + (entries - columns)) / (m * n);
  out->covariance[DELTA_ROWS] = (rows - entries) / n;
  out->covariance[DELTA_COLUMNS] = (columns - entries) / m;
  out->covariance[DELTA_BOTH] = entries;
}

wlaw_status wlaw_delta_law(delta_law *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err) {
  matrix_gaussian wide;
  const size_t rows = law->layout.rows, cols = law->layout.cols;
  *out = (delta_law){.bipartite = bipartite, .sizes = {(double)rows, (double)cols}};
  if (!bipartite && rows != cols)
    return wlaw_fail(err, WLAW_SHAPE, "a %zux%zu matrix has no graphs over one index set: its rows and columns are two",
                     rows, cols);
  /* These have four diagrams in a square matrix too, and rounding must not add others. */
  if (bipartite || law->law == &wlaw_law_iid || law->law == &wlaw_law_bipartite) {
    WLAW_TRY(wlaw_matrix_embed(&wide, law, &wlaw_law_bipartite, err));
    expand_bipartite(out, &wide);
    return WLAW_OK;
  }
  WLAW_TRY(wlaw_matrix_embed(&wide, law, &wlaw_law_permutation, err));
  const double D = (double)rows;
  out->mean[1] = rows > 1 ? wide.mean[1] / sqrt(D - 1.0) : 0.0;
  out->mean[0] = (wide.mean[0] - out->mean[1]) / D;
  expand(out->covariance, &wide);
  return WLAW_OK;
}
