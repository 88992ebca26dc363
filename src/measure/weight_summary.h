/* What one pass over a matrix of weights tells: health, moments, extremes, scales of rows and columns, and the
 * distribution, by whole rows that are fitted and whole rows that are held out. */
#ifndef WLAW_MEASURE_WEIGHT_SUMMARY_H
#define WLAW_MEASURE_WEIGHT_SUMMARY_H

#include "measure/entry_cells.h"
#include "measure/weight_extremes.h"
#include "measure/weight_source.h"

enum {
  SUMMARY_LARGEST = WEIGHT_EXTREMES,
  SUMMARY_HELD_OUT = 5,         /* every 5th row; every 5th weight of a matrix with fewer rows */
  SUMMARY_SORT_BELOW = 1 << 20, /* weights: fewer are sorted, so that their fits are exact */
  SUMMARY_SIDE_MOST = 1 << 22   /* longer sides get no sums of their own: memory stays bounded */
};
#define SUMMARY_TINY 1e-12 /* magnitudes below are as good as 0 */

typedef struct weight_summary {
  uint64_t rows, cols, count;
  uint64_t zeros, subnormal, nan, infinite;
  uint64_t tiny;                    /* 0 < |w| < SUMMARY_TINY */
  uint64_t dead_rows, dead_columns; /* all finite |w| < SUMMARY_TINY; 0 where row_squares (column_squares) is NULL */
  double min, max, mean, sd, rms, mean_magnitude, skewness, kurtosis; /* of finite weights, zeros too; kurtosis: normal
                                                         = 3; sd divides by the count */
  weight_extreme largest[SUMMARY_LARGEST];                            /* by magnitude, first come first where equal */
  size_t n_largest;
  /* Of finite weights by row [rows] and by column [cols]: sums of squares, largest magnitudes. NULL where there are
   * more than SUMMARY_SIDE_MOST of them. */
  double *row_squares, *column_squares;
  double *row_largest, *column_largest;
  entry_table *table[2]; /* fitted rows, held-out rows */
  double *sorted;        /* [n_sorted] magnitudes of finite weights other than 0, ascending; or NULL */
  size_t n_sorted;
} weight_summary;

/* Caller frees, also on failure. The same bytes at any number of threads, on one kind of processor. */
wlaw_status wlaw_weight_summary(weight_summary *out, const weight_source *source, unsigned threads,
                                wlaw_monitor *monitor, wlaw_error *err);
void wlaw_weight_summary_free(weight_summary *summary); /* safe on a zeroed struct */

/* Standard deviation of ln(root mean square) over rows or columns that are not dead: H_row, H_col. NaN below two, and
 * where the sums are NULL. */
double wlaw_scale_spread(const double *squares, const double *largest, size_t n);

/* The magnitude below which a share p of the non-zero finite weights lies; NaN without any. */
double wlaw_magnitude_quantile(const weight_summary *summary, double p);

/* ---- balanced weights w_ij / (r_i c_j) */

typedef enum balance_kind { BALANCE_ROWS, BALANCE_COLUMNS, BALANCE_BOTH } balance_kind;

enum { BALANCE_ROUNDS = 20 };

typedef struct weight_balance {
  double *rows, *columns; /* r: [rows], c: [cols]; NULL: ones. 0 for dead ones, whose weights are left out */
  unsigned rounds;        /* of the fixed point, at most BALANCE_ROUNDS; 0 unless BALANCE_BOTH */
  bool converged;
  double change; /* largest relative change of a scale in the last round */
} weight_balance;

/* Row or column root mean squares; or both, by dividing in turn until every row and column has root mean square 1
 * (Sinkhorn and Knopp 1967, DOI 10.2140/pjm.1967.21.343, of the squares); in each round rows, then columns, in one
 * walk. WLAW_LIMIT where the summary has no sums of a side that is needed. Caller frees; on failure there is nothing to
 * free. */
wlaw_status wlaw_balance(weight_balance *out, balance_kind kind, const weight_source *source,
                         const weight_summary *summary, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);
void wlaw_balance_free(weight_balance *balance);

/* The distribution of the balanced magnitudes: exact (sorted) below SUMMARY_SORT_BELOW weights, cells above. */
wlaw_status wlaw_balanced_cells(entry_cells *magnitudes, const weight_source *source, const weight_balance *balance,
                                unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* ---- sums over rows and columns of functions of the magnitude: errors of dependent weights */

enum { INFLUENCE_MOST = 4 };

/* functions: [n_functions][ENTRY_KEYS] of the kind of the source's dtype, n_functions <= INFLUENCE_MOST; zeros and
 * non-finite weights count as 0. row_squares[f] = sum over rows of (sum in the row)^2, column_squares likewise (NaN
 * where there are more than SUMMARY_SIDE_MOST columns). */
wlaw_status wlaw_influence_sums(double row_squares[INFLUENCE_MOST], double column_squares[INFLUENCE_MOST],
                                const weight_source *source, const float *const *functions, size_t n_functions,
                                unsigned threads, wlaw_monitor *monitor, wlaw_error *err);
entry_key_kind wlaw_source_key_kind(const weight_source *source);

#endif
