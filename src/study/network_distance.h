/* The distance between two laws of whole networks, with its noise floor and its jackknife error. No files here. */
#ifndef WLAW_STUDY_NETWORK_DISTANCE_H
#define WLAW_STUDY_NETWORK_DISTANCE_H

#include "study/distance.h"
#include "study/network_study.h"

/* One side: a law, and what it was fitted to. */
typedef struct network_distance_side {
  const network_gaussian *law;
  const network_sample *sample; /* with groups; NULL: the networks are not at hand */
  size_t fitted;                /* networks; 0: the law is exact */
} network_distance_side;

typedef struct network_distance {
  distance_numbers numbers;
  size_t groups[2];              /* of the jackknife, of each side; 0: none */
  double parts[1 + BLOCKS_MOST]; /* of the mean and each block; they add up to squared */
} network_distance;

/* Both of one layout. paired: the same networks on both sides, in one order; then the bias is the jackknife's over
 * groups of networks, otherwise the sum of both floors; so is the standard error always. Groups may differ in size by
 * one network: they are weighed as Busing, Meijer and van der Leeden (1999), DOI 10.1023/A:1008800423698. */
wlaw_status wlaw_network_study_distance(network_distance *out, const network_distance_side *a,
                                        const network_distance_side *b, bool paired, unsigned threads,
                                        wlaw_monitor *monitor, wlaw_error *err);

#endif
