/* Two run directories that must hold the same bytes. */
#ifndef TESTS_STUDY_SAME_RUN_H
#define TESTS_STUDY_SAME_RUN_H

#include "support/test.h"

#include <dirent.h>

#include "core/file.h"

/* Every file of `one` but timings.csv is in `other` with the same bytes, and the other way round. */
static inline void check_same_run(const char *one, const char *other) {
  for (int turn = 0; turn < 2; turn++) {
    DIR *folder = opendir(turn ? other : one);
    assert_non_null(folder);
    size_t files = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
      if (entry->d_name[0] == '.' || strcmp(entry->d_name, "timings.csv") == 0) continue;
      char *bytes[2];
      size_t n[2];
      const char *runs[2] = {one, other};
      for (int k = 0; k < 2; k++) {
        char *path = wlaw_path_join(runs[k], entry->d_name);
        wlaw_error *err = wlaw_error_new();
        check_ok(wlaw_input_whole(&bytes[k], &n[k], path, 1 << 24, err));
        wlaw_error_free(err);
        free(path);
      }
      if (n[0] != n[1] || memcmp(bytes[0], bytes[1], n[0]) != 0)
        fail_msg("%s differs between %s and %s", entry->d_name, one, other);
      free(bytes[0]);
      free(bytes[1]);
      files++;
    }
    closedir(folder);
    assert_true(files >= 3);
  }
}

#endif
