/* GGUF: every block encoding against a second decoder written from the layouts weight by weight, metadata, faults, and
 * one network in three precisions. */
#include "support/test.h"

#include <pthread.h>

#include "tensor/byte_file.h"
#include "tensor/encoding.h"
#include "tensor/make_files.h"

/* IEEE 754 binary16 by its definition. */
static double half_value(const unsigned char *bytes) {
  const unsigned bits = bytes[0] + 256u * bytes[1], exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double magnitude = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
  return bits >> 15 ? -magnitude : magnitude;
}

/* Bits `first` .. `first + n` of a field of bytes, bit 0 the lowest of byte 0. */
static int bits_of(const unsigned char *bytes, int first, int n) {
  int value = 0;
  for (int k = 0; k < n; k++) value |= (bytes[(first + k) / 8] >> (first + k) % 8 & 1) << k;
  return value;
}

static int signed_byte(unsigned char byte) { return byte < 128 ? byte : byte - 256; }

/* Nibble e of 32: the low ones of 16 bytes, then the high ones. */
static int nibble_of_32(const unsigned char *bytes, int e) { return bits_of(bytes, e % 16 * 8 + e / 16 * 4, 4); }

/* Scale (which = 0) and minimum (1) of run r: in bits 0 .. 5 of bytes r + 4 which for the first four runs; for the
 * others four bits of byte r + 4 and two upper bits of byte r - 4 + 4 which. */
static int scale_of_run(const unsigned char *packed, int r, int which) {
  if (r < 4) return bits_of(packed + r + 4 * which, 0, 6);
  return bits_of(packed + r + 4, 4 * which, 4) + 16 * bits_of(packed + r - 4 + 4 * which, 6, 2);
}

/* Weight e of a block; exact in double. */
static double weight_q4_0(const unsigned char *b, int e) { return half_value(b) * (nibble_of_32(b + 2, e) - 8); }
static double weight_q4_1(const unsigned char *b, int e) {
  return half_value(b) * nibble_of_32(b + 4, e) + half_value(b + 2);
}
static double weight_q5_0(const unsigned char *b, int e) {
  return half_value(b) * (nibble_of_32(b + 6, e) + 16 * bits_of(b + 2, e, 1) - 16);
}
static double weight_q5_1(const unsigned char *b, int e) {
  return half_value(b) * (nibble_of_32(b + 8, e) + 16 * bits_of(b + 4, e, 1)) + half_value(b + 2);
}
static double weight_q8_0(const unsigned char *b, int e) { return half_value(b) * signed_byte(b[2 + e]); }
static double weight_q2_k(const unsigned char *b, int e) {
  const int byte = e / 128 * 32 + e % 32, pair = e % 128 / 32;
  return half_value(b + 80) * bits_of(b + e / 16, 0, 4) * bits_of(b + 16 + byte, 2 * pair, 2) -
         half_value(b + 82) * bits_of(b + e / 16, 4, 4);
}
static double weight_q3_k(const unsigned char *b, int e) {
  const int byte = e / 128 * 32 + e % 32, pair = e % 128 / 32, run = e / 16;
  const int scale = bits_of(b + 96 + run % 8, run / 8 * 4, 4) + 16 * bits_of(b + 104 + run % 4, run / 4 * 2, 2) - 32;
  const int q = bits_of(b + 32 + byte, 2 * pair, 2) + 4 * bits_of(b + e % 32, e / 32, 1) - 4;
  return half_value(b + 108) * scale * q;
}
static double weight_q4_k(const unsigned char *b, int e) {
  const int q = bits_of(b + 16 + e / 64 * 32 + e % 32, e % 64 / 32 * 4, 4);
  return half_value(b) * scale_of_run(b + 4, e / 32, 0) * q - half_value(b + 2) * scale_of_run(b + 4, e / 32, 1);
}
static double weight_q5_k(const unsigned char *b, int e) {
  const int q = bits_of(b + 48 + e / 64 * 32 + e % 32, e % 64 / 32 * 4, 4) + 16 * bits_of(b + 16 + e % 32, e / 32, 1);
  return half_value(b) * scale_of_run(b + 4, e / 32, 0) * q - half_value(b + 2) * scale_of_run(b + 4, e / 32, 1);
}
static double weight_q6_k(const unsigned char *b, int e) {
  const int in_half = e % 128, low = bits_of(b + e / 128 * 64 + in_half % 64, in_half / 64 * 4, 4);
  const int high = bits_of(b + 128 + e / 128 * 32 + e % 32, in_half / 32 * 2, 2);
  return half_value(b + 208) * signed_byte(b[192 + e / 16]) * (low + 16 * high - 32);
}
static double weight_mxfp4(const unsigned char *b, int e) {
  const int nibble = nibble_of_32(b + 1, e), exponent = nibble >> 1 & 3, fraction = nibble & 1;
  const double magnitude = exponent ? ldexp(1 + fraction / 2.0, exponent - 1) : fraction / 2.0;
  return ldexp(nibble >> 3 ? -magnitude : magnitude, b[0] - 127);
}

