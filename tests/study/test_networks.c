/* Opening whole networks: which tensors of which files are the layers, and that what is read is what is stored. */
#include "study.h"
#include "study/networks.h"
#include "support/alloc_fail.h"

#include "core/memory.h"

typedef struct stored {
  const char *name;
  wlaw_dtype dtype;
  size_t rank;
  uint64_t shape[3];
} stored;

/* Number e of tensor i: all different and exact in single precision. */
static double number(size_t i, size_t e) { return (double)(1000 * (i + 1) + e) / 16.0; }

static const char *write_file(const char *name, const stored *tensors, size_t n) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  tensor_spec specs[16];
  snprintf(path, sizeof paths[0], "%s", test_scratch(name));
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < n; i++) {
    specs[i] = (tensor_spec){.name = tensors[i].name, .dtype = tensors[i].dtype, .rank = tensors[i].rank};
    memcpy(specs[i].shape, tensors[i].shape, sizeof tensors[i].shape);
  }
  check_ok(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  for (size_t i = 0; i < n; i++) {
    size_t count = 1;
    for (size_t d = 0; d < tensors[i].rank; d++) count *= tensors[i].shape[d];
    for (size_t e = 0; e < count; e++) {
      const double value = number(i, e);
      const float narrow = (float)value;
      if (tensors[i].dtype == WLAW_F32) check_ok(wlaw_writer_add(writer, &narrow, sizeof narrow, err));
      else check_ok(wlaw_writer_add(writer, &value, sizeof value, err));
    }
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return path;
}
#define WRITE_FILE(name, tensors) write_file(name, tensors, sizeof(tensors) / sizeof *(tensors))

static networks *opened_all(const char *const *paths, size_t n, const char *layers) {
  networks *source = NULL;
  wlaw_error *err = wlaw_error_new();
  const networks_request request = {.paths = paths, .n_paths = n, .layers = layers};
  check_ok(wlaw_networks_open(&source, &request, err));
  wlaw_error_free(err);
  return source;
}

static networks *opened(const char *path, const char *layers) { return opened_all(&path, 1, layers); }

static void refused_all(const char *const *paths, size_t n, const char *layers, wlaw_status want, const char *says) {
  networks *source = NULL;
  wlaw_error *err = wlaw_error_new();
  const networks_request request = {.paths = paths, .n_paths = n, .layers = layers};
  check_status(wlaw_networks_open(&source, &request, err), want);
  if (!strstr(wlaw_error_message(err), says)) fail_msg("'%s' does not say '%s'", wlaw_error_message(err), says);
  wlaw_error_free(err);
}

static void refused(const char *path, const char *layers, wlaw_status want, const char *says) {
  refused_all(&path, 1, layers, want, says);
}

/* The layers by name, "weight+bias" or "weight" each. */
static void check_layers(const networks *source, const char *const *want, size_t n) {
  assert_int_equal(source->n_layers, n);
  for (size_t l = 0; l < n; l++) {
    char got[256];
    const network_layer *layer = &source->layers[l];
    snprintf(got, sizeof got, "%s%s%s%s", layer->weight, layer->bias ? "+" : "", layer->bias ? layer->bias : "",
             layer->transposed ? " transposed" : "");
    assert_string_equal(got, want[l]);
  }
}
#define CHECK_LAYERS(source, ...)                                                                                      \
  do {                                                                                                                 \
    static const char *const want_[] = {__VA_ARGS__};                                                                  \
    check_layers(source, want_, sizeof want_ / sizeof *want_);                                                         \
  } while (0)

static network_layout layout_of(const networks *source, network_side input) {
  network_shape shape;
  network_layout layout;
  wlaw_error *err = wlaw_error_new();
  wlaw_networks_shape(&shape, source, input, SIDE_LABELLED);
  check_ok(wlaw_network_layout(&layout, &shape, err));
  wlaw_error_free(err);
  return layout;
}

/* Networks [first, first + count) against what write_file put there. */
static void check_read(networks *source, network_side input, size_t first, size_t count) {
  const network_layout layout = layout_of(source, input);
  network_block block;
  wlaw_error *err = wlaw_error_new();
  void *buffer = wlaw_array(count, wlaw_networks_bytes(source, &layout));
  assert_non_null(buffer);
  check_ok(wlaw_networks_read(&block, buffer, source, &layout, first, count, err));
  assert_int_equal(block.single, source->single);
  for (size_t t = 0; t < layout.n_tensors; t++) {
    const network_tensor *tensor = &layout.tensors[t];
    const network_layer *layer = &source->layers[tensor->layer];
    const size_t index = tensor->is_bias ? layer->bias_index : layer->weight_index,
                 entries = tensor->rows * tensor->cols;
    for (size_t k = 0; k < count; k++)
      for (size_t i = 0; i < tensor->rows; i++)
        for (size_t j = 0; j < tensor->cols; j++) {
          const size_t e = (k * tensor->rows + i) * tensor->cols + j;
          const double got =
              block.single ? (double)((const float *)block.tensors[t])[e] : ((const double *)block.tensors[t])[e];
          const size_t network = source->n_paths ? 0 : wlaw_networks_number(source, first + k);
          const bool turned = layer->transposed && !tensor->is_bias;
          check_near(got, number(index, network * entries + (turned ? j * tensor->rows + i : i * tensor->cols + j)),
                     0.0);
        }
  }
  free(buffer);
  wlaw_error_free(err);
}

static const stored stacked[] = {
    {"layer1.weight", WLAW_F32, 3, {6, 4, 5}},     {"layer1.bias", WLAW_F32, 2, {6, 4}},
    {"layer2.weight", WLAW_F32, 3, {6, 3, 4}},     {"layer2.bias", WLAW_F32, 2, {6, 3}},
    {"layer2.node_variance", WLAW_F64, 2, {6, 4}},
};

static void test_stacked(void **state) {
  (void)state;
  networks *source = opened(WRITE_FILE("stacked.safetensors", stacked), NULL);
  CHECK_LAYERS(source, "layer1.weight+layer1.bias", "layer2.weight+layer2.bias");
  assert_int_equal(source->n, 6);
  assert_true(source->single);
  assert_null(source->lock);
  assert_string_equal(source->uncovered,
                      "layer2.node_variance is no weight or bias of a layer, and the law does not cover it.");
  check_read(source, SIDE_OMITTED, 0, 6);
  check_read(source, SIDE_LABELLED, 2, 3);
  const uint64_t out[] = {1, 4, 99};
  assert_int_equal(wlaw_networks_exclude(source, out, 3, NULL), WLAW_OK);
  assert_int_equal(source->n, 4);
  assert_int_equal(source->excluded, 2);
  assert_int_equal(wlaw_networks_number(source, 3), 5);
  check_read(source, SIDE_LABELLED, 0, 4);
  check_read(source, SIDE_LABELLED, 1, 2);
  wlaw_networks_close(source);
}

/* One tensor in double precision makes all double; a smaller choice of layers has fewer. */
static void test_doubles(void **state) {
  (void)state;
  static const stored tensors[] = {{"a", WLAW_F64, 3, {3, 2, 2}}, {"b", WLAW_F32, 3, {3, 5, 2}}};
  const char *path = WRITE_FILE("doubles.safetensors", tensors);
  networks *source = opened(path, NULL);
  CHECK_LAYERS(source, "a", "b");
  assert_false(source->single);
  assert_null(source->uncovered);
  check_read(source, SIDE_EXCHANGEABLE, 0, 3);
  wlaw_networks_close(source);
  source = opened(path, "b");
  CHECK_LAYERS(source, "b");
  assert_true(source->single);
  check_read(source, SIDE_EXCHANGEABLE, 0, 3);
  wlaw_networks_close(source);
}

/* Writers that sort by name; matrices of one width chain in any order, so the numbers must decide. */
static void test_order(void **state) {
  (void)state;
  static const stored tensors[] = {
      {"net.0.weight", WLAW_F32, 2, {4, 6}},  {"net.10.weight", WLAW_F32, 2, {4, 4}},
      {"net.12.weight", WLAW_F32, 2, {2, 4}}, {"net.2.weight", WLAW_F32, 2, {4, 4}},
      {"net.4.weight", WLAW_F32, 2, {4, 4}},
  };
  networks *source = opened(WRITE_FILE("order.safetensors", tensors), NULL);
  CHECK_LAYERS(source, "net.0.weight", "net.2.weight", "net.4.weight", "net.10.weight", "net.12.weight");
  check_read(source, SIDE_OMITTED, 0, 1);
  wlaw_networks_close(source);
}

/* Keras: [in, out]; by the name where the shape does not tell; and by the shape where no name does. */
static void test_transposed(void **state) {
  (void)state;
  static const stored kernels[] = {
      {"dense/kernel:0", WLAW_F32, 2, {5, 3}},
      {"dense/bias:0", WLAW_F32, 1, {3}},
      {"dense_1/kernel:0", WLAW_F32, 2, {3, 3}},
      {"dense_1/bias:0", WLAW_F32, 1, {3}},
  };
  networks *source = opened(WRITE_FILE("kernels.safetensors", kernels), NULL);
  CHECK_LAYERS(source, "dense/kernel:0+dense/bias:0 transposed", "dense_1/kernel:0+dense_1/bias:0 transposed");
  assert_false(source->single);
  check_read(source, SIDE_LABELLED, 0, 1);
  wlaw_networks_close(source);

  static const stored plain[] = {
      {"w0", WLAW_F32, 2, {5, 3}}, {"b0", WLAW_F32, 1, {3}}, {"w1", WLAW_F32, 2, {3, 2}}, {"b1", WLAW_F32, 1, {2}}};
  source = opened(WRITE_FILE("plain.safetensors", plain), NULL);
  CHECK_LAYERS(source, "w0+b0 transposed", "w1+b1 transposed");
  check_read(source, SIDE_EXCHANGEABLE, 0, 1);
  wlaw_networks_close(source);

  /* one matrix chains either way: its bias tells */
  static const stored one[] = {{"arr_0", WLAW_F32, 2, {5, 3}}, {"arr_1", WLAW_F32, 1, {3}}};
  source = opened(WRITE_FILE("one.safetensors", one), NULL);
  CHECK_LAYERS(source, "arr_0+arr_1 transposed");
  wlaw_networks_close(source);
  source = opened(
      WRITE_FILE("square.safetensors", ((const stored[]){{"a", WLAW_F32, 2, {3, 3}}, {"b", WLAW_F32, 2, {3, 3}}})),
      NULL);
  CHECK_LAYERS(source, "a", "b");
  wlaw_networks_close(source);
}

/* The vectors of a normalisation are nobody's bias, whichever stands behind a weight without one. */
static void test_biases(void **state) {
  (void)state;
  static const stored normalised[] = {
      {"net.0.weight", WLAW_F32, 2, {4, 6}}, {"net.1.bias", WLAW_F32, 1, {4}}, {"net.1.weight", WLAW_F32, 1, {4}},
      {"net.2.weight", WLAW_F32, 2, {2, 4}}, {"net.2.bias", WLAW_F32, 1, {2}},
  };
  networks *source = opened(WRITE_FILE("normalised.safetensors", normalised), NULL);
  CHECK_LAYERS(source, "net.0.weight", "net.2.weight+net.2.bias");
  assert_non_null(strstr(source->uncovered, "net.1.bias, net.1.weight are no weights or biases of layers"));
  check_read(source, SIDE_OMITTED, 0, 1);
  wlaw_networks_close(source);
}

/* Biases stored as matrices of one row: named layers leave them to be biases. */
static void test_row_biases(void **state) {
  (void)state;
  static const stored tensors[] = {{"w1", WLAW_F32, 2, {5, 3}},
                                   {"b1", WLAW_F32, 2, {1, 3}},
                                   {"w2", WLAW_F32, 2, {3, 2}},
                                   {"b2", WLAW_F32, 2, {1, 2}}};
  const char *path = WRITE_FILE("row-biases.safetensors", tensors);
  refused(path, NULL, WLAW_SHAPE, "do not chain");
  networks *source = opened(path, "w1,w2");
  CHECK_LAYERS(source, "w1+b1 transposed", "w2+b2 transposed");
  check_read(source, SIDE_LABELLED, 0, 1);
  wlaw_networks_close(source);
}

static void test_files(void **state) {
  (void)state;
  static const stored tensors[] = {{"0.weight", WLAW_F32, 2, {4, 6}},
                                   {"0.bias", WLAW_F32, 1, {4}},
                                   {"2.weight", WLAW_F32, 2, {2, 4}},
                                   {"2.bias", WLAW_F32, 1, {2}}},
                      wider[] = {{"0.weight", WLAW_F32, 2, {5, 6}},
                                 {"0.bias", WLAW_F32, 1, {5}},
                                 {"2.weight", WLAW_F32, 2, {2, 5}},
                                 {"2.bias", WLAW_F32, 1, {2}}},
                      longer[] = {{"0.weight", WLAW_F32, 2, {4, 6}},
                                  {"0.bias", WLAW_F32, 1, {5}},
                                  {"2.weight", WLAW_F32, 2, {2, 4}},
                                  {"2.bias", WLAW_F32, 1, {2}}},
                      unbiased[] = {{"0.weight", WLAW_F32, 2, {4, 6}}, {"2.weight", WLAW_F32, 2, {2, 4}}};
  char a[4096], b[4096];
  snprintf(a, sizeof a, "%s", WRITE_FILE("a.safetensors", tensors));
  snprintf(b, sizeof b, "%s", WRITE_FILE("b.safetensors", tensors));
  const char *const two[] = {a, b}, *const run[] = {a, "."};
  networks *source = opened_all(two, 2, NULL);
  assert_int_equal(source->n, 2);
  check_read(source, SIDE_OMITTED, 0, 2);
  check_read(source, SIDE_LABELLED, 1, 1);

  /* the second is another file when it is read */
  const network_layout layout = layout_of(source, SIDE_LABELLED);
  network_block block;
  wlaw_error *err = wlaw_error_new();
  void *buffer = wlaw_array(2, wlaw_networks_bytes(source, &layout));
  WRITE_FILE("b.safetensors", wider);
  check_status(wlaw_networks_read(&block, buffer, source, &layout, 0, 2, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "b.safetensors"));
  free(buffer);
  wlaw_error_free(err);
  wlaw_networks_close(source);

  refused_all(two, 2, NULL, WLAW_SHAPE, "this matrix is 5x6, the one in");
  WRITE_FILE("b.safetensors", longer);
  refused_all(two, 2, NULL, WLAW_SHAPE, "it is no vector of 4 numbers");
  WRITE_FILE("b.safetensors", unbiased);
  refused_all(two, 2, NULL, WLAW_SHAPE, "it has no tensor '0.bias', which ");
  const char *const swapped[] = {b, a};
  refused_all(swapped, 2, NULL, WLAW_SHAPE, "it has a bias '0.bias' of '0.weight', and ");
  WRITE_FILE("b.safetensors", stacked);
  refused_all(two, 2, NULL, WLAW_SHAPE, "it has no tensor '0.weight', which ");
  refused_all(swapped, 2, NULL, WLAW_SHAPE, "of several files each holds one");
  refused_all(run, 2, NULL, WLAW_IO, "");
}

static void test_refused(void **state) {
  (void)state;
  const char *path = WRITE_FILE("stacked.safetensors", stacked);
  refused(path, "layer1.weight,layer3.weight", WLAW_NAME, "did you mean 'layer1.weight'");
  refused(path, "layer1.weight,layer1.weight", WLAW_ARGUMENT, "twice");
  refused(path, "layer1.weight,", WLAW_ARGUMENT, "empty name");
  refused(path, "", WLAW_ARGUMENT, "empty name");
  refused(path, "layer1.weight,layer2.bias", WLAW_SHAPE, "holds 1 network");
  refused(path, "layer2.weight,layer1.weight", WLAW_SHAPE,
          "'layer2.weight' has 3 outputs and 'layer1.weight', after it, 5 inputs");
  static const stored gap[] = {{"a", WLAW_F32, 2, {4, 5}}, {"b", WLAW_F32, 2, {3, 7}}},
                      bias[] = {{"a.weight", WLAW_F32, 2, {4, 5}}, {"a.bias", WLAW_F32, 1, {6}}},
                      vectors[] = {{"a", WLAW_F32, 1, {4}}, {"b", WLAW_F32, 1, {3}}},
                      empty[] = {{"a", WLAW_F32, 2, {0, 5}}},
                      counts[] = {{"a", WLAW_F32, 3, {2, 4, 5}}, {"b", WLAW_F32, 3, {3, 4, 4}}};
  refused(WRITE_FILE("gap.safetensors", gap), NULL, WLAW_SHAPE, "--layers NAME,NAME,...");
  refused(WRITE_FILE("bias.safetensors", bias), NULL, WLAW_SHAPE, "it is no bias of a matrix that is 4x5");
  refused(WRITE_FILE("vectors.safetensors", vectors), NULL, WLAW_SHAPE, "no matrices among its 2 tensors");
  refused(WRITE_FILE("vectors.safetensors", vectors), "a", WLAW_SHAPE, "it has 1 dimension");
  refused(WRITE_FILE("empty.safetensors", empty), NULL, WLAW_SHAPE, "it is empty");
  refused(WRITE_FILE("counts.safetensors", counts), NULL, WLAW_SHAPE, "it holds 3 networks, 'a' holds 2");
  refused("absent.safetensors", NULL, WLAW_IO, "absent");
  const networks_request epoch = {.paths = &path, .n_paths = 1, .has_epoch = true};
  networks *source = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_networks_open(&source, &epoch, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "--epoch needs a run directory"));
  wlaw_error_free(err);
}

