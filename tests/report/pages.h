/* Runs and files made for the tests of the verb report, and the pages it makes of them. */
#ifndef TESTS_REPORT_PAGES_H
#define TESTS_REPORT_PAGES_H

#include "support/test.h"

#include "core/file.h"
#include "core/option.h"
#include "core/stream.h"
#include "tensor/writer.h"

extern const command_spec wlaw_command_report;

enum { NETWORKS = 12, EPOCHS = 3, WIDE = 6, NARROW = 4 };

static inline void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  fclose(file);
}

static inline void write_tensors(const char *path, const tensor_spec *specs, size_t n, uint32_t epoch, bool broken) {
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  check_ok(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, epoch, 0);
  for (size_t i = 0; i < n; i++) {
    size_t count = 1;
    for (size_t d = 0; d < specs[i].rank; d++) count *= specs[i].shape[d];
    for (size_t k = 0; k < count; k++) {
      double z;
      wlaw_stream_normals(&stream, &z, 1);
      const float value = broken && k == 5 ? NAN : (float)(0.5 * z + 0.1 * epoch);
      check_ok(wlaw_writer_add(writer, &value, sizeof value, err));
    }
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
}

static const char config[] =
    "{\"schema\": \"weightlaw.run/1\", \"networks\": 12, \"epochs\": 2, \"data\": {\"name\": \"<b>data</b>\"},"
    " \"options\": {\"init\": \"normal(sd=0.5)\", \"order\": \"independent\", \"optimizer\": \"adam\","
    " \"activation\": \"relu\"}, \"init\": \"normal(sd=0.5)\", \"layers\": [{\"name\": \"layer1\", \"rows\": 4,"
    " \"cols\": 6}, {\"name\": \"layer2\", \"rows\": 4, \"cols\": 4}]}\n";

static const tensor_spec layers[] = {{"layer1.weight", WLAW_F32, 3, {NETWORKS, NARROW, WIDE}},
                                     {"layer2.weight", WLAW_F32, 3, {NETWORKS, NARROW, NARROW}}};

/* A run of EPOCHS snapshots; `broken` names one whose weights hold a NaN (-1: none). */
static inline const char *make_run(const char *name, int broken) {
  static char folder[4096];
  char path[4200], rows[4096] = "epoch,network,train_loss,test_loss,test_accuracy,condition\n";
  wlaw_error *err = wlaw_error_new();
  snprintf(folder, sizeof folder, "%s", test_scratch(name));
  check_ok(wlaw_folder_make(folder, err));
  snprintf(path, sizeof path, "%s/run.json", folder);
  write_text(path, config);
  for (int e = 0; e < EPOCHS; e++) {
    snprintf(path, sizeof path, "%s/epoch-%04d.safetensors", folder, e);
    write_tensors(path, layers, 2, (uint32_t)e, e == broken);
    for (int k = 0; k < NETWORKS; k++)
      snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%d,%d,%s,%g,%g,%s\n", e, k, e ? "1.5" : "",
               2.0 - 0.1 * k, k ? 0.5 + 0.01 * k : 0.1, k || !e ? "ok" : "constant");
  }
  snprintf(path, sizeof path, "%s/metrics.csv", folder);
  write_text(path, rows);
  wlaw_error_free(err);
  return folder;
}

static inline wlaw_status report_with(const char *input, const char *const *pairs, wlaw_result **result,
                                      wlaw_error *err) {
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_report, err);
  for (; status == WLAW_OK && pairs[0]; pairs += 2) status = wlaw_options_set(options, pairs[0], pairs[1], err);
  if (status == WLAW_OK) status = wlaw_report(result, &input, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static inline char *page_of(const char *path) {
  char *text = NULL;
  size_t n = 0;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_input_whole(&text, &n, path, 1 << 24, err));
  wlaw_error_free(err);
  return text;
}

static inline char *report_page(const char *input, const char *name, const char *threads) {
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch(name);
  const char *const pairs[] = {"output", path, "force", "true", "threads", threads, NULL};
  check_ok(report_with(input, pairs, NULL, err));
  wlaw_error_free(err);
  return page_of(path);
}

static inline void check_holds(const char *page, const char *what) {
  if (!strstr(page, what)) fail_msg("the page has no '%s'", what);
}

#endif
