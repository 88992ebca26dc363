/* Inputs of kernels, with targets where they have some: a part of a data set, or a tensor file. */
#ifndef WLAW_STUDY_INPUTS_H
#define WLAW_STUDY_INPUTS_H

#include "core/option.h"
#include "data/dataset.h"
#include "limit/kernel.h"

typedef struct labelled_inputs {
  size_t n, features, outputs;
  double *x;        /* [n, features] */
  double *y;        /* [n, outputs]; NULL: none */
  uint32_t *labels; /* [n] classes; NULL: y are numbers, or there are none */
} labelled_inputs;

void wlaw_inputs_free(labelled_inputs *inputs); /* safe on a zeroed struct */

/* Rows of option tables: which data, and which kernel. */
/* clang-format off */
#define INPUTS_DATA_OPTIONS \
  {"pixel-range", 0, OPTION_CHOICE, "LOW,HIGH", "0,1", "-1,1|0,1", 0, 0, "where the pixel values 0 and 255 go"}, \
  {"standardize", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, \
   "scale each feature to mean 0 and variance 1 over the training set"}, \
  {"synthetic-features", 0, OPTION_COUNT, "D", "64", NULL, 1, 65536, "DATA synthetic: inputs"}, \
  {"synthetic-classes", 0, OPTION_COUNT, "C", "10", NULL, 2, 256, "DATA synthetic: classes"}, \
  {"synthetic-train", 0, OPTION_COUNT, "N", "10000", NULL, 1, 100000000, "DATA synthetic: training samples"}, \
  {"synthetic-test", 0, OPTION_COUNT, "N", "2000", NULL, 1, 100000000, "DATA synthetic: test samples"}, \
  {"cache", 0, OPTION_TEXT, "FOLDER", NULL, NULL, 0, 0, "where fetched data sets live"}
#define INPUTS_KERNEL_OPTIONS \
  {"kernel", 'k', OPTION_CHOICE, "KIND", "nngp", "nngp|ntk", 0, 0, \
   "nngp: covariance of outputs over initial networks; ntk: tangent kernel, all layers trained"}, \
  {"activation", 'a', OPTION_TEXT, "NAME", "relu", NULL, 0, 0, "nonlinearity of the hidden layers"}, \
  {"depth", 'd', OPTION_COUNT, "L", "3", NULL, 1, 10000, "hidden layers"}, \
  {"weight-variance", 0, OPTION_REAL, "V", "2", NULL, 0, 1e6, "variance of weights times fan in"}, \
  {"bias-variance", 0, OPTION_REAL, "V", "0", NULL, 0, 1e6, "variance of biases"}
/* clang-format on */

/* Opens the data set that an operand and the options above name. */
wlaw_status wlaw_inputs_dataset(wlaw_dataset **out, const char *what, const wlaw_options *options,
                                const command_spec *command, wlaw_monitor *monitor, wlaw_error *err);
/* The first `most` samples of a part (0: all; WLAW_ARGUMENT where there are fewer), targets one-hot less 1 / classes.
 */
wlaw_status wlaw_inputs_of_set(labelled_inputs *out, const wlaw_dataset *dataset, const sample_set *set, size_t most,
                               wlaw_error *err);
/* Is the operand a file, not the name of a data set or a folder? */
bool wlaw_inputs_is_file(const char *what);
/* Of a tensor file: x [n, ...] is its tensor "x", or its only one; y, if there is one, its tensor "y" [n] or
 * [n, outputs], integers [n] being classes, which wlaw_inputs_classes makes targets of. */
wlaw_status wlaw_inputs_of_file(labelled_inputs *out, const char *path, size_t most, wlaw_error *err);
/* y = one-hot of labels less 1 / classes. WLAW_VALUE for a label that is no class. */
wlaw_status wlaw_inputs_classes(labelled_inputs *inputs, size_t classes, wlaw_error *err);

/* [[i, j], ...], as JSON: each input j that equals an earlier one, and the first that it equals. */
wlaw_status wlaw_inputs_duplicates(json_t **out, const labelled_inputs *inputs, wlaw_error *err);

wlaw_status wlaw_inputs_kernel(kernel_spec *out, const wlaw_options *options, const command_spec *command,
                               wlaw_error *err);
/* kernel, activation (as asked for), depth, weight_variance, bias_variance. */
void wlaw_inputs_put_kernel(bool *failed, json_t *object, const kernel_spec *spec, const char *activation);

#endif
