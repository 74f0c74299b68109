#include "widthwise/activation/expectations.h"

#include <cmath>

namespace widthwise {

double mean_square(const Activation& activation, double variance) {
  const auto square = [&](double z) { return std::pow(activation.value(z), 2); };
  return gaussian_mean(square, variance, activation.breaks());
}

double mean_square_slope(const Activation& activation, double variance) {
  const auto square = [&](double z) { return std::pow(activation.slope(z), 2); };
  return gaussian_mean(square, variance, activation.breaks());
}

double mean_product(const Activation& activation, const Covariance2& covariance) {
  const auto value = [&](double z) { return activation.value(z); };
  const std::vector<double> breaks = activation.breaks();
  return gaussian_mean(value, value, covariance, breaks, breaks);
}

double mean_slope_product(const Activation& activation, const Covariance2& covariance) {
  const auto slope = [&](double z) { return activation.slope(z); };
  const std::vector<double> breaks = activation.breaks();
  return gaussian_mean(slope, slope, covariance, breaks, breaks);
}

double Activation::gain() const {
  return 1 / std::sqrt(mean_square(*this, 1));
}

}  // namespace widthwise
