/* Lattices that were put there are found with their step, offset and bits; weights of every number format, and every
 * tensor of the real checkpoints, have none. Costs of codes against counting them one by one. */
#include "support/test.h"

#include "core/stream.h"
#include "measure/weight_codes.h"
#include "support/alloc_fail.h"

enum { ROWS = 96, COLS = 128, ALL = ROWS * COLS };

static void draw_normals(double *x, size_t n, uint32_t seed) {
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, x, n);
}

/* Rounded to a significand of so many bits (f16: and to multiples of 2^-24). */
static double rounded(double x, wlaw_dtype dtype) {
  if (dtype == WLAW_F64 || x == 0) return x;
  if (dtype == WLAW_F32) return (float)x;
  int exponent;
  frexp(x, &exponent);
  const double step = fmax(ldexp(1, exponent - (dtype == WLAW_BF16 ? 8 : 11)), dtype == WLAW_F16 ? 0x1p-24 : 0);
  return step * nearbyint(x / step);
}

/* Numbers that the format holds exactly, as it stores them. */
static void encode(void *out, const double *x, size_t n, wlaw_dtype dtype) {
  for (size_t i = 0; i < n; i++) {
    const float single = (float)x[i];
    uint32_t bits;
    memcpy(&bits, &single, 4);
    uint16_t half = (uint16_t)(bits >> 16);
    if (dtype == WLAW_F16) {
      const double size = fabs(x[i]);
      int exponent = 0;
      if (size >= 0x1p-14) frexp(size, &exponent);
      const unsigned digits = size >= 0x1p-14 ? (unsigned)ldexp(size, 11 - exponent) : (unsigned)ldexp(size, 24);
      half = (uint16_t)(size >= 0x1p-14 ? ((unsigned)(exponent + 14) << 10) + (digits & 1023u) : digits);
      if (isinf(x[i]) || isnan(x[i])) half = isnan(x[i]) ? 0x7E00 : 0x7C00;
      if (signbit(x[i])) half |= 0x8000;
    }
    if (dtype == WLAW_F64) memcpy((double *)out + i, x + i, 8);
    else if (dtype == WLAW_F32) memcpy((float *)out + i, &single, 4);
    else memcpy((uint16_t *)out + i, &half, 2);
  }
}

static weight_lattice lattice_of(const double *x, size_t rows, size_t cols, wlaw_dtype dtype) {
  wlaw_error *err = wlaw_error_new();
  double *y = malloc(rows * cols * sizeof *y);
  void *stored = malloc(rows * cols * 8);
  for (size_t i = 0; i < rows * cols; i++) y[i] = rounded(x[i], dtype);
  encode(stored, y, rows * cols, dtype);
  weight_source source;
  wlaw_source_memory(&source, stored, dtype, rows, cols);
  weight_lattice lattice;
  check_ok(wlaw_weight_lattice(&lattice, &source, err));
  free(y);
  free(stored);
  wlaw_error_free(err);
  return lattice;
}

static double clamped(double x, double most) { return fmax(-most, fmin(most, x)); }

static const wlaw_dtype dtypes[] = {WLAW_F64, WLAW_F32, WLAW_F16, WLAW_BF16};
static const double precision[] = {1e-14, 1e-7, 1e-3, 1e-2}; /* of a step from rounded values: a few parts of an ulp */

