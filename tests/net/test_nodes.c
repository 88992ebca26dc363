/* Networks whose hidden nodes have variances of their own: their initial law, and training with the scales kept fixed.
 * The reference of reference.h works on the weights W = sqrt(lambda) V in double. */
#include "net/net_support.h"
#include "net/reference.h"

#include "law/node.h"

/* ln(width lambda) standard normal, but for one node in five, whose variance is 0. */
static void lognormal_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                          wlaw_stream *stream) {
  (void)law, (void)first;
  wlaw_stream_normals(stream, log_lambda, n);
  for (size_t j = 0; j < n; j++)
    log_lambda[j] = wlaw_stream_uniform(stream) < 0.2 ? -INFINITY : log_lambda[j] - log((double)width);
}
static const node_ops lognormal_nodes = {.kind = "none", .draw_log = lognormal_log};
static const law_ops node_law_ops = {.name = "lognormal-nodes", .node = &lognormal_nodes};
static const wlaw_law node_law = {.ops = &node_law_ops};

/* 60 inputs, batches of 24 of 100 samples. Narrow layers, and wide ones (BLAS). */
static train_config node_config(bool wide, bool fixed) {
  train_config config = {.mlp = make_mlp(4, wide ? (size_t[]){60, 40, 33, 5} : (size_t[]){60, 13, 12, 5},
                                         ACTIVATION_TANH, LOSS_CROSS_ENTROPY, true, false),
                         .optimizer = OPTIMIZER_SGD,
                         .lr = 0.2,
                         .beta1 = 0.9,
                         .beta2 = 0.999,
                         .epsilon = 1e-8,
                         .batch = 24,
                         .epochs = 5,
                         .seed = 23};
  config.mlp.node_scales = fixed;
  return config;
}

static training start_nodes(const train_config *config, const wlaw_dataset *data, cpu_level level, uint32_t network) {
  return start_training_from(&node_law, config, data, level, network);
}

