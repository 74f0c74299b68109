#include "widthwise/data/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "widthwise/base/error.h"
#include "widthwise/data/generated.h"
#include "widthwise/data/image_sets.h"
#include "widthwise/data/preprocess.h"
#include "widthwise/data/span.h"
#include "widthwise/data/user_files.h"

namespace widthwise {

namespace {

struct GeneratedSet {
  Named named;
  std::string labels;  // where none are asked for
  Split (*draw)(const GeneratedOptions&);
};

const std::vector<GeneratedSet>& generated_sets() {
  static const std::vector<GeneratedSet> sets = {
      {{"gaussian", "x ~ N(0, I) with the sign, the classes or the values of a random linear rule, or coin flips"},
       "sign",
       gaussian},
      {{"teacher", "x ~ N(0, I) with the output of a random network of one hidden layer"}, "values", teacher},
      {{"sphere", "x uniform on |x|^2 = features, with targets as gaussian"}, "sign", sphere},
      {{"power-law", "x_k ~ N(0, k^-a) with y = sum_k w_k x_k of power-law strength, by value or sign"},
       "values",
       power_law},
  };
  return sets;
}

const GeneratedSet* find_generated(std::string_view name) {
  for (const GeneratedSet& set : generated_sets())
    if (set.named.name == name) return &set;
  return nullptr;
}

const std::vector<Named>& user_sets() {
  static const std::vector<Named> sets = {
      {"csv", "a table of your own: numbers and a target column (--csv FILE, data.file)"},
      {"npy", "arrays of your own: inputs and targets (--npy FILE --npy-targets FILE, data.file, data.targets_file)"}};
  return sets;
}

[[noreturn]] void unknown_set(const std::string& name) {
  std::vector<std::string> names;
  for (const Named& known : known_data()) names.push_back(known.name);
  throw ConfigError({"", "data.name"}, "a data set", name, unknown_name_hint(name, names));
}

void finish(const DataOptions& options, const char* how, Split& split) {
  preprocess({options.preprocess.empty() ? how : options.preprocess, options.grayscale, options.pca, options.whiten,
              options.fit},
             split);
  if (options.span) write_in_span({&split.train.inputs, &split.test.inputs, &split.validation.inputs});
}

Split load_generated(const GeneratedSet& set, const DataOptions& options) {
  if (!options.classes.empty())
    throw ConfigError({"", "data.classes"}, "nothing: generated data are drawn as asked for", "a list of classes");
  GeneratedOptions drawn;
  drawn.train = options.train;
  drawn.test = options.test;
  drawn.validation = options.validation;
  drawn.dimension = options.dimension;
  drawn.labels = options.labels.empty() ? set.labels : options.labels;
  drawn.outputs = options.outputs != 0 ? options.outputs : (drawn.labels == "classes" ? 10 : 1);
  drawn.teacher_width = options.teacher_width;
  if (set.named.name == "power-law") {
    drawn.spectrum_exponent = options.spectrum_exponent;
    drawn.target_exponent = options.target_exponent;
    drawn.coefficients = options.target_coefficients;
    drawn.noise = options.label_noise;
  }
  drawn.key = options.key.split(set.named.name);
  Split split = set.draw(drawn);
  finish(options, "none", split);
  return split;
}

std::string folder_of(const ImageSet& set, const std::string& data_dir) {
  std::error_code ignored;
  if (!data_dir.empty() && !std::filesystem::is_directory(data_dir, ignored))
    throw ConfigError({"", "--data-dir"}, "a folder", data_dir);
  std::string folder = where_found(set.named.name, data_dir);
  if (folder.empty())
    throw ConfigError({"", "data.name"},
                      fmt::format("the files of {} in one of the folders {}", set.named.name,
                                  fmt::join(image_folders(set, data_dir), ", ")),
                      "none there", set.how_to_get);
  return folder;
}

Source load_images(const ImageSet& set, const DataOptions& options) {
  return read_image_set(set, folder_of(set, options.data_dir),
                        {options.test > 0, options.label_offset, options.transpose});
}

// Features after grey and PCA.
Index features_of(Index features, Index channels, const DataOptions& options) {
  if (options.pca > 0) return options.pca;
  return options.grayscale && channels == 3 ? features / 3 : features;
}

Index outputs_of(const std::vector<std::string>& class_names, const DataOptions& options) {
  if (!options.labels.empty() && options.labels != "classes") return 1;
  return static_cast<Index>(kept_classes(class_names, options.classes).size());
}

}  // namespace

Split load_data(const DataOptions& options) {
  if (const GeneratedSet* set = find_generated(options.name)) return load_generated(*set, options);
  const bool own = is_user_data(options.name);
  const ImageSet* set = find_image_set(options.name);
  if (!own && set == nullptr) unknown_set(options.name);
  Split split = own ? choose(*user_source(options), options) : choose(load_images(*set, options), options);
  finish(options, options.name == "csv" ? "standardise-features" : "standardise", split);
  return split;
}

Source load_source(const DataOptions& options) {
  if (const ImageSet* set = find_image_set(options.name)) return load_images(*set, options);
  if (is_user_data(options.name)) return *user_source(options);
  if (find_generated(options.name) == nullptr) unknown_set(options.name);
  throw ConfigError({"", "data.name"}, "a set that lies in files", options.name);
}

namespace {

ImageShape image_after(ImageShape image, const DataOptions& options) {
  if (options.pca > 0) return {};
  if (options.grayscale && image.channels > 0) image.channels = 1;
  return image;
}

DataShape own_shape(const DataOptions& options) {
  if (const ImageSet* set = find_image_set(options.name)) {
    const ImageShape image = image_shape(*set, where_found(options.name, options.data_dir));
    return {features_of(image.size(), image.channels, options), outputs_of(set->class_names, options),
            image_after(image, options)};
  }
  if (const GeneratedSet* set = find_generated(options.name)) {
    const std::string& labels = options.labels.empty() ? set->labels : options.labels;
    const Index outputs = options.outputs > 0 ? options.outputs : labels == "classes" ? 10 : 1;
    return {features_of(options.dimension, 0, options), outputs, {}};
  }
  if (!is_user_data(options.name)) unknown_set(options.name);
  const auto source = user_source(options);
  const Index features = features_of(source->train.features(), source->train.image.channels, options);
  return {features,
          source->train.classes.empty() ? source->train.values.cols() : outputs_of(source->class_names, options),
          image_after(source->train.image, options)};
}

}  // namespace

DataShape shape_of(const DataOptions& options) {
  DataShape shape = own_shape(options);
  shape.own_inputs = shape.inputs;
  if (!options.span) return shape;
  shape.inputs = features_in_span(shape.inputs, options.train + options.test + options.validation);
  shape.image = {};
  return shape;
}

Available available_samples(const DataOptions& options) {
  if (!is_user_data(options.name)) throw ConfigError({"", "data.name"}, "csv or npy", options.name);
  return available(*user_source(options), options);
}

std::vector<Named> known_data() {
  std::vector<Named> named;
  for (const ImageSet& set : image_sets()) named.push_back(set.named);
  for (const Named& set : user_sets()) named.push_back(set);
  for (const GeneratedSet& set : generated_sets()) named.push_back(set.named);
  return named;
}

std::vector<Named> known_labels() {
  return {{"classes", "one output a class: 1 for the sample's own, 0 for the others"},
          {"parity", "one output: +1 for even classes, -1 for odd (images, csv, npy)"},
          {"pair", "one output: +1 for the first of two classes, -1 for the second (images, csv, npy)"},
          {"sign", "+1 or -1 for each output: the sign of its score (generated data)"},
          {"values", "the scores or the numbers themselves, for regression (generated data, csv, npy)"},
          {"random", "+1 or -1 by coin, whatever the input (gaussian, sphere)"}};
}

std::vector<std::string> places_of(std::string_view name, const std::string& data_dir) {
  const ImageSet* set = find_image_set(name);
  return set ? image_folders(*set, data_dir) : std::vector<std::string>{};
}

std::string where_found(std::string_view name, const std::string& data_dir) {
  if (find_generated(name) != nullptr) return "generated";
  const ImageSet* set = find_image_set(name);
  for (const std::string& folder : places_of(name, data_dir))
    if (holds_images(*set, folder)) return folder;
  return {};
}

std::string how_to_get(std::string_view name) {
  if (name == "csv") return "give a file of your own: --csv FILE, with --target COLUMN if it is not the last";
  if (name == "npy") return "give files of your own: --npy FILE --npy-targets FILE";
  const ImageSet* set = find_image_set(name);
  return set ? set->how_to_get : std::string{};
}

}  // namespace widthwise
