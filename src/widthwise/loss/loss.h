// Losses: how wrong the outputs f (samples x outputs) are against dense targets y of the same shape,
//
//   squared        L = mean over samples of 1/2 sum_j (f_j - y_j)^2          dL/df = (f - y) / samples
//   cross-entropy  L = mean over samples of -sum_j y_j log softmax(f)_j      dL/df = (softmax(f) - y) / samples
//
// Classes are one-hot rows, parity is one column of +-1, regression any values. Cross-entropy takes any rows of
// probabilities (each summing to 1) and is exact to rounding for outputs up to 1e4 and beyond.
// The margin of a sample is y f for one output in {-1, 1}, and f_c - max_{j != c} f_j for class c; both losses fall
// when it grows from a negative value, but squared loss rises again once it exceeds its target.
//
// Non-finite outputs give a non-finite loss, never an exception: divergence is a result. All sums over samples are
// accumulated in double, and no call allocates memory.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::string_view name() const = 0;

  /// Mean over samples. @throws ShapeError where the shapes differ, or the loss has no meaning for that many outputs.
  virtual double value(View<const float> outputs, View<const float> targets) const = 0;
  virtual double value(View<const double> outputs, View<const double> targets) const = 0;

  /// Writes the derivative of the mean loss by the outputs to `gradient` (which may be the outputs' own memory) and
  /// returns the value.
  virtual double gradient(View<const float> outputs, View<const float> targets, View<float> gradient) const = 0;
  virtual double gradient(View<const double> outputs, View<const double> targets, View<double> gradient) const = 0;

 protected:
  Loss() = default;
  Loss(const Loss&) = default;
  Loss& operator=(const Loss&) = default;
};

/// The loss of that name. @throws ConfigError (key training.loss) for an unknown one.
std::shared_ptr<const Loss> make_loss(std::string_view name);
/// All names, with a sentence each.
std::vector<Named> known_losses();

/// Share of samples that are classified wrongly: with one output, sign f must be sign y; with several, the output of
/// the class with the largest target must exceed every other. A tie (such as all outputs zero) and NaN count as wrong,
/// so a network that says nothing has error 1, not 0. @throws ShapeError where the shapes differ.
double classification_error(View<const float> outputs, View<const float> targets);
double classification_error(View<const double> outputs, View<const double> targets);

}  // namespace widthwise
