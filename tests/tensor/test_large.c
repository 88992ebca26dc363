/* Files over 4 GB and tensors of more than 2^31 weights, as sparse files: only the last weights are really stored. */
#include "support/test.h"

#include <fcntl.h>

#include "tensor/byte_file.h"
#include "tensor/make_files.h"
#include "tensor/tensor.h"

/* Lengthens the file to size with its last bytes set; false where the file system has no room for such a file. */
static bool stretch(const char *path, uint64_t size, const void *last, size_t n) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  const bool done = ftruncate(fd, (off_t)size) == 0 && pwrite(fd, last, n, (off_t)(size - n)) == (ssize_t)n;
  close(fd);
  if (!done) unlink(path);
  return done;
}

/* The last weights of tensor i, and one in the middle. */
static void check_end(const char *path, size_t i, uint64_t count, const double *last, size_t n) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_true(tensors->info[i].count == count);
  double values[32];
  check_ok(wlaw_tensors_read(tensors, i, count - n, n, values, err));
  for (size_t k = 0; k < n; k++) check_near(values[k], last[k], 0);
  check_ok(wlaw_tensors_read(tensors, i, count / 2 - 16, 32, values, err));
  for (size_t k = 0; k < 32; k++) check_near(values[k], 0, 0);
  check_status(wlaw_tensors_read(tensors, i, count, 1, values, err), WLAW_ARGUMENT);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

enum { COLS = 1 << 16, ROWS = (1 << 15) + 1 }; /* 2^31 + 2^16 weights */
static const uint64_t weights = (uint64_t)ROWS * COLS;

static void no_room(void) {
  print_message("skipped: the file system takes no sparse file of this size\n");
  skip();
}

static void safetensors(void **state) {
  (void)state;
  char path[4096], header[300];
  snprintf(path, sizeof path, "%s", test_scratch("large.safetensors"));
  const unsigned long long middle = 2 * weights;
  snprintf(header, sizeof header,
           "{\"large\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[0,%llu]},"
           "\"behind\":{\"dtype\":\"F32\",\"shape\":[32,2],\"data_offsets\":[%llu,%llu]}}",
           ROWS, COLS, middle, middle, middle + 256);
  put_safetensors(path, header, 0);
  unsigned char last[260] = {0x80, 0x3F, 0, 0xC0}; /* 1 and -2 in bf16, then 64 numbers of which the last is 1.5 */
  memcpy(last + 256, (const unsigned char[]){0, 0, 0xC0, 0x3F}, 4);
  if (!stretch(path, 8 + strlen(header) + middle + 256, last, sizeof last)) no_room();
  check_end(path, 0, weights, (const double[]){1, -2}, 2);
  check_end(path, 1, 64, (const double[]){0, 1.5}, 2);
  unlink(path);
}

static void gguf(void **state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("large.gguf"));
  byte_file head;
  const uint64_t first = 2 * weights, blocks = weights / 32;
  gguf_start(&head, 2, 0);
  gguf_tensor(&head, "half", 2, (const uint64_t[]){COLS, ROWS}, 1, 0);
  gguf_tensor(&head, "eight", 2, (const uint64_t[]){COLS, ROWS}, 8, first);
  add_padding(&head, 32);
  put_file(path, head.bytes, head.n);
  unsigned char last[34] = {0, 0x3C}; /* d = 1, then 32 signed bytes */
  last[32] = 7;
  last[33] = 0xFE;
  if (!stretch(path, head.n + first + blocks * 34, last, sizeof last)) no_room();
  check_end(path, 0, weights, (const double[]){0, 0}, 2);
  check_end(path, 1, weights, (const double[]){7, -2}, 2);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(safetensors), cmocka_unit_test(gguf)};
  return cmocka_run_group_tests_name("tensor.large", tests, NULL, NULL);
}
