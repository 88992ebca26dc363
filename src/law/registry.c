/* Every law there is, in the order of help and docs: a new law is one extern and one row. */
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "law/law.h"

extern const law_ops wlaw_law_normal, wlaw_law_uniform, wlaw_law_truncated_normal, wlaw_law_torch_default,
    wlaw_law_laplace, wlaw_law_logistic, wlaw_law_student, wlaw_law_stable, wlaw_law_lognormal, wlaw_law_ggd,
    wlaw_law_weibull, wlaw_law_pgw, wlaw_law_mixture, wlaw_law_orthogonal, wlaw_law_iid, wlaw_law_bipartite,
    wlaw_law_permutation, wlaw_law_symmetric, wlaw_law_symmetric_zero_diagonal, wlaw_law_zero_diagonal,
    wlaw_law_antisymmetric, wlaw_law_network, wlaw_law_constant, wlaw_law_inverse_gamma, wlaw_law_powerlaw,
    wlaw_law_bernoulli, wlaw_law_beta, wlaw_law_gamma, wlaw_law_ggp, wlaw_law_gbfry, wlaw_law_horseshoe,
    wlaw_law_regularised_horseshoe, wlaw_law_positive_stable, wlaw_law_empirical;

const law_ops *const wlaw_laws[] = {
    &wlaw_law_normal,
    &wlaw_law_uniform,
    &wlaw_law_truncated_normal,
    &wlaw_law_torch_default,
    &wlaw_law_laplace,
    &wlaw_law_logistic,
    &wlaw_law_student,
    &wlaw_law_stable,
    &wlaw_law_lognormal,
    &wlaw_law_ggd,
    &wlaw_law_weibull,
    &wlaw_law_pgw,
    &wlaw_law_mixture,
    &wlaw_law_orthogonal,
    &wlaw_law_iid,
    &wlaw_law_bipartite,
    &wlaw_law_permutation,
    &wlaw_law_symmetric,
    &wlaw_law_symmetric_zero_diagonal,
    &wlaw_law_zero_diagonal,
    &wlaw_law_antisymmetric,
    &wlaw_law_network,
    &wlaw_law_constant,
    &wlaw_law_inverse_gamma,
    &wlaw_law_powerlaw,
    &wlaw_law_bernoulli,
    &wlaw_law_beta,
    &wlaw_law_gamma,
    &wlaw_law_ggp,
    &wlaw_law_gbfry,
    &wlaw_law_horseshoe,
    &wlaw_law_regularised_horseshoe,
    &wlaw_law_positive_stable,
    &wlaw_law_empirical,
};
const size_t wlaw_n_laws = sizeof wlaw_laws / sizeof *wlaw_laws;

wlaw_status wlaw_law_find(const law_ops **ops, const char *name, wlaw_error *err) {
  const char *names[2 * sizeof wlaw_laws / sizeof *wlaw_laws];
  size_t n = 0;
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const char *alias = wlaw_laws[i]->alias;
    if (strcmp(name, wlaw_laws[i]->name) == 0 || (alias && strcmp(name, alias) == 0)) {
      *ops = wlaw_laws[i];
      return WLAW_OK;
    }
    names[n++] = wlaw_laws[i]->name;
    if (alias) names[n++] = alias;
  }
  const char *nearest = wlaw_text_nearest(name, names, n);
  wlaw_fail(err, WLAW_NAME, "there is no law '%s'", name);
  if (nearest) return wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest);
  text_buffer known = {0};
  for (size_t i = 0; i < wlaw_n_laws; i++) wlaw_text_add(&known, "%s%s", i ? ", " : "", wlaw_laws[i]->name);
  wlaw_error_add_hint(err, WLAW_NAME, "the laws are %s", wlaw_text_string(&known));
  wlaw_text_free(&known);
  return WLAW_NAME;
}
