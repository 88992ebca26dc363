/* Seconds for what permutation laws of D x D matrices predict of all 361 invariants of degree 1 to 4, variances and
 * residual errors included, one thread: `predictions D LAWS`, the combinatorics of the graphs included. Prints the
 * median of five. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/monitor.h"
#include "law/wick.h"

enum { RUNS = 5, MOST_GRAPHS = 512 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void must(wlaw_status status) {
  if (status != WLAW_OK) exit(wlaw_status_exit_code(status));
}

static size_t all_graphs(graph *out) {
  size_t n = 0;
  for (size_t degree = 1; degree <= 4; degree++) {
    graph *some;
    size_t more;
    must(wlaw_graph_list(&some, &more, GRAPH_DIRECTED, degree, NULL));
    if (n + more > MOST_GRAPHS) exit(6);
    memcpy(out + n, some, more * sizeof *out);
    n += more;
    free(some);
  }
  return n;
}

int main(int argc, char **argv) {
  static graph graphs[MOST_GRAPHS];
  const size_t D = argc > 1 ? strtoul(argv[1], NULL, 10) : 10, laws = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  const size_t n = all_graphs(graphs);
  matrix_gaussian *of = calloc(laws, sizeof *of);
  graph_prediction *out = calloc(laws * n, sizeof *out);
  if (!of || !out) return 6;
  for (size_t k = 0; k < laws; k++) {
    char text[256];
    snprintf(text, sizeof text,
             "permutation(mean=[.1,%g],V0=[.2,.01,.01,.1],VH=[.2,.02,.01,.02,.3,.03,.01,.03,.1],V2=.1,V3=.2)",
             0.1 + (double)k);
    wlaw_law *law;
    must(wlaw_law_parse(&law, text, NULL));
    must(wlaw_matrix_gaussian(&of[k], law, D, D, NULL));
    wlaw_law_free(law);
  }
  double times[RUNS];
  for (int run = 0; run < RUNS; run++) {
    const uint64_t start = wlaw_clock_ns();
    wick_plan *plan;
    must(wlaw_wick_plan_new(&plan, graphs, n, false, NULL));
    must(wlaw_wick_predict(out, plan, of, laws, NULL));
    wlaw_wick_plan_free(plan);
    times[run] = (double)(wlaw_clock_ns() - start) * 1e-9;
  }
  qsort(times, RUNS, sizeof *times, compare);
  printf("%.4g %.6g\n", times[RUNS / 2], out[n - 1].residual);
  free(of);
  free(out);
  return 0;
}
