/* Invariants of whole networks: values against sums over all indices, predictions against dense Isserlis sums over all
 * parameters of tiny networks, against the engine for one matrix, and against draws. */
#include "law/network_wick.h"

#include "law/random_network.h"
#include "law/wick_dense.h"
#include "support/test.h"

typedef struct shape_case {
  size_t layers;
  size_t width[6];
  bool bias[5];
  network_side input, output;
} shape_case;

static const shape_case shapes[] = {
    {3, {2, 3, 2, 2}, {true, true, true}, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE},
    {3, {5, 3, 2, 3}, {false, true, true}, SIDE_OMITTED, SIDE_LABELLED},
    {3, {2, 3, 3, 2}, {true, false, false}, SIDE_LABELLED, SIDE_LABELLED},
    {3, {2, 1, 3, 2}, {true, true, false}, SIDE_EXCHANGEABLE, SIDE_LABELLED}, /* sets of one node */
    {4, {2, 2, 1, 2, 1}, {true, false, false, false}, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE},
    {5, {9, 2, 2, 2, 2, 2}, {true, false, false, false, false}, SIDE_OMITTED, SIDE_LABELLED}, /* paths of five */
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static network_layout layout_of(const shape_case *c) {
  network_layout layout;
  network_shape shape = {.layers = c->layers, .input = c->input, .output = c->output};
  for (size_t k = 0; k <= c->layers; k++) shape.width[k] = c->width[k];
  for (size_t l = 0; l < c->layers; l++) shape.bias[l] = c->bias[l];
  assert_int_equal(wlaw_network_layout(&layout, &shape, NULL), WLAW_OK);
  return layout;
}

/* A law whose numbers of no meaning at its size are not numbers. */
static network_gaussian *random_law(const network_layout *layout, uint32_t seed) {
  network_gaussian *law = random_network(layout, seed);
  for (size_t s = 0; s < layout->n_sets; s++)
    for (size_t i = 0; layout->sets[s].width == 1 && i < layout->sets[s].copies * layout->sets[s].copies; i++)
      law->sets[s][i] = NAN;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    if (tensor->entries != NETWORK_NONE && (tensor->rows == 1 || tensor->cols == 1))
      law->entries[tensor->entries] = NAN;
  }
  return law;
}

/* ---- the same law as a mean and a covariance of all parameters ---- */

static size_t offset_of(const network_layout *layout, size_t t) {
  size_t at = 0;
  for (size_t k = 0; k < t; k++) at += layout->tensors[k].rows * layout->tensors[k].cols;
  return at;
}

/* The orthonormal vectors of trivial coordinate `label` of tensor t. */
static void trivial_vector(double *v, const network_layout *layout, size_t t, size_t label) {
  const network_tensor *tensor = &layout->tensors[t];
  double *own = v + offset_of(layout, t), square = 0;
  for (size_t e = 0; e < tensor->rows * tensor->cols; e++) {
    const size_t r = tensor->rows_labelled ? e / tensor->cols : 0, c = tensor->cols_labelled ? e % tensor->cols : 0;
    own[e] = r * (tensor->cols_labelled ? tensor->cols : 1) + c == label;
    square += own[e];
  }
  for (size_t e = 0; e < tensor->rows * tensor->cols; e++) own[e] /= sqrt(square);
}

/* Node i's direction (before centring) of a copy over rows or columns, of a label of the other side. */
static void copy_vector(double *v, const network_layout *layout, size_t t, bool columns, size_t label, size_t i) {
  const network_tensor *tensor = &layout->tensors[t];
  const bool labelled = columns ? tensor->rows_labelled : tensor->cols_labelled;
  double *own = v + offset_of(layout, t), square = 0;
  for (size_t e = 0; e < tensor->rows * tensor->cols; e++) {
    const size_t here = columns ? e % tensor->cols : e / tensor->cols,
                 there = columns ? e / tensor->cols : e % tensor->cols;
    own[e] = here == i && (!labelled || there == label);
    square += own[e];
  }
  for (size_t e = 0; e < tensor->rows * tensor->cols; e++) own[e] /= sqrt(square);
}

