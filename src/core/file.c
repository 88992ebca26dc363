#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

enum { OUTPUT_BUFFER = 1 << 18 };

static char *join3(const char *a, const char *b, const char *c) {
  const size_t na = strlen(a), nb = strlen(b), nc = strlen(c);
  char *joined = malloc(na + nb + nc + 1);
  if (!joined) return NULL;
  memcpy(joined, a, na);
  memcpy(joined + na, b, nb);
  memcpy(joined + na + nb, c, nc + 1);
  return joined;
}

char *wlaw_path_join(const char *folder, const char *name) {
  const size_t n = strlen(folder);
  return join3(folder, n && folder[n - 1] == '/' ? "" : "/", name);
}

char *wlaw_path_beside(const char *path, const char *name) {
  const size_t folder = (size_t)(wlaw_path_name(path) - path), n = strlen(name);
  char *joined = malloc(folder + n + 1);
  if (!joined) return NULL;
  memcpy(joined, path, folder);
  memcpy(joined + folder, name, n + 1);
  return joined;
}

const char *wlaw_path_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void output_release(output_file *out) {
  free(out->path);
  free(out->partial);
  free(out->buffer);
  *out = (output_file){.fd = -1};
}

/* The finished file is renamed over path: that must not replace a folder, a device or a pipe. */
static wlaw_status check_replaceable(const char *path, wlaw_error *err) {
  struct stat info;
  if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) return WLAW_OK;
  const char *what = S_ISDIR(info.st_mode) ? "is a folder where a file is to be written"
                                           : "is not a regular file and will not be replaced by one";
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "%s", what), path);
}

wlaw_status wlaw_output_check(const char *path, bool force, wlaw_error *err) {
  WLAW_TRY(check_replaceable(path, err));
  if (force || !wlaw_path_exists(path)) return WLAW_OK;
  wlaw_error_in_file(err, wlaw_fail(err, WLAW_EXISTS, "the file exists already"), path);
  return wlaw_error_add_hint(err, WLAW_EXISTS, "--force replaces it");
}

wlaw_status wlaw_output_open(output_file *out, const char *path, wlaw_error *err) {
  *out = (output_file){.fd = -1};
  WLAW_TRY(check_replaceable(path, err));
  out->path = wlaw_text_duplicate(path, strlen(path));
  out->partial = join3(path, ".partial", "");
  out->buffer = malloc(OUTPUT_BUFFER);
  if (!out->path || !out->partial || !out->buffer) {
    output_release(out);
    return wlaw_fail_memory(err, OUTPUT_BUFFER, 1);
  }
  out->fd = open(out->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out->fd < 0) {
    const wlaw_status status = wlaw_fail_errno(err, path, "cannot be written");
    output_release(out);
    return status;
  }
  return WLAW_OK;
}

wlaw_status wlaw_output_expect(const output_file *out, uint64_t bytes, wlaw_error *err) {
  struct statvfs info;
  if (fstatvfs(out->fd, &info) != 0 || info.f_blocks == 0) return WLAW_OK; /* no file system that counts */
  const double needed = (double)bytes, room = (double)info.f_bavail * (double)info.f_frsize;
  if (needed <= room) return WLAW_OK;
  return wlaw_fail(err, WLAW_IO, "%.3g GB are to be written, and the file system has %.3g GB free", needed / 1e9,
                   room / 1e9);
}

