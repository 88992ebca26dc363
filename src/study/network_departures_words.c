/* Departures of whole networks as documents and in words. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "study/departure_study.h"
#include "study/fit.h"
#include "study/graph_meaning.h"
#include "study/network_departures.h"
#include "study/sentence.h"

/* ---- which invariant number k is ---- */

static bool is_within(const network_departures *all, size_t k) { return k < all->n - all->n_between; }

static const graph *graph_of(const network_departures *all, size_t k) { return &all->within.graphs[k % all->within.n]; }

static size_t weight_of(const network_departures *all, size_t k) { return all->weights[k / all->within.n]; }

static const network_invariant *between_of(const network_departures *all, size_t k) {
  return &all->between[k - (all->n - all->n_between)];
}

/* Invariants are grouped by where they are: a weight, a node set, or all paths. */
static size_t place_of(const network_departures *all, size_t k) {
  if (is_within(all, k)) return k / all->within.n;
  const network_invariant *one = between_of(all, k);
  return all->n_weights + (one->kind == NETWORK_STAR ? one->set : all->layout.n_sets);
}

/* ---- words ---- */

typedef struct phrase {
  char *out;
  size_t capacity, length;
} phrase;

__attribute__((format(printf, 2, 3))) static void say(phrase *p, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = p->length < p->capacity ? vsnprintf(p->out + p->length, p->capacity - p->length, format, arguments) : 0;
  va_end(arguments);
  if (n > 0) p->length += (size_t)n;
}

/* "sum M_ij M_ij M_ik" of layer 3 as "sum W3_ij^2 W3_ik". */
static void layer_formula(phrase *p, const graph *g, size_t layer) {
  char formula[64];
  wlaw_graph_formula(formula, sizeof formula, g);
  const char *at = strstr(formula, " M_");
  say(p, "sum");
  while (at) {
    const char *next = strstr(at + 1, " M_");
    const size_t length = next ? (size_t)(next - at) : strlen(at);
    size_t power = 1;
    for (; next && strncmp(next, at, length) == 0; power++) next = strstr(next + 1, " M_");
    say(p, " W%zu%.*s", layer, (int)length - 2, at + 2);
    if (power > 1) say(p, "^%zu", power);
    at = next;
  }
}

void wlaw_network_departure_formula(char *out, size_t capacity, const network_departures *departures, size_t k) {
  phrase p = {out, capacity, 0};
  if (is_within(departures, k))
    layer_formula(&p, graph_of(departures, k), departures->layout.tensors[weight_of(departures, k)].layer + 1);
  else wlaw_network_invariant_formula(out, capacity, between_of(departures, k), &departures->layout);
}

/* What a side of a star is: by its powers. */
static const char *side_words(const uint8_t *powers) {
  if (powers[0] == 3) return "sums of cubed";
  if (powers[0] == 2) return powers[1] ? "squared norms times sums of" : "squared norms of";
  return powers[2] ? "cubed sums of" : powers[1] ? "squared sums of" : "sums of";
}

static size_t side_degree(const uint8_t *powers) {
  size_t sum = 0;
  for (size_t g = 0; g < NETWORK_DEGREE; g++) sum += powers[g];
  return sum;
}

static void say_set(phrase *p, const network_layout *layout, size_t s) {
  const size_t set = layout->sets[s].set;
  if (set == 0) say(p, "the inputs");
  else if (set == layout->shape.layers) say(p, "the outputs");
  else say(p, "hidden layer %zu", set);
}

static const char *const powers_of[] = {"", "", "squared ", "cubed ", "fourth powers of "};

/* "squared norms of incoming and outgoing weights" */
static void say_sides(phrase *p, const network_invariant *star) {
  const bool in = star->in[0], out = star->out[0], bias = star->bias;
  if (in && out && !bias && memcmp(star->in, star->out, sizeof star->in) == 0) {
    say(p, "%s incoming and outgoing weights", side_words(star->in));
    return;
  }
  if (in) say(p, "%s incoming weights", side_words(star->in));
  if (in && bias) say(p, "%s", out ? ", " : " and ");
  if (bias) say(p, "%sbiases", powers_of[star->bias]);
  if (out) say(p, " and %s outgoing weights", side_words(star->out));
}

static void say_biases(phrase *p, const network_layout *layout, const network_invariant *star) {
  say(p, "%s biases of ",
      star->bias == 2   ? "the spread of"
      : star->bias == 3 ? "skewed"
                        : "heavy-tailed (above the prediction) or light-tailed (below)");
  say_set(p, layout, star->set);
}

