/* Draw, fit, and count how often the truth lies within 1.96 standard errors, for every law from 1 to 1000 networks and
 * from 1x1 to 64x64. What must come out is known exactly, also where it is far from 95 %:
 *
 *   A covariance V of a block of dimension d is estimated as W/(N d), W Wishart of f = N d degrees of freedom, one less
 *   in block 0 where a mean is taken off. So V_aa_hat = V_aa X/(N d), X chi-squared of f, and with error
 *   V_aa_hat c, c = sqrt(2/(N d)), the truth is covered when X/(N d) lies between 1/(1 + 1.96 c) and 1/(1 - 1.96 c).
 *   A mean is normal with variance V_aa/N and independent of W: (mean_hat - mean)/sqrt(V_aa_hat/N) is
 *   Student's t of f degrees times sqrt(N d/f).
 *   A covariance V_ab, a != b: the 2x2 Wishart of its two copies is simulated (Bartlett's decomposition), no matrix
 * drawn. Sums of independent Wishart matrices are Wishart: the sum of R estimates of V_aa times N d/V_aa is chi-squared
 * of R f; that finds a wrong divisor. A sum of means is normal. A sum of V_ab has mean f V_ab/(N d) and variance f
 * (V_aa V_bb + V_ab^2)/(N d)^2 for each, and is nearly normal (R f is above 500 everywhere here).
 *
 * About 3000 comparisons, each of which a correct program fails at a random seed with probability 1e-6 at most; the
 * seeds are fixed. */
#include "law/matrix.h"
#include "math/special.h"
#include "study/fit.h"
#include "support/moments.h"

#if defined(__SANITIZE_ADDRESS__)
#define ENTRIES 60000 /* drawn for one law, size and number of networks */
#else
#define ENTRIES 600000
#endif
enum { MOST_FITS = 2000, FEWEST_FITS = 2, SIMULATED = 20000 };

static const double Z95 = 1.959963984540054, LEAST_P = 1e-6, MOST_Z = 5.0;

/* One free parameter in the order of matrix_fit.error: the mean of copy i, or the covariance of copies i and j. */
typedef struct parameter {
  bool is_mean;
  size_t block, i, j;
  double truth, vii, vjj, vij; /* reported, and the block's true covariance */
  double rows;                 /* N d */
  double freedom;              /* f */
  double sd_mean;              /* of a mean, reported */
} parameter;

static size_t list_parameters(parameter *out, const matrix_gaussian *truth, size_t networks) {
  const matrix_layout *layout = &truth->layout;
  size_t n = 0;
  for (int means = layout->means > 0; means >= 0; means--)
    for (size_t b = 0; b < (means ? 1 : layout->n_blocks); b++) {
      const size_t p = layout->blocks[b].copies;
      const double *V = truth->covariance[b], rows = (double)(networks * layout->blocks[b].dimension);
      for (size_t i = 0; i < p && rows > 0; i++)
        for (size_t j = i; j < (means ? i + 1 : p); j++)
          out[n++] = (parameter){means,
                                 b,
                                 i,
                                 j,
                                 means ? truth->mean[i] / layout->mean_unit : V[i * p + j],
                                 V[i * p + i],
                                 V[j * p + j],
                                 V[i * p + j],
                                 rows,
                                 rows - (b == 0 && layout->means > 0),
                                 sqrt(V[i * p + i] / (double)networks) / layout->mean_unit};
    }
  return n;
}

/* P(|T| <= t), T Student of f degrees: Abramowitz and Stegun (1964), 26.7.3 and 26.7.4. */
static double student_within(double t, size_t f) {
  const double theta = atan(t / sqrt((double)f)), c = cos(theta), s = sin(theta), pi = acos(-1.0);
  double sum = f % 2 ? 0 : 1, term = f % 2 ? c : 1;
  if (f > 100000) return 1 - wlaw_chi_squared_upper(t * t, 1); /* |T| and |Z| differ by less than 1/f */
  if (f == 1) return 2 * theta / pi;
  if (f % 2) sum = c;
  for (size_t k = f % 2 ? 3 : 2; k + 2 <= f; k += 2) {
    term *= (double)(k - 1) / (double)k * c * c;
    sum += term;
  }
  return f % 2 ? 2 / pi * (theta + s * sum) : s * sum;
}

