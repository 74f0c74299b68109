// Progress of long work, on standard error: one line rewritten in place on a terminal, a line every few seconds when
// piped, nothing when quiet. Calls are cheap and safe from several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace widthwise {

class Progress {
 public:
  enum class Mode { automatic, quiet };
  /// `total` counts units of work (any unit that grows evenly with time, so that the time left is right).
  Progress(std::string title, double total, Mode mode = Mode::automatic);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Adds `amount` units of finished work; `note` replaces the text behind the bar.
  void advance(double amount, const std::string& note = {});
  /// Says that work goes on though nothing has finished: at most once a second on a terminal, else once a minute.
  void beat(const std::string& note);
  /// Writes the last line and ends it; later calls do nothing.
  void finish();

 private:
  void draw(bool last);

  std::string title_, note_;
  double total_, done_ = 0;
  bool terminal_ = false, quiet_ = false, finished_ = false;
  std::chrono::steady_clock::time_point start_, drawn_;
  std::mutex mutex_;
};

/// "1 h 04 min", "2 min 10 s", "8.2 s": how long, for people.
std::string human_time(double seconds);
/// "3.1 GB", "12.0 kB": how much, for people (powers of 1000).
std::string human_bytes(double bytes);

}  // namespace widthwise
