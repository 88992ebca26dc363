/* libFuzzer target: any bytes as a graph, the first choosing the family. A graph that is accepted is canonical: its
 * text reads back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "math/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  if (n == 0) return 0;
  const graph_family family = (graph_family)(bytes[0] % (GRAPH_ANTISYMMETRIC + 1));
  char *text = malloc(n);
  if (!text) return 0;
  memcpy(text, bytes + 1, n - 1);
  text[n - 1] = '\0';
  wlaw_error *err = wlaw_error_new();
  graph g, again;
  const wlaw_status status = wlaw_graph_parse(&g, text, family, err);
  if (status != wlaw_error_status(err)) abort();
  if (status == WLAW_OK) {
    char canonical[64];
    wlaw_graph_text(canonical, sizeof canonical, &g);
    if (wlaw_graph_parse(&again, canonical, family, NULL) != WLAW_OK) abort();
    if (memcmp(&again, &g, sizeof g) != 0) abort();
    if (wlaw_graph_automorphisms(&g, family) == 0) abort();
  }
  wlaw_error_free(err);
  free(text);
  return 0;
}
