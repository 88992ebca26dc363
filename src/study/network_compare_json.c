/* The document of a comparison of whole networks (docs/network.md). */
#include "study/network_compare.h"

#include <math.h>
#include <stdio.h>

#include "study/compare_json.h"
#include "study/fit.h"
#include "study/sentence.h"

/* The names of the layers are the first side's that has networks, else the fit's. */
static void name_layer(const char **weight, const char **bias, const network_compare *from, size_t l) {
  *weight = *bias = NULL;
  for (int k = 0; k < 2; k++) {
    const networks *source = from->sides[k].source;
    if (!source) continue;
    *weight = source->layers[l].weight;
    *bias = source->layers[l].bias;
    return;
  }
  for (int k = 0; k < 2; k++) {
    const network_operand *operand = &from->sides[k].operand;
    const network_layout *layout = &from->sides[k].layout;
    for (size_t t = 0; operand->gaussian && t < layout->n_tensors; t++)
      if (layout->tensors[t].layer == l) *(layout->tensors[t].is_bias ? bias : weight) = operand->names[t];
    if (operand->gaussian) return;
  }
}

static json_t *layers_json(bool *failed, const network_compare *from) {
  const network_shape *shape = &from->sides[0].layout.shape;
  json_t *layers = json_array();
  for (size_t l = 0; l < shape->layers; l++) {
    const char *weight, *bias;
    json_t *object = json_object();
    name_layer(&weight, &bias, from, l);
    wlaw_json_put(failed, object, "name", weight ? wlaw_json_text(weight) : json_null());
    wlaw_json_put(failed, object, "bias", bias ? wlaw_json_text(bias) : json_null());
    wlaw_json_put(failed, object, "rows", wlaw_json_count(shape->width[l + 1]));
    wlaw_json_put(failed, object, "cols", wlaw_json_count(shape->width[l]));
    wlaw_json_put(failed, object, "covered", json_boolean(l > 0 || shape->input != SIDE_OMITTED));
    wlaw_json_append(failed, layers, object);
  }
  return layers;
}

static void put_sides(bool *failed, json_t *document, const network_compare *from) {
  static const char *const inputs[] = {"input_a", "input_b"}, *const epochs[] = {"epoch_a", "epoch_b"},
                           *const excluded[] = {"networks_excluded_a", "networks_excluded_b"};
  for (int k = 0; k < 2; k++) {
    const networks *source = from->sides[k].source;
    wlaw_json_put(failed, document, inputs[k], wlaw_json_text(from->sides[k].text));
    wlaw_json_put(failed, document, epochs[k],
                  source && source->has_epoch ? wlaw_json_count(source->epoch) : json_null());
    wlaw_json_put(failed, document, excluded[k], wlaw_json_count(source ? source->excluded : 0));
  }
  wlaw_json_put(failed, document, "exclude_rule", json_string(from->rule));
  wlaw_json_put(failed, document, "layers", layers_json(failed, from));
  const network_shape *shape = &from->sides[0].layout.shape;
  wlaw_json_put(failed, document, "inputs", json_string(wlaw_network_side_name(shape->input)));
  wlaw_json_put(failed, document, "outputs", json_string(wlaw_network_side_name(shape->output)));
}

static json_t *groups_json(bool *failed, const network_distance *distance) {
  json_t *groups = json_array();
  for (int k = 0; k < 2; k++)
    wlaw_json_append(failed, groups, distance->groups[k] ? wlaw_json_count(distance->groups[k]) : json_null());
  return groups;
}

/* Shares of the squared distance, which add up to 1. */
static json_t *blocks_json(bool *failed, const network_layout *layout, const network_distance *distance) {
  const double whole = distance->numbers.squared > 0.0 ? distance->numbers.squared : NAN;
  json_t *object = json_object();
  wlaw_json_put(failed, object, "mean", wlaw_json_determined(distance->parts[0] / whole));
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++) {
    char name[32];
    wlaw_network_block_name(name, sizeof name, layout, b);
    const bool exists = wlaw_network_block_dimension(layout, b) > 0;
    wlaw_json_put(failed, object, name, exists ? wlaw_json_determined(distance->parts[1 + b] / whole) : json_null());
  }
  return object;
}

/* ---- words */

