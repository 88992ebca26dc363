/* From a pickled tree to tensors with dotted names. The tree may share parts and refer to itself: depth is limited, and
 * the work and the names made to a multiple of the pickle's length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/pytorch.h"

enum {
  DEEPEST = 100,
  SMALLEST = 4096,     /* bytes that even a shorter pickle counts as */
  STEPS_PER_BYTE = 64, /* values visited and bytes of names made, at most, for each byte of the pickle */
  STEPS_PER_ROW = 64   /* a tensor listed counts as so many: fewer than one for each byte, however often it is shared */
};

typedef struct walk {
  torch_tree *tree;
  const pickle_tree *pickle;
  text_buffer name;
  uint64_t steps;
  wlaw_error *err;
} walk;

wlaw_status wlaw_pytorch_fail(const pickle_tree *pickle, pickle_ref ref, const char *what, wlaw_error *err) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the pickle is damaged: %s", what),
                            pickle->base + pickle->values[ref].byte);
}

const pickle_name *wlaw_pytorch_name(const pickle_tree *pickle, pickle_ref ref) {
  const pickle_value *value = &pickle->values[ref];
  return value->kind == PICKLE_GLOBAL ? &pickle->names[value->global] : NULL;
}

static bool natural(const pickle_tree *pickle, pickle_ref ref, uint64_t *out) {
  const pickle_value *value = &pickle->values[ref];
  if (!ref || value->kind != PICKLE_INT || value->integer < 0) return false;
  *out = (uint64_t)value->integer;
  return true;
}

wlaw_status wlaw_pytorch_storage_id(torch_storage_id *out, const pickle_tree *pickle, pickle_ref of, wlaw_error *err) {
  const pickle_ref type = wlaw_pickle_item(pickle, of, 1);
  const pickle_ref key = wlaw_pickle_item(pickle, of, 2);
  *out = (torch_storage_id){.type = wlaw_pytorch_name(pickle, type), .view = wlaw_pickle_item(pickle, of, 5)};
  if (!out->type || (out->type->what != TORCH_STORAGE && out->type->what != TORCH_BYTES) ||
      !wlaw_pickle_is_text(pickle, wlaw_pickle_item(pickle, of, 0), "storage") ||
      pickle->values[key].kind != PICKLE_TEXT || !natural(pickle, wlaw_pickle_item(pickle, of, 4), &out->count))
    return wlaw_pytorch_fail(pickle, of, "a storage's identification is not (storage, type, key, location, count)",
                             err);
  out->key = (const char *)pickle->values[key].text.bytes;
  out->n_key = pickle->values[key].text.n;
  return WLAW_OK;
}

/* -- one tensor -----------------------------------------------------------------------------------------------------
 */

static wlaw_status fail_shape(walk *w, pickle_ref ref) {
  return wlaw_pytorch_fail(w->pickle, ref, "a tensor is not made of (storage, offset, size, stride)", w->err);
}

/* A tuple of integers, or torch.Size of one. */
static bool read_sizes(const pickle_tree *pickle, pickle_ref ref, uint64_t *sizes, size_t *n) {
  const pickle_name *name = wlaw_pytorch_name(pickle, pickle->values[ref].callee);
  if (pickle->values[ref].kind == PICKLE_OBJECT && name && name->what == TORCH_SIZE)
    ref = wlaw_pickle_item(pickle, pickle->values[ref].arguments, 0);
  if (pickle->values[ref].kind != PICKLE_TUPLE && pickle->values[ref].kind != PICKLE_LIST) return false;
  *n = 0;
  for (pickle_ref cell = pickle->values[ref].items.first; cell; cell = pickle->cells[cell].next, ++*n)
    if (*n == WLAW_MAX_RANK || !natural(pickle, pickle->cells[cell].value, &sizes[*n])) return false;
  return true;
}

