#include "widthwise/report/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::report {
namespace {

using Rgb = std::array<int, 3>;

// Viridis (van der Walt and Smith, 2015) at ten even steps.
constexpr std::array<Rgb, 10> viridis_steps = {{{68, 1, 84},
                                                {72, 40, 120},
                                                {62, 73, 137},
                                                {49, 104, 142},
                                                {38, 130, 142},
                                                {31, 158, 137},
                                                {53, 183, 121},
                                                {109, 205, 89},
                                                {180, 222, 44},
                                                {253, 231, 37}}};

// Okabe and Ito (2008), without the yellow that white paper swallows; grey for black.
constexpr std::array<const char*, 7> names = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                              "#e69f00", "#56b4e9", "#666666"};

constexpr double palest_on_white = 0.88;

double on_white(std::size_t i, std::size_t count) {
  return count < 2 ? 0.25 : palest_on_white * static_cast<double>(i) / static_cast<double>(count - 1);
}

}  // namespace

std::string viridis(double t) {
  const double last = static_cast<double>(viridis_steps.size() - 1);
  const double at = std::clamp(std::isfinite(t) ? t : 0.0, 0.0, 1.0) * last;
  const auto left = static_cast<std::size_t>(std::min(std::floor(at), last - 1));
  const double share = at - static_cast<double>(left);
  Rgb mixed{};
  for (std::size_t c = 0; c < 3; ++c) {
    mixed[c] = static_cast<int>(std::lround((1 - share) * viridis_steps[left][c] + share * viridis_steps[left + 1][c]));
  }
  return fmt::format("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
}

std::vector<std::pair<double, std::string>> viridis_scale() {
  std::vector<std::pair<double, std::string>> scale;
  for (std::size_t i = 0; i < viridis_steps.size(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(viridis_steps.size() - 1);
    scale.emplace_back(t, viridis(t));
  }
  return scale;
}

std::map<std::string, std::string> series_colors(const Figure& figure) {
  std::vector<std::pair<double, std::string>> values;  // in order of appearance
  bool numeric = true;
  for (const Panel& panel : figure.panels) {
    for (const Series& s : panel.series) {
      const auto same = [&s](const auto& value) { return value.second == s.color_value; };
      if (std::any_of(values.begin(), values.end(), same)) continue;
      numeric = numeric && std::isfinite(s.color_number);
      values.emplace_back(s.color_number, s.color_value);
    }
  }
  if (numeric) std::sort(values.begin(), values.end());
  const bool by_size = (numeric && values.size() > 1) || values.size() > names.size();
  std::map<std::string, std::string> colors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    colors[values[i].second] = by_size ? viridis(on_white(i, values.size())) : names[i];
  }
  return colors;
}

}  // namespace widthwise::report
