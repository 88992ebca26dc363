/* PyTorch checkpoints made here byte by byte: the zip archive, the older stream, the oldest tar. What each element must
 * be follows from the tensor's description alone, whichever way it was stored. */
#include "support/test.h"

#include <pthread.h>

#include "support/alloc_fail.h"
#include "tensor/make_files.h"
#include "tensor/make_pickles.h"
#include "tensor/tensor.h"

enum { N_ELEMENTS = 60, LONGEST = 64 };

static const char *scratch(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch(name));
  return path;
}

/* archive/data.pkl of a new archive, and further members of it. */
static void put_pt(const char *path, const byte_file *pickle) {
  remove(path);
  put_zip(path, "archive/data.pkl", pickle->bytes, pickle->n, ZIP_CM_STORE);
}

static void put_pt_storage(const char *path, const char *key, const void *bytes, size_t n, int method) {
  char name[64];
  snprintf(name, sizeof name, "archive/data/%s", key);
  put_zip(path, name, bytes, n, method);
}

/* -- one set of tensors in every container --------------------------------------------------------------------------
 */

/* Views of one storage of 60 floats, whose element k is k / 2. */
static const struct {
  const char *name;
  pickled_tensor tensor;
} views[] = {
    {"rows", {"FloatStorage", "0", N_ELEMENTS, 6, 2, {4, 5}, {5, 1}}},
    {"columns", {"FloatStorage", "0", N_ELEMENTS, 6, 2, {4, 5}, {1, 4}}},
    {"turned", {"FloatStorage", "0", N_ELEMENTS, 0, 3, {3, 4, 5}, {5, 15, 1}}},
    {"steps", {"FloatStorage", "0", N_ELEMENTS, 1, 1, {10}, {6}}},
    {"diagonal", {"FloatStorage", "0", N_ELEMENTS, 0, 1, {7}, {8}}},
    {"windows", {"FloatStorage", "0", N_ELEMENTS, 0, 2, {5, 4}, {2, 1}}},
    {"ones", {"FloatStorage", "0", N_ELEMENTS, 3, 3, {4, 1, 5}, {5, 77, 1}}},
    {"scalar", {"FloatStorage", "0", N_ELEMENTS, 59, 0, {0}, {0}}},
    {"empty", {"FloatStorage", "0", N_ELEMENTS, 0, 2, {0, 4}, {4, 1}}},
    {"whole", {"FloatStorage", "0", N_ELEMENTS, 0, 1, {N_ELEMENTS}, {1}}},
};
enum { N_VIEWS = sizeof views / sizeof *views };

static void make_storage(float out[N_ELEMENTS], bool swapped) {
  for (int k = 0; k < N_ELEMENTS; k++) {
    uint32_t bits;
    out[k] = (float)k / 2;
    memcpy(&bits, &out[k], sizeof bits);
    if (swapped) bits = __builtin_bswap32(bits);
    memcpy(&out[k], &bits, sizeof bits);
  }
}

static void write_views(byte_file *to) {
  pk(to, "\x80\2");
  pk_global(to, "collections", "OrderedDict");
  pk(to, ")R");
  for (size_t k = 0; k < N_VIEWS; k++) pk_item(to, views[k].name, &views[k].tensor);
  pk(to, "}X\x09\0\0\0_metadataNsb."); /* state_dict()'s own attribute */
}

/* Element `flat` of a view, row by row, by the definition of strides. */
static double view_value(const pickled_tensor *tensor, uint64_t flat) {
  int64_t at = tensor->offset;
  for (size_t d = tensor->rank; d-- > 0;) {
    at += (int64_t)(flat % (uint64_t)tensor->size[d]) * tensor->stride[d];
    flat /= (uint64_t)tensor->size[d];
  }
  return (double)at / 2;
}

