/* Charts: known drawings, gaps where numbers are not finite, empty series, hostile labels. */
#include "support/test.h"

#include "report/chart.h"

#include "report/markup.h"

static size_t count(const char *text, const char *what) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, what)); at++) n++;
  return n;
}

static void escapes(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"plain", "plain"},
      {"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
      {"a\"b&c", "a&quot;b&amp;c"},
      {"bell\x07 tab\t", "bell\\x07 tab\\x09"},
      {"bad \xff\xc0\xaf utf", "bad \\xff\\xc0\\xaf utf"},
      {"\xc3\x97 \xe2\x82\x82", "\xc3\x97 \xe2\x82\x82"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    text_buffer out = {0};
    wlaw_xml_escape(&out, cases[i].text);
    assert_string_equal(wlaw_text_string(&out), cases[i].want);
    wlaw_text_free(&out);
  }
}

/* Longer than any buffer inside, with a character across every possible cut. */
static void escapes_long_text(void **state) {
  (void)state;
  for (size_t shift = 0; shift < 4; shift++) {
    char text[2001], want[2001];
    size_t n = 0;
    while (n < shift) text[n++] = 'x';
    while (n + 3 < sizeof text) {
      memcpy(text + n, "\xe2\x82\x82", 3);
      n += 3;
    }
    text[n] = '\0';
    memcpy(want, text, n + 1);
    text_buffer out = {0};
    wlaw_xml_escape(&out, text);
    assert_string_equal(wlaw_text_string(&out), want);
    wlaw_text_free(&out);
  }
}

static void polyline_has_gaps(void **state) {
  (void)state;
  const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {1, 2, NAN, 4, INFINITY, 6};
  text_buffer out = {0};
  wlaw_svg_polyline(&out, "line", x, y, 6);
  /* two points joined, then two alone, each a dot */
  assert_string_equal(wlaw_text_string(&out), "<path class=\"line\" d=\"M0.0 1.0L1.0 2.0M3.0 4.0h0M5.0 6.0h0\"/>\n");
  wlaw_text_free(&out);
  wlaw_svg_band(&out, "band", x, y, y, 6);
  assert_int_equal(count(wlaw_text_string(&out), "<path"), 3);
  wlaw_text_free(&out);
  const double none[] = {NAN, NAN};
  wlaw_svg_polyline(&out, "line", x, none, 2);
  wlaw_svg_band(&out, "band", x, none, none, 2);
  assert_string_equal(wlaw_text_string(&out), "");
}

static const chart_head head = {
    .id = "c", .title = "t <&>", .description = "d", .x_label = "epoch", .y_label = "\"y\""};

static void draw_line(text_buffer *out, const double *y, const double *error, size_t n, scale_kind kind) {
  static const double x[] = {0, 1, 2, 3};
  const chart_line line = {.label = "<b>&", .y = y, .error = error, .inner = error, .colour = 9};
  const chart_band band = {.low = y, .high = error, .low_label = "<", .high_label = ">"};
  const chart_mark mark = {n ? y[0] : NAN, 0.5, "\"note\""};
  const line_chart chart = {.head = head,
                            .x = x,
                            .n = n,
                            .y_kind = kind,
                            .y_range = RANGE_EMPTY,
                            .lines = &line,
                            .n_lines = 1,
                            .bands = &band,
                            .n_bands = 1,
                            .marks = &mark,
                            .n_marks = 1};
  wlaw_chart_line(out, &chart);
}

static void line_charts_of_anything(void **state) {
  (void)state;
  static const double series[][4] = {{1, 2, 3, 4},          {NAN, NAN, NAN, NAN}, {INFINITY, -INFINITY, 0, NAN},
                                     {-1, -2, -3, -4},      {0, 0, 0, 0},         {1e308, -1e308, 1, 2},
                                     {1e-300, 2e-300, 0, 0}};
  for (size_t s = 0; s < sizeof series / sizeof *series; s++)
    for (size_t e = 0; e < sizeof series / sizeof *series; e++)
      for (size_t n = 0; n <= 4; n += 2)
        for (int kind = SCALE_LINEAR; kind <= SCALE_LOG; kind++) {
          text_buffer out = {0};
          draw_line(&out, series[s], series[e], n, (scale_kind)kind);
          assert_false(out.failed);
          assert_int_equal(markup_check(wlaw_text_string(&out)).n_svg, 1);
          if (n == 0) assert_non_null(strstr(wlaw_text_string(&out), "no data"));
          wlaw_text_free(&out);
        }
}

