// Study files, from TOML to the configurations of small grids: a grid has as many points as it says, and a
// configuration read again is the same run.
#include <algorithm>
#include <string>

#include "target.h"
#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

using namespace widthwise;

namespace {

constexpr std::uint64_t small = 64;
constexpr std::size_t most_variants = 3;  // each reads the file again

void expand_small_grids(const Study& study) {
  for (const Sweep& sweep : study.sweeps) {
    const std::uint64_t points = grid_size(sweep);
    if (points > small) continue;
    fuzz::answered([&] {
      const auto grid = expand(study, sweep);
      fuzz::require(grid.size() == points, "as many points as the grid says");
      for (const GridPoint& point : grid) {
        const Configuration again(point.configuration.values());
        fuzz::require(again.identity() == point.configuration.identity(), "evaluated settings are the same run");
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  fuzz::answered([&] {
    const Study study = parse_study(text, "fuzz.toml");
    expand_small_grids(study);
    for (std::size_t i = 0; i < std::min(study.variants.size(), most_variants); ++i)
      fuzz::answered([&] { expand_small_grids(parse_study(text, "fuzz.toml", study.variants[i])); });
  });
  return 0;
}
