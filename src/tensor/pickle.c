#include "tensor/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

enum { MARK = 0 }; /* on the stack: no value has this number */

typedef struct machine {
  pickle_tree *out;
  size_t at, op; /* next byte; the instruction being run */
  pickle_ref *stack, *memo;
  size_t depth, stack_capacity, memo_size, memo_count;
  wlaw_error *err;
} machine;

/* Both return a constant, so that compilers see that a failure is none. */
static wlaw_status fail_unsupported(const machine *m) {
  wlaw_error_at_byte(m->err, WLAW_UNSUPPORTED, m->out->base + m->op);
  return WLAW_UNSUPPORTED;
}

static wlaw_status fail(const machine *m, const char *what) {
  wlaw_error_at_byte(m->err, wlaw_fail(m->err, WLAW_FORMAT, "the pickle is damaged: %s", what), m->out->base + m->op);
  return WLAW_FORMAT;
}

/* Room for one more element. Counts stay below PICKLE_LARGEST, so that nothing overflows. */
#define GROW(m, array, used, capacity)                                                                                 \
  do {                                                                                                                 \
    if ((used) < (capacity)) break;                                                                                    \
    const size_t wanted_ = (capacity) ? 2 * (size_t)(capacity) : 64;                                                   \
    void *grown_ = realloc((array), wanted_ * sizeof *(array));                                                        \
    if (!grown_) return wlaw_fail_memory((m)->err, wanted_, sizeof *(array));                                          \
    (array) = grown_;                                                                                                  \
    (capacity) = (uint32_t)wanted_;                                                                                    \
  } while (0)

static wlaw_status push(machine *m, pickle_ref ref) {
  GROW(m, m->stack, m->depth, m->stack_capacity);
  m->stack[m->depth++] = ref;
  return WLAW_OK;
}

static wlaw_status make(machine *m, pickle_ref *ref, pickle_value value) {
  pickle_tree *out = m->out;
  GROW(m, out->values, out->n_values, out->value_capacity);
  value.byte = (uint32_t)m->op;
  *ref = out->n_values++;
  out->values[*ref] = value;
  return WLAW_OK;
}

static wlaw_status push_new(machine *m, pickle_value value) {
  pickle_ref ref = 0;
  WLAW_TRY(make(m, &ref, value));
  return push(m, ref);
}

static wlaw_status push_integer(machine *m, pickle_kind kind, int64_t integer) {
  return push_new(m, (pickle_value){.kind = kind, .integer = integer});
}

static wlaw_status pop(machine *m, pickle_ref *ref) {
  if (m->depth == 0 || m->stack[m->depth - 1] == MARK) return fail(m, "an instruction finds nothing on the stack");
  *ref = m->stack[--m->depth];
  return WLAW_OK;
}

static wlaw_status top(machine *m, pickle_ref *ref) {
  WLAW_TRY(pop(m, ref));
  m->depth++;
  return WLAW_OK;
}

/* *first: place on the stack of the first item above the topmost mark. */
static wlaw_status find_mark(machine *m, size_t *first) {
  for (*first = m->depth; *first > 0; --*first)
    if (m->stack[*first - 1] == MARK) return WLAW_OK;
  return fail(m, "an instruction finds no mark on the stack");
}

static wlaw_status append(machine *m, pickle_ref to, pickle_ref item) {
  pickle_tree *out = m->out;
  GROW(m, out->cells, out->n_cells, out->cell_capacity);
  const pickle_ref cell = out->n_cells++;
  out->cells[cell] = (pickle_cell){.value = item};
  pickle_value *value = &out->values[to];
  if (value->items.last) out->cells[value->items.last].next = cell;
  else value->items.first = cell;
  value->items.last = cell;
  return WLAW_OK;
}

/* The items from place `first` upwards leave the stack for a new value. */
static wlaw_status collect(machine *m, pickle_ref *ref, pickle_kind kind, size_t first) {
  WLAW_TRY(make(m, ref, (pickle_value){.kind = kind}));
  for (size_t k = first; k < m->depth; k++) WLAW_TRY(append(m, *ref, m->stack[k]));
  m->depth = first;
  return WLAW_OK;
}

