#include "widthwise/limit/deep_linear_network.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numbers>
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
  sizes.outputs = model.output_count();
  for (int l = 1; l <= model.states(); ++l)
    sizes.widths.push_back(whole(model.layer_ratio(model.width_ratios.empty() ? 1 : l) * inputs,
                                 model.width_ratios.empty() ? "width_ratio" : "width_ratios", dimension));
  const bool population = model.data == DeepLinearData::population || std::isinf(model.sample_ratio);
  sizes.samples = population ? 0 : whole(model.sample_ratio * inputs, "sample_ratio", dimension);
  return sizes;
}

template <class T>
DeepLinearNetwork<T>::DeepLinearNetwork(const DeepLinearModel& model, Index dimension, Key key)
    : model_{model}, sizes_{deep_linear_sizes(model, dimension)}, key_{key} {
  draw_teachers();
  const Key weights = key.split("weights");
  Index below = sizes_.inputs;
  for (std::size_t l = 0; l < sizes_.widths.size(); ++l) {
    weights_.push_back(drawn<T>(weights.split(l), sizes_.widths[l], below));
    right_.push_back(Vectors(teacher_.size(), zeros<T>(below)));
    below = sizes_.widths[l];
    gradients_.push_back(Vectors(teacher_.size(), zeros<T>(below)));
  }
  left_ = gradients_;
  for (std::size_t c = 0; c < teacher_.size(); ++c) {
    readout_.push_back(zeros<T>(below));
    fill_normal(weights.split("readout").split(c), 1, static_cast<std::size_t>(below), 1.0, readout_.back().data(),
                static_cast<std::size_t>(below));
  }
  predictor_ = signal_ = Vectors(teacher_.size(), zeros<T>(sizes_.inputs));
  if (model.data == DeepLinearData::repeated && sizes_.samples > 0) draw_samples();
  if (model.momentum > 0) {
    for (const PaddedMatrix<T>& w : weights_) moving_.emplace_back(w.rows(), w.cols());
    moving_readout_ = Vectors(teacher_.size(), zeros<T>(below));
  }
}

// Of a mode's inputs cosines of whole half-periods are orthogonal: columns of a matrix O, O^T O = (number of inputs),
// and teachers O F of F F^T = their correlations.
template <class T>
void DeepLinearNetwork<T>::draw_teachers() {
  const Index d = sizes_.inputs;
  variance_ = zeros<T>(d);
  teacher_.assign(static_cast<std::size_t>(sizes_.outputs), zeros<T>(d));
  double share = 0;
  Index begin = 0;
  for (std::size_t k = 0; k < model_.spectrum.modes(); ++k) {
    share += model_.spectrum.weight[k];
    Index end = begin;
    while (end < d && static_cast<double>(end) + 0.5 < share * static_cast<double>(d) + 1e-6) ++end;
    const Matrix<double> targets = model_.targets(k);
    if (sizes_.outputs > 1 && end - begin > 0 && end - begin < sizes_.outputs)
      throw ConfigError({{}, "limit.dimension"},
                        fmt::format("at least {} inputs of every mode, as many as outputs", sizes_.outputs),
                        fmt::format("{}", end - begin));
    const Eigen::SelfAdjointEigenSolver<Matrix<double>> eigen(targets);
    const Matrix<double> factor =
        sizes_.outputs == 1
            ? Matrix<double>(targets.cwiseSqrt())
            : Matrix<double>(eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal());
    for (Index i = begin; i < end; ++i) {
      variance_[static_cast<std::size_t>(i)] = static_cast<T>(model_.spectrum.variance[k]);
      for (Index c = 0; c < sizes_.outputs; ++c) {
        double sum = 0;
        for (Index e = 0; e < sizes_.outputs; ++e) {
          const double angle = std::numbers::pi * (static_cast<double>(i - begin) + 0.5) * static_cast<double>(e) /
                               static_cast<double>(end - begin);
          sum += factor(c, e) * (e == 0 ? 1 : std::numbers::sqrt2 * std::cos(angle));
        }
        teacher_[static_cast<std::size_t>(c)][static_cast<std::size_t>(i)] = static_cast<T>(sum);
      }
    }
    begin = end;
  }
}

