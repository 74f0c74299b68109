// Samples drawn, to see what a network is given: with characters on a terminal, or as a PGM or PPM file.
#pragma once

#include <span>
#include <string>

#include "widthwise/data/dataset.h"

namespace widthwise {

/// Sample `index` as lines of text, dark to bright from its own smallest to its own largest entry. An image is drawn
/// with its channels averaged (colours by luma) and two rows of pixels a line (characters are twice as high as wide),
/// wide ones narrowed to at most `columns`; other samples as their first few numbers. Throws ShapeError for an index
/// outside the set.
std::string draw_sample(const Dataset& data, Index index, Index columns = 64);

/// The bytes of a picture of the samples `rows`, `across` in a line, each from dark to bright over its own range: PPM
/// for images of three channels, else PGM with channels averaged. Throws ShapeError where samples are no images, for an
/// index outside the set, and for none.
std::string picture_file(const Dataset& data, std::span<const Index> rows, Index across = 10);

}  // namespace widthwise
