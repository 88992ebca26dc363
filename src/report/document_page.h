/* Pages drawn from documents: of checkpoints (scan, track, compare; docs/scan.md), of infinite width (limit, prune,
 * the fit of node variances; docs/limit.md) and of whole networks (the fit of the law network, redraw;
 * docs/network.md). A document may come from outside: what it lacks, or has of another type, is a gap and never an
 * error. */
#ifndef WLAW_REPORT_DOCUMENT_PAGE_H
#define WLAW_REPORT_DOCUMENT_PAGE_H

#include "core/json.h"
#include "core/text.h"

/* Whether the document's schema is one of document_page.c's table. */
bool wlaw_document_has_page(const json_t *document);
/* title NULL: made from the document; date NULL: none. Memory failures set out->failed. */
void wlaw_document_page(text_buffer *out, const json_t *document, const char *title, const char *date);

/* What it found, in sentences: its `findings`, or the `summary` of a fit. NULL: nothing. */
const json_t *wlaw_document_findings(const json_t *document);

/* ---- sections (checkpoint_*.c), each for its own schema */

void wlaw_checkpoint_scan(text_buffer *out, const json_t *document);
void wlaw_checkpoint_kinds(text_buffer *out, const json_t *document); /* k and alpha by block beside published bands */
void wlaw_checkpoint_tensors(text_buffer *out, const json_t *document); /* distributions, one figure a tensor */
void wlaw_checkpoint_track(text_buffer *out, const json_t *document);
void wlaw_checkpoint_changes(text_buffer *out, const json_t *document);

/* ---- sections of infinite width (infinite_*.c) */

void wlaw_infinite_limit(text_buffer *out, const json_t *document);
void wlaw_infinite_prune(text_buffer *out, const json_t *document);
void wlaw_infinite_nodes(text_buffer *out, const json_t *document);

/* ---- sections of whole networks (network_page.c, redraw_page.c) */

void wlaw_network_page(text_buffer *out, const json_t *document);
void wlaw_redraw_page(text_buffer *out, const json_t *document);

/* ---- parts that they share */

/* The text at a key, "" where there is none. */
const char *wlaw_document_text(const json_t *object, const char *key);
/* The array of objects under `tensors`; empty where there is none. */
const json_t *wlaw_document_list(const json_t *document, const char *key);

/* The array of numbers at a path of keys ("truncation.error"): *n of them, caller frees; null and text read as NaN.
 * NULL and 0 where there is none; a memory failure sets out->failed. */
double *wlaw_document_reals(text_buffer *out, size_t *n, const json_t *object, const char *path);

/* "…layers.12.mlp.gate_proj.weight": the end of a long name, which tells it apart. */
typedef struct checkpoint_name {
  char s[64];
} checkpoint_name;
checkpoint_name wlaw_checkpoint_name(const json_t *tensor);

/* A column of the heat map. */
typedef enum measure_kind {
  MEASURE_SPREAD, /* coloured by its distance from the median of tensors of its kind, in median absolute deviations */
  MEASURE_COUNT,  /* 0 is well, anything more is coloured */
  MEASURE_ERRORS, /* a number of standard errors */
  MEASURE_SIZE    /* a relative change: by powers of ten from 0.001 on */
} measure_kind;

typedef struct checkpoint_measure {
  const char *path, *heading; /* "weibull.k", "k" */
  int digits;                 /* significant ones to print */
  measure_kind kind;
} checkpoint_measure;

/* Tensors by measures; columns that no tensor has are left out, rows beyond a few hundred are named in the caption. */
void wlaw_checkpoint_heat(text_buffer *out, const char *id, const json_t *tensors, const checkpoint_measure *measures,
                          size_t n_measures);
/* All numbers of these measures as a table behind a summary. */
void wlaw_checkpoint_table(text_buffer *out, const json_t *tensors, const checkpoint_measure *measures,
                           size_t n_measures);

#endif
