"""Seconds npm-weibull-py (PyPI) takes for one tensor of a safetensors file: entries_npm.py FILE ROUNDS.

Its histogram and its fit, the file in the page cache; bf16 is widened to f32 by a shift, as NumPy has no such type.
"""

import json
import statistics
import sys
import time

import numpy as np
from npm_weibull import extract_to_histogram, weibull_fit


def read(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        entry = next(v for k, v in header.items() if k != "__metadata__")
        data = np.fromfile(file, dtype=np.uint8)
    data = data[entry["data_offsets"][0]:entry["data_offsets"][1]]
    if entry["dtype"] == "BF16":
        return (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return data.view({"F32": np.float32, "F16": np.float16}[entry["dtype"]])


times = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    fit = weibull_fit(extract_to_histogram(read(sys.argv[1])))
    times.append(time.perf_counter() - start)
print(statistics.median(times), fit["k"], fit["lambda"])
