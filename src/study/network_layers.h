/* Which tensors of a file are the layers of a multilayer perceptron: their order, their biases, and which way their
 * matrices are stored. */
#ifndef WLAW_STUDY_NETWORK_LAYERS_H
#define WLAW_STUDY_NETWORK_LAYERS_H

#include "study/networks.h"

/* Fills layers, n_layers and uncovered of a source from a file; *count: the networks it holds, 1 where its matrices
 * have two dimensions. */
wlaw_status wlaw_network_layers(networks *source, size_t *count, const wlaw_tensors *tensors,
                                const networks_request *request, wlaw_error *err);
/* The weight and bias of another file, with one network, that go with a layer of the file `first`. */
wlaw_status wlaw_network_layer_match(size_t *weight, size_t *bias, const wlaw_tensors *tensors,
                                     const network_layer *layer, const char *first, wlaw_error *err);

#endif
