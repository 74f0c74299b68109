#include "widthwise/study/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "widthwise/data/load.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/provenance.h"
#include "widthwise/study/scheme.h"
#include "widthwise/training/training.h"

namespace widthwise {

namespace {

template <class T>
View<const T> rows(const Matrix<T>& matrix, Index count) {
  return {matrix.data(), count, matrix.cols(), matrix.cols()};
}

// Everything the runs of a group train on, in the precision they train with.
template <class T>
struct TrainingData {
  View<const T> train_inputs, train_targets, test_inputs, test_targets;

  explicit TrainingData(const LoadedData& data) {
    if constexpr (std::is_same_v<T, float>)
      set(data.train_inputs, data.train_targets, data.test_inputs, data.test_targets);
    else
      set(data.split.train.inputs, data.split.train.targets, data.split.test.inputs, data.split.test.targets);
  }

  void set(const Matrix<T>& x, const Matrix<T>& y, const Matrix<T>& test_x, const Matrix<T>& test_y) {
    train_inputs = rows(x, x.rows());
    train_targets = rows(y, y.rows());
    test_inputs = rows(test_x, test_x.rows());
    test_targets = rows(test_y, test_y.rows());
  }

  // The first `points` training samples (any subset is as good: their order was drawn) and the whole test set.
  MeasuredData<T> measured(Index points) const {
    const Index count = std::min(points, train_inputs.rows);
    return {train_inputs.block(0, 0, count, train_inputs.cols), train_targets.block(0, 0, count, train_targets.cols),
            test_inputs, test_targets};
  }
};

TrainingOptions training_options(const RunGroup& group) {
  const Configuration& first = group.runs.front();
  TrainingOptions options;
  options.optimizer = parse_optimizer(first.text("training.optimizer"));
  options.momentum = first.number("training.momentum");
  options.beta1 = first.number("training.beta1");
  options.beta2 = first.number("training.beta2");
  options.batch = first.whole("training.batch");
  options.steps = first.whole("training.steps");
  options.batch_key = Key(static_cast<std::uint64_t>(first.whole("seed.batch"))).split("batch");
  const double seconds = first.number("training.max_seconds");
  if (!std::isnan(seconds)) options.max_seconds = seconds;
  options.target_loss = first.number("training.target_loss");
  options.divergence_cap = first.number("training.divergence_cap");
  for (const Configuration& run : group.runs)
    options.output_scales.push_back({run.number("training.alpha"), run.number("training.kappa")});
  if (first.text("training.alpha_convention") == "article") options.alpha_convention = AlphaConvention::article;
  return options;
}

std::vector<Member> make_members(const RunGroup& group, Index inputs) {
  std::vector<Member> members;
  for (const Configuration& run : group.runs)
    members.push_back({Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("init"), make_scaling(run, inputs),
                       parse_init_law(run.text("parameterization.init_law"))});
  return members;
}

std::map<std::string, std::string> provenance_of(const RunGroup& group, const LoadedData& data) {
  auto out = program_provenance();
  out["dtype"] = group.runs.front().text("training.dtype");
  out["threads"] = fmt::format("{}", threads());
  out["data"] = data.split.source;
  out["data_fingerprint"] = fmt::format("{:016x}", data.split.fingerprint);
  out["group"] = group.id;
  return out;
}

template <class T>
std::vector<RunRecord> train_group(const RunGroup& group, const LoadedData& loaded) {
  const auto start = std::chrono::steady_clock::now();
  const Configuration& first = group.runs.front();
  const TrainingData<T> data(loaded);
  const Architecture architecture = make_architecture(first, data.train_inputs.cols, data.train_targets.cols);
  Ensemble<T> ensemble(architecture, make_members(group, data.train_inputs.cols));

  RecorderOptions recording;
  for (const Value& name : first.at("measure.observables").list()) recording.observables.push_back(name.text());
  recording.loss = make_loss(first);
  recording.steps = measured_steps(first);
  Recorder<T> recorder(ensemble, recording, data.measured(first.whole("measure.times.train_points")));

  const auto results = train<T>(ensemble, data.train_inputs, data.train_targets, *recording.loss,
                                training_options(group), recorder.probe_steps(), std::ref(recorder));
  recorder.finish(ensemble, results);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::vector<RunRecord> records;
  const auto provenance = provenance_of(group, loaded);
  for (std::size_t m = 0; m < results.size(); ++m) {
    const RunResult& result = results[m];
    if (result.status == RunStatus::interrupted) continue;
    const auto member = static_cast<Index>(m);
    RunRecord record;
    record.identity = group.runs[m].identity();
    record.configuration = group.runs[m].json();
    record.provenance = provenance;
    record.status = status_name(result.status);
    record.last_step = result.step;
    record.reason = result.reason;
    record.seconds = seconds / static_cast<double>(results.size());
    record.finals = recorder.finals(member, result.status == RunStatus::diverged);
    record.trace = recorder.trace(member);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

DataCache::DataCache(std::filesystem::path data_dir) : data_dir_{std::move(data_dir)} {}

std::shared_ptr<const LoadedData> DataCache::get(const Configuration& configuration) {
  DataOptions options;
  options.name = configuration.text("data.name");
  options.train = configuration.whole("data.train");
  options.test = configuration.whole("data.test");
  options.labels = configuration.text("data.labels");
  options.preprocess = configuration.text("data.preprocess");
  const bool generated = options.name == "gaussian" || options.name == "teacher";
  if (generated) {
    options.dimension = configuration.whole("data.dimension");
    options.outputs = configuration.whole("data.outputs");
    options.teacher_width = configuration.whole("data.teacher_width");
  }
  options.key = Key(static_cast<std::uint64_t>(configuration.whole("seed.data"))).split("data");
  options.data_dir = data_dir_.string();

  const std::string name =
      fmt::format("{} {} {} {} {} {} {} {} {}", options.name, options.train, options.test, options.labels,
                  options.preprocess, options.dimension, options.outputs, options.teacher_width, options.key.value());
  const std::lock_guard lock(mutex_);  // also while loading: who needs the same data waits for them
  auto& entry = loaded_[name];
  if (!entry) {
    auto loaded = std::make_shared<LoadedData>();
    loaded->split = load_data(options);
    loaded->train_inputs = loaded->split.train.inputs.cast<float>();
    loaded->train_targets = loaded->split.train.targets.cast<float>();
    loaded->test_inputs = loaded->split.test.inputs.cast<float>();
    loaded->test_targets = loaded->split.test.targets.cast<float>();
    entry = std::move(loaded);
  }
  return entry;
}

std::vector<RunRecord> execute(const RunGroup& group, DataCache& data) {
  const auto loaded = data.get(group.runs.front());
  return group.runs.front().text("training.dtype") == "float32" ? train_group<float>(group, *loaded)
                                                                : train_group<double>(group, *loaded);
}

}  // namespace widthwise
