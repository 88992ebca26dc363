/* The verb scan on files the test writes: every dtype, every fault, threads, rules; and on real checkpoints. */
#include "study/scan_support.h"

#define F(name, type, rows, cols)                                                                                      \
  {                                                                                                                    \
    name, type, 2, { rows, cols }                                                                                      \
  }

enum { ROWS = 60, COLS = 50, COUNT = ROWS * COLS };

static void the_same_values_of_any_dtype(void **state) {
  (void)state;
  static const wlaw_dtype dtypes[] = {WLAW_F64, WLAW_F32, WLAW_BF16, WLAW_F16};
  static const char *const names[] = {"f64", "f32", "bf16", "f16"};
  static const char *const exact[] = {"count",     "zeros",     "min",        "max",           "dead_rows",
                                      "weibull.n", "weibull.k", "weibull.r2", "weibull.lambda"};
  static const char *const close[] = {"mean",        "std",           "skewness",       "kurtosis",
                                      "row_spread",  "column_spread", "weibull.k_both", "weibull.k_rows",
                                      "bits.entropy"};
  double *values = normals_of(COUNT, 0.25, 1, true);
  made_tensor tensors[4];
  for (size_t t = 0; t < 4; t++) tensors[t] = (made_tensor){F(names[t], dtypes[t], ROWS, COLS), values};
  static const char *const endings[] = {"dtypes.safetensors", "dtypes.npz"};
  for (size_t e = 0; e < 2; e++) {
    const char *path = test_scratch(endings[e]);
    /* NumPy's format has no bf16 */
    if (e == 1) tensors[2] = tensors[3];
    write_checkpoint(path, tensors, e == 0 ? 4 : 3);
    wlaw_result *result = scanned(path, NULL);
    const json_t *first = tensor_named(result, "f64");
    for (size_t t = 1; t < (e == 0 ? 4u : 3u); t++) {
      const json_t *other = tensor_named(result, tensors[t].spec.name);
      for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (!(value_of(other, exact[i]) == value_of(first, exact[i]))) fail_msg("%s of %s", exact[i], names[t]);
      /* sums in double of 3000 numbers, in another order at most */
      for (size_t i = 0; i < sizeof close / sizeof *close; i++)
        check_near(value_of(other, close[i]), value_of(first, close[i]), 1e-12 * (1 + fabs(value_of(first, close[i]))));
    }
    wlaw_result_free(result);
  }
  free(values);
}

/* Moments and errors against sums made here; k of normal weights against its known value within 5 standard errors. */
static void numbers_of_normal_weights(void **state) {
  (void)state;
  const char *path = test_scratch("normal.safetensors");
  enum { SIDE = 300 };
  double *values = normals_of(SIDE * SIDE, 0.1, 2, false);
  const made_tensor tensor = {F("model.layers.3.mlp.up_proj.weight", WLAW_F64, SIDE, SIDE), values};
  write_checkpoint(path, &tensor, 1);
  wlaw_result *result = scanned(path, (const char *const[]){"spectra", "true", NULL});
  const json_t *found = tensor_named(result, tensor.spec.name);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < SIDE * SIDE; i++) sum += values[i];
  for (size_t i = 0; i < SIDE * SIDE; i++) squares += values[i] * values[i];
  const double n = SIDE * SIDE, mean = sum / n;
  check_near(value_of(found, "mean"), mean, 1e-15);
  check_near(value_of(found, "std"), sqrt(squares / n - mean * mean), 1e-13);
  const double k = value_of(found, "weibull.k"), se = value_of(found, "weibull.se_k");
  check_near(se, 1.365 / sqrt(n), 0.05 * se); /* the anchor is given to 4 digits; n is finite */
  check_near(k, 1.2054343190, 5 * se);
  check_near(value_of(found, "weibull.k_both"), 1.2054343190, 6 * se);
  /* independent weights: the errors of dependent ones agree, up to sqrt(2 / 300) = 8 % each at one sigma */
  check_near(value_of(found, "weibull.se_k_rows"), se, 0.4 * se);
  check_near(value_of(found, "weibull.se_k_columns"), se, 0.4 * se);
  check_near(value_of(found, "ggd.shape"), 2.0, 6 * value_of(found, "ggd.se_shape"));
  check_near(value_of(found, "spectrum.frobenius_norm"), sqrt(squares), 1e-10 * sqrt(squares));
  /* ||W|| of n x n normal entries is about 2 sigma sqrt(n), with fluctuations of n^-2/3 */
  check_near(value_of(found, "spectrum.spectral_norm"), 0.1 * 2 * sqrt((double)SIDE), 0.05 * 0.2 * sqrt((double)SIDE));
  assert_int_equal((int)value_of(found, "block"), 3);
  assert_string_equal(json_string_value(json_object_get(found, "kind")), "up");
  assert_int_equal((int)value_of(found, "severity"), 0);
  assert_true(says(result->document, "findings", "Nothing unusual"));
  const json_t *histogram = json_object_get(found, "histogram");
  double counted = value_of(histogram, "below") + value_of(histogram, "above");
  for (size_t i = 0; i < 64; i++)
    counted += (double)json_integer_value(json_array_get(json_object_get(histogram, "counts"), i));
  check_near(counted, n, 0.0);
  wlaw_result_free(result);
  free(values);
}

