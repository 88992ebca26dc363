/* Pictures of graphs: all parts there, inside the picture and apart from one another, the same bytes each time. */
#include "support/test.h"

#include "report/graph_drawing.h"
#include "report/html.h"
#include "report/markup.h"

typedef struct picture {
  double x[GRAPH_NODES], y[GRAPH_NODES];
  size_t nodes, curves, heads, hollow;
} picture;

/* The d attribute of the path of a class, up to its closing quote; "" when there is none. */
static const char *path_of(const char *svg, const char *class) {
  char start[64];
  snprintf(start, sizeof start, "<path class=\"%s\" d=\"", class);
  const char *at = strstr(svg, start);
  return at ? at + strlen(start) : "";
}

static size_t count_of(const char *path, char what) {
  size_t n = 0;
  for (; *path && *path != '"'; path++) n += *path == what;
  return n;
}

/* Circles are written as their leftmost point and two half turns. */
static size_t read_nodes(picture *out, const char *path) {
  const size_t before = out->nodes;
  double x, y, radius;
  for (; *path && *path != '"'; path++)
    if (*path == 'M' && sscanf(path, "M%lf %lfa%lf", &x, &y, &radius) == 3) {
      assert_true(out->nodes < GRAPH_NODES);
      out->x[out->nodes] = x + radius;
      out->y[out->nodes++] = y;
    }
  return out->nodes - before;
}

static picture read_picture(const char *svg) {
  picture out = {.curves = count_of(path_of(svg, "edge"), 'C'), .heads = count_of(path_of(svg, "head"), 'Z')};
  read_nodes(&out, path_of(svg, "node"));
  out.hollow = read_nodes(&out, path_of(svg, "node hollow"));
  return out;
}

/* The points of the edges' curves halfway, where the arrow heads are: inside, and no two heads on one another. */
static void check_curves(const char *path, double apart, const char *name) {
  double x[4], y[4], mx[GRAPH_EDGES], my[GRAPH_EDGES];
  size_t n = 0;
  for (; *path && *path != '"'; path++) {
    if (*path != 'M') continue;
    assert_true(n < GRAPH_EDGES);
    assert_int_equal(
        sscanf(path, "M%lf %lfC%lf %lf %lf %lf %lf %lf", &x[0], &y[0], &x[1], &y[1], &x[2], &y[2], &x[3], &y[3]), 8);
    mx[n] = (x[0] + 3 * x[1] + 3 * x[2] + x[3]) / 8;
    my[n] = (y[0] + 3 * y[1] + 3 * y[2] + y[3]) / 8;
    if (!(mx[n] >= 2 && mx[n] <= 88 && my[n] >= 2 && my[n] <= 68))
      fail_msg("%s: an edge at %g, %g", name, mx[n], my[n]);
    for (size_t k = 0; k < n; k++)
      if (!(hypot(mx[n] - mx[k], my[n] - my[k]) >= apart))
        fail_msg("%s: two edges %.1f apart", name, hypot(mx[n] - mx[k], my[n] - my[k]));
    n++;
  }
}

/* Dots have a radius of 3.2: 11 apart leaves room for an arrow head, 6.5 long and 5.6 wide, between them. */
static void check_picture(const graph *g, graph_family family, double apart) {
  text_buffer first = {0}, second = {0};
  char name[64];
  wlaw_graph_text(name, sizeof name, g);
  wlaw_graph_drawing(&first, "g", g, family);
  wlaw_graph_drawing(&second, "g", g, family);
  assert_false(first.failed);
  const char *svg = wlaw_text_string(&first);
  assert_string_equal(svg, wlaw_text_string(&second));
  const picture got = read_picture(svg);
  assert_int_equal(got.nodes, g->n_nodes);
  assert_int_equal(got.curves, g->n_edges);
  assert_int_equal(got.heads, family < GRAPH_UNDIRECTED ? g->n_edges : 0);
  assert_true((got.hollow > 0) == (family == GRAPH_BIPARTITE));
  for (size_t v = 0; v < got.nodes; v++) {
    if (!(got.x[v] >= 4 && got.x[v] <= 86 && got.y[v] >= 4 && got.y[v] <= 66))
      fail_msg("%s: a node at %g, %g", name, got.x[v], got.y[v]);
    for (size_t w = 0; w < v; w++)
      if (!(hypot(got.x[v] - got.x[w], got.y[v] - got.y[w]) >= apart))
        fail_msg("%s: two nodes %.1f apart", name, hypot(got.x[v] - got.x[w], got.y[v] - got.y[w]));
  }
  check_curves(path_of(svg, "edge"), 0.6 * apart, name);
  wlaw_text_free(&first);
  wlaw_text_free(&second);
}

static void every_graph_is_drawn(void **state) {
  (void)state;
  for (graph_family family = 0; family <= GRAPH_ANTISYMMETRIC; family++)
    for (size_t degree = 1; degree <= GRAPH_EDGES; degree++) {
      const size_t step = degree <= 4 ? 1 : 41; /* some of the large ones */
      graph *graphs = NULL;
      size_t n = 0;
      assert_int_equal(wlaw_graph_list(&graphs, &n, family, degree, NULL), WLAW_OK);
      for (size_t i = 0; i < n; i += step) check_picture(&graphs[i], family, degree <= 4 ? 11 : 7);
      free(graphs);
    }
}

static void markup_is_sound(void **state) {
  (void)state;
  graph g;
  text_buffer out = {0}, style = {0};
  assert_int_equal(wlaw_graph_parse(&g, "0-1,1-2,0-2,0-0", GRAPH_DIRECTED, NULL), WLAW_OK);
  wlaw_graph_drawing(&out, "triangle", &g, GRAPH_DIRECTED);
  assert_int_equal(markup_check(wlaw_text_string(&out)).n_svg, 1);
  for (size_t i = 0; wlaw_report_style[i]; i++) wlaw_text_add(&style, "%s", wlaw_report_style[i]);
  static const char *const rules[] = {".graph{", ".edge{", ".head{", ".node{", ".node.hollow{"};
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) assert_non_null(strstr(wlaw_text_string(&style), rules[i]));
  wlaw_text_free(&out);
  wlaw_text_free(&style);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_graph_is_drawn), cmocka_unit_test(markup_is_sound)};
  return cmocka_run_group_tests_name("report.graph_drawing", tests, NULL, NULL);
}
