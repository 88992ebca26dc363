/* A tensor of more than 2^31 weights in a file of more than 4 GB (sparse): counted, and found where they lie. */
#include "study/scan_support.h"

#include <fcntl.h>

enum { LARGE_ROWS = 66000, LARGE_COLS = 33000 };

static void put(int fd, uint64_t header, uint64_t row, uint64_t column, uint16_t bits) {
  assert_int_equal(pwrite(fd, &bits, 2, (off_t)(header + 2 * (row * LARGE_COLS + column))), 2);
}

static void more_weights_than_an_int_counts(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  print_message("skipped: too slow with the sanitizers\n");
  skip();
#endif
  const char *path = test_scratch("large.safetensors");
  const uint64_t count = (uint64_t)LARGE_ROWS * LARGE_COLS;
  char text[200];
  snprintf(text, sizeof text, "{\"w\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[0,%llu]}}", LARGE_ROWS,
           LARGE_COLS, (unsigned long long)(2 * count));
  const uint64_t length = strlen(text), header = 8 + length;
  const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0 && count > (uint64_t)1 << 31);
  assert_int_equal(pwrite(fd, &length, 8, 0), 8);
  assert_int_equal(pwrite(fd, text, length, 8), (ssize_t)length);
  put(fd, header, 7, 11, 0x3F80);                          /* 1 */
  put(fd, header, LARGE_ROWS - 1, LARGE_COLS - 1, 0xC040); /* -3 */
  put(fd, header, 65100, 5, 0x7FC0);                       /* nan, beyond 2^31 */
  if (ftruncate(fd, (off_t)(header + 2 * count)) != 0) fail_msg("no room for a sparse file");
  close(fd);
  wlaw_result *result = scanned(path, (const char *const[]){"quick", "true", NULL});
  const json_t *w = tensor_named(result, "w");
  check_near(value_of(w, "count"), (double)count, 0);
  check_near(value_of(w, "zeros"), (double)count - 3, 0);
  check_near(value_of(w, "nan"), 1, 0);
  check_near(value_of(w, "min"), -3, 0);
  check_near(value_of(w, "dead_rows"), LARGE_ROWS - 3, 0); /* the row of the nan is not dead but broken */
  const json_t *largest = json_array_get(json_object_get(w, "largest"), 0);
  check_near(value_of(largest, "row"), LARGE_ROWS - 1, 0);
  check_near(value_of(largest, "column"), LARGE_COLS - 1, 0);
  wlaw_result_free(result);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(more_weights_than_an_int_counts)};
  return cmocka_run_group_tests_name("study.scan_large", tests, NULL, NULL);
}
