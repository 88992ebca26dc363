/* Predictions of invariants against dense Isserlis sums, the score test's formula by brute force, and closed forms. */
#include "law/wick.h"

#include "law/wick_dense.h"
#include "support/alloc_fail.h"
#include "support/moments.h"

enum { NETWORKS = 30 };

typedef struct graph_set {
  graph *graphs;
  size_t n;
} graph_set;

static graph_set graphs_of(graph_family family, size_t most) {
  graph_set set = {0};
  for (size_t degree = 1; degree <= most; degree++) {
    graph *some;
    size_t n;
    assert_int_equal(wlaw_graph_list(&some, &n, family, degree, NULL), WLAW_OK);
    set.graphs = realloc(set.graphs, (set.n + n) * sizeof *set.graphs);
    assert_non_null(set.graphs);
    memcpy(set.graphs + set.n, some, n * sizeof *some);
    set.n += n;
    free(some);
  }
  return set;
}

static graph parsed(const char *text) {
  graph g;
  assert_int_equal(wlaw_graph_parse(&g, text, GRAPH_DIRECTED, NULL), WLAW_OK);
  return g;
}

/* ---- against dense sums ---- */

typedef struct law_case {
  const law_ops *law;
  graph_family family;
  const char *statistics; /* graphs whose span the law fits */
} law_case;

#define LINEAR    "0-0 0-1 "
#define QUADRATIC "0-1,0-1 0-1,1-0 0-0,0-1 0-0,1-0 0-1,0-2 0-1,2-1 0-1,1-2 0-1,2-3 0-0,0-0 0-0,1-1 0-0,1-2"
static const law_case laws[] = {
    {&wlaw_law_permutation, GRAPH_DIRECTED, LINEAR QUADRATIC},
    {&wlaw_law_bipartite, GRAPH_DIRECTED, "0-1 0-1,0-1 0-1,0-2 0-1,2-1 0-1,2-3"},
    {&wlaw_law_iid, GRAPH_DIRECTED, "0-1 0-1,0-1"},
    {&wlaw_law_symmetric, GRAPH_DIRECTED, LINEAR QUADRATIC},
    {&wlaw_law_zero_diagonal, GRAPH_DIRECTED, LINEAR QUADRATIC},
    {&wlaw_law_symmetric_zero_diagonal, GRAPH_DIRECTED, LINEAR QUADRATIC},
    {&wlaw_law_antisymmetric, GRAPH_DIRECTED, LINEAR QUADRATIC},
};
enum { LAWS = sizeof laws / sizeof *laws };

static size_t statistics_of(graph q[13], const char *text) {
  size_t n = 0;
  char word[32];
  int length;
  while (sscanf(text, "%31s%n", word, &length) == 1) {
    q[n++] = parsed(word);
    text += length;
  }
  return n;
}

/* What the law says about the matrices it is for. */
static void impose(double *matrices, size_t networks, size_t D, const law_ops *law) {
  const bool even = law == &wlaw_law_symmetric || law == &wlaw_law_symmetric_zero_diagonal;
  const bool odd = law == &wlaw_law_antisymmetric;
  const bool zero = law == &wlaw_law_zero_diagonal || law == &wlaw_law_symmetric_zero_diagonal;
  for (size_t k = 0; k < networks; k++)
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j <= i; j++) {
        double *a = matrices + (k * D + i) * D + j, *b = matrices + (k * D + j) * D + i;
        if (even || odd) *a = 0.5 * (*a + (even ? 1 : -1) * *b), *b = even ? *a : -*a;
        if (zero && i == j) *a = 0;
      }
}

