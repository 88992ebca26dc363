/* ONNX: the initialisers of a model's graph, ModelProto.graph.initializer, read with no protobuf library. Format:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The model is walked once, over the data without reading them;
 * raw data, and packed floats, stay in the file; only numbers stored in other ways are held in memory, each of them at
 * least a byte of the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/encoding.h"
#include "tensor/onnx_tensor.h"

enum {
  MODEL_VERSION = 1, /* fields of ModelProto */
  MODEL_GRAPH = 7,
  GRAPH_INITIALIZER = 5, /* of GraphProto */
  GRAPH_SPARSE = 15,
  SPARSE_VALUES = 1 /* of SparseTensorProto */
};

/* TensorProto.DataType: the field that holds such numbers where it is not raw_data. */
static const struct {
  const char *name;
  wlaw_dtype dtype;
  uint32_t field;
} types[] = {
    {"undefined", WLAW_DTYPE_COUNT, 0},
    {"float", WLAW_F32, TENSOR_FLOATS},
    {"uint8", WLAW_U8, TENSOR_INT32},
    {"int8", WLAW_I8, TENSOR_INT32},
    {"uint16", WLAW_U16, TENSOR_INT32},
    {"int16", WLAW_I16, TENSOR_INT32},
    {"int32", WLAW_I32, TENSOR_INT32},
    {"int64", WLAW_I64, TENSOR_INT64},
    {"string", WLAW_DTYPE_COUNT, TENSOR_STRINGS},
    {"bool", WLAW_BOOL, TENSOR_INT32},
    {"float16", WLAW_F16, TENSOR_INT32},
    {"double", WLAW_F64, TENSOR_DOUBLES},
    {"uint32", WLAW_U32, TENSOR_UINT64},
    {"uint64", WLAW_U64, TENSOR_UINT64},
    {"complex64", WLAW_DTYPE_COUNT, TENSOR_FLOATS},
    {"complex128", WLAW_DTYPE_COUNT, TENSOR_DOUBLES},
    {"bfloat16", WLAW_BF16, TENSOR_INT32},
    {"f8_e4m3", WLAW_DTYPE_COUNT, TENSOR_INT32}, /* named as in encoding.c */
    {"float8e4m3fnuz", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"f8_e5m2", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"float8e5m2fnuz", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"uint4", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"int4", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"float4e2m1", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"float8e8m0", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"uint2", WLAW_DTYPE_COUNT, TENSOR_INT32},
    {"int2", WLAW_DTYPE_COUNT, TENSOR_INT32},
};
enum { N_TYPES = sizeof types / sizeof *types };

/* Where a tensor's data are if not in the model's file: in memory, or in another file. */
typedef struct onnx_data {
  unsigned char *values;
  size_t file; /* 1 + index of state->files; 0: none */
} onnx_data;

typedef struct onnx_state {
  onnx_data *data; /* [capacity], one for each tensor */
  size_t capacity;
  input_file *files; /* external data */
  size_t n_files;
} onnx_state;

static wlaw_status add_note(tensor_info *info, const char *what, const char *name, wlaw_error *err) {
  char note[120];
  const int length = snprintf(note, sizeof note, "%s%s", what, name);
  info->dtype = WLAW_DTYPE_COUNT;
  info->encoding = NULL;
  info->plain = info->concurrent = false;
  info->note = wlaw_text_duplicate(note, (size_t)length);
  return info->note ? WLAW_OK : wlaw_fail_memory(err, sizeof note, 1);
}

/* A path as it may stand in a model: relative, and nowhere upwards. */
static bool stays_beside(const char *path) {
  if (!*path || *path == '/') return false;
  for (const char *part = path; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
  }
  return true;
}

/* Opens the file, or finds it among those open. *file: 1 + its index. */
static wlaw_status open_beside(size_t *file, onnx_state *state, const char *path, wlaw_error *err) {
  for (size_t k = 0; k < state->n_files; k++)
    if (strcmp(state->files[k].path, path) == 0) {
      *file = k + 1;
      return WLAW_OK;
    }
  input_file *grown = realloc(state->files, (state->n_files + 1) * sizeof *grown);
  if (!grown) return wlaw_fail_memory(err, state->n_files + 1, sizeof *grown);
  state->files = grown;
  WLAW_TRY(wlaw_input_open(&state->files[state->n_files], path, err));
  *file = ++state->n_files;
  return WLAW_OK;
}

