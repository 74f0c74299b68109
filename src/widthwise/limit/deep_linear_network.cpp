#include "widthwise/limit/deep_linear_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr double most = 1 << 20;  // of D, N and P: a matrix of so many rows alone takes terabytes

Index whole(double size, const char* member, Index dimension) {
  if (!(size >= 0.5 && size <= most))
    throw ConfigError({{}, fmt::format("limit.{}", member)},
                      fmt::format("a ratio that makes 1 to {} of {} inputs", most, dimension),
                      fmt::format("{:g}", size));
  return static_cast<Index>(std::lround(size));
}

template <class T>
double dot(const std::vector<T>& a, const std::vector<T>& b, Index size) {
  double sum = 0;
  for (Index i = 0; i < size; ++i)
    sum += static_cast<double>(a[static_cast<std::size_t>(i)]) * static_cast<double>(b[static_cast<std::size_t>(i)]);
  return sum;
}

template <class T>
PaddedMatrix<T> drawn(Key key, Index rows, Index cols) {
  PaddedMatrix<T> matrix(rows, cols);
  fill_normal(key, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, matrix.data(),
              static_cast<std::size_t>(matrix.stride()));
  return matrix;
}

template <class T>
std::vector<T> zeros(Index size) {
  return std::vector<T>(static_cast<std::size_t>(PaddedMatrix<T>::padded(size)), T{0});
}

}  // namespace

DeepLinearSizes deep_linear_sizes(const DeepLinearModel& model, Index dimension) {
  check_deep_linear(model);
  if (dimension < 1 || static_cast<double>(dimension) > most)
    throw ConfigError({{}, "limit.dimension"}, fmt::format("1 to {} inputs", most), fmt::format("{}", dimension));
  const auto inputs = static_cast<double>(dimension);
  DeepLinearSizes sizes;
  sizes.inputs = dimension;
  sizes.width = whole(model.width_ratio * inputs, "width_ratio", dimension);
  const bool population = model.data == DeepLinearData::population || std::isinf(model.sample_ratio);
  sizes.samples = population ? 0 : whole(model.sample_ratio * inputs, "sample_ratio", dimension);
  return sizes;
}

template <class T>
DeepLinearNetwork<T>::DeepLinearNetwork(const DeepLinearModel& model, Index dimension, Key key)
    : model_{model}, sizes_{deep_linear_sizes(model, dimension)}, key_{key} {
  const auto [d, n, p] = sizes_;
  variance_ = teacher_ = zeros<T>(d);
  double share = 0;
  Index input = 0;
  for (std::size_t k = 0; k < model.spectrum.modes(); ++k) {
    share += model.spectrum.weight[k];
    for (; input < d && static_cast<double>(input) + 0.5 < share * static_cast<double>(d) + 1e-6; ++input) {
      variance_[static_cast<std::size_t>(input)] = static_cast<T>(model.spectrum.variance[k]);
      teacher_[static_cast<std::size_t>(input)] = static_cast<T>(std::sqrt(model.spectrum.target_squared[k]));
    }
  }
  const Key weights = key.split("weights");
  weights_.push_back(drawn<T>(weights.split(0), n, d));
  for (int l = 1; l < model.states(); ++l)
    weights_.push_back(drawn<T>(weights.split(static_cast<std::uint64_t>(l)), n, n));
  readout_ = zeros<T>(n);
  fill_normal(weights.split("readout"), 1, static_cast<std::size_t>(n), 1.0, readout_.data(),
              static_cast<std::size_t>(n));
  if (model.data == DeepLinearData::repeated && p > 0) {
    const Key data = key.split("data");
    samples_ = drawn<T>(data.split("inputs"), p, d);
    for (Index i = 0; i < p; ++i)
      for (Index j = 0; j < d; ++j)
        samples_(i, j) *= static_cast<T>(std::sqrt(static_cast<double>(variance_[static_cast<std::size_t>(j)])));
    labels_.resize(static_cast<std::size_t>(p));
    times_vector(samples_, teacher_.data(), labels_.data());
    const Key noise = data.split("noise");
    const double root = std::sqrt(static_cast<double>(d));
    for (std::size_t i = 0; i < labels_.size(); ++i)
      labels_[i] = static_cast<T>(static_cast<double>(labels_[i]) / root + model.noise * normal(noise, 0, i));
    residuals_.resize(labels_.size());
  }
  gradients_.assign(weights_.size(), zeros<T>(n));
  left_ = gradients_;
  for (std::size_t l = 0; l < weights_.size(); ++l) right_.push_back(zeros<T>(l == 0 ? d : n));
  predictor_ = signal_ = zeros<T>(d);
  if (model.momentum > 0) {
    for (const PaddedMatrix<T>& w : weights_) moving_.emplace_back(w.rows(), w.cols());
    moving_readout_ = zeros<T>(n);
  }
}

