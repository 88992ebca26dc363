/* powerlaw(s=2,c=2): node j has the variance c j^-s / sum of i^-s over i <= p at width p, no chance in it. For s <= 1
 * the largest variance vanishes as p grows: a Gaussian process of a = c. For s > 1 the variances tend to c j^-s /
 * zeta(s), the same in every network: a mixture whose jumps are fixed and whose only chance is in what the nodes
 * compute. */
#include <math.h>

#include "law/node.h"

enum { POWER_S, POWER_C, POWER_ROWS };

static const law_parameter powerlaw_parameters[POWER_ROWS] = {
    {.name = "s",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "2",
     .low = 0,
     .high = 100,
     .doc = "power: variance of node j is proportional to j^-s"},
    NODE_POSITIVE_ROW("c", "2", "sum of the variances of a layer's nodes"),
};

/* Hurwitz's zeta function, the sum of (q + k)^-s over k >= 0, s > 1, q > 0: Euler's and Maclaurin's formula (DLMF
 * 25.11.28) from w = q + k >= s + 10 on, where each of the ten terms is below a tenth of the one before. */
static double hurwitz_zeta(double s, double q) {
  /* B_2j / (2j)! */
  static const double bernoulli[] = {8.3333333333333333e-2,  -1.3888888888888889e-3,  3.3068783068783069e-5,
                                     -8.2671957671957672e-7, 2.0876756987868099e-8,   -5.2841901386874932e-10,
                                     1.3382536530684679e-11, -3.3896802963225829e-13, 8.5860620562778446e-15,
                                     -2.1748686985580619e-16};
  double sum = 0.0, w = q;
  for (; w < s + 10.0; w += 1.0) sum += pow(w, -s);
  double term = s * pow(w, -s - 1.0), rest = 0.5 * pow(w, -s);
  for (int j = 0; j < 10; j++) {
    rest += bernoulli[j] * term;
    term *= (s + 2 * j + 1) * (s + 2 * j + 2) / (w * w);
  }
  return sum + (rest + pow(w, 1.0 - s) / (s - 1.0));
}

static void powerlaw_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                              wlaw_stream *stream) {
  (void)stream;
  const double s = law->values[POWER_S];
  double sum = 0.0;
  for (size_t i = width; i; i--) sum += pow((double)i, -s);
  const double log_unit = log(law->values[POWER_C] / sum);
  for (size_t j = 0; j < n; j++) log_lambda[j] = log_unit - s * log((double)(first + j + 1));
}

static double powerlaw_location(const wlaw_law *law) { return law->values[POWER_S] > 1.0 ? 0.0 : law->values[POWER_C]; }

/* The largest variance in the limit, s > 1. */
static double first_of(const wlaw_law *law) { return law->values[POWER_C] / hurwitz_zeta(law->values[POWER_S], 1.0); }

static double jump_number(const wlaw_law *law, double j) { return first_of(law) * pow(j, -law->values[POWER_S]); }

/* How many variances exceed x; whole numbers come out right although the power is rounded. */
static double powerlaw_tail(const wlaw_law *law, double x) {
  if (!(law->values[POWER_S] > 1.0)) return 0.0;
  const double n = rint(pow(first_of(law) / x, 1.0 / law->values[POWER_S]));
  return n >= 1.0 && jump_number(law, n) <= x ? n - 1.0 : n;
}

static double powerlaw_jump(const wlaw_law *law, double t) { return jump_number(law, floor(t) + 1.0); }

static double powerlaw_fixed_jump(const wlaw_law *law, size_t j) {
  return law->values[POWER_S] > 1.0 ? jump_number(law, (double)j) : 0.0;
}

static double powerlaw_moment(const wlaw_law *law, int power, double eps) {
  const double next = powerlaw_tail(law, eps) + 1.0;
  return pow(first_of(law), power) * hurwitz_zeta(power * law->values[POWER_S], next);
}

static node_tail powerlaw_at_zero(const wlaw_law *law) {
  const double index = 1.0 / law->values[POWER_S];
  return (node_tail){.index = index, .constant = pow(first_of(law), index)};
}

static double powerlaw_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double s = law->values[POWER_S];
  double sum = 0.0, sum_power = 0.0;
  for (size_t j = width; j; j--) {
    sum += pow((double)j, -s);
    sum_power += pow((double)j, -s * power);
  }
  return pow(law->values[POWER_C] / sum, power) * sum_power / (double)width;
}

static const node_ops powerlaw_node = {
    .kind = "fixed atoms",
    .draw_log = powerlaw_draw_log,
    .location = powerlaw_location,
    .tail = powerlaw_tail,
    .jump = powerlaw_jump,
    .moment = powerlaw_moment,
    .at_zero = powerlaw_at_zero,
    .fixed_jump = powerlaw_fixed_jump,
    .finite_moment = powerlaw_finite_moment,
};

const law_ops wlaw_law_powerlaw = {
    .name = "powerlaw",
    .summary = "node variances proportional to j^-s, not random",
    .source = "this library",
    .parameters = powerlaw_parameters,
    .n_parameters = POWER_ROWS,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &powerlaw_node,
};
