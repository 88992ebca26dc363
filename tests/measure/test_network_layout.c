/* The places of coordinates, by hand for small shapes; names; what is refused. Dimensions add up for every shape. */
#include "core/error.h"
#include "measure/networks.h"

static const size_t small[] = {2, 3, 4, 2};

static void check_set(const network_layout *layout, size_t s, size_t set, size_t width, size_t copies) {
  assert_int_equal(layout->sets[s].set, set);
  assert_int_equal(layout->sets[s].width, width);
  assert_int_equal(layout->sets[s].copies, copies);
}

/* Place and number of the copies on both sides, NETWORK_NONE and 0 where a side has none. */
static void check_copies(const network_tensor *t, size_t row_set, size_t row_copy, size_t n_row, size_t column_set,
                         size_t column_copy, size_t n_column) {
  assert_int_equal(t->row_set, row_set);
  assert_int_equal(t->row_copy, row_copy);
  assert_int_equal(t->n_row_copies, n_row);
  assert_int_equal(t->column_set, column_set);
  assert_int_equal(t->column_copy, column_copy);
  assert_int_equal(t->n_column_copies, n_column);
}

static void check_trivial(const network_tensor *t, size_t first, size_t n, size_t entries) {
  assert_int_equal(t->trivial, first);
  assert_int_equal(t->n_trivial, n);
  assert_int_equal(t->entries, entries);
}

#define NONE NETWORK_NONE, NETWORK_NONE, 0

