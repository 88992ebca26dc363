#include "net/kernels.h"

extern const net_kernels wlaw_net_kernels_baseline;
#if defined(__x86_64__)
extern const net_kernels wlaw_net_kernels_v3, wlaw_net_kernels_v4;
#endif

const net_kernels *wlaw_net_kernels(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_net_kernels_v4;
  if (level == CPU_V3) return &wlaw_net_kernels_v3;
#endif
  (void)level;
  return &wlaw_net_kernels_baseline;
}
