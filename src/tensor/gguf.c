/* GGUF, versions 2 and 3: a directory of metadata and tensors, then the tensors' data at multiples of an alignment.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Counts and lengths are held against what is left
 * of the file before anything is reserved for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/cursor.h"
#include "tensor/encoding.h"

enum {
  LONGEST_KEY = 65535,
  LONGEST_NAME = 63,
  MOST_DIMENSIONS = 4,
  DEFAULT_ALIGNMENT = 32,
  DEEPEST_ARRAY = 4,    /* nested arrays are allowed by the format, and used by nobody */
  SMALLEST_KEY = 14,    /* bytes: length, one letter, type, one byte of value */
  SMALLEST_TENSOR = 24, /* bytes: length, number of dimensions, type, offset */
  VALUE_BOOL = 7,       /* types of metadata */
  VALUE_STRING = 8,
  VALUE_ARRAY = 9
};

/* Bytes of the metadata's types; 0: no fixed size. */
static const unsigned char value_bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
enum { N_VALUE_TYPES = sizeof value_bytes, UNSIGNED_TYPES = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 10 };

/* Types of tensors: elements and bytes of a block. Those that are neither a dtype nor known to encoding.c are listed
 * with a note. */
static const struct {
  unsigned id;
  const char *name;
  unsigned elements, bytes;
  wlaw_dtype dtype;
} types[] = {
    {0, "f32", 1, 4, WLAW_F32},
    {1, "f16", 1, 2, WLAW_F16},
    {2, "q4_0", 32, 18, WLAW_DTYPE_COUNT},
    {3, "q4_1", 32, 20, WLAW_DTYPE_COUNT},
    {6, "q5_0", 32, 22, WLAW_DTYPE_COUNT},
    {7, "q5_1", 32, 24, WLAW_DTYPE_COUNT},
    {8, "q8_0", 32, 34, WLAW_DTYPE_COUNT},
    {9, "q8_1", 32, 36, WLAW_DTYPE_COUNT},
    {10, "q2_K", 256, 84, WLAW_DTYPE_COUNT},
    {11, "q3_K", 256, 110, WLAW_DTYPE_COUNT},
    {12, "q4_K", 256, 144, WLAW_DTYPE_COUNT},
    {13, "q5_K", 256, 176, WLAW_DTYPE_COUNT},
    {14, "q6_K", 256, 210, WLAW_DTYPE_COUNT},
    {15, "q8_K", 256, 292, WLAW_DTYPE_COUNT},
    {16, "iq2_xxs", 256, 66, WLAW_DTYPE_COUNT},
    {17, "iq2_xs", 256, 74, WLAW_DTYPE_COUNT},
    {18, "iq3_xxs", 256, 98, WLAW_DTYPE_COUNT},
    {19, "iq1_s", 256, 50, WLAW_DTYPE_COUNT},
    {20, "iq4_nl", 32, 18, WLAW_DTYPE_COUNT},
    {21, "iq3_s", 256, 110, WLAW_DTYPE_COUNT},
    {22, "iq2_s", 256, 82, WLAW_DTYPE_COUNT},
    {23, "iq4_xs", 256, 136, WLAW_DTYPE_COUNT},
    {24, "i8", 1, 1, WLAW_I8},
    {25, "i16", 1, 2, WLAW_I16},
    {26, "i32", 1, 4, WLAW_I32},
    {27, "i64", 1, 8, WLAW_I64},
    {28, "f64", 1, 8, WLAW_F64},
    {29, "iq1_m", 256, 56, WLAW_DTYPE_COUNT},
    {30, "bf16", 1, 2, WLAW_BF16},
    {34, "tq1_0", 256, 54, WLAW_DTYPE_COUNT},
    {35, "tq2_0", 256, 66, WLAW_DTYPE_COUNT},
    {39, "mxfp4", 32, 17, WLAW_DTYPE_COUNT},
    {40, "nvfp4", 64, 36, WLAW_DTYPE_COUNT},
    {41, "q1_0", 128, 18, WLAW_DTYPE_COUNT},
};

/* The metadata that are of use here: the keys, and the numbers among the values. */
typedef struct metadata {
  size_t n;
  char **keys;       /* [n] */
  uint64_t *numbers; /* [n]; 0 where the value is no unsigned integer */
  char *architecture;
  uint64_t alignment;
} metadata;

static wlaw_status fail_at(uint64_t byte, wlaw_error *err, const char *what) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "%s", what), byte);
}

/* "n ENTRIES are stated" must fit what is left of the file. */
static wlaw_status check_count(const file_cursor *cursor, uint64_t n, uint64_t smallest, const char *entries,
                               wlaw_error *err) {
  const uint64_t left = cursor->file->size - cursor->at;
  if (n <= left / smallest) return WLAW_OK;
  return wlaw_error_at_byte(err,
                            wlaw_fail(err, WLAW_FORMAT, "%llu %s are stated, and %llu bytes follow",
                                      (unsigned long long)n, entries, (unsigned long long)left),
                            cursor->at);
}

