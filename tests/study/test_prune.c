/* prune against a textbook: snapshots read, nodes chosen and networks evaluated here, in double, from the data set. */
#include "study/study.h"

#include "data/dataset.h"
#include "net/reference.h"
#include "study/run.h"
#include "tensor/tensor.h"

#include "support/alloc_fail.h"

extern const command_spec wlaw_command_train, wlaw_command_prune;

enum { NETWORKS = 6, INPUTS = 12, H1 = 20, H2 = 15, CLASSES = 4, TEST = 150 };

/* Networks 12-20-15-4 of synthetic data; options name, value, ..., NULL. */
static void train_run(const char *run, const char *const *more) {
  static const char *const options[] = {"networks",
                                        "6",
                                        "hidden",
                                        "20,15",
                                        "epochs",
                                        "2",
                                        "lr",
                                        "0.01",
                                        "batch",
                                        "20",
                                        "synthetic-features",
                                        "12",
                                        "synthetic-classes",
                                        "4",
                                        "synthetic-train",
                                        "300",
                                        "synthetic-test",
                                        "150",
                                        NULL};
  static const char *const inputs[] = {"synthetic"};
  wlaw_options *all = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&all, &wlaw_command_train, err));
  for (size_t i = 0; options[i]; i += 2) check_ok(wlaw_options_set(all, options[i], options[i + 1], err));
  for (; more && *more; more += 2) check_ok(wlaw_options_set(all, more[0], more[1], err));
  check_ok(wlaw_options_set(all, "output", run, err));
  check_ok(wlaw_train(NULL, inputs, 1, all, NULL, NULL, err));
  wlaw_options_free(all);
  wlaw_error_free(err);
}

static wlaw_result *prune(const char *run, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_prune, &run, 1, pairs, err));
  wlaw_error_free(err);
  return result;
}

/* A number of the i-th fraction. */
static double one(const wlaw_result *result, const char *key, size_t i) {
  char path[80];
  snprintf(path, sizeof path, "pruned.%zu.%s", i, key);
  return number_at(result, path);
}

/* A tensor [networks, ...] of a snapshot, whole; NULL: it is not there. */
static double *read_tensor(const char *run, uint64_t epoch, const char *name, size_t count) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors = NULL;
  char *path = wlaw_run_snapshot_path(run, epoch);
  double *values = NULL;
  size_t i = 0;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  if (wlaw_tensors_find(&i, tensors, name, err) == WLAW_OK) {
    values = calloc(count, sizeof *values);
    check_ok(wlaw_tensors_read(tensors, i, 0, count, values, err));
  }
  wlaw_tensors_close(tensors);
  free(path);
  wlaw_error_free(err);
  return values;
}

static const size_t widths[] = {INPUTS, H1, H2, CLASSES};

typedef struct textbook {
  mlp net;
  double *w[3], *b[3], *variance[3]; /* [NETWORKS, ...] */
  wlaw_dataset *data;
} textbook;

static textbook textbook_open(const char *run, uint64_t epoch) {
  textbook t = {.net = {.layers = 3, .biases = true, .activation = ACTIVATION_RELU, .loss = LOSS_CROSS_ENTROPY}};
  memcpy(t.net.width, widths, sizeof widths);
  for (size_t l = 0; l < 3; l++) {
    char name[3][40];
    snprintf(name[0], sizeof name[0], "layer%zu.weight", l + 1);
    snprintf(name[1], sizeof name[1], "layer%zu.bias", l + 1);
    snprintf(name[2], sizeof name[2], "layer%zu.node_variance", l + 1);
    t.w[l] = read_tensor(run, epoch, name[0], NETWORKS * widths[l] * widths[l + 1]);
    t.b[l] = read_tensor(run, epoch, name[1], NETWORKS * widths[l + 1]);
    t.variance[l] = read_tensor(run, epoch, name[2], NETWORKS * widths[l]);
    if (!t.b[l]) t.b[l] = calloc(NETWORKS * widths[l + 1], sizeof(double));
  }
  const dataset_request request = {.what = "synthetic",
                                   .seed = 1,
                                   .synthetic_features = INPUTS,
                                   .synthetic_classes = CLASSES,
                                   .synthetic_train = 300,
                                   .synthetic_test = TEST};
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_dataset_open(&t.data, &request, NULL, err));
  wlaw_error_free(err);
  return t;
}

