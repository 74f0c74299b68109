#include "widthwise/data/image_sets.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

namespace fs = std::filesystem;

constexpr const char* debian_folder = "/usr/share/datasets";

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

// A folder called like another set holds that one, under the same file names.
bool named_like_another(const fs::path& folder, const ImageSet& set) {
  const fs::path clean = fs::absolute(folder / "").lexically_normal().parent_path();  // no slash behind
  const ImageSet* other = find_image_set(clean.filename().string());
  return other != nullptr && other->named.name != set.named.name;
}

}  // namespace

const std::vector<ImageSet>& image_sets() {
  static const std::vector<ImageSet> sets = {
      {{"fashion-mnist", "Fashion-MNIST: 60,000 + 10,000 grey images (28 x 28) of ten kinds of clothes"},
       10,
       "get it with: apt-get install dataset-fashion-mnist"},
      {{"mnist", "MNIST: 60,000 + 10,000 grey images (28 x 28) of handwritten digits"},
       10,
       "put its four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
       "t10k-labels-idx1-ubyte, plain or .gz) into a folder mnist and give the folder above it: --data-dir DIR or "
       "WIDTHWISE_DATA=DIR"},
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
    folders.push_back((root / set.named.name).string());
    if (!named_like_another(root, set)) folders.push_back(root.string());
  }
  folders.push_back((fs::path(debian_folder) / set.named.name).string());
  return folders;
}

bool holds_images(const std::string& folder) {
  return !find_file(folder, "train-images", 3).empty();
}

ImageFiles image_files(const std::string& folder, bool with_test) {
  ImageFiles files{require_file(folder, "train-images", 3), require_file(folder, "train-labels", 1), {}, {}};
  if (with_test) {
    files.test_images = require_file(folder, "t10k-images", 3);
    files.test_labels = require_file(folder, "t10k-labels", 1);
  }
  return files;
}

}  // namespace widthwise
