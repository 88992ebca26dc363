/* The pass over networks in files: groups, their number and their bytes, threads, dtypes, networks left out, values
 * that are not finite, cancelling. */
#include "law/network.h"
#include "measure/networks.h"
#include "study.h"
#include "study/networks.h"
#include "support/alloc_fail.h"

/* All tensors of a shape without omitted inputs, as a run directory names them; f32 or f64. */
static const char *write_networks(const char *name, const some_networks *all, bool single) {
  static char paths[4][4096], names[NETWORK_TENSORS][32];
  static int turn;
  char *path = paths[turn++ & 3];
  const network_layout *layout = &all->layout;
  tensor_spec specs[NETWORK_TENSORS];
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof paths[0], "%s", test_scratch(name));
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *k = &layout->tensors[t];
    snprintf(names[t], sizeof names[t], "layer%zu.%s", k->layer + 1, k->is_bias ? "bias" : "weight");
    specs[t] = (tensor_spec){names[t], single ? WLAW_F32 : WLAW_F64, k->is_bias ? 2 : 3, {all->n, k->rows, k->cols}};
  }
  check_ok(wlaw_writer_open(&writer, path, specs, layout->n_tensors, NULL, err));
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const size_t n = all->n * layout->tensors[t].rows * layout->tensors[t].cols;
    if (single) check_ok(wlaw_writer_add(writer, all->single[t], n * sizeof(float), err));
    else check_ok(wlaw_writer_add(writer, all->whole[t], n * sizeof(double), err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return path;
}

static networks *opened(const char *path) {
  networks *source = NULL;
  wlaw_error *err = wlaw_error_new();
  const networks_request request = {.paths = &path, .n_paths = 1, .input = SIDE_LABELLED};
  check_ok(wlaw_networks_open(&source, &request, err));
  wlaw_error_free(err);
  return source;
}

static network_sample measured(const networks *source, const network_layout *layout, bool groups, unsigned threads) {
  network_sample sample;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_networks_measure(&sample, source, layout, groups, threads, NULL, err));
  wlaw_error_free(err);
  return sample;
}

/* The sums of networks first .. first+count-1, made in memory. */
static network_moments *direct(const some_networks *all, bool single, size_t first, size_t count) {
  network_moments *sums = NULL;
  network_scratch *scratch = NULL;
  double pivot[NETWORK_TENSORS];
  wlaw_error *err = wlaw_error_new();
  const network_block start = block_of(all, single, 0), block = block_of(all, single, first);
  wlaw_network_pivot(pivot, &all->layout, &start);
  check_ok(wlaw_network_moments_new(&sums, &all->layout, pivot, true, err));
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  wlaw_network_moments_set_origin(sums, scratch, &start, wlaw_cpu_level());
  assert_int_equal(wlaw_network_moments_add(sums, scratch, &block, count, wlaw_cpu_level()), count);
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
  return sums;
}

static some_networks small_networks(size_t n, network_side input, uint32_t number) {
  static const size_t width[] = {6, 5, 4, 3};
  return some_networks_new(layout_of(shape_of(3, width, true, input, SIDE_LABELLED)), n, 0.3, 1.0, number);
}

/* Groups are neighbours, of equal sizes but for one network; each is what the networks themselves give. */
static void groups_are_neighbours(void **state) {
  (void)state;
  static const size_t numbers[] = {1, 2, 7, 199, 200, 201, 523, 1200};
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    for (int single = 0; single < 2; single++) {
      some_networks all = small_networks(numbers[k], SIDE_EXCHANGEABLE, 1);
      networks *source = opened(write_networks("groups.safetensors", &all, single));
      network_sample sample = measured(source, &all.layout, true, 2);
      assert_int_equal(sample.n_groups, all.n < 200 ? all.n : 200);
      assert_int_equal(sample.total->count, all.n);
      network_moments *whole = direct(&all, single, 0, all.n);
      size_t first = 0;
      for (size_t g = 0; g < sample.n_groups; g++) {
        const network_moments *group = sample.groups[g];
        assert_in_range(group->count, all.n / sample.n_groups, (all.n - 1) / sample.n_groups + 1);
        network_moments *want = direct(&all, single, first, group->count);
        assert_false(group->robust);
        assert_memory_equal(group->data, want->data, group->length * sizeof(double));
        wlaw_network_moments_free(want);
        first += group->count;
      }
      assert_int_equal(first, all.n);
      /* the same terms, added in another order */
      for (size_t i = 0; i < whole->length; i++)
        check_near(sample.total->data[i], whole->data[i],
                   1e-14 * (double)all.n * (fabs(whole->data[i]) + (double)all.n));
      wlaw_network_moments_free(whole);
      wlaw_network_sample_release(&sample);
      wlaw_networks_close(source);
      some_networks_free(&all);
    }
}

