#include "widthwise/study/group.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "widthwise/study/cost.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/identity.h"
#include "widthwise/study/start.h"

namespace widthwise {

namespace {

struct Sized {
  Configuration configuration;
  RunCost cost;
};

// Everything that members of one ensemble share.
std::string shared_settings(const Configuration& configuration) {
  if (is_deep_linear_run(configuration)) return "deep linear";  // one after the other, sharing nothing
  std::string out;
  for (const auto& [key, value] : configuration.values())
    if (!is_member_key(key)) out.append(key).append("=").append(to_json(value)).append("\n");
  if (starts_elsewhere(configuration)) out.append("starts elsewhere");
  return out;
}

RunGroup make_group(std::vector<Sized>::iterator begin, std::vector<Sized>::iterator end) {
  RunGroup group;
  std::string identities;
  for (auto run = begin; run != end; ++run) {
    identities += run->configuration.identity();
    group.work += run->cost.work;
    group.flops += run->cost.flops;
    group.disk += run->cost.disk;
    group.runs.push_back(std::move(run->configuration));
  }
  group.id = text_hash(identities);
  return group;
}

// Splits runs of one shape into groups as even as can be.
void split(std::vector<Sized>& runs, double most_work, const GroupLimits& limits, std::vector<RunGroup>& out) {
  std::ranges::sort(runs, {}, [](const Sized& run) { return run.configuration.identity(); });
  const RunCost& cost = runs.front().cost;
  double most = std::min({static_cast<double>(limits.most_members), most_work / std::max(cost.work, 1.0),
                          limits.memory / std::max(cost.memory, 1.0)});
  // A limit on wall time is meant for the run, not for its group.
  if (!std::isnan(runs.front().configuration.number("training.max_seconds"))) most = 1;
  const auto largest = static_cast<std::size_t>(std::max(1.0, std::floor(most)));
  const std::size_t count = (runs.size() + largest - 1) / largest;
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = [&](std::size_t k) { return runs.begin() + static_cast<std::ptrdiff_t>(k * runs.size() / count); };
    out.push_back(make_group(at(i), at(i + 1)));
  }
}

}  // namespace

bool is_member_key(const std::string& key) {
  // What scales branches is of the architecture, which all members share.
  if (key == "parameterization.branch_exponent" || key == "parameterization.reference_depth") return false;
  return key == "training.learning_rate" || key == "training.epsilon" || key == "training.weight_decay" ||
         key == "training.alpha" || key == "training.kappa" || key == "seed.init" || key == "start.run" ||
         key.starts_with("parameterization.");
}

std::vector<RunGroup> group_runs(std::vector<Configuration> runs, const GroupLimits& limits) {
  std::map<std::string, std::vector<Sized>> shapes;
  double total = 0;
  for (Configuration& run : runs) {
    const DataShape shape = expected_shape(run);
    const RunCost cost = estimate_cost(run, shape.inputs, shape.outputs);
    total += cost.work;
    shapes[shared_settings(run)].push_back({std::move(run), cost});
  }
  const double most_work = std::min(limits.most_work, std::max(total / limits.least_groups, limits.least_work));
  std::vector<RunGroup> groups;
  for (auto& shape : shapes) split(shape.second, most_work, limits, groups);
  std::ranges::stable_sort(groups, std::greater<>{}, &RunGroup::work);
  return groups;
}

}  // namespace widthwise
