#include "widthwise/study/deep_linear_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/limit/deep_linear_depth.h"
#include "widthwise/limit/deep_linear_flow.h"
#include "widthwise/limit/deep_linear_network.h"
#include "widthwise/limit/deep_linear_network_flow.h"
#include "widthwise/limit/deep_linear_theory.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

bool is_network(const Configuration& run) {
  return run.text("limit.kind") == "deep-linear-network";
}

bool is_flow(const Configuration& run) {
  return run.text("limit.kind") == "deep-linear-flow";
}

bool of_infinite_depth(const Configuration& run) {
  return std::isinf(run.number("limit.hidden_layers"));
}

std::vector<double> numbers(const Configuration& run, const char* key) {
  std::vector<double> out;
  for (const Value& value : run.at(key).list()) out.push_back(value.number());
  return out;
}

bool of_power_law(const Configuration& run) {
  return !std::isnan(run.number("limit.spectrum.exponent"));
}

// Of a power law the model's units (D inputs of order one) are x sqrt(D), eta / D and gamma_0 sqrt(D). Merged modes
// keep their number, sum of variances and strength.
void take_power_law(const Configuration& run, DeepLinearModel& model) {
  constexpr double kept = 16;  // the first ones are never merged
  const double a = run.number("limit.spectrum.exponent"), b = run.number("limit.spectrum.target_exponent"),
               modes = run.number("limit.spectrum.modes"), per_octave = run.number("limit.spectrum.per_octave");
  model.spectrum = {{}, {}, {}};
  for (double first = 1; first <= modes;) {
    const double next = per_octave == 0 || first <= kept
                            ? first + 1
                            : std::min(modes + 1, std::ceil(first * std::exp2(1 / per_octave)));
    double variance = 0, strength = 0;
    for (double k = first; k < next; ++k) {
      variance += std::pow(k, -a);
      strength += std::pow(k, -a * b - 1);
    }
    model.spectrum.variance.push_back(modes * variance / (next - first));
    model.spectrum.target_squared.push_back(strength / variance);
    model.spectrum.weight.push_back((next - first) / modes);
    first = next;
  }
  model.learning_rate /= modes;
  model.richness *= std::sqrt(modes);
}

Index dimension_of(const Configuration& run) {
  return run.whole(of_power_law(run) ? "limit.spectrum.modes" : "limit.dimension");
}

// Follows losses to the end: look() gives the test and the training loss, advance() makes an update.
template <class Look, class Advance>
FrozenRun follow(const Configuration& run, const Look& look, const Advance& advance) {
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<std::int64_t> measured = measured_steps(run);
  const std::int64_t steps = run.whole("limit.steps");
  const double seconds = run.number("training.max_seconds"), cap = run.number("training.divergence_cap");
  FrozenRun out;
  for (std::int64_t step = 0;; ++step) {
    const auto [test, train] = look();
    const bool diverged = !(std::isfinite(test) && std::isfinite(train) && test <= cap && train <= cap);
    const bool late =
        seconds <= std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();  // NaN: never
    out.result.step = step;
    if (diverged) {
      out.result.status = RunStatus::diverged;
      out.result.reason = fmt::format("a loss above {:g} or not finite at step {}", cap, step);
    } else if (late && step < steps) {
      out.result.status = RunStatus::stopped;
      out.result.reason = fmt::format("wall time above {} s", seconds);
    }
    const bool over = diverged || late || step == steps;
    if (over || std::ranges::binary_search(measured, step)) {
      out.trace.append(step, static_cast<double>(step));
      out.trace.set("test_loss", test);
      out.trace.set("train_loss", train);
    }
    if (over) return out;
    if (interrupt_requested()) {
      out.result.status = RunStatus::interrupted;
      return out;
    }
    advance();
  }
}

template <class Theory>
FrozenRun follow_theory(const Configuration& run, const DeepLinearModel& model) {
  Theory theory(model);
  theory.step();
  return follow(
      run, [&] { return std::pair(theory.test_loss().back(), theory.train_loss().back()); }, [&] { theory.step(); });
}

