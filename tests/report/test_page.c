/* The whole page: well-formed and self-contained, untrusted text escaped, the same bytes every time, and nothing that a
 * series lacks can break it. */
#include "support/test.h"

#include "report/page.h"
#include "report/story.h"

#include "report/invented.h"
#include "report/markup.h"

static void write_page(text_buffer *out, const report_series *series) {
  sentence_list story = {0}, notes = {0};
  wlaw_story_tell(&story, series);
  wlaw_notes_tell(&notes, series);
  wlaw_page_write(out, series, &story, &notes);
  wlaw_sentences_free(&story);
  wlaw_sentences_free(&notes);
}

static void page_of_a_run(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  report_series *series = invented_series(err);
  text_buffer page = {0}, again = {0};
  write_page(&page, series);
  write_page(&again, series);
  assert_false(page.failed);
  assert_int_equal(page.length, again.length);
  assert_memory_equal(page.bytes, again.bytes, page.length);
  assert_true(page.length < 1000000);
  const markup counts = markup_check(page.bytes);
  /* 4 of training, 2 + 4 of distances and again of steps, 3 * (1 + 3) of invariants, 2 strips, 2 + 3 * 6 of parameters,
   * 4 * (4 + 6) of departures, 2 between layers, 4 * 3 histograms, 3 * 6 + 9 squares of keys */
  assert_int_equal(counts.n_svg, 4 + 12 + 12 + 2 + 20 + 40 + 2 + 12 + 27);
  FILE *file = fopen(test_scratch("run.html"), "wb"); /* to look at */
  assert_non_null(file);
  assert_int_equal(fwrite(page.bytes, 1, page.length, file), page.length);
  fclose(file);
  wlaw_text_free(&page);
  wlaw_text_free(&again);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

/* Every text of a series comes from outside. None of it may become markup, whole or in parts. */
static void hostile_names(void **state) {
  (void)state;
  static const char evil[] = "</title></svg></style><script>alert(1)</script>\"'&lt;\x01\xff onload=\"x\" ";
  wlaw_error *err = wlaw_error_new();
  report_series *series = invented_series(err);
  char longest[4000];
  for (size_t i = 0; i + 1 < sizeof longest; i++) longest[i] = evil[i % (sizeof evil - 1)];
  longest[sizeof longest - 1] = '\0';
  const char *const texts[] = {evil, longest};
  for (size_t i = 0; i < 2; i++) {
    char **const places[] = {&series->title,          &series->source,      &series->initial_law, &series->data,
                             &series->architecture,   &series->optimizer,   &series->exclusion,   &series->date,
                             &series->why_no_metrics, &series->why_no_nodes};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) assert_true(wlaw_series_set_text(places[p], texts[i]));
    for (size_t t = 0; t < series->n_tensors; t++) {
      assert_true(wlaw_series_set_text(&series->tensors[t].name, texts[i]));
      assert_true(wlaw_series_set_text(&series->tensors[t].blocks[t], texts[i]));
      assert_true(wlaw_series_set_text(&series->tensors[t].points[2].why_no_fit, texts[i]));
      assert_true(wlaw_series_set_text(&series->tensors[t].points[3].why_no_distance, texts[i]));
      assert_true(wlaw_series_set_text(&series->tensors[t].why_no_departures, texts[i]));
      series->tensors[t].is_first = series->tensors[t].is_last = true;
    }
    check_ok(wlaw_series_add_setting(series, texts[i], texts[i], err));
    text_buffer page = {0};
    write_page(&page, series);
    assert_false(page.failed);
    markup_check(page.bytes); /* refuses scripts and handlers, too */
    wlaw_text_free(&page);
  }
  wlaw_series_free(series);
  wlaw_error_free(err);
}

static void check_page(const report_series *series) {
  text_buffer page = {0};
  write_page(&page, series);
  assert_false(page.failed);
  markup_check(page.bytes);
  wlaw_text_free(&page);
}

/* Nothing but empty points: no fits, no distances, no metrics. */
static void empty_series(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (size_t n_epochs = 0; n_epochs < 3; n_epochs++)
    for (size_t n_tensors = 0; n_tensors < 3; n_tensors++)
      for (int is_run = 0; is_run < 2; is_run++) {
        report_series *series = NULL;
        check_ok(wlaw_series_new(&series, n_epochs, n_tensors, err));
        series->is_run = is_run;
        check_page(series);
        wlaw_series_free(series);
      }
  wlaw_error_free(err);
}

static void poison(double *values, size_t n, double with) {
  for (size_t i = 0; i < n; i++) values[i] = with;
}