/* The fit of networks whose labelled outputs have means `apart` of each other, in multiples of a power of 2. */
static network_fit fit_apart(double apart) {
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  some_networks all = small_networks(40, SIDE_EXCHANGEABLE, 7);
  for (size_t t = 0; t < all.layout.n_tensors; t++) {
    const network_tensor *tensor = &all.layout.tensors[t];
    double *x = all.whole[t];
    for (size_t i = 0; i < all.n * tensor->rows * tensor->cols; i++) {
      x[i] = rint(ldexp(x[i], 20)) / ldexp(1.0, 20); /* the sum is exact */
      if (tensor->rows_labelled) x[i] += apart * (double)(i / tensor->cols % tensor->rows);
    }
  }
  networks *source = opened(write_networks("apart.safetensors", &all, false));
  network_sample sample = measured(source, &all.layout, false, 1);
  check_ok(wlaw_network_fit(&fit, sample.total, NETWORK_WHOLE, err));
  wlaw_network_sample_release(&sample);
  wlaw_networks_close(source);
  some_networks_free(&all);
  wlaw_error_free(err);
  return fit;
}

/* Labels have means of their own: covariances and their errors keep their digits however far apart these are. Sums of
 * 2^20 times the numbers round by 2^20 2^-53 = 1e-10 of them. */
static void labels_far_apart(void **state) {
  (void)state;
  network_fit near = fit_apart(0.0), far = fit_apart(0x1p20);
  const size_t T = near.gaussian->layout.trivial;
  for (size_t i = 0; i < T * T; i++) {
    check_near(far.gaussian->trivial[i], near.gaussian->trivial[i], 1e-8);
    check_near(far.robust->trivial[i], near.robust->trivial[i], 1e-8);
  }
  check_near(far.log_likelihood, near.log_likelihood, 1e-7 * fabs(near.log_likelihood));
  wlaw_network_fit_release(&near);
  wlaw_network_fit_release(&far);
}

/* Networks that are all one leave exactly no spread between them, and no correlation of rounding errors. */
static void equal_networks(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  some_networks all = small_networks(23, SIDE_LABELLED, 8);
  for (size_t t = 0; t < all.layout.n_tensors; t++) {
    const size_t n = all.layout.tensors[t].rows * all.layout.tensors[t].cols;
    for (size_t k = 1; k < all.n; k++) memcpy(all.whole[t] + k * n, all.whole[t], n * sizeof(double));
  }
  networks *source = opened(write_networks("equal.safetensors", &all, false));
  network_sample sample = measured(source, &all.layout, false, 2);
  network_fit fit;
  check_ok(wlaw_network_fit(&fit, sample.total, NETWORK_WHOLE, err));
  for (size_t i = 0; i < all.layout.trivial * all.layout.trivial; i++) {
    assert_true(fit.gaussian->trivial[i] == 0.0);
    assert_true(fit.robust->trivial[i] == 0.0);
  }
  wlaw_network_fit_release(&fit);
  wlaw_network_sample_release(&sample);
  wlaw_networks_close(source);
  some_networks_free(&all);
  wlaw_error_free(err);
}

static void check_same(const network_sample *a, const network_sample *b) {
  assert_int_equal(a->total->length, b->total->length);
  assert_memory_equal(a->total->data, b->total->data, a->total->length * sizeof(double));
  for (size_t g = 0; a->groups && b->groups && g < a->n_groups; g++)
    assert_memory_equal(a->groups[g]->data, b->groups[g]->data, a->groups[g]->length * sizeof(double));
}

/* The same bytes on any number of threads, whether groups are kept or not; the same sums, but for rounding, of the same
 * numbers in the other dtype. */
