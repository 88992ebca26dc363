/* Writing .npz: a zip archive (PKWARE APPNOTE 6.3.10) of stored members. Written here because libzip takes its members
 * only when the archive is closed, so that everything would have to be held in memory. Sizes are known beforehand; the
 * CRC-32 is put into the local header once the member is complete. Dates are 1980-01-01, so bytes are deterministic. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/npy_header.h"
#include "tensor/writer_format.h"

enum {
  LOCAL_CRC_AT = 14,      /* bytes into a local header */
  VERSION_PLAIN = 20,     /* 2.0 */
  VERSION_ZIP64 = 45,     /* 4.5 */
  UTF8_NAME = 1 << 11,    /* general purpose flag */
  FIRST_DATE = 1 << 5 | 1 /* 1980-01-01 */
};
#define ZIP32_MAX UINT32_MAX /* this value in a 32-bit field says: look into the zip64 extra field */

typedef struct npz_entry {
  uint64_t offset, size;
  uLong crc;
} npz_entry;

/* Little-endian n-byte number. */
static void put_number(text_buffer *out, uint64_t value, int n) {
  for (int k = 0; k < n; k++, value >>= 8) {
    const char byte = (char)(value & 0xFF);
    wlaw_text_add_bytes(out, &byte, 1);
  }
}

static uint32_t clip(uint64_t value) { return value < ZIP32_MAX ? (uint32_t)value : ZIP32_MAX; }

static bool is_ascii(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80) return false;
  return true;
}

/* The fields that local and central headers share, from "version needed" to "file name length". */
static void put_common(text_buffer *out, const npz_entry *entry, const char *name, bool zip64) {
  put_number(out, zip64 ? VERSION_ZIP64 : VERSION_PLAIN, 2);
  put_number(out, is_ascii(name) ? 0 : UTF8_NAME, 2);
  put_number(out, 0, 2); /* stored */
  put_number(out, 0, 2);
  put_number(out, FIRST_DATE, 2);
  put_number(out, entry->crc, 4);
  put_number(out, clip(entry->size), 4);
  put_number(out, clip(entry->size), 4);
  put_number(out, strlen(name) + strlen(".npy"), 2);
}

static wlaw_status put_text(tensor_writer *writer, text_buffer *text, wlaw_error *err) {
  const wlaw_status status =
      text->failed ? wlaw_fail_memory(err, text->length, 1) : wlaw_writer_put(writer, text->bytes, text->length, err);
  wlaw_text_free(text);
  return status;
}

static wlaw_status begin(tensor_writer *writer, const char *const *metadata, wlaw_error *err) {
  (void)metadata;
  for (size_t i = 0; i < writer->n; i++)
    if (strlen(writer->tensors[i].spec.name) > UINT16_MAX - strlen(".npy"))
      return wlaw_fail(err, WLAW_LIMIT, "a tensor name is longer than the 65531 bytes a zip archive takes");
  writer->state = calloc(writer->n + 1, sizeof(npz_entry));
  return writer->state ? WLAW_OK : wlaw_fail_memory(err, writer->n, sizeof(npz_entry));
}

static wlaw_status start(tensor_writer *writer, size_t i, wlaw_error *err) {
  const planned_tensor *tensor = &writer->tensors[i];
  npz_entry *entry = (npz_entry *)writer->state + i;
  text_buffer header = {0}, local = {0};
  const wlaw_status status = wlaw_npy_write_header(&header, &tensor->spec, err);
  if (status != WLAW_OK) {
    wlaw_text_free(&header);
    return wlaw_error_in_tensor(err, status, tensor->spec.name);
  }
  entry->offset = writer->written;
  entry->size = header.length + tensor->bytes; /* below 2^63 + 2^16 */
  entry->crc = crc32(0, (const Bytef *)header.bytes, (uInt)header.length);
  const bool zip64 = entry->size >= ZIP32_MAX;
  put_number(&local, 0x04034b50, 4);
  put_common(&local, entry, tensor->spec.name, zip64);
  put_number(&local, zip64 ? 20 : 0, 2);
  wlaw_text_add(&local, "%s.npy", tensor->spec.name);
  if (zip64) {
    put_number(&local, 1, 2);
    put_number(&local, 16, 2);
    put_number(&local, entry->size, 8);
    put_number(&local, entry->size, 8);
  }
  wlaw_text_add_bytes(&local, header.bytes, header.length);
  wlaw_text_free(&header);
  return put_text(writer, &local, err);
}

