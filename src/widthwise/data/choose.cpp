#include "widthwise/data/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "widthwise/base/error.h"
#include "widthwise/data/fingerprint.h"
#include "widthwise/data/labels.h"
#include "widthwise/data/split.h"

namespace widthwise {

namespace {

constexpr double brightest = 255;

// The samples of one file set that may be chosen: their rows and their classes, renumbered.
struct Pool {
  const Samples& samples;
  Rows rows;
  std::vector<int> classes;

  Index count() const { return static_cast<Index>(rows.size()); }
};

Pool make_pool(const Samples& samples, const std::vector<int>& kept, int class_count) {
  Pool pool{samples, {}, {}};
  const auto count = static_cast<std::size_t>(samples.count());
  if (samples.classes.empty()) {  // regression: one class of all
    pool.rows.resize(count);
    std::iota(pool.rows.begin(), pool.rows.end(), std::uint32_t{0});
    pool.classes.assign(count, 0);
    return pool;
  }
  std::vector<int> position(static_cast<std::size_t>(class_count), -1);
  for (std::size_t i = 0; i < kept.size(); ++i) position[static_cast<std::size_t>(kept[i])] = static_cast<int>(i);
  for (std::uint32_t row = 0; row < count; ++row) {
    const int now = position[static_cast<std::size_t>(samples.classes[row])];
    if (now < 0) continue;
    pool.rows.push_back(row);
    pool.classes.push_back(now);
  }
  return pool;
}

// Rows of the whole set for rows of the pool.
Rows rows_of(const Pool& pool, const Rows& chosen) {
  Rows rows;
  rows.reserve(chosen.size());
  for (const std::uint32_t row : chosen) rows.push_back(pool.rows[row]);
  return rows;
}

void read_inputs(const Samples& samples, const Rows& rows, Dataset& data) {
  data.image = samples.image;
  data.inputs.resize(static_cast<Index>(rows.size()), samples.features());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double* to = data.inputs.row(static_cast<Index>(i)).data();
    if (samples.are_bytes()) {
      const std::uint8_t* pixels = samples.pixels.data() + static_cast<Index>(rows[i]) * samples.features();
      for (Index p = 0; p < samples.features(); ++p) to[p] = pixels[p] / brightest;
    } else {
      std::copy_n(samples.inputs.row(rows[i]).data(), samples.features(), to);
    }
  }
}

struct Parts {
  Rows train, test, validation;  // of the pools
};

void check_count(const char* key, Index count, Index most, const std::string& why) {
  if (count < 0 || count > most)
    throw ConfigError({"", key}, fmt::format("0..{} samples", most), fmt::format("{}", count), why);
}

Parts choose_balanced(const Pool& train, const Pool& test, int classes, const DataOptions& o) {
  TrainAndValidation both = balanced_parts(train.classes, classes, o.train, o.validation, o.key.split("train"));
  Parts parts{std::move(both.train), {}, std::move(both.validation)};
  if (o.test > 0) parts.test = balanced_subset(test.classes, classes, o.test, o.key.split("test"), "data.test");
  return parts;
}

Parts choose_proportional(const Source& source, const Pool& train, const Pool& test, int classes,
                          const DataOptions& o) {
  const std::string there = fmt::format("{} holds {} samples", source.place, train.count());
  const Index split_off = source.own_test ? 0 : o.test;
  check_count("data.train", o.train, train.count(), there);
  if (!source.own_test)
    check_count("data.test", o.test, train.count() - o.train, fmt::format("{}, data.train takes {}", there, o.train));
  check_count("data.validation", o.validation, train.count() - o.train - split_off,
              fmt::format("{}, data.train takes {}{}", there, o.train,
                          split_off > 0 ? fmt::format(" and data.test {}", split_off) : ""));
  const Rows order = proportional_order(train.classes, classes, o.key.split("train"));
  Parts parts;
  parts.train.assign(order.begin(), order.begin() + o.train);
  parts.validation.assign(order.rbegin() + split_off, order.rbegin() + split_off + o.validation);
  if (!source.own_test) {
    parts.test.assign(order.rbegin(), order.rbegin() + o.test);
  } else if (o.test > 0) {
    check_count("data.test", o.test, test.count(), fmt::format("the test file holds {} samples", test.count()));
    const Rows all = proportional_order(test.classes, classes, o.key.split("test"));
    parts.test.assign(all.begin(), all.begin() + o.test);
  }
  return parts;
}

// Sets bring their own sizes: a number given for them must be theirs.
void check_given(const char* option, Index given, Index own) {
  if (given != 0 && given != own)
    throw ConfigError({"", fmt::format("data.{}", option)}, fmt::format("{} (what the data have), or nothing", own),
                      fmt::format("{}", given));
}

void check_counts(const DataOptions& o) {
  if (o.train < 1) throw ConfigError({"", "data.train"}, "at least one training sample", fmt::format("{}", o.train));
  if (o.test < 0) throw ConfigError({"", "data.test"}, "a number of samples", fmt::format("{}", o.test));
  if (o.validation < 0)
    throw ConfigError({"", "data.validation"}, "a number of samples", fmt::format("{}", o.validation));
}

}  // namespace

