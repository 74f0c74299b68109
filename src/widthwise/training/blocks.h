// How the members of an ensemble are shared out: blocks of consecutive members that one thread trains together.
//
// A block's weights and activations should stay in the second-level cache over the steps between two probes; within
// that, more members make the stacked product of the first layer larger. Blocks go over threads where there are enough
// members; a few large members are better served by threads inside their products.
#pragma once

#include <atomic>
#include <vector>

#include "widthwise/linalg/parallel.h"
#include "widthwise/network/propagation.h"

namespace widthwise {

struct BlockPlan {
  std::vector<MemberRange> blocks;
  int threads = 1;    // that go over blocks; 1: blocks one after the other, threads inside products
  Index largest = 1;  // members of the largest block
};

/// `bytes` is what one member touches in a step, `multiplications` those of its largest product.
BlockPlan plan_blocks(Index members, double bytes, double multiplications, int threads);

/// Calls work(worker, block) for every block, each worker on a thread of its own where the plan says so; there are
/// plan.threads workers.
template <class Worker, class Work>
void over_blocks(const BlockPlan& plan, std::vector<Worker>& workers, const Work& work) {
  if (plan.threads == 1) {
    for (const MemberRange block : plan.blocks) work(workers[0], block);
    return;
  }
  std::atomic<std::size_t> next = 0;
  parallel(plan.threads, [&](int worker) {
    for (std::size_t block = next++; block < plan.blocks.size(); block = next++)
      work(workers[static_cast<std::size_t>(worker)], plan.blocks[block]);
  });
}

}  // namespace widthwise
