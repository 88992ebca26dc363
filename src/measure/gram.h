/* W'W or WW' of a matrix of weights, whichever is smaller. */
#ifndef WLAW_MEASURE_GRAM_H
#define WLAW_MEASURE_GRAM_H

#include "measure/weight_source.h"

/* gram: [n, n] row-major, n = min(rows, cols); its upper triangle is filled with the product of scale W in double. The
 * long side is streamed: besides gram, blocks of a fixed size are held. The same bytes at any number of threads. */
wlaw_status wlaw_gram(double *gram, const weight_source *source, double scale, unsigned threads, wlaw_monitor *monitor,
                      wlaw_error *err);

#endif