static void bytes_are_the_same(void **state) {
  (void)state;
  for (int in = SIDE_EXCHANGEABLE; in <= SIDE_LABELLED; in++) {
    some_networks all = small_networks(1234, (network_side)in, 2);
    networks *source = opened(write_networks("single.safetensors", &all, true));
    networks *whole = opened(write_networks("whole.safetensors", &all, false));
    assert_true(source->single);
    assert_false(whole->single);
    network_sample first = measured(source, &all.layout, true, 1);
    for (unsigned threads = 2; threads <= 7; threads += 5) {
      network_sample other = measured(source, &all.layout, true, threads);
      check_same(&first, &other);
      wlaw_network_sample_release(&other);
    }
    network_sample alone = measured(source, &all.layout, false, 2), doubles = measured(whole, &all.layout, true, 2);
    assert_null(alone.groups);
    assert_int_equal(alone.n_groups, first.n_groups);
    check_same(&first, &alone);
    for (size_t i = 0; i < first.total->length; i++)
      check_near(doubles.total->data[i], first.total->data[i], 1e-12 * (fabs(first.total->data[i]) + 1234));
    wlaw_network_sample_release(&alone);
    wlaw_network_sample_release(&doubles);
    wlaw_network_sample_release(&first);
    wlaw_networks_close(source);
    wlaw_networks_close(whole);
    some_networks_free(&all);
  }
}

/* Sums of many labelled inputs are large: fewer groups, so that all of them stay within 256 MiB. */
static void large_sums_are_fewer(void **state) {
  (void)state;
  const size_t width[] = {400, 2, 2};
  some_networks all =
      some_networks_new(layout_of(shape_of(2, width, false, SIDE_LABELLED, SIDE_LABELLED)), 150, 0.0, 1.0, 3);
  networks *source = opened(write_networks("large.safetensors", &all, true));
  network_sample sample = measured(source, &all.layout, true, 2);
  const size_t bytes = sample.groups[0]->length * sizeof(double);
  assert_true(sample.n_groups < all.n);
  assert_true(sample.n_groups * bytes <= (size_t)1 << 28);
  assert_true((sample.n_groups + 1) * bytes > (size_t)1 << 28);
  wlaw_network_sample_release(&sample);
  wlaw_networks_close(source);
  some_networks_free(&all);
}

static void networks_left_out(void **state) {
  (void)state;
  some_networks all = small_networks(30, SIDE_EXCHANGEABLE, 4), kept = small_networks(30, SIDE_EXCHANGEABLE, 4);
  static const uint64_t out[] = {0, 11, 29};
  networks *source = opened(write_networks("left_out.safetensors", &all, true));
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_networks_exclude(source, out, 3, err));
  for (size_t t = 0; t < all.layout.n_tensors; t++) {
    const size_t n = all.layout.tensors[t].rows * all.layout.tensors[t].cols;
    for (size_t k = 0, to = 0; k < 30; k++)
      if (k != 0 && k != 11 && k != 29) memcpy(kept.single[t] + to++ * n, all.single[t] + k * n, n * sizeof(float));
  }
  kept.n = 27;
  networks *other = opened(write_networks("kept.safetensors", &kept, true));
  network_sample a = measured(source, &all.layout, true, 2), b = measured(other, &all.layout, true, 2);
  assert_int_equal(a.total->count, 27);
  check_same(&a, &b);
  wlaw_network_sample_release(&a);
  wlaw_network_sample_release(&b);
  wlaw_networks_close(other);
  wlaw_networks_close(source);
  some_networks_free(&all);
  some_networks_free(&kept);
  wlaw_error_free(err);
}

static void check_refused(const char *path, const network_layout *layout, const uint64_t *out, const char *says) {
  network_sample sample;
  networks *source = opened(path);
  wlaw_error *err = wlaw_error_new();
  if (out) check_ok(wlaw_networks_exclude(source, out, 1, err));
  for (unsigned threads = 1; threads <= 2; threads++) {
    check_status(wlaw_networks_measure(&sample, source, layout, true, threads, NULL, err), WLAW_VALUE);
    assert_null(sample.total);
    if (!strstr(wlaw_error_message(err), says)) fail_msg("'%s' does not say '%s'", wlaw_error_message(err), says);
  }
  wlaw_networks_close(source);
  wlaw_error_free(err);
}

