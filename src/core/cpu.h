/* Which compiled set of inner kernels this processor can run. Files named *_kernels.c are compiled once per level. */
#ifndef WLAW_CORE_CPU_H
#define WLAW_CORE_CPU_H

typedef enum cpu_level { CPU_BASELINE, CPU_V3, CPU_V4, CPU_LEVELS } cpu_level; /* x86-64, -v3 (AVX2), -v4 (AVX-512) */

cpu_level wlaw_cpu_level(void);
const char *wlaw_cpu_level_name(cpu_level level); /* "baseline", "x86-64-v3", "x86-64-v4" */

#endif
