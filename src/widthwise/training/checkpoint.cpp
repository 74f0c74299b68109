#include "widthwise/training/checkpoint.h"

#include <cstring>
#include <span>
#include <type_traits>

#include "widthwise/base/error.h"
#include "widthwise/data/fingerprint.h"

namespace widthwise {

namespace {

constexpr std::uint64_t format = 1;

std::uint64_t checksum(std::string_view bytes) {
  return Fingerprint().add(std::as_bytes(std::span(bytes.data(), bytes.size()))).value();
}

class Writer {
 public:
  template <class Number>
  void operator()(const Number& number) requires std::is_trivially_copyable_v<Number> {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(Number));
  }
  template <class Number>
  void operator()(const std::vector<Number>& numbers) {
    (*this)(static_cast<std::uint64_t>(numbers.size()));
    bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
  }
  void operator()(const std::vector<bool>& flags) { (*this)(std::vector<std::uint8_t>(flags.begin(), flags.end())); }
  template <class T>
  void operator()(const Matrix<T>& matrix) {
    (*this)(static_cast<std::uint64_t>(matrix.cols()));
    (*this)(std::vector<T>(matrix.data(), matrix.data() + matrix.size()));
  }
  std::string finish() {
    (*this)(checksum(bytes_));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : all_(bytes) {
    std::uint64_t sum = 0;
    require(bytes.size() >= sizeof sum, "a checksum");
    std::memcpy(&sum, bytes.data() + bytes.size() - sizeof sum, sizeof sum);
    left_ = bytes.substr(0, bytes.size() - sizeof sum);
    require(checksum(left_) == sum, "the checksum that was written");
  }
  template <class Number>
  void operator()(Number& number) requires std::is_trivially_copyable_v<Number> {
    require(left_.size() >= sizeof(Number), "more numbers");
    std::memcpy(&number, left_.data(), sizeof(Number));
    left_.remove_prefix(sizeof(Number));
  }
  template <class Number>
  void operator()(std::vector<Number>& numbers) {
    std::uint64_t size = 0;
    (*this)(size);
    require(size <= left_.size() / sizeof(Number), "as many numbers as are said to follow");
    numbers.resize(size);
    if (size > 0) std::memcpy(numbers.data(), left_.data(), size * sizeof(Number));
    left_.remove_prefix(size * sizeof(Number));
  }
  void operator()(std::vector<bool>& flags) {
    std::vector<std::uint8_t> bytes;
    (*this)(bytes);
    flags.assign(bytes.begin(), bytes.end());
  }
  template <class T>
  void operator()(Matrix<T>& matrix) {
    std::uint64_t cols = 0;
    std::vector<T> numbers;
    (*this)(cols);
    (*this)(numbers);
    require(cols == 0 ? numbers.empty() : numbers.size() % cols == 0, "whole rows");
    matrix.resize(cols == 0 ? 0 : static_cast<Index>(numbers.size() / cols), static_cast<Index>(cols));
    std::copy(numbers.begin(), numbers.end(), matrix.data());
  }
  void require(bool holds, const char* expected) const {
    if (!holds)
      throw DataError("checkpoint", static_cast<std::int64_t>(all_.size() - left_.size()), expected, "other bytes");
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::string_view all_, left_ = all_;
};

// One list of what there is, for both directions.
template <class Pass, class Checkpoint>
void each_part(Pass& pass, Checkpoint& c) {
  pass(c.control);
  for (auto* number : {&c.time, &c.dt, &c.dgrad, &c.dout, &c.loss, &c.gradient_norm, &c.seconds, &c.paid,
                       &c.passed.half_time, &c.passed.linear_time, &c.passed.initial_loss, &c.passed.last_time,
                       &c.passed.last_loss, &c.passed.last_deviation})
    pass(*number);
  pass(c.passed.milestones);
  pass(c.history);
  pass(c.outputs);
  pass(c.weights);
  pass(c.gradient);
  pass(c.velocity);
  pass(c.rows);
  pass(c.fresh);
  pass(c.since_look);
  pass(c.draws);
}

}  // namespace

template <class T>
std::string to_bytes(const FlowCheckpoint<T>& checkpoint) {
  Writer writer;
  writer(format);
  writer(static_cast<std::uint64_t>(sizeof(T)));
  each_part(writer, checkpoint);
  return writer.finish();
}

template <class T>
FlowCheckpoint<T> checkpoint_from_bytes(std::string_view bytes) {
  Reader reader(bytes);
  std::uint64_t version = 0, size = 0;
  reader(version);
  reader.require(version == format, "a checkpoint of this version");
  reader(size);
  reader.require(size == sizeof(T), "a checkpoint of this precision");
  FlowCheckpoint<T> checkpoint;
  each_part(reader, checkpoint);
  reader.require(reader.at_end(), "the end");
  return checkpoint;
}

template std::string to_bytes(const FlowCheckpoint<float>&);
template std::string to_bytes(const FlowCheckpoint<double>&);
template FlowCheckpoint<float> checkpoint_from_bytes(std::string_view);
template FlowCheckpoint<double> checkpoint_from_bytes(std::string_view);

}  // namespace widthwise
