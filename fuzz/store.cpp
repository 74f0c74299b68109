// A whole store file of any bytes: reading all of it, the check and the table of a damaged folder.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "target.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"

using namespace widthwise;
namespace fs = std::filesystem;

namespace {

// In memory where the system has such a place: thousands of files a minute.
class Folder {
 public:
  Folder() {
    const bool in_memory = access("/dev/shm", W_OK) == 0;
    std::string name = (in_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "widthwise-fuzz-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::ofstream(folder.path() / "runs-a.sqlite", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  check_store(folder.path());  // never throws for what a file holds
  fuzz::answered([&] {
    const StoreReader reader(folder.path());
    std::size_t visited = 0;
    reader.for_each([&](const RunRecord&) { ++visited; }, RecordParts::everything);
    fuzz::require(visited == reader.size(), "every run once");
    std::ostringstream table;
    export_csv(reader, table);
  });
  return 0;
}
