// Bias, nonlinearity and slope. See updates.cpp for the other passes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/pointwise.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include <cmath>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {

// Each nonlinearity: value(d, z), slope(d, z) on vectors of one tag d.

struct Linear {
  template <class D, class V>
  V value(D, V z) const {
    return z;
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return keep_nan(z, hn::Set(d, 1));
  }
};

struct Relu {
  template <class D, class V>
  V value(D d, V z) const {
    return hn::IfThenZeroElse(hn::Le(z, hn::Zero(d)), z);  // not a number is not <= 0, so it stays
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return keep_nan(z, hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), hn::Set(d, 1)));
  }
};

template <class T>
struct LeakyRelu {
  T negative;
  template <class D, class V>
  V value(D d, V z) const {
    return hn::IfThenElse(hn::Gt(z, hn::Zero(d)), z, hn::Mul(z, hn::Set(d, negative)));
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return keep_nan(z, hn::IfThenElse(hn::Gt(z, hn::Zero(d)), hn::Set(d, 1), hn::Set(d, negative)));
  }
};

struct Erf {
  template <class D, class V>
  V value(D d, V z) const {
    return keep_nan(z, hn::CopySign(error_functions(d, z).erf, z));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // 2 / sqrt(pi) exp(-z^2)
    using T = hn::TFromD<D>;
    const V size = hn::Min(hn::Abs(z), hn::Set(d, ErrorFunctionTable<T>::largest));
    return keep_nan(z, hn::Mul(hn::Set(d, T(1.1283791670955125739)), exp_minus_square(d, size)));
  }
};

struct Gelu {
  /// Phi(z) = erfc(-z / sqrt 2) / 2 and exp(-z^2 / 2).
  template <class D, class V>
  static V distribution(D d, V z, V& gauss) {
    using T = hn::TFromD<D>;
    const V half = hn::Set(d, T(0.5));
    const auto e = error_functions(d, hn::Mul(z, hn::Set(d, T(0.70710678118654752440))));
    gauss = e.gauss;
    return hn::IfThenElse(hn::Lt(z, hn::Zero(d)), hn::Mul(half, e.erfc), hn::MulAdd(half, e.erf, half));
  }
  template <class D, class V>
  V value(D d, V z) const {
    V gauss;
    const V phi = distribution(d, z, gauss);
    // -infinity times Phi = 0 would be not a number; its limit is 0.
    return keep_nan(z, hn::IfThenElseZero(hn::Gt(phi, hn::Zero(d)), hn::Mul(z, phi)));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // Phi(z) + z exp(-z^2 / 2) / sqrt(2 pi)
    using T = hn::TFromD<D>;
    V gauss;
    const V phi = distribution(d, z, gauss);
    const V density = hn::Mul(gauss, hn::Set(d, T(0.39894228040143267794)));
    const V rest = hn::IfThenElseZero(hn::Gt(density, hn::Zero(d)), hn::Mul(z, density));
    return keep_nan(z, hn::Add(phi, rest));
  }
};

struct Tanh {
  template <class D, class V>
  V value(D d, V z) const {
    return keep_nan(z, hn::Tanh(d, z));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // 1 - tanh^2 = 4 e / (1 + e)^2, e = exp(-2 |z|): no cancellation in the tails
    using T = hn::TFromD<D>;
    const V e = hn::Exp(d, hn::Mul(hn::Set(d, -2), hn::Min(hn::Abs(z), hn::Set(d, T(400)))));
    const V one_plus = hn::Add(e, hn::Set(d, 1));
    return keep_nan(z, hn::Div(hn::Mul(hn::Set(d, 4), e), hn::Mul(one_plus, one_plus)));
  }
};

