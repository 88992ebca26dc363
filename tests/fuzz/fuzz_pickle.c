/* The interpreter of pickles on whatever bytes libFuzzer makes up: the tree it leaves must be sound, and no larger than
 * the bytes explain. */
#include <stdint.h>
#include <stdlib.h>

#include "tensor/pytorch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void demand(int holds) {
  if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  pickle_tree tree;
  wlaw_error *err = wlaw_error_new();
  const wlaw_status status = wlaw_pickle_parse(&tree, data, n, 0, wlaw_pytorch_names, wlaw_n_pytorch_names, err);
  demand(tree.n_values <= 2 * n + 1 && tree.n_cells <= n + 1);
  if (status == WLAW_OK) {
    demand(tree.root > 0 && tree.root < tree.n_values && tree.used <= n);
    for (pickle_ref k = 0; k < tree.n_values; k++) {
      size_t items = 0;
      while (items < 8 && wlaw_pickle_item(&tree, k, items))
        demand(wlaw_pickle_item(&tree, k, items++) < tree.n_values);
      demand(items == 8 || wlaw_pickle_has_items(&tree, k, items));
    }
  } else {
    demand(wlaw_error_message(err)[0] != '\0');
  }
  wlaw_pickle_free(&tree);
  wlaw_error_free(err);
  return 0;
}