/* Quantised on steps that are no round numbers, as symmetric codes, from the least value up, with powers of two. */
static void finds_what_was_quantised(void **state) {
  (void)state;
  double *x = malloc(ALL * sizeof *x), *w = malloc(ALL * sizeof *w);
  draw_normals(x, ALL, 1);
  for (size_t d = 0; d < 4; d++)
    for (int bits = 2; bits <= 8; bits++) {
      const double top = (1 << (bits - 1)) - 1, steps[] = {0.0137 / top, 3.3e3 / top, ldexp(1, -9 - bits), 1e-9};
      for (int s = 0; s < (dtypes[d] == WLAW_F16 ? 3 : 4); s++) { /* the last is below f16's least number */
        for (int i = 0; i < ALL; i++) w[i] = steps[s] * clamped(nearbyint(x[i] / 4 * top), top);
        const weight_lattice got = lattice_of(w, ROWS, COLS, dtypes[d]);
        if (!got.found || got.by_row || got.bits != (unsigned)bits || got.offset != 0 ||
            !(fabs(got.step / steps[s] - 1) <= precision[d]))
          fail_msg("%d bits of step %g as %s: found %d by row %d step %.9g offset %g bits %u distinct %u", bits,
                   steps[s], wlaw_dtype_text(dtypes[d]), got.found, got.by_row, got.step, got.offset, got.bits,
                   (unsigned)got.distinct);
      }
      /* codes 0 ... 2^bits - 1 from a least value on that is no multiple of the step: none for bf16 of 6 bits and more,
       * whose own steps are as coarse */
      if (bits < 3 || (dtypes[d] == WLAW_BF16 && bits > 5)) continue;
      const double step = 0.001, least = -0.4567 * step - step * top;
      for (int i = 0; i < ALL; i++) w[i] = least + step * (clamped(nearbyint(x[i] / 3 * top), top) + top);
      const weight_lattice got = lattice_of(w, ROWS, COLS, dtypes[d]);
      if (!got.found || got.by_row || got.bits != (unsigned)bits || !(fabs(got.step / step - 1) <= precision[d]) ||
          !(fabs(fabs(got.offset / step) - 0.4567) <= 4 * precision[d] * top))
        fail_msg("%d bits with offset as %s: found %d by row %d step %.9g offset %g bits %u", bits,
                 wlaw_dtype_text(dtypes[d]), got.found, got.by_row, got.step, got.offset, got.bits);
    }
  free(w);
  free(x);
}

static void finds_rows_of_their_own_step(void **state) {
  (void)state;
  double *x = malloc(ALL * sizeof *x), *w = malloc(ALL * sizeof *w), median[ROWS];
  draw_normals(x, ALL, 2);
  for (size_t d = 0; d < 4; d++)
    for (int bits = 3; bits <= 8; bits++) {
      const double top = (1 << (bits - 1)) - 1;
      for (int i = 0; i < ROWS; i++) {
        double largest = 0;
        for (int j = 0; j < COLS; j++) largest = fmax(largest, fabs(x[i * COLS + j]));
        median[i] = (1 + 0.3 * sin(i)) * 0.02 * largest / top;
        for (int j = 0; j < COLS; j++) w[i * COLS + j] = median[i] * nearbyint(x[i * COLS + j] / largest * top);
      }
      const weight_lattice got = lattice_of(w, ROWS, COLS, dtypes[d]);
      if (!got.found || !got.by_row || got.bits != (unsigned)bits || got.offset != 0 ||
          !(got.step > 0.01 / top && got.step < 0.12 / top))
        fail_msg("%d bits by row as %s: found %d by row %d step %.9g offset %g bits %u", bits,
                 wlaw_dtype_text(dtypes[d]), got.found, got.by_row, got.step, got.offset, got.bits);
    }
  free(w);
  free(x);
}

/* Codes of -s, 0, s: few values, each very often. */
static void finds_ternary_weights(void **state) {
  (void)state;
  double *x = malloc(ALL * sizeof *x);
  draw_normals(x, ALL, 3);
  for (int i = 0; i < ALL; i++) x[i] = 0.0173 * clamped(nearbyint(x[i]), 1);
  for (size_t d = 0; d < 4; d++) {
    const weight_lattice got = lattice_of(x, ROWS, COLS, dtypes[d]);
    assert_true(got.found && !got.by_row && got.distinct == 2);
    assert_true(got.bits == 2 && got.offset == 0);
    check_near(got.step / 0.0173, 1, precision[d]);
  }
  free(x);
}

static void check_none(const double *x, size_t rows, size_t cols, wlaw_dtype dtype, const char *what) {
  const weight_lattice got = lattice_of(x, rows, cols, dtype);
  if (got.found)
    fail_msg("%s as %s: by row %d step %g offset %g bits %u distinct %u", what, wlaw_dtype_text(dtype), got.by_row,
             got.step, got.offset, got.bits, (unsigned)got.distinct);
}

static void check_groups(const double *x, size_t rows, size_t cols, wlaw_dtype dtype) {
  const weight_lattice got = lattice_of(x, rows, cols, dtype);
  if (!got.found || !got.by_row || got.group != 32 || got.bits != 4 || got.offset != 0)
    fail_msg("blocks as %s, %zux%zu: found %d by row %d group %u offset %g bits %u", wlaw_dtype_text(dtype), rows, cols,
             got.found, got.by_row, (unsigned)got.group, got.offset, got.bits);
}

