#include "widthwise/limit/deep_linear_flow.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "widthwise/limit/flow_checks.h"
#include "widthwise/numerics/stiff_flow.h"

namespace widthwise {

namespace {

/// p and q with their derivatives in r = |B|^2.
struct Coefficients {
  double p = 0, q = 0, dp = 0, dq = 0;
};
using Law = std::function<Coefficients(double)>;

/// The system in v. With shift - J = E - s a^T - B e^T, E diagonal, linear systems are solved by a 2 x 2 one.
class RankOneFlow : public StiffSystem {
 public:
  RankOneFlow(const FlowSpectrum& spectrum, Law law)
      : lambda_{spectrum.variance}, law_{std::move(law)}, n_{lambda_.size()} {
    target_.reserve(n_);
    for (const double square : spectrum.target_squared) target_.push_back(std::sqrt(square));
    negligible_ = 1e-200 * initial_loss(spectrum);
    for (std::vector<double>* each : {&s_, &b_, &left_s_, &left_b_, &row_s_, &row_b_, &diagonal_}) each->resize(n_);
  }

  const std::vector<double>& target() const { return target_; }
  double loss(std::span<const double> v) const {
    double sum = 0;
    for (std::size_t k = 0; k < n_; ++k) sum += lambda_[k] * v[k] * v[k];
    return sum;
  }
  /// |B|^2.
  double reach(std::span<const double> v) const {
    double r = 0;
    for (std::size_t k = 0; k < n_; ++k) r += (target_[k] - v[k]) * (target_[k] - v[k]);
    return r;
  }
  Coefficients coefficients(std::span<const double> v) const { return law_(reach(v)); }

  void slope(std::span<const double> v, std::span<double> out) override {
    const Coefficients at = coefficients(v);
    double overlap = 0;
    for (std::size_t k = 0; k < n_; ++k) overlap += (target_[k] - v[k]) * lambda_[k] * v[k];
    for (std::size_t k = 0; k < n_; ++k) out[k] = -at.p * lambda_[k] * v[k] - at.q * overlap * (target_[k] - v[k]);
  }

  void linearise(std::span<const double> v) override {
    const Coefficients at = coefficients(v);
    double overlap = 0;
    for (std::size_t k = 0; k < n_; ++k) {
      b_[k] = target_[k] - v[k];
      s_[k] = lambda_[k] * v[k];
      overlap += b_[k] * s_[k];
    }
    for (std::size_t k = 0; k < n_; ++k) {
      diagonal_[k] = at.q * overlap - at.p * lambda_[k];
      row_s_[k] = 2 * at.dp * b_[k];
      row_b_[k] = 2 * at.dq * overlap * b_[k] + at.q * (s_[k] - lambda_[k] * b_[k]);
    }
  }

  void factor(double shift) override {
    shift_ = shift;
    double ss = 0, sb = 0, bs = 0, bb = 0;  // rows times E^-1 columns
    for (std::size_t k = 0; k < n_; ++k) {
      const double inverse = 1 / (shift - diagonal_[k]);
      left_s_[k] = inverse * s_[k];
      left_b_[k] = inverse * b_[k];
      ss += row_s_[k] * left_s_[k];
      sb += row_s_[k] * left_b_[k];
      bs += row_b_[k] * left_s_[k];
      bb += row_b_[k] * left_b_[k];
    }
    const double determinant = (1 - ss) * (1 - bb) - sb * bs;
    inner_[0] = (1 - bb) / determinant;
    inner_[1] = sb / determinant;
    inner_[2] = bs / determinant;
    inner_[3] = (1 - ss) / determinant;
  }

  void solve(std::span<double> x) override {
    double in_s = 0, in_b = 0;
    for (std::size_t k = 0; k < n_; ++k) {
      x[k] /= shift_ - diagonal_[k];
      in_s += row_s_[k] * x[k];
      in_b += row_b_[k] * x[k];
    }
    const double by_s = inner_[0] * in_s + inner_[1] * in_b, by_b = inner_[2] * in_s + inner_[3] * in_b;
    for (std::size_t k = 0; k < n_; ++k) x[k] += by_s * left_s_[k] + by_b * left_b_[k];
  }

  /// Of sqrt(loss), or of the kernel's scale where that is more.
  double error_size(std::span<const double> v, std::span<const double> error) override {
    const Coefficients at = coefficients(v);
    double loss = 0, off = 0, along = 0;
    for (std::size_t k = 0; k < n_; ++k) {
      loss += lambda_[k] * v[k] * v[k];
      off += lambda_[k] * error[k] * error[k];
      along += (target_[k] - v[k]) * error[k];
    }
    return std::max(std::sqrt(off / (loss + negligible_)), std::abs(2 * at.dp * along) / at.p);
  }

