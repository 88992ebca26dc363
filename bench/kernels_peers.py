"""Seconds an entry for kernel matrices of infinitely wide networks in NumPy or neural-tangents.

kernels_peers.py make FILE N FEATURES: inputs, standard normal doubles.
kernels_peers.py numpy|neural-tangents FILE N FEATURES ACTIVATION DEPTH KIND: the median of five, and two entries.

Whole arrays in double precision, the formulas as the literature writes them; weight variance 2, no biases.
"""

import statistics
import sys
import time

import numpy as np

W = 2.0


def relu(k, a, b):
    scale = np.sqrt(np.outer(a, b))
    c = np.clip(k / scale, -1.0, 1.0)
    angle = np.pi - np.arccos(c)
    return scale * (np.sqrt(1.0 - c * c) + angle * c) / (2.0 * np.pi), angle / (2.0 * np.pi), a / 2.0, b / 2.0


def erf(k, a, b):
    scale = np.outer(1.0 + 2.0 * a, 1.0 + 2.0 * b)
    top = 2.0 * k

    def diagonal(v):
        return 2.0 / np.pi * np.arcsin(2.0 * v / (1.0 + 2.0 * v))

    slope = 4.0 / np.pi / np.sqrt(scale - top * top)
    return 2.0 / np.pi * np.arcsin(top / np.sqrt(scale)), slope, diagonal(a), diagonal(b)


def with_numpy(x, y, activation, depth, kind):
    dual = {"relu": relu, "erf": erf}[activation]
    k, a, b = W * (x @ y.T) / x.shape[1], W * (x * x).mean(axis=1), W * (y * y).mean(axis=1)
    t = k
    for _ in range(depth):
        k, slope, a, b = dual(k, a, b)
        k, a, b = W * k, W * a, W * b
        if kind == "ntk":
            t = k + W * slope * t
    return t if kind == "ntk" else k


def with_neural_tangents(activation, depth, kind):
    import jax

    jax.config.update("jax_enable_x64", True)
    from neural_tangents import stax

    unit = {"relu": stax.Relu(), "erf": stax.Erf()}[activation]
    layers = [stax.Dense(1, W_std=W**0.5), unit] * depth + [stax.Dense(1, W_std=W**0.5)]
    kernel = jax.jit(stax.serial(*layers)[2], static_argnames="get")
    which = "ntk" if kind == "ntk" else "nngp"
    return lambda x, y: kernel(x, y, get=which).block_until_ready()


def main():
    tool, path, n, features = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if tool == "make":
        np.random.default_rng(1).standard_normal((n, features)).tofile(path)
        return
    activation, depth, kind = sys.argv[5], int(sys.argv[6]), sys.argv[7]
    x = np.fromfile(path).reshape(n, features)
    x, y = (x[: n // 2], x[n // 2 :]) if kind == "cross-nngp" else (x, x)
    if tool == "numpy":
        def run():
            return with_numpy(x, y, activation, depth, kind)
    else:
        kernel = with_neural_tangents(activation, depth, kind)
        kernel(x, y)  # compiles

        def run():
            return kernel(x, y)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        out = run()
        times.append((time.perf_counter() - start) / out.size)
    print(f"{statistics.median(times):.9g} {out[0, 1]:.12g} {out[-1, 0]:.12g}")


if __name__ == "__main__":
    main()
