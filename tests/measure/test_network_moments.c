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
      /* Every coordinate is off by at most some sqrt(weights) roundings of the size of its tensor's norm (about
       * sqrt(dimension), times the pivot for squared norms), which multiplies through the products: relative to the
       * terms, and to 1 where these are small by chance. */
      const double scale = 1e-14 * (double)wlaw_network_dimension(&all.layout) * (1.0 + fabs(mean));
      for (size_t i = 0; i < state->length; i++)
        check_near(state->data[i], (double)want.sum[i], scale * ((double)want.size[i] + (double)n));
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_by_definition),
  };
  return cmocka_run_group_tests_name("measure.network_moments", tests, NULL, NULL);
}
