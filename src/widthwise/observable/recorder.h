// Measures observables (observable.h) of every member of an ensemble while it trains and keeps one trace a member. One
// forward pass over the measured points serves all observables of a moment; a pass over the test set is made only if
// asked for, and the products with W_t - W_0 cost about another pass. With a few hundred points at a dozen moments this
// is small beside a run of some hundred steps on mini-batches.
//
// Loss, error and output observables are those of the **trained output** alpha f(theta) + kappa f(theta_0) (the centred
// model has kappa = -alpha); preactivations, features and weights are the network's own.
//
// Precision: sums are accumulated in double. In float32, W_t - W_0 of two stored matrices is exact where they are
// within a factor two of each other, but each of k updates was rounded to about 6e-8 |W|: an update sum below 1e-7
// sqrt(k) |W| is noise. Very small changes (very wide networks, very small rates) need float64.
//
// A member that diverged leaves no point at its divergence: its trace ends with the last one measured before.
// train() is handed std::ref(recorder).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "widthwise/linalg/view.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/numerics/trace.h"
#include "widthwise/observable/kernel_observables.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// The points measured on: samples x features, samples x outputs. They must stay in place while the recorder lives.
template <class T>
struct MeasuredData {
  View<const T> train_inputs, train_targets;
  View<const T> test_inputs, test_targets;                  // no rows where there is no test set
  View<const T> validation_inputs{}, validation_targets{};  // nor validation set
};

struct RecorderOptions {
  std::vector<std::string> observables;
  std::shared_ptr<const Loss> loss;
  std::vector<std::int64_t> steps;  // the steps to measure at, as from measurement_steps
  KernelMeasure kernels{};          // for observables of the tangent kernel
  double rank_tolerance = 0;        // of numerical ranks, times the largest singular value; 0: default_rank_tolerance
  // What gradients are of, and what becomes of them: for gradient_size, epsilon_ratio and decay_ratio.
  OptimizerKind optimizer = OptimizerKind::sgd;
  AlphaConvention alpha_convention = AlphaConvention::none;
};

template <class T>
struct RecorderState;

template <class T>
class Recorder {
 public:
  /// For ensembles shaped as `ensemble`, which is not looked at otherwise. @throws ConfigError (measure.observables)
  /// for an unknown or repeated observable, or one that needs a test or validation set where there is none; ShapeError
  /// where data and architecture do not fit; DataError where data are not finite.
  Recorder(const Ensemble<T>& ensemble, RecorderOptions options, MeasuredData<T> data);
  ~Recorder();
  Recorder(Recorder&&) noexcept;
  Recorder& operator=(Recorder&&) noexcept;

  /// The steps at which it wants to be called, ascending: those measured and, for what is of the last update
  /// (ObservableInfo::needs_previous), the ones before them.
  const std::vector<std::int64_t>& probe_steps() const;

  /// Before train(), of runs that do not begin at their initialization: takes what observables compare with (f_0,
  /// preactivations, sizes) from `ensemble` as it is now. Without this call that is what the first probe sees.
  /// @param scales one a member.
  void take_initialization(const Ensemble<T>& ensemble, std::span<const OutputScale> scales);

  /// The probe of train(): measures one member. At a probe step that is not to be measured it only takes note of the
  /// weights; at any other step, planned or not (a run that stopped early), it adds a point. The first call for a
  /// member must be at step 0. @throws Error where it is not, or where steps do not grow.
  void operator()(const TrainingState<T>& state);

  /// After train(): adds the last point of members that ended, without diverging, at a step where only their weights
  /// were noted (possible with observables of the last update and a stop by loss or time), and the tangent kernels of
  /// those that ended before the last step to measure at. `results` is what train() returned, `ensemble` what it left.
  void finish(const Ensemble<T>& ensemble, std::span<const RunResult> results);

  const Trace& trace(Index member) const;
  /// Goes on behind `trace`, kept of a run that was left: after the point at step 0, before any other.
  void restore(Index member, Trace trace);
  /// Whether a member is between a step whose weights were noted and the point they are for: not to be left there.
  bool between_points(Index member) const;
  /// The last value of every series; NaN for all of them where the run diverged (`diverged` says so), since a number
  /// from the middle of an explosion would be taken for a result.
  std::map<std::string, double> finals(Index member, bool diverged = false) const;

 private:
  std::unique_ptr<RecorderState<T>> state_;
};

extern template class Recorder<float>;
extern template class Recorder<double>;

}  // namespace widthwise
