#include "widthwise/network/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr std::align_val_t cache_line{64};

// The next multiple of a cache line, in numbers of T.
template <class T>
Index line_end(Index count) {
  constexpr Index per_line = 64 / sizeof(T);
  return (count + per_line - 1) / per_line * per_line;
}

}  // namespace

template <class T>
void Parameters<T>::Release::operator()(T* memory) const {
  ::operator delete(memory, cache_line);
}

template <class T>
Parameters<T>::Parameters(const Architecture& architecture, Index members)
    : dense_(architecture.dense()), members_(members) {
  if (members < 1) throw ShapeError("Parameters", "at least one member", fmt::format("{}", members));
  infer_shapes(architecture);
  for (const Dense& layer : dense_) {
    Place place;
    const Index weights = layer.fan_out * layer.fan_in;
    place.weight = size_;
    place.weight_step = layer.layer == 1 ? weights : line_end<T>(weights);  // layer 1 is stacked without gaps
    place.bias = line_end<T>(place.weight + members * place.weight_step);
    size_ = line_end<T>(place.bias + (layer.bias ? members * layer.fan_out : 0));
    places_.push_back(place);
  }
  allocate();
  fill(T(0));
}

template <class T>
Parameters<T>::Parameters(const Parameters& other)
    : dense_(other.dense_), places_(other.places_), members_(other.members_), size_(other.size_) {
  allocate();
  std::copy_n(other.arena_.get(), size_, arena_.get());
}

template <class T>
Parameters<T>& Parameters<T>::operator=(const Parameters& other) {
  if (this != &other) *this = Parameters(other);
  return *this;
}

template <class T>
void Parameters<T>::fill(T value) {
  std::fill_n(arena_.get(), size_, value);
}

template <class T>
void Parameters<T>::allocate() {
  arena_.reset(static_cast<T*>(::operator new(static_cast<std::size_t>(size_) * sizeof(T), cache_line)));
}

template class Parameters<float>;
template class Parameters<double>;

}  // namespace widthwise
