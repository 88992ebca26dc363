/* What codes round(w 2^13) cost: Shannon entropy and exponential-Golomb code length (Teuhola 1978, DOI
 * 10.1016/0020-0190(78)90024-8, of the ranks of codes in order of falling frequency). */
#include "measure/weight_codes.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"

enum {
  CENTRE = 1 << 15, /* codes of |w| <= 4: each worker counts its own */
  FAR = 1 << 21,    /* of |w| <= 256: rare, counted together */
  ORDERS = 22,
  PIECE = 1024 /* weights turned to double at once */
};

static double code_of(double weight) { return nearbyint(weight * 0x1p13); }

/* ---- the cost of counts */

static int falling(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x < y) - (x > y);
}

/* Mean length at one order, from before[e]: codes of rank below e. */
static double golomb_length(const uint64_t *before, size_t n, unsigned order) {
  double bits = 0.0;
  for (unsigned power = order; ((size_t)1 << power) - ((size_t)1 << order) < n; power++) {
    /* ranks e with 2^power <= e + 2^order < 2^(power + 1) */
    const size_t first = ((size_t)1 << power) - ((size_t)1 << order), next = first + ((size_t)1 << power);
    const size_t end = next < n ? next : n;
    bits += (2.0 * power - order + 1.0) * (double)(before[end] - before[first]);
  }
  return bits / (double)before[n];
}

/* counts: [n + 1], the last one free for sums; reordered. */
static void set_cost(weight_bits *out, uint64_t *counts, size_t n) {
  double total = 0.0, entropy = 0.0;
  size_t used = 0;
  for (size_t i = 0; i < n; i++) {
    total += (double)counts[i];
    if (counts[i]) counts[used++] = counts[i];
  }
  n = used;
  if (n == 0) return;
  qsort(counts, n, sizeof *counts, falling);
  for (size_t i = 0; i < n; i++) entropy -= (double)counts[i] / total * log2((double)counts[i] / total);
  uint64_t sum = 0;
  for (size_t i = 0; i <= n; i++) {
    const uint64_t count = i < n ? counts[i] : 0;
    counts[i] = sum;
    sum += count;
  }
  *out = (weight_bits){.entropy = entropy, .exp_golomb = INFINITY, .codes = n};
  for (unsigned order = 0; order < ORDERS; order++) {
    const double length = golomb_length(counts, n, order);
    if (length < out->exp_golomb) {
      out->exp_golomb = length;
      out->order = order;
    }
  }
}

/* ---- bf16 and f16: a key is a value */

static wlaw_status bits_of_tables(weight_bits *out, entry_table *const table[2], wlaw_error *err) {
  uint64_t *counts = wlaw_array(2 * ENTRY_KEYS + 2, sizeof *counts);
  if (!counts) return wlaw_fail_memory(err, 2 * ENTRY_KEYS + 2, sizeof *counts);
  const entry_key_kind kind = (entry_key_kind)table[0]->kind;
  counts[0] = table[0]->zeros + table[1]->zeros; /* the code 0, also of small weights of either sign */
  size_t n = 1;
  for (int sign = 0; sign < 2; sign++) {
    double last = 0.0;
    size_t at = 0;
    for (unsigned key = 0; key < ENTRY_KEYS; key++) {
      const uint64_t count = table[0]->count[sign][key] + table[1]->count[sign][key];
      const double value = wlaw_entry_key_value(kind, key);
      if (count == 0 || isnan(value)) continue;
      if (code_of(value) != last) {
        last = code_of(value);
        at = n++;
      }
      counts[at] += count;
    }
  }
  set_cost(out, counts, n);
  free(counts);
  return WLAW_OK;
}

/* ---- others */

typedef struct code_counter {
  const weight_source *source;
  uint64_t *centre;           /* [workers, 2 CENTRE + 1] */
  _Atomic(uint64_t) *outside; /* [2 limit + 1], limit > CENTRE; NULL where there is nothing outside */
  ptrdiff_t limit;
} code_counter;

static wlaw_status count_codes(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  (void)err;
  const code_counter *counter = context;
  uint64_t *centre = counter->centre + (size_t)worker * (2 * CENTRE + 1) + CENTRE;
  const size_t n = (size_t)(block->n_rows * block->n_cols), size = wlaw_dtype_size(counter->source->dtype);
  double weights[PIECE];
  for (size_t from = 0; from < n; from += PIECE) {
    const size_t count = n - from < PIECE ? n - from : PIECE;
    wlaw_weights_to_double(weights, (const char *)block->values + from * size, counter->source->dtype, count);
    for (size_t i = 0; i < count; i++) {
      const double scaled = weights[i] * 0x1p13;
      if (fabs(scaled) <= CENTRE) centre[lrint(scaled)]++;
      else if (fabs(code_of(weights[i])) <= (double)counter->limit) /* not infinite, not NaN */
        atomic_fetch_add_explicit(&counter->outside[counter->limit + lrint(scaled)], 1, memory_order_relaxed);
    }
  }
  return WLAW_OK;
}

static wlaw_status bits_by_walking(weight_bits *out, const weight_source *source, double largest, unsigned threads,
                                   wlaw_monitor *monitor, wlaw_error *err) {
  if (!(code_of(largest) <= FAR)) return WLAW_OK; /* not determined */
  const unsigned workers = wlaw_source_workers(source, threads);
  code_counter counter = {.source = source, .limit = (ptrdiff_t)code_of(largest)};
  if (counter.limit < CENTRE) counter.limit = CENTRE;
  const size_t width = 2 * CENTRE + 1, all = 2 * (size_t)counter.limit + 1;
  counter.centre = wlaw_array((size_t)workers * width, sizeof *counter.centre);
  counter.outside = wlaw_array(all, sizeof *counter.outside);
  uint64_t *counts = wlaw_array(all + 1, sizeof *counts);
  wlaw_status status = WLAW_OK;
  if (!counter.centre || !counter.outside || !counts) status = wlaw_fail_memory(err, all, sizeof *counts);
  else status = wlaw_source_walk(source, threads, count_codes, &counter, monitor, err);
  if (status == WLAW_OK) {
    for (size_t i = 0; i < all; i++) counts[i] = atomic_load_explicit(&counter.outside[i], memory_order_relaxed);
    for (size_t worker = 0; worker < workers; worker++)
      for (size_t i = 0; i < width; i++)
        counts[(size_t)counter.limit - CENTRE + i] += counter.centre[worker * width + i];
    set_cost(out, counts, all);
  }
  free(counts);
  free(counter.outside);
  free(counter.centre);
  return status;
}

wlaw_status wlaw_weight_bits(weight_bits *out, const weight_source *source, const weight_summary *summary,
                             unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  *out = (weight_bits){.entropy = NAN, .exp_golomb = NAN};
  if (source->rows == 0 || source->cols == 0) return WLAW_OK;
  if (!summary->table[0]->cells_wide) return bits_of_tables(out, summary->table, err);
  return bits_by_walking(out, source, fmax(fabs(summary->min), fabs(summary->max)), threads, monitor, err);
}