static wlaw_status read_shape(walk *w, torch_shape *shape, pickle_ref arguments) {
  const pickle_tree *pickle = w->pickle;
  size_t n_strides;
  *shape = (torch_shape){0};
  if (!natural(pickle, wlaw_pickle_item(pickle, arguments, 1), &shape->offset) ||
      !read_sizes(pickle, wlaw_pickle_item(pickle, arguments, 2), shape->size, &shape->rank) ||
      !read_sizes(pickle, wlaw_pickle_item(pickle, arguments, 3), shape->stride, &n_strides) ||
      n_strides != shape->rank)
    return fail_shape(w, arguments);
  return WLAW_OK;
}

/* *end: one behind the largest element of the storage that the tensor has. False where that overflows. */
static bool shape_end(const torch_shape *shape, uint64_t *end) {
  uint64_t last = shape->offset, way;
  for (size_t d = 0; d < shape->rank; d++) {
    if (shape->size[d] == 0) return *end = 0, true;
    if (__builtin_mul_overflow(shape->size[d] - 1, shape->stride[d], &way)) return false;
    if (__builtin_add_overflow(last, way, &last)) return false;
  }
  return !__builtin_add_overflow(last, (uint64_t)1, end);
}

/* Do the elements lie without gaps, the last index fastest (or the first)? Strides along sizes of 1 mean nothing. */
static bool is_dense(const torch_shape *shape, bool first_fastest) {
  uint64_t stride = 1;
  for (size_t k = 0; k < shape->rank; k++) {
    const size_t d = first_fastest ? k : shape->rank - 1 - k;
    if (shape->size[d] == 1) continue;
    if (shape->stride[d] != stride) return false;
    stride *= shape->size[d]; /* the product fits: it was measured */
  }
  return true;
}

static wlaw_status add_note(walk *w, tensor_info *info, const char *what, const char *type) {
  text_buffer text = {0};
  wlaw_text_add(&text, "%s%s", what, type);
  info->dtype = WLAW_DTYPE_COUNT;
  if (!text.failed) {
    info->note = text.bytes;
    return WLAW_OK;
  }
  wlaw_text_free(&text);
  return wlaw_fail_memory(w->err, strlen(what), 1);
}

static wlaw_status fail_limit(walk *w, pickle_ref ref, const char *what) {
  return wlaw_error_at_byte(w->err, wlaw_fail(w->err, WLAW_LIMIT, "the pickled tree %s", what),
                            w->pickle->base + w->pickle->values[ref].byte);
}

static wlaw_status spend(walk *w, pickle_ref ref, uint64_t steps) {
  if (steps > w->steps) return fail_limit(w, ref, "repeats parts of itself too often");
  w->steps -= steps;
  return WLAW_OK;
}

/* A row with the name the walk stands at, and its place. */
static wlaw_status new_row(walk *w, pickle_ref parent, size_t *row) {
  WLAW_TRY(spend(w, parent, STEPS_PER_ROW));
  wlaw_tensors *tensors = w->tree->tensors;
  torch_state *state = tensors->state;
  if (tensors->n == state->capacity) {
    const size_t wanted = state->capacity ? 2 * state->capacity : 16;
    torch_place *grown = realloc(state->places, wanted * sizeof *grown);
    if (!grown) return wlaw_fail_memory(w->err, wanted, sizeof *grown);
    state->places = grown;
    state->capacity = wanted;
  }
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(w->err, tensors->n, sizeof *info);
  *row = tensors->n - 1;
  state->places[*row] = (torch_place){.parent = parent};
  info->name = wlaw_text_duplicate(wlaw_text_string(&w->name), w->name.length);
  if (info->name) return WLAW_OK;
  tensors->n--;
  return wlaw_fail_memory(w->err, w->name.length, 1);
}

