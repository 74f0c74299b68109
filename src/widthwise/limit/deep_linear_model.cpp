#include "widthwise/limit/deep_linear_model.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

[[noreturn]] void refuse(const std::string& member, const std::string& expected, const std::string& got) {
  throw ConfigError({{}, "limit." + member}, expected, got);
}

void require(bool right, const char* member, const char* expected, double got) {
  if (!right) refuse(member, expected, fmt::format("{}", got));
}

void check_spectrum(const DeepLinearSpectrum& spectrum) {
  const std::size_t modes = spectrum.modes();
  if (modes == 0) refuse("spectrum.variance", "at least one mode", "none");
  const auto check = [&](const char* member, const std::vector<double>& values, double above) {
    if (values.size() != modes)
      refuse(member, fmt::format("as many numbers as spectrum.variance has, {}", modes),
             fmt::format("{}", values.size()));
    for (const double value : values)
      if (!(std::isfinite(value) && value >= 0 && value > above))
        refuse(member, above < 0 ? "numbers of at least 0" : "numbers above 0", fmt::format("{}", value));
  };
  check("spectrum.variance", spectrum.variance, -1);
  check("spectrum.target_squared", spectrum.target_squared, -1);
  check("spectrum.weight", spectrum.weight, 0);
  const double sum = std::accumulate(spectrum.weight.begin(), spectrum.weight.end(), 0.0);
  if (std::abs(sum - 1) > 1e-9) refuse("spectrum.weight", "shares that sum to 1", fmt::format("a sum of {}", sum));
}

void check_correlations(const Matrix<double>& outputs, Index count) {
  const bool fits = outputs.rows() == count && outputs.cols() == count && count > 0;
  if (!fits || !outputs.allFinite() || !outputs.isApprox(outputs.transpose(), 1e-12))
    refuse("outputs", "a symmetric matrix of correlations of the teachers",
           fmt::format("{} x {}", outputs.rows(), outputs.cols()));
  const double least = Eigen::SelfAdjointEigenSolver<Matrix<double>>(outputs).eigenvalues().minCoeff();
  if (least < -1e-9 * outputs.cwiseAbs().maxCoeff())
    refuse("outputs", "correlations without a negative eigenvalue", fmt::format("one with {:g}", least));
}

}  // namespace

Index DeepLinearModel::output_count() const {
  return !mode_outputs.empty() ? mode_outputs.front().rows() : outputs.size() == 0 ? 1 : outputs.rows();
}

Matrix<double> DeepLinearModel::targets(std::size_t mode) const {
  if (!mode_outputs.empty()) return mode_outputs[mode];
  const double squared = spectrum.target_squared[mode];
  return outputs.size() == 0 ? Matrix<double>::Constant(1, 1, squared) : Matrix<double>(squared * outputs);
}

double DeepLinearModel::layer_ratio(int layer) const {
  return width_ratios.empty() ? width_ratio : width_ratios[static_cast<std::size_t>(layer - 1)];
}

DeepLinearData parse_deep_linear_data(const std::string& name) {
  if (name == "repeated") return DeepLinearData::repeated;
  if (name == "one-pass") return DeepLinearData::one_pass;
  if (name == "population") return DeepLinearData::population;
  refuse("data", "repeated, one-pass or population", "'" + name + "'");
}

void check_deep_linear(const DeepLinearModel& model) {
  require(model.hidden_layers >= 1, "hidden_layers", "a whole number from 1 up", model.hidden_layers);
  if (model.residual_branch)
    require(std::isfinite(*model.residual_branch), "residual_branch", "a finite number", *model.residual_branch);
  const auto positive = [](const char* member, double value) {
    require(std::isfinite(value) && value > 0, member, "a number above 0", value);
  };
  positive("learning_rate", model.learning_rate);
  positive("richness", model.richness);
  require(model.width_ratio > 0, "width_ratio", "a number above 0, or \"inf\"", model.width_ratio);
  require(model.sample_ratio > 0, "sample_ratio", "a number above 0, or \"inf\"", model.sample_ratio);
  require(std::isfinite(model.noise) && model.noise >= 0, "noise", "a number of at least 0", model.noise);
  require(model.momentum >= 0 && model.momentum < 1, "momentum", "a number from 0 to below 1", model.momentum);
  if (!model.width_ratios.empty()) {
    if (model.residual_branch) refuse("width_ratios", "none for a residual network, whose layers are added", "some");
    if (model.width_ratios.size() != static_cast<std::size_t>(model.hidden_layers))
      refuse("width_ratios", fmt::format("one number a hidden layer, {}", model.hidden_layers),
             fmt::format("{}", model.width_ratios.size()));
    for (const double ratio : model.width_ratios) positive("width_ratios", ratio);
  }
  check_spectrum(model.spectrum);
  if (!model.mode_outputs.empty() && model.mode_outputs.size() != model.spectrum.modes())
    refuse("outputs", fmt::format("correlations for each of {} modes", model.spectrum.modes()),
           fmt::format("{}", model.mode_outputs.size()));
  if (model.outputs.size() > 0) check_correlations(model.outputs, model.output_count());
  for (const Matrix<double>& one : model.mode_outputs) check_correlations(one, model.output_count());
}

}  // namespace widthwise
