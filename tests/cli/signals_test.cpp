// The program stopped in the middle of a sweep, by Ctrl-C, by SIGTERM and by kill -9: what it says, what it leaves, and
// that the same command goes on from there.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "small_study.h"

namespace widthwise::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// `widthwise ARGUMENTS` in `folder`, without a shell between, so that a signal reaches the program.
pid_t start(std::vector<std::string> arguments, const std::filesystem::path& folder) {
  const pid_t child = fork();
  if (child != 0) return child;
  const int output = open((folder / "child.txt").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> words{const_cast<char*>(WIDTHWISE_PROGRAM)};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  if (chdir(folder.c_str()) == 0) execv(WIDTHWISE_PROGRAM, words.data());
  _exit(99);
}

// Exit code, or minus the signal that ended it.
int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// Recorded runs as lines of the CSV by identity, without the seconds they took.
std::map<std::string, std::string> recorded(const std::filesystem::path& folder, const std::string& store) {
  std::istringstream lines(widthwise("runs --csv --store " + store, folder).out);
  std::map<std::string, std::string> runs;
  std::string line;
  std::getline(lines, line);  // the header: identity, status, last_step, seconds, ...
  while (std::getline(lines, line)) {
    std::size_t from = 0;
    for (int comma = 0; comma < 3; ++comma) from = line.find(',', from) + 1;
    const std::size_t to = line.find(',', from);
    runs[line.substr(0, line.find(','))] = line.substr(0, from) + line.substr(to);
  }
  return runs;
}

// A second of work in a dozen groups or more.
const std::string longer = replaced(replaced(small_study, "steps = 3", "steps = 200"), "every = 1", "every = 100");

// Returns when a second group was claimed by the one worker, so that the first is recorded; or when `child` has ended.
void wait_for_a_record(const std::filesystem::path& store, pid_t child) {
  std::set<std::string> claimed;
  siginfo_t ended{};
  while (claimed.size() < 2 && waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0) {
    std::error_code not_yet;
    for (std::filesystem::directory_iterator entry(store / "claims", not_yet), end; !not_yet && entry != end;
         entry.increment(not_yet))
      if (entry->path().extension() == ".json") claimed.insert(entry->path().filename());
    std::this_thread::sleep_for(1ms);
  }
}

const std::vector<std::string> run_it{"run", "s.toml", "--quiet", "--threads", "1", "--store", "stopped"};

class Stopped : public ::testing::TestWithParam<int> {};

TEST_P(Stopped, InTheMiddleItSaysHowToGoOnAndComesToTheSameResults) {
  const auto folder = folder_with_study("stopped-" + std::to_string(GetParam()), longer);
  const pid_t child = start(run_it, folder);
  wait_for_a_record(folder / "stopped", child);
  // Twice at once, as shells and wrappers deliver one Ctrl-C to the process and to its group: that is one request.
  kill(child, GetParam());
  kill(child, GetParam());
  ASSERT_EQ(wait_for(child), 3);
  EXPECT_THAT(read_text(folder / "child.txt"), HasSubstr("The same command goes on from there"));
  EXPECT_THAT(widthwise("runs --check --store stopped", folder).out, HasSubstr("all whole"));
  const auto before = recorded(folder, "stopped");
  EXPECT_GT(before.size(), 0U);
  EXPECT_LT(before.size(), 24U);

  EXPECT_EQ(wait_for(start(run_it, folder)), 0);
  EXPECT_EQ(widthwise("run s.toml --quiet --threads 1 --store whole", folder).exit, 0);
  // The groups are those of the study, whatever was done before: so the numbers are the same to the bit.
  const auto resumed = recorded(folder, "stopped");
  EXPECT_EQ(resumed, recorded(folder, "whole"));
  EXPECT_EQ(resumed.size(), 24U);
  for (const auto& [identity, line] : before) EXPECT_EQ(resumed.at(identity), line);
}

INSTANTIATE_TEST_SUITE_P(By, Stopped, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& signal) { return signal.param == SIGINT ? "CtrlC" : "Terminate"; });

TEST(Killed, TwentyTimesAtAnyInstantEveryRunIsRecordedOnce) {
  const auto folder = folder_with_study("killed");
  std::mt19937 random(20);
  std::uniform_real_distribution<double> instant(0, 150);  // milliseconds; starting takes some thirty of them
  // The sweep grows with every start, so that there is always work left for the kill to fall into.
  int seeds = 4, kills = 0;
  const auto grown = [&] {
    return std::vector<std::string>{"run",
                                    "s.toml",
                                    "--quiet",
                                    "--threads",
                                    "1",
                                    "--set",
                                    "sweep.widths.seed.init={from=0,count=" + std::to_string(seeds) + "}",
                                    "--store",
                                    "store"};
  };
  for (int attempt = 0; attempt < 500 && kills < 20; ++attempt, ++seeds) {
    const pid_t child = start(grown(), folder);
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(instant(random)));
    kill(child, SIGKILL);
    kills += wait_for(child) == -SIGKILL;  // else it was done before
  }
  ASSERT_EQ(kills, 20);
  ASSERT_EQ(wait_for(start(grown(), folder)), 0) << read_text(folder / "child.txt");
  const std::string runs = std::to_string(6 * seeds);
  EXPECT_THAT(widthwise("runs --check --store store", folder).out, HasSubstr(runs + " runs, all whole"));
  EXPECT_EQ(std::to_string(recorded(folder, "store").size()), runs);
}

}  // namespace
}  // namespace widthwise::testing
