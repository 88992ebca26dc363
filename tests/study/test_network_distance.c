/* Distances of whole networks: the jackknife by hand, floors and errors over many samples, what is not determined. */
#include "study.h"
#include "study/network_distance.h"
#include "support/alloc_fail.h"

#include "core/memory.h"
#include "law/matrix.h"

static network_layout layout_of(size_t layers, const size_t *width, bool bias, network_side input,
                                network_side output) {
  network_shape shape = {.layers = layers, .input = input, .output = output};
  network_layout layout;
  wlaw_error *err = wlaw_error_new();
  memcpy(shape.width, width, (layers + 1) * sizeof *width);
  for (size_t l = 0; l < layers; l++) shape.bias[l] = bias;
  check_ok(wlaw_network_layout(&layout, &shape, err));
  wlaw_error_free(err);
  return layout;
}

static network_layout small_layout(void) {
  static const size_t width[] = {5, 4, 3, 2};
  return layout_of(3, width, true, SIDE_OMITTED, SIDE_LABELLED);
}

static network_gaussian *new_law(const network_layout *layout) {
  network_gaussian *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_gaussian_new(&law, layout, err));
  wlaw_error_free(err);
  return law;
}

/* Every block A A' + 0.3: tensors depend on each other. */
static network_gaussian *random_law(const network_layout *layout, uint32_t number) {
  network_gaussian *law = new_law(layout);
  wlaw_stream stream = wlaw_stream_start(7, STREAM_TEST, number, 0);
  wlaw_stream_normals(&stream, law->mean, layout->trivial);
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++) {
    const size_t n = wlaw_network_block_copies(layout, b);
    double *covariance = wlaw_network_block(law, b), a[64 * 64];
    assert_true(n <= 64);
    wlaw_stream_normals(&stream, a, n * n);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        covariance[i * n + j] = i == j ? 0.3 : 0.0;
        for (size_t k = 0; k < n; k++) covariance[i * n + j] += a[i * n + k] * a[j * n + k] / (double)n;
      }
  }
  return law;
}

/* Networks, tensor by tensor: [n, rows, cols]. */
typedef struct drawn {
  network_layout layout;
  size_t n;
  double *tensors[NETWORK_TENSORS];
} drawn;

static size_t entries_of(const network_layout *layout, size_t t) {
  return layout->tensors[t].rows * layout->tensors[t].cols;
}

static drawn draw(const network_gaussian *law, size_t n, uint32_t number) {
  drawn all = {.layout = law->layout, .n = n};
  network_sampler *sampler = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_sampler_new(&sampler, law, err));
  for (size_t t = 0; t < law->layout.n_tensors; t++)
    all.tensors[t] = calloc(n * entries_of(&law->layout, t), sizeof(double));
  for (size_t k = 0; k < n; k++) {
    double *one[NETWORK_TENSORS];
    wlaw_stream stream = wlaw_stream_start(8, STREAM_TEST, number, (uint32_t)k);
    for (size_t t = 0; t < law->layout.n_tensors; t++) one[t] = all.tensors[t] + k * entries_of(&law->layout, t);
    check_ok(wlaw_network_draw(one, sampler, &stream, err));
  }
  wlaw_network_sampler_free(sampler);
  wlaw_error_free(err);
  return all;
}

static void drawn_free(drawn *all) {
  for (size_t t = 0; t < all->layout.n_tensors; t++) free(all->tensors[t]);
}

static void add(network_moments *state, network_scratch *scratch, const drawn *all, size_t first, size_t count) {
  network_block block = {.single = false};
  for (size_t t = 0; t < all->layout.n_tensors; t++)
    block.tensors[t] = all->tensors[t] + first * entries_of(&all->layout, t);
  assert_int_equal(wlaw_network_moments_add(state, scratch, &block, count, wlaw_cpu_level()), count);
}

static const double no_pivot[NETWORK_TENSORS];

/* The statistics of networks in memory, cut into groups whose sizes differ by at most one. */
static network_sample sample_of(const drawn *all, size_t n_groups) {
  network_sample sample = {.n_groups = n_groups, .groups = wlaw_array(n_groups, sizeof(network_moments *))};
  network_scratch *scratch = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  check_ok(wlaw_network_moments_new(&sample.total, &all->layout, no_pivot, true, err));
  for (size_t g = 0; g < n_groups; g++) {
    const size_t first = all->n * g / n_groups;
    check_ok(wlaw_network_moments_new(&sample.groups[g], &all->layout, no_pivot, false, err));
    add(sample.groups[g], scratch, all, first, all->n * (g + 1) / n_groups - first);
    wlaw_network_moments_merge(sample.total, sample.groups[g], 1);
  }
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
  return sample;
}

