/* Each component is laid out by itself: distances on the page follow distances in the graph (stress majorization:
 * Gansner, Koren and North 2005, DOI 10.1007/978-3-540-31843-9_25), so paths are straight, cycles round, stars spread.
 * Then it is turned to lie flat, and the components are put into rows, at the largest scale at which all fit. */
#include "report/graph_drawing.h"

#include <math.h>
#include <string.h>

#include "report/svg.h"
#include "study/graph_meaning.h"

enum { WIDTH = 90, HEIGHT = 70, LONGEST_EDGE = 32 };
static const double pi = 3.14159265358979323846;
static const double node_radius = 3.2, room = 7.0, head_length = 6.5, head_width = 5.6, loop_reach = 19.0, spread = 9.0;

typedef struct layout {
  size_t n;
  double x[GRAPH_NODES], y[GRAPH_NODES];
  double width, height; /* of the nodes' bounding box, which starts at (0, 0) */
} layout;

/* Distances of 2 and more are stretched: where the picture would be nearly straight, that pulls it straight. */
static void graph_distances(double d[GRAPH_NODES][GRAPH_NODES], const graph *g) {
  for (size_t i = 0; i < g->n_nodes; i++)
    for (size_t j = 0; j < g->n_nodes; j++) d[i][j] = i == j ? 0.0 : GRAPH_NODES;
  for (size_t e = 0; e < g->n_edges; e++)
    if (g->edges[e].from != g->edges[e].to)
      d[g->edges[e].from][g->edges[e].to] = d[g->edges[e].to][g->edges[e].from] = 1.0;
  for (size_t k = 0; k < g->n_nodes; k++)
    for (size_t i = 0; i < g->n_nodes; i++)
      for (size_t j = 0; j < g->n_nodes; j++) d[i][j] = fmin(d[i][j], d[i][k] + d[k][j]);
  for (size_t i = 0; i < g->n_nodes; i++)
    for (size_t j = 0; j < g->n_nodes; j++) d[i][j] *= d[i][j] > 1.0 ? 1.1 : 1.0;
}

/* Moves each node to where the others want it, weights 1 / distance^2. Returns the stress before the move. */
static double relax(layout *at, double d[GRAPH_NODES][GRAPH_NODES]) {
  double stress = 0.0;
  for (size_t i = 0; i < at->n; i++) {
    double x = 0.0, y = 0.0, weight = 0.0;
    for (size_t j = 0; j < at->n; j++) {
      if (j == i) continue;
      const double dx = at->x[i] - at->x[j], dy = at->y[i] - at->y[j], apart = fmax(hypot(dx, dy), 1e-9);
      const double w = 1.0 / (d[i][j] * d[i][j]);
      x += w * (at->x[j] + d[i][j] * dx / apart);
      y += w * (at->y[j] + d[i][j] * dy / apart);
      weight += w;
      stress += w * (apart - d[i][j]) * (apart - d[i][j]);
    }
    at->x[i] = x / weight;
    at->y[i] = y / weight;
  }
  return stress;
}

/* The layout of least stress from a few starts: some of them end in a tangle. */
static void spread_nodes(layout *out, const graph *g) {
  enum { STARTS = 8, SWEEPS = 400 };
  const double golden = pi * (3.0 - sqrt(5.0));
  double d[GRAPH_NODES][GRAPH_NODES], least = INFINITY;
  graph_distances(d, g);
  for (size_t start = 0; start < STARTS; start++) {
    layout at = {.n = g->n_nodes};
    double stress = 0.0;
    for (size_t i = 0; i < at.n; i++) {
      const double angle = golden * (double)(i * (start + 1) + start), radius = 0.5 + 0.2 * (double)((i + start) % 3);
      at.x[i] = radius * cos(angle);
      at.y[i] = radius * sin(angle);
    }
    double before = INFINITY;
    for (size_t sweep = 0; sweep < SWEEPS && at.n > 1 && !(before - stress < 1e-9); sweep++) {
      before = sweep > 0 ? stress : INFINITY;
      stress = relax(&at, d);
    }
    if (stress < least - 1e-6) {
      least = stress;
      *out = at;
    }
  }
}

static void turn(layout *at, double angle) {
  const double c = cos(angle), s = sin(angle);
  double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
  for (size_t i = 0; i < at->n; i++) {
    const double x = c * at->x[i] - s * at->y[i], y = s * at->x[i] + c * at->y[i];
    at->x[i] = x;
    at->y[i] = y;
    left = fmin(left, x), right = fmax(right, x), top = fmin(top, y), bottom = fmax(bottom, y);
  }
  for (size_t i = 0; i < at->n; i++) at->x[i] -= left, at->y[i] -= top;
  at->width = right - left;
  at->height = bottom - top;
}

