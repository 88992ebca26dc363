/* One call of the verb `predict`: what is asked for, the data, the kernels, the predictions. */
#ifndef WLAW_STUDY_PREDICT_JOB_H
#define WLAW_STUDY_PREDICT_JOB_H

#include "study/inputs.h"
#include "tensor/writer.h"

typedef struct predict_job {
  kernel_spec spec;
  const char *activation;
  labelled_inputs train, test;
  kernel_inputs a, b;
  bool flow;      /* settings are times, else ridges */
  double *values; /* [settings] */
  size_t settings;
  double rate, largest_rate;
  double *k, *cross;     /* [n, n], [m, n] */
  double *ntk, *cross_t; /* the same of the tangent kernel, for a flow; may be k's copy and cross */
  double *prior;         /* [m] */
  double *mean;          /* [settings, m, outputs] */
  double *variance;      /* [settings, m] */
  double *evidence;      /* [settings] */
  unsigned threads;
  wlaw_monitor monitor;
} predict_job;

/* The document (src/study/predict_result.c); output: path of the predictions, or NULL. */
wlaw_status wlaw_predict_describe(wlaw_result **result, const predict_job *job, const char *output, wlaw_error *err);
/* The file of predictions: one setting has means [m, outputs] and variances [m], several have [settings, ...]. An .npy
 * holds the means alone. */
wlaw_status wlaw_predict_open(tensor_writer **out, const predict_job *job, const char *path, wlaw_error *err);
wlaw_status wlaw_predict_write(tensor_writer *writer, const predict_job *job, const char *path, wlaw_error *err);

#endif
