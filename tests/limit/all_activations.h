/* One text for every activation, with parameters that are no special case. */
#ifndef TESTS_LIMIT_ALL_ACTIVATIONS_H
#define TESTS_LIMIT_ALL_ACTIVATIONS_H

#include "support/test.h"

#include "limit/dual.h"

static const char *const all_activations[] = {"relu",
                                              "leaky-relu(slope=0.25)",
                                              "abrelu(a=-0.5,b=2)",
                                              "abs",
                                              "linear",
                                              "erf",
                                              "gelu",
                                              "sin",
                                              "sin(phase=0.5)",
                                              "cos",
                                              "rbf(gamma=0.7)",
                                              "exp",
                                              "gaussian",
                                              "gabor",
                                              "sign",
                                              "monomial(degree=1)",
                                              "monomial(degree=2)",
                                              "monomial(degree=5)",
                                              "rectified-monomial(degree=1)",
                                              "rectified-monomial(degree=2)",
                                              "rectified-monomial(degree=3)",
                                              "hermite(degree=1)",
                                              "hermite(degree=3)",
                                              "hermite(degree=4)",
                                              "tanh",
                                              "sigmoid",
                                              "softplus",
                                              "silu",
                                              "elu",
                                              "elu(alpha=0.4)"};
enum { ALL_ACTIVATIONS = sizeof all_activations / sizeof *all_activations };

static inline dual_activation activation_of(const char *text) {
  dual_activation activation;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_dual_parse(&activation, text, err));
  wlaw_error_free(err);
  return activation;
}

#endif
