/* Checkpoints for the tests of scan: tensors of any dtype from doubles, and what the verb finds in them. */
#ifndef TESTS_STUDY_SCAN_SUPPORT_H
#define TESTS_STUDY_SCAN_SUPPORT_H

#include "study/study.h"

extern const command_spec wlaw_command_scan;

typedef struct made_tensor {
  tensor_spec spec;
  const double *values;
} made_tensor;

/* One value as f16: exact for the multiples of 2^-8 below 4 that the tests use, and for 0, inf and nan. */
static inline uint16_t half_bits(double value) {
  if (isnan(value)) return 0x7E00;
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  if (value == 0.0) return sign;
  if (isinf(value)) return (uint16_t)(sign | 0x7C00);
  int exponent;
  const double mantissa = frexp(fabs(value), &exponent); /* in [1/2, 1) */
  return (uint16_t)(sign | ((unsigned)(exponent + 14) << 10) | ((unsigned)(mantissa * 2048.0) & 0x3FF));
}

/* values: [n] to native bytes of the dtype, into room for 8 n bytes. */
static inline size_t encode(void *out, wlaw_dtype dtype, const double *values, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const float single = (float)values[i];
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    const uint16_t upper = (uint16_t)(bits >> 16), half = half_bits(values[i]);
    const int64_t whole = isfinite(values[i]) ? (int64_t)values[i] : 0;
    const int32_t word = (int32_t)whole;
    const uint8_t byte = (uint8_t)whole;
    unsigned char *at = out;
    switch (dtype) {
      case WLAW_F16: memcpy(at + 2 * i, &half, 2); break;
      case WLAW_BF16: memcpy(at + 2 * i, &upper, 2); break;
      case WLAW_F32: memcpy(at + 4 * i, &single, 4); break;
      case WLAW_F64: memcpy(at + 8 * i, &values[i], 8); break;
      case WLAW_I64: memcpy(at + 8 * i, &whole, 8); break;
      case WLAW_I32: memcpy(at + 4 * i, &word, 4); break;
      default: at[i] = byte; break;
    }
  }
  return n * wlaw_dtype_size(dtype);
}

static inline void write_checkpoint(const char *path, const made_tensor *tensors, size_t n) {
  tensor_spec specs[16];
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < n; i++) specs[i] = tensors[i].spec;
  check_ok(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  for (size_t i = 0; i < n; i++) {
    size_t count = 1;
    for (size_t d = 0; d < specs[i].rank; d++) count *= specs[i].shape[d];
    unsigned char *bytes = malloc(8 * count + 1);
    assert_non_null(bytes);
    check_ok(wlaw_writer_add(writer, bytes, encode(bytes, specs[i].dtype, tensors[i].values, count), err));
    free(bytes);
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
}

/* n normal values, rounded to 8 binary digits of magnitude where `coarse`, so that every dtype holds them exactly. */
static inline double *normals_of(size_t n, double scale, uint32_t major, bool coarse) {
  double *out = malloc(n * sizeof *out);
  assert_non_null(out);
  wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, out, n);
  for (size_t i = 0; i < n; i++) {
    out[i] *= scale;
    if (!coarse) continue;
    int exponent;
    const double mantissa = frexp(out[i], &exponent);
    out[i] = exponent < -12 ? 0x1p-13 : ldexp(rint(mantissa * 128.0) / 128.0, exponent);
  }
  return out;
}

/* options: name, value, ..., NULL. Caller frees. */
static inline wlaw_result *scanned(const char *path, const char *const *options) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_scan, &path, 1, options, err));
  wlaw_error_free(err);
  return result;
}

static inline const json_t *tensor_named(const wlaw_result *result, const char *name) {
  const json_t *tensors = json_object_get(result->document, "tensors");
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    if (strcmp(json_string_value(json_object_get(tensor, "name")), name) == 0) return tensor;
  }
  fail_msg("no tensor %s", name);
  return NULL;
}

/* The number at "group.key" or "key"; null is NaN. */
static inline double value_of(const json_t *tensor, const char *path) {
  const char *dot = strchr(path, '.');
  char group[64] = "";
  if (dot) snprintf(group, sizeof group, "%.*s", (int)(dot - path), path);
  const json_t *object = dot ? json_object_get(tensor, group) : tensor;
  const json_t *item = json_object_get(object, dot ? dot + 1 : path);
  double value = NAN;
  if (!item || !wlaw_json_number(item, &value)) fail_msg("no number at %s", path);
  return value;
}

/* Does a sentence of the list hold this text? */
static inline bool says(const json_t *object, const char *key, const char *text) {
  const json_t *list = json_object_get(object, key);
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strstr(json_string_value(json_array_get(list, i)), text)) return true;
  return false;
}

#endif