/* Every bin against a count made here: exact for bf16, whose cells have no width; f32 cells, 2^-7 wide relatively, are
 * cut by edges as if their weights lay evenly: off by less than the two cells at the edges hold. */
static void histograms_count_every_weight(void **state) {
  (void)state;
  enum { SIDE = 300 };
  double *values = normals_of(SIDE * SIDE, 1, 20, true), *smooth = normals_of(SIDE * SIDE, 1, 21, false);
  for (size_t i = 0; i < SIDE * SIDE; i += 17) values[i] = 0;
  values[5] = 30;
  values[6] = -30;
  const made_tensor tensors[] = {{F("exact", WLAW_BF16, SIDE, SIDE), values}, {F("cut", WLAW_F32, SIDE, SIDE), smooth}};
  const char *path = test_scratch("histogram.safetensors");
  write_checkpoint(path, tensors, 2);
  wlaw_result *result = scanned(path, (const char *const[]){"quick", "true", NULL});
  for (size_t t = 0; t < 2; t++) {
    const json_t *histogram = json_object_get(tensor_named(result, tensors[t].spec.name), "histogram");
    const double low = value_of(histogram, "low"), width = value_of(histogram, "width");
    double counts[66] = {0};
    for (size_t i = 0; i < SIDE * SIDE; i++) {
      const double bin = floor((tensors[t].values[i] - low) / width);
      counts[bin < 0 ? 64 : bin >= 64 ? 65 : (size_t)bin]++;
    }
    for (size_t b = 0; b < 66; b++) {
      const double got = b == 64   ? value_of(histogram, "below")
                         : b == 65 ? value_of(histogram, "above")
                                   : json_number_value(json_array_get(json_object_get(histogram, "counts"), b));
      const double edge = fabs(low + width * (b < 32 ? (double)b : (double)b + 1)), cell = edge * 0x1p-7 / width;
      if (t == 0 && !(got == counts[b])) fail_msg("bin %zu holds %g, counted %g", b, got, counts[b]);
      if (t == 1 && !(fabs(got - counts[b]) <= 2 * cell * counts[b] + 8))
        fail_msg("bin %zu: %g, %g", b, got, counts[b]);
    }
  }
  wlaw_result_free(result);
  free(values);
  free(smooth);
}

