/* Training as a whole: what may not change a byte does not, and what must be noticed is. */
#include "net/net_support.h"

#include <pthread.h>
#include <time.h>

/* 70 inputs, batches of 24 of 100 samples: the last batch has 4. Narrow and wide (BLAS) networks. */
static train_config small_config(bool wide, bool shared) {
  return (train_config){.mlp = make_mlp(4, wide ? (size_t[]){70, 40, 12, 5} : (size_t[]){70, 11, 12, 5},
                                        ACTIVATION_TANH, LOSS_CROSS_ENTROPY, true, false),
                        .optimizer = OPTIMIZER_ADAMW,
                        .lr = 3e-3,
                        .beta1 = 0.9,
                        .beta2 = 0.999,
                        .epsilon = 1e-8,
                        .weight_decay = 0.01,
                        .schedule = SCHEDULE_COSINE,
                        .batch = 24,
                        .epochs = 5,
                        .shared_order = shared,
                        .seed = 11};
}

static void check_same(const network_state *a, const network_state *b, size_t floats) {
  assert_memory_equal(a->weights, b->weights, floats * sizeof(float));
  assert_memory_equal(a->first, b->first, floats * sizeof(float));
  assert_memory_equal(a->second, b->second, floats * sizeof(float));
  assert_int_equal(a->step, b->step);
  assert_memory_equal(&a->loss_sum, &b->loss_sum, sizeof(double));
}

/* Networks 0 .. n-1 trained for two epochs, `group` at a time. */
static void train_in_groups(const train_config *config, const wlaw_dataset *data, cpu_level level, size_t n,
                            size_t group, network_state *states, size_t *floats) {
  wlaw_error *err = wlaw_error_new();
  trainer *t;
  train_scratch *scratch;
  check_ok(wlaw_trainer_new(&t, config, data, level, err));
  check_ok(wlaw_scratch_new(&scratch, t, err));
  *floats = wlaw_train_floats(t);
  for (size_t k = 0; k < n; k++) {
    states[k] = new_state(*floats);
    check_ok(wlaw_train_init(t, &(initial_laws){.law = &test_law}, (uint32_t)k, states[k].weights, err));
  }
  for (uint32_t epoch = 1; epoch <= 2; epoch++)
    for (size_t first = 0; first < n; first += group)
      check_ok(wlaw_train_epoch(t, scratch, states + first, (uint32_t)first, n - first < group ? n - first : group,
                                epoch, NULL, err));
  wlaw_scratch_free(scratch);
  wlaw_trainer_free(t);
  wlaw_error_free(err);
}

static void grouping_changes_nothing(void **state) {
  (void)state;
  enum { N = 5 };
  for (int variant = 0; variant < 8; variant++) {
    const train_config config = small_config(variant & 1, variant & 2);
    wlaw_dataset data = random_dataset(70, 5, 100, 10, (variant & 4) != 0);
    network_state one[N], many[N];
    size_t floats;
    train_in_groups(&config, &data, CPU_LEVELS, N, 1, one, &floats);
    for (size_t group = 2; group <= N; group += 3) {
      train_in_groups(&config, &data, CPU_LEVELS, N, group, many, &floats);
      for (size_t k = 0; k < N; k++) {
        check_same(&one[k], &many[k], floats);
        free_state(&many[k]);
      }
    }
    /* Two networks are not the same network, and the weights did move. */
    assert_memory_not_equal(one[0].weights, one[1].weights, floats * sizeof(float));
    assert_int_equal(one[0].step, 10);
    for (size_t k = 0; k < N; k++) free_state(&one[k]);
    free_dataset(&data);
  }
}

