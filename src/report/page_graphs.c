/* The invariants furthest from a law: each graph drawn, with its numbers and what it says of the weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/graph_drawing.h"
#include "report/html.h"
#include "report/page.h"
#include "study/graph_meaning.h"

enum { CARDS = 6, ROWS = 40 };

/* Places of the n invariants with the largest |z| in descending order, those that lead a group first. Returns how many
 * there are. */
static size_t furthest(size_t *places, size_t most, const report_tensor *tensor, const departure *departures) {
  size_t n = 0;
  bool *taken = wlaw_array(tensor->n_graphs, sizeof *taken);
  if (!taken) return 0;
  while (n < most) {
    size_t best = tensor->n_graphs;
    for (size_t k = 0; k < tensor->n_graphs; k++) {
      const double z = fabs(departures[k].deviation_se);
      if (taken[k] || !isfinite(z)) continue;
      if (best == tensor->n_graphs || z > fabs(departures[best].deviation_se)) best = k;
    }
    if (best == tensor->n_graphs) break;
    taken[best] = true;
    places[n++] = best;
  }
  free(taken);
  return n;
}
