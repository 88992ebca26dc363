/* Every sum against its definition in long double: all sides, biases, widths from 1 on, both dtypes, every instruction
 * set, weights far from zero; merging and subtracting; coordinates as an orthonormal change of variables. */
#include "core/error.h"
#include "measure/networks.h"
#include "support/alloc_fail.h"

static network_moments *state_of(const some_networks *all, const double *pivot, bool robust) {
  network_moments *state = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_moments_new(&state, &all->layout, pivot, robust, err));
  wlaw_error_free(err);
  return state;
}

static void add(network_moments *state, const some_networks *all, bool single, size_t first, size_t count,
                cpu_level level) {
  network_scratch *scratch = NULL;
  wlaw_error *err = wlaw_error_new();
  const network_block block = block_of(all, single, first);
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  assert_int_equal(wlaw_network_moments_add(state, scratch, &block, count, level), count);
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
}

/* The sums of a state in long double, and beside each the sum of absolute terms, which bounds its rounding. */
typedef struct exact_sums {
  long double *sum, *size;
  size_t length;
} exact_sums;

static void put(exact_sums *to, const network_moments *like, const double *place, long double value) {
  const size_t i = (size_t)(place - like->data);
  to->sum[i] += value;
  to->size[i] += fabsl(value);
}

static void put_norms(exact_sums *to, const network_moments *like, const exact_network *e, size_t s) {
  const network_layout *layout = &like->layout;
  const size_t d = layout->sets[s].width, widest = widest_set(layout);
  const long double *p = e->incoming + s * widest, *q = e->outgoing + s * widest;
  bool in = false, out = false;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    in = in || (!layout->tensors[t].is_bias && layout->tensors[t].row_set == s);
    out = out || (!layout->tensors[t].is_bias && layout->tensors[t].column_set == s);
  }
  if (!in || !out) return;
  long double pm = 0, qm = 0, now[NORM_SUMS] = {0};
  for (size_t i = 0; i < d; i++) {
    pm += p[i] / (long double)d;
    qm += q[i] / (long double)d;
  }
  for (size_t i = 0; i < d; i++) {
    now[NORM_PP] += (p[i] - pm) * (p[i] - pm);
    now[NORM_PQ] += (p[i] - pm) * (q[i] - qm);
    now[NORM_QQ] += (q[i] - qm) * (q[i] - qm);
  }
  for (size_t a = 0; a < NORM_SUMS; a++) {
    put(to, like, like->norms + s * NORM_SUMS + a, now[a]);
    for (size_t b = 0; b < NORM_SUMS; b++)
      put(to, like, like->norm_products + (s * NORM_SUMS + a) * NORM_SUMS + b, now[a] * now[b]);
  }
}

static void put_set(exact_sums *to, const network_moments *like, const exact_network *e, size_t s) {
  const size_t n = like->layout.sets[s].copies, d = like->layout.sets[s].width;
  const long double *u = e->copies + e->first_copy[s];
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < n; b++) {
      long double g = 0;
      for (size_t i = 0; i < d; i++) g += u[a * d + i] * u[b * d + i];
      put(to, like, like->set_products[s] + a * n + b, g);
      put(to, like, like->set_squares[s] + a * n + b, g * g);
    }
}

static void put_network(exact_sums *to, const network_moments *like, const exact_network *e) {
  const network_layout *layout = &like->layout;
  const size_t T = layout->trivial;
  for (size_t a = 0; a < T; a++) {
    const long double t = e->trivial[a];
    put(to, like, like->trivial + a, t);
    for (size_t b = 0; b < T; b++) {
      const long double v = e->trivial[b];
      put(to, like, like->trivial_products + a * T + b, t * v);
      put(to, like, like->trivial_third + a * T + b, t * t * v);
      put(to, like, like->trivial_fourth + a * T + b, t * t * v * v);
    }
  }
  for (size_t s = 0; s < layout->n_sets; s++) {
    put_set(to, like, e, s);
    put_norms(to, like, e, s);
  }
  const long double *residual = e->residual;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    if (layout->tensors[t].entries == NETWORK_NONE) continue;
    long double square = 0;
    for (size_t i = 0; i < layout->tensors[t].rows * layout->tensors[t].cols; i++, residual++)
      square += *residual * *residual;
    put(to, like, like->entries + layout->tensors[t].entries, square);
    put(to, like, like->entry_squares + layout->tensors[t].entries, square * square);
  }
}

