#include "widthwise/data/finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "widthwise/base/error.h"

namespace widthwise {

template <class T>
void require_finite(View<const T> values, const std::string& name) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits size = std::numeric_limits<Bits>::max() >> 1;  // all but the sign
  constexpr Bits infinity = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
  for (Index i = 0; i < values.rows; ++i) {
    // Without their sign, bits are ordered like the numbers, NaN above infinity; a maximum of integers vectorises.
    Bits most = 0;
    for (Index j = 0; j < values.cols; ++j) most = std::max(most, std::bit_cast<Bits>(values(i, j)) & size);
    if (most < infinity) continue;
    for (Index j = 0; j < values.cols; ++j)
      if (!std::isfinite(values(i, j)))
        throw DataError(name, -1, "finite numbers",
                        fmt::format("{} in row {}, column {} (counted from 0)", values(i, j), i, j));
  }
}

template void require_finite(View<const float>, const std::string&);
template void require_finite(View<const double>, const std::string&);

}  // namespace widthwise