/* Node 1, which neighbours node 0, to its right; then by the multiple of 15 degrees that makes the picture flattest. */
static void lay_out(layout *at, const graph *g) {
  enum { STEPS = 24 };
  layout base;
  spread_nodes(&base, g);
  if (base.n > 1) turn(&base, -atan2(base.y[1] - base.y[0], base.x[1] - base.x[0]));
  double least = INFINITY;
  for (size_t step = 0; step < STEPS; step++) {
    layout turned = base;
    turn(&turned, 2.0 * pi * (double)step / STEPS);
    if (turned.height < least - 1e-6) {
      least = turned.height;
      *at = turned;
    }
  }
}

typedef struct curve {
  double x[4], y[4];
} curve;

/* One of `parallel` edges between two nodes, number `k`: they bulge to both sides of the straight one. */
static curve edge_curve(const layout *at, graph_edge edge, size_t k, size_t parallel) {
  const bool turned = edge.from > edge.to; /* all of a bundle bulge from the same line */
  const size_t a = turned ? edge.to : edge.from, b = turned ? edge.from : edge.to;
  const double dx = at->x[b] - at->x[a], dy = at->y[b] - at->y[a], length = fmax(hypot(dx, dy), 1e-9);
  const double bulge = spread * ((double)k - 0.5 * (double)(parallel - 1)) * 4.0 / 3.0; /* the middle gets 3/4 of it */
  const double nx = -dy / length * bulge, ny = dx / length * bulge;
  const double x[] = {at->x[a], at->x[a] + 0.25 * dx + nx, at->x[a] + 0.75 * dx + nx, at->x[b]};
  const double y[] = {at->y[a], at->y[a] + 0.25 * dy + ny, at->y[a] + 0.75 * dy + ny, at->y[b]};
  curve out;
  for (size_t i = 0; i < 4; i++) {
    out.x[i] = x[turned ? 3 - i : i];
    out.y[i] = y[turned ? 3 - i : i];
  }
  return out;
}

static curve loop_curve(const layout *at, size_t node, double angle) {
  const double open = pi / 4.6;
  curve out = {{at->x[node], 0, 0, at->x[node]}, {at->y[node], 0, 0, at->y[node]}};
  for (size_t i = 1; i < 3; i++) {
    const double towards = angle + (i == 1 ? -open : open);
    out.x[i] = at->x[node] + loop_reach / cos(open) * cos(towards);
    out.y[i] = at->y[node] + loop_reach / cos(open) * sin(towards);
  }
  return out;
}

/* From direction i of a sorted list to the next one round. */
static double gap_after(const double *taken, size_t n, size_t i) {
  return i + 1 < n ? taken[i + 1] - taken[i] : taken[0] + 2.0 * pi - taken[i];
}

/* Directions of the loops at a node: evenly in the widest gaps between the `n` directions of its other edges; all
 * round, from the top, when there are none. */
static void loop_directions(double *out, size_t loops, double *taken, size_t n) {
  size_t inside[GRAPH_EDGES] = {0}, k = 0;
  for (size_t i = 1; i < n; i++)
    for (size_t j = i; j > 0 && taken[j] < taken[j - 1]; j--) {
      const double held = taken[j];
      taken[j] = taken[j - 1];
      taken[j - 1] = held;
    }
  for (; n == 0 && k < loops; k++) out[k] = pi * (2.0 * (double)k / (double)loops - 0.5);
  for (size_t loop = 0; n > 0 && loop < loops; loop++) {
    size_t best = 0;
    double widest = 0.0;
    for (size_t i = 0; i < n; i++) {
      const double gap = gap_after(taken, n, i) / (double)(inside[i] + 1);
      if (gap > widest + 1e-6) {
        widest = gap;
        best = i;
      }
    }
    inside[best]++;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t l = 1; l <= inside[i]; l++)
      out[k++] = taken[i] + gap_after(taken, n, i) * (double)l / (double)(inside[i] + 1);
}

static size_t directions_at(double *taken, const layout *at, const graph *g, size_t node) {
  size_t n = 0;
  for (size_t e = 0; e < g->n_edges; e++) {
    const graph_edge edge = g->edges[e];
    if (edge.from == edge.to || (edge.from != node && edge.to != node)) continue;
    const size_t other = edge.from == node ? edge.to : edge.from;
    taken[n++] = atan2(at->y[other] - at->y[node], at->x[other] - at->x[node]);
  }
  return n;
}