static wlaw_status write_fully(output_file *out, const unsigned char *bytes, size_t n, wlaw_error *err) {
  while (n) {
    const ssize_t wrote = write(out->fd, bytes, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return wlaw_fail_errno(err, out->path, "writing failed");
    bytes += wrote;
    n -= (size_t)wrote;
  }
  return WLAW_OK;
}

static wlaw_status flush(output_file *out, wlaw_error *err) {
  const size_t n = out->used;
  out->used = 0;
  return write_fully(out, out->buffer, n, err);
}

wlaw_status wlaw_output_write(output_file *out, const void *bytes, size_t n, wlaw_error *err) {
  if (n > OUTPUT_BUFFER - out->used) WLAW_TRY(flush(out, err));
  if (n > OUTPUT_BUFFER) return write_fully(out, bytes, n, err);
  if (n) memcpy(out->buffer + out->used, bytes, n);
  out->used += n;
  return WLAW_OK;
}

wlaw_status wlaw_output_skip(output_file *out, uint64_t n, wlaw_error *err) {
  WLAW_TRY(flush(out, err));
  if (n <= INT64_MAX && lseek(out->fd, (off_t)n, SEEK_CUR) >= 0) return WLAW_OK;
  return wlaw_fail_errno(err, out->path, "writing failed");
}

wlaw_status wlaw_output_rewrite(output_file *out, uint64_t offset, const void *bytes, size_t n, wlaw_error *err) {
  WLAW_TRY(flush(out, err));
  const unsigned char *from = bytes;
  while (n) {
    const ssize_t wrote = pwrite(out->fd, from, n, (off_t)offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return wlaw_fail_errno(err, out->path, "writing failed");
    from += wrote;
    offset += (uint64_t)wrote;
    n -= (size_t)wrote;
  }
  return WLAW_OK;
}

wlaw_status wlaw_file_sync(const char *path, wlaw_error *err) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return wlaw_fail_errno(err, path, "cannot be opened");
  const wlaw_status status = fsync(fd) == 0 ? WLAW_OK : wlaw_fail_errno(err, path, "syncing failed");
  close(fd);
  return status;
}

wlaw_status wlaw_folder_sync(const char *path, wlaw_error *err) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) return WLAW_OK; /* one may write but not list it: nothing to sync through */
  if (fd < 0) return wlaw_fail_errno(err, path, "the folder cannot be opened");
  /* some file systems cannot sync a folder (EINVAL): nothing more can be done there */
  const bool failed = fsync(fd) != 0 && errno != EINVAL;
  const wlaw_status status = failed ? wlaw_fail_errno(err, path, "syncing the folder failed") : WLAW_OK;
  close(fd);
  return status;
}

static wlaw_status sync_parent(const char *path, wlaw_error *err) {
  const char *name = wlaw_path_name(path);
  if (name == path) return wlaw_folder_sync(".", err);
  char *parent = wlaw_text_duplicate(path, (size_t)(name - path));
  if (!parent) return wlaw_fail_memory(err, (size_t)(name - path), 1);
  const wlaw_status status = wlaw_folder_sync(parent, err);
  free(parent);
  return status;
}

wlaw_status wlaw_output_commit(output_file *out, wlaw_error *err) {
  wlaw_status status = flush(out, err);
  if (status == WLAW_OK && fsync(out->fd) != 0) status = wlaw_fail_errno(err, out->path, "syncing failed");
  const int closed = close(out->fd);
  out->fd = -1;
  if (status == WLAW_OK && closed != 0) status = wlaw_fail_errno(err, out->path, "closing failed");
  if (status == WLAW_OK && rename(out->partial, out->path) != 0)
    status = wlaw_fail_errno(err, out->path, "the finished file cannot be renamed into place");
  if (status != WLAW_OK) unlink(out->partial);
  else status = sync_parent(out->path, err);
  output_release(out);
  return status;
}

void wlaw_output_discard(output_file *out) {
  if (!out->path) return;
  if (out->fd >= 0) close(out->fd);
  if (out->partial) unlink(out->partial);
  output_release(out);
}

wlaw_status wlaw_output_whole(const char *path, const void *bytes, size_t n, wlaw_error *err) {
  output_file out;
  WLAW_TRY(wlaw_output_open(&out, path, err));
  const wlaw_status status = wlaw_output_write(&out, bytes, n, err);
  if (status != WLAW_OK) {
    wlaw_output_discard(&out);
    return status;
  }
  return wlaw_output_commit(&out, err);
}

