#define _GNU_SOURCE /* dladdr */
#include "support/test.h"

#include "support/alloc_fail.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* The allocator behind ours: AddressSanitizer's where it is linked, else the C library's. */
extern void *__interceptor_malloc(size_t) __attribute__((weak));
extern void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
extern void *__interceptor_realloc(void *, size_t) __attribute__((weak));
extern void *__interceptor_memalign(size_t, size_t) __attribute__((weak));
extern void __interceptor_free(void *) __attribute__((weak));
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
#define BEHIND(name) (__interceptor_##name ? __interceptor_##name : __libc_##name)

static atomic_long live;
static atomic_size_t until, refused; /* until: allocations up to the failing one; 0: none fails */
static atomic_bool all_after;

/* Whether a thread other than this one is doing something: the state in /proc/self/task/TID/stat is not S. */
static bool any_runs(void) {
  DIR *tasks = opendir("/proc/self/task");
  bool runs = false;
  for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
    char path[64], line[256] = "";
    if (*entry->d_name == '.' || strtol(entry->d_name, NULL, 10) == gettid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", entry->d_name);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file)) {
      const char *after = strrchr(line, ')');
      runs = runs || (after && strncmp(after, ") S", 3) != 0);
    }
    if (file) fclose(file);
  }
  if (tasks) closedir(tasks);
  return runs;
}

/* OpenBLAS makes threads as it is loaded, and AddressSanitizer allocates in each thread that starts, late though it may
 * be: such blocks would be counted as a test's, and to refuse one ends the process. So no test begins before all of
 * them sleep. */
__attribute__((constructor)) static void wait_for_threads(void) {
  const struct timespec nap = {.tv_nsec = 1000000};
  for (int asleep = 0, naps = 0; asleep < 2 && naps < 5000; naps++) {
    asleep = any_runs() ? 0 : asleep + 1;
    nanosleep(&nap, NULL);
  }
}

/* OpenBLAS's kernels for small matrices (0.3.21, AVX-512) take memory and do not look whether they got it: what
 * OpenBLAS asks for is neither refused nor counted. */
static bool is_of_blas(const void *caller) {
  Dl_info info;
  return dladdr(caller, &info) != 0 && info.dli_fname && strstr(info.dli_fname, "openblas");
}

static bool refuse(const void *caller) {
  size_t left = atomic_load(&until);
  if (left == 0 || is_of_blas(caller)) return false;
  do {
    if (left == 0) return false;
    if (left == 1 && atomic_load(&all_after)) break; /* stays at 1: every later one fails too */
  } while (!atomic_compare_exchange_weak(&until, &left, left - 1));
  if (left != 1) return false;
  atomic_fetch_add(&refused, 1);
  errno = ENOMEM;
  return true;
}

static void *counted(void *block) {
  if (block) atomic_fetch_add(&live, 1);
  return block;
}

/* Visible, or shared libraries would go on calling the C library's. */
#pragma GCC visibility push(default)

#define CALLER __builtin_return_address(0)

void *malloc(size_t n) { return refuse(CALLER) ? NULL : counted(BEHIND(malloc)(n)); }
void *calloc(size_t count, size_t size) { return refuse(CALLER) ? NULL : counted(BEHIND(calloc)(count, size)); }
void *memalign(size_t alignment, size_t n) { return refuse(CALLER) ? NULL : counted(BEHIND(memalign)(alignment, n)); }
void *aligned_alloc(size_t alignment, size_t n) { return memalign(alignment, n); }

int posix_memalign(void **out, size_t alignment, size_t n) {
  void *block = memalign(alignment, n);
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}

void *realloc(void *old, size_t n) {
  if (!old) return malloc(n);
  if (n == 0) {
    free(old);
    return NULL;
  }
  return refuse(CALLER) ? NULL : BEHIND(realloc)(old, n);
}

void free(void *block) {
  if (!block) return;
  atomic_fetch_sub(&live, 1);
  BEHIND(free)(block);
}

#pragma GCC visibility pop

void alloc_fail_start(size_t nth, bool persistent) {
  atomic_store(&refused, 0);
  atomic_store(&all_after, persistent);
  atomic_store(&until, nth);
}

size_t alloc_fail_stop(void) {
  atomic_store(&until, 0);
  return atomic_load(&refused);
}

long alloc_live(void) { return atomic_load(&live); }

static void run_all(alloc_fail_action action, void *context, bool persistent, wlaw_error *err) {
  enum { MORE_THAN_ANY_TEST = 1000000 };
  for (size_t nth = 1; nth < MORE_THAN_ANY_TEST; nth++) {
    wlaw_error_clear(err);
    const long before = alloc_live();
    alloc_fail_start(nth, persistent);
    const wlaw_status status = action(context, err);
    const size_t failures = alloc_fail_stop();
    /* the C library frees what it keeps when it cannot renew it (tzset): a run without refusals makes that again */
    if (alloc_live() != before) check_ok(action(context, err));
    const long left = alloc_live() - before;
    if (left != 0) fail_msg("allocation %zu refused: %ld blocks are left", nth, left);
    if (failures == 0) {
      if (nth == 1) fail_msg("the action allocates nothing: this test would test nothing");
      check_ok(status);
      return;
    }
    if (status != WLAW_OK && status != WLAW_MEMORY)
      fail_msg("allocation %zu refused%s: %s: %s", nth, persistent ? " with all after it" : "",
               wlaw_status_name(status), wlaw_error_message(err));
  }
  fail_msg("the action never came to its end");
}

void alloc_fail_each(alloc_fail_action action, void *context) {
  wlaw_error *err = wlaw_error_new();
  assert_non_null(err);
  check_ok(action(context, err)); /* also lets libraries make what they keep for the life of the process */
  run_all(action, context, false, err);
  run_all(action, context, true, err);
  wlaw_error_free(err);
}
