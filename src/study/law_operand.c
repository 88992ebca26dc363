#include "study/law_operand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "study/empirical_operand.h"
#include "study/fit.h"

void wlaw_law_operand_release(law_operand *operand) {
  wlaw_law_free(operand->law);
  free(operand->tensor);
  *operand = (law_operand){0};
}

char *wlaw_law_written(const wlaw_law *law) {
  size_t needed = 0;
  if (wlaw_law_text(law, NULL, 0, &needed, NULL) != WLAW_OK) return NULL;
  char *text = malloc(needed);
  if (!text || wlaw_law_text(law, text, needed, NULL, NULL) == WLAW_OK) return text;
  free(text);
  return NULL;
}

wlaw_status wlaw_law_operand_check(const law_operand *operand, size_t rows, size_t cols, wlaw_error *err) {
  if (operand->rows == 0 || (operand->rows == rows && operand->cols == cols)) return WLAW_OK;
  wlaw_fail(err, WLAW_SHAPE, "the law is of a fit to matrices of %zux%zu and says nothing of %zux%zu", operand->rows,
            operand->cols, rows, cols);
  return wlaw_error_add_hint(err, WLAW_SHAPE, "write the law out to use its numbers at another size");
}

static const char *tensor_of(const json_t *fit) {
  const char *name = json_string_value(json_object_get(fit, "tensor"));
  return name ? name : "";
}

/* Among several fits none is the obvious one: the sentence lists them. */
static wlaw_status fail_choice(const json_t *fits, const char *tensor, wlaw_error *err) {
  text_buffer names = {0};
  for (size_t i = 0; i < json_array_size(fits); i++)
    wlaw_text_add(&names, "%s%s", i ? ", " : "", tensor_of(json_array_get(fits, i)));
  if (tensor) wlaw_fail(err, WLAW_NAME, "it has no fit of a tensor '%s'", tensor);
  else wlaw_fail(err, WLAW_NAME, "it has %zu fits; name one as @FILE#TENSOR", json_array_size(fits));
  wlaw_error_add_hint(err, WLAW_NAME, "the tensors are %s", wlaw_text_string(&names));
  wlaw_text_free(&names);
  return WLAW_NAME;
}

/* The fit meant, borrowed from the document. tensor NULL: the only one. */
static wlaw_status choose_fit(const json_t **out, const json_t *document, const char *tensor, wlaw_error *err) {
  const char *schema = json_string_value(json_object_get(document, "schema"));
  const json_t *fits = json_object_get(document, "fits");
  if (!schema) return wlaw_fail(err, WLAW_FORMAT, "it names no schema, so it is not a document of weightlaw fit");
  if (strcmp(schema, "weightlaw.fit/1") == 0) {
    if (tensor && strcmp(tensor, tensor_of(document)) != 0)
      return wlaw_fail(err, WLAW_NAME, "it is the fit of the tensor '%s', not of '%s'", tensor_of(document), tensor);
    *out = document;
    return WLAW_OK;
  }
  if (strcmp(schema, "weightlaw.fits/1") != 0)
    return wlaw_fail(err, WLAW_FORMAT, "its schema is '%s', not weightlaw.fit/1 or weightlaw.fits/1", schema);
  *out = json_array_size(fits) == 1 && !tensor ? json_array_get(fits, 0) : NULL;
  for (size_t i = 0; i < json_array_size(fits) && tensor && !*out; i++)
    if (strcmp(tensor, tensor_of(json_array_get(fits, i))) == 0) *out = json_array_get(fits, i);
  return *out ? WLAW_OK : fail_choice(fits, tensor, err);
}

static wlaw_status read_size(size_t *out, const json_t *fit, const char *key, wlaw_error *err) {
  const json_int_t value = json_integer_value(json_object_get(fit, key));
  if (value <= 0 || (uint64_t)value > SIZE_MAX)
    return wlaw_fail(err, WLAW_FORMAT, "its '%s' is not a positive integer", key);
  *out = (size_t)value;
  return WLAW_OK;
}

