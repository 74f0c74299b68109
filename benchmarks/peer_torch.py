#!/usr/bin/env python3
"""The peer: the same training steps in PyTorch, tuned, in the same dialogue as mlp_benchmark. Each step is written twice:
through autograd (loss.backward() and an update in place), as one trains, and by hand with products in place.

  mlp|deep|lockstep float32|float64 WIDTH BATCH ->   <seconds a step, autograd> <seconds a step, by hand>
  cnn float32|float64 CHANNELS BATCH         ->   the same for three 3 x 3 convolutions, each with images channel by
                                                  channel and channels last: the faster of the two
  flow float32|float64 WIDTH BATCH           ->   the same for a trial of gradient flow of five seeds: one after the
                                                  other through autograd, and together by batched products
  kernel float32|float64 WIDTH SAMPLES       ->   <seconds, vectorised Jacobian> <seconds, layer by layer>

Started by benchmarks/run with OPENBLAS_CORETYPE and OMP_NUM_THREADS set: untuned, PyTorch on Debian's OpenBLAS is 2-5
times slower on recent CPUs and no peer.

  echo mlp float32 512 128 | peer_torch.py THREADS SECONDS
"""
import sys
import time

import torch

INPUTS, CLASSES, HIDDEN, MEMBERS, RATE, WINDOWS = 784, 10, 3, 64, 1e-3, 5


def make_layers(width, members, dtype, hidden=HIDDEN):
    sizes = [INPUTS] + [width] * hidden + [CLASSES]
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


def answer_cnn(dtype, channels, batch, seconds):
    x = torch.randn(batch, 1, 28, 28, dtype=dtype)
    labels = torch.arange(batch) % CLASSES
    onehot = torch.nn.functional.one_hot(labels, CLASSES).to(dtype)
    filters = [torch.randn(channels, i, 3, 3, dtype=dtype) / (9 * i) ** 0.5 for i in (1, channels, channels)]
    readout = torch.randn(CLASSES, channels, dtype=dtype) / channels**0.5
    zeros = [torch.zeros(channels, dtype=dtype) for _ in filters] + [torch.zeros(CLASSES, dtype=dtype)]
    steps = []
    for order in (torch.contiguous_format, torch.channels_last):
        here = x.contiguous(memory_format=order), [f.contiguous(memory_format=order) for f in filters], readout, zeros
        steps.append((cnn_autograd_step(labels, *here), cnn_by_hand_step(onehot, *here)))
    print(*[min(time_step(step, seconds / 2) for step in pair) for pair in zip(*steps)], flush=True)


def cnn_autograd_step(labels, x, filters, readout, biases):
    parameters = [p.clone().requires_grad_() for p in [*filters, readout, *biases]]
    w, b = parameters[: len(filters) + 1], parameters[len(filters) + 1 :]

    def step():
        h = x
        for l in range(len(filters)):
            h = torch.relu(torch.nn.functional.conv2d(h, w[l], b[l], padding=1))
        out = torch.nn.functional.linear(h.mean((2, 3)), w[-1], b[-1])
        torch.nn.functional.cross_entropy(out, labels).backward()
        with torch.no_grad():
            torch._foreach_add_(parameters, [p.grad for p in parameters], alpha=-RATE)
        for p in parameters:
            p.grad = None

    return step


def cnn_by_hand_step(onehot, x, filters, readout, biases):
    w, b = [p.clone() for p in filters], [p.clone() for p in biases]
    v, pixels = readout.clone(), x.shape[2] * x.shape[3]
    back = torch.ops.aten.convolution_backward

    @torch.no_grad()
    def step():
        h = [x]
        for one, bias in zip(w, b):
            h.append(torch.nn.functional.conv2d(h[-1], one, bias, padding=1).relu_())
        mean = h[-1].mean((2, 3))
        d = (torch.softmax(torch.addmm(b[-1], mean, v.t()), -1) - onehot).div_(len(x))
        below = torch.mm(d, v).div_(pixels)[:, :, None, None] * (h[-1] > 0)
        v.addmm_(d.t(), mean, alpha=-RATE)
        b[-1].add_(d.sum(0), alpha=-RATE)
        for l in reversed(range(len(w))):
            mask = [l > 0, True, True]
            dx, dw, db = back(below, h[l], w[l], b[l].shape, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, mask)
            w[l].add_(dw, alpha=-RATE)
            b[l].add_(db, alpha=-RATE)
            below = dx.mul_(h[l] > 0) if l > 0 else None

    return step


SEEDS, BETA, FLOW_STEP = 5, 20.0, 1e-6


def softplus(z):
    return torch.nn.functional.softplus(z, beta=5)