/* A file that has become shorter ends in an error, not in numbers. */
static void test_shrunk(void **state) {
  (void)state;
  const char *path = WRITE_FILE("shrunk.safetensors", stacked);
  networks *source = opened(path, NULL);
  const network_layout layout = layout_of(source, SIDE_LABELLED);
  network_block block;
  wlaw_error *err = wlaw_error_new();
  void *buffer = wlaw_array(6, wlaw_networks_bytes(source, &layout));
  assert_int_equal(truncate(path, 600), 0);
  check_status(wlaw_networks_read(&block, buffer, source, &layout, 0, 6, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "shrunk.safetensors"));
  free(buffer);
  wlaw_error_free(err);
  wlaw_networks_close(source);
}

static void test_run(void **state) {
  (void)state;
  const char *path = write_run("run-networks", 1.0, "standard");
  networks *source = NULL;
  wlaw_error *err = wlaw_error_new();
  networks_request request = {.paths = &path, .n_paths = 1, .has_epoch = true, .epoch = 1, .exclude_dead = true};
  check_ok(wlaw_networks_open(&source, &request, err));
  assert_int_equal(source->epoch, 1);
  assert_int_equal(source->n, RUN_NETWORKS - 1);
  assert_int_equal(source->excluded, 1);
  assert_int_equal(wlaw_networks_number(source, 5), 6);
  CHECK_LAYERS(source, "layer1.weight", "layer2.weight", "layer3.weight");
  wlaw_networks_close(source);
  request.layers = "layer2.weight,layer3.weight";
  check_ok(wlaw_networks_open(&source, &request, err));
  CHECK_LAYERS(source, "layer2.weight", "layer3.weight");
  wlaw_networks_close(source);
  request.layers = "layer3.weight,layer2.weight";
  check_status(wlaw_networks_open(&source, &request, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "it does not follow it in the run"));
  request.layers = NULL;
  request.epoch = 9;
  check_status(wlaw_networks_open(&source, &request, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "its epochs are 0, 1, 2"));
  wlaw_error_free(err);
}