/* Subnormal numbers lie on the lattice of their format, not on one of codes. */
static void subnormal_weights_have_none(void **state) {
  (void)state;
  double *x = malloc(ALL * sizeof *x), *w = malloc(ALL * sizeof *w);
  draw_normals(x, ALL, 9);
  for (int i = 0; i < ALL; i++) w[i] = 0x1p-130 * x[i];
  check_none(w, ROWS, COLS, WLAW_BF16, "subnormal");
  for (int i = 0; i < ALL; i++) w[i] = 0x1p-146 * x[i];
  check_none(w, ROWS, COLS, WLAW_F32, "subnormal");
  free(w);
  free(x);
}

static void ordinary_weights_have_none(void **state) {
  (void)state;
  double *x = malloc(ALL * sizeof *x), *w = malloc(ALL * sizeof *w);
  draw_normals(x, ALL, 4);
  static const size_t shapes[][2] = {{ROWS, COLS}, {1, ALL}, {ALL, 1}, {1, 3}, {1, 64}, {4, 16}, {200, 40}, {1, 1}};
  for (size_t d = 0; d < 4; d++)
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
      const size_t rows = shapes[s][0], cols = shapes[s][1], n = rows * cols;
      check_none(x, rows, cols, dtypes[d], "normal");
      for (size_t e = 0; e < 4; e++) { /* values of a narrower format stored in a wider one */
        for (size_t i = 0; i < n; i++) w[i] = rounded(0.02 * x[i], dtypes[e]);
        check_none(w, rows, cols, dtypes[d], "of a narrower format");
        for (size_t i = 0; i < n; i++) w[i] = rounded(1 + 0.05 * x[i], dtypes[e]);
        check_none(w, rows, cols, dtypes[d], "a norm near 1");
        for (size_t i = 0; i < n; i++) w[i] = rounded(1e-5 * x[i], dtypes[e]);
        check_none(w, rows, cols, dtypes[d], "of small numbers");
      }
      for (size_t i = 0; i < n; i++) w[i] = 1;
      check_none(w, rows, cols, dtypes[d], "ones");
      for (size_t i = 0; i < n; i++) w[i] = i % 3 ? 0 : NAN;
      check_none(w, rows, cols, dtypes[d], "zeros and NaN");
      /* as q4_0: blocks of 32 with a scale in f16 each */
      for (size_t i = 0; i < n; i++) {
        const double scale = rounded(0.01 * (1 + 0.4 * sin((double)(i / 32))), WLAW_F16);
        w[i] = scale * clamped(nearbyint(3 * x[i]), 7);
      }
      if (n <= 64) continue;
      if (cols < 2 || cols % 32) check_none(w, rows, cols, dtypes[d], "blocks across rows");
      else check_groups(w, rows, cols, dtypes[d]);
    }
  free(w);
  free(x);
}

static void real_checkpoints_have_none(void **state) {
  (void)state;
  static const char *const files[] = {
      "checkpoints/stories260K/model-f32.safetensors", "checkpoints/stories260K/model-bf16.safetensors",
      "checkpoints/stories260K/model-f16.safetensors", "checkpoints/burn_mnist_cnn/mnist.safetensors",
      "checkpoints/ani_1x/ani-1x_train0.safetensors",  "checkpoints/ani_1x/ani-1x_train5.safetensors"};
  wlaw_error *err = wlaw_error_new();
  size_t seen = 0;
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    wlaw_tensors *tensors;
    check_ok(wlaw_tensors_open(&tensors, test_data(files[f]), err));
    for (size_t i = 0; i < tensors->n; i++) {
      const tensor_info *info = &tensors->info[i];
      if (info->note || info->count == 0 || info->dtype < WLAW_F16) continue;
      const uint64_t cols = info->rank ? info->shape[info->rank - 1] : 1;
      weight_source source;
      weight_lattice lattice;
      check_ok(wlaw_source_tensor(&source, tensors, i, info->count / cols, cols, NULL, err));
      check_ok(wlaw_weight_lattice(&lattice, &source, err));
      if (lattice.found) fail_msg("%s %s: step %g bits %u", files[f], info->name, lattice.step, lattice.bits);
      wlaw_source_free(&source);
      seen++;
    }
    wlaw_tensors_close(tensors);
  }
  assert_true(seen > 100);
  wlaw_error_free(err);
}

/* ---- bits */

static int falling(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }

