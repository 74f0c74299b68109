#include "widthwise/base/write_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw Error("cannot write " + path.string() + ": " + reason);
}

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code failed;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) refuse(path, failed.message());
  std::filesystem::path partial = path;
  partial += ".part";
  {
    errno = 0;
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) {
      const std::string reason = errno != 0 ? std::strerror(errno) : "the file system refused";
      std::filesystem::remove(partial, failed);
      refuse(path, reason);
    }
  }
  std::filesystem::rename(partial, path, failed);
  if (failed) {
    const std::string reason = failed.message();
    std::filesystem::remove(partial, failed);
    refuse(path, reason);
  }
}

}  // namespace widthwise
