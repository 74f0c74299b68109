#include "widthwise/architecture/shape.h"

#include <fmt/format.h>

#include "widthwise/activation/activation.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

void check_dense(const Dense& dense, const std::string& name, Shape in, int expected_number) {
  const auto in_bounds = [](Index size) { return size >= 1 && size <= ArchitectureLimits::dimension; };
  if (dense.fan_in != in.features)
    throw ShapeError(name, fmt::format("fan_in {} (what comes in)", in.features), fmt::format("{}", dense.fan_in));
  if (!in_bounds(dense.fan_out))
    throw ShapeError(name, fmt::format("fan_out in 1..{}", ArchitectureLimits::dimension),
                     fmt::format("{}", dense.fan_out));
  if (dense.layer != expected_number)
    throw ShapeError(name, fmt::format("weight matrix number {}", expected_number), fmt::format("{}", dense.layer));
}

void check_ends(const Architecture& architecture) {
  if (architecture.input_dimension < 1 || architecture.input_dimension > ArchitectureLimits::dimension)
    throw ShapeError("input", fmt::format("input_dimension in 1..{}", ArchitectureLimits::dimension),
                     fmt::format("{}", architecture.input_dimension));
  const std::size_t count = architecture.layers.size();
  if (count < 1 || count > static_cast<std::size_t>(ArchitectureLimits::layers))
    throw ConfigError({"", "architecture.layers"}, fmt::format("1..{} layers", ArchitectureLimits::layers),
                      fmt::format("{}", count));
}

}  // namespace

std::string layer_name(const LayerSpec& layer, std::size_t index) {
  if (const auto* dense = std::get_if<Dense>(&layer))
    return fmt::format("layer {} (dense, {})", index + 1, block_name(dense->block));
  return fmt::format("layer {} (pointwise, {})", index + 1, std::get<Pointwise>(layer).activation);
}

std::vector<Shape> infer_shapes(const Architecture& architecture) {
  check_ends(architecture);
  std::vector<Shape> shapes = {{architecture.input_dimension}};
  int matrices = 0;
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    const LayerSpec& layer = architecture.layers[i];
    if (const auto* dense = std::get_if<Dense>(&layer)) {
      check_dense(*dense, layer_name(layer, i), shapes.back(), ++matrices);
      shapes.push_back({dense->fan_out});
    } else {
      const auto& pointwise = std::get<Pointwise>(layer);
      make_activation(pointwise.activation, pointwise.parameter);  // throws where there is none of that name
      shapes.push_back(shapes.back());
    }
  }
  if (shapes.back().features != architecture.outputs)
    throw ShapeError(layer_name(architecture.layers.back(), architecture.layers.size() - 1),
                     fmt::format("{} outputs", architecture.outputs), fmt::format("{}", shapes.back().features));
  const std::int64_t parameters = parameter_count(architecture);
  if (parameters > ArchitectureLimits::parameters)
    throw ConfigError({"", "architecture.layers"},
                      fmt::format("at most {} parameters (16 GiB in float32)", ArchitectureLimits::parameters),
                      fmt::format("{}", parameters), "fewer or narrower layers");
  return shapes;
}

}  // namespace widthwise