/* What the document should hold for one parameter of the law, at the size of the fit. */
typedef struct parameter_shape {
  size_t copies; /* numbers, or rows and columns */
  bool is_list, is_square;
  bool absent; /* no such component at this size: the law does not use the number */
} parameter_shape;

static parameter_shape shape_of(const law_parameter *row, const matrix_layout *layout) {
  const matrix_block *blocks = layout->blocks;
  if (strcmp(row->name, "mean") == 0) return (parameter_shape){blocks[0].copies, blocks[0].is_matrix, false, false};
  for (size_t b = 0; b < layout->n_blocks; b++)
    if (strcmp(row->name, blocks[b].name) == 0)
      return (parameter_shape){blocks[b].copies, blocks[b].is_matrix, blocks[b].is_matrix, blocks[b].dimension == 0};
  return (parameter_shape){1, false, false, false};
}

/* A number as text; null leaves *known false. false: no number. */
static bool add_number(text_buffer *text, const json_t *value, bool *known) {
  double number;
  if (!value || !wlaw_json_number(value, &number)) return false;
  if (isnan(number)) *known = false;
  wlaw_text_add(text, "%.17g", number);
  return true;
}

/* A vector, or a square matrix row by row, in the leading places of the list; the places the law does not use at this
 * size are 0. */
static bool add_list(text_buffer *text, const json_t *value, size_t length, parameter_shape shape, bool *known) {
  const size_t side = shape.is_square ? (size_t)lround(sqrt((double)length)) : length;
  bool fits = json_array_size(value) == shape.copies && shape.copies <= side;
  wlaw_text_add(text, "[");
  for (size_t i = 0; i < (shape.is_square ? side : 1); i++) {
    const json_t *row = shape.is_square ? json_array_get(value, i) : value;
    if (!shape.absent && i < shape.copies) fits = fits && json_array_size(row) == shape.copies;
    for (size_t j = 0; j < side; j++) {
      if (i + j) wlaw_text_add(text, ",");
      if (shape.absent || i >= shape.copies || j >= shape.copies) wlaw_text_add(text, "0");
      else fits = fits && add_number(text, json_array_get(row, j), known);
    }
  }
  wlaw_text_add(text, "]");
  return fits || shape.absent;
}

/* "name(parameter=value, ...)" from the parameters of a fit, which have the names and the order the law's table has. */
static wlaw_status write_law(text_buffer *text, const law_ops *law, const matrix_layout *layout, const json_t *fit,
                             wlaw_error *err) {
  const json_t *parameters = json_object_get(fit, "parameters");
  text_buffer missing = {0};
  wlaw_status status = WLAW_OK;
  wlaw_text_add(text, "%s(", law->name);
  for (size_t i = 0; i < law->n_parameters && status == WLAW_OK; i++) {
    const law_parameter *row = &law->parameters[i];
    const parameter_shape shape = shape_of(row, layout);
    const json_t *value = json_object_get(parameters, row->name);
    bool known = true, fits = true;
    wlaw_text_add(text, "%s%s=", i ? "," : "", row->name);
    if (shape.is_list) fits = add_list(text, value, row->length, shape, &known);
    else if (shape.absent) wlaw_text_add(text, "0");
    else fits = add_number(text, value, &known);
    if (!fits && json_is_null(value)) known = false;
    else if (!fits)
      status = wlaw_fail(err, WLAW_FORMAT, "its parameter %s is not what the law %s has at %zux%zu", row->name,
                         law->name, layout->rows, layout->cols);
    if (!known) wlaw_text_add(&missing, "%s%s", missing.length ? ", " : "", row->name);
  }
  wlaw_text_add(text, ")");
  if (status == WLAW_OK && (text->failed || missing.failed)) status = wlaw_fail_memory(err, text->length, 1);
  if (status == WLAW_OK && missing.length) {
    wlaw_fail(err, WLAW_VALUE, "the fit does not determine %s of the law %s", wlaw_text_string(&missing), law->name);
    status = wlaw_error_add_hint(err, WLAW_VALUE, "fit more networks, or write the law out");
  }
  wlaw_text_free(&missing);
  return status;
}