static wlaw_status place_external(tensor_info *info, size_t *file, onnx_state *state, const onnx_tensor *tensor,
                                  const char *model, wlaw_error *err) {
  if (!tensor->location || !stays_beside(tensor->location))
    return wlaw_fail(err, WLAW_FORMAT,
                     "its data are said to be in the file '%s', which is no path below the model's "
                     "folder",
                     tensor->location ? tensor->location : "");
  uint64_t length = info->bytes;
  if ((tensor->offset && !wlaw_text_u64(tensor->offset, &info->offset)) ||
      (tensor->length && !wlaw_text_u64(tensor->length, &length)))
    return wlaw_fail(err, WLAW_FORMAT, "offset '%s' and length '%s' of its external data are not both numbers",
                     tensor->offset ? tensor->offset : "", tensor->length ? tensor->length : "");
  if (length != info->bytes)
    return wlaw_fail(err, WLAW_FORMAT, "the shape asks for %llu bytes, %llu are stated in '%s'",
                     (unsigned long long)info->bytes, (unsigned long long)length, tensor->location);
  char *path = wlaw_path_beside(model, tensor->location);
  if (!path) return wlaw_fail_memory(err, strlen(tensor->location), 1);
  const wlaw_status status = open_beside(file, state, path, err);
  free(path);
  if (status != WLAW_OK) return status;
  const uint64_t size = state->files[*file - 1].size;
  if (info->offset > size || info->bytes > size - info->offset)
    return wlaw_fail(err, WLAW_FORMAT, "its %llu bytes from %llu on are not all in '%s', which has %llu",
                     (unsigned long long)info->bytes, (unsigned long long)info->offset, tensor->location,
                     (unsigned long long)size);
  info->plain = false;
  info->concurrent = true;
  return WLAW_OK;
}

/* Bytes that lie in the model's file as they are. */
static wlaw_status place_plain(tensor_info *info, const wire_field *piece, wlaw_error *err) {
  info->offset = piece->begin;
  if (piece->end - piece->begin == info->bytes) return WLAW_OK;
  return wlaw_error_at_byte(err,
                            wlaw_fail(err, WLAW_FORMAT, "the shape asks for %llu bytes, %llu are there",
                                      (unsigned long long)info->bytes, (unsigned long long)(piece->end - piece->begin)),
                            piece->begin);
}

/* Numbers that have to be gathered: every one has a byte of the message at least, which bounds the memory. */
static wlaw_status place_collected(tensor_info *info, unsigned char **values, const onnx_tensor *tensor,
                                   file_cursor *cursor, wlaw_error *err) {
  if (info->count > tensor->end - tensor->begin)
    return wlaw_error_at_byte(
        err,
        wlaw_fail(err, WLAW_FORMAT, "the shape asks for %llu numbers, the message has %llu bytes",
                  (unsigned long long)info->count, (unsigned long long)(tensor->end - tensor->begin)),
        tensor->begin);
  info->plain = false;
  info->concurrent = true;
  info->big_endian = WLAW_HOST_IS_BIG_ENDIAN;
  *values = malloc(info->bytes ? (size_t)info->bytes : 1);
  if (!*values) return wlaw_fail_memory(err, (size_t)info->bytes, 1);
  return wlaw_onnx_tensor_collect(tensor, info->dtype, info->count, *values, cursor, err);
}

