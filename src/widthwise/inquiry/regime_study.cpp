#include "widthwise/inquiry/regime_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "widthwise/activation/activation.h"
#include "widthwise/base/error.h"
#include "widthwise/data/user_files.h"
#include "widthwise/inquiry/asked.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/toml.h"

namespace widthwise {

namespace {

constexpr double kernel_memory = 1e9;  // bytes of a frozen kernel; larger ones are followed in the weights
constexpr int most_alphas = 100, most_seeds = 1000;

// The network of the article's main figures, smaller.
constexpr const char* own_network = R"toml(
title = "a network"
[architecture]
width = 128
hidden_layers = 3
activation = "softplus"
activation_parameter = 5
[parameterization]
name = "mean-field"
base_in = "multiplier"
[data]
train = 256
test = 1000
)toml";
constexpr const char* article_data = R"toml(
name = "fashion-mnist"
labels = "parity"
preprocess = "centred-sphere"
fit = "all"
[training]
loss = "softhinge"
)toml";
constexpr const char* own_data = R"toml(
[training]
loss = "cross-entropy"
)toml";
constexpr const char* own_values = R"toml(
[training]
loss = "squared"
)toml";

// What of a file's settings speaks of update rules other than gradient flow.
constexpr std::array steps_keys{
    "training.learning_rate", "training.batch",         "training.batch_order",  "training.steps",
    "training.momentum",      "training.beta1",         "training.beta2",        "training.epsilon",
    "training.weight_decay",  "training.schedule",      "training.warmup_steps", "training.final_rate",
    "training.switch_step",   "training.switch_factor", "training.epoch_factor", "training.patience"};

// What the study itself decides.
constexpr std::array ours{"measure.observables", "measure.keep",     "measure.times.log",
                          "measure.times.every", "measure.times.at", "training.save",
                          "training.model",      "start.run",        "start.at",
                          "start.recentre",      "seed.init"};

// A setting of the question, or nothing.
std::string given(const RegimeQuestion& question, const std::string& key) {
  for (auto one = question.settings.rbegin(); one != question.settings.rend(); ++one)
    if (one->first == key) return to_text(parse_toml_value(one->second));
  return {};
}

Study described(const RegimeQuestion& question, const std::vector<std::pair<std::string, std::string>>& settings) {
  if (!question.file.empty()) return read_network_study(question.file, question.variant, settings);
  const bool of_their_own = is_user_data(given(question, "data.name"));
  const bool values = given(question, "data.labels") == "values";
  const char* const rest = !of_their_own ? article_data : values ? own_values : own_data;
  return parse_study(std::string(own_network) + rest, "the default network", {}, settings);
}

std::string text_in(const Settings& settings, const std::string& key, const std::string& otherwise) {
  const auto found = settings.find(key);
  return found == settings.end() || !found->second.is_text() ? otherwise : found->second.text();
}

// The rule the file itself trains by, where that is not the one it is asked about with.
std::string other_rule(const RegimeQuestion& question) {
  if (question.file.empty()) return {};
  const std::string own = text_in(described(question, {}).base, "training.optimizer", "sgd");
  const std::string asked = given(question, "training.optimizer");
  return own == (asked.empty() ? "gradient-flow" : asked) ? "" : own;
}

