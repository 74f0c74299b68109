#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "json.h"
#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "verdicts.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/write_file.h"
#include "widthwise/inquiry/regime.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/text.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/conventions.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise::cli {

namespace {

struct Options {
  RegimeQuestion question;
  std::vector<std::string> set;
  std::string alphas = "0.001:1000", width, alpha;
  OwnData own;
  RunOptions run;
  std::filesystem::path report, write;
  bool json = false;
};

double number_of(const std::string& text, const std::string& option, const std::string& expected) {
  try {
    std::size_t end = 0;
    const double value = std::stod(text, &end);
    if (end == text.size()) return value;
  } catch (const std::logic_error&) {  // no number, or too large
  }
  throw ConfigError({"command line", option}, expected, "'" + text + "'");
}

void read_alphas(const std::string& text, RegimeQuestion& question) {
  const std::string expected = "a range of alpha, as 0.001:1000";
  const auto colon = text.find(':');
  if (colon == std::string::npos) throw ConfigError({"command line", "--alphas"}, expected, "'" + text + "'");
  question.lowest = number_of(text.substr(0, colon), "--alphas", expected);
  question.highest = number_of(text.substr(colon + 1), "--alphas", expected);
}

// The question with all that was said on the command line.
RegimeQuestion question_of(const Options& options) {
  RegimeQuestion question = options.question;
  read_alphas(options.alphas, question);
  for (const auto& [key, value] : options.own.settings()) question.settings.emplace_back(key, to_json({value, 0}));
  for (const std::string& assignment : options.set) question.settings.push_back(split_assignment(assignment, "--set"));
  if (!options.width.empty()) question.settings.emplace_back("architecture.width", options.width);
  if (!options.alpha.empty()) question.settings.emplace_back("training.alpha", options.alpha);
  return question;
}

// With the numbers of samples that data of one's own have.
RegimeQuestion fitted(RegimeQuestion question) {
  Study study = regime_study(question);
  fit_to_own_data(study, question.settings);
  const Configuration run = expand(study, study.sweeps.front()).front().configuration;
  for (const char* key : {"data.train", "data.test", "data.validation"})
    question.settings.emplace_back(key, to_text(run.at(key)));
  return question;
}

nlohmann::json as_json(const SeedMean& mean) {
  return {{"value", json_number(mean.value)}, {"interval", json_interval(mean.interval.low, mean.interval.high)}};
}

nlohmann::json as_json(const RegimePoint& point) {
  return {{"width", point.width},
          {"alpha", point.alpha},
          {"regime", regime_name(point.regime)},
          {"sure", point.sure},
          {"kernel_change", as_json(point.kernel_change)},
          {"feature_change", as_json(point.feature_change)},
          {"from_linearised", as_json(point.from_linearised)},
          {"from_end_kernel", as_json(point.from_end_kernel)},
          {"error", as_json(point.error)},
          {"loss", as_json(point.loss)},
          {"runs",
           {{"all", point.runs},
            {"used", point.used},
            {"unconverged", point.unconverged},
            {"absent", point.absent},
            {"ends", point.ends}}}};
}

void print_json(const Study& study, const RegimeAnswer& answer) {
  nlohmann::json points = nlohmann::json::array(), crossovers = nlohmann::json::array();
  for (const RegimePoint& point : answer.points) points.push_back(as_json(point));
  for (const RegimeCrossover& one : answer.crossovers)
    crossovers.push_back({{"width", one.width},
                          {"alpha", json_number(one.alpha)},
                          {"interval", json_interval(one.interval.low, one.interval.high)},
                          {"runs", one.runs},
                          {"unconverged", one.unconverged},
                          {"reason", one.reason}});
  nlohmann::json out = {{"answer", answer.sentences},
                        {"notes", answer.notes},
                        {"conventions", conventions(study)},
                        {"regime", regime_name(answer.here.regime)},
                        {"here", as_json(answer.here)},
                        {"points", points},
                        {"kernel_change_at_crossover", answer.kernel_change},
                        {"crossovers", crossovers}};
  if (answer.exponent) out["exponent"] = cli::as_json(*answer.exponent);
  fmt::print("{}\n", out.dump(2));
}

// Widths down, alphas across: how much the kernel changes, and a letter for the regime.
void print_phases(const RegimeAnswer& answer) {
  fmt::print(
      "\nChange of the tangent kernel, |K_end - K_0| / |K_0|: F features (at least {:g}), L lazy (at most {:g}), "
      "c between\n  {:>8}",
      answer.kernel_change, 0.1 * answer.kernel_change, "width");
  const double first = answer.points.front().width;
  for (const RegimePoint& point : answer.points)
    if (point.width == first) fmt::print("  {:>11}", fmt::format("alpha {:g}", point.alpha));
  double width = std::nan("");
  for (const RegimePoint& point : answer.points) {
    if (point.width != width) fmt::print("\n  {:>8}", width = point.width);
    const char* const letter = point.regime == Regime::features    ? " F"
                               : point.regime == Regime::lazy      ? " L"
                               : point.regime == Regime::crossover ? " c"
                                                                   : " ?";
    fmt::print("  {:>11}", report::short_number(point.kernel_change.value, 2) + letter);
  }
  fmt::print("\n\n  {:>8}  {:>9}  95% interval\n", "width", "alpha*");
  for (const RegimeCrossover& one : answer.crossovers)
    fmt::print("  {:>8}  {:>9}  {}\n", one.width, report::short_number(one.alpha),
               std::isfinite(one.interval.low) ? fmt::format("[{:.3g}, {:.3g}]", one.interval.low, one.interval.high)
                                               : one.reason);
}

void print_answer(const Study& study, const RegimeAnswer& answer) {
  const report::TableStyle style = report::style_for(STDOUT_FILENO);
  std::vector<std::string> sentences = answer.sentences;
  for (const std::string& convention : conventions(study)) sentences.push_back(convention);
  for (const std::string& sentence : sentences)
    for (const std::string& line : report::wrap(report::single_line(sentence), style.width)) fmt::print("{}\n", line);
  print_phases(answer);
  for (const RegimePoint& point : answer.points)
    for (const auto& [runs, what] : {std::pair{&point.absent, "missing here"}, {&point.ends, "not converged"}})
      if (!runs->empty())
        fmt::print("  width {}, alpha {:g}: {} of {} runs {} ({})\n", point.width, point.alpha, runs->size(),
                   point.runs, what, report::single_line(runs->front()));
  if (answer.exponent) fmt::print("\n{}", report::verdict_table(report::verdict_rows({*answer.exponent}), style));
}

void answer(Options& options) {
  RegimeQuestion question = question_of(options);
  if (options.own.given()) question = fitted(std::move(question));
  const Study study = regime_study(question);
  for (const std::string& note : regime_notes(question)) notice("{}\n", report::single_line(note));
  if (!options.write.empty()) {
    write_file(options.write, regime_study_text(question));
    notice("Study: {}\n", std::filesystem::absolute(options.write).string());
    return;
  }
  install_interrupt_handlers();
  print_summary(run_study(study, options.run));
  const StoreReader reader(options.run.store);
  const RegimeAnswer answer = answer_regime(question, study, reader);
  if (options.json)
    print_json(study, answer);
  else
    print_answer(study, answer);
  if (options.report.empty()) return;
  Study answered = study;  // the page begins with the answer
  answered.description = fmt::format("{} {}", fmt::join(answer.sentences, " "), fmt::join(answer.notes, " "));
  report::write_report(options.report, answered, reader, judge(study, reader));
  notice("Report: {}\n", std::filesystem::absolute(options.report).string());
}

}  // namespace

