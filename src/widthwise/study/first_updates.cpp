// What a configuration says of schemes that change after their first updates, and what such runs cannot be.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/observable/observable.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/range.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

// What theory predicts of the first update that the numbers of training.dtype, or those of double, do not hold; of
// families it speaks of.
std::optional<OutsideRange> outside(const Configuration& run, const Parameterization& scheme, const FloatRange& range) {
  const std::string& family = run.text("architecture.family");
  if (family != "mlp" && family != "deep-linear") return std::nullopt;
  ClassifyRequest request;
  request.optimizer = parse_optimizer(run.text("training.optimizer"));
  request.hidden_layers = static_cast<int>(run.whole("architecture.hidden_layers"));
  request.activation = activation_facts(*make_activation(run));
  const double ratio = run.number("architecture.width") / scheme.reference_width;
  return outside_range(scheme, request, ratio, run.number("training.learning_rate"), range);
}

FloatRange range_of_dtype(const Configuration& run) {
  return run.text("training.dtype") == "float32" ? range_of<float>() : range_of<double>();
}

// Why sizes cannot be taken out of a network before its first update, or "".
std::string bound_to_its_sizes(const Configuration& run, const Parameterization& scheme) {
  if (scheme.first_steps != 1 || scheme.hidden_start != InitialPart::kept)
    return "no single first update at its own rates";
  if (!make_activation(run)->homogeneity_degree()) return "an activation that is not homogeneous";
  if (run.text("training.optimizer") != "sgd") return "another rule than sgd";
  for (const char* key : {"architecture.bias_input", "architecture.bias_hidden", "architecture.bias_output"})
    if (run.toggle(key)) return "biases";
  if (scheme.init_mean != 0) return "initial weights with a mean";
  if (run.number("training.kappa") != 0) return "an output that is centred";
  if (calibrates(run)) return "calibrated first rates";
  if (is_limit_run(run)) return "a limit";
  if (!std::isnan(run.number("training.stop_margin"))) return "a margin to stop at";
  for (const Value& name : run.at("measure.observables").list())
    if (find_observable(name.text()).of_kernel) return "observables of tangent kernels";
  return {};
}

void check_range(const Configuration& run, const Parameterization& scheme) {
  const auto found = outside(run, scheme, range_of_dtype(run));
  if (!found || starts_normalised(run)) return;
  const bool doubles_do = run.text("training.dtype") == "float32" && !outside(run, scheme, range_of<double>());
  const std::string bound = bound_to_its_sizes(run, scheme);
  throw ConfigError(
      {{}, "training.dtype"}, "numbers that hold what theory predicts for the first update",
      fmt::format("{}, where {} is (n/n_ref)^({}) = 10^{:.0f}", run.text("training.dtype"), found->what,
                  to_string(found->exponent), found->log10),
      fmt::format("{}{}",
                  doubles_do ? "float64 holds it"
                             : "fewer layers, a smaller width or a larger parameterization.reference_width do",
                  bound.empty() ? "" : fmt::format("; a normalised first update is not made with {}", bound)));
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
  if (scheme.first_steps == 0 || !outside(run, scheme, range_of_dtype(run)) || !bound_to_its_sizes(run, scheme).empty())
    return false;
  // First rates themselves must be numbers before they are folded.
  const double ratio = run.number("architecture.width") / scheme.reference_width;
  const double least =
      std::min({scheme.width.input.c_first.value_or(0).value(), scheme.width.hidden.c_first.value_or(0).value(),
                scheme.width.output.c_first.value_or(0).value()});
  return -least * std::log2(ratio) + std::log2(run.number("training.learning_rate")) < 1000;
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
