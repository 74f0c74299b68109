#include "widthwise/linalg/scratch.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace widthwise::linalg {
namespace {

struct Release {
  void operator()(void* memory) const { std::free(memory); }
};

struct Slot {
  std::unique_ptr<void, Release> memory;
  std::size_t bytes = 0;
};

void* bytes_of(int slot, std::size_t bytes) {
  thread_local std::array<Slot, 6> slots;
  Slot& mine = slots[static_cast<std::size_t>(slot)];
  if (mine.bytes < bytes) {
    const std::size_t rounded = (bytes + 4095) / 4096 * 4096;
    mine.memory.reset(std::aligned_alloc(64, rounded));
    mine.bytes = mine.memory ? rounded : 0;
    if (!mine.memory) throw std::bad_alloc();
  }
  return mine.memory.get();
}

}  // namespace

template <class T>
T* scratch(int slot, std::size_t count) {
  return static_cast<T*>(bytes_of(slot, count * sizeof(T)));
}
template float* scratch(int, std::size_t);
template double* scratch(int, std::size_t);

}  // namespace widthwise::linalg