/* A sample against a distribution function: P(sqrt(n) D > 1.95) = 0.001 (Kolmogorov). */
static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static void check_normal(const char *what, double *x, size_t n) {
  qsort(x, n, sizeof *x, ascending);
  double distance = 0;
  for (size_t i = 0; i < n; i++) {
    const double f = 0.5 * erfc(-x[i] / sqrt(2.0));
    distance = fmax(distance, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
  }
  if (!(sqrt((double)n) * distance <= 1.95)) fail_msg("%s: sqrt(n) D = %g", what, sqrt((double)n) * distance);
}

/* Weights over the roots of their node's variance are standard normal, the variances have their law, they are new in
 * each network and layer, and the first layer is normal with variance 1/in. */
static void initial_weights_have_their_law(void **state) {
  (void)state;
  enum { NETWORKS = 40 };
  wlaw_dataset data = random_dataset(60, 5, 10, 10, true);
  const train_config config = node_config(true, false);
  const mlp *net = &config.mlp;
  training t = start_nodes(&config, &data, CPU_LEVELS, 0);
  wlaw_error *err = wlaw_error_new();
  static double first[NETWORKS * 60 * 40], v[NETWORKS * 40 * 33 * 2], logs[NETWORKS * 80];
  static float weight[60 * 40], bias[40];
  double earlier = NAN;
  size_t n_first = 0, n_v = 0, n_logs = 0, zeros = 0, nodes = 0;
  for (uint32_t k = 0; k < NETWORKS; k++) {
    check_ok(wlaw_train_init(t.trainer, &(initial_laws){.law = &node_law}, k, t.state.weights, err));
    for (size_t l = 0; l < net->layers; l++) {
      const size_t in = net->width[l], out = net->width[l + 1];
      double lambda[60];
      wlaw_train_unpack(t.trainer, t.state.weights, l, weight, bias);
      assert_null(wlaw_train_scales(t.trainer, t.state.weights, l));
      for (size_t o = 0; o < out; o++) assert_true(bias[o] == 0.0f);
      if (l > 0) wlaw_train_node_variances(t.trainer, &node_law, k, l, lambda);
      assert_true(l == 0 || lambda[in - 1] == -INFINITY || lambda[in - 1] != earlier);
      if (l > 0) earlier = lambda[in - 1];
      for (size_t j = 0; j < in; j++) {
        nodes += l > 0;
        zeros += l > 0 && lambda[j] == -INFINITY;
        if (l > 0 && isfinite(lambda[j])) logs[n_logs++] = lambda[j] + log((double)in);
        for (size_t o = 0; o < out; o++) {
          const double w = (double)weight[o * in + j];
          if (l == 0) first[n_first++] = w * sqrt((double)in);
          else if (isfinite(lambda[j])) v[n_v++] = w / exp(0.5 * lambda[j]);
          else assert_true(w == 0.0);
        }
      }
    }
  }
  check_normal("first layer", first, n_first);
  check_normal("V", v, n_v);
  check_normal("ln lambda", logs, n_logs);
  check_near((double)zeros, 0.2 * (double)nodes, 4 * sqrt(0.16 * (double)nodes)); /* binomial, 4 standard deviations */
  wlaw_error_free(err);
  end_training(&t);
  free_dataset(&data);
}

/* What the scaled network is in the reference: W = s V, and the scales; s = 1 in front of the first layer. */
typedef struct scaled_network {
  reference_parameters v, w;
  double scale[3][60];
} scaled_network;

static void set_weights(const mlp *net, scaled_network *r) {
  for (size_t l = 0; l < net->layers; l++)
    for (size_t i = 0; i < net->width[l] * net->width[l + 1]; i++)
      r->w.w[l][i] = r->scale[l][i % net->width[l]] * r->v.w[l][i];
}

static scaled_network read_network(const training *t, const mlp *net) {
  scaled_network r = {.v = reference_new(net), .w = reference_new(net)};
  float weight[60 * 40], bias[40];
  for (size_t l = 0; l < net->layers; l++) {
    const float *scale = wlaw_train_scales(t->trainer, t->state.weights, l);
    wlaw_train_unpack(t->trainer, t->state.weights, l, weight, bias);
    for (size_t j = 0; j < net->width[l]; j++) r.scale[l][j] = scale ? (double)scale[j] : 1.0;
    for (size_t i = 0; i < net->width[l] * net->width[l + 1]; i++) r.v.w[l][i] = (double)weight[i];
    for (size_t o = 0; o < net->width[l + 1]; o++) r.w.b[l][o] = (double)bias[o];
  }
  set_weights(net, &r);
  return r;
}

static void free_network(const mlp *net, scaled_network *r) {
  reference_free(net, &r->v);
  reference_free(net, &r->w);
}

static void gather(const wlaw_dataset *data, const uint32_t *order, size_t n, double *x, uint8_t *labels) {
  for (size_t i = 0; i < n; i++) {
    labels[i] = data->train.labels[order[i]];
    input_row(data, &data->train, order[i], x + i * data->features);
  }
}

/* dL/dV by difference quotients of the reference's loss in V (step and error: test_gradient.c), against the gradient of
 * the kernels. Those add a few hundred products of order 1: 32 eps per layer. */
static void gradients_are_those_of_v(void **state) {
  (void)state;
  enum { N = 24 };
  const double step = 1e-5;
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (int variant = 0; variant < 4; variant++) {
      wlaw_dataset data = random_dataset(60, 5, 40, 2, variant & 2);
      train_config config = node_config(variant & 1, true);
      config.mlp.activation = variant & 2 ? ACTIVATION_TANH : ACTIVATION_GELU;
      const mlp *net = &config.mlp;
      training t = start_nodes(&config, &data, level, 1);
      scaled_network r = read_network(&t, net);
      static double x[N * 60];
      uint8_t labels[N];
      uint32_t order[N];
      for (uint32_t i = 0; i < N; i++) order[i] = (i * 7 + 1) % 40;
      gather(&data, order, N, x, labels);
      float *gradient = wlaw_array(t.floats, sizeof *gradient), weight[60 * 40];
      const double total = wlaw_train_gradient(t.trainer, t.scratch, t.state.weights, order, N, gradient);
      check_near(total, reference_gradient(net, &r.w, x, labels, N, NULL, NULL), 3e-6 * total);
      size_t zeros = 0;
      for (size_t l = 0; l < net->layers; l++) {
        wlaw_train_unpack(t.trainer, gradient, l, weight, NULL);
        const size_t in = net->width[l], n = in * net->width[l + 1];
        for (size_t i = 0; i < n; i += 1 + n / 150) { /* some of each layer */
          const double value = r.v.w[l][i];
          double at[2];
          for (int side = 0; side < 2; side++) {
            r.w.w[l][i] = r.scale[l][i % in] * (value + (side ? -step : step));
            at[side] = reference_gradient(net, &r.w, x, labels, N, NULL, NULL);
          }
          r.w.w[l][i] = r.scale[l][i % in] * value;
          check_near((double)weight[i], (at[0] - at[1]) / (2 * step), 32 * 0x1p-24 * 3 + 2e-8);
          zeros += r.scale[l][i % in] == 0.0;
        }
      }
      assert_true(zeros > 0); /* nodes without variance were among them, and have no gradient */
      free(gradient);
      free_network(net, &r);
      end_training(&t);
      free_dataset(&data);
    }
}

/* One epoch by the kernels, and the same batches by a textbook: plain gradient descent at the rate lr lambda_j on W of
 * node j, or Adam (Kingma and Ba 2015, algorithm 1) with its weight decay on V. */
static void textbook_epoch(const train_config *config, const wlaw_dataset *data, scaled_network *r) {
  const mlp *net = &config->mlp;
  reference_parameters gradient = reference_new(net), first = reference_new(net), second = reference_new(net);
  static double x[24 * 60];
  uint8_t labels[24];
  uint32_t order[100];
  for (uint32_t i = 0; i < 100; i++) order[i] = i;
  wlaw_stream stream = wlaw_stream_start(config->seed, STREAM_SHUFFLE, 0, 1);
  wlaw_stream_shuffle(&stream, order, 100);
  for (int step = 1; step <= 5; step++) {
    const size_t start = (size_t)(step - 1) * 24, n = step < 5 ? 24 : 4;
    gather(data, order + start, n, x, labels);
    for (size_t l = 0; l < net->layers; l++) {
      memset(gradient.w[l], 0, net->width[l] * net->width[l + 1] * sizeof(double));
      memset(gradient.b[l], 0, net->width[l + 1] * sizeof(double));
    }
    reference_gradient(net, &r->w, x, labels, n, &gradient, NULL);
    for (size_t l = 0; l < net->layers; l++)
      for (int bias = 0; bias < 2; bias++)
        for (size_t i = 0; i < net->width[l + 1] * (bias ? 1 : net->width[l]); i++) {
          const double s = bias ? 1.0 : r->scale[l][i % net->width[l]];
          double *const value = bias ? &r->w.b[l][i] : &r->v.w[l][i];
          if (config->optimizer == OPTIMIZER_SGD) {
            if (bias) *value -= config->lr * gradient.b[l][i];
            else r->w.w[l][i] -= config->lr * s * s * gradient.w[l][i]; /* lr lambda_j on W itself */
            continue;
          }
          double *const m = bias ? &first.b[l][i] : &first.w[l][i], *const v = bias ? &second.b[l][i] : &second.w[l][i];
          const double g = (bias ? gradient.b[l][i] : s * gradient.w[l][i]) + config->weight_decay * *value;
          *m = config->beta1 * *m + (1 - config->beta1) * g;
          *v = config->beta2 * *v + (1 - config->beta2) * g * g;
          *value -= config->lr * (*m / (1 - pow(config->beta1, step))) /
                    (sqrt(*v / (1 - pow(config->beta2, step))) + config->epsilon);
        }
    if (config->optimizer != OPTIMIZER_SGD) set_weights(net, r);
  }
  reference_free(net, &gradient);
  reference_free(net, &first);
  reference_free(net, &second);
}

static void fixed_scales_are_rates_of_nodes(void **state) {
  (void)state;
  for (int variant = 0; variant < 4; variant++) {
    wlaw_dataset data = random_dataset(60, 5, 100, 20, true);
    train_config config = node_config(variant & 1, true);
    if (variant & 2) {
      config.optimizer = OPTIMIZER_ADAM;
      config.lr = 0.01;
      config.weight_decay = 0.05;
      config.epsilon = 1e-3; /* rounding of a gradient near 0 must not decide a whole step */
    }
    const mlp *net = &config.mlp;
    wlaw_error *err = wlaw_error_new();
    training t = start_nodes(&config, &data, CPU_LEVELS, 0);
    scaled_network r = read_network(&t, net), before = read_network(&t, net);
    check_ok(wlaw_train_epoch(t.trainer, t.scratch, &t.state, 0, 1, 1, NULL, err));
    textbook_epoch(&config, &data, &r);
    scaled_network got = read_network(&t, net);
    double moved = 0;
    for (size_t l = 0; l < net->layers; l++) {
      for (size_t j = 0; j < net->width[l]; j++) check_near(got.scale[l][j], before.scale[l][j], 0.0);
      for (size_t i = 0; i < net->width[l] * net->width[l + 1]; i++) {
        /* Five steps, each rounding V of order 1 (eps 6e-8) and a gradient whose sums are of order 1. */
        check_near(got.w.w[l][i], r.w.w[l][i], 4e-6);
        moved = fmax(moved, fabs(got.w.w[l][i] - before.w.w[l][i]));
      }
      for (size_t o = 0; o < net->width[l + 1]; o++) check_near(got.w.b[l][o], r.w.b[l][o], 4e-6);
    }
    assert_true(moved > 1e-2); /* or nothing was tested */
    free_network(net, &r);
    free_network(net, &before);
    free_network(net, &got);
    wlaw_error_free(err);
    end_training(&t);
    free_dataset(&data);
  }
}

/* Before training both ways of keeping the weights are the same function; AVX2 and AVX-512 give the same bytes. */
static void both_ways_start_alike(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    wlaw_dataset data = random_dataset(60, 5, 100, 50, true);
    train_config fixed = node_config(wide, true), free_scales = node_config(wide, false);
    fixed.optimizer = OPTIMIZER_ADAMW;
    training a = start_nodes(&fixed, &data, CPU_LEVELS, 3), b = start_nodes(&free_scales, &data, CPU_LEVELS, 3);
    evaluation from_a, from_b;
    wlaw_train_evaluate(a.trainer, a.scratch, a.state.weights, &from_a);
    wlaw_train_evaluate(b.trainer, b.scratch, b.state.weights, &from_b);
    check_near(from_a.loss, from_b.loss, 2e-6);
    end_training(&a);
    end_training(&b);
    for (int level = CPU_V3; level < CPU_V4 && wlaw_cpu_level() == CPU_V4; level++) {
      wlaw_error *err = wlaw_error_new();
      training v3 = start_nodes(&fixed, &data, CPU_V3, 3), v4 = start_nodes(&fixed, &data, CPU_V4, 3);
      check_ok(wlaw_train_epoch(v3.trainer, v3.scratch, &v3.state, 3, 1, 1, NULL, err));
      check_ok(wlaw_train_epoch(v4.trainer, v4.scratch, &v4.state, 3, 1, 1, NULL, err));
      assert_memory_equal(v3.state.weights, v4.state.weights, v3.floats * sizeof(float));
      wlaw_error_free(err);
      end_training(&v3);
      end_training(&v4);
    }
    free_dataset(&data);
  }
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  mlp net = make_mlp(3, (size_t[]){4, 3, 2}, ACTIVATION_RELU, LOSS_MSE, true, false);
  check_ok(wlaw_train_check_init(&net, &node_law, err));
  net.ntk = true;
  check_status(wlaw_train_check_init(&net, &node_law, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "has no NTK parameterization"));
  net.ntk = false;
  net.node_scales = true;
  check_ok(wlaw_train_check_init(&net, &node_law, err));
  check_status(wlaw_train_check_init(&net, &test_law, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "no node a variance"));
  net.layers = 1;
  check_status(wlaw_train_check_init(&net, &node_law, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "the network has none"));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(initial_weights_have_their_law),  cmocka_unit_test(gradients_are_those_of_v),
      cmocka_unit_test(fixed_scales_are_rates_of_nodes), cmocka_unit_test(both_ways_start_alike),
      cmocka_unit_test(what_cannot_be_is_refused),
  };
  return cmocka_run_group_tests_name("net.nodes", tests, NULL, NULL);
}
