"""Seconds a network for the sums of the law `network` in NumPy: network_numpy.py PATH exchangeable|labelled SECONDS CHUNK.

PATH: f32 safetensors of stacked weights, inputs first, no biases; SIDE: of inputs and outputs. All layers, in double,
about the first network's means, CHUNK networks at a time: sums by products with ones, squares by einsum. Prints the median over passes that fill SECONDS and the sum of the squared norms of coordinates, to
compare. One thread: the caller sets OPENBLAS_NUM_THREADS=1.
"""

import json
import statistics
import struct
import sys
import time

import numpy as np


def opened(path):
    with open(path, "rb") as file:
        n = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(n))
    header.pop("__metadata__", None)
    weights = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    return [(8 + n + w["data_offsets"][0], w["shape"]) for _, w in weights]


def measure(path, labelled, chunk):
    tensors = opened(path)
    layers, networks = len(tensors), tensors[0][1][0]
    widths = [tensors[0][1][2]] + [shape[1] for _, shape in tensors]
    pivots, sums = None, {}

    def add(name, value):
        sums[name] = sums[name] + value if name in sums else value

    with open(path, "rb") as file:
        for first in range(0, networks, chunk):
            n = min(chunk, networks - first)
            weights = []
            for offset, (_, rows, cols) in tensors:
                file.seek(offset + 4 * first * rows * cols)
                stored = np.fromfile(file, dtype=np.float32, count=n * rows * cols)
                weights.append(stored.reshape(n, rows, cols).astype(np.float64))
            if pivots is None:
                pivots = [W[0].mean() for W in weights]
            trivial, copies = [], [[] for _ in widths]
            incoming, outgoing = {}, {}
            for l, W in enumerate(weights):
                W -= pivots[l]
                rows, cols = W.shape[1:]
                r, c = W @ np.ones(cols), np.ones(rows) @ W  # twice as fast as sum(axis)
                row_labelled, column_labelled = labelled and l == layers - 1, labelled and l == 0
                squares = np.einsum("nij,nij->ni", W, W)
                incoming[l + 1] = squares + 2 * pivots[l] * r
                if l > 0:
                    outgoing[l] = np.einsum("nij,nij->nj", W, W) + 2 * pivots[l] * c
                s = r.sum(axis=1)
                if row_labelled:
                    trivial.append(r / np.sqrt(cols))
                    copies[l].append(W - r[:, :, None] / cols)
                elif column_labelled:
                    trivial.append(c / np.sqrt(rows))
                    copies[l + 1].append((W - c[:, None, :] / rows).transpose(0, 2, 1))
                else:
                    trivial.append((s / np.sqrt(rows * cols))[:, None])
                    y, x = (r - s[:, None] / rows) / np.sqrt(cols), (c - s[:, None] / cols) / np.sqrt(rows)
                    copies[l + 1].insert(0, y[:, None, :])
                    copies[l].append(x[:, None, :])
                    e = squares.sum(axis=1) - trivial[-1][:, 0] ** 2 - (y * y).sum(axis=1) - (x * x).sum(axis=1)
                    add("entries%d" % l, e.sum())
                    add("entry_squares%d" % l, (e * e).sum())
            t = np.concatenate(trivial, axis=1)
            t2 = t * t
            add("trivial", t.sum(axis=0))
            add("trivial_products", t.T @ t)
            add("trivial_third", t2.T @ t)
            add("trivial_fourth", t2.T @ t2)
            for k, parts in enumerate(copies):
                if not parts:
                    continue
                u = np.concatenate(parts, axis=1)
                gram = u @ u.transpose(0, 2, 1)
                add("set_products%d" % k, gram.sum(axis=0))
                add("set_squares%d" % k, np.einsum("nab,nab->ab", gram, gram))
            for k in set(incoming) & set(outgoing):
                p = incoming[k] - incoming[k].mean(axis=1, keepdims=True)
                q = outgoing[k] - outgoing[k].mean(axis=1, keepdims=True)
                norms = np.stack([(p * p).sum(axis=1), (p * q).sum(axis=1), (q * q).sum(axis=1)], axis=1)
                add("norms%d" % k, norms.sum(axis=0))
                add("norm_products%d" % k, norms.T @ norms)
    total = np.trace(sums["trivial_fourth"])
    total += sum(np.trace(value) for name, value in sums.items() if name.startswith("set_squares"))
    return networks, total


def main():
    path, labelled, seconds, chunk = sys.argv[1], sys.argv[2] == "labelled", float(sys.argv[3]), int(sys.argv[4])
    times, end, total = [], time.perf_counter() + seconds, 0.0
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        networks, total = measure(path, labelled, chunk)
        times.append((time.perf_counter() - start) / networks)
    print(f"{statistics.median(times):.9g} {total:.9g}")


main()