template <class T>
void DeepLinearNetwork<T>::draw_samples() {
  const Key data = key_.split("data");
  const Index p = sizes_.samples, d = sizes_.inputs;
  samples_ = drawn<T>(data.split("inputs"), p, d);
  for (Index i = 0; i < p; ++i)
    for (Index j = 0; j < d; ++j)
      samples_(i, j) *= static_cast<T>(std::sqrt(static_cast<double>(variance_[static_cast<std::size_t>(j)])));
  const double root = std::sqrt(static_cast<double>(d));
  for (std::size_t c = 0; c < teacher_.size(); ++c) {
    std::vector<T> labels(static_cast<std::size_t>(p));
    times_vector(samples_, teacher_[c].data(), labels.data());
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] =
          static_cast<T>(static_cast<double>(labels[i]) / root + model_.noise * normal(data.split("noise"), c, i));
    labels_.push_back(std::move(labels));
  }
  residuals_ = labels_;
}

// m <- mu m + sum a b^T, W <- W + m.
template <class T>
void DeepLinearNetwork<T>::move_with_momentum() {
  const auto mu = static_cast<T>(model_.momentum);
  for (std::size_t l = 0; l < weights_.size(); ++l)
    for (Index i = 0; i < weights_[l].rows(); ++i) {
      T* const m = moving_[l].data() + i * moving_[l].stride();
      T* const w = weights_[l].data() + i * weights_[l].stride();
      for (Index j = 0; j < weights_[l].cols(); ++j) {
        m[j] *= mu;
        for (std::size_t c = 0; c < teacher_.size(); ++c)
          m[j] += left_[l][c][static_cast<std::size_t>(i)] * right_[l][c][static_cast<std::size_t>(j)];
        w[j] += m[j];
      }
    }
}

template <class T>
void DeepLinearNetwork<T>::pass_down(std::size_t layer, const Vectors& x, Vectors& y) {
  PaddedMatrix<T>& w = weights_[layer];
  const std::size_t outputs = x.size();
  // The last update goes with the first product; of several outputs the others come before it.
  for (std::size_t c = 0; pending_ && c + 1 < outputs; ++c)
    update_and_transposed_times<T>(w, left_[layer][c].data(), right_[layer][c].data(), x[0].data(), y[0].data());
  for (std::size_t c = 0; c < outputs; ++c) {
    const bool updates = pending_ && c == 0;
    update_and_transposed_times<T>(w, updates ? left_[layer].back().data() : nullptr, right_[layer].back().data(),
                                   x[c].data(), y[c].data());
  }
}

