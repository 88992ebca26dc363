/* Makes allocations fail in tests. A test that includes this header has malloc, calloc, realloc, aligned_alloc and
 * posix_memalign of the whole process replaced (tests/CMakeLists.txt links alloc_fail.c into it), those inside shared
 * libraries such as Jansson as well; the product has no hook. Use after support/test.h:
 *
 *     static wlaw_status action(void *context, wlaw_error *err) { ... open, read, close ...; return status; }
 *     alloc_fail_each(action, context);
 *
 * runs the action again and again, refusing the 1st allocation, then the 2nd, ..., until a run meets no refusal; and
 * the same with every allocation refused from the n-th on. Each run must return WLAW_MEMORY, or WLAW_OK where the loss
 * could be borne, and must free what it got. */
#ifndef TESTS_SUPPORT_ALLOC_FAIL_H
#define TESTS_SUPPORT_ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

/* From now on the nth allocation (1: the next) of any thread fails with ENOMEM; if persistent, all later ones too. */
void alloc_fail_start(size_t nth, bool persistent);
/* No failures any more. Returns how many there were. */
size_t alloc_fail_stop(void);
/* Blocks allocated and not yet freed in this process. */
long alloc_live(void);

typedef wlaw_status (*alloc_fail_action)(void *context, wlaw_error *err);
void alloc_fail_each(alloc_fail_action action, void *context);

#endif
