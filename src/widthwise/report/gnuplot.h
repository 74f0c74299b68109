// A figure as a gnuplot script that carries its data: `gnuplot NAME.gp` writes NAME.svg, `gnuplot -e "pdf=1" NAME.gp`
// writes NAME.pdf for a paper. Needs gnuplot 5.4. Text from studies stands in single quotes, where gnuplot substitutes
// nothing, and is drawn without enhanced markup.
#pragma once

#include <string>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// @throws ShapeError for a figure that check_figure refuses.
std::string gnuplot_script(const Figure& figure);

}  // namespace widthwise::report
