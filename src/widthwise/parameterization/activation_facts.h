// What the theory of exponents asks of an activation: plain facts, so that this room knows no functions.
#pragma once

#include <optional>

namespace widthwise {

/// The default is relu's.
struct ActivationFacts {
  std::optional<int> homogeneity = 1;  // p if phi(s z) = s^p phi(z) for s > 0
  bool centred = true;                 // phi(0) = 0
  bool bounded = false;                // |phi| below a constant
  bool linear = false;                 // phi(z) = z: of degree 1, but without relu's kink
  // Of those without a degree; one that is neither flat nor kinked is linear beside 0.
  bool flat_at_zero = false;  // phi'(0) = 0, phi''(0) != 0: phi' ~ h for vanishing h (cos)
  bool kink_at_zero = false;  // the slope jumps at 0, from one nonzero value or none to another (elu, alpha != 1)
  bool even = false;          // phi(-z) = phi(z)
  bool odd = false;           // phi(-z) = -phi(z)

  bool operator==(const ActivationFacts&) const = default;
};

}  // namespace widthwise
