#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "core/monitor.h"

static const uint64_t SECOND = 1000000000u;

progress_line wlaw_progress_start(const char *when) {
  progress_line line = {.screen = wlaw_screen_of(STDERR_FILENO), .start_ns = wlaw_clock_ns()};
  line.always = strcmp(when, "always") == 0;
  line.shown = line.always || (strcmp(when, "auto") == 0 && line.screen.terminal);
  return line;
}

void wlaw_progress_duration(char out[32], double seconds) {
  const double rounded = seconds < 0.0 ? 0.0 : seconds;
  const unsigned long long s = rounded < 1e9 ? (unsigned long long)(rounded + 0.5) : 1000000000ull;
  if (s < 60) snprintf(out, 32, "%llu s", s);
  else if (s < 3600) snprintf(out, 32, "%llu min %02llu s", s / 60, s % 60);
  else snprintf(out, 32, "%llu h %02llu min", s / 3600, s / 60 % 60);
}

static void write_line(const char *text) {
  /* what cannot be shown is not worth failing for */
  if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

/* "[#####.....] 50 %  12 s left  what", cut to the screen; no bar where the fraction is unknown. */
static void compose(char *out, size_t capacity, const progress_line *line, double fraction, const char *what,
                    double seconds) {
  char left[64] = "", bar[64] = "", shown[128];
  if (fraction > line->first && seconds > 1.0) {
    char duration[32];
    wlaw_progress_duration(duration, seconds * (1.0 - fraction) / (fraction - line->first));
    snprintf(left, sizeof left, "%s left  ", duration);
  }
  if (line->screen.terminal && fraction >= 0.0) {
    const int full = (int)(fraction * 20.0);
    snprintf(bar, sizeof bar, "[%.*s%.*s] ", full, "####################", 20 - full, "....................");
  }
  wlaw_text_printable(shown, sizeof shown, what);
  if (fraction >= 0.0) snprintf(out, capacity, "%s%3.0f %%  %s%s", bar, 100.0 * fraction, left, shown);
  else snprintf(out, capacity, "%s", shown);
  /* one column less: a full last column wraps on some terminals */
  size_t columns = 0, i = 0;
  for (; out[i]; i++) {
    columns += ((unsigned char)out[i] & 0xC0) != 0x80;
    if (columns >= line->screen.width) break;
  }
  out[i] = '\0';
}

static void draw(progress_line *line, double fraction, const char *what, uint64_t now) {
  char text[400], padded[800];
  compose(text, sizeof text, line, fraction, what, (double)(now - line->start_ns) / (double)SECOND);
  if (line->screen.terminal) {
    const size_t columns = wlaw_screen_columns(text);
    const size_t blank = line->columns_in_use > columns ? line->columns_in_use - columns : 0;
    snprintf(padded, sizeof padded, "\r%s%*s", text, (int)blank, "");
    line->columns_in_use = columns;
  } else {
    snprintf(padded, sizeof padded, "%s\n", text);
  }
  write_line(padded);
}

int wlaw_progress_show(void *user, double fraction, const char *what) {
  progress_line *line = user;
  const uint64_t now = wlaw_clock_ns();
  const double shown = !(fraction >= 0.0) ? -1.0 : fraction > 1.0 ? 1.0 : fraction;
  if (shown >= 0.0) {
    if (line->heard && shown < line->last) line->start_ns = now;
    if (!line->heard || shown < line->last) line->first = shown;
    line->heard = true;
    line->last = shown;
  }
  /* On a terminal 10 a second and nothing for work that ends at once; in a log file a line a second. */
  const uint64_t pause = line->screen.terminal ? SECOND / 10 : SECOND;
  const bool due = line->drawn_ns ? now - line->drawn_ns >= pause : line->always || now - line->start_ns >= SECOND / 4;
  if (line->shown && due) {
    draw(line, shown, what, now);
    line->drawn_ns = now;
  }
  return wlaw_interrupt_came();
}

void wlaw_progress_end(progress_line *line) {
  if (!line->columns_in_use) return;
  char blank[400];
  snprintf(blank, sizeof blank, "\r%*s\r", (int)line->columns_in_use, "");
  write_line(blank);
  line->columns_in_use = 0;
}
