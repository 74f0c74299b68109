#include "widthwise/study/kept_outputs.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/npy.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/loss/loss.h"
#include "widthwise/numerics/divergence.h"
#include "widthwise/numerics/statistics.h"
#include "widthwise/store/reader.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::string shape_text(const KeptOutputs& of) {
  return fmt::format("{} x {}", of.samples, of.outputs);
}

void require_same_points(const KeptOutputs& a, const KeptOutputs& b) {
  if (a.samples != b.samples || a.outputs != b.outputs)
    throw ShapeError("kept outputs", "outputs on the same points, " + shape_text(a), shape_text(b));
  if (a.labels != b.labels) throw ShapeError("kept outputs", "outputs on the same points", "points of other labels");
}

std::vector<double> mean_outputs(std::span<const KeptOutputs* const> members) {
  std::vector<double> mean(members.front()->values.size(), 0.0);
  for (const KeptOutputs* const one : members) {
    require_same_points(*members.front(), *one);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one->values[i] / static_cast<double>(members.size());
  }
  return mean;
}

double distance_squared(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

KeptOutputs load_outputs(const StoreReader& reader, const std::string& identity, const std::string& name) {
  const auto fail = [&](const std::string& expected, const std::string& got) {
    throw StoreError("run " + identity, expected, got);
  };
  const auto bytes = reader.load_array(identity, name);
  if (!bytes) fail("an array " + name, "none");
  const std::string place = name + " of run " + identity;
  KeptOutputs out;
  const npy::Header header = npy::read_header(*bytes, place);
  if (header.shape.size() != 2) fail(name + " as samples x outputs", fmt::format("{} dimensions", header.shape.size()));
  if (header.type == "<f4") {
    const auto single = npy::decode<float>(*bytes, place).values;
    out.values.assign(single.begin(), single.end());
  } else {
    out.values = npy::decode<double>(*bytes, place).values;
  }
  out.samples = header.shape[0];
  out.outputs = header.shape[1];
  const auto labels = reader.load_array(identity, name.substr(0, name.find('_')) + "_labels");
  if (labels) out.labels = npy::decode<std::uint8_t>(*labels, "labels of run " + identity).values;
  if (labels && out.labels.size() != static_cast<std::size_t>(out.samples))
    fail(fmt::format("{} labels", out.samples), fmt::format("{}", out.labels.size()));
  return out;
}

double ensemble_error(std::span<const KeptOutputs* const> members) {
  if (members.empty() || members.front()->labels.empty()) return none;
  const KeptOutputs& first = *members.front();
  const std::vector<double> mean = mean_outputs(members);
  Matrix<double> targets = Matrix<double>::Zero(first.samples, first.outputs);
  for (Index i = 0; i < first.samples; ++i) {
    const std::uint8_t label = first.labels[static_cast<std::size_t>(i)];
    if (first.outputs == 1)
      targets(i, 0) = label == 1 ? 1 : -1;
    else if (label < first.outputs)
      targets(i, label) = 1;
  }
  return classification_error(View<const double>(mean.data(), first.samples, first.outputs),
                              view(std::as_const(targets)));
}

double ensemble_variance(std::span<const KeptOutputs* const> members) {
  if (members.size() < 2) return none;
  const std::vector<double> mean = mean_outputs(members);
  double sum = 0;
  for (const KeptOutputs* const one : members) sum += distance_squared(one->values, mean);
  return sum / static_cast<double>(members.size() - 1);
}

double divergence(const std::string& how, std::span<const KeptOutputs* const> members,
                  std::span<const KeptOutputs* const> others) {
  if (members.empty() || others.empty()) return none;
  for (const KeptOutputs* const one : members) require_same_points(*others.front(), *one);
  for (const KeptOutputs* const one : others) require_same_points(*others.front(), *one);
  const auto sigmoid = [](double f) { return 1 / (1 + std::exp(-f)); };
  const auto positive = [](double f) { return f > 0 ? 1.0 : 0.0; };
  std::vector<double> of_points;
  for (std::size_t i = 0; i < others.front()->values.size(); ++i) {
    const auto at_point = [&](std::span<const KeptOutputs* const> runs, const auto& function) {
      std::vector<double> out;
      for (const KeptOutputs* const run : runs) out.push_back(function(run->values[i]));
      return out;
    };
    double value = none;
    if (how == "logit_divergence")
      value = normal_divergence(at_point(members, std::identity()), at_point(others, std::identity()));
    else if (how == "probability_divergence")
      value = beta_divergence(at_point(members, sigmoid), at_point(others, sigmoid));
    else
      value = std::abs(mean(at_point(members, positive)) - mean(at_point(others, positive)));
    if (std::isfinite(value)) of_points.push_back(value);
  }
  // Where many points have no fit (probabilities of 1 to rounding) the mean would speak of the others alone.
  const bool most = 10 * of_points.size() >= 9 * others.front()->values.size();
  return most ? mean(of_points) : none;
}

double relative_distance(const KeptOutputs& a, const KeptOutputs& b) {
  require_same_points(a, b);
  const double size = distance_squared(a.values, std::vector<double>(a.values.size(), 0.0));
  return size > 0 ? std::sqrt(distance_squared(a.values, b.values) / size) : none;
}

}  // namespace widthwise
