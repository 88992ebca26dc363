#define _DEFAULT_SOURCE /* flock */
#include "study/matrix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "tensor/npy_header.h"

enum { LARGEST_JOURNAL = 1 << 16 };

static char *with_ending(const char *path, const char *ending) {
  text_buffer text = {0};
  wlaw_text_add(&text, "%s%s", path, ending);
  char *joined = text.failed ? NULL : wlaw_text_duplicate(text.bytes, text.length);
  wlaw_text_free(&text);
  return joined;
}

void wlaw_matrix_file_close(matrix_file *file) {
  if (!file->path) return;
  if (file->fd >= 0) close(file->fd);
  free(file->path);
  free(file->partial);
  free(file->journal);
  json_decref(file->made_from);
  *file = (matrix_file){.fd = -1};
}

/* ---- the journal */

wlaw_status wlaw_matrix_file_save(const matrix_file *file, size_t steps, wlaw_error *err) {
  if (fsync(file->fd) != 0) return wlaw_fail_errno(err, file->partial, "syncing failed");
  bool failed = false;
  text_buffer text = {0};
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.matrix-journal/1"));
  wlaw_json_put(&failed, document, "made_from", json_incref(file->made_from));
  wlaw_json_put(&failed, document, "steps", wlaw_json_count(steps));
  if (!failed) wlaw_json_write(&text, document);
  json_decref(document);
  wlaw_status status = WLAW_OK;
  if (failed || text.failed) status = wlaw_fail_memory(err, text.length, 1);
  else status = wlaw_output_whole(file->journal, text.bytes, text.length, err);
  wlaw_text_free(&text);
  return status;
}

/* The first thing that a file was made from and this one would not be. */
static const char *difference(const json_t *theirs, const json_t *ours) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)ours, key, value) {
    if (!json_equal(value, json_object_get(theirs, key))) return key;
  }
  return "version";
}

static wlaw_status fail_other(const matrix_file *file, const char *what, wlaw_error *err) {
  wlaw_fail(err, WLAW_EXISTS, "an interrupted file was made from something else (%s)", what);
  wlaw_error_in_file(err, WLAW_EXISTS, file->partial);
  return wlaw_error_add_hint(err, WLAW_EXISTS, "what made it goes on with it, --force starts anew");
}

static wlaw_status read_journal(size_t *steps, const matrix_file *file, wlaw_error *err) {
  char *bytes = NULL;
  size_t n = 0;
  json_t *document = NULL;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, file->journal, LARGEST_JOURNAL, err));
  wlaw_status status = wlaw_json_parse(&document, bytes, n, err);
  free(bytes);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, file->journal);
  const json_t *theirs = json_object_get(document, "made_from");
  const json_int_t done = json_integer_value(json_object_get(document, "steps"));
  if (!json_equal(theirs, file->made_from)) status = fail_other(file, difference(theirs, file->made_from), err);
  else if (done < 0)
    status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "its steps are no count"), file->journal);
  else *steps = (size_t)done;
  json_decref(document);
  return status;
}

/* ---- the matrix */

static wlaw_status write_at(const matrix_file *file, uint64_t offset, const void *bytes, size_t n, wlaw_error *err) {
  const unsigned char *from = bytes;
  while (n) {
    const ssize_t wrote = pwrite(file->fd, from, n, (off_t)offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return wlaw_fail_errno(err, file->partial, "writing failed");
    from += wrote;
    offset += (uint64_t)wrote;
    n -= (size_t)wrote;
  }
  return WLAW_OK;
}

wlaw_status wlaw_matrix_file_put(const matrix_file *file, size_t row, size_t col, size_t rows, size_t cols,
                                 const double *block, size_t ld, float *narrow, wlaw_error *err) {
  const size_t size = wlaw_dtype_size(file->dtype);
  for (size_t i = 0; i < rows; i++) {
    const double *from = block + i * ld;
    for (size_t j = 0; j < cols && narrow; j++) narrow[j] = (float)from[j];
    const uint64_t offset = file->begin + ((uint64_t)(row + i) * file->cols + col) * size;
    WLAW_TRY(write_at(file, offset, narrow ? (const void *)narrow : from, cols * size, err));
  }
  return WLAW_OK;
}

static wlaw_status lock(matrix_file *file, wlaw_error *err) {
  file->fd = open(file->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file->fd < 0) return wlaw_fail_errno(err, file->path, "cannot be written");
  const bool locked = flock(file->fd, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno != EWOULDBLOCK) return wlaw_fail_errno(err, file->partial, "cannot be locked");
  /* whoever held the lock may have finished meanwhile: then this is the finished file, under its new name */
  struct stat held, named;
  if (locked && fstat(file->fd, &held) == 0 && stat(file->partial, &named) == 0 && held.st_ino == named.st_ino)
    return WLAW_OK;
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_EXISTS, "another process is writing this file"), file->path);
}