/* How the elements lie: plain, column by column, or by strides. */
static wlaw_status place_tensor(walk *w, tensor_info *info, torch_place *place, const torch_storage *storage,
                                const torch_shape *shape) {
  const bool rows = info->count == 0 || is_dense(shape, false);
  const bool columns = !rows && is_dense(shape, true);
  info->offset = info->count ? storage->offset + shape->offset * wlaw_dtype_size(info->dtype) : storage->offset;
  info->big_endian = w->tree->big_endian;
  info->column_major = columns;
  info->plain = !storage->member && (rows || columns);
  place->member = storage->member;
  if (rows || columns) return WLAW_OK;
  if (storage->member) return add_note(w, info, "not read: a view with strides of a compressed storage", "");
  info->concurrent = true;
  place->stride = malloc((shape->rank + 1) * sizeof *place->stride);
  if (!place->stride) return wlaw_fail_memory(w->err, shape->rank, sizeof *place->stride);
  memcpy(place->stride, shape->stride, shape->rank * sizeof *place->stride);
  return WLAW_OK;
}

static wlaw_status add_tensor(walk *w, pickle_ref parent, const torch_storage *storage, const torch_shape *shape,
                              wlaw_dtype dtype, const char *type) {
  size_t row;
  WLAW_TRY(new_row(w, parent, &row));
  wlaw_tensors *tensors = w->tree->tensors;
  tensor_info *info = &tensors->info[row];
  info->dtype = dtype;
  info->rank = shape->rank;
  memcpy(info->shape, shape->size, shape->rank * sizeof *shape->size);
  if (dtype == WLAW_DTYPE_COUNT) return add_note(w, info, "elements of a type that is not read: ", type);
  WLAW_TRY(wlaw_tensor_measure(info, w->err));
  uint64_t end;
  const uint64_t room = storage->bytes / wlaw_dtype_size(dtype);
  if (!shape_end(shape, &end) || end > room)
    return wlaw_fail(w->err, WLAW_FORMAT, "the tensor reaches beyond its storage, which has %llu elements",
                     (unsigned long long)room);
  if (info->count > room) return add_note(w, info, "not read: it repeats the elements of its storage", "");
  return place_tensor(w, info, &((torch_state *)tensors->state)->places[row], storage, shape);
}

/* (storage, offset, size, stride, ...) under the present name. */
static wlaw_status add_from(walk *w, pickle_ref parent, pickle_ref arguments, bool v3) {
  const pickle_tree *pickle = w->pickle;
  const pickle_ref persistent = wlaw_pickle_item(pickle, arguments, 0);
  const pickle_value *value = &pickle->values[persistent];
  /* other writers of tar archives leave the tuple as it is, without the instruction that makes it an id */
  if (value->kind != PICKLE_PERSISTENT && value->kind != PICKLE_TUPLE) return fail_shape(w, arguments);
  torch_shape shape;
  torch_storage storage;
  WLAW_TRY(read_shape(w, &shape, arguments));
  WLAW_TRY(w->tree->find_storage(w->tree, &storage, value->kind == PICKLE_TUPLE ? persistent : value->of, w->err));
  if (!v3) return add_tensor(w, parent, &storage, &shape, storage.dtype, storage.type);
  const pickle_name *dtype = wlaw_pytorch_name(pickle, wlaw_pickle_item(pickle, arguments, 6));
  if (!dtype || dtype->what != TORCH_DTYPE) return fail_shape(w, arguments);
  return add_tensor(w, parent, &storage, &shape, wlaw_pytorch_dtype(dtype), dtype->name);
}

/* -- the tree -------------------------------------------------------------------------------------------------------
 */

static wlaw_status visit(walk *w, pickle_ref parent, pickle_ref ref, size_t depth);

/* Goes on below `ref` with ".key" added to the name. */
static wlaw_status visit_named(walk *w, pickle_ref parent, pickle_ref ref, size_t depth, const char *key, size_t n) {
  const size_t length = w->name.length;
  WLAW_TRY(spend(w, ref, length + n + 1));
  if (memchr(key, '\0', n)) return wlaw_pytorch_fail(w->pickle, ref, "a name has a NUL in it", w->err);
  if (length) wlaw_text_add_bytes(&w->name, ".", 1);
  wlaw_text_add_bytes(&w->name, key, n);
  if (w->name.failed) return wlaw_fail_memory(w->err, length + n, 1);
  WLAW_TRY(visit(w, parent, ref, depth + 1));
  w->name.length = length;
  if (w->name.bytes) w->name.bytes[length] = '\0';
  return WLAW_OK;
}