template <class T>
void DeepLinearNetwork<T>::look() {
  if (seen_) return;
  if (pending_ && !moving_.empty()) {
    move_with_momentum();
    pending_ = false;
  }
  // gradients_[l] is g^{l+1}; the last is the readout.
  gradients_.back() = readout_;
  for (std::size_t l = weights_.size() - 1; l > 0; --l) {
    pass_down(l, gradients_[l], gradients_[l - 1]);
    const double scale = model_.residual_branch.value_or(1.0) / std::sqrt(static_cast<double>(sizes_.widths[l - 1]));
    for (std::size_t c = 0; c < teacher_.size(); ++c)
      for (std::size_t i = 0; i < gradients_[l - 1][c].size(); ++i) {
        T& g = gradients_[l - 1][c][i];
        g *= static_cast<T>(scale);
        if (model_.residual_branch) g += gradients_[l][c][i];
      }
  }
  pass_down(0, gradients_[0], predictor_);
  pending_ = false;
  const double root = std::sqrt(static_cast<double>(sizes_.inputs));
  const auto scale = static_cast<T>(root / (static_cast<double>(sizes_.widths.back()) * model_.richness));
  for (std::vector<T>& of_output : predictor_)
    for (T& b : of_output) b *= scale;
  if (model_.centred) {
    if (step_ == 0) initial_ = predictor_;
    for (std::size_t c = 0; c < predictor_.size(); ++c)
      for (std::size_t i = 0; i < predictor_[c].size(); ++i) predictor_[c][i] -= initial_[c][i];
  }
  const double noise = static_cast<double>(sizes_.outputs) * model_.noise * model_.noise;
  test_ = test_error() + noise;
  train_ = test_;
  if (samples_.rows() > 0) {
    const auto p = static_cast<double>(sizes_.samples);
    train_ = 0;
    for (std::size_t c = 0; c < teacher_.size(); ++c) {
      residuals_and_transposed_times<T>(samples_, static_cast<T>(1 / root), labels_[c].data(), predictor_[c].data(),
                                        residuals_[c].data(), signal_[c].data());
      for (T& s : signal_[c]) s *= static_cast<T>(root / p);
      train_ += dot(residuals_[c], residuals_[c], sizes_.samples) / p;
    }
  } else {
    draw_signal();
  }
  seen_ = true;
}

// sum over outputs of |Lambda^(1/2) v|^2 / D.
template <class T>
double DeepLinearNetwork<T>::test_error() const {
  double left = 0;
  for (std::size_t c = 0; c < teacher_.size(); ++c)
    for (std::size_t k = 0; k < static_cast<std::size_t>(sizes_.inputs); ++k) {
      const double v = static_cast<double>(teacher_[c][k]) - static_cast<double>(predictor_[c][k]);
      left += static_cast<double>(variance_[k]) * v * v;
    }
  return left / static_cast<double>(sizes_.inputs);
}

template <class T>
void DeepLinearNetwork<T>::draw_signal() {
  const Index d = sizes_.inputs, outputs = sizes_.outputs, p = sizes_.samples;
  using Dense = Eigen::MatrixXd;
  Dense v(d, outputs);
  Eigen::VectorXd deviation(d);
  for (Index i = 0; i < d; ++i) {
    const auto k = static_cast<std::size_t>(i);
    deviation(i) = std::sqrt(static_cast<double>(variance_[k]));
    for (Index c = 0; c < outputs; ++c) {
      const auto o = static_cast<std::size_t>(c);
      v(i, c) = static_cast<double>(teacher_[o][k]) - static_cast<double>(predictor_[o][k]);
    }
  }
  Dense signal = deviation.asDiagonal() * v;  // Lambda^(1/2) v
  if (p > 0) {
    const double root = std::sqrt(static_cast<double>(d));
    const Key key = key_.split("pass").split(static_cast<std::uint64_t>(step_));
    const auto drawn_normal = [&](const char* name, Index rows) {
      Matrix<double> out(rows, outputs);
      fill_normal(key.split(name), static_cast<std::size_t>(rows), static_cast<std::size_t>(outputs), 1.0, out.data(),
                  static_cast<std::size_t>(outputs));
      return out;
    };
    // Lambda^(1/2) v = basis mix; a sample has normal numbers `along` there, and Delta of them and the noise alone.
    const Eigen::HouseholderQR<Dense> qr(signal);
    const Dense basis = qr.householderQ() * Dense::Identity(d, outputs);
    const Dense mix = basis.transpose() * signal;
    const Dense along = drawn_normal("along", p);
    const Dense delta = along * mix / root + model_.noise * Dense(drawn_normal("noise", p));
    // What is orthogonal: rows of normal numbers with the covariance Delta^T Delta.
    const Eigen::LDLT<Dense> squares((delta.transpose() * delta).eval());
    const Dense factor = squares.transpositionsP().transpose() * Dense(squares.matrixL()) *
                         Dense(squares.vectorD().cwiseMax(0.0).cwiseSqrt().asDiagonal());
    const Dense free = drawn_normal("across", d);
    const Dense across = (free - basis * (basis.transpose() * free)) * factor.transpose();
    signal = (root / static_cast<double>(p)) * (basis * (along.transpose() * delta) + across);
  }
  for (Index i = 0; i < d; ++i)
    for (Index c = 0; c < outputs; ++c)
      signal_[static_cast<std::size_t>(c)][static_cast<std::size_t>(i)] = static_cast<T>(deviation(i) * signal(i, c));
}

