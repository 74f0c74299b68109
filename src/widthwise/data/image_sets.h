// The image sets known by name: what they are, where they lie, how to get them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"

namespace widthwise {

struct ImageSet {
  Named named;
  int classes;
  std::string how_to_get;  // a sentence with the command
};

const std::vector<ImageSet>& image_sets();
/// The set of that name, or null.
const ImageSet* find_image_set(std::string_view name);

/// The paths of one set's files in a folder.
struct ImageFiles {
  std::string train_images, train_labels, test_images, test_labels;
};

/// Folders to look in for a set, best first (see load.h).
std::vector<std::string> image_folders(const ImageSet& set, const std::string& data_dir);
/// Whether a folder holds the training images.
bool holds_images(const std::string& folder);
/// The four files in a folder, plain before gzip; DataError naming the first that is missing (test files only where
/// `with_test`).
ImageFiles image_files(const std::string& folder, bool with_test);

}  // namespace widthwise
