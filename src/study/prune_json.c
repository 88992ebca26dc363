/* The document weightlaw.prune/1 (docs/limit.md). */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/prune_theory.h"
#include "study/sentence.h"

/* Mean and standard error over the networks whose outputs are finite. */
typedef struct network_mean {
  double mean, error;
} network_mean;

/* values: of network k at values[k * step]. NaN for no network, its error also for one. */
static network_mean mean_over(const pruning *work, const double *values, size_t step) {
  const size_t networks = work->source->run->networks;
  double n = 0.0, sum = 0.0, squares = 0.0;
  for (size_t k = 0; k < networks; k++)
    if (work->finite[k]) {
      sum += values[k * step];
      n++;
    }
  const double mean = sum / n;
  for (size_t k = 0; k < networks; k++)
    if (work->finite[k]) squares += (values[k * step] - mean) * (values[k * step] - mean);
  return (network_mean){mean, n > 1.0 ? sqrt(squares / (n - 1.0) / n) : NAN};
}

/* Places of one number of the outcomes, whole networks (0) or fraction f (1 + f). */
static network_mean outcome_mean(const pruning *work, const double *first) {
  return mean_over(work, first, (1 + work->n_fractions) * (sizeof(prune_outcome) / sizeof(double)));
}

static json_t *or_null(double value) { return isnan(value) ? json_null() : wlaw_json_real(value); }

static void put_mean(bool *failed, json_t *object, const char *key, const char *error_key, network_mean mean) {
  wlaw_json_put(failed, object, key, wlaw_json_real(mean.mean));
  wlaw_json_put(failed, object, error_key, or_null(mean.error));
}

static json_t *layers_json(bool *failed, const pruning *work) {
  const mlp *net = &work->recalled.plan.config.mlp;
  json_t *layers = json_array();
  for (size_t l = 1; l < net->layers; l++) {
    if (!work->chosen[l]) continue;
    json_t *layer = json_object();
    wlaw_json_put(failed, layer, "hidden", wlaw_json_count(l));
    wlaw_json_put(failed, layer, "name", wlaw_json_text(work->source->matrices[work->weight[l]].name));
    wlaw_json_put(failed, layer, "width", wlaw_json_count(net->width[l]));
    wlaw_json_put(failed, layer, "node_variance",
                  json_string(work->variance[l] == SIZE_MAX ? "mean square of outgoing weights" : "of the run"));
    wlaw_json_append(failed, layers, layer);
  }
  return layers;
}

static json_t *theory_json(bool *failed, const pruning *work, const prune_theory *theory) {
  json_t *object = json_object(), *shares = json_array(), *errors = json_array();
  for (size_t l = 1; l < work->recalled.plan.config.mlp.layers; l++) {
    if (!work->chosen[l]) continue;
    wlaw_json_append(failed, shares, or_null(theory->shares[l].mean));
    wlaw_json_append(failed, errors, or_null(theory->shares[l].standard_error));
  }
  wlaw_json_put(failed, object, "shares", shares);
  wlaw_json_put(failed, object, "se_shares", errors);
  wlaw_json_put(failed, object, "share", or_null(theory->share));
  wlaw_json_put(failed, object, "bound", or_null(theory->bound));
  wlaw_json_put(failed, object, "reason", theory->reason ? json_string(theory->reason) : json_null());
  return object;
}

static json_t *pruned_json(bool *failed, const pruning *work, size_t f, const prune_theory *theory) {
  const mlp *net = &work->recalled.plan.config.mlp;
  const prune_outcome *outcome = &work->outcomes[1 + f];
  json_t *object = json_object(), *kept = json_array(), *removed = json_array(), *errors = json_array();
  for (size_t l = 1; l < net->layers; l++) {
    if (!work->chosen[l]) continue;
    const network_mean share = mean_over(work, work->removed + f * net->layers + l, work->n_fractions * net->layers);
    wlaw_json_append(failed, kept,
                     wlaw_json_count(net->width[l] - wlaw_prune_count(work->fractions[f], net->width[l])));
    wlaw_json_append(failed, removed, wlaw_json_real(share.mean));
    wlaw_json_append(failed, errors, or_null(share.error));
  }
  wlaw_json_put(failed, object, "fraction", wlaw_json_real(work->fractions[f]));
  wlaw_json_put(failed, object, "nodes_kept", kept);
  put_mean(failed, object, "accuracy", "standard_error", outcome_mean(work, &outcome->accuracy));
  put_mean(failed, object, "loss", "se_loss", outcome_mean(work, &outcome->loss));
  put_mean(failed, object, "output_error", "se_output_error", outcome_mean(work, &outcome->output_error));
  wlaw_json_put(failed, object, "removed_shares", removed);
  wlaw_json_put(failed, object, "se_removed_shares", errors);
  wlaw_json_put(failed, object, "theory", theory_json(failed, work, theory));
  return object;
}

