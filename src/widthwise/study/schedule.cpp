#include "widthwise/study/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/joining_thread.h"
#include "widthwise/base/progress.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/store/claims.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"
#include "widthwise/study/plan.h"
#include "widthwise/study/run.h"
#include "widthwise/study/search.h"
#include "widthwise/study/start.h"

namespace widthwise {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

ClaimOptions claim_options(double timeout) {
  ClaimOptions options;
  options.stale_after = std::chrono::duration<double>(timeout);
  options.heartbeat = std::chrono::duration<double>(timeout / 6);
  return options;
}

// A group that waits, with how many of its runs were missing when last looked at.
struct Waiting {
  RunGroup group;
  std::size_t left = 0;
};

// A group to compute, with the threads it may use.
struct Task {
  RunGroup group;  // what is missing of it
  int threads = 1;
  Ancestors ancestors = {};  // of its runs, where they start from others
};

// What a process records with: made when there is something to record, one for all rounds of a study.
struct Recording {
  std::optional<StoreWriter> writer;
  std::optional<Claims> claims;
};

// What the workers share. One mutex guards all of it; computing happens outside.
class Pool {
 public:
  Pool(const RunOptions& options, std::vector<RunGroup> groups, int threads, Recording& recording, const char* title)
      : reader_{options.store},
        checkpoints_{options.store},
        writer_{recording.writer},
        claims_{recording.claims},
        free_threads_{threads} {
    require_parents(groups);
    double work = 0;
    for (RunGroup& group : groups) {
      const RunGroup rest = missing(group);
      summary_.runs += group.runs.size();
      summary_.found += group.runs.size() - rest.runs.size();
      work += rest.work;
      if (!rest.runs.empty()) pending_.push_back({std::move(group), rest.runs.size()});
    }
    if (!pending_.empty() && !writer_) {  // a finished study may lie where nothing can be written
      writer_.emplace(options.store);
      claims_.emplace(options.store, claim_options(options.claim_timeout));
    }
    progress_.emplace(title, work, options.quiet || work == 0 ? Progress::Mode::quiet : Progress::Mode::automatic);
    found_at_start_ = summary_.found;
  }

  // The next group to compute; nothing when all is done or somebody asked to stop.
  std::optional<Task> next() {
    std::unique_lock lock(mutex_);
    while (!stopped()) {
      if (auto task = take_pending()) return task;
      if (postponed_.empty()) return std::nullopt;
      // Others work at the rest: see now and then whether they are done, or gone.
      changed_.wait_for(lock, std::chrono::milliseconds(200));
      recheck_postponed();
    }
    return std::nullopt;
  }

  void finish(const Task& task, const std::vector<RunRecord>& records) {
    const std::lock_guard lock(mutex_);
    const std::size_t fresh = writer_->append(records);
    for (const RunRecord& record : records) checkpoints_.remove(record.identity);
    claims_->release(task.group.id);
    under_way_.erase(task.group.id);
    free_threads_ += task.threads;
    summary_.done += fresh;
    for (const RunRecord& record : records) summary_.diverged += record.status == "diverged";
    // What was interrupted is not recorded, so it is not done.
    const auto share = static_cast<double>(records.size()) / static_cast<double>(task.group.runs.size());
    progress_->advance(task.group.work * share, runs_so_far());
    changed_.notify_all();
  }

  // A worker failed: the others finish what they are at.
  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    changed_.notify_all();
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    ++left_;
    changed_.notify_all();
  }

  // Tells of long groups while the workers are at them.
  void watch(std::size_t workers) {
    std::unique_lock lock(mutex_);
    while (left_ < workers) {
      changed_.wait_for(lock, std::chrono::seconds(1));
      double longest = 0;
      for (const auto& [id, start] : under_way_) longest = std::max(longest, seconds_since(start));
      progress_->beat(
          fmt::format("{}, {} under way, the longest for {}", runs_so_far(), under_way_.size(), human_time(longest)));
    }
  }

  const Checkpoints& checkpoints() const { return checkpoints_; }

  Summary summary() {
    progress_->finish();
    if (error_) std::rethrow_exception(error_);
    return summary_;
  }

 private:
  bool stopped() const { return error_ || interrupt_requested(); }

  std::string runs_so_far() const {
    return fmt::format("{} of {} runs", found_at_start_ + summary_.done + summary_.elsewhere, summary_.runs);
  }

  RunGroup missing(const RunGroup& group) const {
    RunGroup rest;
    rest.id = group.id;
    for (const Configuration& run : group.runs)
      if (!reader_.contains(run.identity())) rest.runs.push_back(run);
    rest.work = group.work * static_cast<double>(rest.runs.size()) / static_cast<double>(group.runs.size());
    return rest;
  }

  // What is missing of a waiting group now; what others recorded since the last look is counted.
  RunGroup look(Waiting& waiting) {
    RunGroup rest = missing(waiting.group);
    const std::size_t recorded = waiting.left - rest.runs.size();
    waiting.left = rest.runs.size();
    summary_.elsewhere += recorded;
    const auto share = static_cast<double>(recorded) / static_cast<double>(waiting.group.runs.size());
    if (recorded > 0) progress_->advance(waiting.group.work * share, runs_so_far());
    return rest;
  }

