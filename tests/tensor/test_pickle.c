/* The interpreter of pickles: what it builds, what it refuses, and that nothing makes it run, loop or grow. */
#include "support/test.h"

#include "support/alloc_fail.h"
#include "tensor/make_pickles.h"
#include "tensor/pickle.h"

static const pickle_name names[] = {
    {"collections", "OrderedDict", 1, 0},
    {"torch.nn.modules", NULL, 2, 0},
};
enum { N_NAMES = sizeof names / sizeof *names };

static wlaw_status parse(pickle_tree *tree, const void *bytes, size_t n, wlaw_error *err) {
  return wlaw_pickle_parse(tree, bytes, n, 1000, names, N_NAMES, err);
}

/* -- what is built --------------------------------------------------------------------------------------------------
 */

/* A tree as text, so that two pickles can be compared. */
static void write_tree(char *out, size_t room, const pickle_tree *tree, pickle_ref ref) {
  const pickle_value *value = &tree->values[ref];
  size_t n = strlen(out);
  switch (value->kind) {
    case PICKLE_NONE: snprintf(out + n, room - n, "None"); return;
    case PICKLE_BOOL: snprintf(out + n, room - n, value->integer ? "True" : "False"); return;
    case PICKLE_INT: snprintf(out + n, room - n, "%lld", (long long)value->integer); return;
    case PICKLE_REAL: snprintf(out + n, room - n, "%g", value->real); return;
    case PICKLE_TEXT:
      snprintf(out + n, room - n, "'%.*s'", (int)value->text.n, (const char *)value->text.bytes);
      return;
    case PICKLE_GLOBAL: snprintf(out + n, room - n, "%s", tree->names[value->global].module); return;
    case PICKLE_PERSISTENT:
      snprintf(out + n, room - n, "@");
      write_tree(out, room, tree, value->of);
      return;
    default: break;
  }
  if (value->kind == PICKLE_OBJECT) {
    write_tree(out, room, tree, value->callee);
    write_tree(out, room, tree, value->arguments);
  }
  static const char brackets[][3] = {
      [PICKLE_TUPLE] = "()", [PICKLE_LIST] = "[]", [PICKLE_DICT] = "{}", [PICKLE_OBJECT] = "<>"};
  snprintf(out + strlen(out), room - strlen(out), "%c", brackets[value->kind][0]);
  for (size_t k = 0; !wlaw_pickle_has_items(tree, ref, k); k++) {
    if (k) snprintf(out + strlen(out), room - strlen(out), ",");
    write_tree(out, room, tree, wlaw_pickle_item(tree, ref, k));
  }
  snprintf(out + strlen(out), room - strlen(out), "%c", brackets[value->kind][1]);
  if (value->kind == PICKLE_OBJECT && value->state) {
    snprintf(out + strlen(out), room - strlen(out), "|");
    write_tree(out, room, tree, value->state);
  }
}

#define LITERAL(text) (const unsigned char *)(text), sizeof(text) - 1

