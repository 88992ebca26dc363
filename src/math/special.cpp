// Built without exceptions and run-time types: Boost reports through errno and NaN. Doubles stay doubles, so results
// do not depend on the width of long double.
#include "math/special.h"

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

namespace {
namespace policies = boost::math::policies;
using quiet =
    policies::policy<policies::domain_error<policies::errno_on_error>, policies::pole_error<policies::errno_on_error>,
                     policies::overflow_error<policies::errno_on_error>,
                     policies::evaluation_error<policies::errno_on_error>,
                     policies::rounding_error<policies::errno_on_error>,
                     policies::indeterminate_result_error<policies::errno_on_error>, policies::promote_double<false>>;
}  // namespace

extern "C" double wlaw_chi_squared_upper(double x, double df) {
  if (!(df > 0.0) || std::isinf(df) || std::isnan(x)) return std::numeric_limits<double>::quiet_NaN();
  if (x <= 0.0) return 1.0;
  if (std::isinf(x)) return 0.0;
  return boost::math::gamma_q(0.5 * df, 0.5 * x, quiet());
}
