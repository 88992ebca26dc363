#include "study/empirical_operand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/memory.h"
#include "law/node.h"
#include "study/law_operand.h"
#include "tensor/tensor.h"

enum { LARGEST_DOCUMENT = 1 << 26, BLOCK = 1 << 16 }; /* bytes; elements read at a time */

static const char name[] = "empirical", spaces[] = " \t\r\n";

/* The place behind "(", or NULL. */
static const char *opened(const char *text) {
  text += strspn(text, spaces);
  if (strncmp(text, name, sizeof name - 1) != 0) return NULL;
  text += sizeof name - 1;
  text += strspn(text, spaces);
  return *text == '(' ? text + 1 + strspn(text + 1, spaces) : NULL;
}

bool wlaw_empirical_operand(const char *text) {
  const char *inside = opened(text);
  return inside && *inside == '@';
}

typedef struct operand_parts {
  char *argument;   /* all between the parentheses, without spaces at the ends */
  char *path;       /* without '@' */
  const char *part; /* layer or tensor, behind '#'; NULL: the only one */
  double threshold; /* NaN: not given */
} operand_parts;

static void parts_free(operand_parts *parts) {
  free(parts->argument);
  free(parts->path);
}

static size_t trimmed(const char *text, size_t n) {
  while (n && strchr(spaces, text[n - 1])) n--;
  return n;
}

/* ", threshold = h" at the end of the argument: its place there, and h. 0: there is none. */
static wlaw_status find_threshold(size_t *place, double *threshold, const char *argument, wlaw_error *err) {
  static const char option[] = "threshold";
  const char *comma = strrchr(argument, ','), *at = comma ? comma + 1 + strspn(comma + 1, spaces) : "";
  *place = 0;
  *threshold = NAN;
  if (strncmp(at, option, sizeof option - 1) != 0) return WLAW_OK;
  at += sizeof option - 1;
  at += strspn(at, spaces);
  if (*at != '=') return WLAW_OK; /* part of a file's name */
  at += 1 + strspn(at + 1, spaces);
  if (!wlaw_text_real(at, threshold) || !(*threshold >= 0.0))
    return wlaw_fail(err, WLAW_ARGUMENT, "law 'empirical': the threshold '%.40s' is no finite number from 0 on", at);
  *place = (size_t)(comma - argument);
  return WLAW_OK;
}

static wlaw_status split(operand_parts *parts, const char *text, wlaw_error *err) {
  const char *inside = opened(text);
  size_t n = trimmed(inside, strlen(inside)), place;
  if (n == 0 || inside[n - 1] != ')')
    return wlaw_fail(err, WLAW_ARGUMENT, "law '%.80s': ')' is missing at the end", text);
  n = trimmed(inside, n - 1);
  parts->argument = wlaw_text_duplicate(inside, n);
  if (!parts->argument) return wlaw_fail_memory(err, n + 1, 1);
  WLAW_TRY(find_threshold(&place, &parts->threshold, parts->argument, err));
  if (place) n = trimmed(inside, place);
  return wlaw_operand_path(&parts->path, &parts->part, inside + 1, n - 1, err);
}

/* A measure under construction owns its arrays. */
static void measure_free(node_measure *measure) {
  free(measure->x);
  free(measure->weight);
  free(measure->se);
}

/* ---- the limit of a document ---- */

static const char *name_of(const json_t *layer) {
  const char *text = json_string_value(json_object_get(layer, "name"));
  return text ? text : "";
}

static wlaw_status choose_layer(const json_t **out, const json_t *document, const char *wanted, wlaw_error *err) {
  const json_t *layers = json_object_get(document, "layers");
  const size_t n = json_array_size(layers);
  *out = n == 1 && !wanted ? json_array_get(layers, 0) : NULL;
  for (size_t i = 0; i < n && wanted && !*out; i++)
    if (strcmp(wanted, name_of(json_array_get(layers, i))) == 0) *out = json_array_get(layers, i);
  if (*out) return WLAW_OK;
  text_buffer names = {0};
  for (size_t i = 0; i < n; i++) wlaw_text_add(&names, "%s%s", i ? ", " : "", name_of(json_array_get(layers, i)));
  if (wanted) wlaw_fail(err, WLAW_NAME, "it has no layer '%s'", wanted);
  else wlaw_fail(err, WLAW_NAME, "it has %zu layers; name one as empirical(@FILE#LAYER)", n);
  wlaw_error_add_hint(err, WLAW_NAME, "the layers are %s", wlaw_text_string(&names));
  wlaw_text_free(&names);
  return WLAW_NAME;
}

