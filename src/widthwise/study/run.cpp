#include "widthwise/study/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>

#include "widthwise/base/interrupt.h"
#include "widthwise/data/load.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/frozen_model.h"
#include "widthwise/study/kept_arrays.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/provenance.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/study/scheme.h"
#include "widthwise/training/normalised_start.h"
#include "widthwise/training/training.h"

namespace widthwise {

namespace {

template <class T>
View<const T> rows(const Matrix<T>& matrix, Index count) {
  return {matrix.data(), count, matrix.cols(), matrix.cols()};
}

template <class T>
struct Part {
  View<const T> inputs, targets;
};

// Everything the runs of a group train on, in the precision they train with.
template <class T>
struct TrainingData {
  View<const T> train_inputs, train_targets;
  Part<T> test, validation;

  explicit TrainingData(const LoadedData& data) {
    const auto part = [](const Matrix<T>& x, const Matrix<T>& y) -> Part<T> {
      return {rows(x, x.rows()), rows(y, y.rows())};
    };
    Part<T> train;
    if constexpr (std::is_same_v<T, float>) {
      train = part(data.train_inputs, data.train_targets);
      test = part(data.test_inputs, data.test_targets);
      validation = part(data.validation_inputs, data.validation_targets);
    } else {
      train = part(data.split.train.inputs, data.split.train.targets);
      test = part(data.split.test.inputs, data.split.test.targets);
      validation = part(data.split.validation.inputs, data.split.validation.targets);
    }
    train_inputs = train.inputs;
    train_targets = train.targets;
  }
  explicit TrainingData(const MeasuredData<T>& data)
      : train_inputs{data.train_inputs},
        train_targets{data.train_targets},
        test{data.test_inputs, data.test_targets},
        validation{data.validation_inputs, data.validation_targets} {}

  // The first `points` training samples (any subset is as good: their order was drawn), the other parts whole.
  MeasuredData<T> measured(Index points) const {
    const Index count = std::min(points, train_inputs.rows);
    return {train_inputs.block(0, 0, count, train_inputs.cols),
            train_targets.block(0, 0, count, train_targets.cols),
            test.inputs,
            test.targets,
            validation.inputs,
            validation.targets};
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
  options.shuffle = first.text("training.batch_order") == "shuffled";
  const double seconds = first.number("training.max_seconds");
  if (!std::isnan(seconds)) options.max_seconds = seconds;
  options.target_loss = first.number("training.target_loss");
  options.schedule = make_schedule(first);
  options.stopping.margin = first.number("training.stop_margin");
  options.stopping.share = first.number("training.stop_share");
  options.stopping.patience = first.whole("training.patience");
  options.stopping.min_improvement = first.number("training.min_improvement");
  options.divergence_cap = first.number("training.divergence_cap");
  for (const Configuration& run : group.runs) options.output_scales.push_back(output_scale(run));
  options.alpha_convention = parse_alpha_convention(first.text("training.alpha_convention"));
  options.flow = flow_options(first);
  return options;
}

std::map<std::string, std::string> provenance_of(const RunGroup& group, const DataOrigin& origin) {
  auto out = program_provenance();
  out["dtype"] = group.runs.front().text("training.dtype");
  out["threads"] = fmt::format("{}", threads());
  out["data"] = origin.source;
  out["data_fingerprint"] = fmt::format("{:016x}", origin.fingerprint);
  out["group"] = group.id;
  return out;
}

// Flows go on where they were left, and leave something to go on from.
template <class T>
class Resumption {
 public:
  Resumption(const RunGroup& group, const Checkpoints& checkpoints, Recorder<T>& recorder,
             std::vector<RunRecord>& saved)
      : group_{group}, checkpoints_{checkpoints}, recorder_{recorder}, saved_{saved}, found_(group.runs.size()) {}

  FlowHooks<T> hooks() {
    FlowHooks<T> hooks;
    hooks.milestone = [this, labels = saved_milestones(group_.runs.front())](const TrainingState<T>& state,
                                                                             std::size_t which) {
      save_state(saved_[static_cast<std::size_t>(state.member)], milestone_name(labels[which]), state.ensemble,
                 state.member);
    };
    if (!checkpoints_.keeps()) return hooks;
    hooks.resume = [this](Index member) { return resume(member); };
    hooks.checkpoint = [this](Index member, const FlowCheckpoint<T>& flow) {
      if (!recorder_.between_points(member))
        checkpoints_.keep<T>(run(member).identity(),
                             {flow, recorder_.trace(member), saved_[static_cast<std::size_t>(member)].arrays});
    };
    return hooks;
  }

