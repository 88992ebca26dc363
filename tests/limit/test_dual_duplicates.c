/* Near duplicates: distances and slopes to full relative accuracy at angles 1e-2, 1e-5 and 1e-8, where E phi(u)^2 + E
 * phi(v)^2 - 2 E phi(u) phi(v) and 1 - cos(angle) have lost every digit. And rows, pairs and instruction sets agree. */
#include "limit/all_activations.h"

#include "core/cpu.h"
#include "limit/dual_function.h"
#include "math/quadrature.h"

/* The closed forms of dual and slope in c (docs/kernels.md), evaluated with 70 digits at exactly these doubles. */
static const struct {
  const char *text;
  double a, b, d, next, slope;
} rows[] = {
    {"relu", 1.25, 1.25, 0.00012499895833680555, 6.2366851375445986e-5, 0.49840845056908105},
    {"relu", 1.25, 1.2500125, 1.5625046874822676e-10, 7.8125101744330992e-11, 0.49999840845056908},
    {"relu", 1.25, 1.25, 1.25e-16, 6.2499999867370886e-17, 0.49999999840845057},
    {"leaky-relu(slope=0.25)", 1.25, 1.25, 0.00012499895833680555, 6.6331093482889756e-5, 0.53035475344510809},
    {"leaky-relu(slope=0.25)", 1.25, 1.2500125, 1.5625046874822676e-10, 8.3007986918242872e-11, 0.53124910475344511},
    {"leaky-relu(slope=0.25)", 1.25, 1.25, 1.25e-16, 6.6406249925396126e-17, 0.53124999910475345},
    {"abs", 1.25, 1.25, 0.00012499895833680555, 0.00012446844716497839, 0.99363380227632419},
    {"abs", 1.25, 1.2500125, 1.5625046874822676e-10, 1.5624993822909721e-10, 0.99999363380227632},
    {"abs", 1.25, 1.25, 1.25e-16, 1.2499999946948353e-16, 0.99999999363380228},
    {"linear", 1.25, 1.25, 0.00012499895833680555, 0.00012499895833680555, 1.0000000000000000},
    {"linear", 1.25, 1.2500125, 1.5625046874822676e-10, 1.5625046874822676e-10, 1.0000000000000000},
    {"linear", 1.25, 1.25, 1.25e-16, 1.2500000000000001e-16, 1.0000000000000000},
    {"erf", 1.25, 1.25, 0.00012499895833680555, 6.4972500075999801e-5, 0.51977079770067221},
    {"erf", 1.25, 1.2500125, 1.5625046874822676e-10, 6.7682173045685723e-11, 0.51979678455320465},
    {"erf", 1.25, 1.25, 1.25e-16, 6.4974733436139679e-17, 0.51979786748911738},
    {"gelu", 1.25, 1.25, 0.00012499895833680555, 5.8580322518785053e-5, 0.46863863254325385},
    {"gelu", 1.25, 1.2500125, 1.5625046874822676e-10, 7.6561478869607705e-11, 0.46865460539263813},
    {"gelu", 1.25, 1.25, 1.25e-16, 5.8581792336349449e-17, 0.46865433869079555},
    {"sign", 1.25, 1.25, 0.00012499895833680555, 0.012732395447351627, 50.930430625672742},
    {"sign", 1.25, 1.2500125, 1.5625046874822676e-10, 1.2732395447351628e-5, 50929.327144256221},
    {"sign", 1.25, 1.25, 1.25e-16, 1.2732395447351627e-8, 50929581.789406506},
    {"sin", 1.25, 1.25, 0.00012499895833680555, 6.7627956101106736e-5, 0.54101381576388331},
    {"sin", 1.25, 1.2500125, 1.5625046874822676e-10, 7.8125253609616787e-11, 0.54104198624805823},
    {"sin", 1.25, 1.25, 1.25e-16, 6.7630312413993678e-17, 0.54104249931194937},
    {"cos", 1.25, 1.25, 0.00012499895833680555, 5.7367096132179398e-5, 0.45892368671000005},
    {"cos", 1.25, 1.2500125, 1.5625046874822676e-10, 7.8125215132506415e-11, 0.45895801367381654},
    {"cos", 1.25, 1.25, 1.25e-16, 5.7369687586006328e-17, 0.45895750068805057},
    {"sin(phase=0.5)", 1.25, 1.25, 0.00012499895833680555, 6.5269509267343832e-5, 0.52214549424535483},
    {"sin(phase=0.5)", 1.25, 1.2500125, 1.5625046874822676e-10, 7.8125244765697330e-11, 0.52217507978927735},
    {"sin(phase=0.5)", 1.25, 1.25, 1.25e-16, 6.5271919627104728e-17, 0.52217535701683777},
    {"exp", 1.25, 1.25, 0.00012499895833680555, 0.0015227514689498235, 12.181732584968999},
    {"exp", 1.25, 1.2500125, 1.5625046874822676e-10, 3.8070826614196738e-9, 12.182646241877971},
    {"exp", 1.25, 1.25, 1.25e-16, 1.5228117450879343e-15, 12.182493960703473},
    {"rbf", 1.25, 1.25, 0.00012499895833680555, 0.00024998229258503087, 1.9997500177074150},
    {"rbf", 1.25, 1.2500125, 1.5625046874822676e-10, 3.1250093747203930e-10, 1.9999999996874991},
    {"rbf", 1.25, 1.25, 1.25e-16, 2.5000000000000000e-16, 1.9999999999999997},
    {"gaussian", 1.25, 1.25, 0.00012499895833680555, 4.2521124256830760e-5, 0.34013675253623674},
    {"gaussian", 1.25, 1.2500125, 1.5625046874822676e-10, 4.7841700632937016e-11, 0.34020648338727249},
    {"gaussian", 1.25, 1.25, 1.25e-16, 4.2525863589985730e-17, 0.34020690871988578},
    {"gabor", 1.25, 1.25, 0.00012499895833680555, 3.3221954790725619e-5, 0.26572925315452072},
    {"gabor", 1.25, 1.2500125, 1.5625046874822676e-10, 3.5297818787584464e-11, 0.26582596230900744},
    {"gabor", 1.25, 1.25, 1.25e-16, 3.3228307677758823e-17, 0.26582646142207051},
    {"monomial(degree=2)", 1.25, 1.25, 0.00012499895833680555, 0.00062497916694444248, 4.9997500020833264},
    {"monomial(degree=2)", 1.25, 1.2500125, 1.5625046874822676e-10, 1.0937562499769817e-9, 5.0000249996874990},
    {"monomial(degree=2)", 1.25, 1.25, 1.25e-16, 6.2500000000000003e-16, 4.9999999999999997},
    {"monomial(degree=5)", 1.25, 1.25, 0.00012499895833680555, 0.80103397585226757, 6407.9590234361979},
    {"monomial(degree=5)", 1.25, 1.2500125, 1.5625046874822676e-10, 2.6035779478523750e-6, 6408.8195799865573},
    {"monomial(degree=5)", 1.25, 1.25, 1.25e-16, 8.0108642578125002e-13, 6408.6914062499993},
    {"rectified-monomial(degree=2)", 1.25, 1.25, 0.00012499895833680555, 0.00031248959673488054, 2.4998752662972491},
    {"rectified-monomial(degree=2)", 1.25, 1.2500125, 1.5625046874822676e-10, 5.4687812498849084e-10,
     2.5000124998437498},
    {"rectified-monomial(degree=2)", 1.25, 1.25, 1.25e-16, 3.1250000000000002e-16, 2.4999999999999999},
    {"rectified-monomial(degree=3)", 1.25, 1.25, 0.00012499895833680555, 0.0026366088897195006, 21.092343796814693},
    {"rectified-monomial(degree=3)", 1.25, 1.2500125, 1.5625046874822676e-10, 5.9326732177402205e-9,
     21.093960936093735},
    {"rectified-monomial(degree=3)", 1.25, 1.25, 1.25e-16, 2.6367187500000001e-15, 21.093749999999999},
    {"hermite(degree=3)", 1.25, 1.25, 0.00012499895833680555, 0.00059762197364939819, 4.7807812656247917},
    {"hermite(degree=3)", 1.25, 1.2500125, 1.5625046874822676e-10, 1.3916162548680334e-9, 4.7813015620312452},
    {"hermite(degree=3)", 1.25, 1.25, 1.25e-16, 5.9765625000000002e-16, 4.7812499999999995},
    {"hermite(degree=4)", 1.25, 1.25, 0.00012499895833680555, 0.0010350729203818435, 8.2800547560527012},
    {"hermite(degree=4)", 1.25, 1.2500125, 1.5625046874822676e-10, 3.0811058106877683e-9, 8.2813929679589644},
    {"hermite(degree=4)", 1.25, 1.25, 1.25e-16, 1.0351562500000000e-15, 8.2812499999999988},
};