 private:
  std::vector<double> lambda_, target_;
  Law law_;
  std::size_t n_;
  std::vector<double> s_, b_, left_s_, left_b_, row_s_, row_b_, diagonal_;
  double shift_ = 0, inner_[4] = {};
  double negligible_ = 0;  // a loss whose relative error nobody asks for
};

Trace follow(const FlowSpectrum& spectrum, Law law, double tolerance, std::span<const double> times) {
  check_spectrum(spectrum);
  require_number(tolerance > 0 && tolerance < 1, "limit.tolerance", "a relative error between 0 and 1", tolerance);
  check_flow_times(times);
  RankOneFlow system(spectrum, std::move(law));
  double widest = 0;
  for (const double lambda : spectrum.variance) widest = std::max(widest, lambda);
  const double first = std::cbrt(tolerance) / (system.coefficients(system.target()).p * widest);
  StiffFlow flow(system, system.target(), tolerance, first);
  Trace trace;
  for (const double time : times) {
    flow.advance(time);
    const Coefficients at = system.coefficients(flow.state());
    trace.append(flow.accepted(), time);
    trace.set("loss", system.loss(flow.state()));
    trace.set("kernel_scale", at.p);
    trace.set("kernel_along", at.p + at.q * system.reach(flow.state()));
  }
  return trace;
}

void check_gamma_eta(double gamma0, double eta) {
  require_number(gamma0 >= 0 && std::isfinite(gamma0), "limit.richness", "a number of at least 0", gamma0);
  require_number(eta > 0 && std::isfinite(eta), "limit.learning_rate", "a number above 0", eta);
}

}  // namespace

Trace two_layer_flow(const FlowSpectrum& spectrum, const TwoLayerFlow& flow, std::span<const double> times) {
  check_gamma_eta(flow.gamma0, flow.eta);
  const double eta = flow.eta, square = flow.gamma0 * flow.gamma0;
  const Law law = [eta, square](double r) {
    const double b = std::sqrt(1 + square * r), db = square / (2 * b);
    const double q = eta * square / (1 + b);
    return Coefficients{eta * (1 + b), q, eta * db, -q * db / (1 + b)};
  };
  return follow(spectrum, law, flow.tolerance, times);
}

Trace balanced_flow(const FlowSpectrum& spectrum, const BalancedFlow& flow, std::span<const double> times) {
  require_number(flow.matrices >= 1, "limit.hidden_layers", "at least 1 weight matrix", flow.matrices);
  require_number(flow.floor > 0 && std::isfinite(flow.floor), "limit.floor", "a number above 0", flow.floor);
  const double n = flow.matrices, floor = flow.floor;
  const Law law = [n, floor](double r) {
    const double square = r + floor, p = std::pow(square, 1 - 1 / n), q = (n - 1) * std::pow(square, -1 / n);
    return Coefficients{p, q, (1 - 1 / n) * p / square, -q / (n * square)};
  };
  return follow(spectrum, law, flow.tolerance, times);
}

std::vector<double> isotropic_descent(double gamma0, double eta, std::int64_t steps) {
  check_gamma_eta(gamma0, eta);
  require_number(gamma0 > 0, "limit.richness", "a number above 0 for discrete steps", gamma0);
  require_number(steps >= 0, "limit.steps", "at least 0 steps", static_cast<double>(steps));
  std::vector<double> out{1};
  double a = 1, b = 1, c = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const double e = eta * gamma0 * out.back();
    const double next_c = c + e * (a + b) + e * e * c;
    const double next_a = a + 2 * e * c + e * e * b;
    b += 2 * e * c + e * e * a;
    a = next_a;
    c = next_c;
    out.push_back(1 - c / gamma0);
  }
  return out;
}

double isotropic_flow(double gamma0, double eta, double time) {
  check_gamma_eta(gamma0, eta);
  require_number(time >= 0, "measure.times", "a time of at least 0", time);
  if (gamma0 == 0) return std::exp(-2 * eta * time);
  // d/dt asinh((1 + gamma0^2 y) / (gamma0 (1 - y))) = 2 eta sqrt(1 + gamma0^2).
  const double square = gamma0 * gamma0;
  const double u = std::sinh(std::asinh(1 / gamma0) + 2 * eta * std::sqrt(1 + square) * time);
  return (1 + square) / (square + gamma0 * u);
}

}  // namespace widthwise
