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
    for (size_t c = 0; c < 3; c++) check_law(&laws[c], NETWORKS, D, D, set, STEP);
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

/* ---- closed forms ---- */

static matrix_gaussian law_of(const char *text, size_t rows, size_t cols) {
  wlaw_law *law;
  matrix_gaussian out;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_matrix_gaussian(&out, law, rows, cols, err));
  wlaw_law_free(law);
  wlaw_error_free(err);
  return out;
}

static graph_prediction predicted(const char *text, const matrix_gaussian *law) {
  const graph g = parsed(text);
  graph_prediction out;
  assert_int_equal(wlaw_graph_predict(&out, &g, law, 1, false, true, NULL), WLAW_OK);
  return out;
}

/* s / D is normal with mean m1 and variance V0_11, whatever the rest of the law is. */
static void powers_of_the_sum(void **state) {
  (void)state;
  const double D = 9, m = 1.5, v = 2;
  const matrix_gaussian law = law_of(
      "permutation(mean=[1.5,0.7],V0=[2,.3,.3,1],VH=[1,.2,.1,.2,1.5,-.3,.1,-.3,.8],"
      "V2=1.2,V3=.9)",
      9, 9);
  const double want3 = pow(D, 3) * (m * m * m + 3 * m * v),
               variance3 = pow(D, 6) * v * (9 * pow(m, 4) + 36 * m * m * v + 15 * v * v),
               want4 = pow(D, 4) * (pow(m, 4) + 6 * m * m * v + 3 * v * v);
  const graph_prediction cube = predicted("0-1,2-3,4-5", &law), fourth = predicted("0-1,2-3,4-5,6-7", &law);
  check_near(cube.mean, want3, 1e-12 * want3);
  check_near(cube.variance, variance3, 1e-12 * variance3);
  check_near(cube.residual, 6 * pow(D, 6) * v * v * v, 1e-12 * variance3);
  check_near(fourth.mean, want4, 1e-12 * want4);
  assert_false(cube.fitted);
}

/* Entries N(0, 1): w2 = 1, w4 = 3 in the variances of quadratic invariants, and the share of degrees 3 and 4 that a fit
 * of mean and variance leaves. */
static void independent_entries(void **state) {
  (void)state;
  const double D = 10, w4 = 3;
  const matrix_gaussian law = law_of("iid(mean=0,variance=1)", 10, 10);
  const struct {
    const char *graph;
    double variance;
  } quadratic[] = {{"0-1,1-0", D * w4 + D * (2 * D - 3)},
                   {"0-1,0-2", D * D * w4 + D * D * (2 * D - 3)},
                   {"0-1,2-1", D * D * w4 + D * D * (2 * D - 3)},
                   {"0-1,1-2", D * w4 + D * (D * D + D - 3)},
                   {"0-1,2-3", D * D * w4 + D * D * (2 * D * D - 3)},
                   {"0-0,1-1", D * w4 + D * (2 * D - 3)},
                   {"0-0,1-2", D * w4 + D * (D * D + D - 3)}};
  for (size_t k = 0; k < sizeof quadratic / sizeof *quadratic; k++)
    check_near(predicted(quadratic[k].graph, &law).variance, quadratic[k].variance, 1e-12 * quadratic[k].variance);
  const struct {
    const char *graph;
    double share; /* residual variance over variance, from moments 3, 15, 105 of a normal number */
  } shares[] = {{"0-1,0-1,0-1", (15. - 9) / 15},                              /* x^3 less its part along x */
                {"0-1,0-1,0-1,0-1", (96. - 72) / 96},                         /* x^4 less its part along x^2 */
                {"0-1,0-1,2-3,2-3", 8 * 100. * 102 / (8 * 100. * 102 * 103)}, /* chi^2 with n = 100, squared */
                {"0-1,1-2,2-0", 3111. / 3120}};
  for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
    const graph_prediction p = predicted(shares[k].graph, &law);
    check_near(p.residual / p.variance, shares[k].share, 1e-12);
    assert_false(p.fitted);
  }
  assert_true(predicted("0-1,0-1", &law).fitted);
  assert_false(predicted("0-1,1-0", &law).fitted);
}

