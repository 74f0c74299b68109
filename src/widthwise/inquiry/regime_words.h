// The answer to "in which regime does it train?" in sentences. Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "widthwise/inquiry/regime.h"

namespace widthwise {

/// Of the network asked about. @param part "test" or "training": the points outputs were compared on
std::vector<std::string> regime_in_words(const RegimeAnswer& answer, const std::string& part, int seeds);

}  // namespace widthwise