template <class T>
struct Softplus {
  T beta, inverse;
  /// exp(-|beta z|), in (0, 1].
  template <class D, class V>
  V decay(D d, V z) const {
    return hn::Exp(d, hn::Neg(hn::Min(hn::Abs(hn::Mul(hn::Set(d, beta), z)), hn::Set(d, T(800)))));
  }
  template <class D, class V>
  V value(D d, V z) const {  // max(z, 0) + log(1 + exp(-|beta z|)) / beta
    const V positive = hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), z);
    return keep_nan(z, hn::MulAdd(log_one_plus(d, decay(d, z)), hn::Set(d, inverse), positive));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // 1 / (1 + exp(-beta z))
    const V e = decay(d, z), one = hn::Set(d, 1);
    return keep_nan(z, hn::Div(hn::IfThenElse(hn::Lt(z, hn::Zero(d)), e, one), hn::Add(one, e)));
  }
};

struct ReluPower {
  int power;
  /// max(z, 0)^k, k >= 1; not a number stays.
  template <class D, class V>
  static V raise(D d, V z, int k) {
    const V base = hn::IfThenZeroElse(hn::Le(z, hn::Zero(d)), z);
    V product = base;
    for (int i = 1; i < k; ++i) product = hn::Mul(product, base);
    return product;
  }
  template <class D, class V>
  V value(D d, V z) const {
    return raise(d, z, power);
  }
  template <class D, class V>
  V slope(D d, V z) const {
    if (power == 1) return Relu().slope(d, z);
    return hn::Mul(hn::Set(d, static_cast<hn::TFromD<D>>(power)), raise(d, z, power - 1));
  }
};

struct Modulus {
  template <class D, class V>
  V value(D, V z) const {
    return hn::Abs(z);
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return keep_nan(z, hn::IfThenElse(hn::Gt(z, hn::Zero(d)), hn::Set(d, 1), hn::Set(d, -1)));
  }
};

struct Sigmoid {
  /// exp(-|z|), in [0, 1].
  template <class D, class V>
  static V decay(D d, V z) {
    return hn::Exp(d, hn::Neg(hn::Min(hn::Abs(z), hn::Set(d, hn::TFromD<D>(800)))));
  }
  /// 1 / (1 + exp(-z)) of that decay.
  template <class D, class V>
  static V of_decay(D d, V z, V e) {
    const V one = hn::Set(d, 1);
    return hn::Div(hn::IfThenElse(hn::Lt(z, hn::Zero(d)), e, one), hn::Add(one, e));
  }
  template <class D, class V>
  V value(D d, V z) const {
    return keep_nan(z, of_decay(d, z, decay(d, z)));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // e / (1 + e)^2, the same on both sides
    const V e = decay(d, z), one_plus = hn::Add(e, hn::Set(d, 1));
    return keep_nan(z, hn::Div(e, hn::Mul(one_plus, one_plus)));
  }
};

struct Silu {
  template <class D, class V>
  V value(D d, V z) const {
    const V s = Sigmoid::of_decay(d, z, Sigmoid::decay(d, z));
    // -infinity times 0 would be not a number; its limit is 0.
    return keep_nan(z, hn::IfThenElseZero(hn::Gt(s, hn::Zero(d)), hn::Mul(z, s)));
  }
  template <class D, class V>
  V slope(D d, V z) const {  // s + z s (1 - s), s (1 - s) = e / (1 + e)^2
    const V e = Sigmoid::decay(d, z), one_plus = hn::Add(e, hn::Set(d, 1));
    const V bell = hn::Div(e, hn::Mul(one_plus, one_plus));
    const V rest = hn::IfThenElseZero(hn::Gt(bell, hn::Zero(d)), hn::Mul(z, bell));
    return keep_nan(z, hn::Add(Sigmoid::of_decay(d, z, e), rest));
  }
};

