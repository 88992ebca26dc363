/* Reading zip archives (PKWARE APPNOTE 6.3.10, zip64 included): where each member's bytes lie in the file, for those
 * that are stored, and any member as a stream that is unpacked forwards and checked (tensor/packed.h). Names are never
 * used as paths. libzip is not used: it does not tell where in the file a member lies, which reading in place needs. */
#ifndef WLAW_TENSOR_ZIP_ARCHIVE_H
#define WLAW_TENSOR_ZIP_ARCHIVE_H

#include <zlib.h>

#include "core/file.h"
#include "tensor/packed.h"

enum { ZIP_INPUT_BYTES = 1 << 16 };

typedef struct zip_member {
  char *name;          /* untrusted, NUL-terminated, no NUL inside */
  uint64_t size;       /* unpacked, as stated */
  uint64_t packed;     /* bytes in the file */
  uint64_t offset;     /* of them */
  uint64_t header;     /* offset of the member's own header */
  uint32_t crc;        /* of the unpacked bytes, as stated */
  bool stored;         /* as it is: `size` bytes at offset */
  bool verified;       /* unpacked once to the end, and right */
  const char *refusal; /* NULL, or why it cannot be unpacked: "the member is encrypted" */
} zip_member;

typedef struct zip_archive {
  const input_file *file;
  zip_member *members; /* in the order of the directory */
  size_t n;
  zip_member **by_name; /* [n], sorted */
  zip_member *current;  /* the one that the stream unpacks, or NULL */
  packed_stream stream;
  z_stream zlib;
  bool zlib_live, ended; /* zlib's state exists; the deflated data came to their end */
  uint64_t read;         /* packed bytes of current taken in */
  uint32_t crc;          /* of what was unpacked so far */
  unsigned char input[ZIP_INPUT_BYTES];
} zip_archive;

/* A local file header, or the end of an empty archive. */
bool wlaw_zip_recognise(const unsigned char *head, size_t n);

/* Reads the directory and every member's own header, and checks that they agree, that each member lies before the
 * directory, that no two overlap and that no name stands twice. `file` must outlive the archive. */
wlaw_status wlaw_zip_open(zip_archive **out, const input_file *file, wlaw_error *err);
void wlaw_zip_close(zip_archive *archive); /* NULL allowed */

/* The member of this name, or NULL. */
zip_member *wlaw_zip_find(const zip_archive *archive, const char *name);
/* The first member called `name`, or `name` within a folder: "data.pkl" finds "archive/data.pkl". NULL: none. */
zip_member *wlaw_zip_find_last_part(const zip_archive *archive, const char *name);

/* Fails where the member cannot be unpacked, or its stated size is not what its packed bytes can hold. */
wlaw_status wlaw_zip_check(const zip_member *member, wlaw_error *err);
/* n unpacked bytes from position `from` of a checked member; from + n <= size. The whole member is unpacked and its
 * CRC-32 compared before its first byte is returned. One thread at a time. */
wlaw_status wlaw_zip_read(zip_archive *archive, zip_member *member, uint64_t from, void *out, size_t n,
                          wlaw_error *err);
/* The first n bytes, not verified; *got < n only where the member ends. */
wlaw_status wlaw_zip_peek(zip_archive *archive, zip_member *member, void *out, size_t n, size_t *got, wlaw_error *err);

#endif
