/* Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, DOI 10.1145/2063384.2063405) from Random123.
 * A value is a function of (seed, purpose, major, minor, position): no state to save, the same on any number of
 * threads. */
#ifndef WLAW_CORE_STREAM_H
#define WLAW_CORE_STREAM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for. Numbers are part of the file format (same seed, same bytes): never renumber, only append. */
typedef enum stream_purpose {
  STREAM_INIT = 1,      /* initial weights: major = network, minor = layer (STREAM_SHARED: all layers) */
  STREAM_SHUFFLE = 2,   /* order of samples: major = network (STREAM_SHARED: all networks), minor = epoch */
  STREAM_TEACHER = 3,   /* synthetic data: major = sample or layer, minor = what */
  STREAM_DRAW = 4,      /* wlaw_law_draw: major, minor = the halves of the matrix number */
  STREAM_NULL = 5,      /* simulated null laws: major = replicate */
  STREAM_TEST = 6,      /* tests only */
  STREAM_DEPARTURE = 7, /* ensembles drawn from a fitted law: major = replicate, minor = network */
  STREAM_SPECTRUM = 8,  /* start vectors of Lanczos' method: major = vector; STREAM_SHARED: random order of entries */
  STREAM_BOOTSTRAP = 9, /* samples like the one at hand: major = replicate */
  STREAM_LIMIT = 10,    /* networks of infinite width: major, minor = the halves of the draw's number */
  STREAM_FINITE = 11,   /* networks of finite width beside them: the same */
  STREAM_NODES = 12,    /* node variances of initial networks: major = network, minor = layer */
  STREAM_REDRAW = 13    /* networks drawn from fits and trained: major = network, minor = which fit */
} stream_purpose;

#define STREAM_SHARED UINT32_MAX

typedef struct wlaw_stream {
  uint32_t key[2];     /* the seed */
  uint32_t counter[4]; /* position in blocks of four words, minor, major, purpose */
  uint32_t block[4];
  unsigned used; /* words of block handed out; 4: none left */
} wlaw_stream;

/* A stream at its beginning: 2^32 blocks, 1.7e10 words. */
wlaw_stream wlaw_stream_start(uint64_t seed, stream_purpose purpose, uint32_t major, uint32_t minor);

uint32_t wlaw_stream_u32(wlaw_stream *stream);
uint64_t wlaw_stream_u64(wlaw_stream *stream);
/* Uniform integer in [0, bound), bound >= 1, without bias (Lemire 2019, DOI 10.1145/3230636). */
uint32_t wlaw_stream_below(wlaw_stream *stream, uint32_t bound);
/* Uniform on [0, 1): multiples of 2^-53. */
double wlaw_stream_uniform(wlaw_stream *stream);
/* Uniform on (0, 1): odd multiples of 2^-53; neither end can come. */
double wlaw_stream_open(wlaw_stream *stream);
/* n standard normals (Box-Muller on (0, 1) x [0, 1)); |value| <= 8.6. Always consumes 4 words for each started pair. */
void wlaw_stream_normals(wlaw_stream *stream, double *out, size_t n);
/* Gamma(shape, 1), shape > 0 (Marsaglia and Tsang 2000, DOI 10.1145/358407.358414). */
double wlaw_stream_gamma(wlaw_stream *stream, double shape);
/* A permutation of 0 .. n-1 (Fisher-Yates). */
void wlaw_stream_shuffle(wlaw_stream *stream, uint32_t *order, uint32_t n);

#endif
