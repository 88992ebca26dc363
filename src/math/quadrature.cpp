// Built without exceptions and run-time types, as special.cpp. This rule keeps no tables of its own: nothing allocates.
#include "math/quadrature.h"

#include <boost/math/policies/policy.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>

namespace {
namespace policies = boost::math::policies;
using quiet =
    policies::policy<policies::domain_error<policies::errno_on_error>,
                     policies::evaluation_error<policies::errno_on_error>, policies::promote_double<false>>;
constexpr unsigned most_halvings = 15;
}  // namespace

extern "C" double wlaw_integrate(double (*f)(double x, const void* context), const void* context, double low,
                                 double high, double relative, double* error) {
  const auto at = [f, context](double x) { return f(x, context); };
  return boost::math::quadrature::gauss_kronrod<double, 61, quiet>::integrate(at, low, high, most_halvings, relative,
                                                                              error);
}
