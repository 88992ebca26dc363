"""Seconds a draw of one output of a network with one hidden relu layer of WIDTH nodes, all simulated, in batches:
limit_numpy.py LAW INPUTS WIDTH, LAW beta (eta = 1, b = 1/2) or horseshoe (c = pi)."""

import sys
import time

import numpy as np

law, n, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)
x = rng.standard_normal((n, 50))
root = np.linalg.cholesky(x @ x.T / 50)
batch = max(1, 400_000 // (width * n))


def draw():
    if law == "beta":
        variances = rng.beta(1 / width, 0.5, (batch, width))
    else:
        variances = (np.pi / width * rng.standard_cauchy((batch, width))) ** 2
    hidden = np.maximum(rng.standard_normal((batch, width, n)) @ root.T, 0)
    weights = np.sqrt(variances) * rng.standard_normal((batch, width))
    return np.einsum("bp,bpn->bn", weights, hidden)


draw()
start = time.perf_counter()
batches = 0
while time.perf_counter() - start < 1:
    draw()
    batches += 1
print(f"{(time.perf_counter() - start) / (batches * batch):.4g}")
