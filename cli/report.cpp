#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "verdicts.h"
#include "widthwise/base/error.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/explain.h"
#include "widthwise/report/figure_files.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/store/reader.h"

namespace widthwise::cli {

namespace {

struct Options {
  StudyOptions study;
  std::filesystem::path output = "report.html", figures;
  std::string explain;
  bool json = false, strict = false;
};

void explain(const std::vector<Judgement>& judgements, const std::string& name) {
  std::vector<std::string> names;
  for (const Judgement& judgement : judgements) {
    if (judgement.name == name) {
      fmt::print("{}", report::explain(report::verdict_row(judgement), report::style_for(STDOUT_FILENO).width));
      return;
    }
    names.push_back(judgement.name);
  }
  throw ConfigError({"command line", "--explain"}, "the name of a prediction", "'" + name + "'",
                    unknown_name_hint(name, names));
}

int report_study(const Options& options) {
  const Study study = options.study.read();
  const StoreReader reader(options.study.store);
  const std::vector<Judgement> judgements = judge(study, reader);
  const int exit = options.strict && !all_agree(judgements) ? 1 : 0;
  if (!options.explain.empty()) {
    explain(judgements, options.explain);
    return exit;
  }
  print_verdicts(study, judgements, reader, options.json);
  report::write_report(options.output, study, reader, judgements);
  notice("Report: {}\n", std::filesystem::absolute(options.output).string());
  if (!options.figures.empty()) {
    const auto files = report::write_figure_files(options.figures, report::build_figures(study, reader));
    notice("{} figure files in {}\n", files.size(), std::filesystem::absolute(options.figures).string());
  }
  return exit;
}

}  // namespace

void add_report(CLI::App& app, int& exit) {
  auto* verb = app.add_subcommand("report", "Write a study's page, also while it runs; explain a verdict");
  auto options = std::make_shared<Options>();
  options->study.add_to(*verb);
  verb->add_option("--output,-o", options->output, "The page")->capture_default_str();
  verb->add_option("--figures", options->figures, "Also write every figure here: CSV, Plotly JSON, gnuplot script");
  auto* explained =
      verb->add_option("--explain", options->explain, "Only print this verdict's points, fit, dropped runs and rule");
  verb->add_flag("--strict", options->strict, "Exit code 1 unless every prediction agrees");
  verb->add_flag("--json", options->json, "Verdicts as JSON")->excludes(explained);
  verb->footer("Example: widthwise report studies/quickstart.toml --store build/demo --figures figures");
  verb->callback([options, &exit] { exit = report_study(*options); });
}

}  // namespace widthwise::cli