/* Counts by comparing all with all codes up to 2^16, lengths by the formula for each weight. */
static weight_bits bits_one_by_one(const double *x, size_t n) {
  enum { MOST = 1 << 22 };
  int *counts = calloc(2 * MOST + 1, sizeof *counts);
  double total = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) counts[MOST + (int)nearbyint(x[i] * 8192)]++, total++;
  qsort(counts, 2 * MOST + 1, sizeof *counts, falling);
  weight_bits bits = {.exp_golomb = INFINITY};
  for (; counts[bits.codes]; bits.codes++)
    bits.entropy -= counts[bits.codes] / total * log2(counts[bits.codes] / total);
  for (unsigned k = 0; k < 20; k++) {
    double length = 0;
    for (size_t e = 0; e < bits.codes; e++)
      length += counts[e] * (2 * floor(log2((double)e + ldexp(1, (int)k))) - k + 1) / total;
    if (length < bits.exp_golomb - 1e-12) bits.exp_golomb = length, bits.order = k;
  }
  free(counts);
  return bits;
}

static void bits_are_those_of_counting(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  double *x = malloc(ALL * sizeof *x);
  void *stored = malloc(ALL * 8);
  static const double scales[] = {1e-6, 0.02, 0.7, 12};
  for (size_t d = 0; d < 4; d++)
    for (size_t s = 0; s < 4; s++) {
      draw_normals(x, ALL, (uint32_t)(10 + s));
      for (int i = 0; i < ALL; i++) x[i] = i % 7 ? rounded(scales[s] * x[i], dtypes[d]) : 0;
      x[5] = NAN;
      encode(stored, x, ALL, dtypes[d]);
      const weight_bits want = bits_one_by_one(x, ALL);
      for (unsigned threads = 1; threads <= 3; threads += 2) {
        weight_source source;
        weight_summary summary;
        weight_bits got;
        wlaw_source_memory(&source, stored, dtypes[d], ROWS, COLS);
        check_ok(wlaw_weight_summary(&summary, &source, threads, NULL, err));
        check_ok(wlaw_weight_bits(&got, &source, &summary, threads, NULL, err));
        assert_true(got.codes == want.codes && got.order == want.order);
        check_near(got.entropy, want.entropy, 1e-11);
        check_near(got.exp_golomb, want.exp_golomb, 1e-11);
        wlaw_weight_summary_free(&summary);
      }
    }
  free(stored);
  free(x);
  wlaw_error_free(err);
}

static void bits_are_not_determined_beyond_256(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  float x[64] = {256.0f, -256.0f, 1.0f};
  for (int beyond = 0; beyond < 2; beyond++) {
    weight_source source;
    weight_summary summary;
    weight_bits got;
    x[7] = beyond ? 256.1f : INFINITY;
    wlaw_source_memory(&source, x, WLAW_F32, 8, 8);
    check_ok(wlaw_weight_summary(&summary, &source, 1, NULL, err));
    check_ok(wlaw_weight_bits(&got, &source, &summary, 1, NULL, err));
    assert_true(beyond ? isnan(got.entropy) && isnan(got.exp_golomb) : got.codes == 4);
    wlaw_weight_summary_free(&summary);
  }
  wlaw_error_free(err);
}

typedef struct measured {
  weight_source source;
  weight_summary summary;
} measured;

static wlaw_status measure_codes(void *context, wlaw_error *err) {
  const measured *m = context;
  weight_lattice lattice;
  weight_bits bits;
  wlaw_status status = wlaw_weight_lattice(&lattice, &m->source, err);
  if (status == WLAW_OK) status = wlaw_weight_bits(&bits, &m->source, &m->summary, 2, NULL, err);
  return status;
}

static void refused_allocations_are_told(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  double *x = malloc(ALL * sizeof *x);
  void *stored = malloc(ALL * 8);
  for (size_t d = 1; d < 4; d += 2) {
    measured m;
    draw_normals(x, ALL, 20);
    for (int i = 0; i < ALL; i++) x[i] = rounded(x[i], dtypes[d]);
    encode(stored, x, ALL, dtypes[d]);
    wlaw_source_memory(&m.source, stored, dtypes[d], ROWS, COLS);
    check_ok(wlaw_weight_summary(&m.summary, &m.source, 1, NULL, err));
    alloc_fail_each(measure_codes, &m);
    wlaw_weight_summary_free(&m.summary);
  }
  free(stored);
  free(x);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_was_quantised),     cmocka_unit_test(finds_rows_of_their_own_step),
      cmocka_unit_test(finds_ternary_weights),        cmocka_unit_test(subnormal_weights_have_none),
      cmocka_unit_test(ordinary_weights_have_none),   cmocka_unit_test(real_checkpoints_have_none),
      cmocka_unit_test(bits_are_those_of_counting),   cmocka_unit_test(bits_are_not_determined_beyond_256),
      cmocka_unit_test(refused_allocations_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
