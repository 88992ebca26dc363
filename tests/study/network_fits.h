/* Fits of whole networks for tests of what is drawn from them. */
#ifndef TESTS_STUDY_NETWORK_FITS_H
#define TESTS_STUDY_NETWORK_FITS_H

#include "study/study.h"
#include "study/train_run.h"

/* What a law says of inputs and outputs, and of biases; the same numbers fitted to a file of its draws, which has no
 * first weight where that was omitted. */
typedef struct network_case {
  const char *name, *input, *output, *input_of_draws;
  bool biases;
} network_case;

static const network_case network_cases[] = {
    {"omit", "omit", "labelled", "exchangeable", false},
    {"exchangeable", "exchangeable", "exchangeable", "exchangeable", true},
    {"labelled", "labelled", "labelled", "labelled", true},
};
enum { NETWORK_CASES = sizeof network_cases / sizeof *network_cases };

static inline wlaw_result *fit_networks(const char *path, const char *epoch, const char *input, const char *output) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  const char *const pairs[] = {"law", "network", "input", input, "output", output, epoch ? "epoch" : NULL, epoch, NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &path, 1, pairs, err));
  wlaw_error_free(err);
  return result;
}

/* The document of a fit to 40 networks 8-6-5-4 after three epochs, at path. */
static inline wlaw_result *make_network_fit(const char *path, const network_case *c) {
  char run[4096], name[64];
  wlaw_error *err = wlaw_error_new();
  snprintf(name, sizeof name, "fitted-%s", c->name);
  snprintf(run, sizeof run, "%s", test_scratch(name));
  const char *const more[] = {"networks", "40", "biases", c->biases ? "true" : "false", "init", "torch-default"};
  check_ok(train(run, more, 6, NULL, NULL, err));
  wlaw_result *fit = fit_networks(run, "3", c->input, c->output);
  char *text = result_bytes(fit);
  write_text(path, text);
  free(text);
  wlaw_error_free(err);
  return fit;
}

/* The numbers under a key of `parameters` or their errors, in order; null is NaN. How many there are. */
static inline size_t add_numbers(double *out, size_t n, size_t most, const json_t *value) {
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++) n = add_numbers(out, n, most, json_array_get(value, i));
    return n;
  }
  if (json_is_object(value)) return add_numbers(out, n, most, json_object_get(value, "covariance"));
  if (n == most || !wlaw_json_number(value, &out[n])) fail_msg("a number is wanted, and there are %zu", n);
  return n + 1;
}

static inline size_t network_numbers(double *out, size_t most, const wlaw_result *fit, const char *which) {
  static const char *const keys[] = {"mean", "trivial", "nodes", "entries"};
  const json_t *values = json_object_get(fit->document, which);
  size_t n = 0;
  for (size_t k = 0; k < 4; k++) {
    const json_t *value = json_object_get(values, keys[k]);
    for (size_t i = 0; k == 3 && i < json_array_size(value); i++) { /* of weights without such a block: null */
      const json_t *entry = json_array_get(value, i);
      if (!json_is_null(entry)) n = add_numbers(out, n, most, entry);
    }
    if (k < 3) n = add_numbers(out, n, most, value);
  }
  return n;
}

/* Every number of `again`, fitted to thousands of draws, is that of `fit`, the law they were drawn from, within 6 of
 * its standard errors: 2e-9 of all cases, and 1e-8 where a variance is estimated with 3000 degrees of freedom. */
static inline void check_same_law(const wlaw_result *fit, const wlaw_result *again, const char *what) {
  enum { MOST = 4096 };
  static double want[MOST], got[MOST], error[MOST];
  const size_t n = network_numbers(want, MOST, fit, "parameters");
  assert_int_equal(network_numbers(got, MOST, again, "parameters"), n);
  assert_int_equal(network_numbers(error, MOST, again, "standard_errors"), n);
  assert_true(n > 30);
  for (size_t i = 0; i < n; i++)
    if (!(fabs(got[i] - want[i]) <= 6.0 * error[i]))
      fail_msg("%s, number %zu: %g, and the law has %g (standard error %g)", what, i, got[i], want[i], error[i]);
}

#endif
