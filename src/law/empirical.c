/* empirical(@FILE): a number a and a Levy measure made of atoms, as they were measured on samples of node variances
 * (Lee et al. 2023, JMLR 24(289), the null-array criterion of section 3). src/study/empirical_operand.c reads the file.
 *
 * At width p every node has a / p, and on top of that the jump of p U, U uniform: an atom x with probability weight /
 * p, nothing otherwise (where the weights sum to more than p, the largest atoms come first). So p P(lambda > x) tends
 * to rhobar(x), and p E lambda 1{lambda <= h} to a plus the atoms up to h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "law/node.h"

typedef struct empirical_data {
  node_measure measure; /* x ascending, each once, weights positive */
  /* [n + 1] each. above[i]: weight of atoms i and later; below[k][i]: sum of weight x^(k + 1) over atoms before i */
  double *above, *below[2];
} empirical_data;

static const empirical_data *data_of(const wlaw_law *law) { return law->data; }

static void empirical_release(wlaw_law *law) {
  empirical_data *data = law->data;
  if (!data) return;
  free(data->measure.name);
  free(data->measure.x);
  free(data->measure.weight);
  free(data->measure.se);
  free(data->above);
  free(data->below[0]);
  free(data->below[1]);
  free(data);
}

static const char *empirical_argument(const wlaw_law *law) { return data_of(law)->measure.name; }

static wlaw_status empirical_check(const wlaw_law *law, wlaw_error *err) {
  (void)law;
  wlaw_fail(err, WLAW_ARGUMENT, "the law 'empirical' is measured and cannot be written out");
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "where a verb takes a law, empirical(@FILE) reads it");
}

/* How many atoms are at most x. */
static size_t atoms_up_to(const node_measure *measure, double x) {
  size_t low = 0, high = measure->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (measure->x[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

static double empirical_tail(const wlaw_law *law, double x) {
  const empirical_data *data = data_of(law);
  return data->above[atoms_up_to(&data->measure, x)];
}

static double empirical_jump(const wlaw_law *law, double t) {
  const empirical_data *data = data_of(law);
  size_t low = 0, high = data->measure.n; /* the first i with above[i] <= t: rhobar just below atom i */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (data->above[middle] <= t) high = middle;
    else low = middle + 1;
  }
  return low == 0 ? 0.0 : data->measure.x[low - 1];
}

static double empirical_moment(const wlaw_law *law, int power, double eps) {
  const empirical_data *data = data_of(law);
  return data->below[power - 1][atoms_up_to(&data->measure, eps)];
}

static double empirical_location(const wlaw_law *law) { return data_of(law)->measure.a; }

static double empirical_exponent(const wlaw_law *law, double s) {
  const node_measure *measure = &data_of(law)->measure;
  double sum = measure->a * s;
  for (size_t i = 0; i < measure->n; i++) sum -= measure->weight[i] * expm1(-s * measure->x[i]);
  return sum;
}

static void empirical_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                               wlaw_stream *stream) {
  (void)first;
  const double p = (double)width, rest = empirical_location(law) / p;
  for (size_t j = 0; j < n; j++) log_lambda[j] = log(rest + empirical_jump(law, p * wlaw_stream_open(stream)));
}

static double empirical_least_width(const wlaw_law *law) { return data_of(law)->above[0]; }

/* Of rest + X, the rest a / width of every node and X as draw_log has it: atom i with chance weight_i / width. */
static double empirical_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double p = (double)width, rest = empirical_location(law) / p, first = empirical_moment(law, 1, INFINITY) / p;
  return power == 1 ? rest + first : rest * rest + 2.0 * rest * first + empirical_moment(law, 2, INFINITY) / p;
}

static const node_ops empirical_node = {
    .kind = "atoms",
    .draw_log = empirical_draw_log,
    .location = empirical_location,
    .tail = empirical_tail,
    .jump = empirical_jump,
    .moment = empirical_moment,
    .exponent = empirical_exponent,
    .least_width = empirical_least_width,
    .finite_moment = empirical_finite_moment,
};

const law_ops wlaw_law_empirical = {
    .name = "empirical",
    .summary = "node variances as measured on samples: a and atoms of rho, empirical(@FILE)",
    .source = "Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289), section 3",
    .check = empirical_check,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &empirical_node,
    .release = empirical_release,
    .argument = empirical_argument,
};

const node_measure *wlaw_law_empirical_measure(const wlaw_law *law) {
  return law->ops == &wlaw_law_empirical ? &data_of(law)->measure : NULL;
}