/* Snapshots that leave layers out: the first may be missing where inputs are omitted. */
static void test_kept_layers(void **state) {
  (void)state;
  const char *folder = test_scratch("kept");
  char path[4200], file[4300];
  snprintf(path, sizeof path, "%s", folder);
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_folder_make(path, err));
  snprintf(file, sizeof file, "%s/run.json", path);
  write_text(file,
             "{\"schema\":\"weightlaw.run/1\",\"networks\":6,\"options\":{},\"layers\":[{\"rows\":4,\"cols\":9},"
             "{\"rows\":3,\"cols\":4},{\"rows\":2,\"cols\":3}]}");
  static const stored last_two[] = {{"layer2.weight", WLAW_F32, 3, {6, 3, 4}},
                                    {"layer2.bias", WLAW_F32, 2, {6, 3}},
                                    {"layer3.weight", WLAW_F32, 3, {6, 2, 3}},
                                    {"layer3.bias", WLAW_F32, 2, {6, 2}}},
                      first_two[] = {{"layer1.weight", WLAW_F32, 3, {6, 4, 9}},
                                     {"layer2.weight", WLAW_F32, 3, {6, 3, 4}}};
  WRITE_FILE("kept/epoch-0000.safetensors", last_two);
  WRITE_FILE("kept/epoch-0001.safetensors", first_two);
  networks *source = NULL;
  const char *run = path;
  networks_request request = {.paths = &run, .n_paths = 1, .has_epoch = true, .input = SIDE_OMITTED};
  check_ok(wlaw_networks_open(&source, &request, err));
  CHECK_LAYERS(source, "layer1.weight", "layer2.weight+layer2.bias", "layer3.weight+layer3.bias");
  network_shape shape;
  wlaw_networks_shape(&shape, source, SIDE_OMITTED, SIDE_LABELLED);
  assert_int_equal(shape.width[0], 9);
  assert_false(shape.bias[0]);
  check_read(source, SIDE_OMITTED, 1, 4);
  wlaw_networks_close(source);
  request.input = SIDE_LABELLED;
  check_status(wlaw_networks_open(&source, &request, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "does not keep layer1.weight"));
  assert_non_null(strstr(wlaw_error_message(err), "--input omit"));
  request.epoch = 1;
  check_status(wlaw_networks_open(&source, &request, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "does not keep layer3.weight"));
  wlaw_error_free(err);
}