static void textbook_close(textbook *t) {
  for (size_t l = 0; l < 3; l++) {
    free(t->w[l]);
    free(t->b[l]);
    free(t->variance[l]);
  }
  wlaw_dataset_free(t->data);
}

/* Outputs z: [TEST, CLASSES] of network k with the inputs of layer l for which gone[l] is true left out. */
static void textbook_outputs(const textbook *t, size_t k, bool gone[3][H1], double *z) {
  for (size_t s = 0; s < TEST; s++) {
    double h[3][H1];
    for (size_t f = 0; f < INPUTS; f++) h[0][f] = (double)t->data->test.values[s * INPUTS + f];
    for (size_t l = 0; l < 3; l++)
      for (size_t o = 0; o < widths[l + 1]; o++) {
        double sum = t->b[l][k * widths[l + 1] + o];
        for (size_t i = 0; i < widths[l]; i++)
          if (!gone[l][i]) sum += t->w[l][(k * widths[l + 1] + o) * widths[l] + i] * h[l][i];
        if (l < 2) h[l + 1][o] = sum > 0 ? sum : 0;
        else z[s * CLASSES + o] = sum;
      }
  }
}

typedef struct figures {
  double accuracy, loss, error, removed[3];
} figures;

static figures textbook_figures(const textbook *t, const double *whole, const double *z) {
  figures out = {0};
  double square = 0;
  for (size_t s = 0; s < TEST; s++) {
    const double *row = z + s * CLASSES;
    size_t best = 0;
    double sum = 0;
    for (size_t c = 0; c < CLASSES; c++) {
      if (row[c] > row[best]) best = c;
      sum += exp(row[c]);
      square += whole[s * CLASSES + c] * whole[s * CLASSES + c];
      out.error += pow(whole[s * CLASSES + c] - row[c], 2);
    }
    out.accuracy += best == t->data->test.labels[s];
    out.loss += log(sum) - row[t->data->test.labels[s]];
  }
  out.accuracy /= TEST;
  out.loss /= TEST;
  out.error /= square;
  return out;
}

/* The `count` inputs of layer l with the smallest scores: by counting how many are smaller. */
static void choose(bool *gone, const double *score, size_t n, size_t count) {
  for (size_t j = 0; j < n; j++) {
    size_t before = 0;
    for (size_t i = 0; i < n; i++) before += score[i] < score[j] || (score[i] == score[j] && i < j);
    gone[j] = before < count;
  }
}

/* Network k pruned by a textbook; share of lambda gone in removed[l]. */
static figures textbook_prune(const textbook *t, size_t k, bool by_norm, double fraction, const bool layers[3]) {
  bool gone[3][H1] = {{0}};
  static double whole[TEST * CLASSES], z[TEST * CLASSES];
  double shares[3] = {0};
  textbook_outputs(t, k, gone, whole);
  for (size_t l = 1; l < 3; l++) {
    double score[H1], lambda[H1], all = 0;
    const size_t count = (size_t)(fraction * (double)widths[l] + 1e-9);
    for (size_t j = 0; j < widths[l]; j++) {
      double incoming = 0, outgoing = 0;
      for (size_t i = 0; i < widths[l - 1]; i++)
        incoming += pow(t->w[l - 1][(k * widths[l] + j) * widths[l - 1] + i], 2);
      for (size_t o = 0; o < widths[l + 1]; o++)
        outgoing += pow(t->w[l][(k * widths[l + 1] + o) * widths[l] + j], 2) / (double)widths[l + 1];
      lambda[j] = t->variance[l] ? t->variance[l][k * widths[l] + j] : outgoing;
      score[j] = by_norm ? incoming : lambda[j];
      all += lambda[j];
    }
    if (!layers[l]) continue;
    choose(gone[l], score, widths[l], count);
    for (size_t j = 0; j < widths[l]; j++) shares[l] += gone[l][j] ? lambda[j] / all : 0;
  }
  textbook_outputs(t, k, gone, z);
  figures out = textbook_figures(t, whole, z);
  memcpy(out.removed, shares, sizeof shares);
  return out;
}

static const double fractions[] = {0, 0.3, 0.5, 0.8, 0.95};
static const char *const fraction_text = "0,0.3,0.5,0.8,0.95";
enum { FRACTIONS = 5 };

