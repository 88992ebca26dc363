/* Variance components: the parameters of two laws as psychology and the design of experiments read them. They are
 * differences of variances, so they may come out negative. */
#include <math.h>

#include "study/fit.h"

/* Two-way random effects of the bipartite law: M_ij = mean + g + a_i + b_j + e_ij. */
static json_t *two_way(bool *failed, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  const double m = (double)layout->rows, n = (double)layout->cols;
  const double s0 = fit->determined[0] ? fit->gaussian.covariance[0][0] : NAN, rows = fit->gaussian.covariance[1][0],
               columns = fit->gaussian.covariance[2][0], entries = fit->gaussian.covariance[3][0];
  json_t *object = json_object();
  wlaw_json_put(failed, object, "network", wlaw_json_determined((s0 - rows - columns + entries) / (m * n)));
  wlaw_json_put(failed, object, "rows", wlaw_json_real((rows - entries) / n));
  wlaw_json_put(failed, object, "columns", wlaw_json_real((columns - entries) / m));
  wlaw_json_put(failed, object, "entries", wlaw_json_real(entries));
  return object;
}

/* Social relations: M_ij = mean + g + a_i + b_j + e_ij (i != j) with Cov(a_i, b_i) and Cov(e_ij, e_ji) (Warner, Kenny
 * and Stoto 1979, DOI 10.1037/0022-3514.37.10.1742). In the blocks of the law V2, V3 = relationship +- reciprocity,
 * H_ss = V2 + (D-2) (actor + partner + 2 actor_partner) / 2, H_aa = V3 + D (actor + partner - 2 actor_partner) / 2,
 * H_sa = sqrt(D (D-2)) (actor - partner) / 2, V0 = V2 + (D-1) (actor + partner + 2 actor_partner) + D (D-1) network.
 * Three rows have no V2: five numbers cannot be told from four. */
static json_t *social_relations(bool *failed, const matrix_fit *fit) {
  const matrix_gaussian *gaussian = &fit->gaussian;
  const double D = (double)gaussian->layout.rows, *H = gaussian->covariance[1];
  const bool identified = gaussian->layout.rows >= 4;
  const double V0 = fit->determined[0] ? gaussian->covariance[0][0] : NAN,
               V2 = identified ? gaussian->covariance[2][0] : NAN, V3 = gaussian->covariance[3][0];
  const double together = 2.0 * (H[0] - V2) / (D - 2.0), apart = identified ? 2.0 * (H[3] - V3) / D : NAN,
               difference = identified ? 2.0 * H[1] / sqrt(D * (D - 2.0)) : NAN;
  const double both = (together + apart) / 2.0;
  json_t *object = json_object();
  wlaw_json_put(failed, object, "network", wlaw_json_determined((V0 - V2 - (D - 1.0) * together) / (D * (D - 1.0))));
  wlaw_json_put(failed, object, "actor", wlaw_json_determined((both + difference) / 2.0));
  wlaw_json_put(failed, object, "partner", wlaw_json_determined((both - difference) / 2.0));
  wlaw_json_put(failed, object, "actor_partner_covariance", wlaw_json_determined((together - apart) / 4.0));
  wlaw_json_put(failed, object, "relationship", wlaw_json_determined((V2 + V3) / 2.0));
  wlaw_json_put(failed, object, "reciprocity", wlaw_json_determined((V2 - V3) / 2.0));
  return object;
}

json_t *wlaw_components_json(bool *failed, const matrix_fit *fit) {
  if (fit->gaussian.law == &wlaw_law_bipartite) return two_way(failed, fit);
  if (fit->gaussian.law == &wlaw_law_zero_diagonal) return social_relations(failed, fit);
  return NULL;
}
