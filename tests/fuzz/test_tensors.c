/* The examples that fuzzing starts from, replayed: seeds of every format, whole, cut and with single bytes changed, and
 * the hostile files of the shared data, each under the ending of every format. */
#include "support/test.h"

#define _GNU_SOURCE
#include <dirent.h>

#include "fuzz/tensors.h"
#include "tensor/make_files.h"

/* As file of this format. */
static void replay(const tensor_format *format, const void *bytes, size_t n) {
  char path[64];
  fuzz_path(path, sizeof path, format);
  unlink(path); /* some file systems wait for the disk where a file is written over */
  put_file(path, bytes, n);
  use_file(path);
}

static void check_seed(const tensor_format *format, int k, const char *path) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  char *bytes;
  size_t n;
  check_ok(wlaw_tensors_open(&tensors, path, err)); /* a seed that is refused would teach little */
  if (tensors->format != format) fail_msg("seed %d of %s is taken for %s", k, format->name, tensors->format->name);
  wlaw_tensors_close(tensors);
  check_ok(wlaw_input_whole(&bytes, &n, path, 1 << 20, err));
  wlaw_error_free(err);
  for (size_t cut = 0; cut <= n; cut += n / 97 + 1) replay(format, bytes, cut);
  for (size_t at = 0; at < n; at += n / 499 + 1) {
    const char kept = bytes[at];
    bytes[at] = (char)(kept ^ 1 << at % 8);
    replay(format, bytes, n);
    bytes[at] = '\xFF';
    replay(format, bytes, n);
    bytes[at] = kept;
  }
  free(bytes);
}

static void seeds(void **state) {
  (void)state;
  for (size_t f = 0; f < wlaw_n_tensor_formats; f++) {
    const tensor_format *format = wlaw_tensor_formats[f];
    char path[64];
    snprintf(path, sizeof path, "%s/seed%s", fuzz_folder(), format->ending ? format->ending : "");
    int k = 0;
    for (; seed_write(format->name, k, path); k++) check_seed(format, k, path);
    if (k == 0 && seed_is_needed(format->name)) fail_msg("%s has no seeds in fuzz/seeds.h", format->name);
    unlink(path);
  }
}

static size_t replay_folder(const char *folder) {
  enum { LARGEST = 1 << 20 };
  DIR *entries = opendir(folder);
  if (!entries) return 0; /* no folder: a file, which is replayed by the caller */
  size_t n_files = 0;
  for (const struct dirent *entry; (entry = readdir(entries));) {
    if (entry->d_name[0] == '.') continue;
    char path[4096], *bytes;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (wlaw_path_is_folder(path)) n_files += replay_folder(path);
    else if (wlaw_input_whole(&bytes, &n, path, LARGEST, NULL) == WLAW_OK) {
      for (size_t f = 0; f < wlaw_n_tensor_formats; f++) replay(wlaw_tensor_formats[f], bytes, n);
      free(bytes);
      n_files++;
    }
  }
  closedir(entries);
  return n_files;
}

static void hostile_files(void **state) {
  (void)state;
  const char *table = test_data("hostile/expected_gen.tsv");
  char folder[4096];
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(table, '/') - table), table);
  assert_true(replay_folder(folder) > 200);
}

static int clean(void **state) {
  (void)state;
  fuzz_clean();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(seeds), cmocka_unit_test(hostile_files)};
  return cmocka_run_group_tests_name("fuzz.tensors", tests, NULL, clean);
}