static wlaw_status push_marked(machine *m, pickle_kind kind) {
  size_t first;
  pickle_ref ref;
  WLAW_TRY(find_mark(m, &first));
  if (kind == PICKLE_DICT && (m->depth - first) % 2) return fail(m, "a dict has a key without a value");
  WLAW_TRY(collect(m, &ref, kind, first));
  m->depth--; /* the mark */
  return push(m, ref);
}

static wlaw_status push_tuple(machine *m, size_t n) {
  pickle_ref ref;
  for (size_t k = 0; k < n; k++)
    if (m->depth <= k || m->stack[m->depth - 1 - k] == MARK) return fail(m, "a tuple lacks items");
  WLAW_TRY(collect(m, &ref, PICKLE_TUPLE, m->depth - n));
  return push(m, ref);
}

/* Items from place `first` upwards go into the container below them (a mark between them where `marked`). */
static wlaw_status extend(machine *m, size_t first, bool marked, bool pairs) {
  const size_t n = m->depth - first;
  m->depth = first - marked;
  pickle_ref to;
  WLAW_TRY(top(m, &to));
  const pickle_kind kind = m->out->values[to].kind;
  if (kind != (pairs ? PICKLE_DICT : PICKLE_LIST) && kind != PICKLE_OBJECT)
    return fail(
        m, pairs ? "items are set in something that is no dict" : "items are appended to something that is no list");
  if (pairs && n % 2) return fail(m, "a dict has a key without a value");
  for (size_t k = 0; k < n; k++) WLAW_TRY(append(m, to, m->stack[first + k]));
  return WLAW_OK;
}

static wlaw_status extend_marked(machine *m, bool pairs) {
  size_t first;
  WLAW_TRY(find_mark(m, &first));
  return extend(m, first, true, pairs);
}

static wlaw_status extend_by(machine *m, size_t n) {
  for (size_t k = 0; k < n; k++)
    if (m->depth <= k || m->stack[m->depth - 1 - k] == MARK) return fail(m, "an item is missing");
  return extend(m, m->depth - n, false, n == 2);
}

/* -- bytes ----------------------------------------------------------------------------------------------------------
 */

static wlaw_status fail_cut(machine *m) {
  m->out->cut = true;
  return fail(m, "it ends in the middle");
}

static wlaw_status take(machine *m, const unsigned char **bytes, uint64_t n) {
  if (n > m->out->n - m->at) return fail_cut(m);
  *bytes = m->out->bytes + m->at;
  m->at += (size_t)n;
  return WLAW_OK;
}

/* n <= 8 bytes, little-endian. */
static wlaw_status take_number(machine *m, uint64_t *value, size_t n) {
  const unsigned char *bytes;
  WLAW_TRY(take(m, &bytes, n));
  for (*value = 0; n-- > 0;) *value = *value << 8 | bytes[n];
  return WLAW_OK;
}

/* Up to the end of the line, which is not part of it. */
static wlaw_status take_line(machine *m, const unsigned char **bytes, size_t *n) {
  const unsigned char *from = m->out->bytes + m->at, *end = memchr(from, '\n', m->out->n - m->at);
  if (!end) return fail_cut(m);
  *bytes = from;
  *n = (size_t)(end - from);
  m->at += *n + 1;
  return WLAW_OK;
}

static wlaw_status push_text(machine *m, const unsigned char *bytes, size_t n) {
  return push_new(m, (pickle_value){.kind = PICKLE_TEXT, .text = {bytes, n}});
}

/* A text behind its length of `width` bytes. */
static wlaw_status push_counted(machine *m, size_t width) {
  uint64_t n;
  const unsigned char *bytes;
  WLAW_TRY(take_number(m, &n, width));
  WLAW_TRY(take(m, &bytes, n));
  return push_text(m, bytes, (size_t)n);
}

/* A signed integer of n bytes behind its length; what 64 bits do not hold stays as it is. */
static wlaw_status push_long(machine *m, size_t width) {
  uint64_t n;
  const unsigned char *bytes;
  WLAW_TRY(take_number(m, &n, width));
  WLAW_TRY(take(m, &bytes, n));
  if (n > 8) return push_text(m, bytes, (size_t)n);
  uint64_t value = n && bytes[n - 1] & 0x80u ? UINT64_MAX : 0;
  for (size_t k = (size_t)n; k-- > 0;) value = value << 8 | bytes[k];
  return push_integer(m, PICKLE_INT, (int64_t)value);
}