/* Two sides whose own means the law fits covary; otherwise a mean of products departs. deviation NaN: neither way. */
static void say_star(phrase *p, const network_layout *layout, const network_invariant *star, double deviation) {
  const size_t in = side_degree(star->in), out = side_degree(star->out), bias = star->bias;
  const bool even = in % 2 == 0 && out % 2 == 0 && bias % 2 == 0,
             covary = (in > 0) + (out > 0) + (bias > 0) == 2 && in <= 2 && out <= 2 && bias <= 2;
  say(p, "%s", covary ? "" : "products, node by node, of ");
  say_sides(p, star);
  say(p, " of ");
  say_set(p, layout, star->set);
  if (isnan(deviation)) return;
  if (!covary) say(p, " are %s on average than the law says", deviation > 0.0 ? "larger" : "smaller");
  else if (even) say(p, " correlate %s than the law says", deviation > 0.0 ? "more" : "less");
  else say(p, " correlate more %s than the law says", deviation > 0.0 ? "positively" : "negatively");
}

static void say_path(phrase *p, const network_invariant *path, const char *const *names, double deviation) {
  say(p, "paths through ");
  for (size_t e = 0; e < path->n_edges; e++)
    say(p, "%s%.60s", e == 0 ? "" : e + 1 < path->n_edges ? ", " : " and ", names[path->edges[e].tensor]);
  say(p, ", the products of weights one after another,");
  if (isnan(deviation)) say(p, " in sum");
  else say(p, " sum to %s than the law says", deviation > 0.0 ? "more" : "less");
}

void wlaw_network_departure_meaning(char *out, size_t capacity, const network_departures *departures,
                                    const char *const *names, size_t k) {
  phrase p = {out, capacity, 0};
  const double deviation = departures->departures[k].deviation_se;
  if (is_within(departures, k)) {
    char meaning[GRAPH_MEANING];
    wlaw_graph_meaning(meaning, sizeof meaning, graph_of(departures, k), GRAPH_BIPARTITE);
    say(&p, "in %.60s, %s", names[weight_of(departures, k)], meaning);
    return;
  }
  const network_invariant *one = between_of(departures, k);
  if (one->kind == NETWORK_STAR && one->bias == one->n_edges) say_biases(&p, &departures->layout, one);
  else if (one->kind == NETWORK_STAR) say_star(&p, &departures->layout, one, deviation);
  else say_path(&p, one, names, deviation);
}

/* ---- documents ---- */

static json_t *node_json(uint8_t node) { return node == NODE_NONE ? json_null() : wlaw_json_count(node); }

static void append_edge(bool *failed, json_t *edges, const char *tensor, uint8_t row, uint8_t column) {
  json_t *edge = json_array();
  wlaw_json_append(failed, edge, wlaw_json_text(tensor));
  wlaw_json_append(failed, edge, node_json(row));
  wlaw_json_append(failed, edge, node_json(column));
  wlaw_json_append(failed, edges, edge);
}

static void put_within(bool *failed, json_t *object, const network_departures *all, const char *const *names,
                       size_t k) {
  const graph *g = graph_of(all, k);
  const size_t t = weight_of(all, k);
  char text[64];
  json_t *edges = json_array(), *layers = json_array();
  wlaw_graph_text(text, sizeof text, g);
  for (size_t e = 0; e < g->n_edges; e++) append_edge(failed, edges, names[t], g->edges[e].from, g->edges[e].to);
  wlaw_json_append(failed, layers, wlaw_json_count(all->layout.tensors[t].layer + 1));
  wlaw_json_put(failed, object, "kind", json_string("layer"));
  wlaw_json_put(failed, object, "degree", wlaw_json_count(g->n_edges));
  wlaw_json_put(failed, object, "graph", json_string(text));
  wlaw_json_put(failed, object, "set", json_null());
  wlaw_json_put(failed, object, "layers", layers);
  wlaw_json_put(failed, object, "edges", edges);
}