static wlaw_status read_text(file_cursor *cursor, char **out, uint64_t longest, const char *what, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  uint64_t n;
  WLAW_TRY(wlaw_cursor_integer(cursor, &n, 8, err));
  if (n > longest)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "%s of %llu bytes is stated, the format allows %llu", what,
                                        (unsigned long long)n, (unsigned long long)longest),
                              begin);
  return wlaw_cursor_text(cursor, out, n, err);
}

static wlaw_status skip_text(file_cursor *cursor, wlaw_error *err) {
  uint64_t n;
  WLAW_TRY(wlaw_cursor_integer(cursor, &n, 8, err));
  return wlaw_cursor_skip(cursor, n, err);
}

static wlaw_status read_value_type(file_cursor *cursor, uint64_t *type, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  WLAW_TRY(wlaw_cursor_integer(cursor, type, 4, err));
  return *type < N_VALUE_TYPES ? WLAW_OK : fail_at(begin, err, "a metadata value has a type the format does not have");
}

static wlaw_status skip_array(file_cursor *cursor, unsigned depth, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  if (depth > DEEPEST_ARRAY) return fail_at(begin, err, "arrays of metadata are nested too deeply");
  uint64_t type, n, bytes;
  WLAW_TRY(read_value_type(cursor, &type, err));
  WLAW_TRY(wlaw_cursor_integer(cursor, &n, 8, err));
  if (value_bytes[type]) {
    if (__builtin_mul_overflow(n, (uint64_t)value_bytes[type], &bytes))
      return fail_at(begin, err, "an array of metadata has 2^64 bytes or more");
    return wlaw_cursor_skip(cursor, bytes, err);
  }
  WLAW_TRY(check_count(cursor, n, 8, "texts or arrays", err));
  for (uint64_t k = 0; k < n; k++)
    WLAW_TRY(type == VALUE_STRING ? skip_text(cursor, err) : skip_array(cursor, depth + 1, err));
  return WLAW_OK;
}

static bool key_is(const metadata *meta, size_t k, const char *key) { return strcmp(meta->keys[k], key) == 0; }

static wlaw_status read_alignment(metadata *meta, uint64_t type, uint64_t number, uint64_t byte, wlaw_error *err) {
  if (type != 4) return fail_at(byte, err, "general.alignment is not of type uint32");
  if (number == 0 || (number & (number - 1)))
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "general.alignment is %llu, and has to be a power of two",
                                        (unsigned long long)number),
                              byte);
  meta->alignment = number;
  return WLAW_OK;
}

static wlaw_status read_value(metadata *meta, size_t k, file_cursor *cursor, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  uint64_t type, number = 0;
  WLAW_TRY(read_value_type(cursor, &type, err));
  if (type == VALUE_ARRAY) WLAW_TRY(skip_array(cursor, 1, err));
  else if (type == VALUE_STRING && key_is(meta, k, "general.architecture") && !meta->architecture)
    WLAW_TRY(read_text(cursor, &meta->architecture, LONGEST_KEY, "an architecture", err));
  else if (type == VALUE_STRING) WLAW_TRY(skip_text(cursor, err));
  else WLAW_TRY(wlaw_cursor_integer(cursor, &number, value_bytes[type], err));
  if (type == VALUE_BOOL && number > 1) return fail_at(begin, err, "a truth value of metadata is neither 0 nor 1");
  if (UNSIGNED_TYPES >> type & 1) meta->numbers[k] = number;
  return key_is(meta, k, "general.alignment") ? read_alignment(meta, type, number, begin, err) : WLAW_OK;
}

static wlaw_status check_keys(const metadata *meta, wlaw_error *err) {
  if (meta->n < 2) return WLAW_OK;
  const char **keys = calloc(meta->n, sizeof *keys);
  if (!keys) return wlaw_fail_memory(err, meta->n, sizeof *keys);
  for (size_t k = 0; k < meta->n; k++) keys[k] = meta->keys[k];
  const char *twice = wlaw_names_repeated(keys, meta->n);
  free(keys);
  return twice ? wlaw_fail(err, WLAW_FORMAT, "the metadata key '%s' stands twice", twice) : WLAW_OK;
}