static void avx2_and_avx512_give_the_same_bytes(void **state) {
  (void)state;
  if (wlaw_cpu_level() < CPU_V4) skip();
  for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_LINEAR; kind++)
    for (int variant = 0; variant < 8; variant++) {
      train_config config = small_config(variant & 1, variant & 2);
      config.mlp.activation = (activation)kind;
      config.mlp.loss = variant & 4 ? LOSS_MSE : LOSS_CROSS_ENTROPY;
      config.optimizer = variant & 4 ? OPTIMIZER_SGD : OPTIMIZER_ADAM;
      config.momentum = variant & 2 ? 0.9 : 0.0;
      wlaw_dataset data = random_dataset(70, 5, 100, 10, kind % 2 == 0);
      network_state v3[2], v4[2];
      size_t floats;
      train_in_groups(&config, &data, CPU_V3, 2, 2, v3, &floats);
      train_in_groups(&config, &data, CPU_V4, 2, 2, v4, &floats);
      for (size_t k = 0; k < 2; k++) {
        check_same(&v3[k], &v4[k], floats);
        free_state(&v3[k]);
        free_state(&v4[k]);
      }
      free_dataset(&data);
    }
}

/* Raises a flag after a while. */
typedef struct alarm_clock {
  atomic_bool flag;
  long nanoseconds;
} alarm_clock;

static void *ring(void *argument) {
  alarm_clock *clock = argument;
  nanosleep(&(struct timespec){.tv_nsec = clock->nanoseconds}, NULL);
  atomic_store(&clock->flag, true);
  return NULL;
}

/* Trains epoch 1 of n fresh networks until a flag raised within it. false: the flag came before or after. */
static bool stop_within_epoch(training *t, network_state *states, size_t n, long nanoseconds) {
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < n; k++) {
    memset(states[k].first, 0, t->floats * sizeof(float));
    memset(states[k].second, 0, t->floats * sizeof(float));
    states[k].step = 0;
    check_ok(wlaw_train_init(t->trainer, &(initial_laws){.law = &test_law}, (uint32_t)k, states[k].weights, err));
  }
  alarm_clock clock = {.nanoseconds = nanoseconds};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, ring, &clock), 0);
  const wlaw_status status = wlaw_train_epoch(t->trainer, t->scratch, states, 0, n, 1, &clock.flag, err);
  pthread_join(thread, NULL);
  const uint64_t step = states[0].step;
  for (size_t k = 1; k < n; k++) assert_int_equal(states[k].step, step);
  const bool within = step > 0 && step < wlaw_train_steps_per_epoch(t->trainer);
  if (within) assert_int_equal(status, WLAW_CANCELLED);
  wlaw_error_free(err);
  return within;
}

static void stop_and_go_on_is_as_if_never_stopped(void **state) {
  (void)state;
  enum { N = 3, SAMPLES = 20000 };
  for (int variant = 0; variant < 4; variant++) {
    const train_config config = small_config(variant & 1, variant & 2);
    wlaw_dataset data = random_dataset(70, 5, SAMPLES, 10, true);
    network_state whole[N], parts[N];
    size_t floats;
    train_in_groups(&config, &data, CPU_LEVELS, N, N, whole, &floats);

    wlaw_error *err = wlaw_error_new();
    training t = start_training(&config, &data, CPU_LEVELS, 0);
    for (size_t k = 0; k < N; k++) parts[k] = new_state(floats);
    bool within = false;
    for (long tries = 0; tries < 200 && !within; tries++)
      within = stop_within_epoch(&t, parts, N, 100000 + (tries * 7919 % 100) * 20000);
    assert_true(within);
    for (uint32_t epoch = 1; epoch <= 2; epoch++)
      check_ok(wlaw_train_epoch(t.trainer, t.scratch, parts, 0, N, epoch, NULL, err));
    for (size_t k = 0; k < N; k++) check_same(&whole[k], &parts[k], floats);

    /* A flag that is up already lets no step through; the wrong epoch and unequal steps are refused. */
    const atomic_bool stop = true;
    check_status(wlaw_train_epoch(t.trainer, t.scratch, parts, 0, N, 3, &stop, err), WLAW_CANCELLED);
    assert_memory_equal(whole[0].weights, parts[0].weights, floats * sizeof(float));
    assert_int_equal(whole[0].step, parts[0].step);
    check_status(wlaw_train_epoch(t.trainer, t.scratch, parts, 0, N, 4, NULL, err), WLAW_ARGUMENT);
    parts[1].step++;
    check_status(wlaw_train_epoch(t.trainer, t.scratch, parts, 0, N, 3, NULL, err), WLAW_ARGUMENT);
    for (size_t k = 0; k < N; k++) {
      free_state(&whole[k]);
      free_state(&parts[k]);
    }
    wlaw_error_free(err);
    end_training(&t);
    free_dataset(&data);
  }
}

