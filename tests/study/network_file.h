/* Networks in memory as a file of stacked layers, in single precision. */
#ifndef TESTS_STUDY_NETWORK_FILE_H
#define TESTS_STUDY_NETWORK_FILE_H

#include "measure/networks.h"
#include "study/study.h"

static inline const char *write_networks(const char *name, const some_networks *all) {
  static char path[4096];
  tensor_writer *writer = NULL;
  tensor_spec specs[NETWORK_TENSORS];
  char names_of[NETWORK_TENSORS][32];
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s", test_scratch(name));
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    const network_tensor *tensor = &all->layout.tensors[t];
    snprintf(names_of[t], sizeof names_of[t], "layer%zu.%s", tensor->layer + 1, tensor->is_bias ? "bias" : "weight");
    specs[t] = (tensor_spec){.name = names_of[t],
                             .dtype = WLAW_F32,
                             .rank = tensor->is_bias ? 2 : 3,
                             .shape = {all->n, tensor->rows, tensor->cols}};
  }
  check_ok(wlaw_writer_open(&writer, path, specs, all->layout.n_tensors, NULL, err));
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    const network_tensor *tensor = &all->layout.tensors[t];
    check_ok(wlaw_writer_add(writer, all->single[t], all->n * tensor->rows * tensor->cols * sizeof(float), err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return path;
}

#endif
