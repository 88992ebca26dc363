/* What is read off a summary afterwards. */
#include <math.h>

#include "measure/weight_summary.h"

double wlaw_scale_spread(const double *squares, const double *largest, size_t n) {
  double sum = 0.0, spread = 0.0;
  size_t alive = 0;
  if (!squares) return NAN;
  for (size_t i = 0; i < n; i++)
    if (largest[i] >= SUMMARY_TINY) {
      sum += 0.5 * log(squares[i]);
      alive++;
    }
  if (alive < 2) return NAN;
  const double mean = sum / (double)alive;
  for (size_t i = 0; i < n; i++)
    if (largest[i] >= SUMMARY_TINY) spread += (0.5 * log(squares[i]) - mean) * (0.5 * log(squares[i]) - mean);
  return sqrt(spread / (double)alive);
}

static uint64_t magnitudes_of(const weight_summary *summary, unsigned key) {
  const entry_table *a = summary->table[0], *b = summary->table[1];
  return a->count[0][key] + a->count[1][key] + b->count[0][key] + b->count[1][key];
}

double wlaw_magnitude_quantile(const weight_summary *summary, double p) {
  if (summary->sorted) {
    const double place = ceil(p * (double)summary->n_sorted);
    const size_t last = summary->n_sorted - 1, at = place > 1.0 ? (size_t)place - 1 : 0;
    return summary->n_sorted ? summary->sorted[at < last ? at : last] : NAN;
  }
  const entry_key_kind kind = (entry_key_kind)summary->table[0]->kind;
  uint64_t total = 0, before = 0;
  double answer = NAN;
  for (unsigned key = 0; key < ENTRY_KEYS; key++)
    if (!isnan(wlaw_entry_key_value(kind, key))) total += magnitudes_of(summary, key);
  for (unsigned key = 0; key < ENTRY_KEYS; key++) {
    const double end = wlaw_entry_key_value(kind, key), place = p * (double)total - (double)before;
    const uint64_t count = magnitudes_of(summary, key);
    if (isnan(end) || count == 0) continue;
    /* weights lie evenly in their cell */
    const double width = summary->table[0]->cells_wide ? wlaw_entry_key_width(kind, key) : 0.0;
    answer = end + width * fmin(1.0, fmax(0.0, place / (double)count));
    before += count;
    if ((double)before >= p * (double)total) break;
  }
  return answer;
}