// The network's own settings, what they leave open filled in.
Settings settings_of(const RegimeQuestion& question) {
  Settings base = described(question, question.settings).base;
  for (const char* key : ours) base.erase(key);
  if (given(question, "training.optimizer").empty()) base["training.optimizer"] = {"gradient-flow", 0};
  const bool flow = text_in(base, "training.optimizer", "") == "gradient-flow";
  if (flow && !other_rule(question).empty())
    for (const char* key : steps_keys)
      if (given(question, key).empty()) base.erase(key);
  const auto set = [&base](const std::string& key, Value value) { base.try_emplace(key, std::move(value)); };
  const std::set<std::string> readouts_of_one_over_n{"mup", "mean-field", "integrable"};
  const std::string scheme = text_in(base, "parameterization.name", "standard");
  set("training.alpha_convention", {readouts_of_one_over_n.contains(scheme) ? "code" : "article", 0});
  set("training.kappa", {"-training.alpha", 0});
  const std::set<std::string> without_margin{"squared", "cross-entropy", "squared-margin"};
  const bool margins = !without_margin.contains(text_in(base, "training.loss", "squared"));
  if (!base.contains("training.stop_margin") && !base.contains("training.target_loss"))
    set(margins ? "training.stop_margin" : "training.target_loss", {margins ? 1.0 : 0.01, 0});
  if (flow) {
    set("training.steps", {std::int64_t{100'000}, 0});
    if (!make_activation(configured(base, question.file))->kinks().empty()) {
      set("training.max_dgrad", {"none", 0});  // a unit that flips changes the gradient by a fixed amount,
      set("training.max_dout", {0.01, 0});     // however short the step
    }
  }
  return base;
}

// Whether the run has frozen twins: they follow plain gradient flow (study/frozen_model.h).
bool has_twins(const Configuration& run) {
  if (run.text("training.optimizer") != "gradient-flow") return false;
  for (const char* key : {"training.tau", "training.temperature", "training.weight_decay", "training.patience"})
    if (run.number(key) != 0) return false;
  return true;
}

std::vector<std::int64_t> widths_of(const RegimeQuestion& question, std::int64_t own) {
  std::set<std::int64_t> widths(question.widths.begin(), question.widths.end());
  if (widths.empty()) widths = {std::max<std::int64_t>(own / 4, 1), std::max<std::int64_t>(own / 2, 1), 2 * own};
  if (*widths.begin() < 1) refuse("widths", "widths above 0", fmt::format("{}", *widths.begin()));
  widths.insert(own);
  return {widths.begin(), widths.end()};
}

// Its own alpha stands for one of the grid that is nearly the same.
std::vector<double> alphas_of(const RegimeQuestion& question, double own) {
  const double low = question.lowest, high = question.highest;
  if (!(low > 0 && high > 1.001 * low && std::isfinite(high)))
    refuse("alphas", "a range of alpha above 0, as 0.001:1000", fmt::format("{}:{}", low, high));
  if (question.alphas < 2 || question.alphas > most_alphas)
    refuse("grid", fmt::format("2 to {} values of alpha", most_alphas), fmt::format("{}", question.alphas));
  std::vector<double> alphas{own};
  for (int i = 0; i < question.alphas; ++i) {
    const double share = static_cast<double>(i) / (question.alphas - 1);
    const double exact = std::pow(10, std::log10(low) + share * (std::log10(high) - std::log10(low)));
    const double alpha = i == 0 ? low : i + 1 == question.alphas ? high : std::stod(fmt::format("{:.6g}", exact));
    if (std::abs(alpha / own - 1) > 1e-6) alphas.push_back(alpha);
  }
  std::ranges::sort(alphas);
  return alphas;
}

std::string quoted(const std::vector<std::string>& names) {
  return fmt::format("[\"{}\"]", fmt::join(names, "\", \""));
}

// The study's text, part by part.
class Text {
 public:
  Text(const RegimeQuestion& question, const Configuration& run)
      : question_{question},
        run_{run},
        widths_{widths_of(question, run.whole("architecture.width"))},
        alphas_{alphas_of(question, run.number("training.alpha"))},
        part_{run.whole("data.test") > 0 ? "test" : "train"} {
    results_.push_back(part_ + "_loss");
    if (classes()) results_.push_back(part_ + "_error");
  }

  std::string settings(const Settings& base) const {
    std::string text;
    for (const auto& [key, value] : base) text += fmt::format("\"{}\" = {}\n", key, to_json(value));
    std::vector<std::string> measured = results_;
    measured.insert(measured.end(), {"kernel_change", "feature_change"});
    text += fmt::format("\"measure.observables\" = {}\n\"measure.keep\" = [\"{}\"]\n", quoted(measured), outputs());
    return text + (twins() ? "\"training.save\" = [\"end\"]\n" : "");
  }

  std::string sweeps() const {
    std::string text = "\n[[sweep]]\nname = \"networks\"\n" + axes();
    if (twins()) text += twin("linearised", from_linearised, "");
    if (end_twin())
      text += twin("kernel of the end", from_end_kernel,
                   "start_from = { sweep = \"networks\", at = \"end\", recentre = true }\n");
    return text +
           fmt::format(
               "\n[[sweep]]\nname = \"alpha*\"\nsearch = {{ bisect = \"training.alpha\", between = [{}, {}], until "
               "= \"final.kernel_change\", equals = {}, tolerance = 0.25 }}\n{}{}",
               alphas_.front(), alphas_.back(), question_.kernel_change, width_axis(), seeds());
  }

  std::string figures() const {
    std::string text =
        "\n[[figure]]\nname = \"phases\"\ntitle = \"Change of the tangent kernel: features below, lazy above alpha*\"\n"
        "sweep = \"networks\"\nkind = \"heatmap\"\nx = \"training.alpha\"\ny = \"architecture.width\"\n"
        "color = \"final.kernel_change\"\nlog = \"xy\"\n"
        "\n[[figure]]\nname = \"alpha*\"\ntitle = \"Where feature learning turns lazy\"\nsweep = \"alpha*\"\n"
        "x = \"architecture.width\"\ny = \"search.training.alpha\"\nlog = \"xy\"\n";
    text += figure("kernel", "final.kernel_change");
    text += figure("features", fmt::format("final.feature_change.{}", hidden_layers(run_)));
    if (twins()) text += figure(from_linearised, from_linearised);
    if (end_twin()) text += figure(from_end_kernel, from_end_kernel);
    if (classes()) text += figure("error", "final." + part_ + "_error", "x", "band = \"sem\"\n");
    return text;
  }

  std::string prediction() const {
    if (has_residual_sums(run_.text("architecture.family")) || widths_.size() < 2) return {};  // no exponents of sums
    return "\n[[prediction]]\nname = \"alpha* over the width\"\nsweep = \"alpha*\"\nof = \"search.training.alpha\"\n"
           "against = \"architecture.width\"\nexponent = \"theory\"\n";
  }

 private:
  bool twins() const { return has_twins(run_); }
  // A model that is not centred has reached its margins where that flow would begin.
  bool end_twin() const { return twins() && run_.number("training.kappa") == -run_.number("training.alpha"); }
  bool classes() const { return run_.text("data.labels") != "values"; }
  std::string outputs() const { return part_ + "_outputs"; }

  std::string seeds() const { return fmt::format("\"seed.init\" = {{ from = 0, count = {} }}\n", question_.seeds); }
  std::string width_axis() const { return fmt::format("\"architecture.width\" = [{}]\n", fmt::join(widths_, ", ")); }
  std::string axes() const {
    return fmt::format("{}\"training.alpha\" = [{}]\n{}", width_axis(), fmt::join(alphas_, ", "), seeds());
  }

  std::string twin(const std::string& sweep, const std::string& distance, const std::string& start) const {
    const auto k = static_cast<double>(expected_shape(run_).outputs);
    const double samples = k * static_cast<double>(run_.whole("data.train"));
    const double others = std::max(samples, k * static_cast<double>(run_.whole("data.test")));
    const char* const model = 8 * samples * others > kernel_memory ? "linearised" : "tangent-kernel";
    return fmt::format(
        "\n[[sweep]]\nname = \"{0}\"\n{1}\"training.model\" = \"{2}\"\n\"training.save\" = []\n"
        "\"measure.observables\" = {3}\n{4}"
        "\n[[derived]]\nname = \"{5}\"\nsweep = \"networks\"\nof = \"{6}\"\nwith = \"{0}\"\nhow = "
        "\"relative_distance\"\n",
        sweep, start, model, quoted(results_), axes(), distance, outputs());
  }

  static std::string figure(const std::string& name, const std::string& y, const std::string& log = "xy",
                            const std::string& rest = "") {
    return fmt::format(
        "\n[[figure]]\nname = \"{}\"\nsweep = \"networks\"\nx = \"training.alpha\"\ny = \"{}\"\n"
        "color = \"architecture.width\"\nlog = \"{}\"\n{}",
        name, y, log, rest);
  }

  const RegimeQuestion& question_;
  const Configuration& run_;
  std::vector<std::int64_t> widths_;
  std::vector<double> alphas_;
  std::string part_;                  // the points outputs are compared on
  std::vector<std::string> results_;  // measured of twins too
};

}  // namespace

std::string regime_study_text(const RegimeQuestion& question) {
  if (question.seeds < 1 || question.seeds > most_seeds)
    refuse("seeds", fmt::format("1 to {}", most_seeds), fmt::format("{}", question.seeds));
  if (!(question.kernel_change > 0 && question.kernel_change < 1e12))
    refuse("kernel-change", "a number above 0", fmt::format("{}", question.kernel_change));
  const Settings base = settings_of(question);
  const Configuration run = configured(base, question.file);
  const double alpha = run.number("training.alpha");
  if (!(alpha > 0)) refuse("training.alpha", "a number above 0", fmt::format("{}", alpha));
  const Text text(question, run);
  return fmt::format(
             "title = \"In which regime does it train?\"\n"
             "description = \"\"\"Networks over alpha and the width, their linearised twins, the flow of the tangent "
             "kernel\n"
             "they end with, and alpha*, where the kernel has changed by {} times its initial norm.\"\"\"\n\n",
             question.kernel_change) +
         text.settings(base) + text.sweeps() + text.figures() + text.prediction();
}

std::vector<std::string> regime_notes(const RegimeQuestion& question) {
  const Settings base = settings_of(question);
  const Configuration run = configured(base, question.file);
  const auto named = [&run](const char* key) { return to_text(run.at(key)); };
  std::vector<std::string> out{fmt::format(
      "Asked of: {}, {} hidden layers, {}, {}{}; {} samples of {}, labels {}; {} loss, {}.",
      named("architecture.family"), hidden_layers(run), named("architecture.activation"),
      named("parameterization.name"),
      named("parameterization.base_in") == "multiplier" ? " (weights of deviation 1)" : "", named("data.train"),
      named("data.name"), named("data.labels"), named("training.loss"), named("training.optimizer"))};
  if (const std::string own = other_rule(question); !own.empty())
    out.push_back(fmt::format("The file trains by {}; that rule's rates and steps are left out.", own));
  if (!has_twins(run))
    out.emplace_back("Without frozen twins, which follow plain gradient flow: no temperature, tau, decay or patience.");
  const std::vector<std::string> left =
      sentences_on_sweeps(described(question, question.settings), base, run, [](const std::string& key) {
        return std::ranges::find(ours, key) != ours.end() || std::ranges::find(steps_keys, key) != steps_keys.end();
      });
  out.insert(out.end(), left.begin(), left.end());
  return out;
}

Study regime_study(const RegimeQuestion& question) {
  return parse_study(regime_study_text(question), "regime");
}

}  // namespace widthwise
