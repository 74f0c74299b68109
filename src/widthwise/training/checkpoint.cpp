#include "widthwise/training/checkpoint.h"

#include "widthwise/base/bytes.h"

namespace widthwise {

namespace {

constexpr std::uint64_t format = 1;

// One list of what there is, for both directions.
template <class Pass, class Checkpoint>
void each_part(const Pass& pass, Checkpoint& c) {
  pass(c.control);
  for (auto* number : {&c.time, &c.dt, &c.dgrad, &c.dout, &c.loss, &c.gradient_norm, &c.seconds, &c.paid,
                       &c.passed.half_time, &c.passed.linear_time, &c.passed.initial_loss, &c.passed.last_time,
                       &c.passed.last_loss, &c.passed.last_deviation})
    pass(*number);
  pass(c.passed.milestones);
  pass(c.history);
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
  ByteWriter writer;
  writer.put(format);
  writer.put(std::uint64_t{sizeof(T)});
  each_part([&](const auto& part) { writer.put(part); }, checkpoint);
  const Matrix<T>& outputs = checkpoint.outputs;
  writer.put(static_cast<std::uint64_t>(outputs.cols()));
  writer.put(std::vector<T>(outputs.data(), outputs.data() + outputs.size()));
  return writer.finish();
}

template <class T>
FlowCheckpoint<T> checkpoint_from_bytes(std::string_view bytes) {
  ByteReader reader(bytes, "checkpoint of a flow");
  std::uint64_t version = 0, size = 0, cols = 0;
  reader.get(version);
  reader.require(version == format, "a checkpoint of this version");
  reader.get(size);
  reader.require(size == sizeof(T), "a checkpoint of this precision");
  FlowCheckpoint<T> checkpoint;
  each_part([&](auto& part) { reader.get(part); }, checkpoint);
  std::vector<T> outputs;
  reader.get(cols);
  reader.get(outputs);
  reader.require(cols == 0 ? outputs.empty() : outputs.size() % cols == 0, "whole rows");
  reader.require(reader.at_end(), "the end");
  if (cols > 0)
    checkpoint.outputs = Eigen::Map<const Matrix<T>>(outputs.data(), static_cast<Index>(outputs.size() / cols),
                                                     static_cast<Index>(cols));
  return checkpoint;
}

template std::string to_bytes(const FlowCheckpoint<float>&);
template std::string to_bytes(const FlowCheckpoint<double>&);
template FlowCheckpoint<float> checkpoint_from_bytes(std::string_view);
template FlowCheckpoint<double> checkpoint_from_bytes(std::string_view);

}  // namespace widthwise
