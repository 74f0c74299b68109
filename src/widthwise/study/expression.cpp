#include "widthwise/study/expression.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/base/number.h"

namespace widthwise {

namespace {

constexpr std::size_t deepest = 200;  // nesting; a longer chain of brackets is no arithmetic a person wrote

class Parser {
 public:
  Parser(std::string_view text, const std::string& setting, const KeyLookup& lookup)
      : text_{text}, setting_{setting}, lookup_{lookup} {}

  double run() {
    const double result = sum();
    skip_spaces();
    if (at_ < text_.size()) fail_syntax("an operator or the end");
    return finite(result, "is not a finite number");
  }

 private:
  double sum() {
    double left = product();
    while (const char c = take_any("+-")) left = c == '+' ? left + product() : left - product();
    return left;
  }

  double product() {
    double left = unary();
    while (const char c = take_any("*/")) {
      const std::size_t start = at_;
      const double right = unary();
      if (c == '/' && right == 0) fail_value(fmt::format("divides by zero: '{}' is 0", piece(start)));
      left = c == '*' ? left * right : left / right;
    }
    return left;
  }

  double unary() {
    const Nesting nesting(*this);
    if (const char c = take_any("+-")) return c == '-' ? -unary() : unary();
    return power();
  }

  double power() {
    const double base = primary();
    if (!take_any("^")) return base;
    const double exponent = unary();
    if (base == 0 && exponent < 0) fail_value("divides by zero: 0 to a negative power");
    return finite(std::pow(base, exponent), fmt::format("takes {} to the power {}", base, exponent));
  }

  double primary() {
    skip_spaces();
    if (at_ == text_.size()) fail_syntax("a number, a key or '('");
    const char c = text_[at_];
    if (take_any("(")) return bracket();
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return name();
    fail_syntax("a number, a key or '('");
  }

  double bracket() {
    const double inner = sum();
    if (!take_any(")")) fail_syntax("')'");
    return inner;
  }

  double number() {
    double x = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = read_double(begin, text_.data() + text_.size(), x);
    if (error == std::errc::result_out_of_range) fail_value("contains a number beyond double precision");
    if (error != std::errc{}) fail_syntax("a number");
    at_ += static_cast<std::size_t>(end - begin);
    return x;
  }

  double name() {
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' || text_[at_] == '.'))
      ++at_;
    const std::string word(text_.substr(start, at_ - start));
    if (!take_any("(")) return lookup_(word);
    if (word == "sqrt") return finite(std::sqrt(bracket()), "takes the root of a negative number");
    if (word == "exp") return finite(std::exp(bracket()), "overflows in exp");
    if (word == "log") return finite(std::log(bracket()), "takes the logarithm of a number that is not positive");
    throw ConfigError({{}, setting_}, "one of the functions sqrt, log, exp", fmt::format("'{}' in '{}'", word, text_),
                      unknown_name_hint(word, {"sqrt", "log", "exp"}));
  }

  // The next character if it is one of `wanted`, else 0.
  char take_any(std::string_view wanted) {
    skip_spaces();
    if (at_ == text_.size() || wanted.find(text_[at_]) == std::string_view::npos) return 0;
    return text_[at_++];
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  std::string piece(std::size_t start) const {
    std::string_view text = text_.substr(start, at_ - start);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return std::string(text);
  }

  double finite(double x, const std::string& otherwise) const {
    if (!std::isfinite(x)) fail_value(otherwise);
    return x;
  }

  [[noreturn]] void fail_value(const std::string& what) const {
    throw ConfigError({{}, setting_}, "an expression with a finite value", fmt::format("'{}', which {}", text_, what));
  }

  [[noreturn]] void fail_syntax(const std::string& wanted) const {
    const std::string found = at_ < text_.size() ? fmt::format("'{}'", text_[at_]) : "the end";
    throw ConfigError({{}, setting_}, "a number, or an expression of + - * / ^ ( ) sqrt log exp and keys",
                      fmt::format("'{}'", text_),
                      fmt::format("at character {} {} should follow, not {}", at_ + 1, wanted, found));
  }

  struct Nesting {
    explicit Nesting(Parser& parser) : parser_{parser} {
      if (++parser_.depth_ > deepest) parser_.fail_value("is nested too deeply");
    }
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    Parser& parser_;
  };

  std::string_view text_;
  const std::string& setting_;
  const KeyLookup& lookup_;
  std::size_t at_ = 0, depth_ = 0;
};

}  // namespace

double evaluate_expression(std::string_view text, const std::string& setting, const KeyLookup& lookup) {
  return Parser(text, setting, lookup).run();
}

double evaluate_constant(std::string_view text, const std::string& setting) {
  return evaluate_expression(text, setting, [&](const std::string& key) -> double {
    throw ConfigError({{}, setting}, "a number, or an expression of numbers", fmt::format("'{}'", text),
                      fmt::format("'{}' cannot be used here", key));
  });
}

}  // namespace widthwise
