/* write_seeds FOLDER: the seeds of every format, FOLDER/FORMAT/seed-K. */
#include "fuzz/seeds.h"

#include "tensor/tensor.h"

static bool write_format(const char *folder, const tensor_format *format) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, format->name);
  if (wlaw_folder_make(path, NULL) != WLAW_OK) return false;
  bool any = false, more = true;
  for (int k = 0; more; k++) {
    char seed[4200], bare[4200]; /* what writes the seed may need the ending; a folder of seeds needs none */
    snprintf(bare, sizeof bare, "%s/seed-%d", path, k);
    snprintf(seed, sizeof seed, "%s%s", bare, format->ending ? format->ending : "");
    more = seed_write(format->name, k, seed);
    any = any || more;
    if (more && strcmp(seed, bare) != 0 && rename(seed, bare) != 0) return false;
  }
  return any || !seed_is_needed(format->name);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  for (size_t f = 0; f < wlaw_n_tensor_formats; f++)
    if (!write_format(argv[1], wlaw_tensor_formats[f])) {
      fprintf(stderr, "no seeds of %s\n", wlaw_tensor_formats[f]->name);
      return 1;
    }
  return 0;
}
