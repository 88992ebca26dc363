/* The double reference against finite differences, and the kernels of every level against the reference. */
#include "net/net_support.h"
#include "net/reference.h"

static const char *const activation_names[] = {"relu", "leaky-relu", "tanh", "erf", "gelu", "sin", "linear"};

static void random_parameters(const mlp *net, reference_parameters *p, wlaw_stream *stream) {
  for (size_t l = 0; l < net->layers; l++) {
    const size_t in = net->width[l], out = net->width[l + 1];
    wlaw_stream_normals(stream, p->w[l], in * out);
    wlaw_stream_normals(stream, p->b[l], out);
    const double larger = net->ntk ? 1.0 : 1.0 / sqrt((double)in);
    for (size_t i = 0; i < in * out; i++) p->w[l][i] *= larger;
  }
}

/* Every parameter, central differences with step 1e-5: truncation error about 1e-10 |L'''|, rounding 1e-16 / 1e-5 =
 * 1e-11 |L|; with losses and derivatives of order 1 to 10 the sum stays under 2e-8. The piecewise linear activations
 * have no third derivative except at their kinks, which no sample meets within the step (checked by the fixed seed). */
static void reference_against_finite_differences(void **state) {
  (void)state;
  enum { N = 5 };
  const double step = 1e-5;
  for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_LINEAR; kind++)
    for (int variant = 0; variant < 8; variant++) {
      const mlp net = make_mlp(4, (size_t[]){6, 5, 4, 3}, (activation)kind, variant & 1 ? LOSS_MSE : LOSS_CROSS_ENTROPY,
                               (variant & 2) != 0, (variant & 4) != 0);
      wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, (uint32_t)kind, (uint32_t)variant);
      reference_parameters p = reference_new(&net), gradient = reference_new(&net);
      random_parameters(&net, &p, &stream);
      double x[N * 6];
      uint8_t labels[N];
      wlaw_stream_normals(&stream, x, N * 6);
      for (int i = 0; i < N; i++) labels[i] = (uint8_t)wlaw_stream_below(&stream, 3);
      reference_gradient(&net, &p, x, labels, N, &gradient, NULL);
      for (size_t l = 0; l < net.layers; l++)
        for (int bias = 0; bias <= (net.biases ? 1 : 0); bias++) {
          double *values = bias ? p.b[l] : p.w[l];
          const double *slopes = bias ? gradient.b[l] : gradient.w[l];
          const size_t n = net.width[l + 1] * (bias ? 1 : net.width[l]);
          for (size_t i = 0; i < n; i++) {
            const double value = values[i];
            values[i] = value + step;
            const double above = reference_gradient(&net, &p, x, labels, N, NULL, NULL);
            values[i] = value - step;
            const double below = reference_gradient(&net, &p, x, labels, N, NULL, NULL);
            values[i] = value;
            const double slope = (above - below) / (2 * step);
            if (!(fabs(slopes[i] - slope) <= 2e-8))
              fail_msg("%s, variant %d, layer %zu, %s %zu: %.12g, difference quotient %.12g", activation_names[kind],
                       variant, l, bias ? "bias" : "weight", i, slopes[i], slope);
          }
        }
      reference_free(&net, &p);
      reference_free(&net, &gradient);
    }
}

/* Gradient and loss of one batch at one level, against the reference with the same (single-precision) parameters.
 * Tolerance: each rounding is at most eps = 2^-24 of the magnitude of what is summed, and errors of k terms grow like
 * sqrt(k), not k: sqrt(784) = 28 in the largest first layer. So 32 eps, once per layer passed, of the largest sum of
 * absolute values in the same tensor. */