/* Sums over 150 samples of single-precision outputs of order 1 to 10: errors below 1e-5 of them. No sample's two
 * largest outputs come as near as that (the seed is fixed), so accuracies agree. */
static void check_run(const char *run, uint64_t epoch, bool by_norm, const char *which, const bool layers[3]) {
  textbook t = textbook_open(run, epoch);
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)epoch);
  wlaw_result *got = prune(run, (const char *const[]){"fraction", fraction_text, "epoch", text, "by",
                                                      by_norm ? "norm" : "lambda", "layers", which, NULL});
  for (size_t f = 0; f < FRACTIONS; f++) {
    figures mean = {0}, each[NETWORKS];
    double spread = 0;
    for (size_t k = 0; k < NETWORKS; k++) {
      each[k] = textbook_prune(&t, k, by_norm, fractions[f], layers);
      mean.accuracy += each[k].accuracy / NETWORKS;
      mean.loss += each[k].loss / NETWORKS;
      mean.error += each[k].error / NETWORKS;
      for (size_t l = 1; l < 3; l++) mean.removed[l] += each[k].removed[l] / NETWORKS;
    }
    for (size_t k = 0; k < NETWORKS; k++) spread += pow(each[k].accuracy - mean.accuracy, 2);
    check_near(one(got, "accuracy", f), mean.accuracy, 1e-12);
    check_near(one(got, "standard_error", f), sqrt(spread / (NETWORKS - 1) / NETWORKS), 1e-12);
    check_near(one(got, "loss", f), mean.loss, 1e-5 * mean.loss);
    check_near(one(got, "output_error", f), mean.error, 1e-5);
    for (size_t l = 1, at = 0; l < 3; l++) {
      if (!layers[l]) continue;
      char path[60];
      snprintf(path, sizeof path, "pruned.%zu.removed_shares.%zu", f, at);
      check_near(number_at(got, path), mean.removed[l], 1e-12);
      snprintf(path, sizeof path, "pruned.%zu.nodes_kept.%zu", f, at++);
      check_near(number_at(got, path), (double)(widths[l] - (size_t)(fractions[f] * (double)widths[l] + 1e-9)), 0);
    }
  }
  wlaw_result_free(got);
  textbook_close(&t);
}

static void pruning_is_what_a_textbook_does(void **state) {
  (void)state;
  const bool both[3] = {false, true, true}, second[3] = {false, false, true};
  const char *run = test_scratch("prune");
  train_run(run, (const char *const[]){"biases", "true", NULL});
  check_run(run, 2, false, "all", both);
  check_run(run, 2, true, "all", both);
  check_run(run, 1, false, "2", second);
  const char *fixed = test_scratch("prune-fixed");
  train_run(fixed, (const char *const[]){"init", "inverse-gamma", "train-scales", "no", NULL});
  check_run(fixed, 2, false, "1,2", both);
  check_run(fixed, 0, true, "all", both);
}

/* Nothing removed: what train measured at that epoch. */
static void nothing_removed_is_the_run(void **state) {
  (void)state;
  const char *run = test_scratch("prune-none");
  train_run(run, (const char *const[]){"init", "beta", "train-scales", "no", NULL});
  wlaw_error *err = wlaw_error_new();
  run_directory *directory = NULL;
  run_metrics *metrics = NULL;
  check_ok(wlaw_run_open(&directory, run, err));
  check_ok(wlaw_run_metrics_read(&metrics, directory, err));
  for (size_t e = 0; e <= 2; e++) {
    char text[8];
    snprintf(text, sizeof text, "%zu", e);
    double accuracy = 0, mean_loss = 0;
    for (size_t k = 0; k < NETWORKS; k++) {
      accuracy += metrics->test_accuracy[e * NETWORKS + k];
      mean_loss += metrics->test_loss[e * NETWORKS + k];
    }
    wlaw_result *got = prune(run, (const char *const[]){"fraction", "0,0.04", "epoch", text, NULL});
    check_near(number_at(got, "unpruned.accuracy"), accuracy / NETWORKS, 1e-9); /* metrics.csv has nine digits */
    /* the snapshot rounds W = sqrt(lambda) V once more than the kernels do */
    check_near(number_at(got, "unpruned.loss"), mean_loss / NETWORKS, 2e-6 * mean_loss);
    for (size_t f = 0; f < 2; f++) { /* 0.04 of 20 is no node */
      check_near(one(got, "accuracy", f), number_at(got, "unpruned.accuracy"), 0);
      check_near(one(got, "loss", f), number_at(got, "unpruned.loss"), 0);
      check_near(one(got, "output_error", f), 0, 0);
    }
    wlaw_result_free(got);
  }
  wlaw_run_metrics_free(metrics);
  wlaw_run_close(directory);
  wlaw_error_free(err);
}