/* Loss and accuracy of a one-layer network against sums done here; then dead and broken networks. */
static void evaluation_by_hand(void **state) {
  (void)state;
  enum { FEATURES = 19, CLASSES = 4, TEST = 300 };
  wlaw_dataset data = random_dataset(FEATURES, CLASSES, 10, TEST, true);
  const train_config config = {
      .mlp = make_mlp(2, (size_t[]){FEATURES, CLASSES}, ACTIVATION_RELU, LOSS_CROSS_ENTROPY, true, false),
      .optimizer = OPTIMIZER_SGD,
      .lr = 0.1,
      .batch = 5};
  training t = start_training(&config, &data, CPU_LEVELS, 0);
  float weight[CLASSES * FEATURES], bias[CLASSES];
  wlaw_train_unpack(t.trainer, t.state.weights, 0, weight, bias);
  double loss_sum = 0, right = 0;
  for (size_t s = 0; s < TEST; s++) {
    double x[FEATURES], z[CLASSES], sum = 0;
    size_t best = 0;
    input_row(&data, &data.test, s, x);
    for (size_t c = 0; c < CLASSES; c++) {
      z[c] = (double)bias[c];
      for (size_t f = 0; f < FEATURES; f++) z[c] += (double)weight[c * FEATURES + f] * x[f];
      sum += exp(z[c]);
      if (z[c] > z[best]) best = c;
    }
    loss_sum += log(sum) - z[data.test.labels[s]];
    right += best == data.test.labels[s];
  }
  evaluation got;
  wlaw_train_evaluate(t.trainer, t.scratch, t.state.weights, &got);
  check_near(got.loss, loss_sum / TEST, 1e-6); /* some eps of a loss of order 1 */
  check_near(got.accuracy, right / TEST, 0.0);
  assert_true(got.finite && !got.constant);

  memset(t.state.weights, 0, t.floats * sizeof(float));
  wlaw_train_evaluate(t.trainer, t.scratch, t.state.weights, &got);
  assert_true(got.finite && got.constant);
  check_near(got.loss, log(CLASSES), 1e-7);

  t.state.weights[0] = NAN;
  wlaw_train_evaluate(t.trainer, t.scratch, t.state.weights, &got);
  assert_true(!got.finite && !got.constant);
  t.state.weights[0] = INFINITY;
  wlaw_train_evaluate(t.trainer, t.scratch, t.state.weights, &got);
  assert_true(!got.finite && !got.constant);
  end_training(&t);
  free_dataset(&data);
}

/* A network that diverges must not touch its neighbours, which share its scratch space. */
static void a_broken_network_harms_no_other(void **state) {
  (void)state;
  for (int variant = 0; variant < 4; variant++) {
    const train_config config = small_config(variant & 1, variant & 2);
    wlaw_dataset data = random_dataset(70, 5, 100, 10, true);
    wlaw_error *err = wlaw_error_new();
    network_state alone[3];
    size_t floats;
    train_in_groups(&config, &data, CPU_LEVELS, 3, 3, alone, &floats);
    training t = start_training(&config, &data, CPU_LEVELS, 0);
    network_state states[3];
    for (uint32_t k = 0; k < 3; k++) {
      states[k] = new_state(floats);
      check_ok(wlaw_train_init(t.trainer, &(initial_laws){.law = &test_law}, k, states[k].weights, err));
    }
    states[1].weights[0] = NAN;
    for (uint32_t epoch = 1; epoch <= 2; epoch++)
      check_ok(wlaw_train_epoch(t.trainer, t.scratch, states, 0, 3, epoch, NULL, err));
    check_same(&alone[0], &states[0], floats);
    check_same(&alone[2], &states[2], floats);
    assert_true(isnan(states[1].loss_sum));
    for (size_t k = 0; k < 3; k++) {
      free_state(&alone[k]);
      free_state(&states[k]);
    }
    wlaw_error_free(err);
    end_training(&t);
    free_dataset(&data);
  }
}

