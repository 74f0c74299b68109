#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/data/user_files.h"
#include "widthwise/observable/observable.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/expression.h"
#include "widthwise/study/frozen_model.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/identity.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

constexpr std::string_view decay_is = "training.weight_decay_is", decay_scales = "training.weight_decay_scales",
                           updates_are = "measure.updates_are";

// Evaluates settings on demand, so that expressions and defaults may refer to others in any order.
class Resolver {
 public:
  explicit Resolver(const Settings& settings) : settings_{settings} {
    for (const auto& entry : settings) key_spec(entry.first);  // throws for an unknown key
  }

  const Value& get(const std::string& key) {
    const auto known = values_.find(key);
    if (known != values_.end()) return known->second;
    check_cycle(key);
    open_.push_back(key);
    const KeySpec& spec = key_spec(key);
    Value value = check_setting(spec, evaluated(spec));
    open_.pop_back();
    return values_.emplace(key, std::move(value)).first->second;
  }

  std::map<std::string, Value> all() {
    for (const KeySpec& spec : known_keys()) get(spec.key);
    return std::move(values_);
  }

 private:
  Value evaluated(const KeySpec& spec) {
    const auto written = settings_.find(spec.key);
    if (written == settings_.end()) return standard(spec);
    const Value& value = written->second;
    if (!spec.numeric() || !value.is_text() || (spec.optional && value.text() == "none")) return value;
    if (spec.infinite && value.text() == "inf") return {std::numeric_limits<double>::infinity(), value.line};
    const auto lookup = [&](const std::string& key) { return number(key, spec.key); };
    return {evaluate_expression(value.text(), spec.key, lookup), value.line};
  }

  Value standard(const KeySpec& spec) {
    if (!spec.inherits.empty()) return get(spec.inherits);
    if (!spec.standard_key.empty()) {
      const auto special = spec.standards.find(to_text(get(spec.standard_key)));
      if (special != spec.standards.end()) return special->second;
    }
    // What trains no network has no rate of one, and steps of its own.
    if (spec.required && is_deep_linear_kind(get("limit.kind").text()))
      return spec.key == "training.steps" ? get("limit.steps") : Value{1.0, 0};
    if (spec.required) throw ConfigError({{}, spec.key}, expectation(spec), "nothing", spec.sentence);
    return spec.standard;
  }

  double number(const std::string& key, const std::string& from) {
    if (!is_known_key(key))
      throw ConfigError({{}, from}, expectation(key_spec(from)) + ", or an expression of known keys",
                        fmt::format("'{}'", key), unknown_key_hint(key));
    if (!key_spec(key).numeric())
      throw ConfigError({{}, from}, "an expression of numbers", fmt::format("'{}', which is none", key));
    const double x = get(key).number();
    if (std::isnan(x))
      throw ConfigError({{}, from}, "an expression of settings that have a value",
                        fmt::format("'{}', which is not set", key));
    return x;
  }

  void check_cycle(const std::string& key) const {
    const auto start = std::ranges::find(open_, key);
    if (start == open_.end()) return;
    std::string cycle;
    for (auto at = start; at != open_.end(); ++at) cycle += *at + " -> ";
    throw ConfigError({{}, key}, "an expression of other keys",
                      fmt::format("one that refers to itself: {}{}", cycle, key));
  }

  const Settings& settings_;
  std::map<std::string, Value> values_;
  std::vector<std::string> open_;
};

// Lists whose order says nothing: sorted, every item once.
void sort_list(Value& value) {
  auto& list = std::get<ValueList>(value.data);
  std::ranges::sort(
      list, [](const Value& a, const Value& b) { return a.is_text() ? a.text() < b.text() : a.number() < b.number(); });
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
}

