/* Draws from the laws of symmetric, antisymmetric and zero-diagonal matrices by Monte Carlo, and what a fit of draws
 * says of its own error. Fixed seeds: deterministic. */
#include "law/spaces.h"
#include "study/fit.h"

enum { Z_LIMIT = 4 };

static const char *const texts[RELATIVES] = {
    "symmetric(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.3,2],V2=0.6)",
    "symmetric-zero-diagonal(mean=0.5,a0=2,aH=0.4,a2=1.3)",
    "zero-diagonal(mean=-0.5,V0=2,H=[1,-0.4,-0.4,0.8],V2=0.6,V3=1.7)",
    "antisymmetric(VH=0.7,V3=1.9)",
};

static void drawn(double *out, size_t law, size_t n, size_t D, uint64_t seed, matrix_gaussian *truth) {
  wlaw_law *parsed = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&parsed, texts[law], err));
  check_ok(wlaw_law_draw(parsed, out, n, D, D, seed, 0, err));
  check_ok(wlaw_matrix_gaussian(truth, parsed, D, D, err));
  wlaw_law_free(parsed);
  wlaw_error_free(err);
}

/* To the last bit, so that whoever reads them finds the space. */
static void draws_lie_in_their_space(void **state) {
  (void)state;
  double matrices[3 * 49], nearest[49];
  matrix_gaussian truth;
  for (size_t law = 0; law < RELATIVES; law++)
    for (size_t D = 1; D <= 7; D++) {
      if (!exists(relatives[law], D)) continue;
      drawn(matrices, law, 3, D, 4, &truth);
      for (size_t k = 0; k < 3; k++) {
        memcpy(nearest, matrices + k * D * D, D * D * sizeof *nearest);
        into_space(nearest, relatives[law], D);
        for (size_t e = 0; e < D * D; e++) assert_true(nearest[e] == matrices[k * D * D + e]);
      }
      const matrix_moments moments = measured(NULL, matrices, 3, D, D);
      if (D > 2) assert_ptr_equal(wlaw_space_find(&moments), relatives[law]);
    }
}

/* Every covariance of two entries within its own error: for normal entries the variance of a mean of products about
 * known means is (C_ee C_gg + C_eg^2) / N. About 500 comparisons: limit 5. */
static void entries_covary_as_the_law_says(void **state) {
  (void)state;
  enum { NETWORKS = 20000, D = 4, SIZE = D * D };
  static double matrices[NETWORKS * SIZE], C[SIZE * SIZE];
  static space_forms f;
  for (size_t law = 0; law < RELATIVES; law++) {
    double packed[MATRIX_PARAMETERS], mean[SIZE] = {0}, sums[SIZE][SIZE] = {{0}};
    matrix_gaussian truth;
    drawn(matrices, law, NETWORKS, D, 6, &truth);
    make_forms(&f, relatives[law], D);
    wlaw_matrix_pack(packed, &truth);
    form_covariance(C, &f, packed);
    for (size_t a = 0; a < f.means; a++)
      for (size_t e = 0; e < SIZE; e++) mean[e] += packed[a] * f.trivially[a][e];
    for (size_t k = 0; k < NETWORKS; k++)
      for (size_t e = 0; e < SIZE; e++)
        for (size_t g = 0; g <= e; g++)
          sums[e][g] += (matrices[k * SIZE + e] - mean[e]) * (matrices[k * SIZE + g] - mean[g]) / NETWORKS;
    for (size_t e = 0; e < SIZE; e++)
      for (size_t g = 0; g <= e; g++) {
        const double *c = &C[e * SIZE];
        const double error = sqrt((c[e] * C[g * SIZE + g] + c[g] * c[g]) / NETWORKS);
        check_near(sums[e][g], c[g], 5 * error);
      }
  }
}

/* Directions a parameter's estimate averages over, and its standard deviation under the true law. */
typedef struct promise {
  double freedom, sd;
  bool total; /* of block 0 with a mean: the estimate is (N-1)/N of the truth on average, and varies less */
} promise;

static size_t promises(promise *out, const matrix_gaussian *truth, size_t networks) {
  const matrix_layout *layout = &truth->layout;
  size_t n = 0;
  for (size_t a = 0; a < layout->means; a++)
    out[n++] = (promise){(double)networks,
                         sqrt(truth->covariance[0][a * layout->blocks[0].copies + a] / (double)networks), false};
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const size_t p = layout->blocks[b].copies;
    const double *V = truth->covariance[b], freedom = (double)networks * (double)layout->blocks[b].dimension;
    for (size_t i = 0; i < p && freedom > 0; i++)
      for (size_t j = i; j < p; j++)
        out[n++] = (promise){freedom, sqrt((V[i * p + i] * V[j * p + j] + V[i * p + j] * V[i * p + j]) / freedom),
                             b == 0 && layout->means > 0};
  }
  return n;
}