static exact_sums exact_of(const some_networks *all, const network_moments *like) {
  exact_sums sums = {calloc(like->length, sizeof(long double)), calloc(like->length, sizeof(long double)),
                     like->length};
  exact_network e = exact_new(&all->layout);
  for (size_t k = 0; k < all->n; k++) {
    const double *whole[NETWORK_TENSORS];
    for (size_t t = 0; t < all->layout.n_tensors; t++)
      whole[t] = all->whole[t] + k * all->layout.tensors[t].rows * all->layout.tensors[t].cols;
    exact_measure(&e, &all->layout, whole, like->pivot);
    put_network(&sums, like, &e);
  }
  exact_free(&e);
  return sums;
}

/* level of the weights: 0, or 1000 with spread 1. */
static void check_shape(network_shape shape, size_t n, double mean) {
  static uint32_t number;
  some_networks all = some_networks_new(layout_of(shape), n, mean, 1.0, ++number);
  const network_block first = block_of(&all, false, 0);
  double pivot[NETWORK_TENSORS];
  wlaw_network_pivot(pivot, &all.layout, &first);
  exact_sums want = {0};
  for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++)
    for (int single = 0; single < 2; single++) {
      network_moments *state = state_of(&all, pivot, true);
      if (!want.sum) want = exact_of(&all, state);
      add(state, &all, single, 0, n, (cpu_level)level);
      assert_int_equal(state->count, n);
      /* Coordinates of order 1 are sums of at most `dimension` weights of order 1, a rounding each; products multiply
       * it by their own size. Squared norms vary by 2 mean x, and are compared with those of the weights themselves. */
      const double each = 1e-15 * (double)wlaw_network_dimension(&all.layout);
      const size_t norms = (size_t)(state->norms - state->data);
      const size_t norms_end = norms + all.layout.n_sets * (NORM_SUMS + NORM_SUMS * NORM_SUMS);
      for (size_t i = 0; i < state->length; i++) {
        const double scale = i >= norms && i < norms_end ? each * (1.0 + fabs(mean)) : each;
        check_near(state->data[i], (double)want.sum[i], scale * ((double)want.size[i] + (double)n));
      }
      for (size_t t = 0; t < all.layout.n_tensors; t++) /* one row or column: nothing is left, not even rounding */
        if (all.layout.tensors[t].entries != NETWORK_NONE &&
            (all.layout.tensors[t].rows == 1 || all.layout.tensors[t].cols == 1))
          assert_true(state->entries[all.layout.tensors[t].entries] == 0.0);
      wlaw_network_moments_free(state);
    }
  free(want.sum);
  free(want.size);
  some_networks_free(&all);
}

static void sums_by_definition(void **state) {
  (void)state;
  static const size_t widths[][5] = {{2, 3, 4, 2}, {1, 1, 1, 1}, {3, 1, 5, 2}, {6, 9, 8, 17}, {5, 40, 33, 4}};
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
    for (int bias = 0; bias < 2; bias++)
      for (int in = SIDE_EXCHANGEABLE; in <= SIDE_OMITTED; in++)
        for (int out = SIDE_EXCHANGEABLE; out <= SIDE_LABELLED; out++)
          for (int far = 0; far < 2; far++)
            check_shape(shape_of(3, widths[w], bias, (network_side)in, (network_side)out), 19, far ? 1000.0 : 0.0);
}

