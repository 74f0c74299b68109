// Highway building blocks, compiled once for each instruction set: row loops with a masked rest, and erf.
// Included by .cpp files inside foreach_target only, and includes nothing that would be compiled for the wrong target.
#if defined(WIDTHWISE_LINALG_VECTOR_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef WIDTHWISE_LINALG_VECTOR_MATH_INL_H
#undef WIDTHWISE_LINALG_VECTOR_MATH_INL_H
#else
#define WIDTHWISE_LINALG_VECTOR_MATH_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Loads and stores of a whole vector.
struct Whole {
  template <class D>
  hn::Vec<D> load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  void store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const {
    hn::StoreU(v, d, p);
  }
};

/// Loads (zeros behind) and stores of the first `count` entries.
template <class D>
struct Part {
  hn::Mask<D> mask;
  explicit Part(std::size_t count) : mask{hn::FirstN(D(), count)} {}
  hn::Vec<D> load(D d, const hn::TFromD<D>* p) const { return hn::MaskedLoad(mask, d, p); }
  void store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const { hn::BlendedStore(v, mask, d, p); }
};

/// body(access, j) for the vectors of a row of n entries.
template <class D, class Body>
HWY_INLINE void for_row(D d, std::ptrdiff_t n, const Body& body) {
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(d));
  std::ptrdiff_t j = 0;
  for (; j + lanes <= n; j += lanes) body(Whole(), j);
  if (j < n) body(Part<D>(static_cast<std::size_t>(n - j)), j);
}

/// y where x is a number, else x: functions that compare and select would lose it.
template <class V>
HWY_INLINE V keep_nan(V x, V y) {
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// sum_i c_i x^i (Horner).
template <class D, class V = hn::Vec<D>, std::size_t size>
HWY_INLINE V polynomial(D d, V x, const hn::TFromD<D> (&c)[size]) {
  V sum = hn::Set(d, c[size - 1]);
  for (std::size_t i = size - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

// log(1 + x) = 2 artanh(t), t = x / (2 + x) <= 1/3: t P(t^2), P interpolating at Chebyshev nodes; relative errors below
// 4e-9 for float and 2e-18 for double.
template <class T>
struct LogOnePlusTable;
template <>
struct LogOnePlusTable<float> {
  static constexpr float p[] = {2.0000000076817588809f, 0.66666321641377773156f, 0.40024595230703747912f,
                                0.27965157745197268888f, 0.28157778363109080655f};
};
template <>
struct LogOnePlusTable<double> {
  static constexpr double p[] = {2.0000000000000000024,   0.66666666666666149594, 0.40000000000185747468,
                                 0.28571428545454114534,  0.22222224080747673173, 0.1818174083250480451,
                                 0.15386614042304007762,  0.13300374032674624337, 0.12110168728069217655,
                                 0.083245065118608205757, 0.17044163562781398129};
};

/// log(1 + x) for x in [0, 1], at half the cost of one that takes any x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_one_plus(D d, V x) {
  const V t = hn::Div(x, hn::Add(x, hn::Set(d, 2)));
  return hn::Mul(t, polynomial(d, hn::Mul(t, t), LogOnePlusTable<hn::TFromD<D>>::p));
}

/// exp(-x^2), the rounding of x^2 carried along: a relative error of some eps also where it is tiny.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_minus_square(D d, V x) {
  const V square = hn::Mul(x, x);
  const V rest = hn::MulSub(x, x, square);
  const V value = hn::Exp(d, hn::Neg(square));
  return hn::NegMulAdd(value, rest, value);
}

/// What erf and the normal distribution function are made of, of |x|: erf(|x|), erfc(|x|), exp(-x^2).
template <class V>
struct ErrorFunctions {
  V erf, erfc, gauss;
};

// |x| < 1:  erf x = x P(x^2). Else (Shepherd & Laframboise 1981) (1 + 2 x) exp(x^2) erfc x = Q(t), t = (x - s) / (x +
// s). P and Q interpolate at Chebyshev nodes; relative errors below 2e-9 and 8e-9 for float, 9e-18 and 3e-16 for
// double.
template <class T>
struct ErrorFunctionTable;
template <>
struct ErrorFunctionTable<float> {
  static constexpr float p[] = {1.128379165848350946f,      -0.37612626666720331023f,  0.11283594715160217732f,
                                -0.026854212010626412443f,  0.0051890874234339739861f, -0.00080168642871658695293f,
                                0.000078758750626854883411f};
  static constexpr float s = 2;
  static constexpr float q[] = {1.2769783857361612815f,    -0.092763953661670261101f, -0.16603091691871400553f,
                                0.16405831463123971673f,   -0.054217248488678007973f, -0.0081380152359556116265f,
                                0.0088646960339081679009f, 0.0016341129605355178225f, -0.0025910071438200105017f,
                                0.00058479619317005982196f};
  static constexpr float largest = 14;  // erfc is 0 from here on
};
template <>
struct ErrorFunctionTable<double> {
  static constexpr double p[] = {1.1283791670955125665,     -0.37612638903183540438,     0.11283791670945006266,
                                 -0.02686617064323777036,   0.0052239776071164227321,    -0.00085483259753896920806,
                                 0.00012055294904839707917, -0.000014924736907419660338, 1.644742470331736241e-6,
                                 -1.6208483801871705902e-7, 1.3720064546777685604e-8,    -7.7958988270021422416e-10};
  static constexpr double s = 3;
  static constexpr double q[] = {
      1.2530080582697298974,    -0.13562110612457727139,     -0.047562294353549632456,   0.12964515870228353358,
      -0.11927366340848466636,  0.068308027358233394592,     -0.0237705151044406583,     0.0025293916989001362133,
      0.0018886928832261979184, -0.00077983312897081871458,  -0.00010517812412342718307, 0.00012511944612480949058,
      5.0169805099424496787e-6, -0.000020229700401503190272, -8.1521359327058290039e-7,  3.8295807536432284349e-6,
      2.0231192807869836285e-7, -9.4837240033400609604e-7,   2.6806197432792579003e-7,   -1.466760956524082621e-8};
  static constexpr double largest = 28;
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE ErrorFunctions<V> error_functions(D d, V x) {
  using Table = ErrorFunctionTable<hn::TFromD<D>>;
  const V one = hn::Set(d, 1), shift = hn::Set(d, Table::s);
  const V size = hn::Min(hn::Abs(x), hn::Set(d, Table::largest));
  const V near = hn::Mul(size, polynomial(d, hn::Mul(size, size), Table::p));
  const V t = hn::Div(hn::Sub(size, shift), hn::Add(size, shift));
  const V gauss = exp_minus_square(d, size);
  const V far = hn::Div(hn::Mul(gauss, polynomial(d, t, Table::q)), hn::MulAdd(hn::Set(d, 2), size, one));
  const auto is_near = hn::Lt(size, one);
  return {hn::IfThenElse(is_near, near, hn::Sub(one, far)), hn::IfThenElse(is_near, hn::Sub(one, near), far), gauss};
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#endif
