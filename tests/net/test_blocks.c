/* The order of a batch by its zeros. */
#include "net/blocks.h"

#include "net/net_support.h"

enum { N = 300, FEATURES = 70 };

/* Every sample of a batch stays in it once; keys ascend, equal ones in their old order. */
static void order_keeps_every_sample(void **state) {
  (void)state;
  wlaw_dataset data = random_dataset(FEATURES, 3, N, 2, true);
  const size_t words = wlaw_block_words(80);
  uint64_t *blocks = NULL;
  uint8_t *keys = NULL;
  uint32_t order[N], room[N], place[N];
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_blocks_find(&blocks, &data.train, FEATURES, 80, err));
  check_ok(wlaw_blocks_keys(&keys, blocks, N, words, err));
  for (uint32_t i = 0; i < N; i++) {
    order[i] = (i * 7 + 3) % N;
    place[order[i]] = i;
  }
  wlaw_blocks_order(order, N, keys, room);
  bool seen[N] = {false};
  for (size_t i = 0; i < N; i++) {
    assert_true(order[i] < N && !seen[order[i]]);
    seen[order[i]] = true;
    if (i == 0) continue;
    assert_true(keys[order[i - 1]] <= keys[order[i]]);
    if (keys[order[i - 1]] == keys[order[i]]) assert_true(place[order[i - 1]] < place[order[i]]);
  }
  free(blocks);
  free(keys);
  wlaw_error_free(err);
  free_dataset(&data);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(order_keeps_every_sample)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
