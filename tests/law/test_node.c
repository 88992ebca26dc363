/* Node laws: the functions of (a, rho) against each other. rhobar, jumps, density, moments, exponent and behaviour at
 * the ends are each computed by a second route from rhobar or from the density. */
#include "law/node.h"
#include "math/quadrature.h"
#include "support/test.h"

/* One of each kind of parameter; those of Lee et al. (2023) first. */
static const char *const continuous[] = {
    "beta(eta=1,b=0.5)",
    "beta(eta=0.3,b=1)",
    "beta(eta=2,b=3)",
    "beta(eta=5,b=0.05)",
    "beta(eta=1,b=400)",
    "horseshoe",
    "horseshoe(c=0.01)",
    "regularised-horseshoe(c=2,slab=0.5)",
    "regularised-horseshoe(c=0.1,slab=100)",
};
enum { CONTINUOUS = sizeof continuous / sizeof *continuous };

static wlaw_law *law_of(const char *text) {
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_node_require(law, err));
  wlaw_error_free(err);
  return law;
}

/* Up to the rounding of rhobar, and what it changes by when x does by a few roundings. */
static void jumps_invert_tails(void **state) {
  (void)state;
  for (size_t i = 0; i < CONTINUOUS; i++) {
    wlaw_law *law = law_of(continuous[i]);
    for (double t = 1e-6; t < 1e3; t *= 1.7) {
      const double x = wlaw_node_jump(law, t);
      if (x < 1e-300) continue;
      const double back = wlaw_node_tail(law, x);
      const double slack = 1e-13 * t + wlaw_node_tail(law, x * (1 - 1e-15)) - wlaw_node_tail(law, x * (1 + 1e-15));
      if (!(fabs(back - t) <= slack)) fail_msg("%s: rhobar(jump(%g)) = %.17g, x = %.17g", continuous[i], t, back, x);
    }
    wlaw_law_free(law);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jumps_invert_tails),
  };
  return cmocka_run_group_tests_name("law.node", tests, NULL, NULL);
}
