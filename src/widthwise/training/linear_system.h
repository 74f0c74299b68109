// What the frozen flows have in common: g = g_0 + moved, and a step moves it by -dt K dObjective/dg exactly. Internal
// to this room.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/training/checkpoint.h"
#include "widthwise/training/frozen_flow.h"

namespace widthwise {

/// @tparam Look of a state: Matrix<double> outputs (F), double loss and norm (of the gradient), and the gradient.
template <class Look>
class LinearSystem : public FrozenSystem {
 public:
  Trial attempt(double dt, double max_dout) final {
    dt_ = dt;
    trial_moved_ = moved_ - dt * velocity_;
    write_outputs(trial_moved_, trial_.outputs);
    Trial trial;
    trial.dout = (trial_.outputs - now_.outputs).cwiseAbs().maxCoeff();
    trial.finite = trial_.outputs.allFinite();
    if (!trial.finite || !(trial.dout < max_dout)) return trial;
    write_gradient(trial_);
    trial.loss = trial_.loss;
    trial.finite = std::isfinite(trial_.loss) && std::isfinite(trial_.norm);
    trial.dgrad = relative_gradient_change(now_.norm, trial_.norm, distance(now_, trial_));
    return trial;
  }

  void accept() final {
    take_step(dt_, now_);
    std::swap(moved_, trial_moved_);
    std::swap(now_, trial_);
    write_velocity(now_, velocity_);
  }

  View<const double> outputs() const final { return view(now_.outputs); }
  double loss() const final { return now_.loss; }
  double gradient_norm() const final { return now_.norm; }

  void save(FlowCheckpoint<double>& checkpoint) const final {
    checkpoint.outputs = moved_;
    checkpoint.weights = moving();
  }
  void restore(const FlowCheckpoint<double>& checkpoint) final {
    const Matrix<double>& moved = checkpoint.outputs;
    if (moved.rows() != moved_.rows() || moved.cols() != moved_.cols() || checkpoint.weights.size() != moving().size())
      throw ShapeError("frozen flow", "a checkpoint of this model and these samples", "one of another");
    moved_ = moved;
    set_moving(checkpoint.weights);
    start();
  }

 protected:
  LinearSystem(Index samples, Index outputs, Look now, Look trial)
      : moved_(Matrix<double>::Zero(samples, outputs)),
        velocity_(moved_),
        now_(std::move(now)),
        trial_(std::move(trial)) {}
  /// Looks at the state there is. To be called where the constructor of the derived class ends.
  void start() {
    write_outputs(moved_, now_.outputs);
    write_gradient(now_);
    write_velocity(now_, velocity_);
  }

  virtual double initial(Index sample, Index output) const = 0;  // g_0
  virtual const OutputScale& scale() const = 0;
  /// Loss, gradient and its norm at look.outputs.
  virtual void write_gradient(Look& look) = 0;
  /// Of the gradients of two states.
  virtual double distance(const Look& a, const Look& b) const = 0;
  /// K dObjective/dg.
  virtual void write_velocity(const Look& look, Matrix<double>& velocity) = 0;
  /// What moves, by dt along the gradient of the accepted state.
  virtual void take_step(double dt, const Look& from) = 0;
  /// What moves, as numbers, and back.
  virtual std::vector<double> moving() const = 0;
  virtual void set_moving(const std::vector<double>& numbers) = 0;

 private:
  void write_outputs(const Matrix<double>& moved, Matrix<double>& outputs) const {
    outputs.resize(moved.rows(), moved.cols());
    for (Index i = 0; i < moved.rows(); ++i)
      for (Index j = 0; j < moved.cols(); ++j) outputs(i, j) = trained_output(scale(), initial(i, j), moved(i, j));
  }

  Matrix<double> moved_, velocity_, trial_moved_;
  Look now_, trial_;
  double dt_ = 0;
};

}  // namespace widthwise
