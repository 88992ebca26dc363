/* Draws from the laws of symmetric, antisymmetric and zero-diagonal matrices by Monte Carlo. Fixed seeds:
 * deterministic. What a fit of draws says of its own error is in test_coverage.c. */
#include "law/spaces.h"
#include "study/fit.h"

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

/* Variance components of 1000 fits to 60 draws spread as their standard errors say. A standard deviation of 1000
 * numbers near normal is known to 1/sqrt(2000) = 2.2 %, and what is left of order 1/60 is below 2 %: limit 11 %. */
static void components_spread_as_their_errors_say(void **state) {
  (void)state;
  enum { FITS = 1000, NETWORKS = 60, D = 5, MOST = 6 };
  static const char *const laws[] = {"zero-diagonal(mean=1,V0=9,H=[4,1.2,1.2,3],V2=0.6,V3=1.7)",
                                     "bipartite(s0=6,rows=3,columns=2,entries=0.5)"};
  static double matrices[NETWORKS * D * D];
  wlaw_error *err = wlaw_error_new();
  for (size_t l = 0; l < 2; l++) {
    double sum[MOST] = {0}, square[MOST] = {0}, error[MOST] = {0};
    wlaw_law *law = NULL;
    check_ok(wlaw_law_parse(&law, laws[l], err));
    for (uint64_t r = 0; r < FITS; r++) {
      matrix_fit fit;
      check_ok(wlaw_law_draw(law, matrices, NETWORKS, D, D, 8, r * NETWORKS, err));
      const matrix_moments moments = measured(NULL, matrices, NETWORKS, D, D);
      check_ok(wlaw_matrix_fit(&fit, l == 0 ? &wlaw_law_zero_diagonal : &wlaw_law_bipartite, &moments, err));
      bool failed = false;
      json_t *document = json_object(), *value;
      const char *name;
      size_t c = 0;
      wlaw_components_put(&failed, document, &fit);
      assert_false(failed);
      json_object_foreach(json_object_get(document, "components"), name, value) {
        double got, of;
        assert_true(wlaw_json_number(value, &got));
        assert_true(
            wlaw_json_number(json_object_get(json_object_get(document, "component_standard_errors"), name), &of));
        sum[c] += got / FITS;
        square[c] += got * got / FITS;
        error[c++] += of * of / FITS;
      }
      assert_int_equal(c, l == 0 ? 6 : 4);
      json_decref(document);
    }
    for (size_t c = 0; c < (l == 0 ? 6 : 4); c++) check_near(sqrt((square[c] - sum[c] * sum[c]) / error[c]), 1, 0.11);
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_lie_in_their_space),
      cmocka_unit_test(entries_covary_as_the_law_says),
      cmocka_unit_test(components_spread_as_their_errors_say),
      cmocka_unit_test(laws_are_refused_where_they_are_nothing),
  };
  return cmocka_run_group_tests_name("law.space_draw", tests, NULL, NULL);
}