static network_gaussian *fit_of(const network_sample *sample) {
  network_gaussian *law = new_law(&sample->total->layout);
  wlaw_network_estimate(law, sample->total, NETWORK_WHOLE);
  return law;
}

static network_distance distance_of(const network_distance_side *a, const network_distance_side *b, bool paired,
                                    unsigned threads) {
  network_distance distance;
  wlaw_monitor monitor = {.call = NULL};
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_study_distance(&distance, a, b, paired, threads, &monitor, err));
  wlaw_error_free(err);
  return distance;
}

static double squared_of(const network_gaussian *a, const network_gaussian *b) {
  double squared;
  assert_int_equal(wlaw_network_wasserstein_squared(&squared, NULL, a, b, NULL), WLAW_OK);
  return squared;
}

/* ---- the jackknife by hand */

/* The fit to all networks but [from, to). */
static network_gaussian *fit_without(const drawn *all, size_t from, size_t to) {
  network_moments *state = NULL;
  network_scratch *scratch = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  check_ok(wlaw_network_moments_new(&state, &all->layout, no_pivot, false, err));
  add(state, scratch, all, 0, from);
  add(state, scratch, all, to, all->n - to);
  network_gaussian *law = new_law(&all->layout);
  wlaw_network_estimate(law, state, NETWORK_WHOLE);
  wlaw_network_moments_free(state);
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
  return law;
}

/* Pseudo-values h T - (h - 1) T_(g) of groups that are a share 1/h of the networks (Busing and others 1999, eq. 4). */
static void jackknife_by_hand(double *mean, double *variance, const drawn *a, const drawn *b,
                              const network_gaussian *fa, const network_gaussian *fb, bool from_a, bool from_b,
                              size_t groups) {
  const size_t n = from_a ? a->n : b->n;
  const double all = squared_of(fa, fb);
  double *value = calloc(groups, sizeof *value), *h = calloc(groups, sizeof *h);
  *mean = (double)groups * all;
  *variance = 0.0;
  for (size_t g = 0; g < groups; g++) {
    const size_t from = n * g / groups, to = n * (g + 1) / groups;
    network_gaussian *left_a = from_a ? fit_without(a, from, to) : NULL,
                     *left_b = from_b ? fit_without(b, from, to) : NULL;
    value[g] = squared_of(left_a ? left_a : fa, left_b ? left_b : fb);
    h[g] = (double)n / (double)(to - from);
    *mean -= (1.0 - 1.0 / h[g]) * value[g];
    wlaw_network_gaussian_free(left_a);
    wlaw_network_gaussian_free(left_b);
  }
  for (size_t g = 0; g < groups; g++)
    *variance += pow(h[g] * all - (h[g] - 1.0) * value[g] - *mean, 2) / (h[g] - 1.0) / (double)groups;
  free(value);
  free(h);
}

static void test_jackknife(void **state) {
  (void)state;
  enum { NETWORKS = 47, GROUPS = 10 };
  const network_layout layout = small_layout();
  network_gaussian *laws[2] = {random_law(&layout, 1), random_law(&layout, 2)};
  drawn a = draw(laws[0], NETWORKS, 1), b = draw(laws[1], NETWORKS, 2);
  network_sample sa = sample_of(&a, GROUPS), sb = sample_of(&b, GROUPS);
  network_gaussian *fa = fit_of(&sa), *fb = fit_of(&sb);
  const network_distance_side sides[2] = {{fa, &sa, NETWORKS}, {fb, &sb, NETWORKS}};
  double mean, variance, more;
  network_distance got = distance_of(&sides[0], &sides[1], true, 1);
  jackknife_by_hand(&mean, &variance, &a, &b, fa, fb, true, true, GROUPS);
  check_near(got.numbers.debiased, mean, 1e-10 * got.numbers.squared); /* 1e3 sums of rounding errors of 1e-16 each */
  check_near(got.numbers.standard_error, sqrt(variance), 1e-9 * sqrt(variance));
  assert_int_equal(got.groups[0], GROUPS);

  got = distance_of(&sides[0], &sides[1], false, 1);
  jackknife_by_hand(&mean, &variance, &a, &b, fa, fb, true, false, GROUPS);
  jackknife_by_hand(&mean, &more, &a, &b, fa, fb, false, true, GROUPS);
  check_near(got.numbers.standard_error, sqrt(variance + more), 1e-9 * sqrt(variance));
  double floor[2], parts = 0.0;
  assert_int_equal(wlaw_network_noise_floor(&floor[0], fa, NETWORKS, NULL), WLAW_OK);
  assert_int_equal(wlaw_network_noise_floor(&floor[1], fb, NETWORKS, NULL), WLAW_OK);
  check_near(got.numbers.floor, floor[0] + floor[1], 1e-14);
  for (size_t p = 0; p < 1 + wlaw_network_blocks(&layout); p++) parts += got.parts[p];
  check_near(parts, got.numbers.squared, 1e-13 * parts);

  /* the same bytes on any number of threads */
  for (unsigned threads = 2; threads < 8; threads += 5) {
    const network_distance other = distance_of(&sides[0], &sides[1], false, threads);
    assert_memory_equal(&other.numbers, &got.numbers, sizeof got.numbers);
  }
  for (int k = 0; k < 2; k++) wlaw_network_gaussian_free(laws[k]);
  wlaw_network_gaussian_free(fa);
  wlaw_network_gaussian_free(fb);
  wlaw_network_sample_release(&sa);
  wlaw_network_sample_release(&sb);
  drawn_free(&a);
  drawn_free(&b);
}