static wlaw_status visit_number(walk *w, pickle_ref parent, pickle_ref ref, size_t depth, long long number) {
  char key[24];
  const int n = snprintf(key, sizeof key, "%lld", number);
  return visit_named(w, parent, ref, depth, key, (size_t)n);
}

static bool is_module_part(const pickle_tree *pickle, pickle_ref key) {
  return wlaw_pickle_is_text(pickle, key, "_parameters") || wlaw_pickle_is_text(pickle, key, "_buffers") ||
         wlaw_pickle_is_text(pickle, key, "_modules");
}

/* module: as in its state_dict, the dicts that a torch.nn.Module keeps its parts in leave no trace in names, and what
 * else it holds is left out: an LSTM lists its weights once more in _flat_weights. */
static wlaw_status visit_pair(walk *w, pickle_ref parent, pickle_ref key, pickle_ref value, size_t depth, bool module) {
  const pickle_value *name = &w->pickle->values[key];
  if (module) return is_module_part(w->pickle, key) ? visit(w, parent, value, depth + 1) : WLAW_OK;
  if (name->kind == PICKLE_TEXT)
    return visit_named(w, parent, value, depth, (const char *)name->text.bytes, name->text.n);
  if (name->kind == PICKLE_INT || name->kind == PICKLE_BOOL)
    return visit_number(w, parent, value, depth, (long long)name->integer);
  return visit_named(w, parent, value, depth, "?", 1); /* a key that is no name: a tuple, a real */
}

static wlaw_status visit_pairs(walk *w, pickle_ref ref, size_t depth, bool module) {
  const pickle_tree *pickle = w->pickle;
  for (pickle_ref cell = pickle->values[ref].items.first; cell;) {
    const pickle_ref key = cell, value = pickle->cells[cell].next;
    if (!value) break;
    WLAW_TRY(visit_pair(w, ref, pickle->cells[key].value, pickle->cells[value].value, depth, module));
    cell = pickle->cells[value].next;
  }
  return WLAW_OK;
}

static wlaw_status visit_items(walk *w, pickle_ref ref, size_t depth) {
  long long k = 0;
  for (pickle_ref cell = w->pickle->values[ref].items.first; cell; cell = w->pickle->cells[cell].next)
    WLAW_TRY(visit_number(w, ref, w->pickle->cells[cell].value, depth, k++));
  return WLAW_OK;
}

/* OrderedDict([(key, value), ...]), as Python 2 writes it, and items set afterwards. */
static wlaw_status visit_dict(walk *w, pickle_ref ref, size_t depth) {
  const pickle_tree *pickle = w->pickle;
  const pickle_ref list = wlaw_pickle_item(pickle, pickle->values[ref].arguments, 0);
  if (list && pickle->values[list].kind == PICKLE_LIST)
    for (pickle_ref cell = pickle->values[list].items.first; cell; cell = pickle->cells[cell].next) {
      const pickle_ref pair = pickle->cells[cell].value;
      if (!wlaw_pickle_has_items(pickle, pair, 2))
        return wlaw_pytorch_fail(pickle, pair, "a dict's item is no pair", w->err);
      WLAW_TRY(visit_pair(w, ref, wlaw_pickle_item(pickle, pair, 0), wlaw_pickle_item(pickle, pair, 1), depth, false));
    }
  return visit_pairs(w, ref, depth, false);
}

