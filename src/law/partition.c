#include "law/partition.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { ENDS = 2 * GRAPH_EDGES, LABELS = 16 }; /* labels: of the ends and of a new edge's two */

static void unpack(uint8_t block[LABELS], partition p, size_t n) {
  for (size_t end = 0; end < n; end++) block[end] = p >> (4 * end) & 15;
}

static partition pack(const uint8_t *block, size_t n) {
  uint8_t number[LABELS] = {0}, blocks = 0;
  partition p = 0;
  for (size_t end = 0; end < n; end++) {
    uint8_t *own = &number[block[end]];
    if (*own == 0) *own = ++blocks;
    p |= (partition)(*own - 1) << (4 * end);
  }
  return p;
}

partition wlaw_partition_of_graph(const graph *g) {
  uint8_t block[LABELS];
  for (size_t e = 0; e < g->n_edges; e++) {
    block[2 * e] = g->edges[e].from;
    block[2 * e + 1] = g->edges[e].to;
  }
  return pack(block, 2 * (size_t)g->n_edges);
}

/* Makes the blocks of ends[a] and ends[b] one where the diagram has them in one. */
static void join_ends(uint8_t block[LABELS], size_t n, const size_t *ends, size_t n_ends,
                      const unsigned char *diagram) {
  for (size_t b = 1; b < n_ends; b++)
    for (size_t a = 0; a < b; a++) {
      if (diagram[a] != diagram[b]) continue;
      const uint8_t old = block[ends[b]], joined = block[ends[a]];
      if (old != joined)
        for (size_t end = 0; end < n; end++) block[end] = block[end] == old ? joined : block[end];
      break;
    }
}

/* Counts the blocks all of whose ends are among the ones removed, each by the kind of its first such end. */
static void count_closed(uint8_t closed[2], const uint8_t block[LABELS], size_t n, const size_t *ends, size_t n_ends) {
  unsigned kept = 0, removed = 0;
  closed[0] = closed[1] = 0;
  for (size_t a = 0; a < n_ends; a++) removed |= 1u << ends[a];
  for (size_t end = 0; end < n; end++)
    if (!(removed >> end & 1)) kept |= 1u << block[end];
  for (size_t a = 0; a < n_ends; a++) {
    const unsigned own = 1u << block[ends[a]];
    if (!(kept & own)) closed[ends[a] & 1]++;
    kept |= own;
  }
}

static partition remove_edges(const uint8_t block[LABELS], size_t n_edges, size_t e, size_t f) {
  uint8_t left[LABELS];
  size_t n = 0;
  for (size_t d = 0; d < n_edges; d++)
    if (d != e && d != f) {
      left[n++] = block[2 * d];
      left[n++] = block[2 * d + 1];
    }
  return pack(left, n);
}

partition wlaw_partition_mean(partition p, size_t n_edges, size_t e, size_t diagram, uint8_t closed[2]) {
  static const unsigned char equal[2] = {0, 0};
  const size_t ends[2] = {2 * e, 2 * e + 1};
  uint8_t block[LABELS];
  unpack(block, p, 2 * n_edges);
  if (diagram == 1) join_ends(block, 2 * n_edges, ends, 2, equal);
  count_closed(closed, block, 2 * n_edges, ends, 2);
  return remove_edges(block, n_edges, e, e);
}

partition wlaw_partition_pair(partition p, size_t n_edges, size_t e, size_t f, size_t diagram, uint8_t closed[2]) {
  const size_t ends[4] = {2 * e, 2 * e + 1, 2 * f, 2 * f + 1};
  uint8_t block[LABELS];
  unpack(block, p, 2 * n_edges);
  join_ends(block, 2 * n_edges, ends, 4, wlaw_delta_diagrams[diagram]);
  count_closed(closed, block, 2 * n_edges, ends, 4);
  return remove_edges(block, n_edges, e, f);
}

partition wlaw_partition_pass(partition p, size_t n_edges, size_t e, size_t diagram, uint8_t closed[2]) {
  const size_t n = 2 * n_edges, ends[4] = {2 * e, 2 * e + 1, n, n + 1};
  uint8_t block[LABELS];
  unpack(block, p, n);
  block[n] = LABELS - 2;
  block[n + 1] = LABELS - 1;
  join_ends(block, n + 2, ends, 4, wlaw_delta_diagrams[diagram]);
  count_closed(closed, block, n + 2, ends, 2);
  block[2 * e] = block[n];
  block[2 * e + 1] = block[n + 1];
  return pack(block, n);
}

void wlaw_partition_join(partition a, partition b, size_t n_edges, uint8_t blocks[2]) {
  uint16_t members[LABELS] = {0};
  size_t count = 0;
  for (size_t end = 0; end < 2 * n_edges; end++) members[a >> (4 * end) & 15] |= (uint16_t)(1u << end);
  while (count < LABELS && members[count]) count++;
  uint16_t other[LABELS] = {0};
  for (size_t end = 0; end < 2 * n_edges; end++) other[b >> (4 * end) & 15] |= (uint16_t)(1u << end);
  for (size_t k = 0; k < LABELS && other[k]; k++) {
    size_t kept = 0;
    uint16_t joined = 0;
    for (size_t c = 0; c < count; c++) {
      if (members[c] & other[k]) joined |= members[c];
      else members[kept++] = members[c];
    }
    members[kept] = joined;
    count = kept + 1;
  }
  blocks[0] = blocks[1] = 0;
  for (size_t c = 0; c < count; c++) blocks[!(members[c] & 0x5555u)]++;
}

