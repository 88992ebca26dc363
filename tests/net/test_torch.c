/* Gradients and ten steps of every optimiser against PyTorch (fixture by scripts/make_torch_fixture.py). */
#include "net/net_support.h"

#include <jansson.h>

#include "net/optimizer.h"

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}
static double real_of(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

static int find_name(const char *const *names, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (!strcmp(names[i], name)) return i;
  fail_msg("the fixture names %s, which this test does not know", name);
  return -1;
}

static mlp case_network(const json_t *fixture) {
  static const char *const activations[] = {"relu", "leaky-relu", "tanh", "erf", "gelu", "sin", "linear"};
  static const char *const losses[] = {"cross-entropy", "mse"};
  const json_t *widths = json_object_get(fixture, "widths");
  size_t width[8] = {0};
  for (size_t i = 0; i < json_array_size(widths); i++) width[i] = (size_t)json_integer_value(json_array_get(widths, i));
  return make_mlp(json_array_size(widths), width, (activation)find_name(activations, 7, text_of(fixture, "activation")),
                  (loss)find_name(losses, 2, text_of(fixture, "loss")),
                  json_is_true(json_object_get(fixture, "biases")), json_is_true(json_object_get(fixture, "ntk")));
}

static wlaw_dataset case_data(const json_t *fixture, const mlp *net) {
  const json_t *inputs = json_object_get(fixture, "inputs"), *labels = json_object_get(fixture, "labels");
  wlaw_dataset data = random_dataset(net->width[0], net->width[net->layers], json_array_size(labels), 1, false);
  for (size_t i = 0; i < json_array_size(inputs); i++)
    data.train.values[i] = (float)json_number_value(json_array_get(inputs, i));
  for (size_t i = 0; i < json_array_size(labels); i++)
    data.train.labels[i] = (uint8_t)json_integer_value(json_array_get(labels, i));
  return data;
}

static train_config run_config(const json_t *run, const mlp *net, uint32_t samples, uint32_t steps) {
  static const char *const optimizers[] = {"sgd", "adam", "adamw"}, *const schedules[] = {"constant", "step", "cosine"};
  const json_t *betas = json_object_get(run, "betas");
  return (train_config){.mlp = *net,
                        .optimizer = (optimizer)find_name(optimizers, 3, text_of(run, "optimizer")),
                        .schedule = (schedule)find_name(schedules, 3, text_of(run, "schedule")),
                        .lr = real_of(run, "lr"),
                        .momentum = real_of(run, "momentum"),
                        .beta1 = json_number_value(json_array_get(betas, 0)),
                        .beta2 = json_number_value(json_array_get(betas, 1)),
                        .epsilon = real_of(run, "eps"),
                        .weight_decay = real_of(run, "weight_decay"),
                        .step_epochs = 3,
                        .step_factor = 0.5,
                        .batch = samples,
                        .epochs = steps,
                        .seed = 1};
}

/* The fixture's flat list (weight and bias of each layer in turn) as a block. */
static void load_block(const mlp *net, const json_t *numbers, float *block) {
  size_t at = 0;
  for (size_t l = 0; l < net->layers; l++) {
    float weight[512], bias[64];
    for (size_t i = 0; i < net->width[l] * net->width[l + 1]; i++)
      weight[i] = (float)json_number_value(json_array_get(numbers, at++));
    for (size_t i = 0; net->biases && i < net->width[l + 1]; i++)
      bias[i] = (float)json_number_value(json_array_get(numbers, at++));
    wlaw_mlp_pack(net, l, block, NULL, weight, net->biases ? bias : NULL);
  }
  assert_int_equal(at, json_array_size(numbers));
}

static void check_block(const mlp *net, const float *block, const json_t *want, double tolerance, const char *what) {
  size_t at = 0;
  for (size_t l = 0; l < net->layers; l++) {
    float values[2][512];
    wlaw_mlp_unpack(net, l, block, NULL, values[0], values[1]);
    for (int b = 0; b <= (net->biases ? 1 : 0); b++)
      for (size_t i = 0; i < net->width[l + 1] * (b ? 1 : net->width[l]); i++) {
        const double wanted = json_number_value(json_array_get(want, at++));
        if (!(fabs((double)values[b][i] - wanted) <= tolerance))
          fail_msg("%s, layer %zu, %s %zu: %.9g, PyTorch %.9g, tolerance %.2g", what, l, b ? "bias" : "weight", i,
                   (double)values[b][i], wanted, tolerance);
      }
  }
}

static void check_run(const json_t *fixture, const json_t *run, const mlp *net, cpu_level level) {
  wlaw_dataset data = case_data(fixture, net);
  const json_t *losses = json_object_get(run, "losses");
  const size_t steps = json_array_size(losses);
  const train_config config = run_config(run, net, (uint32_t)data.train.n, (uint32_t)steps);
  training t = start_training(&config, &data, level, 0);
  load_block(net, json_object_get(fixture, "start"), t.state.weights);

  uint32_t order[64];
  float *gradient = wlaw_array(t.floats, sizeof *gradient);
  for (size_t i = 0; i < data.train.n; i++) order[i] = (uint32_t)i;
  const double at_start = wlaw_train_gradient(t.trainer, t.scratch, t.state.weights, order, data.train.n, gradient);
  check_near(at_start, real_of(fixture, "loss_at_start"), 1e-6);
  /* Gradients are of order 0.1 to 1, sums of at most 33 + 8 terms: 41 * 2^-24 * 1 = 2.4e-6 is a bound. */
  check_block(net, gradient, json_object_get(fixture, "gradient"), 2.4e-6, "gradient");
  free(gradient);

  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < steps; k++) {
    check_ok(wlaw_train_epoch(t.trainer, t.scratch, &t.state, 0, 1, (uint32_t)k + 1, NULL, err));
    check_near(t.state.loss_sum / (double)data.train.n, json_number_value(json_array_get(losses, k)), 1e-5);
  }
  assert_int_equal(t.state.step, steps);
  /* Ten updates of at most lr * 3 each (the gradients' size, or Adam's normalised step; momentum sums up to ten), in
   * which a gradient's relative error of 1e-5 survives normalisation: 10 * 0.3 * 1e-5 = 3e-5, rounded down to what a
   * mistake in any constant (a decay of 0.05 lr = 5e-4 a step) would exceed tenfold. */
  char what[128];
  snprintf(what, sizeof what, "%s %s %s at %s", text_of(fixture, "activation"), text_of(run, "optimizer"),
           text_of(run, "schedule"), wlaw_cpu_level_name(level));
  check_block(net, t.state.weights, json_object_get(run, "final"), 1e-5, what);
  wlaw_error_free(err);
  end_training(&t);
  free_dataset(&data);
}

