// Bytes that may be gzip: what comes out must not depend on the pieces it is asked for in, nor exceed what was
// announced.
#include <algorithm>
#include <vector>

#include "target.h"
#include "widthwise/data/inflate.h"

using namespace widthwise;

namespace {

constexpr std::size_t most = 1 << 16;  // enough of a bomb

// Everything up to `most` bytes, asked for in pieces; an error ends it.
std::vector<std::uint8_t> read_in_pieces(std::span<const std::uint8_t> bytes, std::size_t piece, bool& failed) {
  std::vector<std::uint8_t> all(most);
  std::size_t got = 0;
  try {
    ByteReader reader(bytes, "fuzz");
    const auto announced = static_cast<std::size_t>(reader.at_most());
    while (got < most) {
      const std::size_t asked = std::min(piece, most - got), came = reader.read(std::span(all).subspan(got, asked));
      got += came;
      fuzz::require(got <= announced, "at most as many bytes as announced");
      fuzz::require(reader.position() == static_cast<std::int64_t>(got), "the position is what was handed out");
      if (came < asked) break;
    }
  } catch (const DataError&) {
    failed = true;
  }
  all.resize(got);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bool whole_failed = false, pieces_failed = false;
  const auto whole = read_in_pieces({data, size}, most, whole_failed);
  const auto pieces = read_in_pieces({data, size}, 97, pieces_failed);
  fuzz::require(whole_failed == pieces_failed, "sound or not, however it is read");
  if (!whole_failed) fuzz::require(whole == pieces, "the same bytes, however they are read");
  return 0;
}
