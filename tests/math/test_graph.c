/* Graphs: how many there are (published counts, and orbit-stabiliser as a second route that checks automorphisms too),
 * that equal invariants become equal bytes and different ones are linearly independent, and text in both directions. */
#include "math/graph.h"

#include "core/stream.h"
#include "support/alloc_fail.h"
#include "support/test.h"

typedef struct graph_list {
  graph *graphs;
  size_t n;
} graph_list;

static graph_list list_of(graph_family family, size_t degree) {
  graph_list list = {0};
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_graph_list(&list.graphs, &list.n, family, degree, err));
  wlaw_error_free(err);
  return list;
}

static graph read_graph(const char *text, graph_family family) {
  graph g;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_graph_parse(&g, text, family, err));
  wlaw_error_free(err);
  return g;
}

static void published_counts(void **state) {
  (void)state;
  static const struct {
    graph_family family;
    bool connected;
    size_t counts[GRAPH_EDGES]; /* by degree; 0: not checked here */
  } rows[] = {
      {GRAPH_DIRECTED, false, {2, 11, 52, 296, 1724, 11060}}, /* OEIS A052171 */
      {GRAPH_DIRECTED, true, {2, 8, 32, 167}},
      {GRAPH_BIPARTITE, false, {1, 4, 10, 33, 91, 298}}, /* A007716 */
      {GRAPH_LOOPLESS, false, {1, 6, 24, 130}},
      {GRAPH_UNDIRECTED, false, {2, 7, 23, 79, 274, 1003}},       /* A007717 */
      {GRAPH_UNDIRECTED_LOOPLESS, false, {1, 3, 8, 23, 66, 212}}, /* A050535 */
      {GRAPH_ANTISYMMETRIC, false, {0, 2}},
  };
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      graph_list list = list_of(rows[r].family, degree);
      size_t n = 0;
      for (size_t i = 0; i < list.n; i++) n += !rows[r].connected || wlaw_graph_components(NULL, &list.graphs[i]) == 1;
      if (degree == 1 || rows[r].counts[degree - 1] > 0) assert_int_equal(n, rows[r].counts[degree - 1]);
      free(list.graphs);
    }
}

static void counts_by_nodes(void **state) {
  (void)state;
  static const size_t cubic[] = {1, 9, 21, 16, 4, 1}, quartic[] = {1, 18, 71, 108, 71, 22, 4, 1}; /* OEIS A136564 */
  for (size_t degree = 3; degree <= 4; degree++) {
    graph_list list = list_of(GRAPH_DIRECTED, degree);
    size_t counts[GRAPH_NODES + 1] = {0};
    for (size_t i = 0; i < list.n; i++) counts[list.graphs[i].n_nodes]++;
    for (size_t nodes = 1; nodes <= 2 * degree; nodes++)
      assert_int_equal(counts[nodes], degree == 3 ? cubic[nodes - 1] : quartic[nodes - 1]);
    free(list.graphs);
  }
}

static int64_t power(int64_t base, size_t exponent) {
  int64_t value = 1;
  while (exponent-- > 0) value *= base;
  return value;
}

static int64_t binomial(int64_t n, int64_t k) {
  int64_t value = 1;
  for (int64_t i = 1; i <= k; i++) value = value * (n - k + i) / i;
  return value;
}

/* Maps of k edges onto all of n nodes. */
static int64_t surjections(size_t k, int64_t n) {
  int64_t sum = 0;
  for (int64_t j = 0; j <= n; j++) sum += (j % 2 ? -1 : 1) * binomial(n, j) * power(n - j, k);
  return sum;
}