static const struct {
  const char *name;
  unsigned id, elements, bytes;
  int halves[2]; /* where the block has half-precision numbers; -1: none */
  double (*weight)(const unsigned char *block, int e);
} blocks[] = {
    {"q4_0", 2, 32, 18, {0, -1}, weight_q4_0},      {"q4_1", 3, 32, 20, {0, 2}, weight_q4_1},
    {"q5_0", 6, 32, 22, {0, -1}, weight_q5_0},      {"q5_1", 7, 32, 24, {0, 2}, weight_q5_1},
    {"q8_0", 8, 32, 34, {0, -1}, weight_q8_0},      {"q2_K", 10, 256, 84, {80, 82}, weight_q2_k},
    {"q3_K", 11, 256, 110, {108, -1}, weight_q3_k}, {"q4_K", 12, 256, 144, {0, 2}, weight_q4_k},
    {"q5_K", 13, 256, 176, {0, 2}, weight_q5_k},    {"q6_K", 14, 256, 210, {208, -1}, weight_q6_k},
    {"mxfp4", 39, 32, 17, {-1, -1}, weight_mxfp4},
};
enum { N_BLOCKS = sizeof blocks / sizeof *blocks, ROWS = 3, COLS = 512, COUNT = ROWS * COLS };

static unsigned char next_byte(uint32_t *mixed) {
  *mixed = *mixed * 1664525u + 1013904223u; /* an LCG's high byte */
  return (unsigned char)(*mixed >> 24);
}

/* A file of one [ROWS, COLS] tensor "w" of random blocks whose scales are finite. */
static void make_blocks(byte_file *file, size_t k, uint32_t *mixed) {
  gguf_start(file, 1, 0);
  gguf_tensor(file, "w", 2, (const uint64_t[]){COLS, ROWS}, blocks[k].id, 0);
  add_padding(file, 32);
  for (unsigned b = 0; b < COUNT / blocks[k].elements; b++) {
    unsigned char block[256];
    for (unsigned j = 0; j < blocks[k].bytes; j++) block[j] = next_byte(mixed);
    for (int h = 0; h < 2; h++)
      if (blocks[k].halves[h] >= 0) block[blocks[k].halves[h] + 1] &= 0xBF; /* exponent below 16 */
    if (blocks[k].id == 39) block[0] = (unsigned char)(block[0] % 250);
    add_bytes(file, block, blocks[k].bytes);
  }
}