static wlaw_status read_metadata(metadata *meta, uint64_t n, file_cursor *cursor, wlaw_error *err) {
  WLAW_TRY(check_count(cursor, n, SMALLEST_KEY, "metadata entries", err));
  meta->keys = calloc((size_t)n + 1, sizeof *meta->keys);
  meta->numbers = calloc((size_t)n + 1, sizeof *meta->numbers);
  if (!meta->keys || !meta->numbers) return wlaw_fail_memory(err, (size_t)n, sizeof *meta->keys);
  for (size_t k = 0; k < n; k++) {
    const uint64_t begin = cursor->at;
    WLAW_TRY(read_text(cursor, &meta->keys[k], LONGEST_KEY, "a metadata key", err));
    meta->n = k + 1;
    if (!*meta->keys[k]) return fail_at(begin, err, "a metadata key is empty");
    WLAW_TRY(read_value(meta, k, cursor, err));
  }
  return check_keys(meta, err);
}

static void free_metadata(metadata *meta) {
  for (size_t k = 0; k < meta->n; k++) free(meta->keys[k]);
  free(meta->keys);
  free(meta->numbers);
  free(meta->architecture);
}

/* The number stored as "ARCHITECTURE.attention.NAME", or 0. */
static uint64_t attention_number(const metadata *meta, const char *name) {
  static const char middle[] = ".attention.";
  if (!meta->architecture) return 0;
  const size_t n = strlen(meta->architecture), m = sizeof middle - 1;
  for (size_t k = 0; k < meta->n; k++)
    if (strncmp(meta->keys[k], meta->architecture, n) == 0 && strncmp(meta->keys[k] + n, middle, m) == 0 &&
        strcmp(meta->keys[k] + n + m, name) == 0)
      return meta->numbers[k];
  return 0;
}

/* Sizes come fastest first, and become a row-major shape. */
static wlaw_status read_shape(tensor_info *info, file_cursor *cursor, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  uint64_t rank;
  WLAW_TRY(wlaw_cursor_integer(cursor, &rank, 4, err));
  if (rank > MOST_DIMENSIONS)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "%llu dimensions are stated, the format allows %d",
                                        (unsigned long long)rank, MOST_DIMENSIONS),
                              begin);
  info->rank = (size_t)rank;
  for (size_t d = info->rank; d-- > 0;) {
    const uint64_t at = cursor->at;
    WLAW_TRY(wlaw_cursor_integer(cursor, &info->shape[d], 8, err));
    if (info->shape[d] > INT64_MAX) return fail_at(at, err, "a size is negative");
  }
  return WLAW_OK;
}

static wlaw_status note_type(tensor_info *info, const char *name, wlaw_error *err) {
  char note[80];
  const int length = snprintf(note, sizeof note, "the type %s is known but not read by weightlaw", name);
  info->dtype = WLAW_DTYPE_COUNT;
  info->encoding = name;
  info->note = wlaw_text_duplicate(note, (size_t)length);
  return info->note ? WLAW_OK : wlaw_fail_memory(err, sizeof note, 1);
}

/* Sets dtype, count and bytes, and how many bytes are stored. */
static wlaw_status read_type(tensor_info *info, uint64_t *stored, file_cursor *cursor, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  uint64_t id;
  WLAW_TRY(wlaw_cursor_integer(cursor, &id, 4, err));
  size_t t = 0;
  while (t < sizeof types / sizeof *types && types[t].id != id) t++;
  if (t == sizeof types / sizeof *types)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_FORMAT, "the type %llu is not one of the format", (unsigned long long)id), begin);
  const tensor_encoding *encoding = wlaw_encoding_find(types[t].name);
  info->dtype = types[t].dtype;
  info->plain = true;
  if (encoding) wlaw_encoding_apply(info, encoding);
  else if (info->dtype == WLAW_DTYPE_COUNT) WLAW_TRY(note_type(info, types[t].name, err));
  const uint64_t row = info->rank ? info->shape[info->rank - 1] : 1;
  if (row % types[t].elements)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "rows of %llu are no multiple of the %u of a %s block",
                                        (unsigned long long)row, types[t].elements, types[t].name),
                              begin);
  WLAW_TRY(wlaw_tensor_measure(info, err));
  if (__builtin_mul_overflow(info->count / types[t].elements, (uint64_t)types[t].bytes, stored) || *stored > INT64_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "the shape asks for 2^63 bytes or more");
  return WLAW_OK;
}

/* One row of the directory. *end: where the data of all tensors so far end, from the begin of the data, padded. Offset
 * stays relative to that begin for now. */
static wlaw_status read_row(tensor_info *info, uint64_t *end, uint64_t *stored, uint64_t alignment, file_cursor *cursor,
                            wlaw_error *err) {
  WLAW_TRY(read_shape(info, cursor, err));
  WLAW_TRY(read_type(info, stored, cursor, err));
  const uint64_t begin = cursor->at;
  WLAW_TRY(wlaw_cursor_integer(cursor, &info->offset, 8, err));
  if (info->offset != *end)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT,
                                        "its data are said to begin at %llu of the data, and have to "
                                        "at %llu, behind those before",
                                        (unsigned long long)info->offset, (unsigned long long)*end),
                              begin);
  uint64_t padded;
  if (__builtin_add_overflow(*end, *stored, &padded) || __builtin_add_overflow(padded, alignment - 1, &padded) ||
      padded > INT64_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "the tensors ask for 2^63 bytes or more");
  *end = padded & ~(alignment - 1);
  return WLAW_OK;
}

