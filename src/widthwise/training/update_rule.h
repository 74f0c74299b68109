// An update rule turns the factors of a layer's gradient, (delta^l)^T x^{l-1}, into the next weights. It sees effective
// weights and effective rates only, so it knows nothing of parameterizations.
//
// Adding one: a file like sgd.h, a line in update_rule.cpp, and its gauge map in parameterization.
#pragma once

#include <cstdint>
#include <memory>

#include "widthwise/network/ensemble.h"
#include "widthwise/network/propagation.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// Which update it is, counted from 0, and the factor of the schedule on all rates.
struct UpdateStep {
  std::int64_t number = 0;
  double rate_factor = 1;
};

template <class T>
class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  /// Applies update `step` to the layer and the members of `factors`, whose delta it may overwrite. `scratch` has room
  /// for scratch_size numbers. Called from several threads at once for different members.
  virtual void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) = 0;
  /// Numbers of working memory an update of a layer of so many members needs.
  virtual Index scratch_size(const Dense& /*layer*/, Index /*members*/) const { return 0; }
  /// Numbers a rule keeps for each weight, beside the weight.
  virtual int kept_per_weight() const { return 0; }
};

/// The rule options ask for, with its state at zero. Throws ConfigError (training.momentum, .beta1, .beta2)
/// for numbers out of range.
template <class T>
std::unique_ptr<UpdateRule<T>> make_update_rule(const TrainingOptions& options, const Ensemble<T>& ensemble);

/// The columns of one member in factors that may hold several.
template <class T>
View<T> delta_of(const Factors<T>& factors, Index member) {
  const Index fan_out = factors.delta.cols / factors.members.count;
  return factors.delta.block(0, (member - factors.members.first) * fan_out, factors.delta.rows, fan_out);
}

}  // namespace widthwise