/* Stored [in, out] (GPT-2), the same weights tell the same of their outputs as when stored [out, in]. */
static void transposed_weights_change_sides(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"rows", "rows"},
                                         {"columns", "columns"},
                                         {"dead_rows", "dead_rows"},
                                         {"dead_columns", "dead_columns"},
                                         {"weibull.n", "weibull.n"},
                                         {"weibull.k", "weibull.k"},
                                         {"max", "max"}};
  static const char *const near[] = {
      "row_spread",        "column_spread",        "weibull.k_rows",    "weibull.k_columns",
      "weibull.se_k_rows", "weibull.se_k_columns", "ggd.se_shape_rows", "weibull.se_lambda_columns"};
  double *turned = normals_of(COUNT, 1, 22, true), values[COUNT];
  for (size_t i = 0; i < COLS; i++) turned[i * ROWS + 3] = 0;
  for (size_t i = 0; i < ROWS; i++) turned[7 * ROWS + i] *= 4; /* the columns of the [out, in] form differ in scale */
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < COLS; j++) values[i * COLS + j] = turned[j * ROWS + i];
  const made_tensor tensors[] = {{F("h.0.mlp.c_fc.weight", WLAW_F32, COLS, ROWS), turned},
                                 {F("model.layers.0.mlp.up_proj.weight", WLAW_F32, ROWS, COLS), values}};
  const char *path = test_scratch("transposed.safetensors");
  write_checkpoint(path, tensors, 2);
  wlaw_result *result = scanned(path, NULL);
  const json_t *a = tensor_named(result, tensors[0].spec.name), *b = tensor_named(result, tensors[1].spec.name);
  assert_true(json_is_true(json_object_get(a, "transposed")) && json_is_false(json_object_get(b, "transposed")));
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (!(value_of(a, pairs[i][0]) == value_of(b, pairs[i][1]))) fail_msg("%s", pairs[i][0]);
  for (size_t i = 0; i < sizeof near / sizeof *near; i++)
    check_near(value_of(a, near[i]), value_of(b, near[i]), 1e-6 * fabs(value_of(b, near[i])));
  const json_t *largest = json_array_get(json_object_get(a, "largest"), 0);
  const size_t row = (size_t)value_of(largest, "row"), column = (size_t)value_of(largest, "column");
  check_near(values[row * COLS + column], value_of(largest, "value"), 0);
  wlaw_result_free(result);
  free(turned);
}

/* Fused tensors come in parts, low-rank pairs as their product. */
static void parts_and_products(void **state) {
  (void)state;
  enum { WIDTH = 16, RANK = 2 };
  double *fused = normals_of(3 * WIDTH * WIDTH, 1, 23, true), a[RANK * WIDTH], b[WIDTH * RANK], sum = 0;
  for (size_t i = 0; i < RANK * WIDTH; i++) a[i] = fused[i], b[i] = fused[100 + i];
  for (size_t i = 0; i < WIDTH; i++)
    for (size_t j = 0; j < WIDTH; j++) sum += b[i * RANK] * a[j] + b[i * RANK + 1] * a[WIDTH + j];
  const made_tensor tensors[] = {{F("h.0.attn.c_attn.weight", WLAW_F32, WIDTH, 3 * WIDTH), fused},
                                 {F("base.layers.0.q_proj.lora_A.weight", WLAW_F32, RANK, WIDTH), a},
                                 {F("base.layers.0.q_proj.lora_B.weight", WLAW_F32, WIDTH, RANK), b}};
  const char *path = test_scratch("parts.safetensors");
  write_checkpoint(path, tensors, 3);
  wlaw_result *result = scanned(path, NULL);
  const json_t *list = json_object_get(result->document, "tensors");
  static const char *const kinds[] = {"q", "k", "v", "lora"};
  assert_int_equal(json_array_size(list), 4);
  for (size_t i = 0; i < 4; i++) {
    const json_t *tensor = json_array_get(list, i);
    assert_string_equal(json_string_value(json_object_get(tensor, "kind")), kinds[i]);
    check_near(value_of(tensor, "rows"), WIDTH, 0);
    check_near(value_of(tensor, "columns"), WIDTH, 0);
    assert_int_equal(json_array_size(json_object_get(tensor, "shape")), 2);
  }
  /* 256 products of two terms of size 1, in double */
  check_near(value_of(json_array_get(list, 3), "mean"), sum / (WIDTH * WIDTH), 1e-14);
  wlaw_result_free(result);
  free(fused);
}

/* Half of the longer side is dead: what is left is noise of a narrower matrix, without spikes and of its own variance.
 */
static void dead_rows_make_no_noise(void **state) {
  (void)state;
  enum { LONG = 240, SHORT = 100 };
  const char *path = test_scratch("half-dead.safetensors");
  double *values = normals_of(LONG * SHORT, 0.5, 7, false);
  memset(values, 0, LONG / 2 * SHORT * sizeof *values);
  const made_tensor tensor = {F("w", WLAW_F64, LONG, SHORT), values};
  write_checkpoint(path, &tensor, 1);
  wlaw_result *result = scanned(path, (const char *const[]){"spectra", "true", NULL});
  const json_t *found = tensor_named(result, "w");
  assert_int_equal((int)value_of(found, "dead_rows"), LONG / 2);
  assert_int_equal((int)value_of(found, "spectrum.spikes"), 0);
  /* a median eigenvalue of 100 scatters by about 3 % */
  check_near(value_of(found, "spectrum.mp_variance"), 0.25, 0.15 * 0.25);
  wlaw_result_free(result);
  free(values);
}

