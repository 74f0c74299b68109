// A walk over everything of a member that is trained.
#pragma once

#include <algorithm>

#include "widthwise/network/ensemble.h"

namespace widthwise {

/// Calls use(tensor, scaling) for every weight matrix and bias of a member; tensor(p) is its view in an ensemble or in
/// parameters p.
template <class T, class Use>
void each_tensor(const Ensemble<T>& ensemble, Index member, const Use& use) {
  const Scaling& scaling = ensemble.scaling(member);
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const auto l = static_cast<std::size_t>(layer - 1);
    use([member, layer](auto& p) { return p.weight(member, layer); }, scaling.weights[l]);
    if (ensemble.bias(member, layer).data)
      use([member, layer](auto& p) { return p.bias(member, layer); }, scaling.biases[l]);
  }
}

template <class T>
void copy_numbers(View<const T> from, View<T> to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

}  // namespace widthwise
