// Drives a fuzz target without libFuzzer, as a fast test: every file of the corpus, then random mutations of them, the
// same ones at every run.
//
//   fuzz_npy FOLDER|FILE [MUTATIONS]
//
// An input that ends the process is left in the working folder as replay-crash-<target>.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "target.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

constexpr std::size_t longest = 1 << 16;  // a mutation may double its input, again and again

Bytes current;           // the input being tried
std::string crash_file;  // where it is left

extern "C" void leave_input(int signal) {
  const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file >= 0 && write(file, current.data(), current.size()) >= 0) close(file);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void try_input(Bytes input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

std::vector<Bytes> read_corpus(const fs::path& place) {
  std::vector<fs::path> files;
  if (fs::is_directory(place))
    for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  else
    files.push_back(place);
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& corpus) : corpus_{corpus} {}

  Bytes next() {
    Bytes input = corpus_[below(corpus_.size())];
    for (std::size_t changes = 1 + below(8); changes > 0; --changes) change(input);
    if (input.size() > longest) input.resize(longest);
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  std::uint8_t byte() {
    // Ends of ranges and zero more often than chance has them.
    constexpr std::uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff};
    return below(2) == 0 ? telling[below(std::size(telling))] : static_cast<std::uint8_t>(random_());
  }
  void insert(Bytes& input, const Bytes& other) {
    if (other.empty()) return;
    const std::size_t first = below(other.size()), length = std::min<std::size_t>(1 + below(64), other.size() - first);
    const Bytes piece(other.begin() + static_cast<std::ptrdiff_t>(first),
                      other.begin() + static_cast<std::ptrdiff_t>(first + length));
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), piece.begin(), piece.end());
  }
  void change(Bytes& input) {
    const std::size_t at = below(input.size());
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (input.empty() ? 5 : below(6)) {
      case 0:
        input[at] ^= static_cast<std::uint8_t>(1U << below(8));
        return;
      case 1:
        input[at] = byte();
        return;
      case 2:
        input.erase(place, place + static_cast<std::ptrdiff_t>(std::min(1 + below(32), input.size() - at)));
        return;
      case 3:
        input.resize(at);
        return;
      case 4:
        insert(input, Bytes(input));
        return;
      default:
        insert(input, corpus_[below(corpus_.size())]);
    }
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_{20261125};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER|FILE [MUTATIONS]\n", argv[0]);
    return 2;
  }
  const std::vector<Bytes> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "expected a corpus in %s, got an empty folder\n", argv[1]);
    return 2;
  }
  crash_file = "replay-crash-" + fs::path(argv[0]).filename().string();
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) ::signal(signal, leave_input);
  for (const Bytes& input : corpus) try_input(input);
  const long mutations = argc > 2 ? std::atol(argv[2]) : 0;
  Mutator mutator(corpus);
  for (long i = 0; i < mutations; ++i) try_input(mutator.next());
  std::printf("%zu files, %ld mutations\n", corpus.size(), mutations);
  return 0;
}