/* Weights within 1e-4 of one another share a key, so that influences by key tell nothing: no error of 0 is reported. */
static void errors_that_cannot_be_told(void **state) {
  (void)state;
  const char *path = test_scratch("narrow.safetensors");
  double *values = normals_of(COUNT, 1e-5, 8, false);
  for (size_t i = 0; i < COUNT; i++) values[i] += 1.003;
  const made_tensor tensor = {F("w", WLAW_F64, ROWS, COLS), values};
  write_checkpoint(path, &tensor, 1);
  wlaw_result *result = scanned(path, NULL);
  const json_t *weibull = json_object_get(tensor_named(result, "w"), "weibull");
  assert_true(json_number_value(json_object_get(weibull, "se_k")) > 0.0);
  assert_false(json_is_number(json_object_get(weibull, "se_k_rows")));
  assert_false(json_is_number(json_object_get(weibull, "se_k_columns")));
  wlaw_result_free(result);
  free(values);
}

/* Weights are counted by keys of single precision: outside its range nothing is fitted, and the reason is told. */
static void beyond_single_precision(void **state) {
  (void)state;
  static const double scales[] = {1e80, 1e-60};
  const char *path = test_scratch("beyond.safetensors");
  for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
    double *values = normals_of(COUNT, scales[s], 8, false);
    const made_tensor tensor = {F("w", WLAW_F64, ROWS, COLS), values};
    write_checkpoint(path, &tensor, 1);
    wlaw_result *result = scanned(path, NULL);
    const json_t *weibull = json_object_get(tensor_named(result, "w"), "weibull");
    assert_true(json_is_null(json_object_get(weibull, "k")));
    assert_non_null(strstr(json_string_value(json_object_get(weibull, "reason")), "single precision"));
    wlaw_result_free(result);
    free(values);
  }
}