wlaw_status wlaw_input_open(input_file *in, const char *path, wlaw_error *err) {
  *in = (input_file){.fd = -1};
  struct stat info;
  /* O_NONBLOCK: opening a pipe nobody writes must not hang; regular files ignore it */
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return wlaw_fail_errno(err, path, "cannot be opened");
  wlaw_status status = WLAW_OK;
  if (fstat(fd, &info) != 0) status = wlaw_fail_errno(err, path, "cannot be examined");
  else if (S_ISDIR(info.st_mode))
    status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_IO, "is a folder where a file is needed"), path);
  else if (!S_ISREG(info.st_mode))
    status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_IO, "is not a regular file"), path);
  if (status == WLAW_OK) {
    in->path = wlaw_text_duplicate(path, strlen(path));
    if (!in->path) status = wlaw_fail_memory(err, strlen(path), 1);
  }
  if (status != WLAW_OK) {
    close(fd);
    return status;
  }
  in->fd = fd;
  in->size = (uint64_t)info.st_size;
  return WLAW_OK;
}

wlaw_status wlaw_input_read(const input_file *in, uint64_t offset, void *out, size_t n, wlaw_error *err) {
  unsigned char *to = out;
  while (n) {
    if (offset > INT64_MAX)
      return wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "an offset is too large"), in->path);
    const size_t piece = n < (1u << 30) ? n : (1u << 30);
    const ssize_t got = pread(in->fd, to, piece, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wlaw_fail_errno(err, in->path, "reading failed");
    if (got == 0) {
      wlaw_fail(err, WLAW_FORMAT, "the file ends here, %zu bytes short", n);
      return wlaw_error_in_file(err, wlaw_error_at_byte(err, WLAW_FORMAT, offset), in->path);
    }
    to += got;
    offset += (uint64_t)got;
    n -= (size_t)got;
  }
  return WLAW_OK;
}

void wlaw_input_close(input_file *in) {
  if (!in->path) return;
  close(in->fd);
  free(in->path);
  *in = (input_file){.fd = -1};
}

wlaw_status wlaw_input_whole(char **bytes, size_t *n, const char *path, size_t limit, wlaw_error *err) {
  input_file in;
  WLAW_TRY(wlaw_input_open(&in, path, err));
  wlaw_status status = WLAW_OK;
  char *read_bytes = NULL;
  if (in.size > limit)
    status = wlaw_error_in_file(
        err, wlaw_fail(err, WLAW_LIMIT, "%llu bytes are more than the %zu allowed", (unsigned long long)in.size, limit),
        path);
  else if (!(read_bytes = malloc((size_t)in.size + 1))) status = wlaw_fail_memory(err, (size_t)in.size + 1, 1);
  else status = wlaw_input_read(&in, 0, read_bytes, (size_t)in.size, err);
  if (status == WLAW_OK) {
    read_bytes[in.size] = '\0';
    *bytes = read_bytes;
    *n = (size_t)in.size;
  } else {
    free(read_bytes);
  }
  wlaw_input_close(&in);
  return status;
}

bool wlaw_path_is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool wlaw_path_exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

wlaw_status wlaw_folder_make(const char *path, wlaw_error *err) {
  if (!*path) return wlaw_fail(err, WLAW_ARGUMENT, "the folder's name is empty");
  char *copy = wlaw_text_duplicate(path, strlen(path));
  if (!copy) return wlaw_fail_memory(err, strlen(path), 1);
  wlaw_status status = WLAW_OK;
  for (char *at = copy + 1; status == WLAW_OK; at++) {
    if (*at != '/' && *at != '\0') continue;
    const char kept = *at;
    *at = '\0';
    if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && wlaw_path_is_folder(copy)))
      status = wlaw_fail_errno(err, copy, "the folder cannot be made");
    *at = kept;
    if (kept == '\0') break;
  }
  free(copy);
  return status;
}

wlaw_status wlaw_file_remove(const char *path, wlaw_error *err) {
  if (unlink(path) != 0 && errno != ENOENT) return wlaw_fail_errno(err, path, "cannot be removed");
  return WLAW_OK;
}
