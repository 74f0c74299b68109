// An outcome as plain text: the word, each reason, and the predicted exponents as a table.
#pragma once

#include <string>

#include "widthwise/parameterization/outcome.h"

namespace widthwise {

/// Several lines, no newline at the end.
std::string classify_text(const Outcome& outcome);

}  // namespace widthwise
