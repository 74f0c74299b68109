// The judge of this room's predictions: a small slow network in plain loops, in double, stored as trainable w with its
// multiplier (not in effective form), squared loss, full batch, every update rule. Shares no code with the library
// beyond the numbers of a Scaling.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "widthwise/parameterization/scaling.h"

namespace widthwise::slow {

using Vec = std::vector<double>;

struct Phi {
  std::function<double(double)> value, slope;
};
inline Phi tanh_phi() {
  return {[](double z) { return std::tanh(z); }, [](double z) { return 1 - std::tanh(z) * std::tanh(z); }};
}
inline Phi relu_phi() {
  return {[](double z) { return z > 0 ? z : 0; }, [](double z) { return z > 0 ? 1.0 : 0.0; }};
}
inline Phi abs_phi() {
  return {[](double z) { return std::abs(z); }, [](double z) { return z > 0 ? 1.0 : -1.0; }};
}
inline Phi quadratic_phi() {
  return {[](double z) { return z * z; }, [](double z) { return 2 * z; }};
}
inline Phi cos_phi() {
  return {[](double z) { return std::cos(z); }, [](double z) { return -std::sin(z); }};
}

struct Layer {
  std::size_t rows, cols;
  Vec w, w0, first, second;  // Adam's or momentum's averages
};

struct Pass {
  std::vector<Vec> h, x;  // h[l], x[l] for one sample, l = 1..L+1; x[0] is the input
};

class Network {
 public:
  Network(std::size_t input, std::size_t width, int hidden_layers, const Scaling& scaling, Phi phi, unsigned seed)
      : scaling_(scaling), phi_(std::move(phi)), L(static_cast<std::size_t>(hidden_layers)) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal;
    for (std::size_t l = 1; l <= L + 1; ++l) {
      Layer layer{l == L + 1 ? 1 : width, l == 1 ? input : width, {}, {}, {}, {}};
      layer.w.resize(layer.rows * layer.cols);
      for (double& w : layer.w) w = scaling.weights[l - 1].init_std * normal(generator);
      layer.w0 = layer.w;
      layer.first.assign(layer.w.size(), 0);
      layer.second.assign(layer.w.size(), 0);
      layers_.push_back(std::move(layer));
    }
  }

  Pass forward(const Vec& input) const {
    Pass pass;
    pass.x.push_back(input);
    pass.h.emplace_back();
    for (std::size_t l = 1; l <= L + 1; ++l) {
      pass.h.push_back(product(l, layers_[l - 1].w, pass.x[l - 1]));
      pass.x.push_back(pass.h[l]);
      if (l <= L)
        for (double& z : pass.x[l]) z = phi_.value(z);
    }
    return pass;
  }
  double output(const Vec& input) const { return forward(input).h.back()[0]; }

  /// (W_t - W_0) x_t, effective.
  Vec update(std::size_t l, const Pass& pass) const {
    Vec difference = layers_[l - 1].w;
    for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= layers_[l - 1].w0[i];
    return product(l, difference, pass.x[l - 1]);
  }

  /// df/dh_l of one sample, entry l.
  std::vector<Vec> backward(const Pass& pass) const {
    std::vector<Vec> D(L + 2);
    D[L + 1] = {1};
    for (std::size_t l = L + 1; l > 1; --l) {
      const Layer& layer = layers_[l - 1];
      D[l - 1].assign(layer.cols, 0);
      for (std::size_t i = 0; i < layer.rows; ++i)
        for (std::size_t j = 0; j < layer.cols; ++j)
          D[l - 1][j] += scaling_.weights[l - 1].multiplier * layer.w[i * layer.cols + j] * D[l][i];
      for (std::size_t j = 0; j < layer.cols; ++j) D[l - 1][j] *= phi_.slope(pass.h[l - 1][j]);
    }
    return D;
  }

  /// What the weights' own change moves the output of one sample by, to first order: D_l . (W_t - W_0) x_t.
  double contribution(std::size_t l, const Pass& pass) const {
    const Vec moved = update(l, pass), D = backward(pass)[l];
    double sum = 0;
    for (std::size_t i = 0; i < moved.size(); ++i) sum += D[i] * moved[i];
    return sum;
  }

  /// dLoss/dw of every layer.
  std::vector<Vec> gradients(const std::vector<Vec>& inputs, const Vec& targets) const {
    std::vector<Vec> gradient;
    for (const Layer& layer : layers_) gradient.emplace_back(layer.w.size(), 0.0);
    for (std::size_t s = 0; s < inputs.size(); ++s)
      add_gradient(inputs[s], targets[s], double(inputs.size()), gradient);
    return gradient;
  }

