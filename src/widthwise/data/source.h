// All samples that the files of a set hold, before any is chosen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "widthwise/data/dataset.h"

namespace widthwise {

/// Inputs as bytes (of images: value / 255) or as numbers, one sample a row; classes, or values for regression.
struct Samples {
  ImageShape image;                  // all zero where samples are no images
  std::vector<std::uint8_t> pixels;  // samples x image.size(), or empty
  Matrix<double> inputs{0, 0};       // samples x features, or empty
  std::vector<int> classes;          // or empty
  Matrix<double> values{0, 0};       // samples x outputs, or empty

  bool are_bytes() const { return !pixels.empty(); }
  Index features() const { return are_bytes() ? image.size() : inputs.cols(); }
  Index count() const { return are_bytes() ? static_cast<Index>(pixels.size()) / image.size() : inputs.rows(); }
};

struct Source {
  std::string name, place;               // place: folder or file
  Samples train, test;                   // test: of files of their own, where there are any
  bool own_test = true;                  // false: test samples are split off `train`
  bool proportional = false;             // classes as frequent among the chosen as in the files, not balanced
  std::vector<std::string> class_names;  // by class; empty for regression
  std::uint64_t content = 0;             // fingerprint of the files; 0: not taken

  int class_count() const { return static_cast<int>(class_names.size()); }
};

}  // namespace widthwise
