#include "widthwise/network/parameters.h"

#include <fmt/format.h>

#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"

namespace widthwise {

template <class T>
Parameters<T>::Parameters(const Architecture& architecture, Index members)
    : dense_(architecture.weight_matrices()), members_(members) {
  if (members < 1) throw ShapeError("Parameters", "at least one member", fmt::format("{}", members));
  infer_shapes(architecture);
  Index size = 0;
  for (const Dense& layer : dense_) {
    Place place;
    const Index weights = layer.fan_out * layer.fan_in;
    place.weight = size;
    place.weight_step = layer.layer == 1 ? weights : whole_lines<T>(weights);  // layer 1 is stacked without gaps
    place.bias = whole_lines<T>(place.weight + members * place.weight_step);
    size = whole_lines<T>(place.bias + (layer.bias ? members * layer.fan_out : 0));
    places_.push_back(place);
  }
  arena_ = AlignedArray<T>(size);
}

template class Parameters<float>;
template class Parameters<double>;

}  // namespace widthwise
