#include "widthwise/store/claims.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "widthwise/base/error.h"
#include "widthwise/store/process.h"

namespace widthwise {
namespace fs = std::filesystem;
using store::known_dead;
using store::ProcessName;
namespace {

/// When a file was last changed, in seconds.
double modified(const struct stat& status) {
#if defined(__APPLE__)
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

[[noreturn]] void fail(const fs::path& path, const char* expected) {
  throw StoreError(path.string(), expected, std::strerror(errno), "nothing recorded is harmed");
}

/// Holds the lock that takers and releasers go through; the kernel frees it with the process.
class Lock {
 public:
  explicit Lock(const fs::path& path) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail(path, "a lock file that can be written");
    int result;
    do result = flock(file_, LOCK_EX);
    while (result != 0 && errno == EINTR);
    if (result != 0) {
      close(file_);
      fail(path, "a file system with locks");
    }
  }
  ~Lock() { close(file_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// The time by the clock of the file system, which may be another machine's.
  double now() const {
    struct stat status {};
    futimens(file_, nullptr);
    fstat(file_, &status);
    return modified(status);
  }

 private:
  int file_;
};

struct ClaimFile {
  ProcessName owner;
  std::string token;     // of this one claim; empty while the file is being written
  double heartbeat = 0;  // modification time
};

std::optional<ClaimFile> read_claim(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  ClaimFile claim;
  claim.heartbeat = modified(status);
  std::ifstream in(path);
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return claim;
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto pid = json.find("process");
  claim.owner = {text("host"), text("space"),
                 pid != json.end() && pid->is_number_integer() ? pid->get<std::int64_t>() : 0, text("started")};
  claim.token = text("token");
  return claim;
}

std::string claim_text(const ProcessName& owner, const std::string& token) {
  return nlohmann::json{{"host", owner.host},
                        {"process", owner.process},
                        {"space", owner.space},
                        {"started", owner.started},
                        {"token", token}}
             .dump() +
         "\n";
}

/// Writes all of `text` to `path`, opened with `flags`; false where an exclusive creation found the file there.
bool write_file(const fs::path& path, int flags, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
  if (file < 0) {
    if (errno == EEXIST) return false;
    fail(path, "a folder of claims that can be written");
  }
  const auto written = write(file, text.data(), text.size());
  const int error = errno;
  close(file);
  if (written == static_cast<ssize_t>(text.size())) return true;
  unlink(path.c_str());
  errno = written < 0 ? error : ENOSPC;
  fail(path, "room for a claim");
}

bool valid_name(const std::string& batch) {
  return !batch.empty() && batch.front() != '.' && batch.size() <= 200 &&
         std::all_of(batch.begin(), batch.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

struct Claims::State {
  fs::path folder;
  ClaimOptions options;
  ProcessName self = store::this_process();
  std::string token;  // of this object; with a count, of each of its claims
  std::uint64_t count = 0;
  std::map<std::string, std::string> held;  // batch -> token
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread heart;

  fs::path path_of(const std::string& batch) const { return folder / (batch + ".json"); }
  fs::path lock_path() const { return folder / ".lock"; }

  bool stale(const ClaimFile& claim, double now) const {
    if (!claim.token.empty() && known_dead(claim.owner, self)) return true;
    // One from the future is none of a living owner either: the file system's clock was set back since.
    return std::abs(now - claim.heartbeat) > options.stale_after.count();
  }

  /// Replaces a stale claim: under the lock nobody else replaces or removes it, and the rename shows others the old
  /// claim or the new one, never a part.
  bool retake(const std::string& batch, const std::string& claim_token) {
    const Lock lock(lock_path());
    const auto claim = read_claim(path_of(batch));
    if (!claim) return write_file(path_of(batch), O_EXCL, claim_text(self, claim_token));
    if (!stale(*claim, lock.now())) return false;
    const fs::path fresh = folder / (".new-" + claim_token);
    write_file(fresh, O_EXCL, claim_text(self, claim_token));
    if (std::rename(fresh.c_str(), path_of(batch).c_str()) != 0) fail(path_of(batch), "a claim that can be replaced");
    return true;
  }

  /// Without the lock first: a claim that is plainly alive is looked at, not fought for.
  bool worth_retaking(const std::string& batch) const {
    const auto claim = read_claim(path_of(batch));
    if (!claim) return true;
    if (!claim->token.empty() && known_dead(claim->owner, self)) return true;
    const double local = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    // Half, and either way: by this machine's clock, which may differ from the file system's.
    return std::abs(local - claim->heartbeat) > options.stale_after.count() / 2;
  }

  bool still_owned(const std::string& batch, const std::string& claim_token) const {
    const auto claim = read_claim(path_of(batch));
    return claim && claim->token == claim_token;
  }

  void beat() {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, options.heartbeat, [&] { return stopping; })) {
      for (const auto& [batch, claim_token] : held)
        if (still_owned(batch, claim_token)) utimensat(AT_FDCWD, path_of(batch).c_str(), nullptr, 0);
    }
  }

  void remove(const std::string& batch, const std::string& claim_token) {
    const Lock lock(lock_path());
    if (still_owned(batch, claim_token)) unlink(path_of(batch).c_str());
  }
};

Claims::Claims(fs::path folder, ClaimOptions options) : state_(std::make_unique<State>()) {
  if (!(options.heartbeat.count() > 0) || !(options.heartbeat < options.stale_after))
    throw ConfigError({"", "claims.heartbeat"}, "a time between 0 and stale_after",
                      std::to_string(options.heartbeat.count()) + " s");
  state_->folder = folder / "claims";
  state_->options = options;
  std::error_code error;
  fs::create_directories(state_->folder, error);
  if (error) throw StoreError(state_->folder.string(), "a folder that can be created", error.message());
  std::random_device random;
  state_->token = std::to_string(state_->self.process) + "-" + std::to_string(random()) + std::to_string(random());
  const Lock writable(state_->lock_path());  // shows now, not after the first batch, that the folder can be written
  state_->heart = std::thread([state = state_.get()] { state->beat(); });
}

Claims::~Claims() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->heart.join();
  for (const auto& [batch, token] : state_->held) {
    try {
      state_->remove(batch, token);
    } catch (const Error&) {  // it grows stale
    }
  }
}

bool Claims::try_claim(const std::string& batch) {
  if (!valid_name(batch))
    throw StoreError(state_->folder.string(), "a batch name of letters, digits, '-', '_', '.'", "'" + batch + "'");
  const std::scoped_lock lock(state_->mutex);
  if (state_->held.contains(batch)) return false;
  const std::string token = state_->token + "-" + std::to_string(state_->count++);
  const bool won = write_file(state_->path_of(batch), O_EXCL, claim_text(state_->self, token)) ||
                   (state_->worth_retaking(batch) && state_->retake(batch, token));
  if (won) state_->held[batch] = token;
  return won;
}

bool Claims::holds(const std::string& batch) const {
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->held.find(batch);
  return found != state_->held.end() && state_->still_owned(batch, found->second);
}

void Claims::release(const std::string& batch) {
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->held.find(batch);
  if (found == state_->held.end()) return;
  const std::string token = found->second;
  state_->held.erase(found);
  state_->remove(batch, token);
}

std::vector<ClaimInfo> Claims::list() const {
  std::vector<ClaimInfo> all;
  const double now = Lock(state_->lock_path()).now();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state_->folder, error)) {
    if (entry.path().extension() != ".json" || entry.path().filename().string().starts_with(".")) continue;
    if (const auto claim = read_claim(entry.path()))
      all.push_back({entry.path().stem().string(), claim->owner.host, claim->owner.process, now - claim->heartbeat,
                     state_->stale(*claim, now)});
  }
  std::sort(all.begin(), all.end(), [](const ClaimInfo& a, const ClaimInfo& b) { return a.batch < b.batch; });
  return all;
}

}  // namespace widthwise
