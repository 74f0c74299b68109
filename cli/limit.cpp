#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "json.h"
#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/report/text.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/scheme.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::filesystem::path file;
  std::string variant;
  std::vector<std::string> set;
  OwnData own;
  std::filesystem::path data_dir;
  int threads = 0;
  bool json = false;
};

// The settings of the file as one run, measured at every step unless it says otherwise.
Configuration configuration_of(const Options& options) {
  std::vector<std::pair<std::string, std::string>> overrides = options.own.settings();
  for (const std::string& assignment : options.set) overrides.push_back(split_assignment(assignment, "--set"));
  Settings settings = read_study(options.file, options.variant, overrides).base;
  const auto standard = [&](const char* key, const Value& value) { settings.try_emplace(key, value); };
  if (!settings.contains("limit.kind"))
    throw ConfigError({options.file.string(), "limit.kind"},
                      "the kind of limit to follow: two-layer, hpz or deep-linear", "nothing",
                      "[limit] kind = \"two-layer\"");
  // At the reference width what is printed is F itself; what is no width, the checks tell.
  const auto reference = settings.find("parameterization.reference_width");
  if (!settings.contains("architecture.width") && reference != settings.end() && reference->second.is_number() &&
      reference->second.number() >= 1 && reference->second.number() == std::floor(reference->second.number()))
    settings["architecture.width"] = reference->second;
  if (std::ranges::none_of(settings, [](const auto& one) { return one.first.starts_with("measure.times."); }))
    settings["measure.times.every"] = {std::int64_t{1}, 0};
  if (settings.at("limit.kind").is_text() && is_deep_linear_kind(settings.at("limit.kind").text()))
    return Configuration(settings);
  ValueList observables;
  const auto test = settings.find("data.test");
  const bool has_test = test != settings.end() && !(test->second.is_whole() && test->second.whole() == 0);
  const auto labels = settings.find("data.labels");
  const bool classes = labels == settings.end() || to_text(labels->second) != "values";
  for (const std::string& name : limit_observables())
    if ((has_test || !name.starts_with("test_")) && (classes || !name.ends_with("_error")))
      observables.push_back({name, 0});
  standard("measure.observables", {observables, 0});
  return Configuration(settings);
}

TwoLayerClass class_of(const Configuration& configuration) {
  return classify_two_layer(two_layer_exponents(configuration),
                            configuration.toggle("parameterization.init_corrected"));
}

nlohmann::json as_json(const Configuration& configuration, const RunRecord& record) {
  nlohmann::json out = {{"kind", configuration.text("limit.kind")},
                        {"status", record.status},
                        {"reason", record.reason},
                        {"step", record.trace.step},
                        {"time", record.trace.time}};
  for (const auto& [name, values] : record.trace.series) {
    out[name] = nlohmann::json::array();
    for (const double value : values) out[name].push_back(json_number(value));
  }
  if (!is_two_layer_limit(configuration)) return out;
  const TwoLayerClass found = class_of(configuration);
  out["class"] = found.name;
  out["exponents"] = {{"nu", to_string(found.nu)}, {"kappa", to_string(found.kappa)}};
  return out;
}

void print_heading(const Configuration& configuration) {
  if (configuration.text("limit.kind") == "deep-linear-flow") {
    fmt::print("Gradient flow of deep linear networks on a power law, {}; a step is a measured time.\n",
               configuration.text("limit.flow"));
    return;
  }
  if (is_deep_linear_run(configuration)) {
    const DeepLinearModel model = deep_linear_model(configuration);
    const bool network = configuration.text("limit.kind") == "deep-linear-network";
    const bool population = model.data == DeepLinearData::population;
    fmt::print("{}: {} = {}, gamma_0 = {}, N/D = {}, {} data{}.\n", network ? "One network" : "The theory",
               model.residual_branch ? "residual blocks" : "hidden layers",
               to_text(configuration.at("limit.hidden_layers")), to_text(configuration.at("limit.richness")),
               to_text(configuration.at(model.width_ratios.empty() ? "limit.width_ratio" : "limit.width_ratios")),
               configuration.text("limit.data"),
               population ? "" : fmt::format(", samples over inputs {}", model.sample_ratio));
    return;
  }
  if (is_two_layer_limit(configuration)) {
    const TwoLayerClass found = class_of(configuration);
    const double width = configuration.number("architecture.width"),
                 reference = configuration.number("parameterization.reference_width");
    fmt::print(
        "The {} limit, of a network of width {:g}: its logits are F ({:g} / {:g})^({}), at step 0 those of the initial "
        "process times that ratio to the power {}.\n",
        found.name, width, width, reference, to_string(found.kappa), to_string(found.nu));
    return;
  }
  fmt::print("The limit of {}, {} hidden layers: the mean over {} clouds of {} particles a layer.\n",
             configuration.toggle("limit.revived") ? "HP and IP-LLR (revived)" : "HPZ",
             configuration.whole("architecture.hidden_layers"), configuration.whole("limit.clouds"),
             configuration.whole("limit.particles"));
}

void print_text(const Configuration& configuration, const RunRecord& record) {
  print_heading(configuration);
  const bool flow = configuration.text("limit.kind") == "deep-linear-flow";  // whose steps are no unit of time
  fmt::print("{:>8}", flow ? "time" : "step");
  for (const auto& series : record.trace.series) fmt::print("  {:>16}", series.first);
  for (std::size_t i = 0; i < record.trace.size(); ++i) {
    fmt::print("\n{:>8}",
               flow ? report::short_number(record.trace.time[i], 4) : fmt::format("{}", record.trace.step[i]));
    for (const auto& series : record.trace.series) fmt::print("  {:>16}", report::short_number(series.second[i], 6));
  }
  fmt::print("\n");
  if (!record.reason.empty()) fmt::print("{}: {}\n", record.status, record.reason);
}

void follow(const Options& options) {
  const Configuration configuration = configuration_of(options);
  if (!is_limit_run(configuration))
    throw ConfigError({options.file.string(), "limit.kind"},
                      "the kind of limit to follow: two-layer, hpz or deep-linear", "'none'");
  install_interrupt_handlers();
  if (options.threads > 0) set_threads(options.threads);
  DataCache data(options.data_dir);
  const OneRun run = train_one(configuration, data);
  if (options.json)
    fmt::print("{}\n", as_json(configuration, run.record).dump(2));
  else
    print_text(configuration, run.record);
}

}  // namespace

void add_limit(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("limit", "Follow a network's limit at infinite width");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, "A file of settings as of a study, with a table [limit]")->required();
  verb->add_option("--variant", options->variant, "Apply the file's [variant.NAME]");
  verb->add_option("--set", options->set, "Override a setting: --set limit.particles=4096 (repeatable)")->take_all();
  options->own.add_to(*verb);
  verb->add_option("--data-dir", options->data_dir, "Where data sets are looked for first");
  verb->add_option("--threads", options->threads, "Threads (default: all cores)")->check(CLI::Range(1, 4096));
  verb->add_flag("--json", options->json, "The trace as JSON, an entry a measured step");
  verb->footer("Example: widthwise limit examples/mean-field.toml --json");
  verb->callback([options] { follow(*options); });
}

}  // namespace widthwise::cli
