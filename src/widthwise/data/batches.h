// Seeded mini-batches: an epoch is a permutation of the samples, cut into batches of one size. The rows of step k are a
// function of (key, k) alone, so any thread may ask for any step in any order and a resumed run sees what an
// uninterrupted one would have.
//
// The last samples of an epoch that do not fill a batch are left out of that epoch (another permutation leaves out
// others): every step then averages over the same number of samples and its noise has one size. In fixed order every
// epoch is the samples in their own order, and the same last ones are always left out.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

class Batches {
 public:
  enum class Order { shuffled, fixed };

  /// `batch` = 0 or >= `samples` means all samples in their own order at every step. Throws ConfigError
  /// (training.batch) for a negative batch, ShapeError where `samples` is not in 1..2^32-1.
  Batches(Index samples, Index batch, Key key, Order order = Order::shuffled);

  /// Rows of step `step` >= 0 (counted from 0). O(1) amortised over consecutive steps: a permutation an epoch. May be
  /// called from several threads at once. The span stays valid while this object lives and fewer than `kept_epochs`
  /// other epochs have been asked for since.
  std::span<const std::uint32_t> rows(std::int64_t step) const;

  Index samples() const { return samples_; }
  /// Samples a step: the batch asked for, or all of them.
  Index batch() const { return batch_; }
  bool full_batch() const { return batch_ == samples_; }
  /// Steps after which a new permutation begins.
  std::int64_t steps_per_epoch() const { return samples_ / batch_; }

  static constexpr std::size_t kept_epochs = 8;

 private:
  struct Epoch {
    std::int64_t number;
    std::vector<std::uint32_t> order;
  };
  const std::vector<std::uint32_t>& order_of(std::int64_t epoch) const;

  Index samples_, batch_;
  Key key_;
  Order order_;
  // Most recently used first; behind a pointer so that the object can be moved.
  struct Cache {
    std::mutex mutex;
    std::list<Epoch> epochs;
  };
  std::unique_ptr<Cache> cache_;
};

}  // namespace widthwise
