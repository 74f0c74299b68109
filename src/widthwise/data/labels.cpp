#include "widthwise/data/labels.h"

#include <fmt/format.h>

#include "widthwise/base/error.h"

namespace widthwise {

Matrix<double> one_hot(const std::vector<int>& classes, int class_count) {
  Matrix<double> targets = Matrix<double>::Zero(static_cast<Index>(classes.size()), class_count);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < 0 || classes[i] >= class_count)
      throw ShapeError("one_hot", fmt::format("classes in 0..{}", class_count - 1), fmt::format("{}", classes[i]));
    targets(static_cast<Index>(i), classes[i]) = 1;
  }
  return targets;
}

Matrix<double> parity(const std::vector<int>& classes) {
  Matrix<double> targets(static_cast<Index>(classes.size()), 1);
  for (std::size_t i = 0; i < classes.size(); ++i) targets(static_cast<Index>(i), 0) = classes[i] % 2 == 0 ? 1 : -1;
  return targets;
}

Matrix<double> class_targets(std::string_view labels, const std::vector<int>& classes, int class_count) {
  if (labels == "classes") return one_hot(classes, class_count);
  if (labels == "parity") return parity(classes);
  if (labels == "pair") {
    if (class_count != 2)
      throw ConfigError({"", "data.classes"}, "two classes, for data.labels = pair", fmt::format("{}", class_count),
                        "data.classes = [3, 5] keeps these two");
    return parity(classes);
  }
  throw ConfigError({"", "data.labels"}, "classes, parity or pair (the data have classes)", std::string(labels),
                    unknown_name_hint(labels, {"classes", "parity", "pair"}));
}

}  // namespace widthwise
