#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
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
#include "widthwise/inquiry/transfer.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/page.h"
#include "widthwise/report/svg.h"
#include "widthwise/report/text.h"
#include "widthwise/report/transfer_figure.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise::cli {

namespace {

constexpr int drifts = 1;

struct Options {
  TransferQuestion question;
  std::vector<std::string> set;
  std::map<std::string, std::string> given;  // key and value
  std::string over = "width", spacing = "auto", span;
  std::vector<double> at, depths;
  int extend = 3;
  RunOptions run;
  std::filesystem::path report, figure, write;
  bool json = false, strict = false;
};

struct Short {
  const char *name, *key;
};
constexpr std::array<Short, 5> shorts{{{"--scheme", "parameterization.name"},
                                       {"--optimizer", "training.optimizer"},
                                       {"--activation", "architecture.activation"},
                                       {"--rate", "training.learning_rate"},
                                       {"--steps", "training.steps"}}};

double number_of(const std::string& text) {
  try {
    std::size_t end = 0;
    const double value = std::stod(text, &end);
    if (end == text.size()) return value;
  } catch (const std::logic_error&) {  // no number, or too large
  }
  throw ConfigError({"command line", "--span"}, "a range of the setting, as 0.001:1", "'" + text + "'");
}

void read_span(const std::string& text, TransferQuestion& question) {
  if (text.empty()) return;
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    throw ConfigError({"command line", "--span"}, "a range of the setting, as 0.001:1", "'" + text + "'");
  question.lowest = number_of(text.substr(0, colon));
  question.highest = number_of(text.substr(colon + 1));
}

// --at are the scales asked over; over both, the widths.
TransferQuestion question_of(const Options& options) {
  using Over = TransferQuestion::Over;
  using Spacing = TransferQuestion::Spacing;
  TransferQuestion question = options.question;
  question.over = options.over == "width" ? Over::width : options.over == "depth" ? Over::depth : Over::both;
  question.spacing = options.spacing == "auto"   ? Spacing::by_key
                     : options.spacing == "log2" ? Spacing::log2
                                                 : Spacing::linear;
  if (!options.depths.empty() && question.over != Over::both)
    throw ConfigError({"command line", "--depths"}, "--over both, where --at are the widths", "--over " + options.over);
  (question.over == Over::depth ? question.depths : question.widths) = options.at;
  if (question.over == Over::both) question.depths = options.depths;
  read_span(options.span, question);
  for (const auto& [key, value] : options.given)
    if (!value.empty()) question.settings.emplace_back(key, value);
  for (const std::string& assignment : options.set) question.settings.push_back(split_assignment(assignment, "--set"));
  return question;
}

nlohmann::json as_json(const Measurement& measured) {
  return {{"value", json_number(measured.value)},
          {"interval", json_interval(measured.interval.low, measured.interval.high)}};
}

// Places as values of the setting.
nlohmann::json place_json(const TransferAnswer& answer, double place, const Interval& interval) {
  return {{"value", json_number(answer.value_at(place))},
          {"interval", json_interval(answer.value_at(interval.low), answer.value_at(interval.high))}};
}

const char* edge_name(Optimum::Edge edge) {
  return edge == Optimum::Edge::none ? "none" : edge == Optimum::Edge::lower ? "lower" : "upper";
}

nlohmann::json as_json(const TransferAnswer& answer, const ScaleOptimum& scale) {
  nlohmann::json losses = nlohmann::json::array();
  for (const double loss : scale.mean_loss) losses.push_back(json_number(loss));
  return {{"scale", scale.scale},
          {"optimum", place_json(answer, scale.place.value, scale.place.interval)},
          {"edge", edge_name(scale.minimum.edge)},
          {"beside_divergence", scale.minimum.beside_divergence},
          {"loss", as_json(scale.loss)},
          {"given_away", as_json(scale.given_away)},
          {"ratio", as_json(scale.ratio)},
          {"largest_stable", json_number(answer.value_at(scale.largest_stable))},
          {"stable_to_end", scale.stable_to_end},
          {"mean_loss", losses}};
}

nlohmann::json as_json(const TransferAnswer& answer, const TransferLine& line) {
  nlohmann::json scales = nlohmann::json::array();
  for (const ScaleOptimum& scale : line.transfer.scales) scales.push_back(as_json(answer, scale));
  const Decision& drift = line.transfer.drift;
  return {{"along", line.along},
          {"at", line.at ? nlohmann::json(*line.at) : nlohmann::json()},
          {"verdict", word_name(line.transfer.word)},
          {"reason", line.transfer.reason},
          {"advice", line.transfer.advice},
          {"drift",
           {{"value", json_number(drift.measured)},
            {"interval", json_interval(drift.interval.low, drift.interval.high)},
            {"statistical", json_number(drift.statistical)},
            {"systematic", json_number(drift.systematic)},
            {"verdict", verdict_name(drift.verdict)}}},
          {"limit", place_json(answer, line.transfer.limit.limit, line.transfer.limit.interval)},
          {"scales", scales}};
}

nlohmann::json as_json(const TransferAnswer& answer, const LimitOrders& orders) {
  static constexpr const char* words[] = {"yes", "no", "unknown"};
  return {{"commute", words[static_cast<std::size_t>(orders.commute)]},
          {"width_first", place_json(answer, orders.width_first.limit, orders.width_first_interval)},
          {"depth_first", place_json(answer, orders.depth_first.limit, orders.depth_first_interval)},
          {"mixed", as_json(orders.mixed)},
          {"effect", as_json(orders.effect)},
          {"reason", orders.reason}};
}

void print_json(const TransferQuestion& question, const TransferAnswer& answer) {
  nlohmann::json lines = nlohmann::json::array();
  for (const TransferLine& line : answer.lines) lines.push_back(as_json(answer, line));
  nlohmann::json out = {{"verdict", word_name(answer.word)},
                        {"answer", answer.sentences},
                        {"notes", answer.notes},
                        {"key", answer.grid.key},
                        {"value", answer.grid.value},
                        {"values", answer.grid.values},
                        {"log2", answer.grid.log2},
                        {"seeds", answer.grid.seeded ? question.seeds : 0},
                        {"tolerance", question.tolerance},
                        {"loss_tolerance", question.loss_tolerance},
                        {"runs", {{"all", answer.runs}, {"diverged", answer.diverged}, {"missing", answer.missing}}},
                        {"lines", lines}};
  if (answer.orders) out["orders"] = as_json(answer, *answer.orders);
  fmt::print("{}\n", out.dump(2));
}

std::string cell(double value, const Interval& interval) {
  const std::string text = report::short_number(value);
  return std::isnan(interval.low) ? text
                                  : fmt::format("{} [{}, {}]", text, report::short_number(interval.low),
                                                report::short_number(interval.high));
}

std::string remark(const ScaleOptimum& scale) {
  if (scale.minimum.edge == Optimum::Edge::lower) return "at the lower end";
  if (scale.minimum.edge == Optimum::Edge::upper) return "at the upper end";
  return scale.minimum.beside_divergence ? "beside divergence" : "";
}

void print_line(const TransferAnswer& answer, const TransferLine& line) {
  std::vector<std::array<std::string, 6>> rows{
      {line.along, "optimum [95% interval]", "loss", "carried: loss ratio", "largest stable", ""}};
  for (const ScaleOptimum& scale : line.transfer.scales) {
    const Interval& places = scale.place.interval;
    const double stable = answer.value_at(scale.largest_stable);
    rows.push_back(
        {fmt::format("{:g}", scale.scale),
         cell(answer.value_at(scale.place.value), {answer.value_at(places.low), answer.value_at(places.high)}),
         report::short_number(scale.loss.value),
         std::isinf(scale.given_away.value) ? "diverges" : cell(scale.ratio.value, scale.ratio.interval),
         (scale.stable_to_end ? "all, to " : "") + report::short_number(stable), remark(scale)});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], report::display_width(row[i]));
  if (line.at) fmt::print("  at {} = {:g}\n", line.other, *line.at);
  for (const auto& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) text += report::pad_right(row[i], widths[i] + 2);
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("  {}\n", text);
  }
  fmt::print("\n");
}