static bool usable(double value) { return value >= 0.0 && isfinite(value); }

static wlaw_status check_measure(const node_measure *measure, wlaw_error *err) {
  if (!usable(measure->a)) return wlaw_fail(err, WLAW_VALUE, "a is %g, which is no number from 0 on", measure->a);
  for (size_t i = 0; i < measure->n; i++)
    if (!usable(measure->x[i]) || measure->x[i] == 0.0 || !usable(measure->weight[i]) || measure->se[i] < 0.0)
      return wlaw_fail(err, WLAW_VALUE,
                       "atom %zu lies at %g, has the weight %g and its error is %g: a positive place and numbers from "
                       "0 on are needed",
                       i, measure->x[i], measure->weight[i], measure->se[i]);
  return WLAW_OK;
}

typedef struct atom {
  double x, weight, se;
} atom;

static int atom_order(const void *a, const void *b) {
  const atom *x = a, *y = b;
  return (x->x > y->x) - (x->x < y->x);
}

/* Sorted, atoms of one place joined (their errors are of different nodes and independent), those of no weight left out.
 */
static size_t collect_atoms(atom *atoms, const node_measure *measure) {
  size_t n = 0, last = 0;
  for (size_t i = 0; i < measure->n; i++)
    if (measure->weight[i] > 0.0) atoms[n++] = (atom){measure->x[i], measure->weight[i], measure->se[i]};
  if (n == 0) return 0;
  qsort(atoms, n, sizeof *atoms, atom_order);
  for (size_t i = 1; i < n; i++) {
    if (atoms[i].x != atoms[last].x) {
      atoms[++last] = atoms[i];
      continue;
    }
    atoms[last].weight += atoms[i].weight;
    atoms[last].se = hypot(atoms[last].se, atoms[i].se);
  }
  return last + 1;
}

static wlaw_status take_arrays(empirical_data *data, size_t n, wlaw_error *err) {
  double **const arrays[] = {&data->measure.x, &data->measure.weight, &data->measure.se,
                             &data->above,     &data->below[0],       &data->below[1]};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
    if (!(*arrays[k] = wlaw_array(n + 1, sizeof(double)))) return wlaw_fail_memory(err, n + 1, sizeof(double));
  return WLAW_OK;
}

static void fill_sums(empirical_data *data) {
  const node_measure *measure = &data->measure;
  for (size_t i = measure->n; i-- > 0;) data->above[i] = data->above[i + 1] + measure->weight[i];
  for (size_t i = 0; i < measure->n; i++) {
    const double first = measure->weight[i] * measure->x[i];
    data->below[0][i + 1] = data->below[0][i] + first;
    data->below[1][i + 1] = data->below[1][i] + first * measure->x[i];
  }
}

static wlaw_status fill_data(empirical_data *data, const node_measure *measure, wlaw_error *err) {
  data->measure.name = wlaw_text_duplicate(measure->name, strlen(measure->name));
  if (!data->measure.name) return wlaw_fail_memory(err, strlen(measure->name) + 1, 1);
  data->measure.a = measure->a;
  data->measure.se_a = measure->se_a;
  atom *atoms = wlaw_array(measure->n, sizeof *atoms);
  if (!atoms) return wlaw_fail_memory(err, measure->n, sizeof *atoms);
  const size_t n = data->measure.n = collect_atoms(atoms, measure);
  const wlaw_status status = take_arrays(data, n, err);
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    data->measure.x[i] = atoms[i].x;
    data->measure.weight[i] = atoms[i].weight;
    data->measure.se[i] = atoms[i].se;
  }
  free(atoms);
  if (status == WLAW_OK) fill_sums(data);
  return status;
}

wlaw_status wlaw_law_empirical_make(wlaw_law **out, const node_measure *measure, wlaw_error *err) {
  WLAW_TRY(check_measure(measure, err));
  wlaw_law *law = calloc(1, sizeof *law);
  if (!law) return wlaw_fail_memory(err, 1, sizeof *law);
  law->ops = &wlaw_law_empirical;
  law->data = calloc(1, sizeof(empirical_data));
  const wlaw_status status =
      law->data ? fill_data(law->data, measure, err) : wlaw_fail_memory(err, 1, sizeof(empirical_data));
  if (status != WLAW_OK) {
    wlaw_law_free(law);
    return status;
  }
  *out = law;
  return WLAW_OK;
}