/* Byte for byte: in exact arithmetic every product fits f32 but the last operation, which rounds once. */
static void check_blocks(size_t k, wlaw_tensors *tensors, const unsigned char *stored, uint32_t *mixed,
                         wlaw_error *err) {
  static float want[COUNT];
  for (int e = 0; e < COUNT; e++)
    want[e] = (float)blocks[k].weight(stored + (unsigned)e / blocks[k].elements * blocks[k].bytes,
                                      e % (int)blocks[k].elements);
  static double values[COUNT];
  check_ok(wlaw_tensors_read(tensors, 0, 0, COUNT, values, err));
  for (int e = 0; e < COUNT; e++)
    if (!((float)values[e] == want[e]))
      fail_msg("%s: weight %d is %.9g, not %.9g", blocks[k].name, e, values[e], (double)want[e]);
  for (int trial = 0; trial < 200; trial++) { /* from any byte on, any number of bytes */
    static unsigned char part[4 * COUNT];
    const size_t from = (next_byte(mixed) + 256u * next_byte(mixed)) % sizeof part;
    const size_t n = (next_byte(mixed) + 256u * next_byte(mixed)) % (sizeof part - from);
    check_ok(tensors->format->read(tensors, 0, from, part, n, err));
    if (memcmp(part, (const unsigned char *)want + from, n) != 0)
      fail_msg("%s: bytes %zu + %zu differ", blocks[k].name, from, n);
  }
}