/* A number in decimal on a line: integers as protocol 0 writes them, "7", "7L", "01" for True; or a real. */
static wlaw_status push_decimal(machine *m, bool real) {
  const unsigned char *bytes;
  size_t n;
  char text[64], *end;
  WLAW_TRY(take_line(m, &bytes, &n));
  if (n == 0 || n >= sizeof text) return fail(m, "a number has no digits, or too many");
  memcpy(text, bytes, n);
  text[n] = '\0';
  if (real) {
    double value;
    if (!wlaw_text_real(text, &value) && strcmp(text, "nan") != 0 && strcmp(text, "inf") != 0 &&
        strcmp(text, "-inf") != 0)
      return fail(m, "a number cannot be read");
    return push_new(m, (pickle_value){.kind = PICKLE_REAL, .real = strtod(text, NULL)});
  }
  if (strcmp(text, "00") == 0 || strcmp(text, "01") == 0) return push_integer(m, PICKLE_BOOL, text[1] == '1');
  const long long value = strtoll(text, &end, 10);
  if (end == text || strcmp(*end == 'L' ? end + 1 : end, "") != 0) return fail(m, "a number cannot be read");
  return push_integer(m, PICKLE_INT, value);
}

static wlaw_status push_binary_real(machine *m) {
  const unsigned char *bytes;
  uint64_t bits = 0;
  WLAW_TRY(take(m, &bytes, 8));
  for (size_t k = 0; k < 8; k++) bits = bits << 8 | bytes[k];
  pickle_value value = {.kind = PICKLE_REAL};
  memcpy(&value.real, &bits, sizeof bits);
  return push_new(m, value);
}

/* -- memo -----------------------------------------------------------------------------------------------------------
 */

/* Picklers number what they keep from 0, so a number beyond the pickle's length is no pickler's. */
static wlaw_status keep(machine *m, uint64_t index) {
  pickle_ref ref;
  WLAW_TRY(top(m, &ref));
  if (index >= m->out->n) return fail(m, "a memo number exceeds the pickle's length");
  if (index >= m->memo_size) {
    const size_t wanted = 2 * ((size_t)index + 32);
    pickle_ref *grown = realloc(m->memo, wanted * sizeof *grown);
    if (!grown) return wlaw_fail_memory(m->err, wanted, sizeof *grown);
    memset(grown + m->memo_size, 0, (wanted - m->memo_size) * sizeof *grown);
    m->memo = grown;
    m->memo_size = wanted;
  }
  if (m->memo[index] == 0) m->memo_count++;
  m->memo[index] = ref;
  return WLAW_OK;
}

static wlaw_status recall(machine *m, uint64_t index) {
  if (index >= m->memo_size || m->memo[index] == 0) return fail(m, "a memo number is asked for that was never kept");
  return push(m, m->memo[index]);
}

static wlaw_status take_memo_line(machine *m, uint64_t *index) {
  const unsigned char *bytes;
  size_t n;
  char text[32];
  WLAW_TRY(take_line(m, &bytes, &n));
  if (n >= sizeof text) return fail(m, "a memo number has too many digits");
  memcpy(text, bytes, n);
  text[n] = '\0';
  return wlaw_text_u64(text, index) ? WLAW_OK : fail(m, "a memo number cannot be read");
}

/* -- names and what would be calls ----------------------------------------------------------------------------------
 */

static bool is(const char *want, const unsigned char *bytes, size_t n) {
  return strlen(want) == n && memcmp(want, bytes, n) == 0;
}

static bool is_within(const char *folder, const unsigned char *module, size_t n) {
  const size_t length = strlen(folder);
  return n >= length && memcmp(folder, module, length) == 0 && (n == length || module[length] == '.');
}