/* covariance += value * (a b'), over all parameters. */
static void add_outer(dense_law *law, const double *a, const double *b, double value) {
  for (size_t e = 0; e < law->size; e++)
    for (size_t f = 0; a[e] != 0 && f < law->size; f++) law->covariance[e * law->size + f] += value * a[e] * b[f];
}

/* The tensor, side and label of a copy. */
static void find_copy(size_t *t, bool *columns, size_t *label, const network_layout *layout, size_t s, size_t copy) {
  *t = wlaw_network_copy_tensor(layout, s, copy);
  const network_tensor *tensor = &layout->tensors[*t];
  *columns = tensor->column_set == s;
  *label = copy - (*columns ? tensor->column_copy : tensor->row_copy);
}

static void add_set(dense_law *dense, const network_gaussian *law, size_t s) {
  const network_layout *layout = &law->layout;
  const network_set *set = &layout->sets[s];
  for (size_t a = 0; a < set->copies && set->width > 1; a++)
    for (size_t b = 0; b < set->copies; b++)
      for (size_t i = 0; i < set->width; i++)
        for (size_t j = 0; j < set->width; j++) {
          double x[DENSE_MOST] = {0}, y[DENSE_MOST] = {0};
          size_t t, label;
          bool columns;
          find_copy(&t, &columns, &label, layout, s, a);
          copy_vector(x, layout, t, columns, label, i);
          find_copy(&t, &columns, &label, layout, s, b);
          copy_vector(y, layout, t, columns, label, j);
          add_outer(dense, x, y, law->sets[s][a * set->copies + b] * ((i == j) - 1.0 / (double)set->width));
        }
}

static void add_entries(dense_law *dense, const network_gaussian *law, size_t t) {
  const network_tensor *tensor = &law->layout.tensors[t];
  const size_t n = tensor->rows * tensor->cols, at = offset_of(&law->layout, t);
  for (size_t e = 0; e < n && tensor->rows > 1 && tensor->cols > 1; e++)
    for (size_t f = 0; f < n; f++)
      dense->covariance[(at + e) * dense->size + at + f] +=
          law->entries[tensor->entries] * ((e / tensor->cols == f / tensor->cols) - 1.0 / (double)tensor->rows) *
          ((e % tensor->cols == f % tensor->cols) - 1.0 / (double)tensor->cols);
}

static void dense_of(dense_law *dense, const network_gaussian *law) {
  const network_layout *layout = &law->layout;
  memset(dense, 0, sizeof *dense);
  dense->size = wlaw_network_dimension(layout);
  assert_true(dense->size <= DENSE_MOST);
  for (size_t a = 0; a < layout->trivial; a++) {
    double x[DENSE_MOST] = {0};
    const size_t t = wlaw_network_trivial_tensor(layout, a);
    trivial_vector(x, layout, t, a - layout->tensors[t].trivial);
    for (size_t e = 0; e < dense->size; e++) dense->mean[e] += law->mean[a] * x[e];
    for (size_t b = 0; b < layout->trivial; b++) {
      double y[DENSE_MOST] = {0};
      const size_t u = wlaw_network_trivial_tensor(layout, b);
      trivial_vector(y, layout, u, b - layout->tensors[u].trivial);
      add_outer(dense, x, y, law->trivial[a * layout->trivial + b]);
    }
  }
  for (size_t s = 0; s < layout->n_sets; s++) add_set(dense, law, s);
  for (size_t t = 0; t < layout->n_tensors; t++)
    if (layout->tensors[t].entries != NETWORK_NONE) add_entries(dense, law, t);
}

/* ---- an invariant as a tensor over all parameters, from its edges ---- */

