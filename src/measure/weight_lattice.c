/* Finding the lattice of dequantised weights.
 *
 * Every floating-point number lies on some lattice: that of its format, whose step near w is ulp(w). Quantised weights
 * are told by what they leave out: all of them lie on steps coarser than the format needs for the small ones. A value w
 * falls on the lattice of a step s > ulp(w) by chance once in s / ulp(w), so log2(s / ulp(w)) is the
 * evidence in bits that it gives. Weights of norms near 1 in bf16, say, lie on the lattice of their smallest ulp, and
 * give none. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/weight_codes.h"

enum {
  SAMPLE_ROWS = 32,      /* evenly spread */
  SAMPLE_VALUES = 32768, /* in all */
  FIRST_LOOK = 1024,     /* values that must lie on a lattice before more are looked at */
  LEVELS_MOST = 4096,    /* blocks with an f16 scale each lie on a lattice too, of 2^14 levels and more */
  OCCUPIED = 16,         /* levels for one value seen, at most */
  ROW_LEAST = 32,        /* weights of a row that may have a step of its own */
  EVIDENCE_LEAST = 64,   /* bits in all: twice what a step and an offset could explain */
  FEW_LEVELS = 16,       /* a code of 4 bits or less is known by its repetitions as well: */
  FEW_REPEATED = 64      /* weights for each of its values */
};

/* The number format that values need: significant bits and the step among its subnormal numbers. */
typedef struct number_format {
  int bits;
  double least;
} number_format;

static double format_step(const number_format *format, double value) {
  int exponent;
  frexp(value, &exponent);
  return fmax(ldexp(1.0, exponent - format->bits), format->least);
}

/* bf16, f16, f32 or f64: the first that holds all values. (bf16 values are often stored as f32.) */
static number_format format_of(const double *values, size_t n) {
  int bits = 0;
  bool half = true;
  for (size_t i = 0; i < n; i++) {
    int exponent;
    const uint64_t digits = isfinite(values[i]) ? (uint64_t)(frexp(fabs(values[i]), &exponent) * 0x1p53) : 0;
    if (!digits) continue;
    const int used = 53 - __builtin_ctzll(digits);
    if (used > bits) bits = used;
    half = half && fabs(values[i]) < 65536.0 && exponent - used >= -24;
  }
  const int standard = bits <= 8 ? 8 : bits <= 11 && half ? 11 : bits <= 24 ? 24 : 53;
  return (number_format){.bits = standard, .least = half && bits <= 11 ? 0x1p-24 : 0.0};
}

static int compare_values(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts and leaves out zeros, what is not finite, and repetitions; returns how many stay. n_kept: with repetitions. */
static size_t keep_distinct(double *values, size_t n, size_t *n_kept) {
  size_t kept = 0, distinct = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i]) && values[i] != 0.0) values[kept++] = values[i];
  qsort(values, kept, sizeof *values, compare_values);
  for (size_t i = 0; i < kept; i++)
    if (distinct == 0 || values[i] > values[distinct - 1]) values[distinct++] = values[i];
  *n_kept = kept;
  return distinct;
}

typedef struct lattice_fit {
  double step, offset, levels, evidence; /* evidence: bits, over distinct values */
  size_t distinct;
  bool repeated; /* few levels, each seen often */
} lattice_fit;

/* Distinct ascending values and where they are nearest to 0: there they are the most exact. */
typedef struct value_set {
  const double *values;
  size_t n, centre;
  const number_format *format;
} value_set;

/* Each value may be off by half a step of its format, and was computed in single precision at least from numbers as
 * large as the largest (an offset and a multiple of the step). */
static double rounding(const value_set *set, size_t i) {
  const double largest = fmax(fabs(set->values[0]), fabs(set->values[set->n - 1]));
  const int computed = set->format->bits > 24 ? set->format->bits : 24;
  return 0.5 * format_step(set->format, set->values[i]) + ldexp(largest, 1 - computed);
}

/* A step, known to lie in [low, high]. */
typedef struct step_range {
  double step, low, high;
} step_range;

/* The smallest gap among the values near 0, cut into `parts`. */
static step_range least_gap(const value_set *set, int parts) {
  enum { NEAR = 8 };
  const size_t first = set->centre > NEAR ? set->centre - NEAR : 0;
  const size_t last = set->centre + NEAR < set->n ? set->centre + NEAR : set->n - 1;
  double gap = INFINITY, error = 0.0;
  for (size_t i = first; i < last; i++) {
    if (!(set->values[i + 1] - set->values[i] < gap)) continue;
    gap = set->values[i + 1] - set->values[i];
    error = rounding(set, i) + rounding(set, i + 1);
  }
  return (step_range){.step = gap / parts, .low = (gap - error) / parts, .high = (gap + error) / parts};
}

/* Distance from the value in the centre, and how far it may be off. */
static double distance_of(double *error, const value_set *set, size_t i) {
  const double distance = fabs(set->values[i] - set->values[set->centre]);
  *error = rounding(set, i) + rounding(set, set->centre);
  return distance;
}

