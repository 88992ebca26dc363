/* A verb with its inputs on one thread, for tests that refuse its allocations. */
#ifndef TESTS_STUDY_VERB_CASE_H
#define TESTS_STUDY_VERB_CASE_H

#include "study/study.h"

typedef struct verb_case {
  const command_spec *command;
  const char *inputs[2];
  size_t n;
} verb_case;

static inline wlaw_status run_verb(void *context, wlaw_error *err) {
  const verb_case *verb = context;
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, verb->command, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = verb->command->call(&result, verb->inputs, verb->n, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

#endif
