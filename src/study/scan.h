/* Measuring and fitting one part of a checkpoint: what scan prints, and track and compare set side by side. */
#ifndef WLAW_STUDY_SCAN_H
#define WLAW_STUDY_SCAN_H

#include "law/entry_fit.h"
#include "law/marchenko_pastur.h"
#include "law/power_law.h"
#include "law/weibull_plot.h"
#include "measure/spectrum.h"
#include "measure/weight_codes.h"
#include "measure/weight_summary.h"
#include "study/scan_part.h"

/* Whose rules: ours, or those of a published program where its numbers are wanted. */
#define SCAN_PROTOCOLS "exact|npm-hist|npm-sort|backslash"
typedef enum scan_protocol { SCAN_EXACT, SCAN_NPM_HIST, SCAN_NPM_SORT, SCAN_BACKSLASH } scan_protocol;

typedef struct scan_request {
  part_request parts;
  scan_protocol protocol;
  bool quick;       /* one pass: neither balanced fits, nor other laws, nor bits */
  bool spectra;     /* eigenvalues too */
  size_t bootstrap; /* replicates for the p-value of the power law; 0: none */
  uint64_t seed;
} scan_request;

enum {
  SCAN_POINTS = 33,          /* quantiles that are reported */
  SCAN_BINS = 64,            /* of the histogram */
  SCAN_HOLD = 512 * 1048576, /* bytes: larger parts are read anew in every pass */
};

/* Shares p of the quantiles. */
extern const double wlaw_scan_points[SCAN_POINTS];

/* An estimate's errors if the weights of a row (column) may depend on one another. */
typedef struct scan_clustered {
  double rows, columns;
} scan_clustered;

typedef struct scan_weibull {
  weibull_plot plot;
  scan_clustered se_k, se_lambda;
  double balanced_k[3]; /* by balance_kind */
  double balanced_r2;   /* of BALANCE_BOTH */
  unsigned rounds;
  bool converged;
} scan_weibull;

typedef struct scan_ggd {
  double shape, scale, se_shape, se_scale, entropy;
  scan_clustered se_shape_in;
  const char *reason; /* NULL, or why there is none (a constant) */
} scan_ggd;

typedef struct scan_histogram {
  double low, width;
  uint64_t counts[SCAN_BINS], below, above;
} scan_histogram;

typedef struct scan_spectrum {
  size_t n;
  bool approximate;
  spectrum_measures measures;
  power_law tail;
  mp_bulk bulk;
  double null_largest;
  double points[SCAN_POINTS]; /* eigenvalues at wlaw_scan_points */
  const char *reason;         /* NULL, or why there is none (a constant) */
} scan_spectrum;

/* Rows are outputs: of a transposed part, rows and columns have changed places everywhere. */
typedef struct part_scan {
  const scan_part *part;
  const tensor_info *info;
  uint64_t rows, columns;
  weight_summary summary; /* its arrays are gone */
  double row_spread, column_spread, max_ratio;
  double quantiles[SCAN_POINTS]; /* of non-zero magnitudes; NaN: there are none */
  scan_histogram histogram;
  weight_lattice lattice;
  const char *unfitted; /* NULL, or why no law was fitted at all (a constant) */
  scan_weibull weibull;
  scan_ggd ggd;
  bool chose, counted; /* laws, bits are there */
  entry_choice laws;
  weight_bits bits;
  bool has_spectrum;
  scan_spectrum spectrum;
} part_scan;

/* Everything of one part that is not skipped. Nothing in it is owned. The same numbers at any number of threads. */
wlaw_status wlaw_scan_part(part_scan *out, wlaw_tensors *tensors, const scan_part *part, const scan_request *request,
                           unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* With --spectra: nothing is determined of vectors and of weights that are not finite. */
wlaw_status wlaw_scan_spectrum(scan_spectrum *out, const weight_source *source, const weight_summary *summary,
                               const scan_request *request, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* Memory that wlaw_scan_part has to read of a part: its progress is counted in these. */
uint64_t wlaw_part_bytes(const wlaw_tensors *tensors, const scan_part *part);

#endif
