/* A network in double precision, written as in a textbook: one sample after the other, no tricks, C library functions.
 * Checked against finite differences, and what the kernels of src/net are checked against. */
#ifndef TESTS_NET_REFERENCE_H
#define TESTS_NET_REFERENCE_H

#include "support/test.h"

#include "net/mlp.h"

enum { REFERENCE_WIDEST = 1100 };

/* Parameters of all layers: w[l]: [out, in], b[l]: [out]. */
typedef struct reference_parameters {
  double *w[MLP_MAX_LAYERS], *b[MLP_MAX_LAYERS];
} reference_parameters;

static inline reference_parameters reference_new(const mlp *net) {
  reference_parameters p = {0};
  for (size_t l = 0; l < net->layers; l++) {
    p.w[l] = calloc(net->width[l] * net->width[l + 1], sizeof(double));
    p.b[l] = calloc(net->width[l + 1], sizeof(double));
  }
  return p;
}

static inline void reference_free(const mlp *net, reference_parameters *p) {
  for (size_t l = 0; l < net->layers; l++) {
    free(p->w[l]);
    free(p->b[l]);
  }
}

static inline double reference_phi(activation kind, double z) {
  switch (kind) {
    case ACTIVATION_RELU: return z > 0 ? z : 0;
    case ACTIVATION_LEAKY_RELU: return z > 0 ? z : 0.01 * z;
    case ACTIVATION_TANH: return tanh(z);
    case ACTIVATION_ERF: return erf(z);
    case ACTIVATION_GELU: return 0.5 * z * (1 + erf(z / sqrt(2.0)));
    case ACTIVATION_SIN: return sin(z);
    case ACTIVATION_LINEAR: break;
  }
  return z;
}

static inline double reference_phi_derivative(activation kind, double z) {
  const double pi = 3.14159265358979323846;
  switch (kind) {
    case ACTIVATION_RELU: return z > 0 ? 1 : 0;
    case ACTIVATION_LEAKY_RELU: return z > 0 ? 1 : 0.01;
    case ACTIVATION_TANH: return 1 - tanh(z) * tanh(z);
    case ACTIVATION_ERF: return 2 / sqrt(pi) * exp(-z * z);
    case ACTIVATION_GELU: return 0.5 * (1 + erf(z / sqrt(2.0))) + z * exp(-z * z / 2) / sqrt(2 * pi);
    case ACTIVATION_SIN: return cos(z);
    case ACTIVATION_LINEAR: break;
  }
  return 1;
}

/* Loss of logits z: [classes] for one sample, and dL/dz. */
static inline double reference_loss(loss kind, const double *z, size_t classes, size_t label, double *delta) {
  if (kind == LOSS_MSE) {
    double sum = 0;
    for (size_t c = 0; c < classes; c++) {
      const double error = z[c] - (c == label ? 1 : 0);
      sum += error * error / (double)classes;
      delta[c] = 2 * error / (double)classes;
    }
    return sum;
  }
  double top = z[0], sum = 0;
  for (size_t c = 1; c < classes; c++) top = fmax(top, z[c]);
  for (size_t c = 0; c < classes; c++) sum += exp(z[c] - top);
  for (size_t c = 0; c < classes; c++) delta[c] = exp(z[c] - top) / sum - (c == label ? 1 : 0);
  return log(sum) - (z[label] - top);
}

/* Mean loss of n samples x: [n, width[0]], and its gradient, added to *gradient (NULL: not wanted). *magnitude (may be
 * NULL) gets the same sums of absolute values, which is what rounding errors are measured against. */
static inline double reference_gradient(const mlp *net, const reference_parameters *p, const double *x,
                                        const uint8_t *labels, size_t n, reference_parameters *gradient,
                                        reference_parameters *magnitude) {
  static double z[MLP_MAX_LAYERS][REFERENCE_WIDEST], h[MLP_MAX_LAYERS + 1][REFERENCE_WIDEST];
  static double delta[2][REFERENCE_WIDEST];
  double total = 0;
  for (size_t s = 0; s < n; s++) {
    for (size_t i = 0; i < net->width[0]; i++) h[0][i] = x[s * net->width[0] + i];
    for (size_t l = 0; l < net->layers; l++) {
      const size_t in = net->width[l], out = net->width[l + 1];
      const double scale = net->ntk ? 1 / sqrt((double)in) : 1;
      for (size_t o = 0; o < out; o++) {
        double sum = 0;
        for (size_t i = 0; i < in; i++) sum += p->w[l][o * in + i] * h[l][i];
        z[l][o] = scale * sum + (net->biases ? p->b[l][o] : 0);
        h[l + 1][o] = reference_phi(net->activation, z[l][o]);
      }
    }
    const size_t last = net->layers - 1;
    double *d = delta[0], *before = delta[1];
    total += reference_loss(net->loss, z[last], net->width[net->layers], labels[s], d);
    for (size_t l = last + 1; gradient && l-- > 0;) {
      const size_t in = net->width[l], out = net->width[l + 1];
      const double scale = net->ntk ? 1 / sqrt((double)in) : 1;
      for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++) {
          gradient->w[l][o * in + i] += scale * d[o] * h[l][i] / (double)n;
          if (magnitude) magnitude->w[l][o * in + i] += fabs(scale * d[o] * h[l][i]) / (double)n;
        }
        gradient->b[l][o] += d[o] / (double)n;
        if (magnitude) magnitude->b[l][o] += fabs(d[o]) / (double)n;
      }
      for (size_t i = 0; l > 0 && i < in; i++) {
        double sum = 0;
        for (size_t o = 0; o < out; o++) sum += scale * p->w[l][o * in + i] * d[o];
        before[i] = sum * reference_phi_derivative(net->activation, z[l - 1][i]);
      }
      double *const swapped = d;
      d = before;
      before = swapped;
    }
  }
  return total / (double)n;
}

#endif