/* Present, but full of numbers that are not finite, negative or huge. */
static void poisoned_numbers(void **state) {
  (void)state;
  static const double poisons[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e308, -1e308, 5e-324};
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof poisons / sizeof *poisons; i++) {
    report_series *series = invented_series(err);
    for (size_t t = 0; t < series->n_tensors; t++)
      for (size_t e = t; e < series->n_epochs; e += 2) {
        tensor_point *point = &series->tensors[t].points[e];
        for (int k = 0; k < REPORT_LAWS; k++) {
          law_fit *fit = &point->fits[k];
          poison(fit->value, REPORT_PARAMETERS_MOST, poisons[i]);
          poison(fit->error, REPORT_PARAMETERS_MOST, poisons[i]);
          poison(fit->robust, REPORT_PARAMETERS_MOST, poisons[i]);
          fit->log_likelihood = fit->aic = fit->bic = poisons[i];
        }
        for (int k = 0; k < REPORT_NESTED; k++)
          point->tests[k].statistic = point->tests[k].p_value = point->tests[k].degrees = poisons[i];
        law_distance *const distances[] = {&point->distance, &point->step};
        for (int k = 0; k < 2; k++) {
          law_distance *d = distances[k];
          d->wasserstein = d->squared = d->floor_squared = d->debiased_squared = d->standard_error = poisons[i];
          poison(d->share, REPORT_BLOCKS_MOST, poisons[i]);
        }
        for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
          const double p = poisons[i];
          point->invariants[k] = (invariant_change){p, p, p, p, p};
        }
        for (int k = 0; k < REPORT_LAWS; k++) {
          const double p = poisons[i];
          point->global_p[k] = p;
          for (size_t g = i; point->departures[k] && g < series->tensors[t].n_graphs; g += 2)
            point->departures[k][g] = (departure){p, p, p, p, false, p, p, p, p, p, p, p, p};
        }
        point->networks = point->excluded = poisons[i];
        if (point->histogram) {
          poison(point->histogram->counts, HISTOGRAM_BINS, poisons[i]);
          point->histogram->sd = point->histogram->kurtosis = point->histogram->bin_width = poisons[i];
        }
      }
    for (size_t e = 0; e < series->metrics->n; e += 2) {
      for (int m = 0; m < REPORT_METRICS; m++) {
        poison(series->metrics->spread[m][e].quantile, QUANTILES, poisons[i]);
        series->metrics->spread[m][e].mean = poisons[i];
      }
      poison(series->metrics->final_accuracy, 3, poisons[i]);
    }
    check_page(series);
    wlaw_series_free(series);
  }
  wlaw_error_free(err);
}

static bool tells(const sentence_list *list, const char *what) {
  for (size_t i = 0; i < list->n; i++)
    if (strstr(list->text[i], what)) return true;
  return false;
}

#define check_tells(list, what)                                                                                        \
  do {                                                                                                                 \
    if (!tells(&(list), (what))) fail_msg("no sentence has '%s'", (what));                                             \
  } while (0)

/* Numbers of the sentences against the series they were told from. */
static void story_of_a_run(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  report_series *series = invented_series(err);
  law_distance *far = &series->tensors[3].points[INVENTED_EPOCHS - 1].distance;
  *far = (law_distance){true, 1.5, 2.25, 0.0015, 2.2485, 0.034, 3, 2, {0.05, 0.05, 0.7, 0.1, 0.1}};
  sentence_list story = {0}, notes = {0};
  wlaw_story_tell(&story, series);
  check_tells(story, "500 networks of shape 784-10-10-10-10");
  check_tells(story, "median network gets 86.0\xc2\xa0%");
  check_tells(story, "3 networks died: 3 with the same output");
  check_tells(story, "layer4.weight 2.250\xc2\xa0\xc2\xb1\xc2\xa0");
  check_tells(story, "By BIC, before training all matrices want the iid law; at the last snapshot ");
  check_tells(story, "all matrices from epoch 1 on");
  /* invented z beyond Holm: 300 exp(-20 size) < 0.05, size = 1.118 g / 51, g = 20 ... 51 of the 50 not fitted */
  check_tells(story, "layer4.weight 32 of 50 (permutation law)");
  check_tells(story,
              "of layer1.weight is furthest from its law at epoch 10 (bipartite): "
              "\xe2\x88\x92"
              "11 standard errors, "
              "\xe2\x88\x92"
              "0.28 standard deviations of a network, "
              "\xe2\x88\x92"
              "1.1 relative; ");
  check_tells(story, "I13 = t s of layer2.weight is furthest from initialisation at epoch 10: +164 standard errors");
  check_tells(story, "of hidden layer 1, sums of incoming and outgoing weights correlate by 0.150");
  check_tells(story, "of hidden layer 2, squared norms of incoming and outgoing weights correlate by 0.130");
  check_tells(story, "where the sums do not");
  assert_int_equal(story.n, 10); /* findings of one to three sentences */
  series->shared_order = true;
  series->tensors[3].is_last = true;
  wlaw_notes_tell(&notes, series);
  check_tells(notes, "3 at the epoch with the most");
  check_tells(notes, "shared order");
  check_tells(notes, "layer4.weight is the last matrix");
  check_tells(notes, "factor of 1.2");
  assert_false(tells(&notes, "26\xc2\xa0% with 3 networks")); /* 497 are enough */
  wlaw_sentences_free(&story);
  wlaw_sentences_free(&notes);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_of_a_run),    cmocka_unit_test(hostile_names),  cmocka_unit_test(empty_series),
      cmocka_unit_test(poisoned_numbers), cmocka_unit_test(story_of_a_run),
  };
  return cmocka_run_group_tests_name("report.page", tests, NULL, NULL);
}
