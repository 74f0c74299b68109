#include "widthwise/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "example.h"
#include "widthwise/base/error.h"
#include "widthwise/report/plotly_source.h"

namespace widthwise::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST(Page, VerdictsFirstThenFiguresThenProvenance) {
  const std::string html = page_html(example::page(), "");
  const std::vector<std::string> order = {"<title>Does the best",
                                          "37 of 405 runs finished, 2 of them diverged",
                                          "id=\"verdicts\"",
                                          "muP: the optimum stays",
                                          "id=\"figures\"",
                                          "figure-1",
                                          "figure-3",
                                          "id=\"configuration\"",
                                          "id=\"provenance\"",
                                          "AVX-512"};
  std::size_t last = 0;
  for (const std::string& part : order) {
    const std::size_t at = html.find(part);
    ASSERT_NE(at, std::string::npos) << part;
    EXPECT_GT(at, last) << part;
    last = at;
  }
  EXPECT_EQ(count(html, "<details>"), 4 + 1U);  // one a verdict, one for the study file
  for (const char* tag : {"section", "div", "table", "tr", "td", "details", "figure", "p", "svg"}) {
    EXPECT_EQ(count(html, std::string("<") + tag + ">") + count(html, std::string("<") + tag + " "),
              count(html, std::string("</") + tag + ">"))
        << tag;
  }
}

// Every text of a page set to the same hostile string: it must never occur raw, in HTML, in JSON, or in an attribute.
TEST(Page, TextFromFilesIsEscapedEverywhere) {
  const std::string evil = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
  Page page = example::page();
  page.title = page.description = page.configuration = evil;
  page.warnings = {evil};
  page.provenance = {{evil, evil}};
  for (VerdictRow& row : page.verdicts) {
    row.name = row.predicted = row.measured = row.remark = evil;
    row.explanation = {evil, {evil}, {{evil, evil}}, {{evil}, {{evil}}}, {{evil}, {{evil}}}, {evil}, {evil},
                       evil, evil};
  }
  for (Figure& f : page.figures) {
    f.name = f.title = f.note = f.x_label = f.y_label = f.color_label = evil;
    f.columns.assign(f.columns.size(), evil);
    f.rows.assign(f.rows.size(), evil);
    for (Panel& panel : f.panels) {
      for (Series& s : panel.series) s.label = s.color_value = evil;
    }
  }
  const std::string html = page_html(page, "var Plotly = 0; // </script>");
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  // Our own scripts and no other: three of code (counter, plotly, drawing) and one of data a figure.
  EXPECT_EQ(count(html, "<script"), 3 + page.figures.size());
  EXPECT_EQ(count(html, "</script"), 3 + page.figures.size());
}

TEST(Page, WithoutPlotlySaysHowToGetItAndKeepsTheRest) {
  const std::string html = page_html(example::page(), "");
  EXPECT_THAT(html, HasSubstr("apt-get install python3-plotly"));
  EXPECT_THAT(html, HasSubstr("transfer.csv"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"plot\"")));
  EXPECT_EQ(count(html, "<script"), 1U);
}

TEST(Page, NothingRunYet) {
  Page page = example::page();
  page.finished = page.diverged = 0;
  for (Figure& f : page.figures) {
    for (Panel& panel : f.panels) panel = Panel{};
  }
  const std::string html = page_html(page, "var Plotly = 0;");
  EXPECT_THAT(html, HasSubstr("0 of 405 runs finished"));
  EXPECT_EQ(count(html, "No finished runs to draw yet."), 3U);
  EXPECT_THAT(html, Not(HasSubstr("var Plotly")));  // nothing to draw, no library to carry
}

TEST(FindPlotly, TakesTheNamedFileOrRefuses) {
  ::setenv("WIDTHWISE_PLOTLY", "/nonexistent/plotly.js", 1);
  EXPECT_THROW(find_plotly(), Error);
  ::unsetenv("WIDTHWISE_PLOTLY");
}

}  // namespace
}  // namespace widthwise::report
