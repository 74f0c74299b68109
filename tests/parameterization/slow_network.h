// The judge of this room's predictions: a small slow network in plain loops, in double, stored as trainable w with its
// multiplier (not in effective form), squared loss, full batch, SGD, momentum or Adam. Shares no code with the library
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

  void step(const std::vector<Vec>& inputs, const Vec& targets, OptimizerKind optimizer) {
    std::vector<Vec> gradient;
    for (const Layer& layer : layers_) gradient.emplace_back(layer.w.size(), 0.0);
    for (std::size_t s = 0; s < inputs.size(); ++s)
      add_gradient(inputs[s], targets[s], double(inputs.size()), gradient);
    ++steps_;
    for (std::size_t l = 0; l <= L; ++l) apply(layers_[l], scaling_.weights[l], gradient[l], optimizer);
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
    Vec delta = {(pass.h[L + 1][0] - target) / samples};
    for (std::size_t l = L + 1; l >= 1; --l) {
      const Layer& layer = layers_[l - 1];
      const double m = scaling_.weights[l - 1].multiplier;
      Vec below(layer.cols, 0);
      for (std::size_t i = 0; i < layer.rows; ++i)
        for (std::size_t j = 0; j < layer.cols; ++j) {
          gradient[l - 1][i * layer.cols + j] += m * delta[i] * pass.x[l - 1][j];
          below[j] += m * layer.w[i * layer.cols + j] * delta[i];
        }
      if (l == 1) break;
      for (std::size_t j = 0; j < below.size(); ++j) below[j] *= phi_.slope(pass.h[l - 1][j]);
      delta = std::move(below);
    }
  }

  void apply(Layer& layer, const TensorScaling& t, const Vec& gradient, OptimizerKind optimizer) const {
    for (std::size_t i = 0; i < layer.w.size(); ++i) {
      double& w = layer.w[i];
      if (optimizer == OptimizerKind::adam) {
        layer.first[i] = 0.9 * layer.first[i] + 0.1 * gradient[i];
        layer.second[i] = 0.999 * layer.second[i] + 0.001 * gradient[i] * gradient[i];
        const double mean = layer.first[i] / (1 - std::pow(0.9, steps_));
        const double square = layer.second[i] / (1 - std::pow(0.999, steps_));
        w -= t.rate * (mean / (std::sqrt(square) + t.epsilon) + t.decay * w);
      } else {
        const double g = gradient[i] + t.decay * w;
        layer.first[i] = (optimizer == OptimizerKind::momentum ? 0.9 : 0) * layer.first[i] + g;
        w -= t.rate * layer.first[i];
      }
    }
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
