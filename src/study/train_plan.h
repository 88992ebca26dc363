/* What `train` was asked to do: options made into numbers, and written down in run.json. */
#ifndef WLAW_STUDY_TRAIN_PLAN_H
#define WLAW_STUDY_TRAIN_PLAN_H

#include "core/json.h"
#include "core/option.h"
#include "data/dataset.h"
#include "law/law.h"
#include "net/train.h"
#include "study/init_from.h"

typedef struct train_plan {
  train_config config; /* width[0] and width[layers] are set once the data are known */
  size_t networks;
  law_operand init;
  init_from from;
  initial_laws laws;   /* of both; of no meaning before wlaw_plan_initial_laws */
  uint64_t *snapshots; /* epochs to keep; NULL: all */
  size_t n_snapshots;
  bool keep[MLP_MAX_LAYERS]; /* layers that snapshots hold */
  double save_seconds;
  json_t *options; /* canonical text of every option that shapes the result */
} train_plan;

extern const command_spec wlaw_command_train;

wlaw_status wlaw_plan_make(train_plan *plan, const wlaw_options *options, wlaw_error *err);
void wlaw_plan_release(train_plan *plan); /* safe on a zeroed struct */
/* The part of the plan that the data decide: widths of input and output. */
void wlaw_plan_fit_data(train_plan *plan, const wlaw_dataset *dataset);
/* The laws of initial weights made ready, once the data are known: WLAW_SHAPE naming a layer that a fit does not suit.
 */
wlaw_status wlaw_plan_initial_laws(train_plan *plan, wlaw_error *err);
void wlaw_plan_request(dataset_request *request, const char *data, const wlaw_options *options);
bool wlaw_plan_keeps(const train_plan *plan, uint64_t epoch);

/* Version, compiler, BLAS and instruction set in use: what same bytes depend on. NULL when out of memory. */
json_t *wlaw_plan_build_json(void);

/* run.json. data: the DATA operand as given. */
wlaw_status wlaw_plan_document(json_t **out, const train_plan *plan, const wlaw_dataset *dataset, const char *data,
                               size_t steps_per_epoch, wlaw_error *err);
/* Does the run recorded in `config` do what the plan says? WLAW_EXISTS naming the first option that differs. */
wlaw_status wlaw_plan_matches(const train_plan *plan, const json_t *config, const char *data, wlaw_error *err);
/* The options recorded in the run directory `folder`, whose run.json is config, set on top of `options` (made for
 * train): the first step of a resume. What the caller asked for must not contradict them: WLAW_ARGUMENT naming the
 * first option that does. */
wlaw_status wlaw_plan_recall(wlaw_options *options, const char *folder, const json_t *config, const wlaw_options *asked,
                             wlaw_error *err);

#endif
