/* HDF5 and Keras files, written here by libhdf5. Where it is not built in, such files are refused by name. */
#include "support/test.h"

#include "tensor/make_files.h"
#include "tensor/tensor.h"

static const char *scratch(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch(name));
  remove(path);
  return path;
}

static void check_refused(const char *path, wlaw_status want, const char *says) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const wlaw_status got = wlaw_tensors_open(&tensors, path, err);
  if (got == WLAW_OK) wlaw_tensors_close(tensors);
  if (got != want || !strstr(wlaw_error_message(err), says) || strcmp(wlaw_error_file(err), path) != 0)
    fail_msg("%s: %s '%s', expected %s with '%s'", path, wlaw_status_name(got), wlaw_error_message(err),
             wlaw_status_name(want), says);
  wlaw_error_free(err);
}

#if !defined(WLAW_HAVE_HDF5)

static void not_built_in(void **state) {
  (void)state;
  const char *path = scratch("none.h5");
  put_file(path, "\x89HDF\r\n\x1a\n", 8);
  check_refused(path, WLAW_UNSUPPORTED, "libhdf5-dev");
  path = scratch("none.keras");
  put_zip(path, "model.weights.h5", "x", 1, ZIP_CM_STORE);
  check_refused(path, WLAW_UNSUPPORTED, "libhdf5-dev");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(not_built_in)};
  return cmocka_run_group_tests_name("tensor.hdf5", tests, NULL, NULL);
}

#else

#include <hdf5.h>
#include <pthread.h>

enum { ROWS = 50, COLS = 71, DEPTH = 3, N = ROWS * COLS * DEPTH };

/* Element k of every dataset below: exact in all types. */
static double value_of(uint64_t k) { return (double)(k % 97); }

