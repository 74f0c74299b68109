#include "widthwise/inquiry/transfer_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "widthwise/activation/activation.h"
#include "widthwise/base/error.h"
#include "widthwise/inquiry/asked.h"
#include "widthwise/parameterization/optimizer.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/table.h"
#include "widthwise/study/warnings.h"

namespace widthwise {

namespace {

constexpr int most_seeds = 1000;
constexpr std::size_t most_values = 200, least_values = 3;
constexpr double octaves = 3, log2_step = 0.5, linear_steps = 8;

// What width and depth are of each kind of run, and what is asked about where nothing is said.
struct Scales {
  const char* kind;  // limit.kind; "" for all others
  const char *width, *depth, *key;
  const char* value;  // ""; test or training loss
  std::array<double, 4> widths, depths;
  bool seeded;
};
constexpr std::array<Scales, 3> known_scales{{
    {"",
     "architecture.width",
     "architecture.hidden_layers",
     "training.learning_rate",
     "",
     {64, 128, 256, 512},
     {1, 2, 4, 8},
     true},
    {"deep-linear",
     "limit.width_ratio",
     "limit.hidden_layers",
     "limit.learning_rate",
     "final.test_loss",
     {0.5, 1, 2, 4},
     {1, 2, 4, 8},
     false},
    {"deep-linear-network",
     "limit.width_ratio",
     "limit.hidden_layers",
     "limit.learning_rate",
     "final.test_loss",
     {0.5, 1, 2, 4},
     {1, 2, 4, 8},
     true},
}};

// What the study itself decides. Runs that stop at a loss all end with that loss; a time is another one on every
// machine.
constexpr std::array ours{
    "measure.observables", "measure.keep", "training.save",        "start.run",           "start.at",
    "start.recentre",      "seed.init",    "training.stop_margin", "training.stop_share", "training.target_loss",
    "training.max_seconds"};
constexpr std::array stops{"training.stop_margin", "training.target_loss", "training.max_seconds"};

Study described(const TransferQuestion& question) {
  if (!question.file.empty()) return read_study(question.file, question.variant, question.settings);
  std::string rule = "sgd";
  for (const auto& [key, value] : question.settings)
    if (key == "training.optimizer") rule = value;
  return parse_study(
      fmt::format(
          "[architecture]\nhidden_layers = 2\n[parameterization]\nreference_width = 64\n"
          "[data]\nname = \"gaussian\"\nlabels = \"classes\"\ndimension = 16\ntrain = 1024\n"
          "[training]\noptimizer = \"{}\"\nloss = \"cross-entropy\"\nlearning_rate = {}\nbatch = 32\nsteps = 20\n",
          rule, forgets_size(parse_optimizer(rule)) ? 0.02 : 0.5),
      {}, question.variant, question.settings);
}

const Scales& scales_of(const Settings& base) {
  const auto kind = base.find("limit.kind");
  if (kind != base.end() && kind->second.is_text())
    for (const Scales& one : known_scales)
      if (kind->second.text() == one.kind) return one;
  return known_scales.front();
}

bool over_width(const TransferQuestion& question) {
  return question.over != TransferQuestion::Over::depth;
}
bool over_depth(const TransferQuestion& question) {
  return question.over != TransferQuestion::Over::width;
}

std::vector<double> asked_scales(const char* option, const std::vector<double>& given,
                                 const std::array<double, 4>& otherwise) {
  std::set<double> scales(given.begin(), given.end());
  if (given.empty()) scales.insert(otherwise.begin(), otherwise.end());
  if (scales.size() < 2)
    refuse(option, "two scales or more, of which a drift can be measured", fmt::format("{}", *scales.begin()));
  if (!(*scales.begin() > 0) || !std::isfinite(*scales.rbegin()))
    refuse(option, "scales above 0", fmt::format("{}", *scales.begin()));
  return {scales.begin(), scales.end()};
}

void check_key(const std::string& key, const Scales& scales) {
  const KeySpec& spec = key_spec(key);
  if (!spec.numeric()) throw ConfigError({{}, key}, "a setting that is a number", expectation(spec));
  if (key == scales.width || key == scales.depth || key.starts_with("seed.") || key.starts_with("measure."))
    refuse("key", "a setting whose best value may move with the scale, as training.learning_rate", key);
}

// Whether a setting has a logarithm wherever it may be: then that is what is even in the grid.
bool in_log2(const TransferQuestion& question, const KeySpec& spec) {
  using Spacing = TransferQuestion::Spacing;
  if (question.spacing != Spacing::by_key) return question.spacing == Spacing::log2;
  return spec.lowest > 0 || (spec.lowest == 0 && spec.above_lowest);
}

// Numbers a person can read, and the same on every machine.
double readable(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

bool allowed(const KeySpec& spec, double value) {
  try {
    check_setting(spec, {value, 0});
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

void check_span(const TransferQuestion& question, bool log2) {
  const bool given = !std::isnan(question.lowest) || !std::isnan(question.highest);
  if (given &&
      !(question.lowest < question.highest && std::isfinite(question.lowest) && std::isfinite(question.highest)))
    refuse("span", "a range of the setting, as 0.001:1", fmt::format("{}:{}", question.lowest, question.highest));
  if (given && log2 && !(question.lowest > 0))
    refuse("span", "a range above 0, for steps are of the logarithm (--spacing linear)",
           fmt::format("{}", question.lowest));
  if (!std::isnan(question.step) && !(question.step > 0 && std::isfinite(question.step)))
    refuse("grid-step", log2 ? "a step above 0, of log2" : "a step above 0", fmt::format("{}", question.step));
}

// The values of the setting, ascending.
std::vector<double> values_of(const TransferQuestion& question, const KeySpec& spec, bool log2, double own) {
  check_span(question, log2);
  const bool given = !std::isnan(question.lowest);
  if (!given && (!log2 || !(own > 0) || !std::isfinite(own)))
    refuse("span",
           fmt::format("a range to look in, such as --span 0.1:10, where {} has no value above 0 to look around",
                       spec.key),
           std::isfinite(own) ? fmt::format("{} = {}", spec.key, own) : fmt::format("{} unset", spec.key));
  const auto place = [log2](double value) { return log2 ? std::log2(value) : value; };
  const double from = place(given ? question.lowest : own) - (given ? 0 : octaves);
  const double length = given ? place(question.highest) - from : 2 * octaves;
  const double step = std::isnan(question.step) ? (log2 ? log2_step : length / linear_steps) : question.step;
  const double steps = std::floor(length / step + 1e-6) + 1 + question.below + question.above;
  if (!(steps <= static_cast<double>(most_values)))
    refuse("grid-step", fmt::format("at most {} values of the setting", most_values), fmt::format("{:.0f}", steps));
  std::set<double> values;
  for (int k = -question.below; k < static_cast<int>(steps) - question.below; ++k) {
    const double exact = from + k * step, value = readable(log2 ? std::exp2(exact) : exact);
    const double one = spec.type == KeySpec::Type::whole ? std::round(value) : value;
    if (allowed(spec, one)) values.insert(one);
  }
  if (values.size() < least_values)
    refuse("span", fmt::format("{} values of {} or more", least_values, spec.key), fmt::format("{}", values.size()));
  return {values.begin(), values.end()};
}

// The network's own settings, without what is asked about.
Settings settings_of(const TransferQuestion& question) {
  Settings base = described(question).base;
  for (const char* key : ours) base.erase(key);
  const Scales& scales = scales_of(base);
  if (!scales.seeded) std::erase_if(base, [](const auto& setting) { return setting.first.starts_with("seed."); });
  return base;
}

// Settings of the smallest run, for what depends on them.
Configuration smallest(const TransferQuestion& question, Settings base) {
  const Scales& scales = scales_of(base);
  const std::string key = question.key.empty() ? scales.key : question.key;
  if (!std::isnan(question.lowest)) base.try_emplace(key, Value{question.lowest, 0});  // a file may leave it to sweeps
  if (over_width(question)) base[scales.width] = {asked_scales("at", question.widths, scales.widths).front(), 0};
  if (over_depth(question)) base[scales.depth] = {asked_scales("depths", question.depths, scales.depths).front(), 0};
  return configured(base, question.file);
}

std::string scale_axis(const std::string& key, const std::vector<double>& scales) {
  if (scales.empty()) return {};
  std::vector<std::string> texts;
  for (const double scale : scales) texts.push_back(to_text({scale, 0}));
  return fmt::format("\"{}\" = [{}]\n", key, fmt::join(texts, ", "));
}

std::string observable_of(const std::string& series) {
  return series.substr(0, series.find('.'));
}

}  // namespace

TransferGrid transfer_grid(const TransferQuestion& question) {
  if (question.seeds < 1 || question.seeds > most_seeds)
    refuse("seeds", fmt::format("1 to {}", most_seeds), fmt::format("{}", question.seeds));
  if (!(question.tolerance > 0)) refuse("tolerance", "a number above 0", fmt::format("{}", question.tolerance));
  if (!(question.loss_tolerance > 0))
    refuse("loss-tolerance", "a number above 0", fmt::format("{}", question.loss_tolerance));
  if (question.cap <= 0) refuse("cap", "a loss above 0", fmt::format("{}", question.cap));
  const Settings base = settings_of(question);
  const Scales& scales = scales_of(base);
  TransferGrid out;
  out.width_key = scales.width;
  out.depth_key = scales.depth;
  out.seeded = scales.seeded;
  out.key = question.key.empty() ? scales.key : question.key;
  check_key(out.key, scales);
  if (over_width(question)) out.widths = asked_scales("at", question.widths, scales.widths);
  if (over_depth(question)) out.depths = asked_scales("depths", question.depths, scales.depths);
  const Configuration own = smallest(question, base);
  out.value = !question.value.empty() ? question.value : scales.value;
  if (out.value.empty()) out.value = own.whole("data.test") > 0 ? "final.test_loss" : "final.train_loss";
  out.initial = "initial." + parse_value_name(out.value).series;
  KeySpec spec = key_spec(out.key);
  spec.later = false;  // at its default a later key is part of no identity, but one of these runs all the same
  if (!is_relevant(spec, own.values()) || (is_deep_linear_run(own) && !out.key.starts_with("limit.")))
    refuse("key", "a setting that these runs use", fmt::format("{}, which they do not", out.key));
  out.log2 = in_log2(question, spec);
  out.values = values_of(question, spec, out.log2, own.at(out.key).number());
  for (const double value : out.values) out.places.push_back(out.log2 ? std::log2(value) : value);
  return out;
}

std::string transfer_study_text(const TransferQuestion& question) {
  const TransferGrid grid = transfer_grid(question);
  std::string text = fmt::format(
      "title = \"Does {} transfer?\"\n"
      "description = \"\"\"{} over {} at several scales; where it is least is what is carried from small models to "
      "large "
      "ones.\"\"\"\n\n",
      grid.key, grid.value, grid.key);
  for (const auto& [key, value] : settings_of(question)) {
    const bool swept = key == grid.key || (key == grid.width_key && !grid.widths.empty()) ||
                       (key == grid.depth_key && !grid.depths.empty());
    if (!swept) text += fmt::format("\"{}\" = {}\n", key, to_json(value));
  }
  text += fmt::format("\"measure.observables\" = [\"{}\"]\n\n[[sweep]]\nname = \"curves\"\n",
                      observable_of(parse_value_name(grid.value).series));
  text += scale_axis(grid.width_key, grid.widths) + scale_axis(grid.depth_key, grid.depths) +
          scale_axis(grid.key, grid.values);
  if (grid.seeded) text += fmt::format("\"seed.init\" = {{ from = 0, count = {} }}\n", question.seeds);
  return text;
}

Study transfer_study(const TransferQuestion& question) {
  return parse_study(transfer_study_text(question), "transfer");
}

std::vector<std::string> transfer_notes(const TransferQuestion& question) {
  const Settings base = settings_of(question);
  const Study own = described(question);
  const Configuration run = smallest(question, base);
  const TransferGrid grid = transfer_grid(question);
  const auto text = [&run](const std::string& key) { return to_text(run.at(key)); };
  std::vector<std::string> out;
  if (text("limit.kind") != "none")
    out.push_back(fmt::format("Asked of: limits, limit.kind = {}.", text("limit.kind")));
  else
    out.push_back(fmt::format("Asked of: {}, {}, {}, {}; {} for {} steps; {} loss, {} samples of {}.",
                              text("architecture.family"), text("architecture.activation"),
                              text("parameterization.name"),
                              grid.depths.empty()   ? fmt::format("{} hidden layers", hidden_layers(run))
                              : grid.widths.empty() ? fmt::format("width {}", text(grid.width_key))
                                                    : "widths and depths",
                              text("training.optimizer"), text("training.steps"), text("training.loss"),
                              text("data.train"), text("data.name")));
  for (const char* key : stops)
    if (own.base.contains(key))
      out.push_back(
          fmt::format("{} is left out: runs that stop there are not compared by the loss they end with.", key));
  if (grid.seeded && question.seeds < 4)
    out.push_back(question.seeds == 1 ? "One seed: intervals know the grid alone, and there is no verdict."
                                      : fmt::format("{} seeds: intervals are of the jack-knife; from 4 on of the "
                                                    "bootstrap.",
                                                    question.seeds));
  for (std::string& warning : warnings(run)) out.push_back(std::move(warning));
  const std::vector<std::string> left = sentences_on_sweeps(own, base, run, [&](const std::string& key) {
    return key == grid.key || key == grid.width_key || key == grid.depth_key ||
           std::ranges::find(ours, key) != ours.end();
  });
  out.insert(out.end(), left.begin(), left.end());
  return out;
}

}  // namespace widthwise