void add_regime(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("regime", "In which regime does a network train: lazy, features, or between?");
  auto options = std::make_shared<Options>();
  RegimeQuestion& question = options->question;
  options->run.store = "widthwise-store";
  verb->add_option("STUDY", question.file,
                   "A study file whose settings describe the network (default: three hidden layers on Fashion-MNIST)");
  verb->add_option("--variant", question.variant, "Apply the study's [variant.NAME]");
  verb->add_option("--set", options->set, "Override a setting: --set data.train=128 (repeatable)")->take_all();
  verb->add_option("--width", options->width, "The network's own width (architecture.width)");
  verb->add_option("--alpha", options->alpha, "Its own alpha (training.alpha)");
  options->own.add_to(*verb);
  verb->add_option("--widths", question.widths, "Widths beside it (default: a quarter, half and twice its own)")
      ->delimiter(',');
  verb->add_option("--alphas", options->alphas, "Range of alpha")->capture_default_str();
  verb->add_option("--grid", question.alphas, "Values of alpha in it")->capture_default_str();
  verb->add_option("--seeds", question.seeds, "Initializations of each")->capture_default_str();
  verb->add_option("--kernel-change", question.kernel_change, "The kernel's change at alpha*")->capture_default_str();
  verb->add_option("--store", options->run.store, "Folder of recorded runs")->capture_default_str();
  verb->add_option("--data-dir", options->run.data_dir, "Where data sets are looked for first");
  verb->add_option("--threads", options->run.threads, "Worker threads (default: one a core)")
      ->check(CLI::Range(1, 4096));
  verb->add_option("--report", options->report, "Write a page with the phase diagram here");
  verb->add_option("--write", options->write, "Only write the study it would run here, for `widthwise run`");
  verb->add_flag("--json", options->json, "The answer as JSON");
  verb->add_flag("--yes", options->run.yes, fmt::format("Consent to more than {} runs", runs_without_consent));
  verb->add_flag("--quiet", options->run.quiet, "No progress");
  verb->footer("Example: widthwise regime studies/quickstart.toml --widths 32,64 --report regime.html");
  verb->callback([options] { answer(*options); });
}

}  // namespace widthwise::cli
