// One rule for numbers in text whatever the standard library: std::from_chars in its general format.
#include "widthwise/base/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace widthwise {
namespace {

TEST(Number, ReadsWhatAProgramWrites) {
  EXPECT_EQ(number_in("64"), 64.0);
  EXPECT_EQ(number_in("-0.125"), -0.125);
  EXPECT_EQ(number_in(".5"), 0.5);
  EXPECT_EQ(number_in("1e-3"), 1e-3);
  EXPECT_EQ(number_in("2.5E+10"), 2.5e10);
  EXPECT_EQ(number_in("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(number_in("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number_in("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_in("-INF"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(number_in("nan").value_or(0)));
}

TEST(Number, NothingElseIsOne) {
  for (const char* text : {"", " 1", "+1", "1 ", "0x10", "1e", "e5", ".", "-", "--1", "1,5", "one", "1e999", "infinit"})
    EXPECT_FALSE(number_in(text).has_value()) << "'" << text << "'";
}

TEST(Number, StopsWhereTheNumberStops) {
  const auto rest = [](const std::string& text) {
    double value = 0;
    return std::string(read_double(text.data(), text.data() + text.size(), value).ptr);
  };
  EXPECT_EQ(rest("2*x"), "*x");
  EXPECT_EQ(rest("1.5.2"), ".2");
  EXPECT_EQ(rest("2e*3"), "e*3");
  EXPECT_EQ(rest("3e-x"), "e-x");
}

}  // namespace
}  // namespace widthwise
