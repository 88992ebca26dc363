#include "study/distance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/space.h"

/* A side as the law reads it: its own statistics, or the law written as the one compared under. */
typedef struct prepared {
  const law_ops *law;
  matrix_layout layout;
  size_t networks;           /* whose rows are in q; 0: none */
  size_t fitted;             /* networks the law was fitted to; 0: it is exact */
  double floor;              /* how far the fit is from the truth on average, squared */
  matrix_moments statistics; /* of the length the law reads */
  const double *q;           /* [networks, statistics.length] */
  double *owned;             /* q, where it had to be mapped */
  matrix_gaussian gaussian;
} prepared;

static wlaw_status prepare(prepared *out, const law_ops *law, const distance_side *side, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  out->law = law;
  if (!side->moments) {
    WLAW_TRY(wlaw_matrix_embed(&out->gaussian, side->law, law, err));
    out->layout = out->gaussian.layout;
    out->fitted = side->fitted;
    if (side->fitted) out->floor = wlaw_matrix_noise_floor(side->law, side->fitted); /* of the narrower law */
    return WLAW_OK;
  }
  const matrix_moments *moments = side->moments;
  WLAW_TRY(law->matrix->layout(&out->layout, moments->rows, moments->cols, err));
  WLAW_TRY(wlaw_space_check(law, moments, err));
  out->networks = out->fitted = moments->count;
  out->statistics = *moments;
  out->q = side->q;
  if (law->matrix->length == MOMENTS_RECTANGLE && moments->length == MOMENTS_SQUARE) {
    wlaw_moments_rectangular(&out->statistics, moments);
    out->q = out->owned = wlaw_array(out->networks * MOMENTS_RECTANGLE, sizeof *out->owned);
    if (!out->owned) return wlaw_fail_memory(err, out->networks, MOMENTS_RECTANGLE * sizeof *out->owned);
    for (size_t k = 0; k < out->networks; k++)
      wlaw_moments_rectangular_row(out->owned + k * MOMENTS_RECTANGLE, moments, side->q + k * MOMENTS_SQUARE);
  }
  wlaw_matrix_estimate(&out->gaussian, law, &out->layout, &out->statistics);
  out->floor = wlaw_matrix_noise_floor(&out->gaussian, out->networks);
  return WLAW_OK;
}

/* The fit without network k; the law itself where it is exact. */
static matrix_gaussian without(const prepared *side, size_t k) {
  matrix_gaussian fit = side->gaussian;
  matrix_moments left = side->statistics;
  if (side->networks == 0) return fit;
  wlaw_moments_remove(&left, side->q + k * side->statistics.length);
  wlaw_matrix_estimate(&fit, side->law, &side->layout, &left);
  return fit;
}

typedef struct jackknife {
  double mean, variance; /* of the replicates; of the estimate */
} jackknife;

/* Leaves out one network of a, of b, or the same one of both. Two passes: mean, then spread. */
static wlaw_status leave_one_out(jackknife *out, const prepared *a, const prepared *b, bool from_a, bool from_b,
                                 wlaw_error *err) {
  const size_t n = from_a ? a->networks : b->networks;
  double *values = wlaw_array(n, sizeof *values);
  if (!values) return wlaw_fail_memory(err, n, sizeof *values);
  *out = (jackknife){0};
  for (size_t k = 0; k < n; k++) {
    const matrix_gaussian fa = from_a ? without(a, k) : a->gaussian, fb = from_b ? without(b, k) : b->gaussian;
    values[k] = wlaw_matrix_wasserstein_squared(NULL, &fa, &fb);
    out->mean += values[k] / (double)n;
  }
  for (size_t k = 0; k < n; k++) out->variance += (values[k] - out->mean) * (values[k] - out->mean);
  out->variance *= ((double)n - 1.0) / (double)n;
  free(values);
  return WLAW_OK;
}