static void stack_of_anything(void **state) {
  (void)state;
  static const double x[] = {0, 5, 10}, values[] = {0.2, NAN, -1, 0.8, INFINITY, 0, 0, 0, 0};
  static const char *const labels[] = {"a<", "b&", "c"};
  static const unsigned colours[] = {0, 1, 200};
  static const bool faint[] = {true, false, false};
  for (int shares = 0; shares < 2; shares++)
    for (size_t n = 0; n <= 3; n += 3) {
      const stack_chart chart = {.head = head,
                                 .x = x,
                                 .n = n,
                                 .labels = labels,
                                 .values = values,
                                 .colours = colours,
                                 .n_parts = 3,
                                 .faint = faint,
                                 .shares = shares};
      text_buffer out = {0};
      wlaw_chart_stack(&out, &chart);
      markup_check(wlaw_text_string(&out));
      /* 0.2 and 0.8 of the first bar are all that can be drawn */
      assert_int_equal(count(wlaw_text_string(&out), "<rect"), n ? 2 : 0);
      wlaw_text_free(&out);
    }
}

/* Area under the drawn steps: half of the weights in each of two bins of width 2 are a density of 1/4. */
static void histogram_is_a_density(void **state) {
  (void)state;
  static const double counts[] = {50, 50};
  const histogram_chart chart = {.head = {.id = "h", .title = "t", .description = "d", .width = 400, .height = 224},
                                 .low = -2,
                                 .bin_width = 2,
                                 .counts = counts,
                                 .n = 2,
                                 .total = 100,
                                 .mean = NAN,
                                 .sd = NAN};
  text_buffer out = {0};
  wlaw_chart_histogram(&out, &chart);
  markup_check(wlaw_text_string(&out));
  assert_non_null(strstr(wlaw_text_string(&out), ">0.2<")); /* ticks 0.0 0.1 0.2 0.3 */
  /* the plot goes from y = 200 (0) to 12 (0.3): 0.25 is at 200 - 188 * 0.25 / 0.3 = 43.3 */
  assert_non_null(strstr(wlaw_text_string(&out), "V43.3"));
  wlaw_text_free(&out);
}

static void histogram_of_anything(void **state) {
  (void)state;
  static const double counts[][2] = {{0, 0}, {NAN, 1}, {1e300, 1}};
  static const double widths[] = {1, 0, NAN, -1}, totals[] = {0, 2, NAN}, sds[] = {0, 1, NAN, 1e-300, 1e300};
  for (size_t c = 0; c < 3; c++)
    for (size_t w = 0; w < 4; w++)
      for (size_t t = 0; t < 3; t++)
        for (size_t s = 0; s < 5; s++) {
          const histogram_chart chart = {.head = head,
                                         .low = 0,
                                         .bin_width = widths[w],
                                         .counts = counts[c],
                                         .n = 2,
                                         .total = totals[t],
                                         .mean = 0,
                                         .sd = sds[s]};
          text_buffer out = {0};
          wlaw_chart_histogram(&out, &chart);
          assert_false(out.failed);
          markup_check(wlaw_text_string(&out));
          wlaw_text_free(&out);
        }
}

static void strip_drops_text_that_has_no_room(void **state) {
  (void)state;
  enum { COLUMNS = 60 };
  static double x[COLUMNS];
  static strip_cell cells[COLUMNS];
  static const char *const rows[] = {"layer <1>"};
  for (size_t i = 0; i < COLUMNS; i++) {
    x[i] = (double)i;
    cells[i] = (strip_cell){"l1", "permutation", "p.", "12", "<note>"};
  }
  for (size_t n = 0; n <= COLUMNS; n += 6) {
    const strip_chart chart = {.head = head, .x = x, .n_columns = n, .rows = rows, .n_rows = 1, .cells = cells};
    text_buffer out = {0};
    wlaw_chart_strip(&out, &chart);
    const char *svg = wlaw_text_string(&out);
    markup_check(svg);
    if (n == 6) assert_int_equal(count(svg, ">p.<"), 6); /* 53 units a cell: "permutation" needs 73 */
    if (n == COLUMNS) assert_int_equal(count(svg, ">permutation<") + count(svg, ">p.<"), 0);
    wlaw_text_free(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(escapes),
      cmocka_unit_test(escapes_long_text),
      cmocka_unit_test(polyline_has_gaps),
      cmocka_unit_test(line_charts_of_anything),
      cmocka_unit_test(stack_of_anything),
      cmocka_unit_test(histogram_is_a_density),
      cmocka_unit_test(histogram_of_anything),
      cmocka_unit_test(strip_drops_text_that_has_no_room),
  };
  return cmocka_run_group_tests_name("report.chart", tests, NULL, NULL);
}
