/* What is done to each activation by itself, and the loss. */
#include <math.h>
#include <stdalign.h>

#include "net/kernel_parts.h"
#include "net/vector_math.h"

void KERNEL(scale_and_shift)(float *z, size_t rows, size_t samples, size_t columns, size_t stride, float scale,
                             const float *bias) {
  for (size_t r = 0; r < rows; r++) {
    float *row = z + r * stride;
    const v16 shift = v16_set(bias ? bias[r] : 0.0f);
    memset(row + samples, 0, (columns - samples) * sizeof *row);
    for (size_t c = 0; c < columns; c += LANES) v16_store(row + c, v16_fma(v16_set(scale), v16_load(row + c), shift));
  }
}

/* Sixteen calls of the C library. */
#define LIBRARY(expression)                                                                                            \
  do {                                                                                                                 \
    float x_[LANES];                                                                                                   \
    v16_store(x_, z);                                                                                                  \
    for (int i_ = 0; i_ < LANES; i_++) {                                                                               \
      const float x = x_[i_];                                                                                          \
      x_[i_] = (float)(expression);                                                                                    \
    }                                                                                                                  \
    return v16_load(x_);                                                                                               \
  } while (0)

INLINE v16 erf_lanes(v16 z) { LIBRARY(erff(x)); }
INLINE v16 sin_lanes(v16 z) { LIBRARY(sinf(x)); }
INLINE v16 cos_lanes(v16 z) { LIBRARY(cosf(x)); }

static const float leak = 0.01f, root_half = 0.70710678f, two_over_root_pi = 1.12837917f,
                   inverse_root_two_pi = 0.39894228f;

INLINE v16 phi(activation kind, v16 z) {
  switch (kind) {
    case ACTIVATION_RELU: return v16_where_greater(v16_zero(), z, v16_zero(), z); /* NaN stays NaN */
    case ACTIVATION_LEAKY_RELU: return v16_where_greater(z, v16_zero(), z, v16_mul(v16_set(leak), z));
    case ACTIVATION_TANH: return v16_tanh(z);
    case ACTIVATION_ERF: return erf_lanes(z);
    case ACTIVATION_GELU: {
      const v16 half = v16_mul(v16_set(0.5f), z);
      return v16_fma(half, erf_lanes(v16_mul(v16_set(root_half), z)), half);
    }
    case ACTIVATION_SIN: return sin_lanes(z);
    case ACTIVATION_LINEAR: break;
  }
  return z;
}

INLINE v16 gauss(v16 z) { return v16_exp(v16_mul(v16_mul(v16_set(-0.5f), z), z)); }

INLINE v16 phi_derivative(activation kind, v16 z) {
  const v16 one = v16_set(1.0f);
  switch (kind) {
    case ACTIVATION_RELU: return v16_where_greater(z, v16_zero(), one, v16_zero());
    case ACTIVATION_LEAKY_RELU: return v16_where_greater(z, v16_zero(), one, v16_set(leak));
    case ACTIVATION_TANH: {
      const v16 t = v16_tanh(z);
      return v16_fma(v16_sub(v16_zero(), t), t, one);
    }
    case ACTIVATION_ERF: return v16_mul(v16_set(two_over_root_pi), v16_exp(v16_sub(v16_zero(), v16_mul(z, z))));
    case ACTIVATION_GELU: {
      const v16 cumulative = v16_fma(v16_set(0.5f), erf_lanes(v16_mul(v16_set(root_half), z)), v16_set(0.5f));
      return v16_fma(v16_mul(z, v16_set(inverse_root_two_pi)), gauss(z), cumulative);
    }
    case ACTIVATION_SIN: return cos_lanes(z);
    case ACTIVATION_LINEAR: break;
  }
  return one;
}

INLINE void activate_as(activation kind, float *h, const float *z, size_t rows, size_t columns, size_t stride) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = r * stride; c < r * stride + columns; c += LANES) v16_store(h + c, phi(kind, v16_load(z + c)));
}

INLINE void activate_backward_as(activation kind, float *delta, const float *z, size_t rows, size_t columns,
                                 size_t stride) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = r * stride; c < r * stride + columns; c += LANES)
      v16_store(delta + c, v16_mul(v16_load(delta + c), phi_derivative(kind, v16_load(z + c))));
}

/* One loop per activation. */
#define EACH_ACTIVATION(CASE)                                                                                          \
  CASE(ACTIVATION_RELU)                                                                                                \
  CASE(ACTIVATION_LEAKY_RELU)                                                                                          \
  CASE(ACTIVATION_TANH) CASE(ACTIVATION_ERF) CASE(ACTIVATION_GELU) CASE(ACTIVATION_SIN) CASE(ACTIVATION_LINEAR)

void KERNEL(activate)(float *h, const float *z, size_t rows, size_t columns, size_t stride, activation kind) {
#define ACTIVATE_CASE(name)                                                                                            \
  case name: activate_as(name, h, z, rows, columns, stride); break;
  switch (kind) { EACH_ACTIVATION(ACTIVATE_CASE) }
#undef ACTIVATE_CASE
}

