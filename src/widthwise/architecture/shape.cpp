#include "widthwise/architecture/shape.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/activation/activation.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

bool in_bounds(Index size) {
  return size >= 1 && size <= ArchitectureLimits::dimension;
}

std::string text(const Shape& shape) {
  if (shape.positions() == 1) return fmt::format("{} features", shape.features);
  return fmt::format("{} x {} positions of {} features", shape.height, shape.width, shape.features);
}

// Sizes of a kernel's output along one side.
Index slid(Index size, Index before, Index after, Index kernel, Index stride, const char* side,
           const std::string& name) {
  const Index padded = size + before + after;
  if (kernel < 1 || stride < 1 || before < 0 || after < 0)
    throw ShapeError(name, "a kernel and a stride of at least 1, padding of at least 0",
                     fmt::format("kernel {}, stride {}, padding {} and {}", kernel, stride, before, after));
  if (padded < kernel)
    throw ShapeError(name, fmt::format("an image at least as {} as the kernel of {}", side, kernel),
                     fmt::format("{}{}", size, before + after > 0 ? fmt::format(", {} with padding", padded) : ""));
  return (padded - kernel) / stride + 1;
}

struct After {
  const Shape& in;
  const std::string& name;

  Shape operator()(const Dense& dense) const {
    if (in.positions() != 1) throw ShapeError(name, "one position (flatten, or a global pool, before it)", text(in));
    if (dense.fan_in != in.features)
      throw ShapeError(name, fmt::format("fan_in {} (what comes in)", in.features), fmt::format("{}", dense.fan_in));
    if (!in_bounds(dense.fan_out))
      throw ShapeError(name, fmt::format("fan_out in 1..{}", ArchitectureLimits::dimension),
                       fmt::format("{}", dense.fan_out));
    return {dense.fan_out};
  }
  Shape operator()(const Pointwise& pointwise) const {
    make_activation(pointwise.activation, pointwise.parameter);  // throws where there is none of that name
    return in;
  }
  Shape operator()(const Convolution& c) const {
    if (c.channels_in != in.features)
      throw ShapeError(name, fmt::format("channels_in {} (what comes in)", in.features),
                       fmt::format("{}", c.channels_in));
    if (!in_bounds(c.channels_out))
      throw ShapeError(name, fmt::format("channels_out in 1..{}", ArchitectureLimits::dimension),
                       fmt::format("{}", c.channels_out));
    return {c.channels_out, slid(in.height, c.padding.top, c.padding.bottom, c.kernel_height, c.stride, "high", name),
            slid(in.width, c.padding.left, c.padding.right, c.kernel_width, c.stride, "wide", name)};
  }
  Shape operator()(const AveragePool& pool) const {
    return {in.features, slid(in.height, 0, 0, pool.window, pool.stride, "high", name),
            slid(in.width, 0, 0, pool.window, pool.stride, "wide", name)};
  }
  Shape operator()(const GlobalPool&) const { return {in.features}; }
  Shape operator()(const Flatten&) const { return {in.size()}; }
  Shape operator()(const Residual& residual) const {
    const Shape branch = through(residual.branch, "branch"), shortcut = through(residual.shortcut, "shortcut");
    if (branch != shortcut)
      throw ShapeError(name, fmt::format("a shortcut of the branch's shape, {}", text(branch)), text(shortcut));
    if (!std::isfinite(residual.branch_scale) || !std::isfinite(residual.shortcut_scale))
      throw ShapeError(name, "finite scales", fmt::format("{} and {}", residual.branch_scale, residual.shortcut_scale));
    return branch;
  }

  Shape through(const std::vector<LayerSpec>& layers, const char* part) const {
    Shape shape = in;
    for (std::size_t i = 0; i < layers.size(); ++i)
      shape = shape_after(layers[i], shape, fmt::format("{}, {}: {}", name, part, layer_name(layers[i], i)));
    return shape;
  }
};

void check_ends(const Architecture& architecture) {
  if (!in_bounds(architecture.input_dimension))
    throw ShapeError("input", fmt::format("input_dimension in 1..{}", ArchitectureLimits::dimension),
                     fmt::format("{}", architecture.input_dimension));
  const std::size_t count = architecture.layers.size();
  if (count < 1 || count > static_cast<std::size_t>(ArchitectureLimits::layers))
    throw ConfigError({"", "architecture.layers"}, fmt::format("1..{} layers", ArchitectureLimits::layers),
                      fmt::format("{}", count));
}

Shape input_shape(const Architecture& architecture) {
  const InputImage& image = architecture.image;
  if (image == InputImage{}) return {architecture.input_dimension};
  const Shape shape{image.channels, image.height, image.width};
  if (!in_bounds(image.channels) || !in_bounds(image.height) || !in_bounds(image.width) ||
      shape.size() != architecture.input_dimension)
    throw ShapeError("input", fmt::format("an image of {} numbers", architecture.input_dimension),
                     fmt::format("{} x {} x {}", image.height, image.width, image.channels));
  return shape;
}

void check_numbers(const std::vector<Dense>& matrices) {
  for (std::size_t i = 0; i < matrices.size(); ++i)
    if (matrices[i].layer != static_cast<int>(i) + 1)
      throw ShapeError(fmt::format("weight matrix {}", i + 1), fmt::format("weight matrix number {}", i + 1),
                       fmt::format("{}", matrices[i].layer));
}

}  // namespace

std::string layer_name(const LayerSpec& layer, std::size_t index) {
  struct Kind {
    std::string operator()(const Dense& dense) const { return fmt::format("dense, {}", block_name(dense.block)); }
    std::string operator()(const Pointwise& pointwise) const {
      return fmt::format("pointwise, {}", pointwise.activation);
    }
    std::string operator()(const Convolution& convolution) const {
      return fmt::format("convolution {} x {}, {}", convolution.kernel_height, convolution.kernel_width,
                         block_name(convolution.block));
    }
    std::string operator()(const AveragePool& pool) const { return fmt::format("average pool {0} x {0}", pool.window); }
    std::string operator()(const GlobalPool&) const { return "global pool"; }
    std::string operator()(const Flatten&) const { return "flatten"; }
    std::string operator()(const Residual&) const { return "residual"; }
  };
  return fmt::format("layer {} ({})", index + 1, std::visit(Kind(), layer));
}

Shape shape_after(const LayerSpec& layer, const Shape& in, const std::string& name) {
  return std::visit(After{in, name}, layer);
}

std::vector<Shape> infer_shapes(const Architecture& architecture) {
  check_ends(architecture);
  std::vector<Shape> shapes = {input_shape(architecture)};
  for (std::size_t i = 0; i < architecture.layers.size(); ++i)
    shapes.push_back(shape_after(architecture.layers[i], shapes.back(), layer_name(architecture.layers[i], i)));
  check_numbers(architecture.weight_matrices());
  if (shapes.back() != Shape{architecture.outputs})
    throw ShapeError(layer_name(architecture.layers.back(), architecture.layers.size() - 1),
                     fmt::format("{} outputs", architecture.outputs), text(shapes.back()));
  const std::int64_t parameters = parameter_count(architecture);
  if (parameters > ArchitectureLimits::parameters)
    throw ConfigError({"", "architecture.layers"},
                      fmt::format("at most {} parameters (16 GiB in float32)", ArchitectureLimits::parameters),
                      fmt::format("{}", parameters), "fewer or narrower layers");
  return shapes;
}

}  // namespace widthwise
