// Observables of the tangent kernel (kernel/empirical.h), Theta_t at the weights of step t: of the trained w (shares
// m^2), or with the rates in it (what a step multiplies with), N x N, the mean over outputs where there are several,
// without alpha. They cost as much as some passes over the
// points and N^2 products besides, so that by default they are measured at both ends of a run alone; the points between
// hold NaN.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "widthwise/kernel/empirical.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/numerics/trace.h"
#include "widthwise/observable/observable.h"

namespace widthwise {

/// On which points tangent kernels are measured, and when.
struct KernelMeasure {
  Index points = 256;        // the first so many
  bool on_training = false;  // of the measured training points; of the test points otherwise, where there are any
  bool at_all_points = false;
  TangentShare share = TangentShare::multiplier;
};

template <class T>
class KernelObservables {
 public:
  /// `asked`: any observables, of which those of kernels are looked at. Inputs and targets must stay in place.
  KernelObservables(const std::vector<ObservableInfo>& asked, const KernelMeasure& measure, Index members,
                    View<const T> inputs, View<const T> targets);

  /// Writes all its series at the newest point of `trace`: measured at step 0, where `last`, and if all points are
  /// asked for; else NaN. The first call for a member must be at step 0. @param outputs trained outputs of the points.
  void add(const Ensemble<T>& ensemble, Index member, std::int64_t step, bool last, View<const T> outputs,
           Trace& trace);
  /// A member ended at the newest point: measures it there unless that is done.
  void end(const Ensemble<T>& ensemble, Index member, View<const T> outputs, Trace& trace);

 private:
  struct Start {  // of one member
    Matrix<T> kernel;
    std::vector<Matrix<T>> layers;
    std::int64_t measured_at = -1;
  };
  void measure(const Ensemble<T>& ensemble, Index member, std::int64_t step, View<const T> outputs, Trace& trace);
  double value(const std::string& name, const Start& start, View<const T> outputs) const;
  double mean_over_points(const std::function<double(Index)>& value) const;

  std::vector<ObservableInfo> asked_;
  KernelMeasure options_;
  bool by_layer_ = false, keeps_start_ = false;
  View<const T> points_;
  Matrix<T> labels_;  // y y'
  TangentKernel<T> tangent_;
  Matrix<T> kernel_;
  std::vector<Matrix<T>> layers_;  // weights and biases of each
  std::vector<Start> members_;
};

extern template class KernelObservables<float>;
extern template class KernelObservables<double>;

}  // namespace widthwise
