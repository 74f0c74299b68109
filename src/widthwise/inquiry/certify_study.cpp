#include "widthwise/inquiry/certify_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/inquiry/asked.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/warnings.h"

namespace widthwise {

namespace {

constexpr int start_seeds = 64;  // initial outputs are random numbers: one a seed, or a few
constexpr int most_seeds = 1000, most_steps = 1000, most_samples = 100'000;

// What the study itself decides: what is measured, and a training of a few steps at the full rates.
constexpr std::array ours{"measure.observables",
                          "measure.keep",
                          "measure.times.log",
                          "measure.times.every",
                          "measure.times.at",
                          "training.save",
                          "training.model",
                          "start.run",
                          "start.at",
                          "start.recentre",
                          "seed.init",
                          "architecture.width",
                          "training.steps",
                          "training.kappa",
                          "training.dtype",
                          "training.schedule",
                          "training.epoch_factor",
                          "training.warmup_steps",
                          "training.final_rate",
                          "training.switch_step",
                          "training.switch_factor",
                          "training.stop_margin",
                          "training.stop_share",
                          "training.patience",
                          "training.target_loss",
                          "training.max_seconds",
                          "data.test",
                          "data.validation",
                          "training.min_improvement",
                          "parameterization.init_corrected",
                          "parameterization.calibration",
                          "parameterization.calibration_target",
                          "parameterization.calibration_output",
                          "parameterization.calibration_cap",
                          "parameterization.calibration_propagates",
                          "parameterization.calibration_batch"};

bool is_ours(const std::string& key) {
  return std::ranges::find(ours, key) != ours.end() || key.starts_with("limit.");
}

std::vector<std::int64_t> widths_of(const CertifyQuestion& question) {
  const std::set<std::int64_t> widths(question.widths.begin(), question.widths.end());
  if (widths.size() < 2)
    refuse("widths", "two widths or more, of which an exponent can be measured",
           widths.empty() ? "none" : fmt::format("{}", *widths.begin()));
  if (*widths.begin() < 1) refuse("widths", "widths above 0", fmt::format("{}", *widths.begin()));
  return {widths.begin(), widths.end()};
}

void check(const CertifyQuestion& question) {
  const auto within = [](const char* option, int value, int least, int most) {
    if (value < least || value > most) refuse(option, fmt::format("{} to {}", least, most), fmt::format("{}", value));
  };
  widths_of(question);
  within("seeds", question.seeds, 2, most_seeds);
  within("steps", question.steps, 1, most_steps);
  within("samples", question.samples, 1, most_samples);
  if (!(question.tolerance > 0 && question.tolerance < 0.5))
    refuse("tolerance", "a number above 0 and below 1/2, the distance of exponents",
           fmt::format("{}", question.tolerance));
}

// Where hidden matrices start at 1/n, or are left by the first update alone, what is of order one is a product of
// moves, beside sums of random signs of size n^(-1/2): it shows at absolute widths, on few samples and at large rates.
std::string of_integrable_start(const std::string& scheme, const std::string& rule) {
  return fmt::format(
      "[architecture]\nhidden_layers = 2\nbias = {}\n[parameterization]\nreference_width = 1\n"
      "[data]\nname = \"gaussian\"\ndimension = 4\ntrain = 8\n[training]\noptimizer = \"{}\"\nlearning_rate = {}\n",
      scheme == "ip-bias", rule, scheme == "ip-bias" || scheme == "ip-non-centered" ? 1 : 2);
}

// Asked of a scheme and a rule alone: networks on 64 generated samples, at a rate of which the loss falls.
std::string without_file(const CertifyQuestion& question) {
  std::string rule = "sgd", scheme;
  for (const auto& [key, value] : question.settings) {
    if (key == "training.optimizer") rule = value;
    if (key == "parameterization.name") scheme = value;
  }
  const auto integrable = known_integrable_schemes();
  const bool forgets = forgets_size(parse_optimizer(rule));
  if (!forgets && std::ranges::find(integrable, scheme, &widthwise::Named::name) != integrable.end())
    return of_integrable_start(scheme, rule);
  return fmt::format(
      "[architecture]\nhidden_layers = 2\n[parameterization]\nreference_width = 64\n"
      "[data]\nname = \"gaussian\"\ndimension = 32\ntrain = 64\n[training]\noptimizer = \"{}\"\nlearning_rate = {}\n",
      rule, forgets ? 0.005 : 0.02);
}

Study described(const CertifyQuestion& question) {
  if (question.file.empty()) return parse_study(without_file(question), {}, question.variant, question.settings);
  return read_network_study(question.file, question.variant, question.settings);
}

// Exponents of the parameterization are those of the rates only where these are numbers.
void require_no_expressions_of_width(const Settings& base, const CertifyQuestion& question) {
  const std::vector<std::int64_t> widths = widths_of(question);
  Settings wide = base;
  wide["architecture.width"] = {widths.back(), 0};
  const Configuration one = configured(base, question.file), other = configured(wide, question.file);
  for (const auto& [key, value] : one.values())
    if (key != "architecture.width" && !same(value, other.at(key)))
      throw ConfigError({question.file.string(), key},
                        "a number that is the same at all widths: how it scales is said by exponents "
                        "(parameterization.name = \"custom\")",
                        fmt::format("{} at width {}, {} at width {}", to_text(value), widths.front(),
                                    to_text(other.at(key)), widths.back()));
}

// The network's own settings, cut to what is to be measured.
Settings settings_of(const CertifyQuestion& question) {
  check(question);
  Settings base = described(question).base;
  std::erase_if(base, [](const auto& setting) { return is_ours(setting.first); });
  base["architecture.width"] = {widths_of(question).front(), 0};
  base["training.steps"] = {std::int64_t{question.steps}, 0};
  base["training.kappa"] = {"-training.alpha", 0};
  base["training.dtype"] = {"float64", 0};
  require_no_expressions_of_width(base, question);
  const Configuration own = configured(base, question.file);
  if (own.text("training.optimizer") == "gradient-flow")
    throw ConfigError({question.file.string(), "training.optimizer"}, "an update rule, whose steps have a rate",
                      "gradient-flow", "`widthwise regime` speaks of flows");
  if (const std::string& family = own.text("architecture.family"); has_residual_sums(family))
    throw ConfigError({question.file.string(), "architecture.family"},
                      "a network without residual sums, which theory has exponents for", family);
  if (own.number("training.alpha") == 0)
    throw ConfigError({question.file.string(), "training.alpha"}, "a number other than 0, of which nothing trains",
                      "0");
  const std::int64_t samples = std::min<std::int64_t>(own.whole("data.train"), question.samples);
  base["data.train"] = {samples, 0};
  if (own.whole("training.batch") >= samples) base["training.batch"] = {std::int64_t{0}, 0};
  return base;
}

constexpr const char* output_start = "output at the start";

struct Named {
  const char *name, *observable;
  bool initial, order_one;
};

const Named& named(TensorQuantity quantity) {
  static constexpr std::array<Named, 6> rows{{{"start", "preactivation_size", true, false},
                                              {"first", "preactivation_size", false, false},
                                              {"update", "update", false, false},
                                              {"contribution", "contribution", false, true},
                                              {"epsilon", "epsilon_ratio", true, false},
                                              {"decay", "decay_ratio", true, true}}};
  return rows[static_cast<std::size_t>(quantity)];
}

std::string settings_text(const Settings& base) {
  std::string text;
  for (const auto& [key, value] : base)
    if (key != "architecture.width") text += fmt::format("\"{}\" = {}\n", key, to_json(value));
  return text;
}

// Of a mean over the steps: the larger exponent of the first and the later ones. Where growth feeds back into itself,
// only those of first order in the rate say anything.
std::optional<Rational> largest(const Outcome& outcome, const std::string& series, bool initial, int steps) {
  std::optional<Rational> out;
  const auto take = [&](const std::string& name) {
    const auto found = outcome.predictions.find(name);
    if (found != outcome.predictions.end() && (!out || *out < found->second)) out = found->second;
  };
  if (initial) {
    take("initial." + series);
    return out;
  }
  if (outcome.stable) take("first." + series);
  if (steps > 1 || !outcome.stable) take(series);
  return out;
}

Expected expected_of(const CertifyQuestion& question, const Configuration& run) {
  const Parameterization scheme = make_parameterization(run);
  ClassifyRequest request;
  request.optimizer = parse_optimizer(run.text("training.optimizer"));
  request.hidden_layers = static_cast<int>(hidden_layers(run));
  request.activation = activation_facts(*make_activation(run));
  const Outcome without = classify(scheme, request);
  request.epsilon = forgets_size(request.optimizer) && run.number("training.epsilon") > 0;
  request.weight_decay = run.number("training.weight_decay") > 0;

  const int last = request.hidden_layers + 1;
  Expected out{classify(scheme, request), {}, false};
  for (int layer = 1; layer <= last; ++layer)
    out.first_rates |= scheme.width.weight(layer, request.hidden_layers).c_first.has_value();
  for (int layer = 1; layer <= last; ++layer)
    for (const TensorQuantity quantity :
         {TensorQuantity::start, TensorQuantity::first, TensorQuantity::update, TensorQuantity::contribution,
          TensorQuantity::epsilon, TensorQuantity::decay}) {
      const bool initial = named(quantity).initial, after_first = quantity == TensorQuantity::first;
      if (after_first && scheme.first_steps == 0) continue;
      const bool of_output = (quantity == TensorQuantity::start || after_first) && layer == last;
      const std::string series = of_output ? "output_size" : fmt::format("{}.{}", named(quantity).observable, layer);
      const int steps = after_first ? 1 : question.steps;
      const auto exponent = largest(out.outcome, series, initial, steps);
      if (!exponent) continue;  // not counted, or exactly zero
      Expectation row;
      row.layer = layer;
      row.block = layer == 1 ? "input" : layer == last ? "output" : "hidden";
      row.quantity = quantity;
      const std::string when = initial       ? "initial"
                               : after_first ? "at_step(1)"
                                             : fmt::format("last({})", question.steps);
      row.value = of_output && initial ? output_start : fmt::format("{}.{}", when, series);
      row.exponent = *exponent;
      row.without = largest(without, series, initial, steps).value_or(*exponent);
      row.may_vanish = quantity == TensorQuantity::start && out.first_rates;
      out.rows.push_back(std::move(row));
    }
  return out;
}

std::string prediction(const CertifyQuestion& question, const Expectation& row) {
  const double one = row.without.value(), other = row.exponent.value();
  return fmt::format(
      "\n[[prediction]]\nname = \"{}\"\nsweep = \"{}\"\nof = \"{}\"\nagainst = \"architecture.width\"\n"
      "exponent = {}\ntolerance = {}\nsource = \"sizes carried through the network, {}\"\n",
      row.name(), row.value == output_start ? "starts" : "networks", row.value, (one + other) / 2,
      question.tolerance + std::abs(one - other) / 2,
      row.without == row.exponent ? fmt::format("n^({})", to_string(row.exponent))
                                  : fmt::format("between n^({}) without epsilon and decay and n^({}) at infinite width",
                                                to_string(row.without), to_string(row.exponent)));
}

// A line a layer, over the width.
std::string figure(const char* title, const Expected& expected, TensorQuantity quantity) {
  std::vector<std::string> values;
  for (const Expectation& row : expected.rows)
    if (row.quantity == quantity) values.push_back(row.value);
  if (values.empty()) return {};
  return fmt::format(
      "\n[[figure]]\nname = \"{}\"\ntitle = \"{}\"\nsweep = \"networks\"\nx = \"architecture.width\"\ny = "
      "[\"{}\"]\nlog = \"xy\"\n",
      quantity_name(quantity), title, fmt::join(values, "\", \""));
}

}  // namespace

const char* quantity_name(TensorQuantity quantity) {
  return named(quantity).name;
}

std::string Expectation::name() const {
  return fmt::format("W_{} ({}): {}", layer, block, quantity_name(quantity));
}

bool Expectation::needs_order_one() const {
  if (quantity == TensorQuantity::start || quantity == TensorQuantity::first) return block != "output" && !may_vanish;
  return named(quantity).order_one;
}

Expected certify_expectations(const CertifyQuestion& question) {
  return expected_of(question, configured(settings_of(question), question.file));
}

std::string certify_study_text(const CertifyQuestion& question) {
  const Settings base = settings_of(question);
  const Configuration run = configured(base, question.file);
  const Expected expected = expected_of(question, run);
  std::string text = fmt::format(
      "title = \"Does it scale?\"\ndescription = \"\"\"Every weight matrix over the width: its size at the start, its "
      "update and what that moves the\noutput by, and epsilon and weight decay beside the gradients.\"\"\"\n\n{}"
      "\"measure.observables\" = [\"train_loss\", \"output_size\", \"preactivation_size\", \"update\", "
      "\"contribution\", \"gradient_size\", \"epsilon_ratio\", \"decay_ratio\"]\n\"measure.times.every\" = 1\n"
      "\n[[sweep]]\nname = \"networks\"\n\"architecture.width\" = [{}]\n\"seed.init\" = {{ from = 0, count = {} }}\n",
      settings_text(base), fmt::join(widths_of(question), ", "), question.seeds);
  // Initial outputs know no rule: with one and the same, questions about others find them recorded.
  text += fmt::format(
      "\n[[sweep]]\nname = \"starts\"\n\"training.optimizer\" = \"sgd\"\n\"training.learning_rate\" = 1\n"
      "\"training.weight_decay\" = 0\n\"training.batch\" = 0\n\"training.steps\" = 0\n\"training.kappa\" = 0\n"
      "\"measure.observables\" = [\"output_size\"]\n\"architecture.width\" = [{}]\n"
      "\"seed.init\" = {{ from = 0, count = {} }}\n"
      "\n[[derived]]\nname = \"{}\"\nsweep = \"starts\"\nof = \"initial.output_size\"\nover = \"seed.init\"\n"
      "how = \"mean\"\n",
      fmt::join(widths_of(question), ", "), start_seeds, output_start);
  text += figure("What each tensor's update moves the output by", expected, TensorQuantity::contribution);
  text += figure("Each tensor's own update of preactivations", expected, TensorQuantity::update);
  text += figure("Epsilon over the gradient", expected, TensorQuantity::epsilon);
  text += figure("Weight decay: over the gradient, or its share of the weights", expected, TensorQuantity::decay);
  text +=
      "\n[[figure]]\nname = \"over steps\"\ntitle = \"The output's size over the steps\"\nsweep = \"networks\"\nx = "
      "\"step\"\ny = \"output_size\"\ncolor = \"architecture.width\"\nlog = \"y\"\n";
  for (const Expectation& row : expected.rows) text += prediction(question, row);
  return text;
}

Study certify_study(const CertifyQuestion& question) {
  return parse_study(certify_study_text(question), "certify");
}

std::vector<std::string> certify_notes(const CertifyQuestion& question) {
  const Settings base = settings_of(question);
  const Study own = described(question);
  const Configuration run = configured(base, question.file);
  const auto text = [&run](const char* key) { return to_text(run.at(key)); };
  const Index layers = hidden_layers(run);
  std::vector<std::string> out{
      fmt::format("Asked of: {}, {} hidden layer{}, {}, {}; {} at rate {}, weight decay {}; {} loss, {} samples of {}.",
                  text("architecture.family"), layers, layers == 1 ? "" : "s", make_activation(run)->name(),
                  text("parameterization.name"), text("training.optimizer"), text("training.learning_rate"),
                  text("training.weight_decay"), text("training.loss"), text("data.train"), text("data.name"))};
  if (own.base.contains("limit.kind")) out.emplace_back("Asked of the networks, not of their limit (limit.kind).");
  if (own.base.contains("parameterization.init_corrected"))
    out.emplace_back(
        "The correction of the initial output is left out: outputs train centred, and what is trained is the same.");
  if (own.base.contains("training.schedule") || own.base.contains("training.warmup_steps"))
    out.emplace_back("Schedules are left out: rates keep their full value.");
  if (own.base.contains("parameterization.calibration"))
    out.emplace_back("Calibration is left out: measured base rates depend on the width in ways theory does not know.");
  for (const char* key : {"architecture.bias_input", "architecture.bias_hidden", "architecture.bias_output"})
    if (run.toggle(key)) {
      const bool counted = run.number("parameterization.bias_std") > 0;
      out.push_back(fmt::format("Biases train along but are not certified{}.",
                                counted ? "" : ", and theory's exponents are of networks without"));
      break;
    }
  for (std::string& warning : warnings(run)) out.push_back(std::move(warning));
  const std::vector<std::string> left = sentences_on_sweeps(own, base, run, is_ours);
  out.insert(out.end(), left.begin(), left.end());
  return out;
}

}  // namespace widthwise
