// IDX files, plain and gzip: sizes that do not fit the values, values that are not there.
#include "widthwise/data/idx.h"
#include "target.h"

using namespace widthwise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const int dimensions : {1, 3}) {
    fuzz::answered([&] {
      const IdxArray array = parse_idx({data, size}, "fuzz", dimensions);
      std::size_t values = 1;
      for (const Index extent : array.dimensions) values *= static_cast<std::size_t>(extent);
      fuzz::require(array.dimensions.size() == static_cast<std::size_t>(dimensions), "the number of dimensions");
      fuzz::require(array.values.size() == values, "as many values as the sizes say");
    });
  }
  return 0;
}
