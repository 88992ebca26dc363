/* Bringing a named set into the cache: each file is downloaded, unpacked and compared with its published digest in
 * memory, and only then written, under a temporary name first. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "data/download.h"
#include "data/idx_file.h"
#include "data/source.h"

/* "PATH.gz" in the cache. */
static char *cached_path(const char *folder, const source_file *file) {
  text_buffer name = {0};
  wlaw_text_add(&name, "%s.gz", file->name);
  char *path = name.failed ? NULL : wlaw_path_join(folder, wlaw_text_string(&name));
  wlaw_text_free(&name);
  return path;
}

/* Is the file there already, with the published content? */
static bool is_cached(const char *path, const source_file *file) {
  if (!wlaw_path_exists(path)) return false;
  idx_file held;
  const bool same = wlaw_idx_read(&held, path, NULL) == WLAW_OK && strcmp(held.sha256, file->sha256) == 0;
  wlaw_idx_free(&held);
  return same;
}

/* Unpacks one gzip member of exactly file->bytes and compares its digest. */
static wlaw_status check_content(const source_file *file, unsigned char *packed, size_t n, const char *url,
                                 wlaw_error *err) {
  const size_t room = file->bytes + 1; /* one more than expected: too long a content shows */
  unsigned char *raw = malloc(room);
  char sha256[65] = "";
  if (!raw) return wlaw_fail_memory(err, room, 1);
  z_stream stream = {.next_in = packed, .avail_in = (uInt)n, .next_out = raw, .avail_out = (uInt)room};
  bool unpacked = n <= UINT32_MAX && room <= UINT32_MAX && inflateInit2(&stream, 15 + 16) == Z_OK;
  if (unpacked) {
    unpacked = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == file->bytes;
    inflateEnd(&stream);
  }
  wlaw_status status = unpacked ? wlaw_hash_bytes(sha256, raw, file->bytes, err) : WLAW_OK;
  free(raw);
  if (status == WLAW_OK && strcmp(sha256, file->sha256) != 0)
    status = wlaw_fail(err, WLAW_NETWORK, "%s sends something else than the published %s", url, file->name);
  return status;
}

static wlaw_status fetch_from(const source_file *file, const char *path, const char *mirror, bool allow_http,
                              wlaw_monitor *monitor, wlaw_error *err) {
  text_buffer url = {0};
  const size_t length = strlen(mirror);
  wlaw_text_add(&url, "%s%s%s.gz", mirror, length && mirror[length - 1] == '/' ? "" : "/", file->name);
  unsigned char *packed = NULL;
  size_t n = 0;
  /* gzip makes nothing longer by more than a fraction */
  const size_t limit = file->bytes + file->bytes / 100 + 4096;
  wlaw_status status = url.failed ? wlaw_fail_memory(err, url.length, 1) : WLAW_OK;
  if (status == WLAW_OK) status = wlaw_download(&packed, &n, wlaw_text_string(&url), limit, allow_http, monitor, err);
  if (status == WLAW_OK) status = check_content(file, packed, n, wlaw_text_string(&url), err);
  if (status == WLAW_OK) status = wlaw_output_whole(path, packed, n, err);
  free(packed);
  wlaw_text_free(&url);
  return status;
}

/* One mirror after the other, as long as the trouble is theirs. */
static wlaw_status fetch_file(const source_file *file, const char *path, const char *const *mirrors, bool allow_http,
                              wlaw_monitor *monitor, wlaw_error *err) {
  wlaw_status status = WLAW_NETWORK;
  for (size_t i = 0; mirrors[i]; i++) {
    status = fetch_from(file, path, mirrors[i], allow_http, monitor, err);
    if (status != WLAW_NETWORK && status != WLAW_LIMIT) return status;
  }
  wlaw_error_add_hint(err, status,
                      "check the network, name another mirror with --mirror, or give a folder of the files");
  return status;
}

static wlaw_status check_fetchable(const dataset_source *source, wlaw_error *err) {
  if (source->files) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "the data set '%s' is not one to fetch", source->name);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "%s", source->how);
}

wlaw_status wlaw_dataset_fetch(size_t *brought, const dataset_source *source, const char *cache, const char *mirror,
                               wlaw_monitor *monitor, wlaw_error *err) {
  *brought = 0;
  WLAW_TRY(check_fetchable(source, err));
  if (!cache || !*cache) {
    wlaw_fail(err, WLAW_ARGUMENT, "there is no cache folder to fetch into");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "name one with --cache");
  }
  const char *const named[] = {mirror, NULL};
  const char *const *mirrors = mirror ? named : source->mirrors;
  char *folder = wlaw_path_join(cache, source->name);
  if (!folder) return wlaw_fail_memory(err, strlen(cache), 1);
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < source->n_files && status == WLAW_OK; i++) {
    if (monitor) {
      monitor->what = source->files[i].name;
      monitor->from = (double)i / (double)source->n_files;
      monitor->span = 1.0 / (double)source->n_files;
    }
    char *path = cached_path(folder, &source->files[i]);
    if (!path) status = wlaw_fail_memory(err, strlen(folder), 1);
    else if (!is_cached(path, &source->files[i])) {
      status = wlaw_folder_make(folder, err);
      if (status == WLAW_OK) status = fetch_file(&source->files[i], path, mirrors, mirror != NULL, monitor, err);
      *brought += status == WLAW_OK;
    }
    free(path);
  }
  free(folder);
  return status;
}
