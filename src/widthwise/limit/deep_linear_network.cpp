#include "widthwise/limit/deep_linear_network.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>

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

/// The weights one after the other: A0 (N x modes), A1.. (N x N), a (N).
class NetworkFlow : public StiffSystem {
 public:
  NetworkFlow(const FlowSpectrum& spectrum, const DeepLinearNetwork& network)
      : network_{network},
        layers_{network.hidden_layers},
        width_{network.width},
        modes_{static_cast<Index>(spectrum.variance.size())},
        lambda_(modes_),
        target_(modes_),
        backward_(static_cast<std::size_t>(layers_)),
        forward_(static_cast<std::size_t>(layers_)) {
    for (Index k = 0; k < modes_; ++k) {
      lambda_(k) = spectrum.variance[static_cast<std::size_t>(k)];
      target_(k) = std::sqrt(spectrum.target_squared[static_cast<std::size_t>(k)]);
    }
    root_ = lambda_.cwiseSqrt();
    last_ =
        std::distance(spectrum.variance.begin(), std::min_element(spectrum.variance.begin(), spectrum.variance.end()));
    negligible_ = 1e-200 * initial_loss(spectrum);
    for (Matrix<double>& each : forward_) each.resize(width_, modes_);
  }

  /// The weights at the start, from where b is counted if the output is centred.
  std::vector<double> start() {
    std::vector<double> y(static_cast<std::size_t>(size()));
    const double scale = 1 / std::sqrt(static_cast<double>(width_));
    for (int l = 0; l <= layers_; ++l) {
      const auto rows = static_cast<std::size_t>(width_), cols = static_cast<std::size_t>(columns(l));
      fill_normal(network_.key.split(static_cast<std::uint64_t>(l)), rows, cols, scale, y.data() + offset(l), cols);
    }
    if (network_.centred) target_ += end_to_end(y);
    return y;
  }

  double loss(std::span<const double> y) { return lambda_.dot((target_ - end_to_end(y)).cwiseAbs2()); }
  double reach(std::span<const double> y, const Vector<double>& initial) { return (end_to_end(y) - initial).norm(); }
  /// eta P P^T of the mode of least variance.
  double kernel_scale(std::span<const double> y) {
    linearise(y);
    return network_.eta * kernel_(last_, last_);
  }

  Vector<double> end_to_end(std::span<const double> y) {
    go_back(y, backward_);
    return Rows(y.data(), width_, modes_).transpose() * backward_[0] / network_.gamma0;
  }

  void slope(std::span<const double> y, std::span<double> out) override {
    const Vector<double> s = lambda_.cwiseProduct(target_ - end_to_end(y));
    write_gradient(s, network_.eta * network_.gamma0, 0, backward_, out, [&](int l, const Vector<double>& h) {
      return Vector<double>(Rows(y.data() + offset(l), width_, columns(l)) * h);
    });
  }

  void linearise(std::span<const double> y) override {
    go_back(y, backward_at_);
    // H^l: the map from inputs to layer l; forward_[l - 1].
    forward_[0] = Rows(y.data(), width_, modes_);
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
    Matrix<double> inner = root_.asDiagonal() * kernel_ * root_.asDiagonal();
    inner.diagonal().array() += shift / network_.eta;
    inner_.compute(inner);
  }

  void solve(std::span<double> x) override {
    const Vector<double> z = root_.cwiseProduct(inner_.solve(root_.cwiseProduct(tangent(x))));
    ColumnOut(x.data(), size()) /= shift_;
    write_gradient(z, -1 / shift_, 1, backward_at_, x,
                   [&](int l, const Vector<double>&) { return Vector<double>(forward_[at(l)] * z); });
  }

  /// Of sqrt(loss), to first order, or of the weights against what a balanced product of this b has.
  double error_size(std::span<const double> y, std::span<const double> error) override {
    const Vector<double> b = end_to_end(y), off = tangent(error) / network_.gamma0;
    const double loss = lambda_.dot((target_ - b).cwiseAbs2());
    const double size_of_each = std::pow(1 + network_.gamma0 * b.norm(), 1.0 / (layers_ + 1));
    return std::max(std::sqrt(lambda_.dot(off.cwiseAbs2()) / (loss + negligible_)),
                    Column(error.data(), size()).norm() / size_of_each);
  }

