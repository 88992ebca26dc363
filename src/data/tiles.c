/* Images by tiles instead of rows (see wlaw_dataset_tile). */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "data/dataset.h"

enum { SIDE = 4 };

/* place of every pixel: tiles row by row, in a tile pixels row by row; tiles at the edge may be smaller. */
static void find_places(uint32_t *place, const size_t shape[3]) {
  const size_t channels = shape[0], rows = shape[1], cols = shape[2];
  uint32_t next = 0;
  for (size_t c = 0; c < channels; c++)
    for (size_t top = 0; top < rows; top += SIDE)
      for (size_t left = 0; left < cols; left += SIDE)
        for (size_t i = top; i < rows && i < top + SIDE; i++)
          for (size_t j = left; j < cols && j < left + SIDE; j++) place[(c * rows + i) * cols + j] = next++;
}

/* Each of n rows of `features` elements in the order of the places. row: room for one. */
static void permute(void *elements, size_t n, size_t features, size_t size, const uint32_t *place, void *row) {
  for (size_t s = 0; s < n; s++) {
    char *const stored = (char *)elements + s * features * size;
    memcpy(row, stored, features * size);
    if (size == 1)
      for (size_t f = 0; f < features; f++) stored[place[f]] = ((const char *)row)[f];
    else
      for (size_t f = 0; f < features; f++) ((float *)(void *)stored)[place[f]] = ((const float *)row)[f];
  }
}

wlaw_status wlaw_dataset_tile(wlaw_dataset *dataset, wlaw_error *err) {
  const size_t features = dataset->features, *shape = dataset->image_shape;
  if (dataset->place || shape[0] * shape[1] * shape[2] != features || features > UINT32_MAX) return WLAW_OK;
  dataset->place = wlaw_array(features, sizeof *dataset->place);
  float *row = wlaw_array(features, sizeof *row);
  wlaw_status status = dataset->place && row ? WLAW_OK : wlaw_fail_memory(err, features, sizeof *row);
  if (status == WLAW_OK) {
    find_places(dataset->place, shape);
    sample_set *const sets[] = {&dataset->train, &dataset->test};
    for (int k = 0; k < 2; k++)
      if (sets[k]->bytes) permute(sets[k]->bytes, sets[k]->n, features, 1, dataset->place, row);
      else permute(sets[k]->values, sets[k]->n, features, sizeof(float), dataset->place, row);
    permute(dataset->scale, 1, features, sizeof(float), dataset->place, row);
    permute(dataset->shift, 1, features, sizeof(float), dataset->place, row);
  }
  free(row);
  return status;
}
