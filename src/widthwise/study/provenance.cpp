#include "widthwise/study/provenance.h"

#include <unistd.h>

#include <array>

#include "widthwise/linalg/cpu.h"
#include "widthwise_build_info.h"

namespace widthwise {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::map<std::string, std::string> program_provenance() {
  static const RunEnvironment machine = run_environment();
  return {
      {"version", program_version()}, {"commit", program_commit()}, {"compiler", machine.compiler},
      {"cpu", machine.cpu},           {"isa", machine.isa},         {"blas_core", machine.blas_core},
      {"onednn", machine.onednn},     {"host", host_name()},
  };
}

std::string program_version() {
  return WIDTHWISE_VERSION;
}

std::string program_commit() {
  return WIDTHWISE_COMMIT;
}

}  // namespace widthwise