template <class T>
void DeepLinearNetwork<T>::step() {
  look();
  const double root_d = std::sqrt(static_cast<double>(sizes_.inputs));
  const double rate = model_.rate(step_) * model_.richness;
  const auto set_left = [&](std::size_t l, std::size_t c, double factor) {
    for (std::size_t i = 0; i < left_[l][c].size(); ++i) left_[l][c][i] = static_cast<T>(factor) * gradients_[l][c][i];
  };
  for (std::size_t c = 0; c < teacher_.size(); ++c) {
    std::vector<T> h = zeros<T>(sizes_.widths.front());
    times_vector(weights_[0], signal_[c].data(), h.data());
    for (T& x : h) x *= static_cast<T>(1 / root_d);
    right_[0][c] = signal_[c];
    set_left(0, c, rate / root_d);
    for (std::size_t l = 1; l < weights_.size(); ++l) {
      const double scale = model_.residual_branch.value_or(1.0) / std::sqrt(static_cast<double>(sizes_.widths[l - 1]));
      right_[l][c] = h;
      set_left(l, c, rate * scale);
      std::vector<T> next = zeros<T>(sizes_.widths[l]);
      times_vector(weights_[l], h.data(), next.data());
      for (std::size_t i = 0; i < next.size(); ++i)
        next[i] = static_cast<T>(scale) * next[i] + (model_.residual_branch ? h[i] : T{0});
      h = std::move(next);
    }
    for (std::size_t i = 0; i < readout_[c].size(); ++i) {
      T update = static_cast<T>(rate) * h[i];
      if (!moving_readout_.empty())
        update = moving_readout_[c][i] = static_cast<T>(model_.momentum) * moving_readout_[c][i] + update;
      readout_[c][i] += update;
    }
  }
  pending_ = true;
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
  double sum = 0;
  for (const std::vector<T>& g : gradients_[0]) sum += dot(g, g, sizes_.widths.front());
  return sum / static_cast<double>(sizes_.widths.front());
}

template <class T>
double DeepLinearNetwork<T>::signal_size() {
  look();
  double sum = 0;
  for (const std::vector<T>& s : signal_) sum += dot(s, s, sizes_.inputs);
  return sum / static_cast<double>(sizes_.inputs);
}

template <class T>
const std::vector<PaddedMatrix<T>>& DeepLinearNetwork<T>::weights() {
  look();
  return weights_;
}

template <class T>
double DeepLinearNetwork<T>::bytes(const DeepLinearModel& model, const DeepLinearSizes& sizes) {
  double weights = 0, below = static_cast<double>(sizes.inputs);
  for (const Index width : sizes.widths) {
    weights += below * static_cast<double>(width);
    below = static_cast<double>(width);
  }
  const double samples = model.data == DeepLinearData::repeated
                             ? static_cast<double>(sizes.samples) * static_cast<double>(sizes.inputs)
                             : 0;
  return sizeof(T) * (weights * (model.momentum > 0 ? 2 : 1) + samples);
}

template <class T>
double DeepLinearNetwork<T>::step_flops(const DeepLinearModel& model, const DeepLinearSizes& sizes) {
  return 2 * 3 * static_cast<double>(sizes.outputs) * bytes(model, sizes) / sizeof(T);
}

template class DeepLinearNetwork<float>;
template class DeepLinearNetwork<double>;

}  // namespace widthwise
