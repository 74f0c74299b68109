// Every mistake in a study says which file and line, which key, what was expected and what came.
#include <gmock/gmock.h>

#include <fstream>

#include "text.h"

namespace widthwise {
namespace {

using study_test::mistake;
using study_test::tiny;
using testing::HasSubstr;
using testing::StartsWith;

const std::string sweep = "[[sweep]]\nname = \"s\"\n";

struct Case {
  std::string name, text, key, expected, got, hint;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, SayWhereAndWhat) {
  const Case& one = GetParam();
  const ConfigError error = mistake(one.text);
  EXPECT_THAT(error.place().file, StartsWith("study.toml"));
  EXPECT_THAT(error.place().key, HasSubstr(one.key));
  EXPECT_THAT(error.expected(), HasSubstr(one.expected));
  EXPECT_THAT(error.got(), HasSubstr(one.got));
  EXPECT_THAT(error.hint(), HasSubstr(one.hint));
}

const std::string prediction =
    "\n[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"final.train_loss\"\nagainst = \"architecture.width\"\n";
const std::string widths = sweep + "\"architecture.width\" = [8, 16]\n";

INSTANTIATE_TEST_SUITE_P(
    Study, Mistakes,
    testing::Values(
        Case{"UnknownKey", tiny + sweep + "\"architecture.widht\" = [1]\n", "architecture.widht", "known key",
             "architecture.widht", "'architecture.width'"},
        Case{"UnknownKeyInSection", "title = \"t\"\n[training]\nrate = 1\n", "training.rate", "known key", "rate", ""},
        Case{"KeyInWrongSection", "title = \"t\"\n[measure]\nhidden_layers = 1\n", "measure.hidden_layers", "known key",
             "", "architecture.hidden_layers"},
        Case{"UnknownSection", "title = \"t\"\n[trainig]\nsteps = 1\n", "trainig", "known section", "trainig",
             "'training'"},
        Case{"UnknownFigureMember",
             tiny + widths +
                 "[[figure]]\nname = \"f\"\nsweep = \"s\"\nx = \"step\"\ny = "
                 "\"train_loss\"\ncolour = \"architecture.width\"\n",
             "figure.colour", "known key", "colour", "'color'"},
        Case{"WrongType", tiny + sweep + "\"architecture.width\" = true\n", "architecture.width", "a whole number",
             "true", ""},
        Case{"TextForNumber", tiny + sweep + "\"training.momentum\" = [\"abc\"]\n", "training.momentum",
             "expression of known keys", "abc", ""},
        Case{"WidthZero", tiny + sweep + "\"architecture.width\" = [0]\n", "architecture.width",
             "whole number from 1 to 16777216", "0", ""},
        Case{"WidthNegative", tiny + sweep + "\"architecture.width\" = -3\n", "architecture.width",
             "whole number from 1 to 16777216", "-3", ""},
        Case{"WidthHuge", tiny + sweep + "\"architecture.width\" = 1e12\n", "architecture.width",
             "whole number from 1 to 16777216", "1000000000000", "PB"},
        Case{"WidthFraction", tiny + sweep + "\"architecture.width\" = 8.5\n", "architecture.width", "whole number",
             "8.5", ""},
        Case{"RateZero", tiny + sweep + "\"training.learning_rate\" = 0\n", "training.learning_rate", "above 0", "0",
             ""},
        Case{"RateInfinite", tiny + sweep + "\"training.learning_rate\" = inf\n", "training.learning_rate", "above 0",
             "", ""},
        Case{"UnknownActivation", tiny + sweep + "\"architecture.activation\" = \"rellu\"\n", "architecture.activation",
             "one of", "rellu", "'relu'"},
        Case{"UnknownObservable",
             tiny + sweep + "\"measure.observables\" = [\"train_lss\"]\n\"architecture.width\" = [8, 16]\n" +
                 "[[figure]]\nname = \"f\"\nsweep = \"s\"\nx = \"architecture.width\"\ny = \"final.train_loss\"\n",
             "measure.observables", "train_loss", "train_lss", "'train_loss'"},
        Case{"NoObservable", tiny + sweep + "\"measure.observables\" = []\n\"architecture.width\" = [8]\n",
             "measure.observables", "train_loss", "[]", "at least one"},
        Case{"EmptyAxis", tiny + sweep + "\"architecture.width\" = []\n", "architecture.width", "at least one value",
             "empty axis", ""},
        Case{"EmptyRange", tiny + sweep + "\"seed.init\" = { from = 0, count = 0 }\n", "seed.init",
             "at least one value", "empty axis", ""},
        Case{"BackwardRange", tiny + sweep + "\"training.learning_rate\" = { log2 = [3, 1] }\n",
             "training.learning_rate", "lo at most hi", "[3,1]", ""},
        Case{"UnknownRangeMember", tiny + sweep + "\"seed.init\" = { from = 0, cuont = 3 }\n", "seed.init", "", "", ""},
        Case{"ValueTwice", tiny + sweep + "\"architecture.width\" = [8, 16, 8]\n", "architecture.width",
             "every value once", "8 twice", ""},
        Case{"DivisionByZero", tiny + sweep + "\"training.learning_rate\" = \"1/(architecture.width - 8)\"\n",
             "training.learning_rate", "finite value", "divides by zero", ""},
        Case{"RefersToItself",
             tiny + sweep +
                 "\"training.alpha\" = \"training.kappa + 1\"\n\"training.kappa\" = "
                 "\"2*training.alpha\"\n",
             "training.", "other keys", "training.alpha -> training.kappa -> training.alpha", ""},
        Case{"UnknownKeyInExpression", tiny + sweep + "\"training.alpha\" = \"sqrt(architecture.with)\"\n",
             "training.alpha", "known keys", "architecture.with", "'architecture.width'"},
        Case{"SyntaxOfExpression", tiny + sweep + "\"training.alpha\" = \"3 * / 2\"\n", "training.alpha",
             "an expression of", "3 * / 2", "at character 5"},
        Case{"ZipOfUnequalAxes",
             tiny + sweep +
                 "\"architecture.width\" = [8, 16]\n\"seed.init\" = [0, 1, 2]\nzip = "
                 "[[\"architecture.width\", \"seed.init\"]]\n",
             "sweep.zip", "one length", "architecture.width with 2 values and seed.init with 3", ""},
        Case{"TwoSweepsOfOneName", tiny + widths + widths, "sweep.name", "different names", "'s'", "line"},
        Case{"TwoPredictionsOfOneName",
             tiny + widths + prediction + "exponent = 0\nsource = \"x\"\n" + prediction +
                 "exponent = 0\nsource = \"x\"\n",
             "prediction.name", "different names", "'p'", "line"},
        Case{"UnknownSweep",
             tiny + widths + "[[figure]]\nname = \"f\"\nsweep = \"t\"\nx = \"step\"\ny = \"train_loss\"\n",
             "figure.sweep", "a sweep of the study", "t", ""},
        Case{"UnknownSeries",
             tiny + widths +
                 "[[figure]]\nname = \"f\"\nsweep = \"s\"\nx = \"architecture.width\"\ny = "
                 "\"final.train_los\"\n",
             "figure.y", "series the sweep records", "train_los", "'train_loss'"},
        Case{"SeriesNotRecorded",
             tiny + widths +
                 "[[figure]]\nname = \"f\"\nsweep = \"s\"\nx = "
                 "\"architecture.width\"\ny = \"final.test_loss\"\n",
             "figure.y", "series the sweep records", "test_loss", "measure.observables"},
        Case{"UnknownForm",
             tiny + widths +
                 "[[figure]]\nname = \"f\"\nsweep = \"s\"\nx = \"architecture.width\"\ny = "
                 "\"finall.train_loss\"\n",
             "figure.y", "final.X", "finall", "'final'"},
        Case{"NumberWithoutSource", tiny + widths + prediction + "exponent = 1\n", "prediction.source",
             "where the number comes from", "nothing", ""},
        Case{"AlphaOfTheCode", tiny + sweep + "\"training.alpha_convention\" = \"code\"\n\"training.alpha\" = [-1]\n",
             "training.alpha", "above 0 (training.alpha_convention = code", "-1", ""},
        Case{"FlowOnBatches", tiny + sweep + "\"training.optimizer\" = \"gradient-flow\"\n\"training.batch\" = 8\n",
             "training.batch", "0 for gradient-flow", "8", "training.temperature"},
        Case{"FlowWithASchedule",
             tiny + sweep + "\"training.optimizer\" = \"gradient-flow\"\n\"training.schedule\" = \"cosine\"\n",
             "training.schedule", "constant for gradient-flow", "another", ""},
        Case{"FlowWithoutBoundOnAnything",
             tiny + sweep + "\"training.optimizer\" = \"gradient-flow\"\n\"training.max_dgrad\" = 0\n",
             "training.max_dgrad", "above 0", "0", ""},
        Case{"HalfTimeOfUpdates", tiny + sweep + "\"measure.observables\" = [\"half_time\"]\n", "measure.observables",
             "training.optimizer = sgd", "half_time, which is gradient-flow's", ""},
        Case{"MomentNoFlowHas",
             tiny + sweep + "\"training.optimizer\" = \"gradient-flow\"\n\"training.save\" = [\"loss 2\"]\n",
             "training.save", "between 0 and 1", "loss 2", ""},
        Case{"MomentOfAFlowOtherwise", tiny + sweep + "\"training.save\" = [\"loss 0.5\"]\n", "training.save",
             "init, end", "loss 0.5", ""},
        Case{"WidthsToZero", tiny + widths + prediction + "exponent = 0\nsource = \"x\"\ntoward = \"zero\"\n",
             "prediction.toward", "may go to zero", "architecture.width", ""},
        Case{"NoClaim", tiny + widths + prediction, "prediction.exponent", "either", "neither", ""},
        Case{"WhereNowhere",
             tiny + widths + prediction + "exponent = \"theory\"\nwhere = { \"architecture.width\" = 9 }\n",
             "prediction.where", "a value on the axis", "9", ""},
        Case{"NoSteps", "title = \"t\"\n[training]\nlearning_rate = 1\n" + sweep, "training.steps", "whole number",
             "nothing", ""},
        Case{"OneRunTwice", tiny + sweep + "\"training.beta1\" = [0.8, 0.9]\n", "sweep.s", "different run", "beta1",
             ""},
        Case{"SignLossOnClasses",
             "title = \"t\"\n[training]\nlearning_rate = 1\nsteps = 1\nloss = \"softhinge\"\n" + sweep +
                 "\"architecture.width\" = [8]\n",
             "training.loss", "data.labels = classes", "softhinge", "parity"},
        Case{"SignLossOnValues", tiny + sweep + "\"training.loss\" = [\"squared\", \"hinge\"]\n", "training.loss",
             "data.labels = values", "hinge", "sign"},
        Case{"LossBetaZero", tiny + sweep + "\"training.loss\" = \"softhinge\"\n\"training.loss_beta\" = [0]\n",
             "training.loss_beta", "above 0", "0", ""},
        Case{"MarginsOfValues", tiny + sweep + "\"measure.observables\" = [\"smallest_margin\"]\n",
             "measure.observables", "data.labels = values", "smallest_margin", ""},
        Case{"ArticleConventionOfAlphaZero",
             tiny + sweep + "\"training.alpha_convention\" = \"article\"\n\"training.alpha\" = [0]\n", "training.alpha",
             "above 0", "0", ""},
        Case{"CustomWithoutExponents", tiny + sweep + "\"parameterization.name\" = \"custom\"\n",
             "parameterization.input", "exponents", "nothing", ""},
        Case{"TestErrorWithoutTestSet",
             tiny + sweep + "\"data.test\" = 0\n\"measure.observables\" = [\"test_error\"]\n", "data.test",
             "test samples", "0", ""},
        Case{"NoTitle", "[training]\nsteps = 1\n[[sweep]]\nname = \"s\"\n", "title", "a text", "nothing", ""},
        Case{"NoToml", "title = \"t\"\n[training\n", "", "TOML", "syntax error", ""},
        Case{"Date", "title = 1979-05-27\n", "", "a number, text", "a date", ""}),
    [](const auto& one) { return one.param.name; });

TEST(Mistakes, NameTheLine) {
  // The third line holds the mistake.
  EXPECT_EQ(mistake("title = \"t\"\n[architecture]\nwidht = 3\n").place().file, "study.toml:3");
}

TEST(Mistakes, OnTheCommandLineSayso) {
  try {
    parse_study(tiny, "study.toml", "", {{"training.stepz", "3"}});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().file, "command line");
    EXPECT_THAT(error.hint(), HasSubstr("training.steps"));
  }
}

TEST(Mistakes, OfVariantsNobodyAskedForAreFoundToo) {
  EXPECT_EQ(mistake(tiny + "[variant.a]\n\"training.stepz\" = 1\n").place().key, "training.stepz");
}

TEST(Mistakes, UnknownVariantNamesTheNearest) {
  try {
    parse_study(tiny + "[variant.paper]\n\"training.steps\" = 1\n", "study.toml", "papr");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.hint(), HasSubstr("paper"));
  }
}

