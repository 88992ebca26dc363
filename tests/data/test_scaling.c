/* Standardising: against sums in extended precision, on bytes and on floats far from zero. */
#include "support/test.h"

#include "core/stream.h"
#include "data/source.h"

/* Second route: long double, one pass over a feature at a time. */
static void exact_moments(const sample_set *set, size_t features, size_t f, double *mean, double *sd) {
  long double sum = 0, square = 0;
  for (size_t i = 0; i < set->n; i++) {
    const long double x = set->bytes ? set->bytes[i * features + f] : (long double)set->values[i * features + f];
    sum += x;
  }
  sum /= (long double)set->n;
  for (size_t i = 0; i < set->n; i++) {
    const long double x = set->bytes ? set->bytes[i * features + f] : (long double)set->values[i * features + f];
    square += (x - sum) * (x - sum);
  }
  *mean = (double)sum;
  *sd = (double)sqrtl(square / (long double)set->n);
}

/* scale and shift are single precision: half a unit in the last place, 6e-8 relative; the long way adds nothing to it.
 */
static void check_scaling(const wlaw_dataset *data) {
  for (size_t f = 0; f < data->features; f++) {
    double mean, sd;
    exact_moments(&data->train, data->features, f, &mean, &sd);
    if (sd == 0) {
      check_near(data->scale[f], 0, 0);
      check_near(data->shift[f], 0, 0);
    } else {
      check_near(data->scale[f] * sd, 1, 1e-7);
      check_near(data->shift[f], -mean / sd, 1e-7 * fabs(mean / sd));
    }
  }
}

enum { SAMPLES = 5000, FEATURES = 12 };

static wlaw_dataset bare(float *scale, float *shift) {
  return (wlaw_dataset){.features = FEATURES, .classes = 2, .scale = scale, .shift = shift};
}

static void bytes(void **state) {
  (void)state;
  float scale[FEATURES], shift[FEATURES];
  wlaw_dataset data = bare(scale, shift);
  static uint8_t stored[SAMPLES * FEATURES];
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  for (size_t i = 0; i < SAMPLES * FEATURES; i++) {
    const size_t f = i % FEATURES;
    /* feature 0 is constant, feature 1 differs in one sample only */
    stored[i] = f == 0   ? 41
                : f == 1 ? (uint8_t)(i < FEATURES)
                         : (uint8_t)wlaw_stream_below(&stream, (uint32_t)(20 * f));
  }
  data.train = (sample_set){.n = SAMPLES, .bytes = stored};
  assert_int_equal(wlaw_scaling_standardize(&data, NULL), WLAW_OK);
  check_scaling(&data);
  check_near(scale[0], 0, 0);
  assert_true(scale[1] > 0);
  /* the inputs that result: mean 0 within rounding (each input is off by 2 ulp of at most 71), variance 1 */
  for (size_t f = 1; f < FEATURES; f++) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
      const float x = scale[f] * stored[i * FEATURES + f] + shift[f];
      sum += x;
      square += (double)x * x;
    }
    check_near(sum / SAMPLES, 0, 1e-6);
    check_near(square / SAMPLES, 1, 1e-6);
  }
}

/* Features 1e6 times farther from 0 than wide: E x^2 - (E x)^2 would have no correct digit in single precision and four
 * in double. A constant that is no round number stays constant. */
static void floats_far_from_zero(void **state) {
  (void)state;
  float scale[FEATURES], shift[FEATURES];
  wlaw_dataset data = bare(scale, shift);
  static float stored[SAMPLES * FEATURES];
  wlaw_stream stream = wlaw_stream_start(2, STREAM_TEST, 0, 0);
  for (size_t i = 0; i < SAMPLES * FEATURES; i++)
    stored[i] = i % FEATURES == 3 ? 0.1f : (float)(1e6 * (double)(i % FEATURES) + wlaw_stream_uniform(&stream));
  data.train = (sample_set){.n = SAMPLES, .values = stored};
  assert_int_equal(wlaw_scaling_standardize(&data, NULL), WLAW_OK);
  check_near(scale[3], 0, 0);
  check_near(shift[3], 0, 0);
  scale[3] = shift[3] = 0;
  for (size_t f = 0; f < FEATURES; f++) {
    double mean, sd;
    exact_moments(&data.train, FEATURES, f, &mean, &sd);
    if (f != 3) check_near(scale[f] * sd, 1, 1e-7);
  }
}

/* 1000 constants that are no round numbers: the mean of 77 equal numbers must be that number, to the last bit. */
static void constants_become_zero(void **state) {
  (void)state;
  enum { N = 77, CONSTANTS = 1000 };
  static float scale[CONSTANTS], shift[CONSTANTS], stored[N * CONSTANTS];
  for (size_t i = 0; i < N * CONSTANTS; i++) stored[i] = expf((float)(i % CONSTANTS) / 50.0f);
  wlaw_dataset data = {.features = CONSTANTS, .scale = scale, .shift = shift, .train = {.n = N, .values = stored}};
  assert_int_equal(wlaw_scaling_standardize(&data, NULL), WLAW_OK);
  for (size_t f = 0; f < CONSTANTS; f++) check_near(fabsf(scale[f]) + fabsf(shift[f]), 0, 0);
}

static void standardize_is_an_option(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset *plain = NULL, *standard = NULL;
  dataset_request request = {.what = "synthetic", .synthetic_features = 5, .synthetic_train = 400};
  check_ok(wlaw_dataset_open(&plain, &request, NULL, err));
  request.standardize = 1;
  check_ok(wlaw_dataset_open(&standard, &request, NULL, err));
  check_scaling(standard);
  assert_false(json_equal(plain->description, standard->description));
  assert_string_equal(json_string_value(json_object_get(plain->description, "scaling")), "values as stored");
  wlaw_dataset_free(plain);
  wlaw_dataset_free(standard);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes),
      cmocka_unit_test(floats_far_from_zero),
      cmocka_unit_test(constants_become_zero),
      cmocka_unit_test(standardize_is_an_option),
  };
  return cmocka_run_group_tests_name("data.scaling", tests, NULL, NULL);
}
