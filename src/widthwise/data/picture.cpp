#include "widthwise/data/picture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr std::string_view shades = " .:-=+*#%@";

// Channels averaged: (height x width).
Matrix<double> grey(const Dataset& data, Index index) {
  const ImageShape& image = data.image;
  Matrix<double> sum = Matrix<double>::Zero(image.height, image.width);
  for (Index c = 0; c < image.channels; ++c)
    sum += Eigen::Map<const Matrix<double>>(data.inputs.row(index).data() + c * image.height * image.width,
                                            image.height, image.width);
  return sum / static_cast<double>(image.channels);
}

char shade(double value, double low, double high) {
  const double share = high > low ? (value - low) / (high - low) : 0;
  const auto level = static_cast<std::size_t>(share * static_cast<double>(shades.size()));
  return shades[std::min(level, shades.size() - 1)];
}

std::string numbers(const Dataset& data, Index index) {
  const Index shown = std::min<Index>(data.features(), 8);
  const double* row = data.inputs.row(index).data();
  return fmt::format("{:.3g}{}\n", fmt::join(row, row + shown, " "), shown < data.features() ? " ..." : "");
}

}  // namespace

std::string draw_sample(const Dataset& data, Index index, Index columns) {
  if (index < 0 || index >= data.samples())
    throw ShapeError("draw_sample", fmt::format("a sample in 0..{}", data.samples() - 1), fmt::format("{}", index));
  if (data.image.size() < 1 || data.image.size() != data.features()) return numbers(data, index);
  const Matrix<double> pixels = grey(data, index);
  const Index step = (pixels.cols() + std::max<Index>(columns, 1) - 1) / std::max<Index>(columns, 1);
  const double low = pixels.minCoeff(), high = pixels.maxCoeff();
  std::string text;
  for (Index top = 0; top < pixels.rows(); top += 2 * step) {
    const Index height = std::min(2 * step, pixels.rows() - top);
    for (Index left = 0; left < pixels.cols(); left += step) {
      const Index width = std::min(step, pixels.cols() - left);
      text += shade(pixels.block(top, left, height, width).mean(), low, high);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace widthwise