/* Small integers about a pivot of 0: every sum that has no division in it is exact. */
static void integers_are_exact(void **state) {
  (void)state;
  const size_t width[] = {4, 16, 4}; /* square roots of 4 and 16 are exact as well */
  const network_layout layout = layout_of(shape_of(2, width, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  some_networks all = some_networks_new(layout, 40, 0.0, 2.0, 900);
  const double zeros[NETWORK_TENSORS] = {0};
  for (size_t t = 0; t < layout.n_tensors; t++)
    for (size_t i = 0; i < all.n * layout.tensors[t].rows * layout.tensors[t].cols; i++)
      all.whole[t][i] = all.single[t][i] = (float)rint(all.whole[t][i]);
  for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++)
    for (int single = 0; single < 2; single++) {
      network_moments *sums = state_of(&all, zeros, true);
      add(sums, &all, single, 0, all.n, (cpu_level)level);
      const exact_sums want = exact_of(&all, sums);
      for (size_t i = 0; i < sums->length; i++)
        if (sums->data[i] != (double)want.sum[i])
          fail_msg("sum %zu at level %d: %.17g, not %.17Lg", i, level, sums->data[i], want.sum[i]);
      free(want.sum);
      free(want.size);
      wlaw_network_moments_free(sums);
    }
  some_networks_free(&all);
}

static const size_t mixed[] = {5, 40, 33, 4}; /* few long vectors, and tiles */

/* However networks are cut into calls, the bytes are the same: one by one, or 7 at a time, or all. */
static void cutting_does_not_matter(void **state) {
  (void)state;
  for (int in = SIDE_EXCHANGEABLE; in <= SIDE_LABELLED; in++) {
    some_networks all =
        some_networks_new(layout_of(shape_of(3, mixed, true, (network_side)in, SIDE_LABELLED)), 71, 0.5, 1.0, 901);
    const double pivot[NETWORK_TENSORS] = {0.5, 0.5, 0.6};
    network_moments *whole = state_of(&all, pivot, true);
    add(whole, &all, true, 0, all.n, wlaw_cpu_level());
    for (size_t step = 1; step <= 7; step += 6) {
      network_moments *cut = state_of(&all, pivot, true);
      for (size_t k = 0; k < all.n; k += step)
        add(cut, &all, true, k, all.n - k < step ? all.n - k : step, wlaw_cpu_level());
      assert_int_equal(cut->count, all.n);
      assert_memory_equal(cut->data, whole->data, whole->length * sizeof(double));
      wlaw_network_moments_free(cut);
    }
    wlaw_network_moments_free(whole);
    some_networks_free(&all);
  }
}

/* Groups add up to the whole, and the whole without a group is the sum of the others; a state without the sums for
 * robust errors takes what it has from one with them. */
static void groups_add_and_subtract(void **state) {
  (void)state;
  enum { N = 60, GROUPS = 3 };
  some_networks all =
      some_networks_new(layout_of(shape_of(3, mixed, true, SIDE_LABELLED, SIDE_LABELLED)), N, 100.0, 1.0, 902);
  const network_block first = block_of(&all, false, 0);
  double pivot[NETWORK_TENSORS];
  wlaw_network_pivot(pivot, &all.layout, &first);
  network_moments *whole = state_of(&all, pivot, true), *merged = state_of(&all, pivot, true);
  network_moments *groups[GROUPS], *rest = state_of(&all, pivot, false), *others = state_of(&all, pivot, false);
  add(whole, &all, false, 0, N, wlaw_cpu_level());
  for (size_t g = 0; g < GROUPS; g++) {
    groups[g] = state_of(&all, pivot, true);
    add(groups[g], &all, false, g * N / GROUPS, N / GROUPS, wlaw_cpu_level());
    wlaw_network_moments_merge(merged, groups[g], 1);
  }
  wlaw_network_moments_merge(rest, whole, 1);
  wlaw_network_moments_merge(rest, groups[1], -1);
  wlaw_network_moments_merge(others, groups[0], 1);
  wlaw_network_moments_merge(others, groups[2], 1);
  assert_int_equal(merged->count, N);
  assert_int_equal(rest->count, N - N / GROUPS);
  assert_int_equal(others->count, N - N / GROUPS);
  assert_null(rest->trivial_fourth);
  assert_true(rest->length < whole->length);
  /* N roundings of sums whose terms are as large as the diagonal's; squared norms carry 2 pivot x besides */
  for (size_t i = 0; i < whole->length; i++)
    check_near(merged->data[i], whole->data[i], 1e-12 * (fabs(whole->data[i]) + N * 1e3));
  for (size_t i = 0; i < rest->length; i++)
    check_near(rest->data[i], others->data[i], 1e-12 * (fabs(whole->data[i]) + N * 1e3));
  double *const kept = malloc(rest->length * sizeof *kept);
  memcpy(kept, groups[0]->data, rest->length * sizeof *kept);
  wlaw_network_moments_trim(groups[0]);
  assert_int_equal(groups[0]->length, rest->length);
  assert_false(groups[0]->robust);
  assert_null(groups[0]->trivial_fourth);
  assert_memory_equal(groups[0]->data, kept, rest->length * sizeof *kept);
  assert_int_equal(groups[0]->norms - groups[0]->data, rest->norms - rest->data);
  free(kept);
  for (size_t g = 0; g < GROUPS; g++) wlaw_network_moments_free(groups[g]);
  wlaw_network_moments_free(whole);
  wlaw_network_moments_free(merged);
  wlaw_network_moments_free(rest);
  wlaw_network_moments_free(others);
  some_networks_free(&all);
}

/* A weight that is not finite, or whose square is not, is found at its network, wherever it stands. */
static void bad_weights_are_found(void **state) {
  (void)state;
  static const double bad[] = {NAN, INFINITY, -INFINITY, 1e200};
  wlaw_error *err = wlaw_error_new();
  for (int in = SIDE_EXCHANGEABLE; in <= SIDE_OMITTED; in++) {
    some_networks all =
        some_networks_new(layout_of(shape_of(3, mixed, true, (network_side)in, SIDE_LABELLED)), 40, 0.0, 1.0, 903);
    const double zeros[NETWORK_TENSORS] = {0};
    const network_block block = block_of(&all, false, 0);
    network_scratch *scratch = NULL;
    check_ok(wlaw_network_scratch_new(&scratch, &all.layout, err));
    for (size_t t = 0; t < all.layout.n_tensors; t++)
      for (size_t b = 0; b < 4; b++)
        for (size_t k = 0; k < all.n; k += 13) {
          const size_t entries = all.layout.tensors[t].rows * all.layout.tensors[t].cols;
          double *const at = &all.whole[t][k * entries + (k + b) % entries], kept = *at;
          network_moments *sums = state_of(&all, zeros, true);
          *at = bad[b];
          assert_int_equal(wlaw_network_moments_add(sums, scratch, &block, all.n, wlaw_cpu_level()), k);
          *at = kept;
          wlaw_network_moments_free(sums);
        }
    wlaw_network_scratch_free(scratch);
    some_networks_free(&all);
  }
  wlaw_error_free(err);
}

static void pivots(void **state) {
  (void)state;
  some_networks all =
      some_networks_new(layout_of(shape_of(3, mixed, true, SIDE_LABELLED, SIDE_LABELLED)), 2, 3.0, 1.0, 904);
  double pivot[NETWORK_TENSORS];
  for (int single = 0; single < 2; single++) {
    const network_block second = block_of(&all, single, 1);
    wlaw_network_pivot(pivot, &all.layout, &second);
    for (size_t t = 0; t < all.layout.n_tensors; t++) {
      const size_t n = all.layout.tensors[t].rows * all.layout.tensors[t].cols;
      long double sum = 0;
      for (size_t i = 0; i < n; i++) sum += all.whole[t][n + i];
      check_near(pivot[t], (double)(sum / (long double)n), 1e-13);
    }
  }
  all.whole[1][7] = NAN;
  const network_block first = block_of(&all, false, 0);
  wlaw_network_pivot(pivot, &all.layout, &first);
  assert_true(pivot[1] == 0.0);
  assert_true(pivot[0] > 0.0);
  some_networks_free(&all);
}

/* Orthonormal: copies and residuals are centred, and the squares of all coordinates are those of the weights; together
 * with the definitions (sums_by_definition) this makes them a change of variables. */
static void coordinates_are_orthonormal(void **state) {
  (void)state;
  static const size_t widths[][4] = {{2, 3, 4, 2}, {1, 1, 1, 1}, {5, 40, 33, 4}, {3, 1, 6, 2}};
  wlaw_error *err = wlaw_error_new();
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
    for (int in = SIDE_EXCHANGEABLE; in <= SIDE_OMITTED; in++)
      for (int out = SIDE_EXCHANGEABLE; out <= SIDE_LABELLED; out++)
        for (int single = 0; single < 2; single++) {
          some_networks all = some_networks_new(
              layout_of(shape_of(3, widths[w], true, (network_side)in, (network_side)out)), 1, 0.7, 1.0, 905);
          const size_t dimension = wlaw_network_dimension(&all.layout), n_copies = copies_length(&all.layout);
          double *trivial = calloc(all.layout.trivial, sizeof(double)), *copies = calloc(n_copies + 1, sizeof(double));
          double *residual = calloc(dimension, sizeof(double)), square = 0, want = 0;
          const network_block block = block_of(&all, single, 0);
          const double *whole[NETWORK_TENSORS];
          check_ok(wlaw_network_coordinates(trivial, copies, residual, &all.layout, &block, err));
          exact_network exact = exact_new(&all.layout);
          for (size_t t = 0; t < all.layout.n_tensors; t++) whole[t] = all.whole[t];
          exact_measure(&exact, &all.layout, whole, NULL);
          const double tolerance = 1e-14 * (double)dimension; /* a rounding for each weight of order 1 */
          for (size_t i = 0; i < all.layout.trivial; i++) {
            check_near(trivial[i], (double)exact.trivial[i], tolerance);
            square += trivial[i] * trivial[i];
          }
          for (size_t i = 0; i < n_copies; i++) {
            check_near(copies[i], (double)exact.copies[i], tolerance);
            square += copies[i] * copies[i];
          }
          for (size_t i = 0; i < dimension; i++) {
            check_near(residual[i], (double)exact.residual[i], tolerance);
            square += residual[i] * residual[i];
          }
          for (size_t t = 0; t < all.layout.n_tensors; t++)
            for (size_t i = 0; i < all.layout.tensors[t].rows * all.layout.tensors[t].cols; i++)
              want += all.whole[t][i] * all.whole[t][i];
          check_near(square, want, tolerance * (1 + want));
          exact_free(&exact);
          free(trivial);
          free(copies);
          free(residual);
          some_networks_free(&all);
        }
  wlaw_error_free(err);
}

/* Back from the coordinates: the weight is the sum of its parts. */
static void weights_are_rebuilt(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  some_networks all =
      some_networks_new(layout_of(shape_of(3, mixed, true, SIDE_EXCHANGEABLE, SIDE_LABELLED)), 1, 0.7, 1.0, 906);
  const network_layout *layout = &all.layout;
  double *trivial = calloc(layout->trivial, sizeof(double)), *copies = calloc(copies_length(layout), sizeof(double));
  double *residual = calloc(wlaw_network_dimension(layout), sizeof(double)), *rest = residual;
  const double *of_set[NETWORK_SETS];
  const network_block block = block_of(&all, false, 0);
  check_ok(wlaw_network_coordinates(trivial, copies, residual, layout, &block, err));
  for (size_t s = 0, at = 0; s < layout->n_sets; at += layout->sets[s].copies * layout->sets[s].width, s++)
    of_set[s] = copies + at;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *k = &layout->tensors[t];
    const double m = (double)k->rows, n = (double)k->cols;
    for (size_t i = 0; i < k->rows; i++)
      for (size_t j = 0; j < k->cols; j++) {
        double w = 0;
        if (k->is_bias)
          w = k->rows_labelled ? trivial[k->trivial + i]
                               : trivial[k->trivial] / sqrt(m) + of_set[k->row_set][k->row_copy * k->rows + i];
        else if (k->rows_labelled)
          w = trivial[k->trivial + i] / sqrt(n) + of_set[k->column_set][(k->column_copy + i) * k->cols + j];
        else
          w = trivial[k->trivial] / sqrt(m * n) + of_set[k->row_set][k->row_copy * k->rows + i] / sqrt(n) +
              of_set[k->column_set][k->column_copy * k->cols + j] / sqrt(m) + *rest++;
        check_near(w, all.whole[t][i * k->cols + j], 1e-12); /* some hundred roundings of numbers up to 10 */
      }
  }
  free(trivial);
  free(copies);
  free(residual);
  some_networks_free(&all);
  wlaw_error_free(err);
}

