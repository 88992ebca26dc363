/* epoch-NNNN.safetensors: each layer stacked over networks. */
#ifndef WLAW_STUDY_SNAPSHOT_H
#define WLAW_STUDY_SNAPSHOT_H

#include "study/train_plan.h"

/* layerK.weight [networks, out, in] and layerK.bias [networks, out] of the layers the plan keeps, as f32; of networks
 * with node variances layerK.node_variance [networks, in] as f64, where the weights still have them (docs).
 * blocks: [networks, floats], in the layout of the trainer `with`. */
wlaw_status wlaw_snapshot_write(const char *folder, uint64_t epoch, const trainer *with, const train_plan *plan,
                                const float *blocks, size_t floats, wlaw_error *err);

#endif