std::string canonical(const std::map<std::string, Value>& values) {
  ValueTable relevant;
  if (is_deep_linear_kind(values.at("limit.kind").text())) {
    for (const auto& [key, value] : values)
      if (decides_deep_linear(key, values)) relevant.push_back({key, value, 0});
    return to_json({std::move(relevant), 0});
  }
  for (const auto& [key, value] : values) {
    const KeySpec& spec = key_spec(key);
    if (is_relevant(spec, values)) relevant.push_back({key, value, 0});
  }
  // A flow draws batches of its own, though training.batch is 0.
  if (values.at("training.optimizer").text() == "gradient-flow" && values.at("training.temperature").number() > 0)
    relevant.push_back({"seed.batch", values.at("seed.batch"), 0});
  // Once adam's decay stood beside the update, as adamw's does. Runs recorded then are not those of today.
  if (values.at("training.optimizer").text() == "adam" && values.at("training.weight_decay").number() != 0)
    relevant.push_back({std::string(decay_is), {"in the gradient", 0}, 0});
  // Once decay outgrew, with the width, the gradient it is divided with: under named schemes but standard.
  if (decay_is_divided(parse_optimizer(values.at("training.optimizer").text())) &&
      values.at("training.weight_decay").number() != 0 && values.at("parameterization.name").text() != "custom" &&
      values.at("parameterization.name").text() != "standard")
    relevant.push_back({std::string(decay_scales), {"as the gradient", 0}, 0});
  // Once what hp and hpz drop of the initial weights counted as an update.
  if (const std::string& scheme = values.at("parameterization.name").text(); scheme == "hp" || scheme == "hpz")
    relevant.push_back({std::string(updates_are), {"without what is dropped", 0}, 0});
  return to_json({std::move(relevant), 0});
}

// What needs targets of -1 and 1, or two classes of them, or an alpha to divide by.
void check_signs(const Configuration& run) {
  const std::string& labels = run.text("data.labels");
  const auto loss = make_loss(run);
  if (loss->needs_signs() && (labels == "classes" || labels == "values"))
    throw ConfigError({{}, "training.loss"}, "a loss for data.labels = " + labels,
                      std::string(loss->name()) + ", which needs targets of -1 and 1",
                      "parity, pair, sign or random has them");
  for (const Value& name : run.at("measure.observables").list())
    if ((name.text() == "smallest_margin" || name.text() == "margins_held") && labels == "values")
      throw ConfigError({{}, "measure.observables"}, "observables for data.labels = values",
                        name.text() + ", which needs classes or signs");
  const std::string& convention = run.text("training.alpha_convention");
  if (convention != "none" && run.number("training.alpha") <= 0)
    throw ConfigError({{}, "training.alpha"},
                      fmt::format("a number above 0 (training.alpha_convention = {} divides by it)", convention),
                      fmt::format("{}", run.number("training.alpha")));
}

// What gradient flow and batches, or observables of a flow and other rules, cannot do together.
void check_flow_settings(const Configuration& run) {
  if (run.text("training.optimizer") != "gradient-flow") {
    for (const Value& name : run.at("measure.observables").list())
      if (find_observable(name.text()).needs_flow)
        throw ConfigError({{}, "measure.observables"},
                          "observables of training.optimizer = " + run.text("training.optimizer"),
                          name.text() + ", which is gradient-flow's");
    return;
  }
  if (run.whole("training.batch") != 0)
    throw ConfigError({{}, "training.batch"}, "0 for gradient-flow, which sees all samples",
                      fmt::format("{}", run.whole("training.batch")), "training.temperature draws batches of its own");
  if (run.text("training.schedule") != "constant" || run.whole("training.warmup_steps") != 0)
    throw ConfigError({{}, "training.schedule"}, "constant for gradient-flow, without warm-up", "another");
  check_flow(flow_options(run));
}

// Tangent kernels are measured on points that are there.
void check_kernels(const Configuration& run) {
  for (const Value& name : run.at("measure.observables").list())
    if (find_observable(name.text()).of_kernel && run.text("measure.kernel_set") == "test" &&
        run.whole("data.test") == 0)
      throw ConfigError({{}, "measure.kernel_set"}, "train or auto, since there is no test set (data.test = 0)",
                        "test");
}