/* Points of a tail: x ascending, rhobar there, its error. */
typedef struct tail_points {
  size_t n;
  double *x, *value, *se;
} tail_points;

static wlaw_status read_points(tail_points *points, const json_t *tail, wlaw_error *err) {
  const json_t *x = json_object_get(tail, "x"), *value = json_object_get(tail, "value"),
               *se = json_object_get(tail, "se");
  const size_t n = json_array_size(x);
  if (n == 0 || json_array_size(value) != n || json_array_size(se) != n)
    return wlaw_fail(err, WLAW_FORMAT, "its tail has no lists x, value and se of one length");
  double before = 0.0;
  for (size_t i = 0; i < n; i++) {
    double at, height, error;
    const bool numbers = wlaw_json_number(json_array_get(x, i), &at) &&
                         wlaw_json_number(json_array_get(value, i), &height) &&
                         wlaw_json_number(json_array_get(se, i), &error);
    if (!numbers || !(at > before) || !isfinite(at) || !isfinite(height))
      return wlaw_fail(err, WLAW_FORMAT, "point %zu of its tail is no number, or not above the point before it", i);
    before = at;
    points->x[points->n] = at;
    points->value[points->n] = height;
    points->se[points->n++] = error;
  }
  return WLAW_OK;
}

/* The decreasing values from 0 on that are nearest to those measured, in mean square: neighbours out of order are
 * pooled (Barlow, Bartholomew, Bremner and Brunk 1972, Statistical Inference under Order Restrictions). counts: room,
 * [n]. */
static void make_decreasing(double *value, size_t n, size_t *counts) {
  size_t pools = 0;
  for (size_t i = 0; i < n; i++) {
    double mean = value[i];
    size_t count = 1;
    while (pools && value[pools - 1] < mean) {
      pools--;
      mean += (value[pools] - mean) * ((double)counts[pools] / (double)(counts[pools] + count));
      count += counts[pools];
    }
    value[pools] = mean;
    counts[pools++] = count;
  }
  for (size_t end = n; pools-- > 0;) { /* from behind: a pool's mean lies at or before its first place */
    const double mean = fmax(value[pools], 0.0);
    for (size_t count = counts[pools]; count > 0; count--) value[--end] = mean;
  }
}

/* What the tail loses from a point to the next lies between them, what it has at the last point lies there. The errors
 * of neighbours are taken as independent, which they are not: the atoms' errors are rather too large. */
static void make_atoms(node_measure *measure, const tail_points *points) {
  for (size_t i = 0; i < points->n; i++) {
    const bool last = i + 1 == points->n;
    measure->x[i] = last ? points->x[i] : sqrt(points->x[i]) * sqrt(points->x[i + 1]);
    measure->weight[i] = points->value[i] - (last ? 0.0 : points->value[i + 1]);
    measure->se[i] = last ? points->se[i] : hypot(points->se[i], points->se[i + 1]);
  }
  measure->n = points->n;
}

/* Jumps below the first point are known by their mean alone, `residual` less a: one atom that has it, half a step
 * below.
 */
static void add_small_jumps(node_measure *measure, const json_t *limit, const tail_points *points) {
  double residual, error;
  if (!wlaw_json_number(json_object_get(limit, "residual"), &residual) || !(residual > measure->a)) return;
  if (!wlaw_json_number(json_object_get(limit, "se_residual"), &error)) error = NAN;
  const double x = points->n > 1 ? points->x[0] * sqrt(points->x[0] / points->x[1]) : 0.5 * points->x[0];
  measure->x[measure->n] = x;
  measure->weight[measure->n] = (residual - measure->a) / x;
  measure->se[measure->n++] = error / x;
}

static wlaw_status take_tail(node_measure *measure, const json_t *limit, wlaw_error *err) {
  const json_t *tail = json_object_get(limit, "tail");
  const size_t n = json_array_size(json_object_get(tail, "x"));
  double *room = wlaw_array(3 * n, sizeof *room);
  size_t *counts = wlaw_array(n, sizeof *counts);
  measure->x = wlaw_array(n + 1, sizeof *measure->x);
  measure->weight = wlaw_array(n + 1, sizeof *measure->weight);
  measure->se = wlaw_array(n + 1, sizeof *measure->se);
  wlaw_status status = WLAW_OK;
  if (!room || !counts || !measure->x || !measure->weight || !measure->se)
    status = wlaw_fail_memory(err, 6 * n, sizeof *room);
  if (status == WLAW_OK) {
    tail_points points = {.x = room, .value = room + n, .se = room + 2 * n};
    status = read_points(&points, tail, err);
    if (status == WLAW_OK) {
      make_decreasing(points.value, points.n, counts);
      make_atoms(measure, &points);
      add_small_jumps(measure, limit, &points);
    }
  }
  free(room);
  free(counts);
  return status;
}

