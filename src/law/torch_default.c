/* torch-default: what PyTorch's nn.Linear starts from. Its weights are kaiming_uniform with a = sqrt(5), that is gain
 * sqrt(2 / (1 + 5)) and bound sqrt(3) gain / sqrt(fan_in) = 1 / sqrt(fan_in); its biases have the same bound. */
#include <math.h>

#include "law/law.h"

static void draw_within(double *out, size_t n, size_t fan_in, wlaw_stream *stream) {
  const double bound = 1.0 / sqrt((double)fan_in);
  for (size_t i = 0; i < n; i++) out[i] = bound * (2.0 * wlaw_stream_open(stream) - 1.0);
}

static wlaw_status torch_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                              wlaw_error *err) {
  (void)law, (void)err;
  draw_within(out, rows * cols, cols, stream);
  return WLAW_OK;
}

static wlaw_status torch_draw_bias(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                   wlaw_error *err) {
  (void)law, (void)err;
  draw_within(out, rows, cols, stream);
  return WLAW_OK;
}

static bool torch_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  (void)law, (void)rows;
  *mean = 0.0;
  *variance = 1.0 / (3.0 * (double)cols);
  return true;
}

static double torch_kurtosis(const wlaw_law *law) {
  (void)law;
  return 1.8;
}

const law_ops wlaw_law_torch_default = {
    .name = "torch-default",
    .summary = "PyTorch's default for linear layers: uniform within 1/sqrt(fan_in), weights and biases",
    .source = "PyTorch, torch.nn.Linear.reset_parameters",
    .draw = torch_draw,
    .draw_bias = torch_draw_bias,
    .moments = torch_moments,
    .kurtosis = torch_kurtosis,
};