static void put_between(bool *failed, json_t *object, const network_departures *all, const char *const *names,
                        size_t k) {
  const network_invariant *one = between_of(all, k);
  const bool star = one->kind == NETWORK_STAR;
  json_t *edges = json_array(), *layers = json_array();
  for (size_t e = 0, last = NETWORK_NONE; e < one->n_edges; e++) {
    const network_edge *edge = &one->edges[e];
    const size_t layer = all->layout.tensors[edge->tensor].layer;
    append_edge(failed, edges, names[edge->tensor], edge->row, edge->column);
    if (layer != last) wlaw_json_append(failed, layers, wlaw_json_count(layer + 1));
    last = layer;
  }
  wlaw_json_put(failed, object, "kind", json_string(star ? "star" : "path"));
  wlaw_json_put(failed, object, "degree", wlaw_json_count(one->n_edges));
  wlaw_json_put(failed, object, "graph", json_null());
  wlaw_json_put(failed, object, "set", star ? wlaw_json_count(all->layout.sets[one->set].set) : json_null());
  wlaw_json_put(failed, object, "layers", layers);
  wlaw_json_put(failed, object, "edges", edges);
}

json_t *wlaw_network_departures_list(bool *failed, const network_departures *departures, const char *const *names) {
  json_t *list = json_array();
  for (size_t k = 0; k < departures->n && !*failed; k++) {
    char formula[DEPARTURE_FORMULA], meaning[DEPARTURE_MEANING];
    json_t *object = json_object();
    wlaw_network_departure_formula(formula, sizeof formula, departures, k);
    wlaw_network_departure_meaning(meaning, sizeof meaning, departures, names, k);
    if (is_within(departures, k)) put_within(failed, object, departures, names, k);
    else put_between(failed, object, departures, names, k);
    wlaw_json_put(failed, object, "formula", json_string(formula));
    wlaw_json_put(failed, object, "meaning", wlaw_json_text(meaning));
    wlaw_departure_put(failed, object, &departures->departures[k], departures->observed.count);
    wlaw_json_append(failed, list, object);
  }
  return list;
}

static const char *const not_simulated = "the null of whole networks is not simulated";

json_t *wlaw_network_departures_json(bool *failed, const network_departures *departures) {
  const departure_test *test = &departures->test;
  char worst[DEPARTURE_FORMULA];
  json_t *object = json_object(), *of_worst = json_null();
  if (test->worst < departures->n) {
    wlaw_network_departure_formula(worst, sizeof worst, departures, test->worst);
    of_worst = json_object();
    wlaw_json_put(failed, of_worst, "formula", json_string(worst));
  }
  wlaw_json_put(failed, object, "law", json_string("network"));
  wlaw_json_put(failed, object, "family", json_string("network"));
  wlaw_json_put(failed, object, "degree", wlaw_json_count(departures->degree));
  wlaw_json_put(failed, object, "invariants", wlaw_json_count(departures->n));
  wlaw_json_put(failed, object, "tested", wlaw_json_count(test->tested));
  wlaw_json_put(failed, object, "significant",
                wlaw_json_count(wlaw_departures_significant(departures->departures, departures->n)));
  wlaw_json_put(failed, object, "max_z", wlaw_json_determined(test->max_z));
  wlaw_json_put(failed, object, "worst", of_worst);
  wlaw_json_put(failed, object, "p_value", json_null());
  wlaw_json_put(failed, object, "replicates", wlaw_json_count(0));
  wlaw_json_put(failed, object, "reason", json_string(not_simulated));
  return object;
}

/* ---- sentences ---- */

enum { PLACES_SAID = 3, PLACES = 2 * NETWORK_SETS + 1 }; /* a weight and a set for each layer at most, and the paths */

static bool is_significant(const network_departures *all, size_t k) {
  return wlaw_departures_significant(&all->departures[k], 1) == 1;
}

/* Squared norms of what comes in and what goes out: what a mixture of scales, one for each node, makes correlate. */
static bool is_norms(const network_departures *all, size_t k) {
  if (is_within(all, k)) return false;
  const network_invariant *one = between_of(all, k);
  return one->kind == NETWORK_STAR && one->in[0] == 2 && !one->in[1] && one->out[0] == 2 && !one->out[1];
}

static void say_one(bool *failed, json_t *summary, const network_departures *all, const char *const *names, size_t k,
                    size_t others) {
  const departure *one = &all->departures[k];
  char meaning[DEPARTURE_MEANING], formula[DEPARTURE_FORMULA], sd[64] = "", more[80] = "";
  wlaw_network_departure_meaning(meaning, sizeof meaning, all, names, k);
  wlaw_network_departure_formula(formula, sizeof formula, all, k);
  if (!isnan(one->deviation_sd)) snprintf(sd, sizeof sd, ", %+.2g standard deviations of a network", one->deviation_sd);
  if (others > 0) snprintf(more, sizeof more, " %zu more %s there.", others, others == 1 ? "departs" : "depart");
  SENTENCE(failed, summary, "%s departs from the law network by %+.3g standard errors%s (adjusted p %s %.2g): %s.%s",
           formula, one->deviation_se, sd, P_VALUE(one->p_adjusted), meaning, more);
}

