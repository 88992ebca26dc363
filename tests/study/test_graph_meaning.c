/* Invariants in words: the well-known ones by hand, and something to say of every one. */
#include "study/graph_meaning.h"

#include "support/test.h"

static void known_ones(void **state) {
  (void)state;
  static const struct {
    graph_family family;
    const char *graph, *words;
  } rows[] = {
      {GRAPH_DIRECTED, "0-1,0-1,0-1", "skewed entries"},
      {GRAPH_BIPARTITE, "0-1,0-1,0-1,0-1", "heavy-tailed (above the prediction) or light-tailed (below) entries"},
      {GRAPH_DIRECTED, "0-1,0-2,0-3", "skewed row sums (the total weight into an output neuron)"},
      {GRAPH_DIRECTED, "0-1,2-1,3-1", "skewed column sums (the total weight out of an input neuron)"},
      {GRAPH_UNDIRECTED, "0-1,2-1,3-1", "skewed row sums (a node's total)"},
      {GRAPH_BIPARTITE, "0-1,0-2,0-3,0-4", "heavy-tailed (above the prediction) or light-tailed (below) row sums"},
      {GRAPH_BIPARTITE, "0-1,0-1,0-2", "rows with large sums have large entries"},
      {GRAPH_BIPARTITE, "1-0,1-0,2-0", "columns with large sums have large entries"},
      {GRAPH_BIPARTITE, "0-1,0-1,0-2,0-3", "rows with sums far from zero have large entries"},
      {GRAPH_BIPARTITE, "0-1,0-1,0-2,0-2", "rows of unequal norms: some output neurons"},
      {GRAPH_BIPARTITE, "1-0,1-0,2-0,2-0", "columns of unequal norms: some input neurons"},
      {GRAPH_DIRECTED, "0-1,0-1,1-2,1-2", "nodes with a large column norm tend to have a large row norm"},
      {GRAPH_DIRECTED, "0-0,0-0,0-0", "skewed diagonal entries"},
      {GRAPH_DIRECTED, "0-0,0-1,0-2", "nodes with a large diagonal entry tend to have a row sum far from zero"},
      {GRAPH_DIRECTED, "0-1,1-0", "reciprocity"},
      {GRAPH_DIRECTED, "0-1,0-1,1-0,1-0", "large entries face large mirror images"},
      {GRAPH_DIRECTED, "0-1,1-2,2-0", "feedback loops of three nodes"},
      {GRAPH_DIRECTED, "0-1,1-2,2-3,3-0", "feedback loops of four nodes"},
      {GRAPH_DIRECTED, "0-1,0-2,1-2", "feed-forward triangles"},
      {GRAPH_DIRECTED, "0-1,1-2,0-3,3-2", "two-step connections by several ways"},
      {GRAPH_DIRECTED, "0-1,1-2,2-3,0-3", "three-step connections beside a direct one"},
      {GRAPH_DIRECTED, "0-1,2-1,2-3,0-3", "rows correlated in pairs"},
      {GRAPH_UNDIRECTED_LOOPLESS, "0-1,1-2,2-3,0-3", "rows correlated in pairs"},
      {GRAPH_DIRECTED, "0-1,1-2,2-0,2-3", "feedback loops of three nodes, through a node with a large row sum"},
      {GRAPH_DIRECTED, "0-1,1-2,2-3", "entries M_jk are large, or small, where j has a large column sum and k has"},
      {GRAPH_DIRECTED, "4-3,3-2,2-1,1-0", "two-step connections"},
      {GRAPH_BIPARTITE, "0-1,2-1,2-3,0-4", "rows i and l are alike, or opposed, where i has a large row sum and l"},
      {GRAPH_BIPARTITE, "0-1,0-1,2-3,2-3", "the sum of squared entries varies between networks"},
      {GRAPH_BIPARTITE, "0-1,2-3,4-5", "the sum of all entries is skewed over networks"},
      {GRAPH_DIRECTED, "0-1,0-1,2-2", "networks in which the sum of squared entries is large also have a large trace"},
      {GRAPH_BIPARTITE, "0-1,0-1,2-3,4-5", "squared entries is large also have a sum of all entries far from zero"},
  };
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    graph g;
    char words[GRAPH_MEANING];
    assert_int_equal(wlaw_graph_parse(&g, rows[r].graph, rows[r].family, NULL), WLAW_OK);
    wlaw_graph_meaning(words, sizeof words, &g, rows[r].family);
    if (!strstr(words, rows[r].words)) fail_msg("%s: '%s', expected '%s'", rows[r].graph, words, rows[r].words);
  }
}

/* Every graph has words, whole ones; up to degree 4 no pattern is left to the general sentence. */
static void every_graph(void **state) {
  (void)state;
  for (graph_family family = 0; family <= GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      graph *graphs = NULL;
      size_t n = 0;
      assert_int_equal(wlaw_graph_list(&graphs, &n, family, degree, NULL), WLAW_OK);
      for (size_t i = 0; i < n; i++) {
        char words[2 * GRAPH_MEANING], cut[16];
        wlaw_graph_meaning(words, sizeof words, &graphs[i], family);
        assert_in_range(strlen(words), 15, GRAPH_MEANING - 1);
        if (degree <= 4) assert_null(strstr(words, "beyond their correlations"));
        wlaw_graph_meaning(cut, sizeof cut, &graphs[i], family);
        assert_memory_equal(cut, words, sizeof cut - 1);
        assert_int_equal(cut[sizeof cut - 1], '\0');
      }
      free(graphs);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_ones), cmocka_unit_test(every_graph)};
  return cmocka_run_group_tests_name("study.graph_meaning", tests, NULL, NULL);
}
