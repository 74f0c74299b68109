#include "widthwise/parameterization/rational.h"

#include <charconv>
#include <numeric>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

[[noreturn]] void overflow() {
  throw Error("an exponent does not fit in 64-bit integers; use simpler fractions or fewer layers");
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  if (__builtin_add_overflow(a, b, &result)) overflow();
  return result;
}

std::int64_t multiply(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) overflow();
  return result;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Throws Error where the digits do not fit.
std::int64_t integer(std::string_view text) {
  std::int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) overflow();
  return value;
}

// Of an unsigned text; false where it is no rational.
bool parse_magnitude(std::string_view text, Rational& result) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view above = text.substr(0, slash), below = text.substr(slash + 1);
    if (above.empty() || below.empty() || !digits(above) || !digits(below)) return false;
    if (integer(below) == 0) return false;
    result = Rational(integer(above), integer(below));
    return true;
  }
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if ((whole.empty() && fraction.empty()) || !digits(whole) || !digits(fraction)) return false;
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale = multiply(scale, 10);
  result = (whole.empty() ? Rational(0) : Rational(integer(whole))) +
           (fraction.empty() ? Rational(0) : Rational(integer(fraction), scale));
  return true;
}

}  // namespace

Rational::Rational(std::int64_t numerator, std::int64_t denominator) {
  if (denominator == 0) throw Error("an exponent was divided by zero");
  if (numerator == INT64_MIN || denominator == INT64_MIN) overflow();
  const std::int64_t common = std::gcd(numerator, denominator) * (denominator < 0 ? -1 : 1);
  numerator_ = numerator / common;
  denominator_ = denominator / common;
}

Rational operator+(const Rational& a, const Rational& b) {
  const std::int64_t common = std::gcd(a.denominator_, b.denominator_);
  const std::int64_t of_b = a.denominator_ / common, of_a = b.denominator_ / common;
  return Rational(add(multiply(a.numerator_, of_a), multiply(b.numerator_, of_b)), multiply(a.denominator_, of_a));
}

Rational operator-(const Rational& a, const Rational& b) {
  return a + Rational(multiply(b.numerator_, -1), b.denominator_);
}

Rational operator*(const Rational& a, const Rational& b) {
  const Rational left(a.numerator_, b.denominator_), right(b.numerator_, a.denominator_);  // cancel before multiplying
  return Rational(multiply(left.numerator_, right.numerator_), multiply(left.denominator_, right.denominator_));
}

Rational operator/(const Rational& a, const Rational& b) {
  return a * Rational(b.denominator_, b.numerator_);
}

std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
  return (a - b).numerator_ <=> 0;
}

std::string to_string(const Rational& value) {
  std::string text = std::to_string(value.numerator());
  if (value.denominator() != 1) text += "/" + std::to_string(value.denominator());
  return text;
}

Rational parse_rational(std::string_view text, std::string_view key) {
  std::string_view rest = trim(text);
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  const auto refuse = [&](const char* hint) -> ConfigError {
    return ConfigError({"", std::string(key)}, "a rational such as 1/2, -1 or 0.25", "'" + std::string(text) + "'",
                       hint);
  };
  Rational magnitude;
  bool read = false;
  try {
    read = parse_magnitude(rest, magnitude);
  } catch (const Error&) {
    throw refuse("it does not fit in 64-bit integers");
  }
  if (!read) throw refuse("");
  return negative ? -magnitude : magnitude;
}

}  // namespace widthwise
