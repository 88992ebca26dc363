#include "law/node.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/quadrature.h"

wlaw_status wlaw_node_require(const wlaw_law *law, wlaw_error *err) {
  return law->ops->node ? WLAW_OK : wlaw_law_cannot(law->ops, "limit", err);
}

static const node_ops *node_of(const wlaw_law *law) { return law->ops->node; }

/* Whether rho is not 0, which may depend on parameters. */
static bool has_jumps(const wlaw_law *law) { return node_of(law)->tail && node_of(law)->tail(law, DBL_MIN) > 0.0; }

node_regime wlaw_node_regime(const wlaw_law *law) { return has_jumps(law) ? NODE_MOGP : NODE_GP; }

double wlaw_node_location(const wlaw_law *law) { return node_of(law)->location ? node_of(law)->location(law) : 0.0; }

double wlaw_node_tail(const wlaw_law *law, double x) { return has_jumps(law) ? node_of(law)->tail(law, x) : 0.0; }

node_tail wlaw_node_at_zero(const wlaw_law *law) {
  return has_jumps(law) && node_of(law)->at_zero ? node_of(law)->at_zero(law)
                                                 : (node_tail){.index = 0.0, .constant = NAN};
}

node_tail wlaw_node_at_infinity(const wlaw_law *law) {
  return has_jumps(law) && node_of(law)->at_infinity ? node_of(law)->at_infinity(law)
                                                     : (node_tail){.index = INFINITY, .constant = NAN};
}

double wlaw_node_finite_index(const wlaw_law *law) {
  return node_of(law)->finite_index ? node_of(law)->finite_index(law) : wlaw_node_at_infinity(law).index;
}

double wlaw_node_jump(const wlaw_law *law, double t) { return has_jumps(law) ? node_of(law)->jump(law, t) : 0.0; }

/* An integrand of u = ln x: power x^power (rhobar(x) - beyond), or s x e^(-s x) rhobar(x). Both come from integrating
 * by parts, so that atoms need no care and a pole of the density at 0 has become a power that vanishes there. */
typedef struct integrand {
  const wlaw_law *law;
  int power;
  double beyond, s;
} integrand;

static double moment_at(double u, const integrand *in) {
  const double x = exp(u), left = node_of(in->law)->tail(in->law, x) - in->beyond;
  return left > 0.0 ? in->power * pow(x, in->power) * left : 0.0;
}

static double exponent_at(double u, const integrand *in) {
  const double x = exp(u), sx = in->s * x;
  return sx * exp(-sx) * node_of(in->law)->tail(in->law, x);
}

static const double LEAST = 1e-300; /* where integrals over x begin */

/* The integral of power x^(power-1) rhobar(x) below LEAST, which counts where the index at 0 is near 1. */
static double end_at_zero(const wlaw_law *law, int power) {
  const node_tail zero = wlaw_node_at_zero(law);
  const double left = power - zero.index;
  return zero.index > 0.0 ? power * zero.constant * pow(LEAST, left) / left : 0.0;
}

/* f(u) from an end of an interval on, as a function of v = ln |u - end|: a power of |u - end| such as that of rhobar at
 * the end of a bounded support becomes an exponential. */
typedef struct from_end {
  double (*f)(double u, const integrand *in);
  const integrand *in;
  double end, sign;
} from_end;

static double from_end_at(double v, const void *context) {
  const from_end *of = context;
  const double distance = exp(v);
  return distance * of->f(of->end + of->sign * distance, of->in);
}

static double integrate_end(double (*f)(double, const integrand *), const integrand *in, double end, double length) {
  const from_end of = {.f = f, .in = in, .end = end, .sign = length < 0.0 ? -1.0 : 1.0};
  const double high = log(fabs(length));
  return length == 0.0 ? 0.0 : wlaw_integrate(from_end_at, &of, high - 40.0, high, 1e-12, NULL);
}

/* Over u from ln LEAST to top; the mass of the integral lies near `middle` or near top. */
static double integrate_log(double (*f)(double, const integrand *), const integrand *in, double middle, double top) {
  const double low = log(LEAST), high = fmax(top, low), cut = fmax(fmin(middle, high), low), half = 0.5 * (high - cut);
  return integrate_end(f, in, cut, low - cut) + integrate_end(f, in, cut, half) + integrate_end(f, in, high, -half);
}

/* ln of the largest jump that has any chance, and of a typical largest one. */
static double log_top(const wlaw_law *law) { return log(fmin(wlaw_node_jump(law, 1e-300), 1e300)); }

