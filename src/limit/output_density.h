/* Density and distribution function of one input's outputs at infinite width, for any node law. Known where the last
 * layer alone is random (any activation and biases), and for activations of degree 1 without biases at any depth. */
#ifndef WLAW_LIMIT_OUTPUT_DENSITY_H
#define WLAW_LIMIT_OUTPUT_DENSITY_H

#include "limit/random_kernel.h"

typedef struct output_density output_density;

/* *out NULL, and WLAW_OK: known by draws only; *reason says why. Takes some hundredths of a second. */
wlaw_status wlaw_output_density_new(output_density **out, const char **reason, const limit_network *network,
                                    double variance, wlaw_error *err);
void wlaw_output_density_free(output_density *density);
/* At z; the density is without the atom at 0, the distribution function P(Z <= z) with it. INFINITY at z = 0 where the
 * density has a pole. Errors of z times the density and of cdf: about 1e-11. */
void wlaw_output_density_at(const output_density *density, double z, double *value, double *cdf);

#endif
