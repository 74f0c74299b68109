// A thread that is joined where it goes out of scope: std::jthread without its stop token, for standard libraries that
// have none (libc++ before 20).
#pragma once

#include <thread>
#include <utility>

namespace widthwise {

class JoiningThread {
 public:
  template <class Work>
  explicit JoiningThread(Work work) : thread_(std::move(work)) {}
  JoiningThread(JoiningThread&&) noexcept = default;
  JoiningThread& operator=(JoiningThread&&) = delete;
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace widthwise
