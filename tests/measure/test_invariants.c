/* Graphs by their definition: integer matrices with small entries, whose sums doubles hold exactly, so that values are
 * equal or wrong. */
#include "core/stream.h"
#include "measure/invariant_plan.h"
#include "support/alloc_fail.h"
#include "support/test.h"

/* Whole numbers from -range to range. */
static void sample_integers(double *out, size_t n, uint32_t range, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(31, STREAM_TEST, major, 0);
  for (size_t k = 0; k < n; k++) out[k] = (double)wlaw_stream_below(&stream, 2 * range + 1) - (double)range;
}

static void sample_normals(double *out, size_t n, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(31, STREAM_TEST, major, 1);
  wlaw_stream_normals(&stream, out, n);
}

/* All graphs of degrees first ... last. */
static graph *list_graphs(size_t *n, graph_family family, size_t first, size_t last) {
  graph *all = NULL;
  *n = 0;
  for (size_t degree = first; degree <= last; degree++) {
    graph *some;
    size_t more;
    assert_int_equal(wlaw_graph_list(&some, &more, family, degree, NULL), WLAW_OK);
    all = realloc(all, (*n + more) * sizeof *all);
    assert_non_null(all);
    memcpy(all + *n, some, more * sizeof *all);
    *n += more;
    free(some);
  }
  return all;
}

static invariant_plan *make_plan(const graph *graphs, size_t n, bool bipartite) {
  invariant_plan *plan;
  assert_int_equal(wlaw_invariant_plan_new(&plan, graphs, n, bipartite, NULL), WLAW_OK);
  return plan;
}

/* The sum over all values of all nodes. bipartite: nodes with outgoing edges run over rows, the others over columns. */
static double by_definition(const graph *g, const double *M, size_t rows, size_t cols, bool bipartite) {
  size_t index[GRAPH_NODES] = {0}, size[GRAPH_NODES], v = 0;
  for (size_t k = 0; k < g->n_nodes; k++) size[k] = bipartite ? cols : rows;
  for (size_t k = 0; k < g->n_edges; k++) size[g->edges[k].from] = rows;
  double sum = 0.0;
  while (v < g->n_nodes) {
    double product = 1.0;
    for (size_t k = 0; k < g->n_edges; k++) product *= M[index[g->edges[k].from] * cols + index[g->edges[k].to]];
    sum += product;
    for (v = 0; v < g->n_nodes && ++index[v] == size[v]; v++) index[v] = 0;
  }
  return sum;
}

/* Every graph, instruction set and layout, of 11 matrices: the first, the last and one of a started group. */
static void check_by_definition(const graph *graphs, size_t n, size_t rows, size_t cols, bool bipartite) {
  enum { NETWORKS = 11, CHECKED = 3 };
  static const size_t which[CHECKED] = {0, 9, NETWORKS - 1};
  invariant_plan *plan = make_plan(graphs, n, bipartite);
  double *M = malloc(NETWORKS * rows * cols * sizeof *M), *want = malloc(CHECKED * n * sizeof *want),
         *got = malloc(NETWORKS * n * sizeof *got);
  sample_integers(M, NETWORKS * rows * cols, 3, (uint32_t)(100 * rows + cols));
  for (size_t c = 0; c < CHECKED; c++)
    for (size_t g = 0; g < n; g++)
      want[c * n + g] = by_definition(&graphs[g], M + which[c] * rows * cols, rows, cols, bipartite);
  for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++)
    for (int layout = 0; layout < LAYOUTS; layout++) {
      assert_int_equal(wlaw_invariants_measure_as(got, plan, M, NETWORKS, rows, cols, (cpu_level)level,
                                                  (invariant_layout)layout, NULL),
                       WLAW_OK);
      for (size_t c = 0; c < CHECKED; c++)
        for (size_t g = 0; g < n; g++)
          if (!(got[which[c] * n + g] == want[c * n + g])) {
            char text[64];
            wlaw_graph_text(text, sizeof text, &graphs[g]);
            fail_msg("%s of a %zu x %zu matrix, level %d, layout %d: %.17g, expected %.17g", text, rows, cols, level,
                     layout, got[which[c] * n + g], want[c * n + g]);
          }
    }
  wlaw_invariant_plan_free(plan);
  free(M);
  free(want);
  free(got);
}

static void square_by_definition(void **state) {
  (void)state;
  size_t n;
  graph *graphs = list_graphs(&n, GRAPH_DIRECTED, 1, 4);
  assert_int_equal(n, 361);
  for (size_t D = 1; D <= 5; D++) check_by_definition(graphs, n, D, D, false);
  free(graphs);
}

