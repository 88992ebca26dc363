#include "study/recall.h"

#include "core/error.h"
#include "core/file.h"
#include "data/source.h"

static wlaw_status open_data(recalled_run *out, const run_directory *run, const char *data, wlaw_monitor *monitor,
                             wlaw_error *err) {
  const char *recorded = json_string_value(json_object_get(run->config, "data_argument"));
  if (!data && !recorded)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "run.json does not name its data"), run->path);
  if (!data && !wlaw_dataset_source(recorded) && !wlaw_path_is_folder(recorded)) {
    wlaw_fail(err, WLAW_IO, "the data this run was trained on, '%s', are not there", recorded);
    wlaw_error_in_file(err, WLAW_IO, run->path);
    return wlaw_error_add_hint(err, WLAW_IO, "name the folder where they are now behind the run");
  }
  dataset_request request;
  wlaw_plan_request(&request, data ? data : recorded, out->options);
  WLAW_TRY(wlaw_dataset_open(&out->dataset, &request, monitor, err));
  if (!json_equal(json_object_get(run->config, "data"), out->dataset->description)) {
    wlaw_fail(err, WLAW_VALUE, "the data are not the ones this run was made on");
    return wlaw_error_in_file(err, WLAW_VALUE, run->path);
  }
  return wlaw_dataset_tile(out->dataset, err);
}

static wlaw_status open_recalled(recalled_run *out, const run_directory *run, const char *data, const char *cache,
                                 wlaw_monitor *monitor, wlaw_error *err) {
  WLAW_TRY(wlaw_options_make(&out->options, &wlaw_command_train, err));
  wlaw_status status = wlaw_plan_recall(out->options, run->path, run->config, NULL, err);
  if (status == WLAW_OK && cache) status = wlaw_options_set(out->options, "cache", cache, err);
  if (status == WLAW_OK) status = wlaw_plan_make(&out->plan, out->options, err);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, run->path);
  WLAW_TRY(open_data(out, run, data, monitor, err));
  wlaw_plan_fit_data(&out->plan, out->dataset);
  return wlaw_plan_initial_laws(&out->plan, err);
}

wlaw_status wlaw_recall_open(recalled_run *out, const run_directory *run, const char *data, const char *cache,
                             wlaw_monitor *monitor, wlaw_error *err) {
  *out = (recalled_run){0};
  const wlaw_status status = open_recalled(out, run, data, cache, monitor, err);
  if (status != WLAW_OK) wlaw_recall_close(out);
  return status;
}

void wlaw_recall_close(recalled_run *recalled) {
  wlaw_dataset_free(recalled->dataset);
  wlaw_plan_release(&recalled->plan);
  wlaw_options_free(recalled->options);
  *recalled = (recalled_run){0};
}
