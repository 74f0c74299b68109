#include <fmt/format.h>

#include <cctype>

#include "widthwise/report/csv.h"
#include "widthwise/report/page_parts.h"
#include "widthwise/report/plotly_json.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

// Content of a link that saves a file, with no server behind it.
std::string data_address(const char* type, std::string_view content) {
  std::string address = fmt::format("data:{};charset=utf-8,", type);
  for (const char c : content) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        std::string_view("-_.,:").find(c) != std::string_view::npos) {
      address += c;
    } else {
      address += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return address;
}

std::string hidden_points_sentence(const Figure& figure) {
  const std::size_t hidden = points_hidden_by_log(figure);
  if (hidden == 0) return "";
  return fmt::format("{} {} zero or negative and cannot be shown on a logarithmic axis.", hidden,
                     hidden == 1 ? "value is" : "values are");
}

}  // namespace

std::string figure_html(const Figure& figure, std::size_t index, bool can_draw) {
  const std::string title = escape_html(figure.title);
  std::string html = fmt::format("<figure class=\"card\" id=\"figure-{}\">\n<figcaption><h3>{}</h3>", index, title);
  for (const std::string& sentence : {figure.note, hidden_points_sentence(figure)}) {
    if (!sentence.empty()) html += fmt::format("<p class=\"note\">{}</p>", escape_html(sentence));
  }
  html += "</figcaption>\n";
  if (!has_points(figure)) {
    return html + "<p class=\"missing\">No finished runs to draw yet.</p>\n</figure>\n";
  }
  const std::string stem = escape_html(file_stem(figure.name));
  if (can_draw) {
    html += fmt::format(
        "<div class=\"plot\" role=\"img\" aria-label=\"{}\" data-figure=\"data-{}\" data-name=\"{}\"></div>\n", title,
        index, stem);
    html += fmt::format("<script type=\"application/json\" id=\"data-{}\">{}</script>\n", index,
                        escape_json_for_script(plotly_json(figure)));
  }
  html += fmt::format("<p class=\"files\">Numbers: <a download=\"{}.csv\" href=\"{}\">CSV</a></p>\n</figure>\n", stem,
                      data_address("text/csv", figure_csv(figure)));
  return html;
}

}  // namespace widthwise::report