/* How often the truth lies within Z95 standard errors; for a covariance of two copies, `exact` is false: simulated. */
static double coverage(const parameter *p, bool *exact, uint32_t number) {
  const double c = sqrt(2 / p->rows), low = p->rows / (1 + Z95 * c);
  *exact = true;
  if (p->is_mean) return student_within(Z95 * sqrt(p->freedom / p->rows), (size_t)p->freedom);
  if (p->i == p->j) {
    const double above = Z95 * c < 1 ? wlaw_chi_squared_upper(p->rows / (1 - Z95 * c), p->freedom) : 0;
    return wlaw_chi_squared_upper(low, p->freedom) - above;
  }
  *exact = false;
  wlaw_stream stream = wlaw_stream_start(71, STREAM_TEST, number, 1);
  const double slope = p->vij / sqrt(p->vii), rest = sqrt(p->vjj - slope * slope);
  size_t within = 0;
  for (size_t k = 0; k < SIMULATED; k++) {
    /* rows (l, x) of A with l^2 chi-squared of f, y^2 of f - 1, x normal; W = L A A' L' for V = L L' */
    double x;
    wlaw_stream_normals(&stream, &x, 1);
    const double l = sqrt(2 * wlaw_stream_gamma(&stream, p->freedom / 2));
    const double y = p->freedom > 1 ? sqrt(2 * wlaw_stream_gamma(&stream, (p->freedom - 1) / 2)) : 0;
    const double u = sqrt(p->vii) * l, v = slope * l + rest * x, w = rest * y;
    const double vii = u * u / p->rows, vij = u * v / p->rows, vjj = (v * v + w * w) / p->rows;
    within += fabs(vij - p->vij) <= Z95 * sqrt((vii * vjj + vij * vij) / p->rows);
  }
  return (double)within / SIMULATED;
}

/* Two-sided probability of a count at least as far out, R trials of probability p. */
static double binomial_p(size_t count, size_t trials, double p) {
  double below = 0, above = 0;
  for (size_t k = 0; k <= trials; k++) {
    const double n = (double)trials, x = (double)k;
    const double at = exp(lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1) + (k ? x * log(p) : 0) +
                          (k < trials ? (n - x) * log1p(-p) : 0));
    if (k <= count) below += at;
    if (k >= count) above += at;
  }
  return 2 * fmin(below, above);
}

typedef struct tally {
  double sum; /* of estimates */
  size_t within, within_robust;
} tally;

static void check_sum(const char *where, const parameter *p, const tally *count, size_t fits) {
  const double R = (double)fits;
  if (p->is_mean) {
    const double z = (count->sum / R - p->truth) / (p->sd_mean / sqrt(R));
    if (!(fabs(z) <= MOST_Z)) fail_msg("%s: the mean is off by z = %g", where, z);
  } else if (p->i == p->j) {
    const double upper = wlaw_chi_squared_upper(count->sum * p->rows / p->vii, R * p->freedom);
    if (!(2 * fmin(upper, 1 - upper) >= LEAST_P)) fail_msg("%s: sum of the estimates has p = %g", where, upper);
  } else {
    const double sd = sqrt(R * p->freedom * (p->vii * p->vjj + p->vij * p->vij)) / p->rows;
    const double z = (count->sum - R * p->freedom * p->vij / p->rows) / sd;
    if (!(fabs(z) <= MOST_Z)) fail_msg("%s: sum of the estimates has z = %g", where, z);
  }
}

