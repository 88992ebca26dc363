#include "cli/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

static const char name[] = "standard input";

static wlaw_status write_all(int fd, const char *bytes, size_t n, wlaw_error *err) {
  while (n) {
    const ssize_t wrote = write(fd, bytes, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return wlaw_fail_errno(err, name, "keeping it in a temporary file failed");
    bytes += wrote;
    n -= (size_t)wrote;
  }
  return WLAW_OK;
}

static wlaw_status copy_input(int fd, wlaw_error *err) {
  static char block[1 << 16];
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, block, sizeof block);
    if (got == 0) return WLAW_OK;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wlaw_fail_errno(err, name, "reading failed");
    WLAW_TRY(write_all(fd, block, (size_t)got, err));
  }
}

/* A file without a name. */
static wlaw_status open_temporary(int *fd, wlaw_error *err) {
  const char *folder = getenv("TMPDIR");
  text_buffer path = {0};
  wlaw_text_add(&path, "%s/weightlaw-XXXXXX", folder && *folder ? folder : "/tmp");
  if (path.failed) return wlaw_fail_memory(err, path.length, 1);
  *fd = mkstemp(path.bytes);
  const wlaw_status status = *fd < 0 ? wlaw_fail_errno(err, path.bytes, "cannot be made") : WLAW_OK;
  if (status == WLAW_OK) unlink(path.bytes);
  wlaw_text_free(&path);
  return status;
}

wlaw_status wlaw_spool_operands(const char **operands, size_t n, wlaw_error *err) {
  const char **operand = NULL;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(operands[i], "-") != 0) continue;
    if (operand) return wlaw_fail(err, WLAW_ARGUMENT, "standard input ('-') can be only one of the operands");
    operand = &operands[i];
  }
  if (!operand) return WLAW_OK;
  struct stat info;
  if (fstat(STDIN_FILENO, &info) != 0) return wlaw_fail_errno(err, name, "cannot be examined");
  if (!S_ISREG(info.st_mode)) {
    int fd = -1;
    WLAW_TRY(open_temporary(&fd, err));
    WLAW_TRY(copy_input(fd, err));
    if (dup2(fd, STDIN_FILENO) < 0) return wlaw_fail_errno(err, name, "cannot be replaced by its copy");
    close(fd);
  }
  *operand = "/dev/stdin";
  return WLAW_OK;
}