TEST(Mistakes, TablesWithoutEndAreRefusedNotFollowed) {
  const auto dotted = [](int parts) {
    std::string key = "a";
    for (int i = 1; i < parts; ++i) key += ".a";
    return key;
  };
  EXPECT_THAT(mistake(tiny + "[" + dotted(200) + "]\nx = 1\n").expected(), HasSubstr("in one another"));
  // Deep enough to overflow the stack of who only reads them, as a header and as a key.
  EXPECT_THAT(mistake(tiny + "[" + dotted(200'000) + "]\nx = 1\n").expected(), HasSubstr("dots in a line"));
  EXPECT_THAT(mistake(dotted(200'000) + " = 1\n" + tiny).expected(), HasSubstr("dots in a line"));
}

TEST(Mistakes, LettersBeyondAsciiBelongIntoQuotes) {
  // The library's test for white space is undefined on most letters with accents.
  const ConfigError error = mistake("title = \"t\"\n# größe\ngröße = 1\n");
  EXPECT_EQ(error.place().file, "study.toml:3");
  EXPECT_THAT(error.hint(), HasSubstr("in quotes"));
  for (const char* fine :
       {"description = \"größe \\\" größe\"\n", "description = 'größe \\'  # größe\n",
        "description = \"\"\"größe\n\"\" größe \\\"\"\"\"\"\"  # größe\n", "description = '''größe\n'größe''''\n"})
    EXPECT_FALSE(study_test::parse(fine + tiny).description.empty()) << fine;
  // Looking for the end of a number, it reads on through quotes.
  for (const char* number : {"x = 1e-5\"größe\"\n", "x = [-0:=[\"größe\"]\n"})
    EXPECT_THAT(mistake(number).got(), HasSubstr("inside of a number")) << number;
  for (const char* escaped : {"x = \"\\ü\"\n", "x = \"\"\"\\\n \n ü\"\"\"\n"})
    EXPECT_THAT(mistake(escaped).got(), HasSubstr("behind a backslash")) << escaped;
  const Study study = parse_study(tiny, "s.toml", "", {{"architecture.activation", "größe"}});
  EXPECT_EQ(study.base.at("architecture.activation").text(), "größe");
}

TEST(Mistakes, MissingFileIsADataError) {
  EXPECT_THROW(read_study("/nowhere/study.toml"), DataError);
  EXPECT_THROW(read_study("/tmp"), DataError);
}

TEST(Studies, OfOneTitleInOneFolderAreAnError) {
  const study_test::Folder folder("widthwise-titles");
  for (const char* name : {"a.toml", "b.toml"}) std::ofstream(folder.path() / name) << tiny;
  try {
    read_studies(folder.path());
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().file, (folder.path() / "b.toml").string());
    EXPECT_THAT(error.hint(), HasSubstr("a.toml"));
  }
}

}  // namespace
}  // namespace widthwise
