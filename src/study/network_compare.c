/* The verb `compare` for whole networks: what A and B name, that they are laws of one network, and the numbers. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/result.h"
#include "core/text.h"
#include "study/ensemble.h"
#include "study/initial.h"
#include "study/kept_networks.h"
#include "study/network_compare.h"

extern const command_spec wlaw_command_compare;

static void side_release(network_compare_side *side) {
  free(side->run_path);
  wlaw_networks_close(side->source);
  wlaw_network_operand_release(&side->operand);
  wlaw_network_sample_release(&side->sample);
  wlaw_network_gaussian_free(side->made);
}

static bool is_init(const network_compare_side *side) { return strcmp(side->text, "init") == 0; }

/* Networks, from a run or a file; nothing for init. */
static wlaw_status open_source(network_compare_side *side, const networks_request *wanted, wlaw_error *err) {
  networks_request request = *wanted;
  request.paths = &side->text;
  request.n_paths = 1;
  if (*side->text == '@') return WLAW_OK;
  if (wlaw_run_is(side->text)) return wlaw_networks_open(&side->source, &request, err);
  WLAW_TRY(wlaw_run_split(&side->run_path, &request.epoch, side->text, err));
  if (side->run_path) {
    request.paths = (const char *const *)&side->run_path;
    request.has_epoch = true;
    return wlaw_networks_open(&side->source, &request, err);
  }
  if (is_init(side) && !wlaw_path_exists(side->text)) return WLAW_OK;
  request.has_epoch = request.exclude_dead = false;
  const wlaw_status status = wlaw_networks_open(&side->source, &request, err);
  if (status == WLAW_IO && strchr(side->text, '('))
    return wlaw_error_add_hint(err, status,
                               "laws of networks have no text; a side is a run, a file, @FIT.json or init");
  return status;
}

/* What a fit takes as exchangeable is what is compared, unless the options say otherwise: then they disagree. */
static wlaw_status take_sides(network_side *input, network_side *output, const network_compare_side *side,
                              const wlaw_options *options, wlaw_error *err) {
  const network_shape *shape = &side->operand.gaussian->layout.shape;
  const char *option = NULL;
  if (wlaw_option_is_set(options, &wlaw_command_compare, "input") && *input != shape->input) option = "input";
  if (wlaw_option_is_set(options, &wlaw_command_compare, "output") && *output != shape->output) option = "output";
  if (option)
    return wlaw_fail(err, WLAW_ARGUMENT, "--%s %s does not go with %s, which is fitted with --%s %s", option,
                     wlaw_option_text(options, &wlaw_command_compare, option), side->text, option,
                     wlaw_network_side_name(*option == 'i' ? shape->input : shape->output));
  *input = shape->input;
  *output = shape->output;
  return WLAW_OK;
}

static void describe(text_buffer *out, const network_layout *layout) {
  const network_shape *shape = &layout->shape;
  for (size_t k = 0; k <= shape->layers; k++) wlaw_text_add(out, "%s%zu", k ? "-" : "", shape->width[k]);
  size_t biases = 0;
  for (size_t l = 0; l < shape->layers; l++) biases += shape->bias[l];
  wlaw_text_add(out,
                biases == 0               ? " without biases"
                : biases == shape->layers ? " with biases"
                                          : " with %zu biases",
                biases);
  wlaw_text_add(out, ", inputs %s, outputs %s", wlaw_network_side_name(shape->input),
                wlaw_network_side_name(shape->output));
}

static wlaw_status check_layouts(const network_layout *a, const network_layout *b, wlaw_error *err) {
  if (wlaw_network_layout_equal(a, b)) return WLAW_OK;
  text_buffer of_a = {0}, of_b = {0};
  describe(&of_a, a);
  describe(&of_b, b);
  wlaw_fail(err, WLAW_SHAPE, "A is of networks %s, B of networks %s", wlaw_text_string(&of_a), wlaw_text_string(&of_b));
  wlaw_text_free(&of_a);
  wlaw_text_free(&of_b);
  return WLAW_SHAPE;
}

static wlaw_status find_layouts(network_compare *work, network_side input, network_side output, wlaw_error *err) {
  for (int k = 0; k < 2; k++) {
    network_compare_side *side = &work->sides[k];
    network_shape shape;
    if (side->operand.gaussian) {
      side->layout = side->operand.gaussian->layout;
    } else if (side->source) {
      wlaw_networks_shape(&shape, side->source, input, output);
      const wlaw_status status = wlaw_network_layout(&side->layout, &shape, err);
      if (status != WLAW_OK) return wlaw_error_in_file(err, status, side->text);
    }
  }
  for (int k = 0; k < 2; k++) {
    network_compare_side *side = &work->sides[k], *other = &work->sides[1 - k];
    if (side->operand.gaussian || side->source) continue;
    if (!other->source || !other->source->run)
      return wlaw_fail(err, WLAW_ARGUMENT, "'init' is the initial law of a run, and the other side is not a run");
    const char *names[NETWORK_TENSORS];
    side->layout = other->layout;
    wlaw_networks_names(names, other->source, &other->layout);
    WLAW_TRY(wlaw_initial_network(&side->made, other->source->run, &side->layout, names, err));
  }
  return check_layouts(&work->sides[0].layout, &work->sides[1].layout, err);
}

