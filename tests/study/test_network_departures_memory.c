/* Every allocation of a study of whole networks' departures is refused in turn: WLAW_MEMORY, nothing lost. */
#include "study.h"
#include "study/network_departures.h"
#include "study/network_study.h"

#include "study/network_file.h"
#include "support/alloc_fail.h"

typedef struct given {
  const networks *source;
  const network_gaussian *law;
} given;

static wlaw_status judge(void *context, wlaw_error *err) {
  const given *of = context;
  json_t *document = json_pack("{s:[],s:[]}", "summary", "warnings");
  if (!document) return WLAW_MEMORY;
  const wlaw_status status = wlaw_network_departures(document, of->law, of->source, 2, 1, NULL, err);
  json_decref(document);
  return status;
}

static void departures(void **state) {
  (void)state;
  const network_layout layout = layout_of(shape_of(3, (size_t[]){2, 2, 2, 2}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED));
  some_networks all = some_networks_new(layout, 70, 0.3, 1, 10);
  const char *path = write_networks("networks.safetensors", &all);
  const networks_request request = {.paths = &path, .n_paths = 1};
  networks *source;
  network_sample sample;
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_networks_open(&source, &request, err));
  check_ok(wlaw_networks_measure(&sample, source, &layout, false, 1, NULL, err));
  check_ok(wlaw_network_fit(&fit, sample.total, NETWORK_WHOLE, err));
  alloc_fail_each(judge, &(given){source, fit.gaussian});
  wlaw_network_fit_release(&fit);
  wlaw_network_sample_release(&sample);
  wlaw_networks_close(source);
  wlaw_error_free(err);
  some_networks_free(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(departures)};
  return cmocka_run_group_tests_name("study.network_departures_memory", tests, NULL, NULL);
}
