#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/data/load.h"
#include "widthwise/data/picture.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::string data_dir;
  DataOptions data;
  std::int64_t seed = 0;
  std::vector<Index> show;
  bool json = false;
};

nlohmann::json summary(const Dataset& set) {
  const auto& inputs = set.inputs;
  return {{"samples", set.samples()},
          {"features", set.features()},
          {"outputs", set.outputs()},
          {"mean", inputs.size() ? inputs.mean() : 0.0},
          {"rms", inputs.size() ? std::sqrt(inputs.squaredNorm() / static_cast<double>(inputs.size())) : 0.0}};
}

void list_all(const Options& options) {
  nlohmann::json all = nlohmann::json::array();
  for (const Named& set : known_data()) {
    const std::string place = where_found(set.name, options.data_dir);
    if (options.json) {
      all.push_back({{"name", set.name}, {"sentence", set.sentence}, {"found", place}});
      continue;
    }
    fmt::print("{:<14} {}\n", set.name, set.sentence);
    fmt::print("{:<14} {}\n", "", place.empty() ? "not found; " + how_to_get(set.name) : "found: " + place);
  }
  if (options.json) std::cout << all.dump(2) << '\n';
}

void print_set(const char* title, const nlohmann::json& set) {
  fmt::print("  {:<6} {} samples of {} numbers, {} outputs, mean {:.4g}, rms {:.4g}\n", title,
             set["samples"].get<Index>(), set["features"].get<Index>(), set["outputs"].get<Index>(),
             set["mean"].get<double>(), set["rms"].get<double>());
}

// Loads the set, which checks every byte of its files. Settings are named as the options they come from.
Split load(Options& options) {
  options.data.data_dir = options.data_dir;
  options.data.key = Key(static_cast<std::uint64_t>(options.seed));
  const bool generated = where_found(options.data.name) == "generated";
  if (generated && options.data.dimension == 0) options.data.dimension = 32;
  try {
    return load_data(options.data);
  } catch (const ConfigError& error) {
    std::string key = error.place().key;
    if (key == "data.name") key = "NAME";
    if (key.starts_with("data.")) key.replace(0, 5, "--");
    throw ConfigError({"command line", key}, error.expected(), error.got(), error.hint());
  }
}

void check_shown(const Options& options, const Split& split) {
  for (const Index index : options.show)
    if (index < 0 || index >= split.train.samples())
      throw ConfigError({"command line", "--show"}, fmt::format("a sample in 0..{}", split.train.samples() - 1),
                        fmt::format("{}", index), "--train takes more samples");
}

// Loads the set and says what came out of it.
void check_one(Options& options) {
  const Split split = load(options);
  check_shown(options, split);
  if (options.json) {
    const nlohmann::json answer = {{"name", options.data.name},
                                   {"source", split.source},
                                   {"fingerprint", fmt::format("{:016x}", split.fingerprint)},
                                   {"train", summary(split.train)},
                                   {"test", summary(split.test)}};
    std::cout << answer.dump(2) << '\n';
    return;
  }
  fmt::print("{} from {}, whole; fingerprint {:016x}\n", options.data.name, split.source, split.fingerprint);
  print_set("train", summary(split.train));
  if (split.test.samples() > 0) print_set("test", summary(split.test));
  for (const Index index : options.show) {
    const auto position = static_cast<std::size_t>(index);
    const bool classed = index >= 0 && position < split.train.classes.size();
    fmt::print("training sample {}{}\n{}", index,
               classed ? fmt::format(", class {}", split.train.classes[position]) : "",
               draw_sample(split.train, index));
  }
}

}  // namespace

void add_data(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("data", "List data sets, check one, show its samples");
  auto options = std::make_shared<Options>();
  options->data.train = 1000;
  options->data.name.clear();
  verb->add_option("NAME", options->data.name, "A data set to load and check (default: list all)");
  verb->add_option("--data-dir", options->data_dir, "Where data sets are looked for first");
  verb->add_option("--train", options->data.train, "Training samples")->capture_default_str();
  verb->add_option("--test", options->data.test, "Test samples")->capture_default_str();
  verb->add_option("--labels", options->data.labels, "Kind of labels (default: the set's own)");
  verb->add_option("--preprocess", options->data.preprocess, "Preprocessing (default: the set's own)");
  verb->add_option("--dimension", options->data.dimension, "Input dimension of generated data (default: 32)");
  verb->add_option("--seed", options->seed, "Which samples are chosen")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000'000}))
      ->capture_default_str();
  verb->add_option("--show", options->show, "Draw these training samples");
  verb->add_flag("--json", options->json, "As JSON");
  verb->footer("Example: widthwise data fashion-mnist --show 0");
  verb->callback([options] { options->data.name.empty() ? list_all(*options) : check_one(*options); });
}

}  // namespace widthwise::cli
