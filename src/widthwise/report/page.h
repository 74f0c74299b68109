// The report as one HTML page that opens offline, from a file, with nothing beside it: verdicts first, then figures,
// configuration and provenance. Works on unfinished studies. The page fetches nothing (its content security policy
// forbids it) and shows data-errors="N" on <html> if a script failed, data-drawn="N" once N figures are drawn.
#pragma once

#include <filesystem>
#include <string>

#include "widthwise/report/page_model.h"

namespace widthwise::report {

/// The page as text. `plotly` is the source of plotly.js (plotly_source.h); where it is empty the page has everything
/// but drawn figures, and says how to get them.
std::string page_html(const Page& page, const std::string& plotly);

/// Writes the page with the plotly.js of this machine. @throws Error naming the path that could not be written.
void write_page(const std::filesystem::path& path, const Page& page);

}  // namespace widthwise::report