static void part_words(char *out, size_t capacity, const network_layout *layout, size_t part) {
  char name[32];
  if (part == 0) {
    snprintf(out, capacity, "the means");
    return;
  }
  const size_t b = part - 1;
  wlaw_network_block_name(name, sizeof name, layout, b);
  if (b == 0) snprintf(out, capacity, "trivial, the covariance of sums over whole layers");
  else if (b > layout->n_sets) snprintf(out, capacity, "%s, the variance of single weights", name);
  else if (layout->sets[b - 1].set == 0) snprintf(out, capacity, "%s, the inputs", name);
  else if (layout->sets[b - 1].set == layout->shape.layers) snprintf(out, capacity, "%s, the outputs", name);
  else snprintf(out, capacity, "%s, the nodes of hidden layer %zu", name, layout->sets[b - 1].set);
}

static json_t *summary_json(bool *failed, const network_layout *layout, const network_distance *distance) {
  json_t *summary = json_array();
  size_t largest = 0;
  char words[128];
  for (size_t p = 1; p < 1 + wlaw_network_blocks(layout); p++)
    if (distance->parts[p] > distance->parts[largest]) largest = p;
  part_words(words, sizeof words, layout, largest);
  wlaw_compare_say(failed, summary, &distance->numbers, words, distance->parts[largest] / distance->numbers.squared);
  return summary;
}

/* One network shows its sums but not how sums vary: what the distance then takes for granted. */
static void warn_of_single(bool *failed, json_t *warnings, const distance_numbers *numbers) {
  const size_t fitted[] = {numbers->networks_a, numbers->networks_b};
  for (int k = 0; k < 2; k++)
    if (fitted[k] == 1)
      SENTENCE(failed, warnings,
               "%s is one network, which does not determine mean and trivial: its own sums count as the mean, and "
               "trivial as 0, in the distance.",
               k ? "B" : "A");
}

/* The floor is the first term of an expansion in copies / rows of data of a block: where all eigenvalues are alike it
 * is 3 % low at 1/5 and 21 % low at 1 (Marchenko and Pastur 1967). */
static void warn_of_few(bool *failed, json_t *warnings, const network_compare *from, const distance_numbers *numbers) {
  static const double enough = 5.0;
  const size_t fitted[] = {numbers->networks_a, numbers->networks_b};
  if (isnan(numbers->floor)) return;
  for (int k = 0; k < 2; k++) {
    const network_compare_side *side = &from->sides[k];
    law_block blocks[BLOCKS_MOST];
    wlaw_network_view(blocks, side->made ? side->made : side->operand.gaussian);
    for (size_t b = 0; fitted[k] > 0 && b < wlaw_network_blocks(&side->layout); b++) {
      char name[32];
      if (blocks[b].dimension == 0 || wlaw_block_freedom(&blocks[b], fitted[k]) >= enough * (double)blocks[b].copies)
        continue;
      wlaw_network_block_name(name, sizeof name, &side->layout, b);
      SENTENCE(
          failed, warnings,
          "%s has %zu networks for the %zu numbers of %s: the noise is somewhat larger than the floor, which holds "
          "to order 1/networks, and the debiased value keeps a part of it.",
          k ? "B" : "A", fitted[k], blocks[b].copies, name);
      break;
    }
  }
}

static json_t *warnings_json(bool *failed, const network_compare *from, const network_distance *distance) {
  json_t *warnings = json_array();
  warn_of_single(failed, warnings, &distance->numbers);
  warn_of_few(failed, warnings, from, &distance->numbers);
  for (int k = 0; k < 2; k++) {
    const networks *source = from->sides[k].source;
    if (source && source->uncovered) SENTENCE(failed, warnings, "%s: %s", k ? "B" : "A", source->uncovered);
  }
  return warnings;
}

json_t *wlaw_network_compare_document(bool *failed, const network_compare *from, const network_distance *distance) {
  const network_layout *layout = &from->sides[0].layout;
  json_t *document = json_object();
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.compare/1"));
  put_sides(failed, document, from);
  wlaw_json_put(failed, document, "law", json_string("network"));
  wlaw_compare_put(failed, document, &distance->numbers);
  wlaw_json_put(failed, document, "jackknife_groups", groups_json(failed, distance));
  wlaw_json_put(failed, document, "blocks", blocks_json(failed, layout, distance));
  wlaw_json_put(failed, document, "summary", summary_json(failed, layout, distance));
  wlaw_json_put(failed, document, "warnings", warnings_json(failed, from, distance));
  return document;
}
