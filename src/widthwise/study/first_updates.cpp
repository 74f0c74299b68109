// What a configuration says of schemes that change after their first updates, and what such runs cannot be.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/observable/observable.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/range.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/frozen_model.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

using OutsideOf = std::optional<OutsideRange>(const Parameterization&, const ClassifyRequest&, double, double,
                                              const FloatRange&);

// What theory predicts that numbers of `range` do not hold, of families it speaks of.
std::optional<OutsideRange> outside(OutsideOf& of, const Configuration& run, const Parameterization& scheme,
                                    const FloatRange& range) {
  const std::string& family = run.text("architecture.family");
  if (family != "mlp" && family != "deep-linear") return std::nullopt;
  ClassifyRequest request;
  request.optimizer = parse_optimizer(run.text("training.optimizer"));
  request.hidden_layers = static_cast<int>(run.whole("architecture.hidden_layers"));
  request.activation = activation_facts(*make_activation(run));
  const double ratio = run.number("architecture.width") / scheme.reference_width;
  return of(scheme, request, ratio, run.number("training.learning_rate"), range);
}

FloatRange range_of_dtype(const Configuration& run) {
  return run.text("training.dtype") == "float32" ? range_of<float>() : range_of<double>();
}

// Observables that would be 0 where not even a double holds what they are proportional to, or "".
std::string measured_sizes(const Configuration& run) {
  for (const Value& name : run.at("measure.observables").list())
    if (const ProportionalTo size = proportional_to(name.text());
        size != ProportionalTo::nothing && size != ProportionalTo::weight)
      return name.text();
  return {};
}

// Why sizes cannot be taken out of a network before its first update, or "".
std::string bound_to_its_sizes(const Configuration& run, const Parameterization& scheme) {
  if (scheme.first_steps == 0) return "rates that stay the same";
  if (scheme.first_steps != 1) return "several first updates";
  if (scheme.hidden_start != InitialPart::kept) return "initial weights that are dropped";
  if (!make_activation(run)->homogeneity_degree()) return "an activation that is not homogeneous";
  if (run.text("training.optimizer") != "sgd") return "another rule than sgd";
  for (const char* key : {"architecture.bias_input", "architecture.bias_hidden", "architecture.bias_output"})
    if (run.toggle(key)) return "biases";
  if (scheme.init_mean != 0) return "initial weights with a mean";
  if (output_scale(run).kappa != 0) return "an output that is centred";
  if (calibrates(run)) return "calibrated first rates";
  if (is_limit_run(run)) return "a limit";
  if (is_frozen_model(run)) return "a frozen kernel";
  if (run.whole("training.steps") == 0) return "no update to make";
  for (const Value& name : run.at("measure.observables").list())
    if (find_observable(name.text()).of_kernel) return "observables of tangent kernels";
  if (const std::string measured = measured_sizes(run);
      !measured.empty() && outside(outside_range, run, scheme, range_of<double>()))
    return fmt::format("{}, which no float64 holds at initialization", measured);
  return {};
}

void check_range(const Configuration& run, const Parameterization& scheme) {
  auto found = outside(outside_range, run, scheme, range_of_dtype(run));
  if (!found) return;
  const std::string bound = bound_to_its_sizes(run, scheme);
  if (bound.empty()) {
    found = outside(outside_range_after_start, run, scheme, range_of_dtype(run));
    if (!found) return;  // starts_normalised
  }
  const bool doubles_do =
      run.text("training.dtype") == "float32" && !outside(outside_range, run, scheme, range_of<double>());
  throw ConfigError(
      {{}, "training.dtype"}, "numbers that hold what theory predicts for the first update",
      fmt::format("{}, where {} is (n/n_ref)^({}) = 10^{:.0f}", run.text("training.dtype"), found->what,
                  to_string(found->exponent), found->log10),
      fmt::format("{}; {}",
                  doubles_do ? "float64 holds it"
                             : "fewer layers, a smaller width or a larger parameterization.reference_width do",
                  bound.empty() ? "a first update in normalised variables does not mend it"
                                : "a first update in normalised variables is not made with " + bound));
}

}  // namespace

std::optional<int> parse_homogeneity(const std::string& text, const Activation& activation) {
  if (text == "own") return activation.homogeneity_degree();
  int degree = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degree);
  if (error != std::errc() || end != text.data() + text.size() || degree < 1)
    throw ConfigError({{}, "parameterization.homogeneity"}, "own, or a degree 1, 2, ...", "'" + text + "'");
  return degree;
}

bool starts_normalised(const Configuration& run) {
  const Parameterization scheme = make_parameterization(run);
  const FloatRange range = range_of_dtype(run);
  return outside(outside_range, run, scheme, range) && bound_to_its_sizes(run, scheme).empty() &&
         !outside(outside_range_after_start, run, scheme, range);
}

void check_first_updates(const Configuration& run) {
  const Parameterization scheme = make_parameterization(run);
  const auto refuse = [&](const char* key, const std::string& expected, const std::string& got) {
    throw ConfigError({{}, key}, fmt::format("{}, for parameterization.name = {}", expected, scheme.name), got);
  };
  check_range(run, scheme);
  if (scheme.first_steps > 0) check_calibration(run);
  if (scheme.bias_std == 0 && scheme.name == "ip-bias") refuse("parameterization.bias_std", "a number above 0", "0");
  if (scheme.name == "ip-bias")
    for (const char* key : {"architecture.bias_input", "architecture.bias_hidden", "architecture.bias_output"})
      if (!run.toggle(key)) refuse(key, "true (architecture.bias = true)", "false");
  // hp and hpz have a limit of their own, which starts as mup.
  const bool own_limit = run.text("limit.kind") == "hpz" && scheme.hidden_start != InitialPart::kept;
  if (calibrates(run) && scheme.first_steps == 0)
    refuse("parameterization.calibration", "none where no rates differ in the first updates (first_rates)",
           run.text("parameterization.calibration"));
  if (is_limit_run(run) && !own_limit && (scheme.init_mean != 0 || scheme.bias_std != 0 || scheme.first_steps > 0))
    refuse("limit.kind", "none", run.text("limit.kind"));
  if (scheme.first_steps == 0) return;
  const std::string& family = run.text("architecture.family");
  if (family != "mlp" && family != "deep-linear") refuse("architecture.family", "mlp or deep-linear", family);
  const std::string& optimizer = run.text("training.optimizer");
  if (optimizer == "gradient-flow") refuse("training.optimizer", "a rule with steps", optimizer);
  if (scheme.hidden_start == InitialPart::kept && optimizer != "sgd" && optimizer != "momentum")
    refuse("training.optimizer", "sgd or momentum, whose first rates follow the size of gradients", optimizer);
  if (scheme.hidden_start == InitialPart::kept && optimizer == "momentum" && run.number("training.weight_decay") != 0)
    refuse("training.weight_decay", "0 under momentum, whose velocity would hold the decay",
           fmt::format("{}", run.number("training.weight_decay")));
  if (run.text("start.run") != "none")
    refuse("start.run", "none: its first updates are those of a fresh network", run.text("start.run"));
  const std::int64_t steps = run.whole("training.steps");
  if (steps > 0 && scheme.first_steps > steps)
    refuse("parameterization.first_steps", fmt::format("at most the {} updates of the training", steps),
           fmt::format("{}", scheme.first_steps));
}

}  // namespace widthwise
