// Update rules, sums and reductions of pointwise.h.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/updates.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {

template <class T>
void add_scaled_rows(T a, View<const T> x, View<T> y) {
  const hn::ScalableTag<T> d;
  const auto factor = hn::Set(d, a);
  for (Index i = 0; i < x.rows; ++i) {
    const T* const from = x.row(i);
    T* const to = y.row(i);
    for_row(d, x.cols, [&](const auto& access, Index j) {
      access.store(hn::MulAdd(factor, access.load(d, from + j), access.load(d, to + j)), d, to + j);
    });
  }
}

template <class T>
void column_sums_rows(T a, View<const T> x, T beta, T* sums) {
  const hn::ScalableTag<T> d;
  for_row(d, x.cols, [&](const auto& access, Index j) {
    auto even = hn::Zero(d), odd = hn::Zero(d);
    Index i = 0;
    for (; i + 1 < x.rows; i += 2) {
      even = hn::Add(even, access.load(d, x.row(i) + j));
      odd = hn::Add(odd, access.load(d, x.row(i + 1) + j));
    }
    if (i < x.rows) even = hn::Add(even, access.load(d, x.row(i) + j));
    auto sum = hn::Mul(hn::Set(d, a), hn::Add(even, odd));
    if (beta != T(0)) sum = hn::MulAdd(hn::Set(d, beta), access.load(d, sums + j), sum);
    access.store(sum, d, sums + j);
  });
}

template <class T>
void momentum_rows(T mu, T rate, View<const T> g, View<T> v, View<T> w) {
  const hn::ScalableTag<T> d;
  const auto keep = hn::Set(d, mu), step = hn::Set(d, rate);
  for (Index i = 0; i < g.rows; ++i) {
    const T* const gradient = g.row(i);
    T* const velocity = v.row(i);
    T* const weight = w.row(i);
    for_row(d, g.cols, [&](const auto& access, Index j) {
      const auto next = hn::MulAdd(keep, access.load(d, velocity + j), access.load(d, gradient + j));
      access.store(next, d, velocity + j);
      access.store(hn::NegMulAdd(step, next, access.load(d, weight + j)), d, weight + j);
    });
  }
}

template <class T>
void adam_rows(const pointwise::AdamStep& s, View<const T> g, View<T> m, View<T> v, View<T> w) {
  const hn::ScalableTag<T> d;
  const auto set = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = set(s.beta1), rest1 = set(1 - s.beta1), beta2 = set(s.beta2), rest2 = set(1 - s.beta2);
  const auto step = set(s.rate * s.correction1), correction2 = set(s.correction2), epsilon = set(s.epsilon);
  for (Index i = 0; i < g.rows; ++i) {
    const T* const gradient = g.row(i);
    T* const mean = m.row(i);
    T* const square = v.row(i);
    T* const weight = w.row(i);
    for_row(d, g.cols, [&](const auto& access, Index j) {
      const auto dw = access.load(d, gradient + j);
      const auto first = hn::MulAdd(beta1, access.load(d, mean + j), hn::Mul(rest1, dw));
      const auto second = hn::MulAdd(beta2, access.load(d, square + j), hn::Mul(rest2, hn::Mul(dw, dw)));
      access.store(first, d, mean + j);
      access.store(second, d, square + j);
      const auto size = hn::Add(hn::Sqrt(hn::Mul(correction2, second)), epsilon);
      access.store(hn::Sub(access.load(d, weight + j), hn::Div(hn::Mul(step, first), size)), d, weight + j);
    });
  }
}

/// sum term(x, y) in double; half vectors of float are widened.
template <class T, class Term>
double reduce(View<const T> x, View<const T> y, const Term& term) {
  const hn::ScalableTag<double> wide;
  const hn::Rebind<T, decltype(wide)> d;
  auto even = hn::Zero(wide), odd = hn::Zero(wide);
  for (Index i = 0; i < x.rows; ++i) {
    const T* const x_row = x.row(i);
    const T* const y_row = y.row(i);
    for_row(d, x.cols, [&](const auto& access, Index j) {
      const auto a = access.load(d, x_row + j), b = access.load(d, y_row + j);
      auto sum = even;
      if constexpr (sizeof(T) == 8)
        sum = term(a, b, even);
      else
        sum = term(hn::PromoteTo(wide, a), hn::PromoteTo(wide, b), even);
      even = odd;  // two chains of additions, taken in turn
      odd = sum;
    });
  }
  return hn::GetLane(hn::SumOfLanes(wide, hn::Add(even, odd)));
}

template <class T>
double dot_rows(View<const T> x, View<const T> y) {
  return reduce(x, y, [](auto a, auto b, auto sum) { return hn::MulAdd(a, b, sum); });
}
template <class T>
double squared_difference_rows(View<const T> x, View<const T> y) {
  return reduce(x, y, [](auto a, auto b, auto sum) {
    const auto difference = hn::Sub(a, b);
    return hn::MulAdd(difference, difference, sum);
  });
}

