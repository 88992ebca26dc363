// Built without exceptions and run-time types: Boost reports through errno and NaN. Doubles stay doubles, so results
// do not depend on the width of long double.
#include "math/special.h"

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/expint.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
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
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

extern "C" double wlaw_chi_squared_upper(double x, double df) { return wlaw_gamma_upper(0.5 * df, 0.5 * x); }

extern "C" double wlaw_gamma_upper(double shape, double x) {
  if (!(shape > 0.0) || std::isinf(shape) || std::isnan(x)) return not_a_number;
  if (x <= 0.0) return 1.0;
  if (std::isinf(x)) return 0.0;
  return boost::math::gamma_q(shape, x, quiet());
}

extern "C" double wlaw_gamma_lower(double shape, double x) {
  if (!(shape > 0.0) || std::isinf(shape) || std::isnan(x)) return not_a_number;
  if (x <= 0.0) return 0.0;
  if (std::isinf(x)) return 1.0;
  return boost::math::gamma_p(shape, x, quiet());
}

extern "C" double wlaw_student_cdf(double x, double df) {
  if (!(df > 0.0) || std::isinf(df) || std::isnan(x)) return not_a_number;
  const double square = x * x;
  double tail; /* P(X > |x|), by the form whose argument is the smaller */
  if (df > 2.0 * square) tail = 0.5 * boost::math::ibetac(0.5, 0.5 * df, square / (df + square), quiet());
  else tail = 0.5 * boost::math::ibeta(0.5 * df, 0.5, std::isinf(square) ? 0.0 : df / (df + square), quiet());
  return x > 0.0 ? 1.0 - tail : tail;
}

extern "C" double wlaw_log_gamma(double x) { return x > 0.0 ? boost::math::lgamma(x, quiet()) : not_a_number; }

extern "C" double wlaw_digamma(double x) { return x > 0.0 ? boost::math::digamma(x, quiet()) : not_a_number; }

extern "C" double wlaw_trigamma(double x) { return x > 0.0 ? boost::math::trigamma(x, quiet()) : not_a_number; }

extern "C" double wlaw_beta_lower(double a, double b, double x) {
  if (!(a > 0.0 && b > 0.0) || std::isinf(a) || std::isinf(b) || std::isnan(x)) return not_a_number;
  if (x <= 0.0) return 0.0;
  return x >= 1.0 ? 1.0 : boost::math::ibeta(a, b, x, quiet());
}

extern "C" double wlaw_gamma1pm1(double x) {
  return x > -1.0 ? boost::math::tgamma1pm1(x, quiet()) : not_a_number;
}

extern "C" double wlaw_exponential_integral(double x) {
  if (!(x >= 0.0)) return not_a_number;
  if (x == 0.0) return std::numeric_limits<double>::infinity();
  return x > 746.0 ? 0.0 : boost::math::expint(1u, x, quiet()); /* e^-746 is below the last number */
}