static void all_exchangeable(void **state) {
  (void)state;
  const network_layout layout = layout_of(shape_of(3, small, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  const network_tensor *t = layout.tensors;
  assert_int_equal(layout.n_tensors, 6); /* three weights, three biases */
  assert_int_equal(layout.trivial, 6);
  assert_int_equal(layout.n_entries, 3);
  assert_int_equal(layout.n_sets, 4);
  check_set(&layout, 0, 0, 2, 1); /* columns of layer 1 */
  check_set(&layout, 1, 1, 3, 3); /* rows, bias, columns */
  check_set(&layout, 2, 2, 4, 3);
  check_set(&layout, 3, 3, 2, 2); /* rows, bias */
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(t[i].layer, i % 3);
    assert_int_equal(t[i].is_bias, i >= 3);
    assert_int_equal(t[i].rows, small[i % 3 + 1]);
    assert_int_equal(t[i].cols, i < 3 ? small[i % 3] : 1);
    check_trivial(&t[i], i, 1, i < 3 ? i : NETWORK_NONE);
  }
  check_copies(&t[0], 1, 0, 1, 0, 0, 1);
  check_copies(&t[1], 2, 0, 1, 1, 2, 1);
  check_copies(&t[2], 3, 0, 1, 2, 2, 1);
  check_copies(&t[3], 1, 1, 1, NONE);
  check_copies(&t[4], 2, 1, 1, NONE);
  check_copies(&t[5], 3, 1, 1, NONE);
}

static void labelled_sides(void **state) {
  (void)state;
  const network_layout layout = layout_of(shape_of(3, small, true, SIDE_LABELLED, SIDE_LABELLED));
  const network_tensor *t = layout.tensors;
  /* 2 inputs; one for layer 2; 2 outputs; two hidden biases; the 2 entries of the last bias */
  assert_int_equal(layout.trivial, 2 + 1 + 2 + 1 + 1 + 2);
  assert_int_equal(layout.n_entries, 1);
  assert_int_equal(layout.n_sets, 2);
  check_set(&layout, 0, 1, 3, 2 + 1 + 1); /* input 0, input 1, bias, columns */
  check_set(&layout, 1, 2, 4, 1 + 1 + 2); /* rows, bias, output 0, output 1 */
  check_trivial(&t[0], 0, 2, NETWORK_NONE);
  check_trivial(&t[1], 2, 1, 0);
  check_trivial(&t[2], 3, 2, NETWORK_NONE);
  check_trivial(&t[3], 5, 1, NETWORK_NONE);
  check_trivial(&t[4], 6, 1, NETWORK_NONE);
  check_trivial(&t[5], 7, 2, NETWORK_NONE);
  check_copies(&t[0], 0, 0, 2, NONE);
  check_copies(&t[1], 1, 0, 1, 0, 3, 1);
  check_copies(&t[2], NONE, 1, 2, 2);
  check_copies(&t[3], 0, 2, 1, NONE);
  check_copies(&t[5], NONE, NONE);
  assert_true(t[0].cols_labelled && !t[0].rows_labelled);
  assert_true(t[2].rows_labelled && !t[2].cols_labelled);
  assert_true(t[5].rows_labelled);
}

static void omitted_inputs(void **state) {
  (void)state;
  network_shape shape = shape_of(3, small, false, SIDE_OMITTED, SIDE_LABELLED);
  shape.bias[0] = true; /* the first weight is left out, its bias stays */
  const network_layout layout = layout_of(shape);
  assert_int_equal(layout.n_tensors, 3);
  assert_int_equal(layout.tensors[0].layer, 1);
  assert_int_equal(layout.tensors[1].layer, 2);
  assert_true(layout.tensors[2].is_bias);
  assert_int_equal(layout.trivial, 1 + 2 + 1);
  assert_int_equal(layout.n_sets, 2);
  check_set(&layout, 0, 1, 3, 2); /* bias, columns */
  check_set(&layout, 1, 2, 4, 3); /* rows, output 0, output 1 */
  check_copies(&layout.tensors[0], 1, 0, 1, 0, 1, 1);
  check_copies(&layout.tensors[1], NONE, 1, 1, 2);
  check_copies(&layout.tensors[2], 0, 0, 1, NONE);
  assert_int_equal(wlaw_network_dimension(&layout), 12 + 8 + 3);
}

static void one_layer(void **state) {
  (void)state;
  const size_t width[] = {5, 3};
  network_layout layout = layout_of(shape_of(1, width, false, SIDE_LABELLED, SIDE_LABELLED));
  assert_int_equal(layout.trivial, 15);
  assert_int_equal(layout.n_sets, 0);
  assert_int_equal(layout.n_entries, 0);
  layout = layout_of(shape_of(1, width, true, SIDE_LABELLED, SIDE_EXCHANGEABLE));
  assert_int_equal(layout.trivial, 5 + 1);
  assert_int_equal(layout.n_sets, 1);
  check_set(&layout, 0, 1, 3, 5 + 1);
  layout = layout_of(shape_of(1, width, true, SIDE_OMITTED, SIDE_EXCHANGEABLE)); /* a bias alone */
  assert_int_equal(layout.n_tensors, 1);
  check_copies(&layout.tensors[0], 0, 0, 1, NONE);
}

/* trivial + sum copies (width - 1) + sum (rows - 1)(cols - 1) is the number of weights, whatever the shape. */
static void dimensions_add_up(void **state) {
  (void)state;
  static const size_t widths[][4] = {{2, 3, 4, 2}, {1, 1, 1, 1}, {1, 5, 1, 3}, {7, 1, 2, 9}, {30, 4, 4, 10}};
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
    for (size_t layers = 1; layers <= 3; layers++)
      for (unsigned biases = 0; biases < 8; biases++)
        for (int in = SIDE_EXCHANGEABLE; in <= SIDE_OMITTED; in++)
          for (int out = SIDE_EXCHANGEABLE; out <= SIDE_LABELLED; out++) {
            network_shape shape = shape_of(layers, widths[w], false, (network_side)in, (network_side)out);
            for (size_t l = 0; l < layers; l++) shape.bias[l] = biases >> l & 1;
            network_layout layout;
            if (wlaw_network_layout(&layout, &shape, NULL) != WLAW_OK) {
              assert_true(layers == 1 && in == SIDE_OMITTED && !shape.bias[0]);
              continue;
            }
            size_t parts = layout.trivial, weights = 0;
            for (size_t s = 0; s < layout.n_sets; s++) parts += layout.sets[s].copies * (layout.sets[s].width - 1);
            for (size_t t = 0; t < layout.n_tensors; t++) {
              const network_tensor *k = &layout.tensors[t];
              weights += k->rows * k->cols;
              if (k->entries != NETWORK_NONE) parts += (k->rows - 1) * (k->cols - 1);
              for (size_t i = 0; i < k->n_trivial; i++)
                assert_int_equal(wlaw_network_trivial_tensor(&layout, k->trivial + i), t);
              for (size_t c = 0; c < k->n_row_copies; c++)
                assert_int_equal(wlaw_network_copy_tensor(&layout, k->row_set, k->row_copy + c), t);
              for (size_t c = 0; c < k->n_column_copies; c++)
                assert_int_equal(wlaw_network_copy_tensor(&layout, k->column_set, k->column_copy + c), t);
            }
            assert_int_equal(parts, weights);
            assert_int_equal(wlaw_network_dimension(&layout), weights);
          }
}

static void check_trivial_name(const network_layout *layout, const char *const *names, size_t i, const char *want) {
  char got[300];
  wlaw_network_trivial_name(got, sizeof got, layout, names, i);
  assert_string_equal(got, want);
}

static void check_copy_name(const network_layout *layout, const char *const *names, size_t s, size_t c,
                            const char *want, const char *want_key) {
  char got[300];
  wlaw_network_copy_name(got, sizeof got, layout, names, s, c);
  assert_string_equal(got, want);
  wlaw_network_copy_key(got, sizeof got, layout, s, c);
  assert_string_equal(got, want_key);
}

static void names(void **state) {
  (void)state;
  network_layout layout = layout_of(shape_of(3, small, true, SIDE_LABELLED, SIDE_LABELLED));
  const char *const own[] = {"fc1.weight", "fc2.weight", "head", "b1", NULL, "b3"};
  check_trivial_name(&layout, NULL, 1, "layer1.weight, input 1");
  check_trivial_name(&layout, own, 2, "fc2.weight");
  check_trivial_name(&layout, own, 4, "head, output 1");
  check_trivial_name(&layout, own, 6, "layer2.bias");
  check_trivial_name(&layout, NULL, 8, "layer3.bias, output 1");
  check_copy_name(&layout, NULL, 0, 1, "layer1.weight from input 1", "input 1");
  check_copy_name(&layout, own, 0, 2, "b1", "bias");
  check_copy_name(&layout, own, 0, 3, "columns of fc2.weight", "columns");
  check_copy_name(&layout, NULL, 1, 0, "rows of layer2.weight", "rows");
  check_copy_name(&layout, NULL, 1, 1, "layer2.bias", "bias");
  check_copy_name(&layout, own, 1, 3, "head to output 1", "output 1");
  layout = layout_of(shape_of(1, small, false, SIDE_LABELLED, SIDE_LABELLED));
  check_trivial_name(&layout, NULL, 3, "layer1.weight, output 1, input 1");
}

static void layouts_are_compared(void **state) {
  (void)state;
  const network_shape shape = shape_of(3, small, true, SIDE_LABELLED, SIDE_LABELLED);
  const network_layout layout = layout_of(shape);
  network_shape others[] = {shape, shape, shape, shape, shape};
  others[0].width[2] = 5;
  others[1].bias[1] = false;
  others[2].input = SIDE_EXCHANGEABLE;
  others[3].output = SIDE_EXCHANGEABLE;
  others[4].layers = 2;
  assert_true(wlaw_network_layout_equal(&layout, &layout));
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    const network_layout other = layout_of(others[k]);
    assert_false(wlaw_network_layout_equal(&layout, &other));
  }
}

