#include "study/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"

enum { LARGEST_CONFIG = 16 << 20 };

/* No allocation: out of memory must not make a run look like something else. */
bool wlaw_run_is(const char *path) {
  char config[4096];
  const int n = snprintf(config, sizeof config, "%s/run.json", path);
  return n > 0 && (size_t)n < sizeof config && wlaw_path_exists(config);
}

char *wlaw_run_snapshot_path(const char *run, uint64_t epoch) {
  char name[48];
  snprintf(name, sizeof name, "epoch-%04llu.safetensors", (unsigned long long)epoch);
  return wlaw_path_join(run, name);
}

bool wlaw_run_snapshot_epoch(const char *name, uint64_t *epoch) {
  char digits[24];
  const size_t n = strspn(name + (strncmp(name, "epoch-", 6) == 0 ? 6 : 0), "0123456789");
  if (strncmp(name, "epoch-", 6) != 0 || n < 4 || n >= sizeof digits) return false;
  memcpy(digits, name + 6, n);
  digits[n] = '\0';
  return strcmp(name + 6 + n, ".safetensors") == 0 && wlaw_text_u64(digits, epoch);
}

bool wlaw_run_weight_layer(const char *name, uint64_t *layer) {
  char digits[24];
  if (strncmp(name, "layer", 5) != 0) return false;
  const size_t n = strspn(name + 5, "0123456789");
  if (n == 0 || n >= sizeof digits || strcmp(name + 5 + n, ".weight") != 0) return false;
  memcpy(digits, name + 5, n);
  digits[n] = '\0';
  return wlaw_text_u64(digits, layer);
}

static int compare_epochs(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

wlaw_status wlaw_run_snapshots(uint64_t **epochs, size_t *n, const char *path, wlaw_error *err) {
  DIR *folder = opendir(path);
  if (!folder) return wlaw_fail_errno(err, path, "the folder cannot be opened");
  uint64_t *found = NULL;
  size_t count = 0, capacity = 0;
  wlaw_status status = WLAW_OK;
  for (const struct dirent *entry; status == WLAW_OK && (entry = readdir(folder));) {
    uint64_t epoch;
    if (!wlaw_run_snapshot_epoch(entry->d_name, &epoch)) continue;
    if (count == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      uint64_t *larger = realloc(found, capacity * sizeof *found);
      if (larger) found = larger;
      else status = wlaw_fail_memory(err, capacity, sizeof *found);
    }
    if (status == WLAW_OK) found[count++] = epoch;
  }
  closedir(folder);
  if (status != WLAW_OK) {
    free(found);
    return status;
  }
  if (count) qsort(found, count, sizeof *found, compare_epochs);
  *epochs = found;
  *n = count;
  return WLAW_OK;
}

wlaw_status wlaw_run_config_read(json_t **config, const char *path, wlaw_error *err) {
  char *file = wlaw_path_join(path, "run.json"), *text = NULL;
  size_t n;
  if (!file) return wlaw_fail_memory(err, strlen(path), 1);
  wlaw_status status = wlaw_input_whole(&text, &n, file, LARGEST_CONFIG, err);
  if (status == WLAW_OK) status = wlaw_json_parse(config, text, n, err);
  if (status == WLAW_OK) {
    const char *schema = json_string_value(json_object_get(*config, "schema"));
    if (!schema || strcmp(schema, "weightlaw.run/1") != 0) {
      status = wlaw_fail(err, WLAW_FORMAT, "the schema is '%s', not weightlaw.run/1", schema ? schema : "missing");
      json_decref(*config);
      *config = NULL;
    }
  }
  wlaw_error_in_file(err, status, file);
  free(text);
  free(file);
  return status;
}

wlaw_status wlaw_run_open(run_directory **out, const char *path, wlaw_error *err) {
  run_directory *run = calloc(1, sizeof *run);
  if (!run) return wlaw_fail_memory(err, 1, sizeof *run);
  wlaw_status status = wlaw_run_config_read(&run->config, path, err);
  if (status == WLAW_OK && !(run->path = wlaw_text_duplicate(path, strlen(path))))
    status = wlaw_fail_memory(err, strlen(path), 1);
  if (status == WLAW_OK) status = wlaw_run_snapshots(&run->epochs, &run->n_epochs, path, err);
  if (status == WLAW_OK) {
    const json_int_t networks = json_integer_value(json_object_get(run->config, "networks"));
    if (networks >= 1) run->networks = (size_t)networks;
    else status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "run.json has no count of networks"), path);
  }
  if (status != WLAW_OK) {
    wlaw_run_close(run);
    return status;
  }
  *out = run;
  return WLAW_OK;
}