static void rectangle_by_definition(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 4}, {4, 1}, {3, 5}, {5, 2}, {4, 4}};
  size_t n;
  graph *graphs = list_graphs(&n, GRAPH_BIPARTITE, 1, 4);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    check_by_definition(graphs, n, shapes[s][0], shapes[s][1], true);
  free(graphs);
  graphs = list_graphs(&n, GRAPH_BIPARTITE, 5, 6);
  check_by_definition(graphs, n, 2, 3, true);
  check_by_definition(graphs, n, 3, 2, true);
  free(graphs);
}

/* Degrees 5 and 6, where weighted cycles need products of scaled matrices: all of degree 5 at size 2, a
 * fifth at 3, a third of degree 6 with at most 6 nodes. */
static void high_degrees_by_definition(void **state) {
  (void)state;
  size_t n, some = 0;
  graph *graphs = list_graphs(&n, GRAPH_DIRECTED, 5, 5);
  check_by_definition(graphs, n, 2, 2, false);
  for (size_t g = 0; g < n; g += 5) graphs[some++] = graphs[g];
  check_by_definition(graphs, some, 3, 3, false);
  free(graphs);
  graphs = list_graphs(&n, GRAPH_DIRECTED, 6, 6);
  some = 0;
  for (size_t g = 0; g < n; g++)
    if (graphs[g].n_nodes <= 6 && g % 3 == 0) graphs[some++] = graphs[g];
  check_by_definition(graphs, some, 3, 3, false);
  free(graphs);
}

/* The complete graph on four nodes, in all 64 orientations. */
static void cliques_by_definition(void **state) {
  (void)state;
  static const uint8_t pairs[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
  graph graphs[64];
  for (size_t g = 0; g < 64; g++) {
    graphs[g] = (graph){.n_edges = 6, .n_nodes = 4};
    for (size_t k = 0; k < 6; k++) {
      const bool turned = (g >> k & 1) != 0;
      graphs[g].edges[k] = (graph_edge){pairs[k][turned], pairs[k][!turned]};
    }
  }
  for (size_t D = 1; D <= 9; D += D < 4 ? 1 : 5) check_by_definition(graphs, 64, D, D, false);
}

/* Sizes past one tile, one block and one register: the two layouts (own loops, BLAS) at every instruction set. Entries
 * up to 1: |value| <= D^8 < 2^53. */
static void layouts_agree(void **state) {
  (void)state;
  enum { NETWORKS = 3 };
  static const size_t shapes[][2] = {{6, 6}, {7, 7}, {17, 17}, {33, 33}, {70, 70}, {13, 90}, {90, 13}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t rows = shapes[s][0], cols = shapes[s][1];
    size_t n;
    graph *graphs = list_graphs(&n, rows == cols ? GRAPH_DIRECTED : GRAPH_BIPARTITE, 1, 4);
    invariant_plan *plan = make_plan(graphs, n, rows != cols);
    double *M = malloc(NETWORKS * rows * cols * sizeof *M), *want = malloc(NETWORKS * n * sizeof *want),
           *got = malloc(NETWORKS * n * sizeof *got);
    sample_integers(M, NETWORKS * rows * cols, 1, (uint32_t)(1000 + s));
    assert_int_equal(wlaw_invariants_measure(want, plan, M, NETWORKS, rows, cols, CPU_BASELINE, NULL), WLAW_OK);
    for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++)
      for (int layout = 0; layout < LAYOUTS; layout++) {
        assert_int_equal(wlaw_invariants_measure_as(got, plan, M, NETWORKS, rows, cols, (cpu_level)level,
                                                    (invariant_layout)layout, NULL),
                         WLAW_OK);
        for (size_t k = 0; k < NETWORKS * n; k++) assert_true(got[k] == want[k]);
      }
    wlaw_invariant_plan_free(plan);
    free(graphs);
    free(M);
    free(want);
    free(got);
  }
}

/* Bits of a matrix's values: the same alone, and wherever it stands among others. Shapes of both layouts. */
static void place_does_not_matter(void **state) {
  (void)state;
  enum { NETWORKS = 19 };
  static const size_t sizes[] = {9, 65};
  size_t n;
  graph *graphs = list_graphs(&n, GRAPH_DIRECTED, 1, 4);
  invariant_plan *plan = make_plan(graphs, n, false);
  double *together = malloc(NETWORKS * n * sizeof *together), *alone = malloc(n * sizeof *alone);
  for (size_t s = 0; s < 2; s++) {
    const size_t D = sizes[s];
    double *M = malloc(NETWORKS * D * D * sizeof *M);
    sample_normals(M, NETWORKS * D * D, (uint32_t)D);
    for (int level = CPU_BASELINE; level <= (int)wlaw_cpu_level(); level++) {
      assert_int_equal(wlaw_invariants_measure(together, plan, M, NETWORKS, D, D, (cpu_level)level, NULL), WLAW_OK);
      for (size_t k = 0; k < NETWORKS; k++) {
        assert_int_equal(wlaw_invariants_measure(alone, plan, M + k * D * D, 1, D, D, (cpu_level)level, NULL), WLAW_OK);
        assert_memory_equal(alone, together + k * n, n * sizeof *alone);
      }
    }
    free(M);
  }
  wlaw_invariant_plan_free(plan);
  free(graphs);
  free(together);
  free(alone);
}

