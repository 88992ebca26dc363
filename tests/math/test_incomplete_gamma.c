/* Incomplete gamma functions of negative order and scaled by a power, the exponential integral and Gamma(1 + x) - 1,
 * against 20 digits from mpmath 1.3 (gammainc, e1 and gamma at 60 digits, at these doubles). */
#include "support/test.h"

#include <float.h>

#include "math/incomplete_gamma.h"
#include "math/special.h"

static const double places[] = {1e-300, 1e-12, 1e-6, 0.01, 0.56, 0.999, 1.0, 1.001, 2.0, 10.0, 100.0, 700.0};
enum { PLACES = sizeof places / sizeof *places };

static const double alphas[] = {1e-10, 1e-3, 0.1, 0.3, 0.5, 0.500001, 0.8, 0.99, 1 - 1e-9};
enum { ALPHAS = sizeof alphas / sizeof *alphas };

static const double upper[ALPHAS][PLACES] = {
    {6.9019833609175531324e+2, 2.7053805489102776199e+1, 1.3238295902507003774e+1, 4.0379295775051802685,
     4.9301995877521329141e-1, 2.1975218201316023984e-1, 2.1938393438573595396e-1, 2.1901642251768459476e-1,
     4.8900510703245110876e-2, 4.1569689286928694823e-6, 3.6835977599820603323e-46, 1.40651876531241082e-307},
    {9.9468410933952096129e+2, 2.7438092497115892468e+1, 1.3333181122246822501e+1, 4.0476157909207510572,
     4.9300721629923469142e-1, 2.19654374602398632e-1, 2.1928612679072766339e-1, 2.1891861510630973124e-1,
     4.8852375790734720408e-2, 4.1470562324807320959e-6, 3.666637209752181995e-46, 1.3973326740290969012e-307},
    {1.0000000000000037766e+31, 1.4780303222493578127e+2, 2.91244344575684916e+1, 5.1802132109797879315,
     4.922580736319827543e-1, 2.1031314024734815376e-1, 2.099448741946453876e-1, 2.0957738068933292853e-1,
     4.4327193127586987324e-2, 3.274196768251692626e-6, 2.3219160102176832241e-46, 7.3042203406884779656e-308},
    {3.3333333333333078678e+90, 1.3265912167346766912e+4, 2.0599235385465080841e+2, 9.0001435175142018354,
     4.9370826507396870902e-1, 1.9332751102235111642e-1, 1.9295920811540390027e-1, 1.9259175133189911596e-1,
     3.6486620111374305697e-2, 2.0316133339671511483e-6, 9.2256366032609598604e-47, 1.969838228481167814e-308},
    {1.9999999999999999749e+150, 1.9999964550942982091e+6, 1.9964570922978556799e+3, 1.6654759630333674212e+1,
     4.9888627768051296599e-1, 1.7851605154766957478e-1, 1.7814771178156069019e-1, 1.777802917149706423e-1,
     3.0098757100186466344e-2, 1.2609042613241570681e-6, 3.6656231225114085412e-47, 5.3123574853969436114e-309},
    {2.0013780255805064451e+150, 2.0000477177976158907e+6, 1.9964807236235481909e+3, 1.6654813182467863007e+1,
     4.9888631251560317647e-1, 1.7851598231444981599e-1, 1.781476425481566233e-1, 1.7778022248175014775e-1,
     3.0098728294349844249e-2, 1.2609012548118268789e-6, 3.6656062059566263536e-47, 5.3123226762681951106e-309},
    {1.2500000000000382513e+240, 4.9763396262000722633e+9, 7.8864244984030154753e+4, 4.6013721762866453457e+1,
     5.1321957477869420982e-1, 1.596297295667009771e-1, 1.5926133450262819076e-1, 1.5889396950223759252e-1,
     2.2637907448118223865e-2, 6.1678585322708818899e-7, 9.1807477589202767497e-48, 7.4399917597391892202e-310},
    {1.0101010101010038877e+297, 7.662399747523739387e+11, 8.7974786137973759649e+5, 9.1521481733666568358e+1,
     5.2622816091019023545e-1, 1.4937196883256474042e-1, 1.4900353874072374664e-1, 1.4863620860990062008e-1,
     1.894309940824027939e-2, 3.9225560745946827053e-7, 3.8201090166951992618e-48, 2.1423303054596941548e-310},
    {9.9999931022472948048e+299, 9.999999733409262074e+11, 9.9998574888919089203e+5, 9.4967053447081620751e+1,
     5.2699622659059627213e-1, 1.4886393876210490182e-1, 1.4849550682657435606e-1, 1.4812817853086917353e-1,
     1.8767130927755904891e-2, 3.8302404747535709472e-7, 3.647821450714648422e-48, 2.0064543162244967714e-310},
};

