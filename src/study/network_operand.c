/* The law of whole networks that a document of `fit --law network --json` holds. Nothing in the document is believed:
 * sizes must agree with its layers before anything is allocated by them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "math/symmetric.h"
#include "study/law_operand.h"
#include "study/network_study.h"

void wlaw_network_operand_release(network_operand *operand) {
  if (operand->gaussian && operand->names)
    for (size_t t = 0; t < operand->gaussian->layout.n_tensors; t++) free(operand->names[t]);
  free(operand->names);
  wlaw_network_gaussian_free(operand->gaussian);
  *operand = (network_operand){0};
}

/* ---- the layers */

static wlaw_status read_count(size_t *out, const json_t *object, const char *key, const char *of, wlaw_error *err) {
  const json_int_t value = json_integer_value(json_object_get(object, key));
  if (value <= 0 || (uint64_t)value > SIZE_MAX)
    return wlaw_fail(err, WLAW_FORMAT, "the '%s' of %s is not a positive integer", key, of);
  *out = (size_t)value;
  return WLAW_OK;
}

static wlaw_status read_layer(network_shape *shape, const json_t *layer, size_t l, wlaw_error *err) {
  const char *name = json_string_value(json_object_get(layer, "name"));
  const json_t *bias = json_object_get(layer, "bias");
  size_t cols = 0;
  if (!name) return wlaw_fail(err, WLAW_FORMAT, "its layer %zu has no name", l + 1);
  if (!json_is_null(bias) && !json_is_string(bias))
    return wlaw_fail(err, WLAW_FORMAT, "the bias of its layer %s is neither a name nor null", name);
  WLAW_TRY(read_count(&shape->width[l + 1], layer, "rows", name, err));
  WLAW_TRY(read_count(&cols, layer, "cols", name, err));
  if (l > 0 && cols != shape->width[l])
    return wlaw_fail(err, WLAW_SHAPE, "its layer %s has %zu columns where the layer below has %zu rows", name, cols,
                     shape->width[l]);
  shape->width[l] = cols;
  shape->bias[l] = json_is_string(bias);
  return WLAW_OK;
}

static wlaw_status read_side(network_side *out, const json_t *document, const char *key,
                             network_side (*side_of)(const char *text), wlaw_error *err) {
  const char *text = json_string_value(json_object_get(document, key));
  if (text) *out = side_of(text);
  if (text && strcmp(text, wlaw_network_side_name(*out)) == 0) return WLAW_OK;
  return wlaw_fail(err, WLAW_FORMAT, "its '%s' is not one of what such a fit can say", key);
}

static wlaw_status read_shape(network_shape *out, const json_t *document, wlaw_error *err) {
  const json_t *layers = json_object_get(document, "layers");
  memset(out, 0, sizeof *out);
  out->layers = json_array_size(layers);
  if (out->layers == 0 || out->layers > NETWORK_LAYERS)
    return wlaw_fail(err, WLAW_FORMAT, "its 'layers' is not a list of 1 to %d layers", NETWORK_LAYERS);
  for (size_t l = 0; l < out->layers; l++) WLAW_TRY(read_layer(out, json_array_get(layers, l), l, err));
  WLAW_TRY(read_side(&out->input, document, "inputs", wlaw_network_input, err));
  return read_side(&out->output, document, "outputs", wlaw_network_output, err);
}

static wlaw_status read_names(network_operand *out, const json_t *document, wlaw_error *err) {
  const network_layout *layout = &out->gaussian->layout;
  out->names = wlaw_array(layout->n_tensors, sizeof *out->names);
  if (!out->names) return wlaw_fail_memory(err, layout->n_tensors, sizeof *out->names);
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const json_t *layer = json_array_get(json_object_get(document, "layers"), layout->tensors[t].layer);
    const char *name = json_string_value(json_object_get(layer, layout->tensors[t].is_bias ? "bias" : "name"));
    out->names[t] = wlaw_text_duplicate(name, strlen(name));
    if (!out->names[t]) return wlaw_fail_memory(err, strlen(name) + 1, 1);
  }
  return WLAW_OK;
}

/* ---- the numbers: first their sizes, then themselves */

static const json_t *set_of(const json_t *parameters, size_t s) {
  return json_array_get(json_object_get(parameters, "nodes"), s);
}

static wlaw_status check_square(const json_t *value, size_t n, const char *name, wlaw_error *err) {
  bool fits = json_array_size(value) == n;
  for (size_t i = 0; fits && i < n; i++) fits = json_array_size(json_array_get(value, i)) == n;
  if (fits || json_is_null(value)) return WLAW_OK;
  return wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not the covariance of %zu numbers that its layers have", name,
                   n);
}

