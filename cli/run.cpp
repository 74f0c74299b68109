#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "study_options.h"
#include "terminal.h"
#include "verbs.h"
#include "verdicts.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/progress.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/text.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/plan.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/schedule.h"
#include "widthwise/study/warnings.h"

namespace widthwise::cli {

namespace {

struct Options {
  StudyOptions study;
  RunOptions run;
  std::filesystem::path report;
  bool dry_run = false, strict = false, json = false;
};

void print_plan(const Study& study, const Plan& plan) {
  fmt::print("{}\n", report::single_line(study.title));
  fmt::print("  {:<24} {:>8} {:>8} {:>8}\n", "sweep", "runs", "done", "to do");
  for (const SweepPlan& sweep : plan.sweeps)
    fmt::print("  {:<24} {:>8} {:>8} {:>8}\n", sweep.sweep, sweep.runs, sweep.done, sweep.runs - sweep.done);
  fmt::print("{} distinct runs, {} to do in {} groups on {} threads: about {}, {} of disk\n", plan.runs,
             plan.runs - plan.done, plan.groups, plan.threads, human_time(plan.seconds), human_bytes(plan.bytes));
  if (plan.ahead > 0) fmt::print("searches make at most {} runs more as they go\n", plan.ahead);
}

void print_warnings(const Study& study) {
  for (const std::string& warning : warnings(study)) notice("Warning: {}\n", report::single_line(warning));
}

int run(Options& options) {
  const Study study = options.study.read();
  options.run.store = options.study.store;
  if (options.dry_run) {
    print_plan(study, plan_study(study, options.run));
    print_warnings(study);
    return 0;
  }
  install_interrupt_handlers();  // elsewhere Ctrl-C has nothing to save
  ask_consent(study, options.run.yes);
  print_warnings(study);
  print_summary(run_study(study, options.run));
  const StoreReader reader(options.study.store);
  const std::vector<Judgement> judgements = judge(study, reader);
  print_verdicts(study, judgements, reader, options.json);
  if (!options.report.empty()) {
    report::write_report(options.report, study, reader, judgements);
    notice("Report: {}\n", std::filesystem::absolute(options.report).string());
  }
  return options.strict && !all_agree(judgements) ? 1 : 0;
}

}  // namespace

void add_run(CLI::App& app, int& exit) {
  auto* verb = app.add_subcommand("run", "Run whatever a study is missing, then judge its predictions");
  auto options = std::make_shared<Options>();
  options->study.add_to(*verb);
  verb->add_option("--data-dir", options->run.data_dir, "Where data sets are looked for first");
  verb->add_option("--threads", options->run.threads, "Worker threads (default: one a core)")
      ->check(CLI::Range(1, 4096));
  verb->add_option("--report", options->report, "Write the page here when done");
  verb->add_flag("--dry-run", options->dry_run, "Only print the grid, what is left to do, time and disk");
  verb->add_flag("--yes", options->run.yes, fmt::format("Consent to more than {} runs", runs_without_consent));
  verb->add_flag("--quiet", options->run.quiet, "No progress");
  verb->add_flag("--strict", options->strict, "Exit code 1 unless every prediction agrees");
  verb->add_flag("--json", options->json, "Verdicts as JSON");
  verb->footer("Example: widthwise run studies/quickstart.toml --dry-run");
  verb->callback([options, &exit] { exit = run(*options); });
}

}  // namespace widthwise::cli