void KERNEL(activate_backward)(float *delta, const float *z, size_t rows, size_t columns, size_t stride,
                               activation kind) {
#define BACKWARD_CASE(name)                                                                                            \
  case name: activate_backward_as(name, delta, z, rows, columns, stride); break;
  switch (kind) { EACH_ACTIVATION(BACKWARD_CASE) }
#undef BACKWARD_CASE
}

void KERNEL(scale_rows)(float *x, const float *scale, size_t rows, size_t columns, size_t stride) {
  for (size_t r = 0; r < rows; r++) {
    const v16 factor = v16_set(scale[r]);
    for (size_t c = r * stride; c < r * stride + columns; c += LANES)
      v16_store(x + c, v16_mul(factor, v16_load(x + c)));
  }
}

/* 1 where the label of the sample is `class`, else 0. */
INLINE v16 is_label(v16 labels, size_t class) {
  return v16_where_greater(v16_set(0.5f), v16_abs(v16_sub(labels, v16_set((float)class))), v16_set(1.0f), v16_zero());
}

/* Cross-entropy of sixteen samples: log sum_c exp(z_c) - z_label, and delta_c = (softmax_c - [c = label]) weight. The
 * largest logit is taken off first, so that no exponential overflows. */
INLINE v16 cross_entropy(float *delta, const float *z, v16 labels, v16 weight, size_t classes, size_t stride) {
  v16 top = v16_load(z), sum = v16_zero(), at_label = v16_zero();
  for (size_t c = 1; c < classes; c++) top = v16_max(top, v16_load(z + c * stride));
  for (size_t c = 0; c < classes; c++) {
    const v16 below = v16_sub(v16_load(z + c * stride), top), e = v16_exp(below);
    sum = v16_add(sum, e);
    at_label = v16_fma(is_label(labels, c), below, at_label);
    if (delta) v16_store(delta + c * stride, e);
  }
  const v16 share = v16_div(weight, sum), minus = v16_sub(v16_zero(), weight);
  for (size_t c = 0; delta && c < classes; c++)
    v16_store(delta + c * stride, v16_fma(v16_load(delta + c * stride), share, v16_mul(minus, is_label(labels, c))));
  return v16_sub(v16_log(sum), at_label);
}

/* Squared error of sixteen samples against one-hot targets: mean_c (z_c - [c = label])^2, and its gradient. */
INLINE v16 squared_error(float *delta, const float *z, v16 labels, v16 weight, size_t classes, size_t stride) {
  const float inverse = 1.0f / (float)classes;
  v16 sum = v16_zero();
  for (size_t c = 0; c < classes; c++) {
    const v16 error = v16_sub(v16_load(z + c * stride), is_label(labels, c));
    sum = v16_fma(error, error, sum);
    if (delta) v16_store(delta + c * stride, v16_mul(v16_mul(v16_set(2.0f * inverse), weight), error));
  }
  return v16_mul(sum, v16_set(inverse));
}

double KERNEL(loss)(float *delta, const float *z, const uint8_t *labels, size_t classes, size_t samples, size_t stride,
                    loss kind) {
  double total = 0.0;
  for (size_t s = 0; s < samples; s += LANES) {
    const size_t here = samples - s < LANES ? samples - s : LANES;
    const v16 weight = v16_where_greater(v16_set((float)here), v16_iota(), v16_set(1.0f / (float)samples), v16_zero());
    const v16 label = v16_bytes(labels + s);
    float *const d = delta ? delta + s : NULL;
    alignas(64) float each[LANES];
    v16_store(each, kind == LOSS_MSE ? squared_error(d, z + s, label, weight, classes, stride)
                                     : cross_entropy(d, z + s, label, weight, classes, stride));
    for (size_t i = 0; i < here; i++) total += (double)each[i];
  }
  return total;
}

size_t KERNEL(score)(const float *z, const uint8_t *labels, const float *reference, size_t classes, size_t samples,
                     size_t stride, bool *finite, bool *constant) {
  const v16 one = v16_set(1.0f), zero = v16_zero();
  v16 correct = zero, not_finite = zero, difference = zero; /* z - z is NaN unless z is finite */
  for (size_t s = 0; s < samples; s += LANES) {
    const v16 inside = v16_where_greater(v16_set((float)(samples - s)), v16_iota(), one, zero);
    v16 top = v16_load(z + s), best = zero;
    for (size_t c = 0; c < classes; c++) {
      const v16 logit = v16_load(z + c * stride + s);
      best = v16_where_greater(logit, top, v16_set((float)c), best);
      top = v16_max(logit, top);
      not_finite = v16_fma(inside, v16_sub(logit, logit), not_finite);
      difference = v16_fma(inside, v16_abs(v16_sub(logit, v16_set(reference[c]))), difference);
    }
    const v16 off = v16_abs(v16_sub(best, v16_bytes(labels + s)));
    correct = v16_add(correct, v16_mul(inside, v16_where_greater(v16_set(0.5f), off, one, zero)));
  }
  *finite = v16_sum(not_finite) == 0.0f;
  *constant = v16_sum(difference) == 0.0f;
  return (size_t)v16_sum(correct);
}
