#include "core/monitor.h"

#include <time.h>

#include "core/error.h"

uint64_t wlaw_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool wlaw_monitor_report(wlaw_monitor *monitor, double fraction) {
  if (!monitor) return false;
  if (monitor->cancelled || !monitor->call) return monitor->cancelled;
  const uint64_t now = wlaw_clock_ns();
  if (monitor->last_ns && now - monitor->last_ns < 100000000u) return false;
  monitor->last_ns = now;
  const double span = wlaw_monitor_span(monitor).span;
  const double shown = fraction < 0.0 ? fraction : monitor->from + span * (fraction < 1.0 ? fraction : 1.0);
  if (monitor->call(monitor->user, shown, monitor->what ? monitor->what : "")) monitor->cancelled = true;
  return monitor->cancelled;
}

monitor_span wlaw_monitor_span(const wlaw_monitor *monitor) {
  if (!monitor) return (monitor_span){0.0, 1.0};
  return (monitor_span){monitor->from, monitor->span > 0.0 ? monitor->span : 1.0};
}

void wlaw_monitor_stage(wlaw_monitor *monitor, const monitor_span *whole, double low, double high) {
  if (!monitor) return;
  monitor->from = whole->from + whole->span * low;
  monitor->span = whole->span * (high - low);
}

wlaw_status wlaw_fail_cancelled(wlaw_error *err) { return wlaw_fail(err, WLAW_CANCELLED, "interrupted"); }