static void curve_loops(curve *out, const layout *at, const graph *g, size_t node) {
  double taken[GRAPH_EDGES], directions[GRAPH_EDGES];
  size_t loops = 0, k = 0;
  for (size_t e = 0; e < g->n_edges; e++) loops += g->edges[e].from == node && g->edges[e].to == node;
  loop_directions(directions, loops, taken, directions_at(taken, at, g, node));
  for (size_t e = 0; e < g->n_edges; e++)
    if (g->edges[e].from == node && g->edges[e].to == node) out[e] = loop_curve(at, node, directions[k++]);
}

/* The curves of all edges, in their order. */
static void curve_edges(curve *out, const layout *at, const graph *g) {
  for (size_t v = 0; v < g->n_nodes; v++) curve_loops(out, at, g, v);
  for (size_t e = 0; e < g->n_edges; e++) {
    const graph_edge edge = g->edges[e];
    size_t before = 0, parallel = 0;
    if (edge.from == edge.to) continue;
    for (size_t f = 0; f < g->n_edges; f++) {
      const graph_edge other = g->edges[f];
      if (!((other.from == edge.from && other.to == edge.to) || (other.from == edge.to && other.to == edge.from)))
        continue;
      before += f < e;
      parallel++;
    }
    out[e] = edge_curve(at, edge, before, parallel);
  }
}

static double curve_middle(const double at[4]) { return (at[0] + 3.0 * at[1] + 3.0 * at[2] + at[3]) / 8.0; }

typedef struct margins {
  double left, right, top, bottom;
} margins;

/* Room around the nodes of a component for what bulges out of their box: loops, parallel edges, arrow heads. */
static margins margins_of(const layout *unit, const graph *g) {
  layout at = *unit;
  curve curves[GRAPH_EDGES];
  for (size_t v = 0; v < at.n; v++) {
    at.x[v] *= LONGEST_EDGE;
    at.y[v] *= LONGEST_EDGE;
  }
  curve_edges(curves, &at, g);
  margins out = {room, room, room, room};
  for (size_t e = 0; e < g->n_edges; e++) {
    const double x = curve_middle(curves[e].x), y = curve_middle(curves[e].y), half = 0.5 * head_width + 4.0;
    out.left = fmax(out.left, half - x);
    out.right = fmax(out.right, half + x - LONGEST_EDGE * unit->width);
    out.top = fmax(out.top, half - y);
    out.bottom = fmax(out.bottom, half + y - LONGEST_EDGE * unit->height);
  }
  return out;
}

/* Components in rows of `across`: the largest scale at which they fit; their centres are then known. */
typedef struct packing {
  size_t n, across;
  layout parts[GRAPH_EDGES];
  margins around[GRAPH_EDGES];
  double scale;
} packing;

static double packing_scale(const packing *p) {
  double scale = LONGEST_EDGE, heights = 0.0, around = 0.0;
  for (size_t first = 0; first < p->n; first += p->across) {
    double width = 0.0, height = 0.0, around_x = 0.0, around_y = 0.0;
    for (size_t c = first; c < p->n && c < first + p->across; c++) {
      width += p->parts[c].width;
      around_x += p->around[c].left + p->around[c].right;
      height = fmax(height, p->parts[c].height);
      around_y = fmax(around_y, p->around[c].top + p->around[c].bottom);
    }
    if (width > 1e-6) scale = fmin(scale, (WIDTH - around_x) / width);
    else if (around_x > WIDTH) scale = 0.0;
    heights += height;
    around += around_y;
  }
  if (heights > 1e-6) scale = fmin(scale, (HEIGHT - around) / heights);
  else if (around > HEIGHT) scale = 0.0;
  return scale;
}

static packing pack(const graph *g) {
  packing best = {.scale = -INFINITY}, p = {.n = wlaw_graph_components(NULL, g)};
  for (int upright = 0; upright < 2; upright++) {
    for (size_t c = 0; c < p.n; c++) {
      graph part;
      wlaw_graph_component(&part, g, c);
      if (upright) turn(&p.parts[c], pi / 2.0);
      else lay_out(&p.parts[c], &part);
      p.around[c] = margins_of(&p.parts[c], &part);
    }
    for (p.across = p.n; p.across > 0; p.across--) {
      p.scale = packing_scale(&p);
      if (p.scale > best.scale + 1e-6) best = p;
    }
  }
  return best;
}

