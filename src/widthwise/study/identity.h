// The identity of a run: a hash of its configuration, so that equal runs are found again whatever study asks for them.
#pragma once

#include <string>
#include <string_view>

namespace widthwise {

/// Raised by hand when the numbers a configuration leads to change; every run is then a new one.
inline constexpr int numerics_version = 1;

/// 32 hex digits: the first 128 bits of SHA-1 over the text. Collisions among 10^9 runs have odds below 1e-20; it is no
/// protection against somebody who constructs them.
std::string text_hash(std::string_view text);

/// The identity of a configuration given as canonical JSON: text_hash of numerics_version and the JSON.
std::string run_identity(std::string_view canonical_json);

}  // namespace widthwise
