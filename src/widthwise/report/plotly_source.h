// Where plotly.js comes from: a page carries the whole library, so that it opens offline. Debian has it in the package
// python3-plotly.
#pragma once

#include <string>

namespace widthwise::report {

/// The source of plotly.js from the file named by WIDTHWISE_PLOTLY, else from the places where packages put it; ""
/// where there is none (the page then says how to get it). @throws Error if WIDTHWISE_PLOTLY names no readable file.
std::string find_plotly();

}  // namespace widthwise::report
