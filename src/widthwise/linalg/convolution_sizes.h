// How a kernel passes over an image: the sizes of one sample. Beyond the image there are zeros, `top` rows above and
// `left` columns before it, and as many after it as the outputs need.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise {

struct ConvolutionSizes {
  Index in_height = 1, in_width = 1, in_channels = 1;
  Index kernel_height = 1, kernel_width = 1, stride = 1;
  Index top = 0, left = 0;
  Index out_height = 1, out_width = 1, out_channels = 1;

  Index in_positions() const { return in_height * in_width; }
  Index out_positions() const { return out_height * out_width; }
  /// Columns of the weights.
  Index fan_in() const { return kernel_height * kernel_width * in_channels; }
  bool operator==(const ConvolutionSizes&) const = default;
};

}  // namespace widthwise
