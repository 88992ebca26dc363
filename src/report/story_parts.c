#include "report/story_parts.h"

#include <stdio.h>

const char *wlaw_story_name(const report_tensor *tensor) {
  return tensor->name && *tensor->name ? tensor->name : "the matrix";
}

const tensor_point *wlaw_story_last(const report_series *series, size_t t) {
  return &series->tensors[t].points[series->n_epochs - 1];
}

moment_text wlaw_story_epoch(const report_series *series, size_t e) {
  moment_text text = {""};
  if (series->is_run) snprintf(text.s, sizeof text.s, " at epoch %.0f", series->epochs[e]);
  return text;
}

size_t wlaw_story_group(char *out, size_t capacity, const report_series *series, const size_t *keys, size_t key) {
  size_t members = 0, told = 0, used = 0;
  for (size_t t = 0; t < series->n_tensors; t++) members += keys[t] == key;
  out[0] = '\0';
  if (members == series->n_tensors && members > 1) snprintf(out, capacity, "all matrices");
  if (members == series->n_tensors && members > 1) return members;
  for (size_t t = 0; t < series->n_tensors; t++) {
    if (keys[t] != key) continue;
    const char *join = told == 0 ? "" : told + 1 == members ? " and " : ", ";
    const int n = snprintf(out + used, capacity - used, "%s%.40s", join, wlaw_story_name(&series->tensors[t]));
    if (n < 0 || (size_t)n >= capacity - used) break;
    used += (size_t)n;
    told++;
  }
  return members;
}