/* ---- two expansions of one law ---- */

/* A law without index matching has 4 diagrams, the same law written with 13 parameters 15 that cancel: what is left of
 * the digits at large sizes, where terms of D^-2 and D^8 meet. A coefficient carries rounding 2^-53 of the law's
 * largest variance over D^(deltas missing), which closes as many more sums: D of them where it stands for one term. */
static void large_matrices(void **state) {
  (void)state;
  static const char *const texts[] = {"iid(mean=0.01,variance=1)",
                                      "bipartite(mean=1.5,s0=20,rows=1.2,columns=.7,entries=.9)"};
  static const size_t sizes[] = {10, 640, 10000};
  const graph_set set = graphs_of(GRAPH_DIRECTED, LARGEST > 4 ? 4 : 3);
  graph_prediction *few = calloc(set.n, sizeof *few), *many = calloc(set.n, sizeof *many);
  wlaw_error *err = wlaw_error_new();
  wick_plan *plan;
  assert_true(few && many);
  check_ok(wlaw_wick_plan_new(&plan, set.graphs, set.n, false, err));
  for (size_t t = 0; t < 2; t++)
    for (size_t d = 0; d < 3; d++) {
      const matrix_gaussian law = law_of(texts[t], sizes[d], sizes[d]);
      const double near = 16 * 0x1p-53 * (double)sizes[d];
      matrix_gaussian wide;
      check_ok(wlaw_matrix_embed(&wide, &law, &wlaw_law_permutation, err));
      check_ok(wlaw_wick_predict(few, plan, &law, 1, err));
      check_ok(wlaw_wick_predict(many, plan, &wide, 1, err));
      for (size_t g = 0; g < set.n; g++) {
        check_near(many[g].mean, few[g].mean, near * sqrt(few[g].variance + few[g].mean * few[g].mean));
        check_near(many[g].variance, few[g].variance, near * few[g].variance);
        assert_int_equal(many[g].fitted, set.graphs[g].n_edges <= 2);
        for (size_t m = 0; m < GRAPH_EDGES; m++) check_near(many[g].chaos[m], few[g].chaos[m], near * few[g].variance);
      }
    }
  wlaw_wick_plan_free(plan);
  wlaw_error_free(err);
  free(few);
  free(many);
  free(set.graphs);
}

/* ---- the interface ---- */

static void laws_together(void **state) {
  (void)state;
  const matrix_gaussian three[] = {law_of("iid(mean=1,variance=2)", 5, 5),
                                   law_of("bipartite(mean=1.5,s0=2,rows=1.2,columns=.7,entries=.9)", 5, 5),
                                   law_of("permutation(mean=[1.5,0.7],V0=[2,.3,.3,1],VH=[1,.2,.1,.2,1.5,-.3,.1,-.3,.8],"
                                          "V2=1.2,V3=.9)",
                                          5, 5)};
  const char *const texts[] = {"0-0", "0-1,1-2,2-0", "0-1,0-2,3-2,2-2", "0-0,1-2,2-1,1-2,0-1"};
  for (size_t t = 0; t < 4; t++) {
    const graph g = parsed(texts[t]);
    graph_prediction all[3], mean[3];
    assert_int_equal(wlaw_graph_predict(all, &g, three, 3, false, true, NULL), WLAW_OK);
    assert_int_equal(wlaw_graph_predict(mean, &g, three, 3, false, false, NULL), WLAW_OK);
    for (size_t l = 0; l < 3; l++) {
      const graph_prediction one = predicted(texts[t], &three[l]);
      check_near(all[l].mean, one.mean, 0);
      check_near(mean[l].mean, one.mean, 0);
      check_near(all[l].variance, one.variance, 1e-14 * one.variance);
      check_near(all[l].residual, one.residual, 1e-14 * one.variance);
      assert_true(isnan(mean[l].variance) && isnan(mean[l].residual) && isnan(mean[l].chaos[0]) && !mean[l].fitted);
    }
  }
}

