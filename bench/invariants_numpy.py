"""Seconds a matrix for the 52 invariants of degree 3 in NumPy: invariants_numpy.py D NETWORKS SECONDS.

Matrix by matrix with nine matrix products, as one writes it down; the order is that of `weightlaw graphs --degree 3`.
Prints the median over repetitions that fill SECONDS. One thread: the caller sets OPENBLAS_NUM_THREADS=1.
"""

import statistics
import sys
import time

import numpy as np


def invariants(M):
    MM, MMt, MtM, S = M @ M, M @ M.T, M.T @ M, M * M
    MMM, MMMt, MMtM, MtMM, SM, StM = MM @ M, MM @ M.T, MMt @ M, MtM @ M, S @ M, S.T @ M
    d, r, c, s, t = np.diag(M), M.sum(axis=1), M.sum(axis=0), M.sum(), np.trace(M)
    back = M * M.T
    dd, dr, dc, squares, two = (d * d).sum(), (d * r).sum(), (d * c).sum(), S.sum(), np.trace(MM)
    return np.array([
        (d * d * d).sum(), (d * d * r).sum(), (d * d * c).sum(), (d[:, None] * S).sum(), (d[:, None] * back).sum(),
        (d[:, None] * M * d).sum(), (S * d).sum(), (S * M).sum(), (S * M.T).sum(),
        (d * r * r).sum(), (d[:, None] * MM).sum(), (d * r * c).sum(), (d[:, None] * MMt).sum(),
        (d[:, None] * MtM).sum(), (d * c * c).sum(), (MM * d).sum(), StM.sum(), SM.sum(),
        (S.sum(axis=1) * c).sum(), (S.sum(axis=0) * c).sum(), (back.sum(axis=1) * r).sum(),
        (back.sum(axis=1) * c).sum(), (M * MMt).sum(), np.trace(MMM),
        (r * r * r).sum(), MtMM.sum(), (r * r * c).sum(), MMtM.sum(), MMM.sum(), (c * c * r).sum(), MMMt.sum(),
        (c * c * c).sum(),
        dd * t, dd * s, dr * t, dc * t, t * t * t, squares * t, two * t, dr * s, dc * s, t * t * s, squares * s, two * s,
        MtM.sum() * t, MM.sum() * t, MMt.sum() * t, t * s * s, MtM.sum() * s, MM.sum() * s, MMt.sum() * s, s * s * s,
    ])


def main():
    D, networks, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    stack = np.random.default_rng(1).standard_normal((networks, D, D))
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        out = np.array([invariants(M) for M in stack])
        out.mean(axis=0), out.var(axis=0)
        times.append((time.perf_counter() - start) / networks)
    print(f"{statistics.median(times):.9g}")


if __name__ == "__main__":
    main()