static wlaw_status push_global(machine *m, const unsigned char *module, size_t n_module, const unsigned char *name,
                               size_t n_name) {
  const pickle_tree *out = m->out;
  for (size_t k = 0; k < out->n_names; k++) {
    const pickle_name *row = &out->names[k];
    if (row->name ? is(row->module, module, n_module) && is(row->name, name, n_name)
                  : is_within(row->module, module, n_module))
      return push_new(m, (pickle_value){.kind = PICKLE_GLOBAL, .global = k});
  }
  const int most = 200;
  wlaw_fail(m->err, WLAW_UNSUPPORTED,
            "the pickle asks for '%.*s.%.*s', which is not on the list of what tensors are made of; nothing was run",
            n_module < 200 ? (int)n_module : most, (const char *)module, n_name < 200 ? (int)n_name : most,
            (const char *)name);
  wlaw_error_add_hint(m->err, WLAW_UNSUPPORTED, "save model.state_dict(), or convert the file to safetensors");
  return fail_unsupported(m);
}

static wlaw_status push_global_lines(machine *m) {
  const unsigned char *module, *name;
  size_t n_module, n_name;
  WLAW_TRY(take_line(m, &module, &n_module));
  WLAW_TRY(take_line(m, &name, &n_name));
  return push_global(m, module, n_module, name, n_name);
}

static wlaw_status push_stack_global(machine *m) {
  pickle_ref name, module;
  WLAW_TRY(pop(m, &name));
  WLAW_TRY(pop(m, &module));
  const pickle_value *a = &m->out->values[module], *b = &m->out->values[name];
  if (a->kind != PICKLE_TEXT || b->kind != PICKLE_TEXT) return fail(m, "a name is no text");
  return push_global(m, a->text.bytes, a->text.n, b->text.bytes, b->text.n);
}

/* What callee(arguments) would be. */
static wlaw_status push_object(machine *m, pickle_ref callee, pickle_ref arguments) {
  const pickle_kind kind = m->out->values[callee].kind;
  if (kind != PICKLE_GLOBAL && kind != PICKLE_PERSISTENT) return fail(m, "something is called that is no name");
  if (m->out->values[arguments].kind != PICKLE_TUPLE) return fail(m, "arguments are no tuple");
  return push_new(m, (pickle_value){.kind = PICKLE_OBJECT, .callee = callee, .arguments = arguments});
}

/* callee, arguments on the stack; between them and above, keyword arguments are ignored. */
static wlaw_status reduce(machine *m, bool keywords) {
  pickle_ref callee, arguments;
  if (keywords) WLAW_TRY(pop(m, &arguments));
  WLAW_TRY(pop(m, &arguments));
  WLAW_TRY(pop(m, &callee));
  return push_object(m, callee, arguments);
}

/* OBJ: mark, callee, arguments. INST: mark, arguments; the callee's name follows. */
static wlaw_status reduce_marked(machine *m, bool named) {
  size_t first;
  pickle_ref callee = 0, arguments = 0;
  if (named) {
    WLAW_TRY(push_global_lines(m));
    WLAW_TRY(pop(m, &callee));
  }
  WLAW_TRY(find_mark(m, &first));
  if (!named) {
    if (first == m->depth) return fail(m, "something is called that is not there");
    callee = m->stack[first++];
  }
  WLAW_TRY(collect(m, &arguments, PICKLE_TUPLE, first));
  m->depth = first - (named ? 1 : 2);
  return push_object(m, callee, arguments);
}

static wlaw_status build(machine *m) {
  pickle_ref state, to;
  WLAW_TRY(pop(m, &state));
  WLAW_TRY(top(m, &to));
  if (m->out->values[to].kind != PICKLE_OBJECT) return fail(m, "a state is given to something that is no object");
  m->out->values[to].state = state;
  return WLAW_OK;
}

static wlaw_status push_persistent(machine *m, bool line) {
  pickle_ref of;
  if (line) {
    const unsigned char *bytes;
    size_t n;
    WLAW_TRY(take_line(m, &bytes, &n));
    WLAW_TRY(make(m, &of, (pickle_value){.kind = PICKLE_TEXT, .text = {bytes, n}}));
  } else {
    WLAW_TRY(pop(m, &of));
  }
  return push_new(m, (pickle_value){.kind = PICKLE_PERSISTENT, .of = of});
}

/* -- the machine ----------------------------------------------------------------------------------------------------
 */

