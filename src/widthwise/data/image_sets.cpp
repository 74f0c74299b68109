#include "widthwise/data/image_sets.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "widthwise/base/error.h"
#include "widthwise/data/cifar.h"
#include "widthwise/data/idx.h"

namespace widthwise {

namespace {

namespace fs = std::filesystem;

constexpr const char* debian_folder = "/usr/share/datasets";
constexpr ImageShape grey_28{1, 28, 28};

std::vector<std::string> numbers(int count) {
  std::vector<std::string> names;
  for (int c = 0; c < count; ++c) names.push_back(fmt::format("{}", c));
  return names;
}

std::vector<std::string> letters() {
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'z'; ++c) names.emplace_back(1, c);
  return names;
}

std::string put_files(const std::string& files, const std::string& folder) {
  return fmt::format("put {} into a folder {} and give the folder above it: --data-dir DIR or WIDTHWISE_DATA=DIR",
                     files, folder);
}

std::string four_files(const std::string& train, const std::string& test, const std::string& folder) {
  return put_files(
      fmt::format("its four IDX files ({0}-images-idx3-ubyte, {0}-labels-idx1-ubyte, {1}-images-idx3-ubyte, "
                  "{1}-labels-idx1-ubyte, plain or .gz)",
                  train, test),
      folder);
}

ImageSet emnist(const std::string& part, std::vector<std::string> class_names, int label_offset, std::string sentence) {
  const std::string name = "emnist-" + part;
  ImageSet set{{name, std::move(sentence)}, std::move(class_names), grey_28, {},
               ImageSet::Format::idx,       {name, "emnist"}};
  set.train = name + "-train";
  set.test = name + "-test";
  set.how_to_get = four_files(set.train, set.test, "emnist");
  set.label_offset = label_offset;
  set.transpose = true;  // EMNIST's images were written column by column
  return set;
}

// The path of an IDX file under either of its usual names, plain or gzip; "" where there is none.
std::string find_file(const fs::path& folder, const std::string& part, int dimensions) {
  std::error_code ignored;
  for (const char* joint : {"-", "."})
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / fmt::format("{}{}idx{}-ubyte{}", part, joint, dimensions, ending);
      if (fs::is_regular_file(path, ignored)) return path.string();
    }
  return {};
}

std::string require_file(const std::string& folder, const std::string& part, int dimensions) {
  std::string path = find_file(folder, part, dimensions);
  if (path.empty())
    throw DataError((fs::path(folder) / fmt::format("{}-idx{}-ubyte", part, dimensions)).string(), 0,
                    "a file of this name, plain or with .gz behind it", "nothing",
                    "the other files of the set are there");
  return path;
}

// A CIFAR file of that name, or "".
std::string find_batch(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  for (const char* ending : {"", ".gz"})
    if (fs::is_regular_file(folder / (name + ending), ignored)) return (folder / (name + ending)).string();
  return {};
}

// data_batch_1 .. data_batch_5, those that are there.
std::vector<std::string> training_batches(const std::string& folder) {
  std::vector<std::string> paths;
  for (int number = 1; number <= 5; ++number)
    if (std::string path = find_batch(folder, fmt::format("data_batch_{}.bin", number)); !path.empty())
      paths.push_back(std::move(path));
  return paths;
}

// A folder called like another set holds that one, under the same file names.
bool named_like_another(const fs::path& folder, const ImageSet& set) {
  const fs::path clean = fs::absolute(folder / "").lexically_normal().parent_path();  // no slash behind
  const ImageSet* other = find_image_set(clean.filename().string());
  return other != nullptr && other->named.name != set.named.name;
}

void transpose_images(IdxArray& images) {
  const Index count = images.dimensions[0], rows = images.dimensions[1], cols = images.dimensions[2];
  std::vector<std::uint8_t> turned(images.values.size());
  for (Index i = 0; i < count; ++i)
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < cols; ++c)
        turned[static_cast<std::size_t>((i * cols + c) * rows + r)] =
            images.values[static_cast<std::size_t>((i * rows + r) * cols + c)];
  images.values = std::move(turned);
  std::swap(images.dimensions[1], images.dimensions[2]);
}

Samples read_idx_part(const ImageSet& set, const std::string& images, const std::string& labels,
                      const ImageReading& reading) {
  LabelledImages read =
      read_labelled_images(images, labels, set.classes(), reading.label_offset.value_or(set.label_offset));
  if (reading.transpose.value_or(set.transpose)) transpose_images(read.images);
  Samples samples;
  samples.image = {1, read.images.dimensions[1], read.images.dimensions[2]};
  samples.pixels = std::move(read.images.values);
  samples.classes.assign(read.labels.values.begin(), read.labels.values.end());
  return samples;
}

void read_idx_set(const ImageSet& set, const std::string& folder, const ImageReading& reading, Source& source) {
  const ImageFiles files = image_files(set, folder, reading.with_test);
  source.train = read_idx_part(set, files.train_images, files.train_labels, reading);
  if (!reading.with_test) return;
  source.test = read_idx_part(set, files.test_images, files.test_labels, reading);
  if (source.test.image != source.train.image)
    throw DataError(files.test_images, 8, fmt::format("images of the size of those in {}", files.train_images),
                    fmt::format("{} x {}", source.test.image.height, source.test.image.width));
}