/* A matrix with values that are not finite leaves its neighbours, and those after it, as they are. */
static void not_finite_stays_at_home(void **state) {
  (void)state;
  enum { NETWORKS = 10, SICK = 3, HUGE_ONE = 4 };
  static const size_t sizes[] = {7, 65};
  size_t n;
  graph *graphs = list_graphs(&n, GRAPH_DIRECTED, 1, 4);
  invariant_plan *plan = make_plan(graphs, n, false);
  double *before = malloc(NETWORKS * n * sizeof *before), *after = malloc(NETWORKS * n * sizeof *after);
  for (size_t s = 0; s < 2; s++) {
    const size_t D = sizes[s];
    double *M = malloc(NETWORKS * D * D * sizeof *M);
    sample_normals(M, NETWORKS * D * D, (uint32_t)(50 + D));
    assert_int_equal(wlaw_invariants_measure(before, plan, M, NETWORKS, D, D, wlaw_cpu_level(), NULL), WLAW_OK);
    M[SICK * D * D + 2] = NAN; /* off the diagonal */
    for (size_t e = 0; e < D * D; e++) M[HUGE_ONE * D * D + e] = e % 2 ? 1e300 : INFINITY;
    assert_int_equal(wlaw_invariants_measure(after, plan, M, NETWORKS, D, D, wlaw_cpu_level(), NULL), WLAW_OK);
    for (size_t k = 0; k < NETWORKS; k++)
      for (size_t g = 0; g < n; g++) {
        bool entries = false; /* diagonal entries alone do not see the NaN */
        for (size_t e = 0; e < graphs[g].n_edges; e++) entries |= graphs[g].edges[e].from != graphs[g].edges[e].to;
        if (k == HUGE_ONE || (k == SICK && entries)) assert_true(!isfinite(after[k * n + g]));
        else assert_memory_equal(&after[k * n + g], &before[k * n + g], sizeof *after);
      }
    free(M);
  }
  wlaw_invariant_plan_free(plan);
  free(graphs);
  free(before);
  free(after);
}

/* What makes it fast (matrix-matrix products are all that grows with D^3): the 361 need M M, M M', M' M and nothing
 * else, and share their matrix-vector products. */
static void plan_is_lean(void **state) {
  (void)state;
  size_t n, counts[NUMBER_CLIQUE + 1] = {0};
  graph *graphs = list_graphs(&n, GRAPH_DIRECTED, 1, 4);
  invariant_plan *plan = make_plan(graphs, n, false);
  for (size_t k = 0; k < plan->n_expressions; k++) counts[plan->expressions[k].kind]++;
  assert_int_equal(counts[MATRIX_PRODUCT], 3);
  assert_int_equal(counts[MATRIX_SCALED], 0);
  assert_int_equal(counts[NUMBER_DOT], 209); /* connected ones */
  assert_true(counts[VECTOR_APPLIED] <= 66);
  assert_true(wlaw_invariant_plan_cost(plan, 640, 640) <= 2.2 * 640 * 640 * 640);
  wlaw_invariant_plan_free(plan);
  free(graphs);
  /* products on the short side: the cycle of four, M M' squared, or M' M squared */
  graph cycle;
  assert_int_equal(wlaw_graph_parse(&cycle, "0-1,0-2,3-1,3-2", GRAPH_BIPARTITE, NULL), WLAW_OK);
  plan = make_plan(&cycle, 1, true);
  assert_true(wlaw_invariant_plan_cost(plan, 10, 784) <= 10 * 10 * 784);
  assert_true(wlaw_invariant_plan_cost(plan, 784, 10) <= 10 * 10 * 784);
  wlaw_invariant_plan_free(plan);
}

