#include "widthwise/study/start.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/run.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/toml.h"

namespace widthwise {

namespace {

const RunRecord& find(const Ancestors& ancestors, const std::string& identity) {
  const auto found = ancestors.find(identity);
  if (found == ancestors.end())
    throw ConfigError({{}, "start.run"}, "the identity of a recorded run", fmt::format("'{}'", identity),
                      "a sweep's start_from finds it; a run by itself has no store to find it in");
  return found->second;
}

std::string parent_of(const RunRecord& record) {
  const auto settings = flat_configuration(record);
  const auto found = settings.find("start.run");
  const auto recentred = settings.find("start.recentre");
  const bool here = recentred != settings.end() && recentred->second == "true";
  return found == settings.end() || here ? "none" : found->second;
}

// The run whose initialization f(theta_0) is taken at, and the state of it: "" where it is drawn.
struct Origin {
  const RunRecord* run;
  std::string state;
};

Origin origin_of(const Configuration& run, const Ancestors& ancestors) {
  const RunRecord* first = &find(ancestors, run.text("start.run"));
  if (run.toggle("start.recentre")) return {first, run.text("start.at")};
  for (std::string parent = parent_of(*first); parent != "none"; parent = parent_of(*first))
    first = &find(ancestors, parent);
  const Configuration configuration = configuration_of(*first);
  if (!starts_elsewhere(configuration)) return {first, ""};
  return {&find(ancestors, configuration.text("start.run")), configuration.text("start.at")};
}

template <class T>
bool same_weights(const Ensemble<T>& ensemble) {
  for (Index member = 0; member < ensemble.size(); ++member)
    for (Index layer = 1; layer <= ensemble.layers(); ++layer)
      for (const auto& [now, initial] :
           {std::pair{ensemble.weight(member, layer), ensemble.initial_weight(member, layer)},
            std::pair{ensemble.bias(member, layer), ensemble.initial_bias(member, layer)}})
        for (Index i = 0; i < now.rows; ++i)
          if (!std::equal(now.row(i), now.row(i) + now.cols, initial.row(i))) return false;
  return true;
}

}  // namespace

bool starts_elsewhere(const Configuration& run) {
  return run.text("start.run") != "none";
}

Ancestors ancestors_of(const RunGroup& group, const StoreReader& reader) {
  Ancestors out;
  const auto load = [&](const std::string& identity) -> const RunRecord& {
    if (!out.contains(identity))
      if (auto record = reader.load(identity)) out.emplace(identity, std::move(*record));
    return find(out, identity);
  };
  for (const Configuration& run : group.runs) {
    if (!starts_elsewhere(run)) continue;
    // The chain up to where it was drawn, or to a state that was made the initialization.
    for (std::string identity = run.text("start.run"); identity != "none";) {
      const auto settings = flat_configuration(load(identity));
      const auto parent = settings.find("start.run");
      identity = parent == settings.end() ? "none" : parent->second;
    }
  }
  return out;
}

std::string why_not_started(const Configuration& run, const Ancestors& ancestors) {
  if (!starts_elsewhere(run)) return {};
  const RunRecord& parent = find(ancestors, run.text("start.run"));
  const std::vector<std::string> labels = saved_labels(parent);
  if (parent.status != "diverged" || std::ranges::find(labels, run.text("start.at")) != labels.end()) return {};
  return fmt::format("the run it starts from diverged, {}", parent.reason);
}

template <class T>
void place_at_initialization(Ensemble<T>& ensemble, const RunGroup& group, const Ancestors& ancestors) {
  for (std::size_t m = 0; m < group.runs.size(); ++m) {
    const Origin origin = origin_of(group.runs[m], ancestors);
    const auto member = static_cast<Index>(m);
    if (!origin.state.empty()) {
      set_weights(ensemble, member, load_state<T>(*origin.run, origin.state));
      continue;
    }
    RunGroup one;
    one.runs.push_back(configuration_of(*origin.run));
    const Index inputs = ensemble.architecture().input_dimension;
    const Ensemble<T> drawn(ensemble.architecture(), make_members(one, inputs), InitialWeights::forgotten);
    set_weights(ensemble, member, weights_of(drawn, 0));
  }
  ensemble.make_initial();
}

template <class T>
bool place_at_start(Ensemble<T>& ensemble, const RunGroup& group, const Ancestors& ancestors) {
  for (std::size_t m = 0; m < group.runs.size(); ++m) {
    const Configuration& run = group.runs[m];
    const RunRecord& parent = find(ancestors, run.text("start.run"));
    set_weights(ensemble, static_cast<Index>(m), load_state<T>(parent, run.text("start.at")));
  }
  return !same_weights(std::as_const(ensemble));
}

Configuration configuration_of(const RunRecord& record) {
  Settings settings;
  for (const auto& [key, text] : flat_configuration(record)) {
    if (is_mark(key)) continue;
    const bool is_text = key_spec(key).type == KeySpec::Type::text || text == "none";
    settings[key] = is_text ? Value{text, 0} : parse_toml_value(text);
  }
  return Configuration(settings);
}

template void place_at_initialization(Ensemble<float>&, const RunGroup&, const Ancestors&);
template void place_at_initialization(Ensemble<double>&, const RunGroup&, const Ancestors&);
template bool place_at_start(Ensemble<float>&, const RunGroup&, const Ancestors&);
template bool place_at_start(Ensemble<double>&, const RunGroup&, const Ancestors&);

}  // namespace widthwise
