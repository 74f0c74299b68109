#include "widthwise/study/data_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "widthwise/data/user_files.h"

namespace widthwise {

DataOptions data_options(const std::map<std::string, Value>& settings) {
  const auto whole = [&](const char* key) { return settings.at(key).whole(); };
  const auto number = [&](const char* key) { return settings.at(key).number(); };
  const auto toggle = [&](const char* key) { return std::get<bool>(settings.at(key).data); };
  const auto text = [&](const char* key) { return settings.at(key).text(); };
  const auto text_or_empty = [&](const char* key) {
    const std::string& given = settings.at(key).text();
    return given == "none" ? std::string{} : given;
  };
  DataOptions options;
  options.name = text("data.name");
  options.train = whole("data.train");
  options.test = whole("data.test");
  options.validation = whole("data.validation");
  options.labels = text("data.labels");
  options.preprocess = text("data.preprocess");
  options.grayscale = toggle("data.grayscale");
  options.pca = whole("data.pca");
  options.whiten = toggle("data.whiten");
  options.fit = text("data.fit");
  options.span = text("data.basis") == "span";
  for (const Value& number_of_class : settings.at("data.classes").list())
    options.classes.push_back(static_cast<int>(number_of_class.whole()));
  options.key = Key(static_cast<std::uint64_t>(whole("seed.data"))).split("data");
  if (where_found(options.name) == "generated") {
    options.dimension = whole("data.dimension");
    options.outputs = options.name == "power-law" ? 1 : whole("data.outputs");
    options.teacher_width = whole("data.teacher_width");
  }
  if (options.name == "power-law") {
    options.spectrum_exponent = number("data.spectrum_exponent");
    options.target_exponent = number("data.target_exponent");
    for (const Value& w : settings.at("data.target_coefficients").list())
      options.target_coefficients.push_back(w.number());
    options.label_noise = number("data.label_noise");
  }
  if (settings.at("data.label_offset").is_whole()) options.label_offset = static_cast<int>(whole("data.label_offset"));
  if (text("data.transpose") != "own") options.transpose = text("data.transpose") == "yes";
  if (is_user_data(options.name)) {
    options.file = text_or_empty("data.file");
    options.target = text_or_empty("data.target");
    options.header = text("data.header");
    options.targets_file = text_or_empty("data.targets_file");
    options.test_file = text_or_empty("data.test_file");
    options.test_targets_file = text_or_empty("data.test_targets_file");
    options.content = text_or_empty("data.content");
  }
  return options;
}

std::string data_key(const DataOptions& o) {
  return fmt::format(
      "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", o.name, o.train, o.test, o.validation,
      o.labels, o.preprocess, o.grayscale, o.pca, o.whiten, o.fit, o.span, fmt::join(o.classes, ","), o.key.value(),
      o.dimension, o.outputs, o.teacher_width, o.spectrum_exponent, o.target_exponent,
      fmt::join(o.target_coefficients, ","), o.label_noise, o.label_offset.value_or(-1),
      o.transpose ? (*o.transpose ? "yes" : "no") : "own",
      fmt::join({o.file, o.target, o.header, o.targets_file, o.test_file, o.test_targets_file, o.content}, "|"));
}

}  // namespace widthwise