static void add(tensor_writer *writer, size_t i, const void *bytes, size_t n) {
  npz_entry *entry = (npz_entry *)writer->state + i;
  entry->crc = crc32_z(entry->crc, bytes, n);
}

static wlaw_status end(tensor_writer *writer, size_t i, wlaw_error *err) {
  const npz_entry *entry = (const npz_entry *)writer->state + i;
  unsigned char crc[4];
  for (int k = 0; k < 4; k++) crc[k] = (unsigned char)(entry->crc >> 8 * k);
  return wlaw_output_rewrite(&writer->file, entry->offset + LOCAL_CRC_AT, crc, sizeof crc, err);
}

static void put_central(text_buffer *out, const npz_entry *entry, const char *name) {
  const bool large = entry->size >= ZIP32_MAX, far = entry->offset >= ZIP32_MAX;
  const uint64_t extra = (large ? 16u : 0u) + (far ? 8u : 0u);
  put_number(out, 0x02014b50, 4);
  put_number(out, VERSION_ZIP64, 2); /* made by */
  put_common(out, entry, name, extra != 0);
  put_number(out, extra ? 4 + extra : 0, 2);
  put_number(out, 0, 2); /* comment */
  put_number(out, 0, 2); /* disk */
  put_number(out, 0, 2); /* internal attributes */
  put_number(out, 0, 4); /* external attributes */
  put_number(out, clip(entry->offset), 4);
  wlaw_text_add(out, "%s.npy", name);
  if (extra) {
    put_number(out, 1, 2);
    put_number(out, extra, 2);
  }
  if (large) {
    put_number(out, entry->size, 8);
    put_number(out, entry->size, 8);
  }
  if (far) put_number(out, entry->offset, 8);
}

/* The end of the central directory, preceded by its zip64 form where a number does not fit. */
static void put_end(text_buffer *out, uint64_t n, uint64_t offset, uint64_t size) {
  if (n >= UINT16_MAX || offset >= ZIP32_MAX || size >= ZIP32_MAX) {
    put_number(out, 0x06064b50, 4);
    put_number(out, 44, 8); /* bytes that follow */
    put_number(out, VERSION_ZIP64, 2);
    put_number(out, VERSION_ZIP64, 2);
    put_number(out, 0, 4);
    put_number(out, 0, 4);
    put_number(out, n, 8);
    put_number(out, n, 8);
    put_number(out, size, 8);
    put_number(out, offset, 8);
    put_number(out, 0x07064b50, 4); /* locator */
    put_number(out, 0, 4);
    put_number(out, offset + size, 8);
    put_number(out, 1, 4);
  }
  put_number(out, 0x06054b50, 4);
  put_number(out, 0, 2);
  put_number(out, 0, 2);
  put_number(out, n < UINT16_MAX ? n : UINT16_MAX, 2);
  put_number(out, n < UINT16_MAX ? n : UINT16_MAX, 2);
  put_number(out, clip(size), 4);
  put_number(out, clip(offset), 4);
  put_number(out, 0, 2); /* comment */
}

static wlaw_status finish(tensor_writer *writer, wlaw_error *err) {
  const npz_entry *entries = writer->state;
  text_buffer directory = {0};
  for (size_t i = 0; i < writer->n; i++) put_central(&directory, &entries[i], writer->tensors[i].spec.name);
  put_end(&directory, writer->n, writer->written, directory.length);
  return put_text(writer, &directory, err);
}

const writer_format wlaw_writer_npz = {
    .ending = ".npz", .begin = begin, .start = start, .add = add, .end = end, .finish = finish};
