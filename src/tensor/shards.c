/* model.safetensors.index.json: which of several .safetensors files holds which tensor, {"metadata": ..., "weight_map":
 * {tensor: file}}, as Hugging Face's transformers write it for models in parts. The map and the files must agree. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "tensor/tensor.h"

enum { LARGEST_INDEX = 100000000 };

typedef struct shard_place {
  size_t shard, tensor;
} shard_place;

typedef struct shards_state {
  size_t n;
  const char **names;    /* [n] file names, sorted; they belong to the index while it is open */
  wlaw_tensors **shards; /* [n] */
  shard_place *places;   /* [tensors->n] */
} shards_state;

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char ending[] = ".safetensors.index.json";

/* A name in the folder, and not of an index, which might name itself. */
static bool is_shard_name(const char *name) {
  const size_t n = strlen(name), m = sizeof ending - 1;
  return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
         (n < m || strcmp(name + n - m, ending) != 0);
}

/* The distinct file names of the map, in order. */
static wlaw_status list_files(shards_state *state, json_t *map, wlaw_error *err) {
  const size_t entries = json_object_size(map);
  state->names = calloc(entries + 1, sizeof *state->names);
  if (!state->names) return wlaw_fail_memory(err, entries, sizeof *state->names);
  const char *tensor;
  json_t *file;
  size_t n = 0;
  json_object_foreach(map, tensor, file) {
    const char *name = json_string_value(file);
    if (!name || !is_shard_name(name))
      return wlaw_error_in_tensor(
          err,
          wlaw_fail(err, WLAW_FORMAT, "weight_map gives '%s', which is no name of a shard in the same folder",
                    name ? name : "no text"),
          tensor);
    state->names[n++] = name;
  }
  if (n) qsort(state->names, n, sizeof *state->names, compare_names);
  for (size_t k = 0; k < n; k++)
    if (state->n == 0 || strcmp(state->names[state->n - 1], state->names[k]) != 0)
      state->names[state->n++] = state->names[k];
  return WLAW_OK;
}

static wlaw_status open_shard(wlaw_tensors **shard, const char *index, const char *name, wlaw_error *err) {
  char *path = wlaw_path_beside(index, name);
  if (!path) return wlaw_fail_memory(err, strlen(name), 1);
  wlaw_status status = wlaw_path_exists(path)
                           ? wlaw_tensors_open(shard, path, err)
                           : wlaw_fail(err, WLAW_FORMAT, "the shard '%s' is not in the folder of the index", name);
  if (status == WLAW_OK && (*shard)->format != &wlaw_format_safetensors) {
    status = wlaw_fail(err, WLAW_FORMAT, "the shard '%s' is no .safetensors file", name);
    wlaw_tensors_close(*shard);
    *shard = NULL;
  }
  free(path);
  return status;
}

/* Every tensor of a shard has to be mapped to that shard; what was found is taken out of the copy of the map. */
static wlaw_status take_from_map(json_t *map, const char *tensor, const char *shard, wlaw_error *err) {
  const char *file = json_string_value(json_object_get(map, tensor));
  if (!file) wlaw_fail(err, WLAW_FORMAT, "the shard '%s' holds it, and weight_map does not name it", shard);
  else if (strcmp(file, shard) != 0)
    wlaw_fail(err, WLAW_FORMAT, "the shard '%s' holds it, and weight_map names '%s'", shard, file);
  else if (json_object_del(map, tensor) == 0) return WLAW_OK;
  return wlaw_error_in_tensor(err, WLAW_FORMAT, tensor);
}

static wlaw_status copy_row(tensor_info *info, const tensor_info *from, wlaw_error *err) {
  *info = *from;
  info->concurrent = true; /* the reader of .safetensors has no state */
  info->plain = false;
  info->note = from->note ? wlaw_text_duplicate(from->note, strlen(from->note)) : NULL;
  info->name = wlaw_text_duplicate(from->name, strlen(from->name));
  return info->name && (info->note || !from->note) ? WLAW_OK : wlaw_fail_memory(err, strlen(from->name), 1);
}

