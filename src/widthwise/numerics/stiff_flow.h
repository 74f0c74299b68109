// Stiff autonomous systems dy/dt = f(y) whose linear part the system itself can solve, by the linearly implicit method
// ROS34PW2 (Rang and Angermann 2005, BIT 45): four stages, order 3, L-stable and stiffly accurate, with an error
// estimate of order 2. With J an approximation of df/dy, stage i of a step h is
//
//   (1/(h g) - J) u_i = f(y + sum_{j<i} a_ij u_j) + sum_{j<i} c_ij u_j / h,      y' = y + sum_i m_i u_i
//
// A W-method: it is of order 3 whatever J is; J must hold what is stiff, or steps are as small as an explicit method's.
// A system with structure (diagonal plus low rank) makes a step cost no more than a few evaluations of f.
//
// Not for: systems that depend on time, and accuracies near rounding (use a method of higher order).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise {

/// f, and the linear systems of a step. All spans have the length of y.
class StiffSystem {
 public:
  virtual ~StiffSystem() = default;
  /// f(y).
  virtual void slope(std::span<const double> y, std::span<double> out) = 0;
  /// Sets J to (an approximation of) df/dy at y.
  virtual void linearise(std::span<const double> y) = 0;
  /// Readies solve() for `shift` - J, shift > 0.
  virtual void factor(double shift) = 0;
  /// x <- (shift - J)^-1 x.
  virtual void solve(std::span<double> x) = 0;
  /// Relative size of an error of y: a step is taken where it is at most the tolerance (NaN: it is not).
  virtual double error_size(std::span<const double> y, std::span<const double> error) = 0;

 protected:
  StiffSystem() = default;
  StiffSystem(const StiffSystem&) = default;
  StiffSystem& operator=(const StiffSystem&) = default;
};

/// y moved through time with steps adapted to the tolerance.
class StiffFlow {
 public:
  /// `first_step` > 0 is tried first. `system` must outlive this. @throws Error for a tolerance or a step that is no
  /// positive number.
  StiffFlow(StiffSystem& system, std::vector<double> start, double tolerance, double first_step);

  double time() const { return time_; }
  std::span<const double> state() const { return y_; }
  std::int64_t accepted() const { return accepted_; }
  std::int64_t refused() const { return refused_; }

  /// To `time` exactly. @throws Error where steps shrink to nothing, Interrupted where a stop was asked for.
  void advance(double time);
  /// One step of h whatever its error: for tests of the order. @returns its estimated error_size.
  double step(double h);

 private:
  /// A trial of h from y_, whose J is set, into next_ and error_.
  double attempt(double h);

  StiffSystem& system_;
  std::vector<double> y_, next_, error_, stage_;
  std::vector<std::vector<double>> u_;
  double tolerance_, h_, time_ = 0;
  std::int64_t accepted_ = 0, refused_ = 0;
};

}  // namespace widthwise
