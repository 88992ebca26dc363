/* The law `network` for the verbs: fit (network_fit.c), compare (network_compare.c), draw (network_draw.c), and its
 * documents (docs/network.md). */
#ifndef WLAW_STUDY_NETWORK_STUDY_H
#define WLAW_STUDY_NETWORK_STUDY_H

#include "core/json.h"
#include "core/option.h"
#include "law/network.h"
#include "study/network_operand.h"
#include "study/networks.h"

/* The most numbers in the covariances of a fit, which its document holds three times, at 27 bytes each or less: more
 * than 784 labelled inputs need (1.2 million), and a document that is read again in seconds. */
enum { NETWORK_NUMBERS = 1 << 21 };

/* The sides of --input and --output. */
network_side wlaw_network_input(const char *text);  /* "omit", "exchangeable", "labelled" */
network_side wlaw_network_output(const char *text); /* "labelled", "exchangeable" */
const char *wlaw_network_side_name(network_side side);

/* `parameters` of a document from a law's numbers, and standard errors in the same shape; NaN and blocks that do not
 * exist are null. */
json_t *wlaw_network_json(bool *failed, const network_gaussian *gaussian);
/* `layers: [{name, bias, rows, cols}]`, in order. */
json_t *wlaw_network_layers_json(bool *failed, const networks *source);

/* What was learnt of networks: the three laws, and what the document says beside. */
typedef struct network_study {
  const networks *source;
  const char *rule; /* of exclusion */
  network_layout layout;
  const char *names[NETWORK_TENSORS]; /* of its tensors, borrowed from the source */
  network_fit fits[NETWORK_WHOLE + 1];
  size_t by_bic; /* the law of the smallest BIC; iid where none is determined */
  size_t n_tests;
  network_test tests[NETWORK_WHOLE]; /* between neighbours that differ at this size */
  size_t n_correlations, n_norms;
  network_correlation *correlations, *norms;
  double *adjusted; /* [n_correlations] p-values (Holm) */
} network_study;

/* The document of fit --law network (network_fit_json.c). */
json_t *wlaw_network_fit_document(bool *failed, const network_study *study);
/* Names of the two sides of a correlation, [NETWORK_NAME] each. */
enum { NETWORK_NAME = 320 };
void wlaw_network_sides(char *a, char *b, const network_study *study, const network_correlation *one);
/* Sentences (network_words.c). */
void wlaw_network_say(bool *failed, json_t *summary, const network_study *study);
void wlaw_network_warn(bool *failed, json_t *warnings, const network_study *study);
/* The correlation of the sums of the incoming and outgoing weights of a set; NULL where a side is labelled. */
const network_correlation *wlaw_network_sums(const network_study *study, size_t set);

/* Rows for the options of verbs that take networks. */
#define NETWORK_OPTIONS                                                                                                \
  {"input",                                                                                                            \
   0,                                                                                                                  \
   OPTION_CHOICE,                                                                                                      \
   "SIDE",                                                                                                             \
   "omit",                                                                                                             \
   "omit|exchangeable|labelled",                                                                                       \
   0,                                                                                                                  \
   0,                                                                                                                  \
   "for --law network: inputs are exchangeable, or each is itself (labelled), or the first weight is left out"},       \
      {"output", 0,          OPTION_CHOICE,                                                                            \
       "SIDE",   "labelled", "labelled|exchangeable",                                                                  \
       0,        0,          "for --law network: outputs are each itself, as classes are, or exchangeable"},           \
  {                                                                                                                    \
    "layers", 0, OPTION_TEXT, "NAMES", NULL, NULL, 0, 0,                                                               \
        "for --law network: the weights of the layers in order, such as fc1.weight,fc2.weight; default: as the file "  \
        "has them"                                                                                                     \
  }

/* fit --law network. */
wlaw_status wlaw_network_fit_verb(wlaw_result **result, const char *const *inputs, size_t n_inputs,
                                  const wlaw_options *options, wlaw_monitor *monitor, wlaw_error *err);
/* compare A B --law network. */
wlaw_status wlaw_network_compare_verb(wlaw_result **result, const char *const *inputs, const wlaw_options *options,
                                      wlaw_monitor *monitor, wlaw_error *err);
/* draw @FIT.json of a network law. */
wlaw_status wlaw_network_draw_verb(wlaw_result **result, const char *law, const wlaw_options *options,
                                   wlaw_monitor *monitor, wlaw_error *err);

/* Departures of the networks from the law fitted to them (network_departures.c), every invariant of degree 2 to
 * `degree` (at most 4): puts `invariants` and `departures` into a document, and sentences into its `summary` and
 * `warnings`. */
wlaw_status wlaw_network_departures(json_t *document, const network_gaussian *law, const networks *source,
                                    size_t degree, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

#endif