static wlaw_status open_and_read(void *context, wlaw_error *err) {
  const networks_request *request = context;
  networks *source = NULL;
  network_shape shape;
  network_layout layout;
  network_block block;
  WLAW_TRY(wlaw_networks_open(&source, request, err));
  wlaw_networks_shape(&shape, source, SIDE_LABELLED, SIDE_LABELLED);
  wlaw_status status = wlaw_network_layout(&layout, &shape, err);
  void *buffer = wlaw_array(source->n, wlaw_networks_bytes(source, &layout));
  if (status == WLAW_OK)
    status = buffer ? wlaw_networks_read(&block, buffer, source, &layout, 0, source->n, err)
                    : wlaw_fail_memory(err, source->n, wlaw_networks_bytes(source, &layout));
  free(buffer);
  wlaw_networks_close(source);
  return status;
}

/* Not of runs: Jansson may shorten a string of run.json without a word when memory is refused. */
static void test_memory(void **state) {
  (void)state;
  static const stored tensors[] = {
      {"0.kernel", WLAW_F32, 2, {4, 6}}, {"0.bias", WLAW_F32, 1, {6}}, {"unused", WLAW_F32, 1, {2}}};
  const char *one = WRITE_FILE("c.safetensors", stacked), *const two[] = {WRITE_FILE("d.safetensors", tensors),
                                                                          WRITE_FILE("e.safetensors", tensors)};
  networks_request cases[] = {{.paths = &one, .n_paths = 1},
                              {.paths = &one, .n_paths = 1, .layers = "layer1.weight"},
                              {.paths = two, .n_paths = 2}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) alloc_fail_each(open_and_read, &cases[c]);
}

