// Shape inference: what one sample looks like after each layer of an architecture. The one check a hand-made list of
// layers needs before a network is built from it.
#pragma once

#include <string>
#include <vector>

#include "widthwise/architecture/architecture.h"

namespace widthwise {

/// One sample between two layers: `features` numbers at each of height x width positions.
struct Shape {
  Index features = 0, height = 1, width = 1;
  Index positions() const { return height * width; }
  Index size() const { return features * positions(); }
  bool operator==(const Shape&) const = default;
};

/// Of what comes out of one layer. Throws as infer_shapes; `name` is for messages. Residual sums go through their
/// lists.
Shape shape_after(const LayerSpec& layer, const Shape& in, const std::string& name);

/// Shapes before the first layer and after each layer: layers.size() + 1 of them, the first the inputs (the image where
/// there is one), the last the outputs. Throws ShapeError naming the layer ("layer 3 (dense, hidden)": third entry of
/// the list) where a fan-in is not what comes in, an image is smaller than the kernel over it, a size is not
/// in 1..2^24, the layers do not count their weight matrices 1, 2, 3, ..., or the last shape is not `outputs`;
/// ConfigError (architecture.layers, architecture.activation) for a list that is empty, too long or too large, or for
/// an activation nobody knows.
std::vector<Shape> infer_shapes(const Architecture& architecture);

/// "layer 3 (dense, hidden)", counted from 1 over the entries of the list.
std::string layer_name(const LayerSpec& layer, std::size_t index);

}  // namespace widthwise
