#include "study/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "study/tensor_role.h"

typedef enum check_operator { IS, IS_NOT, BELOW, AT_MOST, ABOVE, AT_LEAST, WITHIN } check_operator;

typedef enum check_type { CHECK_NUMBER, CHECK_TEXT, CHECK_BOOLEAN, CHECK_NULL } check_type;

typedef struct check_rule {
  char *shown;                     /* as given, without spaces around */
  char *parts;                     /* the same, cut: kind, path and value point into it */
  const char *kind, *path, *value; /* kind: NULL: any */
  check_operator compare;
  check_type type;
  double low, high; /* numbers: the value twice, or the range */
} check_rule;

struct check_rules {
  check_rule *rule;
  size_t n;
};

void wlaw_check_free(check_rules *rules) {
  if (!rules) return;
  for (size_t i = 0; i < rules->n; i++) {
    free(rules->rule[i].shown);
    free(rules->rule[i].parts);
  }
  free(rules->rule);
  free(rules);
}

/* The value at "a.b"; below a null everything is null. NULL: there is no such key. */
static const json_t *value_at(const json_t *from, const char *path) {
  while (from && !json_is_null(from)) {
    const size_t length = strcspn(path, ".");
    char key[64];
    if (length >= sizeof key) return NULL;
    memcpy(key, path, length);
    key[length] = '\0';
    from = json_object_get(from, key);
    if (!path[length]) return from;
    path += length + 1;
  }
  return from;
}

/* ---- names that are near an unknown one */

typedef struct path_list {
  char **path;
  size_t n, capacity;
  bool failed;
} path_list;

static void list_paths(path_list *list, const json_t *object, const char *prefix) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    text_buffer path = {0};
    wlaw_text_add(&path, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (json_is_object(value)) list_paths(list, value, wlaw_text_string(&path));
    if (json_is_object(value) || json_is_array(value) || path.failed) {
      list->failed |= path.failed;
      wlaw_text_free(&path);
      continue;
    }
    if (list->n == list->capacity) {
      const size_t capacity = list->capacity ? 2 * list->capacity : 64;
      char **grown = realloc(list->path, capacity * sizeof *grown);
      if (!grown) {
        list->failed = true;
        wlaw_text_free(&path);
        return;
      }
      list->path = grown;
      list->capacity = capacity;
    }
    list->path[list->n++] = path.bytes;
  }
}

/* "k" is meant to be "weibull.k": a path that ends so is nearer than one that looks alike. */
static const char *nearest_path(const path_list *list, const char *name) {
  const size_t length = strlen(name);
  for (size_t i = 0; i < list->n; i++) {
    const size_t whole = strlen(list->path[i]);
    if (whole > length && list->path[i][whole - length - 1] == '.' && strcmp(list->path[i] + whole - length, name) == 0)
      return list->path[i];
  }
  return wlaw_text_nearest(name, (const char *const *)list->path, list->n);
}

static wlaw_status fail_path(const check_rule *rule, const json_t *example, wlaw_error *err) {
  path_list list = {0};
  list_paths(&list, example, "");
  const char *nearest = nearest_path(&list, rule->path);
  wlaw_status status = wlaw_fail(err, WLAW_NAME, "rule '%s': a tensor has no '%s'", rule->shown, rule->path);
  if (nearest) status = wlaw_error_add_hint(err, status, "did you mean '%s'?", nearest);
  else status = wlaw_error_add_hint(err, status, "see docs/scan.md for the keys of a tensor");
  if (list.failed) status = wlaw_fail_memory(err, list.n, sizeof *list.path);
  for (size_t i = 0; i < list.n; i++) free(list.path[i]);
  free(list.path);
  return status;
}

/* ---- reading rules */

static char *trim(char *text) {
  text += strspn(text, " \t\n");
  size_t n = strlen(text);
  while (n > 0 && strchr(" \t\n", text[n - 1])) n--;
  text[n] = '\0';
  return text;
}

static bool read_number(const char *text, double *out) {
  if (strcmp(text, "inf") == 0) *out = INFINITY;
  else if (strcmp(text, "-inf") == 0) *out = -INFINITY;
  else return wlaw_text_real(text, out);
  return true;
}

static wlaw_status fail_rule(const check_rule *rule, const char *why, wlaw_error *err) {
  wlaw_fail(err, WLAW_ARGUMENT, "rule '%s': %s", rule->shown, why);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT,
                             "write for example nonfinite==0, weibull.k in 1.0..1.4 or q:weibull.r2>=0.95");
}

