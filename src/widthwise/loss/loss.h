// Losses: how wrong the outputs f (samples x outputs) are against dense targets y of the same shape,
//
//   squared        L = mean over samples of 1/2 sum_j (f_j - y_j)^2          dL/df = (f - y) / samples
//   cross-entropy  L = mean over samples of -sum_j y_j log softmax(f)_j      dL/df = (softmax(f) - y) / samples
//
// and of u_j = y_j f_j for targets +-1, L = mean over samples of sum_j l(u_j) with dL/df_j = y_j l'(u_j) / samples,
//
//                    l(u)                              l'(u)                                  parameters
//   logistic         log(1 + exp(-u))                  -1 / (1 + exp(u))
//   hinge            max(m - u, 0)                     -1 for u < m, else 0                   margin m
//   squared-hinge    1/2 max(m - u, 0)^2               -max(m - u, 0)                         margin m
//   softhinge        log(1 + exp(beta (m - u))) / beta -1 / (1 + exp(beta (u - m)))           margin m, beta
//   exponential      exp(-u)                           -exp(-u)
//   squared-margin   1/2 (m - u)^2                     u - m                                  margin m
//
// (Geiger, Spigler, Jacot and Wyart 2020; m = 1 and beta = 20 by default.) Classes are one-hot rows, parity is one
// column of +-1, regression any values. Cross-entropy takes any rows of probabilities (each summing to 1). It, logistic
// and softhinge are exact to rounding for outputs up to 1e4 and beyond; exponential overflows to infinity below u =
// -709 (its float gradient below -88). The margin of a sample is y f for one output in {-1, 1}, and f_c - max_{j != c}
// f_j for class c; all losses fall when it grows from a negative value, but squared and squared-margin rise again once
// it exceeds its target.
//
// Not a number in gives not a number out, never an exception: divergence is a result. An infinite output has the loss's
// limit: infinity but for losses of u, where those that fall for ever say 0 on the right side. All sums over samples
// are accumulated in double, and no call allocates memory.
#pragma once

#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// What completes a loss's name; NaN for its default, or for none.
struct LossParameters {
  double beta = std::numeric_limits<double>::quiet_NaN();    // sharpness of softhinge, > 0
  double margin = std::numeric_limits<double>::quiet_NaN();  // m above
};

class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::string_view name() const = 0;
  /// The numbers that complete the name, NaN for one it does not have.
  virtual LossParameters parameters() const { return {}; }
  /// Whether it is a loss of u = y f, for which every target must be -1 or 1 (not checked by the two below).
  virtual bool needs_signs() const { return false; }

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

/// The loss of that name; NaN stands for a default. @throws ConfigError with key training.loss (an unknown name),
/// training.loss_beta or training.loss_margin (a parameter out of range, or given to a loss without it).
std::shared_ptr<const Loss> make_loss(std::string_view name, const LossParameters& parameters = {});
/// All names, with a sentence each.
std::vector<Named> known_losses();

/// Share of samples that are classified wrongly: with one output, sign f must be sign y; with several, the output of
/// the class with the largest target must exceed every other. A tie (such as all outputs zero) and NaN count as wrong,
/// so a network that says nothing has error 1, not 0. @throws ShapeError where the shapes differ.
double classification_error(View<const float> outputs, View<const float> targets);
double classification_error(View<const double> outputs, View<const double> targets);

}  // namespace widthwise
