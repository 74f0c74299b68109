// Products and passes on one thread (WIDTHWISE_BENCHMARK_THREADS for more), each as a share of what this machine can
// do, measured at the start of the same run:
//   linalg_benchmark [--benchmark_filter=forward/float]
// Counters: GFLOP/s and the share of the measured multiply-add peak; for passes GB/s and the share of the bandwidth.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "widthwise/base/key.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

int thread_count() {
  const char* text = std::getenv("WIDTHWISE_BENCHMARK_THREADS");
  return text != nullptr ? std::max(1, std::atoi(text)) : 1;
}

template <class T>
double peak() {
  static const double gflops = measured_peak<T>(thread_count());
  return gflops;
}

double bandwidth() {
  static const double rate = measured_bandwidth(thread_count());
  return rate;
}

template <class T>
Matrix<T> draws(Index rows, Index cols, std::uint64_t key) {
  Matrix<T> matrix(rows, cols);
  fill_normal(Key(key), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, matrix.data(),
              static_cast<std::size_t>(cols));
  return matrix;
}

/// C = op(A) op(B) at the sizes of a dense layer of width n and a batch.
template <class T, Op a_op, Op b_op>
void product(benchmark::State& state) {
  const Index width = state.range(0), batch = state.range(1);
  const bool weights = a_op == Op::transpose;
  const Matrix<T> a = draws<T>(batch, width, 1), b = draws<T>(weights ? batch : width, width, 2);
  Matrix<T> c(weights ? width : batch, width);
  const ThreadScope scope(thread_count());
  for (auto _ : state) {
    gemm<T>(a_op, b_op, T(1), view(a), view(b), T(0), view(c));
    benchmark::ClobberMemory();
  }
  const double work = 2e-9 * double(width) * double(width) * double(batch) * double(state.iterations());
  state.counters["GFLOP/s"] = benchmark::Counter(work, benchmark::Counter::kIsRate);
  state.counters["peak"] = benchmark::Counter(work / peak<T>(), benchmark::Counter::kIsRate);
}

/// Passes over `entries` numbers, of which `streams` are read or written for each.
template <class Pass>
void pass(benchmark::State& state, double streams, std::size_t size, const Pass& run) {
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  const double gigabytes = 1e-9 * streams * double(size) * double(state.range(0)) * double(state.iterations());
  state.counters["GB/s"] = benchmark::Counter(gigabytes, benchmark::Counter::kIsRate);
  state.counters["bandwidth"] = benchmark::Counter(gigabytes / bandwidth(), benchmark::Counter::kIsRate);
}

template <class T, pointwise::Function function>
void forward(benchmark::State& state) {
  const Index cols = 256, rows = state.range(0) / cols;
  Matrix<T> z = draws<T>(rows, cols, 1), h(rows, cols);
  const Matrix<T> bias = Matrix<T>::Zero(1, cols);
  pass(state, 3, sizeof(T), [&] { pointwise::forward<T>(function, 1.0, view(z), bias.data(), view(h)); });
}

template <class T>
void adam(benchmark::State& state) {
  const Index size = state.range(0);
  const Matrix<T> g = draws<T>(1, size, 1);
  Matrix<T> m = Matrix<T>::Zero(1, size), v = m, w = m;
  pass(state, 7, sizeof(T), [&] { pointwise::adam<T>({}, view(g), view(m), view(v), view(w)); });
}

void layers(benchmark::internal::Benchmark* b) {
  for (const int width : {16, 32, 64, 128, 512, 2048})
    for (const int batch : {32, 128, 512})
      if (batch > 32 || width <= 128) b->Args({width, batch});
}
void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1 << 14)->Arg(1 << 22);
}

BENCHMARK(product<float, Op::none, Op::transpose>)->Name("forward/float")->Apply(layers);
BENCHMARK(product<float, Op::none, Op::none>)->Name("gradient_of_input/float")->Apply(layers);
BENCHMARK(product<float, Op::transpose, Op::none>)->Name("gradient_of_weights/float")->Apply(layers);
BENCHMARK(product<double, Op::none, Op::transpose>)->Name("forward/double")->Apply(layers);
BENCHMARK(product<double, Op::none, Op::none>)->Name("gradient_of_input/double")->Apply(layers);
BENCHMARK(product<double, Op::transpose, Op::none>)->Name("gradient_of_weights/double")->Apply(layers);
BENCHMARK(forward<float, pointwise::Function::relu>)->Name("relu/float")->Apply(sizes);
BENCHMARK(forward<float, pointwise::Function::tanh>)->Name("tanh/float")->Apply(sizes);
BENCHMARK(forward<float, pointwise::Function::gelu>)->Name("gelu/float")->Apply(sizes);
BENCHMARK(forward<double, pointwise::Function::erf>)->Name("erf/double")->Apply(sizes);
BENCHMARK(adam<float>)->Name("adam/float")->Apply(sizes);

}  // namespace
}  // namespace widthwise

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const widthwise::CpuInfo info = widthwise::cpu_info();
  benchmark::AddCustomContext("isa", info.isa);
  benchmark::AddCustomContext("openblas", info.openblas_core);
  benchmark::AddCustomContext("onednn", info.onednn);
  benchmark::AddCustomContext("peak float, GFLOP/s", std::to_string(widthwise::peak<float>()));
  benchmark::AddCustomContext("peak double, GFLOP/s", std::to_string(widthwise::peak<double>()));
  benchmark::AddCustomContext("bandwidth, GB/s", std::to_string(widthwise::bandwidth()));
  benchmark::RunSpecifiedBenchmarks();
}
