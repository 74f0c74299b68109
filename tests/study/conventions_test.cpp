#include "widthwise/study/conventions.h"

#include <gmock/gmock.h>

#include "text.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Conventions, AreSaidOfTheAlphaThatIsUsed) {
  const std::string sweep = "[[sweep]]\nname = \"s\"\n", key = "\"training.alpha_convention\" = ";
  EXPECT_THAT(conventions(parse(tiny + sweep)), IsEmpty());
  EXPECT_THAT(conventions(parse(tiny + sweep + key + "\"code\"\n")), ElementsAre(HasSubstr("loss over alpha;")));
  EXPECT_THAT(conventions(parse(tiny + sweep + key + "[\"article\", \"none\", \"code\"]\n")),
              ElementsAre(HasSubstr("over alpha^2"), HasSubstr("over alpha;")));
}

}  // namespace
}  // namespace widthwise
