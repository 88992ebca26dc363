#!/usr/bin/env python3
"""Writes tests/fixtures/torch_training.json: gradients and ten optimiser steps as PyTorch takes them.

    python3 scripts/make_torch_fixture.py > tests/fixtures/torch_training.json

Needs PyTorch (Debian python3-torch or PyPI torch, CPU is enough). Computed in double precision from initial weights and
inputs that are single-precision numbers, so that the file holds the true answer and the test's tolerance is all ours.
Each step is one epoch with one batch of all samples, so that learning-rate schedules by epoch are exercised too.
"""

import json
import sys

import torch

STEPS = 10
SAMPLES = 8

ACTIVATIONS = {
    "relu": torch.relu,
    "leaky-relu": torch.nn.functional.leaky_relu,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "gelu": torch.nn.functional.gelu,
    "sin": torch.sin,
    "linear": lambda z: z,
}

# widths, activation, loss, biases, NTK parameterization. 33 hidden nodes: one more than the narrow kernels take.
NETWORKS = [
    ([12, 5, 4, 3], "relu", "cross-entropy", False, False),
    ([7, 6, 3], "tanh", "mse", True, False),
    ([10, 33, 2], "gelu", "cross-entropy", True, False),
    ([6, 5, 3], "erf", "cross-entropy", True, True),
    ([6, 5, 3], "sin", "mse", False, False),
    ([17, 4, 3], "leaky-relu", "cross-entropy", True, False),
]

# name, options, schedule
OPTIMIZERS = [
    ("sgd", dict(lr=0.3, momentum=0.0, weight_decay=0.05), "constant"),
    ("sgd", dict(lr=0.2, momentum=0.9, weight_decay=0.05), "step"),
    ("adam", dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05), "constant"),
    ("adam", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.0), "cosine"),
    ("adamw", dict(lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1), "cosine"),
]


def forward(layers, x, activation, ntk):
    h = x
    for number, (weight, bias) in enumerate(layers):
        z = h @ weight.T
        if ntk:
            z = z / weight.shape[1] ** 0.5
        if bias is not None:
            z = z + bias
        h = z if number == len(layers) - 1 else ACTIVATIONS[activation](z)
    return h


def loss_of(logits, labels, kind):
    if kind == "cross-entropy":
        return torch.nn.functional.cross_entropy(logits, labels)
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    return torch.nn.functional.mse_loss(logits, one_hot)


def single(tensor):
    """A tensor's numbers, nine digits: enough for any single-precision number."""
    return [float("%.9g" % value) for value in tensor.detach().flatten().tolist()]


def flat(layers, pick):
    return [number for layer in layers for part in layer if part is not None for number in single(pick(part))]


def draw_layers(widths, biases, ntk):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        weight = torch.randn(outputs, inputs) * (1.0 if ntk else inputs**-0.5)
        bias = torch.randn(outputs) * 0.2 if biases else None
        layers.append([part if part is None else part.double().requires_grad_() for part in (weight, bias)])
    return layers


def make_optimizer(name, options, parameters):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[name](parameters, **options)


def make_schedule(name, optimizer):
    if name == "step":
        return torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
    if name == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0)


def train(start, case, x, labels, name, options, schedule_name):
    layers = [[part if part is None else part.detach().clone().requires_grad_() for part in layer] for layer in start]
    optimizer = make_optimizer(name, options, [part for layer in layers for part in layer if part is not None])
    schedule = make_schedule(schedule_name, optimizer)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(forward(layers, x, case["activation"], case["ntk"]), labels, case["loss"])
        loss.backward()
        losses.append(float("%.12g" % loss.item()))
        optimizer.step()
        schedule.step()
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
    return dict(optimizer=name, schedule=schedule_name, losses=losses, final=flat(layers, lambda part: part), **plain)


def make_case(number, widths, activation, loss, biases, ntk):
    torch.manual_seed(number)
    case = dict(widths=widths, activation=activation, loss=loss, biases=biases, ntk=ntk)
    layers = draw_layers(widths, biases, ntk)
    inputs = torch.rand(SAMPLES, widths[0]) * 2 - 1
    labels = torch.randint(0, widths[-1], (SAMPLES,))
    x = inputs.double()
    value = loss_of(forward(layers, x, activation, ntk), labels, loss)
    value.backward()
    case.update(inputs=single(inputs), labels=labels.tolist(), start=flat(layers, lambda part: part))
    case.update(loss_at_start=float("%.12g" % value.item()), gradient=flat(layers, lambda part: part.grad))
    case["runs"] = [train(layers, case, x, labels, *optimizer) for optimizer in OPTIMIZERS]
    return case


def main():
    cases = [make_case(number, *network) for number, network in enumerate(NETWORKS)]
    document = dict(torch=torch.__version__, steps=STEPS, samples=SAMPLES, cases=cases)
    json.dump(document, sys.stdout, sort_keys=True, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