static void check_views(const char *path, bool strided_is_read) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_string_equal(wlaw_tensors_format(tensors), "pytorch");
  assert_int_equal(wlaw_tensors_count(tensors), N_VIEWS);
  for (size_t i = 0; i < N_VIEWS; i++) {
    const pickled_tensor *want = &views[i].tensor;
    const tensor_info *info = &tensors->info[i];
    double got[LONGEST];
    assert_string_equal(info->name, views[i].name);
    assert_int_equal(info->rank, want->rank);
    for (size_t d = 0; d < info->rank; d++) assert_int_equal(info->shape[d], want->size[d]);
    if (!strided_is_read && info->note) continue;
    assert_null(info->note);
    for (uint64_t first = 0; first <= info->count; first += 3) {
      const size_t n = (size_t)(info->count - first);
      check_ok(wlaw_tensors_read(tensors, i, first, n, got, err));
      for (size_t k = 0; k < n; k++) check_near(got[k], view_value(want, first + k), 0);
    }
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void put_views_zip(const char *path, int method, const char *byte_order) {
  byte_file pickle = {.n = 0};
  float storage[N_ELEMENTS];
  make_storage(storage, byte_order && strcmp(byte_order, "big") == 0);
  write_views(&pickle);
  put_pt(path, &pickle);
  put_pt_storage(path, "0", storage, sizeof storage, method);
  if (byte_order) put_zip(path, "archive/byteorder", byte_order, strlen(byte_order), ZIP_CM_STORE);
}

static void write_views_stream(byte_file *to) {
  float storage[N_ELEMENTS];
  make_storage(storage, false);
  pk_stream_head(to);
  write_views(to);
  pk(to,
     "\x80\2]X\1\0\0\0"
     "0a.");
  add_integer(to, N_ELEMENTS, 8);
  add_bytes(to, storage, sizeof storage);
}

/* As torch 0.1 wrote it: storages and tensors under integers, the tree refers to them by texts. `whole` is the view of
 * a storage of its own. */
static void write_views_tar(byte_file *to) {
  static const unsigned char end[1024];
  byte_file storages = {.n = 0}, tensors = {.n = 0}, tree = {.n = 0};
  float storage[N_ELEMENTS];
  make_storage(storage, false);
  pk(&storages, "K\1.(K\7X\3\0\0\0cpu");
  pk_global(&storages, "torch", "FloatStorage");
  pk(&storages, "t.");
  add_integer(&storages, N_ELEMENTS, 8);
  add_bytes(&storages, storage, sizeof storage);
  pk(&storages, "](K\x08K\7K\0K\x3cta."); /* storage 8: elements 0 to 60 of 7 */
  pk(&tensors, "K\x0a.");
  for (size_t k = 0; k < N_VIEWS; k++) {
    const pickled_tensor *tensor = &views[k].tensor;
    pk(&tensors, "(");
    pk_int(&tensors, 100 + (int64_t)k);
    pk_int(&tensors, k + 1 == N_VIEWS ? 8 : 7);
    pk_global(&tensors, "torch", "FloatTensor");
    pk(&tensors, "t.");
    add_integer(&tensors, tensor->rank, 4);
    add_integer(&tensors, 0xdeadbeef, 4); /* unused */
    for (size_t d = 0; d < tensor->rank; d++) add_integer(&tensors, (uint64_t)tensor->size[d], 8);
    for (size_t d = 0; d < tensor->rank; d++) add_integer(&tensors, (uint64_t)tensor->stride[d], 8);
    add_integer(&tensors, (uint64_t)tensor->offset, 8);
  }
  pk(&tree, "}");
  for (size_t k = 0; k < N_VIEWS; k++) {
    char id[16];
    snprintf(id, sizeof id, "%zu", 100 + k);
    pk_text(&tree, views[k].name);
    pk_text(&tree, id);
    pk(&tree, "Qs");
  }
  pk(&tree, ".");
  pk_tar_member(to, "storages", &storages);
  pk_tar_member(to, "tensors", &tensors);
  pk_tar_member(to, "pickle", &tree);
  add_bytes(to, end, sizeof end);
}

static void put_written(const char *path, void (*write)(byte_file *to)) {
  byte_file file = {.n = 0};
  write(&file);
  put_file(path, file.bytes, file.n);
}

static void every_container(void **state) {
  (void)state;
  const char *path = scratch("views.pt");
  put_views_zip(path, ZIP_CM_STORE, NULL);
  check_views(path, true);
  put_views_zip(path, ZIP_CM_STORE, "little");
  check_views(path, true);
  put_views_zip(path, ZIP_CM_STORE, "big");
  check_views(path, true);
  put_views_zip(path, ZIP_CM_DEFLATE, NULL);
  check_views(path, false);
  put_written(path, write_views_stream);
  check_views(path, true);
  put_written(path, write_views_tar);
  check_views(path, true);
}

/* Stored and without gaps: read in place, where the file has the bytes. Otherwise gathered, by any number of threads.
 */
static void read_in_place(void **state) {
  (void)state;
  const char *path = scratch("place.pt");
  put_views_zip(path, ZIP_CM_STORE, NULL);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  static const bool plain[N_VIEWS] = {true, true, false, false, false, false, true, true, true, true};
  for (size_t i = 0; i < N_VIEWS; i++) {
    const tensor_info *info = &tensors->info[i];
    assert_int_equal(info->plain, plain[i]);
    assert_int_equal(info->concurrent, !plain[i]);
    assert_int_equal(info->column_major, i == 1);
    float first;
    if (!plain[i] || info->count == 0) continue;
    check_ok(wlaw_input_read(&tensors->file, info->offset, &first, sizeof first, err));
    check_near(first, view_value(&views[i].tensor, 0), 0);
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void *read_turned(void *context) {
  wlaw_tensors *tensors = context;
  float got[LONGEST];
  for (int round = 0; round < 200; round++) {
    if (wlaw_tensors_read_stored(tensors, 2, 0, N_ELEMENTS, got, NULL) != WLAW_OK) return context;
    for (uint64_t k = 0; k < N_ELEMENTS; k++)
      if (!(got[k] == view_value(&views[2].tensor, k))) return context;
  }
  return NULL;
}

static void several_threads(void **state) {
  (void)state;
  const char *path = scratch("threads.pt");
  put_views_zip(path, ZIP_CM_STORE, NULL);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  pthread_t threads[4];
  for (size_t k = 0; k < 4; k++) assert_int_equal(pthread_create(&threads[k], NULL, read_turned, tensors), 0);
  for (size_t k = 0; k < 4; k++) {
    void *failed;
    pthread_join(threads[k], &failed);
    assert_null(failed);
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* -- dtypes and names -----------------------------------------------------------------------------------------------
 */

static void every_dtype(void **state) {
  (void)state;
  static const struct {
    const char *type;
    wlaw_dtype dtype;
  } types[] = {{"FloatStorage", WLAW_F32},
               {"DoubleStorage", WLAW_F64},
               {"HalfStorage", WLAW_F16},
               {"LongStorage", WLAW_I64},
               {"BFloat16Storage", WLAW_BF16},
               {"IntStorage", WLAW_I32},
               {"ShortStorage", WLAW_I16},
               {"CharStorage", WLAW_I8},
               {"ByteStorage", WLAW_U8},
               {"BoolStorage", WLAW_BOOL},
               {"ComplexFloatStorage", WLAW_DTYPE_COUNT}};
  wlaw_error *err = wlaw_error_new();
  const char *path = scratch("dtypes.pt");
  byte_file pickle = {.n = 0};
  unsigned char bytes[16];
  for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (unsigned char)(k & 1);
  pk(&pickle, "]");
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    const int64_t count = types[k].dtype == WLAW_DTYPE_COUNT ? 2 : (int64_t)(16 / wlaw_dtype_size(types[k].dtype));
    pk_tensor(&pickle, &(pickled_tensor){types[k].type, "0", count, 0, 1, {count}, {1}});
    pk(&pickle, "a");
  }
  pk(&pickle, ".");
  put_pt(path, &pickle);
  put_pt_storage(path, "0", bytes, sizeof bytes, ZIP_CM_STORE);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    double got[16], want[16];
    char name[8];
    snprintf(name, sizeof name, "%zu", i);
    assert_string_equal(wlaw_tensors_name(tensors, i), name); /* items of a list are numbered */
    assert_int_equal(wlaw_tensors_dtype(tensors, i), types[i].dtype);
    if (types[i].dtype == WLAW_DTYPE_COUNT) {
      assert_non_null(strstr(wlaw_tensors_note(tensors, i), "ComplexFloatStorage"));
      continue;
    }
    const size_t n = (size_t)tensors->info[i].count;
    wlaw_dtype_to_double(want, bytes, types[i].dtype, n); /* little-endian, as is every machine the tests run on */
    check_ok(wlaw_tensors_read(tensors, i, 0, n, got, err));
    for (size_t k = 0; k < n; k++) check_near(got[k], want[k], 0);
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static const pickled_tensor small = {"FloatStorage", "0", 4, 0, 1, {2}, {1}};
static const pickled_tensor large = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

static void put_small(const char *path, byte_file *pickle) {
  static const float storage[4] = {1, 2, 3, 4};
  put_pt(path, pickle);
  put_pt_storage(path, "0", storage, sizeof storage, ZIP_CM_STORE);
  pickle->n = 0;
}

/* The file's tensors are called so, in this order. */
static void check_names(const char *path, const char *const *want, size_t n) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  for (size_t i = 0; i < n; i++) assert_string_equal(wlaw_tensors_name(tensors, i), want[i]);
  assert_int_equal(wlaw_tensors_count(tensors), n);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void dotted_names(void **state) {
  (void)state;
  const char *path = scratch("names.pt");
  byte_file pickle = {.n = 0};
  pk_tensor(&pickle, &small); /* the tensor alone has no name */
  pk(&pickle, ".");
  put_small(path, &pickle);
  check_names(path, (const char *const[]){""}, 1);

  pk(&pickle, "}X\5\0\0\0model}");
  pk_item(&pickle, "w", &small);
  pk(&pickle, "sX\4\0\0\0list](K\1}");
  pk_item(&pickle, "x", &small);
  pk(&pickle, "Nes"); /* list: [1, {x}, None] */
  pk(&pickle, "K\7}");
  pk_item(&pickle, "y", &small);
  pk(&pickle, "s(K\1K\2t");
  pk_tensor(&pickle, &small); /* a key that is no name */
  pk(&pickle, "sX\4\0\0\0lossG\0\0\0\0\0\0\0\0s.");
  put_small(path, &pickle);
  check_names(path, (const char *const[]){"model.w", "list.1.x", "7.y", "?"}, 4);
}

/* A key set twice has its last value; two keys that read the same when dotted are both listed. */
static void names_that_stand_twice(void **state) {
  (void)state;
  const char *path = scratch("twice.pt");
  byte_file pickle = {.n = 0};
  pk(&pickle, "}");
  pk_item(&pickle, "a.b", &small);
  pk_item(&pickle, "c", &small);
  pk_item(&pickle, "c", &large);
  pk(&pickle, "X\1\0\0\0a}");
  pk_item(&pickle, "b", &large);
  pk(&pickle, "s.");
  put_small(path, &pickle);
  check_names(path, (const char *const[]){"a.b", "c", "a.b#2"}, 3);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(tensors->info[0].count, 2);
  assert_int_equal(tensors->info[1].count, 4);
  assert_int_equal(tensors->info[2].count, 4);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* A module's tensors are those of its state_dict: an LSTM holds each twice. */
static void module_of_its_own(void **state) {
  (void)state;
  const char *path = scratch("lstm.pt");
  byte_file pickle = {.n = 0};
  pk_global(&pickle, "torch.nn.modules.rnn", "LSTM");
  pk(&pickle, ")\x81}");
  pk_text(&pickle, "_flat_weights");
  pk(&pickle, "]");
  pk_tensor(&pickle, &small);
  pk(&pickle, "as");
  pk_text(&pickle, "_parameters");
  pk(&pickle, "}");
  pk_item(&pickle, "weight_ih_l0", &small);
  pk(&pickle, "sb.");
  put_small(path, &pickle);
  check_names(path, (const char *const[]){"weight_ih_l0"}, 1);
}

/* A whole module, named as its state_dict would be; a parameter; a namespace; a tensor with a dtype of its own. */
static void objects(void **state) {
  (void)state;
  const char *path = scratch("objects.pt");
  byte_file pickle = {.n = 0};
  pk(&pickle, "}X\3\0\0\0net");
  pk_global(&pickle, "torch.nn.modules.container", "Sequential");
  pk(&pickle,
     ")\x81}X\x08\0\0\0_modules}X\1\0\0\0"
     "0");
  pk_global(&pickle, "torch.nn.modules.linear", "Linear");
  pk(&pickle, ")\x81}X\x0b\0\0\0_parameters}X\6\0\0\0weight");
  pk_global(&pickle, "torch._utils", "_rebuild_parameter");
  pk(&pickle, "(");
  pk_tensor(&pickle, &small);
  pk(&pickle, "\x88NtRssbssbs");
  pk_text(&pickle, "args");
  pk_global(&pickle, "argparse", "Namespace");
  pk(&pickle, ")R}");
  pk_item(&pickle, "mean", &small);
  pk(&pickle, "bs");
  pk_text(&pickle, "v3");
  pk_global(&pickle, "torch._utils", "_rebuild_tensor_v3");
  pk(&pickle, "((");
  pk_text(&pickle, "storage");
  pk_global(&pickle, "torch.storage", "UntypedStorage");
  pk(&pickle,
     "X\1\0\0\0"
     "0X\3\0\0\0cpuK\x10tQK\1K\2\x85K\1\x85\x89N");
  pk_global(&pickle, "torch", "uint64"); /* element 1 would be bytes 8 to 16, and 2 are asked for: see below */
  pk(&pickle, "tRs.");
  put_small(path, &pickle);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_status(wlaw_tensors_open(&tensors, path, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "tensor 'v3'"));
  assert_non_null(strstr(wlaw_error_message(err), "2 elements"));
  wlaw_error_free(err);
}

/* Filters kept channel by channel: an element's neighbours are in another window, or behind it, wherever reading
 * starts.
 */
static void channels_last(void **state) {
  (void)state;
  enum { FILTERS = 3, CHANNELS = 8, SIDE = 20, FILTER = CHANNELS * SIDE * SIDE, COUNT = FILTERS * FILTER, ODD = 37 };
  const char *path = scratch("channels.pt");
  static float storage[COUNT];
  static double got[COUNT];
  for (int k = 0; k < COUNT; k++) storage[k] = (float)k;
  byte_file pickle = {.n = 0};
  pk_tensor(
      &pickle,
      &(pickled_tensor){
          "FloatStorage", "0", COUNT, 0, 4, {FILTERS, CHANNELS, SIDE, SIDE}, {FILTER, 1, CHANNELS * SIDE, CHANNELS}});
  pk(&pickle, ".");
  put_pt(path, &pickle);
  put_pt_storage(path, "0", storage, sizeof storage, ZIP_CM_STORE);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  for (int step = ODD; step <= COUNT; step += COUNT - ODD) {
    for (int at = 0; at < COUNT; at += step)
      check_ok(
          wlaw_tensors_read(tensors, 0, (uint64_t)at, (size_t)(at + step < COUNT ? step : COUNT - at), got + at, err));
    for (int k = 0; k < COUNT; k++) {
      const int filter = k / FILTER, channel = k / (SIDE * SIDE) % CHANNELS, pixel = k % (SIDE * SIDE);
      check_near(got[k], filter * FILTER + pixel * CHANNELS + channel, 0);
    }
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* -- what is refused ------------------------------------------------------------------------------------------------
 */

static void check_refused(const char *path, wlaw_status want, const char *says) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const wlaw_status got = wlaw_tensors_open(&tensors, path, err);
  if (got == WLAW_OK) wlaw_tensors_close(tensors);
  if (got != want || !strstr(wlaw_error_message(err), says) || strcmp(wlaw_error_file(err), path) != 0)
    fail_msg("%s '%s', expected %s with '%s'", wlaw_status_name(got), wlaw_error_message(err), wlaw_status_name(want),
             says);
  wlaw_error_free(err);
}

static void bad_tensors(void **state) {
  (void)state;
  static const struct {
    pickled_tensor tensor;
    wlaw_status want;
    const char *says;
  } cases[] = {
      {{"FloatStorage", "0", 4, 1, 1, {4}, {1}}, WLAW_FORMAT, "beyond its storage"},
      {{"FloatStorage", "0", 4, 0, 1, {4}, {2}}, WLAW_FORMAT, "beyond its storage"},
      {{"FloatStorage", "0", 4, INT64_MAX, 1, {4}, {1}}, WLAW_FORMAT, "beyond its storage"},
      {{"FloatStorage", "0", 4, 0, 2, {2, 2}, {INT64_MAX, INT64_MAX}}, WLAW_FORMAT, "beyond its storage"},
      {{"FloatStorage", "0", 3, 0, 1, {4}, {1}}, WLAW_FORMAT, "which has 3 elements"},
      {{"FloatStorage", "0", 5, 0, 1, {4}, {1}}, WLAW_FORMAT, "states 5 elements, its member has 16 bytes"},
      {{"DoubleStorage", "0", 4, 0, 1, {4}, {1}}, WLAW_FORMAT, "its member has 16 bytes"},
      {{"FloatStorage", "0", 10000000000, 0, 1, {10000000000}, {1}}, WLAW_FORMAT, "states 10000000000 elements"},
      {{"FloatStorage", "0", INT64_MAX, 0, 1, {4}, {1}}, WLAW_FORMAT, "its member has 16 bytes"},
      {{"FloatStorage", "0", -1, 0, 1, {4}, {1}}, WLAW_FORMAT, "identification"},
      {{"FloatStorage", "0", 4, -1, 1, {4}, {1}}, WLAW_FORMAT, "not made of"},
      {{"FloatStorage", "0", 4, 0, 1, {-4}, {1}}, WLAW_FORMAT, "not made of"},
      {{"FloatStorage", "0", 4, 3, 1, {4}, {-1}}, WLAW_FORMAT, "not made of"},
      {{"FloatStorage", "0", 4, 0, 2, {INT64_MAX, INT64_MAX}, {0, 0}}, WLAW_LIMIT, "2^63"},
      {{"FloatStorage", "1", 4, 0, 1, {4}, {1}}, WLAW_FORMAT, "no member data/1"},
      {{"FloatStorage", "../../x", 4, 0, 1, {4}, {1}}, WLAW_FORMAT, "no member data/../../x"},
      {{"FunnyStorage", "0", 4, 0, 1, {4}, {1}}, WLAW_UNSUPPORTED, "'torch.FunnyStorage'"},
  };
  const char *path = scratch("bad.pt");
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    byte_file pickle = {.n = 0};
    pk(&pickle, "}");
    pk_item(&pickle, "w", &cases[k].tensor);
    pk(&pickle, ".");
    put_small(path, &pickle);
    check_refused(path, cases[k].want, cases[k].says);
  }
}

/* A tensor that repeats elements is what nobody stored: 10^18 of them from 4 would never end. It is listed, not read.
 */
static void repeated_elements(void **state) {
  (void)state;
  const char *path = scratch("repeat.pt");
  byte_file pickle = {.n = 0};
  pk_tensor(&pickle, &(pickled_tensor){"FloatStorage", "0", 4, 0, 2, {1000000000, 1000000000}, {0, 0}});
  pk(&pickle, ".");
  put_small(path, &pickle);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_non_null(strstr(wlaw_tensors_note(tensors, 0), "repeats"));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void bad_trees(void **state) {
  (void)state;
  const char *path = scratch("tree.pt");
  byte_file pickle = {.n = 0};
  pk(&pickle, "]q\0h\0a."); /* a list that holds itself */
  put_small(path, &pickle);
  check_refused(path, WLAW_LIMIT, "holds itself");

  pk(&pickle, "N"); /* each list holds the one before twice: 2^90 ways to its end */
  for (int k = 0; k < 90; k++)
    pk(&pickle,
       "q\0"
       "0](h\0h\0e");
  pk(&pickle, ".");
  put_small(path, &pickle);
  check_refused(path, WLAW_LIMIT, "repeats parts of itself");

  pk(&pickle, "N");
  for (int k = 0; k < 500; k++) pk(&pickle, "\x85");
  pk(&pickle, ".");
  put_small(path, &pickle);
  check_refused(path, WLAW_LIMIT, "100 deep");

  pk(&pickle, "}X\3\0\0\0a\0bNs.");
  put_small(path, &pickle);
  check_refused(path, WLAW_FORMAT, "NUL");

  pk_global(&pickle, "torch._utils", "_rebuild_tensor_v2");
  pk(&pickle, ")R.");
  put_small(path, &pickle);
  check_refused(path, WLAW_FORMAT, "not made of");

  pk(&pickle, "}X\1\0\0\0wcos\nsystem\nX\4\0\0\0exit\x85Rs.");
  put_small(path, &pickle);
  check_refused(path, WLAW_UNSUPPORTED, "'os.system'");
  assert_int_equal(wlaw_status_exit_code(WLAW_UNSUPPORTED), 3);

  pk(&pickle, "}.");
  put_small(path, &pickle);
  put_zip(path, "archive/byteorder", "middle", 6, ZIP_CM_STORE);
  check_refused(path, WLAW_FORMAT, "neither little nor big");
}

/* A pickle that is no checkpoint is refused by what it asks for, whatever its protocol; a .safetensors whose length
 * reads like a pickle's first bytes is none. */
static void bare_pickles(void **state) {
  (void)state;
  const char *path = scratch("bare.pt");
  static const char protocol_0[] = "cos\nsystem\n(S'exit'\ntR.", protocol_4[] = "\x80\4\x8c\2os\x8c\6system\x93)R.";
  put_file(path, protocol_0, sizeof protocol_0 - 1);
  check_refused(path, WLAW_UNSUPPORTED, "'os.system'");
  path = scratch("bare.pkl");
  put_file(path, protocol_4, sizeof protocol_4 - 1);
  check_refused(path, WLAW_UNSUPPORTED, "'os.system'");
  put_file(path, "\x80\2](K\1K\2K\3e.", 12);
  check_refused(path, WLAW_UNSUPPORTED, "not one that torch.save wrote");

  enum { LENGTH = 0x010280 };
  char *header = malloc(LENGTH + 1);
  assert_non_null(header);
  memset(header, ' ', LENGTH);
  memcpy(header, "{}", 2);
  header[LENGTH] = '\0';
  path = scratch("length.safetensors");
  put_safetensors(path, header, 0);
  free(header);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_string_equal(wlaw_tensors_format(tensors), "safetensors");
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* 8 MB of empty tuples packed in 8 kB would need a gigabyte as a tree. */
static void deflated_tree(void **state) {
  (void)state;
  enum { N_BYTES = 8 << 20 };
  const char *path = scratch("tuples.pt");
  unsigned char *bytes = malloc(N_BYTES);
  assert_non_null(bytes);
  memset(bytes, ')', N_BYTES);
  remove(path);
  put_zip(path, "archive/data.pkl", bytes, N_BYTES, ZIP_CM_DEFLATE);
  free(bytes);
  check_refused(path, WLAW_LIMIT, "packed in");
}

/* Whatever a pickle repeats by reference, time and memory stay in proportion to its length. */
static void repeated_parts(void **state) {
  (void)state;
  enum { MANY = 200000 };
  const char *path = scratch("shared.pt");
  /* a tensor's state of MANY items, shared by MANY tensors: to count them for each would take hours */
  byte_file head = {.n = 0};
  unsigned char *bytes = malloc(3 * MANY + 100), *at = bytes;
  assert_non_null(bytes);
  pk(&head, "]");
  pk_global(&head, "torch", "FloatTensor");
  pk(&head, ")R(");
  memcpy(at, head.bytes, head.n);
  at += head.n;
  memset(at, 'N', MANY);
  at += MANY;
  memcpy(at, "tbq\0000(", 6);
  at += 6;
  for (int k = 0; k < MANY; k++, at += 2) memcpy(at, "h\0", 2);
  memcpy(at, "e.", 2);
  remove(path);
  put_zip(path, "archive/data.pkl", bytes, (size_t)(at + 2 - bytes), ZIP_CM_STORE);
  free(bytes);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(tensors->n, 0);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);

  /* one tensor, listed 10^6 times by six lists of ten; a row of the list has hundreds of bytes */
  byte_file pickle = {.n = 0};
  pk_tensor(&pickle, &small);
  for (int k = 0; k < 6; k++) pk(&pickle, "q\0000](h\0h\0h\0h\0h\0h\0h\0h\0h\0h\0e");
  pk(&pickle, ".");
  put_small(path, &pickle);
  check_refused(path, WLAW_LIMIT, "repeats parts of itself");
}

/* The byte an error names is that of the file where the pickle is stored as it is. */
static void byte_of_the_file(void **state) {
  (void)state;
  const char *path = scratch("byte.pt");
  byte_file pickle = {.n = 0};
  pk(&pickle, "}X\1\0\0\0wcos\nsystem\n)Rs.");
  put_small(path, &pickle);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_status(wlaw_tensors_open(&tensors, path, err), WLAW_UNSUPPORTED);
  char *bytes;
  size_t n;
  const int64_t at = wlaw_error_byte(err);
  check_ok(wlaw_input_whole(&bytes, &n, path, 1 << 16, err));
  assert_true(at > 0 && (size_t)at + 10 < n);
  assert_memory_equal(bytes + at, "cos\nsystem\n", 11);
  free(bytes);
  wlaw_error_free(err);
}

/* Some file systems wait for the disk where a file is written over. */
static void put_anew(const char *path, const void *bytes, size_t n) {
  remove(path);
  put_file(path, bytes, n);
}

/* The stream and the tar, cut anywhere or with any byte changed: refused or read, never more. A sanitizer watches. */
static void damaged_streams(void **state) {
  (void)state;
  const char *path = scratch("damaged.pt");
  for (int form = 0; form < 2; form++) {
    byte_file file = {.n = 0};
    (form ? write_views_tar : write_views_stream)(&file);
    size_t refused = 0;
    for (size_t n = 1; n < file.n - (form ? 1024 : 0); n += form ? 37 : 1) {
      put_anew(path, file.bytes, n);
      wlaw_tensors *tensors;
      if (wlaw_tensors_open(&tensors, path, NULL) == WLAW_OK) wlaw_tensors_close(tensors);
      else refused++;
    }
    if (!form) assert_int_equal(refused, file.n - 1);
    assert_true(refused > 0);
    for (size_t at = 0; at < file.n; at += form ? 7 : 1) {
      file.bytes[at] ^= 0x55;
      put_anew(path, file.bytes, file.n);
      wlaw_tensors *tensors;
      if (wlaw_tensors_open(&tensors, path, NULL) == WLAW_OK) wlaw_tensors_close(tensors);
      file.bytes[at] ^= 0x55;
    }
  }
}

/* Storages of the stream: a view, and counts that lie. */
static void stream_storages(void **state) {
  (void)state;
  const char *path = scratch("stream.pt");
  wlaw_error *err = wlaw_error_new();
  for (int fault = 0; fault < 4; fault++) {
    byte_file file = {.n = 0};
    float storage[N_ELEMENTS];
    make_storage(storage, false);
    pk_stream_head(&file);
    pk(&file, "}X\1\0\0\0w");
    pk_global(&file, "torch._utils", "_rebuild_tensor_v2");
    pk(&file, "(");
    /* elements 10 to 40 under the key 9, or more than there are */
    pk_storage(&file, "FloatStorage", "0", N_ELEMENTS,
               fault == 1 ? "(U\1"
                            "9K\x0aK\x33t"
                          : "(U\1"
                            "9K\x0aK\x1et");
    pk_rebuild(&file, &(pickled_tensor){"FloatStorage", "0", N_ELEMENTS, 5, 1, {25}, {1}});
    pk(&file, "s.]");
    pk_text(&file, fault == 2 ? "1" : "0");
    pk(&file, "a.");
    add_integer(&file, fault == 3 ? 1000000000000 : N_ELEMENTS, 8);
    add_bytes(&file, storage, sizeof storage);
    put_file(path, file.bytes, file.n);
    static const char *const says[] = {"", "50 are asked", "no tensor uses the storage '1'", "states 1000000000000"};
    if (fault == 1) check_refused(path, WLAW_FORMAT, "elements 10 to 10 + 51 are asked of a storage of 60");
    else if (fault) check_refused(path, WLAW_FORMAT, says[fault]);
    if (fault) continue;
    wlaw_tensors *tensors;
    double got[25];
    check_ok(wlaw_tensors_open(&tensors, path, err));
    check_ok(wlaw_tensors_read(tensors, 0, 0, 25, got, err));
    for (int k = 0; k < 25; k++) check_near(got[k], (10 + 5 + k) / 2.0, 0);
    wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

/* A tar of many views of one storage: sorted in once, not one by one, which would take a minute. */
static void many_views(void **state) {
  (void)state;
  enum { MANY = 50000, VIEW = 17 };
  const char *path = scratch("views.pt");
  byte_file storages = {.n = 0}, part = {.n = 0};
  pk(&storages, "K\1.(");
  pk_text(&storages, "0");
  pk_text(&storages, "cpu");
  pk_global(&storages, "torch", "FloatStorage");
  pk(&storages, "t.");
  add_integer(&storages, 4, 8);
  add_integer(&storages, 0, 8);
  add_integer(&storages, 0, 8);
  pk(&storages, "](");
  const size_t n = storages.n + MANY * VIEW + 2;
  unsigned char *bytes = calloc(1, n + 4096), *at = bytes;
  assert_non_null(bytes);
  pk_tar_member(&part, "storages", &(byte_file){.n = 0});
  snprintf((char *)part.bytes + 124, 12, "%011zo", n);
  unsigned sum = 8 * ' ';
  for (int k = 0; k < 512; k++) sum += k < 148 || k >= 156 ? part.bytes[k] : 0;
  snprintf((char *)part.bytes + 148, 8, "%06o", sum);
  memcpy(at, part.bytes, 512);
  memcpy(at + 512, storages.bytes, storages.n);
  at += 512 + storages.n;
  for (uint32_t k = 0; k < MANY; k++, at += VIEW) { /* (k + 1, '0', 0, 1) */
    memcpy(at, "(J....X\1\0\0\0000K\0K\1t", VIEW);
    for (int byte = 0; byte < 4; byte++) at[2 + byte] = (unsigned char)((k + 1) >> 8 * byte);
  }
  memcpy(at, "e.", 2);
  at = bytes + 512 + (n + 511) / 512 * 512;
  byte_file tree = {.n = 0};
  pk(&tree, "}.");
  part.n = 0;
  pk_tar_member(&part, "pickle", &tree);
  memcpy(at, part.bytes, part.n);
  put_anew(path, bytes, (size_t)(at + part.n - bytes));
  free(bytes);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* -- files of other programs ----------------------------------------------------------------------------------------
 */

/* Tensors, elements, non-finite ones among them, the sum of (k mod 7 + 1) times element k of every tensor, and the last
 * name: from torch.load (2.15, weights_only), added in the same order; those of the tars, which torch does not read,
 * from their bytes by hand. */
static const struct {
  const char *file;
  size_t tensors;
  uint64_t elements, not_finite;
  double sum;
  const char *last;
} known[] = {
#include "tensor/known_pytorch.inc"
};

static void known_file(const char *path, size_t k, wlaw_error *err) {
  enum { BLOCK = 7 * 1000 };
  static double values[BLOCK];
  wlaw_tensors *tensors;
  uint64_t elements = 0, not_finite = 0;
  double sum = 0;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(tensors->n, known[k].tensors);
  for (size_t i = 0; i < tensors->n; i++) {
    const uint64_t count = tensors->info[i].count;
    elements += count;
    for (uint64_t at = 0; at < count; at += BLOCK) {
      const size_t n = count - at < BLOCK ? (size_t)(count - at) : BLOCK;
      check_ok(wlaw_tensors_read(tensors, i, at, n, values, err));
      for (size_t j = 0; j < n; j++) {
        if (isfinite(values[j])) sum += (double)(j % 7 + 1) * values[j];
        else not_finite++;
      }
    }
  }
  assert_string_equal(wlaw_tensors_name(tensors, tensors->n - 1), known[k].last);
  if (elements != known[k].elements || not_finite != known[k].not_finite || !(sum == known[k].sum))
    fail_msg("%s: %llu elements, sum %.17g, expected %llu and %.17g", known[k].file, (unsigned long long)elements, sum,
             (unsigned long long)known[k].elements, known[k].sum);
  wlaw_tensors_close(tensors);
}

static void known_files(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) known_file(test_data(known[k].file), k, err);
  check_refused(test_data("hostile/pt_burn/test_data__broken.pt"), WLAW_FORMAT, "zip archive");
  wlaw_error_free(err);
}

/* -- memory ---------------------------------------------------------------------------------------------------------
 */

static wlaw_status read_all(void *path, wlaw_error *err) {
  wlaw_tensors *tensors;
  wlaw_status status = wlaw_tensors_open(&tensors, path, err);
  if (status != WLAW_OK) return status;
  double values[LONGEST];
  for (size_t i = 0; i < tensors->n && status == WLAW_OK; i++)
    if (!tensors->info[i].note) status = wlaw_tensors_read(tensors, i, 0, (size_t)tensors->info[i].count, values, err);
  wlaw_tensors_close(tensors);
  return status;
}

static void refused_allocations(void **state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("memory.pt"));
  put_views_zip(path, ZIP_CM_STORE, "little");
  alloc_fail_each(read_all, path);
  put_views_zip(path, ZIP_CM_DEFLATE, NULL);
  alloc_fail_each(read_all, path);
  put_written(path, write_views_stream);
  alloc_fail_each(read_all, path);
  put_written(path, write_views_tar);
  alloc_fail_each(read_all, path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_container), cmocka_unit_test(read_in_place),     cmocka_unit_test(several_threads),
      cmocka_unit_test(every_dtype),     cmocka_unit_test(dotted_names),      cmocka_unit_test(names_that_stand_twice),
      cmocka_unit_test(objects),         cmocka_unit_test(bad_tensors),       cmocka_unit_test(repeated_elements),
      cmocka_unit_test(bad_trees),       cmocka_unit_test(byte_of_the_file),  cmocka_unit_test(deflated_tree),
      cmocka_unit_test(repeated_parts),  cmocka_unit_test(many_views),        cmocka_unit_test(bare_pickles),
      cmocka_unit_test(channels_last),   cmocka_unit_test(module_of_its_own), cmocka_unit_test(damaged_streams),
      cmocka_unit_test(stream_storages), cmocka_unit_test(known_files),       cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("tensor.pt", tests, NULL, NULL);
}
