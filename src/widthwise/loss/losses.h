// The losses there are, one file each; loss.cpp lists them. Not needed outside this room.
#pragma once

#include <fmt/format.h>

#include "widthwise/base/error.h"
#include "widthwise/loss/loss.h"

namespace widthwise {

std::shared_ptr<const Loss> make_squared();
std::shared_ptr<const Loss> make_cross_entropy();
std::shared_ptr<const Loss> make_logistic();
std::shared_ptr<const Loss> make_hinge(double margin);
std::shared_ptr<const Loss> make_squared_hinge(double margin);
std::shared_ptr<const Loss> make_softhinge(double beta, double margin);
std::shared_ptr<const Loss> make_exponential();
std::shared_ptr<const Loss> make_squared_margin(double margin);

namespace detail {

/// @throws ShapeError unless outputs and targets have one shape.
template <class T>
void check_same_shape(const char* where, View<const T> outputs, View<const T> targets) {
  if (outputs.rows != targets.rows || outputs.cols != targets.cols)
    throw ShapeError(where, fmt::format("targets of the outputs' shape {} x {}", outputs.rows, outputs.cols),
                     fmt::format("{} x {}", targets.rows, targets.cols));
  if (outputs.rows < 1 || outputs.cols < 1)
    throw ShapeError(where, "at least one sample and one output", fmt::format("{} x {}", outputs.rows, outputs.cols));
}

}  // namespace detail
}  // namespace widthwise