 private:
  const Configuration& run(Index member) const { return group_.runs[static_cast<std::size_t>(member)]; }

  const FlowCheckpoint<T>* resume(Index member) {
    auto& found = found_[static_cast<std::size_t>(member)];
    found = checkpoints_.find<T>(run(member).identity());
    if (!found) return nullptr;
    recorder_.restore(member, std::move(found->trace));
    saved_[static_cast<std::size_t>(member)].arrays = std::move(found->saved);
    return &found->flow;
  }

  const RunGroup& group_;
  const Checkpoints& checkpoints_;
  Recorder<T>& recorder_;
  std::vector<RunRecord>& saved_;  // arrays of states saved on the way
  std::vector<std::optional<RunCheckpoint<T>>> found_;
};

RunRecord empty_record(const Configuration& run, const std::map<std::string, std::string>& provenance) {
  RunRecord record;
  record.identity = run.identity();
  record.configuration = run.json();
  record.provenance = provenance;
  return record;
}

// The records of runs that cannot begin since those they start from diverged; `rest` are the others.
std::vector<RunRecord> not_started(const RunGroup& group, const DataOrigin& origin, const Ancestors& ancestors,
                                   RunGroup& rest) {
  std::vector<RunRecord> records;
  rest = group;
  rest.runs.clear();
  for (const Configuration& run : group.runs) {
    const std::string why = why_not_started(run, ancestors);
    if (why.empty()) {
      rest.runs.push_back(run);
      continue;
    }
    records.push_back(empty_record(run, provenance_of(group, origin)));
    records.back().status = status_name(RunStatus::diverged);
    records.back().reason = why;
  }
  return records;
}

// Records of runs that are followed one after the other, not as an ensemble: of `follow(m)`. keeper: null for runs that
// have no outputs.
template <class T, class Follow>
std::vector<RunRecord> in_turn(const RunGroup& group, const DataOrigin& origin, const ArrayKeeper<T>* keeper,
                               const Follow& follow) {
  std::vector<RunRecord> records;
  const auto provenance = provenance_of(group, origin);
  for (std::size_t m = 0; m < group.runs.size() && !interrupt_requested(); ++m) {
    const auto begun = std::chrono::steady_clock::now();
    const FrozenRun run = follow(m);
    if (run.result.status == RunStatus::interrupted) break;
    RunRecord record = empty_record(group.runs[m], provenance);
    const bool diverged = run.result.status == RunStatus::diverged;
    record.status = status_name(run.result.status);
    record.last_step = run.result.step;
    record.reason = run.result.reason;
    record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    record.trace = run.trace;
    for (const auto& [name, values] : run.trace.series)
      record.finals[name] = diverged ? std::numeric_limits<double>::quiet_NaN() : values.back();
    if (!diverged && keeper != nullptr) record.arrays = keeper->arrays(run.train_outputs, run.test_outputs);
    records.push_back(std::move(record));
  }
  return records;
}

void append(std::vector<RunRecord>& records, std::vector<RunRecord> more) {
  std::ranges::move(more, std::back_inserter(records));
}

/// The members of a group, their first rates calibrated or their starts normalised. Runs that cannot be leave the group
/// for `records`.
/// @param rates entry m is what the record of run m tells of them.
template <class T>
std::vector<Member> members_at_their_start(RunGroup& group, const Architecture& architecture,
                                           const TrainingData<T>& data, const DataOrigin& origin,
                                           std::vector<std::map<std::string, double>>& rates,
                                           std::vector<RunRecord>& records) {
  std::vector<Member> members = make_members(group, data.train_inputs.cols), able;
  std::vector<Configuration> runs;
  const auto loss = make_loss(group.runs.front());
  const auto leave = [&](const Configuration& run, const Error& error) {
    records.push_back(empty_record(run, provenance_of(group, origin)));
    records.back().status = status_name(RunStatus::diverged);
    records.back().reason = error.what();
  };
  for (std::size_t m = 0; m < members.size(); ++m) {
    const Configuration& run = group.runs[m];
    std::map<std::string, double> told;
    try {
      if (calibrates(run))
        told = calibrate<T>(run, architecture, members[m], data.train_inputs, data.train_targets, *loss,
                            output_scale(run));
      if (starts_normalised(run)) normalise_start<T>(architecture, members[m], data.train_inputs);
    } catch (const CalibrationError& error) {
      leave(run, error);
      continue;
    } catch (const FirstRateError& error) {
      leave(run, error);
      continue;
    }
    rates.push_back(std::move(told));
    able.push_back(members[m]);
    runs.push_back(run);
  }
  group.runs = std::move(runs);
  return able;
}

template <class T>
std::vector<RunRecord> follow_limits(const RunGroup& group, const TrainingData<T>& data, const DataOrigin& origin) {
  const Configuration& first = group.runs.front();
  const MeasuredData<T> parts = data.measured(data.train_inputs.rows);
  std::optional<Ensemble<T>> networks;  // whose initial outputs are wanted
  if (needs_network(first))
    networks.emplace(make_architecture(first, data.train_inputs.cols, data.train_targets.cols),
                     make_members(group, data.train_inputs.cols), InitialWeights::forgotten);
  const auto loss = make_loss(first);
  const TrainingOptions options = training_options(group);
  const ArrayKeeper<T> keeper(first, parts);
  return in_turn(group, origin, &keeper, [&](std::size_t m) {
    return follow_limit<T>(group.runs[m], networks ? &*networks : nullptr, static_cast<Index>(m), parts, loss, options,
                           measured_steps(first));
  });
}

std::vector<RunRecord> deep_linear_records(const RunGroup& group) {
  std::vector<RunRecord> records =
      in_turn<double>(group, {"none", 0}, nullptr, [&](std::size_t m) { return follow_deep_linear(group.runs[m]); });
  for (RunRecord& record : records) record.finals["seconds"] = record.seconds;
  return records;
}

template <class T>
std::vector<RunRecord> train_group(const RunGroup& whole, const TrainingData<T>& data, const DataOrigin& origin,
                                   const AfterTraining<T>& after, const Ancestors& ancestors,
                                   const Checkpoints& checkpoints) {
  RunGroup group;
  std::vector<RunRecord> records = not_started(whole, origin, ancestors, group);
  if (group.runs.empty()) return records;
  if (is_limit_run(group.runs.front())) {
    append(records, follow_limits(group, data, origin));
    return records;
  }
  const auto start = std::chrono::steady_clock::now();
  const Architecture architecture =
      make_architecture(group.runs.front(), data.train_inputs.cols, data.train_targets.cols);
  std::vector<std::map<std::string, double>> first_rates;
  const std::vector<Member> members =
      members_at_their_start<T>(group, architecture, data, origin, first_rates, records);
  if (members.empty()) return records;
  Ensemble<T> ensemble(architecture, members);
  const Configuration& first = group.runs.front();

  RecorderOptions recording;
  for (const Value& name : first.at("measure.observables").list()) recording.observables.push_back(name.text());
  recording.loss = make_loss(first);
  recording.steps = measured_steps(first);
  recording.kernels = {first.whole("measure.kernel_points"), first.text("measure.kernel_set") == "train",
                       first.text("measure.kernel_times") == "all",
                       first.text("measure.kernel_share") == "rate" ? TangentShare::rate : TangentShare::multiplier};
  if (const double tolerance = first.number("measure.rank_tolerance"); !std::isnan(tolerance))
    recording.rank_tolerance = tolerance;
  recording.optimizer = parse_optimizer(first.text("training.optimizer"));
  recording.alpha_convention = parse_alpha_convention(first.text("training.alpha_convention"));
  Recorder<T> recorder(ensemble, recording, data.measured(first.whole("measure.times.train_points")));
  TrainingOptions options = training_options(group);
  const bool elsewhere = starts_elsewhere(first);
  if (elsewhere) place_at_initialization(ensemble, group, ancestors);
  const ArrayKeeper<T> keeper(first, ensemble, options.output_scales, data.measured(data.train_inputs.rows));
  if (elsewhere) {
    recorder.take_initialization(ensemble, options.output_scales);
    std::vector<Matrix<double>> outputs;
    for (Index m = 0; m < ensemble.size(); ++m)
      outputs.push_back(outputs_of(ensemble, m, data.train_inputs).template cast<double>());
    if (place_at_start(ensemble, group, ancestors)) options.initial_outputs = std::move(outputs);
  }
  if (is_frozen_model(first)) {
    const MeasuredData<T> whole_parts = data.measured(data.train_inputs.rows);
    append(records, in_turn(group, origin, &keeper, [&](std::size_t m) {
             return follow_frozen_model<T>(group.runs[m], ensemble, static_cast<Index>(m), whole_parts, *recording.loss,
                                           options, recording.steps, checkpoints);
           }));
    return records;
  }
  std::vector<RunRecord> saved(group.runs.size());
  for (std::size_t m = 0; m < saved.size(); ++m)
    if (saves(first, "init")) save_state(saved[m], "init", ensemble, static_cast<Index>(m));

  Resumption<T> resumption(group, checkpoints, recorder, saved);
  const auto results = train<T>(ensemble, data.train_inputs, data.train_targets, *recording.loss, options,
                                recorder.probe_steps(), std::ref(recorder), resumption.hooks());
  recorder.finish(ensemble, results);
  if (after) after(ensemble);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const auto provenance = provenance_of(group, origin);
  for (std::size_t m = 0; m < results.size(); ++m) {
    const RunResult& result = results[m];
    if (result.status == RunStatus::interrupted) continue;
    const auto member = static_cast<Index>(m);
    RunRecord record = empty_record(group.runs[m], provenance);
    record.status = status_name(result.status);
    record.last_step = result.step;
    record.reason = result.reason;
    record.seconds = seconds / static_cast<double>(results.size());
    record.finals = recorder.finals(member, result.status == RunStatus::diverged);
    record.finals.insert(first_rates[m].begin(), first_rates[m].end());
    record.trace = recorder.trace(member);
    if (result.status != RunStatus::diverged) record.arrays = keeper.arrays(ensemble, member);
    if (result.status != RunStatus::diverged && saves(first, "end")) save_state(record, "end", ensemble, member);
    record.arrays.merge(saved[m].arrays);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

std::vector<Member> make_members(const RunGroup& group, Index inputs) {
  std::vector<Member> members;
  for (const Configuration& run : group.runs)
    members.push_back({Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("init"), make_scaling(run, inputs),
                       parse_init_law(run.text("parameterization.init_law"))});
  return members;
}

DataCache::DataCache(std::filesystem::path data_dir) : data_dir_{std::move(data_dir)} {}

std::shared_ptr<const LoadedData> DataCache::get(const Configuration& configuration) {
  DataOptions options = data_options(configuration.values());
  options.data_dir = data_dir_.string();
  const std::string name = data_key(options);
  const std::lock_guard lock(mutex_);  // also while loading: who needs the same data waits for them
  auto& entry = loaded_[name];
  if (!entry) {
    auto loaded = std::make_shared<LoadedData>();
    loaded->split = load_data(options);
    loaded->train_inputs = loaded->split.train.inputs.cast<float>();
    loaded->train_targets = loaded->split.train.targets.cast<float>();
    loaded->test_inputs = loaded->split.test.inputs.cast<float>();
    loaded->test_targets = loaded->split.test.targets.cast<float>();
    loaded->validation_inputs = loaded->split.validation.inputs.cast<float>();
    loaded->validation_targets = loaded->split.validation.targets.cast<float>();
    entry = std::move(loaded);
  }
  return entry;
}

std::vector<RunRecord> execute(const RunGroup& group, DataCache& data, const Ancestors& ancestors,
                               const Checkpoints& checkpoints) {
  return group.runs.front().text("training.dtype") == "float32"
             ? execute<float>(group, data, {}, ancestors, checkpoints)
             : execute<double>(group, data, {}, ancestors, checkpoints);
}

template <class T>
std::vector<RunRecord> execute(const RunGroup& group, DataCache& data, const AfterTraining<T>& after,
                               const Ancestors& ancestors, const Checkpoints& checkpoints) {
  if (is_deep_linear_run(group.runs.front())) return deep_linear_records(group);
  const auto loaded = data.get(group.runs.front());
  return train_group<T>(group, TrainingData<T>(*loaded), {loaded->split.source, loaded->split.fingerprint}, after,
                        ancestors, checkpoints);
}

template <class T>
std::vector<RunRecord> execute(const RunGroup& group, const MeasuredData<T>& data, const DataOrigin& origin,
                               const AfterTraining<T>& after) {
  return train_group<T>(group, TrainingData<T>(data), origin, after, {}, {});
}

template std::vector<RunRecord> execute(const RunGroup&, DataCache&, const AfterTraining<float>&, const Ancestors&,
                                        const Checkpoints&);
template std::vector<RunRecord> execute(const RunGroup&, DataCache&, const AfterTraining<double>&, const Ancestors&,
                                        const Checkpoints&);
template std::vector<RunRecord> execute(const RunGroup&, const MeasuredData<float>&, const DataOrigin&,
                                        const AfterTraining<float>&);
template std::vector<RunRecord> execute(const RunGroup&, const MeasuredData<double>&, const DataOrigin&,
                                        const AfterTraining<double>&);

}  // namespace widthwise
