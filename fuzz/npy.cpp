// NPY arrays: an array that was read, written again, is the same array.
#include <cstring>

#include "target.h"
#include "widthwise/data/npy.h"

using namespace widthwise;

namespace {

template <class T>
void read_as(std::string_view bytes) {
  fuzz::answered([&] {
    const npy::Array<T> array = npy::decode<T>(bytes, "fuzz");
    const npy::Array<T> again = npy::decode<T>(npy::encode<T>(array.values, array.shape));
    fuzz::require(again.shape == array.shape, "the shape is kept");
    fuzz::require(again.values.size() == array.values.size(), "the number of values is kept");
    const std::size_t length = array.values.size() * sizeof(T);
    fuzz::require(length == 0 || std::memcmp(again.values.data(), array.values.data(), length) == 0,
                  "the values are kept");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::as_text({data, size});
  read_as<double>(bytes);
  read_as<float>(bytes);
  read_as<std::int64_t>(bytes);
  return 0;
}
