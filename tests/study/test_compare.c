/* The verb compare: distances by hand, pairing, floors, the jackknife against refits, inputs and errors. */
#include "study/study.h"
#include "support/moments.h"

#include "law/matrix.h"
#include "study/distance.h"

static void normals(double *out, size_t n, uint32_t major, double mean, double sd) {
  wlaw_stream stream = wlaw_stream_start(71, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, out, n);
  for (size_t i = 0; i < n; i++) out[i] = mean + sd * out[i];
}

/* iid under iid: W2^2 = mn ((mean - mean')^2 + (sd - sd')^2), KL by the one-dimensional formula times mn. */
static void iid_by_hand(void **state) {
  (void)state;
  enum { NETWORKS = 50, ROWS = 3, COLS = 4, ALL = NETWORKS * ROWS * COLS };
  double weights[ALL], mean = 0, variance = 0;
  normals(weights, ALL, 1, 0.5, 2);
  for (size_t e = 0; e < ALL; e++) mean += weights[e] / ALL;
  for (size_t e = 0; e < ALL; e++) variance += (weights[e] - mean) * (weights[e] - mean) / ALL;
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("iid.npy"));
  write_array(path, weights, NETWORKS, ROWS, COLS);
  const char *inputs[] = {path, "iid(mean=0.2,variance=3)"};
  static const char *const law[] = {"law", "iid", NULL};
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, law, err));
  const double d2 = pow(mean - 0.2, 2), want = 12 * (d2 + pow(sqrt(variance) - sqrt(3.0), 2));
  check_near(number_at(result, "wasserstein_squared"), want, 1e-12 * want);
  check_near(number_at(result, "wasserstein"), sqrt(want), 1e-12);
  check_near(number_at(result, "noise_floor_squared"), 1.5 * variance / NETWORKS, 1e-13);
  check_near(number_at(result, "debiased_squared"), want - 1.5 * variance / NETWORKS, 1e-12);
  check_near(number_at(result, "kl_ab"), 6 * (variance / 3 - 1 + log(3 / variance) + d2 / 3), 1e-12);
  check_near(number_at(result, "kl_ba"), 6 * (3 / variance - 1 + log(variance / 3) + d2 / variance), 1e-12);
  check_near(number_at(result, "blocks.mean") + number_at(result, "blocks.variance"), 1, 1e-15);
  assert_string_equal(text_at(result, "reference"), "exact");
  assert_true(json_is_false(json_object_get(result->document, "paired")));
  assert_true(json_is_null(json_object_get(result->document, "networks_b")));
  wlaw_result_free(result);
  /* the other way round: A and B keep their sides */
  const char *swapped[] = {inputs[1], inputs[0]};
  check_ok(call_verb(&result, &wlaw_command_compare, swapped, 2, law, err));
  check_near(number_at(result, "wasserstein_squared"), want, 1e-12 * want);
  check_near(number_at(result, "kl_ba"), 6 * (variance / 3 - 1 + log(3 / variance) + d2 / 3), 1e-12);
  check_near(number_at(result, "networks_b"), NETWORKS, 0);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* Jackknife from the accumulator against fits of the networks that are left, for each way of pairing and each law. */