/* Two-sided coverage of mean +- Z95 sd/sqrt(N) for N independent contributions, sd with divisor N, to order 1/N (Hall
 * 1992, The Bootstrap and Edgeworth Expansion, section 2.6). A contribution is the mean of d products u v of normal
 * variables, u = v on the diagonal: cumulants from the eigenvalues (r +- 1)/2 of the product, r their correlation. */
static double robust_coverage(const parameter *p, double networks) {
  const double z2 = Z95 * Z95, r = p->vij / sqrt(p->vii * p->vjj), a = (r + 1) / 2, b = (r - 1) / 2;
  const double d = p->rows / networks, k2 = 2 * (a * a + b * b), k3 = 8 * (a * a * a + b * b * b),
               k4 = 48 * (a * a * a * a + b * b * b * b);
  const double skew2 = p->is_mean ? 0 : k3 * k3 / (k2 * k2 * k2) / d, excess = p->is_mean ? 0 : k4 / (k2 * k2) / d;
  const double q = Z95 * (excess / 12 * (z2 - 3) - skew2 / 18 * (z2 * z2 + 2 * z2 - 3) - (z2 + 3) / 4);
  return 0.95 + 2 * q * exp(-z2 / 2) / sqrt(2 * acos(-1.0)) / networks;
}

/* The expansion leaves terms of order N^-3/2 and the bias of a covariance about an estimated mean: half its own first
 * term is allowed, and MOST_Z binomial standard deviations. */
static void check_robust(const char *where, const parameter *p, const tally *count, size_t fits, size_t networks) {
  const double want = robust_coverage(p, (double)networks), R = (double)fits;
  const double allowed = 0.5 * fabs(want - 0.95) + MOST_Z * sqrt(0.95 * 0.05 / R) + 1 / R;
  if (networks >= 100 && !(fabs((double)count->within_robust / R - want) <= allowed))
    fail_msg("%s: %zu of %zu within robust errors, expected %.4f", where, count->within_robust, fits, want);
}

static void check_counts(const char *where, const parameter *p, const tally *count, size_t fits, uint32_t number) {
  bool exact;
  const double R = (double)fits, want = coverage(p, &exact, number), got = (double)count->within / R;
  if (exact) {
    const double chance = binomial_p(count->within, fits, want);
    if (!(chance >= LEAST_P))
      fail_msg("%s: %.4f of %zu covered, expected %.4f (p = %g)", where, got, fits, want, chance);
    return;
  }
  const double pool = (got * R + want * SIMULATED) / (R + SIMULATED);
  const double sd = sqrt(pool * (1 - pool) * (1 / R + 1.0 / SIMULATED));
  if (!(fabs(got - want) <= MOST_Z * sd + 1 / R)) /* 1/R: counts are whole */
    fail_msg("%s: %.4f of %zu covered, simulated %.4f", where, got, fits, want);
}

/* One network tells V_H and the rest but neither means nor block 0: null, and no error to cover anything with. */
static void check_undetermined(const matrix_fit *fit, const parameter *list, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const bool known = list[k].freedom > 0;
    assert_int_equal(fit->determined[list[k].block], known);
    assert_int_equal(!isnan(fit->error[k]), known);
    if (fit->networks == 1) assert_true(isnan(fit->robust[k]));
  }
  assert_int_equal(fit->mean_determined, list[0].freedom > 0);
}