/* An object's state: its __dict__, alone or with a second dict in a tuple. */
static wlaw_status visit_state(walk *w, pickle_ref state, size_t depth, bool module) {
  const pickle_tree *pickle = w->pickle;
  WLAW_TRY(spend(w, state, 1));
  if (pickle->values[state].kind == PICKLE_DICT) return visit_pairs(w, state, depth, module);
  return WLAW_OK;
}

static wlaw_status add_unreadable(walk *w, pickle_ref parent, const pickle_name *name) {
  size_t row;
  WLAW_TRY(new_row(w, parent, &row));
  return add_note(w, &w->tree->tensors->info[row], "a kind of tensor that is not read: ", name->name);
}

static wlaw_status visit_call(walk *w, pickle_ref parent, const pickle_name *name, const pickle_value *object,
                              pickle_ref ref, size_t depth) {
  const pickle_tree *pickle = w->pickle;
  const pickle_ref first = wlaw_pickle_item(pickle, object->arguments, 0);
  switch (name ? name->what : TORCH_OTHER) {
    case TORCH_DICT: return visit_dict(w, ref, depth);
    case TORCH_TENSOR: return add_from(w, parent, object->arguments, false);
    case TORCH_TENSOR_V3: return add_from(w, parent, object->arguments, true);
    case TORCH_UNREADABLE: return add_unreadable(w, parent, name);
    case TORCH_TENSOR_OLD:
      return wlaw_pickle_has_items(pickle, object->state, 4) ? add_from(w, parent, object->state, false) : WLAW_OK;
    case TORCH_PARAMETER: { /* made of a tensor, or older ones given it afterwards */
      const pickle_ref tensor = first ? first : wlaw_pickle_item(pickle, object->state, 0);
      return tensor ? visit(w, parent, tensor, depth + 1) : WLAW_OK;
    }
    case TORCH_MODULE: return visit_state(w, object->state, depth, true);
    default: return visit_state(w, object->state, depth, false);
  }
}

/* Older files keep the source code beside a module's class: ('module', class, path, source). */
static const pickle_name *class_name(const pickle_tree *pickle, pickle_ref callee) {
  const pickle_value *value = &pickle->values[callee];
  return wlaw_pytorch_name(pickle, value->kind == PICKLE_PERSISTENT ? wlaw_pickle_item(pickle, value->of, 1) : callee);
}

static wlaw_status visit_object(walk *w, pickle_ref parent, pickle_ref ref, size_t depth) {
  const pickle_tree *pickle = w->pickle;
  const pickle_value *object = &pickle->values[ref];
  const pickle_name *name = class_name(pickle, object->callee);
  if (!name || name->what != TORCH_SUBCLASS) return visit_call(w, parent, name, object, ref, depth);
  /* (function, class, arguments, state): what function(arguments) would be */
  const pickle_value inner = {.arguments = wlaw_pickle_item(pickle, object->arguments, 2)};
  const pickle_name *function = wlaw_pytorch_name(pickle, wlaw_pickle_item(pickle, object->arguments, 0));
  if (!function || function->what == TORCH_DICT) return fail_shape(w, ref);
  return visit_call(w, parent, function, &inner, ref, depth);
}

static wlaw_status visit_persistent(walk *w, pickle_ref parent, pickle_ref of) {
  bool found = false;
  torch_storage storage;
  torch_shape shape;
  if (w->tree->find_tensor) WLAW_TRY(w->tree->find_tensor(w->tree, &found, &storage, &shape, of, w->err));
  return found ? add_tensor(w, parent, &storage, &shape, storage.dtype, storage.type) : WLAW_OK;
}

/* Everything of `ref` that is a tensor; other leaves are passed over. */
static wlaw_status visit(walk *w, pickle_ref parent, pickle_ref ref, size_t depth) {
  if (depth > DEEPEST) return fail_limit(w, ref, "is nested more than 100 deep, or holds itself");
  WLAW_TRY(spend(w, ref, 1));
  switch (w->pickle->values[ref].kind) {
    case PICKLE_DICT: return visit_pairs(w, ref, depth, false);
    case PICKLE_TUPLE:
    case PICKLE_LIST: return visit_items(w, ref, depth);
    case PICKLE_OBJECT: return visit_object(w, parent, ref, depth);
    case PICKLE_PERSISTENT: return visit_persistent(w, parent, w->pickle->values[ref].of);
    default: return WLAW_OK;
  }
}

