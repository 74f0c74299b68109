#include "widthwise/study/plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <unordered_set>

#include "widthwise/base/error.h"
#include "widthwise/base/progress.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/schedule.h"
#include "widthwise/study/search.h"

namespace widthwise {

namespace {

// Share of the rate of one large product that training reaches, everything beside the products included.
constexpr double training_efficiency = 0.5;

// Flops a second of one thread, from some 20 ms of products.
double measured_rate() {
  constexpr Index size = 256;
  const ThreadScope one(1);
  const Matrix<float> a = Matrix<float>::Constant(size, size, 0.5F), b = a;
  Matrix<float> c(size, size);
  const auto product = [&] {
    gemm(Op::none, Op::transpose, 1.0F, View<const float>(view(a)), View<const float>(view(b)), 0.0F, view(c));
  };
  product();  // loads and compiles kernels
  const auto start = std::chrono::steady_clock::now();
  double flops = 0, seconds = 0;
  do {
    product();
    flops += 2.0 * size * size * size;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } while (seconds < 0.02);
  return flops / seconds;
}

// Bytes of a run's data in both precisions.
double data_memory(const Configuration& run, const DataShape& shape) {
  if (is_deep_linear_run(run)) return 0;
  const auto samples =
      static_cast<double>(run.whole("data.train") + run.whole("data.test") + run.whole("data.validation"));
  return samples * static_cast<double>(shape.inputs + shape.outputs) * (sizeof(double) + sizeof(float));
}

}  // namespace

void check_memory(const std::vector<RunGroup>& groups) {
  const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  for (const RunGroup& group : groups) {
    const Configuration& run = group.runs.front();
    const DataShape shape = expected_shape(run);
    const double data = data_memory(run, shape), network = estimate_cost(run, shape.inputs, shape.outputs).memory;
    if (data + network <= machine) continue;
    if (is_deep_linear_run(run)) {
      const char* const larger = run.text("limit.kind") == "deep-linear" ? "limit.steps" : "limit.dimension";
      throw ConfigError({{}, larger},
                        fmt::format("a run that fits into this machine's memory of {}", human_bytes(machine)),
                        fmt::format("{}, which takes {}", run.whole(larger), human_bytes(network)));
    }
    // Each weight is held some times over; what else there is, data and activations, grows with the samples.
    const auto weights =
        20.0 * static_cast<double>(parameter_count(make_architecture(run, shape.inputs, shape.outputs)));
    const char* const key = weights < (data + network) / 2 ? "data.train" : "architecture.width";
    throw ConfigError({{}, key}, fmt::format("a run that fits into this machine's memory of {}", human_bytes(machine)),
                      fmt::format("{}, which takes {} or more", run.whole(key), human_bytes(data + network)));
  }
}

namespace {

// A sweep's points, looked at before they are grouped.
using Look = std::function<void(const Sweep&, const std::vector<GridPoint>&)>;

// With a reader, of searches also what they have made and make next.
std::vector<RunGroup> group_all(const Study& study, const Look& look, const StoreReader* reader = nullptr) {
  if (study.sweeps.empty())
    throw ConfigError({study.file.string(), "sweep"}, "at least one [[sweep]]", "none",
                      "a single run is a sweep of one value: name = \"one\", \"seed.init\" = [0]");
  std::vector<Configuration> runs;
  std::unordered_set<std::string> seen;
  for (const Sweep& sweep : study.sweeps) {
    std::vector<GridPoint> points = reader == nullptr ? expand(study, sweep) : points_of(study, sweep, *reader);
    look(sweep, points);
    for (GridPoint& point : points)
      if (seen.insert(point.configuration.identity()).second) runs.push_back(std::move(point.configuration));
  }
  try {
    std::vector<RunGroup> groups = group_runs(std::move(runs));
    check_memory(groups);
    return groups;
  } catch (const ConfigError& error) {
    throw error.in_file(study.file.string());
  }
}

SweepPlan plan_sweep(const Sweep& sweep, const std::vector<GridPoint>& points, const StoreReader& reader) {
  SweepPlan plan{sweep.name, points.size(), 0, 0, 0};
  for (const GridPoint& point : points) {
    const DataShape shape = expected_shape(point.configuration);
    if (reader.contains(point.configuration.identity()))
      ++plan.done;
    else
      plan.flops += estimate_cost(point.configuration, shape.inputs, shape.outputs).flops;
  }
  return plan;
}

}  // namespace

void ask_consent(const Study& study, bool consent) {
  std::uint64_t runs = 0;
  for (const Sweep& sweep : study.sweeps)
    if (__builtin_add_overflow(runs, grid_size(sweep), &runs)) runs = UINT64_MAX;
  if (runs > runs_without_consent && !consent)
    throw ConfigError({study.file.string(), "sweep"},
                      fmt::format("at most {} runs without consent", runs_without_consent), fmt::format("{}", runs),
                      "add --yes if they are meant");
}

std::vector<RunGroup> grouped_runs(const Study& study, bool consent) {
  ask_consent(study, consent);
  return group_all(study, [](const Sweep&, const std::vector<GridPoint>&) {});
}

Plan plan_study(const Study& study, const RunOptions& options) {
  const StoreReader reader(options.store);
  Plan plan;
  // A plan needs no consent: it is what one looks at before giving it.
  const std::vector<RunGroup> groups = group_all(
      study,
      [&](const Sweep& sweep, const std::vector<GridPoint>& points) {
        plan.sweeps.push_back(plan_sweep(sweep, points, reader));
        plan.sweeps.back().ahead = most_runs_ahead(study, sweep, reader);
        plan.ahead += plan.sweeps.back().ahead;
      },
      &reader);
  plan.threads = options.threads > 0 ? options.threads : physical_threads();
  double work = 0;
  for (const RunGroup& group : groups) {
    std::uint64_t done = 0;
    for (const Configuration& run : group.runs) done += reader.contains(run.identity());
    const double rest = 1 - static_cast<double>(done) / static_cast<double>(group.runs.size());
    plan.runs += group.runs.size();
    plan.done += done;
    plan.groups += rest > 0;
    plan.flops += rest * group.flops;
    plan.bytes += rest * group.disk;
    work += rest * group.work;
  }
  if (work > 0) plan.seconds = work / (plan.threads * training_efficiency * measured_rate());
  return plan;
}

}  // namespace widthwise
