/* The verb `fit`: matrix laws of an ensemble, and which of them the data want. */
#ifndef WLAW_STUDY_FIT_H
#define WLAW_STUDY_FIT_H

#include "core/json.h"
#include "core/option.h"
#include "law/nested.h"
#include "study/ensemble.h"

enum { STUDY_LAWS = 3 };

/* Fits of the nested laws to one matrix, narrowest first, and the tests between neighbours. */
typedef struct matrix_study {
  const law_ops *own; /* the law of the space the matrices lie in (law/space.h); NULL: they are of no special kind */
  bool constant_diagonal; /* one number, not 0, on every diagonal, as of correlation matrices */
  size_t n_fits;
  matrix_fit fits[STUDY_LAWS]; /* laws that differ at this size */
  size_t n_tests;
  nested_test tests[STUDY_LAWS - 1];
  size_t by_bic;  /* of the smallest BIC; the narrowest where none is determined */
  size_t by_test; /* the widest that is accepted over its neighbour at 5 %; 0 where none is */
} matrix_study;

/* widest: laws beyond it are not fitted. NULL: as wide as the shape allows, or the one law of the space the matrices
 * lie in (law/space.h). */
wlaw_status wlaw_study_fit(matrix_study *out, const matrix_moments *moments, const law_ops *widest, uint64_t seed,
                           wlaw_error *err);

/* The matrix law called name; WLAW_ARGUMENT for laws that cannot be fitted to matrices. */
wlaw_status wlaw_study_law(const law_ops **out, const char *name, wlaw_error *err);

/* Has the law no meaning for matrix i, while the source has others? Then the reason is appended to notes. NULL law: the
 * one that suits each matrix, so none is left out. WLAW_SHAPE when it has none for any of them. */
wlaw_status wlaw_study_leaves_out(bool *leaves, bool *failed, json_t *notes, const law_ops *law, const ensemble *source,
                                  size_t i, wlaw_error *err);

/* Puts the variance components of the law's classical model into the document, where it has one, and their standard
 * errors under the law: `components` and `component_standard_errors`, {name: number}. Not determined: null. */
void wlaw_components_put(bool *failed, json_t *document, const matrix_fit *fit);

/* Where a fit came from, for its document. */
typedef struct fit_source {
  const ensemble *source;
  size_t matrix;
  const char *rule; /* of exclusion */
} fit_source;

/* The document of fit number `chosen` (schema weightlaw.fit/1); takes the list of invariants over. Failure is sticky in
 * *failed. */
json_t *wlaw_fit_document(bool *failed, const fit_source *from, const matrix_study *study, size_t chosen,
                          bool automatic, json_t *invariants);

/* A number; NaN is null: not determined. */
json_t *wlaw_json_determined(double value);
/* Numbers of a law as {mean, block: ...}: its parameters, or in the same layout errors (values: free parameters in the
 * order of matrix_fit; NULL: the parameters themselves). NaN and blocks that do not exist are null. */
json_t *wlaw_matrix_json(bool *failed, const matrix_gaussian *gaussian, const double *values);
/* The free parameters in the order of matrix_fit.error. */
void wlaw_matrix_pack(double *out, const matrix_gaussian *gaussian);

/* Sentences on what a fit or a comparison of this matrix cannot say (labelled inputs or outputs). */
void wlaw_matrix_warnings(bool *failed, json_t *warnings, const ensemble_matrix *matrix);

#endif
