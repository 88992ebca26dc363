/* Exponential, logarithm and hyperbolic tangent of the kernels against the C library in double. This file is compiled
 * for the baseline, so without fused multiply-adds, which is the less exact of the levels. */
#include "support/test.h"

#include "net/vector_math.h"

/* Error in units of the last place of a single-precision number near want. */
static double ulps(float got, double want) {
  int exponent;
  (void)frexp(want, &exponent);
  return fabs((double)got - want) / ldexp(1.0, exponent - 24);
}

static void exponential(void **state) {
  (void)state;
  double worst = 0;
  for (double start = -86.9; start < 88.0; start += 1e-3) {
    float x[LANES], y[LANES];
    for (int i = 0; i < LANES; i++) x[i] = (float)(start + 6.1e-5 * i);
    v16_store(y, v16_exp(v16_load(x)));
    for (int i = 0; i < LANES; i++) worst = fmax(worst, ulps(y[i], exp((double)x[i])));
  }
  check_near(worst, 0, 2.0);
  float y[LANES];
  v16_store(y, v16_exp(v16_set(0.0f)));
  assert_true(y[0] == 1.0f);
  v16_store(y, v16_exp(v16_set(-1e30f)));
  assert_true(y[0] >= 0.0f && y[0] < 2e-38f);
  v16_store(y, v16_exp(v16_set(NAN)));
  assert_true(isnan(y[0]));
}

static void logarithm(void **state) {
  (void)state;
  double worst = 0;
  for (double start = 1.2e-38; start < 3e38; start *= 1.0011) {
    float x[LANES], y[LANES];
    for (int i = 0; i < LANES; i++) x[i] = (float)(start * (1 + 6.1e-5 * i));
    v16_store(y, v16_log(v16_load(x)));
    for (int i = 0; i < LANES; i++) {
      const double want = log((double)x[i]);
      if (!(fabs((double)y[i] - want) <= 1e-7)) worst = fmax(worst, ulps(y[i], want));
    }
  }
  check_near(worst, 0, 2.0);
  const float bad[] = {INFINITY, NAN};
  for (int i = 0; i < 2; i++) {
    float y[LANES];
    v16_store(y, v16_log(v16_set(bad[i])));
    assert_true(isnan(y[0]));
  }
}

static void hyperbolic_tangent(void **state) {
  (void)state;
  double worst = 0;
  for (double start = -12.0; start < 12.0; start += 1e-3) {
    float x[LANES], y[LANES];
    for (int i = 0; i < LANES; i++) x[i] = (float)(start + 6.1e-5 * i);
    v16_store(y, v16_tanh(v16_load(x)));
    for (int i = 0; i < LANES; i++) worst = fmax(worst, ulps(y[i], tanh((double)x[i])));
  }
  check_near(worst, 0, 3.0);
  const float ends[] = {100.0f, -INFINITY, 1e-20f}, want[] = {1.0f, -1.0f, 1e-20f};
  float y[LANES];
  for (int i = 0; i < 3; i++) {
    v16_store(y, v16_tanh(v16_set(ends[i])));
    assert_true(y[0] == want[i]);
  }
  v16_store(y, v16_tanh(v16_set(NAN)));
  assert_true(isnan(y[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(exponential), cmocka_unit_test(logarithm),
                                     cmocka_unit_test(hyperbolic_tangent)};
  return cmocka_run_group_tests_name("net.vector_math", tests, NULL, NULL);
}