static wlaw_status check_set(const json_t *node, const network_layout *layout, size_t s, wlaw_error *err) {
  const network_set *set = &layout->sets[s];
  const json_t *copies = json_object_get(node, "copies"), *covariance = json_object_get(node, "covariance");
  const json_t *place = json_object_get(node, "set"), *width = json_object_get(node, "width");
  char name[32], key[32];
  wlaw_network_block_name(name, sizeof name, layout, 1 + s);
  bool same = json_is_integer(place) && json_integer_value(place) == (json_int_t)set->set &&
              json_integer_value(width) == (json_int_t)set->width && json_array_size(copies) == set->copies;
  for (size_t c = 0; same && c < set->copies; c++) {
    const char *text = json_string_value(json_array_get(copies, c));
    wlaw_network_copy_key(key, sizeof key, layout, s, c);
    same = text && strcmp(text, key) == 0;
  }
  if (!same)
    return wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not of the nodes and copies that its layers give set %zu",
                     name, set->set);
  return check_square(covariance, set->copies, name, err);
}

static wlaw_status check_sizes(const json_t *parameters, const network_layout *layout, wlaw_error *err) {
  const json_t *mean = json_object_get(parameters, "mean"), *entries = json_object_get(parameters, "entries");
  if (!json_is_null(mean) && json_array_size(mean) != layout->trivial)
    return wlaw_fail(err, WLAW_FORMAT, "its parameter mean is not the list of %zu numbers that its layers have",
                     layout->trivial);
  WLAW_TRY(check_square(json_object_get(parameters, "trivial"), layout->trivial, "trivial", err));
  if (json_array_size(json_object_get(parameters, "nodes")) != layout->n_sets)
    return wlaw_fail(err, WLAW_FORMAT, "its parameter nodes is not a list of the %zu node sets that its layers have",
                     layout->n_sets);
  for (size_t s = 0; s < layout->n_sets; s++) WLAW_TRY(check_set(set_of(parameters, s), layout, s, err));
  if (json_array_size(entries) != layout->shape.layers)
    return wlaw_fail(err, WLAW_FORMAT, "its parameter entries is not a list of a number for each of its %zu layers",
                     layout->shape.layers);
  return WLAW_OK;
}

/* n numbers of a list. null, or a list with a null: not determined, and the name joins the missing ones. */
static wlaw_status read_list(double *out, const json_t *list, size_t n, const char *name, bool *known,
                             wlaw_error *err) {
  for (size_t i = 0; i < n; i++) {
    const json_t *value = json_is_null(list) ? list : json_array_get(list, i);
    if (!wlaw_json_number(value, &out[i]) || (!json_is_null(value) && !isfinite(out[i])))
      return wlaw_fail(err, WLAW_FORMAT, "its parameter %s holds something that is not a finite number", name);
    if (json_is_null(value)) *known = false;
  }
  return WLAW_OK;
}

static void add_missing(text_buffer *missing, const char *name, bool known) {
  if (!known) wlaw_text_add(missing, "%s%s", missing->length ? ", " : "", name);
}

/* As wlaw_matrix_check: exactly symmetric, and no eigenvalue further below zero than rounding takes it. */
static wlaw_status check_covariance(const double *a, size_t n, const char *name, wlaw_error *err) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      if (!(a[i * n + j] == a[j * n + i]))
        return wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not symmetric", name);
  double *values = wlaw_array(n, sizeof *values);
  if (!values) return wlaw_fail_memory(err, n, sizeof *values);
  wlaw_status status = wlaw_symmetric_eigenvalues(values, a, n, err);
  if (status == WLAW_OK && !(values[0] >= -1e-12 * (double)n * values[n - 1]))
    status = wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not a covariance (an eigenvalue is %g)", name, values[0]);
  free(values);
  return status;
}

static wlaw_status read_covariance(double *out, const json_t *rows, size_t n, const char *name, text_buffer *missing,
                                   wlaw_error *err) {
  bool known = !json_is_null(rows);
  for (size_t i = 0; known && i < n; i++)
    WLAW_TRY(read_list(out + i * n, json_array_get(rows, i), n, name, &known, err));
  add_missing(missing, name, known);
  return known ? check_covariance(out, n, name, err) : WLAW_OK;
}

static wlaw_status read_entries(network_gaussian *out, const json_t *entries, text_buffer *missing, wlaw_error *err) {
  const network_layout *layout = &out->layout;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    char name[32];
    bool known = true;
    if (tensor->entries == NETWORK_NONE || tensor->rows < 2 || tensor->cols < 2) continue;
    double *value = &out->entries[tensor->entries];
    wlaw_network_block_name(name, sizeof name, layout, 1 + layout->n_sets + tensor->entries);
    const json_t *one = json_array_get(entries, tensor->layer);
    if (!wlaw_json_number(one, value) || (!json_is_null(one) && !(*value >= 0.0 && isfinite(*value))))
      return wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not a variance", name);
    known = !json_is_null(one);
    add_missing(missing, name, known);
  }
  return WLAW_OK;
}

