// What a question about transfer found, as a figure: the loss over the setting, a curve a scale, its optimum marked.
#pragma once

#include "widthwise/inquiry/transfer.h"
#include "widthwise/report/figure.h"

namespace widthwise::report {

/// Over width and depth: a panel a depth, a curve a width. Losses of runs far above those they began with are not
/// drawn.
Figure transfer_figure(const TransferAnswer& answer);

}  // namespace widthwise::report