static void put_numbers(hid_t in, const char *name, hid_t type, hid_t properties) {
  static double values[N];
  const hsize_t dims[] = {ROWS, COLS, DEPTH};
  for (uint64_t k = 0; k < N; k++) values[k] = value_of(k);
  const hid_t space = H5Screate_simple(3, dims, NULL);
  const hid_t set = H5Dcreate2(in, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  assert_true(set >= 0 && H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

static hid_t chunked(void) {
  const hsize_t chunk[] = {7, 20, 2};
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 3, chunk);
  return properties;
}

static hid_t half_type(void) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_precision(type, 16);
  H5Tset_ebias(type, 15);
  H5Tset_size(type, 2);
  return type;
}

/* Every read of a dataset gives value_of. */
static void check_numbers(wlaw_tensors *tensors, const char *name, wlaw_dtype dtype, wlaw_error *err) {
  static double got[N];
  static const size_t starts[] = {0, 1, 2, 3, 212, 213, 214, 5000, N - 1};
  size_t i;
  check_ok(wlaw_tensors_find(&i, tensors, name, err));
  assert_int_equal(wlaw_tensors_dtype(tensors, i), dtype);
  assert_int_equal(tensors->info[i].count, N);
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
    for (size_t n = 1; n <= N - starts[s]; n = n * 5 + 1) {
      check_ok(wlaw_tensors_read(tensors, i, starts[s], n, got, err));
      for (size_t k = 0; k < n; k++) check_near(got[k], value_of(starts[s] + k), 0);
    }
}

static const struct {
  const char *name;
  wlaw_dtype dtype;
} sets[] = {{"f16", WLAW_F16}, {"f32", WLAW_F32}, {"f32be", WLAW_F32}, {"f64", WLAW_F64}, {"f64be", WLAW_F64},
            {"i8", WLAW_I8},   {"i16", WLAW_I16}, {"i32be", WLAW_I32}, {"i64", WLAW_I64}, {"u8", WLAW_U8},
            {"u16", WLAW_U16}, {"u32", WLAW_U32}, {"u64be", WLAW_U64}};
enum { N_SETS = sizeof sets / sizeof *sets };

static void put_sets(const char *path) {
  const hid_t half = half_type();
  const hid_t types[N_SETS] = {half,          H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE,
                               H5T_STD_I8LE,  H5T_STD_I16LE,  H5T_STD_I32BE,  H5T_STD_I64LE,  H5T_STD_U8LE,
                               H5T_STD_U16LE, H5T_STD_U32LE,  H5T_STD_U64BE};
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t in = H5Gcreate2(file, "layer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t deep = H5Gcreate2(in, "vars", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t packed = chunked();
  H5Pset_shuffle(packed);
  H5Pset_deflate(packed, 6);
  H5Pset_fletcher32(packed);
  for (size_t k = 0; k < N_SETS; k++) {
    put_numbers(in, sets[k].name, types[k], H5P_DEFAULT);
    put_numbers(deep, sets[k].name, types[k], packed);
  }
  H5Pclose(packed);
  H5Gclose(deep);
  H5Gclose(in);
  H5Tclose(half);
  H5Fclose(file);
}

static void check_sets(const char *path, const char *format, bool plain) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_string_equal(wlaw_tensors_format(tensors), format);
  assert_int_equal(wlaw_tensors_count(tensors), 2 * N_SETS);
  for (size_t k = 0; k < N_SETS; k++) {
    char name[64];
    size_t i;
    snprintf(name, sizeof name, "layer/%s", sets[k].name);
    check_numbers(tensors, name, sets[k].dtype, err);
    check_ok(wlaw_tensors_find(&i, tensors, name, err));
    assert_int_equal(tensors->info[i].plain, plain);
    snprintf(name, sizeof name, "layer/vars/%s", sets[k].name);
    check_numbers(tensors, name, sets[k].dtype, err);
  }
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void every_type(void **state) {
  (void)state;
  const char *path = scratch("types.h5");
  put_sets(path);
  check_sets(path, "hdf5", true);
}

static void put_keras(const char *path, const char *h5, int method) {
  char *bytes;
  size_t n;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_input_whole(&bytes, &n, h5, 1 << 26, err));
  remove(path);
  put_zip(path, "metadata.json", "{}", 2, ZIP_CM_STORE);
  put_zip(path, "model.weights.h5", bytes, n, method);
  free(bytes);
  wlaw_error_free(err);
}

static void keras(void **state) {
  (void)state;
  char h5[4096];
  snprintf(h5, sizeof h5, "%s", scratch("inner.h5"));
  put_sets(h5);
  const char *path = scratch("model.keras");
  put_keras(path, h5, ZIP_CM_STORE);
  check_sets(path, "keras", true);
  put_keras(path, h5, ZIP_CM_DEFLATE);
  check_sets(path, "keras", false);
  put_file(h5, "\x89HDF\r\n\x1a\nno more", 15);
  put_keras(path, h5, ZIP_CM_STORE);
  check_refused(path, WLAW_FORMAT, "model.weights.h5 cannot be read: bad superblock");
}

/* What would be unpacked into memory is bounded by its packed bytes: 100 MB of zeros in 100 kB are refused. */
static void packed_too_well(void **state) {
  (void)state;
  const size_t n = 100 << 20;
  const char *path = scratch("bomb.keras");
  unsigned char *bytes = calloc(1, n);
  assert_non_null(bytes);
  memcpy(bytes, "\x89HDF\r\n\x1a\n", 8);
  put_zip(path, "model.weights.h5", bytes, n, ZIP_CM_DEFLATE);
  free(bytes);
  check_refused(path, WLAW_LIMIT, "at most 32 times");
}

/* Two models open at once, as for a comparison: libhdf5 must not take one for the other. */
static void two_keras(void **state) {
  (void)state;
  enum { N_VALUES = 100 };
  char paths[2][4096];
  wlaw_tensors *tensors[2];
  wlaw_error *err = wlaw_error_new();
  for (int k = 0; k < 2; k++) {
    double values[N_VALUES];
    const hsize_t dims[] = {N_VALUES}, chunk[] = {30};
    char h5[4096];
    snprintf(h5, sizeof h5, "%s", scratch("one.h5"));
    snprintf(paths[k], sizeof paths[k], "%s", scratch(k ? "b.keras" : "a.keras"));
    for (int j = 0; j < N_VALUES; j++) values[j] = 1000 * k + j;
    const hid_t file = H5Fcreate(h5, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, dims, NULL), in_chunks = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(in_chunks, 1, chunk);
    const hid_t set = H5Dcreate2(file, "w", H5T_IEEE_F64LE, space, H5P_DEFAULT, in_chunks, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Pclose(in_chunks);
    H5Sclose(space);
    H5Fclose(file);
    put_keras(paths[k], h5, k ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
    check_ok(wlaw_tensors_open(&tensors[k], paths[k], err));
  }
  for (int k = 0; k < 2; k++) {
    double got[N_VALUES];
    check_ok(wlaw_tensors_read(tensors[k], 0, 0, N_VALUES, got, err));
    for (int j = 0; j < N_VALUES; j++) check_near(got[j], 1000 * k + j, 0);
    wlaw_tensors_close(tensors[k]);
  }
  wlaw_error_free(err);
}

/* -- what is only listed --------------------------------------------------------------------------------------------
 */

static void put_set(hid_t in, const char *name, hid_t type, size_t rank, const hsize_t *dims, hid_t properties) {
  const hid_t space = rank ? H5Screate_simple((int)rank, dims, NULL) : H5Screate(H5S_SCALAR);
  const hid_t set = H5Dcreate2(in, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

static hid_t enumeration(const char *zero, const char *one) {
  const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t values[] = {0, 1};
  H5Tenum_insert(type, zero, &values[0]);
  H5Tenum_insert(type, one, &values[1]);
  return type;
}

static void put_curiosities(const char *path) {
  const hsize_t two[] = {2}, many[] = {1000000, 1000000}, huge_chunk[] = {1 << 28}, none[] = {0, 3};
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t boolean = enumeration("FALSE", "TRUE"), choice = enumeration("RED", "BLUE");
  const hid_t text = H5Tcopy(H5T_C_S1), early = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
  put_set(file, "bool", boolean, 1, two, early);
  put_set(file, "choice", choice, 1, two, early);
  put_set(file, "scalar", H5T_IEEE_F32LE, 0, NULL, early);
  put_set(file, "empty", H5T_IEEE_F32LE, 2, none, H5P_DEFAULT);
  put_set(file, "text", text, 1, two, early);
  put_set(file, "never", H5T_IEEE_F64LE, 2, many, H5P_DEFAULT);
  const hid_t packed = H5Pcreate(H5P_DATASET_CREATE), outside = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(packed, 1, huge_chunk);
  H5Pset_deflate(packed, 9);
  const hid_t space = H5Screate_simple(1, two, (const hsize_t[]){H5S_UNLIMITED});
  H5Dclose(H5Dcreate2(file, "chunk", H5T_IEEE_F32LE, space, H5P_DEFAULT, packed, H5P_DEFAULT));
  H5Sclose(space);
  H5Pset_external(outside, "/etc/passwd", 0, 16);
  put_set(file, "outside", H5T_STD_U8LE, 1, two, outside);
  H5Lcreate_soft("/scalar", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("other.h5", "/x", file, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(file, "scalar", group, "same", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(file, "/", group, "top", H5P_DEFAULT, H5P_DEFAULT);
  H5Pclose(outside);
  H5Pclose(packed);
  H5Pclose(early);
  H5Tclose(text);
  H5Tclose(choice);
  H5Tclose(boolean);
  H5Gclose(group);
  H5Fclose(file);
}

static void listed_only(void **state) {
  (void)state;
  static const struct {
    const char *name, *note; /* "": it is read */
  } want[] = {{"bool", ""},
              {"choice", "no numbers"},
              {"chunk", "fewer bytes than its shape asks for"},
              {"elsewhere", "another file"},
              {"empty", ""},
              {"group/same", ""},
              {"group/top", "a group that it stands in"},
              {"never", "fewer bytes than its shape asks for"},
              {"outside", "external storage"},
              {"scalar", ""},
              {"soft", "soft link"},
              {"text", "no numbers"}};
  const char *path = scratch("curious.h5");
  put_curiosities(path);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    double value = 7;
    assert_string_equal(wlaw_tensors_name(tensors, i), want[i].name);
    assert_non_null(strstr(wlaw_tensors_note(tensors, i), want[i].note));
    assert_int_equal(wlaw_tensors_note(tensors, i)[0] == '\0', want[i].note[0] == '\0');
    if (want[i].note[0]) check_status(wlaw_tensors_read(tensors, i, 0, 0, &value, err), WLAW_UNSUPPORTED);
    else if (tensors->info[i].count) check_ok(wlaw_tensors_read(tensors, i, 0, 1, &value, err));
  }
  assert_int_equal(wlaw_tensors_count(tensors), sizeof want / sizeof *want);
  assert_int_equal(wlaw_tensors_dtype(tensors, 0), WLAW_BOOL);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* A name that libhdf5 would take for a path through a link to another file. */
static void names_with_slashes(void **state) {
  (void)state;
  char other[4096], *bytes;
  const hsize_t two[] = {2};
  snprintf(other, sizeof other, "%s", scratch("other.h5"));
  hid_t file = H5Fcreate(other, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t early = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
  put_set(file, "d", H5T_IEEE_F64LE, 1, two, early);
  H5Fclose(file);
  const char *path = scratch("slash.h5");
  file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_set(file, "s_d", H5T_IEEE_F64LE, 1, two, early);
  H5Lcreate_external("other.h5", "/", file, "s", H5P_DEFAULT, H5P_DEFAULT);
  H5Pclose(early);
  H5Fclose(file);
  size_t n, i;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_input_whole(&bytes, &n, path, 1 << 20, err));
  for (size_t at = 0; at + 3 <= n; at++)
    if (memcmp(bytes + at, "s_d", 3) == 0) bytes[at + 1] = '/';
  put_file(path, bytes, n);
  free(bytes);
  check_ok(wlaw_tensors_open(&tensors, path, err));
  check_ok(wlaw_tensors_find(&i, tensors, "s/d", err));
  assert_non_null(strstr(wlaw_tensors_note(tensors, i), "whose name is a path"));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* Groups as deep as one likes, and 2^60 paths of hard links to one group: an end is made of both. */
static void endless_groups(void **state) {
  (void)state;
  const char *path = scratch("deep.h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), group = file;
  for (int k = 0; k < 150; k++) {
    const hid_t inner = H5Gcreate2(group, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group != file) H5Gclose(group);
    group = inner;
  }
  H5Gclose(group);
  H5Fclose(file);
  check_refused(path, WLAW_LIMIT, "100 deep");

  path = scratch("paths.h5");
  file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  group = H5Gcreate2(file, "start", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  for (int k = 0; k < 60; k++) {
    const hid_t inner = H5Gcreate2(group, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(group, "a", group, "b", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    group = inner;
  }
  H5Gclose(group);
  H5Fclose(file);
  check_refused(path, WLAW_LIMIT, "more objects");
}

/* -- files of other programs ----------------------------------------------------------------------------------------
 */

/* Outcomes of libhdf5 1.10.8 through h5py 3.7 on the same files: how many datasets, or that it fails. */
static const struct {
  const char *file;
  wlaw_status status;
  size_t listed, readable;
} known[] = {{"bad_compound", WLAW_FORMAT, 0, 0},
             {"bad_offset", WLAW_FORMAT, 0, 0},
             {"be_data", WLAW_OK, 24, 22}, /* two of reduced precision */
             {"corrupt_stab_msg", WLAW_FORMAT, 0, 0},
             {"corrupted_name_len", WLAW_OK, 2, 2},
             {"cve_2020_10810", WLAW_FORMAT, 0, 0},
             {"deflate", WLAW_OK, 1, 1},
             {"filter_error", WLAW_OK, 1, 0},
             {"h5diff_danglelinks1", WLAW_OK, 10, 2},
             {"h5repack_CVE-2018-14460", WLAW_FORMAT, 0, 0},
             {"h5repack_CVE-2018-17432", WLAW_FORMAT, 0, 0},
             {"h5repack_fletcher", WLAW_OK, 1, 1},
             {"h5repack_shuffle", WLAW_OK, 1, 1},
             {"h5stat_err_old_fill", WLAW_FORMAT, 0, 0},
             {"h5stat_err_old_layout", WLAW_FORMAT, 0, 0},
             {"h5stat_err_refcount", WLAW_FORMAT, 0, 0},
             {"le_data", WLAW_OK, 24, 22},
             {"mergemsg", WLAW_OK, 0, 0},
             {"none", WLAW_OK, 1, 1},
             {"t128bit_float", WLAW_OK, 1, 0},
             {"tCVE_2018_11206_fill_new", WLAW_FORMAT, 0, 0},
             {"tCVE_2018_11206_fill_old", WLAW_FORMAT, 0, 0},
             {"tbad_msg_count", WLAW_OK, 0, 0},
             {"tbogus", WLAW_FORMAT, 0, 0},
             {"test_filters_be", WLAW_OK, 1, 1},
             {"test_filters_le", WLAW_OK, 1, 1},
             {"tlayouto", WLAW_LIMIT, 0, 0},
             {"tsizeslheap", WLAW_OK, 1, 0}};

static void known_files(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    char name[128];
    snprintf(name, sizeof name, "hostile/hdf5_debian_src/%s.h5", known[k].file);
    const char *path = test_data(name);
    if (known[k].status != WLAW_OK) {
      check_refused(path, known[k].status, known[k].status == WLAW_LIMIT ? "2^63" : "HDF5: ");
      continue;
    }
    wlaw_tensors *tensors;
    size_t readable = 0;
    check_ok(wlaw_tensors_open(&tensors, path, err));
    for (size_t i = 0; i < tensors->n; i++) {
      double value;
      if (tensors->info[i].note) continue;
      check_ok(wlaw_tensors_read(tensors, i, tensors->info[i].count - 1, 1, &value, err));
      readable++;
    }
    if (tensors->n != known[k].listed || readable != known[k].readable)
      fail_msg("%s: %zu listed, %zu read", known[k].file, tensors->n, readable);
    wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

/* -- threads --------------------------------------------------------------------------------------------------------
 */

static void *read_own_file(void *path) {
  wlaw_tensors *tensors;
  double got[100];
  void *failed = NULL;
  if (wlaw_tensors_open(&tensors, path, NULL) != WLAW_OK) return path;
  for (size_t i = 0; i < tensors->n; i++)
    for (uint64_t first = 0; first + 100 <= N; first += 977)
      if (wlaw_tensors_read(tensors, i, first, 100, got, NULL) != WLAW_OK || !(got[99] == value_of(first + 99)))
        failed = path;
  wlaw_tensors_close(tensors);
  return failed;
}

static void several_threads(void **state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s", scratch("threads.h5"));
  put_sets(path);
  pthread_t threads[4];
  for (size_t k = 0; k < 4; k++) assert_int_equal(pthread_create(&threads[k], NULL, read_own_file, path), 0);
  for (size_t k = 0; k < 4; k++) {
    void *failed;
    pthread_join(threads[k], &failed);
    assert_null(failed);
  }
}

/* What libhdf5 does for the whole process is as the program set it. */
static void handlers_are_put_back(void **state) {
  (void)state;
  H5E_auto2_t before, after;
  void *data;
  unsigned plugins_before, plugins_after;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  H5PLget_loading_state(&plugins_before);
  const char *path = scratch("bad.h5");
  put_file(path, "\x89HDF\r\n\x1a\n", 8);
  check_refused(path, WLAW_FORMAT, "HDF5: the file");
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  H5PLget_loading_state(&plugins_after);
  assert_true(before == after && before != NULL);
  assert_int_equal(plugins_before, plugins_after);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type),         cmocka_unit_test(keras),
      cmocka_unit_test(packed_too_well),    cmocka_unit_test(two_keras),
      cmocka_unit_test(names_with_slashes), cmocka_unit_test(listed_only),
      cmocka_unit_test(endless_groups),     cmocka_unit_test(known_files),
      cmocka_unit_test(several_threads),    cmocka_unit_test(handlers_are_put_back),
  };
  return cmocka_run_group_tests_name("tensor.hdf5", tests, NULL, NULL);
}
#endif
