/* Real files: MNIST against the facts published about it, one network in two formats, one in three precisions. */
#include "support/test.h"

#include <sys/resource.h>

#include "tensor/tensor.h"

static void mnist(void **state) {
  (void)state;
  /* labels 0 .. 9 of the training set (LeCun, Cortes and Burges) */
  static const int frequencies[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
  enum { N = 60000, PIXELS = 784, BLOCK = 600 };
  const char *images = test_data("mnist/train-images-idx3-ubyte.gz"),
             *labels = test_data("mnist/train-labels-idx1-ubyte.gz");
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, labels, err));
  static double label[N];
  check_ok(wlaw_tensors_read(tensors, 0, 0, N, label, err));
  wlaw_tensors_close(tensors);
  int seen[10] = {0};
  for (int i = 0; i < N; i++) seen[(int)label[i]]++;
  assert_memory_equal(seen, frequencies, sizeof seen);

  check_ok(wlaw_tensors_open(&tensors, images, err));
  assert_memory_equal(wlaw_tensors_shape(tensors, 0), ((const uint64_t[]){N, 28, 28}), 3 * sizeof(uint64_t));
  static double block[BLOCK * PIXELS];
  double sum = 0, squares = 0;
  for (uint64_t at = 0; at < (uint64_t)N * PIXELS; at += BLOCK * PIXELS) {
    check_ok(wlaw_tensors_read(tensors, 0, at, BLOCK * PIXELS, block, err));
    for (int k = 0; k < BLOCK * PIXELS; k++) {
      sum += block[k];
      squares += block[k] * block[k];
    }
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  /* mean and standard deviation of pixels / 255 as everybody uses them: 0.1307 and 0.3081, rounded to 4 places */
  const double mean = sum / N / PIXELS / 255, square = squares / N / PIXELS / 255 / 255;
  check_near(mean, 0.1307, 5e-5);
  check_near(sqrt(square - mean * mean), 0.3081, 5e-5);
}

/* Applies check to each tensor of a, with the tensor of that name in b. */
static void compare_files(const char *path_a, const char *path_b, size_t want, double relative) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *a, *b;
  check_ok(wlaw_tensors_open(&a, path_a, err));
  check_ok(wlaw_tensors_open(&b, path_b, err));
  assert_int_equal(wlaw_tensors_count(a), want);
  assert_int_equal(wlaw_tensors_count(b), want);
  for (size_t i = 0; i < want; i++) {
    size_t k;
    check_ok(wlaw_tensors_find(&k, b, wlaw_tensors_name(a, i), err));
    const size_t n = (size_t)a->info[i].count;
    assert_int_equal(b->info[k].count, n);
    double *x = malloc(2 * n * sizeof *x), *y = x + n;
    assert_non_null(x);
    check_ok(wlaw_tensors_read(a, i, 0, n, x, err));
    check_ok(wlaw_tensors_read(b, k, 0, n, y, err));
    for (size_t e = 0; e < n; e++) check_near(x[e], y[e], relative * fabs(y[e]) + (relative > 0 ? 0x1p-25 : 0));
    free(x);
  }
  wlaw_tensors_close(a);
  wlaw_tensors_close(b);
  wlaw_error_free(err);
}

static void one_network_in_two_formats(void **state) {
  (void)state;
  compare_files(test_data("checkpoints/ani_1x/ani-1x_train0.npz"),
                test_data("checkpoints/ani_1x/ani-1x_train0.safetensors"), 32, 0);
}

/* Rounding to nearest: half a unit in the last place, 2^-11 of an f16 and 2^-8 of a bf16; below the smallest normal f16
 * half a subnormal step, 2^-25. */
static void one_network_in_three_precisions(void **state) {
  (void)state;
  const char *full = test_data("checkpoints/stories260K/model-f32.safetensors");
  compare_files(test_data("checkpoints/stories260K/model-f16.safetensors"), full, 47, 0x1p-11);
  compare_files(test_data("checkpoints/stories260K/model-bf16.safetensors"), full, 47, 0x1p-8);
}

/* 64 MiB packed into 65 kB are read through in blocks; the process must not grow by more than a few blocks. ru_maxrss
 * is in KiB here. Sanitizers keep freed memory, so there the limit is looser than the 64 MiB. */
static void a_bomb_stays_small(void **state) {
  (void)state;
  enum { BLOCK = 1 << 16, MOST_GROWTH_KIB = 16 << 10 };
  static double values[BLOCK];
  const char *path = test_data("hostile/npy_gen/bomb_64MiB_deflate.npz");
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  struct rusage before, after;
  memset(values, 1, sizeof values);
  assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
  check_ok(wlaw_tensors_open(&tensors, path, err));
  const uint64_t count = tensors->info[0].count;
  assert_true(tensors->info[0].bytes == UINT64_C(64) << 20);
  for (uint64_t at = 0; at < count; at += BLOCK) {
    check_ok(wlaw_tensors_read(tensors, 0, at, BLOCK, values, err));
    assert_true(values[at / BLOCK] == 0);
  }
  wlaw_tensors_close(tensors);
  assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
  if (after.ru_maxrss - before.ru_maxrss > MOST_GROWTH_KIB)
    fail_msg("reading grew the process by %ld KiB", after.ru_maxrss - before.ru_maxrss);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bomb_stays_small), /* first: the high-water mark of memory never goes down */
      cmocka_unit_test(mnist),
      cmocka_unit_test(one_network_in_two_formats),
      cmocka_unit_test(one_network_in_three_precisions),
  };
  return cmocka_run_group_tests_name("tensor.real_files", tests, NULL, NULL);
}
