#include "widthwise/inquiry/transfer.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Over = TransferQuestion::Over;
using Word = Transfer::Word;

class AskTransfer : public testing::Test {
 protected:
  AskTransfer() : folder_{std::filesystem::temp_directory_path() / ("transfer-" + std::to_string(getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~AskTransfer() override { std::filesystem::remove_all(folder_); }

  using Changes = std::vector<std::pair<std::string, std::string>>;

  TransferQuestion question(const Changes& settings = {}, const std::string& more = "") const {
    std::ofstream(folder_ / "net.toml") << R"(
title = "net"
[architecture]
width = 32
hidden_layers = 2
[parameterization]
name = "mup"
reference_width = 32
[data]
name = "teacher"
dimension = 8
train = 64
[training]
optimizer = "adam"
learning_rate = 0.03
steps = 20
)" << more;
    TransferQuestion out;
    out.file = folder_ / "net.toml";
    out.settings = settings;
    out.widths = {32, 64, 128, 256};
    return out;
  }

  TransferAnswer ask(const TransferQuestion& of) const {
    const Study study = transfer_study(of);
    run(study);
    return answer_transfer(of, study, StoreReader(store()));
  }

  void run(const Study& study) const {
    RunOptions options;
    options.store = store();
    options.quiet = true;
    run_study(study, options);
  }
  std::filesystem::path store() const { return folder_ / "store"; }

  static ConfigError mistake(const TransferQuestion& of) {
    try {
      transfer_study(of);
    } catch (const ConfigError& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return ConfigError({}, "", "");
  }

  std::filesystem::path folder_;
};

TEST_F(AskTransfer, TheStudyIsAGridOverScaleSettingAndSeed) {
  TransferQuestion of = question();
  of.lowest = 0.01;
  of.highest = 0.04;
  of.seeds = 2;
  const Study study = transfer_study(of);
  ASSERT_EQ(study.sweeps.size(), 1U);
  const Sweep& sweep = study.sweeps[0];
  ASSERT_EQ(sweep.axes.size(), 3U);
  EXPECT_EQ(sweep.axes[0].key, "architecture.width");
  EXPECT_EQ(sweep.axes[1].key, "training.learning_rate");
  EXPECT_EQ(sweep.axes[1].values.size(), 5U);  // half an octave apart
  EXPECT_EQ(grid_size(sweep), 4U * 5 * 2);
  EXPECT_EQ(transfer_grid(of).value, "final.train_loss");  // there are no test samples
  EXPECT_EQ(transfer_grid(question({{"data.test", "16"}})).value, "final.test_loss");
  for (const GridPoint& point : expand(study, sweep)) EXPECT_EQ(point.configuration.text("training.optimizer"), "adam");
}

TEST_F(AskTransfer, TheGridStandsAroundTheFilesOwnValue) {
  const TransferGrid grid = transfer_grid(question());  // 0.03 times 2^-3 to 2^3
  ASSERT_EQ(grid.values.size(), 13U);
  EXPECT_NEAR(grid.values.front(), 0.03 / 8, 1e-8);
  EXPECT_EQ(grid.values[6], 0.03);
  EXPECT_NEAR(grid.values.back(), 0.03 * 8, 1e-7);
  EXPECT_TRUE(grid.log2);
  // Wider grids hold the narrower one: what is recorded is found again.
  TransferQuestion wider = question();
  wider.below = 4;
  const TransferGrid more = transfer_grid(wider);
  ASSERT_EQ(more.values.size(), 17U);
  for (std::size_t i = 0; i < 13; ++i) EXPECT_EQ(more.values[i + 4], grid.values[i]);
}

TEST_F(AskTransfer, SettingsThatMayBeZeroAreEvenInThemselves) {
  TransferQuestion of = question({{"training.optimizer", "momentum"}});
  of.key = "training.momentum";
  of.lowest = 0;
  of.highest = 0.8;
  const TransferGrid grid = transfer_grid(of);
  EXPECT_FALSE(grid.log2);
  ASSERT_EQ(grid.values.size(), 9U);
  EXPECT_EQ(grid.values.front(), 0);
  EXPECT_NEAR(grid.values[1], 0.1, 1e-9);
  of.above = 4;  // momentum ends below 1
  EXPECT_NEAR(transfer_grid(of).values.back(), 0.9, 1e-9);
  of.above = 0;
  of.lowest = 0.1;
  of.spacing = TransferQuestion::Spacing::log2;
  EXPECT_EQ(transfer_grid(of).values.size(), 7U);
}

TEST_F(AskTransfer, DepthIsTheNumberOfHiddenLayers) {
  TransferQuestion of = question();
  of.over = Over::both;
  of.widths = {16, 32};
  of.depths = {1, 2, 4};
  const Study study = transfer_study(of);
  EXPECT_EQ(study.sweeps[0].axes[1].key, "architecture.hidden_layers");
  EXPECT_EQ(grid_size(study.sweeps[0]), 2U * 3 * 13 * 4);
  of.over = Over::depth;
  EXPECT_EQ(transfer_grid(of).widths.size(), 0U);
  EXPECT_EQ(grid_size(transfer_study(of).sweeps[0]), 3U * 13 * 4);
}

TEST_F(AskTransfer, StopsByLossAreLeftOut) {
  const TransferQuestion of = question({{"training.target_loss", "0.1"}});
  EXPECT_EQ(transfer_study(of).base.count("training.target_loss"), 0U);
  EXPECT_THAT(transfer_notes(of), Contains(HasSubstr("training.target_loss is left out")));
}

TEST_F(AskTransfer, AGridThatEndsAtAnOptimumIsWidened) {
  TransferQuestion of = question();
  of.widths = {16, 32};
  of.seeds = 2;
  of.lowest = 0.0001;  // Adam gets nowhere in 20 steps: the largest rate is best at every width
  of.highest = 0.0004;
  const Study study = transfer_study(of);
  run(study);
  const TransferAnswer found = answer_transfer(of, study, StoreReader(store()));
  EXPECT_EQ(found.word, Word::undecided);
  EXPECT_EQ(found.lines[0].transfer.at_end, 2U);
  const auto wider = widened_question(of, study, StoreReader(store()));
  ASSERT_TRUE(wider);
  EXPECT_EQ(wider->above, 4);
  EXPECT_EQ(wider->below, 0);
  RunOptions options;
  options.store = store();
  options.quiet = true;
  EXPECT_EQ(run_study(transfer_study(*wider), options).found, 2U * 5 * 2);  // nothing is repeated

  of.highest = 0.4;  // far beyond the best
  const Study whole = transfer_study(of);
  run(whole);
  EXPECT_FALSE(widened_question(of, whole, StoreReader(store())));
}

TEST_F(AskTransfer, RunsThatAreMissingLeaveItUndecided) {
  const TransferQuestion of = question();
  const Study study = transfer_study(of);
  TransferQuestion some = of;
  some.widths = {32, 64};
  run(transfer_study(some));
  const TransferAnswer found = answer_transfer(of, study, StoreReader(store()));
  EXPECT_EQ(found.word, Word::undecided);
  EXPECT_EQ(found.missing, found.runs / 2);
  EXPECT_THAT(found.sentences, Contains(HasSubstr("are not recorded")));
}

// Yang and Hu et al. 2022 (Tensor Programs V, figure 1): under Adam the best rate of mup stays, that of the standard
// parameterization falls like 1/n, for every weight moves its preactivations by n times the rate. Tolerance as of
// certify: half of what exponents usually differ by.
TEST_F(AskTransfer, MupTransfersOverWidthAndTheStandardParameterizationDrifts) {
  std::map<std::string, TransferAnswer> found;
  for (const char* scheme : {"mup", "standard"}) {
    TransferQuestion of;
    of.settings = {{"parameterization.name", scheme}, {"training.optimizer", "adam"}};
    of.widths = {32, 64, 128, 256};
    of.seeds = 8;
    of.tolerance = 0.25;
    found[scheme] = ask(of);
    EXPECT_EQ(found[scheme].missing, 0U);
    ASSERT_EQ(found[scheme].lines.size(), 1U);
    EXPECT_EQ(found[scheme].lines[0].transfer.at_end, 0U);
  }
  const Transfer &mup = found["mup"].lines[0].transfer, &standard = found["standard"].lines[0].transfer;
  EXPECT_EQ(found["mup"].word, Word::transfers) << found["mup"].sentences[1];
  EXPECT_TRUE(mup.drift.interval.contains(0));
  EXPECT_LT(mup.scales.back().ratio.interval.high, 1.1);
  EXPECT_EQ(found["standard"].word, Word::drifts) << found["standard"].sentences[1];
  EXPECT_LT(standard.drift.interval.high, -0.5);
  EXPECT_GT(standard.drift.interval.low, -1.25);
  EXPECT_GT(standard.scales.back().ratio.interval.low, 1.1);  // carrying the narrow network's rate costs
  EXPECT_THAT(found["mup"].sentences.front(), HasSubstr("Transfers: the training.learning_rate"));
  // At the reference width the two are one network.
  EXPECT_NEAR(mup.scales[1].place.value, standard.scales[1].place.value, 1e-12);
}

TEST_F(AskTransfer, OverBothThereIsALineAtEveryOtherScaleAndAnOrderOfLimits) {
  TransferQuestion of;
  of.settings = {{"parameterization.name", "mup"}, {"training.optimizer", "adam"}};
  of.over = Over::both;
  of.widths = {16, 32, 64};
  of.depths = {1, 2, 4};
  of.seeds = 3;
  of.step = 1;
  const TransferAnswer found = ask(of);
  ASSERT_EQ(found.lines.size(), 6U);
  EXPECT_EQ(found.lines[1].along, "architecture.width");
  EXPECT_EQ(found.lines[1].at, 2.0);
  EXPECT_EQ(found.lines[5].along, "architecture.hidden_layers");
  EXPECT_EQ(found.lines[5].at, 64.0);
  // A scale is the same run along either axis.
  EXPECT_EQ(found.lines[1].transfer.scales[2].place.value, found.lines[5].transfer.scales[1].place.value);
  ASSERT_TRUE(found.orders);
  EXPECT_THAT(found.sentences, Contains(HasSubstr("The limits of width and depth")));
}

TEST_F(AskTransfer, BadQuestionsNameTheOption) {
  const auto with = [&](const auto& change) {
    TransferQuestion of = question();
    change(of);
    return mistake(of);
  };
  using Q = TransferQuestion&;
  EXPECT_EQ(with([](Q of) { of.widths = {64}; }).place().key, "at");
  EXPECT_EQ(with([](Q of) { of.widths = {-1, 64}; }).place().key, "at");
  EXPECT_EQ(with([](Q of) { of.seeds = 0; }).place().key, "seeds");
  EXPECT_EQ(with([](Q of) { of.tolerance = 0; }).place().key, "tolerance");
  EXPECT_EQ(with([](Q of) { of.loss_tolerance = -1; }).place().key, "loss-tolerance");
  EXPECT_EQ(with([](Q of) { of.step = 0; }).place().key, "grid-step");
  EXPECT_EQ(with([](Q of) { of.step = 1e-4; }).place().key, "grid-step");
  EXPECT_EQ(with([](Q of) { of.cap = 0; }).place().key, "cap");
  EXPECT_EQ(with([](Q of) { of.lowest = of.highest = 1; }).place().key, "span");
  EXPECT_EQ(with([](Q of) { of.lowest = -1, of.highest = 1; }).place().key, "span");
  EXPECT_EQ(with([](Q of) { of.key = "training.weight_decay"; }).place().key, "span");  // 0 in the file
  EXPECT_EQ(with([](Q of) { of.key = "training.optimizer"; }).place().key, "training.optimizer");
  EXPECT_EQ(with([](Q of) { of.key = "architecture.width"; }).place().key, "key");
  EXPECT_EQ(with([](Q of) { of.key = "training.momentum"; }).place().key, "key");  // Adam has none
  EXPECT_EQ(with([](Q of) { of.key = "training.learning_rat"; }).place().key, "training.learning_rat");
  EXPECT_EQ(with([](Q of) { of.value = "train_loss"; }).place().key, "value");
}

}  // namespace
}  // namespace widthwise
