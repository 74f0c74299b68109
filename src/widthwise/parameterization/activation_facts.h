// What the theory of exponents asks of an activation: plain facts, so that this room knows no functions.
#pragma once

#include <optional>

namespace widthwise {

/// The default is relu's.
struct ActivationFacts {
  std::optional<int> homogeneity = 1;  // p if phi(s z) = s^p phi(z) for s > 0; none: then phi'(0) must not vanish
  bool centred = true;                 // phi(0) = 0
  bool bounded = false;                // |phi| below a constant
  bool linear = false;                 // phi(z) = z: of degree 1, but without relu's kink
};

}  // namespace widthwise
