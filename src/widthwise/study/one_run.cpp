#include "widthwise/study/one_run.h"

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <string>
#include <type_traits>

#include "widthwise/base/error.h"
#include "widthwise/data/fingerprint.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/plan.h"
#include "widthwise/study/schema.h"

namespace widthwise {

namespace {

constexpr const char* data_train = "data.train";
constexpr const char* data_test = "data.test";
constexpr const char* dtype = "training.dtype";

// `run(group, after)` is one of the forms of execute.
template <class T, class Run>
OneRun only_member(const Configuration& configuration, const Run& run) {
  OneRun one;
  auto groups = group_runs({configuration});
  check_memory(groups);
  auto records =
      run(groups.front(), AfterTraining<T>([&](const Ensemble<T>& network) { one.weights = weights_of(network, 0); }));
  if (records.empty()) throw Interrupted();
  one.record = std::move(records.front());
  return one;
}

std::string sizes(Index rows, Index cols) {
  return fmt::format("{} x {}", rows, cols);
}

template <class T>
void require_shape(const char* name, View<const T> view, Index rows, Index cols, const std::string& as) {
  if (view.rows != rows || view.cols != cols)
    throw ShapeError(name, fmt::format("{}, {}", sizes(rows, cols), as), sizes(view.rows, view.cols));
}

template <class T>
void require_finite(const char* name, View<const T> view) {
  for (Index i = 0; i < view.rows; ++i)
    for (Index j = 0; j < view.cols; ++j)
      if (!std::isfinite(view(i, j)))
        throw ConfigError({{}, name}, "finite numbers", fmt::format("{} in row {}, column {}", view(i, j), i, j),
                          "rows and columns are counted from 0");
}

template <class T>
void check(const MeasuredData<T>& data) {
  const View<const T>&x = data.train_inputs, &y = data.train_targets;
  if (x.rows < 1 || x.cols < 1)
    throw ShapeError("inputs", "samples x features, at least one of each", sizes(x.rows, x.cols));
  if (y.cols < 1) throw ShapeError("targets", "samples x outputs, at least one output", sizes(y.rows, y.cols));
  require_shape("targets", y, x.rows, y.cols, "as many samples as the inputs have");
  const Index tests = data.test_inputs.rows;
  if (tests > 0 || data.test_targets.rows > 0) {
    require_shape("test_inputs", data.test_inputs, tests, x.cols, "as many features as the inputs have");
    require_shape("test_targets", data.test_targets, tests, y.cols,
                  "as many samples as test_inputs have, as many outputs as the targets");
  }
  require_finite("inputs", x);
  require_finite("targets", y);
  require_finite("test_inputs", data.test_inputs);
  require_finite("test_targets", data.test_targets);
}

// Settings of data that do not go by a name: only how many samples there are.
bool is_of_named_data(const std::string& key) {
  return (key.starts_with("data.") && key != data_train && key != data_test) || key == "seed.data";
}

template <class T>
Configuration configuration_for(Settings settings, const MeasuredData<T>& data) {
  for (const auto& [key, value] : settings)
    if (key.starts_with("data.") || key == "seed.data")
      throw ConfigError({{}, key}, "no setting of data beside data given in memory", to_text(value));
  if (const auto kind = settings.find("limit.kind");
      kind != settings.end() && is_deep_linear_kind(to_text(kind->second)))
    throw ConfigError({{}, "limit.kind"}, "a network or a limit of data, beside data given in memory",
                      to_text(kind->second),
                      "deep linear networks have data of their own: widthwise limit, or a study");
  const std::string own = std::is_same_v<T, float> ? "float32" : "float64";
  const auto given = settings.find(dtype);
  if (given != settings.end() && !(given->second.is_text() && given->second.text() == own))
    throw ConfigError({{}, dtype}, fmt::format("{}, the type of the data given", own), to_text(given->second),
                      "leave it out, or convert the data first");
  settings[dtype] = {own, 0};
  // What the targets are, train() sees for itself; the settings must only not contradict the loss.
  const auto loss = settings.find("training.loss");
  const bool classes = loss != settings.end() && loss->second.is_text() && loss->second.text() == "cross-entropy";
  settings["data.labels"] = {std::string(classes ? "classes" : "sign"), 0};
  settings[data_train] = {std::int64_t{data.train_inputs.rows}, 0};
  settings[data_test] = {std::int64_t{data.test_inputs.rows}, 0};
  return Configuration(settings);
}

std::string json_without_name(const Configuration& configuration) {
  ValueTable kept;
  for (const auto& [key, value] : configuration.values())
    if (!is_of_named_data(key) && is_relevant(key_spec(key), configuration.values())) kept.push_back({key, value, 0});
  return to_json({std::move(kept), 0});
}

template <class T>
std::uint64_t fingerprint_of(const MeasuredData<T>& data) {
  Fingerprint print;
  for (const View<const T>& part : {data.train_inputs, data.train_targets, data.test_inputs, data.test_targets}) {
    print.add(static_cast<std::uint64_t>(part.rows)).add(static_cast<std::uint64_t>(part.cols));
    for (Index i = 0; i < part.rows; ++i)
      print.add(std::as_bytes(std::span(part.row(i), static_cast<std::size_t>(part.cols))));
  }
  return print.value();
}

}  // namespace

OneRun train_one(const Configuration& configuration, DataCache& data) {
  const auto on_named = [&](const RunGroup& group, const auto& after) { return execute(group, data, after); };
  return configuration.text(dtype) == "float32" ? only_member<float>(configuration, on_named)
                                                : only_member<double>(configuration, on_named);
}

template <class T>
OneRun train_one(Settings settings, const MeasuredData<T>& data) {
  check(data);
  const Configuration configuration = configuration_for(std::move(settings), data);
  const DataOrigin origin{"given in memory", fingerprint_of(data)};
  OneRun one = only_member<T>(configuration, [&](const RunGroup& group, const AfterTraining<T>& after) {
    return execute<T>(group, data, origin, after);
  });
  one.record.identity.clear();
  one.record.configuration = json_without_name(configuration);
  return one;
}

template OneRun train_one(Settings, const MeasuredData<float>&);
template OneRun train_one(Settings, const MeasuredData<double>&);

}  // namespace widthwise
