#include "tensor/zip_archive.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

enum {
  END_BYTES = 22, /* end of central directory record, without its comment */
  LARGEST_COMMENT = 65535,
  LOCATOR_BYTES = 20, /* of the zip64 end record */
  END64_BYTES = 56,
  ENTRY_BYTES = 46,           /* of the directory, without name, extra fields and comment */
  LOCAL_BYTES = 30,           /* a member's own header, likewise */
  LARGEST_DIRECTORY = 1 << 28 /* bytes: millions of members; more is no file of tensors */
};

static uint64_t number(const unsigned char *at, size_t n) {
  uint64_t value = 0;
  while (n-- > 0) value = value << 8 | at[n];
  return value;
}

bool wlaw_zip_recognise(const unsigned char *head, size_t n) {
  return n >= 4 && (number(head, 4) == 0x04034b50 || number(head, 4) == 0x06054b50);
}

static wlaw_status fail_directory(wlaw_error *err, const char *what) {
  return wlaw_fail(err, WLAW_FORMAT, "the zip archive's directory is damaged: %s", what);
}

/* Where the directory lies, and how many entries it has. */
typedef struct directory {
  uint64_t offset, size, n, end; /* end: where the end records begin */
} directory;

static wlaw_status read_end64(directory *d, const input_file *file, const unsigned char *locator, wlaw_error *err) {
  unsigned char end[END64_BYTES];
  const uint64_t at = number(locator + 8, 8);
  if (at > file->size || file->size - at < sizeof end) return fail_directory(err, "its zip64 end record is not there");
  WLAW_TRY(wlaw_input_read(file, at, end, sizeof end, err));
  if (number(end, 4) != 0x06064b50) return fail_directory(err, "its zip64 end record is not there");
  *d = (directory){.offset = number(end + 48, 8), .size = number(end + 40, 8), .n = number(end + 32, 8), .end = at};
  if (number(end + 16, 4) != 0 || number(end + 24, 8) != d->n) return fail_directory(err, "it spans several disks");
  return WLAW_OK;
}

/* From the end record at byte `at` of the file, tail[k]. */
static wlaw_status read_end(directory *d, const input_file *file, const unsigned char *tail, size_t k, uint64_t at,
                            wlaw_error *err) {
  const unsigned char *end = tail + k;
  *d = (directory){.offset = number(end + 16, 4), .size = number(end + 12, 4), .n = number(end + 10, 2), .end = at};
  if (k >= LOCATOR_BYTES && number(end - LOCATOR_BYTES, 4) == 0x07064b50)
    WLAW_TRY(read_end64(d, file, end - LOCATOR_BYTES, err));
  else if (number(end + 4, 2) != 0 || number(end + 8, 2) != d->n) return fail_directory(err, "it spans several disks");
  if (d->size > d->end || d->offset != d->end - d->size) return fail_directory(err, "it is not where it should be");
  if (d->n > d->size / ENTRY_BYTES) return fail_directory(err, "it states more members than it has room for");
  if (d->size > LARGEST_DIRECTORY)
    return wlaw_fail(err, WLAW_LIMIT, "the zip archive's directory has %llu bytes, at most %d are read",
                     (unsigned long long)d->size, LARGEST_DIRECTORY);
  return WLAW_OK;
}

static wlaw_status find_directory(directory *d, const input_file *file, wlaw_error *err) {
  const size_t most = END_BYTES + LARGEST_COMMENT + LOCATOR_BYTES;
  const size_t n = file->size < most ? (size_t)file->size : most;
  unsigned char *tail = malloc(n + 1);
  if (!tail) return wlaw_fail_memory(err, n, 1);
  wlaw_status status = wlaw_input_read(file, file->size - n, tail, n, err);
  size_t k = n < END_BYTES ? 0 : n - END_BYTES + 1;
  bool found = false;
  while (status == WLAW_OK && !found && k-- > 0)
    found = number(tail + k, 4) == 0x06054b50 && number(tail + k + 20, 2) == n - k - END_BYTES;
  if (status == WLAW_OK && !found)
    status = wlaw_fail(err, WLAW_FORMAT, "the zip archive has no central directory: it is cut off, or no zip archive");
  if (status == WLAW_OK) status = read_end(d, file, tail, k, file->size - n + k, err);
  free(tail);
  return status;
}