typedef struct index_sum {
  const network_invariant *of;
  const network_layout *layout;
  size_t node[NETWORK_GRAPH_NODES], label[NETWORK_DEGREE]; /* an edge's own, or the shared one in label[0] */
} index_sum;

static size_t parameter_of(const index_sum *at, size_t e) {
  const network_edge *edge = &at->of->edges[e];
  const network_tensor *tensor = &at->layout->tensors[edge->tensor];
  size_t first = 0; /* of the edges with the shared label, where there are any */
  while (edge->label && !at->of->edges[first].label) first++;
  const size_t r = edge->row != NODE_NONE ? at->node[edge->row] : at->label[edge->label ? first : e],
               c = edge->column != NODE_NONE ? at->node[edge->column] : 0;
  return offset_of(at->layout, edge->tensor) + r * tensor->cols + c;
}

static bool next_index(index_sum *at) {
  for (size_t v = 0; v < at->of->n_nodes; v++) {
    if (++at->node[v] < at->of->width[v]) return true;
    at->node[v] = 0;
  }
  bool shared = false;
  for (size_t e = 0; e < at->of->n_edges; e++) {
    const network_edge *edge = &at->of->edges[e];
    if (edge->row != NODE_NONE || (edge->label && shared)) continue;
    shared = shared || edge->label;
    if (++at->label[e] < at->layout->tensors[edge->tensor].rows) return true;
    at->label[e] = 0;
  }
  return false;
}

static double *network_tensor_of(const network_invariant *of, const network_layout *layout) {
  const size_t S = wlaw_network_dimension(layout), k = of->n_edges;
  double *T = calloc(power_of(S, k), sizeof *T), orders = 1;
  assert_non_null(T);
  index_sum at = {.of = of, .layout = layout};
  for (size_t e = 2; e <= k; e++) orders *= (double)e;
  do {
    int p[] = {0, 1, 2, 3};
    do {
      size_t place = 0;
      for (size_t e = 0; e < k; e++) place = place * S + parameter_of(&at, (size_t)p[e]);
      T[place] += 1 / orders;
    } while (next_permutation(p, k));
  } while (next_index(&at));
  return T;
}

static double evaluate(const double *T, const double *x, size_t S, size_t k) {
  double sum = 0;
  for (size_t e = 0; e < power_of(S, k); e++) {
    double product = T[e];
    for (size_t d = 0, rest = e; d < k && product != 0; d++, rest /= S) product *= x[rest % S];
    sum += product;
  }
  return sum;
}

/* Both routes add thousands of terms of one size; 1e-11 of the sum of the parts' sizes holds. */
static void check_prediction(const char *name, const graph_prediction *got, const dense_prediction *want,
                             size_t degree) {
  double residual = 0;
  for (size_t m = 2; m < degree; m++) residual += want->chaos[m];
  const double near = 1e-10 * want->variance;
  bool ok = fabs(got->mean - want->mean) <= 1e-10 * (fabs(want->mean) + sqrt(want->variance)) &&
            fabs(got->variance - want->variance) <= near && fabs(got->residual - residual) <= near &&
            got->fitted == (residual <= 1e-9 * want->variance);
  for (size_t m = 0; m < degree; m++) ok = ok && fabs(got->chaos[m] - want->chaos[m]) <= near;
  if (!ok)
    fail_msg("%s: mean %.17g (%.17g) variance %.17g (%.17g) residual %.17g (%.17g) fitted %d", name, got->mean,
             want->mean, got->variance, want->variance, got->residual, residual, got->fitted);
}