template <class T>
struct Elu {
  T alpha;
  template <class D, class V>
  static V below(D d, V z) {
    return hn::Clamp(z, hn::Set(d, T(-800)), hn::Zero(d));
  }
  template <class D, class V>
  V value(D d, V z) const {
    const V negative = hn::Mul(hn::Set(d, alpha), hn::Expm1(d, below(d, z)));
    return keep_nan(z, hn::IfThenElse(hn::Gt(z, hn::Zero(d)), z, negative));
  }
  template <class D, class V>
  V slope(D d, V z) const {
    const V negative = hn::Mul(hn::Set(d, alpha), hn::Exp(d, below(d, z)));
    return keep_nan(z, hn::IfThenElse(hn::Gt(z, hn::Zero(d)), hn::Set(d, 1), negative));
  }
};

/// near(z), or far(z) lane by lane where some |z| is too large for Highway's sine and cosine.
template <class D, class V, class Near, class Far>
HWY_INLINE V for_any_size(D d, V z, const Near& near, const Far& far) {
  using T = hn::TFromD<D>;
  const auto large = hn::Gt(hn::Abs(z), hn::Set(d, T(39000)));
  if (HWY_LIKELY(hn::AllFalse(d, large))) return keep_nan(z, near(z));
  HWY_ALIGN T lanes[hn::MaxLanes(D())];
  hn::Store(z, d, lanes);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = static_cast<T>(far(static_cast<double>(lanes[i])));
  return hn::Load(d, lanes);
}
template <class D, class V>
V sine(D d, V z) {
  return for_any_size(
      d, z, [d](V x) { return hn::Sin(d, x); }, [](double x) { return std::sin(x); });
}
template <class D, class V>
V cosine(D d, V z) {
  return for_any_size(
      d, z, [d](V x) { return hn::Cos(d, x); }, [](double x) { return std::cos(x); });
}

struct Sine {
  template <class D, class V>
  V value(D d, V z) const {
    return sine(d, z);
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return cosine(d, z);
  }
};

struct Cosine {
  template <class D, class V>
  V value(D d, V z) const {
    return cosine(d, z);
  }
  template <class D, class V>
  V slope(D d, V z) const {
    return hn::Neg(sine(d, z));
  }
};

struct Quadratic {
  template <class D, class V>
  V value(D, V z) const {
    return hn::Mul(z, z);
  }
  template <class D, class V>
  V slope(D, V z) const {
    return hn::Add(z, z);
  }
};

/// visit(phi) with the nonlinearity named.
template <class T, class Visitor>
void with_function(pointwise::Function function, T parameter, const Visitor& visit) {
  using enum pointwise::Function;
  switch (function) {
    case linear:
      return visit(Linear());
    case relu:
      return visit(Relu());
    case leaky_relu:
      return visit(LeakyRelu<T>{parameter});
    case erf:
      return visit(Erf());
    case gelu:
      return visit(Gelu());
    case tanh:
      return visit(Tanh());
    case softplus:
      return visit(Softplus<T>{parameter, T(1) / parameter});
    case relu_power:
      return visit(ReluPower{static_cast<int>(parameter)});
    case abs:
      return visit(Modulus());
    case sigmoid:
      return visit(Sigmoid());
    case silu:
      return visit(Silu());
    case elu:
      return visit(Elu<T>{parameter});
    case sin:
      return visit(Sine());
    case cos:
      return visit(Cosine());
    case quadratic:
      return visit(Quadratic());
  }
}

template <class T>
void forward_rows(pointwise::Function function, T parameter, View<T> z, const T* bias, View<T> h) {
  const hn::ScalableTag<T> d;
  with_function(function, parameter, [&](const auto& phi) {
    for (Index i = 0; i < z.rows; ++i) {
      T* const z_row = z.row(i);
      T* const h_row = h.row(i);
      if (bias != nullptr)
        for_row(d, z.cols, [&](const auto& access, Index j) {
          const auto sum = hn::Add(access.load(d, z_row + j), access.load(d, bias + j));
          access.store(sum, d, z_row + j);
          access.store(phi.value(d, sum), d, h_row + j);
        });
      else
        for_row(d, z.cols, [&](const auto& access, Index j) {
          access.store(phi.value(d, access.load(d, z_row + j)), d, h_row + j);
        });
    }
  });
}

