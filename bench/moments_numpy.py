"""Seconds a matrix for the 13 quadratic invariants in NumPy: moments_numpy.py D NETWORKS SECONDS plain|batched.

plain: matrix by matrix with three matrix products, as one writes it down. batched: the whole stack in each call.
Prints the median over repetitions that fill SECONDS. One thread: the caller sets OPENBLAS_NUM_THREADS=1.
"""

import statistics
import sys
import time

import numpy as np


def invariants(M):
    MM, MMt, MtM = M @ M, M @ M.T, M.T @ M
    d, s, t = np.diag(M), M.sum(), np.trace(M)
    return np.array([
        t, s, np.trace(MMt), np.trace(MM),
        (d[:, None] * M).sum(), (d[None, :] * M).sum(),
        MtM.sum(), MMt.sum(), MM.sum(),
        s * s, (d * d).sum(), t * t, t * s,
    ])


def plain(stack):
    out = np.empty((len(stack), 13))
    for k, M in enumerate(stack):
        out[k] = invariants(M)
    return out.mean(axis=0), np.cov(out, rowvar=False)


def batched(stack):
    T = stack.transpose(0, 2, 1)
    r, c = stack.sum(axis=2), stack.sum(axis=1)
    d = np.einsum("nii->ni", stack)
    s, t = r.sum(axis=1), d.sum(axis=1)
    dot = lambda a, b: np.einsum("ni,ni->n", a, b)
    out = np.stack([
        t, s, np.einsum("nij,nij->n", stack, stack), np.einsum("nij,nij->n", stack, T),
        dot(d, r), dot(d, c), dot(r, r), dot(c, c), dot(r, c), s * s, dot(d, d), t * t, t * s,
    ], axis=1)
    return out.mean(axis=0), np.cov(out, rowvar=False)


def main():
    D, networks, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    form = {"plain": plain, "batched": batched}[sys.argv[4]]
    stack = np.random.default_rng(1).standard_normal((networks, D, D))
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        form(stack)
        times.append((time.perf_counter() - start) / networks)
    print(f"{statistics.median(times):.9g}")


main()
