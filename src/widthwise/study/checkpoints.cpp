#include "widthwise/study/checkpoints.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "widthwise/base/bytes.h"
#include "widthwise/base/error.h"
#include "widthwise/base/write_file.h"

namespace widthwise {

namespace {

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
}

std::optional<std::string> content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

template <class T>
std::optional<RunCheckpoint<T>> Checkpoints::find(const std::string& identity) const {
  if (!keeps()) return std::nullopt;
  const std::filesystem::path file = folder_ / identity;
  const auto bytes = content(file);
  if (!bytes) return std::nullopt;
  try {
    RunCheckpoint<T> found;
    std::string flow;
    ByteReader reader(*bytes, file.string());
    reader.get(flow);
    found.flow = checkpoint_from_bytes<T>(flow);
    reader.get(found.trace.step);
    reader.get(found.trace.time);
    reader.get(found.trace.series);
    reader.get(found.saved);
    found.trace.check();
    return found;
  } catch (const Error& error) {
    say(fmt::format("{}: the run begins anew, its checkpoint cannot be used. {}", identity, error.what()));
    remove(identity);
    return std::nullopt;
  }
}

template <class T>
void Checkpoints::keep(const std::string& identity, const RunCheckpoint<T>& checkpoint) const {
  if (!keeps()) return;
  ByteWriter writer;
  writer.put(to_bytes(checkpoint.flow));
  writer.put(checkpoint.trace.step);
  writer.put(checkpoint.trace.time);
  writer.put(checkpoint.trace.series);
  writer.put(checkpoint.saved);
  try {
    write_file(folder_ / identity, writer.finish());
  } catch (const Error& error) {
    static std::atomic_flag said;
    if (!said.test_and_set()) say(fmt::format("No checkpoint: {}", error.what()));
  }
}

void Checkpoints::remove(const std::string& identity) const {
  std::error_code ignored;
  if (!keeps() || !std::filesystem::remove(folder_ / identity, ignored)) return;
  std::filesystem::remove(folder_, ignored);  // the last one; fails, as it should, where there are others
}

template std::optional<RunCheckpoint<float>> Checkpoints::find(const std::string&) const;
template std::optional<RunCheckpoint<double>> Checkpoints::find(const std::string&) const;
template void Checkpoints::keep(const std::string&, const RunCheckpoint<float>&) const;
template void Checkpoints::keep(const std::string&, const RunCheckpoint<double>&) const;

}  // namespace widthwise