/* Into zeros: blocks that do not exist at this size stay so. */
static wlaw_status read_numbers(network_gaussian *out, const json_t *parameters, text_buffer *missing,
                                wlaw_error *err) {
  const network_layout *layout = &out->layout;
  bool known = true;
  WLAW_TRY(read_list(out->mean, json_object_get(parameters, "mean"), layout->trivial, "mean", &known, err));
  add_missing(missing, "mean", known);
  WLAW_TRY(
      read_covariance(out->trivial, json_object_get(parameters, "trivial"), layout->trivial, "trivial", missing, err));
  for (size_t s = 0; s < layout->n_sets; s++) {
    char name[32];
    if (layout->sets[s].width < 2) continue;
    wlaw_network_block_name(name, sizeof name, layout, 1 + s);
    WLAW_TRY(read_covariance(out->sets[s], json_object_get(set_of(parameters, s), "covariance"), layout->sets[s].copies,
                             name, missing, err));
  }
  return read_entries(out, json_object_get(parameters, "entries"), missing, err);
}

static wlaw_status read_law(network_operand *out, const json_t *parameters, wlaw_error *err) {
  text_buffer missing = {0};
  wlaw_status status = read_numbers(out->gaussian, parameters, &missing, err);
  if (status == WLAW_OK && missing.failed) status = wlaw_fail_memory(err, missing.length, 1);
  if (status == WLAW_OK && missing.length > 0) {
    wlaw_fail(err, WLAW_VALUE, "the fit does not determine %s of the law network", wlaw_text_string(&missing));
    status = wlaw_error_add_hint(err, WLAW_VALUE, "fit more networks");
  }
  wlaw_text_free(&missing);
  return status;
}

/* ---- the document */

static wlaw_status read_document(network_operand *out, const json_t *document, wlaw_error *err) {
  const char *schema = json_string_value(json_object_get(document, "schema")),
             *law = json_string_value(json_object_get(document, "law"));
  static const char *const hint = "fit --law network --json writes one of whole networks";
  const json_t *parameters = json_object_get(document, "parameters");
  network_shape shape;
  network_layout layout;
  if (!schema || strcmp(schema, "weightlaw.fit/1") != 0) {
    wlaw_fail(err, WLAW_FORMAT, "its schema is '%s', not weightlaw.fit/1", schema ? schema : "");
    return wlaw_error_add_hint(err, WLAW_FORMAT, hint);
  }
  if (!law || strcmp(law, "network") != 0) {
    wlaw_fail(err, WLAW_ARGUMENT, "it is a fit of the law '%s', not of whole networks", law ? law : "");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, hint);
  }
  WLAW_TRY(read_count(&out->networks, document, "networks", "the document", err));
  WLAW_TRY(read_shape(&shape, document, err));
  WLAW_TRY(wlaw_network_layout(&layout, &shape, err));
  WLAW_TRY(check_sizes(parameters, &layout, err));
  WLAW_TRY(wlaw_network_gaussian_new(&out->gaussian, &layout, err));
  WLAW_TRY(read_names(out, document, err));
  return read_law(out, parameters, err);
}

wlaw_status wlaw_network_operand_parse(network_operand *out, const json_t *document, wlaw_error *err) {
  *out = (network_operand){0};
  const wlaw_status status = read_document(out, document, err);
  if (status != WLAW_OK) wlaw_network_operand_release(out);
  return status;
}

static wlaw_status read_path(network_operand *out, const char *path, const char *part, wlaw_error *err) {
  json_t *document = NULL;
  if (part) return wlaw_fail(err, WLAW_ARGUMENT, "a law of whole networks has no part '%s' to choose", part);
  WLAW_TRY(wlaw_operand_document(&document, path, err));
  const wlaw_status status = wlaw_network_operand_parse(out, document, err);
  json_decref(document);
  return status;
}

wlaw_status wlaw_network_operand_read(network_operand *out, const char *text, wlaw_error *err) {
  char *path = NULL;
  const char *part = NULL;
  *out = (network_operand){0};
  if (*text != '@')
    return wlaw_fail(err, WLAW_ARGUMENT, "'%.80s' is not @FIT.json, what fit --law network --json wrote", text);
  wlaw_status status = wlaw_operand_path(&path, &part, text + 1, strlen(text + 1), err);
  if (status == WLAW_OK) {
    status = read_path(out, path, part, err);
    if (status != WLAW_OK) wlaw_error_in_file(err, status, path);
  }
  free(path);
  return status;
}

/* Whether an object in the text has the key "law" with the value "network". Documents may have a hundred megabytes:
 * parsing them to learn that they are to be parsed takes a second. */
static bool names_network(const char *text) {
  static const char *const blank = " \t\r\n";
  for (const char *at = text; (at = strstr(at, "\"law\"")) != NULL;) {
    at += strlen("\"law\"");
    const char *value = at + strspn(at, blank);
    if (*value != ':') continue;
    value += 1 + strspn(value + 1, blank);
    if (strncmp(value, "\"network\"", strlen("\"network\"")) == 0) return true;
  }
  return false;
}

bool wlaw_network_operand_is(const char *text) {
  char *path = NULL, *bytes = NULL;
  const char *part = NULL;
  size_t n = 0;
  bool is = false;
  if (*text != '@') return false;
  if (wlaw_operand_path(&path, &part, text + 1, strlen(text + 1), NULL) == WLAW_OK &&
      wlaw_input_whole(&bytes, &n, path, OPERAND_DOCUMENT, NULL) == WLAW_OK)
    is = names_network(bytes);
  free(bytes);
  free(path);
  return is;
}
