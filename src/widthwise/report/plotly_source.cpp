#include "widthwise/report/plotly_source.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "widthwise/base/error.h"

namespace widthwise::report {
namespace {

constexpr std::array<const char*, 6> places = {"/usr/share/python3-plotly/plotly.js",
                                               "/usr/share/javascript/plotly/plotly.min.js",
                                               "/usr/share/javascript/plotly.js/plotly.min.js",
                                               "/usr/share/nodejs/plotly.js-dist-min/plotly.min.js",
                                               "/usr/local/share/widthwise/plotly.min.js",
                                               "/usr/lib/python3/dist-packages/plotly/package_data/plotly.min.js"};

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string find_plotly() {
  if (const char* named = std::getenv("WIDTHWISE_PLOTLY"); named != nullptr && *named != '\0') {
    std::string source = read(named);
    if (source.empty()) throw Error(std::string("WIDTHWISE_PLOTLY: expected a readable plotly.js, got ") + named);
    return source;
  }
  for (const char* place : places) {
    if (std::string source = read(place); !source.empty()) return source;
  }
  return "";
}

}  // namespace widthwise::report