/* Sizes and offsets that do not fit 32 bits stand in the extra field 1, in this order. */
static wlaw_status read_zip64(zip_member *member, uint64_t *local, const unsigned char *extra, size_t n,
                              wlaw_error *err) {
  uint64_t *const wide[] = {&member->size, &member->packed, local};
  for (size_t at = 0; n - at >= 4;) {
    const size_t id = (size_t)number(extra + at, 2), length = (size_t)number(extra + at + 2, 2);
    if (length > n - at - 4) break;
    const unsigned char *value = extra + at + 4, *const stop = value + length;
    for (size_t k = 0; id == 1 && k < 3; k++) {
      if (*wide[k] != UINT32_MAX) continue;
      if (stop - value < 8) return fail_directory(err, "a 64-bit size is missing");
      *wide[k] = number(value, 8);
      value += 8;
    }
    at += 4 + length;
  }
  return WLAW_OK;
}

/* The member's own header must tell of the same member, and its bytes end before the directory begins. */
static wlaw_status read_local(zip_member *member, const input_file *file, uint64_t local, unsigned method,
                              uint64_t directory_offset, wlaw_error *err) {
  const size_t length = strlen(member->name);
  unsigned char head[LOCAL_BYTES];
  if (local > directory_offset || directory_offset - local < LOCAL_BYTES + length)
    return fail_directory(err, "a member lies outside the file");
  WLAW_TRY(wlaw_input_read(file, local, head, sizeof head, err));
  if (number(head, 4) != 0x04034b50 || number(head + 8, 2) != method || number(head + 26, 2) != length)
    return fail_directory(err, "a member's own header tells otherwise");
  char *name = malloc(length + 1);
  if (!name) return wlaw_fail_memory(err, length, 1);
  wlaw_status status = wlaw_input_read(file, local + LOCAL_BYTES, name, length, err);
  if (status == WLAW_OK && memcmp(name, member->name, length) != 0)
    status = fail_directory(err, "a member's own header tells another name");
  free(name);
  member->header = local;
  member->offset = local + LOCAL_BYTES + length + number(head + 28, 2);
  if (status == WLAW_OK && (member->offset > directory_offset || member->packed > directory_offset - member->offset))
    status = fail_directory(err, "a member's bytes lie outside the file");
  return status;
}

/* The entry at `at`, of `left` bytes of directory. *used: its length. */
static wlaw_status read_entry(zip_archive *archive, const unsigned char *at, size_t left, size_t *used,
                              uint64_t directory_offset, wlaw_error *err) {
  if (left < ENTRY_BYTES || number(at, 4) != 0x02014b50) return fail_directory(err, "an entry is not there");
  const size_t length = (size_t)number(at + 28, 2), extra = (size_t)number(at + 30, 2);
  *used = ENTRY_BYTES + length + extra + (size_t)number(at + 32, 2);
  if (*used > left) return fail_directory(err, "an entry is cut off");
  const char *name = (const char *)at + ENTRY_BYTES;
  if (memchr(name, '\0', length)) return fail_directory(err, "a name has a NUL in it");
  zip_member *member = &archive->members[archive->n];
  const unsigned flags = (unsigned)number(at + 8, 2), method = (unsigned)number(at + 10, 2);
  *member = (zip_member){.size = number(at + 24, 4), .packed = number(at + 20, 4), .crc = (uint32_t)number(at + 16, 4)};
  uint64_t local = number(at + 42, 4);
  WLAW_TRY(read_zip64(member, &local, at + ENTRY_BYTES + length, extra, err));
  member->stored = method == 0;
  if (flags & 1u) member->refusal = "the member is encrypted";
  else if (method != 0 && method != 8) member->refusal = "the member is compressed by another method than deflate";
  member->name = wlaw_text_duplicate(name, length);
  if (!member->name) return wlaw_fail_memory(err, length, 1);
  archive->n++;
  return read_local(member, archive->file, local, method, directory_offset, err);
}

static int compare_names(const void *a, const void *b) {
  return strcmp((*(zip_member *const *)a)->name, (*(zip_member *const *)b)->name);
}

static int compare_places(const void *a, const void *b) {
  const uint64_t x = (*(zip_member *const *)a)->header, y = (*(zip_member *const *)b)->header;
  return (x > y) - (x < y);
}

