/* Files: outputs that appear whole or not at all, reads that notice a short file, folders and paths. */
#ifndef WLAW_CORE_FILE_H
#define WLAW_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

/* A file being written as PATH.partial, renamed to PATH when committed. Buffered. */
typedef struct output_file {
  int fd;
  char *path, *partial;
  unsigned char *buffer;
  size_t used;
} output_file;

/* Before the work starts: WLAW_EXISTS where PATH is there and not to be replaced, WLAW_ARGUMENT where it is there and
 * no regular file. */
wlaw_status wlaw_output_check(const char *path, bool force, wlaw_error *err);
/* Opens PATH.partial (an older one is overwritten). A PATH that is there and is no regular file is WLAW_ARGUMENT. On
 * failure *out needs no discard. */
wlaw_status wlaw_output_open(output_file *out, const char *path, wlaw_error *err);
/* WLAW_IO where its file system has less than `bytes` free, before hours go into filling it. Reserves nothing. */
wlaw_status wlaw_output_expect(const output_file *out, uint64_t bytes, wlaw_error *err);
wlaw_status wlaw_output_write(output_file *out, const void *bytes, size_t n, wlaw_error *err);
/* Leaves a gap of n bytes, zeros until something is written there. */
wlaw_status wlaw_output_skip(output_file *out, uint64_t n, wlaw_error *err);
/* Overwrites bytes already written, such as a checksum known only afterwards, or fills a gap. */
wlaw_status wlaw_output_rewrite(output_file *out, uint64_t offset, const void *bytes, size_t n, wlaw_error *err);
/* Flush, fsync, rename over PATH, fsync the folder. Always releases *out; on failure nothing is left behind. */
wlaw_status wlaw_output_commit(output_file *out, wlaw_error *err);
/* Removes the partial file. Safe after a failed commit and on a zeroed struct. */
void wlaw_output_discard(output_file *out);
/* The four calls above for n bytes in memory. */
wlaw_status wlaw_output_whole(const char *path, const void *bytes, size_t n, wlaw_error *err);

/* An open input: size when opened. */
typedef struct input_file {
  int fd;
  uint64_t size;
  char *path;
} input_file;

/* Regular files only: a folder, a pipe or a device is WLAW_IO, like a file that is not there. */
wlaw_status wlaw_input_open(input_file *in, const char *path, wlaw_error *err);
/* Exactly n bytes at offset; a short file is WLAW_FORMAT with the byte where it ends. */
wlaw_status wlaw_input_read(const input_file *in, uint64_t offset, void *out, size_t n, wlaw_error *err);
void wlaw_input_close(input_file *in); /* safe on a zeroed struct */
/* The whole file with a NUL appended; files over limit bytes are WLAW_LIMIT. Caller frees. */
wlaw_status wlaw_input_whole(char **bytes, size_t *n, const char *path, size_t limit, wlaw_error *err);

bool wlaw_path_is_folder(const char *path);
bool wlaw_path_exists(const char *path);
/* "folder/name" (caller frees), or NULL when out of memory. */
char *wlaw_path_join(const char *folder, const char *name);
/* "name" in the folder of the file at path (caller frees), or NULL when out of memory. */
char *wlaw_path_beside(const char *path, const char *name);
/* The part after the last '/'. */
const char *wlaw_path_name(const char *path);
/* mkdir -p; an existing folder is fine. */
wlaw_status wlaw_folder_make(const char *path, wlaw_error *err);
/* fsync of a file, or of a folder: of the names in it. */
wlaw_status wlaw_file_sync(const char *path, wlaw_error *err);
wlaw_status wlaw_folder_sync(const char *path, wlaw_error *err);
/* Deletes a file; one that is not there is fine. */
wlaw_status wlaw_file_remove(const char *path, wlaw_error *err);

#endif