void print_answer(const TransferAnswer& answer) {
  const std::size_t width = report::style_for(STDOUT_FILENO).width;
  for (std::size_t i = 0; i < answer.sentences.size(); ++i) {
    for (const std::string& line : report::wrap(report::single_line(answer.sentences[i]), width))
      fmt::print("{}\n", line);
    if (i > 0) continue;
    fmt::print("\n");
    for (const TransferLine& line : answer.lines) print_line(answer, line);
  }
}

void check_figure_name(const std::filesystem::path& file) {
  if (!file.empty() && file.extension() != ".svg")
    throw ConfigError({"command line", "--figure"}, "a file name that ends in .svg", "'" + file.string() + "'");
}

void write_page(const Options& options, const Study& study, const StoreReader& reader, const TransferAnswer& answer,
                const report::Figure& figure) {
  Study answered = study;  // the page begins with the answer
  answered.description = fmt::format("{} {}", fmt::join(answer.sentences, " "), fmt::join(answer.notes, " "));
  report::Page page = report::build_page(answered, reader, {});
  page.figures.push_back(figure);
  report::write_page(options.report, page);
  notice("Report: {}\n", std::filesystem::absolute(options.report).string());
}

int answer(const Options& options) {
  TransferQuestion question = question_of(options);
  check_figure_name(options.figure);
  Study study = transfer_study(question);
  for (const std::string& note : transfer_notes(question)) notice("{}\n", report::single_line(note));
  if (!options.write.empty()) {
    write_file(options.write, transfer_study_text(question));
    notice("Study: {}\n", std::filesystem::absolute(options.write).string());
    return 0;
  }
  install_interrupt_handlers();
  print_summary(run_study(study, options.run));
  for (int pass = 0; pass < options.extend; ++pass) {
    const auto wider = widened_question(question, study, StoreReader(options.run.store));
    if (!wider) break;
    question = *wider;
    study = transfer_study(question);
    notice("An optimum lies at an end of the grid, which is widened.\n");
    print_summary(run_study(study, options.run));
  }
  const StoreReader reader(options.run.store);
  const TransferAnswer found = answer_transfer(question, study, reader);
  if (options.json)
    print_json(question, found);
  else
    print_answer(found);
  const report::Figure figure = report::transfer_figure(found);
  if (!options.figure.empty()) {
    write_file(options.figure, report::figure_svg(figure));
    notice("Drawn: {}\n", std::filesystem::absolute(options.figure).string());
  }
  if (!options.report.empty()) write_page(options, study, reader, found, figure);
  return options.strict && found.word == Transfer::Word::drifts ? drifts : 0;
}

}  // namespace

