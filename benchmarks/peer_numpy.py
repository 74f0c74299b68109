#!/usr/bin/env python3
"""The theory of deep linear networks, ours beside NumPy: the same rows, each by NumPy's vector-matrix products on the
leading corners of square matrices (the recipes of the theory as they stand, nothing taken together), one thread each,
taking turns.

  benchmarks/peer_numpy.py build/bench/benchmarks/deep_linear_benchmark [L TIMES ROUNDS]
"""
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import statistics
import subprocess
import sys
import time

import numpy as np


def theory(layers, times, eta=0.05, gamma=1.5, nu=0.75, alpha=2.0, sigma=0.3):
    zeros = lambda: np.zeros((times, times))
    a_h, r_h, a_g, r_g = ([zeros() for _ in range(layers)] for _ in range(4))
    c_h, c_g = [zeros() for _ in range(layers + 1)], [zeros() for _ in range(layers)] + [np.ones((times, times))]
    h_m, p_m, a_m, rv, cv, cd, u_m, v_m = (zeros() for _ in range(8))  # c_h[0] is C_s
    r_s = zeros()
    losses = []
    for t in range(times):
        now, past = slice(0, t + 1), slice(0, t)

        def covariance(c, row, e, s, factor=1.0):
            c[t, now] += factor * (e[now, now] @ (row[now] @ s[now, now]))

        for l in range(layers - 1, -1, -1):
            q = np.zeros(times)
            q[past] = eta * gamma * c_g[l + 1][t, past]
            if l + 1 < layers:
                q[past] += r_g[l + 1][t, past]
            r_g[l][t, past] = q[past] @ a_h[l][past, past]
            a_g[l][t, past] = q[past] @ r_h[l][past, past]
            a_g[l][t, t] = 1
            covariance(c_g[l], a_g[l][t], a_g[l], c_g[l + 1])
            covariance(c_g[l], r_g[l][t], r_g[l], c_h[l])
            c_g[l][now, t] = c_g[l][t, now]
        h_m[t, past] = r_g[0][t, past] / gamma + eta * c_g[0][t, past]
        a_m[t, past] = -(h_m[t, past] @ p_m[past, past]) @ a_m[past, past]
        a_m[t, t] = 1
        rv[t, past] = -a_m[t, now] @ h_m[now, past]
        p_m[t, past] = rv[t, past] @ p_m[past, past] / alpha
        p_m[t, t] = 1
        source = 1 + c_g[0] / (gamma * gamma * nu)
        covariance(cv, a_m[t], a_m, source)
        covariance(cv, rv[t], rv, cd, 1 / alpha)
        cv[now, t] = cv[t, now]
        covariance(cd, p_m[t], p_m, cv + sigma * sigma)
        cd[now, t] = cd[t, now]
        v_m[t, now] = p_m[t, now] @ a_m[now, now]
        u_m[t, now] = p_m[t, now] @ rv[now, now]
        u_m[t, t] += 1
        covariance(c_h[0], u_m[t], u_m, cd, 1 / alpha)
        covariance(c_h[0], v_m[t], v_m, source)
        c_h[0][now, t] = c_h[0][t, now]
        r_s[t, now] = -v_m[t, now] / (gamma * nu)
        for l in range(layers):
            m = np.zeros(times)
            m[now] = (r_s if l == 0 else r_h[l - 1])[t, now]
            m[past] += eta * gamma * c_h[l][t, past]
            a_h[l][t, now] = m[now] @ r_g[l][now, now]
            a_h[l][t, t] += 1
            r_h[l][t, now] = m[now] @ a_g[l][now, now]
            covariance(c_h[l + 1], a_h[l][t], a_h[l], c_h[l])
            covariance(c_h[l + 1], r_h[l][t], r_h[l], c_g[l + 1])
            c_h[l + 1][now, t] = c_h[l + 1][t, now]
        losses.append(cv[t, t] + sigma * sigma)
    return losses


def main():
    program, rest = sys.argv[1], [int(x) for x in sys.argv[2:]]
    layers, times, rounds = (rest + [3, 400, 3][len(rest):])[:3]
    one_thread = dict(os.environ, OMP_NUM_THREADS="1")
    ours, theirs = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        losses = theory(layers, times)
        theirs.append(time.perf_counter() - start)
        said = subprocess.run([program, "theory", str(layers), str(times)], env=one_thread, check=True, text=True,
                              capture_output=True).stdout
        ours.append(float(said))
    ratio = statistics.median(a / b for a, b in zip(theirs, ours))
    print(f"L = {layers}, {times} times: NumPy {min(theirs):.3f} s, ours {min(ours):.3f} s, {ratio:.1f} times as fast "
          f"(last test loss {losses[-1]:.10f})")


main()
