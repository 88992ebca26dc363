/* Laws of whole networks with every covariance there is, at random. */
#ifndef TESTS_LAW_RANDOM_NETWORK_H
#define TESTS_LAW_RANDOM_NETWORK_H

#include "law/network.h"
#include "support/test.h"

/* a = A A' / n, A of normals. */
static inline void random_covariance(double *a, size_t n, wlaw_stream *stream) {
  double *A = calloc(n * n, sizeof *A);
  assert_non_null(A);
  wlaw_stream_normals(stream, A, n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      a[i * n + j] = 0;
      for (size_t k = 0; k < n; k++) a[i * n + j] += A[i * n + k] * A[j * n + k] / (double)n;
    }
  free(A);
}

static inline network_gaussian *random_network(const network_layout *layout, uint32_t seed) {
  network_gaussian *law;
  wlaw_stream stream = wlaw_stream_start(31, STREAM_TEST, seed, 0);
  assert_int_equal(wlaw_network_gaussian_new(&law, layout, NULL), WLAW_OK);
  wlaw_stream_normals(&stream, law->mean, layout->trivial);
  random_covariance(law->trivial, layout->trivial, &stream);
  for (size_t s = 0; s < layout->n_sets; s++) random_covariance(law->sets[s], layout->sets[s].copies, &stream);
  for (size_t e = 0; e < layout->n_entries; e++) random_covariance(&law->entries[e], 1, &stream);
  return law;
}

#endif