static wlaw_status frame(machine *m) {
  uint64_t n;
  WLAW_TRY(take_number(m, &n, 8));
  return n <= m->out->n - m->at ? WLAW_OK : fail_cut(m);
}

static wlaw_status pop_any(machine *m) {
  if (m->depth == 0) return fail(m, "an instruction finds nothing on the stack");
  m->depth--;
  return WLAW_OK;
}

static wlaw_status pop_to_mark(machine *m) {
  size_t first;
  WLAW_TRY(find_mark(m, &first));
  m->depth = first - 1;
  return WLAW_OK;
}

static wlaw_status push_copy(machine *m) {
  pickle_ref ref;
  WLAW_TRY(top(m, &ref));
  return push(m, ref);
}

/* 'S': a text between quotes, taken as it stands: no name of a tensor needs an escape. */
static wlaw_status push_quoted(machine *m) {
  const unsigned char *bytes;
  size_t n;
  WLAW_TRY(take_line(m, &bytes, &n));
  if (n < 2 || bytes[0] != bytes[n - 1] || (bytes[0] != '\'' && bytes[0] != '"'))
    return fail(m, "a text has no quotes");
  return push_text(m, bytes + 1, n - 2);
}

static wlaw_status push_line(machine *m) {
  const unsigned char *bytes;
  size_t n;
  WLAW_TRY(take_line(m, &bytes, &n));
  return push_text(m, bytes, n);
}

static wlaw_status push_unsigned(machine *m, size_t width) {
  uint64_t value;
  WLAW_TRY(take_number(m, &value, width));
  return push_integer(m, PICKLE_INT, width == 4 ? (int32_t)(uint32_t)value : (int64_t)value);
}

static wlaw_status keep_numbered(machine *m, size_t width) {
  uint64_t index;
  WLAW_TRY(width ? take_number(m, &index, width) : take_memo_line(m, &index));
  return keep(m, index);
}

static wlaw_status recall_numbered(machine *m, size_t width) {
  uint64_t index;
  WLAW_TRY(width ? take_number(m, &index, width) : take_memo_line(m, &index));
  return recall(m, index);
}

static wlaw_status check_protocol(machine *m) {
  uint64_t protocol;
  WLAW_TRY(take_number(m, &protocol, 1));
  if (protocol <= 5) return WLAW_OK;
  wlaw_fail(m->err, WLAW_UNSUPPORTED, "the pickle is of protocol %u, known are 0 to 5", (unsigned)protocol);
  return fail_unsupported(m);
}

/* Opcodes as in CPython's Lib/pickletools.py, in its groups. */
static wlaw_status step(machine *m, unsigned char op) {
  switch (op) {
    case 'I':
    case 'L': return push_decimal(m, false);
    case 'J': return push_unsigned(m, 4);
    case 'K': return push_unsigned(m, 1);
    case 'M': return push_unsigned(m, 2);
    case 0x8a: return push_long(m, 1);
    case 0x8b: return push_long(m, 4);
    case 'S': return push_quoted(m);
    case 'V': return push_line(m);
    case 'U':
    case 'C':
    case 0x8c: return push_counted(m, 1);
    case 'T':
    case 'B':
    case 'X': return push_counted(m, 4);
    case 0x8d:
    case 0x8e:
    case 0x96: return push_counted(m, 8);
    case 'N': return push_integer(m, PICKLE_NONE, 0);
    case 0x88: return push_integer(m, PICKLE_BOOL, 1);
    case 0x89: return push_integer(m, PICKLE_BOOL, 0);
    case 'F': return push_decimal(m, true);
    case 'G': return push_binary_real(m);
    case ']':
    case 0x8f: return push_new(m, (pickle_value){.kind = PICKLE_LIST});
    case 'a': return extend_by(m, 1);
    case 'e':
    case 0x90: return extend_marked(m, false);
    case 'l':
    case 0x91: return push_marked(m, PICKLE_LIST);
    case ')': return push_tuple(m, 0);
    case 0x85: return push_tuple(m, 1);
    case 0x86: return push_tuple(m, 2);
    case 0x87: return push_tuple(m, 3);
    case 't': return push_marked(m, PICKLE_TUPLE);
    case '}': return push_new(m, (pickle_value){.kind = PICKLE_DICT});
    case 'd': return push_marked(m, PICKLE_DICT);
    case 's': return extend_by(m, 2);
    case 'u': return extend_marked(m, true);
    case '0': return pop_any(m);
    case '1': return pop_to_mark(m);
    case '2': return push_copy(m);
    case '(': return push(m, MARK);
    case 'g': return recall_numbered(m, 0);
    case 'h': return recall_numbered(m, 1);
    case 'j': return recall_numbered(m, 4);
    case 'p': return keep_numbered(m, 0);
    case 'q': return keep_numbered(m, 1);
    case 'r': return keep_numbered(m, 4);
    case 0x94: return keep(m, m->memo_count);
    case 'c': return push_global_lines(m);
    case 0x93: return push_stack_global(m);
    case 'R':
    case 0x81: return reduce(m, false);
    case 0x92: return reduce(m, true);
    case 'b': return build(m);
    case 'i': return reduce_marked(m, true);
    case 'o': return reduce_marked(m, false);
    case 0x80: return check_protocol(m);
    case 0x95: return frame(m);
    case 'P': return push_persistent(m, true);
    case 'Q': return push_persistent(m, false);
    default:
      wlaw_fail(m->err, WLAW_UNSUPPORTED, "the pickle has an instruction 0x%02x that no file of tensors needs", op);
      return fail_unsupported(m);
  }
}