template <class T>
void DeepLinearNetwork<T>::look() {
  if (seen_) return;
  const auto [d, n, p] = sizes_;
  const double branch = model_.residual_branch.value_or(1.0) / std::sqrt(static_cast<double>(n));
  if (pending_ && !moving_.empty()) {
    // m <- mu m + a b^T, W <- W + m
    const auto mu = static_cast<T>(model_.momentum);
    for (std::size_t l = 0; l < weights_.size(); ++l)
      for (Index i = 0; i < weights_[l].rows(); ++i) {
        T* const m = moving_[l].data() + i * moving_[l].stride();
        T* const w = weights_[l].data() + i * weights_[l].stride();
        const T a = left_[l][static_cast<std::size_t>(i)];
        for (Index j = 0; j < weights_[l].cols(); ++j) {
          m[j] = mu * m[j] + a * right_[l][static_cast<std::size_t>(j)];
          w[j] += m[j];
        }
      }
    pending_ = false;
  }
  const auto pass = [&](std::size_t l, const T* x, T* y) {
    update_and_transposed_times<T>(weights_[l], pending_ ? left_[l].data() : nullptr, right_[l].data(), x, y);
  };
  // gradients_[l] is g^{l+1}; the last is the readout.
  gradients_.back() = readout_;
  for (std::size_t l = weights_.size() - 1; l > 0; --l) {
    pass(l, gradients_[l].data(), gradients_[l - 1].data());
    for (Index i = 0; i < n; ++i) {
      T& g = gradients_[l - 1][static_cast<std::size_t>(i)];
      g *= static_cast<T>(branch);
      if (model_.residual_branch) g += gradients_[l][static_cast<std::size_t>(i)];
    }
  }
  pass(0, gradients_[0].data(), predictor_.data());
  pending_ = false;
  const double root = std::sqrt(static_cast<double>(d));
  for (T& b : predictor_) b *= static_cast<T>(root / (static_cast<double>(n) * model_.richness));
  if (model_.centred) {
    if (step_ == 0) initial_ = predictor_;
    for (std::size_t i = 0; i < predictor_.size(); ++i) predictor_[i] -= initial_[i];
  }
  double left = 0;
  for (Index i = 0; i < d; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double v = static_cast<double>(teacher_[k]) - static_cast<double>(predictor_[k]);
    left += static_cast<double>(variance_[k]) * v * v;
  }
  test_ = left / static_cast<double>(d) + model_.noise * model_.noise;
  train_ = test_;
  if (model_.data == DeepLinearData::repeated && p > 0) {
    residuals_and_transposed_times<T>(samples_, static_cast<T>(1 / root), labels_.data(), predictor_.data(),
                                      residuals_.data(), signal_.data());
    for (T& s : signal_) s *= static_cast<T>(root / static_cast<double>(p));
    train_ = dot(residuals_, residuals_, p) / static_cast<double>(p);
  } else {
    draw_signal();
  }
  seen_ = true;
}

