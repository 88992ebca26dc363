/* Fitted laws that initial weights are drawn from: `train --init-from FIT.json`. What such a document does not cover is
 * drawn from --init. */
#ifndef WLAW_STUDY_INIT_FROM_H
#define WLAW_STUDY_INIT_FROM_H

#include "law/matrix.h"
#include "net/train.h"
#include "study/law_operand.h"
#include "study/network_operand.h"

/* The document's copy in the run directory, which does not depend on a file elsewhere. */
#define INIT_FROM_FILE "initial.json"

/* Either fits of matrices, each laid at its layer, or one of whole networks. */
typedef struct init_from {
  char *bytes; /* the document; NULL: initial weights are all from --init */
  size_t n;
  char sha256[65];
  law_operand layers[MLP_MAX_LAYERS]; /* law NULL: the layer has none */
  network_operand network;            /* gaussian NULL: there is none */
  network_sampler *sampler;           /* of it, made by wlaw_init_from_laws */
} init_from;

/* A document of weightlaw fit: of the law network, or weightlaw.fit/1 or weightlaw.fits/1 of tensors layerK.weight.
 * WLAW_VALUE naming what it does not determine. On failure *out needs no release. */
wlaw_status wlaw_init_from_read(init_from *out, const char *path, wlaw_error *err);
void wlaw_init_from_release(init_from *from); /* safe on a zeroed struct */
/* Whether it goes with these options of the networks, whose inputs and outputs need not be known. */
wlaw_status wlaw_init_from_check(const init_from *from, const mlp *net, const wlaw_law *init, wlaw_error *err);
/* Its laws, borrowed, put into laws. WLAW_SHAPE naming a layer that is of another size. */
wlaw_status wlaw_init_from_laws(initial_laws *laws, init_from *from, const mlp *net, wlaw_error *err);
/* Whether it covers the weight of layer number `layer`, from 0; if so, the first two moments of that weight as a
 * Gaussian law, and the kurtosis of an entry (study/initial.h). */
bool wlaw_init_from_covers(const init_from *from, size_t layer);
wlaw_status wlaw_init_from_moments(matrix_gaussian *out, double *kurtosis, const init_from *from, size_t layer,
                                   size_t rows, size_t cols, wlaw_error *err);
/* WLAW_VALUE where the file at path is not the document with this digest. */
wlaw_status wlaw_init_from_verify(const char *path, const char *sha256, wlaw_error *err);
/* What run.json says of it: {file, sha256, tensors: [{name, law}]}, or null. */
json_t *wlaw_init_from_json(bool *failed, const init_from *from);

#endif
