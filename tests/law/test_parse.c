/* The law grammar: canonical text, defaults, and the sentence each mistake gets. */
#include "support/test.h"

#include "law/law.h"

static char *text_of(const wlaw_law *law) {
  static char text[1024];
  size_t needed = 0;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_text(law, NULL, 0, &needed, err));
  assert_true(needed > 0 && needed <= sizeof text);
  check_status(wlaw_law_text(law, text, needed - 1, NULL, err), WLAW_LIMIT);
  check_ok(wlaw_law_text(law, text, needed, NULL, err));
  assert_int_equal(strlen(text) + 1, needed);
  wlaw_error_free(err);
  return text;
}

static void canonical_texts(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"normal", "normal(mean=0,gain=1,fan=in)"},
      {" normal ( ) ", "normal(mean=0,gain=1,fan=in)"},
      {"gaussian(sd=0.1)", "normal(mean=0,sd=0.1)"},
      {"normal(\tsd = 1e-1 , mean=-.5)", "normal(mean=-0.5,sd=0.1)"},
      {"normal(fan=average)", "normal(mean=0,gain=1,fan=average)"},
      {"normal(gain=1.4142135623730951,fan=out)", "normal(mean=0,gain=1.4142135623730951,fan=out)"},
      {"uniform", "uniform(gain=1,fan=in)"},
      {"uniform(bound=0.25)", "uniform(bound=0.25)"},
      {"uniform(sd=3)", "uniform(sd=3)"},
      {"truncated-normal", "truncated-normal(mean=0,gain=1,fan=in,cut=2)"},
      {"truncated-normal(scale=.02,cut=3)", "truncated-normal(mean=0,scale=0.02,cut=3)"},
      {"orthogonal", "orthogonal(gain=1)"},
      {"torch-default", "torch-default"},
      {"torch-default()", "torch-default"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_law *law = NULL, *again = NULL;
    check_ok(wlaw_law_parse(&law, cases[i][0], err));
    assert_string_equal(text_of(law), cases[i][1]);
    check_ok(wlaw_law_parse(&again, cases[i][1], err));
    assert_string_equal(text_of(again), cases[i][1]);
    wlaw_law_free(again);
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    wlaw_status status;
    const char *says[2];
  } cases[] = {
      {"", WLAW_ARGUMENT, {"character 1", "the law's name is missing"}},
      {"norml(sd=1)", WLAW_NAME, {"there is no law 'norml'", "did you mean 'normal'?"}},
      {"zygote", WLAW_NAME, {"there is no law 'zygote'", "the laws are normal, uniform"}},
      {"normal(sb=1)", WLAW_NAME, {"no parameter 'sb'", "did you mean 'sd'?"}},
      {"torch-default(gain=1)", WLAW_NAME, {"no parameter 'gain'", "it has none"}},
      {"normal(something=1)", WLAW_NAME, {"no parameter 'something'", "it has mean, sd, gain, fan"}},
      {"normal(sd=1,sd=2)", WLAW_ARGUMENT, {"character 13", "given before"}},
      {"normal(sd=0)", WLAW_ARGUMENT, {"character 11", "sd must be at least 1e-100 and at most 1e+100"}},
      {"normal(sd=-1)", WLAW_ARGUMENT, {"character 11", "sd must be at least"}},
      {"normal(sd=inf)", WLAW_ARGUMENT, {"character 11", "not a finite number"}},
      {"normal(sd=nan)", WLAW_ARGUMENT, {"character 11", "not a finite number"}},
      {"normal(sd=1e999)", WLAW_ARGUMENT, {"character 11", "not a finite number"}},
      {"normal(sd=)", WLAW_ARGUMENT, {"character 11", "a number is missing"}},
      {"normal(sd)", WLAW_ARGUMENT, {"character 10", "'=' is missing"}},
      {"normal(sd=1", WLAW_ARGUMENT, {"character 12", "',' or ')' is missing"}},
      {"normal(sd=1,)", WLAW_ARGUMENT, {"character 13", "a parameter's name is missing"}},
      {"normal(sd=1) x", WLAW_ARGUMENT, {"character 14", "the law should end here"}},
      {"normal(sd=[1,2])", WLAW_ARGUMENT, {"character 11", "not a list"}},
      {"normal(fan=sideways)", WLAW_ARGUMENT, {"character 12", "'sideways' is none of in|out|average"}},
      {"normal(fan=i)", WLAW_ARGUMENT, {"character 12", "'i' is none of"}},
      {"normal(fan=)", WLAW_ARGUMENT, {"character 12", "a word is missing"}},
      {"normal(sd=1,gain=1)", WLAW_ARGUMENT, {"scale from sd", "cannot take gain"}},
      {"normal(sd=1,fan=in)", WLAW_ARGUMENT, {"scale from sd", "cannot take fan"}},
      {"uniform(bound=1,sd=1)", WLAW_ARGUMENT, {"scale from bound", "cannot take sd"}},
      {"truncated-normal(scale=1,gain=1)", WLAW_ARGUMENT, {"scale from scale", "cannot take gain"}},
      {"truncated-normal(cut=0)", WLAW_ARGUMENT, {"character 22", "cut must be at least 0.01 and at most 30"}},
      {"@fit.json", WLAW_ARGUMENT, {"a law is not read from a fit's file here", "name(parameter=value"}},
      {"normal(sd=@fit.json)", WLAW_ARGUMENT, {"character 11", "from a file is not supported"}},
      {"normal(@w.npy)", WLAW_ARGUMENT, {"character 8", "samples from a file are not supported"}},
      {"normal(sd=1\x01)", WLAW_ARGUMENT, {"\\x01", "not a finite number"}},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_law *law = NULL;
    check_status(wlaw_law_parse(&law, cases[i].text, err), cases[i].status);
    assert_null(law);
    for (int k = 0; k < 2; k++)
      if (!strstr(wlaw_error_message(err), cases[i].says[k]))
        fail_msg("'%s' gives \"%s\" without \"%s\"", cases[i].text, wlaw_error_message(err), cases[i].says[k]);
    assert_int_equal(wlaw_law_parse(&law, cases[i].text, NULL), cases[i].status); /* the error object is optional */
  }
  wlaw_error_free(err);
}