/* Narrows the step: each value bounds it, those near the centre first, so that it is known well enough for the next to
 * be counted. false: no step in the range will do. */
static bool refine_step(step_range *range, const value_set *set) {
  for (size_t up = set->centre + 1, down = set->centre; up < set->n || down > 0;) {
    const double above = up < set->n ? set->values[up] - set->values[set->centre] : INFINITY;
    const double below = down > 0 ? set->values[set->centre] - set->values[down - 1] : INFINITY;
    double error;
    const double distance = distance_of(&error, set, above <= below ? up++ : --down);
    const double count = nearbyint(distance / range->step);
    if (count < 1.0 || count * (range->high - range->low) > range->step) continue; /* which multiple cannot be told */
    range->low = fmax(range->low, (distance - error) / count);
    range->high = fmin(range->high, (distance + error) / count);
    if (range->low > range->high) return false;
    range->step = 0.5 * (range->low + range->high);
  }
  return true;
}

/* Bits of evidence of all values for the step; -1 where one does not fit. */
static double evidence_for(const step_range *range, const value_set *set) {
  double bits = 0.0;
  for (size_t i = 0; i < set->n; i++) {
    double error;
    const double distance = distance_of(&error, set, i), count = nearbyint(distance / range->step);
    error += 0.5 * count * (range->high - range->low);
    if (fabs(distance - count * range->step) > error) return -1.0;
    if (i != set->centre) bits += fmax(0.0, log2(range->step / (2.0 * error)));
  }
  return bits;
}

static void set_lattice(lattice_fit *out, const value_set *set, double step, bool zeros) {
  const double origin = set->values[set->centre], tolerance = 2.0 * rounding(set, set->centre) + 1e-6 * step;
  out->step = step;
  out->offset = origin - step * nearbyint(origin / step);
  if (fabs(out->offset) <= tolerance) out->offset = 0.0;
  if (zeros && fabs(fabs(out->offset) - 0.5 * step) <= tolerance) { /* -s and s with zeros between them */
    out->step = 0.5 * step;
    out->offset = 0.0;
  }
  out->levels = nearbyint((set->values[set->n - 1] - set->values[0]) / out->step) + 1.0;
}

/* Whether values (sorted here) lie on a lattice that their format does not explain. */
static bool fit_lattice(lattice_fit *out, double *values, size_t n, const number_format *format) {
  bool zeros = false;
  size_t kept;
  for (size_t i = 0; i < n; i++) zeros = zeros || values[i] == 0.0;
  value_set set = {.values = values, .n = keep_distinct(values, n, &kept), .format = format};
  *out = (lattice_fit){.distinct = set.n};
  if (set.n < 2 || set.n > LEVELS_MOST) return false;
  for (size_t i = 1; i < set.n; i++)
    if (fabs(values[i]) < fabs(values[set.centre])) set.centre = i;
  for (int parts = 1; parts <= 3; parts++) { /* levels between may all be missing */
    step_range range = least_gap(&set, parts);
    if ((values[set.n - 1] - values[0]) / range.step > 1.25 * LEVELS_MOST || !refine_step(&range, &set)) continue;
    out->evidence = evidence_for(&range, &set);
    if (out->evidence < 0.0) continue;
    set_lattice(out, &set, range.step, zeros);
    out->repeated = out->levels <= FEW_LEVELS && kept >= FEW_REPEATED * set.n;
    return out->levels <= LEVELS_MOST && out->levels <= (double)set.n * OCCUPIED &&
           out->evidence >= 0.5 * (double)set.n;
  }
  return false;
}

/* ---- what is looked at */

typedef struct weight_sample {
  size_t rows, cols;
  double *values, *scratch; /* [rows, cols] each */
} weight_sample;

static void sample_free(weight_sample *sample) {
  free(sample->values);
  free(sample->scratch);
}

static wlaw_status read_row(double *out, const weight_source *source, uint64_t row, size_t n, void *stored,
                            wlaw_error *err) {
  const size_t size = wlaw_dtype_size(source->dtype);
  const void *from = stored;
  if (source->memory) from = (const char *)source->memory + row * source->cols * size;
  else WLAW_TRY(source->read(source, row, 1, 0, n, stored, err));
  wlaw_weights_to_double(out, from, source->dtype, n);
  return WLAW_OK;
}

