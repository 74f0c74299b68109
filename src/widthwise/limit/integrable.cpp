#include "widthwise/limit/integrable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/span.h"
#include "widthwise/limit/input_kernels.h"

namespace widthwise {

namespace {

constexpr Index points_at_once = 512;
constexpr double most_dead = 0.9, most_spread = 0.1;

[[noreturn]] void refuse(const char* key, const std::string& expected, const std::string& got) {
  throw ConfigError({{}, key}, expected, got);
}

void check(const LimitProblem& problem, const IntegrableOptions& options) {
  const auto sizes = [](const View<const double>& view) { return fmt::format("{} x {}", view.rows, view.cols); };
  if (problem.inputs.rows < 1 || problem.inputs.cols < 1)
    throw ShapeError("inputs", "samples x features, at least one of each", sizes(problem.inputs));
  if (problem.targets.rows != problem.inputs.rows || problem.targets.cols < 1)
    throw ShapeError("targets", fmt::format("{} x outputs", problem.inputs.rows), sizes(problem.targets));
  if (problem.others.rows > 0 && problem.others.cols != problem.inputs.cols)
    throw ShapeError("others", fmt::format("{} features", problem.inputs.cols), sizes(problem.others));
  if (options.hidden_layers < 1)
    refuse("architecture.hidden_layers", "at least 1", fmt::format("{}", options.hidden_layers));
  for (const double variance : {options.input_variance, options.hidden_variance, options.output_variance})
    if (!(variance >= 0) || !std::isfinite(variance))
      refuse("parameterization", "variances of at least 0", fmt::format("{}", variance));
  if (options.rates.empty()) refuse("training.learning_rate", "rates of at least one step", "none");
  const auto layers = static_cast<std::size_t>(options.hidden_layers) + 1;
  for (const std::vector<double>& rates : options.rates) {
    if (rates.size() != layers)
      refuse("training.learning_rate", fmt::format("rates of {} weight matrices a step", layers),
             fmt::format("{}", rates.size()));
    for (const double rate : rates)
      if (!std::isfinite(rate)) refuse("training.learning_rate", "finite rates", fmt::format("{}", rate));
  }
  if (options.particles < 4 || (options.antithetic && options.particles % 4 != 0))
    refuse("limit.particles", options.antithetic ? "a multiple of 4 particles" : "at least 4 particles",
           fmt::format("{}", options.particles));
  if (options.clouds < 1) refuse("limit.clouds", "at least 1", fmt::format("{}", options.clouds));
}

double root_mean_square(const Matrix<double>& matrix) {
  return matrix.size() == 0 ? 0 : matrix.norm() / std::sqrt(static_cast<double>(matrix.size()));
}

}  // namespace

IntegrableLimit::IntegrableLimit(const LimitProblem& problem, IntegrableOptions options)
    : problem_{problem}, options_{std::move(options)} {
  check(problem_, options_);
  points_ = stacked(problem_.inputs, problem_.others);
  write_in_span({&points_});
  CloudRule rule;
  rule.hidden_layers = options_.hidden_layers;
  rule.features = points_.cols();
  rule.outputs = problem_.targets.cols;
  rule.input_variance = options_.input_variance;
  rule.hidden_variance = options_.hidden_variance;
  rule.output_variance = options_.output_variance;
  rule.particles = options_.particles;
  rule.antithetic = options_.antithetic;
  rule.matched = options_.matched;
  rule.revived = options_.revived;
  for (int c = 0; c < options_.clouds; ++c)
    clouds_.emplace_back(rule, problem_.activation, options_.key.split(static_cast<std::uint64_t>(c)));
}

CloudOutput IntegrableLimit::training_output() {
  return output(view(std::as_const(points_)).block(0, 0, problem_.inputs.rows, points_.cols()));
}

CloudOutput IntegrableLimit::other_output() {
  return output(view(std::as_const(points_)).block(problem_.inputs.rows, 0, problem_.others.rows, points_.cols()));
}

CloudOutput IntegrableLimit::output(View<const double> points) {
  const Index outputs = problem_.targets.cols;
  const auto count = static_cast<double>(clouds_.size());
  Matrix<double> mean = Matrix<double>::Zero(points.rows, outputs), square = mean;  // of deviations (Welford)
  for (std::size_t c = 0; c < clouds_.size(); ++c) {
    Matrix<double> one(points.rows, outputs);
    for (Index first = 0; first < points.rows; first += points_at_once) {
      const Index rows = std::min(points_at_once, points.rows - first);
      one.middleRows(first, rows) = clouds_[c].output(points.block(first, 0, rows, points.cols));
    }
    const Matrix<double> off = one - mean;
    mean += off / static_cast<double>(c + 1);
    square += off.cwiseProduct(one - mean);
  }
  if (step_ == 0) return {mean, square};                                // 0, exactly
  const Matrix<double> deviation = (square / (count - 1)).cwiseSqrt();  // of one cloud: NaN
  CloudOutput out{mean, deviation / std::sqrt(count)};
  if (!(root_mean_square(deviation) <= most_spread * root_mean_square(mean)))
    out.error.setConstant(std::numeric_limits<double>::quiet_NaN());
  return out;
}

void IntegrableLimit::advance(std::span<const std::uint32_t> rows) {
  const auto count = static_cast<Index>(rows.size());
  if (count < 1) throw ShapeError("rows of a batch", "at least one", "none");
  Matrix<double> batch(count, points_.cols()), targets(count, problem_.targets.cols);
  for (Index k = 0; k < count; ++k) {
    const Index row = rows[static_cast<std::size_t>(k)];
    if (row >= problem_.inputs.rows)
      throw ShapeError("rows of a batch", fmt::format("rows below {}", problem_.inputs.rows), fmt::format("{}", row));
    batch.row(k) = points_.row(row);
    std::copy_n(problem_.targets.row(row), targets.cols(), targets.row(k).data());
  }
  const auto gradient = [&](const Matrix<double>& f) {
    Matrix<double> out(f.rows(), f.cols());
    problem_.loss->gradient(view(f), view(std::as_const(targets)), view(out));
    return out;
  };
  const std::size_t last = options_.rates.size() - 1;
  const std::vector<double>& rates = options_.rates[std::min(static_cast<std::size_t>(step_), last)];
  for (LayeredCloud& cloud : clouds_) cloud.step(view(std::as_const(batch)), gradient, rates);
  ++step_;
}

double IntegrableLimit::dead_share() const {
  double sum = 0;
  for (const LayeredCloud& cloud : clouds_) sum += cloud.dead_share();
  return sum / static_cast<double>(clouds_.size());
}

std::vector<std::string> IntegrableLimit::warnings() {
  std::vector<std::string> out;
  if (dead_share() > most_dead)
    out.push_back(
        fmt::format("{:.1f} % of the last hidden layer's units were 0 on the whole last batch: the rates are "
                    "too large, and outputs stay near 0",
                    100 * dead_share()));
  if (!training_output().error.allFinite())
    out.push_back(clouds_.size() < 2 ? "one cloud tells no standard error (limit.clouds)"
                                     : "clouds differ by more than 10 %: more particles (limit.particles) are needed");
  return out;
}

}  // namespace widthwise
