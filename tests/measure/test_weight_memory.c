/* Every allocation of reading, summarising and balancing weights is refused in turn. One worker: sanitizers do not bear
 * refusals where they start a thread. */
#include "support/test.h"

#include "measure/weight_summary.h"
#include "measure/weights.h"
#include "support/alloc_fail.h"
#include "tensor/writer.h"

enum { ROWS = 37, COLS = 61 };

static wlaw_status passes(const weight_source *source, wlaw_error *err) {
  static const float function[ENTRY_KEYS] = {1.0f, 2.0f};
  const float *const functions[] = {function};
  double rows[INFLUENCE_MOST], columns[INFLUENCE_MOST];
  weight_summary summary;
  weight_balance balance = {0};
  entry_cells cells = {0};
  wlaw_status status = wlaw_weight_summary(&summary, source, 1, NULL, err);
  if (status == WLAW_OK) status = wlaw_cells_signed(&cells, summary.table[0], summary.table[1], err);
  wlaw_cells_free(&cells);
  if (status == WLAW_OK) status = wlaw_balance(&balance, BALANCE_BOTH, source, &summary, 1, NULL, err);
  if (status == WLAW_OK) status = wlaw_balanced_cells(&cells, source, &balance, 1, NULL, err);
  if (status == WLAW_OK) status = wlaw_influence_sums(rows, columns, source, functions, 1, 1, NULL, err);
  wlaw_cells_free(&cells);
  wlaw_balance_free(&balance);
  wlaw_weight_summary_free(&summary);
  return status;
}

static wlaw_status from_file(void *path, wlaw_error *err) {
  wlaw_tensors *file;
  weight_source source = {0};
  wlaw_status status = wlaw_tensors_open(&file, path, err);
  if (status != WLAW_OK) return status;
  status = wlaw_source_tensor(&source, file, 0, ROWS, COLS, NULL, err);
  if (status == WLAW_OK) status = wlaw_source_hold(&source, UINT64_MAX, 1, NULL, err);
  if (status == WLAW_OK) status = passes(&source, err);
  wlaw_source_free(&source);
  wlaw_tensors_close(file);
  return status;
}

static void a_file(void **state) {
  (void)state;
  char path[4096];
  float values[ROWS * COLS];
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s", test_scratch("memory.safetensors"));
  draw_weights(values, NULL, WLAW_F32, MIX_HEALTH, ROWS, COLS, 41);
  const tensor_spec spec = {"w", WLAW_F32, 2, {ROWS, COLS}};
  tensor_writer *writer;
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, values, sizeof values, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  alloc_fail_each(from_file, path);
}

/* Enough weights to be counted, not sorted. */
static wlaw_status from_memory(void *bytes, wlaw_error *err) {
  weight_source source;
  wlaw_source_memory(&source, bytes, WLAW_BF16, 1024, 1024);
  return passes(&source, err);
}

static void many_weights(void **state) {
  (void)state;
  uint16_t *bytes = calloc(1024 * 1024, sizeof *bytes);
  assert_non_null(bytes);
  for (size_t i = 0; i < 1024 * 1024; i++) bytes[i] = (uint16_t)(0x3C00 + (i * 7919) % 1021);
  alloc_fail_each(from_memory, bytes);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_file), cmocka_unit_test(many_weights)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