/* Sequences of `degree` edges of the family that touch each of n labelled nodes: inclusion and exclusion of nodes. */
static int64_t labelled_graphs(graph_family family, size_t degree, int64_t n) {
  int64_t sum = 0;
  if (family == GRAPH_BIPARTITE) {
    for (int64_t rows = 1; rows < n; rows++)
      sum += binomial(n, rows) * surjections(degree, rows) * surjections(degree, n - rows);
    return sum;
  }
  for (int64_t j = 0; j < n; j++) {
    const int64_t m = n - j;
    const int64_t edges = family == GRAPH_DIRECTED     ? m * m
                          : family == GRAPH_LOOPLESS   ? m * (m - 1)
                          : family == GRAPH_UNDIRECTED ? m * (m + 1) / 2
                                                       : m * (m - 1) / 2;
    sum += (j % 2 ? -1 : 1) * binomial(n, j) * power(edges, degree);
  }
  return sum;
}

static int64_t factorial(int64_t n) { return n < 2 ? 1 : n * factorial(n - 1); }

/* Nodes and edges may be permuted in n! k! ways, of which the automorphisms change nothing: the graphs of n nodes and k
 * edges have n! k! / |Aut| labellings each, all labelled graphs together. Exact in integers. */
static void orbits_and_stabilisers(void **state) {
  (void)state;
  for (graph_family family = 0; family < GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      graph_list list = list_of(family, degree);
      int64_t labelled[GRAPH_NODES + 1] = {0};
      for (size_t i = 0; i < list.n; i++) {
        const int64_t all = factorial(list.graphs[i].n_nodes) * factorial((int64_t)degree);
        const int64_t automorphisms = (int64_t)wlaw_graph_automorphisms(&list.graphs[i], family);
        assert_true(automorphisms > 0 && all % automorphisms == 0);
        labelled[list.graphs[i].n_nodes] += all / automorphisms;
      }
      for (size_t nodes = 1; nodes <= 2 * degree; nodes++)
        assert_int_equal(labelled[nodes], labelled_graphs(family, degree, (int64_t)nodes));
      free(list.graphs);
    }
}

static bool turns_edges(graph_family family) { return family >= GRAPH_UNDIRECTED; }

/* The same graph, its nodes renamed, its edges in another order and, where they have no direction, turned. */
static graph disguise(const graph *g, graph_family family, wlaw_stream *stream) {
  graph out = *g;
  uint8_t name[GRAPH_NODES];
  for (uint8_t v = 0; v < g->n_nodes; v++) name[v] = v;
  for (uint32_t v = g->n_nodes; v-- > 1;) {
    const uint32_t w = wlaw_stream_below(stream, v + 1);
    const uint8_t held = name[v];
    name[v] = name[w];
    name[w] = held;
  }
  for (uint32_t e = g->n_edges; e-- > 1;) {
    const uint32_t f = wlaw_stream_below(stream, e + 1);
    const graph_edge held = out.edges[e];
    out.edges[e] = out.edges[f];
    out.edges[f] = held;
  }
  for (size_t e = 0; e < g->n_edges; e++) {
    const graph_edge edge = {name[out.edges[e].from], name[out.edges[e].to]};
    const bool turn = turns_edges(family) && wlaw_stream_below(stream, 2) == 1;
    out.edges[e] = turn ? (graph_edge){edge.to, edge.from} : edge;
  }
  return out;
}

static void equal_graphs_become_equal_bytes(void **state) {
  (void)state;
  wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, 0, 0);
  for (graph_family family = 0; family <= GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      graph_list list = list_of(family, degree);
      for (size_t i = 0; i < list.n; i++) {
        const graph *g = &list.graphs[i];
        for (size_t turn = 0; turn < (degree > 4 ? 1 : 5); turn++) {
          graph other = disguise(g, family, &stream);
          assert_true(wlaw_graph_automorphisms(&other, family) == wlaw_graph_automorphisms(g, family));
          assert_true(wlaw_graph_in_family(&other, family));
          wlaw_graph_canonical(&other, family);
          assert_memory_equal(&other, g, sizeof other);
        }
        if (i > 0) assert_true(wlaw_graph_compare(&list.graphs[i - 1], g) < 0);
        assert_int_equal(wlaw_graph_compare(g, g), 0);
      }
      free(list.graphs);
    }
}