static wlaw_status measure_error(distance_numbers *out, const prepared *a, const prepared *b, wlaw_error *err) {
  enum { FEWEST = 3 };
  out->standard_error = NAN;
  for (int side = 0; side < 2; side++) {
    const prepared *fit = side ? b : a;
    if (fit->networks >= FEWEST || fit->fitted == 0) continue;
    if (fit->networks == 0)
      snprintf(out->error_reason, sizeof out->error_reason, "the jackknife needs the networks, and %s is their fit",
               side ? "B" : "A");
    else
      snprintf(out->error_reason, sizeof out->error_reason, "the jackknife needs %d networks, %s has %zu", FEWEST,
               side ? "B" : "A", fit->networks);
    if (isnan(out->floor)) snprintf(out->floor_reason, sizeof out->floor_reason, "%s", out->error_reason);
    return WLAW_OK;
  }
  jackknife of_a = {0}, of_b = {0};
  if (out->paired) {
    const double n = (double)a->networks;
    WLAW_TRY(leave_one_out(&of_a, a, b, true, true, err));
    out->floor = (n - 1.0) * (of_a.mean - out->squared);
  } else {
    if (a->networks) WLAW_TRY(leave_one_out(&of_a, a, b, true, false, err));
    if (b->networks) WLAW_TRY(leave_one_out(&of_b, a, b, false, true, err));
  }
  out->standard_error = sqrt(of_a.variance + of_b.variance);
  return WLAW_OK;
}

static void measure_kl(matrix_distance *out) {
  distance_numbers *numbers = &out->numbers;
  char reason[200];
  numbers->kl_ab = numbers->kl_ba = NAN;
  for (int side = 0; side < 2; side++) {
    if (wlaw_matrix_regular(side ? &out->b : &out->a, side ? numbers->networks_b : numbers->networks_a, reason,
                            sizeof reason))
      continue;
    snprintf(numbers->kl_reason, sizeof numbers->kl_reason, "%s has no density: %s", side ? "B" : "A", reason);
    return;
  }
  numbers->kl_ab = wlaw_matrix_kl(&out->a, &out->b);
  numbers->kl_ba = wlaw_matrix_kl(&out->b, &out->a);
}

static wlaw_status measure(matrix_distance *out, const prepared *a, const prepared *b, wlaw_error *err) {
  distance_numbers *numbers = &out->numbers;
  out->a = a->gaussian;
  out->b = b->gaussian;
  numbers->networks_a = a->fitted;
  numbers->networks_b = b->fitted;
  numbers->squared = wlaw_matrix_wasserstein_squared(out->parts, &a->gaussian, &b->gaussian);
  numbers->floor = numbers->paired ? NAN : a->floor + b->floor;
  WLAW_TRY(measure_error(numbers, a, b, err));
  numbers->debiased = numbers->squared - numbers->floor;
  measure_kl(out);
  return WLAW_OK;
}

wlaw_status wlaw_study_distance(matrix_distance *out, const law_ops *law, const distance_side *a,
                                const distance_side *b, bool paired, wlaw_error *err) {
  prepared sides[2] = {{0}};
  memset(out, 0, sizeof *out);
  wlaw_status status = prepare(&sides[0], law, a, err);
  if (status == WLAW_OK) status = prepare(&sides[1], law, b, err);
  const matrix_layout *first = &sides[0].layout, *second = &sides[1].layout;
  if (status == WLAW_OK && (first->rows != second->rows || first->cols != second->cols))
    status = wlaw_fail(err, WLAW_SHAPE, "matrices of %zux%zu and of %zux%zu cannot be compared", first->rows,
                       first->cols, second->rows, second->cols);
  if (status == WLAW_OK && paired && (sides[0].networks == 0 || sides[0].networks != sides[1].networks))
    status = wlaw_fail(err, WLAW_ARGUMENT, "a paired comparison needs the same networks on both sides, not %zu and %zu",
                       sides[0].networks, sides[1].networks);
  if (status == WLAW_OK) {
    out->numbers.paired = paired;
    status = measure(out, &sides[0], &sides[1], err);
  }
  free(sides[0].owned);
  free(sides[1].owned);
  return status;
}
