#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/base/write_file.h"
#include "widthwise/data/load.h"
#include "widthwise/data/picture.h"
#include "widthwise/data/user_files.h"
#include "widthwise/report/text.h"

namespace widthwise::cli {

namespace {

constexpr Index usual_train = 1000;      // samples looked at where no number is asked for
constexpr std::size_t most_listed = 60;  // classes printed one by one

struct Options {
  std::string data_dir;
  OwnData own;
  DataOptions data;
  std::int64_t seed = 0;
  std::vector<Index> show;
  std::string picture;
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
    fmt::print("{:<16} {}\n", set.name, set.sentence);
    fmt::print("{:<16} {}\n", "", place.empty() ? "not found; " + how_to_get(set.name) : "found: " + place);
  }
  if (options.json) std::cout << all.dump(2) << '\n';
}

void print_set(const char* title, const nlohmann::json& set) {
  fmt::print("  {:<6} {} samples of {} numbers, {} outputs, mean {:.4g}, rms {:.4g}\n", title,
             set["samples"].get<Index>(), set["features"].get<Index>(), set["outputs"].get<Index>(),
             set["mean"].get<double>(), set["rms"].get<double>());
}

// What the files hold as a whole: samples of each class.
struct Counts {
  std::vector<std::string> names;
  std::vector<Index> train, test;
};

Counts count_classes(const Source& source) {
  Counts counts{source.class_names, std::vector<Index>(source.class_names.size()), {}};
  counts.test = counts.train;
  for (const int c : source.train.classes) ++counts.train[static_cast<std::size_t>(c)];
  for (const int c : source.test.classes) ++counts.test[static_cast<std::size_t>(c)];
  return counts;
}

void print_counts(const Counts& counts) {
  if (counts.names.empty()) return;
  fmt::print("  {} classes; number, name, samples in the training and test files:\n", counts.names.size());
  for (std::size_t c = 0; c < std::min(counts.names.size(), most_listed); ++c)
    fmt::print("  {:>6}  {:<16} {:>8} {:>8}\n", c, report::single_line(counts.names[c]), counts.train[c],
               counts.test[c]);
  if (counts.names.size() > most_listed) fmt::print("  ... {} more\n", counts.names.size() - most_listed);
}

// Settings are named as the options they come from.
template <class Work>
auto named_as_options(const Work& work) {
  try {
    return work();
  } catch (const ConfigError& error) {
    std::string key = error.place().key;
    if (key == "data.name") key = "NAME";
    if (key.starts_with("data.")) key.replace(0, 5, "--");
    throw ConfigError({"command line", key}, error.expected(), error.got(), error.hint());
  }
}

void take_own(Options& options) {
  if (!options.own.given()) {
    options.own.settings();  // throws where one option lacks the other
    return;
  }
  if (!options.data.name.empty())
    throw ConfigError({"command line", "NAME"}, "nothing beside --csv or --npy", options.data.name);
  options.data.name = options.own.csv.empty() ? "npy" : "csv";
  options.data.file = options.own.csv.empty() ? options.own.npy : options.own.csv;
  options.data.target = options.own.target;
  options.data.targets_file = options.own.npy_targets;
}

bool is_generated(const Options& options) {
  return where_found(options.data.name) == "generated";
}

// Fills in what was not asked for; what the files hold, where there are files (reading checks every byte).
Counts complete(Options& options) {
  options.data.data_dir = options.data_dir;
  options.data.key = Key(static_cast<std::uint64_t>(options.seed));
  if (is_generated(options)) {
    if (options.data.train == 0) options.data.train = usual_train;
    if (options.data.dimension == 0) options.data.dimension = 32;
    return {};
  }
  DataOptions all = options.data;
  all.test = 1;  // test files too, if they are there
  Source source;
  try {
    source = load_source(all);
  } catch (const DataError&) {
    if (options.data.test > 0) throw;
    all.test = 0;
    source = load_source(all);
  }
  if (options.data.train == 0) {
    const Available there = available(source, options.data);
    const Index split_off = options.data.validation + (there.own_test ? 0 : options.data.test);
    const Index left = std::max<Index>(1, there.train - split_off);
    options.data.train = is_user_data(options.data.name) ? left : std::min(usual_train, left);
  }
  return count_classes(source);
}

void check_shown(const Options& options, const Split& split) {
  for (const Index index : options.show)
    if (index < 0 || index >= split.train.samples())
      throw ConfigError({"command line", "--show"}, fmt::format("a sample in 0..{}", split.train.samples() - 1),
                        fmt::format("{}", index), "--train takes more samples");
}

void write_picture(const Options& options, const Dataset& train) {
  if (train.image.size() != train.features() || train.image.size() < 1)
    throw ConfigError({"command line", "--picture"}, "a set of images", "samples that are no images");
  std::vector<Index> rows = options.show;
  for (Index i = 0; options.show.empty() && i < std::min<Index>(100, train.samples()); ++i) rows.push_back(i);
  write_file(options.picture, picture_file(train, rows));
  notice("{} samples in {}\n", rows.size(), options.picture);
}

// Loads the set and says what came out of it.
void check_one(Options& options) {
  const Counts counts = named_as_options([&] { return complete(options); });
  const Split split = named_as_options([&] { return load_data(options.data); });
  check_shown(options, split);
  if (!options.picture.empty()) write_picture(options, split.train);
  const bool own = is_user_data(options.data.name);
  if (options.json) {
    nlohmann::json answer = {{"name", options.data.name},
                             {"source", split.source},
                             {"fingerprint", fmt::format("{:016x}", split.fingerprint)},
                             {"train", summary(split.train)},
                             {"test", summary(split.test)}};
    if (own) answer["content"] = user_content(options.data);
    for (std::size_t c = 0; c < counts.names.size(); ++c)
      answer["classes"].push_back({{"name", counts.names[c]}, {"train", counts.train[c]}, {"test", counts.test[c]}});
    std::cout << answer.dump(2) << '\n';
    return;
  }
  fmt::print("{} from {}, whole; fingerprint {:016x}\n", options.data.name, split.source, split.fingerprint);
  if (own) fmt::print("  data.content = \"{}\"\n", user_content(options.data));
  print_set("train", summary(split.train));
  if (split.validation.samples() > 0) print_set("valid", summary(split.validation));
  if (split.test.samples() > 0) print_set("test", summary(split.test));
  print_counts(counts);
  for (const Index index : options.show) {
    const auto position = static_cast<std::size_t>(index);
    std::string title;
    if (position < split.train.classes.size()) {
      const int c = split.train.classes[position];
      title = fmt::format(", class {}", c);
      if (static_cast<std::size_t>(c) < split.train.class_names.size())
        title += fmt::format(" ({})", report::single_line(split.train.class_names[static_cast<std::size_t>(c)]));
    }
    fmt::print("training sample {}{}\n{}", index, title, draw_sample(split.train, index));
  }
}

}  // namespace

