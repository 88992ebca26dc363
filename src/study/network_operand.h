/* The law of whole networks as a file has it: @FIT.json. */
#ifndef WLAW_STUDY_NETWORK_OPERAND_H
#define WLAW_STUDY_NETWORK_OPERAND_H

#include "core/json.h"
#include "law/network.h"

/* A network law with its numbers, read from a document of `fit --law network --json`. */
typedef struct network_operand {
  network_gaussian *gaussian;
  char **names; /* of the tensors, [layout.n_tensors] */
  size_t networks;
} network_operand;

/* Whether "@PATH" is a document of the law `network`; false for whatever is not. */
bool wlaw_network_operand_is(const char *text);
wlaw_status wlaw_network_operand_read(network_operand *out, const char *text, wlaw_error *err);
/* The same of a document in hand; WLAW_VALUE naming what the fit does not determine. */
wlaw_status wlaw_network_operand_parse(network_operand *out, const json_t *document, wlaw_error *err);
void wlaw_network_operand_release(network_operand *operand); /* safe on a zeroed struct */

#endif
