#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/rank_one.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/view.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Four rows at a time: x and y are then read once for four.
constexpr Index together = 4;

template <int rows, class T>
HWY_INLINE void dot_rows(const T* HWY_RESTRICT w, Index stride, const T* HWY_RESTRICT x, T* HWY_RESTRICT y) {
  const hn::CappedTag<T, 16> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  hn::Vec<decltype(d)> sum[rows];
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i) sum[i] = hn::Zero(d);
  for (Index j = 0; j < stride; j += lanes) {
    const auto now = hn::LoadU(d, x + j);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) sum[i] = hn::MulAdd(now, hn::LoadU(d, w + i * stride + j), sum[i]);
  }
  for (int i = 0; i < rows; ++i) y[i] = hn::GetLane(hn::SumOfLanes(d, sum[i]));
}

template <int rows, bool updates, class T>
HWY_INLINE void add_rows(T* HWY_RESTRICT w, Index stride, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                         const T* HWY_RESTRICT x, T* HWY_RESTRICT y) {
  const hn::CappedTag<T, 16> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  hn::Vec<decltype(d)> factor[rows], step[rows];
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i) {
    factor[i] = hn::Set(d, x[i]);
    step[i] = updates ? hn::Set(d, a[i]) : hn::Zero(d);
  }
  for (Index j = 0; j < stride; j += lanes) {
    auto sum = hn::LoadU(d, y + j);
    const auto column = updates ? hn::LoadU(d, b + j) : hn::Zero(d);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      auto now = hn::LoadU(d, w + i * stride + j);
      if constexpr (updates) {
        now = hn::MulAdd(step[i], column, now);
        hn::StoreU(now, d, w + i * stride + j);
      }
      sum = hn::MulAdd(factor[i], now, sum);
    }
    hn::StoreU(sum, d, y + j);
  }
}

template <class T>
void times_rows(const T* w, Index rows, Index stride, const T* x, T* y) {
  Index i = 0;
  for (; i + together <= rows; i += together) dot_rows<together>(w + i * stride, stride, x, y + i);
  for (; i < rows; ++i) dot_rows<1>(w + i * stride, stride, x, y + i);
}

template <class T>
void update_rows(T* w, Index rows, Index stride, const T* a, const T* b, const T* x, T* y) {
  Index i = 0;
  for (; i + together <= rows; i += together)
    if (a != nullptr)
      add_rows<together, true>(w + i * stride, stride, a + i, b, x + i, y);
    else
      add_rows<together, false>(w + i * stride, stride, a, b, x + i, y);
  for (; i < rows; ++i)
    if (a != nullptr)
      add_rows<1, true>(w + i * stride, stride, a + i, b, x + i, y);
    else
      add_rows<1, false>(w + i * stride, stride, a, b, x + i, y);
}

template <class T>
void residual_rows(const T* x, Index rows, Index stride, T scale, const T* targets, const T* b, T* residuals, T* y) {
  const auto block = [&](auto count, Index i) {
    constexpr int n = decltype(count)::value;
    dot_rows<n>(x + i * stride, stride, b, residuals + i);
    for (Index k = i; k < i + n; ++k) residuals[k] = targets[k] - scale * residuals[k];
    add_rows<n, false, T>(const_cast<T*>(x) + i * stride, stride, nullptr, nullptr, residuals + i, y);
  };
  Index i = 0;
  for (; i + together <= rows; i += together) block(std::integral_constant<int, together>(), i);
  for (; i < rows; ++i) block(std::integral_constant<int, 1>(), i);
}

#define WIDTHWISE_FOR_TYPE(T, name)                                                                               \
  void times_##name(const T* w, Index rows, Index stride, const T* x, T* y) {                                     \
    times_rows(w, rows, stride, x, y);                                                                            \
  }                                                                                                               \
  void update_##name(T* w, Index rows, Index stride, const T* a, const T* b, const T* x, T* y) {                  \
    update_rows(w, rows, stride, a, b, x, y);                                                                     \
  }                                                                                                               \
  void residual_##name(const T* x, Index rows, Index stride, T scale, const T* targets, const T* b, T* r, T* y) { \
    residual_rows(x, rows, stride, scale, targets, b, r, y);                                                      \
  }
WIDTHWISE_FOR_TYPE(float, f32)
WIDTHWISE_FOR_TYPE(double, f64)
#undef WIDTHWISE_FOR_TYPE

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <type_traits>

#include "widthwise/linalg/rank_one.h"

namespace widthwise {
namespace linalg {
HWY_EXPORT(times_f32);
HWY_EXPORT(times_f64);
HWY_EXPORT(update_f32);
HWY_EXPORT(update_f64);
HWY_EXPORT(residual_f32);
HWY_EXPORT(residual_f64);
}  // namespace linalg

using namespace linalg;  // of plain names the dispatch makes those of a target

template <class T>
void times_vector(const PaddedMatrix<T>& w, const T* x, T* y) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(times_f32)(w.data(), w.rows(), w.stride(), x, y);
  else
    HWY_DYNAMIC_DISPATCH(times_f64)(w.data(), w.rows(), w.stride(), x, y);
}

template <class T>
void update_and_transposed_times(PaddedMatrix<T>& w, const T* a, const T* b, const T* x, T* y) {
  std::fill_n(y, w.stride(), T{0});
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(update_f32)(w.data(), w.rows(), w.stride(), a, b, x, y);
  else
    HWY_DYNAMIC_DISPATCH(update_f64)(w.data(), w.rows(), w.stride(), a, b, x, y);
}

template <class T>
void residuals_and_transposed_times(const PaddedMatrix<T>& x, T scale, const T* targets, const T* b, T* residuals,
                                    T* y) {
  std::fill_n(y, x.stride(), T{0});
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(residual_f32)(x.data(), x.rows(), x.stride(), scale, targets, b, residuals, y);
  else
    HWY_DYNAMIC_DISPATCH(residual_f64)(x.data(), x.rows(), x.stride(), scale, targets, b, residuals, y);
}

template void times_vector(const PaddedMatrix<float>&, const float*, float*);
template void times_vector(const PaddedMatrix<double>&, const double*, double*);
template void update_and_transposed_times(PaddedMatrix<float>&, const float*, const float*, const float*, float*);
template void update_and_transposed_times(PaddedMatrix<double>&, const double*, const double*, const double*, double*);
template void residuals_and_transposed_times(const PaddedMatrix<float>&, float, const float*, const float*, float*,
                                             float*);
template void residuals_and_transposed_times(const PaddedMatrix<double>&, double, const double*, const double*, double*,
                                             double*);

}  // namespace widthwise
#endif
