// Exact rationals p/q on 64-bit integers: the exponents of a parameterization. Arithmetic on exponents decides
// equalities ("r = 0"), which floating point cannot. Every operation is checked: a result that does not fit throws, it
// never wraps. Not for numerics: exponents are small.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace widthwise {

class Rational {
 public:
  constexpr Rational() = default;
  constexpr Rational(std::int64_t integer) : numerator_(integer) {}  // implicit: exponents are mostly integers
  /// p/q in lowest terms, q > 0. @throws Error where q = 0 or the result does not fit.
  Rational(std::int64_t numerator, std::int64_t denominator);

  constexpr std::int64_t numerator() const { return numerator_; }
  constexpr std::int64_t denominator() const { return denominator_; }
  double value() const { return static_cast<double>(numerator_) / static_cast<double>(denominator_); }

  /// @throws Error where a result does not fit in 64 bits, or a divisor is 0.
  friend Rational operator+(const Rational& a, const Rational& b);
  friend Rational operator-(const Rational& a, const Rational& b);
  friend Rational operator*(const Rational& a, const Rational& b);
  friend Rational operator/(const Rational& a, const Rational& b);
  Rational operator-() const { return Rational(0) - *this; }
  Rational& operator+=(const Rational& b) { return *this = *this + b; }
  Rational& operator-=(const Rational& b) { return *this = *this - b; }

  friend bool operator==(const Rational& a, const Rational& b) = default;
  friend std::strong_ordering operator<=>(const Rational& a, const Rational& b);

 private:
  std::int64_t numerator_ = 0, denominator_ = 1;
};

/// "3/2", "-1", "0".
std::string to_string(const Rational& value);

/// Reads "-3/4", "1" or a finite decimal ("0.25", "-.5"), exactly; blanks around it are allowed.
/// @throws ConfigError naming `key` where the text is no rational, has a zero denominator, or does not fit.
Rational parse_rational(std::string_view text, std::string_view key);

}  // namespace widthwise