template <class T>
FrozenRun follow_network(const Configuration& run, const DeepLinearModel& model) {
  DeepLinearNetwork<T> network(model, dimension_of(run),
                               Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("deep linear"));
  return follow(
      run, [&] { return std::pair(network.test_loss(), network.train_loss()); }, [&] { network.step(); });
}

FlowSpectrum flow_spectrum(const Configuration& run) {
  return power_law_spectrum({.capacity = run.number("limit.spectrum.exponent"),
                             .source = run.number("limit.spectrum.target_exponent"),
                             .modes = static_cast<std::uint64_t>(run.whole("limit.spectrum.modes"))});
}

std::vector<double> flow_times(const Configuration& run) {
  constexpr double first = 0.1;
  const double last = run.number("limit.last_time"), per_decade = run.number("limit.per_decade");
  const double intervals = std::ceil(per_decade * std::log10(last / first) - 1e-9);
  std::vector<double> times{0};
  for (double i = 0; i < intervals; ++i) times.push_back(first * std::pow(10, i / per_decade));
  times.push_back(last);
  return times;
}

Trace flow_trace(const Configuration& run) {
  const FlowSpectrum spectrum = flow_spectrum(run);
  const std::vector<double> times = flow_times(run);
  const double gamma0 = run.number("limit.richness"), eta = run.number("limit.learning_rate");
  const auto layers = static_cast<int>(run.number("limit.hidden_layers"));
  if (run.text("limit.flow") == "two-layer") return two_layer_flow(spectrum, {.gamma0 = gamma0, .eta = eta}, times);
  if (run.text("limit.flow") == "balanced")
    return balanced_flow(spectrum, {.matrices = layers + 1, .floor = run.number("limit.floor")}, times);
  return deep_linear_network_flow(spectrum,
                                  {.hidden_layers = layers,
                                   .width = run.whole("limit.width"),
                                   .gamma0 = gamma0,
                                   .eta = eta,
                                   .centred = run.toggle("limit.centred"),
                                   .key = Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("flow")},
                                  times);
}

FrozenRun follow_flow(const Configuration& run) {
  FrozenRun out;
  Trace found;
  try {
    found = flow_trace(run);
  } catch (const Interrupted&) {
    out.result.status = RunStatus::interrupted;
    return out;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    out.trace.append(static_cast<std::int64_t>(i), found.time[i]);
    out.trace.set("test_loss", found.values("loss")[i]);
    out.trace.set("kernel_scale", found.values("kernel_scale")[i]);
  }
  out.result.step = static_cast<std::int64_t>(found.size()) - 1;
  return out;
}

void check_flow_run(const Configuration& run) {
  const auto refuse = [](const char* key, const std::string& expected, const std::string& got) {
    throw ConfigError({{}, key}, expected + ", for limit.kind = deep-linear-flow", got);
  };
  if (!of_power_law(run)) refuse("limit.spectrum.exponent", "a of a power law", "nothing");
  const double layers = run.number("limit.hidden_layers");
  if (layers != std::floor(layers) || layers > 100)
    refuse("limit.hidden_layers", "a whole number from 1 to 100", fmt::format("{}", layers));
  if (run.text("limit.flow") == "two-layer" && layers != 1)
    refuse("limit.hidden_layers", "1 beside limit.flow = two-layer", fmt::format("{}", layers));
  flow_spectrum(run);
}

// A flow takes some hundred steps, each a few passes over modes and weights.
RunCost flow_cost(const Configuration& run) {
  RunCost cost;
  const double steps = 30 * std::log10(10 * run.number("limit.last_time")) + 100;
  const auto modes = static_cast<double>(flow_spectrum(run).variance.size());
  const bool network = run.text("limit.flow") == "network";
  const double n = network ? run.number("limit.width") : 1, layers = run.number("limit.hidden_layers");
  cost.flops = 4 * steps * modes * (n * n * layers + n * modes);
  cost.memory = 8 * 10 * (n * n * layers + n * modes);
  cost.work = 4 * cost.flops + 2e5 * steps;
  return cost;
}

}  // namespace

