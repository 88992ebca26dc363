"""`weightlaw scan --spectra` beside WeightWatcher's analyze() on the same linear layers. usage: PROGRAM FILE (is written)"""
import contextlib, io, json, logging, statistics, subprocess, sys, time

import numpy as np
import torch
from safetensors.torch import save_file

logging.disable(logging.CRITICAL)
with contextlib.redirect_stdout(io.StringIO()):
    import weightwatcher

ROUNDS = 3
SHAPES = 4 * [(1024, 1024), (2816, 1024), (1024, 2816)]
program, path = sys.argv[1:]


def layer(rows, columns, rng):
    """Entries with rows of different scales and a heavy-tailed low-rank part, as trained layers have."""
    scale = np.exp(0.2 * rng.standard_normal((rows, 1)))
    spikes = rng.standard_normal((rows, 64)) * rng.pareto(2.5, 64) @ rng.standard_normal((64, columns))
    return (0.02 * scale * rng.standard_normal((rows, columns)) + 2e-4 * spikes).astype(np.float32)


rng = np.random.default_rng(1)
model = torch.nn.Sequential(*[torch.nn.Linear(c, r, bias=False) for r, c in SHAPES])
with torch.no_grad():
    for module, (rows, columns) in zip(model, SHAPES):
        module.weight.copy_(torch.from_numpy(layer(rows, columns, rng)))
save_file(model.state_dict(), path)


def ours():
    begin = time.perf_counter()
    done = subprocess.run([program, "scan", path, "--spectra", "--json", "--progress=never"], check=True,
                          stdout=subprocess.PIPE)
    return time.perf_counter() - begin, [t["spectrum"]["alpha"] for t in json.loads(done.stdout)["tensors"]]


def peer():
    begin = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        details = weightwatcher.WeightWatcher(model=model).analyze()
    return time.perf_counter() - begin, list(details.sort_values("layer_id")["alpha"])


mine, theirs = zip(*[(ours(), peer()) for _ in range(ROUNDS)])
a, b = (statistics.median(seconds for seconds, _ in rounds) for rounds in (mine, theirs))
print(f"scan-weightwatcher {a:.3g} {b:.3g} {b / a:.1f}")
differences = [abs(x - y) for x, y in zip(sorted(mine[0][1]), sorted(theirs[0][1]))]
print(f"# alpha of {len(mine[0][1])} layers, ours and theirs: largest difference {max(differences):.2g}")
