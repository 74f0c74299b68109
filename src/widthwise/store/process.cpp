#include "widthwise/store/process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace widthwise::store {
namespace {

/// Field 22 of /proc/<pid>/stat, the start in clock ticks since boot; the second field may contain spaces and
/// parentheses, so fields are counted behind its last ')'. Empty if there is none; "zombie" for one that has ended.
std::string start_of(std::int64_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(in, line);
  const auto end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream fields(line.substr(end + 1));
  std::string field;
  for (int number = 3; number <= 22 && fields >> field; ++number)
    if (number == 3 && (field == "Z" || field == "X")) return "zombie";
  return field;
}

std::string number_space() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(in, boot);
  std::error_code error;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return boot.empty() || error ? std::string() : boot + " " + space.string();
}

}  // namespace

ProcessName this_process() {
  char host[256] = "host";
  gethostname(host, sizeof host - 1);
  return {host, number_space(), getpid(), start_of(getpid())};
}

bool known_dead(const ProcessName& other, const ProcessName& self) {
  if (other.process <= 0 || other.host != self.host || other.space != self.space || self.space.empty()) return false;
  if (kill(static_cast<pid_t>(other.process), 0) != 0 && errno == ESRCH) return true;
  const std::string started = start_of(other.process);
  return !started.empty() && started != other.started;
}

}  // namespace widthwise::store
