// A figure's files for other programs: NAME.csv, NAME.json (Plotly) and NAME.gp (gnuplot).
#pragma once

#include <filesystem>
#include <vector>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// Writes the three files of every figure into `folder`, which is made if it is missing; figures of the same name get
/// -2, -3, ... appended. Returns the paths. @throws Error naming the path that could not be written.
std::vector<std::filesystem::path> write_figure_files(const std::filesystem::path& folder,
                                                      const std::vector<Figure>& figures);

}  // namespace widthwise::report