  std::optional<Task> take_pending() {
    while (!pending_.empty()) {
      Waiting waiting = std::move(pending_.front());
      pending_.pop_front();
      if (look(waiting).runs.empty()) continue;
      if (!can_start(waiting.group) || !claims_->try_claim(waiting.group.id)) {
        postponed_.push_back(std::move(waiting));
        continue;
      }
      reader_.refresh();  // whoever held the claim may have recorded it since
      RunGroup rest = look(waiting);
      if (!rest.runs.empty()) {
        Ancestors ancestors = ancestors_of(rest, reader_);
        under_way_[rest.id] = Clock::now();
        return Task{std::move(rest), take_threads(), std::move(ancestors)};
      }
      claims_->release(waiting.group.id);
    }
    return std::nullopt;
  }

  // Runs that start from others wait until those are recorded, here or elsewhere.
  bool can_start(const RunGroup& group) const {
    return std::ranges::all_of(group.runs, [&](const Configuration& run) {
      return !starts_elsewhere(run) || reader_.contains(run.text("start.run"));
    });
  }

  // Waiting for a run that nobody is to make would be for ever.
  void require_parents(const std::vector<RunGroup>& groups) const {
    std::set<std::string> made;
    for (const RunGroup& group : groups)
      for (const Configuration& run : group.runs) made.insert(run.identity());
    for (const RunGroup& group : groups)
      for (const Configuration& run : group.runs) {
        const std::string& parent = run.text("start.run");
        if (parent != "none" && !made.contains(parent) && !reader_.contains(parent))
          throw ConfigError({{}, "start.run"}, "the identity of a recorded run, or of one of this study",
                            fmt::format("'{}'", parent));
      }
  }

  void recheck_postponed() {
    reader_.refresh();
    for (Waiting& waiting : postponed_) pending_.push_back(std::move(waiting));
    postponed_.clear();
  }

  // One thread a group while there are groups enough; the last ones share what is free.
  int take_threads() {
    const int waiting = static_cast<int>(pending_.size()) + 1;
    const int share = std::max(1, free_threads_ / std::min(waiting, std::max(1, free_threads_)));
    free_threads_ -= share;
    return share;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  StoreReader reader_;
  Checkpoints checkpoints_;
  std::optional<StoreWriter>& writer_;
  std::optional<Claims>& claims_;
  std::deque<Waiting> pending_;     // largest first
  std::vector<Waiting> postponed_;  // claimed by other processes
  int free_threads_;
  std::map<std::string, Clock::time_point> under_way_;  // groups, since when
  std::size_t left_ = 0;                                // workers that have gone
  std::optional<Progress> progress_;
  std::uint64_t found_at_start_ = 0;
  Summary summary_;
  std::exception_ptr error_;
};

void work(Pool& pool, DataCache& data) {
  try {
    while (const auto task = pool.next()) {
      const ThreadScope scope(task->threads);
      pool.finish(*task, execute(task->group, data, task->ancestors, pool.checkpoints()));
    }
  } catch (...) {
    pool.fail(std::current_exception());
  }
  pool.leave();
}

// Runs groups until all are recorded, here or elsewhere. @throws ConfigError with the study's file.
Summary run_groups(const Study& study, const RunOptions& options, std::vector<RunGroup> groups, DataCache& data,
                   Recording& recording, const char* title = "Running") {
  const int threads = options.threads > 0 ? options.threads : physical_threads();
  const std::size_t workers = std::min(static_cast<std::size_t>(threads), groups.size());
  try {
    Pool pool(options, std::move(groups), threads, recording, title);
    {
      std::vector<JoiningThread> crew;
      for (std::size_t i = 0; i < workers; ++i) crew.emplace_back([&] { work(pool, data); });
      pool.watch(workers);
    }
    return pool.summary();
  } catch (const ConfigError& error) {
    if (!error.place().file.empty()) throw;
    const bool is_option = error.place().key.starts_with("--");
    throw error.in_file(is_option ? "command line" : study.file.string());
  }
}

// All runs that a study has come to have, counted once each.
std::uint64_t count_runs(const Study& study, const StoreReader& reader) {
  std::set<std::string> runs;
  for (const Sweep& sweep : study.sweeps)
    for (const GridPoint& point : points_of(study, sweep, reader)) runs.insert(point.configuration.identity());
  return runs.size();
}

}  // namespace

Summary run_study(const Study& study, const RunOptions& options) {
  const auto start = Clock::now();
  DataCache data(options.data_dir);
  Recording recording;
  Summary summary = run_groups(study, options, grouped_runs(study, options.yes), data, recording);
  throw_if_interrupted();
  if (std::ranges::any_of(study.sweeps, [](const Sweep& sweep) { return sweep.search.has_value(); })) {
    StoreReader reader(options.store);
    for (auto groups = search_groups(study, reader); !groups.empty(); groups = search_groups(study, reader)) {
      const Summary round = run_groups(study, options, std::move(groups), data, recording, "Searching");
      throw_if_interrupted();
      summary.done += round.done;
      summary.elsewhere += round.elsewhere;
      summary.diverged += round.diverged;
      reader.refresh();
    }
    summary.runs = count_runs(study, reader);
    summary.found = summary.runs - summary.done - summary.elsewhere;
  }
  summary.seconds = seconds_since(start);
  return summary;
}

}  // namespace widthwise