/* Header, full size, and a journal of no steps. */
static wlaw_status start(const matrix_file *file, const text_buffer *header, uint64_t size, wlaw_error *err) {
  WLAW_TRY(wlaw_file_remove(file->journal, err)); /* first: it may promise what will not be there */
  if (ftruncate(file->fd, 0) != 0) return wlaw_fail_errno(err, file->partial, "cannot be emptied");
  const output_file room = {.fd = file->fd};
  WLAW_TRY(wlaw_error_in_file(err, wlaw_output_expect(&room, size, err), file->path));
  if (ftruncate(file->fd, (off_t)size) != 0) return wlaw_fail_errno(err, file->partial, "cannot be made that large");
  WLAW_TRY(write_at(file, 0, header->bytes, header->length, err));
  return wlaw_matrix_file_save(file, 0, err);
}

static wlaw_status begin_or_go_on(matrix_file *file, size_t *steps, bool force, wlaw_error *err) {
  text_buffer header = {0};
  struct stat info;
  uint64_t size = 0;
  const tensor_spec spec = {.name = "", .dtype = file->dtype, .rank = 2, .shape = {file->rows, file->cols}};
  wlaw_status status = wlaw_npy_write_header(&header, &spec, err);
  file->begin = header.length;
  if (status == WLAW_OK && (__builtin_mul_overflow((uint64_t)file->rows, file->cols, &size) ||
                            __builtin_mul_overflow(size, wlaw_dtype_size(file->dtype), &size) ||
                            __builtin_add_overflow(size, file->begin, &size) || size > INT64_MAX))
    status = wlaw_fail(err, WLAW_LIMIT, "a matrix of %zux%zu numbers is too large for a file", file->rows, file->cols);
  if (status == WLAW_OK) status = lock(file, err);
  if (status == WLAW_OK && fstat(file->fd, &info) != 0) status = wlaw_fail_errno(err, file->partial, "is lost");
  const bool there = status == WLAW_OK && info.st_size > 0 && wlaw_path_exists(file->journal) && !force;
  *steps = 0;
  if (there) status = read_journal(steps, file, err);
  if (status == WLAW_OK && !(there && (uint64_t)info.st_size == size)) {
    *steps = 0;
    status = start(file, &header, size, err);
    if (status != WLAW_OK) unlink(file->partial);
  }
  wlaw_text_free(&header);
  return status;
}

wlaw_status wlaw_matrix_file_open(matrix_file *out, size_t *steps, const char *path, wlaw_dtype dtype, size_t rows,
                                  size_t cols, json_t *made_from, bool force, wlaw_error *err) {
  *out = (matrix_file){.fd = -1, .made_from = made_from, .dtype = dtype, .rows = rows, .cols = cols};
  out->path = wlaw_text_duplicate(path, strlen(path));
  out->partial = with_ending(path, ".partial");
  out->journal = with_ending(path, ".journal");
  wlaw_status status = WLAW_OK;
  if (!out->path || !out->partial || !out->journal || !made_from) status = wlaw_fail_memory(err, strlen(path), 1);
  else status = wlaw_output_check(path, force, err);
  if (status == WLAW_OK) status = begin_or_go_on(out, steps, force, err);
  if (status == WLAW_OK) return WLAW_OK;
  if (!out->path) { /* close goes by the path */
    free(out->partial);
    free(out->journal);
    json_decref(made_from);
  }
  wlaw_matrix_file_close(out);
  return status;
}

wlaw_status wlaw_matrix_file_commit(matrix_file *file, wlaw_error *err) {
  wlaw_status status = WLAW_OK;
  if (fsync(file->fd) != 0) status = wlaw_fail_errno(err, file->partial, "syncing failed");
  if (status == WLAW_OK && rename(file->partial, file->path) != 0)
    status = wlaw_fail_errno(err, file->path, "the finished file cannot be renamed into place");
  /* the name before the journal's end: without a journal a partial file would be begun anew */
  if (status == WLAW_OK) {
    const char *name = wlaw_path_name(file->path);
    char *folder =
        name == file->path ? wlaw_text_duplicate(".", 1) : wlaw_text_duplicate(file->path, (size_t)(name - file->path));
    status = folder ? wlaw_folder_sync(folder, err) : wlaw_fail_memory(err, strlen(file->path), 1);
    free(folder);
  }
  if (status == WLAW_OK) status = wlaw_file_remove(file->journal, err);
  wlaw_matrix_file_close(file);
  return status;
}
