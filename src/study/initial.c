#include "study/initial.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

wlaw_status wlaw_initial_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, size_t rows, size_t cols,
                             bool first, wlaw_error *err) {
  wlaw_law *law = NULL;
  WLAW_TRY(wlaw_law_parse(&law, wlaw_run_init(run), err));
  if (law->ops->node && first) { /* no hidden nodes before it (net/train.h) */
    wlaw_law_free(law);
    WLAW_TRY(wlaw_law_parse(&law, "normal(gain=1,fan=in)", err));
  }
  const wlaw_status status = wlaw_matrix_gaussian(out, law, rows, cols, err);
  double entry = law->ops->kurtosis ? law->ops->kurtosis(law) : law->ops->matrix ? 3.0 : NAN;
  if (law->ops->node && entry != 3.0) entry = NAN; /* 3: all variances are equal */
  if (kurtosis) *kurtosis = entry;
  wlaw_law_free(law);
  WLAW_TRY(status);
  if (strcmp(wlaw_run_option(run->config, "parameterization"), "ntk") != 0) return WLAW_OK;
  /* What is stored is sqrt(fan in) times what the law draws. */
  for (size_t a = 0; a < MATRIX_MEANS; a++) out->mean[a] *= sqrt((double)cols);
  for (size_t b = 0; b < MATRIX_BLOCKS; b++)
    for (size_t e = 0; e < MATRIX_COPIES * MATRIX_COPIES; e++) out->covariance[b][e] *= (double)cols;
  return WLAW_OK;
}
