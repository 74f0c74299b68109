// Which samples of a labelled set are used, the same ones for the same key. Two ways:
//
//   balanced       as many of each class as can be. The classes take turns in an order drawn from the key, each giving
//                  its samples in an order of its own. Validation samples are taken from the ends of these orders.
//   proportional   classes as frequent as in the set: one order of all samples in which every class is spread evenly.
//                  Training samples are its beginning, test samples its end, validation samples come before those.
//
// Both are nested: the subset of m < n samples is the first m of the subset of n, so learning curves in the number of
// samples are, too. Where all classes are equally frequent, both are balanced.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

using Rows = std::vector<std::uint32_t>;

/// Rows of `count` samples with labels `labels` (each in 0..classes-1), a function of (labels, count, key). Classes
/// differ by at most one sample as long as none runs out; one that did is passed over. Throws ConfigError with
/// `config_key` (such as data.train) and the number there is where `count` is negative or more than exist.
Rows balanced_subset(std::span<const int> labels, int classes, Index count, Key key, std::string_view config_key);

/// Training and validation rows that share none, both balanced. The validation rows do not depend on how many are
/// trained on; the training rows are those of balanced_subset, but for what a class that runs out left to validation.
/// Throws ConfigError (data.train, data.validation) where there are not as many samples, and where validation would
/// take all of a class.
struct TrainAndValidation {
  Rows train, validation;
};
TrainAndValidation balanced_parts(std::span<const int> labels, int classes, Index train, Index validation, Key key);

/// All rows in an order of which every beginning has the classes about as often as the whole: sample j of the n of its
/// class, in an order drawn from the key, stands at (j + 1/2) / n of the way.
Rows proportional_order(std::span<const int> labels, int classes, Key key);

}  // namespace widthwise
