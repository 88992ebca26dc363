/* Which tensors of a file are the layers of a multilayer perceptron: their order, their biases, and which way their
 * matrices are stored. */
#ifndef WLAW_STUDY_NETWORK_LAYERS_H
#define WLAW_STUDY_NETWORK_LAYERS_H

#include "study/networks.h"
#include "study/tensor_role.h"

#define NETWORK_LAYERS_HINT "--layers NAME,NAME,... names the weights in order, inputs first"

/* What tensor i is, its name and its shape without the index over networks. */
tensor_role wlaw_layer_role(const wlaw_tensors *tensors, size_t i, bool stacked);
/* The weights in order (network_weights.c): names and indices; layers has room for NETWORK_LAYERS. Of a first one that
 * a run has not kept also its shape. */
wlaw_status wlaw_network_weights(networks *source, const wlaw_tensors *tensors, const networks_request *request,
                                 wlaw_error *err);

/* Fills layers, n_layers and uncovered of a source from a file; *count: the networks it holds, 1 where its matrices
 * have two dimensions. */
wlaw_status wlaw_network_layers(networks *source, size_t *count, const wlaw_tensors *tensors,
                                const networks_request *request, wlaw_error *err);
/* The weight and bias of another file, with one network, that go with a layer of the file `first`. */
wlaw_status wlaw_network_layer_match(size_t *weight, size_t *bias, const wlaw_tensors *tensors,
                                     const network_layer *layer, const char *first, wlaw_error *err);

#endif
