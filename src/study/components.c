/* Variance components: the parameters of two laws as psychology and the design of experiments read them. They are
 * differences of variances, so they may come out negative. */
#include <math.h>

#include "study/fit.h"

/* One component: the sum over blocks of tr(C V), C symmetric, as (C_11, C_22, C_12 + C_21); blocks of one copy have the
 * first alone. */
typedef struct component {
  const char *name;
  double weights[MATRIX_BLOCKS][3];
} component;

static double value_of(const component *one, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  double sum = 0.0;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const double *w = one->weights[b], *V = fit->gaussian.covariance[b];
    if (w[0] == 0.0 && w[1] == 0.0 && w[2] == 0.0) continue;
    if (layout->blocks[b].dimension == 0 || !fit->determined[b]) return NAN;
    sum += layout->blocks[b].copies == 1 ? w[0] * V[0] : w[0] * V[0] + w[1] * V[3] + w[2] * V[1];
  }
  return sum;
}

/* Under the law blocks are independent and Var tr(C V) = 2 tr(C V C V) / (networks x dimension) (Wishart). */
static double error_of(const component *one, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  double variance = 0.0;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const double *w = one->weights[b], *V = fit->gaussian.covariance[b];
    const double freedom = (double)fit->networks * (double)layout->blocks[b].dimension;
    if (w[0] == 0.0 && w[1] == 0.0 && w[2] == 0.0) continue;
    const bool pair = layout->blocks[b].copies == 2;
    const double half = w[2] / 2.0, a = w[0] * V[0] + (pair ? half * V[1] : 0.0); /* C V = [[a, c], [d, e]] */
    const double c = pair ? w[0] * V[1] + half * V[3] : 0.0, d = pair ? half * V[0] + w[1] * V[1] : 0.0,
                 e = pair ? half * V[1] + w[1] * V[3] : 0.0;
    variance += 2.0 * (a * a + 2.0 * c * d + e * e) / freedom;
  }
  return sqrt(variance);
}

static void put(bool *failed, json_t *values, json_t *errors, const component *list, size_t n, const matrix_fit *fit) {
  for (size_t k = 0; k < n; k++) {
    const double value = value_of(&list[k], fit);
    wlaw_json_put(failed, values, list[k].name, wlaw_json_determined(value));
    wlaw_json_put(failed, errors, list[k].name, wlaw_json_determined(isnan(value) ? NAN : error_of(&list[k], fit)));
  }
}

/* Two-way random effects of the bipartite law: M_ij = mean + g + a_i + b_j + e_ij. Blocks: total, rows, columns,
 * entries. */
static void two_way(bool *failed, json_t *values, json_t *errors, const matrix_fit *fit) {
  const double m = (double)fit->gaussian.layout.rows, n = (double)fit->gaussian.layout.cols, all = 1.0 / (m * n);
  const component list[] = {
      {"network", {{all}, {-all}, {-all}, {all}}},
      {"rows", {{0}, {1.0 / n}, {0}, {-1.0 / n}}},
      {"columns", {{0}, {0}, {1.0 / m}, {-1.0 / m}}},
      {"entries", {{0}, {0}, {0}, {1.0}}},
  };
  put(failed, values, errors, list, sizeof list / sizeof *list, fit);
}

/* Social relations: M_ij = mean + g + a_i + b_j + e_ij (i != j) with Cov(a_i, b_i) and Cov(e_ij, e_ji) (Warner, Kenny
 * and Stoto 1979, DOI 10.1037/0022-3514.37.10.1742). In the blocks of the law V2, V3 = relationship +- reciprocity,
 * H_ss = V2 + (D-2) (actor + partner + 2 actor_partner) / 2, H_aa = V3 + D (actor + partner - 2 actor_partner) / 2,
 * H_sa = sqrt(D (D-2)) (actor - partner) / 2, V0 = V2 + (D-1) (actor + partner + 2 actor_partner) + D (D-1) network.
 * Three rows have no V2: five numbers cannot be told from four, and two rows have no H of two copies either. */
static void social_relations(bool *failed, json_t *values, json_t *errors, const matrix_fit *fit) {
  const double D = (double)fit->gaussian.layout.rows, all = 1.0 / (D * (D - 1.0));
  const double s = 0.5 / (D - 2.0), a = 0.5 / D, r = 1.0 / sqrt(D * (D - 2.0));
  const component list[] = {
      {"network", {{all}, {-4.0 * s / D}, {4.0 * s / D - all}, {0}}},
      {"actor", {{0}, {s, a, r}, {-s}, {-a}}},
      {"partner", {{0}, {s, a, -r}, {-s}, {-a}}},
      {"actor_partner_covariance", {{0}, {s, -a}, {-s}, {a}}},
      {"relationship", {{0}, {0}, {0.5}, {0.5}}},
      {"reciprocity", {{0}, {0}, {0.5}, {-0.5}}},
  };
  put(failed, values, errors, list, sizeof list / sizeof *list, fit);
}

void wlaw_components_put(bool *failed, json_t *document, const matrix_fit *fit) {
  const law_ops *law = fit->gaussian.law;
  if (law != &wlaw_law_bipartite && law != &wlaw_law_zero_diagonal) return;
  json_t *values = json_object(), *errors = json_object();
  if (law == &wlaw_law_bipartite) two_way(failed, values, errors, fit);
  else social_relations(failed, values, errors, fit);
  wlaw_json_put(failed, document, "components", values);
  wlaw_json_put(failed, document, "component_standard_errors", errors);
}
