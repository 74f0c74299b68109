// Which samples of a labelled set are used: as many of each class as can be, the same ones for the same key.
//
// The classes take turns in an order drawn from the key, each giving its samples in an order of its own: so the subset
// of m < n samples is the first m of the subset of n, and learning curves in the number of samples are nested.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// Rows of `count` samples with labels `labels` (each in 0..classes-1), a function of (labels, count, key). Classes
/// differ by at most one sample as long as none runs out; one that did is passed over. Throws ConfigError with
/// `config_key` (such as data.train) and the number there is where `count` is negative or more than exist.
std::vector<std::uint32_t> balanced_subset(std::span<const std::uint8_t> labels, int classes, Index count, Key key,
                                           std::string_view config_key);

}  // namespace widthwise