/* -- names that stand twice -----------------------------------------------------------------------------------------
 */

typedef struct named_row {
  const char *name;
  size_t row;
} named_row;

static int compare_rows(const void *a, const void *b) {
  const named_row *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Rows [0, n) have one name. A key set twice in one dict means its last value. Dots in keys can make one name of two
 * ("a.b", and "b" in "a"): the second is called "a.b#2". */
static wlaw_status settle_name(wlaw_tensors *tensors, const named_row *rows, size_t n, bool *dropped, wlaw_error *err) {
  const torch_place *places = ((torch_state *)tensors->state)->places;
  size_t kept = 0;
  for (size_t k = 0; k < n; k++) {
    if (k + 1 < n && places[rows[k].row].parent == places[rows[k + 1].row].parent) {
      dropped[rows[k].row] = true;
      continue;
    }
    if (++kept == 1) continue;
    tensor_info *info = &tensors->info[rows[k].row];
    text_buffer text = {0};
    wlaw_text_add(&text, "%s#%zu", info->name, kept);
    if (text.failed) {
      wlaw_text_free(&text);
      return wlaw_fail_memory(err, strlen(info->name), 1);
    }
    free(info->name);
    info->name = text.bytes;
  }
  return WLAW_OK;
}

static wlaw_status settle_names(wlaw_tensors *tensors, named_row *rows, bool *dropped, wlaw_error *err) {
  for (size_t k = 0; k < tensors->n; k++) rows[k] = (named_row){tensors->info[k].name, k};
  qsort(rows, tensors->n, sizeof *rows, compare_rows);
  for (size_t k = 0, n; k < tensors->n; k += n) {
    for (n = 1; k + n < tensors->n && strcmp(rows[k].name, rows[k + n].name) == 0;) n++;
    WLAW_TRY(settle_name(tensors, rows + k, n, dropped, err));
  }
  return WLAW_OK;
}

static void remove_dropped(wlaw_tensors *tensors, const bool *dropped) {
  torch_place *places = ((torch_state *)tensors->state)->places;
  size_t kept = 0;
  for (size_t k = 0; k < tensors->n; k++) {
    if (!dropped[k]) {
      tensors->info[kept] = tensors->info[k];
      places[kept++] = places[k];
      continue;
    }
    free(tensors->info[k].name);
    free(tensors->info[k].note);
    free(places[k].stride);
  }
  tensors->n = kept;
}

static wlaw_status settle(wlaw_tensors *tensors, wlaw_error *err) {
  named_row *rows = calloc(tensors->n + 1, sizeof *rows);
  bool *dropped = calloc(tensors->n + 1, sizeof *dropped);
  const wlaw_status status =
      rows && dropped ? settle_names(tensors, rows, dropped, err) : wlaw_fail_memory(err, tensors->n, sizeof *rows);
  if (status == WLAW_OK) remove_dropped(tensors, dropped);
  free(rows);
  free(dropped);
  return status;
}

wlaw_status wlaw_pytorch_list(torch_tree *tree, wlaw_error *err) {
  walk w = {.tree = tree,
            .pickle = &tree->pickle,
            .steps = ((uint64_t)tree->pickle.used + SMALLEST) * STEPS_PER_BYTE,
            .err = err};
  const wlaw_status status = visit(&w, 0, tree->pickle.root, 0);
  /* where a tensor is at fault, its name helps more than the tree's */
  if (status != WLAW_OK && w.name.length) wlaw_error_in_tensor(err, status, wlaw_text_string(&w.name));
  wlaw_text_free(&w.name);
  return status == WLAW_OK ? settle(tree->tensors, err) : status;
}