/* Roundings of a and b, relative 1e-16, move the distance of unequal a and b by 1e-16 sqrt(a/d) of it. */
static void known_values(void **state) {
  (void)state;
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    const dual_activation f = activation_of(rows[r].text);
    dual_pair next;
    double slope;
    wlaw_dual_pair(&f, (dual_pair){rows[r].a, rows[r].b, rows[r].d}, &next, &slope);
    const double lost = rows[r].a == rows[r].b ? 0.0 : 1e-16 * sqrt(rows[r].a / rows[r].d);
    if (!(fabs(next.d / rows[r].next - 1.0) <= 1e-14 + 4.0 * lost))
      fail_msg("%s: distance %.17g, not %.17g", rows[r].text, next.d, rows[r].next);
    if (!(fabs(slope / rows[r].slope - 1.0) <= 1e-14 + 4.0 * lost))
      fail_msg("%s: slope %.17g, not %.17g", rows[r].text, slope, rows[r].slope);
  }
}

typedef struct normal_integral {
  const dual_activation *f;
  double variance;
} normal_integral;
static double slope_square(double x, const void *context) {
  const normal_integral *p = context;
  const double slope = p->f->function->derivative(p->f->parameters, sqrt(p->variance) * x);
  return slope * slope * exp(-0.5 * x * x) / sqrt(2.0 * 3.14159265358979323846);
}