void add_data(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("data", "List data sets, check one, show its samples");
  auto options = std::make_shared<Options>();
  options->data.name.clear();
  verb->add_option("NAME", options->data.name, "A data set to load and check (default: list all)");
  verb->add_option("--data-dir", options->data_dir, "Where data sets are looked for first");
  options->own.add_to(*verb);
  verb->add_option("--train", options->data.train, "Training samples (default: 1000; of your own files all)");
  verb->add_option("--validation", options->data.validation, "Validation samples")->capture_default_str();
  verb->add_option("--test", options->data.test, "Test samples")->capture_default_str();
  verb->add_option("--labels", options->data.labels, "Kind of labels (default: the set's own)");
  verb->add_option("--preprocess", options->data.preprocess, "Preprocessing (default: the set's own)");
  verb->add_option("--classes", options->data.classes, "These classes only, in this order");
  verb->add_flag("--grayscale", options->data.grayscale, "Colour images to their luma");
  verb->add_option("--pca", options->data.pca, "Principal components kept (default: no PCA)");
  verb->add_option("--dimension", options->data.dimension, "Input dimension of generated data (default: 32)");
  verb->add_option("--seed", options->seed, "Which samples are chosen")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000'000}))
      ->capture_default_str();
  verb->add_option("--show", options->show, "Draw these training samples");
  verb->add_option("--picture", options->picture, "Write the samples shown (or the first 100) to this PGM or PPM file");
  verb->add_flag("--json", options->json, "As JSON");
  verb->footer("Example: widthwise data fashion-mnist --show 0");
  verb->callback([options] {
    take_own(*options);
    options->data.name.empty() ? list_all(*options) : check_one(*options);
  });
}

}  // namespace widthwise::cli
