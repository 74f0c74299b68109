#include "widthwise/report/transfer_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace widthwise::report {
namespace {

constexpr double most_over_cap = 3;

Series curve(const TransferAnswer& answer, const ScaleOptimum& scale) {
  Series out;
  out.label = out.color_value = fmt::format("{:g}", scale.scale);
  out.color_number = scale.scale;
  const bool with_band = std::ranges::any_of(scale.loss_error, [](double error) { return std::isfinite(error); });
  for (std::size_t i = 0; i < scale.mean_loss.size(); ++i) {
    const double loss = scale.mean_loss[i], error = scale.loss_error[i];
    out.x.push_back(answer.grid.values[i]);
    out.y.push_back(loss <= most_over_cap * scale.cap ? loss : std::numeric_limits<double>::quiet_NaN());
    if (!with_band) continue;
    out.low.push_back(loss - error);
    out.high.push_back(std::min(loss + error, most_over_cap * scale.cap));
  }
  return out;
}

Series optimum(const TransferAnswer& answer, const ScaleOptimum& scale) {
  Series out;
  out.label = "optimum";
  out.color_value = fmt::format("{:g}", scale.scale);
  out.color_number = scale.scale;
  out.mark = true;
  out.x = {answer.value_at(scale.place.value)};
  out.y = {scale.loss.value};
  return out;
}

}  // namespace

Figure transfer_figure(const TransferAnswer& answer) {
  Figure out;
  out.name = "transfer";
  out.title = fmt::format("{} over {}", answer.grid.value, answer.grid.key);
  out.note = answer.sentences.front();
  out.x_label = answer.grid.key;
  out.y_label = answer.grid.value;
  const std::string along = answer.lines.front().along;
  out.color_label = along;
  out.log_x = answer.grid.log2;
  out.log_y = true;
  out.columns.clear();
  for (const TransferLine& line : answer.lines) {
    if (line.along != along) continue;
    out.columns.push_back(line.at ? fmt::format("{} = {:g}", answer.grid.depth_key, *line.at) : "");
    Panel panel;
    for (const ScaleOptimum& scale : line.transfer.scales) panel.series.push_back(curve(answer, scale));
    for (const ScaleOptimum& scale : line.transfer.scales) panel.series.push_back(optimum(answer, scale));
    for (const Series& series : panel.series)
      for (const double y : series.y) out.log_y = out.log_y && !(y <= 0);
    out.panels.push_back(std::move(panel));
  }
  return out;
}

}  // namespace widthwise::report