static void every_encoding(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("blocks.gguf");
  uint32_t mixed = 7;
  for (size_t k = 0; k < N_BLOCKS; k++) {
    byte_file file;
    make_blocks(&file, k, &mixed);
    put_file(path, file.bytes, file.n);
    wlaw_tensors *tensors;
    check_ok(wlaw_tensors_open(&tensors, path, err));
    const tensor_info *info = &tensors->info[0];
    assert_string_equal(wlaw_tensors_format(tensors), "gguf");
    assert_string_equal(wlaw_tensors_encoding(tensors, 0), blocks[k].name);
    assert_int_equal(info->dtype, WLAW_F32);
    assert_true(!info->plain && info->concurrent && info->shape[0] == ROWS && info->shape[1] == COLS);
    assert_true(info->bytes == 4 * COUNT);
    check_blocks(k, tensors, file.bytes + file.n - COUNT / blocks[k].elements * blocks[k].bytes, &mixed, err);
    const void *map;
    size_t n;
    check_status(wlaw_tensors_map(tensors, 0, &map, &n, err), WLAW_UNSUPPORTED);
    wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

/* The largest read unpacks several windows; the values are those of small reads. */
static void long_reads(void **state) {
  (void)state;
  enum { WEIGHTS = 40000 / 32 * 32 };
  const char *path = test_scratch("long.gguf");
  byte_file head;
  gguf_start(&head, 1, 0);
  gguf_tensor(&head, "w", 1, (const uint64_t[]){WEIGHTS}, 8, 0);
  add_padding(&head, 32);
  const size_t n = head.n + WEIGHTS / 32 * 34;
  unsigned char *bytes = calloc(1, n);
  assert_non_null(bytes);
  memcpy(bytes, head.bytes, head.n);
  for (size_t b = 0; b < WEIGHTS / 32; b++) {
    bytes[head.n + 34 * b + 1] = 0x3C; /* d = 1 */
    for (size_t j = 0; j < 32; j++) bytes[head.n + 34 * b + 2 + j] = (unsigned char)(7 * b + j);
  }
  put_file(path, bytes, n);
  free(bytes);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  static double values[WEIGHTS];
  check_ok(wlaw_tensors_read(tensors, 0, 0, WEIGHTS, values, err));
  for (int e = 0; e < WEIGHTS; e++)
    if (!(values[e] == signed_byte((unsigned char)(7 * (e / 32) + e % 32)))) fail_msg("weight %d is %g", e, values[e]);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

typedef struct reader {
  wlaw_tensors *tensors;
  const double *want;
  uint32_t mixed;
  bool same;
} reader;

static void *read_often(void *context) {
  reader *own = context;
  own->same = true;
  double values[256];
  for (int k = 0; k < 500; k++) {
    const uint64_t first = (next_byte(&own->mixed) + 256u * next_byte(&own->mixed)) % (COUNT - 256);
    if (wlaw_tensors_read(own->tensors, 0, first, 256, values, NULL) != WLAW_OK ||
        memcmp(values, own->want + first, sizeof values) != 0)
      own->same = false;
  }
  return NULL;
}

static void several_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  byte_file file;
  uint32_t mixed = 5;
  make_blocks(&file, 9, &mixed);
  const char *path = test_scratch("threads.gguf");
  put_file(path, file.bytes, file.n);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  static double want[COUNT];
  check_ok(wlaw_tensors_read(tensors, 0, 0, COUNT, want, err));
  reader readers[THREADS];
  pthread_t threads[THREADS];
  for (uint32_t t = 0; t < THREADS; t++) {
    readers[t] = (reader){tensors, want, t, false};
    assert_int_equal(pthread_create(&threads[t], NULL, read_often, &readers[t]), 0);
  }
  for (int t = 0; t < THREADS; t++) {
    pthread_join(threads[t], NULL);
    assert_true(readers[t].same);
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* Metadata of every type, before and behind those that count; f32 [2, 3] and a type that is listed only. */
static void make_good(byte_file *file) {
  gguf_start(file, 3, 9);
  gguf_key(file, "bert.attention.head_count", 4);
  add_integer(file, 99, 4); /* of another architecture */
  gguf_key(file, "llama.attention.head_count", 4);
  add_integer(file, 32, 4);
  gguf_key(file, "general.alignment", 4);
  add_integer(file, 64, 4);
  gguf_key(file, "words", 9);
  add_integer(file, 8, 4);
  add_integer(file, 2, 8);
  gguf_text(file, "a");
  gguf_text(file, "");
  gguf_key(file, "nested", 9);
  add_integer(file, 9, 4);
  add_integer(file, 1, 8);
  add_integer(file, 0, 4); /* an array of three bytes */
  add_integer(file, 3, 8);
  add_integer(file, 0, 3);
  gguf_key(file, "general.architecture", 8);
  gguf_text(file, "llama");
  gguf_key(file, "llama.attention.head_count_kv", 10);
  add_integer(file, 8, 8);
  gguf_key(file, "real", 12);
  add_integer(file, 0, 8);
  gguf_key(file, "yes", 7);
  add_integer(file, 1, 1);
  gguf_tensor(file, "listed", 1, (const uint64_t[]){256}, 16, 0); /* iq2_xxs: 66 bytes */
  gguf_tensor(file, "none", 2, (const uint64_t[]){4, 0}, 0, 128);
  gguf_tensor(file, "w", 2, (const uint64_t[]){3, 2}, 0, 128);
  add_padding(file, 64);
  for (int k = 0; k < 128; k++) add_integer(file, 0, 1);
  for (int k = 0; k < 6; k++) {
    const float value = (float)k - 2.5f;
    add_bytes(file, &value, sizeof value);
  }
}

static void metadata_and_shapes(void **state) {
  (void)state;
  byte_file file;
  make_good(&file);
  const char *path = test_scratch("good.gguf");
  put_file(path, file.bytes, file.n);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(tensors->heads, 32);
  assert_int_equal(tensors->kv_heads, 8);
  assert_int_equal(wlaw_tensors_count(tensors), 3);
  assert_int_equal(wlaw_tensors_dtype(tensors, 0), WLAW_DTYPE_COUNT);
  assert_non_null(strstr(wlaw_tensors_note(tensors, 0), "iq2_xxs"));
  assert_int_equal(tensors->info[1].count, 0);
  assert_int_equal(wlaw_tensors_shape(tensors, 2)[0], 2);
  assert_int_equal(wlaw_tensors_shape(tensors, 2)[1], 3);
  double values[6];
  check_ok(wlaw_tensors_read(tensors, 2, 0, 6, values, err));
  for (int k = 0; k < 6; k++) check_near(values[k], k - 2.5, 0);
  check_status(wlaw_tensors_read(tensors, 0, 0, 1, values, err), WLAW_UNSUPPORTED);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void check_refused(const byte_file *file, size_t n, wlaw_status want, const char *says) {
  const char *path = test_scratch("refused.gguf");
  put_file(path, file->bytes, n);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const wlaw_status got = wlaw_tensors_open(&tensors, path, err);
  if (got != want || !strstr(wlaw_error_message(err), says))
    fail_msg("%zu bytes: %s '%s', expected %s with '%s'", n, wlaw_status_name(got), wlaw_error_message(err),
             wlaw_status_name(want), says);
  wlaw_error_free(err);
}

static void cut_anywhere(void **state) {
  (void)state;
  byte_file file;
  make_good(&file);
  for (size_t n = 1; n < file.n; n++) check_refused(&file, n, WLAW_FORMAT, "byte ");
  add_integer(&file, 0, 40); /* the padding of the last tensor, and a byte too many */
  add_integer(&file, 0, 1);
  check_refused(&file, file.n, WLAW_FORMAT, "1 bytes at the end");
}

static void faults(void **state) {
  (void)state;
  byte_file file;
  gguf_start(&file, 0, 1);
  gguf_key(&file, "k", 9);
  for (int k = 0; k < 8; k++) {
    add_integer(&file, 9, 4);
    add_integer(&file, 1, 8);
  }
  check_refused(&file, file.n, WLAW_FORMAT, "nested too deeply");
  gguf_start(&file, 0, 1);
  gguf_key(&file, "k", 9);
  add_integer(&file, 8, 4);
  add_integer(&file, 1000, 8);
  add_integer(&file, 0, 80);
  check_refused(&file, file.n, WLAW_FORMAT, "1000 texts or arrays are stated, and 80 bytes");
  gguf_start(&file, 0, 1);
  gguf_key(&file, "k", 7);
  add_integer(&file, 2, 1);
  add_integer(&file, 0, 8);
  check_refused(&file, file.n, WLAW_FORMAT, "truth value");
  gguf_start(&file, 0, 1);
  add_integer(&file, 2, 8);
  add_bytes(&file, "a\0", 2);
  add_integer(&file, 0, 12);
  check_refused(&file, file.n, WLAW_FORMAT, "NUL");
  gguf_start(&file, 0, 1);
  gguf_key(&file, "general.alignment", 4);
  add_integer(&file, 0, 4);
  check_refused(&file, file.n, WLAW_FORMAT, "power of two");
  gguf_start(&file, 2, 0);
  gguf_tensor(&file, "a", 1, (const uint64_t[]){1}, 0, 0);
  gguf_tensor(&file, "b", 1, (const uint64_t[]){1}, 0, 64);
  add_padding(&file, 32);
  add_integer(&file, 0, 96);
  check_refused(&file, file.n, WLAW_FORMAT, "begin at 64 of the data, and have to at 32");
  gguf_start(&file, 1, 0);
  gguf_tensor(&file, "a", 1, (const uint64_t[]){31}, 2, 0);
  check_refused(&file, file.n, WLAW_FORMAT, "rows of 31 are no multiple of the 32 of a q4_0 block");
  gguf_start(&file, 1, 0);
  gguf_tensor(&file, "a", 2, (const uint64_t[]){256, UINT64_C(1) << 54}, 0, 0);
  check_refused(&file, file.n, WLAW_LIMIT, "2^63");
}

/* f16 and q8_0 (f16 where rows are no multiple of 32) against f32. f16: half an ulp, 2^-11 relative (2^-25 absolute
 * where subnormal). q8_0 stores round(x / d) times d, d = largest / 127 rounded to f16: off by d / 2, and by 127 d
 * 2^-11 for the rounding of d. */
static void one_network_in_three_precisions(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *full, *half, *eight;
  check_ok(wlaw_tensors_open(&full, test_data("checkpoints/stories260K/stories260K-f32.gguf"), err));
  check_ok(wlaw_tensors_open(&half, test_data("checkpoints/stories260K/stories260K-f16.gguf"), err));
  check_ok(wlaw_tensors_open(&eight, test_data("checkpoints/stories260K/stories260K-q8_0.gguf"), err));
  assert_int_equal(full->n, 47);
  assert_int_equal(full->heads, 8);
  assert_int_equal(full->kv_heads, 4);
  size_t encoded = 0;
  for (size_t i = 0; i < full->n; i++) {
    size_t h, q;
    check_ok(wlaw_tensors_find(&h, half, full->info[i].name, err));
    check_ok(wlaw_tensors_find(&q, eight, full->info[i].name, err));
    const size_t n = (size_t)full->info[i].count;
    double *x = malloc(3 * n * sizeof *x), *y = x + n, *z = y + n;
    assert_non_null(x);
    check_ok(wlaw_tensors_read(full, i, 0, n, x, err));
    check_ok(wlaw_tensors_read(half, h, 0, n, y, err));
    check_ok(wlaw_tensors_read(eight, q, 0, n, z, err));
    const bool is_encoded = eight->info[q].encoding != NULL;
    encoded += is_encoded;
    for (size_t b = 0; b < n; b += 32) {
      double largest = 0;
      for (size_t k = b; k < b + 32 && k < n; k++) largest = fmax(largest, fabs(x[k]));
      const double d = largest / 127;
      for (size_t k = b; k < b + 32 && k < n; k++) {
        const double rounding = fabs(x[k]) * 0x1p-11 + 0x1p-25;
        check_near(y[k], x[k], rounding);
        check_near(z[k], x[k], is_encoded ? d * (0.5 + 127 * 0x1p-11) + 127 * 0x1p-25 : rounding);
      }
    }
    free(x);
  }
  assert_true(encoded >= 30); /* the norms stay f32 */
  wlaw_tensors_close(full);
  wlaw_tensors_close(half);
  wlaw_tensors_close(eight);
  wlaw_error_free(err);
}

/* The same network in the other format. (q and k have their rows in another order there.) */
static void two_formats(void **state) {
  (void)state;
  static const char *const names[][2] = {{"token_embd.weight", "model.embed_tokens.weight"},
                                         {"blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight"},
                                         {"blk.4.attn_v.weight", "model.layers.4.self_attn.v_proj.weight"}};
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *a, *b;
  check_ok(wlaw_tensors_open(&a, test_data("checkpoints/stories260K/stories260K-f32.gguf"), err));
  check_ok(wlaw_tensors_open(&b, test_data("checkpoints/stories260K/model-f32.safetensors"), err));
  for (size_t k = 0; k < 3; k++) {
    size_t i, j;
    check_ok(wlaw_tensors_find(&i, a, names[k][0], err));
    check_ok(wlaw_tensors_find(&j, b, names[k][1], err));
    assert_int_equal(a->info[i].rank, b->info[j].rank);
    assert_memory_equal(a->info[i].shape, b->info[j].shape, a->info[i].rank * sizeof(uint64_t));
    const size_t n = (size_t)a->info[i].count;
    double *x = malloc(2 * n * sizeof *x);
    assert_non_null(x);
    check_ok(wlaw_tensors_read(a, i, 0, n, x, err));
    check_ok(wlaw_tensors_read(b, j, 0, n, x + n, err));
    assert_memory_equal(x, x + n, n * sizeof *x);
    free(x);
  }
  wlaw_tensors_close(a);
  wlaw_tensors_close(b);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_encoding),
      cmocka_unit_test(long_reads),
      cmocka_unit_test(several_threads),
      cmocka_unit_test(metadata_and_shapes),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(faults),
      cmocka_unit_test(one_network_in_three_precisions),
      cmocka_unit_test(two_formats),
  };
  return cmocka_run_group_tests_name("tensor.gguf", tests, NULL, NULL);
}