static void faults_are_found(void **state) {
  (void)state;
  const char *path = test_scratch("faults.safetensors");
  double *broken = normals_of(COUNT, 1, 3, true), *dead = normals_of(COUNT, 1, 4, false),
         *tiny = normals_of(COUNT, 1, 5, false), *outlier = normals_of(COUNT, 1, 6, false),
         *fine = normals_of(COUNT, 1, 7, false), zeros[COUNT] = {0};
  broken[7] = NAN;
  broken[COLS + 3] = -INFINITY;
  broken[COUNT - 1] = NAN;
  for (size_t j = 0; j < COLS; j++) dead[4 * COLS + j] = j % 2 ? 0.0 : 1e-13;
  for (size_t i = 0; i < ROWS; i++) dead[i * COLS + 9] = 0.0;
  for (size_t i = 0; i < 100; i++) tiny[31 * i % COUNT] = 1e-20;
  outlier[2 * COLS + 5] = -60.0;
  fine[0] = 1e-310;
  const made_tensor tensors[] = {
      {F("fine", WLAW_F64, ROWS, COLS), fine},       {F("broken", WLAW_F32, ROWS, COLS), broken},
      {F("dead", WLAW_F64, ROWS, COLS), dead},       {F("tiny", WLAW_F32, ROWS, COLS), tiny},
      {F("outlier", WLAW_F32, ROWS, COLS), outlier}, {F("zeros", WLAW_BF16, ROWS, COLS), zeros},
      {F("one_row", WLAW_F32, 1, COUNT), fine},      {F("none", WLAW_F32, 0, COLS), fine},
      {F("codes", WLAW_I32, ROWS, COLS), fine},      {F("mask", WLAW_BOOL, ROWS, COLS), zeros},
  };
  write_checkpoint(path, tensors, sizeof tensors / sizeof *tensors);
  wlaw_result *result = scanned(path, NULL);
  const json_t *document = result->document, *of = tensor_named(result, "broken");
  check_near(value_of(of, "nan"), 2, 0);
  check_near(value_of(of, "infinite"), 1, 0);
  check_near(value_of(of, "nonfinite"), 3, 0);
  check_near(value_of(of, "severity"), 3, 0);
  assert_true(says(of, "findings", "3 of 3000 weights are not finite (2 NaN, 1 infinite)"));
  assert_true(value_of(of, "weibull.n") == COUNT - 3);
  const json_t *largest = json_array_get(json_object_get(of, "largest"), 0);
  assert_string_equal(json_string_value(json_object_get(largest, "value")), "-inf");
  check_near(value_of(largest, "row"), 1, 0);
  check_near(value_of(largest, "column"), 3, 0);

  of = tensor_named(result, "dead");
  check_near(value_of(of, "dead_rows"), 1, 0);
  check_near(value_of(of, "dead_columns"), 1, 0);
  check_near(value_of(of, "severity"), 2, 0);
  assert_true(says(of, "findings", "1 of 60 rows is dead") && says(of, "findings", "1 of 50 columns is dead"));

  of = tensor_named(result, "tiny");
  check_near(value_of(of, "tiny"), 100, 0);
  assert_true(says(of, "findings", "3.33 % of the weights are below 1e-12"));

  of = tensor_named(result, "outlier");
  check_near(value_of(of, "min"), -60, 0);
  assert_true(value_of(of, "max_ratio") > 10);
  assert_true(says(of, "findings", "row 2 and column 5"));

  of = tensor_named(result, "zeros");
  check_near(value_of(of, "zeros"), COUNT, 0);
  assert_true(isnan(value_of(of, "weibull.k")));
  assert_non_null(json_string_value(json_object_get(json_object_get(of, "weibull"), "reason")));
  assert_true(says(of, "findings", "Every weight is 0"));

  of = tensor_named(result, "fine");
  check_near(value_of(of, "subnormal"), 1, 0);
  check_near(value_of(of, "severity"), 0, 0);
  of = tensor_named(result, "one_row");
  check_near(value_of(of, "dead_rows"), 0, 0);
  assert_true(value_of(of, "weibull.k") > 1 && isnan(value_of(of, "weibull.se_k_rows")));

  /* nothing is left out without a line */
  const json_t *skipped = json_object_get(document, "skipped");
  assert_int_equal(json_array_size(skipped), 3);
  for (size_t i = 0; i < 3; i++) assert_true(*json_string_value(json_object_get(json_array_get(skipped, i), "reason")));
  assert_true(says(document, "findings", "1 of 7 tensors holds weights that are not finite: broken."));
  assert_true(says(document, "findings", "3 tensors were not measured"));
  wlaw_result_free(result);
  free(broken);
  free(dead);
  free(tiny);
  free(outlier);
  free(fine);
}

/* Rows and columns of very different scales: k is low, balanced it is a normal law's, and the finding says so. */
static void scales_explain_k(void **state) {
  (void)state;
  enum { SIDE = 200 };
  double *values = normals_of(SIDE * SIDE, 1, 8, false), *scales = normals_of(2 * SIDE, 0.8, 9, false);
  for (size_t i = 0; i < SIDE; i++)
    for (size_t j = 0; j < SIDE; j++) values[i * SIDE + j] *= exp(scales[i] + scales[SIDE + j]);
  const made_tensor tensor = {F("model.layers.0.self_attn.o_proj.weight", WLAW_F32, SIDE, SIDE), values};
  const char *path = test_scratch("scales.safetensors");
  write_checkpoint(path, &tensor, 1);
  wlaw_result *result = scanned(path, NULL);
  const json_t *of = tensor_named(result, tensor.spec.name);
  assert_true(value_of(of, "weibull.k") < 0.95);
  check_near(value_of(of, "weibull.k_both"), 1.2054, 0.02);
  /* H of rows: of the 200 drawn logarithms, within the noise of a row's own root mean square */
  check_near(value_of(of, "row_spread"), 0.8, 0.15);
  assert_true(json_is_true(json_object_get(json_object_get(of, "weibull"), "converged")));
  assert_true(says(of, "findings", "is below the medians of 12 published models") &&
              says(of, "findings", "Rows and columns of different scales explain it"));
  assert_true(value_of(of, "weibull.se_k_rows") > 3 * value_of(of, "weibull.se_k"));
  wlaw_result_free(result);
  free(values);
  free(scales);
}