/* Sum over all assignments of indices, component by component. */
static double evaluate_component(const graph *g, const double *M, size_t D) {
  size_t index[GRAPH_NODES] = {0};
  double sum = 0;
  for (;;) {
    double product = 1;
    for (size_t e = 0; e < g->n_edges; e++) product *= M[index[g->edges[e].from] * D + index[g->edges[e].to]];
    sum += product;
    size_t v = 0;
    while (v < g->n_nodes && ++index[v] == D) index[v++] = 0;
    if (v == g->n_nodes) return sum;
  }
}

static double evaluate(const graph *g, const double *M, size_t D) {
  double value = 1;
  const size_t n = wlaw_graph_components(NULL, g);
  for (size_t c = 0; c < n; c++) {
    graph part;
    wlaw_graph_component(&part, g, c);
    value *= evaluate_component(&part, M, D);
  }
  return value;
}

enum { SIZE = 6, MOST_MATRICES = 64 };

static void random_matrix(double *M, graph_family family, uint32_t number) {
  wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, (uint32_t)family, number);
  double g[SIZE * SIZE];
  wlaw_stream_normals(&stream, g, SIZE * SIZE);
  const double turned = family == GRAPH_ANTISYMMETRIC ? -1 : turns_edges(family) ? 1 : 0;
  const bool loops = family == GRAPH_DIRECTED || family == GRAPH_UNDIRECTED;
  for (size_t i = 0; i < SIZE; i++)
    for (size_t j = 0; j < SIZE; j++)
      M[i * SIZE + j] = i == j && !loops ? 0 : 0.3 * (g[i * SIZE + j] + turned * g[j * SIZE + i]);
}

/* Rank of a: [n, n], rows scaled to length 1, by elimination with complete pivoting. What is zero comes out near the
 * rounding of doubles times n, 1e-14; what is not is above 1e-9 for these seeds. */
static size_t rank_of(double *a, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double length = 0;
    for (size_t j = 0; j < n; j++) length = hypot(length, a[i * n + j]);
    for (size_t j = 0; j < n; j++) a[i * n + j] /= length;
  }
  for (size_t step = 0; step < n; step++) {
    size_t row = step, col = step;
    for (size_t i = step; i < n; i++)
      for (size_t j = step; j < n; j++)
        if (fabs(a[i * n + j]) > fabs(a[row * n + col])) row = i, col = j;
    if (!(fabs(a[row * n + col]) > 1e-9)) return step;
    for (size_t j = 0; j < n; j++) {
      const double held = a[step * n + j];
      a[step * n + j] = a[row * n + j];
      a[row * n + j] = held;
    }
    for (size_t i = 0; i < n; i++) {
      const double held = a[i * n + step];
      a[i * n + step] = a[i * n + col];
      a[i * n + col] = held;
    }
    for (size_t i = step + 1; i < n; i++) {
      const double factor = a[i * n + step] / a[step * n + step];
      for (size_t j = step; j < n; j++) a[i * n + j] -= factor * a[step * n + j];
    }
  }
  return n;
}

/* As many random matrices as graphs: the values have full rank, so no graph is listed twice and none is a combination
 * of others. Matrices are 6 x 6: enough for graphs of 6 nodes. */
static void listed_graphs_are_independent(void **state) {
  (void)state;
  static double values[MOST_MATRICES * MOST_MATRICES];
  for (graph_family family = 0; family <= GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= (family == GRAPH_ANTISYMMETRIC ? 4 : 3); degree++) {
      if (family == GRAPH_BIPARTITE) continue; /* among the directed ones */
      graph_list list = list_of(family, degree);
      for (size_t m = 0; m < list.n; m++) {
        double M[SIZE * SIZE];
        random_matrix(M, family, (uint32_t)m);
        for (size_t i = 0; i < list.n; i++) values[m * list.n + i] = evaluate(&list.graphs[i], M, SIZE);
      }
      assert_int_equal(rank_of(values, list.n), list.n);
      free(list.graphs);
    }
}

