/* PyTorch checkpoints from before version 1.6. Until then a stream: a magic number, a version, the writer's sizes, the
 * tree and the list of storage keys, each a pickle; then every storage, 8 bytes of count and its elements. In the first
 * versions (2016) a tar archive of three members: `storages` and `tensors`, each a stream of pickles and raw numbers,
 * and `pickle`, the tree. All numbers are little-endian. torch/serialization.py, _legacy_load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "tensor/pytorch.h"

enum {
  FIRST_WINDOW = 4096, /* bytes read for a pickle whose length is not known; then four times as many */
  LONGEST_KEY = 63,
  TAR_BLOCK = 512,
  PROTOCOL = 1001
};

static const unsigned char magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

typedef struct keyed {
  char key[LONGEST_KEY + 1];
  const pickle_name *type;
  torch_storage storage;
  uint64_t record; /* of a tensor of the tar: where its shape stands in the file */
} keyed;

typedef struct keyed_list {
  keyed *rows;
  size_t n, capacity;
} keyed_list;

typedef struct legacy_file {
  const input_file *file;
  keyed_list storages, tensors;
} legacy_file;

/* A part of the file being read forwards, and the last pickle of it. */
typedef struct reader {
  const input_file *file;
  uint64_t at, end;
  unsigned char *bytes;
  pickle_tree pickle;
} reader;

static void release(reader *r) {
  wlaw_pickle_free(&r->pickle);
  free(r->bytes);
  r->bytes = NULL;
}

/* The pickle that begins at r->at; r->at moves behind it. */
static wlaw_status next_pickle(reader *r, wlaw_error *err) {
  const uint64_t room = r->end - r->at;
  const size_t most = room < PICKLE_LARGEST ? (size_t)room : PICKLE_LARGEST;
  for (size_t n = FIRST_WINDOW;; n *= 4) {
    if (n > most) n = most;
    release(r);
    r->bytes = malloc(n + 1);
    if (!r->bytes) return wlaw_fail_memory(err, n, 1);
    WLAW_TRY(wlaw_input_read(r->file, r->at, r->bytes, n, err));
    const wlaw_status status =
        wlaw_pickle_parse(&r->pickle, r->bytes, n, r->at, wlaw_pytorch_names, wlaw_n_pytorch_names, err);
    if (status == WLAW_OK) r->at += r->pickle.used;
    if (status == WLAW_OK || !r->pickle.cut || n == most) return status;
    wlaw_error_clear(err);
  }
}

static wlaw_status next_number(reader *r, uint64_t *value, wlaw_error *err) {
  unsigned char bytes[8];
  if (r->end - r->at < sizeof bytes)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the file ends where a storage should begin"), r->at);
  WLAW_TRY(wlaw_input_read(r->file, r->at, bytes, sizeof bytes, err));
  r->at += sizeof bytes;
  *value = 0;
  for (size_t k = sizeof bytes; k-- > 0;) *value = *value << 8 | bytes[k];
  return WLAW_OK;
}

/* -- keys -----------------------------------------------------------------------------------------------------------
 */

/* Keys are texts of digits, or integers. */
static wlaw_status read_key(char key[LONGEST_KEY + 1], const pickle_tree *pickle, pickle_ref ref, wlaw_error *err) {
  const pickle_value *value = &pickle->values[ref];
  if (value->kind == PICKLE_INT) {
    snprintf(key, LONGEST_KEY + 1, "%lld", (long long)value->integer);
    return WLAW_OK;
  }
  if (value->kind != PICKLE_TEXT || value->text.n > LONGEST_KEY || memchr(value->text.bytes, '\0', value->text.n))
    return wlaw_pytorch_fail(pickle, ref, "a storage's key is no short text", err);
  memcpy(key, value->text.bytes, value->text.n);
  key[value->text.n] = '\0';
  return WLAW_OK;
}

static int compare_keys(const void *a, const void *b) {
  return strcmp(((const keyed *)a)->key, ((const keyed *)b)->key);
}

static wlaw_status add_row(keyed_list *list, const keyed *row, wlaw_error *err) {
  if (list->n == list->capacity) {
    const size_t wanted = list->capacity ? 2 * list->capacity : 16;
    keyed *grown = realloc(list->rows, wanted * sizeof *grown);
    if (!grown) return wlaw_fail_memory(err, wanted, sizeof *grown);
    list->rows = grown;
    list->capacity = wanted;
  }
  list->rows[list->n++] = *row;
  return WLAW_OK;
}

