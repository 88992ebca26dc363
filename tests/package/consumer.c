/* What a user writes first: the version, and a name that is not there. */
#include <stdio.h>
#include <string.h>
#include <weightlaw.h>

int main(void) {
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  const wlaw_status status = wlaw_options_new(&options, "fti", err);
  printf("%s %s\n", wlaw_version(), wlaw_error_message(err));
  wlaw_options_free(options);
  const int failed = status != WLAW_NAME || strcmp(wlaw_error_hint(err), "did you mean 'fit'?") != 0;
  wlaw_error_free(err);
  return failed;
}