/* Of the undirected loopless graphs, exactly those that are not listed vanish on antisymmetric matrices. Sums of at
 * most 6^5 products of 4 numbers of order 1 round to under 1e-10. */
static void antisymmetric_graphs_do_not_vanish(void **state) {
  (void)state;
  for (size_t degree = 1; degree <= 4; degree++) {
    graph_list all = list_of(GRAPH_UNDIRECTED_LOOPLESS, degree);
    for (size_t i = 0; i < all.n; i++) {
      double largest = 0, M[SIZE * SIZE];
      for (uint32_t m = 0; m < 3; m++) {
        random_matrix(M, GRAPH_ANTISYMMETRIC, m);
        largest = fmax(largest, fabs(evaluate(&all.graphs[i], M, SIZE)));
      }
      if (wlaw_graph_in_family(&all.graphs[i], GRAPH_ANTISYMMETRIC)) assert_true(largest > 1e-3);
      else assert_true(largest < 1e-10);
    }
    free(all.graphs);
  }
}

static void literature_comes_first(void **state) {
  (void)state;
  static const char *const formulas[] = {"sum M_ii",      "sum M_ij",      "sum M_ij M_ij", "sum M_ij M_ji",
                                         "sum M_ii M_ij", "sum M_ii M_ji", "sum M_ij M_ik", "sum M_ij M_kj",
                                         "sum M_ij M_jk", "sum M_ij M_kl", "sum M_ii M_ii", "sum M_ii M_jj",
                                         "sum M_ii M_jk"};
  size_t number = 0;
  for (size_t degree = 1; degree <= 3; degree++) {
    graph_list list = list_of(GRAPH_DIRECTED, degree);
    for (size_t i = 0; i < list.n; i++) {
      char formula[64], name[8] = "";
      if (degree < 3) {
        wlaw_graph_formula(formula, sizeof formula, &list.graphs[i]);
        assert_string_equal(formula, formulas[number++]);
        snprintf(name, sizeof name, "I%zu", number);
      }
      assert_string_equal(wlaw_graph_name(&list.graphs[i], GRAPH_DIRECTED), name);
      assert_string_equal(wlaw_graph_name(&list.graphs[i], GRAPH_UNDIRECTED), "");
    }
    free(list.graphs);
  }
}

static void texts_read_back(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (graph_family family = 0; family <= GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      graph_list list = list_of(family, degree);
      for (size_t i = 0; i < list.n; i++) {
        char text[64], formula[64];
        graph back;
        wlaw_graph_text(text, sizeof text, &list.graphs[i]);
        wlaw_graph_formula(formula, sizeof formula, &list.graphs[i]);
        assert_true(strlen(text) < 60 && strlen(formula) < 60); /* was not cut */
        check_ok(wlaw_graph_parse(&back, text, family, err));
        assert_memory_equal(&back, &list.graphs[i], sizeof back);
      }
      free(list.graphs);
    }
  char cut[6];
  const graph cycle = read_graph("7-3 , 3-999,999-7", GRAPH_DIRECTED);
  wlaw_graph_text(cut, sizeof cut, &cycle);
  assert_string_equal(cut, "0-1,1");
  wlaw_graph_formula(cut, sizeof cut, &cycle);
  assert_string_equal(cut, "sum M");
  wlaw_error_free(err);
}