static void dequantised_weights_are_not_judged(void **state) {
  (void)state;
  enum { SIDE = 256 };
  double *values = normals_of(SIDE * SIDE, 1, 10, false);
  for (size_t i = 0; i < SIDE * SIDE; i++) values[i] = fmax(-7, fmin(7, rint(values[i] / 0.4))) * 0.013;
  const made_tensor tensor = {F("model.layers.0.mlp.up_proj.weight", WLAW_F32, SIDE, SIDE), values};
  const char *path = test_scratch("lattice.safetensors");
  write_checkpoint(path, &tensor, 1);
  wlaw_result *result = scanned(path, NULL);
  const json_t *of = tensor_named(result, tensor.spec.name);
  check_near(value_of(of, "lattice.step"), 0.013, 1e-8); /* single precision of the weights */
  check_near(value_of(of, "lattice.bits"), 4, 0);
  assert_true(says(of, "findings", "lattice of 4 bits") && !says(of, "findings", "published models"));
  wlaw_result_free(result);
  free(values);
}

/* Codes that the file itself names (here f8_e4m3, whose weights lie on no lattice of integers or on one). */
static void stored_codes_are_not_judged(void **state) {
  (void)state;
  enum { SIDE = 128 };
  const char *path = test_scratch("f8.safetensors");
  static const char header[] =
      "{\"model.layers.0.self_attn.q_proj.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[128,128],"
      "\"data_offsets\":[0,16384]}}";
  const uint64_t length = sizeof header - 1;
  unsigned char bytes[SIDE * SIDE];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)((i * 37 % 112 + 8) | (i % 3 ? 0x80 : 0));
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_true(fwrite(&length, 1, 8, file) == 8 && fwrite(header, 1, length, file) == length &&
              fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes);
  assert_int_equal(fclose(file), 0);
  wlaw_result *result = scanned(path, (const char *const[]){"quick", "true", NULL});
  const json_t *of = tensor_named(result, "model.layers.0.self_attn.q_proj.weight");
  assert_true(says(of, "findings", "are stored as f8_e4m3") && !says(of, "findings", "published models"));
  assert_true(json_is_null(json_object_get(json_object_get(of, "published"), "verdict")));
  assert_true(says(result->document, "findings", "1 of 1 tensors is stored as codes"));
  check_near(value_of(of, "severity"), 0, 0);
  wlaw_result_free(result);
}

/* int4 with a step for every 64 weights of a row, as files of 4 bits have it. */
static void dequantised_groups_are_not_judged(void **state) {
  (void)state;
  enum { SIDE = 256, GROUP = 64 };
  double *values = normals_of(SIDE * SIDE, 1, 13, false);
  for (size_t g = 0; g < SIDE * SIDE; g += GROUP) {
    double most = 0;
    for (size_t i = g; i < g + GROUP; i++) most = fmax(most, fabs(values[i]));
    for (size_t i = g; i < g + GROUP; i++) values[i] = rint(values[i] / (most / 7)) * (most / 7);
  }
  static const wlaw_dtype dtypes[] = {WLAW_F32, WLAW_BF16};
  for (size_t d = 0; d < 2; d++) {
    const made_tensor tensor = {F("model.layers.0.self_attn.v_proj.weight", dtypes[d], SIDE, SIDE), values};
    const char *path = test_scratch("groups.safetensors");
    write_checkpoint(path, &tensor, 1);
    wlaw_result *result = scanned(path, NULL);
    const json_t *of = tensor_named(result, tensor.spec.name);
    check_near(value_of(of, "lattice.bits"), 4, 0);
    check_near(value_of(of, "lattice.group"), GROUP, 0);
    assert_true(says(of, "findings", "another in every 64 weights") && !says(of, "findings", "published models"));
    wlaw_result_free(result);
  }
  free(values);
}

/* What the file's tensors are as matrices, and which have no k, is said of the whole file, too. */
static void notes_are_told(void **state) {
  (void)state;
  double *values = normals_of(COUNT, 1, 16, true);
  const made_tensor tensors[] = {{F("model.layers.0.self_attn.qkv_proj.weight", WLAW_F32, ROWS, COLS), values},
                                 {F("model.layers.1.self_attn.qkv_proj.weight", WLAW_F32, ROWS, COLS), values},
                                 {F("small", WLAW_F32, 3, 3), values}};
  const char *path = test_scratch("notes.safetensors");
  write_checkpoint(path, tensors, 3);
  wlaw_result *result = scanned(path, (const char *const[]){"quick", "true", NULL});
  assert_true(says(result->document, "findings",
                   "model.layers.0.self_attn.qkv_proj.weight, model.layers.1.self_attn.qkv_proj.weight: q, k and v are "
                   "measured together: their heads are not known (--heads, --kv-heads)."));
  assert_true(says(result->document, "findings", "1 of 3 tensors has no k: fewer than 100 weights other than 0."));
  wlaw_result_free(result);
  free(values);
}