static wlaw_status place_data(wlaw_tensors *tensors, tensor_info *info, const onnx_tensor *tensor, file_cursor *cursor,
                              wlaw_error *err) {
  onnx_state *state = tensors->state;
  onnx_data *data = &state->data[tensors->n - 1];
  const uint32_t field = types[tensor->type].field;
  info->plain = true;
  if (tensor->external) return place_external(info, &data->file, state, tensor, tensors->file.path, err);
  if (tensor->data_field == 0)
    return info->count == 0 ? WLAW_OK : wlaw_fail(err, WLAW_FORMAT, "the tensor has no data");
  if (tensor->data_field == TENSOR_RAW) return place_plain(info, &tensor->piece, err);
  if (tensor->data_field != field)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "data of type %s stand in field %u, not %u",
                                        types[tensor->type].name, tensor->data_field, field),
                              tensor->piece.begin);
  const bool in_place = field == TENSOR_FLOATS || field == TENSOR_DOUBLES;
  if (in_place && tensor->n_pieces == 1 && tensor->piece.type == WIRE_BYTES)
    return place_plain(info, &tensor->piece, err);
  return place_collected(info, &data->values, tensor, cursor, err);
}

/* 8-bit floats as raw data of the model's own file; kept in other ways they are listed only. */
static wlaw_status place_encoded(tensor_info *info, const onnx_tensor *tensor, wlaw_error *err) {
  const char *name = types[tensor->type].name;
  if (tensor->external || tensor->data_field != TENSOR_RAW)
    return add_note(info, "8-bit floats are read from raw data in the model's file, and these are not: ", name, err);
  info->offset = tensor->piece.begin;
  wlaw_encoding_apply(info, wlaw_encoding_find(name));
  WLAW_TRY(wlaw_tensor_measure(info, err));
  if (tensor->piece.end - tensor->piece.begin == info->count) return WLAW_OK;
  return wlaw_error_at_byte(
      err,
      wlaw_fail(err, WLAW_FORMAT, "the shape asks for %llu bytes, %llu are there", (unsigned long long)info->count,
                (unsigned long long)(tensor->piece.end - tensor->piece.begin)),
      tensor->piece.begin);
}

static wlaw_status describe(wlaw_tensors *tensors, tensor_info *info, const onnx_tensor *tensor, file_cursor *cursor,
                            wlaw_error *err) {
  info->rank = tensor->rank;
  memcpy(info->shape, tensor->shape, sizeof info->shape);
  info->dtype = WLAW_DTYPE_COUNT;
  if (tensor->type == 0 || tensor->type >= N_TYPES)
    return wlaw_error_at_byte(
        err,
        wlaw_fail(err, WLAW_FORMAT, "the data type %llu is not one of the format", (unsigned long long)tensor->type),
        tensor->begin);
  if (wlaw_encoding_find(types[tensor->type].name)) return place_encoded(info, tensor, err);
  info->dtype = types[tensor->type].dtype;
  WLAW_TRY(wlaw_tensor_measure(info, err));
  if (info->dtype == WLAW_DTYPE_COUNT)
    return add_note(info, "a data type that is known but not read by weightlaw: ", types[tensor->type].name, err);
  return place_data(tensors, info, tensor, cursor, err);
}

/* A new row, with room beside it for where its data are. */
static wlaw_status append(tensor_info **info, wlaw_tensors *tensors, wlaw_error *err) {
  onnx_state *state = tensors->state;
  if (tensors->n == state->capacity) {
    const size_t capacity = state->capacity ? 2 * state->capacity : 16;
    onnx_data *grown = realloc(state->data, capacity * sizeof *grown);
    if (!grown) return wlaw_fail_memory(err, capacity, sizeof *grown);
    memset(grown + state->capacity, 0, (capacity - state->capacity) * sizeof *grown);
    state->data = grown;
    state->capacity = capacity;
  }
  *info = wlaw_tensors_append(tensors);
  return *info ? WLAW_OK : wlaw_fail_memory(err, tensors->n, sizeof **info);
}

