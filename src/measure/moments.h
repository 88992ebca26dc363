/* Sufficient statistics of the Gaussian matrix laws, as one flat, pointer-free, mergeable accumulator.
 *
 * Each network's matrix M gives a short vector q. Square matrices (size D >= 2): 13 numbers in the basis of
 * irreducible components of R^D (x) R^D under the symmetric group S_D (r, c, d = row sums, column sums, diagonal):
 *     S1 = s / D, S2 = (t - s/D) / sqrt(D-1), S1^2, S1 S2, S2^2, v1.v1, v1.v2, v1.v3, v2.v2, v2.v3, v3.v3,
 *     |P2 M|^2, |P3 M|^2
 * with s = sum M, t = trace M, v1 = centred column sums / sqrt(D), v2 = centred row sums / sqrt(D),
 * v3 = sqrt(D/(D-2)) (centred diagonal - (column + row part) / D), P2 and P3 the symmetric and antisymmetric rest.
 * Other matrices (m x n, and 1 x 1): S = s / sqrt(mn), S^2, |row part|^2, |column part|^2, |rest|^2.
 *
 * All are taken of M minus a pivot (a number off every entry, another off the diagonal), usually the first network's
 * means: it moves S1 and S2 alone, and keeps the digits of an ensemble whose mean is many standard deviations.
 * The state holds count, mean and comoments of q: Chan, Golub and LeVeque (1983), DOI 10.1080/00031305.1983.10483115;
 * Pebay (2008), DOI 10.2172/1028931. Every fit, and its sandwich errors, follow from it. */
#ifndef WLAW_MEASURE_MOMENTS_H
#define WLAW_MEASURE_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cpu.h"
#include "weightlaw.h"

enum { MOMENTS_SQUARE = 13, MOMENTS_RECTANGLE = 5, MOMENTS_MOST = 13 };

/* Places in q. */
enum { Q_S1, Q_S2, Q_S1S1, Q_S1S2, Q_S2S2, Q_V11, Q_V12, Q_V13, Q_V22, Q_V23, Q_V33, Q_P2, Q_P3 };
enum { Q_S, Q_SS, Q_ROWS, Q_COLUMNS, Q_REST };

#define MOMENTS_NAME "matrix-moments/1"

typedef struct matrix_moments {
  char name[24]; /* MOMENTS_NAME: what saved bytes are */
  uint64_t rows, cols;
  uint64_t length; /* of q: 13 or 5 */
  uint64_t count;  /* networks */
  double pivot[2]; /* off every entry, off the diagonal besides (0 unless length is 13) */
  double mean[MOMENTS_MOST];
  double comoment[MOMENTS_MOST][MOMENTS_MOST]; /* sum over networks of (q - mean)(q - mean)', symmetric */
} matrix_moments;

/* Means of one matrix as a pivot: off the diagonal, and diagonal minus that. Zeros where the matrix is not finite. */
void wlaw_moments_pivot(double pivot[2], const double *matrix, size_t rows, size_t cols);

/* An empty state; rows, cols >= 1. pivot NULL: zeros. */
void wlaw_moments_start(matrix_moments *state, size_t rows, size_t cols, const double pivot[2]);

/* q of each of n matrices [n, rows, cols] relative to the state's pivot, into q: [n, length]. A matrix with a value
 * that is not finite, or whose squares overflow, gets a q that is not finite. level: at most wlaw_cpu_level(). */
wlaw_status wlaw_moments_measure(double *q, const matrix_moments *state, const double *matrices, size_t n,
                                 cpu_level level, wlaw_error *err);

/* Adds n rows of q; blockwise two-pass, then merged. */
void wlaw_moments_add(matrix_moments *state, const double *q, size_t n);
/* Adds another state of the same shape; its pivot may differ. */
void wlaw_moments_merge(matrix_moments *into, const matrix_moments *from);
/* Takes one row out again (for the jackknife). count >= 1. */
void wlaw_moments_remove(matrix_moments *state, const double *q);
/* The same state about another pivot (an exact linear map of q). */
void wlaw_moments_move(matrix_moments *state, const double pivot[2]);
/* The five statistics of a state of any length: what the laws without index matching read. out may be state. */
void wlaw_moments_rectangular(matrix_moments *out, const matrix_moments *state);
/* The same map for one row of q of a state. */
void wlaw_moments_rectangular_row(double out[MOMENTS_RECTANGLE], const matrix_moments *state, const double *q);
/* What the pivot contributes to S1 and S2 (to S for five statistics; then out[1] = 0). */
void wlaw_moments_offset(double out[2], const matrix_moments *state);

/* Means over networks of the 13 invariants I1 ... I13 = sum M_ii, sum M_ij, sum M_ij^2, sum M_ij M_ji, d.r, d.c, r.r,
 * c.c, r.c, s^2, d.d, t^2, ts; false unless length is 13. */
bool wlaw_moments_invariants(double out[MOMENTS_SQUARE], const matrix_moments *state);

/* A state out of saved bytes: checks name, size, shape. */
wlaw_status wlaw_moments_load(matrix_moments *out, const void *bytes, size_t n, wlaw_error *err);

#endif