/* The series has no table: as the angle goes to 0, distance / d -> E phi'(u)^2 = the slope of duplicates. The next term
 * is of relative order angle^2 E phi''^2 / E phi'^2; elu's kink makes it linear. */
static void series_near_duplicates(void **state) {
  (void)state;
  for (size_t k = 0; k < ALL_ACTIVATIONS; k++) {
    const dual_activation f = activation_of(all_activations[k]);
    if (f.function->way != DUAL_BY_SERIES) continue;
    for (double angle = 1e-8; angle < 1e-3; angle *= 10.0) {
      const double a = 1.25, d = 4.0 * a * pow(sin(0.5 * angle), 2.0);
      dual_pair next, same;
      double slope, top;
      wlaw_dual_pair(&f, (dual_pair){a, a, 0.0}, &same, &top);
      wlaw_dual_pair(&f, (dual_pair){a, a, d}, &next, &slope);
      const normal_integral p = {&f, a};
      check_near(top,
                 wlaw_integrate(slope_square, &p, -14.0, 0.0, 1e-12, NULL) +
                     wlaw_integrate(slope_square, &p, 0.0, 14.0, 1e-12, NULL),
                 1e-12);
      check_near(next.d / d, top, 1e-12 + angle);
      check_near(slope, top, 1e-12 + 100.0 * angle);
      assert_true(same.d == 0.0);
    }
  }
}