def flow_autograd_step(x, y, weights):
    """Five networks in turn; a trial as libraries for gradient flow have it: new weights, outputs, gradient, changes."""
    nets = [[w[s].clone().requires_grad_() for w in weights] for s in range(SEEDS)]

    def outputs(net):
        h = x
        for l, w in enumerate(net):
            h = torch.nn.functional.linear(h, w / w.shape[1] ** 0.5)
            if l + 1 < len(net):
                h = softplus(h)
        return h

    def look(net, start):
        f = outputs(net) - start
        loss = torch.nn.functional.softplus(1 - f * y, beta=BETA).mean()
        return f.detach(), torch.cat([g.flatten() for g in torch.autograd.grad(loss, net)])

    with torch.no_grad():
        starts = [outputs(net) for net in nets]
    states = [look(net, start) for net, start in zip(nets, starts)]

    def step():
        for s, net in enumerate(nets):
            f, g = states[s]
            trial, at = [], 0
            with torch.no_grad():
                for w in net:
                    trial.append((w - FLOW_STEP * g[at : at + w.numel()].view_as(w)).requires_grad_())
                    at += w.numel()
            new_f, new_g = look(trial, starts[s])
            dout = (new_f - f).abs().max().item()
            dgrad = ((new_g - g).norm() ** 2 / (new_g.norm() * g.norm())).item()
            if dout < 1e300 and dgrad < 1e300:
                nets[s], states[s] = trial, (new_f, new_g)

    return step


def flow_by_hand_step(x, y, weights):
    """The same, written out: five networks in batched products, the first layer in one."""
    w = [one.clone() / one.shape[2] ** 0.5 for one in weights]
    rates = [1 / one.shape[2] for one in weights]
    width = w[0].shape[1]
    t = lambda m: m.transpose(-1, -2)

    def outputs():
        h, z = [x], []
        z.append(torch.mm(x, w[0].reshape(SEEDS * width, -1).t()).view(len(x), SEEDS, width).transpose(0, 1).contiguous())
        for l in range(1, len(w)):
            h.append(softplus(z[-1]))
            z.append(torch.bmm(h[-1], t(w[l])))
        return h, z

    def look(start):
        h, z = outputs()
        f = z[-1] - start
        d = (-y * torch.sigmoid(BETA * (1 - f * y))).div_(len(x))
        gradient = [None] * len(w)
        for l in reversed(range(1, len(w))):
            gradient[l] = torch.bmm(t(d), h[l])
            d = torch.bmm(d, w[l]).mul_(torch.sigmoid(5 * z[l - 1]))
        gradient[0] = torch.mm(d.transpose(0, 1).reshape(len(x), -1).t(), x).view_as(w[0])
        return f, gradient

    with torch.no_grad():
        start = outputs()[1][-1]
        state = [look(start)]

    @torch.no_grad()
    def step():
        f, g = state[0]
        kept = [one.clone() for one in w]
        for one, rate, gradient in zip(w, rates, g):
            one.add_(gradient, alpha=-FLOW_STEP * rate)
        new_f, new_g = look(start)
        dout = (new_f - f).abs().amax((1, 2))
        norm = lambda parts: sum(r * p.square().sum((1, 2)) for r, p in zip(rates, parts)).sqrt()
        dgrad = norm([a - b for a, b in zip(g, new_g)]) ** 2 / (norm(g) * norm(new_g))
        if (dout < 1e300).all() and (dgrad < 1e300).all():
            state[0] = (new_f, new_g)
        else:
            for one, old in zip(w, kept):
                one.copy_(old)

    return step


def answer_flow(dtype, width, batch, seconds):
    sizes = [INPUTS] + [width] * HIDDEN + [1]
    weights = [torch.randn(SEEDS, o, i, dtype=dtype) for i, o in zip(sizes, sizes[1:])]
    x = torch.randn(batch, INPUTS, dtype=dtype)
    y = (1 - 2 * (torch.arange(batch) % 2)).to(dtype).unsqueeze(1)
    autograd = time_step(flow_autograd_step(x, y, weights), seconds)
    print(autograd, time_step(flow_by_hand_step(x, y, weights), seconds), flush=True)


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
    if kind == "kernel":
        return answer_kernel(dtype, width, batch, seconds)
    if kind == "flow":
        return answer_flow(dtype, width, batch, seconds)
    if kind == "cnn":
        return answer_cnn(dtype, width, batch, seconds)
    members = MEMBERS if kind == "lockstep" else 1
    weights, biases = make_layers(width, members, dtype, 6 if kind == "deep" else HIDDEN)
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
        answer(kind, dtype, int(width), int(batch), seconds)


main()
