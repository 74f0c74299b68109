#include "widthwise/data/user_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/data/csv.h"
#include "widthwise/data/fingerprint.h"
#include "widthwise/data/inflate.h"
#include "widthwise/data/npy.h"

namespace widthwise {

namespace {

constexpr std::int64_t largest_npy_file = 1LL << 33;
constexpr double largest_label = 1e9;

using Bytes = std::vector<std::uint8_t>;

bool wants_classes(const DataOptions& options) {
  const std::vector<std::string> known = {"classes", "parity", "pair", "values"};
  if (!options.labels.empty() && std::ranges::find(known, options.labels) == known.end())
    throw ConfigError({"", "data.labels"}, "classes, parity, pair or values (for data of your own)", options.labels,
                      unknown_name_hint(options.labels, known));
  return options.labels != "values";
}

const std::string& named_file(const char* key, const std::string& path, const std::string& hint) {
  if (path.empty()) throw ConfigError({"", key}, "the path of a file", "nothing", hint);
  return path;
}

void add(Fingerprint& print, const Bytes& bytes) {
  print.add(std::as_bytes(std::span(bytes)));
}

std::string name_of_number(double number) {
  return fmt::format("{:.0f}", number + 0.0);  // no -0
}

[[noreturn]] void too_many_classes(const std::string& path, std::size_t count) {
  throw DataError(path, -1, fmt::format("at most {} distinct classes", most_user_classes), fmt::format("{}", count),
                  "data.labels = \"values\" takes the numbers themselves");
}

// CSV: the class of a cell by its number or its text.

bool all_numbers(const CsvTable& table) {
  return std::ranges::all_of(table.targets, [](const auto& cell) { return !std::isnan(cell_number(cell.text)); });
}

std::vector<std::string> class_names_of(const CsvTable& table) {
  std::vector<std::string> names;
  if (all_numbers(table)) {
    std::set<double> numbers;
    for (std::size_t i = 0; i < table.targets.size(); ++i) {
      const double number = cell_number(table.targets[i].text);
      if (number != std::round(number) || std::abs(number) > largest_label)
        table.refuse_target(i, "a whole number or a text as class",
                            "data.labels = \"values\" takes the numbers themselves");
      numbers.insert(number + 0.0);
    }
    for (const double number : numbers) names.push_back(name_of_number(number));
  } else {
    std::set<std::string> texts;
    for (std::size_t i = 0; i < table.targets.size(); ++i) {
      std::string lower = table.targets[i].text;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
      if (lower == "nan" || lower == "inf" || lower == "-inf" || lower == "-nan")
        table.refuse_target(i, "a whole number or a text as class");
      texts.insert(table.targets[i].text);
    }
    names.assign(texts.begin(), texts.end());
  }
  if (names.size() > most_user_classes) too_many_classes(table.path, names.size());
  return names;
}

std::vector<int> classes_of(const CsvTable& table, const std::vector<std::string>& names, bool numbers) {
  std::map<std::string, int> position;
  for (std::size_t c = 0; c < names.size(); ++c) position[names[c]] = static_cast<int>(c);
  std::vector<int> classes;
  for (std::size_t i = 0; i < table.targets.size(); ++i) {
    const std::string& text = table.targets[i].text;
    const double number = numbers ? cell_number(text) : 0;
    const auto found = position.find(numbers && !std::isnan(number) ? name_of_number(number) : text);
    if (found == position.end() || (numbers && number != std::round(number)))
      table.refuse_target(i, "a class that the training file has");
    classes.push_back(found->second);
  }
  return classes;
}

Matrix<double> values_of(const CsvTable& table) {
  Matrix<double> values(static_cast<Index>(table.targets.size()), 1);
  for (std::size_t i = 0; i < table.targets.size(); ++i) {
    const double number = cell_number(table.targets[i].text);
    if (std::isnan(number))
      table.refuse_target(i, "a finite number, for data.labels = values", "data.labels = \"classes\" takes texts");
    values(static_cast<Index>(i), 0) = number;
  }
  return values;
}

Source read_csv(const DataOptions& options) {
  const CsvOptions reading{options.target, options.header};
  Fingerprint print;
  const auto table_in = [&](const std::string& path) {
    const Bytes bytes = read_whole_file(path, largest_csv_file);
    CsvTable table = parse_csv(bytes, path, reading);
    add(print, bytes);
    print.add(static_cast<std::uint64_t>(table.target)).add(static_cast<std::uint64_t>(!table.columns.empty()));
    return table;
  };
  Source source;
  CsvTable train = table_in(named_file("data.file", options.file, "data.file = \"mine.csv\""));
  const bool classes = wants_classes(options), numbers = classes && all_numbers(train);
  const auto samples_of = [&](CsvTable& table) {
    Samples samples;
    samples.inputs = std::move(table.inputs);
    if (classes)
      samples.classes = classes_of(table, source.class_names, numbers);
    else
      samples.values = values_of(table);
    return samples;
  };
  if (classes) source.class_names = class_names_of(train);
  source.train = samples_of(train);
  if (!options.test_file.empty()) {
    CsvTable test = table_in(options.test_file);
    if (test.inputs.cols() != source.train.inputs.cols() ||
        (!test.columns.empty() && !train.columns.empty() && test.columns != train.columns))
      throw DataError(options.test_file, 0, fmt::format("the columns of {}", options.file),
                      test.columns.empty() || test.inputs.cols() != source.train.inputs.cols()
                          ? fmt::format("{} columns", test.inputs.cols() + 1)
                          : fmt::format("{}", fmt::join(test.columns, ", ")));
    if (test.target != train.target)
      throw DataError(options.test_file, 0, fmt::format("the target in column {}", train.target + 1),
                      fmt::format("column {}", test.target + 1));
    source.test = samples_of(test);
  }
  source.content = print.value();
  return source;
}

// NPY

npy::Array<double> read_array(const std::string& path, Fingerprint& print) {
  const Bytes bytes = read_whole_file(path, largest_npy_file);
  add(print, bytes);
  const bool gzip = bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
  const Bytes inflated = gzip ? unpacked(bytes, path, largest_npy_file) : Bytes{};
  const Bytes& plain = gzip ? inflated : bytes;
  return npy::decode_numbers({reinterpret_cast<const char*>(plain.data()), plain.size()}, path);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

void take_inputs(npy::Array<double> array, const std::string& path, Samples& samples) {
  const std::vector<std::int64_t>& shape = array.shape;
  if (shape.size() < 2 || shape.size() > 4 || std::ranges::find(shape, 0) != shape.end())
    throw DataError(
        path, 10, "inputs of shape (samples, features), (samples, height, width) or (samples, height, width, channels)",
        shape_text(shape));
  if (shape.size() > 2) samples.image = {shape.size() == 4 ? shape[3] : 1, shape[1], shape[2]};
  const Index count = shape[0], features = static_cast<Index>(array.values.size()) / count;
  samples.inputs = Eigen::Map<const Matrix<double>>(array.values.data(), count, features);
  if (samples.image.channels <= 1) return;
  const Index channels = samples.image.channels, pixels = features / channels;
  for (Index i = 0; i < count; ++i)  // channel by channel, as images are kept here
    for (Index c = 0; c < channels; ++c)
      for (Index p = 0; p < pixels; ++p)
        samples.inputs(i, c * pixels + p) = array.values[static_cast<std::size_t>(i * features + p * channels + c)];
}

npy::Array<double> read_targets(const std::string& path, Index count, const std::string& inputs_path,
                                Fingerprint& print) {
  npy::Array<double> array = read_array(path, print);
  if (array.shape.empty() || array.shape.size() > 2)
    throw DataError(path, 10, "targets of shape (samples) or (samples, outputs)", shape_text(array.shape));
  if (array.shape[0] != count)
    throw DataError(path, 10, fmt::format("{} targets (as many as samples in {})", count, inputs_path),
                    fmt::format("{}", array.shape[0]));
  if (array.shape.size() == 2 && array.shape[1] == 0)
    throw DataError(path, 10, "at least one output", shape_text(array.shape));
  return array;
}

void check_label(const std::string& path, std::size_t sample, double label) {
  if (label != std::round(label) || label < 0 || label > largest_label)
    throw DataError(path, -1,
                    fmt::format("a whole number from 0 to {:.0f} as class of sample {}", largest_label, sample),
                    fmt::format("{}", label), "data.labels = \"values\" takes the numbers themselves");
}

Source read_npy(const DataOptions& options) {
  const bool classes = wants_classes(options);
  Fingerprint print;
  Source source;
  std::set<double> labels;
  const auto read_part = [&](const std::string& inputs, const std::string& targets, Samples& samples, bool training) {
    take_inputs(read_array(inputs, print), inputs, samples);
    const npy::Array<double> array = read_targets(targets, samples.inputs.rows(), inputs, print);
    const Index outputs = static_cast<Index>(array.values.size()) / samples.inputs.rows();
    if (!classes) {
      samples.values = Eigen::Map<const Matrix<double>>(array.values.data(), samples.inputs.rows(), outputs);
      return;
    }
    if (outputs != 1)
      throw DataError(targets, 10, "one class a sample", shape_text(array.shape),
                      "data.labels = \"values\" takes several outputs");
    for (std::size_t i = 0; i < array.values.size(); ++i) {
      check_label(targets, i, array.values[i]);
      if (training) labels.insert(array.values[i]);
    }
    if (labels.size() > most_user_classes) too_many_classes(targets, labels.size());
    std::map<double, int> position;
    for (const double label : labels) position.emplace(label, static_cast<int>(position.size()));
    for (std::size_t i = 0; i < array.values.size(); ++i) {
      const auto found = position.find(array.values[i]);
      if (found == position.end())
        throw DataError(targets, -1, fmt::format("a class that the training targets have (sample {})", i),
                        fmt::format("{}", array.values[i]));
      samples.classes.push_back(found->second);
    }
  };
  const std::string hint = "data.file = \"inputs.npy\" and data.targets_file = \"labels.npy\"";
  read_part(named_file("data.file", options.file, hint), named_file("data.targets_file", options.targets_file, hint),
            source.train, true);
  for (const double label : labels) source.class_names.push_back(name_of_number(label));
  if (!options.test_file.empty()) {
    read_part(options.test_file, named_file("data.test_targets_file", options.test_targets_file, ""), source.test,
              false);
    if (source.test.inputs.cols() != source.train.inputs.cols() || source.test.image != source.train.image)
      throw DataError(options.test_file, 10, fmt::format("samples shaped as those of {}", options.file), "others");
    if (source.test.values.cols() != source.train.values.cols())
      throw DataError(options.test_targets_file, 10, fmt::format("as many outputs as in {}", options.targets_file),
                      fmt::format("{}", source.test.values.cols()));
  }
  source.content = print.value();
  return source;
}

// What decides a source, with size and date of its files, so that one written anew is read anew.
std::string cache_key(const DataOptions& options) {
  std::string key =
      fmt::format("{}\n{}\n{}\n{}\n", options.name, options.target, options.header, options.labels == "values");
  for (const std::string& path : {options.file, options.targets_file, options.test_file, options.test_targets_file}) {
    std::error_code ignored;
    const auto size = path.empty() ? 0 : std::filesystem::file_size(path, ignored);
    const auto date =
        path.empty() ? std::filesystem::file_time_type{} : std::filesystem::last_write_time(path, ignored);
    key += fmt::format("{}\n{} {}\n", path, size, date.time_since_epoch().count());
  }
  return key;
}

std::string hex(std::uint64_t content) {
  return fmt::format("{:016x}", content);
}

}  // namespace

bool is_user_data(std::string_view name) {
  return name == "csv" || name == "npy";
}

std::shared_ptr<const Source> user_source(const DataOptions& options) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Source>> cache;
  wants_classes(options);
  std::shared_ptr<const Source> source;
  {
    const std::lock_guard lock(mutex);
    auto& entry = cache[cache_key(options)];
    if (!entry) {
      Source read = options.name == "csv" ? read_csv(options) : read_npy(options);
      read.name = options.name;
      read.place = options.file;
      read.own_test = !options.test_file.empty();
      read.proportional = true;
      entry = std::make_shared<const Source>(std::move(read));
    }
    source = entry;
  }
  if (!options.content.empty() && options.content != hex(source->content))
    throw DataError(options.file, -1,
                    fmt::format("files and columns of fingerprint {} (data.content)", options.content),
                    hex(source->content), "the file is another one, or was edited");
  return source;
}

std::string user_content(const DataOptions& options) {
  DataOptions any = options;
  any.content.clear();
  return hex(user_source(any)->content);
}

}  // namespace widthwise
