/* Names and prototypes of the kernels at the level being compiled (-DWLAW_LEVEL=v4 gives wlaw_input_forward_v4, ...).
 */
#ifndef WLAW_NET_KERNEL_PARTS_H
#define WLAW_NET_KERNEL_PARTS_H

#include "net/kernels.h"

#define KERNEL_JOIN_(name, level) wlaw_##name##_##level
#define KERNEL_JOIN(name, level)  KERNEL_JOIN_(name, level)
#define KERNEL(name)              KERNEL_JOIN(name, WLAW_LEVEL)

/* block_kernels.c */
void KERNEL(list_samples)(uint32_t *lists, uint32_t *lengths, size_t list_stride, const input_batch *x);
/* input_kernels.c */
void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, float *scaled, size_t outputs, float scale,
                           const float *bias, const input_batch *x);
void KERNEL(fill_inputs)(const input_batch *x);
/* input_backward_kernels.c */
void KERNEL(input_backward)(const update_rule *rule, float *w, float *first, float *second, float *gradient,
                            const float *delta, size_t delta_stride, size_t outputs, const input_batch *x);
/* lane_kernels.c */
void KERNEL(lane_multiply)(float *out, const lane_product *product);
void KERNEL(lane_outer)(float *dw, const float *delta, const float *h, size_t outputs, size_t inputs, size_t columns,
                        size_t stride);
void KERNEL(row_sums)(float *db, const float *delta, size_t outputs, size_t columns, size_t stride);
/* function_kernels.c */
void KERNEL(scale_and_shift)(float *z, size_t rows, size_t samples, size_t columns, size_t stride, float scale,
                             const float *bias);
void KERNEL(activate)(float *h, const float *z, size_t rows, size_t columns, size_t stride, activation kind);
void KERNEL(activate_backward)(float *delta, const float *z, size_t rows, size_t columns, size_t stride,
                               activation kind);
void KERNEL(scale_rows)(float *x, const float *scale, size_t rows, size_t columns, size_t stride);
double KERNEL(loss)(float *delta, const float *z, const uint8_t *labels, size_t classes, size_t samples, size_t stride,
                    loss kind);
size_t KERNEL(score)(const float *z, const uint8_t *labels, const float *reference, size_t classes, size_t samples,
                     size_t stride, bool *finite, bool *constant);
/* update_kernels.c */
void KERNEL(update)(const update_rule *rule, float *w, float *first, float *second, const float *gradient, size_t n);

extern const net_kernels KERNEL(net_kernels);

#endif