/* ---- over many samples */

typedef struct spread {
  double sum, squares, variance; /* of debiased values; of reported errors, squared */
  size_t n;
} spread;

static void take(spread *of, const network_distance *distance) {
  of->sum += distance->numbers.debiased;
  of->squares += distance->numbers.debiased * distance->numbers.debiased;
  of->variance += distance->numbers.standard_error * distance->numbers.standard_error;
  of->n++;
}

static double mean_of(const spread *of) { return of->sum / (double)of->n; }
static double sd_of(const spread *of) { return sqrt(of->squares / (double)of->n - mean_of(of) * mean_of(of)); }

/* z = 4; and the terms of order 1/networks^2 that neither formula has. */
static void check_mean(const spread *of, double truth, double rest) {
  check_near(mean_of(of), truth, 4.0 * sd_of(of) / sqrt((double)of->n) + rest);
}

/* A draw against its law, and two draws of one law: 0 when debiased. Two laws: their distance, with the error that the
 * jackknife says. */
static void test_floor(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  enum { REPLICATES = 60, NETWORKS = 200, GROUPS = 25 };
#else
  enum { REPLICATES = 250, NETWORKS = 200, GROUPS = 25 };
#endif
  const network_layout layout = small_layout();
  network_gaussian *one = random_law(&layout, 3), *two = random_law(&layout, 4);
  spread exact = {0}, fitted = {0}, apart = {0};
  double floor;
  assert_int_equal(wlaw_network_noise_floor(&floor, one, NETWORKS, NULL), WLAW_OK);
  for (uint32_t r = 0; r < REPLICATES; r++) {
    drawn all[3] = {draw(one, NETWORKS, 10 + 3 * r), draw(one, NETWORKS, 11 + 3 * r), draw(two, NETWORKS, 12 + 3 * r)};
    network_sample samples[3];
    network_gaussian *fits[3];
    network_distance_side sides[3];
    const network_distance_side law = {.law = one};
    for (int k = 0; k < 3; k++) {
      samples[k] = sample_of(&all[k], GROUPS);
      fits[k] = fit_of(&samples[k]);
      sides[k] = (network_distance_side){fits[k], &samples[k], NETWORKS};
    }
    const network_distance got[3] = {distance_of(&sides[0], &law, false, 1),
                                     distance_of(&sides[0], &sides[1], false, 1),
                                     distance_of(&sides[0], &sides[2], false, 1)};
    take(&exact, &got[0]);
    take(&fitted, &got[1]);
    take(&apart, &got[2]);
    for (int k = 0; k < 3; k++) {
      wlaw_network_gaussian_free(fits[k]);
      wlaw_network_sample_release(&samples[k]);
      drawn_free(&all[k]);
    }
  }
  /* 7 numbers at most in a block of 199 rows: the next term is 0.13 of 7/199 of the floor of a white block, and
   * eigenvalues of these laws differ by factors of 20 */
  check_mean(&exact, 0.0, 0.03 * floor);
  check_mean(&fitted, 0.0, 0.03 * 2.0 * floor);
  const double truth = squared_of(one, two);
  check_mean(&apart, truth, 0.03 * 2.0 * floor);
  assert_true(truth > 20.0 * floor);
  /* the root of a mean of REPLICATES estimates, each on 24 degrees of freedom a side; 5 % of order 1/networks */
  check_near(sqrt(apart.variance / REPLICATES) / sd_of(&apart), 1.0, 4.0 * sqrt(1.0 / (2.0 * REPLICATES)) + 0.05);
  wlaw_network_gaussian_free(one);
  wlaw_network_gaussian_free(two);
}

