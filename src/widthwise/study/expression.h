// Numbers written as expressions of other settings: "3/sqrt(architecture.width)".
//
//   sum     = product { (+|-) product }         power   = primary [ ^ unary ]        (right to left: 2^3^2 = 512)
//   product = unary { (*|/) unary }             primary = number | key | sqrt(sum) | log(sum) | exp(sum) | ( sum )
//   unary   = [+|-] unary | power               so -2^2 = -4
//
// A key is dotted ("training.steps"); log is natural.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace widthwise {

/// Gives the value of a key; throws where there is none.
using KeyLookup = std::function<double(const std::string& key)>;

/// The value of `text`. `setting` is the key it stands under, for messages.
/// @throws ConfigError (key `setting`) for a syntax error, with its position, a division by zero, and anything else
/// that is not a finite number.
double evaluate_expression(std::string_view text, const std::string& setting, const KeyLookup& lookup);

/// The same where no keys are allowed ("-1/2").
double evaluate_constant(std::string_view text, const std::string& setting);

}  // namespace widthwise
