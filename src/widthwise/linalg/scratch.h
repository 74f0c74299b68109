// Working memory of the calling thread that is kept from call to call: no allocation in the products of a training
// step.
#pragma once

#include <cstddef>

namespace widthwise::linalg {

/// `count` entries, 64-byte aligned, their values unspecified; valid until the next call with this slot on this thread.
/// Slots 0, 1 and 2 are those of products, 3, 4 and 5 of convolutions.
template <class T>
T* scratch(int slot, std::size_t count);

}  // namespace widthwise::linalg
