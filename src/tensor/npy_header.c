/* A Python dict literal with exactly the keys 'descr', 'fortran_order' and 'shape' is all that is understood: nothing
 * is evaluated. */
#include "tensor/npy_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static const char magic[6] = "\x93NUMPY";
enum { VERSION_1_BEGIN = 10, VERSION_2_BEGIN = 12, ALIGNMENT = 64 };

bool wlaw_npy_recognise(const unsigned char *head, size_t n) {
  return n >= sizeof magic && !memcmp(head, magic, sizeof magic);
}

wlaw_status wlaw_npy_prefix(size_t *begin, size_t *end, const unsigned char *head, size_t n, wlaw_error *err) {
  if (!wlaw_npy_recognise(head, n))
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the .npy magic bytes (93 4E 55 4D 50 59) are missing"),
                              0);
  if (n < 8) return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the array ends before its version"), n);
  const unsigned major = head[6], minor = head[7];
  if (major < 1 || major > 3 || minor != 0)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_FORMAT, "version %u.%u of the .npy format is not known", major, minor), 6);
  *begin = major == 1 ? VERSION_1_BEGIN : VERSION_2_BEGIN;
  if (n < *begin) return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the array ends before its header"), n);
  size_t length = 0;
  for (size_t k = *begin; k-- > 8;) length = length << 8 | head[k];
  if (length > NPY_LARGEST_HEADER)
    return wlaw_error_at_byte(
        err,
        wlaw_fail(err, WLAW_LIMIT, "a header of %zu bytes is stated, %d are read at most", length, NPY_LARGEST_HEADER),
        8);
  *end = *begin + length;
  return WLAW_OK;
}

/* The place in the text, and where the text begins in the array. */
typedef struct cursor {
  const char *at, *end, *text;
  size_t begin;
} cursor;

static wlaw_status fail_here(const cursor *c, wlaw_error *err, const char *what) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "%s", what), c->begin + (size_t)(c->at - c->text));
}

static void skip_space(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

/* Skips space and, if it comes next, the character. */
static bool take(cursor *c, char wanted) {
  skip_space(c);
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  const size_t n = strlen(word);
  skip_space(c);
  if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
  c->at += n;
  return true;
}

/* A quoted string without escapes. */
static wlaw_status take_string(cursor *c, char *out, size_t capacity, wlaw_error *err) {
  skip_space(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return fail_here(c, err, "a quoted text is expected");
  const char quote = *c->at++;
  size_t n = 0;
  for (; c->at < c->end && *c->at != quote; c->at++) {
    if (*c->at == '\\' || (unsigned char)*c->at < 0x20 || n + 1 >= capacity)
      return fail_here(c, err, "a text here is longer than its meaning allows, or holds an escape");
    out[n++] = *c->at;
  }
  out[n] = '\0';
  if (c->at == c->end) return fail_here(c, err, "a quoted text is not closed");
  c->at++;
  return WLAW_OK;
}

/* A non-negative decimal integer; Python 2 wrote a final L. */
static wlaw_status take_size(cursor *c, uint64_t *out, wlaw_error *err) {
  skip_space(c);
  if (c->at == c->end || *c->at < '0' || *c->at > '9')
    return fail_here(c, err, "shape holds something that is no number from 0 on");
  uint64_t value = 0;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
        __builtin_add_overflow(value, (uint64_t)(*c->at - '0'), &value))
      return fail_here(c, err, "a number in shape does not fit 64 bits");
  if (c->at < c->end && *c->at == 'L') c->at++;
  *out = value;
  return WLAW_OK;
}

static wlaw_status take_shape(cursor *c, tensor_info *info, wlaw_error *err) {
  if (!take(c, '(')) return fail_here(c, err, "shape is not a tuple");
  bool comma = true;
  while (!take(c, ')')) {
    if (!comma) return fail_here(c, err, "a comma is expected in shape");
    if (info->rank == WLAW_MAX_RANK)
      return wlaw_fail(err, WLAW_LIMIT, "more than the %d dimensions weightlaw reads", WLAW_MAX_RANK);
    WLAW_TRY(take_size(c, &info->shape[info->rank], err));
    info->rank++;
    comma = take(c, ',');
  }
  if (info->rank == 1 && !comma) return fail_here(c, err, "shape is a number, not a tuple");
  return WLAW_OK;
}

static wlaw_status set_note(tensor_info *info, const char *note, wlaw_error *err) {
  if (info->note) return WLAW_OK;
  info->note = wlaw_text_duplicate(note, strlen(note));
  return info->note ? WLAW_OK : wlaw_fail_memory(err, strlen(note), 1);
}

static const struct {
  const char *code;
  wlaw_dtype dtype;
} codes[] = {
    {"f2", WLAW_F16}, {"f4", WLAW_F32}, {"f8", WLAW_F64}, {"i1", WLAW_I8},  {"i2", WLAW_I16}, {"i4", WLAW_I32},
    {"i8", WLAW_I64}, {"u1", WLAW_U8},  {"u2", WLAW_U16}, {"u4", WLAW_U32}, {"u8", WLAW_U64}, {"b1", WLAW_BOOL},
};
enum { N_CODES = sizeof codes / sizeof *codes };

static wlaw_status set_dtype(tensor_info *info, const char *descr, wlaw_error *err) {
  const char order = strchr("<>=|", descr[0]) ? descr[0] : '=';
  const char *code = descr + (descr[0] && strchr("<>=|", descr[0]) != NULL);
  info->dtype = WLAW_DTYPE_COUNT;
  info->big_endian = order == '>' || (order != '<' && WLAW_HOST_IS_BIG_ENDIAN);
  for (size_t k = 0; k < N_CODES; k++)
    if (strcmp(code, codes[k].code) == 0) info->dtype = codes[k].dtype;
  if (order == '|' && wlaw_dtype_size(info->dtype) > 1) info->dtype = WLAW_DTYPE_COUNT; /* byte order not told */
  if (info->dtype != WLAW_DTYPE_COUNT) return WLAW_OK;
  if (code[0] == 'O')
    return set_note(info, "elements are Python objects, which only unpickling (it can run code) would bring back", err);
  if (code[0] == 'c') return set_note(info, "complex numbers are not read by weightlaw", err);
  char note[120];
  snprintf(note, sizeof note, "elements of NumPy type '%s' are not read by weightlaw", descr);
  return set_note(info, note, err);
}

static wlaw_status take_descr(cursor *c, tensor_info *info, wlaw_error *err) {
  skip_space(c);
  if (c->at < c->end && (*c->at == '[' || *c->at == '(' || *c->at == '{')) {
    info->dtype = WLAW_DTYPE_COUNT;
    return set_note(info, "elements are records (a structured NumPy type), which weightlaw does not read", err);
  }
  char descr[64];
  WLAW_TRY(take_string(c, descr, sizeof descr, err));
  return set_dtype(info, descr, err);
}

static wlaw_status take_order(cursor *c, tensor_info *info, wlaw_error *err) {
  if (take_word(c, "True")) info->column_major = true;
  else if (!take_word(c, "False")) return fail_here(c, err, "fortran_order is neither True nor False");
  return WLAW_OK;
}

/* One `key: value`; seen has a bit a key. */
static wlaw_status take_item(cursor *c, tensor_info *info, unsigned *seen, wlaw_error *err) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  static wlaw_status (*const values[])(cursor *, tensor_info *, wlaw_error *) = {take_descr, take_order, take_shape};
  char key[32];
  WLAW_TRY(take_string(c, key, sizeof key, err));
  for (size_t k = 0; k < 3; k++) {
    if (strcmp(key, keys[k]) != 0) continue;
    if (*seen & 1u << k) return fail_here(c, err, "a key stands twice");
    *seen |= 1u << k;
    if (!take(c, ':')) return fail_here(c, err, "a colon is expected");
    return values[k](c, info, err);
  }
  return fail_here(c, err, "a key that is not descr, fortran_order or shape");
}

