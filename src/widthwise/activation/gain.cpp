#include <cmath>

#include "widthwise/activation/activation.h"
#include "widthwise/numerics/quadrature.h"

namespace widthwise {

double Activation::gain() const {
  const auto square = [this](double z) { return value(z) * value(z); };
  return 1 / std::sqrt(gaussian_mean(square, 1, kinks()));
}

}  // namespace widthwise
