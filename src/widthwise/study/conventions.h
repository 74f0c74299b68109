// What a reader must be told of a study lest two papers be confused.
#pragma once

#include <string>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

/// Sentences that say by which convention training.alpha is meant, for every convention the sweeps use; none where
/// alpha has none.
std::vector<std::string> conventions(const Study& study);

}  // namespace widthwise