static void jackknife_equals_refits(void **state) {
  (void)state;
  enum { NETWORKS = 12, D = 4, SIZE = D * D };
  static double a[NETWORKS * SIZE], b[NETWORKS * SIZE], left_a[NETWORKS * SIZE], left_b[NETWORKS * SIZE];
  double qa[NETWORKS * MOMENTS_MOST], qb[NETWORKS * MOMENTS_MOST], unused[NETWORKS * MOMENTS_MOST];
  normals(a, NETWORKS * SIZE, 2, 1, 1);
  normals(b, NETWORKS * SIZE, 3, 0, 0.5);
  for (size_t e = 0; e < NETWORKS * SIZE; e++) b[e] += a[e];
  const matrix_moments ma = measured(qa, a, NETWORKS, D, D), mb = measured(qb, b, NETWORKS, D, D);
  static const law_ops *const laws[] = {&wlaw_law_iid, &wlaw_law_bipartite, &wlaw_law_permutation};
  const distance_side sides[2] = {{&ma, qa, NULL, 0}, {&mb, qb, NULL, 0}};
  for (int l = 0; l < 3; l++)
    for (int paired = 0; paired < 2; paired++) {
      matrix_distance got;
      assert_int_equal(wlaw_study_distance(&got, laws[l], &sides[0], &sides[1], paired, NULL), WLAW_OK);
      double values[2][NETWORKS], mean[2] = {0}, variance = 0;
      for (int side = 0; side < (paired ? 1 : 2); side++) {
        for (size_t k = 0; k < NETWORKS; k++) {
          const bool from_a = paired || side == 0, from_b = paired || side == 1;
          size_t na = 0, nb = 0;
          for (size_t j = 0; j < NETWORKS; j++) {
            if (!(from_a && j == k)) memcpy(left_a + SIZE * na++, a + SIZE * j, SIZE * sizeof *a);
            if (!(from_b && j == k)) memcpy(left_b + SIZE * nb++, b + SIZE * j, SIZE * sizeof *b);
          }
          const matrix_moments la = measured(unused, left_a, na, D, D), lb = measured(unused, left_b, nb, D, D);
          matrix_fit fa, fb;
          assert_int_equal(wlaw_matrix_fit(&fa, laws[l], &la, NULL), WLAW_OK);
          assert_int_equal(wlaw_matrix_fit(&fb, laws[l], &lb, NULL), WLAW_OK);
          values[side][k] = wlaw_matrix_wasserstein_squared(NULL, &fa.gaussian, &fb.gaussian);
          mean[side] += values[side][k] / NETWORKS;
        }
        for (size_t k = 0; k < NETWORKS; k++)
          variance += pow(values[side][k] - mean[side], 2) * (NETWORKS - 1.0) / NETWORKS;
      }
      check_near(got.numbers.standard_error, sqrt(variance), 1e-10 * sqrt(variance));
      if (paired)
        check_near(got.numbers.debiased, NETWORKS * got.numbers.squared - (NETWORKS - 1) * mean[0],
                   1e-10 * got.numbers.squared);
      else
        check_near(got.numbers.floor,
                   wlaw_matrix_noise_floor(&got.a, NETWORKS) + wlaw_matrix_noise_floor(&got.b, NETWORKS), 1e-15);
    }
}

/* Two independent fits of one law are as far apart as both floors say; the debiased value is zero on average, and its
 * jackknife error is its spread. Paired, shifted by a known matrix: debiased is the shift. */
static void floors_and_errors_are_right(void **state) {
  (void)state;
  enum { REPLICATES = 300, NETWORKS = 100, D = 4, SIZE = D * D };
  static double a[NETWORKS * SIZE], b[NETWORKS * SIZE];
  double qa[NETWORKS * MOMENTS_MOST], qb[NETWORKS * MOMENTS_MOST];
  double sum[2] = {0}, square[2] = {0}, variance[2] = {0}, far[3] = {0};
  for (uint32_t r = 0; r < REPLICATES; r++)
    for (int paired = 0; paired < 2; paired++) {
      matrix_distance got;
      normals(a, NETWORKS * SIZE, 1000 + r, 0, 1);
      normals(b, NETWORKS * SIZE, 2000 + r, 0, paired ? 0.3 : 1);
      if (paired) /* the law of b: mean 0.5, variance 1.21 + 0.09 = 1.3 */
        for (size_t e = 0; e < NETWORKS * SIZE; e++) b[e] += 0.5 + 1.1 * a[e];
      const matrix_moments ma = measured(qa, a, NETWORKS, D, D), mb = measured(qb, b, NETWORKS, D, D);
      const distance_side sides[2] = {{&ma, qa, NULL, 0}, {&mb, qb, NULL, 0}};
      assert_int_equal(wlaw_study_distance(&got, &wlaw_law_permutation, &sides[0], &sides[1], paired, NULL), WLAW_OK);
      sum[paired] += got.numbers.debiased / REPLICATES;
      square[paired] += got.numbers.debiased * got.numbers.debiased / REPLICATES;
      variance[paired] += got.numbers.standard_error * got.numbers.standard_error / REPLICATES;
      far[0] += got.numbers.squared / REPLICATES * !paired;
    }
  const double spread[2] = {sqrt(square[0] - sum[0] * sum[0]), sqrt(square[1] - sum[1] * sum[1])};
  const double truth = SIZE * (0.25 + pow(sqrt(1.3) - 1, 2));
  check_near(far[0], 15.0 / NETWORKS, 4 * spread[0] / sqrt(REPLICATES) + 0.03 * 15.0 / NETWORKS); /* + order 1/N^2 */
  check_near(sum[0], 0, 4 * spread[0] / sqrt(REPLICATES) + 0.03 * 15.0 / NETWORKS);
  check_near(sum[1], truth, 4 * spread[1] / sqrt(REPLICATES));
  /* away from zero W2^2 is smooth, and the jackknife variance estimates its spread: 2 % from 300 replicates each */
  check_near(sqrt(variance[1]) / spread[1], 1, 4 * sqrt(1.0 / (2 * REPLICATES)) + 0.05);
}

