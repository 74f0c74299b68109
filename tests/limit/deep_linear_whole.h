// The theory of deep linear networks as it is derived: whole matrices in time and across layers, iterated from zero
// until nothing moves. Slow and without a thought for causality; what the solver, row by row, must equal.
#pragma once

#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "widthwise/limit/deep_linear_model.h"

namespace widthwise {

struct WholeMatrices {
  std::vector<double> test, train;
};

/// @param skip a of h^{l+1} = a h^l + beta W h^l / sqrt(N): 0 and beta = 1 where the model is not residual.
inline WholeMatrices iterate_whole_matrices(const DeepLinearModel& model, Index steps) {
  using M = Eigen::MatrixXd;
  const Index n = model.states();
  const double a = model.residual_branch ? 1 : 0, beta = model.residual_branch.value_or(1.0);
  const double gamma = model.richness, inverse_width = 1 / model.width_ratio;
  const bool repeated = model.data == DeepLinearData::repeated, one_pass = model.data == DeepLinearData::one_pass;
  const double inverse_data = model.data == DeepLinearData::population ? 0 : 1 / model.sample_ratio;
  const double sigma2 = model.noise * model.noise;
  const M one = M::Identity(steps, steps), all = M::Ones(steps, steps), zero = M::Zero(steps, steps);
  M felt = zero;
  for (Index t = 0; t < steps; ++t)
    for (Index s = 0; s < t; ++s)
      felt(t, s) = model.rate(s) * (1 - std::pow(model.momentum, static_cast<double>(t - s))) / (1 - model.momentum);
  const auto inverse = [](const M& m) -> M { return m.partialPivLu().inverse(); };

  std::vector<M> c_h(static_cast<std::size_t>(n), zero), c_g = c_h, r_h = c_h, r_g = c_h;  // responses to r^l, u^l
  M c_s = zero, r_s = zero, c_u = zero, c_delta = zero, p = one;
  for (int sweep = 0; sweep < 4000; ++sweep) {
    double moved = 0;
    const auto put = [&](M& to, const M& now) {
      moved = std::max(moved, (to - now).cwiseAbs().maxCoeff() / (1 + now.cwiseAbs().maxCoeff()));
      to = now;
    };
    // All states at once: x = (h^1..h^n, g^1..g^n) = K x + sources.
    const Index total = 2 * n * steps;
    M k = M::Zero(total, total), source = M::Zero(total, total);
    const auto h = [&](Index l) { return (l - 1) * steps; };
    const auto g = [&](Index l) { return (n + l - 1) * steps; };
    const auto at = [&](std::vector<M>& list, Index l) -> M& { return list[static_cast<std::size_t>(l - 1)]; };
    k.block(h(1), g(1), steps, steps) = r_s + gamma * felt.cwiseProduct(c_s);
    source.block(h(1), h(1), steps, steps) = c_s;
    k.block(g(n), h(n), steps, steps) = gamma * felt;
    source.block(g(n), g(n), steps, steps) = all;
    for (Index l = 1; l < n; ++l) {
      k.block(h(l + 1), h(l), steps, steps) = a * one;
      k.block(h(l + 1), g(l + 1), steps, steps) = beta * beta * (at(r_h, l) + gamma * felt.cwiseProduct(at(c_h, l)));
      source.block(h(l + 1), h(l + 1), steps, steps) = beta * beta * at(c_h, l);
      k.block(g(l), g(l + 1), steps, steps) = a * one;
      k.block(g(l), h(l), steps, steps) = beta * beta * (at(r_g, l + 1) + gamma * felt.cwiseProduct(at(c_g, l + 1)));
      source.block(g(l), g(l), steps, steps) = beta * beta * at(c_g, l + 1);
    }
    const M response = inverse(M::Identity(total, total) - k);
    const M correlation = response * source * response.transpose();
    for (Index l = 1; l <= n; ++l) {
      put(at(c_h, l), correlation.block(h(l), h(l), steps, steps));
      put(at(c_g, l), correlation.block(g(l), g(l), steps, steps));
      put(at(r_h, l), response.block(h(l), g(l), steps, steps));  // per source in g: beta r
      put(at(r_g, l), response.block(g(l), h(l), steps, steps));
    }

    const M h_matrix = at(r_g, 1) / gamma + felt.cwiseProduct(at(c_g, 1));
    M gradient = at(c_g, 1);
    if (model.centred)
      for (Index t = 0; t < steps; ++t)
        for (Index s = 0; s < steps; ++s)
          gradient(t, s) = at(c_g, 1)(t, s) - at(c_g, 1)(t, 0) - at(c_g, 1)(0, s) + at(c_g, 1)(0, 0);
    M r_bar = zero, u_bar = zero, s_bar = zero, v_bar = zero;
    for (std::size_t i = 0; i < model.spectrum.modes(); ++i) {
      const double lambda = model.spectrum.variance[i], weight = model.spectrum.weight[i];
      const M a_k = inverse(one + lambda * h_matrix * p), r_v = -a_k * h_matrix;
      const M outer = model.spectrum.target_squared[i] * all + inverse_width / (gamma * gamma) * gradient;
      const M c_v = a_k * outer * a_k.transpose() + lambda * inverse_data * r_v * c_delta * r_v.transpose();
      const M v_k = lambda * p * a_k, u_k = one + lambda * p * r_v;
      r_bar += weight * lambda * r_v;
      u_bar += weight * lambda * c_v;
      v_bar += weight * v_k;
      s_bar += weight * (lambda * inverse_data * u_k * c_delta * u_k.transpose() + v_k * outer * v_k.transpose());
    }
    if (repeated) put(p, inverse(one - inverse_data * r_bar));
    put(c_u, u_bar);
    const M noisy = c_u + sigma2 * all;
    put(c_delta, one_pass ? M(noisy.diagonal().asDiagonal()) : M(p * noisy * p.transpose()));
    put(c_s, s_bar);
    M response_s = -inverse_width / gamma * v_bar;
    if (model.centred) response_s.col(0) -= response_s.rowwise().sum().eval();
    put(r_s, response_s);
    if (moved < 1e-15) break;
  }
  WholeMatrices out;
  for (Index t = 0; t < steps; ++t) {
    out.test.push_back(c_u(t, t) + sigma2);
    out.train.push_back(c_delta(t, t));
  }
  return out;
}

}  // namespace widthwise
