/* Files: outputs whole or not at all (full disk, read-only folder, kill), inputs that notice a short file. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "core/error.h"
#include "core/file.h"

static bool holds(const char *path, const void *bytes, size_t n) {
  char *read_bytes = NULL;
  size_t size = 0;
  if (wlaw_input_whole(&read_bytes, &size, path, 1 << 28, NULL) != WLAW_OK) return false;
  const bool same = size == n && memcmp(read_bytes, bytes, n) == 0;
  free(read_bytes);
  return same;
}

static bool partial_left(const char *path) {
  char partial[4200];
  snprintf(partial, sizeof partial, "%s.partial", path);
  return wlaw_path_exists(partial);
}

static void outputs_of_every_size_in_every_piece(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const size_t sizes[] = {0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 18},
                      pieces[] = {1 << 20, 1 << 18, 99991};
  unsigned char *bytes = malloc(3 << 18);
  for (size_t i = 0; i < 3 << 18; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
  const char *path = test_scratch("out");
  for (size_t s = 0; s < 6; s++)
    for (size_t p = 0; p < 3; p++) {
      output_file out;
      check_ok(wlaw_output_open(&out, path, err));
      for (size_t at = 0; at < sizes[s]; at += pieces[p]) {
        const size_t n = sizes[s] - at < pieces[p] ? sizes[s] - at : pieces[p];
        check_ok(wlaw_output_write(&out, bytes + at, n, err));
      }
      assert_true(partial_left(path)); /* under that name until it is whole */
      check_ok(wlaw_output_commit(&out, err));
      assert_true(holds(path, bytes, sizes[s]));
      assert_false(partial_left(path));
      wlaw_output_discard(&out); /* harmless after a commit */
    }
  free(bytes);
  wlaw_error_free(err);
}

static void a_discarded_output_leaves_the_old_one(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("kept");
  check_ok(wlaw_output_whole(path, "old", 3, err));
  output_file out;
  check_ok(wlaw_output_open(&out, path, err));
  check_ok(wlaw_output_write(&out, "new!", 4, err));
  wlaw_output_discard(&out);
  assert_true(holds(path, "old", 3));
  assert_false(partial_left(path));
  wlaw_output_discard(&out);
  output_file zeroed = {0};
  wlaw_output_discard(&zeroed);
  wlaw_error_free(err);
}

/* A disk that is full after 100 kB, by the limit on a file's size: write() then fails in the same places. */
static void a_full_disk(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("full");
  check_ok(wlaw_output_whole(path, "old", 3, err));
  struct rlimit before, full;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  full = before;
  full.rlim_cur = 100000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
  static unsigned char bytes[1 << 20];
  const wlaw_status large = wlaw_output_whole(path, bytes, sizeof bytes, err); /* fails in write */
  char sentence[400];
  snprintf(sentence, sizeof sentence, "%s", wlaw_error_message(err));
  const wlaw_status buffered = wlaw_output_whole(path, bytes, 200000, err); /* fails in commit */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(large, WLAW_IO);
  assert_int_equal(buffered, WLAW_IO);
  assert_non_null(strstr(sentence, "full: writing failed: "));
  assert_true(holds(path, "old", 3));
  assert_false(partial_left(path));
  wlaw_error_free(err);
}

/* Permissions do not bind root: the attempt is made by a child that gave root up. It starts inside the folder, so it
 * needs no rights on the way there. */