static double log_typical(const wlaw_law *law) {
  const double mass = node_of(law)->tail(law, DBL_MIN);
  return log(wlaw_node_jump(law, fmin(1.0, 0.5 * mass)));
}

double wlaw_node_moment(const wlaw_law *law, int power, double eps) {
  if (!has_jumps(law) || eps <= 0.0) return 0.0;
  if (node_of(law)->moment) return node_of(law)->moment(law, power, eps);
  if (isinf(eps) && wlaw_node_at_infinity(law).index <= power) return INFINITY;
  const integrand in = {.law = law, .power = power, .beyond = isinf(eps) ? 0.0 : wlaw_node_tail(law, eps)};
  const double whole = integrate_log(moment_at, &in, log_typical(law), fmin(log(eps), log_top(law)));
  return whole + end_at_zero(law, power);
}

double wlaw_node_truncated_mean(const wlaw_law *law, double eps) {
  return wlaw_node_location(law) + wlaw_node_moment(law, 1, eps);
}

double wlaw_node_mean(const wlaw_law *law) { return wlaw_node_truncated_mean(law, INFINITY); }

static bool is_deterministic(const wlaw_law *law) { return node_of(law)->fixed_jump != NULL; }

double wlaw_node_variance(const wlaw_law *law) {
  return is_deterministic(law) ? 0.0 : wlaw_node_moment(law, 2, INFINITY);
}

double wlaw_node_exponent(const wlaw_law *law, double s) {
  if (is_deterministic(law)) return s > 0.0 ? s * wlaw_node_mean(law) : 0.0;
  if (node_of(law)->exponent) return node_of(law)->exponent(law, s);
  const double drift = wlaw_node_location(law) * s;
  if (!has_jumps(law) || !(s > 0.0)) return drift;
  const integrand in = {.law = law, .s = s};
  const double middle = fmin(-log(s), log_typical(law)), top = fmin(log(745.0) - log(s), log_top(law));
  return drift + integrate_log(exponent_at, &in, middle, top) + s * end_at_zero(law, 1);
}

double wlaw_node_scale(const wlaw_law *law) {
  double low = -690.0, high = 690.0; /* ln s */
  const double goal = fmin(1.0, 0.5 * wlaw_node_exponent(law, exp(high)));
  if (!(goal > 0.0)) return 0.0;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (wlaw_node_exponent(law, exp(middle)) < goal) low = middle;
    else high = middle;
  }
  return exp(-0.5 * (low + high));
}

/* The largest x with moment(2, x) <= variance, by halving an interval of ln x; the lower end, so that an atom at the
 * threshold itself is kept as a jump. */
double wlaw_node_threshold(const wlaw_law *law, double variance) {
  if (wlaw_node_moment(law, 2, INFINITY) <= variance) return INFINITY;
  double low = log(DBL_MIN), high = log(DBL_MAX);
  if (wlaw_node_moment(law, 2, DBL_MIN) > variance) return 0.0;
  for (;;) {
    const double middle = 0.5 * (low + high);
    if (!(middle > low && middle < high)) return exp(low);
    if (wlaw_node_moment(law, 2, exp(middle)) <= variance) low = middle;
    else high = middle;
  }
}

wlaw_status wlaw_node_check_width(const wlaw_law *law, size_t width, wlaw_error *err) {
  const double least = node_of(law)->least_width ? node_of(law)->least_width(law) : 1.0;
  if ((double)width >= least) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' needs a layer of at least %.0f nodes, not %zu", law->ops->name,
                   ceil(least), width);
}

void wlaw_node_draw(const wlaw_law *law, double *lambda, size_t width, wlaw_stream *stream) {
  node_of(law)->draw_log(law, lambda, 0, width, width, stream);
  for (size_t j = 0; j < width; j++) lambda[j] = exp(lambda[j]);
}

wlaw_status wlaw_node_matrix_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                  wlaw_error *err) {
  WLAW_TRY(wlaw_node_check_width(law, cols, err));
  double *root = wlaw_array(cols, sizeof *root);
  if (!root) return wlaw_fail_memory(err, cols, sizeof *root);
  node_of(law)->draw_log(law, root, 0, cols, cols, stream);
  for (size_t j = 0; j < cols; j++) root[j] = exp(0.5 * root[j]);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t k = 0; k < rows; k++)
    for (size_t j = 0; j < cols; j++) out[k * cols + j] *= root[j];
  free(root);
  return WLAW_OK;
}

bool wlaw_node_matrix_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  (void)rows;
  *mean = 0.0;
  *variance = node_of(law)->finite_moment(law, 1, cols);
  return isfinite(*variance) && wlaw_node_check_width(law, cols, NULL) == WLAW_OK;
}