/* Values of the invariants of two networks, as doubles and as floats. */
static void check_values(const network_invariant *list, size_t n, const network_layout *layout,
                         double *const *tensors) {
  enum { COUNT = 2 };
  const size_t S = wlaw_network_dimension(layout);
  double networks[COUNT * DENSE_MOST], x[COUNT][DENSE_MOST], *values = calloc(COUNT * n, sizeof *values);
  float singles[COUNT * DENSE_MOST];
  network_block block = {0}, single = {.single = true};
  wlaw_stream stream = wlaw_stream_start(32, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, networks, COUNT * S);
  for (size_t e = 0; e < COUNT * S; e++) networks[e] = singles[e] = (float)networks[e];
  for (size_t t = 0, at = 0; t < layout->n_tensors; t++) {
    const size_t size = layout->tensors[t].rows * layout->tensors[t].cols;
    block.tensors[t] = networks + at;
    single.tensors[t] = singles + at;
    for (size_t k = 0; k < COUNT; k++, at += size)
      memcpy(&x[k][offset_of(layout, t)], networks + at, size * sizeof **x);
  }
  for (int which = 0; which < 2; which++) {
    assert_int_equal(wlaw_network_invariants_measure(values, list, n, layout, which ? &single : &block, COUNT, NULL),
                     WLAW_OK);
    for (size_t k = 0; k < COUNT; k++)
      for (size_t i = 0; i < n; i++) {
        const double want = evaluate(tensors[i], x[k], S, list[i].n_edges);
        check_near(values[k * n + i], want, 1e-11 * (1 + fabs(want))); /* at most a thousand products of order 1 */
      }
  }
  free(values);
}

static void check_shape(const shape_case *c, uint32_t seed) {
  static dense_law dense;
  static dense_prediction want;
  const network_layout layout = layout_of(c);
  network_gaussian *law = random_law(&layout, seed);
  network_invariant *list;
  size_t n, left_out;
  wlaw_error *err = wlaw_error_new();
  dense_of(&dense, law);
  check_ok(wlaw_network_invariants(&list, &n, &left_out, &layout, NETWORK_DEGREE, err));
  assert_int_equal(left_out, 0);
  double **tensors = calloc(n, sizeof *tensors);
  for (size_t i = 0; i < n; i++) tensors[i] = network_tensor_of(&list[i], &layout);
  check_values(list, n, &layout, tensors);
  for (size_t i = 0; i < n; i++) {
    char formula[64];
    graph_prediction got;
    wlaw_network_invariant_formula(formula, sizeof formula, &list[i], &layout);
    check_ok(wlaw_network_wick(&got, &list[i], law, err));
    dense_predict_tensor(&want, tensors[i], list[i].n_edges, &dense);
    check_prediction(formula, &got, &want, list[i].n_edges);
  }
  free(tensors);
  free(list);
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
}

static void tiny_networks_against_dense_sums(void **state) {
  (void)state;
  for (size_t c = 0; c < SHAPES; c++) check_shape(&shapes[c], (uint32_t)c);
}

/* ---- counts and formulas ---- */

static size_t count(const network_invariant *list, size_t n, network_invariant_kind kind, size_t degree) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) found += list[i].kind == kind && list[i].n_edges == degree;
  return found;
}

static bool has(const network_invariant *list, size_t n, const network_layout *layout, const char *formula) {
  for (size_t i = 0; i < n; i++) {
    char own[64];
    wlaw_network_invariant_formula(own, sizeof own, &list[i], layout);
    if (strcmp(own, formula) == 0) return true;
  }
  return false;
}