/* Networks of others, in the formats they come in. */
static void test_checkpoints(void **state) {
  (void)state;
  networks *source = opened(test_data("checkpoints/eran_mnist/mnist_relu_9_200.onnx"), NULL);
  CHECK_LAYERS(source, "2.weight+2.bias", "4.weight+4.bias", "6.weight+6.bias", "8.weight+8.bias", "10.weight+10.bias",
               "12.weight+12.bias", "14.weight+14.bias", "16.weight+16.bias", "18.weight+18.bias");
  wlaw_networks_close(source);
  source = opened(test_data("checkpoints/eran_mnist/mnist_6_100_nat.pth"), NULL);
  assert_int_equal(source->n_layers, 6);
  assert_string_equal(source->layers[5].bias, "state_dict.0.11.bias");
  wlaw_networks_close(source);

  static char paths[45][4096];
  const char *names[45];
  for (int k = 0; k < 45; k++) {
    char name[128];
    snprintf(name, sizeof name, "checkpoints/acasxu45/ACASXU_run2a_%d_%d_batch_2000.onnx", k / 9 + 1, k % 9 + 1);
    snprintf(paths[k], sizeof paths[k], "%s", test_data(name));
    names[k] = paths[k];
  }
  source = opened_all(names, 45, NULL);
  assert_int_equal(source->n, 45);
  assert_int_equal(source->n_layers, 7);
  assert_int_equal(source->layers[0].cols, 5);
  assert_int_equal(source->layers[0].rows, 50);
  for (size_t l = 0; l < 7; l++) assert_true(source->layers[l].transposed && source->layers[l].bias);
  wlaw_networks_close(source);

  const char *const ani[] = {test_data("checkpoints/ani_1x/ani-1x_train1.safetensors"),
                             test_data("checkpoints/ani_1x/ani-1x_train0.npz")};
  refused_all(ani, 2, NULL, WLAW_SHAPE, "after it, 384 inputs");
  source = opened_all(ani, 2, "H.1.weight,H.2.weight,H.3.weight,H.4.weight");
  CHECK_LAYERS(source, "H.1.weight+H.1.bias", "H.2.weight+H.2.bias", "H.3.weight+H.3.bias", "H.4.weight+H.4.bias");
  assert_non_null(strstr(source->uncovered, "C.1.weight, C.1.bias, C.2.weight and 21 more"));
  wlaw_networks_close(source);

  source = opened(test_data("checkpoints/mnist_mlp_ensemble10/ensemble_3.pt"), NULL);
  CHECK_LAYERS(source, "net.0.weight+net.0.bias", "net.3.weight+net.3.bias", "net.6.weight+net.6.bias",
               "net.9.weight+net.9.bias");
  assert_non_null(strstr(source->uncovered, "net.1.weight"));
  wlaw_networks_close(source);
  source = opened(test_data("checkpoints/pinn_steps/epoch_1000.pt"), NULL);
  assert_int_equal(source->n_layers, 6);
  assert_int_equal(source->layers[5].rows, 2);
  wlaw_networks_close(source);
  refused(test_data("checkpoints/stories260K/stories260K-f32.gguf"), NULL, WLAW_SHAPE, "do not chain");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stacked),     cmocka_unit_test(test_doubles),     cmocka_unit_test(test_order),
      cmocka_unit_test(test_transposed),  cmocka_unit_test(test_biases),      cmocka_unit_test(test_row_biases),
      cmocka_unit_test(test_files),       cmocka_unit_test(test_refused),     cmocka_unit_test(test_shrunk),
      cmocka_unit_test(test_run),         cmocka_unit_test(test_kept_layers), cmocka_unit_test(test_memory),
      cmocka_unit_test(test_checkpoints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
