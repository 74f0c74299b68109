// Data in memory that a run cannot use: NaN and infinities. Found here, before training, they are a mistake with a
// place; found later, they would look like a divergence of every network.
#pragma once

#include <string>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// Throws DataError unless every entry is finite; `name` says which matrix ("training inputs"), the message its first
/// row and column that is not.
template <class T>
void require_finite(View<const T> values, const std::string& name);

}  // namespace widthwise