static void check_level(const mlp *net, size_t batch, bool bytes, cpu_level level) {
  wlaw_dataset data = random_dataset(net->width[0], net->width[net->layers], batch + 3, 2, bytes);
  for (size_t f = 0; !bytes && f < data.features; f++) { /* floats are scaled and shifted too, each input by its own */
    data.scale[f] = 0.5f + (float)(f % 7) / 7.0f;
    data.shift[f] = (float)(f % 5) / 5.0f - 0.4f;
  }
  for (size_t f = 0; batch % 2 && f < data.features; f++) data.scale[f] = bytes ? 0.01f : 0.75f; /* one for all */
  const train_config config = {.mlp = *net, .optimizer = OPTIMIZER_SGD, .lr = 1, .batch = (uint32_t)batch, .seed = 5};
  training t = start_training(&config, &data, level, 2);
  double *x = calloc(batch * net->width[0], sizeof *x);
  uint8_t *labels = calloc(batch, 1);
  uint32_t *order = calloc(batch, sizeof *order);
  for (size_t i = 0; i < batch; i++) {
    order[i] = (uint32_t)((i * 7 + 1) % data.train.n);
    labels[i] = data.train.labels[order[i]];
    input_row(&data, &data.train, order[i], x + i * net->width[0]);
  }
  reference_parameters p = reference_new(net), want = reference_new(net), magnitude = reference_new(net);
  float *weight = calloc(REFERENCE_WIDEST * REFERENCE_WIDEST, sizeof *weight), bias[REFERENCE_WIDEST];
  for (size_t l = 0; l < net->layers; l++) {
    wlaw_train_unpack(t.trainer, t.state.weights, l, weight, bias);
    for (size_t i = 0; i < net->width[l] * net->width[l + 1]; i++) p.w[l][i] = (double)weight[i];
    for (size_t i = 0; i < net->width[l + 1]; i++) p.b[l][i] = (double)bias[i];
  }
  const double loss_want = reference_gradient(net, &p, x, labels, batch, &want, &magnitude);
  float *gradient = wlaw_array(t.floats, sizeof *gradient);
  const double loss_got = wlaw_train_gradient(t.trainer, t.scratch, t.state.weights, order, batch, gradient);
  check_near(loss_got, loss_want, 3e-6 * fabs(loss_want));
  for (size_t l = 0; l < net->layers; l++) {
    wlaw_train_unpack(t.trainer, gradient, l, weight, bias);
    for (int b = 0; b <= (net->biases ? 1 : 0); b++) {
      const double *wanted = b ? want.b[l] : want.w[l];
      const float *got = b ? bias : weight;
      const size_t n = net->width[l + 1] * (b ? 1 : net->width[l]);
      double largest = 0;
      for (size_t i = 0; i < n; i++) largest = fmax(largest, b ? magnitude.b[l][i] : magnitude.w[l][i]);
      const double tolerance = 32 * 0x1p-24 * (double)net->layers * largest + 1e-12;
      for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance))
          fail_msg("%s %s, %s, %s, batch %zu, layer %zu, %s %zu: %.9g, expected %.9g within %.2g",
                   wlaw_cpu_level_name(level), activation_names[net->activation], net->biases ? "biases" : "no biases",
                   net->ntk ? "ntk" : "standard", batch, l, b ? "bias" : "weight", i, (double)got[i], wanted[i],
                   tolerance);
    }
  }
  free(weight);
  free(gradient);
  free(x);
  free(labels);
  free(order);
  reference_free(net, &p);
  reference_free(net, &want);
  reference_free(net, &magnitude);
  end_training(&t);
  free_dataset(&data);
}

static void kernels_against_reference(void **state) {
  (void)state;
  /* Widths around the tile sizes and the narrow/wide border; 784-10-10-10-10 is the network of the literature. */
  static const struct {
    size_t n, widths[6], batch;
  } shapes[] = {{5, {784, 10, 10, 10, 10}, 100},
                {2, {20, 3}, 17},
                {3, {17, 32, 2}, 33},
                {4, {48, 33, 31, 5}, 16},
                {4, {30, 11, 40, 7}, 7},
                {3, {100, 40, 10}, 1},
                {3, {1, 1, 2}, 5},
                {2, {1100, 3}, 17},
                {3, {64, 21, 32}, 64}};
  for (cpu_level level = CPU_BASELINE; level <= wlaw_cpu_level(); level++)
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
      for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_LINEAR; kind++)
        for (int variant = 0; variant < 8; variant++) {
          if (k == 0 && variant && kind != ACTIVATION_RELU) continue;
          const mlp net = make_mlp(shapes[k].n, shapes[k].widths, (activation)kind,
                                   variant & 1 ? LOSS_MSE : LOSS_CROSS_ENTROPY, (variant & 2) != 0, (variant & 4) != 0);
          check_level(&net, shapes[k].batch, (variant + kind) % 2 == 0, level);
        }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reference_against_finite_differences),
      cmocka_unit_test(kernels_against_reference),
  };
  return cmocka_run_group_tests_name("net.gradient", tests, NULL, NULL);
}