static wlaw_status sample_read(weight_sample *out, const weight_source *source, wlaw_error *err) {
  uint64_t rows = source->rows, cols = source->cols;
  if (rows > SAMPLE_ROWS && cols >= SAMPLE_VALUES / SAMPLE_ROWS) rows = SAMPLE_ROWS;
  if (cols > SAMPLE_VALUES / rows) cols = SAMPLE_VALUES / rows ? SAMPLE_VALUES / rows : 1;
  if (rows > SAMPLE_VALUES / cols) rows = SAMPLE_VALUES / cols;
  *out = (weight_sample){.rows = (size_t)rows, .cols = (size_t)cols};
  out->values = wlaw_array(out->rows * out->cols, sizeof *out->values);
  out->scratch = wlaw_array(out->rows * out->cols, sizeof *out->scratch);
  void *stored = wlaw_array(out->cols, sizeof(double));
  wlaw_status status = WLAW_OK;
  if (!out->values || !out->scratch || !stored) status = wlaw_fail_memory(err, out->rows * out->cols, sizeof(double));
  for (size_t i = 0; i < out->rows && status == WLAW_OK; i++) {
    const uint64_t row = (uint64_t)((double)i * ((double)source->rows / (double)out->rows));
    status = read_row(out->values + i * out->cols, source, row < source->rows ? row : source->rows - 1, out->cols,
                      stored, err);
  }
  free(stored);
  return status;
}

/* fit_lattice of values that stay as they are. */
static bool fit_part(lattice_fit *fit, const weight_sample *sample, size_t first, size_t n,
                     const number_format *format) {
  memcpy(sample->scratch, sample->values + first, n * sizeof *sample->scratch);
  return fit_lattice(fit, sample->scratch, n, format);
}

static bool enough(double evidence, bool repeated) { return evidence >= EVIDENCE_LEAST || repeated; }

static unsigned bits_for(double levels) { return (unsigned)ceil(log2(levels)); }

/* Pieces of rows (whole rows: width = cols) with a step each: nine in ten of those that tell anything. */
static void look_at_pieces(weight_lattice *out, const weight_sample *sample, size_t width,
                           const number_format *format) {
  double steps[SAMPLE_VALUES / ROW_LEAST], sum = 0.0, levels = 0.0;
  const size_t in_row = sample->cols / width, pieces = sample->rows * in_row;
  size_t on = 0, off = 0;
  bool repeated = true, shifted = false;
  lattice_fit fit;
  uint64_t distinct = 0;
  for (size_t i = 0; i < pieces && off * 10 <= pieces; i++) {
    if (!fit_part(&fit, sample, i / in_row * sample->cols + i % in_row * width, width, format)) {
      off += fit.distinct > 1;
      continue;
    }
    steps[on++] = fit.step;
    sum += fit.evidence;
    repeated = repeated && fit.levels <= FEW_LEVELS;
    shifted = shifted || fit.offset != 0.0;
    levels = fmax(levels, fit.levels);
    distinct = fit.distinct > distinct ? fit.distinct : distinct;
  }
  if (on < 2 || off * 10 > on + off || !enough(sum, repeated && on * width >= FEW_REPEATED * FEW_LEVELS)) return;
  qsort(steps, on, sizeof *steps, compare_values);
  *out = (weight_lattice){.found = true,
                          .by_row = true,
                          .group = width < sample->cols ? width : 0,
                          .step = steps[on / 2],
                          .offset = shifted ? NAN : 0.0,
                          .bits = bits_for(levels),
                          .distinct = distinct};
}

/* Rows with a step each, or groups of weights within a row, as int4 files have them: the longest that fit. */
static void look_at_groups(weight_lattice *out, const weight_sample *sample, const number_format *format) {
  static const size_t widths[] = {256, 128, 64, 32};
  look_at_pieces(out, sample, sample->cols, format);
  for (size_t w = 0; w < sizeof widths / sizeof *widths && !out->found; w++)
    if (sample->cols > widths[w] && sample->cols % widths[w] == 0) look_at_pieces(out, sample, widths[w], format);
}

wlaw_status wlaw_weight_lattice(weight_lattice *out, const weight_source *source, wlaw_error *err) {
  *out = (weight_lattice){.step = NAN, .offset = NAN};
  if (source->rows == 0 || source->cols == 0) return WLAW_OK;
  weight_sample sample;
  const wlaw_status status = sample_read(&sample, source, err);
  if (status == WLAW_OK) {
    const size_t n = sample.rows * sample.cols;
    number_format format = format_of(sample.values, n);
    /* the step among the subnormal numbers of the type */
    if (source->dtype == WLAW_F16) format.least = 0x1p-24;
    if (source->dtype == WLAW_BF16) format.least = fmax(format.least, 0x1p-133);
    if (source->dtype == WLAW_F32) format.least = fmax(format.least, 0x1p-149);
    lattice_fit fit;
    const bool first = fit_part(&fit, &sample, 0, n < FIRST_LOOK ? n : FIRST_LOOK, &format);
    out->distinct = fit.distinct;
    if (first && fit_part(&fit, &sample, 0, n, &format) && enough(fit.evidence, fit.repeated))
      *out = (weight_lattice){.found = true,
                              .step = fit.step,
                              .offset = fit.offset,
                              .bits = bits_for(fit.levels),
                              .distinct = fit.distinct};
    else if (sample.cols >= ROW_LEAST) look_at_groups(out, &sample, &format);
  }
  sample_free(&sample);
  return status;
}
