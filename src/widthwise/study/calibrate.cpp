#include "widthwise/study/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "widthwise/base/error.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/study/schema.h"

namespace widthwise {

namespace {

constexpr const char* how_key = "parameterization.calibration";
constexpr const char* batch_key = "parameterization.calibration_batch";

std::string how(const Configuration& run) {
  return is_relevant(key_spec(how_key), run.values()) ? run.text(how_key) : "none";
}

std::int64_t batch_size(const Configuration& run) {
  const std::int64_t own = run.whole(batch_key);
  return own > 0 ? own : run.whole("training.batch");
}

CalibrationOptions options_of(const Configuration& run) {
  CalibrationOptions options;
  options.rate = run.number("training.learning_rate");
  options.target = run.number("parameterization.calibration_target");
  options.output_target = run.number("parameterization.calibration_output");
  if (const double cap = run.number("parameterization.calibration_cap"); !std::isnan(cap)) options.cap = cap;
  options.propagates_capped = run.text("parameterization.calibration_propagates") == "capped";
  options.alpha_convention = parse_alpha_convention(run.text("training.alpha_convention"));
  return options;
}

template <class T>
Matrix<T> rows_of(View<const T> from, std::span<const std::uint32_t> rows) {
  Matrix<T> out(static_cast<Index>(rows.size()), from.cols);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(from.row(static_cast<Index>(rows[i])), from.cols, out.data() + static_cast<Index>(i) * from.cols);
  return out;
}

}  // namespace

bool calibrates(const Configuration& run) {
  return how(run) != "none";
}

bool measures_first_rates(const Configuration& run) {
  return how(run) == "full";
}

void check_calibration(const Configuration& run) {
  if (!measures_first_rates(run)) return;
  const std::int64_t batch = batch_size(run), samples = run.whole("data.train");
  if (batch > 0 && 2 * batch <= samples) return;
  throw ConfigError(
      {{}, batch_key}, fmt::format("two disjoint batches of the {} training samples", samples),
      batch == 0 ? "all of them in one batch" : fmt::format("batches of {}", batch),
      samples < 2 ? "there must be at least two samples" : fmt::format("a number from 1 to {} does", samples / 2));
}

template <class T>
std::map<std::string, double> calibrate(const Configuration& run, const Architecture& architecture, Member& member,
                                        View<const T> inputs, View<const T> targets, const Loss& loss,
                                        const OutputScale& scale) {
  const double rate = run.number("training.learning_rate");
  std::vector<double> rates(member.scaling.weights.size(), 1.0);
  if (measures_first_rates(run)) {
    const Batches batches(inputs.rows, batch_size(run),
                          Key(static_cast<std::uint64_t>(run.whole("seed.data"))).split("calibration"));
    const Matrix<T> first = rows_of(inputs, batches.rows(0)), first_targets = rows_of(targets, batches.rows(0)),
                    second = rows_of(inputs, batches.rows(1));
    const Ensemble<T> network(architecture, std::vector<Member>{member}, InitialWeights::forgotten);
    rates =
        calibrated_rates<T>(network, 0, {view(first), view(first_targets), view(second)}, loss, scale, options_of(run));
  }
  std::map<std::string, double> told;
  for (std::size_t l = 0; l < rates.size(); ++l) {
    member.scaling.weights[l].effective_first_rate *= rates[l] / rate;
    told[fmt::format("{}.{}", calibrated_rate, l + 1)] = rates[l];
  }
  return told;
}

template std::map<std::string, double> calibrate(const Configuration&, const Architecture&, Member&, View<const float>,
                                                 View<const float>, const Loss&, const OutputScale&);
template std::map<std::string, double> calibrate(const Configuration&, const Architecture&, Member&, View<const double>,
                                                 View<const double>, const Loss&, const OutputScale&);

}  // namespace widthwise
