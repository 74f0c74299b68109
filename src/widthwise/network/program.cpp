#include "widthwise/network/program.h"

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

class Compiler {
 public:
  Program run(const Architecture& architecture) {
    const std::vector<Shape> shapes = infer_shapes(architecture);
    Node input;
    input.shape = shapes.front();
    program_.nodes.push_back(input);
    const int last = walk(architecture.layers, 0);
    if (program_.nodes[static_cast<std::size_t>(last)].kind != Node::Kind::matrix)
      throw ConfigError({"", "architecture.layers"}, "a dense layer as the last", "another");
    fuse();
    order_gradients();
    return std::move(program_);
  }

 private:
  const Node& node(int i) const { return program_.nodes[static_cast<std::size_t>(i)]; }

  int walk(const std::vector<LayerSpec>& layers, int at) {
    for (const LayerSpec& layer : layers) at = add(layer, at);
    return at;
  }

  int push(Node made) {
    program_.nodes.push_back(std::move(made));
    return static_cast<int>(program_.nodes.size()) - 1;
  }

  int add(const LayerSpec& layer, int at) {
    Node made;
    made.source = at;
    made.shape = shape_after(layer, node(at).shape, "layer");
    if (const auto* residual = std::get_if<Residual>(&layer)) {
      made.kind = Node::Kind::sum;
      made.source = walk(residual->branch, at);
      made.other = walk(residual->shortcut, at);
      made.scale = residual->branch_scale;
      made.other_scale = residual->shortcut_scale;
    } else if (const auto* dense = std::get_if<Dense>(&layer)) {
      made.sizes.in_channels = dense->fan_in;
      made.sizes.out_channels = dense->fan_out;
      add_matrix(made, dense->layer);
    } else if (const auto* convolution = std::get_if<Convolution>(&layer)) {
      made.sizes = sizes_of(*convolution, node(at).shape, made.shape);
      add_matrix(made, convolution->layer);
    } else if (const auto* pointwise = std::get_if<Pointwise>(&layer)) {
      made.kind = Node::Kind::activation;
      made.phi = make_activation(pointwise->activation, pointwise->parameter);
    } else if (const auto* pool = std::get_if<AveragePool>(&layer)) {
      made.kind = Node::Kind::average_pool;
      made.pool = *pool;
    } else {
      made.kind = std::holds_alternative<GlobalPool>(layer) ? Node::Kind::global_pool : Node::Kind::flatten;
    }
    if (made.kind != Node::Kind::matrix) refuse_planes(at, made);
    return push(std::move(made));
  }

  static ConvolutionSizes sizes_of(const Convolution& c, const Shape& in, const Shape& out) {
    return {in.height,     in.width,       c.channels_in, c.kernel_height, c.kernel_width, c.stride,
            c.padding.top, c.padding.left, out.height,    out.width,       c.channels_out};
  }

  void add_matrix(Node& made, int layer) {
    made.kind = Node::Kind::matrix;
    made.layer = layer;
    program_.matrices.push_back(static_cast<int>(program_.nodes.size()));
    program_.activations.push_back(-1);
  }

  // Inputs lie channel after channel, which only a convolution reads.
  void refuse_planes(int at, const Node& made) const {
    const bool reads_input = at == 0 || made.source == 0 || made.other == 0;
    if (reads_input && node(0).shape.positions() > 1)
      throw ConfigError({"", "architecture.layers"}, "a convolution as the first layer of images", "another");
  }

  // An activation that alone reads a matrix takes its bias and gradient along.
  void fuse() {
    std::vector<int> readers(program_.nodes.size(), 0);
    for (const Node& one : program_.nodes)
      for (const int from : {one.source, one.other})
        if (from >= 0) ++readers[static_cast<std::size_t>(from)];
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      Node& one = program_.nodes[i];
      if (one.kind != Node::Kind::activation) continue;
      const Node& before = node(one.source);
      if (before.kind != Node::Kind::matrix || one.source + 1 != static_cast<int>(i)) continue;
      program_.activations[static_cast<std::size_t>(before.layer - 1)] = static_cast<int>(i);
      one.fused = readers[static_cast<std::size_t>(one.source)] == 1;
    }
  }

  // Backward passes go from the last node to the first: who comes first writes, the others add.
  void order_gradients() {
    std::vector<bool> written(program_.nodes.size(), false);
    for (std::size_t i = program_.nodes.size(); i-- > 1;) {
      Node& one = program_.nodes[i];
      one.adds = written[static_cast<std::size_t>(one.source)];
      written[static_cast<std::size_t>(one.source)] = true;
      if (one.other < 0) continue;
      one.other_adds = written[static_cast<std::size_t>(one.other)];
      written[static_cast<std::size_t>(one.other)] = true;
    }
  }

  Program program_;
};

}  // namespace

bool Node::reads_rows() const {
  // Of an image in planes rows are no positions.
  return (source != 0 || sizes.in_positions() == 1) && sizes.kernel_height == 1 && sizes.kernel_width == 1 &&
         sizes.in_height == sizes.out_height && sizes.in_width == sizes.out_width && sizes.top == 0 && sizes.left == 0;
}

Program compile(const Architecture& architecture) {
  return Compiler().run(architecture);
}

}  // namespace widthwise
