/* The verb `data`: which named data sets there are, and fetching one into the cache. */
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/option.h"
#include "core/result.h"
#include "data/source.h"

static const option_spec options_table[] = {
    {"cache", 0, OPTION_TEXT, "FOLDER", NULL, NULL, 0, 0,
     "where fetched data sets live (the command line's default: weightlaw in $XDG_CACHE_HOME or ~/.cache)"},
    {"mirror", 0, OPTION_TEXT, "URL", NULL, NULL, 0, 0,
     "fetch from here instead of the public mirrors: an http or https folder of the .gz files"},
};

extern const command_spec wlaw_command_data;
const command_spec wlaw_command_data = {
    .name = "data",
    .summary = "list the named data sets, or fetch one",
    .operands = "list | fetch NAME",
    .examples =
        "weightlaw data list\n"
        "    every named set, where it comes from, and whether it is on this machine\n"
        "weightlaw data fetch mnist\n"
        "    download MNIST into the cache and check it against its published content\n",
    .details =
        "Fetched files are compared with published SHA-256 digests before they appear in the cache, so a mirror\n"
        "need not be trusted. Files that are there already are checked and kept. Proxies are taken from the\n"
        "environment as libcurl does (https_proxy).",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_data,
};

static json_t *document_new(bool *failed) {
  json_t *document = json_object();
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.data/1"));
  return document;
}

static wlaw_status list(wlaw_result **result, const char *cache, wlaw_error *err) {
  bool failed = false;
  json_t *document = document_new(&failed), *sets = json_array();
  for (size_t i = 0; i < wlaw_n_dataset_sources; i++) {
    const dataset_source *source = wlaw_dataset_sources[i];
    json_t *set = json_object();
    bool present = false;
    failed = failed || source->find(&present, cache, err) != WLAW_OK;
    wlaw_json_put(&failed, set, "name", json_string(source->name));
    wlaw_json_put(&failed, set, "present", json_boolean(present));
    wlaw_json_put(&failed, set, "origin", json_string(source->origin));
    if (!present) wlaw_json_put(&failed, set, "reason", json_string(source->how));
    wlaw_json_append(&failed, sets, set);
  }
  wlaw_json_put(&failed, document, "sets", sets);
  return wlaw_result_wrap(result, document, failed, err);
}

static json_t *fetch_sentence(const char *name, size_t brought, size_t files) {
  text_buffer text = {0};
  if (brought) wlaw_text_add(&text, "%s was fetched: %zu of its %zu files were downloaded", name, brought, files);
  else wlaw_text_add(&text, "%s is there already, with its published content", name);
  json_t *value = text.failed ? NULL : json_string(wlaw_text_string(&text));
  wlaw_text_free(&text);
  return value;
}

static json_t *files_json(bool *failed, const dataset_source *source) {
  json_t *files = json_array();
  for (size_t i = 0; i < source->n_files; i++) {
    json_t *file = json_object();
    wlaw_json_put(failed, file, "file", json_string(source->files[i].name));
    wlaw_json_put(failed, file, "bytes", wlaw_json_count(source->files[i].bytes));
    wlaw_json_put(failed, file, "sha256", json_string(source->files[i].sha256));
    wlaw_json_append(failed, files, file);
  }
  return files;
}

static wlaw_status fail_name(const char *name, wlaw_error *err) {
  const char *names[16];
  size_t n = 0;
  for (; n < wlaw_n_dataset_sources && n < sizeof names / sizeof *names; n++) names[n] = wlaw_dataset_sources[n]->name;
  const char *nearest = wlaw_text_nearest(name, names, n);
  wlaw_fail(err, WLAW_NAME, "there is no data set '%s'", name);
  return nearest ? wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest)
                 : wlaw_error_add_hint(err, WLAW_NAME, "see weightlaw data list");
}

static wlaw_status fetch(wlaw_result **result, const char *name, const char *cache, const char *mirror,
                         wlaw_monitor *monitor, wlaw_error *err) {
  const dataset_source *source = wlaw_dataset_source(name);
  if (!source) return fail_name(name, err);
  size_t brought = 0;
  WLAW_TRY(wlaw_dataset_fetch(&brought, source, cache, mirror, monitor, err));
  bool failed = false;
  json_t *document = document_new(&failed);
  wlaw_json_put(&failed, document, "name", json_string(name));
  wlaw_json_put(&failed, document, "fetched", wlaw_json_count(brought));
  wlaw_json_put(&failed, document, "files", files_json(&failed, source));
  wlaw_json_put(&failed, document, "summary", fetch_sentence(name, brought, source->n_files));
  return wlaw_result_wrap(result, document, failed, err);
}

wlaw_status wlaw_data(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                      wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_data;
  WLAW_TRY(wlaw_options_check(options, command, err));
  const char *cache = wlaw_option_text(options, command, "cache");
  const char *mirror = wlaw_option_text(options, command, "mirror");
  wlaw_monitor monitor = {.call = progress, .user = user, .what = "fetching"};
  if (n_inputs == 1 && strcmp(inputs[0], "list") == 0) return list(result, cache, err);
  if (n_inputs == 2 && strcmp(inputs[0], "fetch") == 0) return fetch(result, inputs[1], cache, mirror, &monitor, err);
  if (n_inputs == 1 && strcmp(inputs[0], "fetch") == 0)
    return wlaw_fail(err, WLAW_ARGUMENT, "data fetch needs the name of a data set");
  wlaw_fail(err, WLAW_ARGUMENT, "data takes 'list' or 'fetch NAME'");
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "see weightlaw help data");
}
