#include "widthwise/architecture/architecture.h"

#include "widthwise/architecture/shape.h"

namespace widthwise {

std::string_view block_name(Block block) {
  switch (block) {
    case Block::input:
      return "input";
    case Block::hidden:
      return "hidden";
    default:
      return "output";
  }
}

std::vector<Dense> Architecture::dense() const {
  std::vector<Dense> found;
  for (const LayerSpec& layer : layers)
    if (const auto* dense = std::get_if<Dense>(&layer)) found.push_back(*dense);
  return found;
}

std::int64_t parameter_count(const Architecture& architecture) {
  std::int64_t count = 0;
  for (const Dense& dense : architecture.dense())
    count += std::int64_t{dense.fan_in} * dense.fan_out + (dense.bias ? dense.fan_out : 0);
  return count;
}

double flops_per_sample(const Architecture& architecture) {
  double flops = 0;
  for (const Dense& dense : architecture.dense())
    flops += 2.0 * static_cast<double>(dense.fan_in) * static_cast<double>(dense.fan_out);
  return flops;
}

double training_flops_per_sample(const Architecture& architecture) {
  const std::vector<Dense> dense = architecture.dense();
  if (dense.empty()) return 0;
  const double first = 2.0 * static_cast<double>(dense.front().fan_in) * static_cast<double>(dense.front().fan_out);
  return 3.0 * flops_per_sample(architecture) - first;
}

}  // namespace widthwise