/* Networks as drawn, one hidden layer: theory gives the share of lambda that goes, and the output error with it. The
 * share is a mean over 150 networks; the error's ratio of sums over 10 outputs is not quite its own expectation, which
 * moves it by up to a tenth (between networks of 200 nodes whose few largest carry it). z below 4. */
static void theory_of_one_hidden_layer(void **state) {
  (void)state;
  static const char *const laws[] = {"inverse-gamma", "beta(eta=3,b=0.5)", "constant"};
  for (size_t i = 0; i < 3; i++) {
    char name[32];
    snprintf(name, sizeof name, "prune-theory-%zu", i);
    const char *run = test_scratch(name);
    train_run(run, (const char *const[]){"init", laws[i], "networks", "150", "hidden", "200", "epochs", "0",
                                         "synthetic-classes", "10", NULL});
    wlaw_result *got = prune(run, (const char *const[]){"fraction", "0.5,0.9,0.99", NULL});
    for (size_t f = 0; f < 3; f++) {
      const double share = one(got, "theory.share", f);
      const double measured = one(got, "removed_shares", f), error = one(got, "output_error", f);
      const double se_theory = one(got, "theory.se_shares", f);
      const double se = hypot(one(got, "se_removed_shares", f), se_theory);
      check_near(measured, share, 4 * se + 1e-9);
      check_near(error, share, 4 * hypot(one(got, "se_output_error", f), se_theory) + 0.1 * share + 1e-9);
      check_near(one(got, "theory.bound", f), share, 0);
    }
    wlaw_result_free(got);
  }
}

/* e_2 = r + (1 - r) 2 e_1 and e_1 = r for relu; no relative bound for tanh; no theory by norm or for iid weights. */
static void theory_says_what_it_cannot(void **state) {
  (void)state;
  const char *run = test_scratch("prune-deep");
  const char *const fraction[] = {"fraction", "0.5", NULL};
  train_run(run, (const char *const[]){"init", "inverse-gamma", "epochs", "0", NULL});
  wlaw_result *got = prune(run, fraction);
  const double r1 = number_at(got, "pruned.0.theory.shares.0"), r2 = number_at(got, "pruned.0.theory.shares.1");
  assert_true(r1 > 0 && r2 > 0 && r1 != r2); /* widths 20 and 15 */
  check_near(number_at(got, "pruned.0.theory.bound"), r2 + (1 - r2) * 2 * r1, 1e-15);
  assert_true(isnan(number_at(got, "pruned.0.theory.share")));
  wlaw_result_free(got);
  got = prune(run, (const char *const[]){"fraction", "0.5", "layers", "2", NULL});
  check_near(number_at(got, "pruned.0.theory.bound"), r2, 1e-15);
  wlaw_result_free(got);
  got = prune(run, (const char *const[]){"fraction", "0.5", "by", "norm", NULL});
  assert_true(isnan(number_at(got, "pruned.0.theory.bound")));
  wlaw_result_free(got);
  const char *tanh_run = test_scratch("prune-tanh");
  train_run(tanh_run, (const char *const[]){"init", "inverse-gamma", "epochs", "0", "activation", "tanh", NULL});
  got = prune(tanh_run, fraction);
  assert_true(isnan(number_at(got, "pruned.0.theory.bound")));
  assert_true(number_at(got, "pruned.0.theory.shares.0") > 0);
  wlaw_result_free(got);
  const char *iid = test_scratch("prune-iid");
  train_run(iid, (const char *const[]){"epochs", "0", NULL});
  got = prune(iid, fraction);
  assert_true(isnan(number_at(got, "pruned.0.theory.bound")));
  wlaw_result_free(got);
}

static int give_up(void *user, double fraction, const char *what) {
  (void)user, (void)fraction, (void)what;
  return 1;
}

