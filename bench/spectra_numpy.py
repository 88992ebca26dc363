"""Seconds for the singular values of a ROWS x COLS matrix of f32 normal weights in NumPy, in double as the published
tools do: spectra_numpy.py ROWS COLS REPEATS. Prints the median. The caller sets OPENBLAS_NUM_THREADS."""

import statistics
import sys
import time

import numpy as np

rows, cols, repeats = map(int, sys.argv[1:4])
weights = np.random.default_rng(1).standard_normal((rows, cols)).astype(np.float32)
times = []
for _ in range(repeats):
    start = time.perf_counter()
    np.linalg.svd(weights.astype(np.float64), compute_uv=False)
    times.append(time.perf_counter() - start)
print(f"{statistics.median(times):.9g}")