static void optimizers_against_torch(void **state) {
  (void)state;
  json_error_t where;
  json_t *fixture = json_load_file(TEST_SOURCE_DIR "/fixtures/torch_training.json", JSON_REJECT_DUPLICATES, &where);
  if (!fixture) fail_msg("the PyTorch fixture: %s", where.text);
  const json_t *cases = json_object_get(fixture, "cases");
  assert_true(json_array_size(cases) >= 6);
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (size_t c = 0; c < json_array_size(cases); c++) {
      const json_t *one = json_array_get(cases, c), *runs = json_object_get(one, "runs");
      const mlp net = case_network(one);
      assert_true(json_array_size(runs) >= 5);
      for (size_t r = 0; r < json_array_size(runs); r++) check_run(one, json_array_get(runs, r), &net, level);
    }
  json_decref(fixture);
}

static void schedules(void **state) {
  (void)state;
  train_config config = {.lr = 0.1, .schedule = SCHEDULE_STEP, .step_epochs = 3, .step_factor = 0.5, .epochs = 10};
  check_near(wlaw_schedule_rate(&config, 1), 0.1, 1e-17);
  check_near(wlaw_schedule_rate(&config, 3), 0.1, 1e-17);
  check_near(wlaw_schedule_rate(&config, 4), 0.05, 1e-17);
  check_near(wlaw_schedule_rate(&config, 7), 0.025, 1e-17);
  config.schedule = SCHEDULE_COSINE; /* half way at the middle: (1 + cos(pi/2)) / 2 = 1/2 */
  check_near(wlaw_schedule_rate(&config, 1), 0.1, 1e-17);
  check_near(wlaw_schedule_rate(&config, 6), 0.05, 1e-16);
  check_near(wlaw_schedule_rate(&config, 11), 0.0, 1e-17);
}

static void bad_numbers_are_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const train_config good = {.optimizer = OPTIMIZER_ADAM, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
  check_ok(wlaw_optimizer_check(&good, err));
  train_config bad = good;
  bad.lr = NAN;
  check_status(wlaw_optimizer_check(&bad, err), WLAW_ARGUMENT);
  bad = good;
  bad.beta2 = 1.0;
  check_status(wlaw_optimizer_check(&bad, err), WLAW_ARGUMENT);
  bad = good;
  bad.epsilon = 0.0; /* 0/0 where a gradient never came */
  check_status(wlaw_optimizer_check(&bad, err), WLAW_ARGUMENT);
  bad = good;
  bad.weight_decay = -1.0;
  check_status(wlaw_optimizer_check(&bad, err), WLAW_ARGUMENT);
  bad = good;
  bad.schedule = SCHEDULE_STEP;
  check_status(wlaw_optimizer_check(&bad, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(optimizers_against_torch),
      cmocka_unit_test(schedules),
      cmocka_unit_test(bad_numbers_are_refused),
  };
  return cmocka_run_group_tests_name("net.torch", tests, NULL, NULL);
}
