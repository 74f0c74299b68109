#include "widthwise/report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <limits>

namespace widthwise::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(EscapeHtml, LeavesNoCharacterThatEndsTextOrAttribute) {
  EXPECT_EQ(escape_html("<script>alert(\"a\" & 'b')</script>"),
            "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;");
}

// Markup needs < or >, an attribute's end needs a quote: whatever comes in, none of them comes out.
RC_GTEST_PROP(EscapeHtml, HoldsForAnyText, (const std::string& text)) {
  RC_ASSERT(escape_html(text).find_first_of("<>\"'") == std::string::npos);
}

TEST(EscapeForScript, NothingCanCloseTheElement) {
  EXPECT_EQ(escape_json_for_script(R"({"t":"</script><!--"})"), R"({"t":"\u003c/script>\u003c!--"})");
  // A backslash before / or ! changes neither strings nor regular expressions.
  EXPECT_EQ(escape_javascript_for_script("a='</script>'; b='</SCRIPT>'; c='<!--'; d = x<y"),
            "a='<\\/script>'; b='<\\/SCRIPT>'; c='<\\!--'; d = x<y");
}

TEST(SingleLine, StripsTerminalControl) {
  EXPECT_EQ(single_line("a\033[31mb\nc\td"), "a [31mb c d");
  EXPECT_EQ(single_line("a\xC2\x9B"
                        "2Jb"),
            "a  2Jb");  // U+009B starts an escape sequence on some terminals
  EXPECT_EQ(single_line("µP – ok"), "µP – ok");
}

TEST(Wrap, KeepsWordsAndWidth) {
  EXPECT_THAT(wrap("the optimum stays", 11), ElementsAre("the optimum", "stays"));
  EXPECT_THAT(wrap("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(wrap("", 3), ElementsAre(""));
  EXPECT_THAT(wrap("µµµµ", 2), ElementsAre("µµ", "µµ"));  // columns are code points, not bytes
}

TEST(Numbers, ShortForPeopleExactForFiles) {
  EXPECT_EQ(short_number(512), "512");
  EXPECT_EQ(short_number(1.0 / 128), "0.00781");
  EXPECT_EQ(short_number(-0.0), "0");
  EXPECT_EQ(short_number(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(exact_number(std::numeric_limits<double>::infinity(), "null"), "null");
}

RC_GTEST_PROP(Numbers, ExactReadsBack, (double value)) {
  RC_ASSERT(std::strtod(exact_number(value, "").c_str(), nullptr) == value);
}

TEST(FileStem, CannotLeaveTheFolder) {
  EXPECT_EQ(file_stem("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(file_stem("own updates"), "own-updates");
  EXPECT_EQ(file_stem("///"), "figure");
}

}  // namespace
}  // namespace widthwise::report