/* Both parameterizations start as the same function; streams make network k whatever else is drawn. */
static void initialisation(void **state) {
  (void)state;
  wlaw_dataset data = random_dataset(70, 5, 10, 50, true);
  train_config standard = small_config(false, false), ntk = standard;
  ntk.mlp.ntk = true;
  training a = start_training(&standard, &data, CPU_LEVELS, 3), b = start_training(&ntk, &data, CPU_LEVELS, 3);
  evaluation from_a, from_b;
  wlaw_train_evaluate(a.trainer, a.scratch, a.state.weights, &from_a);
  wlaw_train_evaluate(b.trainer, b.scratch, b.state.weights, &from_b);
  check_near(from_a.loss, from_b.loss, 2e-6);
  float weight[2][11 * 70];
  wlaw_train_unpack(a.trainer, a.state.weights, 0, weight[0], NULL);
  wlaw_train_unpack(b.trainer, b.state.weights, 0, weight[1], NULL);
  for (size_t i = 0; i < 11 * 70; i++)
    check_near((double)weight[1][i], sqrt(70.0) * (double)weight[0][i], 2e-7 * fabs((double)weight[1][i]));

  /* Layer 1 of network 3, drawn here. */
  wlaw_stream stream = wlaw_stream_start(standard.seed, STREAM_INIT, 3, 1);
  double drawn[12 * 11];
  assert_int_equal(test_draw(&test_law, drawn, 12, 11, &stream, NULL), WLAW_OK);
  wlaw_train_unpack(a.trainer, a.state.weights, 1, weight[0], NULL);
  for (size_t i = 0; i < 12 * 11; i++) assert_true(weight[0][i] == (float)drawn[i]);
  end_training(&a);
  end_training(&b);
  free_dataset(&data);
}

/* A problem with an answer: two blobs, told apart after a few epochs, by every optimiser. */
static void training_learns(void **state) {
  (void)state;
  wlaw_dataset data = random_dataset(30, 2, 400, 200, false);
  sample_set *const sets[2] = {&data.train, &data.test};
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < sets[k]->n; i++)
      for (size_t f = 0; f < 5; f++) sets[k]->values[i * 30 + f] += sets[k]->labels[i] ? 1.0f : -1.0f;
  for (optimizer kind = OPTIMIZER_SGD; kind <= OPTIMIZER_ADAMW; kind++) {
    train_config config = small_config(false, false);
    config.mlp = make_mlp(3, (size_t[]){30, 8, 2}, ACTIVATION_RELU, LOSS_CROSS_ENTROPY, false, false);
    config.optimizer = kind;
    config.lr = kind == OPTIMIZER_SGD ? 0.1 : 0.01;
    training t = start_training(&config, &data, CPU_LEVELS, 0);
    wlaw_error *err = wlaw_error_new();
    for (uint32_t epoch = 1; epoch <= 5; epoch++)
      check_ok(wlaw_train_epoch(t.trainer, t.scratch, &t.state, 0, 1, epoch, NULL, err));
    evaluation got;
    wlaw_train_evaluate(t.trainer, t.scratch, t.state.weights, &got);
    assert_true(got.accuracy > 0.97);
    wlaw_error_free(err);
    end_training(&t);
  }
  free_dataset(&data);
}

