/* Small good files of each format, from which fuzzing starts. A new format gets a line in seed_write. */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#if defined(WLAW_HAVE_HDF5)
#include <hdf5.h>
#endif

#include "core/file.h"
#include "tensor/byte_file.h"
#include "tensor/make_pickles.h"
#include "tensor/writer.h"

static inline bool seed_put(const char *path, const void *bytes, size_t n) {
  return wlaw_output_whole(path, bytes, n, NULL) == WLAW_OK;
}

/* What weightlaw writes itself: the path's ending decides the format. */
static inline bool seed_written(const char *path, size_t n) {
  const tensor_spec specs[2] = {{"layer1.weight", WLAW_F32, 2, {3, 4}}, {"layer2.weight", WLAW_F64, 1, {5}}};
  static const char *const metadata[] = {"format", "pt", NULL};
  static const unsigned char bytes[3 * 4 * 4 + 5 * 8] = {1, 2, 3};
  tensor_writer *writer;
  if (wlaw_writer_open(&writer, path, specs, n, metadata, NULL) != WLAW_OK) return false;
  if (wlaw_writer_add(writer, bytes, n == 2 ? sizeof bytes : 3 * 4 * 4, NULL) == WLAW_OK)
    return wlaw_writer_commit(writer, NULL) == WLAW_OK;
  wlaw_writer_discard(writer);
  return false;
}

static inline bool seed_safetensors(const char *path) {
  static const char header[] =
      "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]},"
      "\"b\":{\"dtype\":\"F8_E5M2\",\"shape\":[2],\"data_offsets\":[2,4]},"
      "\"c\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[4,6]},"
      "\"d\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[6,8]}}";
  byte_file file = {.n = 0};
  add_integer(&file, sizeof header - 1, 8);
  add_bytes(&file, header, sizeof header - 1);
  add_bytes(&file, "\x01\x82\x7F\xFC\x12\x34\x80\x3F", 8);
  return seed_put(path, file.bytes, file.n);
}

/* Metadata of several kinds, and a block or two of every type that is unpacked. */
static inline bool seed_gguf(const char *path) {
  static const struct {
    const char *name;
    unsigned id, elements, bytes;
  } types[] = {{"f32", 0, 1, 4},       {"q4_0", 2, 32, 18},    {"q4_1", 3, 32, 20},    {"q5_0", 6, 32, 22},
               {"q5_1", 7, 32, 24},    {"q8_0", 8, 32, 34},    {"q2_K", 10, 256, 84},  {"q3_K", 11, 256, 110},
               {"q4_K", 12, 256, 144}, {"q5_K", 13, 256, 176}, {"q6_K", 14, 256, 210}, {"iq4_nl", 20, 32, 18},
               {"bf16", 30, 1, 2},     {"mxfp4", 39, 32, 17}};
  enum { N = sizeof types / sizeof *types };
  byte_file file;
  gguf_start(&file, N, 4);
  gguf_key(&file, "general.architecture", 8);
  gguf_text(&file, "llama");
  gguf_key(&file, "general.alignment", 4);
  add_integer(&file, 16, 4);
  gguf_key(&file, "words", 9);
  add_integer(&file, 8, 4);
  add_integer(&file, 1, 8);
  gguf_text(&file, "a");
  gguf_key(&file, "llama.attention.head_count", 4);
  add_integer(&file, 2, 4);
  uint64_t offset = 0;
  for (size_t k = 0; k < N; offset += (types[k++].bytes + 15u) / 16 * 16)
    gguf_tensor(&file, types[k].name, 1, (const uint64_t[]){types[k].elements}, types[k].id, offset);
  for (size_t k = 0; k < N; k++) {
    add_padding(&file, 16);
    for (unsigned j = 0; j < types[k].bytes; j++) add_integer(&file, 7 * j + k, 1);
  }
  return seed_put(path, file.bytes, file.n);
}