static void say_global(bool *failed, json_t *summary, const network_departures *all) {
  const departure_test *test = &all->test;
  const size_t significant = wlaw_departures_significant(all->departures, all->n);
  char formula[DEPARTURE_FORMULA], found[32] = "none";
  if (test->tested == 0) {
    SENTENCE(
        failed, summary, "No invariant of degree 2 to %zu can depart from the law network: %s.", all->degree,
        all->n == 0 ? "there are none" : "each is determined by the fit, or varies less than its value is rounded");
    return;
  }
  wlaw_network_departure_formula(formula, sizeof formula, all, test->worst);
  if (significant > 0) snprintf(found, sizeof found, "%zu", significant);
  SENTENCE(failed, summary,
           "Of %zu invariant%s not fitted, %s %s from the law network at 5 %% by normal p-values adjusted for their "
           "number (Holm); %s is furthest, by %.3g standard errors. W1, W2, ... are the weights of layers from the "
           "inputs on, rows first; b1, b2, ... the biases.",
           test->tested, test->tested == 1 ? "" : "s", found, significant > 1 ? "depart" : "departs", formula,
           test->max_z);
}

/* The furthest significant one within weights, or between them, of places not yet said; n: there is none. */
static size_t furthest(const network_departures *all, const bool said[PLACES], bool within) {
  size_t best = all->n;
  for (size_t k = 0; k < all->n; k++) {
    if (is_within(all, k) != within || said[place_of(all, k)] || !is_significant(all, k)) continue;
    if (best == all->n || fabs(all->departures[k].deviation_se) > fabs(all->departures[best].deviation_se)) best = k;
  }
  return best;
}

/* The furthest of some weights, and of some node sets and the paths; and squared norms wherever they depart. */
static void say_places(bool *failed, json_t *summary, const network_departures *all, const char *const *names) {
  bool said[PLACES] = {false}, norms[PLACES] = {false};
  for (int between = 0; between < 2; between++)
    for (size_t turn = 0; turn < PLACES_SAID; turn++) {
      const size_t best = furthest(all, said, !between);
      if (best == all->n) break;
      const size_t place = place_of(all, best);
      size_t others = 0;
      for (size_t k = 0; k < all->n; k++) others += k != best && place_of(all, k) == place && is_significant(all, k);
      said[place] = true;
      norms[place] = is_norms(all, best);
      say_one(failed, summary, all, names, best, others);
    }
  for (size_t k = 0; k < all->n; k++)
    if (is_norms(all, k) && is_significant(all, k) && !norms[place_of(all, k)])
      say_one(failed, summary, all, names, k, 0);
}

static void say_left_out(bool *failed, json_t *summary, const network_departures *all) {
  const network_shape *shape = &all->layout.shape;
  if (shape->input != SIDE_EXCHANGEABLE)
    SENTENCE(failed, summary,
             "No invariant has a part in the first weight, whose inputs are %s; --input exchangeable tests it.",
             shape->input == SIDE_LABELLED ? "labelled" : "left out");
  if (shape->output == SIDE_LABELLED && shape->layers > 1)
    SENTENCE(failed, summary,
             "Invariants within the last weight, whose outputs are labelled, are left out; --output exchangeable tests "
             "them.");
  if (all->left_out > 0)
    SENTENCE(failed, summary,
             "%zu invariants with powers of the last weight are left out: outputs with more than %d labels take too "
             "long; --output exchangeable tests them.",
             all->left_out, NETWORK_LABELS_MOST);
}

/* Normal p-values hold for sums of many independent terms. */
static void warn_of_tails(bool *failed, json_t *warnings, const network_departures *all) {
  enum { NORMAL_NETWORKS = 200 };
  if (all->test.tested == 0 || all->observed.count >= NORMAL_NETWORKS) return;
  SENTENCE(failed, warnings, "With %llu network%s the normal p-values of the invariants are approximate.",
           (unsigned long long)all->observed.count, all->observed.count == 1 ? "" : "s");
}

void wlaw_network_departures_say(bool *failed, json_t *summary, json_t *warnings, const network_departures *departures,
                                 const char *const *names) {
  say_global(failed, summary, departures);
  say_places(failed, summary, departures, names);
  say_left_out(failed, summary, departures);
  warn_of_tails(failed, warnings, departures);
}
