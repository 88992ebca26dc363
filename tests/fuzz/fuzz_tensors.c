/* Whatever bytes libFuzzer makes up, as a tensor file of the format given by --format=NAME (flags with two dashes are
 * left to us by libFuzzer). */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz/tensors.h"

#include <sys/mman.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const tensor_format *format;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static const char flag[] = "--format=";
  for (int k = 1; k < *argc; k++)
    for (size_t f = 0; f < wlaw_n_tensor_formats; f++)
      if (strncmp((*argv)[k], flag, sizeof flag - 1) == 0 &&
          strcmp((*argv)[k] + sizeof flag - 1, wlaw_tensor_formats[f]->name) == 0)
        format = wlaw_tensor_formats[f];
  if (!format) fprintf(stderr, "which format? --format=NAME\n");
  demand(format != NULL);
  atexit(fuzz_clean);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  char path[64], target[64];
  const int fd = memfd_create("tensor", 0); /* no disk is worn out */
  demand(fd >= 0 && write(fd, data, n) == (ssize_t)n);
  fuzz_path(path, sizeof path, format);
  snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
  unlink(path);
  demand(symlink(target, path) == 0);
  use_file(path);
  close(fd);
  return 0;
}
