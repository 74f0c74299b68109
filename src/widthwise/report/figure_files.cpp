#include "widthwise/report/figure_files.h"

#include <set>

#include "widthwise/base/write_file.h"
#include "widthwise/report/csv.h"
#include "widthwise/report/gnuplot.h"
#include "widthwise/report/plotly_json.h"
#include "widthwise/report/text.h"

namespace widthwise::report {

std::vector<std::filesystem::path> write_figure_files(const std::filesystem::path& folder,
                                                      const std::vector<Figure>& figures) {
  std::vector<std::filesystem::path> written;
  std::set<std::string> taken;
  for (Figure figure : figures) {
    const std::string stem = file_stem(figure.name);
    std::string unique = stem;
    for (int copy = 2; !taken.insert(unique).second; ++copy) unique = stem + "-" + std::to_string(copy);
    figure.name = unique;
    const auto add = [&](const char* ending, const std::string& content) {
      written.push_back(folder / (unique + ending));
      write_file(written.back(), content);
    };
    add(".csv", figure_csv(figure));
    add(".json", plotly_json(figure));
    add(".gp", gnuplot_script(figure));
  }
  return written;
}

}  // namespace widthwise::report