/* Once the directory has ended: where the data begin, and whether the last tensor's are all there. Padding behind them
 * may be missing, but nothing else may follow. */
static wlaw_status place_data(wlaw_tensors *tensors, uint64_t stored_last, uint64_t end, uint64_t alignment,
                              uint64_t directory_end, wlaw_error *err) {
  const uint64_t size = tensors->file.size, gap = (alignment - directory_end % alignment) % alignment;
  if (tensors->n == 0) return WLAW_OK;
  const uint64_t begin = directory_end + gap, held = begin < size ? size - begin : 0;
  const tensor_info *last = &tensors->info[tensors->n - 1];
  if (last->offset > held || stored_last > held - last->offset) {
    wlaw_fail(err, WLAW_FORMAT, "its %llu bytes begin at %llu of the data, of which the file has %llu",
              (unsigned long long)stored_last, (unsigned long long)last->offset, (unsigned long long)held);
    return wlaw_error_in_tensor(err, wlaw_error_at_byte(err, WLAW_FORMAT, size), last->name);
  }
  if (held > end)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_FORMAT, "%llu bytes at the end belong to no tensor", (unsigned long long)(held - end)),
        begin + end);
  for (size_t i = 0; i < tensors->n; i++) tensors->info[i].offset += begin;
  return WLAW_OK;
}

static wlaw_status read_tensors(wlaw_tensors *tensors, uint64_t n, uint64_t alignment, file_cursor *cursor,
                                wlaw_error *err) {
  WLAW_TRY(check_count(cursor, n, SMALLEST_TENSOR, "tensors", err));
  uint64_t end = 0, stored = 0;
  for (uint64_t i = 0; i < n; i++) {
    char *name;
    WLAW_TRY(read_text(cursor, &name, LONGEST_NAME, "a tensor's name", err));
    tensor_info *info = wlaw_tensors_append(tensors);
    if (!info) {
      free(name);
      return wlaw_fail_memory(err, tensors->n, sizeof *info);
    }
    info->name = name;
    const wlaw_status status = read_row(info, &end, &stored, alignment, cursor, err);
    if (status != WLAW_OK) return status == WLAW_MEMORY ? status : wlaw_error_in_tensor(err, status, name);
  }
  WLAW_TRY(wlaw_tensors_check_names(tensors, err)); /* what is wrong with the file where its sizes are wrong too */
  return place_data(tensors, stored, end, alignment, cursor->at, err);
}

static wlaw_status read_version(file_cursor *cursor, wlaw_error *err) {
  char magic[4];
  uint64_t version;
  WLAW_TRY(wlaw_cursor_read(cursor, magic, sizeof magic, err));
  if (memcmp(magic, "GGUF", sizeof magic) != 0) return fail_at(0, err, "the file does not begin with GGUF");
  WLAW_TRY(wlaw_cursor_integer(cursor, &version, 4, err));
  if (version == 2 || version == 3) return WLAW_OK;
  if (version && version % 65536 == 0)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_UNSUPPORTED, "the file is big-endian, which is not read"), 4);
  return wlaw_error_at_byte(err,
                            wlaw_fail(err, WLAW_UNSUPPORTED, "version %llu of GGUF is not read; versions 2 and 3 are",
                                      (unsigned long long)version),
                            4);
}

static wlaw_status open_gguf(wlaw_tensors *tensors, wlaw_error *err) {
  file_cursor cursor;
  wlaw_cursor_start(&cursor, &tensors->file, 0);
  uint64_t n_tensors, n_keys;
  WLAW_TRY(read_version(&cursor, err));
  WLAW_TRY(wlaw_cursor_integer(&cursor, &n_tensors, 8, err));
  WLAW_TRY(wlaw_cursor_integer(&cursor, &n_keys, 8, err));
  metadata meta = {.alignment = DEFAULT_ALIGNMENT};
  wlaw_status status = read_metadata(&meta, n_keys, &cursor, err);
  if (status == WLAW_OK) status = read_tensors(tensors, n_tensors, meta.alignment, &cursor, err);
  tensors->heads = attention_number(&meta, "head_count");
  tensors->kv_heads = attention_number(&meta, "head_count_kv");
  free_metadata(&meta);
  return status;
}

static bool recognise(const unsigned char *head, size_t n) { return n >= 4 && memcmp(head, "GGUF", 4) == 0; }

const tensor_format wlaw_format_gguf = {
    .name = "gguf", .ending = ".gguf", .recognise = recognise, .open = open_gguf, .read = wlaw_tensors_read_encoded};
