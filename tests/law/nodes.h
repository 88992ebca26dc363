/* Node laws for tests: the list of them, the law of a text, Kolmogorov and Smirnov's distance, running means. */
#ifndef TESTS_LAW_NODES_H
#define TESTS_LAW_NODES_H

#include "support/test.h"

#include "law/node.h"

#if defined(__SANITIZE_ADDRESS__)
#define EFFORT 0.1 /* share of the draws made where every access is checked */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EFFORT 0.1
#endif
#endif
#ifndef EFFORT
#define EFFORT 1.0
#endif

/* Laws with a density, each kind of parameter once; those of Lee et al. (2023) are beta and horseshoe as they stand. */
static const char *const continuous_laws[] = {
    "beta",
    "beta(eta=0.3,b=1)",
    "beta(eta=2,b=3)",
    "beta(eta=0.2,b=0.05)",
    "beta(eta=1,b=400)",
    "horseshoe",
    "horseshoe(c=0.01)",
    "regularised-horseshoe(c=2,slab=0.5)",
    "regularised-horseshoe(c=0.1,slab=100)",
    "positive-stable",
    "positive-stable(alpha=0.2,kappa=0.3)",
    "positive-stable(alpha=0.9,kappa=0.05)",
    "positive-stable(alpha=0.99,kappa=1e-3)",
    "gamma(eta=0.7,rate=3)",
    "ggp(alpha=0.3,beta=2,mean=1.5)",
    "gbfry(alpha=0.5,tau=3)",
};
enum { CONTINUOUS_LAWS = sizeof continuous_laws / sizeof *continuous_laws };

/* And without one. */
static const char *const other_laws[] = {"constant", "inverse-gamma(shape=3,scale=1)", "bernoulli", "powerlaw(s=0.2)",
                                         "powerlaw(s=1.5)"};
enum { OTHER_LAWS = sizeof other_laws / sizeof *other_laws, ALL_LAWS = CONTINUOUS_LAWS + OTHER_LAWS };

static inline const char *any_law(size_t i) {
  return i < CONTINUOUS_LAWS ? continuous_laws[i] : other_laws[i - CONTINUOUS_LAWS];
}

static inline wlaw_law *law_of(const char *text) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_node_require(law, err));
  wlaw_error_free(err);
  return law;
}

/* Running mean and its standard error. */
typedef struct tally {
  double n, mean, squares;
} tally;

static inline void tally_add(tally *t, double value) {
  const double gap = value - t->mean;
  t->n += 1;
  t->mean += gap / t->n;
  t->squares += gap * (value - t->mean);
}

static inline double tally_error(const tally *t) { return sqrt(t->squares / (t->n - 1) / t->n); }

/* |mean - want| <= z standard errors + slack; about 300 comparisons in all, each of which fails a right program with
 * probability 7e-6 at z = 4.5. */
#define MOST_Z 4.5
#define check_tally(t, want, slack, what)                                                                              \
  do {                                                                                                                 \
    const double want__ = (want), error__ = tally_error(t);                                                            \
    if (!(fabs((t)->mean - want__) <= MOST_Z * error__ + (slack)))                                                     \
      fail_msg("%s: mean %.6g +- %.2g, expected %.6g", what, (t)->mean, error__, want__);                              \
  } while (0)

static inline int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* n values that are uniform on (0, 1) if all is well (sorted here): fails when Kolmogorov and Smirnov's distance has a
 * probability below 1e-4, 2 exp(-2 n D^2). slack: bias that is known. */
static inline void check_uniform(double *u, size_t n, double slack, const char *what) {
  double distance = 0;
  qsort(u, n, sizeof *u, ascending);
  for (size_t i = 0; i < n; i++) {
    const double below = u[i] - (double)i / (double)n, above = (double)(i + 1) / (double)n - u[i];
    const double larger = below > above ? below : above;
    if (!(larger <= distance)) distance = larger;
  }
  if (!(distance <= slack + 2.2252 / sqrt((double)n)))
    fail_msg("%s: distance %.4g of %zu values, at most %.4g expected", what, distance, n, 2.2252 / sqrt((double)n));
}

#endif
