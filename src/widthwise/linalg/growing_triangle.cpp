#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/growing_triangle.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/view.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int side = 8;  // GrowingTriangle::group, a multiple of any vector's lanes

// A group of rows is a sequence of tiles, side x side; y and x are as long as its rows.

/// y += sum_i x[i] a[i].
void add_group(const double* HWY_RESTRICT a, Index tiles, const double* HWY_RESTRICT x, double* HWY_RESTRICT y) {
  const hn::CappedTag<double, side> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  hn::Vec<decltype(d)> factor[side];
#pragma GCC unroll 8
  for (int i = 0; i < side; ++i) factor[i] = hn::Set(d, x[i]);
  for (Index tile = 0; tile < tiles; ++tile, a += side * side, y += side)
    for (Index j = 0; j < side; j += lanes) {
      auto even = hn::LoadU(d, y + j);
      auto odd = hn::Zero(d);
#pragma GCC unroll 4
      for (int i = 0; i < side; i += 2) {
        even = hn::MulAdd(factor[i], hn::LoadU(d, a + i * side + j), even);
        odd = hn::MulAdd(factor[i + 1], hn::LoadU(d, a + (i + 1) * side + j), odd);
      }
      hn::StoreU(hn::Add(even, odd), d, y + j);
    }
}

/// sums[i] = a[i] . x.
void dot_group(const double* HWY_RESTRICT a, Index tiles, const double* HWY_RESTRICT x, double* HWY_RESTRICT sums) {
  const hn::CappedTag<double, side> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  hn::Vec<decltype(d)> sum[side];
#pragma GCC unroll 8
  for (int i = 0; i < side; ++i) sum[i] = hn::Zero(d);
  for (Index tile = 0; tile < tiles; ++tile, a += side * side, x += side)
    for (Index j = 0; j < side; j += lanes) {
      const auto now = hn::LoadU(d, x + j);
#pragma GCC unroll 8
      for (int i = 0; i < side; ++i) sum[i] = hn::MulAdd(now, hn::LoadU(d, a + i * side + j), sum[i]);
    }
#pragma GCC unroll 8
  for (int i = 0; i < side; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, sum[i]));
}

/// Both: y += sum_i own[i] a[i], sums[i] = a[i] . x.
void both_group(const double* HWY_RESTRICT a, Index tiles, const double* HWY_RESTRICT x, const double* HWY_RESTRICT own,
                double* HWY_RESTRICT y, double* HWY_RESTRICT sums) {
  const hn::CappedTag<double, side> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  hn::Vec<decltype(d)> sum[side], factor[side];
#pragma GCC unroll 8
  for (int i = 0; i < side; ++i) {
    sum[i] = hn::Zero(d);
    factor[i] = hn::Set(d, own[i]);
  }
  for (Index tile = 0; tile < tiles; ++tile, a += side * side, x += side, y += side)
    for (Index j = 0; j < side; j += lanes) {
      const auto now = hn::LoadU(d, x + j);
      auto even = hn::LoadU(d, y + j);
      auto odd = hn::Zero(d);
#pragma GCC unroll 4
      for (int i = 0; i < side; i += 2) {
        const auto first = hn::LoadU(d, a + i * side + j), second = hn::LoadU(d, a + (i + 1) * side + j);
        sum[i] = hn::MulAdd(now, first, sum[i]);
        sum[i + 1] = hn::MulAdd(now, second, sum[i + 1]);
        even = hn::MulAdd(factor[i], first, even);
        odd = hn::MulAdd(factor[i + 1], second, odd);
      }
      hn::StoreU(hn::Add(even, odd), d, y + j);
    }
#pragma GCC unroll 8
  for (int i = 0; i < side; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, sum[i]));
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <array>

#include "widthwise/linalg/growing_triangle.h"

namespace widthwise {
namespace linalg {
HWY_EXPORT(add_group);
HWY_EXPORT(dot_group);
HWY_EXPORT(both_group);
}  // namespace linalg

namespace {

Index rounded_up(Index n, Index to) {
  return (n + to - 1) / to * to;
}

}  // namespace

using namespace linalg;  // of plain names the dispatch makes those of a target

constexpr Index side = GrowingTriangle::group;

void PaddedVector::reset(Index size) {
  entries_.assign(static_cast<std::size_t>(rounded_up(size, GrowingTriangle::group) + GrowingTriangle::group), 0.0);
}

Index GrowingTriangle::columns_of_group(Index g) const {
  return rounded_up(length(g * group + group - 1), group);
}

Index GrowingTriangle::tiles_in_use(Index g) const {
  return rounded_up(length(std::min(g * group + group, rows_) - 1), group) / group;
}

void GrowingTriangle::copy_row(Index i, double* to) const {
  const double* const rows = groups_[static_cast<std::size_t>(i / group)].get() + i % group * group;
  for (Index j = 0; j < length(i); j += group) std::copy_n(rows + j * group, std::min(group, length(i) - j), to + j);
}

void GrowingTriangle::append(const double* x) {
  const Index columns = columns_of_group(rows_ / group), length_now = length(rows_);
  if (rows_ % group == 0) groups_.push_back(std::make_unique<double[]>(static_cast<std::size_t>(group * columns)));
  double* const rows = groups_.back().get() + rows_ % group * group;
  for (Index j = 0; j < length_now; j += group) std::copy_n(x + j, std::min(group, length_now - j), rows + j * group);
  ++rows_;
}

void add_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y) {
  for (std::size_t g = 0; g < a.groups_.size(); ++g) {
    const auto index = static_cast<Index>(g);
    HWY_DYNAMIC_DISPATCH(add_group)
    (a.groups_[g].get(), a.tiles_in_use(index), x.data() + index * side, y.data());
  }
}

void add_times_transposed(const PaddedVector& x, const GrowingTriangle& a, double factor, PaddedVector& y) {
  std::array<double, side> sums{};
  for (std::size_t g = 0; g < a.groups_.size(); ++g) {
    const auto index = static_cast<Index>(g);
    HWY_DYNAMIC_DISPATCH(dot_group)(a.groups_[g].get(), a.tiles_in_use(index), x.data(), sums.data());
    for (Index i = 0; i < side; ++i) y[index * side + i] += factor * sums[static_cast<std::size_t>(i)];
  }
}

void add_symmetric_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y) {
  std::array<double, side> sums{};
  for (std::size_t g = 0; g < a.groups_.size(); ++g) {
    const auto index = static_cast<Index>(g);
    const Index begin = index * side;
    HWY_DYNAMIC_DISPATCH(both_group)
    (a.groups_[g].get(), a.tiles_in_use(index), x.data(), x.data() + begin, y.data(), sums.data());
    for (Index i = begin; i < std::min(begin + side, a.rows_); ++i) {
      y[i] += sums[static_cast<std::size_t>(i - begin)];
      for (Index j = i / a.block_ * a.block_; j < a.length(i); ++j) y[j] -= a(i, j) * x[i];  // counted by both
    }
  }
}

}  // namespace widthwise
#endif
