#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/peak.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/peak.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Ten chains: enough for two units of latency five, few enough for 16 registers.
template <class T>
double rounds_of(std::int64_t rounds) {
  constexpr int chains = 10;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V factor = hn::Set(d, T(0.999)), shift = hn::Set(d, T(0.001));  // x -> 0.999 x + 0.001 stays at 1
  V x[chains];
#pragma GCC unroll 16
  for (int i = 0; i < chains; ++i) x[i] = hn::Set(d, T(1) + T(i) / T(16));
  for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < chains; ++i) x[i] = hn::MulAdd(x[i], factor, shift);
  }
  V sum = x[0];
#pragma GCC unroll 16
  for (int i = 1; i < chains; ++i) sum = hn::Add(sum, x[i]);
  volatile T used = hn::GetLane(hn::SumOfLanes(d, sum));
  (void)used;
  return 2.0 * chains * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
}
double rounds_f32(std::int64_t rounds) {
  return rounds_of<float>(rounds);
}
double rounds_f64(std::int64_t rounds) {
  return rounds_of<double>(rounds);
}
const char* isa() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace widthwise::linalg {

HWY_EXPORT(rounds_f32);
HWY_EXPORT(rounds_f64);
HWY_EXPORT(isa);

template <>
double peak_rounds<float>(std::int64_t rounds) {
  return HWY_DYNAMIC_DISPATCH(rounds_f32)(rounds);
}
template <>
double peak_rounds<double>(std::int64_t rounds) {
  return HWY_DYNAMIC_DISPATCH(rounds_f64)(rounds);
}
const char* vector_isa() {
  return HWY_DYNAMIC_DISPATCH(isa)();
}

}  // namespace widthwise::linalg
#endif
