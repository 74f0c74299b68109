// Arrays a run leaves beside its trace (measure.keep), of the state it ended in, in the precision it trained in:
//
//   test_outputs, train_outputs   F = alpha f(theta) + kappa f(theta_0) on all points of that part, samples x outputs;
//                                 without alpha and kappa the network's own output
//   test_labels, train_labels     beside them where targets have classes or signs, samples, bytes: the class (the
//                                 largest target), or 1 and 0 for the signs of a single output
//   W1, b1, W2, ...               weights and biases in effective form (multipliers folded in)
//
// F is written as the recorder writes it: a centred model is exactly 0 where it starts. A run that diverged has none.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// By name, the bytes of NPY files, as RunRecord::arrays holds them.
using NamedArrays = std::map<std::string, std::string>;

template <class T>
class ArrayKeeper {
 public:
  /// Takes f(theta_0) from `at_initialization`, where it is needed. @param run of any member: what is kept, and whether
  /// targets have labels. @param scales one a member. @param data whole parts, which must stay in place.
  ArrayKeeper(const Configuration& run, const Ensemble<T>& at_initialization, std::vector<OutputScale> scales,
              const MeasuredData<T>& data);

  /// For outputs that somebody else makes.
  ArrayKeeper(const Configuration& run, const MeasuredData<T>& data);

  /// The arrays of a member in the state `ensemble` has now.
  NamedArrays arrays(const Ensemble<T>& ensemble, Index member) const;
  /// The same of trained outputs that somebody else made.
  NamedArrays arrays(const Matrix<double>& train_outputs, const Matrix<double>& test_outputs) const;

 private:
  struct Part {
    std::string name;  // "test", "train"
    View<const T> inputs, targets;
    std::vector<Matrix<T>> initial;  // f(theta_0), one a member; empty where kappa = 0
  };

  std::vector<OutputScale> scales_;
  std::vector<Part> parts_;
  bool weights_ = false, labels_ = false;
};

/// W1, b1, W2, ... of a member, each name behind `prefix`.
template <class T>
NamedArrays weight_arrays(const Ensemble<T>& ensemble, Index member, const std::string& prefix = {});

/// f of a member on `inputs`, samples x outputs, in blocks of samples.
template <class T>
Matrix<T> outputs_of(const Ensemble<T>& ensemble, Index member, View<const T> inputs);

/// Bytes of the arrays of one run, for data of that many inputs and outputs.
double kept_bytes(const Configuration& run, const Architecture& architecture);

}  // namespace widthwise