template <class T>
void slope_rows(pointwise::Function function, T parameter, View<const T> z, View<T> out) {
  const hn::ScalableTag<T> d;
  with_function(function, parameter, [&](const auto& phi) {
    for (Index i = 0; i < z.rows; ++i) {
      const T* const z_row = z.row(i);
      T* const out_row = out.row(i);
      for_row(d, z.cols, [&](const auto& access, Index j) {
        const auto slope = phi.slope(d, access.load(d, z_row + j));
        access.store(hn::Mul(access.load(d, out_row + j), slope), d, out_row + j);
      });
    }
  });
}

void forward_f32(pointwise::Function f, float p, View<float> z, const float* b, View<float> h) {
  forward_rows(f, p, z, b, h);
}
void forward_f64(pointwise::Function f, double p, View<double> z, const double* b, View<double> h) {
  forward_rows(f, p, z, b, h);
}
void slope_f32(pointwise::Function f, float p, View<const float> z, View<float> d) {
  slope_rows(f, p, z, d);
}
void slope_f64(pointwise::Function f, double p, View<const double> z, View<double> d) {
  slope_rows(f, p, z, d);
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <fmt/format.h>

#include "widthwise/base/error.h"

namespace widthwise {
namespace linalg {
HWY_EXPORT(forward_f32);
HWY_EXPORT(forward_f64);
HWY_EXPORT(slope_f32);
HWY_EXPORT(slope_f64);
}  // namespace linalg

namespace pointwise {
namespace {

using namespace linalg;  // of plain names the dispatch makes those of a target

template <class A, class B>
void require_same_size(const char* where, View<A> a, View<B> b) {
  if (a.rows != b.rows || a.cols != b.cols)
    throw ShapeError(where, fmt::format("{} x {}", a.rows, a.cols), fmt::format("{} x {}", b.rows, b.cols));
}

/// Rows that follow one another as one long row: fewer masked ends.
template <class T>
View<T> as_one_row(View<T> v) {
  return {v.data, 1, v.rows * v.cols};
}
template <class A, class B>
bool dense(View<A> a, View<B> b) {
  return a.stride == a.cols && b.stride == b.cols;
}

}  // namespace

template <class T>
void forward(Function function, double parameter, View<T> z, const T* bias, View<T> h) {
  require_same_size("pointwise::forward", z, h);
  const bool flat = bias == nullptr && dense(z, h);
  const View<T> from = flat ? as_one_row(z) : z, to = flat ? as_one_row(h) : h;
  if constexpr (sizeof(T) == 4)
    HWY_DYNAMIC_DISPATCH(forward_f32)(function, static_cast<float>(parameter), from, bias, to);
  else
    HWY_DYNAMIC_DISPATCH(forward_f64)(function, parameter, from, bias, to);
}

template <class T>
void multiply_slope(Function function, double parameter, View<const T> z, View<T> d) {
  require_same_size("pointwise::multiply_slope", z, d);
  const bool flat = dense(z, d);
  const View<const T> from = flat ? as_one_row(z) : z;
  const View<T> to = flat ? as_one_row(d) : d;
  if constexpr (sizeof(T) == 4)
    HWY_DYNAMIC_DISPATCH(slope_f32)(function, static_cast<float>(parameter), from, to);
  else
    HWY_DYNAMIC_DISPATCH(slope_f64)(function, parameter, from, to);
}

template void forward(Function, double, View<float>, const float*, View<float>);
template void forward(Function, double, View<double>, const double*, View<double>);
template void multiply_slope(Function, double, View<const float>, View<float>);
template void multiply_slope(Function, double, View<const double>, View<double>);

}  // namespace pointwise
}  // namespace widthwise
#endif
