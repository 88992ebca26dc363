/* What the matrix laws' parameters are called, in the order and under the paths of the fit's JSON; and the invariants.
 */
#include <string.h>

#include "report/series.h"

static const report_parameter iid[] = {
    {"mean", "mean", "mean"},
    {"variance", "variance", "variance"},
};

static const report_parameter bipartite[] = {
    {"mean", "mean", "total"},         {"s0", "s0", "total"},
    {"rows", "rows", "rows"},          {"columns", "columns", "columns"},
    {"entries", "entries", "entries"},
};

static const report_parameter permutation[] = {
    {"mean.0", "mean sum", "sum"},
    {"mean.1", "mean trace", "trace"},
    {"V0.0.0", "V0 sum", "sum"},
    {"V0.0.1", "V0 sum,trace", "sum, trace"},
    {"V0.1.1", "V0 trace", "trace"},
    {"VH.0.0", "VH columns", "columns"},
    {"VH.0.1", "VH columns,rows", "columns, rows"},
    {"VH.0.2", "VH columns,diagonal", "columns, diag."},
    {"VH.1.1", "VH rows", "rows"},
    {"VH.1.2", "VH rows,diagonal", "rows, diagonal"},
    {"VH.2.2", "VH diagonal", "diagonal"},
    {"V2", "V2", "V2 symmetric"},
    {"V3", "V3", "V3 antisym."},
};

static const report_parameter symmetric[] = {
    {"mean.0", "mean sum", "sum"},
    {"mean.1", "mean trace", "trace"},
    {"V0.0.0", "V0 sum", "sum"},
    {"V0.0.1", "V0 sum,trace", "sum, trace"},
    {"V0.1.1", "V0 trace", "trace"},
    {"VH.0.0", "VH sums", "sums"},
    {"VH.0.1", "VH sums,diagonal", "sums, diagonal"},
    {"VH.1.1", "VH diagonal", "diagonal"},
    {"V2", "V2", "V2 rest"},
};

static const report_parameter symmetric_zero_diagonal[] = {
    {"mean", "mean", "sum"},
    {"a0", "a0 sum", "sum"},
    {"aH", "aH sums", "sums"},
    {"a2", "a2", "a2 rest"},
};

static const report_parameter zero_diagonal[] = {
    {"mean", "mean", "sum"},
    {"V0", "V0 sum", "sum"},
    {"H.0.0", "H row + column", "row + column"},
    {"H.0.1", "H covariance", "covariance"},
    {"H.1.1", "H row \xe2\x88\x92 column", "row \xe2\x88\x92 column"},
    {"V2", "V2", "V2 symmetric"},
    {"V3", "V3", "V3 antisym."},
    {"network", "network", "network"},
    {"actor", "actor", "actor"},
    {"partner", "partner", "partner"},
    {"actor_partner_covariance", "actor,partner", "actor, partner"},
    {"relationship", "relationship", "relationship"},
    {"reciprocity", "reciprocity", "reciprocity"},
};

static const report_parameter antisymmetric[] = {
    {"VH", "VH sums", "sums"},
    {"V3", "V3", "V3 rest"},
};

#define TABLE(parameters) parameters, sizeof parameters / sizeof *parameters

static const struct {
  const law_ops *ops;
  const report_parameter *parameters;
  size_t size, components; /* the last ones */
} laws[REPORT_LAWS] = {
    {&wlaw_law_iid, TABLE(iid), 0},
    {&wlaw_law_bipartite, TABLE(bipartite), 0},
    {&wlaw_law_permutation, TABLE(permutation), 0},
    {&wlaw_law_symmetric, TABLE(symmetric), 0},
    {&wlaw_law_symmetric_zero_diagonal, TABLE(symmetric_zero_diagonal), 0},
    {&wlaw_law_zero_diagonal, TABLE(zero_diagonal), 6},
    {&wlaw_law_antisymmetric, TABLE(antisymmetric), 0},
};

const char *wlaw_report_law_name(report_law law) { return laws[law].ops->name; }

bool wlaw_report_is_component(report_law law, size_t parameter) {
  return parameter >= laws[law].size - laws[law].components;
}

const law_ops *wlaw_report_law_ops(report_law law) { return laws[law].ops; }

bool wlaw_report_no_diagonal(int law) {
  return law == REPORT_SYMMETRIC_ZERO_DIAGONAL || law == REPORT_ZERO_DIAGONAL || law == REPORT_ANTISYMMETRIC;
}

bool wlaw_report_law_find(report_law *law, const char *name) {
  for (int k = 0; k < REPORT_LAWS; k++)
    if (strcmp(wlaw_report_law_name((report_law)k), name) == 0) {
      *law = (report_law)k;
      return true;
    }
  return false;
}

size_t wlaw_report_law_size(report_law law) { return laws[law].size; }

const report_parameter *wlaw_report_law_parameters(report_law law) { return laws[law].parameters; }

const char *const wlaw_report_invariants[REPORT_INVARIANTS] = {
    "I1 = t",
    "I2 = s",
    "I3 = \xce\xa3 M_ij\xc2\xb2",
    "I4 = \xce\xa3 M_ij M_ji",
    "I5 = d\xc2\xb7r",
    "I6 = d\xc2\xb7"
    "c",
    "I7 = r\xc2\xb7r",
    "I8 = c\xc2\xb7"
    "c",
    "I9 = r\xc2\xb7"
    "c",
    "I10 = s\xc2\xb2",
    "I11 = d\xc2\xb7"
    "d",
    "I12 = t\xc2\xb2",
    "I13 = t s",
};