/* The fit's law as a dense one: a group average of the sample, or projectors times variances. */
static void dense_of(dense_law *dense, const matrix_gaussian *law, const double *matrices, size_t networks, size_t rows,
                     size_t cols) {
  if (law->law != &wlaw_law_bipartite && law->law != &wlaw_law_iid) {
    dense_fit(dense, matrices, networks, rows, cols, true);
    return;
  }
  const double m = (double)rows, n = (double)cols, s0 = law->covariance[0][0];
  const double *own = law->law == &wlaw_law_iid
                          ? (double[]){s0, s0, s0}
                          : (double[]){law->covariance[1][0], law->covariance[2][0], law->covariance[3][0]};
  *dense = (dense_law){.rows = rows, .cols = cols, .size = rows * cols};
  for (size_t e = 0; e < dense->size; e++) {
    dense->mean[e] = law->mean[0] / sqrt(m * n);
    for (size_t f = 0; f < dense->size; f++) {
      const double row = (e / cols == f / cols) - 1 / m, column = (e % cols == f % cols) - 1 / n;
      dense->covariance[e * dense->size + f] =
          s0 / (m * n) + own[0] * row / n + own[1] * column / m + own[2] * row * column;
    }
  }
}

/* Both routes add terms of one size or smaller, and lose at most some thousand roundings of the largest: 1e-9 of the
 * largest value in the degree is what the project promises, 1e-10 of it holds. */
enum { DIGITS = -10 };

typedef struct largest_values {
  double mean, variance;
} largest_values;

static void check_graph(const graph *g, const graph_prediction *got, const dense_prediction *want, double residual,
                        const largest_values *largest) {
  char text[64];
  wlaw_graph_text(text, sizeof text, g);
  const double near = pow(10, DIGITS) * largest->variance;
  bool ok = fabs(got->mean - want->mean) <= pow(10, DIGITS) * largest->mean &&
            fabs(got->variance - want->variance) <= near && fabs(got->residual - residual) <= near &&
            got->fitted == (residual <= 1e-9 * want->variance || want->variance <= near);
  for (size_t m = 0; m < g->n_edges; m++) ok = ok && fabs(got->chaos[m] - want->chaos[m]) <= near;
  if (!ok)
    fail_msg("%s: mean %.17g (%.17g) variance %.17g (%.17g) residual %.17g (%.17g) fitted %d", text, got->mean,
             want->mean, got->variance, want->variance, got->residual, residual, got->fitted);
}

/* Every `step`-th graph of degree 4, all of the others. */
static void check_law(const law_case *c, size_t networks, size_t rows, size_t cols, graph_set set, size_t step) {
  static double matrices[NETWORKS * DENSE_MOST];
  static dense_law dense;
  static dense_score score;
  const bool bipartite = c->family == GRAPH_BIPARTITE;
  graph q[13];
  wlaw_error *err = wlaw_error_new();
  dense_sample(matrices, networks, rows, cols, 0.4, 0.3, 21);
  if (rows == cols) impose(matrices, networks, rows, c->law);
  const matrix_fit fit = fitted(c->law, matrices, networks, rows, cols);
  dense_of(&dense, &fit.gaussian, matrices, networks, rows, cols);
  dense_score_start(&score, q, statistics_of(q, c->statistics), &dense);

  wick_plan *plan;
  graph_prediction *got = calloc(set.n, sizeof *got);
  dense_prediction *want = calloc(set.n, sizeof *want);
  assert_true(got && want);
  check_ok(wlaw_wick_plan_new(&plan, set.graphs, set.n, bipartite, err));
  check_ok(wlaw_wick_predict(got, plan, &fit.gaussian, 1, err));
  largest_values largest[WICK_ORDERS]; /* entries are of order 1: where all graphs vanish, to rounding of that */
  for (size_t k = 0; k < WICK_ORDERS; k++) largest[k] = (largest_values){1, 1};
  for (size_t g = 0; g < set.n; g++) {
    const size_t k = set.graphs[g].n_edges;
    if (k == 4 && g % step != 0) continue;
    dense_predict(&want[g], &set.graphs[g], &dense);
    largest[k].mean = fmax(largest[k].mean, fabs(want[g].mean));
    largest[k].variance = fmax(largest[k].variance, want[g].variance);
  }
  for (size_t g = 0; g < set.n; g++) {
    const size_t k = set.graphs[g].n_edges;
    if (k == 4 && g % step != 0) continue;
    check_graph(&set.graphs[g], &got[g], &want[g], dense_residual(&want[g], &score, &dense), &largest[k]);
  }
  wlaw_wick_plan_free(plan);
  free(got);
  free(want);
  wlaw_error_free(err);
}

