/* Sums over indices as set partitions of the ends of edges: end 2e is the row index of edge e, end 2e + 1 its column
 * index, ends in one block carry the same index, and every block is summed over. What a Gaussian law does to such a sum
 * (take an edge's mean, pair two edges, pass an edge through the covariance) joins blocks and removes ends; a block
 * without ends left is a factor, the size of its index set. Partitions that differ by the order of edges alone are one
 * class. */
#ifndef WLAW_LAW_PARTITION_H
#define WLAW_LAW_PARTITION_H

#include "law/delta.h"
#include "math/graph.h"

/* Hexadecimal digit p: the block of end p, blocks numbered by first appearance. */
typedef uint64_t partition;

partition wlaw_partition_of_graph(const graph *g);
/* Edge e replaced by its mean: one of the two diagrams (1: its indices made equal). closed: blocks that lost their last
 * end, rows and columns. */
partition wlaw_partition_mean(partition p, size_t n_edges, size_t e, size_t diagram, uint8_t closed[2]);
/* Edges e < f replaced by one of the 15 diagrams of their covariance. */
partition wlaw_partition_pair(partition p, size_t n_edges, size_t e, size_t f, size_t diagram, uint8_t closed[2]);
/* Edge e paired with a new edge by one of the 15 diagrams; the new one takes its place. */
partition wlaw_partition_pass(partition p, size_t n_edges, size_t e, size_t diagram, uint8_t closed[2]);
/* Numbers of blocks (rows, columns) when both partitions' equalities hold: of a block with both kinds, a row. */
void wlaw_partition_join(partition a, partition b, size_t n_edges, uint8_t blocks[2]);

/* Keys in order of arrival, and where each one is. */
typedef struct partition_map {
  partition *keys;
  uint32_t *slots; /* place + 1, 0: free */
  size_t count, room, n_slots;
} partition_map;

/* Place of p, added when it is new; false: out of memory. */
bool wlaw_partition_map_place(size_t *place, partition_map *map, partition p);
void wlaw_partition_map_clear(partition_map *map);
void wlaw_partition_map_free(partition_map *map);

/* Partitions of n_edges edges by class. */
typedef struct partition_class {
  size_t first, orbit; /* its partitions are keys first ... first + orbit - 1; the first stands for the class */
} partition_class;

typedef struct class_table {
  size_t n_edges;
  partition_map map;
  uint32_t *class_of; /* [map.room] */
  partition_class *classes;
  size_t count, room, class_of_room;
} class_table;

/* The class of p, added when it is new; false: out of memory. */
bool wlaw_class_find(size_t *which, class_table *table, partition p);
void wlaw_class_table_free(class_table *table);

#endif