static void moments_merge(void **state) {
  (void)state;
  enum { LENGTH = 530, NETWORKS = 41 }; /* more than one block of columns */
  static double values[NETWORKS * LENGTH], mean[2][LENGTH], squares[2][LENGTH];
  static const size_t cuts[] = {0, 1, 18, 18, NETWORKS};
  sample_normals(values, NETWORKS * LENGTH, 7);
  for (size_t k = 0; k < NETWORKS * LENGTH; k++) values[k] += 1e6; /* digits that a sum of squares would lose */
  invariant_moments all = {LENGTH, 0, mean[0], squares[0]}, part = {LENGTH, 0, mean[1], squares[1]};
  for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; c++) {
    memset(mean[1], 0, sizeof mean[1]);
    memset(squares[1], 0, sizeof squares[1]);
    part.count = 0;
    wlaw_invariant_moments_add(&part, values + cuts[c] * LENGTH, cuts[c + 1] - cuts[c]);
    wlaw_invariant_moments_merge(&all, &part);
  }
  assert_int_equal(all.count, NETWORKS);
  for (size_t a = 0; a < LENGTH; a++) {
    long double sum = 0, second = 0;
    for (size_t k = 0; k < NETWORKS; k++) sum += values[k * LENGTH + a];
    for (size_t k = 0; k < NETWORKS; k++) {
      const long double delta = values[k * LENGTH + a] - sum / NETWORKS;
      second += delta * delta;
    }
    /* means of 1e6 carry a few 1e6 eps = 2e-10, which enters the squares times N |delta| (about 1) twice */
    check_near(all.mean[a], (double)(sum / NETWORKS), 1e-9);
    check_near(all.squares[a], (double)second, 1e-7);
  }
}

static void refusals(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  invariant_plan *plan;
  double M[6] = {1, 2, 3, 4, 5, 6}, value;
  const graph path = {.n_edges = 2, .n_nodes = 3, .edges = {{0, 1}, {1, 2}}};
  const graph none = {.n_edges = 0, .n_nodes = 0}, isolated = {.n_edges = 1, .n_nodes = 3, .edges = {{0, 1}}},
              outside = {.n_edges = 1, .n_nodes = 1, .edges = {{0, 1}}};
  check_status(wlaw_invariant_plan_new(&plan, &path, 1, true, err), WLAW_ARGUMENT);
  check_status(wlaw_invariant_plan_new(&plan, &none, 1, false, err), WLAW_ARGUMENT);
  check_status(wlaw_invariant_plan_new(&plan, &isolated, 1, false, err), WLAW_ARGUMENT);
  check_status(wlaw_invariant_plan_new(&plan, &outside, 1, false, err), WLAW_ARGUMENT);
  plan = make_plan(&path, 1, false);
  check_status(wlaw_invariants_measure(&value, plan, M, 1, 2, 3, CPU_BASELINE, err), WLAW_SHAPE);
  check_status(wlaw_invariants_measure(&value, plan, M, 1, 0, 0, CPU_BASELINE, err), WLAW_SHAPE);
  check_status(wlaw_invariants_measure(&value, plan, M, 1, SIZE_MAX, SIZE_MAX, CPU_BASELINE, err), WLAW_LIMIT);
  check_status(wlaw_invariants_measure(&value, plan, M, 1, (size_t)1 << 30, (size_t)1 << 30, CPU_BASELINE, err),
               WLAW_MEMORY);
  check_ok(wlaw_invariants_measure(&value, plan, M, 0, 2, 2, CPU_BASELINE, err));
  wlaw_invariant_plan_free(plan);
  wlaw_invariant_plan_free(NULL);
  wlaw_error_free(err);
}

static wlaw_status plan_and_measure(void *context, wlaw_error *err) {
  const bool bipartite = *(const bool *)context;
  const graph square[] = {{.n_edges = 3, .n_nodes = 3, .edges = {{0, 1}, {1, 2}, {2, 0}}},
                          {.n_edges = 2, .n_nodes = 3, .edges = {{0, 0}, {1, 2}}}};
  const graph rectangle[] = {{.n_edges = 1, .n_nodes = 2, .edges = {{0, 1}}},
                             {.n_edges = 2, .n_nodes = 3, .edges = {{0, 1}, {0, 2}}}};
  const double M[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  double values[2];
  invariant_plan *plan;
  wlaw_status status = wlaw_invariant_plan_new(&plan, bipartite ? rectangle : square, 2, bipartite, err);
  if (status != WLAW_OK) return status;
  status = wlaw_invariants_measure(values, plan, M, 1, 3, 3, CPU_BASELINE, err);
  wlaw_invariant_plan_free(plan);
  return status;
}

static void out_of_memory(void **state) {
  (void)state;
  alloc_fail_each(plan_and_measure, &(bool){false});
  alloc_fail_each(plan_and_measure, &(bool){true});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(square_by_definition),
      cmocka_unit_test(rectangle_by_definition),
      cmocka_unit_test(high_degrees_by_definition),
      cmocka_unit_test(cliques_by_definition),
      cmocka_unit_test(layouts_agree),
      cmocka_unit_test(place_does_not_matter),
      cmocka_unit_test(not_finite_stays_at_home),
      cmocka_unit_test(plan_is_lean),
      cmocka_unit_test(moments_merge),
      cmocka_unit_test(refusals),
      cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