static wlaw_status list_tensors(wlaw_tensors *tensors, json_t *map, wlaw_error *err) {
  shards_state *state = tensors->state;
  const size_t entries = json_object_size(map);
  state->places = calloc(entries + 1, sizeof *state->places);
  if (!state->places) return wlaw_fail_memory(err, entries, sizeof *state->places);
  for (size_t s = 0; s < state->n; s++) {
    WLAW_TRY(open_shard(&state->shards[s], tensors->file.path, state->names[s], err));
    for (size_t t = 0; t < state->shards[s]->n; t++) {
      const tensor_info *stored = &state->shards[s]->info[t];
      WLAW_TRY(take_from_map(map, stored->name, state->names[s], err));
      tensor_info *info = wlaw_tensors_append(tensors);
      if (!info) return wlaw_fail_memory(err, tensors->n, sizeof *info);
      WLAW_TRY(copy_row(info, stored, err));
      state->places[tensors->n - 1].shard = s;
      state->places[tensors->n - 1].tensor = t;
    }
  }
  const char *tensor;
  json_t *file;
  json_object_foreach(map, tensor, file) {
    wlaw_fail(err, WLAW_FORMAT, "weight_map says it is in the shard '%s', which does not hold it",
              json_string_value(file));
    return wlaw_error_in_tensor(err, WLAW_FORMAT, tensor);
  }
  return WLAW_OK;
}

static wlaw_status read_index(json_t **index, const input_file *file, wlaw_error *err) {
  char *text;
  size_t n;
  WLAW_TRY(wlaw_input_whole(&text, &n, file->path, LARGEST_INDEX, err));
  const wlaw_status status = wlaw_json_parse(index, text, n, err);
  free(text);
  return status;
}

static wlaw_status open_shards(wlaw_tensors *tensors, wlaw_error *err) {
  shards_state *state = calloc(1, sizeof *state);
  if (!state) return wlaw_fail_memory(err, 1, sizeof *state);
  tensors->state = state;
  json_t *index;
  WLAW_TRY(read_index(&index, &tensors->file, err));
  json_t *map = json_object_get(index, "weight_map");
  wlaw_status status = json_is_object(map) ? list_files(state, map, err)
                                           : wlaw_fail(err, WLAW_FORMAT, "the index has no object weight_map");
  state->shards = calloc(state->n + 1, sizeof *state->shards);
  if (status == WLAW_OK && !state->shards) status = wlaw_fail_memory(err, state->n, sizeof *state->shards);
  json_t *unmatched = status == WLAW_OK ? json_copy(map) : NULL;
  /* a copy that ran out of memory may lack an entry */
  if (status == WLAW_OK && json_object_size(unmatched) != json_object_size(map))
    status = wlaw_fail_memory(err, json_object_size(map), 1);
  if (status == WLAW_OK) status = list_tensors(tensors, unmatched, err);
  json_decref(unmatched);
  free(state->names);
  state->names = NULL;
  json_decref(index);
  return status;
}

static wlaw_status read_shard(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  const shards_state *state = tensors->state;
  wlaw_tensors *shard = state->shards[state->places[i].shard];
  const size_t t = state->places[i].tensor;
  if (!shard->info[t].plain) return shard->format->read(shard, t, from, out, n, err);
  return wlaw_input_read(&shard->file, shard->info[t].offset + from, out, n, err);
}

static void close_shards(wlaw_tensors *tensors) {
  shards_state *state = tensors->state;
  if (!state) return;
  for (size_t s = 0; s < state->n && state->shards; s++) wlaw_tensors_close(state->shards[s]);
  free(state->shards);
  free(state->places);
  free(state);
}

const tensor_format wlaw_format_shards = {
    .name = "safetensors-index", .ending = ending, .open = open_shards, .read = read_shard, .close = close_shards};
