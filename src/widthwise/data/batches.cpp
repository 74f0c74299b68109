#include "widthwise/data/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "widthwise/base/error.h"

namespace widthwise {

Batches::Batches(Index samples, Index batch, Key key, Order order)
    : samples_(samples), key_(key), order_(order), cache_(std::make_unique<Cache>()) {
  if (samples < 1 || samples > Index{std::numeric_limits<std::uint32_t>::max()})
    throw ShapeError("Batches", "between 1 and 2^32 - 1 samples", fmt::format("{}", samples));
  if (batch < 0)
    throw ConfigError({"", "training.batch"}, "a number of samples, or 0 for all of them", fmt::format("{}", batch));
  batch_ = batch == 0 ? samples : std::min(batch, samples);
}

std::span<const std::uint32_t> Batches::rows(std::int64_t step) const {
  if (step < 0) throw ShapeError("Batches::rows", "a step >= 0", fmt::format("{}", step));
  const std::int64_t per_epoch = steps_per_epoch();
  const bool one_order = full_batch() || order_ == Order::fixed;
  const std::vector<std::uint32_t>& order = order_of(one_order ? 0 : step / per_epoch);
  const auto first = static_cast<std::size_t>((step % per_epoch) * batch_);
  return std::span(order).subspan(full_batch() ? 0 : first, static_cast<std::size_t>(batch_));
}

const std::vector<std::uint32_t>& Batches::order_of(std::int64_t epoch) const {
  const std::lock_guard lock(cache_->mutex);
  auto& epochs = cache_->epochs;
  const auto found = std::find_if(epochs.begin(), epochs.end(), [epoch](const Epoch& e) { return e.number == epoch; });
  if (found != epochs.end()) {
    epochs.splice(epochs.begin(), epochs, found);
    return found->order;
  }
  Epoch made{epoch, std::vector<std::uint32_t>(static_cast<std::size_t>(samples_))};
  if (full_batch() || order_ == Order::fixed)
    std::iota(made.order.begin(), made.order.end(), std::uint32_t{0});
  else
    fill_permutation(key_.split(static_cast<std::uint64_t>(epoch)), made.order.size(), made.order.data());
  epochs.push_front(std::move(made));
  if (epochs.size() > kept_epochs) epochs.pop_back();
  return epochs.front().order;
}

}  // namespace widthwise
