#!/usr/bin/env python3
"""The peer: the same training steps in PyTorch, tuned, in the same dialogue as mlp_benchmark. Each step is written twice:
through autograd (loss.backward() and an update in place), as one trains, and by hand with products in place.

  mlp|lockstep float32|float64 WIDTH BATCH   ->   <seconds a step, autograd> <seconds a step, by hand>
  kernel float32|float64 WIDTH SAMPLES       ->   <seconds, vectorised Jacobian> <seconds, layer by layer>

Started by benchmarks/run with OPENBLAS_CORETYPE and OMP_NUM_THREADS set: untuned, PyTorch on Debian's OpenBLAS is 2-5
times slower on recent CPUs and no peer.

  echo mlp float32 512 128 | peer_torch.py THREADS SECONDS
"""
import sys
import time

import torch

INPUTS, CLASSES, HIDDEN, MEMBERS, RATE, WINDOWS = 784, 10, 3, 64, 1e-3, 5


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
        loss.backward()
        with torch.no_grad():
            torch._foreach_add_(parameters, [p.grad for p in parameters], alpha=-RATE)
        for p in parameters:
            p.grad = None

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


def best_window(step, steps):
    """The shortest of some windows of `steps` steps each: other programs only ever add time."""
    best = float("inf")
    for _ in range(WINDOWS):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        best = min(best, time.perf_counter() - start)
    return best


def time_step(step, seconds):
    step(), step()
    first = best_window(step, 1)
    steps = max(1, int(seconds / WINDOWS / first))
    return first if steps == 1 else best_window(step, steps) / steps


def by_jacobian(x, weights):
    """Gradients of every sample by vmap, one layer at a time (2 GB of them at width 1024 in float32), and their products."""
    import functorch

    def output(w, others, layer, sample):
        h = sample
        for l in range(len(weights)):
            z = (w if l == layer else others[l]) @ h
            h = torch.relu(z) if l + 1 < len(weights) else z
        return h.squeeze()

    def kernel():
        total = torch.zeros(len(x), len(x), dtype=x.dtype)
        for layer, w in enumerate(weights):
            gradient = functorch.grad(lambda v, sample: output(v, weights, layer, sample))
            jacobian = functorch.vmap(gradient, in_dims=(None, 0))(w, x).flatten(1)
            total.addmm_(jacobian, jacobian.t(), alpha=1 / w.shape[1])
        return total

    return kernel


def by_layers(x, weights):
    """The sum over layers of products, entry by entry, of two Gram matrices."""

    @torch.no_grad()
    def kernel():
        h = [x]
        for l, w in enumerate(weights):
            z = torch.mm(h[l], w.t())
            h.append(z.relu_() if l + 1 < len(weights) else z)
        d = torch.ones_like(h[-1])
        total = torch.zeros(len(x), len(x), dtype=x.dtype)
        for l in reversed(range(len(weights))):
            total.addcmul_(torch.mm(h[l], h[l].t()), torch.mm(d, d.t()), value=1 / weights[l].shape[1])
            if l > 0:
                d = torch.mm(d, weights[l]).mul_(h[l] > 0)
        return total

    return kernel


jacobian_times = {}


def answer_kernel(dtype, width, samples, seconds):
    sizes = [INPUTS] + [width] * HIDDEN + [1]
    dtype = getattr(torch, dtype)
    torch.manual_seed(1)
    weights = [torch.randn(o, i, dtype=dtype) / i**0.5 for i, o in zip(sizes, sizes[1:])]
    x = torch.randn(samples, INPUTS, dtype=dtype)
    layers = time_step(by_layers(x, weights), seconds)
    if (dtype, width, samples) not in jacobian_times:  # many seconds: once, after checking that it says the same
        few = x[:8]
        assert torch.allclose(by_jacobian(few, weights)(), by_layers(few, weights)(), rtol=1e-3)
        start = time.perf_counter()
        by_jacobian(x, weights)()
        jacobian_times[dtype, width, samples] = time.perf_counter() - start
    print(jacobian_times[dtype, width, samples], layers, flush=True)


def answer(kind, dtype, width, batch, seconds):
    dtype = getattr(torch, dtype)
    members = MEMBERS if kind == "lockstep" else 1
    weights, biases = make_layers(width, members, dtype)
    x = torch.randn(batch, INPUTS, dtype=dtype)
    labels = torch.arange(batch) % CLASSES
    onehot = torch.nn.functional.one_hot(labels, CLASSES).to(dtype)
    if members > 1:
        x, labels, onehot = x.expand(members, -1, -1), labels.repeat(members), onehot.expand(members, -1, -1)
    autograd = time_step(autograd_step(x, labels, weights, biases, members), seconds)
    by_hand = time_step(by_hand_step(x, onehot, weights, biases, members), seconds)
    print(autograd, by_hand, flush=True)


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
    for line in sys.stdin:
        kind, dtype, width, batch = line.split()
        (answer_kernel if kind == "kernel" else lambda *a: answer(kind, *a))(dtype, int(width), int(batch), seconds)


main()
