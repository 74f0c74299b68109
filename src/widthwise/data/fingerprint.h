// A number that tells data apart: 64 bits over every byte, so that two records can be seen to speak of the same
// samples. Not cryptographic: it catches accidents, not forgers. The same on every machine of one byte order.
#pragma once

#include <cstdint>
#include <span>

#include "widthwise/data/dataset.h"

namespace widthwise {

class Fingerprint {
 public:
  /// Takes in the length and the bytes, in order.
  Fingerprint& add(std::span<const std::byte> bytes);
  Fingerprint& add(std::uint64_t word);
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

/// Of shape, inputs, targets and classes of a set; its name is left out.
std::uint64_t fingerprint(const Dataset& data);
/// Of training and test part, and of the validation part where there is one.
std::uint64_t fingerprint_of_parts(const Split& split);

}  // namespace widthwise
