#include "widthwise/study/identity.h"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

namespace widthwise {

std::string text_hash(std::string_view text) {
  boost::uuids::detail::sha1 hash;
  hash.process_bytes(text.data(), text.size());
  unsigned int digest[5];
  hash.get_digest(digest);
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", digest[0], digest[1], digest[2], digest[3]);
}

std::string run_identity(std::string_view canonical_json) {
  return text_hash(fmt::format("numerics {}\n{}", numerics_version, canonical_json));
}

}  // namespace widthwise
