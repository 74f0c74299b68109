// Sizes as powers of the width: n^x, or zero. Multiplying adds exponents; in a sum the larger wins (max-plus algebra):
// constants and cancellations are not seen, which is what "generic" means throughout this room. Internal.
#pragma once

#include <algorithm>
#include <string>

#include "widthwise/parameterization/rational.h"

namespace widthwise {

class Size {
 public:
  Size() = default;  // zero
  static Size power(const Rational& exponent) {
    Size size;
    size.zero_ = false;
    size.exponent_ = exponent;
    return size;
  }

  bool zero() const { return zero_; }
  const Rational& exponent() const { return exponent_; }  // of a size that is not zero
  bool grows() const { return !zero_ && exponent_ > 0; }
  bool vanishes() const { return zero_ || exponent_ < 0; }

  friend bool operator==(const Size&, const Size&) = default;
  friend bool operator<(const Size& a, const Size& b) { return !b.zero_ && (a.zero_ || a.exponent_ < b.exponent_); }
  friend Size operator*(const Size& a, const Size& b) {
    return a.zero_ || b.zero_ ? Size() : power(a.exponent_ + b.exponent_);
  }
  friend Size operator+(const Size& a, const Size& b) { return std::max(a, b); }
  Size& operator+=(const Size& b) { return *this = *this + b; }

  /// this / (this + other): order one where it is not the smaller. Of two zeros zero.
  Size share_beside(const Size& other) const {
    return zero_ ? Size() : power(exponent_ - std::max(*this, other).exponent_);
  }
  /// this^p.
  Size to_the(int p) const { return zero_ ? Size() : power(exponent_ * Rational(p)); }

 private:
  bool zero_ = true;
  Rational exponent_;
};

inline std::string power(const Size& size) {
  return size.zero() ? "0" : "n^(" + to_string(size.exponent()) + ")";
}

}  // namespace widthwise
