#include "widthwise/data/generated.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/data/fingerprint.h"
#include "widthwise/data/labels.h"

namespace widthwise {

namespace {

constexpr Index most_entries = Index{1} << 31;  // of a matrix: 16 GiB

Matrix<double> normal_matrix(Key key, Index rows, Index cols) {
  Matrix<double> drawn(rows, cols);
  fill_normal(key, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, drawn.data(),
              static_cast<std::size_t>(cols));
  return drawn;
}

// The scores of one sample; sample by sample, so that they do not depend on how many others there are.
using Rule = std::function<Vector<double>(const Vector<double>& x)>;

Rule linear_rule(const GeneratedOptions& o) {
  Matrix<double> u = normal_matrix(o.key.split("rule"), o.outputs, o.dimension);
  u /= std::sqrt(static_cast<double>(o.dimension));
  return [u = std::move(u)](const Vector<double>& x) -> Vector<double> { return u * x; };
}

Rule teacher_rule(const GeneratedOptions& o) {
  Matrix<double> w = normal_matrix(o.key.split("teacher"), o.teacher_width, o.dimension);
  w.rowwise().normalize();  // |w_r| = sqrt(d) over the sqrt(d) of the rule
  Matrix<double> a = normal_matrix(o.key.split("readout"), o.outputs, o.teacher_width);
  a *= std::sqrt(3.0 / static_cast<double>(o.teacher_width));
  return [w = std::move(w), a = std::move(a)](const Vector<double>& x) -> Vector<double> {
    const Vector<double> hidden = (w * x).unaryExpr([](double z) { return std::erf(z / std::sqrt(2.0)); });
    return a * hidden;
  };
}

void set_targets(Dataset& data, const GeneratedOptions& o, const Matrix<double>& scores, Key coins) {
  const auto sign = [](double s) { return s >= 0 ? 1.0 : -1.0; };
  if (o.labels == "values") {
    data.targets = scores;
  } else if (o.labels == "classes") {
    for (Index i = 0; i < scores.rows(); ++i) {
      Index largest = 0;
      scores.row(i).maxCoeff(&largest);
      data.classes.push_back(static_cast<int>(largest));
    }
    data.targets = one_hot(data.classes, static_cast<int>(o.outputs));
  } else {
    data.targets = (o.labels == "random" ? normal_matrix(coins, scores.rows(), scores.cols()) : scores).unaryExpr(sign);
    if (o.outputs == 1)
      for (Index i = 0; i < scores.rows(); ++i) data.classes.push_back(data.targets(i, 0) > 0 ? 0 : 1);
  }
}

// What makes inputs of normal draws.
using Form = std::function<void(Matrix<double>& inputs)>;

void leave(Matrix<double>&) {}

void to_sphere(Matrix<double>& inputs) {
  const double radius = std::sqrt(static_cast<double>(inputs.cols()));
  for (Index i = 0; i < inputs.rows(); ++i) inputs.row(i) *= radius / inputs.row(i).norm();
}

Dataset draw(const std::string& name, const GeneratedOptions& o, Index samples, const Form& form, const Rule& rule,
             Key key) {
  Dataset data;
  data.name = name;
  data.inputs = normal_matrix(key.split("inputs"), samples, o.dimension);
  form(data.inputs);
  Matrix<double> scores(samples, o.outputs);
  Vector<double> x(o.dimension);
  for (Index i = 0; i < samples; ++i) {
    x = data.inputs.row(i).transpose();
    scores.row(i) = rule(x).transpose();
  }
  if (o.noise > 0) scores += o.noise * normal_matrix(key.split("noise"), samples, o.outputs);
  set_targets(data, o, scores, key.split("coins"));
  return data;
}

void check_range(const char* option, Index value, Index smallest, Index largest) {
  if (value < smallest || value > largest)
    throw ConfigError({"", fmt::format("data.{}", option)}, fmt::format("a whole number in {}..{}", smallest, largest),
                      fmt::format("{}", value));
}

void check(const GeneratedOptions& o, const std::string& name, const std::vector<std::string>& labels) {
  constexpr Index most = Index{1} << 24;
  if (std::ranges::find(labels, o.labels) == labels.end())
    throw ConfigError({"", "data.labels"}, fmt::format("a kind of label that {} data have", name), o.labels,
                      unknown_name_hint(o.labels, labels));
  check_range("dimension", o.dimension, 1, most);
  check_range("outputs", o.outputs, o.labels == "classes" ? 2 : 1, most);
  const Index most_samples = most_entries / std::max(o.dimension, o.outputs);
  check_range("train", o.train, 1, most_samples);
  check_range("test", o.test, 0, most_samples);
  check_range("validation", o.validation, 0, most_samples);
  check_range("teacher_width", o.teacher_width, 1, most_entries / std::max(o.dimension, o.outputs));
}

void check_number(const char* option, double value, const char* expected) {
  if (!std::isfinite(value) || value < 0)
    throw ConfigError({"", fmt::format("data.{}", option)}, expected, fmt::format("{}", value));
}

void check_power_law(const GeneratedOptions& o) {
  check(o, "power-law", {"values", "sign"});
  check_range("outputs", o.outputs, 1, 1);
  check_number("spectrum_exponent", o.spectrum_exponent, "a number >= 0");
  check_number("target_exponent", o.target_exponent, "a number >= 0");
  check_number("label_noise", o.noise, "a standard deviation >= 0");
  if (static_cast<Index>(o.coefficients.size()) > o.dimension)
    throw ConfigError({"", "data.target_coefficients"}, fmt::format("at most {} numbers (data.dimension)", o.dimension),
                      fmt::format("{}", o.coefficients.size()));
  for (const double w : o.coefficients)
    if (!std::isfinite(w)) throw ConfigError({"", "data.target_coefficients"}, "finite numbers", fmt::format("{}", w));
}

double power(Index k, double exponent) {
  return std::pow(static_cast<double>(k), exponent);
}

Split draw_parts(const std::string& name, const GeneratedOptions& o, const Form& form, const Rule& rule) {
  Split split;
  split.train = draw(name, o, o.train, form, rule, o.key.split("train"));
  split.test = draw(name, o, o.test, form, rule, o.key.split("test"));
  split.validation = draw(name, o, o.validation, form, rule, o.key.split("validation"));
  split.source = "generated";
  split.fingerprint = fingerprint_of_parts(split);
  return split;
}

}  // namespace

Split gaussian(const GeneratedOptions& options) {
  check(options, "gaussian", {"sign", "classes", "values", "random"});
  return draw_parts("gaussian", options, leave, linear_rule(options));
}

Split teacher(const GeneratedOptions& options) {
  check(options, "teacher", {"values", "sign", "classes"});
  return draw_parts("teacher", options, leave, teacher_rule(options));
}

Split sphere(const GeneratedOptions& options) {
  check(options, "sphere", {"sign", "classes", "values", "random"});
  return draw_parts("sphere", options, to_sphere, linear_rule(options));
}

std::vector<double> power_law_coefficients(const GeneratedOptions& options) {
  check_power_law(options);
  std::vector<double> w = options.coefficients;
  w.resize(static_cast<std::size_t>(options.dimension));
  const double a = options.spectrum_exponent, beta = options.target_exponent;
  for (Index k = 1; k <= options.dimension && options.coefficients.empty(); ++k)
    w[static_cast<std::size_t>(k - 1)] = power(k, (a - a * beta - 1) / 2);
  return w;
}

Split power_law(const GeneratedOptions& options) {
  const std::vector<double> coefficients = power_law_coefficients(options);
  const auto w = Eigen::Map<const Vector<double>>(coefficients.data(), options.dimension);
  Vector<double> deviations(options.dimension);
  for (Index k = 1; k <= options.dimension; ++k) deviations[k - 1] = power(k, -options.spectrum_exponent / 2);
  const Form form = [&](Matrix<double>& inputs) { inputs.array().rowwise() *= deviations.transpose().array(); };
  const Rule rule = [&](const Vector<double>& x) -> Vector<double> { return Vector<double>::Constant(1, w.dot(x)); };
  return draw_parts("power-law", options, form, rule);
}

}  // namespace widthwise
