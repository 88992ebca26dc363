#include "study/init_from.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "study/run.h"

void wlaw_init_from_release(init_from *from) {
  for (size_t l = 0; l < MLP_MAX_LAYERS; l++) wlaw_law_operand_release(&from->layers[l]);
  wlaw_network_operand_release(&from->network);
  wlaw_network_sampler_free(from->sampler);
  free(from->bytes);
  *from = (init_from){0};
}

static wlaw_status take_fit(init_from *out, const json_t *fit, wlaw_error *err) {
  law_operand operand;
  uint64_t layer;
  WLAW_TRY(wlaw_law_operand_parse(&operand, fit, err));
  wlaw_status status = WLAW_OK;
  if (!wlaw_run_weight_layer(operand.tensor, &layer) || layer < 1 || layer > MLP_MAX_LAYERS) {
    wlaw_fail(err, WLAW_NAME, "a fit of the tensor '%s' is of no layer of a network", operand.tensor);
    status = wlaw_error_add_hint(err, WLAW_NAME, "networks that train makes have layer1.weight, layer2.weight, ...");
  } else if (out->layers[layer - 1].law) {
    status = wlaw_fail(err, WLAW_VALUE, "it has two fits of %s", operand.tensor);
  }
  if (status == WLAW_OK) out->layers[layer - 1] = operand;
  else wlaw_law_operand_release(&operand);
  return status;
}

static wlaw_status take_document(init_from *out, const json_t *document, wlaw_error *err) {
  const char *schema = json_string_value(json_object_get(document, "schema"));
  const char *law = json_string_value(json_object_get(document, "law"));
  if (law && strcmp(law, wlaw_law_network.name) == 0) return wlaw_network_operand_parse(&out->network, document, err);
  if (schema && strcmp(schema, "weightlaw.fit/1") == 0) return take_fit(out, document, err);
  if (!schema || strcmp(schema, "weightlaw.fits/1") != 0)
    return wlaw_fail(err, WLAW_FORMAT, "its schema is '%s', not weightlaw.fit/1 or weightlaw.fits/1",
                     schema ? schema : "missing");
  const json_t *fits = json_object_get(document, "fits");
  if (json_array_size(fits) == 0) return wlaw_fail(err, WLAW_FORMAT, "it has no fits");
  for (size_t i = 0; i < json_array_size(fits); i++) WLAW_TRY(take_fit(out, json_array_get(fits, i), err));
  return WLAW_OK;
}

wlaw_status wlaw_init_from_read(init_from *out, const char *path, wlaw_error *err) {
  json_t *document = NULL;
  *out = (init_from){0};
  wlaw_status status = wlaw_input_whole(&out->bytes, &out->n, path, OPERAND_DOCUMENT, err);
  if (status == WLAW_OK) status = wlaw_hash_bytes(out->sha256, out->bytes, out->n, err);
  if (status == WLAW_OK) status = wlaw_json_parse(&document, out->bytes, out->n, err);
  if (status == WLAW_OK) status = take_document(out, document, err);
  json_decref(document);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_init_from_release(out);
  return wlaw_error_in_file(err, status, path);
}

wlaw_status wlaw_init_from_check(const init_from *from, const mlp *net, const wlaw_law *init, wlaw_error *err) {
  if (!from->bytes) return WLAW_OK;
  if (net->ntk) {
    wlaw_fail(err, WLAW_ARGUMENT, "a fit does not say in which parameterization its weights are");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "--init-from needs --parameterization standard");
  }
  if (init->ops->node)
    return wlaw_fail(err, WLAW_ARGUMENT, "--init-from does not go with the law '%s' of node variances as --init",
                     init->ops->name);
  const network_shape *shape = from->network.gaussian ? &from->network.gaussian->layout.shape : NULL;
  if (shape && shape->layers != net->layers)
    return wlaw_fail(err, WLAW_SHAPE,
                     "the fit of --init-from is of networks with %zu layer%s, and this network has %zu", shape->layers,
                     shape->layers == 1 ? "" : "s", net->layers);
  for (size_t l = 0; shape && !net->biases && l < shape->layers; l++)
    if (shape->bias[l])
      return wlaw_fail(err, WLAW_SHAPE,
                       "the fit of --init-from has a bias of layer %zu, and the network has none without --biases",
                       l + 1);
  for (size_t l = net->layers; l < MLP_MAX_LAYERS; l++)
    if (from->layers[l].law)
      return wlaw_fail(err, WLAW_SHAPE, "--init-from has a fit of %s, and the network has %zu layer%s",
                       from->layers[l].tensor, net->layers, net->layers == 1 ? "" : "s");
  return WLAW_OK;
}

