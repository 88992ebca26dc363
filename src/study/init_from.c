#include "study/init_from.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "study/run.h"

enum { LARGEST_DOCUMENT = 1 << 28 }; /* bytes; fits of networks with labelled inputs have about 10^8 */

void wlaw_init_from_release(init_from *from) {
  for (size_t l = 0; l < MLP_MAX_LAYERS; l++) wlaw_law_operand_release(&from->layers[l]);
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
  wlaw_status status = wlaw_input_whole(&out->bytes, &out->n, path, LARGEST_DOCUMENT, err);
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
  for (size_t l = net->layers; l < MLP_MAX_LAYERS; l++)
    if (from->layers[l].law)
      return wlaw_fail(err, WLAW_SHAPE, "there is a fit of %s, and the network has %zu layers", from->layers[l].tensor,
                       net->layers);
  return WLAW_OK;
}

wlaw_status wlaw_init_from_laws(initial_laws *laws, const init_from *from, const mlp *net, wlaw_error *err) {
  for (size_t l = 0; l < net->layers; l++) {
    const law_operand *fit = &from->layers[l];
    if (!fit->law) continue;
    const wlaw_status status = wlaw_law_operand_check(fit, net->width[l + 1], net->width[l], err);
    if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, fit->tensor);
    laws->weight[l] = fit->law;
  }
  return WLAW_OK;
}

wlaw_status wlaw_init_from_moments(matrix_gaussian *out, double *kurtosis, const init_from *from, size_t layer,
                                   size_t rows, size_t cols, wlaw_error *err) {
  const law_operand *fit = layer < MLP_MAX_LAYERS ? &from->layers[layer] : NULL;
  if (!fit || !fit->law) return wlaw_fail(err, WLAW_FORMAT, "it has no law of layer%zu.weight", layer + 1);
  *kurtosis = 3.0;
  WLAW_TRY(wlaw_law_operand_check(fit, rows, cols, err));
  return wlaw_matrix_gaussian(out, fit->law, rows, cols, err);
}

wlaw_status wlaw_init_from_verify(const char *path, const char *sha256, wlaw_error *err) {
  char *bytes = NULL, found[65];
  size_t n = 0;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, path, LARGEST_DOCUMENT, err));
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
  for (size_t l = 0; l < MLP_MAX_LAYERS; l++)
    if (from->layers[l].law) put_tensor(failed, tensors, from->layers[l].tensor, from->layers[l].law->ops->name);
  wlaw_json_put(failed, object, "file", json_string(INIT_FROM_FILE));
  wlaw_json_put(failed, object, "sha256", json_string(from->sha256));
  wlaw_json_put(failed, object, "tensors", tensors);
  return object;
}