static void sort_rows(keyed_list *list) {
  if (list->n) qsort(list->rows, list->n, sizeof *list->rows, compare_keys);
}

static const keyed *find_row(const keyed_list *list, const char *key) {
  keyed wanted;
  snprintf(wanted.key, sizeof wanted.key, "%s", key);
  return list->n ? bsearch(&wanted, list->rows, list->n, sizeof *list->rows, compare_keys) : NULL;
}

/* -- storages -------------------------------------------------------------------------------------------------------
 */

/* count elements of this type begin at r->at; r->at moves behind them. */
static wlaw_status take_storage(reader *r, torch_storage *out, const pickle_name *type, wlaw_error *err) {
  uint64_t count;
  const uint64_t begin = r->at;
  WLAW_TRY(next_number(r, &count, err));
  *out = (torch_storage){.offset = r->at, .dtype = wlaw_pytorch_dtype(type), .type = type->name};
  if (__builtin_mul_overflow(count, wlaw_pytorch_unit(type), &out->bytes) || out->bytes > r->end - r->at)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "the storage states %llu elements, %llu bytes follow",
                                        (unsigned long long)count, (unsigned long long)(r->end - r->at)),
                              begin);
  r->at += out->bytes;
  return WLAW_OK;
}

/* `count` elements of a storage from element `first` on. */
static wlaw_status cut_storage(torch_storage *storage, uint64_t first, uint64_t count, uint64_t unit, wlaw_error *err) {
  const uint64_t room = storage->bytes / unit;
  if (first > room || count > room - first)
    return wlaw_fail(err, WLAW_FORMAT, "elements %llu to %llu + %llu are asked of a storage of %llu",
                     (unsigned long long)first, (unsigned long long)first, (unsigned long long)count,
                     (unsigned long long)room);
  storage->offset += first * unit;
  storage->bytes = count * unit;
  return WLAW_OK;
}

static bool natural(const pickle_tree *pickle, pickle_ref ref, uint64_t *out) {
  const pickle_value *value = &pickle->values[ref];
  if (!ref || value->kind != PICKLE_INT || value->integer < 0) return false;
  *out = (uint64_t)value->integer;
  return true;
}

static wlaw_status find_storage(torch_tree *tree, torch_storage *out, pickle_ref of, wlaw_error *err) {
  const legacy_file *legacy = tree->context;
  const pickle_tree *pickle = &tree->pickle;
  const bool named = pickle->values[of].kind == PICKLE_TUPLE; /* in the tar the key alone may stand */
  char key[LONGEST_KEY + 1];
  WLAW_TRY(read_key(key, pickle, named ? wlaw_pickle_item(pickle, of, 2) : of, err));
  const keyed *row = find_row(&legacy->storages, key);
  if (!row) return wlaw_fail(err, WLAW_FORMAT, "the file has no storage '%s'", key);
  *out = row->storage;
  if (!named) return WLAW_OK;
  torch_storage_id id;
  WLAW_TRY(wlaw_pytorch_storage_id(&id, pickle, of, err));
  const uint64_t unit = wlaw_pytorch_unit(id.type);
  out->dtype = wlaw_pytorch_dtype(id.type);
  out->type = id.type->name;
  WLAW_TRY(cut_storage(out, 0, id.count, unit, err));
  if (!id.view || pickle->values[id.view].kind == PICKLE_NONE) return WLAW_OK;
  uint64_t first, count;
  if (!natural(pickle, wlaw_pickle_item(pickle, id.view, 1), &first) ||
      !natural(pickle, wlaw_pickle_item(pickle, id.view, 2), &count))
    return wlaw_pytorch_fail(pickle, of, "a view of a storage is not (key, offset, count)", err);
  return cut_storage(out, first, count, unit, err);
}

/* -- the stream -----------------------------------------------------------------------------------------------------
 */

/* PROTO and a version: a stream of torch.save, or another program's pickle, which is to be refused as such. A header of
 * .safetensors may have a length of such bytes; a pickle has none of zeros and a brace behind them. */
bool wlaw_pytorch_is_legacy(const unsigned char *head, size_t n) {
  return n >= 9 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && memcmp(head + 4, "\0\0\0\0{", 5) != 0;
}

