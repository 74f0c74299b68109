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

Matrix<double> channel(const Dataset& data, Index index, Index number) {
  const ImageShape& image = data.image;
  return Eigen::Map<const Matrix<double>>(data.inputs.row(index).data() + number * image.height * image.width,
                                          image.height, image.width);
}

// Channels averaged, colours by luma: (height x width).
Matrix<double> grey(const Dataset& data, Index index) {
  if (data.image.channels == 3)
    return 0.299 * channel(data, index, 0) + 0.587 * channel(data, index, 1) + 0.114 * channel(data, index, 2);
  Matrix<double> sum = channel(data, index, 0);
  for (Index c = 1; c < data.image.channels; ++c) sum += channel(data, index, c);
  return sum / static_cast<double>(data.image.channels);
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

std::string picture_file(const Dataset& data, std::span<const Index> rows, Index across) {
  const ImageShape& image = data.image;
  if (image.size() < 1 || image.size() != data.features() || rows.empty() || across < 1)
    throw ShapeError("picture_file", "at least one image",
                     fmt::format("{} samples of {} numbers", rows.size(), data.features()));
  constexpr Index gap = 2;
  const bool colour = image.channels == 3;
  const auto count = static_cast<Index>(rows.size());
  const Index columns = std::min(across, count), lines = (count + columns - 1) / columns;
  const Index width = columns * (image.width + gap) - gap, height = lines * (image.height + gap) - gap;
  const Index depth = colour ? 3 : 1;
  std::string pixels(static_cast<std::size_t>(width * height * depth), '\0');
  for (Index i = 0; i < count; ++i) {
    const Index index = rows[static_cast<std::size_t>(i)];
    if (index < 0 || index >= data.samples())
      throw ShapeError("picture_file", fmt::format("samples in 0..{}", data.samples() - 1), fmt::format("{}", index));
    const double low = data.inputs.row(index).minCoeff(), high = data.inputs.row(index).maxCoeff();
    const double scale = high > low ? 255 / (high - low) : 0;
    for (Index c = 0; c < depth; ++c) {
      const Matrix<double> values = colour ? channel(data, index, c) : grey(data, index);
      for (Index y = 0; y < image.height; ++y)
        for (Index x = 0; x < image.width; ++x) {
          const Index at = (i / columns * (image.height + gap) + y) * width + i % columns * (image.width + gap) + x;
          pixels[static_cast<std::size_t>(at * depth + c)] =
              static_cast<char>(static_cast<unsigned char>((values(y, x) - low) * scale + 0.5));
        }
    }
  }
  return fmt::format("P{}\n{} {}\n255\n", colour ? 6 : 5, width, height) + pixels;
}

}  // namespace widthwise