static void values_that_are_not_finite(void **state) {
  (void)state;
  some_networks all = small_networks(100, SIDE_EXCHANGEABLE, 5);
  const network_layout *layout = &all.layout;
  const uint64_t out = 3;
  /* layer 2 is 4 x 5; its row 2, column 1 in network 41, and something later elsewhere that must not be told first */
  all.single[1][41 * 20 + 2 * 5 + 1] = NAN;
  all.single[0][77 * 30] = INFINITY;
  const char *path = write_networks("bad.safetensors", &all, true);
  check_refused(path, layout, NULL, "network 41 has a weight that is not a number, at row 2, column 1");
  check_refused(path, layout, NULL, "layer2.weight");
  check_refused(path, layout, &out, "network 41 has"); /* its number in the file, not among those kept */
  all.single[1][41 * 20 + 2 * 5 + 1] = 0.0f;
  check_refused(write_networks("bad.safetensors", &all, true), layout, NULL,
                "network 77 has a weight that is infinite, at row 0, column 0");
  all.whole[4][12 * 4 + 3] = -INFINITY; /* bias of layer 2 */
  path = write_networks("bad.safetensors", &all, false);
  check_refused(path, layout, NULL, "network 12 has a weight that is infinite, at row 3, column 0");
  check_refused(path, layout, NULL, "layer2.bias");
  all.whole[4][12 * 4 + 3] = 1e200;
  check_refused(write_networks("bad.safetensors", &all, false), layout, NULL,
                "the weights of network 12 are so large that their squares overflow");
  some_networks_free(&all);
}

static void values_out_of_scale(void **state) {
  (void)state;
  static const double scales[] = {1e-40, 1e50};
  for (int k = 0; k < 2; k++) {
    some_networks all = small_networks(50, SIDE_EXCHANGEABLE, 6);
    for (size_t t = 0; t < all.layout.n_tensors; t++)
      for (size_t i = 0; i < all.n * all.layout.tensors[t].rows * all.layout.tensors[t].cols; i++)
        all.whole[t][i] *= scales[k];
    check_refused(write_networks("scale.safetensors", &all, false), &all.layout, NULL,
                  k ? "so large that their eighth powers overflow" : "so small that their eighth powers vanish");
    some_networks_free(&all);
  }
  /* zeros and constants are no matter of scale */
  some_networks all = small_networks(5, SIDE_EXCHANGEABLE, 6);
  for (int k = 0; k < 2; k++) {
    for (size_t t = 0; t < all.layout.n_tensors; t++)
      for (size_t i = 0; i < all.n * all.layout.tensors[t].rows * all.layout.tensors[t].cols; i++)
        all.whole[t][i] = k ? 0.5 : 0.0;
    networks *source = opened(write_networks("constant.safetensors", &all, false));
    network_sample sample = measured(source, &all.layout, false, 1);
    for (size_t i = 0; i < sample.total->length; i++) check_near(sample.total->data[i], 0.0, 0.0);
    wlaw_network_sample_release(&sample);
    wlaw_networks_close(source);
  }
  some_networks_free(&all);
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)user;
  (void)fraction;
  (void)what;
  return 1;
}

static void cancelling(void **state) {
  (void)state;
  some_networks all = small_networks(1200, SIDE_EXCHANGEABLE, 7);
  networks *source = opened(write_networks("cancel.safetensors", &all, true));
  wlaw_error *err = wlaw_error_new();
  wlaw_monitor monitor = {.call = stop_at_once};
  network_sample sample;
  check_status(wlaw_networks_measure(&sample, source, &all.layout, true, 2, &monitor, err), WLAW_CANCELLED);
  assert_null(sample.total);
  wlaw_networks_close(source);
  some_networks_free(&all);
  wlaw_error_free(err);
}

typedef struct measured_source {
  const networks *source;
  const network_layout *layout;
} measured_source;

static wlaw_status measure_and_release(void *context, wlaw_error *err) {
  const measured_source *of = context;
  network_sample sample;
  const wlaw_status status = wlaw_networks_measure(&sample, of->source, of->layout, true, 1, NULL, err);
  wlaw_network_sample_release(&sample);
  return status;
}

static void refused_allocations(void **state) {
  (void)state;
  some_networks all = small_networks(4, SIDE_LABELLED, 8);
  networks *source = opened(write_networks("memory.safetensors", &all, true));
  measured_source of = {source, &all.layout};
  alloc_fail_each(measure_and_release, &of);
  wlaw_networks_close(source);
  some_networks_free(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_are_neighbours),
      cmocka_unit_test(labels_far_apart),
      cmocka_unit_test(equal_networks),
      cmocka_unit_test(bytes_are_the_same),
      cmocka_unit_test(large_sums_are_fewer),
      cmocka_unit_test(networks_left_out),
      cmocka_unit_test(values_that_are_not_finite),
      cmocka_unit_test(values_out_of_scale),
      cmocka_unit_test(cancelling),
      cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("study.networks_measure", tests, NULL, NULL);
}