/* The sizes of the tensors that the law covers. */
static wlaw_status check_network(const network_operand *fit, const mlp *net, wlaw_error *err) {
  const network_layout *layout = &fit->gaussian->layout;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    const size_t rows = net->width[tensor->layer + 1], cols = tensor->is_bias ? 1 : net->width[tensor->layer];
    if (tensor->rows == rows && tensor->cols == cols) continue;
    wlaw_fail(err, WLAW_SHAPE, "layer %zu of the network needs %zux%zu, and the fit of --init-from has %zux%zu",
              tensor->layer + 1, rows, cols, tensor->rows, tensor->cols);
    return wlaw_error_in_tensor(err, WLAW_SHAPE, fit->names[t]);
  }
  return WLAW_OK;
}

wlaw_status wlaw_init_from_laws(initial_laws *laws, init_from *from, const mlp *net, wlaw_error *err) {
  if (from->network.gaussian) {
    WLAW_TRY(check_network(&from->network, net, err));
    if (!from->sampler) WLAW_TRY(wlaw_network_sampler_new(&from->sampler, from->network.gaussian, err));
    laws->network = from->sampler;
    laws->layout = &from->network.gaussian->layout;
  }
  for (size_t l = 0; l < net->layers; l++) {
    const law_operand *fit = &from->layers[l];
    if (!fit->law) continue;
    const wlaw_status status = wlaw_law_operand_check(fit, net->width[l + 1], net->width[l], err);
    if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, fit->tensor);
    laws->weight[l] = fit->law;
  }
  return WLAW_OK;
}

/* Place of a layer's weight in a layout; n_tensors where it has none. */
static size_t weight_of(const network_layout *layout, size_t layer) {
  size_t t = 0;
  while (t < layout->n_tensors && (layout->tensors[t].is_bias || layout->tensors[t].layer != layer)) t++;
  return t;
}

bool wlaw_init_from_covers(const init_from *from, size_t layer) {
  if (layer >= MLP_MAX_LAYERS) return false;
  if (!from->network.gaussian) return from->layers[layer].law != NULL;
  return weight_of(&from->network.gaussian->layout, layer) < from->network.gaussian->layout.n_tensors;
}

wlaw_status wlaw_init_from_moments(matrix_gaussian *out, double *kurtosis, const init_from *from, size_t layer,
                                   size_t rows, size_t cols, wlaw_error *err) {
  *kurtosis = 3.0;
  if (!from->network.gaussian) {
    WLAW_TRY(wlaw_law_operand_check(&from->layers[layer], rows, cols, err));
    return wlaw_matrix_gaussian(out, from->layers[layer].law, rows, cols, err);
  }
  const network_layout *layout = &from->network.gaussian->layout;
  const network_tensor *tensor = &layout->tensors[weight_of(layout, layer)];
  if (tensor->rows != rows || tensor->cols != cols)
    return wlaw_fail(err, WLAW_SHAPE, "the law is of a fit to matrices of %zux%zu and says nothing of %zux%zu",
                     tensor->rows, tensor->cols, rows, cols);
  /* averaged over permutations of labelled nodes a Gaussian law is Gaussian no more */
  if (tensor->rows_labelled || tensor->cols_labelled) *kurtosis = NAN;
  return wlaw_network_marginal(out, from->network.gaussian, weight_of(layout, layer), err);
}

wlaw_status wlaw_init_from_verify(const char *path, const char *sha256, wlaw_error *err) {
  char *bytes = NULL, found[65];
  size_t n = 0;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, path, OPERAND_DOCUMENT, err));
  wlaw_status status = wlaw_hash_bytes(found, bytes, n, err);
  free(bytes);
  if (status == WLAW_OK && strcmp(found, sha256) != 0)
    status = wlaw_fail(err, WLAW_VALUE, "this is not the document whose laws the run began with");
  return status == WLAW_OK ? status : wlaw_error_in_file(err, status, path);
}

static void put_tensor(bool *failed, json_t *tensors, const char *name, const char *law) {
  json_t *tensor = json_object();
  wlaw_json_put(failed, tensor, "name", wlaw_json_text(name));
  wlaw_json_put(failed, tensor, "law", json_string(law));
  wlaw_json_append(failed, tensors, tensor);
}

json_t *wlaw_init_from_json(bool *failed, const init_from *from) {
  if (!from->bytes) return json_null();
  json_t *object = json_object(), *tensors = json_array();
  const network_gaussian *whole = from->network.gaussian;
  for (size_t l = 0; l < MLP_MAX_LAYERS; l++)
    if (from->layers[l].law) put_tensor(failed, tensors, from->layers[l].tensor, from->layers[l].law->ops->name);
  for (size_t t = 0; whole && t < whole->layout.n_tensors; t++) {
    const network_tensor *tensor = &whole->layout.tensors[t];
    char name[40]; /* in the run, whatever the fit calls it */
    snprintf(name, sizeof name, "layer%zu.%s", tensor->layer + 1, tensor->is_bias ? "bias" : "weight");
    put_tensor(failed, tensors, name, wlaw_law_network.name);
  }
  wlaw_json_put(failed, object, "file", json_string(INIT_FROM_FILE));
  wlaw_json_put(failed, object, "sha256", json_string(from->sha256));
  wlaw_json_put(failed, object, "tensors", tensors);
  return object;
}