/* The gradient [out, in] of the first layer over all training samples, from weights that law and seed determine. */
static void first_gradient(double *out, const wlaw_dataset *data, const train_config *config) {
  training t = start_training(config, data, CPU_LEVELS, 0);
  const size_t floats = wlaw_train_floats(t.trainer), numbers = config->mlp.width[0] * config->mlp.width[1];
  float *gradient = malloc(floats * sizeof *gradient), *unpacked = malloc(numbers * sizeof *unpacked);
  uint32_t order[64];
  for (uint32_t i = 0; i < 64; i++) order[i] = i;
  wlaw_train_gradient(t.trainer, t.scratch, t.state.weights, order, 64, gradient);
  wlaw_train_unpack(t.trainer, gradient, 0, unpacked, NULL);
  for (size_t i = 0; i < numbers; i++) out[i] = (double)unpacked[i];
  free(gradient);
  free(unpacked);
  end_training(&t);
}

/* Images stored tile by tile are the same problem: the same gradient by name of the pixel, but for rounding (sums of 84
 * products, 84 eps of the largest). Sides that are no multiples of four, two channels; bytes and floats, narrow and
 * wide. */
static void tiles_change_only_rounding(void **state) {
  (void)state;
  enum { FEATURES = 2 * 6 * 7, MOST = 40 };
  wlaw_error *err = wlaw_error_new();
  for (int variant = 0; variant < 4; variant++) {
    train_config config = small_config(false, true);
    config.mlp.width[0] = FEATURES;
    config.mlp.width[1] = variant & 1 ? MOST : 7;
    config.batch = 64;
    double rows[FEATURES * MOST], tiles[FEATURES * MOST], largest = 0;
    wlaw_dataset data = random_dataset(FEATURES, 5, 64, 10, variant & 2);
    const size_t shape[3] = {2, 6, 7};
    memcpy(data.image_shape, shape, sizeof shape);
    const float scale = data.scale[FEATURES - 1];
    first_gradient(rows, &data, &config);
    check_ok(wlaw_dataset_tile(&data, err));
    assert_non_null(data.place);
    assert_int_equal(data.place[0], 0);
    assert_int_equal(data.place[7], 4);  /* second row of the first tile */
    assert_int_equal(data.place[4], 16); /* first row of the second tile, three pixels wide */
    assert_int_equal(data.place[FEATURES - 1], FEATURES - 1);
    assert_true(data.scale[FEATURES - 1] == scale);
    first_gradient(tiles, &data, &config);
    const size_t numbers = FEATURES * config.mlp.width[1];
    for (size_t i = 0; i < numbers; i++) largest = fmax(largest, fabs(rows[i]));
    for (size_t i = 0; i < numbers; i++) check_near(tiles[i], rows[i], 84 * 0x1p-24 * largest);
    assert_true(largest > 0);
    free_dataset(&data);
  }
  wlaw_error_free(err);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_dataset data = random_dataset(70, 5, 20, 10, true);
  trainer *t = NULL;
  train_config config = small_config(false, false);
  config.mlp.width[0] = 71;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_SHAPE);
  config = small_config(false, false);
  config.mlp.width[3] = 6;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_SHAPE);
  config = small_config(false, false);
  config.batch = 0;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_ARGUMENT);
  config = small_config(false, false);
  config.mlp.width[1] = 0;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_ARGUMENT);
  config.mlp.width[1] = SIZE_MAX / 4;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_LIMIT);
  config = small_config(false, false);
  data.test.labels[7] = 5;
  check_status(wlaw_trainer_new(&t, &config, &data, CPU_LEVELS, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "test sample 7"));
  assert_null(t);
  wlaw_error_free(err);
  free_dataset(&data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grouping_changes_nothing),
      cmocka_unit_test(avx2_and_avx512_give_the_same_bytes),
      cmocka_unit_test(stop_and_go_on_is_as_if_never_stopped),
      cmocka_unit_test(evaluation_by_hand),
      cmocka_unit_test(a_broken_network_harms_no_other),
      cmocka_unit_test(initialisation),
      cmocka_unit_test(tiles_change_only_rounding),
      cmocka_unit_test(training_learns),
      cmocka_unit_test(bad_input_is_refused),
  };
  return cmocka_run_group_tests_name("net.train", tests, NULL, NULL);
}
