#include "study/initial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "study/init_from.h"

/* --init, of layers that no fit covers. */
static wlaw_status general_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, bool first,
                               size_t rows, size_t cols, wlaw_error *err) {
  wlaw_law *law = NULL;
  WLAW_TRY(wlaw_law_parse(&law, wlaw_run_init(run), err));
  if (law->ops->node && first) { /* no hidden nodes before it (net/train.h) */
    wlaw_law_free(law);
    WLAW_TRY(wlaw_law_parse(&law, "normal(gain=1,fan=in)", err));
  }
  const wlaw_status status = wlaw_matrix_gaussian(out, law, rows, cols, err);
  *kurtosis = law->ops->kurtosis ? law->ops->kurtosis(law) : law->ops->matrix ? 3.0 : NAN;
  if (law->ops->node && *kurtosis != 3.0) *kurtosis = NAN; /* 3: all variances are equal */
  wlaw_law_free(law);
  WLAW_TRY(status);
  if (strcmp(wlaw_run_option(run->config, "parameterization"), "ntk") != 0) return WLAW_OK;
  /* What is stored is sqrt(fan in) times what the law draws. */
  for (size_t a = 0; a < MATRIX_MEANS; a++) out->mean[a] *= sqrt((double)cols);
  for (size_t b = 0; b < MATRIX_BLOCKS; b++)
    for (size_t e = 0; e < MATRIX_COPIES * MATRIX_COPIES; e++) out->covariance[b][e] *= (double)cols;
  return WLAW_OK;
}

static bool is_from_fit(const run_directory *run, const char *name) {
  const json_t *tensors = json_object_get(json_object_get(run->config, "init_from"), "tensors");
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const char *covered = json_string_value(json_object_get(json_array_get(tensors, i), "name"));
    if (covered && strcmp(covered, name) == 0) return true;
  }
  return false;
}

static wlaw_status fitted_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, size_t layer,
                              size_t rows, size_t cols, wlaw_error *err) {
  init_from from;
  char *path = wlaw_path_join(run->path, INIT_FROM_FILE);
  if (!path) return wlaw_fail_memory(err, strlen(run->path), 1);
  wlaw_status status = wlaw_init_from_read(&from, path, err);
  free(path);
  WLAW_TRY(status);
  status = wlaw_init_from_moments(out, kurtosis, &from, layer, rows, cols, err);
  wlaw_init_from_release(&from);
  return status;
}

wlaw_status wlaw_initial_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, const char *tensor,
                             size_t rows, size_t cols, wlaw_error *err) {
  uint64_t layer;
  double ignored;
  if (!kurtosis) kurtosis = &ignored;
  if (!wlaw_run_weight_layer(tensor, &layer) || layer < 1) layer = 0;
  if (layer && is_from_fit(run, tensor)) return fitted_law(out, kurtosis, run, (size_t)layer - 1, rows, cols, err);
  return general_law(out, kurtosis, run, layer == 1, rows, cols, err);
}