/* An estimate of a below 0 stands for 0. */
static wlaw_status take_limit(node_measure *measure, const json_t *layer, wlaw_error *err) {
  const json_t *limit = json_object_get(layer, "limit");
  const char *verdict = json_string_value(json_object_get(limit, "verdict"));
  const char *reason = json_string_value(json_object_get(json_is_object(limit) ? limit : layer, "reason"));
  if (!json_is_object(limit) || !verdict || strcmp(verdict, "undetermined") == 0) {
    wlaw_fail(err, WLAW_VALUE, "the limit of the layer '%s' is not determined%s%s", name_of(layer), reason ? ": " : "",
              reason ? reason : "");
    return wlaw_error_add_hint(err, WLAW_VALUE, "fit node-variances to runs of at least three widths");
  }
  if (!wlaw_json_number(json_object_get(limit, "a"), &measure->a) || !isfinite(measure->a))
    return wlaw_fail(err, WLAW_VALUE, "a of the layer '%s' is not determined: it needs more points of the tail",
                     name_of(layer));
  if (!wlaw_json_number(json_object_get(limit, "se_a"), &measure->se_a)) measure->se_a = NAN;
  measure->a = fmax(measure->a, 0.0);
  return strcmp(verdict, "gp") == 0 ? WLAW_OK : take_tail(measure, limit, err);
}

static wlaw_status read_document(node_measure *measure, const operand_parts *parts, wlaw_error *err) {
  if (!isnan(parts->threshold))
    return wlaw_fail(err, WLAW_ARGUMENT, "it has a threshold of its own; leave threshold= out");
  char *bytes = NULL;
  size_t n = 0;
  json_t *document = NULL;
  WLAW_TRY(wlaw_input_whole(&bytes, &n, parts->path, LARGEST_DOCUMENT, err));
  wlaw_status status = wlaw_json_parse(&document, bytes, n, err);
  free(bytes);
  WLAW_TRY(status);
  const char *schema = json_string_value(json_object_get(document, "schema"));
  const json_t *layer = NULL;
  if (!schema || strcmp(schema, "weightlaw.node-variances/1") != 0)
    status = wlaw_fail(err, WLAW_FORMAT, "its schema is '%s', not weightlaw.node-variances/1", schema ? schema : "");
  if (status == WLAW_OK) status = choose_layer(&layer, document, parts->part, err);
  if (status == WLAW_OK) status = take_limit(measure, layer, err);
  json_decref(document);
  return status;
}

/* ---- an array of samples ---- */

/* Networks come one after the other: each one's sum below the threshold goes into a mean and its spread. */
typedef struct sample_reading {
  node_measure *measure;
  size_t capacity;
  double threshold;
  uint64_t nodes, networks; /* networks: finished */
  double rest, squares;     /* of the network being read; squared deviations of those finished */
} sample_reading;

static wlaw_status add_jump(sample_reading *reading, double value, wlaw_error *err) {
  node_measure *measure = reading->measure;
  if (measure->n == reading->capacity) {
    const size_t capacity = reading->capacity ? 2 * reading->capacity : 1024;
    size_t bytes;
    double *larger = __builtin_mul_overflow(capacity, sizeof *larger, &bytes) ? NULL : realloc(measure->x, bytes);
    if (!larger) return wlaw_fail_memory(err, capacity, sizeof *larger);
    measure->x = larger;
    reading->capacity = capacity;
  }
  measure->x[measure->n++] = value;
  return WLAW_OK;
}

/* The element is number `at` of the array. */
static wlaw_status add_sample(sample_reading *reading, uint64_t at, double value, wlaw_error *err) {
  if (!(value >= 0.0) || isinf(value)) {
    wlaw_fail(err, WLAW_VALUE, "the sample of network %llu, node %llu (counted from 0) is %g",
              (unsigned long long)(at / reading->nodes), (unsigned long long)(at % reading->nodes), value);
    return wlaw_error_add_hint(err, WLAW_VALUE, "node variances are finite numbers from 0 on");
  }
  if (value > reading->threshold) WLAW_TRY(add_jump(reading, value, err));
  else reading->rest += value;
  if ((at + 1) % reading->nodes) return WLAW_OK;
  node_measure *measure = reading->measure;
  const double off = reading->rest - measure->a;
  measure->a += off / (double)++reading->networks;
  reading->squares += off * (reading->rest - measure->a);
  reading->rest = 0.0;
  return WLAW_OK;
}

/* Jumps of different networks are points of one Poisson process: each place is counted once and has the error of one
 * count. */
