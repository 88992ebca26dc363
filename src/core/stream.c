#include "core/stream.h"

#include <math.h>
#include <stdbool.h>

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#endif
#include <Random123/philox.h>
#if defined(__clang__)
#pragma clang diagnostic pop
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

wlaw_stream wlaw_stream_start(uint64_t seed, stream_purpose purpose, uint32_t major, uint32_t minor) {
  return (wlaw_stream){
      .key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .counter = {0, minor, major, (uint32_t)purpose}, .used = 4};
}

static void next_block(wlaw_stream *stream) {
  const philox4x32_ctr_t counter = {{stream->counter[0], stream->counter[1], stream->counter[2], stream->counter[3]}};
  const philox4x32_key_t key = {{stream->key[0], stream->key[1]}};
  const philox4x32_ctr_t random = philox4x32(counter, key);
  for (int i = 0; i < 4; i++) stream->block[i] = random.v[i];
  stream->counter[0]++;
  stream->used = 0;
}

uint32_t wlaw_stream_u32(wlaw_stream *stream) {
  if (stream->used >= 4) next_block(stream);
  return stream->block[stream->used++];
}

uint64_t wlaw_stream_u64(wlaw_stream *stream) {
  const uint64_t low = wlaw_stream_u32(stream);
  return low | (uint64_t)wlaw_stream_u32(stream) << 32;
}

uint32_t wlaw_stream_below(wlaw_stream *stream, uint32_t bound) {
  uint64_t product = (uint64_t)wlaw_stream_u32(stream) * bound;
  uint32_t low = (uint32_t)product;
  if (low < bound) {
    const uint32_t reject = (uint32_t)(-bound) % bound;
    while (low < reject) {
      product = (uint64_t)wlaw_stream_u32(stream) * bound;
      low = (uint32_t)product;
    }
  }
  return (uint32_t)(product >> 32);
}

double wlaw_stream_uniform(wlaw_stream *stream) { return (double)(wlaw_stream_u64(stream) >> 11) * 0x1p-53; }

double wlaw_stream_open(wlaw_stream *stream) { return ((double)(wlaw_stream_u64(stream) >> 12) + 0.5) * 0x1p-52; }

void wlaw_stream_normals(wlaw_stream *stream, double *out, size_t n) {
  for (size_t i = 0; i < n; i += 2) {
    const double radius = sqrt(-2.0 * log(wlaw_stream_open(stream)));
    const double angle = 2.0 * 3.14159265358979323846 * wlaw_stream_uniform(stream);
    out[i] = radius * cos(angle);
    if (i + 1 < n) out[i + 1] = radius * sin(angle);
  }
}

double wlaw_stream_gamma(wlaw_stream *stream, double shape) {
  if (shape < 1.0) {
    const double scale = pow(wlaw_stream_open(stream), 1.0 / shape);
    return wlaw_stream_gamma(stream, shape + 1.0) * scale;
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
  for (;;) {
    double x;
    wlaw_stream_normals(stream, &x, 1);
    const double base = 1.0 + c * x;
    if (base <= 0.0) continue;
    const double v = base * base * base;
    if (log(wlaw_stream_open(stream)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}

void wlaw_stream_shuffle(wlaw_stream *stream, uint32_t *order, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  for (uint32_t left = n; left > 1; left--) {
    const uint32_t pick = wlaw_stream_below(stream, left);
    const uint32_t moved = order[left - 1];
    order[left - 1] = order[pick];
    order[pick] = moved;
  }
}
