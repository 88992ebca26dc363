/* Opens and reads whatever bytes libFuzzer makes up as a tensor file. Content decides the format; the first byte picks
 * the path's ending, which decides where content does not. Nothing may crash, leak, hang, or give two different values
 * for one element. */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tensor/tensor.h"
#include "tensor/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST_ELEMENTS = 4096, WINDOW = 37 };

static void demand(int holds) {
  if (!holds) abort();
}

/* The same bits, or NaN both. */
static int same(double a, double b) { return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0; }

static void read_tensor(wlaw_tensors *tensors, size_t i) {
  static double whole[MOST_ELEMENTS], part[WINDOW];
  const uint64_t count = tensors->info[i].count;
  const size_t n = count < MOST_ELEMENTS ? (size_t)count : MOST_ELEMENTS;
  if (wlaw_tensors_read(tensors, i, 0, n, whole, NULL) != WLAW_OK) return;
  if (n >= WINDOW) {
    const size_t first = n - WINDOW;
    demand(wlaw_tensors_read(tensors, i, first, WINDOW, part, NULL) == WLAW_OK);
    for (size_t k = 0; k < WINDOW; k++) demand(same(part[k], whole[first + k]));
  }
  demand(wlaw_tensors_read(tensors, i, count, 1, part, NULL) != WLAW_OK);
  tensor_view view;
  if (wlaw_view_tensor(&view, tensors, i, NULL) != WLAW_OK) return;
  static double viewed[MOST_ELEMENTS];
  demand(wlaw_view_read(&view, 0, n, viewed, NULL) == WLAW_OK);
  for (size_t k = 0; k < n; k++) demand(same(viewed[k], whole[k]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static const char *const endings[] = {"", ".npy", ".npz", ".safetensors"};
  if (n == 0) return 0;
  char folder[] = "/tmp/fuzz-tensors-XXXXXX", path[64];
  static char kept[sizeof folder];
  if (!kept[0]) {
    if (!mkdtemp(folder)) abort();
    memcpy(kept, folder, sizeof folder);
  }
  snprintf(path, sizeof path, "%s/file%s", kept, endings[data[0] & 3]);
  const int fd = memfd_create("tensor", 0);
  char target[64];
  snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
  if (fd < 0 || write(fd, data + 1, n - 1) != (ssize_t)(n - 1)) abort();
  unlink(path);
  if (symlink(target, path) != 0) abort();
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  if (wlaw_tensors_open(&tensors, path, err) == WLAW_OK) {
    for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) read_tensor(tensors, i);
    size_t found;
    demand(wlaw_tensors_find(&found, tensors, "nothing of this name", err) != WLAW_OK || tensors->n);
    wlaw_tensors_close(tensors);
  } else {
    demand(wlaw_error_message(err)[0] != '\0');
  }
  wlaw_error_free(err);
  unlink(path);
  close(fd);
  return 0;
}
