/* What is done to any bytes that come as a tensor file: for libFuzzer (fuzz_tensors.c) and for the replay of examples
 * (test_tensors.c). Nothing may crash, leak, hang, or give two different values for one element. */
#ifndef TESTS_FUZZ_TENSORS_H
#define TESTS_FUZZ_TENSORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "fuzz/seeds.h"
#include "tensor/tensor.h"
#include "tensor/view.h"

#if defined(WLAW_HAVE_HDF5)
/* libhdf5 1.10 loses blocks of its own on damaged files; which are its and which ours is told by who asked for them. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }
#endif

enum { MOST_ELEMENTS = 4096, WINDOW = 37 };

static inline void demand(int holds) {
  if (!holds) abort();
}

/* The same bits, or NaN both. */
static inline int same(double a, double b) { return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0; }

static inline void use_tensor(wlaw_tensors *tensors, size_t i) {
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

/* Opens the file at path and reads some of every tensor. */
static inline void use_file(const char *path) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  if (wlaw_tensors_open(&tensors, path, err) == WLAW_OK) {
    for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) use_tensor(tensors, i);
    size_t found;
    demand(wlaw_tensors_find(&found, tensors, "nothing of this name", err) != WLAW_OK || tensors->n);
    wlaw_tensors_close(tensors);
  } else {
    demand(wlaw_error_message(err)[0] != '\0');
  }
  wlaw_error_free(err);
}

/* A folder of this process's own, with the files beside the model that models may speak of. */
static inline const char *fuzz_folder(void) {
  static char folder[] = "/tmp/fuzz-tensors-XXXXXX";
  static bool made;
  if (!made) {
    made = mkdtemp(folder) != NULL;
    demand(made && seed_companions(folder));
  }
  return folder;
}

/* The path decides the format where content does not. */
static inline void fuzz_path(char *path, size_t n, const tensor_format *format) {
  snprintf(path, n, "%s/file%s", fuzz_folder(), format->ending ? format->ending : "");
}

static inline void fuzz_clean(void) {
  char path[64];
  for (size_t f = 0; f < wlaw_n_tensor_formats; f++) {
    fuzz_path(path, sizeof path, wlaw_tensor_formats[f]);
    unlink(path);
  }
  seed_remove_companions(fuzz_folder());
  rmdir(fuzz_folder());
}

#endif