/* Leaves out of each side what the other leaves out. */
static wlaw_status same_networks(networks *a, networks *b, wlaw_error *err) {
  for (int turn = 0; turn < 2; turn++) {
    networks *from = turn ? b : a;
    const networks *other = turn ? a : b;
    uint64_t *missing = NULL;
    size_t n = 0;
    WLAW_TRY(wlaw_kept_missing(&missing, &n, from->kept, from->n, other->kept, other->n, err));
    const wlaw_status status = n ? wlaw_networks_exclude(from, missing, n, err) : WLAW_OK;
    free(missing);
    WLAW_TRY(status);
  }
  return WLAW_OK;
}

static wlaw_status pair_sides(network_compare *work, wlaw_error *err) {
  networks *a = work->sides[0].source, *b = work->sides[1].source;
  if (a && b && a->run && b->run && wlaw_run_same(a->run, b->run)) work->paired = true;
  if (!work->paired) return WLAW_OK;
  if (!a || !b) return wlaw_fail(err, WLAW_ARGUMENT, "--paired needs networks on both sides, and one is a law");
  if (a->n + a->excluded != b->n + b->excluded)
    return wlaw_fail(err, WLAW_ARGUMENT, "--paired needs the same networks on both sides, not %zu and %zu",
                     a->n + a->excluded, b->n + b->excluded);
  return same_networks(a, b, err);
}

static wlaw_status open_sides(network_compare *work, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_compare;
  network_side input = wlaw_network_input(wlaw_option_text(options, command, "input")),
               output = wlaw_network_output(wlaw_option_text(options, command, "output"));
  bool any_run = false;
  for (int k = 0; k < 2; k++) {
    network_compare_side *side = &work->sides[k];
    if (*side->text != '@') continue;
    WLAW_TRY(wlaw_network_operand_read(&side->operand, side->text, err));
    WLAW_TRY(take_sides(&input, &output, side, options, err));
  }
  const networks_request request = {
      .layers = wlaw_option_text(options, command, "layers"),
      .input = input,
      .has_epoch = wlaw_option_is_set(options, command, "epoch"),
      .epoch = wlaw_option_count(options, command, "epoch"),
      .exclude_dead = strcmp(wlaw_option_text(options, command, "exclude"), "dead") == 0,
  };
  work->rule = wlaw_ensemble_rule(&(ensemble_request){.exclude_dead = request.exclude_dead});
  for (int k = 0; k < 2; k++) {
    WLAW_TRY(open_source(&work->sides[k], &request, err));
    any_run = any_run || (work->sides[k].source && work->sides[k].source->run);
  }
  if (!any_run && (request.has_epoch || request.exclude_dead))
    return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs a run directory", request.has_epoch ? "epoch" : "exclude");
  WLAW_TRY(find_layouts(work, input, output, err));
  return pair_sides(work, err);
}

/* A side's law: the fit to its networks, or the law it is. */
static wlaw_status measure_side(network_distance_side *out, network_compare_side *side, unsigned threads,
                                wlaw_monitor *monitor, wlaw_error *err) {
  if (side->source) {
    WLAW_TRY(wlaw_networks_measure(&side->sample, side->source, &side->layout, true, threads, monitor, err));
    WLAW_TRY(wlaw_network_gaussian_new(&side->made, &side->layout, err));
    wlaw_network_estimate(side->made, side->sample.total, NETWORK_WHOLE);
    *out = (network_distance_side){.law = side->made, .sample = &side->sample, .fitted = side->source->n};
  } else if (side->operand.gaussian) {
    *out = (network_distance_side){.law = side->operand.gaussian, .fitted = side->operand.networks};
  } else {
    *out = (network_distance_side){.law = side->made};
  }
  return WLAW_OK;
}

static wlaw_status compare_sides(json_t **out, network_compare *work, unsigned threads, wlaw_monitor *monitor,
                                 wlaw_error *err) {
  const monitor_span whole = wlaw_monitor_span(monitor);
  network_distance_side sides[2];
  network_distance distance;
  bool failed = false;
  for (int k = 0; k < 2; k++) {
    monitor->what = "measuring networks";
    wlaw_monitor_stage(monitor, &whole, k / 3.0, (k + 1) / 3.0);
    WLAW_TRY(measure_side(&sides[k], &work->sides[k], threads, monitor, err));
  }
  monitor->what = "leaving networks out";
  wlaw_monitor_stage(monitor, &whole, 2.0 / 3.0, 1.0);
  WLAW_TRY(wlaw_network_study_distance(&distance, &sides[0], &sides[1], work->paired, threads, monitor, err));
  *out = wlaw_network_compare_document(&failed, work, &distance);
  if (!failed) return WLAW_OK;
  json_decref(*out);
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

wlaw_status wlaw_network_compare_verb(wlaw_result **result, const char *const *inputs, const wlaw_options *options,
                                      wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_compare;
  network_compare work = {.sides = {{.text = inputs[0]}, {.text = inputs[1]}},
                          .paired = wlaw_option_flag(options, command, "paired")};
  json_t *document = NULL;
  wlaw_status status = open_sides(&work, options, err);
  if (status == WLAW_OK)
    status = compare_sides(&document, &work, (unsigned)wlaw_option_count(options, command, "threads"), monitor, err);
  if (status == WLAW_OK) status = wlaw_result_wrap(result, document, false, err);
  for (int k = 0; k < 2; k++) side_release(&work.sides[k]);
  return status;
}