static wlaw_status add_tensor(wlaw_tensors *tensors, const wire_field *field, bool sparse, file_cursor *cursor,
                              wlaw_error *err) {
  onnx_tensor tensor;
  tensor_info *info;
  wlaw_status status = wlaw_onnx_tensor_read(&tensor, cursor, field->begin, field->end, err);
  if (status == WLAW_OK) status = append(&info, tensors, err);
  if (status == WLAW_OK) {
    info->name = tensor.name ? tensor.name : wlaw_text_duplicate("", 0);
    tensor.name = NULL;
    if (!info->name) {
      tensors->n--;
      status = wlaw_fail_memory(err, 1, 1);
    } else {
      status = sparse ? add_note(info, "sparse tensors are not read by weightlaw", "", err)
                      : describe(tensors, info, &tensor, cursor, err);
      if (status != WLAW_OK && status != WLAW_MEMORY) wlaw_error_in_tensor(err, status, info->name);
    }
  }
  wlaw_onnx_tensor_free(&tensor);
  return status;
}

/* Lists the tensor of a SparseTensorProto's values, which has the name. */
static wlaw_status add_sparse(wlaw_tensors *tensors, const wire_field *sparse, file_cursor *cursor, wlaw_error *err) {
  wire_field field = {0};
  for (cursor->at = sparse->begin; cursor->at < sparse->end; cursor->at = field.end) {
    WLAW_TRY(wlaw_wire_next(&field, cursor, sparse->end, err));
    if (field.number == SPARSE_VALUES && field.type == WIRE_BYTES)
      WLAW_TRY(add_tensor(tensors, &field, true, cursor, err));
  }
  return WLAW_OK;
}

static wlaw_status read_graph(wlaw_tensors *tensors, const wire_field *graph, file_cursor *cursor, wlaw_error *err) {
  wire_field field = {0};
  for (cursor->at = graph->begin; cursor->at < graph->end; cursor->at = field.end) {
    WLAW_TRY(wlaw_wire_next(&field, cursor, graph->end, err));
    if (field.type != WIRE_BYTES) continue;
    if (field.number == GRAPH_INITIALIZER) WLAW_TRY(add_tensor(tensors, &field, false, cursor, err));
    if (field.number == GRAPH_SPARSE) WLAW_TRY(add_sparse(tensors, &field, cursor, err));
  }
  return WLAW_OK;
}

static wlaw_status open_onnx(wlaw_tensors *tensors, wlaw_error *err) {
  tensors->state = calloc(1, sizeof(onnx_state));
  if (!tensors->state) return wlaw_fail_memory(err, 1, sizeof(onnx_state));
  file_cursor cursor;
  wlaw_cursor_start(&cursor, &tensors->file, 0);
  bool has_version = false, has_graph = false;
  wire_field field = {0};
  for (; cursor.at < tensors->file.size; cursor.at = field.end) {
    WLAW_TRY(wlaw_wire_next(&field, &cursor, tensors->file.size, err));
    if (field.number == MODEL_VERSION && field.type == WIRE_VARINT) has_version = true;
    if (field.number != MODEL_GRAPH || field.type != WIRE_BYTES) continue;
    if (has_graph) return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the model has two graphs"), field.begin);
    has_graph = true;
    WLAW_TRY(read_graph(tensors, &field, &cursor, err));
  }
  if (has_version && has_graph) return WLAW_OK;
  return wlaw_fail(err, WLAW_FORMAT, "not an ONNX model: it has no %s", has_graph ? "ir_version" : "graph");
}

static wlaw_status read_onnx(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  const onnx_state *state = tensors->state;
  const tensor_info *info = &tensors->info[i];
  if (info->encoding) return wlaw_tensors_read_encoded(tensors, i, from, out, n, err);
  const onnx_data *data = &state->data[i];
  if (data->file) return wlaw_input_read(&state->files[data->file - 1], info->offset + from, out, n, err);
  memcpy(out, data->values + from, n);
  return WLAW_OK;
}

static void close_onnx(wlaw_tensors *tensors) {
  onnx_state *state = tensors->state;
  if (!state) return;
  for (size_t i = 0; i < tensors->n && i < state->capacity; i++) free(state->data[i].values);
  for (size_t k = 0; k < state->n_files; k++) wlaw_input_close(&state->files[k]);
  free(state->data);
  free(state->files);
  free(state);
}

const tensor_format wlaw_format_onnx = {
    .name = "onnx", .ending = ".onnx", .open = open_onnx, .read = read_onnx, .close = close_onnx};
