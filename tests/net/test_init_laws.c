/* Initial weights from several laws at once: each tensor is what its own law draws from its own stream, bit for bit. */
#include "net/net_support.h"

#include "core/error.h"
#include "law/random_network.h"
#include "support/alloc_fail.h"

static const size_t widths[] = {60, 7, 6, 5};
enum { LAYERS = 3, NETWORK = 3, SEED = 29 };

static train_config laws_config(void) {
  return (train_config){.mlp = make_mlp(LAYERS + 1, widths, ACTIVATION_RELU, LOSS_CROSS_ENTROPY, true, false),
                        .optimizer = OPTIMIZER_SGD,
                        .lr = 0.1,
                        .batch = 10,
                        .epochs = 1,
                        .seed = SEED};
}

static network_layout laws_layout(network_side input, const bool *bias) {
  network_layout layout;
  network_shape shape = {.layers = LAYERS, .input = input, .output = SIDE_LABELLED};
  for (size_t s = 0; s <= LAYERS; s++) shape.width[s] = widths[s];
  for (size_t l = 0; l < LAYERS; l++) shape.bias[l] = bias[l];
  assert_int_equal(wlaw_network_layout(&layout, &shape, NULL), WLAW_OK);
  return layout;
}

static wlaw_status twos(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                        wlaw_error *err) {
  (void)law, (void)err;
  for (size_t i = 0; i < rows * cols; i++) out[i] = 2.0 + wlaw_stream_uniform(stream);
  return WLAW_OK;
}
static const law_ops twos_ops = {.name = "twos", .draw = twos};
static const wlaw_law twos_law = {.ops = &twos_ops};

static void check_floats(const char *what, const float *got, const double *want, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (got[i] != (float)want[i])
      fail_msg("%s, number %zu: %.9g, not %.9g", what, i, (double)got[i], (double)(float)want[i]);
}

/* The tensors of layer l, and what laws in order of precedence draw for them: a whole network's, the layer's own, the
 * general one. */
static void check_layer(const training *t, const initial_laws *laws, double *const whole[], size_t l) {
  const size_t in = widths[l], out = widths[l + 1];
  float weight[60 * 7], bias[7];
  double want[60 * 7], want_bias[7], *tensors[2] = {NULL, NULL};
  wlaw_stream stream = wlaw_stream_start(SEED, STREAM_INIT, NETWORK, (uint32_t)l);
  wlaw_train_unpack(t->trainer, t->state.weights, l, weight, bias);
  for (size_t i = 0; laws->network && i < laws->layout->n_tensors; i++)
    if (laws->layout->tensors[i].layer == l) tensors[laws->layout->tensors[i].is_bias] = whole[i];
  const wlaw_law *law = laws->weight[l] ? laws->weight[l] : laws->law;
  if (!tensors[0]) assert_int_equal(law->ops->draw(law, want, out, in, &stream, NULL), WLAW_OK);
  check_floats("weight", weight, tensors[0] ? tensors[0] : want, in * out);
  if (!tensors[1]) assert_int_equal(laws->law->ops->draw_bias(laws->law, want_bias, out, in, &stream, NULL), WLAW_OK);
  check_floats("bias", bias, tensors[1] ? tensors[1] : want_bias, out);
}

static void check_laws(const initial_laws *laws) {
  const train_config config = laws_config();
  wlaw_dataset data = random_dataset(widths[0], widths[LAYERS], 20, 10, true);
  wlaw_error *err = wlaw_error_new();
  training t = {0};
  double room[NETWORK_TENSORS][60 * 7], *whole[NETWORK_TENSORS];
  for (size_t i = 0; i < NETWORK_TENSORS; i++) whole[i] = room[i];
  check_ok(wlaw_trainer_new(&t.trainer, &config, &data, CPU_LEVELS, err));
  t.state = new_state(wlaw_train_floats(t.trainer));
  check_ok(wlaw_train_init(t.trainer, laws, NETWORK, t.state.weights, err));
  wlaw_stream stream = wlaw_stream_start(SEED, STREAM_INIT, NETWORK, STREAM_SHARED);
  if (laws->network) check_ok(wlaw_network_draw(whole, laws->network, &stream, err));
  for (size_t l = 0; l < LAYERS; l++) check_layer(&t, laws, whole, l);
  free_state(&t.state);
  wlaw_trainer_free(t.trainer);
  free_dataset(&data);
  wlaw_error_free(err);
}

static void each_layer_has_its_law(void **state) {
  (void)state;
  check_laws(&(initial_laws){.law = &test_law});
  check_laws(&(initial_laws){.law = &test_law, .weight = {NULL, &twos_law}});
  check_laws(&(initial_laws){.law = &test_law, .weight = {&twos_law, NULL, &twos_law}});
}

static void a_network_is_one_draw(void **state) {
  (void)state;
  static const bool biases[][LAYERS] = {{false, false, false}, {true, true, true}, {false, true, false}};
  for (int input = SIDE_EXCHANGEABLE; input <= SIDE_OMITTED; input++)
    for (size_t b = 0; b < sizeof biases / sizeof *biases; b++) {
      const network_layout layout = laws_layout((network_side)input, biases[b]);
      network_gaussian *law = random_network(&layout, (uint32_t)b);
      network_sampler *sampler = NULL;
      wlaw_error *err = wlaw_error_new();
      check_ok(wlaw_network_sampler_new(&sampler, law, err));
      check_laws(&(initial_laws){.law = &test_law, .network = sampler, .layout = &layout});
      wlaw_network_sampler_free(sampler);
      wlaw_network_gaussian_free(law);
      wlaw_error_free(err);
    }
}

typedef struct start {
  const trainer *trainer;
  const network_gaussian *law;
  float *block;
} start;

static wlaw_status start_network(void *context, wlaw_error *err) {
  const start *of = context;
  network_sampler *sampler = NULL;
  WLAW_TRY(wlaw_network_sampler_new(&sampler, of->law, err));
  const initial_laws laws = {.law = &test_law, .network = sampler, .layout = &of->law->layout};
  const wlaw_status status = wlaw_train_init(of->trainer, &laws, NETWORK, of->block, err);
  wlaw_network_sampler_free(sampler);
  return status;
}

static void refused_allocations(void **state) {
  (void)state;
  static const bool biases[LAYERS] = {true, true, true};
  const train_config config = laws_config();
  const network_layout layout = laws_layout(SIDE_OMITTED, biases);
  wlaw_dataset data = random_dataset(widths[0], widths[LAYERS], 20, 10, true);
  wlaw_error *err = wlaw_error_new();
  trainer *made = NULL;
  check_ok(wlaw_trainer_new(&made, &config, &data, CPU_LEVELS, err));
  network_gaussian *law = random_network(&layout, 1);
  start of = {made, law, wlaw_array(wlaw_train_floats(made), sizeof(float))};
  alloc_fail_each(start_network, &of);
  free(of.block);
  wlaw_network_gaussian_free(law);
  wlaw_trainer_free(made);
  free_dataset(&data);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_layer_has_its_law),
      cmocka_unit_test(a_network_is_one_draw),
      cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("net.init_laws", tests, NULL, NULL);
}