static wlaw_status weigh_samples(sample_reading *reading, wlaw_error *err) {
  node_measure *measure = reading->measure;
  const double networks = (double)reading->networks;
  measure->se_a = reading->networks > 1 ? sqrt(reading->squares / (networks - 1.0) / networks) : NAN;
  measure->weight = wlaw_array(measure->n, sizeof *measure->weight);
  measure->se = wlaw_array(measure->n, sizeof *measure->se);
  if (!measure->weight || !measure->se) return wlaw_fail_memory(err, measure->n, sizeof *measure->se);
  for (size_t i = 0; i < measure->n; i++) measure->weight[i] = measure->se[i] = 1.0 / networks;
  return WLAW_OK;
}

static wlaw_status choose_samples(size_t *i, const wlaw_tensors *tensors, const char *wanted, wlaw_error *err) {
  if (wanted) WLAW_TRY(wlaw_tensors_find(i, tensors, wanted, err));
  else if (tensors->n != 1)
    return wlaw_fail(err, WLAW_NAME, "it holds %zu tensors; name one as empirical(@FILE#TENSOR,threshold=h)",
                     tensors->n);
  else *i = 0;
  const tensor_info *info = &tensors->info[*i];
  if (info->rank != 2 || info->count == 0)
    return wlaw_fail(err, WLAW_SHAPE, "samples of node variances are an array [networks, nodes] with elements");
  return WLAW_OK;
}

static wlaw_status read_samples(node_measure *measure, wlaw_tensors *tensors, const operand_parts *parts,
                                wlaw_error *err) {
  size_t which = 0;
  WLAW_TRY(choose_samples(&which, tensors, parts->part, err));
  const uint64_t count = tensors->info[which].count;
  sample_reading reading = {.measure = measure, .threshold = parts->threshold, .nodes = tensors->info[which].shape[1]};
  double *block = wlaw_array(BLOCK, sizeof *block);
  wlaw_status status = block ? WLAW_OK : wlaw_fail_memory(err, BLOCK, sizeof *block);
  for (uint64_t at = 0; at < count && status == WLAW_OK; at += BLOCK) {
    const size_t n = count - at < BLOCK ? (size_t)(count - at) : BLOCK;
    status = wlaw_tensors_read(tensors, which, at, n, block, err);
    for (size_t i = 0; i < n && status == WLAW_OK; i++) status = add_sample(&reading, at + i, block[i], err);
  }
  free(block);
  return status == WLAW_OK ? weigh_samples(&reading, err) : status;
}

static wlaw_status read_array(node_measure *measure, const operand_parts *parts, wlaw_error *err) {
  if (isnan(parts->threshold)) {
    wlaw_fail(err, WLAW_ARGUMENT, "samples need a threshold: values above it are jumps, the others make a");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "write empirical(@%s,threshold=h)", parts->path);
  }
  wlaw_tensors *tensors = NULL;
  WLAW_TRY(wlaw_tensors_open(&tensors, parts->path, err));
  const wlaw_status status = read_samples(measure, tensors, parts, err);
  wlaw_tensors_close(tensors);
  return status;
}

/* JSON begins with '{' and has no NUL; a safetensors file, which may begin with the same byte, has one among its first
 * eight, the others have a signature. */
static wlaw_status is_document(bool *document, const char *path, wlaw_error *err) {
  input_file file;
  unsigned char head[8];
  WLAW_TRY(wlaw_input_open(&file, path, err));
  const size_t n = file.size < sizeof head ? (size_t)file.size : sizeof head;
  const wlaw_status status = wlaw_input_read(&file, 0, head, n, err);
  wlaw_input_close(&file);
  size_t first = 0;
  while (first < n && head[first] && strchr(spaces, head[first])) first++;
  *document = first < n && head[first] == '{' && !memchr(head, '\0', n);
  return status;
}

wlaw_status wlaw_empirical_operand_read(wlaw_law **out, const char *text, wlaw_error *err) {
  operand_parts parts = {0};
  node_measure measure = {.se_a = NAN};
  bool document = false;
  wlaw_status status = split(&parts, text, err);
  if (status == WLAW_OK) {
    status = is_document(&document, parts.path, err);
    if (status == WLAW_OK) status = document ? read_document(&measure, &parts, err) : read_array(&measure, &parts, err);
    measure.name = parts.argument;
    if (status == WLAW_OK) status = wlaw_law_empirical_make(out, &measure, err);
    if (status != WLAW_OK) status = wlaw_error_in_file(err, status, parts.path);
  }
  measure_free(&measure);
  parts_free(&parts);
  return status;
}
