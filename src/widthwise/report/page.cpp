#include "widthwise/report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/write_file.h"
#include "widthwise/report/page_parts.h"
#include "widthwise/report/plotly_source.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

constexpr const char* policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

std::string script(std::string_view source) {
  return "<script>" + escape_javascript_for_script(source) + "</script>\n";
}

std::string head_html(const Page& page) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n{}</head>\n",
      policy, escape_html(page.title), page_style(), script(error_counter_script()));
}

std::string header_html(const Page& page) {
  std::string html = fmt::format("<header>\n<h1>{}</h1>\n", escape_html(page.title));
  if (!page.description.empty()) html += fmt::format("<p>{}</p>\n", escape_html(page.description));
  for (const std::string& sentence : page.conventions) html += fmt::format("<p>{}</p>\n", escape_html(sentence));
  html += "<div class=\"status\">";
  if (page.finished < page.total) {
    html += fmt::format("<progress value=\"{}\" max=\"{}\" aria-label=\"finished runs\"></progress>", page.finished,
                        page.total);
  }
  html += fmt::format("<span>{}</span>", progress_sentence(page));
  if (!page.verdicts.empty()) html += fmt::format("<span>Verdicts: {}</span>", verdict_count(page.verdicts));
  return html + "</div>\n</header>\n";
}

std::string figures_html(const Page& page, bool can_draw) {
  std::string html = "<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n";
  if (!can_draw) {
    html +=
        "<p class=\"warning\">The figures are not drawn because plotly.js was not found when this page was written. "
        "Install it with <code>apt-get install python3-plotly</code>, or name the file in WIDTHWISE_PLOTLY, and write "
        "the report again. The numbers are here all the same.</p>\n";
  }
  for (std::size_t i = 0; i < page.figures.size(); ++i) html += figure_html(page.figures[i], i + 1, can_draw);
  return html + "</section>\n";
}

std::string provenance_html(const Page& page) {
  std::string html =
      "<section aria-labelledby=\"provenance\">\n<h2 id=\"provenance\">Provenance</h2>\n<div class=\"card\"><dl>\n";
  for (const auto& [label, value] : page.provenance) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(label), escape_html(value));
  }
  return html + "</dl></div>\n</section>\n";
}

}  // namespace

std::string page_html(const Page& page, const std::string& plotly) {
  const bool draws_any = std::any_of(page.figures.begin(), page.figures.end(), has_points);
  std::string html = head_html(page) + "<body>\n" + header_html(page) + "<main>\n";
  if (!page.warnings.empty()) html += "<h2>Warnings</h2>\n";
  for (const std::string& warning : page.warnings) {
    html += fmt::format("<p class=\"warning\">{}</p>\n", escape_html(warning));
  }
  html += "<section aria-labelledby=\"verdicts\">\n<h2 id=\"verdicts\">Verdicts</h2>\n<div class=\"card\">\n" +
          verdicts_html(page.verdicts) + "</div>\n</section>\n";
  if (!page.figures.empty()) html += figures_html(page, !plotly.empty());
  if (!page.configuration.empty()) {
    html += fmt::format(
        "<section aria-labelledby=\"configuration\">\n<h2 id=\"configuration\">Configuration</h2>\n"
        "<div class=\"card\"><details><summary>Settings and study "
        "file</summary>\n<pre>{}</pre></details></div>\n</section>\n",
        escape_html(page.configuration));
  }
  if (!page.provenance.empty()) html += provenance_html(page);
  html += "</main>\n<footer>Written by Widthwise.</footer>\n";
  if (draws_any && !plotly.empty()) html += script(plotly) + script(drawing_script());
  return html + "</body>\n</html>\n";
}

void write_page(const std::filesystem::path& path, const Page& page) {
  write_file(path, page_html(page, find_plotly()));
}

}  // namespace widthwise::report