static void same_bytes_on_any_threads(void **state) {
  (void)state;
  const char *run = test_scratch("prune-threads");
  train_run(run, (const char *const[]){"init", "horseshoe", NULL});
  wlaw_result *a = prune(run, (const char *const[]){"threads", "1", NULL});
  wlaw_result *b = prune(run, (const char *const[]){"threads", "3", NULL});
  char *bytes[] = {result_bytes(a), result_bytes(b)};
  assert_string_equal(bytes[0], bytes[1]);
  free(bytes[0]);
  free(bytes[1]);
  wlaw_result_free(a);
  wlaw_result_free(b);
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_prune(NULL, &run, 1, NULL, give_up, NULL, err), WLAW_CANCELLED);
  wlaw_error_free(err);
}

static void check_refused(const char *run, const char *const *pairs, wlaw_status want, const char *words) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(call_verb(&result, &wlaw_command_prune, &run, 1, pairs, err), want);
  if (!strstr(wlaw_error_message(err), words)) fail_msg("'%s' does not say '%s'", wlaw_error_message(err), words);
  wlaw_error_free(err);
}

static void refusals(void **state) {
  (void)state;
  const char *run = test_scratch("prune-refused");
  train_run(run, (const char *const[]){"epochs", "1", NULL});
  check_refused(run, (const char *const[]){"fraction", "0.5,1", NULL}, WLAW_ARGUMENT, "removes every node");
  check_refused(run, (const char *const[]){"fraction", "0.5,0.5", NULL}, WLAW_ARGUMENT, "growing fractions");
  check_refused(run, (const char *const[]){"fraction", "", NULL}, WLAW_ARGUMENT, "names no fraction");
  check_refused(run, (const char *const[]){"layers", "3", NULL}, WLAW_ARGUMENT, "from 1 to 2");
  check_refused(run, (const char *const[]){"epoch", "7", NULL}, WLAW_ARGUMENT, "no snapshot of epoch 7");
  check_refused("no-such-run", NULL, WLAW_ARGUMENT, "needs a run directory");
  const char *flat = test_scratch("prune-flat");
  train_run(flat, (const char *const[]){"epochs", "0", "hidden", "", NULL});
  check_refused(flat, NULL, WLAW_ARGUMENT, "no hidden nodes");
  const char *part = test_scratch("prune-part");
  train_run(part, (const char *const[]){"epochs", "0", "snapshot-layers", "2", NULL});
  check_refused(part, NULL, WLAW_ARGUMENT, "hold no layer1.weight");

  /* The same run on data that are gone. */
  char path[4200], *text = NULL;
  size_t n;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s/run.json", run);
  check_ok(wlaw_input_whole(&text, &n, path, 1 << 20, err));
  char *at = strstr(text, "\"data_argument\": \"synthetic\"");
  assert_non_null(at);
  memcpy(strstr(at, "synthetic"), "nosuchdir", 9);
  write_text(path, text);
  check_refused(run, NULL, WLAW_IO, "'nosuchdir', are not there");
  free(text);
  wlaw_error_free(err);
}

/* Networks that broke down are left out; all of them broken is an error. */
static void broken_networks_are_left_out(void **state) {
  (void)state;
  const char *run = test_scratch("prune-broken");
  train_run(run, (const char *const[]){"epochs", "1", "optimizer", "sgd", "lr", "1e6", NULL});
  check_refused(run, NULL, WLAW_VALUE, "no network of this run has finite outputs");
  wlaw_result *got = prune(run, (const char *const[]){"epoch", "0", NULL});
  check_near(number_at(got, "networks_excluded"), 0, 0);
  wlaw_result_free(got);
}

static wlaw_status prune_once(void *context, wlaw_error *err) {
  const char *run = context;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_prune, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "fraction", "0.5", err);
  if (status == WLAW_OK) status = wlaw_prune(NULL, &run, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  char run[4096];
  snprintf(run, sizeof run, "%s", test_scratch("prune-memory"));
  train_run(run, (const char *const[]){"networks", "2", "epochs", "0", "init", "beta", "hidden", "5", NULL});
  alloc_fail_each(prune_once, run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pruning_is_what_a_textbook_does), cmocka_unit_test(nothing_removed_is_the_run),
      cmocka_unit_test(theory_of_one_hidden_layer),      cmocka_unit_test(theory_says_what_it_cannot),
      cmocka_unit_test(same_bytes_on_any_threads),       cmocka_unit_test(refusals),
      cmocka_unit_test(broken_networks_are_left_out),    cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("study.prune", tests, NULL, NULL);
}
