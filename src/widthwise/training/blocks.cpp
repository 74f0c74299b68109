#include "widthwise/training/blocks.h"

#include <algorithm>

namespace widthwise {

namespace {

constexpr double cache_bytes = 768 * 1024;  // of a second-level cache of 1 MB or more, what a block may fill
constexpr double threaded_product = 1024.0 * 512 * 512;  // from here on threads inside a product pay

bool threads_over_members(Index members, double multiplications, int threads) {
  if (threads == 1 || members < threads) return false;
  // Large products scale well inside; over members, the last round may leave threads idle.
  return multiplications < threaded_product || members % threads == 0 || members >= 4 * threads;
}

}  // namespace

BlockPlan plan_blocks(Index members, double bytes, double multiplications, int threads) {
  BlockPlan plan;
  if (threads_over_members(members, multiplications, threads)) plan.threads = threads;
  const Index fitting = std::clamp<Index>(static_cast<Index>(cache_bytes / bytes), 1, members);
  Index count = (members + fitting - 1) / fitting;
  count = std::min(members, (count + plan.threads - 1) / plan.threads * plan.threads);
  for (Index block = 0; block < count; ++block) {
    const Index first = members * block / count, end = members * (block + 1) / count;
    plan.blocks.push_back({first, end - first});
    plan.largest = std::max(plan.largest, end - first);
  }
  return plan;
}

}  // namespace widthwise
