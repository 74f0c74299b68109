// Activations: the nonlinearity h = phi(z) between two weight matrices, applied to each entry.
//
// An activation knows what theory asks of it: value and slope, where the slope jumps (kinks) and where any derivative
// does (breaks: quadrature splits there), its degree of homogeneity p if any (phi(s z) = s^p phi(z) for s > 0), whether
// it is bounded, its value at 0, and the gain that keeps a standard normal input at unit second moment. Expectations of
// two correlated inputs are in expectations.h. Adding one is adding a file with a class like those here and a line in
// known.cpp.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

class Activation {
 public:
  virtual ~Activation() = default;
  virtual std::string_view name() const = 0;
  /// The number that completes the name (leaky_relu: slope below 0; softplus: beta; relu_power: the power; elu: alpha),
  /// NaN where there is none.
  virtual double parameter() const { return std::numeric_limits<double>::quiet_NaN(); }

  /// phi(z) and phi'(z); at a kink the slope is the one from the left (relu: 0 at 0).
  virtual double value(double z) const = 0;
  virtual double slope(double z) const = 0;

  /// Where the slope jumps, ascending.
  virtual std::vector<double> kinks() const { return {}; }
  /// Where quadrature must split: the kinks and where a higher derivative jumps (max(z, 0)^2: its second, at 0),
  /// ascending.
  virtual std::vector<double> breaks() const { return kinks(); }
  /// p if phi(s z) = s^p phi(z) for all s > 0.
  virtual std::optional<int> homogeneity_degree() const { return std::nullopt; }
  /// Whether |phi| stays below a constant.
  virtual bool bounded() const { return false; }

  double value_at_zero() const { return value(0); }
  /// From the left at a kink; see slope_right_of_zero.
  double slope_at_zero() const { return slope(0); }
  /// The slope just above 0: differs from slope_at_zero where 0 is a kink (relu: 1).
  virtual double slope_right_of_zero() const { return slope(0); }
  /// Whether phi(0) = 0: vanishing preactivations then give vanishing activations.
  bool centred() const { return value(0) == 0; }
  /// The factor g with E[(g phi(z))^2] = 1 for z ~ N(0, 1), by quadrature (relu: sqrt 2).
  double gain() const;

  /// z += bias in every row (bias of length z.cols, null for none), then h = phi(z). Where z and h are the same memory,
  /// z is overwritten; otherwise they must not overlap. z and h have the same shape, not checked here.
  virtual void forward(View<float> z, const float* bias, View<float> h) const = 0;
  virtual void forward(View<double> z, const double* bias, View<double> h) const = 0;
  /// d *= phi'(z), entry by entry; z is the preactivation with its bias, as forward left it.
  virtual void multiply_slope(View<const float> z, View<float> d) const = 0;
  virtual void multiply_slope(View<const double> z, View<double> d) const = 0;

 protected:
  Activation() = default;
  Activation(const Activation&) = default;
  Activation& operator=(const Activation&) = default;
};

/// The activation of that name; NaN stands for the default parameter. @throws ConfigError with key
/// architecture.activation (unknown name) or architecture.activation_parameter (a parameter out of range, or given to
/// an activation without one).
std::shared_ptr<const Activation> make_activation(std::string_view name,
                                                  double parameter = std::numeric_limits<double>::quiet_NaN());
/// All names, with a sentence each.
std::vector<Named> known_activations();

/// Makes the activation for a parameter (NaN where it takes none).
using ActivationMaker = std::function<std::shared_ptr<const Activation>(double parameter)>;
/// Adds an activation of one's own to the names above; a NaN default means that it takes no parameter. Call it before
/// the first study is read. @throws ConfigError where the name is taken.
void register_activation(const Named& named, ActivationMaker make,
                         double default_parameter = std::numeric_limits<double>::quiet_NaN());

}  // namespace widthwise
