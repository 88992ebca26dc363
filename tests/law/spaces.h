/* The laws of symmetric, antisymmetric and zero-diagonal matrices by brute force: every parameter as the expectation of
 * a quadratic form, [D^2, D^2], written from the definitions of docs/laws, and an orthonormal basis of the space. */
#ifndef TESTS_LAW_SPACES_H
#define TESTS_LAW_SPACES_H

#include "law/dense.h"
#include "law/space.h"
#include "support/moments.h"

enum { FORMS_MOST = 9 };

static const law_ops *const relatives[] = {&wlaw_law_symmetric, &wlaw_law_symmetric_zero_diagonal,
                                           &wlaw_law_zero_diagonal, &wlaw_law_antisymmetric};
enum { RELATIVES = sizeof relatives / sizeof *relatives };

static inline bool is_even(const law_ops *law) {
  return law == &wlaw_law_symmetric || law == &wlaw_law_symmetric_zero_diagonal;
}
static inline bool is_hollow(const law_ops *law) { return law != &wlaw_law_symmetric; }

/* The matrix of the space nearest to M. */
static inline void into_space(double *M, const law_ops *law, size_t D) {
  const double sign = law == &wlaw_law_antisymmetric ? -1 : 1;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j <= i; j++) {
      const double mean = (M[i * D + j] + sign * M[j * D + i]) / 2;
      if (law == &wlaw_law_zero_diagonal && i != j) continue;
      M[i * D + j] = is_hollow(law) && i == j ? 0 : mean;
      M[j * D + i] = sign * M[i * D + j];
      if (i == j) M[i * D + i] = is_hollow(law) ? 0 : mean;
    }
}

/* What a law is made of at one size: linear forms of its trivial copies, and of the D coordinates of its standard ones,
 * each a matrix of the space with which M is multiplied entry by entry and summed. */
typedef struct space_forms {
  size_t D, size, trivial, standard;
  double trivially[2][DENSE_MOST];
  double standardly[2][6][DENSE_MOST];
  /* Quadratic forms, one a parameter, in the order of the packed parameters; means come first, as linear forms. */
  size_t means, parameters;
  double form[FORMS_MOST][DENSE_MOST * DENSE_MOST];
  double dimension[FORMS_MOST]; /* directions each averages over */
  bool mixed[FORMS_MOST];       /* of two different copies */
  size_t basis_size;
  double basis[DENSE_MOST][DENSE_MOST]; /* orthonormal matrices of the space */
} space_forms;

static inline void add_basis(space_forms *f, const law_ops *law, size_t i, size_t j) {
  double M[DENSE_MOST] = {0}, square = 0;
  M[i * f->D + j] = 1;
  into_space(M, law, f->D);
  for (size_t e = 0; e < f->size; e++) square += M[e] * M[e];
  if (square == 0) return;
  for (size_t e = 0; e < f->size; e++) f->basis[f->basis_size][e] = M[e] / sqrt(square);
  f->basis_size++;
}

/* kind: 'p' (x + y) / sqrt(2 D), 'd' the diagonal copy, 's' (x + y) / sqrt(2 (D - 2)), 'a' (y - x) / sqrt(2 D). */
static inline void add_standard_copy(space_forms *f, const law_ops *law, char kind) {
  const double n = (double)f->D;
  for (size_t k = 0; k < f->D; k++) {
    double *M = f->standardly[f->standard][k];
    memset(M, 0, f->size * sizeof *M);
    for (size_t i = 0; i < f->D; i++)
      for (size_t j = 0; j < f->D; j++) {
        const double x = (k == j) - 1 / n, y = (k == i) - 1 / n, z = i == j ? (k == i) - 1 / n : 0;
        M[i * f->D + j] = kind == 'p'   ? (x + y) / sqrt(2 * n)
                          : kind == 's' ? (x + y) / sqrt(2 * (n - 2))
                          : kind == 'a' ? (y - x) / sqrt(2 * n)
                                        : sqrt(n / (n - 2)) * (z - x / n - y / n);
      }
    into_space(M, law, f->D);
  }
  f->standard++;
}

static inline void add_forms(space_forms *f, double A[][DENSE_MOST], double B[][DENSE_MOST], size_t n,
                             double dimension) {
  double *out = f->form[f->parameters];
  memset(out, 0, sizeof f->form[0]);
  for (size_t k = 0; k < n; k++)
    for (size_t e = 0; e < f->size; e++)
      for (size_t g = 0; g < f->size; g++)
        out[e * f->size + g] += (A[k][e] * B[k][g] + B[k][e] * A[k][g]) / 2 / dimension;
  f->mixed[f->parameters] = A != B;
  f->dimension[f->parameters++] = dimension;
}

