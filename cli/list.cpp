#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "verbs.h"
#include "widthwise/activation/activation.h"
#include "widthwise/architecture/architecture.h"
#include "widthwise/base/error.h"
#include "widthwise/base/named.h"
#include "widthwise/data/load.h"
#include "widthwise/loss/loss.h"
#include "widthwise/observable/observable.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/document.h"
#include "widthwise/study/schema.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::string what;
  std::filesystem::path studies = "studies";
  bool json = false;
};

std::vector<Named> keys() {
  std::vector<Named> all;
  for (const KeySpec& key : known_keys())
    all.push_back({key.key, fmt::format("{} ({}{})", key.sentence, expectation(key),
                                        key.required ? "; required" : "; default " + to_text(key.standard))});
  return all;
}

std::vector<Named> studies(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw ConfigError({"command line", "--studies"}, "a folder of study files", "'" + folder.string() + "'",
                      "widthwise new writes a first one");
  std::vector<Named> all;
  for (const Study& study : read_studies(folder)) all.push_back({study.file.string(), study.title});
  return all;
}

std::vector<Named> observables() {
  std::vector<Named> all;
  for (const auto& observable : known_observables()) all.push_back({observable.name, observable.sentence});
  return all;
}

using Section = std::pair<std::string, std::vector<Named>>;

void print(const std::vector<Section>& sections) {
  for (const auto& [title, rows] : sections) {
    if (sections.size() > 1) fmt::print("{}\n", title);
    std::size_t longest = 0;
    for (const Named& row : rows) longest = std::max(longest, row.name.size());
    for (const Named& row : rows) fmt::print("  {:<{}}  {}\n", row.name, longest, row.sentence);
  }
}

}  // namespace

void add_list(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("list", "What there is to choose from, a sentence each");
  auto options = std::make_shared<Options>();
  verb->add_option(
      "WHAT", options->what,
      "activations, schemes, optimizers, losses, families, observables, data, keys or studies (default: all but keys)");
  verb->add_option("--studies", options->studies, "Folder of study files")->capture_default_str();
  verb->add_flag("--json", options->json, "As JSON");
  verb->footer("Example: widthwise list observables");
  verb->callback([options] {
    const std::vector<std::pair<std::string, std::function<std::vector<Named>()>>> sections = {
        {"activations", known_activations},
        {"schemes", known_schemes},
        {"optimizers", known_optimizers},
        {"losses", known_losses},
        {"families", known_families},
        {"observables", observables},
        {"data", known_data},
        {"keys", keys},
        {"studies", [&] { return studies(options->studies); }}};
    std::vector<Section> chosen;
    std::vector<std::string> names;
    for (const auto& [name, rows] : sections) {
      names.push_back(name);
      const bool there = name != "studies" || std::filesystem::is_directory(options->studies);
      if (options->what == name || (options->what.empty() && name != "keys" && there))
        chosen.emplace_back(name, rows());
    }
    if (chosen.empty())
      throw ConfigError({"command line", "list"}, "a kind of thing to list", "'" + options->what + "'",
                        unknown_name_hint(options->what, names));
    if (!options->json) return print(chosen);
    nlohmann::json all = nlohmann::json::object();
    for (const auto& [name, rows] : chosen)
      for (const Named& row : rows) all[name][row.name] = row.sentence;
    std::cout << all.dump(2) << '\n';
  });
}

}  // namespace widthwise::cli