 private:
  static std::size_t at(int l) { return static_cast<std::size_t>(l); }
  Index columns(int l) const { return l == 0 ? modes_ : l == layers_ ? 1 : width_; }
  Index offset(int l) const { return l == 0 ? 0 : width_ * modes_ + (l - 1) * width_ * width_; }
  Index size() const { return offset(layers_) + width_; }

  /// g^l of layers l = 1..L into out[l - 1].
  void go_back(std::span<const double> y, std::vector<Vector<double>>& out) const {
    out.resize(at(layers_));
    out[at(layers_ - 1)] = Column(y.data() + offset(layers_), width_);
    for (int l = layers_ - 1; l >= 1; --l)
      out[at(l - 1)] = Rows(y.data() + offset(l), width_, width_).transpose() * out[at(l)];
  }

  /// P x at the weights linearise() was called with.
  Vector<double> tangent(std::span<const double> x) const {
    Vector<double> out = Rows(x.data(), width_, modes_).transpose() * backward_at_[0];
    for (int l = 1; l < layers_; ++l)
      out += forward_[at(l - 1)].transpose() *
             (Rows(x.data() + offset(l), width_, width_).transpose() * backward_at_[at(l)]);
    return out + forward_[at(layers_ - 1)].transpose() * Column(x.data() + offset(layers_), width_);
  }

  /// out <- keep out + factor P^T s, keep 0 or 1; next(l, h^l) is h^{l+1}.
  template <class Next>
  void write_gradient(const Vector<double>& s, double factor, int keep, const std::vector<Vector<double>>& backward,
                      std::span<double> out, const Next& next) const {
    Vector<double> h = s;
    for (int l = 0; l < layers_; ++l) {
      RowsOut block(out.data() + offset(l), width_, columns(l));
      const Vector<double> left = factor * backward[at(l)];
      if (keep == 0)
        block.noalias() = left * h.transpose();
      else
        block.noalias() += left * h.transpose();
      h = next(l, h);
    }
    ColumnOut last(out.data() + offset(layers_), width_);
    last = keep * last + factor * h;
  }

  DeepLinearNetwork network_;
  int layers_;
  Index width_, modes_, last_ = 0;
  Vector<double> lambda_, root_, target_;
  std::vector<Vector<double>> backward_, backward_at_;  // at the weights last seen; where linearised
  std::vector<Matrix<double>> forward_;
  Matrix<double> kernel_;
  Eigen::LLT<Matrix<double>> inner_;
  double shift_ = 0, negligible_ = 0;
};

}  // namespace

Trace deep_linear_network_flow(const FlowSpectrum& spectrum, const DeepLinearNetwork& network,
                               std::span<const double> times) {
  check_spectrum(spectrum);
  check_flow_times(times);
  require_number(network.hidden_layers >= 1, "architecture.hidden_layers", "at least 1", network.hidden_layers);
  require_number(network.width >= 1, "architecture.width", "at least 1", static_cast<double>(network.width));
  require_number(network.gamma0 > 0 && std::isfinite(network.gamma0), "limit.gamma0", "a number above 0",
                 network.gamma0);
  require_number(network.eta > 0 && std::isfinite(network.eta), "limit.eta", "a number above 0", network.eta);
  require_number(network.tolerance > 0 && network.tolerance < 1, "limit.tolerance", "a relative error between 0 and 1",
                 network.tolerance);
  NetworkFlow system(spectrum, network);
  std::vector<double> start = system.start();
  const Vector<double> initial =
      network.centred ? system.end_to_end(start) : Vector<double>::Zero(static_cast<Index>(spectrum.variance.size()));
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
    trace.set("reach", system.reach(flow.state(), initial));
  }
  return trace;
}

}  // namespace widthwise
