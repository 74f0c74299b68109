// The program, run as a user runs it: its output, errors and exit code.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

namespace widthwise::testing {

struct Answer {
  int exit = -1;
  std::string out, err;
};

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder of its own for one test of this process, empty at the start, gone with the process.
inline std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("widthwise-cli-" + std::to_string(getpid()) + "-" + name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  struct Folders {
    std::vector<std::filesystem::path> all;
    ~Folders() {
      std::error_code ignored;
      for (const auto& one : all) std::filesystem::remove_all(one, ignored);
    }
  };
  static Folders folders;
  folders.all.push_back(folder);
  return folder;
}

/// `widthwise ARGUMENTS` in `folder`, by the shell; `prefix` stands before it (environment, timeout).
inline Answer widthwise(const std::string& arguments, const std::filesystem::path& folder,
                        const std::string& prefix = "") {
  const auto errors = folder / "stderr.txt";
  const std::string command = "cd '" + folder.string() + "' && " + prefix + " '" WIDTHWISE_PROGRAM "' " + arguments +
                              " 2>'" + errors.string() + "'";
  Answer answer;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return answer;
  char buffer[4096];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) answer.out.append(buffer, got);
  const int status = pclose(pipe);
  answer.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  answer.err = read_text(errors);
  return answer;
}

}  // namespace widthwise::testing