/* The types of the storages stand in the tree alone, where the storages are asked for. */
static wlaw_status note_types(keyed_list *types, const pickle_tree *pickle, wlaw_error *err) {
  for (pickle_ref k = 1; k < pickle->n_values; k++) {
    const pickle_ref of = pickle->values[k].of;
    if (pickle->values[k].kind != PICKLE_PERSISTENT) continue;
    if (!wlaw_pickle_is_text(pickle, wlaw_pickle_item(pickle, of, 0), "storage")) continue; /* ('module', ...) */
    torch_storage_id id;
    WLAW_TRY(wlaw_pytorch_storage_id(&id, pickle, of, err));
    keyed row = {.type = id.type};
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, of, 2), err));
    WLAW_TRY(add_row(types, &row, err));
  }
  sort_rows(types);
  return WLAW_OK;
}

/* r stands behind the list of keys; the storages follow in its order. */
static wlaw_status take_storages(reader *r, legacy_file *legacy, const keyed_list *types, wlaw_error *err) {
  const pickle_tree *keys = &r->pickle;
  if (keys->values[keys->root].kind != PICKLE_LIST)
    return wlaw_pytorch_fail(keys, keys->root, "the list of storages is no list", err);
  for (pickle_ref cell = keys->values[keys->root].items.first; cell; cell = keys->cells[cell].next) {
    keyed row = {.record = 0};
    WLAW_TRY(read_key(row.key, keys, keys->cells[cell].value, err));
    const keyed *typed = find_row(types, row.key);
    if (!typed)
      return wlaw_fail(err, WLAW_FORMAT, "no tensor uses the storage '%s', so its size is not known", row.key);
    WLAW_TRY(take_storage(r, &row.storage, typed->type, err));
    WLAW_TRY(add_row(&legacy->storages, &row, err));
  }
  sort_rows(&legacy->storages);
  return WLAW_OK;
}

static wlaw_status check_head(reader *r, wlaw_error *err) {
  WLAW_TRY(next_pickle(r, err));
  const pickle_value *number = &r->pickle.values[r->pickle.root];
  if (number->kind != PICKLE_TEXT || number->text.n != sizeof magic ||
      memcmp(number->text.bytes, magic, sizeof magic) != 0)
    return wlaw_fail(err, WLAW_UNSUPPORTED,
                     "a pickle, and not one that torch.save wrote: PyTorch's magic number is missing");
  WLAW_TRY(next_pickle(r, err));
  const pickle_value *version = &r->pickle.values[r->pickle.root];
  if (version->kind != PICKLE_INT || version->integer != PROTOCOL)
    return wlaw_fail(err, WLAW_UNSUPPORTED, "the file is not of protocol version %d, the only one known", PROTOCOL);
  return next_pickle(r, err); /* sizes of the writer's integers: no use */
}

/* r holds the tree, rest what follows it. */
static wlaw_status list_stream(reader *r, reader *rest, wlaw_tensors *tensors, legacy_file *legacy, keyed_list *types,
                               wlaw_error *err) {
  WLAW_TRY(check_head(r, err));
  WLAW_TRY(next_pickle(r, err));
  rest->at = r->at;
  WLAW_TRY(note_types(types, &r->pickle, err));
  WLAW_TRY(next_pickle(rest, err));
  WLAW_TRY(take_storages(rest, legacy, types, err));
  torch_tree tree = {.tensors = tensors, .pickle = r->pickle, .context = legacy, .find_storage = find_storage};
  return wlaw_pytorch_list(&tree, err);
}

wlaw_status wlaw_pytorch_open_legacy(wlaw_tensors *tensors, wlaw_error *err) {
  const input_file *file = &tensors->file;
  legacy_file legacy = {.file = file};
  keyed_list types = {0};
  reader r = {.file = file, .end = file->size}, rest = r;
  const wlaw_status status = list_stream(&r, &rest, tensors, &legacy, &types, err);
  release(&r);
  release(&rest);
  free(types.rows);
  free(legacy.storages.rows);
  return status;
}

/* -- the tar archive ------------------------------------------------------------------------------------------------
 */

/* An octal number between spaces and NULs. */
static bool octal(const unsigned char *text, size_t n, uint64_t *value) {
  size_t k = 0;
  *value = 0;
  while (k < n && text[k] == ' ') k++;
  const size_t first = k;
  for (; k < n && text[k] >= '0' && text[k] <= '7'; k++) *value = *value << 3 | (uint64_t)(text[k] - '0');
  return k > first && (k == n || text[k] == ' ' || text[k] == '\0');
}

