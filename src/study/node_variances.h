/* The fit of node variances: each layer of runs at one width or several, and what it becomes at infinite width. */
#ifndef WLAW_STUDY_NODE_VARIANCES_H
#define WLAW_STUDY_NODE_VARIANCES_H

#include "core/json.h"
#include "limit/node_estimate.h"
#include "study/ensemble.h"

/* The name under which `fit --law` knows it. */
#define NODE_VARIANCES "node-variances"

typedef struct node_request {
  const char *const *paths; /* [n], a run or a file of arrays [networks, outputs, nodes] each */
  size_t n_paths;
  ensemble_request matrices; /* tensor, epoch, exclusion; its paths are not looked at */
  uint64_t seed;
  unsigned threads;
} node_request;

/* A layer of every source; parallel arrays [n]. */
typedef struct node_layer {
  size_t n;
  ensemble **sources;
  size_t *matrix; /* of the source */
  node_sample *samples;
  node_estimate *estimates;
  node_limit limit;
} node_layer;

/* The document weightlaw.node-variances/1. */
wlaw_status wlaw_node_variances(json_t **out, const node_request *request, wlaw_monitor *monitor, wlaw_error *err);
/* The same of one array in memory. */
wlaw_status wlaw_node_variances_of(json_t **out, ensemble *source, const node_request *request, wlaw_monitor *monitor,
                                   wlaw_error *err);

/* node_variances_json.c. Failure is sticky in *failed. */
json_t *wlaw_node_layer_json(bool *failed, json_t *findings, const node_layer *layer);
json_t *wlaw_node_document(bool *failed, ensemble *const *sources, size_t n, const char *rule, json_t *layers,
                           json_t *findings);

#endif
