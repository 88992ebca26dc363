/* Arrays: aligned, zeroed, and refused when the size overflows. */
#include "support/test.h"

#include "core/memory.h"

static void arrays(void **state) {
  (void)state;
  for (size_t n = 0; n < 300; n += 7) {
    unsigned char *array = wlaw_array(n, 3);
    assert_non_null(array);
    assert_true((uintptr_t)array % 64 == 0);
    for (size_t i = 0; i < 3 * n; i++) assert_int_equal(array[i], 0);
    memset(array, 0xAA, 3 * n); /* a sanitizer sees a size that is too small; the next array sees old contents */
    free(array);
  }
  assert_null(wlaw_array(SIZE_MAX, 2));
  assert_null(wlaw_array(2, SIZE_MAX));
  assert_null(wlaw_array(SIZE_MAX, 1)); /* no room to round up */
  assert_null(wlaw_array(SIZE_MAX / 8, 8));
  assert_null(wlaw_array((size_t)1 << 62, 1));
}

static void products(void **state) {
  (void)state;
  size_t out = 17;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_true(wlaw_product(&out, NULL, 0) && out == 1);
  assert_true(wlaw_product(&out, (const size_t[]){3, 5, 7}, 3) && out == 105);
  assert_true(wlaw_product(&out, (const size_t[]){half - 1, half}, 2) && out == (half - 1) * half);
  out = 17;
  assert_false(wlaw_product(&out, (const size_t[]){half, half}, 2));
  assert_false(wlaw_product(&out, (const size_t[]){SIZE_MAX, 2}, 2));
  assert_int_equal(out, 17);
  assert_true(wlaw_product(&out, (const size_t[]){SIZE_MAX, 1}, 2) && out == SIZE_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(arrays), cmocka_unit_test(products)};
  return cmocka_run_group_tests_name("core.memory", tests, NULL, NULL);
}
