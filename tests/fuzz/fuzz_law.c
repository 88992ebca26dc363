/* libFuzzer target: any bytes as a law's text. A law that is accepted must draw, and its canonical text must be a fixed
 * point. Build with clang -fsanitize=fuzzer,address,undefined against the library's sources. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weightlaw.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char *text_of(const wlaw_law *law) {
  size_t needed = 0;
  if (wlaw_law_text(law, NULL, 0, &needed, NULL) != WLAW_OK) abort();
  char *text = malloc(needed);
  if (!text || wlaw_law_text(law, text, needed, NULL, NULL) != WLAW_OK) abort();
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  char *text = malloc(n + 1);
  if (!text) return 0;
  if (n) memcpy(text, bytes, n);
  text[n] = '\0';
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL, *again = NULL;
  const wlaw_status status = wlaw_law_parse(&law, text, err);
  if (status != wlaw_error_status(err)) abort();
  if (status == WLAW_OK) {
    char *first = text_of(law);
    if (wlaw_law_parse(&again, first, NULL) != WLAW_OK) abort();
    char *second = text_of(again);
    if (strcmp(first, second) != 0) abort();
    double out[6];
    if (wlaw_law_can(law, "draw") && wlaw_law_draw(law, out, 1, 2, 3, 1, 0, err) == WLAW_OK)
      for (int i = 0; i < 6; i++)
        if (!isfinite(out[i])) abort();
    free(first);
    free(second);
  }
  wlaw_law_free(again);
  wlaw_law_free(law);
  wlaw_error_free(err);
  free(text);
  return 0;
}
