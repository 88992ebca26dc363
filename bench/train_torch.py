#!/usr/bin/env python3
"""PyTorch training 784-10-10-10-10 on Fashion-MNIST, as a peer of bench/train: one thread, one process.

    train_torch.py plain|batched independent|shared [--networks N] [--epochs E] [--processes P --process K --meet DIR]

plain:   one network after the other, the loop everybody writes (batch, zero_grad, loss, backward, step).
batched: all networks at once on stacked weights [networks, out, in]; every way PyTorch 2 offers of taking the Adam step
         (foreach, fused) and of compiling the step is tried for some steps, and the fastest then trains.
With P processes each waits in DIR until all are warm, so that they run side by side.
Prints: seconds of the timed part, processor seconds in it, network-epochs done, mean test accuracy, what was chosen.
"""

import argparse
import gzip
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"  # before torch reads it

import torch

torch.set_num_threads(1)

WIDTHS = [784, 10, 10, 10, 10]
BATCH = 100


def read_idx(folder, name, header):
    with gzip.open(os.path.join(folder, name)) as file:
        return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)


def read_data(folder):
    sets = []
    for part in ("train", "t10k"):
        images = read_idx(folder, part + "-images-idx3-ubyte.gz", 16).reshape(-1, 784)
        labels = read_idx(folder, part + "-labels-idx1-ubyte.gz", 8).long()
        sets.append((images.float() * (2 / 255) - 1, labels))
    return sets


class Plain:
    """One network; the inputs are a float tensor already, which is kinder than a DataLoader."""

    def __init__(self, train):
        layers = []
        for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
            layers += [torch.nn.Linear(inputs, outputs, bias=False), torch.nn.ReLU()]
        self.train = train
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss()

    def epoch(self, steps=None):
        images, labels = self.train
        order = torch.randperm(len(labels))
        for batch in order.split(BATCH)[:steps]:
            self.optimizer.zero_grad()
            self.loss(self.model(images[batch]), labels[batch]).backward()
            self.optimizer.step()

    def accuracy(self, test):
        with torch.no_grad():
            return (self.model(test[0]).argmax(1) == test[1]).float().mean().item()


class Batched:
    """All networks in one: h [networks, batch, width] times weights [networks, in, out]."""

    def __init__(self, train, networks, shared, compiled, **adam):
        self.train, self.networks, self.shared = train, networks, shared
        self.weights = []
        for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
            bound = inputs**-0.5
            self.weights.append(torch.empty(networks, inputs, outputs).uniform_(-bound, bound).requires_grad_())
        self.optimizer = torch.optim.Adam(self.weights, lr=1e-3, **adam)
        self.loss_of = torch.compile(self.loss) if compiled else self.loss

    def logits(self, x):
        """x: [batch, 784] for all networks, or [networks, batch, 784]."""
        first = self.weights[0]
        if x.dim() == 2:  # one product: [batch, 784] x [784, networks * 10]
            wide = x @ first.permute(1, 0, 2).reshape(784, -1)
            h = wide.reshape(len(x), self.networks, -1).permute(1, 0, 2)
        else:
            h = torch.bmm(x, first)
        for weight in self.weights[1:]:
            h = torch.bmm(torch.relu(h), weight)
        return h

    def loss(self, x, y):
        """Sum over networks of the mean over the batch: every network gets its own gradient."""
        z = self.logits(x)
        flat = torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1), reduction="sum")
        return flat / x.shape[-2]

    def epoch(self, steps=None):
        images, labels = self.train
        n = len(labels)
        if self.shared:
            order = torch.randperm(n)
        else:
            order = torch.stack([torch.randperm(n) for _ in range(self.networks)])
        for batch in order.split(BATCH, dim=-1)[:steps]:
            x, y = images[batch], labels[batch]
            self.optimizer.zero_grad()
            self.loss_of(x, y.expand(self.networks, -1) if self.shared else y).backward()
            self.optimizer.step()

    def accuracy(self, test):
        with torch.no_grad():
            best = torch.cat([self.logits(part) for part in test[0].split(1000)], dim=1).argmax(2)
            return (best == test[1]).float().mean().item()


def choose(train, networks, shared):
    """The fastest variant over some steps, and its name."""
    variants = {
        "foreach": dict(compiled=False, foreach=True),
        "fused": dict(compiled=False, fused=True),
        "compiled+fused": dict(compiled=True, fused=True),
    }
    times = {}
    for name, options in variants.items():
        try:
            model = Batched(train, networks, shared, **options)
            model.epoch(3)
            begin = time.perf_counter()
            model.epoch(20)
            times[name] = time.perf_counter() - begin
        except Exception as error:  # no compiler, or an option this PyTorch has not got
            print("#", name, "does not work here:", str(error).splitlines()[0], flush=True)
    best = min(times, key=times.get)
    return Batched(train, networks, shared, **variants[best]), best


def meet(folder, process, processes):
    open(os.path.join(folder, str(process)), "w").close()
    while len(os.listdir(folder)) < processes:
        time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("form", choices=["plain", "batched"])
    parser.add_argument("order", choices=["independent", "shared"])
    parser.add_argument("--networks", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--meet")
    options = parser.parse_args()
    torch.manual_seed(options.process)
    train, test = read_data(options.data)
    chosen = "plain"
    if options.form == "plain":
        models = [Plain(train) for _ in range(options.networks)]
        Plain(train).epoch(20)
    else:
        model, chosen = choose(train, options.networks, options.order == "shared")
        models = [model]
    if options.form == "batched":
        models[0].epoch(3)
    if options.meet:
        meet(options.meet, options.process, options.processes)
    begin, work = time.perf_counter(), time.process_time()
    for model in models:
        for _ in range(options.epochs):
            model.epoch()
    seconds, work = time.perf_counter() - begin, time.process_time() - work
    accuracy = sum(model.accuracy(test) for model in models) / len(models)
    print(f"{seconds:.4f} {work:.4f} {options.networks * options.epochs} {accuracy:.4f} {chosen}")


if __name__ == "__main__":
    main()
