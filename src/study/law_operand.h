/* Laws as users write them: name(parameter=value, ...), @FIT.json for the law a fit found, or empirical(@FILE) for what
 * was measured of node variances. Laws never read files; the verbs do, here. */
#ifndef WLAW_STUDY_LAW_OPERAND_H
#define WLAW_STUDY_LAW_OPERAND_H

#include "core/json.h"

/* Bytes of the longest document read. A fit of matrices with every invariant of degree 4 has about 2^17; one of whole
 * networks three times the covariances of its copies (NETWORK_NUMBERS in study/network_study.h). */
enum { OPERAND_DOCUMENT = 1 << 28 };

typedef struct law_operand {
  wlaw_law *law;
  size_t rows, cols, networks; /* what was fitted; 0 for a law in text, which has no size of its own */
  char *tensor;                /* its name, untrusted text; NULL for a law in text */
} law_operand;

/* "@PATH" is a document weightlaw.fit/1, or weightlaw.fits/1 with one fit; "@PATH#NAME" the fit of that tensor. A fit
 * that does not determine every parameter is WLAW_VALUE naming what is missing. On failure *out needs no release. */
wlaw_status wlaw_law_operand_read(law_operand *out, const char *text, wlaw_error *err);
/* The same of one fit in hand, a document weightlaw.fit/1. */
wlaw_status wlaw_law_operand_parse(law_operand *out, const json_t *fit, wlaw_error *err);
void wlaw_law_operand_release(law_operand *operand); /* safe on a zeroed struct */

/* WLAW_SHAPE where the law is of a fit to matrices of another size: its numbers mean nothing there. */
wlaw_status wlaw_law_operand_check(const law_operand *operand, size_t rows, size_t cols, wlaw_error *err);

/* The n characters "PATH" or "PATH#PART" taken apart: a copy that the caller frees, and the part in it (NULL: none). A
 * file's own name may hold '#'. */
wlaw_status wlaw_operand_path(char **path, const char **part, const char *text, size_t n, wlaw_error *err);

/* The document in a file. Caller json_decref's. */
wlaw_status wlaw_operand_document(json_t **out, const char *path, wlaw_error *err);

/* The law written out with all its numbers; caller frees. NULL when out of memory. */
char *wlaw_law_written(const wlaw_law *law);

#endif
