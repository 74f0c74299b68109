#!/usr/bin/env python3
"""The peer: the same training steps in PyTorch, tuned, printing the lines of mlp_benchmark.

Started by benchmarks/run with OPENBLAS_CORETYPE and OMP_NUM_THREADS set: untuned, PyTorch on Debian's OpenBLAS is 2-5
times slower on recent CPUs and no peer. Each step is written twice, through autograd and by hand with in-place
products; the faster one counts.

  peer_torch.py THREADS SECONDS [mlp|lockstep]
"""
import sys
import time

import torch

INPUTS, CLASSES, HIDDEN, RATE = 784, 10, 3, 1e-3


def make_layers(width, members, dtype):
    sizes = [INPUTS] + [width] * HIDDEN + [CLASSES]
    shape = (lambda *s: (members, *s)) if members > 1 else (lambda *s: s)
    weights = [torch.randn(shape(o, i), dtype=dtype) / i**0.5 for i, o in zip(sizes, sizes[1:])]
    biases = [torch.zeros(shape(1, o) if members > 1 else o, dtype=dtype) for o in sizes[1:]]
    return weights, biases


def autograd_step(x, labels, weights, biases, members):
    parameters = [p.clone().requires_grad_() for p in weights + biases]
    w, b = parameters[: len(weights)], parameters[len(weights) :]

    def step():
        h = x
        for l in range(len(w)):
            if members > 1:
                h = torch.baddbmm(b[l], h, w[l].transpose(1, 2))
            else:
                h = torch.nn.functional.linear(h, w[l], b[l])
            if l + 1 < len(w):
                h = torch.relu(h)
        loss = torch.nn.functional.cross_entropy(h.reshape(-1, CLASSES), labels, reduction="sum") / x.shape[-2]
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-RATE)

    return step


def by_hand_step(x, onehot, weights, biases, members):
    w, b = [p.clone() for p in weights], [p.clone() for p in biases]
    product = torch.bmm if members > 1 else torch.mm
    plus_product = torch.baddbmm if members > 1 else torch.addmm
    t = lambda m: m.transpose(-1, -2)

    @torch.no_grad()
    def step():
        h = [x]
        for l in range(len(w)):
            z = plus_product(b[l], h[l], t(w[l]))
            h.append(z.relu_() if l + 1 < len(w) else z)
        d = (torch.softmax(h[-1], -1) - onehot).div_(x.shape[-2])
        for l in reversed(range(len(w))):
            below = product(d, w[l]).mul_(h[l] > 0) if l > 0 else None
            if members > 1:
                w[l].baddbmm_(t(d), h[l], alpha=-RATE)
            else:
                w[l].addmm_(t(d), h[l], alpha=-RATE)
            b[l].add_(d.sum(-2, keepdim=members > 1), alpha=-RATE)
            d = below

    return step


def time_step(step, seconds):
    step()
    start = time.perf_counter()
    step()
    count = max(2, int(seconds / 3 / (time.perf_counter() - start)))
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(count):
            step()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def time_row(kind, dtype, width, batch, members, seconds):
    weights, biases = make_layers(width, members, dtype)
    x = torch.randn(batch, INPUTS, dtype=dtype)
    labels = torch.arange(batch) % CLASSES
    onehot = torch.nn.functional.one_hot(labels, CLASSES).to(dtype)
    if members > 1:
        x, labels, onehot = x.expand(members, -1, -1), labels.repeat(members), onehot.expand(members, -1, -1)
    best = min(
        time_step(autograd_step(x, labels, weights, biases, members), seconds / 2),
        time_step(by_hand_step(x, onehot, weights, biases, members), seconds / 2),
    )
    name = "float32" if dtype == torch.float32 else "float64"
    print("row", kind, name, width, batch, torch.get_num_threads(), f"{best:.6e}", 0, sep="\t", flush=True)


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
    kind = sys.argv[3] if len(sys.argv) > 3 else ""
    torch.set_num_threads(threads)
    for dtype in (torch.float32, torch.float64):
        if kind != "lockstep":
            for width in (32, 128, 512, 2048):
                for batch in (128, 512):
                    time_row("mlp", dtype, width, batch, 1, seconds)
        if kind == "mlp" or dtype == torch.float64:
            continue
        for width in (16, 32, 64, 128):
            time_row("lockstep", dtype, width, 32, 64, seconds)
        time_row("lockstep", dtype, 64, 128, 64, seconds)


main()
