/* Histogram and moments of single weights: two passes over a tensor file, in blocks. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "report/read.h"

enum { BLOCK = 1 << 16 };             /* weights read at once, or one matrix where that is larger */
static const double HALF_WIDTH = 4.5; /* of the plot, in standard deviations, where the weights reach that far */

typedef struct weight_reader {
  ensemble *source;
  size_t matrix, networks, per_network, at_once;
  double *block; /* [at_once * per_network] */
  bool skip_diagonal;
} weight_reader;

typedef void (*block_visit)(void *state, const double *values, size_t n);

/* Moves the entries off the diagonal together; returns how many there are. */
static size_t drop_diagonals(double *values, size_t networks, size_t side) {
  size_t kept = 0;
  for (size_t i = 0; i < networks * side * side; i++)
    if (i % (side * side) % (side + 1) != 0) values[kept++] = values[i];
  return kept;
}

static wlaw_status visit_all(const weight_reader *reader, block_visit visit, void *state, wlaw_error *err) {
  for (size_t first = 0; first < reader->networks;) {
    const size_t left = reader->networks - first, n = left < reader->at_once ? left : reader->at_once;
    WLAW_TRY(wlaw_ensemble_read(reader->source, reader->matrix, first, n, reader->block, err));
    const size_t side = reader->source->matrices[reader->matrix].rows;
    visit(state, reader->block,
          reader->skip_diagonal ? drop_diagonals(reader->block, n, side) : n * reader->per_network);
    first += n;
  }
  return WLAW_OK;
}

typedef struct first_pass {
  double count, nonfinite, mean, squares, least, largest; /* squares: sum of squared deviations */
} first_pass;

/* A block's own mean and squares by two passes, merged after Chan, Golub and LeVeque (1983). */
static void visit_moments(void *state, const double *values, size_t n) {
  first_pass *all = state;
  double count = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    count++;
    sum += values[i];
    all->least = fmin(all->least, values[i]);
    all->largest = fmax(all->largest, values[i]);
  }
  all->nonfinite += (double)n - count;
  if (count == 0) return;
  const double mean = sum / count;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) squares += (values[i] - mean) * (values[i] - mean);
  const double total = all->count + count, shift = mean - all->mean;
  all->squares += squares + shift * shift * all->count * count / total;
  all->mean += shift * count / total;
  all->count = total;
}

typedef struct second_pass {
  weight_histogram *histogram;
  double cubes, fourths;
} second_pass;

static void visit_bins(void *state, const double *values, size_t n) {
  second_pass *pass = state;
  weight_histogram *h = pass->histogram;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    const double place = (values[i] - h->low) / h->bin_width, z = (values[i] - h->mean) / h->sd;
    /* The largest value lies on the upper edge of the last bin and belongs to it. */
    if (place < 0) h->below++;
    else if (place < HISTOGRAM_BINS) h->counts[(size_t)place]++;
    else if (place <= HISTOGRAM_BINS * (1 + 1e-12)) h->counts[HISTOGRAM_BINS - 1]++;
    else h->above++;
    pass->cubes += z * z * z;
    pass->fourths += z * z * z * z;
  }
}

static void choose_bins(weight_histogram *h, const first_pass *pass) {
  h->count = pass->count;
  h->nonfinite = pass->nonfinite;
  h->mean = pass->count > 0 ? pass->mean : NAN;
  h->sd = pass->count > 0 ? sqrt(pass->squares / pass->count) : NAN;
  h->least = pass->count > 0 ? pass->least : NAN;
  h->largest = pass->count > 0 ? pass->largest : NAN;
  const double reach = h->sd > 0 ? HALF_WIDTH * h->sd : INFINITY; /* 0: all equal, or their squares underflow */
  double low = fmax(h->least, h->mean - reach), high = fmin(h->largest, h->mean + reach);
  const double size = fmax(fabs(low), fabs(high));
  if (!(high - low > 1e-12 * size)) { /* all equal, or none at all */
    const double margin = size > 0 && isfinite(size) ? 0.1 * size : 0.5;
    low = (isfinite(low) ? low : 0) - margin;
    high = low + 2 * margin;
  }
  h->low = low;
  h->bin_width = (high - low) / HISTOGRAM_BINS;
}

static wlaw_status two_passes(weight_histogram *h, const weight_reader *reader, wlaw_error *err) {
  first_pass first = {.least = INFINITY, .largest = -INFINITY};
  second_pass second = {.histogram = h};
  WLAW_TRY(visit_all(reader, visit_moments, &first, err));
  choose_bins(h, &first);
  if (h->count > 0) WLAW_TRY(visit_all(reader, visit_bins, &second, err));
  h->skewness = h->sd > 0 ? second.cubes / h->count : NAN;
  h->kurtosis = h->sd > 0 ? second.fourths / h->count : NAN;
  return WLAW_OK;
}

wlaw_status wlaw_read_histogram(weight_histogram **out, ensemble *source, size_t matrix, bool skip_diagonal,
                                wlaw_error *err) {
  const ensemble_matrix *shape = &source->matrices[matrix];
  weight_reader reader = {
      .source = source, .matrix = matrix, .networks = shape->networks, .skip_diagonal = skip_diagonal};
  if (__builtin_mul_overflow(shape->rows, shape->cols, &reader.per_network) || reader.per_network == 0)
    return wlaw_fail(err, WLAW_SHAPE, "a matrix of %zu x %zu weights has no histogram", shape->rows, shape->cols);
  reader.at_once = reader.per_network < BLOCK ? BLOCK / reader.per_network : 1;
  const size_t sizes[] = {reader.at_once, reader.per_network};
  size_t length;
  weight_histogram *histogram = wlaw_array(1, sizeof *histogram);
  if (wlaw_product(&length, sizes, 2)) reader.block = wlaw_array(length, sizeof *reader.block);
  wlaw_status status = histogram && reader.block ? two_passes(histogram, &reader, err)
                                                 : wlaw_fail_memory(err, reader.per_network, sizeof *reader.block);
  free(reader.block);
  if (status == WLAW_OK) *out = histogram;
  else free(histogram);
  return status;
}
