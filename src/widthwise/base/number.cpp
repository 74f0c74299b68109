#include "widthwise/base/number.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>
#if !defined(__cpp_lib_to_chars)
#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#endif

namespace widthwise {

#if defined(__cpp_lib_to_chars)

std::from_chars_result read_double(const char* first, const char* last, double& value) {
  return std::from_chars(first, last, value);
}

#else

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The end of digits[.digits][e[+-]digits] at `at`, or `first` where there is none: strtod would also take spaces, a
// plus sign and hexadecimal digits.
const char* end_of_decimal(const char* first, const char* last) {
  const auto digits = [last](const char* at) {
    while (at != last && is_digit(*at)) ++at;
    return at;
  };
  const char* at = first != last && *first == '-' ? first + 1 : first;
  const char* const whole = at;
  at = digits(at);
  std::ptrdiff_t count = at - whole;
  if (at != last && *at == '.') {
    const char* const fraction = at + 1;
    at = digits(fraction);
    count += at - fraction;
  }
  if (count == 0) return first;
  if (at != last && (*at == 'e' || *at == 'E')) {
    const char* power = at + 1;
    if (power != last && (*power == '+' || *power == '-')) ++power;
    if (power != last && is_digit(*power)) at = digits(power);
  }
  return at;
}

// inf, infinity and nan, with or without a minus sign.
const char* end_of_word(const char* first, const char* last) {
  const char* const at = first != last && *first == '-' ? first + 1 : first;
  for (const std::string_view word : {std::string_view("infinity"), std::string_view("inf"), std::string_view("nan")}) {
    if (static_cast<std::size_t>(last - at) < word.size()) continue;
    bool equal = true;
    for (std::size_t i = 0; i < word.size(); ++i) equal = equal && (at[i] | 0x20) == word[i];
    if (equal) return at + word.size();
  }
  return first;
}

}  // namespace

std::from_chars_result read_double(const char* first, const char* last, double& value) {
  const char* end = end_of_decimal(first, last);
  if (end == first) end = end_of_word(first, last);
  if (end == first) return {first, std::errc::invalid_argument};
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string text(first, end);
  errno = 0;
  const double read = strtod_l(text.c_str(), nullptr, plain);
  if (errno == ERANGE && (read == 0 || std::isinf(read))) return {end, std::errc::result_out_of_range};
  value = read;
  return {end, std::errc{}};
}

#endif

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = read_double(text.data(), last, value);
  return error == std::errc{} && end == last ? std::optional(value) : std::nullopt;
}

}  // namespace widthwise