/* POSIX.1-1988 ustar and older: name 100 bytes, size at 124, the sum of all bytes at 148, itself counted as spaces. */
bool wlaw_pytorch_is_tar(const unsigned char *head, size_t n) {
  uint64_t sum = 8 * ' ', stated;
  if (n < TAR_BLOCK || head[0] == '\0' || !octal(head + 148, 8, &stated)) return false;
  for (size_t k = 0; k < TAR_BLOCK; k++) sum += k < 148 || k >= 156 ? head[k] : 0;
  return sum == stated;
}

typedef struct tar_members {
  reader storages, tensors, tree; /* end 0: not there */
} tar_members;

static wlaw_status find_members(tar_members *out, const input_file *file, wlaw_error *err) {
  unsigned char head[TAR_BLOCK];
  for (uint64_t at = 0; file->size - at >= TAR_BLOCK;) {
    uint64_t size;
    WLAW_TRY(wlaw_input_read(file, at, head, sizeof head, err));
    if (head[0] == '\0') break; /* the end */
    if (!wlaw_pytorch_is_tar(head, sizeof head) || !octal(head + 124, 12, &size))
      return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the tar archive has a damaged header"), at);
    at += TAR_BLOCK;
    if (size > file->size - at)
      return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "a member of the tar archive is cut off"), at);
    const char *name = (const char *)head;
    reader *member = strncmp(name, "storages", 100) == 0  ? &out->storages
                     : strncmp(name, "tensors", 100) == 0 ? &out->tensors
                     : strncmp(name, "pickle", 100) == 0  ? &out->tree
                                                          : NULL;
    if (member) *member = (reader){.file = file, .at = at, .end = at + size};
    const uint64_t padded = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    if (padded > file->size - at) break;
    at += padded;
  }
  if (out->storages.end && out->tree.end) return WLAW_OK;
  return wlaw_fail(err, WLAW_UNSUPPORTED,
                   "the tar archive holds no PyTorch checkpoint: pickle and storages are not there");
}

static wlaw_status next_count(reader *r, uint64_t *count, wlaw_error *err) {
  WLAW_TRY(next_pickle(r, err));
  return natural(&r->pickle, r->pickle.root, count)
             ? WLAW_OK
             : wlaw_pytorch_fail(&r->pickle, r->pickle.root, "a count is no number", err);
}

/* Views: (key, key of the storage, first element, count). They are of storages, never of views, so that all of them can
 * be sorted in at the end. */
static wlaw_status take_views(reader *r, legacy_file *legacy, wlaw_error *err) {
  const pickle_tree *pickle = &r->pickle;
  const size_t n_storages = legacy->storages.n;
  WLAW_TRY(next_pickle(r, err));
  if (pickle->values[pickle->root].kind != PICKLE_LIST)
    return wlaw_pytorch_fail(pickle, pickle->root, "the list of views is no list", err);
  for (pickle_ref cell = pickle->values[pickle->root].items.first; cell; cell = pickle->cells[cell].next) {
    const pickle_ref view = pickle->cells[cell].value;
    keyed row;
    uint64_t first, count;
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, view, 1), err));
    const keyed_list storages = {.rows = legacy->storages.rows, .n = n_storages};
    const keyed *root = find_row(&storages, row.key);
    if (!root || !natural(pickle, wlaw_pickle_item(pickle, view, 2), &first) ||
        !natural(pickle, wlaw_pickle_item(pickle, view, 3), &count))
      return wlaw_pytorch_fail(pickle, view, "a view is not (key, storage, offset, count)", err);
    row = *root;
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, view, 0), err));
    WLAW_TRY(cut_storage(&row.storage, first, count, wlaw_pytorch_unit(row.type), err));
    WLAW_TRY(add_row(&legacy->storages, &row, err));
  }
  sort_rows(&legacy->storages);
  return WLAW_OK;
}

static wlaw_status take_tar_storages(reader *r, legacy_file *legacy, wlaw_error *err) {
  uint64_t n;
  WLAW_TRY(next_count(r, &n, err));
  for (uint64_t k = 0; k < n; k++) { /* (key, location, type), the elements */
    WLAW_TRY(next_pickle(r, err));
    const pickle_tree *pickle = &r->pickle;
    keyed row = {.type = wlaw_pytorch_name(pickle, wlaw_pickle_item(pickle, pickle->root, 2))};
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, pickle->root, 0), err));
    if (!row.type || row.type->what != TORCH_STORAGE)
      return wlaw_pytorch_fail(pickle, pickle->root, "a storage is not (key, location, type)", err);
    WLAW_TRY(take_storage(r, &row.storage, row.type, err));
    WLAW_TRY(add_row(&legacy->storages, &row, err));
  }
  sort_rows(&legacy->storages);
  return r->at < r->end ? take_views(r, legacy, err) : WLAW_OK;
}