static const double orders[] = {1e-8, 0.1, 0.7, 1.0, 4.8, 19.5, 20.5, 150.0, 999.5};
static const double lower_places[] = {1e-300, 1e-5, 0.5, 1.0, 3.0, 20.0, 151.5, 1000.0, 1e5};
enum { ORDERS = sizeof orders / sizeof *orders, LOWER_PLACES = sizeof lower_places / sizeof *lower_places };

/* x^(-1/2 - s) gamma(s, x) */
static const double lower[ORDERS][LOWER_PLACES] = {
    {9.9999999999999996655e+157, 3.1622776601680629095e+10, 1.4142135560962202074e+8, 9.9999999203400407523e+7,
     5.7735025943889381636e+7, 2.2360678976062465541e+7, 8.1244441822336217028e+6, 3.1622774234728243557e+6,
     3.1622772778445706049e+5},
    {9.9999999999999993196e+150, 3.1622747853780353623e+3, 1.3574817313941543265e+1, 9.2839720283798852469,
     4.9134619777556082634, 1.5766041905202795397, 4.6783541454734612256e-1, 1.5077893588046465791e-1,
     9.5135076986687306778e-3},
    {1.4285714285714286442e+150, 4.5175209129515217372e+2, 1.6625931438416237206, 9.8806365391073671175e-1,
     3.3845902240604589859e-1, 3.5649809264148649079e-2, 3.1390486477033397157e-3, 3.2605675774260560646e-4,
     1.2980553326475585197e-6},
    {9.9999999999999998747e+149, 3.1622618488327828567e+2, 1.1128993548247765046, 6.321205588285576784e-1,
     1.8286856395509240506e-1, 1.1180339864454550423e-2, 5.3626697274084984555e-4, 3.162277660168379332e-5,
     3.162277660168379332e-8},
    {2.0833333333333333843e+149, 6.5880239368880197304e+1, 1.9531574770210419189e-1, 9.2079480246791107352e-2,
     1.1232346182193453253e-2, 2.2692296304744334036e-6, 4.9562801350966467189e-11, 2.2456537740982238008e-15,
     5.6408272450256127406e-26},
    {5.1282051282051281409e+148, 1.6216654256972569496e+1, 4.5086284030657823833e-2, 1.983067633881405944e-2,
     1.7244971703182011484e-3, 1.5188194928442286078e-10, 6.8329507889608046105e-28, 2.7724322986333718178e-44,
     2.7724322986333718178e-84},
    {4.8780487804878048169e+148, 1.5425597601769049062e+1, 4.2837307274241536521e-2, 1.8818747435431837477e-2,
     1.6277058322854576855e-3, 1.250405024930995335e-10, 8.7948871541079663304e-29, 5.4062429823350750447e-46,
     5.4062429823350750447e-88},
    {6.6666666666666665831e+147, 2.1081641646467813599, 5.7374235758442347147e-3, 2.4688790834267454433e-3,
     1.9551438960821335026e-4, 3.5411428628800286669e-12, 1.5009556198298872789e-68, 1.204487096628876983e-191, 0.0},
    {1.0005002501250625187e+147, 3.1638279831481222985e-1, 8.5862207772782463829e-4, 3.6843172013635593362e-4,
     2.8845449645398026196e-5, 4.7052410816443863628e-13, 1.5335307261720088675e-70, 0.0, 0.0},
};

static double worst; /* relative error so far, printed */

/* Relative to the value, or to the smallest normal number where that is larger. */
static void check_relative(double got, double want, double tolerance) {
  const double off = fabs(got - want) / fmax(fabs(want), DBL_MIN);
  if (!(off <= tolerance)) fail_msg("%.17g, not %.17g: off by %.2g", got, want, off);
  worst = fmax(worst, off);
}