void wlaw_run_close(run_directory *run) {
  if (!run) return;
  free(run->path);
  free(run->epochs);
  json_decref(run->config);
  free(run);
}

const char *wlaw_run_option(const json_t *config, const char *name) {
  const char *text = json_string_value(json_object_get(json_object_get(config, "options"), name));
  return text ? text : "";
}

const char *wlaw_run_init(const run_directory *run) { return wlaw_run_option(run->config, "init"); }

char *wlaw_run_init_words(const json_t *config, const char *init) {
  const json_t *tensors = json_object_get(json_object_get(config, "init_from"), "tensors");
  text_buffer text = {0};
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    const char *name = json_string_value(json_object_get(tensor, "name"));
    const char *law = json_string_value(json_object_get(tensor, "law"));
    wlaw_text_add(&text, "%s%s (%s)", i ? ", " : "fitted laws: ", law ? law : "?", name ? name : "?");
  }
  wlaw_text_add(&text, "%s%s", text.length ? "; the rest " : "", init);
  char *words = text.failed ? NULL : wlaw_text_duplicate(wlaw_text_string(&text), text.length);
  wlaw_text_free(&text);
  return words;
}

bool wlaw_run_same(const run_directory *a, const run_directory *b) {
  struct stat of_a, of_b;
  return stat(a->path, &of_a) == 0 && stat(b->path, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

wlaw_status wlaw_run_split(char **run, uint64_t *epoch, const char *text, wlaw_error *err) {
  const char *at = strrchr(text, '@');
  *run = NULL;
  if (!at || at == text) return WLAW_OK;
  char *path = wlaw_text_duplicate(text, (size_t)(at - text));
  if (!path) return wlaw_fail_memory(err, strlen(text), 1);
  wlaw_status status = WLAW_OK;
  if (wlaw_run_is(path) && !wlaw_text_u64(at + 1, epoch))
    status = wlaw_fail(err, WLAW_ARGUMENT, "'%s' is not an epoch of the run %s", at + 1, path);
  else if (wlaw_run_is(path)) *run = path;
  if (!*run) free(path);
  return status;
}

wlaw_status wlaw_run_needed(const char *path, bool has_epoch, bool exclude_dead, wlaw_error *err) {
  if (!has_epoch && !exclude_dead) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs a run directory", has_epoch ? "epoch" : "exclude");
  return wlaw_error_in_file(err, WLAW_ARGUMENT, path);
}

static wlaw_status fail_epoch(const run_directory *run, uint64_t epoch, wlaw_error *err) {
  if (run->n_epochs == 0)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "this run has no snapshots yet"), run->path);
  text_buffer known = {0};
  const size_t shown = run->n_epochs < 12 ? run->n_epochs : 12;
  for (size_t i = 0; i < shown; i++) wlaw_text_add(&known, "%s%llu", i ? ", " : "", (unsigned long long)run->epochs[i]);
  if (shown < run->n_epochs) wlaw_text_add(&known, ", ..., %llu", (unsigned long long)run->epochs[run->n_epochs - 1]);
  wlaw_fail(err, WLAW_ARGUMENT, "this run has no snapshot of epoch %llu", (unsigned long long)epoch);
  wlaw_error_in_file(err, WLAW_ARGUMENT, run->path);
  wlaw_error_add_hint(err, WLAW_ARGUMENT, "its epochs are %s", wlaw_text_string(&known));
  wlaw_text_free(&known);
  return WLAW_ARGUMENT;
}

wlaw_status wlaw_run_open_snapshot(wlaw_tensors **tensors, uint64_t *epoch, const run_directory *run, bool has_epoch,
                                   wlaw_error *err) {
  bool found = false;
  if (!has_epoch) *epoch = run->n_epochs ? run->epochs[run->n_epochs - 1] : 0;
  for (size_t i = 0; i < run->n_epochs; i++) found = found || run->epochs[i] == *epoch;
  if (!found) return fail_epoch(run, *epoch, err);
  char *path = wlaw_run_snapshot_path(run->path, *epoch);
  if (!path) return wlaw_fail_memory(err, strlen(run->path), 1);
  const wlaw_status status = wlaw_tensors_open(tensors, path, err);
  free(path);
  return status;
}