static void long_texts_are_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static char text[40000];
  memset(text, ' ', sizeof text - 1);
  wlaw_law *law = NULL;
  check_status(wlaw_law_parse(&law, text, err), WLAW_LIMIT);
  text[100] = '\0';
  memcpy(text, "normal(sd=", 10);
  memset(text + 10, '1', 80);
  check_status(wlaw_law_parse(&law, text, err), WLAW_ARGUMENT);
  memset(text, 'a', 99);
  check_status(wlaw_law_parse(&law, text, err), WLAW_ARGUMENT);
  check_status(wlaw_law_parse(&law, NULL, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
}

/* Every descriptor is complete: its table fits a wlaw_law, and it says what it is. */
static void tables_are_sound(void **state) {
  (void)state;
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const law_ops *ops = wlaw_laws[i];
    assert_true(ops->n_parameters <= LAW_MAX_PARAMETERS);
    assert_true(wlaw_law_offset(ops, ops->n_parameters) <= LAW_MAX_VALUES);
    assert_non_null(ops->summary);
    assert_non_null(ops->source);
    for (size_t k = 0; k < ops->n_parameters; k++) {
      const law_parameter *row = &ops->parameters[k];
      assert_true(row->length > 0 && row->doc != NULL);
      assert_true((row->kind == PARAMETER_CHOICE) == (row->choices != NULL));
      if (row->kind != PARAMETER_CHOICE) assert_true(row->low < row->high);
      if (row->kind != PARAMETER_LIST) assert_int_equal(row->length, 1);
    }
    const law_ops *found = NULL;
    assert_int_equal(wlaw_law_find(&found, ops->name, NULL), WLAW_OK);
    assert_ptr_equal(found, ops);
  }
}

/* Numbers written and read again are the same bits. */
static void numbers_round_trip(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, 0, 0);
  for (int i = 0; i < 2000; i++) {
    char text[128], again[128];
    const double sd = exp(200 * (wlaw_stream_open(&stream) - 0.5));
    snprintf(text, sizeof text, "normal(sd=%.17g)", sd);
    wlaw_law *law = NULL, *back = NULL;
    check_ok(wlaw_law_parse(&law, text, err));
    check_ok(wlaw_law_text(law, again, sizeof again, NULL, err));
    check_ok(wlaw_law_parse(&back, again, err));
    assert_true(law->values[1] == sd && back->values[1] == sd);
    wlaw_law_free(law);
    wlaw_law_free(back);
  }
  wlaw_error_free(err);
}

/* Random edits of good texts: each is refused with a sentence, or its canonical text is a fixed point. */
static void random_edits(void **state) {
  (void)state;
  static const char *const seeds[] = {"normal(mean=0.5,sd=0.1)", "uniform(gain=1,fan=average)",
                                      "orthogonal(gain=2)",      "truncated-normal(scale=[1,2],cut=2.5)",
                                      "torch-default",           "@fit.json"};
  static const char alphabet[] = "()[]=,.@- 0123456789einfsdagoutm\t\xc3\xff";
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(6, STREAM_TEST, 0, 0);
  int accepted = 0;
  for (int i = 0; i < 100000; i++) {
    char text[64], first[128], second[128];
    snprintf(text, sizeof text, "%s", seeds[wlaw_stream_below(&stream, sizeof seeds / sizeof *seeds)]);
    const uint32_t length = (uint32_t)strlen(text), edits = 1 + wlaw_stream_below(&stream, 3);
    for (uint32_t k = 0; k < edits; k++)
      text[wlaw_stream_below(&stream, length)] = alphabet[wlaw_stream_below(&stream, sizeof alphabet)];
    wlaw_law *law = NULL, *again = NULL;
    wlaw_error_clear(err);
    if (wlaw_law_parse(&law, text, err) != WLAW_OK) {
      assert_true(strlen(wlaw_error_message(err)) > 10);
      continue;
    }
    accepted++;
    check_ok(wlaw_law_text(law, first, sizeof first, NULL, err));
    check_ok(wlaw_law_parse(&again, first, err));
    check_ok(wlaw_law_text(again, second, sizeof second, NULL, err));
    assert_string_equal(first, second);
    wlaw_law_free(law);
    wlaw_law_free(again);
  }
  assert_true(accepted > 100);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(canonical_texts),        cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(long_texts_are_refused), cmocka_unit_test(tables_are_sound),
      cmocka_unit_test(numbers_round_trip),     cmocka_unit_test(random_edits),
  };
  return cmocka_run_group_tests_name("law.parse", tests, NULL, NULL);
}