static wlaw_status read_range(check_rule *rule, char *value, wlaw_error *err) {
  char *dots = strstr(value, "..");
  rule->compare = WITHIN;
  rule->type = CHECK_NUMBER;
  if (!dots) return fail_rule(rule, "a range is written low..high", err);
  *dots = '\0';
  if (!read_number(trim(value), &rule->low) || !read_number(trim(dots + 2), &rule->high))
    return fail_rule(rule, "the ends of a range are numbers", err);
  return rule->low <= rule->high ? WLAW_OK : fail_rule(rule, "the range is empty", err);
}

static wlaw_status read_value(check_rule *rule, char *value, wlaw_error *err) {
  rule->value = value;
  if (!*value) return fail_rule(rule, "there is no value", err);
  if (read_number(value, &rule->low)) {
    rule->high = rule->low;
    rule->type = CHECK_NUMBER;
    return WLAW_OK;
  }
  rule->type = strcmp(value, "null") == 0                                  ? CHECK_NULL
               : strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ? CHECK_BOOLEAN
                                                                           : CHECK_TEXT;
  if (rule->compare == IS || rule->compare == IS_NOT) return WLAW_OK;
  return fail_rule(rule, "only numbers have an order; == and != compare the rest", err);
}

/* The operator at `at`; NULL when there is none, else what follows it. */
static char *read_operator(check_operator *out, char *at) {
  static const struct {
    const char *text;
    check_operator is;
  } operators[] = {{"==", IS},   {"!=", IS_NOT}, {"<=", AT_MOST}, {">=", AT_LEAST},
                   {"<", BELOW}, {">", ABOVE},   {"=", IS}};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    const size_t length = strlen(operators[i].text);
    if (strncmp(at, operators[i].text, length) != 0) continue;
    *out = operators[i].is;
    return at + length;
  }
  return NULL;
}

static wlaw_status check_kind(const check_rule *rule, wlaw_error *err) {
  const char *texts[TENSOR_KIND_COUNT];
  if (!rule->kind) return WLAW_OK;
  for (int k = 0; k < TENSOR_KIND_COUNT; k++) {
    texts[k] = wlaw_tensor_kind_text((tensor_kind)k);
    if (strcmp(texts[k], rule->kind) == 0) return WLAW_OK;
  }
  const char *nearest = wlaw_text_nearest(rule->kind, texts, TENSOR_KIND_COUNT);
  wlaw_fail(err, WLAW_NAME, "rule '%s': there is no kind of tensor '%s'", rule->shown, rule->kind);
  return nearest ? wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest) : WLAW_NAME;
}

/* Does the value suit what the example has there? A null in the example may be anything. */
static wlaw_status check_path(const check_rule *rule, const json_t *example, wlaw_error *err) {
  const json_t *value = value_at(example, rule->path);
  const bool group = json_is_object(value) || json_is_array(value);
  if (!value || (group && rule->type != CHECK_NULL)) return fail_path(rule, example, err);
  if (rule->type == CHECK_NULL || json_is_null(value)) return WLAW_OK;
  if (json_is_boolean(value))
    return rule->type == CHECK_BOOLEAN ? WLAW_OK : fail_rule(rule, "it is either true or false", err);
  if (json_is_number(value)) return rule->type == CHECK_NUMBER ? WLAW_OK : fail_rule(rule, "it is a number", err);
  return rule->type == CHECK_TEXT ? WLAW_OK : fail_rule(rule, "it is a text", err);
}

static wlaw_status read_rule(check_rule *rule, char *parts, const json_t *example, wlaw_error *err) {
  const size_t name = strcspn(parts, "=!<> \t\n");
  char *at = parts + name + strspn(parts + name, " \t\n"), *value = NULL;
  const bool range = strncmp(at, "in", 2) == 0 && strchr(" \t\n", at[2]) && at[2];
  if (!range) value = read_operator(&rule->compare, at);
  else value = at + 2;
  if (name == 0 || !value) return fail_rule(rule, "there is no comparison", err);
  value = trim(value);
  char *colon = memchr(parts, ':', name);
  parts[name] = '\0';
  if (colon) *colon = '\0';
  rule->kind = colon ? parts : NULL;
  rule->path = colon ? colon + 1 : parts;
  WLAW_TRY(range ? read_range(rule, value, err) : read_value(rule, value, err));
  WLAW_TRY(check_kind(rule, err));
  return check_path(rule, example, err);
}

