/* Networks drawn from laws of a run's networks, and trained: what the parts of the verb `redraw` share. */
#ifndef WLAW_STUDY_REDRAW_H
#define WLAW_STUDY_REDRAW_H

#include "law/matrix.h"
#include "law/network.h"
#include "study/networks.h"
#include "study/recall.h"

/* Laws there are to draw from, those of one pair of sides next to each other. */
typedef struct redraw_law {
  const char *name; /* in --laws */
  const char *law;  /* in documents */
  const char *words;
  network_nesting nesting;
  bool permutation; /* square weights between hidden layers from the law of 13 parameters */
  network_side inputs, outputs;
} redraw_law;

enum { REDRAW_LAWS = 7 };
extern const redraw_law wlaw_redraw_laws[REDRAW_LAWS];

/* A law fitted to the networks of one epoch, to draw from. Read-only while networks are drawn. */
typedef struct redraw_fit {
  network_layout layout;
  network_sampler *sampler;
  bool has_square[MLP_MAX_LAYERS];
  matrix_gaussian square[MLP_MAX_LAYERS]; /* of the permutation law, in place of what the sampler draws */
} redraw_fit;

/* One network after some training. */
typedef struct redraw_outcome {
  double accuracy, loss;
  double shared; /* accuracy where m outputs that are equally large get 1/m each; NaN unless of a law, as drawn */
  bool finite, constant;
} redraw_outcome;

/* An epoch of the run that laws are fitted at. */
typedef struct redraw_epoch {
  uint64_t epoch;
  size_t fitted, excluded;         /* networks of the run */
  double accuracy, standard_error; /* of the run: means over those fitted */
} redraw_epoch;

/* Networks that are trained alike: `networks` freshly initialised as the run's were (no law, not continued), the run's
 * own at an epoch (continued), or drawn from a law of that epoch. */
typedef struct redraw_group {
  bool continued;
  const redraw_law *law; /* NULL: none */
  size_t epoch;          /* place in redraw.epochs */
  size_t networks;
  size_t joint;             /* the most trivial numbers that one covariance of the law is of */
  redraw_outcome *outcomes; /* [networks, n_after] */
} redraw_group;

typedef struct redraw {
  run_directory *run;
  recalled_run recalled;
  trainer *trainer;
  redraw_epoch *epochs; /* [n_epochs], ascending */
  size_t n_epochs;
  uint64_t *after; /* [n_after] epochs of training after which networks are evaluated: 0 first, ascending */
  size_t n_after;
  const redraw_law *laws[REDRAW_LAWS];
  size_t n_laws;
  bool exclude_dead;
  uint64_t seed, train_seed; /* the second, made from the first: of ordinary initial weights and orders of samples */
  unsigned threads;
  size_t networks;      /* of each group */
  redraw_group *groups; /* ordinary first, then by epoch: continued, laws */
  size_t n_groups;
} redraw;

/* redraw_laws.c: a fit to networks whose statistics are at hand. square: moments of layer l at square[l], where
 * law->permutation and the weight is square and between hidden layers. */
wlaw_status wlaw_redraw_fit(redraw_fit *out, const redraw_law *law, const network_moments *moments,
                            const matrix_moments *square, wlaw_error *err);
void wlaw_redraw_fit_release(redraw_fit *fit); /* safe on a zeroed struct */
/* Trivial numbers that the largest covariance of the law is of: of all tensors, of one, or (iid) of none. */
size_t wlaw_redraw_joint(const redraw_law *law, const network_layout *layout);
/* One network. tensors[t]: [rows, cols] of layout.tensors[t]. */
wlaw_status wlaw_redraw_draw(double *const tensors[], const redraw_fit *fit, wlaw_stream *stream, wlaw_error *err);
/* Whether the permutation law applies to layer l. */
bool wlaw_redraw_is_square(const network_shape *shape, size_t l);

/* redraw_networks.c: all groups, drawn, trained and evaluated. Fills epochs and groups. */
wlaw_status wlaw_redraw_networks(redraw *work, wlaw_monitor *monitor, wlaw_error *err);

/* ---- what came out (redraw_tests.c) */

/* Means over the networks of a group whose outputs are finite, after one of the trainings; errors are standard
 * deviations over networks / sqrt(networks), NaN for one. All NaN for none. */
typedef struct redraw_mean {
  size_t networks, constant, nonfinite; /* in the means; of these with constant outputs; left out */
  double accuracy, accuracy_error, loss, loss_error, accuracy_max, shared, shared_error;
} redraw_mean;

/* Differences of mean accuracies that are looked at. */
typedef enum redraw_question {
  REDRAW_CHECK,       /* as drawn, outputs exchangeable: from 1 / classes, must be 0 */
  REDRAW_DRAWN,       /* as drawn, outputs labelled: from 1 / classes */
  REDRAW_GAIN,        /* trained: from ordinary networks, trained alike */
  REDRAW_CORRELATIONS /* network less bipartite of the same sides and epoch */
} redraw_question;

typedef struct redraw_test {
  redraw_question question;
  const redraw_group *group, *other; /* other: NULL where the difference is from 1 / classes */
  size_t at;                         /* place in redraw.after */
  double difference, standard_error, z;
  double p_value, p_adjusted; /* of Student's t (Welch 1947); times the number of tests */
} redraw_test;

/* A difference counts where p_adjusted is below that of three standard errors of a normal. */
#define REDRAW_COUNTS 0.0027

redraw_mean wlaw_redraw_mean(const redraw *work, const redraw_group *group, size_t at);
/* All tests, in the order of groups; caller frees. NaN where a spread is zero or unknown. */
wlaw_status wlaw_redraw_tests(redraw_test **out, size_t *n, const redraw *work, wlaw_error *err);
/* NULL: none such. */
const redraw_test *wlaw_redraw_find_test(const redraw_test *tests, size_t n, redraw_question question,
                                         const redraw_group *group, size_t at);

/* redraw_findings.c: sentences. */
void wlaw_redraw_findings(bool *failed, json_t *findings, const redraw *work, const redraw_test *tests, size_t n);
void wlaw_redraw_notes(bool *failed, json_t *notes, const redraw *work);

/* redraw_json.c. */
wlaw_status wlaw_redraw_json(json_t **out, const redraw *work, wlaw_error *err);

#endif