static size_t slot_of(const partition_map *map, partition p) {
  uint64_t hash = p * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio (Knuth 1998, section 6.4) */
  hash ^= hash >> 29;
  size_t at = (size_t)hash & (map->n_slots - 1);
  while (map->slots[at] && map->keys[map->slots[at] - 1] != p) at = (at + 1) & (map->n_slots - 1);
  return at;
}

static bool grow(partition_map *map) {
  const size_t room = map->room ? 2 * map->room : 64;
  partition *keys = wlaw_array(room, sizeof *keys);
  uint32_t *slots = wlaw_array(2 * room, sizeof *slots);
  if (!keys || !slots || room > UINT32_MAX / 2) {
    free(keys);
    free(slots);
    return false;
  }
  if (map->count) memcpy(keys, map->keys, map->count * sizeof *keys);
  wlaw_partition_map_free(&(partition_map){.keys = map->keys, .slots = map->slots});
  *map = (partition_map){.keys = keys, .slots = slots, .count = map->count, .room = room, .n_slots = 2 * room};
  for (size_t k = 0; k < map->count; k++) map->slots[slot_of(map, keys[k])] = (uint32_t)k + 1;
  return true;
}

bool wlaw_partition_map_place(size_t *place, partition_map *map, partition p) {
  if (map->count == map->room && !grow(map)) return false;
  const size_t at = slot_of(map, p);
  if (!map->slots[at]) {
    map->keys[map->count] = p;
    map->slots[at] = (uint32_t)++map->count;
  }
  *place = map->slots[at] - 1;
  return true;
}

void wlaw_partition_map_clear(partition_map *map) {
  if (map->count) memset(map->slots, 0, map->n_slots * sizeof *map->slots);
  map->count = 0;
}

void wlaw_partition_map_free(partition_map *map) {
  free(map->keys);
  free(map->slots);
  *map = (partition_map){0};
}

/* Notes the class of every key that has come. */
static bool note_class(class_table *table) {
  if (table->class_of_room < table->map.room) {
    uint32_t *wider = wlaw_array(table->map.room, sizeof *wider);
    if (!wider) return false;
    if (table->class_of_room) memcpy(wider, table->class_of, table->class_of_room * sizeof *wider);
    free(table->class_of);
    table->class_of = wider;
    table->class_of_room = table->map.room;
  }
  table->class_of[table->map.count - 1] = (uint32_t)table->count;
  return true;
}

/* Adds p with its edges in every order (Heap 1963, DOI 10.1093/comjnl/6.3.293). */
static bool add_orbit(class_table *table, partition p) {
  const size_t m = table->n_edges;
  size_t order[GRAPH_EDGES], turn[GRAPH_EDGES] = {0}, place;
  uint8_t block[LABELS], moved[LABELS];
  unpack(block, p, 2 * m);
  for (size_t e = 0; e < m; e++) order[e] = e;
  for (size_t level = 0;;) {
    for (size_t e = 0; e < m; e++) {
      moved[2 * e] = block[2 * order[e]];
      moved[2 * e + 1] = block[2 * order[e] + 1];
    }
    if (!wlaw_partition_map_place(&place, &table->map, pack(moved, 2 * m))) return false;
    if (place + 1 == table->map.count && !note_class(table)) return false;
    while (level < m && turn[level] >= level) turn[level++] = 0;
    if (level >= m) return true;
    const size_t with = level % 2 ? turn[level] : 0, held = order[with];
    order[with] = order[level];
    order[level] = held;
    turn[level]++;
    level = 0;
  }
}

bool wlaw_class_find(size_t *which, class_table *table, partition p) {
  size_t place;
  const size_t before = table->map.count;
  if (table->count == table->room) {
    const size_t room = table->room ? 2 * table->room : 16;
    partition_class *wider = wlaw_array(room, sizeof *wider);
    if (!wider) return false;
    if (table->count) memcpy(wider, table->classes, table->count * sizeof *wider);
    free(table->classes);
    table->classes = wider;
    table->room = room;
  }
  if (!wlaw_partition_map_place(&place, &table->map, p)) return false;
  if (place < before) {
    *which = table->class_of[place];
    return true;
  }
  if (!note_class(table) || !add_orbit(table, p)) return false;
  table->classes[table->count] = (partition_class){.first = before, .orbit = table->map.count - before};
  *which = table->count++;
  return true;
}

void wlaw_class_table_free(class_table *table) {
  wlaw_partition_map_free(&table->map);
  free(table->class_of);
  free(table->classes);
  *table = (class_table){0};
}
