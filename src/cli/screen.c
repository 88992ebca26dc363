#include "cli/screen.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/error.h"

static size_t width_of(int fd) {
  struct winsize size;
  uint64_t columns = 0;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  if (columns == 0 && !wlaw_text_u64(getenv("COLUMNS"), &columns)) columns = 80;
  return columns < 40 ? 40 : columns > 120 ? 120 : (size_t)columns;
}

text_screen wlaw_screen_of(int fd) {
  const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
  const bool terminal = isatty(fd) == 1, dumb = !term || strcmp(term, "dumb") == 0;
  return (text_screen){
      .width = width_of(fd), .terminal = terminal, .colour = terminal && !dumb && !(no_colour && *no_colour)};
}

size_t wlaw_screen_columns(const char *text) {
  size_t columns = 0;
  for (; *text; text++) columns += ((unsigned char)*text & 0xC0) != 0x80;
  return columns;
}

static size_t word_columns(const char *word, size_t bytes) {
  size_t columns = 0;
  for (size_t i = 0; i < bytes; i++) columns += ((unsigned char)word[i] & 0xC0) != 0x80;
  return columns;
}

void wlaw_screen_wrap(text_buffer *out, const char *text, size_t column, size_t indent, size_t width) {
  bool first = true;
  while (*text) {
    text += strspn(text, " ");
    const size_t bytes = strcspn(text, " "), columns = word_columns(text, bytes);
    if (bytes == 0) break;
    if (!first && column + 1 + columns > width) {
      wlaw_text_add(out, "\n%*s", (int)indent, "");
      column = indent;
      first = true;
    }
    wlaw_text_add(out, "%s", first ? "" : " ");
    wlaw_text_add_bytes(out, text, bytes);
    column += columns + !first;
    first = false;
    text += bytes;
  }
  wlaw_text_add(out, "\n");
}

void wlaw_screen_bold(text_buffer *out, const text_screen *screen, const char *text) {
  wlaw_text_add(out, screen->colour ? "\033[1m%s\033[0m" : "%s", text);
}

wlaw_status wlaw_screen_write(const text_buffer *text, wlaw_error *err) {
  if (text->failed) return wlaw_fail_memory(err, text->length, 1);
  const char *at = wlaw_text_string(text);
  size_t left = text->length;
  while (left) {
    const ssize_t wrote = write(STDOUT_FILENO, at, left);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return wlaw_fail_errno(err, "standard output", "writing failed");
    at += wrote;
    left -= (size_t)wrote;
  }
  return WLAW_OK;
}
