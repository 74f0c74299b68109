#include "widthwise/study/own_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/data/user_files.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/grid.h"

namespace widthwise {

namespace {

const std::vector<std::string>& count_keys() {
  static const std::vector<std::string> keys{"data.train", "data.test", "data.validation"};
  return keys;
}

struct Counts {
  Index train = 0, test = 0, validation = 0;

  bool fit(const Available& there) const {
    const Index split = train + validation + (there.own_test ? 0 : test);
    return std::min({train - 1, test, validation}) >= 0 && split <= there.train &&
           (!there.own_test || test <= there.test);
  }
};

Counts fitted(const Counts& asked, const Available& there, const std::set<std::string>& kept) {
  const bool keeps_train = kept.contains("data.train"), keeps_test = there.own_test || kept.contains("data.test"),
             keeps_validation = kept.contains("data.validation");
  Counts counts = asked;
  if (there.own_test && !kept.contains("data.test")) counts.test = std::min(asked.test, there.test);
  const Index split_off = there.own_test ? 0 : counts.test;
  const Index fifth = std::max<Index>(1, there.train / (there.own_test ? 4 : 5));
  if (!keeps_train) {
    if (!keeps_test) counts.test = fifth;
    if (!keeps_validation && asked.validation > 0) counts.validation = fifth;
    counts.train = there.train - counts.validation - (there.own_test ? 0 : counts.test);
    return counts;
  }
  const Index rest = there.train - counts.train;  // what is given on the command line leaves
  if (keeps_test && !keeps_validation) counts.validation = std::min(asked.validation, rest - split_off);
  if (!keeps_test && keeps_validation) counts.test = std::min(asked.test, rest - counts.validation);
  if (!keeps_test && !keeps_validation) {
    counts.validation = std::min(asked.validation, rest / 2);
    counts.test = std::min(asked.test, rest - counts.validation);
  }
  return counts;
}

std::string sentence(const Counts& counts) {
  std::string text = fmt::format("{} for training", counts.train);
  if (counts.validation > 0) text += fmt::format(", {} for validation", counts.validation);
  return text + fmt::format(", {} for test", counts.test);
}

// The settings of a sweep's first point.
Settings first_point(const Study& study, const Sweep& sweep) {
  Settings settings = study.base;
  for (const auto& [key, value] : sweep.set) settings[key] = value;
  for (const Axis& axis : sweep.axes) settings[axis.key] = axis.values.front();
  return settings;
}

}  // namespace

std::string fit_samples(Study& study, const std::set<std::string>& kept) {
  std::string notice;
  for (Sweep& sweep : study.sweeps) {
    const auto is_count = [](const Axis& axis) {
      return std::ranges::find(count_keys(), axis.key) != count_keys().end();
    };
    if (std::ranges::any_of(sweep.axes, is_count)) continue;
    const std::map<std::string, Value> settings = evaluated_settings(first_point(study, sweep));
    const DataOptions options = data_options(settings);
    if (!is_user_data(options.name)) continue;
    const Available there = available_samples(options);
    const Counts asked{options.train, options.test, options.validation};
    if (asked.fit(there)) continue;
    const Counts counts = fitted(asked, there, kept);
    if (!counts.fit(there))
      throw ConfigError({{}, kept.empty() ? "data.file" : *kept.begin()},
                        fmt::format("samples that {} has ({}{})", options.file, there.train,
                                    there.own_test ? fmt::format(", test file {}", there.test) : ""),
                        sentence(asked));
    sweep.set["data.train"] = Value{std::int64_t{counts.train}, command_line};
    sweep.set["data.test"] = Value{std::int64_t{counts.test}, command_line};
    sweep.set["data.validation"] = Value{std::int64_t{counts.validation}, command_line};
    const std::string line =
        fmt::format("{} has {} samples{}; the study asks for {}. Taken: {}.\n", options.file, there.train,
                    there.own_test ? fmt::format(" and {} {}", options.test_file, there.test) : "", sentence(asked),
                    sentence(counts));
    if (notice.find(line) == std::string::npos) notice += line;
  }
  return notice;
}

}  // namespace widthwise