/* A row of infinities or NaN is broken, not dead, whether it lies in one block or in many; and small is not 0. */
static void broken_is_not_dead(void **state) {
  (void)state;
  enum { WIDE = 300000 };
  double *values = normals_of(4 * WIDE, 1, 17, false), *lost = normals_of(COUNT, 1, 18, false),
         *small = normals_of(COUNT, 1e-20, 19, false);
  for (size_t i = 0; i < COUNT; i++) lost[i] = NAN;
  for (size_t j = 0; j < WIDE; j++) {
    values[j] = INFINITY;
    values[WIDE + j] = 0;
  }
  values[2 * WIDE + 7] = values[3 * WIDE + 7] = NAN;
  static const wlaw_dtype dtypes[] = {WLAW_F64, WLAW_F32, WLAW_BF16};
  for (size_t d = 0; d < 3; d++) {
    const made_tensor tensors[] = {{F("wide", dtypes[d], 4, WIDE), values},
                                   {F("lost", dtypes[d], ROWS, COLS), lost},
                                   {F("small", dtypes[d], ROWS, COLS), small}};
    const char *path = test_scratch("lost.safetensors");
    write_checkpoint(path, tensors, 3);
    wlaw_result *result = scanned(path, (const char *const[]){"quick", "true", NULL});
    const json_t *of = tensor_named(result, "wide");
    check_near(value_of(of, "dead_rows"), 1, 0);
    check_near(value_of(of, "dead_columns"), 0, 0);
    of = tensor_named(result, "lost");
    check_near(value_of(of, "dead_rows") + value_of(of, "dead_columns"), 0, 0);
    assert_true(says(tensor_named(result, "small"), "findings", "Every weight is below 1e-12 in magnitude"));
    wlaw_result_free(result);
  }
  free(values);
  free(lost);
  free(small);
}

/* Medians are no verdict on a plot that is not straight; and a vector has no dead columns. */
static void crooked_plots_are_not_judged(void **state) {
  (void)state;
  double *values = normals_of(COUNT * 4, 1, 14, false), *bias = normals_of(200, 1, 15, false);
  for (size_t i = 0; i < COUNT * 2; i++) values[i] *= 1e-18;
  for (size_t i = 0; i < 20; i++) bias[i] = 1e-20;
  const made_tensor tensors[] = {{F("model.layers.0.mlp.up_proj.weight", WLAW_F32, ROWS * 4, COLS), values},
                                 {{"model.layers.0.mlp.up_proj.bias", WLAW_F32, 1, {200}}, bias}};
  const char *path = test_scratch("crooked.safetensors");
  write_checkpoint(path, tensors, 2);
  wlaw_result *result = scanned(path, NULL);
  const json_t *of = tensor_named(result, tensors[0].spec.name);
  assert_true(says(of, "findings", "is not straight") && !says(of, "findings", "published models"));
  assert_true(json_is_null(json_object_get(json_object_get(of, "published"), "verdict")));
  assert_true(!says(result->document, "findings", "published medians"));
  assert_true(says(result->document, "findings", "1 of 2 tensors has dead rows or columns"));
  assert_true(says(result->document, "findings", "2 of 2 tensors hold many weights below 1e-12"));
  wlaw_result_free(result);
  free(values);
  free(bias);
}

static void the_same_bytes_on_any_threads(void **state) {
  (void)state;
  const char *path = test_scratch("threads.safetensors");
  enum { LARGE = 1100 };
  double *large = normals_of(LARGE * LARGE, 1, 11, false), *small = normals_of(COUNT, 1, 12, true);
  const made_tensor tensors[] = {
      {F("a", WLAW_F32, ROWS, COLS), small},       {F("b", WLAW_BF16, COLS, ROWS), small},
      {F("large", WLAW_F32, LARGE, LARGE), large}, {F("c", WLAW_F16, ROWS, COLS), small},
      {F("d", WLAW_F64, ROWS, COLS), large},
  };
  write_checkpoint(path, tensors, 5);
  static const char *const threads[] = {"1", "2", "7"};
  char *first = NULL;
  for (size_t t = 0; t < 3; t++) {
    wlaw_result *result = scanned(path, (const char *const[]){"threads", threads[t], "spectra", "true", NULL});
    char *bytes = result_bytes(result);
    if (!first) first = bytes;
    else if (strcmp(first, bytes) != 0) fail_msg("other bytes on %s threads", threads[t]);
    if (bytes != first) free(bytes);
    wlaw_result_free(result);
  }
  free(first);
  free(large);
  free(small);
}

