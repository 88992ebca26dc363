/* Products from several threads at once are those of one thread. OpenBLAS built without threads has no locks:
 * unguarded, two calls at once share a buffer and give wrong numbers (seen: networks of width 40 and more that did not
 * learn). */
#include "support/test.h"

#include "core/parallel.h"
#include "core/stream.h"
#include "math/blas.h"

enum { SIZE = 96, PRODUCTS = 64, REPEATS = 20 };

typedef struct products {
  float a[SIZE * SIZE], b[SIZE * SIZE];
  float (*c)[SIZE * SIZE]; /* [PRODUCTS] */
} products;

/* Product k has a shape of its own, so that what threads do at one time differs. */
static wlaw_status multiply(void *context, size_t k, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  products *all = context;
  const size_t n = SIZE - k % 32;
  (void)worker;
  (void)stop;
  (void)err;
  for (int repeat = 0; repeat < REPEATS; repeat++)
    wlaw_sgemm(k % 2, k % 3 == 0, n, n, n, 1.0f, all->a, SIZE, all->b, SIZE, 0.0f, all->c[k], SIZE);
  return WLAW_OK;
}

static void threads_do_not_disturb_each_other(void **state) {
  (void)state;
  static products all;
  static float alone[PRODUCTS][SIZE * SIZE], together[PRODUCTS][SIZE * SIZE];
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 77, 0);
  for (size_t i = 0; i < SIZE * SIZE; i++) {
    all.a[i] = (float)wlaw_stream_uniform(&stream);
    all.b[i] = (float)wlaw_stream_uniform(&stream);
  }
  all.c = alone;
  assert_int_equal(wlaw_parallel(PRODUCTS, 1, multiply, &all, NULL, NULL), WLAW_OK);
  all.c = together;
  for (int round = 0; round < 10; round++) {
    memset(together, 0, sizeof together);
    assert_int_equal(wlaw_parallel(PRODUCTS, 4, multiply, &all, NULL, NULL), WLAW_OK);
    assert_memory_equal(alone, together, sizeof alone);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_disturb_each_other)};
  return cmocka_run_group_tests_name("math.blas", tests, NULL, NULL);
}