static wlaw_status take_dict(cursor *c, tensor_info *info, wlaw_error *err) {
  unsigned seen = 0;
  bool comma = true;
  if (!take(c, '{')) return fail_here(c, err, "the header is no Python dict");
  while (!take(c, '}')) {
    if (!comma) return fail_here(c, err, "a comma is expected");
    WLAW_TRY(take_item(c, info, &seen, err));
    /* nothing is known of how a record type goes on: the tensor is listed, without a shape */
    if (info->note && info->dtype == WLAW_DTYPE_COUNT && c->at < c->end && strchr("[({", *c->at)) return WLAW_OK;
    comma = take(c, ',');
  }
  if (seen != 7)
    return fail_here(c, err,
                     seen & 1 ? (seen & 2 ? "shape is missing" : "fortran_order is missing") : "descr is missing");
  skip_space(c);
  if (c->at != c->end) return fail_here(c, err, "something follows the header's dict");
  return WLAW_OK;
}

wlaw_status wlaw_npy_parse(tensor_info *info, const char *text, size_t begin, size_t end, wlaw_error *err) {
  cursor c = {.at = text, .end = text + (end - begin), .text = text, .begin = begin};
  WLAW_TRY(take_dict(&c, info, err));
  info->offset = end;
  return wlaw_tensor_measure(info, err);
}

wlaw_status wlaw_npy_write_header(text_buffer *out, const tensor_spec *spec, wlaw_error *err) {
  const char *code = NULL;
  for (size_t k = 0; k < N_CODES; k++)
    if (codes[k].dtype == spec->dtype) code = codes[k].code;
  if (!code)
    return wlaw_error_add_hint(
        err, wlaw_fail(err, WLAW_UNSUPPORTED, "NumPy's formats have no element type %s", wlaw_dtype_text(spec->dtype)),
        "write .safetensors instead");
  text_buffer dict = {0};
  const char order = wlaw_dtype_size(spec->dtype) == 1 ? '|' : WLAW_HOST_IS_BIG_ENDIAN ? '>' : '<';
  wlaw_text_add(&dict, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order, code);
  for (size_t d = 0; d < spec->rank; d++)
    wlaw_text_add(&dict, "%s%llu%s", d ? " " : "", (unsigned long long)spec->shape[d],
                  spec->rank == 1 || d + 1 < spec->rank ? "," : "");
  wlaw_text_add(&dict, "), }");
  while ((VERSION_1_BEGIN + dict.length + 1) % ALIGNMENT && !dict.failed) wlaw_text_add_bytes(&dict, " ", 1);
  wlaw_text_add_bytes(&dict, "\n", 1);
  /* 32 dimensions of 20 digits: always within the two bytes of version 1 */
  const char prefix[4] = {1, 0, (char)(dict.length & 0xFF), (char)(dict.length >> 8)};
  wlaw_text_add_bytes(out, magic, sizeof magic);
  wlaw_text_add_bytes(out, prefix, sizeof prefix);
  wlaw_text_add_bytes(out, wlaw_text_string(&dict), dict.length);
  if (dict.failed) out->failed = true;
  wlaw_text_free(&dict);
  return out->failed ? wlaw_fail_memory(err, 256, 1) : WLAW_OK;
}