static void several_files_and_quick(void **state) {
  (void)state;
  char a[4096], b[4096];
  double *values = normals_of(COUNT, 1, 13, false);
  const made_tensor tensor = {F("w", WLAW_F32, ROWS, COLS), values};
  snprintf(a, sizeof a, "%s", test_scratch("one.safetensors"));
  snprintf(b, sizeof b, "%s", test_scratch("two.npz"));
  write_checkpoint(a, &tensor, 1);
  write_checkpoint(b, &tensor, 1);
  const char *const paths[] = {a, b};
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_scan, paths, 2,
                     (const char *const[]){"quick", "true", "check", "nonfinite==0", NULL}, err));
  assert_string_equal(text_at(result, "schema"), "weightlaw.scans/1");
  assert_int_equal(json_array_size(json_object_get(result->document, "scans")), 2);
  check_near(number_at(result, "scans.0.tensors.0.weibull.k"), number_at(result, "scans.1.tensors.0.weibull.k"), 0.0);
  assert_true(isnan(number_at(result, "scans.0.tensors.0.weibull.k_both")));
  assert_true(number_at(result, "scans.0.tensors.0.ggd.shape") > 1.5);
  assert_true(json_is_true(json_object_get(json_object_get(result->document, "check"), "passed")));
  wlaw_result_free(result);
  wlaw_error_free(err);
  free(values);
}

static void what_cannot_be_asked(void **state) {
  (void)state;
  static const struct {
    const char *option, *value;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"check", "weibul.k>1", WLAW_NAME, "did you mean 'weibull.k'?"},
      {"check", "spectrum.alpha>1", WLAW_ARGUMENT, "give --spectra"},
      {"bootstrap", "10", WLAW_ARGUMENT, "--spectra"},
      {"tensor", "nosuch*", WLAW_NAME, "nosuch*"},
  };
  const char *path = test_scratch("asked.safetensors");
  double *values = normals_of(COUNT, 1, 14, false);
  const made_tensor tensor = {F("w", WLAW_F32, ROWS, COLS), values};
  write_checkpoint(path, &tensor, 1);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    wlaw_result *result = NULL;
    wlaw_error *err = wlaw_error_new();
    const char *const options[] = {cases[c].option, cases[c].value, NULL};
    check_status(call_verb(&result, &wlaw_command_scan, &path, 1, options, err), cases[c].status);
    if (!strstr(wlaw_error_message(err), cases[c].says)) fail_msg("%s", wlaw_error_message(err));
    wlaw_error_free(err);
  }
  free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_values_of_any_dtype),
      cmocka_unit_test(numbers_of_normal_weights),
      cmocka_unit_test(dead_rows_make_no_noise),
      cmocka_unit_test(errors_that_cannot_be_told),
      cmocka_unit_test(beyond_single_precision),
      cmocka_unit_test(faults_are_found),
      cmocka_unit_test(histograms_count_every_weight),
      cmocka_unit_test(transposed_weights_change_sides),
      cmocka_unit_test(parts_and_products),
      cmocka_unit_test(scales_explain_k),
      cmocka_unit_test(dequantised_weights_are_not_judged),
      cmocka_unit_test(stored_codes_are_not_judged),
      cmocka_unit_test(dequantised_groups_are_not_judged),
      cmocka_unit_test(notes_are_told),
      cmocka_unit_test(broken_is_not_dead),
      cmocka_unit_test(crooked_plots_are_not_judged),
      cmocka_unit_test(the_same_bytes_on_any_threads),
      cmocka_unit_test(several_files_and_quick),
      cmocka_unit_test(what_cannot_be_asked),
  };
  return cmocka_run_group_tests_name("study.scan", tests, NULL, NULL);
}
