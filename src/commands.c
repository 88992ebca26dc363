/* The list of commands: a new verb is one row here. Sees all of the library, so it stands above the folders. */
#include <string.h>

#include "commands.h"
#include "core/error.h"
#include "core/json.h"

extern const command_spec wlaw_command_train, wlaw_command_fit, wlaw_command_scan, wlaw_command_track,
    wlaw_command_compare, wlaw_command_limit, wlaw_command_kernel, wlaw_command_predict, wlaw_command_prune,
    wlaw_command_redraw, wlaw_command_draw, wlaw_command_report, wlaw_command_graphs, wlaw_command_data;

const command_spec *const wlaw_commands[] = {
    &wlaw_command_train, &wlaw_command_fit,    &wlaw_command_scan,    &wlaw_command_track, &wlaw_command_compare,
    &wlaw_command_limit, &wlaw_command_kernel, &wlaw_command_predict, &wlaw_command_prune, &wlaw_command_redraw,
    &wlaw_command_draw,  &wlaw_command_report, &wlaw_command_graphs,  &wlaw_command_data,
};
const size_t wlaw_n_commands = sizeof wlaw_commands / sizeof *wlaw_commands;

wlaw_status wlaw_command_find(const command_spec **command, const char *name, wlaw_error *err) {
  const char *names[sizeof wlaw_commands / sizeof *wlaw_commands];
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    names[i] = wlaw_commands[i]->name;
    if (strcmp(names[i], name) == 0) {
      *command = wlaw_commands[i];
      return WLAW_OK;
    }
  }
  const char *nearest = wlaw_text_nearest(name, names, wlaw_n_commands);
  wlaw_fail(err, WLAW_NAME, "there is no command '%s'", name);
  if (nearest) return wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest);
  return wlaw_error_add_hint(err, WLAW_NAME, "see weightlaw help");
}

wlaw_status wlaw_options_new(wlaw_options **out, const char *command, wlaw_error *err) {
  const command_spec *found = NULL;
  WLAW_TRY(wlaw_command_find(&found, command, err));
  return wlaw_options_make(out, found, err);
}

static json_t *option_json(bool *failed, const option_spec *row) {
  static const char *const kinds[] = {"flag", "count", "real", "text", "choice", "counts", "reals"};
  json_t *object = json_object();
  wlaw_json_put(failed, object, "name", json_string(row->name));
  wlaw_json_put(failed, object, "kind", json_string(kinds[row->kind]));
  wlaw_json_put(failed, object, "default", row->preset ? json_string(row->preset) : json_null());
  wlaw_json_put(failed, object, "doc", json_string(row->doc));
  if (row->letter) wlaw_json_put(failed, object, "letter", json_stringn(&row->letter, 1));
  if (row->metavar) wlaw_json_put(failed, object, "metavar", json_string(row->metavar));
  if (row->choices) wlaw_json_put(failed, object, "choices", json_string(row->choices));
  if (row->kind == OPTION_COUNT || row->kind == OPTION_REAL || row->kind == OPTION_COUNTS ||
      row->kind == OPTION_REALS) {
    wlaw_json_put(failed, object, "low", wlaw_json_real(row->low));
    wlaw_json_put(failed, object, "high", wlaw_json_real(row->high));
  }
  return object;
}

wlaw_status wlaw_commands_json(char *out, size_t capacity, size_t *needed, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object(), *list = json_array();
  for (size_t c = 0; c < wlaw_n_commands; c++) {
    const command_spec *command = wlaw_commands[c];
    json_t *object = json_object(), *options = json_array();
    wlaw_json_put(&failed, object, "name", json_string(command->name));
    wlaw_json_put(&failed, object, "summary", json_string(command->summary));
    wlaw_json_put(&failed, object, "operands", json_string(command->operands));
    for (size_t i = 0; i < command->n_options; i++)
      wlaw_json_append(&failed, options, option_json(&failed, &command->options[i]));
    for (size_t i = 0; i < wlaw_n_common_options; i++)
      wlaw_json_append(&failed, options, option_json(&failed, &wlaw_common_options[i]));
    wlaw_json_put(&failed, object, "options", options);
    wlaw_json_append(&failed, list, object);
  }
  wlaw_json_put(&failed, document, "commands", list);
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.commands/1"));
  text_buffer text = {0};
  if (!failed) wlaw_json_write(&text, document);
  const wlaw_status status = failed || text.failed
                                 ? wlaw_fail_memory(err, text.length, 1)
                                 : wlaw_text_copy_out(wlaw_text_string(&text), out, capacity, needed, err);
  wlaw_text_free(&text);
  json_decref(document);
  return status;
}