/* 4 bytes and 4 unused. Read twice, and believed neither time: the file may have changed. */
static wlaw_status next_rank(reader *r, uint64_t *rank, wlaw_error *err) {
  WLAW_TRY(next_number(r, rank, err));
  *rank &= UINT32_MAX;
  if (*rank <= WLAW_MAX_RANK) return WLAW_OK;
  return wlaw_fail(err, WLAW_LIMIT, "%llu dimensions, at most %d are read", (unsigned long long)*rank, WLAW_MAX_RANK);
}

/* (key, key of the storage, type), then rank as 4 bytes and 4 unused, sizes, strides, offset. */
static wlaw_status take_tar_tensors(reader *r, legacy_file *legacy, wlaw_error *err) {
  uint64_t n;
  WLAW_TRY(next_count(r, &n, err));
  for (uint64_t k = 0; k < n; k++) {
    WLAW_TRY(next_pickle(r, err));
    const pickle_tree *pickle = &r->pickle;
    keyed row;
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, pickle->root, 1), err));
    const keyed *storage = find_row(&legacy->storages, row.key);
    if (!storage) return wlaw_fail(err, WLAW_FORMAT, "the file has no storage '%s'", row.key);
    row = *storage;
    row.record = r->at;
    WLAW_TRY(read_key(row.key, pickle, wlaw_pickle_item(pickle, pickle->root, 0), err));
    uint64_t rank;
    WLAW_TRY(next_rank(r, &rank, err));
    for (uint64_t i = 0, unused; i < 2 * rank + 1; i++) WLAW_TRY(next_number(r, &unused, err));
    WLAW_TRY(add_row(&legacy->tensors, &row, err));
  }
  sort_rows(&legacy->tensors);
  return WLAW_OK;
}

static wlaw_status find_tensor(torch_tree *tree, bool *found, torch_storage *storage, torch_shape *shape, pickle_ref of,
                               wlaw_error *err) {
  const legacy_file *legacy = tree->context;
  char key[LONGEST_KEY + 1];
  *found = false;
  if (tree->pickle.values[of].kind == PICKLE_TUPLE) return WLAW_OK; /* a storage, or a class and its source */
  WLAW_TRY(read_key(key, &tree->pickle, of, err));
  const keyed *row = find_row(&legacy->tensors, key);
  if (!row) return WLAW_OK;
  reader r = {.file = legacy->file, .at = row->record, .end = legacy->file->size};
  uint64_t rank;
  WLAW_TRY(next_rank(&r, &rank, err));
  *shape = (torch_shape){.rank = (size_t)rank};
  for (size_t d = 0; d < shape->rank; d++) WLAW_TRY(next_number(&r, &shape->size[d], err));
  for (size_t d = 0; d < shape->rank; d++) WLAW_TRY(next_number(&r, &shape->stride[d], err));
  WLAW_TRY(next_number(&r, &shape->offset, err));
  *storage = row->storage;
  *found = true;
  return WLAW_OK;
}

static wlaw_status list_tar(tar_members *members, wlaw_tensors *tensors, legacy_file *legacy, wlaw_error *err) {
  WLAW_TRY(find_members(members, legacy->file, err));
  WLAW_TRY(take_tar_storages(&members->storages, legacy, err));
  if (members->tensors.end) WLAW_TRY(take_tar_tensors(&members->tensors, legacy, err));
  WLAW_TRY(next_pickle(&members->tree, err));
  torch_tree tree = {.tensors = tensors,
                     .pickle = members->tree.pickle,
                     .context = legacy,
                     .find_storage = find_storage,
                     .find_tensor = find_tensor};
  return wlaw_pytorch_list(&tree, err);
}

wlaw_status wlaw_pytorch_open_tar(wlaw_tensors *tensors, wlaw_error *err) {
  legacy_file legacy = {.file = &tensors->file};
  tar_members members = {0};
  const wlaw_status status = list_tar(&members, tensors, &legacy, err);
  release(&members.storages);
  release(&members.tensors);
  release(&members.tree);
  free(legacy.storages.rows);
  free(legacy.tensors.rows);
  return status;
}
