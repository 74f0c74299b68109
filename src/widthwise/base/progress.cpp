#include "widthwise/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace widthwise {

namespace {
using Seconds = std::chrono::duration<double>;
}

Progress::Progress(std::string title, double total, Mode mode)
    : title_(std::move(title)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      quiet_(mode == Mode::quiet),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  finish();
}

void Progress::advance(double amount, const std::string& note) {
  const std::lock_guard lock(mutex_);
  done_ = std::min(total_, done_ + amount);
  if (!note.empty()) note_ = note;
  const auto now = std::chrono::steady_clock::now();
  if (quiet_ || finished_ || now - drawn_ < Seconds(terminal_ ? 0.1 : 10.0)) return;
  drawn_ = now;
  draw(false);
}

void Progress::beat(const std::string& note) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (quiet_ || finished_ || now - drawn_ < Seconds(terminal_ ? 1.0 : 60.0)) return;
  note_ = note;
  drawn_ = now;
  draw(false);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (quiet_ || finished_) return;
  finished_ = true;
  draw(true);
}

void Progress::draw(bool last) {
  const double elapsed = Seconds(std::chrono::steady_clock::now() - start_).count();
  const double share = total_ > 0 ? done_ / total_ : 1.0;
  std::string when = fmt::format("{} so far", human_time(elapsed));
  if (!last && share > 0.005) when += fmt::format(", {} left", human_time(elapsed * (1 - share) / share));
  const std::string line = fmt::format("{}: {:3.0f} %  {}  {}", title_, 100 * share, when, note_);
  const std::string text = terminal_ ? fmt::format("\r\x1b[K{}{}", line, last ? "\n" : "") : fmt::format("{}\n", line);
  std::fputs(text.c_str(), stderr);  // a closed or full standard error must not end the work
  std::fflush(stderr);
}

std::string human_time(double seconds) {
  if (!(seconds >= 0)) return "?";
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02d} min", whole / 3600, whole / 60 % 60);
}

std::string human_bytes(double bytes) {
  constexpr std::array units = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (std::abs(bytes) >= 1000 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

}  // namespace widthwise