static void a_read_only_folder(void **state) {
  (void)state;
  const char *folder = test_scratch("read-only");
  assert_int_equal(wlaw_folder_make(folder, NULL), WLAW_OK);
  assert_int_equal(chmod(folder, 0555), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(folder) != 0 || (geteuid() == 0 && setuid(65534) != 0)) _exit(99);
    wlaw_error *err = wlaw_error_new();
    const wlaw_status file = wlaw_output_whole("out.npy", "x", 1, err);
    const bool said = strcmp(wlaw_error_message(err), "out.npy: cannot be written: Permission denied") == 0;
    const wlaw_status made = wlaw_folder_make("a/b", err);
    wlaw_error_free(err);
    _exit(file == WLAW_IO && said && made == WLAW_IO ? 0 : 1);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(chmod(folder, 0755), 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void places_that_cannot_be_written(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char inside[4200];
  const char *file = test_scratch("file");
  check_ok(wlaw_output_whole(file, "x", 1, err));
  snprintf(inside, sizeof inside, "%s/below", file);
  check_status(wlaw_output_whole(inside, "x", 1, err), WLAW_IO);
  snprintf(inside, sizeof inside, "%s/no/such/folder", test_scratch("nothing"));
  check_status(wlaw_output_whole(inside, "x", 1, err), WLAW_IO);
  assert_non_null(strstr(wlaw_error_message(err), "No such file or directory"));
  const char *folder = test_scratch("a-folder");
  check_ok(wlaw_folder_make(folder, err));
  check_status(wlaw_output_whole(folder, "x", 1, err), WLAW_ARGUMENT);
  assert_false(partial_left(folder));
  /* a device is not replaced by a file: as root, that would break the machine */
  check_status(wlaw_output_whole("/dev/null", "x", 1, err), WLAW_ARGUMENT);
  struct stat info;
  assert_int_equal(stat("/dev/null", &info), 0);
  assert_true(S_ISCHR(info.st_mode));
  wlaw_error_free(err);
}

/* A writer killed at any time leaves the old file or the new one. */
static void killed_while_writing(void **state) {
  (void)state;
  enum { N = 1 << 20 };
  const char *path = test_scratch("killed");
  unsigned char *a = malloc(N), *b = malloc(N);
  memset(a, 'a', N);
  memset(b, 'b', N);
  assert_int_equal(wlaw_output_whole(path, a, N, NULL), WLAW_OK);
  for (int repeat = 0; repeat < 25; repeat++) {
    const pid_t child = fork();
    if (child == 0)
      for (;;)
        if (wlaw_output_whole(path, b, N, NULL) != WLAW_OK || wlaw_output_whole(path, a, N, NULL) != WLAW_OK) _exit(1);
    nanosleep(&(const struct timespec){.tv_nsec = 500000 + repeat * 377000}, NULL);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_true(holds(path, a, N) || holds(path, b, N));
  }
  /* what it left behind under the other name is overwritten, not in the way */
  assert_int_equal(wlaw_output_whole(path, b, N, NULL), WLAW_OK);
  assert_true(holds(path, b, N));
  assert_false(partial_left(path));
  free(a);
  free(b);
}

static void inputs(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("in");
  check_ok(wlaw_output_whole(path, "0123456789", 10, err));
  input_file in;
  check_ok(wlaw_input_open(&in, path, err));
  assert_true(in.size == 10);
  char bytes[16] = "";
  check_ok(wlaw_input_read(&in, 3, bytes, 4, err));
  assert_memory_equal(bytes, "3456", 4);
  check_ok(wlaw_input_read(&in, 10, bytes, 0, err));
  check_status(wlaw_input_read(&in, 8, bytes, 4, err), WLAW_FORMAT);
  assert_true(wlaw_error_byte(err) == 10);
  assert_string_equal(wlaw_error_file(err), path);
  check_status(wlaw_input_read(&in, UINT64_MAX, bytes, 1, err), WLAW_FORMAT);
  assert_int_equal(truncate(path, 5), 0); /* shrinks while open: a short read, not a crash */
  check_status(wlaw_input_read(&in, 0, bytes, 10, err), WLAW_FORMAT);
  assert_true(wlaw_error_byte(err) == 5);
  wlaw_input_close(&in);
  wlaw_input_close(&in);
  input_file zeroed = {0};
  wlaw_input_close(&zeroed);
  char *whole = NULL;
  size_t n = 0;
  check_ok(wlaw_input_whole(&whole, &n, path, 5, err));
  assert_string_equal(whole, "01234"); /* a NUL behind it */
  free(whole);
  check_status(wlaw_input_whole(&whole, &n, path, 4, err), WLAW_LIMIT);
  wlaw_error_free(err);
}

static void things_that_are_no_files(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  input_file in;
  check_status(wlaw_input_open(&in, test_scratch("not-there"), err), WLAW_IO);
  check_status(wlaw_input_open(&in, ".", err), WLAW_IO);
  check_status(wlaw_input_open(&in, "/dev/null", err), WLAW_IO);
  const char *pipe_path = test_scratch("pipe");
  assert_int_equal(mkfifo(pipe_path, 0600), 0);
  check_status(wlaw_input_open(&in, pipe_path, err), WLAW_IO); /* and does not wait for a writer */
  wlaw_error_free(err);
}

static void folders_and_paths(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char deep[4200];
  snprintf(deep, sizeof deep, "%s/b//c/", test_scratch("a"));
  check_ok(wlaw_folder_make(deep, err));
  check_ok(wlaw_folder_make(deep, err));
  assert_true(wlaw_path_is_folder(deep));
  check_status(wlaw_folder_make("", err), WLAW_ARGUMENT);
  check_ok(wlaw_folder_make("/", err));
  check_ok(wlaw_folder_make(".", err));
  const char *file = test_scratch("plain");
  check_ok(wlaw_output_whole(file, "", 0, err));
  check_status(wlaw_folder_make(file, err), WLAW_IO);
  check_ok(wlaw_folder_sync(deep, err));
  check_status(wlaw_folder_sync(file, err), WLAW_IO);
  check_ok(wlaw_file_remove(file, err));
  check_ok(wlaw_file_remove(file, err)); /* gone already */
  assert_false(wlaw_path_exists(file));
  static const char *const joins[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "/b"}};
  for (size_t i = 0; i < 3; i++) {
    char *joined = wlaw_path_join(joins[i][0], joins[i][1]);
    assert_string_equal(joined, joins[i][2]);
    free(joined);
  }
  static const char *const besides[][3] = {{"a/b", "c", "a/c"}, {"b", "c", "c"}, {"/b", "c/d", "/c/d"}};
  for (size_t i = 0; i < 3; i++) {
    char *beside = wlaw_path_beside(besides[i][0], besides[i][1]);
    assert_string_equal(beside, besides[i][2]);
    free(beside);
  }
  assert_string_equal(wlaw_path_name("a/b"), "b");
  assert_string_equal(wlaw_path_name("b"), "b");
  assert_string_equal(wlaw_path_name("a/"), "");
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_of_every_size_in_every_piece),
      cmocka_unit_test(a_discarded_output_leaves_the_old_one),
      cmocka_unit_test(a_full_disk),
      cmocka_unit_test(a_read_only_folder),
      cmocka_unit_test(places_that_cannot_be_written),
      cmocka_unit_test(killed_while_writing),
      cmocka_unit_test(inputs),
      cmocka_unit_test(things_that_are_no_files),
      cmocka_unit_test(folders_and_paths),
  };
  return cmocka_run_group_tests_name("core.file", tests, NULL, NULL);
}
