#include "widthwise/training/normalised_start.h"

#include <cmath>

namespace widthwise {

template <class T>
void change_variables(Ensemble<T>& ensemble, Index member, Variables to) {
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const int start = ensemble.scaling(member).weights[static_cast<std::size_t>(layer - 1)].start;
    const View<T> weight = ensemble.weight(member, layer);
    const int exponent = to == Variables::normalised ? start : -start;
    for (Index i = 0; i < weight.rows; ++i)
      for (Index j = 0; j < weight.cols; ++j) weight(i, j) = std::ldexp(weight(i, j), exponent);
  }
}

template void change_variables(Ensemble<float>&, Index, Variables);
template void change_variables(Ensemble<double>&, Index, Variables);

}  // namespace widthwise
