// A flow that is left and taken up again ends as one that never stopped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "study/text.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/joining_thread.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

class Checkpointed : public ::testing::Test {
 protected:
  Checkpointed() {
    std::filesystem::remove_all(store);
    group = group_of("save = [\"end\", \"loss 0.5\", \"margin 0\"]\nmax_dgrad = 1e-5\n",
                     "\"train_loss\", \"test_error\", \"accepted_steps\", \"refused_steps\", \"half_time\", "
                     "\"preactivation_speed\", "
                     "\"last_update_norm\", \"last_update_part\", \"last_update_stable_rank\"");
  }
  // Two networks, or models of them.
  static RunGroup group_of(const std::string& training, const std::string& observables) {
    const Study study = parse_study(
        "title = \"flow\"\n"
        "[architecture]\nwidth = 24\nactivation = \"softplus\"\n"
        "[parameterization]\nname = \"mean-field\"\nbase_in = \"multiplier\"\n"
        "[data]\nname = \"gaussian\"\ntrain = 96\ntest = 20\ndimension = 8\nlabels = \"random\"\n"
        "[training]\noptimizer = \"gradient-flow\"\nloss = \"softhinge\"\nkappa = \"-training.alpha\"\n"
        "alpha_convention = \"code\"\nstop_margin = 1\nsteps = 20000\n" +
            training + "[measure]\nobservables = [" + observables +
            "]\ntimes = { log = 12 }\n"
            "[[sweep]]\nname = \"x\"\n\"training.alpha\" = [0.01, 1]\n",
        "flow.toml");
    std::vector<Configuration> runs;
    for (const GridPoint& point : expand(study, study.sweeps.front())) runs.push_back(point.configuration);
    GroupLimits together;
    together.least_groups = 1;
    return group_runs(std::move(runs), together).front();
  }
  ~Checkpointed() override {
    request_interrupt(false);
    std::filesystem::remove_all(store);
  }
  std::vector<RunRecord> interrupted_after(std::chrono::milliseconds time, const RunGroup& some,
                                           const Checkpoints& checkpoints) {
    std::vector<RunRecord> records;
    {
      const JoiningThread clock([time] {
        std::this_thread::sleep_for(time);
        request_interrupt();
      });
      records = execute(some, data, {}, checkpoints);
    }
    request_interrupt(false);
    return records;
  }
  std::size_t files() const {
    const auto folder = store / "checkpoints";
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  // What is recorded leaves the group, as the scheduler has it.
  void expect_same_when_interrupted(const std::vector<RunRecord>& expected) {
    const Checkpoints checkpoints(store);
    RunGroup rest = group;
    std::size_t left_files = 0;
    for (int times = 0; !rest.runs.empty() && times < 100; ++times) {
      std::vector<RunRecord> records = interrupted_after(std::chrono::milliseconds(40 + 10 * times), rest, checkpoints);
      left_files += files();
      for (const RunRecord& record : records) {
        for (const RunRecord& one : expected)
          if (one.identity == record.identity) expect_same(one, record);
        checkpoints.remove(record.identity);
        std::erase_if(rest.runs, [&](const Configuration& run) { return run.identity() == record.identity; });
      }
    }
    EXPECT_TRUE(rest.runs.empty());
    EXPECT_GT(left_files, 0u);
    EXPECT_EQ(files(), 0u);
  }
  static void expect_same(const RunRecord& a, const RunRecord& b) {
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.reason, b.reason);
    EXPECT_EQ(a.arrays, b.arrays);  // states saved on the way too
    EXPECT_EQ(a.trace.step, b.trace.step);
    EXPECT_EQ(a.trace.time, b.trace.time);
    for (const auto& [name, values] : a.trace.series)
      for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_TRUE(values[i] == b.trace.values(name)[i] ||
                    (std::isnan(values[i]) && std::isnan(b.trace.values(name)[i])))
            << name << " at point " << i;
  }

  std::filesystem::path store =
      std::filesystem::temp_directory_path() / ("widthwise-checkpoint-test-" + std::to_string(getpid()));
  RunGroup group;
  DataCache data;
};

TEST_F(Checkpointed, InterruptedAgainAndAgainItEndsTheSame) {
  const auto expected = execute(group, data);
  ASSERT_EQ(expected.size(), 2u);
  EXPECT_GT(expected[0].last_step, 100);
  for (const RunRecord& record : expected) {
    EXPECT_TRUE(record.arrays.contains("state/loss 0.5/W1"));
    EXPECT_TRUE(record.arrays.contains("state/margin 0/W1"));
    EXPECT_NE(record.arrays.at("state/loss 0.5/W1"), record.arrays.at("state/end/W1"));
  }
  expect_same_when_interrupted(expected);
}

TEST_F(Checkpointed, SoDoFrozenKernelsAndLinearisedNetworks) {
  for (const char* model : {"tangent-kernel", "linearised"}) {
    group = group_of("model = \"" + std::string(model) + "\"\nmax_dgrad = 1e-6\n",
                     "\"train_loss\", \"accepted_steps\", \"half_time\", \"test_error\"");
    const auto expected = execute(group, data);
    ASSERT_EQ(expected.size(), 2u);
    EXPECT_GT(expected[0].last_step, 1000);
    expect_same_when_interrupted(expected);
  }
}

TEST_F(Checkpointed, ADamagedFileCostsOnlyTime) {
  const Checkpoints checkpoints(store);
  for (int times = 0; files() == 0 && times < 100; ++times)
    interrupted_after(std::chrono::milliseconds(40 + times), group, checkpoints);
  ASSERT_GT(files(), 0u);
  for (const auto& file : std::filesystem::directory_iterator(store / "checkpoints"))
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  ::testing::internal::CaptureStderr();
  const auto records = execute(group, data, {}, checkpoints);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("begins anew"), std::string::npos);
  const auto expected = execute(group, data);
  ASSERT_EQ(records.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) expect_same(expected[i], records[i]);
}

}  // namespace
}  // namespace widthwise
