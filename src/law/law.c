/* What every law answers alike: what it can do, its text, and drawing through the public header. */
#include "law/law.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

void wlaw_law_free(wlaw_law *law) {
  if (law && law->ops && law->ops->release) law->ops->release(law);
  free(law);
}

size_t wlaw_law_offset(const law_ops *ops, size_t i) {
  size_t offset = 0;
  for (size_t k = 0; k < i; k++) offset += ops->parameters[k].length;
  return offset;
}

static bool ops_can(const law_ops *ops, const char *capability) {
  if (strcmp(capability, "draw") == 0) return ops->draw != NULL;
  if (strcmp(capability, "moments") == 0) return ops->moments != NULL;
  if (strcmp(capability, "density") == 0) return ops->entry != NULL;
  if (strcmp(capability, "limit") == 0) return ops->node != NULL;
  if (strcmp(capability, "fit") == 0 || strcmp(capability, "distance") == 0) return ops->matrix || ops->of_networks;
  return false;
}

int wlaw_law_can(const wlaw_law *law, const char *capability) {
  return law && capability && ops_can(law->ops, capability);
}

wlaw_status wlaw_law_cannot(const law_ops *ops, const char *capability, wlaw_error *err) {
  static const char *const capabilities[] = {"draw", "fit", "distance", "density", "moments", "limit"};
  text_buffer has = {0};
  for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
    if (ops_can(ops, capabilities[i])) wlaw_text_add(&has, "%s%s", has.length ? ", " : "", capabilities[i]);
  wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' has no '%s'; it has: %s", ops->name, capability, wlaw_text_string(&has));
  wlaw_text_free(&has);
  return WLAW_ARGUMENT;
}

wlaw_status wlaw_law_require(const wlaw_law *law, wlaw_error *err) {
  text_buffer missing = {0};
  for (size_t i = 0; i < law->ops->n_parameters; i++)
    if (!law->counts[i]) wlaw_text_add(&missing, "%s%s", missing.length ? ", " : "", law->ops->parameters[i].name);
  wlaw_status status = WLAW_OK;
  if (missing.length || missing.failed)
    status =
        wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' needs a value for %s", law->ops->name, wlaw_text_string(&missing));
  wlaw_text_free(&missing);
  return status;
}

/* The shortest of %.1g .. %.17g that reads back as the same number. */
static void add_real(text_buffer *text, double value) {
  char digits[40];
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, NULL) == value) break;
  }
  wlaw_text_add(text, "%s", digits);
}

static void add_choice(text_buffer *text, const char *choices, size_t index) {
  for (; index; index--) choices = strchr(choices, '|') + 1;
  wlaw_text_add_bytes(text, choices, strcspn(choices, "|"));
}

static void add_value(text_buffer *text, const law_parameter *row, const double *values, size_t count) {
  if (row->kind == PARAMETER_CHOICE) {
    add_choice(text, row->choices, (size_t)values[0]);
    return;
  }
  if (row->kind == PARAMETER_LIST) wlaw_text_add(text, "[");
  for (size_t k = 0; k < count; k++) {
    if (k) wlaw_text_add(text, ",");
    add_real(text, values[k]);
  }
  if (row->kind == PARAMETER_LIST) wlaw_text_add(text, "]");
}

wlaw_status wlaw_law_text(const wlaw_law *law, char *out, size_t capacity, size_t *needed, wlaw_error *err) {
  if (!law) return wlaw_fail(err, WLAW_ARGUMENT, "no law given");
  text_buffer text = {0};
  const law_ops *ops = law->ops;
  bool open = false;
  wlaw_text_add(&text, "%s", ops->name);
  if (ops->argument) wlaw_text_add(&text, "(%s)", ops->argument(law));
  for (size_t i = 0; i < ops->n_parameters; i++) {
    if (!law->counts[i]) continue;
    wlaw_text_add(&text, "%s%s=", open ? "," : "(", ops->parameters[i].name);
    add_value(&text, &ops->parameters[i], law->values + wlaw_law_offset(ops, i), law->counts[i]);
    open = true;
  }
  if (open) wlaw_text_add(&text, ")");
  const wlaw_status status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                                         : wlaw_text_copy_out(wlaw_text_string(&text), out, capacity, needed, err);
  wlaw_text_free(&text);
  return status;
}

/* A stream holds 2^34 words and an entry takes a few: beyond this a matrix could run into the stream's end. */
#define MOST_ENTRIES (UINT64_C(1) << 31)

static wlaw_status check_draw(const wlaw_law *law, const double *out, size_t n, size_t rows, size_t cols,
                              uint64_t first, wlaw_error *err) {
  if (!law || (!out && n)) return wlaw_fail(err, WLAW_ARGUMENT, "a law and a place for its draws are needed");
  if (!law->ops->draw) return wlaw_law_cannot(law->ops, "draw", err);
  if (!rows || !cols) return wlaw_fail(err, WLAW_ARGUMENT, "a matrix of %zu x %zu has no entries to draw", rows, cols);
  const size_t sizes[] = {n, rows, cols, sizeof *out};
  size_t bytes;
  if (!wlaw_product(&bytes, sizes, 4) || bytes > PTRDIFF_MAX || (uint64_t)rows * cols > MOST_ENTRIES)
    return wlaw_fail(err, WLAW_LIMIT, "%zu matrices of %zu x %zu are too many entries", n, rows, cols);
  uint64_t last;
  if (__builtin_add_overflow(first, (uint64_t)n, &last))
    return wlaw_fail(err, WLAW_ARGUMENT, "matrix numbers end at 2^64 - 1");
  return WLAW_OK;
}

wlaw_status wlaw_law_draw(const wlaw_law *law, double *out, size_t n, size_t rows, size_t cols, uint64_t seed,
                          uint64_t first, wlaw_error *err) {
  WLAW_TRY(check_draw(law, out, n, rows, cols, first, err));
  for (size_t k = 0; k < n; k++) {
    const uint64_t number = first + k;
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_DRAW, (uint32_t)(number >> 32), (uint32_t)number);
    WLAW_TRY(law->ops->draw(law, out + k * rows * cols, rows, cols, &stream, err));
  }
  return WLAW_OK;
}