/* A small file whose members share their bytes would unpack to any size (D. Fifield, "A better zip bomb", 2019). */
static wlaw_status check_apart(zip_archive *archive, wlaw_error *err) {
  qsort(archive->by_name, archive->n, sizeof *archive->by_name, compare_places);
  for (size_t k = 1; k < archive->n; k++) {
    const zip_member *before = archive->by_name[k - 1], *member = archive->by_name[k];
    if (member->header < before->offset || member->header - before->offset < before->packed)
      return wlaw_fail(err, WLAW_FORMAT, "the zip archive's members '%s' and '%s' overlap", before->name, member->name);
  }
  return WLAW_OK;
}

static wlaw_status sort_names(zip_archive *archive, wlaw_error *err) {
  for (size_t k = 0; k < archive->n; k++) archive->by_name[k] = &archive->members[k];
  WLAW_TRY(check_apart(archive, err));
  qsort(archive->by_name, archive->n, sizeof *archive->by_name, compare_names);
  for (size_t k = 1; k < archive->n; k++)
    if (compare_names(&archive->by_name[k - 1], &archive->by_name[k]) == 0)
      return wlaw_fail(err, WLAW_FORMAT, "the zip archive has two members of one name, '%s'",
                       archive->by_name[k]->name);
  return WLAW_OK;
}

static wlaw_status read_directory(zip_archive *archive, wlaw_error *err) {
  directory d = {0};
  WLAW_TRY(find_directory(&d, archive->file, err));
  archive->members = calloc((size_t)d.n + 1, sizeof *archive->members);
  archive->by_name = calloc((size_t)d.n + 1, sizeof(zip_member *));
  unsigned char *bytes = malloc((size_t)d.size + 1);
  wlaw_status status =
      archive->members && archive->by_name && bytes ? WLAW_OK : wlaw_fail_memory(err, (size_t)d.size, 1);
  if (status == WLAW_OK) status = wlaw_input_read(archive->file, d.offset, bytes, (size_t)d.size, err);
  size_t at = 0, used = 0;
  for (uint64_t k = 0; k < d.n && status == WLAW_OK; k++, at += used)
    status = read_entry(archive, bytes + at, (size_t)d.size - at, &used, d.offset, err);
  if (status == WLAW_OK && at != d.size) status = fail_directory(err, "it states fewer members than it has");
  free(bytes);
  return status == WLAW_OK ? sort_names(archive, err) : status;
}

wlaw_status wlaw_zip_open(zip_archive **out, const input_file *file, wlaw_error *err) {
  zip_archive *archive = calloc(1, sizeof *archive);
  if (!archive) return wlaw_fail_memory(err, 1, sizeof *archive);
  archive->file = file;
  const wlaw_status status = read_directory(archive, err);
  if (status == WLAW_OK) *out = archive;
  else wlaw_zip_close(archive);
  return status;
}

void wlaw_zip_close(zip_archive *archive) {
  if (!archive) return;
  if (archive->zlib_live) inflateEnd(&archive->zlib);
  for (size_t k = 0; k < archive->n; k++) free(archive->members[k].name);
  free(archive->members);
  free(archive->by_name);
  free(archive);
}

zip_member *wlaw_zip_find(const zip_archive *archive, const char *name) {
  size_t low = 0, high = archive->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = strcmp(archive->by_name[middle]->name, name);
    if (order == 0) return archive->by_name[middle];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

zip_member *wlaw_zip_find_last_part(const zip_archive *archive, const char *name) {
  for (size_t k = 0; k < archive->n; k++)
    if (strcmp(wlaw_path_name(archive->members[k].name), name) == 0) return &archive->members[k];
  return NULL;
}

wlaw_status wlaw_zip_check(const zip_member *member, wlaw_error *err) {
  if (member->refusal) return wlaw_fail(err, WLAW_UNSUPPORTED, "%s", member->refusal);
  if (member->stored ? member->size != member->packed : !wlaw_packed_plausible(member->size, member->packed))
    return wlaw_fail(err, WLAW_FORMAT, "%llu bytes are stated, which %llu packed bytes cannot hold",
                     (unsigned long long)member->size, (unsigned long long)member->packed);
  return WLAW_OK;
}

/* The current member as a packed_source. */
static wlaw_status start(void *context, wlaw_error *err) {
  zip_archive *archive = context;
  archive->read = 0;
  archive->ended = false;
  archive->crc = (uint32_t)crc32(0, NULL, 0);
  archive->zlib.avail_in = 0;
  if (archive->zlib_live) {
    inflateReset(&archive->zlib);
    return WLAW_OK;
  }
  /* negative: deflated data without a header (zlib's manual) */
  if (inflateInit2(&archive->zlib, -15) != Z_OK) return wlaw_fail_memory(err, 1, 1 << 15);
  archive->zlib_live = true;
  return WLAW_OK;
}

static wlaw_status fail_member(const zip_archive *archive, const char *what, wlaw_error *err) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the zip archive: %s", what),
                            archive->current->offset + archive->read - archive->zlib.avail_in);
}