#define WIDTHWISE_FOR_TYPE(T, name)                                                                  \
  void add_scaled_##name(T a, View<const T> x, View<T> y) {                                          \
    add_scaled_rows(a, x, y);                                                                        \
  }                                                                                                  \
  void column_sums_##name(T a, View<const T> x, T beta, T* sums) {                                   \
    column_sums_rows(a, x, beta, sums);                                                              \
  }                                                                                                  \
  void momentum_##name(T mu, T rate, View<const T> g, View<T> v, View<T> w) {                        \
    momentum_rows(mu, rate, g, v, w);                                                                \
  }                                                                                                  \
  void adam_##name(const pointwise::AdamStep& s, View<const T> g, View<T> m, View<T> v, View<T> w) { \
    adam_rows(s, g, m, v, w);                                                                        \
  }                                                                                                  \
  double dot_##name(View<const T> x, View<const T> y) {                                              \
    return dot_rows(x, y);                                                                           \
  }                                                                                                  \
  double squared_difference_##name(View<const T> x, View<const T> y) {                               \
    return squared_difference_rows(x, y);                                                            \
  }
WIDTHWISE_FOR_TYPE(float, f32)
WIDTHWISE_FOR_TYPE(double, f64)
#undef WIDTHWISE_FOR_TYPE

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"

namespace widthwise {
namespace linalg {
HWY_EXPORT(add_scaled_f32);
HWY_EXPORT(add_scaled_f64);
HWY_EXPORT(column_sums_f32);
HWY_EXPORT(column_sums_f64);
HWY_EXPORT(momentum_f32);
HWY_EXPORT(momentum_f64);
HWY_EXPORT(adam_f32);
HWY_EXPORT(adam_f64);
HWY_EXPORT(dot_f32);
HWY_EXPORT(dot_f64);
HWY_EXPORT(squared_difference_f32);
HWY_EXPORT(squared_difference_f64);
}  // namespace linalg

namespace pointwise {
namespace {

using namespace linalg;  // of plain names the dispatch makes those of a target

template <class A, class B>
void require_same_size(const char* where, View<A> a, View<B> b) {
  if (a.rows != b.rows || a.cols != b.cols)
    throw ShapeError(where, fmt::format("{} x {}", a.rows, a.cols), fmt::format("{} x {}", b.rows, b.cols));
}

/// Where no view has gaps between its rows, each becomes one long row: fewer masked ends.
template <class... T>
void flatten(View<T>&... views) {
  if (((views.stride == views.cols) && ...)) ((views = View<T>(views.data, 1, views.rows * views.cols)), ...);
}

}  // namespace

// Calls name_f32 or name_f64 for the best target of this CPU.
#define WIDTHWISE_DISPATCH(name, ...)                       \
  [&] {                                                     \
    if constexpr (sizeof(T) == 4)                           \
      return HWY_DYNAMIC_DISPATCH(name##_f32)(__VA_ARGS__); \
    else                                                    \
      return HWY_DYNAMIC_DISPATCH(name##_f64)(__VA_ARGS__); \
  }()

template <class T>
void add_scaled(T a, View<const T> x, View<T> y) {
  require_same_size("pointwise::add_scaled", x, y);
  flatten(x, y);
  WIDTHWISE_DISPATCH(add_scaled, a, x, y);
}

template <class T>
void column_sums(T a, View<const T> x, T beta, T* sums) {
  WIDTHWISE_DISPATCH(column_sums, a, x, beta, sums);
}

template <class T>
void sgd(T rate, View<const T> g, View<T> w) {
  add_scaled(-rate, g, w);
}

template <class T>
void momentum(T mu, T rate, View<const T> g, View<T> v, View<T> w) {
  require_same_size("pointwise::momentum", g, v);
  require_same_size("pointwise::momentum", g, w);
  flatten(g, v, w);
  WIDTHWISE_DISPATCH(momentum, mu, rate, g, v, w);
}

template <class T>
void adam(const AdamStep& step, View<const T> g, View<T> m, View<T> v, View<T> w) {
  require_same_size("pointwise::adam", g, m);
  require_same_size("pointwise::adam", g, v);
  require_same_size("pointwise::adam", g, w);
  flatten(g, m, v, w);
  WIDTHWISE_DISPATCH(adam, step, g, m, v, w);
}

template <class T>
double dot(View<const T> x, View<const T> y) {
  require_same_size("pointwise::dot", x, y);
  flatten(x, y);
  return WIDTHWISE_DISPATCH(dot, x, y);
}

template <class T>
double sum_squares(View<const T> x) {
  return dot(x, x);
}

template <class T>
double sum_squared_differences(View<const T> x, View<const T> y) {
  require_same_size("pointwise::sum_squared_differences", x, y);
  flatten(x, y);
  return WIDTHWISE_DISPATCH(squared_difference, x, y);
}

#define WIDTHWISE_INSTANTIATE(T)                                                 \
  template void add_scaled(T, View<const T>, View<T>);                           \
  template void column_sums(T, View<const T>, T, T*);                            \
  template void sgd(T, View<const T>, View<T>);                                  \
  template void momentum(T, T, View<const T>, View<T>, View<T>);                 \
  template void adam(const AdamStep&, View<const T>, View<T>, View<T>, View<T>); \
  template double dot(View<const T>, View<const T>);                             \
  template double sum_squares(View<const T>);                                    \
  template double sum_squared_differences(View<const T>, View<const T>);
WIDTHWISE_INSTANTIATE(float)
WIDTHWISE_INSTANTIATE(double)
#undef WIDTHWISE_INSTANTIATE
#undef WIDTHWISE_DISPATCH

}  // namespace pointwise
}  // namespace widthwise
#endif