static wlaw_status run(machine *m) {
  pickle_tree *out = m->out;
  pickle_ref nothing;
  WLAW_TRY(make(m, &nothing, (pickle_value){.kind = PICKLE_NONE})); /* number 0 means: none */
  GROW(m, out->cells, out->n_cells, out->cell_capacity);
  out->cells[out->n_cells++] = (pickle_cell){0};
  for (;;) {
    m->op = m->at;
    if (m->at == out->n) return fail_cut(m);
    const unsigned char op = out->bytes[m->at++];
    if (op == '.') break;
    WLAW_TRY(step(m, op));
  }
  out->used = m->at;
  WLAW_TRY(pop(m, &out->root));
  return m->depth == 0 ? WLAW_OK : fail(m, "it leaves more than one value");
}

wlaw_status wlaw_pickle_parse(pickle_tree *out, const unsigned char *bytes, size_t n, uint64_t base,
                              const pickle_name *names, size_t n_names, wlaw_error *err) {
  *out = (pickle_tree){.bytes = bytes, .n = n, .base = base, .names = names, .n_names = n_names};
  if (n > PICKLE_LARGEST)
    return wlaw_fail(err, WLAW_LIMIT, "the pickle has %zu bytes, at most %d are read", n, PICKLE_LARGEST);
  machine m = {.out = out, .err = err};
  const wlaw_status status = run(&m);
  free(m.stack);
  free(m.memo);
  return status;
}

void wlaw_pickle_free(pickle_tree *pickle) {
  free(pickle->values);
  free(pickle->cells);
  pickle->values = NULL;
  pickle->cells = NULL;
}

static pickle_ref first_cell(const pickle_tree *pickle, pickle_ref ref) {
  const pickle_kind kind = pickle->values[ref].kind;
  return kind == PICKLE_TUPLE || kind == PICKLE_LIST || kind == PICKLE_DICT || kind == PICKLE_OBJECT
             ? pickle->values[ref].items.first
             : 0;
}

pickle_ref wlaw_pickle_item(const pickle_tree *pickle, pickle_ref ref, size_t k) {
  pickle_ref cell = first_cell(pickle, ref);
  while (cell && k-- > 0) cell = pickle->cells[cell].next;
  return cell ? pickle->cells[cell].value : 0;
}

bool wlaw_pickle_has_items(const pickle_tree *pickle, pickle_ref ref, size_t n) {
  pickle_ref cell = first_cell(pickle, ref);
  while (cell && n > 0) {
    cell = pickle->cells[cell].next;
    n--;
  }
  return !cell && n == 0;
}

bool wlaw_pickle_is_text(const pickle_tree *pickle, pickle_ref ref, const char *text) {
  const pickle_value *value = &pickle->values[ref];
  return value->kind == PICKLE_TEXT && is(text, value->text.bytes, value->text.n);
}