static inline bool seed_onnx(const char *path) {
  const uint64_t shape[] = {2};
  byte_file graph = {.n = 0}, model, t, sparse = {.n = 0};
  static const struct {
    const char *name;
    unsigned type, field, bytes;
  } stored[] = {{"raw", 1, 9, 8},       {"packed", 1, 4, 8}, {"half", 10, 5, 2}, {"int64", 7, 7, 2},
                {"double", 11, 10, 16}, {"uint", 12, 11, 2}, {"f8", 17, 9, 2},   {"text", 8, 6, 1}};
  for (size_t k = 0; k < sizeof stored / sizeof *stored; k++) {
    onnx_start(&t, stored[k].name, stored[k].type, 1, shape);
    field_bytes(&t, stored[k].field, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20", stored[k].bytes);
    field_bytes(&graph, 5, t.bytes, t.n);
  }
  onnx_start(&t, "outside", 1, 1, shape);
  onnx_external(&t, "location", "beside.bin");
  onnx_external(&t, "offset", "4");
  onnx_external(&t, "length", "8");
  field_varint(&t, 14, 1);
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "one by one", 3, 1, shape);
  field_varint(&t, 5, 1);
  field_varint(&t, 5, 2);
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "sparse", 1, 1, shape);
  field_bytes(&sparse, 1, t.bytes, t.n);
  field_bytes(&graph, 15, sparse.bytes, sparse.n);
  onnx_model(&model, &graph);
  return seed_put(path, model.bytes, model.n);
}

static inline bool seed_index(const char *path) {
  static const char text[] =
      "{\"metadata\": {}, \"weight_map\": {\"a\": \"beside.safetensors\",\n"
      "\"b\": \"beside.safetensors\", \"c\": \"beside.safetensors\", \"d\": "
      "\"beside.safetensors\"}}";
  return seed_put(path, text, sizeof text - 1);
}

/* A zip archive of stored members (PKWARE APPNOTE 6.3.10): header and bytes of each, then the directory. */
static inline void add_zip_header(byte_file *file, const char *name, const void *bytes, size_t n) {
  add_integer(file, 20, 2);
  add_integer(file, 0, 8); /* flags, method, time */
  add_integer(file, crc32(0, bytes, (uInt)n), 4);
  add_integer(file, n, 4);
  add_integer(file, n, 4);
  add_integer(file, strlen(name), 2);
  add_integer(file, 0, 2);
}

typedef struct zip_seed {
  const char *name;
  const void *bytes;
  size_t n;
} zip_seed;

static inline void add_zip(byte_file *file, const zip_seed *members, size_t n) {
  size_t at[4];
  for (size_t k = 0; k < n; k++) {
    at[k] = file->n;
    add_bytes(file, "PK\3\4", 4);
    add_zip_header(file, members[k].name, members[k].bytes, members[k].n);
    add_bytes(file, members[k].name, strlen(members[k].name));
    add_bytes(file, members[k].bytes, members[k].n);
  }
  const size_t begin = file->n;
  for (size_t k = 0; k < n; k++) {
    add_bytes(file, "PK\1\2", 4);
    add_integer(file, 20, 2);
    add_zip_header(file, members[k].name, members[k].bytes, members[k].n);
    add_integer(file, 0, 8); /* comment, disk, attributes */
    add_integer(file, 0, 2);
    add_integer(file, at[k], 4);
    add_bytes(file, members[k].name, strlen(members[k].name));
  }
  const size_t end = file->n;
  add_bytes(file, "PK\5\6", 4);
  add_integer(file, 0, 4);
  add_integer(file, n, 2);
  add_integer(file, n, 2);
  add_integer(file, end - begin, 4);
  add_integer(file, begin, 4);
  add_integer(file, 0, 2);
}