std::vector<int> kept_classes(const std::vector<std::string>& class_names, const std::vector<int>& wanted) {
  const int count = static_cast<int>(class_names.size());
  std::vector<int> kept;
  if (wanted.empty()) {
    kept.resize(class_names.size());
    std::iota(kept.begin(), kept.end(), 0);
    return kept;
  }
  const auto whole = [](const std::string& name) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc{} && end == name.data() + name.size();
  };
  const bool numbered = std::ranges::all_of(class_names, whole);
  for (const int number : wanted) {
    const auto found = std::ranges::find(class_names, fmt::format("{}", number));
    const int position = !numbered                    ? number
                         : found == class_names.end() ? -1
                                                      : static_cast<int>(found - class_names.begin());
    if (position < 0 || position >= count)
      throw ConfigError({"", "data.classes"},
                        numbered && count > 0 ? fmt::format("classes that the data have ({} of them, {} to {})", count,
                                                            class_names.front(), class_names.back())
                                              : fmt::format("numbers of classes below {}", count),
                        fmt::format("{}", number), "`widthwise data NAME` shows them");
    if (std::ranges::find(kept, position) != kept.end())
      throw ConfigError({"", "data.classes"}, "each class once", fmt::format("{} twice", number));
    kept.push_back(position);
  }
  if (kept.size() < 2) throw ConfigError({"", "data.classes"}, "at least two classes", fmt::format("{}", kept.size()));
  return kept;
}

Available available(const Source& source, const DataOptions& options) {
  const std::vector<int> kept = kept_classes(source.class_names, options.classes);
  Available found;
  found.own_test = source.own_test;
  found.train = make_pool(source.train, kept, source.class_count()).count();
  if (source.own_test) found.test = make_pool(source.test, kept, source.class_count()).count();
  return found;
}

Split choose(const Source& source, const DataOptions& options) {
  check_counts(options);
  if (!options.classes.empty() && source.train.classes.empty())
    throw ConfigError({"", "data.classes"}, "nothing: these data have no classes", "a list of classes");
  const std::vector<int> kept = kept_classes(source.class_names, options.classes);
  const std::string labels = options.labels.empty() ? "classes" : options.labels;
  const int classes = std::max(1, static_cast<int>(kept.size()));
  const Pool train = make_pool(source.train, kept, source.class_count());
  const Pool test = make_pool(source.own_test ? source.test : source.train, kept, source.class_count());
  const Parts chosen = source.proportional ? choose_proportional(source, train, test, classes, options)
                                           : choose_balanced(train, test, classes, options);
  const auto dataset = [&](const Pool& pool, const Rows& rows) {
    Dataset data;
    data.name = source.name;
    read_inputs(pool.samples, rows_of(pool, rows), data);
    if (pool.samples.classes.empty()) {
      data.targets.resize(static_cast<Index>(rows.size()), pool.samples.values.cols());
      for (std::size_t i = 0; i < rows.size(); ++i)
        data.targets.row(static_cast<Index>(i)) = pool.samples.values.row(rows[i]);
      return data;
    }
    for (const std::uint32_t row : rows) data.classes.push_back(pool.classes[row]);
    for (const int c : kept) data.class_names.push_back(source.class_names[static_cast<std::size_t>(c)]);
    data.targets = class_targets(labels, data.classes, classes);
    return data;
  };
  Split split;
  split.source = source.place;
  split.train = dataset(train, chosen.train);
  split.test = options.test > 0 ? dataset(test, chosen.test) : empty_like(split.train);
  split.validation = options.validation > 0 ? dataset(train, chosen.validation) : empty_like(split.train);
  check_given("dimension", options.dimension, split.train.features());
  check_given("outputs", options.outputs, split.train.outputs());
  split.fingerprint = fingerprint_of_parts(split);
  return split;
}

}  // namespace widthwise