/* The same networks on both sides, one with noise: the bias is neither that of two samples nor none. */
static void test_paired(void **state) {
  (void)state;
  enum { REPLICATES = 150, NETWORKS = 120, GROUPS = 24 };
  const network_layout layout = small_layout();
  network_gaussian *one = random_law(&layout, 5), *noisy = random_law(&layout, 5), *noise = new_law(&layout);
  for (size_t t = 0; t < layout.n_tensors; t++) wlaw_network_set_iid(noise, t, 0.0, 0.64);
  for (size_t b = 0; b < wlaw_network_blocks(&layout); b++) {
    const size_t n = wlaw_network_block_copies(&layout, b);
    for (size_t i = 0; i < n; i++) wlaw_network_block(noisy, b)[i * (n + 1)] += 0.64;
  }
  spread paired = {0};
  double biased = 0.0;
  for (uint32_t r = 0; r < REPLICATES; r++) {
    drawn a = draw(one, NETWORKS, 2000 + r), b = draw(noise, NETWORKS, 4000 + r);
    for (size_t t = 0; t < layout.n_tensors; t++)
      for (size_t e = 0; e < NETWORKS * entries_of(&layout, t); e++) b.tensors[t][e] += a.tensors[t][e];
    network_sample sa = sample_of(&a, GROUPS), sb = sample_of(&b, GROUPS);
    network_gaussian *fa = fit_of(&sa), *fb = fit_of(&sb);
    const network_distance_side sides[2] = {{fa, &sa, NETWORKS}, {fb, &sb, NETWORKS}};
    const network_distance got = distance_of(&sides[0], &sides[1], true, 1);
    take(&paired, &got);
    biased += got.numbers.squared;
    wlaw_network_gaussian_free(fa);
    wlaw_network_gaussian_free(fb);
    wlaw_network_sample_release(&sa);
    wlaw_network_sample_release(&sb);
    drawn_free(&a);
    drawn_free(&b);
  }
  const double truth = squared_of(one, noisy), bias = biased / REPLICATES - truth;
  check_mean(&paired, truth, 0.05 * bias); /* the next order of 7/119 */
  assert_true(bias > 8.0 * sd_of(&paired) / sqrt(REPLICATES));
  check_near(sqrt(paired.variance / REPLICATES) / sd_of(&paired), 1.0, 4.0 * sqrt(1.0 / (2.0 * REPLICATES)) + 0.05);
  wlaw_network_gaussian_free(one);
  wlaw_network_gaussian_free(noisy);
  wlaw_network_gaussian_free(noise);
}

/* ---- what is not determined, and failures */

static void test_undetermined(void **state) {
  (void)state;
  const network_layout layout = small_layout();
  network_gaussian *law = random_law(&layout, 6);
  static const size_t sizes[] = {1, 2, 5, 40};
  for (size_t i = 0; i < 4; i++) {
    const size_t n = sizes[i];
    drawn all = draw(law, n, 3);
    network_sample sample = sample_of(&all, n < 10 ? n : 10);
    network_gaussian *fit = fit_of(&sample);
    const network_distance_side side = {fit, &sample, n}, exact = {.law = law}, read = {.law = fit, .fitted = n};
    const network_distance self = distance_of(&side, &side, false, 1), got = distance_of(&side, &exact, false, 1);
    const double trace = squared_of(fit, law) + 100.0; /* above all variances */
    check_near(self.numbers.squared, 0.0, 1e-14 * trace);
    assert_int_equal(isnan(got.numbers.standard_error), n < 3);
    assert_int_equal(*got.numbers.error_reason != '\0', n < 3);
    assert_int_equal(isnan(got.numbers.floor), n < 40); /* 7 trivial numbers */
    assert_int_equal(isnan(got.numbers.debiased), n < 40);
    assert_int_equal(isnan(got.numbers.kl_ab), n < 40);
    if (n < 40) assert_non_null(strstr(got.numbers.floor_reason, "the covariance of trivial, of 7 numbers"));
    if (n < 40) assert_non_null(strstr(got.numbers.kl_reason, "A has no density"));
    const network_distance of_read = distance_of(&exact, &read, false, 1);
    check_near(of_read.numbers.squared, got.numbers.squared, 1e-12 * trace);
    assert_non_null(strstr(of_read.numbers.error_reason, "the jackknife needs the networks, and B is their fit"));
    assert_int_equal(isnan(of_read.numbers.floor), n < 40);
    wlaw_network_gaussian_free(fit);
    wlaw_network_sample_release(&sample);
    drawn_free(&all);
  }
  const network_distance_side exact = {.law = law};
  const network_distance both = distance_of(&exact, &exact, false, 1);
  check_near(both.numbers.floor, 0.0, 0.0);
  check_near(both.numbers.standard_error, 0.0, 0.0);
  check_near(both.numbers.kl_ab, 0.0, 1e-12);
  wlaw_network_gaussian_free(law);
}

