/* Rules that a document of tensors must obey: `nonfinite==0,weibull.k in 1.0..1.4,q:weibull.r2>=0.95`. */
#ifndef WLAW_STUDY_CHECK_H
#define WLAW_STUDY_CHECK_H

#include "core/json.h"

typedef struct check_rules check_rules;

/* text: rules with commas between, each `[kind:]path operator value` or `[kind:]path in low..high`; operators == != <
 * <= > >=. example: a tensor's object with every key that one may have; a path that it has not is WLAW_NAME with the
 * nearest. Caller frees. */
wlaw_status wlaw_check_parse(check_rules **out, const char *text, const json_t *example, wlaw_error *err);
void wlaw_check_free(check_rules *rules); /* NULL allowed */

/* {passed, rules: [{rule, passed, tensors, failures: [{tensor, value}]}]}; `tensors` counts those that the rule was
 * held against. A value that is null (not determined) is passed over, unless the rule asks for null. */
json_t *wlaw_check_run(bool *failed, const check_rules *rules, const json_t *tensors);

#endif