#if defined(__SANITIZE_ADDRESS__)
enum { REPLICATES = 60 };
#else
enum { REPLICATES = 400 };
#endif

/* Over many seeds estimates scatter about the truth as their standard deviation says, and where there are enough rows
 * of data for the error to be known, intervals of 1.96 standard errors hold the truth 95 times in 100. */
static void check_coverage(size_t law, size_t networks, size_t D) {
  enum { ENOUGH = 100 };
  static double matrices[25600];
  double mean[MATRIX_PARAMETERS] = {0}, square[MATRIX_PARAMETERS] = {0}, covered[MATRIX_PARAMETERS] = {0};
  promise promised[MATRIX_PARAMETERS];
  matrix_gaussian truth;
  double want[MATRIX_PARAMETERS], got[MATRIX_PARAMETERS];
  size_t n = 0;
  assert_true(networks * D * D <= sizeof matrices / sizeof *matrices);
  for (uint64_t r = 0; r < REPLICATES; r++) {
    drawn(matrices, law, networks, D, 1000 + r, &truth);
    const matrix_fit fit = fitted(relatives[law], matrices, networks, D, D);
    n = promises(promised, &truth, networks);
    assert_int_equal(n, fit.parameters);
    wlaw_matrix_pack(want, &truth);
    wlaw_matrix_pack(got, &fit.gaussian);
    for (size_t k = 0; k < n; k++) {
      const double z = (got[k] - want[k]) / promised[k].sd;
      mean[k] += z / REPLICATES;
      square[k] += z * z / REPLICATES;
      covered[k] += fabs(got[k] - want[k]) <= 1.96 * fit.error[k] ? 1.0 / REPLICATES : 0.0;
    }
  }
  for (size_t k = 0; k < n; k++) {
    const promise *p = &promised[k];
    const double left = p->total ? ((double)networks - 1) / (double)networks : 1; /* of 1 */
    const double bias = want[k] * (left - 1) / p->sd, variance = square[k] - mean[k] * mean[k];
    check_near(mean[k], bias, Z_LIMIT * sqrt(1.0 / REPLICATES));
    /* a quadratic form of f normal numbers has kurtosis at most 3 + 12 / f: the variance of a variance */
    check_near(variance, left, Z_LIMIT * sqrt((2 + 12 / p->freedom) / REPLICATES));
    if (p->freedom < ENOUGH) continue;
    /* an interval from an estimated error misses by about 1/f more */
    check_near(covered[k], 0.95, Z_LIMIT * sqrt(0.05 * 0.95 / REPLICATES) + 1 / p->freedom);
  }
}

static void fits_of_draws_cover(void **state) {
  (void)state;
  static const size_t cells[][2] = {{1, 64},  {1, 7},    {2, 5},    {5, 32},  {20, 3},
                                    {100, 2}, {100, 16}, {1000, 1}, {1000, 4}};
  for (size_t law = 0; law < RELATIVES; law++)
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
      if (exists(relatives[law], cells[c][1])) check_coverage(law, cells[c][0], cells[c][1]);
}

static void laws_are_refused_where_they_are_nothing(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } wrong[] = {
      {"symmetric(V0=[1,2,0,1])", "V0 is not symmetric"},
      {"symmetric(VH=[1,2,2,1])", "VH is not a covariance"},
      {"symmetric(mean=[1])", "mean needs 2 numbers"},
      {"zero-diagonal(H=[1,2,2,1])", "zero-diagonal: H is not a covariance"},
      {"antisymmetric(VH=-1)", "VH"},
      {"antisymmetric(mean=0)", "mean"},
  };
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  double out[12];
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    assert_int_not_equal(wlaw_law_parse(&law, wrong[k].text, err), WLAW_OK);
    if (!strstr(wlaw_error_message(err), wrong[k].why)) fail_msg("%s: %s", wrong[k].text, wlaw_error_message(err));
    wlaw_error_clear(err);
  }
  for (size_t k = 0; k < RELATIVES; k++) {
    check_ok(wlaw_law_parse(&law, texts[k], err));
    check_status(wlaw_law_draw(law, out, 1, 3, 4, 1, 0, err), WLAW_SHAPE);
    wlaw_error_clear(err);
    check_status(wlaw_law_draw(law, out, 1, 1, 1, 1, 0, err), k == 0 ? WLAW_OK : WLAW_SHAPE);
    wlaw_error_clear(err);
    wlaw_law_free(law);
  }
  check_ok(wlaw_law_parse(&law, "symmetric(V2=1)", err));
  check_status(wlaw_law_draw(law, out, 1, 3, 3, 1, 0, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "V0"));
  wlaw_law_free(law);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_lie_in_their_space),
      cmocka_unit_test(entries_covary_as_the_law_says),
      cmocka_unit_test(fits_of_draws_cover),
      cmocka_unit_test(laws_are_refused_where_they_are_nothing),
  };
  return cmocka_run_group_tests_name("law.space_draw", tests, NULL, NULL);
}
