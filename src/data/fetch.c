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

/* Has the file at path the published content? A file that cannot be read has not; only lack of memory is a failure. */
static wlaw_status compare_content(bool *same, const char *path, const source_file *file, wlaw_error *err) {
  idx_file held;
  const wlaw_status status = wlaw_idx_read(&held, path, NULL);
  *same = status == WLAW_OK && strcmp(held.sha256, file->sha256) == 0;
  wlaw_idx_free(&held);
  return status == WLAW_MEMORY ? wlaw_fail_memory(err, file->bytes, 1) : WLAW_OK;
}

/* Is the file there already, gzipped or plain, with the published content? A damaged .gz is ours to replace; a plain
 * file was put there by somebody else, and reading prefers it: that one is refused. */
static wlaw_status find_cached(bool *cached, const char *plain, const char *packed, const source_file *file,
                               wlaw_error *err) {
  *cached = false;
  if (wlaw_path_exists(plain)) {
    WLAW_TRY(compare_content(cached, plain, file, err));
    if (*cached) return WLAW_OK;
    wlaw_fail(err, WLAW_EXISTS, "this file is not the published one");
    return wlaw_error_in_file(err, wlaw_error_add_hint(err, WLAW_EXISTS, "remove it, then fetch again"), plain);
  }
  return wlaw_path_exists(packed) ? compare_content(cached, packed, file, err) : WLAW_OK;
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

/* Fetches one file unless the cache holds it. */
static wlaw_status bring_file(bool *brought, const source_file *file, const char *folder, const char *const *mirrors,
                              bool allow_http, wlaw_monitor *monitor, wlaw_error *err) {
  bool cached = false;
  text_buffer name = {0};
  wlaw_text_add(&name, "%s.gz", file->name);
  char *plain = wlaw_path_join(folder, file->name);
  char *packed = name.failed ? NULL : wlaw_path_join(folder, wlaw_text_string(&name));
  wlaw_status status = plain && packed ? find_cached(&cached, plain, packed, file, err)
                                       : wlaw_fail_memory(err, strlen(folder) + strlen(file->name), 1);
  if (status == WLAW_OK && !cached) status = wlaw_folder_make(folder, err);
  if (status == WLAW_OK && !cached) status = fetch_file(file, packed, mirrors, allow_http, monitor, err);
  *brought = status == WLAW_OK && !cached;
  wlaw_text_free(&name);
  free(plain);
  free(packed);
  return status;
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
  char *folder = wlaw_path_join(cache, source->name);
  if (!folder) return wlaw_fail_memory(err, strlen(cache), 1);
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < source->n_files && status == WLAW_OK; i++) {
    bool came = false;
    if (monitor) {
      monitor->what = source->files[i].name;
      monitor->from = (double)i / (double)source->n_files;
      monitor->span = 1.0 / (double)source->n_files;
    }
    status =
        bring_file(&came, &source->files[i], folder, mirror ? named : source->mirrors, mirror != NULL, monitor, err);
    *brought += came;
  }
  free(folder);
  return status;
}
