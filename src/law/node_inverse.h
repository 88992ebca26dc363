/* The inverse of rhobar where it has no closed form. */
#ifndef WLAW_LAW_NODE_INVERSE_H
#define WLAW_LAW_NODE_INVERSE_H

#include "law/node.h"

/* node_ops.jump of a law with tail and density, rhobar continuous and decreasing to 0 from infinity. start: best a
 * little above the answer, any number will do; one that is 0 is the answer. */
double wlaw_node_inverse(const wlaw_law *law, double t, double start);

#endif
