// Short labels for the quantities of one figure: what their names share goes to the axis, what differs to the legend.
// "at_step(5).own_update.1" and ".2" become "1" and "2" under "at_step(5).own_update". Internal to the report room.
#pragma once

#include <string>
#include <vector>

namespace widthwise::report {

struct QuantityNames {
  std::string shared;               ///< for the axis
  std::vector<std::string> labels;  ///< for the legend, one a name; empty text where there is one name only
  bool layers = false;              ///< the labels count weight matrices
};

QuantityNames short_names(const std::vector<std::string>& names);

}  // namespace widthwise::report
