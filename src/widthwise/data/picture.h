// A sample drawn with characters, to see on a terminal what a network is given.
#pragma once

#include <string>

#include "widthwise/data/dataset.h"

namespace widthwise {

/// Sample `index` as lines of text, dark to bright from its own smallest to its own largest entry. An image is drawn
/// with channels averaged and two rows of pixels a line (characters are twice as high as wide), wide ones narrowed to
/// at most `columns`; other samples as their first few numbers. Throws ShapeError for an index outside the set.
std::string draw_sample(const Dataset& data, Index index, Index columns = 64);

}  // namespace widthwise
