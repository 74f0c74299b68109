#include "widthwise/data/fingerprint.h"

#include <algorithm>
#include <cstring>

namespace widthwise {

// FNV-1a by words, with a shift that brings the high bits down again (multiplication carries upwards only).
Fingerprint& Fingerprint::add(std::uint64_t word) {
  state_ = (state_ ^ word) * 0x100000001b3u;
  state_ ^= state_ >> 29;
  return *this;
}

Fingerprint& Fingerprint::add(std::span<const std::byte> bytes) {
  add(std::uint64_t{bytes.size()});
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    add(word);
  }
  return *this;
}

std::uint64_t fingerprint(const Dataset& data) {
  Fingerprint print;
  for (const Matrix<double>* matrix : {&data.inputs, &data.targets}) {
    print.add(static_cast<std::uint64_t>(matrix->cols()));
    print.add(std::as_bytes(std::span(matrix->data(), static_cast<std::size_t>(matrix->size()))));
  }
  return print.add(std::as_bytes(std::span(data.classes))).value();
}

std::uint64_t fingerprint_of_parts(const Split& split) {
  Fingerprint print;
  print.add(fingerprint(split.train)).add(fingerprint(split.test));
  if (split.validation.samples() > 0) print.add(fingerprint(split.validation));
  return print.value();
}

}  // namespace widthwise
