#include "widthwise/limit/deep_linear_network_flow.h"

#include <fmt/format.h>

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "widthwise/limit/flow_checks.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/products.h"
#include "widthwise/numerics/stiff_flow.h"

namespace widthwise {

namespace {

using Rows = Eigen::Map<const Matrix<double>>;
using RowsOut = Eigen::Map<Matrix<double>>;
using Column = Eigen::Map<const Vector<double>>;
using ColumnOut = Eigen::Map<Vector<double>>;

/// The weights one after the other, A0 (N x modes), A1.. (N x N), a (N), then v (modes).
class NetworkFlow : public StiffSystem {
 public:
  NetworkFlow(const FlowSpectrum& spectrum, const DeepLinearFlowNetwork& network)
      : network_{network},
        layers_{network.hidden_layers},
        width_{network.width},
        modes_{static_cast<Index>(spectrum.variance.size())},
        lambda_(modes_),
        target_(modes_),
        backward_(at(layers_)),
        backward_at_(at(layers_)),
        forward_(at(layers_)) {
    for (Index k = 0; k < modes_; ++k) {
      lambda_(k) = spectrum.variance[static_cast<std::size_t>(k)];
      target_(k) = std::sqrt(spectrum.target_squared[static_cast<std::size_t>(k)]);
    }
    lambda_.minCoeff(&last_);
    negligible_ = 1e-200 * initial_loss(spectrum);
    for (Matrix<double>& each : forward_) each.resize(width_, modes_);
  }

  std::vector<double> start() {
    std::vector<double> y(static_cast<std::size_t>(weights() + modes_));
    const double scale = 1 / std::sqrt(static_cast<double>(width_));
    for (int l = 0; l <= layers_; ++l) {
      const auto rows = static_cast<std::size_t>(width_), cols = static_cast<std::size_t>(columns(l));
      fill_normal(network_.key.split(static_cast<std::uint64_t>(l)), rows, cols, scale, y.data() + offset(l), cols);
    }
    ColumnOut v(y.data() + weights(), modes_);
    v = target_;
    if (!network_.centred) {
      go_back(y, backward_);
      v -= Rows(y.data(), width_, modes_).transpose() * backward_[0] / network_.gamma0;
    }
    return y;
  }

  double loss(std::span<const double> y) const { return lambda_.dot(error(y).cwiseAbs2()); }
  /// |b|.
  double reach(std::span<const double> y) const { return (target_ - error(y)).norm(); }
  /// eta K of the mode of least variance.
  double kernel_scale(std::span<const double> y) {
    linearise(y);
    return network_.eta * kernel_(last_, last_);
  }

  void slope(std::span<const double> y, std::span<double> out) override {
    go_back(y, backward_);
    // K s by one more pass back: K = sum_l |g^{l+1}|^2 H^l^T H^l, H^l the map from inputs to layer l.
    std::vector<Vector<double>> h{lambda_.cwiseProduct(error(y))};
    for (int l = 0; l < layers_; ++l) h.push_back(Rows(y.data() + offset(l), width_, columns(l)) * h[at(l)]);
    Vector<double> back = h[at(layers_)];
    for (int l = layers_ - 1; l >= 0; --l) {
      back = Rows(y.data() + offset(l), width_, columns(l)).transpose() * back;
      back += backward_[at(l)].squaredNorm() * h[at(l)];
    }
    const double rate = network_.eta * network_.gamma0;
    for (int l = 0; l < layers_; ++l)
      RowsOut(out.data() + offset(l), width_, columns(l)).noalias() = (rate * backward_[at(l)]) * h[at(l)].transpose();
    ColumnOut(out.data() + offset(layers_), width_) = rate * h[at(layers_)];
    ColumnOut(out.data() + weights(), modes_) = -network_.eta * back;
  }

  void linearise(std::span<const double> y) override {
    go_back(y, backward_at_);
    forward_[0] = Rows(y.data(), width_, modes_);  // forward_[l - 1] is H^l
    for (int l = 1; l < layers_; ++l)
      gemm<double>(Op::none, Op::none, 1, View<const double>(y.data() + offset(l), width_, width_),
                   view(std::as_const(forward_[at(l - 1)])), 0, view(forward_[at(l)]));
    kernel_.setZero(modes_, modes_);
    for (int l = 1; l <= layers_; ++l) {
      const double weight = l == layers_ ? 1 : backward_at_[at(l)].squaredNorm();
      syrk<double>(Op::transpose, weight, view(std::as_const(forward_[at(l - 1)])), 1, view(kernel_));
    }
    kernel_.diagonal().array() += backward_at_[0].squaredNorm();
  }