static wlaw_status unpack_stored(zip_archive *archive, void *out, size_t n, size_t *got, wlaw_error *err) {
  const uint64_t left = archive->current->packed - archive->read;
  *got = left < n ? (size_t)left : n;
  WLAW_TRY(wlaw_input_read(archive->file, archive->current->offset + archive->read, out, *got, err));
  archive->read += *got;
  return WLAW_OK;
}

static wlaw_status take_input(zip_archive *archive, wlaw_error *err) {
  const uint64_t left = archive->current->packed - archive->read;
  const size_t n = left < ZIP_INPUT_BYTES ? (size_t)left : ZIP_INPUT_BYTES;
  WLAW_TRY(wlaw_input_read(archive->file, archive->current->offset + archive->read, archive->input, n, err));
  archive->read += n;
  archive->zlib.next_in = archive->input;
  archive->zlib.avail_in = (uInt)n;
  return WLAW_OK;
}

static wlaw_status unpack_deflated(zip_archive *archive, void *out, size_t n, size_t *got, wlaw_error *err) {
  z_stream *zlib = &archive->zlib;
  const uInt wanted = n < (1u << 30) ? (uInt)n : (1u << 30);
  zlib->next_out = out;
  zlib->avail_out = wanted;
  while (zlib->avail_out && !archive->ended) {
    if (zlib->avail_in == 0 && archive->read < archive->current->packed) WLAW_TRY(take_input(archive, err));
    const int code = inflate(zlib, Z_NO_FLUSH);
    archive->ended = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR) return wlaw_fail_memory(err, 1, 1 << 15);
    if (code == Z_BUF_ERROR) return fail_member(archive, "the compressed data are cut off", err);
    if (code != Z_OK && code != Z_STREAM_END)
      return fail_member(archive, zlib->msg ? zlib->msg : "the compressed data are damaged", err);
  }
  *got = wanted - zlib->avail_out;
  return WLAW_OK;
}

static wlaw_status check_end(const zip_archive *archive, wlaw_error *err) {
  if (archive->read - archive->zlib.avail_in != archive->current->packed)
    return fail_member(archive, "the compressed data end before the member does", err);
  if (archive->crc != archive->current->crc)
    return fail_member(archive, "the CRC-32 of a member is not what is stated", err);
  return WLAW_OK;
}

static wlaw_status next(void *context, void *out, size_t n, size_t *got, wlaw_error *err) {
  zip_archive *archive = context;
  WLAW_TRY(archive->current->stored ? unpack_stored(archive, out, n, got, err)
                                    : unpack_deflated(archive, out, n, got, err));
  if (*got == 0 && n > 0) return check_end(archive, err);
  for (size_t done = 0; done < *got;) { /* zlib counts in unsigned int */
    const size_t piece = *got - done < 1u << 30 ? *got - done : 1u << 30;
    archive->crc = (uint32_t)crc32(archive->crc, (const unsigned char *)out + done, (uInt)piece);
    done += piece;
  }
  return WLAW_OK;
}

static const packed_source member_source = {start, next};

static void select_member(zip_archive *archive, zip_member *member) {
  if (archive->current == member) return;
  archive->current = member;
  archive->stream =
      (packed_stream){.source = &member_source, .context = archive, .size = member->size, .verified = member->verified};
}

wlaw_status wlaw_zip_read(zip_archive *archive, zip_member *member, uint64_t from, void *out, size_t n,
                          wlaw_error *err) {
  select_member(archive, member);
  const wlaw_status status = wlaw_packed_read(&archive->stream, from, out, n, err);
  member->verified = archive->stream.verified;
  return status;
}

wlaw_status wlaw_zip_peek(zip_archive *archive, zip_member *member, void *out, size_t n, size_t *got, wlaw_error *err) {
  select_member(archive, member);
  WLAW_TRY(wlaw_packed_start(&archive->stream, err));
  return wlaw_packed_next(&archive->stream, out, n, got, err);
}
