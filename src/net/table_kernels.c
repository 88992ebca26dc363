/* The table of one level. */
#include "net/kernel_parts.h"

const net_kernels KERNEL(net_kernels) = {
    .list_samples = KERNEL(list_samples),
    .input_forward = KERNEL(input_forward),
    .input_backward = KERNEL(input_backward),
    .lane_multiply = KERNEL(lane_multiply),
    .lane_outer = KERNEL(lane_outer),
    .row_sums = KERNEL(row_sums),
    .fill_inputs = KERNEL(fill_inputs),
    .scale_and_shift = KERNEL(scale_and_shift),
    .activate = KERNEL(activate),
    .activate_backward = KERNEL(activate_backward),
    .scale_rows = KERNEL(scale_rows),
    .loss = KERNEL(loss),
    .score = KERNEL(score),
    .update = KERNEL(update),
};