static double box_width(const packing *p, size_t c) {
  return p->scale * p->parts[c].width + p->around[c].left + p->around[c].right;
}

static double box_height(const packing *p, size_t c) {
  return p->scale * p->parts[c].height + p->around[c].top + p->around[c].bottom;
}

/* Where the nodes of the whole graph are on the page. */
static void place(layout *out, const packing *p, const graph *g) {
  uint8_t component[GRAPH_NODES];
  double left[GRAPH_EDGES], top[GRAPH_EDGES], y = 0.0, heights = 0.0;
  size_t next[GRAPH_EDGES] = {0};
  for (int pass = 0; pass < 2; pass++) { /* the first measures */
    if (pass == 1) y = (HEIGHT - heights) / 2.0;
    for (size_t first = 0; first < p->n; first += p->across) {
      double width = 0.0, height = 0.0;
      for (size_t c = first; c < p->n && c < first + p->across; c++) {
        width += box_width(p, c);
        height = fmax(height, box_height(p, c));
      }
      double x = (WIDTH - width) / 2.0;
      for (size_t c = first; c < p->n && c < first + p->across; c++) {
        left[c] = x + p->around[c].left;
        top[c] = y + (height - box_height(p, c)) / 2.0 + p->around[c].top;
        x += box_width(p, c);
      }
      y += height;
      heights += pass == 0 ? height : 0.0;
    }
  }
  wlaw_graph_components(component, g);
  *out = (layout){.n = g->n_nodes};
  for (size_t v = 0; v < g->n_nodes; v++) {
    const size_t c = component[v], i = next[c]++;
    out->x[v] = left[c] + p->scale * p->parts[c].x[i];
    out->y[v] = top[c] + p->scale * p->parts[c].y[i];
  }
}

/* An arrow head in the middle of a curve, pointing along it. */
static void add_head(text_buffer *out, const curve *c) {
  const double x = curve_middle(c->x), y = curve_middle(c->y);
  const double dx = c->x[3] + c->x[2] - c->x[1] - c->x[0], dy = c->y[3] + c->y[2] - c->y[1] - c->y[0];
  const double length = fmax(hypot(dx, dy), 1e-9), ux = dx / length, uy = dy / length;
  const double back = 0.5 * head_length, half = 0.5 * head_width;
  const double px[] = {x + back * ux, x - back * ux - half * uy, x - back * ux + half * uy};
  const double py[] = {y + back * uy, y - back * uy + half * ux, y - back * uy - half * ux};
  wlaw_svg_path_polygon(out, px, py, 3);
}

static void draw_nodes(text_buffer *out, const layout *at, const graph *g, bool bipartite) {
  bool row[GRAPH_NODES] = {false};
  for (size_t e = 0; e < g->n_edges; e++) row[g->edges[e].from] = true;
  for (size_t v = 0; v < g->n_nodes; v++) row[v] |= !bipartite;
  for (int hollow = 0; hollow < (bipartite ? 2 : 1); hollow++) {
    wlaw_svg_path_open(out, hollow ? "node hollow" : "node");
    for (size_t v = 0; v < g->n_nodes; v++)
      if (row[v] == !hollow) wlaw_svg_path_marker(out, MARKER_CIRCLE, at->x[v], at->y[v], node_radius);
    wlaw_svg_path_close(out);
  }
}

void wlaw_graph_drawing(text_buffer *out, const char *id, const graph *g, graph_family family) {
  char formula[64], meaning[GRAPH_MEANING];
  layout at;
  curve curves[GRAPH_EDGES];
  const packing packed = pack(g);
  place(&at, &packed, g);
  curve_edges(curves, &at, g);
  wlaw_graph_formula(formula, sizeof formula, g);
  wlaw_graph_meaning(meaning, sizeof meaning, g, family);
  wlaw_text_add(out, "<div class=\"graph\">");
  wlaw_svg_open(out, id, WIDTH, HEIGHT, formula, meaning);
  wlaw_svg_path_open(out, "edge");
  for (size_t e = 0; e < g->n_edges; e++) wlaw_svg_path_curve(out, curves[e].x, curves[e].y);
  wlaw_svg_path_close(out);
  if (family < GRAPH_UNDIRECTED) {
    wlaw_svg_path_open(out, "head");
    for (size_t e = 0; e < g->n_edges; e++) add_head(out, &curves[e]);
    wlaw_svg_path_close(out);
  }
  draw_nodes(out, &at, g, family == GRAPH_BIPARTITE);
  wlaw_svg_close(out);
  wlaw_text_add(out, "</div>\n");
}