static void refusals(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  network_layout layout;
  network_shape shape = shape_of(3, small, true, SIDE_LABELLED, SIDE_LABELLED);
  shape.layers = 0;
  check_status(wlaw_network_layout(&layout, &shape, err), WLAW_SHAPE);
  shape.layers = NETWORK_LAYERS + 1;
  check_status(wlaw_network_layout(&layout, &shape, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "65 layers"));
  shape = shape_of(3, small, true, SIDE_LABELLED, SIDE_LABELLED);
  shape.width[2] = 0;
  check_status(wlaw_network_layout(&layout, &shape, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "set 2"));
  shape = shape_of(1, small, false, SIDE_OMITTED, SIDE_LABELLED);
  check_status(wlaw_network_layout(&layout, &shape, err), WLAW_SHAPE);
  /* products and squares that overflow, one by one */
  const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 33};
  for (size_t k = 0; k < sizeof huge / sizeof *huge; k++)
    for (size_t set = 0; set <= 3; set++)
      for (int side = SIDE_EXCHANGEABLE; side <= SIDE_LABELLED; side++) {
        shape = shape_of(3, small, true, (network_side)side, (network_side)side);
        shape.width[set] = huge[k];
        const wlaw_status status = wlaw_network_layout(&layout, &shape, err);
        /* 2^33 labelled nodes have covariances of 2^66 numbers; exchangeable ones can be in memory */
        if (k < 2 || (side == SIDE_LABELLED && (set == 0 || set == 3))) assert_int_equal(status, WLAW_LIMIT);
        else assert_int_equal(status, WLAW_OK);
      }
  /* each countable, but not what is made of them */
  shape = shape_of(3, small, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE);
  shape.width[1] = shape.width[2] = (size_t)1 << 27;
  check_status(wlaw_network_layout(&layout, &shape, err), WLAW_LIMIT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_exchangeable),     cmocka_unit_test(labelled_sides),
      cmocka_unit_test(omitted_inputs),       cmocka_unit_test(one_layer),
      cmocka_unit_test(dimensions_add_up),    cmocka_unit_test(names),
      cmocka_unit_test(layouts_are_compared), cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests_name("measure.network_layout", tests, NULL, NULL);
}
