#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "widthwise/report/page_parts.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

constexpr double picture_width = 200, picture_margin = 12;

// One scale for all pictures of the table, so that rows can be compared by eye.
struct Scale {
  double low = -0.25, high = 0.25;
  double at(double value) const {
    const double share = (std::clamp(value, low, high) - low) / (high - low);
    return picture_margin + share * (picture_width - 2 * picture_margin);
  }
};

bool has_picture(const VerdictRow& row) {
  return std::isfinite(row.picture.measured);
}

Scale scale_of(const std::vector<VerdictRow>& verdicts) {
  constexpr double farthest = 3;  // a wild interval must not squeeze the others to nothing
  Scale scale;
  for (const VerdictRow& row : verdicts) {
    if (!has_picture(row)) continue;
    const IntervalPicture& p = row.picture;
    for (const double value : {p.band_low, p.band_high, p.measured, p.low, p.high}) {
      if (!std::isfinite(value)) continue;
      scale.low = std::min(scale.low, std::max(value, -farthest));
      scale.high = std::max(scale.high, std::min(value, farthest));
    }
  }
  return scale;
}

std::string svg_open() {
  return fmt::format("<svg class=\"picture\" viewBox=\"0 0 {} 24\" aria-hidden=\"true\">", picture_width);
}

std::string scale_html(const Scale& scale) {
  std::string svg = svg_open() + fmt::format("<line class=\"axis\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"23\" y2=\"23\"/>",
                                             scale.at(scale.low), scale.at(scale.high));
  const double step = scale.high - scale.low > 2.5 ? 1 : scale.high - scale.low > 0.8 ? 0.5 : 0.25;
  for (double tick = std::ceil(scale.low / step) * step; tick <= scale.high + 1e-9; tick += step) {
    svg += fmt::format(
        "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"19\" y2=\"23\"/>"
        "<text x=\"{0:.1f}\" y=\"14\">{1}</text>",
        scale.at(tick), short_number(tick));
  }
  return svg + "</svg>";
}

std::string picture_html(const VerdictRow& row, const Scale& scale) {
  if (!has_picture(row)) return "";
  const IntervalPicture& p = row.picture;
  const double band = scale.at(p.band_low);
  std::string svg = svg_open();
  svg += fmt::format("<rect class=\"band\" x=\"{:.1f}\" y=\"3\" width=\"{:.1f}\" height=\"18\" rx=\"2\"/>", band,
                     std::max(1.5, scale.at(p.band_high) - band));
  svg += fmt::format("<line class=\"zero\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"24\"/>", scale.at(0));
  const std::string mark = mark_word(row.mark);
  if (!std::isnan(p.low) && !std::isnan(p.high)) {
    svg += fmt::format("<line class=\"mark-{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"12\" y2=\"12\"/>", mark,
                       scale.at(p.low), scale.at(p.high));
  }
  return svg +
         fmt::format("<circle class=\"mark-{}\" cx=\"{:.1f}\" cy=\"12\" r=\"3\"/></svg>", mark, scale.at(p.measured));
}

const char* symbol(Mark mark) {
  switch (mark) {
    case Mark::agrees:
      return "&#10003;";
    case Mark::disagrees:
      return "&#10007;";
    case Mark::undecided:
      return "?";
    case Mark::waiting:
      break;
  }
  return "&#8230;";
}

bool is_number(const std::string& text) {
  if (text.empty() || text == "-") return true;
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return *end == '\0';
}

std::string titled_table(const std::string& title, const TextTable& table) {
  return table.rows.empty() ? "" : fmt::format("<h4>{}</h4><div class=\"scroll\">{}</div>", title, table_html(table));
}

std::string titled_list(const char* title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string html = fmt::format("<h4>{}</h4><ul>", title);
  for (const std::string& item : items) html += "<li>" + escape_html(item) + "</li>";
  return html + "</ul>";
}

std::string explanation_html(const Explanation& e) {
  std::string html = "<div class=\"explanation\">";
  if (!e.claim.empty()) html += "<p>" + escape_html(e.claim) + "</p>";
  html += titled_list("Theory", e.reasons);
  if (!e.facts.empty()) {
    html += "<dl>";
    for (const auto& [label, value] : e.facts) {
      html += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(label), escape_html(value));
    }
    html += "</dl>";
  }
  html += titled_table("Points", e.points) + titled_table(e.slopes_title, e.slopes);
  html += titled_list("Doubtful points", e.doubtful) + titled_list("Runs left out", e.dropped);
  if (!e.rule.empty()) html += "<h4>Rule</h4><p>" + escape_html(e.rule) + "</p>";
  if (!e.advice.empty()) html += "<h4>What would decide it</h4><p>" + escape_html(e.advice) + "</p>";
  return html + "</div>";
}

std::string row_html(const VerdictRow& row, const Scale& scale, bool pictures) {
  const std::string mark = mark_word(row.mark);
  std::string html = "<tbody>\n<tr class=\"row\">";
  html += fmt::format("<td><span class=\"mark {0}\">{1} {0}</span></td>", mark, symbol(row.mark));
  html += fmt::format("<td class=\"name\">{}", escape_html(row.name));
  if (!row.remark.empty()) html += fmt::format("<div class=\"remark\">{}</div>", escape_html(row.remark));
  html += fmt::format("</td><td class=\"number\">{}</td><td class=\"number\">{}</td>", escape_html(row.predicted),
                      escape_html(row.measured.empty() ? "-" : row.measured));
  if (pictures) html += "<td>" + picture_html(row, scale) + "</td>";
  html += fmt::format(
      "</tr>\n<tr class=\"why\"><td></td><td colspan=\"{}\"><details><summary>why</summary>{}</details></td></tr>\n",
      pictures ? 4 : 3, explanation_html(row.explanation));
  return html + "</tbody>\n";
}

}  // namespace

std::string table_html(const TextTable& table) {
  std::vector<bool> numeric(table.header.size(), true);
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < numeric.size() && c < row.size(); ++c) numeric[c] = numeric[c] && is_number(row[c]);
  }
  const auto cells = [&numeric](const std::vector<std::string>& row, const char* tag) {
    std::string html = "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool right = c < numeric.size() && numeric[c];
      html += fmt::format("<{0}{1}>{2}</{0}>", tag, right ? " class=\"number\"" : "", escape_html(row[c]));
    }
    return html + "</tr>\n";
  };
  std::string html = "<table><thead>" + cells(table.header, "th") + "</thead><tbody>\n";
  for (const auto& row : table.rows) html += cells(row, "td");
  return html + "</tbody></table>";
}

std::string verdicts_html(const std::vector<VerdictRow>& verdicts) {
  if (verdicts.empty()) return "<p>This study makes no predictions.</p>\n";
  const Scale scale = scale_of(verdicts);
  const bool pictures = std::any_of(verdicts.begin(), verdicts.end(), has_picture);
  std::string html =
      "<div class=\"scroll\"><table "
      "class=\"verdicts\">\n<thead><tr><th>Verdict</th><th>Prediction</th><th>Predicted</th>"
      "<th>Measured [95% interval]</th>";
  if (pictures) html += "<th>" + scale_html(scale) + "</th>";
  html += "</tr></thead>\n";
  for (const VerdictRow& row : verdicts) html += row_html(row, scale, pictures);
  html += "</table></div>\n";
  if (pictures) {
    html +=
        "<p class=\"legend\">Grey band: what counts as agreement. Line and dot: the measured value and its 95% "
        "interval.</p>\n";
  }
  return html;
}

}  // namespace widthwise::report