static void which_invariants(void **state) {
  (void)state;
  const shape_case plain = {5, {7, 3, 3, 3, 3, 3}, {false}, SIDE_EXCHANGEABLE, SIDE_LABELLED};
  network_layout layout = layout_of(&plain);
  network_invariant *list;
  size_t n, left_out;
  assert_int_equal(wlaw_network_invariants(&list, &n, &left_out, &layout, 4, NULL), WLAW_OK);
  static const size_t stars[] = {0, 0, 1, 4, 10}, paths[] = {0, 0, 0, 3, 2};
  for (size_t d = 2; d <= 4; d++) {
    assert_int_equal(count(list, n, NETWORK_STAR, d), 4 * stars[d]);
    assert_int_equal(count(list, n, NETWORK_PATH, d), paths[d]);
  }
  static const char *const formulas[] = {"sum W3_ij^2 W4_ki^2",     "sum W1_ij W1_ik W2_li^2",
                                         "sum W4_ij^2 W5_ci^2",     "sum W4_ij W5_ci^2 W5_di",
                                         "sum W4_ij^2 W5_ci W5_di", "sum W2_ji W3_kj W4_lk W5_cl"};
  for (size_t k = 0; k < sizeof formulas / sizeof *formulas; k++)
    if (!has(list, n, &layout, formulas[k])) fail_msg("no %s", formulas[k]);
  free(list);

  /* with biases: of the bias alone, and beside either weight; a first layer that is omitted leaves its bias */
  const shape_case biased = {2, {7, 3, 3}, {true, true}, SIDE_OMITTED, SIDE_EXCHANGEABLE};
  layout = layout_of(&biased);
  assert_int_equal(wlaw_network_invariants(&list, &n, &left_out, &layout, 3, NULL), WLAW_OK);
  static const char *const of_biases[] = {"sum b1_i^2", "sum b1_i W2_ji", "sum b1_i^3", "sum W2_ij^2 b2_i"};
  for (size_t k = 0; k < sizeof of_biases / sizeof *of_biases; k++)
    if (!has(list, n, &layout, of_biases[k])) fail_msg("no %s", of_biases[k]);
  assert_int_equal(n, 2 * (2 + 4)); /* of each set: b^2, b w; b^3, b^2 w, b w^2 in two ways */
  free(list);

  /* many labels: powers of the last weight are left out, sums stay */
  const shape_case many = {3, {7, 3, 3, NETWORK_LABELS_MOST + 1}, {false}, SIDE_OMITTED, SIDE_LABELLED};
  layout = layout_of(&many);
  assert_int_equal(wlaw_network_invariants(&list, &n, &left_out, &layout, 4, NULL), WLAW_OK);
  assert_int_equal(left_out, 1 + 4); /* (1;2); (1;3), (1;2,1), (2;2), (1,1;2) */
  assert_int_equal(n, 15 - 5);
  free(list);
}

/* ---- within one weight: the engine for matrices ---- */

static void one_weight_as_a_matrix(void **state) {
  (void)state;
  const shape_case c = {2, {4, 3, 2}, {true, false}, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE};
  const network_layout layout = layout_of(&c);
  network_gaussian *law = random_law(&layout, 50);
  matrix_gaussian matrix;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_marginal(&matrix, law, 0, err));
  for (size_t degree = 1; degree <= 4; degree++) {
    graph *graphs;
    size_t n;
    check_ok(wlaw_graph_list(&graphs, &n, GRAPH_BIPARTITE, degree, err));
    for (size_t g = 0; g < n; g++) {
      graph_prediction want, got;
      network_invariant own = {.n_edges = degree, .n_nodes = graphs[g].n_nodes};
      for (size_t e = 0; e < degree; e++) {
        const graph_edge edge = graphs[g].edges[e];
        own.edges[e] = (network_edge){0, edge.from, edge.to, 0};
        own.width[edge.from] = 3;
        own.width[edge.to] = 4;
      }
      check_ok(wlaw_graph_predict(&want, &graphs[g], &matrix, 1, true, true, err));
      check_ok(wlaw_network_wick(&got, &own, law, err));
      check_near(got.mean, want.mean, 1e-11 * (fabs(want.mean) + sqrt(want.variance)));
      check_near(got.variance, want.variance, 1e-11 * want.variance);
      check_near(got.residual, want.residual, 1e-10 * want.variance);
      assert_int_equal(got.fitted, want.fitted);
    }
    free(graphs);
  }
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tiny_networks_against_dense_sums),
      cmocka_unit_test(which_invariants),
      cmocka_unit_test(one_weight_as_a_matrix),
  };
  return cmocka_run_group_tests_name("law.network_wick", tests, NULL, NULL);
}