/* 1e-14 is 45 units of rounding: near x = 1 the series subtracts numbers ten times as large as the result. */
static void upper_of_negative_order(void **state) {
  (void)state;
  worst = 0.0;
  for (size_t i = 0; i < ALPHAS; i++)
    for (size_t k = 0; k < PLACES; k++)
      check_relative(wlaw_gamma_upper_negative(alphas[i], places[k]), upper[i][k], 1e-14);
  print_message("worst relative error %.2g\n", worst);
}

/* The recurrence alpha Gamma(-alpha, x) = x^-alpha e^-x - Gamma(1 - alpha, x), as a sum of positive terms, on a grid
 * across the border of the two methods. Boost's function loses the digits that x^s e^-x does, up to 1e-13 at x = 700.
 */
static void recurrence(void **state) {
  (void)state;
  for (double alpha = 0.01; alpha < 1.0; alpha += 0.07)
    for (double x = 1e-12; x < 700.0; x *= 1.37) {
      const double rest = wlaw_gamma_upper(1.0 - alpha, x) * tgamma(1.0 - alpha), head = pow(x, -alpha) * exp(-x);
      check_relative(alpha * wlaw_gamma_upper_negative(alpha, x) + rest, head, 1e-13);
    }
}

/* Orders up to 170 to 13 digits, most of them better; beyond, ln Gamma(s) and s ln x round in their 16th: 7000 eps. */
static void lower_scaled(void **state) {
  (void)state;
  worst = 0.0;
  for (size_t i = 0; i < ORDERS; i++)
    for (size_t k = 0; k < LOWER_PLACES; k++)
      check_relative(wlaw_gamma_lower_scaled(orders[i], lower_places[k], -0.5), lower[i][k],
                     orders[i] < 170.0 ? 2e-14 : 1e-12);
  print_message("worst relative error %.2g\n", worst);
}

static void shims(void **state) {
  (void)state;
  static const double e1[PLACES] = {6.9019831223331217232e+2, 2.7053805451028015368e+1,  1.3238295893062491289e+1,
                                    4.0379295765381138112,    4.9301995877649279686e-1,  2.1975218202294454114e-1,
                                    2.1938393439552027368e-1, 2.1901642252746889612e-1,  4.8900510708061119567e-2,
                                    4.1569689296853242774e-6, 3.6835977616820321802e-46, 1.4065187662340329228e-307};
  for (size_t k = 0; k < PLACES; k++) check_relative(wlaw_exponential_integral(places[k]), e1[k], 1e-14);
  assert_true(isinf(wlaw_exponential_integral(0.0)) && wlaw_exponential_integral(INFINITY) == 0.0);
  assert_true(isnan(wlaw_exponential_integral(-1.0)) && isnan(wlaw_exponential_integral(NAN)));
  static const double x[] = {-0.9, -1e-12, 1e-12, 0.3};
  static const double g[] = {8.5135076986687340382, 5.7721566490252190499e-13, -5.77215664900543793e-13,
                             -1.0252930369372280982e-1};
  for (size_t k = 0; k < sizeof x / sizeof *x; k++) check_relative(wlaw_gamma1pm1(x[k]), g[k], 1e-14);
  assert_true(isnan(wlaw_gamma1pm1(-1.0)));
}

static void ends_and_domains(void **state) {
  (void)state;
  assert_true(isinf(wlaw_gamma_upper_negative(0.5, 0.0)) && wlaw_gamma_upper_negative(0.5, INFINITY) == 0.0);
  assert_true(isnan(wlaw_gamma_upper_negative(0.0, 1.0)) && isnan(wlaw_gamma_upper_negative(1.0, 1.0)));
  assert_true(isnan(wlaw_gamma_upper_negative(0.5, -1.0)) && isnan(wlaw_gamma_upper_negative(0.5, NAN)));
  assert_true(isnan(wlaw_gamma_lower_scaled(0.0, 1.0, 0.0)) && isnan(wlaw_gamma_lower_scaled(1.0, NAN, 0.0)));
  assert_true(wlaw_gamma_lower_scaled(2.0, INFINITY, -1.0) == 0.0);
  assert_true(wlaw_gamma_lower_scaled(50.0, INFINITY, -1.0) == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(upper_of_negative_order),
      cmocka_unit_test(recurrence),
      cmocka_unit_test(lower_scaled),
      cmocka_unit_test(shims),
      cmocka_unit_test(ends_and_domains),
  };
  return cmocka_run_group_tests_name("math.incomplete_gamma", tests, NULL, NULL);
}