/* The projector on symmetric (sign 1) or antisymmetric matrices of the space, less the copies there, over its rank. */
static inline void add_rest(space_forms *f, const law_ops *law, double sign, double dimension) {
  double *out = f->form[f->parameters];
  const size_t D = f->D;
  if (dimension <= 0) return;
  memset(out, 0, sizeof f->form[0]);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      if (is_hollow(law) && i == j) continue;
      out[(i * D + j) * f->size + i * D + j] += 0.5 / dimension;
      out[(i * D + j) * f->size + j * D + i] += sign * 0.5 / dimension;
    }
  for (size_t a = 0; a < f->trivial && sign > 0; a++)
    for (size_t e = 0; e < f->size; e++)
      for (size_t g = 0; g < f->size; g++) out[e * f->size + g] -= f->trivially[a][e] * f->trivially[a][g] / dimension;
  for (size_t a = 0; a < f->standard; a++) {
    const double *first = f->standardly[a][0];
    double even = 0; /* is this copy of symmetric matrices? */
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < D; j++) even += first[i * D + j] * first[j * D + i];
    if (!(even * sign > 0)) continue;
    for (size_t k = 0; k < D; k++)
      for (size_t e = 0; e < f->size; e++)
        for (size_t g = 0; g < f->size; g++)
          out[e * f->size + g] -= f->standardly[a][k][e] * f->standardly[a][k][g] / dimension;
  }
  f->dimension[f->parameters++] = dimension;
}

static inline void make_forms(space_forms *f, const law_ops *law, size_t D) {
  const double n = (double)D;
  memset(f, 0, sizeof *f);
  f->D = D;
  f->size = D * D;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++)
      if (law == &wlaw_law_zero_diagonal || j <= i) add_basis(f, law, i, j);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      if (law == &wlaw_law_symmetric) f->trivially[0][i * D + j] = 1 / n;
      if (law == &wlaw_law_symmetric && D > 1) f->trivially[1][i * D + j] = ((i == j) - 1 / n) / sqrt(n - 1);
      if (is_hollow(law) && i != j) f->trivially[0][i * D + j] = 1 / sqrt(n * (n - 1));
    }
  f->trivial = law == &wlaw_law_antisymmetric ? 0 : law == &wlaw_law_symmetric && D > 1 ? 2 : 1;
  if (law == &wlaw_law_symmetric && D > 1) add_standard_copy(f, law, 'p');
  if (law == &wlaw_law_symmetric && D > 2) add_standard_copy(f, law, 'd');
  if (law == &wlaw_law_symmetric_zero_diagonal && D > 2) add_standard_copy(f, law, 's');
  if (law == &wlaw_law_zero_diagonal && D > 2) add_standard_copy(f, law, 's');
  if (!is_even(law)) add_standard_copy(f, law, 'a');
  f->means = f->parameters = f->trivial;
  for (size_t a = 0; a < f->trivial; a++)
    for (size_t b = a; b < f->trivial; b++) add_forms(f, &f->trivially[a], &f->trivially[b], 1, 1);
  for (size_t a = 0; a < f->standard; a++)
    for (size_t b = a; b < f->standard; b++) add_forms(f, f->standardly[a], f->standardly[b], D, n - 1);
  if (law != &wlaw_law_antisymmetric) add_rest(f, law, 1, n * (n - 3) / 2);
  if (!is_even(law)) add_rest(f, law, -1, (n - 1) * (n - 2) / 2);
}

/* sum_ef C[e, f] form[e, f] */
static inline double form_value(const space_forms *f, size_t k, const double *C) {
  double sum = 0;
  for (size_t e = 0; e < f->size * f->size; e++) sum += f->form[k][e] * C[e];
  return sum;
}

/* The covariance of the entries under a law with these packed parameters. */
static inline void form_covariance(double *C, const space_forms *f, const double *packed) {
  memset(C, 0, f->size * f->size * sizeof *C);
  for (size_t k = f->means; k < f->parameters; k++)
    for (size_t e = 0; e < f->size * f->size; e++)
      C[e] += packed[k] * f->dimension[k] * (f->mixed[k] ? 2 : 1) * f->form[k][e];
}

/* The same distribution in coordinates of the basis, where it has a density. */
static inline void reduce(dense_law *out, const space_forms *f, const dense_law *in) {
  static double half[DENSE_MOST * DENSE_MOST];
  const size_t d = f->basis_size;
  memset(out, 0, sizeof *out);
  out->size = d;
  for (size_t a = 0; a < d; a++)
    for (size_t e = 0; e < f->size; e++) {
      out->mean[a] += f->basis[a][e] * in->mean[e];
      half[a * f->size + e] = 0;
      for (size_t g = 0; g < f->size; g++) half[a * f->size + e] += f->basis[a][g] * in->covariance[g * f->size + e];
    }
  for (size_t a = 0; a < d; a++)
    for (size_t b = 0; b < d; b++)
      for (size_t e = 0; e < f->size; e++) out->covariance[a * d + b] += half[a * f->size + e] * f->basis[b][e];
}

/* Is there such a law at this size? One entry that is zero is nothing. */
static inline bool exists(const law_ops *law, size_t D) { return D > 1 || !is_hollow(law); }

#endif
