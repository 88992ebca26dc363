/* Whether an ensemble lies in a space of matrices, from its sufficient statistics. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "law/space.h"

/* A sum of n products in single precision is off by about sqrt(n) 2^-24 of the largest entry (6e-6 at n = 10^4), and
 * nothing smaller than that can be asked of matrices made so. The rounding of the statistics, squares in double
 * precision, is far below. */
static const double TOLERANCE = 1e-5;

/* Sizes of entries, root mean squares over entries and networks. */
typedef struct entry_sizes {
  double diagonal, others;
  double difference, sum; /* of M_ij - M_ji (i != j), and of M_ij + M_ji (all i, j) */
} entry_sizes;

static double root(double value) { return sqrt(fmax(value, 0.0)); }

/* false where the statistics do not know of a diagonal (1 x 1). */
static bool measure_sizes(entry_sizes *out, const matrix_moments *moments) {
  double I[MOMENTS_SQUARE];
  if (!wlaw_moments_invariants(I, moments)) return false;
  const double n = (double)moments->rows, all = I[2], mirrored = I[3], diagonal = I[10];
  out->diagonal = root(diagonal / n);
  out->others = root((all - diagonal) / (n * (n - 1.0)));
  out->difference = root(2.0 * (all - mirrored) / (n * (n - 1.0)));
  out->sum = root(2.0 * (all + mirrored) / (n * n));
  return true;
}

static wlaw_status refuse(wlaw_error *err, const law_ops *law, const char *what, double departure, double of) {
  wlaw_fail(err, WLAW_VALUE,
            "the law %s does not hold these matrices: %s should be zero, and its root mean square is %.3g %% of an "
            "entry's",
            law->name, what, 100.0 * departure / of);
  return wlaw_error_add_hint(err, WLAW_VALUE, "use --law auto");
}

wlaw_status wlaw_space_check(const law_ops *law, const matrix_moments *moments, wlaw_error *err) {
  const matrix_space *space = law->matrix->space;
  entry_sizes sizes;
  if (!space || !measure_sizes(&sizes, moments)) return WLAW_OK;
  const double largest = fmax(sizes.diagonal, sizes.others);
  if (space->parity == PARITY_EVEN && !(sizes.difference <= TOLERANCE * largest))
    return refuse(err, law, "M_ij - M_ji", sizes.difference, largest);
  if (space->parity == PARITY_ODD && !(sizes.sum <= TOLERANCE * largest))
    return refuse(err, law, "M_ij + M_ji", sizes.sum, largest);
  if (space->zero_diagonal && !(sizes.diagonal <= TOLERANCE * sizes.others))
    return refuse(err, law, "M_ii", sizes.diagonal, largest);
  return WLAW_OK;
}

/* Weights that are all alike have every symmetry, and that says nothing of their law: the total variance about the mean
 * under permutations, against the size of an entry. */
static bool vary(const matrix_moments *moments, double entry) {
  static const size_t squares[] = {Q_V11, Q_V22, Q_V33, Q_P2, Q_P3};
  double sum = (moments->comoment[Q_S1][Q_S1] + moments->comoment[Q_S2][Q_S2]) / (double)moments->count;
  for (size_t k = 0; k < sizeof squares / sizeof *squares; k++) sum += moments->mean[squares[k]];
  return root(sum) / (double)moments->rows > TOLERANCE * entry;
}

const law_ops *wlaw_space_find(const matrix_moments *moments) {
  const law_ops *found = NULL;
  size_t fewest = SIZE_MAX;
  entry_sizes sizes;
  if (!measure_sizes(&sizes, moments) || !vary(moments, fmax(sizes.diagonal, sizes.others))) return NULL;
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const law_ops *law = wlaw_laws[i];
    matrix_layout layout;
    if (!law->matrix || !law->matrix->space || wlaw_space_check(law, moments, NULL) != WLAW_OK) continue;
    if (law->matrix->layout(&layout, moments->rows, moments->cols, NULL) != WLAW_OK) continue;
    size_t directions = 0;
    for (size_t b = 0; b < layout.n_blocks; b++) directions += layout.blocks[b].copies * layout.blocks[b].dimension;
    if (directions < fewest) {
      fewest = directions;
      found = law;
    }
  }
  return found;
}

bool wlaw_space_constant_diagonal(const matrix_moments *moments) {
  double I[MOMENTS_SQUARE];
  if (!wlaw_moments_invariants(I, moments)) return false;
  const double n = (double)moments->rows, mean = I[0] / n, square = I[10] / n, others = I[2] - I[10];
  return others > 0.0 && square > TOLERANCE * TOLERANCE * others / (n * (n - 1.0)) &&
         square - mean * mean <= TOLERANCE * TOLERANCE * square;
}

const char *wlaw_space_words(const matrix_space *space) {
  if (space->parity == PARITY_ODD) return "antisymmetric";
  if (space->parity == PARITY_NONE) return "zero on the diagonal";
  return space->zero_diagonal ? "symmetric with zero diagonal" : "symmetric";
}
