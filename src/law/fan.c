#include "law/fan.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

double wlaw_law_scale(double sd, double gain, law_fan fan, size_t rows, size_t cols) {
  if (!isnan(sd)) return sd;
  const double in = (double)cols, out = (double)rows;
  return gain / sqrt(fan == FAN_IN ? in : fan == FAN_OUT ? out : 0.5 * (in + out));
}

void wlaw_scale_complete(wlaw_law *law, size_t at, bool other_given) {
  if (law->counts[at + SCALE_SD] || other_given) return;
  const size_t offset = wlaw_law_offset(law->ops, at);
  if (!law->counts[at + SCALE_GAIN]) law->values[offset + SCALE_GAIN] = 1.0;
  if (!law->counts[at + SCALE_FAN]) law->values[offset + SCALE_FAN] = FAN_IN;
  law->counts[at + SCALE_GAIN] = law->counts[at + SCALE_FAN] = 1;
}

wlaw_status wlaw_scale_check(const wlaw_law *law, size_t at, size_t other, wlaw_error *err) {
  const law_parameter *rows = law->ops->parameters;
  const size_t ways[] = {other, at + SCALE_SD, at + SCALE_GAIN, at + SCALE_FAN};
  const char *given = NULL;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (ways[i] == SIZE_MAX || !law->counts[ways[i]]) continue;
    const char *name = rows[ways[i]].name;
    /* gain and fan belong together; every other pair says the scale twice */
    if (given && strcmp(given, "gain") != 0)
      return wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' has its scale from %s and cannot take %s as well",
                       law->ops->name, given, name);
    given = name;
  }
  return WLAW_OK;
}

double wlaw_scale_sd(const wlaw_law *law, size_t at, size_t rows, size_t cols) {
  const double *scale = law->values + wlaw_law_offset(law->ops, at);
  const law_fan fan = law->counts[at + SCALE_FAN] ? (law_fan)scale[SCALE_FAN] : FAN_IN;
  return wlaw_law_scale(scale[SCALE_SD], scale[SCALE_GAIN], fan, rows, cols);
}

void wlaw_law_fix_scale(wlaw_law *law, size_t rows, size_t cols) {
  const law_ops *ops = law->ops;
  for (size_t at = 0; at + SCALE_ROWS <= ops->n_parameters; at++) {
    if (strcmp(ops->parameters[at].name, "sd") != 0 || strcmp(ops->parameters[at + SCALE_GAIN].name, "gain") != 0)
      continue;
    if (!law->counts[at + SCALE_GAIN]) return;
    double *scale = law->values + wlaw_law_offset(ops, at);
    scale[SCALE_SD] = wlaw_scale_sd(law, at, rows, cols);
    scale[SCALE_GAIN] = scale[SCALE_FAN] = NAN;
    law->counts[at + SCALE_SD] = 1;
    law->counts[at + SCALE_GAIN] = law->counts[at + SCALE_FAN] = 0;
    return;
  }
}
