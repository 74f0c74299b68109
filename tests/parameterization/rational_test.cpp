#include "widthwise/parameterization/rational.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/exponents.h"

namespace widthwise {
namespace {

TEST(Rational, ReadsFractionsAndFiniteDecimalsExactly) {
  EXPECT_EQ(parse_rational("-3/4", "k"), Rational(-3, 4));
  EXPECT_EQ(parse_rational(" 2/4 ", "k"), Rational(1, 2));
  EXPECT_EQ(parse_rational("0.25", "k"), Rational(1, 4));
  EXPECT_EQ(parse_rational("-.5", "k"), Rational(-1, 2));
  EXPECT_EQ(parse_rational("+1", "k"), Rational(1));
  EXPECT_EQ(parse_rational("0.1", "k"), Rational(1, 10)) << "not the nearest double";
}

TEST(Rational, PrintsLowestTerms) {
  EXPECT_EQ(to_string(Rational(6, 4)), "3/2");
  EXPECT_EQ(to_string(Rational(3, -6)), "-1/2");
  EXPECT_EQ(to_string(Rational(0, 5)), "0");
}

TEST(Rational, RefusesBadTextNamingTheKey) {
  for (const char* text : {"", " ", "-", "1/0", "1/", "/2", "a", "1/2/3", "1.2.3", ".", "1e-1", "--1", "1/-2", "nan",
                           "99999999999999999999", "0.00000000000000000000001", "1 2"}) {
    try {
      parse_rational(text, "some.key");
      ADD_FAILURE() << text;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.place().key, "some.key") << text;
    }
  }
}

TEST(Rational, OverflowThrowsAndNeverWraps) {
  const Rational large(INT64_MAX);
  EXPECT_THROW(large + Rational(1), Error);
  EXPECT_THROW(large * Rational(2), Error);
  EXPECT_THROW(Rational(1) / Rational(0), Error);
  EXPECT_EQ(large * Rational(1, INT64_MAX), Rational(1)) << "cancelled before multiplying";
}

TEST(Rational, IsAnOrderedFieldAndTextGoesRoundTrip) {
  EXPECT_TRUE(rc::check([] {
    const auto draw = [] { return Rational(*rc::gen::inRange(-50, 50), *rc::gen::inRange(1, 50)); };
    const Rational a = draw(), b = draw(), c = draw();
    RC_ASSERT(a + b == b + a);
    RC_ASSERT((a + b) + c == a + (b + c));
    RC_ASSERT(a * (b + c) == a * b + a * c);
    RC_ASSERT(a - b + b == a);
    if (b != Rational(0)) RC_ASSERT(a / b * b == a);
    RC_ASSERT((a < b) == (a.value() < b.value()));  // doubles tell fractions with denominators below 50 apart
    RC_ASSERT(parse_rational(to_string(a), "") == a);
  }));
}

TEST(BlockExponents, AreThreeOrFiveAndNoOtherCount) {
  const BlockExponents block = parse_block_exponents("-1/2, 0.5,1", "--hidden");
  EXPECT_EQ(block.a, Rational(-1, 2));
  EXPECT_EQ(block.b, Rational(1, 2));
  EXPECT_EQ(block.c, Rational(1));
  EXPECT_EQ(parse_block_exponents("0,1/2,1,3/2,-1", ""), (BlockExponents{0, Rational(1, 2), 1, Rational(3, 2), -1}));
  for (const char* text : {"", "1,2", "1,2,3,4", "1,2,3,4,5,6", "1,,2", "1,2,x", "1,2,3,4,", "1,2,3,,5"})
    EXPECT_THROW(parse_block_exponents(text, "--hidden"), ConfigError) << text;
}

}  // namespace
}  // namespace widthwise