static void check_case(const char *text, size_t networks, size_t rows, size_t cols, uint32_t number) {
  const size_t size = networks * rows * cols;
  size_t fits = ENTRIES / size < MOST_FITS ? ENTRIES / size : MOST_FITS;
  if (fits < FEWEST_FITS) fits = FEWEST_FITS;
  double *matrices = malloc(size * sizeof *matrices), values[MATRIX_PARAMETERS];
  parameter list[MATRIX_PARAMETERS];
  tally counts[MATRIX_PARAMETERS] = {{0}};
  matrix_gaussian truth;
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  assert_non_null(matrices);
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_matrix_gaussian(&truth, law, rows, cols, err));
  const size_t n = list_parameters(list, &truth, networks);
  assert_int_equal(n, wlaw_matrix_parameters(&truth.layout));
  for (size_t r = 0; r < fits; r++) {
    check_ok(wlaw_law_draw(law, matrices, networks, rows, cols, 1000 + number, r * networks, err));
    const matrix_fit fit = fitted(truth.law, matrices, networks, rows, cols);
    wlaw_matrix_pack(values, &fit.gaussian);
    if (r == 0) check_undetermined(&fit, list, n);
    for (size_t k = 0; k < n; k++) {
      counts[k].sum += values[k];
      counts[k].within += fabs(values[k] - list[k].truth) <= Z95 * fit.error[k];
      counts[k].within_robust += fabs(values[k] - list[k].truth) <= Z95 * fit.robust[k];
    }
  }
  for (size_t k = 0; k < n; k++) {
    char where[160];
    snprintf(where, sizeof where, "%s, %zu networks of %zux%zu, parameter %zu", truth.law->name, networks, rows, cols,
             k);
    if (list[k].freedom > 0 || list[k].is_mean) check_sum(where, &list[k], &counts[k], fits);
    if (!(list[k].freedom > 0)) continue;
    check_counts(where, &list[k], &counts[k], fits, number);
    check_robust(where, &list[k], &counts[k], fits, networks);
  }
  free(matrices);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static const size_t all_networks[] = {1, 2, 3, 10, 100, 1000}, sides[] = {1, 2, 3, 4, 10, 64};

static void check_law(const char *text, const size_t (*shapes)[2], size_t n, uint32_t first) {
  for (size_t s = 0; s < n; s++)
    for (size_t k = 0; k < 6; k++) check_case(text, all_networks[k], shapes[s][0], shapes[s][1], first++);
}

static void check_squares(const char *text, size_t smallest, uint32_t first) {
  size_t shapes[6][2];
  for (size_t s = 0; s < 6; s++) shapes[s][0] = shapes[s][1] = sides[s];
  check_law(text, (const size_t(*)[2])shapes + smallest, 6 - smallest, first);
}

static void iid_errors_cover(void **state) {
  (void)state;
  check_squares("iid(mean=0.3,variance=2)", 0, 0);
}

static void bipartite_errors_cover(void **state) {
  (void)state;
  static const char text[] = "bipartite(mean=0.5,s0=3,rows=0.5,columns=2,entries=1.5)";
  static const size_t rectangles[][2] = {{1, 5}, {6, 1}, {2, 3}, {10, 4}, {5, 64}};
  check_squares(text, 0, 100);
  check_law(text, rectangles, sizeof rectangles / sizeof *rectangles, 200);
}

static void permutation_errors_cover(void **state) {
  (void)state;
  check_squares("permutation(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.2,0.3,2,-0.4,0.2,-0.4,0.8],V2=0.6,V3=1.7)", 0,
                300);
}

/* Laws on spaces of their own; a 1x1 matrix with zero diagonal is nothing. */
static void errors_on_spaces_cover(void **state) {
  (void)state;
  static const char *const texts[] = {"symmetric(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.3,2],V2=0.6)",
                                      "symmetric-zero-diagonal(mean=0.5,a0=2,aH=0.4,a2=1.3)",
                                      "zero-diagonal(mean=-0.5,V0=2,H=[1,-0.4,-0.4,0.8],V2=0.6,V3=1.7)",
                                      "antisymmetric(VH=0.7,V3=1.9)"};
  for (uint32_t t = 0; t < 4; t++) check_squares(texts[t], t > 0, 400 + 100 * t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(iid_errors_cover),
      cmocka_unit_test(bipartite_errors_cover),
      cmocka_unit_test(permutation_errors_cover),
      cmocka_unit_test(errors_on_spaces_cover),
  };
  return cmocka_run_group_tests_name("law.coverage", tests, NULL, NULL);
}
