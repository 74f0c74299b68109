#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/base/progress.h"
#include "widthwise/store/inspect.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::filesystem::path store = "widthwise-store";
  std::vector<std::string> where;
  bool csv = false, json = false, check = false;
};

// A mistyped folder must not look like an empty store.
void require_store(const std::filesystem::path& store) {
  if (!std::filesystem::exists(store))
    throw StoreError(store.string(), "a folder of runs", "nothing there",
                     "`widthwise run` makes one; --store names another");
}

int check(const Options& options) {
  const std::vector<StoreProblem> problems = check_store(options.store);
  for (const StoreProblem& problem : problems) fmt::print("{}: {}\n", problem.file.string(), problem.what);
  if (problems.empty())
    fmt::print("{}: {} runs, all whole\n", options.store.string(), StoreReader(options.store).size());
  return problems.empty() ? 0 : 1;
}

nlohmann::json as_json(const RunRecord& run) {
  static_cast<void>(flat_configuration(run));  // says so where it is none
  nlohmann::json finals = nlohmann::json::object();
  for (const auto& [name, value] : run.finals)
    finals[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
  return {{"identity", run.identity},     {"status", run.status},
          {"last_step", run.last_step},   {"reason", run.reason},
          {"seconds", run.seconds},       {"configuration", nlohmann::json::parse(run.configuration)},
          {"provenance", run.provenance}, {"final", finals}};
}

int list(const Options& options) {
  const StoreReader reader(options.store);
  std::vector<RunFilter> filters;
  for (const std::string& text : options.where) filters.push_back(RunFilter::parse(text));
  if (options.csv) {
    export_csv(reader, std::cout, filters);
    return 0;
  }
  const std::vector<RunRecord> runs = list_runs(reader, filters);
  if (options.json) {
    nlohmann::json all = nlohmann::json::array();
    for (const RunRecord& run : runs) all.push_back(as_json(run));
    std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return 0;
  }
  for (const RunRecord& run : runs) {
    const auto settings = flat_configuration(run);
    const auto setting = [&](const char* key) {
      const auto found = settings.find(key);
      return found == settings.end() ? std::string("?") : found->second;
    };
    fmt::print("{:.12}  {:<9} n={:<6} {:<12} {:<8} rate={:<10} seed={:<4} {}\n", run.identity, run.status,
               setting("architecture.width"), setting("parameterization.name"), setting("training.optimizer"),
               setting("training.learning_rate"), setting("seed.init"), human_time(run.seconds));
  }
  fmt::print("{} runs in {}\n", runs.size(), options.store.string());
  return 0;
}

}  // namespace

void add_runs(CLI::App& app, int& exit) {
  auto* verb = app.add_subcommand("runs", "List, filter, export and check recorded runs");
  auto options = std::make_shared<Options>();
  verb->add_option("--store", options->store, "Folder of recorded runs")->capture_default_str();
  verb->add_option("--where", options->where,
                   "Only runs that meet KEY=VALUE (also != < <= > >=), for example architecture.width=64 or "
                   "final.train_loss<0.1 (repeatable)")
      ->take_all();
  auto* csv = verb->add_flag("--csv", options->csv, "A CSV table: settings and final values, one line a run");
  verb->add_flag("--json", options->json, "The same as JSON")->excludes(csv);
  verb->add_flag("--check", options->check, "Check the integrity of every file; exit code 1 where something is wrong");
  verb->footer("Example: widthwise runs --store build/demo --where architecture.width=64 --csv");
  verb->callback([options, &exit] {
    require_store(options->store);
    exit = options->check ? check(*options) : list(*options);
  });
}

}  // namespace widthwise::cli