static wlaw_status make_and_add(void *context, wlaw_error *err) {
  const some_networks *all = context;
  const double zeros[NETWORK_TENSORS] = {0};
  network_moments *sums = NULL;
  network_scratch *scratch = NULL;
  double trivial[64], copies[1024];
  const network_block block = block_of(all, true, 0);
  wlaw_status status = wlaw_network_moments_new(&sums, &all->layout, zeros, true, err);
  if (status == WLAW_OK) status = wlaw_network_scratch_new(&scratch, &all->layout, err);
  if (status == WLAW_OK) wlaw_network_moments_add(sums, scratch, &block, all->n, wlaw_cpu_level());
  if (status == WLAW_OK) status = wlaw_network_coordinates(trivial, copies, NULL, &all->layout, &block, err);
  wlaw_network_moments_free(sums);
  wlaw_network_scratch_free(scratch);
  return status;
}

static void refused_allocations(void **state) {
  (void)state;
  some_networks all =
      some_networks_new(layout_of(shape_of(3, mixed, true, SIDE_LABELLED, SIDE_LABELLED)), 2, 0.0, 1.0, 907);
  alloc_fail_each(make_and_add, &all);
  some_networks_free(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_by_definition),          cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(cutting_does_not_matter),     cmocka_unit_test(groups_add_and_subtract),
      cmocka_unit_test(bad_weights_are_found),       cmocka_unit_test(pivots),
      cmocka_unit_test(coordinates_are_orthonormal), cmocka_unit_test(weights_are_rebuilt),
      cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("measure.network_moments", tests, NULL, NULL);
}