static void texts_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
    graph_family family;
  } rows[] = {
      {"", "character 1: a node is missing", GRAPH_DIRECTED},
      {"0", "character 2: '-' is missing", GRAPH_DIRECTED},
      {"0-", "character 3: a node is missing", GRAPH_DIRECTED},
      {"0-1,", "character 5: a node is missing", GRAPH_DIRECTED},
      {"0-1;1-2", "character 4: ',' is missing", GRAPH_DIRECTED},
      {"0-1 1-2", "character 5: ',' is missing", GRAPH_DIRECTED},
      {"0->1", "character 3: a node is missing", GRAPH_DIRECTED},
      {"0-1000", "character 3: nodes are numbers from 0 to 999", GRAPH_DIRECTED},
      {"-1-2", "character 1: a node is missing", GRAPH_DIRECTED},
      {"0-1,0-1,0-1,0-1,0-1,0-1,0-1", "character 25: graphs have at most 6 edges", GRAPH_DIRECTED},
      {"0-1,1-2", "not of the family bipartite", GRAPH_BIPARTITE},
      {"0-0", "not of the family bipartite", GRAPH_BIPARTITE},
      {"0-1,1-1", "not of the family loopless", GRAPH_LOOPLESS},
      {"0-1,1-1", "not of the family undirected-loopless", GRAPH_UNDIRECTED_LOOPLESS},
      {"0-1", "zero for every antisymmetric matrix", GRAPH_ANTISYMMETRIC},
      {"0-1,1-2,2-0", "zero for every antisymmetric matrix", GRAPH_ANTISYMMETRIC},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    graph g = {.n_edges = 99};
    check_status(wlaw_graph_parse(&g, rows[r].text, rows[r].family, err), WLAW_ARGUMENT);
    if (!strstr(wlaw_error_message(err), rows[r].why))
      fail_msg("'%s': %s, expected %s", rows[r].text, wlaw_error_message(err), rows[r].why);
    assert_int_equal(g.n_edges, 99); /* untouched */
  }
  graph *graphs = NULL;
  size_t n = 0;
  check_status(wlaw_graph_list(&graphs, &n, GRAPH_DIRECTED, 0, err), WLAW_ARGUMENT);
  check_status(wlaw_graph_list(&graphs, &n, GRAPH_DIRECTED, GRAPH_EDGES + 1, err), WLAW_ARGUMENT);
  assert_null(graphs);
  wlaw_error_free(err);
}

static void components_are_taken_apart(void **state) {
  (void)state;
  uint8_t component[GRAPH_NODES];
  const graph g = read_graph("5-5,0-1,3-4,4-3,1-2", GRAPH_DIRECTED);
  char text[64];
  wlaw_graph_text(text, sizeof text, &g);
  assert_string_equal(text, "0-1,1-0,2-3,3-4,5-5");
  assert_int_equal(wlaw_graph_components(component, &g), 3);
  static const uint8_t want[] = {0, 0, 1, 1, 1, 2};
  assert_memory_equal(component, want, sizeof want);
  graph joined = {0};
  for (size_t c = 0; c < 3; c++) {
    graph part;
    wlaw_graph_component(&part, &g, c);
    wlaw_graph_join(&joined, &part);
  }
  assert_memory_equal(&joined, &g, sizeof g);
}

static wlaw_status list_quartic(void *context, wlaw_error *err) {
  graph *graphs = NULL;
  size_t n;
  const graph_family *family = context;
  const wlaw_status status = wlaw_graph_list(&graphs, &n, *family, 4, err);
  free(graphs);
  return status;
}

static void memory_may_be_refused(void **state) {
  (void)state;
  graph_family family = GRAPH_DIRECTED;
  alloc_fail_each(list_quartic, &family);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_counts),
      cmocka_unit_test(counts_by_nodes),
      cmocka_unit_test(orbits_and_stabilisers),
      cmocka_unit_test(equal_graphs_become_equal_bytes),
      cmocka_unit_test(listed_graphs_are_independent),
      cmocka_unit_test(antisymmetric_graphs_do_not_vanish),
      cmocka_unit_test(literature_comes_first),
      cmocka_unit_test(texts_read_back),
      cmocka_unit_test(texts_are_refused),
      cmocka_unit_test(components_are_taken_apart),
      cmocka_unit_test(memory_may_be_refused),
  };
  return cmocka_run_group_tests_name("math.graph", tests, NULL, NULL);
}
