// A data set in memory: one sample a row, targets always dense, so that every loss reads the same two matrices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// How a row of inputs folds into an image (channel by channel, row by row); all zero where samples are no images.
struct ImageShape {
  Index channels = 0, height = 0, width = 0;
  Index size() const { return channels * height * width; }
  bool operator==(const ImageShape&) const = default;
};

/// inputs (samples x features); targets (samples x outputs): one-hot for classes, +-1 for parity and pairs, values for
/// regression.
struct Dataset {
  std::string name;
  Matrix<double> inputs;
  Matrix<double> targets;
  std::vector<int> classes;              // class of each sample, from 0; empty where the data have none
  std::vector<std::string> class_names;  // by class; may be empty
  ImageShape image;

  Index samples() const { return inputs.rows(); }
  Index features() const { return inputs.cols(); }
  Index outputs() const { return targets.cols(); }
};

/// What a run trains, is chosen and tests on, with where it came from. No two parts share a sample; test and validation
/// may have none.
struct Split {
  Dataset train, test, validation;
  std::string source;             // folder or file read, or "generated"
  std::uint64_t fingerprint = 0;  // of all parts as chosen, before preprocessing (fingerprint.h)
};

/// A part without samples, shaped as `data`.
Dataset empty_like(const Dataset& data);

}  // namespace widthwise