Samples read_batches(const ImageSet& set, const std::vector<std::string>& paths) {
  Samples samples;
  samples.image = set.image;
  for (const std::string& path : paths) {
    const CifarBatch batch = read_cifar(path);
    samples.pixels.insert(samples.pixels.end(), batch.pixels.begin(), batch.pixels.end());
    samples.classes.insert(samples.classes.end(), batch.labels.begin(), batch.labels.end());
  }
  return samples;
}

void read_cifar_set(const ImageSet& set, const std::string& folder, const ImageReading& reading, Source& source) {
  if (reading.label_offset || reading.transpose)
    throw ConfigError({"", reading.label_offset ? "data.label_offset" : "data.transpose"},
                      "nothing: the binary format of " + set.named.name + " says what its records are", "a value");
  source.train = read_batches(set, training_batches(folder));
  if (!reading.with_test) return;
  const std::string test = find_batch(folder, "test_batch.bin");
  if (test.empty())
    throw DataError((fs::path(folder) / "test_batch.bin").string(), 0, "a file of this name", "nothing",
                    "the training batches are there");
  source.test = read_batches(set, {test});
}

}  // namespace

const std::vector<ImageSet>& image_sets() {
  using enum ImageSet::Format;
  static const std::vector<ImageSet> sets = {
      {{"fashion-mnist", "Fashion-MNIST: 60,000 + 10,000 grey images (28 x 28) of ten kinds of clothes"},
       {"T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"},
       grey_28,
       "get it with: apt-get install dataset-fashion-mnist",
       idx,
       {"fashion-mnist"}},
      {{"mnist", "MNIST: 60,000 + 10,000 grey images (28 x 28) of handwritten digits"},
       numbers(10),
       grey_28,
       four_files("train", "t10k", "mnist"),
       idx,
       {"mnist"}},
      {{"kmnist", "Kuzushiji-MNIST: 60,000 + 10,000 grey images (28 x 28) of ten Japanese characters"},
       {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"},
       grey_28,
       four_files("train", "t10k", "kmnist"),
       idx,
       {"kmnist"}},
      emnist("letters", letters(), 1, "EMNIST letters: 124,800 + 20,800 grey images (28 x 28) of 26 letters"),
      emnist("digits", numbers(10), 0, "EMNIST digits: 240,000 + 40,000 grey images (28 x 28) of ten digits"),
      emnist("balanced", numbers(47), 0,
             "EMNIST balanced: 112,800 + 18,800 grey images (28 x 28) of 47 digits and letters"),
      {{"cifar10", "CIFAR-10: 50,000 + 10,000 colour images (32 x 32) of ten kinds of things"},
       {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
       {3, 32, 32},
       put_files("the files of its binary version (data_batch_1.bin ... data_batch_5.bin, test_batch.bin)", "cifar10"),
       cifar,
       {"cifar10", "cifar-10-batches-bin"}},
  };
  return sets;
}

const ImageSet* find_image_set(std::string_view name) {
  for (const ImageSet& set : image_sets())
    if (set.named.name == name) return &set;
  return nullptr;
}

std::vector<std::string> image_folders(const ImageSet& set, const std::string& data_dir) {
  std::vector<fs::path> roots;
  if (!data_dir.empty()) roots.emplace_back(data_dir);
  if (const char* environment = std::getenv("WIDTHWISE_DATA"); environment && *environment)
    roots.emplace_back(environment);
  std::vector<std::string> folders;
  for (const fs::path& root : roots) {
    for (const std::string& name : set.folders) folders.push_back((root / name).string());
    if (!named_like_another(root, set)) folders.push_back(root.string());
  }
  folders.push_back((fs::path(debian_folder) / set.named.name).string());
  return folders;
}

bool holds_images(const ImageSet& set, const std::string& folder) {
  if (set.format == ImageSet::Format::cifar) return !training_batches(folder).empty();
  return !find_file(folder, set.train + "-images", 3).empty();
}

ImageFiles image_files(const ImageSet& set, const std::string& folder, bool with_test) {
  ImageFiles files{
      require_file(folder, set.train + "-images", 3), require_file(folder, set.train + "-labels", 1), {}, {}};
  if (with_test) {
    files.test_images = require_file(folder, set.test + "-images", 3);
    files.test_labels = require_file(folder, set.test + "-labels", 1);
  }
  return files;
}

Source read_image_set(const ImageSet& set, const std::string& folder, const ImageReading& reading) {
  Source source;
  source.name = set.named.name;
  source.place = folder;
  source.class_names = set.class_names;
  if (set.format == ImageSet::Format::cifar)
    read_cifar_set(set, folder, reading, source);
  else
    read_idx_set(set, folder, reading, source);
  return source;
}

ImageShape image_shape(const ImageSet& set, const std::string& folder) {
  if (folder.empty() || set.format != ImageSet::Format::idx) return set.image;
  const std::string path = find_file(folder, set.train + "-images", 3);
  if (path.empty()) return set.image;
  try {
    const std::vector<Index> sizes = read_idx_header(path, 3);
    return {1, sizes[1], sizes[2]};
  } catch (const DataError&) {  // who reads the images will say so
    return set.image;
  }
}

}  // namespace widthwise
