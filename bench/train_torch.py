#!/usr/bin/env python3
"""PyTorch training 784-10-10-10-10 on Fashion-MNIST, as a peer of bench/train: one thread, one process.

    train_torch.py plain|dataloader|batched independent|shared [--networks N] [--epochs E] [--processes P --process K --meet DIR]

plain:   one network after the other, the shortest loop (batch, zero_grad, loss, backward, step); a batch is one index into
         a float tensor.
dataloader: the same with torch.utils.data.DataLoader over a TensorDataset, as the tutorials write it.
batched: all networks at once on stacked weights [networks, out, in]; every way PyTorch 2 offers of taking the Adam step
         (foreach, fused) and of compiling the step is tried for some steps, and the fastest then trains.
With P processes each waits in DIR until all are warm, so that they run side by side. Timed, as ours: every epoch with its
evaluation on the test set and a snapshot of the weights; not timed: reading the data, choosing, warming up.
Prints: seconds of the timed part, processor seconds in it, network-epochs done, mean test accuracy, what was chosen.
"""

import argparse
import gzip
import itertools
import os
import tempfile
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
    """One network; the inputs are a float tensor already."""

    def __init__(self, train):
        layers = []
        for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
            layers += [torch.nn.Linear(inputs, outputs, bias=False), torch.nn.ReLU()]
        self.train = train
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss()

    def batches(self, steps):
        images, labels = self.train
        for batch in torch.randperm(len(labels)).split(BATCH)[:steps]:
            yield images[batch], labels[batch]

    def epoch(self, steps=None):
        for x, y in self.batches(steps):
            self.optimizer.zero_grad()
            self.loss(self.model(x), y).backward()
            self.optimizer.step()

    def evaluate(self, test):
        """Mean loss and accuracy on the test set."""
        with torch.no_grad():
            z = self.model(test[0])
            return self.loss(z, test[1]).item(), (z.argmax(1) == test[1]).float().mean().item()

    def parameters(self):
        return [p.detach() for p in self.model.parameters()]


class Loaded(Plain):
    def batches(self, steps):
        data = torch.utils.data.TensorDataset(*self.train)
        return itertools.islice(torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True), steps)


class Batched:
    """All networks in one: weights [networks, out, in] times h [networks, in, batch], samples last. MKL takes these small
    products three to five times faster so than with samples first ([networks, batch, in] times [networks, in, out])."""

    def __init__(self, train, networks, shared, compiled, **adam):
        self.train, self.networks, self.shared = train, networks, shared
        self.weights = []
        for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
            bound = inputs**-0.5
            self.weights.append(torch.empty(networks, outputs, inputs).uniform_(-bound, bound).requires_grad_())
        self.optimizer = torch.optim.Adam(self.weights, lr=1e-3, **adam)
        self.loss_of = torch.compile(self.loss) if compiled else self.loss

    def logits(self, x):
        """x: [batch, 784] for all networks, or [networks, batch, 784]. Gives [networks, 10, batch]."""
        first = self.weights[0]
        if x.dim() == 2:  # one product: [networks * 10, 784] x [784, batch]
            h = (first.flatten(0, 1) @ x.T).unflatten(0, first.shape[:2])
        else:
            h = torch.bmm(first, x.transpose(1, 2))
        for weight in self.weights[1:]:
            h = torch.bmm(weight, torch.relu(h))
        return h

    def loss(self, x, y):
        """Sum over networks of the mean over the batch: every network gets its own gradient."""
        z = self.logits(x)
        at_label = z.gather(1, y.unsqueeze(1)).squeeze(1)
        return (z.logsumexp(1) - at_label).sum() / x.shape[-2]

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
            self.loss_of(x, y.expand(self.networks, -1)).backward()
            self.optimizer.step()

    def evaluate(self, test):
        """Mean loss and accuracy on the test set, over networks."""
        loss = right = 0.0
        with torch.no_grad():
            for x, y in zip(test[0].split(1000), test[1].split(1000)):
                z = self.logits(x)
                labels = y.expand(self.networks, -1)
                loss += (z.logsumexp(1) - z.gather(1, labels.unsqueeze(1)).squeeze(1)).sum().item()
                right += (z.argmax(1) == labels).float().sum().item()
        n = self.networks * len(test[1])
        return loss / n, right / n

    def parameters(self):
        return [w.detach() for w in self.weights]


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
    parser.add_argument("form", choices=["plain", "dataloader", "batched"])
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
    chosen = options.form
    if options.form != "batched":
        kind = Plain if options.form == "plain" else Loaded
        models = [kind(train) for _ in range(options.networks)]
        kind(train).epoch(20)
    else:
        model, chosen = choose(train, options.networks, options.order == "shared")
        models = [model]
    if options.form == "batched":
        models[0].epoch(3)
    if options.meet:
        meet(options.meet, options.process, options.processes)
    begin, work = time.perf_counter(), time.process_time()
    accuracy = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            for epoch in range(options.epochs):
                model.epoch()
                _, last = model.evaluate(test)
                torch.save(model.parameters(), os.path.join(folder, f"epoch-{epoch}.pt"))
            accuracy += last / len(models)
        seconds, work = time.perf_counter() - begin, time.process_time() - work
    print(f"{seconds:.4f} {work:.4f} {options.networks * options.epochs} {accuracy:.4f} {chosen}")


if __name__ == "__main__":
    main()
