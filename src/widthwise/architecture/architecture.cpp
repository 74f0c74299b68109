#include "widthwise/architecture/architecture.h"

#include <algorithm>

#include "widthwise/architecture/shape.h"

namespace widthwise {

namespace {

void collect(const std::vector<LayerSpec>& layers, std::vector<Dense>& found) {
  for (const LayerSpec& layer : layers) {
    if (const auto* dense = std::get_if<Dense>(&layer)) found.push_back(*dense);
    if (const auto* convolution = std::get_if<Convolution>(&layer)) found.push_back(convolution->matrix());
    if (const auto* residual = std::get_if<Residual>(&layer)) {
      collect(residual->branch, found);
      collect(residual->shortcut, found);
    }
  }
}

// Applications of each weight matrix to one sample: 1, or the positions of a convolution's output.
void count_uses(const std::vector<LayerSpec>& layers, Shape& shape, std::vector<double>& uses) {
  for (const LayerSpec& layer : layers) {
    const Shape after = shape_after(layer, shape, "layer");
    if (std::holds_alternative<Dense>(layer)) uses.push_back(1);
    if (std::holds_alternative<Convolution>(layer)) uses.push_back(static_cast<double>(after.positions()));
    if (const auto* residual = std::get_if<Residual>(&layer)) {
      Shape branch = shape, shortcut = shape;
      count_uses(residual->branch, branch, uses);
      count_uses(residual->shortcut, shortcut, uses);
    }
    shape = after;
  }
}

std::vector<double> flops_of_matrices(const Architecture& architecture) {
  Shape shape = infer_shapes(architecture).front();
  std::vector<double> flops;
  count_uses(architecture.layers, shape, flops);
  const std::vector<Dense> matrices = architecture.weight_matrices();
  for (std::size_t i = 0; i < matrices.size(); ++i)
    flops[i] *= 2.0 * static_cast<double>(matrices[i].fan_in) * static_cast<double>(matrices[i].fan_out);
  return flops;
}

}  // namespace

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

Padding valid_padding() {
  return {};
}

Padding padding_of(Index pixels) {
  return {pixels, pixels, pixels, pixels};
}

Padding same_padding(Index height, Index width, Index kernel_height, Index kernel_width, Index stride) {
  const auto total = [stride](Index size, Index kernel) {
    const Index out = (size + stride - 1) / stride;
    return std::max<Index>((out - 1) * stride + kernel - size, 0);
  };
  const Index vertical = total(height, kernel_height), horizontal = total(width, kernel_width);
  return {vertical / 2, vertical - vertical / 2, horizontal / 2, horizontal - horizontal / 2};
}

Dense Convolution::matrix() const {
  const Index area = kernel_height * kernel_width;
  return {channels_in * area, channels_out, bias, layer, block, area};
}

std::vector<Dense> Architecture::weight_matrices() const {
  std::vector<Dense> found;
  collect(layers, found);
  return found;
}

std::int64_t parameter_count(const Architecture& architecture) {
  std::int64_t count = 0;
  for (const Dense& matrix : architecture.weight_matrices())
    count += std::int64_t{matrix.fan_in} * matrix.fan_out + (matrix.bias ? matrix.fan_out : 0);
  return count;
}

double flops_per_sample(const Architecture& architecture) {
  double flops = 0;
  for (const double one : flops_of_matrices(architecture)) flops += one;
  return flops;
}

double training_flops_per_sample(const Architecture& architecture) {
  const std::vector<double> flops = flops_of_matrices(architecture);
  if (flops.empty()) return 0;
  double all = 0;
  for (const double one : flops) all += one;
  return 3 * all - flops.front();
}

}  // namespace widthwise