bool is_deep_linear_kind(const std::string& kind) {
  return kind == "deep-linear" || kind == "deep-linear-network" || kind == "deep-linear-flow";
}

bool is_deep_linear_run(const Configuration& run) {
  return is_deep_linear_kind(run.text("limit.kind"));
}

const std::vector<std::string>& deep_linear_series() {
  static const std::vector<std::string> names{"test_loss", "train_loss", "kernel_scale", "seconds"};
  return names;
}

bool decides_deep_linear(const std::string& key, const std::map<std::string, Value>& values) {
  const auto text = [&](const char* name) { return to_text(values.at(name)); };
  const auto among = [&](std::initializer_list<const char*> keys) {
    return std::ranges::find(keys, key) != keys.end();
  };
  const bool network = text("limit.kind") == "deep-linear-network", flow = text("limit.kind") == "deep-linear-flow";
  const std::string engine = text("limit.flow");
  if (key == "seed.init") return network || (flow && engine == "network");
  if (key == "training.dtype") return network;
  if (flow) {
    if (engine == "balanced" && among({"limit.learning_rate", "limit.richness"})) return false;
    if (engine != "balanced" && key == "limit.floor") return false;
    if (engine != "network" && among({"limit.width", "limit.centred"})) return false;
    return key.starts_with("limit.") && is_relevant(key_spec(key), values);
  }
  const bool power_law = text("limit.spectrum.exponent") != "none";
  if (among({"limit.spectrum.target_exponent", "limit.spectrum.modes", "limit.spectrum.per_octave"}) && !power_law)
    return false;
  if (key == "limit.dimension" && power_law) return false;
  if (key == "limit.sample_ratio" && text("limit.data") == "population") return false;
  if (key == "limit.width_ratio" && !values.at("limit.width_ratios").list().empty()) return false;
  if (key == "limit.output_correlation" && text("limit.outputs") == "1") return false;
  const bool ours = key.starts_with("limit.") || key.starts_with("training.switch_") ||
                    among({"training.schedule", "training.warmup_steps", "training.final_rate", "training.max_seconds",
                           "training.divergence_cap"}) ||
                    (key.starts_with("measure.times.") && key != "measure.times.train_points");
  return ours && is_relevant(key_spec(key), values);
}

DeepLinearModel deep_linear_model(const Configuration& run) {
  DeepLinearModel model;
  const double layers = run.number("limit.hidden_layers");
  model.hidden_layers = std::isinf(layers) ? 0 : static_cast<int>(layers);
  if (const double branch = run.number("limit.residual_branch"); !std::isnan(branch)) model.residual_branch = branch;
  model.learning_rate = run.number("limit.learning_rate");
  model.richness = run.number("limit.richness");
  model.width_ratio = run.number("limit.width_ratio");
  model.width_ratios = numbers(run, "limit.width_ratios");
  const Index outputs = run.whole("limit.outputs");
  model.outputs = Matrix<double>::Constant(outputs, outputs, run.number("limit.output_correlation"));
  model.outputs.diagonal().setOnes();
  model.sample_ratio = run.number("limit.sample_ratio");
  model.noise = run.number("limit.noise");
  model.data = parse_deep_linear_data(run.text("limit.data"));
  model.momentum = run.number("limit.momentum");
  model.centred = run.toggle("limit.centred");
  const std::vector<double> variance = numbers(run, "limit.spectrum.variance");
  if (!variance.empty()) {
    model.spectrum = {variance, numbers(run, "limit.spectrum.target_squared"), numbers(run, "limit.spectrum.weight")};
    if (model.spectrum.weight.empty())
      model.spectrum.weight.assign(variance.size(), 1 / static_cast<double>(variance.size()));
  }
  if (of_power_law(run)) take_power_law(run, model);
  const Schedule schedule = make_schedule(run);
  if (schedule.shape != Schedule::Shape::constant || schedule.warmup_steps > 0)
    model.rate_factor = [schedule, steps = run.whole("limit.steps")](std::int64_t step) {
      return schedule.factor(step, steps);
    };
  return model;
}

