/* The words follow the structure. A node with a single neighbour is summed out: it leaves a statistic of that neighbour
 * (one edge a row or column sum, two a squared norm). What remains, the core, is one node (statistics of a node that go
 * together), two (entries that depend on statistics of their row and column), a path or a cycle. Components multiply:
 * sums over whole networks that go together. */
#include "study/graph_meaning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct phrase {
  char *out;
  size_t capacity, length;
} phrase;

/* The index of a node in formulas. */
static char index_of(size_t v) { return "ijklmnpqrstu"[v]; }

static void say(phrase *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(phrase *p, const char *format, ...) {
  if (p->length >= p->capacity) return;
  va_list arguments;
  va_start(arguments, format);
  const int n = vsnprintf(p->out + p->length, p->capacity - p->length, format, arguments);
  va_end(arguments);
  if (n > 0) p->length += (size_t)n;
}

/* What a node v carries: sum_j M_vj^out M_jv^in, or its diagonal entry, to a power. */
typedef struct statistic {
  uint8_t out, in, power;
  bool diagonal;
} statistic;

typedef struct statistics {
  statistic list[GRAPH_EDGES];
  size_t n;
} statistics;

/* A connected graph as core and statistics. */
typedef struct structure {
  const graph *g;
  bool undirected, bipartite;
  uint8_t count[GRAPH_NODES][GRAPH_NODES]; /* edges from, to */
  uint8_t core[GRAPH_NODES];
  size_t n_core;
  statistics of[GRAPH_NODES]; /* by core node */
} structure;

static void add_statistic(statistics *list, statistic more) {
  for (size_t i = 0; i < list->n; i++) {
    statistic *have = &list->list[i];
    if (have->diagonal == more.diagonal && have->out == more.out && have->in == more.in) {
      have->power = (uint8_t)(have->power + more.power);
      return;
    }
  }
  list->list[list->n++] = more;
}

/* The only neighbour of v; n_nodes when there are several, or a loop. */
static size_t single_neighbour(const structure *s, size_t v) {
  size_t found = s->g->n_nodes;
  if (s->count[v][v] > 0) return s->g->n_nodes;
  for (size_t w = 0; w < s->g->n_nodes; w++) {
    if (w == v || s->count[v][w] + s->count[w][v] == 0) continue;
    if (found < s->g->n_nodes) return s->g->n_nodes;
    found = w;
  }
  return found;
}

/* sum over w of M_vw^out M_wv^in: without directions all edges count as outgoing. */
static statistic bundle(const structure *s, size_t v, size_t w) {
  const uint8_t out = s->count[v][w], in = s->count[w][v];
  return s->undirected ? (statistic){.out = (uint8_t)(out + in), .power = 1} : (statistic){out, in, 1, false};
}

static void find_structure(structure *s, const graph *g, graph_family family) {
  *s = (structure){.g = g, .undirected = family >= GRAPH_UNDIRECTED, .bipartite = family == GRAPH_BIPARTITE};
  for (size_t e = 0; e < g->n_edges; e++) s->count[g->edges[e].from][g->edges[e].to]++;
  for (uint8_t v = 0; v < g->n_nodes; v++) {
    const size_t w = single_neighbour(s, v);
    if (w == g->n_nodes) s->core[s->n_core++] = v;
    else add_statistic(&s->of[w], bundle(s, w, v));
    if (s->count[v][v] > 0) add_statistic(&s->of[v], (statistic){.diagonal = true, .power = s->count[v][v]});
  }
}

/* "a large row sum": what a node has when the statistic to its power is large. */
static void say_has(phrase *p, const statistic *s) {
  const bool even = s->power % 2 == 0;
  const char *what = s->diagonal                 ? "diagonal entry"
                     : s->out == 1 && s->in == 0 ? "row sum"
                     : s->out == 0 && s->in == 1 ? "column sum"
                     : s->out == 2 && s->in == 0 ? "row norm"
                     : s->out == 0 && s->in == 2 ? "column norm"
                     : s->out == 3 && s->in == 0 ? "row skewness"
                     : s->out == 0 && s->in == 3 ? "column skewness"
                     : s->out == 1 && s->in == 1 ? "reciprocity"
                                                 : NULL;
  if (!what && s->in == 0) say(p, "a large sum of M_ij^%d over j", s->out);
  else if (!what) say(p, "a large sum of M_ij^%d M_ji^%d over j", s->out, s->in);
  else if (even && !s->diagonal && s->out + s->in == 2 && s->out != s->in) say(p, "a large %s", what);
  else say(p, even ? "a %s far from zero" : "a large %s", what);
}

static void say_all(phrase *p, const statistics *list, size_t first, size_t n) {
  for (size_t i = first; i < first + n; i++) {
    if (i > first) say(p, i + 1 == first + n ? " and " : ", ");
    say_has(p, &list->list[i]);
  }
}

/* Moments of one quantity: how a departure of the k-th shows. */
static const char *moment_word(size_t power) {
  static const char *const words[] = {"", "the mean of the ", "the spread of the ", "skewed ",
                                      "heavy-tailed (above the prediction) or light-tailed (below) "};
  return power < sizeof words / sizeof *words ? words[power] : "unusual extremes among the ";
}

/* One bundle alone: powers of an entry and of its mirror image. */
static void say_entries(phrase *p, const statistic *s) {
  const int more = s->out > s->in ? s->out : s->in, less = s->out > s->in ? s->in : s->out;
  if (less == 0) {
    say(p, "%sentries", moment_word((size_t)more));
    if (more == 3) say(p, ": large weights of one sign are commoner than of the other");
    if (more == 4) say(p, ": more or fewer very large weights than Gaussian ones have");
  } else if (more == 1) say(p, "reciprocity: an entry M_ij goes with its mirror image M_ji");
  else if (more == 2 && less == 1)
    say(p, "one-sided reciprocity: entries are large in size where their mirror image M_ji is positive, or negative");
  else if (more == 2) say(p, "reciprocity of sizes: large entries face large mirror images, whatever the signs");
  else say(p, "reciprocity of large entries: the largest entries go with their mirror images M_ji otherwise than most");
}

static const char *neuron_note(const statistic *s, const structure *from) {
  if (s->diagonal) return "";
  if (from->undirected) return " (a node's total)";
  return s->out ? " (the total weight into an output neuron)" : " (the total weight out of an input neuron)";
}

/* Powers of one statistic, summed over nodes. */
static void say_single(phrase *p, const statistic *s, const structure *from) {
  const int edges = s->diagonal ? 1 : s->out + s->in;
  if (edges == 1) {
    say(p, "%s%s%s", moment_word(s->power),
        s->diagonal ? "diagonal entries"
        : s->out    ? "row sums"
                    : "column sums",
        neuron_note(s, from));
  } else if (edges == 2 && s->out != s->in) {
    const char *line = s->out ? "row" : "column";
    const char *neuron = from->undirected ? "nodes" : s->out ? "output neurons" : "input neurons";
    if (s->power == 2) say(p, "%ss of unequal norms: some %s have large weights throughout", line, neuron);
    else say(p, "%s%s norms: a few %s have by far the largest weights", moment_word(s->power), line, neuron);
  } else {
    say(p, "nodes that differ: some have ");
    say_has(p, s);
  }
}

static bool only_lines(const statistics *list, bool rows) {
  for (size_t i = 0; i < list->n; i++)
    if (list->list[i].diagonal || (rows ? list->list[i].in : list->list[i].out) > 0) return false;
  return true;
}

/* Different statistics of the same node. */
static void say_together(phrase *p, const statistics *list, const structure *from) {
  const statistic *a = &list->list[0], *b = &list->list[1];
  const bool rows = only_lines(list, true), columns = only_lines(list, false);
  const int edges_a = a->diagonal ? 1 : a->out + a->in, edges_b = b->diagonal ? 1 : b->out + b->in;
  if (list->n == 2 && (rows || columns) && edges_a + edges_b == 3) {
    const int power = edges_a == 1 ? a->power : b->power;
    say(p, "%ss with %s have large entries, or small ones", rows ? "row" : "column",
        power % 2 ? "large sums" : "sums far from zero");
    return;
  }
  say(p, "%s with ", rows && !from->undirected ? "rows" : columns ? "columns" : "nodes");
  say_all(p, list, 0, list->n - 1);
  say(p, " tend to have ");
  say_has(p, &list->list[list->n - 1]);
  say(p, ", or not to");
}

static void say_where(phrase *p, const structure *s, size_t i, size_t j) {
  say(p, " where %c has ", index_of(i));
  say_all(p, &s->of[i], 0, s->of[i].n);
  say(p, " and %c has ", index_of(j));
  say_all(p, &s->of[j], 0, s->of[j].n);
}

/* Two core nodes: each carries a statistic, or it would have been summed out. */
static void say_pair(phrase *p, const structure *s) {
  const bool turned = s->count[s->core[0]][s->core[1]] < s->count[s->core[1]][s->core[0]];
  const size_t v = s->core[turned ? 1 : 0], w = s->core[turned ? 0 : 1];
  const statistic edges = bundle(s, v, w);
  const char i = index_of(v), j = index_of(w);
  if (edges.in > 0) say(p, "entries M_%c%c go with their mirror images M_%c%c, or against them,", i, j, j, i);
  else say(p, "entries M_%c%c are large%s, or small,", i, j, edges.out > 1 ? " in size" : "");
  say_where(p, s, v, w);
}

/* The middle of a path of three core nodes joined by single edges; n_nodes when the core is not one. */
static size_t path_middle(const structure *s) {
  size_t middle = s->g->n_nodes, joined = 0;
  for (size_t a = 0; a < 3; a++) {
    size_t neighbours = 0;
    for (size_t b = 0; b < 3; b++) {
      const int edges = a == b ? 0 : s->count[s->core[a]][s->core[b]] + s->count[s->core[b]][s->core[a]];
      if (edges > 1) return s->g->n_nodes;
      neighbours += edges == 1;
    }
    joined += neighbours;
    if (neighbours == 2) middle = a;
  }
  return joined == 4 && s->of[s->core[middle]].n == 0 ? middle : s->g->n_nodes;
}

static void say_path(phrase *p, const structure *s, size_t middle) {
  const size_t m = s->core[middle];
  size_t v = s->core[middle == 0 ? 1 : 0], w = s->core[middle == 2 ? 1 : 2];
  const bool rows = s->undirected || (s->count[v][m] && s->count[w][m]), columns = s->count[m][v] && s->count[m][w];
  if (!rows && !columns && s->count[w][m]) { /* the path leads from v to w */
    const size_t held = v;
    v = w;
    w = held;
  }
  const char i = index_of(v), j = index_of(w), k = index_of(m);
  if (rows || columns) say(p, "%s %c and %c are alike, or opposed,", rows ? "rows" : "columns", i, j);
  else say(p, "two-step connections M_%c%c M_%c%c are strong, or weak,", i, k, k, j);
  say_where(p, s, v, w);
}

/* The core as a cycle: its nodes in order, from one with an outgoing edge. false when it is none. */
static bool order_cycle(size_t order[GRAPH_NODES], const structure *s) {
  bool used[GRAPH_NODES] = {false};
  size_t at = s->core[0], n = 0;
  for (size_t a = 0; a < s->n_core; a++) {
    size_t neighbours = 0;
    for (size_t b = 0; b < s->n_core; b++)
      neighbours += a != b && s->count[s->core[a]][s->core[b]] + s->count[s->core[b]][s->core[a]] > 0;
    if (neighbours != 2) return false;
  }
  while (!used[at]) {
    used[at] = true;
    order[n++] = at;
    for (size_t b = 0; b < s->n_core; b++) {
      const size_t next = s->core[b];
      if (used[next] || next == at || s->count[at][next] + s->count[next][at] == 0) continue;
      at = next;
      break;
    }
  }
  return n == s->n_core;
}

static void say_four(phrase *p, size_t forward, size_t turns, bool undirected) {
  if (undirected)
    say(p,
        "rows correlated in pairs (cycles of four nodes): the weights lie in fewer directions, or more, than "
        "Gaussian ones");
  else if (turns == 4)
    say(p, "rows correlated in pairs, and so columns, beyond Gaussian: the weights lie in fewer directions, or more");
  else if (forward == 2)
    say(p,
        "two-step connections by several ways: pairs of nodes joined through one node are also "
        "joined through others");
  else say(p, "three-step connections beside a direct one");
}

static void say_cycle(phrase *p, const structure *s, const size_t *order) {
  static const char *const numbers[] = {"", "", "", "three", "four", "five", "six"};
  const size_t n = s->n_core;
  size_t forward = 0, turns = 0, thick = 0, mutual = 0;
  bool ahead[GRAPH_NODES];
  for (size_t a = 0; a < n; a++) {
    const size_t v = order[a], w = order[(a + 1) % n];
    ahead[a] = s->count[v][w] > 0;
    forward += ahead[a];
    thick += s->count[v][w] > 1 || s->count[w][v] > 1;
    mutual += s->count[v][w] > 0 && s->count[w][v] > 0;
  }
  for (size_t a = 0; a < n; a++) turns += ahead[a] != ahead[(a + 1) % n];
  if (mutual > 0) say(p, "cycles of %s nodes with a connection that goes both ways", numbers[n]);
  else if (!s->undirected && turns == 0) say(p, "feedback loops of %s nodes", numbers[n]);
  else if (n == 3 && s->undirected) say(p, "triangles: two nodes joined to a third are joined themselves");
  else if (n == 3) say(p, "feed-forward triangles: a two-step connection beside a direct one");
  else if (n == 4) say_four(p, forward, turns, s->undirected);
  else say(p, "closed walks of %s nodes", numbers[n]);
  if (thick > 0) say(p, ", of which %s large in size", thick == 1 ? "one entry is" : "some entries are");
  size_t met = 0;
  for (size_t a = 0; a < n; a++) {
    if (s->of[order[a]].n == 0) continue;
    say(p, met++ ? " and another with " : ", through a node with ");
    say_all(p, &s->of[order[a]], 0, s->of[order[a]].n);
  }
}

static void say_connected(phrase *p, const graph *g, graph_family family) {
  structure s;
  size_t order[GRAPH_NODES];
  find_structure(&s, g, family);
  if (s.n_core == 0) {
    const statistic edges = bundle(&s, 0, 1);
    say_entries(p, &edges);
    return;
  }
  const statistics *first = &s.of[s.core[0]];
  const size_t middle = s.n_core == 3 ? path_middle(&s) : g->n_nodes;
  if (s.n_core == 1 && first->n == 1) say_single(p, &first->list[0], &s);
  else if (s.n_core == 1) say_together(p, first, &s);
  else if (s.n_core == 2) say_pair(p, &s);
  else if (middle < g->n_nodes) say_path(p, &s, middle);
  else if (order_cycle(order, &s)) say_cycle(p, &s, order);
  else {
    char formula[64];
    wlaw_graph_formula(formula, sizeof formula, g);
    say(p, "entries that share nodes as in %s depend on one another beyond their correlations", formula + 4);
  }
}

/* What a network has one number of: "trace", "sum of squared entries"; the formula where there is no name. */
static void say_number(phrase *p, const graph *g, graph_family family) {
  static const char *const powers[] = {
      "", "all ", "squared ", "cubed ", "fourth powers of ", "fifth powers of ", "sixth powers of "};
  structure s;
  find_structure(&s, g, family);
  const statistics *first = &s.of[s.core[0]];
  const statistic edges = bundle(&s, 0, 1);
  if (s.n_core == 0 && edges.in == 0) say(p, "sum of %sentries", powers[edges.out]);
  else if (s.n_core == 1 && first->n == 1 && first->list[0].diagonal)
    say(p, first->list[0].power == 1 ? "trace" : "sum of %sdiagonal entries", powers[first->list[0].power]);
  else if (s.n_core == 1 && first->n == 1 && first->list[0].out + first->list[0].in == 1)
    say(p, "sum of %s%s sums", powers[first->list[0].power], first->list[0].out ? "row" : "column");
  else {
    char formula[64];
    wlaw_graph_formula(formula, sizeof formula, g);
    say(p, "%s", formula);
  }
}

/* The same number of a network, several times: its distribution over networks. */
static void say_distribution(phrase *p, const graph *g, size_t power, graph_family family) {
  say(p, "the ");
  say_number(p, g, family);
  if (power == 2) say(p, " varies between networks more or less than under the law");
  else if (power == 3) say(p, " is skewed over networks");
  else say(p, " has %s over networks", power == 4 ? "heavy or light tails" : "unusual extremes");
}

void wlaw_graph_meaning(char *out, size_t capacity, const graph *g, graph_family family) {
  phrase p = {out, capacity, 0};
  graph parts[GRAPH_EDGES];
  size_t times[GRAPH_EDGES], n = 0;
  const size_t components = wlaw_graph_components(NULL, g);
  if (capacity > 0) out[0] = '\0';
  for (size_t c = 0; c < components; c++) {
    graph part;
    wlaw_graph_component(&part, g, c);
    if (n > 0 && memcmp(&part, &parts[n - 1], sizeof part) == 0) times[n - 1]++;
    else {
      parts[n] = part;
      times[n++] = 1;
    }
  }
  if (components == 1) say_connected(&p, g, family);
  else if (n == 1) say_distribution(&p, &parts[0], times[0], family);
  else {
    for (size_t i = 0; i < n; i++) {
      const char *start = i == 0 ? "networks in which the " : i + 1 < n ? " and the " : " also have a ";
      const bool even = parts[i].n_edges == 1 && times[i] % 2 == 0;
      say(&p, "%s%s", start, i + 1 == n && !even ? "large " : "");
      say_number(&p, &parts[i], family);
      if (even) say(&p, i + 1 < n ? " is far from zero" : " far from zero");
      else if (i + 1 < n) say(&p, " is large");
    }
    say(&p, ", or the reverse: networks differ as a whole");
  }
}
