#include "widthwise/data/dataset.h"

namespace widthwise {

Dataset empty_like(const Dataset& data) {
  Dataset empty;
  empty.name = data.name;
  empty.image = data.image;
  empty.class_names = data.class_names;
  empty.inputs.resize(0, data.features());
  empty.targets.resize(0, data.outputs());
  return empty;
}

}  // namespace widthwise
