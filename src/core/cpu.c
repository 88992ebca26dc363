#include "core/cpu.h"

cpu_level wlaw_cpu_level(void) {
#if defined(__x86_64__)
  const int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                 __builtin_cpu_supports("bmi2");
  const int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vl");
  return v4 ? CPU_V4 : v3 ? CPU_V3 : CPU_BASELINE;
#else
  return CPU_BASELINE;
#endif
}

const char *wlaw_cpu_level_name(cpu_level level) {
  static const char *const names[CPU_LEVELS] = {"baseline", "x86-64-v3", "x86-64-v4"};
  return level < CPU_LEVELS ? names[level] : "?";
}
