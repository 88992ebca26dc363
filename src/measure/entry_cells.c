#include "measure/entry_cells.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "tensor/dtype.h"

/* The first key that is not finite: the exponent field full. */
static unsigned finite_keys(entry_key_kind kind) { return kind == ENTRY_KEY_F16 ? 0x7C00u : 0x7F80u; }

static double lower_end(entry_key_kind kind, unsigned key) {
  const uint16_t bits = (uint16_t)key;
  double value;
  wlaw_dtype_to_double(&value, &bits, kind == ENTRY_KEY_F16 ? WLAW_F16 : WLAW_BF16, 1);
  return value;
}

double wlaw_entry_key_value(entry_key_kind kind, unsigned key) {
  return key < finite_keys(kind) ? lower_end(kind, key) : NAN;
}

double wlaw_entry_key_width(entry_key_kind kind, unsigned key) {
  if (key >= finite_keys(kind)) return 0.0;
  /* the last finite key is as wide as its neighbour below, which has the same exponent */
  const unsigned from = key + 1 < finite_keys(kind) ? key : key - 1;
  return lower_end(kind, from + 1) - lower_end(kind, from);
}

unsigned wlaw_entry_key(entry_key_kind kind, double magnitude) {
  const unsigned last = finite_keys(kind) - 1;
  if (isnan(magnitude)) return ENTRY_KEYS - 1;
  if (isinf(magnitude)) return last + 1;
  if (kind == ENTRY_KEY_F32) {
    const float rounded = magnitude > FLT_MAX ? FLT_MAX : (float)magnitude;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    return bits >> 16 & (ENTRY_KEYS - 1);
  }
  unsigned key = 0; /* the last whose lower end is not above */
  for (unsigned step = ENTRY_KEYS / 2; step; step /= 2)
    if (key + step <= last && lower_end(kind, key + step) <= magnitude) key += step;
  return key;
}

void wlaw_cells_free(entry_cells *cells) {
  free(cells->value);
  free(cells->low);
  free(cells->width);
  free(cells->count);
  *cells = (entry_cells){0};
}

static wlaw_status cells_allocate(entry_cells *cells, size_t n, wlaw_error *err) {
  *cells = (entry_cells){.value = calloc(n + 1, sizeof *cells->value),
                         .low = calloc(n + 1, sizeof *cells->low),
                         .width = calloc(n + 1, sizeof *cells->width),
                         .count = calloc(n + 1, sizeof *cells->count)};
  if (cells->value && cells->low && cells->width && cells->count) return WLAW_OK;
  wlaw_cells_free(cells);
  return wlaw_fail_memory(err, n + 1, 4 * sizeof *cells->value);
}

/* count weights of a key, whose low bits sum to `low`. */
static void append(entry_cells *cells, const entry_table *table, unsigned key, bool negative, uint64_t count,
                   uint64_t low) {
  if (count == 0) return;
  const entry_key_kind kind = (entry_key_kind)table->kind;
  const double end = wlaw_entry_key_value(kind, key), width = wlaw_entry_key_width(kind, key);
  /* no low bits: all lie at the end */
  const bool wide = table->cells_wide && low > 0;
  const double value = wide ? end + width * 0x1p-16 * ((double)low / (double)count) : end;
  const size_t n = cells->n++;
  cells->value[n] = negative ? -value : value;
  cells->width[n] = wide ? width : 0.0;
  cells->low[n] = negative ? -end - cells->width[n] : end;
  cells->count[n] = count;
  cells->total += count;
}

static uint64_t both(const uint64_t *a, const uint64_t *b, unsigned key) { return a[key] + (b ? b[key] : 0); }

wlaw_status wlaw_cells_signed(entry_cells *out, const entry_table *a, const entry_table *b, wlaw_error *err) {
  const unsigned keys = finite_keys((entry_key_kind)a->kind);
  size_t n = 0;
  for (int sign = 0; sign < 2; sign++)
    for (unsigned key = 0; key < keys; key++) n += both(a->count[sign], b ? b->count[sign] : NULL, key) > 0;
  WLAW_TRY(cells_allocate(out, n, err));
  for (int sign = 1; sign >= 0; sign--)
    for (unsigned k = 0; k < keys; k++) {
      const unsigned key = sign ? keys - 1 - k : k;
      append(out, a, key, sign, both(a->count[sign], b ? b->count[sign] : NULL, key),
             both(a->low[sign], b ? b->low[sign] : NULL, key));
    }
  return WLAW_OK;
}

static uint64_t either_sign(const uint64_t count[2][ENTRY_KEYS], unsigned key) { return count[0][key] + count[1][key]; }

wlaw_status wlaw_cells_magnitudes(entry_cells *out, const entry_table *a, const entry_table *b, wlaw_error *err) {
  const unsigned keys = finite_keys((entry_key_kind)a->kind);
  size_t n = 0;
  for (unsigned key = 0; key < keys; key++) n += either_sign(a->count, key) + (b ? either_sign(b->count, key) : 0) > 0;
  WLAW_TRY(cells_allocate(out, n, err));
  for (unsigned key = 0; key < keys; key++)
    append(out, a, key, false, either_sign(a->count, key) + (b ? either_sign(b->count, key) : 0),
           either_sign(a->low, key) + (b ? either_sign(b->low, key) : 0));
  return WLAW_OK;
}

wlaw_status wlaw_cells_sorted(entry_cells *out, const double *ascending, size_t n, wlaw_error *err) {
  size_t different = 0;
  for (size_t i = 0; i < n; i++) different += i == 0 || ascending[i] > ascending[i - 1];
  WLAW_TRY(cells_allocate(out, different, err));
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || ascending[i] > ascending[i - 1]) {
      out->value[out->n] = out->low[out->n] = ascending[i];
      out->n++;
    }
    out->count[out->n - 1]++;
  }
  out->total = n;
  return WLAW_OK;
}
