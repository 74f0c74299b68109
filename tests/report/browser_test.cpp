// The page in a real browser, from a file, without a network: what is drawn is counted in the resulting document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>

#include "example.h"
#include "widthwise/report/page.h"
#include "widthwise/report/plotly_source.h"

namespace widthwise::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  ::pclose(pipe);
  return text;
}

std::optional<std::string> browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    if (std::system((std::string("command -v ") + name + " > /dev/null 2>&1").c_str()) == 0) return name;
  }
  return std::nullopt;
}

// The document after its scripts have run.
std::string document_after_scripts(const std::string& chromium, const std::filesystem::path& page) {
  const auto profile = page.parent_path() / "profile";
  return output_of("timeout 120 " + chromium +
                   " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1200,3000"
                   " --virtual-time-budget=60000 --user-data-dir='" +
                   profile.string() + "' --dump-dom 'file://" + page.string() + "' 2> /dev/null");
}

std::size_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return static_cast<std::size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {}));
}

// Writes and opens a page; the part behind </main> (the library) is left out, it has nothing drawn in it.
std::string opened(const Page& page, const std::string& name) {
  // Of this process alone: browsers do not share a profile.
  const auto folder = std::filesystem::path(testing::TempDir()) / ("widthwise-" + name + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "report.html";
  write_page(path, page);
  const std::string document = document_after_scripts(*browser(), path);
  std::filesystem::remove_all(folder);
  return document.substr(0, document.find("</main>"));
}

class Browser : public testing::Test {
 protected:
  void SetUp() override {
    if (!browser()) GTEST_SKIP() << "no Chromium is installed";
    if (find_plotly().empty()) GTEST_SKIP() << "no plotly.js is installed";
  }
};

TEST_F(Browser, DrawsEveryTraceWithoutAnError) {
  const std::string document = opened(example::page(), "full");
  EXPECT_THAT(document, HasSubstr("data-errors=\"0\""));
  EXPECT_THAT(document, HasSubstr("data-drawn=\"3\""));
  // transfer: 3 panels x 5 widths x (line + band); own updates: 4 lines. map: 2 images.
  EXPECT_EQ(count(document, "<g class=\"trace scatter"), 30U + 4U);
  EXPECT_EQ(count(document, "<g class=\"hm\"><image "), 2U);
  EXPECT_EQ(count(document, "class=\"legendtext\""), 5U + 4U);
}

TEST_F(Browser, DrawsErrorBarAndTickAtInfinity) {
  Page page = example::page();
  page.figures = {example::limits()};
  const std::string document = opened(page, "limits");
  EXPECT_THAT(document, HasSubstr("data-errors=\"0\""));
  EXPECT_THAT(document, HasSubstr("data-drawn=\"1\""));
  EXPECT_EQ(count(document, "<g class=\"trace scatter"), 3U);
  EXPECT_EQ(count(document, "class=\"yerror\""), 1U);
  EXPECT_THAT(document, HasSubstr("\u221e</text>"));
}

TEST_F(Browser, HostileTextIsOnlyText) {
  Page page = example::page();
  page.title = page.figures[0].title = page.figures[0].panels[0].series[0].label =
      "</script><script>document.documentElement.setAttribute('data-owned', 1)</script><img src=x onerror=alert(1)>";
  const std::string document = opened(page, "hostile");
  EXPECT_THAT(document, Not(HasSubstr("data-owned=\"1\"")));
  EXPECT_THAT(document, HasSubstr("data-errors=\"0\""));
  EXPECT_THAT(document, HasSubstr("data-drawn=\"3\""));
}

TEST_F(Browser, UnfinishedStudyDrawsWhatThereIs) {
  Page page = example::page();
  for (Panel& panel : page.figures[0].panels) panel.series.clear();
  for (Series& s : page.figures[1].panels[0].series) s.y[2] = example::nan;
  page.figures[2].panels[1] = Panel{};
  const std::string document = opened(page, "unfinished");
  EXPECT_THAT(document, HasSubstr("data-errors=\"0\""));
  EXPECT_THAT(document, HasSubstr("data-drawn=\"2\""));
  EXPECT_THAT(document, HasSubstr("No finished runs to draw yet."));
  EXPECT_EQ(count(document, "<g class=\"hm\"><image "), 1U);
}

}  // namespace
}  // namespace widthwise::report