static void two_epochs_of_a_run(void **state) {
  (void)state;
  const char *run = write_run("compared", 0.25, "standard");
  char first[4200], second[4200], spelled[4200];
  snprintf(first, sizeof first, "%s@0", run);
  snprintf(second, sizeof second, "%s@1", run);
  snprintf(spelled, sizeof spelled, "%s/@1", run);
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  static const char *const layer2[] = {"tensor", "layer2.weight", NULL};
  const char *same[] = {first, first};
  check_ok(call_verb(&result, &wlaw_command_compare, same, 2, layer2, err));
  check_near(number_at(result, "wasserstein_squared"), 0, 0);
  check_near(number_at(result, "standard_error"), 0, 0);
  assert_true(json_is_true(json_object_get(result->document, "paired")));
  wlaw_result_free(result);
  /* every weight grew by 1.25: W2^2 = 0.25^2 (|mean|^2 + tr of the covariance), the mean square of the weights */
  const char *apart[] = {first, second};
  check_ok(call_verb(&result, &wlaw_command_compare, apart, 2, layer2, err));
  assert_string_equal(text_at(result, "schema"), "weightlaw.compare/1");
  assert_string_equal(text_at(result, "law"), "permutation");
  assert_string_equal(text_at(result, "reference"), "fitted");
  assert_string_equal(text_at(result, "debiased_by"), "jackknife");
  static double weights[RUN_NETWORKS * 16];
  wlaw_stream stream = wlaw_stream_start(51, STREAM_TEST, 1, 0);
  wlaw_stream_normals(&stream, weights, RUN_NETWORKS * 16);
  double want = 0;
  for (size_t e = 0; e < RUN_NETWORKS * 16; e++) want += 0.0625 * weights[e] * weights[e] / 4 / RUN_NETWORKS;
  const double got = number_at(result, "wasserstein_squared");
  check_near(got, want, 1e-10 * want);
  wlaw_result_free(result);
  const char *other_spelling[] = {first, spelled};
  check_ok(call_verb(&result, &wlaw_command_compare, other_spelling, 2, layer2, err));
  assert_true(json_is_true(json_object_get(result->document, "paired")));
  wlaw_result_free(result);
  /* all matrices; the network that is not a number at epoch 2 is left out of both sides */
  snprintf(second, sizeof second, "%s@2", run);
  static const char *const dead[] = {"exclude", "dead", NULL};
  check_ok(call_verb(&result, &wlaw_command_compare, apart, 2, dead, err));
  assert_string_equal(text_at(result, "schema"), "weightlaw.compares/1");
  for (int l = 0; l < 3; l++) {
    char path[64];
    snprintf(path, sizeof path, "comparisons.%d.networks_a", l);
    check_near(number_at(result, path), RUN_NETWORKS - 1, 0);
  }
  check_near(number_at(result, "comparisons.1.networks_excluded_a"), 1, 0);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void the_initial_law(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  static const char *const parameterizations[] = {"standard", "ntk"};
  for (int k = 0; k < 2; k++) {
    const char *run = write_run(parameterizations[k], 0.1, parameterizations[k]);
    char start[4200];
    snprintf(start, sizeof start, "%s@0", run);
    const char *inputs[] = {start, "init"};
    check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, NULL, err));
    assert_int_equal(json_array_size(json_object_get(result->document, "comparisons")), 3);
    for (int l = 0; l < 3; l++) {
      char path[64];
      snprintf(path, sizeof path, "comparisons.%d.wasserstein_squared", l);
      const double w2 = number_at(result, path);
      snprintf(path, sizeof path, "comparisons.%d.noise_floor_squared", l);
      /* W2^2 / floor under the null: mean 1, standard deviation below 0.7 */
      check_near(w2 / number_at(result, path), 1, 4 * 0.7);
    }
    snprintf(start, sizeof start, "%s", run);
    wlaw_result_free(result);
  }
  wlaw_error_free(err);
}

