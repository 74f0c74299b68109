#include "widthwise/limit/kernel_descent.h"

#include <utility>

namespace widthwise {

KernelDescent::KernelDescent(Matrix<double> kernel, Vector<double> start)
    : kernel_{std::move(kernel)}, output_{std::move(start)} {}

Vector<double> KernelDescent::training_output(std::span<const std::uint32_t> rows) {
  Vector<double> out(static_cast<Index>(rows.size()));
  for (std::size_t k = 0; k < rows.size(); ++k) out[static_cast<Index>(k)] = output_[rows[k]];
  return out;
}

void KernelDescent::step(std::span<const std::uint32_t> rows, std::span<const double> gradient) {
  Vector<double> all = Vector<double>::Zero(kernel_.cols());
  for (std::size_t k = 0; k < rows.size(); ++k) all[rows[k]] += gradient[k];
  output_.noalias() -= kernel_ * all;
}

}  // namespace widthwise