/* Duplicates of any variance: distance exactly 0, slope E phi'^2 as at the diagonal. */
static void duplicates(void **state) {
  (void)state;
  for (size_t k = 0; k < ALL_ACTIVATIONS; k++)
    for (double a = 1e-6; a < 20.0; a *= 7.3) {
      const dual_activation f = activation_of(all_activations[k]);
      dual_pair next;
      double slope;
      wlaw_dual_pair(&f, (dual_pair){a, a, 0.0}, &next, &slope);
      assert_true(next.d == 0.0);
      assert_true(next.a == next.b && next.a == wlaw_dual_diagonal(&f, a));
      if (!wlaw_dual_has_slope(&f)) assert_true(isinf(slope));
    }
}

enum { INPUTS = 21 };

static void fill(dual_side *side, double *memory, double first, double step) {
  wlaw_dual_side_place(side, memory, INPUTS);
  for (size_t i = 0; i < INPUTS; i++) side->variance[i] = first + step * (double)i;
}

/* A row gives the bytes of its pairs, wherever they stand in it. */
static void rows_are_pairs(void **state) {
  (void)state;
  double *memory = calloc(2 * wlaw_dual_side_size(INPUTS), sizeof *memory);
  assert_non_null(memory);
  for (size_t k = 0; k < ALL_ACTIVATIONS; k++) {
    const dual_activation f = activation_of(all_activations[k]);
    dual_side u, v;
    double d[32] = {0.0}, slopes[32];
    fill(&u, memory, .3, .1);
    fill(&v, memory + wlaw_dual_side_size(INPUTS), 1.9, -.07);
    for (size_t j = 0; j < INPUTS; j++) d[j] = .7 + .05 * (double)j;
    wlaw_dual_side_prepare(&f, &u);
    wlaw_dual_side_prepare(&f, &v);
    wlaw_dual_side_row(&f, &u, 4, &v, d, slopes);
    for (size_t j = 0; j < INPUTS; j++) {
      dual_pair next;
      double slope;
      wlaw_dual_pair(&f, (dual_pair){u.variance[4], v.variance[j], .7 + .05 * (double)j}, &next, &slope);
      assert_true(next.d == d[j] && slope == slopes[j] && next.b == v.square[j]);
    }
  }
  free(memory);
}

/* Instruction sets round differently, by contraction alone. */
static void levels_agree(void **state) {
  (void)state;
#if defined(__x86_64__)
  const dual_kernels *const levels[] = {&wlaw_dual_kernels_baseline, &wlaw_dual_kernels_v3, &wlaw_dual_kernels_v4};
  static const char *const texts[] = {"abrelu(a=-0.5,b=2)", "erf", "gelu", "tanh"};
  const double constants[] = {0.75 * 0.75, 1.25 * 1.25};
  double *memory = calloc(2 * wlaw_dual_side_size(INPUTS), sizeof *memory);
  assert_non_null(memory);
  for (size_t k = 0; k < 4; k++) {
    const dual_activation f = activation_of(texts[k]);
    dual_side u, v;
    double d[3][32] = {{0.0}}, slopes[3][32] = {{0.0}};
    fill(&u, memory, .3, .1);
    fill(&v, memory + wlaw_dual_side_size(INPUTS), 1.9, -.07);
    wlaw_dual_side_prepare(&f, &u);
    wlaw_dual_side_prepare(&f, &v);
    for (size_t l = 0; l <= (size_t)wlaw_cpu_level(); l++) {
      for (size_t j = 0; j < INPUTS; j++) d[l][j] = .7 + .05 * (double)j;
      const dual_row row[] = {levels[l]->rectified, levels[l]->erf, levels[l]->gelu, levels[l]->series};
      row[k](constants, &u, 4, &v, d[l], slopes[l]);
      for (size_t j = 0; j < INPUTS; j++) {
        check_near(d[l][j], d[0][j], 1e-14);
        check_near(slopes[l][j], slopes[0][j], 1e-14);
      }
    }
  }
  free(memory);
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_values), cmocka_unit_test(series_near_duplicates),
                                     cmocka_unit_test(duplicates), cmocka_unit_test(rows_are_pairs),
                                     cmocka_unit_test(levels_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
