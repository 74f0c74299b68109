#include "widthwise/report/build_page.h"
#include "widthwise/study/conventions.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "widthwise/base/progress.h"
#include "widthwise/report/build_figure.h"
#include "widthwise/report/page.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/search.h"
#include "widthwise/study/warnings.h"

namespace widthwise::report {
namespace {

constexpr std::size_t most_variants_shown = 4;

std::set<std::string> identities_of(const Study& study, const StoreReader& reader) {
  std::set<std::string> identities;
  for (const Sweep& sweep : study.sweeps) {
    for (const GridPoint& point : points_of(study, sweep, reader)) identities.insert(point.configuration.identity());
  }
  return identities;
}

// What the runs of a study say about where and how they were computed.
struct Records {
  std::size_t found = 0, diverged = 0;
  double seconds = 0;
  std::map<std::string, std::set<std::string>> provenance;
};

Records read_records(const std::set<std::string>& wanted, const StoreReader& reader) {
  Records records;
  reader.for_each([&](const RunRecord& run) {
    if (!wanted.contains(run.identity)) return;
    ++records.found;
    if (run.status == "diverged") ++records.diverged;
    records.seconds += run.seconds;
    for (const auto& [key, value] : run.provenance) records.provenance[key].insert(value);
  });
  return records;
}

std::string joined(const std::set<std::string>& values) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& value : values) {
    if (shown++ == most_variants_shown) return text + fmt::format("; and {} more", values.size() - most_variants_shown);
    text += (text.empty() ? "" : "; ") + value;
  }
  return text;
}

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return text;
}

std::string settings_text(const Study& study) {
  std::string text = study.variant.empty() ? "# Settings of every run\n"
                                           : fmt::format("# Settings of every run, variant {}\n", study.variant);
  for (const auto& [key, value] : study.base) text += fmt::format("{} = {}\n", key, to_json(value));
  std::ifstream file(study.file, std::ios::binary);
  const std::string source{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!source.empty()) text += fmt::format("\n# {}\n{}", study.file.filename().string(), source);
  return text;
}

std::vector<std::string> warnings_of(const StoreReader& reader) {
  std::vector<std::string> warnings;
  for (const auto& file : reader.busy_files()) {
    warnings.push_back(
        fmt::format("The newest runs of {} could not be seen: its writer held the file.", file.filename().string()));
  }
  return warnings;
}

}  // namespace

std::vector<Figure> build_figures(const Study& study, const StoreReader& reader) {
  std::vector<Figure> figures;
  for (const FigureSpec& spec : study.figures) figures.push_back(build_figure(study, spec, reader));
  return figures;
}

Page build_page(const Study& study, const StoreReader& reader, const std::vector<Judgement>& judgements) {
  const std::set<std::string> identities = identities_of(study, reader);
  const Records records = read_records(identities, reader);
  Page page;
  page.title = study.title.empty() ? study.file.stem().string() : study.title;
  page.description = study.description;
  page.conventions = conventions(study);
  page.finished = records.found;
  page.total = identities.size();
  page.diverged = records.diverged;
  page.warnings = warnings_of(reader);
  for (std::string& warning : warnings(study)) page.warnings.push_back(std::move(warning));
  page.verdicts = verdict_rows(judgements);
  page.figures = build_figures(study, reader);
  page.configuration = settings_text(study);
  for (const auto& [key, values] : records.provenance) page.provenance.emplace_back(key, joined(values));
  page.provenance.emplace_back("computing time", human_time(records.seconds));
  page.provenance.emplace_back("report written", now());
  return page;
}

void write_report(const std::filesystem::path& path, const Study& study, const StoreReader& reader,
                  const std::vector<Judgement>& judgements) {
  write_page(path, build_page(study, reader, judgements));
}

}  // namespace widthwise::report