void add_transfer(CLI::App& app, int& exit) {
  auto* verb = app.add_subcommand(
      "transfer", "Does the best learning rate, or any setting, transfer from small models to large ones?");
  auto options = std::make_shared<Options>();
  TransferQuestion& question = options->question;
  options->run.store = "widthwise-store";
  verb->add_option("STUDY", question.file,
                   "A study file whose settings describe network, optimizer and data (default: two hidden layers on "
                   "generated classes)");
  for (const Short& option : shorts)
    verb->add_option(option.name, options->given[option.key], fmt::format("Short for --set {}=", option.key));
  verb->add_option("--variant", question.variant, "Apply the study's [variant.NAME]");
  verb->add_option("--set", options->set, "Override a setting: --set training.optimizer=adamw (repeatable)")
      ->take_all();
  verb->add_option("--key", question.key, "The setting that is to transfer (default: the learning rate)");
  verb->add_option("--over", options->over, "width, depth or both")
      ->check(CLI::IsMember({"width", "depth", "both"}))
      ->capture_default_str();
  verb->add_option("--at", options->at, "Two scales or more (default of widths: 64,128,256,512, of depths: 1,2,4,8)")
      ->delimiter(',');
  verb->add_option("--depths", options->depths, "With --over both, where --at are the widths")->delimiter(',');
  verb->add_option("--seeds", question.seeds, "Initializations of each")->capture_default_str();
  verb->add_option("--span", options->span, "Range of the setting, as 0.001:1 (default: a factor of 8 around its own)");
  verb->add_option("--grid-step", question.step, "Step of the grid, in log2 of the setting (default: 0.5) or linear");
  verb->add_option("--spacing", options->spacing, "Of the grid: log2, linear, or auto: log2 of what is always above 0")
      ->check(CLI::IsMember({"auto", "log2", "linear"}))
      ->capture_default_str();
  verb->add_option("--extend", options->extend, "How often the grid is widened where an optimum lies at its end")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  verb->add_option("--value", question.value, "What is minimised (default: final.test_loss, or final.train_loss)");
  verb->add_option("--cap", question.cap, "Stable runs end below this loss (default: the largest they begin with)");
  verb->add_option("--tolerance", question.tolerance, "Of the drift's exponent")->capture_default_str();
  verb->add_option("--loss-tolerance", question.loss_tolerance, "Share of the loss that may be given away")
      ->capture_default_str();
  verb->add_option("--store", options->run.store, "Folder of recorded runs")->capture_default_str();
  verb->add_option("--data-dir", options->run.data_dir, "Where data sets are looked for first");
  verb->add_option("--threads", options->run.threads, "Worker threads (default: one a core)")
      ->check(CLI::Range(1, 4096));
  verb->add_option("--figure,--svg", options->figure, "Draw the curves and their optima into an SVG file");
  verb->add_option("--report", options->report, "Write a page with the answer and the curves here");
  verb->add_option("--write", options->write, "Only write the study it would run first here, for `widthwise run`");
  verb->add_flag("--json", options->json, "The answer as JSON");
  verb->add_flag("--strict", options->strict, "Exit code 1 where it drifts");
  verb->add_flag("--yes", options->run.yes, fmt::format("Consent to more than {} runs", runs_without_consent));
  verb->add_flag("--quiet", options->run.quiet, "No progress");
  verb->footer(
      "Example: widthwise transfer my-study.toml --figure t.svg\n         widthwise transfer --scheme standard "
      "--optimizer "
      "adam --strict");
  verb->callback([options, &exit] { exit = answer(*options); });
}

}  // namespace widthwise::cli
