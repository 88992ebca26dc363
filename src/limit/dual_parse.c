/* An activation's text: name [ "(" parameter "=" number { "," parameter "=" number } ")" ], spaces anywhere between. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "limit/dual_function.h"
#include "math/quadrature.h"

enum { LONGEST_WORD = 64, MOST_FUNCTIONS = 64 };

static const dual_function *const families[] = {wlaw_dual_rectified, wlaw_dual_erf,    wlaw_dual_waves,
                                                wlaw_dual_bumps,     wlaw_dual_powers, wlaw_dual_numeric};

/* All functions, in the order of the families; returns how many. */
static size_t all_functions(const dual_function *all[MOST_FUNCTIONS]) {
  size_t n = 0;
  for (size_t k = 0; k < sizeof families / sizeof *families; k++)
    for (const dual_function *f = families[k]; f->name; f++) all[n++] = f;
  return n;
}

static wlaw_status find_function(const dual_function **out, const char *name, wlaw_error *err) {
  const dual_function *all[MOST_FUNCTIONS];
  const char *names[MOST_FUNCTIONS];
  const size_t n = all_functions(all);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(name, all[i]->name) == 0) {
      *out = all[i];
      return WLAW_OK;
    }
    names[i] = all[i]->name;
  }
  const char *nearest = wlaw_text_nearest(name, names, n);
  wlaw_fail(err, WLAW_NAME, "there is no activation '%s'", name);
  if (nearest) return wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest);
  return wlaw_error_add_hint(err, WLAW_NAME, "known: %s", wlaw_dual_names());
}

/* The characters up to one of `ends`, spaces around them removed; false when there are none or too many. */
static bool take_word(char word[LONGEST_WORD], const char **at, const char *ends) {
  const char *start = *at + strspn(*at, " \t");
  const size_t whole = strcspn(start, ends);
  size_t n = whole;
  while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '\t')) n--;
  *at = start + whole;
  if (n == 0 || n >= LONGEST_WORD) return false;
  memcpy(word, start, n);
  word[n] = '\0';
  return true;
}

static wlaw_status fail_shape(wlaw_error *err, const char *text) {
  wlaw_fail(err, WLAW_ARGUMENT, "'%.80s' is not an activation", text);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "write a name, or a name and parameters, as in leaky-relu(slope=0.1)");
}

static size_t count_parameters(const dual_function *f) {
  size_t n = 0;
  while (n < DUAL_MOST_PARAMETERS && f->parameters[n].name) n++;
  return n;
}

static wlaw_status set_parameter(dual_activation *out, bool *given, const char *name, const char *number,
                                 wlaw_error *err) {
  const dual_function *f = out->function;
  const char *names[DUAL_MOST_PARAMETERS];
  const size_t n = count_parameters(f);
  size_t i = 0;
  while (i < n && strcmp(name, f->parameters[i].name) != 0) i++;
  if (i == n) {
    for (size_t k = 0; k < n; k++) names[k] = f->parameters[k].name;
    wlaw_fail(err, WLAW_NAME, "the activation '%s' has no parameter '%s'", f->name, name);
    if (n == 0) return wlaw_error_add_hint(err, WLAW_NAME, "it has none");
    return wlaw_error_add_hint(err, WLAW_NAME, "it has %s%s%s", names[0], n > 1 ? " and " : "", n > 1 ? names[1] : "");
  }
  const dual_parameter *row = &f->parameters[i];
  double value;
  if (given[i]) return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s is given twice", f->name, name);
  if (!wlaw_text_real(number, &value))
    return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s = '%s' is not a finite number", f->name, name, number);
  if (!(value >= row->low && value <= row->high) || (row->whole && value != floor(value)))
    return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s = %g must be a %snumber from %g to %g", f->name, name, value,
                     row->whole ? "whole " : "", row->low, row->high);
  given[i] = true;
  out->parameters[i] = value;
  return WLAW_OK;
}

static wlaw_status parse_parameters(dual_activation *out, const char *text, const char *at, wlaw_error *err) {
  bool given[DUAL_MOST_PARAMETERS] = {false};
  const dual_function *f = out->function;
  char name[LONGEST_WORD], number[LONGEST_WORD];
  while (*at == '(' || *at == ',') {
    at++;
    if (!take_word(name, &at, "=,()") || *at != '=') return fail_shape(err, text);
    at++;
    if (!take_word(number, &at, "=,()")) return fail_shape(err, text);
    WLAW_TRY(set_parameter(out, given, name, number, err));
    if (*at == ')') {
      at++;
      break;
    }
    if (*at != ',') return fail_shape(err, text);
  }
  if (at[strspn(at, " \t")] != '\0') return fail_shape(err, text);
  for (size_t i = 0; i < count_parameters(f); i++) {
    if (given[i]) continue;
    if (isnan(f->parameters[i].preset))
      return wlaw_fail(err, WLAW_ARGUMENT, "%s needs %s: write %s(%s=...)", f->name, f->parameters[i].name, f->name,
                       f->parameters[i].name);
    out->parameters[i] = f->parameters[i].preset;
  }
  return WLAW_OK;
}

wlaw_status wlaw_dual_parse(dual_activation *out, const char *text, wlaw_error *err) {
  char name[LONGEST_WORD];
  const char *at = text;
  dual_activation made = {0};
  if (!out || !text) return wlaw_fail(err, WLAW_ARGUMENT, "an activation's name is needed");
  if (!take_word(name, &at, "(=,)")) return fail_shape(err, text);
  WLAW_TRY(find_function(&made.function, name, err));
  WLAW_TRY(parse_parameters(&made, text, at, err));
  if (made.function->complete) made.function->complete(made.parameters);
  *out = made;
  return WLAW_OK;
}

const char *wlaw_dual_names(void) {
  return "relu, leaky-relu(slope=0.01), abrelu(a=,b=), abs, linear, erf, gelu, sin(phase=0), cos, rbf(gamma=1), exp, "
         "gaussian, gabor, sign, monomial(degree=), rectified-monomial(degree=), hermite(degree=), tanh, sigmoid, "
         "softplus, silu, elu(alpha=1)";
}