// Settings that are right each by itself but not together.
void check_together(const Configuration& run) {
  if (is_deep_linear_run(run)) return check_deep_linear_run(run);
  const auto refuse = [](const std::string& key, const std::string& expected, const std::string& got) {
    throw ConfigError({{}, key}, expected, got);
  };
  for (const Value& name : run.at("measure.observables").list())
    if (find_observable(name.text()).needs_test_set && run.whole("data.test") == 0)
      refuse("data.test", "test samples, to measure " + name.text(), "0");
  for (const Value& name : run.at("measure.observables").list())
    if (find_observable(name.text()).needs_validation_set && run.whole("data.validation") == 0)
      refuse("data.validation", "validation samples, to measure " + name.text(), "0");
  for (const Value& name : run.at("measure.keep").list())
    if (name.text() == "test_outputs" && run.whole("data.test") == 0)
      refuse("data.test", "test samples, to keep test_outputs", "0");
  check_saved_labels(run);
  if (run.text("data.basis") == "span") {
    if (run.text("parameterization.init_law") != "normal")
      refuse("data.basis", "own, for initial weights that are not normal", "span");
    const std::string& rule = run.text("training.optimizer");
    if (forgets_size(parse_optimizer(rule)))
      refuse("data.basis", "own, for a rule whose steps go entry by entry", "span, under " + rule);
    const std::string& family = run.text("architecture.family");
    if (reads_images(family)) refuse("data.basis", "own, for family " + family, "span");
  }
  check_frozen_model(run);
  check_two_layer(run);
  check_limit_run(run);
  if (run.text("parameterization.name") == "custom")
    for (const char* block : {"parameterization.input", "parameterization.hidden", "parameterization.output"})
      if (run.text(block) == "none" &&
          !(block == std::string("parameterization.hidden") && run.text("architecture.family") == "mlp" &&
            run.whole("architecture.hidden_layers") == 1))
        refuse(block, "exponents \"a,b,c\" or \"a,b,c,e,d\" of a custom parameterization", "nothing");
  check_first_updates(run);
  if (run.text("training.loss") == "cross-entropy" && run.text("data.labels") != "classes")
    refuse("training.loss", "a loss for data.labels = " + run.text("data.labels"),
           "cross-entropy, which needs data.labels = classes");
  check_signs(run);
  check_flow_settings(run);
  check_kernels(run);
  check_schedule(make_schedule(run), run.whole("training.steps"));
  if (run.text("data.labels") == "values" && !std::isnan(run.number("training.stop_margin")))
    refuse("training.stop_margin", "labels with a sign or a class, since margins are theirs", "data.labels = values");
}

}  // namespace

bool is_mark(std::string_view key) {
  return key == decay_is || key == decay_scales || key == updates_are;
}

std::map<std::string, Value> evaluated_settings(const Settings& settings) {
  return Resolver(settings).all();
}

Configuration::Configuration(const Settings& settings) : values_{evaluated_settings(settings)} {
  check_together(*this);
  // A run on somebody's own file is known by what the file holds, wherever it lies.
  if (is_user_data(text("data.name")) && text("data.content") == "none")
    values_["data.content"] = Value{user_content(data_options(values_)), 0};
  for (auto& [key, value] : values_)
    if (value.is_list() && !key_spec(key).ordered) sort_list(value);
  json_ = canonical(values_);
  identity_ = run_identity(json_);
}

const Value& Configuration::at(const std::string& key) const {
  key_spec(key);
  return values_.at(key);
}

double Configuration::number(const std::string& key) const {
  return at(key).number();
}

std::int64_t Configuration::whole(const std::string& key) const {
  return at(key).whole();
}

const std::string& Configuration::text(const std::string& key) const {
  return at(key).text();
}

bool Configuration::toggle(const std::string& key) const {
  return std::get<bool>(at(key).data);
}

}  // namespace widthwise
