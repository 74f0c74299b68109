// The image sets known by name: what they are, where they lie, how to get them, and their samples.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/data/source.h"

namespace widthwise {

struct ImageSet {
  enum class Format { idx, cifar };
  Named named;
  std::vector<std::string> class_names;
  ImageShape image;        // as published
  std::string how_to_get;  // a sentence with the command
  Format format = Format::idx;
  std::vector<std::string> folders;            // it is kept in folders of these names
  std::string train = "train", test = "t10k";  // IDX: what the names of its files begin with
  int label_offset = 0;                        // IDX: label of the first class
  bool transpose = false;                      // IDX: images lie column by column

  int classes() const { return static_cast<int>(class_names.size()); }
};

const std::vector<ImageSet>& image_sets();
/// The set of that name, or null.
const ImageSet* find_image_set(std::string_view name);

/// Folders to look in for a set, best first (see load.h).
std::vector<std::string> image_folders(const ImageSet& set, const std::string& data_dir);
/// Whether a folder holds the training images.
bool holds_images(const ImageSet& set, const std::string& folder);

/// The paths of an IDX set's files in a folder.
struct ImageFiles {
  std::string train_images, train_labels, test_images, test_labels;
};
/// The four files, plain before gzip; DataError naming the first that is missing (test files only where `with_test`).
ImageFiles image_files(const ImageSet& set, const std::string& folder, bool with_test);

/// Departures from what the set's files are like.
struct ImageReading {
  bool with_test = true;
  std::optional<int> label_offset;
  std::optional<bool> transpose;
};
/// All samples of a set that `folder` holds. DataError for files missing or damaged, and where test images differ in
/// size from training images; ConfigError (data.label_offset, data.transpose) where a set has no such thing.
Source read_image_set(const ImageSet& set, const std::string& folder, const ImageReading& reading);

/// Channels, height and width of its training images as the header in `folder` says, without reading them; as
/// published where there is no folder ("") or no sound header.
ImageShape image_shape(const ImageSet& set, const std::string& folder);

}  // namespace widthwise