static json_t *unpruned_json(bool *failed, const pruning *work) {
  json_t *object = json_object();
  put_mean(failed, object, "accuracy", "standard_error", outcome_mean(work, &work->outcomes->accuracy));
  put_mean(failed, object, "loss", "se_loss", outcome_mean(work, &work->outcomes->loss));
  return object;
}

/* How far accuracy holds: within one percentage point of the unpruned. */
static void find_accuracy(bool *failed, json_t *findings, const pruning *work) {
  const double whole = outcome_mean(work, &work->outcomes->accuracy).mean;
  size_t f = 0;
  while (f < work->n_fractions && outcome_mean(work, &work->outcomes[1 + f].accuracy).mean >= whole - 0.01) f++;
  if (f > 0)
    SENTENCE(failed, findings, "Accuracy stays within one point of the unpruned %.2f %% up to a fraction of %g.",
             100.0 * whole, work->fractions[f - 1]);
  if (f < work->n_fractions)
    SENTENCE(failed, findings, "With a fraction of %g removed accuracy is %.2f %%, unpruned %.2f %%.",
             work->fractions[f], 100.0 * outcome_mean(work, &work->outcomes[1 + f].accuracy).mean, 100.0 * whole);
}

static json_t *findings_json(bool *failed, const pruning *work, size_t excluded, const prune_theory *theory) {
  const size_t networks = work->source->run->networks;
  json_t *findings = json_array();
  bool estimated = false;
  for (size_t l = 1; l < work->recalled.plan.config.mlp.layers; l++)
    estimated = estimated || (work->chosen[l] && work->variance[l] == SIZE_MAX);
  if (excluded > 0)
    SENTENCE(failed, findings, "%zu of %zu networks are left out: their outputs are not finite.", excluded, networks);
  find_accuracy(failed, findings, work);
  if (networks - excluded == 1)
    SENTENCE(failed, findings, "One network has no standard error: it takes the spread over networks.");
  if (estimated && work->by == PRUNE_LAMBDA)
    SENTENCE(failed, findings,
             "The snapshot holds no node variances: lambda is the mean square of the outgoing weights.");
  if (!isnan(theory->bound) && work->source->epoch > 0)
    SENTENCE(failed, findings, "Theory is of the networks as they were drawn, at epoch 0.");
  return findings;
}

static wlaw_status write_document(json_t **out, const pruning *work, const prune_theory *theory, wlaw_error *err) {
  static const char *const names[] = {"lambda", "norm"};
  const run_directory *run = work->source->run;
  size_t excluded = 0;
  bool failed = false;
  for (size_t k = 0; k < run->networks; k++) excluded += !work->finite[k];
  if (excluded == run->networks)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_VALUE, "no network of this run has finite outputs"), run->path);
  json_t *document = json_object(), *pruned = json_array();
  char *init = wlaw_run_init_words(run->config, wlaw_run_init(run));
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.prune/1"));
  wlaw_json_put(&failed, document, "run", wlaw_json_text(run->path));
  wlaw_json_put(&failed, document, "epoch", wlaw_json_count(work->source->epoch));
  wlaw_json_put(&failed, document, "init", init ? wlaw_json_text(init) : NULL);
  wlaw_json_put(&failed, document, "data", wlaw_json_text(work->recalled.dataset->name));
  wlaw_json_put(&failed, document, "networks", wlaw_json_count(run->networks - excluded));
  wlaw_json_put(&failed, document, "networks_excluded", wlaw_json_count(excluded));
  wlaw_json_put(&failed, document, "by", json_string(names[work->by]));
  wlaw_json_put(&failed, document, "fractions", wlaw_json_reals(work->fractions, work->n_fractions));
  wlaw_json_put(&failed, document, "layers", layers_json(&failed, work));
  wlaw_json_put(&failed, document, "unpruned", unpruned_json(&failed, work));
  for (size_t f = 0; f < work->n_fractions; f++)
    wlaw_json_append(&failed, pruned, pruned_json(&failed, work, f, &theory[f]));
  wlaw_json_put(&failed, document, "pruned", pruned);
  wlaw_json_put(&failed, document, "findings", findings_json(&failed, work, excluded, &theory[0]));
  free(init);
  if (!failed) {
    *out = document;
    return WLAW_OK;
  }
  json_decref(document);
  return wlaw_fail_memory(err, 1, sizeof *document);
}

wlaw_status wlaw_prune_json(json_t **out, const pruning *work, uint64_t seed, wlaw_error *err) {
  prune_theory *theory = wlaw_array(work->n_fractions, sizeof *theory);
  if (!theory) return wlaw_fail_memory(err, work->n_fractions, sizeof *theory);
  wlaw_status status = wlaw_prune_theory(theory, work, seed, err);
  if (status == WLAW_OK) status = write_document(out, work, theory, err);
  free(theory);
  return status;
}