static wlaw_status read_fit(law_operand *out, const json_t *fit, wlaw_error *err) {
  const char *name = json_string_value(json_object_get(fit, "law"));
  const law_ops *law = NULL;
  matrix_layout layout;
  text_buffer text = {0};
  if (!name) return wlaw_fail(err, WLAW_FORMAT, "it names no law");
  if (strcmp(name, "network") == 0) {
    wlaw_fail(err, WLAW_ARGUMENT, "it is the law of whole networks, where the law of one matrix is wanted");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT,
                               "draw, compare and train --init-from take it; a fit with --tensor has the law of one");
  }
  WLAW_TRY(wlaw_study_law(&law, name, err));
  WLAW_TRY(read_size(&out->rows, fit, "rows", err));
  WLAW_TRY(read_size(&out->cols, fit, "cols", err));
  WLAW_TRY(read_size(&out->networks, fit, "networks", err));
  WLAW_TRY(law->matrix->layout(&layout, out->rows, out->cols, err));
  out->tensor = wlaw_text_duplicate(tensor_of(fit), strlen(tensor_of(fit)));
  if (!out->tensor) return wlaw_fail_memory(err, strlen(tensor_of(fit)) + 1, 1);
  wlaw_status status = write_law(&text, law, &layout, fit, err);
  if (status == WLAW_OK) status = wlaw_law_parse(&out->law, wlaw_text_string(&text), err);
  wlaw_text_free(&text);
  return status;
}

wlaw_status wlaw_law_operand_parse(law_operand *out, const json_t *fit, wlaw_error *err) {
  *out = (law_operand){0};
  const wlaw_status status = read_fit(out, fit, err);
  if (status == WLAW_OK) return WLAW_OK;
  if (*tensor_of(fit)) wlaw_error_in_tensor(err, status, tensor_of(fit));
  wlaw_law_operand_release(out);
  return status;
}

wlaw_status wlaw_operand_document(json_t **out, const char *path, wlaw_error *err) {
  char *bytes = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, path, OPERAND_DOCUMENT, err));
  const wlaw_status status = wlaw_json_parse(out, bytes, n, err);
  free(bytes);
  return status;
}

static wlaw_status read_document(law_operand *out, const char *path, const char *tensor, wlaw_error *err) {
  json_t *document = NULL;
  const json_t *fit = NULL;
  WLAW_TRY(wlaw_operand_document(&document, path, err));
  wlaw_status status = choose_fit(&fit, document, tensor, err);
  if (status == WLAW_OK) status = wlaw_law_operand_parse(out, fit, err);
  json_decref(document);
  return status;
}

wlaw_status wlaw_operand_path(char **path, const char **part, const char *text, size_t n, wlaw_error *err) {
  char *copy = *path = wlaw_text_duplicate(text, n);
  if (!copy) return wlaw_fail_memory(err, n + 1, 1);
  char *hash = wlaw_path_exists(copy) ? NULL : strrchr(copy, '#');
  *part = hash ? hash + 1 : NULL;
  if (hash) *hash = '\0';
  if (*copy) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "'@%.80s' names no file", text);
}

wlaw_status wlaw_law_operand_read(law_operand *out, const char *text, wlaw_error *err) {
  *out = (law_operand){0};
  if (wlaw_empirical_operand(text)) return wlaw_empirical_operand_read(&out->law, text, err);
  if (*text != '@') return wlaw_law_parse(&out->law, text, err);
  char *path = NULL;
  const char *tensor = NULL;
  wlaw_status status = wlaw_operand_path(&path, &tensor, text + 1, strlen(text + 1), err);
  if (status == WLAW_ARGUMENT) wlaw_error_add_hint(err, status, "@FIT.json is what fit --json wrote");
  if (status == WLAW_OK) {
    status = read_document(out, path, tensor, err);
    if (status != WLAW_OK) wlaw_error_in_file(err, status, path);
  }
  free(path);
  return status;
}