/* Under the address sanitizer the same checks on fewer graphs. */
#if defined(__SANITIZE_ADDRESS__)
enum { LARGEST = 4, STEP = 7 };
#else
enum { LARGEST = 6, STEP = 1 };
#endif

static void all_graphs_against_dense_sums(void **state) {
  (void)state;
  const graph_set set = graphs_of(GRAPH_DIRECTED, 4);
  assert_int_equal(set.n, 361);
  for (size_t D = 4; D <= LARGEST; D++)
    for (size_t c = 0; c < 3; c++) check_law(&laws[c], NETWORKS, D, D, set, D < 6 ? STEP : c == 0 ? 5 : 31);
  free(set.graphs);
}

/* Sizes where some blocks do not exist, and some patterns of four indices do not occur. */
static void small_matrices(void **state) {
  (void)state;
  const graph_set set = graphs_of(GRAPH_DIRECTED, 4);
  for (size_t D = 1; D <= 3; D++)
    for (size_t c = 0; c < 3; c++) check_law(&laws[c], NETWORKS, D, D, set, 1);
  free(set.graphs);
}

/* Blocks that are zero or singular, and graphs that do not vary: the laws of special matrices as singular laws of
 * square ones, and fits to one and two networks. */
static void singular_laws(void **state) {
  (void)state;
  const graph_set set = graphs_of(GRAPH_DIRECTED, 4);
  for (size_t c = 3; c < LAWS; c++) check_law(&laws[c], NETWORKS, 4, 4, set, 3);
  for (size_t networks = 1; networks <= 2; networks++)
    for (size_t c = 0; c < 2; c++) check_law(&laws[c], networks, 4, 4, set, 3);
  free(set.graphs);
}

static void rectangular_matrices(void **state) {
  (void)state;
  static const law_case two[] = {{&wlaw_law_bipartite, GRAPH_BIPARTITE, "0-1 0-1,0-1 0-1,0-2 0-1,2-1 0-1,2-3"},
                                 {&wlaw_law_iid, GRAPH_BIPARTITE, "0-1 0-1,0-1"}};
  const graph_set set = graphs_of(GRAPH_BIPARTITE, 4);
  assert_int_equal(set.n, 48);
  for (size_t c = 0; c < 2; c++) {
    check_law(&two[c], NETWORKS, 3, 4, set, 1);
    check_law(&two[c], NETWORKS, 4, 2, set, 1);
    check_law(&two[c], NETWORKS, 1, 5, set, 1);
    check_law(&two[c], NETWORKS, 4, 4, set, 1);
  }
  free(set.graphs);
}

/* Degrees up to the most a user may name. */
static void high_degrees(void **state) {
  (void)state;
  static const char *const texts[] = {"0-1,1-2,2-0,0-0,1-0",     "0-1,0-1,0-2,3-2,2-2",     "0-1,1-2,2-3,3-4,4-0",
                                      "0-1,1-0,0-2,2-0,1-2,2-1", "0-1,0-1,0-1,0-1,0-1,0-1", "0-0,0-0,1-1,1-1,0-1,0-1",
                                      "0-1,1-2,2-0,3-4,4-5,5-3"};
  graph_set set = {malloc(sizeof(graph) * sizeof texts / sizeof *texts), sizeof texts / sizeof *texts};
  for (size_t g = 0; g < set.n; g++) set.graphs[g] = parsed(texts[g]);
  for (size_t c = 0; c < 2; c++) check_law(&laws[c], NETWORKS, 2, 2, set, 1);
  free(set.graphs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_graphs_against_dense_sums),
      cmocka_unit_test(small_matrices),
      cmocka_unit_test(singular_laws),
      cmocka_unit_test(rectangular_matrices),
      cmocka_unit_test(high_degrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
