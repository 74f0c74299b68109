#include "widthwise/data/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <span>

#include "widthwise/base/error.h"
#include "widthwise/data/fingerprint.h"
#include "widthwise/data/generated.h"
#include "widthwise/data/idx.h"
#include "widthwise/data/image_sets.h"
#include "widthwise/data/labels.h"
#include "widthwise/data/preprocess.h"
#include "widthwise/data/split.h"

namespace widthwise {

namespace {

constexpr double brightest = 255;

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
  };
  return sets;
}

Split load_generated(const GeneratedSet& set, const DataOptions& options) {
  GeneratedOptions drawn;
  drawn.train = options.train;
  drawn.test = options.test;
  drawn.dimension = options.dimension;
  drawn.labels = options.labels.empty() ? set.labels : options.labels;
  drawn.outputs = options.outputs != 0 ? options.outputs : (drawn.labels == "classes" ? 10 : 1);
  drawn.teacher_width = options.teacher_width;
  drawn.key = options.key.split(set.named.name);
  Split split = set.draw(drawn);
  preprocess(options.preprocess.empty() ? "none" : options.preprocess, split.train, split.test);
  return split;
}

Dataset chosen_images(const ImageSet& set, const LabelledImages& all, const std::vector<std::uint32_t>& rows,
                      std::string_view labels) {
  const std::vector<Index>& size = all.images.dimensions;
  Dataset data;
  data.name = set.named.name;
  data.image = {1, size[1], size[2]};
  data.inputs.resize(static_cast<Index>(rows.size()), data.image.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint8_t* pixels = all.images.values.data() + static_cast<Index>(rows[i]) * data.image.size();
    double* row = data.inputs.row(static_cast<Index>(i)).data();
    for (Index p = 0; p < data.image.size(); ++p) row[p] = pixels[p] / brightest;
    data.classes.push_back(all.labels.values[rows[i]]);
  }
  data.targets = class_targets(labels, data.classes, set.classes);
  return data;
}

Dataset load_images(const ImageSet& set, const std::string& images, const std::string& labels_path, Index count,
                    std::string_view labels, Key key, std::string_view config_key) {
  const LabelledImages all = read_labelled_images(images, labels_path, set.classes);
  return chosen_images(set, all, balanced_subset(all.labels.values, set.classes, count, key, config_key), labels);
}

Dataset empty_like(const Dataset& data) {
  Dataset empty;
  empty.name = data.name;
  empty.image = data.image;
  empty.inputs.resize(0, data.features());
  empty.targets.resize(0, data.outputs());
  return empty;
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

// Images bring their own sizes: a number given for them must be theirs.
void check_given(const char* option, Index given, Index own) {
  if (given != 0 && given != own)
    throw ConfigError({"", fmt::format("data.{}", option)}, fmt::format("{} (what the data have), or nothing", own),
                      fmt::format("{}", given));
}

Split load_image_set(const ImageSet& set, const DataOptions& options) {
  if (options.train < 1)
    throw ConfigError({"", "data.train"}, "at least one training sample", fmt::format("{}", options.train));
  if (options.test < 0) throw ConfigError({"", "data.test"}, "a number of samples", fmt::format("{}", options.test));
  const std::string labels = options.labels.empty() ? "classes" : options.labels;
  const std::string folder = folder_of(set, options.data_dir);
  const ImageFiles files = image_files(folder, options.test > 0);
  Split split;
  split.source = folder;
  split.train = load_images(set, files.train_images, files.train_labels, options.train, labels,
                            options.key.split("train"), "data.train");
  if (options.test > 0) {
    split.test = load_images(set, files.test_images, files.test_labels, options.test, labels, options.key.split("test"),
                             "data.test");
    if (split.test.image != split.train.image)
      throw DataError(files.test_images, 8, fmt::format("images of the size of those in {}", files.train_images),
                      fmt::format("{} x {}", split.test.image.height, split.test.image.width));
  } else {
    split.test = empty_like(split.train);
  }
  check_given("dimension", options.dimension, split.train.features());
  check_given("outputs", options.outputs, split.train.outputs());
  split.fingerprint = Fingerprint().add(fingerprint(split.train)).add(fingerprint(split.test)).value();
  preprocess(options.preprocess.empty() ? "standardise" : options.preprocess, split.train, split.test);
  return split;
}

}  // namespace

Split load_data(const DataOptions& options) {
  if (const ImageSet* set = find_image_set(options.name)) return load_image_set(*set, options);
  for (const GeneratedSet& set : generated_sets())
    if (set.named.name == options.name) return load_generated(set, options);
  std::vector<std::string> names;
  for (const Named& known : known_data()) names.push_back(known.name);
  throw ConfigError({"", "data.name"}, "a data set", options.name, unknown_name_hint(options.name, names));
}

std::vector<Named> known_data() {
  std::vector<Named> named;
  for (const ImageSet& set : image_sets()) named.push_back(set.named);
  for (const GeneratedSet& set : generated_sets()) named.push_back(set.named);
  return named;
}

std::vector<Named> known_labels() {
  return {{"classes", "one output a class: 1 for the sample's own, 0 for the others"},
          {"parity", "one output: +1 for even classes, -1 for odd (images)"},
          {"sign", "+1 or -1 for each output: the sign of its score (gaussian, teacher)"},
          {"values", "the scores themselves, for regression (gaussian, teacher)"},
          {"random", "+1 or -1 by coin, whatever the input (gaussian)"}};
}

std::vector<std::string> places_of(std::string_view name, const std::string& data_dir) {
  const ImageSet* set = find_image_set(name);
  return set ? image_folders(*set, data_dir) : std::vector<std::string>{};
}

std::string where_found(std::string_view name, const std::string& data_dir) {
  for (const GeneratedSet& set : generated_sets())
    if (set.named.name == name) return "generated";
  for (const std::string& folder : places_of(name, data_dir))
    if (holds_images(folder)) return folder;
  return {};
}

std::string how_to_get(std::string_view name) {
  const ImageSet* set = find_image_set(name);
  return set ? set->how_to_get : std::string{};
}

}  // namespace widthwise