void check_deep_linear_run(const Configuration& run) {
  const auto refuse = [](const char* key, const std::string& expected, const std::string& got,
                         const std::string& hint = {}) {
    throw ConfigError({{}, key}, expected, got, hint);
  };
  const double layers = run.number("limit.hidden_layers");
  constexpr double most_modes = 1e7;  // of which sums are made
  if (std::isnan(run.number("limit.learning_rate")))
    refuse("limit.learning_rate", "a number above 0, eta", "nothing",
           std::string(key_spec("limit.learning_rate").sentence));
  if (is_flow(run)) return check_flow_run(run);
  if (of_power_law(run) && run.number("limit.spectrum.modes") > most_modes)
    refuse("limit.spectrum.modes", fmt::format("at most {} modes", most_modes),
           to_text(run.at("limit.spectrum.modes")));
  if (!std::isinf(layers) && (layers != std::floor(layers) || layers > 10000))
    refuse("limit.hidden_layers", "a whole number from 1 to 10000, or \"inf\"", fmt::format("{}", layers));
  if (std::isinf(layers) && std::isnan(run.number("limit.residual_branch")))
    refuse("limit.residual_branch", "beta_0 of beta_0 / sqrt(L), for infinitely many layers", "nothing");
  if (std::isinf(layers) && is_network(run)) refuse("limit.hidden_layers", "a finite number for a network", "inf");
  if (run.text("training.schedule") == "per-epoch")
    refuse("training.schedule", "constant, cosine or step, for deep linear networks", "per-epoch");
  if (of_power_law(run) && !run.at("limit.spectrum.variance").list().empty())
    refuse("limit.spectrum.exponent", "none beside limit.spectrum.variance",
           fmt::format("{}", run.number("limit.spectrum.exponent")));
  for (const char* key : {"limit.spectrum.target_squared", "limit.spectrum.weight"})
    if (run.at("limit.spectrum.variance").list().empty() && !run.at(key).list().empty())
      refuse("limit.spectrum.variance", fmt::format("variances beside {}", key), "none");
  check_schedule(make_schedule(run), run.whole("limit.steps"));
  DeepLinearModel model = deep_linear_model(run);
  if (std::isinf(layers)) model.hidden_layers = 1;
  check_deep_linear(model);
  if (is_network(run)) deep_linear_sizes(model, dimension_of(run));
}

RunCost deep_linear_cost(const Configuration& run) {
  if (is_flow(run)) return flow_cost(run);
  const DeepLinearModel model = deep_linear_model(run);
  const double steps = run.number("limit.steps") + 1;
  RunCost cost;
  if (is_network(run)) {
    const DeepLinearSizes sizes = deep_linear_sizes(model, dimension_of(run));
    const bool single = run.text("training.dtype") == "float32";
    cost.memory =
        single ? DeepLinearNetwork<float>::bytes(model, sizes) : DeepLinearNetwork<double>::bytes(model, sizes);
    cost.flops = steps * DeepLinearNetwork<float>::step_flops(model, sizes);
  } else if (of_infinite_depth(run)) {
    cost.memory = InfiniteDepthTheory::bytes(model, steps);
    cost.flops = InfiniteDepthTheory::flops(model, steps);
  } else {
    cost.memory = DeepLinearTheory::bytes(model, steps);
    cost.flops = DeepLinearTheory::flops(model, steps);
  }
  constexpr double beside_products = 20;  // these passes are bound by memory
  cost.work = beside_products * cost.flops + 2e5 * steps;
  return cost;
}

FrozenRun follow_deep_linear(const Configuration& run) {
  if (is_flow(run)) return follow_flow(run);
  const DeepLinearModel model = deep_linear_model(run);
  if (is_network(run))
    return run.text("training.dtype") == "float32" ? follow_network<float>(run, model)
                                                   : follow_network<double>(run, model);
  return of_infinite_depth(run) ? follow_theory<InfiniteDepthTheory>(run, model)
                                : follow_theory<DeepLinearTheory>(run, model);
}

}  // namespace widthwise
