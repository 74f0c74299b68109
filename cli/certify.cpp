#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "json.h"
#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "verdicts.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/write_file.h"
#include "widthwise/inquiry/certify.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/text.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise::cli {

namespace {

constexpr int not_certified = 1;

struct Options {
  CertifyQuestion question;
  std::vector<std::string> set;
  std::map<std::string, std::string> given;  // key and value
  RunOptions run;
  std::filesystem::path report, write;
  bool json = false;
};

struct Short {
  const char *name, *key;
};
constexpr std::array<Short, 6> shorts{{{"--scheme", "parameterization.name"},
                                       {"--optimizer", "training.optimizer"},
                                       {"--hidden-layers", "architecture.hidden_layers"},
                                       {"--activation", "architecture.activation"},
                                       {"--rate", "training.learning_rate"},
                                       {"--weight-decay", "training.weight_decay"}}};

const char* mark_name(CertificateRow::Mark mark) {
  constexpr std::array names{"passes", "fails", "undecided"};
  return names[static_cast<std::size_t>(mark)];
}

void print_json(const CertifyQuestion& question, const Certificate& certificate) {
  nlohmann::json rows = nlohmann::json::array();
  for (const CertificateRow& row : certificate.rows)
    rows.push_back({{"layer", row.expected.layer},
                    {"block", row.expected.block},
                    {"quantity", quantity_name(row.expected.quantity)},
                    {"exponent", to_string(row.expected.exponent)},
                    {"without_epsilon_and_decay", to_string(row.expected.without)},
                    {"mark", mark_name(row.mark)},
                    {"word", row.word},
                    {"judgement", as_json(row.judgement)}});
  const nlohmann::json out = {{"certified", certificate.certified},
                              {"outcome", certificate.outcome.outcome},
                              {"reasons", certificate.outcome.reasons},
                              {"answer", certificate.sentences},
                              {"notes", certificate.notes},
                              {"widths", question.widths},
                              {"steps", question.steps},
                              {"seeds", question.seeds},
                              {"tolerance", question.tolerance},
                              {"diverged", certificate.diverged},
                              {"rows", rows}};
  fmt::print("{}\n", out.dump(2));
}

// "-1", or "0 -> -1": without epsilon and decay, and at infinite width.
std::string exponents(const Expectation& row) {
  const std::string end = to_string(row.exponent);
  return row.without == row.exponent ? end : fmt::format("{} -> {}", to_string(row.without), end);
}

void print_rows(const Certificate& certificate) {
  std::vector<std::array<std::string, 6>> lines{
      {"tensor", "", "predicted", "measured [95% interval]", "theory", "verdict"}};
  int layer = 0;
  for (const CertificateRow& row : certificate.rows) {
    const bool first = std::exchange(layer, row.expected.layer) != row.expected.layer;
    const std::string measured = report::verdict_rows({row.judgement}).front().measured;
    lines.push_back({first ? fmt::format("W_{} {}", layer, row.expected.block) : std::string(),
                     quantity_name(row.expected.quantity), exponents(row.expected), measured,
                     std::string(verdict_name(row.judgement.verdict)), row.word});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], report::display_width(line[i]));
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += i + 1 < line.size() ? report::pad_right(line[i], widths[i] + 2) : line[i];
    fmt::print("  {}\n", text);
  }
}

void print_certificate(const Certificate& certificate) {
  const std::size_t width = report::style_for(STDOUT_FILENO).width;
  for (std::size_t i = 0; i < certificate.sentences.size(); ++i) {
    for (const std::string& line : report::wrap(report::single_line(certificate.sentences[i]), width))
      fmt::print("{}\n", line);
    if (i == 0) {
      fmt::print("\n");
      print_rows(certificate);
      fmt::print("\n");
    }
  }
}

int answer(const Options& options) {
  CertifyQuestion question = options.question;
  for (const auto& [key, value] : options.given)
    if (!value.empty()) question.settings.emplace_back(key, value);
  for (const std::string& assignment : options.set) question.settings.push_back(split_assignment(assignment, "--set"));
  const Study study = certify_study(question);
  for (const std::string& note : certify_notes(question)) notice("{}\n", report::single_line(note));
  if (!options.write.empty()) {
    write_file(options.write, certify_study_text(question));
    notice("Study: {}\n", std::filesystem::absolute(options.write).string());
    return 0;
  }
  install_interrupt_handlers();
  print_summary(run_study(study, options.run));
  const StoreReader reader(options.run.store);
  const Certificate found = certificate(question, study, reader);
  if (options.json)
    print_json(question, found);
  else
    print_certificate(found);
  if (!options.report.empty()) {
    Study answered = study;  // the page begins with the answer
    answered.description = fmt::format("{} {}", fmt::join(found.sentences, " "), fmt::join(found.notes, " "));
    std::vector<Judgement> judgements;
    for (const CertificateRow& row : found.rows) judgements.push_back(row.judgement);
    report::write_report(options.report, answered, reader, judgements);
    notice("Report: {}\n", std::filesystem::absolute(options.report).string());
  }
  return found.certified ? 0 : not_certified;
}

}  // namespace

void add_certify(CLI::App& app, int& exit) {
  auto* verb = app.add_subcommand(
      "certify", "Does a configuration scale? Every tensor's exponents in the width, predicted and measured");
  auto options = std::make_shared<Options>();
  CertifyQuestion& question = options->question;
  options->run.store = "widthwise-store";
  verb->add_option("STUDY", question.file,
                   "A study file whose settings describe network, optimizer and data (default: two hidden layers on "
                   "generated data)");
  for (const Short& option : shorts)
    verb->add_option(option.name, options->given[option.key], fmt::format("Short for --set {}=", option.key));
  verb->add_option("--variant", question.variant, "Apply the study's [variant.NAME]");
  verb->add_option("--set", options->set, "Override a setting: --set training.optimizer=adamw (repeatable)")
      ->take_all();
  verb->add_option("--widths", question.widths, "Two widths or more")->delimiter(',')->capture_default_str();
  verb->add_option("--seeds", question.seeds, "Initializations of each")->capture_default_str();
  verb->add_option("--steps", question.steps, "Updates, at the file's own rates")->capture_default_str();
  verb->add_option("--samples", question.samples, "Training samples at most")->capture_default_str();
  verb->add_option("--tolerance", question.tolerance, "Of exponents")->capture_default_str();
  verb->add_option("--store", options->run.store, "Folder of recorded runs")->capture_default_str();
  verb->add_option("--data-dir", options->run.data_dir, "Where data sets are looked for first");
  verb->add_option("--threads", options->run.threads, "Worker threads (default: one a core)")
      ->check(CLI::Range(1, 4096));
  verb->add_option("--report", options->report, "Write a page with all checks and figures here");
  verb->add_option("--write", options->write, "Only write the study it would run here, for `widthwise run`");
  verb->add_flag("--json", options->json, "The certificate as JSON");
  verb->add_flag("--yes", options->run.yes, fmt::format("Consent to more than {} runs", runs_without_consent));
  verb->add_flag("--quiet", options->run.quiet, "No progress");
  verb->footer(
      "Exit code: 0 certified, 1 not certified.\nExample: widthwise certify my-study.toml --report c.html\n         "
      "widthwise certify --scheme mup "
      "--optimizer adamw --weight-decay 0.1");
  verb->callback([options, &exit] { exit = answer(*options); });
}

}  // namespace widthwise::cli