template <class T>
void DeepLinearNetwork<T>::draw_signal() {
  const auto [d, n, p] = sizes_;
  for (std::size_t k = 0; k < signal_.size(); ++k) signal_[k] = teacher_[k] - predictor_[k];  // v
  if (p == 0) {
    for (std::size_t k = 0; k < signal_.size(); ++k) signal_[k] *= variance_[k];
    return;
  }
  const double root = std::sqrt(static_cast<double>(d));
  const double size = root * std::sqrt(std::max(0.0, test_ - model_.noise * model_.noise));  // |Lambda^(1/2) v|
  const Key key = key_.split("pass").split(static_cast<std::uint64_t>(step_));
  double along = 0, squared = 0;  // sum of a Delta and of Delta^2, Delta = |Lambda^(1/2) v| a / sqrt(D) + sigma eps
  for (Index i = 0; i < p; ++i) {
    const double a = normal(key, 0, static_cast<std::uint64_t>(i));
    const double delta = size * a / root + model_.noise * normal(key, 1, static_cast<std::uint64_t>(i));
    along += a * delta;
    squared += delta * delta;
  }
  std::vector<double> across(static_cast<std::size_t>(d)), unit(across.size());
  fill_normal(key.split("across"), 1, across.size(), 1.0, across.data(), across.size());
  double overlap = 0;
  for (std::size_t k = 0; k < unit.size(); ++k) {
    unit[k] = size > 0 ? std::sqrt(static_cast<double>(variance_[k])) * static_cast<double>(signal_[k]) / size : 0;
    overlap += unit[k] * across[k];
  }
  for (std::size_t k = 0; k < unit.size(); ++k) {
    const double whitened = unit[k] * along + std::sqrt(squared) * (across[k] - unit[k] * overlap);
    signal_[k] =
        static_cast<T>(root / static_cast<double>(p) * std::sqrt(static_cast<double>(variance_[k])) * whitened);
  }
}

template <class T>
void DeepLinearNetwork<T>::step() {
  look();
  const auto [d, n, p] = sizes_;
  const double root_d = std::sqrt(static_cast<double>(d));
  const double branch = model_.residual_branch.value_or(1.0) / std::sqrt(static_cast<double>(n));
  const double rate = model_.rate(step_) * model_.richness;
  std::vector<T> h = zeros<T>(n);
  times_vector(weights_[0], signal_.data(), h.data());
  for (T& x : h) x *= static_cast<T>(1 / root_d);
  right_[0] = signal_;
  const auto set_left = [&](std::size_t l, double factor) {
    for (std::size_t i = 0; i < left_[l].size(); ++i) left_[l][i] = static_cast<T>(factor) * gradients_[l][i];
  };
  set_left(0, rate / root_d);
  for (std::size_t l = 1; l < weights_.size(); ++l) {
    right_[l] = h;
    set_left(l, rate * branch);
    std::vector<T> next = zeros<T>(n);
    times_vector(weights_[l], h.data(), next.data());
    for (std::size_t i = 0; i < next.size(); ++i)
      next[i] = static_cast<T>(branch) * next[i] + (model_.residual_branch ? h[i] : T{0});
    h = std::move(next);
  }
  pending_ = true;
  for (std::size_t i = 0; i < readout_.size(); ++i) {
    T update = static_cast<T>(rate) * h[i];
    if (!moving_readout_.empty())
      update = moving_readout_[i] = static_cast<T>(model_.momentum) * moving_readout_[i] + update;
    readout_[i] += update;
  }
  ++step_;
  seen_ = false;
}

template <class T>
double DeepLinearNetwork<T>::test_loss() {
  look();
  return test_;
}

template <class T>
double DeepLinearNetwork<T>::train_loss() {
  look();
  return train_;
}

template <class T>
double DeepLinearNetwork<T>::gradient_size() {
  look();
  return dot(gradients_[0], gradients_[0], sizes_.width) / static_cast<double>(sizes_.width);
}

template <class T>
double DeepLinearNetwork<T>::signal_size() {
  look();
  return dot(signal_, signal_, sizes_.inputs) / static_cast<double>(sizes_.inputs);
}

template <class T>
const std::vector<PaddedMatrix<T>>& DeepLinearNetwork<T>::weights() {
  look();
  return weights_;
}

template <class T>
double DeepLinearNetwork<T>::bytes(const DeepLinearModel& model, const DeepLinearSizes& sizes) {
  const auto d = static_cast<double>(sizes.inputs), n = static_cast<double>(sizes.width);
  const double weights = n * d + (model.states() - 1) * n * n;
  const double samples = model.data == DeepLinearData::repeated ? static_cast<double>(sizes.samples) * d : 0;
  return sizeof(T) * (weights * (model.momentum > 0 ? 2 : 1) + samples);
}

template <class T>
double DeepLinearNetwork<T>::step_flops(const DeepLinearModel& model, const DeepLinearSizes& sizes) {
  return 2 * 3 * bytes(model, sizes) / sizeof(T);
}

template class DeepLinearNetwork<float>;
template class DeepLinearNetwork<double>;

}  // namespace widthwise
