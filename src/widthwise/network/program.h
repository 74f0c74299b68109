// An architecture as a list of steps, in the order a forward pass takes them: every step makes one value (a node) from
// one or two nodes before it. Lists inside residual sums are written out. What a forward pass, a backward pass and a
// derivative forward walk along.
#pragma once

#include <memory>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/linalg/convolution_sizes.h"

namespace widthwise {

struct Node {
  enum class Kind { input, matrix, activation, average_pool, global_pool, flatten, sum };
  Kind kind = Kind::input;
  int source = -1, other = -1;  // nodes it is made from; other: of a sum, the shortcut
  Shape shape;                  // of one sample
  Index layer = 0;              // of a matrix: its number l
  std::shared_ptr<const Activation> phi;
  ConvolutionSizes sizes;  // of a matrix: how it reads its source (a dense one as 1 x 1)
  AveragePool pool;
  double scale = 1, other_scale = 1;  // of a sum
  /// Of an activation: it alone reads the matrix before it. Bias and phi are then one pass, both share one gradient.
  bool fused = false;
  /// In a backward pass, whether the gradient of source (of other) holds something already.
  bool adds = false, other_adds = false;

  /// Of a matrix: whether what it reads are the rows of its source as they are; else whether it is convolved with them,
  /// or with patches gathered before: the inputs, channel after channel, and what all members share.
  bool reads_rows() const;
  bool convolves() const { return kind == Kind::matrix && !reads_rows() && source != 0 && layer != 1; }
};

struct Program {
  std::vector<Node> nodes;       // node 0 is the input
  std::vector<int> matrices;     // node of weight matrix l at l-1
  std::vector<int> activations;  // node of the activation right behind it, or -1
};

/// @throws ShapeError, ConfigError as infer_shapes; ConfigError where the last layer is no weight matrix.
Program compile(const Architecture& architecture);

}  // namespace widthwise