/* The same values in the spellings of the protocols; expected by the opcodes' description in pickletools. */
static void every_instruction(void **state) {
  (void)state;
  static const struct {
    const unsigned char *bytes;
    size_t n;
    const char *want;
  } cases[] = {
      {LITERAL("I7\n."), "7"},
      {LITERAL("I-7\n."), "-7"},
      {LITERAL("I01\n."), "True"},
      {LITERAL("I00\n."), "False"},
      {LITERAL("L12345678901L\n."), "12345678901"},
      {LITERAL("K\xff."), "255"},
      {LITERAL("M\x01\x02."), "513"},
      {LITERAL("J\xff\xff\xff\xff."), "-1"},
      {LITERAL("\x8a\x00."), "0"},
      {LITERAL("\x8a\x01\xff."), "-1"},
      {LITERAL("\x8a\x02\xff\x00."), "255"},
      {LITERAL("\x8b\x02\x00\x00\x00\x00\x80."), "-32768"},
      {LITERAL("\x8a\x09ninebytes."), "'ninebytes'"},
      {LITERAL("F1.5\n."), "1.5"},
      {LITERAL("Finf\n."), "inf"},
      {LITERAL("G\x3f\xf8\0\0\0\0\0\0."), "1.5"},
      {LITERAL("S'ab'\n."), "'ab'"},
      {LITERAL("S\"ab\"\n."), "'ab'"},
      {LITERAL("Vab\n."), "'ab'"},
      {LITERAL("U\x02"
               "ab."),
       "'ab'"},
      {LITERAL("C\x02"
               "ab."),
       "'ab'"},
      {LITERAL("\x8c\x02"
               "ab."),
       "'ab'"},
      {LITERAL("X\x02\0\0\0ab."), "'ab'"},
      {LITERAL("B\x02\0\0\0ab."), "'ab'"},
      {LITERAL("T\x02\0\0\0ab."), "'ab'"},
      {LITERAL("\x8d\x02\0\0\0\0\0\0\0ab."), "'ab'"},
      {LITERAL("\x8e\x02\0\0\0\0\0\0\0ab."), "'ab'"},
      {LITERAL("\x96\x02\0\0\0\0\0\0\0ab."), "'ab'"},
      {LITERAL("N."), "None"},
      {LITERAL("\x88."), "True"},
      {LITERAL("\x89."), "False"},
      {LITERAL(")."), "()"},
      {LITERAL("K\1\x85."), "(1)"},
      {LITERAL("K\1K\2\x86."), "(1,2)"},
      {LITERAL("K\1K\2K\3\x87."), "(1,2,3)"},
      {LITERAL("(K\1K\2K\3K\4t."), "(1,2,3,4)"},
      {LITERAL("]K\1a(K\2K\3e."), "[1,2,3]"},
      {LITERAL("(K\1K\2l."), "[1,2]"},
      {LITERAL("\x8f(K\1\x90."), "[1]"},
      {LITERAL("(K\1\x91."), "[1]"},
      {LITERAL("}K\1K\2s(K\3K\4u."), "{1,2,3,4}"},
      {LITERAL("(K\1K\2d."), "{1,2}"},
      {LITERAL("K\1K\2"
               "0."),
       "1"},
      {LITERAL("K\1(K\2K\3"
               "1."),
       "1"},
      {LITERAL("K\1"
               "2\x86."),
       "(1,1)"},
      {LITERAL("K\7p9\n0g9\n."), "7"},
      {LITERAL("K\7q\5"
               "0h\5."),
       "7"},
      {LITERAL("K\7r\5\0\0\0"
               "0j\5\0\0\0."),
       "7"},
      {LITERAL("K\1\x94K\2\x94\x86h\0h\1\x87."), "((1,2),1,2)"},
      {LITERAL("\x80\4\x95\3\0\0\0\0\0\0\0K\1."), "1"},
      {LITERAL("ccollections\nOrderedDict\n."), "collections"},
      {LITERAL("\x8c\x0b"
               "collections\x8c\x0bOrderedDict\x93."),
       "collections"},
      {LITERAL("ccollections\nOrderedDict\n)R."), "collections()<>"},
      {LITERAL("ccollections\nOrderedDict\n)\x81}b."), "collections()<>|{}"},
      {LITERAL("ccollections\nOrderedDict\n)}\x92(K\1K\2u."), "collections()<1,2>"},
      {LITERAL("(K\1icollections\nOrderedDict\n."), "collections(1)<>"},
      {LITERAL("(ccollections\nOrderedDict\nK\1o."), "collections(1)<>"},
      {LITERAL("ctorch.nn.modules.linear\nLinear\n)R."), "torch.nn.modules()<>"},
      {LITERAL("Pid7\n."), "@'id7'"},
      {LITERAL("K\1\x85Q."), "@(1)"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    pickle_tree tree;
    char got[256] = "";
    wlaw_error_clear(err);
    const wlaw_status status = parse(&tree, cases[k].bytes, cases[k].n, err);
    if (status == WLAW_OK) write_tree(got, sizeof got, &tree, tree.root);
    if (strcmp(got, cases[k].want) != 0)
      fail_msg("case %zu: '%s' (%s), expected '%s'", k, got, wlaw_error_message(err), cases[k].want);
    assert_int_equal(tree.used, cases[k].n);
    wlaw_pickle_free(&tree);
  }
  wlaw_error_free(err);
}

/* -- what is refused ------------------------------------------------------------------------------------------------
 */

static void check_refused(const void *bytes, size_t n, wlaw_status want, const char *says, int64_t byte) {
  wlaw_error *err = wlaw_error_new();
  pickle_tree tree;
  const wlaw_status got = parse(&tree, bytes, n, err);
  if (got != want || !strstr(wlaw_error_message(err), says) || (byte >= 0 && wlaw_error_byte(err) != 1000 + byte))
    fail_msg("%s '%s' at %lld, expected %s with '%s' at %lld", wlaw_status_name(got), wlaw_error_message(err),
             (long long)wlaw_error_byte(err), wlaw_status_name(want), says, (long long)byte);
  wlaw_pickle_free(&tree);
  wlaw_error_free(err);
}

static void bad_pickles(void **state) {
  (void)state;
  static const struct {
    const unsigned char *bytes;
    size_t n;
    wlaw_status want;
    const char *says;
    int64_t byte;
  } cases[] = {
      /* every way to name a function, and the usual functions */
      {LITERAL("cos\nsystem\n(S'id'\ntR."), WLAW_UNSUPPORTED, "'os.system'", 0},
      {LITERAL("\x80\2cposix\nsystem\nX\2\0\0\0id\x85R."), WLAW_UNSUPPORTED, "'posix.system'", 2},
      {LITERAL("\x80\4\x8c\2os\x8c\6system\x93."), WLAW_UNSUPPORTED, "'os.system'", 14},
      {LITERAL("(S'id'\nios\nsystem\n."), WLAW_UNSUPPORTED, "'os.system'", 7},
      {LITERAL("(cos\nsystem\nS'id'\no."), WLAW_UNSUPPORTED, "'os.system'", 1},
      {LITERAL("cbuiltins\neval\n(S'1'\ntR."), WLAW_UNSUPPORTED, "'builtins.eval'", 0},
      {LITERAL("c__builtin__\nexec\n."), WLAW_UNSUPPORTED, "'__builtin__.exec'", 0},
      {LITERAL("csubprocess\nPopen\n)\x81}b."), WLAW_UNSUPPORTED, "'subprocess.Popen'", 0},
      {LITERAL("ccollections.os\nsystem\n."), WLAW_UNSUPPORTED, "'collections.os.system'", 0},
      {LITERAL("ctorch.nn.modules_evil\nx\n."), WLAW_UNSUPPORTED, "'torch.nn.modules_evil.x'", 0},
      {LITERAL("ctorch.nn.module\nx\n."), WLAW_UNSUPPORTED, "'torch.nn.module.x'", 0},
      {LITERAL("c\x1b[31m\nx\n."), WLAW_UNSUPPORTED, "\\x1b[31m.x", 0}, /* no escapes to a terminal */
      {LITERAL("\x82\1."), WLAW_UNSUPPORTED, "0x82", 0},                /* EXT1 */
      {LITERAL("\x97."), WLAW_UNSUPPORTED, "0x97", 0},                  /* NEXT_BUFFER */
      {LITERAL("\x80\6N."), WLAW_UNSUPPORTED, "protocol 6", 0},
      {LITERAL("\xff."), WLAW_UNSUPPORTED, "0xff", 0},
      {LITERAL("K\1)R."), WLAW_FORMAT, "called that is no name", 3},
      {LITERAL("ccollections\nOrderedDict\nK\1R."), WLAW_FORMAT, "no tuple", 27},
      {LITERAL("ccollections\nOrderedDict\n)R)R."), WLAW_FORMAT, "called that is no name", 28},
      {LITERAL("}}b."), WLAW_FORMAT, "no object", 2},
      {LITERAL("K\1K\2\x93."), WLAW_FORMAT, "name is no text", 4},
      {LITERAL("R."), WLAW_FORMAT, "nothing on the stack", 0},
      {LITERAL("(o."), WLAW_FORMAT, "not there", 1},
      {LITERAL("t."), WLAW_FORMAT, "no mark", 0},
      {LITERAL("1."), WLAW_FORMAT, "no mark", 0},
      {LITERAL("0."), WLAW_FORMAT, "nothing on the stack", 0},
      {LITERAL("K\1\x86."), WLAW_FORMAT, "lacks items", 2},
      {LITERAL("K\1(\x85."), WLAW_FORMAT, "lacks items", 3},
      {LITERAL("]a."), WLAW_FORMAT, "", 1},
      {LITERAL("K\1K\2a."), WLAW_FORMAT, "no list", 4},
      {LITERAL("]K\1K\2s."), WLAW_FORMAT, "no dict", 5},
      {LITERAL("}(K\1u."), WLAW_FORMAT, "without a value", 4},
      {LITERAL("(K\1d."), WLAW_FORMAT, "without a value", 3},
      {LITERAL("(e."), WLAW_FORMAT, "nothing on the stack", 1},
      {LITERAL("(p0\n."), WLAW_FORMAT, "nothing on the stack", 1},
      {LITERAL("h\0."), WLAW_FORMAT, "never kept", 0},
      {LITERAL("Nr\xff\xff\xff\x7f."), WLAW_FORMAT, "exceeds the pickle's length", 1},
      {LITERAL("Np4294967296\n."), WLAW_FORMAT, "exceeds the pickle's length", 1},
      {LITERAL("Np-1\n."), WLAW_FORMAT, "cannot be read", 1},
      {LITERAL("j\xff\xff\xff\xff."), WLAW_FORMAT, "never kept", 0},
      {LITERAL("\x8b\xff\xff\xff\xff."), WLAW_FORMAT, "ends in the middle", 0},
      {LITERAL("\x8e\xff\xff\xff\xff\xff\xff\xff\xff."), WLAW_FORMAT, "ends in the middle", 0},
      {LITERAL("X\xff\xff\xff\xff."), WLAW_FORMAT, "ends in the middle", 0},
      {LITERAL("\x95\xff\0\0\0\0\0\0\0N."), WLAW_FORMAT, "ends in the middle", 0},
      {LITERAL("I\n."), WLAW_FORMAT, "no digits", 0},
      {LITERAL("Iseven\n."), WLAW_FORMAT, "cannot be read", 0},
      {LITERAL("F1e\n."), WLAW_FORMAT, "cannot be read", 0},
      {LITERAL("Sab\n."), WLAW_FORMAT, "quotes", 0},
      {LITERAL("K\1K\2."), WLAW_FORMAT, "more than one value", 4},
      {LITERAL("."), WLAW_FORMAT, "nothing on the stack", 0},
      {LITERAL("N"), WLAW_FORMAT, "ends in the middle", 1},
      {LITERAL(""), WLAW_FORMAT, "ends in the middle", 0},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    check_refused(cases[k].bytes, cases[k].n, cases[k].want, cases[k].says, cases[k].byte);
}

/* Cut at any byte it is told to be cut, and nothing is read beyond. */
static void write_sample(byte_file *to) {
  pk(to, "\x80\2}q\0(");
  pk_text(to, "a");
  pk(to, "K\1M\2\0\x86");
  pk_text(to, "b");
  pk(to, "]q\1(G\x3f\xf8\0\0\0\0\0\0Nh\0e"); /* holds the dict that holds it */
  pk_text(to, "c");
  pk_global(to, "collections", "OrderedDict");
  pk(to, ")R}bu.");
}

static void cut_anywhere(void **state) {
  (void)state;
  byte_file sample = {.n = 0};
  write_sample(&sample);
  wlaw_error *err = wlaw_error_new();
  for (size_t n = 0; n <= sample.n; n++) {
    unsigned char *exact = malloc(n ? n : 1); /* a sanitizer sees a byte too far */
    assert_non_null(exact);
    memcpy(exact, sample.bytes, n);
    pickle_tree tree;
    wlaw_error_clear(err);
    const wlaw_status status = parse(&tree, exact, n, err);
    if (n == sample.n) check_ok(status);
    else if (status != WLAW_FORMAT || !tree.cut) fail_msg("%zu of %zu bytes: not told to be cut", n, sample.n);
    wlaw_pickle_free(&tree);
    free(exact);
  }
  wlaw_error_free(err);
}

/* Memory follows the pickle's length: a million marks, copies and memo entries cost tens of bytes each, not more. */
static void memory_follows_length(void **state) {
  (void)state;
  enum { N = 1 << 20 };
  unsigned char *bytes = malloc(N);
  assert_non_null(bytes);
  static const unsigned char instructions[] = {'(', ']', '2', ')'};
  for (size_t k = 0; k < sizeof instructions; k++) {
    memset(bytes, instructions[k], N);
    bytes[0] = 'N';
    pickle_tree tree;
    assert_int_equal(parse(&tree, bytes, N, NULL), WLAW_FORMAT);
    assert_true(tree.value_capacity <= 2 * N && tree.cell_capacity <= 2 * N);
    wlaw_pickle_free(&tree);
  }
  free(bytes);
}

static wlaw_status parse_sample(void *context, wlaw_error *err) {
  const byte_file *sample = context;
  pickle_tree tree;
  const wlaw_status status = parse(&tree, sample->bytes, sample->n, err);
  wlaw_pickle_free(&tree);
  return status;
}

static void refused_allocations(void **state) {
  (void)state;
  byte_file sample = {.n = 0};
  write_sample(&sample);
  alloc_fail_each(parse_sample, &sample);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_instruction),     cmocka_unit_test(bad_pickles),         cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(memory_follows_length), cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("tensor.pickle", tests, NULL, NULL);
}