  const Vec& trainable(std::size_t l) const { return layers_[l - 1].w; }

  void step(const std::vector<Vec>& inputs, const Vec& targets, OptimizerKind optimizer) {
    const std::vector<Vec> gradient = gradients(inputs, targets);
    ++steps_;
    for (std::size_t l = 0; l <= L; ++l) {
      if (optimizer == OptimizerKind::muon && l > 0 && l < L)
        apply_muon(layers_[l], scaling_.weights[l], gradient[l]);
      else
        apply(layers_[l], scaling_.weights[l], gradient[l], optimizer);
    }
  }

 private:
  Vec product(std::size_t l, const Vec& w, const Vec& x) const {
    const Layer& layer = layers_[l - 1];
    Vec h(layer.rows, 0);
    for (std::size_t i = 0; i < layer.rows; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < layer.cols; ++j) sum += w[i * layer.cols + j] * x[j];
      h[i] = scaling_.weights[l - 1].multiplier * sum;
    }
    return h;
  }

  void add_gradient(const Vec& input, double target, double samples, std::vector<Vec>& gradient) const {
    const Pass pass = forward(input);
    const std::vector<Vec> D = backward(pass);
    const double slope = (pass.h[L + 1][0] - target) / samples;
    for (std::size_t l = 1; l <= L + 1; ++l) {
      const Layer& layer = layers_[l - 1];
      const double m = scaling_.weights[l - 1].multiplier;
      for (std::size_t i = 0; i < layer.rows; ++i)
        for (std::size_t j = 0; j < layer.cols; ++j)
          gradient[l - 1][i * layer.cols + j] += m * slope * D[l][i] * pass.x[l - 1][j];
    }
  }

  void apply(Layer& layer, const TensorScaling& t, const Vec& gradient, OptimizerKind optimizer) const {
    for (std::size_t i = 0; i < layer.w.size(); ++i) {
      double& w = layer.w[i];
      const bool decoupled = optimizer == OptimizerKind::adamw || optimizer == OptimizerKind::muon;
      const double g = gradient[i] + (decoupled ? 0 : t.decay * w);
      if (decoupled || optimizer == OptimizerKind::adam) {
        layer.first[i] = 0.9 * layer.first[i] + 0.1 * g;
        layer.second[i] = 0.999 * layer.second[i] + 0.001 * g * g;
        const double mean = layer.first[i] / (1 - std::pow(0.9, steps_));
        const double square = layer.second[i] / (1 - std::pow(0.999, steps_));
        w -= t.rate * (mean / (std::sqrt(square) + t.epsilon) + (decoupled ? t.decay * w : 0));
      } else if (optimizer == OptimizerKind::rmsprop) {
        layer.second[i] = 0.99 * layer.second[i] + 0.01 * g * g;
        w -= t.rate * g / (std::sqrt(layer.second[i]) + t.epsilon);
      } else {
        layer.first[i] = (optimizer == OptimizerKind::momentum ? 0.9 : 0) * layer.first[i] + g;
        w -= t.rate * layer.first[i];
      }
    }
  }

  // Square matrices: X = aX + bXX'X + cXX'XX'X, entry by entry.
  void apply_muon(Layer& layer, const TensorScaling& t, const Vec& gradient) const {
    const std::size_t n = layer.rows;
    Vec x(gradient.size());
    double norm = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      layer.first[i] = 0.95 * layer.first[i] + gradient[i];
      x[i] = gradient[i] + 0.95 * layer.first[i];
      norm += x[i] * x[i];
    }
    for (double& entry : x) entry /= std::sqrt(norm);
    for (int k = 0; k < 5; ++k) {
      const auto with_gram = [&](const Vec& y) {  // X X' Y
        Vec below(n * n, 0), out(n * n, 0);
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < n; ++j)
            for (std::size_t m = 0; m < n; ++m) below[i * n + j] += x[m * n + i] * y[m * n + j];
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < n; ++j)
            for (std::size_t m = 0; m < n; ++m) out[i * n + j] += x[i * n + m] * below[m * n + j];
        return out;
      };
      const Vec third = with_gram(x), fifth = with_gram(third);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = 3.4445 * x[i] - 4.775 * third[i] + 2.0315 * fifth[i];
    }
    for (std::size_t i = 0; i < x.size(); ++i) layer.w[i] -= t.rate * (x[i] + t.decay * layer.w[i]);
  }

  Scaling scaling_;
  Phi phi_;
  std::size_t L;
  std::vector<Layer> layers_;
  int steps_ = 0;
};

inline double rms(const Vec& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum / static_cast<double>(v.size()));
}

}  // namespace widthwise::slow