static void bad_input(void **state) {
  (void)state;
  double weights[5 * 16];
  normals(weights, 80, 9, 0, 1);
  char a[4096], b[4096], at[4200];
  snprintf(a, sizeof a, "%s", test_scratch("ca.npy"));
  snprintf(b, sizeof b, "%s", test_scratch("cb.npy"));
  write_array(a, weights, 5, 4, 4);
  write_array(b, weights, 5, 2, 8);
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  const struct {
    const char *inputs[2], *option[3];
    wlaw_status want;
  } cases[] = {
      {{a, b}, {NULL}, WLAW_SHAPE},
      {{a, "iid"}, {NULL}, WLAW_ARGUMENT}, /* no variance */
      {{a, "iidd(variance=1)"}, {NULL}, WLAW_NAME},
      {{a, "no-such-thing"}, {NULL}, WLAW_NAME},
      {{a, "init"}, {NULL}, WLAW_ARGUMENT},                                                     /* not a run */
      {{"iid(variance=1)", "iid(variance=2)"}, {NULL}, WLAW_ARGUMENT},                          /* no size */
      {{a, "bipartite(s0=1,rows=1,columns=1,entries=1)"}, {"law", "iid", NULL}, WLAW_ARGUMENT}, /* wider */
      {{a, a}, {"law", "normal", NULL}, WLAW_ARGUMENT},
      {{a, "iid(variance=1)"}, {"paired", "true", NULL}, WLAW_ARGUMENT},
      {{a, a}, {"epoch", "3", NULL}, WLAW_ARGUMENT},
      {{b, b}, {"law", "permutation", NULL}, WLAW_SHAPE},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
    check_status(call_verb(&result, &wlaw_command_compare, cases[c].inputs, 2, cases[c].option, err), cases[c].want);
  check_status(call_verb(&result, &wlaw_command_compare, cases[0].inputs, 1, NULL, err), WLAW_ARGUMENT);
  snprintf(at, sizeof at, "%s@x", write_run("bad", 0, "standard"));
  const char *not_an_epoch[] = {at, "init"};
  check_status(call_verb(&result, &wlaw_command_compare, not_an_epoch, 2, NULL, err), WLAW_ARGUMENT);
  /* a single network has no jackknife, and no KL: null with a reason */
  write_array(b, weights, 1, 4, 4);
  const char *one[] = {b, "iid(variance=1)"};
  check_ok(call_verb(&result, &wlaw_command_compare, one, 2, NULL, err));
  assert_true(json_is_null(json_object_get(result->document, "standard_error")));
  assert_true(json_is_null(json_object_get(result->document, "kl_ab")));
  assert_true(json_is_string(json_object_get(json_object_get(result->document, "reasons"), "kl_ab")));
  const char *warning = json_string_value(json_array_get(json_object_get(result->document, "warnings"), 0));
  assert_non_null(warning);
  assert_non_null(strstr(warning, "A is one network"));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  static double weights[300 * 16];
  char path[4096];
  normals(weights, 300 * 16, 10, 0, 1);
  snprintf(path, sizeof path, "%s", test_scratch("threads.npy"));
  write_array(path, weights, 300, 4, 4);
  const char *inputs[] = {path, "iid(variance=1.1)"};
  wlaw_error *err = wlaw_error_new();
  char *bytes[3];
  static const char *const threads[] = {"1", "2", "7"};
  for (int k = 0; k < 3; k++) {
    wlaw_result *result = NULL;
    const char *const option[] = {"threads", threads[k], NULL};
    check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, option, err));
    bytes[k] = result_bytes(result);
    wlaw_result_free(result);
  }
  for (int k = 1; k < 3; k++) assert_string_equal(bytes[k], bytes[0]);
  for (int k = 0; k < 3; k++) free(bytes[k]);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(iid_by_hand),
      cmocka_unit_test(jackknife_equals_refits),
      cmocka_unit_test(floors_and_errors_are_right),
      cmocka_unit_test(two_epochs_of_a_run),
      cmocka_unit_test(the_initial_law),
      cmocka_unit_test(bad_input),
      cmocka_unit_test(threads_do_not_matter),
  };
  return cmocka_run_group_tests_name("study.compare", tests, NULL, NULL);
}
