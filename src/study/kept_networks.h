/* The networks of an input that stay when others are left out. */
#ifndef WLAW_STUDY_KEPT_NETWORKS_H
#define WLAW_STUDY_KEPT_NETWORKS_H

#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

/* kept: numbers in the input, ascending, [n]; NULL: 0 .. n-1. */
static inline uint64_t wlaw_kept_number(const uint64_t *kept, size_t k) { return kept ? kept[k] : k; }

/* Leaves out further ones; numbers that are not there are ignored. *excluded grows by those that go. label: of the
 * input, for messages. */
wlaw_status wlaw_kept_exclude(uint64_t **kept, size_t *n, size_t *excluded, const uint64_t *numbers, size_t n_numbers,
                              const char *label, wlaw_error *err);
/* Those that others have not kept. Caller frees *missing, [*n_missing]. */
wlaw_status wlaw_kept_missing(uint64_t **missing, size_t *n_missing, const uint64_t *kept, size_t n,
                              const uint64_t *others, size_t n_others, wlaw_error *err);

#endif
