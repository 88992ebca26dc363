#include "report/curve_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "report/document_page.h"
#include "report/number.h"
#include "report/read.h"

const char wlaw_infinite_label[] = "p = \xe2\x88\x9e";

void wlaw_width_label(char label[CURVE_LABEL], const json_t *at) {
  snprintf(label, CURVE_LABEL, "p = %s", wlaw_number_fixed(wlaw_read_number(at, "width"), 0).s);
}

static double *take(text_buffer *out, curve_list *list, size_t *n, const json_t *from, const char *path) {
  *n = 0;
  if (list->n_memory == sizeof list->memory / sizeof *list->memory) return NULL;
  double *values = wlaw_document_reals(out, n, from, path);
  return list->memory[list->n_memory++] = values;
}

plane_series *wlaw_curve_add(text_buffer *out, curve_list *list, const json_t *from, const char *x, const char *y,
                             const char *error, const char *label) {
  if (list->n == CURVES_MOST) return NULL;
  size_t nx, ny, ne = 0;
  const double *xs = take(out, list, &nx, from, x), *ys = take(out, list, &ny, from, y);
  const double *errors = error ? take(out, list, &ne, from, error) : NULL;
  if (!xs || !ys) return NULL;
  const size_t n = nx < ny ? nx : ny;
  snprintf(list->labels[list->n], CURVE_LABEL, "%s", label);
  plane_series *made = &list->series[list->n];
  *made = (plane_series){.label = list->labels[list->n],
                         .x = xs,
                         .y = ys,
                         .error = ne >= n ? errors : NULL,
                         .n = n,
                         .colour = (unsigned)list->n};
  list->n++;
  return made;
}

void wlaw_curves_free(curve_list *list) {
  for (size_t i = 0; i < list->n_memory; i++) free(list->memory[i]);
}