static void what_cannot_be_predicted(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const graph path = parsed("0-1,1-2");
  graph_prediction out[2];
  matrix_gaussian mixed[] = {law_of("iid(mean=1,variance=2)", 5, 5), law_of("iid(mean=1,variance=2)", 4, 4)};
  check_status(wlaw_graph_predict(out, &path, mixed, 1, true, true, err), WLAW_ARGUMENT);
  check_status(wlaw_graph_predict(out, &path, mixed, 2, false, true, err), WLAW_SHAPE);
  mixed[0] = law_of("iid(mean=1,variance=2)", 5, 4);
  check_status(wlaw_graph_predict(out, &path, mixed, 1, false, true, err), WLAW_SHAPE);
  mixed[0] = law_of("permutation(mean=[0,0],V0=[1,0,0,1],VH=[1,0,0,0,1,0,0,0,1],V2=1,V3=1)", 4, 4);
  const graph edge = parsed("0-1");
  check_status(wlaw_graph_predict(out, &edge, mixed, 1, true, true, err), WLAW_ARGUMENT);
  check_status(wlaw_graph_predict(out, &(graph){.n_edges = 0}, mixed, 1, false, true, err), WLAW_LIMIT);
  check_status(wlaw_graph_predict(out, &(graph){.n_edges = GRAPH_EDGES + 1}, mixed, 1, false, true, err), WLAW_LIMIT);
  check_status(wlaw_graph_predict(out, &(graph){.n_edges = 1, .edges = {{0, GRAPH_NODES}}}, mixed, 1, false, true, err),
               WLAW_ARGUMENT);
  /* A law that is not a number gives predictions that are none, and says of nothing that it is fitted. */
  mixed[0].covariance[2][0] = NAN;
  assert_int_equal(wlaw_graph_predict(out, &path, mixed, 1, false, true, err), WLAW_OK);
  assert_true(isnan(out[0].variance) && isnan(out[0].residual) && !out[0].fitted);
  wlaw_error_free(err);
}

/* The fit of all 13 parameters explains every part of degree 1 and 2, however near its covariances are to singular
 * ones: correlations in single precision have a diagonal of 1 but for 1e-7. Parts of either side come from
 * eigenvectors, to 2^-53 over sqrt(gap) = 1e-16 / 1e-6.5 of a standard deviation. */
static void nearly_singular(void **state) {
  (void)state;
  static const double gaps[] = {1e-3, 1e-6, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 0};
  static const char *const texts[] = {"0-1,0-1", "0-0,0-1", "0-0,1-2", "0-1,0-2,1-3,2-3", "0-1,1-2,2-0"};
  for (size_t k = 0; k < sizeof gaps / sizeof *gaps; k++) {
    matrix_gaussian law =
        law_of("permutation(mean=[1,2],V0=[1,-.5,-.5,.25],VH=[1,1,-2,1,1,-2,-2,-2,4],V2=1.2,V3=.9)", 8, 8);
    for (size_t b = 0; b < 2; b++)
      for (size_t i = 0; i < law.layout.blocks[b].copies; i++)
        law.covariance[b][i * (law.layout.blocks[b].copies + 1)] += gaps[k];
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
      const graph_prediction one = predicted(texts[t], &law);
      check_near(one.residual, one.chaos[2] + one.chaos[3], 1e-18 * one.variance);
      assert_true(one.fitted == (t < 3));
    }
  }
  matrix_gaussian law = law_of("symmetric(mean=[1,2],V0=[1,-.5,-.5,.25],VH=[1,-2,-2,4],V2=1.2)", 8, 8);
  const double singular = predicted(texts[3], &law).residual;
  for (size_t k = 2; k < sizeof gaps / sizeof *gaps; k++) {
    law = law_of("symmetric(mean=[1,2],V0=[1,-.5,-.5,.25],VH=[1,-2,-2,4],V2=1.2)", 8, 8);
    for (size_t b = 0; b < 2; b++)
      for (size_t i = 0; i < 2; i++) law.covariance[b][3 * i] += gaps[k];
    check_near(predicted(texts[3], &law).residual, singular, (100 * gaps[k] + 1e-12) * singular);
  }
}