static wlaw_status read_rules(check_rules *rules, const char *text, const json_t *example, wlaw_error *err) {
  for (const char *at = text; *at;) {
    const size_t length = strcspn(at, ",");
    check_rule *rule = &rules->rule[rules->n];
    char *piece = wlaw_text_duplicate(at, length);
    if (!piece) return wlaw_fail_memory(err, length + 1, 1);
    const char *trimmed = trim(piece);
    rule->shown = wlaw_text_duplicate(trimmed, strlen(trimmed));
    rule->parts = piece;
    rules->n++;
    if (!rule->shown) return wlaw_fail_memory(err, length + 1, 1);
    if (*rule->shown) WLAW_TRY(read_rule(rule, trim(piece), example, err));
    else return wlaw_fail(err, WLAW_ARGUMENT, "'%s' has an empty rule between its commas", text);
    at += length;
    if (*at == ',') at++;
  }
  return rules->n ? WLAW_OK : wlaw_fail(err, WLAW_ARGUMENT, "there is no rule to check");
}

wlaw_status wlaw_check_parse(check_rules **out, const char *text, const json_t *example, wlaw_error *err) {
  size_t most = 1;
  for (const char *at = text; *at; at++) most += *at == ',';
  check_rules *rules = calloc(1, sizeof *rules);
  if (rules) rules->rule = calloc(most, sizeof *rules->rule);
  wlaw_status status =
      rules && rules->rule ? read_rules(rules, text, example, err) : wlaw_fail_memory(err, most, sizeof *rules->rule);
  if (status == WLAW_OK) *out = rules;
  else wlaw_check_free(rules);
  return status;
}

/* ---- holding documents against them */

static bool obeys_number(const check_rule *rule, double value) {
  switch (rule->compare) { /* nan obeys nothing, not even != */
    case IS: return value == rule->low;
    case IS_NOT: return value < rule->low || value > rule->low;
    case BELOW: return value < rule->low;
    case AT_MOST: return value <= rule->low;
    case ABOVE: return value > rule->low;
    case AT_LEAST: return value >= rule->low;
    case WITHIN: return value >= rule->low && value <= rule->high;
  }
  return false;
}

static bool obeys(const check_rule *rule, const json_t *value) {
  double number;
  bool same = false;
  if (rule->type == CHECK_NUMBER) return wlaw_json_number(value, &number) && obeys_number(rule, number);
  if (rule->type == CHECK_NULL) same = json_is_null(value);
  if (rule->type == CHECK_BOOLEAN) same = json_is_true(value) == (strcmp(rule->value, "true") == 0);
  if (rule->type == CHECK_TEXT) same = json_is_string(value) && strcmp(json_string_value(value), rule->value) == 0;
  return same == (rule->compare == IS);
}

static json_t *run_rule(bool *failed, bool *all, const check_rule *rule, const json_t *tensors) {
  json_t *object = json_object(), *failures = json_array();
  uint64_t held = 0;
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i), *value = value_at(tensor, rule->path);
    const char *kind = json_string_value(json_object_get(tensor, "kind"));
    if (rule->kind && !(kind && strcmp(kind, rule->kind) == 0)) continue;
    if ((!value || json_is_null(value)) && rule->type != CHECK_NULL) continue;
    held++;
    if (obeys(rule, value)) continue;
    json_t *failure = json_object();
    wlaw_json_put(failed, failure, "tensor", json_incref(json_object_get(tensor, "name")));
    wlaw_json_put(failed, failure, "value", value ? json_deep_copy(value) : json_null());
    wlaw_json_append(failed, failures, failure);
  }
  const bool passed = json_array_size(failures) == 0;
  *all &= passed;
  wlaw_json_put(failed, object, "rule", wlaw_json_text(rule->shown));
  wlaw_json_put(failed, object, "passed", json_boolean(passed));
  wlaw_json_put(failed, object, "tensors", wlaw_json_count(held));
  wlaw_json_put(failed, object, "failures", failures);
  return object;
}

json_t *wlaw_check_run(bool *failed, const check_rules *rules, const json_t *tensors) {
  json_t *check = json_object(), *list = json_array();
  bool passed = true;
  for (size_t i = 0; i < rules->n; i++)
    wlaw_json_append(failed, list, run_rule(failed, &passed, &rules->rule[i], tensors));
  wlaw_json_put(failed, check, "passed", json_boolean(passed));
  wlaw_json_put(failed, check, "rules", list);
  return check;
}