  void factor(double shift) override {
    shift_ = shift;
    Matrix<double> inner = network_.eta * kernel_ * lambda_.asDiagonal();
    inner.diagonal().array() += shift;
    inner_.compute(inner);
  }

  /// J = [0, eta gamma0 P^T Lambda; 0, -eta K Lambda]: weights by v, v by itself.
  void solve(std::span<double> x) override {
    ColumnOut v(x.data() + weights(), modes_), all(x.data(), weights());
    v = inner_.solve(v).eval();
    all /= shift_;
    const double rate = network_.eta * network_.gamma0 / shift_;
    const Vector<double> s = lambda_.cwiseProduct(v);
    Vector<double> h = s;
    for (int l = 0; l < layers_; ++l) {
      RowsOut(x.data() + offset(l), width_, columns(l)).noalias() += (rate * backward_at_[at(l)]) * h.transpose();
      h = forward_[at(l)] * s;
    }
    ColumnOut(x.data() + offset(layers_), width_) += rate * h;
  }

  /// Of sqrt(loss), or of the weights against what a balanced product of this b has.
  double error_size(std::span<const double> y, std::span<const double> off) override {
    const double size_of_each = std::pow(1 + network_.gamma0 * reach(y), 1.0 / (layers_ + 1));
    return std::max(std::sqrt(lambda_.dot(error(off).cwiseAbs2()) / (loss(y) + negligible_)),
                    Column(off.data(), weights()).norm() / size_of_each);
  }

 private:
  static std::size_t at(int l) { return static_cast<std::size_t>(l); }
  Index columns(int l) const { return l == 0 ? modes_ : l == layers_ ? 1 : width_; }
  Index offset(int l) const { return l == 0 ? 0 : width_ * modes_ + (l - 1) * width_ * width_; }
  Index weights() const { return offset(layers_) + width_; }
  Column error(std::span<const double> y) const { return {y.data() + weights(), modes_}; }

  /// g^l of layers l = 1..L into out[l - 1].
  void go_back(std::span<const double> y, std::vector<Vector<double>>& out) const {
    out[at(layers_ - 1)] = Column(y.data() + offset(layers_), width_);
    for (int l = layers_ - 1; l >= 1; --l)
      out[at(l - 1)] = Rows(y.data() + offset(l), width_, width_).transpose() * out[at(l)];
  }

  DeepLinearFlowNetwork network_;
  int layers_;
  Index width_, modes_, last_ = 0;
  Vector<double> lambda_, target_;
  std::vector<Vector<double>> backward_, backward_at_;  // of the weights last seen; where linearised
  std::vector<Matrix<double>> forward_;
  Matrix<double> kernel_;
  Eigen::PartialPivLU<Matrix<double>> inner_;
  double shift_ = 0, negligible_ = 0;
};

}  // namespace

Trace deep_linear_network_flow(const FlowSpectrum& spectrum, const DeepLinearFlowNetwork& network,
                               std::span<const double> times) {
  check_spectrum(spectrum);
  check_flow_times(times);
  require_number(network.hidden_layers >= 1, "limit.hidden_layers", "at least 1", network.hidden_layers);
  require_number(network.width >= 1, "limit.width", "at least 1", static_cast<double>(network.width));
  require_number(network.gamma0 > 0 && std::isfinite(network.gamma0), "limit.richness", "a number above 0",
                 network.gamma0);
  require_number(network.eta > 0 && std::isfinite(network.eta), "limit.learning_rate", "a number above 0", network.eta);
  require_number(network.tolerance > 0 && network.tolerance < 1, "limit.tolerance", "a relative error between 0 and 1",
                 network.tolerance);
  NetworkFlow system(spectrum, network);
  std::vector<double> start = system.start();
  double widest = 0;
  for (const double lambda : spectrum.variance) widest = std::max(widest, lambda);
  // Kernel and features change over times of order 1 / (eta gamma0), at first as slowly as the kernel allows.
  const double first =
      std::cbrt(network.tolerance) / (network.eta * (network.hidden_layers + 1 + network.gamma0) * widest);
  StiffFlow flow(system, std::move(start), network.tolerance, first);
  Trace trace;
  for (const double time : times) {
    flow.advance(time);
    trace.append(flow.accepted(), time);
    trace.set("loss", system.loss(flow.state()));
    trace.set("kernel_scale", system.kernel_scale(flow.state()));
    trace.set("reach", system.reach(flow.state()));
  }
  return trace;
}

}  // namespace widthwise