/* A variance of 1e-400 is no reason to say "fitted", nor one of 1e400: refused, and the same law in other units is not.
 */
static void scales(void **state) {
  (void)state;
  static const struct {
    double unit;
    wlaw_status status;
  } cases[] = {{1e-50, WLAW_VALUE}, {1e-30, WLAW_OK}, {1e30, WLAW_OK}, {1e50, WLAW_VALUE}};
  const char *const text = "permutation(mean=[1,0],V0=[1,0,0,1],VH=[1,0,0,0,1,0,0,0,1],V2=1,V3=1)";
  const graph cycle = parsed("0-1,1-2,2-3,3-0");
  wlaw_error *err = wlaw_error_new();
  graph_prediction one, other;
  matrix_gaussian law = law_of(text, 5, 5);
  check_ok(wlaw_graph_predict(&one, &cycle, &law, 1, false, true, err));
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const double unit = cases[c].unit;
    law = law_of(text, 5, 5);
    law.mean[0] *= unit;
    for (size_t b = 0; b < MATRIX_BLOCKS; b++)
      for (size_t k = 0; k < MATRIX_COPIES * MATRIX_COPIES; k++) law.covariance[b][k] *= unit * unit;
    check_status(wlaw_graph_predict(&other, &cycle, &law, 1, false, true, err), cases[c].status);
    if (cases[c].status != WLAW_OK) continue;
    assert_false(other.fitted);
    /* eighth powers of a unit that is itself rounded */
    check_near(other.residual / pow(unit, 8), one.residual, 1e-13 * one.residual);
  }
  wlaw_error_free(err);
}

static void costs(void **state) {
  (void)state;
  const graph one = parsed("0-1"), cycle4 = parsed("0-1,1-2,2-3,3-0"), cycle6 = parsed("0-1,1-2,2-3,3-4,4-5,5-0");
  check_near(wlaw_graph_predict_cost(&one, false), 2, 0);
  check_near(wlaw_graph_predict_cost(&cycle4, false), 15 + 225 + 3375 + 50625, 0);
  assert_true(wlaw_graph_predict_cost(&cycle6, false) > 1e7);
  const graph grid = parsed("0-2,0-3,1-2,1-3");
  check_near(wlaw_graph_predict_cost(&grid, true), 4 + 16 + 64 + 256, 0);
}

static wlaw_status predict_again(void *context, wlaw_error *err) {
  const matrix_gaussian *law = context;
  const graph g = {4, 3, {{0, 1}, {1, 2}, {2, 0}, {0, 0}}};
  graph_prediction out;
  return wlaw_graph_predict(&out, &g, law, 1, false, true, err);
}

static void refused_memory(void **state) {
  (void)state;
  matrix_gaussian law = law_of("bipartite(mean=1.5,s0=2,rows=1.2,columns=.7,entries=.9)", 5, 5);
  alloc_fail_each(predict_again, &law);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_graphs_against_dense_sums),
      cmocka_unit_test(small_matrices),
      cmocka_unit_test(singular_laws),
      cmocka_unit_test(rectangular_matrices),
      cmocka_unit_test(high_degrees),
      cmocka_unit_test(powers_of_the_sum),
      cmocka_unit_test(independent_entries),
      cmocka_unit_test(large_matrices),
      cmocka_unit_test(laws_together),
      cmocka_unit_test(what_cannot_be_predicted),
      cmocka_unit_test(nearly_singular),
      cmocka_unit_test(scales),
      cmocka_unit_test(costs),
      cmocka_unit_test(refused_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