static inline void seed_pickle(byte_file *to) {
  pk(to, "\x80\2}");
  pk_item(to, "rows", &(pickled_tensor){"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}});
  pk_item(to, "columns", &(pickled_tensor){"FloatStorage", "0", 6, 0, 2, {2, 3}, {1, 2}});
  pk_item(to, "steps", &(pickled_tensor){"FloatStorage", "0", 6, 1, 1, {3}, {2}});
  pk(to, ".");
}

/* k: the zip archive, the stream, the tar. */
static inline bool seed_pytorch(const char *path, int k) {
  static const char elements[] = "0123456789abcdefghijklmn";
  byte_file file = {.n = 0}, tree = {.n = 0}, storages = {.n = 0};
  seed_pickle(&tree);
  if (k == 0) {
    const zip_seed members[] = {
        {"a/data.pkl", tree.bytes, tree.n}, {"a/byteorder", "big", 3}, {"a/data/0", elements, 24}};
    add_zip(&file, members, 3);
  } else if (k == 1) {
    pk_stream_head(&file);
    add_bytes(&file, tree.bytes, tree.n);
    pk(&file,
       "]U\1"
       "0a.");
    add_integer(&file, 6, 8);
    add_bytes(&file, elements, 24);
  } else {
    pk(&storages,
       "K\1.(U\1"
       "0U\3cpuctorch\nFloatStorage\nt.");
    add_integer(&storages, 6, 8);
    add_bytes(&storages, elements, 24);
    pk_tar_member(&file, "storages", &storages);
    pk_tar_member(&file, "pickle", &tree);
  }
  return seed_put(path, file.bytes, file.n);
}

#if defined(WLAW_HAVE_HDF5)
/* A contiguous dataset and a deflated one in chunks. */
static inline bool seed_hdf5(const char *path) {
  static const float values[12] = {1, 2, 3};
  const hsize_t dims[] = {3, 4}, chunk[] = {2, 2};
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "layer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(2, dims, NULL), packed = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(packed, 2, chunk);
  H5Pset_deflate(packed, 1);
  for (int k = 0; k < 2; k++) {
    const hid_t set = H5Dcreate2(group, k ? "packed" : "plain", H5T_IEEE_F32BE, space, H5P_DEFAULT,
                                 k ? packed : H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
  }
  H5Pclose(packed);
  H5Sclose(space);
  H5Gclose(group);
  return H5Fclose(file) >= 0;
}

/* A group of many links, which files in the form of libhdf5 1.8 keep in a heap. */
static inline bool seed_hdf5_links(const char *path) {
  const hid_t newest = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(newest, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, newest);
  for (int k = 0; k < 20; k++) {
    char name[16];
    snprintf(name, sizeof name, "link%d", k);
    H5Lcreate_soft("/nothing", file, name, H5P_DEFAULT, H5P_DEFAULT);
  }
  H5Pclose(newest);
  return H5Fclose(file) >= 0;
}

static inline bool seed_keras(const char *path) {
  char *bytes;
  size_t n;
  if (!seed_hdf5(path) || wlaw_input_whole(&bytes, &n, path, 1 << 13, NULL) != WLAW_OK) return false;
  byte_file file = {.n = 0};
  add_zip(&file, &(zip_seed){"model.weights.h5", bytes, n}, 1);
  free(bytes);
  return seed_put(path, file.bytes, file.n);
}
#endif

/* Without libhdf5 its formats are refused, whatever the bytes. */
static inline bool seed_is_needed(const char *format) {
#if defined(WLAW_HAVE_HDF5)
  (void)format;
  return true;
#else
  return strcmp(format, "hdf5") != 0 && strcmp(format, "keras") != 0;
#endif
}

/* Seed k = 0, 1, ... of a format, written to path; false where there is none. */
static inline bool seed_write(const char *format, int k, const char *path) {
  static const unsigned char idx[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  if (strcmp(format, "safetensors") == 0) return k == 0 ? seed_written(path, 2) : k == 1 && seed_safetensors(path);
  if (strcmp(format, "pytorch") == 0) return k < 3 && seed_pytorch(path, k);
#if defined(WLAW_HAVE_HDF5)
  if (strcmp(format, "hdf5") == 0) return k == 0 ? seed_hdf5(path) : k == 1 && seed_hdf5_links(path);
#endif
  if (k > 0) return false;
#if defined(WLAW_HAVE_HDF5)
  if (strcmp(format, "keras") == 0) return seed_keras(path);
#endif
  if (strcmp(format, "npy") == 0) return seed_written(path, 1);
  if (strcmp(format, "npz") == 0) return seed_written(path, 2);
  if (strcmp(format, "idx") == 0) return seed_put(path, idx, sizeof idx);
  if (strcmp(format, "gguf") == 0) return seed_gguf(path);
  if (strcmp(format, "onnx") == 0) return seed_onnx(path);
  if (strcmp(format, "safetensors-index") == 0) return seed_index(path);
  return false;
}

/* The files beside a model that the seeds above speak of. */
static inline bool seed_companions(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/beside.safetensors", folder);
  if (!seed_safetensors(path)) return false;
  snprintf(path, sizeof path, "%s/beside.bin", folder);
  return seed_put(path, "0123456789abcdef", 16);
}

static inline void seed_remove_companions(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/beside.safetensors", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/beside.bin", folder);
  unlink(path);
}

#endif