typedef struct distance_case {
  network_distance_side a, b;
  bool paired;
} distance_case;

static wlaw_status take_distance(void *context, wlaw_error *err) {
  const distance_case *of = context;
  network_distance distance;
  wlaw_monitor monitor = {.call = NULL};
  return wlaw_network_study_distance(&distance, &of->a, &of->b, of->paired, 1, &monitor, err);
}

static void test_memory(void **state) {
  (void)state;
  const network_layout layout = small_layout();
  network_gaussian *law = random_law(&layout, 7);
  drawn all = draw(law, 30, 4);
  network_sample sample = sample_of(&all, 10);
  network_gaussian *fit = fit_of(&sample);
  distance_case cases[] = {{{fit, &sample, 30}, {.law = law}, false}, {{fit, &sample, 30}, {fit, &sample, 30}, true}};
  for (int c = 0; c < 2; c++) alloc_fail_each(take_distance, &cases[c]);
  wlaw_network_gaussian_free(law);
  wlaw_network_gaussian_free(fit);
  wlaw_network_sample_release(&sample);
  drawn_free(&all);
}

/* ---- a matrix law inside the law of networks */

/* Coordinates are orthonormal whatever is labelled, so the distance of two laws of a matrix is that of the matrix laws;
 * and a labelled side is more coordinates of the same law. */
static void test_bipartite(void **state) {
  (void)state;
  static const size_t width[] = {5, 3};
  static const double numbers[2][5] = {{0.4, 2.0, 0.7, 1.3, 0.9}, {-0.2, 0.5, 1.1, 0.6, 0.3}};
  matrix_gaussian matrices[2] = {{.law = &wlaw_law_bipartite}, {.law = &wlaw_law_bipartite}};
  for (int k = 0; k < 2; k++) {
    assert_int_equal(wlaw_law_bipartite.matrix->layout(&matrices[k].layout, 3, 5, NULL), WLAW_OK);
    matrices[k].mean[0] = numbers[k][0] * sqrt(15.0); /* of the sum of entries / sqrt(mn) */
    for (int b = 0; b < 4; b++) matrices[k].covariance[b][0] = numbers[k][1 + b];
  }
  const double want = wlaw_matrix_wasserstein_squared(NULL, &matrices[0], &matrices[1]);
  for (network_side input = SIDE_EXCHANGEABLE; input <= SIDE_LABELLED; input++)
    for (network_side output = SIDE_EXCHANGEABLE; output <= SIDE_LABELLED; output++) {
      const network_layout layout = layout_of(1, width, false, input, output);
      network_gaussian *laws[2];
      for (int k = 0; k < 2; k++) {
        const double *n = numbers[k];
        laws[k] = new_law(&layout);
        wlaw_network_set_bipartite(laws[k], 0, n[0], n[1], n[2], n[3], n[4]);
      }
      check_near(squared_of(laws[0], laws[1]), want, 1e-13 * want);
      double kl, kl_want = wlaw_matrix_kl(&matrices[0], &matrices[1]);
      assert_int_equal(wlaw_network_kl(&kl, laws[0], laws[1], NULL), WLAW_OK);
      check_near(kl, kl_want, 1e-12 * kl_want);
      wlaw_network_set_bipartite(laws[0], 0, 0.5, 2.0, 2.0, 2.0, 2.0);
      wlaw_network_set_iid(laws[1], 0, 0.5, 2.0);
      check_near(squared_of(laws[0], laws[1]), 0.0, 1e-13);
      for (int k = 0; k < 2; k++) wlaw_network_gaussian_free(laws[k]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_jackknife),    cmocka_unit_test(test_floor),  cmocka_unit_test(test_paired),
      cmocka_unit_test(test_undetermined), cmocka_unit_test(test_memory), cmocka_unit_test(test_bipartite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
